/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bitmaps: single bits, ranges, counts, and the two scans that every search is made of. A word has 32 bits, because
 * the buffer is one of ULONGs, aligned and sized by that. The bits of the last word beyond the bitmap have no
 * meaning: all-bits calls change them, searches do not see them. The caller holds the bitmap's lock.
 *
 * A range that does not lie in the bitmap is the caller's error where a page says nothing else; tests of a range
 * answer FALSE for it.
 */
#include "rtl/bitmap.h"

#include <stdbool.h>

#include "rtl/memory.h"

#define WORD_BITS 32u

static size_t words_of(const RTL_BITMAP *bitmap)
{
    return ((size_t)bitmap->SizeOfBitMap + WORD_BITS - 1) / WORD_BITS;
}

/* The bits of the word that [start, end) falls into, of which end is in this word or beyond it. */
static ULONG mask_in_word(ULONG start, ULONG end)
{
    ULONG first = start % WORD_BITS;
    ULONG count = end - start < WORD_BITS - first ? end - start : WORD_BITS - first;
    return (count == WORD_BITS ? 0xffffffffu : (1u << count) - 1) << first;
}

static bool is_within(const RTL_BITMAP *bitmap, ULONG start, ULONG count)
{
    return start <= bitmap->SizeOfBitMap && count <= bitmap->SizeOfBitMap - start;
}

/* --- The two scans ---------------------------------------------------------------------------------------- */

ULONG rtl_bitmap_next(const RTL_BITMAP *bitmap, ULONG from, ULONG end, ULONG flip)
{
    while (from < end) {
        ULONG word = (bitmap->Buffer[from / WORD_BITS] ^ flip) >> (from % WORD_BITS);
        if (word != 0) {
            ULONG bit = from + (ULONG)__builtin_ctz(word);
            return bit < end ? bit : end;
        }
        ULONG rest = WORD_BITS - from % WORD_BITS;
        if (rest >= end - from)
            break;
        from += rest;
    }
    return end;
}

ULONG rtl_bitmap_previous(const RTL_BITMAP *bitmap, ULONG end, ULONG flip)
{
    while (end > 0) {
        ULONG last = end - 1;
        ULONG word = (bitmap->Buffer[last / WORD_BITS] ^ flip)
                     << (WORD_BITS - 1 - last % WORD_BITS);
        if (word != 0)
            return end - (ULONG)__builtin_clz(word);
        end = last / WORD_BITS * WORD_BITS;
    }
    return 0;
}

/* --- All bits, one bit ------------------------------------------------------------------------------------ */

/*
 * Describe `bits` bits at `buffer`, which stays the caller's; they keep their values.
 *
 * IRQL:    any
 * Source:  WDK "RtlInitializeBitMap function (wdm.h)"; test rtl_bitmap.a_new_bitmap_keeps_its_bits
 */
void RtlInitializeBitMap(RTL_BITMAP *bitmap, ULONG *buffer, ULONG bits)
{
    bitmap->SizeOfBitMap = bits;
    bitmap->Buffer = buffer;
}

/* IRQL: any, if resident. Source: WDK "RtlClearAllBits function (wdm.h)" */
void RtlClearAllBits(RTL_BITMAP *bitmap)
{
    memset(bitmap->Buffer, 0, words_of(bitmap) * sizeof(ULONG));
}

/* IRQL: any, if resident. Source: WDK "RtlSetAllBits function (wdm.h)" */
void RtlSetAllBits(RTL_BITMAP *bitmap)
{
    memset(bitmap->Buffer, 0xff, words_of(bitmap) * sizeof(ULONG));
}

/* IRQL: any, if resident. Source: WDK "RtlClearBit function (wdm.h)" */
void RtlClearBit(RTL_BITMAP *bitmap, ULONG bit)
{
    bitmap->Buffer[bit / WORD_BITS] &= ~(1u << bit % WORD_BITS);
}

/* IRQL: any, if resident. Source: WDK "RtlSetBit function (wdm.h)" */
void RtlSetBit(RTL_BITMAP *bitmap, ULONG bit)
{
    bitmap->Buffer[bit / WORD_BITS] |= 1u << bit % WORD_BITS;
}

/* IRQL: any, if resident. Source: WDK "RtlTestBit function (wdm.h)" */
BOOLEAN RtlTestBit(RTL_BITMAP *bitmap, ULONG bit)
{
    return (bitmap->Buffer[bit / WORD_BITS] >> bit % WORD_BITS & 1u) != 0;
}

