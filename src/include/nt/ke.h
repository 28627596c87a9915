/* SPDX-License-Identifier: BSD-2-Clause */
/* Dispatcher objects, DPCs, APCs, queues, locks and the enumerations of the kernel's core. */
#ifndef NT_KE_H
#define NT_KE_H

#include <nt/list.h>
#include <nt/ntdef.h>

typedef struct _KTHREAD KTHREAD, *PKTHREAD, *PRKTHREAD;
typedef struct _KPROCESS KPROCESS, *PKPROCESS, *PRKPROCESS;
typedef struct _ETHREAD ETHREAD, *PETHREAD;
typedef struct _EPROCESS EPROCESS, *PEPROCESS;
typedef struct _KDPC KDPC, *PKDPC, *PRKDPC;
typedef struct _KAPC KAPC, *PKAPC, *PRKAPC;
typedef struct _KQUEUE KQUEUE, *PKQUEUE, *PRKQUEUE;
typedef struct _KINTERRUPT KINTERRUPT, *PKINTERRUPT;
typedef struct _KTRAP_FRAME KTRAP_FRAME, *PKTRAP_FRAME;
typedef struct _KEXCEPTION_FRAME KEXCEPTION_FRAME, *PKEXCEPTION_FRAME;

typedef enum _MODE { KernelMode, UserMode, MaximumMode } MODE;

/* Source: WDK "KeWaitForSingleObject function" (WaitReason); values as printed by debuggers. */
typedef enum _KWAIT_REASON {
    Executive,
    FreePage,
    PageIn,
    PoolAllocation,
    DelayExecution,
    Suspended,
    UserRequest,
    WrExecutive,
    WrFreePage,
    WrPageIn,
    WrPoolAllocation,
    WrDelayExecution,
    WrSuspended,
    WrUserRequest,
    WrSpare0,
    WrQueue,
    WrLpcReceive,
    WrLpcReply,
    WrVirtualMemory,
    WrPageOut,
    WrRendezvous,
    WrKeyedEvent,
    WrTerminated,
    WrProcessInSwap,
    WrCpuRateControl,
    WrCalloutStack,
    WrKernel,
    WrResource,
    WrPushLock,
    WrMutex,
    WrQuantumEnd,
    WrDispatchInt,
    WrPreempted,
    WrYieldExecution,
    WrFastMutex,
    WrGuardedMutex,
    WrRundown,
    WrAlertByThreadId,
    WrDeferredPreempt,
    WrPhysicalFault,
    MaximumWaitReason
} KWAIT_REASON;

/* Source: WDK "POOL_TYPE enumeration (wdm.h)". */
typedef enum _POOL_TYPE {
    NonPagedPool = 0,
    NonPagedPoolExecute = NonPagedPool,
    PagedPool = 1,
    NonPagedPoolMustSucceed = 2,
    DontUseThisType = 3,
    NonPagedPoolCacheAligned = 4,
    PagedPoolCacheAligned = 5,
    NonPagedPoolCacheAlignedMustS = 6,
    MaxPoolType = 7,
    NonPagedPoolSession = 32,
    PagedPoolSession = 33,
    NonPagedPoolNx = 512,
    NonPagedPoolNxCacheAligned = 516,
    NonPagedPoolSessionNx = 544
} POOL_TYPE;

typedef enum _KDPC_IMPORTANCE {
    LowImportance,
    MediumImportance,
    HighImportance,
    MediumHighImportance
} KDPC_IMPORTANCE;
typedef enum _LOCK_OPERATION { IoReadAccess, IoWriteAccess, IoModifyAccess } LOCK_OPERATION;
typedef enum _KINTERRUPT_MODE { LevelSensitive, Latched } KINTERRUPT_MODE;
typedef enum _KINTERRUPT_POLARITY {
    InterruptPolarityUnknown,
    InterruptActiveHigh,
    InterruptActiveLow,
    InterruptActiveBoth
} KINTERRUPT_POLARITY;
typedef enum _MEMORY_CACHING_TYPE {
    MmNonCached,
    MmCached,
    MmWriteCombined,
    MmHardwareCoherentCached,
    MmNonCachedUnordered,
    MmUSWCCached,
    MmMaximumCacheType,
    MmNotMapped = -1
} MEMORY_CACHING_TYPE;
/* The index of the APC state that a KAPC goes to. */
typedef enum _KAPC_ENVIRONMENT {
    OriginalApcEnvironment,
    AttachedApcEnvironment,
    CurrentApcEnvironment,
    InsertApcEnvironment
} KAPC_ENVIRONMENT;

