/* SPDX-License-Identifier: BSD-2-Clause */
/* The I/O manager as the rest of src/ sees it. What drivers call is declared in <nt/io_ddi.h>. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <nt/io.h>

#include "base/check.h"

/*
 * An interrupt line that a device has; the memory is that of whoever enumerates the device, and linked until it is revoked.
 * CONNECT_LINE_BASED connects to the one that was assigned first.
 */
struct io_interrupt_line {
    LIST_ENTRY link;
    DEVICE_OBJECT *device; /* the physical device object */
    uint32_t gsi;
    KINTERRUPT_MODE mode;
    bool shared;
    KAFFINITY affinity;
};
void io_interrupt_assign(struct io_interrupt_line *line); /* IRQL: any */
void io_interrupt_revoke(struct io_interrupt_line *line);
