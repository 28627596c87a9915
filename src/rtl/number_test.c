/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of number.c. */
#include "rtl/rtl_test.h"

#define ROUNDS  16000u
#define BUCKETS 16u

TEST(rtl_number, a_seed_gives_the_same_numbers_again)
{
    ULONG a = 12345, b = 12345, other = 12346, differ = 0;
    for (int i = 0; i < 100; i++) {
        ULONG value = RtlRandomEx(&a);
        EXPECT_EQ(value, RtlRandomEx(&b));
        differ += value != RtlRandomEx(&other);
    }
    EXPECT(differ > 90);
}

TEST(rtl_number, random_numbers_spread_below_maxlong)
{
    ULONG (*const functions[])(ULONG *) = { RtlRandom, RtlRandomEx };
    for (size_t f = 0; f < ARRAY_COUNT(functions); f++) {
        ULONG counts[BUCKETS] = { 0 }, odd = 0, seed = (ULONG)selftest_random(run);
        for (ULONG i = 0; i < ROUNDS; i++) {
            ULONG value = functions[f](&seed);
            REQUIRE(value < 0x7fffffff);
            counts[value / (0x80000000u / BUCKETS)]++;
            odd += value & 1;
        }
        /* A bucket's deviation is 31; ten of them do not happen by chance. */
        for (ULONG i = 0; i < BUCKETS; i++)
            EXPECT(counts[i] > ROUNDS / BUCKETS - 310 && counts[i] < ROUNDS / BUCKETS + 310);
        EXPECT(odd > ROUNDS / 2 - 700 && odd < ROUNDS / 2 + 700);
    }
}

TEST(rtl_number, no_seed_stands_still)
{
    static const ULONG seeds[] = {
        0, 1, 0x7ffffffe, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff
    };
    for (size_t i = 0; i < ARRAY_COUNT(seeds); i++) {
        ULONG seed = seeds[i], seed_ex = seeds[i];
        ULONG first = RtlRandom(&seed), first_ex = RtlRandomEx(&seed_ex);
        EXPECT(seed != seeds[i] && seed_ex != seeds[i]);
        EXPECT(RtlRandom(&seed) != first);
        EXPECT(RtlRandomEx(&seed_ex) != first_ex);
    }
}

TEST(rtl_number, the_sequence_is_the_published_one)
{
    ULONG seed = 1; /* 48271 after 10,000 steps: the check value of Park and Miller */
    for (int i = 0; i < 10000; i++)
        (void)RtlRandom(&seed); /* the seed is looked at */
    EXPECT_EQ(seed, 399268537);
}

TEST(rtl_number, bytes_change_places)
{
    EXPECT_EQ(RtlUshortByteSwap(0x1234), 0x3412);
    EXPECT_EQ(RtlUlongByteSwap(0x12345678), 0x78563412);
    EXPECT_EQ(RtlUlonglongByteSwap(0x0123456789abcdef), 0xefcdab8967452301);
}

TEST(rtl_number, generic_rights_become_those_of_the_type)
{
    static const GENERIC_MAPPING mapping = { 0x1, 0x2, 0x4, 0x1f000f };
    static const struct {
        ACCESS_MASK before, after;
    } cases[] = {
        { 0, 0 },
        { GENERIC_READ, 0x1 },
        { GENERIC_WRITE, 0x2 },
        { GENERIC_EXECUTE, 0x4 },
        { GENERIC_ALL, 0x1f000f },
        { GENERIC_READ | GENERIC_WRITE | 0x100000, 0x100003 },
        { 0x02000000, 0x02000000 }, /* MAXIMUM_ALLOWED is not generic */
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        ACCESS_MASK mask = cases[i].before;
        RtlMapGenericMask(&mask, &mapping);
        EXPECT_EQ(mask, cases[i].after);
    }
}
