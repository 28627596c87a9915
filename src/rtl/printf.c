/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The C run-time's formatted output, with Microsoft's results: three rules of what to do at the end of the buffer, for
 * text of bytes and of 16-bit characters alike. The formatting is base/format.c's. Where the run-time of user mode would
 * call a handler for an invalid parameter, the kernel has none: the result is -1. What each function returns stands in
 * <nt/stdio_ddi.h>.
 */
#include <limits.h>
#include <stdbool.h>

#include <nt/stdio_ddi.h>

#include "base/format.h"

static void terminate(const struct format_output *to, size_t at)
{
    if (to->wide)
        ((WCHAR *)to->buffer)[at] = 0;
    else
        ((char *)to->buffer)[at] = 0;
}

static int result_of(size_t length)
{
    return length <= INT_MAX ? (int)length : -1;
}

/* A buffer of to.capacity characters, which need not end in a zero. */
static int print_unterminated(struct format_output to, const void *format, va_list arguments)
{
    if (format == NULL || (to.buffer == NULL && to.capacity != 0))
        return -1;
    size_t length = format_output_va(&to, format, arguments);
    if (to.buffer == NULL)
        return result_of(length);
    if (length < to.capacity)
        terminate(&to, length);
    return length <= to.capacity ? result_of(length) : -1;
}

/* A buffer of to.capacity characters that always ends in a zero; of the text at most `count` are wanted. */
static int print_terminated(struct format_output to, size_t count, const void *format,
                            va_list arguments)
{
    if (to.buffer == NULL || to.capacity == 0)
        return -1;
    terminate(&to, 0);
    if (format == NULL)
        return -1;
    size_t room = to.capacity - 1;
    bool may_cut = count == _TRUNCATE || count <= room;
    if (count > room)
        count = room;
    to.capacity = count;
    size_t length = format_output_va(&to, format, arguments);
    terminate(&to, length <= count ? length : may_cut ? count : 0);
    return length <= count ? result_of(length) : -1;
}

/* All that a text of 8 or 16 bits may have. */
#define UNBOUNDED (SIZE_MAX / sizeof(WCHAR))

/* --- At most so many characters --------------------------------------------------------------------------- */

int _vsnprintf(char *buffer, SIZE_T count, const char *format, va_list arguments)
{
    return print_unterminated((struct format_output){ buffer, count, false }, format, arguments);
}

int _vsnwprintf(WCHAR *buffer, SIZE_T count, const WCHAR *format, va_list arguments)
{
    return print_unterminated((struct format_output){ buffer, count, true }, format, arguments);
}

int _snprintf(char *buffer, SIZE_T count, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int result = _vsnprintf(buffer, count, format, arguments);
    va_end(arguments);
    return result;
}

int _snwprintf(WCHAR *buffer, SIZE_T count, const WCHAR *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int result = _vsnwprintf(buffer, count, format, arguments);
    va_end(arguments);
    return result;
}

/* --- Without a bound -------------------------------------------------------------------------------------- */

int vsprintf(char *buffer, const char *format, va_list arguments)
{
    return _vsnprintf(buffer, UNBOUNDED, format, arguments);
}

int sprintf(char *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int result = _vsnprintf(buffer, UNBOUNDED, format, arguments);
    va_end(arguments);
    return result;
}

int swprintf(WCHAR *buffer, const WCHAR *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int result = _vsnwprintf(buffer, UNBOUNDED, format, arguments);
    va_end(arguments);
    return result;
}

/* --- A buffer of a known size ----------------------------------------------------------------------------- */

int vsprintf_s(char *buffer, SIZE_T size, const char *format, va_list arguments)
{
    return print_terminated((struct format_output){ buffer, size, false }, size, format, arguments);
}

int vswprintf_s(WCHAR *buffer, SIZE_T size, const WCHAR *format, va_list arguments)
{
    return print_terminated((struct format_output){ buffer, size, true }, size, format, arguments);
}

int sprintf_s(char *buffer, SIZE_T size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int result = vsprintf_s(buffer, size, format, arguments);
    va_end(arguments);
    return result;
}

int swprintf_s(WCHAR *buffer, SIZE_T size, const WCHAR *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int result = vswprintf_s(buffer, size, format, arguments);
    va_end(arguments);
    return result;
}

/* --- The same, cut where one says ------------------------------------------------------------------------- */

/* Nothing into nothing is no error. */
static bool is_nothing(const void *buffer, SIZE_T size, SIZE_T count)
{
    return buffer == NULL && size == 0 && count == 0;
}

int _vsnprintf_s(char *buffer, SIZE_T size, SIZE_T count, const char *format, va_list arguments)
{
    if (is_nothing(buffer, size, count))
        return format != NULL ? 0 : -1;
    return print_terminated((struct format_output){ buffer, size, false }, count, format,
                            arguments);
}

int _vsnwprintf_s(WCHAR *buffer, SIZE_T size, SIZE_T count, const WCHAR *format, va_list arguments)
{
    if (is_nothing(buffer, size, count))
        return format != NULL ? 0 : -1;
    return print_terminated((struct format_output){ buffer, size, true }, count, format, arguments);
}

int _snprintf_s(char *buffer, SIZE_T size, SIZE_T count, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int result = _vsnprintf_s(buffer, size, count, format, arguments);
    va_end(arguments);
    return result;
}

int _snwprintf_s(WCHAR *buffer, SIZE_T size, SIZE_T count, const WCHAR *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int result = _vsnwprintf_s(buffer, size, count, format, arguments);
    va_end(arguments);
    return result;
}
