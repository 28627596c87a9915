/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of clock.c: the arithmetic of rates, two reference clocks against each other, ticks against the counter. */
#include "x86_64/clock.h"

#include "ke/ke_test.h"
#include "x86_64/x86.h"

#define GHZ 1000000000u
#define REF 1000000u /* of the reference clock in the tests */

/* A reading at `us` of a counter of 2.5 GHz that took from `early` to `late` microseconds. */
static struct x86_reading reading(uint32_t us, uint32_t early, uint32_t late)
{
    return (struct x86_reading){ (us - early) * (uint64_t)2500, (us + late) * (uint64_t)2500, us };
}

TEST_KERNEL(x86_clock, a_rate_lies_between_what_two_readings_allow, "arithmetic of this port")
{
    struct x86_rate rate = { 0, UINT64_MAX };
    struct x86_reading first = reading(1000, 1, 1), last = reading(6000, 1, 1);
    x86_rate_narrow(&rate, &first, &last, 5000, REF);
    EXPECT(rate.low < 2500000000u && rate.high > 2500000000u);
    EXPECT(rate.high - rate.low < 4000000);
}

TEST_KERNEL(x86_clock, a_reading_that_was_held_up_is_not_wrong, "arithmetic of this port")
{
    struct x86_rate rate = { 0, UINT64_MAX };
    struct x86_reading first = reading(1000, 1, 1), held = reading(6000, 700, 90000);
    struct x86_reading good = reading(6100, 1, 1);
    x86_rate_narrow(&rate, &first, &held, 5000, REF);
    EXPECT(rate.low < 2500000000u && rate.high > 2500000000u);
    x86_rate_narrow(&rate, &first, &good, 5100, REF);
    EXPECT(rate.low < 2500000000u && rate.high > 2500000000u);
    EXPECT(rate.high - rate.low < 4000000);
}

TEST_KERNEL(x86_clock, readings_that_contradict_each_other_leave_no_rate, "arithmetic of this port")
{
    struct x86_rate rate = { 0, UINT64_MAX };
    struct x86_reading first = reading(1000, 0, 0), last = reading(6000, 0, 0);
    x86_rate_narrow(&rate, &first, &last, 5000, REF);
    x86_rate_narrow(&rate, &first, &last, 2500, REF);
    EXPECT(rate.low > rate.high);
}

TEST_KERNEL(x86_clock, of_the_values_that_are_possible_the_roundest_is_taken,
            "arithmetic of this port")
{
    EXPECT_EQ(x86_rate_roundest(&(struct x86_rate){ 999970000, 1000030000 }), GHZ);
    EXPECT_EQ(x86_rate_roundest(&(struct x86_rate){ 2399900100, 2400000100 }), 2400000000u);
    EXPECT_EQ(x86_rate_roundest(&(struct x86_rate){ 3141592, 3141593 }), 3141592);
    EXPECT_EQ(x86_rate_roundest(&(struct x86_rate){ 123456, 123464 }), 123460);
}

TEST_KERNEL(x86_clock, milliseconds_of_an_odd_rate_do_not_drift, "arithmetic of this port")
{
    const uint64_t hz = 2095077777;
    for (uint64_t ms = 1; ms < 100000; ms += 37) {
        uint64_t first = (ms * hz + 999) / 1000; /* the first count of this millisecond */
        EXPECT_EQ(x86_clock_milliseconds(first, hz), ms);
        EXPECT_EQ(x86_clock_milliseconds(first - 1, hz), ms - 1);
    }
}

TEST_KERNEL(x86_clock, milliseconds_of_ten_years_are_exact, "arithmetic of this port")
{
    const uint64_t hz = 5000000000u, seconds = 10 * 365 * 86400;
    EXPECT_EQ(x86_clock_milliseconds(hz * seconds, hz), seconds * 1000);
    EXPECT_EQ(x86_clock_milliseconds(hz * seconds - 1, hz), seconds * 1000 - 1);
}

