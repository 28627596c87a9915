/* SPDX-License-Identifier: BSD-2-Clause */
/* Cases about signals: each is consumed once, none is lost. Where a wait has no time-out, a lost one is a hang. */
#include "stress/stress_impl.h"

/* --- ping_pong: pairs of threads that signal each other; each signal is one wait's, a lost one is a hang ----- */

/* What a thread of the pair waits for: an event or a semaphore. */
union ball {
    DISPATCHER_HEADER header;
    KEVENT event;
    KSEMAPHORE semaphore;
};

struct ping_pong {
    struct pair {
        union ball there, back;
        bool semaphores; /* [i] */
        bool stop;       /* [a] */
        uint64_t sent, answered;
    } pairs[STRESS_WORKERS / 2];
};

static void ball_init(union ball *ball, bool semaphore)
{
    if (semaphore)
        KeInitializeSemaphore(&ball->semaphore, 0, 1);
    else
        KeInitializeEvent(&ball->event, SynchronizationEvent, FALSE);
}

static LONG throw(union ball * ball, bool semaphore)
{
    return semaphore ? KeReleaseSemaphore(&ball->semaphore, 1, 1, FALSE)
                     : KeSetEvent(&ball->event, 1, FALSE);
}

static void ping_pong_begin(struct stress_load *load)
{
    struct ping_pong *state = load->state;
    for (uint32_t i = 0; i < STRESS_WORKERS / 2; i++) {
        state->pairs[i].semaphores = i % 2 == 1;
        ball_init(&state->pairs[i].there, state->pairs[i].semaphores);
        ball_init(&state->pairs[i].back, state->pairs[i].semaphores);
    }
}

static void ping(struct stress_load *load, struct stress_worker *worker, struct pair *pair)
{
    while (stress_step(worker)) {
        pair->sent++;
        STRESS_EQUAL(load, throw(&pair->there, pair->semaphores), 0);
        STRESS_EQUAL(load, stress_wait(&pair->back), STATUS_SUCCESS);
    }
    atomic_store_release(&pair->stop, true);
    (void) throw(&pair->there, pair->semaphores); /* the last one waits for it */
}

static void pong(struct stress_load *load, struct pair *pair)
{
    for (;;) {
        STRESS_EQUAL(load, stress_wait(&pair->there), STATUS_SUCCESS);
        if (atomic_load_acquire(&pair->stop))
            break;
        pair->answered++;
        STRESS_EQUAL(load, throw(&pair->back, pair->semaphores), 0);
    }
}

static void ping_pong_work(struct stress_load *load, struct stress_worker *worker)
{
    struct ping_pong *state = load->state;
    struct pair *pair = &state->pairs[worker->index / 2];
    if (worker->index % 2 == 0)
        ping(load, worker, pair);
    else
        pong(load, pair);
}

static void ping_pong_end(struct stress_load *load)
{
    struct ping_pong *state = load->state;
    for (uint32_t i = 0; i < load->count / 2; i++) {
        STRESS_EQUAL(load, state->pairs[i].sent, state->pairs[i].answered);
        STRESS_EQUAL(load, state->pairs[i].there.header.SignalState, 0);
        STRESS_EQUAL(load, state->pairs[i].back.header.SignalState, 0);
    }
}

const struct stress_case stress_ping_pong = {
    "ping_pong",
    sizeof(struct ping_pong),
    2,
    STRESS_WORKERS,
    2,
    false,
    false,
    ping_pong_begin,
    ping_pong_work,
    ping_pong_end,
};

/* --- tokens: a fixed number, spread over semaphores; waits for any of them take, releases put back --------- */

#define SEMAPHORES  5
#define TOKENS      24 /* more than all threads hold together: nobody waits for ever */
#define TOKENS_HELD 2  /* by a thread, at most */

struct tokens {
    KSEMAPHORE semaphores[SEMAPHORES];
};

static void tokens_begin(struct stress_load *load)
{
    struct tokens *state = load->state;
    for (uint32_t i = 0; i < SEMAPHORES; i++)
        KeInitializeSemaphore(&state->semaphores[i], i == 0 ? TOKENS : 0, TOKENS);
}

