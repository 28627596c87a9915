/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Power by ACPI's fixed hardware: ACPI mode, soft off, reset, the power button, and the end of a run under an emulator.
 *
 * Source: ACPI 6.5, 4.8.3 (fixed hardware registers), 5.2.9 (FADT), 7.4.2.6 (soft off), 4.8.4.6 (reset register)
 */
#include <nt/ntstatus.h>

#include "base/atomic.h"
#include "base/log.h"
#include "x86_64/ioapic.h"
#include "x86_64/uart.h"
#include "x86_64/x86.h"

#define CONTROL_SCI_ENABLE   0x0001u
#define CONTROL_SLEEP_SHIFT  10
#define CONTROL_SLEEP_MASK   (7u << CONTROL_SLEEP_SHIFT)
#define CONTROL_SLEEP_ENABLE (1u << 13)
#define EVENT_POWER_BUTTON   (1u << 8)

#define ENABLE_TRIES         30000 /* of 100 us: firmware may take seconds */
#define TABLE_HEADER         36    /* its second word is the length of all: ACPI 6.5, 5.2.6 */
#define SETTLE_US            100000
#define DEBUG_EXIT           0xf4
#define KEYBOARD_STATUS      0x64
#define KEYBOARD_FULL        0x02
#define KEYBOARD_RESET       0xfe
#define KEYBOARD_TRIES       1000
#define PCI_RESET            0xcf9

static bool has_s5;                  /* [i] after x86_power_init */
static uint8_t s5_type_a, s5_type_b; /* [i] */
static void (*button_pressed)(void); /* [i] once the SCI is connected */

/* --- ACPI mode ------------------------------------------------------------------------------ */

static bool acpi_mode(void)
{
    return x86_in16((uint16_t)x86_fadt.pm1a_control) & CONTROL_SCI_ENABLE;
}

static void enable_acpi_mode(void)
{
    if (x86_fadt.pm1a_control == 0 || acpi_mode())
        return;
    if (x86_fadt.smi_command != 0 && x86_fadt.acpi_enable != 0)
        x86_out8((uint16_t)x86_fadt.smi_command, x86_fadt.acpi_enable);
    for (int i = 0; i < ENABLE_TRIES && !acpi_mode(); i++)
        arch_stall(100);
    if (!acpi_mode())
        log_event(LOG_WARNING, "x86", "acpi_mode_refused");
}

static void find_s5(void)
{
    const uint32_t *header = x86_fadt.dsdt != 0 ? x86_acpi.map(x86_fadt.dsdt, TABLE_HEADER) : NULL;
    uint32_t bytes = header != NULL ? header[1] : 0;
    const void *dsdt = bytes >= TABLE_HEADER ? x86_acpi.map(x86_fadt.dsdt, bytes) : NULL;
    if (dsdt != NULL)
        has_s5 = NT_SUCCESS(rtl_acpi_find_s5(dsdt, bytes, &s5_type_a, &s5_type_b));
    if (!has_s5)
        log_event(LOG_WARNING, "x86", "no_soft_off");
}

void x86_power_init(void)
{
    enable_acpi_mode();
    find_s5();
}

bool x86_power_can_power_off(void)
{
    return has_s5 && x86_fadt.pm1a_control != 0;
}

/* --- The power button ----------------------------------------------------------------------- */

/* The first half of an event block is its status register, the second its enable register. */
static uint16_t enable_port(uint32_t event_block)
{
    return (uint16_t)(event_block + x86_fadt.pm1_event_bytes / 2);
}

static uint16_t take_events(uint32_t event_block)
{
    if (event_block == 0)
        return 0;
    uint16_t events = x86_in16((uint16_t)event_block) & x86_in16(enable_port(event_block));
    x86_out16((uint16_t)event_block, events); /* writing a one clears it */
    return events;
}

