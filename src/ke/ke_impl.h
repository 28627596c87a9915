/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to ke/: dispatcher objects, the scheduler's inside, timers. All with interrupts off unless said otherwise. */
#pragma once

#include "ke/ke.h"

#include <nt/list.h>

#include "base/atomic.h"

/* --- Dispatcher objects ----------------------------------------------------------------------------------- */

/* DISPATCHER_HEADER.Type. The two event types are EVENT_TYPE's values. */
enum ke_object_type {
    KE_OBJECT_NOTIFICATION_EVENT = 0,
    KE_OBJECT_SYNCHRONIZATION_EVENT = 1,
    KE_OBJECT_MUTANT = 2,
    KE_OBJECT_QUEUE = 4,
    KE_OBJECT_SEMAPHORE = 5,
    KE_OBJECT_THREAD = 6,
    KE_OBJECT_NOTIFICATION_TIMER = 8,
    KE_OBJECT_SYNCHRONIZATION_TIMER = 9,
};

#define KE_OBJECT_LOCK_BIT 0x80
#define KE_TIMER_INSERTED  0x80 /* TimerMiscFlags [d]: it stands in a wheel */
#define KE_OBJECT_WAIT_ALL                                                                         \
    0x40000000 /* Lock [d]: threads may wait for this and other objects at once */

void ke_object_init(DISPATCHER_HEADER *header, enum ke_object_type type, size_t bytes, LONG state);
void ke_object_lock(DISPATCHER_HEADER *header);
bool ke_object_try_lock(DISPATCHER_HEADER *header);
void ke_object_unlock(DISPATCHER_HEADER *header);
/* As ke_object_lock, for who will make the object signalled; the result goes to ke_object_unlock_signaller. */
MUST_CHECK bool ke_object_lock_signaller(DISPATCHER_HEADER *header);
void ke_object_unlock_signaller(DISPATCHER_HEADER *header, bool wait_all);
/*
 * Locked as a signaller: hand what the object has to those who wait, first come first served, until it has no more.
 * Threads that wake get the priority boost `increment`.
 */
void ke_object_satisfy_waiters(DISPATCHER_HEADER *header, KPRIORITY increment);

/* The type is the low byte of the word that others lock: it is read as part of that word. */
static inline uint32_t ke_object_type(const DISPATCHER_HEADER *header)
{
    return (uint32_t)atomic_load_relaxed(&header->Lock) & 0xffu & (uint32_t)~KE_OBJECT_LOCK_BIT;
}

/* Objects are read without their locks, as a hint; so every write is one that may be read at any time. */
static inline void ke_object_set_state(DISPATCHER_HEADER *header, LONG state)
{
    atomic_store_relaxed(&header->SignalState, state);
}

/* Locked: what a satisfied wait does to a mutant, a queue. */
void ke_mutant_take(KMUTANT *mutant, struct ke_thread *thread);
bool ke_queue_may_run(const KQUEUE *queue);
void ke_queue_take(KQUEUE *queue, struct ke_thread *thread);
/* The thread ends, or blocks on something else, or goes on: its queue counts it accordingly. No lock held. */
void ke_queue_leave(struct ke_thread *self);
void ke_queue_thread_blocks(struct ke_thread *self);
void ke_queue_thread_goes_on(struct ke_thread *self);
void ke_mutant_abandon_all(struct ke_thread *self);

/* --- Waiting: wait.c -------------------------------------------------------------------------------------- */

/*
 * Where a wait stands: the low byte of ke_thread.wait. Behind it the flags say what may end the wait besides its
 * objects; they are part of the word so that a claim that depends on them can be made of this wait only.
 */
enum ke_wait_state {
    KE_WAIT_NONE,
    KE_WAIT_PREPARING, /* blocks are being queued; the thread still runs */
    KE_WAIT_BLOCKED,   /* the thread gives up its processor */
    KE_WAIT_CLAIMED,
};
#define KE_WAIT_STATE     0xffu
#define KE_WAIT_ALERTABLE 0x100u
#define KE_WAIT_USER      0x200u
#define KE_WAIT_SPECIAL   0x400u /* special kernel APCs may interrupt it */
#define KE_WAIT_NORMAL    0x800u /* normal ones, too */

enum ke_block_state { KE_BLOCK_IDLE, KE_BLOCK_QUEUED, KE_BLOCK_TAKEN };

/* One wait, on the waiter's stack. */
struct ke_wait {
    KWAIT_BLOCK *blocks;
    uint32_t count;
    uint32_t queued; /* of them, in the lists of their objects */
    bool all;
    bool has_due;
    uint64_t due_100ns; /* interrupt time */
    uint64_t flags;
};

/* Until the wait has ended, APCs that may interrupt it delivered. Interrupts off; on in between. */
NTSTATUS ke_wait_run(struct ke_thread *self, struct ke_wait *wait);
void ke_wait_block_init(KWAIT_BLOCK *block, struct ke_thread *self, void *object, NTSTATUS status);
uint64_t ke_wait_flags(const struct ke_thread *self, KPROCESSOR_MODE mode, BOOLEAN alertable);
/* True: the wait is the caller's to end, and *was_blocked says whether the thread must be made ready. */
bool ke_wait_claim(struct ke_thread *thread, uint64_t needed_flags, NTSTATUS status,
                   bool *was_blocked);
bool ke_wait_claim_own(struct ke_thread *self, NTSTATUS status);
/* Locked: whether the object would let the thread through; how the wait ends then; what that does to the object. */
bool ke_wait_is_satisfied(const DISPATCHER_HEADER *header, const struct ke_thread *thread);
NTSTATUS ke_wait_status(const DISPATCHER_HEADER *header, NTSTATUS status);
void ke_wait_consume(DISPATCHER_HEADER *header, struct ke_thread *thread);

