/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of processor.c: the numbers agree with each other and with where code really runs. */
#include <nt/ke_thread_ddi.h>

#include "ke/ke_test.h"

TEST(ke_processor, counts_and_masks_agree)
{
    KAFFINITY active = 0;
    ULONG count = KeQueryActiveProcessorCount(&active);
    EXPECT_EQ(count, ke.cpu_count);
    EXPECT_EQ((ULONG)__builtin_popcountll(active), count);
    EXPECT_EQ(KeQueryActiveProcessors(), active);
    EXPECT_EQ(KeQueryGroupAffinity(0), active);
    EXPECT_EQ(KeQueryGroupAffinity(1), 0);
    EXPECT_EQ((ULONG)KeNumberProcessors, count);
    EXPECT_EQ(KeQueryActiveProcessorCountEx(0), count);
    EXPECT_EQ(KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS), count);
    EXPECT_EQ(KeQueryActiveProcessorCountEx(1), 0);
    EXPECT(KeQueryMaximumProcessorCount() >= count);
    EXPECT_EQ(KeQueryMaximumProcessorCountEx(ALL_PROCESSOR_GROUPS), KeQueryMaximumProcessorCount());
    EXPECT_EQ(KeQueryMaximumProcessorCountEx(7), 0);
    EXPECT_EQ(KeQueryActiveGroupCount(), 1);
    EXPECT_EQ(KeQueryMaximumGroupCount(), 1);
    EXPECT_EQ(KeQueryHighestNodeNumber() + KeGetCurrentNodeNumber(), 0);
}

TEST(ke_processor, indices_and_numbers_translate_into_each_other)
{
    PROCESSOR_NUMBER number;
    for (ULONG i = 0; i < ke.cpu_count; i++) {
        EXPECT_EQ(KeGetProcessorNumberFromIndex(i, &number), STATUS_SUCCESS);
        EXPECT_EQ(number.Group + number.Reserved, 0);
        EXPECT_EQ(KeGetProcessorIndexFromNumber(&number), i);
    }
    EXPECT_EQ(KeGetProcessorNumberFromIndex(ke.cpu_count, &number), STATUS_INVALID_PARAMETER);
    number = (PROCESSOR_NUMBER){ .Group = 1 };
    EXPECT_EQ(KeGetProcessorIndexFromNumber(&number), 0xffffffff);
    number = (PROCESSOR_NUMBER){ .Number = (UCHAR)ke.cpu_count };
    EXPECT_EQ(KeGetProcessorIndexFromNumber(&number), 0xffffffff);
}

static uint32_t strangers; /* [a] */

static void look_where_it_runs(void *argument)
{
    PROCESSOR_NUMBER number;
    ULONG index = KeGetCurrentProcessorNumberEx(&number);
    if (index != (uintptr_t)argument || KeGetProcessorIndexFromNumber(&number) != index)
        (void)atomic_add(&strangers, 1);
}

TEST(ke_processor, each_knows_its_own_number)
{
    strangers = 0;
    test_run_threads(run, ke.cpu_count < TEST_MAX_THREADS ? ke.cpu_count : TEST_MAX_THREADS,
                     look_where_it_runs);
    EXPECT_EQ(strangers, 0);
}

struct changes {
    uint32_t calls[KeProcessorAddFailureNotify + 1];
    uint32_t refused; /* the processor that is */
    uint32_t out_of_order;
    NTSTATUS failure;
};

static void note_change(PVOID context, KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT *change, PNTSTATUS status)
{
    struct changes *changes = context;
    uint32_t before = changes->calls[change->State]++;
    changes->out_of_order += change->NtNumber != before || change->ProcNumber.Number != before;
    changes->failure = change->Status;
    if (change->State == KeProcessorAddStartNotify && change->NtNumber == changes->refused)
        *status = STATUS_NOT_SUPPORTED;
}

TEST(ke_processor, a_change_callback_hears_of_those_that_exist_if_it_asks)
{
    struct changes changes = { .refused = UINT32_MAX };
    PVOID registration = KeRegisterProcessorChangeCallback(note_change, &changes, 0);
    REQUIRE(registration != NULL);
    KeDeregisterProcessorChangeCallback(registration);
    EXPECT_EQ(changes.calls[KeProcessorAddStartNotify], 0);
    registration =
        KeRegisterProcessorChangeCallback(note_change, &changes, KE_PROCESSOR_CHANGE_ADD_EXISTING);
    REQUIRE(registration != NULL);
    KeDeregisterProcessorChangeCallback(registration);
    EXPECT_EQ(changes.calls[KeProcessorAddStartNotify], ke.cpu_count);
    EXPECT_EQ(changes.calls[KeProcessorAddCompleteNotify], ke.cpu_count);
    EXPECT_EQ(changes.calls[KeProcessorAddFailureNotify], 0);
    EXPECT_EQ(changes.out_of_order, 0);
}

TEST(ke_processor, a_change_callback_that_refuses_is_not_registered)
{
    struct changes changes = { .refused = ke.cpu_count - 1 };
    EXPECT(KeRegisterProcessorChangeCallback(note_change, &changes,
                                             KE_PROCESSOR_CHANGE_ADD_EXISTING) == NULL);
    EXPECT_EQ(changes.calls[KeProcessorAddStartNotify], ke.cpu_count);
    EXPECT_EQ(changes.calls[KeProcessorAddCompleteNotify], 0);
    EXPECT_EQ(changes.calls[KeProcessorAddFailureNotify], ke.cpu_count);
    EXPECT_EQ(changes.failure, STATUS_NOT_SUPPORTED);
}
