/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of timer.c. */
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
