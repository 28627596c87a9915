/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory map of boot, and page frames until mm can give some: taken from the bottom of the free
 * ranges, recorded, and marked as in use before the map goes to mm. One processor runs.
 */
#include "rtl/memmap.h"
#include "x86_64/x86.h"

#define FRAME_LIMIT   ((uint64_t)1 << 32) /* of early page tables, and of start code CR3 */
#define LOW_LIMIT     0xa0000u
#define MINIMUM_BYTES ((uint64_t)12 << 20)
#define RAW_CAPACITY  (ARRAY_COUNT(x86_multiboot.raw) + 16)

static struct arch_memory_range raw[RAW_CAPACITY];
static size_t raw_count;
static struct arch_memory_range map[2 * RAW_CAPACITY + 1];
static size_t map_count;

/*
 * Frames come from [taken_next, taken_end); [taken_start, taken_next) are used and not recorded
 * yet.
 */
static uint64_t taken_start, taken_next, taken_end;
static size_t next_range; /* of map: not looked at yet */
static bool finished;
static uint64_t low_page;

extern char __ImageBase[];

static bool add(uint64_t base, uint64_t bytes, enum arch_memory_kind kind)
{
    if (raw_count == RAW_CAPACITY)
        return false;
    raw[raw_count++] = (struct arch_memory_range){ base, bytes, kind };
    return true;
}

static const char *normalise(void)
{
    NTSTATUS status = rtl_memmap_normalise(raw, raw_count, map, ARRAY_COUNT(map), &map_count);
    x86_boot.memory = map;
    x86_boot.memory_count = NT_SUCCESS(status) ? map_count : 0;
    return NT_SUCCESS(status) ? NULL : "the memory map has too many ranges";
}

/* The highest free page that real-mode code can run in. */
static void choose_low_page(void)
{
    for (size_t i = 0; i < map_count; i++) {
        uint64_t end = map[i].base + map[i].bytes;
        if (end > LOW_LIMIT)
            end = LOW_LIMIT;
        if (map[i].kind == ARCH_MEMORY_FREE && map[i].base + ARCH_PAGE_BYTES <= end)
            low_page = end - ARCH_PAGE_BYTES;
    }
}

/* The image, and page 0, which real-mode firmware owns and which no pointer may mean. */
static bool add_ours(void)
{
    return add(X86_IMAGE_PHYSICAL, x86_boot.image_bytes, ARCH_MEMORY_BOOT) &&
           add(0, ARCH_PAGE_BYTES, ARCH_MEMORY_RESERVED);
}

const char *x86_memory_init(void)
{
    const struct x86_multiboot *boot = &x86_multiboot;
    if (boot->raw_count == 0)
        return "the boot loader gave no memory map";
    if (boot->raw_count > ARRAY_COUNT(boot->raw))
        return "the memory map has too many ranges";
    for (size_t i = 0; i < boot->raw_count; i++)
        (void)add(boot->raw[i].base, boot->raw[i].bytes, boot->raw[i].kind); /* raw is longer */
    (void)add_ours();
    const char *refusal = normalise();
    if (refusal != NULL)
        return refusal;
    choose_low_page();
    if (low_page != 0)
        (void)add(low_page, ARCH_PAGE_BYTES, ARCH_MEMORY_BOOT);
    refusal = normalise();
    if (refusal != NULL)
        return refusal;
    uint64_t usable = rtl_memmap_bytes(map, map_count, ARCH_MEMORY_FREE) +
                      rtl_memmap_bytes(map, map_count, ARCH_MEMORY_BOOT);
    return usable < MINIMUM_BYTES ? "too little memory: less than 12 MiB are usable" : NULL;
}

uint64_t x86_low_page(void)
{
    return low_page;
}

static bool record_taken(void)
{
    uint64_t start = taken_start;
    taken_start = taken_next;
    return start == taken_next || add(start, taken_next - start, ARCH_MEMORY_BOOT);
}

static bool open_range(void)
{
    if (!record_taken())
        return false;
    for (; next_range < map_count; next_range++) {
        const struct arch_memory_range *range = &map[next_range];
        if (range->kind != ARCH_MEMORY_FREE || range->base < X86_IMAGE_PHYSICAL ||
            range->base >= FRAME_LIMIT)
            continue;
        uint64_t end = range->base + range->bytes;
        taken_start = taken_next = range->base;
        taken_end = end < FRAME_LIMIT ? end : FRAME_LIMIT;
        next_range++;
        return true;
    }
    return false;
}

static uint64_t take_frame(void)
{
    if (taken_next == taken_end && !open_range())
        return ARCH_NO_PFN;
    uint64_t pfn = taken_next >> ARCH_PAGE_SHIFT;
    taken_next += ARCH_PAGE_BYTES;
    return pfn;
}

uint64_t x86_frame_allocate(void)
{
    if (finished)
        return mm_table_page();
    uint64_t pfn = take_frame();
    if (pfn == ARCH_NO_PFN)
        return pfn;
    uint64_t *words = arch_physical_to_virtual(pfn << ARCH_PAGE_SHIFT);
    for (size_t i = 0; i < ARCH_PAGE_BYTES / sizeof(*words); i++)
        words[i] = 0;
    return pfn;
}

const char *x86_memory_finish(void)
{
    finished = true;
    if (!record_taken())
        return "the memory map has too many ranges";
    return normalise();
}
