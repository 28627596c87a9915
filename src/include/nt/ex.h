/* SPDX-License-Identifier: BSD-2-Clause */
/* The executive's structures that drivers embed: resources, look-asides, work items, rundown. */
#ifndef NT_EX_H
#define NT_EX_H

#include <nt/ke.h>
#include <nt/ntdef.h>

/* Source: WDK "POOL_FLAGS" of "ExAllocatePool2 function (wdm.h)". */
typedef ULONG64 POOL_FLAGS;
#define POOL_FLAG_USE_QUOTA         0x0000000000000001ull
#define POOL_FLAG_UNINITIALIZED     0x0000000000000002ull
#define POOL_FLAG_SESSION           0x0000000000000004ull
#define POOL_FLAG_CACHE_ALIGNED     0x0000000000000008ull
#define POOL_FLAG_RAISE_ON_FAILURE  0x0000000000000020ull
#define POOL_FLAG_NON_PAGED         0x0000000000000040ull
#define POOL_FLAG_NON_PAGED_EXECUTE 0x0000000000000080ull
#define POOL_FLAG_PAGED             0x0000000000000100ull
#define POOL_FLAG_REQUIRED_START    0x0000000000000001ull
#define POOL_FLAG_REQUIRED_END      0x0000000080000000ull
#define POOL_FLAG_OPTIONAL_START    0x0000000100000000ull
#define POOL_FLAG_SPECIAL_POOL      0x0000000100000000ull
#define POOL_FLAG_OPTIONAL_END      0x8000000000000000ull

/* Bits beside the POOL_TYPE of the older allocators. Source: "ExAllocatePoolWithQuotaTag". */
#define POOL_QUOTA_FAIL_INSTEAD_OF_RAISE 8
#define POOL_RAISE_IF_ALLOCATION_FAILURE 16
#define POOL_COLD_ALLOCATION             256
#define POOL_NX_ALLOCATION               512

/* Source: WDK "ExAllocatePoolWithTagPriority function (wdm.h)". */
typedef enum _EX_POOL_PRIORITY {
    LowPoolPriority = 0,
    LowPoolPrioritySpecialPoolOverrun = 8,
    LowPoolPrioritySpecialPoolUnderrun = 9,
    NormalPoolPriority = 16,
    NormalPoolPrioritySpecialPoolOverrun = 24,
    NormalPoolPrioritySpecialPoolUnderrun = 25,
    HighPoolPriority = 32,
    HighPoolPrioritySpecialPoolOverrun = 40,
    HighPoolPrioritySpecialPoolUnderrun = 41
} EX_POOL_PRIORITY;

/* Source: WDK "POOL_EXTENDED_PARAMETER structure (wdm.h)". */
typedef enum POOL_EXTENDED_PARAMETER_TYPE {
    PoolExtendedParameterInvalidType = 0,
    PoolExtendedParameterPriority,
    PoolExtendedParameterSecurePool,
    PoolExtendedParameterNumaNode,
    PoolExtendedParameterMax
} POOL_EXTENDED_PARAMETER_TYPE;
typedef ULONG POOL_NODE_REQUIREMENT;

typedef struct _POOL_EXTENDED_PARAMS_SECURE_POOL {
    HANDLE SecurePoolHandle;
    PVOID Buffer;
    ULONG_PTR Cookie;
    ULONG SecurePoolFlags;
} POOL_EXTENDED_PARAMS_SECURE_POOL;
NT_ASSERT_SIZE(POOL_EXTENDED_PARAMS_SECURE_POOL, 32);

typedef struct DECLSPEC_ALIGN(8) POOL_EXTENDED_PARAMETER {
    struct {
        ULONG64 Type : 8;
        ULONG64 Optional : 1;
        ULONG64 Reserved : 55;
    };
    union {
        ULONG64 Reserved2;
        PVOID Reserved3;
        EX_POOL_PRIORITY Priority;
        POOL_EXTENDED_PARAMS_SECURE_POOL *SecurePoolParams;
        POOL_NODE_REQUIREMENT PreferredNode;
    };
} POOL_EXTENDED_PARAMETER, *PPOOL_EXTENDED_PARAMETER;
typedef const POOL_EXTENDED_PARAMETER *PCPOOL_EXTENDED_PARAMETER;
NT_ASSERT_SIZE(POOL_EXTENDED_PARAMETER, 16);
NT_ASSERT_OFFSET(POOL_EXTENDED_PARAMETER, Priority, 8);