/* --- Ranges ----------------------------------------------------------------------------------------------- */

/* IRQL: any, if resident. Source: WDK "RtlClearBits function (wdm.h)" */
void RtlClearBits(RTL_BITMAP *bitmap, ULONG start, ULONG count)
{
    for (ULONG end = start + count; start < end;) {
        ULONG mask = mask_in_word(start, end);
        bitmap->Buffer[start / WORD_BITS] &= ~mask;
        start += (ULONG)__builtin_popcount(mask);
    }
}

/* IRQL: any, if resident. Source: WDK "RtlSetBits function (wdm.h)" */
void RtlSetBits(RTL_BITMAP *bitmap, ULONG start, ULONG count)
{
    for (ULONG end = start + count; start < end;) {
        ULONG mask = mask_in_word(start, end);
        bitmap->Buffer[start / WORD_BITS] |= mask;
        start += (ULONG)__builtin_popcount(mask);
    }
}

/*
 * IRQL:    any, if resident
 * Returns: TRUE if the range lies in the bitmap and has no set bit
 * Source:  WDK "RtlAreBitsClear function (wdm.h)"; test rtl_bitmap.a_range_beyond_the_end_is_neither
 */
BOOLEAN RtlAreBitsClear(RTL_BITMAP *bitmap, ULONG start, ULONG count)
{
    return is_within(bitmap, start, count) &&
           rtl_bitmap_next(bitmap, start, start + count, RTL_BITMAP_SET) == start + count;
}

/* The same for set bits. Source: WDK "RtlAreBitsSet function (wdm.h)" */
BOOLEAN RtlAreBitsSet(RTL_BITMAP *bitmap, ULONG start, ULONG count)
{
    return is_within(bitmap, start, count) &&
           rtl_bitmap_next(bitmap, start, start + count, RTL_BITMAP_CLEAR) == start + count;
}

/* The range lies in the bitmap. IRQL: any, if resident. Source: wdm.h RtlNumberOfSetBitsInRange */
ULONG RtlNumberOfSetBitsInRange(RTL_BITMAP *bitmap, ULONG start, ULONG count)
{
    ULONG found = 0;
    for (ULONG end = start + count; start < end;) {
        ULONG mask = mask_in_word(start, end);
        found += (ULONG)__builtin_popcount(bitmap->Buffer[start / WORD_BITS] & mask);
        start += (ULONG)__builtin_popcount(mask);
    }
    return found;
}

/* The range lies in the bitmap. IRQL: any, if resident. Source: wdm.h RtlNumberOfClearBitsInRange */
ULONG RtlNumberOfClearBitsInRange(RTL_BITMAP *bitmap, ULONG start, ULONG count)
{
    return count - RtlNumberOfSetBitsInRange(bitmap, start, count);
}

/* IRQL: any, if resident. Source: WDK "RtlNumberOfSetBits function (wdm.h)" */
ULONG RtlNumberOfSetBits(RTL_BITMAP *bitmap)
{
    return RtlNumberOfSetBitsInRange(bitmap, 0, bitmap->SizeOfBitMap);
}

/* IRQL: any, if resident. Source: WDK "RtlNumberOfClearBits function (wdm.h)" */
ULONG RtlNumberOfClearBits(RTL_BITMAP *bitmap)
{
    return bitmap->SizeOfBitMap - RtlNumberOfSetBits(bitmap);
}

/* --- Bits of a number ------------------------------------------------------------------------------------- */

/* IRQL: any. Source: WDK "RtlNumberOfSetBitsUlongPtr function (wdm.h)" */
ULONG RtlNumberOfSetBitsUlongPtr(ULONG_PTR value)
{
    return (ULONG)__builtin_popcountll(value);
}

/* IRQL: any. Returns: the bit's number, -1 for zero. Source: WDK "RtlFindLeastSignificantBit function (wdm.h)" */
CCHAR RtlFindLeastSignificantBit(ULONGLONG value)
{
    return value == 0 ? -1 : (CCHAR)__builtin_ctzll(value);
}

/* IRQL: any. Returns: the bit's number, -1 for zero. Source: WDK "RtlFindMostSignificantBit function (wdm.h)" */
CCHAR RtlFindMostSignificantBit(ULONGLONG value)
{
    return value == 0 ? -1 : (CCHAR)(63 - __builtin_clzll(value));
}
