/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Feeds base/format.c. Formats that are built from directives in which C and Microsoft agree must give what the C
 * library gives, cut off at the same place; any other format must end, stay inside its buffer, and be the same text
 * from 8- and from 16-bit characters.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"

#define ARGUMENTS 12
#define TEXT      700

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

struct input {
    const uint8_t *at;
    size_t left;
};

static uint64_t take(struct input *input, size_t bytes)
{
    uint64_t value = 0;
    for (; bytes > 0 && input->left > 0; bytes--, input->left--)
        value = value << 8 | *input->at++;
    return value;
}

struct format {
    char text[TEXT];
    size_t length;
    uint64_t arguments[ARGUMENTS];
    size_t count;
    char string[40];
};

static void append(struct format *format, const char *piece)
{
    size_t length = strlen(piece);
    memcpy(format->text + format->length, piece, length + 1);
    format->length += length;
}

static void append_number(struct format *format, uint64_t number)
{
    char digits[24];
    (void)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);
    append(format, digits);
}

/* A field or its `*`: 0 none, 1 digits, 2 an argument. */
static void add_field(struct format *format, struct input *input)
{
    uint64_t how = take(input, 1) % 3;
    if (how == 1)
        append_number(format, take(input, 1) % 90);
    if (how == 2) {
        append(format, "*");
        format->arguments[format->count++] = take(input, 1) % 120 - (uint64_t)30;
    }
}

/* The flags, sizes and kinds of which the standard says what they mean together. */
static void add_directive(struct format *format, struct input *input)
{
    static const char *const sizes[] = { "", "h", "hh", "ll", "z", "j", "t", "" };
    static const char *const kinds[] = { "d", "i", "u", "x", "X", "o", "s", "c" };
    uint64_t kind = take(input, 1) % 8, flags = take(input, 1);
    bool number = kind < 6;
    append(format, "%");
    append(format, flags & 1 ? "-" : "");
    append(format, number && flags & 2 ? "0" : "");
    append(format, kind < 2 && flags & 4 ? "+" : "");
    append(format, kind < 2 && flags & 8 ? " " : "");
    append(format, number && kind > 2 && flags & 16 ? "#" : "");
    add_field(format, input);
    if (kind != 7 && flags & 32) {
        append(format, ".");
        add_field(format, input);
    }
    append(format, number ? sizes[take(input, 1) % 8] : "");
    append(format, kinds[kind]);
    uint64_t value = number ? take(input, 8) : 1 + take(input, 1) % 127;
    format->arguments[format->count++] = kind == 6 ? (uintptr_t)format->string : value;
}

#define CALL(print, buffer, size, format, a)                                                       \
    print(buffer, size, format, a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], \
          a[11])

static void compare_with_libc(struct input *input)
{
    struct format format = { .length = 0 };
    char ours[TEXT], libc[TEXT];
    size_t size = take(input, 2) % (TEXT + 1);
    for (size_t i = 0; i < sizeof(format.string) - 1; i++)
        format.string[i] = (char)(1 + take(input, 1) % 126);
    format.string[take(input, 1) % sizeof(format.string)] = 0;
    while (input->left > 0 && format.count + 3 <= ARGUMENTS && format.length < TEXT - 50) {
        append(&format, take(input, 1) & 1 ? "a%%" : "\xc3");
        add_directive(&format, input);
    }
    memset(ours, 'x', sizeof(ours));
    memset(libc, 'x', sizeof(libc));
    size_t a = CALL(format_text, ours, size, format.text, format.arguments);
    size_t b = (size_t)CALL(snprintf, libc, size, format.text, format.arguments);
    if (a != b || memcmp(ours, libc, sizeof(ours)) != 0) {
        (void)fprintf(stderr, "\"%s\": %zu \"%.600s\", not %zu \"%.600s\"\n", format.text, a, ours,
                      b, libc);
        abort();
    }
}

static size_t print_into(char *buffer, size_t size, const char *format, ...)
{
    struct format_output output = { buffer, size, false };
    va_list arguments;
    va_start(arguments, format);
    size_t length = format_output_va(&output, format, arguments);
    va_end(arguments);
    return length;
}

static size_t print_wide_into(uint16_t *buffer, size_t size, const uint16_t *format, ...)
{
    struct format_output output = { buffer, size, true };
    va_list arguments;
    va_start(arguments, format);
    size_t length = format_output_va(&output, format, arguments);
    va_end(arguments);
    return length;
}

/* Each argument points to zeros: an empty text, an empty counted string, some number. */
static void print_anything(struct input *input)
{
    static const uint64_t zeros[8];
    size_t size = take(input, 2) % 300, length = input->left, wanting = 0;
    char *format = malloc(length + 1), *text = malloc(size + 1);
    uint16_t *wide_format = malloc(2 * (length + 1)), *wide = malloc(2 * (size + 1));
    uint64_t a[ARGUMENTS];
    for (size_t i = 0; i < ARGUMENTS; i++)
        a[i] = (uintptr_t)zeros;
    for (size_t i = 0; i < length; i++) {
        format[i] = (char)(input->at[i] & 0x7f);
        wide_format[i] = input->at[i] & 0x7f;
        wanting += format[i] == '%' || format[i] == '*';
    }
    format[length] = 0;
    wide_format[length] = 0;
    if (wanting <= ARGUMENTS) {
        size_t narrow_length = CALL(print_into, text, size, format, a);
        size_t wide_length = CALL(print_wide_into, wide, size, wide_format, a);
        if (narrow_length != wide_length)
            abort();
        /* A character of 8 bits and one of 16 are not the same piece of an address. */
        bool characters = strpbrk(format, "cC") != NULL;
        for (size_t i = 0; !characters && i < size && i < narrow_length; i++) {
            if ((uint8_t)text[i] != wide[i])
                abort();
        }
    }
    free(format);
    free(text);
    free(wide_format);
    free(wide);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct input input = { data, bytes };
    if (take(&input, 1) & 1)
        compare_with_libc(&input);
    else
        print_anything(&input);
    return 0;
}
