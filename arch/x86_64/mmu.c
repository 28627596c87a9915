/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page tables of the kernel half: four top-level slots, whose second level exists from the start,
 * so that an address space may copy the upper half of the top level once and see all that is mapped
 * later.
 *
 *      X86_DIRECT_SPACE + random GiB   RAM, never executable, large pages; firmware's tables read
 * only
 *      X86_KERNEL_SPACE                what mm hands out: stacks, mappings
 *      X86_PORT_SPACE                  what the port maps for itself: device registers, processor
 * blocks
 *      X86_IMAGE_SPACE                 the kernel image, each section as its header says
 *
 * Nothing is both writable and executable, and the direct map does not go around that: it has the
 * image's read-only pages read only.
 *
 * Entries are added under one lock (a leaf: it calls mm_table_page only); tables are never taken
 * away again, so walks that only look need no lock.
 */
#include "base/atomic.h"
#include "x86_64/x86.h"

#include <nt/ntstatus.h>

#define PRESENT         ((uint64_t)1)
#define WRITE           ((uint64_t)2)
#define WRITE_THROUGH   ((uint64_t)8)
#define CACHE_DISABLE   ((uint64_t)0x10)
#define LARGE           ((uint64_t)0x80)
#define GLOBAL          ((uint64_t)0x100)
#define NO_EXECUTE      ((uint64_t)1 << 63)
#define FRAME_MASK      0x000ffffffffff000u

#define LARGE_BYTES     ((uint64_t)2 << 20)
#define TOP_SLOT_BYTES  ((uint64_t)1 << 39)
#define DIRECT_MAXIMUM  ((uint64_t)64 << 40)
#define DIRECT_GIB_MASK 0x3fffu
#define KERNEL_BYTES    ((size_t)16 << 30)
#define FLUSH_ALL_PAGES 32
#define CR4_PGE         (1u << 7)

#define TOP_LEVEL       4
#define PDPT_LEVEL      3
#define LARGE_LEVEL     2
#define PAGE_LEVEL      1

extern char __ImageBase[];
extern char x86_boot_stacks[], x86_boot_stacks_end[];
extern uint64_t x86_early_pml4[];

uint64_t x86_kernel_cr3;

static uint64_t *pml4 = x86_early_pml4;
static uintptr_t direct_base = X86_EARLY_DIRECT;
static bool final_tables;
static uint64_t no_execute; /* the bit, where the processor knows it */
static uint64_t global;
static uint64_t identity_entry; /* of the top level, for the low page */
static uint64_t port_next = X86_PORT_SPACE + ARCH_PAGE_BYTES; /* [atomic] */
static uint32_t mmu_lock;

void *arch_physical_to_virtual(uint64_t physical)
{
    return (void *)(direct_base + physical);
}

static bool lock(void)
{
    bool interrupts = arch_interrupts_disable();
    while (atomic_exchange_acquire(&mmu_lock, 1) != 0)
        arch_cpu_pause();
    return interrupts;
}

static void unlock(bool interrupts)
{
    atomic_store_release(&mmu_lock, 0);
    arch_interrupts_restore(interrupts);
}

static uint64_t *slot_of(uint64_t *table, uintptr_t address, int level)
{
    return &table[address >> (ARCH_PAGE_SHIFT + 9 * (level - 1)) & 511];
}

static uint64_t *table_of(uint64_t entry)
{
    return arch_physical_to_virtual(entry & FRAME_MASK);
}

/*
 * The entry for `address` at `level`, or the large one above it; NULL: a table is missing, or
 * cannot be made.
 */
static uint64_t *walk(uint64_t *top, uintptr_t address, int level, bool create)
{
    uint64_t *slot = slot_of(top, address, TOP_LEVEL);
    for (int at = TOP_LEVEL; at > level; at--) {
        if (!(atomic_load_acquire(slot) & PRESENT)) {
            uint64_t pfn = create ? x86_frame_allocate() : ARCH_NO_PFN;
            if (pfn == ARCH_NO_PFN)
                return NULL;
            atomic_store_release(slot, pfn << ARCH_PAGE_SHIFT | PRESENT | WRITE);
        }
        if (at < TOP_LEVEL && *slot & LARGE)
            return slot;
        slot = slot_of(table_of(*slot), address, at - 1);
    }
    return slot;
}

