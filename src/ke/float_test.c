/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of float.c; that the registers themselves are kept is the port's to show. */
#include <nt/ke_thread_ddi.h>

#include "ke/ke_test.h"

TEST(ke_float, saved_state_is_aligned_and_its_memory_comes_back)
{
    XSTATE_SAVE save;
    test_settle();
    KIRQL old = KeRaiseIrqlToDpcLevel();
    NTSTATUS status = KeSaveExtendedProcessorState(XSTATE_MASK_LEGACY | XSTATE_MASK_AVX, &save);
    if (!NT_SUCCESS(status)) {
        KeLowerIrql(old);
        REQUIRE(NT_SUCCESS(status));
    }
    uintptr_t area = (uintptr_t)save.XStateContext.Area;
    bool has_buffer = save.XStateContext.Buffer != NULL;
    KeRestoreExtendedProcessorState(&save);
    KeLowerIrql(old);
    EXPECT_EQ(area % 64, 0);
    EXPECT(has_buffer);
    EXPECT(save.XStateContext.Buffer == NULL);
    EXPECT_EQ(save.Level, DISPATCH_LEVEL);
    EXPECT(save.Thread == (KTHREAD *)arch_thread());
}

TEST(ke_float, floating_point_state_needs_no_saving)
{
    KFLOATING_SAVE save = 1;
    EXPECT_EQ(KeSaveFloatingPointState(&save), STATUS_SUCCESS);
    EXPECT_EQ(save, 0);
    EXPECT_EQ(KeRestoreFloatingPointState(&save), STATUS_SUCCESS);
}
