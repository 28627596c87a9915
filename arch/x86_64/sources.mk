# SPDX-License-Identifier: BSD-2-Clause
# The files of the x86_64 port, and the flags that only it needs.

# The file with the multiboot headers stands first: boot loaders search the image's first pages only.
X86_64_SOURCES =

X86_64_CFLAGS = --target=x86_64-pc-windows-msvc -mno-sse -mgeneral-regs-only -mcx16
X86_64_ENTRY = x86_start
X86_64_BASE = 0xfffff80000100000

EXTRA_DIST += arch/x86_64/boot/grub.cfg
