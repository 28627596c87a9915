/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Feeds rtl/integer.c and rtl/guid.c. The three readers of integers agree with each other and with a naive one, what was
 * read is written and read again as the same, and a text that is a GUID is that GUID's text.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <nt/ntstatus.h>

#include "rtl/heap.h"
#include "rtl/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static const struct rtl_heap heap = { .allocate = malloc, .free = free };

/* In the base that was asked for, 0 aside: skip, sign, digits. */
static ULONG naive(const char *text, ULONG base)
{
    ULONG value = 0;
    while (*text != 0 && (uint8_t)*text <= ' ')
        text++;
    bool negative = *text == '-';
    text += *text == '-' || *text == '+';
    for (; isxdigit((uint8_t)*text); text++) {
        ULONG digit = (ULONG)(isdigit((uint8_t)*text) ? *text - '0' : tolower(*text) - 'a' + 10);
        if (digit >= base)
            break;
        value = value * base + digit;
    }
    return negative ? 0 - value : value;
}

static void write_and_read(ULONG value, ULONG base)
{
    WCHAR buffer[32];
    UNICODE_STRING text = { 0, sizeof(buffer), buffer };
    CHAR bytes[33];
    ULONG back;
    require(NT_SUCCESS(RtlIntegerToUnicodeString(value, base, &text)));
    require(NT_SUCCESS(RtlUnicodeStringToInteger(&text, base, &back)) && back == value);
    require(NT_SUCCESS(RtlIntegerToChar(value, base, sizeof(bytes), bytes)));
    require(NT_SUCCESS(RtlCharToInteger(bytes, base, &back)) && back == value);
}

static void integers(const char *text, const UNICODE_STRING *wide, ULONG base)
{
    ULONG value, other;
    LONG64 large;
    PWSTR end;
    NTSTATUS status = RtlCharToInteger(text, base, &value);
    require(RtlUnicodeStringToInteger(wide, base, &other) == status);
    if (!NT_SUCCESS(status)) {
        require(base != 0 && base != 2 && base != 8 && base != 10 && base != 16);
        return;
    }
    require(value == other && (base == 0 || value == naive(text, base)));
    status = RtlUnicodeStringToInt64(wide, base, &large, &end);
    require(status == STATUS_INTEGER_OVERFLOW ||
            ((ULONG)large == value && end >= wide->Buffer &&
             end <= wide->Buffer + wide->Length / sizeof(WCHAR)));
    write_and_read(value, base);
}

static void guids(const UNICODE_STRING *wide)
{
    GUID guid;
    UNICODE_STRING text;
    if (!NT_SUCCESS(RtlGUIDFromString(wide, &guid)))
        return;
    require(NT_SUCCESS(RtlStringFromGUID(&guid, &text)));
    require(text.Length == wide->Length);
    for (size_t i = 0; i < text.Length / sizeof(WCHAR); i++)
        require(text.Buffer[i] == toupper(wide->Buffer[i]));
    rtl_heap_free(text.Buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    if (bytes == 0)
        return 0;
    ULONG base = data[0];
    size_t count = strnlen((const char *)data + 1, bytes - 1);
    char *text = malloc(count + 1); /* both of their exact sizes, for the sanitizer */
    WCHAR *buffer = malloc(count != 0 ? count * sizeof(WCHAR) : 1);
    UNICODE_STRING wide = { (USHORT)(count * sizeof(WCHAR)), (USHORT)(count * sizeof(WCHAR)),
                            buffer };
    for (size_t i = 0; i < count; i++)
        buffer[i] = (uint8_t)(text[i] = (char)data[1 + i]);
    text[count] = 0;
    rtl_heap_register(&heap);
    integers(text, &wide, base);
    guids(&wide);
    free(buffer);
    free(text);
    return 0;
}
