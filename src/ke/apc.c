/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asynchronous procedure calls: routines that run in the context of a thread, queued by anyone.
 *
 * Special kernel APCs (no normal routine) run at APC_LEVEL, as soon as the thread runs below that level outside of a
 * guarded region. Normal kernel APCs run at PASSIVE_LEVEL, after their kernel routine, one at a time, and not in a
 * critical region. User APCs run on return to user mode, when the thread waits alertably there, or one is pending.
 *
 * Queueing one tells its thread: a wait that the APC may interrupt is claimed with STATUS_KERNEL_APC or STATUS_USER_APC
 * (wait.c); a thread that runs gets the software interrupt of APC_LEVEL, by an IPI if it runs elsewhere; a thread that is
 * ready gets it when it is switched to. The flag kernel_apc_pending is what all of them look at. It stays set while
 * something is in the kernel list.
 *
 * apc_lock covers the queues; an APC's routines run without it and may free the APC.
 */
#include <nt/ke_thread_ddi.h>
#include <nt/ntstatus.h>

#include "ke/ke_impl.h"

#define APC_OBJECT_TYPE 0x12

static bool is_special(const KAPC *apc)
{
    return apc->ApcMode == KernelMode && apc->NormalRoutine == NULL;
}

void KeInitializeApc(KAPC *apc, KTHREAD *thread, KAPC_ENVIRONMENT environment,
                     PKKERNEL_ROUTINE kernel, PKRUNDOWN_ROUTINE rundown, PKNORMAL_ROUTINE normal,
                     KPROCESSOR_MODE mode, PVOID context)
{
    *apc = (KAPC){
        .Type = APC_OBJECT_TYPE,
        .Size = sizeof(*apc),
        .Thread = thread,
        .KernelRoutine = kernel,
        .RundownRoutine = rundown,
        .NormalRoutine = normal,
        .NormalContext = normal != NULL ? context : NULL,
        .ApcStateIndex = (CCHAR)environment,
        .ApcMode = normal != NULL ? mode : KernelMode,
    };
}

void ke_apc_init_thread(struct ke_thread *thread)
{
    ke_lock_init(&thread->apc_lock, KE_LOCK_APC);
    InitializeListHead(&thread->apcs[KernelMode]);
    InitializeListHead(&thread->apcs[UserMode]);
}

/* --- Queueing --------------------------------------------------------------------------------------------- */

/* Special kernel APCs stand before the normal ones, each kind in its order. */
static void enqueue(struct ke_thread *thread, KAPC *apc)
{
    LIST_ENTRY *list = &thread->apcs[(unsigned)apc->ApcMode];
    LIST_ENTRY *before = list->Blink;
    if (is_special(apc)) {
        before = list;
        while (before->Flink != list &&
               is_special(CONTAINING_RECORD(before->Flink, KAPC, ApcListEntry)))
            before = before->Flink;
    }
    InsertHeadList(before, &apc->ApcListEntry);
    apc->Inserted = TRUE;
}

static void claim_wait(struct ke_thread *thread, uint64_t flags, NTSTATUS status,
                       KPRIORITY increment)
{
    bool was_blocked;
    if (ke_wait_claim(thread, flags, status, &was_blocked) && was_blocked)
        ke_ready(thread, increment);
}

static void tell_thread(struct ke_thread *thread, const KAPC *apc, KPRIORITY increment)
{
    if (apc->ApcMode == KernelMode) {
        (void)atomic_exchange(&thread->kernel_apc_pending, true); /* before the look at its wait */
        claim_wait(thread, is_special(apc) ? KE_WAIT_SPECIAL : KE_WAIT_NORMAL, STATUS_KERNEL_APC,
                   increment);
        ke_thread_poke(thread);
        return;
    }
    bool was_blocked;
    if (!ke_wait_claim(thread, KE_WAIT_USER | KE_WAIT_ALERTABLE, STATUS_USER_APC, &was_blocked))
        return; /* it is looked at by the next alertable wait */
    atomic_store_release(&thread->user_apc_pending, true);
    if (was_blocked)
        ke_ready(thread, increment);
}

BOOLEAN KeInsertQueueApc(KAPC *apc, PVOID argument1, PVOID argument2, KPRIORITY increment)
{
    IRQL_MAX(DISPATCH_LEVEL);
    struct ke_thread *thread = (struct ke_thread *)apc->Thread;
    bool interrupts = ke_lock_acquire(&thread->apc_lock);
    bool inserted = !thread->apcs_refused && !apc->Inserted;
    if (inserted) {
        apc->SystemArgument1 = argument1;
        apc->SystemArgument2 = argument2;
        enqueue(thread, apc);
        (void)atomic_exchange(&thread->apc_count, thread->apc_count + 1);
        tell_thread(thread, apc, increment);
    }
    ke_lock_release_nested(&thread->apc_lock);
    ke_preempt(interrupts);
    arch_interrupts_restore(interrupts);
    return inserted;
}

