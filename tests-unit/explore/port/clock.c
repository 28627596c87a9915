/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time: a counter that stands still but for the ticks of an actor of its own, which come at any point of a run. The words
 * here are shared by processors, so this file is instrumented like the kernel.
 */
#include <nt/irql.h>

#include "base/atomic.h"
#include "port.h"

static uint64_t counter;
static bool clock_on[EXPLORE_ACTORS];
static uint64_t ticks_due[EXPLORE_ACTORS];

void port_clock_reset(void)
{
    counter = PORT_TICK;
}

uint64_t arch_counter(void)
{
    return atomic_load_relaxed(&counter);
}

uint64_t arch_wall_clock_100ns(void)
{
    return atomic_load_relaxed(&counter) / 100;
}

void arch_stall(uint32_t microseconds)
{
    (void)microseconds; /* time passes by ticks only */
}

void arch_clock_start(void)
{
    atomic_store_relaxed(&clock_on[explore_self()], true);
}

void arch_clock_stop(void)
{
    atomic_store_relaxed(&clock_on[explore_self()], false);
}

void port_clock_interrupt(void *unused)
{
    (void)unused;
    uint64_t ticks = atomic_exchange(&ticks_due[explore_self()], 0);
    if (ticks != 0)
        trap_clock(NULL, ticks);
}

/* One tick, to the processors whose clock is on. */
static void tick(void)
{
    atomic_store_relaxed(&counter, atomic_load_relaxed(&counter) + PORT_TICK);
    for (unsigned cpu = 0; cpu < port_cpu_count; cpu++) {
        if (!atomic_load_relaxed(&clock_on[cpu]))
            continue;
        (void)atomic_add(&ticks_due[cpu], 1);
        explore_interrupt_raise(cpu, CLOCK_LEVEL);
    }
}

void port_clock_actor(void *ticks)
{
    for (uintptr_t i = 0; i < (uintptr_t)ticks; i++)
        tick();
}
