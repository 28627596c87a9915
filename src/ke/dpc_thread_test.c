/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of dpc_thread.c: threaded DPCs, and waiting for DPCs of both kinds. */
#include <nt/ke_object_ddi.h>
#include <nt/ke_thread_ddi.h>

#include "ke/ke_test.h"

struct record {
    uint32_t ran; /* [a] */
    uint32_t cpu, irql, priority;
    PVOID argument1, argument2;
};

static void record_dpc(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct record *record = context;
    (void)dpc;
    record->irql = arch_irql();
    record->cpu = arch_cpu()->index;
    record->priority = (uint32_t)KeQueryPriorityThread(KeGetCurrentThread());
    record->argument1 = argument1;
    record->argument2 = argument2;
    (void)atomic_add(&record->ran, 1);
}

static void queue_threaded(KDPC *dpc, struct record *record, uint32_t cpu)
{
    *record = (struct record){ .cpu = UINT32_MAX };
    KeInitializeThreadedDpc(dpc, record_dpc, record);
    KeSetTargetProcessorDpc(dpc, (CCHAR)cpu);
    KeSetImportanceDpc(dpc, MediumHighImportance);
    (void)KeInsertQueueDpc(dpc, dpc, record); /* a new DPC */
}

TEST(ke_dpc_thread, runs_at_passive_level_at_the_highest_priority_on_its_processor)
{
    for (uint32_t i = 0; i < ke.cpu_count; i++) {
        struct record record;
        KDPC dpc;
        queue_threaded(&dpc, &record, i);
        REQUIRE(test_sleep_until(&record.ran, 1));
        EXPECT_EQ(record.irql, PASSIVE_LEVEL);
        EXPECT_EQ(record.priority, HIGH_PRIORITY);
        EXPECT_EQ(record.cpu, i);
        EXPECT(record.argument1 == &dpc && record.argument2 == &record);
    }
}

static void queue_and_look(void *argument)
{
    struct selftest_run *run = argument;
    struct record record;
    KDPC dpc;
    KIRQL old = KeRaiseIrqlToDpcLevel();
    queue_threaded(&dpc, &record, arch_cpu()->index);
    EXPECT(!KeInsertQueueDpc(&dpc, NULL, NULL)); /* it is queued */
    EXPECT_EQ(record.ran, 0);
    KeLowerIrql(old);
    EXPECT_EQ(record.ran, 1); /* before any thread of a lower priority went on */
}

TEST(ke_dpc_thread, comes_before_any_other_thread)
{
    test_join(run, test_thread(run, queue_and_look, run, 30, 1));
}

TEST(ke_dpc_thread, may_be_queued_above_dispatch_level)
{
    struct record record;
    KDPC dpc;
    KIRQL old = KfRaiseIrql(CLOCK_LEVEL);
    queue_threaded(&dpc, &record, arch_cpu()->index);
    KeLowerIrql(old);
    EXPECT(test_sleep_until(&record.ran, 1));
}

TEST(ke_dpc_thread, a_removed_one_does_not_run)
{
    struct record record;
    KDPC dpc;
    KIRQL old = KeRaiseIrqlToDpcLevel();
    queue_threaded(&dpc, &record, arch_cpu()->index);
    bool removed = KeRemoveQueueDpc(&dpc);
    bool again = KeRemoveQueueDpc(&dpc);
    KeLowerIrql(old);
    KeFlushQueuedDpcs();
    EXPECT(removed && !again);
    EXPECT_EQ(record.ran, 0);
}

TEST(ke_dpc_thread, runs_at_dispatch_level_where_threaded_dpcs_are_disabled)
{
    struct record record;
    KDPC dpc;
    KeFlushQueuedDpcs();
    atomic_store_release(&ke.threaded_dpcs, false);
    queue_threaded(&dpc, &record, ke.cpu_count - 1);
    EXPECT(test_reaches(&record.ran, 1));
    atomic_store_release(&ke.threaded_dpcs, true);
    EXPECT_EQ(record.irql, DISPATCH_LEVEL);
    EXPECT_EQ(record.cpu, ke.cpu_count - 1);
}

