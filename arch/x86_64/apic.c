/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The local APIC of each processor, by its memory-mapped registers, and the two 8259 that it replaces.
 *
 * All processors see theirs at the same physical address, so one mapping serves all. Where firmware left x2APIC mode
 * on, it is switched back: the way leads through the disabled state (Intel SDM vol. 3, 11.12.5).
 *
 * Sending takes two writes, so interrupts are off between them; an interrupt that sends from its handler finds the
 * command register idle or waits for it.
 */
#include "x86_64/apic.h"

#include "base/atomic.h"
#include "base/log.h"
#include "x86_64/x86.h"

#define MSR_APIC_BASE  0x1b
#define BASE_X2APIC    0x400u
#define BASE_ENABLE    0x800u
#define BASE_ADDRESS   0x000ffffffffff000u
#define CPUID_APIC     (1u << 9)
#define REGISTER_BYTES 0x400
#define LARGEST_ID     0xfe /* 0xff means all */
#define SEND_TRIES     1000000u

static volatile uint32_t *registers; /* [i] after x86_apic_init */

uint32_t x86_apic_read(uint32_t offset)
{
    return registers != NULL ? registers[offset / 4] : 0;
}

void x86_apic_write(uint32_t offset, uint32_t value)
{
    if (registers != NULL)
        registers[offset / 4] = value;
}

/* --- The 8259 ------------------------------------------------------------------------------- */

#define PIC1_COMMAND 0x20
#define PIC1_DATA    0x21
#define PIC2_COMMAND 0xa0
#define PIC2_DATA    0xa1

/*
 * Vectors 0xf0 to 0xff, all lines masked: after reset they mean exceptions, and a masked 8259 can still report a
 * spurious interrupt. Source: Intel 8259A datasheet, "Initialization command words".
 */
static void retire_8259(void)
{
    static const struct {
        uint16_t port;
        uint8_t value;
    } steps[] = {
        { PIC1_COMMAND, 0x11 }, { PIC2_COMMAND, 0x11 }, /* ICW1: edge, cascaded, ICW4 follows */
        { PIC1_DATA, 0xf0 },    { PIC2_DATA, 0xf8 },    /* ICW2: vectors */
        { PIC1_DATA, 0x04 },    { PIC2_DATA, 0x02 }, /* ICW3: the second on line 2 of the first */
        { PIC1_DATA, 0x01 },    { PIC2_DATA, 0x01 }, /* ICW4: 8086 mode */
        { PIC1_DATA, 0xff },    { PIC2_DATA, 0xff }, /* OCW1: all masked */
    };
    for (size_t i = 0; i < ARRAY_COUNT(steps); i++)
        x86_out8(steps[i].port, steps[i].value);
}

/* --- Set-up --------------------------------------------------------------------------------- */

/* This processor's APIC on, in xAPIC mode. */
static void enable(void)
{
    uint64_t base = x86_read_msr(MSR_APIC_BASE);
    if (base & BASE_X2APIC)
        x86_write_msr(MSR_APIC_BASE, base & ~(uint64_t)(BASE_X2APIC | BASE_ENABLE));
    x86_write_msr(MSR_APIC_BASE, (base & ~(uint64_t)BASE_X2APIC) | BASE_ENABLE);
}

const char *x86_apic_init(void)
{
    if (!(x86_cpuid(1, 0).d & CPUID_APIC))
        return "this processor has no local APIC";
    uint64_t physical = x86_read_msr(MSR_APIC_BASE) & BASE_ADDRESS;
    if (physical != x86_madt.local_apic)
        log_event(LOG_WARNING, "x86", "apic_base processor=%#llx madt=%#llx",
                  (unsigned long long)physical, (unsigned long long)x86_madt.local_apic);
    enable();
    registers = x86_map_device(physical, REGISTER_BYTES);
    if (registers == NULL)
        return "too little memory to map the local APIC";
    if (x86_madt.has_8259)
        retire_8259();
    return NULL;
}

uint32_t x86_apic_read_id(void)
{
    return x86_apic_read(APIC_ID) >> 24;
}

