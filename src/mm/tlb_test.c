/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of tlb.c: nothing is used again before all have forgotten it, and one interrupt does for many pages. */
#include "mm/tlb.h"

#include "base/selftest.h"
#include "ke/ke_test.h"
#include "mm/mm_impl.h"

#define POISON 0x0badf00du

static uint64_t ipis_of_shoot_downs(void)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < ke.cpu_count; i++)
        sum += atomic_load_relaxed(&ke.cpu[i]->counters.tlb_ipis);
    return sum;
}

TEST(mm_tlb, a_hundred_pages_are_one_interrupt_for_each_other_processor)
{
    void *stack = mm_stack_allocate(100);
    REQUIRE(stack != NULL);
    test_settle();
    KIRQL old = KeRaiseIrqlToDpcLevel();
    uint64_t before = ipis_of_shoot_downs();
    mm_stack_free(stack, 100);
    uint64_t ipis = ipis_of_shoot_downs() - before;
    KeLowerIrql(old);
    EXPECT_EQ(ipis, ke.cpu_count - 1);
}

TEST(mm_tlb, pages_that_touch_are_one_range_and_too_many_ranges_are_everything)
{
    struct mm_tlb tlb;
    uintptr_t base = arch_boot()->kernel_space;
    mm_tlb_begin(&tlb, NULL);
    for (uintptr_t i = 0; i < 50; i++)
        mm_tlb_forget(&tlb, base + i * ARCH_PAGE_BYTES, 1);
    EXPECT_EQ(tlb.count, 1);
    EXPECT_EQ(tlb.ranges[0].pages, 50);
    for (uintptr_t i = 1; i < MM_TLB_RANGES; i++)
        mm_tlb_forget(&tlb, base + i * 100 * ARCH_PAGE_BYTES, 1);
    EXPECT_EQ(tlb.count, MM_TLB_RANGES);
    EXPECT_EQ(tlb.ranges[MM_TLB_RANGES - 1].address,
              base + (MM_TLB_RANGES - 1) * 100 * ARCH_PAGE_BYTES);
    mm_tlb_forget(&tlb, base + 5000 * ARCH_PAGE_BYTES, 1);
    EXPECT_EQ(tlb.ranges[0].pages, SIZE_MAX);
    mm_tlb_forget(&tlb, base + 6000 * ARCH_PAGE_BYTES, 1);
    EXPECT_EQ(tlb.count, 1);
    mm_tlb_finish(&tlb);
    EXPECT_EQ(tlb.count, 0);
}

/* --- Writers through an old mapping --- */

#define WRITERS   4
#define EXCHANGES 30

static struct {
    volatile uint32_t *page;
    uint32_t open;           /* [a] writers may write */
    uint32_t writing;        /* [a] how many do */
    uint32_t stop;           /* [a] */
    uint32_t wrote[WRITERS]; /* [a] since the page was exchanged */
} shared;

static void write_all_the_time(void *argument)
{
    uintptr_t me = (uintptr_t)argument;
    while (!atomic_load_acquire(&shared.stop)) {
        (void)atomic_add(&shared.writing, 1);
        if (atomic_load_acquire(&shared.open)) {
            shared.page[me] = (uint32_t)me + 1;
            (void)atomic_add(&shared.wrote[me], 1);
        }
        (void)atomic_sub(&shared.writing, 1);
        if (atomic_load_relaxed(&shared.wrote[me]) > 2)
            ke_thread_yield();
        arch_cpu_pause();
    }
}

static void close_page(void)
{
    atomic_store_release(&shared.open, 0);
    atomic_fence();
    while (atomic_load_acquire(&shared.writing) != 0)
        ke_thread_yield();
}

static bool let_all_write(void)
{
    bool all = true;
    for (uint32_t i = 0; i < WRITERS; i++)
        atomic_store_release(&shared.wrote[i], 0);
    atomic_store_release(&shared.open, 1);
    for (uint32_t i = 0; i < WRITERS; i++)
        all = test_reaches(&shared.wrote[i], 1) && all;
    close_page();
    return all;
}

