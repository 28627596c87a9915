/* SPDX-License-Identifier: BSD-2-Clause */
/* The runner: a thread for each processor that measures, all starting at once after a first round that warms up. */
#include "base/log.h"
#include "base/selftest_impl.h"
#include "bench/bench_impl.h"

#define BENCH(function, name, rounds, processors) { name, rounds, processors, function },
const struct bench_case bench_table[] = {
#include "bench/benches.tbl"
};
#undef BENCH
const size_t bench_table_count = ARRAY_COUNT(bench_table);

struct ke_thread *bench_partner(struct bench *bench, PKSTART_ROUTINE start, void *argument,
                                uint8_t priority, uint32_t cpu)
{
    struct ke_thread *thread = NULL;
    struct ke_thread_options options = { .name = "bench",
                                         .priority = priority,
                                         .affinity = (uint64_t)1 << cpu };
    if (!NT_SUCCESS(ke_thread_run(&options, start, argument, &thread)))
        bench->failed = true;
    return thread;
}

void bench_join(struct ke_thread *thread)
{
    if (thread != NULL)
        (void)ke_thread_join(thread); /* its status says nothing */
}

struct job {
    const struct bench_case *which;
    struct bench bench;
    uint32_t *waiting; /* [a] jobs that are not ready to measure */
};

static void job_run(void *argument)
{
    struct job *job = argument;
    struct bench warm_up = { .rounds = job->bench.rounds / 10 + 1 };
    job->which->run(&warm_up);
    (void)atomic_sub(job->waiting, 1);
    while (atomic_load_acquire(job->waiting) != 0)
        ke_thread_yield();
    job->which->run(&job->bench);
}

MUST_CHECK bool bench_measure(const struct bench_case *which, uint32_t threads, uint64_t rounds,
                              struct bench *slowest)
{
    struct job jobs[ARCH_MAX_CPUS];
    struct ke_thread *thread[ARCH_MAX_CPUS];
    uint32_t waiting = threads;
    CHECK(threads > 0 && threads <= ke.cpu_count && rounds > 0);
    *slowest = (struct bench){ 0 };
    for (uint32_t i = 0; i < threads; i++) {
        jobs[i] = (struct job){ which, { .rounds = rounds }, &waiting };
        thread[i] = bench_partner(&jobs[i].bench, job_run, &jobs[i], BENCH_PRIORITY, i);
        if (thread[i] == NULL)
            (void)atomic_sub(&waiting, 1);
    }
    for (uint32_t i = 0; i < threads; i++) {
        bool failed = slowest->failed;
        bench_join(thread[i]);
        if (jobs[i].bench.counts >= slowest->counts)
            *slowest = jobs[i].bench;
        slowest->failed |= failed || jobs[i].bench.failed;
    }
    return !slowest->failed;
}

const struct bench *bench_median(struct bench *runs)
{
    for (uint32_t i = 1; i < BENCH_REPEATS; i++) {
        for (uint32_t j = i; j > 0 && runs[j - 1].counts > runs[j].counts; j--) {
            struct bench slower = runs[j - 1];
            runs[j - 1] = runs[j];
            runs[j] = slower;
        }
    }
    return &runs[BENCH_REPEATS / 2];
}

static bool report(const struct bench_case *which, uint32_t threads)
{
    struct bench runs[BENCH_REPEATS];
    for (uint32_t i = 0; i < BENCH_REPEATS; i++) {
        if (!bench_measure(which, threads, which->rounds, &runs[i])) {
            log_line("# %s: no memory for it", which->name);
            return false;
        }
    }
    const struct bench *result = bench_median(runs);
    log_line("@bench name=%s threads=%u rounds=%llu ns=%llu switches=%llu ipis=%llu cr3=%llu "
             "cr8=%llu tlb=%llu self=%llu",
             which->name, threads, (unsigned long long)result->rounds,
             (unsigned long long)ke_counter_in(result->counts, KE_NANOSECONDS),
             (unsigned long long)result->switches, (unsigned long long)result->ipis,
             (unsigned long long)result->port.space_loads,
             (unsigned long long)result->port.level_writes,
             (unsigned long long)result->port.tlb_flushes,
             (unsigned long long)result->port.self_interrupts);
    return true;
}

static bool matches(const char *glob, const char *name)
{
    const char *end = glob;
    if (glob == NULL || *glob == 0)
        return true;
    while (*end != 0)
        end++;
    return selftest_glob_matches(glob, end, name);
}

size_t bench_run(const char *glob)
{
    size_t failed = 0, matched = 0;
    for (size_t i = 0; i < bench_table_count; i++) {
        const struct bench_case *which = &bench_table[i];
        if (!matches(glob, which->name))
            continue;
        matched++;
        if (which->processors > ke.cpu_count)
            continue;
        failed += !report(which, 1);
        if (ke.cpu_count > 1 && which->processors == 1)
            failed += !report(which, ke.cpu_count);
    }
    if (matched == 0)
        log_line("# no benchmark matches '%s'", glob);
    return matched == 0 ? 1 : failed;
}
