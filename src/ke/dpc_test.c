/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of dpc.c. */
#include <nt/ke_object_ddi.h>
#include <nt/ke_thread_ddi.h>

#include "ke/ke_test.h"

struct record {
    uint32_t ran; /* [a] */
    uint32_t cpu; /* where it ran last */
    KIRQL irql;
    bool interrupts;
    uint32_t order[4]; /* argument 1 of each run */
    PVOID argument2;
};

static void record_dpc(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct record *record = context;
    (void)dpc;
    record->cpu = arch_cpu()->index;
    record->irql = arch_irql();
    record->interrupts = arch_interrupts_enabled();
    record->order[record->ran % 4] = (uint32_t)(uintptr_t)argument1;
    record->argument2 = argument2;
    (void)atomic_add(&record->ran, 1);
}

TEST(ke_dpc, runs_at_dispatch_level_with_interrupts_on)
{
    struct record record = { 0 };
    KDPC dpc;
    KeInitializeDpc(&dpc, record_dpc, &record);
    EXPECT(KeInsertQueueDpc(&dpc, (PVOID)7, &record));
    REQUIRE(test_reaches(&record.ran, 1));
    EXPECT_EQ(record.irql, DISPATCH_LEVEL);
    EXPECT(record.interrupts);
    EXPECT_EQ(record.order[0], 7);
    EXPECT(record.argument2 == &record);
}

TEST(ke_dpc, second_insert_is_refused)
{
    struct record record = { 0 };
    KDPC dpc;
    KeInitializeDpc(&dpc, record_dpc, &record);
    KIRQL old = KeRaiseIrqlToDpcLevel();
    bool first = KeInsertQueueDpc(&dpc, (PVOID)1, NULL);
    bool second = KeInsertQueueDpc(&dpc, (PVOID)2, NULL);
    KeLowerIrql(old);
    EXPECT(first);
    EXPECT(!second);
    EXPECT(test_reaches(&record.ran, 1));
    test_sleep(2);
    EXPECT_EQ(record.ran, 1);
    EXPECT_EQ(record.order[0], 1); /* the arguments of the first call stay */
}

TEST(ke_dpc, runs_in_the_order_of_insertion)
{
    struct record record = { 0 };
    KDPC dpcs[3];
    KIRQL old = KeRaiseIrqlToDpcLevel();
    for (uintptr_t i = 0; i < 3; i++) {
        KeInitializeDpc(&dpcs[i], record_dpc, &record);
        EXPECT(KeInsertQueueDpc(&dpcs[i], (PVOID)(i + 1), NULL));
    }
    KeLowerIrql(old);
    REQUIRE(test_reaches(&record.ran, 3));
    for (uint32_t i = 0; i < 3; i++)
        EXPECT_EQ(record.order[i], i + 1);
}

TEST(ke_dpc, high_importance_goes_first)
{
    struct record record = { 0 };
    KDPC normal, high;
    KeInitializeDpc(&normal, record_dpc, &record);
    KeInitializeDpc(&high, record_dpc, &record);
    KeSetImportanceDpc(&high, HighImportance);
    KIRQL old = KeRaiseIrqlToDpcLevel();
    EXPECT(KeInsertQueueDpc(&normal, (PVOID)1, NULL));
    EXPECT(KeInsertQueueDpc(&high, (PVOID)2, NULL));
    KeLowerIrql(old);
    REQUIRE(test_reaches(&record.ran, 2));
    EXPECT_EQ(record.order[0], 2);
    EXPECT_EQ(record.order[1], 1);
}

TEST(ke_dpc, removed_does_not_run)
{
    struct record record = { 0 };
    KDPC first, middle, last;
    KDPC *const all[] = { &first, &middle, &last };
    KIRQL old = KeRaiseIrqlToDpcLevel();
    for (uintptr_t i = 0; i < 3; i++) {
        KeInitializeDpc(all[i], record_dpc, &record);
        EXPECT(KeInsertQueueDpc(all[i], (PVOID)(i + 1), NULL));
    }
    EXPECT(KeRemoveQueueDpc(&middle));
    EXPECT(!KeRemoveQueueDpc(&middle));
    EXPECT(KeRemoveQueueDpc(&last));
    EXPECT(KeInsertQueueDpc(&last, (PVOID)4, NULL)); /* the tail of the queue is right again */
    KeLowerIrql(old);
    REQUIRE(test_reaches(&record.ran, 2));
    EXPECT_EQ(record.order[0], 1);
    EXPECT_EQ(record.order[1], 4);
    EXPECT(!KeRemoveQueueDpc(&first));
}

