/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deferred procedure calls: two queues per processor. The one of ordinary DPCs is drained at DISPATCH_LEVEL with
 * interrupts on, that of threaded ones by a thread (dpc_thread.c).
 *
 * Whether queueing asks for an interrupt at once depends on the importance, as the WDK's page "Organization of DPC
 * Queues" says: always for high and medium-high, for medium on this processor. For the rest only if the queue has
 * become deep, or if the processor gets so few requests that waiting for more would gain nothing. Those that
 * lie there run with the next dispatch interrupt, whatever it comes for, and with the next tick at the latest; an idle
 * processor gets no ticks, so it is always asked, and who is about to halt looks into its queues after it has said so.
 *
 * DpcData says where a DPC stands: NULL, not queued; else the processor whose queue it is in, or about to be in. Who
 * moves it from NULL owns the insertion; it goes back to NULL under that queue's lock before the routine runs, so the
 * routine may queue its own DPC again, or free it.
 */
#include <nt/ke_object_ddi.h>
#include <nt/ntstatus.h>

#include "ke/ke_impl.h"

#define TYPE_ORDINARY 0x13
#define TYPE_THREADED 0x1a

static void init(KDPC *dpc, UCHAR type, PKDEFERRED_ROUTINE routine, PVOID context)
{
    *dpc = (KDPC){
        .Type = type,
        .Importance = MediumImportance,
        .DeferredRoutine = routine,
        .DeferredContext = context,
    };
}

void KeInitializeDpc(KDPC *dpc, PKDEFERRED_ROUTINE routine, PVOID context)
{
    init(dpc, TYPE_ORDINARY, routine, context);
}

void KeInitializeThreadedDpc(KDPC *dpc, PKDEFERRED_ROUTINE routine, PVOID context)
{
    init(dpc, TYPE_THREADED, routine, context);
}

/* Number: 0, the processor that queues; else index + 1. */
void KeSetTargetProcessorDpc(KDPC *dpc, CCHAR number)
{
    CHECK(number >= 0 && (uint32_t)number < ke.cpu_count);
    dpc->Number = (USHORT)(number + 1);
}

/* STATUS_INVALID_PARAMETER: there is no such processor. IRQL: any */
NTSTATUS KeSetTargetProcessorDpcEx(KDPC *dpc, PROCESSOR_NUMBER *number)
{
    if (number->Group != 0 || number->Reserved != 0 ||
        number->Number >= atomic_load_acquire(&ke.cpu_count))
        return STATUS_INVALID_PARAMETER;
    dpc->Number = (USHORT)(number->Number + 1);
    return STATUS_SUCCESS;
}

void KeSetImportanceDpc(KDPC *dpc, KDPC_IMPORTANCE importance)
{
    dpc->Importance = (UCHAR)importance;
}

static void enqueue(struct ke_cpu *cpu, struct ke_dpc_queue *queue, KDPC *dpc)
{
    SINGLE_LIST_ENTRY *entry = &dpc->DpcListEntry;
    LOCK_HELD(&cpu->dpc_lock);
    if (dpc->Importance == HighImportance || queue->first == NULL) {
        entry->Next = queue->first;
        queue->first = entry;
        if (entry->Next == NULL)
            queue->last = entry;
    } else {
        entry->Next = NULL;
        queue->last->Next = entry;
        queue->last = entry;
    }
    atomic_store_relaxed(&queue->depth, queue->depth + 1);
    atomic_store_relaxed(&cpu->dpc_requests, cpu->dpc_requests + 1);
}

