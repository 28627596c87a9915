/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Private to the engine.
 *
 * Whose steps are ordered: *processes*, three for each actor. Process a is the actor's own code, FLUSH(a) moves
 * the oldest store of its buffer to memory, INTERRUPT(a) makes it take an interrupt.
 *
 * One thread of the host runs everything. An actor that comes to a step (step.c) announces it and calls the
 * search, which chooses the next process (search.c, order.c); if that is the actor itself it just goes on.
 */
#pragma once

#include "explore.h"

#define ACTORS       EXPLORE_ACTORS
#define LEVELS       EXPLORE_LEVELS
#define LANES        4 /* code, and handlers one inside the other, each with a clock of its own */
#define COMPONENTS   (ACTORS * LANES)
#define PROCESSES    (3 * ACTORS)
#define FLUSH(a)     (ACTORS + (a))
#define INTERRUPT(a) (2 * ACTORS + (a))
#define ALL_FLUSHES  (((1u << ACTORS) - 1) << ACTORS)

#define MAX_STEPS    20000
#define MAX_WATCHES  8
#define MAX_BUFFERED 8
#define MAX_STACKS   24

typedef unsigned __int128 value_t;

/* A vector clock for data races: one component for each lane of each actor. */
struct clock {
    uint16_t at[COMPONENTS];
};
/* A vector clock for the search: the last step (from 1) of each process that must come before. */
struct order {
    uint16_t at[PROCESSES];
};

static inline void clock_join(struct clock *clock, const struct clock *other)
{
    for (int i = 0; i < COMPONENTS; i++)
        clock->at[i] = other->at[i] > clock->at[i] ? other->at[i] : clock->at[i];
}

static inline void order_join(struct order *order, const struct order *other)
{
    for (int i = 0; i < PROCESSES; i++)
        order->at[i] = other->at[i] > order->at[i] ? other->at[i] : order->at[i];
}

enum op_kind {
    OP_NONE,
    OP_LOAD,
    OP_STORE,
    OP_BUFFER, /* a store into the actor's own buffer */
    OP_RMW,
    OP_FENCE,
    OP_LOCK,
    OP_PAUSE,
    OP_MASK, /* the level rises, or interrupts go off */
    OP_HALT,
    OP_RAISE,
    OP_CALL,
    OP_RETURN,
    OP_END,
    OP_FLUSH,
    OP_INTERRUPT,
};

struct op {
    uint8_t kind;
    uint8_t bytes;
    bool writes; /* known once it is done: a compare-and-swap that fails only reads */
    bool awaits; /* a load that is enabled once the version is another one */
    uint8_t level;
    uint8_t target; /* of a raise: the actor */
    uint32_t version;
    uintptr_t address;
    uintptr_t pc;
    uint64_t mask;                   /* of a lock */
    const struct location *location; /* of a load that waits */
};

/* A store to a word, for the model that lets loads see older ones. */
struct store {
    value_t value;
    struct clock release;
    uint32_t version;
    uint16_t component;
    uint16_t time; /* of the component */
    bool sequential;
};
#define MAX_STORES 64

/* Sixteen aligned bytes: the unit in which steps are found that touch the same memory. */
struct block {
    uintptr_t key;
    int last; /* step, -1: none */
    struct location *locations;
};

/* A word that is accessed atomically. */
struct location {
    uintptr_t address;
    uint8_t bytes;
    uint32_t version; /* how often its value has changed */
    struct block *block;
    struct location *next;
    struct clock release; /* of who stored last */
    uint32_t seen_by_all; /* C11: no fence lets one see older stores than this */
    uint32_t store_count;
    struct store *stores; /* C11 */
};
#define MAX_LOCATIONS 1024

/* What was seen of a word. A version of OWN_STORE: the actor's own store, which is still in its buffer. */
struct watch {
    struct location *location;
    uint32_t version;
};
#define OWN_STORE UINT32_MAX

struct buffered {
    uintptr_t address;
    uintptr_t pc;
    uint8_t bytes;
    value_t value;
    struct clock release;
    struct order order; /* of the step that issued it */
};

