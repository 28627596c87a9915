/* SPDX-License-Identifier: BSD-2-Clause */
/* Waits that end by time: the signal and the time-out come at the same moment, and one of them has it. */
#include "scenario.h"

static KEVENT *event;
static NTSTATUS result;

static void make_event(void)
{
    event = explore_new(sizeof(*event), "event");
    KeInitializeEvent(event, SynchronizationEvent, FALSE);
}

static void wait_a_millisecond(unsigned index)
{
    LARGE_INTEGER timeout = { .QuadPart = -10000 };

    (void)index;
    result = KeWaitForSingleObject(event, Executive, KernelMode, FALSE, &timeout);
}

static void set(unsigned index)
{
    (void)index;
    (void)KeSetEvent(event, 0, FALSE);
}

static void the_signal_is_used_once(void)
{
    explore_check(result == STATUS_SUCCESS || result == STATUS_TIMEOUT);
    explore_check(KeReadStateEvent(event) == (result == STATUS_TIMEOUT));
}

SCENARIO(timeout_and_signal_meet,
         .what = "the event is used by the wait, or stays set if the time was up",
         .threads = { wait_a_millisecond, set }, .set_up = make_event,
         .check = the_signal_is_used_once, .ticks = 1, .bound = 1, .prompt = true);
