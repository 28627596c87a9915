/* SPDX-License-Identifier: BSD-2-Clause */
/* The front door for interrupts: what a port reports, handed to the part of Ke that it concerns. */
#include "ke/bugcheck.h"
#include "ke/ke.h"

void trap_interrupt(struct arch_frame *frame, enum arch_interrupt kind, uint32_t detail)
{
    switch (kind) {
    case ARCH_INTERRUPT_DEVICE:
        ke_interrupt_run(detail);
        return;
    case ARCH_INTERRUPT_IPI:
        ke_ipi(detail);
        return;
    case ARCH_INTERRUPT_DISPATCH:
        ke_dispatch();
        return;
    case ARCH_INTERRUPT_APC:
        ke_apc_deliver();
        return;
    }
    ke_bugcheck_frame(frame, INVALID_SOFTWARE_INTERRUPT, (uintptr_t[4]){ kind, detail });
}

void trap_clock(struct arch_frame *frame, uint64_t ticks)
{
    (void)frame; /* whose time it is will matter to user threads */
    ke_clock_tick(ticks);
}
