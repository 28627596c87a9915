/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of clock.c: time moves, by whole milliseconds, and the clocks agree. */
#include "ke/ke_test.h"

TEST(ke_clock, a_tick_is_one_millisecond)
{
    EXPECT_EQ(KeQueryTimeIncrement(), 10000);
    ULONGLONG before = KeQueryInterruptTime();
    test_sleep(3);
    ULONGLONG after = KeQueryInterruptTime();
    EXPECT(after - before >= 3 * 10000);
    EXPECT_EQ((after - before) % 10000, 0);
}

TEST(ke_clock, interrupt_time_and_performance_counter_agree)
{
    LARGE_INTEGER frequency;
    test_sleep(1); /* begin at a tick */
    LONGLONG counter = KeQueryPerformanceCounter(&frequency).QuadPart;
    ULONGLONG time = KeQueryInterruptTime();
    test_sleep(50);
    LONGLONG counter_ms = (KeQueryPerformanceCounter(NULL).QuadPart - counter) / 10000;
    LONGLONG time_ms = (LONGLONG)(KeQueryInterruptTime() - time) / 10000;
    EXPECT_EQ(frequency.QuadPart, 10000000);
    EXPECT(time_ms >= 50);
    EXPECT(counter_ms >= time_ms - 2); /* ticks never run ahead of the counter */
}

TEST(ke_clock, performance_counter_never_goes_back)
{
    LONGLONG last = KeQueryPerformanceCounter(NULL).QuadPart;
    for (uint32_t i = 0; i < 200; i++) {
        LONGLONG now = KeQueryPerformanceCounter(NULL).QuadPart;
        EXPECT(now >= last);
        last = now;
    }
}

TEST(ke_clock, stall_lasts_as_long_as_it_says)
{
    LONGLONG start = KeQueryPerformanceCounter(NULL).QuadPart;
    KeStallExecutionProcessor(200);
    EXPECT(KeQueryPerformanceCounter(NULL).QuadPart - start >= 200 * 10);
}

static uint32_t ticked; /* [a] */

static void wait_for_own_tick(void *argument)
{
    struct ke_cpu *cpu = ke.cpu[(uintptr_t)argument];
    uint64_t before = atomic_load_acquire(&cpu->counters.ticks);
    uint64_t end = ke_tick_count() + TEST_HANG_MS;
    while (atomic_load_acquire(&cpu->counters.ticks) == before && ke_tick_count() < end)
        arch_cpu_pause();
    if (atomic_load_acquire(&cpu->counters.ticks) != before)
        (void)atomic_add(&ticked, 1);
}

TEST(ke_clock, every_processor_that_works_gets_ticks)
{
    uint32_t count = ke.cpu_count < TEST_MAX_THREADS ? ke.cpu_count : TEST_MAX_THREADS;
    ticked = 0;
    test_run_threads(run, count, wait_for_own_tick);
    EXPECT_EQ(ticked, count);
}