static void dequeue(struct ke_thread *thread, KAPC *apc)
{
    LOCK_HELD(&thread->apc_lock);
    RemoveEntryList(&apc->ApcListEntry);
    apc->Inserted = FALSE;
    atomic_store_relaxed(&thread->apc_count, thread->apc_count - 1);
    if (apc->ApcMode == KernelMode && IsListEmpty(&thread->apcs[KernelMode]))
        atomic_store_release(&thread->kernel_apc_pending, false);
    if (apc->ApcMode == UserMode && IsListEmpty(&thread->apcs[UserMode]))
        atomic_store_release(&thread->user_apc_pending, false);
}

BOOLEAN KeRemoveQueueApc(KAPC *apc)
{
    IRQL_MAX(DISPATCH_LEVEL);
    struct ke_thread *thread = (struct ke_thread *)apc->Thread;
    bool interrupts = ke_lock_acquire(&thread->apc_lock);
    bool was_inserted = apc->Inserted;
    if (was_inserted)
        dequeue(thread, apc);
    ke_lock_release(&thread->apc_lock, interrupts);
    return was_inserted;
}

/* --- Before a wait ---------------------------------------------------------------------------------------- */

static KAPC *first_apc(struct ke_thread *self, KPROCESSOR_MODE mode)
{
    LIST_ENTRY *list = &self->apcs[(unsigned)mode];
    return IsListEmpty(list) ? NULL : CONTAINING_RECORD(list->Flink, KAPC, ApcListEntry);
}

/* Locked. How the wait ends, or STATUS_SUCCESS: it may go on. */
static NTSTATUS status_of_wait(struct ke_thread *self, uint64_t flags)
{
    const KAPC *kernel = first_apc(self, KernelMode);
    if (kernel != NULL && (flags & (is_special(kernel) ? KE_WAIT_SPECIAL : KE_WAIT_NORMAL)))
        return STATUS_KERNEL_APC;
    bool user = flags & KE_WAIT_USER;
    if (user && self->user_apc_pending)
        return STATUS_USER_APC;
    if (!(flags & KE_WAIT_ALERTABLE))
        return STATUS_SUCCESS;
    if (self->alerted[user ? UserMode : KernelMode])
        return STATUS_ALERTED;
    if (user && first_apc(self, UserMode) != NULL)
        return STATUS_USER_APC;
    return user && self->alerted[KernelMode] ? STATUS_ALERTED : STATUS_SUCCESS;
}

static void take_alert(struct ke_thread *self, uint64_t flags)
{
    bool user = (flags & KE_WAIT_USER) && self->alerted[UserMode];
    atomic_store_release(&self->alerted[user ? UserMode : KernelMode], false);
}

bool ke_apc_ends_wait(struct ke_thread *self, uint64_t flags)
{
    if (atomic_load_acquire(&self->apc_count) == 0 &&
        !atomic_load_acquire(&self->alerted[KernelMode]) &&
        !atomic_load_acquire(&self->alerted[UserMode]))
        return false;
    ke_lock_acquire_nested(&self->apc_lock);
    NTSTATUS status = status_of_wait(self, flags);
    if (status != STATUS_SUCCESS && ke_wait_claim_own(self, status)) {
        if (status == STATUS_ALERTED)
            take_alert(self, flags);
        if (status == STATUS_USER_APC)
            atomic_store_release(&self->user_apc_pending, true);
    }
    ke_lock_release_nested(&self->apc_lock);
    return status != STATUS_SUCCESS;
}

/* --- Alerts ----------------------------------------------------------------------------------------------- */

/*
 * The flag is set before the look at the thread's wait, as with APCs; whoever takes the alert back holds apc_lock.
 * An alert for kernel mode ends alertable waits of both modes.
 */
BOOLEAN KeAlertThread(KTHREAD *kthread, KPROCESSOR_MODE mode)
{
    IRQL_MAX(DISPATCH_LEVEL);
    struct ke_thread *thread = (struct ke_thread *)kthread;
    bool interrupts = ke_lock_acquire(&thread->apc_lock);
    bool before = atomic_exchange(&thread->alerted[(unsigned)mode], true);
    bool was_blocked;
    if (ke_wait_claim(thread, KE_WAIT_ALERTABLE | (mode == UserMode ? KE_WAIT_USER : 0),
                      STATUS_ALERTED, &was_blocked)) {
        atomic_store_release(&thread->alerted[(unsigned)mode], false);
        if (was_blocked)
            ke_ready(thread, 0);
    }
    ke_lock_release_nested(&thread->apc_lock);
    ke_preempt(interrupts);
    arch_interrupts_restore(interrupts);
    return before;
}

