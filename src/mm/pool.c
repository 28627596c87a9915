/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tagged pool. Blocks up to most of a page come from slabs: pages cut into blocks of one size class, each with a
 * 16-byte header in front; what a slab needs to know about itself stands in its page's database entry. Larger
 * allocations are runs of pages, and their database entry is the header. The two are told apart by the address: only a
 * run begins on a page boundary. A slab whose last block came back is a free page again.
 *
 * In front of the slabs each processor keeps free blocks of each class on an interlocked list: most allocations and frees
 * are one push or pop, without a lock. A list that runs empty is filled with several blocks at once under the class's
 * lock, one that has become too long gives half back. A block goes to the list of whoever frees it, wherever it was
 * allocated. The processor's number is only a hint (a thread may move at any time): the lists are safe for everybody,
 * which is also what lets mm_pool_trim and an allocation that found nothing empty the lists of other processors.
 *
 * In checked builds a freed block is filled with a pattern that is verified when it is handed out again, the bytes behind
 * an allocation, at least 8, with another that is verified when it is freed, and the header carries a sum.
 */
#include <nt/ex_ddi.h>
#include <nt/irql.h>

#include "base/atomic.h"
#include "ke/bugcheck.h"
#include "ke/ke.h"
#include "mm/kasan.h"
#include "mm/mm_impl.h"
#include "rtl/memory.h"

KASAN_LEAVES_OUT

#define FILL_FREE      0xdd
#define FILL_RED_ZONE  0xfd
#define RED_ZONE_BYTES (VARIANT_CHECKED ? 8 : 0)
#define CACHE_LINE     64u
#define BATCH          16u /* blocks that move between a processor's list and the slabs at once, at most */
#define CACHE_BYTES    8192u /* that a processor keeps of a class, about */

enum {
    HEADER_USED = 0x4b51,
    HEADER_PAGED = 0x4b52, /* used, of a paged type */
    HEADER_FREE = 0x9d3b,
    HEADER_ALIGNED =
        0x6c17, /* in front of a cache-aligned payload: `bytes` back is the block's own */
};

struct block {
    union {
        struct block *link; /* free: the next one, in a list or in the slab; NULL: none */
        struct {
            uint32_t bytes; /* used: as asked for */
            uint32_t sum;   /* used, checked builds: of the header */
        };
    };
    ULONG tag; /* used, and kept while free */
    uint16_t class;
    uint16_t state;
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
    CALLER_ALLOCATES_AT_IRQL = 0x8,
    CALLER_FREES_AT_IRQL = 0x9,
    CALLER_WRONG_TAG = 0xa,
    CALLER_BAD_ADDRESS = 0x46,
};

