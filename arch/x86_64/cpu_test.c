/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of cpu.c: every processor has its protections, its tables and NT's view of itself. */
#include "base/selftest.h"
#include "ke/ke.h"
#include "x86_64/x86.h"

#define CR0_TS       (1u << 3)
#define CR0_WP       (1u << 16)
#define CR4_PGE      (1u << 7)
#define CR4_UMIP     (1u << 11)
#define CR4_FSGSBASE (1u << 16)
#define CR4_SMEP     (1u << 20)
#define CR4_SMAP     (1u << 21)
#define EFER_NXE     (1u << 11)
#define MSR_STAR     0xc0000081
#define MSR_PAT      0x277

extern uint8_t x86_has_smap;

/* What one processor reports to the test. */
struct state {
    uint64_t cr0, cr3, cr4, efer, star, pat;
    struct x86_cpu *self;
    uint16_t task;
};
static struct state states[ARCH_MAX_CPUS];

static void record(void *argument)
{
    (void)argument;
    struct x86_cpu *self = x86_self();
    states[self->index] = (struct state){
        .cr0 = x86_read_cr0() & ~(uint64_t)CR0_TS, /* that of a thread */
        .cr3 = x86_read_cr3(),
        .cr4 = x86_read_cr4(),
        .efer = x86_read_msr(X86_MSR_EFER),
        .star = x86_read_msr(MSR_STAR),
        .pat = x86_features.pat ? x86_read_msr(MSR_PAT) : 0,
        .self = self,
        .task = x86_task_register(),
    };
}

static size_t record_all(void)
{
    ke_call_processors(ke.active, record, NULL);
    return ke.cpu_count;
}

TEST_KERNEL(x86_cpu, protections_are_on_where_cpuid_has_them, "control registers are the port's")
{
    struct x86_cpuid leaf7 = { 0 };
    if (x86_cpuid(0, 0).a >= 7)
        leaf7 = x86_cpuid(7, 0);
    for (size_t i = 0, count = record_all(); i < count; i++) {
        EXPECT(states[i].cr0 & CR0_WP);
        EXPECT_EQ(!!(states[i].cr4 & CR4_SMEP), leaf7.b >> 7 & 1);
        EXPECT_EQ(!!(states[i].cr4 & CR4_SMAP), leaf7.b >> 20 & 1);
        EXPECT_EQ(!!(states[i].cr4 & CR4_UMIP), leaf7.c >> 2 & 1);
        EXPECT_EQ(!!(states[i].cr4 & CR4_PGE), x86_cpuid(1, 0).d >> 13 & 1);
        EXPECT_EQ(!!(states[i].efer & EFER_NXE), x86_cpuid(0x80000001, 0).d >> 20 & 1);
        EXPECT(!(states[i].cr4 & CR4_FSGSBASE)); /* entry.S says why */
    }
    EXPECT_EQ(x86_has_smap, leaf7.b >> 20 & 1);
}

TEST_KERNEL(x86_cpu, processors_agree_on_their_registers, "control registers are the port's")
{
    for (size_t i = 0, count = record_all(); i < count; i++) {
        EXPECT_EQ(states[i].cr0, states[0].cr0);
        EXPECT_EQ(states[i].cr3, x86_kernel_cr3);
        EXPECT_EQ(states[i].cr4, states[0].cr4);
        EXPECT_EQ(states[i].efer, states[0].efer);
        EXPECT_EQ(states[i].star, states[0].star);
        EXPECT_EQ(states[i].pat, states[0].pat);
        EXPECT_EQ(states[i].task, X86_TSS);
        EXPECT(states[i].self == x86_cpus[i]);
    }
}

TEST_KERNEL(x86_cpu, selectors_stand_as_syscall_and_sysret_compute_them, "segments are x86's")
{
    uint64_t star = x86_read_msr(MSR_STAR);
    EXPECT_EQ(star >> 32 & 0xffff, X86_KERNEL_CS);
    EXPECT_EQ((star >> 32 & 0xffff) + 8, X86_KERNEL_SS);
    EXPECT_EQ((star >> 48) + 8, X86_USER_SS);
    EXPECT_EQ((star >> 48) + 16, X86_USER_CS);
    const uint64_t *gdt = x86_self()->gdt;
    EXPECT_EQ(gdt[X86_KERNEL_CS / 8] >> 45 & 3, 0); /* privilege levels */
    EXPECT_EQ(gdt[X86_USER_CS / 8] >> 45 & 3, 3);
    EXPECT_EQ(gdt[X86_KERNEL_CS / 8] >> 53 & 1, 1); /* 64-bit code */
    EXPECT_EQ(gdt[X86_USER_CS / 8] >> 53 & 1, 1);
    EXPECT_EQ(gdt[X86_USER_CS32 / 8] >> 53 & 1, 0);
}

TEST_KERNEL(x86_cpu, drivers_find_nt_s_fields_by_gs, "KPCR is x64's")
{
    for (size_t i = 0, count = record_all(); i < count; i++) {
        struct x86_cpu *cpu = states[i].self;
        REQUIRE(cpu != NULL);
        EXPECT(cpu->pcr.Self == &cpu->pcr);
        EXPECT(cpu->pcr.CurrentPrcb == &cpu->prcb);
        EXPECT_EQ(cpu->prcb.Number, i);
        EXPECT_EQ(cpu->prcb.MxCsr, 0x1f80);
        EXPECT(cpu->pcr.GdtBase == cpu->gdt);
        EXPECT(cpu->pcr.TssBase == &cpu->tss);
        EXPECT(cpu->pcr.IdtBase == x86_idt_base());
        EXPECT(cpu->ke == ke_cpu_by_index((uint32_t)i));
    }
}

TEST_KERNEL(x86_cpu, every_processor_has_its_own_guarded_trap_stacks, "IST is x86's")
{
    for (size_t i = 0; i < ke.cpu_count; i++) {
        for (size_t k = 0; k < X86_IST_COUNT; k++) {
            uintptr_t top = x86_cpus[i]->tss.ist[k];
            EXPECT_EQ(top % 16, 0);
            EXPECT(x86_mmu_readable(top - X86_IST_STACK_BYTES, X86_IST_STACK_BYTES));
            EXPECT(!arch_mmu_query(top, NULL, NULL));
            EXPECT(!arch_mmu_query(top - X86_IST_STACK_BYTES - 1, NULL, NULL));
            EXPECT(i == 0 || top != x86_cpus[0]->tss.ist[k]);
        }
    }
}