TEST(ke_dpc, may_queue_itself_again)
{
    struct record record = { 0 };
    KDPC dpc;
    KeInitializeDpc(&dpc, record_dpc, &record);
    for (uint32_t i = 0; i < 3; i++) {
        EXPECT(KeInsertQueueDpc(&dpc, NULL, NULL));
        REQUIRE(test_reaches(&record.ran, i + 1));
    }
}

TEST(ke_dpc, runs_on_the_processor_it_was_targeted_to)
{
    for (uint32_t i = 0; i < ke.cpu_count; i++) {
        struct record record = { .cpu = UINT32_MAX };
        KDPC dpc;
        KeInitializeDpc(&dpc, record_dpc, &record);
        KeSetTargetProcessorDpc(&dpc, (CCHAR)i);
        EXPECT(KeInsertQueueDpc(&dpc, NULL, NULL));
        REQUIRE(test_reaches(&record.ran, 1));
        EXPECT_EQ(record.cpu, i);
    }
}

#define STORM_DPCS   4
#define STORM_ROUNDS 300

static KDPC storm[STORM_DPCS];
static uint32_t storm_runs, storm_inserts, storm_removes; /* [a] */

static void storm_dpc(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)context;
    (void)argument1;
    (void)argument2;
    (void)atomic_add(&storm_runs, 1);
}

static void storm_worker(void *argument)
{
    uintptr_t me = (uintptr_t)argument;
    for (uint32_t i = 0; i < STORM_ROUNDS; i++) {
        KDPC *dpc = &storm[(me + i) % STORM_DPCS];
        if (KeInsertQueueDpc(dpc, NULL, NULL))
            (void)atomic_add(&storm_inserts, 1);
        if (i % 3 == 0 && KeRemoveQueueDpc(&storm[i % STORM_DPCS]))
            (void)atomic_add(&storm_removes, 1);
    }
}

TEST(ke_dpc, each_insert_runs_or_is_removed_exactly_once)
{
    storm_runs = storm_inserts = storm_removes = 0;
    for (uint32_t i = 0; i < STORM_DPCS; i++)
        KeInitializeDpc(&storm[i], storm_dpc, NULL);
    test_run_threads(run, 4, storm_worker);
    EXPECT(storm_inserts > 0);
    EXPECT(test_reaches(&storm_runs, storm_inserts - storm_removes));
    test_sleep(2);
    EXPECT_EQ(storm_runs + storm_removes, storm_inserts);
}

