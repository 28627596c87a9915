/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of timer.c. */
#include <nt/ke_object_ddi.h>
#include <nt/ke_thread_ddi.h>

#include "ke/ke_test.h"

TEST(ke_timer, expires_after_its_due_time)
{
    KTIMER timer;
    KeInitializeTimer(&timer);
    ULONGLONG start = KeQueryInterruptTime();
    EXPECT(!KeSetTimer(&timer, test_ms(5), NULL));
    EXPECT(!KeReadStateTimer(&timer));
    EXPECT_EQ(test_wait(&timer), STATUS_SUCCESS);
    EXPECT(KeQueryInterruptTime() - start >= 5 * 10000);
    EXPECT(KeReadStateTimer(&timer));
}

TEST(ke_timer, notification_timer_stays_signalled)
{
    KTIMER timer;
    KeInitializeTimer(&timer);
    (void)KeSetTimer(&timer, test_ms(1), NULL);
    EXPECT_EQ(test_wait(&timer), STATUS_SUCCESS);
    EXPECT_EQ(test_poll(&timer), STATUS_SUCCESS);
}

TEST(ke_timer, synchronization_timer_lets_one_wait_through)
{
    KTIMER timer;
    KeInitializeTimerEx(&timer, SynchronizationTimer);
    (void)KeSetTimer(&timer, test_ms(1), NULL);
    EXPECT_EQ(test_wait(&timer), STATUS_SUCCESS);
    EXPECT_EQ(test_poll(&timer), STATUS_TIMEOUT);
}

TEST(ke_timer, cancelled_does_not_expire)
{
    KTIMER timer;
    KeInitializeTimer(&timer);
    EXPECT(!KeCancelTimer(&timer));
    (void)KeSetTimer(&timer, test_ms(3), NULL);
    EXPECT(KeCancelTimer(&timer));
    EXPECT(!KeCancelTimer(&timer));
    test_sleep(6);
    EXPECT(!KeReadStateTimer(&timer));
}

TEST(ke_timer, setting_again_moves_it)
{
    KTIMER timer;
    KeInitializeTimer(&timer);
    EXPECT(!KeSetTimer(&timer, test_ms(2), NULL));
    EXPECT(KeSetTimer(&timer, test_ms(60000), NULL));
    test_sleep(5);
    EXPECT(!KeReadStateTimer(&timer));
    EXPECT(KeCancelTimer(&timer));
}

TEST(ke_timer, a_time_in_the_past_expires_at_once)
{
    KTIMER timer;
    LARGE_INTEGER past = { .QuadPart = 1 };
    KeInitializeTimer(&timer);
    EXPECT(!KeSetTimer(&timer, past, NULL));
    EXPECT(KeReadStateTimer(&timer));
}

TEST(ke_timer, an_absolute_time_counts_from_1601)
{
    KTIMER timer;
    LARGE_INTEGER due;
    due.QuadPart = (LONGLONG)(ke.boot_time_100ns + KeQueryInterruptTime() + 4 * 10000);
    KeInitializeTimer(&timer);
    (void)KeSetTimer(&timer, due, NULL);
    EXPECT(!KeReadStateTimer(&timer));
    EXPECT_EQ(test_wait(&timer), STATUS_SUCCESS);
}

static void count_dpc(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)argument1;
    (void)argument2;
    (void)atomic_add((uint32_t *)context, 1);
}

TEST(ke_timer, queues_its_dpc)
{
    uint32_t ran = 0;
    KTIMER timer;
    KDPC dpc;
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, count_dpc, &ran);
    (void)KeSetTimer(&timer, test_ms(2), &dpc);
    EXPECT(test_sleep_until(&ran, 1));
    EXPECT_EQ(ran, 1);
}

