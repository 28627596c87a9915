/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of bitmap.c: bits and ranges, against a naive array of bytes. */
#include "rtl/bitmap.h"

#include "base/check.h"
#include "base/selftest.h"
#include "rtl/memory.h"

#define BITS  203u /* not a multiple of a word */
#define WORDS 7u

struct naive {
    RTL_BITMAP bitmap;
    ULONG words[WORDS + 1]; /* the last one is not the bitmap's */
    uint8_t bits[BITS];
};

static void setup(struct naive *naive)
{
    memset(naive, 0, sizeof(*naive));
    naive->words[WORDS] = 0x5a5a5a5a;
    RtlInitializeBitMap(&naive->bitmap, naive->words, BITS);
}

static bool same(struct naive *naive)
{
    for (ULONG i = 0; i < BITS; i++) {
        if (RtlTestBit(&naive->bitmap, i) != naive->bits[i])
            return false;
    }
    return naive->words[WORDS] == 0x5a5a5a5a;
}

static ULONG below(struct selftest_run *run, ULONG limit)
{
    return (ULONG)(selftest_random(run) % limit);
}

TEST(rtl_bitmap, a_new_bitmap_keeps_its_bits)
{
    ULONG words[2] = { 0x80000001, 1 };
    RTL_BITMAP bitmap;
    RtlInitializeBitMap(&bitmap, words, 33);
    EXPECT_EQ(RtlNumberOfSetBits(&bitmap), 3);
    EXPECT_EQ(RtlNumberOfClearBits(&bitmap), 30);
    EXPECT(RtlCheckBit(&bitmap, 31) != 0);
}

TEST(rtl_bitmap, ranges_do_what_single_bits_would)
{
    struct naive naive;
    setup(&naive);
    for (uint32_t round = 0; round < 300; round++) {
        ULONG start = below(run, BITS), count = below(run, BITS - start + 1);
        bool value = below(run, 2) != 0;
        if (value)
            RtlSetBits(&naive.bitmap, start, count);
        else
            RtlClearBits(&naive.bitmap, start, count);
        memset(naive.bits + start, value, count);
        REQUIRE(same(&naive));
    }
}

TEST(rtl_bitmap, a_single_bit_changes_alone)
{
    struct naive naive;
    setup(&naive);
    for (uint32_t round = 0; round < 300; round++) {
        ULONG bit = below(run, BITS);
        naive.bits[bit] = below(run, 2) != 0;
        if (naive.bits[bit])
            RtlSetBit(&naive.bitmap, bit);
        else
            RtlClearBit(&naive.bitmap, bit);
        REQUIRE(same(&naive));
    }
}

TEST(rtl_bitmap, all_bits_are_the_bitmaps_words)
{
    struct naive naive;
    setup(&naive);
    RtlSetAllBits(&naive.bitmap);
    EXPECT_EQ(RtlNumberOfSetBits(&naive.bitmap), BITS);
    EXPECT_EQ(naive.words[WORDS], 0x5a5a5a5a);
    RtlClearAllBits(&naive.bitmap);
    EXPECT_EQ(RtlNumberOfSetBits(&naive.bitmap), 0);
    EXPECT(same(&naive));
}

TEST(rtl_bitmap, counts_do_not_see_bits_beyond_the_end)
{
    ULONG words[2] = { 0, 0xfffffff0 };
    RTL_BITMAP bitmap;
    RtlInitializeBitMap(&bitmap, words, 36);
    EXPECT_EQ(RtlNumberOfSetBits(&bitmap), 0);
    EXPECT_EQ(RtlNumberOfClearBits(&bitmap), 36);
}

TEST(rtl_bitmap, a_range_is_clear_or_set_or_neither)
{
    struct naive naive;
    setup(&naive);
    for (uint32_t round = 0; round < 500; round++) {
        ULONG at = below(run, BITS), set = below(run, BITS - at + 1);
        RtlClearAllBits(&naive.bitmap);
        RtlSetBits(&naive.bitmap, at, set);
        ULONG start = below(run, BITS), count = below(run, BITS - start + 1);
        bool apart = set == 0 || start + count <= at || at + set <= start || count == 0;
        EXPECT_EQ(RtlAreBitsClear(&naive.bitmap, start, count), apart);
        bool inside = count == 0 || (start >= at && start + count <= at + set);
        REQUIRE(RtlAreBitsSet(&naive.bitmap, start, count) == inside);
    }
}

TEST(rtl_bitmap, a_range_beyond_the_end_is_neither)
{
    struct naive naive;
    setup(&naive);
    EXPECT(RtlAreBitsClear(&naive.bitmap, BITS - 1, 1));
    EXPECT(!RtlAreBitsClear(&naive.bitmap, BITS - 1, 2));
    EXPECT(!RtlAreBitsClear(&naive.bitmap, BITS + 1, 0));
    EXPECT(!RtlAreBitsClear(&naive.bitmap, 5, 0xffffffff));
    RtlSetAllBits(&naive.bitmap);
    EXPECT(!RtlAreBitsSet(&naive.bitmap, BITS - 1, 2));
}

TEST(rtl_bitmap, significant_bits_of_numbers)
{
    EXPECT_EQ(RtlFindLeastSignificantBit(0), -1);
    EXPECT_EQ(RtlFindMostSignificantBit(0), -1);
    for (int i = 0; i < 64; i++) {
        EXPECT_EQ(RtlFindLeastSignificantBit(~0ull << i), i);
        EXPECT_EQ(RtlFindMostSignificantBit(~0ull >> i), 63 - i);
    }
}

TEST(rtl_bitmap, bits_are_counted_in_any_range)
{
    struct naive naive;
    setup(&naive);
    for (uint32_t i = 0; i < 90; i++) {
        ULONG bit = below(run, BITS);
        RtlSetBit(&naive.bitmap, bit);
        naive.bits[bit] = 1;
    }
    for (uint32_t round = 0; round < 300; round++) {
        ULONG start = below(run, BITS), count = below(run, BITS - start + 1), set = 0;
        for (ULONG i = start; i < start + count; i++)
            set += naive.bits[i];
        REQUIRE(RtlNumberOfSetBitsInRange(&naive.bitmap, start, count) == set);
        REQUIRE(RtlNumberOfClearBitsInRange(&naive.bitmap, start, count) == count - set);
    }
    EXPECT_EQ(RtlNumberOfSetBitsUlongPtr(0), 0);
    EXPECT_EQ(RtlNumberOfSetBitsUlongPtr(0x8000000000000101), 3);
}
