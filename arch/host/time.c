/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtual time: it passes as the seam is called, jumps when every processor halts, and never by the
 * host's clock. A world in which a minute passes without a line of output is taken for dead.
 */
#include "host.h"

#define WALL_CLOCK_AT_BOOT 133485408000000000ull /* 2024-01-01 00:00 UTC in 100 ns since 1601 */

static void find_next_tick(void)
{
    host.next_tick = UINT64_MAX;
    for (uint32_t i = 0; i < host.options.cpus; i++) {
        const struct host_cpu *cpu = &host.cpus[i];
        uint64_t due = (cpu->last_tick + 1) * HOST_TICK;

        if (cpu->clock_on && !cpu->pending_clock && !cpu->stopped && due < host.next_tick)
            host.next_tick = due;
    }
}

static void raise_ticks(void)
{
    for (uint32_t i = 0; i < host.options.cpus; i++) {
        struct host_cpu *cpu = &host.cpus[i];

        if (cpu->clock_on && (cpu->last_tick + 1) * HOST_TICK <= host.counter)
            cpu->pending_clock = true;
    }
    find_next_tick();
}

void host_time_advance(uint64_t counts)
{
    host.counter += counts;
    if (host.counter >= host.next_tick)
        raise_ticks();
    if (host.counter >= host.hang_limit)
        host_give_up("a minute of its time has passed without output");
}

bool host_time_jump(void)
{
    if (host.next_tick == UINT64_MAX)
        return false;
    host_time_advance(host.next_tick > host.counter ? host.next_tick - host.counter : 0);
    return true;
}

void host_time_progress(void)
{
    host.hang_limit = host.counter + HOST_HANG_COUNTS;
}

uint64_t host_ticks_due(struct host_cpu *cpu)
{
    uint64_t now = host.counter / HOST_TICK;
    uint64_t ticks = now - cpu->last_tick;

    cpu->pending_clock = false;
    cpu->last_tick = now;
    find_next_tick();
    return ticks;
}

uint64_t arch_counter(void)
{
    host_point();
    return host.counter;
}

void arch_stall(uint32_t microseconds)
{
    uint64_t end = host.counter + (uint64_t)microseconds * (HOST_COUNTER_HZ / 1000000);

    while (host.counter < end)
        host_pause();
}

uint64_t arch_wall_clock_100ns(void)
{
    return WALL_CLOCK_AT_BOOT + host.counter / (HOST_COUNTER_HZ / 10000000);
}

void arch_clock_start(void)
{
    host_this->clock_on = true;
    host_this->last_tick = host.counter / HOST_TICK;
    find_next_tick();
}

void arch_clock_stop(void)
{
    host_this->clock_on = false;
    host_this->pending_clock = false;
    find_next_tick();
}
