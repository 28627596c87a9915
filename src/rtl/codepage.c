/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two code pages of the system and the conversions of counted characters: ANSI is Windows-1252, OEM is 437, each
 * with one byte a character, so that sizes are known without a look at the text. What has no place in a code page
 * becomes a question mark; there is no best fit, which NT has from tables beyond Unicode's mapping tables.
 */
#include <nt/ntstatus.h>

#include "rtl/codepage_table.h"
#include "rtl/text.h"

struct rtl_codepage {
    const uint16_t *upper;  /* the characters of the bytes from 0x80 on; those below are ASCII */
    const uint16_t *sorted; /* the same in order */
    const uint8_t *bytes;   /* of sorted */
};

const struct rtl_codepage rtl_codepage_ansi = { ansi_upper, ansi_sorted, ansi_bytes };
const struct rtl_codepage rtl_codepage_oem = { oem_upper, oem_sorted, oem_bytes };

WCHAR rtl_codepage_decode(const struct rtl_codepage *page, uint8_t byte)
{
    return byte < 0x80 ? byte : page->upper[byte - 0x80];
}

bool rtl_codepage_encode(const struct rtl_codepage *page, WCHAR character, uint8_t *byte)
{
    *byte = (uint8_t)character;
    if (character < 0x80)
        return true;
    size_t low = 0;
    for (size_t count = 128; count > 1; count -= count / 2) {
        if (page->sorted[low + count / 2] <= character)
            low += count / 2;
    }
    bool found = page->sorted[low] == character;
    *byte = found ? page->bytes[low] : '?';
    return found;
}

void rtl_codepage_to_unicode(const struct rtl_codepage *page, WCHAR *target, const CHAR *source,
                             size_t characters)
{
    for (size_t i = 0; i < characters; i++)
        target[i] = rtl_codepage_decode(page, (uint8_t)source[i]);
}

bool rtl_codepage_from_unicode(const struct rtl_codepage *page, CHAR *target, const WCHAR *source,
                               size_t characters, bool upcase)
{
    bool all = true;
    for (size_t i = 0; i < characters; i++) {
        uint8_t byte;
        if (!rtl_codepage_encode(page, upcase ? RtlUpcaseUnicodeChar(source[i]) : source[i], &byte))
            all = false;
        target[i] = (CHAR)byte;
    }
    return all;
}

/* --- Counted characters, of which the first are converted that fit ---------------------------------------- */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void decode_n(const struct rtl_codepage *page, WCHAR *target, ULONG target_bytes,
                     ULONG *written, const CHAR *source, ULONG source_bytes)
{
    size_t characters = least(target_bytes / sizeof(WCHAR), source_bytes);
    rtl_codepage_to_unicode(page, target, source, characters);
    if (written != NULL)
        *written = (ULONG)(characters * sizeof(WCHAR));
}

/* How many characters are converted; *written is told, if it is wanted. */
static size_t fitting(ULONG target_bytes, ULONG source_bytes, ULONG *written)
{
    size_t characters = least(target_bytes, source_bytes / sizeof(WCHAR));
    if (written != NULL)
        *written = (ULONG)characters;
    return characters;
}

/*
 * Convert ANSI to Unicode, as much of it as fits. *written, which may be NULL, counts bytes.
 *
 * IRQL:    any (NT: PASSIVE_LEVEL)
 * Returns: STATUS_SUCCESS, also if the text was cut
 * Source:  WDK "RtlMultiByteToUnicodeN function (ntifs.h)"
 */
NTSTATUS RtlMultiByteToUnicodeN(WCHAR *target, ULONG target_bytes, ULONG *written,
                                const CHAR *source, ULONG source_bytes)
{
    decode_n(&rtl_codepage_ansi, target, target_bytes, written, source, source_bytes);
    return STATUS_SUCCESS;
}

/* The same from OEM. Source: WDK "RtlOemToUnicodeN function (ntifs.h)" */
NTSTATUS RtlOemToUnicodeN(WCHAR *target, ULONG target_bytes, ULONG *written, const CHAR *source,
                          ULONG source_bytes)
{
    decode_n(&rtl_codepage_oem, target, target_bytes, written, source, source_bytes);
    return STATUS_SUCCESS;
}

/* Unicode to ANSI, as much of it as fits. Source: WDK "RtlUnicodeToMultiByteN function (ntifs.h)" */
NTSTATUS RtlUnicodeToMultiByteN(CHAR *target, ULONG target_bytes, ULONG *written,
                                const WCHAR *source, ULONG source_bytes)
{
    /* What cannot be mapped has become a question mark, which is all that this function says of it. */
    (void)rtl_codepage_from_unicode(&rtl_codepage_ansi, target, source,
                                    fitting(target_bytes, source_bytes, written), false);
    return STATUS_SUCCESS;
}

/* The same in upper case. Source: WDK "RtlUpcaseUnicodeToMultiByteN function (ntifs.h)" */
NTSTATUS RtlUpcaseUnicodeToMultiByteN(CHAR *target, ULONG target_bytes, ULONG *written,
                                      const WCHAR *source, ULONG source_bytes)
{
    (void)rtl_codepage_from_unicode(&rtl_codepage_ansi, target, source,
                                    fitting(target_bytes, source_bytes, written), true);
    return STATUS_SUCCESS;
}

/* Unicode to OEM, as much of it as fits. Source: WDK "RtlUnicodeToOemN function (ntifs.h)" */
NTSTATUS RtlUnicodeToOemN(CHAR *target, ULONG target_bytes, ULONG *written, const WCHAR *source,
                          ULONG source_bytes)
{
    (void)rtl_codepage_from_unicode(&rtl_codepage_oem, target, source,
                                    fitting(target_bytes, source_bytes, written), false);
    return STATUS_SUCCESS;
}

/* The same in upper case. Source: WDK "RtlUpcaseUnicodeToOemN function (ntifs.h)" */
NTSTATUS RtlUpcaseUnicodeToOemN(CHAR *target, ULONG target_bytes, ULONG *written,
                                const WCHAR *source, ULONG source_bytes)
{
    (void)rtl_codepage_from_unicode(&rtl_codepage_oem, target, source,
                                    fitting(target_bytes, source_bytes, written), true);
    return STATUS_SUCCESS;
}

/* How many bytes the text has in Unicode. Source: WDK "RtlMultiByteToUnicodeSize function (ntifs.h)" */
NTSTATUS RtlMultiByteToUnicodeSize(ULONG *bytes, const CHAR *source, ULONG source_bytes)
{
    UNREFERENCED_PARAMETER(source);
    *bytes = source_bytes * (ULONG)sizeof(WCHAR);
    return STATUS_SUCCESS;
}

/* How many bytes the text has in ANSI. Source: WDK "RtlUnicodeToMultiByteSize function (ntifs.h)" */
NTSTATUS RtlUnicodeToMultiByteSize(ULONG *bytes, const WCHAR *source, ULONG source_bytes)
{
    UNREFERENCED_PARAMETER(source);
    *bytes = source_bytes / (ULONG)sizeof(WCHAR);
    return STATUS_SUCCESS;
}

/*
 * IRQL:    any (NT: PASSIVE_LEVEL)
 * Returns: the Unicode character of the ANSI character at *source, which moves on behind it
 * Source:  WDK "RtlAnsiCharToUnicodeChar function (wdm.h)"
 */
WCHAR RtlAnsiCharToUnicodeChar(UCHAR **source)
{
    return rtl_codepage_decode(&rtl_codepage_ansi, *(*source)++);
}
