/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a boot loader finds and enters: the multiboot headers, the way from 32-bit code to long
 * mode, the jump to where the image really runs. First object on the link line: QEMU looks for its
 * header in the first 8 KiB only.
 *
 * The image is loaded as it is laid out in the file, at X86_IMAGE_PHYSICAL. 32-bit addresses are
 * RVA + that: lld would truncate an absolute one without a word.
 */
#include "x86_64/layout.h"

#define PHYSICAL(symbol) symbol@IMGREL + X86_IMAGE_PHYSICAL

#define MULTIBOOT1_MAGIC 0x1badb002
#define MULTIBOOT1_FLAGS 0x10003 /* page-aligned modules, memory map, addresses below */
#define MULTIBOOT2_MAGIC 0xe85250d6

#define COM1       0x3f8
#define DEBUG_EXIT 0xf4
#define CODE32     0x08
#define CODE64     0x10
#define DATA       0x18

    .text

/* load_end and bss_end are 0: the file has all there is. */
    .p2align 3
multiboot2_header:
    .long MULTIBOOT2_MAGIC
    .long 0
    .long multiboot2_end - multiboot2_header
    .long -(MULTIBOOT2_MAGIC + (multiboot2_end - multiboot2_header))
    .p2align 3
    .short 1, 1 /* information request, optional: command line, modules, memory map, RSDP */
    .long 28
    .long 1, 3, 6, 14, 15
    .p2align 3
    .short 2, 0 /* addresses */
    .long 24
    .long PHYSICAL(multiboot2_header)
    .long X86_IMAGE_PHYSICAL
    .long 0
    .long 0
    .p2align 3
    .short 3, 0 /* entry address */
    .long 12
    .long PHYSICAL(start32)
    .p2align 3
    .short 0, 0
    .long 8
multiboot2_end:

    .p2align 2
multiboot1_header:
    .long MULTIBOOT1_MAGIC
    .long MULTIBOOT1_FLAGS
    .long -(MULTIBOOT1_MAGIC + MULTIBOOT1_FLAGS)
    .long PHYSICAL(multiboot1_header)
    .long X86_IMAGE_PHYSICAL
    .long 0
    .long 0
    .long PHYSICAL(start32)

/*
 * eax: the loader's magic number, ebx: its information. Paging off, interrupts off, flat segments.
 */
    .code32
start32:
    cld
    cli
    movl $PHYSICAL(boot_stack_top), %esp
    movl %eax, %esi
    movl %ebx, %ebp
    rdtsc
    movl %eax, PHYSICAL(x86_entry_counter)
    movl %edx, PHYSICAL(x86_entry_counter) + 4

/*
 * A loader that read less than the whole file does not say so. What stands last in it are the
 * relocations, blocks of rising addresses that give their sizes: are they all there?
 */
    movl $X86_IMAGE_PHYSICAL, %edi
    movl 0x3c(%edi), %ecx
    leal (24 + 112 + 5 * 8)(%edi, %ecx), %ecx /* the base relocation directory: RVA, size */
    movl (%ecx), %edx
    addl %edi, %edx
    movl 4(%ecx), %ecx
    addl %edx, %ecx
    xorl %eax, %eax
1:  cmpl %ecx, %edx
    jae 2f
    cmpl %eax, (%edx)
    jbe not_whole
    movl (%edx), %eax
    testl $0xfff, %eax
    jnz not_whole
    movl 4(%edx), %edi
    cmpl $8, %edi
    jb not_whole
    addl %edi, %edx
    jmp 1b
2:  jne not_whole
    movl $0x80000000, %eax
    cpuid
    cmpl $0x80000001, %eax
    jb no_long_mode
    movl $0x80000001, %eax
    cpuid
    testl $1 << 29, %edx
    jz no_long_mode
    movl %edx, %edi /* bit 20: NX */

/* The first 4 GiB by 2 MiB pages, at their own address; x86_relocate adds the rest. */
    movl $PHYSICAL(x86_early_low_pd), %ebx
    movl $0x83, %eax
    xorl %ecx, %ecx
1:  movl %eax, (%ebx, %ecx, 8)
    addl $0x200000, %eax
    incl %ecx
    cmpl $2048, %ecx
    jb 1b
    movl $PHYSICAL(x86_early_low_pdpt), %ecx
    movl $PHYSICAL(x86_early_low_pd) + 3, %eax
    movl %eax, (%ecx)
    addl $0x1000, %eax
    movl %eax, 8(%ecx)
    addl $0x1000, %eax
    movl %eax, 16(%ecx)
    addl $0x1000, %eax
    movl %eax, 24(%ecx)
    movl $PHYSICAL(x86_early_pml4), %eax
    addl $3, %ecx
    movl %ecx, (%eax)

    movl %eax, %cr3
    movl %cr4, %eax
    orl $1 << 5, %eax /* PAE */
    movl %eax, %cr4
    movl $X86_MSR_EFER, %ecx
    rdmsr
    orl $1 << 8, %eax /* LME */
    testl $1 << 20, %edi
    jz 2f
    orl $1 << 11, %eax /* NXE */
