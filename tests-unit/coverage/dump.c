/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's half of ci/coverage: before the machine ends, the counters that clang put into the image go out by QEMU's
 * debug console. Linked with /wrap:arch_machine_end; the descriptions of the counters are read from the image file.
 *
 * Source: LLVM "Instrumentation Profile Format" and "Clang: Source-based Code Coverage, using the profiling runtime
 * without static initializers"
 */
#include "arch.h"
#include "x86_64/instructions.h"

#define DEBUG_CONSOLE 0xe9

/* Instrumented code refers to it, so that a linker would take the runtime from its library. */
extern int __llvm_profile_runtime;
int __llvm_profile_runtime;

/* The linker sorts sections of one name by what follows the dollar sign: the counters stand between these. */
__attribute__((section(".lprfc$A"), used)) static uint64_t counters = 0;
__attribute__((section(".lprfc$Z"), used)) static uint64_t counters_end = 0;

/* llvm-cov skips one byte of a linked image's names: clang's runtime has it there. */
__attribute__((section(".lprfn$A"), used)) static const char before_names = 0;

_Noreturn void __real_arch_machine_end(enum arch_end how, uint32_t status);
_Noreturn void __wrap_arch_machine_end(enum arch_end how, uint32_t status);

_Noreturn void __wrap_arch_machine_end(enum arch_end how, uint32_t status)
{
    const volatile uint8_t *at = (const volatile uint8_t *)&counters;
    const uint8_t *volatile end = (const uint8_t *)&counters_end;
    (void)arch_interrupts_disable();
    for (; at < end; at++)
        x86_out8(DEBUG_CONSOLE, *at);
    __real_arch_machine_end(how, status);
}
