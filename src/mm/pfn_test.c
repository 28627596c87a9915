/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of pfn.c. The allocator is live: each test gives back what it took. */
#include <nt/ex_ddi.h>

#include "base/selftest.h"
#include "ke/ke_test.h"
#include "mm/mm_impl.h"
#include "rtl/memory.h"

TEST(mm_pfn, a_frame_is_ram_that_keeps_what_is_written)
{
    uint64_t pfn = mm_pfn_allocate();
    REQUIRE(pfn != ARCH_NO_PFN);
    uint64_t *words = mm_pfn_to_virtual(pfn);
    for (uint32_t i = 0; i < ARCH_PAGE_BYTES / 8; i++)
        words[i] = i * 0x9e3779b97f4a7c15u;
    for (uint32_t i = 0; i < ARCH_PAGE_BYTES / 8; i++)
        EXPECT_EQ(words[i], i * 0x9e3779b97f4a7c15u);
    mm_pfn_free(pfn);
}

TEST(mm_pfn, free_count_goes_down_and_up)
{
    test_settle();
    size_t before = mm_pfn_free_count();
    uint64_t pfn = mm_pfn_allocate_run(5, UINT64_MAX, 1);
    REQUIRE(pfn != ARCH_NO_PFN);
    EXPECT_EQ(mm_pfn_free_count(), before - 5);
    mm_pfn_free_run(pfn, 5);
    EXPECT_EQ(mm_pfn_free_count(), before);
}

TEST(mm_pfn, runs_are_aligned_and_below_the_limit)
{
    uint64_t held[12]; /* at once: of blocks in a row most are not aligned by chance */
    for (size_t align = 1; align <= 64; align *= 4) {
        for (uint32_t i = 0; i < ARRAY_COUNT(held); i++) {
            held[i] = mm_pfn_allocate_run(3, 0x100000, align);
            REQUIRE(held[i] != ARCH_NO_PFN);
            EXPECT_EQ(held[i] % align, 0);
            EXPECT(held[i] + 3 <= 0x100000);
        }
        for (uint32_t i = 0; i < ARRAY_COUNT(held); i++)
            mm_pfn_free_run(held[i], 3);
    }
}

TEST(mm_pfn, what_cannot_be_had_is_refused)
{
    test_settle();
    size_t before = mm_pfn_free_count();
    EXPECT_EQ(mm_pfn_allocate_run(mm_pfn_total() + 1, UINT64_MAX, 1), ARCH_NO_PFN);
    EXPECT_EQ(mm_pfn_allocate_run((size_t)1 << 40, UINT64_MAX, 1), ARCH_NO_PFN);
    EXPECT_EQ(mm_pfn_allocate_run(1, 1, 1), ARCH_NO_PFN); /* page 0 is never given */
    EXPECT_EQ(mm_pfn_free_count(), before);
}

TEST(mm_pfn, table_pages_are_zeroed)
{
    uint64_t dirty = mm_pfn_allocate();
    REQUIRE(dirty != ARCH_NO_PFN);
    memset(mm_pfn_to_virtual(dirty), 0xff, ARCH_PAGE_BYTES);
    mm_pfn_free(dirty);
    uint64_t pfn = mm_table_page(); /* the same frame again, most likely */
    REQUIRE(pfn != ARCH_NO_PFN);
    const uint64_t *words = mm_pfn_to_virtual(pfn);
    for (uint32_t i = 0; i < ARCH_PAGE_BYTES / 8; i++)
        EXPECT_EQ(words[i], 0);
    mm_pfn_free(pfn);
}

#define HELD 64

