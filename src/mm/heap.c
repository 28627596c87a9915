/* SPDX-License-Identifier: BSD-2-Clause */
/* What rtl, which lies below, needs of the pool: paged blocks for the strings that its functions make. */
#include "rtl/heap.h"

#include "mm/mm_impl.h"

#define TAG_STRING 0x536c7452u /* "RtlS" */

static void *allocate(size_t bytes)
{
    return mm_pool_allocate_with(bytes, TAG_STRING, MM_POOL_PAGED | MM_POOL_UNINITIALIZED);
}

/* A driver may hand in a buffer that it allocated itself. */
static void release(void *block)
{
    mm_pool_free(block, 0);
}

void mm_heap_init(void)
{
    static const struct rtl_heap for_rtl = { .allocate = allocate, .free = release };
    rtl_heap_register(&for_rtl);
}