TEST(ke_dpc, a_target_that_does_not_exist_is_refused)
{
    struct record record = { .cpu = UINT32_MAX };
    KDPC dpc;
    KeInitializeDpc(&dpc, record_dpc, &record);
    PROCESSOR_NUMBER last = { .Number = (UCHAR)(ke.cpu_count - 1) };
    PROCESSOR_NUMBER none = { .Number = (UCHAR)ke.cpu_count };
    PROCESSOR_NUMBER other_group = { .Group = 1 };
    EXPECT_EQ(KeSetTargetProcessorDpcEx(&dpc, &last), STATUS_SUCCESS);
    EXPECT_EQ(KeSetTargetProcessorDpcEx(&dpc, &none), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(KeSetTargetProcessorDpcEx(&dpc, &other_group), STATUS_INVALID_PARAMETER);
    KeSetImportanceDpc(&dpc, MediumHighImportance);
    EXPECT(KeInsertQueueDpc(&dpc, NULL, NULL));
    REQUIRE(test_reaches(&record.ran, 1));
    EXPECT_EQ(record.cpu, ke.cpu_count - 1);
}

/* --- When an interrupt is asked for --- */

/* What the rules depend on, set for one test. */
struct rules {
    uint32_t depth, rate;
};

static struct rules set_rules(uint32_t depth_maximum, uint32_t rate_minimum)
{
    return (struct rules){ atomic_exchange(&ke.dpc_depth_maximum, depth_maximum),
                           atomic_exchange(&ke.dpc_rate_minimum, rate_minimum) };
}

#define TRIES 20

/* Queue `count` DPCs on this processor, again and again; how often they had not run when the last was queued. */
static uint32_t times_left_lying(struct selftest_run *run, KDPC_IMPORTANCE importance,
                                 uint32_t count)
{
    uint32_t lying = 0;
    for (uint32_t i = 0; i < TRIES; i++) {
        struct record record = { 0 };
        KDPC dpcs[4];
        bool interrupts = arch_interrupts_disable(); /* no tick empties the queue in between */
        for (uint32_t n = 0; n < count; n++) {
            KeInitializeDpc(&dpcs[n], record_dpc, &record);
            KeSetImportanceDpc(&dpcs[n], importance);
            EXPECT(KeInsertQueueDpc(&dpcs[n], NULL, NULL));
        }
        arch_interrupts_restore(interrupts);
        lying += atomic_load_acquire(&record.ran) < count;
        KeFlushQueuedDpcs();
    }
    return lying;
}

/* Bound to a processor, so that all of them go to one queue. */
static void try_importances(void *argument)
{
    struct selftest_run *run = argument;
    struct rules rules = set_rules(UINT32_MAX, 0);
    EXPECT(times_left_lying(run, LowImportance, 1) >
           0); /* a tick may come in between, not each time */
    EXPECT_EQ(times_left_lying(run, MediumImportance, 1), 0);
    EXPECT_EQ(times_left_lying(run, MediumHighImportance, 1), 0);
    EXPECT_EQ(times_left_lying(run, HighImportance, 1), 0);
    (void)set_rules(2, 0);
    EXPECT(times_left_lying(run, LowImportance, 2) > 0);
    EXPECT_EQ(times_left_lying(run, LowImportance, 3), 0); /* the queue is too deep */
    (void)set_rules(UINT32_MAX, UINT32_MAX);
    EXPECT_EQ(times_left_lying(run, LowImportance, 1), 0); /* no use to wait for more */
    (void)set_rules(rules.depth, rules.rate);
}

TEST(ke_dpc, of_low_importance_lies_until_the_queue_is_deep_or_requests_are_rare)
{
    test_join(run, test_thread(run, try_importances, run, 20, 1));
}

static void wait_for_the_tick(void *argument)
{
    struct selftest_run *run = argument;
    struct record record = { 0 };
    struct rules rules = set_rules(UINT32_MAX, 0);
    KDPC dpc;
    KeInitializeDpc(&dpc, record_dpc, &record);
    KeSetImportanceDpc(&dpc, LowImportance);
    uint64_t end = ke_tick_count() + TEST_HANG_MS, ticks = arch_cpu()->counters.ticks;
    EXPECT(KeInsertQueueDpc(&dpc, NULL, NULL));
    while (atomic_load_acquire(&record.ran) == 0 && ke_tick_count() < end)
        arch_cpu_pause();
    EXPECT_EQ(record.ran, 1);
    EXPECT(atomic_load_relaxed(&arch_cpu()->counters.ticks) - ticks < 1000);
    (void)set_rules(rules.depth, rules.rate);
}

TEST(ke_dpc, of_low_importance_runs_with_the_next_tick)
{
    test_join(run, test_thread(run, wait_for_the_tick, run, 20, 1));
}

static uint32_t busy, stop_busy; /* [a] */

static void be_busy(void *argument)
{
    (void)argument;
    atomic_store_release(&busy, 1);
    while (!atomic_load_acquire(&stop_busy))
        arch_cpu_pause();
}

/* The interrupts that queueing a DPC on the last processor takes. */
static uint64_t ipis_for(struct selftest_run *run, KDPC_IMPORTANCE importance)
{
    struct record record = { 0 };
    KDPC dpc;
    KeInitializeDpc(&dpc, record_dpc, &record);
    KeSetImportanceDpc(&dpc, importance);
    KeSetTargetProcessorDpc(&dpc, (CCHAR)(ke.cpu_count - 1));
    KIRQL old = KeRaiseIrqlToDpcLevel();
    uint64_t before = arch_cpu()->counters.ipis_sent;
    EXPECT(KeInsertQueueDpc(&dpc, NULL, NULL));
    uint64_t sent = arch_cpu()->counters.ipis_sent - before;
    KeLowerIrql(old);
    EXPECT(test_reaches(&record.ran, 1)); /* with the tick, if not before */
    EXPECT_EQ(record.cpu, ke.cpu_count - 1);
    return sent;
}

static void queue_on_the_last(void *argument)
{
    struct selftest_run *run = argument;
    struct rules rules = set_rules(UINT32_MAX, 0);
    busy = stop_busy = 0;
    struct ke_thread *thread =
        test_thread(run, be_busy, NULL, 20, (uint64_t)1 << (ke.cpu_count - 1));
    EXPECT(test_reaches(&busy, 1));
    EXPECT_EQ(ipis_for(run, LowImportance), 0);
    EXPECT_EQ(ipis_for(run, MediumImportance), 0);
    EXPECT_EQ(ipis_for(run, MediumHighImportance), 1);
    EXPECT_EQ(ipis_for(run, HighImportance), 1);
    (void)set_rules(0, 0);
    EXPECT_EQ(ipis_for(run, MediumImportance), 1); /* the queue is too deep */
    (void)set_rules(UINT32_MAX, UINT32_MAX);
    EXPECT_EQ(ipis_for(run, LowImportance), 1); /* no use to wait for more */
    (void)set_rules(rules.depth, rules.rate);
    atomic_store_release(&stop_busy, 1);
    test_join(run, thread);
}

TEST(ke_dpc, another_processor_is_interrupted_only_for_medium_high_and_high_importance)
{
    if (ke.cpu_count == 1)
        return; /* there is no other */
    test_join(run, test_thread(run, queue_on_the_last, run, 0, 1));
}

#define LIE_SECONDS 5 /* a timer goes off there every 10 s: what runs with that has lain too long */
static uint32_t lazy_ran; /* [a] */

static void count_lazily(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)context;
    (void)argument1;
    (void)argument2;
    (void)atomic_add(&lazy_ran, 1);
}

