/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel core as the rest of src/ sees it: processors, threads, waiting, time. What drivers call is declared in
 * <nt/ke.h>; this adds what only we may call.
 *
 * All state of Ke stands in two structures: struct ke_cpu, one for each processor, and `ke`. ke_reset puts both back
 * to what they were before ke_init, so that a test process can run many worlds one after the other.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nt/irql.h>
#include <nt/ke.h>

#include "arch.h"
#include "ke/lock.h"

#define KE_PRIORITIES        32
#define KE_PRIORITY_NORMAL   8
#define KE_PRIORITY_HIGH     31
#define KE_QUANTUM_TICKS     20
#define KE_TICK_100NS        10000 /* the clock ticks every millisecond exactly */
#define KE_THREAD_NAME_BYTES 32

#define KE_LOCKS_HELD        8
#define KE_INTERRUPT_LINES   64

#define KE_WHEEL_LEVELS      4
#define KE_WHEEL_SLOTS       64

/* --- Threads ---------------------------------------------------------------------------------------------- */

enum ke_thread_state {
    KE_THREAD_INITIALIZED, /* not started */
    KE_THREAD_READY,       /* in a ready queue */
    KE_THREAD_RUNNING,
    KE_THREAD_WAITING,
    KE_THREAD_TERMINATED,
};

/*
 * Where a wait stands; wait.c explains. A waiter and those who signal its objects compete for it with one
 * compare-and-swap: whoever claims it decides how the wait ends.
 */
enum ke_wait_state {
    KE_WAIT_NONE,
    KE_WAIT_PREPARING, /* blocks are being queued; the thread still runs */
    KE_WAIT_BLOCKED,   /* the thread gives up its processor */
    KE_WAIT_CLAIMED,
};

#define KE_WAIT_INLINE_BLOCKS 3 /* and one for the time-out */

/*
 * Legend: [i] immutable after ke_thread_create, [a] atomic, [o] by the thread itself, [r] the ready lock of
 * the processor in `cpu`, [d] the dispatcher lock of the header, [l] THREAD_LIST lock.
 */
struct ke_thread {
    DISPATCHER_HEADER header; /* [d] first: a thread is waited on by its address */
    struct arch_context context;
    uint32_t id;                     /* [i] */
    char name[KE_THREAD_NAME_BYTES]; /* [i] */
    uint32_t references;             /* [a] */
    uint32_t state;                  /* [a] enum ke_thread_state */
    bool on_cpu;                     /* [a] its context is not saved yet: nobody else may run it */
    bool idle;                       /* [i] */
    uint8_t priority;                /* [r] */
    uint64_t affinity;               /* [r] bit n: may run on processor n */
    uint32_t cpu;                    /* [a] where it runs, is queued, or ran last */
    uint32_t quantum;                /* [o] ticks left */
    LIST_ENTRY ready_link;           /* [r] */
    LIST_ENTRY list_link;            /* [l] */
    uint64_t wait;                   /* [a] enum ke_wait_state; claimed: the status above bit 32 */
    const void *wait_object;         /* [a] what it waits for, for the reports */
    uint64_t context_switches;       /* [o] */
    void *stack;                     /* [i] lowest address; NULL: not ours to free */
    size_t stack_pages;              /* [i] */
    PKSTART_ROUTINE start;           /* [i] */
    void *argument;                  /* [i] */
    NTSTATUS exit_status;            /* [d] */
    KTIMER timer;                    /* of waits with a time-out */
    KWAIT_BLOCK wait_blocks[KE_WAIT_INLINE_BLOCKS + 1]; /* [d] of the objects they stand for */
};

#define KE_STACK_PAGES 6

/*
 * A system thread, not started. `affinity` 0: all processors. The caller holds one reference, the thread itself the
 * other. STATUS_NO_MEMORY, STATUS_INVALID_PARAMETER (no such processor, priority over 31).
 *
 * IRQL: PASSIVE_LEVEL
 */
