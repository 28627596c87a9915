/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of thread.c, switch.c and ready.c: life of a thread, priorities, quanta, processors. */
#include "ke/ke_test.h"

static uint32_t flag, order_next; /* [a] */
static uint32_t order[TEST_MAX_THREADS];

static void set_flag(void *argument)
{
    atomic_store_release(&flag, (uint32_t)(uintptr_t)argument);
}

TEST(ke_thread, runs_with_its_argument_at_passive_level)
{
    flag = 0;
    test_join(run, test_thread(run, set_flag, (void *)41, 0, 0));
    EXPECT_EQ(flag, 41);
}

static void exit_with_status(void *argument)
{
    ke_thread_exit((NTSTATUS)(uintptr_t)argument);
}

TEST(ke_thread, join_returns_the_exit_status)
{
    struct ke_thread *thread =
        test_thread(run, exit_with_status, (void *)(uintptr_t)STATUS_CANCELLED, 0, 0);
    REQUIRE(thread != NULL);
    EXPECT_EQ(ke_thread_join(thread), STATUS_CANCELLED);
}

TEST(ke_thread, stays_signalled_after_its_end)
{
    struct ke_thread *thread = test_thread(run, set_flag, NULL, 0, 0);
    REQUIRE(thread != NULL);
    EXPECT_EQ(test_wait(&thread->header), STATUS_SUCCESS);
    EXPECT_EQ(test_poll(&thread->header), STATUS_SUCCESS);
    (void)ke_thread_join(thread);
}

