/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waits against signals, time-outs, APCs and alerts: every signal is used once, no wait is for ever, and an object may be
 * freed as soon as the last wait for it has returned.
 */
#include "scenario.h"

static KSEMAPHORE *semaphore;
static KEVENT *events[2];
static KTIMER *timer;
static KAPC apc;
static uint32_t users, succeeded, timed_out, apcs;
static bool alerted, still_alerted;

static NTSTATUS wait_for(void *object, bool alertable, LARGE_INTEGER *timeout)
{
    return KeWaitForSingleObject(object, Executive, KernelMode, alertable, timeout);
}

static void make_events(void)
{
    for (unsigned i = 0; i < 2; i++) {
        events[i] = explore_new(sizeof(KEVENT), i == 0 ? "event 0" : "event 1");
        KeInitializeEvent(events[i], SynchronizationEvent, FALSE);
    }
}

/* --- Two threads hand each other the turn ------------------------------------------------------------------- */

static void ping(unsigned index)
{
    (void)index;
    (void)KeSetEvent(events[0], 0, FALSE);
    explore_check(wait_for(events[1], false, NULL) == STATUS_SUCCESS);
    (void)KeSetEvent(events[0], 0, FALSE);
    explore_check(wait_for(events[1], false, NULL) == STATUS_SUCCESS);
    explore_free(events[1]);
}

static void pong(unsigned index)
{
    (void)index;
    explore_check(wait_for(events[0], false, NULL) == STATUS_SUCCESS);
    (void)KeSetEvent(events[1], 0, FALSE);
    explore_check(wait_for(events[0], false, NULL) == STATUS_SUCCESS);
    explore_free(events[0]);
    (void)KeSetEvent(events[1], 0, FALSE);
}

SCENARIO(wait_hands_the_turn_over,
         .what = "two threads wake each other twice; the events die with their last wait",
         .threads = { ping, pong }, .set_up = make_events, .bound = 2, .budget = 10000);

SCENARIO(wait_hands_the_turn_over_beside_an_idle_processor,
         .what = "the same, and a third processor would take who is still on its old stack",
         .threads = { ping, pong }, .processors = 3, .set_up = make_events, .bound = 2,
         .budget = 10000);

SCENARIO(wait_hands_the_turn_over_on_one_processor,
         .what = "the same on one processor: each wake is a switch", .threads = { ping, pong },
         .processors = 1, .set_up = make_events);

/* --- A notification event lets all through -------------------------------------------------------------------- */

static void make_notification(void)
{
    events[0] = explore_new(sizeof(KEVENT), "event 0");
    KeInitializeEvent(events[0], NotificationEvent, FALSE);
    users = 2;
}

static void wait_notified(unsigned index)
{
    (void)index;
    explore_check(wait_for(events[0], false, NULL) == STATUS_SUCCESS);
    explore_check(KeReadStateEvent(events[0]) == 1);
    if (atomic_sub(&users, 1) == 1)
        explore_free(events[0]);
}

static void notify(unsigned index)
{
    (void)index;
    (void)KeSetEvent(events[0], 1, FALSE);
}

SCENARIO(wait_ends_for_all_by_a_notification,
         .what = "two waiters, one set: both go on, and the setter touches nothing after them",
         .threads = { wait_notified, notify, wait_notified }, .processors = 2,
         .set_up = make_notification, .bound = 2, .budget = 10000);

/* --- A semaphore: conservation ---------------------------------------------------------------------------------- */

static void make_semaphore(void)
{
    semaphore = explore_new(sizeof(*semaphore), "semaphore");
    KeInitializeSemaphore(semaphore, 0, 8);
    users = 2;
}

static void take_twice(unsigned index)
{
    (void)index;
    for (unsigned i = 0; i < 2; i++) {
        explore_check(wait_for(semaphore, false, NULL) == STATUS_SUCCESS);
        (void)atomic_add(&succeeded, 1);
    }
    if (atomic_sub(&users, 1) == 1)
        explore_free(semaphore);
}

static void give_twice(unsigned index)
{
    (void)index;
    (void)KeReleaseSemaphore(semaphore, 1, 1, FALSE);
    (void)KeReleaseSemaphore(semaphore, 0, 1, FALSE);
}

static void four_were_taken(void)
{
    explore_check(succeeded == 4);
}

SCENARIO(wait_takes_each_count_once,
         .what = "four threads on two processors: two release twice, two wait twice",
         .threads = { take_twice, give_twice, take_twice, give_twice }, .processors = 2,
         .set_up = make_semaphore, .check = four_were_taken, .bound = 2, .budget = 10000);

/* --- Time-outs -------------------------------------------------------------------------------------------------- */

static LARGE_INTEGER soon = { .QuadPart = -1 };

static void take_until_late(unsigned index)
{
    (void)index;
    NTSTATUS status = wait_for(semaphore, false, &soon);
    explore_check(status == STATUS_SUCCESS || status == STATUS_TIMEOUT);
    (void)atomic_add(status == STATUS_SUCCESS ? &succeeded : &timed_out, 1);
}

static void give_once(unsigned index)
{
    (void)index;
    (void)KeReleaseSemaphore(semaphore, 0, 1, FALSE);
}

static void counts_are_right(void)
{
    explore_check(succeeded + timed_out == 1);
    explore_check(KeReadStateSemaphore(semaphore) == 1 - (LONG)succeeded);
    explore_outcome(succeeded);
}

