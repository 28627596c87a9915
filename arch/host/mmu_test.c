/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mapping, and faults on what is not mapped, at the far end of kernel space, where mm has
 * nothing yet.
 */
#include <nt/ntstatus.h>

#include "base/selftest.h"
#include "host.h"
#include "ke/ke_test.h"
#include "ke/tlb.h"

/* A frame that belongs to nobody: of the firmware's tables, which the fake machine leaves empty. */
static uint64_t spare_pfn(void)
{
    return (host.ram_bytes >> ARCH_PAGE_SHIFT) - 1;
}

static uintptr_t spare_address(void)
{
    return arch_boot()->kernel_space + arch_boot()->kernel_space_bytes - 4 * ARCH_PAGE_BYTES;
}

static volatile uint32_t *spare_words(void)
{
    return (volatile uint32_t *)spare_address();
}

static uint64_t unmap_everywhere(void)
{
    uint64_t pfn = arch_mmu_unmap(spare_address());
    ke_tlb_flush(UINT64_MAX, &(struct ke_tlb_range){ spare_address(), 1 }, 1);
    return pfn;
}

static void unmap_spare(struct selftest_run *run)
{
    EXPECT_EQ(unmap_everywhere(), spare_pfn());
}

TEST_HOST(host_mmu, two_mappings_of_a_frame_are_one_memory, "the port's fake RAM")
{
    volatile uint32_t *direct = arch_physical_to_virtual(spare_pfn() << ARCH_PAGE_SHIFT);

    REQUIRE(arch_mmu_map(spare_address(), spare_pfn(), ARCH_WRITE) == STATUS_SUCCESS);
    direct[5] = 0x1234;
    EXPECT_EQ(spare_words()[5], 0x1234);
    spare_words()[5] = 0x5678;
    EXPECT_EQ(direct[5], 0x5678);
    unmap_spare(run);
}

TEST_HOST(host_mmu, a_page_is_mapped_once_and_unmapped_once,
          "uses an address that mm does not know")
{
    uint64_t pfn = 0;
    uint32_t protection = 0;

    EXPECT(!arch_mmu_query(spare_address(), &pfn, &protection));
    EXPECT_EQ(arch_mmu_map(spare_address(), spare_pfn(), ARCH_EXECUTE), STATUS_SUCCESS);
    EXPECT_EQ(arch_mmu_map(spare_address(), spare_pfn() - 1, ARCH_WRITE),
              STATUS_CONFLICTING_ADDRESSES);
    EXPECT(arch_mmu_query(spare_address(), &pfn, &protection));
    EXPECT_EQ(pfn, spare_pfn());
    EXPECT_EQ(protection, ARCH_EXECUTE);
    unmap_spare(run);
    EXPECT_EQ(arch_mmu_unmap(spare_address()), ARCH_NO_PFN);
    EXPECT(!arch_mmu_query(spare_address(), NULL, NULL));
}

#define REGION_BYTES ((size_t)2 << 20) /* that one table maps */
#define REGIONS      8
#define MAPPERS      8

static uintptr_t region_page(uint32_t region, uintptr_t thread)
{
    uintptr_t end = arch_boot()->kernel_space + arch_boot()->kernel_space_bytes;
    return end - (region + 2) * REGION_BYTES + thread * ARCH_PAGE_BYTES;
}

static uint32_t arrived[REGIONS]; /* [a] */

static void map_in_each_region(void *argument)
{
    for (uint32_t i = 0; i < REGIONS; i++) {
        (void)atomic_add(&arrived[i], 1);
        (void)test_reaches(&arrived[i], MAPPERS); /* all at once, if it can be */
        (void)arch_mmu_map(region_page(i, (uintptr_t)argument), spare_pfn(),
                           ARCH_WRITE); /* the test sees whether it is there */
    }
}

