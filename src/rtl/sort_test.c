/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of sort.c. */
#include "rtl/rtl_test.h"

#define MOST 100u

static int compare(const void *a, const void *b)
{
    const ULONG *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static int compare_bytes(const void *a, const void *b)
{
    return memcmp(a, b, 3);
}

TEST(rtl_sort, arrays_of_every_small_size_are_sorted_and_complete)
{
    for (ULONG count = 0; count <= MOST; count++) {
        ULONG numbers[MOST + 1], sum = 0, range = 1 + below(run, 2 * MOST);
        numbers[count] = 0xdeadbeef;
        for (ULONG i = 0; i < count; i++)
            sum += numbers[i] = below(run, range);
        rtl_qsort(numbers, count, sizeof(numbers[0]), compare);
        for (ULONG i = 0; i < count; i++) {
            REQUIRE(i == 0 || numbers[i - 1] <= numbers[i]);
            sum -= numbers[i];
        }
        EXPECT_EQ(sum, 0);
        EXPECT_EQ(numbers[count], 0xdeadbeef);
    }
}

static ULONG comparisons;

static int compare_and_count(const void *a, const void *b)
{
    comparisons++;
    return compare(a, b);
}

TEST(rtl_sort, no_order_of_the_array_is_a_bad_one)
{
    static ULONG numbers[1024];
    for (int shape = 0; shape < 4; shape++) {
        for (ULONG i = 0; i < 1024; i++)
            numbers[i] = shape == 0 ? i : shape == 1 ? 1024 - i : shape == 2 ? 7 : i % 2 * i;
        comparisons = 0;
        rtl_qsort(numbers, 1024, sizeof(numbers[0]), compare_and_count);
        for (ULONG i = 1; i < 1024; i++)
            REQUIRE(numbers[i - 1] <= numbers[i]);
        EXPECT(comparisons < 2 * 1024 * 11);
    }
}

TEST(rtl_sort, elements_may_have_any_size)
{
    char names[] = "thefoxandhenasksall";
    rtl_qsort(names, 6, 3, compare_bytes);
    for (size_t i = 1; i < 6; i++)
        EXPECT(memcmp(names + 3 * i - 3, names + 3 * i, 3) <= 0);
    EXPECT_EQ(names[18], 'l');
}

TEST(rtl_sort, what_is_there_is_found_and_nothing_else)
{
    ULONG numbers[MOST];
    for (ULONG i = 0; i < MOST; i++)
        numbers[i] = 2 * i + 1;
    for (ULONG count = 0; count <= MOST; count++) {
        for (ULONG key = 0; key <= 2 * count + 1; key++) {
            void *found = rtl_bsearch(&key, numbers, count, sizeof(ULONG), compare);
            bool there = key % 2 == 1 && key / 2 < count;
            REQUIRE(found == (there ? &numbers[key / 2] : NULL));
        }
    }
}
