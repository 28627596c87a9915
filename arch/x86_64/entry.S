/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one way in for all traps: 256 stubs of 16 bytes, one common part that saves NT's KTRAP_FRAME
 * and calls x86_trap.
 *
 * The unwind data of each part says how the frame stands on the stack, so a back-trace walks
 * through a trap into the function that it interrupted. Nothing here turns interrupts on; on the
 * way out the only step whose stack differs, IRETQ, is a function of its own.
 *
 * A trap from user mode must swap GS. NMI, #DB, #DF and #MC can come between the first instruction
 * of another trap's entry and its SWAPGS, when CS says kernel and GS is still the user's: these
 * look at the sign of the GS base. That is sound while user code cannot write GS itself, so
 * CR4.FSGSBASE stays off.
 */
#include "x86_64/layout.h"

    .text

/* Vectors for which the processor pushes an error code: Intel SDM vol. 3, table 6-1. */
.macro STUB vector
    .p2align 4
    .seh_proc stub_\vector
stub_\vector:
    .if \vector == 8 || (\vector >= 10 && \vector <= 14) || \vector == 17 || \vector == 21 || \vector == 29 || \vector == 30
    .seh_pushframe @code
    .else
    .seh_pushframe
    pushq $0
    .seh_stackalloc 8
    .endif
    pushq %rbp
    .seh_pushreg %rbp
    .seh_endprologue
    movl $\vector, %ebp
    .if \vector == 1 || \vector == 2 || \vector == 8 || \vector == 18
    jmp entry_any_gs
    .else
    jmp entry
    .endif
    .seh_endproc
.endm

/* What is on the stack: the machine frame with an error code, rbp. */
.macro ENTRY_UNWIND
    .seh_pushframe @code
    .seh_pushreg %rbp
.endm

.macro SAVE_FRAME
    subq $X86_FRAME_RBP, %rsp
    .seh_stackalloc X86_FRAME_RBP
    movq %rbx, X86_FRAME_RBX(%rsp)
    .seh_savereg %rbx, X86_FRAME_RBX
    movq %rdi, X86_FRAME_RDI(%rsp)
    .seh_savereg %rdi, X86_FRAME_RDI
    movq %rsi, X86_FRAME_RSI(%rsp)
    .seh_savereg %rsi, X86_FRAME_RSI
    .seh_endprologue
    cld
    movq %rax, X86_FRAME_RAX(%rsp)
    movq %rcx, X86_FRAME_RCX(%rsp)
    movq %rdx, X86_FRAME_RDX(%rsp)
    movq %r8, X86_FRAME_R8(%rsp)
    movq %r9, X86_FRAME_R9(%rsp)
    movq %r10, X86_FRAME_R10(%rsp)
    movq %r11, X86_FRAME_R11(%rsp)
    cmpb $0, x86_has_smap(%rip)
    je 1f
    clac
1:
.endm

    .p2align 4
    .seh_proc entry_any_gs
entry_any_gs:
    ENTRY_UNWIND
    SAVE_FRAME
    movl $X86_MSR_GS_BASE, %ecx
    rdmsr
    xorl %ebx, %ebx
    testl %edx, %edx
    js 2f
    swapgs
    incl %ebx
2:  jmp x86_entry_saved
    .seh_endproc

    .p2align 4
    .seh_proc entry
entry:
    ENTRY_UNWIND
    SAVE_FRAME
    movl X86_FRAME_CS(%rsp), %ebx
    andl $1, %ebx
    jz x86_entry_saved
    swapgs
    jmp x86_entry_saved
    .seh_endproc

/* ebp: vector, ebx: 1 if GS was swapped. */
    .p2align 4
    .globl x86_entry_saved
    .seh_proc x86_entry_saved
x86_entry_saved:
    ENTRY_UNWIND
    .seh_stackalloc X86_FRAME_RBP
    .seh_savereg %rbx, X86_FRAME_RBX
    .seh_savereg %rdi, X86_FRAME_RDI
    .seh_savereg %rsi, X86_FRAME_RSI
    .seh_endprologue
    movq %rbx, X86_FRAME_GS_SWAPPED(%rsp)
    movb X86_FRAME_CS(%rsp), %al
    andb $1, %al
    movb %al, X86_FRAME_PREVIOUS_MODE(%rsp)
    movb %gs:X86_PCR_LEVEL, %al
    movb %al, X86_FRAME_PREVIOUS_IRQL(%rsp)
    movb %gs:X86_PCR_FPU, %al /* off: there is nothing to save, and these would trap (fpu.c) */
    movb %al, X86_FRAME_FPU(%rsp)
    testb %al, %al
    jz 1f
    movaps %xmm0, X86_FRAME_XMM0(%rsp)
    movaps %xmm1, X86_FRAME_XMM0 + 16(%rsp)
    movaps %xmm2, X86_FRAME_XMM0 + 32(%rsp)
    movaps %xmm3, X86_FRAME_XMM0 + 48(%rsp)
    movaps %xmm4, X86_FRAME_XMM0 + 64(%rsp)
    movaps %xmm5, X86_FRAME_XMM0 + 80(%rsp)
    stmxcsr X86_FRAME_MXCSR(%rsp)
    ldmxcsr %gs:X86_PCR_PRCB_MXCSR
1:  movq %rsp, %rcx /* the frame begins with the home space of our call */
    movl %ebp, %edx
    call x86_trap

    cmpb $0, X86_FRAME_FPU(%rsp)
    je 1f
    ldmxcsr X86_FRAME_MXCSR(%rsp)
    movaps X86_FRAME_XMM0(%rsp), %xmm0
    movaps X86_FRAME_XMM0 + 16(%rsp), %xmm1
    movaps X86_FRAME_XMM0 + 32(%rsp), %xmm2
    movaps X86_FRAME_XMM0 + 48(%rsp), %xmm3
    movaps X86_FRAME_XMM0 + 64(%rsp), %xmm4
    movaps X86_FRAME_XMM0 + 80(%rsp), %xmm5
1:  cmpq $0, X86_FRAME_GS_SWAPPED(%rsp)
    je 1f
    swapgs
1:  movq X86_FRAME_RAX(%rsp), %rax
    movq X86_FRAME_RCX(%rsp), %rcx
    movq X86_FRAME_RDX(%rsp), %rdx
    movq X86_FRAME_R8(%rsp), %r8
    movq X86_FRAME_R9(%rsp), %r9
    movq X86_FRAME_R10(%rsp), %r10
    movq X86_FRAME_R11(%rsp), %r11
    movq X86_FRAME_RBX(%rsp), %rbx
    movq X86_FRAME_RDI(%rsp), %rdi
    movq X86_FRAME_RSI(%rsp), %rsi
    movq X86_FRAME_RBP(%rsp), %rbp
    addq $X86_FRAME_RIP, %rsp /* and on into trap_return */
    .seh_endproc
    .seh_proc trap_return
trap_return:
    .seh_pushframe
    .seh_endprologue
    iretq
    .seh_endproc

    .p2align 4
    .globl x86_stubs
x86_stubs:
.altmacro
.set vector, 0
.rept 256
    STUB %vector
.set vector, vector + 1
.endr
