/* SPDX-License-Identifier: BSD-2-Clause */
/* The runner's inside, for its own tests: which tests, chosen how, and where the lines go. */
#pragma once

#include <stdarg.h>

#include "base/selftest.h"

#define SELFTEST_FAILURES_SHOWN 20 /* of one test; the rest are counted */

struct selftest_session {
    const struct selftest *tests;
    size_t count;
    const char *globs; /* NULL or empty: every test that is not planted */
    uint64_t seed;
    void (*print)(void *argument, const char *line);
    void *argument;
};

/* The state of one test. Legend: [i] immutable while the test runs, [a] atomic, [o] by the test's own caller. */
struct selftest_run {
    const struct selftest_session *session; /* [i] */
    uint32_t failures;                      /* [a] */
    const char *skip_reason;                /* [a] */
    uint64_t random;                        /* [o] */
};

/* `*` stands for any number of characters, `?` for one; the glob ends at `glob_end`. */
bool selftest_glob_matches(const char *glob, const char *glob_end, const char *text);

/* Returns: the number of tests that failed, and one more if a glob selected nothing. */
size_t selftest_session_run(const struct selftest_session *session);

/* The first pseudo-random state of a test. */
uint64_t selftest_random_state(uint64_t seed, const struct selftest *test);
