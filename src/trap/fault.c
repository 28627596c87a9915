/* SPDX-License-Identifier: BSD-2-Clause */
/* The front door for faults. All of them are the kernel's own: each ends in the bugcheck that NT documents for it. */
#include "base/log.h"
#include "ke/bugcheck.h"
#include "ke/ke.h"
#include "mm/mm.h"

enum access {
    ACCESS_READ = 0,
    ACCESS_WRITE = 1,
    ACCESS_EXECUTE = 8
}; /* as bugchecks 0xA and 0x50 number it */

static uintptr_t access_of(const struct arch_fault *fault)
{
    if (fault->execute)
        return ACCESS_EXECUTE;
    return fault->write ? ACCESS_WRITE : ACCESS_READ;
}

static _Noreturn void page_fault(struct arch_frame *frame, const struct arch_fault *fault)
{
    KIRQL irql = arch_irql();
    if (irql >= DISPATCH_LEVEL)
        ke_bugcheck_frame(frame, IRQL_NOT_LESS_OR_EQUAL,
                          (uintptr_t[4]){ fault->address, irql, access_of(fault), fault->pc });
    ke_bugcheck_frame(frame, PAGE_FAULT_IN_NONPAGED_AREA,
                      (uintptr_t[4]){ fault->address, access_of(fault), fault->pc, 0 });
}

static _Noreturn void double_fault(struct arch_frame *frame, const struct arch_fault *fault)
{
    if (mm_is_stack_guard(fault->address))
        log_event(LOG_FATAL, "trap", "stack_overflow guard=%p pc=%p", (void *)fault->address,
                  (void *)fault->pc);
    ke_bugcheck_frame(frame, UNEXPECTED_KERNEL_MODE_TRAP,
                      (uintptr_t[4]){ fault->number, fault->address, fault->pc, 0 });
}

void trap_fault(struct arch_frame *frame, const struct arch_fault *fault)
{
    switch (fault->kind) {
    case ARCH_FAULT_PAGE:
        page_fault(frame, fault);
    case ARCH_FAULT_DOUBLE:
        double_fault(frame, fault);
    case ARCH_FAULT_MACHINE_CHECK:
        ke_bugcheck_frame(frame, MACHINE_CHECK_EXCEPTION, (uintptr_t[4]){ 0 });
    case ARCH_FAULT_NMI:
        ke_bugcheck_frame(frame, NMI_HARDWARE_FAILURE, (uintptr_t[4]){ 0 });
    case ARCH_FAULT_EXCEPTION:
        break;
    }
    ke_bugcheck_frame(
        frame, KMODE_EXCEPTION_NOT_HANDLED,
        (uintptr_t[4]){ (uintptr_t)(intptr_t)fault->code, fault->pc, fault->address, 0 });
}
