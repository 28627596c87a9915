/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Giving the processor to another thread.
 *
 * The ready lock is dropped before the context is saved. What keeps others from running a half-saved thread is its
 * `on_cpu`: set when a processor takes the thread, cleared (release) by the thread that runs there next, and read
 * (acquire) by those who would take it from a queue. IRQL belongs to the thread: each side of a switch restores its own.
 */
#include "ke/ke_impl.h"

/* Who ran here last may stand in this processor's queue, and could not be stolen before. */
static void offer(uint64_t allowed)
{
    struct ke_cpu *cpu = arch_cpu();
    allowed &= ~((uint64_t)1 << cpu->index);
    if (allowed == 0 || atomic_load_relaxed(&ke.cpu_count) == 1)
        return;
    atomic_fence();
    if (atomic_load_relaxed(&cpu->ready_count) != 0)
        ke_ready_offer(allowed);
}

void ke_switch_finish(struct ke_thread *previous)
{
    uint32_t state = atomic_load_relaxed(&previous->state);
    uint64_t allowed = previous->idle ? 0 : atomic_load_relaxed(&previous->affinity);
    atomic_store_release(&previous->on_cpu, false); /* it may be run, and end, from here on */
    if (state == KE_THREAD_TERMINATED)
        ke_reap(previous);
    else if (state == KE_THREAD_MOVING)
        ke_ready(previous, 0);
    else if (allowed != 0)
        offer(allowed);
}

static void leave_idle(const struct ke_cpu *cpu)
{
    uint64_t self = (uint64_t)1 << cpu->index;
    if (atomic_load_relaxed(&ke.idle) & self) /* else somebody has found it work already */
        (void)atomic_and(&ke.idle, ~self);
}

/* Ready lock held; released here. `self` has been put where it belongs already. */
static void switch_to(struct ke_cpu *cpu, struct ke_thread *self, struct ke_thread *next)
{
    CHECK(!atomic_load_acquire(&next->on_cpu) || next->idle);
    cpu->current = next;
    atomic_store_relaxed(&cpu->running_priority, next->priority);
    atomic_store_release(&next->cpu, cpu->index);
    atomic_store_release(&next->state, KE_THREAD_RUNNING);
    atomic_store_relaxed(&next->on_cpu, true);
    next->context_switches++;
    cpu->counters.context_switches++;
    if (!ke_may_run_on(next, cpu)) /* its affinity has changed: it leaves as soon as it can */
        (void)ke_ready_mark(cpu);
    bool apc = atomic_load_acquire(&next->kernel_apc_pending);
    ke_lock_release_nested(&cpu->ready_lock);
    if (apc)
        arch_software_interrupt(APC_LEVEL);
    if (cpu->clock_stopped) {
        cpu->clock_stopped = false;
        arch_clock_start();
    }
    if (self->idle) /* out of the halt, by an interrupt that found a thread */
        leave_idle(cpu);
    KIRQL irql = arch_irql();
    ke_switch_finish(arch_context_switch(&self->context, &next->context));
    arch_irql_set(irql);
}

void ke_block(struct ke_thread *self)
{
    CHECK(!arch_interrupts_enabled());
    struct ke_cpu *cpu = arch_cpu();
    ke_lock_acquire_nested(&cpu->ready_lock);
    atomic_store_release(&cpu->reschedule, false);
    struct ke_thread *next = ke_ready_remove_highest(cpu);
    if (next == NULL)
        next = cpu->idle;
    if (next == self) { /* woken before it was gone */
        atomic_store_release(&self->state, KE_THREAD_RUNNING);
        ke_lock_release_nested(&cpu->ready_lock);
        return;
    }
    switch_to(cpu, self, next);
}

/* A boost wears off by one priority a quantum. */
static void begin_quantum(struct ke_cpu *cpu, struct ke_thread *self)
{
    self->quantum = KE_QUANTUM_TICKS;
    if (self->priority > self->base_priority)
        self->priority--;
    atomic_store_relaxed(&cpu->running_priority, self->priority);
}

