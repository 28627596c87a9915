# SPDX-License-Identifier: BSD-2-Clause
# The files of the x86_64 port, and the flags that only it needs.

# The file with the multiboot headers stands first: boot loaders search the image's first pages only.
X86_64_SOURCES = arch/x86_64/boot/head.S \
  arch/x86_64/boot/memory.c arch/x86_64/boot/multiboot.c arch/x86_64/boot/multiboot.h \
  arch/x86_64/boot/multiboot_test.c arch/x86_64/boot/relocate.c \
  arch/x86_64/context.S arch/x86_64/context_init.c arch/x86_64/context_test.c \
  arch/x86_64/cpu.c arch/x86_64/cpu_test.c arch/x86_64/entry.S arch/x86_64/fpu.c \
  arch/x86_64/fpu_test.c arch/x86_64/frame.c \
  arch/x86_64/frame_test.c arch/x86_64/guarded.S arch/x86_64/instructions.h arch/x86_64/layout.h arch/x86_64/main.c \
  arch/x86_64/mmu.c arch/x86_64/mmu_test.c arch/x86_64/security.c arch/x86_64/testcode.S \
  arch/x86_64/testcode.h arch/x86_64/unwind.c arch/x86_64/unwind_test.c arch/x86_64/x86.h \
  arch/x86_64/apic.c arch/x86_64/apic.h arch/x86_64/clock.c arch/x86_64/clock.h \
  arch/x86_64/ioapic.c arch/x86_64/ioapic.h arch/x86_64/irql.c arch/x86_64/power.c \
  arch/x86_64/rtc.c arch/x86_64/rtc.h arch/x86_64/smp.c arch/x86_64/smp.h \
  arch/x86_64/apic_test.c arch/x86_64/clock_test.c arch/x86_64/ioapic_test.c \
  arch/x86_64/power_test.c arch/x86_64/rtc_test.c arch/x86_64/smp_test.c \
  arch/x86_64/uart_test.c arch/x86_64/smp_start.S arch/x86_64/uart.c arch/x86_64/uart.h \
  arch/x86_64/include/arch_port.h

X86_64_CFLAGS = --target=x86_64-pc-windows-msvc -mno-sse -mgeneral-regs-only -mcx16 \
  -fasynchronous-unwind-tables -fno-file-reproducible
X86_64_ENTRY = x86_start
X86_64_BASE = 0xfffff80000100000

EXTRA_DIST += arch/x86_64/boot/grub.cfg arch/x86_64/README.md
