/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time: the time-stamp counter is the time, the local APIC's timer only delivers it.
 *
 * Each timer interrupt looks how many whole milliseconds the counter has made since the last one here, so interrupts
 * that are late, early or lost change when a tick arrives and never how many there are. What must be measured is the rate
 * of both, against a clock that says its own: the ACPI timer (ACPI 6.5, 4.8.3.3), else channel 2 of the 8254.
 *
 * Tried and dropped: one long bracket with the mean of its ends. On a busy host one reading in some hundred is held up by
 * milliseconds, which a mean cannot tell; intervals can.
 */
#include "x86_64/clock.h"

#include "base/atomic.h"
#include "base/log.h"
#include "x86_64/apic.h"
#include "x86_64/x86.h"

#define PM_TIMER_HZ        3579545
#define PIT_HZ             1193182
#define READINGS           12
#define BRACKET_PER_SECOND 200    /* between the first and the last readings: 5 ms */
#define STANDS_STILL       10000u /* readings without a change */
#define TRIES              5
#define HZ_MINIMUM         1000000u
#define HZ_MAXIMUM         100000000000u
#define TICKS_PER_SECOND   1000

static uint64_t origin;        /* [i] counter value that milliseconds are counted from */
static uint64_t apic_timer_hz; /* [i] */

/* --- Reference clocks ----------------------------------------------------------------------------------- */

static uint32_t pm_read(void)
{
    return x86_in32((uint16_t)x86_fadt.pm_timer) & 0xffffff;
}

static bool counts(uint32_t (*read)(void))
{
    uint32_t first = read();
    for (uint32_t i = 0; i < STANDS_STILL; i++) {
        if (read() != first)
            return true;
    }
    return false;
}

static bool pm_start(void)
{
    return x86_fadt.pm_timer != 0 && counts(pm_read);
}

#define PIT_CHANNEL2 0x42
#define PIT_COMMAND  0x43
#define PIT_MODE     0xb0 /* channel 2, low byte then high, mode 0: count down once */
#define PIT_LATCH    0x80 /* channel 2 */
#define SYSTEM_PORT  0x61
#define PORT_GATE2   1u
#define PORT_SPEAKER 2u
#define PORT_OUT2    0x20u

static uint32_t pit_read(void)
{
    x86_out8(PIT_COMMAND, PIT_LATCH);
    uint32_t low = x86_in8(PIT_CHANNEL2);
    return 0xffff & ~(low | (uint32_t)x86_in8(PIT_CHANNEL2) << 8);
}

/* Intel 8254 datasheet, "Mode 0"; it counts down from the largest number, 55 ms, with the speaker off. */
static bool pit_start(void)
{
    uint8_t port = x86_in8(SYSTEM_PORT);
    x86_out8(SYSTEM_PORT, (uint8_t)((port & ~PORT_SPEAKER) | PORT_GATE2));
    x86_out8(PIT_COMMAND, PIT_MODE);
    x86_out8(PIT_CHANNEL2, 0xff);
    x86_out8(PIT_CHANNEL2, 0xff);
    return counts(pit_read);
}

/* The output rises when the count has run out. */
static bool pit_wrapped(void)
{
    return x86_in8(SYSTEM_PORT) & PORT_OUT2;
}

/* The ACPI timer may have 32 bits; 24 are enough for a bracket, whatever the FADT says. */
const struct x86_reference x86_references[2] = {
    { "acpi_timer", PM_TIMER_HZ, 0xffffff, pm_start, pm_read, NULL },
    { "pit", PIT_HZ, 0xffff, pit_start, pit_read, pit_wrapped },
};

/* --- Rates ---------------------------------------------------------------------------------------------- */

/*
 * The clock went on by more than ticks - 1 and less than ticks + 1 while the counter went on by at least
 * last.before - first.after and at most last.after - first.before.
 */
void x86_rate_narrow(struct x86_rate *rate, const struct x86_reading *first,
                     const struct x86_reading *last, uint32_t ticks, uint32_t clock_hz)
{
    if (ticks < 2)
        return;
    uint64_t low = x86_mul_div(last->before - first->after, clock_hz, (uint64_t)ticks + 1);
    uint64_t high = x86_mul_div(last->after - first->before, clock_hz, ticks - 1) + 1;
    if (low > rate->low)
        rate->low = low;
    if (high < rate->high)
        rate->high = high;
}

