/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts: pending per processor, delivered when interrupts are on and the level permits,
 * highest level first, on the stack of whoever runs. As on the real port, what can switch
 * threads (APC and DISPATCH) is acknowledged before the upcall and runs with interrupts on; so
 * a thread may come back from it on another processor, and everything after an upcall looks at
 * host_this again.
 */
#include <nt/irql.h>
#include <nt/ntstatus.h>

#include "host.h"

#define FIRST_DEVICE_LEVEL 3
#define DEVICE_LEVELS      9

static uint32_t first_bit(uint32_t bits)
{
    return (uint32_t)__builtin_ctz(bits);
}

/* The line of the highest level among those pending. */
static uint32_t highest_line(const struct host_cpu *cpu)
{
    uint32_t best = first_bit(cpu->pending_lines);

    for (uint32_t gsi = best + 1; gsi < HOST_LINES; gsi++)
        if ((cpu->pending_lines >> gsi & 1) && host.lines[gsi].irql > host.lines[best].irql)
            best = gsi;
    return best;
}

KIRQL host_pending_level(const struct host_cpu *cpu)
{
    if (cpu->pending_ipis != 0)
        return IPI_LEVEL;
    if (cpu->pending_clock)
        return CLOCK_LEVEL;
    if (cpu->pending_lines != 0)
        return host.lines[highest_line(cpu)].irql;
    if (cpu->pending_software & 1 << DISPATCH_LEVEL)
        return DISPATCH_LEVEL;
    return cpu->pending_software & 1 << APC_LEVEL ? APC_LEVEL : PASSIVE_LEVEL;
}

static void up(struct arch_frame *frame, enum arch_interrupt kind, uint32_t detail)
{
    if (host.interrupt_hook == NULL || !host.interrupt_hook(frame, kind, detail))
        trap_interrupt(frame, kind, detail);
}

static void deliver_ipis(struct arch_frame *frame)
{
    uint32_t reasons = host_this->pending_ipis;

    host_this->pending_ipis = 0;
    up(frame, ARCH_INTERRUPT_IPI, reasons);
}

static void deliver_clock(struct arch_frame *frame)
{
    uint64_t ticks = host_ticks_due(host_this);

    if (ticks != 0)
        trap_clock(frame, ticks);
}

/* A level that is asserted is pending unless it is being dealt with. */
static void offer(uint32_t gsi)
{
    const struct host_line *line = &host.lines[gsi];

    if (line->connected && line->asserted && !line->in_service)
        host.cpus[line->cpu].pending_lines |= 1u << gsi;
}

static void deliver_line(struct arch_frame *frame)
{
    uint32_t gsi = highest_line(host_this);

    host_this->pending_lines &= ~(1u << gsi);
    host_this->interrupts = true;
    host.lines[gsi].in_service = true;
    if (gsi == HOST_POWER_BUTTON_LINE && host.power_button_pressed != NULL)
        host.power_button_pressed();
    else
        up(frame, ARCH_INTERRUPT_DEVICE, gsi);
    host.lines[gsi].in_service = false;
    offer(gsi);
}

static void deliver_software(struct arch_frame *frame, KIRQL level)
{
    host_this->pending_software &= (uint8_t)~(1u << level);
    host_this->interrupts = true;
    up(frame, level == DISPATCH_LEVEL ? ARCH_INTERRUPT_DISPATCH : ARCH_INTERRUPT_APC, 0);
}

static void deliver_at(KIRQL level)
{
    struct arch_frame frame = {
        .irql = host_this->irql,
        .interrupts = true,
        .cpu = host_this->index,
        .pc = (uintptr_t)__builtin_return_address(0),
        .frame_pointer = (uintptr_t)__builtin_frame_address(0),
        .stack_pointer = (uintptr_t)&frame,
    };

    host_this->interrupts = false;
    host_this->irql = level;
    if (level == IPI_LEVEL)
        deliver_ipis(&frame);
    else if (level == CLOCK_LEVEL)
        deliver_clock(&frame);
    else if (level > DISPATCH_LEVEL)
        deliver_line(&frame);
    else
        deliver_software(&frame, level);
    host_this->interrupts = true;
    host_this->irql = frame.irql;
}

bool host_deliver(void)
{
    bool any = false;

    while (!host.frozen && host_cpu_wakes(host_this)) {
        deliver_at(host_pending_level(host_this));
        any = true;
    }
    return any;
}

bool arch_interrupts_enabled(void)
{
    return host_this->interrupts;
}

bool arch_interrupts_disable(void)
{
    bool were_enabled;

    host_point();
    were_enabled = host_this->interrupts;
    host_this->interrupts = false;
    return were_enabled;
}

void arch_interrupts_restore(bool were_enabled)
{
    if (!were_enabled)
        return;
    host_this->interrupts = true;
    host_point();
}

KIRQL arch_irql(void)
{
    return host_this->irql;
}

void arch_irql_set(KIRQL irql)
{
    CHECK(irql <= HIGH_LEVEL);
    host_this->irql = irql;
    host_point();
}

void arch_software_interrupt(KIRQL level)
{
    CHECK(level == APC_LEVEL || level == DISPATCH_LEVEL);
    host_this->pending_software |= (uint8_t)(1u << level);
    if (host_this->interrupts)
        (void)host_deliver();
}

NTSTATUS arch_interrupt_connect(uint32_t gsi, uint32_t cpu_index, KIRQL *vector_irql)
{
    struct host_line *line = &host.lines[gsi < HOST_LINES ? gsi : 0];
    bool none = cpu_index == ARCH_CPU_NONE;

    if (gsi >= HOST_LINES)
        return STATUS_INVALID_PARAMETER;
    if (!none && (cpu_index >= host.options.cpus || !host.cpus[cpu_index].started))
        return STATUS_INVALID_PARAMETER;
    line->connected = !none;
    line->cpu = none ? line->cpu : cpu_index;
    line->irql = (KIRQL)(FIRST_DEVICE_LEVEL + gsi % DEVICE_LEVELS);
    *vector_irql = line->irql;
    offer(gsi);
    return STATUS_SUCCESS;
}

void arch_interrupt_disconnect(uint32_t gsi)
{
    CHECK(gsi < HOST_LINES);
    host.lines[gsi].connected = false;
    for (uint32_t i = 0; i < host.options.cpus; i++)
        host.cpus[i].pending_lines &= ~(1u << gsi);
}

void host_line_assert(uint32_t gsi, bool asserted)
{
    CHECK(gsi < HOST_LINES);
    host.lines[gsi].asserted = asserted;
    offer(gsi);
    host_point();
}

/* An edge on the line: lost if it is not connected, as with a masked one. */
void host_line_raise(uint32_t gsi)
{
    const struct host_line *line = &host.lines[gsi];

    CHECK(gsi < HOST_LINES);
    if (!line->connected)
        return;
    host.cpus[line->cpu].pending_lines |= 1u << gsi;
    host_point();
}
