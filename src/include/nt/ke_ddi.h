/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel core's functions as drivers call them. Each is a row of src/abi/exports.tbl.
 * Source of all: the WDK reference page "<name> function (wdm.h)" unless a comment names another.
 */
#ifndef NT_KE_DDI_H
#define NT_KE_DDI_H

#include <nt/irql.h>
#include <nt/ke.h>

/* --- Levels. IRQL: any ------------------------------------------------------------------------------------ */

KIRQL KeGetCurrentIrql(void);
/* Raise to new_irql, which is not below the present level (else bugcheck IRQL_NOT_GREATER_OR_EQUAL). Returns the old. */
KIRQL KfRaiseIrql(KIRQL new_irql);
KIRQL KeRaiseIrqlToDpcLevel(void);
/* Back down; pending software interrupts of the levels between come in. Raising by it: IRQL_NOT_LESS_OR_EQUAL. */
void KeLowerIrql(KIRQL new_irql);

/* --- Spin locks ------------------------------------------------------------------------------------------- */

void KeInitializeSpinLock(KSPIN_LOCK *lock);
KIRQL KeAcquireSpinLockRaiseToDpc(KSPIN_LOCK *lock);        /* IRQL: <= DISPATCH_LEVEL */
void KeReleaseSpinLock(KSPIN_LOCK *lock, KIRQL old_irql);   /* IRQL: DISPATCH_LEVEL */
void KeAcquireSpinLockAtDpcLevel(KSPIN_LOCK *lock);         /* IRQL: >= DISPATCH_LEVEL */
void KeReleaseSpinLockFromDpcLevel(KSPIN_LOCK *lock);       /* IRQL: >= DISPATCH_LEVEL */
BOOLEAN KeTryToAcquireSpinLockAtDpcLevel(KSPIN_LOCK *lock); /* IRQL: >= DISPATCH_LEVEL */

/* --- Events and semaphores. IRQL: <= DISPATCH_LEVEL ------------------------------------------------------- */

void KeInitializeEvent(KEVENT *event, EVENT_TYPE type, BOOLEAN state);
/* Returns the state before: 0 if it was not signalled. `wait` TRUE: the caller waits next. */
LONG KeSetEvent(KEVENT *event, KPRIORITY increment, BOOLEAN wait);
LONG KeResetEvent(KEVENT *event);
void KeClearEvent(KEVENT *event);
LONG KeReadStateEvent(KEVENT *event);

void KeInitializeSemaphore(KSEMAPHORE *semaphore, LONG count, LONG limit);
/* Returns the count before. Over the limit: raises STATUS_SEMAPHORE_LIMIT_EXCEEDED, the count is unchanged. */
LONG KeReleaseSemaphore(KSEMAPHORE *semaphore, KPRIORITY increment, LONG adjustment, BOOLEAN wait);
LONG KeReadStateSemaphore(KSEMAPHORE *semaphore);

/* --- Waiting. IRQL: <= APC_LEVEL; with a time-out of zero <= DISPATCH_LEVEL ------------------------------- */

/*
 * Wait until `object` (event, semaphore, timer, thread) is signalled. Times are in 100 ns: negative ones relative,
 * positive ones since 1601, zero a look without waiting, NULL for ever.
 * Returns: STATUS_SUCCESS, STATUS_TIMEOUT
 */
NTSTATUS KeWaitForSingleObject(PVOID object, KWAIT_REASON reason, KPROCESSOR_MODE mode,
                               BOOLEAN alertable, LARGE_INTEGER *timeout);
NTSTATUS KeDelayExecutionThread(KPROCESSOR_MODE mode, BOOLEAN alertable, LARGE_INTEGER *interval);

/* --- DPCs ------------------------------------------------------------------------------------------------- */

void KeInitializeDpc(KDPC *dpc, PKDEFERRED_ROUTINE routine, PVOID context);
void KeSetTargetProcessorDpc(KDPC *dpc, CCHAR number);
void KeSetImportanceDpc(KDPC *dpc, KDPC_IMPORTANCE importance);
/*
 * Queue the DPC on this processor, or on the one that KeSetTargetProcessorDpc chose. Queued already: nothing
 * happens, and the arguments of the first call stay.
 * IRQL: any. Returns TRUE if this call queued it.
 */
BOOLEAN KeInsertQueueDpc(KDPC *dpc, PVOID argument1, PVOID argument2);
/* IRQL: any. Returns TRUE if it was queued, and now is not. */
BOOLEAN KeRemoveQueueDpc(KDPC *dpc);

/* --- Timers. IRQL: <= DISPATCH_LEVEL ---------------------------------------------------------------------- */

void KeInitializeTimer(KTIMER *timer);
void KeInitializeTimerEx(KTIMER *timer, TIMER_TYPE type);
/* Due times as for waits; the period is in milliseconds, 0: once. Returns TRUE if the timer was set before. */
BOOLEAN KeSetTimer(KTIMER *timer, LARGE_INTEGER due, KDPC *dpc);
BOOLEAN KeSetTimerEx(KTIMER *timer, LARGE_INTEGER due, LONG period_ms, KDPC *dpc);
BOOLEAN KeCancelTimer(KTIMER *timer);
BOOLEAN KeReadStateTimer(KTIMER *timer);

/* --- Time and processors. IRQL: any ----------------------------------------------------------------------- */

ULONGLONG KeQueryInterruptTime(void); /* 100 ns since boot, moves once a tick */
ULONG KeQueryTimeIncrement(void);     /* 100 ns in a tick */
LARGE_INTEGER KeQueryPerformanceCounter(LARGE_INTEGER *frequency); /* 10 MHz */
void KeStallExecutionProcessor(ULONG microseconds); /* spins; meant for less than 50 */
ULONG KeQueryActiveProcessorCount(KAFFINITY *active);
ULONG KeGetCurrentProcessorNumberEx(PROCESSOR_NUMBER *number);

/* --- The end ---------------------------------------------------------------------------------------------- */

_Noreturn void KeBugCheck(ULONG code);
_Noreturn void KeBugCheckEx(ULONG code, ULONG_PTR p1, ULONG_PTR p2, ULONG_PTR p3, ULONG_PTR p4);
/* Raise an exception. Without a handler: bugcheck KMODE_EXCEPTION_NOT_HANDLED. Source: "ExRaiseStatus function (wdm.h)" */
_Noreturn void ExRaiseStatus(NTSTATUS status);

#endif
