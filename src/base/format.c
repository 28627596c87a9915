/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formatted text. One conversion is parsed into a struct, then written by the function for its kind. Sizes follow
 * Microsoft's printf: `l` is 32 bits, `I64` and `ll` 64, `I`, `z`, `j`, `t` the size of a pointer; `w` and `l`
 * before a string or character mean 16-bit text. Source: "Format specification syntax: printf and wprintf functions".
 */
#include "base/format.h"

#include <stdbool.h>
#include <stdint.h>

#include <nt/ntdef.h>

struct sink {
    char *buffer;
    size_t size;
    size_t length; /* of the whole text, cut off or not */
};

struct conversion {
    bool left, zero, plus, blank, alternate;
    bool wide; /* l or w before s, c, Z */
    bool is_signed;
    uint8_t bytes; /* of an integer argument */
    uint32_t width;
    int32_t precision; /* -1: none */
    char kind;
};

#define MAX_WIDTH 4096

static void put(struct sink *sink, char c)
{
    if (sink->length + 1 < sink->size)
        sink->buffer[sink->length] = c;
    sink->length++;
}

static void put_times(struct sink *sink, char c, uint32_t count)
{
    while (count-- > 0)
        put(sink, c);
}

static uint32_t padding(const struct conversion *conversion, uint32_t length)
{
    return conversion->width > length ? conversion->width - length : 0;
}

/* --- Integers --------------------------------------------------------------------------------------------- */

static uint32_t digits_of(uint64_t value, uint32_t base, bool upper, char *end)
{
    const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    uint32_t count = 0;
    for (; value != 0; value /= base, count++)
        *--end = set[value % base];
    return count;
}

static const char *prefix_of(const struct conversion *conversion, uint64_t value, bool negative)
{
    if (conversion->kind == 'x' || conversion->kind == 'X')
        return !conversion->alternate || value == 0 ? "" : conversion->kind == 'x' ? "0x" : "0X";
    if (conversion->kind == 'o')
        return conversion->alternate && value != 0 ? "0" : "";
    if (!conversion->is_signed)
        return "";
    return negative ? "-" : conversion->plus ? "+" : conversion->blank ? " " : "";
}

static uint32_t base_of(char kind)
{
    return kind == 'x' || kind == 'X' || kind == 'p' ? 16 : kind == 'o' ? 8 : 10;
}

static void put_integer(struct sink *sink, const struct conversion *conversion, uint64_t value,
                        bool negative)
{
    char text[24];
    uint32_t count =
        digits_of(value, base_of(conversion->kind),
                  conversion->kind == 'X' || conversion->kind == 'p', text + sizeof(text));
    uint32_t wanted = conversion->precision < 0 ? 1 : (uint32_t)conversion->precision;
    uint32_t zeros = wanted > count ? wanted - count : 0;
    const char *prefix = prefix_of(conversion, value, negative);
    uint32_t prefix_length = prefix[0] == 0 ? 0 : prefix[1] == 0 ? 1 : 2;
    uint32_t pad = padding(conversion, prefix_length + zeros + count);
    if (conversion->zero && !conversion->left && conversion->precision < 0) {
        zeros += pad;
        pad = 0;
    }
    if (!conversion->left)
        put_times(sink, ' ', pad);
    for (; *prefix != 0; prefix++)
        put(sink, *prefix);
    put_times(sink, '0', zeros);
    for (uint32_t i = 0; i < count; i++)
        put(sink, text[sizeof(text) - count + i]);
    if (conversion->left)
        put_times(sink, ' ', pad);
}

/* --- Text ------------------------------------------------------------------------------------------------- */

/* Characters outside ASCII are shown as '?': the log is read as bytes. */
static char narrow(uint16_t c)
{
    return c < 0x80 ? (char)c : '?';
}

