/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running a function on other processors. A request is a node per target on the caller's stack, pushed to the
 * target's list; the target takes the whole list at once. The decrement of `remaining` is its last touch.
 */
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
    IRQL_MAX(DISPATCH_LEVEL);
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

void ke_ipi(uint32_t reasons)
{
    struct ke_cpu *cpu = arch_cpu();
    cpu->counters.ipis_received++;
    if (reasons & (uint32_t)1 << ARCH_IPI_CALL)
        ke_calls_run(cpu);
    if (!(reasons & (uint32_t)1 << ARCH_IPI_RESCHEDULE))
        return;
    arch_software_interrupt(DISPATCH_LEVEL);
    if (atomic_load_acquire(&cpu->current->kernel_apc_pending))
        arch_software_interrupt(APC_LEVEL);
}