TEST(ke_timer, periodic_expires_again_and_again)
{
    uint32_t ran = 0;
    KTIMER timer;
    KDPC dpc;
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, count_dpc, &ran);
    (void)KeSetTimerEx(&timer, test_ms(2), 3, &dpc);
    EXPECT(test_sleep_until(&ran, 4));
    EXPECT(KeCancelTimer(&timer));
    uint32_t after = atomic_load_acquire(&ran);
    test_sleep(10);
    EXPECT_EQ(atomic_load_acquire(&ran), after);
}

/* Distances around the edges of the wheel's levels, where a timer must come down a level just in time. */
TEST(ke_timer, expires_on_the_very_tick_at_every_level_of_the_wheel)
{
    static const int64_t distances[] = { 1, 2, 63, 64, 65, 127, 128, 129, 500 };
    for (uint32_t i = 0; i < ARRAY_COUNT(distances); i++) {
        KTIMER timer;
        uint32_t ran = 0;
        KDPC dpc;
        KeInitializeTimer(&timer);
        KeInitializeDpc(&dpc, count_dpc, &ran);
        uint64_t set = ke_tick_count();
        (void)KeSetTimer(&timer, test_ms(distances[i]), &dpc);
        uint64_t due = timer.DueTime.QuadPart / KE_TICK_100NS;
        EXPECT(due >= set + (uint64_t)distances[i]);
        EXPECT_EQ(test_wait(&timer), STATUS_SUCCESS);
        EXPECT(ke_tick_count() >= due);
        EXPECT(test_reaches(&ran, 1));
    }
}

#define CROWD 60

TEST(ke_timer, many_timers_expire_in_order)
{
    static KTIMER timers[CROWD];
    uint64_t start = ke_tick_count();
    for (uint32_t i = 0; i < CROWD; i++) {
        KeInitializeTimer(&timers[i]);
        (void)KeSetTimer(&timers[i], test_ms(1 + (i * 7) % 150), NULL);
    }
    for (uint32_t i = 0; i < CROWD; i++) {
        EXPECT_EQ(test_wait(&timers[i]), STATUS_SUCCESS);
        EXPECT(ke_tick_count() - start >= 1 + (i * 7) % 150);
    }
}

static void rearm_dpc(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    KTIMER *timer = context;
    (void)argument1;
    (void)argument2;
    if (KeReadStateTimer(timer))
        (void)KeSetTimer(timer, test_ms(60000), dpc);
}

TEST(ke_timer, its_dpc_may_set_it_again)
{
    KTIMER timer;
    KDPC dpc;
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, rearm_dpc, &timer);
    (void)KeSetTimer(&timer, test_ms(1), &dpc);
    test_sleep(10);
    EXPECT(!KeReadStateTimer(&timer));
    EXPECT(KeCancelTimer(&timer));
}

#define RACE_ROUNDS 100
static KTIMER race_timers[4];
static uint32_t race_failures; /* [a] */

/* Set, cancel and wait on shared timers from all processors: states stay consistent, nobody hangs. */
static void race_worker(void *argument)
{
    uintptr_t me = (uintptr_t)argument;
    for (uint32_t i = 0; i < RACE_ROUNDS; i++) {
        KTIMER *timer = &race_timers[(me + i) % 4];
        LARGE_INTEGER timeout = test_ms(1);
        (void)KeSetTimer(timer, test_ms((int64_t)(i % 3)), NULL);
        NTSTATUS status = KeWaitForSingleObject(timer, Executive, KernelMode, FALSE, &timeout);
        if (status != STATUS_SUCCESS && status != STATUS_TIMEOUT)
            (void)atomic_add(&race_failures, 1);
        if (i % 2 == 0)
            (void)KeCancelTimer(timer);
    }
}

