/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of rundown.c. */
#include <nt/ex_ddi.h>

#include "ex/ex_impl.h"
#include "ke/ke_test.h"

#define TAG    0x74736554u /* "Test" */
#define CLOSED 1u

static EX_RUNDOWN_REF reference;
static PEX_RUNDOWN_REF_CACHE_AWARE cached;
static uint32_t users;  /* [a] threads that have a reference */
static uint32_t alive;  /* [a] the object that the references protect */
static uint32_t errors; /* [a] */
static uint32_t uses;   /* [a] */
static uint32_t waited; /* [a] */

static void reset(void)
{
    ExInitializeRundownProtection(&reference);
    users = errors = uses = waited = 0;
    alive = 1;
}

TEST(ex_rundown, refuses_once_it_has_begun)
{
    reset();
    EXPECT(ExAcquireRundownProtection(&reference));
    ExReleaseRundownProtection(&reference);
    ExWaitForRundownProtectionRelease(&reference);
    EXPECT(!ExAcquireRundownProtection(&reference));
    EXPECT(!ExAcquireRundownProtectionEx(&reference, 5));
    ExWaitForRundownProtectionRelease(&reference); /* again: returns at once */
}

TEST(ex_rundown, completed_is_the_same_without_waiting)
{
    reset();
    ExRundownCompleted(&reference);
    EXPECT(!ExAcquireRundownProtection(&reference));
}

TEST(ex_rundown, can_be_used_again)
{
    reset();
    ExWaitForRundownProtectionRelease(&reference);
    ExReInitializeRundownProtection(&reference);
    EXPECT(ExAcquireRundownProtectionEx(&reference, 3));
    ExReleaseRundownProtectionEx(&reference, 2);
    ExReleaseRundownProtection(&reference);
    EXPECT_EQ(reference.Count, 0);
}

static void run_down(void *argument)
{
    UNREFERENCED_PARAMETER(argument);
    ExWaitForRundownProtectionRelease(&reference);
    (void)atomic_add(&waited, 1);
}

TEST(ex_rundown, waits_for_the_last_one)
{
    reset();
    EXPECT(ExAcquireRundownProtectionEx(&reference, 3));
    struct ke_thread *thread = test_thread(run, run_down, NULL, 0, 0);
    struct ke_thread *second = test_thread(run, run_down, NULL, 0, 0);
    while (ExAcquireRundownProtection(&reference)) {
        ExReleaseRundownProtection(&reference);
        test_sleep(1);
    }
    ExReleaseRundownProtection(&reference);
    test_sleep(3);
    EXPECT_EQ(waited, 0);
    ExReleaseRundownProtectionEx(&reference, 2);
    test_join(run, thread);
    test_join(run, second);
    EXPECT_EQ(waited, 2);
    EXPECT_EQ(reference.Count, CLOSED);
}

TEST(ex_rundown, the_last_release_may_be_above_dispatch_level)
{
    reset();
    EXPECT(ExAcquireRundownProtection(&reference));
    struct ke_thread *thread = test_thread(run, run_down, NULL, 0, 0);
    while (atomic_load_acquire(&reference.Count) == 2)
        test_sleep(1);
    KIRQL old = KfRaiseIrql(CLOCK_LEVEL);
    ExReleaseRundownProtection(&reference);
    KeLowerIrql(old);
    test_join(run, thread);
    EXPECT_EQ(waited, 1);
}

static void use_object(void)
{
    (void)atomic_add(&users, 1);
    if (!atomic_load_acquire(&alive))
        (void)atomic_add(&errors, 1);
    arch_cpu_pause();
    if (!atomic_load_acquire(&alive))
        (void)atomic_add(&errors, 1);
    (void)atomic_add(&uses, 1);
    (void)atomic_sub(&users, 1);
}

static void user(void *argument)
{
    UNREFERENCED_PARAMETER(argument);
    while (ExAcquireRundownProtection(&reference)) {
        use_object();
        ExReleaseRundownProtection(&reference);
    }
}

TEST(ex_rundown, nobody_uses_the_object_after_the_wait)
{
    struct ke_thread *threads[6];
    for (uint32_t round = 0; round < 10; round++) {
        reset();
        for (uint32_t i = 0; i < 6; i++)
            threads[i] = test_thread(run, user, NULL, 0, (uint64_t)1 << (i % ke.cpu_count));
        EXPECT(test_sleep_until(&uses, 20 + round));
        ExWaitForRundownProtectionRelease(&reference);
        EXPECT_EQ(atomic_load_acquire(&users), 0);
        atomic_store_release(&alive, 0);
        for (uint32_t i = 0; i < 6; i++)
            test_join(run, threads[i]);
        EXPECT_EQ(errors, 0);
    }
}

static void cached_user(void *argument)
{
    UNREFERENCED_PARAMETER(argument);
    while (ExAcquireRundownProtectionCacheAware(cached)) {
        use_object();
        if (atomic_load_relaxed(&uses) % 4 == 0)
            ke_thread_yield(); /* it may go on elsewhere, and give back there */
        ExReleaseRundownProtectionCacheAware(cached);
    }
}

TEST(ex_rundown, counts_over_all_processors)
{
    struct ke_thread *threads[8];
    for (uint32_t round = 0; round < 10; round++) {
        reset();
        cached = ExAllocateCacheAwareRundownProtection(NonPagedPool, TAG);
        REQUIRE(cached != NULL);
        for (uint32_t i = 0; i < 8; i++)
            threads[i] = test_thread(run, cached_user, NULL, 0, 0);
        EXPECT(test_sleep_until(&uses, 20 + round));
        ExWaitForRundownProtectionReleaseCacheAware(cached);
        EXPECT_EQ(atomic_load_acquire(&users), 0);
        atomic_store_release(&alive, 0);
        for (uint32_t i = 0; i < 8; i++)
            test_join(run, threads[i]);
        EXPECT_EQ(errors, 0);
        EXPECT(!ExAcquireRundownProtectionCacheAware(cached));
        ExFreeCacheAwareRundownProtection(cached);
    }
}

static void release_cached(void *argument)
{
    UNREFERENCED_PARAMETER(argument);
    ExReleaseRundownProtectionCacheAware(cached);
}

/* Taken on one processor, dropped on another: the words count below and above nothing. */
TEST(ex_rundown, references_move_between_processors)
{
    reset();
    cached = ExAllocateCacheAwareRundownProtection(NonPagedPool, TAG);
    REQUIRE(cached != NULL);
    for (uint32_t i = 0; i < 8; i++)
        EXPECT(ExAcquireRundownProtectionCacheAware(cached));
    test_run_threads(run, 8, release_cached);
    ExWaitForRundownProtectionReleaseCacheAware(cached);
    EXPECT(!ExAcquireRundownProtectionCacheAware(cached));
    ExFreeCacheAwareRundownProtection(cached);
}
