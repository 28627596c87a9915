/* SPDX-License-Identifier: BSD-2-Clause */
/* Cases about threads: their births and deaths, where they run, and time as they see it. meddler disturbs the others. */
#include "stress/stress_impl.h"

/* --- threads: created by threads that are created; each tells its status once ------------------------------- */

#define GENERATIONS 2

struct child {
    struct stress_load *load;
    uint32_t generation;
    uint64_t random;
};

struct threads {
    uint64_t born, died; /* [a] */
};

static void child_run(void *argument);

/* STATUS_WAIT_63 down to 0 tell which thread's end it was. */
static void have_child(struct stress_load *load, uint32_t generation, uint64_t random)
{
    struct threads *state = load->state;
    struct ke_thread *thread;
    struct child child = { load, generation, stress_random(&random) };
    if (!NT_SUCCESS(ke_thread_run(&(struct ke_thread_options){ .name = "child" }, child_run, &child,
                                  &thread)))
        return;
    (void)atomic_add(&state->born, 1);
    STRESS_EQUAL(load, ke_thread_join(thread), (NTSTATUS)(child.random & 63));
}

static void child_run(void *argument)
{
    struct child *child = argument;
    struct threads *state = child->load->state;
    NTSTATUS status = (NTSTATUS)(child->random & 63);
    uint64_t random = child->random;
    if (child->generation < GENERATIONS && (stress_random(&random) & 1))
        have_child(child->load, child->generation + 1, random);
    (void)atomic_add(&state->died, 1);
    ke_thread_exit(status);
}

static void threads_begin(struct stress_load *load)
{
    (void)load; /* zeros are right */
}

static void threads_work(struct stress_load *load, struct stress_worker *worker)
{
    while (stress_step(worker)) {
        have_child(load, 1, stress_random(&worker->random));
        worker->steps += 9; /* a life is worth ten of the others' steps */
    }
}

static void threads_end(struct stress_load *load)
{
    struct threads *state = load->state;
    STRESS_EQUAL(load, state->born, state->died);
}

const struct stress_case stress_threads = {
    "threads",     sizeof(struct threads), 1,           4, 0, false, false,
    threads_begin, threads_work,           threads_end,
};

/* --- places: a thread runs only where its affinity allows, from the moment that it asks --------------------- */

struct places {
    uint64_t moves; /* [a] */
};

static void places_begin(struct stress_load *load)
{
    (void)load; /* zeros are right */
}

static bool is_allowed(uint64_t affinity)
{
    bool interrupts = arch_interrupts_disable();
    bool allowed = affinity >> arch_cpu()->index & 1;
    arch_interrupts_restore(interrupts);
    return allowed;
}

static uint64_t some_cpus(struct stress_worker *worker)
{
    uint64_t active = atomic_load_acquire(&ke.active);
    uint64_t some = stress_random(&worker->random) & active;
    return some != 0 ? some : active;
}

static void places_work(struct stress_load *load, struct stress_worker *worker)
{
    struct places *state = load->state;
    while (stress_step(worker)) {
        uint64_t affinity = some_cpus(worker), old;
        STRESS_EQUAL(load, ke_thread_set_affinity(worker->thread, affinity, &old), STATUS_SUCCESS);
        for (uint32_t i = 0; i < 4; i++) {
            STRESS_EXPECT(load, is_allowed(affinity));
            if (i == 1)
                stress_sleep(stress_below(worker, 2));
            else
                ke_thread_yield();
        }
        (void)atomic_add(&state->moves, 1);
    }
}

static void places_end(struct stress_load *load)
{
    (void)load; /* each move was looked at */
}

const struct stress_case stress_places = {
    "places", sizeof(struct places), 1, 6, 0, true, false, places_begin, places_work, places_end,
};

/* --- clocks: no processor sees an earlier time than another one has told ------------------------------------- */

struct clocks {
    uint64_t ticks, counter; /* [a] the latest that anybody saw */
};

static void clocks_begin(struct stress_load *load)
{
    (void)load; /* zeros are right */
}

