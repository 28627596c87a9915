/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ready queues: one per priority and processor, a summary word says which are not empty. Placement of threads that
 * become ready, stealing by processors that have nothing to do, and what the clock does for fairness: a thread that has
 * waited for seconds behind higher priorities is boosted, and processors with unequal queues share.
 *
 * A thread's place, which `cpu` names, is guarded by that processor's ready lock; ke_ready, and who changes priority or
 * affinity, hold the thread's sched_lock as well, so that a thread that is in no queue has one writer.
 *
 * A thread that still stands on its old stack (`on_cpu`) goes to the queue of the processor it is leaving, and only
 * that processor may take it: it will have saved the context by the time that it looks. Nobody ever spins for that.
 *
 * No processor idles while a thread that it may run waits elsewhere. Who leaves a thread in a queue looks for an idle
 * processor afterwards (ke_ready_offer); who is about to halt says that it is idle, then looks into all queues once
 * more. There is a full fence between the two steps on both sides, so one of them sees the other. A thread that was
 * queued on its old stack could not be stolen then: who has left that stack offers it again (ke_switch_finish).
 */
#include "ke/ke_impl.h"

#define RELIEF_PRIORITY (KE_PRIORITY_REAL_TIME - 1)

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
    thread->ready_since = ke_tick_count();
    atomic_store_release(&thread->cpu, cpu->index);
    atomic_store_release(&thread->state, KE_THREAD_READY);
}

void ke_ready_remove(struct ke_cpu *cpu, struct ke_thread *thread)
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
    ke_ready_remove(cpu, thread);
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

void ke_ready_offer(uint64_t allowed)
{
    if (atomic_load_relaxed(&ke.cpu_count) == 1)
        return;
    atomic_fence();
    struct ke_cpu *idle = take_idle(allowed);
    if (idle != NULL)
        ke_send_reschedule(idle);
}

/* Where the thread would run at once: the allowed processor that runs the lowest priority. */
static struct ke_cpu *lowest(uint64_t allowed)
{
    struct ke_cpu *best = NULL;
    for (uint64_t left = allowed; left != 0; left &= left - 1) {
        struct ke_cpu *cpu = ke.cpu[__builtin_ctzll(left)];
        if (best == NULL || atomic_load_relaxed(&cpu->running_priority) <
                                atomic_load_relaxed(&best->running_priority))
            best = cpu;
    }
    return best;
}

/* The last processor if the thread may use it and would run there, for its caches; else one where it would. */
static struct ke_cpu *busy_home(const struct ke_thread *thread, uint64_t allowed)
{
    uint32_t last = atomic_load_acquire(&thread->cpu);
    struct ke_cpu *home = allowed >> last & 1 ? ke.cpu[last] : NULL;
    if (home != NULL && atomic_load_relaxed(&home->running_priority) < thread->priority)
        return home;
    struct ke_cpu *best = lowest(allowed);
    bool better = home == NULL || atomic_load_relaxed(&best->running_priority) < thread->priority;
    return better ? best : home;
}

static struct ke_cpu *choose(const struct ke_thread *thread)
{
    if (atomic_load_acquire(&thread->on_cpu))
        return ke.cpu[atomic_load_acquire(&thread->cpu)];
    uint64_t allowed = thread->affinity & atomic_load_acquire(&ke.active);
    CHECK(allowed != 0);
    uint64_t last = (uint64_t)1 << atomic_load_acquire(&thread->cpu);
    struct ke_cpu *idle = take_idle(allowed & last);
    if (idle == NULL)
        idle = take_idle(allowed);
    return idle != NULL ? idle : busy_home(thread, allowed);
}

bool ke_ready_mark(struct ke_cpu *cpu)
{
    LOCK_HELD(&cpu->ready_lock);
    atomic_store_release(&cpu->reschedule, true);
    return cpu != arch_cpu();
}

void ke_send_reschedule(struct ke_cpu *cpu)
{
    arch_cpu()->counters.ipis_sent++;
    arch_ipi_send(cpu->index, ARCH_IPI_RESCHEDULE);
}

/* The priority boost for what the thread waited for; real-time priorities stay as they are. */
static void boost(struct ke_thread *thread, KPRIORITY increment)
{
    if (increment <= 0 || thread->base_priority >= KE_PRIORITY_REAL_TIME || thread->boost_disabled)
        return;
    uint32_t boosted = thread->base_priority + (uint32_t)increment;
    if (boosted >= KE_PRIORITY_REAL_TIME)
        boosted = KE_PRIORITY_REAL_TIME - 1;
    if (boosted > thread->priority)
        thread->priority = (uint8_t)boosted;
}

void ke_ready(struct ke_thread *thread, KPRIORITY increment)
{
    CHECK(!arch_interrupts_enabled());
    bool ipi = false;
    ke_lock_acquire_nested(&thread->sched_lock);
    boost(thread, increment);
    uint64_t allowed = thread->affinity;
    struct ke_cpu *target = choose(thread);
    ke_lock_acquire_nested(&target->ready_lock);
    ke_ready_insert(target, thread, false);
    bool runs = target->current->idle || thread->priority > target->current->priority;
    if (runs)
        ipi = ke_ready_mark(target);
    ke_lock_release_nested(&target->ready_lock);
    ke_lock_release_nested(&thread->sched_lock);
    if (ipi)
        ke_send_reschedule(target);
    else if (!runs)
        ke_ready_offer(allowed);
}