#define MAXIMUM_WAIT_OBJECTS       64
#define THREAD_WAIT_OBJECTS        3
#define LOW_PRIORITY               0
#define LOW_REALTIME_PRIORITY      16
#define HIGH_PRIORITY              31
#define MAXIMUM_PRIORITY           32
#define MAXIMUM_PROCESSORS_LIMIT   64
#define TIMER_TOLERABLE_DELAY_BITS 6

typedef void KDEFERRED_ROUTINE(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2);
typedef KDEFERRED_ROUTINE *PKDEFERRED_ROUTINE;
typedef void KSTART_ROUTINE(PVOID context);
typedef KSTART_ROUTINE *PKSTART_ROUTINE;
typedef void KNORMAL_ROUTINE(PVOID context, PVOID argument1, PVOID argument2);
typedef KNORMAL_ROUTINE *PKNORMAL_ROUTINE;
typedef void KRUNDOWN_ROUTINE(KAPC *apc);
typedef KRUNDOWN_ROUTINE *PKRUNDOWN_ROUTINE;
typedef void KKERNEL_ROUTINE(KAPC *apc, PKNORMAL_ROUTINE *normal_routine, PVOID *normal_context,
                             PVOID *argument1, PVOID *argument2);
typedef KKERNEL_ROUTINE *PKKERNEL_ROUTINE;
typedef BOOLEAN KSERVICE_ROUTINE(KINTERRUPT *interrupt, PVOID context);
typedef KSERVICE_ROUTINE *PKSERVICE_ROUTINE;
typedef BOOLEAN KMESSAGE_SERVICE_ROUTINE(KINTERRUPT *interrupt, PVOID context, ULONG message_id);
typedef KMESSAGE_SERVICE_ROUTINE *PKMESSAGE_SERVICE_ROUTINE;
typedef BOOLEAN KSYNCHRONIZE_ROUTINE(PVOID context);
typedef KSYNCHRONIZE_ROUTINE *PKSYNCHRONIZE_ROUTINE;
typedef ULONG_PTR KIPI_BROADCAST_WORKER(ULONG_PTR argument);
typedef KIPI_BROADCAST_WORKER *PKIPI_BROADCAST_WORKER;

/*
 * The head of every object that can be waited for. Type says what follows; the bytes behind it
 * mean something else for timers, queues and threads. Bit 7 of Lock is the object lock.
 * Source: WDK wdm.h, structure DISPATCHER_HEADER (opaque to drivers, but they embed it)
 */
typedef struct _DISPATCHER_HEADER {
    union {
        volatile LONG Lock;
        struct {
            UCHAR Type;
            UCHAR Signalling;
            UCHAR Size;
            UCHAR Reserved1;
        };
        struct {
            UCHAR TimerType;
            UCHAR TimerControlFlags;
            UCHAR Hand;
            UCHAR TimerMiscFlags;
        };
        struct {
            UCHAR QueueType;
            UCHAR QueueControlFlags;
            UCHAR QueueSize;
            UCHAR QueueReserved;
        };
        struct {
            UCHAR ThreadType;
            UCHAR ThreadReserved;
            UCHAR ThreadControlFlags;
            UCHAR DebugActive;
        };
    };
    volatile LONG SignalState;
    LIST_ENTRY WaitListHead;
} DISPATCHER_HEADER, *PDISPATCHER_HEADER;
NT_ASSERT_SIZE(DISPATCHER_HEADER, 24);
NT_ASSERT_OFFSET(DISPATCHER_HEADER, SignalState, 4);
NT_ASSERT_OFFSET(DISPATCHER_HEADER, WaitListHead, 8);

/* Source of the objects below: WDK "Kernel Dispatcher Objects", wdm.h. */
typedef struct _KEVENT {
    DISPATCHER_HEADER Header;
} KEVENT, *PKEVENT, *PRKEVENT;
NT_ASSERT_SIZE(KEVENT, 24);

