/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first stack of a thread: as if it had been in x86_context_switch, called from
 * x86_thread_entry's place. Above it stands the area for its floating-point state.
 */
#include "x86_64/x86.h"

_Static_assert(offsetof(struct arch_context, stack_pointer) == X86_CONTEXT_STACK_POINTER, "");
_Static_assert(offsetof(struct arch_context, thread) == X86_CONTEXT_THREAD, "");
_Static_assert(offsetof(struct arch_context, stack_top) == X86_CONTEXT_STACK_TOP, "");

/* What x86_context_switch has pushed, lowest address first, and what called it. */
struct first_frame {
    uint64_t registers[X86_SWITCH_REGISTERS];
    uint64_t return_address; /* x86_thread_entry */
    uint64_t no_caller;      /* its return address: ends a back-trace */
    uint64_t home[4];
    uint64_t align;
};
_Static_assert(offsetof(struct first_frame, home) % 16 == 0, "x86_thread_entry calls from there");

void x86_thread_entry(void);

void arch_context_init(struct arch_context *context, struct ke_thread *thread, void *stack_top)
{
    char *area = (char *)stack_top - ARCH_FLOAT_BYTES;
    CHECK((uintptr_t)area % X86_FPU_ALIGN == 0);
    struct first_frame *frame = (struct first_frame *)area - 1;
    *frame = (struct first_frame){ .return_address = (uintptr_t)x86_thread_entry };
    x86_fpu_area_init(area);
    context->fpu_area = area;
    context->fpu_saved = false;
    context->stack_pointer = (uintptr_t)frame;
    context->thread = thread;
    context->stack_top = (uintptr_t)area;
}
