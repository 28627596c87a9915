/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The I/O APICs: interrupt lines to vectors of one processor. All lines are masked until somebody connects them.
 *
 * A connected line has a vector of its own. Vectors are given out so that neighbours stand at different levels: the level
 * is the vector's upper four bits. Registers are behind an index register, so every access is under ioapic_lock, a leaf
 * that is taken with interrupts off. vector_line is read by interrupt handlers without it.
 *
 * Source: Intel 82093AA I/O APIC datasheet, 3.0; ACPI 6.5, 5.2.12.3 and 5.2.12.5
 */
#include "x86_64/ioapic.h"

#include <nt/ntstatus.h>

#include "base/atomic.h"
#include "base/log.h"
#include "x86_64/x86.h"

#define REG_SELECT    0x00
#define REG_WINDOW    0x10
#define REG_BYTES     0x20
#define INDEX_VERSION 0x01
#define INDEX_LINES   0x10 /* two registers each */

#define VECTORS       (X86_VECTOR_DEVICE_LAST - X86_VECTOR_DEVICE_FIRST + 1)
#define LEVELS        (VECTORS / 16)
#define ISA_LINES     16
#define OWN_LINES     4

static struct {
    volatile uint8_t *registers;
    uint32_t gsi_base;
    uint32_t lines;
} ioapics[ARRAY_COUNT(x86_madt.ioapic)]; /* [i] after x86_ioapic_init */
static size_t ioapic_count;              /* [i] */

static uint32_t ioapic_lock;
static uint32_t vector_line[VECTORS]; /* [a] gsi + 1; 0: free. Written under ioapic_lock. */
static uint32_t next_vector;          /* ioapic_lock: how many have been given out */

static struct x86_own_line own_lines[OWN_LINES]; /* [i] up to own_count */
static uint32_t own_count;                       /* [a] written by the boot's thread only */

static bool lock(void)
{
    bool interrupts = arch_interrupts_disable();
    while (atomic_exchange_acquire(&ioapic_lock, 1) != 0)
        arch_cpu_pause();
    return interrupts;
}

static void unlock(bool interrupts)
{
    atomic_store_release(&ioapic_lock, 0);
    arch_interrupts_restore(interrupts);
}

static volatile uint32_t *reg(size_t ioapic, uint32_t offset)
{
    return (volatile uint32_t *)(ioapics[ioapic].registers + offset);
}

static uint32_t read(size_t ioapic, uint32_t index)
{
    *reg(ioapic, REG_SELECT) = index;
    return *reg(ioapic, REG_WINDOW);
}

static void write(size_t ioapic, uint32_t index, uint32_t value)
{
    *reg(ioapic, REG_SELECT) = index;
    *reg(ioapic, REG_WINDOW) = value;
}

/* Whose line it is and the index of its entry; false: nobody's. */
static bool find(uint32_t gsi, size_t *ioapic, uint32_t *index)
{
    for (size_t i = 0; i < ioapic_count; i++) {
        if (gsi < ioapics[i].gsi_base || gsi - ioapics[i].gsi_base >= ioapics[i].lines)
            continue;
        *ioapic = i;
        *index = INDEX_LINES + 2 * (gsi - ioapics[i].gsi_base);
        return true;
    }
    return false;
}

static void init_one(uint64_t physical, uint32_t gsi_base)
{
    size_t i = ioapic_count;
    ioapics[i].registers = x86_map_device(physical, REG_BYTES);
    if (ioapics[i].registers == NULL) {
        log_event(LOG_ERROR, "x86", "ioapic_not_mapped address=%#llx",
                  (unsigned long long)physical);
        return;
    }
    ioapics[i].gsi_base = gsi_base;
    ioapics[i].lines = (read(i, INDEX_VERSION) >> 16 & 0xff) + 1;
    ioapic_count++;
    for (uint32_t line = 0; line < ioapics[i].lines; line++)
        write(i, INDEX_LINES + 2 * line, IOAPIC_MASKED);
}

void x86_ioapic_init(void)
{
    for (size_t i = 0; i < x86_madt.ioapic_count; i++)
        init_one(x86_madt.ioapic[i].address, x86_madt.ioapic[i].gsi_base);
}

uint32_t x86_ioapic_line_count(void)
{
    uint32_t lines = 0;
    for (size_t i = 0; i < ioapic_count; i++)
        lines += ioapics[i].lines;
    return lines;
}

uint32_t x86_ioapic_isa_gsi(uint8_t irq)
{
    CHECK(irq < ISA_LINES);
    return x86_madt.isa[irq].gsi;
}

/* Lines that no ISA device has are PCI's: level, active low. */
void x86_ioapic_line_mode(uint32_t gsi, bool *level, bool *active_low)
{
    *level = true;
    *active_low = true;
    for (uint8_t irq = 0; irq < ISA_LINES; irq++) {
        if (x86_madt.isa[irq].gsi != gsi)
            continue;
        *level = x86_madt.isa[irq].level;
        *active_low = x86_madt.isa[irq].active_low;
        if (irq != gsi)
            return; /* an override is firmer than the default of the line that it displaced */
    }
}

