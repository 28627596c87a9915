/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stress: random loads on all processors, held against invariants. A round runs some of the cases of cases.tbl at the
 * same time, each with threads of its own, for a bounded amount of work; the round's seed decides everything that is not
 * a matter of interleaving. At its end everything that was taken must have been given back.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

struct stress_options {
    const char *glob;   /* cases; NULL or empty: all */
    uint64_t seed;      /* of the first round */
    uint32_t seconds;   /* after which no round begins */
    uint32_t round_ms;  /* after which a round's threads come to their ends */
    uint32_t max_steps; /* of each thread in a round */
};

#define STRESS_SECONDS   10
#define STRESS_ROUND_MS  1500
#define STRESS_MAX_STEPS 3000

/*
 * Rounds until the time is over or one fails: a `@stress` line at the begin and at the end of each, and one for each
 * expectation that failed.
 *
 * IRQL:    PASSIVE_LEVEL
 * Returns: the number of failures; a glob that matches nothing is one
 */
size_t stress_run(const struct stress_options *options);
