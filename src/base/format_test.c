/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of format.c. */
#include "base/format.h"

#include <nt/ntdef.h>

#include "base/check.h"
#include "base/selftest.h"

static bool equal(const char *a, const char *b)
{
    while (*a != 0 && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

static char text[128];

#define EXPECT_TEXT(expected, ...)                                                                 \
    do {                                                                                           \
        EXPECT_EQ(format_text(text, sizeof(text), __VA_ARGS__), sizeof(expected) - 1);             \
        EXPECT(equal(text, expected));                                                             \
    } while (0)

TEST(base_format, integers_in_every_base)
{
    EXPECT_TEXT("-7 7 7 77 ff FF", "%d %i %u %o %x %X", -7, 7, 7, 077, 255, 255);
    EXPECT_TEXT("0 0", "%d %x", 0, 0);
    EXPECT_TEXT("-2147483648 4294967295", "%d %u", INT32_MIN, UINT32_MAX);
}

TEST(base_format, l_is_32_bits_and_ll_64)
{
    EXPECT_TEXT("123456789abcdef0 9abcdef0", "%llx %lx", 0x123456789abcdef0ull, 0x9abcdef0u);
    EXPECT_TEXT("5 7", "%lx %x", 0x100000005ull,
                0x700000007ull); /* what is above is not part of it */
    EXPECT_TEXT("-9223372036854775808", "%I64d", INT64_MIN);
    EXPECT_TEXT("18446744073709551615 4294967295", "%Iu %I32u", UINT64_MAX, UINT32_MAX);
    EXPECT_TEXT("-1 255", "%hhd %hhu", 0xff, 0x1ff);
    EXPECT_TEXT("-1 65535", "%hd %hu", 0xffff, 0x1ffff);
}

TEST(base_format, width_precision_and_flags)
{
    EXPECT_TEXT("[   42][42   ][00042][+42][ 42]", "[%5d][%-5d][%05d][%+d][% d]", 42, 42, 42, 42,
                42);
    EXPECT_TEXT("[  007][0x2a][0X2A]", "[%5.3d][%#x][%#X]", 7, 42, 42);
    EXPECT_TEXT("[    x][x    ]", "[%*c][%*c]", 5, 'x', -5, 'x');
    EXPECT_TEXT("[-0042]", "[%05d]", -42);
}

TEST(base_format, the_alternate_form_of_octal_begins_with_a_zero)
{
    EXPECT_TEXT("010 0 0 00010 00010", "%#o %#o %#.0o %#.5o %#05o", 8, 0, 0, 8, 8);
    EXPECT_TEXT("[]", "[%.0x]", 0);
}

TEST(base_format, any_width_and_precision_is_taken)
{
    char small[4];
    EXPECT_EQ(format_text(small, sizeof(small), "%5000d%-5000d%.5000d", 1, 2, 3), 15000);
    EXPECT(equal(small, "   "));
    EXPECT_EQ(format_text(small, sizeof(small), "%99999999999x|%*c", 1, INT32_MIN, 'x'),
              0xffffffff + (size_t)1);
    EXPECT_TEXT("ab", "%.99999999999s", "ab");
    EXPECT_TEXT("abc x", "%.*s %.0c", -1, "abc", 'x');
}

TEST(base_format, h_means_bytes_and_w_sixteen_bits)
{
    EXPECT_TEXT("b B h H", "%hs %hS %hc %hC", "b", "B", 'h', 'H');
    EXPECT_TEXT("w W l L", "%ws %wS %lc %lC", u"w", u"W", 'l', 'L');
}

TEST(base_format, strings_and_their_bounds)
{
    char unterminated[3] = { 'a', 'b', 'c' };
    EXPECT_TEXT("abc|abc|  ab|", "%s|%.3s|%4.2s|", "abc", unterminated, "abc");
    EXPECT_TEXT("(null)", "%s", (char *)NULL);
    EXPECT_TEXT("100%", "%d%%", 100);
}

TEST(base_format, sixteen_bit_text)
{
    static const uint16_t wide[] = { 'h', 0xe9, 'y', 0 };
    UNICODE_STRING unicode = { .Length = 4, .MaximumLength = 8, .Buffer = (WCHAR *)wide };
    ANSI_STRING ansi = { .Length = 2, .MaximumLength = 3, .Buffer = "xyz" };
    EXPECT_TEXT("h?y h?y h?y", "%ws %ls %S", wide, wide, wide);
    EXPECT_TEXT("h? xy", "%wZ %Z", &unicode, &ansi);
    EXPECT_TEXT("A B", "%C %wc", 'A', 'B');
    EXPECT_TEXT("(null)", "%wZ", (void *)NULL);
}

TEST(base_format, pointers_have_sixteen_digits)
{
    EXPECT_TEXT("FFFFF80000100000", "%p", (void *)0xfffff80000100000u);
}

TEST(base_format, an_unknown_conversion_is_copied)
{
    EXPECT_TEXT("%y 5 %", "%y %d %", 5);
}

TEST(base_format, a_small_buffer_cuts_and_terminates)
{
    char small[4] = { 1, 1, 1, 1 };
    EXPECT_EQ(format_text(small, sizeof(small), "%d", 123456), 6);
    EXPECT(equal(small, "123"));
    EXPECT_EQ(format_text(small, 0, "abc"), 3);
    EXPECT(equal(small, "123"));
}
