/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine's test of itself, as TAP: litmus tests, and random programs against plain search. */
#include <stdio.h>

#include "engine.h"
#include "self/self.h"

struct sweep {
    const char *name;
    enum explore_model model;
    int bound;
    bool prompt;
};

static const struct sweep sweeps[] = {
    { "sc", EXPLORE_SC, -1, false },
    { "tso", EXPLORE_TSO, -1, false },
    { "c11", EXPLORE_C11, -1, false },
    { "tso_prompt", EXPLORE_TSO, -1, true },
    { "sc_bound_1", EXPLORE_SC, 1, false },
    { "tso_bound_0", EXPLORE_TSO, 0, false },
    { "tso_bound_1", EXPLORE_TSO, 1, false },
    { "tso_bound_2", EXPLORE_TSO, 2, false },
    { "tso_prompt_bound_1", EXPLORE_TSO, 1, true },
};
#define SWEEPS ((unsigned)(sizeof(sweeps) / sizeof(sweeps[0])))

bool self_test(uint64_t programs, bool verbose)
{
    unsigned litmus, wrong = self_litmus(&litmus), mismatches = 0, missed;
    unsigned detections = self_detect_count();
    uint64_t total = 0;

    (void)verbose;
    (void)printf("1..%u\n# litmus: %u tests, %u wrong\n%s 1 "
                 "explore_self.litmus_outcomes_are_exactly_the_known_ones\n",
                 SWEEPS + 1 + detections, litmus, wrong, wrong != 0 ? "not ok" : "ok");
    missed = self_detect(2);
    for (unsigned i = 0; i < SWEEPS; i++) {
        uint64_t compared;
        unsigned bad =
            self_random(programs, sweeps[i].model, sweeps[i].bound, sweeps[i].prompt, &compared);

        mismatches += bad;
        total += compared;
        (void)printf("%s %u explore_self.reduction_loses_nothing_%s\n", bad != 0 ? "not ok" : "ok",
                     i + 2 + detections, sweeps[i].name);
        (void)fflush(stdout);
    }
    (void)printf("# self-test: %u litmus, %u wrong, %llu random programs, %u mismatches\n", litmus,
                 wrong, (unsigned long long)total, mismatches);
    return wrong + mismatches + missed == 0;
}
