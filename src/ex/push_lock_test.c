/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of push_lock.c: exclusion, sharing, order of waiters, with real contention. */
#include <nt/ex_ddi.h>

#include "ex/ex_impl.h"
#include "ke/ke_test.h"

#define ROUNDS 300

static EX_PUSH_LOCK lock;
static uint32_t total;      /* [lock] */
static uint32_t inside;     /* [a] */
static uint32_t collisions; /* [a] */
static uint32_t entered;    /* [a] */
static uint32_t order[TEST_MAX_THREADS];

static void reset(void)
{
    ExInitializePushLock(&lock);
    total = inside = collisions = entered = 0;
}

static void alone(void)
{
    if (atomic_add(&inside, 1) != 0)
        (void)atomic_add(&collisions, 1);
    uint32_t before = total;
    arch_cpu_pause();
    total = before + 1;
    (void)atomic_sub(&inside, 1);
}

static void exclusive_worker(void *argument)
{
    UNREFERENCED_PARAMETER(argument);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        ExAcquirePushLockExclusive(&lock);
        alone();
        if (i % 16 == 0)
            ke_thread_yield(); /* so that others come to wait */
        ExReleasePushLockExclusive(&lock);
    }
}

TEST(ex_push_lock, excludes_other_processors)
{
    reset();
    test_run_threads(run, 8, exclusive_worker);
    EXPECT_EQ(total, 8 * ROUNDS);
    EXPECT_EQ(collisions, 0);
    EXPECT_EQ(lock, 0);
}

#define WRITER 0x10000u

static void check_mix(uint32_t before, bool writer)
{
    bool bad = writer ? before != 0 : before >= WRITER;
    if (bad)
        (void)atomic_add(&collisions, 1);
}

static void mixed_round(bool writer, bool yield)
{
    uint32_t weight = writer ? WRITER : 1;
    if (writer)
        ExAcquirePushLockExclusive(&lock);
    else
        ExAcquirePushLockShared(&lock);
    check_mix(atomic_add(&inside, weight), writer);
    if (yield)
        ke_thread_yield();
    if (writer)
        total++;
    (void)atomic_sub(&inside, weight);
    if (writer)
        ExReleasePushLockExclusive(&lock);
    else
        ExReleasePushLockShared(&lock);
}

static void mixed_worker(void *argument)
{
    uint32_t number = (uint32_t)(uintptr_t)argument;
    for (uint32_t i = 0; i < ROUNDS; i++)
        mixed_round((i + number) % 3 == 0, (i * 7 + number) % 5 == 0);
}

TEST(ex_push_lock, sharers_and_writers_never_meet)
{
    reset();
    test_run_threads(run, 8, mixed_worker);
    EXPECT_EQ(total, 8 * ROUNDS / 3);
    EXPECT_EQ(collisions, 0);
    EXPECT_EQ(inside, 0);
    EXPECT_EQ(lock, 0);
}

static void shared_meeting(void *argument)
{
    uint32_t *met = argument;
    ExAcquirePushLockShared(&lock);
    (void)atomic_add(&entered, 1);
    if (test_sleep_until(&entered, 3))
        (void)atomic_add(met, 1);
    ExReleasePushLockShared(&lock);
}

TEST(ex_push_lock, sharers_are_in_together)
{
    uint32_t met = 0;
    struct ke_thread *threads[2];
    reset();
    ExAcquirePushLockShared(&lock);
    for (uint32_t i = 0; i < 2; i++)
        threads[i] = test_thread(run, shared_meeting, &met, 0, 0);
    (void)atomic_add(&entered, 1);
    EXPECT(test_sleep_until(&entered, 3));
    ExReleasePushLockShared(&lock);
    for (uint32_t i = 0; i < 2; i++)
        test_join(run, threads[i]);
    EXPECT_EQ(met, 2);
    EXPECT_EQ(lock, 0);
}

