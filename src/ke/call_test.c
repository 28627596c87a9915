/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of call.c: a function runs once on each chosen processor, and the caller waits for all. */
#include "ke/ke_test.h"

static uint32_t called[ARCH_MAX_CPUS]; /* [a] */
static uint32_t calls;                 /* [a] */

static void note_call(void *argument)
{
    (void)atomic_add(&called[arch_cpu()->index], (uint32_t)(uintptr_t)argument);
    (void)atomic_add(&calls, 1);
}

static void clear_calls(void)
{
    for (uint32_t i = 0; i < ARCH_MAX_CPUS; i++)
        called[i] = 0;
    calls = 0;
}

TEST(ke_call, runs_once_on_every_processor)
{
    clear_calls();
    ke_call_processors(UINT64_MAX, note_call, (void *)3);
    for (uint32_t i = 0; i < ke.cpu_count; i++)
        EXPECT_EQ(called[i], 3);
    EXPECT_EQ(calls, ke.cpu_count);
}

TEST(ke_call, runs_only_where_it_was_sent)
{
    uint32_t last = ke.cpu_count - 1;
    clear_calls();
    ke_call_processors((uint64_t)1 << last, note_call, (void *)1);
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(called[last], 1);
}

TEST(ke_call, no_processor_is_no_call)
{
    clear_calls();
    ke_call_processors(0, note_call, (void *)1);
    EXPECT_EQ(calls, 0);
}

static void caller(void *argument)
{
    (void)argument;
    for (uint32_t i = 0; i < 50; i++)
        ke_call_processors(UINT64_MAX, note_call, (void *)1);
}

TEST(ke_call, callers_on_all_processors_do_not_wait_for_each_other_for_ever)
{
    uint32_t threads = ke.cpu_count < 8 ? ke.cpu_count : 8;
    clear_calls();
    test_run_threads(run, threads, caller);
    EXPECT_EQ(calls, threads * 50 * ke.cpu_count);
}
