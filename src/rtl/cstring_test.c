/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of cstring.c. */
#include "rtl/rtl_test.h"

TEST(rtl_cstring, characters_are_found_from_both_ends)
{
    static const char text[] = "abcabc";
    EXPECT(rtl_strchr(text, 'b') == text + 1);
    EXPECT(rtl_strrchr(text, 'b') == text + 4);
    EXPECT(rtl_strchr(text, 0) == text + 6);
    EXPECT(rtl_strrchr(text, 0) == text + 6);
    EXPECT(rtl_strchr(text, 'x') == NULL);
    EXPECT(rtl_strrchr(text, 'x') == NULL);
    EXPECT(rtl_strchr("\xe9", 0xe9) != NULL && rtl_strrchr("\xe9", 0xe9) != NULL);
    EXPECT(rtl_memchr(text, 'c', 2) == NULL);
    EXPECT(rtl_memchr(text, 0x100 + 'c', 3) == text + 2);
    EXPECT_EQ(rtl_strnlen(text, 3), 3);
    EXPECT_EQ(rtl_strnlen(text, 100), 6);
}

TEST(rtl_cstring, parts_are_found_where_they_begin_first)
{
    static const char text[] = "aabaab!";
    EXPECT(rtl_strstr(text, "aab!") == text + 3);
    EXPECT(rtl_strstr(text, "aab") == text);
    EXPECT(rtl_strstr(text, "") == text);
    EXPECT(rtl_strstr(text, "b!!") == NULL);
    EXPECT(rtl_strstr("", "a") == NULL);
    EXPECT(rtl_strstr("", "") != NULL);
}

TEST(rtl_cstring, spans_of_characters_in_a_set_or_not)
{
    EXPECT_EQ(rtl_strspn("aabbc", "ab"), 4);
    EXPECT_EQ(rtl_strspn("aabb", "ab"), 4);
    EXPECT_EQ(rtl_strspn("aabb", ""), 0);
    EXPECT_EQ(rtl_strcspn("aabbc", "cb"), 2);
    EXPECT_EQ(rtl_strcspn("aabbc", ""), 5);
}

TEST(rtl_cstring, letters_of_ascii_have_case)
{
    char text[] = "aZ09@[`{\xe9";
    EXPECT_EQ(rtl_stricmp("KerNel", "kERnEL"), 0);
    EXPECT(rtl_stricmp("kernel", "KERNELS") < 0);
    EXPECT(rtl_stricmp("kernels", "KERNEL") > 0);
    EXPECT(rtl_stricmp("_", "a") < 0); /* the lower case decides */
    EXPECT(rtl_stricmp("\xe9", "\xc9") > 0);
    EXPECT_EQ(rtl_strnicmp("abX", "ABY", 2), 0);
    EXPECT(rtl_strnicmp("abX", "ABY", 3) < 0);
    EXPECT_EQ(rtl_strnicmp("a", "b", 0), 0);
    EXPECT(strcmp(rtl_strupr(text), "AZ09@[`{\xe9") == 0);
    EXPECT(strcmp(rtl_strlwr(text), "az09@[`{\xe9") == 0);
}

TEST(rtl_cstring, classes_of_characters)
{
    for (int c = -1; c < 256; c++) {
        bool lower = c >= 'a' && c <= 'z', upper = c >= 'A' && c <= 'Z';
        bool digit = c >= '0' && c <= '9';
        bool hex = digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        EXPECT_EQ(rtl_islower(c), lower);
        EXPECT_EQ(rtl_isupper(c), upper);
        EXPECT_EQ(rtl_isdigit(c), digit);
        EXPECT_EQ(rtl_isxdigit(c), hex);
        EXPECT_EQ(rtl_isalpha(c), lower || upper);
        EXPECT_EQ(rtl_isalnum(c), lower || upper || digit);
        EXPECT_EQ(rtl_isspace(c), c == ' ' || (c >= 9 && c <= 13));
        EXPECT_EQ(rtl_isprint(c), c >= 32 && c < 127);
        EXPECT_EQ(rtl_toupper(c), lower ? c - 32 : c);
        EXPECT_EQ(rtl_tolower(c), upper ? c + 32 : c);
    }
}

TEST(rtl_cstring, copies_end_where_the_page_says)
{
    char buffer[8] = "xxxxxxx";
    EXPECT(rtl_strcpy(buffer, "ab") == buffer);
    EXPECT(memcmp(buffer, "ab\0xxxx", 8) == 0);
    EXPECT(rtl_strcat(buffer, "cd") == buffer);
    EXPECT(memcmp(buffer, "abcd\0xx", 8) == 0);
    EXPECT(rtl_strncat(buffer, "efg", 1) == buffer);
    EXPECT(memcmp(buffer, "abcde\0x", 8) == 0);
    EXPECT(rtl_strncpy(buffer, "zz", 4) == buffer);
    EXPECT(memcmp(buffer, "zz\0\0e\0x", 8) == 0); /* filled with zeros */
    EXPECT(rtl_strncpy(buffer, "yyy", 2) == buffer);
    EXPECT(memcmp(buffer, "yy\0\0e\0x", 8) == 0); /* not terminated */
    EXPECT(rtl_strncat(buffer, "w", 9) == buffer);
    EXPECT(memcmp(buffer, "yyw\0e\0x", 8) == 0);
}

