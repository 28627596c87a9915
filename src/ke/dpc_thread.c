/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threaded DPCs, and waiting for DPCs.
 *
 * A threaded DPC runs at PASSIVE_LEVEL in a thread of the highest priority, one for each processor and bound to it, so
 * that ordinary DPCs and interrupts come in between but no other thread does. Queueing may happen at any level, where
 * no event can be set: the dispatch interrupt does that (ke_dpc_drain).
 *
 * To wait for DPCs is to queue one of one's own behind them, on the processor and in the queue concerned: when it has
 * run, those that were queued before it have, and what ran then has ended.
 */
#include <nt/ke_object_ddi.h>
#include <nt/ntstatus.h>

#include "ke/ke_impl.h"

static void run_threaded(void *argument)
{
    struct ke_cpu *cpu = argument;
    for (;;) {
        (void)KeWaitForSingleObject(&cpu->dpc_thread_work, Executive, KernelMode, FALSE,
                                    NULL); /* no time-out */
        while (ke_dpc_run_one(cpu, KE_DPC_THREADED))
            cpu->counters.threaded_dpcs_run++;
    }
}

MUST_CHECK NTSTATUS ke_dpc_threads_start(bool enabled)
{
    NTSTATUS status = STATUS_SUCCESS;
    uint32_t count = atomic_load_acquire(&ke.cpu_count);
    for (uint32_t i = 0; i < count && enabled && NT_SUCCESS(status); i++) {
        struct ke_thread *thread;
        struct ke_thread_options options = { .name = "threaded dpcs",
                                             .priority = KE_PRIORITY_HIGH,
                                             .affinity = (uint64_t)1 << i };
        status = ke_thread_run(&options, run_threaded, ke.cpu[i], &thread);
        if (NT_SUCCESS(status))
            ke_thread_release(thread); /* it never ends: nobody waits for it */
    }
    atomic_store_release(&ke.threaded_dpcs, enabled && NT_SUCCESS(status));
    return status;
}

struct marker {
    KDPC dpc;
    KEVENT passed;
};

static void pass(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    (void)KeSetEvent(&((struct marker *)context)->passed, 0, FALSE); /* it was not set */
}

/* Until what stands in the queue now has run. */
static void flush(const struct ke_cpu *cpu, enum ke_dpc_kind kind)
{
    struct marker marker;
    KeInitializeEvent(&marker.passed, NotificationEvent, FALSE);
    if (kind == KE_DPC_THREADED)
        KeInitializeThreadedDpc(&marker.dpc, pass, &marker);
    else
        KeInitializeDpc(&marker.dpc, pass, &marker);
    KeSetTargetProcessorDpc(&marker.dpc, (CCHAR)cpu->index);
    KeSetImportanceDpc(&marker.dpc, MediumHighImportance); /* at the end, and at once */
    (void)KeInsertQueueDpc(&marker.dpc, NULL, NULL);       /* a new DPC */
    (void)KeWaitForSingleObject(&marker.passed, Executive, KernelMode, FALSE,
                                NULL); /* no time-out */
}

/*
 * Wait until the DPCs that are queued now, on all processors, have run.
 *
 * IRQL:    PASSIVE_LEVEL
 * Source:  WDK "KeFlushQueuedDpcs function (wdm.h)"
 */
void KeFlushQueuedDpcs(void)
{
    IRQL_IS(PASSIVE_LEVEL);
    uint32_t count = atomic_load_acquire(&ke.cpu_count);
    for (uint32_t i = 0; i < count; i++) {
        flush(ke.cpu[i], KE_DPC_ORDINARY);
        flush(ke.cpu[i], KE_DPC_THREADED);
    }
}

/*
 * As KeRemoveQueueDpc; with `wait_if_active` its routine does not run any more when this returns, unless somebody queued
 * it again.
 *
 * IRQL:    any; <= APC_LEVEL to wait
 * Source:  WDK "KeRemoveQueueDpcEx function (wdm.h)"
 */
BOOLEAN KeRemoveQueueDpcEx(KDPC *dpc, BOOLEAN wait_if_active)
{
    BOOLEAN removed = KeRemoveQueueDpc(dpc);
    if (!wait_if_active)
        return removed;
    IRQL_MAX(APC_LEVEL);
    uint32_t count = atomic_load_acquire(&ke.cpu_count);
    for (uint32_t i = 0; i < count; i++) {
        for (enum ke_dpc_kind kind = KE_DPC_ORDINARY; kind < KE_DPC_KINDS; kind++) {
            if (atomic_load_acquire(&ke.cpu[i]->dpcs[kind].running) == dpc)
                flush(ke.cpu[i], kind);
        }
    }
    return removed;
}
