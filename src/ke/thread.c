/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System threads: life and death. A thread object is shared by its creator and itself (reference counts); its stack
 * cannot be freed by the thread that stands on it, so the reaper thread does that once another thread runs there.
 */
#include <nt/ke_thread_ddi.h>
#include <nt/ntstatus.h>

#include "ke/bugcheck.h"
#include "ke/ke_impl.h"

#define TAG_THREAD 0x72685445u /* "EThr" */

static void copy_name(struct ke_thread *thread, const char *name)
{
    size_t i = 0;
    for (; name != NULL && name[i] != 0 && i < KE_THREAD_NAME_BYTES - 1; i++)
        thread->name[i] = name[i];
    thread->name[i] = 0;
}

/* `thread` is zeroed memory, but for the context that arch_cpu_bind may have filled in. */
void ke_thread_init(struct ke_thread *thread, const struct ke_thread_options *options)
{
    ke_object_init(&thread->header, KE_OBJECT_THREAD, 0, 0);
    KeInitializeTimerEx(&thread->timer, SynchronizationTimer);
    copy_name(thread, options->name);
    thread->references = 1;
    thread->state = KE_THREAD_INITIALIZED;
    thread->priority = options->priority != 0 ? options->priority : KE_PRIORITY_NORMAL;
    thread->base_priority = thread->priority;
    ke_lock_init(&thread->sched_lock, KE_LOCK_SCHED);
    ke_lock_init(&thread->queue_lock, KE_LOCK_THREAD_QUEUE);
    InitializeListHead(&thread->mutants);
    ke_apc_init_thread(thread);
    ke_suspend_init_thread(thread);
    thread->affinity = options->affinity != 0 ? options->affinity : UINT64_MAX;
    thread->quantum = KE_QUANTUM_TICKS;
    thread->cpu = arch_cpu()->index;
    bool interrupts = ke_lock_acquire(&ke.thread_list_lock);
    thread->id = ke.next_thread_id += 4; /* as NT's identifiers, a multiple of four */
    InsertTailList(&ke.threads, &thread->list_link);
    ke.thread_count++;
    ke_lock_release(&ke.thread_list_lock, interrupts);
}

MUST_CHECK NTSTATUS ke_thread_create(const struct ke_thread_options *options, PKSTART_ROUTINE start,
                                     void *argument, struct ke_thread **out_thread)
{
    IRQL_IS(PASSIVE_LEVEL);
    uint64_t active = atomic_load_acquire(&ke.active);
    if (options->priority >= KE_PRIORITIES ||
        (options->affinity != 0 && (options->affinity & active) == 0))
        return STATUS_INVALID_PARAMETER;
    struct ke_thread *thread = ke.memory->allocate(sizeof(*thread), TAG_THREAD);
    if (thread == NULL)
        return STATUS_NO_MEMORY;
    void *stack = ke.memory->stack_allocate(KE_STACK_PAGES);
    if (stack == NULL) {
        ke.memory->free(thread, TAG_THREAD);
        return STATUS_NO_MEMORY;
    }
    ke_thread_init(thread, options);
    thread->references = 2;
    thread->start = start;
    thread->argument = argument;
    thread->stack = stack;
    thread->stack_pages = KE_STACK_PAGES;
    arch_context_init(&thread->context, thread, (char *)stack + KE_STACK_PAGES * ARCH_PAGE_BYTES);
    *out_thread = thread;
    return STATUS_SUCCESS;
}

void ke_thread_start(struct ke_thread *thread)
{
    CHECK(thread->state == KE_THREAD_INITIALIZED);
    bool interrupts = arch_interrupts_disable();
    ke_ready(thread, 0);
    ke_preempt(interrupts);
    arch_interrupts_restore(interrupts);
}

MUST_CHECK NTSTATUS ke_thread_run(const struct ke_thread_options *options, PKSTART_ROUTINE start,
                                  void *argument, struct ke_thread **out_thread)
{
    NTSTATUS status = ke_thread_create(options, start, argument, out_thread);
    if (NT_SUCCESS(status))
        ke_thread_start(*out_thread);
    return status;
}

_Noreturn void ke_thread_begin(struct ke_thread *previous)
{
    ke_switch_finish(previous);
    struct ke_thread *self = arch_thread();
    arch_irql_set(PASSIVE_LEVEL);
    ke_preempt(true); /* it may have been moved before it began */
    arch_interrupts_restore(true);
    self->start(self->argument);
    ke_thread_exit(STATUS_SUCCESS);
}

