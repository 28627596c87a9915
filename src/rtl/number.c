/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small functions of numbers: pseudo-random sequences, byte order, generic access rights. All state of a sequence is the
 * caller's seed, so there is nothing to lock and a seed always gives the same numbers.
 */
#include "rtl/text.h"

/* A prime, of which both multipliers are primitive roots: a sequence has all values but zero. */
#define MODULUS       0x7fffffffu /* MAXLONG */
#define MULTIPLIER    48271u      /* Park, Miller and Stockmeyer, CACM 36 (7), 1993 */
#define MULTIPLIER_EX 69621u      /* Fishman and Moore, SIAM J. Sci. Stat. Comput. 7 (1), 1986 */

static ULONG step(ULONG *seed, ULONG multiplier)
{
    ULONG state = *seed % MODULUS;
    state = (ULONG)((ULONGLONG)(state != 0 ? state : 1) * multiplier % MODULUS);
    *seed = state;
    return state;
}

/* A bijection of 32 bits that spreads what the low bits of a sequence lack: MurmurHash3's finalizer, public domain. */
static ULONG mix(ULONG value)
{
    value = (value ^ value >> 16) * 0x85ebca6bu;
    value = (value ^ value >> 13) * 0xc2b2ae35u;
    return value ^ value >> 16;
}

/*
 * IRQL:    any
 * Returns: the next number of the sequence, from 0 to MAXLONG - 1
 * Source:  WDK "RtlRandom function (ntifs.h)"
 */
ULONG RtlRandom(ULONG *seed)
{
    return step(seed, MULTIPLIER) - 1;
}

/* The same of a better sequence. Source: WDK "RtlRandomEx function (ntddk.h)" */
ULONG RtlRandomEx(ULONG *seed)
{
    return mix(step(seed, MULTIPLIER_EX)) % MODULUS;
}

/* IRQL: any. Source: WDK "RtlUshortByteSwap function (wdm.h)" */
USHORT RtlUshortByteSwap(USHORT value)
{
    return __builtin_bswap16(value);
}

/* IRQL: any. Source: WDK "RtlUlongByteSwap function (wdm.h)" */
ULONG RtlUlongByteSwap(ULONG value)
{
    return __builtin_bswap32(value);
}

/* IRQL: any. Source: WDK "RtlUlonglongByteSwap function (wdm.h)" */
ULONGLONG RtlUlonglongByteSwap(ULONGLONG value)
{
    return __builtin_bswap64(value);
}

/*
 * Put the specific and standard rights of an object's type for the generic ones in a mask.
 *
 * IRQL:    any
 * Source:  WDK "RtlMapGenericMask function (wdm.h)", "GENERIC_MAPPING structure (wdm.h)"
 */
void RtlMapGenericMask(ACCESS_MASK *mask, const GENERIC_MAPPING *mapping)
{
    ACCESS_MASK asked = *mask;
    ACCESS_MASK rights = asked & ~(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL);
    if (asked & GENERIC_READ)
        rights |= mapping->GenericRead;
    if (asked & GENERIC_WRITE)
        rights |= mapping->GenericWrite;
    if (asked & GENERIC_EXECUTE)
        rights |= mapping->GenericExecute;
    if (asked & GENERIC_ALL)
        rights |= mapping->GenericAll;
    *mask = rights;
}