SCENARIO(
    wait_ends_by_signal_or_time,
    .what = "a release against the time-out: the count is taken if the wait says so, else it stays",
    .threads = { take_until_late, give_once }, .set_up = make_semaphore, .check = counts_are_right,
    .ticks = 2, .bound = 2, .budget = 10000);

static void it_was_late(void)
{
    explore_check(succeeded == 0 && timed_out == 1);
}

SCENARIO(wait_ends_by_time_alone, .what = "nobody signals: the tick ends the wait",
         .threads = { take_until_late }, .processors = 2, .set_up = make_semaphore,
         .check = it_was_late, .ticks = 2, .bound = 2, .budget = 10000);

/* --- Any of an event and a timer ---------------------------------------------------------------------------------- */

static void make_event_and_timer(void)
{
    make_events();
    timer = explore_new(sizeof(*timer), "timer");
    KeInitializeTimerEx(timer, SynchronizationTimer);
}

/* Both come in the end, each once; what was used is freed at once. */
static void wait_for_both(unsigned index)
{
    (void)index;
    (void)KeSetTimer(timer, soon, NULL);
    void *objects[] = { events[0], timer };
    NTSTATUS first =
        KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL);
    explore_check(first == STATUS_WAIT_0 || first == STATUS_WAIT_0 + 1);
    explore_check(wait_for(objects[1 - first], false, NULL) == STATUS_SUCCESS);
    explore_free(events[0]);
    explore_outcome((uint64_t)first);
}

static void set_first(unsigned index)
{
    (void)index;
    (void)KeSetEvent(events[0], 0, FALSE);
}

SCENARIO(
    wait_for_any_of_event_and_timer,
    .what = "an event and a timer come at any time; a wait for any takes one and leaves the other",
    .threads = { wait_for_both, set_first }, .set_up = make_event_and_timer, .ticks = 2, .bound = 2,
    .budget = 10000);

/* --- Any of two events -------------------------------------------------------------------------------------------- */

static void wait_for_any_twice(unsigned index)
{
    (void)index;
    void *objects[] = { events[0], events[1] };
    NTSTATUS first =
        KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL);
    explore_check(first == STATUS_WAIT_0 || first == STATUS_WAIT_0 + 1);
    explore_free(objects[first]);
    explore_check(wait_for(objects[1 - first], false, NULL) == STATUS_SUCCESS);
    explore_free(objects[1 - first]);
}

static void set_second(unsigned index)
{
    (void)index;
    (void)KeSetEvent(events[1], 0, FALSE);
}

SCENARIO(wait_for_any_takes_one,
         .what = "two events are set at one time: a wait for any takes one, the other stays set",
         .threads = { wait_for_any_twice, set_first, set_second }, .processors = 2,
         .set_up = make_events, .bound = 2, .budget = 10000);

/* --- APCs and alerts ------------------------------------------------------------------------------------------------ */

static void count_apc(KAPC *self, PKNORMAL_ROUTINE *routine, PVOID *context, PVOID *argument1,
                      PVOID *argument2)
{
    UNREFERENCED_PARAMETER(self);
    UNREFERENCED_PARAMETER(routine);
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    explore_check(arch_thread() == scenario_thread(0) && arch_irql() == APC_LEVEL);
    apcs++;
}

static void wait_until_called(unsigned index)
{
    (void)index;
    explore_check(wait_for(events[0], false, NULL) == STATUS_SUCCESS);
    explore_free(events[0]);
    explore_check(wait_for(events[1], false, NULL) == STATUS_SUCCESS);
    explore_free(events[1]);
}

static void queue_apc(unsigned index)
{
    (void)index;
    KeInitializeApc(&apc, (KTHREAD *)scenario_thread(0), OriginalApcEnvironment, count_apc, NULL,
                    NULL, KernelMode, NULL);
    explore_check(KeInsertQueueApc(&apc, NULL, NULL, 0));
    (void)KeSetEvent(events[1], 0, FALSE);
}

static void one_apc_came(void)
{
    explore_check(apcs == 1);
}

SCENARIO(
    wait_goes_on_after_an_apc,
    .what = "an APC and the signals: the APC runs once, in a wait or between, and no wait is lost",
    .threads = { wait_until_called, queue_apc, set_first }, .processors = 2, .set_up = make_events,
    .check = one_apc_came, .bound = 2, .budget = 10000);

static void wait_alertably(unsigned index)
{
    (void)index;
    NTSTATUS status = wait_for(semaphore, true, NULL);
    explore_check(status == STATUS_SUCCESS || status == STATUS_ALERTED);
    alerted = status == STATUS_ALERTED;
    if (alerted) /* else the alert may be yet to come */
        explore_check(!KeTestAlertThread(KernelMode));
}

static void alert(unsigned index)
{
    (void)index;
    explore_check(!KeAlertThread((KTHREAD *)scenario_thread(0), KernelMode));
}

static void signal_or_alert(void)
{
    still_alerted = scenario_thread(0)->alerted[KernelMode];
    explore_check(still_alerted == !alerted);
    explore_check(KeReadStateSemaphore(semaphore) == (alerted ? 1 : 0));
    explore_outcome(alerted);
}

SCENARIO(
    wait_ends_by_signal_or_alert,
    .what = "a release against an alert: one of them ends the wait, the other is kept for later",
    .threads = { wait_alertably, alert, give_once }, .processors = 2, .set_up = make_semaphore,
    .check = signal_or_alert, .bound = 2, .budget = 10000);
