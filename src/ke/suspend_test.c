/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of suspend.c: a suspended thread stands still, and goes on where it stood. */
#include <nt/ke_object_ddi.h>
#include <nt/ke_thread_ddi.h>

#include "ke/ke_test.h"

static uint32_t count, stop, in_region, wait_status; /* [a] */
static KEVENT event;

static void count_up(void *argument)
{
    (void)argument;
    while (atomic_load_acquire(&stop) == 0) {
        (void)atomic_add(&count, 1);
        test_sleep(1);
    }
}

static bool stands_still(void)
{
    test_sleep(5); /* it may have been on its way to the place where it stops */
    uint32_t before = atomic_load_acquire(&count);
    test_sleep(20);
    return atomic_load_acquire(&count) == before;
}

static bool goes_on(void)
{
    return test_sleep_until(&count, atomic_load_acquire(&count) + 3);
}

TEST(ke_suspend, a_thread_stands_still_until_it_is_resumed_as_often)
{
    uint32_t previous;
    count = stop = 0;
    struct ke_thread *thread = test_thread(run, count_up, NULL, 0, 0);
    EXPECT(goes_on());
    EXPECT_EQ(ke_thread_suspend(thread, &previous), STATUS_SUCCESS);
    EXPECT_EQ(previous, 0);
    EXPECT_EQ(ke_thread_suspend(thread, &previous), STATUS_SUCCESS);
    EXPECT_EQ(previous, 1);
    EXPECT(stands_still());
    ke_thread_resume(thread, &previous);
    EXPECT_EQ(previous, 2);
    EXPECT(stands_still());
    ke_thread_resume(thread, &previous);
    EXPECT_EQ(previous, 1);
    EXPECT(goes_on());
    ke_thread_resume(thread, &previous);
    EXPECT_EQ(previous, 0);
    stop = 1;
    test_join(run, thread);
}

TEST(ke_suspend, counts_to_its_maximum)
{
    count = stop = 0;
    struct ke_thread *thread = test_thread(run, count_up, NULL, 0, 0);
    REQUIRE(thread != NULL);
    for (uint32_t i = 0; i < KE_SUSPEND_MAXIMUM; i++)
        EXPECT_EQ(ke_thread_suspend(thread, NULL), STATUS_SUCCESS);
    EXPECT_EQ(ke_thread_suspend(thread, NULL), STATUS_SUSPEND_COUNT_EXCEEDED);
    for (uint32_t i = 0; i < KE_SUSPEND_MAXIMUM; i++)
        ke_thread_resume(thread, NULL);
    EXPECT(goes_on());
    stop = 1;
    test_join(run, thread);
}

TEST(ke_suspend, freezing_is_counted_apart)
{
    count = stop = 0;
    struct ke_thread *thread = test_thread(run, count_up, NULL, 0, 0);
    EXPECT(goes_on());
    ke_thread_freeze(thread);
    ke_thread_freeze(thread);
    EXPECT_EQ(ke_thread_suspend(thread, NULL), STATUS_SUCCESS);
    ke_thread_resume(thread, NULL);
    EXPECT(stands_still());
    ke_thread_thaw(thread);
    EXPECT(goes_on());
    stop = 1;
    test_join(run, thread);
}

static void count_in_region(void *argument)
{
    KeEnterCriticalRegion();
    in_region = 1;
    while (atomic_load_acquire(&in_region) == 1) {
        (void)atomic_add(&count, 1);
        test_sleep(1);
    }
    KeLeaveCriticalRegion();
    count_up(argument);
}

TEST(ke_suspend, does_not_stop_a_thread_in_a_critical_region)
{
    count = stop = in_region = 0;
    struct ke_thread *thread = test_thread(run, count_in_region, NULL, 0, 0);
    EXPECT(test_sleep_until(&in_region, 1));
    EXPECT_EQ(ke_thread_suspend(thread, NULL), STATUS_SUCCESS);
    EXPECT(goes_on());
    atomic_store_release(&in_region, 2);
    EXPECT(stands_still());
    ke_thread_resume(thread, NULL);
    EXPECT(goes_on());
    stop = 1;
    test_join(run, thread);
}

static void wait_for_event(void *argument)
{
    (void)argument;
    count = 1;
    wait_status = (uint32_t)test_wait(&event);
    stop = 1;
}

TEST(ke_suspend, a_waiting_thread_keeps_its_wait)
{
    count = stop = 0;
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    struct ke_thread *thread = test_thread(run, wait_for_event, NULL, 0, 0);
    EXPECT(test_sleep_until(&count, 1));
    EXPECT_EQ(ke_thread_suspend(thread, NULL), STATUS_SUCCESS);
    test_sleep(3);
    (void)KeSetEvent(&event, 0, FALSE);
    test_sleep(5);
    EXPECT_EQ(stop, 0);
    EXPECT_EQ(KeReadStateEvent(&event), 1); /* a suspended thread takes nothing */
    ke_thread_resume(thread, NULL);
    test_join(run, thread);
    EXPECT_EQ(wait_status, STATUS_SUCCESS);
}

TEST(ke_suspend, a_waiting_thread_goes_on_waiting_when_it_is_resumed)
{
    count = stop = 0;
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    struct ke_thread *thread = test_thread(run, wait_for_event, NULL, 0, 0);
    EXPECT(test_sleep_until(&count, 1));
    for (uint32_t i = 0; i < 3; i++) {
        EXPECT_EQ(ke_thread_suspend(thread, NULL), STATUS_SUCCESS);
        test_sleep(3);
        ke_thread_resume(thread, NULL);
        test_sleep(3);
        EXPECT_EQ(stop, 0); /* its object was not signalled */
    }
    EXPECT_EQ(KeSetEvent(&event, 0, FALSE), 0);
    test_join(run, thread);
    EXPECT_EQ(KeReadStateEvent(&event), 0);
    EXPECT_EQ(wait_status, STATUS_SUCCESS);
}

TEST(ke_suspend, a_thread_may_suspend_itself_and_be_created_suspended)
{
    struct ke_thread *thread;
    struct ke_thread_options options = { .name = "suspended" };
    count = stop = 0;
    REQUIRE(NT_SUCCESS(ke_thread_create(&options, count_up, NULL, &thread)));
    EXPECT_EQ(ke_thread_suspend(thread, NULL), STATUS_SUCCESS);
    ke_thread_start(thread);
    EXPECT(stands_still());
    EXPECT_EQ(count, 0);
    ke_thread_resume(thread, NULL);
    EXPECT(goes_on());
    stop = 1;
    test_join(run, thread);
}

static struct ke_thread *victim;

static void pester(void *argument)
{
    for (uint32_t i = 0; i < 100; i++) {
        if ((uintptr_t)argument % 2 == 0)
            ke_thread_freeze(victim);
        else if (!NT_SUCCESS(ke_thread_suspend(victim, NULL)))
            return;
        if (i % 7 == 0)
            ke_thread_yield();
        if ((uintptr_t)argument % 2 == 0)
            ke_thread_thaw(victim);
        else
            ke_thread_resume(victim, NULL);
    }
}

TEST(ke_suspend, survives_being_pestered_from_all_processors)
{
    count = stop = 0;
    victim = test_thread(run, count_up, NULL, 0, 0);
    REQUIRE(victim != NULL);
    test_run_threads(run, 8, pester);
    EXPECT(goes_on());
    EXPECT_EQ(victim->suspend_count, 0);
    stop = 1;
    test_join(run, victim);
}
