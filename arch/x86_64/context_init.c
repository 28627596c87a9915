/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first stack of a thread: as if it had been in arch_context_switch, called from
 * x86_thread_entry's place.
 */
#include "x86_64/x86.h"

#define MXCSR_DEFAULT 0x1f80
#define FCW_DEFAULT   0x27f

_Static_assert(offsetof(struct arch_context, stack_pointer) == X86_CONTEXT_STACK_POINTER, "");
_Static_assert(offsetof(struct arch_context, thread) == X86_CONTEXT_THREAD, "");
_Static_assert(offsetof(struct arch_context, stack_top) == X86_CONTEXT_STACK_TOP, "");

/* What arch_context_switch has pushed, lowest address first, and what called it. */
struct first_frame {
    uint8_t xmm[X86_SWITCH_MXCSR];
    uint32_t mxcsr;
    uint16_t x87;
    uint16_t pad;
    uint64_t registers[X86_SWITCH_REGISTERS];
    uint64_t return_address; /* x86_thread_entry */
    uint64_t no_caller;      /* its return address: ends a back-trace */
    uint64_t home[4];
    uint64_t align;
};
_Static_assert(offsetof(struct first_frame, x87) == X86_SWITCH_X87, "context.S");
_Static_assert(offsetof(struct first_frame, registers) == X86_SWITCH_BYTES, "context.S");
_Static_assert(sizeof(struct first_frame) % 16 == 0, "XMM registers are saved aligned");

void x86_thread_entry(void);

void arch_context_init(struct arch_context *context, struct ke_thread *thread, void *stack_top)
{
    struct first_frame *frame = (struct first_frame *)stack_top - 1;
    *frame = (struct first_frame){
        .mxcsr = MXCSR_DEFAULT,
        .x87 = FCW_DEFAULT,
        .return_address = (uintptr_t)x86_thread_entry,
    };
    context->stack_pointer = (uintptr_t)frame;
    context->thread = thread;
    context->stack_top = (uintptr_t)stack_top;
}
