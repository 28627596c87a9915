/* SPDX-License-Identifier: BSD-2-Clause */
/* Loads that may fault: frame.c sends a fault of the first instruction to the second label. Leaf code, no stack. */
    .text

/* rcx: address, rdx: where the value goes. Returns false in al if the address is not mapped. */
    .globl arch_load_guarded
arch_load_guarded:
    movq (%rcx), %rax
    movq %rax, (%rdx)
    movl $1, %eax
    ret

    .globl x86_guarded_load_failed
x86_guarded_load_failed:
    xorl %eax, %eax
    ret