static uint64_t bits_of(uint32_t protection)
{
    CHECK(!(protection & ARCH_WRITE && protection & ARCH_EXECUTE));
    uint64_t bits = PRESENT | global;
    bits |= protection & ARCH_WRITE ? WRITE : 0;
    bits |= protection & ARCH_EXECUTE ? 0 : no_execute;
    bits |= protection & ARCH_UNCACHED ? CACHE_DISABLE | WRITE_THROUGH : 0;
    return bits;
}

static uint32_t protection_of(uint64_t entry)
{
    uint32_t protection = ARCH_READ;
    protection |= entry & WRITE ? ARCH_WRITE : 0;
    /* without NX all is executable; what was asked for is not known any more */
    protection |= entry & NO_EXECUTE || no_execute == 0 ? 0 : ARCH_EXECUTE;
    protection |= entry & CACHE_DISABLE ? ARCH_UNCACHED : 0;
    return protection;
}

/* --- The image --- */

/* Source: PE/COFF specification, "Section Table (Section Headers)". */
struct section {
    char name[8];
    uint32_t bytes;
    uint32_t rva;
    uint32_t file_bytes;
    uint32_t file_offset;
    uint32_t unused[3];
    uint32_t flags;
};
#define SECTION_EXECUTE 0x20000000u
#define SECTION_WRITE   0x80000000u

static const char *image_header(void)
{
    return __ImageBase + *(const uint32_t *)(__ImageBase + 0x3c);
}

size_t x86_image_bytes(void)
{
    return *(const uint32_t *)(image_header() + 24 + 56);
}

static uint32_t image_protection(uint64_t rva)
{
    const char *pe = image_header();
    uint16_t count = *(const uint16_t *)(pe + 6);
    uint16_t optional_bytes = *(const uint16_t *)(pe + 20);
    const struct section *section = (const void *)(pe + 24 + optional_bytes);
    for (; count-- != 0; section++) {
        if (rva < section->rva || rva - section->rva >= section->bytes)
            continue;
        uint32_t write = section->flags & SECTION_WRITE ? ARCH_WRITE : 0;
        return write | (section->flags & SECTION_EXECUTE ? ARCH_EXECUTE : 0);
    }
    return ARCH_READ; /* the headers, and what aligns sections */
}

/* The pages around the stacks of head.S. */
static bool is_guard(uint64_t rva)
{
    uintptr_t address = (uintptr_t)__ImageBase + rva;
    if (address < (uintptr_t)x86_boot_stacks || address >= (uintptr_t)x86_boot_stacks_end)
        return false;
    uint64_t offset = address - (uintptr_t)x86_boot_stacks;
    uint64_t behind_boot = ARCH_PAGE_BYTES + X86_BOOT_STACK_BYTES;
    return offset == 0 || (offset >= behind_boot &&
                           (offset - behind_boot) % (ARCH_PAGE_BYTES + X86_IST_STACK_BYTES) == 0);
}

static bool map_image(uint64_t *top)
{
    for (uint64_t rva = 0; rva < x86_boot.image_bytes; rva += ARCH_PAGE_BYTES) {
        uint64_t *slot = walk(top, x86_boot.image_base + rva, PAGE_LEVEL, true);
        if (slot == NULL)
            return false;
        if (!is_guard(rva))
            *slot = (X86_IMAGE_PHYSICAL + rva) | bits_of(image_protection(rva));
    }
    return true;
}

/* --- The direct map --- */

static bool is_image(uint64_t physical)
{
    return physical >= X86_IMAGE_PHYSICAL && physical - X86_IMAGE_PHYSICAL < x86_boot.image_bytes;
}

static bool overlaps_image(uint64_t start, uint64_t end)
{
    return start < X86_IMAGE_PHYSICAL + x86_boot.image_bytes && X86_IMAGE_PHYSICAL < end;
}

static bool map_range(uint64_t *top, uintptr_t base, const struct arch_memory_range *range)
{
    uint32_t protection = range->kind == ARCH_MEMORY_RECLAIMABLE ? ARCH_READ : ARCH_WRITE;
    uint64_t end = range->base + range->bytes;
    if (end > DIRECT_MAXIMUM)
        end = DIRECT_MAXIMUM;
    for (uint64_t at = range->base; at < end;) {
        bool large = at % LARGE_BYTES == 0 && end - at >= LARGE_BYTES &&
                     !overlaps_image(at, at + LARGE_BYTES);
        uint64_t *slot = walk(top, base + at, large ? LARGE_LEVEL : PAGE_LEVEL, true);
        if (slot == NULL)
            return false;
        uint32_t here =
            is_image(at) ? image_protection(at - X86_IMAGE_PHYSICAL) & ARCH_WRITE : protection;
        *slot = at | bits_of(here) | (large ? LARGE : 0);
        at += large ? LARGE_BYTES : ARCH_PAGE_BYTES;
    }
    return true;
}

