/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one structure of the host port that src/ embeds. Nothing is inline: a turn of a virtual
 * processor may end at any edge of code that is compiled into src/, but not within the port.
 */
#pragma once

#include <fenv.h>

#define ARCH_FLOAT_BYTES                                                                           \
    sizeof(fenv_t) /* rounding, exceptions: all that a called function may rely on */

enum host_context_state {
    HOST_CONTEXT_NEW,     /* entered by `entry` when it is switched to */
    HOST_CONTEXT_SAVED,   /* somebody may switch to it */
    HOST_CONTEXT_RUNNING, /* on a processor */
};

/* A stack that code can be on: a thread's, the boot processor's first one, the process's own. */
struct arch_context {
    fenv_t float_control; /* of who is on it while it is left */
    void *jump[5];        /* for __builtin_longjmp: frame pointer, resume address, stack pointer */
    void (*entry)(void);
    struct ke_thread *thread;
    struct ke_thread *previous; /* who ran on the processor before this was entered */
    uintptr_t stack_bottom;     /* 0: not known yet */
    uintptr_t stack_top;
    enum host_context_state state;
};
