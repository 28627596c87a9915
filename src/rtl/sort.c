/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sorting and searching arrays of anything. By heaps: a kernel stack has no room for a bad day of quicksort, and n log n
 * is then a promise. Equal elements end in any order, as documented.
 */
#include "rtl/cstring.h"

static void swap(char *a, char *b, size_t bytes)
{
    for (; bytes > 0; bytes--, a++, b++) {
        char was = *a;
        *a = *b;
        *b = was;
    }
}

struct array {
    char *base;
    size_t bytes; /* of one element */
    crt_compare *compare;
};

static char *at(const struct array *array, size_t index)
{
    return array->base + index * array->bytes;
}

/* Let the element at `top` sink until neither of its children is greater. */
static void sift(const struct array *array, size_t top, size_t count)
{
    for (size_t child; (child = 2 * top + 1) < count; top = child) {
        if (child + 1 < count && array->compare(at(array, child), at(array, child + 1)) < 0)
            child++;
        if (array->compare(at(array, top), at(array, child)) >= 0)
            return;
        swap(at(array, top), at(array, child), array->bytes);
    }
}

void rtl_qsort(void *base, size_t count, size_t bytes, crt_compare *compare)
{
    struct array array = { base, bytes, compare };
    for (size_t i = count / 2; i-- > 0;)
        sift(&array, i, count);
    for (size_t end = count; end-- > 1;) {
        swap(at(&array, 0), at(&array, end), bytes);
        sift(&array, 0, end);
    }
}

void *rtl_bsearch(const void *key, const void *base, size_t count, size_t bytes,
                  crt_compare *compare)
{
    const char *low = base;
    while (count > 0) {
        const char *middle = low + count / 2 * bytes;
        int order = compare(key, middle);
        if (order == 0)
            return (void *)middle;
        if (order > 0) {
            low = middle + bytes;
            count--;
        }
        count /= 2;
    }
    return NULL;
}
