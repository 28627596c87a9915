/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of clock.c: time moves, by whole milliseconds, and the clocks agree. */
#include <nt/ke_thread_ddi.h>

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
    LONGLONG time_ms = (LONGLONG)(KeQueryInterruptTime() - time) / 10000;
    LONGLONG counter_ms = (KeQueryPerformanceCounter(NULL).QuadPart - counter) / 10000; /* later */
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

static uint32_t behind, back; /* [a] */

static void watch_precise_time(void *argument)
{
    ULONG64 counter, before;
    ULONGLONG last = 0;
    (void)argument;
    for (uint32_t i = 0; i < 300; i++) {
        before = (ULONG64)KeQueryPerformanceCounter(NULL).QuadPart;
        ULONGLONG tick = KeQueryInterruptTime();
        ULONGLONG precise = KeQueryInterruptTimePrecise(&counter);
        if (precise < tick || counter < before)
            (void)atomic_add(&behind, 1);
        if (precise < last)
            (void)atomic_add(&back, 1);
        last = precise;
        if (i % 50 == 0)
            test_sleep(1);
    }
}

TEST(ke_clock, precise_time_is_never_behind_the_ticks)
{
    behind = back = 0;
    test_run_threads(run, 4, watch_precise_time);
    EXPECT_EQ(behind, 0);
    EXPECT_EQ(back, 0);
}

TEST(ke_clock, precise_time_moves_between_ticks)
{
    ULONG64 counter;
    ULONGLONG start = KeQueryInterruptTimePrecise(&counter);
    KeStallExecutionProcessor(100);
    ULONGLONG end = KeQueryInterruptTimePrecise(&counter);
    EXPECT(end - start >= 100 * 10);
    EXPECT(end % 10000 != 0 || start % 10000 != 0); /* ticks are whole milliseconds */
}

TEST(ke_clock, system_time_is_boot_time_and_interrupt_time)
{
    LARGE_INTEGER system;
    ULONG64 counter;
    ULONGLONG before = KeQueryInterruptTimePrecise(&counter);
    KeQuerySystemTimePrecise(&system);
    ULONGLONG after = KeQueryInterruptTimePrecise(&counter);
    EXPECT((ULONGLONG)system.QuadPart - ke.boot_time_100ns >= before);
    EXPECT((ULONGLONG)system.QuadPart - ke.boot_time_100ns <= after);
    EXPECT(KeQueryUnbiasedInterruptTime() <= after);
}
