/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Run-down protection: many take a reference to use an object, one waits until all have gone and then no more come.
 *
 * The word, while the object lives: the number of references times two. Bit 0, ACTIVE, says that run-down has begun: no
 * reference is given any more; the bits above are the address of the waiter's block, on its stack, or nothing once the
 * wait is over. The references that were out when run-down began are counted in the block: who drops the last one
 * wakes the waiter, and has touched the block for the last time.
 *
 * Invariant: a releaser that finds a block is counted in it, so it lives. Nobody ever waits for a lock here: a
 * compare-and-swap fails only because another one succeeded.
 *
 * The cache-aware form is one word per processor. References are taken and dropped on the word of the processor that
 * the thread runs on at that time, so a single word means nothing, and may count below nothing; the sum is what is out.
 * The waiter closes one word after the other over the same block. While it does, references that were taken on an open
 * word may be dropped on a closed one: a bias keeps the block's count from reaching zero before the last is closed.
 *
 * Ordering: every change is sequentially consistent; what was done under a reference is over when the wait returns.
 */
#include <nt/ex_ddi.h>

#include "ex/ex_impl.h"
#include "mm/mm.h"

#define ACTIVE    ((ULONG_PTR)1)
#define REFERENCE ((ULONG_PTR)2)
#define BIAS      ((uint64_t)1 << 62)

struct rundown {
    uint64_t count; /* [a] references that are still out, and the bias */
    KEVENT event;
    KDPC dpc; /* sets the event for a release above DISPATCH_LEVEL */
};

static void rundown_deferred(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct rundown *block = context;
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    (void)KeSetEvent(&block->event, 0, FALSE);
}

static void rundown_begin(struct rundown *block)
{
    block->count = BIAS;
    KeInitializeEvent(&block->event, SynchronizationEvent, FALSE);
    KeInitializeDpc(&block->dpc, rundown_deferred, block);
}

/* Close the word over the block. False: it was closed before. */
static bool close_word(ULONG_PTR *word, struct rundown *block)
{
    ULONG_PTR old = atomic_load_relaxed(word);
    while (!(old & ACTIVE)) {
        /* first the count: a releaser that sees the block must find itself counted */
        uint64_t references = (uint64_t)((int64_t)old >> 1);
        (void)atomic_add(&block->count, references);
        if (atomic_cas(word, &old, (ULONG_PTR)block | ACTIVE))
            return true;
        (void)atomic_sub(&block->count, references);
    }
    return false;
}

/* All words are closed: wait until all references have gone. */
static void rundown_finish(struct rundown *block)
{
    if (atomic_sub(&block->count, BIAS) != BIAS)
        (void)KeWaitForSingleObject(&block->event, WrRundown, KernelMode, FALSE,
                                    NULL); /* no time-out: always a success */
    CHECK(block->count == 0);
}

static bool acquire_word(ULONG_PTR *word, ULONG count)
{
    ULONG_PTR old = atomic_load_relaxed(word);
    while (!(old & ACTIVE)) {
        if (atomic_cas(word, &old, old + count * REFERENCE))
            return true;
    }
    return false;
}

static void release_block(struct rundown *block, ULONG count)
{
    if (atomic_sub(&block->count, count) != count)
        return;
    if (arch_irql() > DISPATCH_LEVEL)
        (void)KeInsertQueueDpc(&block->dpc, NULL, NULL); /* only here, so it is not queued */
    else
        (void)KeSetEvent(&block->event, 0, FALSE);
}

static void release_word(ULONG_PTR *word, ULONG count)
{
    ULONG_PTR old = atomic_load_acquire(word);
    while (!(old & ACTIVE)) {
        if (atomic_cas(word, &old, old - count * REFERENCE))
            return;
    }
    CHECK(old != ACTIVE); /* else there is no reference to drop */
    release_block((struct rundown *)(old & ~ACTIVE), count);
}

/* --- The DDI ---------------------------------------------------------------------------------------------- */

/*
 * No references, none refused.
 *
 * IRQL:    any
 * Source:  WDK reference "ExInitializeRundownProtection function (wdm.h)"
 */
void ExInitializeRundownProtection(EX_RUNDOWN_REF *reference)
{
    atomic_store_release(&reference->Count, 0);
}

/*
 * Give references again, after the run-down has ended.
 *
 * IRQL:    any
 * Source:  WDK reference "ExReInitializeRundownProtection function (wdm.h)"; test ex_rundown.can_be_used_again
 */
void ExReInitializeRundownProtection(EX_RUNDOWN_REF *reference)
{
    CHECK(atomic_load_relaxed(&reference->Count) == ACTIVE);
    atomic_store_release(&reference->Count, 0);
}

/*
 * Take a reference.
 *
 * IRQL:    any
 * Returns: FALSE if run-down has begun: the object must not be used
 * Source:  WDK reference "ExAcquireRundownProtection function (wdm.h)"; test ex_rundown.refuses_once_it_has_begun
 */
BOOLEAN ExAcquireRundownProtection(EX_RUNDOWN_REF *reference)
{
    return acquire_word(&reference->Count, 1);
}

/* The same for `count` references. Source: WDK reference "ExAcquireRundownProtectionEx function (wdm.h)" */
BOOLEAN ExAcquireRundownProtectionEx(EX_RUNDOWN_REF *reference, ULONG count)
{
    return acquire_word(&reference->Count, count);
}

/*
 * Drop a reference; who drops the last one lets the waiter go.
 *
 * IRQL:    any
 * Source:  WDK reference "ExReleaseRundownProtection function (wdm.h)"
 */
