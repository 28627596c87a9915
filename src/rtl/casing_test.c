/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of casing.c, and through it of the table that make-tables has written. */
#include "rtl/rtl_test.h"

TEST(rtl_casing, letters_of_many_scripts_have_both_cases)
{
    static const WCHAR pairs[][2] = {
        { 'a', 'A' },       { 'z', 'Z' },       { 0xe0, 0xc0 },     { 0xff, 0x178 },
        { 0x101, 0x100 },   { 0x17e, 0x17d },   { 0x3b1, 0x391 },   { 0x3ce, 0x38f },
        { 0x430, 0x410 },   { 0x45f, 0x40f },   { 0x561, 0x531 },   { 0x1e01, 0x1e00 },
        { 0x1f00, 0x1f08 }, { 0x1f80, 0x1f88 }, { 0x1fc3, 0x1fcc }, { 0x2170, 0x2160 },
        { 0x24d0, 0x24b6 }, { 0x2c65, 0x23a },  { 0xff41, 0xff21 }, { 0xff5a, 0xff3a },
    };
    for (size_t i = 0; i < ARRAY_COUNT(pairs); i++) {
        EXPECT_EQ(RtlUpcaseUnicodeChar(pairs[i][0]), pairs[i][1]);
        EXPECT_EQ(RtlUpcaseUnicodeChar(pairs[i][1]), pairs[i][1]);
        EXPECT_EQ(RtlDowncaseUnicodeChar(pairs[i][1]), pairs[i][0]);
        EXPECT_EQ(RtlDowncaseUnicodeChar(pairs[i][0]), pairs[i][0]);
    }
}

/* What the exFAT specification's up-case table leaves alone, though Unicode has an upper case for it. */
TEST(rtl_casing, letters_that_would_become_others_stay)
{
    static const WCHAR stay[] = { 0xb5,  0xdf,  0x131, 0x149, 0x17f,  0x1c5,  0x1f2,  0x345,
                                  0x3d0, 0x3d1, 0x3f0, 0x3f5, 0x1e9b, 0x1fbe, 0xfb01, 0xd800 };
    for (size_t i = 0; i < ARRAY_COUNT(stay); i++)
        EXPECT_EQ(RtlUpcaseUnicodeChar(stay[i]), stay[i]);
    EXPECT_EQ(RtlUpcaseUnicodeChar(0x3c2), 0x3a3); /* the final sigma is a sigma */
    EXPECT_EQ(RtlDowncaseUnicodeChar(0x130), 0x130);
    EXPECT_EQ(RtlDowncaseUnicodeChar(0x212a), 'k'); /* the Kelvin sign */
}

TEST(rtl_casing, neighbours_of_ascii_letters_stay)
{
    static const WCHAR stay[] = { 0, ' ', '0', '@', '[', '`', '{', 0x7f, 0x80, 0xd7, 0xf7, 0xffff };
    for (size_t i = 0; i < ARRAY_COUNT(stay); i++) {
        EXPECT_EQ(RtlUpcaseUnicodeChar(stay[i]), stay[i]);
        EXPECT_EQ(RtlDowncaseUnicodeChar(stay[i]), stay[i]);
    }
}

TEST(rtl_casing, case_changes_once_and_back)
{
    size_t changed = 0;
    for (ULONG i = 0; i <= 0xffff; i++) {
        WCHAR upper = RtlUpcaseUnicodeChar((WCHAR)i), lower = RtlDowncaseUnicodeChar((WCHAR)i);
        REQUIRE(RtlUpcaseUnicodeChar(upper) == upper);
        REQUIRE(RtlDowncaseUnicodeChar(lower) == lower);
        REQUIRE(upper == i || i == 0x3c2 || RtlDowncaseUnicodeChar(upper) == i);
        changed += upper != i;
    }
    EXPECT(changed > 1000);
}

TEST(rtl_casing, an_ansi_letter_without_upper_case_in_its_code_page_stays)
{
    EXPECT_EQ(RtlUpperChar('q'), 'Q');
    EXPECT_EQ(RtlUpperChar((CHAR)0xe4), (CHAR)0xc4);
    EXPECT_EQ(RtlUpperChar((CHAR)0x9a), (CHAR)0x8a); /* s with caron */
    EXPECT_EQ(RtlUpperChar((CHAR)0x83), (CHAR)0x83); /* f with hook: U+0191 is not in 1252 */
    EXPECT_EQ(RtlUpperChar((CHAR)0xb5), (CHAR)0xb5);
    EXPECT_EQ(RtlUpperChar(0), 0);
}
