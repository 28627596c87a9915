/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of the runner of benchmarks, and a few rounds of each. */
#include "bench/bench.h"

#include "ke/ke_test.h"

TEST(bench, each_does_its_rounds)
{
    for (size_t i = 0; i < bench_table_count; i++) {
        struct bench result;
        if (bench_table[i].processors > ke.cpu_count)
            continue;
        EXPECT(bench_measure(&bench_table[i], 1, 4, &result));
        EXPECT_EQ(result.rounds, 4);
        EXPECT(result.counts > 0);
    }
}

static uint32_t rounds[ARCH_MAX_CPUS]; /* [a] */

static void slow_on_the_last(struct bench *bench)
{
    uint32_t cpu = arch_cpu()->index;
    bench_start(bench);
    (void)atomic_add(&rounds[cpu], (uint32_t)bench->rounds);
    bench_stop(bench);
    bench->counts = 1000 + cpu;
}

TEST(bench, runs_on_every_processor_and_reports_the_slowest)
{
    const struct bench_case which = { "test", 1, 1, slow_on_the_last };
    struct bench result;
    for (uint32_t i = 0; i < ARCH_MAX_CPUS; i++)
        rounds[i] = 0;
    EXPECT(bench_measure(&which, ke.cpu_count, 20, &result));
    EXPECT_EQ(result.counts, 1000 + ke.cpu_count - 1);
    for (uint32_t i = 0; i < ARCH_MAX_CPUS; i++)
        EXPECT_EQ(rounds[i], i < ke.cpu_count ? 23 : 0); /* 20, and 3 to warm up */
}

static void fail_on_the_first(struct bench *bench)
{
    bench_start(bench);
    bench_stop(bench);
    bench->counts = 10 + arch_cpu()->index;
    bench->failed = arch_cpu()->index == 0;
}

TEST(bench, one_failure_fails_the_measurement)
{
    const struct bench_case which = { "test", 1, 1, fail_on_the_first };
    struct bench result;
    EXPECT(!bench_measure(&which, ke.cpu_count, 20, &result));
}

TEST(bench, the_median_of_the_repeats_counts)
{
    struct bench runs[BENCH_REPEATS] = {
        { .counts = 50 }, { .counts = 7 }, { .counts = 900 }, { .counts = 6 }, { .counts = 8 }
    };
    EXPECT_EQ(bench_median(runs)->counts, 8);
}

TEST_KERNEL(bench, the_port_counts_what_is_dear, "the host port has no such registers")
{
    struct bench raised;
    struct bench_case which = bench_table[0];
    EXPECT(bench_measure(&which, 1, 10, &raised)); /* irql.raise_lower */
    EXPECT_EQ(raised.port.level_writes, 20);
    EXPECT_EQ(raised.port.space_loads, 0);
}

TEST(bench, a_glob_that_matches_nothing_is_a_failure)
{
    EXPECT_EQ(bench_run("no.such*"), 1);
}
