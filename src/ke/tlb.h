/* SPDX-License-Identifier: BSD-2-Clause */
/* Translations forgotten on several processors; mm/tlb.c gathers what there is to forget. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Beyond so many pages a processor forgets everything: loading that again costs less than so many single steps. */
#define KE_TLB_ALL_PAGES 32

struct ke_tlb_range {
    uintptr_t address; /* page aligned */
    size_t pages;
};

/*
 * Flush the ranges on every processor in `cpus` (bits; those that are not active have nothing to forget) and return
 * when all have. What is mapped there was unmapped before the call.
 *
 * IRQL:    any, interrupts on or off, from several processors at once. Locks: none of ours may be held, for another
 *          processor that spins for it with interrupts off would never answer.
 */
void ke_tlb_flush(uint64_t cpus, const struct ke_tlb_range *ranges, uint32_t count);
/* On this processor, everything. */
void ke_tlb_forget_all(void);
