/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of guid.c. */
#include "rtl/rtl_test.h"

static const GUID sample = {
    0x01234567, 0x89ab, 0xcdef, { 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10 }
};
static const WCHAR sample_text[] = L"{01234567-89AB-CDEF-FEDC-BA9876543210}";

TEST(rtl_guid, the_text_has_capitals_and_a_terminator)
{
    UNICODE_STRING text;
    REQUIRE(NT_SUCCESS(RtlStringFromGUID(&sample, &text)));
    EXPECT(is_wide(&text, sample_text));
    EXPECT_EQ(text.MaximumLength, 78);
    EXPECT_EQ(text.Buffer[38], 0);
    RtlFreeUnicodeString(&text);
}

TEST(rtl_guid, texts_are_read_in_capitals_or_not)
{
    UNICODE_STRING text = wide(sample_text),
                   small = wide(L"{01234567-89ab-cdef-fedc-ba9876543210}");
    GUID guid = { 0 };
    EXPECT_EQ(RtlGUIDFromString(&text, &guid), STATUS_SUCCESS);
    EXPECT(memcmp(&guid, &sample, sizeof(guid)) == 0);
    guid.Data1 = 0;
    EXPECT_EQ(RtlGUIDFromString(&small, &guid), STATUS_SUCCESS);
    EXPECT(memcmp(&guid, &sample, sizeof(guid)) == 0);
}

TEST(rtl_guid, one_wrong_character_anywhere_is_refused)
{
    static const WCHAR wrong[] = { 'g', 'G', '/', ':', '@', '`', 0, 0x130, 0xff11 };
    WCHAR buffer[39];
    UNICODE_STRING text = { 76, 78, buffer };
    for (size_t at = 0; at < 38; at++) {
        for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
            GUID guid = { 7, 0, 0, { 0 } };
            memcpy(buffer, sample_text, sizeof(buffer));
            buffer[at] = wrong[i];
            EXPECT_EQ(RtlGUIDFromString(&text, &guid), STATUS_INVALID_PARAMETER);
            EXPECT_EQ(guid.Data1, 7);
        }
    }
}

TEST(rtl_guid, another_length_is_refused)
{
    GUID guid;
    UNICODE_STRING text = wide(sample_text), empty = { 0, 0, NULL };
    text.Length -= 2;
    EXPECT_EQ(RtlGUIDFromString(&text, &guid), STATUS_INVALID_PARAMETER);
    text.Length += 4;
    EXPECT_EQ(RtlGUIDFromString(&text, &guid), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(RtlGUIDFromString(&empty, &guid), STATUS_INVALID_PARAMETER);
}

TEST(rtl_guid, random_ones_go_round)
{
    for (int i = 0; i < 100; i++) {
        GUID guid, back;
        UNICODE_STRING text;
        uint64_t words[2] = { selftest_random(run), selftest_random(run) };
        memcpy(&guid, words, sizeof(guid));
        REQUIRE(NT_SUCCESS(RtlStringFromGUID(&guid, &text)));
        EXPECT_EQ(RtlGUIDFromString(&text, &back), STATUS_SUCCESS);
        EXPECT(memcmp(&guid, &back, sizeof(guid)) == 0);
        RtlFreeUnicodeString(&text);
    }
}

TEST(rtl_guid, without_memory_there_is_no_text)
{
    UNICODE_STRING text = { 9, 9, NULL };
    const struct rtl_heap *heap = rtl_test_memory_ends();
    EXPECT_EQ(RtlStringFromGUID(&sample, &text), STATUS_NO_MEMORY);
    rtl_heap_register(heap);
    EXPECT(text.Length == 9 && text.Buffer == NULL);
}
