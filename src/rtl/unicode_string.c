/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counted Unicode strings: describing, copying, appending, changing case, making and freeing. Lengths are bytes; half a
 * character at the end of a string or of a buffer does not count. Where a buffer has room a terminator follows the
 * text, because drivers pass Buffer to functions that want one; nothing here relies on it. Source and target may
 * overlap where both are given.
 */
#include <nt/ntstatus.h>

#include "rtl/cstring.h"
#include "rtl/heap.h"
#include "rtl/memory.h"
#include "rtl/text.h"

#define WHOLE(bytes) ((USHORT)((bytes) & ~1u))

static void terminate(UNICODE_STRING *string)
{
    if (string->Length + sizeof(WCHAR) <= string->MaximumLength)
        string->Buffer[string->Length / sizeof(WCHAR)] = 0;
}

/* --- Describing a text ------------------------------------------------------------------------------------ */

static void describe(UNICODE_STRING *string, PCWSTR source, size_t bytes)
{
    string->Buffer = (WCHAR *)source;
    string->Length = (USHORT)bytes;
    string->MaximumLength = (USHORT)(source != NULL ? bytes + sizeof(WCHAR) : 0);
}

static size_t bytes_of(PCWSTR source)
{
    return source != NULL ? rtl_wcslen(source) * sizeof(WCHAR) : 0;
}

/*
 * Describe a terminated text, which stays the caller's. NULL is an empty string without a buffer; of a text beyond
 * 65,532 bytes the string describes so many.
 *
 * IRQL:    any, if resident
 * Source:  WDK "RtlInitUnicodeString function (wdm.h)"; test rtl_unicode_string.a_text_is_described_with_its_terminator
 */
void RtlInitUnicodeString(UNICODE_STRING *string, PCWSTR source)
{
    size_t bytes = bytes_of(source);
    describe(string, source, bytes < RTL_TEXT_MAX_BYTES ? bytes : RTL_TEXT_MAX_BYTES);
}

/*
 * IRQL:    any, if resident
 * Returns: STATUS_NAME_TOO_LONG for a text that a string cannot describe, which is then left alone
 * Source:  WDK "RtlInitUnicodeStringEx function (ntifs.h)"
 */
NTSTATUS RtlInitUnicodeStringEx(UNICODE_STRING *string, PCWSTR source)
{
    size_t bytes = bytes_of(source);
    if (bytes > RTL_TEXT_MAX_BYTES)
        return STATUS_NAME_TOO_LONG;
    describe(string, source, bytes);
    return STATUS_SUCCESS;
}

/*
 * IRQL:    any, if resident
 * Returns: STATUS_INVALID_PARAMETER for flags, odd lengths, a length beyond the buffer's, lengths without a buffer
 * Source:  WDK "RtlValidateUnicodeString function (ntifs.h)", "UNICODE_STRING structure"
 */
NTSTATUS RtlValidateUnicodeString(ULONG flags, const UNICODE_STRING *string)
{
    if (flags != 0 || string == NULL)
        return STATUS_INVALID_PARAMETER;
    if (string->Length % sizeof(WCHAR) != 0 || string->MaximumLength % sizeof(WCHAR) != 0 ||
        string->Length > string->MaximumLength)
        return STATUS_INVALID_PARAMETER;
    return string->Buffer == NULL && string->MaximumLength != 0 ? STATUS_INVALID_PARAMETER
                                                                : STATUS_SUCCESS;
}

/* --- Copying and appending -------------------------------------------------------------------------------- */

/*
 * Copy as much of `source` as the target has room for; no source is an empty one.
 *
 * IRQL:    any, if resident
 * Source:  WDK "RtlCopyUnicodeString function (wdm.h)"; test rtl_unicode_string.a_copy_is_cut_at_the_room
 */
void RtlCopyUnicodeString(UNICODE_STRING *target, const UNICODE_STRING *source)
{
    USHORT bytes = source != NULL ? WHOLE(source->Length) : 0;
    if (bytes > WHOLE(target->MaximumLength))
        bytes = WHOLE(target->MaximumLength);
    if (bytes > 0)
        memmove(target->Buffer, source->Buffer, bytes);
    target->Length = bytes;
    terminate(target);
}

static NTSTATUS append(UNICODE_STRING *target, const WCHAR *source, size_t bytes)
{
    USHORT length = WHOLE(target->Length);
    if (bytes == 0)
        return STATUS_SUCCESS;
    if (bytes > target->MaximumLength || length > target->MaximumLength - bytes)
        return STATUS_BUFFER_TOO_SMALL;
    memmove(target->Buffer + length / sizeof(WCHAR), source, bytes);
    target->Length = (USHORT)(length + bytes);
    terminate(target);
    return STATUS_SUCCESS;
}

/*
 * IRQL:    any, if resident
 * Returns: STATUS_BUFFER_TOO_SMALL if the whole does not fit; the target is then as it was
 * Source:  WDK "RtlAppendUnicodeStringToString function (wdm.h)"
 */
NTSTATUS RtlAppendUnicodeStringToString(UNICODE_STRING *target, const UNICODE_STRING *source)
{
    return append(target, source->Buffer, WHOLE(source->Length));
}

