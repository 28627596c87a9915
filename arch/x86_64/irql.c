/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The level of this processor and the interrupts that software asks for.
 *
 * CR8 is the level: drivers may read and write it inline, and the local APIC keeps back interrupts of its level and
 * below. Writing it is dear (on the reference machine the emulator takes a global lock), so we read the copy in the KPCR,
 * and a write that changes nothing is left out. Lowering has nothing to look at: what was asked for meanwhile is pending
 * in the APIC, which is also why requests are interrupts to oneself: a driver's bare write of CR8 lets them in, too.
 *
 * Copy, register and its shadow belong to one processor, so interrupts are off while they change: below DISPATCH_LEVEL an
 * interrupt could move the thread to another processor between two of the steps.
 */
#include "x86_64/x86.h"

#include <nt/irql.h>

void arch_irql_set(KIRQL irql)
{
    CHECK(irql <= HIGH_LEVEL);
    bool interrupts = arch_interrupts_disable();
    struct x86_cpu *self = x86_self();
    self->pcr.Irql = irql;
    if (self->cr8 != irql) {
        self->cr8 = irql;
        self->cr8_writes++;
        x86_write_cr8(irql);
        x86_counts[self->index].level_writes++;
    }
    arch_interrupts_restore(interrupts);
}

/* It stays pending until its handler starts, so asking twice sends once. */
void arch_software_interrupt(KIRQL level)
{
    CHECK(level == APC_LEVEL || level == DISPATCH_LEVEL);
    bool interrupts = arch_interrupts_disable();
    struct x86_cpu *self = x86_self();
    uint8_t bit = (uint8_t)(1u << level);
    if (!(self->software_pending & bit)) {
        self->software_pending |= bit;
        x86_counts[self->index].self_interrupts++;
        x86_apic_send_self(level == APC_LEVEL ? X86_VECTOR_APC : X86_VECTOR_DISPATCH);
    }
    arch_interrupts_restore(interrupts);
}

/* STI lets interrupts in after the instruction behind it (Intel SDM vol. 2B, STI): none is lost before HLT. */
void arch_cpu_halt(void)
{
    __asm__ volatile("sti; hlt" : : : "memory");
}
