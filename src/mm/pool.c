/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tagged pool. Blocks up to most of a page come from slabs: pages cut into blocks of one size class, each with a
 * 16-byte header in front; what a slab needs to know about itself stands in its page's database entry. Larger
 * allocations are runs of pages, and their database entry is the header. The two are told apart by the address: only a
 * run begins on a page boundary. A slab whose last block came back is a free page again.
 *
 * In checked builds a freed block is filled with a pattern that is verified when it is handed out again, and the bytes
 * behind an allocation, at least 8, with another that is verified when it is freed.
 */
#include <nt/irql.h>

#include "base/atomic.h"
#include "ke/bugcheck.h"
#include "mm/mm_impl.h"
#include "rtl/memory.h"

#define HEADER_USED    0x4b51u
#define HEADER_FREE    0x9d3bu
#define FILL_FREE      0xdd
#define FILL_RED_ZONE  0xfd
#define RED_ZONE_BYTES (VARIANT_CHECKED ? 8 : 0)

struct block {
    uint16_t state; /* HEADER_USED or HEADER_FREE */
    uint16_t next;  /* free: offset of the next free block of the slab, 0: none */
    uint32_t bytes; /* used: as asked for */
    ULONG tag;      /* used, and kept while free */
    uint32_t class;
    uint8_t payload[];
};
_Static_assert(sizeof(struct block) == 16, "payloads are aligned to 16 bytes");

static const uint16_t class_bytes[MM_POOL_CLASSES] = {
    32,  48,  64,  80,  96,  128, 160,  192,  224,  256,
    320, 384, 448, 512, 672, 800, 1008, 1360, 2032, 4080,
};

/* The first block of a slab stands behind this, so that no payload begins a page. */
#define SLAB_OFFSET 16

/* Parameter 1 of the bugchecks. Source: "Bug Check 0x19: BAD_POOL_HEADER", "Bug Check 0xC2: BAD_POOL_CALLER" */
enum {
    HEADER_MODIFIED_AFTER_FREE = 0xd,
    HEADER_SIZE_CORRUPT = 0x20,
    HEADER_OVERRUN = 0x21,
    CALLER_ALREADY_FREE = 0x7,
    CALLER_WRONG_TAG = 0xa,
    CALLER_BAD_ADDRESS = 0x46,
};

void mm_pool_init(void)
{
    for (uint32_t i = 0; i < MM_POOL_CLASSES; i++) {
        ke_lock_init(&mm.pool.classes[i].lock, KE_LOCK_POOL);
        mm.pool.classes[i].block_bytes = class_bytes[i];
        mm.pool.classes[i].partial = MM_NO_FRAME;
    }
}

/* --- Accounting ------------------------------------------------------------------------------------------- */

static struct mm_tag_use *tag_row(ULONG tag)
{
    uint32_t start = tag * 2654435761u >> 8;
    for (uint32_t i = 0; i < MM_POOL_TAGS; i++) {
        struct mm_tag_use *row = &mm.pool.tags[(start + i) % MM_POOL_TAGS];
        ULONG seen = atomic_load_acquire(&row->tag);
        if (seen == 0 && atomic_cas(&row->tag, &seen, tag))
            return row;
        if (seen == tag)
            return row;
    }
    return &mm.pool.other;
}

static void account(ULONG tag, size_t bytes)
{
    struct mm_tag_use *row = tag_row(tag);
    (void)atomic_add(&row->blocks, 1);
    (void)atomic_add(&row->bytes, bytes);
}

static void unaccount(ULONG tag, size_t bytes)
{
    struct mm_tag_use *row = tag_row(tag);
    (void)atomic_sub(&row->blocks, 1);
    (void)atomic_sub(&row->bytes, bytes);
}

size_t mm_pool_usage(struct mm_pool_tag_use *rows, size_t capacity)
{
    size_t count = 0;
    for (uint32_t i = 0; i < MM_POOL_TAGS; i++) {
        const struct mm_tag_use *row = &mm.pool.tags[i];
        if (atomic_load_acquire(&row->blocks) == 0)
            continue;
        if (count < capacity)
            rows[count] = (struct mm_pool_tag_use){ row->tag, row->blocks, row->bytes };
        count++;
    }
    return count;
}

size_t mm_pool_bytes(void)
{
    size_t bytes = atomic_load_relaxed(&mm.pool.other.bytes);
    for (uint32_t i = 0; i < MM_POOL_TAGS; i++)
        bytes += atomic_load_relaxed(&mm.pool.tags[i].bytes);
    return bytes;
}

/* --- Patterns, in checked builds -------------------------------------------------------------------------- */

static size_t room_of(const struct block *block)
{
    return class_bytes[block->class] - sizeof(*block);
}

