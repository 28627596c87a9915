/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory. A file without a name is the physical memory: it is mapped as a whole for
 * arch_physical_to_virtual, and page by page into kernel space, so that two mappings of a frame
 * are one memory and a page that is not mapped really faults. Page tables are as on a real
 * processor: one page from mm_table_page for every 2 MiB.
 *
 * There is one mapping for all virtual processors, so none of them sees a stale one. Each processor that runs counts as
 * remembering what is unmapped until it flushes; mapping something else there before all have is a failed check.
 */
#include <errno.h>
#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <nt/ntstatus.h>

#include "host.h"

#define MIB                 ((size_t)1 << 20)
#define PHYSICAL_BYTES      ((uint64_t)4 << 30) /* RAM and, above it, room for device registers */
#define TABLE_ENTRIES       512
#define SPACE_PAGES         (ARRAY_COUNT(host.tables) * TABLE_ENTRIES)
#define SPACE_BYTES         (SPACE_PAGES * ARCH_PAGE_BYTES)
#define STACK_PAGES_MAX     64
#define STACK_BYTES_UNKNOWN ((size_t)16 << 10)
#define GARBAGE             0xa5 /* what RAM holds before anyone writes to it */

/* Fixed, so that a run can be repeated; far from where the process and ASan have their memory. */
#define RAM_ADDRESS             ((void *)0x300000000000)
#define SPACE_ADDRESS           ((void *)0x310000000000)

#define ENTRY_PRESENT           ((uint64_t)1 << 63)
#define ENTRY_PROTECTION(entry) ((uint32_t)((entry) >> 56 & 7))
#define ENTRY_PFN(entry)        ((entry) & (((uint64_t)1 << 52) - 1))

static _Noreturn void fail(const char *what)
{
    (void)fprintf(stderr, "keel host: %s: %s\n", what, strerror(errno));
    exit(2);
}

static void *map(void *address, size_t bytes, int protection, int flags, int file)
{
    void *result = mmap(address, bytes, protection, flags, file, 0);

    if (result == MAP_FAILED)
        fail("mmap");
    return result;
}

static void add_range(uint64_t base, uint64_t end, enum arch_memory_kind kind)
{
    CHECK(host.boot.memory_count < HOST_MAX_RANGES);
    host.ranges[host.boot.memory_count++] =
        (struct arch_memory_range){ .base = base, .bytes = end - base, .kind = kind };
}

/* Shaped like a PC's: a hole below 1 MiB, the image, tables of the firmware at the end. */
static void describe_memory(void)
{
    const uint64_t end = host.ram_bytes;

    add_range(0, 0x9f000, ARCH_MEMORY_FREE);
    add_range(0x9f000, MIB, ARCH_MEMORY_RESERVED);
    add_range(MIB, 2 * MIB, ARCH_MEMORY_BOOT);
    add_range(2 * MIB, end - 0x10000, ARCH_MEMORY_FREE);
    add_range(end - 0x10000, end, ARCH_MEMORY_RECLAIMABLE);
    add_range(0xfec00000, PHYSICAL_BYTES, ARCH_MEMORY_RESERVED);
    host.boot.memory = host.ranges;
    host.boot.kernel_space = (uintptr_t)host.kernel_space;
    host.boot.kernel_space_bytes = SPACE_BYTES;
}

void host_memory_create(void)
{
    host.ram_bytes = host.options.memory_mib * MIB;
    host.ram_file = memfd_create("keel-ram", MFD_CLOEXEC);
    if (host.ram_file < 0 || ftruncate(host.ram_file, PHYSICAL_BYTES) != 0)
        fail("memfd_create");
    host.ram = map(RAM_ADDRESS, host.ram_bytes, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_FIXED_NOREPLACE, host.ram_file);
    host.kernel_space = map(SPACE_ADDRESS, SPACE_BYTES, PROT_NONE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1);
    host.stale = calloc(SPACE_PAGES, sizeof(*host.stale));
    if (host.stale == NULL)
        fail("calloc");
    memset(host.ram, GARBAGE, host.ram_bytes);
    describe_memory();
}

void host_memory_destroy(void)
{
    ASAN_UNPOISON_MEMORY_REGION(host.ram, host.ram_bytes);
    if (munmap(host.ram, host.ram_bytes) != 0 || munmap(host.kernel_space, SPACE_BYTES) != 0 ||
        close(host.ram_file) != 0)
        fail("munmap");
    free(host.stale);
}

bool host_is_kernel_address(uintptr_t address)
{
    const uintptr_t ram = (uintptr_t)host.ram;
    const uintptr_t space = (uintptr_t)host.kernel_space;

    return address - ram < host.ram_bytes || address - space < SPACE_BYTES;
}

_Static_assert(HOST_MAX_CPUS <= 8, "a bit for each processor in a byte of host.stale");

static size_t page_of(uintptr_t address)
{
    return (address - (uintptr_t)host.kernel_space) / ARCH_PAGE_BYTES;
}

static void remember(uintptr_t address)
{
    for (uint32_t i = 0; i < host.options.cpus; i++)
        if (host.cpus[i].started)
            host.stale[page_of(address)] |= (uint8_t)(1u << i);
}

/* Where the table entry of `address` stands; NULL: the table is missing. */
static uint64_t *find_entry(uintptr_t address)
{
    size_t page = (address - (uintptr_t)host.kernel_space) / ARCH_PAGE_BYTES;
    uint64_t *table;

    CHECK(page < SPACE_PAGES);
    table = host.tables[page / TABLE_ENTRIES];
    return table == NULL ? NULL : &table[page % TABLE_ENTRIES];
}

