/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every processor needs before it may trap: its block (GS), GDT, TSS with stacks for the traps
 * that cannot trust the current one, control registers. The stacks of the IST: a double fault comes
 * when the stack has run out, an NMI or a machine check between any two instructions.
 */
#include "base/atomic.h"
#include "x86_64/x86.h"

#include <nt/ntstatus.h>

#define CR0_KERNEL         0x8005003bu /* PG, AM, WP, NE, ET, TS, MP, PE; caches on */
#define CR4_PAE            (1u << 5)
#define CR4_MCE            (1u << 6)
#define CR4_PGE            (1u << 7)
#define CR4_FXSR           (1u << 9)
#define CR4_XMM            (1u << 10)
#define CR4_UMIP           (1u << 11)
#define CR4_OSXSAVE        (1u << 18)
#define CR4_SMEP           (1u << 20)
#define CR4_SMAP           (1u << 21)
#define EFER_LME           (1u << 8)
#define EFER_NXE           (1u << 11)

#define MSR_STAR           0xc0000081
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_PAT            0x277
#define PAT_KERNEL         0x0007010600070406u /* as after reset, but entry 5 is WC */

#define IST_PAGES          (X86_IST_STACK_BYTES / ARCH_PAGE_BYTES)

struct x86_cpu x86_boot_cpu __attribute__((aligned(4096)));
struct x86_cpu *x86_cpus[ARCH_MAX_CPUS];
struct x86_features x86_features;
bool x86_stop_requested;

extern char x86_boot_stacks[];
uint8_t x86_has_smap; /* entry.S reads it: CLAC is an invalid instruction without */

static void detect_features(void)
{
    struct x86_cpuid leaf1 = x86_cpuid(1, 0);
    struct x86_cpuid extended = x86_cpuid(0x80000001, 0);
    struct x86_cpuid leaf7 = { 0 };
    if (x86_cpuid(0, 0).a >= 7)
        leaf7 = x86_cpuid(7, 0);
    x86_features = (struct x86_features){
        .nx = extended.d >> 20 & 1,
        .smep = leaf7.b >> 7 & 1,
        .smap = leaf7.b >> 20 & 1,
        .umip = leaf7.c >> 2 & 1,
        .pge = leaf1.d >> 13 & 1,
        .pat = leaf1.d >> 16 & 1,
        .rdrand = leaf1.c >> 30 & 1,
        .xsave = leaf1.c >> 26 & 1,
    };
    x86_has_smap = x86_features.smap;
}

/*
 * Code and data segments need type, level, presence and mode only; limits are ignored in 64-bit
 * mode.
 */
static void build_gdt(struct x86_cpu *cpu)
{
    uint64_t tss = (uintptr_t)&cpu->tss;
    uint64_t *gdt = cpu->gdt;
    gdt[X86_KERNEL_CS / 8] = 0x00209b0000000000;
    gdt[X86_KERNEL_SS / 8] = 0x00cf93000000ffff;
    gdt[X86_USER_CS32 / 8] = 0x00cffb000000ffff;
    gdt[X86_USER_SS / 8] = 0x00cff3000000ffff;
    gdt[X86_USER_CS / 8] = 0x0020fb0000000000;
    gdt[X86_TSS / 8] = (sizeof(cpu->tss) - 1) | (tss & 0xffffff) << 16 | (uint64_t)0x89 << 40 |
                       (tss >> 24 & 0xff) << 56;
    gdt[X86_TSS / 8 + 1] = tss >> 32;
}

static void init_block(struct x86_cpu *cpu, uint32_t index)
{
    cpu->index = index;
    cpu->pcr.GdtBase = cpu->gdt;
    cpu->pcr.TssBase = &cpu->tss;
    cpu->pcr.Self = &cpu->pcr;
    cpu->pcr.Used_Self = cpu;
    cpu->pcr.CurrentPrcb = &cpu->prcb;
    cpu->pcr.MajorVersion = 1;
    cpu->pcr.MinorVersion = 1;
    cpu->prcb.MxCsr = X86_MXCSR_DEFAULT;
    cpu->prcb.Number = index;
    cpu->prcb.LegacyNumber = (UCHAR)index;
    cpu->tss.io_map = sizeof(cpu->tss);
    build_gdt(cpu);
}

