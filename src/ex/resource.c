/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Resources: held by one thread, exclusively, or by many, shared; recursive; an owner may give its place to a pointer
 * that another thread releases. The owners stand in resource_table.c.
 *
 * Everything about a resource changes under its spin lock, held with interrupts off. Who has to wait queues a block,
 * which lies on its stack, to the sharers or to the exclusive waiters, first come first served within each.
 *
 * Who gets in: a waiting exclusive thread holds up sharers that come later, unless they hold the resource already (they
 * would wait for themselves) or ask to pass it (ExAcquireSharedStarveExclusive). When an exclusive owner leaves, all
 * sharers that wait get in together, else the first exclusive waiter; when the last sharer leaves, the first exclusive
 * waiter. So each kind waits for one turn of the other at most: that bounds starvation, except where the caller asks
 * for it by name.
 *
 * The one who leaves makes the next ones owners, before they run. That costs a switch of threads for each change of
 * owner under contention, which push locks avoid; but here the order of owners is documented, waiters are counted, and
 * whoever is an owner must be found in the table at once.
 *
 * Ordering: the spin lock orders everything. A waiter's event is set after the lock is dropped, and is the last touch of
 * its block.
 */
#include <nt/ex_ddi.h>
#include <nt/ntstatus.h>

#include "ex/ex_impl.h"
#include "ke/bugcheck.h"

/* Bits of Flag. Source: wdm.h (ResourceOwnedExclusive); the other is ours. */
#define OWNED_EXCLUSIVE 0x80u
#define NO_BOOST        0x01u

/* Legend: [i] immutable while queued, [l] the resource's spin lock. */
struct waiter {
    struct waiter *next;     /* [l] */
    struct waiter *last;     /* [l] of the first: the youngest */
    ERESOURCE_THREAD thread; /* [i] */
    KEVENT event;
};

enum policy {
    EXCLUSIVE,
    SHARED,          /* behind waiting exclusive threads, unless it is an owner */
    SHARED_PASSING,  /* never behind waiting exclusive threads */
    SHARED_YIELDING, /* behind them even if it is an owner */
};

enum outcome { ACQUIRED, WOULD_WAIT, QUEUED, NO_ROOM };

static ERESOURCE_THREAD self_thread(void)
{
    return (ERESOURCE_THREAD)arch_thread();
}

static bool is_exclusive(const ERESOURCE *resource)
{
    return (resource->Flag & OWNED_EXCLUSIVE) != 0;
}

/* --- Queues of waiters ------------------------------------------------------------------------------------ */

static void enqueue(PVOID *queue, struct waiter *waiter)
{
    struct waiter *first = *queue;
    waiter->next = NULL;
    if (first == NULL)
        *queue = first = waiter;
    else
        first->last->next = waiter;
    first->last = waiter;
}

static struct waiter *dequeue(PVOID *queue)
{
    struct waiter *first = *queue;
    struct waiter *second = first->next;
    if (second != NULL)
        second->last = first->last;
    *queue = second;
    first->next = NULL;
    return first;
}

static void wake_chain(struct waiter *chain)
{
    while (chain != NULL) {
        struct waiter *next = chain->next; /* the block is the waiter's once it is awake */
        (void)KeSetEvent(&chain->event, 0, FALSE);
        chain = next;
    }
}

/* --- Becoming an owner. Lock held ------------------------------------------------------------------------- */

static void own_exclusive(ERESOURCE *resource, ERESOURCE_THREAD thread)
{
    CHECK(resource->ActiveEntries == 0);
    resource->Flag |= OWNED_EXCLUSIVE;
    resource->ActiveCount = 1;
    ex_owner_insert(resource, thread, 1); /* the resource's own entry is free */
}

static void own_shared(ERESOURCE *resource, ERESOURCE_THREAD thread)
{
    OWNER_ENTRY *entry = ex_owner_find(resource, thread);
    CHECK(!is_exclusive(resource));
    resource->ActiveCount = 1;
    if (entry != NULL)
        entry->OwnerCount++;
    else
        ex_owner_insert(resource, thread, 1);
}

static struct waiter *grant_exclusive(ERESOURCE *resource)
{
    struct waiter *waiter = dequeue(&resource->ExclusiveWaiters);
    resource->NumberOfExclusiveWaiters--;
    own_exclusive(resource, waiter->thread);
    return waiter;
}

/* All sharers that wait; the places that they take in the table were promised to them. */
static struct waiter *grant_shared(ERESOURCE *resource)
{
    struct waiter *chain = resource->SharedWaiters;
    for (struct waiter *waiter = chain; waiter != NULL; waiter = waiter->next) {
        resource->NumberOfSharedWaiters--;
        own_shared(resource, waiter->thread);
    }
    resource->SharedWaiters = NULL;
    return chain;
}

