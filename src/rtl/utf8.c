/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UTF-8 and UTF-16. A code point that is cut off, overlong, a surrogate or beyond U+10FFFF becomes U+FFFD and the
 * status says so; of a malformed sequence the longest part that could have begun a good one counts as one mistake
 * (Unicode 15, 3.9, "U+FFFD Substitution of Maximal Subparts"). What does not fit ends before the code point that
 * does not, never within one.
 */
#include <nt/ntstatus.h>

#include "rtl/convert.h"

#define REPLACEMENT 0xfffdu

/* A code point and how many units of the source it took; malformed ones are REPLACEMENT. */
struct point {
    uint32_t code;
    size_t units;
    bool malformed;
};

static const struct point bad_unit = { REPLACEMENT, 1, true };

static bool is_surrogate(uint32_t code, uint32_t half)
{
    return (code & 0xfc00u) == half;
}

static struct point read_utf16(const WCHAR *source, size_t units)
{
    uint32_t first = source[0];
    if (!is_surrogate(first, 0xd800) && !is_surrogate(first, 0xdc00))
        return (struct point){ first, 1, false };
    if (is_surrogate(first, 0xdc00) || units < 2 || !is_surrogate(source[1], 0xdc00))
        return bad_unit;
    return (struct point){ 0x10000 + ((first & 0x3ff) << 10) + (source[1] & 0x3ffu), 2, false };
}

/* What a lead byte promises, and the range of the byte behind it, which keeps out overlong forms and surrogates. */
struct lead {
    size_t units;
    uint8_t low, high;
};

static struct lead read_lead(uint8_t byte)
{
    if (byte >= 0xc2 && byte <= 0xdf)
        return (struct lead){ 2, 0x80, 0xbf };
    if (byte >= 0xe0 && byte <= 0xef)
        return (struct lead){ 3, byte == 0xe0 ? 0xa0 : 0x80, byte == 0xed ? 0x9f : 0xbf };
    if (byte >= 0xf0 && byte <= 0xf4)
        return (struct lead){ 4, byte == 0xf0 ? 0x90 : 0x80, byte == 0xf4 ? 0x8f : 0xbf };
    return (struct lead){ 0, 0, 0 };
}

static struct point read_utf8(const CHAR *source, size_t units)
{
    const uint8_t *bytes = (const uint8_t *)source;
    if (bytes[0] < 0x80)
        return (struct point){ bytes[0], 1, false };
    struct lead lead = read_lead(bytes[0]);
    if (lead.units == 0)
        return bad_unit;
    struct point point = { bytes[0] & (0x7fu >> lead.units), 1, false };
    while (point.units < lead.units) {
        uint8_t low = point.units == 1 ? lead.low : 0x80,
                high = point.units == 1 ? lead.high : 0xbf;
        if (point.units == units || bytes[point.units] < low || bytes[point.units] > high)
            return (struct point){ REPLACEMENT, point.units, true };
        point.code = point.code << 6 | (bytes[point.units++] & 0x3fu);
    }
    return point;
}

static size_t utf8_units(uint32_t code)
{
    return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

static void write_utf8(CHAR *target, uint32_t code, size_t units)
{
    static const uint8_t marks[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    for (size_t i = units; i-- > 1; code >>= 6)
        target[i] = (CHAR)(0x80 | (code & 0x3f));
    target[0] = (CHAR)(marks[units] | code);
}

static void write_utf16(WCHAR *target, uint32_t code, size_t units)
{
    if (units == 1) {
        target[0] = (WCHAR)code;
        return;
    }
    target[0] = (WCHAR)(0xd800 + ((code - 0x10000) >> 10));
    target[1] = (WCHAR)(0xdc00 + ((code - 0x10000) & 0x3ff));
}

/*
 * Convert Unicode to UTF-8, or measure what that would give, if there is no target. *written, which may then alone be
 * given, counts bytes.
 *
 * IRQL:    any (NT: PASSIVE_LEVEL)
 * Returns: STATUS_SOME_NOT_MAPPED if surrogates stood alone; STATUS_BUFFER_TOO_SMALL with the code points that fit;
 *          STATUS_INVALID_PARAMETER without target and count, _4 without a source, _5 for half a character
 * Source:  WDK "RtlUnicodeToUTF8N function (wdm.h)"
 */
NTSTATUS RtlUnicodeToUTF8N(CHAR *target, ULONG target_bytes, ULONG *written, const WCHAR *source,
                           ULONG source_bytes)
{
    NTSTATUS status = STATUS_SUCCESS;
    size_t made = 0, count = source_bytes / sizeof(WCHAR);
    if (source == NULL)
        return STATUS_INVALID_PARAMETER_4;
    if (target == NULL && written == NULL)
        return STATUS_INVALID_PARAMETER;
    if (source_bytes % sizeof(WCHAR) != 0)
        return STATUS_INVALID_PARAMETER_5;
    for (size_t i = 0; i < count;) {
        struct point point = read_utf16(source + i, count - i);
        size_t units = utf8_units(point.code);
        if (target != NULL && units > target_bytes - made) {
            status = STATUS_BUFFER_TOO_SMALL;
            break;
        }
        if (target != NULL)
            write_utf8(target + made, point.code, units);
        if (point.malformed)
            status = STATUS_SOME_NOT_MAPPED;
        made += units;
        i += point.units;
    }
    if (written != NULL)
        *written = (ULONG)made;
    return status;
}

/*
 * Convert UTF-8 to Unicode, or measure what that would give, if there is no target. *written counts bytes.
 *
 * IRQL:    any (NT: PASSIVE_LEVEL)
 * Returns: STATUS_SOME_NOT_MAPPED if something was malformed; STATUS_BUFFER_TOO_SMALL with the code points that fit;
 *          STATUS_INVALID_PARAMETER without target and count, _4 without a source, _5 for more than a ULONG counts
 * Source:  WDK "RtlUTF8ToUnicodeN function (wdm.h)"
 */
NTSTATUS RtlUTF8ToUnicodeN(WCHAR *target, ULONG target_bytes, ULONG *written, const CHAR *source,
                           ULONG source_bytes)
{
    NTSTATUS status = STATUS_SUCCESS;
    size_t made = 0, room = target_bytes / sizeof(WCHAR);
    if (source == NULL)
        return STATUS_INVALID_PARAMETER_4;
    if (target == NULL && written == NULL)
        return STATUS_INVALID_PARAMETER;
    if (source_bytes > UINT32_MAX / sizeof(WCHAR))
        return STATUS_INVALID_PARAMETER_5;
    for (size_t i = 0; i < source_bytes;) {
        struct point point = read_utf8(source + i, source_bytes - i);
        size_t units = point.code < 0x10000 ? 1 : 2;
        if (target != NULL && units > room - made) {
            status = STATUS_BUFFER_TOO_SMALL;
            break;
        }
        if (target != NULL)
            write_utf16(target + made, point.code, units);
        if (point.malformed)
            status = STATUS_SOME_NOT_MAPPED;
        made += units;
        i += point.units;
    }
    if (written != NULL)
        *written = (ULONG)(made * sizeof(WCHAR));
    return status;
}
