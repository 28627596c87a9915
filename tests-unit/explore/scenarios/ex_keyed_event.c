/* SPDX-License-Identifier: BSD-2-Clause */
/* Keyed events: each wait meets one release of its key, and neither goes on alone. */
#include <nt/ex_ddi.h>

#include "ex/ex.h"
#include "scenario.h"

static struct ex_keyed_event *event;
static uint32_t waits, releases;
static uint32_t message; /* plain: a release makes visible what came before it */

static void make_event(void)
{
    event = explore_new(sizeof(*event), "keyed event");
    ex_keyed_event_init(event);
}

static void wait_key(uintptr_t key)
{
    struct ex_keyed_event_wait how = { .key = key, .mode = KernelMode };
    explore_check(ex_keyed_event_wait(event, &how) == STATUS_SUCCESS);
    (void)atomic_add(&waits, 1);
}

static void release_key(uintptr_t key)
{
    struct ex_keyed_event_wait how = { .key = key, .mode = KernelMode };
    explore_check(ex_keyed_event_release(event, &how) == STATUS_SUCCESS);
    (void)atomic_add(&releases, 1);
}

static void wait_one(unsigned index)
{
    (void)index;
    wait_key(2);
}

static void release_two(unsigned index)
{
    (void)index;
    release_key(2);
    release_key(2);
}

static void all_have_met(void)
{
    explore_check(waits == 2 && releases == 2);
    for (unsigned i = 0; i < EX_KEYED_EVENT_BUCKETS; i++)
        explore_check(event->buckets[i].parties.Flink == &event->buckets[i].parties);
}

SCENARIO(ex_keyed_event_two_meet_one,
         .what = "two threads wait for a key, a third one releases it twice", .model = EXPLORE_SC,
         .threads = { wait_one, wait_one, release_two }, .set_up = make_event,
         .check = all_have_met, .bound = 2, .budget = 8000);

/* Ping-pong on two keys: what is passed along is seen, and the event dies with the last meeting. */
static void ping(unsigned index)
{
    (void)index;
    message = 1;
    release_key(2);
    wait_key(4);
    explore_check(message == 2);
}

static void pong(unsigned index)
{
    (void)index;
    wait_key(2);
    explore_check(message == 1);
    message = 2;
    release_key(4);
}

SCENARIO(ex_keyed_event_passes_messages, .what = "two threads meet at one key and then at another",
         .model = EXPLORE_SC, .threads = { ping, pong }, .set_up = make_event,
         .check = all_have_met, .bound = 2);
