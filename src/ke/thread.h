/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads as the rest of src/ sees them. Included by ke.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nt/ke.h>

#include "arch.h"
#include "ke/lock.h"

#define KE_PRIORITIES         32
#define KE_PRIORITY_NORMAL    8
#define KE_PRIORITY_REAL_TIME 16 /* from here on priorities are neither boosted nor do they decay */
#define KE_PRIORITY_HIGH      31
#define KE_QUANTUM_TICKS      20
#define KE_RELIEF_TICKS       4000 /* about as long as NT lets a thread starve */
#define KE_THREAD_NAME_BYTES  32
#define KE_STACK_PAGES        6
#define KE_SUSPEND_MAXIMUM    127

enum ke_thread_state {
    KE_THREAD_INITIALIZED, /* not started */
    KE_THREAD_READY,       /* in a ready queue */
    KE_THREAD_RUNNING,
    KE_THREAD_WAITING,
    KE_THREAD_MOVING, /* leaves a processor that its affinity excludes; in no queue */
    KE_THREAD_TERMINATED,
};

struct ke_wait;

/*
 * Legend: [i] immutable after ke_thread_create, [a] atomic, [o] by the thread itself, [s] the thread's sched_lock,
 * [r] the ready lock of the processor in `cpu`, [d] the dispatcher lock of the header, [l] THREAD_LIST lock, [p] the
 * thread's apc_lock, [w] by the thread itself, or by who has claimed its wait (wait.c).
 */
struct ke_thread {
    DISPATCHER_HEADER header; /* [d] first: a thread is waited on by its address */
    struct arch_context context;
    uint32_t id;                     /* [i] */
    char name[KE_THREAD_NAME_BYTES]; /* [i] */
    uint32_t references;             /* [a] */
    LIST_ENTRY list_link;            /* [l] */
    void *stack;                     /* [i] lowest address; NULL: not ours to free */
    size_t stack_pages;              /* [i] */
    PKSTART_ROUTINE start;           /* [i] */
    void *argument;                  /* [i] */
    NTSTATUS exit_status;            /* [d] */

    /* Scheduling: ready.c, switch.c, priority.c */
    struct ke_lock sched_lock;
    uint32_t state;            /* [a] enum ke_thread_state */
    bool on_cpu;               /* [a] its context is not saved yet: nobody else may run it */
    bool idle;                 /* [i] */
    bool boost_disabled;       /* [s] */
    uint8_t priority;          /* [r] and [s], but decay needs [r] only */
    uint8_t base_priority;     /* [r] and [s] */
    uint64_t affinity;         /* [r] and [s] bit n: may run on processor n */
    uint64_t user_affinity;    /* [o] what KeRevertToUserAffinityThread goes back to; 0: nothing */
    uint32_t cpu;              /* [a] where it runs, is queued, or ran last */
    uint32_t quantum;          /* [o] ticks left */
    uint64_t ready_since;      /* [r] the tick at which it was queued */
    LIST_ENTRY ready_link;     /* [r] */
    uint64_t context_switches; /* [o] */
    uint64_t run_ticks;        /* [o] */

    /* Waiting: wait.c */
    uint64_t wait;            /* [a] state and flags; claimed: the status above bit 32 */
    struct ke_wait *wait_now; /* [o] the wait that the blocks belong to */
    const void *wait_object;  /* [a] what it waits for, for the reports */
    uint32_t wait_reason;     /* [a] KWAIT_REASON, for the reports */
    KTIMER timer;             /* of waits with a time-out */
    KWAIT_BLOCK timer_block;  /* [d] of the timer */
    KWAIT_BLOCK wait_blocks[THREAD_WAIT_OBJECTS]; /* [d] of the objects they stand for */
    LIST_ENTRY mutants;                           /* [w] that it owns */
    struct ke_lock queue_lock;
    KQUEUE *queue;           /* [a] written under queue_lock: whose entries it works on: queue.c */
    bool waits_for_queue;    /* [o] */
    LIST_ENTRY queue_link;   /* [d] of `queue` */
    LIST_ENTRY *queue_entry; /* [w] what the queue gave it */

    /* APCs: apc.c, suspend.c */
    struct ke_lock apc_lock;
    LIST_ENTRY apcs[MaximumMode]; /* [p] by the mode of their normal routines */
    uint32_t apc_count;           /* [p] in both lists; read without the lock as a hint */
    bool apcs_refused;            /* [p] it ends */
    bool kernel_apc_pending;      /* [a] the kernel list may have something */
    bool user_apc_pending; /* [a] user APCs are to be delivered at the next return to user mode */
    bool alerted[MaximumMode]; /* [a] */
    bool apc_in_progress;      /* [o] the normal routine of a kernel APC runs */
    uint32_t critical_depth;   /* [w] > 0: no normal kernel APC */
    uint32_t guarded_depth;    /* [o] > 0: no APC at all */
    struct ke_lock suspend_lock;
    uint32_t suspend_count; /* [u] suspend_lock */
    uint32_t freeze_count;  /* [u] 0 or 1 */
    KAPC suspend_apc;
    KEVENT resumed; /* a suspended thread waits for it */
};

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

/*
 * Where the thread may run, from now on: one that runs elsewhere is moved. Bits of processors that there are not are
 * ignored; STATUS_INVALID_PARAMETER: none is left. IRQL: <= DISPATCH_LEVEL
 */
MUST_CHECK NTSTATUS ke_thread_set_affinity(struct ke_thread *thread, uint64_t affinity,
                                           uint64_t *out_old);

/*
 * Stop the thread, by an APC: at once if it runs or waits with APCs enabled, else as soon as they are. Counts, up to
 * KE_SUSPEND_MAXIMUM (STATUS_SUSPEND_COUNT_EXCEEDED); ke_thread_resume counts down, zero is not an error. Freezing is
 * the same with a count of its own, for debuggers and for who stops a whole process; frozen once is enough.
 * *out_previous (may be NULL): the suspend count before. IRQL: <= APC_LEVEL
 */
MUST_CHECK NTSTATUS ke_thread_suspend(struct ke_thread *thread, uint32_t *out_previous);
void ke_thread_resume(struct ke_thread *thread, uint32_t *out_previous);
void ke_thread_freeze(struct ke_thread *thread);
void ke_thread_thaw(struct ke_thread *thread);

/* A user APC that is to run now, its kernel routine done already. */
struct ke_user_apc {
    PKNORMAL_ROUTINE routine;
    void *context;
    void *argument1;
    void *argument2;
};
/* The next one of this thread, if any are pending; for who returns to user mode. IRQL: APC_LEVEL */
bool ke_apc_next_user(struct ke_user_apc *out_apc);
