/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of bitmap_runs.c: searches, against a naive array of bytes. */
#include "rtl/bitmap.h"

#include "base/check.h"
#include "base/selftest.h"
#include "rtl/memory.h"

#define MAX_BITS 150u

struct naive {
    RTL_BITMAP bitmap;
    ULONG words[(MAX_BITS + 31) / 32];
    uint8_t bits[MAX_BITS];
    ULONG count;
};

static ULONG below(struct selftest_run *run, ULONG limit)
{
    return (ULONG)(selftest_random(run) % limit);
}

/* Runs of random length, short ones more often; what lies beyond the end is noise. */
static void setup(struct selftest_run *run, struct naive *naive)
{
    naive->count = 1 + below(run, MAX_BITS);
    memset(naive->words, (int)below(run, 256), sizeof(naive->words));
    RtlInitializeBitMap(&naive->bitmap, naive->words, naive->count);
    bool value = below(run, 2) != 0;
    for (ULONG at = 0; at < naive->count; value = !value) {
        ULONG length = 1 + below(run, 1 + below(run, 50));
        length = length < naive->count - at ? length : naive->count - at;
        memset(naive->bits + at, value, length);
        if (value)
            RtlSetBits(&naive->bitmap, at, length);
        else
            RtlClearBits(&naive->bitmap, at, length);
        at += length;
    }
}

static ULONG length_at(const struct naive *naive, ULONG at, uint8_t value)
{
    ULONG length = 0;
    while (at + length < naive->count && naive->bits[at + length] == value)
        length++;
    return length;
}

static ULONG expected(const struct naive *naive, ULONG count, ULONG hint, uint8_t value)
{
    for (ULONG i = 0; i < naive->count; i++) {
        ULONG at = (hint + i) % naive->count;
        if (length_at(naive, at, value) >= count)
            return at;
    }
    return RTL_BITMAP_NONE;
}

TEST(rtl_bitmap_runs, a_search_starts_at_the_hint_and_wraps)
{
    struct naive naive;
    for (uint32_t round = 0; round < 400; round++) {
        setup(run, &naive);
        ULONG count = 1 + below(run, 1 + below(run, naive.count)), hint = below(run, naive.count);
        EXPECT_EQ(RtlFindClearBits(&naive.bitmap, count, hint), expected(&naive, count, hint, 0));
        REQUIRE(RtlFindSetBits(&naive.bitmap, count, hint) == expected(&naive, count, hint, 1));
    }
}

TEST(rtl_bitmap_runs, what_is_found_can_be_taken_at_once)
{
    struct naive naive;
    setup(run, &naive);
    RtlClearAllBits(&naive.bitmap);
    ULONG first = RtlFindClearBitsAndSet(&naive.bitmap, naive.count, 0);
    EXPECT_EQ(first, 0);
    EXPECT_EQ(RtlNumberOfClearBits(&naive.bitmap), 0);
    EXPECT_EQ(RtlFindClearBitsAndSet(&naive.bitmap, 1, 0), RTL_BITMAP_NONE);
    EXPECT_EQ(RtlFindSetBitsAndClear(&naive.bitmap, 1, naive.count - 1), naive.count - 1);
    EXPECT_EQ(RtlNumberOfClearBits(&naive.bitmap), 1);
    EXPECT_EQ(RtlFindSetBitsAndClear(&naive.bitmap, naive.count, 0), RTL_BITMAP_NONE);
}

TEST(rtl_bitmap_runs, hints_and_counts_out_of_range)
{
    ULONG word = 1;
    RTL_BITMAP bitmap;
    RtlInitializeBitMap(&bitmap, &word, 20);
    EXPECT_EQ(RtlFindClearBits(&bitmap, 1, 20), 1);
    EXPECT_EQ(RtlFindClearBits(&bitmap, 0, 7), 7);
    EXPECT_EQ(RtlFindClearBits(&bitmap, 20, 0), RTL_BITMAP_NONE);
    EXPECT_EQ(RtlFindClearBits(&bitmap, 0xffffffff, 3), RTL_BITMAP_NONE);
    RtlInitializeBitMap(&bitmap, &word, 0);
    EXPECT_EQ(RtlFindClearBits(&bitmap, 1, 0), RTL_BITMAP_NONE);
}

TEST(rtl_bitmap_runs, the_next_run_forward)
{
    struct naive naive;
    for (uint32_t round = 0; round < 300; round++) {
        setup(run, &naive);
        ULONG from = below(run, naive.count), start, at = from;
        while (at < naive.count && naive.bits[at])
            at++;
        ULONG length = RtlFindNextForwardRunClear(&naive.bitmap, from, &start);
        EXPECT_EQ(length, length_at(&naive, at, 0));
        REQUIRE(start == at);
    }
}

TEST(rtl_bitmap_runs, the_last_run_backward)
{
    struct naive naive;
    for (uint32_t round = 0; round < 300; round++) {
        setup(run, &naive);
        ULONG from = below(run, naive.count), start, end = from + 1;
        while (end > 0 && naive.bits[end - 1])
            end--;
        ULONG at = end;
        while (at > 0 && !naive.bits[at - 1])
            at--;
        EXPECT_EQ(RtlFindLastBackwardRunClear(&naive.bitmap, from, &start), end - at);
        REQUIRE(start == (end == 0 ? from : at));
    }
}

TEST(rtl_bitmap_runs, runs_come_by_position_or_by_length)
{
    struct naive naive;
    RTL_BITMAP_RUN runs[8];
    for (uint32_t round = 0; round < 200; round++) {
        setup(run, &naive);
        ULONG found = RtlFindClearRuns(&naive.bitmap, runs, 8, FALSE), at = 0;
        for (ULONG i = 0; i < found; i++, at += length_at(&naive, at, 0)) {
            at += length_at(&naive, at, 1);
            EXPECT_EQ(runs[i].StartingIndex, at);
            REQUIRE(runs[i].NumberOfBits == length_at(&naive, at, 0));
        }
        at += length_at(&naive, at, 1);
        EXPECT(found == 8 || at == naive.count);
        ULONG by_length = RtlFindClearRuns(&naive.bitmap, runs, 8, TRUE);
        EXPECT_EQ(by_length, found);
        for (ULONG i = 1; i < by_length; i++)
            REQUIRE(runs[i - 1].NumberOfBits >= runs[i].NumberOfBits);
        ULONG start, longest = 0;
        for (at = 0; at < naive.count; at += length_at(&naive, at, 0) + 1)
            longest = length_at(&naive, at, 0) > longest ? length_at(&naive, at, 0) : longest;
        EXPECT_EQ(by_length == 0 ? 0 : runs[0].NumberOfBits, longest);
        REQUIRE(RtlFindLongestRunClear(&naive.bitmap, &start) == longest);
        REQUIRE(longest == 0 || length_at(&naive, start, 0) == longest);
    }
}

TEST(rtl_bitmap_runs, the_first_run_and_no_run)
{
    ULONG words[2] = { 0xffffffff, 0xffffff0f }, start;
    RTL_BITMAP bitmap;
    RtlInitializeBitMap(&bitmap, words, 64);
    EXPECT_EQ(RtlFindFirstRunClear(&bitmap, &start), 4);
    EXPECT_EQ(start, 36);
    RtlInitializeBitMap(&bitmap, words, 36);
    EXPECT_EQ(RtlFindFirstRunClear(&bitmap, &start), 0);
    EXPECT_EQ(RtlFindLongestRunClear(&bitmap, &start), 0);
}
