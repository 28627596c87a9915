/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory for the functions of this library that make a string: mm lies above and registers its pool here. */
#pragma once

#include <stddef.h>

struct rtl_heap {
    /* NULL if there is none. IRQL: <= APC_LEVEL, as of paged pool */
    void *(*allocate)(size_t bytes);
    void (*free)(void *block);
};

/* Called once, before the first string is made. NULL: there is no memory. */
void rtl_heap_register(const struct rtl_heap *heap);
const struct rtl_heap *rtl_heap_registered(void);

void *rtl_heap_allocate(size_t bytes);
void rtl_heap_free(void *block);
