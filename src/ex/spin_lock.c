/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EX_SPIN_LOCK: reader-writer spin locks, in 32 bits.
 *
 * The word counts who shares; bit 31 says that one holds it exclusively, bit 30 that one waits to. While bit 30 stands
 * nobody new comes in to share, so those who share come to an end and the waiter gets its turn (WDK "Reader-Writer Spin
 * Locks"). Whoever becomes the exclusive holder takes the bit away; those who go on waiting set it again. Among waiters
 * there is no order, for the reason that spin_lock.c of Ke gives.
 *
 * A processor that shares must not ask again: a waiter that came in between would wait for the first time to end, and the
 * second for the waiter. Checked builds stop there, as at every other breach that held.h names.
 *
 * Source of all: the WDK reference page "<name> function (wdm.h)".
 */
#include <nt/ex_ddi.h>
#include <nt/ke_ddi.h>

#include "ex/ex_impl.h"

#define EXCLUSIVE       0x80000000u
#define WAITING         0x40000000u
#define SHARERS         0x3fffffffu
#define LOADS_PER_PAUSE KE_SPIN_LOADS_PER_PAUSE

static uint32_t load(EX_SPIN_LOCK *lock)
{
    return (uint32_t)atomic_load_relaxed(lock);
}

static bool change(EX_SPIN_LOCK *lock, uint32_t from, uint32_t to)
{
    LONG expected = (LONG)from;
    return atomic_cas(lock, &expected, (LONG)to);
}

/* Until none of `bits` stands in the word. */
static void wait_while(EX_SPIN_LOCK *lock, uint32_t bits)
{
    for (uint32_t loads = 1; load(lock) & bits; loads++) {
        if (loads % LOADS_PER_PAUSE == 0)
            arch_cpu_pause();
    }
}

/* --- Shared ----------------------------------------------------------------------------------------------- */

/* False: one holds it exclusively or waits to; or another processor changed the word, and one may try again. */
static bool try_shared(EX_SPIN_LOCK *lock)
{
    uint32_t word = load(lock);
    return !(word & (EXCLUSIVE | WAITING)) && change(lock, word, word + 1);
}

static void acquire_shared(EX_SPIN_LOCK *lock)
{
    ke_held_check_spin((const void *)lock, KE_HELD_SHARED);
    while (!try_shared(lock))
        wait_while(lock, EXCLUSIVE | WAITING);
    ke_held_add_spin((const void *)lock, KE_HELD_SHARED);
}

static void release_shared(EX_SPIN_LOCK *lock)
{
    ke_held_remove_spin((const void *)lock, KE_HELD_SHARED);
    CHECK(!(load(lock) & EXCLUSIVE) && (load(lock) & SHARERS) != 0);
    (void)atomic_sub(lock, 1);
}

KIRQL ExAcquireSpinLockShared(EX_SPIN_LOCK *lock)
{
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);
    acquire_shared(lock);
    return old;
}

void ExReleaseSpinLockShared(EX_SPIN_LOCK *lock, KIRQL old_irql)
{
    release_shared(lock);
    KeLowerIrql(old_irql);
}

void ExAcquireSpinLockSharedAtDpcLevel(EX_SPIN_LOCK *lock)
{
    acquire_shared(lock);
}

void ExReleaseSpinLockSharedFromDpcLevel(EX_SPIN_LOCK *lock)
{
    release_shared(lock);
}

/* Sharers that come and go are no reason to fail. */
LOGICAL ExTryAcquireSpinLockSharedAtDpcLevel(EX_SPIN_LOCK *lock)
{
    while (!(load(lock) & (EXCLUSIVE | WAITING))) {
        if (try_shared(lock)) {
            ke_held_add_spin((const void *)lock, KE_HELD_SHARED);
            return TRUE;
        }
    }
    return FALSE;
}

/* --- Exclusive -------------------------------------------------------------------------------------------- */

static bool try_exclusive(EX_SPIN_LOCK *lock)
{
    uint32_t word = load(lock);
    return !(word & (EXCLUSIVE | SHARERS)) && change(lock, word, EXCLUSIVE);
}

static void announce(EX_SPIN_LOCK *lock)
{
    if (!(load(lock) & WAITING))
        (void)atomic_or(lock, (LONG)WAITING);
}

/* Announced as often as it takes: who gets the lock takes the bit of all who wait with it. */
static void acquire_exclusive(EX_SPIN_LOCK *lock)
{
    ke_held_check_spin((const void *)lock, KE_HELD_EXCLUSIVE);
    for (uint32_t tries = 1; !try_exclusive(lock); tries++) {
        announce(lock);
        if (tries % LOADS_PER_PAUSE == 0)
            arch_cpu_pause();
    }
    ke_held_add_spin((const void *)lock, KE_HELD_EXCLUSIVE);
}

/* The bit of those who wait stays. */
static void release_exclusive(EX_SPIN_LOCK *lock)
{
    ke_held_remove_spin((const void *)lock, KE_HELD_EXCLUSIVE);
    CHECK((load(lock) & EXCLUSIVE) && !(load(lock) & SHARERS));
    (void)atomic_and(lock, (LONG)~EXCLUSIVE);
}

KIRQL ExAcquireSpinLockExclusive(EX_SPIN_LOCK *lock)
{
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);
    acquire_exclusive(lock);
    return old;
}

void ExReleaseSpinLockExclusive(EX_SPIN_LOCK *lock, KIRQL old_irql)
{
    release_exclusive(lock);
    KeLowerIrql(old_irql);
}

void ExAcquireSpinLockExclusiveAtDpcLevel(EX_SPIN_LOCK *lock)
{
    acquire_exclusive(lock);
}

void ExReleaseSpinLockExclusiveFromDpcLevel(EX_SPIN_LOCK *lock)
{
    release_exclusive(lock);
}

/* A free lock that another waits for is not taken from under his nose. */
LOGICAL ExTryAcquireSpinLockExclusiveAtDpcLevel(EX_SPIN_LOCK *lock)
{
    if (load(lock) != 0 || !change(lock, 0, EXCLUSIVE))
        return FALSE;
    ke_held_add_spin((const void *)lock, KE_HELD_EXCLUSIVE);
    return TRUE;
}

/*
 * Who waits to hold it exclusively goes on waiting: its bit stays in the word. Where another waiter's bit comes in
 * between, one tries again.
 */
LOGICAL ExTryConvertSharedSpinLockExclusive(EX_SPIN_LOCK *lock)
{
    uint32_t word = load(lock);
    CHECK(!(word & EXCLUSIVE) && (word & SHARERS) != 0);
    while ((word & SHARERS) == 1) {
        if (change(lock, word, (word & WAITING) | EXCLUSIVE)) {
            ke_held_remove_spin((const void *)lock, KE_HELD_SHARED);
            ke_held_add_spin((const void *)lock, KE_HELD_EXCLUSIVE);
            return TRUE;
        }
        word = load(lock);
    }
    return FALSE;
}
