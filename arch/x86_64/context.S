/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From one thread to another. What the calling convention lets a function lose is lost already; the
 * integer registers are pushed, the others are fpu.c's, and the stack pointer is what struct
 * arch_context keeps. A thread that does not run unwinds from x86_context_resume with that pointer.
 */
#include "x86_64/layout.h"

    .text
    .p2align 4
    .globl x86_context_switch
    .globl x86_context_resume
    .seh_proc x86_context_switch
x86_context_switch: /* rcx: from, rdx: to */
    pushq %rbp
    .seh_pushreg %rbp
    pushq %rbx
    .seh_pushreg %rbx
    pushq %rdi
    .seh_pushreg %rdi
    pushq %rsi
    .seh_pushreg %rsi
    pushq %r12
    .seh_pushreg %r12
    pushq %r13
    .seh_pushreg %r13
    pushq %r14
    .seh_pushreg %r14
    pushq %r15
    .seh_pushreg %r15
    .seh_endprologue

    movq %rsp, X86_CONTEXT_STACK_POINTER(%rcx)
    movq %gs:X86_PCR_THREAD, %rax
    movq X86_CONTEXT_THREAD(%rdx), %r8
    movq %r8, %gs:X86_PCR_THREAD
    movq X86_CONTEXT_STACK_TOP(%rdx), %r9
    movq %gs:X86_PCR_TSS, %r10
    movq %r9, X86_TSS_RSP0(%r10)
    movq X86_CONTEXT_STACK_POINTER(%rdx), %rsp
x86_context_resume:
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rsi
    popq %rdi
    popq %rbx
    popq %rbp
    ret
    .seh_endproc

/*
 * Where a new thread's first switch returns to; rax: the thread that ran before. It was not called,
 * so the stack is aligned as in the middle of a function; the return address that unwinding finds
 * is 0.
 */
    .p2align 4
    .globl x86_thread_entry
    .seh_proc x86_thread_entry
x86_thread_entry:
    subq $0x20, %rsp
    .seh_stackalloc 0x20
    .seh_endprologue
    movq %rax, %rcx
    call ke_thread_begin
    int3
    .seh_endproc

/* Fill the CONTEXT at rcx with the caller's registers, as they are after this call. */
    .p2align 4
    .globl x86_capture_context
x86_capture_context:
    movq %rax, X86_CONTEXT_RAX(%rcx)
    movq %rcx, X86_CONTEXT_RAX + 0x08(%rcx)
    movq %rdx, X86_CONTEXT_RAX + 0x10(%rcx)
    movq %rbx, X86_CONTEXT_RAX + 0x18(%rcx)
    movq %rbp, X86_CONTEXT_RAX + 0x28(%rcx)
    movq %rsi, X86_CONTEXT_RAX + 0x30(%rcx)
    movq %rdi, X86_CONTEXT_RAX + 0x38(%rcx)
    movq %r8, X86_CONTEXT_RAX + 0x40(%rcx)
    movq %r9, X86_CONTEXT_RAX + 0x48(%rcx)
    movq %r10, X86_CONTEXT_RAX + 0x50(%rcx)
    movq %r11, X86_CONTEXT_RAX + 0x58(%rcx)
    movq %r12, X86_CONTEXT_RAX + 0x60(%rcx)
    movq %r13, X86_CONTEXT_RAX + 0x68(%rcx)
    movq %r14, X86_CONTEXT_RAX + 0x70(%rcx)
    movq %r15, X86_CONTEXT_RAX + 0x78(%rcx)
    leaq 8(%rsp), %rdx
    movq %rdx, X86_CONTEXT_RAX + 0x20(%rcx)
    movq (%rsp), %rdx
    movq %rdx, X86_CONTEXT_RIP(%rcx)
    ret
