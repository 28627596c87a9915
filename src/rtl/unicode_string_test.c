/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of unicode_string.c. */
#include "rtl/rtl_test.h"

#define LONG_CHARS 0x8010u

/* A text of `count` letters, terminated. Given back with rtl_heap_free. */
static WCHAR *long_text(size_t count)
{
    WCHAR *text = rtl_heap_allocate((count + 1) * sizeof(WCHAR));
    for (size_t i = 0; text != NULL && i < count; i++)
        text[i] = 'a';
    if (text != NULL)
        text[count] = 0;
    return text;
}

TEST(rtl_unicode_string, a_text_is_described_with_its_terminator)
{
    static const WCHAR text[] = L"\\Device\\Null";
    UNICODE_STRING string = wide(text);
    EXPECT_EQ(string.Length, 24);
    EXPECT_EQ(string.MaximumLength, 26);
    EXPECT(string.Buffer == text);
    string = wide(L"");
    EXPECT_EQ(string.Length, 0);
    EXPECT_EQ(string.MaximumLength, 2);
    EXPECT_EQ(RtlInitUnicodeStringEx(&string, text), STATUS_SUCCESS);
    EXPECT_EQ(string.MaximumLength, 26);
}

TEST(rtl_unicode_string, no_text_is_an_empty_string_without_a_buffer)
{
    UNICODE_STRING string = { 4, 4, (WCHAR *)L"ab" };
    RtlInitUnicodeString(&string, NULL);
    EXPECT(string.Length == 0 && string.MaximumLength == 0 && string.Buffer == NULL);
    string.Length = 2;
    EXPECT_EQ(RtlInitUnicodeStringEx(&string, NULL), STATUS_SUCCESS);
    EXPECT(string.Length == 0 && string.MaximumLength == 0 && string.Buffer == NULL);
}

TEST(rtl_unicode_string, a_string_describes_65532_bytes_at_most)
{
    WCHAR *text = long_text(LONG_CHARS);
    REQUIRE(text != NULL);
    UNICODE_STRING string = wide(text);
    EXPECT_EQ(string.Length, 65532);
    EXPECT_EQ(string.MaximumLength, 65534);
    string.Length = 7;
    EXPECT_EQ(RtlInitUnicodeStringEx(&string, text), STATUS_NAME_TOO_LONG);
    EXPECT_EQ(string.Length, 7);
    text[32766] = 0;
    EXPECT_EQ(RtlInitUnicodeStringEx(&string, text), STATUS_SUCCESS);
    EXPECT_EQ(string.Length, 65532);
    rtl_heap_free(text);
}

