/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to mm/: its state, all of it in one structure, and the page-frame database. */
#pragma once

#include "ke/lock.h"
#include "mm/mm.h"

/* --- Page frames ------------------------------------------------------------------------------------------ */

#define MM_ORDERS   19 /* blocks of 2^0 to 2^18 pages (1 GiB) */
#define MM_NO_FRAME UINT32_MAX

enum mm_frame_use {
    MM_FRAME_ABSENT,    /* not RAM, or never ours */
    MM_FRAME_FREE,      /* the first of a free block of 2^order pages */
    MM_FRAME_FREE_TAIL, /* another page of a free block */
    MM_FRAME_USED,
    MM_FRAME_SLAB,  /* holds pool blocks of one size */
    MM_FRAME_LARGE, /* the first of a pool allocation of whole pages */
    MM_FRAME_LARGE_PAGED,
    MM_FRAME_CACHED, /* free, on a processor's list */
};

/* One for each page of RAM. Legend: [p] PFN lock, [c] the size class's lock, [o] by the owner of the page. */
struct mm_frame {
    uint8_t use;        /* enum mm_frame_use; [p], while in use [o] */
    uint8_t order;      /* [p] of a free block; of a slab: its size class [o] */
    uint16_t free_head; /* [c] slab: offset of the first free block, 0: none */
    union {
        uint16_t in_use; /* [c] slab: blocks handed out, those on processors' lists included */
        uint16_t slack;  /* [o] large allocation: bytes of its last page that were not asked for */
    };
    uint32_t next; /* [p] or [c]: list links, indices into the database */
    uint32_t previous;
    ULONG tag;      /* [o] large allocation */
    uint32_t pages; /* [o] large allocation */
};

struct mm_frames {
    struct ke_lock lock;
    struct mm_frame *database; /* [i] indexed by pfn - first_pfn */
    uintptr_t direct_map;      /* [i] where physical address 0 would be mapped */
    uint64_t first_pfn;        /* [i] */
    uint32_t count;            /* [i] entries of the database */
    size_t total;              /* [i] pages that the allocator was given */
    size_t free;               /* [p] read without the lock as a hint */
    uint32_t lists[MM_ORDERS]; /* [p] first frame of the free blocks of each order */
};

/* --- Pool ------------------------------------------------------------------------------------------------- */

#define MM_POOL_CLASSES 20
#define MM_POOL_TAGS    512

struct mm_pool_class {
    struct ke_lock lock;
    uint32_t block_bytes; /* [i] header included */
    uint32_t keep;        /* [i] blocks on a processor's list, about */
    uint32_t partial;     /* [c] slabs that have a free block */
};

struct mm_tag_use {
    ULONG tag;     /* [a] 0: unused row */
    size_t blocks; /* [a] */
    size_t bytes;  /* [a] as asked for */
};

struct mm_pool {
    struct mm_pool_class classes[MM_POOL_CLASSES];
    struct mm_tag_use tags[MM_POOL_TAGS]; /* open addressing; a row is never given back */
    struct mm_tag_use other;              /* what found no row */
    uint8_t class_of_units[256];          /* [i] by the size in 16 bytes, header included */
    uint32_t fail_every;                  /* [a] 0: never */
    uint32_t allocations;                 /* [a] since fail_every was set */
};

/* --- Kernel address space --------------------------------------------------------------------------------- */

#define MM_KVA_CHUNK_PAGES (ARCH_PAGE_BYTES * 8) /* a bitmap of one page: 128 MiB of addresses */
#define MM_KVA_CHUNKS      64

/* All under the KVA lock. */
struct mm_kva_chunk {
    uint64_t *bitmap;     /* bit set: the page is reserved; made when first needed */
    uint32_t lowest_free; /* no page below it is free */
};

struct mm_kva {
    struct ke_lock lock;
    struct mm_kva_chunk chunks[MM_KVA_CHUNKS];
};

/* What a processor keeps at hand. Interlocked lists: anybody may push and pop. */
struct __attribute__((aligned(64))) mm_cpu {
    SLIST_HEADER frames;
    SLIST_HEADER blocks[MM_POOL_CLASSES];
};

struct mm_state {
    struct mm_cpu cpus[ARCH_MAX_CPUS];
    struct mm_frames frames;
    struct mm_pool pool;
    struct mm_kva kva;
};
extern struct mm_state mm;

void mm_pool_init(void);
void mm_heap_init(void);
void mm_kva_init(void);
void mm_pfn_trim(void);  /* all processors' frames back to the buddy allocator */
void mm_pool_trim(void); /* all processors' blocks back to their slabs */
void mm_pool_account(ULONG tag, size_t bytes);
void mm_pool_unaccount(ULONG tag, size_t bytes);
bool mm_pool_fails_now(void); /* an allocation, by mm_pool_fail_every */

static inline bool mm_frame_is_free(const struct mm_frame *frame)
{
    return frame->use == MM_FRAME_FREE || frame->use == MM_FRAME_FREE_TAIL ||
           frame->use == MM_FRAME_CACHED;
}

/* The database entry of a frame that the allocator knows; NULL for others. */
struct mm_frame *mm_frame_of(uint64_t pfn);

static inline void *mm_pfn_to_virtual(uint64_t pfn)
{
    return arch_physical_to_virtual(pfn << ARCH_PAGE_SHIFT);
}
