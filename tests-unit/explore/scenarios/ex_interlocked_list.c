/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists and sums under a caller's lock: each call is one step of a queue, or of a sum. */
#include <nt/ex_ddi.h>
#include <nt/list.h>

#include "ex/ex_impl.h"
#include "scenario.h"

enum { PUT_FIRST, PUT_LAST, TAKE };

static LIST_ENTRY head;
static LIST_ENTRY *entries[4];
static KSPIN_LOCK lock;
static ULONG sum;
static uint32_t taken;

static void make(void)
{
    InitializeListHead(&head);
    for (unsigned i = 0; i < 4; i++)
        entries[i] = explore_new(sizeof(LIST_ENTRY), "entry");
}

struct queue {
    uint64_t count;
    uint64_t entries[8];
};

static void begin(void *state)
{
    *(struct queue *)state = (struct queue){ 0 };
}

static bool apply(void *state, const struct explore_operation *operation)
{
    struct queue *queue = state;
    uint64_t first = queue->count != 0 ? queue->entries[0] : 0;
    uint64_t last = queue->count != 0 ? queue->entries[queue->count - 1] : 0;

    if (operation->result != (operation->kind == PUT_LAST ? last : first))
        return false;
    if (operation->kind == PUT_LAST) {
        queue->entries[queue->count++] = operation->argument;
    } else if (operation->kind == PUT_FIRST) {
        for (uint64_t i = queue->count++; i > 0; i--)
            queue->entries[i] = queue->entries[i - 1];
        queue->entries[0] = operation->argument;
    } else if (queue->count != 0) {
        queue->count--;
        for (uint64_t i = 0; i < queue->count; i++)
            queue->entries[i] = queue->entries[i + 1];
    }
    return true;
}

/* What was taken is the taker's: it frees it. */
static void take(void)
{
    unsigned call = explore_call(TAKE, 0);
    LIST_ENTRY *entry = ExInterlockedRemoveHeadList(&head, &lock);
    explore_return(call, (uintptr_t)entry);
    if (entry != NULL)
        explore_free(entry);
}

static void put_last_and_take(unsigned index)
{
    unsigned call = explore_call(PUT_LAST, (uintptr_t)entries[index]);
    explore_return(call, (uintptr_t)ExInterlockedInsertTailList(&head, entries[index], &lock));
    take();
}

static void put_first_and_take(unsigned index)
{
    unsigned call = explore_call(PUT_FIRST, (uintptr_t)entries[index]);
    explore_return(call, (uintptr_t)ExInterlockedInsertHeadList(&head, entries[index], &lock));
    take();
}

static void it_is_a_queue(void)
{
    static const struct explore_model_object object = { sizeof(struct queue), begin, apply };

    explore_check_linearizable(&object);
}

SCENARIO(ex_interlocked_list_is_a_queue,
         .what = "three processors put an entry in and take one out, which they free",
         .actors = { put_last_and_take, put_first_and_take, put_last_and_take }, .set_up = make,
         .check = it_is_a_queue, .bound = 2, .model = EXPLORE_SC);

static void add(unsigned index)
{
    for (unsigned i = 0; i < 2; i++)
        (void)atomic_or(&taken, 1u << ExInterlockedAddUlong(&sum, 1, &lock));
    (void)index;
}

static void no_sum_is_lost(void)
{
    explore_check(sum == 6 && taken == 0x3f);
}

SCENARIO(ex_interlocked_list_sums, .what = "three processors add twice each",
         .actors = { add, add, add }, .check = no_sum_is_lost);
