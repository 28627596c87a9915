/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of convert.c. */
#include "rtl/rtl_test.h"

#define FILL 0x7878 /* "xx", and a character */

TEST(rtl_convert, a_target_from_the_pool_is_as_long_as_needed)
{
    UNICODE_STRING text;
    STRING source = narrow("\x80"
                           "ab"),
           back;
    REQUIRE(NT_SUCCESS(RtlAnsiStringToUnicodeString(&text, &source, TRUE)));
    EXPECT(is_wide(&text, L"\u20ac"
                          L"ab"));
    EXPECT_EQ(text.MaximumLength, 8);
    EXPECT_EQ(text.Buffer[3], 0);
    REQUIRE(NT_SUCCESS(RtlUnicodeStringToAnsiString(&back, &text, TRUE)));
    EXPECT(is_narrow(&back, source.Buffer));
    EXPECT_EQ(back.MaximumLength, 4);
    EXPECT_EQ(back.Buffer[3], 0);
    RtlFreeAnsiString(&back);
    RtlFreeUnicodeString(&text);
}

TEST(rtl_convert, to_unicode_all_of_it_or_nothing)
{
    WCHAR buffer[4] = { FILL, FILL, FILL, FILL };
    UNICODE_STRING target = { 2, 4, buffer };
    STRING source = narrow("ab");
    EXPECT_EQ(RtlAnsiStringToUnicodeString(&target, &source, FALSE), STATUS_BUFFER_OVERFLOW);
    EXPECT(target.Length == 2 && buffer[0] == FILL);
    target.MaximumLength = 6;
    EXPECT_EQ(RtlAnsiStringToUnicodeString(&target, &source, FALSE), STATUS_SUCCESS);
    EXPECT(is_wide(&target, L"ab"));
    EXPECT(buffer[2] == 0 && buffer[3] == FILL);
    EXPECT_EQ(target.MaximumLength, 6);
}

TEST(rtl_convert, to_bytes_as_much_as_fits_with_a_warning)
{
    CHAR buffer[4] = { 'x', 'x', 'x', 'x' };
    STRING target = { 0, 3, buffer };
    UNICODE_STRING source = wide(L"abc");
    EXPECT_EQ(RtlUnicodeStringToAnsiString(&target, &source, FALSE), STATUS_BUFFER_OVERFLOW);
    EXPECT(is_narrow(&target, "ab"));
    EXPECT(memcmp(buffer, "ab\0x", 4) == 0);
    target.MaximumLength = 4;
    EXPECT_EQ(RtlUnicodeStringToAnsiString(&target, &source, FALSE), STATUS_SUCCESS);
    EXPECT(memcmp(buffer, "abc", 4) == 0);
    target = (STRING){ 0, 0, NULL };
    EXPECT_EQ(RtlUnicodeStringToAnsiString(&target, &source, FALSE), STATUS_BUFFER_OVERFLOW);
}

TEST(rtl_convert, empty_strings_are_converted_to_empty_ones)
{
    UNICODE_STRING none = { 0, 0, NULL }, text;
    STRING bytes = { 0, 0, NULL };
    REQUIRE(NT_SUCCESS(RtlAnsiStringToUnicodeString(&text, &bytes, TRUE)));
    EXPECT(text.Length == 0 && text.MaximumLength == 2 && text.Buffer[0] == 0);
    RtlFreeUnicodeString(&text);
    REQUIRE(NT_SUCCESS(RtlUnicodeStringToAnsiString(&bytes, &none, TRUE)));
    EXPECT(bytes.Length == 0 && bytes.MaximumLength == 1 && bytes.Buffer[0] == 0);
    RtlFreeAnsiString(&bytes);
}

TEST(rtl_convert, oem_has_another_code_page)
{
    WCHAR buffer[4];
    CHAR bytes[4] = { 'x', 'x', 'x', 'x' };
    UNICODE_STRING text = { 0, sizeof(buffer), buffer };
    STRING source = narrow("\x82z"), target = { 0, sizeof(bytes), bytes };
    EXPECT_EQ(RtlOemStringToUnicodeString(&text, &source, FALSE), STATUS_SUCCESS);
    EXPECT(is_wide(&text, L"\u00e9z"));
    EXPECT_EQ(RtlUnicodeStringToOemString(&target, &text, FALSE), STATUS_SUCCESS);
    EXPECT(memcmp(bytes, "\x82z\0x", 4) == 0);
    EXPECT_EQ(RtlUpcaseUnicodeStringToOemString(&target, &text, FALSE), STATUS_SUCCESS);
    EXPECT(memcmp(bytes, "\x90Z\0x", 4) == 0);
}

