/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Log lines: formatted on the caller's stack, handed over whole. No lock here: the target's write
 * serialises, so that a processor that is stopped in the middle of formatting holds nothing that a
 * bugcheck would need.
 */
#include "base/log.h"

#include <stdbool.h>

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

static bool breaks_line(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

/* A control character inside would break the line in two for those who read it by machine. */
static void make_printable(char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (breaks_line(text[i]))
            text[i] = ' ';
}

/* `line` holds `length` characters, more if it was cut; room for the newline is there. */
static void write_line(const struct log_target *to, char *line, size_t length)
{
    const size_t capacity = LOG_LINE_BYTES - 1;

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

void log_event(enum log_level level, const char *area, const char *format, ...)
{
    const struct log_target *to = atomic_load_acquire(&target);
    char line[LOG_LINE_BYTES];
    va_list args;
    uint64_t now_us;
    size_t length;

    if (to == NULL || (uint32_t)level > atomic_load_relaxed(&highest_level))
        return;
    now_us = to->now_us();
    length = format_text(line, sizeof(line),
                         "[%4llu.%03llu c%u] %.32s: ", (unsigned long long)(now_us / 1000000),
                         (unsigned long long)(now_us / 1000 % 1000), to->cpu(), area);
    va_start(args, format);
    length += format_va(line + length, sizeof(line) - length, format, args);
    va_end(args);
    write_line(to, line, length);
}

void log_line(const char *format, ...)
{
    const struct log_target *to = atomic_load_acquire(&target);
    char line[LOG_LINE_BYTES];
    va_list args;
    size_t length;

    if (to == NULL)
        return;
    va_start(args, format);
    length = format_va(line, sizeof(line), format, args);
    va_end(args);
    write_line(to, line, length);
}