TEST_HOST(host_mmu, processors_that_need_the_same_table_share_it, "uses addresses beyond mm's")
{
    for (uint32_t i = 0; i < REGIONS; i++)
        arrived[i] = 0;
    test_run_threads(run, MAPPERS, map_in_each_region);
    for (uint32_t i = 0; i < REGIONS * MAPPERS; i++) {
        EXPECT_EQ(arch_mmu_unmap(region_page(i / MAPPERS, i % MAPPERS)), spare_pfn());
        arch_tlb_flush(region_page(i / MAPPERS, i % MAPPERS), 1);
    }
}

TEST_HOST(host_mmu, ram_holds_garbage_before_it_is_written, "the port's fake RAM")
{
    volatile uint8_t *direct = arch_physical_to_virtual((spare_pfn() - 1) << ARCH_PAGE_SHIFT);

    EXPECT_EQ(direct[0], 0xa5);
    EXPECT_EQ(direct[ARCH_PAGE_BYTES - 1], 0xa5);
}

static uint32_t faults;
static struct arch_fault last_fault;
static bool last_interrupts;

static bool note(const struct arch_fault *fault)
{
    faults++;
    last_fault = *fault;
    last_interrupts = arch_interrupts_enabled();
    return true;
}

/* What a pager does: the access is made again and finds the page. */
static bool map_page(struct arch_frame *frame, const struct arch_fault *fault)
{
    (void)frame;
    return note(fault) && arch_mmu_map(spare_address(), spare_pfn(), ARCH_WRITE) == STATUS_SUCCESS;
}

static bool make_writable(struct arch_frame *frame, const struct arch_fault *fault)
{
    (void)frame;
    (void)unmap_everywhere(); /* the frame is known */
    return note(fault) && arch_mmu_map(spare_address(), spare_pfn(), ARCH_WRITE) == STATUS_SUCCESS;
}

static void expect_fault(struct selftest_run *run, bool write)
{
    EXPECT_EQ(faults, 1);
    EXPECT_EQ(last_fault.kind, ARCH_FAULT_PAGE);
    EXPECT_EQ(last_fault.address, spare_address() + 20);
    EXPECT_EQ(last_fault.code, STATUS_ACCESS_VIOLATION);
    EXPECT_EQ(last_fault.write, write);
    EXPECT(last_fault.pc - arch_boot()->image_base < arch_boot()->image_bytes);
    EXPECT(!last_interrupts);
    EXPECT(arch_interrupts_enabled());
}

TEST_HOST(host_mmu, an_access_to_what_is_not_mapped_faults, "answers its own faults")
{
    faults = 0;
    host.fault_hook = map_page;
    (void)spare_words()[5];
    host.fault_hook = NULL;
    expect_fault(run, false);
    unmap_spare(run);
}

TEST_HOST(host_mmu, a_write_to_a_read_only_page_faults, "answers its own faults")
{
    faults = 0;
    REQUIRE(arch_mmu_map(spare_address(), spare_pfn(), ARCH_READ) == STATUS_SUCCESS);
    host.fault_hook = make_writable;
    spare_words()[5] = 0x77;
    host.fault_hook = NULL;
    expect_fault(run, true);
    EXPECT_EQ(spare_words()[5], 0x77);
    unmap_spare(run);
}

TEST_HOST(host_mmu, a_page_is_remembered_by_every_processor_until_it_flushes,
          "what stands for the processors' TLBs")
{
    size_t page = (spare_address() - arch_boot()->kernel_space) / ARCH_PAGE_BYTES;
    KIRQL old = arch_irql();
    REQUIRE(arch_mmu_map(spare_address(), spare_pfn(), ARCH_READ) == STATUS_SUCCESS);
    (void)arch_mmu_unmap(spare_address()); /* the frame is known */
    EXPECT_EQ(host.stale[page], (1u << ke.cpu_count) - 1);
    arch_irql_set(DISPATCH_LEVEL); /* stay on this processor */
    uint8_t here = (uint8_t)(1u << host_this->index);
    arch_tlb_flush(spare_address(), 1);
    EXPECT_EQ(host.stale[page], ((1u << ke.cpu_count) - 1) & ~here);
    arch_irql_set(old);
    (void)unmap_everywhere();
    EXPECT_EQ(host.stale[page], 0);
}
