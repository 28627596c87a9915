/* SPDX-License-Identifier: BSD-2-Clause */
/* Cases about what runs later at DISPATCH_LEVEL: DPCs, timers. Each queueing that was accepted is one run. */
#include "stress/stress_impl.h"

/* --- dpcs: queued and removed by everybody ------------------------------------------------------------------ */

#define DPCS 12

struct dpcs {
    struct counted_dpc {
        KDPC dpc;
        struct stress_load *load;
        uint32_t cpu;            /* [i] where it runs; ARCH_MAX_CPUS: anywhere */
        uint32_t running;        /* [a] */
        uint64_t accepted;       /* [a] */
        uint64_t ran_or_removed; /* [a] */
        uint64_t again;          /* [a] times that it will queue itself */
    } dpcs[DPCS];
};

static void queue_counted(struct counted_dpc *counted)
{
    (void)atomic_add(&counted->accepted, 1); /* before it may run */
    if (!KeInsertQueueDpc(&counted->dpc, counted, NULL))
        (void)atomic_sub(&counted->accepted, 1);
}

static void counted_run(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct counted_dpc *counted = context;
    struct stress_load *load = counted->load;
    UNREFERENCED_PARAMETER(argument2);
    STRESS_EXPECT(load, argument1 == counted && dpc == &counted->dpc);
    STRESS_EQUAL(load, KeGetCurrentIrql(), DISPATCH_LEVEL);
    if (counted->cpu != ARCH_MAX_CPUS) {
        STRESS_EQUAL(load, arch_cpu()->index, counted->cpu);
        STRESS_EQUAL(load, atomic_exchange(&counted->running, 1),
                     0); /* one processor, one at a time */
    }
    if (atomic_load_relaxed(&counted->again) != 0 && atomic_exchange(&counted->again, 0) != 0)
        queue_counted(counted);
    atomic_store_release(&counted->running, 0);
    (void)atomic_add(&counted->ran_or_removed, 1);
}

static void dpcs_begin(struct stress_load *load)
{
    struct dpcs *state = load->state;
    for (uint32_t i = 0; i < DPCS; i++) {
        struct counted_dpc *counted = &state->dpcs[i];
        counted->load = load;
        counted->cpu = i % 4 == 0 ? ARCH_MAX_CPUS : i % ke.cpu_count;
        KeInitializeDpc(&counted->dpc, counted_run, counted);
        if (counted->cpu != ARCH_MAX_CPUS)
            KeSetTargetProcessorDpc(&counted->dpc, (CCHAR)counted->cpu);
        KeSetImportanceDpc(&counted->dpc, (KDPC_IMPORTANCE)(stress_random(&load->random) % 3));
    }
}

static void dpcs_work(struct stress_load *load, struct stress_worker *worker)
{
    struct dpcs *state = load->state;
    while (stress_step(worker)) {
        struct counted_dpc *counted = &state->dpcs[stress_below(worker, DPCS)];
        KIRQL irql = stress_one_in(worker, 2) ? DISPATCH_LEVEL : PASSIVE_LEVEL;
        KIRQL old = KfRaiseIrql(irql);
        for (uint32_t i = stress_below(worker, 4); i > 0; i--)
            queue_counted(&state->dpcs[stress_below(worker, DPCS)]);
        queue_counted(counted);
        if (stress_one_in(worker, 4))
            atomic_store_relaxed(&counted->again, 1);
        if (stress_one_in(worker, 3) && KeRemoveQueueDpc(&counted->dpc))
            (void)atomic_add(&counted->ran_or_removed, 1);
        KeLowerIrql(old);
    }
}

static void dpcs_end(struct stress_load *load)
{
    struct dpcs *state = load->state;
    for (uint32_t i = 0; i < ke.cpu_count; i++)
        stress_flush_dpcs(i);
    for (uint32_t i = 0; i < ke.cpu_count; i++)
        stress_flush_dpcs(i); /* those that the others had queued again */
    for (uint32_t i = 0; i < DPCS; i++) {
        STRESS_EXPECT(load, state->dpcs[i].dpc.DpcData == NULL);
        STRESS_EQUAL(load, state->dpcs[i].accepted, state->dpcs[i].ran_or_removed);
    }
}

const struct stress_case stress_dpcs = {
    "dpcs", sizeof(struct dpcs), 1, 6, 0, false, false, dpcs_begin, dpcs_work, dpcs_end,
};