typedef struct _KGATE {
    DISPATCHER_HEADER Header;
} KGATE, *PKGATE;
NT_ASSERT_SIZE(KGATE, 24);

typedef struct _KSEMAPHORE {
    DISPATCHER_HEADER Header;
    LONG Limit;
} KSEMAPHORE, *PKSEMAPHORE, *PRKSEMAPHORE;
NT_ASSERT_SIZE(KSEMAPHORE, 32);
NT_ASSERT_OFFSET(KSEMAPHORE, Limit, 24);

typedef struct _KMUTANT {
    DISPATCHER_HEADER Header;
    LIST_ENTRY MutantListEntry;
    KTHREAD *OwnerThread;
    BOOLEAN Abandoned;
    UCHAR ApcDisable;
} KMUTANT, *PKMUTANT, *PRKMUTANT, KMUTEX, *PKMUTEX, *PRKMUTEX;
NT_ASSERT_SIZE(KMUTANT, 56);
NT_ASSERT_OFFSET(KMUTANT, MutantListEntry, 24);
NT_ASSERT_OFFSET(KMUTANT, OwnerThread, 40);
NT_ASSERT_OFFSET(KMUTANT, Abandoned, 48);
NT_ASSERT_OFFSET(KMUTANT, ApcDisable, 49);

typedef struct _KTIMER {
    DISPATCHER_HEADER Header;
    ULARGE_INTEGER DueTime;
    LIST_ENTRY TimerListEntry;
    KDPC *Dpc;
    ULONG Processor;
    ULONG Period;
} KTIMER, *PKTIMER, *PRKTIMER;
NT_ASSERT_SIZE(KTIMER, 64);
NT_ASSERT_OFFSET(KTIMER, DueTime, 24);
NT_ASSERT_OFFSET(KTIMER, TimerListEntry, 32);
NT_ASSERT_OFFSET(KTIMER, Dpc, 48);
NT_ASSERT_OFFSET(KTIMER, Period, 60);

/* Source: WDK "KDPC structure", "Introduction to DPC Objects". */
struct _KDPC {
    union {
        ULONG TargetInfoAsUlong;
        struct {
            UCHAR Type;
            UCHAR Importance;
            volatile USHORT Number;
        };
    };
    SINGLE_LIST_ENTRY DpcListEntry;
    KAFFINITY ProcessorHistory;
    PKDEFERRED_ROUTINE DeferredRoutine;
    PVOID DeferredContext;
    PVOID SystemArgument1;
    PVOID SystemArgument2;
    PVOID DpcData;
};
NT_ASSERT_SIZE(KDPC, 64);
NT_ASSERT_OFFSET(KDPC, Importance, 1);
NT_ASSERT_OFFSET(KDPC, Number, 2);
NT_ASSERT_OFFSET(KDPC, DpcListEntry, 8);
NT_ASSERT_OFFSET(KDPC, DeferredRoutine, 24);
NT_ASSERT_OFFSET(KDPC, DeferredContext, 32);
NT_ASSERT_OFFSET(KDPC, SystemArgument1, 40);
NT_ASSERT_OFFSET(KDPC, DpcData, 56);

/* Source: WDK "KAPC structure", "Types of APCs". */
struct _KAPC {
    UCHAR Type;
    UCHAR SpareByte0;
    UCHAR Size;
    UCHAR SpareByte1;
    ULONG SpareLong0;
    KTHREAD *Thread;
    LIST_ENTRY ApcListEntry;
    PKKERNEL_ROUTINE KernelRoutine;
    PKRUNDOWN_ROUTINE RundownRoutine;
    PKNORMAL_ROUTINE NormalRoutine;
    PVOID NormalContext;
    PVOID SystemArgument1;
    PVOID SystemArgument2;
    CCHAR ApcStateIndex;
    KPROCESSOR_MODE ApcMode;
    BOOLEAN Inserted;
};
NT_ASSERT_SIZE(KAPC, 88);
NT_ASSERT_OFFSET(KAPC, Size, 2);
NT_ASSERT_OFFSET(KAPC, Thread, 8);
NT_ASSERT_OFFSET(KAPC, ApcListEntry, 16);
NT_ASSERT_OFFSET(KAPC, KernelRoutine, 32);
NT_ASSERT_OFFSET(KAPC, NormalRoutine, 48);
NT_ASSERT_OFFSET(KAPC, NormalContext, 56);
NT_ASSERT_OFFSET(KAPC, SystemArgument1, 64);
NT_ASSERT_OFFSET(KAPC, ApcStateIndex, 80);
NT_ASSERT_OFFSET(KAPC, ApcMode, 81);
NT_ASSERT_OFFSET(KAPC, Inserted, 82);