static bool take_any(struct stress_load *load, struct stress_worker *worker)
{
    struct tokens *state = load->state;
    KWAIT_BLOCK blocks[SEMAPHORES];
    PVOID objects[SEMAPHORES];
    uint32_t first = stress_below(worker, SEMAPHORES);
    for (uint32_t i = 0; i < SEMAPHORES; i++)
        objects[i] = &state->semaphores[(first + i) % SEMAPHORES];
    NTSTATUS status = KeWaitForMultipleObjects(SEMAPHORES, objects, WaitAny, Executive, KernelMode,
                                               FALSE, NULL, blocks);
    return STRESS_EXPECT(load, status >= STATUS_WAIT_0 && status < STATUS_WAIT_0 + SEMAPHORES);
}

static bool take_one(struct stress_worker *worker)
{
    struct tokens *state = worker->load->state;
    KSEMAPHORE *semaphore = &state->semaphores[stress_below(worker, SEMAPHORES)];
    return stress_wait_ms(semaphore, stress_below(worker, 3)) == STATUS_SUCCESS;
}

static void put(struct stress_worker *worker, uint32_t tokens)
{
    struct tokens *state = worker->load->state;
    if (tokens > 0)
        (void)KeReleaseSemaphore(&state->semaphores[stress_below(worker, SEMAPHORES)],
                                 (KPRIORITY)stress_below(worker, 3), (LONG)tokens, FALSE);
}

static void tokens_work(struct stress_load *load, struct stress_worker *worker)
{
    uint32_t held = 0;
    while (stress_step(worker)) {
        bool more = held < TOKENS_HELD && !stress_one_in(worker, 3);
        if (!more) {
            put(worker, held);
            held = 0;
        } else {
            held += stress_one_in(worker, 3) ? take_one(worker) : take_any(load, worker);
        }
    }
    put(worker, held);
}

static void tokens_end(struct stress_load *load)
{
    struct tokens *state = load->state;
    LONG sum = 0;
    for (uint32_t i = 0; i < SEMAPHORES; i++)
        sum += KeReadStateSemaphore(&state->semaphores[i]);
    STRESS_EQUAL(load, sum, TOKENS);
}

const struct stress_case stress_tokens = {
    "tokens", sizeof(struct tokens), 2,           STRESS_WORKERS, 0, false,
    false,    tokens_begin,          tokens_work, tokens_end,
};

/* --- event: sets that found it reset, against waits and resets that found it set --------------------------- */

struct event {
    KEVENT event;
    uint64_t accepted, consumed; /* [a] */
};

static void event_begin(struct stress_load *load)
{
    struct event *state = load->state;
    KeInitializeEvent(&state->event, SynchronizationEvent, FALSE);
}

static void event_work(struct stress_load *load, struct stress_worker *worker)
{
    struct event *state = load->state;
    while (stress_step(worker)) {
        uint32_t what = stress_below(worker, 8);
        if (what < 4)
            (void)atomic_add(&state->accepted, KeSetEvent(&state->event, 1, FALSE) == 0 ? 1u : 0u);
        else if (what == 4)
            (void)atomic_add(&state->consumed, KeResetEvent(&state->event) != 0 ? 1u : 0u);
        else if (stress_wait_ms(&state->event, stress_below(worker, 3)) == STATUS_SUCCESS)
            (void)atomic_add(&state->consumed, 1);
    }
}

static void event_end(struct stress_load *load)
{
    struct event *state = load->state;
    uint64_t set = (uint64_t)KeReadStateEvent(&state->event);
    STRESS_EQUAL(load, state->accepted, state->consumed + set);
}

const struct stress_case stress_event = {
    "event", sizeof(struct event), 2,          STRESS_WORKERS, 0, false,
    false,   event_begin,          event_work, event_end,
};

/* --- forks: objects that one may have at a time, taken one by one or several at once ------------------------ */

#define FORKS       6
#define FORKS_TAKEN 3 /* at once, at most */

struct forks {
    struct fork {
        union {
            KEVENT event;
            KSEMAPHORE semaphore;
            KMUTANT mutant;
        };
        uint32_t owner; /* [a] index + 1 of the thread that has it */
    } forks[FORKS];
};