struct lane {
    struct clock now;
    struct clock acquired; /* by relaxed loads, for the next fence */
    struct clock fence;    /* what a relaxed store publishes */
};

struct actor {
    unsigned index;
    struct explore_stack *stack;
    struct explore_stack first_stack;
    void *sp; /* while another actor runs */
    void (*body)(void *argument);
    void *argument;
    struct op op;        /* what it will do when it is chosen */
    bool take_interrupt; /* it was chosen to take one instead */
    bool released;       /* it spins, and nobody else can do anything */

    bool interrupts;
    uint8_t level;
    uint16_t lines; /* bit n: level n has a handler */
    uint16_t pending;
    void (*handler[LEVELS])(void *argument);
    void *handler_argument[LEVELS];
    bool handler_interrupts[LEVELS];
    struct clock masked[LEVELS]; /* what level n learns, and lets learn */
    struct clock raised;

    struct lane lanes[LANES];
    struct watch watches[MAX_WATCHES];
    unsigned watch_count;
    uintptr_t last_load_pc;
    const struct location *last_load;
    uint32_t last_load_version;
    struct buffered buffer[MAX_BUFFERED];
    unsigned buffer_count;
    struct order flushing; /* of the step that issued what is being flushed */
};

enum phase {
    PHASE_SETUP, /* steps are done at once */
    PHASE_QUIET, /* the same, on an actor's stack */
    PHASE_START, /* actors run to their first step */
    PHASE_RUN,
    PHASE_FINISH,
};

/* What a run starts from and changes, but for memory. */
struct world {
    enum phase phase;
    struct actor *current;
    unsigned actor_count;
    void *main_sp;
    struct actor actors[ACTORS];
    struct explore_stack *stacks[MAX_STACKS];
    unsigned stack_count;
    bool interrupts_used;
};
extern struct world world;

struct options {
    enum explore_model model;
    int bound;  /* preemptions; -1: any number */
    bool plain; /* depth-first search without any reduction */
    bool keep_going;
    bool prompt;  /* an interrupt that is possible comes before the next step of its actor */
    unsigned pct; /* > 0: that many changes of priority, at random */
    uint64_t seed;
    uint64_t budget; /* runs; 0: any number */
    double seconds;  /* 0: any time */
    unsigned steps;
};
extern struct options options;

/* --- swap.S is inline in stack.c ------------------------------------------------------------------------------ */
void stack_swap(void **save, void *to);
void stacks_reset(void); /* before a setup */
void stack_prepare(struct explore_stack *stack, void (*entry)(void));

/* --- state.c: putting back ---------------------------------------------------------------------------------------- */
void state_keep_pristine(void);    /* at the start of the program */
void state_restore_pristine(void); /* before each setup */
void state_keep(void);             /* after a setup */
void state_restore(void);          /* before each run */

/* --- heap.c ----------------------------------------------------------------------------------------------------- */
void heap_reset(void);
void heap_keep(void);
void heap_restore(void);
void heap_check(uintptr_t address, size_t bytes, uintptr_t pc);
/* Describe an address for a report; false: it is not of the heap. */
bool heap_describe(uintptr_t address, char *text, size_t bytes);

/* --- race.c ----------------------------------------------------------------------------------------------------- */
enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_ATOMIC_READ, ACCESS_ATOMIC_WRITE };
void race_reset(void);
void race_access(uintptr_t address, size_t bytes, enum access access, uintptr_t pc);

/* --- memory.c ----------------------------------------------------------------------------------------------------- */
void memory_reset(void);
struct location *memory_location(uintptr_t address, size_t bytes);
struct block *memory_block(uintptr_t address);
value_t memory_load(uintptr_t address, size_t bytes, int order, uintptr_t pc);
void memory_store(uintptr_t address, size_t bytes, value_t value, int order, uintptr_t pc);
typedef value_t combine(value_t old, value_t operand);
/* Returns the old value; NULL: the operand takes its place. */
value_t memory_update(uintptr_t address, size_t bytes, combine *combine, value_t operand, int order,
                      uintptr_t pc);
bool memory_compare_swap(uintptr_t address, size_t bytes, value_t *expected, value_t desired,
                         int order, int failure_order, uintptr_t pc);
