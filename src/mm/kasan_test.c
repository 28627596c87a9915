/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Defects on purpose for the address sanitizer: each ends in bugcheck 0x1F2. Other variants
 * do not see them, so there the tests fail by saying so, before they do harm.
 */
#include "base/selftest.h"
#include "ke/ke_test.h"
#include "mm/mm_impl.h"
#include "rtl/memory.h"

#define TAG 0x74736554u /* "Test" */

static volatile uint8_t global_before[16];
static volatile uint8_t global_array[10];
static volatile size_t beyond = 10; /* the compiler does not know */
static volatile ptrdiff_t before = -1;
static uint8_t copy[64];

static uint8_t *block_of_ten(struct selftest_run *run)
{
    return EXPECT(VARIANT_KASAN) ? mm_pool_allocate(beyond, TAG) : NULL;
}

static uint8_t *freed_block(struct selftest_run *run)
{
    uint8_t *block = block_of_ten(run);
    if (block != NULL)
        mm_pool_free(block, TAG);
    return block;
}

static volatile uint8_t *freed_page(struct selftest_run *run)
{
    uint64_t pfn = EXPECT(VARIANT_KASAN) ? mm_pfn_allocate() : ARCH_NO_PFN;
    if (!EXPECT(pfn != ARCH_NO_PFN))
        return NULL;
    mm_pfn_free(pfn);
    return mm_pfn_to_virtual(pfn);
}

/* --- Pool ------------------------------------------------------------------------------------------------- */

TEST_PLANTED(planted, kasan_pool_bounds, "a read behind a pool block is bugcheck 0x1F2")
{
    volatile uint8_t *block = block_of_ten(run);
    REQUIRE(block != NULL);
    EXPECT_EQ(block[beyond], 0);
}

TEST_PLANTED(planted, kasan_pool_write, "a write behind a pool block is bugcheck 0x1F2")
{
    volatile uint8_t *block = block_of_ten(run);
    REQUIRE(block != NULL);
    block[beyond] = 0;
}

TEST_PLANTED(planted, kasan_pool_underrun, "a read in front of a pool block is bugcheck 0x1F2")
{
    volatile uint8_t *block = block_of_ten(run);
    REQUIRE(block != NULL);
    EXPECT_EQ(block[before], 0);
}

TEST_PLANTED(planted, kasan_pool_straddle,
             "a word whose last bytes lie behind a pool block is bugcheck 0x1F2")
{
    uint8_t *block = block_of_ten(run);
    REQUIRE(block != NULL);
    EXPECT_EQ(((volatile uint32_t *)block)[beyond / 4], 0);
}

TEST_PLANTED(planted, kasan_pool_pages, "a read behind an allocation of pages is bugcheck 0x1F2")
{
    REQUIRE(VARIANT_KASAN);
    volatile uint8_t *block = mm_pool_allocate(500 * beyond, TAG);
    REQUIRE(block != NULL);
    EXPECT_EQ(block[500 * beyond], 0);
}

TEST_PLANTED(planted, kasan_pool_use_after_free, "a read of a freed pool block is bugcheck 0x1F2")
{
    volatile uint8_t *block = freed_block(run);
    REQUIRE(block != NULL);
    EXPECT_EQ(block[1], 0);
}

TEST_PLANTED(planted, kasan_pool_write_after_free,
             "a write to a freed pool block is bugcheck 0x1F2")
{
    volatile uint8_t *block = freed_block(run);
    REQUIRE(block != NULL);
    block[1] = 0;
}

TEST_PLANTED(planted, kasan_pool_double_free,
             "a block freed twice is bugcheck 0xC2, in kasan builds with who had it")
{
    uint8_t *block = freed_block(run);
    REQUIRE(block != NULL);
    mm_pool_free(block, TAG);
}

/* --- Stack, globals, page frames -------------------------------------------------------------------------- */

