/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connecting to interrupts as drivers do it. Ke has the lines and the objects; here the ways of asking for them are told
 * apart, and devices are known by the lines that they were given.
 *
 * FloatingSave means nothing on x64, where interrupts save the registers that it is about
 * (WDK "IoConnectInterrupt function (wdm.h)").
 */
#include "io/io.h"

#include <nt/io_ddi.h>
#include <nt/list.h>
#include <nt/ntstatus.h>

#include "base/log.h"
#include "ke/ke.h"

static struct ke_lock assigned_lock = KE_LOCK_INIT(KE_LOCK_DEVICE_LINE);
static LIST_ENTRY assigned = { &assigned, &assigned }; /* assigned_lock */

void io_interrupt_assign(struct io_interrupt_line *line)
{
    bool interrupts = ke_lock_acquire(&assigned_lock);
    InsertTailList(&assigned, &line->link);
    ke_lock_release(&assigned_lock, interrupts);
}

void io_interrupt_revoke(struct io_interrupt_line *line)
{
    bool interrupts = ke_lock_acquire(&assigned_lock);
    RemoveEntryList(&line->link);
    ke_lock_release(&assigned_lock, interrupts);
}

/* What to connect for the device; false: it has no line. */
static bool find_line(const DEVICE_OBJECT *device, struct ke_interrupt_options *options)
{
    bool found = false;
    bool interrupts = ke_lock_acquire(&assigned_lock);
    for (LIST_ENTRY *link = assigned.Flink; link != &assigned && !found; link = link->Flink) {
        const struct io_interrupt_line *line =
            CONTAINING_RECORD(link, struct io_interrupt_line, link);
        found = line->device == device;
        if (found)
            *options = (struct ke_interrupt_options){
                .gsi = line->gsi,
                .mode = line->mode,
                .shared = line->shared,
                .affinity = line->affinity,
            };
    }
    ke_lock_release(&assigned_lock, interrupts);
    return found;
}

/* --- Connecting -------------------------------------------------------------------------------------------- */

/*
 * IRQL:    PASSIVE_LEVEL
 * Returns: STATUS_INVALID_PARAMETER (also: `irql` is not the vector's; it is connected and not shared),
 *          STATUS_INSUFFICIENT_RESOURCES
 */
NTSTATUS IoConnectInterrupt(KINTERRUPT **interrupt, PKSERVICE_ROUTINE routine, PVOID context,
                            KSPIN_LOCK *lock, ULONG vector, KIRQL irql, KIRQL synchronize_irql,
                            KINTERRUPT_MODE mode, BOOLEAN shared, KAFFINITY affinity,
                            BOOLEAN save_floating_point)
{
    (void)save_floating_point;
    if (irql <= DISPATCH_LEVEL)
        return STATUS_INVALID_PARAMETER;
    struct ke_interrupt_options options = {
        .gsi = vector,
        .irql = irql,
        .synchronize_irql = synchronize_irql,
        .mode = mode,
        .shared = shared,
        .affinity = affinity,
        .routine = routine,
        .context = context,
        .lock = lock,
    };
    return ke_interrupt_connect(&options, interrupt);
}

static NTSTATUS
connect_fully_specified(const IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS *given, USHORT group)
{
    if (given->Irql == PASSIVE_LEVEL)
        return STATUS_NOT_SUPPORTED;
    if (group != 0)
        return STATUS_INVALID_PARAMETER; /* there is one */
    return IoConnectInterrupt(given->InterruptObject, given->ServiceRoutine, given->ServiceContext,
                              given->SpinLock, given->Vector, given->Irql, given->SynchronizeIrql,
                              given->InterruptMode, given->ShareVector, given->ProcessorEnableMask,
                              given->FloatingSave);
}

static NTSTATUS connect_line_based(const IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS *given)
{
    struct ke_interrupt_options options;
    if (!find_line(given->PhysicalDeviceObject, &options))
        return STATUS_NOT_FOUND;
    options.routine = given->ServiceRoutine;
    options.context = given->ServiceContext;
    options.lock = given->SpinLock;
    options.synchronize_irql = given->SynchronizeIrql;
    return ke_interrupt_connect(&options, given->InterruptObject);
}