/* --- Vectors -------------------------------------------------------------------------------- */

/* The n-th to be given out: first one of each level, then the next of each. */
static uint32_t nth_slot(uint32_t n)
{
    return n % LEVELS * 16 + n / LEVELS % 16;
}

/* The slot that `gsi` has, or a free one that it gets; VECTORS: none is left. Under ioapic_lock. */
static uint32_t take_slot(uint32_t gsi)
{
    for (uint32_t slot = 0; slot < VECTORS; slot++) {
        if (vector_line[slot] == gsi + 1)
            return slot;
    }
    for (uint32_t i = 0; i < VECTORS; i++) {
        uint32_t slot = nth_slot(next_vector++);
        if (vector_line[slot] == 0) {
            atomic_store_release(&vector_line[slot], gsi + 1);
            return slot;
        }
    }
    return VECTORS;
}

bool x86_ioapic_vector_gsi(uint8_t vector, uint32_t *gsi)
{
    if (vector < X86_VECTOR_DEVICE_FIRST || vector > X86_VECTOR_DEVICE_LAST)
        return false;
    uint32_t line = atomic_load_acquire(&vector_line[vector - X86_VECTOR_DEVICE_FIRST]);
    *gsi = line - 1;
    return line != 0;
}

uint32_t x86_ioapic_entry(uint32_t gsi)
{
    size_t ioapic;
    uint32_t index;
    if (!find(gsi, &ioapic, &index))
        return IOAPIC_NO_ENTRY;
    bool interrupts = lock();
    uint32_t entry = read(ioapic, index);
    unlock(interrupts);
    return entry;
}

/* --- Lines ---------------------------------------------------------------------------------- */

static bool is_processor(uint32_t cpu_index)
{
    return cpu_index == ARCH_CPU_NONE || (cpu_index < ARCH_MAX_CPUS && x86_cpus[cpu_index] != NULL);
}

/* The destination is written while the line is masked; without one it stays so. */
static NTSTATUS connect(const struct x86_own_line *line, uint32_t cpu_index, KIRQL *vector_irql)
{
    size_t ioapic;
    uint32_t index;
    if (!is_processor(cpu_index) || !find(line->gsi, &ioapic, &index))
        return STATUS_INVALID_PARAMETER;
    bool interrupts = lock();
    uint32_t slot = take_slot(line->gsi);
    if (slot != VECTORS) {
        uint32_t mode = X86_VECTOR_DEVICE_FIRST + slot;
        mode |= line->level ? IOAPIC_LEVEL : 0;
        mode |= line->active_low ? IOAPIC_ACTIVE_LOW : 0;
        write(ioapic, index, mode | IOAPIC_MASKED);
        if (cpu_index != ARCH_CPU_NONE) {
            write(ioapic, index + 1, x86_cpus[cpu_index]->apic_id << 24);
            write(ioapic, index, mode);
        }
        *vector_irql = (KIRQL)((X86_VECTOR_DEVICE_FIRST + slot) >> 4);
    }
    unlock(interrupts);
    return slot != VECTORS ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static const struct x86_own_line *own_line(uint32_t gsi)
{
    uint32_t count = atomic_load_acquire(&own_count);
    for (uint32_t i = 0; i < count; i++) {
        if (own_lines[i].gsi == gsi)
            return &own_lines[i];
    }
    return NULL;
}

MUST_CHECK NTSTATUS arch_interrupt_connect(uint32_t gsi, uint32_t cpu_index, KIRQL *vector_irql)
{
    struct x86_own_line line = { .gsi = gsi };
    if (own_line(gsi) != NULL)
        return STATUS_SHARING_VIOLATION;
    x86_ioapic_line_mode(gsi, &line.level, &line.active_low);
    return connect(&line, cpu_index, vector_irql);
}

void arch_interrupt_disconnect(uint32_t gsi)
{
    size_t ioapic;
    uint32_t index;
    if (!find(gsi, &ioapic, &index))
        return;
    bool interrupts = lock();
    write(ioapic, index, IOAPIC_MASKED);
    for (uint32_t slot = 0; slot < VECTORS; slot++) {
        if (vector_line[slot] == gsi + 1)
            atomic_store_release(&vector_line[slot], 0);
    }
    unlock(interrupts);
}

/* --- The port's own ------------------------------------------------------------------------- */

MUST_CHECK NTSTATUS x86_ioapic_connect_own(const struct x86_own_line *line)
{
    KIRQL irql;
    uint32_t count = own_count;
    if (count == OWN_LINES)
        return STATUS_INSUFFICIENT_RESOURCES;
    own_lines[count] = *line;
    atomic_store_release(&own_count, count + 1);
    NTSTATUS status = connect(line, x86_self()->index, &irql);
    if (!NT_SUCCESS(status))
        atomic_store_release(&own_count, count);
    return status;
}

bool x86_ioapic_run_own(uint32_t gsi)
{
    const struct x86_own_line *line = own_line(gsi);
    if (line != NULL)
        line->handler();
    return line != NULL;
}