/* False: it is not in the queue (yet). */
static bool dequeue(struct ke_dpc_queue *queue, KDPC *dpc)
{
    SINGLE_LIST_ENTRY *before = NULL;
    for (SINGLE_LIST_ENTRY *e = queue->first; e != NULL; before = e, e = e->Next) {
        if (e != &dpc->DpcListEntry)
            continue;
        *(before != NULL ? &before->Next : &queue->first) = e->Next;
        if (queue->last == e)
            queue->last = before;
        atomic_store_relaxed(&queue->depth, queue->depth - 1);
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

static enum ke_dpc_kind kind_of(const KDPC *dpc)
{
    bool threaded = dpc->Type == TYPE_THREADED && atomic_load_acquire(&ke.threaded_dpcs);
    return threaded ? KE_DPC_THREADED : KE_DPC_ORDINARY;
}

/* The DPC is queued: is it worth an interrupt, too? The fence is the other half of go_idle's in switch.c. */
static bool starts_at_once(const struct ke_cpu *target, KDPC_IMPORTANCE importance, uint32_t depth)
{
    if (importance == HighImportance || importance == MediumHighImportance)
        return true;
    if (importance == MediumImportance && target == arch_cpu())
        return true;
    if (depth > atomic_load_relaxed(&ke.dpc_depth_maximum) ||
        atomic_load_relaxed(&target->dpc_rate) < atomic_load_relaxed(&ke.dpc_rate_minimum))
        return true;
    atomic_fence();
    return atomic_load_acquire(&ke.idle) >> target->index & 1;
}

/* Once it is in the queue the object may run and be gone: what is needed of it later is read before. */
static void insert(struct ke_cpu *target, KDPC *dpc)
{
    KDPC_IMPORTANCE importance = dpc->Importance;
    enum ke_dpc_kind kind = kind_of(dpc);
    ke_lock_acquire_nested(&target->dpc_lock);
    enqueue(target, &target->dpcs[kind], dpc);
    uint32_t depth = target->dpcs[kind].depth;
    ke_lock_release_nested(&target->dpc_lock);
    if (kind == KE_DPC_THREADED)
        atomic_store_release(&target->dpc_thread_wanted, true);
    if (starts_at_once(target, importance, depth))
        ke_request_dispatch(target);
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
        insert(target, dpc);
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
        removed =
            dequeue(&cpu->dpcs[KE_DPC_ORDINARY], dpc) || dequeue(&cpu->dpcs[KE_DPC_THREADED], dpc);
        ke_lock_release_nested(&cpu->dpc_lock);
        if (!removed)
            arch_cpu_pause();
    }
    arch_interrupts_restore(interrupts);
    return removed;
}

/* Take the first DPC; what it will be called with is copied while it is still ours. */
static bool take_first(struct ke_cpu *cpu, struct ke_dpc_queue *queue, KDPC **dpc, KDPC *copy)
{
    bool interrupts = ke_lock_acquire(&cpu->dpc_lock);
    SINGLE_LIST_ENTRY *entry = queue->first;
    if (entry != NULL) {
        *dpc = CONTAINING_RECORD(entry, KDPC, DpcListEntry);
        *copy = **dpc;
        queue->first = entry->Next;
        if (entry->Next == NULL)
            queue->last = NULL;
        atomic_store_relaxed(&queue->depth, queue->depth - 1);
        atomic_store_release(&queue->running, *dpc);
        atomic_store_release(&(*dpc)->DpcData, NULL);
    }
    ke_lock_release(&cpu->dpc_lock, interrupts);
    return entry != NULL;
}

bool ke_dpc_run_one(struct ke_cpu *cpu, enum ke_dpc_kind kind)
{
    struct ke_dpc_queue *queue = &cpu->dpcs[kind];
    KIRQL irql = arch_irql();
    KDPC *dpc, copy;
    if (!take_first(cpu, queue, &dpc, &copy))
        return false;
    copy.DeferredRoutine(dpc, copy.DeferredContext, copy.SystemArgument1, copy.SystemArgument2);
    IRQL_IS(irql);
    atomic_store_release(&queue->running, NULL);
    return true;
}

void ke_dpc_drain(struct ke_cpu *cpu)
{
    while (ke_dpc_run_one(cpu, KE_DPC_ORDINARY))
        cpu->counters.dpcs_run++;
    if (atomic_load_acquire(&cpu->dpc_thread_wanted) &&
        atomic_exchange(&cpu->dpc_thread_wanted, false))
        (void)KeSetEvent(&cpu->dpc_thread_work, 0, FALSE); /* set before: the thread is under way */
}

bool ke_dpc_waits(const struct ke_cpu *cpu)
{
    return atomic_load_relaxed(&cpu->dpcs[KE_DPC_ORDINARY].depth) != 0 ||
           atomic_load_acquire(&cpu->dpc_thread_wanted);
}

static void note_rate(struct ke_cpu *cpu, uint64_t ticks)
{
    uint32_t requests = atomic_load_relaxed(&cpu->dpc_requests);
    uint32_t rate = (uint32_t)((requests - cpu->dpc_last_count) / ticks);
    cpu->dpc_last_count = requests;
    atomic_store_relaxed(&cpu->dpc_rate, rate);
}

/* At CLOCK_LEVEL: the rate of requests, and an end to the wait of those that lie in the queue. */
void ke_dpc_tick(struct ke_cpu *cpu, uint64_t ticks)
{
    if (ticks != 0) /* 0: an interrupt before its time */
        note_rate(cpu, ticks);
    if (ke_dpc_waits(cpu))
        arch_software_interrupt(DISPATCH_LEVEL);
}
