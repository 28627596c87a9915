/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * apcs: threads queue kernel APCs to each other while they wait, hold regions, and end. Each APC that was accepted runs
 * once, is removed once, or is run down at its thread's end; none comes where a region keeps it away.
 */
#include "mm/mm.h"
#include "stress/stress_impl.h"

struct apcs {
    KEVENT never;
    uint64_t accepted, ended; /* [a] */
    struct target {
        bool guarded, critical; /* [o] */
        KAPC own;               /* queued and removed by one thread only */
    } targets[STRESS_WORKERS];
};

struct pool_apc {
    KAPC apc;
    struct stress_worker *target;
    bool normal;
};

static struct target *target_of(const struct stress_worker *worker)
{
    struct apcs *state = worker->load->state;
    return &state->targets[worker->index];
}

static void ended(struct stress_load *load)
{
    struct apcs *state = load->state;
    (void)atomic_add(&state->ended, 1);
}

static void kernel_routine(KAPC *apc, PKNORMAL_ROUTINE *normal, PVOID *context, PVOID *argument1,
                           PVOID *argument2)
{
    struct pool_apc *one = CONTAINING_RECORD(apc, struct pool_apc, apc);
    struct stress_load *load = one->target->load;
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument2);
    STRESS_EXPECT(load, arch_thread() == one->target->thread && *argument1 == one);
    STRESS_EXPECT(load, !target_of(one->target)->guarded);
    STRESS_EXPECT(load, (*normal != NULL) == one->normal);
    if (one->normal) {
        STRESS_EXPECT(load, !target_of(one->target)->critical);
        return; /* the normal routine is the end of it */
    }
    mm_pool_free(one, STRESS_TAG);
    ended(load);
}

static void normal_routine(PVOID context, PVOID argument1, PVOID argument2)
{
    struct pool_apc *one = argument1;
    struct stress_load *load = one->target->load;
    UNREFERENCED_PARAMETER(argument2);
    STRESS_EXPECT(load, context == one);
    STRESS_EQUAL(load, KeGetCurrentIrql(), PASSIVE_LEVEL);
    STRESS_EXPECT(load, !target_of(one->target)->critical && !target_of(one->target)->guarded);
    mm_pool_free(one, STRESS_TAG);
    ended(load);
}

static void rundown_routine(KAPC *apc)
{
    struct pool_apc *one = CONTAINING_RECORD(apc, struct pool_apc, apc);
    struct stress_load *load = one->target->load;
    mm_pool_free(one, STRESS_TAG);
    ended(load);
}

static void send(struct stress_load *load, struct stress_worker *worker)
{
    struct apcs *state = load->state;
    struct pool_apc *one = mm_pool_allocate(sizeof(*one), STRESS_TAG);
    if (one == NULL)
        return;
    one->target = &load->workers[stress_below(worker, load->count)];
    one->normal = stress_one_in(worker, 2);
    KeInitializeApc(&one->apc, (KTHREAD *)one->target->thread, OriginalApcEnvironment,
                    kernel_routine, rundown_routine, one->normal ? normal_routine : NULL,
                    KernelMode, one);
    (void)atomic_add(&state->accepted, 1);
    if (!KeInsertQueueApc(&one->apc, one, NULL, 1)) { /* it ends */
        ended(load);
        mm_pool_free(one, STRESS_TAG);
    }
}

static void own_routine(KAPC *apc, PKNORMAL_ROUTINE *normal, PVOID *context, PVOID *argument1,
                        PVOID *argument2)
{
    UNREFERENCED_PARAMETER(apc);
    UNREFERENCED_PARAMETER(normal);
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument2);
    ended(*argument1);
}

static void own_rundown(KAPC *apc)
{
    ended(apc->SystemArgument1);
}

/* Queue, and perhaps remove. An APC has one thread: this worker's goes always to the next one. */
static void send_own(struct stress_load *load, struct stress_worker *worker)
{
    struct apcs *state = load->state;
    KAPC *apc = &target_of(worker)->own;
    (void)atomic_add(&state->accepted, 1);
    if (!KeInsertQueueApc(apc, load, NULL, 0))
        ended(load);
    if (stress_one_in(worker, 2) && KeRemoveQueueApc(apc))
        ended(load);
}

static void be_interrupted(struct stress_load *load, struct stress_worker *worker)
{
    struct apcs *state = load->state;
    struct target *target = target_of(worker);
    uint32_t what = stress_below(worker, 4), ms = stress_below(worker, 3);
    if (what == 0) {
        KeEnterGuardedRegion();
        target->guarded = true;
    } else if (what == 1) {
        KeEnterCriticalRegion();
        target->critical = true;
    }
    STRESS_EQUAL(load, stress_wait_ms(&state->never, ms), STATUS_TIMEOUT);
    if (what == 0) {
        target->guarded = false;
        KeLeaveGuardedRegion();
    } else if (what == 1) {
        target->critical = false;
        KeLeaveCriticalRegion();
    }
}

static void apcs_begin(struct stress_load *load)
{
    struct apcs *state = load->state;
    KeInitializeEvent(&state->never, NotificationEvent, FALSE);
}

static void apcs_work(struct stress_load *load, struct stress_worker *worker)
{
    const struct stress_worker *next = &load->workers[(worker->index + 1) % load->count];
    KeInitializeApc(&target_of(worker)->own, (KTHREAD *)next->thread, OriginalApcEnvironment,
                    own_routine, own_rundown, NULL, KernelMode, NULL);
    while (stress_step(worker)) {
        for (uint32_t i = stress_below(worker, 4); i > 0; i--)
            send(load, worker);
        if (stress_one_in(worker, 2))
            send_own(load, worker);
        if (stress_one_in(worker, 3))
            be_interrupted(load, worker);
    }
}

static void apcs_end(struct stress_load *load)
{
    struct apcs *state = load->state;
    STRESS_EQUAL(load, state->accepted, state->ended);
}

const struct stress_case stress_apcs = {
    "apcs", sizeof(struct apcs), 2,         STRESS_WORKERS, 0, false,
    false,  apcs_begin,          apcs_work, apcs_end,
};
