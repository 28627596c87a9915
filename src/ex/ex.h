/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The executive's support library as the rest of src/ sees it. What drivers call is declared in <nt/ex_ddi.h>; this
 * adds what only we may call.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <nt/ex.h>

#include "base/atomic.h"
#include "ke/ke.h"

/* --- Push locks. IRQL: <= APC_LEVEL, normal kernel APCs off ----------------------------------------------- */

/*
 * Bits of the lock's word; push_lock.c explains. Without waiters the bits above are the number of sharers, with
 * waiters they are the address of the first one.
 */
#define EX_PUSH_LOCK_EXCLUSIVE 1u
#define EX_PUSH_LOCK_WAITERS   2u
#define EX_PUSH_LOCK_QUEUE     4u
#define EX_PUSH_LOCK_SHARER    16u

void ex_push_lock_wait_exclusive(EX_PUSH_LOCK *lock);
void ex_push_lock_wait_shared(EX_PUSH_LOCK *lock);
void ex_push_lock_wake_exclusive(EX_PUSH_LOCK *lock);
void ex_push_lock_wake_shared(EX_PUSH_LOCK *lock);

static inline bool ex_push_lock_try_exclusive(EX_PUSH_LOCK *lock)
{
    EX_PUSH_LOCK free = 0;
    return atomic_cas(lock, &free, EX_PUSH_LOCK_EXCLUSIVE);
}

static inline void ex_push_lock_acquire_exclusive(EX_PUSH_LOCK *lock)
{
    if (!ex_push_lock_try_exclusive(lock))
        ex_push_lock_wait_exclusive(lock);
}

static inline void ex_push_lock_release_exclusive(EX_PUSH_LOCK *lock)
{
    EX_PUSH_LOCK alone = EX_PUSH_LOCK_EXCLUSIVE;
    if (!atomic_cas(lock, &alone, 0))
        ex_push_lock_wake_exclusive(lock);
}

static inline void ex_push_lock_acquire_shared(EX_PUSH_LOCK *lock)
{
    EX_PUSH_LOCK word = atomic_load_relaxed(lock);
    bool open = (word & (EX_PUSH_LOCK_EXCLUSIVE | EX_PUSH_LOCK_WAITERS)) == 0;
    if (!open || !atomic_cas(lock, &word, word + EX_PUSH_LOCK_SHARER))
        ex_push_lock_wait_shared(lock);
}

static inline void ex_push_lock_release_shared(EX_PUSH_LOCK *lock)
{
    EX_PUSH_LOCK word = atomic_load_relaxed(lock);
    bool simple = (word & EX_PUSH_LOCK_WAITERS) == 0;
    if (!simple || !atomic_cas(lock, &word, word - EX_PUSH_LOCK_SHARER))
        ex_push_lock_wake_shared(lock);
}

/* Somebody holds it, whoever that is: for CHECKs. */
static inline bool ex_push_lock_is_held_exclusive(EX_PUSH_LOCK *lock)
{
    return (atomic_load_relaxed(lock) & EX_PUSH_LOCK_EXCLUSIVE) != 0;
}

/* --- Keyed events ----------------------------------------------------------------------------------------- */

#define EX_KEYED_EVENT_BUCKETS 64

struct ex_keyed_event_bucket {
    struct ke_lock lock;
    LIST_ENTRY parties; /* [lock] */
};

struct ex_keyed_event {
    struct ex_keyed_event_bucket buckets[EX_KEYED_EVENT_BUCKETS];
};

struct ex_keyed_event_wait {
    const void *space; /* keys of different spaces are different: the process, or NULL */
    uintptr_t key;     /* even */
    KPROCESSOR_MODE mode;
    BOOLEAN alertable;
    LARGE_INTEGER *timeout; /* NULL: none */
};

void ex_keyed_event_init(struct ex_keyed_event *event);

/*
 * Wait until another thread releases the key; release it to one thread that waits, and wait until there is one.
 *
 * IRQL:    <= APC_LEVEL
 * Returns: STATUS_SUCCESS, STATUS_INVALID_PARAMETER_1 (an odd key), STATUS_TIMEOUT and what else a wait returns
 */
MUST_CHECK NTSTATUS ex_keyed_event_wait(struct ex_keyed_event *event,
                                        const struct ex_keyed_event_wait *how);
MUST_CHECK NTSTATUS ex_keyed_event_release(struct ex_keyed_event *event,
                                           const struct ex_keyed_event_wait *how);

/* --- Callback objects. IRQL: <= APC_LEVEL ----------------------------------------------------------------- */

/* The caller gets the only reference. STATUS_INSUFFICIENT_RESOURCES: no memory. */
MUST_CHECK NTSTATUS ex_callback_create(bool allow_multiple, PCALLBACK_OBJECT *out_callback);
/* Drop a reference; with the last one, registrations have theirs, the object goes. IRQL: <= DISPATCH_LEVEL */
void ex_callback_release(PCALLBACK_OBJECT callback);

/* --- Work items ------------------------------------------------------------------------------------------- */

/* Start the system's worker threads. Once, before the first ExQueueWorkItem. IRQL: PASSIVE_LEVEL */
MUST_CHECK NTSTATUS ex_work_start(void);
uint32_t ex_work_thread_count(WORK_QUEUE_TYPE type);
/* Have idle threads beyond the minimum end now instead of later. IRQL: <= DISPATCH_LEVEL */
void ex_work_trim(void);

/* --- Look-aside lists ------------------------------------------------------------------------------------- */

/* Before the first list is initialised; phase 0. */
void ex_lookaside_init(void);
