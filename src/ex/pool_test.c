/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of pool.c: types, flags, failures of the pool that drivers see. */
#include <nt/ex_ddi.h>

#include "ke/ke_test.h"
#include "mm/mm.h"

#define TAG 0x74736554u /* "Test" */

TEST(ex_pool, every_type_gives_aligned_memory)
{
    static const POOL_TYPE types[] = { NonPagedPool,          PagedPool,
                                       NonPagedPoolNx,        NonPagedPoolCacheAligned,
                                       PagedPoolCacheAligned, NonPagedPoolNxCacheAligned };
    for (uint32_t i = 0; i < ARRAY_COUNT(types); i++) {
        for (SIZE_T bytes = 0; bytes < 9000; bytes += 1 + bytes / 3) {
            uint8_t *block = ExAllocatePoolWithTag(types[i], bytes, TAG);
            REQUIRE(block != NULL);
            uintptr_t alignment = bytes >= ARCH_PAGE_BYTES                        ? ARCH_PAGE_BYTES
                                  : (uint32_t)types[i] & NonPagedPoolCacheAligned ? 64
                                                                                  : 16;
            EXPECT_EQ((uintptr_t)block % alignment, 0);
            for (SIZE_T n = 0; n < bytes; n++)
                block[n] = (uint8_t)n;
            ExFreePoolWithTag(block, TAG);
        }
    }
}

static bool is_zero(const uint8_t *block, size_t bytes)
{
    size_t n = 0;
    while (n < bytes && block[n] == 0)
        n++;
    return n == bytes;
}

TEST(ex_pool, the_newer_functions_zero)
{
    for (uint32_t i = 0; i < 3; i++) {
        SIZE_T bytes = i == 0 ? 40 : i == 1 ? 1500 : 5000;
        uint8_t *block = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, bytes, TAG);
        REQUIRE(block != NULL);
        for (SIZE_T n = 0; n < bytes; n++)
            block[n] = 0xee;
        ExFreePool(block);
        block = ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_CACHE_ALIGNED, bytes, TAG);
        REQUIRE(block != NULL);
        EXPECT(is_zero(block, bytes));
        EXPECT_EQ((uintptr_t)block % 64, 0);
        ExFreePool(block);
        block = ExAllocatePoolZero(NonPagedPoolNx, bytes, TAG);
        REQUIRE(block != NULL);
        EXPECT(is_zero(block, bytes));
        ExFreePoolWithTag(block, 0);
    }
}

TEST(ex_pool, wrong_flags_give_nothing)
{
    EXPECT(ExAllocatePool2(0, 16, TAG) == NULL);
    EXPECT(ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_NON_PAGED, 16, TAG) == NULL);
    EXPECT(ExAllocatePool2(POOL_FLAG_PAGED | 0x10000, 16, TAG) == NULL);
    PVOID block = ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_OPTIONAL_END, 16, TAG);
    EXPECT(block != NULL); /* of the optional half any */
    if (block != NULL)
        ExFreePool(block);
}

TEST(ex_pool, parameters_are_hints_unless_they_are_required)
{
    POOL_EXTENDED_PARAMETER parameters[2] = { { .Type = PoolExtendedParameterPriority },
                                              { .Type = PoolExtendedParameterSecurePool } };
    parameters[0].Priority = LowPoolPriority;
    PVOID block = ExAllocatePool3(POOL_FLAG_NON_PAGED, 100, TAG, parameters, 1);
    REQUIRE(block != NULL);
    ExFreePool2(block, TAG, NULL, 0);
    EXPECT(ExAllocatePool3(POOL_FLAG_NON_PAGED, 100, TAG, parameters, 2) == NULL);
    parameters[1].Optional = 1;
    block = ExAllocatePool3(POOL_FLAG_NON_PAGED, 100, TAG, parameters, 2);
    REQUIRE(block != NULL);
    ExFreePool2(block, TAG, parameters, 2);
}

TEST(ex_pool, what_cannot_be_had_is_refused)
{
    EXPECT(ExAllocatePoolWithTag(PagedPool, SIZE_MAX, TAG) == NULL);
    EXPECT(ExAllocatePoolWithTag(NonPagedPoolCacheAligned, SIZE_MAX - 32, TAG) == NULL);
    POOL_TYPE quota = (POOL_TYPE)(PagedPool | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE);
    EXPECT(ExAllocatePoolWithQuotaTag(quota, SIZE_MAX, TAG) == NULL);
    PVOID block = ExAllocatePoolWithQuotaTag(quota, 64, TAG);
    REQUIRE(block != NULL);
    ExFreePoolWithTag(block, TAG);
}

TEST(ex_pool, non_paged_memory_comes_at_dispatch_level)
{
    KIRQL old = KeRaiseIrqlToDpcLevel();
    PVOID block = ExAllocatePoolWithTag(NonPagedPoolNx, 64, TAG);
    if (block != NULL)
        ExFreePoolWithTag(block, TAG);
    KeLowerIrql(old);
    EXPECT(block != NULL);
}

TEST_PLANTED(planted, paged_pool_at_dispatch_level, "paged pool at a raised level is bugcheck 0xC2")
{
    KIRQL old = KeRaiseIrqlToDpcLevel();
    PVOID block = ExAllocatePoolWithTag(PagedPool, 64, TAG);
    KeLowerIrql(old);
    EXPECT(block == NULL);
    EXPECT(false);
}

TEST_PLANTED(planted, paged_free_at_dispatch_level,
             "a paged block freed at a raised level is bugcheck 0xC2")
{
    PVOID block = ExAllocatePoolWithTag(PagedPool, 64, TAG);
    REQUIRE(block != NULL);
    KIRQL old = KeRaiseIrqlToDpcLevel();
    ExFreePoolWithTag(block, TAG);
    KeLowerIrql(old);
    EXPECT(false);
}

TEST_PLANTED(planted, pool_raises,
             "a failure that is to raise is bugcheck 0x1E where nobody handles it")
{
    POOL_TYPE type = (POOL_TYPE)(NonPagedPoolNx | POOL_RAISE_IF_ALLOCATION_FAILURE);
    EXPECT(ExAllocatePoolWithTag(type, SIZE_MAX, TAG) != NULL);
    EXPECT(false);
}

TEST_PLANTED(planted, pool_zero_tag, "an allocation without a tag is bugcheck 0xC2")
{
    EXPECT(ExAllocatePoolWithTag(NonPagedPoolNx, 32, 0) == NULL);
    EXPECT(false);
}
