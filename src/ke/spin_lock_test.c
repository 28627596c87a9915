/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of spin_lock.c: exclusion with real contention, levels, handles; and the mistakes that checked builds stop at. */
#include <nt/ke_object_ddi.h>

#include "ke/ke_test.h"

#define ROUNDS 500

static KSPIN_LOCK spin_lock;
static uint32_t total;      /* [spin_lock] */
static uint32_t inside;     /* [a] */
static uint32_t collisions; /* [a] */

static void critical_section(void)
{
    if (atomic_add(&inside, 1) != 0)
        (void)atomic_add(&collisions, 1);
    uint32_t before = total;
    arch_cpu_pause();
    total = before + 1;
    (void)atomic_sub(&inside, 1);
}

static void contend(struct selftest_run *run, PKSTART_ROUTINE worker)
{
    KeInitializeSpinLock(&spin_lock);
    total = inside = collisions = 0;
    test_run_threads(run, 4, worker);
    EXPECT_EQ(total, 4 * ROUNDS);
    EXPECT_EQ(collisions, 0);
    EXPECT(KeTestSpinLock(&spin_lock));
}

/* --- Plain ------------------------------------------------------------------------------------------------ */

static void plain_worker(void *argument)
{
    (void)argument;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        KIRQL old = KeAcquireSpinLockRaiseToDpc(&spin_lock);
        critical_section();
        KeReleaseSpinLock(&spin_lock, old);
    }
}

TEST(ke_spin_lock, excludes_other_processors)
{
    contend(run, plain_worker);
}

static void trying_worker(void *argument)
{
    (void)argument;
    for (uint32_t done = 0; done < ROUNDS;) {
        KIRQL old = KeRaiseIrqlToDpcLevel();
        if (KeTryToAcquireSpinLockAtDpcLevel(&spin_lock)) {
            critical_section();
            KeReleaseSpinLockFromDpcLevel(&spin_lock);
            done++;
        }
        KeLowerIrql(old);
    }
}

TEST(ke_spin_lock, those_who_only_try_exclude_each_other)
{
    contend(run, trying_worker);
}