/* Where the page was, another frame is mapped; the old one, which others might own by now, stays as it is. */
static void exchange(struct selftest_run *run, uint64_t *pfn, uint64_t *spare)
{
    struct mm_tlb tlb;
    uint32_t *old = arch_physical_to_virtual(*pfn << ARCH_PAGE_SHIFT);
    mm_tlb_begin(&tlb, NULL);
    REQUIRE(mm_tlb_unmap(&tlb, (uintptr_t)shared.page) == *pfn);
    mm_tlb_finish(&tlb);
    for (uint32_t i = 0; i < WRITERS; i++)
        *(volatile uint32_t *)&old[i] = POISON;
    REQUIRE(NT_SUCCESS(arch_mmu_map((uintptr_t)shared.page, *spare, ARCH_WRITE)));
    EXPECT(let_all_write());
    for (uint32_t i = 0; i < WRITERS; i++) {
        EXPECT_EQ(*(volatile uint32_t *)&old[i], POISON);
        EXPECT_EQ(shared.page[i], i + 1);
    }
    uint64_t free = *pfn;
    *pfn = *spare;
    *spare = free;
}

TEST(mm_tlb, nobody_writes_through_an_old_mapping)
{
    struct ke_thread *writers[WRITERS];
    uint64_t pfn, spare = mm_pfn_allocate();
    REQUIRE(spare != ARCH_NO_PFN);
    __builtin_memset(&shared, 0, sizeof(shared));
    shared.page = mm_stack_allocate(1);
    REQUIRE(shared.page != NULL && arch_mmu_query((uintptr_t)shared.page, &pfn, NULL));
    for (uintptr_t i = 0; i < WRITERS; i++)
        writers[i] = test_thread(run, write_all_the_time, (void *)i, 0,
                                 (uint64_t)1 << ((i + 1) % ke.cpu_count));
    EXPECT(let_all_write());
    for (uint32_t i = 0; i < EXCHANGES; i++)
        exchange(run, &pfn, &spare);
    atomic_store_release(&shared.stop, 1);
    for (uint32_t i = 0; i < WRITERS; i++)
        test_join(run, writers[i]);
    mm_stack_free((void *)shared.page, 1);
    mm_pfn_free(spare);
}

/* --- Readers while it is unmapped --- */

static uint32_t seen_live, seen_poison; /* [a] */

static void read_all_the_time(void *argument)
{
    (void)argument;
    while (!atomic_load_acquire(&shared.stop)) {
        uint64_t value;
        bool mapped = arch_load_guarded((const void *)shared.page, &value);
        if (mapped && (uint32_t)value == POISON)
            (void)atomic_add(&seen_poison, 1);
        else if (mapped && atomic_load_relaxed(&seen_live) < UINT32_MAX / 2)
            (void)atomic_add(&seen_live, 1);
        ke_thread_yield();
    }
}

static void unmap_poison_and_map(struct selftest_run *run, uint64_t pfn)
{
    struct mm_tlb tlb;
    volatile uint64_t *direct = arch_physical_to_virtual(pfn << ARCH_PAGE_SHIFT);
    mm_tlb_begin(&tlb, NULL);
    EXPECT_EQ(mm_tlb_unmap(&tlb, (uintptr_t)shared.page), pfn);
    mm_tlb_finish(&tlb);
    *direct = POISON; /* whoever reads this through the page has a stale translation */
    for (uint32_t i = 0; i < 50; i++)
        ke_thread_yield();
    *direct = 0;
    REQUIRE(NT_SUCCESS(arch_mmu_map((uintptr_t)shared.page, pfn, ARCH_WRITE)));
    uint32_t before = atomic_load_acquire(&seen_live);
    EXPECT(test_reaches(&seen_live, before + WRITERS));
}

TEST(mm_tlb, nobody_reads_through_a_stale_translation)
{
    struct ke_thread *readers[WRITERS];
    uint64_t pfn;
    __builtin_memset(&shared, 0, sizeof(shared));
    seen_live = seen_poison = 0;
    shared.page = mm_stack_allocate(1);
    REQUIRE(shared.page != NULL && arch_mmu_query((uintptr_t)shared.page, &pfn, NULL));
    *(volatile uint64_t *)shared.page = 0;
    for (uintptr_t i = 0; i < WRITERS; i++)
        readers[i] =
            test_thread(run, read_all_the_time, NULL, 0, (uint64_t)1 << ((i + 1) % ke.cpu_count));
    for (uint32_t i = 0; i < EXCHANGES; i++)
        unmap_poison_and_map(run, pfn);
    atomic_store_release(&shared.stop, 1);
    for (uint32_t i = 0; i < WRITERS; i++)
        test_join(run, readers[i]);
    EXPECT_EQ(seen_poison, 0);
    mm_stack_free((void *)shared.page, 1);
}

