/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * KSPIN_LOCK: the plain functions and the queued ones.
 *
 * The word is 0 when free, 1 when held by the plain functions, and the holder's handle when held by the queued ones. The
 * queue of the queued ones is an interface only: handing the lock from waiter to waiter stops everybody as soon as the
 * host takes the processor from the first in the queue, so whoever sees the word free takes it. What drivers are promised,
 * that the release needs nothing but the handle, holds; a lock is used by one set of functions or by the other
 * (WDK "Queued Spin Locks"). Checked builds stop at what they see of a mixture, at recursion, at wrong levels, and when
 * somebody releases what he has not got (held.h).
 *
 * The functions "ForDpc" are for DPC routines that may run as ordinary or as threaded ones. Whether the level has to be
 * raised is seen from the level itself.
 *
 * Source of all: the WDK reference page "<name> function (wdm.h)".
 */
#include <nt/ke_ddi.h>
#include <nt/ke_object_ddi.h>

#include "ke/ke.h"

#define HELD_PLAIN ((KSPIN_LOCK)1)

static enum ke_held_kind kind_of(KSPIN_LOCK word)
{
    return word == HELD_PLAIN ? KE_HELD_PLAIN : KE_HELD_QUEUED;
}

static bool take(KSPIN_LOCK *lock, KSPIN_LOCK holder)
{
    KSPIN_LOCK word = 0;
    if (atomic_cas(lock, &word, holder))
        return true;
    if (VARIANT_CHECKED && kind_of(word) != kind_of(holder))
        ke_held_mixed(lock, kind_of(holder), kind_of(word));
    return false;
}

static void acquire(KSPIN_LOCK *lock, KSPIN_LOCK holder)
{
    ke_held_check_spin(lock, kind_of(holder));
    while (!take(lock, holder))
        ke_spin_wait(lock);
    ke_held_add_spin(lock, kind_of(holder));
}

static void release(KSPIN_LOCK *lock, KSPIN_LOCK holder)
{
    ke_held_remove_spin(lock, kind_of(holder));
    CHECK(atomic_load_relaxed(lock) == holder);
    atomic_store_release(lock, 0);
}

/* DISPATCH_LEVEL from below; what is there already stays. Returns the level before. */
static KIRQL raise_if_below(void)
{
    KIRQL old = arch_irql();
    return old < DISPATCH_LEVEL ? KfRaiseIrql(DISPATCH_LEVEL) : old;
}

static void lower_if_below(KIRQL old_irql)
{
    if (old_irql < DISPATCH_LEVEL)
        KeLowerIrql(old_irql);
}

/* --- Plain ------------------------------------------------------------------------------------------------ */

void KeInitializeSpinLock(KSPIN_LOCK *lock)
{
    atomic_store_relaxed(lock, 0);
}

KIRQL KeAcquireSpinLockRaiseToDpc(KSPIN_LOCK *lock)
{
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);
    acquire(lock, HELD_PLAIN);
    return old;
}

void KeReleaseSpinLock(KSPIN_LOCK *lock, KIRQL old_irql)
{
    release(lock, HELD_PLAIN);
    KeLowerIrql(old_irql);
}

void KeAcquireSpinLockAtDpcLevel(KSPIN_LOCK *lock)
{
    acquire(lock, HELD_PLAIN);
}

void KeReleaseSpinLockFromDpcLevel(KSPIN_LOCK *lock)
{
    release(lock, HELD_PLAIN);
}

/* A look, and no wait, so asking for what one holds oneself is no mistake. */
BOOLEAN KeTryToAcquireSpinLockAtDpcLevel(KSPIN_LOCK *lock)
{
    if (atomic_load_relaxed(lock) != 0 || !take(lock, HELD_PLAIN))
        return FALSE;
    ke_held_add_spin(lock, KE_HELD_PLAIN);
    return TRUE;
}

BOOLEAN KeTestSpinLock(KSPIN_LOCK *lock)
{
    return atomic_load_relaxed(lock) == 0;
}

KIRQL KeAcquireSpinLockForDpc(KSPIN_LOCK *lock)
{
    KIRQL old = raise_if_below();
    acquire(lock, HELD_PLAIN);
    return old;
}

void KeReleaseSpinLockForDpc(KSPIN_LOCK *lock, KIRQL old_irql)
{
    release(lock, HELD_PLAIN);
    lower_if_below(old_irql);
}

/* --- Queued ----------------------------------------------------------------------------------------------- */

static void acquire_queued(KSPIN_LOCK *lock, KLOCK_QUEUE_HANDLE *handle, KIRQL old)
{
    acquire(lock, (KSPIN_LOCK)handle);
    handle->LockQueue.Next = NULL;
    handle->LockQueue.Lock = lock;
    handle->OldIrql = old;
}

/* A handle that holds nothing says so: it is not the word of any lock. */
static KIRQL release_queued(KLOCK_QUEUE_HANDLE *handle)
{
    KSPIN_LOCK *lock = handle->LockQueue.Lock;
    handle->LockQueue.Lock = NULL;
    release(lock, (KSPIN_LOCK)handle);
    return handle->OldIrql;
}

void KeAcquireInStackQueuedSpinLock(KSPIN_LOCK *lock, KLOCK_QUEUE_HANDLE *handle)
{
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);
    acquire_queued(lock, handle, old);
}

void KeReleaseInStackQueuedSpinLock(KLOCK_QUEUE_HANDLE *handle)
{
    KeLowerIrql(release_queued(handle));
}

void KeAcquireInStackQueuedSpinLockAtDpcLevel(KSPIN_LOCK *lock, KLOCK_QUEUE_HANDLE *handle)
{
    acquire_queued(lock, handle, arch_irql());
}

void KeReleaseInStackQueuedSpinLockFromDpcLevel(KLOCK_QUEUE_HANDLE *handle)
{
    (void)release_queued(handle); /* the level stays */
}

void KeAcquireInStackQueuedSpinLockForDpc(KSPIN_LOCK *lock, KLOCK_QUEUE_HANDLE *handle)
{
    KIRQL old = raise_if_below();
    acquire_queued(lock, handle, old);
}

void KeReleaseInStackQueuedSpinLockForDpc(KLOCK_QUEUE_HANDLE *handle)
{
    lower_if_below(release_queued(handle));
}
