/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timers under ticks that come at any time. Each time that a timer was set ends once: by expiry, by a cancellation or
 * a setting that says so, or not yet. Due times are absolute, so that it does not matter how many ticks came before.
 */
#include "ke/ke_impl.h"
#include "scenario.h"

static KTIMER *timer;
static KDPC dpc;
static uint32_t sets, taken_back, calls;

static LARGE_INTEGER at_tick(uint64_t tick)
{
    return (LARGE_INTEGER){ .QuadPart = (LONGLONG)(ke.boot_time_100ns + tick * KE_TICK_100NS) };
}

static void count_call(KDPC *self, PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(self);
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    (void)atomic_add(&calls, 1);
}

static void make_timer(void)
{
    timer = explore_new(sizeof(*timer), "timer");
    KeInitializeTimerEx(timer, NotificationTimer);
    KeInitializeDpc(&dpc, count_call, NULL);
    KeSetTargetProcessorDpc(&dpc, 0);
}

static void set_at(uint64_t tick)
{
    (void)atomic_add(&sets, 1);
    if (KeSetTimer(timer, at_tick(tick), &dpc))
        (void)atomic_add(&taken_back, 1);
}

static void cancel(void)
{
    if (KeCancelTimer(timer))
        (void)atomic_add(&taken_back, 1);
}

static void make_set(void)
{
    make_timer();
    set_at(1);
}

static void cancel_and_set(unsigned index)
{
    (void)index;
    cancel();
    set_at(2);
}

static void set_and_cancel(unsigned index)
{
    (void)index;
    set_at(1);
    cancel();
}

static void cancel_once(unsigned index)
{
    (void)index;
    cancel();
}

static uint32_t in_wheels(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < ke.cpu_count; i++)
        count += ke.cpu[i]->timer_count;
    return count;
}

/* The DPC of an expiry that finds it queued already is that of the one before. */
static void each_ends_once(void)
{
    uint32_t pending = !!(timer->Header.TimerMiscFlags & KE_TIMER_INSERTED);
    explore_check(in_wheels() == pending && sets >= taken_back + pending);
    uint32_t expired = sets - taken_back - pending;
    explore_check(calls <= expired && (calls != 0) == (expired != 0));
}

/* Set once: cancelled or run, never both, and never neither when its time has come. */
static void is_cancelled_or_has_run(void)
{
    explore_check(taken_back + calls == 1 && in_wheels() == 0);
    explore_check(KeReadStateTimer(timer) == (calls != 0));
}

SCENARIO(timer_is_cancelled_or_runs, .what = "two processors cancel a timer while its time comes",
         .actors = { cancel_once, cancel_once }, .set_up = make_set,
         .check = is_cancelled_or_has_run, .ticks = 2, .model = EXPLORE_SC, .bound = 3);

SCENARIO(timer_ends_once_each_time_it_is_set,
         .what = "three processors set and cancel a timer in different orders",
         .actors = { cancel_and_set, set_and_cancel, cancel_and_set }, .set_up = make_set,
         .check = each_ends_once, .ticks = 2, .model = EXPLORE_SC, .bound = 1);

SCENARIO(timer_moves_between_processors, .what = "two processors set and cancel a timer",
         .actors = { cancel_and_set, set_and_cancel }, .set_up = make_set, .check = each_ends_once,
         .ticks = 2, .model = EXPLORE_SC, .bound = 2);

/* --- Set again by its own DPC ------------------------------------------------------------------------------------ */

static void call_and_set(KDPC *self, PVOID context, PVOID argument1, PVOID argument2)
{
    count_call(self, context, argument1, argument2);
    if (atomic_load_acquire(&calls) == 1)
        set_at(2);
}

static void make_chain(void)
{
    make_timer();
    KeInitializeDpc(&dpc, call_and_set, NULL);
    set_at(1);
}

SCENARIO(timer_is_set_by_its_own_dpc,
         .what = "a timer's DPC sets it again while another processor cancels and sets it",
         .actors = { cancel_once, cancel_and_set }, .set_up = make_chain, .check = each_ends_once,
         .ticks = 2, .model = EXPLORE_SC, .bound = 2);

static void make_periodic(void)
{
    make_timer();
    (void)KeSetTimerEx(timer, at_tick(1), 1, &dpc);
}

static void is_quiet(void)
{
    explore_check(taken_back == 1 && in_wheels() == 0 && calls <= 2);
}

SCENARIO(timer_that_is_periodic_is_cancelled_once,
         .what = "of two processors that cancel a periodic timer one does it, and it is over",
         .actors = { cancel_once, cancel_once }, .set_up = make_periodic, .check = is_quiet,
         .ticks = 2, .model = EXPLORE_SC, .bound = 2);

/* --- Waiting ------------------------------------------------------------------------------------------------------ */

static void wait(unsigned index)
{
    (void)index;
    NTSTATUS status = KeWaitForSingleObject(timer, Executive, KernelMode, FALSE, NULL);
    explore_check(status == STATUS_SUCCESS);
    explore_free(timer);
}

static void make_for_wait(void)
{
    make_timer();
    KeInitializeTimerEx(timer, SynchronizationTimer);
    (void)KeSetTimer(timer, at_tick(1), NULL);
}

/* Nothing touches it after its expiry has ended the wait. */
static void do_nothing(unsigned index)
{
    (void)index;
}

SCENARIO(timer_is_free_when_the_wait_returns,
         .what = "a timer that ended a wait is not touched any more",
         .threads = { wait, do_nothing }, .set_up = make_for_wait, .ticks = 1, .model = EXPLORE_SC,
         .bound = 2);

/* Only who has cancelled it sets it again; who has not must not touch it: the waiter may be gone with it. */
static KTIMER kept;

static void make_kept(void)
{
    KeInitializeTimerEx(&kept, SynchronizationTimer);
    (void)KeSetTimer(&kept, at_tick(1), NULL);
}

static void wait_for_kept(unsigned index)
{
    (void)index;
    NTSTATUS status = KeWaitForSingleObject(&kept, Executive, KernelMode, FALSE, NULL);
    explore_check(status == STATUS_SUCCESS);
}

static void cancel_and_let_expire(unsigned index)
{
    (void)index;
    if (KeCancelTimer(&kept))
        (void)KeSetTimer(&kept, at_tick(0), NULL);
}

static void kept_is_taken(void)
{
    explore_check(!KeReadStateTimer(&kept) && in_wheels() == 0);
}

SCENARIO(timer_that_is_cancelled_under_a_wait_can_be_set_again,
         .what = "a wait for a timer ends, although it is cancelled and set meanwhile",
         .threads = { wait_for_kept, cancel_and_let_expire }, .set_up = make_kept,
         .check = kept_is_taken, .ticks = 1, .model = EXPLORE_SC, .bound = 2);
