/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of spin_lock.c: readers meet, writers do not; who waits to write holds up new readers. */
#include <nt/ex_ddi.h>
#include <nt/ke_thread_ddi.h>

#include "ex/ex_impl.h"
#include "ke/ke_test.h"

#define ROUNDS  300
#define WAITING 0x40000000u

static EX_SPIN_LOCK lock;
static uint32_t pair[2];                       /* [lock] equal whenever nobody writes */
static uint32_t readers, writers;              /* [a] inside now */
static uint32_t torn, collisions, reads, done; /* [a] */

static void reset(void)
{
    lock = 0;
    pair[0] = pair[1] = 0;
    readers = writers = torn = collisions = reads = done = 0;
}

static void read_inside(void)
{
    (void)atomic_add(&readers, 1);
    uint32_t first = pair[0];
    arch_cpu_pause();
    if (first != pair[1])
        (void)atomic_add(&torn, 1);
    if (atomic_load_acquire(&writers) != 0)
        (void)atomic_add(&collisions, 1);
    (void)atomic_sub(&readers, 1);
}

static void write_inside(void)
{
    if (atomic_add(&writers, 1) != 0 || atomic_load_acquire(&readers) != 0)
        (void)atomic_add(&collisions, 1);
    pair[0]++;
    arch_cpu_pause();
    pair[1]++;
    (void)atomic_sub(&writers, 1);
}

static void read_and_write(void *argument)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        if ((i + (uintptr_t)argument) % 4 == 0) {
            KIRQL old = ExAcquireSpinLockExclusive(&lock);
            write_inside();
            ExReleaseSpinLockExclusive(&lock, old);
        } else {
            KIRQL old = ExAcquireSpinLockShared(&lock);
            read_inside();
            ExReleaseSpinLockShared(&lock, old);
        }
    }
}

TEST(ex_spin_lock, readers_and_writers_never_meet)
{
    reset();
    test_run_threads(run, 4, read_and_write);
    EXPECT_EQ(torn, 0);
    EXPECT_EQ(collisions, 0);
    EXPECT_EQ(pair[0], 4 * ROUNDS / 4);
    EXPECT_EQ(pair[1], pair[0]);
    EXPECT_EQ(lock, 0);
}

static void try_and_convert(void *argument)
{
    (void)argument;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        KIRQL old = KeRaiseIrqlToDpcLevel();
        if (i % 3 == 0 && ExTryAcquireSpinLockExclusiveAtDpcLevel(&lock)) {
            write_inside();
            (void)atomic_add(&done, 1);
            ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
        } else if (ExTryAcquireSpinLockSharedAtDpcLevel(&lock)) {
            read_inside();
            if (ExTryConvertSharedSpinLockExclusive(&lock)) {
                write_inside();
                (void)atomic_add(&done, 1);
                ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
            } else {
                ExReleaseSpinLockSharedFromDpcLevel(&lock);
            }
        }
        KeLowerIrql(old);
    }
}

TEST(ex_spin_lock, those_who_try_and_convert_never_meet)
{
    reset();
    test_run_threads(run, 4, try_and_convert);
    EXPECT_EQ(torn, 0);
    EXPECT_EQ(collisions, 0);
    EXPECT(done > 0);
    EXPECT_EQ(pair[0], done);
    EXPECT_EQ(lock, 0);
}

/* --- Several processors step by step ----------------------------------------------------------------------- */

static uint32_t gates[2]; /* [a] opened by the test: of the writer, of the reader */
enum { WRITER, READER };

static void pass(uint32_t gate)
{
    while (atomic_load_acquire(&gates[gate]) == 0)
        ke_thread_yield();
}

static void share_once(void *argument)
{
    (void)argument;
    pass(READER);
    KIRQL old = ExAcquireSpinLockShared(&lock);
    (void)atomic_add(&reads, 1);
    ExReleaseSpinLockShared(&lock, old);
}

static void write_once(void *argument)
{
    (void)argument;
    pass(WRITER);
    KIRQL old = ExAcquireSpinLockExclusive(&lock);
    (void)atomic_add(&done, 1);
    ExReleaseSpinLockExclusive(&lock, old);
}

/* This thread shares the lock on processor 0; others, on 1 and 2, wait for their gates. */
struct scene {
    struct ke_thread *writer, *reader;
    KAFFINITY affinity;
    KIRQL irql;
};

static struct scene scene_begin(struct selftest_run *run, bool writer, bool reader)
{
    struct scene scene = { NULL, NULL, 0, PASSIVE_LEVEL };
    reset();
    gates[WRITER] = gates[READER] = 0;
    if (writer)
        scene.writer = test_thread(run, write_once, NULL, 0, 2);
    if (reader)
        scene.reader = test_thread(run, share_once, NULL, 0, writer ? 4 : 2);
    scene.affinity = KeSetSystemAffinityThreadEx(1);
    scene.irql = ExAcquireSpinLockShared(&lock);
    return scene;
}

/* The lock has been given back; the level has not. */
static void scene_end(struct selftest_run *run, const struct scene *scene)
{
    KeLowerIrql(scene->irql);
    KeRevertToUserAffinityThreadEx(scene->affinity);
    atomic_store_release(&gates[WRITER], 1);
    atomic_store_release(&gates[READER], 1);
    test_join(run, scene->writer);
    test_join(run, scene->reader);
    EXPECT_EQ(lock, 0);
}

static bool spin_until(bool (*holds)(void))
{
    uint64_t end = ke_tick_count() + TEST_HANG_MS;
    while (!holds() && ke_tick_count() < end)
        arch_cpu_pause();
    return holds();
}

static bool one_read(void)
{
    return atomic_load_acquire(&reads) == 1;
}

