/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bitmaps: searches for runs, by hopping from the end of one run to the start of the next (bitmap.c). The caller holds
 * the bitmap's lock. Levels: any, if the bitmap is resident.
 */
#include "rtl/bitmap.h"

/* --- A run of a wanted length ----------------------------------------------------------------------------- */

/* The first run of `count` such bits that begins in [from, last] and lies before `end`. */
static ULONG find_between(const RTL_BITMAP *bitmap, ULONG count, ULONG from, ULONG end, ULONG flip)
{
    while (from < end && end - from >= count) {
        ULONG start = rtl_bitmap_next(bitmap, from, end, flip);
        if (end - start < count)
            break;
        ULONG stop = rtl_bitmap_next(bitmap, start, start + count, ~flip);
        if (stop == start + count)
            return start;
        from = stop;
    }
    return RTL_BITMAP_NONE;
}

/*
 * From the hint to the end first, then from the start: the second search ends where a run that begins before the hint
 * can end.
 */
static ULONG find(const RTL_BITMAP *bitmap, ULONG count, ULONG hint, ULONG flip)
{
    ULONG bits = bitmap->SizeOfBitMap;
    if (hint >= bits)
        hint = 0;
    if (count == 0)
        return hint;
    ULONG found = find_between(bitmap, count, hint, bits, flip);
    if (found != RTL_BITMAP_NONE || hint == 0)
        return found;
    ULONG end = count - 1 < bits - hint ? hint + count - 1 : bits;
    return find_between(bitmap, count, 0, end, flip);
}

/*
 * Find `count` clear bits in a row, from the hint on, then from the start.
 *
 * Returns: the index of the first, 0xffffffff if there is no such run; for a count of 0 the hint, if it lies inside
 * Source:  WDK "RtlFindClearBits function (wdm.h)"; test rtl_bitmap_runs.a_search_starts_at_the_hint_and_wraps
 */
ULONG RtlFindClearBits(RTL_BITMAP *bitmap, ULONG count, ULONG hint)
{
    return find(bitmap, count, hint, RTL_BITMAP_CLEAR);
}

/* The same for set bits. Source: WDK "RtlFindSetBits function (wdm.h)" */
ULONG RtlFindSetBits(RTL_BITMAP *bitmap, ULONG count, ULONG hint)
{
    return find(bitmap, count, hint, RTL_BITMAP_SET);
}

/* RtlFindClearBits, and what was found is set. Source: WDK "RtlFindClearBitsAndSet function (wdm.h)" */
ULONG RtlFindClearBitsAndSet(RTL_BITMAP *bitmap, ULONG count, ULONG hint)
{
    ULONG found = find(bitmap, count, hint, RTL_BITMAP_CLEAR);
    if (found != RTL_BITMAP_NONE)
        RtlSetBits(bitmap, found, count);
    return found;
}

/* RtlFindSetBits, and what was found is cleared. Source: WDK "RtlFindSetBitsAndClear function (wdm.h)" */
ULONG RtlFindSetBitsAndClear(RTL_BITMAP *bitmap, ULONG count, ULONG hint)
{
    ULONG found = find(bitmap, count, hint, RTL_BITMAP_SET);
    if (found != RTL_BITMAP_NONE)
        RtlClearBits(bitmap, found, count);
    return found;
}

/* --- Runs of any length ----------------------------------------------------------------------------------- */

/*
 * The clear run that begins at `from`, or the next one.
 *
 * Returns: its length, 0 if no clear bit is left; *start is its first bit, or else the bitmap's end
 * Source:  WDK "RtlFindNextForwardRunClear function (wdm.h)"
 */
ULONG RtlFindNextForwardRunClear(RTL_BITMAP *bitmap, ULONG from, ULONG *start)
{
    ULONG bits = bitmap->SizeOfBitMap;
    ULONG first = rtl_bitmap_next(bitmap, from < bits ? from : bits, bits, RTL_BITMAP_CLEAR);
    *start = first;
    return rtl_bitmap_next(bitmap, first, bits, RTL_BITMAP_SET) - first;
}

/*
 * The clear run that ends at `from`, or the one before.
 *
 * Returns: its length, 0 if there is none; *start is its first bit, or else `from`
 * Source:  WDK "RtlFindLastBackwardRunClear function (wdm.h)"
 */
ULONG RtlFindLastBackwardRunClear(RTL_BITMAP *bitmap, ULONG from, ULONG *start)
{
    ULONG bits = bitmap->SizeOfBitMap;
    ULONG end = rtl_bitmap_previous(bitmap, from < bits ? from + 1 : bits, RTL_BITMAP_CLEAR);
    ULONG first = rtl_bitmap_previous(bitmap, end, RTL_BITMAP_SET);
    *start = end == 0 ? from : first;
    return end - first;
}

/* Returns: the length of the first clear run, 0 if there is none. Source: WDK "RtlFindFirstRunClear function (wdm.h)" */
ULONG RtlFindFirstRunClear(RTL_BITMAP *bitmap, ULONG *start)
{
    return RtlFindNextForwardRunClear(bitmap, 0, start);
}

/* Put a run where it belongs among `used` runs by falling length; the shortest falls out of a full array. */
static ULONG insert_by_length(RTL_BITMAP_RUN *runs, ULONG used, ULONG count, RTL_BITMAP_RUN run)
{
    ULONG place = used < count ? used : count - 1;
    if (used == count && runs[place].NumberOfBits >= run.NumberOfBits)
        return used;
    for (; place > 0 && runs[place - 1].NumberOfBits < run.NumberOfBits; place--)
        runs[place] = runs[place - 1];
    runs[place] = run;
    return used < count ? used + 1 : count;
}

/*
 * Describe up to `count` clear runs: the first ones by position, or the longest ones by falling length.
 *
 * Returns: how many were described
 * Source:  WDK "RtlFindClearRuns function (wdm.h)"; test rtl_bitmap_runs.runs_come_by_position_or_by_length
 */
ULONG RtlFindClearRuns(RTL_BITMAP *bitmap, RTL_BITMAP_RUN *runs, ULONG count, BOOLEAN longest)
{
    ULONG used = 0;
    RTL_BITMAP_RUN run = { 0, 0 };
    while (count > 0 && (longest || used < count)) {
        ULONG from = run.StartingIndex + run.NumberOfBits;
        run.NumberOfBits = RtlFindNextForwardRunClear(bitmap, from, &run.StartingIndex);
        if (run.NumberOfBits == 0)
            break;
        if (longest)
            used = insert_by_length(runs, used, count, run);
        else
            runs[used++] = run;
    }
    return used;
}

/* Returns: the length of the longest clear run, 0 if none. Source: WDK "RtlFindLongestRunClear function (wdm.h)" */
ULONG RtlFindLongestRunClear(RTL_BITMAP *bitmap, ULONG *start)
{
    RTL_BITMAP_RUN run = { 0, 0 };
    (void)RtlFindClearRuns(bitmap, &run, 1, TRUE); /* none: the run stays empty */
    *start = run.StartingIndex;
    return run.NumberOfBits;
}
