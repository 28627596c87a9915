/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of growth.c: the median; and each growth once with few others, wherever the self-tests run. */
#include "bench/growth_impl.h"

#include "base/selftest.h"
#include "ke/ke_test.h"

TEST(growth, the_median_is_the_middle_one_whatever_the_order)
{
    struct growth growth = { .counts = { 9, 1, 500000, 3, 7 }, .rounds = 5 };
    EXPECT_EQ(bench_growth_median(&growth), 7);
    struct growth one = { .counts = { 4 }, .rounds = 1 };
    EXPECT_EQ(bench_growth_median(&one), 4);
}

TEST(growth, only_so_many_rounds_are_kept)
{
    struct growth growth = { 0 };
    for (uint32_t i = 0; i < GROWTH_ROUNDS + 3; i++) {
        growth_start(&growth);
        growth_stop(&growth);
    }
    EXPECT_EQ(growth.rounds, GROWTH_ROUNDS);
}

TEST(growth, each_is_measured_and_gives_everything_back)
{
    test_settle();
    size_t threads = ke_thread_count();
    EXPECT_EQ(bench_growth_run("waiter", 10), 0);
    EXPECT_EQ(bench_growth_run("ready", 10), 0);
    EXPECT_EQ(bench_growth_run("owner", 10), 0);
    EXPECT_EQ(bench_growth_run("pool", 10), 0);
    EXPECT_EQ(bench_growth_run("timer", 10), 0);
    EXPECT_EQ(ke_thread_count(), threads);
}

TEST(growth, a_glob_that_matches_nothing_is_a_failure)
{
    EXPECT_EQ(bench_growth_run("no.such*", 10), 1);
}
