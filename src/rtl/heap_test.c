/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of heap.c: what stands between this library and the pool. */
#include "rtl/rtl_test.h"

TEST(rtl_heap, without_a_pool_there_is_no_memory)
{
    const struct rtl_heap *heap = rtl_heap_registered();
    rtl_heap_register(NULL);
    void *block = rtl_heap_allocate(16);
    rtl_heap_register(heap);
    EXPECT(block == NULL);
}

TEST(rtl_heap, blocks_come_from_the_pool_and_go_back)
{
    uint8_t *block = rtl_heap_allocate(100);
    REQUIRE(block != NULL);
    memset(block, 0xa5, 100);
    EXPECT_EQ(block[99], 0xa5);
    rtl_heap_free(block);
}
