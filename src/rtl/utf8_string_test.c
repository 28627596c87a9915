/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of utf8_string.c. */
#include "rtl/rtl_test.h"

TEST(rtl_utf8_string, strings_go_round_through_the_pool)
{
    UNICODE_STRING text = wide(L"a\u00e9\u20ac\U0001f600"), back;
    STRING bytes;
    REQUIRE(NT_SUCCESS(RtlUnicodeStringToUTF8String(&bytes, &text, TRUE)));
    EXPECT(is_narrow(&bytes, "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
    EXPECT_EQ(bytes.MaximumLength, 11);
    EXPECT_EQ(bytes.Buffer[10], 0);
    REQUIRE(NT_SUCCESS(RtlUTF8StringToUnicodeString(&back, &bytes, TRUE)));
    EXPECT(RtlEqualUnicodeString(&text, &back, FALSE));
    EXPECT_EQ(back.MaximumLength, 12);
    EXPECT_EQ(back.Buffer[5], 0);
    RtlFreeUTF8String(&bytes);
    RtlFreeUnicodeString(&back);
}

TEST(rtl_utf8_string, all_of_it_fits_with_a_terminator_or_nothing_is_written)
{
    CHAR buffer[3] = { 'x', 'x', 'x' };
    WCHAR wide_buffer[2] = { 'x', 'x' };
    UNICODE_STRING text = wide(L"\u00e9"), target = { 0, 2, wide_buffer };
    STRING bytes = { 0, 2, buffer }, source = narrow("a");
    EXPECT_EQ(RtlUnicodeStringToUTF8String(&bytes, &text, FALSE), STATUS_BUFFER_OVERFLOW);
    EXPECT_EQ(buffer[0], 'x');
    EXPECT_EQ(RtlUTF8StringToUnicodeString(&target, &source, FALSE), STATUS_BUFFER_OVERFLOW);
    EXPECT_EQ(wide_buffer[0], 'x');
    bytes.MaximumLength = 3;
    EXPECT_EQ(RtlUnicodeStringToUTF8String(&bytes, &text, FALSE), STATUS_SUCCESS);
    EXPECT(memcmp(buffer, "\xc3\xa9", 3) == 0);
    target.MaximumLength = 4;
    EXPECT_EQ(RtlUTF8StringToUnicodeString(&target, &source, FALSE), STATUS_SUCCESS);
    EXPECT(wide_buffer[0] == 'a' && wide_buffer[1] == 0);
}

TEST(rtl_utf8_string, empty_strings_are_converted_to_empty_ones)
{
    UNICODE_STRING none = { 0, 0, NULL }, text;
    STRING bytes = { 0, 0, NULL };
    REQUIRE(NT_SUCCESS(RtlUTF8StringToUnicodeString(&text, &bytes, TRUE)));
    EXPECT(text.Length == 0 && text.MaximumLength == 2);
    RtlFreeUnicodeString(&text);
    REQUIRE(NT_SUCCESS(RtlUnicodeStringToUTF8String(&bytes, &none, TRUE)));
    EXPECT(bytes.Length == 0 && bytes.MaximumLength == 1);
    RtlFreeUTF8String(&bytes);
}

TEST(rtl_utf8_string, what_is_malformed_is_replaced_and_said)
{
    WCHAR buffer[4];
    CHAR bytes_buffer[4];
    UNICODE_STRING text = { 0, 8, buffer }, lone = { 2, 2, (WCHAR[]){ 0xdc00 } };
    STRING bytes = narrow("a\xff"), target = { 0, 4, bytes_buffer };
    EXPECT_EQ(RtlUTF8StringToUnicodeString(&text, &bytes, FALSE), STATUS_SOME_NOT_MAPPED);
    EXPECT(is_wide(&text, L"a\ufffd"));
    EXPECT_EQ(RtlUnicodeStringToUTF8String(&target, &lone, FALSE), STATUS_SOME_NOT_MAPPED);
    EXPECT(is_narrow(&target, "\xef\xbf\xbd"));
}

TEST(rtl_utf8_string, what_no_string_can_hold_is_refused)
{
    WCHAR *buffer = rtl_heap_allocate(0xc000);
    UNICODE_STRING text = { 0xaaaa, 0xaaaa, buffer }; /* 21,845 characters, of three bytes each */
    STRING bytes = { 9, 9, NULL };
    REQUIRE(buffer != NULL);
    for (size_t i = 0; i < 0x6000; i++)
        buffer[i] = 0x20ac;
    EXPECT_EQ(RtlUnicodeStringToUTF8String(&bytes, &text, TRUE), STATUS_INVALID_PARAMETER_2);
    memset(buffer, 'a', 0xc000);
    STRING long_bytes = { 0x7fff, 0x7fff, (CHAR *)buffer };
    EXPECT_EQ(RtlUTF8StringToUnicodeString(&text, &long_bytes, TRUE), STATUS_INVALID_PARAMETER_2);
    UNICODE_STRING small = wide(L"a");
    const struct rtl_heap *heap = rtl_test_memory_ends();
    EXPECT_EQ(RtlUnicodeStringToUTF8String(&bytes, &small, TRUE), STATUS_NO_MEMORY);
    rtl_heap_register(heap);
    EXPECT_EQ(bytes.Length, 9);
    rtl_heap_free(buffer);
}