enum { FORK_EVENT, FORK_SEMAPHORE, FORK_MUTANT, FORK_KINDS };

static void forks_begin(struct stress_load *load)
{
    struct forks *state = load->state;
    for (uint32_t i = 0; i < FORKS; i++) {
        struct fork *fork = &state->forks[i];
        if (i % FORK_KINDS == FORK_EVENT)
            KeInitializeEvent(&fork->event, SynchronizationEvent, TRUE);
        else if (i % FORK_KINDS == FORK_SEMAPHORE)
            KeInitializeSemaphore(&fork->semaphore, 1, 1);
        else
            ke_mutant_init(&fork->mutant, false, false);
    }
}

static void fork_take(struct stress_load *load, struct stress_worker *worker, uint32_t which)
{
    struct forks *state = load->state;
    STRESS_EQUAL(load, atomic_exchange(&state->forks[which].owner, worker->index + 1), 0);
}

static void fork_put(struct stress_load *load, struct stress_worker *worker, uint32_t which)
{
    struct forks *state = load->state;
    struct fork *fork = &state->forks[which];
    LONG old = 0;
    STRESS_EQUAL(load, atomic_exchange(&fork->owner, 0), worker->index + 1);
    if (which % FORK_KINDS == FORK_EVENT)
        STRESS_EQUAL(load, KeSetEvent(&fork->event, 1, FALSE), 0);
    else if (which % FORK_KINDS == FORK_SEMAPHORE)
        STRESS_EQUAL(load, KeReleaseSemaphore(&fork->semaphore, 1, 1, FALSE), 0);
    else
        STRESS_EQUAL(load, ke_mutant_release(&fork->mutant, &old), STATUS_SUCCESS);
}

/* Some in a row, from a random one on: all of them, or any. */
static void take_and_put(struct stress_load *load, struct stress_worker *worker)
{
    struct forks *state = load->state;
    PVOID objects[FORKS_TAKEN];
    uint32_t first = stress_below(worker, FORKS), count = 1 + stress_below(worker, FORKS_TAKEN);
    uint32_t timeout_ms = stress_below(worker, 4); /* 0: one look; 3: none */
    LARGE_INTEGER timeout = { .QuadPart = -(int64_t)timeout_ms * KE_TICK_100NS };
    bool all = !stress_one_in(worker, 3);
    for (uint32_t i = 0; i < count; i++)
        objects[i] = &state->forks[(first + i) % FORKS];
    NTSTATUS status =
        KeWaitForMultipleObjects(count, objects, all ? WaitAll : WaitAny, Executive, KernelMode,
                                 FALSE, timeout_ms == 3 ? NULL : &timeout, NULL);
    if (status == STATUS_TIMEOUT)
        return;
    uint32_t from = all ? 0 : (uint32_t)status, to = all ? count : from + 1;
    if (!STRESS_EXPECT(load, (uint32_t)status < count))
        return;
    for (uint32_t i = from; i < to; i++)
        fork_take(load, worker, (first + i) % FORKS);
    if (stress_one_in(worker, 8))
        ke_thread_yield();
    for (uint32_t i = from; i < to; i++)
        fork_put(load, worker, (first + i) % FORKS);
}

static void forks_work(struct stress_load *load, struct stress_worker *worker)
{
    while (stress_step(worker))
        take_and_put(load, worker);
}

static void forks_end(struct stress_load *load)
{
    struct forks *state = load->state;
    for (uint32_t i = 0; i < FORKS; i++)
        STRESS_EQUAL(load, stress_wait_ms(&state->forks[i], 0), STATUS_SUCCESS);
    for (uint32_t i = FORK_MUTANT; i < FORKS; i += FORK_KINDS) {
        LONG old = 0;
        STRESS_EQUAL(load, ke_mutant_release(&state->forks[i].mutant, &old), STATUS_SUCCESS);
    }
}

const struct stress_case stress_forks = {
    "forks", sizeof(struct forks), 2,          STRESS_WORKERS, 0, false,
    false,   forks_begin,          forks_work, forks_end,
};