/* Each processor keeps others on the edge of their halts; where no timer is set clocks stop: nothing else wakes those. */
static void queue_on_who_goes_idle(void *argument)
{
    uint32_t me = (uint32_t)(uintptr_t)argument;
    for (uint32_t i = 0; i < 60; i++) {
        KDPC dpc;
        KeInitializeDpc(&dpc, count_lazily, NULL);
        KeSetImportanceDpc(&dpc, i % 2 == 0 ? LowImportance : MediumImportance);
        KeSetTargetProcessorDpc(&dpc, (CCHAR)((me + 1 + i / 2) % ke.cpu_count));
        (void)KeInsertQueueDpc(&dpc, NULL, NULL); /* a new DPC */
        uint64_t end = arch_counter() + LIE_SECONDS * arch_boot()->counter_hz;
        while (atomic_load_acquire(&dpc.DpcData) != NULL && arch_counter() < end) {
            if (i % 3 == 0)
                ke_thread_yield();
            arch_cpu_pause();
        }
        if (KeRemoveQueueDpcEx(&dpc, TRUE))
            return; /* the count will show it */
    }
}

TEST(ke_dpc, none_lies_in_the_queue_of_a_processor_that_halts)
{
    uint32_t count = ke.cpu_count < TEST_MAX_THREADS ? ke.cpu_count : TEST_MAX_THREADS;
    uint32_t threads = count / 2 > 0 ? count / 2 : 1; /* the others halt whenever they can */
    struct rules rules = set_rules(UINT32_MAX, 0);
    lazy_ran = 0;
    KeSetSystemAffinityThread(1); /* the timer of its wait keeps no other clock going */
    test_run_threads(run, threads, queue_on_who_goes_idle);
    KeRevertToUserAffinityThread();
    (void)set_rules(rules.depth, rules.rate);
    EXPECT_EQ(lazy_ran, threads * 60);
}

struct last_words {
    KDPC dpc;
    KEVENT go_on;
};

static void queue_and_block(void *argument)
{
    struct last_words *words = argument;
    (void)KeInsertQueueDpc(&words->dpc, NULL, NULL);                                /* a new DPC */
    (void)KeWaitForSingleObject(&words->go_on, Executive, KernelMode, FALSE, NULL); /* no timer */
}

/* No interrupt is asked for, and after the thread nothing runs there; the clock stops with the halt. */
TEST(ke_dpc, none_is_left_behind_by_a_thread_that_was_the_last_of_its_processor)
{
    struct rules rules = set_rules(UINT32_MAX, 0);
    KeSetSystemAffinityThread(1);
    for (uint32_t i = 0; i < 2 * ke.cpu_count; i++) {
        struct last_words words;
        uint32_t cpu = i % ke.cpu_count;
        lazy_ran = 0;
        KeInitializeEvent(&words.go_on, NotificationEvent, FALSE);
        KeInitializeDpc(&words.dpc, count_lazily, NULL);
        KeSetImportanceDpc(&words.dpc, LowImportance);
        KeSetTargetProcessorDpc(&words.dpc, (CCHAR)cpu);
        test_sleep(2);
        struct ke_thread *thread = test_thread(run, queue_and_block, &words, 0, (uint64_t)1 << cpu);
        for (uint32_t ms = 0; ms < LIE_SECONDS * 1000 && atomic_load_acquire(&lazy_ran) == 0; ms++)
            test_sleep(1);
        EXPECT_EQ(lazy_ran, 1);
        (void)KeSetEvent(&words.go_on, 0, FALSE); /* it was not set */
        test_join(run, thread);
        KeFlushQueuedDpcs();
    }
    KeRevertToUserAffinityThread();
    (void)set_rules(rules.depth, rules.rate);
}