/* wait_all.c. True: the wait is decided. */
bool ke_wait_all_queue(struct ke_thread *self, struct ke_wait *wait);
/* One look: STATUS_TIMEOUT if not all are signalled. */
NTSTATUS ke_wait_all_poll(struct ke_thread *self, const struct ke_wait *wait);
/* `locked` and all of WAIT_ALL held: end the block's wait if all its objects are signalled. */
void ke_wait_all_try(KWAIT_BLOCK *block, DISPATCHER_HEADER *locked, KPRIORITY increment);

/* --- APCs: apc.c ------------------------------------------------------------------------------------------ */

void ke_apc_init_thread(struct ke_thread *thread);
/* End the wait that is being prepared if an APC or an alert is there that may. True: the wait is decided. */
bool ke_apc_ends_wait(struct ke_thread *self, uint64_t flags);
/* After something that held APCs back: deliver now, or as soon as the level allows. */
void ke_apc_check(struct ke_thread *self);
/* The thread ends: no more APCs; those that are queued are run down. PASSIVE_LEVEL */
void ke_apc_rundown(struct ke_thread *self);
void ke_suspend_init_thread(struct ke_thread *thread);

/* --- Scheduling ------------------------------------------------------------------------------------------- */

void ke_cpu_init(struct ke_cpu *cpu, uint32_t index);

/* A thread that was waiting, or is new, may run: put it in a queue, tell the processor that should look. */
void ke_ready(struct ke_thread *thread, KPRIORITY increment);
/* The thread's wait is over or never began: give the processor away until ke_ready has been called for it. */
void ke_block(struct ke_thread *self);
/* Switch if a thread that deserves the processor more is ready. IRQL <= DISPATCH_LEVEL */
void ke_reschedule(void);
/* At the end of whatever may have made threads ready: switch now, or as soon as the level allows. */
void ke_preempt(bool interrupts_were_enabled);
/* First code after every switch: the thread that was left may run elsewhere from here on. */
void ke_switch_finish(struct ke_thread *previous);
/* Take a thread from another processor's queue into this one's. */
bool ke_steal(struct ke_cpu *cpu);
/* From the clock: help threads that starve; take work from a processor that has more of it. Interrupts off */
void ke_ready_relieve(struct ke_cpu *cpu);
void ke_ready_balance(struct ke_cpu *cpu);

/* Ready lock held for all of these. */
void ke_ready_insert(struct ke_cpu *cpu, struct ke_thread *thread, bool at_head);
void ke_ready_remove(struct ke_cpu *cpu, struct ke_thread *thread);
struct ke_thread *ke_ready_remove_highest(struct ke_cpu *cpu); /* NULL: none */
int ke_ready_highest(const struct ke_cpu *cpu);                /* -1: none */
/* `cpu` runs what it should not any more: make it look. Returns whether that takes an IPI, to be sent unlocked. */
bool ke_ready_mark(struct ke_cpu *cpu);

static inline bool ke_may_run_on(const struct ke_thread *thread, const struct ke_cpu *cpu)
{
    return thread->affinity >> cpu->index & 1;
}

/* The processor whose ready lock covers the thread, locked. Interrupts off, the thread's sched_lock held. */
struct ke_cpu *ke_thread_lock_place(struct ke_thread *thread);
/* If it runs it must look for an APC; if it is ready it will. */
void ke_thread_poke(struct ke_thread *thread);
void ke_send_reschedule(struct ke_cpu *cpu);
/* A thread that may run on `allowed` stays in a queue: an idle processor among them, if there is one, looks for it. */
void ke_ready_offer(uint64_t allowed);

void ke_thread_init(struct ke_thread *thread, const struct ke_thread_options *options);
void ke_reap(struct ke_thread *thread);

/* --- DPCs and timers -------------------------------------------------------------------------------------- */

void ke_dpc_drain(struct ke_cpu *cpu);       /* DISPATCH_LEVEL, interrupts on */
bool ke_dpc_waits(const struct ke_cpu *cpu); /* for the dispatch interrupt */
void ke_clock_begin(void);                   /* interrupt time is 0 now */
void ke_dpc_tick(struct ke_cpu *cpu, uint64_t ticks);
/* Take the first DPC of this processor and call it; false: there is none. */
bool ke_dpc_run_one(struct ke_cpu *cpu, enum ke_dpc_kind kind);
void ke_timer_expire(struct ke_cpu *cpu); /* DISPATCH_LEVEL, interrupts on */
bool ke_timer_is_due(struct ke_cpu *cpu);
/* Locked as a signaller; `due_100ns` is interrupt time. True: it was set before. */
bool ke_timer_set_locked(KTIMER *timer, uint64_t due_100ns, ULONG period, KDPC *dpc);
/* A due time as the DDI has it (relative ones are negative, absolute ones count from 1601) in interrupt time. */
uint64_t ke_timer_due(LARGE_INTEGER due);
bool ke_timer_cancel_locked(KTIMER *timer);

/* interrupt_connect.c. The line's lock is held. */
void ke_interrupt_mask(struct ke_interrupt_line *line);

void ke_calls_run(struct ke_cpu *cpu);
/* Do what other processors have asked this one to forget. Interrupts off. */
void ke_tlb_serve(struct ke_cpu *cpu);
/* A pause in a wait for other processors: those that wait for this one to forget get their answer. IRQL: any */
void ke_tlb_pause(void);
/* Another processor, or this one, has something for DISPATCH_LEVEL. */
void ke_request_dispatch(struct ke_cpu *cpu);
