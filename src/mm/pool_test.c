/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of pool.c. */
#include <nt/ex_ddi.h>

#include "base/selftest.h"
#include "ke/ke_test.h"
#include "mm/mm_impl.h"
#include "rtl/memory.h"

#define TAG 0x74736554u /* "Test" */

TEST(mm_pool, blocks_are_zeroed_and_aligned)
{
    static const size_t sizes[] = {
        0, 1, 15, 16, 17, 100, 1000, 2000, 4040, 4080, 4096, 5000, 20000
    };
    for (uint32_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        uint8_t *block = mm_pool_allocate(sizes[i], TAG);
        REQUIRE(block != NULL);
        EXPECT_EQ((uintptr_t)block % 16, 0);
        if (sizes[i] >= ARCH_PAGE_BYTES)
            EXPECT_EQ((uintptr_t)block % ARCH_PAGE_BYTES, 0);
        for (size_t n = 0; n < sizes[i]; n++)
            EXPECT_EQ(block[n], 0);
        memset(block, 0xa5, sizes[i]); /* to the last byte */
        mm_pool_free(block, TAG);
    }
}

TEST(mm_pool, use_is_counted_by_tag)
{
    struct mm_pool_tag_use rows[64];
    void *small = mm_pool_allocate(100, 0x31736554);
    void *large = mm_pool_allocate(5000, 0x31736554);
    size_t count = mm_pool_usage(rows, ARRAY_COUNT(rows));
    bool seen = false;
    for (size_t i = 0; i < count && i < ARRAY_COUNT(rows); i++) {
        if (rows[i].tag != 0x31736554)
            continue;
        seen = true;
        EXPECT_EQ(rows[i].blocks, 2);
        EXPECT_EQ(rows[i].bytes, 100 + 8192); /* whole pages are counted whole */
    }
    EXPECT(seen);
    mm_pool_free(small, 0x31736554);
    mm_pool_free(large, 0);
    EXPECT_EQ(mm_pool_usage(rows, ARRAY_COUNT(rows)), count - 1);
}

TEST(mm_pool, a_slab_without_blocks_is_a_free_page_again)
{
    void *blocks[300];
    test_settle();
    size_t bytes = mm_pool_bytes();
    size_t pages = mm_pfn_free_count();
    for (uint32_t i = 0; i < ARRAY_COUNT(blocks); i++)
        blocks[i] = mm_pool_allocate(200, TAG);
    EXPECT(mm_pfn_free_count() < pages);
    for (uint32_t i = 0; i < ARRAY_COUNT(blocks); i++)
        mm_pool_free(blocks[(i * 7) % ARRAY_COUNT(blocks)], TAG);
    EXPECT_EQ(mm_pool_bytes(), bytes);
    mm_trim();
    EXPECT(mm_pfn_free_count() + 1 >= pages); /* one slab of that size may have been there before */
}

TEST(mm_pool, an_absurd_size_is_refused)
{
    EXPECT(mm_pool_allocate(SIZE_MAX, TAG) == NULL);
    EXPECT(mm_pool_allocate((size_t)1 << 46, TAG) == NULL);
}

#define HELD 128

TEST(mm_pool, random_blocks_keep_their_content)
{
    static struct {
        uint8_t *block;
        size_t bytes;
        uint8_t mark;
    } held[HELD];
    test_settle();
    size_t bytes = mm_pool_bytes();
    memset(held, 0, sizeof(held));
    for (uint32_t i = 0; i < 3000; i++) {
        uint32_t slot = (uint32_t)(selftest_random(run) % HELD);
        if (held[slot].block == NULL) {
            held[slot].bytes = 1 + selftest_random(run) % (i % 16 == 0 ? 9000 : 600);
            held[slot].mark = (uint8_t)selftest_random(run);
            held[slot].block = mm_pool_allocate(held[slot].bytes, TAG);
            REQUIRE(held[slot].block != NULL);
            memset(held[slot].block, held[slot].mark, held[slot].bytes);
            continue;
        }
        for (size_t n = 0; n < held[slot].bytes; n += 1 + held[slot].bytes / 8)
            EXPECT_EQ(held[slot].block[n], held[slot].mark);
        EXPECT_EQ(held[slot].block[held[slot].bytes - 1], held[slot].mark);
        mm_pool_free(held[slot].block, TAG);
        held[slot].block = NULL;
    }
    for (uint32_t i = 0; i < HELD; i++) {
        if (held[i].block != NULL)
            mm_pool_free(held[i].block, TAG);
    }
    EXPECT_EQ(mm_pool_bytes(), bytes);
}

