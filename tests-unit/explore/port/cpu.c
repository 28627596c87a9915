/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arch.h on the explorer: a processor is an actor, a context a stack, interrupts pend and come in wherever they are open.
 * What stands in port_cpus belongs to its processor alone, but for `ipis`, which changes in the same step as the request.
 */
#include <nt/irql.h>
#include <nt/ntstatus.h>

#include "port.h"

struct port_cpu port_cpus[EXPLORE_ACTORS];
unsigned port_cpu_count;
bool port_real_locks;
bool port_no_interrupts;

static struct port_cpu *self(void)
{
    return &port_cpus[explore_self()];
}

struct ke_cpu *arch_cpu(void)
{
    return self()->ke;
}

struct ke_thread *arch_thread(void)
{
    return self()->running->thread;
}

const struct arch_boot *arch_boot(void)
{
    static struct arch_boot boot;

    boot = (struct arch_boot){ .command_line = "",
                               .counter_hz = PORT_TICK * 1000ull,
                               .cpu_count = port_cpu_count };
    return &boot;
}

void arch_cpu_bind(struct ke_cpu *cpu, struct arch_context *running, struct ke_thread *thread)
{
    running->thread = thread;
    self()->ke = cpu;
    self()->running = running;
}

NTSTATUS arch_cpu_start(uint32_t index, struct ke_cpu *cpu, struct arch_context *idle)
{
    unsigned actor;

    if (index >= port_cpu_count)
        return STATUS_INVALID_PARAMETER;
    idle->starts_cpu = true;
    actor = explore_actor_on(&idle->stack);
    CHECK(actor == index);
    port_cpus[index] = (struct port_cpu){ .ke = cpu, .running = idle };
    port_cpu_connect(index);
    explore_setup_as(index);
    (void)explore_interrupts_disable();
    explore_run_quietly(index);
    explore_setup_as(0);
    return STATUS_SUCCESS;
}

void arch_cpu_pause(void)
{
    explore_pause();
}

void arch_cpu_halt(void)
{
    CHECK(!explore_interrupts_enabled());
    explore_halt();
}

/* --- Interrupts ------------------------------------------------------------------------------------------------- */

static void take_apc(void *unused)
{
    (void)unused;
    trap_interrupt(NULL, ARCH_INTERRUPT_APC, 0);
}

static void take_dispatch(void *unused)
{
    (void)unused;
    trap_interrupt(NULL, ARCH_INTERRUPT_DISPATCH, 0);
}

static void take_ipi(void *unused)
{
    uint32_t reasons = self()->ipis;

    (void)unused;
    self()->ipis = 0;
    trap_interrupt(NULL, ARCH_INTERRUPT_IPI, reasons);
}

void port_cpu_connect(unsigned index)
{
    if (port_no_interrupts)
        return;
    explore_interrupt_connect(index, APC_LEVEL, take_apc, NULL, true);
    explore_interrupt_connect(index, DISPATCH_LEVEL, take_dispatch, NULL, true);
    explore_interrupt_connect(index, CLOCK_LEVEL, port_clock_interrupt, NULL, false);
    explore_interrupt_connect(index, IPI_LEVEL, take_ipi, NULL, false);
}

/* The other processor does not see the interrupt before the stores that came before it: writing the APIC is uncached. */
void arch_ipi_send(uint32_t cpu_index, enum arch_ipi reason)
{
    explore_fence();
    explore_interrupt_raise(cpu_index, IPI_LEVEL);
    port_cpus[cpu_index].ipis |= 1u << reason;
}

void arch_software_interrupt(KIRQL level)
{
    CHECK(level == APC_LEVEL || level == DISPATCH_LEVEL);
    explore_interrupt_raise(explore_self(), level);
}

bool arch_interrupts_enabled(void)
{
    return explore_interrupts_enabled();
}

bool arch_interrupts_disable(void)
{
    return explore_interrupts_disable();
}

void arch_interrupts_restore(bool were_enabled)
{
    if (were_enabled)
        explore_interrupts_enable();
}

KIRQL arch_irql(void)
{
    return (KIRQL)explore_level();
}

void arch_irql_set(KIRQL irql)
{
    explore_level_set(irql);
}

NTSTATUS arch_interrupt_connect(uint32_t gsi, uint32_t cpu_index, KIRQL *vector_irql)
{
    (void)gsi;
    (void)cpu_index; /* no line brings anything: scenarios raise interrupts themselves */
    *vector_irql = PORT_LINE_LEVEL;
    return STATUS_SUCCESS;
}

void arch_interrupt_disconnect(uint32_t gsi)
{
    (void)gsi;
}

/* --- Contexts --------------------------------------------------------------------------------------------------- */

static void enter_context(void)
{
    if (self()->running->starts_cpu)
        port_cpu_begin();
    ke_thread_begin(self()->running->previous);
}

static void make_context(struct arch_context *context, struct ke_thread *thread, void *stack_top,
                         const char *name)
{
    *context = (struct arch_context){ .thread = thread };
    explore_stack_init(&context->stack, (char *)stack_top - (size_t)PORT_STACK_BYTES, stack_top,
                       enter_context, name);
}

void arch_context_init(struct arch_context *context, struct ke_thread *thread, void *stack_top)
{
    make_context(context, thread, stack_top, "a thread's stack");
}

void port_context_make_cpu(struct arch_context *context)
{
    char *stack = explore_stack_memory(PORT_STACK_BYTES);

    make_context(context, NULL, stack + PORT_STACK_BYTES, "boot stack");
    context->starts_cpu = true;
}

struct ke_thread *arch_context_switch(struct arch_context *from, struct arch_context *to)
{
    CHECK(!explore_interrupts_enabled());
    CHECK(self()->running == from);
    to->previous = from->thread;
    self()->running = to;
    explore_stack_switch(&from->stack, &to->stack);
    return from->previous;
}

void arch_float_save(void *area)
{
    (void)area; /* the kernel has none */
}

void arch_float_restore(const void *area, uint64_t mask)
{
    (void)area;
    (void)mask;
}
