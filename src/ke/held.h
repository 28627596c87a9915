/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each processor holds: our locks by class, dispatcher objects, drivers' spin locks by address. Checked builds
 * keep it, and stop when a lock is taken against its rank, twice, or given back by who has not got it. A free build
 * carries nothing. What was taken while what was held is kept as a matrix of classes, the lock order as it was seen.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <nt/ntdef.h>

#include "base/check.h"
#include "ke/lock_classes.h"

/* How a lock is held: KSPIN_LOCKs by one of two interfaces, which must not be mixed; EX_SPIN_LOCKs in two ways. */
enum ke_held_kind {
    KE_HELD_OWN,
    KE_HELD_PLAIN,
    KE_HELD_QUEUED,
    KE_HELD_SHARED,
    KE_HELD_EXCLUSIVE,
    KE_HELD_KINDS,
};

struct ke_held_lock {
    const void *lock;
    uint8_t class; /* enum ke_lock_class */
    uint8_t kind;  /* enum ke_held_kind */
};

/* This processor will wait for a lock of this class. CHECKs that ranks rise, notes the edges. Interrupts off. */
void ke_held_check_wanted(enum ke_lock_class class);
void ke_held_add(const void *lock, enum ke_lock_class class, enum ke_held_kind kind);
/* In any order. CHECKs that it is there. Interrupts off. */
void ke_held_remove(const void *lock);
bool ke_held_by_me(const void *lock);

/*
 * Drivers' spin locks, so breaches are bugchecks, not CHECKs, with the lock's address first:
 * IRQL_NOT_DISPATCH_LEVEL (lock, level): taken or given back below DISPATCH_LEVEL with interrupts on;
 * SPIN_LOCK_ALREADY_OWNED (lock, kind wanted, kind held): by this processor, or by another through the other interface;
 * SPIN_LOCK_NOT_OWNED (lock, kind, kind held or 0): given back by a processor that has not got it, or not in this way.
 */
void ke_held_check_spin(const void *lock, enum ke_held_kind kind);
void ke_held_add_spin(const void *lock, enum ke_held_kind kind);
void ke_held_remove_spin(const void *lock, enum ke_held_kind kind);
_Noreturn void ke_held_mixed(const void *lock, enum ke_held_kind wanted, enum ke_held_kind held);
/* The level is about to become `new_irql`: below DISPATCH_LEVEL none of them may be held. IRQL_NOT_DISPATCH_LEVEL */
void ke_held_check_level(KIRQL new_irql);

/* Whether a lock of class `wanted` was ever taken while one of class `held` was held. */
bool ke_held_edge_seen(enum ke_lock_class held, enum ke_lock_class wanted);
/* Each edge as a line `@lock_edge held=A wanted=B`, then `@lock_edges count=N`; a free build has none. */
void ke_held_report_edges(void);
