/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fast mutexes: one owner, not recursive, taken and given back by one compare-and-swap while nobody waits. Guarded
 * mutexes have the same layout and stand on the same two functions (guarded_mutex.c).
 *
 * Count, in bits: FREE 0 (what drivers' inline initialisation sets), WOKEN 1, GRANT 2, FAIR 3, the number of waiters
 * above. Waiters sleep on the event, which wakes them in the order they came.
 *
 * Who gives the mutex back leaves it free and, if none is on its way already (WOKEN), wakes one waiter; that one
 * competes with whoever else wants it. So the mutex never stands idle until a sleeper runs. A waiter that has lost
 * PATIENCE times sets FAIR and waits again: from then on the mutex is handed to the longest waiter (GRANT) until it has
 * come to the one that set FAIR. While FAIR is set nobody loses, so no second one can set it; and it was the last in the
 * event's queue, so as many hand-overs as there were waiters bring it to the front. That bounds starvation.
 *
 * Invariants: the event is set only by who sets WOKEN or GRANT, and never while one of them is set, so no signal is lost
 * in another. With GRANT set the mutex is not free.
 *
 * Ordering: all changes of Count are sequentially consistent. Owner and OldIrql belong to the owner.
 */
#include <nt/ex_ddi.h>

#include "ex/ex_impl.h"

#define FREE     FM_LOCK_BIT
#define WOKEN    2
#define GRANT    4
#define FAIR     8
#define WAITER   16
#define PATIENCE 4

static void own(FAST_MUTEX *mutex)
{
    atomic_store_relaxed(&mutex->Owner, (PVOID)arch_thread());
}

/* Others read it too, for checks and reports; only the owner reads its own name there. */
static inline bool is_own(FAST_MUTEX *mutex)
{
    return atomic_load_relaxed(&mutex->Owner) == arch_thread();
}

bool ex_fast_mutex_try(FAST_MUTEX *mutex)
{
    LONG count = atomic_load_relaxed(&mutex->Count);
    while (count & FREE) {
        if (atomic_cas(&mutex->Count, &count, count & ~FREE)) {
            own(mutex);
            return true;
        }
    }
    return false;
}

/* Take the mutex, or become one that waits. */
static bool take_or_enlist(FAST_MUTEX *mutex)
{
    LONG count = atomic_load_relaxed(&mutex->Count);
    for (;;) {
        LONG next = count & FREE ? count & ~FREE : count + WAITER;
        if (atomic_cas(&mutex->Count, &count, next))
            return count & FREE;
    }
}

/* Woken: take the mutex and cease to wait, or stay on the list; `losses` includes this time. */
static bool take_woken(FAST_MUTEX *mutex, uint32_t losses)
{
    LONG count = atomic_load_relaxed(&mutex->Count);
    for (;;) {
        bool ours = (count & (FREE | GRANT)) != 0;
        LONG next = count & ~(WOKEN | GRANT);
        CHECK(count & (WOKEN | GRANT));
        if (ours)
            next = (next & ~FREE) - WAITER;
        else if (losses >= PATIENCE)
            next |= FAIR;
        if (ours && losses > PATIENCE) /* it was this thread that had set it */
            next &= ~FAIR;
        if (atomic_cas(&mutex->Count, &count, next))
            return ours;
    }
}

static void wait_for(FAST_MUTEX *mutex, KWAIT_REASON reason)
{
    uint32_t losses = 0;
    (void)atomic_add(&mutex->Contention, 1);
    if (take_or_enlist(mutex))
        return;
    do { /* no time-out, kernel mode, not alertable: always a success */
        (void)KeWaitForSingleObject(&mutex->Event, reason, KernelMode, FALSE, NULL);
        losses++;
    } while (!take_woken(mutex, losses));
}

void ex_fast_mutex_lock(FAST_MUTEX *mutex, KWAIT_REASON reason)
{
    LONG count = FREE;
    IRQL_MAX(APC_LEVEL);
    CHECK(!is_own(mutex)); /* it would wait for itself */
    if (!atomic_cas(&mutex->Count, &count, 0))
        wait_for(mutex, reason);
    own(mutex);
}

/* What the mutex becomes when its owner leaves it; *wakes: the event is to be set. */
static LONG left(LONG count, bool *wakes)
{
    *wakes = count >= WAITER && !(count & WOKEN);
    if (*wakes && (count & FAIR))
        return count | GRANT;
    return count | FREE | (*wakes ? WOKEN : 0);
}

void ex_fast_mutex_unlock(FAST_MUTEX *mutex)
{
    LONG count = 0;
    bool wakes = false;
    CHECK(is_own(mutex));
    atomic_store_relaxed(&mutex->Owner, NULL);
    if (atomic_cas(&mutex->Count, &count, FREE))
        return;
    while (!atomic_cas(&mutex->Count, &count, left(count, &wakes)))
        continue;
    /* `wakes` is of the last try */
    if (wakes)
        (void)KeSetEvent(&mutex->Event, 0, FALSE);
}

/* --- The DDI ---------------------------------------------------------------------------------------------- */

/*
 * Raise to APC_LEVEL and wait for the mutex. Not recursive.
 *
 * IRQL:    <= APC_LEVEL; APC_LEVEL on return
 * Source:  WDK reference "ExAcquireFastMutex function (wdm.h)"; test ex_fast_mutex.holds_apc_level_while_owned
 */
void ExAcquireFastMutex(FAST_MUTEX *mutex)
{
    IRQL_MAX(APC_LEVEL);
    KIRQL old = KfRaiseIrql(APC_LEVEL);
    ex_fast_mutex_lock(mutex, WrFastMutex);
    mutex->OldIrql = old;
}

/*
 * Give the mutex back and lower to the level before it was taken.
 *
 * IRQL:    APC_LEVEL
 * Source:  WDK reference "ExReleaseFastMutex function (wdm.h)"
 */
void ExReleaseFastMutex(FAST_MUTEX *mutex)
{
    IRQL_IS(APC_LEVEL);
    KIRQL old = (KIRQL)mutex->OldIrql;
    ex_fast_mutex_unlock(mutex);
    KeLowerIrql(old);
}

/*
 * Take the mutex if it is free.
 *
 * IRQL:    <= APC_LEVEL; APC_LEVEL after a success
 * Returns: TRUE if it is the caller's now
 * Source:  WDK reference "ExTryToAcquireFastMutex function (wdm.h)"; test ex_fast_mutex.try_fails_while_it_is_owned
 */
BOOLEAN ExTryToAcquireFastMutex(FAST_MUTEX *mutex)
{
    IRQL_MAX(APC_LEVEL);
    KIRQL old = KfRaiseIrql(APC_LEVEL);
    if (ex_fast_mutex_try(mutex)) {
        mutex->OldIrql = old;
        return TRUE;
    }
    KeLowerIrql(old);
    return FALSE;
}

/*
 * The same without a change of level: the caller is at APC_LEVEL, or in a critical region.
 *
 * IRQL:    <= APC_LEVEL, normal kernel APCs off
 * Source:  WDK reference "ExAcquireFastMutexUnsafe function (wdm.h)"
 */
void ExAcquireFastMutexUnsafe(FAST_MUTEX *mutex)
{
    ex_fast_mutex_lock(mutex, WrFastMutex);
}

/* IRQL: as it was acquired. Source: WDK reference "ExReleaseFastMutexUnsafe function (wdm.h)" */
void ExReleaseFastMutexUnsafe(FAST_MUTEX *mutex)
{
    IRQL_MAX(APC_LEVEL);
    ex_fast_mutex_unlock(mutex);
}
