/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of mmu.c: what the page tables say, entry by entry. */
#include "base/selftest.h"
#include "mm/mm.h"
#include "x86_64/x86.h"

#include <nt/ntstatus.h>

#define PRESENT    ((uint64_t)1)
#define WRITE      ((uint64_t)2)
#define USER       ((uint64_t)4)
#define LARGE      ((uint64_t)0x80)
#define NO_EXECUTE ((uint64_t)1 << 63)
#define FRAME_MASK 0x000ffffffffff000u

extern char __ImageBase[];
extern char x86_boot_stacks[], x86_boot_stacks_end[];

struct tally {
    uint64_t leaves;
    uint64_t bad;
    bool (*is_bad)(uint64_t leaf, uint64_t way);
};

/*
 * `way` holds the bits that count when all levels have them (write), and those that count when any
 * has (NX).
 */
static void visit(uint64_t table_entry, int level, uint64_t way, struct tally *tally)
{
    const uint64_t *table = arch_physical_to_virtual(table_entry & FRAME_MASK);
    for (size_t i = level == 4 ? 256 : 0; i < 512; i++) {
        uint64_t entry = table[i];
        if (!(entry & PRESENT))
            continue;
        uint64_t here = (way & entry & (WRITE | USER)) | ((way | entry) & NO_EXECUTE);
        if (level > 1 && !(level < 4 && entry & LARGE)) {
            visit(entry, level - 1, here, tally);
            continue;
        }
        tally->leaves++;
        tally->bad += tally->is_bad(entry, here);
    }
}

static struct tally visit_all(bool (*is_bad)(uint64_t leaf, uint64_t way))
{
    struct tally tally = { .is_bad = is_bad };
    visit(x86_kernel_cr3, 4, WRITE | USER, &tally);
    return tally;
}

static bool writable_and_executable(uint64_t leaf, uint64_t way)
{
    (void)leaf;
    return way & WRITE && !(way & NO_EXECUTE);
}

static bool user_may_reach(uint64_t leaf, uint64_t way)
{
    (void)leaf;
    return way & USER;
}

TEST_KERNEL(x86_mmu, nothing_is_writable_and_executable, "page tables are the port's")
{
    if (!x86_features.nx)
        SKIP("this processor knows no NX");
    struct tally tally = visit_all(writable_and_executable);
    EXPECT(tally.leaves > 100);
    EXPECT_EQ(tally.bad, 0);
}

TEST_KERNEL(x86_mmu, user_mode_reaches_nothing_of_the_kernel, "page tables are the port's")
{
    struct tally tally = visit_all(user_may_reach);
    EXPECT(tally.leaves > 100);
    EXPECT_EQ(tally.bad, 0);
}

TEST_KERNEL(x86_mmu, no_identity_map_is_left, "page tables are the port's")
{
    EXPECT_EQ(x86_read_cr3() & FRAME_MASK, x86_kernel_cr3);
    EXPECT(x86_kernel_cr3 < (uint64_t)1 << 32);
    const uint64_t *top = arch_physical_to_virtual(x86_kernel_cr3);
    for (size_t i = 0; i < 256; i++)
        EXPECT_EQ(top[i], 0);
    EXPECT(!arch_mmu_query(X86_IMAGE_PHYSICAL, NULL, NULL));
}

static uint32_t protection_at(const void *address)
{
    uint32_t protection = UINT32_MAX;
    (void)arch_mmu_query((uintptr_t)address, NULL, &protection); /* UINT32_MAX: nothing there */
    return protection;
}

TEST_KERNEL(x86_mmu, sections_are_protected_as_their_headers_say, "page tables are the port's")
{
    static const char constant[] = "x";
    static char variable[1];
    if (!x86_features.nx)
        SKIP("this processor knows no NX: all is executable");
    EXPECT_EQ(protection_at((const void *)(uintptr_t)protection_at), ARCH_EXECUTE);
    EXPECT_EQ(protection_at(constant), ARCH_READ);
    EXPECT_EQ(protection_at(variable), ARCH_WRITE);
    EXPECT_EQ(protection_at(__ImageBase), ARCH_READ);
}

TEST_KERNEL(x86_mmu, direct_map_does_not_write_to_text, "page tables are the port's")
{
    uint64_t pfn = 0;
    uint32_t protection = 0;
    REQUIRE(arch_mmu_query((uintptr_t)visit_all, &pfn, NULL));
    uintptr_t alias = (uintptr_t)arch_physical_to_virtual(pfn << ARCH_PAGE_SHIFT);
    uint64_t alias_pfn = 0;
    REQUIRE(arch_mmu_query(alias, &alias_pfn, &protection));
    EXPECT_EQ(alias_pfn, pfn);
    EXPECT(!(protection & ARCH_WRITE));
    EXPECT_EQ(*(const uint64_t *)(alias + (uintptr_t)visit_all % ARCH_PAGE_BYTES),
              *(const uint64_t *)(uintptr_t)visit_all);
}

