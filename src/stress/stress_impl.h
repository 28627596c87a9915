/* SPDX-License-Identifier: BSD-2-Clause */
/* For the files of cases: what a case is, what its threads may ask. */
#pragma once

#include <nt/ex_ddi.h>
#include <nt/ke_object_ddi.h>
#include <nt/ke_thread_ddi.h>
#include <nt/ntstatus.h>

#include "base/atomic.h"
#include "ke/ke.h"
#include "stress/stress.h"

#define STRESS_WORKERS 8 /* of a case, at most */
#define STRESS_TAG                                                                                 \
    0x73727453u              /* "Strs": what a case takes of the pool, and gives back by its end */
#define STRESS_HANG_MS 60000 /* what takes longer has gone wrong, on the most loaded host, too */

struct stress_load;
struct stress_worker;

/*
 * A case. `begin` fills its state, which is zeroed memory; `work` runs in each of its threads while stress_step says so,
 * and must come to its end by itself then; `end` runs when all threads have ended.
 */
struct stress_case {
    const char *name;
    size_t state_bytes;
    uint32_t least, most; /* threads */
    uint32_t multiple;    /* of which their number is; 0: any */
    bool stays_put;       /* nobody else changes its threads' affinity */
    bool is_meddler;      /* it changes the threads of others */
    void (*begin)(struct stress_load *load);
    void (*work)(struct stress_load *load, struct stress_worker *worker);
    void (*end)(struct stress_load *load);
};

/* The table: stress_<name> is a struct stress_case. */
#define STRESS(name) extern const struct stress_case stress_##name;
#include "stress/cases.tbl"
#undef STRESS

/* One thread of a case. */
struct stress_worker {
    struct stress_load *load; /* [i] */
    uint32_t index;           /* [i] among those of its case */
    uint64_t random;          /* [o] */
    uint32_t steps;           /* [o] */
    struct ke_thread *thread; /* [i] valid until the end of all */
};

/* One case in one round. */
struct stress_load {
    const struct stress_case *which;
    struct stress_round *round;
    void *state;
    uint64_t random; /* for begin and end */
    uint32_t count;
    struct stress_worker workers[STRESS_WORKERS];
};

struct stress_round {
    uint64_t seed;
    uint64_t deadline; /* [i] the tick from which on no step begins */
    uint32_t max_steps;
    uint32_t failures; /* [a] */
    uint64_t steps;
    uint32_t count;
    struct stress_load *loads;
};

/* --- For the threads of a case ---------------------------------------------------------------------------- */

/* Another step? Not when the round's time is over, or the thread has done its share. */
bool stress_step(struct stress_worker *worker);
uint64_t stress_random(uint64_t *state);

static inline uint32_t stress_below(struct stress_worker *worker, uint32_t limit)
{
    return (uint32_t)(stress_random(&worker->random) >> 32) % limit;
}

static inline bool stress_one_in(struct stress_worker *worker, uint32_t n)
{
    return stress_below(worker, n) == 0;
}

/* What must hold; the round goes on to its end, and fails. IRQL: any */
#define STRESS_EXPECT(load, x) ((x) ? true : stress_fail(load, __FILE__, __LINE__, #x))
#define STRESS_EQUAL(load, a, b)                                                                   \
    stress_equal(load, __FILE__, __LINE__, #a " == " #b, (uint64_t)(a), (uint64_t)(b))
bool stress_fail(struct stress_load *load, const char *file, uint32_t line, const char *what);
bool stress_equal(struct stress_load *load, const char *file, uint32_t line, const char *what,
                  uint64_t a, uint64_t b);

void stress_sleep(uint32_t milliseconds);
/* Sleep until *word is `value`, at most until the hang limit. */
bool stress_reaches(uint64_t *word, uint64_t value);
/* Wait without a time-out. */
NTSTATUS stress_wait(void *object);
/* Wait at most so long; 0: one look. */
NTSTATUS stress_wait_ms(void *object, uint32_t milliseconds);
/* DPCs that this processor's queue had when it was called have run. */
void stress_flush_dpcs(uint32_t cpu);

/* --- For tests -------------------------------------------------------------------------------------------- */

/* One round of these cases, all of them if `all`, else some. Returns the failures. */
uint32_t stress_round_run(const struct stress_case *const *cases, uint32_t count, bool all,
                          const struct stress_options *options, uint64_t *out_steps);
extern const struct stress_case *const stress_cases[];
extern const uint32_t stress_case_count;
