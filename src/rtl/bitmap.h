/* SPDX-License-Identifier: BSD-2-Clause */
/* Searching a bitmap word by word: what bitmap.c and bitmap_runs.c share. */
#pragma once

#include <nt/rtl_ddi.h>

#define RTL_BITMAP_NONE 0xffffffffu

/* What makes the bits that are looked for ones: words are xored with it. */
#define RTL_BITMAP_SET   0u
#define RTL_BITMAP_CLEAR 0xffffffffu

/* The first such bit in [from, end), or end. end <= SizeOfBitMap. IRQL: any, if resident */
ULONG rtl_bitmap_next(const RTL_BITMAP *bitmap, ULONG from, ULONG end, ULONG flip);
/* One behind the last such bit in [0, end), or 0. end <= SizeOfBitMap. IRQL: any, if resident */
ULONG rtl_bitmap_previous(const RTL_BITMAP *bitmap, ULONG end, ULONG flip);
