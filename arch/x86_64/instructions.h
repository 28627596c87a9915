/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions that C has no words for. Inline functions only; the rest of the port's assembly
 * stands in .S files.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

static inline void x86_out8(uint16_t port, uint8_t v)
{
    __asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static inline void x86_out16(uint16_t port, uint16_t v)
{
    __asm__ volatile("outw %0, %1" : : "a"(v), "Nd"(port));
}

static inline void x86_out32(uint16_t port, uint32_t v)
{
    __asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port));
}

static inline uint8_t x86_in8(uint16_t port)
{
    uint8_t v;
    __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}

static inline uint16_t x86_in16(uint16_t port)
{
    uint16_t v;
    __asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}

static inline uint32_t x86_in32(uint16_t port)
{
    uint32_t v;
    __asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}

static inline uint64_t x86_read_msr(uint32_t msr)
{
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static inline void x86_write_msr(uint32_t msr, uint64_t v)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)) : "memory");
}

static inline uint64_t x86_read_cr0(void)
{
    uint64_t v;
    __asm__ volatile("movq %%cr0, %0" : "=r"(v));
    return v;
}

static inline uint64_t x86_read_cr2(void)
{
    uint64_t v;
    __asm__ volatile("movq %%cr2, %0" : "=r"(v));
    return v;
}

static inline uint64_t x86_read_cr3(void)
{
    uint64_t v;
    __asm__ volatile("movq %%cr3, %0" : "=r"(v));
    return v;
}

static inline uint64_t x86_read_cr4(void)
{
    uint64_t v;
    __asm__ volatile("movq %%cr4, %0" : "=r"(v));
    return v;
}

static inline uint64_t x86_read_cr8(void)
{
    uint64_t v;
    __asm__ volatile("movq %%cr8, %0" : "=r"(v));
    return v;
}

static inline void x86_write_cr0(uint64_t v)
{
    __asm__ volatile("movq %0, %%cr0" : : "r"(v) : "memory");
}

static inline void x86_write_cr3(uint64_t v)
{
    __asm__ volatile("movq %0, %%cr3" : : "r"(v) : "memory");
}

static inline void x86_write_cr4(uint64_t v)
{
    __asm__ volatile("movq %0, %%cr4" : : "r"(v) : "memory");
}

static inline void x86_write_cr8(uint64_t v)
{
    __asm__ volatile("movq %0, %%cr8" : : "r"(v) : "memory");
}

struct x86_cpuid {
    uint32_t a, b, c, d;
};

static inline struct x86_cpuid x86_cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct x86_cpuid r;
    __asm__ volatile("cpuid"
                     : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
                     : "a"(leaf), "c"(subleaf));
    return r;
}

/*
 * False: the processor had no random number ready. CPUID leaf 1 says whether it has the
 * instruction.
 */
static inline bool x86_rdrand(uint64_t *out)
{
    bool ready;
    __asm__ volatile("rdrand %0" : "=r"(*out), "=@ccc"(ready));
    return ready;
}

static inline void x86_invlpg(uintptr_t address)
{
    __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

/* What LGDT and LIDT read. */
struct x86_table_pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

static inline void x86_load_gdt(const struct x86_table_pointer *pointer)
{
    __asm__ volatile("lgdt %0" : : "m"(*pointer) : "memory");
}

static inline void x86_load_idt(const struct x86_table_pointer *pointer)
{
    __asm__ volatile("lidt %0" : : "m"(*pointer) : "memory");
}

static inline void x86_load_task_register(uint16_t selector)
{
    __asm__ volatile("ltr %0" : : "r"(selector) : "memory");
}

static inline uint16_t x86_task_register(void)
{
    uint16_t selector;
    __asm__ volatile("str %0" : "=r"(selector));
    return selector;
}

static inline void x86_breakpoint(void)
{
    __asm__ volatile("int3");
}

static inline uint64_t x86_flags(void)
{
    uint64_t flags;
    __asm__ volatile("pushfq; popq %0" : "=r"(flags));
    return flags;
}

static inline void x86_interrupts_on(void)
{
    __asm__ volatile("sti" : : : "memory");
}

static inline void x86_interrupts_off(void)
{
    __asm__ volatile("cli" : : : "memory");
}

/* CS and the data segments of the new GDT; FS and GS hold no selector that means anything. */
static inline void x86_reload_segments(uint16_t code, uint16_t data)
{
    __asm__ volatile("pushq %q0\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "lretq\n"
                     "1:\tmovl %k1, %%ds\n\t"
                     "movl %k1, %%es\n\t"
                     "movl %k1, %%ss\n\t"
                     "xorl %%eax, %%eax\n\t"
                     "movl %%eax, %%fs\n\t"
                     "movl %%eax, %%gs"
                     :
                     : "r"((uint64_t)code), "r"((uint32_t)data)
                     : "rax", "memory");
}

static inline void x86_task_switched_clear(void)
{
    __asm__ volatile("clts" : : : "memory");
}

static inline void x86_write_xcr0(uint64_t v)
{
    __asm__ volatile("xsetbv" : : "c"(0), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)));
}

/* The x87, SSE and AVX registers; none of them needs CR0.TS on. `features`: XCR0's bits, which of them. */
static inline void x86_xsave(void *area, uint64_t features)
{
    __asm__ volatile("xsave64 (%0)"
                     :
                     : "r"(area), "a"((uint32_t)features), "d"((uint32_t)(features >> 32))
                     : "memory");
}

static inline void x86_xrstor(const void *area, uint64_t features)
{
    __asm__ volatile("xrstor64 (%0)"
                     :
                     : "r"(area), "a"((uint32_t)features), "d"((uint32_t)(features >> 32))
                     : "memory");
}

static inline void x86_fxsave(void *area)
{
    __asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
}

static inline void x86_fxrstor(const void *area)
{
    __asm__ volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
}
