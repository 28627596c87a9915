/* SPDX-License-Identifier: BSD-2-Clause */
/* What mm tells the address sanitizer. Only the kasan variant has kasan.c; elsewhere the calls are compiled out. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/atomic.h"

/* Shadow bytes: 0: 8 bytes may be used; 1 to 7: so many of them. */
enum mm_kasan_byte {
    MM_KASAN_OPEN = 0,
    MM_KASAN_POOL_RED = 0xfa,
    MM_KASAN_POOL_FREE = 0xfd,
    MM_KASAN_FRAME_FREE = 0xff,
    MM_KASAN_GLOBAL_RED = 0xf9,
};

void mm_kasan_init(void); /* when frames can be had */
void mm_kasan_paint(const void *address, size_t bytes, enum mm_kasan_byte byte);
void mm_kasan_open(const void *address, size_t bytes);
void mm_kasan_mapped(uintptr_t address, uint64_t pfn); /* ARCH_NO_PFN: nothing any more */
void mm_kasan_allocated(const void *block, size_t bytes);
void mm_kasan_freed(const void *block);
void mm_kasan_tell(const void *block); /* prints who had it, for a report on something else */

/* The first `bytes` may be used, of `room` the rest not. */
static inline void kasan_open(const void *address, size_t bytes)
{
    if (VARIANT_KASAN)
        mm_kasan_open(address, bytes);
}

static inline void kasan_paint(const void *address, size_t bytes, enum mm_kasan_byte byte)
{
    if (VARIANT_KASAN)
        mm_kasan_paint(address, bytes, byte);
}

static inline void kasan_mapped(uintptr_t address, uint64_t pfn)
{
    if (VARIANT_KASAN)
        mm_kasan_mapped(address, pfn);
}
