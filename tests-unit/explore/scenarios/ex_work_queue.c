/* SPDX-License-Identifier: BSD-2-Clause */
/* Work items: each is called once, by a thread of the system, and when it is called it is the caller's again. */
#include <nt/ex_ddi.h>

#include "ex/ex.h"
#include "scenario.h"

#define ITEMS 3

struct task {
    WORK_QUEUE_ITEM item;
    KEVENT *done;
};

static struct task *tasks[ITEMS];
static KEVENT dones[ITEMS];
static uint32_t calls[ITEMS];

/* The item goes with its call. */
static void called(PVOID parameter)
{
    uintptr_t index = (uintptr_t)parameter;
    KEVENT *done = tasks[index]->done;
    explore_check(arch_irql() == PASSIVE_LEVEL);
    calls[index]++;
    explore_free(tasks[index]);
    (void)KeSetEvent(done, 0, FALSE);
}

static void start(void)
{
    NTSTATUS status = ex_work_start();
    CHECK(NT_SUCCESS(status));
    for (unsigned i = 0; i < ITEMS; i++) {
        tasks[i] = explore_new(sizeof(*tasks[i]), "work item");
        KeInitializeEvent(&dones[i], SynchronizationEvent, FALSE);
        tasks[i]->done = &dones[i];
        ExInitializeWorkItem(&tasks[i]->item, called, (PVOID)(uintptr_t)i);
    }
}

static void await(unsigned index)
{
    (void)KeWaitForSingleObject(&dones[index], Executive, KernelMode, FALSE, NULL);
    explore_check(calls[index] == 1);
}

static void queue_one(unsigned index)
{
    ExQueueWorkItem(&tasks[index]->item, DelayedWorkQueue);
    await(index);
}

static void queue_two(unsigned index)
{
    ExQueueWorkItem(&tasks[index]->item, DelayedWorkQueue);
    ExQueueWorkItem(&tasks[index + 1]->item, DelayedWorkQueue);
    await(index);
    await(index + 1);
}

SCENARIO(ex_work_queue_calls_each_once, .what = "two threads queue three items",
         .model = EXPLORE_SC, .threads = { queue_one, queue_two }, .set_up = start, .bound = 2,
         .budget = 3000);

/* Queued again by its own routine. */
static struct task *again;

static void call_again(PVOID parameter)
{
    (void)parameter;
    KEVENT *done = again->done;
    if (++calls[0] == 1)
        ExQueueWorkItem(&again->item, DelayedWorkQueue);
    else {
        explore_free(again);
        (void)KeSetEvent(done, 0, FALSE);
    }
}

static void queue_again(unsigned index)
{
    (void)index;
    again = tasks[0];
    ExInitializeWorkItem(&again->item, call_again, NULL);
    ExQueueWorkItem(&again->item, DelayedWorkQueue);
    (void)KeWaitForSingleObject(&dones[0], Executive, KernelMode, FALSE, NULL);
    explore_check(calls[0] == 2);
}

SCENARIO(ex_work_queue_item_queues_itself, .what = "an item queues itself again from its routine",
         .processors = 2, .model = EXPLORE_SC, .threads = { queue_again }, .set_up = start,
         .bound = 2, .budget = 3000);