static bool somebody_waits(void)
{
    return atomic_load_relaxed(&lock) & WAITING;
}

static bool writer_waits(void)
{
    atomic_store_release(&gates[WRITER], 1);
    return spin_until(somebody_waits);
}

TEST(ex_spin_lock, readers_share)
{
    if (ke.cpu_count < 2)
        return; /* nobody to share with */
    struct scene scene = scene_begin(run, false, true);
    atomic_store_release(&gates[READER], 1);
    bool shared = spin_until(one_read);
    ExReleaseSpinLockSharedFromDpcLevel(&lock);
    scene_end(run, &scene);
    EXPECT(shared);
}

TEST(ex_spin_lock, a_waiting_writer_holds_up_new_readers)
{
    if (ke.cpu_count < 2)
        return; /* nobody to wait */
    struct scene scene = scene_begin(run, true, false);
    bool before = ExTryAcquireSpinLockSharedAtDpcLevel(&lock);
    if (before)
        ExReleaseSpinLockSharedFromDpcLevel(&lock);
    bool waits = writer_waits();
    bool after = ExTryAcquireSpinLockSharedAtDpcLevel(&lock);
    if (after)
        ExReleaseSpinLockSharedFromDpcLevel(&lock);
    uint32_t written = atomic_load_acquire(&done);
    ExReleaseSpinLockSharedFromDpcLevel(&lock);
    scene_end(run, &scene);
    EXPECT(before);
    EXPECT(waits);
    EXPECT(!after);
    EXPECT_EQ(written, 0);
    EXPECT_EQ(done, 1);
}

TEST(ex_spin_lock, a_reader_that_comes_after_a_waiting_writer_waits)
{
    if (ke.cpu_count < 3)
        return; /* too few to wait in turn */
    struct scene scene = scene_begin(run, true, true);
    bool waits = writer_waits();
    atomic_store_release(&gates[READER], 1);
    arch_stall(2000); /* it would be in long since */
    uint32_t read = atomic_load_acquire(&reads);
    ExReleaseSpinLockSharedFromDpcLevel(&lock);
    scene_end(run, &scene);
    EXPECT(waits);
    EXPECT_EQ(read, 0);
    EXPECT_EQ(done, 1);
    EXPECT_EQ(reads, 1);
}

TEST(ex_spin_lock, the_only_reader_converts_past_a_waiting_writer)
{
    if (ke.cpu_count < 2)
        return; /* nobody to wait */
    struct scene scene = scene_begin(run, true, false);
    bool waits = writer_waits();
    bool converted = ExTryConvertSharedSpinLockExclusive(&lock);
    uint32_t written = atomic_load_acquire(&done);
    bool still = somebody_waits();
    ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
    scene_end(run, &scene);
    EXPECT(waits);
    EXPECT(converted);
    EXPECT(still);
    EXPECT_EQ(written, 0);
    EXPECT_EQ(done, 1);
}

/* --- One processor ------------------------------------------------------------------------------------------ */

TEST(ex_spin_lock, raises_to_dispatch_level_and_back)
{
    reset();
    KIRQL shared_old = ExAcquireSpinLockShared(&lock);
    KIRQL shared = KeGetCurrentIrql();
    ExReleaseSpinLockShared(&lock, shared_old);
    KIRQL between = KeGetCurrentIrql();
    KIRQL exclusive_old = ExAcquireSpinLockExclusive(&lock);
    KIRQL exclusive = KeGetCurrentIrql();
    ExReleaseSpinLockExclusive(&lock, exclusive_old);
    EXPECT_EQ(shared_old, PASSIVE_LEVEL);
    EXPECT_EQ(shared, DISPATCH_LEVEL);
    EXPECT_EQ(between, PASSIVE_LEVEL);
    EXPECT_EQ(exclusive_old, PASSIVE_LEVEL);
    EXPECT_EQ(exclusive, DISPATCH_LEVEL);
    EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

TEST(ex_spin_lock, conversion_fails_while_another_shares)
{
    reset();
    KIRQL old = KeRaiseIrqlToDpcLevel();
    ExAcquireSpinLockSharedAtDpcLevel(&lock);
    bool second = ExTryAcquireSpinLockSharedAtDpcLevel(&lock);
    bool converted = ExTryConvertSharedSpinLockExclusive(&lock);
    ExReleaseSpinLockSharedFromDpcLevel(&lock);
    bool alone = ExTryConvertSharedSpinLockExclusive(&lock);
    bool shared = ExTryAcquireSpinLockSharedAtDpcLevel(&lock);
    bool exclusive = ExTryAcquireSpinLockExclusiveAtDpcLevel(&lock);
    ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
    KeLowerIrql(old);
    EXPECT(second);
    EXPECT(!converted);
    EXPECT(alone);
    EXPECT(!shared);
    EXPECT(!exclusive);
    EXPECT_EQ(lock, 0);
}

TEST_PLANTED(planted, reader_writer_lock_taken_twice,
             "checked builds stop with SPIN_LOCK_ALREADY_OWNED")
{
    reset();
    KIRQL old = ExAcquireSpinLockShared(&lock);
    if (VARIANT_CHECKED)
        ExAcquireSpinLockExclusiveAtDpcLevel(&lock); /* a free build would spin for ever */
    ExReleaseSpinLockShared(&lock, old);
    EXPECT(VARIANT_CHECKED == 0);
}

TEST_PLANTED(planted, reader_writer_lock_released_as_it_is_not_held,
             "checked builds stop with SPIN_LOCK_NOT_OWNED")
{
    reset();
    KIRQL old = ExAcquireSpinLockShared(&lock);
    ExReleaseSpinLockExclusive(&lock, old);
    EXPECT(VARIANT_CHECKED == 0);
}
