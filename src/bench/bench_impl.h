/* SPDX-License-Identifier: BSD-2-Clause */
/* For the files of benchmarks: the prototypes of the table's functions. */
#pragma once

#include <nt/ke_ddi.h>

#include "bench/bench.h"

#define BENCH(function, name, rounds, processors) void function(struct bench *bench);
#include "bench/benches.tbl"
#undef BENCH
