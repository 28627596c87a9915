/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The C run-time's formatted output as ntoskrnl.exe exports it. Each is a row of src/abi/exports.tbl. Source of all: the
 * Microsoft C run-time reference page of the name, "Format specification syntax: printf and wprintf functions".
 * IRQL: any, if what is printed is resident. Not to be included with <stdio.h>, whose swprintf is another.
 *
 * No floating point: such a conversion comes out as it was written. Counts and results are in characters.
 */
#ifndef NT_STDIO_DDI_H
#define NT_STDIO_DDI_H

#include <stdarg.h>

#include <nt/ntdef.h>

/* The count of the _s functions that means: as much as fits. */
#define _TRUNCATE ((SIZE_T) - 1)

/*
 * At most `count` characters. Shorter text is terminated, text of exactly `count` is not. NULL and 0: only measures.
 * Returns: the length; -1 if it is cut off (at `count`, without a terminating zero)
 */
int _snprintf(char *buffer, SIZE_T count, const char *format, ...);
int _vsnprintf(char *buffer, SIZE_T count, const char *format, va_list arguments);
int _snwprintf(WCHAR *buffer, SIZE_T count, const WCHAR *format, ...);
int _vsnwprintf(WCHAR *buffer, SIZE_T count, const WCHAR *format, va_list arguments);

/* Without a bound: the caller has made the buffer large enough. Returns: the length */
int sprintf(char *buffer, const char *format, ...);
int vsprintf(char *buffer, const char *format, va_list arguments);
int swprintf(WCHAR *buffer, const WCHAR *format, ...);

/*
 * At most `size` characters with the terminating zero, which is always written.
 * Returns: the length; -1 if it does not fit (the buffer then holds an empty text) or an argument is NULL
 */
int sprintf_s(char *buffer, SIZE_T size, const char *format, ...);
int vsprintf_s(char *buffer, SIZE_T size, const char *format, va_list arguments);
int swprintf_s(WCHAR *buffer, SIZE_T size, const WCHAR *format, ...);
int vswprintf_s(WCHAR *buffer, SIZE_T size, const WCHAR *format, va_list arguments);

/*
 * At most `count` characters and a terminating zero, in a buffer of `size`. _TRUNCATE: as much as fits.
 * Returns: the length; -1 if the text is longer than `count` (what fits is there), or does not fit and was not to be
 *          cut (the buffer then holds an empty text), or an argument is NULL
 */
int _snprintf_s(char *buffer, SIZE_T size, SIZE_T count, const char *format, ...);
int _vsnprintf_s(char *buffer, SIZE_T size, SIZE_T count, const char *format, va_list arguments);
int _snwprintf_s(WCHAR *buffer, SIZE_T size, SIZE_T count, const WCHAR *format, ...);
int _vsnwprintf_s(WCHAR *buffer, SIZE_T size, SIZE_T count, const WCHAR *format, va_list arguments);

#endif