/* What the MADT says about NMIs at the pins of this processor; any other pin stays masked. */
static void program_lint(uint32_t offset, uint8_t lint)
{
    uint32_t uid = x86_self()->acpi_uid;
    uint32_t entry = APIC_LVT_MASKED;
    for (size_t i = 0; i < x86_madt.nmi_count; i++) {
        bool here = x86_madt.nmi[i].all || x86_madt.nmi[i].acpi_uid == uid;
        if (here && x86_madt.nmi[i].lint == lint)
            entry = APIC_LVT_NMI | (x86_madt.nmi[i].active_low ? APIC_LVT_ACTIVE_LOW : 0);
    }
    x86_apic_write(offset, entry);
}

/* Entries of the local vector table that this kernel has no use for; older parts have fewer of them. */
static void mask_rest(void)
{
    uint32_t last_entry = x86_apic_read(APIC_VERSION) >> 16 & 0xff;
    x86_apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED);
    x86_apic_write(APIC_LVT_ERROR, APIC_LVT_MASKED);
    if (last_entry >= 4)
        x86_apic_write(APIC_LVT_COUNTERS, APIC_LVT_MASKED);
    if (last_entry >= 5)
        x86_apic_write(APIC_LVT_THERMAL, APIC_LVT_MASKED);
    if (last_entry >= 6)
        x86_apic_write(APIC_LVT_CMCI, APIC_LVT_MASKED);
}

/* Entries of the table can be unmasked only once the APIC is enabled: Intel SDM vol. 3, 11.4.7.2. */
void x86_apic_init_cpu(void)
{
    enable();
    x86_self()->apic_id = x86_apic_read_id();
    x86_apic_write(APIC_SPURIOUS, APIC_SOFTWARE_ENABLE | X86_VECTOR_SPURIOUS);
    mask_rest();
    program_lint(APIC_LVT_LINT0, 0);
    program_lint(APIC_LVT_LINT1, 1);
    x86_apic_write(APIC_ESR, 0); /* a write makes the errors since the last one readable */
    x86_apic_write(APIC_ESR, 0);
}

/* --- Sending -------------------------------------------------------------------------------- */

void x86_apic_eoi(void)
{
    x86_apic_write(APIC_EOI, 0);
}

/* A command that never leaves is a broken machine: it is overwritten rather than waited for without end. */
static void wait_sent(void)
{
    for (uint32_t i = 0; i < SEND_TRIES && x86_apic_read(APIC_ICR_LOW) & APIC_ICR_PENDING; i++)
        arch_cpu_pause();
}

void x86_apic_send(uint32_t apic_id, uint32_t icr_low)
{
    CHECK(apic_id <= LARGEST_ID);
    bool interrupts = arch_interrupts_disable();
    wait_sent();
    x86_apic_write(APIC_ICR_HIGH, apic_id << 24);
    x86_apic_write(APIC_ICR_LOW, icr_low);
    arch_interrupts_restore(interrupts);
}

/* With a shorthand the destination does not matter: one write. */
static void send_shorthand(uint32_t icr_low)
{
    bool interrupts = arch_interrupts_disable();
    wait_sent();
    x86_apic_write(APIC_ICR_LOW, icr_low);
    arch_interrupts_restore(interrupts);
}

void x86_apic_send_self(uint8_t vector)
{
    send_shorthand(APIC_ICR_SELF | APIC_ICR_ASSERT | APIC_ICR_FIXED | vector);
}

void x86_apic_send_others(uint32_t icr_low)
{
    send_shorthand(APIC_ICR_OTHERS | APIC_ICR_ASSERT | icr_low);
}

void arch_ipi_send(uint32_t cpu_index, enum arch_ipi reason)
{
    uint32_t vector = reason == ARCH_IPI_CALL ? X86_VECTOR_IPI_CALL : X86_VECTOR_IPI_RESCHEDULE;
    CHECK(cpu_index < ARCH_MAX_CPUS && x86_cpus[cpu_index] != NULL);
    x86_apic_send(x86_cpus[cpu_index]->apic_id, APIC_ICR_ASSERT | APIC_ICR_FIXED | vector);
}