/* The same for a terminated text; NULL appends nothing. Source: WDK "RtlAppendUnicodeToString function (wdm.h)" */
NTSTATUS RtlAppendUnicodeToString(UNICODE_STRING *target, PCWSTR source)
{
    return append(target, source, bytes_of(source));
}

/* --- Making and freeing ----------------------------------------------------------------------------------- */

/* A buffer with `bytes` of the text, and a terminator if there is room for it. */
static NTSTATUS make(UNICODE_STRING *string, const WCHAR *source, USHORT bytes, size_t room)
{
    if (room > RTL_STRING_MAX_BYTES)
        return STATUS_NAME_TOO_LONG;
    WCHAR *buffer = rtl_heap_allocate(room);
    if (buffer == NULL)
        return STATUS_NO_MEMORY;
    if (bytes > 0)
        memcpy(buffer, source, bytes);
    *string = (UNICODE_STRING){ bytes, (USHORT)room, buffer };
    terminate(string);
    return STATUS_SUCCESS;
}

/*
 * Make a string of its own from a terminated text, for RtlFreeUnicodeString.
 *
 * IRQL:    <= APC_LEVEL (NT: PASSIVE_LEVEL)
 * Returns: FALSE if there is no memory, or no string is so long
 * Source:  WDK "RtlCreateUnicodeString function (ntifs.h)"
 */
BOOLEAN RtlCreateUnicodeString(UNICODE_STRING *string, PCWSTR source)
{
    size_t bytes = bytes_of(source);
    return bytes <= RTL_TEXT_MAX_BYTES &&
           NT_SUCCESS(make(string, source, (USHORT)bytes, bytes + sizeof(WCHAR)));
}

/*
 * Make a string with a buffer of its own from another one. An empty one has a buffer only if both flags ask for it.
 *
 * IRQL:    <= APC_LEVEL (NT: PASSIVE_LEVEL)
 * Returns: STATUS_INVALID_PARAMETER, STATUS_NAME_TOO_LONG (no room for a terminator), STATUS_NO_MEMORY
 * Source:  WDK "RtlDuplicateUnicodeString function (ntifs.h)"
 */
NTSTATUS RtlDuplicateUnicodeString(ULONG flags, const UNICODE_STRING *source, UNICODE_STRING *copy)
{
    bool terminated = flags & RTL_DUPLICATE_UNICODE_STRING_NULL_TERMINATE;
    bool with_empty = flags & RTL_DUPLICATE_UNICODE_STRING_ALLOCATE_NULL_STRING;
    if (flags > 3 || (with_empty && !terminated) || source == NULL || copy == NULL ||
        !NT_SUCCESS(RtlValidateUnicodeString(0, source)))
        return STATUS_INVALID_PARAMETER;
    if (source->Length == 0 && !with_empty) {
        *copy = (UNICODE_STRING){ 0, 0, NULL };
        return STATUS_SUCCESS;
    }
    size_t room = source->Length + (terminated ? sizeof(WCHAR) : 0);
    return make(copy, source->Buffer, source->Length, room);
}

/*
 * Free a string that this library made; one without a buffer may be given, and is empty afterwards.
 *
 * IRQL:    <= APC_LEVEL (NT: PASSIVE_LEVEL)
 * Source:  WDK "RtlFreeUnicodeString function (wdm.h)"
 */
void RtlFreeUnicodeString(UNICODE_STRING *string)
{
    if (string->Buffer == NULL)
        return;
    rtl_heap_free(string->Buffer);
    *string = (UNICODE_STRING){ 0, 0, NULL };
}

/* --- Case ------------------------------------------------------------------------------------------------- */

static NTSTATUS change_case(UNICODE_STRING *target, const UNICODE_STRING *source, bool allocate,
                            WCHAR (*change)(WCHAR))
{
    USHORT bytes = WHOLE(source->Length);
    if (!allocate && bytes > target->MaximumLength)
        return STATUS_BUFFER_OVERFLOW;
    if (allocate) {
        NTSTATUS status = make(target, source->Buffer, bytes, bytes);
        if (!NT_SUCCESS(status))
            return status;
    }
    for (size_t i = 0; i < bytes / sizeof(WCHAR); i++)
        target->Buffer[i] = change(source->Buffer[i]);
    target->Length = bytes;
    return STATUS_SUCCESS;
}

/*
 * IRQL:    any; <= APC_LEVEL if it allocates (NT: PASSIVE_LEVEL)
 * Returns: STATUS_NO_MEMORY; STATUS_BUFFER_OVERFLOW if the target has no room. No terminator is written.
 * Source:  WDK "RtlUpcaseUnicodeString function (ntifs.h)"; test rtl_unicode_string.case_changes_in_place
 */
NTSTATUS RtlUpcaseUnicodeString(UNICODE_STRING *target, const UNICODE_STRING *source,
                                BOOLEAN allocate)
{
    return change_case(target, source, allocate, RtlUpcaseUnicodeChar);
}

/* The same for lower case. Source: WDK "RtlDowncaseUnicodeString function (ntifs.h)" */
NTSTATUS RtlDowncaseUnicodeString(UNICODE_STRING *target, const UNICODE_STRING *source,
                                  BOOLEAN allocate)
{
    return change_case(target, source, allocate, RtlDowncaseUnicodeChar);
}
