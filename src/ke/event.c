/* SPDX-License-Identifier: BSD-2-Clause */
/* Event objects: notification events stay set, synchronization events let one wait through. */
#include <nt/ke_object_ddi.h>

#include "ke/ke_impl.h"

void KeInitializeEvent(KEVENT *event, EVENT_TYPE type, BOOLEAN state)
{
    ke_object_init(&event->Header,
                   type == NotificationEvent ? KE_OBJECT_NOTIFICATION_EVENT
                                             : KE_OBJECT_SYNCHRONIZATION_EVENT,
                   sizeof(*event), state != FALSE);
}

/* Signal; and if the event is only pulsed, what no waiter took is taken back. */
static LONG signal(KEVENT *event, KPRIORITY increment, bool pulse)
{
    IRQL_MAX(DISPATCH_LEVEL);
    bool interrupts = arch_interrupts_disable();
    bool wait_all = ke_object_lock_signaller(&event->Header);
    LONG old = event->Header.SignalState;
    ke_object_set_state(&event->Header, 1);
    ke_object_satisfy_waiters(&event->Header, increment);
    if (pulse)
        ke_object_set_state(&event->Header, 0);
    ke_object_unlock_signaller(&event->Header, wait_all);
    ke_preempt(interrupts);
    arch_interrupts_restore(interrupts);
    return old;
}

LONG KeSetEvent(KEVENT *event, KPRIORITY increment, BOOLEAN wait)
{
    UNREFERENCED_PARAMETER(wait); /* a hint: the next call is a wait */
    return signal(event, increment, false);
}

LONG KePulseEvent(KEVENT *event, KPRIORITY increment, BOOLEAN wait)
{
    UNREFERENCED_PARAMETER(wait);
    return signal(event, increment, true);
}

LONG KeResetEvent(KEVENT *event)
{
    IRQL_MAX(DISPATCH_LEVEL);
    bool interrupts = arch_interrupts_disable();
    ke_object_lock(&event->Header);
    LONG old = event->Header.SignalState;
    ke_object_set_state(&event->Header, 0);
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
