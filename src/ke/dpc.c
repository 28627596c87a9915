/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deferred procedure calls: a queue per processor, drained at DISPATCH_LEVEL with interrupts on.
 *
 * DpcData says where a DPC stands: NULL, not queued; else the processor whose queue it is in, or about to be in. Who
 * moves it from NULL owns the insertion; it goes back to NULL under that queue's lock before the routine runs, so the
 * routine may queue its own DPC again, or free it.
 */
#include <nt/ke_ddi.h>

#include "ke/ke_impl.h"

#define DPC_OBJECT_TYPE 0x13

void KeInitializeDpc(KDPC *dpc, PKDEFERRED_ROUTINE routine, PVOID context)
{
    *dpc = (KDPC){
        .Type = DPC_OBJECT_TYPE,
        .Importance = MediumImportance,
        .DeferredRoutine = routine,
        .DeferredContext = context,
    };
}

/* Number: 0, the processor that queues; else index + 1. */
void KeSetTargetProcessorDpc(KDPC *dpc, CCHAR number)
{
    CHECK(number >= 0 && (uint32_t)number < ke.cpu_count);
    dpc->Number = (USHORT)(number + 1);
}

void KeSetImportanceDpc(KDPC *dpc, KDPC_IMPORTANCE importance)
{
    dpc->Importance = (UCHAR)importance;
}

static void enqueue(struct ke_cpu *cpu, KDPC *dpc)
{
    SINGLE_LIST_ENTRY *entry = &dpc->DpcListEntry;
    LOCK_HELD(&cpu->dpc_lock);
    if (dpc->Importance == HighImportance || cpu->dpc_first == NULL) {
        entry->Next = cpu->dpc_first;
        cpu->dpc_first = entry;
        if (entry->Next == NULL)
            cpu->dpc_last = entry;
    } else {
        entry->Next = NULL;
        cpu->dpc_last->Next = entry;
        cpu->dpc_last = entry;
    }
    atomic_store_relaxed(&cpu->dpc_depth, cpu->dpc_depth + 1);
}

/* False: it is not in the queue (yet). */
static bool dequeue(struct ke_cpu *cpu, KDPC *dpc)
{
    SINGLE_LIST_ENTRY *before = NULL;
    LOCK_HELD(&cpu->dpc_lock);
    for (SINGLE_LIST_ENTRY *e = cpu->dpc_first; e != NULL; before = e, e = e->Next) {
        if (e != &dpc->DpcListEntry)
            continue;
        *(before != NULL ? &before->Next : &cpu->dpc_first) = e->Next;
        if (cpu->dpc_last == e)
            cpu->dpc_last = before;
        atomic_store_relaxed(&cpu->dpc_depth, cpu->dpc_depth - 1);
        atomic_store_release(&dpc->DpcData, NULL);
        return true;
    }
    return false;
}

void ke_request_dispatch(struct ke_cpu *cpu)
{
    CHECK(!arch_interrupts_enabled());
    struct ke_cpu *self = arch_cpu();
    if (cpu == self) {
        if (!cpu->dispatching)
            arch_software_interrupt(DISPATCH_LEVEL);
        return;
    }
    self->counters.ipis_sent++;
    arch_ipi_send(cpu->index, ARCH_IPI_RESCHEDULE);
}

BOOLEAN KeInsertQueueDpc(KDPC *dpc, PVOID argument1, PVOID argument2)
{
    bool interrupts = arch_interrupts_disable();
    struct ke_cpu *target = dpc->Number != 0 ? ke_cpu_by_index(dpc->Number - 1) : arch_cpu();
    PVOID expected = NULL;
    bool ours = atomic_cas(&dpc->DpcData, &expected, (PVOID)target);
    if (ours) {
        dpc->SystemArgument1 = argument1;
        dpc->SystemArgument2 = argument2;
        ke_lock_acquire_nested(&target->dpc_lock);
        enqueue(target, dpc);
        ke_lock_release_nested(&target->dpc_lock);
        ke_request_dispatch(target);
    }
    arch_interrupts_restore(interrupts);
    return ours;
}

BOOLEAN KeRemoveQueueDpc(KDPC *dpc)
{
    bool interrupts = arch_interrupts_disable();
    bool removed = false;
    struct ke_cpu *cpu;
    /* Queued, but not found: its inserter stands between the two steps, with interrupts off. */
    while (!removed && (cpu = atomic_load_acquire(&dpc->DpcData)) != NULL) {
        ke_lock_acquire_nested(&cpu->dpc_lock);
        removed = dequeue(cpu, dpc);
        ke_lock_release_nested(&cpu->dpc_lock);
        if (!removed)
            arch_cpu_pause();
    }
    arch_interrupts_restore(interrupts);
    return removed;
}

/* Take the first DPC; what it will be called with is copied while it is still ours. */
static bool take_first(struct ke_cpu *cpu, KDPC **dpc, KDPC *copy)
{
    bool interrupts = ke_lock_acquire(&cpu->dpc_lock);
    SINGLE_LIST_ENTRY *entry = cpu->dpc_first;
    if (entry != NULL) {
        *dpc = CONTAINING_RECORD(entry, KDPC, DpcListEntry);
        *copy = **dpc;
        cpu->dpc_first = entry->Next;
        if (entry->Next == NULL)
            cpu->dpc_last = NULL;
        atomic_store_relaxed(&cpu->dpc_depth, cpu->dpc_depth - 1);
        atomic_store_release(&(*dpc)->DpcData, NULL);
    }
    ke_lock_release(&cpu->dpc_lock, interrupts);
    return entry != NULL;
}

void ke_dpc_drain(struct ke_cpu *cpu)
{
    KDPC *dpc, copy;
    while (take_first(cpu, &dpc, &copy)) {
        cpu->dpc_active = true;
        copy.DeferredRoutine(dpc, copy.DeferredContext, copy.SystemArgument1, copy.SystemArgument2);
        cpu->dpc_active = false;
        cpu->counters.dpcs_run++;
        IRQL_IS(DISPATCH_LEVEL);
    }
}
