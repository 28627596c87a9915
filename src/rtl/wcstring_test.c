/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of wcstring.c. */
#include "rtl/rtl_test.h"

TEST(rtl_wcstring, characters_are_found_from_both_ends)
{
    static const WCHAR text[] = L"ab\u0161ab\u0161";
    EXPECT_EQ(rtl_wcslen(text), 6);
    EXPECT_EQ(rtl_wcslen(L""), 0);
    EXPECT_EQ(rtl_wcsnlen(text, 4), 4);
    EXPECT_EQ(rtl_wcsnlen(text, 7), 6);
    EXPECT(rtl_wcschr(text, 0x161) == text + 2);
    EXPECT(rtl_wcsrchr(text, 0x161) == text + 5);
    EXPECT(rtl_wcschr(text, 0) == text + 6);
    EXPECT(rtl_wcsrchr(text, 0) == text + 6);
    EXPECT(rtl_wcschr(text, 0x61 + 0x100) == text + 2);
    EXPECT(rtl_wcschr(text, 'x') == NULL);
    EXPECT(rtl_wcsrchr(text, 'x') == NULL);
}

TEST(rtl_wcstring, parts_are_found_where_they_begin_first)
{
    static const WCHAR text[] = L"aabaab!";
    EXPECT(rtl_wcsstr(text, L"aab!") == text + 3);
    EXPECT(rtl_wcsstr(text, L"aab") == text);
    EXPECT(rtl_wcsstr(text, L"") == text);
    EXPECT(rtl_wcsstr(text, L"b!!") == NULL);
    EXPECT(rtl_wcsstr(L"", L"a") == NULL);
    EXPECT_EQ(rtl_wcsspn(text, L"ab"), 6);
    EXPECT_EQ(rtl_wcsspn(L"ab", L"ab"), 2);
    EXPECT_EQ(rtl_wcscspn(text, L"!"), 6);
    EXPECT_EQ(rtl_wcscspn(text, L""), 7);
}

TEST(rtl_wcstring, texts_are_ordered_by_their_characters)
{
    EXPECT_EQ(rtl_wcscmp(L"same", L"same"), 0);
    EXPECT(rtl_wcscmp(L"same", L"samf") < 0);
    EXPECT(rtl_wcscmp(L"same", L"sam") > 0);
    EXPECT(rtl_wcscmp(L"\uffff", L"a") > 0);
    EXPECT_EQ(rtl_wcsncmp(L"abX", L"abY", 2), 0);
    EXPECT(rtl_wcsncmp(L"abX", L"abY", 3) < 0);
    EXPECT_EQ(rtl_wcsncmp(L"ab", L"ab", 9), 0);
    EXPECT_EQ(rtl_wcsicmp(L"KerNel", L"kERnEL"), 0);
    EXPECT(rtl_wcsicmp(L"kernel", L"KERNELS") < 0);
    EXPECT(rtl_wcsicmp(L"\u00e9", L"\u00c9") > 0); /* ASCII's letters only */
    EXPECT_EQ(rtl_wcsnicmp(L"abX", L"ABY", 2), 0);
    EXPECT(rtl_wcsnicmp(L"abX", L"ABY", 3) < 0);
}

TEST(rtl_wcstring, letters_of_ascii_change_case)
{
    WCHAR text[] = L"aZ09@[`{\u00e9\u0161";
    EXPECT(rtl_wcscmp(rtl_wcsupr(text), L"AZ09@[`{\u00e9\u0161") == 0);
    EXPECT(rtl_wcscmp(rtl_wcslwr(text), L"az09@[`{\u00e9\u0161") == 0);
}

TEST(rtl_wcstring, copies_end_where_the_page_says)
{
    WCHAR buffer[8] = L"xxxxxxx";
    EXPECT(rtl_wcscpy(buffer, L"ab") == buffer);
    EXPECT(memcmp(buffer, L"ab\0xxxx", 16) == 0);
    EXPECT(rtl_wcscat(buffer, L"cd") == buffer);
    EXPECT(memcmp(buffer, L"abcd\0xx", 16) == 0);
    EXPECT(rtl_wcsncat(buffer, L"efg", 1) == buffer);
    EXPECT(memcmp(buffer, L"abcde\0x", 16) == 0);
    EXPECT(rtl_wcsncpy(buffer, L"zz", 4) == buffer);
    EXPECT(memcmp(buffer, L"zz\0\0e\0x", 16) == 0); /* filled with zeros */
    EXPECT(rtl_wcsncpy(buffer, L"yyy", 2) == buffer);
    EXPECT(memcmp(buffer, L"yy\0\0e\0x", 16) == 0); /* not terminated */
    EXPECT(rtl_wcsncat(buffer, L"w", 9) == buffer);
    EXPECT(memcmp(buffer, L"yyw\0e\0x", 16) == 0);
}

TEST(rtl_wcstring, safe_copies_fit_or_leave_nothing)
{
    WCHAR buffer[4] = L"xxx";
    EXPECT_EQ(rtl_wcscpy_s(buffer, 4, L"abc"), 0);
    EXPECT(memcmp(buffer, L"abc", 8) == 0);
    EXPECT_EQ(rtl_wcscpy_s(buffer, 4, L"abcd"), CRT_ERANGE);
    EXPECT_EQ(buffer[0], 0);
    buffer[0] = 'x';
    EXPECT_EQ(rtl_wcscpy_s(buffer, 4, NULL), CRT_EINVAL);
    EXPECT_EQ(buffer[0], 0);
    EXPECT_EQ(rtl_wcscpy_s(NULL, 4, L"a"), CRT_EINVAL);
    EXPECT_EQ(rtl_wcscpy_s(buffer, 0, L"a"), CRT_EINVAL);
    EXPECT_EQ(rtl_wcsncpy_s(buffer, 4, L"abcdef", 3), 0);
    EXPECT(memcmp(buffer, L"abc", 8) == 0);
    EXPECT_EQ(rtl_wcsncpy_s(buffer, 4, L"abcdef", CRT_TRUNCATE), CRT_STRUNCATE);
    EXPECT(memcmp(buffer, L"abc", 8) == 0);
    EXPECT_EQ(rtl_wcsncpy_s(buffer, 4, NULL, 0), 0);
    EXPECT_EQ(buffer[0], 0);
}

TEST(rtl_wcstring, safe_appends_fit_or_leave_nothing)
{
    WCHAR buffer[6] = L"ab";
    EXPECT_EQ(rtl_wcscat_s(buffer, 6, L"cd"), 0);
    EXPECT_EQ(rtl_wcsncat_s(buffer, 6, L"efg", 1), 0);
    EXPECT(memcmp(buffer, L"abcde", 12) == 0);
    EXPECT_EQ(rtl_wcsncat_s(buffer, 6, L"f", CRT_TRUNCATE), CRT_STRUNCATE);
    EXPECT(memcmp(buffer, L"abcde", 12) == 0);
    EXPECT_EQ(rtl_wcscat_s(buffer, 6, L"f"), CRT_ERANGE);
    EXPECT_EQ(buffer[0], 0);
    memset(buffer, 'x', sizeof(buffer));
    EXPECT_EQ(rtl_wcscat_s(buffer, 6, L"f"), CRT_EINVAL); /* no end within its room */
    EXPECT_EQ(buffer[0], 0);
    EXPECT_EQ(rtl_wcscat_s(NULL, 6, L"f"), CRT_EINVAL);
    EXPECT_EQ(rtl_wcsncat_s(buffer, 0, L"f", 1), CRT_EINVAL);
}
