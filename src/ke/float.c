/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Floating-point and vector registers for drivers. Each thread has its own, kept by the port; what a DPC or a driver in
 * the context of a foreign thread may use without asking is what the calling convention calls volatile.
 */
#include <nt/ke_ddi.h>
#include <nt/ke_thread_ddi.h>
#include <nt/ntstatus.h>

#include "ke/ke_impl.h"

#define TAG_STATE 0x7453784bu /* "KxSt" */
#define ALIGNMENT 64

/*
 * Keep the parts of the extended state that `mask` names, so that the caller may use them until it restores them. Parts
 * that the processor does not have are passed over: nobody can use them.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Returns: STATUS_SUCCESS, STATUS_INSUFFICIENT_RESOURCES
 * Source:  WDK "KeSaveExtendedProcessorState function (wdm.h)"
 */
NTSTATUS KeSaveExtendedProcessorState(ULONG64 mask, XSTATE_SAVE *save)
{
    IRQL_MAX(DISPATCH_LEVEL);
    uint8_t *buffer = ke.memory->allocate(ARCH_FLOAT_BYTES + ALIGNMENT - 1, TAG_STATE);
    if (buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    void *area = (void *)(((uintptr_t)buffer + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1));
    *save = (XSTATE_SAVE){
        .Thread = (KTHREAD *)arch_thread(),
        .Level = arch_irql(),
        .XStateContext = { .Mask = mask,
                           .Length = ARCH_FLOAT_BYTES,
                           .Area = area,
                           .Buffer = buffer },
    };
    arch_float_save(area);
    return STATUS_SUCCESS;
}

/*
 * Put back what KeSaveExtendedProcessorState kept. Same thread or DPC, same level as there.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Source:  WDK "KeRestoreExtendedProcessorState function (wdm.h)"
 */
void KeRestoreExtendedProcessorState(XSTATE_SAVE *save)
{
    IRQL_MAX(DISPATCH_LEVEL);
    arch_float_restore(save->XStateContext.Area, save->XStateContext.Mask);
    ke.memory->free(save->XStateContext.Buffer, TAG_STATE);
    save->XStateContext.Buffer = NULL;
}

/*
 * On x64 the state is the thread's own and a trap keeps the volatile registers: there is nothing to save, and the
 * buffer has no room for it. Drivers for several processors call these all the same.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Returns: STATUS_SUCCESS
 * Source:  WDK "Using Floating Point or MMX in a WDM Driver"; "KeSaveFloatingPointState function (wdm.h)"
 */
NTSTATUS KeSaveFloatingPointState(KFLOATING_SAVE *save)
{
    IRQL_MAX(DISPATCH_LEVEL);
    *save = 0;
    return STATUS_SUCCESS;
}

/*
 * The end of what KeSaveFloatingPointState began.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Returns: STATUS_SUCCESS
 * Source:  WDK "KeRestoreFloatingPointState function (wdm.h)"
 */
NTSTATUS KeRestoreFloatingPointState(KFLOATING_SAVE *save)
{
    IRQL_MAX(DISPATCH_LEVEL);
    (void)save; /* empty */
    return STATUS_SUCCESS;
}
