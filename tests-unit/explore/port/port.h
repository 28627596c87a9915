/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to the port. */
#pragma once

#include "arch.h"
#include "explore.h"

#define PORT_LINE_LEVEL  5                             /* of every device interrupt */
#define PORT_TICK        1000000u                      /* counts of the counter in a millisecond */
#define PORT_STACK_BYTES ((size_t)6 * ARCH_PAGE_BYTES) /* what Ke takes for a stack */

struct port_cpu {
    struct ke_cpu *ke;
    struct arch_context *running;
    uint32_t ipis; /* bit n: enum arch_ipi n was sent */
};
extern struct port_cpu port_cpus[EXPLORE_ACTORS];
extern unsigned port_cpu_count;
extern bool port_real_locks;
extern bool port_no_interrupts;

void port_cpu_connect(unsigned index); /* the processor's interrupts */
void port_context_make_cpu(struct arch_context *context);
_Noreturn void port_cpu_begin(void); /* scenario.c: the first code of a processor */
void port_memory_init(void);

/* clock.c, which is code under test, too: its words are shared. */
void port_clock_reset(void);
void port_clock_actor(void *ticks);
void port_clock_interrupt(void *unused);
