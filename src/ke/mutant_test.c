/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of mutant.c: owners, recursion, abandonment. */
#include <nt/ke_object_ddi.h>
#include <nt/ke_thread_ddi.h>

#include "ke/ke_test.h"

#include <nt/list.h>

static KMUTANT mutant;
static uint32_t step, inside, collisions; /* [a] */

static NTSTATUS release(KMUTANT *m, LONG *old)
{
    *old = 77;
    return ke_mutant_release(m, old);
}

TEST(ke_mutant, its_owner_may_take_it_again)
{
    LONG old;
    ke_mutant_init(&mutant, false, false);
    EXPECT_EQ(KeReadStateMutex(&mutant), 1);
    EXPECT_EQ(test_wait(&mutant), STATUS_SUCCESS);
    EXPECT_EQ(test_wait(&mutant), STATUS_SUCCESS);
    EXPECT_EQ(KeReadStateMutex(&mutant), -1);
    EXPECT_EQ(release(&mutant, &old), STATUS_SUCCESS);
    EXPECT_EQ(old, -1);
    EXPECT_EQ(release(&mutant, &old), STATUS_SUCCESS);
    EXPECT_EQ(old, 0);
    EXPECT_EQ(KeReadStateMutex(&mutant), 1);
    EXPECT(IsListEmpty(&arch_thread()->mutants));
}

TEST(ke_mutant, may_be_owned_from_the_start)
{
    LONG old;
    ke_mutant_init(&mutant, false, true);
    EXPECT_EQ(KeReadStateMutex(&mutant), 0);
    EXPECT_EQ(release(&mutant, &old), STATUS_SUCCESS);
}

static void poll_and_release(void *argument)
{
    struct selftest_run *run = argument;
    LONG old;
    EXPECT_EQ(test_poll(&mutant), STATUS_TIMEOUT);
    EXPECT_EQ(release(&mutant, &old), STATUS_MUTANT_NOT_OWNED);
    EXPECT_EQ(old, 77);
}

TEST(ke_mutant, others_can_neither_take_nor_release_it)
{
    LONG old;
    ke_mutant_init(&mutant, false, true);
    test_join(run, test_thread(run, poll_and_release, run, 0, 0));
    EXPECT_EQ(release(&mutant, &old), STATUS_SUCCESS);
    EXPECT_EQ(release(&mutant, &old), STATUS_MUTANT_NOT_OWNED);
}

static void take_and_end(void *argument)
{
    (void)argument;
    if (test_wait(&mutant) == STATUS_SUCCESS)
        atomic_store_release(&step, 1);
}

TEST(ke_mutant, of_a_thread_that_ends_is_abandoned_to_the_next)
{
    LONG old;
    step = 0;
    ke_mutant_init(&mutant, false, false);
    test_join(run, test_thread(run, take_and_end, NULL, 0, 0));
    EXPECT_EQ(step, 1);
    EXPECT_EQ(test_wait(&mutant), STATUS_ABANDONED);
    EXPECT_EQ(test_wait(&mutant), STATUS_SUCCESS); /* told once */
    EXPECT_EQ(release(&mutant, &old), STATUS_SUCCESS);
    EXPECT_EQ(release(&mutant, &old), STATUS_SUCCESS);
}

static void take_and_end_later(void *argument)
{
    take_and_end(argument);
    test_sleep(4);
}

TEST(ke_mutant, abandonment_wakes_who_waits_for_one_and_for_all)
{
    KEVENT event;
    PVOID objects[2] = { &event, &mutant };
    LARGE_INTEGER timeout = test_ms(TEST_HANG_MS);
    LONG old;
    for (uint32_t type = 0; type < 2; type++) {
        step = 0;
        ke_mutant_init(&mutant, false, false);
        KeInitializeEvent(&event, NotificationEvent, type == WaitAll);
        struct ke_thread *owner = test_thread(run, take_and_end_later, NULL, 0, 0);
        EXPECT(test_sleep_until(&step, 1));
        EXPECT_EQ(KeWaitForMultipleObjects(2, objects, (WAIT_TYPE)type, Executive, KernelMode,
                                           FALSE, &timeout, NULL),
                  type == WaitAll ? STATUS_ABANDONED : STATUS_ABANDONED_WAIT_0 + 1);
        EXPECT_EQ(release(&mutant, &old), STATUS_SUCCESS);
        test_join(run, owner);
    }
}

TEST(ke_mutex, keeps_normal_apcs_away_while_it_is_owned)
{
    KMUTEX mutex;
    KeInitializeMutex(&mutex, 0);
    EXPECT(!KeAreApcsDisabled());
    EXPECT_EQ(test_wait(&mutex), STATUS_SUCCESS);
    EXPECT_EQ(test_wait(&mutex), STATUS_SUCCESS);
    EXPECT(KeAreApcsDisabled());
    EXPECT_EQ(KeReleaseMutex(&mutex, FALSE), -1);
    EXPECT(KeAreApcsDisabled());
    EXPECT_EQ(KeReleaseMutex(&mutex, FALSE), 0);
    EXPECT(!KeAreApcsDisabled());
}

TEST(ke_mutex, has_the_layout_that_drivers_embed)
{
    KMUTEX mutex;
    KeInitializeMutex(&mutex, 0);
    EXPECT_EQ(mutex.Header.Type, 2);
    EXPECT_EQ(mutex.Header.Size, sizeof(KMUTANT) / sizeof(LONG));
    EXPECT_EQ(mutex.Header.SignalState, 1);
    EXPECT_EQ(mutex.ApcDisable, 1);
    EXPECT(mutex.OwnerThread == NULL);
}

TEST(ke_mutant, taking_it_too_often_is_refused)
{
    LONG old;
    ke_mutant_init(&mutant, false, true);
    mutant.Header.SignalState = INT32_MIN + 1;
    EXPECT_EQ(test_wait(&mutant), STATUS_SUCCESS);
    EXPECT_EQ(KeReadStateMutex(&mutant), INT32_MIN);
    mutant.Header.SignalState = 0;
    EXPECT_EQ(release(&mutant, &old), STATUS_SUCCESS);
}

static void pass_through(void *argument)
{
    LONG old;
    (void)argument;
    for (uint32_t i = 0; i < 100; i++) {
        if (test_wait(&mutant) != STATUS_SUCCESS)
            return;
        if (atomic_add(&inside, 1) != 0)
            (void)atomic_add(&collisions, 1);
        if (i % 10 == 0)
            ke_thread_yield();
        (void)atomic_sub(&inside, 1);
        if (!NT_SUCCESS(release(&mutant, &old)))
            return;
    }
    (void)atomic_add(&step, 1);
}

TEST(ke_mutant, excludes_threads_of_all_processors)
{
    step = inside = collisions = 0;
    ke_mutant_init(&mutant, false, false);
    test_run_threads(run, 8, pass_through);
    EXPECT_EQ(step, 8);
    EXPECT_EQ(collisions, 0);
    EXPECT_EQ(KeReadStateMutex(&mutant), 1);
}
