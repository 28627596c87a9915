/* SPDX-License-Identifier: BSD-2-Clause */
/* Cases about ownership: two plain counters that only a lock's holder changes are always equal for who holds it. */
#include "ex/ex.h"
#include "stress/stress_impl.h"

/* --- mutant: owned once or several times, sometimes abandoned; each abandonment is told to one thread ------- */

struct mutant {
    KMUTANT mutant;
    uint64_t first, second;   /* [mutant] */
    uint64_t abandoned, told; /* [mutant] */
};

static void mutant_begin(struct stress_load *load)
{
    struct mutant *state = load->state;
    ke_mutant_init(&state->mutant, false, false);
}

/* False: not in time. */
static bool own(struct stress_load *load, uint32_t timeout_ms)
{
    struct mutant *state = load->state;
    NTSTATUS status =
        timeout_ms != 0 ? stress_wait_ms(&state->mutant, timeout_ms) : stress_wait(&state->mutant);
    if (status == STATUS_TIMEOUT)
        return false;
    state->told += status == STATUS_ABANDONED_WAIT_0;
    STRESS_EQUAL(load, state->first++, state->second);
    return STRESS_EXPECT(load, status == STATUS_SUCCESS || status == STATUS_ABANDONED_WAIT_0);
}

static void disown(struct stress_load *load)
{
    struct mutant *state = load->state;
    LONG old = 1;
    state->second++;
    STRESS_EQUAL(load, ke_mutant_release(&state->mutant, &old), STATUS_SUCCESS);
    STRESS_EQUAL(load, old, 0);
}

static void abandon(void *argument)
{
    struct stress_load *load = argument;
    struct mutant *state = load->state;
    (void)own(load, 0);
    state->second++;
    state->abandoned++;
}

static void own_again(struct stress_load *load, uint32_t times)
{
    struct mutant *state = load->state;
    LONG old = 0;
    for (uint32_t i = 0; i < times; i++)
        STRESS_EQUAL(load, stress_wait(&state->mutant), STATUS_SUCCESS);
    for (uint32_t i = 0; i < times; i++)
        STRESS_EQUAL(load, ke_mutant_release(&state->mutant, &old), STATUS_SUCCESS);
}

static void mutant_work(struct stress_load *load, struct stress_worker *worker)
{
    while (stress_step(worker)) {
        struct ke_thread *thread;
        if (stress_one_in(worker, 16)) {
            if (NT_SUCCESS(ke_thread_run(&(struct ke_thread_options){ .name = "abandon" }, abandon,
                                         load, &thread)))
                (void)ke_thread_join(thread); /* a success */
        } else if (own(load, stress_below(worker, 3))) {
            if (stress_one_in(worker, 4))
                own_again(load, 1 + stress_below(worker, 3));
            disown(load);
        }
    }
}

static void mutant_end(struct stress_load *load)
{
    struct mutant *state = load->state;
    STRESS_EQUAL(load, KeReadStateMutex(&state->mutant), 1);
    STRESS_EQUAL(load, state->first, state->second);
    STRESS_EQUAL(load, state->abandoned, state->told + state->mutant.Abandoned);
}

const struct stress_case stress_mutant = {
    "mutant", sizeof(struct mutant), 2, 6, 0, false, false, mutant_begin, mutant_work, mutant_end,
};

/* --- locks: of all kinds, shared and exclusive --------------------------------------------------------------- */

enum { LOCK_PUSH, LOCK_RESOURCE, LOCK_FAST_MUTEX, LOCK_SPIN, LOCK_KINDS };

struct locks {
    EX_PUSH_LOCK push;
    ERESOURCE resource;
    FAST_MUTEX fast;
    KSPIN_LOCK spin;
    struct {
        uint64_t first, second;
    } counts[LOCK_KINDS]; /* [the lock of that kind] */
};

static void locks_begin(struct stress_load *load)
{
    struct locks *state = load->state;
    ExInitializeFastMutex(&state->fast);
    KeInitializeSpinLock(&state->spin);
    STRESS_EQUAL(load, ExInitializeResourceLite(&state->resource), STATUS_SUCCESS);
}

static void look(struct stress_load *load, struct stress_worker *worker, uint32_t kind)
{
    struct locks *state = load->state;
    uint64_t first = atomic_load_relaxed(&state->counts[kind].first);
    if (kind != LOCK_SPIN && stress_one_in(worker, 16))
        ke_thread_yield();
    STRESS_EQUAL(load, atomic_load_relaxed(&state->counts[kind].second), first);
}