void ke_reschedule(void)
{
    CHECK(!arch_interrupts_enabled());
    CHECK(arch_irql() <= DISPATCH_LEVEL);
    struct ke_cpu *cpu = arch_cpu();
    ke_lock_acquire_nested(&cpu->ready_lock);
    atomic_store_release(&cpu->reschedule, false);
    struct ke_thread *self = cpu->current;
    bool used_up = self->quantum == 0;
    if (used_up)
        begin_quantum(cpu, self);
    int best = ke_ready_highest(cpu);
    bool leaves = !self->idle && !ke_may_run_on(self, cpu);
    bool stays = !self->idle && (best < self->priority || (best == self->priority && !used_up));
    if (!leaves && (best < 0 || stays)) {
        ke_lock_release_nested(&cpu->ready_lock);
        return;
    }
    struct ke_thread *next = best < 0 ? cpu->idle : ke_ready_remove_highest(cpu);
    if (leaves)
        atomic_store_release(&self->state, KE_THREAD_MOVING); /* ke_switch_finish sends it on */
    else if (!self->idle)
        ke_ready_insert(cpu, self, !used_up);
    switch_to(cpu, self, next);
}

void ke_preempt(bool interrupts_were_enabled)
{
    CHECK(!arch_interrupts_enabled());
    struct ke_cpu *cpu = arch_cpu();
    if (!atomic_load_relaxed(&cpu->reschedule) || cpu->dispatching)
        return;
    if (interrupts_were_enabled && arch_irql() < DISPATCH_LEVEL)
        ke_reschedule();
    else
        arch_software_interrupt(DISPATCH_LEVEL);
}

void ke_thread_yield(void)
{
    IRQL_MAX(APC_LEVEL);
    bool interrupts = arch_interrupts_disable();
    arch_thread()->quantum = 0;
    ke_reschedule();
    arch_interrupts_restore(interrupts);
}

void ke_dispatch(void)
{
    IRQL_IS(DISPATCH_LEVEL);
    struct ke_cpu *cpu = arch_cpu();
    cpu->dispatching = true;
    ke_timer_expire(cpu);
    ke_dpc_drain(cpu);
    bool interrupts = arch_interrupts_disable();
    cpu->dispatching = false;
    if (ke_dpc_waits(cpu)) /* queued since the drain looked: another round, by a new interrupt */
        arch_software_interrupt(DISPATCH_LEVEL);
    if (atomic_load_relaxed(&cpu->reschedule))
        ke_reschedule();
    arch_interrupts_restore(interrupts);
}

/*
 * The idle loop. The idle bit is set with interrupts off and under the ready lock, after a last look at the queue: who
 * places a thread here later sees the bit and sends an IPI, which ends the halt even if it comes before it. The last
 * look at the other queues comes after that, for the same reason (ready.c).
 */
static bool go_idle(struct ke_cpu *cpu)
{
    ke_lock_acquire_nested(&cpu->ready_lock);
    bool empty = cpu->ready_summary == 0;
    if (empty)
        (void)atomic_or(&ke.idle, (uint64_t)1 << cpu->index);
    ke_lock_release_nested(&cpu->ready_lock);
    return empty;
}

_Noreturn void ke_idle_loop(void)
{
    struct ke_cpu *cpu = arch_cpu();
    for (;;) {
        CHECK(!arch_interrupts_enabled());
        ke_reschedule();
        if (!go_idle(cpu))
            continue;
        if (ke_steal(cpu)) {
            leave_idle(cpu);
            continue;
        }
        if (ke_dpc_waits(cpu)) /* queued without an interrupt, before the bit was set (dpc.c) */
            arch_software_interrupt(DISPATCH_LEVEL);
        if (cpu->index != 0 && atomic_load_relaxed(&cpu->timer_count) == 0) {
            cpu->clock_stopped = true;
            arch_clock_stop();
        }
        arch_cpu_halt();
        (void)arch_interrupts_disable();
        leave_idle(cpu);
    }
}