BOOLEAN KeTestAlertThread(KPROCESSOR_MODE mode)
{
    struct ke_thread *self = arch_thread();
    bool interrupts = ke_lock_acquire(&self->apc_lock);
    bool alerted = atomic_exchange(&self->alerted[(unsigned)mode], false);
    if (!alerted && mode == UserMode && first_apc(self, UserMode) != NULL)
        atomic_store_release(&self->user_apc_pending, true);
    ke_lock_release(&self->apc_lock, interrupts);
    return alerted;
}

/* --- Delivery --------------------------------------------------------------------------------------------- */

/* Take the first APC of the list if it may run now; what it is called with is copied while it is still ours. */
static bool take_first(struct ke_thread *self, KPROCESSOR_MODE mode, KAPC **apc, KAPC *copy)
{
    bool interrupts = ke_lock_acquire(&self->apc_lock);
    *apc = first_apc(self, mode);
    bool held_back = *apc != NULL && mode == KernelMode && !is_special(*apc) &&
                     (self->apc_in_progress || self->critical_depth != 0);
    bool taken = *apc != NULL && !held_back;
    if (taken) {
        *copy = **apc;
        dequeue(self, *apc);
    }
    ke_lock_release(&self->apc_lock, interrupts);
    return taken;
}

static void run_kernel_routine(KAPC *apc, KAPC *copy)
{
    copy->KernelRoutine(apc, &copy->NormalRoutine, &copy->NormalContext, &copy->SystemArgument1,
                        &copy->SystemArgument2);
    IRQL_IS(APC_LEVEL);
}

void ke_apc_deliver(void)
{
    IRQL_IS(APC_LEVEL);
    struct ke_thread *self = arch_thread();
    KAPC *apc, copy;
    if (self->guarded_depth != 0 || !atomic_load_acquire(&self->kernel_apc_pending))
        return;
    while (take_first(self, KernelMode, &apc, &copy)) {
        run_kernel_routine(apc, &copy);
        if (copy.NormalRoutine == NULL)
            continue;
        self->apc_in_progress = true;
        arch_irql_set(PASSIVE_LEVEL);
        copy.NormalRoutine(copy.NormalContext, copy.SystemArgument1, copy.SystemArgument2);
        arch_irql_set(APC_LEVEL);
        self->apc_in_progress = false;
    }
}

bool ke_apc_next_user(struct ke_user_apc *out_apc)
{
    IRQL_IS(APC_LEVEL);
    struct ke_thread *self = arch_thread();
    KAPC *apc, copy;
    while (atomic_load_acquire(&self->user_apc_pending) &&
           take_first(self, UserMode, &apc, &copy)) {
        run_kernel_routine(apc, &copy);
        if (copy.NormalRoutine == NULL)
            continue; /* its kernel routine took it back */
        *out_apc = (struct ke_user_apc){ copy.NormalRoutine, copy.NormalContext,
                                         copy.SystemArgument1, copy.SystemArgument2 };
        return true;
    }
    return false;
}

void ke_apc_check(struct ke_thread *self)
{
    if (self->guarded_depth == 0 && atomic_load_acquire(&self->kernel_apc_pending)) {
        bool interrupts = arch_interrupts_disable();
        arch_software_interrupt(APC_LEVEL);
        arch_interrupts_restore(interrupts);
    }
}

void ke_apc_rundown(struct ke_thread *self)
{
    IRQL_IS(PASSIVE_LEVEL);
    bool interrupts = ke_lock_acquire(&self->apc_lock);
    self->apcs_refused = true;
    ke_lock_release(&self->apc_lock, interrupts);
    for (KPROCESSOR_MODE mode = KernelMode; mode <= UserMode; mode++) {
        KAPC *apc, copy;
        while (take_first(self, mode, &apc, &copy)) {
            if (copy.RundownRoutine != NULL)
                copy.RundownRoutine(apc);
        }
    }
}

/* --- Regions ---------------------------------------------------------------------------------------------- */

void KeEnterCriticalRegion(void)
{
    arch_thread()->critical_depth++;
}

void KeLeaveCriticalRegion(void)
{
    struct ke_thread *self = arch_thread();
    CHECK(self->critical_depth > 0);
    if (--self->critical_depth == 0)
        ke_apc_check(self);
}

void KeEnterGuardedRegion(void)
{
    arch_thread()->guarded_depth++;
}

void KeLeaveGuardedRegion(void)
{
    struct ke_thread *self = arch_thread();
    CHECK(self->guarded_depth > 0);
    if (--self->guarded_depth == 0)
        ke_apc_check(self);
}

BOOLEAN KeAreApcsDisabled(void)
{
    const struct ke_thread *self = arch_thread();
    return self->critical_depth != 0 || self->guarded_depth != 0;
}

BOOLEAN KeAreAllApcsDisabled(void)
{
    return arch_thread()->guarded_depth != 0 || arch_irql() >= APC_LEVEL;
}

KTHREAD *KeGetCurrentThread(void)
{
    return (KTHREAD *)arch_thread();
}
