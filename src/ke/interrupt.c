/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupt lines and their handlers. */
#include <nt/ntstatus.h>

#include "base/log.h"
#include "ke/ke_impl.h"

MUST_CHECK NTSTATUS ke_interrupt_connect(uint32_t gsi, ke_interrupt_handler handler, void *argument)
{
    IRQL_IS(PASSIVE_LEVEL);
    if (gsi >= KE_INTERRUPT_LINES)
        return STATUS_INVALID_PARAMETER;
    struct ke_interrupt_line *line = &ke.lines[gsi];
    ke_interrupt_handler none = NULL;
    if (!atomic_cas(&line->handler, &none, handler))
        return STATUS_SHARING_VIOLATION;
    line->argument = argument; /* the line is masked until the next step */
    KIRQL irql;
    NTSTATUS status = arch_interrupt_connect(gsi, 0, &irql);
    if (!NT_SUCCESS(status))
        atomic_store_release(&line->handler, (ke_interrupt_handler)NULL);
    else
        log_event(LOG_INFO, "ke", "interrupt_connected gsi=%u irql=%u", gsi, irql);
    return status;
}

void ke_interrupt_disconnect(uint32_t gsi)
{
    IRQL_IS(PASSIVE_LEVEL);
    CHECK(gsi < KE_INTERRUPT_LINES);
    arch_interrupt_disconnect(gsi);
    atomic_store_release(&ke.lines[gsi].handler, (ke_interrupt_handler)NULL);
}

void ke_interrupt_run(uint32_t gsi)
{
    CHECK(gsi < KE_INTERRUPT_LINES);
    struct ke_interrupt_line *line = &ke.lines[gsi];
    ke_interrupt_handler handler = atomic_load_acquire(&line->handler);
    arch_cpu()->counters.device_interrupts++;
    if (handler == NULL || !handler(line->argument))
        log_event(LOG_WARNING, "ke", "interrupt_unclaimed gsi=%u", gsi);
}