void mm_pool_init(void)
{
    for (uint32_t i = 0; i < MM_POOL_CLASSES; i++) {
        struct mm_pool_class *class = &mm.pool.classes[i];
        uint32_t keep = CACHE_BYTES / class_bytes[i];
        ke_lock_init(&class->lock, KE_LOCK_POOL);
        class->block_bytes = class_bytes[i];
        class->partial = MM_NO_FRAME;
        class->keep = keep > 2 * BATCH ? 2 * BATCH : keep;
    }
    for (uint32_t units = 0, class = 0; units < ARRAY_COUNT(mm.pool.class_of_units); units++) {
        while (class < MM_POOL_CLASSES && class_bytes[class] < units * sizeof(struct block))
            class ++;
        mm.pool.class_of_units[units] = (uint8_t)class;
    }
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

static void verify_red_zone(const uint8_t *payload, size_t bytes, size_t room)
{
    const uint8_t *bad =
        VARIANT_CHECKED ? find_other(payload + bytes, room - bytes, FILL_RED_ZONE) : NULL;
    if (bad != NULL)
        ke_bugcheck(BAD_POOL_HEADER, HEADER_OVERRUN, (uintptr_t)payload, bytes, *bad);
}

static uint32_t sum_of(const struct block *block)
{
    uint32_t words = block->bytes ^ block->tag ^ ((uint32_t)block->class << 16 | block->state);
    return VARIANT_CHECKED ? words * 2654435761u ^ (uint32_t)((uintptr_t)block >> 4) : 0;
}

static _Noreturn void header_is_corrupt(const struct block *block)
{
    ke_bugcheck(BAD_POOL_HEADER, HEADER_SIZE_CORRUPT, (uintptr_t)block->payload, block->class,
                block->state);
}

/* --- Slabs ------------------------------------------------------------------------------------------------ */

static uint32_t class_of(size_t bytes)
{
    size_t units = (bytes + sizeof(struct block) + RED_ZONE_BYTES + 15) / 16;
    return units < ARRAY_COUNT(mm.pool.class_of_units) ? mm.pool.class_of_units[units]
                                                       : MM_POOL_CLASSES;
}

static uint32_t frame_index(const struct mm_frame *frame)
{
    return (uint32_t)(frame - mm.frames.database);
}

static uint8_t *slab_page(const struct mm_frame *frame)
{
    return mm_pfn_to_virtual(mm.frames.first_pfn + frame_index(frame));
}

static struct mm_frame *frame_of(const void *address)
{
    return mm_frame_of(((uintptr_t)address - mm.frames.direct_map) >> ARCH_PAGE_SHIFT);
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

static void slab_push(struct mm_frame *frame, struct block *block)
{
    block->link =
        frame->free_head != 0 ? (struct block *)(slab_page(frame) + frame->free_head) : NULL;
    frame->free_head = (uint16_t)((uint8_t *)block - slab_page(frame));
}

static void make_free(struct block *block)
{
    kasan_open(block->payload, room_of(block));
    if (VARIANT_CHECKED)
        memset(block->payload, FILL_FREE, room_of(block));
    kasan_paint(block->payload, room_of(block), MM_KASAN_POOL_FREE);
    kasan_paint(block, sizeof(*block), MM_KASAN_POOL_RED);
    block->state = HEADER_FREE;
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
        make_free(block);
        slab_push(frame, block);
    }
    partial_push(class, frame);
    return frame;
}

static struct block *slab_take(struct mm_pool_class *class, struct mm_frame *frame)
{
    LOCK_HELD(&class->lock);
    struct block *block = (struct block *)(slab_page(frame) + frame->free_head);
    const struct block *next = block->link;
    if (block->state != HEADER_FREE || block->class != frame->order ||
        (next != NULL && ((uintptr_t)next ^ (uintptr_t)block) >= ARCH_PAGE_BYTES))
        header_is_corrupt(block);
    frame->free_head = next != NULL ? (uint16_t)((const uint8_t *)next - slab_page(frame)) : 0;
    frame->in_use++;
    if (frame->free_head == 0)
        partial_remove(class, frame);
    return block;
}

/* The slab has no other block in use: the caller frees its page when it has left the lock. */
static bool slab_give_back(struct mm_pool_class *class, struct mm_frame *frame, struct block *block)
{
    LOCK_HELD(&class->lock);
    CHECK(frame->in_use > 0);
    if (frame->free_head == 0)
        partial_push(class, frame);
    slab_push(frame, block);
    if (--frame->in_use != 0)
        return false;
    partial_remove(class, frame);
    return true;
}

/* --- The processors' lists -------------------------------------------------------------------------------- */

static SLIST_HEADER *list_here(uint32_t class)
{
    return &mm.cpus[arch_cpu()->index].blocks[class];
}

/* One block for the caller; several more for this processor's list, from slabs that there are. NULL: no memory. */
static struct block *refill(uint32_t class_index)
{
    struct mm_pool_class *class = &mm.pool.classes[class_index];
    struct block *taken[BATCH];
    uint32_t count = 0, wanted = class->keep / 2;
    bool interrupts = ke_lock_acquire(&class->lock);
    if (class->partial != MM_NO_FRAME || slab_create(class) != NULL) {
        do
            taken[count++] = slab_take(class, &mm.frames.database[class->partial]);
        while (count < wanted && class->partial != MM_NO_FRAME);
    }
    ke_lock_release(&class->lock, interrupts);
    if (count == 0)
        return NULL;
    SLIST_HEADER *list = list_here(class_index);
    while (--count > 0)
        (void)ExpInterlockedPushEntrySList(list, (SLIST_ENTRY *)taken[count]);
    return taken[0];
}

/* Blocks in a chain, at most BATCH of them, back to their slabs. Returns the first that is left. */
static struct block *give_back(uint32_t class_index, struct block *chain)
{
    struct mm_pool_class *class = &mm.pool.classes[class_index];
    uint64_t empty[BATCH];
    uint32_t empties = 0;
    bool interrupts = ke_lock_acquire(&class->lock);
    for (uint32_t i = 0; i < BATCH && chain != NULL; i++) {
        struct block *next = chain->link;
        struct mm_frame *frame = frame_of(chain);
        if (slab_give_back(class, frame, chain))
            empty[empties++] = mm.frames.first_pfn + frame_index(frame);
        chain = next;
    }
    ke_lock_release(&class->lock, interrupts);
    while (empties > 0)
        mm_pfn_free(empty[--empties]);
    return chain;
}

static void shorten(uint32_t class_index, SLIST_HEADER *list)
{
    struct block *chain = NULL;
    for (uint32_t i = mm.pool.classes[class_index].keep / 2 + 1; i > 0; i--) {
        struct block *block = (struct block *)ExpInterlockedPopEntrySList(list);
        if (block == NULL)
            break;
        block->link = chain;
        chain = block;
    }
    while (chain != NULL)
        chain = give_back(class_index, chain);
}

void mm_pool_trim(void)
{
    for (uint32_t cpu = 0; cpu < ARCH_MAX_CPUS; cpu++) {
        for (uint32_t class = 0; class < MM_POOL_CLASSES; class ++) {
            struct block *chain =
                (struct block *)ExpInterlockedFlushSList(&mm.cpus[cpu].blocks[class]);
            while (chain != NULL)
                chain = give_back(class, chain);
        }
    }
}

/* --- Small allocations ------------------------------------------------------------------------------------ */

static struct block *take_block(uint32_t class)
{
    struct block *block = (struct block *)ExpInterlockedPopEntrySList(list_here(class));
    if (block == NULL)
        block = refill(class);
    if (block == NULL) {
        mm_pool_trim(); /* pages that only free blocks hold */
        block = refill(class);
    }
    if (block != NULL && (block->state != HEADER_FREE || block->class != class))
        header_is_corrupt(block);
    return block;
}

/* Where an aligned payload begins in a block that has CACHE_LINE bytes more than it needs. */
static uint32_t shift_to_line(struct block *block)
{
    uint32_t shift = (uint32_t)(-(uintptr_t)block->payload & (CACHE_LINE - 1));
    struct block *front = (struct block *)(block->payload + shift) - 1;
    if (shift != 0)
        *front = (struct block){ .bytes = shift, .state = HEADER_ALIGNED };
    return shift;
}

static void *allocate_small(size_t bytes, ULONG tag, uint32_t flags)
{
    bool aligned = flags & MM_POOL_CACHE_ALIGNED;
    struct block *block = take_block(class_of(bytes + (aligned ? CACHE_LINE : 0)));
    if (block == NULL)
        return NULL;
    verify_free_pattern(block);
    uint32_t shift = aligned ? shift_to_line(block) : 0;
    block->bytes = (uint32_t)bytes + shift;
    block->tag = tag;
    block->state = flags & MM_POOL_PAGED ? HEADER_PAGED : HEADER_USED;
    block->sum = sum_of(block);
    kasan_open(block->payload, room_of(block));
    if (!(flags & MM_POOL_UNINITIALIZED))
        memset(block->payload + shift, 0, bytes);
    if (VARIANT_CHECKED)
        memset(block->payload + block->bytes, FILL_RED_ZONE, room_of(block) - block->bytes);
    kasan_paint(block->payload, room_of(block), MM_KASAN_POOL_RED);
    kasan_open(block->payload + shift, bytes);
    if (VARIANT_KASAN)
        mm_kasan_allocated(block->payload + shift, bytes);
    mm_pool_account(tag, block->bytes);
    return block->payload + shift;
}

static void check_tag(const void *address, ULONG tag, ULONG freed_as)
{
    if (freed_as != 0 && tag != freed_as)
        ke_bugcheck(BAD_POOL_CALLER, CALLER_WRONG_TAG, (uintptr_t)address, tag, freed_as);
}

static void check_free_level(const void *address, bool paged)
{
    KIRQL irql = arch_irql();
    if (irql > (paged ? APC_LEVEL : DISPATCH_LEVEL))
        ke_bugcheck(BAD_POOL_CALLER, CALLER_FREES_AT_IRQL, irql,
                    (uintptr_t)(paged ? PagedPool : NonPagedPool), (uintptr_t)address);
}

static _Noreturn void freed_twice(const void *address, ULONG tag)
{
    if (VARIANT_KASAN)
        mm_kasan_tell(address);
    ke_bugcheck(BAD_POOL_CALLER, CALLER_ALREADY_FREE, 0, tag, (uintptr_t)address);
}

static struct block *block_of(const struct mm_frame *frame, const void *address)
{
    struct block *block = CONTAINING_RECORD(address, struct block, payload);
    if (block->state == HEADER_ALIGNED && block->bytes < CACHE_LINE)
        block = (struct block *)((uint8_t *)block - block->bytes);
    if (block->state == HEADER_FREE)
        freed_twice(address, block->tag);
    if ((block->state != HEADER_USED && block->state != HEADER_PAGED) ||
        block->class != frame->order || block->bytes > room_of(block) ||
        block->sum != sum_of(block))
        header_is_corrupt(block);
    return block;
}

static void free_small(const struct mm_frame *frame, void *address, ULONG tag)
{
    struct block *block = block_of(frame, address);
    uint32_t class = block->class;
    check_free_level(address, block->state == HEADER_PAGED);
    check_tag(address, block->tag, tag);
    verify_red_zone(block->payload, block->bytes, room_of(block));
    mm_pool_unaccount(block->tag, block->bytes);
    if (VARIANT_KASAN)
        mm_kasan_freed(address);
    make_free(block);
    SLIST_HEADER *list = list_here(class);
    (void)ExpInterlockedPushEntrySList(list, (SLIST_ENTRY *)block);
    if (ExQueryDepthSList(list) > mm.pool.classes[class].keep)
        shorten(class, list);
}

/* --- Whole pages ------------------------------------------------------------------------------------------ */

static size_t large_room(const struct mm_frame *frame)
{
    return (size_t)frame->pages << ARCH_PAGE_SHIFT;
}

static void *allocate_large(size_t bytes, ULONG tag, uint32_t flags)
{
    size_t pages = (bytes + ARCH_PAGE_BYTES - 1) >> ARCH_PAGE_SHIFT;
    uint64_t pfn = mm_pfn_allocate_run(pages, UINT64_MAX, 1);
    if (pfn == ARCH_NO_PFN) {
        mm_pool_trim();
        pfn = mm_pfn_allocate_run(pages, UINT64_MAX, 1);
    }
    if (pfn == ARCH_NO_PFN)
        return NULL;
    struct mm_frame *frame = mm_frame_of(pfn);
    frame->use = flags & MM_POOL_PAGED ? MM_FRAME_LARGE_PAGED : MM_FRAME_LARGE;
    frame->tag = tag;
    frame->pages = (uint32_t)pages;
    frame->slack = (uint16_t)((pages << ARCH_PAGE_SHIFT) - bytes);
    uint8_t *address = mm_pfn_to_virtual(pfn);
    if (!(flags & MM_POOL_UNINITIALIZED))
        memset(address, 0, bytes);
    if (VARIANT_CHECKED)
        memset(address + bytes, FILL_RED_ZONE, frame->slack);
    kasan_paint(address, pages << ARCH_PAGE_SHIFT, MM_KASAN_POOL_RED);
    kasan_open(address, bytes);
    if (VARIANT_KASAN)
        mm_kasan_allocated(address, bytes);
    mm_pool_account(tag, pages << ARCH_PAGE_SHIFT);
    return address;
}

static void free_large(uint64_t pfn, struct mm_frame *frame, ULONG tag)
{
    uint8_t *address = mm_pfn_to_virtual(pfn);
    if (mm_frame_is_free(frame))
        freed_twice(address, frame->tag);
    if (frame->use != MM_FRAME_LARGE && frame->use != MM_FRAME_LARGE_PAGED)
        ke_bugcheck(BAD_POOL_CALLER, CALLER_BAD_ADDRESS, (uintptr_t)address, 0, 0);
    check_free_level(address, frame->use == MM_FRAME_LARGE_PAGED);
    check_tag(address, frame->tag, tag);
    verify_red_zone(address, large_room(frame) - frame->slack, large_room(frame));
    mm_pool_unaccount(frame->tag, large_room(frame));
    if (VARIANT_KASAN)
        mm_kasan_freed(address);
    mm_pfn_free_run(pfn, frame->pages);
}

/* --- What others call ------------------------------------------------------------------------------------- */

void *mm_pool_allocate_with(size_t bytes, ULONG tag, uint32_t flags)
{
    KIRQL irql = arch_irql();
    bool paged = flags & MM_POOL_PAGED;
    CHECK(tag != 0);
    if (irql > (paged ? APC_LEVEL : DISPATCH_LEVEL))
        ke_bugcheck(BAD_POOL_CALLER, CALLER_ALLOCATES_AT_IRQL, irql,
                    (uintptr_t)(paged ? PagedPool : NonPagedPool), bytes);
    if (bytes > (size_t)1 << (MM_ORDERS - 1 + ARCH_PAGE_SHIFT) || mm_pool_fails_now())
        return NULL;
    size_t room = bytes + (flags & MM_POOL_CACHE_ALIGNED ? CACHE_LINE : 0);
    return class_of(room) < MM_POOL_CLASSES ? allocate_small(bytes, tag, flags)
                                            : allocate_large(bytes, tag, flags);
}

void *mm_pool_allocate(size_t bytes, ULONG tag)
{
    return mm_pool_allocate_with(bytes, tag, 0);
}

void mm_pool_free(void *address, ULONG tag)
{
    struct mm_frame *frame = frame_of(address);
    bool page_start = ((uintptr_t)address & (ARCH_PAGE_BYTES - 1)) == 0;
    if (frame == NULL || (uintptr_t)address % sizeof(struct block) != 0 ||
        (!page_start && frame->use == MM_FRAME_ABSENT))
        ke_bugcheck(BAD_POOL_CALLER, CALLER_BAD_ADDRESS, (uintptr_t)address, 0, 0);
    if (page_start)
        free_large(mm.frames.first_pfn + frame_index(frame), frame, tag);
    else if (frame->use == MM_FRAME_SLAB)
        free_small(frame, address, tag);
    else /* its slab is a free page by now, or it never was a block */
        freed_twice(address, tag);
}

KASAN_LEFT_OUT
