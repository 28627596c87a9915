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

TEST_PLANTED(planted, kasan_pool_bounds, "a read behind a pool block is bugcheck 0x1F2")
{
    REQUIRE(VARIANT_KASAN);
    volatile uint8_t *block = mm_pool_allocate(beyond, TAG);
    REQUIRE(block != NULL);
    EXPECT_EQ(block[beyond], 0);
}

TEST_PLANTED(planted, kasan_pool_use_after_free, "a read of a freed pool block is bugcheck 0x1F2")
{
    REQUIRE(VARIANT_KASAN);
    volatile uint8_t *block = mm_pool_allocate(beyond, TAG);
    REQUIRE(block != NULL);
    mm_pool_free((void *)block, TAG);
    EXPECT_EQ(block[1], 0);
}

TEST_PLANTED(planted, kasan_stack, "a write behind a variable of the stack is bugcheck 0x1F2")
{
    REQUIRE(VARIANT_KASAN);
    volatile uint8_t variable[10];
    volatile uint8_t *at = variable;
    at[beyond + 2] = 1;
    EXPECT(false);
}

TEST_PLANTED(planted, kasan_global, "a read behind a global is bugcheck 0x1F2")
{
    REQUIRE(VARIANT_KASAN);
    volatile uint8_t *at = global_array;
    global_before[0] = 1;
    EXPECT_EQ(at[beyond], 0);
    EXPECT(false);
}

TEST_PLANTED(planted, kasan_frame, "a write to a free page is bugcheck 0x1F2")
{
    REQUIRE(VARIANT_KASAN);
    uint64_t pfn = mm_pfn_allocate();
    REQUIRE(pfn != ARCH_NO_PFN);
    volatile uint8_t *page = mm_pfn_to_virtual(pfn);
    mm_pfn_free(pfn);
    page[100] = 1;
    EXPECT(false);
}

TEST_PLANTED(planted, kasan_memcpy, "a copy that reaches beyond a block is bugcheck 0x1F2")
{
    REQUIRE(VARIANT_KASAN);
    uint8_t copy[64];
    uint8_t *block = mm_pool_allocate(beyond, TAG);
    REQUIRE(block != NULL);
    memcpy(copy, block, beyond + 3);
    EXPECT_EQ(copy[0], 1);
}
