/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Look-aside lists: freed blocks of one size, kept for the next allocation. Drivers inline the fast path (pop, else
 * Allocate; push, else Free), so this file owns what is around it: lists begin and end here, and their depth is fitted to
 * their use.
 *
 * All lists stand in a chain. At a miss of the pool's own functions, and when a list begins, but at most once a second,
 * each is looked at (no timer: an idle machine has nothing to fit): where more than one allocation in sixteen has missed,
 * twice as many blocks may be kept, up to MaximumDepth; where few were asked for, or none missed, fewer. Counters are
 * written by drivers without a lock, so they are estimates, and read as such. Shrinking frees nothing: blocks beyond the
 * depth go as they are freed.
 *
 * The chain's lock is never held while blocks are freed; a list's own stack needs none.
 */
#include <nt/ex_ddi.h>
#include <nt/list.h>
#include <nt/ntstatus.h>

#include "ex/ex_impl.h"

#define TAG_NONE         0x656e6f4eu /* "None": blocks of drivers that give no tag */
#define DEPTH_MIN        4
#define INTERVAL_TICKS   1000
#define FULL_DEPTH_SHARE 16 /* more than one miss in that many: the list is too short */

static struct lookasides {
    struct ke_lock lock;
    LIST_ENTRY lists;  /* [lock] */
    uint64_t fit_tick; /* [a] of the last look */
} lookasides;

/* A second has passed, and this caller is the one who looks. */
static void fit_if_due(void)
{
    uint64_t now = ke_tick_count();
    uint64_t last = atomic_load_relaxed(&lookasides.fit_tick);
    if (now - last >= INTERVAL_TICKS && atomic_cas(&lookasides.fit_tick, &last, now))
        ex_lookaside_fit_all();
}

/* --- Where blocks come from by default -------------------------------------------------------------------- */

static PVOID allocate_from_pool(POOL_TYPE type, SIZE_T bytes, ULONG tag)
{
    fit_if_due();
    return ExAllocatePoolWithTag(type, bytes, tag);
}

static void free_to_pool(PVOID block)
{
    ExFreePool(block);
}

static PVOID allocate_from_pool_ex(POOL_TYPE type, SIZE_T bytes, ULONG tag, LOOKASIDE_LIST_EX *list)
{
    UNREFERENCED_PARAMETER(list);
    return allocate_from_pool(type, bytes, tag);
}

static void free_to_pool_ex(PVOID block, LOOKASIDE_LIST_EX *list)
{
    UNREFERENCED_PARAMETER(list);
    free_to_pool(block);
}

/* --- Depth ------------------------------------------------------------------------------------------------ */

USHORT ex_lookaside_fit_depth(USHORT depth, USHORT maximum, ULONG allocations, ULONG misses)
{
    uint32_t fitted = depth;
    if (misses > allocations / FULL_DEPTH_SHARE)
        fitted = depth * 2u;
    else if (misses == 0 || allocations < depth)
        fitted = depth - depth / 4u;
    if (fitted > maximum)
        fitted = maximum;
    return fitted < DEPTH_MIN ? DEPTH_MIN : (USHORT)fitted;
}

/* Both kinds of list begin with the same members. */
static void fit(GENERAL_LOOKASIDE_POOL *list)
{
    ULONG allocations = atomic_load_relaxed(&list->TotalAllocates);
    ULONG misses = atomic_load_relaxed(&list->AllocateMisses);
    USHORT depth = ex_lookaside_fit_depth(list->Depth, list->MaximumDepth,
                                          allocations - list->LastTotalAllocates,
                                          misses - list->LastAllocateMisses);
    list->LastTotalAllocates = allocations;
    list->LastAllocateMisses = misses;
    atomic_store_relaxed(&list->Depth, depth);
}

void ex_lookaside_fit_all(void)
{
    bool interrupts = ke_lock_acquire(&lookasides.lock);
    LIST_ENTRY *entry = lookasides.lists.Flink;
    for (; entry != &lookasides.lists; entry = entry->Flink)
        fit(CONTAINING_RECORD(entry, GENERAL_LOOKASIDE_POOL, ListEntry));
    ke_lock_release(&lookasides.lock, interrupts);
}

