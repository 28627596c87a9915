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
    UNREFERENCED_PARAMETER(increment);
    UNREFERENCED_PARAMETER(wait);
    IRQL_MAX(DISPATCH_LEVEL);
    bool interrupts = arch_interrupts_disable();
    ke_object_lock(&semaphore->Header);
    LONG old = semaphore->Header.SignalState;
    bool fits = adjustment > 0 && adjustment <= semaphore->Limit - old;
    if (fits) {
        semaphore->Header.SignalState = old + adjustment;
        ke_object_satisfy_waiters(&semaphore->Header);
    }
    ke_object_unlock(&semaphore->Header);
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