TEST(ke_spin_lock, raises_to_dispatch_level)
{
    KSPIN_LOCK lock;
    KeInitializeSpinLock(&lock);
    KIRQL old = KeAcquireSpinLockRaiseToDpc(&lock);
    KIRQL level = KeGetCurrentIrql();
    KeReleaseSpinLock(&lock, old);
    EXPECT_EQ(old, PASSIVE_LEVEL);
    EXPECT_EQ(level, DISPATCH_LEVEL);
    EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

TEST(ke_spin_lock, try_fails_while_it_is_held)
{
    KSPIN_LOCK lock;
    KeInitializeSpinLock(&lock);
    KIRQL old = KeRaiseIrqlToDpcLevel();
    bool first = KeTryToAcquireSpinLockAtDpcLevel(&lock);
    bool second = KeTryToAcquireSpinLockAtDpcLevel(&lock);
    KeReleaseSpinLockFromDpcLevel(&lock);
    bool third = KeTryToAcquireSpinLockAtDpcLevel(&lock);
    KeReleaseSpinLockFromDpcLevel(&lock);
    KeLowerIrql(old);
    EXPECT(first);
    EXPECT(!second);
    EXPECT(third);
}

TEST(ke_spin_lock, a_test_says_whether_it_is_free)
{
    KSPIN_LOCK lock;
    KeInitializeSpinLock(&lock);
    bool before = KeTestSpinLock(&lock);
    KIRQL old = KeAcquireSpinLockRaiseToDpc(&lock);
    bool held = KeTestSpinLock(&lock);
    KeReleaseSpinLock(&lock, old);
    EXPECT(before);
    EXPECT(!held);
    EXPECT(KeTestSpinLock(&lock));
}

TEST(ke_spin_lock, several_are_released_in_any_order)
{
    KSPIN_LOCK locks[3];
    for (uint32_t i = 0; i < 3; i++)
        KeInitializeSpinLock(&locks[i]);
    KIRQL old = KeAcquireSpinLockRaiseToDpc(&locks[2]);
    KeAcquireSpinLockAtDpcLevel(&locks[0]);
    KeAcquireSpinLockAtDpcLevel(&locks[1]);
    KeReleaseSpinLockFromDpcLevel(&locks[0]);
    KeReleaseSpinLockFromDpcLevel(&locks[2]);
    bool last = KeTestSpinLock(&locks[1]);
    KeReleaseSpinLock(&locks[1], old);
    EXPECT(!last);
    EXPECT_EQ(arch_cpu()->held_count, 0);
    EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

/* --- For DPCs --------------------------------------------------------------------------------------------- */

struct levels {
    KIRQL returned, plain, plain_after, queued, queued_after;
};

static struct levels use_for_dpc(void)
{
    KSPIN_LOCK plain, queued;
    KLOCK_QUEUE_HANDLE handle;
    struct levels seen;
    KeInitializeSpinLock(&plain);
    KeInitializeSpinLock(&queued);
    seen.returned = KeAcquireSpinLockForDpc(&plain);
    seen.plain = KeGetCurrentIrql();
    KeReleaseSpinLockForDpc(&plain, seen.returned);
    seen.plain_after = KeGetCurrentIrql();
    KeAcquireInStackQueuedSpinLockForDpc(&queued, &handle);
    seen.queued = KeGetCurrentIrql();
    KeReleaseInStackQueuedSpinLockForDpc(&handle);
    seen.queued_after = KeGetCurrentIrql();
    return seen;
}

TEST(ke_spin_lock, for_a_dpc_below_dispatch_level_is_raised_and_lowered)
{
    KIRQL old = KfRaiseIrql(APC_LEVEL);
    struct levels seen = use_for_dpc();
    KeLowerIrql(old);
    EXPECT_EQ(seen.returned, APC_LEVEL);
    EXPECT_EQ(seen.plain, DISPATCH_LEVEL);
    EXPECT_EQ(seen.plain_after, APC_LEVEL);
    EXPECT_EQ(seen.queued, DISPATCH_LEVEL);
    EXPECT_EQ(seen.queued_after, APC_LEVEL);
}

static struct levels levels_in_dpc;
static uint32_t dpcs; /* [a] */

static void use_in_dpc(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)context;
    (void)argument1;
    (void)argument2;
    levels_in_dpc = use_for_dpc();
    (void)atomic_add(&dpcs, 1);
}

TEST(ke_spin_lock, for_an_ordinary_dpc_leaves_the_level_alone)
{
    KDPC dpc;
    dpcs = 0;
    KeInitializeDpc(&dpc, use_in_dpc, NULL);
    (void)KeInsertQueueDpc(&dpc, NULL, NULL);
    REQUIRE(test_reaches(&dpcs, 1));
    EXPECT_EQ(levels_in_dpc.returned, DISPATCH_LEVEL);
    EXPECT_EQ(levels_in_dpc.plain, DISPATCH_LEVEL);
    EXPECT_EQ(levels_in_dpc.plain_after, DISPATCH_LEVEL);
    EXPECT_EQ(levels_in_dpc.queued_after, DISPATCH_LEVEL);
}

/* --- Queued ----------------------------------------------------------------------------------------------- */

static void queued_worker(void *argument)
{
    (void)argument;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        KLOCK_QUEUE_HANDLE handle;
        KeAcquireInStackQueuedSpinLock(&spin_lock, &handle);
        critical_section();
        KeReleaseInStackQueuedSpinLock(&handle);
    }
}

TEST(ke_spin_lock, queued_excludes_other_processors)
{
    contend(run, queued_worker);
}

static void mixed_levels_worker(void *argument)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        KLOCK_QUEUE_HANDLE handle;
        KIRQL old = KeGetCurrentIrql();
        if ((i + (uintptr_t)argument) % 2) {
            old = KeRaiseIrqlToDpcLevel();
            KeAcquireInStackQueuedSpinLockAtDpcLevel(&spin_lock, &handle);
            critical_section();
            KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
            KeLowerIrql(old);
        } else {
            KeAcquireInStackQueuedSpinLockForDpc(&spin_lock, &handle);
            critical_section();
            KeReleaseInStackQueuedSpinLockForDpc(&handle);
        }
    }
}

TEST(ke_spin_lock, all_queued_functions_exclude_each_other)
{
    contend(run, mixed_levels_worker);
}

TEST(ke_spin_lock, a_handle_is_all_that_a_release_needs)
{
    KSPIN_LOCK lock;
    KLOCK_QUEUE_HANDLE handle;
    KeInitializeSpinLock(&lock);
    KIRQL apc = KfRaiseIrql(APC_LEVEL);
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    KIRQL level = KeGetCurrentIrql();
    bool held = !KeTestSpinLock(&lock);
    KIRQL kept = handle.OldIrql;
    KSPIN_LOCK *of_handle = handle.LockQueue.Lock;
    KeReleaseInStackQueuedSpinLock(&handle);
    KIRQL after = KeGetCurrentIrql();
    KeLowerIrql(apc);
    EXPECT_EQ(level, DISPATCH_LEVEL);
    EXPECT(held);
    EXPECT_EQ(kept, APC_LEVEL);
    EXPECT(of_handle == &lock);
    EXPECT_EQ(after, APC_LEVEL);
    EXPECT(KeTestSpinLock(&lock));
}

