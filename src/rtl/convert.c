/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conversions of counted strings between Unicode and the two code pages. All follow one plan: how many bytes the result
 * has, a buffer for them (the caller's or one from the pool), the characters, a terminator. Text never shrinks or
 * grows in characters, as both code pages have one byte for each.
 */
#include <nt/ntstatus.h>

#include "rtl/convert.h"
#include "rtl/heap.h"

NTSTATUS rtl_convert_prepare(void *string, size_t bytes, bool allocate)
{
    STRING *target = string; /* a UNICODE_STRING looks the same */
    _Static_assert(sizeof(STRING) == sizeof(UNICODE_STRING), "the strings have one layout");
    if (bytes > RTL_STRING_MAX_BYTES)
        return STATUS_INVALID_PARAMETER_2;
    if (!allocate)
        return bytes <= target->MaximumLength ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
    void *buffer = rtl_heap_allocate(bytes);
    if (buffer == NULL)
        return STATUS_NO_MEMORY;
    *target = (STRING){ 0, (USHORT)bytes, buffer };
    return STATUS_SUCCESS;
}

/* --- To Unicode ------------------------------------------------------------------------------------------- */

static NTSTATUS decode(const struct rtl_codepage *page, UNICODE_STRING *target,
                       const STRING *source, bool allocate)
{
    NTSTATUS status =
        rtl_convert_prepare(target, (source->Length + (size_t)1) * sizeof(WCHAR), allocate);
    if (!NT_SUCCESS(status))
        return status;
    rtl_codepage_to_unicode(page, target->Buffer, source->Buffer, source->Length);
    target->Buffer[source->Length] = 0;
    target->Length = (USHORT)(source->Length * sizeof(WCHAR));
    return STATUS_SUCCESS;
}

/*
 * Convert, with a terminator. With `allocate` the buffer comes from the pool, for RtlFreeUnicodeString.
 *
 * IRQL:    any; <= APC_LEVEL if it allocates (NT: PASSIVE_LEVEL)
 * Returns: STATUS_BUFFER_OVERFLOW if the target has no room for all of it (nothing is written then),
 *          STATUS_INVALID_PARAMETER_2 if no string can be so long, STATUS_NO_MEMORY
 * Source:  WDK "RtlAnsiStringToUnicodeString function (wdm.h)"
 */
NTSTATUS RtlAnsiStringToUnicodeString(UNICODE_STRING *target, const ANSI_STRING *source,
                                      BOOLEAN allocate)
{
    return decode(&rtl_codepage_ansi, target, source, allocate);
}

/* The same from OEM. Source: WDK "RtlOemStringToUnicodeString function (ntifs.h)" */
NTSTATUS RtlOemStringToUnicodeString(UNICODE_STRING *target, const OEM_STRING *source,
                                     BOOLEAN allocate)
{
    return decode(&rtl_codepage_oem, target, source, allocate);
}

/* --- From Unicode ----------------------------------------------------------------------------------------- */

struct encoding {
    const struct rtl_codepage *page;
    bool upcase;
    bool terminated;
    bool strict; /* what the code page does not have is an error */
};

/*
 * A caller's buffer that is too small gets as much as it holds, terminated, and a warning.
 */
static NTSTATUS encode(const struct encoding *encoding, STRING *target,
                       const UNICODE_STRING *source, bool allocate)
{
    size_t characters = source->Length / sizeof(WCHAR);
    NTSTATUS status =
        rtl_convert_prepare(target, characters + (encoding->terminated ? 1 : 0), allocate);
    if (NT_ERROR(status))
        return status;
    if (status == STATUS_BUFFER_OVERFLOW) {
        if (target->MaximumLength == 0)
            return status;
        characters = target->MaximumLength - (encoding->terminated ? 1u : 0u);
    }
    bool all = rtl_codepage_from_unicode(encoding->page, target->Buffer, source->Buffer, characters,
                                         encoding->upcase);
    if (encoding->terminated)
        target->Buffer[characters] = 0;
    target->Length = (USHORT)characters;
    if (all || !encoding->strict)
        return status;
    if (allocate)
        RtlFreeOemString(target);
    return STATUS_UNMAPPABLE_CHARACTER;
}

/*
 * Convert, with a terminator; what has no place in the code page becomes a question mark. With `allocate` the buffer
 * comes from the pool, for RtlFreeAnsiString.
 *
 * IRQL:    any; <= APC_LEVEL if it allocates (NT: PASSIVE_LEVEL)
 * Returns: STATUS_BUFFER_OVERFLOW if the text was cut to the target's room,
 *          STATUS_INVALID_PARAMETER_2 if no string can be so long, STATUS_NO_MEMORY
 * Source:  WDK "RtlUnicodeStringToAnsiString function (wdm.h)", [MS-ERREF] "STATUS_BUFFER_OVERFLOW"
 */
NTSTATUS RtlUnicodeStringToAnsiString(ANSI_STRING *target, const UNICODE_STRING *source,
                                      BOOLEAN allocate)
{
    static const struct encoding encoding = { .page = &rtl_codepage_ansi, .terminated = true };
    return encode(&encoding, target, source, allocate);
}

/* The same to OEM. Source: WDK "RtlUnicodeStringToOemString function (ntifs.h)" */
NTSTATUS RtlUnicodeStringToOemString(OEM_STRING *target, const UNICODE_STRING *source,
                                     BOOLEAN allocate)
{
    static const struct encoding encoding = { .page = &rtl_codepage_oem,
                                              .terminated = true,
                                              .strict = true };
    return encode(&encoding, target, source, allocate);
}

/*
 * Returns: also STATUS_UNMAPPABLE_CHARACTER
 * Source:  WDK "RtlUpcaseUnicodeStringToOemString function (ntifs.h)"
 */
NTSTATUS RtlUpcaseUnicodeStringToOemString(OEM_STRING *target, const UNICODE_STRING *source,
                                           BOOLEAN allocate)
{
    static const struct encoding encoding = { &rtl_codepage_oem, true, true, true };
    return encode(&encoding, target, source, allocate);
}

/* Without a terminator. Source: WDK "RtlUnicodeStringToCountedOemString function (ntifs.h)" */
NTSTATUS RtlUnicodeStringToCountedOemString(OEM_STRING *target, const UNICODE_STRING *source,
                                            BOOLEAN allocate)
{
    static const struct encoding encoding = { .page = &rtl_codepage_oem, .strict = true };
    return encode(&encoding, target, source, allocate);
}

/* Without a terminator. Source: WDK "RtlUpcaseUnicodeStringToCountedOemString function (ntifs.h)" */
NTSTATUS RtlUpcaseUnicodeStringToCountedOemString(OEM_STRING *target, const UNICODE_STRING *source,
                                                  BOOLEAN allocate)
{
    static const struct encoding encoding = { .page = &rtl_codepage_oem,
                                              .upcase = true,
                                              .strict = true };
    return encode(&encoding, target, source, allocate);
}

/* --- How many bytes the result has, with its terminator --------------------------------------------------- */

/* IRQL: any (NT: PASSIVE_LEVEL). Source: WDK "RtlxAnsiStringToUnicodeSize function (wdm.h)" */
ULONG RtlxAnsiStringToUnicodeSize(const ANSI_STRING *string)
{
    return (string->Length + 1u) * (ULONG)sizeof(WCHAR);
}

/* Source: WDK "RtlxOemStringToUnicodeSize function (ntifs.h)" */
ULONG RtlxOemStringToUnicodeSize(const OEM_STRING *string)
{
    return (string->Length + 1u) * (ULONG)sizeof(WCHAR);
}

/* Source: WDK "RtlxUnicodeStringToAnsiSize function (wdm.h)" */
ULONG RtlxUnicodeStringToAnsiSize(const UNICODE_STRING *string)
{
    return string->Length / (ULONG)sizeof(WCHAR) + 1u;
}

/* Source: WDK "RtlxUnicodeStringToOemSize function (ntifs.h)" */
ULONG RtlxUnicodeStringToOemSize(const UNICODE_STRING *string)
{
    return string->Length / (ULONG)sizeof(WCHAR) + 1u;
}
