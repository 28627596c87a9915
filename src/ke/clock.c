/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clock: a tick is one millisecond exactly. Processor 0 keeps the time; every processor that does not idle uses its
 * own ticks for quanta and its timer wheel. (1 ms because programs read the tick count as milliseconds, and drivers
 * as ticks: with this increment both are right.)
 */
#include <nt/ke_thread_ddi.h>

#include "ke/ke_impl.h"

#define BALANCE_TICKS 64
#define COUNTER_HZ    10000000 /* of the performance counter: its unit is that of all times */

static uint64_t counter_100ns(void)
{
    return ke_counter_in(arch_counter(), COUNTER_HZ);
}

void ke_clock_begin(void)
{
    atomic_store_relaxed(&ke.time_origin_100ns, counter_100ns());
}

/*
 * Ticks come at whole milliseconds of the counter, and some time late. The origin of the precise time is what the tick
 * that was the least late shows, so that precise time never lies behind the tick's, and ahead by its lateness only.
 */
static void keep_time(uint64_t ticks)
{
    uint64_t now_100ns = counter_100ns();
    uint64_t tick_100ns = (ke_tick_count() + ticks) * KE_TICK_100NS;
    uint64_t origin = now_100ns > tick_100ns ? now_100ns - tick_100ns : 0;
    if (origin < atomic_load_relaxed(&ke.time_origin_100ns))
        atomic_store_relaxed(&ke.time_origin_100ns, origin);
    (void)atomic_add(&ke.ticks, ticks);
}

static void charge(struct ke_cpu *cpu, struct ke_thread *thread, uint64_t ticks)
{
    if (thread->idle)
        return;
    atomic_store_relaxed(&thread->run_ticks, thread->run_ticks + ticks);
    thread->quantum = ticks < thread->quantum ? thread->quantum - (uint32_t)ticks : 0;
    bool matters = atomic_load_relaxed(&cpu->ready_count) != 0 ||
                   thread->priority > thread->base_priority; /* a boost wears off, alone or not */
    if (thread->quantum == 0 && matters)
        atomic_store_release(&cpu->reschedule, true);
}

/* Now and then, by the ticks of this processor, look for threads that are worse off than others. */
static void share(struct ke_cpu *cpu, uint64_t ticks)
{
    uint64_t before = cpu->counters.ticks - ticks;
    bool interrupts = arch_interrupts_disable();
    if (before / BALANCE_TICKS != cpu->counters.ticks / BALANCE_TICKS)
        ke_ready_balance(cpu);
    uint32_t relief = atomic_load_relaxed(&ke.relief_ticks) / 4;
    if (before / relief != cpu->counters.ticks / relief &&
        atomic_load_relaxed(&cpu->ready_count) != 0)
        ke_ready_relieve(cpu);
    arch_interrupts_restore(interrupts);
}

void ke_clock_tick(uint64_t ticks)
{
    struct ke_cpu *cpu = arch_cpu();
    cpu->counters.ticks += ticks;
    if (cpu->index == 0)
        keep_time(ticks);
    charge(cpu, cpu->current, ticks);
    share(cpu, ticks);
    ke_dpc_tick(cpu, ticks);
    if (ke_timer_is_due(cpu) || atomic_load_relaxed(&cpu->reschedule))
        arch_software_interrupt(DISPATCH_LEVEL);
}

ULONGLONG KeQueryInterruptTime(void)
{
    return ke_tick_count() * KE_TICK_100NS;
}

/* There is no sleep that would make a difference. Source: WDK "KeQueryUnbiasedInterruptTime function (wdm.h)" */
ULONGLONG KeQueryUnbiasedInterruptTime(void)
{
    return KeQueryInterruptTime();
}

/* *performance_counter: what KeQueryPerformanceCounter says for that moment. */
ULONGLONG KeQueryInterruptTimePrecise(ULONG64 *performance_counter)
{
    uint64_t now = counter_100ns();
    uint64_t origin = atomic_load_relaxed(&ke.time_origin_100ns);
    *performance_counter = now;
    return now > origin ? now - origin : 0;
}

void KeQuerySystemTimePrecise(LARGE_INTEGER *time)
{
    ULONG64 counter;
    time->QuadPart = (LONGLONG)(ke.boot_time_100ns + KeQueryInterruptTimePrecise(&counter));
}

ULONG KeQueryTimeIncrement(void)
{
    return KE_TICK_100NS;
}

uint64_t ke_counter_in(uint64_t counts, uint64_t units_per_second)
{
    uint64_t hz = arch_boot()->counter_hz;
    return counts / hz * units_per_second + counts % hz * units_per_second / hz;
}

/* In units of 1 / *frequency seconds: 10 MHz, whatever the processor's counter runs at. */
LARGE_INTEGER KeQueryPerformanceCounter(LARGE_INTEGER *frequency)
{
    LARGE_INTEGER result;
    result.QuadPart = (LONGLONG)counter_100ns();
    if (frequency != NULL)
        frequency->QuadPart = COUNTER_HZ;
    return result;
}

void KeStallExecutionProcessor(ULONG microseconds)
{
    arch_stall(microseconds);
}
