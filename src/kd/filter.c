/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Filters of debug output: a mask of levels for each component, and one for the whole system. A message is shown if the
 * bits of its level meet either. A level up to 31 is one bit; a greater one is a set of bits itself, which
 * DPFLTR_MASK makes of a small one. Source: WDK "Reading and Filtering Debugging Messages".
 */
#include "kd/filter.h"

#include <nt/ntstatus.h>
#include <nt/rtl_ddi.h>

#include "base/atomic.h"

#define COMPONENTS 256u /* dpfilter.h names fewer, and more with each release */

static uint32_t system_mask = 1u << DPFLTR_ERROR_LEVEL; /* [a] */
static uint32_t component_masks[COMPONENTS];            /* [a] */

void kd_filter_set_mask(uint32_t mask)
{
    atomic_store_relaxed(&system_mask, mask);
}

static uint32_t bits_of(ULONG level)
{
    return level < 32 ? 1u << level : level;
}

/*
 * Is output of this component and level shown?
 *
 * IRQL:    any
 * Returns: TRUE or FALSE as an NTSTATUS, STATUS_INVALID_PARAMETER_1 for a component that cannot be
 * Source:  WDK "DbgPrintEx function (wdm.h)", "Reading and Filtering Debugging Messages"
 */
NTSTATUS DbgQueryDebugFilterState(ULONG component, ULONG level)
{
    if (component >= COMPONENTS)
        return STATUS_INVALID_PARAMETER_1;
    uint32_t mask =
        atomic_load_relaxed(&system_mask) | atomic_load_relaxed(&component_masks[component]);
    return (bits_of(level) & mask) != 0 ? TRUE : FALSE;
}

/*
 * Show or hide output of this component and level. What the system's mask shows stays shown.
 *
 * IRQL:    any
 * Returns: STATUS_SUCCESS, STATUS_INVALID_PARAMETER_1
 * Source:  WDK "Reading and Filtering Debugging Messages"
 */
NTSTATUS DbgSetDebugFilterState(ULONG component, ULONG level, BOOLEAN state)
{
    if (component >= COMPONENTS)
        return STATUS_INVALID_PARAMETER_1;
    if (state)
        (void)atomic_or(&component_masks[component], bits_of(level));
    else
        (void)atomic_and(&component_masks[component], ~bits_of(level));
    return STATUS_SUCCESS;
}
