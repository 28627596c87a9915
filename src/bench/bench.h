/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Benchmarks: what an operation of the kernel costs, measured in the kernel. A row of benches.tbl names one; its
 * function does `rounds` operations between bench_start and bench_stop, on the processor it is bound to.
 *
 * Under QEMU's -icount a nanosecond is an instruction, so figures are the same on every machine; otherwise they are
 * wall time and mean something only as ratios of one run.
 */
#pragma once

#include <stddef.h>

#include "ke/ke.h"

#define BENCH_PRIORITY KE_PRIORITY_REAL_TIME /* no boost, no decay */

/* One measurement, by the thread that makes it. */
struct bench {
    uint64_t rounds;         /* in: operations to do */
    uint64_t counts;         /* of arch_counter that they took */
    uint64_t switches, ipis; /* by this processor meanwhile */
    struct arch_counts port; /* the same */
    bool failed;             /* no memory: what it measured means nothing */
};

struct bench_case {
    const char *name;
    uint32_t rounds;
    uint32_t processors; /* that it needs */
    void (*run)(struct bench *bench);
};
extern const struct bench_case bench_table[];
extern const size_t bench_table_count;

static inline struct arch_counts bench_port_counts(void)
{
    const struct arch_counts *counts = arch_boot()->counts;
    return counts != NULL ? counts[arch_cpu()->index] : (struct arch_counts){ 0 };
}

static inline void bench_start(struct bench *bench)
{
    bench->port = bench_port_counts();
    bench->switches = arch_cpu()->counters.context_switches;
    bench->ipis = arch_cpu()->counters.ipis_sent;
    bench->counts = arch_counter();
}

static inline void bench_stop(struct bench *bench)
{
    bench->counts = arch_counter() - bench->counts;
    bench->switches = arch_cpu()->counters.context_switches - bench->switches;
    bench->ipis = arch_cpu()->counters.ipis_sent - bench->ipis;
    struct arch_counts port = bench_port_counts();
    bench->port.level_writes = port.level_writes - bench->port.level_writes;
    bench->port.space_loads = port.space_loads - bench->port.space_loads;
    bench->port.tlb_flushes = port.tlb_flushes - bench->port.tlb_flushes;
    bench->port.self_interrupts = port.self_interrupts - bench->port.self_interrupts;
}

/*
 * A second thread for a benchmark, on processor `cpu`; NULL (and bench->failed): none. bench_join waits for its end.
 */
struct ke_thread *bench_partner(struct bench *bench, PKSTART_ROUTINE start, void *argument,
                                uint8_t priority, uint32_t cpu);
void bench_join(struct ke_thread *thread);

/*
 * Measure what `glob` matches (NULL or empty: all), each on one processor and then, if there are more, on all at once
 * with objects of their own; a `@bench` line for each.
 *
 * IRQL:    PASSIVE_LEVEL
 * Returns: the number that failed; a glob that matches nothing is one failure
 */
size_t bench_run(const char *glob);

#define BENCH_REPEATS 5
/* The one of BENCH_REPEATS measurements that took the median time; all are put in order. */
const struct bench *bench_median(struct bench *runs);

/* One measurement of one case on `threads` processors; *slowest is that of the thread that took longest. */
MUST_CHECK bool bench_measure(const struct bench_case *which, uint32_t threads, uint64_t rounds,
                              struct bench *slowest);