static void put_text(struct sink *sink, const struct conversion *conversion, const void *text,
                     size_t length, bool wide)
{
    if (text == NULL) {
        text = "(null)";
        length = 6;
        wide = false;
    }
    if (conversion->precision >= 0 && length > (size_t)conversion->precision)
        length = (size_t)conversion->precision;
    uint32_t pad = padding(conversion, (uint32_t)length);
    if (!conversion->left)
        put_times(sink, ' ', pad);
    for (size_t i = 0; i < length; i++)
        put(sink, wide ? narrow(((const uint16_t *)text)[i]) : ((const char *)text)[i]);
    if (conversion->left)
        put_times(sink, ' ', pad);
}

/* A precision bounds the read too: the text need not be terminated then. */
static size_t text_length(const struct conversion *conversion, const void *text, bool wide)
{
    size_t limit = conversion->precision >= 0 ? (size_t)conversion->precision : SIZE_MAX;
    size_t length = 0;
    if (text == NULL)
        return 0;
    while (length < limit &&
           (wide ? ((const uint16_t *)text)[length] != 0 : ((const char *)text)[length] != 0))
        length++;
    return length;
}

static void put_counted(struct sink *sink, const struct conversion *conversion, const void *string)
{
    if (string == NULL) {
        put_text(sink, conversion, NULL, 0, false);
    } else if (conversion->wide) {
        const UNICODE_STRING *unicode = string;
        put_text(sink, conversion, unicode->Buffer, unicode->Length / sizeof(WCHAR), true);
    } else {
        const ANSI_STRING *ansi = string;
        put_text(sink, conversion, ansi->Buffer, ansi->Length, false);
    }
}

/* --- Parsing a conversion --------------------------------------------------------------------------------- */

static const char *parse_flags(const char *p, struct conversion *conversion)
{
    for (;; p++) {
        switch (*p) {
        case '-':
            conversion->left = true;
            break;
        case '0':
            conversion->zero = true;
            break;
        case '+':
            conversion->plus = true;
            break;
        case ' ':
            conversion->blank = true;
            break;
        case '#':
            conversion->alternate = true;
            break;
        default:
            return p;
        }
    }
}

static const char *parse_number(const char *p, uint32_t *number)
{
    uint32_t value = 0;
    for (; *p >= '0' && *p <= '9'; p++)
        value = value < MAX_WIDTH ? value * 10 + (uint32_t)(*p - '0') : MAX_WIDTH;
    *number = value < MAX_WIDTH ? value : MAX_WIDTH;
    return p;
}

static const char *parse_size(const char *p, struct conversion *conversion)
{
    conversion->bytes = sizeof(int);
    switch (*p) {
    case 'h':
        conversion->bytes = p[1] == 'h' ? 1 : 2;
        return p[1] == 'h' ? p + 2 : p + 1;
    case 'l':
        conversion->wide = p[1] != 'l';
        conversion->bytes = p[1] == 'l' ? 8 : 4;
        return p[1] == 'l' ? p + 2 : p + 1;
    case 'w':
        conversion->wide = true;
        return p + 1;
    case 'I':
        conversion->bytes = p[1] == '3' && p[2] == '2' ? 4 : 8;
        return (p[1] == '6' && p[2] == '4') || conversion->bytes == 4 ? p + 3 : p + 1;
    case 'z':
    case 'j':
    case 't':
        conversion->bytes = 8;
        return p + 1;
    default:
        return p;
    }
}

/* A va_list in a struct can be passed on by address on every ABI. */
struct arguments {
    va_list list;
};

