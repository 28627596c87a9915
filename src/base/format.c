/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formatted text, of bytes or of 16-bit characters: one engine that reads and writes characters through `peek` and `put`.
 * One conversion is parsed into a struct, then written by the function for its kind. Sizes follow Microsoft's printf:
 * `l` is 32 bits, `I64` and `ll` 64, `I`, `z`, `j`, `t` the size of a pointer; `h` before a string or character means
 * bytes, `w` and `l` 16-bit text. Source: "Format specification syntax: printf and wprintf functions".
 *
 * Floating point is not formatted (the kernel does not use it): such a conversion comes out as it was written, and its
 * argument is passed over. `%n` neither: it would write where a text points to.
 */
#include "base/format.h"

#include <stdint.h>

#include <nt/ntdef.h>

struct sink {
    struct format_output to;
    size_t length; /* of the whole text, stored or not */
};

struct text {
    const void *at;
    bool wide;
};

enum text_kind { TEXT_DEFAULT, TEXT_BYTES, TEXT_WIDE };

struct conversion {
    bool left, zero, plus, blank, alternate;
    enum text_kind text; /* as h, l or w before s, c, Z say */
    bool is_signed;
    uint8_t bytes; /* of an integer argument */
    uint32_t width;
    int32_t precision; /* -1: none */
    uint32_t kind;
};

static void put(struct sink *sink, uint32_t c)
{
    if (sink->length < sink->to.capacity) {
        if (sink->to.wide)
            ((uint16_t *)sink->to.buffer)[sink->length] = (uint16_t)c;
        else
            ((char *)sink->to.buffer)[sink->length] = (char)c;
    }
    sink->length++;
}

/* What is not stored costs nothing: a width may be 2^31. */
static void put_times(struct sink *sink, uint32_t c, uint32_t count)
{
    for (; count > 0 && sink->length < sink->to.capacity; count--)
        put(sink, c);
    sink->length += count;
}

static uint32_t peek(const struct text *text, size_t index)
{
    return text->wide ? ((const uint16_t *)text->at)[index] : ((const uint8_t *)text->at)[index];
}

static void skip(struct text *text, size_t count)
{
    text->at = (const uint8_t *)text->at + (text->wide ? 2 * count : count);
}

static uint32_t padding(const struct conversion *conversion, size_t length)
{
    return conversion->width > length ? conversion->width - (uint32_t)length : 0;
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
    if (!conversion->is_signed)
        return "";
    return negative ? "-" : conversion->plus ? "+" : conversion->blank ? " " : "";
}

static uint32_t base_of(uint32_t kind)
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
    if (conversion->kind == 'o' && conversion->alternate && zeros == 0)
        zeros = 1;
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
        put(sink, (uint8_t)*prefix);
    put_times(sink, '0', zeros);
    for (uint32_t i = 0; i < count; i++)
        put(sink, (uint8_t)text[sizeof(text) - count + i]);
    if (conversion->left)
        put_times(sink, ' ', pad);
}

/* --- Text ------------------------------------------------------------------------------------------------- */

static bool is_wide(const struct sink *sink, const struct conversion *conversion)
{
    if (conversion->text != TEXT_DEFAULT)
        return conversion->text == TEXT_WIDE;
    bool other = conversion->kind == 'S' || conversion->kind == 'C';
    return conversion->kind != 'Z' && sink->to.wide != other;
}

/* A precision bounds the read too: the text need not be terminated then. */
static size_t text_length(const struct conversion *conversion, const struct text *text)
{
    size_t limit = conversion->precision >= 0 ? (size_t)conversion->precision : SIZE_MAX;
    size_t length = 0;
    while (length < limit && peek(text, length) != 0)
        length++;
    return length;
}

/* From bytes to 16 bits or back only ASCII is known here: the rest is shown as '?'. */
static void put_text(struct sink *sink, const struct conversion *conversion, struct text text,
                     size_t length)
{
    if (text.at == NULL)
        text = (struct text){ "(null)", false };
    if (conversion->precision >= 0 && length > (size_t)conversion->precision)
        length = (size_t)conversion->precision;
    uint32_t pad = padding(conversion, length);
    if (!conversion->left)
        put_times(sink, ' ', pad);
    for (size_t i = 0; i < length; i++) {
        uint32_t c = peek(&text, i);
        put(sink, text.wide == sink->to.wide || c < 0x80 ? c : '?');
    }
    if (conversion->left)
        put_times(sink, ' ', pad);
}

#define NULL_LENGTH (sizeof("(null)") - 1)

/* --- Parsing a conversion --------------------------------------------------------------------------------- */

static void parse_flags(struct text *format, struct conversion *conversion)
{
    for (;; skip(format, 1)) {
        switch (peek(format, 0)) {
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
            return;
        }
    }
}

static uint32_t parse_number(struct text *format)
{
    uint64_t value = 0;
    for (; peek(format, 0) >= '0' && peek(format, 0) <= '9'; skip(format, 1))
        value = value < INT32_MAX ? value * 10 + (peek(format, 0) - '0') : INT32_MAX;
    return value < INT32_MAX ? (uint32_t)value : INT32_MAX;
}