static uint32_t pool_failures; /* [a] */

static void pool_worker(void *argument)
{
    uint64_t *held[8] = { 0 };
    uint64_t mark = (uintptr_t)argument + 100;
    for (uint32_t i = 0; i < 500; i++) {
        uint64_t **slot = &held[i * 3 % 8];
        if (*slot == NULL) {
            *slot = mm_pool_allocate(16 + i % 200, TAG);
            if (*slot != NULL)
                **slot = mark;
            continue;
        }
        if (**slot != mark)
            (void)atomic_add(&pool_failures, 1);
        mm_pool_free(*slot, TAG);
        *slot = NULL;
    }
    for (uint32_t i = 0; i < 8; i++) {
        if (held[i] != NULL)
            mm_pool_free(held[i], TAG);
    }
}

TEST(mm_pool, all_processors_allocate_and_free_at_once)
{
    test_settle();
    size_t bytes = mm_pool_bytes();
    pool_failures = 0;
    test_run_threads(run, 4, pool_worker);
    test_settle(); /* the threads' own memory goes back */
    EXPECT_EQ(pool_failures, 0);
    EXPECT_EQ(mm_pool_bytes(), bytes);
}

#define CROWD 200

static void *crowd[CROWD]; /* [a] NULL: nothing to free */

/* Half of the threads allocate what the others free. */
static void crowd_worker(void *argument)
{
    bool frees = (uintptr_t)argument % 2 != 0;
    for (uint32_t i = 0; i < 4 * CROWD; i++) {
        void **slot = &crowd[i * 7 % CROWD];
        void *block = frees ? NULL : mm_pool_allocate(16 + i % 300, TAG);
        block = atomic_exchange(slot, block);
        if (block != NULL)
            mm_pool_free(block, TAG);
    }
}

TEST(mm_pool, blocks_are_freed_where_they_were_not_allocated)
{
    test_settle();
    size_t bytes = mm_pool_bytes();
    test_run_threads(run, 4, crowd_worker);
    for (uint32_t i = 0; i < CROWD; i++) {
        if (crowd[i] != NULL)
            mm_pool_free(crowd[i], TAG);
        crowd[i] = NULL;
    }
    test_settle();
    EXPECT_EQ(mm_pool_bytes(), bytes);
}

TEST(mm_pool, a_processor_keeps_few_blocks_and_they_come_back)
{
    static void *blocks[1500];
    test_settle();
    size_t pages = mm_pfn_free_count();
    for (uint32_t i = 0; i < ARRAY_COUNT(blocks); i++)
        blocks[i] = mm_pool_allocate(240, TAG);
    for (uint32_t i = 0; i < ARRAY_COUNT(blocks); i++)
        mm_pool_free(blocks[i], TAG);
    uint32_t kept = 0;
    for (uint32_t cpu = 0; cpu < ARCH_MAX_CPUS; cpu++) {
        for (uint32_t class = 0; class < MM_POOL_CLASSES; class ++)
            kept += ExQueryDepthSList(&mm.cpus[cpu].blocks[class]);
    }
    EXPECT(kept > 0);
    EXPECT(kept <= 4 * 33 * (uint32_t)ke.cpu_count);
    EXPECT(mm_pfn_free_count() + kept + 4 >= pages); /* each of those holds a page at most */
    mm_trim();
    EXPECT(mm_pfn_free_count() + 4 >= pages);
}

TEST(mm_pool, aligned_blocks_begin_a_line)
{
    for (size_t bytes = 1; bytes < 5000; bytes += 1 + bytes / 4) {
        uint8_t *block = mm_pool_allocate_with(bytes, TAG, MM_POOL_CACHE_ALIGNED);
        REQUIRE(block != NULL);
        EXPECT_EQ((uintptr_t)block % 64, 0);
        for (size_t n = 0; n < bytes; n++)
            EXPECT_EQ(block[n], 0);
        memset(block, 0x5a, bytes);
        mm_pool_free(block, TAG);
    }
}