TEST(rtl_unicode_string, what_cannot_be_a_string_is_invalid)
{
    WCHAR text[4] = L"abc";
    static const struct {
        USHORT length, maximum;
        bool buffer, valid;
    } cases[] = {
        { 0, 0, false, true }, { 6, 8, true, true },   { 8, 8, true, true },
        { 0, 8, true, true },  { 5, 8, true, false },  { 6, 7, true, false },
        { 8, 6, true, false }, { 0, 8, false, false }, { 2, 2, false, false },
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        UNICODE_STRING string = { cases[i].length, cases[i].maximum,
                                  cases[i].buffer ? text : NULL };
        NTSTATUS status = RtlValidateUnicodeString(0, &string);
        EXPECT_EQ(status, cases[i].valid ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER);
    }
    UNICODE_STRING string = wide(text);
    EXPECT_EQ(RtlValidateUnicodeString(1, &string), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(RtlValidateUnicodeString(0, NULL), STATUS_INVALID_PARAMETER);
}

TEST(rtl_unicode_string, a_copy_is_cut_at_the_room)
{
    WCHAR buffer[6] = L"xxxxx";
    UNICODE_STRING target = { 0, 6, buffer }, source = wide(L"abcd");
    RtlCopyUnicodeString(&target, &source);
    EXPECT_EQ(target.Length, 6);
    EXPECT(memcmp(buffer, L"abcxx", 12) == 0); /* full: no terminator */
}

TEST(rtl_unicode_string, a_copy_is_terminated_where_there_is_room)
{
    WCHAR buffer[6] = L"xxxxx";
    UNICODE_STRING target = { 0, 10, buffer }, source = wide(L"ab");
    RtlCopyUnicodeString(&target, &source);
    EXPECT(is_wide(&target, L"ab"));
    EXPECT(memcmp(buffer, L"ab\0xx", 12) == 0);
    RtlCopyUnicodeString(&target, NULL);
    EXPECT_EQ(target.Length, 0);
    EXPECT_EQ(buffer[0], 0);
    EXPECT_EQ(buffer[1], 'b');
}

TEST(rtl_unicode_string, half_a_character_is_not_copied)
{
    WCHAR buffer[6] = L"xxxxx";
    UNICODE_STRING target = { 0, 5, buffer }, source = { 3, 3, (WCHAR *)L"ab" };
    RtlCopyUnicodeString(&target, &source);
    EXPECT_EQ(target.Length, 2);
    source.Length = 8;
    source.Buffer = (WCHAR *)L"abcd";
    RtlCopyUnicodeString(&target, &source);
    EXPECT_EQ(target.Length, 4);
    EXPECT(memcmp(buffer, L"abxxx", 12) == 0);
}

TEST(rtl_unicode_string, copies_may_overlap)
{
    WCHAR buffer[8] = L"abcdef";
    UNICODE_STRING source = { 10, 10, buffer }, target = { 0, 12, buffer + 1 };
    RtlCopyUnicodeString(&target, &source);
    EXPECT(memcmp(buffer, L"aabcde", 14) == 0);
    UNICODE_STRING nothing = { 0, 0, NULL };
    RtlCopyUnicodeString(&nothing, &source);
    EXPECT_EQ(nothing.Length, 0);
}

TEST(rtl_unicode_string, appends_all_or_nothing)
{
    WCHAR buffer[8] = L"abxxxxx";
    UNICODE_STRING target = { 4, 10, buffer }, source = wide(L"cde");
    EXPECT_EQ(RtlAppendUnicodeStringToString(&target, &source), STATUS_SUCCESS);
    EXPECT(is_wide(&target, L"abcde"));
    EXPECT_EQ(buffer[5], 'x'); /* full: no terminator */
    EXPECT_EQ(RtlAppendUnicodeToString(&target, L"f"), STATUS_BUFFER_TOO_SMALL);
    EXPECT(is_wide(&target, L"abcde"));
    target.MaximumLength = 14;
    EXPECT_EQ(RtlAppendUnicodeToString(&target, L"f"), STATUS_SUCCESS);
    EXPECT(memcmp(buffer, L"abcdef", 14) == 0); /* with its terminator */
}

TEST(rtl_unicode_string, appending_nothing_changes_nothing)
{
    WCHAR buffer[4] = L"abx";
    UNICODE_STRING target = { 4, 4, buffer }, source = { 0, 0, NULL };
    EXPECT_EQ(RtlAppendUnicodeStringToString(&target, &source), STATUS_SUCCESS);
    EXPECT_EQ(RtlAppendUnicodeToString(&target, NULL), STATUS_SUCCESS);
    EXPECT_EQ(RtlAppendUnicodeToString(&target, L""), STATUS_SUCCESS);
    EXPECT_EQ(target.Length, 4);
    EXPECT(memcmp(buffer, L"abx", 8) == 0);
    UNICODE_STRING empty = { 0, 0, NULL };
    EXPECT_EQ(RtlAppendUnicodeToString(&empty, L"a"), STATUS_BUFFER_TOO_SMALL);
}

TEST(rtl_unicode_string, a_text_beyond_16_bits_is_not_appended)
{
    WCHAR *text = long_text(LONG_CHARS), buffer[2];
    REQUIRE(text != NULL);
    UNICODE_STRING target = { 0, 4, buffer };
    EXPECT_EQ(RtlAppendUnicodeToString(&target, text), STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(target.Length, 0);
    rtl_heap_free(text);
}

TEST(rtl_unicode_string, appends_its_own_beginning)
{
    WCHAR buffer[12] = L"abc";
    UNICODE_STRING target = { 6, 24, buffer };
    EXPECT_EQ(RtlAppendUnicodeStringToString(&target, &target), STATUS_SUCCESS);
    EXPECT(is_wide(&target, L"abcabc"));
}

TEST(rtl_unicode_string, a_created_string_has_its_own_buffer)
{
    WCHAR text[] = L"text";
    UNICODE_STRING string;
    REQUIRE(RtlCreateUnicodeString(&string, text));
    text[0] = 'n';
    EXPECT(is_wide(&string, L"text"));
    EXPECT_EQ(string.MaximumLength, 10);
    EXPECT_EQ(string.Buffer[4], 0);
    RtlFreeUnicodeString(&string);
    EXPECT(string.Buffer == NULL && string.Length == 0 && string.MaximumLength == 0);
    RtlFreeUnicodeString(&string); /* one without a buffer may be given */
}

TEST(rtl_unicode_string, what_is_too_long_is_not_created)
{
    WCHAR *text = long_text(LONG_CHARS);
    UNICODE_STRING string = { 2, 2, NULL };
    REQUIRE(text != NULL);
    EXPECT(!RtlCreateUnicodeString(&string, text));
    text[32767] = 0;
    EXPECT(!RtlCreateUnicodeString(&string, text));
    EXPECT_EQ(string.Length, 2);
    text[32766] = 0;
    if (EXPECT(RtlCreateUnicodeString(&string, text))) {
        EXPECT_EQ(string.MaximumLength, 65534);
        RtlFreeUnicodeString(&string);
    }
    rtl_heap_free(text);
}

TEST(rtl_unicode_string, duplicates_are_terminated_when_asked)
{
    UNICODE_STRING source = { 4, 4, (WCHAR *)L"abc" }, copy;
    REQUIRE(NT_SUCCESS(RtlDuplicateUnicodeString(0, &source, &copy)));
    EXPECT(is_wide(&copy, L"ab"));
    EXPECT_EQ(copy.MaximumLength, 4);
    RtlFreeUnicodeString(&copy);
    REQUIRE(NT_SUCCESS(RtlDuplicateUnicodeString(1, &source, &copy)));
    EXPECT(is_wide(&copy, L"ab"));
    EXPECT_EQ(copy.MaximumLength, 6);
    EXPECT_EQ(copy.Buffer[2], 0);
    RtlFreeUnicodeString(&copy);
}

TEST(rtl_unicode_string, an_empty_duplicate_has_a_buffer_only_if_both_flags_ask)
{
    UNICODE_STRING source = wide(L""), copy = source;
    EXPECT_EQ(RtlDuplicateUnicodeString(1, &source, &copy), STATUS_SUCCESS);
    EXPECT(copy.Buffer == NULL && copy.MaximumLength == 0);
    REQUIRE(NT_SUCCESS(RtlDuplicateUnicodeString(3, &source, &copy)));
    REQUIRE(copy.Buffer != NULL);
    EXPECT_EQ(copy.Length, 0);
    EXPECT_EQ(copy.MaximumLength, 2);
    EXPECT_EQ(copy.Buffer[0], 0);
    RtlFreeUnicodeString(&copy);
}

TEST(rtl_unicode_string, what_cannot_be_duplicated_is_refused)
{
    UNICODE_STRING source = wide(L"ab"), odd = { 3, 6, source.Buffer }, copy = { 9, 9, NULL };
    EXPECT_EQ(RtlDuplicateUnicodeString(2, &source, &copy), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(RtlDuplicateUnicodeString(4, &source, &copy), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(RtlDuplicateUnicodeString(0, NULL, &copy), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(RtlDuplicateUnicodeString(0, &source, NULL), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(RtlDuplicateUnicodeString(0, &odd, &copy), STATUS_INVALID_PARAMETER);
    WCHAR *text = long_text(LONG_CHARS);
    REQUIRE(text != NULL);
    UNICODE_STRING full = { 65534, 65534, text };
    EXPECT_EQ(RtlDuplicateUnicodeString(1, &full, &copy), STATUS_NAME_TOO_LONG);
    EXPECT_EQ(copy.Length, 9);
    rtl_heap_free(text);
}

TEST(rtl_unicode_string, without_memory_nothing_is_made)
{
    UNICODE_STRING source = wide(L"ab"), copy = { 9, 9, NULL };
    const struct rtl_heap *heap = rtl_test_memory_ends();
    EXPECT(!RtlCreateUnicodeString(&copy, L"ab"));
    EXPECT_EQ(RtlDuplicateUnicodeString(0, &source, &copy), STATUS_NO_MEMORY);
    EXPECT_EQ(RtlUpcaseUnicodeString(&copy, &source, TRUE), STATUS_NO_MEMORY);
    rtl_heap_register(heap);
    EXPECT(copy.Length == 9 && copy.MaximumLength == 9 && copy.Buffer == NULL);
}

TEST(rtl_unicode_string, case_changes_in_place)
{
    WCHAR buffer[] = L"Stra\u00dfe \u00e9\u03c9z|";
    UNICODE_STRING string = { 20, 20, buffer };
    EXPECT_EQ(RtlUpcaseUnicodeString(&string, &string, FALSE), STATUS_SUCCESS);
    EXPECT(memcmp(buffer, L"STRA\u00dfE \u00c9\u03a9Z|", sizeof(buffer)) == 0);
    EXPECT_EQ(RtlDowncaseUnicodeString(&string, &string, FALSE), STATUS_SUCCESS);
    EXPECT(memcmp(buffer, L"stra\u00dfe \u00e9\u03c9z|", sizeof(buffer)) == 0);
}

TEST(rtl_unicode_string, case_changes_into_a_buffer_that_holds_it_or_a_new_one)
{
    WCHAR buffer[3] = L"xx";
    UNICODE_STRING source = wide(L"ab"), target = { 0, 2, buffer };
    EXPECT_EQ(RtlUpcaseUnicodeString(&target, &source, FALSE), STATUS_BUFFER_OVERFLOW);
    EXPECT(target.Length == 0 && buffer[0] == 'x');
    target.MaximumLength = 4;
    EXPECT_EQ(RtlUpcaseUnicodeString(&target, &source, FALSE), STATUS_SUCCESS);
    EXPECT(is_wide(&target, L"AB"));
    REQUIRE(NT_SUCCESS(RtlDowncaseUnicodeString(&target, &target, TRUE)));
    EXPECT(is_wide(&target, L"ab"));
    EXPECT_EQ(target.MaximumLength, 4);
    EXPECT(target.Buffer != buffer);
    RtlFreeUnicodeString(&target);
}
