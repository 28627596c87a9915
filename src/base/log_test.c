/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines as the log's target gets them; nothing is written to the real log. */
#include "base/log_impl.h"
#include "base/selftest.h"

static char written[LOG_LINE_BYTES + 1]; /* by one test at a time */
static size_t written_bytes;
static uint32_t writes;

static void capture_write(const char *text, size_t length)
{
    writes++;
    written_bytes = length;
    for (size_t i = 0; i < length && i < LOG_LINE_BYTES; i++)
        written[i] = text[i];
    written[length < LOG_LINE_BYTES ? length : LOG_LINE_BYTES] = '\0';
}

static uint64_t at_1204_ms(void)
{
    return 1204567;
}

static uint32_t on_cpu_3(void)
{
    return 3;
}

static const struct log_target capture = {
    .write = capture_write,
    .now_us = at_1204_ms,
    .cpu = on_cpu_3,
};

static void event(const char *area, const char *format, ...)
{
    va_list args;

    writes = 0;
    va_start(args, format);
    log_event_to(&capture, area, format, args);
    va_end(args);
}

static void line(const char *format, ...)
{
    va_list args;

    writes = 0;
    va_start(args, format);
    log_line_to(&capture, format, args);
    va_end(args);
}

static bool wrote(const char *expected)
{
    size_t i = 0;

    while (written[i] != '\0' && written[i] == expected[i])
        i++;
    return written[i] == expected[i];
}

TEST(base_log, an_event_has_time_processor_and_area)
{
    event("io", "driver_start name=%s status=%d", "null.sys", 0);
    EXPECT(wrote("[   1.204 c3] io: driver_start name=null.sys status=0\n"));
    EXPECT_EQ(writes, 1);
}

TEST(base_log, a_line_stands_as_it_is)
{
    line("@exit status=%u", 33);
    EXPECT(wrote("@exit status=33\n"));
    EXPECT_EQ(writes, 1);
}

TEST(base_log, an_empty_line_is_a_newline)
{
    line("");
    EXPECT(wrote("\n"));
}

TEST(base_log, a_line_that_just_fits_is_whole)
{
    line("%*s", LOG_LINE_BYTES - 1, "end");
    EXPECT_EQ(written_bytes, LOG_LINE_BYTES);
    EXPECT_EQ(written[LOG_LINE_BYTES - 2], 'd');
    EXPECT_EQ(written[LOG_LINE_BYTES - 1], '\n');
}

TEST(base_log, a_long_line_is_cut_and_says_so)
{
    line("%*s", LOG_LINE_BYTES, "end");
    EXPECT_EQ(written_bytes, LOG_LINE_BYTES);
    EXPECT_EQ(written[LOG_LINE_BYTES - 4], '.');
    EXPECT_EQ(written[LOG_LINE_BYTES - 2], '.');
    EXPECT_EQ(written[LOG_LINE_BYTES - 1], '\n');
}

TEST(base_log, a_long_event_is_cut_and_says_so)
{
    event("area", "%*s", 2 * LOG_LINE_BYTES, "end");
    EXPECT_EQ(written_bytes, LOG_LINE_BYTES);
    EXPECT_EQ(written[0], '[');
    EXPECT_EQ(written[LOG_LINE_BYTES - 2], '.');
}

TEST(base_log, control_characters_do_not_break_the_line)
{
    line("one\ntwo\r\x1b[2J three\n");
    EXPECT(wrote("one two  [2J three\n"));
}

TEST(base_log, events_above_the_level_are_dropped)
{
    enum log_level before = log_level();

    log_set_level(LOG_WARNING);
    EXPECT(log_wants(LOG_ERROR));
    EXPECT(log_wants(LOG_WARNING));
    EXPECT(!log_wants(LOG_INFO));
    log_set_level(LOG_DEBUG);
    EXPECT(log_wants(LOG_DEBUG));
    log_set_level(before);
}