struct ke_cpu *ke_thread_lock_place(struct ke_thread *thread)
{
    LOCK_HELD(&thread->sched_lock);
    for (;;) {
        struct ke_cpu *cpu = ke.cpu[atomic_load_acquire(&thread->cpu)];
        ke_lock_acquire_nested(&cpu->ready_lock);
        if (atomic_load_acquire(&thread->cpu) == cpu->index)
            return cpu;
        ke_lock_release_nested(&cpu->ready_lock); /* stolen just now */
    }
}

void ke_thread_poke(struct ke_thread *thread)
{
    ke_lock_acquire_nested(&thread->sched_lock);
    struct ke_cpu *cpu = ke_thread_lock_place(thread);
    bool runs = atomic_load_relaxed(&thread->state) == KE_THREAD_RUNNING;
    ke_lock_release_nested(&cpu->ready_lock);
    ke_lock_release_nested(&thread->sched_lock);
    if (runs && cpu == arch_cpu())
        arch_software_interrupt(APC_LEVEL);
    else if (runs)
        ke_send_reschedule(cpu);
}

/* --- Taking work from others ------------------------------------------------------------------------------ */

static struct ke_thread *find_stealable(struct ke_cpu *victim, const struct ke_cpu *thief)
{
    for (int priority = ke_ready_highest(victim); priority >= 0; priority--) {
        LIST_ENTRY *queue = &victim->ready[priority];
        for (LIST_ENTRY *e = queue->Flink; e != queue; e = e->Flink) {
            struct ke_thread *thread = CONTAINING_RECORD(e, struct ke_thread, ready_link);
            if (ke_may_run_on(thread, thief) && !atomic_load_acquire(&thread->on_cpu))
                return thread;
        }
    }
    return NULL;
}

/*
 * Both queues are held, so that the thread is never in none. The second lock is only tried: if another processor is
 * giving this one work, there is no need to steal.
 */
static bool steal_from(struct ke_cpu *victim, struct ke_cpu *thief)
{
    bool stolen = false;
    ke_lock_acquire_nested(&victim->ready_lock);
    struct ke_thread *thread = find_stealable(victim, thief);
    if (thread != NULL && ke_lock_try_nested(&thief->ready_lock)) {
        ke_ready_remove(victim, thread);
        ke_ready_insert(thief, thread, false);
        if (thief->current->idle || thread->priority > thief->current->priority)
            (void)ke_ready_mark(thief); /* it is this processor */
        ke_lock_release_nested(&thief->ready_lock);
        thief->counters.threads_stolen++;
        stolen = true;
    }
    ke_lock_release_nested(&victim->ready_lock);
    return stolen;
}

bool ke_steal(struct ke_cpu *cpu)
{
    CHECK(!arch_interrupts_enabled());
    uint32_t count = atomic_load_acquire(&ke.cpu_count);
    for (uint32_t i = 1; i < count; i++) {
        struct ke_cpu *victim = ke.cpu[(cpu->index + i) % count];
        if (atomic_load_relaxed(&victim->ready_count) != 0 && steal_from(victim, cpu))
            return true;
    }
    return false;
}

/* --- From the clock --------------------------------------------------------------------------------------- */

void ke_ready_balance(struct ke_cpu *cpu)
{
    CHECK(!arch_interrupts_enabled());
    uint32_t count = atomic_load_acquire(&ke.cpu_count);
    uint32_t most = atomic_load_relaxed(&cpu->ready_count) + 1;
    struct ke_cpu *busiest = NULL;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t ready = atomic_load_relaxed(&ke.cpu[i]->ready_count);
        if (ready > most) {
            most = ready;
            busiest = ke.cpu[i];
        }
    }
    if (busiest != NULL)
        (void)steal_from(busiest, cpu); /* or somebody else was faster */
}

/* The head of a queue has waited longest; it runs at RELIEF_PRIORITY until its quantum ends, and then decays. */
static bool relieve_one(struct ke_cpu *cpu, uint64_t now)
{
    uint32_t limit = atomic_load_relaxed(&ke.relief_ticks);
    for (uint32_t priority = 1; priority < RELIEF_PRIORITY; priority++) {
        if (!(cpu->ready_summary >> priority & 1))
            continue;
        struct ke_thread *thread =
            CONTAINING_RECORD(cpu->ready[priority].Flink, struct ke_thread, ready_link);
        if (now - thread->ready_since < limit || thread->boost_disabled)
            continue;
        ke_ready_remove(cpu, thread);
        thread->priority = RELIEF_PRIORITY;
        ke_ready_insert(cpu, thread, false);
        if (RELIEF_PRIORITY > cpu->current->priority)
            (void)ke_ready_mark(cpu); /* it is this processor */
        cpu->counters.threads_relieved++;
        return true;
    }
    return false;
}

void ke_ready_relieve(struct ke_cpu *cpu)
{
    CHECK(!arch_interrupts_enabled());
    uint64_t now = ke_tick_count();
    ke_lock_acquire_nested(&cpu->ready_lock);
    while (relieve_one(cpu, now))
        continue;
    ke_lock_release_nested(&cpu->ready_lock);
}
