/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel command line: options separated by blanks, `name` or `name=value`, a value may stand in double quotes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

struct rtl_options {
    bool selftest;            /* run the self-tests and end */
    char selftest_globs[256]; /* empty: all */
    bool bench;               /* run the benchmarks and end */
    char bench_glob[64];      /* empty: all */
    bool growth;              /* measure operations beside many others and end */
    char growth_glob[64];     /* empty: all */
    bool stress;              /* run the loads of src/stress and end */
    char stress_glob[64];     /* empty: all */
    uint32_t stress_seconds;  /* 0: as long as src/stress thinks right */
    bool idle;                /* boot, say @ready, stay idle until the power button or a reset */
    bool nokaslr;
    bool seed_given;
    uint64_t seed;
    uint32_t max_cpus;     /* 0: no limit */
    uint32_t log_level;    /* enum log_level */
    uint32_t debug_mask;   /* which levels of drivers' debug output are shown: bit n is level n */
    uint32_t pool_fail;    /* every n-th allocation of the pool fails; 0: none */
    bool no_threaded_dpcs; /* they run as ordinary ones */
    bool lock_order;       /* the edges of the lock order that the self-tests made */
    bool pool_report;      /* what each tag uses: a line at @ready and after the self-tests */
};

/*
 * Parse `line` into *options (set to the defaults first). On an unknown, malformed, duplicated or
 * contradictory option writes one line that names it to `error` and returns false.
 */
MUST_CHECK bool rtl_options_parse(const char *line, struct rtl_options *options, char *error,
                                  size_t error_bytes);