TEST_PLANTED(planted, kasan_stack, "a write behind a variable of the stack is bugcheck 0x1F2")
{
    REQUIRE(VARIANT_KASAN);
    volatile uint8_t variable[10];
    volatile uint8_t *at = variable;
    at[beyond + 2] = 1;
}

TEST_PLANTED(planted, kasan_stack_underrun,
             "a read in front of a variable of the stack is bugcheck 0x1F2")
{
    REQUIRE(VARIANT_KASAN);
    volatile uint8_t variable[10];
    volatile uint8_t *at = variable;
    variable[0] = 1;
    EXPECT_EQ(at[before], 1);
}

TEST_PLANTED(planted, kasan_stack_scope,
             "a variable used after it left its scope is bugcheck 0x1F2")
{
    REQUIRE(VARIANT_KASAN);
    volatile uint8_t *volatile at;
    {
        volatile uint8_t variable[10];
        variable[0] = 1;
        at = variable;
    }
    EXPECT_EQ(at[0], 1);
}

TEST_PLANTED(planted, kasan_global, "a read behind a global is bugcheck 0x1F2")
{
    REQUIRE(VARIANT_KASAN);
    volatile uint8_t *at = global_array;
    global_before[0] = 1;
    EXPECT_EQ(at[beyond], 0);
}

TEST_PLANTED(planted, kasan_frame, "a write to a free page is bugcheck 0x1F2")
{
    volatile uint8_t *page = freed_page(run);
    REQUIRE(page != NULL);
    page[100] = 1;
}

TEST_PLANTED(planted, kasan_frame_read, "a read of a free page is bugcheck 0x1F2")
{
    volatile uint8_t *page = freed_page(run);
    REQUIRE(page != NULL);
    EXPECT_EQ(page[ARCH_PAGE_BYTES - 1], 0);
}

/* --- Memory functions: those that the compiler calls, and the library's own loops ----------------------------- */

TEST_PLANTED(planted, kasan_memcpy, "a copy that reaches beyond a block is bugcheck 0x1F2")
{
    uint8_t *block = block_of_ten(run);
    REQUIRE(block != NULL);
    memcpy(copy, block, beyond + 3);
}

TEST_PLANTED(planted, kasan_memcpy_to, "a copy that ends beyond a block is bugcheck 0x1F2")
{
    uint8_t *block = block_of_ten(run);
    REQUIRE(block != NULL);
    memcpy(block, copy, beyond + 3);
}

TEST_PLANTED(planted, kasan_memmove, "a move that reaches beyond a block is bugcheck 0x1F2")
{
    uint8_t *block = block_of_ten(run);
    REQUIRE(block != NULL);
    memmove(block, block + 1, beyond);
}

TEST_PLANTED(planted, kasan_memset, "a fill that reaches beyond a block is bugcheck 0x1F2")
{
    uint8_t *block = block_of_ten(run);
    REQUIRE(block != NULL);
    memset(block, 1, beyond + 1);
}

TEST_PLANTED(planted, kasan_memcmp, "a comparison that reaches beyond a block is bugcheck 0x1F2")
{
    uint8_t *block = block_of_ten(run);
    REQUIRE(block != NULL);
    EXPECT_EQ(memcmp(block, copy, beyond + 1), 0);
}

/* The compiler's own copies do not go through the library. */
TEST_PLANTED(planted, kasan_struct_copy, "a structure copied from beyond a block is bugcheck 0x1F2")
{
    struct big {
        uint8_t bytes[200];
    };
    static struct big big;
    uint8_t *block = block_of_ten(run);
    REQUIRE(block != NULL);
    big = *(const struct big *)block;
    EXPECT_EQ(big.bytes[beyond], 0);
}

TEST_PLANTED(planted, kasan_struct_clear, "a structure cleared beyond a block is bugcheck 0x1F2")
{
    struct big {
        uint8_t bytes[200];
    };
    uint8_t *block = block_of_ten(run);
    REQUIRE(block != NULL);
    *(struct big *)block = (struct big){ { 0 } };
}
