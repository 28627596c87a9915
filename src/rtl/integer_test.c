/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of integer.c. */
#include "rtl/rtl_test.h"

TEST(rtl_integer, texts_and_their_values)
{
    static const struct {
        PCSZ text;
        ULONG base, value;
    } cases[] = {
        { "", 10, 0 },
        { "0", 0, 0 },
        { "123", 0, 123 },
        { "123", 10, 123 },
        { "0x1aF", 0, 0x1af },
        { "0x1aF", 16, 0 },
        { "1aFg", 16, 0x1af },
        { "0o17", 0, 15 },
        { "17", 8, 15 },
        { "18", 8, 1 },
        { "0b101", 0, 5 },
        { "1012", 2, 5 },
        { "0b101", 16, 0xb101 },
        { "-1", 10, 0xffffffff },
        { "+7", 10, 7 },
        { "-0x10", 0, (ULONG)-16 },
        { " \t\n 42 ", 10, 42 },
        { "--1", 10, 0 },
        { "- 1", 10, 0 },
        { "12a", 10, 12 },
        { "4294967295", 10, 0xffffffff },
        { "4294967298", 10, 2 },
        { "0X10", 0, 0 },
        { "0x", 0, 0 },
        { "x", 16, 0 },
        { "9", 8, 0 },
        { "\xff", 10, 0 },
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        ULONG value = 99;
        WCHAR buffer[16];
        UNICODE_STRING text = { 0, sizeof(buffer), buffer };
        EXPECT_EQ(RtlCharToInteger(cases[i].text, cases[i].base, &value), STATUS_SUCCESS);
        EXPECT_EQ(value, cases[i].value);
        for (size_t c = 0; cases[i].text[c] != 0; c++, text.Length += 2)
            buffer[c] = (uint8_t)cases[i].text[c];
        value = 99;
        EXPECT_EQ(RtlUnicodeStringToInteger(&text, cases[i].base, &value), STATUS_SUCCESS);
        EXPECT_EQ(value, cases[i].value);
    }
}

TEST(rtl_integer, reading_ends_with_the_string)
{
    ULONG value;
    UNICODE_STRING text = { 4, 6, (WCHAR *)L"123" };
    EXPECT_EQ(RtlUnicodeStringToInteger(&text, 10, &value), STATUS_SUCCESS);
    EXPECT_EQ(value, 12);
    text = (UNICODE_STRING){ 2, 4, (WCHAR *)L"0x" };
    EXPECT_EQ(RtlUnicodeStringToInteger(&text, 0, &value), STATUS_SUCCESS);
    EXPECT_EQ(value, 0);
    text = (UNICODE_STRING){ 0, 0, NULL };
    EXPECT_EQ(RtlUnicodeStringToInteger(&text, 0, &value), STATUS_SUCCESS);
    EXPECT_EQ(value, 0);
}

