/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to ex/. */
#pragma once

#include "ex/ex.h"

#include <nt/ke_ddi.h>

/* --- Fast mutexes, for guarded ones too. IRQL: <= APC_LEVEL ------------------------------------------------ */

void ex_fast_mutex_lock(FAST_MUTEX *mutex, KWAIT_REASON reason);
bool ex_fast_mutex_try(FAST_MUTEX *mutex);
void ex_fast_mutex_unlock(FAST_MUTEX *mutex);

/* --- Spin locks of objects whose layout drivers know ------------------------------------------------------ */

/*
 * KSPIN_LOCKs that are taken with interrupts off instead of at DISPATCH_LEVEL: correct at any level, and cheaper.
 * Nothing is locked while one is held, but the pool's own locks.
 */
MUST_CHECK static inline bool ex_spin_acquire(KSPIN_LOCK *lock)
{
    bool interrupts = arch_interrupts_disable();
    ke_held_check_spin(lock, KE_HELD_PLAIN);
    ke_spin_acquire(lock);
    ke_held_add_spin(lock, KE_HELD_PLAIN);
    return interrupts;
}

static inline void ex_spin_release(KSPIN_LOCK *lock, bool interrupts)
{
    CHECK(atomic_load_relaxed(lock) != 0);
    ke_held_remove_spin(lock, KE_HELD_PLAIN);
    atomic_store_release(lock, 0);
    arch_interrupts_restore(interrupts);
}

/* --- Owners of a resource: resource_table.c. All with the resource's spin lock held ----------------------- */

/* The entry of an owner, NULL if it is none. Valid until the next insertion or removal. */
OWNER_ENTRY *ex_owner_find(ERESOURCE *resource, ERESOURCE_THREAD owner);
/* Whether one more owner, or waiting sharer, has a place that is not promised to a waiting sharer already. */
bool ex_owner_has_room(const ERESOURCE *resource, bool for_waiter);
/* A new owner that holds it `count` times; there is room. */
void ex_owner_insert(ERESOURCE *resource, ERESOURCE_THREAD owner, uint32_t count);
void ex_owner_remove(ERESOURCE *resource, OWNER_ENTRY *entry);
/* How many entries of the table a search for this owner looks at. */
uint32_t ex_owner_search_steps(const ERESOURCE *resource, ERESOURCE_THREAD owner);

/*
 * Give the resource a larger table, allocated outside of the spin lock (not held). False: no memory.
 * IRQL: <= DISPATCH_LEVEL
 */
MUST_CHECK bool ex_owner_table_grow(ERESOURCE *resource);
void ex_owner_table_free(OWNER_ENTRY *table);

/* --- Depth of look-aside lists ---------------------------------------------------------------------------- */

/* The depth of a list that has had so many allocations and misses since the last look. */
USHORT ex_lookaside_fit_depth(USHORT depth, USHORT maximum, ULONG allocations, ULONG misses);
/* A look at all lists. IRQL: <= DISPATCH_LEVEL */
void ex_lookaside_fit_all(void);