struct ke_thread_options {
    const char *name;
    uint8_t priority; /* 0: KE_PRIORITY_NORMAL */
    uint64_t affinity;
};
MUST_CHECK NTSTATUS ke_thread_create(const struct ke_thread_options *options, PKSTART_ROUTINE start,
                                     void *argument, struct ke_thread **out_thread);
void ke_thread_start(struct ke_thread *thread);
_Noreturn void ke_thread_exit(NTSTATUS status);
void ke_thread_reference(struct ke_thread *thread);
void ke_thread_release(struct ke_thread *thread);
/* Create, start; the caller gets the reference. */
MUST_CHECK NTSTATUS ke_thread_run(const struct ke_thread_options *options, PKSTART_ROUTINE start,
                                  void *argument, struct ke_thread **out_thread);
/* Wait until it has ended and drop the caller's reference. Returns its exit status. IRQL: PASSIVE_LEVEL */
NTSTATUS ke_thread_join(struct ke_thread *thread);
/* Offer the processor to ready threads of the same or a higher priority. IRQL: < DISPATCH_LEVEL */
void ke_thread_yield(void);

/* Call `visit` for every thread, the list locked (so `visit` neither blocks nor allocates); it ends by false. */
void ke_thread_visit(bool (*visit)(struct ke_thread *thread, void *argument), void *argument);
size_t ke_thread_count(void);

/* --- Interrupts ----------------------------------------------------------------------------------------------- */

/*
 * A handler for an interrupt line; true if the interrupt was its device's. Runs at the line's level, interrupts on.
 * STATUS_SHARING_VIOLATION: the line has one already; STATUS_INVALID_PARAMETER: no such line.
 */
typedef bool (*ke_interrupt_handler)(void *argument);
MUST_CHECK NTSTATUS ke_interrupt_connect(uint32_t gsi, ke_interrupt_handler handler,
                                         void *argument);
void ke_interrupt_disconnect(uint32_t gsi);

struct ke_interrupt_line {
    ke_interrupt_handler handler;
    void *argument;
};

/* --- Processors ------------------------------------------------------------------------------------------- */

struct ke_counters {
    uint64_t context_switches;
    uint64_t device_interrupts;
    uint64_t ticks;
    uint64_t ipis_received;
    uint64_t ipis_sent;
    uint64_t dpcs_run;
    uint64_t timers_expired;
    uint64_t threads_stolen;
};

/* A request to run a function on other processors; call.c. */
struct ke_call;

/* Legend: [i] immutable once the processor runs, [r] ready_lock, [q] dpc_lock, [t] timer_lock, [a] atomic, [o] this processor only. */
struct ke_cpu {
    uint32_t index;            /* [i] */
    struct ke_thread *current; /* [r] */
    struct ke_thread *idle;    /* [i] */
    struct ke_thread idle_thread;

    struct ke_lock ready_lock;
    uint32_t ready_summary;          /* [r] bit n: ready[n] is not empty */
    uint32_t ready_count;            /* [r] read without the lock as a hint */
    LIST_ENTRY ready[KE_PRIORITIES]; /* [r] */
    bool reschedule;                 /* [a] a switch may be due */
    bool dispatching;   /* [o] ke_dispatch runs and will look at everything once more */
    bool clock_stopped; /* [o] idle without timers: no ticks come */

    struct ke_lock dpc_lock;
    SINGLE_LIST_ENTRY *dpc_first; /* [q] */
    SINGLE_LIST_ENTRY *dpc_last;  /* [q] */
    uint32_t dpc_depth;           /* [q] read without the lock as a hint */
    bool dpc_active;              /* [o] a DPC routine runs here */

    struct ke_lock timer_lock;
    LIST_ENTRY wheel[KE_WHEEL_LEVELS][KE_WHEEL_SLOTS]; /* [t] */
    uint64_t wheel_tick;  /* [t] the tick up to which timers have expired */
    uint32_t timer_count; /* [t] read without the lock as a hint */

