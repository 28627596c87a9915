/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explore: run small scenarios of concurrent C code under every interleaving.
 *
 * The code under test is compiled with `-fsanitize=thread -include explore_state.h` and linked with this engine instead
 * of ThreadSanitizer's library. Each atomic access is then a step of an *actor* (a virtual processor), the engine
 * decides whose step comes next, and runs the scenario again and again until every order that matters was seen.
 *
 * A scenario has a `setup`, which makes the state and registers actors, and perhaps a `finish`, which looks at what came
 * out. It fails by explore_check, by a data race, by a use of freed memory, or because nobody can go on.
 *
 * In between runs all globals of the code under test go back to what they were, and so does memory of explore_new.
 * `setup` runs once only: what it leaves behind is where every run begins.
 *
 * The engine needs POSIX and a stack switch (x86-64, AArch64); it knows nothing of the code under test.
 */
#ifndef EXPLORE_H
#define EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPLORE_ACTORS 8
#define EXPLORE_LEVELS 16 /* interrupt levels 1..15; an actor at level n takes those above n */

enum explore_model {
    EXPLORE_TSO, /* x86: a store waits in the processor's buffer, in order; locked operations and fences empty it */
    EXPLORE_SC, /* one memory, one access after the other */
    EXPLORE_C11, /* as the memory_orders in the source have it, but for stores that overtake loads; advice */
};

struct explore_scenario {
    const char *name;
    const char *what; /* what it claims, in a sentence */
    void (*setup)(const struct explore_scenario *self);
    void (*finish)(
        const struct explore_scenario *self); /* after each run; NULL: nothing to look at */
    enum explore_model model;
    bool
        any_model; /* the claim holds in the model that was asked for, too: --model may change it */
    bool prompt;   /* interrupts come as soon as they may, not at any later moment, too */
    unsigned bound; /* > 0: at most so many preemptions; 0: all interleavings */
    uint64_t
        budget; /* runs at most; 0: as many as it takes. Coming to its end is not an error, but is said */
    unsigned steps;       /* more steps than that in one run are a livelock; 0: 4000 */
    const void *argument; /* the scenario's own */
};

/* Register a scenario: EXPLORE_SCENARIO(name, .what = "…", .setup = …); */
#define EXPLORE_SCENARIO(scenario_name, ...)                                                       \
    static const struct explore_scenario scenario_name##_scenario = { .name = #scenario_name,      \
                                                                      __VA_ARGS__ };               \
    __attribute__((used, section("explore_table"))) static const struct explore_scenario           \
        *const scenario_name##_entry = &scenario_name##_scenario

/* --- In setup ------------------------------------------------------------------------------------------------- */

/* One more actor, on a stack of the engine; returns its number, from 0. */
unsigned explore_actor(void (*body)(void *argument), void *argument);

/*
 * When an interrupt of `level` is pending on `actor`, `handler` may run there before any step at which the actor's
 * level is lower and its interrupts are on. It begins at that level, on the stack of who runs, with interrupts on or
 * off. Of several the highest comes first.
 */
void explore_interrupt_connect(unsigned actor, unsigned level, void (*handler)(void *argument),
                               void *argument, bool interrupts_on);

/* --- Anywhere ------------------------------------------------------------------------------------------------- */

/* The run fails, with the text in the report. */
_Noreturn void explore_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
void explore_check_failed(const char *expression, const char *file, int line)
    __attribute__((noreturn));
#define explore_check(condition)                                                                   \
    ((condition) ? (void)0 : explore_check_failed(#condition, __FILE__, __LINE__))

/*
 * Memory that is checked: freed memory stays freed for the rest of the run, and whoever touches it fails. `name` is what
 * reports call it. explore_new zeroes; it never returns NULL.
 */
void *explore_new(size_t bytes, const char *name);
void explore_free(void *block);

/* Load eight bytes that somebody may have freed, by an algorithm that finds that out afterwards. */
uint64_t explore_load_stale(const void *address);

/* A spinning actor says so: it goes on once something that it has read has changed. */
void explore_pause(void);
/* A full fence: empties the store buffer. */
void explore_fence(void);

/*
 * A lock that was verified elsewhere, as one blocking step: waits until (*word & mask) == 0, then sets mask. The code
 * under test releases it by an atomic access to the word. `bytes`: of the word, 1..8.
 */
void explore_lock(volatile void *word, size_t bytes, uint64_t mask);

/* Interrupts of this actor. */
void explore_interrupt_raise(unsigned actor, unsigned level); /* make pending; a step */
unsigned explore_level(void);
void explore_level_set(unsigned level);
bool explore_interrupts_disable(void); /* returns whether they were on */
void explore_interrupts_enable(void);
bool explore_interrupts_enabled(void);
/* Interrupts are off: turn them on and wait for one, as one step. Returns after its handler. */
void explore_halt(void);
unsigned explore_self(void); /* this actor's number */
/* This actor has nothing more to do; interrupts still come. What returning from its body does. */
_Noreturn void explore_end(void);

/* Collect the distinct results of all runs. */
void explore_outcome(uint64_t value);

/* The scenario is over for what it wants to show: later steps are run, but not in all their orders. */
void explore_over(void);

/* --- Linearizability -------------------------------------------------------------------------------------------- */

/*
 * Operations that several actors do at a time must have results that some sequential order explains, one in which
 * an operation that ended before another began also comes before it. Record them, and give the sequential object.
 */
struct explore_operation {
    unsigned kind; /* the scenario's */
    uint64_t argument;
    uint64_t result;
    bool pending; /* it has not returned; its result may be anything */
};
struct explore_model_object {
    size_t bytes; /* of the state, at most 256 */
    void (*begin)(void *state);
    /* Do `operation` to the state; false: an operation with this result cannot come next. */
    bool (*apply)(void *state, const struct explore_operation *operation);
};
unsigned explore_call(unsigned kind, uint64_t argument); /* returns what explore_return wants */
void explore_return(unsigned operation, uint64_t result);
/* For `finish`: fails if no order explains the operations. */
void explore_check_linearizable(const struct explore_model_object *object);

/* --- For ports: stacks that move between actors ------------------------------------------------------------------- */

/* A stack that code can be on. Switching is not a step and orders nothing. */
struct explore_stack {
    void *sp;
    uintptr_t low, high;
    unsigned depth;    /* handlers that run on it, one inside the other */
    unsigned switches; /* how often it was left */
    const char *name;  /* for reports */
};
/* Memory for a stack; part of what is put back between runs. */
void *explore_stack_memory(size_t bytes);
/* It will enter `entry`, which does not return, when it is switched to. `high` is one past its last byte. */
void explore_stack_init(struct explore_stack *stack, void *low, void *high, void (*entry)(void),
                        const char *name);
void explore_stack_switch(struct explore_stack *from, struct explore_stack *to);

/*
 * In setup: an actor whose stack is the port's. explore_run_quietly lets it run alone, without any exploration, until it
 * comes to explore_gate, where the runs will begin, or halts without a pending interrupt.
 */
unsigned explore_actor_on(struct explore_stack *stack);
void explore_run_quietly(unsigned actor);
void explore_gate(void);
/* In setup: pretend to be that actor. */
void explore_setup_as(unsigned actor);

/* What the actor waits for, said by the port when nobody can go on; NULL: nothing to add. */
extern const char *(*explore_describe_stop)(void);
/* true: a schedule is being shown; the port may print what the code under test logs. */
bool explore_is_replay(void);
void explore_note(const char *format, ...)
    __attribute__((format(printf, 1, 2))); /* into the time line */

#endif
