/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread's priority and affinity, changed from anywhere. Under the thread's sched_lock and the ready lock of its place
 * (ready.c) the thread is in one of three situations: in a queue, from which it is taken and put where it belongs now;
 * running, and its processor looks again; or neither, and what comes next reads what was set.
 */
#include <nt/ke_thread_ddi.h>
#include <nt/ntstatus.h>

#include "ke/ke_impl.h"

/* Interrupts off. Take the locks; *out_queued: the thread was in a queue and is in none now. */
static struct ke_cpu *begin_change(struct ke_thread *thread, bool *out_queued)
{
    ke_lock_acquire_nested(&thread->sched_lock);
    struct ke_cpu *cpu = ke_thread_lock_place(thread);
    *out_queued = atomic_load_relaxed(&thread->state) == KE_THREAD_READY;
    if (*out_queued)
        ke_ready_remove(cpu, thread);
    return cpu;
}

/* Put it back where it was; its processor looks if that may change who runs. */
static void end_change(struct ke_thread *thread, struct ke_cpu *cpu, bool queued)
{
    bool runs = atomic_load_relaxed(&thread->state) == KE_THREAD_RUNNING;
    bool ipi = false;
    bool waits = false;
    uint64_t allowed = thread->affinity;
    if (queued)
        ke_ready_insert(cpu, thread, false);
    if (runs) {
        atomic_store_relaxed(&cpu->running_priority, thread->priority);
        if (ke_ready_highest(cpu) > thread->priority || !ke_may_run_on(thread, cpu))
            ipi = ke_ready_mark(cpu);
    } else if (queued && (cpu->current->idle || thread->priority > cpu->current->priority)) {
        ipi = ke_ready_mark(cpu);
    } else {
        waits = queued;
    }
    ke_lock_release_nested(&cpu->ready_lock);
    ke_lock_release_nested(&thread->sched_lock);
    if (ipi)
        ke_send_reschedule(cpu);
    if (waits)
        ke_ready_offer(allowed);
}

static void leave(bool interrupts)
{
    ke_preempt(interrupts);
    arch_interrupts_restore(interrupts);
}

/* Both the priority that it has and the one that boosts decay to. Returns the priority before. */
KPRIORITY KeSetPriorityThread(KTHREAD *kthread, KPRIORITY priority)
{
    IRQL_MAX(DISPATCH_LEVEL);
    struct ke_thread *thread = (struct ke_thread *)kthread;
    CHECK(priority > 0 && priority < KE_PRIORITIES);
    bool queued;
    bool interrupts = arch_interrupts_disable();
    struct ke_cpu *cpu = begin_change(thread, &queued);
    KPRIORITY old = thread->priority;
    thread->priority = (uint8_t)priority;
    thread->base_priority = (uint8_t)priority;
    end_change(thread, cpu, queued);
    leave(interrupts);
    return old;
}

KPRIORITY KeQueryPriorityThread(KTHREAD *thread)
{
    return ((struct ke_thread *)thread)->priority;
}

/*
 * Relative to KE_PRIORITY_NORMAL, which is every system thread's process base. Returns the increment before. It stays
 * within the class, variable (1 to 15) or real time (16 to 31), as the page says.
 */
LONG KeSetBasePriorityThread(KTHREAD *kthread, LONG increment)
{
    struct ke_thread *thread = (struct ke_thread *)kthread;
    bool real_time = thread->base_priority >= KE_PRIORITY_REAL_TIME;
    LONG lowest = real_time ? KE_PRIORITY_REAL_TIME : 1;
    LONG highest = real_time ? KE_PRIORITY_HIGH : KE_PRIORITY_REAL_TIME - 1;
    LONG old = (LONG)thread->base_priority - KE_PRIORITY_NORMAL;
    LONG priority = KE_PRIORITY_NORMAL + increment;
    if (priority < lowest)
        priority = lowest;
    if (priority > highest)
        priority = highest;
    (void)KeSetPriorityThread(kthread, priority); /* what it had is boosts at most */
    return old;
}

MUST_CHECK NTSTATUS ke_thread_set_affinity(struct ke_thread *thread, uint64_t affinity,
                                           uint64_t *out_old)
{
    IRQL_MAX(DISPATCH_LEVEL);
    if ((affinity & atomic_load_acquire(&ke.active)) == 0)
        return STATUS_INVALID_PARAMETER;
    bool queued;
    bool interrupts = arch_interrupts_disable();
    struct ke_cpu *cpu = begin_change(thread, &queued);
    if (out_old != NULL)
        *out_old = thread->affinity;
    atomic_store_relaxed(&thread->affinity, affinity); /* read as a hint by who offers it */
    if (queued && !atomic_load_acquire(&thread->on_cpu)) {
        atomic_store_release(&thread->state,
                             KE_THREAD_MOVING); /* in no queue, for who looks next */
        ke_lock_release_nested(&cpu->ready_lock);
        ke_lock_release_nested(&thread->sched_lock);
        ke_ready(thread, 0);
    } else {
        end_change(thread, cpu, queued);
    }
    leave(interrupts);
    return STATUS_SUCCESS;
}

/* --- The thread that runs, kept to some processors for a while. IRQL: <= APC_LEVEL, to take effect at once --------- */

KAFFINITY KeSetSystemAffinityThreadEx(KAFFINITY affinity)
{
    struct ke_thread *self = arch_thread();
    uint64_t before = self->user_affinity != 0 ? self->affinity : 0;
    uint64_t old;
    if (!NT_SUCCESS(ke_thread_set_affinity(self, affinity, &old)))
        return 0; /* no such processor: nothing changes */
    if (self->user_affinity == 0)
        self->user_affinity = old;
    return before;
}

void KeSetSystemAffinityThread(KAFFINITY affinity)
{
    (void)KeSetSystemAffinityThreadEx(affinity);
}

/* 0: what the thread had before the first of the calls above; else what that one returned. */
void KeRevertToUserAffinityThreadEx(KAFFINITY affinity)
{
    struct ke_thread *self = arch_thread();
    uint64_t back = affinity != 0 ? affinity : self->user_affinity;
    if (affinity == 0)
        self->user_affinity = 0;
    if (back != 0)
        (void)ke_thread_set_affinity(self, back, NULL); /* it was valid before */
}

void KeRevertToUserAffinityThread(void)
{
    KeRevertToUserAffinityThreadEx(0);
}

/*
 * The same with a group, of which there is one. No such group or processor: nothing changes, and *previous is zero.
 * Source: WDK "KeSetSystemGroupAffinityThread function (wdm.h)", "KeRevertToUserGroupAffinityThread function (wdm.h)"
 */
void KeSetSystemGroupAffinityThread(GROUP_AFFINITY *affinity, GROUP_AFFINITY *previous)
{
    KAFFINITY before = 0;
    if (affinity->Group == 0)
        before = KeSetSystemAffinityThreadEx(affinity->Mask);
    if (previous != NULL)
        *previous = (GROUP_AFFINITY){ .Mask = before };
}

/* *previous is what the call above gave; zero: what the thread had before the first of them. */
void KeRevertToUserGroupAffinityThread(GROUP_AFFINITY *previous)
{
    if (previous->Group == 0)
        KeRevertToUserAffinityThreadEx(previous->Mask);
}