TEST_KERNEL(x86_mmu, stacks_of_boot_have_guard_pages, "page tables are the port's")
{
    uintptr_t at = (uintptr_t)x86_boot_stacks;
    size_t guards = 0, stacks = 0;
    for (; at < (uintptr_t)x86_boot_stacks_end; at += ARCH_PAGE_BYTES) {
        if (arch_mmu_query(at, NULL, NULL))
            stacks++;
        else
            guards++;
    }
    EXPECT_EQ(guards, 2 + X86_IST_COUNT);
    EXPECT_EQ(stacks * ARCH_PAGE_BYTES, X86_BOOT_STACK_BYTES + X86_IST_COUNT * X86_IST_STACK_BYTES);
    EXPECT(!arch_mmu_query((uintptr_t)x86_boot_stacks, NULL, NULL));
    EXPECT(!arch_mmu_query((uintptr_t)x86_boot_stacks_end - 1, NULL, NULL));
}

TEST_KERNEL(x86_mmu, a_page_is_mapped_once_and_unmapped_to_its_frame, "page tables are the port's")
{
    char *place = mm_stack_allocate(1);
    uint64_t pfn = mm_pfn_allocate(), found = 0;
    uint32_t protection = 0;
    REQUIRE(place != NULL && pfn != ARCH_NO_PFN);
    uintptr_t address = (uintptr_t)place;
    uint64_t stack_pfn = arch_mmu_unmap(address); /* the page of a stack that nobody uses */
    arch_tlb_flush(address, 1);
    EXPECT(!arch_mmu_query(address, NULL, NULL));
    EXPECT_EQ(arch_mmu_unmap(address), ARCH_NO_PFN);

    EXPECT_EQ(arch_mmu_map(address, pfn, ARCH_WRITE), STATUS_SUCCESS);
    EXPECT_EQ(arch_mmu_map(address, stack_pfn, ARCH_WRITE), STATUS_CONFLICTING_ADDRESSES);
    EXPECT(arch_mmu_query(address + 123, &found, &protection));
    EXPECT_EQ(found, pfn);
    EXPECT_EQ(protection & ~(uint32_t)ARCH_EXECUTE, ARCH_WRITE);
    *(volatile uint32_t *)place = 0x6b65656c;
    EXPECT_EQ(*(uint32_t *)arch_physical_to_virtual(pfn << ARCH_PAGE_SHIFT), 0x6b65656c);

    EXPECT_EQ(arch_mmu_unmap(address), pfn);
    arch_tlb_flush(address, 1);
    EXPECT_EQ(arch_mmu_map(address, stack_pfn, ARCH_WRITE), STATUS_SUCCESS);
    mm_stack_free(place, 1);
    mm_pfn_free(pfn);
}

TEST_KERNEL(x86_mmu, device_registers_are_uncached, "page tables are the port's")
{
    volatile uint32_t *registers = x86_map_device(x86_madt.local_apic + 0x20, 4);
    REQUIRE(registers != NULL);
    uint64_t pfn = 0;
    uint32_t protection = 0;
    REQUIRE(arch_mmu_query((uintptr_t)registers, &pfn, &protection));
    EXPECT_EQ(pfn, x86_madt.local_apic >> ARCH_PAGE_SHIFT);
    EXPECT_EQ((uintptr_t)registers % ARCH_PAGE_BYTES, 0x20);
    EXPECT(protection & ARCH_UNCACHED);
    EXPECT(!x86_mmu_readable((uintptr_t)registers, 4));
}

TEST_KERNEL(x86_mmu, readable_tells_memory_from_holes, "page tables are the port's")
{
    uintptr_t guard = (uintptr_t)x86_boot_stacks;
    EXPECT(x86_mmu_readable((uintptr_t)__ImageBase, 4096));
    EXPECT(!x86_mmu_readable(guard, 1));
    EXPECT(!x86_mmu_readable(guard - 4, 8));
    EXPECT(x86_mmu_readable(guard - 4, 4));
    EXPECT(!x86_mmu_readable(0, 8));
    EXPECT(!x86_mmu_readable(UINTPTR_MAX, 8));
    EXPECT(!x86_mmu_readable((uintptr_t)1 << 62, 8));
}