    struct ke_call *calls; /* [a] */
    const struct ke_lock
        *held[KE_LOCKS_HELD];    /* [o] checked builds: the locks held here, in the order taken */
    uint32_t held_count;         /* [o] */
    struct ke_counters counters; /* [o] */
};

/* What Ke needs of mm, which lies above it: mm registers this when it has memory to give. */
struct ke_memory {
    void *(*allocate)(size_t bytes, ULONG tag); /* zeroed; NULL: none */
    void (*free)(void *block, ULONG tag);
    void *(*stack_allocate)(size_t pages); /* guard pages around; NULL: none */
    void (*stack_free)(void *stack, size_t pages);
};

struct ke_state {
    const struct ke_memory *memory;    /* [i] from mm's initialisation on */
    struct ke_cpu *cpu[ARCH_MAX_CPUS]; /* [i] */
    uint32_t cpu_count;                /* [a] */
    uint64_t active;                   /* [a] bit n: processor n schedules */
    uint64_t idle;                     /* [a] bit n: processor n halts and would take work */
    uint64_t ticks;           /* [a] milliseconds since boot: interrupt time / KE_TICK_100NS */
    uint64_t boot_time_100ns; /* [i] since 1601 */
    struct ke_lock thread_list_lock;
    LIST_ENTRY threads;      /* [l] */
    uint32_t thread_count;   /* [l] */
    uint32_t next_thread_id; /* [l] */
    uint32_t dying;                    /* [a] threads that have ended and still hold their memory */
    struct ke_lock reaper_lock;
    LIST_ENTRY reaper_list; /* threads that have left their stacks for good */
    KEVENT reaper_work;
    struct ke_interrupt_line lines[KE_INTERRUPT_LINES]; /* [i] while connected */
    uint32_t bugchecking; /* [a] processor index + 1 of the one that reports */
    struct ke_cpu boot_cpu;
};
extern struct ke_state ke;

void ke_reset(void);
/* This (the boot) processor gets its state; what runs becomes its idle thread. Interrupts off. */
void ke_init(void);
void ke_set_memory(const struct ke_memory *memory);
/* Publish this processor: from here on it takes threads and gets ticks. Interrupts off. */
void ke_cpu_activate(struct ke_cpu *cpu);
/* The thread that frees the stacks of threads that have ended. IRQL: PASSIVE_LEVEL */
MUST_CHECK NTSTATUS ke_reaper_start(void);
/* Start the other processors, at most `limit` in all. IRQL: PASSIVE_LEVEL, needs the pool. */
MUST_CHECK NTSTATUS ke_start_processors(uint32_t limit);
/* What an idle thread does: it never returns. Interrupts off. */
_Noreturn void ke_idle_loop(void);

static inline struct ke_cpu *ke_cpu_by_index(uint32_t index)
{
    CHECK(index < ARCH_MAX_CPUS);
    return ke.cpu[index];
}

static inline uint64_t ke_tick_count(void)
{
    return atomic_load_acquire(&ke.ticks);
}

/* --- From the front door (trap/) -------------------------------------------------------------------------- */

void ke_clock_tick(uint64_t ticks); /* CLOCK_LEVEL */
void ke_dispatch(void);             /* DISPATCH_LEVEL, interrupts on: timers, DPCs, then a switch */
void ke_ipi(uint32_t reasons);      /* IPI_LEVEL */
void ke_interrupt_run(uint32_t gsi); /* at the line's level */

/* Run `routine` on every processor in `cpus` (bits) and wait until all have. Interrupts on, IRQL <= DISPATCH_LEVEL. */
void ke_call_processors(uint64_t cpus, void (*routine)(void *argument), void *argument);

/* --- Levels, checked -------------------------------------------------------------------------------------- */

#define IRQL_MAX(level) CHECK(arch_irql() <= (level))
#define IRQL_IS(level)  CHECK(arch_irql() == (level))
