/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel embeds of this port: a context is a stack that the explorer can move between processors. */
#pragma once

#include "explore.h"

#define ARCH_FLOAT_BYTES 64

struct arch_context {
    struct explore_stack stack;
    struct ke_thread *thread;
    struct ke_thread *previous; /* who ran on the processor before this was entered */
    bool starts_cpu;            /* the first code is a processor's, not a thread's */
};
