/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Case of single characters: one to one, within the Basic Multilingual Plane, without a locale. The table has blocks of
 * differences that both directions share; make-tables writes it and says where NT stays away from Unicode.
 */
#include "rtl/casing_table.h"
#include "rtl/text.h"

static WCHAR mapped(const uint8_t *index, WCHAR character)
{
    uint16_t delta = casing_blocks[index[character / CASING_BLOCK]][character % CASING_BLOCK];
    return (WCHAR)(character + delta);
}

/*
 * IRQL:    any (NT: PASSIVE_LEVEL)
 * Returns: the character in upper case, or as it is if it has none
 * Source:  WDK "RtlUpcaseUnicodeChar function (ntifs.h)"; exFAT specification 7.2.5.1; Unicode, UnicodeData.txt
 */
WCHAR RtlUpcaseUnicodeChar(WCHAR character)
{
    if (character < 0x80)
        return character - 'a' < 26u ? (WCHAR)(character - ('a' - 'A')) : character;
    return mapped(casing_upper, character);
}

/* The same for lower case. Source: WDK "RtlDowncaseUnicodeChar function (ntifs.h)" */
WCHAR RtlDowncaseUnicodeChar(WCHAR character)
{
    if (character < 0x80)
        return character - 'A' < 26u ? (WCHAR)(character + ('a' - 'A')) : character;
    return mapped(casing_lower, character);
}

/*
 * IRQL:    any (NT: PASSIVE_LEVEL)
 * Returns: the ANSI character in upper case; as it is, if the code page has no such letter
 * Source:  WDK "RtlUpperChar function (ntifs.h)"
 */
CHAR RtlUpperChar(CHAR character)
{
    WCHAR upper = RtlUpcaseUnicodeChar(rtl_codepage_decode(&rtl_codepage_ansi, (uint8_t)character));
    uint8_t byte;
    return rtl_codepage_encode(&rtl_codepage_ansi, upper, &byte) ? (CHAR)byte : character;
}
