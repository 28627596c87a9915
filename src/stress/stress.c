/* SPDX-License-Identifier: BSD-2-Clause */
/* The runner: chooses cases by the round's seed, starts their threads, joins them, looks for what is left behind. */
#include "base/log.h"
#include "base/selftest_impl.h"
#include "ex/ex.h"
#include "mm/mm.h"
#include "stress/stress_impl.h"

#define STRESS(name) &stress_##name,
const struct stress_case *const stress_cases[] = {
#include "stress/cases.tbl"
};
#undef STRESS
const uint32_t stress_case_count = ARRAY_COUNT(stress_cases);

/* --- What the threads of cases call ----------------------------------------------------------------------- */

/* Source: G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators" (SplitMix64). */
uint64_t stress_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

bool stress_step(struct stress_worker *worker)
{
    const struct stress_round *round = worker->load->round;
    if (worker->steps >= round->max_steps || ke_tick_count() >= round->deadline)
        return false;
    worker->steps++;
    return true;
}

/* The first ones tell it all. */
static bool is_told(struct stress_load *load)
{
    return atomic_add(&load->round->failures, 1) < 20;
}

bool stress_fail(struct stress_load *load, const char *file, uint32_t line, const char *what)
{
    if (is_told(load))
        log_line("# stress: %s: %s:%u: %s", load->which->name, file, line, what);
    return false;
}

bool stress_equal(struct stress_load *load, const char *file, uint32_t line, const char *what,
                  uint64_t a, uint64_t b)
{
    if (a != b && is_told(load))
        log_line("# stress: %s: %s:%u: %s: %lld and %lld", load->which->name, file, line, what,
                 (long long)a, (long long)b);
    return a == b;
}

static LARGE_INTEGER relative_ms(uint32_t milliseconds)
{
    return (LARGE_INTEGER){ .QuadPart = -(int64_t)milliseconds * KE_TICK_100NS };
}

void stress_sleep(uint32_t milliseconds)
{
    LARGE_INTEGER interval = relative_ms(milliseconds);
    (void)KeDelayExecutionThread(KernelMode, FALSE, &interval); /* not alertable: a success */
}

bool stress_reaches(uint64_t *word, uint64_t value)
{
    for (uint32_t i = 0; i < STRESS_HANG_MS && atomic_load_acquire(word) != value; i++)
        stress_sleep(1);
    return atomic_load_acquire(word) == value;
}

NTSTATUS stress_wait(void *object)
{
    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, NULL);
}

NTSTATUS stress_wait_ms(void *object, uint32_t milliseconds)
{
    LARGE_INTEGER timeout = relative_ms(milliseconds);
    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, &timeout);
}

/* --- A round ---------------------------------------------------------------------------------------------- */

static void work(void *argument)
{
    struct stress_worker *worker = argument;
    worker->load->which->work(worker->load, worker);
}

static uint32_t choose_count(const struct stress_case *which, uint64_t *random)
{
    uint32_t span = which->most - which->least + 1;
    uint32_t count = which->least + (uint32_t)(stress_random(random) >> 32) % span;
    return which->multiple != 0 ? count - count % which->multiple : count;
}

static bool create_threads(struct stress_load *load, uint64_t *random)
{
    const struct ke_thread_options options = { .name = load->which->name };
    load->count = choose_count(load->which, random);
    CHECK(load->count > 0 && load->count <= STRESS_WORKERS);
    for (uint32_t i = 0; i < load->count; i++) {
        struct stress_worker *worker = &load->workers[i];
        *worker = (struct stress_worker){ load, i, stress_random(random), 0, NULL };
        if (!NT_SUCCESS(ke_thread_create(&options, work, worker, &worker->thread)))
            return STRESS_EXPECT(load, worker->thread != NULL);
    }
    return true;
}

/* A load with its state, or none: no memory. */
static bool load_begin(struct stress_round *round, const struct stress_case *which,
                       uint64_t *random)
{
    struct stress_load *load = &round->loads[round->count];
    load->which = which;
    load->round = round;
    load->random = stress_random(random);
    load->state = mm_pool_allocate_with(which->state_bytes, STRESS_TAG, MM_POOL_CACHE_ALIGNED);
    if (load->state == NULL)
        return STRESS_EXPECT(load, load->state != NULL);
    which->begin(load);
    round->count++;
    return create_threads(load, random);
}

typedef void for_each_worker(struct stress_worker *worker);

static void for_all(struct stress_round *round, for_each_worker *function)
{
    for (uint32_t i = 0; i < round->count; i++) {
        for (uint32_t j = 0; j < round->loads[i].count; j++) {
            if (round->loads[i].workers[j].thread != NULL)
                function(&round->loads[i].workers[j]);
        }
    }
}

