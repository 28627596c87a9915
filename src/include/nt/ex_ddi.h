/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The executive's functions as drivers call them. Each that is exported is a row of
 * src/abi/exports.tbl. Source of all: the WDK reference page "<name> function (wdm.h)" unless a
 * comment names another.
 */
#ifndef NT_EX_DDI_H
#define NT_EX_DDI_H

#include <nt/ex.h>
#include <nt/irql.h>
#include <nt/ke_ddi.h>

/* ---- Pool. IRQL: <= DISPATCH_LEVEL for non-paged types, <= APC_LEVEL for paged ones ---- */

/* Returns NULL if there is no memory, or raises if the flags ask for it; zeroed by default. */
PVOID ExAllocatePool2(POOL_FLAGS flags, SIZE_T bytes, ULONG tag);
/* These do not zero. A size of zero gives a block of the least size. */
PVOID ExAllocatePool(POOL_TYPE type, SIZE_T bytes);
PVOID ExAllocatePoolWithTag(POOL_TYPE type, SIZE_T bytes, ULONG tag);
PVOID ExAllocatePoolWithTagPriority(POOL_TYPE type, SIZE_T bytes, ULONG tag,
                                    EX_POOL_PRIORITY priority);
/* Raises STATUS_INSUFFICIENT_RESOURCES unless POOL_QUOTA_FAIL_INSTEAD_OF_RAISE is in the type. */
PVOID ExAllocatePoolWithQuotaTag(POOL_TYPE type, SIZE_T bytes, ULONG tag);
PVOID ExAllocatePoolWithQuota(POOL_TYPE type, SIZE_T bytes);
PVOID ExAllocatePool3(POOL_FLAGS flags, SIZE_T bytes, ULONG tag,
                      const POOL_EXTENDED_PARAMETER *parameters, ULONG count);
void ExFreePool(PVOID block);
void ExFreePoolWithTag(PVOID block, ULONG tag);
void ExFreePool2(PVOID block, ULONG tag, const POOL_EXTENDED_PARAMETER *parameters, ULONG count);

/* Inline in drivers, so that they run on systems without ExAllocatePool2. */
static inline PVOID nt_pool_zero(PVOID block, SIZE_T bytes)
{
    if (block != NULL)
        __builtin_memset(block, 0, bytes);
    return block;
}

static inline PVOID ExAllocatePoolZero(POOL_TYPE type, SIZE_T bytes, ULONG tag)
{
    return nt_pool_zero(ExAllocatePoolWithTag(type, bytes, tag), bytes);
}

static inline PVOID ExAllocatePoolUninitialized(POOL_TYPE type, SIZE_T bytes, ULONG tag)
{
    return ExAllocatePoolWithTag(type, bytes, tag);
}

static inline PVOID ExAllocatePoolQuotaZero(POOL_TYPE type, SIZE_T bytes, ULONG tag)
{
    return nt_pool_zero(ExAllocatePoolWithQuotaTag(type, bytes, tag), bytes);
}

static inline PVOID ExAllocatePoolQuotaUninitialized(POOL_TYPE type, SIZE_T bytes, ULONG tag)
{
    return ExAllocatePoolWithQuotaTag(type, bytes, tag);
}

static inline PVOID ExAllocatePoolPriorityZero(POOL_TYPE type, SIZE_T bytes, ULONG tag,
                                               EX_POOL_PRIORITY priority)
{
    return nt_pool_zero(ExAllocatePoolWithTagPriority(type, bytes, tag, priority), bytes);
}

static inline PVOID ExAllocatePoolPriorityUninitialized(POOL_TYPE type, SIZE_T bytes, ULONG tag,
                                                        EX_POOL_PRIORITY priority)
{
    return ExAllocatePoolWithTagPriority(type, bytes, tag, priority);
}

/* ---- Look-aside lists. IRQL as for the pool type ---- */

void ExInitializeNPagedLookasideList(NPAGED_LOOKASIDE_LIST *list, PALLOCATE_FUNCTION allocate,
                                     PFREE_FUNCTION free, ULONG flags, SIZE_T bytes, ULONG tag,
                                     USHORT depth);
void ExDeleteNPagedLookasideList(NPAGED_LOOKASIDE_LIST *list);
void ExInitializePagedLookasideList(PAGED_LOOKASIDE_LIST *list, PALLOCATE_FUNCTION allocate,
                                    PFREE_FUNCTION free, ULONG flags, SIZE_T bytes, ULONG tag,
                                    USHORT depth);