TEST(mm_pool, every_nth_allocation_fails_on_request)
{
    void *blocks[30];
    uint32_t failures = 0;
    KIRQL old = KeRaiseIrqlToDpcLevel(); /* on one processor nobody else gets between */
    mm_pool_fail_every(3);
    for (uint32_t i = 0; i < ARRAY_COUNT(blocks); i++) {
        blocks[i] = mm_pool_allocate(32 + i * 100, TAG);
        failures += blocks[i] == NULL;
    }
    mm_pool_fail_every(0);
    KeLowerIrql(old);
    for (uint32_t i = 0; i < ARRAY_COUNT(blocks); i++) {
        if (blocks[i] != NULL)
            mm_pool_free(blocks[i], TAG);
    }
    EXPECT(failures >= 8 && failures <= 10);
    EXPECT_EQ(mm_pool_fails_now(), false);
}

TEST(mm_pool, a_leak_is_seen_by_its_tag)
{
    const ULONG tag = 0x324c7354; /* "TsL2" */
    EXPECT_EQ(mm_pool_leaks(tag), 0);
    void *block = mm_pool_allocate(10, tag);
    EXPECT_EQ(mm_pool_leaks(tag), 1);
    mm_pool_free(block, tag);
    EXPECT_EQ(mm_pool_leaks(tag), 0);
}

TEST_PLANTED(planted, pool_overrun,
             "a byte behind a block is bugcheck 0x19 when it is freed, in checked builds")
{
    uint8_t *block = mm_pool_allocate(40, TAG);
    REQUIRE(block != NULL);
    block[40] = 1;
    mm_pool_free(block, TAG);
    EXPECT(VARIANT_CHECKED == 0);
}

TEST_PLANTED(planted, pool_double_free, "a block freed twice is bugcheck 0xC2")
{
    void *keep = mm_pool_allocate(40, TAG);
    void *block = mm_pool_allocate(40, TAG);
    REQUIRE(keep != NULL && block != NULL);
    mm_pool_free(block, TAG);
    mm_pool_free(block, TAG);
    EXPECT(false);
}

TEST_PLANTED(planted, pool_use_after_free,
             "a write to a freed block is bugcheck 0x19 when it is used again, in checked builds")
{
    void *keep = mm_pool_allocate(40, TAG);
    volatile uint8_t *block = mm_pool_allocate(40, TAG);
    REQUIRE(keep != NULL && block != NULL);
    mm_pool_free((void *)block, TAG);
    block[3] = 7;
    mm_pool_free(mm_pool_allocate(40, TAG), TAG);
    mm_pool_free(keep, TAG);
    EXPECT(VARIANT_CHECKED == 0);
}

TEST_PLANTED(planted, pool_wrong_tag, "a block freed with another tag is bugcheck 0xC2")
{
    void *block = mm_pool_allocate(40, TAG);
    REQUIRE(block != NULL);
    mm_pool_free(block, 0x21212121);
    EXPECT(false);
}

TEST_PLANTED(planted, pool_underrun, "a byte in front of a block is bugcheck 0x19 when it is freed")
{
    uint8_t *block = mm_pool_allocate(40, TAG);
    REQUIRE(block != NULL);
    block[-1] ^= 1;
    mm_pool_free(block, TAG);
    EXPECT(false);
}

TEST_PLANTED(planted, pool_header_damage,
             "a changed size in a block's header is bugcheck 0x19, in checked builds")
{
    uint8_t *block = mm_pool_allocate(40, TAG);
    REQUIRE(block != NULL);
    block[-16] ^= 1;
    mm_pool_free(block, TAG);
    EXPECT(VARIANT_CHECKED == 0);
}

TEST_PLANTED(planted, pool_page_overrun,
             "a byte behind an allocation of pages is bugcheck 0x19, in checked builds")
{
    uint8_t *block = mm_pool_allocate(5000, TAG);
    REQUIRE(block != NULL);
    block[5000] = 1;
    mm_pool_free(block, TAG);
    EXPECT(VARIANT_CHECKED == 0);
}

TEST_PLANTED(planted, pool_page_double_free, "pages freed twice are bugcheck 0xC2")
{
    void *block = mm_pool_allocate(5000, TAG);
    REQUIRE(block != NULL);
    mm_pool_free(block, TAG);
    mm_pool_free(block, TAG);
    EXPECT(false);
}

TEST_PLANTED(planted, pool_leak, "a block that a test keeps makes the run red")
{
    EXPECT(mm_pool_allocate(40, TAG) != NULL);
}
