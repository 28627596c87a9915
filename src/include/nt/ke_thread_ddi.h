/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel core's functions on threads, APCs, processors and time. Each that is exported is a row
 * of src/abi/exports.tbl. Source of all: the WDK reference page "<name> function" of wdm.h, ntddk.h
 * or ntifs.h; of the APC functions "Types of APCs" and the names that drivers import.
 */
#ifndef NT_KE_THREAD_DDI_H
#define NT_KE_THREAD_DDI_H

#include <nt/ke_ddi.h>

/* ---- Regions without APCs. IRQL: <= APC_LEVEL ---- */

/* No normal kernel APC and no suspension; nests. */
void KeEnterCriticalRegion(void);
void KeLeaveCriticalRegion(void);
/* No APC at all; nests. */
void KeEnterGuardedRegion(void);
void KeLeaveGuardedRegion(void);
BOOLEAN KeAreApcsDisabled(void);
BOOLEAN KeAreAllApcsDisabled(void);

/* ---- APCs. IRQL: <= DISPATCH_LEVEL ---- */

/* No normal routine: a special kernel APC. `mode` is the normal routine's. */
void KeInitializeApc(KAPC *apc, KTHREAD *thread, KAPC_ENVIRONMENT environment,
                     PKKERNEL_ROUTINE kernel, PKRUNDOWN_ROUTINE rundown, PKNORMAL_ROUTINE normal,
                     KPROCESSOR_MODE mode, PVOID context);
/* Returns FALSE if it is queued already, or the thread takes no more APCs. */
BOOLEAN KeInsertQueueApc(KAPC *apc, PVOID argument1, PVOID argument2, KPRIORITY increment);
BOOLEAN KeRemoveQueueApc(KAPC *apc);
/* Returns whether the thread was alerted, and takes that back; notes pending user APCs. */
BOOLEAN KeTestAlertThread(KPROCESSOR_MODE mode);
BOOLEAN KeAlertThread(KTHREAD *thread, KPROCESSOR_MODE mode);

/* ---- Threads and priorities ---- */

KTHREAD *KeGetCurrentThread(void);
KPRIORITY KeQueryPriorityThread(KTHREAD *thread);
KPRIORITY KeSetPriorityThread(KTHREAD *thread, KPRIORITY priority);
LONG KeSetBasePriorityThread(KTHREAD *thread, LONG increment);
ULONG KeQueryRuntimeThread(KTHREAD *thread, ULONG *user_time);
void KeStackAttachProcess(KPROCESS *process, KAPC_STATE *state);
void KeUnstackDetachProcess(KAPC_STATE *state);
void KeAttachProcess(KPROCESS *process);
void KeDetachProcess(void);
/* Call with at least `bytes` of kernel stack left. STATUS_NO_MEMORY, or past a limit of nesting. */
NTSTATUS KeExpandKernelStackAndCallout(PEXPAND_STACK_CALLOUT callout, PVOID parameter,
                                       SIZE_T bytes);

/* ---- Affinity. IRQL: <= APC_LEVEL to set ---- */

void KeSetSystemAffinityThread(KAFFINITY affinity);
KAFFINITY KeSetSystemAffinityThreadEx(KAFFINITY affinity);
void KeRevertToUserAffinityThread(void);
void KeRevertToUserAffinityThreadEx(KAFFINITY affinity);
void KeSetSystemGroupAffinityThread(GROUP_AFFINITY *affinity, GROUP_AFFINITY *previous);
void KeRevertToUserGroupAffinityThread(GROUP_AFFINITY *previous);

/* ---- Processors. IRQL: any, unless told ---- */

extern NT_IMPORT volatile CCHAR KeNumberProcessors;
KAFFINITY KeQueryActiveProcessors(void);
ULONG KeQueryActiveProcessorCountEx(USHORT group);
ULONG KeQueryMaximumProcessorCount(void);
ULONG KeQueryMaximumProcessorCountEx(USHORT group);
USHORT KeQueryActiveGroupCount(void);
USHORT KeQueryMaximumGroupCount(void);
KAFFINITY KeQueryGroupAffinity(USHORT group);
NTSTATUS KeGetProcessorNumberFromIndex(ULONG index, PROCESSOR_NUMBER *number);
ULONG KeGetProcessorIndexFromNumber(PROCESSOR_NUMBER *number);
USHORT KeQueryHighestNodeNumber(void);
USHORT KeGetCurrentNodeNumber(void);
ULONG KeGetRecommendedSharedDataAlignment(void);
/* IRQL: PASSIVE_LEVEL */
PVOID KeRegisterProcessorChangeCallback(PPROCESSOR_CALLBACK_FUNCTION callback, PVOID context,
                                        ULONG flags);
void KeDeregisterProcessorChangeCallback(PVOID registration);

/* ---- Extended state, for callers that use SSE or AVX. IRQL: <= DISPATCH_LEVEL ---- */

NTSTATUS KeSaveExtendedProcessorState(ULONG64 mask, XSTATE_SAVE *save);
void KeRestoreExtendedProcessorState(XSTATE_SAVE *save);
NTSTATUS KeSaveFloatingPointState(KFLOATING_SAVE *save);
NTSTATUS KeRestoreFloatingPointState(KFLOATING_SAVE *save);

/* ---- Time. IRQL: any ---- */

void KeQuerySystemTimePrecise(LARGE_INTEGER *time);
ULONGLONG KeQueryInterruptTimePrecise(ULONG64 *performance_counter);
ULONGLONG KeQueryUnbiasedInterruptTime(void);

#endif
