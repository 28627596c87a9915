/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Callback objects: functions that want to hear of something, and whoever makes it known.
 *
 * The list of registrations changes under the object's lock. A notification calls the functions in the order of
 * registration with no lock held: it keeps its place by counting itself in the registration that it calls (`busy`), and
 * is counted in the next one before it leaves that. Who unregisters marks the registration, so that no new call begins,
 * and waits until nobody is counted there; only then it comes off the list. So when ExUnregisterCallback returns the
 * function does not run, and its code may go.
 *
 * Any number of notifications run at a time. One that begins while a function is being registered may call it or not.
 */
#include <nt/ex_ddi.h>
#include <nt/list.h>
#include <nt/ntstatus.h>

#include "ex/ex_impl.h"
#include "mm/mm.h"

#define TAG_CALLBACK     0x62434c43u /* "CLCb" */
#define TAG_REGISTRATION 0x67524c43u /* "CLRg" */

/* Legend: [i] immutable, [a] atomic, [l] lock. */
struct _CALLBACK_OBJECT {
    uint32_t references; /* [a] the creator's, and one for each registration */
    bool allow_multiple; /* [i] */
    struct ke_lock lock;
    LIST_ENTRY registrations; /* [l] */
};

struct registration {
    LIST_ENTRY link;             /* [l] of the object */
    PCALLBACK_OBJECT object;     /* [i] */
    PCALLBACK_FUNCTION function; /* [i] */
    PVOID context;               /* [i] */
    uint32_t busy;               /* [l] notifications that call it or have it as their place */
    bool leaving;                /* [l] */
    KEVENT idle;                 /* set once it is leaving and not busy */
};

MUST_CHECK NTSTATUS ex_callback_create(bool allow_multiple, PCALLBACK_OBJECT *out_callback)
{
    PCALLBACK_OBJECT callback = mm_pool_allocate(sizeof(*callback), TAG_CALLBACK);
    if (callback == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    callback->references = 1;
    callback->allow_multiple = allow_multiple;
    ke_lock_init(&callback->lock, KE_LOCK_CALLBACK);
    InitializeListHead(&callback->registrations);
    *out_callback = callback;
    return STATUS_SUCCESS;
}

void ex_callback_release(PCALLBACK_OBJECT callback)
{
    uint32_t before = atomic_sub(&callback->references, 1);
    CHECK(before > 0);
    if (before != 1)
        return;
    CHECK(IsListEmpty(&callback->registrations));
    mm_pool_free(callback, TAG_CALLBACK);
}

/*
 * A new callback object without a name; the caller gives it back by ex_callback_release. Names come with the object
 * manager: until then a name is refused.
 *
 * IRQL:    <= APC_LEVEL
 * Returns: STATUS_SUCCESS, STATUS_INSUFFICIENT_RESOURCES, STATUS_NOT_SUPPORTED (a name), STATUS_UNSUCCESSFUL (nothing
 *          to open without a name, and not to be created)
 * Source:  WDK reference "ExCreateCallback function (wdm.h)"; test ex_callback.objects_without_a_name_only
 */
NTSTATUS ExCreateCallback(PCALLBACK_OBJECT *callback, OBJECT_ATTRIBUTES *attributes, BOOLEAN create,
                          BOOLEAN allow_multiple)
{
    IRQL_MAX(APC_LEVEL);
    if (attributes != NULL && attributes->ObjectName != NULL)
        return STATUS_NOT_SUPPORTED;
    if (!create)
        return STATUS_UNSUCCESSFUL;
    return ex_callback_create(allow_multiple, callback);
}

/* Lock it in. False: the object has one function, and does not allow another. */
static bool append(PCALLBACK_OBJECT callback, struct registration *registration)
{
    bool interrupts = ke_lock_acquire(&callback->lock);
    bool allowed = callback->allow_multiple || IsListEmpty(&callback->registrations);
    if (allowed)
        InsertTailList(&callback->registrations, &registration->link);
    ke_lock_release(&callback->lock, interrupts);
    return allowed;
}

/*
 * Have `function` called with `context` at each notification.
 *
 * IRQL:    <= APC_LEVEL
 * Returns: what ExUnregisterCallback takes; NULL: no memory, or one is registered and that is all that are allowed
 * Source:  WDK reference "ExRegisterCallback function (wdm.h)"; test ex_callback.calls_in_order_of_registration
 */
PVOID ExRegisterCallback(PCALLBACK_OBJECT callback, PCALLBACK_FUNCTION function, PVOID context)
{
    IRQL_MAX(APC_LEVEL);
    struct registration *registration = mm_pool_allocate(sizeof(*registration), TAG_REGISTRATION);
    if (registration == NULL)
        return NULL;
    registration->object = callback;
    registration->function = function;
    registration->context = context;
    KeInitializeEvent(&registration->idle, NotificationEvent, FALSE);
    (void)atomic_add(&callback->references, 1);
    if (append(callback, registration))
        return registration;
    mm_pool_free(registration, TAG_REGISTRATION);
    ex_callback_release(callback);
    return NULL;
}

/*
 * No more calls; returns when none is under way. Not to be called from the function itself, which it would wait for.
 *
 * IRQL:    <= APC_LEVEL
 * Source:  WDK reference "ExUnregisterCallback function (wdm.h)"; test ex_callback.unregistering_waits_for_a_call
 */
void ExUnregisterCallback(PVOID registration)
{
    struct registration *self = registration;
    PCALLBACK_OBJECT callback = self->object;
    IRQL_MAX(APC_LEVEL);
    bool interrupts = ke_lock_acquire(&callback->lock);
    self->leaving = true;
    bool busy = self->busy != 0;
    ke_lock_release(&callback->lock, interrupts);
    if (busy)
        (void)KeWaitForSingleObject(&self->idle, Executive, KernelMode, FALSE,
                                    NULL); /* no time-out: always a success */
    interrupts = ke_lock_acquire(&callback->lock);
    CHECK(self->busy == 0);
    (void)RemoveEntryList(&self->link);
    ke_lock_release(&callback->lock, interrupts);
    mm_pool_free(self, TAG_REGISTRATION);
    ex_callback_release(callback);
}

/* Go on from `place` (NULL: the beginning) to the next one to call, counted in it. NULL: the end. */
static struct registration *advance(PCALLBACK_OBJECT callback, struct registration *place)
{
    struct registration *next = NULL;
    bool interrupts = ke_lock_acquire(&callback->lock);
    LIST_ENTRY *entry = place != NULL ? place->link.Flink : callback->registrations.Flink;
    for (; entry != &callback->registrations && next == NULL; entry = entry->Flink) {
        next = CONTAINING_RECORD(entry, struct registration, link);
        if (next->leaving)
            next = NULL;
        else
            next->busy++;
    }
    bool last = place != NULL && --place->busy == 0 && place->leaving;
    ke_lock_release(&callback->lock, interrupts);
    if (last)
        (void)KeSetEvent(&place->idle, 0, FALSE);
    return next;
}

/*
 * Call all registered functions with these arguments, at the caller's level.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Source:  WDK reference "ExNotifyCallback function (wdm.h)"; test ex_callback.calls_in_order_of_registration
 */
void ExNotifyCallback(PVOID callback, PVOID argument1, PVOID argument2)
{
    struct registration *place = NULL;
    IRQL_MAX(DISPATCH_LEVEL);
    while ((place = advance(callback, place)) != NULL)
        place->function(place->context, argument1, argument2);
}
