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
    KE_OBJECT_SEMAPHORE = 5,
    KE_OBJECT_THREAD = 6,
    KE_OBJECT_NOTIFICATION_TIMER = 8,
    KE_OBJECT_SYNCHRONIZATION_TIMER = 9,
};

#define KE_OBJECT_LOCK_BIT 0x80
#define KE_TIMER_INSERTED  0x80 /* TimerMiscFlags [d]: it stands in a wheel */

void ke_object_init(DISPATCHER_HEADER *header, enum ke_object_type type, size_t bytes, LONG state);
void ke_object_lock(DISPATCHER_HEADER *header);
bool ke_object_try_lock(DISPATCHER_HEADER *header);
void ke_object_unlock(DISPATCHER_HEADER *header);
/* Locked: hand what the object has to those who wait, first come first served, until it has no more. */
void ke_object_satisfy_waiters(DISPATCHER_HEADER *header);

/* --- Waiting ---------------------------------------------------------------------------------------------- */

enum ke_block_state { KE_BLOCK_IDLE, KE_BLOCK_QUEUED, KE_BLOCK_TAKEN };

/* --- Scheduling ------------------------------------------------------------------------------------------- */

void ke_cpu_init(struct ke_cpu *cpu, uint32_t index);

/* A thread that was waiting, or is new, may run: put it in a queue, tell the processor that should look. */
void ke_ready(struct ke_thread *thread);
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

void ke_ready_insert(struct ke_cpu *cpu, struct ke_thread *thread,
                     bool at_head);                            /* ready lock held */
struct ke_thread *ke_ready_remove_highest(struct ke_cpu *cpu); /* ready lock held; NULL: none */
int ke_ready_highest(const struct ke_cpu *cpu);                /* -1: none */

void ke_thread_init(struct ke_thread *thread, const struct ke_thread_options *options);
void ke_reap(struct ke_thread *thread);

/* --- DPCs and timers -------------------------------------------------------------------------------------- */

void ke_dpc_drain(struct ke_cpu *cpu);    /* DISPATCH_LEVEL, interrupts on */
void ke_timer_expire(struct ke_cpu *cpu); /* DISPATCH_LEVEL, interrupts on */
bool ke_timer_is_due(struct ke_cpu *cpu);
/* Object lock held. Relative (negative) or absolute due time, in 100 ns. True: it was set before. */
bool ke_timer_set_locked(KTIMER *timer, LARGE_INTEGER due, ULONG period, KDPC *dpc);
bool ke_timer_cancel_locked(KTIMER *timer);

void ke_calls_run(struct ke_cpu *cpu);
/* Another processor, or this one, has something for DISPATCH_LEVEL. */
void ke_request_dispatch(struct ke_cpu *cpu);