/* What KeStackAttachProcess saves. Source: WDK "KeStackAttachProcess function (ntifs.h)". */
typedef struct _KAPC_STATE {
    LIST_ENTRY ApcListHead[MaximumMode];
    KPROCESS *Process;
    BOOLEAN KernelApcInProgress;
    BOOLEAN KernelApcPending;
    BOOLEAN UserApcPending;
} KAPC_STATE, *PKAPC_STATE, *PRKAPC_STATE;
NT_ASSERT_SIZE(KAPC_STATE, 48);
NT_ASSERT_OFFSET(KAPC_STATE, Process, 32);
NT_ASSERT_OFFSET(KAPC_STATE, KernelApcInProgress, 40);
NT_ASSERT_OFFSET(KAPC_STATE, UserApcPending, 42);

/* Source: WDK "KeInitializeQueue function (ntifs.h)". */
struct _KQUEUE {
    DISPATCHER_HEADER Header;
    LIST_ENTRY EntryListHead;
    volatile ULONG CurrentCount;
    ULONG MaximumCount;
    LIST_ENTRY ThreadListHead;
};
NT_ASSERT_SIZE(KQUEUE, 64);
NT_ASSERT_OFFSET(KQUEUE, EntryListHead, 24);
NT_ASSERT_OFFSET(KQUEUE, CurrentCount, 40);
NT_ASSERT_OFFSET(KQUEUE, MaximumCount, 44);
NT_ASSERT_OFFSET(KQUEUE, ThreadListHead, 48);

/* Drivers hand an array of these to KeWaitForMultipleObjects. Source: that function's page. */
typedef struct _KWAIT_BLOCK {
    LIST_ENTRY WaitListEntry;
    UCHAR WaitType;
    volatile UCHAR BlockState;
    USHORT WaitKey;
    LONG SpareLong;
    union {
        KTHREAD *Thread;
        KQUEUE *NotificationQueue;
    };
    PVOID Object;
    PVOID SparePtr;
} KWAIT_BLOCK, *PKWAIT_BLOCK, *PRKWAIT_BLOCK;
NT_ASSERT_SIZE(KWAIT_BLOCK, 48);
NT_ASSERT_OFFSET(KWAIT_BLOCK, WaitType, 16);
NT_ASSERT_OFFSET(KWAIT_BLOCK, BlockState, 17);
NT_ASSERT_OFFSET(KWAIT_BLOCK, WaitKey, 18);
NT_ASSERT_OFFSET(KWAIT_BLOCK, Thread, 24);
NT_ASSERT_OFFSET(KWAIT_BLOCK, Object, 32);

NT_ASSERT_SIZE(KSPIN_LOCK, 8);

/* Source: WDK "Queued Spin Locks". */
typedef struct _KSPIN_LOCK_QUEUE {
    struct _KSPIN_LOCK_QUEUE *volatile Next;
    KSPIN_LOCK *volatile Lock;
} KSPIN_LOCK_QUEUE, *PKSPIN_LOCK_QUEUE;
NT_ASSERT_SIZE(KSPIN_LOCK_QUEUE, 16);

typedef struct _KLOCK_QUEUE_HANDLE {
    KSPIN_LOCK_QUEUE LockQueue;
    KIRQL OldIrql;
} KLOCK_QUEUE_HANDLE, *PKLOCK_QUEUE_HANDLE;
NT_ASSERT_SIZE(KLOCK_QUEUE_HANDLE, 24);
NT_ASSERT_OFFSET(KLOCK_QUEUE_HANDLE, OldIrql, 16);

/* Source: WDK "Reader-Writer Spin Locks". */
typedef volatile LONG EX_SPIN_LOCK, *PEX_SPIN_LOCK;
NT_ASSERT_SIZE(EX_SPIN_LOCK, 4);