TEST(ke_timer, survives_set_cancel_and_wait_from_all_processors)
{
    race_failures = 0;
    for (uint32_t i = 0; i < 4; i++)
        KeInitializeTimer(&race_timers[i]);
    test_run_threads(run, 4, race_worker);
    EXPECT_EQ(race_failures, 0);
    uint32_t left = 0;
    for (uint32_t i = 0; i < 4; i++)
        (void)KeCancelTimer(&race_timers[i]);
    for (uint32_t i = 0; i < ke.cpu_count; i++) {
        for (uint32_t n = 0; n < KE_WHEEL_LEVELS * KE_WHEEL_SLOTS; n++)
            left += !IsListEmpty(&ke.cpu[i]->wheel[n / KE_WHEEL_SLOTS][n % KE_WHEEL_SLOTS]) &&
                    ke.cpu[i]->timer_count == 0;
    }
    EXPECT_EQ(left, 0);
}

/* --- Due times --- */

/* The absolute time at which the tick `tick` comes. */
static LARGE_INTEGER at_tick(uint64_t tick)
{
    return (LARGE_INTEGER){ .QuadPart = (LONGLONG)(ke.boot_time_100ns + tick * KE_TICK_100NS) };
}

static uint64_t due_tick_of(const KTIMER *timer)
{
    return timer->DueTime.QuadPart / KE_TICK_100NS;
}

TEST(ke_timer, those_that_tolerate_a_delay_meet_on_one_tick_in_their_time)
{
    KTIMER timers[3];
    uint64_t meeting = (ke_tick_count() + 100) / 64 * 64 + 64;
    for (uint32_t i = 0; i < 3; i++)
        KeInitializeTimer(&timers[i]);
    EXPECT(!KeSetCoalescableTimer(&timers[0], at_tick(meeting - 10), 0, 20, NULL));
    EXPECT(!KeSetCoalescableTimer(&timers[1], at_tick(meeting - 3), 0, 20, NULL));
    EXPECT(!KeSetCoalescableTimer(&timers[2], at_tick(meeting + 5), 0, 0, NULL));
    EXPECT_EQ(due_tick_of(&timers[0]), meeting);
    EXPECT_EQ(due_tick_of(&timers[1]), meeting);
    EXPECT_EQ(due_tick_of(&timers[2]), meeting + 5); /* none tolerated */
    for (uint32_t i = 0; i < 3; i++) {
        EXPECT_EQ(test_wait(&timers[i]), STATUS_SUCCESS);
        EXPECT(ke_tick_count() >= due_tick_of(&timers[i]));
    }
}

TEST(ke_timer, a_tolerable_delay_is_never_exceeded)
{
    KTIMER timer;
    KeInitializeTimer(&timer);
    for (ULONG tolerable = 0; tolerable < 70; tolerable++) {
        uint64_t due = ke_tick_count() + 1000 + tolerable * 3;
        (void)KeSetCoalescableTimer(&timer, at_tick(due), 0, tolerable, NULL);
        EXPECT(due_tick_of(&timer) >= due);
        EXPECT(due_tick_of(&timer) <= due + tolerable);
    }
    EXPECT(KeCancelTimer(&timer));
}

TEST(ke_timer, a_system_time_that_is_reached_expires_and_not_before)
{
    KTIMER timer;
    LARGE_INTEGER due, now;
    KeInitializeTimer(&timer);
    KeQuerySystemTimePrecise(&due);
    due.QuadPart += 5 * 10000;
    (void)KeSetTimer(&timer, due, NULL);
    EXPECT_EQ(test_wait(&timer), STATUS_SUCCESS);
    KeQuerySystemTimePrecise(&now);
    EXPECT(now.QuadPart >= due.QuadPart);
}

TEST(ke_timer, a_periodic_one_keeps_its_rhythm)
{
    KTIMER timer;
    uint32_t periods = 0;
    KeInitializeTimerEx(&timer, SynchronizationTimer);
    uint64_t first = ke_tick_count() + 4;
    (void)KeSetTimerEx(&timer, at_tick(first), 3, NULL);
    for (; periods < 6; periods++) {
        EXPECT_EQ(test_wait(&timer), STATUS_SUCCESS);
        EXPECT(ke_tick_count() >= first + 3 * periods);
    }
    EXPECT(KeCancelTimer(&timer));
    EXPECT_EQ((due_tick_of(&timer) - first) % 3, 0); /* however late the waits were */
}

