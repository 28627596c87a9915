/* SPDX-License-Identifier: BSD-2-Clause */
/* Run-down protection: what is protected lives while a reference is out, and goes when the wait returns. */
#include <nt/ex_ddi.h>

#include "scenario.h"

static EX_RUNDOWN_REF reference;
static PEX_RUNDOWN_REF_CACHE_AWARE aware;
static uint32_t *object;
static uint32_t lives;

static void make_object(void)
{
    object = explore_new(sizeof(*object), "protected object");
    ExInitializeRundownProtection(&reference);
}

static void use_once(void)
{
    if (!ExAcquireRundownProtection(&reference))
        return;
    (void)atomic_add(object, 1);
    ExReleaseRundownProtection(&reference);
}

static void use(unsigned index)
{
    (void)index;
    use_once();
}

static void use_twice(unsigned index)
{
    (void)index;
    use_once();
    use_once();
}

static void run_down(unsigned index)
{
    (void)index;
    ExWaitForRundownProtectionRelease(&reference);
    explore_free(object);
    explore_check(!ExAcquireRundownProtection(&reference));
}

static void it_is_closed(void)
{
    explore_check(reference.Count == 1);
}

SCENARIO(ex_rundown_waits_for_all,
         .what = "two users of an object, one of them twice, while a third thread runs it down",
         .model = EXPLORE_SC, .threads = { run_down, use_twice, use }, .set_up = make_object,
         .check = it_is_closed, .bound = 2);

SCENARIO(ex_rundown_waits_for_one,
         .what = "one user of an object while another thread runs it down", .model = EXPLORE_SC,
         .threads = { run_down, use_twice }, .set_up = make_object, .check = it_is_closed,
         .bound = 4);

/* A reference that is held across many, and in two at once. */
static void use_two(unsigned index)
{
    (void)index;
    if (!ExAcquireRundownProtectionEx(&reference, 2))
        return;
    (void)atomic_add(object, 1);
    ExReleaseRundownProtection(&reference);
    (void)atomic_add(object, 1);
    ExReleaseRundownProtectionEx(&reference, 1);
}

SCENARIO(ex_rundown_counts_references,
         .what = "two users that take two references each, while a third thread runs it down",
         .bound = 2, .model = EXPLORE_SC, .threads = { run_down, use_two, use_two },
         .set_up = make_object, .check = it_is_closed);

/* Run down, made again, opened again: no user sees the first object in its second life. */
static void live_again(unsigned index)
{
    (void)index;
    ExWaitForRundownProtectionRelease(&reference);
    explore_free(object);
    object = explore_new(sizeof(*object), "second object");
    ExReInitializeRundownProtection(&reference);
    ExWaitForRundownProtectionRelease(&reference);
    explore_free(object);
    lives = 2;
}

static void it_has_lived_twice(void)
{
    explore_check(lives == 2 && reference.Count == 1);
}

SCENARIO(
    ex_rundown_begins_again,
    .what = "an object is run down, made again and run down again while another thread uses it",
    .bound = 3, .model = EXPLORE_SC, .threads = { live_again, use_twice }, .set_up = make_object,
    .check = it_has_lived_twice);

/* Two threads run it down; the second one looks once a tick. */
static void run_down_too(unsigned index)
{
    (void)index;
    ExWaitForRundownProtectionRelease(&reference);
    explore_check(!ExAcquireRundownProtection(&reference));
}

SCENARIO(ex_rundown_by_two, .what = "two threads run down what a third one uses", .ticks = 2,
         .model = EXPLORE_SC, .threads = { run_down_too, run_down_too, use }, .set_up = make_object,
         .bound = 2, .budget = 8000);

/* --- A word for each processor --------------------------------------------------------------------------------- */

static void make_aware(void)
{
    make_object();
    aware = ExAllocateCacheAwareRundownProtection(NonPagedPool, 0x74736574);
}

static void use_aware(unsigned index)
{
    (void)index;
    for (unsigned i = 0; i < 2; i++) {
        if (!ExAcquireRundownProtectionCacheAware(aware))
            return;
        (void)atomic_add(object, 1);
        ExReleaseRundownProtectionCacheAware(aware);
    }
}

static void run_down_aware(unsigned index)
{
    (void)index;
    ExWaitForRundownProtectionReleaseCacheAware(aware);
    explore_free(object);
    explore_check(!ExAcquireRundownProtectionCacheAware(aware));
}

SCENARIO(ex_rundown_cache_aware,
         .what = "two users on words of their own while a third thread closes one after the other",
         .bound = 2, .model = EXPLORE_SC, .threads = { run_down_aware, use_aware, use_aware },
         .set_up = make_aware);

/* A reference that is taken on one processor's word and dropped on another's. */
static uint32_t handed;

static void take_reference(unsigned index)
{
    (void)index;
    atomic_store_release(&handed, ExAcquireRundownProtectionCacheAware(aware) ? 1 : 2);
}

static void drop_reference(unsigned index)
{
    (void)index;
    uint32_t seen;
    while ((seen = atomic_load_acquire(&handed)) == 0)
        explore_pause();
    if (seen == 2)
        return;
    (void)atomic_add(object, 1);
    ExReleaseRundownProtectionCacheAware(aware);
}

SCENARIO(ex_rundown_moves_between_words,
         .what = "a reference of one word is dropped on another one while they are closed",
         .bound = 2, .model = EXPLORE_SC,
         .threads = { run_down_aware, take_reference, drop_reference }, .pinned = true,
         .set_up = make_aware);
