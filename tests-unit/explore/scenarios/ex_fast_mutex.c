/* SPDX-License-Identifier: BSD-2-Clause */
/* Fast mutexes: exclusion, no waiter is forgotten, and one that was overtaken often is handed the mutex. */
#include <nt/ex_ddi.h>

#include "ex/ex_impl.h"
#include "scenario.h"

#define OVERTAKES 6

static FAST_MUTEX *mutex;
static uint32_t guarded;

static void make_mutex(void)
{
    mutex = explore_new(sizeof(*mutex), "fast mutex");
    ExInitializeFastMutex(mutex);
}

static void own_once(void)
{
    ExAcquireFastMutex(mutex);
    explore_check(arch_irql() == APC_LEVEL);
    guarded++;
    ExReleaseFastMutex(mutex);
    explore_check(arch_irql() == PASSIVE_LEVEL);
}

static void own(unsigned index)
{
    (void)index;
    own_once();
}

static void own_twice(unsigned index)
{
    (void)index;
    own_once();
    own_once();
}

static void try_twice(unsigned index)
{
    (void)index;
    for (unsigned i = 0; i < 2; i++) {
        if (!ExTryToAcquireFastMutex(mutex))
            continue;
        guarded++;
        ExReleaseFastMutex(mutex);
    }
}

static void overtake(unsigned index)
{
    (void)index;
    for (unsigned i = 0; i < OVERTAKES; i++) {
        ExAcquireFastMutex(mutex);
        guarded++;
        for (unsigned looks = 0; looks < 2; looks++) {
            (void)atomic_load_relaxed(&mutex->Count);
            explore_pause();
        }
        ExReleaseFastMutex(mutex);
    }
}

static void mutex_is_free(void)
{
    explore_check(mutex->Count == FM_LOCK_BIT && mutex->Owner == NULL);
}

SCENARIO(ex_fast_mutex_excludes_2, .what = "two threads own a fast mutex twice each",
         .model = EXPLORE_SC, .threads = { own_twice, own_twice }, .set_up = make_mutex,
         .check = mutex_is_free, .bound = 2);

SCENARIO(ex_fast_mutex_excludes_3, .what = "three threads own a fast mutex, one of them twice",
         .model = EXPLORE_SC, .threads = { own_twice, own, own }, .set_up = make_mutex,
         .check = mutex_is_free, .bound = 2, .budget = 6000);

SCENARIO(ex_fast_mutex_try_owns_or_not,
         .what = "two threads own a fast mutex, a third one tries to twice", .model = EXPLORE_SC,
         .threads = { own, own, try_twice }, .set_up = make_mutex, .check = mutex_is_free,
         .bound = 2, .budget = 6000);

SCENARIO(ex_fast_mutex_is_handed_over,
         .what = "waiters that were overtaken often are handed the mutex", .model = EXPLORE_SC,
         .threads = { overtake, own, own }, .set_up = make_mutex, .check = mutex_is_free,
         .bound = 2, .budget = 2000);
