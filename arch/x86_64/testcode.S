/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the port's self-tests cannot say in C: registers that the compiler does not use, functions
 * of a known shape.
 */
    .text

/* rcx: sixteen 16-byte values for XMM0 to XMM15. */
    .globl x86_test_load_xmm
x86_test_load_xmm:
    movups (%rcx), %xmm0
    movups 0x10(%rcx), %xmm1
    movups 0x20(%rcx), %xmm2
    movups 0x30(%rcx), %xmm3
    movups 0x40(%rcx), %xmm4
    movups 0x50(%rcx), %xmm5
    movups 0x60(%rcx), %xmm6
    movups 0x70(%rcx), %xmm7
    movups 0x80(%rcx), %xmm8
    movups 0x90(%rcx), %xmm9
    movups 0xa0(%rcx), %xmm10
    movups 0xb0(%rcx), %xmm11
    movups 0xc0(%rcx), %xmm12
    movups 0xd0(%rcx), %xmm13
    movups 0xe0(%rcx), %xmm14
    movups 0xf0(%rcx), %xmm15
    ret

    .globl x86_test_store_xmm
x86_test_store_xmm:
    movups %xmm0, (%rcx)
    movups %xmm1, 0x10(%rcx)
    movups %xmm2, 0x20(%rcx)
    movups %xmm3, 0x30(%rcx)
    movups %xmm4, 0x40(%rcx)
    movups %xmm5, 0x50(%rcx)
    movups %xmm6, 0x60(%rcx)
    movups %xmm7, 0x70(%rcx)
    movups %xmm8, 0x80(%rcx)
    movups %xmm9, 0x90(%rcx)
    movups %xmm10, 0xa0(%rcx)
    movups %xmm11, 0xb0(%rcx)
    movups %xmm12, 0xc0(%rcx)
    movups %xmm13, 0xd0(%rcx)
    movups %xmm14, 0xe0(%rcx)
    movups %xmm15, 0xf0(%rcx)
    ret

/* ecx: MXCSR, edx: x87 control word. */
    .globl x86_test_load_control
x86_test_load_control:
    movl %ecx, 8(%rsp)
    ldmxcsr 8(%rsp)
    movl %edx, 8(%rsp)
    fldcw 8(%rsp)
    ret

/* Returns MXCSR in the low, the x87 control word in the high 32 bits. */
    .globl x86_test_store_control
x86_test_store_control:
    movl $0, 8(%rsp)
    fnstcw 8(%rsp)
    movl 8(%rsp), %eax
    shlq $32, %rax
    stmxcsr 8(%rsp)
    movl 8(%rsp), %ecx
    orq %rcx, %rax
    ret

/*
 * Functions to unwind out of at every instruction. The tests know their frames: x86_test_frame
 * pushes rbp and r12 and allocates 0x20; x86_test_frame_pointer pushes rbp, allocates 0x30, points
 * rbp 0x20 into it, saves rsi and xmm6. Each label is an instruction; the last one is behind the
 * end.
 */
    .globl x86_test_frame
    .globl x86_test_frame_end
    .seh_proc x86_test_frame
x86_test_frame:
    pushq %rbp
    .seh_pushreg %rbp
    pushq %r12
    .seh_pushreg %r12
    subq $0x20, %rsp
    .seh_stackalloc 0x20
    .seh_endprologue
    nop
    addq $0x20, %rsp
    popq %r12
    popq %rbp
    ret
x86_test_frame_end:
    .seh_endproc

    .globl x86_test_frame_pointer
    .globl x86_test_frame_pointer_end
    .seh_proc x86_test_frame_pointer
x86_test_frame_pointer:
    pushq %rbp
    .seh_pushreg %rbp
    subq $0x30, %rsp
    .seh_stackalloc 0x30
    leaq 0x20(%rsp), %rbp
    .seh_setframe %rbp, 0x20
    movq %rsi, 0x28(%rsp)
    .seh_savereg %rsi, 0x28
    movaps %xmm6, 0x10(%rsp)
    .seh_savexmm %xmm6, 0x10
    .seh_endprologue
    subq $0x100, %rsp /* a variable part */
    nop
    movq 8(%rbp), %rsi
    leaq 0x10(%rbp), %rsp
    popq %rbp
    ret
x86_test_frame_pointer_end:
    .seh_endproc

/*
 * Call rcx(rdx) from a function with a frame, so that a test can look for this function in a back-
 * trace.
 */
    .globl x86_test_call
    .seh_proc x86_test_call
x86_test_call:
    subq $0x28, %rsp
    .seh_stackalloc 0x28
    .seh_endprologue
    movq %rcx, %rax
    movq %rdx, %rcx
    call *%rax
    addq $0x28, %rsp
    ret
    .seh_endproc

/* Spin until the word at rcx is not 0, in a function that has nothing but a pushed register. */
    .globl x86_test_spin
    .seh_proc x86_test_spin
x86_test_spin:
    pushq %rbx
    .seh_pushreg %rbx
    .seh_endprologue
    movq $0x1234567, %rbx
1:  pause
    cmpl $0, (%rcx)
    je 1b
    popq %rbx
    ret
    .seh_endproc