TEST(rtl_convert, counted_oem_strings_have_no_terminator)
{
    CHAR bytes[3] = { 'x', 'x', 'x' };
    STRING target = { 0, 2, bytes };
    UNICODE_STRING text = wide(L"ab");
    EXPECT_EQ(RtlUnicodeStringToCountedOemString(&target, &text, FALSE), STATUS_SUCCESS);
    EXPECT(is_narrow(&target, "ab") && bytes[2] == 'x');
    EXPECT_EQ(RtlUpcaseUnicodeStringToCountedOemString(&target, &text, FALSE), STATUS_SUCCESS);
    EXPECT(is_narrow(&target, "AB") && bytes[2] == 'x');
    target.MaximumLength = 1;
    EXPECT_EQ(RtlUnicodeStringToCountedOemString(&target, &text, FALSE), STATUS_BUFFER_OVERFLOW);
    EXPECT(is_narrow(&target, "a"));
}

TEST(rtl_convert, what_is_not_in_the_code_page_is_a_question_mark_or_an_error)
{
    UNICODE_STRING text = wide(L"a\u0416");
    STRING target;
    REQUIRE(NT_SUCCESS(RtlUnicodeStringToAnsiString(&target, &text, TRUE)));
    EXPECT(is_narrow(&target, "a?"));
    RtlFreeAnsiString(&target);
    EXPECT_EQ(RtlUnicodeStringToOemString(&target, &text, TRUE), STATUS_UNMAPPABLE_CHARACTER);
    EXPECT(target.Buffer == NULL);
    CHAR bytes[4] = { 'x', 'x', 'x', 'x' };
    target = (STRING){ 0, sizeof(bytes), bytes };
    EXPECT_EQ(RtlUpcaseUnicodeStringToOemString(&target, &text, FALSE),
              STATUS_UNMAPPABLE_CHARACTER);
    EXPECT_EQ(RtlUnicodeStringToOemString(&target, &(UNICODE_STRING){ 2, 2, (WCHAR *)L"?" }, FALSE),
              STATUS_SUCCESS);
}

TEST(rtl_convert, no_unicode_string_has_32767_characters)
{
    CHAR *bytes = rtl_heap_allocate(0x8000);
    UNICODE_STRING target = { 0, 0, NULL };
    REQUIRE(bytes != NULL);
    memset(bytes, 'a', 0x8000);
    STRING source = { 0x7fff, 0x8000, bytes };
    EXPECT_EQ(RtlAnsiStringToUnicodeString(&target, &source, TRUE), STATUS_INVALID_PARAMETER_2);
    EXPECT_EQ(RtlOemStringToUnicodeString(&target, &source, FALSE), STATUS_INVALID_PARAMETER_2);
    source.Length = 0x7ffe;
    if (EXPECT(NT_SUCCESS(RtlAnsiStringToUnicodeString(&target, &source, TRUE)))) {
        EXPECT(target.Length == 65532 && target.MaximumLength == 65534);
        RtlFreeUnicodeString(&target);
    }
    rtl_heap_free(bytes);
}

TEST(rtl_convert, without_memory_the_target_stays)
{
    UNICODE_STRING text = wide(L"ab");
    STRING bytes = narrow("ab"), other = { 9, 9, NULL };
    const struct rtl_heap *heap = rtl_test_memory_ends();
    EXPECT_EQ(RtlUnicodeStringToAnsiString(&other, &text, TRUE), STATUS_NO_MEMORY);
    EXPECT_EQ(RtlAnsiStringToUnicodeString(&text, &bytes, TRUE), STATUS_NO_MEMORY);
    rtl_heap_register(heap);
    EXPECT(other.Length == 9 && other.MaximumLength == 9 && other.Buffer == NULL);
    EXPECT(is_wide(&text, L"ab"));
}

TEST(rtl_convert, sizes_count_the_terminator)
{
    UNICODE_STRING text = wide(L"abc");
    STRING bytes = narrow("abc");
    EXPECT_EQ(RtlxAnsiStringToUnicodeSize(&bytes), 8);
    EXPECT_EQ(RtlxOemStringToUnicodeSize(&bytes), 8);
    EXPECT_EQ(RtlxUnicodeStringToAnsiSize(&text), 4);
    EXPECT_EQ(RtlxUnicodeStringToOemSize(&text), 4);
    text.Length = bytes.Length = 65534;
    EXPECT_EQ(RtlxAnsiStringToUnicodeSize(&bytes), 131070);
    EXPECT_EQ(RtlxUnicodeStringToAnsiSize(&text), 32768);
}