struct _LOOKASIDE_LIST_EX;
typedef PVOID ALLOCATE_FUNCTION(POOL_TYPE type, SIZE_T bytes, ULONG tag);
typedef ALLOCATE_FUNCTION *PALLOCATE_FUNCTION;
typedef PVOID ALLOCATE_FUNCTION_EX(POOL_TYPE type, SIZE_T bytes, ULONG tag,
                                   struct _LOOKASIDE_LIST_EX *lookaside);
typedef ALLOCATE_FUNCTION_EX *PALLOCATE_FUNCTION_EX;
typedef void FREE_FUNCTION(PVOID block);
typedef FREE_FUNCTION *PFREE_FUNCTION;
typedef void FREE_FUNCTION_EX(PVOID block, struct _LOOKASIDE_LIST_EX *lookaside);
typedef FREE_FUNCTION_EX *PFREE_FUNCTION_EX;

/*
 * A look-aside list. Drivers inline the fast path (pop or push on ListHead, count, else call
 * Allocate or Free), so the layout is fixed. The two forms differ in alignment only.
 * Source: WDK "Using Lookaside Lists"; wdm.h GENERAL_LOOKASIDE
 */
#define NT_LOOKASIDE_MEMBERS                                                                       \
    union {                                                                                        \
        SLIST_HEADER ListHead;                                                                     \
        SINGLE_LIST_ENTRY SingleListHead;                                                          \
    };                                                                                             \
    USHORT Depth;                                                                                  \
    USHORT MaximumDepth;                                                                           \
    ULONG TotalAllocates;                                                                          \
    union {                                                                                        \
        ULONG AllocateMisses;                                                                      \
        ULONG AllocateHits;                                                                        \
    };                                                                                             \
    ULONG TotalFrees;                                                                              \
    union {                                                                                        \
        ULONG FreeMisses;                                                                          \
        ULONG FreeHits;                                                                            \
    };                                                                                             \
    POOL_TYPE Type;                                                                                \
    ULONG Tag;                                                                                     \
    ULONG Size;                                                                                    \
    union {                                                                                        \
        PALLOCATE_FUNCTION_EX AllocateEx;                                                          \
        PALLOCATE_FUNCTION Allocate;                                                               \
    };                                                                                             \
    union {                                                                                        \
        PFREE_FUNCTION_EX FreeEx;                                                                  \
        PFREE_FUNCTION Free;                                                                       \
    };                                                                                             \
    LIST_ENTRY ListEntry;                                                                          \
    ULONG LastTotalAllocates;                                                                      \
    union {                                                                                        \
        ULONG LastAllocateMisses;                                                                  \
        ULONG LastAllocateHits;                                                                    \
    };                                                                                             \
    ULONG Future[2];

typedef struct DECLSPEC_ALIGN(64) _GENERAL_LOOKASIDE {
    NT_LOOKASIDE_MEMBERS
} GENERAL_LOOKASIDE, *PGENERAL_LOOKASIDE;
NT_ASSERT_SIZE(GENERAL_LOOKASIDE, 128);
NT_ASSERT_OFFSET(GENERAL_LOOKASIDE, Depth, 16);
NT_ASSERT_OFFSET(GENERAL_LOOKASIDE, TotalAllocates, 20);
NT_ASSERT_OFFSET(GENERAL_LOOKASIDE, AllocateMisses, 24);
NT_ASSERT_OFFSET(GENERAL_LOOKASIDE, TotalFrees, 28);
NT_ASSERT_OFFSET(GENERAL_LOOKASIDE, FreeMisses, 32);
NT_ASSERT_OFFSET(GENERAL_LOOKASIDE, Type, 36);
NT_ASSERT_OFFSET(GENERAL_LOOKASIDE, Tag, 40);
NT_ASSERT_OFFSET(GENERAL_LOOKASIDE, Size, 44);
NT_ASSERT_OFFSET(GENERAL_LOOKASIDE, Allocate, 48);
NT_ASSERT_OFFSET(GENERAL_LOOKASIDE, Free, 56);
NT_ASSERT_OFFSET(GENERAL_LOOKASIDE, ListEntry, 64);

