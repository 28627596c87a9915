/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of apic.c and irql.c: what every processor's local APIC holds, and interrupts to oneself. */
#include "x86_64/apic.h"

#include <nt/irql.h>
#include <nt/ke_thread_ddi.h>

#include "ke/ke_test.h"
#include "x86_64/x86.h"

struct registers {
    uint32_t id;
    uint32_t spurious;
    uint32_t lint0;
    uint32_t lint1;
    uint32_t errors;
};

static struct registers seen[ARCH_MAX_CPUS];

static void look(void *argument)
{
    (void)argument;
    x86_apic_write(APIC_ESR, 0); /* the register shows what came up to the last write */
    seen[arch_cpu()->index] = (struct registers){
        .id = x86_apic_read_id(),
        .spurious = x86_apic_read(APIC_SPURIOUS),
        .lint0 = x86_apic_read(APIC_LVT_LINT0),
        .lint1 = x86_apic_read(APIC_LVT_LINT1),
        .errors = x86_apic_read(APIC_ESR),
    };
}

static void look_everywhere(void)
{
    ke_call_processors(UINT64_MAX, look, NULL);
}

TEST_KERNEL(x86_apic, every_processor_has_the_id_that_the_madt_gives,
            "looks at the registers of the local APIC")
{
    look_everywhere();
    for (uint32_t i = 0; i < ke.cpu_count; i++) {
        EXPECT_EQ(seen[i].id, x86_madt.cpu[i].apic_id);
        EXPECT_EQ(x86_cpus[i]->apic_id, x86_madt.cpu[i].apic_id);
    }
}

TEST_KERNEL(x86_apic, every_processor_has_it_enabled, "looks at the registers of the local APIC")
{
    look_everywhere();
    for (uint32_t i = 0; i < ke.cpu_count; i++)
        EXPECT_EQ(seen[i].spurious & 0x1ff, APIC_SOFTWARE_ENABLE | X86_VECTOR_SPURIOUS);
}

static bool takes_nmi(uint32_t uid, uint8_t lint)
{
    for (size_t i = 0; i < x86_madt.nmi_count; i++) {
        if ((x86_madt.nmi[i].all || x86_madt.nmi[i].acpi_uid == uid) &&
            x86_madt.nmi[i].lint == lint)
            return true;
    }
    return false;
}

static uint32_t wanted(uint32_t index, uint8_t lint)
{
    return takes_nmi(x86_cpus[index]->acpi_uid, lint) ? APIC_LVT_NMI : APIC_LVT_MASKED;
}

TEST_KERNEL(x86_apic, nmis_of_the_machine_reach_every_processor_that_the_madt_names,
            "looks at the registers of the local APIC")
{
    const uint32_t bits = APIC_LVT_MASKED | 0x700;
    look_everywhere();
    EXPECT(x86_madt.nmi_count != 0);
    for (uint32_t i = 0; i < ke.cpu_count; i++) {
        EXPECT_EQ(seen[i].lint0 & bits, wanted(i, 0));
        EXPECT_EQ(seen[i].lint1 & bits, wanted(i, 1));
    }
}

TEST_KERNEL(x86_apic, no_processor_reports_an_error, "looks at the registers of the local APIC")
{
    look_everywhere();
    for (uint32_t i = 0; i < ke.cpu_count; i++)
        EXPECT_EQ(seen[i].errors, 0);
}

TEST_KERNEL(x86_apic, the_8259_is_silent, "looks at the ports of the 8259")
{
    EXPECT_EQ(x86_in8(0x21), 0xff);
    EXPECT_EQ(x86_in8(0xa1), 0xff);
}

static bool requested(uint8_t vector)
{
    return x86_apic_read(APIC_IRR + vector / 32 * 16u) >> vector % 32 & 1;
}

static void count_dpc(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)argument1;
    (void)argument2;
    (*(uint32_t *)context)++;
}

TEST_KERNEL(x86_irql, a_software_interrupt_waits_in_the_apic_until_interrupts_are_on,
            "looks at the registers of the local APIC")
{
    bool interrupts = arch_interrupts_disable();
    bool before = requested(X86_VECTOR_DISPATCH);
    arch_software_interrupt(DISPATCH_LEVEL);
    bool asked = requested(X86_VECTOR_DISPATCH);
    uint8_t marked = x86_self()->software_pending;
    arch_interrupts_restore(interrupts);
    EXPECT(!before);
    EXPECT(asked);
    EXPECT_EQ(marked, 1u << DISPATCH_LEVEL);
    EXPECT(!requested(X86_VECTOR_DISPATCH));
}

