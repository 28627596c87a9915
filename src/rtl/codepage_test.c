/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of codepage.c, and through it of the tables that make-tables has written. */
#include "rtl/rtl_test.h"

TEST(rtl_codepage, every_byte_has_a_character_and_that_the_byte)
{
    const struct rtl_codepage *pages[] = { &rtl_codepage_ansi, &rtl_codepage_oem };
    for (size_t page = 0; page < ARRAY_COUNT(pages); page++) {
        for (ULONG i = 0; i < 256; i++) {
            uint8_t byte = (uint8_t)~i;
            WCHAR character = rtl_codepage_decode(pages[page], (uint8_t)i);
            EXPECT(i >= 0x80 || character == i);
            EXPECT(rtl_codepage_encode(pages[page], character, &byte));
            EXPECT_EQ(byte, i);
        }
    }
}

TEST(rtl_codepage, no_other_character_has_a_byte)
{
    size_t ansi = 0, oem = 0;
    for (ULONG i = 0; i <= 0xffff; i++) {
        uint8_t byte;
        ansi += rtl_codepage_encode(&rtl_codepage_ansi, (WCHAR)i, &byte);
        if (!rtl_codepage_encode(&rtl_codepage_oem, (WCHAR)i, &byte))
            REQUIRE(byte == '?');
        else
            oem++;
    }
    EXPECT_EQ(ansi, 256);
    EXPECT_EQ(oem, 256);
}

TEST(rtl_codepage, the_pages_are_1252_and_437)
{
    EXPECT_EQ(rtl_codepage_decode(&rtl_codepage_ansi, 0x80), 0x20ac); /* the euro sign */
    EXPECT_EQ(rtl_codepage_decode(&rtl_codepage_ansi, 0x81), 0x81);
    EXPECT_EQ(rtl_codepage_decode(&rtl_codepage_ansi, 0xe9), 0xe9);
    EXPECT_EQ(rtl_codepage_decode(&rtl_codepage_oem, 0x82), 0xe9);
    EXPECT_EQ(rtl_codepage_decode(&rtl_codepage_oem, 0xe6), 0xb5);
    EXPECT_EQ(rtl_codepage_decode(&rtl_codepage_oem, 0xdb), 0x2588); /* a full block */
}

TEST(rtl_codepage, what_does_not_fit_is_cut)
{
    WCHAR text[4] = { 'x', 'x', 'x', 'x' };
    CHAR bytes[4] = { 'x', 'x', 'x', 'x' };
    ULONG written;
    EXPECT_EQ(RtlMultiByteToUnicodeN(text, 5, &written, "\x80\x81\x82", 3), STATUS_SUCCESS);
    EXPECT_EQ(written, 4);
    EXPECT(text[0] == 0x20ac && text[1] == 0x81 && text[2] == 'x');
    EXPECT_EQ(RtlOemToUnicodeN(text, 8, &written, "\x82", 1), STATUS_SUCCESS);
    EXPECT_EQ(written, 2);
    EXPECT(text[0] == 0xe9 && text[1] == 0x81);
    EXPECT_EQ(RtlUnicodeToMultiByteN(bytes, 2, &written, L"\u20ac\u0100z", 6), STATUS_SUCCESS);
    EXPECT_EQ(written, 2);
    EXPECT(memcmp(bytes, "\x80?xx", 4) == 0);
    EXPECT_EQ(RtlUnicodeToOemN(bytes, 4, &written, L"\u00e9", 2), STATUS_SUCCESS);
    EXPECT_EQ(written, 1);
    EXPECT(memcmp(bytes, "\x82?xx", 4) == 0);
}

TEST(rtl_codepage, upper_case_on_the_way)
{
    CHAR bytes[4] = { 'x', 'x', 'x', 'x' };
    ULONG written;
    EXPECT_EQ(RtlUpcaseUnicodeToMultiByteN(bytes, 4, &written, L"\u00e9\u0192", 4), STATUS_SUCCESS);
    EXPECT_EQ(written, 2);
    EXPECT(memcmp(bytes, "\xc9?xx", 4) == 0); /* U+0191 is not in 1252 */
    EXPECT_EQ(RtlUpcaseUnicodeToOemN(bytes, 4, &written, L"\u00e9k", 5), STATUS_SUCCESS);
    EXPECT_EQ(written, 2); /* half a character does not count */
    EXPECT(memcmp(bytes, "\x90Kxx", 4) == 0);
}

TEST(rtl_codepage, the_count_is_optional)
{
    WCHAR text[2] = { 0, 0 };
    CHAR bytes[2] = { 0, 0 };
    EXPECT_EQ(RtlMultiByteToUnicodeN(text, sizeof(text), NULL, "ab", 2), STATUS_SUCCESS);
    EXPECT_EQ(RtlUnicodeToMultiByteN(bytes, sizeof(bytes), NULL, text, 4), STATUS_SUCCESS);
    EXPECT(bytes[0] == 'a' && bytes[1] == 'b');
}

TEST(rtl_codepage, sizes_are_without_a_terminator)
{
    ULONG bytes;
    EXPECT_EQ(RtlMultiByteToUnicodeSize(&bytes, "abc", 3), STATUS_SUCCESS);
    EXPECT_EQ(bytes, 6);
    EXPECT_EQ(RtlUnicodeToMultiByteSize(&bytes, L"abc", 6), STATUS_SUCCESS);
    EXPECT_EQ(bytes, 3);
}

TEST(rtl_codepage, reading_a_character_moves_on)
{
    UCHAR text[] = { 0x80, 'a', 0 }, *at = text;
    EXPECT_EQ(RtlAnsiCharToUnicodeChar(&at), 0x20ac);
    EXPECT_EQ(RtlAnsiCharToUnicodeChar(&at), 'a');
    EXPECT(at == text + 2);
}
