/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of work_queue.c. */
#include <nt/ex_ddi.h>
#include <nt/ntstatus.h>

#include "ex/ex_impl.h"
#include "ke/ke_test.h"

#define ITEMS 64

static WORK_QUEUE_ITEM items[ITEMS];
static uint32_t done;   /* [a] */
static uint32_t errors; /* [a] */
static uint32_t order[ITEMS];
static KEVENT gate;
static uint32_t places; /* [a] */

static void reset(void)
{
    done = errors = places = 0;
    KeInitializeEvent(&gate, NotificationEvent, FALSE);
}

/* Threads that a test has brought about do not end in the middle of another one, which may count memory. */
static void settle(struct selftest_run *run, WORK_QUEUE_TYPE type)
{
    for (uint32_t i = 0; i < 2000 && ex_work_thread_count(type) > 2; i++) {
        ex_work_trim();
        test_sleep(1);
    }
    EXPECT_EQ(ex_work_thread_count(type), 2);
    test_settle();
}

static void note(PVOID parameter)
{
    if (KeGetCurrentIrql() != PASSIVE_LEVEL)
        (void)atomic_add(&errors, 1);
    uint32_t place = atomic_add(&places, 1);
    if (place < ITEMS)
        order[place] = (uint32_t)(uintptr_t)parameter;
    (void)atomic_add(&done, 1); /* last: who waits for it looks at `order` */
}

TEST(ex_work_queue, runs_items_of_every_queue_at_passive_level)
{
    static const WORK_QUEUE_TYPE types[] = { CriticalWorkQueue, DelayedWorkQueue,
                                             HyperCriticalWorkQueue, NormalWorkQueue };
    reset();
    for (uintptr_t i = 0; i < ARRAY_COUNT(types); i++) {
        ExInitializeWorkItem(&items[i], note, (PVOID)i);
        ExQueueWorkItem(&items[i], types[i]);
        EXPECT(test_sleep_until(&done, (uint32_t)i + 1));
        EXPECT_EQ(order[i], i);
    }
    EXPECT_EQ(errors, 0);
}

static void note_priority(PVOID parameter)
{
    *(uint32_t *)parameter = arch_thread()->priority;
    (void)atomic_add(&done, 1);
}

TEST(ex_work_queue, threads_have_the_documented_priorities)
{
    uint32_t critical = 0, delayed = 0;
    reset();
    ExInitializeWorkItem(&items[0], note_priority, &critical);
    ExInitializeWorkItem(&items[1], note_priority, &delayed);
    ExQueueWorkItem(&items[0], CriticalWorkQueue);
    ExQueueWorkItem(&items[1], DelayedWorkQueue);
    EXPECT(test_sleep_until(&done, 2));
    EXPECT_EQ(critical, 13);
    EXPECT_EQ(delayed, 12);
}

static void queue_again(PVOID parameter)
{
    if (atomic_add(&done, 1) < 9)
        ExQueueWorkItem(parameter, DelayedWorkQueue);
}

TEST(ex_work_queue, an_item_may_queue_itself_again)
{
    reset();
    ExInitializeWorkItem(&items[0], queue_again, &items[0]);
    ExQueueWorkItem(&items[0], DelayedWorkQueue);
    EXPECT(test_sleep_until(&done, 10));
    test_sleep(2);
    EXPECT_EQ(done, 10);
}

static void queue_from_dpc(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    ExQueueWorkItem(context, CriticalWorkQueue);
}

TEST(ex_work_queue, takes_items_from_dpcs)
{
    KDPC dpc;
    reset();
    ExInitializeWorkItem(&items[0], note, (PVOID)7);
    KeInitializeDpc(&dpc, queue_from_dpc, &items[0]);
    EXPECT(KeInsertQueueDpc(&dpc, NULL, NULL));
    EXPECT(test_sleep_until(&done, 1));
    EXPECT_EQ(order[0], 7);
}

static void wait_at_gate(PVOID parameter)
{
    UNREFERENCED_PARAMETER(parameter);
    if (test_wait(&gate) != STATUS_SUCCESS)
        (void)atomic_add(&errors, 1);
    (void)atomic_add(&done, 1);
}