TEST_KERNEL(x86_irql, a_software_interrupt_is_asked_for_again_after_it_was_taken,
            "looks at the registers of the local APIC")
{
    uint32_t ran = 0;
    KDPC dpc;
    KeInitializeDpc(&dpc, count_dpc, &ran);
    for (uint32_t i = 1; i <= 3; i++) {
        KIRQL old = KeRaiseIrqlToDpcLevel();
        EXPECT(KeInsertQueueDpc(&dpc, NULL, NULL));
        arch_software_interrupt(DISPATCH_LEVEL);
        KeLowerIrql(old);
        EXPECT_EQ(ran, i);
    }
}

static void count_apc(KAPC *apc, PKNORMAL_ROUTINE *normal, PVOID *context, PVOID *argument1,
                      PVOID *argument2)
{
    (void)apc;
    (void)normal;
    (void)context;
    (**(uint32_t **)argument1)++;
    (void)argument2;
}

/* As the WDK's inline KeLowerIrql does it: nothing of ours runs, but what the local APIC lets in. */
TEST_KERNEL(x86_irql, a_bare_write_of_cr8_delivers_a_dpc_and_an_apc, "writes CR8 as drivers do")
{
    uint32_t dpcs = 0, apcs = 0;
    KDPC dpc;
    KAPC apc;
    KeInitializeDpc(&dpc, count_dpc, &dpcs);
    KeSetImportanceDpc(&dpc, HighImportance);
    KeInitializeApc(&apc, (KTHREAD *)arch_thread(), OriginalApcEnvironment, count_apc, NULL, NULL,
                    KernelMode, NULL);
    KIRQL old = KeRaiseIrqlToDpcLevel();
    bool queued = KeInsertQueueDpc(&dpc, NULL, NULL) && KeInsertQueueApc(&apc, &apcs, NULL, 0);
    uint32_t early = dpcs + apcs;
    x86_write_cr8(APC_LEVEL);
    uint32_t dpcs_at_apc_level = dpcs, apcs_at_apc_level = apcs;
    x86_write_cr8(old);
    uint32_t dpcs_at_the_end = dpcs, apcs_at_the_end = apcs;
    KIRQL level = arch_irql();
    KeLowerIrql(old);
    EXPECT(queued);
    EXPECT_EQ(early, 0);
    EXPECT_EQ(dpcs_at_apc_level, 1);
    EXPECT_EQ(apcs_at_apc_level, 0);
    EXPECT_EQ(dpcs_at_the_end, 1);
    EXPECT_EQ(apcs_at_the_end, 1);
    EXPECT_EQ(level, old);
}

/* Interrupts are off: handlers change the level, too. */
TEST_KERNEL(x86_irql, cr8_is_written_only_when_it_changes, "counts writes of CR8")
{
    KSPIN_LOCK lock;
    KeInitializeSpinLock(&lock);
    bool interrupts = arch_interrupts_disable();
    KIRQL old = arch_irql();
    uint64_t start = x86_self()->cr8_writes;
    arch_irql_set(old);
    uint64_t same = x86_self()->cr8_writes;
    arch_irql_set(DISPATCH_LEVEL);
    uint64_t raised = x86_self()->cr8_writes;
    KeLowerIrql(KfRaiseIrql(DISPATCH_LEVEL));
    KeReleaseSpinLock(&lock, KeAcquireSpinLockRaiseToDpc(&lock));
    uint64_t again = x86_self()->cr8_writes;
    arch_irql_set(old);
    uint64_t lowered = x86_self()->cr8_writes;
    arch_interrupts_restore(interrupts);
    EXPECT_EQ(same, start);
    EXPECT_EQ(raised, start + 1);
    EXPECT_EQ(again, raised);
    EXPECT_EQ(lowered, raised + 1);
}

TEST_KERNEL(x86_irql, cr8_is_the_level, "reads CR8")
{
    for (KIRQL level = PASSIVE_LEVEL; level <= HIGH_LEVEL; level++) {
        KIRQL old = KfRaiseIrql(level);
        uint64_t cr8 = x86_read_cr8();
        KeLowerIrql(old);
        EXPECT_EQ(cr8, level);
    }
    EXPECT_EQ(x86_read_cr8(), PASSIVE_LEVEL);
}

TEST_KERNEL(x86_irql, an_interrupt_of_the_level_waits_until_it_is_lowered,
            "looks at the registers of the local APIC")
{
    KIRQL old = KfRaiseIrql(IPI_LEVEL); /* no switch: this stays one processor */
    uint64_t before = arch_cpu()->counters.ipis_received;
    x86_apic_send_self(X86_VECTOR_IPI_RESCHEDULE);
    bool waits = requested(X86_VECTOR_IPI_RESCHEDULE);
    uint64_t held = arch_cpu()->counters.ipis_received;
    arch_irql_set(DISPATCH_LEVEL);
    uint64_t after = arch_cpu()->counters.ipis_received;
    KeLowerIrql(old);
    EXPECT(waits);
    EXPECT_EQ(held, before);
    EXPECT(after > before);
}
