/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of wait_all.c and wait_call.c: waits for one or all of several objects. */
#include <nt/ke_object_ddi.h>

#include "ke/ke_test.h"

#include <nt/list.h>

#define MANY MAXIMUM_WAIT_OBJECTS

static KEVENT events[MANY];
static KSEMAPHORE semaphore;
static KTIMER timer;
static uint32_t arrived, passed; /* [a] */

static NTSTATUS wait_for(ULONG count, PVOID *objects, WAIT_TYPE type, int64_t ms)
{
    static KWAIT_BLOCK blocks[4][MANY]; /* one row for each thread of a test that waits for many */
    LARGE_INTEGER timeout = test_ms(ms);
    KWAIT_BLOCK *row = count > THREAD_WAIT_OBJECTS ? blocks[arch_thread()->id / 4 % 4] : NULL;
    return KeWaitForMultipleObjects(count, objects, type, Executive, KernelMode, FALSE, &timeout,
                                    row);
}

static void init_events(EVENT_TYPE type, PVOID *objects)
{
    arrived = passed = 0;
    for (uint32_t i = 0; i < MANY; i++) {
        KeInitializeEvent(&events[i], type, FALSE);
        objects[i] = &events[i];
    }
}

TEST(ke_wait_any, takes_the_first_that_is_signalled_and_no_other)
{
    PVOID objects[MANY];
    init_events(SynchronizationEvent, objects);
    (void)KeSetEvent(&events[1], 0, FALSE);
    (void)KeSetEvent(&events[2], 0, FALSE);
    EXPECT_EQ(wait_for(3, objects, WaitAny, TEST_HANG_MS), STATUS_WAIT_0 + 1);
    EXPECT_EQ(wait_for(3, objects, WaitAny, TEST_HANG_MS), STATUS_WAIT_0 + 2);
    EXPECT_EQ(wait_for(3, objects, WaitAny, 0), STATUS_TIMEOUT);
    EXPECT_EQ(wait_for(3, objects, WaitAny, 2), STATUS_TIMEOUT);
    for (uint32_t i = 0; i < 3; i++)
        EXPECT(IsListEmpty(&events[i].Header.WaitListHead));
}

static void set_one_later(void *argument)
{
    test_sleep(3);
    (void)KeSetEvent(&events[(uintptr_t)argument], 0, FALSE);
}

TEST(ke_wait_any, waits_for_64_objects)
{
    PVOID objects[MANY];
    init_events(SynchronizationEvent, objects);
    struct ke_thread *setter = test_thread(run, set_one_later, (void *)63, 0, 0);
    EXPECT_EQ(wait_for(MANY, objects, WaitAny, TEST_HANG_MS), STATUS_WAIT_0 + 63);
    test_join(run, setter);
    for (uint32_t i = 0; i < MANY; i++) {
        EXPECT(IsListEmpty(&events[i].Header.WaitListHead));
        EXPECT_EQ(KeReadStateEvent(&events[i]), 0);
    }
}

TEST(ke_wait_all, takes_nothing_until_it_can_take_all)
{
    PVOID objects[MANY];
    init_events(SynchronizationEvent, objects);
    (void)KeSetEvent(&events[0], 0, FALSE);
    EXPECT_EQ(wait_for(2, objects, WaitAll, 0), STATUS_TIMEOUT);
    EXPECT_EQ(wait_for(2, objects, WaitAll, 2), STATUS_TIMEOUT);
    EXPECT_EQ(KeReadStateEvent(&events[0]), 1);
    (void)KeSetEvent(&events[1], 0, FALSE);
    EXPECT_EQ(wait_for(2, objects, WaitAll, 0), STATUS_SUCCESS);
    EXPECT_EQ(KeReadStateEvent(&events[0]), 0);
    EXPECT_EQ(KeReadStateEvent(&events[1]), 0);
}

static void wait_for_pair(void *argument)
{
    PVOID objects[2] = { &events[0], &events[1] };
    (void)argument;
    (void)atomic_add(&arrived, 1);
    if (wait_for(2, objects, WaitAll, TEST_HANG_MS) == STATUS_SUCCESS)
        (void)atomic_add(&passed, 1);
}

