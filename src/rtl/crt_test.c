/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of crt.c: each exported name does what its page says, which no other one would. */
#include "rtl/rtl_test.h"

TEST_KERNEL(rtl_crt, names_of_the_functions_on_bytes, "the host uses its C library's")
{
    char a[12] = "KerNel", b[12];
    EXPECT(memchr(a, 'N', 6) == a + 3);
    EXPECT(strchr(a, 'e') == a + 1 && strrchr(a, 'e') == a + 4 && strstr(a, "Ne") == a + 3);
    EXPECT(strnlen(a, 3) == 3 && strspn(a, "eKr") == 3);
    EXPECT(strcmp(_strlwr(a), "kernel") == 0 && strcmp(_strupr(a), "KERNEL") == 0);
    EXPECT(_stricmp(a, "kernel") == 0 && _stricmp(a, "kernels") < 0);
    EXPECT(_strnicmp(a, "kernX", 4) == 0);
    EXPECT(strcpy(b, "ab") == b && strcmp(strcat(b, "cd"), "abcd") == 0);
    EXPECT(strcmp(strncat(b, "efg", 1), "abcde") == 0 && strncpy(b, "xy", 2)[2] == 'c');
    EXPECT(strcpy_s(b, 3, "abc") == CRT_ERANGE && strcpy_s(b, 4, "abc") == 0);
    EXPECT(strcat_s(b, 4, "d") == CRT_ERANGE && strncpy_s(b, 3, "abc", 2) == 0);
    EXPECT(strncat_s(b, 4, "cd", 1) == 0 && strcmp(b, "abc") == 0);
    EXPECT(memcpy_s(b, 2, "xyz", 3) == CRT_ERANGE && b[0] == 0);
    EXPECT(memmove_s(b, 3, "xyz", 3) == 0 && b[2] == 'z');
    EXPECT(atoi("-12") == -12 && atol("34") == 34);
}

TEST_KERNEL(rtl_crt, names_of_the_functions_on_wide_text, "the host uses its C library's")
{
    WCHAR a[12] = L"KerNel", b[12];
    EXPECT(wcslen(a) == 6 && wcsnlen(a, 3) == 3);
    EXPECT(wcschr(a, 'e') == a + 1 && wcsrchr(a, 'e') == a + 4 && wcsstr(a, L"Ne") == a + 3);
    EXPECT(wcsspn(a, L"eKr") == 3 && wcscspn(a, L"N") == 3);
    EXPECT(wcscmp(_wcslwr(a), L"kernel") == 0 && wcscmp(_wcsupr(a), L"KERNEL") == 0);
    EXPECT(wcsncmp(a, L"KERNX", 4) == 0 && wcsncmp(a, L"kern", 4) != 0);
    EXPECT(_wcsicmp(a, L"kernel") == 0 && _wcsicmp(a, L"kernels") < 0);
    EXPECT(_wcsnicmp(a, L"kernX", 4) == 0);
    EXPECT(wcscpy(b, L"ab") == b && wcscmp(wcscat(b, L"cd"), L"abcd") == 0);
    EXPECT(wcscmp(wcsncat(b, L"efg", 1), L"abcde") == 0 && wcsncpy(b, L"xy", 2)[2] == 'c');
    EXPECT(wcscpy_s(b, 3, L"abc") == CRT_ERANGE && wcscpy_s(b, 4, L"abc") == 0);
    EXPECT(wcscat_s(b, 4, L"d") == CRT_ERANGE && wcsncpy_s(b, 3, L"abc", 2) == 0);
    EXPECT(wcsncat_s(b, 4, L"cd", 1) == 0 && wcscmp(b, L"abc") == 0);
}

TEST_KERNEL(rtl_crt, names_of_the_classes_of_characters, "the host uses its C library's")
{
    static int (*const classes[])(int) = { isdigit, isxdigit, islower, isupper,
                                           isalpha, isalnum,  isspace, isprint };
    static const struct {
        int character;
        uint8_t classes; /* a bit for each, the first one lowest */
    } cases[] = { { '7', 0xa3 }, { 'f', 0xb6 }, { 'z', 0xb4 },  { 'Z', 0xb8 },
                  { ' ', 0xc0 }, { '!', 0x80 }, { '\t', 0x40 }, { 0, 0 } };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        for (size_t c = 0; c < ARRAY_COUNT(classes); c++)
            EXPECT_EQ(classes[c](cases[i].character) != 0, cases[i].classes >> c & 1);
    }
    EXPECT(tolower('Q') == 'q' && toupper('q') == 'Q');
}

static int compare(const void *a, const void *b)
{
    return *(const char *)a - *(const char *)b;
}

TEST_KERNEL(rtl_crt, names_of_sorting_and_searching, "the host uses its C library's")
{
    char text[] = "dcab";
    qsort(text, 4, 1, compare);
    EXPECT(strcmp(text, "abcd") == 0);
    EXPECT(bsearch("c", text, 4, 1, compare) == text + 2);
}