TEST(rtl_cstring, safe_copies_fit_or_leave_nothing)
{
    char buffer[4] = "xxx";
    EXPECT_EQ(rtl_strcpy_s(buffer, 4, "abc"), 0);
    EXPECT(memcmp(buffer, "abc", 4) == 0);
    EXPECT_EQ(rtl_strcpy_s(buffer, 4, "abcd"), CRT_ERANGE);
    EXPECT_EQ(buffer[0], 0);
    buffer[0] = 'x';
    EXPECT_EQ(rtl_strcpy_s(buffer, 4, NULL), CRT_EINVAL);
    EXPECT_EQ(buffer[0], 0);
    EXPECT_EQ(rtl_strcpy_s(NULL, 4, "a"), CRT_EINVAL);
    EXPECT_EQ(rtl_strcpy_s(buffer, 0, "a"), CRT_EINVAL);
    EXPECT_EQ(rtl_strncpy_s(buffer, 4, "abcdef", 3), 0);
    EXPECT(memcmp(buffer, "abc", 4) == 0);
    EXPECT_EQ(rtl_strncpy_s(buffer, 4, "abcdef", 4), CRT_ERANGE);
    EXPECT_EQ(buffer[0], 0);
    EXPECT_EQ(rtl_strncpy_s(buffer, 4, "abcdef", CRT_TRUNCATE), CRT_STRUNCATE);
    EXPECT(memcmp(buffer, "abc", 4) == 0);
    EXPECT_EQ(rtl_strncpy_s(buffer, 4, "ab", CRT_TRUNCATE), 0);
    EXPECT_EQ(rtl_strncpy_s(buffer, 4, NULL, 0), 0);
    EXPECT_EQ(buffer[0], 0);
    EXPECT_EQ(rtl_strncpy_s(NULL, 4, "a", 1), CRT_EINVAL);
}

TEST(rtl_cstring, safe_appends_fit_or_leave_nothing)
{
    char buffer[6] = "ab";
    EXPECT_EQ(rtl_strcat_s(buffer, 6, "cd"), 0);
    EXPECT(memcmp(buffer, "abcd", 5) == 0);
    EXPECT_EQ(rtl_strncat_s(buffer, 6, "efg", 1), 0);
    EXPECT(memcmp(buffer, "abcde", 6) == 0);
    EXPECT_EQ(rtl_strcat_s(buffer, 6, ""), 0);
    EXPECT_EQ(rtl_strncat_s(buffer, 6, "f", CRT_TRUNCATE), CRT_STRUNCATE);
    EXPECT(memcmp(buffer, "abcde", 6) == 0);
    EXPECT_EQ(rtl_strcat_s(buffer, 6, "f"), CRT_ERANGE);
    EXPECT_EQ(buffer[0], 0);
    memset(buffer, 'x', 6);
    EXPECT_EQ(rtl_strcat_s(buffer, 6, "f"), CRT_EINVAL); /* no end within its room */
    EXPECT_EQ(buffer[0], 0);
    EXPECT_EQ(rtl_strcat_s(NULL, 6, "f"), CRT_EINVAL);
    EXPECT_EQ(rtl_strncat_s(buffer, 0, "f", 1), CRT_EINVAL);
}

TEST(rtl_cstring, safe_memory_copies_fit_or_leave_nothing)
{
    char buffer[4] = "xxx";
    EXPECT_EQ(rtl_memcpy_s(buffer, 4, "abc", 3), 0);
    EXPECT(memcmp(buffer, "abc", 4) == 0);
    EXPECT_EQ(rtl_memcpy_s(buffer, 2, "abc", 3), CRT_ERANGE);
    EXPECT(memcmp(buffer, "\0\0c", 4) == 0);
    EXPECT_EQ(rtl_memcpy_s(buffer, 4, NULL, 3), CRT_EINVAL);
    EXPECT_EQ(buffer[2], 0);
    EXPECT_EQ(rtl_memcpy_s(NULL, 4, "a", 1), CRT_EINVAL);
    EXPECT_EQ(rtl_memcpy_s(NULL, 0, NULL, 0), 0);
    memcpy(buffer, "abc", 4);
    EXPECT_EQ(rtl_memmove_s(buffer + 1, 3, buffer, 2), 0);
    EXPECT(memcmp(buffer, "aab", 4) == 0);
    EXPECT_EQ(rtl_memmove_s(buffer, 2, "xyz", 3), CRT_ERANGE);
    EXPECT_EQ(rtl_memmove_s(buffer, 4, NULL, 3), CRT_EINVAL);
    EXPECT_EQ(rtl_memmove_s(NULL, 4, "a", 1), CRT_EINVAL);
    EXPECT_EQ(rtl_memmove_s(NULL, 0, NULL, 0), 0);
    EXPECT(memcmp(buffer, "aab", 4) == 0);
}

TEST(rtl_cstring, decimal_text_has_its_nearest_value)
{
    static const struct {
        const char *text;
        int value;
    } cases[] = {
        { "0", 0 },
        { "", 0 },
        { "12x", 12 },
        { " \t\r\n-7", -7 },
        { "+7", 7 },
        { "+-7", 0 },
        { "2147483647", 2147483647 },
        { "2147483648", 2147483647 },
        { "-2147483648", INT32_MIN },
        { "-99999999999999999999999", INT32_MIN },
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
        EXPECT_EQ(rtl_atoi(cases[i].text), cases[i].value);
}