TEST(ke_wait_all, the_last_signal_wakes)
{
    PVOID objects[MANY];
    init_events(SynchronizationEvent, objects);
    struct ke_thread *waiter = test_thread(run, wait_for_pair, NULL, 0, 0);
    EXPECT(test_sleep_until(&arrived, 1));
    test_sleep(2);
    (void)KeSetEvent(&events[1], 0, FALSE);
    test_sleep(2);
    EXPECT_EQ(passed, 0);
    EXPECT_EQ(KeReadStateEvent(&events[1]), 1);
    (void)KeSetEvent(&events[0], 0, FALSE);
    test_join(run, waiter);
    EXPECT_EQ(passed, 1);
    EXPECT_EQ(KeReadStateEvent(&events[1]), 0);
}

TEST(ke_wait_all, others_may_take_an_object_meanwhile)
{
    PVOID objects[MANY];
    init_events(SynchronizationEvent, objects);
    struct ke_thread *waiter = test_thread(run, wait_for_pair, NULL, 0, 0);
    EXPECT(test_sleep_until(&arrived, 1));
    test_sleep(2);
    (void)KeSetEvent(&events[0], 0, FALSE);
    EXPECT_EQ(test_poll(&events[0]), STATUS_SUCCESS); /* it was not reserved */
    (void)KeSetEvent(&events[1], 0, FALSE);
    test_sleep(2);
    EXPECT_EQ(passed, 0);
    (void)KeSetEvent(&events[0], 0, FALSE);
    test_join(run, waiter);
    EXPECT_EQ(passed, 1);
}

TEST(ke_wait_all, who_waits_for_one_is_served_behind_who_cannot_go_on)
{
    PVOID objects[MANY];
    init_events(SynchronizationEvent, objects);
    struct ke_thread *all = test_thread(run, wait_for_pair, NULL, 0, 0);
    EXPECT(test_sleep_until(&arrived, 1));
    test_sleep(2);
    struct ke_thread *setter = test_thread(run, set_one_later, (void *)0, 0, 0);
    EXPECT_EQ(test_wait(&events[0]), STATUS_SUCCESS); /* it is second in the list */
    test_join(run, setter);
    (void)KeSetEvent(&events[0], 0, FALSE);
    (void)KeSetEvent(&events[1], 0, FALSE);
    test_join(run, all);
}

TEST(ke_wait_all, a_timer_can_be_one_of_them)
{
    PVOID objects[MANY];
    init_events(SynchronizationEvent, objects);
    objects[1] = &timer;
    KeInitializeTimerEx(&timer, SynchronizationTimer);
    (void)KeSetEvent(&events[0], 0, FALSE);
    (void)KeSetTimer(&timer, test_ms(3), NULL);
    EXPECT_EQ(wait_for(2, objects, WaitAll, TEST_HANG_MS), STATUS_SUCCESS);
    EXPECT_EQ(KeReadStateEvent(&events[0]), 0);
    EXPECT(!KeReadStateTimer(&timer));
}

TEST(ke_wait_all, a_thread_s_end_can_be_one_of_them)
{
    PVOID objects[MANY];
    init_events(NotificationEvent, objects);
    struct ke_thread *setter = test_thread(run, set_one_later, (void *)0, 0, 0);
    REQUIRE(setter != NULL);
    objects[1] = setter;
    EXPECT_EQ(wait_for(2, objects, WaitAll, TEST_HANG_MS), STATUS_SUCCESS);
    test_join(run, setter);
}

TEST(ke_wait_all, an_object_that_stands_twice_counts_once)
{
    PVOID objects[3] = { &semaphore, &events[0], &semaphore };
    PVOID all[MANY];
    init_events(SynchronizationEvent, all);
    KeInitializeSemaphore(&semaphore, 2, 2);
    (void)KeSetEvent(&events[0], 0, FALSE);
    EXPECT_EQ(wait_for(3, objects, WaitAll, TEST_HANG_MS), STATUS_SUCCESS);
    EXPECT_EQ(KeReadStateSemaphore(&semaphore), 1);
}