static void parse_size(struct text *format, struct conversion *conversion)
{
    uint32_t first = peek(format, 0), second = first != 0 ? peek(format, 1) : 0;
    uint32_t third = second != 0 ? peek(format, 2) : 0;
    bool twice = first == second;
    conversion->bytes = sizeof(int);
    switch (first) {
    case 'h':
        conversion->text = TEXT_BYTES;
        conversion->bytes = twice ? 1 : 2;
        skip(format, twice ? 2 : 1);
        break;
    case 'l':
        conversion->text = TEXT_WIDE;
        conversion->bytes = twice ? 8 : 4;
        skip(format, twice ? 2 : 1);
        break;
    case 'w':
        conversion->text = TEXT_WIDE;
        skip(format, 1);
        break;
    case 'I':
        conversion->bytes = second == '3' && third == '2' ? 4 : 8;
        skip(format, conversion->bytes == 4 || (second == '6' && third == '4') ? 3 : 1);
        break;
    case 'z':
    case 'j':
    case 't':
        conversion->bytes = 8;
        skip(format, 1);
        break;
    default:
        break;
    }
}

/* A va_list in a struct can be passed on by address on every ABI. */
struct arguments {
    va_list list;
};

/* A negative width means left, a negative precision none. */
static void parse_width(struct text *format, struct conversion *conversion,
                        struct arguments *arguments)
{
    if (peek(format, 0) != '*') {
        conversion->width = parse_number(format);
        return;
    }
    int width = va_arg(arguments->list, int);
    conversion->left |= width < 0;
    conversion->width = width < 0 ? 0 - (uint32_t)width : (uint32_t)width;
    skip(format, 1);
}

static void parse_precision(struct text *format, struct conversion *conversion,
                            struct arguments *arguments)
{
    conversion->precision = -1;
    if (peek(format, 0) != '.')
        return;
    skip(format, 1);
    if (peek(format, 0) != '*') {
        conversion->precision = (int32_t)parse_number(format);
        return;
    }
    int precision = va_arg(arguments->list, int);
    conversion->precision = precision < 0 ? -1 : precision;
    skip(format, 1);
}

static void parse(struct text *format, struct conversion *conversion, struct arguments *arguments)
{
    *conversion = (struct conversion){ .kind = 0 };
    parse_flags(format, conversion);
    parse_width(format, conversion, arguments);
    parse_precision(format, conversion, arguments);
    parse_size(format, conversion);
    conversion->kind = peek(format, 0);
    if (conversion->kind != 0)
        skip(format, 1);
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
    uint8_t byte = (uint8_t)c;
    bool wide = is_wide(sink, conversion);
    conversion->precision = -1;
    put_text(sink, conversion, (struct text){ wide ? (const void *)&c : &byte, wide }, 1);
}

static void convert_text(struct sink *sink, struct conversion *conversion,
                         struct arguments *arguments)
{
    struct text text = { va_arg(arguments->list, const void *), is_wide(sink, conversion) };
    put_text(sink, conversion, text,
             text.at != NULL ? text_length(conversion, &text) : NULL_LENGTH);
}

/* ANSI_STRING and UNICODE_STRING differ in what their buffer points to. */
static void convert_counted(struct sink *sink, struct conversion *conversion,
                            struct arguments *arguments)
{
    const UNICODE_STRING *string = va_arg(arguments->list, const UNICODE_STRING *);
    struct text text = { string != NULL ? string->Buffer : NULL, is_wide(sink, conversion) };
    size_t length = NULL_LENGTH;
    if (text.at != NULL)
        length = text.wide ? string->Length / sizeof(WCHAR) : string->Length;
    put_text(sink, conversion, text, length);
}

/* False: there is no such conversion here. */
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
        convert_counted(sink, conversion, arguments);
        return true;
    case '%':
        put(sink, '%');
        return true;
    case 'n':
        (void)va_arg(arguments->list, void *); /* passed over */
        return false;
    case 'a':
    case 'A':
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
        (void)va_arg(arguments->list, double); /* passed over */
        return false;
    default:
        return false;
    }
}

size_t format_output_va(const struct format_output *output, const void *format, va_list args)
{
    struct sink sink = { *output, 0 };
    struct text rest = { format, output->wide };
    struct arguments arguments;
    va_copy(arguments.list, args);
    while (peek(&rest, 0) != 0) {
        struct text start = rest;
        struct conversion conversion = { .kind = 0 };
        skip(&rest, 1);
        if (peek(&start, 0) == '%')
            parse(&rest, &conversion, &arguments);
        if (peek(&start, 0) == '%' && convert(&sink, &conversion, &arguments))
            continue;
        for (; start.at != rest.at; skip(&start, 1))
            put(&sink, peek(&start, 0));
    }
    va_end(arguments.list);
    return sink.length;
}

size_t format_va(char *buffer, size_t size, const char *format, va_list args)
{
    struct format_output output = { buffer, size > 0 ? size - 1 : 0, false };
    size_t length = format_output_va(&output, format, args);
    if (size > 0)
        buffer[length < size ? length : size - 1] = 0;
    return length;
}

size_t format_text(char *buffer, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    size_t length = format_va(buffer, size, format, args);
    va_end(args);
    return length;
}
