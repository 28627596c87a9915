/* SPDX-License-Identifier: BSD-2-Clause */
/* Formatted text: the printf of the kernel, with the conversions that DbgPrint documents. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

/*
 * Write at most `size` bytes, the terminating zero included, of the formatted text to `buffer`.
 * Conversions: %c %s %d %i %u %o %x %X %p %% with flags "-0+# ", width, precision, `*`, and the sizes h, hh, l
 * (32 bits, as on Windows), ll, I64, I32, I, z, j, t; %ws %ls %S (16-bit text), %wc %C, %Z (ANSI_STRING *), %wZ
 * (UNICODE_STRING *). Any pointer may be NULL: "(null)". An unknown conversion is copied as it stands.
 *
 * IRQL:    any
 * Returns: the length that the whole text has, without the zero (so a result >= size means cut off)
 */
size_t format_va(char *buffer, size_t size, const char *format, va_list args);
size_t format_text(char *buffer, size_t size, const char *format, ...);