static const char *parse(const char *p, struct conversion *conversion, struct arguments *arguments)
{
    *conversion = (struct conversion){ .precision = -1 };
    p = parse_flags(p, conversion);
    if (*p == '*') {
        int width = va_arg(arguments->list, int);
        conversion->left |= width < 0;
        conversion->width = (uint32_t)(width < 0 ? -(int64_t)width : width);
        if (conversion->width > MAX_WIDTH)
            conversion->width = MAX_WIDTH;
        p++;
    } else {
        p = parse_number(p, &conversion->width);
    }
    if (*p == '.') {
        uint32_t precision;
        if (p[1] == '*') {
            int value = va_arg(arguments->list, int);
            conversion->precision = value < 0 ? -1 : value < MAX_WIDTH ? value : MAX_WIDTH;
            p += 2;
        } else {
            p = parse_number(p + 1, &precision);
            conversion->precision = (int32_t)precision;
        }
    }
    p = parse_size(p, conversion);
    conversion->kind = *p;
    return *p != 0 ? p + 1 : p;
}

/* --- Conversions ------------------------------------------------------------------------------------------ */

static void convert_integer(struct sink *sink, struct conversion *conversion,
                            struct arguments *arguments)
{
    uint64_t value = conversion->bytes == 8 ? va_arg(arguments->list, uint64_t)
                                            : va_arg(arguments->list, uint32_t);
    uint32_t unused_bits = 64 - 8 * (uint32_t)conversion->bytes;
    bool negative = false;
    if (conversion->is_signed) {
        int64_t number = (int64_t)(value << unused_bits) >> unused_bits;
        negative = number < 0;
        value = negative ? 0 - (uint64_t)number : (uint64_t)number;
    } else {
        value = value << unused_bits >> unused_bits;
    }
    put_integer(sink, conversion, value, negative);
}

static void convert_pointer(struct sink *sink, struct conversion *conversion,
                            struct arguments *arguments)
{
    conversion->precision = 16;
    put_integer(sink, conversion, (uint64_t)(uintptr_t)va_arg(arguments->list, void *), false);
}

static void convert_character(struct sink *sink, struct conversion *conversion,
                              struct arguments *arguments)
{
    uint16_t c = (uint16_t)va_arg(arguments->list, int);
    bool wide = conversion->wide != (conversion->kind == 'C');
    char shown = wide ? narrow(c) : (char)c;
    put_text(sink, conversion, &shown, 1, false);
}

static void convert_text(struct sink *sink, struct conversion *conversion,
                         struct arguments *arguments)
{
    const void *text = va_arg(arguments->list, const void *);
    bool wide = conversion->wide != (conversion->kind == 'S');
    put_text(sink, conversion, text, text_length(conversion, text, wide), wide);
}

/* False: there is no such conversion. */
static bool convert(struct sink *sink, struct conversion *conversion, struct arguments *arguments)
{
    switch (conversion->kind) {
    case 'd':
    case 'i':
        conversion->is_signed = true;
        convert_integer(sink, conversion, arguments);
        return true;
    case 'u':
    case 'x':
    case 'X':
    case 'o':
        convert_integer(sink, conversion, arguments);
        return true;
    case 'p':
        convert_pointer(sink, conversion, arguments);
        return true;
    case 'c':
    case 'C':
        convert_character(sink, conversion, arguments);
        return true;
    case 's':
    case 'S':
        convert_text(sink, conversion, arguments);
        return true;
    case 'Z':
        put_counted(sink, conversion, va_arg(arguments->list, const void *));
        return true;
    case '%':
        put(sink, '%');
        return true;
    default:
        return false;
    }
}

size_t format_va(char *buffer, size_t size, const char *format, va_list args)
{
    struct sink sink = { buffer, size, 0 };
    struct arguments arguments;
    va_copy(arguments.list, args);
    while (*format != 0) {
        if (*format != '%') {
            put(&sink, *format++);
            continue;
        }
        struct conversion conversion;
        const char *end = parse(format + 1, &conversion, &arguments);
        if (!convert(&sink, &conversion, &arguments)) {
            for (; format < end; format++)
                put(&sink, *format);
        }
        format = end;
    }
    va_end(arguments.list);
    if (size > 0)
        buffer[sink.length < size ? sink.length : size - 1] = 0;
    return sink.length;
}

size_t format_text(char *buffer, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    size_t length = format_va(buffer, size, format, args);
    va_end(args);
    return length;
}
