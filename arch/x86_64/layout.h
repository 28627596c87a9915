/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers that assembly and C share: selectors, where things stand in memory, offsets. C asserts
 * each against its structure.
 */
#pragma once

/*
 * Selectors in NT's order. SYSCALL loads CS from STAR[47:32] and SS from that + 8; SYSRET to 64-bit
 * code loads CS from STAR[63:48] + 16 and SS from STAR[63:48] + 8 (Intel SDM vol. 2B, SYSRET). So
 * kernel data follows kernel code, and 32-bit user code, user data, 64-bit user code stand in a
 * row.
 */
#define X86_KERNEL_CS   0x10
#define X86_KERNEL_SS   0x18
#define X86_USER_CS32   0x23
#define X86_USER_SS     0x2b
#define X86_USER_CS     0x33
#define X86_TSS         0x40
#define X86_GDT_ENTRIES 10

/*
 * Where a loader puts the image, and where the linker thinks that it runs (boot/relocate.c moves
 * it).
 */
#define X86_IMAGE_PHYSICAL 0x100000
#define X86_IMAGE_SPACE    0xfffff80000000000 /* the top-level slot that images live in */
#define X86_DIRECT_SPACE   0xffff800000000000
#define X86_KERNEL_SPACE   0xfffff00000000000
#define X86_PORT_SPACE     0xfffff70000000000

#define X86_EARLY_DIRECT   0xffff800000000000 /* the first 4 GiB, until mmu.c runs */

/* The boot processor's stack, that of its idle thread later. */
#define X86_BOOT_STACK_BYTES 0x6000
#define X86_IST_STACK_BYTES  0x4000

/* KPCR and KPRCB, by gs */
#define X86_PCR_TSS        0x08
#define X86_PCR_LEVEL      0x50
#define X86_PCR_THREAD     0x188
#define X86_PCR_PRCB_MXCSR 0x180
#define X86_PCR_FPU        0x1008 /* struct x86_cpu.fpu_on */
#define X86_TSS_RSP0       4

/* struct arch_context, and what x86_context_switch pushes */
#define X86_CONTEXT_STACK_POINTER 0
#define X86_CONTEXT_THREAD        8
#define X86_CONTEXT_STACK_TOP     16
#define X86_SWITCH_REGISTERS      8

/* CONTEXT: the integer registers in the order of their numbers */
#define X86_CONTEXT_RAX 0x78
#define X86_CONTEXT_RIP 0xf8

/* KTRAP_FRAME */
#define X86_FRAME_PREVIOUS_MODE 0x28
#define X86_FRAME_PREVIOUS_IRQL 0x29
#define X86_FRAME_FPU           0x2a /* NT's FaultIndicator: 1 if the volatile XMM registers are saved */
#define X86_FRAME_MXCSR         0x2c
#define X86_FRAME_RAX           0x30
#define X86_FRAME_RCX           0x38
#define X86_FRAME_RDX           0x40
#define X86_FRAME_R8            0x48
#define X86_FRAME_R9            0x50
#define X86_FRAME_R10           0x58
#define X86_FRAME_R11           0x60
#define X86_FRAME_GS_SWAPPED    0x68 /* NT's GsBase: 1 if the kernel's GS had to be swapped in */
#define X86_FRAME_XMM0          0x70
#define X86_FRAME_RBX           0x140
#define X86_FRAME_RDI           0x148
#define X86_FRAME_RSI           0x150
#define X86_FRAME_RBP           0x158
#define X86_FRAME_ERROR         0x160
#define X86_FRAME_RIP           0x168
#define X86_FRAME_CS            0x170

#define X86_MSR_GS_BASE         0xc0000101
#define X86_MSR_EFER            0xc0000080
