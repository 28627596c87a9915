/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page frames: the database, one entry for each page between the first and the last that the allocator was given, and
 * a binary buddy allocator over it. A free block of 2^n pages begins at a multiple of its size; freeing joins it with
 * its neighbour while that is free and as large. The database itself is carved out of the memory that it describes.
 *
 * In front of it each processor keeps single frames on an interlocked list, so that most allocations and frees of one page
 * take no lock. A list that is empty is filled with several at once, unless memory is short, and one that is too long gives
 * back half; a run that was not found, and a page when nothing is left, empty the lists of all. Frames on the lists count
 * as free. The processor's number is a hint: any list is safe for everybody.
 */
#include <nt/ex_ddi.h>
#include <nt/ntstatus.h>

#include "base/atomic.h"
#include "ke/ke.h"
#include "mm/kasan.h"
#include "mm/mm_impl.h"
#include "rtl/memory.h"

KASAN_LEAVES_OUT

struct mm_state mm;

static uint32_t index_of(uint64_t pfn)
{
    return (uint32_t)(pfn - mm.frames.first_pfn);
}

static uint64_t pfn_of(uint32_t index)
{
    return mm.frames.first_pfn + index;
}

struct mm_frame *mm_frame_of(uint64_t pfn)
{
    if (pfn < mm.frames.first_pfn || pfn - mm.frames.first_pfn >= mm.frames.count)
        return NULL;
    return &mm.frames.database[index_of(pfn)];
}

/* --- Free lists ------------------------------------------------------------------------------------------- */

static void list_push(uint32_t index, uint32_t order)
{
    struct mm_frame *frame = &mm.frames.database[index];
    frame->use = MM_FRAME_FREE;
    frame->order = (uint8_t)order;
    frame->previous = MM_NO_FRAME;
    frame->next = mm.frames.lists[order];
    if (frame->next != MM_NO_FRAME)
        mm.frames.database[frame->next].previous = index;
    mm.frames.lists[order] = index;
}

static void list_remove(uint32_t index)
{
    struct mm_frame *frame = &mm.frames.database[index];
    CHECK(frame->use == MM_FRAME_FREE);
    if (frame->next != MM_NO_FRAME)
        mm.frames.database[frame->next].previous = frame->previous;
    if (frame->previous != MM_NO_FRAME)
        mm.frames.database[frame->previous].next = frame->next;
    else
        mm.frames.lists[frame->order] = frame->next;
    frame->use = MM_FRAME_FREE_TAIL;
}

/* The block that together with this one makes one of the next order; NULL: not free, or not as large. */
static struct mm_frame *free_buddy(uint64_t pfn, uint32_t order)
{
    struct mm_frame *buddy = mm_frame_of(pfn ^ ((uint64_t)1 << order));
    if (buddy == NULL || buddy->use != MM_FRAME_FREE || buddy->order != order)
        return NULL;
    return buddy;
}

static void free_block(uint64_t pfn, uint32_t order)
{
    struct mm_frame *buddy;
    LOCK_HELD(&mm.frames.lock);
    CHECK((pfn & (((uint64_t)1 << order) - 1)) == 0);
    atomic_store_relaxed(&mm.frames.free, mm.frames.free + ((size_t)1 << order));
    while (order < MM_ORDERS - 1 && (buddy = free_buddy(pfn, order)) != NULL) {
        list_remove((uint32_t)(buddy - mm.frames.database));
        pfn &= ~((uint64_t)1 << order);
        order++;
    }
    list_push(index_of(pfn), order);
}

/* Any run of pages, as the blocks that it consists of. */
static void free_run(uint64_t pfn, uint64_t pages)
{
    while (pages > 0) {
        uint32_t order = 0;
        while (order < MM_ORDERS - 1 && (pfn >> order & 1) == 0 && (uint64_t)2 << order <= pages)
            order++;
        free_block(pfn, order);
        pfn += (uint64_t)1 << order;
        pages -= (uint64_t)1 << order;
    }
}

