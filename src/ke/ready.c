/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ready queues: one per priority and processor, a summary word says which are not empty. Placement of threads that
 * become ready, and stealing by processors that have nothing to do.
 *
 * A thread that still stands on its old stack (`on_cpu`) goes to the queue of the processor it is leaving, and only
 * that processor may take it: it will have saved the context by the time that it looks. Nobody ever spins for that.
 */
#include "ke/ke_impl.h"

void ke_ready_insert(struct ke_cpu *cpu, struct ke_thread *thread, bool at_head)
{
    LOCK_HELD(&cpu->ready_lock);
    CHECK(!thread->idle);
    LIST_ENTRY *queue = &cpu->ready[thread->priority];
    if (at_head)
        InsertHeadList(queue, &thread->ready_link);
    else
        InsertTailList(queue, &thread->ready_link);
    cpu->ready_summary |= (uint32_t)1 << thread->priority;
    atomic_store_relaxed(&cpu->ready_count, cpu->ready_count + 1);
    atomic_store_release(&thread->cpu, cpu->index);
    atomic_store_release(&thread->state, KE_THREAD_READY);
}

static void ready_remove(struct ke_cpu *cpu, struct ke_thread *thread)
{
    LOCK_HELD(&cpu->ready_lock);
    RemoveEntryList(&thread->ready_link);
    if (IsListEmpty(&cpu->ready[thread->priority]))
        cpu->ready_summary &= ~((uint32_t)1 << thread->priority);
    atomic_store_relaxed(&cpu->ready_count, cpu->ready_count - 1);
}

int ke_ready_highest(const struct ke_cpu *cpu)
{
    return cpu->ready_summary == 0 ? -1 : 31 - __builtin_clz(cpu->ready_summary);
}

struct ke_thread *ke_ready_remove_highest(struct ke_cpu *cpu)
{
    int priority = ke_ready_highest(cpu);
    if (priority < 0)
        return NULL;
    struct ke_thread *thread =
        CONTAINING_RECORD(cpu->ready[priority].Flink, struct ke_thread, ready_link);
    ready_remove(cpu, thread);
    return thread;
}

/* An idle processor that the thread may use, taken out of the idle set so that the next one goes elsewhere. */
static struct ke_cpu *take_idle(uint64_t allowed)
{
    uint64_t idle = atomic_load_acquire(&ke.idle) & allowed;
    while (idle != 0) {
        uint64_t bit = idle & -idle;
        if (atomic_and(&ke.idle, ~bit) & bit)
            return ke.cpu[__builtin_ctzll(bit)];
        idle &= ~bit;
    }
    return NULL;
}

/* The last processor if it may be used, for its caches; else the first allowed one. */
static struct ke_cpu *home(const struct ke_thread *thread, uint64_t allowed)
{
    uint32_t last = atomic_load_acquire(&thread->cpu);
    if (allowed >> last & 1)
        return ke.cpu[last];
    return ke.cpu[__builtin_ctzll(allowed)];
}

static struct ke_cpu *choose(const struct ke_thread *thread)
{
    if (atomic_load_acquire(&thread->on_cpu))
        return ke.cpu[atomic_load_acquire(&thread->cpu)];
    uint64_t allowed = thread->affinity & atomic_load_acquire(&ke.active);
    CHECK(allowed != 0);
    struct ke_cpu *last = home(thread, allowed);
    uint64_t bit = (uint64_t)1 << last->index;
    if (atomic_load_acquire(&ke.idle) & bit) {
        (void)atomic_and(&ke.idle, ~bit); /* it is ours, whoever else may have seen it idle */
        return last;
    }
    struct ke_cpu *idle = take_idle(allowed);
    return idle != NULL ? idle : last;
}

void ke_ready(struct ke_thread *thread)
{
    CHECK(!arch_interrupts_enabled());
    struct ke_cpu *target = choose(thread);
    ke_lock_acquire_nested(&target->ready_lock);
    ke_ready_insert(target, thread, false);
    bool preempts = target->current->idle || thread->priority > target->current->priority;
    if (preempts)
        atomic_store_release(&target->reschedule, true);
    ke_lock_release_nested(&target->ready_lock);
    if (preempts && target != arch_cpu()) {
        arch_cpu()->counters.ipis_sent++;
        arch_ipi_send(target->index, ARCH_IPI_RESCHEDULE);
    }
}

static struct ke_thread *find_stealable(struct ke_cpu *victim, uint32_t thief)
{
    for (int priority = ke_ready_highest(victim); priority >= 0; priority--) {
        LIST_ENTRY *queue = &victim->ready[priority];
        for (LIST_ENTRY *e = queue->Flink; e != queue; e = e->Flink) {
            struct ke_thread *thread = CONTAINING_RECORD(e, struct ke_thread, ready_link);
            if ((thread->affinity >> thief & 1) && !atomic_load_acquire(&thread->on_cpu))
                return thread;
        }
    }
    return NULL;
}

static struct ke_thread *steal_from(struct ke_cpu *victim, uint32_t thief)
{
    if (atomic_load_relaxed(&victim->ready_count) == 0)
        return NULL;
    ke_lock_acquire_nested(&victim->ready_lock);
    struct ke_thread *thread = find_stealable(victim, thief);
    if (thread != NULL)
        ready_remove(victim, thread);
    ke_lock_release_nested(&victim->ready_lock);
    return thread;
}

bool ke_steal(struct ke_cpu *cpu)
{
    CHECK(!arch_interrupts_enabled());
    uint32_t count = atomic_load_acquire(&ke.cpu_count);
    for (uint32_t i = 1; i < count; i++) {
        struct ke_cpu *victim = ke.cpu[(cpu->index + i) % count];
        struct ke_thread *thread = steal_from(victim, cpu->index);
        if (thread == NULL)
            continue;
        ke_lock_acquire_nested(&cpu->ready_lock);
        ke_ready_insert(cpu, thread, false);
        ke_lock_release_nested(&cpu->ready_lock);
        cpu->counters.threads_stolen++;
        return true;
    }
    return false;
}
