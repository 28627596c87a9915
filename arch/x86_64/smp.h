/* SPDX-License-Identifier: BSD-2-Clause */
/* What smp_start.S and smp.c share: where the parameters of a start stand behind the code. Included by assembly, too. */
#pragma once

#define X86_START_GDT      0x00 /* four descriptors */
#define X86_START_GDT_SIZE 0x20 /* what LGDT reads: limit, 32-bit base */
#define X86_START_FAR32    0x28 /* what far jumps read: 32-bit offset, selector */
#define X86_START_FAR64    0x30
#define X86_START_CR3      0x38
#define X86_START_EFER     0x3c
#define X86_START_STACK    0x40
#define X86_START_ENTRY    0x48
#define X86_START_CPU      0x50
#define X86_START_BYTES    0x58

#define X86_START_CODE32   0x08
#define X86_START_CODE64   0x10
#define X86_START_DATA     0x18