static void wait_a_little(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)argument1;
    (void)argument2;
    if (arch_irql() == PASSIVE_LEVEL)
        test_sleep(3); /* documented as bad manners, but possible */
    else
        KeStallExecutionProcessor(200);
    (void)atomic_add((uint32_t *)context, 1);
}

struct ordinary_and_threaded {
    KDPC threaded, ordinary;
    struct record threaded_ran, ordinary_ran;
    uint32_t before; /* the ordinary one's count when the threaded one looked */
};

static void be_interrupted(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct ordinary_and_threaded *both = context;
    (void)KeInsertQueueDpc(&both->ordinary, NULL, NULL); /* a new DPC, and at once */
    both->before = atomic_load_acquire(&both->ordinary_ran.ran);
    record_dpc(dpc, &both->threaded_ran, argument1, argument2);
}

TEST(ke_dpc_thread, ordinary_dpcs_come_in_between)
{
    static struct ordinary_and_threaded both;
    __builtin_memset(&both, 0, sizeof(both));
    KeInitializeDpc(&both.ordinary, record_dpc, &both.ordinary_ran);
    KeInitializeThreadedDpc(&both.threaded, be_interrupted, &both);
    EXPECT(KeInsertQueueDpc(&both.threaded, NULL, NULL));
    REQUIRE(test_sleep_until(&both.threaded_ran.ran, 1));
    EXPECT_EQ(both.before, 1);
    EXPECT_EQ(both.ordinary_ran.irql, DISPATCH_LEVEL);
}

#define FLUSHED 3

TEST(ke_dpc_thread, flushing_waits_for_all_dpcs_on_all_processors)
{
    static KDPC dpcs[2 * ARCH_MAX_CPUS][FLUSHED];
    uint32_t ran = 0;
    for (uint32_t i = 0; i < 2 * ke.cpu_count * FLUSHED; i++) {
        KDPC *dpc = &dpcs[i / FLUSHED][i % FLUSHED];
        if (i / FLUSHED % 2 == 0)
            KeInitializeDpc(dpc, wait_a_little, &ran);
        else
            KeInitializeThreadedDpc(dpc, wait_a_little, &ran);
        KeSetTargetProcessorDpc(dpc, (CCHAR)(i / FLUSHED / 2));
        EXPECT(KeInsertQueueDpc(dpc, NULL, NULL));
    }
    KeFlushQueuedDpcs();
    EXPECT_EQ(ran, 2 * ke.cpu_count * FLUSHED);
}

static struct {
    uint32_t inside, ended, stay; /* [a] */
} active;

static void stay_until_told(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)context;
    (void)argument1;
    (void)argument2;
    uint64_t end = arch_counter() + 20 * arch_boot()->counter_hz;
    atomic_store_release(&active.inside, 1);
    while (atomic_load_acquire(&active.stay) && arch_counter() < end)
        arch_cpu_pause();
    KeStallExecutionProcessor(300);
    atomic_store_release(&active.ended, 1);
}

/* On another processor, if there is one, or this thread could not look while it runs. */
static void remove_while_it_runs(struct selftest_run *run, bool threaded)
{
    KDPC dpc;
    __builtin_memset(&active, 0, sizeof(active));
    active.stay = 1;
    if (threaded)
        KeInitializeThreadedDpc(&dpc, stay_until_told, NULL);
    else
        KeInitializeDpc(&dpc, stay_until_told, NULL);
    KeSetTargetProcessorDpc(&dpc, (CCHAR)(ke.cpu_count - 1));
    KeSetImportanceDpc(&dpc, HighImportance);
    KeSetSystemAffinityThread(1);
    EXPECT(KeInsertQueueDpc(&dpc, NULL, NULL));
    EXPECT(test_reaches(&active.inside, 1));
    EXPECT(!KeRemoveQueueDpcEx(&dpc, FALSE)); /* it runs, and this does not wait */
    EXPECT_EQ(active.ended, 0);
    atomic_store_release(&active.stay, 0);
    EXPECT(!KeRemoveQueueDpcEx(&dpc, TRUE));
    EXPECT_EQ(active.ended, 1);
    KeRevertToUserAffinityThread();
}