uint64_t x86_rate_roundest(const struct x86_rate *rate)
{
    uint64_t middle = rate->low + (rate->high - rate->low) / 2;
    for (uint64_t unit = 1000000000; unit > 1; unit /= 10) {
        uint64_t value = (middle + unit / 2) / unit * unit;
        if (value >= rate->low && value <= rate->high)
            return value;
    }
    return middle;
}

/* --- Measuring ------------------------------------------------------------------------------------------ */

struct sample {
    struct x86_reading reference;
    struct x86_reading apic;
};

static uint32_t apic_elapsed(void)
{
    return UINT32_MAX - x86_apic_read(APIC_TIMER_CURRENT);
}

static void read_clock(struct x86_reading *reading, uint32_t (*read)(void))
{
    reading->before = arch_counter();
    reading->clock = read();
    reading->after = arch_counter();
}

static void read_clocks(struct sample samples[READINGS], uint32_t (*reference)(void))
{
    for (size_t i = 0; i < READINGS; i++) {
        read_clock(&samples[i].reference, reference);
        read_clock(&samples[i].apic, apic_elapsed);
    }
}

static bool is_rate(const struct x86_rate *rate)
{
    return rate->low <= rate->high && rate->low >= HZ_MINIMUM && rate->high <= HZ_MAXIMUM;
}

static bool counter_rate(const struct x86_reference *reference, struct sample samples[2][READINGS],
                         uint64_t *hz)
{
    struct x86_rate rate = { 0, UINT64_MAX };
    for (size_t i = 0; i < READINGS; i++) {
        for (size_t j = 0; j < READINGS; j++) {
            const struct x86_reading *first = &samples[0][i].reference;
            const struct x86_reading *last = &samples[1][j].reference;
            uint32_t ticks = (last->clock - first->clock) & reference->mask;
            x86_rate_narrow(&rate, first, last, ticks, reference->hz);
        }
    }
    if (!is_rate(&rate))
        return false;
    *hz = x86_rate_roundest(&rate);
    return true;
}

/* The other way round: the counter is the clock that says its rate, and the APIC timer is read inside. */
static bool apic_rate(struct sample samples[2][READINGS], uint64_t counter_hz, uint64_t *hz)
{
    struct x86_rate rate = { 0, UINT64_MAX };
    for (size_t i = 0; i < READINGS; i++) {
        for (size_t j = 0; j < READINGS; j++) {
            const struct x86_reading *first = &samples[0][i].apic, *last = &samples[1][j].apic;
            uint64_t ticks = last->clock - first->clock;
            uint64_t low = x86_mul_div(ticks - 1, counter_hz, last->after - first->before);
            uint64_t high = x86_mul_div(ticks + 1, counter_hz, last->before - first->after) + 1;
            rate.low = low > rate.low ? low : rate.low;
            rate.high = high < rate.high ? high : rate.high;
        }
    }
    if (!is_rate(&rate))
        return false;
    *hz = x86_rate_roundest(&rate);
    return true;
}

/* Until the reference has gone on by one bracket; false: it has stopped. */
static bool wait_bracket(const struct x86_reference *reference)
{
    uint32_t first = reference->read(), previous = first;
    for (uint32_t same = 0; same < STANDS_STILL;) {
        uint32_t now = reference->read();
        if (((now - first) & reference->mask) >= reference->hz / BRACKET_PER_SECOND)
            return true;
        same = now == previous ? same + 1 : 0;
        previous = now;
    }
    return false;
}

static bool measure_once(const struct x86_reference *reference, uint64_t *counter_hz,
                         uint64_t *timer_hz)
{
    struct sample samples[2][READINGS];
    if (!reference->start())
        return false;
    if (timer_hz != NULL) {
        x86_apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED);
        x86_apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_1);
        x86_apic_write(APIC_TIMER_INITIAL, UINT32_MAX);
    }
    read_clocks(samples[0], reference->read);
    if (!wait_bracket(reference))
        return false;
    read_clocks(samples[1], reference->read);
    if (timer_hz != NULL)
        x86_apic_write(APIC_TIMER_INITIAL, 0);
    if (reference->wrapped != NULL && reference->wrapped())
        return false;
    return counter_rate(reference, samples, counter_hz) &&
           (timer_hz == NULL || apic_rate(samples, *counter_hz, timer_hz));
}

