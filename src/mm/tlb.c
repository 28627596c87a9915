/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gathering what is unmapped. A frame or an address that is used again while some processor still knows the old
 * translation is written through by whoever still uses that one; so both wait in the gather until every processor that
 * may know it has answered, which costs one interrupt for each, however many pages there are.
 *
 * The frames to free are linked through their entries of the database, which belong to whoever holds the frame: there
 * is no limit to them, and nothing to allocate on the way to giving memory back.
 *
 * Lazy processors. Shooting marks them stale and then looks whether they still are lazy; resuming ends the laziness and
 * then looks for the mark. All four steps are in one order, so one of the two sees the other. A page table is another
 * matter: the processor may read it on its own account while nothing runs that uses it.
 */
#include "mm/tlb.h"

#include "ke/ke.h"
#include "mm/kasan.h"
#include "mm/mm_impl.h"

KASAN_LEAVES_OUT

static uint64_t this_processor(void)
{
    CHECK(!arch_interrupts_enabled());
    return (uint64_t)1 << arch_cpu()->index;
}

void mm_tlb_enter(struct mm_tlb_space *space)
{
    (void)atomic_or(&space->active, this_processor());
}

void mm_tlb_leave(struct mm_tlb_space *space)
{
    uint64_t here = this_processor();
    (void)atomic_and(&space->active, ~here);
    (void)atomic_and(&space->lazy, ~here);
    (void)atomic_and(&space->stale, ~here);
}

void mm_tlb_idle(struct mm_tlb_space *space)
{
    (void)atomic_or(&space->lazy, this_processor());
}

void mm_tlb_resume(struct mm_tlb_space *space)
{
    uint64_t here = this_processor();
    (void)atomic_and(&space->lazy, ~here);
    if (atomic_and(&space->stale, ~here) & here)
        ke_tlb_forget_all();
}

/* Processors that must be interrupted. */
static uint64_t targets(const struct mm_tlb *tlb)
{
    struct mm_tlb_space *space = tlb->space;
    if (space == NULL)
        return UINT64_MAX;
    uint64_t active = atomic_load_acquire(&space->active);
    uint64_t lazy = atomic_load_acquire(&space->lazy) & active;
    if (lazy == 0 || tlb->tables)
        return active;
    (void)atomic_or(&space->stale, lazy);
    return active & ~(lazy & atomic_or(&space->lazy, 0));
}

void mm_tlb_begin(struct mm_tlb *tlb, struct mm_tlb_space *space)
{
    tlb->space = space;
    tlb->tables = false;
    tlb->count = 0;
    tlb->first_frame = MM_NO_FRAME;
}

void mm_tlb_forget(struct mm_tlb *tlb, uintptr_t address, size_t pages)
{
    struct ke_tlb_range *last = tlb->count > 0 ? &tlb->ranges[tlb->count - 1] : NULL;
    if (last != NULL && last->pages == SIZE_MAX)
        return;
    if (last != NULL && last->address + (last->pages << ARCH_PAGE_SHIFT) == address) {
        last->pages += pages;
    } else if (tlb->count < MM_TLB_RANGES) {
        tlb->ranges[tlb->count++] = (struct ke_tlb_range){ address, pages };
    } else {
        tlb->ranges[0] = (struct ke_tlb_range){ 0, SIZE_MAX };
        tlb->count = 1;
    }
}

void mm_tlb_free_frame(struct mm_tlb *tlb, uint64_t pfn)
{
    struct mm_frame *frame = mm_frame_of(pfn);
    CHECK(frame != NULL && !mm_frame_is_free(frame));
    frame->next = tlb->first_frame;
    tlb->first_frame = (uint32_t)(frame - mm.frames.database);
}

void mm_tlb_free_table(struct mm_tlb *tlb, uint64_t pfn)
{
    tlb->tables = true;
    mm_tlb_free_frame(tlb, pfn);
}

uint64_t mm_tlb_unmap(struct mm_tlb *tlb, uintptr_t address)
{
    uint64_t pfn = arch_mmu_unmap(address);
    if (pfn != ARCH_NO_PFN) {
        kasan_mapped(address, ARCH_NO_PFN);
        mm_tlb_forget(tlb, address, 1);
    }
    return pfn;
}

void mm_tlb_finish(struct mm_tlb *tlb)
{
    if (tlb->count != 0)
        ke_tlb_flush(targets(tlb), tlb->ranges, tlb->count);
    for (uint32_t next, index = tlb->first_frame; index != MM_NO_FRAME; index = next) {
        next = mm.frames.database[index].next;
        mm_pfn_free(mm.frames.first_pfn + index);
    }
    mm_tlb_begin(tlb, tlb->space);
}

KASAN_LEFT_OUT