void ex_lookaside_init(void)
{
    ke_lock_init(&lookasides.lock, KE_LOCK_LOOKASIDE);
    InitializeListHead(&lookasides.lists);
    lookasides.fit_tick = 0;
}

/* --- Begin and end ---------------------------------------------------------------------------------------- */

struct parameters {
    POOL_TYPE type;
    SIZE_T bytes;
    ULONG tag;
};

/* All but the allocation functions. A block has room for its place in the list. */
static void begin(GENERAL_LOOKASIDE_POOL *list, const struct parameters *parameters)
{
    InitializeSListHead(&list->ListHead);
    list->Depth = DEPTH_MIN;
    list->MaximumDepth = EX_MAXIMUM_LOOKASIDE_DEPTH_BASE;
    list->TotalAllocates = list->LastTotalAllocates = 0;
    list->AllocateMisses = list->LastAllocateMisses = 0;
    list->TotalFrees = 0;
    list->FreeMisses = 0;
    list->Type = parameters->type;
    list->Tag = parameters->tag != 0 ? parameters->tag : TAG_NONE;
    list->Size = parameters->bytes > sizeof(SLIST_ENTRY) ? (ULONG)parameters->bytes
                                                         : (ULONG)sizeof(SLIST_ENTRY);
    bool interrupts = ke_lock_acquire(&lookasides.lock);
    InsertTailList(&lookasides.lists, &list->ListEntry);
    ke_lock_release(&lookasides.lock, interrupts);
    fit_if_due();
}

static void end(GENERAL_LOOKASIDE_POOL *list)
{
    bool interrupts = ke_lock_acquire(&lookasides.lock);
    (void)RemoveEntryList(&list->ListEntry);
    ke_lock_release(&lookasides.lock, interrupts);
}

/* POOL_NX_ALLOCATION makes NonPagedPoolNx of NonPagedPool. */
static POOL_TYPE with_flags(POOL_TYPE type, ULONG flags)
{
    return (POOL_TYPE)((uint32_t)type |
                       (flags & (POOL_RAISE_IF_ALLOCATION_FAILURE | POOL_NX_ALLOCATION)));
}

static void begin_general(GENERAL_LOOKASIDE *list, PALLOCATE_FUNCTION allocate, PFREE_FUNCTION free,
                          const struct parameters *parameters)
{
    list->Allocate = allocate != NULL ? allocate : allocate_from_pool;
    list->Free = free != NULL ? free : free_to_pool;
    begin((void *)list, parameters);
}

static void end_general(GENERAL_LOOKASIDE *list)
{
    end((void *)list);
    SLIST_ENTRY *entry = ExpInterlockedFlushSList(&list->ListHead);
    while (entry != NULL) {
        SLIST_ENTRY *next = entry->Next;
        list->Free(entry);
        entry = next;
    }
}

/* --- The DDI ---------------------------------------------------------------------------------------------- */

/*
 * An empty list of non-paged blocks. `allocate` and `free`: NULL for the pool; `flags`: POOL_RAISE_IF_ALLOCATION_FAILURE,
 * POOL_NX_ALLOCATION;
 * `depth` is reserved, the list finds its own.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Source:  WDK reference "ExInitializeNPagedLookasideList function (wdm.h)"; tests ex_lookaside.*
 */
void ExInitializeNPagedLookasideList(NPAGED_LOOKASIDE_LIST *list, PALLOCATE_FUNCTION allocate,
                                     PFREE_FUNCTION free, ULONG flags, SIZE_T bytes, ULONG tag,
                                     USHORT depth)
{
    struct parameters parameters = { with_flags(NonPagedPool, flags), bytes, tag };
    UNREFERENCED_PARAMETER(depth);
    begin_general(&list->L, allocate, free, &parameters);
}

