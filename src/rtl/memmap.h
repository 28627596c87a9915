/* SPDX-License-Identifier: BSD-2-Clause */
/* The firmware's memory map made fit to use: pure code, fuzzed on the host. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arch.h"

/*
 * Sort and untangle `count` ranges as firmware gave them (any order, overlapping, empty, wrapping around, not
 * page aligned) into at most `capacity` ranges, sorted, disjoint, page aligned, neighbours of one kind merged.
 * Where ranges overlap the stricter kind wins (RESERVED > RECLAIMABLE > BOOT > FREE); a page that is only partly
 * free is not free.
 *
 * Returns: STATUS_SUCCESS and *out_count; STATUS_BUFFER_TOO_SMALL if `capacity` does not do (at most
 *          2 * count + 1 ranges come out)
 */
MUST_CHECK NTSTATUS rtl_memmap_normalise(const struct arch_memory_range *in, size_t count,
                                         struct arch_memory_range *out, size_t capacity,
                                         size_t *out_count);

/* Bytes of `kind` in a normalised map. */
uint64_t rtl_memmap_bytes(const struct arch_memory_range *map, size_t count,
                          enum arch_memory_kind kind);
