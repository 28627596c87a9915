/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of irql.c: levels nest, and software interrupts wait for their level. */
#include "ke/ke_test.h"

TEST(ke_irql, threads_run_at_passive_level)
{
    EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    EXPECT(arch_interrupts_enabled());
}

TEST(ke_irql, raising_returns_the_old_level)
{
    KIRQL passive = KfRaiseIrql(APC_LEVEL);
    KIRQL apc = KeRaiseIrqlToDpcLevel();
    KIRQL dispatch = KfRaiseIrql(HIGH_LEVEL);
    KIRQL high = KeGetCurrentIrql();
    KeLowerIrql(passive);
    EXPECT_EQ(passive, PASSIVE_LEVEL);
    EXPECT_EQ(apc, APC_LEVEL);
    EXPECT_EQ(dispatch, DISPATCH_LEVEL);
    EXPECT_EQ(high, HIGH_LEVEL);
    EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

TEST(ke_irql, every_level_can_be_held)
{
    for (KIRQL level = PASSIVE_LEVEL; level <= HIGH_LEVEL; level++) {
        KIRQL old = KfRaiseIrql(level);
        KIRQL seen = KeGetCurrentIrql();
        KeLowerIrql(old);
        EXPECT_EQ(seen, level);
    }
}

static void count_dpc(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)argument1;
    (void)argument2;
    (void)atomic_add((uint32_t *)context, 1);
}

TEST(ke_irql, a_dpc_waits_for_the_level_to_drop)
{
    uint32_t ran = 0;
    KDPC dpc;
    KeInitializeDpc(&dpc, count_dpc, &ran);
    KIRQL old = KeRaiseIrqlToDpcLevel();
    EXPECT(KeInsertQueueDpc(&dpc, NULL, NULL));
    KeStallExecutionProcessor(10);
    uint32_t before = atomic_load_acquire(&ran);
    KeLowerIrql(old);
    EXPECT_EQ(before, 0);
    EXPECT(test_reaches(&ran, 1));
}

TEST(ke_irql, lowering_to_dispatch_level_does_not_let_dpcs_in)
{
    uint32_t ran = 0;
    KDPC dpc;
    KeInitializeDpc(&dpc, count_dpc, &ran);
    KIRQL old = KfRaiseIrql(HIGH_LEVEL);
    (void)KeInsertQueueDpc(&dpc, NULL, NULL);
    KeLowerIrql(DISPATCH_LEVEL);
    KeStallExecutionProcessor(10);
    uint32_t before = atomic_load_acquire(&ran);
    KeLowerIrql(old);
    EXPECT_EQ(before, 0);
    EXPECT(test_reaches(&ran, 1));
}

TEST_PLANTED(planted, irql_limit, "a function called above its level stops a checked build")
{
    KIRQL old = KeRaiseIrqlToDpcLevel();
    if (VARIANT_CHECKED)
        IRQL_MAX(APC_LEVEL);
    KeLowerIrql(old);
    EXPECT(VARIANT_CHECKED == 0);
}

TEST_PLANTED(planted, irql_raised_downwards, "raising to a lower level is bugcheck 0x9")
{
    KIRQL old = KeRaiseIrqlToDpcLevel();
    (void)KfRaiseIrql(APC_LEVEL);
    KeLowerIrql(old);
    EXPECT(false);
}

TEST_PLANTED(planted, irql_lowered_upwards, "lowering to a higher level is bugcheck 0xA")
{
    KeLowerIrql(DISPATCH_LEVEL);
    EXPECT(false);
}