/* The first byte of a range that is not `fill`, or NULL. */
static const uint8_t *find_other(const uint8_t *bytes, size_t count, uint8_t fill)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] != fill)
            return &bytes[i];
    }
    return NULL;
}

static void verify_free_pattern(const struct block *block)
{
    const uint8_t *bad =
        VARIANT_CHECKED ? find_other(block->payload, room_of(block), FILL_FREE) : NULL;
    if (bad != NULL)
        ke_bugcheck(BAD_POOL_HEADER, HEADER_MODIFIED_AFTER_FREE, (uintptr_t)block->payload,
                    block->tag, (uintptr_t)bad);
}

static void verify_red_zone(const struct block *block)
{
    const uint8_t *bad = VARIANT_CHECKED ? find_other(block->payload + block->bytes,
                                                      room_of(block) - block->bytes, FILL_RED_ZONE)
                                         : NULL;
    if (bad != NULL)
        ke_bugcheck(BAD_POOL_HEADER, HEADER_OVERRUN, (uintptr_t)block->payload, block->bytes, *bad);
}

/* --- Slabs ------------------------------------------------------------------------------------------------ */

static uint32_t class_of(size_t bytes)
{
    uint32_t class = 0;
    while (class < MM_POOL_CLASSES &&
           class_bytes[class] < bytes + sizeof(struct block) + RED_ZONE_BYTES)
        class ++;
    return class;
}

static uint32_t frame_index(const struct mm_frame *frame)
{
    return (uint32_t)(frame - mm.frames.database);
}

static uint8_t *slab_page(const struct mm_frame *frame)
{
    return mm_pfn_to_virtual(mm.frames.first_pfn + frame_index(frame));
}

static void partial_push(struct mm_pool_class *class, struct mm_frame *frame)
{
    frame->previous = MM_NO_FRAME;
    frame->next = class->partial;
    if (frame->next != MM_NO_FRAME)
        mm.frames.database[frame->next].previous = frame_index(frame);
    class->partial = frame_index(frame);
}

static void partial_remove(struct mm_pool_class *class, struct mm_frame *frame)
{
    if (frame->next != MM_NO_FRAME)
        mm.frames.database[frame->next].previous = frame->previous;
    if (frame->previous != MM_NO_FRAME)
        mm.frames.database[frame->previous].next = frame->next;
    else
        class->partial = frame->next;
}

static void slab_put(struct mm_frame *frame, struct block *block)
{
    block->state = HEADER_FREE;
    block->next = frame->free_head;
    if (VARIANT_CHECKED)
        memset(block->payload, FILL_FREE, room_of(block));
    frame->free_head = (uint16_t)((uint8_t *)block - slab_page(frame));
}

/* A new slab, all blocks free, in the class's list. NULL: no memory. */
static struct mm_frame *slab_create(struct mm_pool_class *class)
{
    uint64_t pfn = mm_pfn_allocate();
    if (pfn == ARCH_NO_PFN)
        return NULL;
    struct mm_frame *frame = mm_frame_of(pfn);
    frame->use = MM_FRAME_SLAB;
    frame->order = (uint8_t)(class - mm.pool.classes);
    frame->free_head = 0;
    frame->in_use = 0;
    uint32_t fit = (uint32_t)(ARCH_PAGE_BYTES - SLAB_OFFSET) / class->block_bytes;
    for (uint32_t i = fit; i-- > 0;) {
        struct block *block =
            (struct block *)(slab_page(frame) + SLAB_OFFSET + i * class->block_bytes);
        *block = (struct block){ .class = frame->order };
        slab_put(frame, block);
    }
    partial_push(class, frame);
    return frame;
}

static struct block *slab_take(struct mm_pool_class *class)
{
    LOCK_HELD(&class->lock);
    struct mm_frame *frame =
        class->partial != MM_NO_FRAME ? &mm.frames.database[class->partial] : slab_create(class);
    if (frame == NULL)
        return NULL;
    struct block *block = (struct block *)(slab_page(frame) + frame->free_head);
    if (block->state != HEADER_FREE || block->class != frame->order)
        ke_bugcheck(BAD_POOL_HEADER, HEADER_SIZE_CORRUPT, (uintptr_t)block->payload, block->class,
                    block->state);
    verify_free_pattern(block);
    block->state = HEADER_USED;
    frame->free_head = block->next;
    frame->in_use++;
    if (frame->free_head == 0)
        partial_remove(class, frame);
    return block;
}

static void *allocate_small(uint32_t class_index, size_t bytes, ULONG tag)
{
    struct mm_pool_class *class = &mm.pool.classes[class_index];
    bool interrupts = ke_lock_acquire(&class->lock);
    struct block *block = slab_take(class);
    ke_lock_release(&class->lock, interrupts);
    if (block == NULL)
        return NULL;
    block->bytes = (uint32_t)bytes;
    block->tag = tag;
    memset(block->payload, 0, bytes);
    if (VARIANT_CHECKED)
        memset(block->payload + bytes, FILL_RED_ZONE, room_of(block) - bytes);
    account(tag, bytes);
    return block->payload;
}