void ExDeletePagedLookasideList(PAGED_LOOKASIDE_LIST *list);
NTSTATUS ExInitializeLookasideListEx(LOOKASIDE_LIST_EX *list, PALLOCATE_FUNCTION_EX allocate,
                                     PFREE_FUNCTION_EX free, POOL_TYPE type, ULONG flags,
                                     SIZE_T bytes, ULONG tag, USHORT depth);
void ExDeleteLookasideListEx(LOOKASIDE_LIST_EX *list);
void ExFlushLookasideListEx(LOOKASIDE_LIST_EX *list);

/* ---- Interlocked lists. IRQL: any; what takes a lock runs at HIGH_LEVEL meanwhile ---- */

void InitializeSListHead(SLIST_HEADER *head);
USHORT ExQueryDepthSList(SLIST_HEADER *head);
SLIST_ENTRY *RtlFirstEntrySList(const SLIST_HEADER *head);
/* What ExInterlockedPushEntrySList and its kin are on x64. Return the former first, or NULL. */
SLIST_ENTRY *ExpInterlockedPushEntrySList(SLIST_HEADER *head, SLIST_ENTRY *entry);
SLIST_ENTRY *ExpInterlockedPopEntrySList(SLIST_HEADER *head);
SLIST_ENTRY *ExpInterlockedFlushSList(SLIST_HEADER *head);

#define ExInitializeSListHead(head)                    InitializeSListHead(head)
#define ExInterlockedPushEntrySList(head, entry, lock) ExpInterlockedPushEntrySList(head, entry)
#define ExInterlockedPopEntrySList(head, lock)         ExpInterlockedPopEntrySList(head)
#define ExInterlockedFlushSList(head)                  ExpInterlockedFlushSList(head)

LIST_ENTRY *ExInterlockedInsertHeadList(LIST_ENTRY *head, LIST_ENTRY *entry, KSPIN_LOCK *lock);
LIST_ENTRY *ExInterlockedInsertTailList(LIST_ENTRY *head, LIST_ENTRY *entry, KSPIN_LOCK *lock);
LIST_ENTRY *ExInterlockedRemoveHeadList(LIST_ENTRY *head, KSPIN_LOCK *lock);
SINGLE_LIST_ENTRY *ExInterlockedPushEntryList(SINGLE_LIST_ENTRY *head, SINGLE_LIST_ENTRY *entry,
                                              KSPIN_LOCK *lock);
SINGLE_LIST_ENTRY *ExInterlockedPopEntryList(SINGLE_LIST_ENTRY *head, KSPIN_LOCK *lock);
ULONG ExInterlockedAddUlong(ULONG *addend, ULONG increment, KSPIN_LOCK *lock);
LARGE_INTEGER ExInterlockedAddLargeInteger(LARGE_INTEGER *addend, LARGE_INTEGER increment,
                                           KSPIN_LOCK *lock);

static inline PVOID nt_lookaside_allocate(GENERAL_LOOKASIDE *list)
{
    PVOID block;

    list->TotalAllocates++;
    block = ExpInterlockedPopEntrySList(&list->ListHead);
    if (block == NULL) {
        list->AllocateMisses++;
        block = list->Allocate(list->Type, list->Size, list->Tag);
    }
    return block;
}

static inline void nt_lookaside_free(GENERAL_LOOKASIDE *list, PVOID block)
{
    list->TotalFrees++;
    if (ExQueryDepthSList(&list->ListHead) >= list->Depth) {
        list->FreeMisses++;
        list->Free(block);
    } else {
        (void)ExpInterlockedPushEntrySList(&list->ListHead, (SLIST_ENTRY *)block);
    }
}

#define ExAllocateFromNPagedLookasideList(list)  nt_lookaside_allocate(&(list)->L)
#define ExAllocateFromPagedLookasideList(list)   nt_lookaside_allocate(&(list)->L)
#define ExFreeToNPagedLookasideList(list, block) nt_lookaside_free(&(list)->L, block)
#define ExFreeToPagedLookasideList(list, block)  nt_lookaside_free(&(list)->L, block)

static inline PVOID ExAllocateFromLookasideListEx(LOOKASIDE_LIST_EX *list)
{
    PVOID block;

    list->L.TotalAllocates++;
    block = ExpInterlockedPopEntrySList(&list->L.ListHead);
    if (block == NULL) {
        list->L.AllocateMisses++;
        block = list->L.AllocateEx(list->L.Type, list->L.Size, list->L.Tag, list);
    }
    return block;
}

static inline void ExFreeToLookasideListEx(LOOKASIDE_LIST_EX *list, PVOID block)
{
    list->L.TotalFrees++;
    if (ExQueryDepthSList(&list->L.ListHead) >= list->L.Depth) {
        list->L.FreeMisses++;
        list->L.FreeEx(block, list);
    } else {
        (void)ExpInterlockedPushEntrySList(&list->L.ListHead, (SLIST_ENTRY *)block);
    }
}

