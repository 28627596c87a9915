/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of call.c: a function runs once on each chosen processor, and the caller waits for all. */
#include <nt/ke_object_ddi.h>

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

/* --- Generic calls: all at one time --- */

static struct {
    uint32_t inside, short_of_it, wrong_level; /* [a] */
    uint32_t expected;
} together;

static ULONG_PTR meet(ULONG_PTR argument)
{
    if (KeGetCurrentIrql() != IPI_LEVEL)
        (void)atomic_add(&together.wrong_level, 1);
    (void)atomic_add(&together.inside, 1);
    (void)atomic_add(&called[arch_cpu()->index], 1);
    uint64_t end = arch_counter() + 20 * arch_boot()->counter_hz;
    while (atomic_load_acquire(&together.inside) % together.expected != 0 && arch_counter() < end)
        arch_cpu_pause(); /* a driver's own barrier: it ends only if all are here at once */
    if (arch_counter() >= end)
        (void)atomic_add(&together.short_of_it, 1);
    return argument + arch_cpu()->index;
}

static void clear_together(uint32_t expected)
{
    clear_calls();
    __builtin_memset(&together, 0, sizeof(together));
    together.expected = expected;
}

TEST(ke_call, a_generic_call_runs_on_all_at_once_and_answers_with_the_callers_result)
{
    clear_together(ke.cpu_count);
    KIRQL old = KeRaiseIrqlToDpcLevel();
    uint32_t here = arch_cpu()->index;
    ULONG_PTR result = KeIpiGenericCall(meet, 1000);
    KIRQL after = KeGetCurrentIrql();
    KeLowerIrql(old);
    EXPECT_EQ(result, 1000 + here);
    EXPECT_EQ(after, DISPATCH_LEVEL);
    EXPECT_EQ(together.short_of_it, 0);
    EXPECT_EQ(together.wrong_level, 0);
    for (uint32_t i = 0; i < ke.cpu_count; i++)
        EXPECT_EQ(called[i], 1);
}

TEST(ke_call, a_call_together_runs_on_the_chosen_processors_only)
{
    uint64_t last = (uint64_t)1 << (ke.cpu_count - 1);
    clear_together(ke.cpu_count > 1 ? 2 : 1);
    (void)ke_call_together(last | 1, meet, 0); /* the caller may be none of them */
    EXPECT_EQ(together.short_of_it, 0);
    EXPECT_EQ(together.inside, together.expected);
    EXPECT_EQ(called[0], 1);
    EXPECT_EQ(called[ke.cpu_count - 1], 1);
}

static void call_generically(void *argument)
{
    (void)argument;
    for (uint32_t i = 0; i < 20; i++)
        (void)KeIpiGenericCall(meet, i); /* what it returns does not matter here */
}

TEST(ke_call, generic_calls_from_all_processors_come_one_after_the_other)
{
    uint32_t threads = ke.cpu_count < 8 ? ke.cpu_count : 8;
    clear_together(ke.cpu_count);
    test_run_threads(run, threads, call_generically);
    EXPECT_EQ(together.short_of_it, 0);
    EXPECT_EQ(together.inside, threads * 20 * ke.cpu_count);
}

static uint32_t deaf, too_early; /* [a] */

static void be_deaf_for_a_while(void *argument)
{
    (void)argument;
    bool interrupts = arch_interrupts_disable();
    atomic_store_release(&deaf, 1);
    arch_stall(500);
    atomic_store_release(&deaf, 2);
    arch_interrupts_restore(interrupts);
}

static ULONG_PTR look_for_the_deaf(ULONG_PTR argument)
{
    if (atomic_load_acquire(&deaf) != 2)
        (void)atomic_add(&too_early, 1);
    return argument;
}

static void call_beside_the_deaf(void *argument)
{
    (void)argument;
    if (test_reaches(&deaf, 1))
        (void)KeIpiGenericCall(look_for_the_deaf, 0);
}

TEST(ke_call, a_generic_call_begins_nowhere_before_the_last_processor_is_there)
{
    uint64_t last = (uint64_t)1 << (ke.cpu_count - 1);
    deaf = too_early = 0;
    struct ke_thread *caller = test_thread(run, call_beside_the_deaf, NULL, 0, 1);
    test_join(run, test_thread(run, be_deaf_for_a_while, NULL, 0, last));
    test_join(run, caller);
    EXPECT_EQ(too_early, 0);
}