static void see(struct stress_load *load, uint64_t *latest, uint64_t (*read)(void))
{
    uint64_t before = atomic_load_acquire(latest);
    uint64_t now = read();
    STRESS_EXPECT(load, now >= before);
    while (before < now && !atomic_cas(latest, &before, now))
        continue;
}

static uint64_t read_interrupt_time(void)
{
    return KeQueryInterruptTime();
}

static uint64_t read_counter(void)
{
    return (uint64_t)KeQueryPerformanceCounter(NULL).QuadPart;
}

static void clocks_work(struct stress_load *load, struct stress_worker *worker)
{
    struct clocks *state = load->state;
    while (stress_step(worker)) {
        see(load, &state->ticks, read_interrupt_time);
        see(load, &state->counter, read_counter);
        if (stress_one_in(worker, 8)) {
            uint32_t ms = stress_below(worker, 4);
            uint64_t begun = ke_tick_count();
            stress_sleep(ms);
            STRESS_EXPECT(load, ke_tick_count() - begun >= ms);
        }
    }
}

static void clocks_end(struct stress_load *load)
{
    (void)load; /* each look was judged */
}

const struct stress_case stress_clocks = {
    "clocks", sizeof(struct clocks), 1, 6, 0, false, false, clocks_begin, clocks_work, clocks_end,
};

/* --- meddler: stops, moves and ranks the threads of the others; it never stops for good --------------------- */

struct meddler {
    uint64_t acts; /* [a] */
};

static void meddler_begin(struct stress_load *load)
{
    (void)load; /* zeros are right */
}

/* NULL: the one that was found is not to be disturbed: two meddlers would stop each other for good. */
static struct stress_worker *find_victim(struct stress_worker *self)
{
    struct stress_round *round = self->load->round;
    struct stress_load *load = &round->loads[stress_below(self, round->count)];
    struct stress_worker *victim = &load->workers[stress_below(self, load->count)];
    return load->which->is_meddler ? NULL : victim;
}

static void stop(struct stress_load *load, struct stress_worker *worker, struct ke_thread *thread)
{
    uint32_t ms = stress_below(worker, 4), previous;
    if (stress_one_in(worker, 3)) {
        ke_thread_freeze(thread);
        stress_sleep(ms);
        ke_thread_thaw(thread);
        return;
    }
    STRESS_EQUAL(load, ke_thread_suspend(thread, &previous), STATUS_SUCCESS);
    if (ms != 0)
        stress_sleep(ms);
    ke_thread_resume(thread, &previous);
    STRESS_EXPECT(load, previous >= 1);
}

static void meddle(struct stress_load *load, struct stress_worker *worker,
                   struct stress_worker *victim)
{
    uint64_t old;
    switch (stress_below(worker, 4)) {
    case 0:
        stop(load, worker, victim->thread);
        break;
    case 1: /* real-time ones, too, but nobody spins */
        (void)KeSetPriorityThread((KTHREAD *)victim->thread,
                                  1 + (KPRIORITY)stress_below(worker, 18));
        break;
    case 2:
        if (!victim->load->which->stays_put)
            STRESS_EQUAL(load, ke_thread_set_affinity(victim->thread, some_cpus(worker), &old),
                         STATUS_SUCCESS);
        break;
    default:
        stress_sleep(1);
        break;
    }
}

static void meddler_work(struct stress_load *load, struct stress_worker *worker)
{
    struct meddler *state = load->state;
    while (stress_step(worker)) {
        struct stress_worker *victim = find_victim(worker);
        if (victim != NULL)
            meddle(load, worker, victim);
        (void)atomic_add(&state->acts, 1);
    }
}

static void meddler_end(struct stress_load *load)
{
    struct stress_round *round = load->round;
    for (uint32_t i = 0; i < round->count; i++) {
        for (uint32_t j = 0; j < round->loads[i].count; j++) {
            struct ke_thread *thread = round->loads[i].workers[j].thread;
            STRESS_EXPECT(load, thread->suspend_count == 0 && thread->freeze_count == 0);
        }
    }
}

const struct stress_case stress_meddler = {
    "meddler",     sizeof(struct meddler), 1,           2, 0, false, true,
    meddler_begin, meddler_work,           meddler_end,
};
