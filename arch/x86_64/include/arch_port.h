/* SPDX-License-Identifier: BSD-2-Clause */
/* What the x86_64 port gives inline, and the one structure of it that src/ embeds. Included by arch.h only. */
#pragma once

#define X86_PCR_IRQL           0x50   /* KPCR.Irql: our copy of the level */
#define X86_PCR_CURRENT_THREAD 0x188  /* KPRCB.CurrentThread */
#define X86_PCR_KE_CPU         0x1000 /* struct x86_cpu.ke */

/*
 * A thread that does not run: its stack pointer, for what is in integer registers stands on the stack (context.S), and
 * the area above the stack that holds the rest if the thread has any of it (fpu.c).
 */
struct arch_context {
    uintptr_t stack_pointer;
    struct ke_thread *thread;
    uintptr_t stack_top;
    void *fpu_area; /* [i] */
    bool fpu_saved; /* fpu_area holds its x87, SSE and AVX state; false while it runs */
};

#define ARCH_FLOAT_BYTES 832 /* what arch_float_save writes: XSAVE's standard form up to AVX */

static inline struct ke_cpu *arch_cpu(void)
{
    struct ke_cpu *cpu;
    __asm__ volatile("movq %%gs:%c1, %0" : "=r"(cpu) : "i"(X86_PCR_KE_CPU));
    return cpu;
}

static inline struct ke_thread *arch_thread(void)
{
    struct ke_thread *thread;
    __asm__ volatile("movq %%gs:%c1, %0" : "=r"(thread) : "i"(X86_PCR_CURRENT_THREAD));
    return thread;
}

static inline KIRQL arch_irql(void)
{
    uint8_t irql;
    __asm__ volatile("movb %%gs:%c1, %0" : "=r"(irql) : "i"(X86_PCR_IRQL));
    return irql;
}

static inline void arch_cpu_pause(void)
{
    __asm__ volatile("pause" : : : "memory");
}

static inline bool arch_interrupts_enabled(void)
{
    uint64_t flags;
    __asm__ volatile("pushfq; popq %0" : "=r"(flags));
    return flags & 0x200;
}

static inline bool arch_interrupts_disable(void)
{
    uint64_t flags;
    __asm__ volatile("pushfq; popq %0; cli" : "=r"(flags) : : "memory");
    return flags & 0x200;
}

static inline void arch_interrupts_restore(bool were_enabled)
{
    if (were_enabled)
        __asm__ volatile("sti" : : : "memory");
}

static inline uint64_t arch_counter(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}
