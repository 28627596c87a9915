/* SPDX-License-Identifier: BSD-2-Clause */
/* Cases about memory: blocks that go from thread to thread keep what was written, lists lose and double nothing. */
#include "mm/mm.h"
#include "stress/stress_impl.h"

/* --- pool: blocks of all sizes, and of look-aside lists, freed by others than those who took them ----------- */

#define SLOTS           32
#define POOL_BYTES      9000
#define LOOKASIDE_BYTES 200

struct pool {
    NPAGED_LOOKASIDE_LIST lookaside;
    struct block *slots[SLOTS]; /* [a] odd ones are of the look-aside list */
};

struct block {
    SLIST_ENTRY link; /* of the look-aside list, while it is free */
    uint32_t bytes;
    uint8_t fill;
    uint8_t data[];
};

static void pool_begin(struct stress_load *load)
{
    struct pool *state = load->state;
    ExInitializeNPagedLookasideList(&state->lookaside, NULL, NULL, 0, LOOKASIDE_BYTES, STRESS_TAG,
                                    0);
}

static struct block *fill(struct block *block, uint32_t bytes, uint8_t with)
{
    block->bytes = bytes;
    block->fill = with;
    __builtin_memset(block->data, with, bytes - sizeof(*block));
    return block;
}

static bool is_filled(const struct block *block)
{
    for (uint32_t i = 0; i < block->bytes - sizeof(*block); i++) {
        if (block->data[i] != block->fill)
            return false;
    }
    return true;
}

static struct block *take_block(struct stress_worker *worker, bool of_lookaside)
{
    struct pool *state = worker->load->state;
    uint32_t span = stress_one_in(worker, 8) ? POOL_BYTES : 600;
    uint32_t bytes = (uint32_t)sizeof(struct block) + 1 + stress_below(worker, span);
    struct block *block;
    if (of_lookaside) {
        bytes = LOOKASIDE_BYTES;
        block = ExAllocateFromNPagedLookasideList(&state->lookaside);
    } else {
        block = mm_pool_allocate_with(bytes, STRESS_TAG, MM_POOL_UNINITIALIZED);
    }
    return block != NULL ? fill(block, bytes, (uint8_t)stress_below(worker, 256)) : NULL;
}

static void put_block(struct stress_load *load, struct block *block, bool of_lookaside)
{
    struct pool *state = load->state;
    if (block == NULL)
        return;
    STRESS_EXPECT(load, is_filled(block));
    if (of_lookaside)
        ExFreeToNPagedLookasideList(&state->lookaside, block);
    else
        mm_pool_free(block, STRESS_TAG);
}

static void pool_work(struct stress_load *load, struct stress_worker *worker)
{
    struct pool *state = load->state;
    while (stress_step(worker)) {
        uint32_t slot = stress_below(worker, SLOTS);
        struct block *block = take_block(worker, slot % 2 != 0);
        put_block(load, atomic_exchange(&state->slots[slot], block), slot % 2 != 0);
        if (stress_one_in(worker, 256))
            mm_trim();
    }
}

static void pool_end(struct stress_load *load)
{
    struct pool *state = load->state;
    for (uint32_t i = 0; i < SLOTS; i++)
        put_block(load, state->slots[i], i % 2 != 0);
    ExDeleteNPagedLookasideList(&state->lookaside);
}

const struct stress_case stress_pool = {
    "pool", sizeof(struct pool), 2, 6, 0, false, false, pool_begin, pool_work, pool_end,
};

/* --- slist: entries wander between lists; each is in one, once ----------------------------------------------- */

#define LISTS   3
#define ENTRIES 48

struct slist {
    SLIST_HEADER lists[LISTS];
    struct wanderer {
        SLIST_ENTRY link;
        uint32_t owner; /* [a] 1: a thread has it */
    } entries[ENTRIES];
};

static void slist_begin(struct stress_load *load)
{
    struct slist *state = load->state;
    for (uint32_t i = 0; i < LISTS; i++)
        InitializeSListHead(&state->lists[i]);
    for (uint32_t i = 0; i < ENTRIES; i++)
        (void)ExpInterlockedPushEntrySList(&state->lists[0], &state->entries[i].link);
}

static void own_entry(struct stress_load *load, SLIST_ENTRY *link, uint32_t owner)
{
    struct wanderer *one = CONTAINING_RECORD(link, struct wanderer, link);
    STRESS_EQUAL(load, atomic_exchange(&one->owner, owner), !owner);
}

static void push_entry(struct stress_load *load, SLIST_HEADER *list, SLIST_ENTRY *link)
{
    own_entry(load, link, 0);
    (void)ExpInterlockedPushEntrySList(list, link);
}

static void slist_work(struct stress_load *load, struct stress_worker *worker)
{
    struct slist *state = load->state;
    while (stress_step(worker)) {
        SLIST_HEADER *from = &state->lists[stress_below(worker, LISTS)];
        SLIST_HEADER *to = &state->lists[stress_below(worker, LISTS)];
        bool all = stress_one_in(worker, 16);
        SLIST_ENTRY *link =
            all ? ExpInterlockedFlushSList(from) : ExpInterlockedPopEntrySList(from);
        while (link != NULL) {
            SLIST_ENTRY *next = all ? link->Next : NULL;
            own_entry(load, link, 1);
            push_entry(load, to, link);
            link = next;
        }
    }
}

static void slist_end(struct stress_load *load)
{
    struct slist *state = load->state;
    uint32_t count = 0, depth = 0;
    for (uint32_t i = 0; i < LISTS; i++) {
        depth += ExQueryDepthSList(&state->lists[i]);
        for (SLIST_ENTRY *link = ExpInterlockedFlushSList(&state->lists[i]);
             link != NULL && count <= ENTRIES; link = link->Next, count++)
            own_entry(load, link, 1);
    }
    STRESS_EQUAL(load, count, ENTRIES);
    STRESS_EQUAL(load, depth, ENTRIES);
}

const struct stress_case stress_slist = {
    "slist", sizeof(struct slist), 2,          STRESS_WORKERS, 0, false,
    false,   slist_begin,          slist_work, slist_end,
};
