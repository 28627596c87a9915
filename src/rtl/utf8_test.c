/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of utf8.c. */
#include "rtl/rtl_test.h"

/* A reference that knows one code point and no mistakes. */
static ULONG encode(ULONG code, CHAR bytes[4])
{
    if (code < 0x80) {
        bytes[0] = (CHAR)code;
        return 1;
    }
    if (code < 0x800) {
        bytes[0] = (CHAR)(0xc0 + code / 0x40);
        bytes[1] = (CHAR)(0x80 + code % 0x40);
        return 2;
    }
    if (code < 0x10000) {
        bytes[0] = (CHAR)(0xe0 + code / 0x1000);
        bytes[1] = (CHAR)(0x80 + code / 0x40 % 0x40);
        bytes[2] = (CHAR)(0x80 + code % 0x40);
        return 3;
    }
    bytes[0] = (CHAR)(0xf0 + code / 0x40000);
    bytes[1] = (CHAR)(0x80 + code / 0x1000 % 0x40);
    bytes[2] = (CHAR)(0x80 + code / 0x40 % 0x40);
    bytes[3] = (CHAR)(0x80 + code % 0x40);
    return 4;
}

static bool goes_round(ULONG code)
{
    WCHAR text[2] = { (WCHAR)code, 0 }, back[3];
    CHAR bytes[5], expected[4];
    ULONG units = 1, length, written;
    if (code >= 0x10000) {
        text[0] = (WCHAR)(0xd7c0 + (code >> 10));
        text[1] = (WCHAR)(0xdc00 + (code & 0x3ff));
        units = 2;
    }
    length = encode(code, expected);
    return RtlUnicodeToUTF8N(bytes, sizeof(bytes), &written, text, units * 2) == STATUS_SUCCESS &&
           written == length && memcmp(bytes, expected, length) == 0 &&
           RtlUTF8ToUnicodeN(back, sizeof(back), &written, bytes, length) == STATUS_SUCCESS &&
           written == units * 2 && memcmp(back, text, units * 2) == 0;
}

TEST(rtl_utf8, every_character_of_the_bmp_goes_round)
{
    for (ULONG code = 0; code <= 0xffff; code++) {
        if (code < 0xd800 || code > 0xdfff)
            REQUIRE(goes_round(code));
    }
}

TEST(rtl_utf8, characters_beyond_the_bmp_are_pairs)
{
    static const ULONG edges[] = {
        0x10000, 0x103ff, 0x10400, 0x1f600, 0xfffff, 0x100000, 0x10ffff
    };
    for (size_t i = 0; i < ARRAY_COUNT(edges); i++)
        EXPECT(goes_round(edges[i]));
    for (int i = 0; i < 1000; i++)
        REQUIRE(goes_round(0x10000 + below(run, 0x100000)));
}

TEST(rtl_utf8, malformed_bytes_are_replaced_by_longest_parts)
{
    static const struct {
        PCSZ bytes;
        ULONG count;
        PCWSTR text;
    } cases[] = {
        { "a\x80z", 3, L"a\ufffdz" },                           /* what continues nothing */
        { "\xc0\x80", 2, L"\ufffd\ufffd" },                     /* overlong, of two */
        { "\xc1\xbf", 2, L"\ufffd\ufffd" },                     /* the last of those */
        { "\xe0\x9f\xbf", 3, L"\ufffd\ufffd\ufffd" },           /* overlong, of three */
        { "\xed\xa0\x80", 3, L"\ufffd\ufffd\ufffd" },           /* a surrogate */
        { "\xf0\x8f\xbf\xbf", 4, L"\ufffd\ufffd\ufffd\ufffd" }, /* overlong, of four */
        { "\xf4\x90\x80\x80", 4, L"\ufffd\ufffd\ufffd\ufffd" }, /* beyond U+10FFFF */
        { "\xf5z", 2, L"\ufffdz" },
        { "\xffz", 2, L"\ufffdz" },
        { "\xe2\x82", 2, L"\ufffd" }, /* cut off */
        { "\xe2\x82z", 3, L"\ufffdz" },
        { "\xf0\x9f\x98", 3, L"\ufffd" },
        { "\xf0\x9f\x98z", 4, L"\ufffdz" },
        { "\xc3", 1, L"\ufffd" },
        { "\xc3\xc3\xa9", 3, L"\ufffd\u00e9" },
        { "\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41", 9,
          L"\ufffd\ufffd\ufffd\ufffd"
          L"A" }, /* Unicode, table 3-8 */
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        WCHAR text[8];
        ULONG written, measured = 0;
        EXPECT_EQ(RtlUTF8ToUnicodeN(text, sizeof(text), &written, cases[i].bytes, cases[i].count),
                  STATUS_SOME_NOT_MAPPED);
        EXPECT_EQ(written, rtl_wcslen(cases[i].text) * 2);
        EXPECT(memcmp(text, cases[i].text, written) == 0);
        EXPECT_EQ(RtlUTF8ToUnicodeN(NULL, 0, &measured, cases[i].bytes, cases[i].count),
                  STATUS_SOME_NOT_MAPPED);
        EXPECT_EQ(measured, written);
    }
}

