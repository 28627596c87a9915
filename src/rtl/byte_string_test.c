/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of byte_string.c. */
#include "rtl/rtl_test.h"

TEST(rtl_byte_string, a_text_is_described_with_its_terminator)
{
    STRING string = { 1, 1, NULL };
    RtlInitAnsiString(&string, "text");
    EXPECT(string.Length == 4 && string.MaximumLength == 5);
    RtlInitUTF8String(&string, "tex");
    EXPECT(string.Length == 3 && string.MaximumLength == 4);
    EXPECT_EQ(RtlInitStringEx(&string, "te"), STATUS_SUCCESS);
    EXPECT(string.Length == 2 && string.MaximumLength == 3);
    EXPECT_EQ(RtlInitAnsiStringEx(&string, ""), STATUS_SUCCESS);
    EXPECT(string.Length == 0 && string.MaximumLength == 1);
    EXPECT_EQ(RtlInitUTF8StringEx(&string, "t"), STATUS_SUCCESS);
    EXPECT(string.Length == 1 && string.MaximumLength == 2);
    RtlInitString(&string, NULL);
    EXPECT(string.Length == 0 && string.MaximumLength == 0 && string.Buffer == NULL);
}

TEST(rtl_byte_string, a_string_describes_65534_bytes_at_most)
{
    CHAR *text = rtl_heap_allocate(65536);
    STRING string;
    REQUIRE(text != NULL);
    memset(text, 'a', 65535);
    text[65535] = 0;
    RtlInitString(&string, text);
    EXPECT(string.Length == 65534 && string.MaximumLength == 65535);
    string.Length = 7;
    EXPECT_EQ(RtlInitStringEx(&string, text), STATUS_NAME_TOO_LONG);
    EXPECT_EQ(string.Length, 7);
    text[65534] = 0;
    EXPECT_EQ(RtlInitStringEx(&string, text), STATUS_SUCCESS);
    EXPECT_EQ(string.Length, 65534);
    rtl_heap_free(text);
}

TEST(rtl_byte_string, a_copy_is_cut_at_the_room)
{
    CHAR buffer[6] = "xxxxx";
    STRING target = { 0, 3, buffer }, source = narrow("abcd");
    RtlCopyString(&target, &source);
    EXPECT_EQ(target.Length, 3);
    EXPECT(memcmp(buffer, "abcxx", 6) == 0);
    target.MaximumLength = 5;
    RtlCopyString(&target, &source);
    EXPECT(memcmp(buffer, "abcdx", 6) == 0); /* no terminator */
    RtlCopyString(&target, NULL);
    EXPECT_EQ(target.Length, 0);
}

TEST(rtl_byte_string, appends_all_or_nothing)
{
    CHAR buffer[6] = "abxxx";
    STRING target = { 2, 4, buffer }, source = narrow("cd"), empty = { 0, 0, NULL };
    EXPECT_EQ(RtlAppendStringToString(&target, &source), STATUS_SUCCESS);
    EXPECT(is_narrow(&target, "abcd"));
    EXPECT_EQ(RtlAppendStringToString(&target, &source), STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(RtlAppendStringToString(&target, &empty), STATUS_SUCCESS);
    EXPECT(memcmp(buffer, "abcdx", 6) == 0);
    EXPECT_EQ(target.Length, 4);
}

TEST(rtl_byte_string, upper_case_is_that_of_the_ansi_code_page)
{
    CHAR buffer[8] = "xxxxxxx";
    STRING target = { 0, 6, buffer }, source = narrow("a\xe9\xff\xb5\xdf"
                                                      "zz");
    RtlUpperString(&target, &source);
    EXPECT_EQ(target.Length, 6);
    EXPECT(memcmp(buffer, "A\xc9\x9f\xb5\xdfZx", 8) == 0);
    target.MaximumLength = 7;
    RtlUpperString(&target, &source);
    EXPECT_EQ(target.Length, 7);
    RtlUpperString(&source, &(STRING){ 0, 0, NULL });
    EXPECT_EQ(source.Length, 0);
}

TEST(rtl_byte_string, strings_are_ordered_by_unsigned_bytes)
{
    static const struct {
        PCSZ first, second;
        int with_case, without;
    } cases[] = {
        { "", "", 0, 0 },      { "", "a", -1, -1 },          { "abc", "abc", 0, 0 },
        { "abc", "ab", 1, 1 }, { "abc", "ABC", 1, 0 },       { "ABD", "abc", -1, 1 },
        { "\xe9", "a", 1, 1 }, { "\xe9", "\xc9", 1, 0 },     { "\x80", "\x7f", 1, 1 },
        { "_", "a", -1, 1 },   { "same\xff", "same", 1, 1 },
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        STRING a = narrow(cases[i].first), b = narrow(cases[i].second);
        LONG with_case = RtlCompareString(&a, &b, FALSE), without = RtlCompareString(&a, &b, TRUE);
        EXPECT_EQ((with_case > 0) - (with_case < 0), cases[i].with_case);
        EXPECT_EQ((without > 0) - (without < 0), cases[i].without);
        EXPECT_EQ(RtlEqualString(&a, &b, FALSE), cases[i].with_case == 0);
        EXPECT_EQ(RtlEqualString(&a, &b, TRUE), cases[i].without == 0);
    }
}

TEST(rtl_byte_string, prefixes)
{
    STRING text = narrow("kernel"), part = narrow("Ker"), empty = { 0, 0, NULL };
    EXPECT(!RtlPrefixString(&part, &text, FALSE));
    EXPECT(RtlPrefixString(&part, &text, TRUE));
    EXPECT(RtlPrefixString(&empty, &text, FALSE));
    EXPECT(!RtlPrefixString(&text, &part, TRUE));
}

TEST(rtl_byte_string, strings_of_all_kinds_are_freed)
{
    UNICODE_STRING text = wide(L"text");
    STRING string = { 0, 0, NULL };
    void (*const frees[])(STRING *) = { RtlFreeAnsiString, RtlFreeOemString, RtlFreeUTF8String };
    for (size_t i = 0; i < ARRAY_COUNT(frees); i++) {
        REQUIRE(NT_SUCCESS(RtlUnicodeStringToAnsiString(&string, &text, TRUE)));
        frees[i](&string);
        EXPECT(string.Buffer == NULL && string.Length == 0 && string.MaximumLength == 0);
        frees[i](&string); /* one without a buffer may be given */
    }
}