TEST(rtl_integer, other_bases_are_refused)
{
    static const ULONG bases[] = { 1, 3, 7, 9, 11, 15, 17, 36, 0xffffffff };
    WCHAR buffer[40];
    CHAR bytes[40];
    UNICODE_STRING text = wide(L"1"), target = { 9, sizeof(buffer), buffer };
    for (size_t i = 0; i < ARRAY_COUNT(bases); i++) {
        ULONG value = 99;
        LONG64 large = 99;
        EXPECT_EQ(RtlCharToInteger("1", bases[i], &value), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(RtlUnicodeStringToInteger(&text, bases[i], &value), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(RtlUnicodeStringToInt64(&text, bases[i], &large, NULL), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(RtlIntegerToUnicodeString(1, bases[i], &target), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(RtlIntegerToChar(1, bases[i], 40, bytes), STATUS_INVALID_PARAMETER);
        EXPECT(value == 99 && large == 99 && target.Length == 9);
    }
}

TEST(rtl_integer, int64_ends_where_it_says)
{
    LONG64 value;
    PWSTR end;
    UNICODE_STRING text = wide(L" -0x10zz");
    EXPECT_EQ(RtlUnicodeStringToInt64(&text, 0, &value, &end), STATUS_SUCCESS);
    EXPECT_EQ(value, -16);
    EXPECT(end == text.Buffer + 6);
    text = wide(L"77");
    EXPECT_EQ(RtlUnicodeStringToInt64(&text, 8, &value, &end), STATUS_SUCCESS);
    EXPECT_EQ(value, 63);
    EXPECT(end == text.Buffer + 2);
}

TEST(rtl_integer, int64_has_63_bits_and_a_sign)
{
    static const struct {
        PCWSTR text;
        bool fits;
        LONG64 value;
    } cases[] = {
        { L"9223372036854775807", true, INT64_MAX },  { L"9223372036854775808", false, 0 },
        { L"-9223372036854775808", true, INT64_MIN }, { L"-9223372036854775809", false, 0 },
        { L"18446744073709551616", false, 0 },        { L"99999999999999999999", false, 0 },
        { L"0x7fffffffffffffff", true, INT64_MAX },   { L"0x10000000000000000", false, 0 },
        { L"18446744073709551615", false, 0 },
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        LONG64 value = 7;
        UNICODE_STRING text = wide(cases[i].text);
        EXPECT_EQ(RtlUnicodeStringToInt64(&text, 0, &value, NULL),
                  cases[i].fits ? STATUS_SUCCESS : STATUS_INTEGER_OVERFLOW);
        EXPECT_EQ(value, cases[i].fits ? cases[i].value : 7);
    }
}

TEST(rtl_integer, values_and_their_texts)
{
    static const struct {
        ULONGLONG value;
        ULONG base;
        PCWSTR text;
    } cases[] = {
        { 0, 0, L"0" },
        { 0, 2, L"0" },
        { 5, 2, L"101" },
        { 8, 8, L"10" },
        { 4294967295u, 0, L"4294967295" },
        { 0xabcdef, 16, L"ABCDEF" },
        { UINT64_MAX, 10, L"18446744073709551615" },
        { UINT64_MAX, 2, L"1111111111111111111111111111111111111111111111111111111111111111" },
        { UINT64_MAX, 8, L"1777777777777777777777" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        WCHAR buffer[65];
        UNICODE_STRING text = { 0, sizeof(buffer), buffer };
        EXPECT_EQ(RtlInt64ToUnicodeString(cases[i].value, cases[i].base, &text), STATUS_SUCCESS);
        EXPECT(is_wide(&text, cases[i].text));
        EXPECT_EQ(buffer[text.Length / 2], 0);
    }
}

TEST(rtl_integer, a_text_needs_room_for_its_digits)
{
    WCHAR buffer[4] = { 'x', 'x', 'x', 'x' };
    UNICODE_STRING text = { 0, 4, buffer };
    EXPECT_EQ(RtlIntegerToUnicodeString(123, 10, &text), STATUS_BUFFER_OVERFLOW);
    EXPECT(text.Length == 0 && buffer[0] == 'x');
    text.MaximumLength = 7; /* half a character is no room */
    EXPECT_EQ(RtlIntegerToUnicodeString(123, 10, &text), STATUS_SUCCESS);
    EXPECT(is_wide(&text, L"123") && buffer[3] == 'x');
    text.MaximumLength = 8;
    EXPECT_EQ(RtlIntegerToUnicodeString(45, 10, &text), STATUS_SUCCESS);
    EXPECT(is_wide(&text, L"45") && buffer[2] == 0);
}

TEST(rtl_integer, chars_may_be_filled_with_zeros)
{
    static const struct {
        ULONG value, base;
        LONG length;
        PCSZ text; /* of eight, of which 'x' were not written; NULL: it does not fit */
    } cases[] = {
        { 255, 16, 8, "FF\0xxxxx" }, { 255, 16, 2, "FFxxxxxx" },  { 255, 16, 1, NULL },
        { 255, 16, -4, "00FFxxxx" }, { 255, 16, -2, "FFxxxxxx" }, { 255, 16, -1, NULL },
        { 0, 10, -8, "00000000" },   { 0, 0, 8, "0\0xxxxxx" },    { 5, 2, 0, NULL },
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        CHAR bytes[8];
        memset(bytes, 'x', sizeof(bytes));
        NTSTATUS status = RtlIntegerToChar(cases[i].value, cases[i].base, cases[i].length, bytes);
        EXPECT_EQ(status, cases[i].text != NULL ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW);
        EXPECT(memcmp(bytes, cases[i].text != NULL ? cases[i].text : "xxxxxxxx", 8) == 0);
    }
}

TEST(rtl_integer, random_values_go_round_in_every_base)
{
    static const ULONG bases[] = { 2, 8, 10, 16 };
    for (int i = 0; i < 400; i++) {
        WCHAR buffer[65];
        UNICODE_STRING text = { 0, sizeof(buffer), buffer };
        ULONG base = bases[below(run, 4)], back;
        ULONG value = (ULONG)selftest_random(run) >> below(run, 32);
        EXPECT_EQ(RtlIntegerToUnicodeString(value, base, &text), STATUS_SUCCESS);
        EXPECT_EQ(RtlUnicodeStringToInteger(&text, base, &back), STATUS_SUCCESS);
        REQUIRE(back == value);
    }
}