/* Random runs; no two of those that are held may share a page. */
TEST(mm_pfn, random_runs_never_overlap)
{
    static struct {
        uint64_t pfn;
        size_t pages;
    } held[HELD];
    test_settle();
    size_t before = mm_pfn_free_count();
    for (uint32_t i = 0; i < HELD; i++)
        held[i].pages = 0;
    for (uint32_t i = 0; i < 2000; i++) {
        uint32_t slot = (uint32_t)(selftest_random(run) % HELD);
        if (held[slot].pages != 0) {
            mm_pfn_free_run(held[slot].pfn, held[slot].pages);
            held[slot].pages = 0;
            continue;
        }
        size_t pages = 1 + selftest_random(run) % 9;
        uint64_t pfn = mm_pfn_allocate_run(pages, UINT64_MAX, 1);
        REQUIRE(pfn != ARCH_NO_PFN);
        for (uint32_t other = 0; other < HELD; other++)
            EXPECT(held[other].pages == 0 || pfn + pages <= held[other].pfn ||
                   held[other].pfn + held[other].pages <= pfn);
        held[slot].pfn = pfn;
        held[slot].pages = pages;
    }
    for (uint32_t i = 0; i < HELD; i++) {
        if (held[i].pages != 0)
            mm_pfn_free_run(held[i].pfn, held[i].pages);
    }
    EXPECT_EQ(mm_pfn_free_count(), before);
}

/* All memory, in blocks that shrink; then all comes back and joins again. */
TEST(mm_pfn, exhaustion_is_refused_and_everything_comes_back)
{
    test_settle();
    size_t before = mm_pfn_free_count();
    uint64_t chain = ARCH_NO_PFN;
    size_t taken = 0;
    uint64_t pfn;
    while ((pfn = mm_pfn_allocate()) != ARCH_NO_PFN) {
        *(uint64_t *)mm_pfn_to_virtual(pfn) = chain;
        chain = pfn;
        taken++;
    }
    bool empty = mm_pfn_free_count() == 0;
    void *block = mm_pool_allocate(ARCH_PAGE_BYTES, 0x74736554);
    void *stack = mm_stack_allocate(4);
    while (chain != ARCH_NO_PFN) {
        pfn = chain;
        chain = *(uint64_t *)mm_pfn_to_virtual(pfn);
        mm_pfn_free(pfn);
    }
    EXPECT(empty);
    EXPECT_EQ(taken, before);
    EXPECT(block == NULL);
    EXPECT(stack == NULL);
    EXPECT_EQ(mm_pfn_free_count(), before);
    pfn = mm_pfn_allocate_run(256, UINT64_MAX, 256);
    EXPECT(pfn != ARCH_NO_PFN); /* not in pieces for ever */
    if (pfn != ARCH_NO_PFN)
        mm_pfn_free_run(pfn, 256);
}

static uint32_t frame_failures; /* [a] */

/* Each thread marks what it holds; a mark that changed was given to two. */
static void frame_worker(void *argument)
{
    uint64_t held[8] = { 0 };
    uint64_t mark = (uintptr_t)argument + 1;
    for (uint32_t i = 0; i < 400; i++) {
        uint64_t *slot = &held[i * 5 % 8];
        if (*slot != 0) {
            if (*(uint64_t *)mm_pfn_to_virtual(*slot) != mark)
                (void)atomic_add(&frame_failures, 1);
            mm_pfn_free(*slot);
            *slot = 0;
        } else if ((*slot = mm_pfn_allocate()) != ARCH_NO_PFN) {
            *(uint64_t *)mm_pfn_to_virtual(*slot) = mark;
        }
    }
    for (uint32_t i = 0; i < 8; i++) {
        if (held[i] != 0)
            mm_pfn_free(held[i]);
    }
}

TEST(mm_pfn, all_processors_allocate_at_once)
{
    frame_failures = 0;
    test_run_threads(run, 4, frame_worker);
    EXPECT_EQ(frame_failures, 0);
}

TEST(mm_pfn, a_processor_keeps_few_frames)
{
    uint64_t held[100];
    test_settle();
    size_t before = mm_pfn_free_count();
    for (uint32_t i = 0; i < ARRAY_COUNT(held); i++)
        REQUIRE((held[i] = mm_pfn_allocate()) != ARCH_NO_PFN);
    EXPECT_EQ(mm_pfn_free_count(), before - ARRAY_COUNT(held));
    for (uint32_t i = 0; i < ARRAY_COUNT(held); i++)
        mm_pfn_free(held[i]);
    for (uint32_t i = 0; i < ke.cpu_count; i++)
        EXPECT(ExQueryDepthSList(&mm.cpus[i].frames) <= 33);
    EXPECT_EQ(mm_pfn_free_count(), before);
    mm_pfn_trim();
    EXPECT_EQ(mm.frames.free, before);
}