_Noreturn void ke_thread_exit(NTSTATUS status)
{
    IRQL_IS(PASSIVE_LEVEL);
    struct ke_thread *self = arch_thread();
    if (self->critical_depth != 0 || self->guarded_depth != 0)
        ke_bugcheck(KERNEL_APC_PENDING_DURING_EXIT, (uintptr_t)self, self->critical_depth,
                    self->guarded_depth, 0);
    ke_apc_rundown(self);
    ke_mutant_abandon_all(self);
    (void)atomic_add(&ke.dying, 1);
    bool interrupts = ke_lock_acquire(&ke.thread_list_lock);
    RemoveEntryList(&self->list_link);
    ke.thread_count--;
    ke_lock_release(&ke.thread_list_lock, interrupts);

    (void)arch_interrupts_disable();
    ke_queue_leave(self);
    bool wait_all = ke_object_lock_signaller(&self->header);
    self->exit_status = status;
    ke_object_set_state(&self->header, 1);
    ke_object_satisfy_waiters(&self->header, 0);
    ke_object_unlock_signaller(&self->header, wait_all);
    atomic_store_release(&self->state, KE_THREAD_TERMINATED);
    ke_block(self); /* the thread that runs next hands this one to the reaper */
    check_failed("a thread that has ended runs again", __FILE__, __LINE__);
}

void ke_thread_reference(struct ke_thread *thread)
{
    uint32_t before = atomic_add(&thread->references, 1);
    CHECK(before > 0);
    (void)before; /* the free variant does not look */
}

void ke_thread_release(struct ke_thread *thread)
{
    if (atomic_sub(&thread->references, 1) != 1)
        return;
    CHECK(thread->state == KE_THREAD_TERMINATED);
    ke.memory->free(thread, TAG_THREAD);
}

NTSTATUS ke_thread_join(struct ke_thread *thread)
{
    (void)KeWaitForSingleObject(&thread->header, Executive, KernelMode, FALSE,
                                NULL); /* no time-out */
    NTSTATUS status = thread->exit_status;
    ke_thread_release(thread);
    return status;
}

void ke_thread_visit(bool (*visit)(struct ke_thread *thread, void *argument), void *argument)
{
    bool interrupts = ke_lock_acquire(&ke.thread_list_lock);
    for (LIST_ENTRY *e = ke.threads.Flink; e != &ke.threads; e = e->Flink) {
        if (!visit(CONTAINING_RECORD(e, struct ke_thread, list_link), argument))
            break;
    }
    ke_lock_release(&ke.thread_list_lock, interrupts);
}

size_t ke_thread_count(void)
{
    bool interrupts = ke_lock_acquire(&ke.thread_list_lock);
    size_t count = ke.thread_count;
    ke_lock_release(&ke.thread_list_lock, interrupts);
    return count;
}

/* Ticks that it has run; system threads have no user time. Source: WDK ntifs.h, wdm.h (KeQueryRuntimeThread) */
ULONG KeQueryRuntimeThread(KTHREAD *thread, ULONG *user_time)
{
    *user_time = 0;
    return (ULONG)atomic_load_relaxed(&((struct ke_thread *)thread)->run_ticks);
}

/* --- The reaper ------------------------------------------------------------------------------------------- */

/* Interrupts off, on the stack of the thread that runs next: `thread` will never run again. */
void ke_reap(struct ke_thread *thread)
{
    ke_lock_acquire_nested(&ke.reaper_lock);
    InsertTailList(&ke.reaper_list, &thread->ready_link);
    ke_lock_release_nested(&ke.reaper_lock);
    (void)KeSetEvent(&ke.reaper_work, 0, FALSE); /* whether it was set does not matter */
}

static struct ke_thread *next_dead(void)
{
    struct ke_thread *thread = NULL;
    bool interrupts = ke_lock_acquire(&ke.reaper_lock);
    if (!IsListEmpty(&ke.reaper_list))
        thread = CONTAINING_RECORD(RemoveHeadList(&ke.reaper_list), struct ke_thread, ready_link);
    ke_lock_release(&ke.reaper_lock, interrupts);
    return thread;
}

static void reaper(void *argument)
{
    (void)argument; /* it serves all threads */
    for (;;) {
        struct ke_thread *thread;
        while ((thread = next_dead()) != NULL) {
            ke.memory->stack_free(thread->stack, thread->stack_pages);
            ke_thread_release(thread);
            (void)atomic_sub(&ke.dying, 1);
        }
        (void)KeWaitForSingleObject(&ke.reaper_work, Executive, KernelMode, FALSE, NULL);
    }
}

MUST_CHECK NTSTATUS ke_reaper_start(void)
{
    struct ke_thread *thread;
    NTSTATUS status = ke_thread_run(&(struct ke_thread_options){ .name = "reaper", .priority = 16 },
                                    reaper, NULL, &thread);
    if (NT_SUCCESS(status))
        ke_thread_release(thread); /* it never ends: nobody waits for it */
    return status;
}
