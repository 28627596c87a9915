/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Integers and their texts in bases 2, 8, 10 and 16; base 0 is 10, or when a text is read what its prefix 0b, 0o or 0x
 * says. Reading skips what sorts up to the blank, takes one sign, and ends at the first character that is no digit:
 * no digits at all are zero. Text comes through a reader, so that bytes and Unicode are read alike.
 */
#include <nt/ntstatus.h>

#include "rtl/memory.h"
#include "rtl/text.h"

#define MAX_DIGITS 64

static bool base_is_known(ULONG base)
{
    return base == 0 || base == 2 || base == 8 || base == 10 || base == 16;
}

/* --- From text -------------------------------------------------------------------------------------------- */

struct reader {
    const CHAR *bytes; /* terminated; NULL: the text is Unicode, and counted */
    const WCHAR *wide;
    size_t count;
    size_t at;
};

/* The character at an offset, 0 behind the end, which is no digit either. */
static WCHAR peek(const struct reader *reader, size_t offset)
{
    if (reader->bytes != NULL)
        return (uint8_t)reader->bytes[reader->at + offset];
    size_t place = reader->at + offset;
    return place < reader->count ? reader->wide[place] : 0;
}

static ULONG digit_of(WCHAR character)
{
    if (character >= '0' && character <= '9')
        return character - (ULONG)'0';
    WCHAR lower = character | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - (ULONG)'a' + 10 : 16;
}

static ULONG read_prefix(struct reader *reader)
{
    ULONG base = 10;
    if (peek(reader, 0) != '0')
        return base;
    switch (peek(reader, 1)) {
    case 'b':
        base = 2;
        break;
    case 'o':
        base = 8;
        break;
    case 'x':
        base = 16;
        break;
    default:
        return base;
    }
    reader->at += 2;
    return base;
}

/* The digits' value modulo 2^64; *overflow tells whether there was more. */
static ULONGLONG read_digits(struct reader *reader, ULONG base, bool *overflow)
{
    ULONGLONG value = 0;
    *overflow = false;
    for (ULONG digit; (digit = digit_of(peek(reader, 0))) < base; reader->at++) {
        *overflow |= __builtin_mul_overflow(value, (ULONGLONG)base, &value);
        *overflow |= __builtin_add_overflow(value, (ULONGLONG)digit, &value);
    }
    return value;
}

struct number {
    ULONGLONG magnitude;
    bool negative;
    bool overflow; /* the magnitude has more than 64 bits */
};

static struct number read_number(struct reader *reader, ULONG base)
{
    struct number number;
    while (peek(reader, 0) != 0 && peek(reader, 0) <= ' ')
        reader->at++;
    number.negative = peek(reader, 0) == '-';
    if (number.negative || peek(reader, 0) == '+')
        reader->at++;
    number.magnitude =
        read_digits(reader, base != 0 ? base : read_prefix(reader), &number.overflow);
    return number;
}

static NTSTATUS read_ulong(struct reader *reader, ULONG base, ULONG *value)
{
    if (!base_is_known(base))
        return STATUS_INVALID_PARAMETER;
    struct number number = read_number(reader, base);
    *value = (ULONG)(number.negative ? 0 - number.magnitude : number.magnitude);
    return STATUS_SUCCESS;
}

/*
 * Read an integer modulo 2^32.
 *
 * IRQL:    any, if resident (NT: PASSIVE_LEVEL)
 * Returns: STATUS_INVALID_PARAMETER for another base than 0, 2, 8, 10, 16
 * Source:  WDK "RtlCharToInteger function (ntifs.h)"; test rtl_integer.texts_and_their_values
 */
NTSTATUS RtlCharToInteger(PCSZ string, ULONG base, ULONG *value)
{
    struct reader reader = { .bytes = string };
    return read_ulong(&reader, base, value);
}

/* The same from a counted string. Source: WDK "RtlUnicodeStringToInteger function (wdm.h)" */
NTSTATUS RtlUnicodeStringToInteger(const UNICODE_STRING *string, ULONG base, ULONG *value)
{
    struct reader reader = { .wide = string->Buffer, .count = string->Length / sizeof(WCHAR) };
    return read_ulong(&reader, base, value);
}