/* Take the block at `index`, which is free and large enough, and give back what is over. */
static void take_block(uint32_t index, uint32_t pages)
{
    struct mm_frame *frames = mm.frames.database;
    uint32_t block_pages = (uint32_t)1 << frames[index].order;
    list_remove(index);
    atomic_store_relaxed(&mm.frames.free, mm.frames.free - block_pages);
    for (uint32_t i = 0; i < pages; i++)
        frames[index + i].use = MM_FRAME_USED;
    free_run(pfn_of(index + pages), block_pages - pages);
}

/* --- Allocation ------------------------------------------------------------------------------------------- */

/* The first block of at least 2^order pages that ends below the limit. */
static uint32_t find_block(uint32_t order, uint32_t pages, uint64_t limit_pfn)
{
    LOCK_HELD(&mm.frames.lock);
    for (; order < MM_ORDERS; order++) {
        for (uint32_t i = mm.frames.lists[order]; i != MM_NO_FRAME;
             i = mm.frames.database[i].next) {
            if (pfn_of(i) + pages <= limit_pfn)
                return i;
        }
    }
    return MM_NO_FRAME;
}

static uint32_t order_for(size_t pages)
{
    uint32_t order = 0;
    while ((size_t)1 << order < pages)
        order++;
    return order;
}

static uint64_t allocate_run(size_t pages, uint64_t limit_pfn, size_t align_pages)
{
    CHECK(pages > 0 && align_pages > 0 && (align_pages & (align_pages - 1)) == 0);
    size_t rounded = pages > align_pages ? pages : align_pages; /* a block is aligned to its size */
    if (rounded > (size_t)1 << (MM_ORDERS - 1))
        return ARCH_NO_PFN;
    bool interrupts = ke_lock_acquire(&mm.frames.lock);
    uint32_t index = find_block(order_for(rounded), (uint32_t)pages, limit_pfn);
    if (index != MM_NO_FRAME)
        take_block(index, (uint32_t)pages);
    ke_lock_release(&mm.frames.lock, interrupts);
    return index != MM_NO_FRAME ? pfn_of(index) : ARCH_NO_PFN;
}

/* --- The processors' lists -------------------------------------------------------------------------------- */

#define BATCH  16          /* frames that move at once */
#define KEEP   (2 * BATCH) /* on a list, about */
#define SCARCE (KEEP * 32) /* with fewer free pages than that, none are put by */

/* The link stands in the page itself. */
static void cached_push(SLIST_HEADER *list, uint64_t pfn)
{
    (void)ExpInterlockedPushEntrySList(list, mm_pfn_to_virtual(pfn));
}

static uint64_t cached_pop(SLIST_HEADER *list)
{
    const SLIST_ENTRY *page = ExpInterlockedPopEntrySList(list);
    return page != NULL ? ((uintptr_t)page - mm.frames.direct_map) >> ARCH_PAGE_SHIFT : ARCH_NO_PFN;
}

static uint64_t refill(SLIST_HEADER *list)
{
    uint32_t taken[BATCH], count = 0;
    bool interrupts = ke_lock_acquire(&mm.frames.lock);
    uint32_t wanted = mm.frames.free < SCARCE ? 1 : BATCH;
    while (count < wanted && (taken[count] = find_block(0, 1, UINT64_MAX)) != MM_NO_FRAME) {
        take_block(taken[count], 1);
        mm.frames.database[taken[count++]].use = MM_FRAME_CACHED;
    }
    ke_lock_release(&mm.frames.lock, interrupts);
    if (count == 0)
        return ARCH_NO_PFN;
    while (--count > 0)
        cached_push(list, pfn_of(taken[count]));
    return pfn_of(taken[0]);
}

static uint64_t take_from_any(void)
{
    uint64_t pfn = ARCH_NO_PFN;
    for (uint32_t i = 0; i < ARCH_MAX_CPUS && pfn == ARCH_NO_PFN; i++)
        pfn = cached_pop(&mm.cpus[i].frames);
    return pfn;
}