struct flush {
    KDPC dpc;
    KEVENT done;
};

static void flush_run(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    (void)KeSetEvent(&((struct flush *)context)->done, 0, FALSE); /* it was not set */
}

/* The queue is drained in order: a DPC at its end runs after all the others have returned. */
void stress_flush_dpcs(uint32_t cpu)
{
    struct flush flush;
    KeInitializeEvent(&flush.done, NotificationEvent, FALSE);
    KeInitializeDpc(&flush.dpc, flush_run, &flush);
    KeSetTargetProcessorDpc(&flush.dpc, (CCHAR)cpu);
    (void)KeInsertQueueDpc(&flush.dpc, NULL, NULL); /* it is new */
    (void)stress_wait(&flush.done);
}

/* --- timers: each setting ends in one expiry, one cancellation, or the next setting ------------------------- */

struct timers {
    struct one_shot {
        KTIMER timer;
        KDPC dpc;
        uint64_t due_100ns; /* of the last setting */
        uint64_t expired;   /* as the calls tell */
        uint64_t ran;       /* [a] DPCs */
        uint64_t early;     /* [a] before it was due */
        bool set;
        bool synchronization;
    } timers[STRESS_WORKERS];
};

static void one_shot_run(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct one_shot *one = context;
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    if (KeQueryInterruptTime() < atomic_load_acquire(&one->due_100ns))
        (void)atomic_add(&one->early, 1);
    (void)atomic_add(&one->ran, 1);
}

static void timers_begin(struct stress_load *load)
{
    struct timers *state = load->state;
    for (uint32_t i = 0; i < STRESS_WORKERS; i++) {
        struct one_shot *one = &state->timers[i];
        one->synchronization = stress_random(&load->random) & 1;
        KeInitializeTimerEx(&one->timer,
                            one->synchronization ? SynchronizationTimer : NotificationTimer);
        KeInitializeDpc(&one->dpc, one_shot_run, one);
    }
}

/* A setting before this one has expired if the timer is not set any more; its DPC must have run before the next one. */
static void expired(struct stress_load *load, struct one_shot *one)
{
    one->set = false;
    one->expired++;
    STRESS_EXPECT(load, stress_reaches(&one->ran, one->expired));
}

static void set(struct stress_load *load, struct stress_worker *worker, struct one_shot *one)
{
    uint32_t ms = stress_below(worker, 5);
    LARGE_INTEGER due = { .QuadPart = -(int64_t)ms * KE_TICK_100NS };
    if (one->set && KeCancelTimer(&one->timer))
        one->set = false;
    if (one->set)
        expired(load, one);
    atomic_store_release(&one->due_100ns, KeQueryInterruptTime() + (uint64_t)ms * KE_TICK_100NS);
    BOOLEAN was_set = stress_one_in(worker, 4)
                          ? KeSetCoalescableTimer(&one->timer, due, 0, 3, &one->dpc)
                          : KeSetTimer(&one->timer, due, &one->dpc);
    STRESS_EXPECT(load, !was_set);
    one->set = true;
}

static void set_again(struct stress_load *load, struct stress_worker *worker, struct one_shot *one)
{
    LARGE_INTEGER due = { .QuadPart = -(int64_t)(1 + stress_below(worker, 3)) * KE_TICK_100NS };
    atomic_store_release(&one->due_100ns, 0); /* two settings, one word: no look at the time */
    if (KeSetTimer(&one->timer, due, &one->dpc))
        return; /* the first one will not expire */
    one->expired++;
    (void)stress_wait(&one->timer);
    one->set = false;
    one->expired++;
    /* The second DPC was refused if the first one was still queued. */
    for (uint32_t i = 0; i < ke.cpu_count; i++)
        stress_flush_dpcs(i);
    uint64_t ran = atomic_load_acquire(&one->ran);
    STRESS_EXPECT(load, ran == one->expired || ran + 1 == one->expired);
    one->expired = ran;
}

static void wait_for_it(struct stress_load *load, struct one_shot *one)
{
    STRESS_EQUAL(load, stress_wait(&one->timer), STATUS_SUCCESS);
    STRESS_EXPECT(load, KeQueryInterruptTime() >= one->due_100ns);
    STRESS_EQUAL(load, stress_wait_ms(&one->timer, 0),
                 one->synchronization ? STATUS_TIMEOUT : STATUS_SUCCESS);
    expired(load, one);
}

