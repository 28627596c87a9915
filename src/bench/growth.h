/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Growth: what an operation costs beside n others, for n = 10, 1,000 and 100,000. Each is measured several times, the
 * median counts: a tick of the clock in between does not matter. Under QEMU's -icount a count is an instruction.
 */
#pragma once

#include <stddef.h>

#include "ke/ke.h"

#define GROWTH_ROUNDS 31

/* One operation's measurements. */
struct growth {
    uint64_t counts[GROWTH_ROUNDS];
    uint32_t rounds;
    uint64_t begun;
};

static inline void growth_start(struct growth *growth)
{
    growth->begun = arch_counter();
}

static inline void growth_stop(struct growth *growth)
{
    uint64_t counts = arch_counter() - growth->begun;
    if (growth->rounds < GROWTH_ROUNDS)
        growth->counts[growth->rounds++] = counts;
}

/* The median of what was measured, put in order. */
uint64_t bench_growth_median(struct growth *growth);
/* A `@growth` line; and the measurements begin anew. */
void bench_growth_report(struct growth *growth, const char *name, uint32_t n);

/*
 * Measure what `glob` matches (NULL or empty: all), each for n = 10, 1,000, … up to its own limit and `most`.
 *
 * IRQL:    PASSIVE_LEVEL
 * Returns: the number that failed; a glob that matches nothing is one failure
 */
size_t bench_growth_run(const char *glob, uint32_t most);
#define GROWTH_MOST 100000