static uint64_t apart(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

TEST_KERNEL(x86_clock, two_reference_clocks_agree_on_the_counter, "reads the machine's clocks")
{
    uint64_t hz = arch_boot()->counter_hz;
    for (size_t i = 0; i < ARRAY_COUNT(x86_references); i++) {
        uint64_t measured = 0;
        EXPECT(x86_clock_measure(&x86_references[i], &measured, NULL));
        EXPECT(apart(measured, hz) < hz / 1000);
    }
}

TEST_KERNEL(x86_clock, a_reference_that_stands_still_is_refused, "arithmetic of this port")
{
    struct x86_reference broken = x86_references[0];
    uint64_t hz = 7;
    broken.mask = 0; /* it goes on, and no difference is ever seen */
    broken.hz = 0;
    EXPECT(!x86_clock_measure(&broken, &hz, NULL));
    EXPECT_EQ(hz, 7);
}

TEST_KERNEL(x86_clock, ticks_are_the_counter_s_milliseconds, "reads the machine's clocks")
{
    uint64_t hz = arch_boot()->counter_hz, late = UINT64_MAX, early = 0;
    /* A busy host delivers late, those before the first one, too: not every time. */
    for (int i = 0; i < 20 && (late > 1 || early > 0); i++) {
        uint64_t before = arch_counter();
        uint64_t first = ke_tick_count(), last = first;
        uint64_t begin = arch_counter();
        while (last - first < 20)
            last = ke_tick_count();
        uint64_t least = x86_clock_milliseconds(arch_counter() - begin, hz);
        uint64_t most = x86_clock_milliseconds(arch_counter() - before, hz) + 2;
        early =
            last - first > most ? last - first - most : 0; /* the tick before, the one at the end */
        late = least > last - first ? least - (last - first) : 0;
    }
    EXPECT(late <= 1);
    EXPECT_EQ(early, 0);
}

struct blackout {
    uint64_t before, after;
};

static void blackout_thread(void *argument)
{
    struct blackout *blackout = argument;
    bool interrupts = arch_interrupts_disable();
    blackout->before = ke_tick_count();
    arch_stall(30000);
    arch_interrupts_restore(interrupts);
    uint64_t now = ke_tick_count();
    while (ke_tick_count() == now)
        arch_cpu_pause();
    blackout->after = ke_tick_count();
}

TEST_KERNEL(x86_clock, no_tick_is_lost_while_interrupts_are_off, "reads the machine's clocks")
{
    struct blackout blackout = { 0 };
    test_join(run, test_thread(run, blackout_thread, &blackout, 0, 1)); /* where time is kept */
    EXPECT(blackout.after - blackout.before >= 30);
}

static uint32_t ticked; /* [a] bit n: processor n has seen ticks */

static void tick_thread(void *argument)
{
    struct ke_cpu *cpu = arch_cpu();
    (void)argument;
    uint64_t before = cpu->counters.ticks, start = ke_tick_count();
    while (cpu->counters.ticks < before + 5 && ke_tick_count() < start + TEST_HANG_MS)
        arch_cpu_pause();
    if (cpu->counters.ticks >= before + 5)
        (void)atomic_or(&ticked, 1u << cpu->index);
}

TEST_KERNEL(x86_clock, every_processor_that_works_gets_ticks, "reads the machine's clocks")
{
    uint32_t count = ke.cpu_count < TEST_MAX_THREADS ? ke.cpu_count : TEST_MAX_THREADS;
    atomic_store_release(&ticked, 0);
    test_run_threads(run, count, tick_thread);
    EXPECT_EQ(atomic_load_acquire(&ticked), (1u << count) - 1);
}

TEST_KERNEL(x86_clock, a_stall_is_never_too_short, "reads the machine's clocks")
{
    uint64_t hz = arch_boot()->counter_hz;
    for (uint32_t us = 1; us < 3000; us = us * 3) {
        uint64_t start = arch_counter();
        arch_stall(us);
        EXPECT(arch_counter() - start >= x86_mul_div(us, hz, 1000000));
    }
}
