/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of frame.c and entry.S: what a trap is taken for, what it leaves untouched. */
#include "base/atomic.h"
#include "base/selftest.h"
#include "ke/ke.h"
#include "ke/ke_test.h"
#include "x86_64/testcode.h"
#include "x86_64/x86.h"

#include <nt/ntstatus.h>

#define GATES 256

static struct arch_fault classify(uint32_t vector, uint64_t error, uint16_t cs)
{
    KTRAP_FRAME frame = { .Rip = 0x1000, .ErrorCode = error, .SegCs = cs };
    struct arch_fault fault;
    x86_classify((struct arch_frame *)&frame, vector, 0x2000, &fault);
    return fault;
}

TEST_KERNEL(x86_trap, exceptions_get_the_codes_of_nt, "vectors are x86's")
{
    EXPECT_EQ(classify(0, 0, X86_KERNEL_CS).code, STATUS_INTEGER_DIVIDE_BY_ZERO);
    EXPECT_EQ(classify(1, 0, X86_KERNEL_CS).code, STATUS_SINGLE_STEP);
    EXPECT_EQ(classify(3, 0, X86_KERNEL_CS).code, STATUS_BREAKPOINT);
    EXPECT_EQ(classify(6, 0, X86_KERNEL_CS).code, STATUS_ILLEGAL_INSTRUCTION);
    EXPECT_EQ(classify(13, 0, X86_KERNEL_CS).code, STATUS_ACCESS_VIOLATION);
    EXPECT_EQ(classify(0, 0, X86_KERNEL_CS).kind, ARCH_FAULT_EXCEPTION);
    EXPECT_EQ(classify(2, 0, X86_KERNEL_CS).kind, ARCH_FAULT_NMI);
    EXPECT_EQ(classify(8, 0, X86_KERNEL_CS).kind, ARCH_FAULT_DOUBLE);
    EXPECT_EQ(classify(18, 0, X86_KERNEL_CS).kind, ARCH_FAULT_MACHINE_CHECK);
}

TEST_KERNEL(x86_trap, a_breakpoint_is_reported_where_it_stands, "INT3 is x86's")
{
    EXPECT_EQ(classify(3, 0, X86_KERNEL_CS).pc, 0xfff);
    EXPECT_EQ(classify(0, 0, X86_KERNEL_CS).pc, 0x1000);
}

TEST_KERNEL(x86_trap, a_page_fault_says_address_and_access, "the error code is x86's")
{
    struct arch_fault read = classify(14, 0, X86_KERNEL_CS);
    struct arch_fault write = classify(14, 2, X86_USER_CS);
    struct arch_fault execute = classify(14, 16, X86_KERNEL_CS);
    EXPECT_EQ(read.kind, ARCH_FAULT_PAGE);
    EXPECT_EQ(read.address, 0x2000);
    EXPECT(!read.write && !read.execute && !read.user);
    EXPECT(write.write && !write.execute && write.user);
    EXPECT(!execute.write && execute.execute);
    EXPECT(!classify(13, 2, X86_KERNEL_CS).write); /* a selector's error code */
}

/* Gates as the processor reads them: Intel SDM vol. 3, 6.14.1. */
TEST_KERNEL(x86_trap, gates_lead_to_their_stubs_and_stacks, "the IDT is x86's")
{
    extern const char x86_stubs[];
    const uint64_t *idt = x86_idt_base();
    for (size_t i = 0; i < GATES; i++) {
        uint64_t low = idt[2 * i];
        uint64_t target = (low & 0xffff) | (low >> 32 & 0xffff0000) | idt[2 * i + 1] << 32;
        uint64_t ist = i == 2 ? X86_IST_NMI : i == 8 ? X86_IST_DOUBLE : i == 18 ? X86_IST_MCE : 0;
        EXPECT_EQ(target, (uintptr_t)x86_stubs + 16 * i);
        EXPECT_EQ(low >> 16 & 0xffff, X86_KERNEL_CS);
        EXPECT_EQ(low >> 32 & 7, ist);
        EXPECT_EQ(low >> 40 & 0x1f, 0xe); /* interrupt gate: interrupts are off inside */
        EXPECT_EQ(low >> 45 & 3, i == 3 ? 3 : 0);
    }
}

