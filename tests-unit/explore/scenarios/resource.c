/* SPDX-License-Identifier: BSD-2-Clause */
/* Resources: one exclusive owner or many sharers, who waits for whom, and who is let in by whom. */
#include <nt/ex_ddi.h>

#include "scenario.h"

static ERESOURCE *resource;
static uint32_t guarded;

static void make(void)
{
    resource = explore_new(sizeof(*resource), "resource");
    (void)ExInitializeResourceLite(resource); /* always a success */
}

static void exclusive(unsigned index)
{
    (void)index;
    explore_check(ExAcquireResourceExclusiveLite(resource, TRUE));
    guarded++;
    ExReleaseResourceLite(resource);
}

static void shared(unsigned index)
{
    (void)index;
    explore_check(ExAcquireResourceSharedLite(resource, TRUE));
    explore_check(guarded <= 4 && ExIsResourceAcquiredSharedLite(resource) == 1);
    ExReleaseResourceLite(resource);
}

static void exclusive_twice(unsigned index)
{
    exclusive(index);
    exclusive(index);
}

static void shared_twice(unsigned index)
{
    shared(index);
    shared(index);
}

static void it_is_free(void)
{
    explore_check(resource->ActiveEntries == 0 && resource->ActiveCount == 0);
    explore_check(resource->NumberOfSharedWaiters == 0 && resource->NumberOfExclusiveWaiters == 0);
    explore_check(resource->SharedWaiters == NULL && resource->ExclusiveWaiters == NULL);
}

SCENARIO(resource_reader_and_writer, .what = "one thread shares twice, one owns it twice",
         .model = EXPLORE_SC, .threads = { shared_twice, exclusive_twice }, .set_up = make,
         .check = it_is_free, .bound = 2);

SCENARIO(resource_three, .what = "two threads share, one owns it twice", .model = EXPLORE_SC,
         .threads = { shared, exclusive_twice, shared }, .set_up = make, .check = it_is_free,
         .bound = 2, .budget = 8000);

SCENARIO(resource_writers, .what = "three threads own it, one after the other", .model = EXPLORE_SC,
         .threads = { exclusive, exclusive, exclusive }, .set_up = make, .check = it_is_free,
         .bound = 2);

/* A sharer asks once more: it must not wait for the exclusive one that waits for it. */
static void shared_recursive(unsigned index)
{
    (void)index;
    explore_check(ExAcquireResourceSharedLite(resource, TRUE));
    explore_check(ExAcquireResourceSharedLite(resource, TRUE));
    explore_check(ExIsResourceAcquiredSharedLite(resource) == 2);
    ExReleaseResourceLite(resource);
    explore_check(guarded <= 4);
    ExReleaseResourceLite(resource);
}

SCENARIO(resource_recursive_sharer, .what = "an owner that shares gets it again, whoever waits",
         .model = EXPLORE_SC, .threads = { shared_recursive, exclusive, shared_recursive },
         .set_up = make, .check = it_is_free, .bound = 2, .budget = 8000);

/* Who passes by does not wait while it is shared; who yields lets those who wait go first, and gets its turn. */
static void passing(unsigned index)
{
    (void)index;
    explore_check(ExAcquireSharedStarveExclusive(resource, TRUE));
    explore_check(guarded <= 4);
    ExReleaseResourceLite(resource);
}

static void yielding(unsigned index)
{
    (void)index;
    explore_check(ExAcquireSharedWaitForExclusive(resource, TRUE));
    explore_check(guarded <= 4);
    ExReleaseResourceLite(resource);
}

SCENARIO(resource_pass_and_yield, .what = "one sharer passes by, one yields, one thread owns it",
         .bound = 2, .model = EXPLORE_SC, .threads = { passing, exclusive, yielding },
         .set_up = make, .check = it_is_free);

/* The owner becomes a sharer: what it wrote stays, and sharers come in beside it. */
static void convert(unsigned index)
{
    (void)index;
    explore_check(ExAcquireResourceExclusiveLite(resource, TRUE));
    uint32_t mine = ++guarded;
    ExConvertExclusiveToSharedLite(resource);
    explore_check(guarded == mine && !ExIsResourceAcquiredExclusiveLite(resource));
    ExReleaseResourceLite(resource);
}

SCENARIO(resource_convert,
         .what = "an owner becomes a sharer while others want to share and to own", .bound = 2,
         .model = EXPLORE_SC, .threads = { convert, shared, exclusive }, .set_up = make,
         .check = it_is_free);

/*
 * A sharer that waits is let in by the conversion: it meets the owner inside, who stays until it has come. Nobody else
 * could let it in.
 */
static uint32_t inside;

static void convert_and_meet(unsigned index)
{
    (void)index;
    explore_check(ExAcquireResourceExclusiveLite(resource, TRUE));
    ExConvertExclusiveToSharedLite(resource);
    while (atomic_load_acquire(&inside) == 0)
        explore_pause();
    ExReleaseResourceLite(resource);
}

static void share_and_meet(unsigned index)
{
    (void)index;
    explore_check(ExAcquireResourceSharedLite(resource, TRUE));
    atomic_store_release(&inside, 1);
    ExReleaseResourceLite(resource);
}

SCENARIO(resource_convert_lets_in, .what = "a conversion lets in the sharers that wait", .bound = 3,
         .model = EXPLORE_SC, .threads = { convert_and_meet, share_and_meet }, .set_up = make,
         .check = it_is_free);