typedef struct _GENERAL_LOOKASIDE_POOL {
    NT_LOOKASIDE_MEMBERS
} GENERAL_LOOKASIDE_POOL, *PGENERAL_LOOKASIDE_POOL;
NT_ASSERT_SIZE(GENERAL_LOOKASIDE_POOL, 96);
NT_ASSERT_OFFSET(GENERAL_LOOKASIDE_POOL, AllocateEx, 48);

typedef struct _NPAGED_LOOKASIDE_LIST {
    GENERAL_LOOKASIDE L;
} NPAGED_LOOKASIDE_LIST, *PNPAGED_LOOKASIDE_LIST;
NT_ASSERT_SIZE(NPAGED_LOOKASIDE_LIST, 128);

typedef struct _PAGED_LOOKASIDE_LIST {
    GENERAL_LOOKASIDE L;
} PAGED_LOOKASIDE_LIST, *PPAGED_LOOKASIDE_LIST;
NT_ASSERT_SIZE(PAGED_LOOKASIDE_LIST, 128);

typedef struct _LOOKASIDE_LIST_EX {
    GENERAL_LOOKASIDE_POOL L;
} LOOKASIDE_LIST_EX, *PLOOKASIDE_LIST_EX;
NT_ASSERT_SIZE(LOOKASIDE_LIST_EX, 96);

#define EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL 0x1u
#define EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE 0x2u
#define EX_MAXIMUM_LOOKASIDE_DEPTH_BASE          256

/* Source: WDK "Introduction to ERESOURCE Routines"; wdm.h ERESOURCE. */
typedef ULONG_PTR ERESOURCE_THREAD, *PERESOURCE_THREAD;

typedef struct _OWNER_ENTRY {
    ERESOURCE_THREAD OwnerThread;
    union {
        struct {
            ULONG IoPriorityBoosted : 1;
            ULONG OwnerReferenced : 1;
            ULONG IoQoSPriorityBoosted : 1;
            ULONG OwnerCount : 29;
        };
        ULONG TableSize;
    };
} OWNER_ENTRY, *POWNER_ENTRY;
NT_ASSERT_SIZE(OWNER_ENTRY, 16);
NT_ASSERT_OFFSET(OWNER_ENTRY, TableSize, 8);

typedef struct _ERESOURCE {
    LIST_ENTRY SystemResourcesList;
    OWNER_ENTRY *OwnerTable;
    SHORT ActiveCount;
    union {
        USHORT Flag;
        struct {
            UCHAR ReservedLowFlags;
            UCHAR WaiterPriority;
        };
    };
    PVOID SharedWaiters;
    PVOID ExclusiveWaiters;
    OWNER_ENTRY OwnerEntry;
    ULONG ActiveEntries;
    ULONG ContentionCount;
    ULONG NumberOfSharedWaiters;
    ULONG NumberOfExclusiveWaiters;
    PVOID Reserved2;
    union {
        PVOID Address;
        ULONG_PTR CreatorBackTraceIndex;
    };
    KSPIN_LOCK SpinLock;
} ERESOURCE, *PERESOURCE;
NT_ASSERT_SIZE(ERESOURCE, 104);
NT_ASSERT_OFFSET(ERESOURCE, OwnerTable, 16);
NT_ASSERT_OFFSET(ERESOURCE, ActiveCount, 24);
NT_ASSERT_OFFSET(ERESOURCE, Flag, 26);
NT_ASSERT_OFFSET(ERESOURCE, SharedWaiters, 32);
NT_ASSERT_OFFSET(ERESOURCE, ExclusiveWaiters, 40);
NT_ASSERT_OFFSET(ERESOURCE, OwnerEntry, 48);
NT_ASSERT_OFFSET(ERESOURCE, ActiveEntries, 64);
NT_ASSERT_OFFSET(ERESOURCE, ContentionCount, 68);
NT_ASSERT_OFFSET(ERESOURCE, NumberOfSharedWaiters, 72);
NT_ASSERT_OFFSET(ERESOURCE, NumberOfExclusiveWaiters, 76);
NT_ASSERT_OFFSET(ERESOURCE, Address, 88);
NT_ASSERT_OFFSET(ERESOURCE, SpinLock, 96);