/* --- Acquiring -------------------------------------------------------------------------------------------- */

static enum outcome enqueue_shared(ERESOURCE *resource, struct waiter *waiter)
{
    if (!ex_owner_has_room(resource, true))
        return NO_ROOM;
    enqueue(&resource->SharedWaiters, waiter);
    resource->NumberOfSharedWaiters++;
    resource->ContentionCount++;
    return QUEUED;
}

/* Whether a sharer has to let others go first; `owner`: it holds the resource already. */
static bool must_wait(const ERESOURCE *resource, enum policy policy, bool owner)
{
    if (is_exclusive(resource))
        return !owner;
    if (policy == SHARED_PASSING || resource->ExclusiveWaiters == NULL)
        return false;
    return !owner || policy == SHARED_YIELDING;
}

/* `waiter`: NULL if the caller does not want to wait. */
static enum outcome try_shared(ERESOURCE *resource, enum policy policy, struct waiter *waiter)
{
    OWNER_ENTRY *entry = ex_owner_find(resource, self_thread());
    if (must_wait(resource, policy, entry != NULL))
        return waiter != NULL ? enqueue_shared(resource, waiter) : WOULD_WAIT;
    if (entry != NULL) {
        entry->OwnerCount++;
        return ACQUIRED;
    }
    if (!ex_owner_has_room(resource, false))
        return NO_ROOM;
    own_shared(resource, self_thread());
    return ACQUIRED;
}

static enum outcome try_exclusive(ERESOURCE *resource, struct waiter *waiter)
{
    if (resource->ActiveEntries == 0) {
        own_exclusive(resource, self_thread());
        return ACQUIRED;
    }
    if (is_exclusive(resource) && resource->OwnerEntry.OwnerThread == self_thread()) {
        resource->OwnerEntry.OwnerCount++;
        return ACQUIRED;
    }
    if (waiter == NULL)
        return WOULD_WAIT;
    enqueue(&resource->ExclusiveWaiters, waiter);
    resource->NumberOfExclusiveWaiters++;
    resource->ContentionCount++;
    return QUEUED;
}

static enum outcome try_once(ERESOURCE *resource, enum policy policy, struct waiter *waiter)
{
    bool interrupts = ex_spin_acquire(&resource->SpinLock);
    enum outcome outcome = policy == EXCLUSIVE ? try_exclusive(resource, waiter)
                                               : try_shared(resource, policy, waiter);
    ex_spin_release(&resource->SpinLock, interrupts);
    return outcome;
}

/* The table is full. False: there is no memory, and the caller does not want to wait for it. */
static bool make_room(ERESOURCE *resource, bool wait)
{
    LARGE_INTEGER tick = { .QuadPart = -KE_TICK_100NS };
    if (ex_owner_table_grow(resource))
        return true;
    if (wait)
        (void)KeDelayExecutionThread(KernelMode, FALSE, &tick); /* not alertable: a success */
    return wait;
}

static bool acquire(ERESOURCE *resource, enum policy policy, bool wait)
{
    struct waiter waiter = { .thread = self_thread() };
    enum outcome outcome;
    IRQL_MAX(wait ? APC_LEVEL : DISPATCH_LEVEL);
    if (wait)
        KeInitializeEvent(&waiter.event, SynchronizationEvent, FALSE);
    do {
        outcome = try_once(resource, policy, wait ? &waiter : NULL);
    } while (outcome == NO_ROOM && make_room(resource, wait));
    if (outcome == QUEUED) /* no time-out, kernel mode, not alertable: always a success */
        (void)KeWaitForSingleObject(&waiter.event, WrResource, KernelMode, FALSE, NULL);
    return outcome == ACQUIRED || outcome == QUEUED;
}

/* --- Releasing -------------------------------------------------------------------------------------------- */

/* Nobody owns it now: who is next? Returns the waiters that have become owners. */
static struct waiter *pass_on(ERESOURCE *resource, bool was_exclusive)
{
    bool sharers = resource->SharedWaiters != NULL;
    bool exclusive = resource->ExclusiveWaiters != NULL;
    resource->Flag &= (USHORT)~OWNED_EXCLUSIVE;
    resource->ActiveCount = 0;
    if (sharers && (was_exclusive || !exclusive))
        return grant_shared(resource);
    return exclusive ? grant_exclusive(resource) : NULL;
}