/* Free what it keeps. IRQL: <= DISPATCH_LEVEL. Source: WDK "ExDeleteNPagedLookasideList function (wdm.h)" */
void ExDeleteNPagedLookasideList(NPAGED_LOOKASIDE_LIST *list)
{
    end_general(&list->L);
}

/*
 * The same of paged blocks.
 *
 * IRQL:    <= APC_LEVEL
 * Source:  WDK reference "ExInitializePagedLookasideList function (wdm.h)"; tests ex_lookaside.*
 */
void ExInitializePagedLookasideList(PAGED_LOOKASIDE_LIST *list, PALLOCATE_FUNCTION allocate,
                                    PFREE_FUNCTION free, ULONG flags, SIZE_T bytes, ULONG tag,
                                    USHORT depth)
{
    struct parameters parameters = { with_flags(PagedPool, flags), bytes, tag };
    UNREFERENCED_PARAMETER(depth);
    IRQL_MAX(APC_LEVEL);
    begin_general(&list->L, allocate, free, &parameters);
}

/* Free what it keeps. IRQL: <= APC_LEVEL. Source: WDK "ExDeletePagedLookasideList function (wdm.h)" */
void ExDeletePagedLookasideList(PAGED_LOOKASIDE_LIST *list)
{
    IRQL_MAX(APC_LEVEL);
    end_general(&list->L);
}

static bool is_pool_type(POOL_TYPE type)
{
    return type == NonPagedPool || type == PagedPool || type == NonPagedPoolNx;
}

/*
 * An empty list whose functions are told which list they serve.
 *
 * IRQL:    <= DISPATCH_LEVEL, <= APC_LEVEL for paged blocks
 * Returns: STATUS_SUCCESS, STATUS_INVALID_PARAMETER_4 (pool type), STATUS_INVALID_PARAMETER_5 (flags)
 * Source:  WDK reference "ExInitializeLookasideListEx function (wdm.h)"; test ex_lookaside.bad_parameters_are_refused
 */
NTSTATUS ExInitializeLookasideListEx(LOOKASIDE_LIST_EX *list, PALLOCATE_FUNCTION_EX allocate,
                                     PFREE_FUNCTION_EX free, POOL_TYPE type, ULONG flags,
                                     SIZE_T bytes, ULONG tag, USHORT depth)
{
    const ULONG both =
        EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL | EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE;
    struct parameters parameters = { type, bytes, tag };
    UNREFERENCED_PARAMETER(depth);
    if (!is_pool_type(type))
        return STATUS_INVALID_PARAMETER_4;
    if ((flags & ~both) != 0 || flags == both)
        return STATUS_INVALID_PARAMETER_5;
    if (flags & EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL)
        parameters.type = with_flags(type, POOL_RAISE_IF_ALLOCATION_FAILURE);
    list->L.AllocateEx = allocate != NULL ? allocate : allocate_from_pool_ex;
    list->L.FreeEx = free != NULL ? free : free_to_pool_ex;
    begin(&list->L, &parameters);
    return STATUS_SUCCESS;
}

/*
 * Free all blocks that the list keeps now.
 *
 * IRQL:    <= DISPATCH_LEVEL, <= APC_LEVEL for paged blocks
 * Source:  WDK reference "ExFlushLookasideListEx function (wdm.h)"; test ex_lookaside.flushing_frees_what_is_kept
 */
void ExFlushLookasideListEx(LOOKASIDE_LIST_EX *list)
{
    SLIST_ENTRY *entry = ExpInterlockedFlushSList(&list->L.ListHead);
    while (entry != NULL) {
        SLIST_ENTRY *next = entry->Next;
        list->L.FreeEx(entry, list);
        entry = next;
    }
}

/* The end of a list. IRQL: as to flush. Source: WDK reference "ExDeleteLookasideListEx function (wdm.h)" */
void ExDeleteLookasideListEx(LOOKASIDE_LIST_EX *list)
{
    end(&list->L);
    ExFlushLookasideListEx(list);
}