TEST(ke_dpc_thread, removing_can_wait_for_a_dpc_that_runs)
{
    if (ke.cpu_count == 1)
        return; /* it would run to its end before the thread looks */
    remove_while_it_runs(run, false);
    remove_while_it_runs(run, true);
}

/* --- Contention --- */

#define STORM_DPCS   6
#define STORM_ROUNDS 200

static struct {
    KDPC dpcs[STORM_DPCS];
    uint32_t at_once[STORM_DPCS]; /* [a] */
    uint32_t runs, inserts, removes, wrong;
} storm;

static void storm_dpc(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    bool threaded = ((uintptr_t)context & 1) != 0;
    (void)dpc;
    (void)argument1;
    (void)argument2;
    if (arch_irql() != (threaded ? PASSIVE_LEVEL : DISPATCH_LEVEL))
        (void)atomic_add(&storm.wrong, 1);
    (void)atomic_add(&storm.runs, 1);
}

static void storm_worker(void *argument)
{
    uintptr_t me = (uintptr_t)argument;
    for (uint32_t i = 0; i < STORM_ROUNDS; i++) {
        KDPC *dpc = &storm.dpcs[(me + i) % STORM_DPCS];
        if (KeInsertQueueDpc(dpc, NULL, NULL))
            (void)atomic_add(&storm.inserts, 1);
        if (i % 5 == 0 && KeRemoveQueueDpcEx(&storm.dpcs[i % STORM_DPCS], i % 2 == 0))
            (void)atomic_add(&storm.removes, 1);
        if (i % 67 == 0)
            KeFlushQueuedDpcs();
    }
}

/* Of both kinds, every importance, queued from and removed by all processors. */
TEST(ke_dpc_thread, each_insert_runs_or_is_removed_exactly_once)
{
    static const KDPC_IMPORTANCE importances[] = { LowImportance, MediumImportance,
                                                   HighImportance };
    __builtin_memset(&storm, 0, sizeof(storm));
    for (uintptr_t i = 0; i < STORM_DPCS; i++) {
        if (i % 2 != 0)
            KeInitializeThreadedDpc(&storm.dpcs[i], storm_dpc, (PVOID)i);
        else
            KeInitializeDpc(&storm.dpcs[i], storm_dpc, (PVOID)i);
        KeSetImportanceDpc(&storm.dpcs[i], importances[i % 3]);
        if (i >= STORM_DPCS / 2)
            KeSetTargetProcessorDpc(&storm.dpcs[i], (CCHAR)(i % ke.cpu_count));
    }
    test_run_threads(run, 4, storm_worker);
    KeFlushQueuedDpcs();
    EXPECT(storm.inserts > 0);
    EXPECT_EQ(storm.wrong, 0);
    EXPECT_EQ(storm.runs + storm.removes, storm.inserts);
}

static void flush_worker(void *argument)
{
    (void)argument;
    for (uint32_t i = 0; i < 20; i++) {
        struct record ordinary = { 0 }, threaded;
        KDPC first, second;
        KeInitializeDpc(&first, record_dpc, &ordinary);
        KeSetImportanceDpc(&first, LowImportance);
        (void)KeInsertQueueDpc(&first, NULL, NULL); /* a new DPC */
        queue_threaded(&second, &threaded, i % ke.cpu_count);
        KeFlushQueuedDpcs(); /* or they would run on a stack that is gone */
        if (ordinary.ran != 1 || threaded.ran != 1)
            (void)atomic_add(&storm.wrong, 1);
    }
}

TEST(ke_dpc_thread, all_processors_flush_at_once)
{
    storm.wrong = 0;
    test_run_threads(run, 6, flush_worker);
    EXPECT_EQ(storm.wrong, 0);
}
