/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's own spin locks. Leaf locks are taken with interrupts off instead of at a raised IRQL: on the reference
 * machine a write of CR8 costs more than everything else in the path. Not FIFO: with more virtual than real processors
 * a queue of waiters stops when the host has preempted the first of them.
 *
 * Each lock belongs to a class of lock_classes.tbl, which gives its rank; a checked build verifies that ranks rise on
 * every acquire, that the owner releases, and that no lock is taken twice.
 */
#pragma once

#include <stdbool.h>

#include <nt/ke.h>

#include "arch.h"
#include "base/atomic.h"
#include "ke/lock_classes.h"
#include "ke/spin.h"

struct ke_lock {
    KSPIN_LOCK word; /* 0: free, 1: held */
    enum ke_lock_class class;
    uint32_t owner; /* checked: processor index + 1 of the holder, else 0 */
};

#define KE_LOCK_INIT(lock_class) { 0, (lock_class), 0 }
void ke_lock_init(struct ke_lock *lock, enum ke_lock_class class);

/* Take the lock with interrupts off; give the result back to ke_lock_release. IRQL: any. */
MUST_CHECK bool ke_lock_acquire(struct ke_lock *lock);
void ke_lock_release(struct ke_lock *lock, bool interrupts);

/* The same where interrupts are off already, and stay so. */
void ke_lock_acquire_nested(struct ke_lock *lock);
void ke_lock_release_nested(struct ke_lock *lock);

/* The same if the lock is free; never waits, so any rank will do. */
MUST_CHECK bool ke_lock_try_nested(struct ke_lock *lock);

bool ke_lock_is_held(
    const struct ke_lock *lock); /* by this processor; checked builds only, else true */

#define LOCK_HELD(lock) CHECK(ke_lock_is_held(lock))