uint64_t mm_pfn_allocate(void)
{
    SLIST_HEADER *list = &mm.cpus[arch_cpu()->index].frames;
    uint64_t pfn = cached_pop(list);
    if (pfn == ARCH_NO_PFN)
        pfn = refill(list);
    if (pfn == ARCH_NO_PFN)
        pfn = take_from_any();
    if (pfn != ARCH_NO_PFN) {
        CHECK(mm_frame_of(pfn)->use == MM_FRAME_CACHED);
        mm_frame_of(pfn)->use = MM_FRAME_USED;
        kasan_open(mm_pfn_to_virtual(pfn), ARCH_PAGE_BYTES);
    }
    return pfn;
}

/* At most `count` frames of a list to the buddy allocator. */
static void shorten(SLIST_HEADER *list, uint32_t count)
{
    uint64_t pfns[KEEP];
    uint32_t taken = 0;
    while (taken < count && (pfns[taken] = cached_pop(list)) != ARCH_NO_PFN)
        taken++;
    bool interrupts = ke_lock_acquire(&mm.frames.lock);
    while (taken > 0) {
        mm_frame_of(pfns[--taken])->use = MM_FRAME_FREE_TAIL;
        free_block(pfns[taken], 0);
    }
    ke_lock_release(&mm.frames.lock, interrupts);
}

void mm_pfn_trim(void)
{
    for (uint32_t i = 0; i < ARCH_MAX_CPUS; i++) {
        while (ExQueryDepthSList(&mm.cpus[i].frames) != 0)
            shorten(&mm.cpus[i].frames, KEEP);
    }
}

uint64_t mm_pfn_allocate_run(size_t pages, uint64_t limit_pfn, size_t align_pages)
{
    uint64_t pfn = allocate_run(pages, limit_pfn, align_pages);
    if (pfn == ARCH_NO_PFN) {
        mm_pfn_trim();
        pfn = allocate_run(pages, limit_pfn, align_pages);
    }
    if (pfn != ARCH_NO_PFN)
        kasan_open(mm_pfn_to_virtual(pfn), pages << ARCH_PAGE_SHIFT);
    return pfn;
}

void mm_pfn_free_run(uint64_t pfn, size_t pages)
{
    kasan_paint(mm_pfn_to_virtual(pfn), pages << ARCH_PAGE_SHIFT, MM_KASAN_FRAME_FREE);
    bool interrupts = ke_lock_acquire(&mm.frames.lock);
    for (size_t i = 0; i < pages; i++) {
        struct mm_frame *frame = mm_frame_of(pfn + i);
        CHECK(frame != NULL && frame->use != MM_FRAME_ABSENT);
        CHECK(!mm_frame_is_free(frame)); /* freed twice */
        frame->use = MM_FRAME_FREE_TAIL;
    }
    free_run(pfn, pages);
    ke_lock_release(&mm.frames.lock, interrupts);
}

void mm_pfn_free(uint64_t pfn)
{
    struct mm_frame *frame = mm_frame_of(pfn);
    SLIST_HEADER *list = &mm.cpus[arch_cpu()->index].frames;
    CHECK(frame != NULL && frame->use != MM_FRAME_ABSENT);
    CHECK(!mm_frame_is_free(frame)); /* freed twice */
    kasan_paint(mm_pfn_to_virtual(pfn), ARCH_PAGE_BYTES, MM_KASAN_FRAME_FREE);
    frame->use = MM_FRAME_CACHED;
    cached_push(list, pfn);
    if (ExQueryDepthSList(list) > KEEP)
        shorten(list, BATCH);
}

size_t mm_pfn_free_count(void)
{
    size_t count = atomic_load_relaxed(&mm.frames.free);
    for (uint32_t i = 0; i < ARCH_MAX_CPUS; i++)
        count += ExQueryDepthSList(&mm.cpus[i].frames);
    return count;
}

size_t mm_pfn_total(void)
{
    return mm.frames.total;
}

uint64_t mm_table_page(void)
{
    uint64_t pfn = mm_pfn_allocate();
    if (pfn != ARCH_NO_PFN)
        memset(mm_pfn_to_virtual(pfn), 0, ARCH_PAGE_BYTES);
    return pfn;
}