static void release(ERESOURCE *resource, ERESOURCE_THREAD owner)
{
    struct waiter *chain = NULL;
    IRQL_MAX(DISPATCH_LEVEL);
    bool interrupts = ex_spin_acquire(&resource->SpinLock);
    OWNER_ENTRY *entry = ex_owner_find(resource, owner);
    if (entry == NULL)
        ke_bugcheck(RESOURCE_NOT_OWNED, (uintptr_t)resource, owner, (uintptr_t)resource->OwnerTable,
                    0);
    if (--entry->OwnerCount == 0) {
        ex_owner_remove(resource, entry);
        if (resource->ActiveEntries == 0)
            chain = pass_on(resource, is_exclusive(resource));
    }
    ex_spin_release(&resource->SpinLock, interrupts);
    wake_chain(chain);
}

/* --- The DDI: life ---------------------------------------------------------------------------------------- */

/*
 * A resource that nobody holds, in resident memory aligned to eight bytes.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Returns: STATUS_SUCCESS
 * Source:  WDK reference "ExInitializeResourceLite function (wdm.h)"
 */
NTSTATUS ExInitializeResourceLite(ERESOURCE *resource)
{
    *resource = (ERESOURCE){ 0 };
    InitializeListHead(&resource->SystemResourcesList);
    return STATUS_SUCCESS;
}

/*
 * As new, with the table that it has; nobody holds it or waits for it.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Returns: STATUS_SUCCESS
 * Source:  WDK reference "ExReinitializeResourceLite function (wdm.h)"
 */
NTSTATUS ExReinitializeResourceLite(ERESOURCE *resource)
{
    CHECK(resource->ActiveEntries == 0);
    CHECK(resource->SharedWaiters == NULL && resource->ExclusiveWaiters == NULL);
    resource->ContentionCount = 0;
    resource->Flag = 0;
    return STATUS_SUCCESS;
}

/*
 * The end of a resource: frees its table.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Returns: STATUS_SUCCESS
 * Source:  WDK reference "ExDeleteResourceLite function (wdm.h)"
 */
NTSTATUS ExDeleteResourceLite(ERESOURCE *resource)
{
    CHECK(resource->SharedWaiters == NULL && resource->ExclusiveWaiters == NULL);
    if (resource->OwnerTable != NULL)
        ex_owner_table_free(resource->OwnerTable);
    resource->OwnerTable = NULL;
    return STATUS_SUCCESS;
}

/* --- The DDI: acquiring and releasing --------------------------------------------------------------------- */

/*
 * Shared access; granted at once to an owner, whatever it holds, else behind exclusive threads that wait.
 *
 * IRQL:    <= APC_LEVEL, normal kernel APCs off; <= DISPATCH_LEVEL without `wait`
 * Returns: FALSE if it would have to wait, or without `wait` has no memory
 * Source:  WDK reference "ExAcquireResourceSharedLite function (wdm.h)"; tests ex_resource.*
 */
BOOLEAN ExAcquireResourceSharedLite(ERESOURCE *resource, BOOLEAN wait)
{
    return acquire(resource, SHARED, wait);
}

/*
 * Exclusive access, recursive. A thread that holds it shared waits for itself.
 *
 * IRQL:    <= APC_LEVEL, normal kernel APCs off; <= DISPATCH_LEVEL without `wait`
 * Returns: FALSE if it would have to wait
 * Source:  WDK reference "ExAcquireResourceExclusiveLite function (wdm.h)"; tests ex_resource.*
 */
BOOLEAN ExAcquireResourceExclusiveLite(ERESOURCE *resource, BOOLEAN wait)
{
    return acquire(resource, EXCLUSIVE, wait);
}

/*
 * Shared access, before exclusive threads that wait.
 * IRQL and result as for ExAcquireResourceSharedLite.
 * Source:  WDK reference "ExAcquireSharedStarveExclusive function (wdm.h)"
 */
BOOLEAN ExAcquireSharedStarveExclusive(ERESOURCE *resource, BOOLEAN wait)
{
    return acquire(resource, SHARED_PASSING, wait);
}

/*
 * Shared access, after exclusive threads that wait even if the caller holds the resource shared (it then deadlocks, as
 * documented). IRQL and result as for ExAcquireResourceSharedLite.
 * Source:  WDK reference "ExAcquireSharedWaitForExclusive function (wdm.h)"
 */
BOOLEAN ExAcquireSharedWaitForExclusive(ERESOURCE *resource, BOOLEAN wait)
{
    return acquire(resource, SHARED_YIELDING, wait);
}

/*
 * Give back one acquisition of this thread. Not an owner: bugcheck RESOURCE_NOT_OWNED.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Source:  WDK reference "ExReleaseResourceLite function (wdm.h)"
 */
void ExReleaseResourceLite(ERESOURCE *resource)
{
    release(resource, self_thread());
}

