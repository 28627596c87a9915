/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of interlocked_list.c. */
#include <nt/ex_ddi.h>
#include <nt/list.h>

#include "ex/ex_impl.h"
#include "ke/ke_test.h"

#define ENTRIES 16
#define ROUNDS  500

static KSPIN_LOCK lock;
static LIST_ENTRY list;
static SINGLE_LIST_ENTRY single;
static uint32_t failures; /* [a] */
static ULONG sum;
static LARGE_INTEGER large_sum;

static void reset(void)
{
    KeInitializeSpinLock(&lock);
    InitializeListHead(&list);
    single.Next = NULL;
    failures = 0;
    sum = 0;
    large_sum.QuadPart = 0;
}

TEST(ex_interlocked_list, answers_with_the_neighbour)
{
    LIST_ENTRY a, b, c;
    reset();
    EXPECT(ExInterlockedRemoveHeadList(&list, &lock) == NULL);
    EXPECT(ExInterlockedInsertHeadList(&list, &a, &lock) == NULL);
    EXPECT(ExInterlockedInsertTailList(&list, &b, &lock) == &a);
    EXPECT(ExInterlockedInsertHeadList(&list, &c, &lock) == &a);
    EXPECT(ExInterlockedRemoveHeadList(&list, &lock) == &c);
    EXPECT(ExInterlockedRemoveHeadList(&list, &lock) == &a);
    EXPECT(ExInterlockedRemoveHeadList(&list, &lock) == &b);
    EXPECT(IsListEmpty(&list));
    EXPECT_EQ(lock, 0);
}

TEST(ex_interlocked_list, single_lists_are_stacks)
{
    SINGLE_LIST_ENTRY a, b;
    reset();
    EXPECT(ExInterlockedPopEntryList(&single, &lock) == NULL);
    EXPECT(ExInterlockedPushEntryList(&single, &a, &lock) == NULL);
    EXPECT(ExInterlockedPushEntryList(&single, &b, &lock) == &a);
    EXPECT(ExInterlockedPopEntryList(&single, &lock) == &b);
    EXPECT(ExInterlockedPopEntryList(&single, &lock) == &a);
    EXPECT(ExInterlockedPopEntryList(&single, &lock) == NULL);
}

TEST(ex_interlocked_list, sums_return_the_value_before)
{
    LARGE_INTEGER minus = { .QuadPart = -5 };
    reset();
    EXPECT_EQ(ExInterlockedAddUlong(&sum, 3, &lock), 0);
    EXPECT_EQ(ExInterlockedAddUlong(&sum, UINT32_MAX, &lock), 3);
    EXPECT_EQ(sum, 2);
    EXPECT_EQ(ExInterlockedAddLargeInteger(&large_sum, minus, &lock).QuadPart, 0);
    EXPECT_EQ(large_sum.QuadPart, -5);
}

static void shuffle(void *argument)
{
    UNREFERENCED_PARAMETER(argument);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        LIST_ENTRY *entry = ExInterlockedRemoveHeadList(&list, &lock);
        SINGLE_LIST_ENTRY *one = ExInterlockedPopEntryList(&single, &lock);
        if (entry != NULL && i % 2 == 0)
            (void)ExInterlockedInsertHeadList(&list, entry, &lock);
        else if (entry != NULL)
            (void)ExInterlockedInsertTailList(&list, entry, &lock);
        if (one != NULL)
            (void)ExInterlockedPushEntryList(&single, one, &lock);
        if (entry == NULL || one == NULL) /* more entries than threads */
            (void)atomic_add(&failures, 1);
        (void)ExInterlockedAddUlong(&sum, 1, &lock);
        (void)ExInterlockedAddLargeInteger(&large_sum, (LARGE_INTEGER){ .QuadPart = 1 }, &lock);
    }
}

TEST(ex_interlocked_list, nothing_is_lost_between_processors)
{
    static LIST_ENTRY entries[ENTRIES];
    static SINGLE_LIST_ENTRY singles[ENTRIES];
    uint32_t left = 0, singles_left = 0;
    reset();
    for (uint32_t i = 0; i < ENTRIES; i++) {
        (void)ExInterlockedInsertTailList(&list, &entries[i], &lock);
        (void)ExInterlockedPushEntryList(&single, &singles[i], &lock);
    }
    test_run_threads(run, 8, shuffle);
    while (ExInterlockedRemoveHeadList(&list, &lock) != NULL)
        left++;
    while (ExInterlockedPopEntryList(&single, &lock) != NULL)
        singles_left++;
    EXPECT_EQ(left, ENTRIES);
    EXPECT_EQ(singles_left, ENTRIES);
    EXPECT_EQ(failures, 0);
    EXPECT_EQ(sum, 8 * ROUNDS);
    EXPECT_EQ(large_sum.QuadPart, 8 * ROUNDS);
}

TEST(ex_interlocked_list, works_at_device_levels)
{
    LIST_ENTRY a;
    reset();
    KIRQL old = KfRaiseIrql(CLOCK_LEVEL);
    LIST_ENTRY *before = ExInterlockedInsertHeadList(&list, &a, &lock);
    LIST_ENTRY *taken = ExInterlockedRemoveHeadList(&list, &lock);
    KIRQL level = KeGetCurrentIrql();
    KeLowerIrql(old);
    EXPECT(before == NULL);
    EXPECT(taken == &a);
    EXPECT_EQ(level, CLOCK_LEVEL);
}
