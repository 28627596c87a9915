/* SPDX-License-Identifier: BSD-2-Clause */
/* Push locks: exclusion, the shared and the exclusive, waiters that are woken, and that are handed the lock. */
#include <nt/ex_ddi.h>

#include "ex/ex.h"
#include "scenario.h"

static EX_PUSH_LOCK *lock;
static uint32_t guarded;

/* So often one thread takes the lock before the eyes of who waits for it. */
#define OVERTAKES 6

static void make_lock(void)
{
    lock = explore_new(sizeof(*lock), "push lock");
    ExInitializePushLock(lock);
}

static void exclusive_once(void)
{
    ExAcquirePushLockExclusiveEx(lock, 0);
    guarded++;
    ExReleasePushLockExclusiveEx(lock, 0);
}

static void shared_once(void)
{
    ExAcquirePushLockSharedEx(lock, 0);
    explore_check(guarded <= 2 + OVERTAKES);
    ExReleasePushLockSharedEx(lock, 0);
}

static void exclusive(unsigned index)
{
    (void)index;
    exclusive_once();
}

static void exclusive_twice(unsigned index)
{
    (void)index;
    exclusive_once();
    exclusive_once();
}

static void shared(unsigned index)
{
    (void)index;
    shared_once();
}

static void shared_twice(unsigned index)
{
    (void)index;
    shared_once();
    shared_once();
}

static void lock_is_free(void)
{
    explore_check(*lock == 0);
}

SCENARIO(push_lock_excludes_2, .what = "two threads take a push lock exclusively twice each",
         .model = EXPLORE_SC, .threads = { exclusive_twice, exclusive_twice }, .set_up = make_lock,
         .check = lock_is_free, .bound = 3);

/* The same in x86's memory: the word is shared without a lock. */
SCENARIO(push_lock_excludes_2_tso, .what = "two threads take a push lock exclusively",
         .threads = { exclusive, exclusive }, .set_up = make_lock, .check = lock_is_free,
         .bound = 2, .budget = 40000);

SCENARIO(push_lock_excludes_3, .what = "three threads take a push lock exclusively",
         .model = EXPLORE_SC, .threads = { exclusive, exclusive, exclusive }, .set_up = make_lock,
         .check = lock_is_free, .bound = 2);

SCENARIO(push_lock_shared_and_exclusive,
         .what = "two threads take a push lock shared, one takes it exclusively twice",
         .model = EXPLORE_SC, .threads = { shared, exclusive_twice, shared }, .set_up = make_lock,
         .check = lock_is_free, .bound = 2);

SCENARIO(push_lock_alternates,
         .what = "one thread takes a push lock shared twice, one exclusively twice",
         .model = EXPLORE_SC, .threads = { shared_twice, exclusive_twice }, .set_up = make_lock,
         .check = lock_is_free, .bound = 2);

/*
 * The lock dies with its last user: each takes it once, and whoever is the second to hold it frees it after its
 * release, as the first one may not touch it after somebody else got in.
 */
static void last_user_frees(unsigned index)
{
    (void)index;
    ExAcquirePushLockExclusiveEx(lock, 0);
    bool last = ++guarded == 2;
    ExReleasePushLockExclusiveEx(lock, 0);
    if (last)
        explore_free(lock);
}

SCENARIO(push_lock_dies_with_its_last_user,
         .what = "the second of two owners frees the lock: the first one's release is over",
         .model = EXPLORE_SC, .threads = { last_user_frees, last_user_frees }, .set_up = make_lock,
         .bound = 4);

/*
 * One thread takes the lock again and again, and, while it holds it, lets whoever was woken look at it in vain; the
 * other one loses as often as it may, and is handed the lock.
 */
static void overtake(unsigned index)
{
    (void)index;
    for (unsigned i = 0; i < OVERTAKES; i++) {
        ExAcquirePushLockExclusiveEx(lock, 0);
        guarded++;
        for (unsigned looks = 0; looks < 2; looks++) {
            (void)atomic_load_relaxed(lock);
            explore_pause();
        }
        ExReleasePushLockExclusiveEx(lock, 0);
    }
}

SCENARIO(push_lock_is_handed_over, .what = "a waiter that was overtaken often is handed the lock",
         .model = EXPLORE_SC, .threads = { overtake, exclusive }, .set_up = make_lock,
         .check = lock_is_free, .bound = 2, .budget = 2000);

SCENARIO(push_lock_is_handed_to_sharers,
         .what = "sharers that were overtaken often are handed the lock together",
         .model = EXPLORE_SC, .threads = { overtake, shared, shared }, .set_up = make_lock,
         .check = lock_is_free, .bound = 2, .budget = 2000);