static void timers_work(struct stress_load *load, struct stress_worker *worker)
{
    struct timers *state = load->state;
    struct one_shot *one = &state->timers[worker->index];
    while (stress_step(worker)) {
        uint32_t what = stress_below(worker, 4);
        set(load, worker, one);
        if (what == 0)
            wait_for_it(load, one);
        else if (what == 1)
            set_again(load, worker, one);
        else if (what == 2)
            stress_sleep(stress_below(worker, 4));
    }
    if (one->set && !KeCancelTimer(&one->timer))
        expired(load, one);
}

static void timers_end(struct stress_load *load)
{
    struct timers *state = load->state;
    for (uint32_t i = 0; i < ke.cpu_count; i++)
        stress_flush_dpcs(i);
    for (uint32_t i = 0; i < load->count; i++) {
        STRESS_EQUAL(load, state->timers[i].ran, state->timers[i].expired);
        STRESS_EQUAL(load, state->timers[i].early, 0);
        STRESS_EXPECT(load, !KeCancelTimer(&state->timers[i].timer));
    }
}

const struct stress_case stress_timers = {
    "timers", sizeof(struct timers), 1,           STRESS_WORKERS, 0, false,
    false,    timers_begin,          timers_work, timers_end,
};

/* --- periodic: a period is one DPC or none, never two; after the cancellation none comes ------------------- */

struct periodic {
    struct period {
        KTIMER timer;
        KDPC dpc;
        KEVENT ran_once;
        uint64_t ran; /* [a] */
    } periods[STRESS_WORKERS];
};

static void period_run(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct period *period = context;
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    (void)atomic_add(&period->ran, 1);
    (void)KeSetEvent(&period->ran_once, 0, FALSE); /* set already: fine */
}

static void periodic_begin(struct stress_load *load)
{
    struct periodic *state = load->state;
    for (uint32_t i = 0; i < STRESS_WORKERS; i++) {
        struct period *period = &state->periods[i];
        KeInitializeTimerEx(&period->timer, SynchronizationTimer);
        KeInitializeEvent(&period->ran_once, SynchronizationEvent, FALSE);
        KeInitializeDpc(&period->dpc, period_run, period);
        KeSetTargetProcessorDpc(&period->dpc, (CCHAR)(i % ke.cpu_count));
    }
}

static void run_periods(struct stress_load *load, struct stress_worker *worker,
                        struct period *period)
{
    uint32_t period_ms = 1 + stress_below(worker, 3);
    LARGE_INTEGER due = { .QuadPart = -(int64_t)period_ms * KE_TICK_100NS };
    uint64_t begun = ke_tick_count();
    (void)KeResetEvent(&period->ran_once); /* it may be set from last time */
    atomic_store_release(&period->ran, 0);
    STRESS_EXPECT(load, !KeSetTimerEx(&period->timer, due, (LONG)period_ms, &period->dpc));
    for (uint32_t i = 0; i < 2; i++)
        STRESS_EQUAL(load,
                     stress_wait(stress_one_in(worker, 2) ? (void *)&period->timer
                                                          : (void *)&period->ran_once),
                     STATUS_SUCCESS);
    STRESS_EXPECT(load, KeCancelTimer(&period->timer));
    (void)KeRemoveQueueDpc(&period->dpc); /* one run less, if it was queued */
    stress_flush_dpcs(worker->index % ke.cpu_count);
    uint64_t ran = atomic_load_acquire(&period->ran);
    STRESS_EXPECT(load, ran <= (ke_tick_count() - begun) / period_ms);
    stress_sleep(period_ms + 1);
    STRESS_EQUAL(load, atomic_load_acquire(&period->ran), ran);
}

static void periodic_work(struct stress_load *load, struct stress_worker *worker)
{
    struct periodic *state = load->state;
    while (stress_step(worker))
        run_periods(load, worker, &state->periods[worker->index]);
}

static void periodic_end(struct stress_load *load)
{
    struct periodic *state = load->state;
    for (uint32_t i = 0; i < load->count; i++)
        STRESS_EXPECT(load, !KeCancelTimer(&state->periods[i].timer));
}

const struct stress_case stress_periodic = {
    "periodic",   sizeof(struct periodic), 1, 4, 0, false, false, periodic_begin, periodic_work,
    periodic_end,
};
