/* SPDX-License-Identifier: BSD-2-Clause */
/* Conversions of counted strings between Unicode and UTF-8: measured first, converted into room that is known to do. */
#include <nt/ntstatus.h>

#include "rtl/convert.h"

/*
 * Convert, with a terminator. With `allocate` the buffer comes from the pool, for RtlFreeUTF8String.
 *
 * IRQL:    any; <= APC_LEVEL if it allocates (NT: PASSIVE_LEVEL)
 * Returns: STATUS_SOME_NOT_MAPPED if surrogates stood alone; STATUS_BUFFER_OVERFLOW if the target has no room for all
 *          (nothing is written then), STATUS_INVALID_PARAMETER_2 if no string can be so long, STATUS_NO_MEMORY
 * Source:  WDK "RtlUnicodeStringToUTF8String function (wdm.h)"
 */
NTSTATUS RtlUnicodeStringToUTF8String(UTF8_STRING *target, const UNICODE_STRING *source,
                                      BOOLEAN allocate)
{
    ULONG source_bytes = source->Length & ~1u, bytes = 0;
    if (source_bytes > 0)
        (void)RtlUnicodeToUTF8N(NULL, 0, &bytes, source->Buffer,
                                source_bytes); /* as the next call */
    NTSTATUS status = rtl_convert_prepare(target, bytes + (size_t)1, allocate);
    if (!NT_SUCCESS(status))
        return status;
    if (source_bytes > 0)
        status = RtlUnicodeToUTF8N(target->Buffer, bytes, NULL, source->Buffer, source_bytes);
    target->Buffer[bytes] = 0;
    target->Length = (USHORT)bytes;
    return status;
}

/* The same from UTF-8, for RtlFreeUnicodeString. Source: WDK "RtlUTF8StringToUnicodeString function (wdm.h)" */
NTSTATUS RtlUTF8StringToUnicodeString(UNICODE_STRING *target, const UTF8_STRING *source,
                                      BOOLEAN allocate)
{
    ULONG bytes = 0;
    if (source->Length > 0)
        (void)RtlUTF8ToUnicodeN(NULL, 0, &bytes, source->Buffer,
                                source->Length); /* as the next call */
    NTSTATUS status = rtl_convert_prepare(target, bytes + sizeof(WCHAR), allocate);
    if (!NT_SUCCESS(status))
        return status;
    if (source->Length > 0)
        status = RtlUTF8ToUnicodeN(target->Buffer, bytes, NULL, source->Buffer, source->Length);
    target->Buffer[bytes / sizeof(WCHAR)] = 0;
    target->Length = (USHORT)bytes;
    return status;
}