/* --- Frames wait for the answers --- */

static struct {
    uint32_t deaf, freed; /* [a] */
    uint32_t use_while_deaf;
    uint64_t pfn, shoot_downs;
} wait;

static void keep_the_answer_back(void *argument)
{
    (void)argument;
    bool interrupts = arch_interrupts_disable();
    uint64_t end = arch_counter() + 20 * arch_boot()->counter_hz;
    atomic_store_release(&wait.deaf, 1);
    while (atomic_load_relaxed(&ke.cpu[0]->counters.tlb_shoot_downs) == wait.shoot_downs &&
           arch_counter() < end)
        arch_cpu_pause();
    arch_stall(100);
    wait.use_while_deaf = atomic_load_acquire(&wait.freed)
                              ? MM_FRAME_FREE
                              : *(volatile uint8_t *)&mm_frame_of(wait.pfn)->use;
    arch_interrupts_restore(interrupts);
}

static void unmap_on_the_first(void *argument)
{
    struct selftest_run *run = argument;
    struct mm_tlb tlb;
    uintptr_t page = (uintptr_t)shared.page;
    mm_tlb_begin(&tlb, NULL);
    mm_tlb_free_frame(&tlb, mm_tlb_unmap(&tlb, page));
    wait.shoot_downs = arch_cpu()->counters.tlb_shoot_downs;
    struct ke_thread *thread =
        test_thread(run, keep_the_answer_back, NULL, 20, (uint64_t)1 << (ke.cpu_count - 1));
    EXPECT(test_reaches(&wait.deaf, 1));
    mm_tlb_finish(&tlb);
    atomic_store_release(&wait.freed, 1);
    test_join(run, thread);
}

TEST(mm_tlb, a_frame_is_not_free_while_a_processor_has_not_answered)
{
    if (ke.cpu_count == 1)
        return; /* nobody answers */
    test_settle();
    __builtin_memset(&wait, 0, sizeof(wait));
    shared.page = mm_stack_allocate(1);
    REQUIRE(shared.page != NULL && arch_mmu_query((uintptr_t)shared.page, &wait.pfn, NULL));
    test_join(run, test_thread(run, unmap_on_the_first, run, 0, 1));
    EXPECT_EQ(wait.use_while_deaf, MM_FRAME_USED);
    uint64_t pfn = mm_pfn_allocate();
    REQUIRE(pfn != ARCH_NO_PFN &&
            NT_SUCCESS(arch_mmu_map((uintptr_t)shared.page, pfn, ARCH_WRITE)));
    mm_stack_free((void *)shared.page, 1);
}

/* --- Address spaces --- */

static uint64_t forgot_all_here(void)
{
    return arch_cpu()->counters.tlb_flushes_of_all;
}

/* What shooting at the space costs now; `table`: with a page table of it. */
static uint64_t shoot(struct selftest_run *run, struct mm_tlb_space *space, bool table)
{
    struct mm_tlb tlb;
    KIRQL old = KeRaiseIrqlToDpcLevel();
    mm_tlb_begin(&tlb, space);
    mm_tlb_forget(&tlb, arch_boot()->kernel_space, 1);
    uint64_t pfn = table ? mm_pfn_allocate() : ARCH_NO_PFN;
    EXPECT(!table || pfn != ARCH_NO_PFN);
    if (pfn != ARCH_NO_PFN)
        mm_tlb_free_table(&tlb, pfn);
    uint64_t before = ipis_of_shoot_downs();
    mm_tlb_finish(&tlb);
    uint64_t ipis = ipis_of_shoot_downs() - before;
    KeLowerIrql(old);
    return ipis;
}

struct visit {
    struct mm_tlb_space *space;
    void (*step)(struct mm_tlb_space *space);
    uint64_t forgot_all;
};

static void step_here(void *argument)
{
    struct visit *visit = argument;
    uint64_t before = forgot_all_here();
    visit->step(visit->space);
    visit->forgot_all = forgot_all_here() - before;
}

