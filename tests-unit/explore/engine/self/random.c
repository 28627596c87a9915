/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reduction against plain depth-first search: for random small programs both must find the same set of
 * results. Programs have loads, stores, updates, fences, locks, raised levels, waits for a change, and interrupts that
 * are pending from the start or requested by other actors.
 */
#include <stdio.h>
#include <string.h>

#include "self.h"

#define ACTORS_MAX   3
#define OPS_MAX      3
#define WORDS        3
#define PLAIN_BUDGET 60000
#define STEPS        300

enum kind {
    LOAD,
    STORE,
    ADD,
    SWAP,
    EXCHANGE,
    BARRIER,
    LOCKED,
    RAISED,
    REQUEST,
    AWAIT,
    SPIN,
    KINDS
};

struct instruction {
    enum kind kind;
    unsigned word, value;
    bool strong;
};

struct program {
    unsigned actors, ops;
    struct instruction code[ACTORS_MAX][OPS_MAX];
    unsigned interrupts; /* bit 0: on actor 0 at level 3; bit 1: on actor 1 at level 5 */
    unsigned pending;    /* the same, from the start */
};

struct found {
    unsigned count;
    bool failed;
    uint64_t runs;
    uint64_t set[MAX_OUTCOMES];
};

/* What a search of one program is given, beside the state that is put back. */
struct job {
    struct program program;
    bool prompt;
    struct found *known; /* say the schedules of outcomes that are not there; NULL: say nothing */
};

static uint64_t state;
static struct program program;

static uint32_t words[WORDS], locks[2];
static uint32_t guarded[2];
static uint32_t results[ACTORS_MAX][OPS_MAX], handled[2][2];

static unsigned draw(unsigned below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 20) % below;
}

static struct program make_program(uint64_t seed)
{
    struct program made = { 0 };

    state = seed * 0x9e3779b97f4a7c15u | 1;
    for (int i = 0; i < 9; i++)
        (void)draw(2);
    made.actors = 2 + draw(2);
    made.ops = made.actors == 2 ? 2 + draw(2) : 1 + draw(2);
    made.interrupts = draw(3) == 0 ? 1 + draw(3) : 0;
    made.pending = made.interrupts & draw(4);
    for (unsigned a = 0; a < made.actors; a++)
        for (unsigned i = 0; i < made.ops; i++)
            made.code[a][i] = (struct instruction){
                .kind = draw(KINDS), .word = draw(2), .value = 1 + draw(3), .strong = draw(2)
            };
    return made;
}

static uint32_t locked(const struct instruction *in)
{
    uint32_t old;

    explore_lock(&locks[in->word], sizeof(locks[0]), 1);
    old = guarded[in->word];
    guarded[in->word] = old + in->value;
    __atomic_store_n(&locks[in->word], 0, __ATOMIC_RELEASE);
    return old;
}

static uint32_t raised(const struct instruction *in)
{
    unsigned old = explore_level();
    uint32_t result;

    explore_level_set(in->strong ? 4 : 6);
    result = __atomic_load_n(&words[in->word], __ATOMIC_RELAXED);
    __atomic_store_n(&words[in->word], in->value, __ATOMIC_RELEASE);
    explore_level_set(old);
    return result;
}

static void request(const struct instruction *in)
{
    unsigned target = in->word;

    if (program.interrupts >> target & 1)
        explore_interrupt_raise(target, target == 0 ? 3 : 5);
}

/* Not for ever, so that most programs end. */
static uint32_t await(uint32_t *word, bool by_loads)
{
    for (unsigned i = 0; i < 3; i++) {
        uint32_t value = __atomic_load_n(word, __ATOMIC_ACQUIRE);

        if (value != 0)
            return value + i;
        if (!by_loads)
            explore_pause();
    }
    return 100;
}

static uint32_t execute(const struct instruction *in)
{
    uint32_t *word = &words[in->word];
    uint32_t expected = 0;

    switch (in->kind) {
    case LOAD:
        return in->strong ? __atomic_load_n(word, __ATOMIC_ACQUIRE)
                          : __atomic_load_n(word, __ATOMIC_RELAXED);
    case STORE:
        if (in->strong)
            __atomic_store_n(word, in->value, __ATOMIC_RELEASE);
        else
            __atomic_store_n(word, in->value, __ATOMIC_RELAXED);
        return 0;
    case ADD:
        return __atomic_fetch_add(word, in->value, __ATOMIC_ACQ_REL);
    case SWAP:
        (void)__atomic_compare_exchange_n(word, &expected, in->value, false, __ATOMIC_ACQ_REL,
                                          __ATOMIC_RELAXED);
        return expected;
    case EXCHANGE:
        return __atomic_exchange_n(word, 1, __ATOMIC_ACQUIRE);
    case BARRIER:
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        return 0;
    case LOCKED:
        return locked(in);
    case RAISED:
        return raised(in);
    case REQUEST:
        request(in);
        return 0;
    case AWAIT:
        return await(word, false);
    case SPIN:
        return await(word, true);
    default:
        return 0;
    }
}

static void body(void *argument)
{
    unsigned me = (unsigned)(uintptr_t)argument;

    for (unsigned i = 0; i < program.ops; i++)
        results[me][i] = execute(&program.code[me][i]);
}

static void handler(void *argument)
{
    unsigned me = (unsigned)(uintptr_t)argument;

    handled[me][0] = handled[me][0] * 8 + __atomic_fetch_add(&words[0], 5, __ATOMIC_RELAXED) + 1;
    handled[me][1] = handled[me][1] * 8 + __atomic_load_n(&words[1], __ATOMIC_RELAXED) + 1;
}

