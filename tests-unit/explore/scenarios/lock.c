/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's spin locks by themselves, with their real loops: what the other scenarios take for verified. */
#include "scenario.h"

#define ROUNDS 2

static struct ke_lock lock;
static uint32_t guarded;

static void make_lock(void)
{
    ke_lock_init(&lock, KE_LOCK_POOL);
}

static void increment(unsigned index)
{
    (void)index;
    for (unsigned i = 0; i < ROUNDS; i++) {
        bool interrupts = ke_lock_acquire(&lock);
        guarded++;
        ke_lock_release(&lock, interrupts);
    }
}

static void increments_are_not_lost(void)
{
    explore_check(guarded % ROUNDS == 0 && guarded >= 2 * ROUNDS);
    explore_check(lock.word == 0 && lock.owner == 0);
}

SCENARIO(lock_excludes_2, .what = "two processors take a spin lock twice each",
         .actors = { increment, increment }, .set_up = make_lock, .check = increments_are_not_lost,
         .real_locks = true, .no_interrupts = true);

SCENARIO(lock_excludes_3, .what = "three processors take a spin lock twice each",
         .actors = { increment, increment, increment }, .set_up = make_lock,
         .check = increments_are_not_lost, .real_locks = true, .no_interrupts = true);
