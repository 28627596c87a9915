# SPDX-License-Identifier: BSD-2-Clause
# The files of the port to a POSIX process: unit tests, exploration and fuzzing run src/ on it.
HOST_SOURCES = \
  arch/host/cpu.c arch/host/fault.c arch/host/fiber.c arch/host/host.h arch/host/host_test.c \
  arch/host/include/arch_port.h arch/host/interrupt.c arch/host/machine.c arch/host/main.c \
  arch/host/mmu.c arch/host/mmu_test.c arch/host/time.c arch/host/world.c

# Turns of the virtual processors end anywhere in src/, but in the port only where it says so.
HOST_POINTS_CFLAGS = -fsanitize-coverage=trace-pc \
  -fsanitize-coverage-ignorelist=$(srcdir)/arch/host/uninterrupted.txt

EXTRA_DIST += arch/host/README.md arch/host/uninterrupted.txt