/* Other processors come in between, and may need the same table: who is late keeps its page for the next time. */
static bool add_table(uintptr_t address)
{
    size_t page = (address - (uintptr_t)host.kernel_space) / ARCH_PAGE_BYTES;
    uint64_t pfn, *table;

    CHECK(page < SPACE_PAGES);
    pfn = host.spare_tables == NULL ? mm_table_page() : ARCH_NO_PFN;
    table = host.spare_tables;
    if (pfn != ARCH_NO_PFN)
        table = arch_physical_to_virtual(pfn << ARCH_PAGE_SHIFT);
    else if (table == NULL)
        return false;
    else
        host.spare_tables = (uint64_t *)(uintptr_t)table[0];
    table[0] = 0;
    if (host.tables[page / TABLE_ENTRIES] == NULL) {
        host.tables[page / TABLE_ENTRIES] = table;
    } else {
        table[0] = (uintptr_t)host.spare_tables;
        host.spare_tables = table;
    }
    return true;
}

NTSTATUS arch_mmu_map(uintptr_t address, uint64_t pfn, uint32_t protection)
{
    const int access = PROT_READ | (protection & ARCH_WRITE ? PROT_WRITE : 0);
    uint64_t *entry = find_entry(address);

    CHECK(address % ARCH_PAGE_BYTES == 0);
    CHECK(pfn < PHYSICAL_BYTES / ARCH_PAGE_BYTES);
    CHECK(host.stale[page_of(address)] == 0); /* every processor has flushed what was there */
    CHECK((protection & (ARCH_WRITE | ARCH_EXECUTE)) != (ARCH_WRITE | ARCH_EXECUTE));
    if (entry == NULL) {
        if (!add_table(address))
            return STATUS_NO_MEMORY;
        entry = find_entry(address);
    }
    if (*entry & ENTRY_PRESENT)
        return STATUS_CONFLICTING_ADDRESSES;
    if (mmap((void *)address, ARCH_PAGE_BYTES, access, MAP_SHARED | MAP_FIXED, host.ram_file,
             (off_t)(pfn << ARCH_PAGE_SHIFT)) == MAP_FAILED)
        fail("mmap of a page");
    *entry = ENTRY_PRESENT | (uint64_t)protection << 56 | pfn;
    host_point();
    return STATUS_SUCCESS;
}

/* What ASan knows of the page dies with the mapping: it may have been a stack. */
uint64_t arch_mmu_unmap(uintptr_t address)
{
    uint64_t *entry = find_entry(address);
    uint64_t pfn;

    CHECK(address % ARCH_PAGE_BYTES == 0);
    if (entry == NULL || !(*entry & ENTRY_PRESENT))
        return ARCH_NO_PFN;
    pfn = ENTRY_PFN(*entry);
    *entry = 0;
    remember(address);
    map((void *)address, ARCH_PAGE_BYTES, PROT_NONE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1);
    ASAN_UNPOISON_MEMORY_REGION((void *)address, ARCH_PAGE_BYTES);
    host_point();
    return pfn;
}

bool arch_mmu_query(uintptr_t address, uint64_t *pfn, uint32_t *protection)
{
    const uint64_t *entry;

    if (address - (uintptr_t)host.kernel_space >= SPACE_BYTES)
        return false;
    entry = find_entry(address);
    if (entry == NULL || !(*entry & ENTRY_PRESENT))
        return false;
    if (pfn != NULL)
        *pfn = ENTRY_PFN(*entry);
    if (protection != NULL)
        *protection = ENTRY_PROTECTION(*entry);
    return true;
}

/* No turn ends between the look and the load. What a stack's redzones say of an entry's bytes does not matter here. */
__attribute__((no_sanitize("address"))) bool arch_load_guarded(const void *address,
                                                               uint64_t *out_value)
{
    const uintptr_t at = (uintptr_t)address;
    const uintptr_t space = (uintptr_t)host.kernel_space;

    if (at - space < SPACE_BYTES && !arch_mmu_query(at, NULL, NULL))
        return false;
    *out_value = *(const volatile uint64_t *)address;
    return true;
}

void arch_tlb_flush(uintptr_t address, size_t pages)
{
    size_t first = page_of(address);

    CHECK(address % ARCH_PAGE_BYTES == 0);
    if (pages > SPACE_PAGES)
        first = 0, pages = SPACE_PAGES; /* everything */
    for (size_t i = first; i < first + pages && i < SPACE_PAGES; i++)
        host.stale[i] &= (uint8_t)~(1u << host_this->index);
    host_point();
}

void *arch_physical_to_virtual(uint64_t physical)
{
    CHECK(physical < host.ram_bytes);
    return host.ram + physical;
}

/* A stack in kernel space starts above its guard page; of another one nothing is known. */
uintptr_t host_stack_bottom(uintptr_t stack_top)
{
    uintptr_t bottom = stack_top;

    while (stack_top - bottom < STACK_PAGES_MAX * ARCH_PAGE_BYTES &&
           arch_mmu_query(bottom - ARCH_PAGE_BYTES, NULL, NULL))
        bottom -= ARCH_PAGE_BYTES;
    return bottom != stack_top ? bottom : stack_top - STACK_BYTES_UNKNOWN;
}
