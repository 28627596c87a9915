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
#include "ke/held.h"
#include "ke/interrupt.h"
#include "ke/lock.h"
#include "ke/thread.h"

#define KE_TICK_100NS   10000 /* the clock ticks every millisecond exactly */

#define KE_LOCKS_HELD   128 /* a wait for all of 64 objects holds as many */

#define KE_WHEEL_LEVELS 4
#define KE_WHEEL_SLOTS  64

/* --- Processors ------------------------------------------------------------------------------------------- */

struct ke_counters {
    uint64_t context_switches;
    uint64_t device_interrupts;
    uint64_t ticks;
    uint64_t ipis_received;
    uint64_t ipis_sent;
    uint64_t dpcs_run;
    uint64_t threaded_dpcs_run;
    uint64_t timers_expired;
    uint64_t threads_stolen;
    uint64_t threads_relieved; /* boosted because they had waited too long for a processor */
    uint64_t tlb_shoot_downs;  /* begun here; tlb_ipis: the interrupts that they took */
    uint64_t tlb_ipis;
    uint64_t tlb_pages; /* forgotten here one by one, for this processor and for others */
    uint64_t tlb_flushes_of_all;
};

/* A request to run a function on other processors, and one to forget translations; call.c, tlb.c. */
struct ke_call;
struct ke_tlb_request;

#define KE_DPC_DEPTH_MAXIMUM 4 /* what NT's documented defaults are */
#define KE_DPC_RATE_MINIMUM  3

enum ke_dpc_kind { KE_DPC_ORDINARY, KE_DPC_THREADED, KE_DPC_KINDS };

/* dpc.c. All [q], and read without the lock as hints. */
struct ke_dpc_queue {
    SINGLE_LIST_ENTRY *first;
    SINGLE_LIST_ENTRY *last;
    uint32_t depth;
    const KDPC *running; /* its routine runs: the object itself may be queued again, or gone */
};

/* Legend: [i] immutable once the processor runs, [r] ready_lock, [q] dpc_lock, [t] timer_lock, [a] atomic, [o] this processor only. */
struct ke_cpu {
    uint32_t index;            /* [i] */
    struct ke_thread *current; /* [r] */
    struct ke_thread *idle;    /* [i] */
    struct ke_thread idle_thread;

    struct ke_lock ready_lock;
    uint32_t ready_summary;          /* [r] bit n: ready[n] is not empty */
    uint32_t ready_count;            /* [r] read without the lock as a hint */
    uint32_t running_priority;       /* [r] of `current`; read without the lock as a hint */
    LIST_ENTRY ready[KE_PRIORITIES]; /* [r] */
    bool reschedule;                 /* [a] a switch may be due */
    bool dispatching;   /* [o] ke_dispatch runs and will look at everything once more */
    bool clock_stopped; /* [o] idle without timers: no ticks come */

    struct ke_lock dpc_lock;
    struct ke_dpc_queue dpcs[KE_DPC_KINDS]; /* [q] */
    bool dpc_thread_wanted;  /* [a] a threaded DPC was queued, and the thread does not know yet */
    uint32_t dpc_requests;   /* [q] since boot, modulo 2^32; read without the lock as a hint */
    uint32_t dpc_last_count; /* [o] dpc_requests at the last tick */
    uint32_t dpc_rate;       /* [a] requests a tick, of late */
    KEVENT dpc_thread_work;

    struct ke_lock timer_lock;
    LIST_ENTRY wheel[KE_WHEEL_LEVELS][KE_WHEEL_SLOTS]; /* [t] */
    uint64_t wheel_tick;  /* [t] the tick up to which timers have expired */
    uint32_t timer_count; /* [t] read without the lock as a hint */

    struct ke_call *calls;                   /* [a] */
    struct ke_tlb_request *tlb_requests;     /* [a] */
    struct ke_held_lock held[KE_LOCKS_HELD]; /* [o] checked builds: what is held here, as taken */
    uint32_t held_count;                     /* [o] */
    struct ke_counters counters;             /* [o] */
};

/* What Ke needs of mm, which lies above it: mm registers this when it has memory to give. */
struct ke_memory {
    void *(*allocate)(size_t bytes, ULONG tag); /* zeroed; NULL: none */
    void (*free)(void *block, ULONG tag);
    void *(*stack_allocate)(size_t pages); /* guard pages around; NULL: none */
    void (*stack_free)(void *stack, size_t pages);
    void (*trim)(void); /* what processors keep at hand goes back: for who counts */
};

