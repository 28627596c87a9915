/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory functions by their NT names. The header has macros for four of them, which compilers understand better; who was
 * compiled with other headers, or looks a name up, finds functions.
 */
#include <nt/rtl_ddi.h>

#include "rtl/memory.h"

/* IRQL: any, if resident. Source: WDK "RtlCopyMemory macro (wdm.h)" */
void(RtlCopyMemory)(PVOID target, const void *source, SIZE_T bytes)
{
    memcpy(target, source, bytes);
}

/* For what is not read again soon: a hint, which this processor's plain copy does not use. Source: WDK "RtlCopyMemoryNonTemporal function (wdm.h)" */
void RtlCopyMemoryNonTemporal(PVOID target, const void *source, SIZE_T bytes)
{
    memcpy(target, source, bytes);
}

/* They may overlap. IRQL: any, if resident. Source: WDK "RtlMoveMemory macro (wdm.h)" */
void(RtlMoveMemory)(PVOID target, const void *source, SIZE_T bytes)
{
    memmove(target, source, bytes);
}

/* IRQL: any, if resident. Source: WDK "RtlFillMemory macro (wdm.h)" */
void(RtlFillMemory)(PVOID target, SIZE_T bytes, UCHAR value)
{
    memset(target, value, bytes);
}

/* IRQL: any, if resident. Source: WDK "RtlZeroMemory macro (wdm.h)" */
void(RtlZeroMemory)(PVOID target, SIZE_T bytes)
{
    memset(target, 0, bytes);
}

/*
 * IRQL:    any, if resident
 * Returns: how many bytes are equal, counted from the start
 * Source:  WDK "RtlCompareMemory function (wdm.h)"
 */
SIZE_T RtlCompareMemory(const void *first, const void *second, SIZE_T bytes)
{
    const UCHAR *a = first, *b = second;
    SIZE_T equal = 0;
    while (equal < bytes && a[equal] == b[equal])
        equal++;
    return equal;
}

/*
 * IRQL:    any, if resident
 * Returns: how many bytes from the start repeat the pattern, which is a multiple of four; what is left over does not count
 * Source:  WDK "RtlCompareMemoryUlong function (ntifs.h)"
 */
SIZE_T RtlCompareMemoryUlong(PVOID memory, SIZE_T bytes, ULONG pattern)
{
    const ULONG *words = memory;
    SIZE_T equal = 0;
    while (equal < bytes / sizeof(ULONG) && words[equal] == pattern)
        equal++;
    return equal * sizeof(ULONG);
}

/* IRQL: any, if resident. Source: WDK "RtlIsZeroMemory function (wdm.h)" */
BOOLEAN RtlIsZeroMemory(PVOID memory, SIZE_T bytes)
{
    const UCHAR *p = memory;
    while (bytes > 0 && p[bytes - 1] == 0)
        bytes--;
    return bytes == 0;
}
