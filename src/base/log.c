/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Log lines: formatted on the caller's stack, handed over whole. No lock here: the target's write
 * serialises, so that a processor that is stopped in the middle of formatting holds nothing that a
 * bugcheck would need.
 */
#include "base/log_impl.h"

#include "base/atomic.h"
#include "base/format.h"

static const struct log_target *target;   /* [a] NULL: lines are dropped */
static uint32_t highest_level = LOG_INFO; /* [a] */

void log_set_target(const struct log_target *new_target)
{
    atomic_store_release(&target, new_target);
}

void log_set_level(enum log_level level)
{
    atomic_store_relaxed(&highest_level, (uint32_t)level);
}

enum log_level log_level(void)
{
    return (enum log_level)atomic_load_relaxed(&highest_level);
}

bool log_wants(enum log_level level)
{
    return level <= log_level();
}

static bool breaks_line(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

/* A control character inside would break the line in two for those who read it by machine. */
static void make_printable(char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (breaks_line(text[i]))
            text[i] = ' ';
    }
}

/* The text in `line` has `length` characters, of which those past the buffer were cut. */
static void write_line(const struct log_target *to, char *line, size_t length)
{
    const size_t capacity = LOG_LINE_BYTES - 1; /* and the newline */

    if (length > capacity) {
        length = capacity;
        for (size_t i = 1; i <= 3; i++)
            line[length - i] = '.';
    }
    while (length > 0 && breaks_line(line[length - 1]))
        length--;
    make_printable(line, length);
    line[length] = '\n';
    to->write(line, length + 1);
}

void log_event_to(const struct log_target *to, const char *area, const char *format, va_list args)
{
    const uint64_t now_us = to->now_us();
    char line[LOG_LINE_BYTES];
    size_t length;

    length = format_text(line, sizeof(line),
                         "[%4llu.%03llu c%u] %.32s: ", (unsigned long long)(now_us / 1000000),
                         (unsigned long long)(now_us / 1000 % 1000), to->cpu(), area);
    length += format_va(line + length, sizeof(line) - length, format, args);
    write_line(to, line, length);
}

void log_line_to(const struct log_target *to, const char *format, va_list args)
{
    char line[LOG_LINE_BYTES];

    write_line(to, line, format_va(line, sizeof(line), format, args));
}

void log_event(enum log_level level, const char *area, const char *format, ...)
{
    const struct log_target *to = atomic_load_acquire(&target);
    va_list args;

    if (to == NULL || !log_wants(level))
        return;
    va_start(args, format);
    log_event_to(to, area, format, args);
    va_end(args);
}

void log_line(const char *format, ...)
{
    const struct log_target *to = atomic_load_acquire(&target);
    va_list args;

    if (to == NULL)
        return;
    va_start(args, format);
    log_line_to(to, format, args);
    va_end(args);
}
