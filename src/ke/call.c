/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running a function on other processors. A request is a node per target on the caller's stack, pushed to the
 * target's list; the target takes the whole list at once. The decrement of `remaining` is its last touch.
 *
 * Calls that run together gather their processors before the function begins anywhere. Two of them at once would gather
 * each a part and wait for ever, so there is one at a time; who waits for its turn, or for the others, takes interrupts
 * or answers shoot-downs (tlb.c) meanwhile.
 */
#include <nt/ke_object_ddi.h>

#include "ke/ke_impl.h"

struct ke_call {
    struct ke_call *next;
    void (*routine)(void *argument);
    void *argument;
    uint32_t *remaining; /* [a] */
};

static void push(struct ke_cpu *cpu, struct ke_call *call)
{
    struct ke_call *head = atomic_load_relaxed(&cpu->calls);
    do
        call->next = head;
    while (!atomic_cas(&cpu->calls, &head, call));
    arch_cpu()->counters.ipis_sent++;
    arch_ipi_send(cpu->index, ARCH_IPI_CALL);
}

void ke_calls_run(struct ke_cpu *cpu)
{
    struct ke_call *call = atomic_exchange(&cpu->calls, NULL);
    while (call != NULL) {
        struct ke_call *next = call->next;
        uint32_t *remaining = call->remaining;
        call->routine(call->argument);
        (void)atomic_sub(remaining, 1); /* the node may be gone from here on */
        call = next;
    }
}

void ke_call_processors(uint64_t cpus, void (*routine)(void *argument), void *argument)
{
    CHECK(arch_interrupts_enabled()); /* or two callers would wait for each other for ever */
    IRQL_MAX(IPI_LEVEL - 1);
    struct ke_call calls[ARCH_MAX_CPUS];
    KIRQL old = arch_irql();
    if (old < DISPATCH_LEVEL)
        arch_irql_set(DISPATCH_LEVEL); /* stay on this processor */
    uint64_t self = (uint64_t)1 << arch_cpu()->index;
    uint64_t others = cpus & atomic_load_acquire(&ke.active) & ~self;
    uint32_t remaining = (uint32_t)__builtin_popcountll(others);
    for (uint64_t left = others; left != 0; left &= left - 1) {
        uint32_t index = (uint32_t)__builtin_ctzll(left);
        calls[index] = (struct ke_call){ NULL, routine, argument, &remaining };
        push(ke.cpu[index], &calls[index]);
    }
    if (cpus & self)
        routine(argument);
    while (atomic_load_acquire(&remaining) != 0)
        arch_cpu_pause();
    arch_irql_set(old);
}

/* --- Together --------------------------------------------------------------------------------------------- */

struct gathering {
    PKIPI_BROADCAST_WORKER worker;
    ULONG_PTR argument;
    uint32_t missing;      /* [a] processors that are not here yet */
    struct ke_cpu *caller; /* [i] whose result counts */
    ULONG_PTR result;      /* [o] by the caller */
};

static void take_part(void *argument)
{
    struct gathering *gathering = argument;
    KIRQL old = arch_irql();
    if (old < IPI_LEVEL)
        arch_irql_set(IPI_LEVEL);
    (void)atomic_sub(&gathering->missing, 1);
    while (atomic_load_acquire(&gathering->missing) != 0)
        ke_tlb_pause();
    ULONG_PTR result = gathering->worker(gathering->argument);
    if (gathering->caller == arch_cpu())
        gathering->result = result;
    arch_irql_set(old);
}

static bool takes_turn(void)
{
    return atomic_load_relaxed(&ke.calling_together) == 0 &&
           atomic_exchange_acquire(&ke.calling_together, 1) == 0;
}

ULONG_PTR ke_call_together(uint64_t cpus, PKIPI_BROADCAST_WORKER worker, ULONG_PTR argument)
{
    KIRQL old = arch_irql();
    if (old < DISPATCH_LEVEL)
        arch_irql_set(DISPATCH_LEVEL); /* who has its turn is not preempted */
    while (!takes_turn())
        arch_cpu_pause();
    uint64_t there = cpus & atomic_load_acquire(&ke.active);
    struct gathering gathering = { .worker = worker,
                                   .argument = argument,
                                   .missing = (uint32_t)__builtin_popcountll(there),
                                   .caller = arch_cpu() };
    ke_call_processors(there, take_part, &gathering);
    atomic_store_release(&ke.calling_together, 0);
    arch_irql_set(old);
    return gathering.result;
}

/*
 * IRQL:    < IPI_LEVEL
 * Returns: what the routine returned on this processor
 * Source:  WDK "KeIpiGenericCall function (wdm.h)": on all processors at once, at IPI_LEVEL
 */
ULONG_PTR KeIpiGenericCall(PKIPI_BROADCAST_WORKER worker, ULONG_PTR argument)
{
    return ke_call_together(UINT64_MAX, worker, argument);
}

void ke_ipi(uint32_t reasons)
{
    struct ke_cpu *cpu = arch_cpu();
    cpu->counters.ipis_received++;
    if (reasons & (uint32_t)1 << ARCH_IPI_CALL) {
        ke_tlb_serve(cpu);
        ke_calls_run(cpu);
    }
    if (!(reasons & (uint32_t)1 << ARCH_IPI_RESCHEDULE))
        return;
    arch_software_interrupt(DISPATCH_LEVEL);
    if (atomic_load_acquire(&cpu->current->kernel_apc_pending))
        arch_software_interrupt(APC_LEVEL);
}