TEST(ke_thread, bad_options_are_refused)
{
    struct ke_thread *thread = NULL;
    struct ke_thread_options priority = { .name = "bad", .priority = KE_PRIORITIES };
    struct ke_thread_options affinity = { .name = "bad", .affinity = (uint64_t)1 << 63 };
    EXPECT_EQ(ke_thread_create(&priority, set_flag, NULL, &thread), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(ke_thread_create(&affinity, set_flag, NULL, &thread), STATUS_INVALID_PARAMETER);
    EXPECT(thread == NULL);
}

static uint32_t interrupted; /* [a] threads whose quantum ended before they had noted anything */

static void note_order(void *argument)
{
    order[atomic_add(&order_next, 1)] = (uint32_t)(uintptr_t)argument;
    if (arch_thread()->context_switches != 1)
        (void)atomic_add(&interrupted, 1);
}

/* Everything on one processor, while a thread of top priority holds it. */
static void fill_queue(void *argument)
{
    struct selftest_run *run = argument;
    static const uint8_t priorities[] = { 3, 9, 5, 9, 12 };
    uint64_t here = (uint64_t)1 << arch_cpu()->index;
    struct ke_thread *threads[ARRAY_COUNT(priorities)];
    for (uintptr_t i = 0; i < ARRAY_COUNT(priorities); i++)
        threads[i] = test_thread(run, note_order, (void *)i, priorities[i], here);
    EXPECT_EQ(order_next, 0);
    for (uint32_t i = 0; i < ARRAY_COUNT(priorities); i++)
        test_join(run, threads[i]);
}

TEST(ke_switch, the_highest_priority_runs_first_and_equals_in_turn)
{
    static const uint32_t expected[] = { 4, 1, 3, 2, 0 };
    interrupted = 1;
    for (uint32_t i = 0; i < 50 && interrupted != 0;
         i++) { /* the machine may lose a quantum at any time */
        interrupted = order_next = 0;
        test_join(run, test_thread(run, fill_queue, run, 20, 1));
    }
    for (uint32_t i = 0; i < ARRAY_COUNT(expected); i++)
        EXPECT_EQ(order[i], expected[i]);
}

static KEVENT gate;

static void wait_at_gate(void *argument)
{
    (void)argument;
    (void)test_wait(&gate);
    atomic_store_release(&flag, 1);
}

static void open_gate_and_look(void *argument)
{
    struct selftest_run *run = argument;
    struct ke_thread *high =
        test_thread(run, wait_at_gate, NULL, 15, (uint64_t)1 << arch_cpu()->index);
    EXPECT_EQ(flag, 0); /* it ran up to the gate, being of higher priority */
    (void)KeSetEvent(&gate, 0, FALSE);
    EXPECT_EQ(flag, 1); /* and is through before KeSetEvent returned */
    test_join(run, high);
}

TEST(ke_switch, waking_a_higher_priority_switches_at_once)
{
    KeInitializeEvent(&gate, NotificationEvent, FALSE);
    flag = 0;
    test_join(run, test_thread(run, open_gate_and_look, run, 10, 1));
}

static void open_gate_at_dispatch_level(void *argument)
{
    struct selftest_run *run = argument;
    struct ke_thread *high =
        test_thread(run, wait_at_gate, NULL, 15, (uint64_t)1 << arch_cpu()->index);
    KIRQL old = KeRaiseIrqlToDpcLevel();
    (void)KeSetEvent(&gate, 0, FALSE);
    uint32_t during = atomic_load_acquire(&flag);
    KeLowerIrql(old);
    EXPECT_EQ(during, 0);
    EXPECT(test_reaches(&flag, 1));
    test_join(run, high);
}

TEST(ke_switch, dispatch_level_holds_back_a_switch)
{
    KeInitializeEvent(&gate, NotificationEvent, FALSE);
    flag = 0;
    test_join(run, test_thread(run, open_gate_at_dispatch_level, run, 10, 1));
}

static void be_preempted(void *argument)
{
    struct selftest_run *run = argument;
    uint64_t here = (uint64_t)1 << arch_cpu()->index;
    struct ke_thread *equal = test_thread(run, set_flag, (void *)1, 10, here);
    struct ke_thread *higher = test_thread(run, note_order, (void *)0, 15, here);
    EXPECT_EQ(order_next, 1); /* the higher one has run */
    EXPECT_EQ(flag, 0);       /* the equal one has not */
    test_join(run, higher);
    test_join(run, equal);
}

TEST(ke_switch, a_preempted_thread_keeps_its_turn)
{
    flag = order_next = 0;
    test_join(run, test_thread(run, be_preempted, run, 10, 1));
    EXPECT_EQ(flag, 1);
}

static uint32_t spinners_run[2]; /* [a] */
static uint32_t stop_spinning;   /* [a] */

static void spin_until_stopped(void *argument)
{
    while (!atomic_load_acquire(&stop_spinning)) {
        (void)atomic_add(&spinners_run[(uintptr_t)argument], 1);
        arch_cpu_pause();
    }
}

TEST(ke_switch, the_quantum_shares_a_processor_between_equals)
{
    uint64_t last = (uint64_t)1 << (ke.cpu_count - 1);
    spinners_run[0] = spinners_run[1] = stop_spinning = 0;
    struct ke_thread *first = test_thread(run, spin_until_stopped, (void *)0, 5, last);
    struct ke_thread *second = test_thread(run, spin_until_stopped, (void *)1, 5, last);
    EXPECT(test_sleep_until(&spinners_run[0], 1));
    EXPECT(test_sleep_until(&spinners_run[1], 1));
    uint32_t seen = spinners_run[0];
    EXPECT(test_sleep_until(&spinners_run[0], seen + 1)); /* the first gets its turn again */
    atomic_store_release(&stop_spinning, 1);
    test_join(run, first);
    test_join(run, second);
}

static uint32_t cpu_seen[TEST_MAX_THREADS];

static void note_cpu(void *argument)
{
    cpu_seen[(uintptr_t)argument] = arch_cpu()->index;
}

TEST(ke_switch, affinity_is_kept_on_every_processor)
{
    uint32_t count = ke.cpu_count < TEST_MAX_THREADS ? ke.cpu_count : TEST_MAX_THREADS;
    test_run_threads(run, count, note_cpu);
    for (uint32_t i = 0; i < count; i++)
        EXPECT_EQ(cpu_seen[i], i);
}

static uint32_t arrived; /* [a] */

static void meet(void *argument)
{
    (void)argument;
    (void)atomic_add(&arrived, 1);
    (void)test_reaches(&arrived, ke.cpu_count);
}

/* Threads free to run anywhere spin for each other: they all arrive only if idle processors take them. */
TEST(ke_switch, idle_processors_take_ready_threads)
{
    struct ke_thread *threads[ARCH_MAX_CPUS];
    arrived = 0;
    for (uint32_t i = 0; i < ke.cpu_count; i++)
        threads[i] = test_thread(run, meet, NULL, 0, 0);
    for (uint32_t i = 0; i < ke.cpu_count; i++)
        test_join(run, threads[i]);
    EXPECT_EQ(arrived, ke.cpu_count);
}

static void yielder(void *argument)
{
    for (uint32_t i = 0; i < 200; i++) {
        if (((uintptr_t)argument + i) % 5 == 0)
            test_sleep(0);
        ke_thread_yield();
    }
    (void)atomic_add(&arrived, 1);
}

TEST(ke_switch, many_threads_yield_and_all_come_to_their_end)
{
    arrived = 0;
    test_run_threads(run, 12, yielder);
    EXPECT_EQ(arrived, 12);
}

static void create_and_end(void *argument)
{
    (void)argument;
    for (uint32_t i = 0; i < 10; i++) {
        struct ke_thread *thread;
        struct ke_thread_options options = { .name = "child" };
        if (!NT_SUCCESS(ke_thread_run(&options, note_cpu, (void *)0, &thread)))
            return;
        (void)ke_thread_join(thread);
        (void)atomic_add(&arrived, 1);
    }
}

TEST(ke_thread, threads_are_created_and_end_on_all_processors_at_once)
{
    arrived = 0;
    test_run_threads(run, 4, create_and_end);
    EXPECT_EQ(arrived, 40);
}
