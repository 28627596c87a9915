/* SPDX-License-Identifier: BSD-2-Clause */
/* What the port's own drivers (UART, SCI) and frame.c need of the I/O APICs beyond x86.h. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "x86_64/x86.h"

/* A line that the port itself handles; Ke never hears of it. */
struct x86_own_line {
    uint32_t gsi;
    bool level;
    bool active_low;
    void (*handler)(void);
};
/* Connect it to the processor that calls. Statuses of arch_interrupt_connect. */
MUST_CHECK NTSTATUS x86_ioapic_connect_own(const struct x86_own_line *line);
/* Run the port's own handler of `gsi`; false: it has none, the line is Ke's. */
bool x86_ioapic_run_own(uint32_t gsi);
/* How a line is triggered, as the MADT says, or by the default of its bus. */
void x86_ioapic_line_mode(uint32_t gsi, bool *level, bool *active_low);
/* The low half of the redirection entry of `gsi`; all ones: no such line. */
uint32_t x86_ioapic_entry(uint32_t gsi);
uint32_t x86_ioapic_line_count(void); /* of all I/O APICs */

#define IOAPIC_MASKED     0x10000u
#define IOAPIC_LEVEL      0x8000u
#define IOAPIC_ACTIVE_LOW 0x2000u
#define IOAPIC_NO_ENTRY   0xffffffffu
