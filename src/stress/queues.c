/* SPDX-License-Identifier: BSD-2-Clause */
/* Cases about handing work on: KQUEUEs, work items, calls of other processors. What goes in comes out once. */
#include "mm/mm.h"
#include "stress/stress_impl.h"

/* --- queue: the first thread of two produces, the other consumes ------------------------------------------- */

struct queue {
    KQUEUE queue;
    uint32_t ended;              /* [a] producers */
    uint64_t inserted, consumed; /* [a] */
};

struct entry {
    LIST_ENTRY link;
    bool last;     /* for one consumer */
    uint32_t seen; /* [a] */
};

static void queue_begin(struct stress_load *load)
{
    struct queue *state = load->state;
    KeInitializeQueue(&state->queue, (ULONG)(stress_random(&load->random) % 4));
}

static void insert(struct stress_load *load, bool last, bool at_head)
{
    struct queue *state = load->state;
    struct entry *entry = mm_pool_allocate(sizeof(*entry), STRESS_TAG);
    if (!STRESS_EXPECT(load, entry != NULL))
        return;
    entry->last = last;
    (void)atomic_add(&state->inserted, 1);
    if (at_head)
        (void)KeInsertHeadQueue(&state->queue, &entry->link);
    else
        (void)KeInsertQueue(&state->queue, &entry->link);
}

static void produce(struct stress_load *load, struct stress_worker *worker)
{
    struct queue *state = load->state;
    while (stress_step(worker)) {
        for (uint32_t i = 1 + stress_below(worker, 4); i > 0; i--)
            insert(load, false, stress_one_in(worker, 4));
        if (KeReadStateQueue(&state->queue) > 64 || stress_one_in(worker, 32))
            stress_sleep(1);
    }
    if (atomic_add(&state->ended, 1) + 1 != load->count / 2)
        return;
    for (uint32_t i = 0; i < load->count / 2; i++)
        insert(load, true, false); /* behind all others: one for each consumer */
}

/* True: it was the last one for this consumer. */
static bool consume(struct stress_load *load, LIST_ENTRY *link)
{
    struct queue *state = load->state;
    struct entry *entry = CONTAINING_RECORD(link, struct entry, link);
    bool last = entry->last;
    STRESS_EQUAL(load, atomic_add(&entry->seen, 1), 0);
    (void)atomic_add(&state->consumed, 1);
    mm_pool_free(entry, STRESS_TAG);
    return last;
}

static void consume_all(struct stress_load *load, struct stress_worker *worker)
{
    struct queue *state = load->state;
    for (bool last = false; !last;) {
        LARGE_INTEGER timeout = { .QuadPart = -(int64_t)stress_below(worker, 3) * KE_TICK_100NS };
        bool timed = stress_one_in(worker, 3);
        LIST_ENTRY *link = KeRemoveQueue(&state->queue, KernelMode, timed ? &timeout : NULL);
        if (link == (LIST_ENTRY *)(intptr_t)STATUS_TIMEOUT)
            STRESS_EXPECT(load, timed);
        else
            last = consume(load, link);
        if (stress_one_in(worker, 64))
            stress_sleep(1); /* another may go on meanwhile */
    }
}

static void queue_work(struct stress_load *load, struct stress_worker *worker)
{
    if (worker->index % 2 == 0)
        produce(load, worker);
    else
        consume_all(load, worker);
}

static void queue_end(struct stress_load *load)
{
    struct queue *state = load->state;
    STRESS_EQUAL(load, KeReadStateQueue(&state->queue), 0);
    STRESS_EQUAL(load, state->inserted, state->consumed);
    STRESS_EQUAL(load, state->queue.CurrentCount, 0);
    STRESS_EXPECT(load, KeRundownQueue(&state->queue) == NULL);
}

const struct stress_case stress_queue = {
    "queue", sizeof(struct queue), 2,          STRESS_WORKERS, 2, false,
    false,   queue_begin,          queue_work, queue_end,
};

/* --- work_items: each runs once for each time that it was queued -------------------------------------------- */

#define ITEMS 4 /* of a thread */

struct work_items {
    uint64_t queued, ran; /* [a] */
    struct item {
        WORK_QUEUE_ITEM item;
        struct work_items *all;
        bool busy; /* [a] */
    } items[STRESS_WORKERS][ITEMS];
};

static void item_run(PVOID context)
{
    struct item *item = context;
    struct work_items *all = item->all;
    atomic_store_release(&item->busy, false); /* it may be queued again from here on */
    (void)atomic_add(&all->ran, 1);           /* the last touch */
}

static void work_items_begin(struct stress_load *load)
{
    struct work_items *state = load->state;
    for (uint32_t i = 0; i < STRESS_WORKERS * ITEMS; i++)
        state->items[i / ITEMS][i % ITEMS].all = state;
}

static void work_items_work(struct stress_load *load, struct stress_worker *worker)
{
    struct work_items *state = load->state;
    while (stress_step(worker)) {
        struct item *item = &state->items[worker->index][stress_below(worker, ITEMS)];
        if (atomic_load_acquire(&item->busy)) {
            ke_thread_yield();
            continue;
        }
        atomic_store_relaxed(&item->busy, true);
        ExInitializeWorkItem(&item->item, item_run, item);
        (void)atomic_add(&state->queued, 1);
        ExQueueWorkItem(&item->item, (WORK_QUEUE_TYPE)stress_below(worker, 3));
    }
}

static void work_items_end(struct stress_load *load)
{
    struct work_items *state = load->state;
    STRESS_EXPECT(load, stress_reaches(&state->ran, state->queued));
}

const struct stress_case stress_work_items = {
    "work_items",
    sizeof(struct work_items),
    1,
    4,
    0,
    false,
    false,
    work_items_begin,
    work_items_work,
    work_items_end,
};

/* --- calls: a function runs once on each of the processors that were asked ---------------------------------- */

struct call {
    uint64_t ran_on; /* [a] */
    uint64_t times;  /* [a] */
};

static void call_run(void *argument)
{
    struct call *call = argument;
    (void)atomic_or(&call->ran_on, (uint64_t)1 << arch_cpu()->index);
    (void)atomic_add(&call->times, 1);
}

static void calls_begin(struct stress_load *load)
{
    (void)load; /* zeros are right */
}

static void calls_work(struct stress_load *load, struct stress_worker *worker)
{
    uint64_t active = atomic_load_acquire(&ke.active);
    while (stress_step(worker)) {
        struct call call = { 0 };
        uint64_t cpus = stress_random(&worker->random) & active;
        ke_call_processors(cpus, call_run, &call);
        STRESS_EQUAL(load, call.ran_on, cpus);
        STRESS_EQUAL(load, call.times, __builtin_popcountll(cpus));
        if (stress_one_in(worker, 4))
            stress_sleep(stress_below(worker, 2));
    }
}

static void calls_end(struct stress_load *load)
{
    (void)load; /* each call was looked at */
}

const struct stress_case stress_calls = {
    "calls", sizeof(struct call), 1, 4, 0, false, false, calls_begin, calls_work, calls_end,
};