static void enter_and_note(void *argument)
{
    uintptr_t number = (uintptr_t)argument;
    bool shared = number >= 100;
    if (shared)
        ExAcquirePushLockShared(&lock);
    else
        ExAcquirePushLockExclusive(&lock);
    order[atomic_add(&entered, 1)] = (uint32_t)number;
    if (shared)
        ExReleasePushLockShared(&lock);
    else
        ExReleasePushLockExclusive(&lock);
}

/* Start a thread that will wait for the lock, and see it asleep. */
static struct ke_thread *start_waiter(struct selftest_run *run, uintptr_t number)
{
    struct ke_thread *thread = test_thread(run, enter_and_note, (void *)number, 0, 0);
    for (uint32_t i = 0; i < TEST_HANG_MS && thread != NULL; i++) {
        if (atomic_load_acquire(&thread->state) == KE_THREAD_WAITING)
            break;
        test_sleep(1);
    }
    return thread;
}

TEST(ex_push_lock, waiters_get_it_in_the_order_they_came)
{
    struct ke_thread *threads[6];
    reset();
    ExAcquirePushLockExclusive(&lock);
    for (uintptr_t i = 0; i < 6; i++)
        threads[i] = start_waiter(run, i);
    EXPECT_EQ(entered, 0);
    ExReleasePushLockExclusive(&lock);
    for (uint32_t i = 0; i < 6; i++)
        test_join(run, threads[i]);
    for (uint32_t i = 0; i < 6; i++)
        EXPECT_EQ(order[i], i);
    EXPECT_EQ(lock, 0);
}

TEST(ex_push_lock, a_sharer_does_not_pass_a_waiting_writer)
{
    struct ke_thread *writer, *sharer;
    reset();
    ExAcquirePushLockShared(&lock);
    writer = start_waiter(run, 1);
    sharer = start_waiter(run, 100);
    EXPECT_EQ(entered, 0);
    ExReleasePushLockShared(&lock);
    test_join(run, writer);
    test_join(run, sharer);
    EXPECT_EQ(order[0], 1);
    EXPECT_EQ(order[1], 100);
    EXPECT_EQ(lock, 0);
}

TEST(ex_push_lock, try_takes_a_free_lock_only)
{
    reset();
    EXPECT(ex_push_lock_try_exclusive(&lock));
    EXPECT(ex_push_lock_is_held_exclusive(&lock));
    EXPECT(!ex_push_lock_try_exclusive(&lock));
    ex_push_lock_release_exclusive(&lock);
    ex_push_lock_acquire_shared(&lock);
    EXPECT(!ex_push_lock_try_exclusive(&lock));
    ex_push_lock_release_shared(&lock);
    EXPECT_EQ(lock, 0);
}

static uint32_t stop; /* [a] */

static void greedy_worker(void *argument)
{
    UNREFERENCED_PARAMETER(argument);
    while (!atomic_load_acquire(&stop)) {
        ExAcquirePushLockExclusive(&lock);
        total++;
        ExReleasePushLockExclusive(&lock);
    }
}

/* Threads that take the lock again as soon as they have given it back do not keep others out. */
TEST(ex_push_lock, greedy_threads_starve_nobody)
{
    struct ke_thread *greedy[4];
    reset();
    stop = 0;
    for (uint32_t i = 0; i < 4; i++)
        greedy[i] = test_thread(run, greedy_worker, NULL, 0, (uint64_t)1 << (i % ke.cpu_count));
    for (uint32_t i = 0; i < 20; i++) {
        ExAcquirePushLockExclusive(&lock);
        total++;
        ExReleasePushLockExclusive(&lock);
        ExAcquirePushLockShared(&lock);
        ExReleasePushLockShared(&lock);
    }
    atomic_store_release(&stop, 1);
    for (uint32_t i = 0; i < 4; i++)
        test_join(run, greedy[i]);
    EXPECT_EQ(lock, 0);
}