static void open_gate(PVOID parameter)
{
    UNREFERENCED_PARAMETER(parameter);
    (void)KeSetEvent(&gate, 0, FALSE);
    (void)atomic_add(&done, 1);
}

/* All wait for one that stands behind them: more threads come, even beyond the usual limit. */
TEST(ex_work_queue, items_may_wait_for_items_behind_them)
{
    enum { COUNT = 20 };
    reset();
    for (uint32_t i = 0; i < COUNT; i++) {
        ExInitializeWorkItem(&items[i], wait_at_gate, NULL);
        ExQueueWorkItem(&items[i], DelayedWorkQueue);
    }
    ExInitializeWorkItem(&items[COUNT], open_gate, NULL);
    ExQueueWorkItem(&items[COUNT], DelayedWorkQueue);
    EXPECT(test_sleep_until(&done, COUNT + 1));
    EXPECT_EQ(errors, 0);
    EXPECT(ex_work_thread_count(DelayedWorkQueue) > 16);
    settle(run, DelayedWorkQueue);
}

static void take_time(PVOID parameter)
{
    UNREFERENCED_PARAMETER(parameter);
    test_sleep(2);
    (void)atomic_add(&done, 1);
}

/* A queue that gets on does not grow: items end all the time, though many wait for a long while. */
TEST(ex_work_queue, steady_work_needs_no_more_threads)
{
    reset();
    for (uint32_t i = 0; i < ITEMS; i++) {
        ExInitializeWorkItem(&items[i], take_time, NULL);
        ExQueueWorkItem(&items[i], HyperCriticalWorkQueue);
    }
    EXPECT(test_sleep_until(&done, ITEMS));
    EXPECT(ex_work_thread_count(HyperCriticalWorkQueue) <= 4);
    settle(run, HyperCriticalWorkQueue);
}

static void count_item(PVOID parameter)
{
    uint32_t *queued = parameter;
    if (atomic_sub(queued, 1) != 1)
        (void)atomic_add(&errors, 1);
    (void)atomic_add(&done, 1);
}

static uint32_t queued[ITEMS]; /* [a] 1 while the item is queued */

static void queue_many(void *argument)
{
    uint32_t first = (uint32_t)(uintptr_t)argument * 8;
    for (uint32_t i = 0; i < 200; i++) {
        uint32_t n = first + i % 8;
        while (atomic_load_acquire(&queued[n]) != 0)
            ke_thread_yield();
        (void)atomic_add(&queued[n], 1);
        ExQueueWorkItem(&items[n], i % 2 == 0 ? CriticalWorkQueue : DelayedWorkQueue);
    }
}

TEST(ex_work_queue, every_item_runs_once_each_time)
{
    reset();
    for (uint32_t i = 0; i < ITEMS; i++) {
        queued[i] = 0;
        ExInitializeWorkItem(&items[i], count_item, &queued[i]);
    }
    test_run_threads(run, 8, queue_many);
    EXPECT(test_sleep_until(&done, 8 * 200));
    EXPECT_EQ(done, 8 * 200);
    EXPECT_EQ(errors, 0);
    settle(run, CriticalWorkQueue);
    settle(run, DelayedWorkQueue);
}

static void lower_nothing(PVOID parameter)
{
    UNREFERENCED_PARAMETER(parameter);
    (void)KeRaiseIrqlToDpcLevel();
}

TEST_PLANTED(planted, work_item_returns_at_dispatch_level,
             "a work item that returns at a raised level is bugcheck 0xE1")
{
    ExInitializeWorkItem(&items[0], lower_nothing, NULL);
    ExQueueWorkItem(&items[0], DelayedWorkQueue);
    EXPECT(!test_reaches(&done, 1));
}

TEST_PLANTED(planted, work_item_queued_twice, "a work item that is queued twice is bugcheck 0xE4")
{
    reset();
    for (uint32_t i = 0; i < 16; i++) {
        ExInitializeWorkItem(&items[i], wait_at_gate, NULL);
        ExQueueWorkItem(&items[i], DelayedWorkQueue);
    }
    ExQueueWorkItem(&items[15], DelayedWorkQueue);
    EXPECT(false);
}
