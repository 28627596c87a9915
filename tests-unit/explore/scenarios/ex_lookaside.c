/* SPDX-License-Identifier: BSD-2-Clause */
/* Look-aside lists: a block has one user at a time, and none is lost, while lists begin, end and are fitted. */
#include <nt/ex_ddi.h>

#include "ex/ex_impl.h"
#include "scenario.h"

static NPAGED_LOOKASIDE_LIST lists[2];
static uint32_t made, gone;

static PVOID make_block(POOL_TYPE type, SIZE_T bytes, ULONG tag)
{
    (void)type;
    (void)tag;
    (void)atomic_add(&made, 1);
    return explore_new(bytes, "look-aside block");
}

static void free_block(PVOID block)
{
    (void)atomic_add(&gone, 1);
    explore_free(block);
}

static void begin_list(unsigned index)
{
    ExInitializeNPagedLookasideList(&lists[index], make_block, free_block, 0, 32, 0x74736574, 0);
}

static void start(void)
{
    ex_lookaside_init();
    begin_list(0);
}

/* As the inline functions do it, without their counts, which are estimates: those would be data races. */
static uint64_t *allocate(void)
{
    SLIST_ENTRY *entry = ExpInterlockedPopEntrySList(&lists[0].L.ListHead);
    return entry != NULL ? (void *)entry : lists[0].L.Allocate(NonPagedPool, lists[0].L.Size, 0);
}

static void give_back(void *block)
{
    if (ExQueryDepthSList(&lists[0].L.ListHead) >= atomic_load_relaxed(&lists[0].L.Depth))
        lists[0].L.Free(block);
    else
        (void)ExpInterlockedPushEntrySList(&lists[0].L.ListHead, block);
}

/* It is this processor's alone: it writes all of it. */
static void use(unsigned index)
{
    for (unsigned i = 0; i < 2; i++) {
        uint64_t *block = allocate();
        block[2] = index;
        block[3] = i;
        explore_check(block[2] == index && block[3] == i);
        give_back(block);
    }
}

static void nothing_is_lost(void)
{
    explore_check(made - gone == ExQueryDepthSList(&lists[0].L.ListHead));
    ExDeleteNPagedLookasideList(&lists[0]);
    explore_check(made == gone);
}

SCENARIO(ex_lookaside_blocks_have_one_user, .what = "two processors allocate and free twice each",
         .actors = { use, use }, .set_up = start, .check = nothing_is_lost, .bound = 2);

static void fit(unsigned index)
{
    (void)index;
    ex_lookaside_fit_all();
    ex_lookaside_fit_all();
}

static void begin_and_end(unsigned index)
{
    begin_list(index);
    ExDeleteNPagedLookasideList(&lists[index]);
}

static void depth_is_sound(void)
{
    explore_check(lists[0].L.Depth >= 4);
    explore_check(lists[0].L.ListEntry.Flink->Flink == &lists[0].L.ListEntry);
}

SCENARIO(ex_lookaside_lists_begin_and_end,
         .what = "a list begins and ends while two processors look at all lists",
         .actors = { fit, begin_and_end, fit }, .set_up = start, .check = depth_is_sound);
