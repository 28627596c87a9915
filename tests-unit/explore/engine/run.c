/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs: one after the other until the search has seen all, something fails, or the budget is used up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine.h"

struct world world;
struct options options;
struct totals totals;
char failure[512];
unsigned failure_preemptions;
uint64_t outcomes[MAX_OUTCOMES];
const char *(*explore_describe_stop)(void);

static bool failed;
static bool on_main = true;
static jmp_buf to_main; /* where what ends a run there goes */

void engine_stop(const char *format, ...)
{
    va_list arguments;

    (void)fprintf(stderr, "explore: ");
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fprintf(stderr, "\n");
    exit(2);
}

/* Leave the program's own stack for an actor's, until somebody comes back. */
void run_enter(void *sp)
{
    on_main = false;
    stack_swap(&world.main_sp, sp);
    on_main = true;
}

void run_end(void)
{
    static void *nowhere;

    if (on_main)
        longjmp(to_main, 1);
    stack_swap(&nowhere, world.main_sp);
    abort(); /* nobody goes back to a run that has ended */
}

void explore_fail(const char *format, ...)
{
    va_list arguments;

    if (!failed) {
        va_start(arguments, format);
        (void)vsnprintf(failure, sizeof(failure), format, arguments);
        va_end(arguments);
    }
    failed = true;
    run_end();
}

void explore_check_failed(const char *expression, const char *file, int line)
{
    const char *name = strrchr(file, '/');

    explore_fail("check failed: %s (%s:%d)", expression, name != NULL ? name + 1 : file, line);
}

void explore_outcome(uint64_t value)
{
    for (unsigned i = 0; i < totals.outcome_count; i++)
        if (outcomes[i] == value)
            return;
    if (totals.outcome_count < MAX_OUTCOMES)
        outcomes[totals.outcome_count++] = value;
    else
        totals.more_outcomes = true;
}

void explore_over(void)
{
    if (over_step > step_count)
        over_step = step_count;
}

/* Each actor comes to its first step. */
static void start_actors(void)
{
    world.phase = PHASE_START;
    for (unsigned a = 0; a < world.actor_count && !failed; a++) {
        world.current = &world.actors[a];
        run_enter(world.current->sp);
    }
}

/* Nobody can go on. That is well if everybody is at the end, or what was to be shown has been. */
static void judge_end(void)
{
    unsigned stuck = 0, halted = 0;
    const char *why;

    search_end();
    for (unsigned a = 0; a < world.actor_count; a++) {
        enum op_kind kind = world.actors[a].op.kind;

        stuck += kind != OP_END && kind != OP_HALT;
        halted += kind == OP_HALT;
    }
    if (over_step != MAX_STEPS)
        halted = 0;
    if (stuck + halted == 0)
        return;
    why = explore_describe_stop != NULL ? explore_describe_stop() : NULL;
    explore_fail("deadlock: %u of %u processors wait for ever%s%s", stuck + halted,
                 world.actor_count, why != NULL ? ": " : "", why != NULL ? why : "");
}

/* The first process is chosen from here; later ones from the actors' own stacks. */
static void run_actors(void)
{
    int process;

    world.phase = PHASE_RUN;
    while ((process = search_choose()) >= 0 && process / ACTORS == 1)
        memory_flush(&world.actors[process % ACTORS]);
    if (process < 0)
        return;
    world.current = &world.actors[process % ACTORS];
    world.current->take_interrupt = process / ACTORS == 2;
    run_enter(world.current->sp);
}

static void one_run(const struct explore_scenario *scenario)
{
    uint64_t blocked = totals.blocked;

    failed = false;
    state_restore();
    search_run();
    if (setjmp(to_main) == 0) {
        start_actors();
        if (!failed)
            run_actors();
        world.phase = PHASE_FINISH;
        if (!failed && totals.blocked == blocked) {
            judge_end();
            if (scenario->finish != NULL)
                scenario->finish(scenario);
        }
    }
    totals.runs++;
    totals.deepest = (unsigned)step_count > totals.deepest ? (unsigned)step_count : totals.deepest;
    if (failed) {
        totals.failures++;
        failure_preemptions = nodes[step_count > 0 ? step_count - 1 : 0].preemptions;
    }
}

static bool set_up(const struct explore_scenario *scenario)
{
    memset(&world, 0, sizeof(world));
    state_restore_pristine();
    stacks_reset();
    heap_reset();
    race_reset();
    memory_reset();
    history_reset();
    explore_describe_stop = NULL;
    failed = false;
    if (setjmp(to_main) == 0)
        scenario->setup(scenario);
    if (failed) {
        totals.failures++;
        return false;
    }
    world.phase = PHASE_SETUP;
    world.current = NULL;
    state_keep();
    return true;
}

static double seconds_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Every so many runs: has the time for this scenario passed? */
static bool out_of_time(double began)
{
    return options.seconds > 0 && totals.runs % 64 == 0 && seconds_now() - began > options.seconds;
}

bool run_scenario(const struct explore_scenario *scenario, const char *schedule)
{
    double began = seconds_now();
    bool more = true;

    totals = (struct totals){ 0 };
    if (!set_up(scenario))
        return false;
    search_begin();
    if (schedule != NULL && !search_replay(schedule))
        engine_stop("this is no schedule: %s", schedule);
    while (more) {
        one_run(scenario);
        if (schedule != NULL || (totals.failures != 0 && !options.keep_going))
            break;
        if ((options.budget != 0 && totals.runs >= options.budget) || out_of_time(began))
            break;
        more = search_advance();
    }
    totals.complete = !more;
    totals.seconds = seconds_now() - began;
    return totals.failures == 0;
}
