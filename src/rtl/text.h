/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files on strings and characters share: code pages, UTF-8, lengths. Pure code, at any IRQL. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nt/rtl_ddi.h>

/* Counted strings count in 16 bits, and a Unicode string has room for a terminator. */
#define RTL_STRING_MAX_BYTES 0xffffu
#define RTL_TEXT_MAX_BYTES   0xfffcu

/* --- Code pages of one byte a character --- */

struct rtl_codepage;
extern const struct rtl_codepage rtl_codepage_ansi; /* Windows-1252 */
extern const struct rtl_codepage rtl_codepage_oem;  /* 437 */

WCHAR rtl_codepage_decode(const struct rtl_codepage *page, uint8_t byte);
/* False if the code page has no such character; then *byte is its default character, a question mark. */
bool rtl_codepage_encode(const struct rtl_codepage *page, WCHAR character, uint8_t *byte);
void rtl_codepage_to_unicode(const struct rtl_codepage *page, WCHAR *target, const CHAR *source,
                             size_t characters);
/* False if a character has no place in the code page. */
bool rtl_codepage_from_unicode(const struct rtl_codepage *page, CHAR *target, const WCHAR *source,
                               size_t characters, bool upcase);
