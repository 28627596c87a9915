/* SPDX-License-Identifier: BSD-2-Clause */
/* GUIDs and their texts, {00112233-4455-6677-8899-AABBCCDDEEFF}: the first three fields are numbers, the rest bytes. */
#include <nt/ntstatus.h>

#include "rtl/heap.h"
#include "rtl/memory.h"
#include "rtl/text.h"

#define GUID_CHARS 38

/* Each X is a digit; anything else stands for itself. */
static const char form[] = "{XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}";
_Static_assert(sizeof(form) == GUID_CHARS + 1, "the form has as many characters as a text");

/* The digits' bytes in the order of the text. */
static void to_bytes(const GUID *guid, uint8_t bytes[16])
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(guid->Data1 >> (24 - 8 * i));
    bytes[4] = (uint8_t)(guid->Data2 >> 8);
    bytes[5] = (uint8_t)guid->Data2;
    bytes[6] = (uint8_t)(guid->Data3 >> 8);
    bytes[7] = (uint8_t)guid->Data3;
    memcpy(bytes + 8, guid->Data4, 8);
}

static void from_bytes(GUID *guid, const uint8_t bytes[16])
{
    guid->Data1 = (ULONG)bytes[0] << 24 | (ULONG)bytes[1] << 16 | (ULONG)bytes[2] << 8 | bytes[3];
    guid->Data2 = (USHORT)(bytes[4] << 8 | bytes[5]);
    guid->Data3 = (USHORT)(bytes[6] << 8 | bytes[7]);
    memcpy(guid->Data4, bytes + 8, 8);
}

/*
 * Make the text, terminated, for RtlFreeUnicodeString.
 *
 * IRQL:    <= APC_LEVEL (NT: PASSIVE_LEVEL)
 * Returns: STATUS_NO_MEMORY
 * Source:  WDK "RtlStringFromGUID function (wdm.h)"
 */
NTSTATUS RtlStringFromGUID(const GUID *guid, UNICODE_STRING *string)
{
    uint8_t bytes[16];
    WCHAR *text = rtl_heap_allocate((GUID_CHARS + 1) * sizeof(WCHAR));
    if (text == NULL)
        return STATUS_NO_MEMORY;
    to_bytes(guid, bytes);
    for (size_t i = 0, digit = 0; i <= GUID_CHARS; i++) {
        text[i] = (WCHAR)form[i];
        if (form[i] == 'X') {
            text[i] = (WCHAR) "0123456789ABCDEF"[bytes[digit / 2] >> (digit % 2 ? 0 : 4) & 0xf];
            digit++;
        }
    }
    *string =
        (UNICODE_STRING){ GUID_CHARS * sizeof(WCHAR), (GUID_CHARS + 1) * sizeof(WCHAR), text };
    return STATUS_SUCCESS;
}

static int digit_of(WCHAR character)
{
    WCHAR lower = character | 0x20;
    if (character >= '0' && character <= '9')
        return character - '0';
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/*
 * Read the text, in capitals or not, with nothing before or behind it.
 *
 * IRQL:    any, if resident (NT: PASSIVE_LEVEL)
 * Returns: STATUS_INVALID_PARAMETER for anything else; the GUID is then as it was
 * Source:  WDK "RtlGUIDFromString function (wdm.h)"
 */
NTSTATUS RtlGUIDFromString(const UNICODE_STRING *string, GUID *guid)
{
    uint8_t bytes[16] = { 0 };
    if (string->Length != GUID_CHARS * sizeof(WCHAR))
        return STATUS_INVALID_PARAMETER;
    for (size_t i = 0, digit = 0; i < GUID_CHARS; i++) {
        int value = digit_of(string->Buffer[i]);
        if (form[i] != 'X' ? string->Buffer[i] != (WCHAR)form[i] : value < 0)
            return STATUS_INVALID_PARAMETER;
        if (form[i] == 'X') {
            bytes[digit / 2] = (uint8_t)(bytes[digit / 2] << 4 | value);
            digit++;
        }
    }
    from_bytes(guid, bytes);
    return STATUS_SUCCESS;
}