static bool map_memory(uint64_t *top, uintptr_t base)
{
    for (size_t i = 0; i < x86_boot.memory_count; i++) {
        const struct arch_memory_range *range = &x86_boot.memory[i];
        if (range->kind != ARCH_MEMORY_RESERVED && !map_range(top, base, range))
            return false;
    }
    return true;
}

/* --- Taking over --- */

/* The low page at its own address, executable and read only; linked while processors start. */
static bool prepare_identity(uint64_t *top)
{
    uint64_t page = x86_low_page();
    if (page == 0)
        return true;
    uint64_t *slot = walk(top, page, PAGE_LEVEL, true);
    if (slot == NULL)
        return false;
    *slot = page | (bits_of(ARCH_EXECUTE) & ~global);
    identity_entry = top[0];
    top[0] = 0;
    return true;
}

const char *x86_mmu_init(void)
{
    uint64_t state = x86_boot_entropy;
    uint64_t gib = x86_boot_entropy == 0 ? 0 : x86_random(&state) & DIRECT_GIB_MASK;
    uintptr_t base = X86_DIRECT_SPACE + (gib << 30);
    no_execute = x86_features.nx ? NO_EXECUTE : 0;
    global = x86_features.pge ? GLOBAL : 0;
    uint64_t top_pfn = x86_frame_allocate();
    uint64_t *top = arch_physical_to_virtual(top_pfn << ARCH_PAGE_SHIFT);
    if (top_pfn == ARCH_NO_PFN || !map_image(top) || !map_memory(top, base) ||
        !prepare_identity(top) || walk(top, X86_KERNEL_SPACE, PDPT_LEVEL, true) == NULL ||
        walk(top, X86_PORT_SPACE, PDPT_LEVEL, true) == NULL)
        return "too little memory below 4 GiB for page tables";

    x86_kernel_cr3 = top_pfn << ARCH_PAGE_SHIFT;
    x86_write_cr3(x86_kernel_cr3);
    direct_base = base;
    pml4 = arch_physical_to_virtual(x86_kernel_cr3);
    final_tables = true;
    arch_tlb_flush(0, SIZE_MAX);
    x86_boot.kernel_space = X86_KERNEL_SPACE;
    x86_boot.kernel_space_bytes = KERNEL_BYTES;
    return NULL;
}

void x86_mmu_map_identity(void)
{
    pml4[0] = identity_entry;
}

void x86_mmu_unmap_identity(void)
{
    pml4[0] = 0;
    arch_tlb_flush(x86_low_page(), 1);
}

/* --- One page at a time --- */

MUST_CHECK NTSTATUS arch_mmu_map(uintptr_t address, uint64_t pfn, uint32_t protection)
{
    CHECK(address >= X86_DIRECT_SPACE && address % ARCH_PAGE_BYTES == 0);
    uint64_t entry = pfn << ARCH_PAGE_SHIFT | bits_of(protection);
    NTSTATUS status = STATUS_SUCCESS;
    bool interrupts = lock();
    uint64_t *slot = walk(pml4, address, PAGE_LEVEL, true);
    if (slot == NULL)
        status = STATUS_NO_MEMORY;
    else if (*slot & PRESENT)
        status = STATUS_CONFLICTING_ADDRESSES;
    else
        atomic_store_release(slot, entry);
    unlock(interrupts);
    return status;
}

uint64_t arch_mmu_unmap(uintptr_t address)
{
    uint64_t *slot = walk(pml4, address, PAGE_LEVEL, false);
    if (slot == NULL)
        return ARCH_NO_PFN;
    CHECK(!(*slot & PRESENT &&
            *slot & LARGE)); /* nobody takes the direct map apart; bit 7 is PAT below, unused */
    uint64_t entry = atomic_exchange(slot, 0);
    return entry & PRESENT ? (entry & FRAME_MASK) >> ARCH_PAGE_SHIFT : ARCH_NO_PFN;
}

uint64_t x86_mmu_entry(uintptr_t address)
{
    uint64_t *slot = walk(pml4, address, PAGE_LEVEL, false);
    uint64_t entry = slot == NULL ? 0 : atomic_load_acquire(slot);
    return entry & PRESENT ? entry : 0;
}

