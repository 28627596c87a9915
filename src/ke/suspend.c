/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Suspending a thread: a normal kernel APC makes it wait for an event that is set while nobody wants it stopped. So a
 * thread stops where APCs may be delivered and nowhere else, never while it owns a kernel mutex or a resource.
 *
 * The counts and the event change under suspend_lock; that the APC is queued once is KeInsertQueueApc's work. A thread
 * that is resumed before the APC has come finds the event set.
 */
#include <nt/ke_thread_ddi.h>
#include <nt/ntstatus.h>

#include "ke/ke_impl.h"

static void suspend_kernel(KAPC *apc, PKNORMAL_ROUTINE *normal_routine, PVOID *normal_context,
                           PVOID *argument1, PVOID *argument2)
{
    UNREFERENCED_PARAMETER(apc); /* it stands in the thread: there is nothing to free */
    UNREFERENCED_PARAMETER(normal_routine);
    UNREFERENCED_PARAMETER(normal_context);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
}

static void suspend_normal(PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    struct ke_thread *self = context;
    (void)KeWaitForSingleObject(&self->resumed, Suspended, KernelMode, FALSE,
                                NULL); /* no time-out, not alertable */
}

void ke_suspend_init_thread(struct ke_thread *thread)
{
    ke_lock_init(&thread->suspend_lock, KE_LOCK_SUSPEND);
    KeInitializeEvent(&thread->resumed, NotificationEvent, TRUE);
    KeInitializeApc(&thread->suspend_apc, (KTHREAD *)thread, OriginalApcEnvironment, suspend_kernel,
                    NULL, suspend_normal, KernelMode, thread);
}

static bool is_stopped(const struct ke_thread *thread)
{
    return thread->suspend_count != 0 || thread->freeze_count != 0;
}

/* Locked: the counts were changed. */
static void update(struct ke_thread *thread, bool was_stopped)
{
    LOCK_HELD(&thread->suspend_lock);
    if (is_stopped(thread) == was_stopped)
        return;
    if (was_stopped) {
        (void)KeSetEvent(&thread->resumed, 0, FALSE);
    } else {
        (void)KeResetEvent(&thread->resumed);
        (void)KeInsertQueueApc(&thread->suspend_apc, NULL, NULL,
                               0); /* queued already, or the thread ends: fine */
    }
}

MUST_CHECK NTSTATUS ke_thread_suspend(struct ke_thread *thread, uint32_t *out_previous)
{
    IRQL_MAX(APC_LEVEL);
    NTSTATUS status = STATUS_SUCCESS;
    bool interrupts = ke_lock_acquire(&thread->suspend_lock);
    bool was_stopped = is_stopped(thread);
    if (out_previous != NULL)
        *out_previous = thread->suspend_count;
    if (thread->suspend_count == KE_SUSPEND_MAXIMUM)
        status = STATUS_SUSPEND_COUNT_EXCEEDED;
    else
        thread->suspend_count++;
    update(thread, was_stopped);
    ke_lock_release_nested(&thread->suspend_lock);
    ke_preempt(interrupts);
    arch_interrupts_restore(interrupts);
    return status;
}

void ke_thread_resume(struct ke_thread *thread, uint32_t *out_previous)
{
    IRQL_MAX(APC_LEVEL);
    bool interrupts = ke_lock_acquire(&thread->suspend_lock);
    bool was_stopped = is_stopped(thread);
    if (out_previous != NULL)
        *out_previous = thread->suspend_count;
    if (thread->suspend_count > 0)
        thread->suspend_count--;
    update(thread, was_stopped);
    ke_lock_release_nested(&thread->suspend_lock);
    ke_preempt(interrupts);
    arch_interrupts_restore(interrupts);
}

static void set_frozen(struct ke_thread *thread, uint32_t count)
{
    IRQL_MAX(APC_LEVEL);
    bool interrupts = ke_lock_acquire(&thread->suspend_lock);
    bool was_stopped = is_stopped(thread);
    thread->freeze_count = count;
    update(thread, was_stopped);
    ke_lock_release_nested(&thread->suspend_lock);
    ke_preempt(interrupts);
    arch_interrupts_restore(interrupts);
}

void ke_thread_freeze(struct ke_thread *thread)
{
    set_frozen(thread, 1);
}

void ke_thread_thaw(struct ke_thread *thread)
{
    set_frozen(thread, 0);
}
