/* SPDX-License-Identifier: BSD-2-Clause */
/* Unmapping: what processors must forget is gathered, and forgotten everywhere at once. Private to mm/. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ke/tlb.h"

#define MM_TLB_RANGES 8 /* that do not touch; one more, and everything is forgotten */

/*
 * Which processors may know translations of an address space. A processor that idles keeps the space that it ran last
 * and is `lazy`: it touches none of its addresses, is not interrupted for it, and catches up when it resumes.
 */
struct mm_tlb_space {
    uint64_t active; /* [a] bit n: processor n has it loaded */
    uint64_t lazy;   /* [a] of these */
    uint64_t stale;  /* [a] of these: something was unmapped meanwhile */
};

/* This processor loads the space (call it before that), or has loaded another one and forgotten this. Interrupts off. */
void mm_tlb_enter(struct mm_tlb_space *space);
void mm_tlb_leave(struct mm_tlb_space *space);
/* This processor idles on the space; it will use it again. Interrupts off. */
void mm_tlb_idle(struct mm_tlb_space *space);
void mm_tlb_resume(struct mm_tlb_space *space);

struct mm_tlb {
    struct mm_tlb_space *space; /* NULL: the kernel's, which all processors know */
    bool tables;                /* a page table goes: lazy processors must forget, too */
    uint32_t count;
    uint32_t first_frame; /* to be freed: linked by the database's entries */
    struct ke_tlb_range ranges[MM_TLB_RANGES];
};

void mm_tlb_begin(struct mm_tlb *tlb, struct mm_tlb_space *space);
/* What was mapped at these pages, and is not any more, must be forgotten. */
void mm_tlb_forget(struct mm_tlb *tlb, uintptr_t address, size_t pages);
/* Free the frame when it has been: nobody else touches it until then. */
void mm_tlb_free_frame(struct mm_tlb *tlb, uint64_t pfn);
/* The same for a page table of the space: even a processor that uses no address of it may read the table. */
void mm_tlb_free_table(struct mm_tlb *tlb, uint64_t pfn);
/* Unmap a page of kernel space; returns its frame, or ARCH_NO_PFN if nothing was mapped. */
uint64_t mm_tlb_unmap(struct mm_tlb *tlb, uintptr_t address);
/* Returns when no processor knows any of it; then the addresses may be used again. As ke_tlb_flush. */
void mm_tlb_finish(struct mm_tlb *tlb);
