/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rest of the kernel core's functions on objects and locks: mutexes, queues, waits for several
 * objects, queued spin locks, device queues, bug-check callbacks. Each that is exported is a row of
 * src/abi/exports.tbl. Source of all: the WDK reference page "<name> function" of wdm.h or ntifs.h.
 */
#ifndef NT_KE_OBJECT_DDI_H
#define NT_KE_OBJECT_DDI_H

#include <nt/ke_ddi.h>

/* ---- Waiting. IRQL: <= APC_LEVEL; with a time-out of zero <= DISPATCH_LEVEL ---- */

/*
 * Wait for one or all of up to MAXIMUM_WAIT_OBJECTS objects; more than THREAD_WAIT_OBJECTS need
 * `blocks`, an array of `count` in resident memory. Beyond the limits: bugcheck
 * MAXIMUM_WAIT_OBJECTS_EXCEEDED.
 * Returns: STATUS_WAIT_0 + n, STATUS_ABANDONED_WAIT_0 + n, STATUS_TIMEOUT, STATUS_ALERTED,
 *          STATUS_USER_APC
 */
NTSTATUS KeWaitForMultipleObjects(ULONG count, PVOID objects[], WAIT_TYPE type, KWAIT_REASON reason,
                                  KPROCESSOR_MODE mode, BOOLEAN alertable, LARGE_INTEGER *timeout,
                                  KWAIT_BLOCK *blocks);
#define KeWaitForMutexObject KeWaitForSingleObject

LONG KePulseEvent(KEVENT *event, KPRIORITY increment, BOOLEAN wait);

/* ---- Mutexes ---- */

void KeInitializeMutex(KMUTEX *mutex, ULONG level);
/* Returns the state before, 0: now free. Not the owner: raises STATUS_MUTANT_NOT_OWNED. */
LONG KeReleaseMutex(KMUTEX *mutex, BOOLEAN wait);
LONG KeReadStateMutex(KMUTEX *mutex);

/* ---- Guarded mutexes. IRQL: <= APC_LEVEL; special kernel APCs are off while held ---- */

void KeInitializeGuardedMutex(KGUARDED_MUTEX *mutex);
void KeAcquireGuardedMutex(KGUARDED_MUTEX *mutex);
void KeReleaseGuardedMutex(KGUARDED_MUTEX *mutex);
BOOLEAN KeTryToAcquireGuardedMutex(KGUARDED_MUTEX *mutex);
void KeAcquireGuardedMutexUnsafe(KGUARDED_MUTEX *mutex);
void KeReleaseGuardedMutexUnsafe(KGUARDED_MUTEX *mutex);

/* ---- Queues. IRQL: <= DISPATCH_LEVEL; to remove with a wait <= APC_LEVEL ---- */

/* `count`: how many threads may run with an entry at a time, 0: as many as there are processors. */
void KeInitializeQueue(KQUEUE *queue, ULONG count);
LONG KeReadStateQueue(KQUEUE *queue);
/* These return the state before. */
LONG KeInsertQueue(KQUEUE *queue, LIST_ENTRY *entry);
LONG KeInsertHeadQueue(KQUEUE *queue, LIST_ENTRY *entry);
/* Returns an entry, or STATUS_TIMEOUT, STATUS_USER_APC or STATUS_ABANDONED as a pointer. */
LIST_ENTRY *KeRemoveQueue(KQUEUE *queue, KPROCESSOR_MODE mode, LARGE_INTEGER *timeout);
/* Returns how many entries were written, or such a status. */
ULONG KeRemoveQueueEx(KQUEUE *queue, KPROCESSOR_MODE mode, BOOLEAN alertable,
                      LARGE_INTEGER *timeout, LIST_ENTRY **entries, ULONG count);
/* Returns the chain of entries that were left, NULL if there were none. */
LIST_ENTRY *KeRundownQueue(KQUEUE *queue);

/* ---- Timers and DPCs. IRQL: <= DISPATCH_LEVEL ---- */

BOOLEAN KeSetCoalescableTimer(KTIMER *timer, LARGE_INTEGER due, ULONG period_ms,
                              ULONG tolerable_delay_ms, KDPC *dpc);
void KeInitializeThreadedDpc(KDPC *dpc, PKDEFERRED_ROUTINE routine, PVOID context);
NTSTATUS KeSetTargetProcessorDpcEx(KDPC *dpc, PROCESSOR_NUMBER *number);
/* Waits until all DPCs that are queued on any processor have run. IRQL: PASSIVE_LEVEL. */
void KeFlushQueuedDpcs(void);
/* As KeRemoveQueueDpc, and until it does not run any more. IRQL: any; <= APC_LEVEL to wait. */
BOOLEAN KeRemoveQueueDpcEx(KDPC *dpc, BOOLEAN wait_if_active);
LOGICAL KeShouldYieldProcessor(void);

