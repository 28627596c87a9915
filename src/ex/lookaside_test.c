/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of lookaside.c: what the inline functions of drivers find in a list. */
#include <nt/ex_ddi.h>
#include <nt/ntstatus.h>

#include "ex/ex_impl.h"
#include "ke/ke_test.h"
#include "mm/mm.h"

#define TAG    0x74736554u /* "Test" */
#define ROUNDS 400

static NPAGED_LOOKASIDE_LIST list;
static LOOKASIDE_LIST_EX list_ex;
static uint32_t allocated; /* [a] */
static uint32_t freed;     /* [a] */
static uint32_t errors;    /* [a] */

static PVOID allocate(POOL_TYPE type, SIZE_T bytes, ULONG tag)
{
    UNREFERENCED_PARAMETER(type);
    (void)atomic_add(&allocated, 1);
    return mm_pool_allocate(bytes, tag);
}

static void free_block(PVOID block)
{
    (void)atomic_add(&freed, 1);
    mm_pool_free(block, TAG);
}

static PVOID allocate_ex(POOL_TYPE type, SIZE_T bytes, ULONG tag, LOOKASIDE_LIST_EX *of)
{
    if (of != &list_ex)
        (void)atomic_add(&errors, 1);
    return allocate(type, bytes, tag);
}

static void free_ex(PVOID block, LOOKASIDE_LIST_EX *of)
{
    if (of != &list_ex)
        (void)atomic_add(&errors, 1);
    free_block(block);
}

static void reset(void)
{
    allocated = freed = errors = 0;
}

TEST(ex_lookaside, a_freed_block_is_used_again)
{
    reset();
    ExInitializeNPagedLookasideList(&list, allocate, free_block, 0, 100, TAG, 0);
    PVOID first = ExAllocateFromNPagedLookasideList(&list);
    REQUIRE(first != NULL);
    ExFreeToNPagedLookasideList(&list, first);
    EXPECT(ExAllocateFromNPagedLookasideList(&list) == first);
    EXPECT_EQ(allocated, 1);
    EXPECT_EQ(list.L.TotalAllocates, 2);
    EXPECT_EQ(list.L.AllocateMisses, 1);
    EXPECT_EQ(list.L.TotalFrees, 1);
    EXPECT_EQ(list.L.Size, 100);
    ExFreeToNPagedLookasideList(&list, first);
    ExDeleteNPagedLookasideList(&list);
    EXPECT_EQ(freed, 1);
}

TEST(ex_lookaside, keeps_no_more_than_its_depth)
{
    PVOID blocks[20];
    reset();
    ExInitializeNPagedLookasideList(&list, allocate, free_block, 0, 1, TAG, 0);
    EXPECT_EQ(list.L.Size, sizeof(SLIST_ENTRY)); /* a block must have room for its place */
    list.L.MaximumDepth = list.L.Depth;          /* so that nobody fits it meanwhile */
    for (uint32_t i = 0; i < 20; i++)
        blocks[i] = ExAllocateFromNPagedLookasideList(&list);
    uint32_t depth = list.L.Depth;
    EXPECT(depth > 0 && depth < 20);
    for (uint32_t i = 0; i < 20; i++)
        ExFreeToNPagedLookasideList(&list, blocks[i]);
    EXPECT_EQ(freed, 20 - depth);
    EXPECT_EQ(list.L.FreeMisses, 20 - depth);
    ExDeleteNPagedLookasideList(&list);
    EXPECT_EQ(freed, 20);
}

TEST(ex_lookaside, the_pool_is_the_default)
{
    PAGED_LOOKASIDE_LIST paged;
    test_settle();
    size_t bytes = mm_pool_bytes();
    ExInitializePagedLookasideList(&paged, NULL, NULL, 0, 64, 0, 0);
    PVOID block = ExAllocateFromPagedLookasideList(&paged);
    REQUIRE(block != NULL);
    EXPECT_EQ(mm_pool_bytes(), bytes + 64);
    ExFreeToPagedLookasideList(&paged, block);
    ExDeletePagedLookasideList(&paged);
    EXPECT_EQ(mm_pool_bytes(), bytes);
}