static void change(struct stress_load *load, struct stress_worker *worker, uint32_t kind)
{
    struct locks *state = load->state;
    atomic_store_relaxed(&state->counts[kind].first, state->counts[kind].first + 1);
    if (kind != LOCK_SPIN && stress_one_in(worker, 16))
        ke_thread_yield();
    atomic_store_relaxed(&state->counts[kind].second, state->counts[kind].second + 1);
    look(load, worker, kind);
}

static void with_push_lock(struct stress_load *load, struct stress_worker *worker)
{
    struct locks *state = load->state;
    KeEnterCriticalRegion();
    if (stress_one_in(worker, 3)) {
        ex_push_lock_acquire_exclusive(&state->push);
        change(load, worker, LOCK_PUSH);
        ex_push_lock_release_exclusive(&state->push);
    } else {
        ex_push_lock_acquire_shared(&state->push);
        look(load, worker, LOCK_PUSH);
        ex_push_lock_release_shared(&state->push);
    }
    KeLeaveCriticalRegion();
}

static void with_resource_exclusive(struct stress_load *load, struct stress_worker *worker)
{
    struct locks *state = load->state;
    if (!ExAcquireResourceExclusiveLite(&state->resource, !stress_one_in(worker, 4)))
        return;
    change(load, worker, LOCK_RESOURCE);
    if (stress_one_in(worker, 4)) {
        STRESS_EXPECT(load, ExAcquireResourceExclusiveLite(&state->resource, FALSE));
        change(load, worker, LOCK_RESOURCE);
        ExReleaseResourceLite(&state->resource);
    } else if (stress_one_in(worker, 4)) {
        ExConvertExclusiveToSharedLite(&state->resource);
        look(load, worker, LOCK_RESOURCE);
    }
    ExReleaseResourceLite(&state->resource);
}

static void with_resource_shared(struct stress_load *load, struct stress_worker *worker)
{
    struct locks *state = load->state;
    static BOOLEAN (*const acquire[])(ERESOURCE *, BOOLEAN) = { ExAcquireResourceSharedLite,
                                                                ExAcquireSharedStarveExclusive,
                                                                ExAcquireSharedWaitForExclusive };
    if (!acquire[stress_below(worker, 3)](&state->resource, !stress_one_in(worker, 4)))
        return;
    look(load, worker, LOCK_RESOURCE);
    ExReleaseResourceLite(&state->resource);
}

static void with_resource(struct stress_load *load, struct stress_worker *worker)
{
    KeEnterCriticalRegion();
    if (stress_one_in(worker, 3))
        with_resource_exclusive(load, worker);
    else
        with_resource_shared(load, worker);
    KeLeaveCriticalRegion();
}

static void with_fast_mutex(struct stress_load *load, struct stress_worker *worker)
{
    struct locks *state = load->state;
    if (stress_one_in(worker, 4)) {
        if (!ExTryToAcquireFastMutex(&state->fast))
            return;
    } else {
        ExAcquireFastMutex(&state->fast);
    }
    change(load, worker, LOCK_FAST_MUTEX);
    ExReleaseFastMutex(&state->fast);
}

static void with_spin_lock(struct stress_load *load, struct stress_worker *worker)
{
    struct locks *state = load->state;
    KIRQL old = KeAcquireSpinLockRaiseToDpc(&state->spin);
    change(load, worker, LOCK_SPIN);
    KeReleaseSpinLock(&state->spin, old);
}

static void locks_work(struct stress_load *load, struct stress_worker *worker)
{
    static void (*const with[LOCK_KINDS])(struct stress_load *, struct stress_worker *) = {
        with_push_lock, with_resource, with_fast_mutex, with_spin_lock
    };
    while (stress_step(worker))
        with[stress_below(worker, LOCK_KINDS)](load, worker);
}

static void locks_end(struct stress_load *load)
{
    struct locks *state = load->state;
    for (uint32_t i = 0; i < LOCK_KINDS; i++)
        STRESS_EQUAL(load, state->counts[i].first, state->counts[i].second);
    STRESS_EQUAL(load, state->push, 0);
    STRESS_EQUAL(load, ExDeleteResourceLite(&state->resource), STATUS_SUCCESS);
}

const struct stress_case stress_locks = {
    "locks", sizeof(struct locks), 2,          STRESS_WORKERS, 0, false,
    false,   locks_begin,          locks_work, locks_end,
};