/* Source: WDK "Fast Mutexes and Guarded Mutexes"; both have one layout since Windows 8. */
typedef struct _FAST_MUTEX {
    LONG Count;
    PVOID Owner;
    ULONG Contention;
    KEVENT Event;
    ULONG OldIrql;
} FAST_MUTEX, *PFAST_MUTEX, KGUARDED_MUTEX, *PKGUARDED_MUTEX;
NT_ASSERT_SIZE(FAST_MUTEX, 56);
NT_ASSERT_OFFSET(FAST_MUTEX, Owner, 8);
NT_ASSERT_OFFSET(FAST_MUTEX, Contention, 16);
NT_ASSERT_OFFSET(FAST_MUTEX, Event, 24);
NT_ASSERT_OFFSET(FAST_MUTEX, OldIrql, 48);

/* Source: WDK "KDEVICE_QUEUE", "Introduction to Device Queue Objects". */
typedef struct _KDEVICE_QUEUE {
    CSHORT Type;
    CSHORT Size;
    LIST_ENTRY DeviceListHead;
    KSPIN_LOCK Lock;
    union {
        BOOLEAN Busy;
        struct {
            LONG64 Reserved : 8;
            LONG64 Hint : 56;
        };
    };
} KDEVICE_QUEUE, *PKDEVICE_QUEUE, *PRKDEVICE_QUEUE;
NT_ASSERT_SIZE(KDEVICE_QUEUE, 40);
NT_ASSERT_OFFSET(KDEVICE_QUEUE, Size, 2);
NT_ASSERT_OFFSET(KDEVICE_QUEUE, DeviceListHead, 8);
NT_ASSERT_OFFSET(KDEVICE_QUEUE, Lock, 24);
NT_ASSERT_OFFSET(KDEVICE_QUEUE, Busy, 32);

typedef struct _KDEVICE_QUEUE_ENTRY {
    LIST_ENTRY DeviceListEntry;
    ULONG SortKey;
    BOOLEAN Inserted;
} KDEVICE_QUEUE_ENTRY, *PKDEVICE_QUEUE_ENTRY, *PRKDEVICE_QUEUE_ENTRY;
NT_ASSERT_SIZE(KDEVICE_QUEUE_ENTRY, 24);
NT_ASSERT_OFFSET(KDEVICE_QUEUE_ENTRY, SortKey, 16);
NT_ASSERT_OFFSET(KDEVICE_QUEUE_ENTRY, Inserted, 20);

/* Source: WDK "KeRegisterProcessorChangeCallback function (wdm.h)". */
typedef enum _KE_PROCESSOR_CHANGE_NOTIFY_STATE {
    KeProcessorAddStartNotify,
    KeProcessorAddCompleteNotify,
    KeProcessorAddFailureNotify
} KE_PROCESSOR_CHANGE_NOTIFY_STATE;

typedef struct _KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT {
    KE_PROCESSOR_CHANGE_NOTIFY_STATE State;
    ULONG NtNumber;
    int32_t Status;
    PROCESSOR_NUMBER ProcNumber;
} KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT, *PKE_PROCESSOR_CHANGE_NOTIFY_CONTEXT;
NT_ASSERT_SIZE(KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT, 16);

typedef void PROCESSOR_CALLBACK_FUNCTION(PVOID context, KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT *change,
                                         PNTSTATUS status);
typedef PROCESSOR_CALLBACK_FUNCTION *PPROCESSOR_CALLBACK_FUNCTION;

#define KE_PROCESSOR_CHANGE_ADD_EXISTING 1u
#define ALL_PROCESSOR_GROUPS             0xffff

typedef void EXPAND_STACK_CALLOUT(PVOID parameter);
typedef EXPAND_STACK_CALLOUT *PEXPAND_STACK_CALLOUT;

/* Bug-check callbacks. Source: WDK "KeRegisterBugCheckCallback function", its record is opaque. */
typedef enum _KBUGCHECK_BUFFER_DUMP_STATE {
    BufferEmpty,
    BufferInserted,
    BufferStarted,
    BufferFinished,
    BufferIncomplete
} KBUGCHECK_BUFFER_DUMP_STATE;

