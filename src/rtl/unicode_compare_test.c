/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of unicode_compare.c, of random strings against a naive reference. */
#include "rtl/rtl_test.h"

static int sign(LONG value)
{
    return (value > 0) - (value < 0);
}

TEST(rtl_unicode_compare, strings_are_ordered_by_their_characters)
{
    static const struct {
        PCWSTR first, second;
        int with_case, without;
    } cases[] = {
        { L"", L"", 0, 0 },        { L"", L"a", -1, -1 },
        { L"abc", L"abc", 0, 0 },  { L"abc", L"abd", -1, -1 },
        { L"abc", L"ab", 1, 1 },   { L"abc", L"ABC", 1, 0 },
        { L"ABD", L"abc", -1, 1 }, { L"\u00e9", L"\u00c9", 1, 0 },
        { L"_", L"a", -1, 1 }, /* the upper case decides: '_' lies between 'Z' and 'a' */
        { L"\uffff", L"a", 1, 1 }, { L"\u0131", L"i", 1, 1 }, /* dotless i is no i */
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        UNICODE_STRING a = wide(cases[i].first), b = wide(cases[i].second);
        EXPECT_EQ(sign(RtlCompareUnicodeString(&a, &b, FALSE)), cases[i].with_case);
        EXPECT_EQ(sign(RtlCompareUnicodeString(&b, &a, FALSE)), -cases[i].with_case);
        EXPECT_EQ(sign(RtlCompareUnicodeString(&a, &b, TRUE)), cases[i].without);
        EXPECT_EQ(RtlEqualUnicodeString(&a, &b, FALSE), cases[i].with_case == 0);
        EXPECT_EQ(RtlEqualUnicodeString(&a, &b, TRUE), cases[i].without == 0);
    }
}

TEST(rtl_unicode_compare, texts_are_counted_in_characters)
{
    EXPECT_EQ(RtlCompareUnicodeStrings(L"abX", 2, L"abY", 2, FALSE), 0);
    EXPECT(RtlCompareUnicodeStrings(L"abX", 3, L"abY", 3, FALSE) < 0);
    EXPECT(RtlCompareUnicodeStrings(L"a\0b", 3, L"a\0c", 3, FALSE) < 0);
    EXPECT_EQ(RtlCompareUnicodeStrings(NULL, 0, NULL, 0, FALSE), 0);
}

TEST(rtl_unicode_compare, strings_without_buffers_are_equal_and_begin_everything)
{
    UNICODE_STRING none = { 0, 0, NULL }, text = wide(L"text");
    EXPECT(RtlEqualUnicodeString(&none, &none, TRUE));
    EXPECT(!RtlEqualUnicodeString(&none, &text, TRUE));
    EXPECT(RtlPrefixUnicodeString(&none, &text, FALSE));
    EXPECT(RtlPrefixUnicodeString(&none, &none, FALSE));
    EXPECT(RtlSuffixUnicodeString(&none, &none, FALSE));
    EXPECT(!RtlPrefixUnicodeString(&text, &none, FALSE));
    EXPECT(!RtlSuffixUnicodeString(&text, &none, FALSE));
}

TEST(rtl_unicode_compare, prefixes_and_suffixes)
{
    UNICODE_STRING path = wide(L"\\Device\\Null");
    static const struct {
        PCWSTR text;
        bool prefix, prefix_any_case, suffix, suffix_any_case;
    } cases[] = {
        { L"\\Device", true, true, false, false },     { L"\\DEVICE", false, true, false, false },
        { L"Null", false, false, true, true },         { L"nULL", false, false, false, true },
        { L"\\Device\\Null", true, true, true, true }, { L"\\Device\\Null\\", 0, 0, 0, 0 },
        { L"\\Dev1ce", false, false, false, false },
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        UNICODE_STRING part = wide(cases[i].text);
        EXPECT_EQ(RtlPrefixUnicodeString(&part, &path, FALSE), cases[i].prefix);
        EXPECT_EQ(RtlPrefixUnicodeString(&part, &path, TRUE), cases[i].prefix_any_case);
        EXPECT_EQ(RtlSuffixUnicodeString(&part, &path, FALSE), cases[i].suffix);
        EXPECT_EQ(RtlSuffixUnicodeString(&part, &path, TRUE), cases[i].suffix_any_case);
    }
}

TEST(rtl_unicode_compare, random_strings_compare_as_their_upper_case_does)
{
    static const WCHAR letters[] = { 'a', 'A', 'b', 'B', 0xe9, 0xc9, 0x3c9, 0x3a9, 0x430, 0xff5a };
    for (int round = 0; round < 500; round++) {
        WCHAR a[6], b[6], x[6], y[6];
        UNICODE_STRING first = { (USHORT)(2 * below(run, 7)), 12, a };
        UNICODE_STRING second = { (USHORT)(2 * below(run, 7)), 12, b };
        for (size_t i = 0; i < 6; i++) {
            x[i] = RtlUpcaseUnicodeChar(a[i] = letters[below(run, ARRAY_COUNT(letters))]);
            y[i] = RtlUpcaseUnicodeChar(b[i] = letters[below(run, ARRAY_COUNT(letters))]);
        }
        int expected = 0;
        for (size_t i = 0; expected == 0 && i < 6 && 2 * i < first.Length && 2 * i < second.Length;
             i++)
            expected = (x[i] > y[i]) - (x[i] < y[i]);
        if (expected == 0)
            expected = (first.Length > second.Length) - (first.Length < second.Length);
        EXPECT_EQ(sign(RtlCompareUnicodeString(&first, &second, TRUE)), expected);
        ULONG one, other;
        EXPECT_EQ(RtlHashUnicodeString(&first, TRUE, 1, &one), STATUS_SUCCESS);
        EXPECT_EQ(RtlHashUnicodeString(&second, TRUE, 1, &other), STATUS_SUCCESS);
        EXPECT(expected != 0 || one == other);
    }
}

TEST(rtl_unicode_compare, the_hash_is_x65599)
{
    UNICODE_STRING string = wide(L"ab"), empty = { 0, 0, NULL };
    ULONG hash;
    EXPECT_EQ(RtlHashUnicodeString(&string, FALSE, HASH_STRING_ALGORITHM_X65599, &hash), 0);
    EXPECT_EQ(hash, 'a' * 65599u + 'b');
    EXPECT_EQ(RtlHashUnicodeString(&string, TRUE, HASH_STRING_ALGORITHM_DEFAULT, &hash), 0);
    EXPECT_EQ(hash, 'A' * 65599u + 'B');
    EXPECT_EQ(RtlHashUnicodeString(&empty, TRUE, HASH_STRING_ALGORITHM_DEFAULT, &hash), 0);
    EXPECT_EQ(hash, 0);
}

TEST(rtl_unicode_compare, another_hash_is_refused)
{
    UNICODE_STRING string = wide(L"ab");
    ULONG hash = 7;
    EXPECT_EQ(RtlHashUnicodeString(&string, FALSE, 2, &hash), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(RtlHashUnicodeString(&string, FALSE, HASH_STRING_ALGORITHM_INVALID, &hash),
              STATUS_INVALID_PARAMETER);
    EXPECT_EQ(RtlHashUnicodeString(NULL, FALSE, 1, &hash), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(RtlHashUnicodeString(&string, FALSE, 1, NULL), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(hash, 7);
}
