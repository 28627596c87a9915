/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory as the rest of the kernel sees it at boot: page frames, the tagged pool, kernel stacks. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nt/ke.h>

#include "arch.h"

/* Take over the free ranges of a normalised map. Once, on the boot processor, before any other call. */
MUST_CHECK NTSTATUS mm_pfn_init(const struct arch_memory_range *map, size_t count);

/* A page frame, contents undefined. ARCH_NO_PFN: none left. IRQL: <= DISPATCH_LEVEL */
uint64_t mm_pfn_allocate(void);
/* `pages` frames in a row below `limit_pfn`, aligned to `align_pages` (a power of two). ARCH_NO_PFN: no such run. */
uint64_t mm_pfn_allocate_run(size_t pages, uint64_t limit_pfn, size_t align_pages);
void mm_pfn_free(uint64_t pfn);
void mm_pfn_free_run(uint64_t pfn, size_t pages);
size_t mm_pfn_free_count(void);
size_t mm_pfn_total(void);

/*
 * The tagged pool behind ExAllocatePoolWithTag & co. Zeroed, 16-byte aligned (page aligned from one page up).
 * NULL: no memory. `tag` is what the four characters give as a little-endian ULONG; 0 is refused (CHECK).
 *
 * IRQL:    <= DISPATCH_LEVEL
 */
void *mm_pool_allocate(size_t bytes, ULONG tag);

/* The same with a choice of MM_POOL_ flags. BAD_POOL_CALLER at a level above DISPATCH_LEVEL (paged: APC_LEVEL). */
#define MM_POOL_PAGED         1u /* it may not be touched above APC_LEVEL: neither allocated nor freed */
#define MM_POOL_UNINITIALIZED 2u
#define MM_POOL_CACHE_ALIGNED 4u /* to 64 bytes */
void *mm_pool_allocate_with(size_t bytes, ULONG tag, uint32_t flags);
/* Tag 0 matches any; a wrong tag, a double free, a corrupted header bugcheck with BAD_POOL_CALLER / BAD_POOL_HEADER. */
void mm_pool_free(void *block, ULONG tag);

struct mm_pool_tag_use {
    ULONG tag;
    size_t blocks;
    size_t bytes;
};
/* Current use per tag, at most `capacity` rows; returns the number of tags in use. */
size_t mm_pool_usage(struct mm_pool_tag_use *rows, size_t capacity);
size_t mm_pool_bytes(void);
/* A log line for each tag in use. IRQL: any. */
void mm_pool_report(void);
/* The blocks that a tag has now; a log line if there are any. For what must have given everything back. */
size_t mm_pool_leaks(ULONG tag);
/* From now on every n-th allocation of the pool fails; 0: none. */
void mm_pool_fail_every(uint32_t n);
/* Frames and blocks that processors keep at hand go back, and with them pages that only those held. IRQL: any. */
void mm_trim(void);

/* `pages` of kernel address space with a guard page (nothing mapped) below and above, mapped read-write. NULL: none. */
void *mm_stack_allocate(size_t pages);
void mm_stack_free(void *base, size_t pages);
/* The guard page that `address` lies in belongs to a stack: for telling an overflow from another fault. */
bool mm_is_stack_guard(uintptr_t address);
/* Map device registers, uncached. NULL: no address space or memory. */
void *mm_map_device(uint64_t physical, size_t bytes);
