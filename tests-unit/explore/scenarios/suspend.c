/* SPDX-License-Identifier: BSD-2-Clause */
/* Suspending and freezing: against running on another processor, against a wait, against each other. */
#include "scenario.h"

static KEVENT event;

static void make_event(void)
{
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
}

static void suspend_and_resume(unsigned index)
{
    uint32_t previous;
    (void)index;
    NTSTATUS status = ke_thread_suspend(scenario_thread(0), &previous);
    explore_check(status == STATUS_SUCCESS && previous <= 1);
    ke_thread_resume(scenario_thread(0), &previous);
    explore_check(previous >= 1 && previous <= 2);
}

static void freeze_and_thaw(unsigned index)
{
    (void)index;
    ke_thread_freeze(scenario_thread(0));
    ke_thread_thaw(scenario_thread(0));
}

static void wait(unsigned index)
{
    (void)index;
    NTSTATUS status = KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    explore_check(status == STATUS_SUCCESS);
}

static void set_and_suspend(unsigned index)
{
    (void)KeSetEvent(&event, 0, FALSE);
    suspend_and_resume(index);
}

static void suspend_and_set(unsigned index)
{
    NTSTATUS status = ke_thread_suspend(scenario_thread(0), NULL);
    (void)index;
    explore_check(status == STATUS_SUCCESS);
    (void)KeSetEvent(&event, 0, FALSE);
    ke_thread_resume(scenario_thread(0), NULL);
}

static void it_runs_again(void)
{
    const struct ke_thread *thread = scenario_thread(0);
    explore_check(thread->suspend_count == 0 && thread->freeze_count == 0);
    explore_check(KeReadStateEvent((KEVENT *)&thread->resumed) != 0);
}

SCENARIO(suspend_against_a_wait,
         .what = "a thread is suspended in a wait, or behind it, and comes to its end",
         .threads = { wait, suspend_and_set }, .set_up = make_event, .check = it_runs_again,
         .model = EXPLORE_SC, .bound = 2);

SCENARIO(suspend_against_a_freeze,
         .what = "a thread is suspended by one and frozen by another while it waits",
         .threads = { wait, set_and_suspend, freeze_and_thaw }, .set_up = make_event,
         .check = it_runs_again, .model = EXPLORE_SC, .bound = 1);

/* --- Itself -------------------------------------------------------------------------------------------------------- */

static void suspend_oneself(unsigned index)
{
    NTSTATUS status = ke_thread_suspend(scenario_thread(index), NULL);
    explore_check(status == STATUS_SUCCESS);
    wait(index);
}

static void resume_the_other(unsigned index)
{
    uint32_t previous = 0;
    (void)index;
    while (previous == 0) {
        ke_thread_resume(scenario_thread(0), &previous);
        if (previous == 0)
            explore_pause();
    }
    explore_check(previous == 1);
    (void)KeSetEvent(&event, 0, FALSE);
}

SCENARIO(suspend_of_oneself_ends_when_resumed,
         .what = "who suspends itself goes on when another processor resumes it",
         .threads = { suspend_oneself, resume_the_other }, .set_up = make_event,
         .check = it_runs_again, .model = EXPLORE_SC, .bound = 2);
