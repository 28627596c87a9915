/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Data races, by vector clocks: two accesses to the same byte by different components, one of them a write and one
 * of them plain, neither ordered before the other by what the code says (its memory_orders, interrupt levels).
 *
 * Each eight bytes have a few cells, each an access that nothing later has covered. A handler has a component of its
 * own, so it races with the code that it interrupted, unless the level keeps them apart. But not on the stack that
 * both stand on: frames come and go there.
 */
#include <string.h>

#include "engine.h"

#define GRANULES 8192 /* a power of two */
#define CELLS    14

struct cell {
    uintptr_t pc;
    uint16_t component;
    uint16_t time;
    uint8_t access;
    uint8_t bytes; /* a bit each */
};

struct granule {
    uintptr_t key;
    uint32_t generation;
    uint32_t count;
    struct cell cells[CELLS];
};

static struct granule granules[GRANULES];
static uint32_t generation;
static unsigned granule_count;

static const char *const names[] = { "read", "write", "atomic read", "atomic write" };
static const uint8_t clashes[] = {
    [ACCESS_READ] = 1 << ACCESS_WRITE | 1 << ACCESS_ATOMIC_WRITE,
    [ACCESS_WRITE] = 15,
    [ACCESS_ATOMIC_READ] = 1 << ACCESS_WRITE,
    [ACCESS_ATOMIC_WRITE] = 1 << ACCESS_READ | 1 << ACCESS_WRITE,
};

void race_reset(void)
{
    generation++;
    granule_count = 0;
}

static struct granule *granule_of(uintptr_t key)
{
    size_t i = (key * 0x9e3779b97f4a7c15u >> 32) & (GRANULES - 1);

    while (granules[i].generation == generation && granules[i].key != key)
        i = (i + 1) & (GRANULES - 1);
    if (granules[i].generation != generation) {
        if (++granule_count > GRANULES / 2)
            engine_stop("more memory is touched than the race detector can follow");
        granules[i].generation = generation;
        granules[i].key = key;
        granules[i].count = 0;
    }
    return &granules[i];
}

static void __attribute__((noinline, noreturn)) found(uintptr_t address, enum access access,
                                                      uintptr_t pc, const struct cell *cell)
{
    char where[96];

    if (!heap_describe(address, where, sizeof(where)))
        (void)__builtin_snprintf(where, sizeof(where), "$%#zx", (size_t)address);
    explore_fail(
        "data race on %s: %s by processor %u @%#zx, unordered with the %s by processor %u%s "
        "@%#zx",
        where, names[access], world.current->index, (size_t)pc, names[cell->access],
        cell->component / LANES, cell->component % LANES != 0 ? " in a handler" : "",
        (size_t)cell->pc);
}

/* What the new access makes superfluous: it is ordered before it and says no more. */
static bool covered(const struct cell *old, unsigned component, enum access access, uint8_t mask,
                    const struct clock *now)
{
    bool stronger = access == ACCESS_WRITE || access == old->access;

    if ((old->bytes & ~mask) != 0 || !stronger)
        return false;
    return old->component == component ? true : old->time <= now->at[old->component];
}

static void look(struct granule *granule, uint8_t mask, enum access access, uintptr_t pc,
                 uintptr_t address)
{
    unsigned component = lane_component();
    const struct clock *now = &lane_now()->now;
    const struct explore_stack *stack = world.current->stack;
    bool own_stack = address >= stack->low && address < stack->high;
    unsigned kept = 0;

    for (unsigned i = 0; i < granule->count; i++) {
        const struct cell *cell = &granule->cells[i];
        bool unordered = cell->component != component && cell->time > now->at[cell->component];

        if (unordered && (cell->bytes & mask) != 0 && (clashes[access] >> cell->access & 1) &&
            !(own_stack && cell->component / LANES == world.current->index))
            found(address, access, pc, cell);
        if (!covered(cell, component, access, mask, now))
            granule->cells[kept++] = *cell;
    }
    if (kept == CELLS) { /* the oldest is the least likely to matter */
        memmove(&granule->cells[0], &granule->cells[1], (CELLS - 1) * sizeof(struct cell));
        kept--;
    }
    granule->cells[kept] = (struct cell){ .pc = pc,
                                          .component = (uint16_t)component,
                                          .time = now->at[component],
                                          .access = (uint8_t)access,
                                          .bytes = mask };
    granule->count = kept + 1;
}

void race_access(uintptr_t address, size_t bytes, enum access access, uintptr_t pc)
{
    uintptr_t end = address + bytes;

    while (address < end) {
        uintptr_t key = address >> 3;
        unsigned first = address & 7;
        size_t here = end - address < 8 - first ? end - address : 8 - first;

        look(granule_of(key), (uint8_t)(((1u << here) - 1) << first), access, pc, address);
        address += here;
    }
}