static void set_up(const struct explore_scenario *self)
{
    program = ((const struct job *)self->argument)->program;
    for (uintptr_t a = 0; a < program.actors; a++)
        (void)explore_actor(body, (void *)a);
    for (unsigned a = 0; a < 2; a++) {
        if (program.interrupts >> a & 1)
            explore_interrupt_connect(a, a == 0 ? 3 : 5, handler, (void *)(uintptr_t)a, true);
        if (program.pending >> a & 1)
            explore_interrupt_raise(a, a == 0 ? 3 : 5);
    }
}

static uint64_t mix(uint64_t hash, uint32_t value)
{
    return (hash ^ value) * 0x100000001b3u;
}

static bool contains(const struct found *found, uint64_t outcome)
{
    for (unsigned i = 0; i < found->count; i++)
        if (found->set[i] == outcome)
            return true;
    return false;
}

/* An outcome that the other search did not see; its schedule is said once. */
static void say_if_new(struct found *known, uint64_t outcome)
{
    char schedule[1024];

    if (known == NULL || contains(known, outcome))
        return;
    known->set[known->count++] = outcome;
    search_schedule(schedule, sizeof(schedule));
    (void)printf("  not seen: %s\n", schedule);
}

static void finish(const struct explore_scenario *self)
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (unsigned i = 0; i < WORDS; i++)
        hash = mix(hash, words[i]);
    hash = mix(mix(hash, guarded[0]), guarded[1]);
    for (unsigned a = 0; a < ACTORS_MAX; a++)
        for (unsigned i = 0; i < OPS_MAX; i++)
            hash = mix(hash, results[a][i]);
    for (unsigned a = 0; a < 2; a++)
        hash = mix(mix(hash, handled[a][0]), handled[a][1]);
    explore_outcome(hash);
    say_if_new(((const struct job *)self->argument)->known, hash);
}

static bool explore_with(const struct job *job, enum explore_model model, int bound, bool plain,
                         struct found *found)
{
    const struct explore_scenario scenario = {
        .name = "random", .setup = set_up, .finish = finish, .argument = job
    };

    options = (struct options){ .model = model,
                                .bound = bound,
                                .plain = plain,
                                .keep_going = true,
                                .prompt = job->prompt,
                                .budget = PLAIN_BUDGET * (plain ? 1 : 4),
                                .steps = STEPS };
    (void)run_scenario(&scenario, NULL);
    found->count = totals.outcome_count;
    found->failed = totals.failures != 0;
    found->runs = totals.runs;
    memcpy(found->set, outcomes, totals.outcome_count * sizeof(outcomes[0]));
    return totals.complete && !totals.more_outcomes;
}

static bool same(const struct found *a, const struct found *b)
{
    if (a->count != b->count || a->failed != b->failed)
        return false;
    for (unsigned i = 0; i < a->count; i++)
        if (!contains(b, a->set[i]))
            return false;
    return true;
}

static void print_program(const struct program *shown, uint64_t seed)
{
    static const char *const names[] = { "load", "store", "add",     "cas",   "exchange", "fence",
                                         "lock", "level", "request", "await", "spin" };

    (void)printf("  program %llu: interrupts %u, pending %u\n", (unsigned long long)seed,
                 shown->interrupts, shown->pending);
    for (unsigned a = 0; a < shown->actors; a++) {
        (void)printf("    P%u:", a);
        for (unsigned i = 0; i < shown->ops; i++)
            (void)printf(" %s(w%u, %u%s)", names[shown->code[a][i].kind], shown->code[a][i].word,
                         shown->code[a][i].value, shown->code[a][i].strong ? ", strong" : "");
        (void)printf("\n");
    }
}

/* False: it has more runs than plain search can do. */
static bool compare(uint64_t seed, enum explore_model model, int bound, bool prompt,
                    unsigned *mismatches, uint64_t runs[2])
{
    static const char *const models[] = { "tso", "sc", "c11" };
    struct found plain, reduced;
    struct job job = { .program = make_program(seed), .prompt = prompt };

    if (!explore_with(&job, model, bound, true, &plain))
        return false;
    if (!explore_with(&job, model, bound, false, &reduced) || !same(&plain, &reduced)) {
        ++*mismatches;
        (void)printf("mismatch in %s, bound %d: plain search %u outcomes%s, reduced %u%s\n",
                     models[model], bound, plain.count, plain.failed ? " and a failure" : "",
                     reduced.count, reduced.failed ? " and a failure" : "");
        if (plain.failed || reduced.failed)
            (void)printf("  failure: %s\n", failure);
        print_program(&job.program, seed);
        job.known = &reduced;
        (void)explore_with(&job, model, bound, true, &plain);
    }
    runs[0] += plain.runs;
    runs[1] += reduced.runs;
    return true;
}

unsigned self_random(uint64_t programs, enum explore_model model, int bound, bool prompt,
                     uint64_t *compared)
{
    static const char *const models[] = { "tso", "sc", "c11" };
    unsigned mismatches = 0;
    uint64_t runs[2] = { 0 };

    *compared = 0;
    for (uint64_t seed = 1; *compared < programs; seed++)
        *compared += compare(seed, model, bound, prompt, &mismatches, runs);
    (void)printf("# random %s bound=%d: %llu programs, %u mismatches; executions: plain %llu, "
                 "reduced %llu\n",
                 models[model], bound, (unsigned long long)*compared, mismatches,
                 (unsigned long long)runs[0], (unsigned long long)runs[1]);
    return mismatches;
}
