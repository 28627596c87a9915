/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of fast_mutex.c. */
#include <nt/ex_ddi.h>

#include "ex/ex_impl.h"
#include "ke/ke_test.h"

#define ROUNDS 300

static FAST_MUTEX mutex;
static uint32_t total;      /* [mutex] */
static uint32_t inside;     /* [a] */
static uint32_t collisions; /* [a] */
static uint32_t entered;    /* [a] */
static uint32_t stop;       /* [a] */
static uint32_t order[TEST_MAX_THREADS];

static void reset(void)
{
    ExInitializeFastMutex(&mutex);
    total = inside = collisions = entered = stop = 0;
}

static void worker(void *argument)
{
    uint32_t number = (uint32_t)(uintptr_t)argument;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        ExAcquireFastMutex(&mutex);
        if (atomic_add(&inside, 1) != 0 || mutex.Owner != arch_thread())
            (void)atomic_add(&collisions, 1);
        uint32_t before = total;
        if ((i + number) % 8 == 0)
            ke_thread_yield(); /* so that others come to wait */
        total = before + 1;
        (void)atomic_sub(&inside, 1);
        ExReleaseFastMutex(&mutex);
    }
}

TEST(ex_fast_mutex, excludes_other_processors)
{
    reset();
    test_run_threads(run, 8, worker);
    EXPECT_EQ(total, 8 * ROUNDS);
    EXPECT_EQ(collisions, 0);
    EXPECT_EQ(mutex.Count, FM_LOCK_BIT);
    EXPECT(mutex.Owner == NULL);
}

TEST(ex_fast_mutex, holds_apc_level_while_owned)
{
    reset();
    ExAcquireFastMutex(&mutex);
    KIRQL held = KeGetCurrentIrql();
    ExReleaseFastMutex(&mutex);
    EXPECT_EQ(held, APC_LEVEL);
    EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

TEST(ex_fast_mutex, unsafe_functions_leave_the_level_alone)
{
    reset();
    ExAcquireFastMutexUnsafe(&mutex);
    EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    EXPECT(mutex.Owner == arch_thread());
    ExReleaseFastMutexUnsafe(&mutex);
    EXPECT_EQ(mutex.Count, FM_LOCK_BIT);
}

static void try_once(void *argument)
{
    uint32_t *taken = argument;
    if (ExTryToAcquireFastMutex(&mutex)) {
        *taken = 1;
        ExReleaseFastMutex(&mutex);
    }
    if (KeGetCurrentIrql() != PASSIVE_LEVEL)
        *taken = 2;
}

TEST(ex_fast_mutex, try_fails_while_it_is_owned)
{
    uint32_t taken = 0;
    reset();
    EXPECT(ExTryToAcquireFastMutex(&mutex));
    EXPECT_EQ(KeGetCurrentIrql(), APC_LEVEL);
    KeLowerIrql(PASSIVE_LEVEL); /* to wait for the other thread; the mutex stays owned */
    test_join(run, test_thread(run, try_once, &taken, 0, 0));
    EXPECT_EQ(taken, 0);
    (void)KfRaiseIrql(APC_LEVEL);
    ExReleaseFastMutex(&mutex);
    EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    test_join(run, test_thread(run, try_once, &taken, 0, 0));
    EXPECT_EQ(taken, 1);
}

static void enter_and_note(void *argument)
{
    ExAcquireFastMutex(&mutex);
    order[atomic_add(&entered, 1)] = (uint32_t)(uintptr_t)argument;
    ExReleaseFastMutex(&mutex);
}

TEST(ex_fast_mutex, wakes_waiters_in_the_order_they_came)
{
    struct ke_thread *threads[5];
    reset();
    ExAcquireFastMutexUnsafe(&mutex);
    for (uintptr_t i = 0; i < 5; i++) {
        threads[i] = test_thread(run, enter_and_note, (void *)i, 0, 0);
        REQUIRE(threads[i] != NULL);
        EXPECT(test_sleep_until(&mutex.Contention, (uint32_t)i + 1));
        while (atomic_load_acquire(&threads[i]->state) != KE_THREAD_WAITING)
            test_sleep(1);
    }
    ExReleaseFastMutexUnsafe(&mutex);
    for (uint32_t i = 0; i < 5; i++)
        test_join(run, threads[i]);
    for (uint32_t i = 0; i < 5; i++)
        EXPECT_EQ(order[i], i);
    EXPECT_EQ(mutex.Count, FM_LOCK_BIT);
    EXPECT_EQ(mutex.Contention, 5);
}

static void greedy_worker(void *argument)
{
    UNREFERENCED_PARAMETER(argument);
    while (!atomic_load_acquire(&stop)) {
        ExAcquireFastMutex(&mutex);
        total++;
        ExReleaseFastMutex(&mutex);
    }
}

TEST(ex_fast_mutex, greedy_threads_starve_nobody)
{
    struct ke_thread *greedy[4];
    reset();
    for (uint32_t i = 0; i < 4; i++)
        greedy[i] = test_thread(run, greedy_worker, NULL, 0, (uint64_t)1 << (i % ke.cpu_count));
    for (uint32_t i = 0; i < 20; i++) {
        ExAcquireFastMutex(&mutex);
        total++;
        ExReleaseFastMutex(&mutex);
    }
    atomic_store_release(&stop, 1);
    for (uint32_t i = 0; i < 4; i++)
        test_join(run, greedy[i]);
    EXPECT_EQ(mutex.Count, FM_LOCK_BIT);
}

static void await_sleep(struct ke_thread *thread)
{
    for (uint32_t i = 0; i < TEST_HANG_MS; i++) {
        if (atomic_load_acquire(&thread->state) == KE_THREAD_WAITING ||
            atomic_load_acquire(&entered) != 0)
            break;
        test_sleep(1);
    }
}

/* Give the mutex back and take it again at once, most often before the one that was woken runs: it loses. */
TEST(ex_fast_mutex, who_lost_too_often_is_handed_the_mutex)
{
    uint32_t rounds = 0;
    reset();
    ExAcquireFastMutexUnsafe(&mutex);
    struct ke_thread *thread = test_thread(run, enter_and_note, NULL, 1, 1);
    REQUIRE(thread != NULL);
    do {
        await_sleep(thread);
        ex_fast_mutex_unlock(&mutex);
        rounds++;
    } while (rounds < 20 && atomic_load_acquire(&entered) == 0 && ex_fast_mutex_try(&mutex));
    EXPECT(rounds <= 6); /* four losses, then the hand-over */
    if (mutex.Owner == arch_thread())
        ex_fast_mutex_unlock(&mutex);
    test_join(run, thread);
    EXPECT_EQ(entered, 1);
    EXPECT_EQ(mutex.Count, FM_LOCK_BIT);
}
