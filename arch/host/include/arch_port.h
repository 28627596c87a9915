/* SPDX-License-Identifier: BSD-2-Clause */
/* What the host port gives inline, and the one structure of it that src/ embeds. Included by arch.h only. */
#pragma once

enum host_context_state {
    HOST_CONTEXT_NEW,     /* entered by `entry` when it is switched to */
    HOST_CONTEXT_SAVED,   /* somebody may switch to it */
    HOST_CONTEXT_RUNNING, /* on a processor */
};

/* A stack that code can be on: a thread's, the boot processor's first one, the process's own. */
struct arch_context {
    void *jump[5]; /* for __builtin_longjmp: frame pointer, resume address, stack pointer */
    void (*entry)(void);
    struct ke_thread *thread;
    struct ke_thread *previous; /* who ran on the processor before this was entered */
    uintptr_t stack_bottom;     /* 0: not known yet */
    uintptr_t stack_top;
    enum host_context_state state;
};

/* A virtual processor. Only the thread that is on it and whoever sends it something touch this. */
struct host_cpu {
    struct ke_cpu *ke;
    struct arch_context *running;
    KIRQL irql;
    bool interrupts; /* enabled */
    bool started;
    bool halted;  /* in arch_cpu_halt */
    bool stopped; /* for good, by a bugcheck */
    bool clock_on;
    uint32_t index;

    /* What waits for delivery. */
    uint32_t pending_ipis;    /* bit n: enum arch_ipi n */
    uint32_t pending_lines;   /* bit n: the line with gsi n */
    uint8_t pending_software; /* bit n: level n */
    bool pending_clock;
    uint64_t last_tick; /* the millisecond that trap_clock was told last */
};

extern struct host_cpu *host_this; /* the virtual processor that the process's thread plays now */

void host_pause(void);
void host_interrupts_enable(void);
void host_point(void);
uint64_t host_counter(void);

static inline struct ke_cpu *arch_cpu(void)
{
    return host_this->ke;
}

static inline struct ke_thread *arch_thread(void)
{
    return host_this->running->thread;
}

static inline KIRQL arch_irql(void)
{
    return host_this->irql;
}

static inline void arch_cpu_pause(void)
{
    host_pause();
}

static inline bool arch_interrupts_enabled(void)
{
    return host_this->interrupts;
}

static inline bool arch_interrupts_disable(void)
{
    bool were_enabled;

    host_point();
    were_enabled = host_this->interrupts;
    host_this->interrupts = false;
    return were_enabled;
}

static inline void arch_interrupts_restore(bool were_enabled)
{
    if (were_enabled)
        host_interrupts_enable();
}

static inline uint64_t arch_counter(void)
{
    return host_counter();
}
