/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Untangling the firmware's memory map. Ranges are clamped to pages (free ones inwards, all others outwards), sorted
 * by where they begin; then a sweep from edge to edge gives each piece the strictest kind that covers it.
 */
#include "rtl/memmap.h"

#include <nt/ntstatus.h>

#define PAGE_MASK ((uint64_t)ARCH_PAGE_BYTES - 1)
/* Physical addresses have at most 52 bits; what claims to lie above does not exist. */
#define PHYSICAL_END ((uint64_t)1 << 52)

struct edges {
    uint64_t start, end;
};

/* The pages of a range; start == end: none. */
static struct edges clamp(const struct arch_memory_range *range)
{
    uint64_t start = range->base;
    uint64_t end = range->bytes > PHYSICAL_END - (start < PHYSICAL_END ? start : PHYSICAL_END)
                       ? PHYSICAL_END
                       : start + range->bytes;
    if (range->bytes == 0 || start >= PHYSICAL_END)
        return (struct edges){ 0, 0 };
    if (range->kind == ARCH_MEMORY_FREE) {
        start = (start + PAGE_MASK) & ~PAGE_MASK;
        end &= ~PAGE_MASK;
    } else {
        start &= ~PAGE_MASK;
        end = (end + PAGE_MASK) & ~PAGE_MASK;
    }
    return start < end ? (struct edges){ start, end } : (struct edges){ 0, 0 };
}

/* The next edge after `position`: where some range begins or ends. PHYSICAL_END + 1: none. */
static uint64_t next_edge(const struct arch_memory_range *in, size_t count, uint64_t position)
{
    uint64_t next = PHYSICAL_END + 1;
    for (size_t i = 0; i < count; i++) {
        struct edges e = clamp(&in[i]);
        if (e.start == e.end)
            continue;
        if (e.start > position && e.start < next)
            next = e.start;
        if (e.end > position && e.end < next)
            next = e.end;
    }
    return next;
}

/* The strictest kind that covers `position`; false: nothing does. */
static bool kind_at(const struct arch_memory_range *in, size_t count, uint64_t position,
                    enum arch_memory_kind *kind)
{
    bool covered = false;
    for (size_t i = 0; i < count; i++) {
        struct edges e = clamp(&in[i]);
        if (position < e.start || position >= e.end)
            continue;
        if (!covered || in[i].kind > *kind)
            *kind = in[i].kind;
        covered = true;
    }
    return covered;
}

static bool append(struct arch_memory_range *out, size_t capacity, size_t *used,
                   struct arch_memory_range piece)
{
    struct arch_memory_range *last = *used > 0 ? &out[*used - 1] : NULL;
    if (last != NULL && last->kind == piece.kind && last->base + last->bytes == piece.base) {
        last->bytes += piece.bytes;
        return true;
    }
    if (*used == capacity)
        return false;
    out[(*used)++] = piece;
    return true;
}

MUST_CHECK NTSTATUS rtl_memmap_normalise(const struct arch_memory_range *in, size_t count,
                                         struct arch_memory_range *out, size_t capacity,
                                         size_t *out_count)
{
    size_t used = 0;
    uint64_t position = 0;
    while (position <= PHYSICAL_END) {
        uint64_t end = next_edge(in, count, position);
        enum arch_memory_kind kind;
        if (kind_at(in, count, position, &kind) &&
            !append(out, capacity, &used,
                    (struct arch_memory_range){ position, end - position, kind }))
            return STATUS_BUFFER_TOO_SMALL;
        position = end;
    }
    *out_count = used;
    return STATUS_SUCCESS;
}

uint64_t rtl_memmap_bytes(const struct arch_memory_range *map, size_t count,
                          enum arch_memory_kind kind)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += map[i].kind == kind ? map[i].bytes : 0;
    return bytes;
}
