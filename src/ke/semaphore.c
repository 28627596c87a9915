/* SPDX-License-Identifier: BSD-2-Clause */
/* Semaphore objects: a count that waits take from, up to a limit. */
#include <nt/ke_ddi.h>
#include <nt/ntstatus.h>

#include "ke/ke_impl.h"

void KeInitializeSemaphore(KSEMAPHORE *semaphore, LONG count, LONG limit)
{
    CHECK(count >= 0 && limit > 0 && count <= limit);
    ke_object_init(&semaphore->Header, KE_OBJECT_SEMAPHORE, sizeof(*semaphore), count);
    semaphore->Limit = limit;
}

LONG KeReleaseSemaphore(KSEMAPHORE *semaphore, KPRIORITY increment, LONG adjustment, BOOLEAN wait)
{
    UNREFERENCED_PARAMETER(wait); /* a hint: the next call is a wait */
    IRQL_MAX(DISPATCH_LEVEL);
    bool interrupts = arch_interrupts_disable();
    bool wait_all = ke_object_lock_signaller(&semaphore->Header);
    LONG old = semaphore->Header.SignalState;
    bool fits = adjustment > 0 && adjustment <= semaphore->Limit - old;
    if (fits) {
        ke_object_set_state(&semaphore->Header, old + adjustment);
        ke_object_satisfy_waiters(&semaphore->Header, increment);
    }
    ke_object_unlock_signaller(&semaphore->Header, wait_all);
    ke_preempt(interrupts);
    arch_interrupts_restore(interrupts);
    if (!fits)
        ExRaiseStatus(STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    return old;
}

LONG KeReadStateSemaphore(KSEMAPHORE *semaphore)
{
    return atomic_load_acquire(&semaphore->Header.SignalState);
}