TEST(ex_lookaside, flushing_frees_what_is_kept)
{
    PVOID blocks[3];
    reset();
    EXPECT_EQ(
        ExInitializeLookasideListEx(&list_ex, allocate_ex, free_ex, NonPagedPoolNx, 0, 48, TAG, 0),
        STATUS_SUCCESS);
    for (uint32_t i = 0; i < 3; i++)
        blocks[i] = ExAllocateFromLookasideListEx(&list_ex);
    for (uint32_t i = 0; i < 3; i++)
        ExFreeToLookasideListEx(&list_ex, blocks[i]);
    ExFlushLookasideListEx(&list_ex);
    EXPECT_EQ(freed, 3);
    EXPECT_EQ(ExQueryDepthSList(&list_ex.L.ListHead), 0);
    ExFreeToLookasideListEx(&list_ex, ExAllocateFromLookasideListEx(&list_ex));
    ExDeleteLookasideListEx(&list_ex);
    EXPECT_EQ(freed, 4);
    EXPECT_EQ(allocated, 4);
    EXPECT_EQ(errors, 0);
}

TEST(ex_lookaside, bad_parameters_are_refused)
{
    EXPECT_EQ(ExInitializeLookasideListEx(&list_ex, NULL, NULL, MaxPoolType, 0, 48, TAG, 0),
              STATUS_INVALID_PARAMETER_4);
    EXPECT_EQ(ExInitializeLookasideListEx(&list_ex, NULL, NULL, PagedPool, 3, 48, TAG, 0),
              STATUS_INVALID_PARAMETER_5);
    EXPECT_EQ(ExInitializeLookasideListEx(&list_ex, NULL, NULL, PagedPool, 4, 48, TAG, 0),
              STATUS_INVALID_PARAMETER_5);
}

TEST(ex_lookaside, depth_follows_use)
{
    EXPECT_EQ(ex_lookaside_fit_depth(8, 256, 1000, 500), 16);
    EXPECT_EQ(ex_lookaside_fit_depth(200, 256, 1000, 500), 256);
    EXPECT_EQ(ex_lookaside_fit_depth(40, 256, 1000, 10), 40);
    EXPECT_EQ(ex_lookaside_fit_depth(40, 256, 1000, 0), 30);
    EXPECT_EQ(ex_lookaside_fit_depth(40, 256, 0, 0), 30);
    EXPECT_EQ(ex_lookaside_fit_depth(5, 256, 0, 0), 4);
    EXPECT_EQ(ex_lookaside_fit_depth(4, 256, 0, 0), 4);
}

TEST(ex_lookaside, a_busy_list_becomes_deeper)
{
    PVOID blocks[40];
    reset();
    ExInitializeNPagedLookasideList(&list, allocate, free_block, 0, 32, TAG, 0);
    USHORT before = list.L.Depth;
    for (uint32_t i = 0; i < 40; i++)
        blocks[i] = ExAllocateFromNPagedLookasideList(&list);
    ex_lookaside_fit_all();
    EXPECT(list.L.Depth > before);
    for (uint32_t i = 0; i < 40; i++)
        ExFreeToNPagedLookasideList(&list, blocks[i]);
    ExDeleteNPagedLookasideList(&list);
    EXPECT_EQ(allocated, freed);
}

static void worker(void *argument)
{
    uint64_t *held[4] = { 0 };
    uint64_t mark = (uintptr_t)argument + 1;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint64_t **slot = &held[i * 3 % 4];
        if (*slot == NULL) {
            *slot = ExAllocateFromNPagedLookasideList(&list);
            if (*slot != NULL)
                (*slot)[2] = mark;
            continue;
        }
        if ((*slot)[2] != mark)
            (void)atomic_add(&errors, 1);
        ExFreeToNPagedLookasideList(&list, *slot);
        *slot = NULL;
    }
    for (uint32_t i = 0; i < 4; i++) {
        if (held[i] != NULL)
            ExFreeToNPagedLookasideList(&list, held[i]);
    }
}

TEST(ex_lookaside, no_block_has_two_owners)
{
    reset();
    ExInitializeNPagedLookasideList(&list, allocate, free_block, 0, 64, TAG, 0);
    test_run_threads(run, 8, worker);
    ExDeleteNPagedLookasideList(&list);
    EXPECT_EQ(errors, 0);
    EXPECT_EQ(allocated, freed);
    EXPECT(allocated < 8 * ROUNDS / 2);
}

TEST(ex_lookaside, flags_reach_the_allocation)
{
    ExInitializeNPagedLookasideList(&list, NULL, NULL, POOL_NX_ALLOCATION, 32, TAG, 0);
    EXPECT_EQ(list.L.Type, NonPagedPoolNx);
    ExDeleteNPagedLookasideList(&list);
    EXPECT_EQ(ExInitializeLookasideListEx(&list_ex, NULL, NULL, PagedPool,
                                          EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL, 32, TAG, 0),
              STATUS_SUCCESS);
    EXPECT_EQ(list_ex.L.Type, (uint32_t)PagedPool | POOL_RAISE_IF_ALLOCATION_FAILURE);
    ExDeleteLookasideListEx(&list_ex);
}