/* Source: WDK "Push Locks", "Run-Down Protection". */
typedef ULONG_PTR EX_PUSH_LOCK, *PEX_PUSH_LOCK;
NT_ASSERT_SIZE(EX_PUSH_LOCK, 8);
#define EX_DEFAULT_PUSH_LOCK_FLAGS 0u

typedef struct _EX_RUNDOWN_REF {
    union {
        ULONG_PTR Count;
        PVOID Ptr;
    };
} EX_RUNDOWN_REF, *PEX_RUNDOWN_REF;
NT_ASSERT_SIZE(EX_RUNDOWN_REF, 8);
typedef struct _EX_RUNDOWN_REF_CACHE_AWARE *PEX_RUNDOWN_REF_CACHE_AWARE;

/* Source: WDK "System Worker Threads"; "ExInitializeWorkItem macro (wdm.h)". */
typedef void WORKER_THREAD_ROUTINE(PVOID parameter);
typedef WORKER_THREAD_ROUTINE *PWORKER_THREAD_ROUTINE;

typedef struct _WORK_QUEUE_ITEM {
    LIST_ENTRY List;
    PWORKER_THREAD_ROUTINE WorkerRoutine;
    PVOID Parameter;
} WORK_QUEUE_ITEM, *PWORK_QUEUE_ITEM;
NT_ASSERT_SIZE(WORK_QUEUE_ITEM, 32);
NT_ASSERT_OFFSET(WORK_QUEUE_ITEM, WorkerRoutine, 16);
NT_ASSERT_OFFSET(WORK_QUEUE_ITEM, Parameter, 24);

typedef enum _WORK_QUEUE_TYPE {
    CriticalWorkQueue,
    DelayedWorkQueue,
    HyperCriticalWorkQueue,
    NormalWorkQueue,
    BackgroundWorkQueue,
    RealTimeWorkQueue,
    SuperCriticalWorkQueue,
    MaximumWorkQueue,
    CustomPriorityWorkQueue = 32
} WORK_QUEUE_TYPE;

static inline void ExInitializeWorkItem(WORK_QUEUE_ITEM *item, PWORKER_THREAD_ROUTINE routine,
                                        PVOID parameter)
{
    item->WorkerRoutine = routine;
    item->Parameter = parameter;
    item->List.Flink = NULL;
}

/* A free fast mutex has count 1. Source: WDK "ExInitializeFastMutex function (wdm.h)". */
#define FM_LOCK_BIT 0x1

/* Source: WDK "Callback Objects". */
typedef struct _CALLBACK_OBJECT *PCALLBACK_OBJECT;
typedef void CALLBACK_FUNCTION(PVOID context, PVOID argument1, PVOID argument2);
typedef CALLBACK_FUNCTION *PCALLBACK_FUNCTION;

/* Source: WDK "ExXxxTimer Routines and EX_TIMER Objects". */
typedef struct _EX_TIMER *PEX_TIMER;
typedef void EXT_CALLBACK(PEX_TIMER timer, PVOID context);
typedef EXT_CALLBACK *PEXT_CALLBACK;
typedef void EXT_DELETE_CALLBACK(PVOID context);
typedef EXT_DELETE_CALLBACK *PEXT_DELETE_CALLBACK;

typedef struct _EXT_SET_PARAMETERS_V0 {
    ULONG Version;
    ULONG Reserved;
    LONGLONG NoWakeTolerance;
} EXT_SET_PARAMETERS, *PEXT_SET_PARAMETERS;
NT_ASSERT_SIZE(EXT_SET_PARAMETERS, 16);

typedef struct _EXT_DELETE_PARAMETERS {
    ULONG Version;
    ULONG Reserved;
    PEXT_DELETE_CALLBACK DeleteCallback;
    PVOID DeleteContext;
} EXT_DELETE_PARAMETERS, *PEXT_DELETE_PARAMETERS;
NT_ASSERT_SIZE(EXT_DELETE_PARAMETERS, 24);

#define EX_TIMER_HIGH_RESOLUTION 0x4u
#define EX_TIMER_NO_WAKE         0x8u
#define EX_TIMER_NOTIFICATION    0x80000000u

#endif