/* `stacks` has, for each IST entry, the stack and a guard page behind it. */
static void set_ist(struct x86_cpu *cpu, uintptr_t stacks)
{
    for (uint32_t i = 0; i < X86_IST_COUNT; i++)
        cpu->tss.ist[i] =
            stacks + X86_IST_STACK_BYTES + i * (X86_IST_STACK_BYTES + ARCH_PAGE_BYTES);
}

void x86_cpu_init_boot(void)
{
    struct x86_cpu *cpu = &x86_boot_cpu;
    detect_features();
    x86_fpu_detect();
    init_block(cpu, 0);
    set_ist(cpu,
            (uintptr_t)x86_boot_stacks + ARCH_PAGE_BYTES + X86_BOOT_STACK_BYTES + ARCH_PAGE_BYTES);
    x86_cpus[0] = cpu;
    x86_idt_build();
}

MUST_CHECK NTSTATUS x86_cpu_create(uint32_t index, struct x86_cpu **out_cpu)
{
    struct x86_cpu *cpu = x86_map_memory((sizeof(*cpu) + ARCH_PAGE_BYTES - 1) / ARCH_PAGE_BYTES);
    if (cpu == NULL)
        return STATUS_NO_MEMORY;
    init_block(cpu, index);
    for (uint32_t i = 0; i < X86_IST_COUNT; i++) {
        char *stack = x86_map_memory(IST_PAGES);
        if (stack == NULL)
            return STATUS_NO_MEMORY; /* a processor less; what it got already is not given back */
        cpu->tss.ist[i] = (uintptr_t)stack + X86_IST_STACK_BYTES;
    }
    x86_cpus[index] = cpu;
    *out_cpu = cpu;
    return STATUS_SUCCESS;
}

static void load_segments(struct x86_cpu *cpu)
{
    struct x86_table_pointer pointer = { sizeof(cpu->gdt) - 1, (uintptr_t)cpu->gdt };
    x86_load_gdt(&pointer);
    x86_reload_segments(X86_KERNEL_CS, X86_KERNEL_SS);
    x86_write_msr(X86_MSR_GS_BASE, (uintptr_t)cpu);
    x86_write_msr(MSR_KERNEL_GS_BASE, 0);
    cpu->gdt[X86_TSS / 8] &= ~((uint64_t)2 << 40); /* not busy: LTR refuses a busy one */
    x86_load_task_register(X86_TSS);
}

static void load_control(void)
{
    const struct x86_features *has = &x86_features;
    uint32_t cr4 = CR4_PAE | CR4_MCE | CR4_FXSR | CR4_XMM;
    cr4 |= has->pge ? CR4_PGE : 0;
    cr4 |= has->umip ? CR4_UMIP : 0;
    cr4 |= has->xsave ? CR4_OSXSAVE : 0;
    cr4 |= has->smep ? CR4_SMEP : 0;
    cr4 |= has->smap ? CR4_SMAP : 0;
    x86_write_cr0(CR0_KERNEL);
    x86_write_cr4(cr4);
    uint64_t efer = x86_read_msr(X86_MSR_EFER) & ~(uint64_t)EFER_NXE;
    x86_write_msr(X86_MSR_EFER, efer | (has->nx ? EFER_NXE : 0));
    if (has->pat)
        x86_write_msr(MSR_PAT, PAT_KERNEL);
    x86_write_msr(MSR_STAR, (uint64_t)X86_USER_CS32 << 48 | (uint64_t)X86_KERNEL_CS << 32);
    x86_fpu_init_cpu();
}

void x86_cpu_load(struct x86_cpu *cpu)
{
    load_segments(cpu);
    x86_idt_load();
    cpu->pcr.IdtBase = x86_idt_base();
    load_control();
    x86_write_cr8(0);
}

void arch_cpu_bind(struct ke_cpu *cpu, struct arch_context *running, struct ke_thread *thread)
{
    struct x86_cpu *self = x86_self();
    running->thread = thread;
    running->fpu_area = x86_fpu_boot_area;
    running->stack_top = (uintptr_t)x86_boot_stacks + ARCH_PAGE_BYTES + X86_BOOT_STACK_BYTES;
    self->prcb.CurrentThread = (KTHREAD *)thread;
    self->prcb.IdleThread = (KTHREAD *)thread;
    self->tss.rsp[0] = running->stack_top;
    self->ke = cpu;
}