/* ---- Fast mutexes. IRQL: <= APC_LEVEL, APC_LEVEL while held ---- */

static inline void ExInitializeFastMutex(FAST_MUTEX *mutex)
{
    mutex->Count = FM_LOCK_BIT;
    mutex->Owner = NULL;
    mutex->Contention = 0;
    KeInitializeEvent(&mutex->Event, SynchronizationEvent, FALSE);
}

void ExAcquireFastMutex(FAST_MUTEX *mutex);
void ExReleaseFastMutex(FAST_MUTEX *mutex);
BOOLEAN ExTryToAcquireFastMutex(FAST_MUTEX *mutex);
/* The caller is at APC_LEVEL or in a critical region. */
void ExAcquireFastMutexUnsafe(FAST_MUTEX *mutex);
void ExReleaseFastMutexUnsafe(FAST_MUTEX *mutex);

/* ---- Resources. IRQL: <= APC_LEVEL with normal kernel APCs off, see each page ---- */

NTSTATUS ExInitializeResourceLite(ERESOURCE *resource);
NTSTATUS ExReinitializeResourceLite(ERESOURCE *resource);
NTSTATUS ExDeleteResourceLite(ERESOURCE *resource);
BOOLEAN ExAcquireResourceSharedLite(ERESOURCE *resource, BOOLEAN wait);
BOOLEAN ExAcquireResourceExclusiveLite(ERESOURCE *resource, BOOLEAN wait);
BOOLEAN ExAcquireSharedStarveExclusive(ERESOURCE *resource, BOOLEAN wait);
BOOLEAN ExAcquireSharedWaitForExclusive(ERESOURCE *resource, BOOLEAN wait);
void ExReleaseResourceLite(ERESOURCE *resource);
void ExReleaseResourceForThreadLite(ERESOURCE *resource, ERESOURCE_THREAD thread);
void ExSetResourceOwnerPointer(ERESOURCE *resource, PVOID owner);
void ExConvertExclusiveToSharedLite(ERESOURCE *resource);
ULONG ExGetExclusiveWaiterCount(ERESOURCE *resource);
ULONG ExGetSharedWaiterCount(ERESOURCE *resource);
BOOLEAN ExIsResourceAcquiredExclusiveLite(ERESOURCE *resource);
/* How often this thread holds it, shared or exclusive. */
ULONG ExIsResourceAcquiredSharedLite(ERESOURCE *resource);
void ExDisableResourceBoostLite(ERESOURCE *resource);
PVOID ExEnterCriticalRegionAndAcquireResourceShared(ERESOURCE *resource);
PVOID ExEnterCriticalRegionAndAcquireResourceExclusive(ERESOURCE *resource);
PVOID ExEnterCriticalRegionAndAcquireSharedWaitForExclusive(ERESOURCE *resource);
void ExReleaseResourceAndLeaveCriticalRegion(ERESOURCE *resource);

/* ---- Push locks. IRQL: <= APC_LEVEL with normal kernel APCs off ---- */

void ExInitializePushLock(EX_PUSH_LOCK *lock);
void ExAcquirePushLockExclusiveEx(EX_PUSH_LOCK *lock, ULONG flags);
void ExAcquirePushLockSharedEx(EX_PUSH_LOCK *lock, ULONG flags);
void ExReleasePushLockExclusiveEx(EX_PUSH_LOCK *lock, ULONG flags);
void ExReleasePushLockSharedEx(EX_PUSH_LOCK *lock, ULONG flags);

#define ExAcquirePushLockExclusive(lock)                                                           \
    ExAcquirePushLockExclusiveEx(lock, EX_DEFAULT_PUSH_LOCK_FLAGS)
#define ExAcquirePushLockShared(lock) ExAcquirePushLockSharedEx(lock, EX_DEFAULT_PUSH_LOCK_FLAGS)
#define ExReleasePushLockExclusive(lock)                                                           \
    ExReleasePushLockExclusiveEx(lock, EX_DEFAULT_PUSH_LOCK_FLAGS)
#define ExReleasePushLockShared(lock) ExReleasePushLockSharedEx(lock, EX_DEFAULT_PUSH_LOCK_FLAGS)

/* ---- Reader-writer spin locks. IRQL: <= DISPATCH_LEVEL, DISPATCH_LEVEL while held ---- */