static void check_tag(const void *address, ULONG tag, ULONG freed_as)
{
    if (freed_as != 0 && tag != freed_as)
        ke_bugcheck(BAD_POOL_CALLER, CALLER_WRONG_TAG, (uintptr_t)address, tag, freed_as);
}

static void free_small(struct mm_frame *frame, struct block *block, ULONG tag)
{
    if (block->state == HEADER_FREE)
        ke_bugcheck(BAD_POOL_CALLER, CALLER_ALREADY_FREE, 0, block->tag, (uintptr_t)block->payload);
    if (block->state != HEADER_USED || block->class != frame->order ||
        block->bytes > room_of(block))
        ke_bugcheck(BAD_POOL_HEADER, HEADER_SIZE_CORRUPT, (uintptr_t)block->payload, block->class,
                    block->state);
    check_tag(block->payload, block->tag, tag);
    verify_red_zone(block);
    unaccount(block->tag, block->bytes);
    struct mm_pool_class *class = &mm.pool.classes[frame->order];
    bool interrupts = ke_lock_acquire(&class->lock);
    if (frame->free_head == 0)
        partial_push(class, frame);
    slab_put(frame, block);
    bool empty = --frame->in_use == 0;
    if (empty)
        partial_remove(class, frame);
    ke_lock_release(&class->lock, interrupts);
    if (empty)
        mm_pfn_free(mm.frames.first_pfn + frame_index(frame));
}

/* --- Whole pages ------------------------------------------------------------------------------------------ */

static void *allocate_large(size_t bytes, ULONG tag)
{
    size_t pages = (bytes + ARCH_PAGE_BYTES - 1) >> ARCH_PAGE_SHIFT;
    uint64_t pfn = mm_pfn_allocate_run(pages, UINT64_MAX, 1);
    if (pfn == ARCH_NO_PFN)
        return NULL;
    struct mm_frame *frame = mm_frame_of(pfn);
    frame->use = MM_FRAME_LARGE;
    frame->tag = tag;
    frame->pages = (uint32_t)pages;
    void *address = mm_pfn_to_virtual(pfn);
    memset(address, 0, pages << ARCH_PAGE_SHIFT);
    account(tag, pages << ARCH_PAGE_SHIFT);
    return address;
}

static void free_large(uint64_t pfn, struct mm_frame *frame, ULONG tag)
{
    void *address = mm_pfn_to_virtual(pfn);
    if (frame->use == MM_FRAME_FREE || frame->use == MM_FRAME_FREE_TAIL)
        ke_bugcheck(BAD_POOL_CALLER, CALLER_ALREADY_FREE, 0, frame->tag, (uintptr_t)address);
    if (frame->use != MM_FRAME_LARGE)
        ke_bugcheck(BAD_POOL_CALLER, CALLER_BAD_ADDRESS, (uintptr_t)address, 0, 0);
    check_tag(address, frame->tag, tag);
    unaccount(frame->tag, (size_t)frame->pages << ARCH_PAGE_SHIFT);
    mm_pfn_free_run(pfn, frame->pages);
}

/* --- What others call ------------------------------------------------------------------------------------- */

void *mm_pool_allocate(size_t bytes, ULONG tag)
{
    CHECK(tag != 0);
    CHECK(arch_irql() <= DISPATCH_LEVEL);
    if (bytes > (size_t)1 << (MM_ORDERS - 1 + ARCH_PAGE_SHIFT))
        return NULL;
    uint32_t class = class_of(bytes);
    return class < MM_POOL_CLASSES ? allocate_small(class, bytes, tag) : allocate_large(bytes, tag);
}

void mm_pool_free(void *address, ULONG tag)
{
    CHECK(arch_irql() <= DISPATCH_LEVEL);
    uint64_t pfn = ((uintptr_t)address - mm.frames.direct_map) >> ARCH_PAGE_SHIFT;
    struct mm_frame *frame = mm_frame_of(pfn);
    bool page_start = ((uintptr_t)address & (ARCH_PAGE_BYTES - 1)) == 0;
    if (frame == NULL || (!page_start && frame->use == MM_FRAME_ABSENT))
        ke_bugcheck(BAD_POOL_CALLER, CALLER_BAD_ADDRESS, (uintptr_t)address, 0, 0);
    if (page_start)
        free_large(pfn, frame, tag);
    else if (frame->use == MM_FRAME_SLAB)
        free_small(frame, CONTAINING_RECORD(address, struct block, payload), tag);
    else /* its slab is a free page by now, or it never was a block */
        ke_bugcheck(BAD_POOL_CALLER, CALLER_ALREADY_FREE, 0, tag, (uintptr_t)address);
}
