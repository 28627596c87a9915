/* SPDX-License-Identifier: BSD-2-Clause */
/* Formatted text: the printf of the kernel, with the conversions that DbgPrint documents. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Write at most `size` bytes, the terminating zero included, of the formatted text to `buffer`.
 * Conversions: %c %s %d %i %u %o %x %X %p %% with flags "-0+# ", width, precision, `*`, and the sizes h, hh, l
 * (32 bits, as on Windows), ll, I64, I32, I, z, j, t; %ws %ls %S (16-bit text), %wc %C, %Z (ANSI_STRING *), %wZ
 * (UNICODE_STRING *). Any pointer may be NULL: "(null)". An unknown conversion is copied as it stands; so are %n and
 * those of floating point, whose argument is passed over.
 *
 * IRQL:    any
 * Returns: the length that the whole text has, without the zero (so a result >= size means cut off)
 */
size_t format_va(char *buffer, size_t size, const char *format, va_list args);
size_t format_text(char *buffer, size_t size, const char *format, ...);

/* Where text goes without a terminating zero: at most `capacity` characters of 8 or 16 bits. */
struct format_output {
    void *buffer;
    size_t capacity;
    bool wide;
};

/*
 * The same for both kinds of text: `format` is of the output's kind. In 16-bit text %s and %c take 16 bits, %S and %C
 * bytes. From one kind to the other only ASCII is kept; the rest becomes '?'.
 *
 * IRQL:    any
 * Returns: the length that the whole text has; what is beyond the capacity is not stored
 */
size_t format_output_va(const struct format_output *output, const void *format, va_list args);