static void start(struct stress_worker *worker)
{
    ke_thread_start(worker->thread);
}

static void wait_for_end(struct stress_worker *worker)
{
    (void)stress_wait(
        &worker->thread->header); /* no time-out: who watches from outside sees a hang */
    worker->load->round->steps += worker->steps;
}

static void release(struct stress_worker *worker)
{
    ke_thread_release(worker->thread);
}

static void load_end(struct stress_load *load)
{
    load->which->end(load);
    mm_pool_free(load->state, STRESS_TAG);
}

static size_t threads_besides_workers(void)
{
    size_t threads = ke_thread_count();
    for (uint32_t type = 0; type <= HyperCriticalWorkQueue; type++)
        threads -= ex_work_thread_count(type); /* as many as the load asked for, for a while */
    return threads;
}

/* Everything that ended has given its memory back. */
static uint32_t left_behind(size_t threads_before)
{
    uint32_t failures = 0;
    for (uint32_t i = 0; i < STRESS_HANG_MS && atomic_load_acquire(&ke.dying) != 0; i++)
        stress_sleep(1);
    if (atomic_load_acquire(&ke.dying) != 0) {
        log_line("# stress: %u threads that have ended keep their memory", ke.dying);
        failures++;
    }
    size_t threads = threads_besides_workers();
    if (threads != threads_before) {
        log_line("# stress: %zu threads before the round, %zu behind it", threads_before, threads);
        failures++;
    }
    return failures + (mm_pool_leaks(STRESS_TAG) != 0);
}

static bool is_chosen(uint64_t *random, bool all)
{
    return (stress_random(random) >> 32) % 4 != 0 || all;
}

uint32_t stress_round_run(const struct stress_case *const *cases, uint32_t count, bool all,
                          const struct stress_options *options, uint64_t *out_steps)
{
    struct stress_round round = { .seed = options->seed, .max_steps = options->max_steps };
    uint64_t random = options->seed;
    size_t threads_before = threads_besides_workers();
    bool ready = true;
    *out_steps = 0;
    round.loads = mm_pool_allocate(count * sizeof(*round.loads), STRESS_TAG);
    if (round.loads == NULL)
        return 1;
    for (uint32_t i = 0; i < count && ready; i++) {
        if (is_chosen(&random, all || count < 4))
            ready = load_begin(&round, cases[i], &random);
    }
    round.deadline = ready ? ke_tick_count() + options->round_ms : 0; /* else nobody does a step */
    for_all(&round, start);
    for_all(&round, wait_for_end);
    for (uint32_t i = 0; i < round.count; i++)
        load_end(&round.loads[i]);
    for_all(&round, release);
    mm_pool_free(round.loads, STRESS_TAG);
    *out_steps = round.steps;
    return round.failures + left_behind(threads_before);
}

/* --- Rounds ----------------------------------------------------------------------------------------------- */

static uint32_t matching(const char *glob, const struct stress_case **cases)
{
    uint32_t count = 0;
    const char *end = glob;
    while (end != NULL && *end != 0)
        end++;
    for (uint32_t i = 0; i < stress_case_count; i++) {
        if (glob == NULL || glob == end || selftest_glob_matches(glob, end, stress_cases[i]->name))
            cases[count++] = stress_cases[i];
    }
    return count;
}

/* The first round has the seed itself, so that a round of a long run can be repeated alone. */
static uint64_t seed_of(uint64_t seed, uint32_t round)
{
    uint64_t state = seed + round;
    return round == 0 ? seed : stress_random(&state);
}

size_t stress_run(const struct stress_options *options)
{
    const struct stress_case *cases[ARRAY_COUNT(stress_cases)];
    uint32_t count = matching(options->glob, cases);
    uint64_t end = ke_tick_count() + (uint64_t)options->seconds * 1000;
    size_t failures = 0;
    if (count == 0) {
        log_line("# no case of stress matches '%s'", options->glob);
        return 1;
    }
    for (uint32_t i = 0; failures == 0 && (i == 0 || ke_tick_count() < end); i++) {
        struct stress_options one = *options;
        uint64_t steps, begun = ke_tick_count();
        one.seed = seed_of(options->seed, i);
        log_line("@stress_begin round=%u seed=%llu", i, (unsigned long long)one.seed);
        failures = stress_round_run(cases, count, false, &one, &steps);
        log_line("@stress_end round=%u seed=%llu failures=%zu steps=%llu ms=%llu", i,
                 (unsigned long long)one.seed, failures, (unsigned long long)steps,
                 (unsigned long long)(ke_tick_count() - begun));
    }
    return failures;
}