void x86_power_interrupt(void)
{
    uint16_t events = take_events(x86_fadt.pm1a_event) | take_events(x86_fadt.pm1b_event);
    if (events & EVENT_POWER_BUTTON)
        button_pressed();
}

/* What was latched before anybody listened is not a press; no other event is enabled. */
static void enable_button(uint32_t event_block)
{
    if (event_block == 0)
        return;
    x86_out16((uint16_t)event_block, UINT16_MAX);
    x86_out16(enable_port(event_block), EVENT_POWER_BUTTON);
}

/* The SCI is level-triggered and active low unless the MADT overrides it: ACPI 6.5, 5.2.9, SCI_INT. */
static struct x86_own_line sci_line(void)
{
    struct x86_own_line line = { .gsi = x86_fadt.sci_irq, .handler = x86_power_interrupt };
    if (x86_fadt.sci_irq < ARRAY_COUNT(x86_madt.isa))
        line.gsi = x86_ioapic_isa_gsi((uint8_t)x86_fadt.sci_irq);
    x86_ioapic_line_mode(line.gsi, &line.level, &line.active_low);
    if (!line.level) {
        line.level = true;
        line.active_low = true;
    }
    return line;
}

MUST_CHECK NTSTATUS arch_power_button_connect(void (*pressed)(void))
{
    if (!x86_fadt.fixed_power_button || x86_fadt.pm1a_event == 0 || !acpi_mode())
        return STATUS_NOT_SUPPORTED;
    struct x86_own_line line = sci_line();
    button_pressed = pressed;
    enable_button(x86_fadt.pm1a_event);
    enable_button(x86_fadt.pm1b_event);
    return x86_ioapic_connect_own(&line);
}

/* --- The end -------------------------------------------------------------------------------- */

static void sleep(uint32_t control, uint8_t type)
{
    if (control == 0)
        return;
    uint32_t value = x86_in16((uint16_t)control) & ~CONTROL_SLEEP_MASK;
    value |= (uint32_t)type << CONTROL_SLEEP_SHIFT;
    x86_out16((uint16_t)control, (uint16_t)value);
    x86_out16((uint16_t)control, (uint16_t)(value | CONTROL_SLEEP_ENABLE));
}

static void power_off(void)
{
    if (!x86_power_can_power_off())
        return;
    sleep(x86_fadt.pm1a_control, s5_type_a);
    sleep(x86_fadt.pm1b_control, s5_type_b);
    arch_stall(SETTLE_US);
}

static void keyboard_reset(void)
{
    for (int i = 0; i < KEYBOARD_TRIES && x86_in8(KEYBOARD_STATUS) & KEYBOARD_FULL; i++)
        arch_stall(10);
    x86_out8(KEYBOARD_STATUS, KEYBOARD_RESET);
}

/* An exception without an IDT, and without one for the double fault that follows. */
static void triple_fault(void)
{
    static const struct x86_table_pointer nothing = { 0, 0 };
    x86_load_idt(&nothing);
    __asm__ volatile("int3");
}

/* One way after the other; each gets time to work. */
static void reset(void)
{
    if (x86_fadt.has_reset) {
        x86_out8((uint16_t)x86_fadt.reset_port, x86_fadt.reset_value);
        arch_stall(SETTLE_US);
    }
    keyboard_reset();
    arch_stall(SETTLE_US);
    x86_out8(PCI_RESET, 0x02);
    x86_out8(PCI_RESET, 0x06);
    arch_stall(SETTLE_US);
    triple_fault();
}

_Noreturn void arch_machine_end(enum arch_end how, uint32_t status)
{
    (void)arch_interrupts_disable();
    x86_uart_drain();
    if (how == ARCH_END_POWER_OFF)
        power_off();
    else if (how == ARCH_END_RESET)
        reset();
    else
        x86_out32(DEBUG_EXIT, (status - 1) / 2); /* the emulator ends with twice that + 1 */
    arch_cpu_stop_others();
    for (;;)
        __asm__ volatile("cli; hlt");
}
