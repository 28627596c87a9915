/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mutants: mutexes with an owner, who may take them again; kernel mutexes (KMUTEX) are mutants that keep normal kernel
 * APCs from their owner. SignalState is 1 minus the number of times that the owner has it.
 *
 * The list of what a thread owns needs no lock: it changes when the thread itself releases, and when a wait of the
 * thread is satisfied, which only who claimed the wait does; both never happen at one time.
 */
#include <nt/ke_object_ddi.h>
#include <nt/ke_thread_ddi.h>
#include <nt/ntstatus.h>

#include "ke/bugcheck.h"
#include "ke/ke_impl.h"

#define BOOST_MUTANT 1

void ke_mutant_init(KMUTANT *mutant, bool kernel_mutex, bool owned)
{
    ke_object_init(&mutant->Header, KE_OBJECT_MUTANT, sizeof(*mutant), 1);
    InitializeListHead(&mutant->MutantListEntry);
    mutant->OwnerThread = NULL;
    mutant->Abandoned = FALSE;
    mutant->ApcDisable = kernel_mutex;
    if (owned)
        ke_mutant_take(mutant, arch_thread()); /* nobody knows it yet */
}

void KeInitializeMutex(KMUTEX *mutex, ULONG level)
{
    UNREFERENCED_PARAMETER(level); /* not used since Windows NT 3.5, says the page */
    ke_mutant_init(mutex, true, false);
}

void ke_mutant_take(KMUTANT *mutant, struct ke_thread *thread)
{
    if (mutant->Header.SignalState == INT32_MIN)
        return; /* the wait fails: ke_wait_status */
    ke_object_set_state(&mutant->Header, mutant->Header.SignalState - 1);
    mutant->Abandoned = FALSE;
    if (mutant->Header.SignalState != 0)
        return; /* taken again */
    mutant->OwnerThread = (KTHREAD *)thread;
    InsertTailList(&thread->mutants, &mutant->MutantListEntry);
    if (mutant->ApcDisable)
        thread->critical_depth++;
}

/* Locked: free, for the next who waits. */
static void give_up(KMUTANT *mutant, KPRIORITY increment)
{
    RemoveEntryList(&mutant->MutantListEntry);
    mutant->OwnerThread = NULL;
    ke_object_set_state(&mutant->Header, 1);
    ke_object_satisfy_waiters(&mutant->Header, increment);
}

NTSTATUS ke_mutant_release(KMUTANT *mutant, LONG *out_old)
{
    IRQL_MAX(DISPATCH_LEVEL);
    struct ke_thread *self = arch_thread();
    NTSTATUS status = STATUS_MUTANT_NOT_OWNED;
    bool leaves_region = false;
    bool interrupts = arch_interrupts_disable();
    bool wait_all = ke_object_lock_signaller(&mutant->Header);
    LONG old = mutant->Header.SignalState;
    if (mutant->OwnerThread == (KTHREAD *)self) {
        status = STATUS_SUCCESS;
        *out_old = old;
        leaves_region = old == 0 && mutant->ApcDisable;
        if (old == 0)
            give_up(mutant, BOOST_MUTANT);
        else
            ke_object_set_state(&mutant->Header, old + 1);
    }
    ke_object_unlock_signaller(&mutant->Header, wait_all);
    ke_preempt(interrupts);
    arch_interrupts_restore(interrupts);
    if (leaves_region)
        KeLeaveCriticalRegion();
    return status;
}

LONG KeReleaseMutex(KMUTEX *mutex, BOOLEAN wait)
{
    UNREFERENCED_PARAMETER(wait); /* a hint: the next call is a wait */
    LONG old = 0;
    NTSTATUS status = ke_mutant_release(mutex, &old);
    if (!NT_SUCCESS(status))
        ExRaiseStatus(status);
    return old;
}

LONG KeReadStateMutex(KMUTEX *mutex)
{
    return atomic_load_acquire(&mutex->Header.SignalState);
}

/* The thread ends: what it owns is free, and the next owner is told. A kernel mutex must not be kept that long. */
void ke_mutant_abandon_all(struct ke_thread *self)
{
    while (!IsListEmpty(&self->mutants)) {
        KMUTANT *mutant = CONTAINING_RECORD(self->mutants.Flink, KMUTANT, MutantListEntry);
        if (mutant->ApcDisable)
            ke_bugcheck(THREAD_TERMINATE_HELD_MUTEX, (uintptr_t)self, (uintptr_t)mutant, 0, 0);
        bool interrupts = arch_interrupts_disable();
        bool wait_all = ke_object_lock_signaller(&mutant->Header);
        mutant->Abandoned = TRUE;
        give_up(mutant, BOOST_MUTANT);
        ke_object_unlock_signaller(&mutant->Header, wait_all);
        arch_interrupts_restore(interrupts);
    }
}
