/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of printf.c: results and ends of buffers as Microsoft's pages say. */
#include <nt/stdio_ddi.h>

#include "base/check.h"
#include "base/selftest.h"
#include "rtl/memory.h"

static char text[16];
static WCHAR wide[16];

static void setup(void)
{
    memset(text, '#', sizeof(text));
    for (size_t i = 0; i < ARRAY_COUNT(wide); i++)
        wide[i] = '#';
}

/* The buffer begins with `expected` and its zero, and nothing behind was written. */
static bool holds(const char *expected)
{
    size_t length = strlen(expected);
    return memcmp(text, expected, length + 1) == 0 && text[length + 1] == '#';
}

static bool wide_holds(const char *expected)
{
    size_t length = strlen(expected);
    for (size_t i = 0; i <= length; i++) {
        if (wide[i] != (WCHAR)expected[i])
            return false;
    }
    return wide[length + 1] == '#';
}

TEST(rtl_printf, text_that_is_shorter_than_the_count_is_terminated)
{
    setup();
    EXPECT_EQ(_snprintf(text, 8, "%s-%d", "abc", 42), 6);
    EXPECT(holds("abc-42"));
    EXPECT_EQ(_snwprintf(wide, 8, u"%s-%d", u"abc", 42), 6);
    EXPECT(wide_holds("abc-42"));
}

TEST(rtl_printf, text_of_exactly_the_count_has_no_zero)
{
    setup();
    EXPECT_EQ(_snprintf(text, 6, "%s-%d", "abc", 42), 6);
    EXPECT(memcmp(text, "abc-42##", 8) == 0);
    EXPECT_EQ(_snwprintf(wide, 6, u"%s-%d", u"abc", 42), 6);
    EXPECT(wide[5] == '2' && wide[6] == '#');
}

TEST(rtl_printf, longer_text_is_cut_without_a_zero)
{
    setup();
    EXPECT_EQ(_snprintf(text, 5, "%s-%d", "abc", 42), -1);
    EXPECT(memcmp(text, "abc-4###", 8) == 0);
    EXPECT_EQ(_snprintf(text, 0, "%d", 1), -1);
    EXPECT_EQ(_snwprintf(wide, 5, u"%s-%d", u"abc", 42), -1);
    EXPECT(wide[4] == '4' && wide[5] == '#');
}

TEST(rtl_printf, no_buffer_of_no_size_measures)
{
    EXPECT_EQ(_snprintf(NULL, 0, "%5000d", 1), 5000);
    EXPECT_EQ(_snwprintf(NULL, 0, u"abc"), 3);
    EXPECT_EQ(_snprintf(NULL, 1, "abc"), -1);
    EXPECT_EQ(_snprintf(text, 1, NULL), -1);
    EXPECT_EQ(_snprintf(NULL, 0, "%2147483647d%d", 1, 1), -1); /* no int has it */
}

TEST(rtl_printf, without_a_bound_the_text_is_whole)
{
    setup();
    EXPECT_EQ(sprintf(text, "%d %s", 7, "seven"), 7);
    EXPECT(holds("7 seven"));
    EXPECT_EQ(swprintf(wide, u"%d %s", 7, u"seven"), 7);
    EXPECT(wide_holds("7 seven"));
}

static int by_va_list(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int result = vsprintf(text, format, arguments);
    va_end(arguments);
    return result;
}

TEST(rtl_printf, a_va_list_does_as_well)
{
    setup();
    EXPECT_EQ(by_va_list("%c%c", 'x', 'y'), 2);
    EXPECT(holds("xy"));
}

TEST(rtl_printf, what_does_not_fit_leaves_an_empty_text)
{
    setup();
    EXPECT_EQ(sprintf_s(text, 7, "%s", "abcdef"), 6);
    EXPECT(holds("abcdef"));
    EXPECT_EQ(sprintf_s(text, 6, "%s", "abcdef"), -1);
    EXPECT_EQ(text[0], 0);
    EXPECT_EQ(swprintf_s(wide, 7, u"%s", u"abcdef"), 6);
    EXPECT(wide_holds("abcdef"));
    EXPECT_EQ(swprintf_s(wide, 6, u"%s", u"abcdef"), -1);
    EXPECT_EQ(wide[0], 0);
}

TEST(rtl_printf, null_is_refused_and_the_buffer_is_empty)
{
    setup();
    EXPECT_EQ(sprintf_s(text, 4, NULL), -1);
    EXPECT(text[0] == 0 && text[1] == '#');
    EXPECT_EQ(sprintf_s(NULL, 4, "x"), -1);
    EXPECT_EQ(sprintf_s(text, 0, "x"), -1);
}

TEST(rtl_printf, a_count_below_the_size_cuts)
{
    setup();
    EXPECT_EQ(_snprintf_s(text, 16, 3, "%s", "abcdef"), -1);
    EXPECT(holds("abc"));
    EXPECT_EQ(_snprintf_s(text, 16, 6, "%s", "abcdef"), 6);
    EXPECT(holds("abcdef"));
    EXPECT_EQ(_snwprintf_s(wide, 16, 3, u"%s", u"abcdef"), -1);
    EXPECT(wide_holds("abc"));
}