TEST(ke_timer, its_dpc_runs_where_the_dpc_was_targeted)
{
    for (uint32_t i = 0; i < ke.cpu_count; i++) {
        uint32_t ran = 0;
        KTIMER timer;
        KDPC dpc;
        KeInitializeTimer(&timer);
        KeInitializeDpc(&dpc, count_dpc, &ran);
        KeSetTargetProcessorDpc(&dpc, (CCHAR)i);
        KeSetImportanceDpc(&dpc, HighImportance);
        uint64_t before = atomic_load_relaxed(&ke.cpu[i]->counters.dpcs_run);
        (void)KeSetTimer(&timer, test_ms(2), &dpc);
        EXPECT(test_sleep_until(&ran, 1));
        KeFlushQueuedDpcs();
        EXPECT(atomic_load_relaxed(&ke.cpu[i]->counters.dpcs_run) > before);
    }
}

struct chain {
    KTIMER timer;
    uint32_t links; /* [a] */
    uint32_t early;
    uint64_t due_100ns;
};

static void add_link(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct chain *chain = context;
    (void)argument1;
    (void)argument2;
    chain->early += KeQueryInterruptTime() < chain->due_100ns;
    if (atomic_add(&chain->links, 1) + 1 == 10)
        return;
    chain->due_100ns = KeQueryInterruptTime() + 2 * 10000;
    if (KeSetTimer(&chain->timer, test_ms(2), dpc))
        chain->early++; /* it was still set: impossible */
}

TEST(ke_timer, a_chain_that_its_own_dpc_sets_is_never_early)
{
    struct chain chain = { .due_100ns = 0 };
    KDPC dpc;
    KeInitializeTimer(&chain.timer);
    KeInitializeDpc(&dpc, add_link, &chain);
    ULONGLONG start = KeQueryInterruptTime();
    (void)KeSetTimer(&chain.timer, test_ms(2), &dpc);
    EXPECT(test_sleep_until(&chain.links, 10));
    KeFlushQueuedDpcs();
    EXPECT(KeQueryInterruptTime() - start >= 10 * 2 * 10000);
    EXPECT_EQ(chain.early, 0);
    EXPECT_EQ(chain.links, 10);
}

static uint32_t cancelled, expired, wrong; /* [a] */

/* A timer that could not be cancelled has queued its DPC; one that could has not. */
static void set_and_cancel(void *argument)
{
    uint32_t me = (uint32_t)(uintptr_t)argument;
    for (uint32_t i = 0; i < 40; i++) {
        uint32_t ran = 0;
        KTIMER timer;
        KDPC dpc;
        KeInitializeTimer(&timer);
        KeInitializeDpc(&dpc, count_dpc, &ran);
        KeSetTargetProcessorDpc(&dpc, (CCHAR)((me + i) % ke.cpu_count));
        (void)KeSetTimer(&timer, test_ms(1), &dpc);
        KeStallExecutionProcessor((me * 7 + i * 53) % 1500);
        bool was_set = KeCancelTimer(&timer);
        KeFlushQueuedDpcs();
        (void)atomic_add(was_set ? &cancelled : &expired, 1);
        if (ran != !was_set || KeReadStateTimer(&timer) != !was_set)
            (void)atomic_add(&wrong, 1);
    }
}

TEST(ke_timer, is_cancelled_or_runs_its_dpc_and_never_both)
{
    cancelled = expired = wrong = 0;
    test_run_threads(run, 4, set_and_cancel);
    EXPECT_EQ(cancelled + expired, 4 * 40);
    EXPECT(cancelled > 0 && expired > 0);
    EXPECT_EQ(wrong, 0);
}
