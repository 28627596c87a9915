/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of dpc.c. */
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
