/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clock: a tick is one millisecond exactly. Processor 0 keeps the time; every processor that does not idle uses its
 * own ticks for quanta and its timer wheel. (1 ms because programs read the tick count as milliseconds, and drivers
 * as ticks: with this increment both are right.)
 */
#include <nt/ke_ddi.h>

#include "ke/ke_impl.h"

static void charge(struct ke_cpu *cpu, struct ke_thread *thread, uint64_t ticks)
{
    if (thread->idle)
        return;
    thread->quantum = ticks < thread->quantum ? thread->quantum - (uint32_t)ticks : 0;
    if (thread->quantum == 0 && atomic_load_relaxed(&cpu->ready_count) != 0)
        atomic_store_release(&cpu->reschedule, true);
}

void ke_clock_tick(uint64_t ticks)
{
    struct ke_cpu *cpu = arch_cpu();
    cpu->counters.ticks += ticks;
    if (cpu->index == 0)
        (void)atomic_add(&ke.ticks, ticks);
    charge(cpu, cpu->current, ticks);
    if (ke_timer_is_due(cpu) || atomic_load_relaxed(&cpu->reschedule))
        arch_software_interrupt(DISPATCH_LEVEL);
}

ULONGLONG KeQueryInterruptTime(void)
{
    return ke_tick_count() * KE_TICK_100NS;
}

ULONG KeQueryTimeIncrement(void)
{
    return KE_TICK_100NS;
}

/* In units of 1 / *frequency seconds: 10 MHz, whatever the processor's counter runs at. */
LARGE_INTEGER KeQueryPerformanceCounter(LARGE_INTEGER *frequency)
{
    const uint64_t target_hz = 10000000;
    uint64_t hz = arch_boot()->counter_hz;
    uint64_t count = arch_counter();
    LARGE_INTEGER result;
    result.QuadPart = (LONGLONG)(count / hz * target_hz + count % hz * target_hz / hz);
    if (frequency != NULL)
        frequency->QuadPart = (LONGLONG)target_hz;
    return result;
}

void KeStallExecutionProcessor(ULONG microseconds)
{
    arch_stall(microseconds);
}
