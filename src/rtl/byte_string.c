/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counted strings of bytes: ANSI, OEM and UTF-8 ones are the same structure, and only what regards case asks which code
 * page it is (ANSI). No terminator is written here; RtlInit... counts the one that it found.
 */
#include <nt/ntstatus.h>

#include "rtl/heap.h"
#include "rtl/memory.h"
#include "rtl/text.h"

/* --- Describing a text ------------------------------------------------------------------------------------ */

static NTSTATUS describe(STRING *string, PCSZ source, bool cut)
{
    size_t bytes = source != NULL ? strlen(source) : 0;
    if (bytes >= RTL_STRING_MAX_BYTES) {
        if (!cut)
            return STATUS_NAME_TOO_LONG;
        bytes = RTL_STRING_MAX_BYTES - 1;
    }
    string->Buffer = (CHAR *)source;
    string->Length = (USHORT)bytes;
    string->MaximumLength = (USHORT)(source != NULL ? bytes + 1 : 0);
    return STATUS_SUCCESS;
}

/*
 * Describe a terminated text, which stays the caller's. NULL is an empty string without a buffer; of a text beyond
 * 65,534 bytes the string describes so many.
 *
 * IRQL:    any, if resident
 * Source:  WDK "RtlInitString function (wdm.h)"; test rtl_byte_string.a_text_is_described_with_its_terminator
 */
void RtlInitString(STRING *string, PCSZ source)
{
    (void)describe(string, source, true); /* what is cut fits */
}

/* Source: WDK "RtlInitAnsiString function (wdm.h)" */
void RtlInitAnsiString(ANSI_STRING *string, PCSZ source)
{
    (void)describe(string, source, true);
}

/* Source: WDK "RtlInitUTF8String function (wdm.h)" */
void RtlInitUTF8String(UTF8_STRING *string, PCSZ source)
{
    (void)describe(string, source, true);
}

/* STATUS_NAME_TOO_LONG for what a string cannot describe. Source: WDK "RtlInitStringEx function (wdm.h)" */
NTSTATUS RtlInitStringEx(STRING *string, PCSZ source)
{
    return describe(string, source, false);
}

/* Source: WDK "RtlInitAnsiStringEx function (wdm.h)" */
NTSTATUS RtlInitAnsiStringEx(ANSI_STRING *string, PCSZ source)
{
    return describe(string, source, false);
}

/* Source: WDK "RtlInitUTF8StringEx function (wdm.h)" */
NTSTATUS RtlInitUTF8StringEx(UTF8_STRING *string, PCSZ source)
{
    return describe(string, source, false);
}

/* --- Copying and appending -------------------------------------------------------------------------------- */

/* As much as fits; no source is an empty one. IRQL: any, if resident. Source: WDK "RtlCopyString function (ntddk.h)" */
void RtlCopyString(STRING *target, const STRING *source)
{
    USHORT bytes = source != NULL ? source->Length : 0;
    if (bytes > target->MaximumLength)
        bytes = target->MaximumLength;
    if (bytes > 0)
        memmove(target->Buffer, source->Buffer, bytes);
    target->Length = bytes;
}

/*
 * IRQL:    any, if resident
 * Returns: STATUS_BUFFER_TOO_SMALL if the whole does not fit; the target is then as it was
 * Source:  WDK header ntifs.h, "RtlAppendStringToString"
 */
NTSTATUS RtlAppendStringToString(STRING *target, const STRING *source)
{
    USHORT bytes = source->Length;
    if (bytes == 0)
        return STATUS_SUCCESS;
    if (target->Length + bytes > target->MaximumLength)
        return STATUS_BUFFER_TOO_SMALL;
    memmove(target->Buffer + target->Length, source->Buffer, bytes);
    target->Length = (USHORT)(target->Length + bytes);
    return STATUS_SUCCESS;
}

/* In upper case, as much as fits. IRQL: any (NT: PASSIVE_LEVEL). Source: WDK "RtlUpperString function (ntddk.h)" */
void RtlUpperString(STRING *target, const STRING *source)
{
    USHORT bytes = source->Length < target->MaximumLength ? source->Length : target->MaximumLength;
    for (USHORT i = 0; i < bytes; i++)
        target->Buffer[i] = RtlUpperChar(source->Buffer[i]);
    target->Length = bytes;
}

/* --- Comparing -------------------------------------------------------------------------------------------- */

static LONG difference(CHAR a, CHAR b, bool ignore_case)
{
    if (a == b || !ignore_case)
        return (LONG)(uint8_t)a - (LONG)(uint8_t)b;
    return (LONG)(uint8_t)RtlUpperChar(a) - (LONG)(uint8_t)RtlUpperChar(b);
}

static LONG compare(const CHAR *a, const CHAR *b, size_t bytes, bool ignore_case)
{
    for (size_t i = 0; i < bytes; i++) {
        LONG result = difference(a[i], b[i], ignore_case);
        if (result != 0)
            return result;
    }
    return 0;
}

/*
 * IRQL:    any (NT: PASSIVE_LEVEL)
 * Returns: less than, equal to or greater than zero, by unsigned bytes; what begins the other string is less
 * Source:  WDK "RtlCompareString function (ntddk.h)"
 */
LONG RtlCompareString(const STRING *first, const STRING *second, BOOLEAN ignore_case)
{
    size_t common = first->Length < second->Length ? first->Length : second->Length;
    LONG result = compare(first->Buffer, second->Buffer, common, ignore_case);
    return result != 0 ? result : (LONG)first->Length - (LONG)second->Length;
}

/* IRQL: any (NT: PASSIVE_LEVEL). Source: WDK "RtlEqualString function (ntddk.h)" */
BOOLEAN RtlEqualString(const STRING *first, const STRING *second, BOOLEAN ignore_case)
{
    return first->Length == second->Length &&
           compare(first->Buffer, second->Buffer, first->Length, ignore_case) == 0;
}

/* Does `string` begin with `prefix`? Source: WDK header ntifs.h, "RtlPrefixString" */
BOOLEAN RtlPrefixString(const STRING *prefix, const STRING *string, BOOLEAN ignore_case)
{
    return prefix->Length <= string->Length &&
           compare(prefix->Buffer, string->Buffer, prefix->Length, ignore_case) == 0;
}

/* --- Freeing ---------------------------------------------------------------------------------------------- */

/*
 * Free a string that this library made; one without a buffer may be given, and is empty afterwards.
 *
 * IRQL:    <= APC_LEVEL (NT: PASSIVE_LEVEL)
 * Source:  WDK "RtlFreeAnsiString function (wdm.h)"
 */
void RtlFreeAnsiString(ANSI_STRING *string)
{
    if (string->Buffer == NULL)
        return;
    rtl_heap_free(string->Buffer);
    *string = (STRING){ 0, 0, NULL };
}

/* Source: WDK "RtlFreeOemString function (ntifs.h)" */
void RtlFreeOemString(OEM_STRING *string)
{
    RtlFreeAnsiString(string);
}

/* Source: WDK "RtlFreeUTF8String function (wdm.h)" */
void RtlFreeUTF8String(UTF8_STRING *string)
{
    RtlFreeAnsiString(string);
}
