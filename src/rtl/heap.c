/* SPDX-License-Identifier: BSD-2-Clause */
/* The pool as this library knows it. Before mm has registered there is no memory, which is a status like any other. */
#include "rtl/heap.h"

static const struct rtl_heap *registered; /* [i] from mm's initialisation on */

void rtl_heap_register(const struct rtl_heap *heap)
{
    registered = heap;
}

const struct rtl_heap *rtl_heap_registered(void)
{
    return registered;
}

void *rtl_heap_allocate(size_t bytes)
{
    return registered != NULL ? registered->allocate(bytes) : NULL;
}

void rtl_heap_free(void *block)
{
    registered->free(block);
}
