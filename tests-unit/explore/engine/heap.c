/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scenarios' memory. A block that was freed is never given out again in the same run, so every later touch
 * of it is seen: one byte of shadow says of each eight bytes whether they are alive.
 */
#include <stdio.h>
#include <string.h>

#include "engine.h"

#define HEAP_BYTES ((size_t)2 << 20)
#define GRANULE    8
#define RED_ZONE   16
#define MAX_BLOCKS 2048

enum shadow { SHADOW_NOT = 0, SHADOW_LIVE, SHADOW_FREED };

struct heap_block {
    uint32_t offset, bytes;
    const char *name;
    uintptr_t freed_pc;
    int freed_by;
};

static uint8_t heap[HEAP_BYTES] __attribute__((aligned(4096)));
static uint8_t shadow[HEAP_BYTES / GRANULE];
static struct heap_block blocks[MAX_BLOCKS];
static size_t used;
static unsigned block_count;

static uint8_t *kept;
static size_t kept_used;
static unsigned kept_count;

static struct heap_block *block_of(uintptr_t address)
{
    size_t offset = address - (uintptr_t)heap;

    for (unsigned i = block_count; i-- > 0;)
        if (offset >= blocks[i].offset && offset < blocks[i].offset + blocks[i].bytes + RED_ZONE)
            return &blocks[i];
    return NULL;
}

bool heap_describe(uintptr_t address, char *text, size_t bytes)
{
    const struct heap_block *block;

    if (address - (uintptr_t)heap >= HEAP_BYTES)
        return false;
    block = block_of(address);
    if (block == NULL)
        return false;
    (void)snprintf(text, bytes, "%s+%zu", block->name,
                   (size_t)(address - (uintptr_t)heap - block->offset));
    return true;
}

void heap_check(uintptr_t address, size_t bytes, uintptr_t pc)
{
    size_t offset = address - (uintptr_t)heap;
    const struct heap_block *block;

    if (offset >= HEAP_BYTES)
        return;
    if (shadow[offset / GRANULE] == SHADOW_LIVE &&
        shadow[(offset + bytes - 1) / GRANULE] == SHADOW_LIVE)
        return;
    block = block_of(address);
    if (block == NULL)
        explore_fail("access outside of any block of the heap @%#zx", (size_t)pc);
    if (block->freed_pc != 0)
        explore_fail("use after free: '%s' at offset %zu @%#zx; processor %d freed it @%#zx",
                     block->name, offset - block->offset, (size_t)pc, block->freed_by,
                     (size_t)block->freed_pc);
    explore_fail("access behind the end of '%s' at offset %zu @%#zx", block->name,
                 offset - block->offset, (size_t)pc);
}

void *explore_new(size_t bytes, const char *name)
{
    size_t offset = (used + 63) & ~(size_t)63; /* so that no two blocks share sixteen bytes */
    size_t granules = (bytes + GRANULE - 1) / GRANULE;

    if (offset + bytes + RED_ZONE > HEAP_BYTES || block_count == MAX_BLOCKS)
        engine_stop("no memory left for '%s'", name);
    used = offset + bytes + RED_ZONE;
    blocks[block_count++] =
        (struct heap_block){ .offset = (uint32_t)offset, .bytes = (uint32_t)bytes, .name = name };
    memset(&heap[offset], 0, bytes);
    memset(&shadow[offset / GRANULE], SHADOW_LIVE, granules);
    return &heap[offset];
}

/* Freeing counts as a write to all of it: it must not be unordered with anybody's use. */
void explore_free(void *memory)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    struct heap_block *block = block_of((uintptr_t)memory);

    if (block == NULL || &heap[block->offset] != memory)
        explore_fail("free of what is no block @%#zx", (size_t)pc);
    if (block->freed_pc != 0)
        explore_fail("'%s' is freed twice @%#zx; first @%#zx", block->name, (size_t)pc,
                     (size_t)block->freed_pc);
    for (size_t done = 0; done < block->bytes; done += GRANULE)
        memory_plain((uintptr_t)memory + done, GRANULE, true, pc);
    memset(&shadow[block->offset / GRANULE], SHADOW_FREED, (block->bytes + GRANULE - 1) / GRANULE);
    block->freed_pc = pc;
    block->freed_by = world.current != NULL ? (int)world.current->index : -1;
}

static void clear_from(size_t offset)
{
    size_t first = (offset + GRANULE - 1) / GRANULE;

    if (used > offset)
        memset(&shadow[first], SHADOW_NOT, used / GRANULE + 1 - first);
}

void heap_reset(void)
{
    clear_from(0);
    used = 0;
    block_count = 0;
}

void heap_keep(void)
{
    static uint8_t space[HEAP_BYTES];

    kept = space;
    kept_used = used;
    kept_count = block_count;
    memcpy(kept, heap, used);
}

void heap_restore(void)
{
    memcpy(heap, kept, kept_used);
    clear_from(kept_used);
    for (unsigned i = 0; i < kept_count; i++) {
        if (blocks[i].freed_pc == 0)
            continue;
        blocks[i].freed_pc = 0; /* setup itself frees nothing that lives on */
        memset(&shadow[blocks[i].offset / GRANULE], SHADOW_LIVE,
               (blocks[i].bytes + GRANULE - 1) / GRANULE);
    }
    used = kept_used;
    block_count = kept_count;
}