2:  wrmsr
    movl %cr0, %eax
    orl $0x80010000, %eax /* PG, WP */
    movl %eax, %cr0
    lgdt PHYSICAL(early_gdt_pointer)
    ljmpl $CODE64, $PHYSICAL(start64)

not_whole:
    movl $PHYSICAL(not_whole_text), %esi
    jmp say
no_long_mode:
    movl $PHYSICAL(no_long_mode_text), %esi
say:
    lodsb
    testb %al, %al
    jz end
    movb %al, %bl
    movw $COM1 + 5, %dx
    movl $100000, %ecx /* a machine without COM1 must get to the end, too */
1:  inb %dx, %al
    testb $0x20, %al
    loopz 1b
    movb %bl, %al
    movw $COM1, %dx
    outb %al, %dx
    jmp say
end:
    movl $1, %eax
    movw $DEBUG_EXIT, %dx
    outl %eax, %dx
1:  hlt
    jmp 1b

not_whole_text:
    .asciz "@error reason=\"the kernel image was not loaded whole: its file is damaged\"\r\n"
no_long_mode_text:
    .asciz "@error reason=\"this processor has no 64-bit mode\"\r\n"
early_fault_text:
    .asciz "@error reason=\"exception before the kernel was in place\"\r\n"

    .p2align 3
early_gdt:
    .quad 0
    .quad 0x00cf9a000000ffff
    .quad 0x00af9a000000ffff
    .quad 0x00cf92000000ffff
early_gdt_pointer:
    .short . - early_gdt - 1
    .long PHYSICAL(early_gdt)

    .code64
start64:
    movl $DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    leaq boot_stack_top(%rip), %rsp
    movl %esi, %ecx
    movl %ebp, %edx
    subq $0x20, %rsp
    call x86_relocate
/* rax: how far the image's virtual addresses are from where it stands */
    addq $0x20, %rsp
    addq %rax, %rsp
    leaq x86_main(%rip), %r8
    addq %rax, %r8
    movl %esi, %ecx
    movl %ebp, %edx
    xorl %ebp, %ebp
    pushq %rbp /* no caller: ends every back-trace */
    pushq %rbp
    pushq %rbp
    pushq %rbp
    pushq %rbp
    jmp *%r8

/*
 * Any exception until the IDT stands; back to 32-bit addresses, which the text and the stack have.
 */
    .globl x86_early_fault
x86_early_fault:
    leaq early_fault_text(%rip), %rsi
say64:
    lodsb
    testb %al, %al
    jz 2f
    movb %al, %bl
    movw $COM1 + 5, %dx
    movl $100000, %ecx
1:  inb %dx, %al
    testb $0x20, %al
    loopz 1b
    movb %bl, %al
    movw $COM1, %dx
    outb %al, %dx
    jmp say64
2:  movl $1, %eax
    movw $DEBUG_EXIT, %dx
    outl %eax, %dx
1:  hlt
    jmp 1b

/*
 * What the linker's header names as the entry; no loader goes there (the headers above have their
 * own).
 */
    .globl x86_start
x86_start:
    jmp x86_main

/*
 * Stacks of the boot processor, a page around each that mmu.c leaves unmapped: its own, then those
 * of the IST.
 */
    .data
/* arch_counter at the kernel's first instructions. */
    .p2align 3
    .globl x86_entry_counter
x86_entry_counter:
    .quad 0
    .p2align 12
    .globl x86_boot_stacks
x86_boot_stacks:
    .fill 4096
    .fill X86_BOOT_STACK_BYTES
boot_stack_top:
    .fill 4096
    .fill X86_IST_STACK_BYTES
    .fill 4096
    .fill X86_IST_STACK_BYTES
    .fill 4096
    .fill X86_IST_STACK_BYTES
    .fill 4096
    .globl x86_boot_stacks_end
x86_boot_stacks_end:

    .globl x86_early_pml4
x86_early_pml4:
    .fill 4096
    .globl x86_early_low_pdpt
x86_early_low_pdpt:
    .fill 4096
x86_early_low_pd:
    .fill 4 * 4096