void ExReleaseRundownProtection(EX_RUNDOWN_REF *reference)
{
    release_word(&reference->Count, 1);
}

/* The same for `count` references. Source: WDK reference "ExReleaseRundownProtectionEx function (wdm.h)" */
void ExReleaseRundownProtectionEx(EX_RUNDOWN_REF *reference, ULONG count)
{
    release_word(&reference->Count, count);
}

/* Another thread runs it down already: look once a tick whether it is done. */
static void wait_for_other(ULONG_PTR *word)
{
    LARGE_INTEGER tick = { .QuadPart = -KE_TICK_100NS };
    while (atomic_load_acquire(word) != ACTIVE)
        (void)KeDelayExecutionThread(KernelMode, FALSE, &tick); /* not alertable: a success */
}

/*
 * Give no more references, and wait until all that are out have been dropped. Returns at once if that has happened
 * before. One thread waits; another one that does so too is let go with it, at the next tick.
 *
 * IRQL:    <= APC_LEVEL
 * Source:  WDK reference "ExWaitForRundownProtectionRelease function (wdm.h)"; test ex_rundown.waits_for_the_last_one
 */
void ExWaitForRundownProtectionRelease(EX_RUNDOWN_REF *reference)
{
    ULONG_PTR unused = 0;
    struct rundown block;
    IRQL_MAX(APC_LEVEL);
    if (atomic_cas(&reference->Count, &unused, ACTIVE))
        return;
    rundown_begin(&block);
    if (!close_word(&reference->Count, &block)) {
        wait_for_other(&reference->Count);
        return;
    }
    rundown_finish(&block);
    atomic_store_release(&reference->Count, ACTIVE);
}

/*
 * Nobody has a reference, and nobody will get one.
 *
 * IRQL:    any
 * Source:  WDK reference "ExRundownCompleted function (wdm.h)"
 */
void ExRundownCompleted(EX_RUNDOWN_REF *reference)
{
    atomic_store_release(&reference->Count, ACTIVE);
}

/* --- One word per processor ------------------------------------------------------------------------------- */

#define CACHE_LINE 64

struct rundown_slot {
    ULONG_PTR word; /* [a] */
    uint8_t rest_of_line[CACHE_LINE - sizeof(ULONG_PTR)];
};
_Static_assert(sizeof(struct rundown_slot) == CACHE_LINE, "a slot is a cache line");

/* Legend: [i] immutable. */
struct _EX_RUNDOWN_REF_CACHE_AWARE {
    ULONG tag;      /* [i] */
    uint32_t count; /* [i] of slots; processors that start later share them */
    uint8_t rest_of_line[CACHE_LINE - 2 * sizeof(uint32_t)];
    struct rundown_slot slots[];
};

/* Any word would do: this one is likely in the processor's cache, even if the thread moves on meanwhile. */
static ULONG_PTR *own_word(PEX_RUNDOWN_REF_CACHE_AWARE reference)
{
    return &reference->slots[arch_cpu()->index % reference->count].word;
}

/*
 * Returns NULL if there is no memory. All pool is non-paged.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Source:  WDK reference "ExAllocateCacheAwareRundownProtection function (wdm.h)"
 */
PEX_RUNDOWN_REF_CACHE_AWARE ExAllocateCacheAwareRundownProtection(POOL_TYPE type, ULONG tag)
{
    UNREFERENCED_PARAMETER(type);
    uint32_t count = atomic_load_acquire(&ke.cpu_count);
    PEX_RUNDOWN_REF_CACHE_AWARE reference =
        mm_pool_allocate(sizeof(*reference) + count * sizeof(struct rundown_slot), tag);
    if (reference != NULL) {
        reference->tag = tag;
        reference->count = count;
    }
    return reference;
}

/* IRQL: <= DISPATCH_LEVEL. Source: WDK reference "ExFreeCacheAwareRundownProtection function (wdm.h)" */
void ExFreeCacheAwareRundownProtection(PEX_RUNDOWN_REF_CACHE_AWARE reference)
{
    mm_pool_free(reference, reference->tag);
}

/* IRQL: any. Source: WDK reference "ExAcquireRundownProtectionCacheAware function (wdm.h)" */
BOOLEAN ExAcquireRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE reference)
{
    return acquire_word(own_word(reference), 1);
}

/* IRQL: any. Source: WDK reference "ExReleaseRundownProtectionCacheAware function (wdm.h)" */
void ExReleaseRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE reference)
{
    release_word(own_word(reference), 1);
}

/*
 * Once for each run-down; after it, or ExRundownCompletedCacheAware, the object stays closed.
 *
 * IRQL:    <= APC_LEVEL
 * Source:  WDK reference "ExWaitForRundownProtectionReleaseCacheAware function (wdm.h)"
 */
void ExWaitForRundownProtectionReleaseCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE reference)
{
    struct rundown block;
    IRQL_MAX(APC_LEVEL);
    rundown_begin(&block);
    if (!close_word(&reference->slots[0].word, &block)) {
        wait_for_other(&reference->slots[0].word);
        return;
    }
    for (uint32_t i = 1; i < reference->count; i++)
        (void)close_word(&reference->slots[i].word, &block); /* who closes the first closes all */
    rundown_finish(&block);
    ExRundownCompletedCacheAware(reference);
}

/* IRQL: any. Source: WDK reference "ExRundownCompletedCacheAware function (wdm.h)" */
void ExRundownCompletedCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE reference)
{
    for (uint32_t i = reference->count; i-- > 0;)
        atomic_store_release(&reference->slots[i].word, ACTIVE);
}