KIRQL ExAcquireSpinLockShared(EX_SPIN_LOCK *lock);
void ExReleaseSpinLockShared(EX_SPIN_LOCK *lock, KIRQL old_irql);
void ExAcquireSpinLockSharedAtDpcLevel(EX_SPIN_LOCK *lock);
void ExReleaseSpinLockSharedFromDpcLevel(EX_SPIN_LOCK *lock);
KIRQL ExAcquireSpinLockExclusive(EX_SPIN_LOCK *lock);
void ExReleaseSpinLockExclusive(EX_SPIN_LOCK *lock, KIRQL old_irql);
void ExAcquireSpinLockExclusiveAtDpcLevel(EX_SPIN_LOCK *lock);
void ExReleaseSpinLockExclusiveFromDpcLevel(EX_SPIN_LOCK *lock);
/* Returns FALSE without change unless the caller is the only holder. */
LOGICAL ExTryConvertSharedSpinLockExclusive(EX_SPIN_LOCK *lock);
/* At DISPATCH_LEVEL; FALSE if it cannot be had at once. */
LOGICAL ExTryAcquireSpinLockSharedAtDpcLevel(EX_SPIN_LOCK *lock);
LOGICAL ExTryAcquireSpinLockExclusiveAtDpcLevel(EX_SPIN_LOCK *lock);

/* ---- Run-down protection. IRQL: any to acquire and release, <= APC_LEVEL to wait ---- */

void ExInitializeRundownProtection(EX_RUNDOWN_REF *reference);
void ExReInitializeRundownProtection(EX_RUNDOWN_REF *reference);
BOOLEAN ExAcquireRundownProtection(EX_RUNDOWN_REF *reference);
BOOLEAN ExAcquireRundownProtectionEx(EX_RUNDOWN_REF *reference, ULONG count);
void ExReleaseRundownProtection(EX_RUNDOWN_REF *reference);
void ExReleaseRundownProtectionEx(EX_RUNDOWN_REF *reference, ULONG count);
void ExWaitForRundownProtectionRelease(EX_RUNDOWN_REF *reference);
void ExRundownCompleted(EX_RUNDOWN_REF *reference);
PEX_RUNDOWN_REF_CACHE_AWARE ExAllocateCacheAwareRundownProtection(POOL_TYPE type, ULONG tag);
void ExFreeCacheAwareRundownProtection(PEX_RUNDOWN_REF_CACHE_AWARE reference);
BOOLEAN ExAcquireRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE reference);
void ExReleaseRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE reference);
void ExWaitForRundownProtectionReleaseCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE reference);
void ExRundownCompletedCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE reference);

/* ---- Work items. IRQL: <= DISPATCH_LEVEL ---- */

void ExQueueWorkItem(WORK_QUEUE_ITEM *item, WORK_QUEUE_TYPE queue);

/* ---- Callback objects ---- */

NTSTATUS ExCreateCallback(PCALLBACK_OBJECT *callback, OBJECT_ATTRIBUTES *attributes, BOOLEAN create,
                          BOOLEAN allow_multiple);
PVOID ExRegisterCallback(PCALLBACK_OBJECT callback, PCALLBACK_FUNCTION function, PVOID context);
void ExUnregisterCallback(PVOID registration);
void ExNotifyCallback(PVOID callback, PVOID argument1, PVOID argument2);

/* ---- Timers of the executive ---- */

PEX_TIMER ExAllocateTimer(PEXT_CALLBACK callback, PVOID context, ULONG attributes);
BOOLEAN ExSetTimer(PEX_TIMER timer, LONGLONG due, LONGLONG period, EXT_SET_PARAMETERS *parameters);
BOOLEAN ExCancelTimer(PEX_TIMER timer, PVOID parameters);
BOOLEAN ExDeleteTimer(PEX_TIMER timer, BOOLEAN cancel, BOOLEAN wait,
                      EXT_DELETE_PARAMETERS *parameters);
ULONG ExSetTimerResolution(ULONG desired_100ns, BOOLEAN set);
void ExQueryTimerResolution(ULONG *maximum, ULONG *minimum, ULONG *current);

/* ---- Time, identity, misuse ---- */

void ExSystemTimeToLocalTime(LARGE_INTEGER *system, LARGE_INTEGER *local);
void ExLocalTimeToSystemTime(LARGE_INTEGER *local, LARGE_INTEGER *system);
NTSTATUS ExUuidCreate(GUID *uuid);
KPROCESSOR_MODE ExGetPreviousMode(void);
BOOLEAN ExIsProcessorFeaturePresent(ULONG feature);
BOOLEAN ExVerifySuite(ULONG suite);
_Noreturn void ExRaiseAccessViolation(void);
_Noreturn void ExRaiseDatatypeMisalignment(void);

#endif
