/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of kva.c. */
#include "base/selftest.h"
#include "ke/ke_test.h"
#include "mm/mm_impl.h"
#include "rtl/memory.h"

TEST(mm_kva, a_stack_is_memory_between_guard_pages)
{
    uint8_t *stack = mm_stack_allocate(3);
    REQUIRE(stack != NULL);
    uintptr_t base = (uintptr_t)stack;
    uint32_t protection;
    memset(stack, 0x5a, 3 * ARCH_PAGE_BYTES);
    for (uint32_t i = 0; i < 3; i++) {
        EXPECT(arch_mmu_query(base + i * ARCH_PAGE_BYTES, NULL, &protection));
        EXPECT_EQ(protection, ARCH_WRITE);
    }
    EXPECT(!arch_mmu_query(base - ARCH_PAGE_BYTES, NULL, NULL));
    EXPECT(!arch_mmu_query(base + 3 * ARCH_PAGE_BYTES, NULL, NULL));
    mm_stack_free(stack, 3);
}

TEST(mm_kva, a_guard_page_is_told_from_other_addresses)
{
    uint8_t *stack = mm_stack_allocate(2);
    REQUIRE(stack != NULL);
    uintptr_t base = (uintptr_t)stack;
    EXPECT(mm_is_stack_guard(base - 1));
    EXPECT(mm_is_stack_guard(base - ARCH_PAGE_BYTES));
    EXPECT(mm_is_stack_guard(base + 2 * ARCH_PAGE_BYTES));
    EXPECT(!mm_is_stack_guard(base));
    EXPECT(!mm_is_stack_guard(0));
    mm_stack_free(stack, 2);
    EXPECT(!mm_is_stack_guard(base - 1));
}

TEST(mm_kva, a_freed_stack_is_unmapped_and_its_pages_come_back)
{
    test_settle();
    void *first = mm_stack_allocate(4); /* page tables and a bitmap may be made here */
    REQUIRE(first != NULL);
    mm_stack_free(first, 4);
    size_t before = mm_pfn_free_count();
    void *stack = mm_stack_allocate(4);
    REQUIRE(stack != NULL);
    mm_stack_free(stack, 4);
    EXPECT(!arch_mmu_query((uintptr_t)stack, NULL, NULL));
    EXPECT_EQ(mm_pfn_free_count(), before);
}

TEST(mm_kva, stacks_never_overlap)
{
    void *stacks[40];
    for (uint32_t i = 0; i < ARRAY_COUNT(stacks); i++) {
        stacks[i] = mm_stack_allocate(1 + i % 4);
        REQUIRE(stacks[i] != NULL);
        memset(stacks[i], (int)i, (1 + i % 4) * ARCH_PAGE_BYTES);
    }
    for (uint32_t i = 0; i < ARRAY_COUNT(stacks); i++)
        EXPECT_EQ(*(uint8_t *)stacks[i], i);
    for (uint32_t i = 0; i < ARRAY_COUNT(stacks); i++)
        mm_stack_free(stacks[i], 1 + i % 4);
}

static uint32_t stack_failures; /* [a] */

static void stack_worker(void *argument)
{
    uint8_t mark = (uint8_t)(uintptr_t)argument;
    for (uint32_t i = 0; i < 20; i++) {
        uint8_t *stack = mm_stack_allocate(2);
        if (stack == NULL)
            return;
        memset(stack, mark, 2 * ARCH_PAGE_BYTES);
        ke_thread_yield();
        for (uint32_t n = 0; n < 2 * ARCH_PAGE_BYTES; n += 512)
            stack_failures += stack[n] != mark;
        mm_stack_free(stack, 2);
    }
}

/* Addresses and frames change hands between processors: a stale translation would show another's mark. */
TEST(mm_kva, no_processor_keeps_a_stale_translation)
{
    stack_failures = 0; /* first fit: addresses are used again at once */
    test_run_threads(run, 4, stack_worker);
    EXPECT_EQ(stack_failures, 0);
}

static void end_at_once(void *argument)
{
    (void)argument;
}

TEST(mm_kva, a_thread_that_ended_gives_back_its_memory)
{
    for (uint32_t i = 0; i < 4; i++)
        test_join(run, test_thread(run, end_at_once, NULL, 0, 0));
    test_settle();
    size_t pages = mm_pfn_free_count();
    size_t pool = mm_pool_bytes();
    size_t threads = ke_thread_count();
    for (uint32_t i = 0; i < 20; i++)
        test_join(run, test_thread(run, end_at_once, NULL, 0, 0));
    test_settle();
    EXPECT_EQ(ke_thread_count(), threads);
    EXPECT_EQ(mm_pool_bytes(), pool);
    EXPECT_EQ(mm_pfn_free_count(), pages);
}
