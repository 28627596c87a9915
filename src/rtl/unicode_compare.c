/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Order, equality, prefixes and hashes of Unicode strings, by the numbers of their characters; without regard to case,
 * by those of their upper case. There is no locale: names sort the same on every machine.
 */
#include <nt/ntstatus.h>

#include "rtl/text.h"

static size_t characters(const UNICODE_STRING *string)
{
    return string->Length / sizeof(WCHAR);
}

static LONG difference(WCHAR a, WCHAR b, bool ignore_case)
{
    if (a == b || !ignore_case)
        return (LONG)a - (LONG)b;
    return (LONG)RtlUpcaseUnicodeChar(a) - (LONG)RtlUpcaseUnicodeChar(b);
}

/*
 * IRQL:    any, if resident
 * Returns: less than, equal to or greater than zero; of two texts of which one begins the other the shorter is less.
 *          Lengths are characters here.
 * Source:  WDK "RtlCompareUnicodeStrings function (ntifs.h)"
 */
LONG RtlCompareUnicodeStrings(const WCHAR *first, SIZE_T first_chars, const WCHAR *second,
                              SIZE_T second_chars, BOOLEAN ignore_case)
{
    for (size_t i = 0; i < first_chars && i < second_chars; i++) {
        LONG result = difference(first[i], second[i], ignore_case);
        if (result != 0)
            return result;
    }
    return first_chars == second_chars ? 0 : first_chars < second_chars ? -1 : 1;
}

/* The same for counted strings. Source: WDK "RtlCompareUnicodeString function (wdm.h)" */
LONG RtlCompareUnicodeString(const UNICODE_STRING *first, const UNICODE_STRING *second,
                             BOOLEAN ignore_case)
{
    return RtlCompareUnicodeStrings(first->Buffer, characters(first), second->Buffer,
                                    characters(second), ignore_case);
}

/* IRQL: any, if resident. Source: WDK "RtlEqualUnicodeString function (wdm.h)" */
BOOLEAN RtlEqualUnicodeString(const UNICODE_STRING *first, const UNICODE_STRING *second,
                              BOOLEAN ignore_case)
{
    return characters(first) == characters(second) &&
           RtlCompareUnicodeString(first, second, ignore_case) == 0;
}

/* Does `string` begin with `prefix`? Any does with an empty one. Source: WDK "RtlPrefixUnicodeString function (ntifs.h)" */
BOOLEAN RtlPrefixUnicodeString(const UNICODE_STRING *prefix, const UNICODE_STRING *string,
                               BOOLEAN ignore_case)
{
    size_t count = characters(prefix);
    return count <= characters(string) &&
           RtlCompareUnicodeStrings(prefix->Buffer, count, string->Buffer, count, ignore_case) == 0;
}

/* Does `string` end with `suffix`? Source: WDK header ntifs.h, "RtlSuffixUnicodeString" */
BOOLEAN RtlSuffixUnicodeString(const UNICODE_STRING *suffix, const UNICODE_STRING *string,
                               BOOLEAN ignore_case)
{
    size_t count = characters(suffix), all = characters(string);
    if (count == 0 || count > all)
        return count == 0;
    const WCHAR *end = string->Buffer + (all - count);
    return RtlCompareUnicodeStrings(suffix->Buffer, count, end, count, ignore_case) == 0;
}

/*
 * hash = hash * 65599 + character, in 32 bits; the upper case of characters, if case does not count.
 *
 * IRQL:    any, if resident
 * Returns: STATUS_INVALID_PARAMETER for an algorithm that there is not, or without a string or a place for the hash
 * Source:  WDK "RtlHashUnicodeString function (wdm.h)"
 */
NTSTATUS RtlHashUnicodeString(const UNICODE_STRING *string, BOOLEAN ignore_case, ULONG algorithm,
                              ULONG *hash)
{
    if (string == NULL || hash == NULL || algorithm > HASH_STRING_ALGORITHM_X65599)
        return STATUS_INVALID_PARAMETER;
    ULONG sum = 0;
    for (size_t i = 0; i < characters(string); i++) {
        WCHAR character = string->Buffer[i];
        sum = sum * 65599u + (ignore_case ? RtlUpcaseUnicodeChar(character) : character);
    }
    *hash = sum;
    return STATUS_SUCCESS;
}
