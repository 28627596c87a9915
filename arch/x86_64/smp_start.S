/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where another processor begins: real mode, at the start of a page below 1 MiB that smp.c copies this to.
 *
 * The code runs at an address that the linker does not know, so all is relative to the page: DS in real mode, ebx
 * later; far jumps go through memory that smp.c fills in. The page is mapped read only at its own address while this
 * runs. As it stands in the image it is data, and nothing here has a frame that could be unwound.
 */
#include "x86_64/layout.h"
#include "x86_64/smp.h"

#define CR0_PE        0x1
#define CR0_PAGING    0x80010000 /* PG, WP */
#define CR0_NO_CACHES 0x60000000 /* CD, NW: set by INIT */
#define CR4_PAE       0x20
#define HERE(label)   (label - x86_start_code)
#define PARAMETER(x)  (x86_start_parameters - x86_start_code + x)

    .section .rdata, "dr"
    .p2align 4
    .globl x86_start_code
    .globl x86_start_code32
    .globl x86_start_code64
    .globl x86_start_parameters
x86_start_code:
    .code16
    cli
    cld
    xorl %ebx, %ebx
    movw %cs, %bx
    movw %bx, %ds
    shll $4, %ebx
    lgdtl PARAMETER(X86_START_GDT_SIZE)
    movl %cr0, %eax
    andl $~CR0_NO_CACHES, %eax
    orl $CR0_PE, %eax
    movl %eax, %cr0
    ljmpl *PARAMETER(X86_START_FAR32)

    .code32
x86_start_code32:
    movw $X86_START_DATA, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movl $CR4_PAE, %eax
    movl %eax, %cr4
    movl PARAMETER(X86_START_CR3)(%ebx), %eax
    movl %eax, %cr3
    movl $X86_MSR_EFER, %ecx
    rdmsr
    orl PARAMETER(X86_START_EFER)(%ebx), %eax
    wrmsr
    movl %cr0, %eax
    orl $CR0_PAGING, %eax
    movl %eax, %cr0
    ljmpl *PARAMETER(X86_START_FAR64)(%ebx)

    .code64
x86_start_code64:
    movl %ebx, %ebx
    movq PARAMETER(X86_START_STACK)(%rbx), %rsp
    movq PARAMETER(X86_START_CPU)(%rbx), %rcx
    movq PARAMETER(X86_START_ENTRY)(%rbx), %rax
    xorl %ebp, %ebp
    pushq %rbp /* aligns, and gives the home space and a return address of 0, where a back-trace ends */
    pushq %rbp
    pushq %rbp
    pushq %rbp
    pushq %rbp
    jmp *%rax

    .p2align 3
x86_start_parameters:
    .fill X86_START_BYTES, 1, 0