typedef enum _KBUGCHECK_CALLBACK_REASON {
    KbCallbackInvalid,
    KbCallbackReserved1,
    KbCallbackSecondaryDumpData,
    KbCallbackDumpIo,
    KbCallbackAddPages
} KBUGCHECK_CALLBACK_REASON;

typedef void KBUGCHECK_CALLBACK_ROUTINE(PVOID buffer, ULONG length);
typedef KBUGCHECK_CALLBACK_ROUTINE *PKBUGCHECK_CALLBACK_ROUTINE;
struct _KBUGCHECK_REASON_CALLBACK_RECORD;
typedef void KBUGCHECK_REASON_CALLBACK_ROUTINE(KBUGCHECK_CALLBACK_REASON reason,
                                               struct _KBUGCHECK_REASON_CALLBACK_RECORD *record,
                                               PVOID data, ULONG length);
typedef KBUGCHECK_REASON_CALLBACK_ROUTINE *PKBUGCHECK_REASON_CALLBACK_ROUTINE;

typedef struct _KBUGCHECK_CALLBACK_RECORD {
    LIST_ENTRY Entry;
    PKBUGCHECK_CALLBACK_ROUTINE CallbackRoutine;
    PVOID Buffer;
    ULONG Length;
    PUCHAR Component;
    ULONG_PTR Checksum;
    UCHAR State;
} KBUGCHECK_CALLBACK_RECORD, *PKBUGCHECK_CALLBACK_RECORD;
NT_ASSERT_SIZE(KBUGCHECK_CALLBACK_RECORD, 64);
NT_ASSERT_OFFSET(KBUGCHECK_CALLBACK_RECORD, State, 56);

typedef struct _KBUGCHECK_REASON_CALLBACK_RECORD {
    LIST_ENTRY Entry;
    PKBUGCHECK_REASON_CALLBACK_ROUTINE CallbackRoutine;
    PUCHAR Component;
    ULONG_PTR Checksum;
    KBUGCHECK_CALLBACK_REASON Reason;
    UCHAR State;
} KBUGCHECK_REASON_CALLBACK_RECORD, *PKBUGCHECK_REASON_CALLBACK_RECORD;
NT_ASSERT_SIZE(KBUGCHECK_REASON_CALLBACK_RECORD, 48);

/* The parts of the extended state, numbered as in XCR0. Source: Win32 "Working with XState Context" (winnt.h) */
#define XSTATE_LEGACY_FLOATING_POINT      0
#define XSTATE_LEGACY_SSE                 1
#define XSTATE_GSSE                       2
#define XSTATE_AVX                        XSTATE_GSSE
#define XSTATE_MASK_LEGACY_FLOATING_POINT (1ull << XSTATE_LEGACY_FLOATING_POINT)
#define XSTATE_MASK_LEGACY_SSE            (1ull << XSTATE_LEGACY_SSE)
#define XSTATE_MASK_LEGACY                (XSTATE_MASK_LEGACY_FLOATING_POINT | XSTATE_MASK_LEGACY_SSE)
#define XSTATE_MASK_GSSE                  (1ull << XSTATE_GSSE)
#define XSTATE_MASK_AVX                   XSTATE_MASK_GSSE

/* Kernel callers save the user's extended state here. Source: "KeSaveExtendedProcessorState". */
typedef struct _XSTATE_CONTEXT {
    ULONG64 Mask;
    ULONG Length;
    ULONG Reserved1;
    PVOID Area;
    PVOID Buffer;
} XSTATE_CONTEXT, *PXSTATE_CONTEXT;
NT_ASSERT_SIZE(XSTATE_CONTEXT, 32);

typedef struct _XSTATE_SAVE {
    struct _XSTATE_SAVE *Prev;
    KTHREAD *Thread;
    UCHAR Level;
    XSTATE_CONTEXT XStateContext;
} XSTATE_SAVE, *PXSTATE_SAVE;
NT_ASSERT_SIZE(XSTATE_SAVE, 56);

/* x64 keeps floating point state per thread; the buffer of KeSaveFloatingPointState is unused. */
typedef ULONG KFLOATING_SAVE, *PKFLOATING_SAVE;

#endif