struct ke_state {
    const struct ke_memory *memory;    /* [i] from mm's initialisation on */
    struct ke_cpu *cpu[ARCH_MAX_CPUS]; /* [i] */
    uint32_t cpu_count;                /* [a] */
    uint64_t active;                   /* [a] bit n: processor n schedules */
    uint64_t idle;                     /* [a] bit n: processor n halts and would take work */
    uint64_t ticks;             /* [a] milliseconds since boot: interrupt time / KE_TICK_100NS */
    uint64_t time_origin_100ns; /* [a] of the performance counter, when interrupt time was 0 */
    uint64_t boot_time_100ns;   /* [i] since 1601 */
    bool threaded_dpcs;         /* [a] else they run as ordinary ones */
    uint32_t
        dpc_depth_maximum; /* [a] DPCs that may lie in a queue without an interrupt; tests lower it */
    uint32_t
        dpc_rate_minimum; /* [a] requests a tick below which nothing is gained by letting them lie */
    uint32_t relief_ticks; /* [a] a thread that is ready for so long is boosted; tests lower it */
    struct ke_lock wait_all_lock; /* wait_all.c */
    struct ke_lock thread_list_lock;
    LIST_ENTRY threads;      /* [l] */
    uint32_t thread_count;   /* [l] */
    uint32_t next_thread_id; /* [l] */
    uint32_t dying;          /* [a] threads that have ended and still hold their memory */
    struct ke_lock reaper_lock;
    LIST_ENTRY reaper_list; /* threads that have left their stacks for good */
    KEVENT reaper_work;
    struct ke_interrupt_line lines[KE_INTERRUPT_LINES]; /* each has a lock */
    uint32_t calling_together; /* [a] 1: somebody gathers processors: call.c */
    uint32_t bugchecking;      /* [a] processor index + 1 of the one that reports */
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
/*
 * The threads that run threaded DPCs, one for each processor; not `enabled`: such DPCs run as ordinary ones, as they do
 * before this call. IRQL: PASSIVE_LEVEL
 */
MUST_CHECK NTSTATUS ke_dpc_threads_start(bool enabled);
/* What an idle thread does: it never returns. Interrupts off. */
_Noreturn void ke_idle_loop(void);

static inline struct ke_cpu *ke_cpu_by_index(uint32_t index)
{
    CHECK(index < ARCH_MAX_CPUS);
    return ke.cpu[index];
}

/* `counts` of arch_counter in units of 1/`units_per_second` seconds, rounded down. IRQL: any. */
#define KE_NANOSECONDS 1000000000u
uint64_t ke_counter_in(uint64_t counts, uint64_t units_per_second);

static inline uint64_t ke_tick_count(void)
{
    return atomic_load_acquire(&ke.ticks);
}

/* --- From the front door (trap/) -------------------------------------------------------------------------- */

void ke_clock_tick(uint64_t ticks); /* CLOCK_LEVEL */
void ke_dispatch(void);             /* DISPATCH_LEVEL, interrupts on: timers, DPCs, then a switch */
void ke_ipi(uint32_t reasons);      /* IPI_LEVEL */
void ke_apc_deliver(void); /* APC_LEVEL, interrupts on: the kernel APCs of the thread that runs */

/* --- Mutants ---------------------------------------------------------------------------------------------- */

/* A kernel mutex keeps normal kernel APCs from its owner; `owned`: by the thread that runs. IRQL: <= DISPATCH_LEVEL */
void ke_mutant_init(KMUTANT *mutant, bool kernel_mutex, bool owned);
/* STATUS_MUTANT_NOT_OWNED; *out_old: the state before, 0 if it is free now. IRQL: <= DISPATCH_LEVEL */
MUST_CHECK NTSTATUS ke_mutant_release(KMUTANT *mutant, LONG *out_old);

/*
 * Run `routine` on every processor in `cpus` (bits), at IPI_LEVEL on the others, and wait until all have.
 * Interrupts on, IRQL < IPI_LEVEL.
 */
void ke_call_processors(uint64_t cpus, void (*routine)(void *argument), void *argument);
/*
 * The same at one time: `worker` runs at IPI_LEVEL and begins nowhere until all processors in `cpus` are there.
 * Returns what it returned here; 0 if this processor is not among them.
 */
ULONG_PTR ke_call_together(uint64_t cpus, PKIPI_BROADCAST_WORKER worker, ULONG_PTR argument);

/* --- Levels, checked -------------------------------------------------------------------------------------- */

#define IRQL_MAX(level) CHECK(arch_irql() <= (level))
#define IRQL_IS(level)  CHECK(arch_irql() == (level))
