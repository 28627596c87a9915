/* SPDX-License-Identifier: BSD-2-Clause */
/* Event objects: notification events stay set, synchronization events let one wait through. */
#include <nt/ke_ddi.h>

#include "ke/ke_impl.h"

void KeInitializeEvent(KEVENT *event, EVENT_TYPE type, BOOLEAN state)
{
    ke_object_init(&event->Header,
                   type == NotificationEvent ? KE_OBJECT_NOTIFICATION_EVENT
                                             : KE_OBJECT_SYNCHRONIZATION_EVENT,
                   sizeof(*event), state != FALSE);
}

LONG KeSetEvent(KEVENT *event, KPRIORITY increment, BOOLEAN wait)
{
    UNREFERENCED_PARAMETER(increment); /* boosts come with priority decay */
    UNREFERENCED_PARAMETER(wait);      /* a hint: the next call is a wait */
    IRQL_MAX(DISPATCH_LEVEL);
    bool interrupts = arch_interrupts_disable();
    ke_object_lock(&event->Header);
    LONG old = event->Header.SignalState;
    event->Header.SignalState = 1;
    ke_object_satisfy_waiters(&event->Header);
    ke_object_unlock(&event->Header);
    ke_preempt(interrupts);
    arch_interrupts_restore(interrupts);
    return old;
}

LONG KeResetEvent(KEVENT *event)
{
    IRQL_MAX(DISPATCH_LEVEL);
    bool interrupts = arch_interrupts_disable();
    ke_object_lock(&event->Header);
    LONG old = event->Header.SignalState;
    event->Header.SignalState = 0;
    ke_object_unlock(&event->Header);
    arch_interrupts_restore(interrupts);
    return old;
}

void KeClearEvent(KEVENT *event)
{
    (void)KeResetEvent(event); /* the same without the old state */
}

LONG KeReadStateEvent(KEVENT *event)
{
    return atomic_load_acquire(&event->Header.SignalState);
}