TEST(ke_spin_lock, queued_at_dispatch_level_leaves_the_level_alone)
{
    KSPIN_LOCK lock;
    KLOCK_QUEUE_HANDLE handle;
    KeInitializeSpinLock(&lock);
    KIRQL old = KeRaiseIrqlToDpcLevel();
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&lock, &handle);
    bool held = !KeTestSpinLock(&lock);
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
    KIRQL after = KeGetCurrentIrql();
    KeLowerIrql(old);
    EXPECT(held);
    EXPECT_EQ(after, DISPATCH_LEVEL);
    EXPECT(KeTestSpinLock(&lock));
}

/* --- Mistakes that checked builds stop at ------------------------------------------------------------------ */

TEST_PLANTED(planted, spin_lock_taken_below_dispatch_level,
             "checked builds stop with IRQL_NOT_DISPATCH_LEVEL")
{
    KSPIN_LOCK lock;
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLockAtDpcLevel(&lock);
    KeReleaseSpinLockFromDpcLevel(&lock);
    EXPECT(VARIANT_CHECKED == 0);
}

TEST_PLANTED(planted, spin_lock_held_while_the_level_is_lowered,
             "checked builds stop with IRQL_NOT_DISPATCH_LEVEL")
{
    KSPIN_LOCK lock;
    KeInitializeSpinLock(&lock);
    KIRQL old = KeAcquireSpinLockRaiseToDpc(&lock);
    KeLowerIrql(old);
    (void)KfRaiseIrql(DISPATCH_LEVEL); /* its return is old */
    KeReleaseSpinLock(&lock, old);
    EXPECT(VARIANT_CHECKED == 0);
}

TEST_PLANTED(planted, spin_lock_taken_twice, "checked builds stop with SPIN_LOCK_ALREADY_OWNED")
{
    KSPIN_LOCK lock;
    KeInitializeSpinLock(&lock);
    KIRQL old = KeAcquireSpinLockRaiseToDpc(&lock);
    if (VARIANT_CHECKED)
        KeAcquireSpinLockAtDpcLevel(&lock); /* a free build would spin for ever */
    KeReleaseSpinLock(&lock, old);
    EXPECT(VARIANT_CHECKED == 0);
}

TEST_PLANTED(planted, queued_spin_lock_taken_twice,
             "checked builds stop with SPIN_LOCK_ALREADY_OWNED")
{
    KSPIN_LOCK lock;
    KLOCK_QUEUE_HANDLE first, second;
    KeInitializeSpinLock(&lock);
    KeAcquireInStackQueuedSpinLock(&lock, &first);
    if (VARIANT_CHECKED)
        KeAcquireInStackQueuedSpinLockAtDpcLevel(&lock, &second);
    KeReleaseInStackQueuedSpinLock(&first);
    EXPECT(VARIANT_CHECKED == 0);
}

TEST_PLANTED(planted, spin_lock_released_by_who_has_not_got_it,
             "checked builds stop with SPIN_LOCK_NOT_OWNED")
{
    KSPIN_LOCK lock = 1; /* as another processor would hold it */
    KIRQL old = KeRaiseIrqlToDpcLevel();
    KeReleaseSpinLockFromDpcLevel(&lock);
    KeLowerIrql(old);
    EXPECT(VARIANT_CHECKED == 0);
}

TEST_PLANTED(planted, spin_lock_released_by_the_other_interface,
             "checked builds stop with SPIN_LOCK_NOT_OWNED")
{
    KSPIN_LOCK lock;
    KLOCK_QUEUE_HANDLE handle;
    KeInitializeSpinLock(&lock);
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    KeReleaseSpinLock(&lock, handle.OldIrql);
    EXPECT(VARIANT_CHECKED == 0);
}

TEST_PLANTED(planted, spin_lock_held_by_the_other_interface_elsewhere,
             "checked builds stop with SPIN_LOCK_ALREADY_OWNED")
{
    KSPIN_LOCK lock = 1; /* as another processor would hold it */
    KLOCK_QUEUE_HANDLE handle;
    KIRQL old = KeRaiseIrqlToDpcLevel();
    if (VARIANT_CHECKED)
        KeAcquireInStackQueuedSpinLockAtDpcLevel(&lock, &handle);
    KeLowerIrql(old);
    EXPECT(VARIANT_CHECKED == 0);
}

TEST_PLANTED(planted, spin_lock_taken_while_a_lock_of_ours_is_held,
             "checked builds stop when lock ranks do not rise")
{
    KSPIN_LOCK lock;
    struct ke_lock ours = KE_LOCK_INIT(KE_LOCK_DPC);
    KeInitializeSpinLock(&lock);
    KIRQL old = KeRaiseIrqlToDpcLevel();
    bool interrupts = ke_lock_acquire(&ours);
    KeAcquireSpinLockAtDpcLevel(&lock);
    KeReleaseSpinLockFromDpcLevel(&lock);
    ke_lock_release(&ours, interrupts);
    KeLowerIrql(old);
    EXPECT(VARIANT_CHECKED == 0);
}