/* No device has messages, so it is the fall-back or nothing. On success Version says what was connected. */
static NTSTATUS connect_message_based(IO_CONNECT_INTERRUPT_PARAMETERS *parameters)
{
    const IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS *given = &parameters->MessageBased;
    if (given->FallBackServiceRoutine == NULL)
        return STATUS_NOT_FOUND;
    IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS line = {
        .PhysicalDeviceObject = given->PhysicalDeviceObject,
        .InterruptObject = given->ConnectionContext.InterruptObject,
        .ServiceRoutine = given->FallBackServiceRoutine,
        .ServiceContext = given->ServiceContext,
        .SpinLock = given->SpinLock,
        .SynchronizeIrql = given->SynchronizeIrql,
    };
    NTSTATUS status = connect_line_based(&line);
    if (NT_SUCCESS(status))
        parameters->Version = CONNECT_LINE_BASED;
    return status;
}

/*
 * IRQL:    PASSIVE_LEVEL
 * Returns: those of IoConnectInterrupt; STATUS_NOT_FOUND: the device has no such interrupt; STATUS_NOT_SUPPORTED: an
 *          unknown Version, or a handler at PASSIVE_LEVEL
 * Source:  WDK "IoConnectInterruptEx function (wdm.h)", "Using the CONNECT_MESSAGE_BASED Version of IoConnectInterruptEx"
 */
NTSTATUS IoConnectInterruptEx(IO_CONNECT_INTERRUPT_PARAMETERS *parameters)
{
    switch (parameters->Version) {
    case CONNECT_FULLY_SPECIFIED:
        return connect_fully_specified(&parameters->FullySpecified, 0);
    case CONNECT_FULLY_SPECIFIED_GROUP:
        return connect_fully_specified(&parameters->FullySpecified,
                                       parameters->FullySpecified.Group);
    case CONNECT_LINE_BASED:
        return connect_line_based(&parameters->LineBased);
    case CONNECT_MESSAGE_BASED:
        return connect_message_based(parameters);
    default:
        return STATUS_NOT_SUPPORTED;
    }
}

/* --- Afterwards --------------------------------------------------------------------------------------------- */

/* When it returns the handler does not run and will not. IRQL: PASSIVE_LEVEL */
void IoDisconnectInterrupt(KINTERRUPT *interrupt)
{
    ke_interrupt_disconnect(interrupt);
}

/* What was connected, by the Version that IoConnectInterruptEx left; NULL: messages, of which there are none. */
static KINTERRUPT *object_of(ULONG version, KINTERRUPT *interrupt, const char *caller)
{
    if (version == CONNECT_FULLY_SPECIFIED || version == CONNECT_FULLY_SPECIFIED_GROUP ||
        version == CONNECT_LINE_BASED)
        return interrupt;
    log_event(LOG_ERROR, "io", "nothing_connected by=%s version=%u", caller, version);
    return NULL;
}

void IoDisconnectInterruptEx(IO_DISCONNECT_INTERRUPT_PARAMETERS *parameters)
{
    KINTERRUPT *interrupt =
        object_of(parameters->Version, parameters->ConnectionContext.InterruptObject, "disconnect");
    if (interrupt != NULL)
        ke_interrupt_disconnect(interrupt);
}

/* The device may interrupt again. IRQL: <= DISPATCH_LEVEL */
void IoReportInterruptActive(IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS *parameters)
{
    KINTERRUPT *interrupt =
        object_of(parameters->Version, parameters->ConnectionContext.InterruptObject, "active");
    if (interrupt != NULL)
        ke_interrupt_set_active(interrupt, true);
}

/* The device will not interrupt: its handler is not asked. IRQL: <= DISPATCH_LEVEL */
void IoReportInterruptInactive(IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS *parameters)
{
    KINTERRUPT *interrupt =
        object_of(parameters->Version, parameters->ConnectionContext.InterruptObject, "inactive");
    if (interrupt != NULL)
        ke_interrupt_set_active(interrupt, false);
}