/* ---- Queued spin locks. IRQL: <= DISPATCH_LEVEL; DISPATCH_LEVEL if they do not raise ---- */

void KeAcquireInStackQueuedSpinLock(KSPIN_LOCK *lock, KLOCK_QUEUE_HANDLE *handle);
void KeReleaseInStackQueuedSpinLock(KLOCK_QUEUE_HANDLE *handle);
void KeAcquireInStackQueuedSpinLockAtDpcLevel(KSPIN_LOCK *lock, KLOCK_QUEUE_HANDLE *handle);
void KeReleaseInStackQueuedSpinLockFromDpcLevel(KLOCK_QUEUE_HANDLE *handle);
void KeAcquireInStackQueuedSpinLockForDpc(KSPIN_LOCK *lock, KLOCK_QUEUE_HANDLE *handle);
void KeReleaseInStackQueuedSpinLockForDpc(KLOCK_QUEUE_HANDLE *handle);
/* For DPCs, threaded ones too: what is raised, if anything, is lowered again. */
KIRQL KeAcquireSpinLockForDpc(KSPIN_LOCK *lock);
void KeReleaseSpinLockForDpc(KSPIN_LOCK *lock, KIRQL old_irql);
BOOLEAN KeTestSpinLock(KSPIN_LOCK *lock);

#define KeAcquireSpinLock(lock, old_irql) (*(old_irql) = KeAcquireSpinLockRaiseToDpc(lock))
#define KeRaiseIrql(new_irql, old_irql)   (*(old_irql) = KfRaiseIrql(new_irql))

/* ---- Device queues. IRQL: DISPATCH_LEVEL ---- */

void KeInitializeDeviceQueue(KDEVICE_QUEUE *queue);
/* These return FALSE, and make the queue busy, if it was not. */
BOOLEAN KeInsertDeviceQueue(KDEVICE_QUEUE *queue, KDEVICE_QUEUE_ENTRY *entry);
BOOLEAN KeInsertByKeyDeviceQueue(KDEVICE_QUEUE *queue, KDEVICE_QUEUE_ENTRY *entry, ULONG key);
/* These return NULL, and make the queue idle, if it was empty. */
KDEVICE_QUEUE_ENTRY *KeRemoveDeviceQueue(KDEVICE_QUEUE *queue);
KDEVICE_QUEUE_ENTRY *KeRemoveByKeyDeviceQueue(KDEVICE_QUEUE *queue, ULONG key);
KDEVICE_QUEUE_ENTRY *KeRemoveByKeyDeviceQueueIfBusy(KDEVICE_QUEUE *queue, ULONG key);
BOOLEAN KeRemoveEntryDeviceQueue(KDEVICE_QUEUE *queue, KDEVICE_QUEUE_ENTRY *entry);

/* ---- Interrupts ---- */

BOOLEAN KeSynchronizeExecution(KINTERRUPT *interrupt, PKSYNCHRONIZE_ROUTINE routine, PVOID context);
KIRQL KeAcquireInterruptSpinLock(KINTERRUPT *interrupt);
void KeReleaseInterruptSpinLock(KINTERRUPT *interrupt, KIRQL old_irql);
/* Run `worker` on all processors at once, at IPI_LEVEL. IRQL: < IPI_LEVEL. */
ULONG_PTR KeIpiGenericCall(PKIPI_BROADCAST_WORKER worker, ULONG_PTR argument);

/* ---- Bug-check callbacks. IRQL: any ---- */

static inline void KeInitializeCallbackRecord(KBUGCHECK_CALLBACK_RECORD *record)
{
    record->State = BufferEmpty;
}

BOOLEAN KeRegisterBugCheckCallback(KBUGCHECK_CALLBACK_RECORD *record,
                                   PKBUGCHECK_CALLBACK_ROUTINE routine, PVOID buffer, ULONG length,
                                   PUCHAR component);
BOOLEAN KeDeregisterBugCheckCallback(KBUGCHECK_CALLBACK_RECORD *record);
BOOLEAN KeRegisterBugCheckReasonCallback(KBUGCHECK_REASON_CALLBACK_RECORD *record,
                                         PKBUGCHECK_REASON_CALLBACK_ROUTINE routine,
                                         KBUGCHECK_CALLBACK_REASON reason, PUCHAR component);
BOOLEAN KeDeregisterBugCheckReasonCallback(KBUGCHECK_REASON_CALLBACK_RECORD *record);

#endif
