/* SPDX-License-Identifier: BSD-2-Clause */
/* Queues: each entry goes to one thread, no more threads run than may, and rundown lets go of everybody. */
#include "ke/ke_impl.h"
#include "scenario.h"

#define ENTRIES 3

static KQUEUE *queue;
static KEVENT event, joined;
static LIST_ENTRY entries[ENTRIES];
static uint32_t taken[ENTRIES], running;

static void make_queue(void)
{
    queue = explore_new(sizeof(*queue), "queue");
    KeInitializeQueue(queue, 1);
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    KeInitializeEvent(&joined, SynchronizationEvent, FALSE);
}

static void count(LIST_ENTRY *entry)
{
    explore_check(entry >= entries && entry < entries + ENTRIES);
    (void)atomic_add(&taken[entry - entries], 1);
}

/* As a thread that ends does. */
static void leave(void)
{
    bool interrupts = arch_interrupts_disable();
    ke_queue_leave(arch_thread());
    arch_interrupts_restore(interrupts);
}

static void work_once(void)
{
    count(KeRemoveQueue(queue, KernelMode, NULL));
    explore_check(atomic_add(&running, 1) == 0);
    (void)atomic_sub(&running, 1);
}

static void work(unsigned index)
{
    (void)index;
    work_once();
    leave();
}

static void work_twice(unsigned index)
{
    (void)index;
    work_once();
    work_once();
    leave();
}

static void insert_all(unsigned index)
{
    (void)index;
    for (unsigned i = 0; i < ENTRIES; i++)
        (void)KeInsertQueue(queue, &entries[i]);
}

static void each_was_taken_once(void)
{
    for (unsigned i = 0; i < ENTRIES; i++)
        explore_check(taken[i] == 1);
    explore_check(queue->CurrentCount == 0 && IsListEmpty(&queue->ThreadListHead));
    explore_check(KeReadStateQueue(queue) == 0 && IsListEmpty(&queue->Header.WaitListHead));
}

SCENARIO(queue_hands_out_each_entry_once,
         .what = "two threads work on three entries, of which one may be worked on at a time",
         .threads = { work, insert_all, work_twice }, .processors = 2, .set_up = make_queue,
         .check = each_was_taken_once, .bound = 2, .budget = 10000);

/* --- Who blocks makes room ------------------------------------------------------------------------------------------- */

static void work_and_block(unsigned index)
{
    (void)index;
    count(KeRemoveQueue(queue, KernelMode, NULL));
    (void)KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    leave();
}

/* It can only get an entry while the other is blocked, and only then unblocks it. */
static void work_and_unblock(unsigned index)
{
    (void)index;
    (void)KeWaitForSingleObject(&joined, Executive, KernelMode, FALSE, NULL);
    count(KeRemoveQueue(queue, KernelMode, NULL));
    (void)KeSetEvent(&event, 0, FALSE);
    count(KeRemoveQueue(queue, KernelMode, NULL));
    leave();
}

static void insert_around(unsigned index)
{
    (void)index;
    (void)KeInsertQueue(queue, &entries[0]);
    (void)KeInsertQueue(queue, &entries[1]);
    (void)KeSetEvent(&joined, 0, FALSE);
    (void)KeInsertHeadQueue(queue, &entries[2]);
}

SCENARIO(queue_lets_another_in_when_one_blocks,
         .what = "the one that may run blocks: another gets an entry in its place",
         .threads = { work_and_block, insert_around, work_and_unblock }, .processors = 2,
         .set_up = make_queue, .check = each_was_taken_once, .bound = 2, .budget = 10000);

/* --- Rundown ----------------------------------------------------------------------------------------------------------- */

static LIST_ENTRY *removed;
static bool ran_down_one;

static void remove_or_hear(unsigned index)
{
    (void)index;
    removed = KeRemoveQueue(queue, KernelMode, NULL);
    if (removed != (LIST_ENTRY *)(intptr_t)STATUS_ABANDONED)
        count(removed);
    leave();
}

static void insert_first(unsigned index)
{
    (void)index;
    (void)KeInsertQueue(queue, &entries[0]);
}

/* The second entry is for a thread that comes too late to be told; nobody counts it, the queue is no more. */
static void run_down(unsigned index)
{
    (void)index;
    LIST_ENTRY *first = KeRundownQueue(queue);
    ran_down_one = first != NULL;
    explore_check(first == NULL || (first == &entries[0] && first->Flink == first));
    (void)KeInsertQueue(queue, &entries[1]);
}

static void nothing_was_lost(void)
{
    bool got = removed != (LIST_ENTRY *)(intptr_t)STATUS_ABANDONED;
    explore_check(KeReadStateQueue(queue) + got + ran_down_one == 2);
    explore_check(IsListEmpty(&queue->ThreadListHead));
    explore_check(IsListEmpty(&queue->Header.WaitListHead));
    explore_outcome((uint64_t)got << 1 | ran_down_one);
}

SCENARIO(
    queue_rundown_against_remove_and_insert,
    .what = "rundown, insertion and removal at one time: the thread hears of it or has an entry",
    .threads = { remove_or_hear, run_down, insert_first }, .processors = 2, .set_up = make_queue,
    .check = nothing_was_lost, .bound = 2, .budget = 10000);

static void block_as_member(unsigned index)
{
    (void)index;
    count(KeRemoveQueue(queue, KernelMode, NULL));
    (void)KeSetEvent(&joined, 0, FALSE);
    (void)KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    leave();
}

static void run_down_and_free(unsigned index)
{
    (void)index;
    (void)KeInsertQueue(queue, &entries[0]);
    (void)KeWaitForSingleObject(&joined, Executive, KernelMode, FALSE, NULL);
    explore_check(KeRundownQueue(queue) == NULL);
    explore_free(queue);
}

static void set(unsigned index)
{
    (void)index;
    (void)KeSetEvent(&event, 0, FALSE);
}

static void the_member_has_none(void)
{
    explore_check(taken[0] == 1 && scenario_thread(0)->queue == NULL);
}

SCENARIO(queue_rundown_lets_go_of_a_member,
         .what = "a thread of the queue blocks and goes on while the queue is run down and freed",
         .threads = { block_as_member, run_down_and_free, set }, .processors = 2,
         .set_up = make_queue, .check = the_member_has_none, .bound = 2, .budget = 10000);