/*
 * Read a signed integer of 64 bits; *end, if it is wanted, is behind what was read.
 *
 * IRQL:    any, if resident (NT: PASSIVE_LEVEL)
 * Returns: STATUS_INVALID_PARAMETER for another base than 0, 2, 8, 10, 16; STATUS_INTEGER_OVERFLOW
 * Source:  WDK "RtlUnicodeStringToInt64 function (wdm.h)"; test rtl_integer.int64_ends_where_it_says
 */
NTSTATUS RtlUnicodeStringToInt64(const UNICODE_STRING *string, ULONG base, LONG64 *value,
                                 PWSTR *end)
{
    struct reader reader = { .wide = string->Buffer, .count = string->Length / sizeof(WCHAR) };
    if (!base_is_known(base))
        return STATUS_INVALID_PARAMETER;
    struct number number = read_number(&reader, base);
    if (number.overflow || number.magnitude > (ULONGLONG)INT64_MAX + number.negative)
        return STATUS_INTEGER_OVERFLOW;
    *value = (LONG64)(number.negative ? 0 - number.magnitude : number.magnitude);
    if (end != NULL)
        *end = string->Buffer + reader.at;
    return STATUS_SUCCESS;
}

/* --- To text ---------------------------------------------------------------------------------------------- */

/* The digits at the end of `text`; their number. No base has more than MAX_DIGITS for 64 bits. */
static size_t digits_of(ULONGLONG value, ULONG base, CHAR text[MAX_DIGITS])
{
    size_t count = 0;
    do {
        text[MAX_DIGITS - ++count] = "0123456789ABCDEF"[value % base];
        value /= base;
    } while (value != 0);
    return count;
}

/*
 * Write an integer, unsigned, in capitals, without a prefix; terminated if there is room.
 *
 * IRQL:    any, if resident (NT: PASSIVE_LEVEL)
 * Returns: STATUS_INVALID_PARAMETER for another base than 0, 2, 8, 10, 16; STATUS_BUFFER_OVERFLOW
 * Source:  WDK "RtlInt64ToUnicodeString function (wdm.h)"; test rtl_integer.values_and_their_texts
 */
NTSTATUS RtlInt64ToUnicodeString(ULONGLONG value, ULONG base, UNICODE_STRING *string)
{
    CHAR text[MAX_DIGITS];
    if (!base_is_known(base))
        return STATUS_INVALID_PARAMETER;
    size_t count = digits_of(value, base != 0 ? base : 10, text);
    if (count > string->MaximumLength / sizeof(WCHAR))
        return STATUS_BUFFER_OVERFLOW;
    for (size_t i = 0; i < count; i++)
        string->Buffer[i] = (WCHAR)text[MAX_DIGITS - count + i];
    string->Length = (USHORT)(count * sizeof(WCHAR));
    if (count < string->MaximumLength / sizeof(WCHAR))
        string->Buffer[count] = 0;
    return STATUS_SUCCESS;
}

/* The same for 32 bits. Source: WDK "RtlIntegerToUnicodeString function (wdm.h)" */
NTSTATUS RtlIntegerToUnicodeString(ULONG value, ULONG base, UNICODE_STRING *string)
{
    return RtlInt64ToUnicodeString(value, base, string);
}

/*
 * The same as bytes. A negative length asks for that many characters, filled with zeros on the left.
 *
 * IRQL:    any, if resident (NT: PASSIVE_LEVEL)
 * Returns: STATUS_INVALID_PARAMETER for another base than 0, 2, 8, 10, 16; STATUS_BUFFER_OVERFLOW
 * Source:  WDK header ntifs.h, "RtlIntegerToChar"; test rtl_integer.chars_may_be_filled_with_zeros
 */
NTSTATUS RtlIntegerToChar(ULONG value, ULONG base, LONG length, PSZ string)
{
    CHAR text[MAX_DIGITS];
    if (!base_is_known(base))
        return STATUS_INVALID_PARAMETER;
    size_t count = digits_of(value, base != 0 ? base : 10, text);
    size_t room = length < 0 ? (size_t)-(int64_t)length : (size_t)length;
    size_t zeros = length < 0 && room > count ? room - count : 0;
    if (count > room)
        return STATUS_BUFFER_OVERFLOW;
    memset(string, '0', zeros);
    memcpy(string + zeros, text + MAX_DIGITS - count, count);
    if (zeros + count < room)
        string[zeros + count] = 0;
    return STATUS_SUCCESS;
}