/*
 * The same for another thread, or for what ExSetResourceOwnerPointer has made the owner.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Source:  WDK reference "ExReleaseResourceForThreadLite function (wdm.h)"
 */
void ExReleaseResourceForThreadLite(ERESOURCE *resource, ERESOURCE_THREAD thread)
{
    release(resource, thread);
}

/*
 * All acquisitions of this thread become those of `owner`, a pointer into kernel space whose two low bits are set.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Source:  WDK reference "ExSetResourceOwnerPointer function (wdm.h)"; test ex_resource.an_owner_pointer_owns_it
 */
void ExSetResourceOwnerPointer(ERESOURCE *resource, PVOID owner)
{
    bool interrupts = ex_spin_acquire(&resource->SpinLock);
    OWNER_ENTRY *entry = ex_owner_find(resource, self_thread());
    if (entry == NULL)
        ke_bugcheck(RESOURCE_NOT_OWNED, (uintptr_t)resource, self_thread(),
                    (uintptr_t)resource->OwnerTable, 0);
    uint32_t count = entry->OwnerCount;
    ex_owner_remove(resource, entry); /* so there is a place for the new one */
    OWNER_ENTRY *same = ex_owner_find(resource, (ERESOURCE_THREAD)owner);
    if (same != NULL)
        same->OwnerCount += count;
    else
        ex_owner_insert(resource, (ERESOURCE_THREAD)owner, count);
    ex_spin_release(&resource->SpinLock, interrupts);
}

/*
 * The exclusive owner becomes a sharer and lets in the sharers that wait.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Source:  WDK reference "ExConvertExclusiveToSharedLite function (wdm.h)"
 */
void ExConvertExclusiveToSharedLite(ERESOURCE *resource)
{
    bool interrupts = ex_spin_acquire(&resource->SpinLock);
    if (!is_exclusive(resource))
        ke_bugcheck(RESOURCE_NOT_OWNED, (uintptr_t)resource, self_thread(),
                    (uintptr_t)resource->OwnerTable, 0);
    resource->Flag &= (USHORT)~OWNED_EXCLUSIVE;
    struct waiter *chain = grant_shared(resource);
    ex_spin_release(&resource->SpinLock, interrupts);
    wake_chain(chain);
}

/* --- The DDI: questions ----------------------------------------------------------------------------------- */

/* IRQL: <= DISPATCH_LEVEL. Source: WDK reference "ExGetExclusiveWaiterCount function (wdm.h)" */
ULONG ExGetExclusiveWaiterCount(ERESOURCE *resource)
{
    return atomic_load_relaxed(&resource->NumberOfExclusiveWaiters);
}

/* IRQL: <= DISPATCH_LEVEL. Source: WDK reference "ExGetSharedWaiterCount function (wdm.h)" */
ULONG ExGetSharedWaiterCount(ERESOURCE *resource)
{
    return atomic_load_relaxed(&resource->NumberOfSharedWaiters);
}

/*
 * IRQL:    <= DISPATCH_LEVEL
 * Returns: TRUE if this thread holds the resource exclusively
 * Source:  WDK reference "ExIsResourceAcquiredExclusiveLite function (wdm.h)"
 */
BOOLEAN ExIsResourceAcquiredExclusiveLite(ERESOURCE *resource)
{
    bool interrupts = ex_spin_acquire(&resource->SpinLock);
    bool ours = is_exclusive(resource) && resource->OwnerEntry.OwnerThread == self_thread();
    ex_spin_release(&resource->SpinLock, interrupts);
    return ours;
}

/*
 * IRQL:    <= DISPATCH_LEVEL
 * Returns: how often this thread holds the resource, shared or exclusive
 * Source:  WDK reference "ExIsResourceAcquiredSharedLite function (wdm.h)"
 */
ULONG ExIsResourceAcquiredSharedLite(ERESOURCE *resource)
{
    bool interrupts = ex_spin_acquire(&resource->SpinLock);
    OWNER_ENTRY *entry = ex_owner_find(resource, self_thread());
    ULONG count = entry != NULL ? entry->OwnerCount : 0;
    ex_spin_release(&resource->SpinLock, interrupts);
    return count;
}

/*
 * Owners are not boosted while others wait. None are as yet: it is kept for those who look.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Source:  WDK reference "ExDisableResourceBoostLite function (wdm.h)"
 */
void ExDisableResourceBoostLite(ERESOURCE *resource)
{
    bool interrupts = ex_spin_acquire(&resource->SpinLock);
    resource->Flag |= NO_BOOST;
    ex_spin_release(&resource->SpinLock, interrupts);
}