void memory_fence(int order, uintptr_t pc);
void memory_plain(uintptr_t address, size_t bytes, bool write, uintptr_t pc);
void memory_volatile(uintptr_t address, size_t bytes, bool write, uintptr_t pc);
void memory_flush(struct actor *actor);
value_t memory_read(uintptr_t address, size_t bytes);

/* --- step.c ------------------------------------------------------------------------------------------------------- */
static inline bool stepping(void)
{
    return world.phase >= PHASE_START && world.phase != PHASE_FINISH;
}
struct lane *lane_now(void);
unsigned lane_component(void);
void lane_tick(void); /* what was released is released: what follows is later */
/* Announce a step and wait for its turn. Afterwards do it, then call search_done. */
void step(struct op op);
bool op_enabled(const struct actor *actor, bool once_drained);
bool interrupt_enabled(const struct actor *actor);
unsigned interrupt_level(const struct actor *actor); /* of the one that would be taken */

/* --- search.c, order.c ------------------------------------------------------------------------------------------ */
struct node {
    uint8_t process;
    bool free;               /* whoever ran before could not go on: no switch is a preemption */
    bool released;           /* it spun, and nobody else could go on */
    uint8_t choice, choices; /* which of several values or levels */
    uint8_t open_level;      /* of the actor before it: interrupts above come in; LEVELS: none do */
    uint16_t preemptions;    /* before it */
    uint32_t possible;       /* processes that could go on */
    uint32_t enabled;        /* of them, those that the bound allows */
    uint32_t backtrack, done, sleep;
    int previous;     /* an earlier step in the same block */
    int previous_own; /* an earlier step of the same actor's code */
    uint64_t before;  /* the word before it, for locks */
    uint32_t version; /* of the word before it */
    struct order order;
    struct op op;
};
extern struct node nodes[MAX_STEPS];
extern int step_count;
extern int over_step; /* from here on orders are not varied */

void search_begin(void);   /* a new scenario */
void search_run(void);     /* before each run */
bool search_advance(void); /* false: all was seen */
int search_choose(void);   /* the next process; -1: nobody can go on */
/* The step that was chosen last is done; `writes`: it has changed memory, or may have. */
void search_done(bool writes);
void search_end(void);                    /* a run has ended: those who could not go on race, too */
struct node *search_node(void);           /* the step that was chosen last */
unsigned search_choice(unsigned choices); /* it can come out in so many ways: which one now */
struct op search_next_op(unsigned process);
bool search_replay(const char *schedule);
void search_schedule(char *text, size_t bytes);

void order_reset(void);
void order_step(int index, bool known);
void order_try_before_stretch(int index, unsigned process);
void order_blocked(unsigned process, const struct op *op);
bool order_independent(unsigned process, const struct op *op, unsigned other);
extern struct order order_of[PROCESSES]; /* of the last step of each */

/* --- history.c ------------------------------------------------------------------------------------------------------ */
void history_reset(void);

/* --- run.c ---------------------------------------------------------------------------------------------------------- */
struct totals {
    uint64_t runs, steps, blocked, failures;
    unsigned deepest;
    bool complete; /* all was seen */
    unsigned outcome_count;
    bool more_outcomes; /* than could be kept */
    double seconds;
};
#define MAX_OUTCOMES 4096
extern uint64_t outcomes[MAX_OUTCOMES];
extern struct totals totals;
extern char failure[512];
extern unsigned failure_preemptions;

void run_end(void) __attribute__((noreturn)); /* from wherever it is, back to the engine */
void run_enter(void *sp);                     /* from the engine to an actor */
/* Explore one scenario by `options`; true: nothing was found. */
bool run_scenario(const struct explore_scenario *scenario, const char *schedule);

/* --- report.c ------------------------------------------------------------------------------------------------------- */
void report_begin(void);
void report_step(const struct node *node, value_t value, bool has_value);
void report_note(const char *text);
void report_print(void);
extern bool report_on;

/* --- main.c ----------------------------------------------------------------------------------------------------------- */
bool self_test(uint64_t programs, bool verbose); /* random.c */
void _Noreturn engine_stop(const char *format, ...) __attribute__((format(printf, 1, 2)));
