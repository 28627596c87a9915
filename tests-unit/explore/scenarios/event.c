/* SPDX-License-Identifier: BSD-2-Clause */
/* Events between threads. The event dies as soon as the wait for it has returned. */
#include "scenario.h"

static KEVENT *event;
static NTSTATUS result;

static void make_event(void)
{
    event = explore_new(sizeof(*event), "event");
    KeInitializeEvent(event, SynchronizationEvent, FALSE);
    result = STATUS_PENDING;
}

static void wait(unsigned index)
{
    (void)index;
    result = KeWaitForSingleObject(event, Executive, KernelMode, FALSE, NULL);
    explore_free(event);
}

static void set(unsigned index)
{
    (void)index;
    (void)KeSetEvent(event, 0, FALSE);
}

static void the_wait_succeeded(void)
{
    explore_check(result == STATUS_SUCCESS);
}

SCENARIO(event_wakes_its_waiter,
         .what = "a wait for an event ends when it is set, and the setter does not touch it again",
         .threads = { wait, set }, .set_up = make_event, .check = the_wait_succeeded);
