/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shoot-downs against the use of frames. A processor's TLB is one word here: the frame that it knows for the page. Whoever
 * unmaps the page frees its frame as soon as the shoot-down has returned; a use through a stale word is a use after free.
 */
#include "mm/tlb.h"
#include "mm/mm_impl.h"
#include "scenario.h"

#define PAGE 0x1000

struct frame {
    uint64_t content;
};

static struct frame *entry;    /* [a] the page table's entry */
static struct frame *known[3]; /* by the processor itself */
static bool walked[3];   /* by the processor itself: it has read the entry since the last flush */
static uint32_t flushes; /* [a] */
static struct mm_tlb_space space;

static void forget(uintptr_t address, size_t pages)
{
    (void)pages;
    explore_check(pages == SIZE_MAX || address == PAGE);
    known[arch_cpu()->index] = NULL;
    walked[arch_cpu()->index] = false;
    (void)atomic_add(&flushes, 1);
}

static void map_page(void)
{
    scenario_tlb_flush = forget;
    entry = explore_new(sizeof(*entry), "frame");
}

/* One access of the processor: nothing comes between its translation and its use. */
static void touch_page(void)
{
    bool interrupts = arch_interrupts_disable();
    unsigned cpu = arch_cpu()->index;
    if (!walked[cpu]) {
        known[cpu] = atomic_load_acquire(&entry);
        walked[cpu] = true;
    }
    if (known[cpu] != NULL)
        (void)atomic_add(&known[cpu]->content, 1);
    arch_interrupts_restore(interrupts);
}

static void unmap_page(uint64_t cpus)
{
    static const struct ke_tlb_range page = { PAGE, 1 };
    struct frame *frame = atomic_exchange(&entry, NULL);
    ke_tlb_flush(cpus, &page, 1);
    if (frame != NULL)
        explore_free(frame);
}

static void use_twice(unsigned index)
{
    (void)index;
    touch_page();
    touch_page();
}

/* Interrupts stay off around it, too: it answers others while it waits. */
static void use_and_unmap(unsigned index)
{
    (void)index;
    touch_page();
    bool interrupts = arch_interrupts_disable();
    unmap_page(UINT64_MAX);
    arch_interrupts_restore(interrupts);
}

static void use_and_remap(unsigned index)
{
    (void)index;
    unmap_page(UINT64_MAX);
    struct frame *mine = explore_new(sizeof(*mine), "frame, again");
    atomic_store_release(&entry, mine);
    touch_page();
}

static void nothing_is_pending(void)
{
    for (uint32_t i = 0; i < ke.cpu_count; i++)
        explore_check(ke.cpu[i]->tlb_requests == NULL);
    explore_check(flushes >= 1);
}

SCENARIO(tlb_frame_is_not_used_when_it_is_free,
         .what = "two processors use a page that a third one unmaps, frees and maps again",
         .actors = { use_twice, use_twice, use_and_remap }, .set_up = map_page,
         .check = nothing_is_pending, .model = EXPLORE_SC, .bound = 2);

SCENARIO(tlb_shooters_at_each_other_end,
         .what = "two processors with interrupts off and a third with them on shoot at each other",
         .actors = { use_and_unmap, use_and_unmap, use_and_remap }, .set_up = map_page,
         .check = nothing_is_pending, .model = EXPLORE_SC, .bound = 2);

SCENARIO(tlb_two_shooters_end, .what = "two processors with interrupts off shoot at each other",
         .actors = { use_and_unmap, use_and_unmap }, .set_up = map_page,
         .check = nothing_is_pending, .model = EXPLORE_TSO, .bound = 3);

/* --- Lazy processors --------------------------------------------------------------------------------------------- */

/* What mm/tlb.c wants of the rest of mm, which these scenarios do not free through. */
struct mm_state mm;

struct mm_frame *mm_frame_of(uint64_t pfn)
{
    explore_fail("no frame %#zx", (size_t)pfn);
}

void mm_pfn_free(uint64_t pfn)
{
    explore_fail("no frame %#zx", (size_t)pfn);
}

uint64_t arch_mmu_unmap(uintptr_t address)
{
    explore_fail("no mapping at %#zx", (size_t)address);
}

static void with_interrupts_off(void (*what)(struct mm_tlb_space *))
{
    bool interrupts = arch_interrupts_disable();
    what(&space);
    arch_interrupts_restore(interrupts);
}

static void map_in_space(void)
{
    map_page();
    space.active = 3;
}

/* It knows the page, idles, and comes back. */
static void idle_in_between(unsigned index)
{
    (void)index;
    touch_page();
    with_interrupts_off(mm_tlb_idle);
    with_interrupts_off(mm_tlb_resume);
    touch_page();
}

/* It leaves the space, forgetting all, and enters it again. */
static void leave_in_between(unsigned index)
{
    (void)index;
    touch_page();
    bool interrupts = arch_interrupts_disable();
    ke_tlb_forget_all();
    mm_tlb_leave(&space);
    mm_tlb_enter(&space);
    arch_interrupts_restore(interrupts);
    touch_page();
}

static void gather_and_free(unsigned index)
{
    struct mm_tlb tlb;
    (void)index;
    mm_tlb_begin(&tlb, &space);
    struct frame *frame = atomic_exchange(&entry, NULL);
    mm_tlb_forget(&tlb, PAGE, 1);
    mm_tlb_finish(&tlb);
    if (frame != NULL)
        explore_free(frame);
}

static void map_in_first(void)
{
    map_page();
    space.active = 1;
}

static void first_is_consistent(void)
{
    explore_check(space.active == 1 && space.lazy == 0);
}

static void space_is_consistent(void)
{
    explore_check(space.active == 3 && space.lazy == 0);
}

SCENARIO(
    tlb_lazy_processor_catches_up,
    .what = "a processor that idles on a space is not interrupted, and forgets before it goes on",
    .actors = { idle_in_between, leave_in_between, gather_and_free }, .set_up = map_in_space,
    .check = space_is_consistent, .model = EXPLORE_SC, .bound = 2);

SCENARIO(tlb_lazy_processor_catches_up_in_tso,
         .what = "the same of one processor and one shooter, with store buffers",
         .actors = { idle_in_between, gather_and_free }, .set_up = map_in_first,
         .check = first_is_consistent, .bound = 3);
