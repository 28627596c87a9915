/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The arithmetic of calibration, pure. A clock under test is read between two readings of a counter; what two such
 * readings allow is an interval of rates. Intervals of several pairs are intersected: a reading that was held up
 * (an emulator that was preempted, a system management interrupt) is only wide, never wrong.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `clock` was read at some time between counter values `before` and `after`. */
struct x86_reading {
    uint64_t before;
    uint64_t after;
    uint32_t clock;
};

/* The counter's rate is within [low, high] Hz; empty when low > high. */
struct x86_rate {
    uint64_t low;
    uint64_t high;
};

/* a * b / c without losing the upper half of the product where (c * b) fits 64 bits. */
static inline uint64_t x86_mul_div(uint64_t a, uint64_t b, uint64_t c)
{
    return a / c * b + a % c * b / c;
}

/* Narrow `rate` by two readings, `ticks` of a clock of `clock_hz` apart. */
void x86_rate_narrow(struct x86_rate *rate, const struct x86_reading *first,
                     const struct x86_reading *last, uint32_t ticks, uint32_t clock_hz);
/* The value of a non-empty interval that is the multiple of the largest power of ten. */
uint64_t x86_rate_roundest(const struct x86_rate *rate);

/* A clock that something can be measured against. */
struct x86_reference {
    const char *name;
    uint32_t hz;
    uint32_t mask;          /* of the bits that count */
    bool (*start)(void);    /* false: the machine has no such clock, or it stands still */
    uint32_t (*read)(void); /* counts up */
    bool (*wrapped)(
        void); /* it has counted through all its values since start; NULL: it cannot tell */
};
extern const struct x86_reference x86_references[2]; /* the best first */

/* Measure the counter, and the APIC timer if `apic_timer_hz` is not NULL. False: no such clock, or it makes no sense. */
bool x86_clock_measure(const struct x86_reference *reference, uint64_t *counter_hz,
                       uint64_t *apic_timer_hz);
uint64_t x86_clock_apic_timer_hz(void);
/* Whole milliseconds in `count` of a counter of `hz`. */
uint64_t x86_clock_milliseconds(uint64_t count, uint64_t hz);