/* --- Taking over ------------------------------------------------------------------------------------------ */

struct extent {
    uint64_t first, end; /* page frame numbers */
};

/* Frame 0 is never handed out: a physical address of 0 stands for "none" in too many tables. */
static struct extent extent_of(const struct arch_memory_range *range)
{
    uint64_t first = range->base >> ARCH_PAGE_SHIFT;
    uint64_t end = (range->base + range->bytes) >> ARCH_PAGE_SHIFT;
    return (struct extent){ first == 0 && end > 0 ? 1 : first, end };
}

static struct extent span_of_free(const struct arch_memory_range *map, size_t count)
{
    struct extent span = { UINT64_MAX, 0 };
    for (size_t i = 0; i < count; i++) {
        struct extent e = extent_of(&map[i]);
        if (map[i].kind != ARCH_MEMORY_FREE || e.first == e.end)
            continue;
        span.first = e.first < span.first ? e.first : span.first;
        span.end = e.end > span.end ? e.end : span.end;
    }
    return span;
}

/* The database goes to the end of the last range that holds it: low memory stays for those who need it low. */
static uint64_t place_database(const struct arch_memory_range *map, size_t count, uint64_t pages)
{
    for (size_t i = count; i-- > 0;) {
        struct extent e = extent_of(&map[i]);
        if (map[i].kind == ARCH_MEMORY_FREE && e.end - e.first >= pages)
            return e.end - pages;
    }
    return ARCH_NO_PFN;
}

static void give(struct extent free, struct extent database)
{
    if (database.first >= free.first && database.end <= free.end) {
        free_run(free.first, database.first - free.first);
        free_run(database.end, free.end - database.end);
        mm.frames.total += free.end - free.first - (database.end - database.first);
    } else {
        free_run(free.first, free.end - free.first);
        mm.frames.total += free.end - free.first;
    }
}

void mm_trim(void)
{
    mm_pool_trim();
    mm_pfn_trim();
}

static const struct ke_memory for_ke = {
    .allocate = mm_pool_allocate,
    .free = mm_pool_free,
    .stack_allocate = mm_stack_allocate,
    .stack_free = mm_stack_free,
    .trim = mm_trim,
};

MUST_CHECK NTSTATUS mm_pfn_init(const struct arch_memory_range *map, size_t count)
{
    struct extent span = span_of_free(map, count);
    if (span.first >= span.end || span.end - span.first >= MM_NO_FRAME)
        return STATUS_NO_MEMORY;
    uint64_t bytes = (span.end - span.first) * sizeof(struct mm_frame);
    uint64_t pages = (bytes + ARCH_PAGE_BYTES - 1) >> ARCH_PAGE_SHIFT;
    uint64_t place = place_database(map, count, pages);
    if (place == ARCH_NO_PFN)
        return STATUS_NO_MEMORY;
    memset(&mm, 0, sizeof(mm));
    ke_lock_init(&mm.frames.lock, KE_LOCK_PFN);
    mm.frames.database = mm_pfn_to_virtual(place);
    mm.frames.direct_map = (uintptr_t)mm.frames.database - (place << ARCH_PAGE_SHIFT);
    mm.frames.first_pfn = span.first;
    mm.frames.count = (uint32_t)(span.end - span.first);
    memset(mm.frames.database, 0, pages << ARCH_PAGE_SHIFT);
    for (uint32_t i = 0; i < MM_ORDERS; i++)
        mm.frames.lists[i] = MM_NO_FRAME;
    bool interrupts = ke_lock_acquire(&mm.frames.lock);
    for (size_t i = 0; i < count; i++) {
        if (map[i].kind == ARCH_MEMORY_FREE)
            give(extent_of(&map[i]), (struct extent){ place, place + pages });
    }
    ke_lock_release(&mm.frames.lock, interrupts);
    mm_pool_init();
    mm_kva_init();
    if (VARIANT_KASAN)
        mm_kasan_init();
    ke_set_memory(&for_ke);
    mm_heap_init();
    return STATUS_SUCCESS;
}

KASAN_LEFT_OUT