bool arch_mmu_query(uintptr_t address, uint64_t *pfn, uint32_t *protection)
{
    uint64_t entry = x86_mmu_entry(address);
    if (entry == 0)
        return false;
    uint64_t within = entry & LARGE ? address % LARGE_BYTES >> ARCH_PAGE_SHIFT : 0;
    uint64_t frame = entry & LARGE ? entry & FRAME_MASK & ~(LARGE_BYTES - 1) : entry & FRAME_MASK;
    if (pfn != NULL)
        *pfn = (frame >> ARCH_PAGE_SHIFT) + within;
    if (protection != NULL)
        *protection = protection_of(entry);
    return true;
}

bool x86_mmu_readable(uintptr_t address, size_t bytes)
{
    if (address < X86_DIRECT_SPACE || bytes > UINTPTR_MAX - address)
        return false;
    uintptr_t last = (address + bytes - 1) & ~(ARCH_PAGE_BYTES - 1);
    for (uintptr_t page = address & ~(ARCH_PAGE_BYTES - 1);; page += ARCH_PAGE_BYTES) {
        uint64_t entry = x86_mmu_entry(page);
        if (entry == 0 || entry & CACHE_DISABLE)
            return false;
        if (page == last)
            return true;
    }
}

/* A thread may move meanwhile: then another processor's count is off by as much. */
static void count_flushes(size_t pages)
{
    struct arch_counts *counts = &x86_counts[x86_self()->index];
    counts->tlb_flushes += pages <= FLUSH_ALL_PAGES ? pages : 1;
    counts->space_loads += pages > FLUSH_ALL_PAGES && !x86_features.pge;
}

void arch_tlb_flush(uintptr_t address, size_t pages)
{
    count_flushes(pages);
    if (pages <= FLUSH_ALL_PAGES) {
        for (size_t i = 0; i < pages; i++)
            x86_invlpg(address + i * ARCH_PAGE_BYTES);
    } else if (x86_features.pge) { /* a change of PGE drops global entries, too */
        bool interrupts = arch_interrupts_disable();
        uint64_t cr4 = x86_read_cr4();
        x86_write_cr4(cr4 & ~(uint64_t)CR4_PGE);
        x86_write_cr4(cr4);
        arch_interrupts_restore(interrupts);
    } else {
        x86_write_cr3(x86_read_cr3());
    }
}

/* --- The port's own mappings --- */

/* Addresses for `pages`, with one between that nothing is mapped at. */
static uintptr_t port_addresses(size_t pages)
{
    return atomic_add(&port_next, (pages + 1) * ARCH_PAGE_BYTES);
}

static void *map_port(uint64_t physical, size_t bytes, uint32_t protection)
{
    uint64_t offset = physical % ARCH_PAGE_BYTES;
    size_t pages = (offset + bytes + ARCH_PAGE_BYTES - 1) / ARCH_PAGE_BYTES;
    if (bytes == 0 || bytes > KERNEL_BYTES || physical > DIRECT_MAXIMUM)
        return NULL;
    uintptr_t base = port_addresses(pages);
    for (size_t i = 0; i < pages; i++) {
        uint64_t pfn = (physical >> ARCH_PAGE_SHIFT) + i;
        if (!NT_SUCCESS(arch_mmu_map(base + i * ARCH_PAGE_BYTES, pfn, protection)))
            return NULL;
    }
    return (void *)(base + offset);
}

volatile void *x86_map_device(uint64_t physical, size_t bytes)
{
    return map_port(physical, bytes, ARCH_WRITE | ARCH_UNCACHED);
}

const void *x86_map_physical(uint64_t physical, size_t bytes)
{
    if (bytes == 0 || physical > DIRECT_MAXIMUM || bytes > DIRECT_MAXIMUM - physical)
        return NULL;
    if (!final_tables)
        return physical + bytes <= UINT32_MAX ? arch_physical_to_virtual(physical) : NULL;
    const void *direct = arch_physical_to_virtual(physical);
    if (x86_mmu_readable((uintptr_t)direct, bytes))
        return direct;
    return map_port(physical, bytes, ARCH_READ);
}

void *x86_map_memory(size_t pages)
{
    uintptr_t base = port_addresses(pages);
    for (size_t i = 0; i < pages; i++) {
        uint64_t pfn = x86_frame_allocate();
        if (pfn == ARCH_NO_PFN ||
            !NT_SUCCESS(arch_mmu_map(base + i * ARCH_PAGE_BYTES, pfn, ARCH_WRITE)))
            return NULL;
    }
    return (void *)base;
}