static void fill(struct x86_test_xmm *values, uint64_t seed)
{
    uint64_t *words = (uint64_t *)values;
    for (size_t i = 0; i < sizeof(*values) / sizeof(*words); i++)
        words[i] = x86_random(&seed);
}

static bool equal(const struct x86_test_xmm *a, const struct x86_test_xmm *b)
{
    const uint64_t *x = (const uint64_t *)a, *y = (const uint64_t *)b;
    for (size_t i = 0; i < sizeof(*a) / sizeof(*x); i++) {
        if (x[i] != y[i])
            return false;
    }
    return true;
}

struct clobber {
    uint32_t ran; /* [a] */
    uint32_t mxcsr;
};

/* A driver's routine may use the volatile registers as it likes. */
static void clobber(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)argument1;
    (void)argument2;
    struct clobber *record = context;
    struct x86_test_xmm mine, theirs;
    x86_test_store_xmm(&theirs);
    fill(&mine, 99);
    for (size_t i = 6; i < 16; i++) /* the others are its caller's */
        mine.xmm[i] = theirs.xmm[i];
    record->mxcsr = (uint32_t)x86_test_store_control();
    x86_test_load_xmm(&mine);
    (void)atomic_add(&record->ran, 1);
}

TEST_KERNEL(x86_trap, an_interrupt_keeps_xmm_registers_and_mxcsr, "the registers are x86's")
{
    struct clobber record = { 0 };
    struct x86_test_xmm before, after;
    KDPC dpc;
    fill(&before, 1);
    KeInitializeDpc(&dpc, clobber, &record);
    KIRQL old = KeRaiseIrqlToDpcLevel();
    (void)KeInsertQueueDpc(&dpc, NULL, NULL); /* a new DPC */
    uint64_t control = x86_test_store_control();
    x86_test_load_xmm(&before);
    x86_test_load_control(0x7f80, 0x27f); /* rounds to zero */
    arch_irql_set(old);                   /* the interrupt comes here */
    while (atomic_load_acquire(&record.ran) == 0)
        arch_cpu_pause();
    x86_test_store_xmm(&after);
    uint64_t control_after = x86_test_store_control();
    x86_test_load_control((uint32_t)control, (uint16_t)(control >> 32));
    EXPECT(equal(&before, &after));
    EXPECT_EQ(control_after & UINT32_MAX, 0x7f80);
    EXPECT_EQ(record.mxcsr, 0x1f80); /* the interrupt's code began with the default */
}

static void return_level(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)argument1;
    (void)argument2;
    (void)atomic_add((uint32_t *)context, arch_irql() + 1u);
}

TEST_KERNEL(x86_trap, a_software_interrupt_waits_for_the_level, "self-IPIs are the port's")
{
    uint32_t ran = 0;
    KDPC dpc;
    KeInitializeDpc(&dpc, return_level, &ran);
    KIRQL old = KeRaiseIrqlToDpcLevel();
    (void)KeInsertQueueDpc(&dpc, NULL, NULL); /* a new DPC */
    EXPECT_EQ(atomic_load_acquire(&ran), 0);
    EXPECT(arch_interrupts_enabled());
    KeLowerIrql(old);
    REQUIRE(test_reaches(&ran, 1));
    EXPECT_EQ(ran, DISPATCH_LEVEL + 1);
    EXPECT_EQ(arch_irql(), old);
    EXPECT(arch_interrupts_enabled());
}

TEST_KERNEL(x86_trap, an_interrupt_returns_with_flags_and_level_as_they_were, "flags are x86's")
{
    uint64_t flags = x86_flags();
    KIRQL irql = arch_irql();
    for (uint64_t end = ke_tick_count() + 5; ke_tick_count() < end;)
        arch_cpu_pause();
    EXPECT_EQ(x86_flags() & 0x3f7700, flags & 0x3f7700); /* but for the arithmetic ones */
    EXPECT_EQ(arch_irql(), irql);
    EXPECT_EQ(x86_self()->pcr.Irql, irql);
}