bool x86_clock_measure(const struct x86_reference *reference, uint64_t *counter_hz,
                       uint64_t *timer_hz)
{
    for (int i = 0; i < TRIES; i++) {
        if (measure_once(reference, counter_hz, timer_hz))
            return true;
    }
    return false;
}

/*
 * The rate that the processor itself states: leaf 0x15 (Intel SDM vol. 2A, CPUID), or the hypervisor's leaf 0x40000010
 * in kHz, which VMware began and QEMU offers as vmware-cpuid-freq. 0: it states none.
 */
static uint64_t stated_hz(void)
{
    if (x86_cpuid(0, 0).a >= 0x15) {
        struct x86_cpuid leaf = x86_cpuid(0x15, 0);
        if (leaf.a != 0 && leaf.b != 0 && leaf.c != 0)
            return (uint64_t)leaf.c * leaf.b / leaf.a;
    }
    bool guest = x86_cpuid(1, 0).c >> 31;
    if (guest && x86_cpuid(0x40000000, 0).a >= 0x40000010)
        return (uint64_t)x86_cpuid(0x40000010, 0).a * 1000;
    return 0;
}

/* Stated numbers are exact where they are true at all. */
static uint64_t prefer_stated(uint64_t measured)
{
    uint64_t stated = stated_hz();
    uint64_t apart = stated > measured ? stated - measured : measured - stated;
    if (stated == 0)
        return measured;
    if (apart <= measured / 1000)
        return stated;
    log_event(LOG_WARNING, "x86", "clock_disagrees measured=%llu stated=%llu",
              (unsigned long long)measured, (unsigned long long)stated);
    return measured;
}

const char *x86_clock_calibrate(void)
{
    uint64_t hz = 0;
    for (size_t i = 0; i < ARRAY_COUNT(x86_references); i++) {
        if (!x86_clock_measure(&x86_references[i], &hz, &apic_timer_hz))
            continue;
        x86_boot.counter_hz = prefer_stated(hz);
        origin = arch_counter();
        log_event(LOG_INFO, "x86", "clock reference=%s counter_hz=%llu apic_timer_hz=%llu",
                  x86_references[i].name, (unsigned long long)x86_boot.counter_hz,
                  (unsigned long long)apic_timer_hz);
        return NULL;
    }
    return "no clock to measure the processor's counter by: neither the ACPI timer nor the PIT "
           "counts";
}

uint64_t x86_clock_apic_timer_hz(void)
{
    return apic_timer_hz;
}

/* --- Ticks ---------------------------------------------------------------------------------------------- */

uint64_t x86_clock_milliseconds(uint64_t count, uint64_t hz)
{
    return x86_mul_div(count, TICKS_PER_SECOND, hz);
}

/* Of this processor's counter since it was calibrated; one that started behind shows 0 for a while. */
static uint64_t milliseconds(void)
{
    uint64_t now = arch_counter();
    return now > origin ? x86_clock_milliseconds(now - origin, x86_boot.counter_hz) : 0;
}

uint64_t x86_clock_ticks_due(void)
{
    struct x86_cpu *self = x86_self();
    uint64_t now = milliseconds();
    if (now <= self->last_tick)
        return 0;
    uint64_t due = now - self->last_tick;
    self->last_tick = now;
    return due;
}

/* What passed while this processor had no ticks is nobody's: processor 0, which keeps the time, never stops. */
void arch_clock_start(void)
{
    bool interrupts = arch_interrupts_disable();
    x86_self()->last_tick = milliseconds();
    x86_apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_1);
    x86_apic_write(APIC_LVT_TIMER, APIC_LVT_PERIODIC | X86_VECTOR_CLOCK);
    x86_apic_write(APIC_TIMER_INITIAL, (uint32_t)(apic_timer_hz / TICKS_PER_SECOND));
    arch_interrupts_restore(interrupts);
}

void arch_clock_stop(void)
{
    bool interrupts = arch_interrupts_disable();
    x86_apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED | X86_VECTOR_CLOCK);
    x86_apic_write(APIC_TIMER_INITIAL, 0);
    arch_interrupts_restore(interrupts);
}

void arch_stall(uint32_t microseconds)
{
    uint64_t hz = x86_boot.counter_hz;
    uint64_t start = arch_counter();
    uint64_t span = x86_mul_div(microseconds, hz, 1000000);
    while (arch_counter() - start < span)
        arch_cpu_pause();
}