static uint64_t step_on(uint32_t cpu, struct mm_tlb_space *space,
                        void (*step)(struct mm_tlb_space *space))
{
    struct visit visit = { .space = space, .step = step };
    KIRQL old = KeRaiseIrqlToDpcLevel();
    bool interrupts = false;
    if (arch_cpu()->index == cpu) {
        interrupts = arch_interrupts_disable();
        step_here(&visit);
        arch_interrupts_restore(interrupts);
    } else {
        ke_call_processors((uint64_t)1 << cpu, step_here, &visit);
    }
    KeLowerIrql(old);
    return visit.forgot_all;
}

static void try_a_space(void *argument)
{
    struct selftest_run *run = argument;
    struct mm_tlb_space space = { 0 };
    uint32_t last = ke.cpu_count - 1;
    uint32_t other = last != 0; /* the last processor is another one */
    test_settle();
    EXPECT_EQ(shoot(run, &space, false), 0);
    (void)step_on(last, &space, mm_tlb_enter);
    EXPECT_EQ(shoot(run, &space, false), other);
    (void)step_on(last, &space, mm_tlb_idle);
    EXPECT_EQ(step_on(last, &space, mm_tlb_resume), 0); /* nothing happened meanwhile */
    (void)step_on(last, &space, mm_tlb_idle);
    EXPECT_EQ(shoot(run, &space, false), 0);
    EXPECT_EQ(step_on(last, &space, mm_tlb_resume), 1); /* what it was spared, it does now */
    EXPECT_EQ(shoot(run, &space, false), other);
    (void)step_on(last, &space, mm_tlb_idle);
    EXPECT_EQ(shoot(run, &space, true), other); /* a table spares nobody */
    (void)step_on(last, &space, mm_tlb_leave);
    EXPECT_EQ(shoot(run, &space, true), 0);
    EXPECT_EQ(space.active | space.lazy | space.stale, 0);
}

TEST(mm_tlb, only_processors_that_use_a_space_are_interrupted_for_it)
{
    test_join(run, test_thread(run, try_a_space, run, 0, 1));
}

static struct {
    struct mm_tlb_space space;
    uint32_t begun, done; /* [a] shots */
    uint32_t missed;      /* [a] */
} contended;

/* Interrupts off, not lazy: what this processor has forgotten so far. */
static uint64_t forgotten_here(void)
{
    return atomic_load_relaxed(&arch_cpu()->counters.tlb_pages) + forgot_all_here();
}

static void without_interrupts(void (*step)(struct mm_tlb_space *space))
{
    bool interrupts = arch_interrupts_disable();
    step(&contended.space);
    arch_interrupts_restore(interrupts);
}

/* A shot that began after one look and was over before the next has been noticed in between, lazy or not. */
static void idle_and_resume(void *argument)
{
    (void)argument;
    without_interrupts(mm_tlb_enter);
    while (!atomic_load_acquire(&shared.stop)) {
        uint64_t forgotten = forgotten_here();
        uint32_t begun = atomic_load_acquire(&contended.begun);
        without_interrupts(mm_tlb_idle);
        ke_thread_yield();
        without_interrupts(mm_tlb_resume);
        if (atomic_load_acquire(&contended.done) > begun && forgotten_here() == forgotten)
            (void)atomic_add(&contended.missed, 1);
    }
    without_interrupts(mm_tlb_leave);
}

static void shoot_all_the_time(void *argument)
{
    struct mm_tlb tlb;
    (void)argument;
    for (uint32_t i = 1; i <= 200; i++) {
        atomic_store_release(&contended.begun, i);
        mm_tlb_begin(&tlb, &contended.space);
        mm_tlb_forget(&tlb, arch_boot()->kernel_space, 1);
        mm_tlb_finish(&tlb);
        atomic_store_release(&contended.done, i);
        ke_thread_yield();
    }
}

TEST(mm_tlb, a_lazy_processor_misses_nothing)
{
    struct ke_thread *lazy[WRITERS];
    __builtin_memset(&contended, 0, sizeof(contended));
    shared.stop = 0;
    for (uint32_t i = 0; i < WRITERS && i < ke.cpu_count; i++)
        lazy[i] = test_thread(run, idle_and_resume, NULL, 0, (uint64_t)1 << i);
    test_join(run, test_thread(run, shoot_all_the_time, NULL, 0, 1));
    atomic_store_release(&shared.stop, 1);
    for (uint32_t i = 0; i < WRITERS && i < ke.cpu_count; i++)
        test_join(run, lazy[i]);
    EXPECT_EQ(contended.missed, 0);
    EXPECT_EQ(contended.space.active | contended.space.lazy | contended.space.stale, 0);
}