TEST(rtl_utf8, the_edges_of_each_form_are_well_formed)
{
    static const struct {
        PCSZ bytes;
        ULONG code;
    } cases[] = {
        { "\x7f", 0x7f },           { "\xc2\x80", 0x80 },       { "\xdf\xbf", 0x7ff },
        { "\xe0\xa0\x80", 0x800 },  { "\xed\x9f\xbf", 0xd7ff }, { "\xee\x80\x80", 0xe000 },
        { "\xef\xbf\xbf", 0xffff },
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        WCHAR text[2];
        ULONG written;
        EXPECT_EQ(RtlUTF8ToUnicodeN(text, sizeof(text), &written, cases[i].bytes,
                                    (ULONG)strlen(cases[i].bytes)),
                  STATUS_SUCCESS);
        EXPECT_EQ(written, 2);
        EXPECT_EQ(text[0], cases[i].code);
    }
}

TEST(rtl_utf8, lone_surrogates_are_replaced)
{
    static const WCHAR cases[][3] = {
        { 0xd800, 'a', 'b' }, { 0xdc00, 'a', 'b' }, { 'a', 'b', 0xdbff }, { 0xd800, 0xd800, 0xdc00 }
    };
    static const PCSZ expected[] = { "\xef\xbf\xbd"
                                     "ab",
                                     "\xef\xbf\xbd"
                                     "ab",
                                     "ab\xef\xbf\xbd", "\xef\xbf\xbd\xf0\x90\x80\x80" };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        CHAR bytes[8];
        ULONG written;
        EXPECT_EQ(RtlUnicodeToUTF8N(bytes, sizeof(bytes), &written, cases[i], 6),
                  STATUS_SOME_NOT_MAPPED);
        EXPECT_EQ(written, strlen(expected[i]));
        EXPECT(memcmp(bytes, expected[i], written) == 0);
    }
}

TEST(rtl_utf8, what_does_not_fit_ends_between_characters)
{
    CHAR bytes[8];
    WCHAR text[4] = { 'x', 'x', 'x', 'x' };
    ULONG written;
    memset(bytes, 'x', sizeof(bytes));
    EXPECT_EQ(RtlUnicodeToUTF8N(bytes, 3, &written, L"a\u20ac", 4), STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(written, 1);
    EXPECT(bytes[0] == 'a' && bytes[1] == 'x');
    EXPECT_EQ(RtlUnicodeToUTF8N(bytes, 4, &written, L"a\u20ac", 4), STATUS_SUCCESS);
    EXPECT_EQ(written, 4);
    EXPECT_EQ(RtlUTF8ToUnicodeN(text, 5, &written, "a\xf0\x9f\x98\x80", 5),
              STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(written, 2);
    EXPECT(text[0] == 'a' && text[1] == 'x');
    EXPECT_EQ(RtlUTF8ToUnicodeN(text, 6, NULL, "a\xf0\x9f\x98\x80", 5), STATUS_SUCCESS);
    EXPECT(text[1] == 0xd83d && text[2] == 0xde00 && text[3] == 'x');
}

TEST(rtl_utf8, without_a_target_the_result_is_measured)
{
    ULONG bytes = 0;
    EXPECT_EQ(RtlUnicodeToUTF8N(NULL, 0, &bytes, L"a\u00e9\u20ac", 6), STATUS_SUCCESS);
    EXPECT_EQ(bytes, 6);
    EXPECT_EQ(RtlUTF8ToUnicodeN(NULL, 0, &bytes, "a\xc3\xa9\xf0\x9f\x98\x80", 7), STATUS_SUCCESS);
    EXPECT_EQ(bytes, 8);
    EXPECT_EQ(RtlUTF8ToUnicodeN(NULL, 0, &bytes, "", 0), STATUS_SUCCESS);
    EXPECT_EQ(bytes, 0);
}

TEST(rtl_utf8, what_makes_no_sense_is_refused)
{
    CHAR bytes[4];
    WCHAR text[4];
    ULONG written = 7;
    EXPECT_EQ(RtlUnicodeToUTF8N(bytes, 4, &written, NULL, 2), STATUS_INVALID_PARAMETER_4);
    EXPECT_EQ(RtlUnicodeToUTF8N(NULL, 0, NULL, L"a", 2), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(RtlUnicodeToUTF8N(bytes, 4, &written, L"ab", 3), STATUS_INVALID_PARAMETER_5);
    EXPECT_EQ(RtlUTF8ToUnicodeN(text, 8, &written, NULL, 2), STATUS_INVALID_PARAMETER_4);
    EXPECT_EQ(RtlUTF8ToUnicodeN(NULL, 0, NULL, "a", 1), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(RtlUTF8ToUnicodeN(text, 8, &written, "a", 0x80000000u), STATUS_INVALID_PARAMETER_5);
    EXPECT_EQ(written, 7);
}