TEST(ke_wait_all, a_pulse_is_enough_if_the_rest_is_there)
{
    PVOID objects[MANY];
    init_events(NotificationEvent, objects);
    (void)KeSetEvent(&events[1], 0, FALSE);
    struct ke_thread *waiter = test_thread(run, wait_for_pair, NULL, 0, 0);
    EXPECT(test_sleep_until(&arrived, 1));
    test_sleep(2);
    EXPECT_EQ(KePulseEvent(&events[0], 0, FALSE), 0);
    test_join(run, waiter);
    EXPECT_EQ(passed, 1);
    EXPECT_EQ(KeReadStateEvent(&events[0]), 0);
}

/* Threads that each need two of three forks; every meal takes two at once and gives them back. */
#define MEALS 60
static KSEMAPHORE forks[3];
static uint32_t holders[3], collisions; /* [a] */

static void philosopher(void *argument)
{
    uint32_t left = (uint32_t)(uintptr_t)argument % 3, right = (left + 1) % 3;
    PVOID objects[2] = { &forks[left], &forks[right] };
    for (uint32_t i = 0; i < MEALS; i++) {
        if (wait_for(2, objects, WaitAll, TEST_HANG_MS) != STATUS_SUCCESS)
            return;
        if (atomic_add(&holders[left], 1) + atomic_add(&holders[right], 1) != 0)
            (void)atomic_add(&collisions, 1);
        if (i % 8 == 0)
            ke_thread_yield();
        (void)atomic_sub(&holders[left], 1);
        (void)atomic_sub(&holders[right], 1);
        (void)KeReleaseSemaphore(&forks[right], 0, 1, FALSE);
        (void)KeReleaseSemaphore(&forks[left], 0, 1, FALSE);
    }
    (void)atomic_add(&passed, 1);
}

TEST(ke_wait_all, philosophers_eat_alone_and_all_of_them)
{
    passed = collisions = 0;
    for (uint32_t i = 0; i < 3; i++)
        KeInitializeSemaphore(&forks[i], 1, 1);
    test_run_threads(run, 8, philosopher);
    EXPECT_EQ(passed, 8);
    EXPECT_EQ(collisions, 0);
    for (uint32_t i = 0; i < 3; i++) {
        EXPECT_EQ(KeReadStateSemaphore(&forks[i]), 1);
        EXPECT(IsListEmpty(&forks[i].Header.WaitListHead));
        EXPECT_EQ(forks[i].Header.Lock >> 24, 0); /* no mark is left */
    }
}

/* WaitAll with time-outs against signals: what was signalled is taken by a wait or is still there. */
static KSEMAPHORE left_hand, right_hand;

static void take_pairs(void *argument)
{
    PVOID objects[2] = { &left_hand, &right_hand };
    (void)argument;
    for (uint32_t failures = 0; failures < 4;) {
        if (wait_for(2, objects, WaitAll, 1) == STATUS_SUCCESS)
            (void)atomic_add(&passed, 1);
        else
            failures++;
    }
}

static void give_pairs(void *argument)
{
    (void)argument;
    for (uint32_t i = 0; i < 40; i++) {
        (void)KeReleaseSemaphore(&left_hand, 0, 1, FALSE);
        if (i % 5 == 0)
            ke_thread_yield();
        (void)KeReleaseSemaphore(&right_hand, 0, 1, FALSE);
    }
}

static void give_or_take(void *argument)
{
    ((uintptr_t)argument % 2 == 0 ? give_pairs : take_pairs)(argument);
}

TEST(ke_wait_all, no_signal_is_lost_to_a_time_out)
{
    passed = 0;
    KeInitializeSemaphore(&left_hand, 0, INT32_MAX);
    KeInitializeSemaphore(&right_hand, 0, INT32_MAX);
    test_run_threads(run, 8, give_or_take);
    EXPECT_EQ(passed + (uint32_t)KeReadStateSemaphore(&left_hand), 160);
    EXPECT_EQ(passed + (uint32_t)KeReadStateSemaphore(&right_hand), 160);
}