TEST(rtl_printf, truncate_takes_what_fits)
{
    setup();
    EXPECT_EQ(_snprintf_s(text, 5, _TRUNCATE, "%s", "abcdef"), -1);
    EXPECT(holds("abcd"));
    EXPECT_EQ(_snprintf_s(text, 7, _TRUNCATE, "%s", "abcdef"), 6);
    EXPECT_EQ(_snwprintf_s(wide, 5, _TRUNCATE, u"%s", u"abcdef"), -1);
    EXPECT(wide_holds("abcd"));
}

TEST(rtl_printf, a_count_beyond_the_size_does_not_cut)
{
    setup();
    EXPECT_EQ(_snprintf_s(text, 5, 5, "%s", "abcdef"), -1);
    EXPECT_EQ(text[0], 0);
    EXPECT_EQ(_snprintf_s(text, 5, 100, "%s", "abcd"), 4);
    EXPECT_EQ(_snprintf_s(text, 5, 4, "%s", "abcdef"), -1); /* the last that may be cut at */
    EXPECT(memcmp(text, "abcd", 5) == 0);
}

TEST(rtl_printf, nothing_into_nothing_is_no_error)
{
    EXPECT_EQ(_snprintf_s(NULL, 0, 0, "abc"), 0);
    EXPECT_EQ(_snwprintf_s(NULL, 0, 0, u"abc"), 0);
    EXPECT_EQ(_snprintf_s(NULL, 0, 0, NULL), -1);
    EXPECT_EQ(_snwprintf_s(NULL, 0, 0, NULL), -1);
    EXPECT_EQ(_snprintf_s(NULL, 0, 1, "abc"), -1);
}

TEST(rtl_printf, in_wide_text_a_capital_s_means_bytes)
{
    static const WCHAR name[] = u"w\u00e9";
    setup();
    EXPECT_EQ(_snwprintf(wide, 16, u"%s|%S|%hs|%ls", name, "b", "h", u"l"), 8);
    EXPECT(wide[1] == 0xe9 && wide[3] == 'b' && wide[5] == 'h' && wide[7] == 'l');
    setup();
    EXPECT_EQ(_snwprintf(wide, 16, u"%c%C%hc%lc%wc", 0x20ac, 'b', 'h', 0x20ad, 0x20ae), 5);
    EXPECT(wide[0] == 0x20ac && wide[1] == 'b' && wide[2] == 'h' && wide[3] == 0x20ad);
    EXPECT(wide[4] == 0x20ae);
    EXPECT_EQ(_snprintf(text, 16, "%s|%S|%hS|%lS", "b", u"w", "h", u"l"), 7);
    EXPECT(memcmp(text, "b|w|h|l", 8) == 0);
}

TEST(rtl_printf, counted_strings_in_both_kinds_of_text)
{
    UNICODE_STRING unicode = { .Length = 4,
                               .MaximumLength = 6,
                               .Buffer = (WCHAR *)(uintptr_t)u"uni" };
    ANSI_STRING ansi = { .Length = 3, .MaximumLength = 4, .Buffer = (char *)(uintptr_t)"ansi" };
    setup();
    EXPECT_EQ(_snprintf(text, 16, "%wZ|%Z|%lZ|%hZ", &unicode, &ansi, &unicode, &ansi), 13);
    EXPECT(holds("un|ans|un|ans"));
    EXPECT_EQ(_snwprintf(wide, 16, u"%wZ|%Z", &unicode, &ansi), 6);
    EXPECT(wide_holds("un|ans"));
}

TEST(rtl_printf, bytes_beyond_ascii_are_no_wide_characters)
{
    setup();
    EXPECT_EQ(_snwprintf(wide, 16, u"%hs\x20ac", "\xe9"), 2);
    EXPECT(wide[0] == '?' && wide[1] == 0x20ac);
}

TEST(rtl_printf, n_writes_nothing_and_is_shown)
{
    int written = 5;
    setup();
    EXPECT_EQ(_snprintf(text, 16, "a%n %d", &written, 7), 5);
    EXPECT(holds("a%n 7") && written == 5);
}

/* The kernel's compiler has no doubles; their place among the arguments is that of a 64-bit number. */
TEST_KERNEL(rtl_printf, floating_point_is_shown_as_written_and_passed_over,
            "the host passes doubles in registers of their own")
{
    uint64_t x = 0x3ff0000000000000;
    setup();
    EXPECT_EQ(_snprintf(text, 16, "%5.2f %d", x, 7), 7);
    EXPECT(holds("%5.2f 7"));
    EXPECT_EQ(_snprintf(text, 16, "%e%E%g%G%a%A%F", x, x, x, x, x, x, x), 14);
    EXPECT(memcmp(text, "%e%E%g%G%a%A%F", 15) == 0);
}
