/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of tlb.c: who is interrupted, how often, and that nobody waits for ever. What is forgotten, mm/tlb_test.c shows. */
#include <nt/ke_object_ddi.h>

#include "ke/ke_test.h"
#include "ke/tlb.h"

/* Addresses at which nothing was ever mapped: forgetting them is harmless. */
static struct ke_tlb_range pages(size_t count)
{
    return (struct ke_tlb_range){ arch_boot()->kernel_space, count };
}

static uint64_t counted(size_t offset)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < ke.cpu_count; i++)
        sum += atomic_load_relaxed((uint64_t *)((char *)&ke.cpu[i]->counters + offset));
    return sum;
}

#define COUNTED(counter) counted(offsetof(struct ke_counters, counter))

TEST(ke_tlb, a_flush_interrupts_each_chosen_processor_once)
{
    struct ke_tlb_range range = pages(3);
    test_settle();
    KIRQL old = KeRaiseIrqlToDpcLevel();
    uint64_t sent = COUNTED(tlb_ipis), forgotten = COUNTED(tlb_pages);
    ke_tlb_flush(UINT64_MAX, &range, 1);
    uint64_t ipis = COUNTED(tlb_ipis) - sent, forgot = COUNTED(tlb_pages) - forgotten;
    KeLowerIrql(old);
    EXPECT_EQ(ipis, ke.cpu_count - 1);
    EXPECT_EQ(forgot, (uint64_t)3 * ke.cpu_count);
}

TEST(ke_tlb, only_the_chosen_processors_forget)
{
    struct ke_tlb_range range = pages(1);
    test_settle();
    for (uint32_t i = 0; i < ke.cpu_count; i++) {
        KIRQL old = KeRaiseIrqlToDpcLevel();
        uint64_t sent = COUNTED(tlb_ipis), all = COUNTED(tlb_pages);
        uint64_t there = atomic_load_relaxed(&ke.cpu[i]->counters.tlb_pages);
        bool other = arch_cpu()->index != i;
        ke_tlb_flush((uint64_t)1 << i, &range, 1);
        uint64_t ipis = COUNTED(tlb_ipis) - sent, forgot = COUNTED(tlb_pages) - all;
        there = atomic_load_relaxed(&ke.cpu[i]->counters.tlb_pages) - there;
        KeLowerIrql(old);
        EXPECT_EQ(ipis, other);
        EXPECT_EQ(forgot, 1);
        EXPECT_EQ(there, 1);
    }
}

TEST(ke_tlb, many_pages_are_forgotten_by_forgetting_everything)
{
    struct ke_tlb_range ranges[2] = { pages(KE_TLB_ALL_PAGES), pages(1) };
    test_settle();
    KIRQL old = KeRaiseIrqlToDpcLevel();
    uint64_t single = COUNTED(tlb_pages), all = COUNTED(tlb_flushes_of_all);
    ke_tlb_flush(UINT64_MAX, ranges, 1);
    uint64_t singles = COUNTED(tlb_pages) - single, alls = COUNTED(tlb_flushes_of_all) - all;
    ke_tlb_flush(UINT64_MAX, ranges, 2);
    uint64_t more_alls = COUNTED(tlb_flushes_of_all) - all;
    KeLowerIrql(old);
    EXPECT_EQ(singles, (uint64_t)KE_TLB_ALL_PAGES * ke.cpu_count);
    EXPECT_EQ(alls, 0);
    EXPECT_EQ(more_alls, ke.cpu_count);
}

static bool others_idle(void)
{
    uint64_t others = atomic_load_acquire(&ke.active) & ~((uint64_t)1 << arch_cpu()->index);
    return (atomic_load_acquire(&ke.idle) & others) == others;
}

TEST(ke_tlb, processors_that_halt_without_a_clock_forget_too)
{
    struct ke_tlb_range range = pages(1);
    bool idle = false;
    KIRQL old = PASSIVE_LEVEL;
    test_settle();
    for (uint32_t i = 0; i < TEST_HANG_MS && !idle; i++) {
        test_sleep(1);
        old = KeRaiseIrqlToDpcLevel();
        idle = others_idle();
        if (!idle)
            KeLowerIrql(old);
    }
    REQUIRE(idle);
    uint64_t forgotten = COUNTED(tlb_pages);
    ke_tlb_flush(UINT64_MAX, &range, 1);
    forgotten = COUNTED(tlb_pages) - forgotten;
    KeLowerIrql(old);
    EXPECT_EQ(forgotten, ke.cpu_count);
}

static uint32_t ended; /* [a] */

static void shoot(void *argument)
{
    struct ke_tlb_range range = pages(2);
    for (uint32_t i = 0; i < 50; i++) {
        bool interrupts = (uintptr_t)argument % 2 == 0 ? arch_interrupts_disable() : false;
        ke_tlb_flush(UINT64_MAX, &range, 1);
        arch_interrupts_restore(interrupts);
    }
    (void)atomic_add(&ended, 1);
}

static void shoot_with_interrupts_off(void *argument)
{
    (void)argument;
    shoot((void *)0);
}

TEST(ke_tlb, all_processors_shoot_at_each_other_with_interrupts_off)
{
    uint32_t count = ke.cpu_count < 8 ? ke.cpu_count : 8;
    ended = 0;
    test_run_threads(run, count, shoot_with_interrupts_off);
    EXPECT_EQ(ended, count);
}

static void nothing(void *argument)
{
    (void)argument;
}

static ULONG_PTR give_back(ULONG_PTR argument)
{
    return argument;
}

static void shoot_call_or_gather(void *argument)
{
    uintptr_t kind = (uintptr_t)argument % 3;
    if (kind != 0)
        shoot((void *)(kind - 1));
    for (uint32_t i = 0; kind == 0 && i < 20; i++) {
        ke_call_processors(UINT64_MAX, nothing, NULL);
        (void)KeIpiGenericCall(give_back, i); /* what it returns does not matter here */
    }
    if (kind == 0)
        (void)atomic_add(&ended, 1);
}

TEST(ke_tlb, shoot_downs_calls_and_generic_calls_do_not_wait_for_each_other_for_ever)
{
    ended = 0;
    test_run_threads(run, 8, shoot_call_or_gather);
    EXPECT_EQ(ended, 8);
}

static uint32_t deaf; /* [a] 1: the first processor takes no interrupts */

struct deafness {
    uint64_t before; /* shoot-downs */
    uint32_t wanted;
};

static void be_deaf(void *argument)
{
    const struct deafness *deafness = argument;
    bool interrupts = arch_interrupts_disable();
    uint64_t end = arch_counter() + 20 * arch_boot()->counter_hz;
    atomic_store_release(&deaf, 1);
    while (COUNTED(tlb_shoot_downs) - deafness->before < deafness->wanted && arch_counter() < end)
        arch_cpu_pause();
    arch_interrupts_restore(interrupts);
}

static uint32_t ipis_to_the_first; /* [a] */

static void shoot_at_the_first(void *argument)
{
    struct ke_tlb_range range = pages(1);
    (void)argument;
    if (!test_reaches(&deaf, 1))
        return;
    KIRQL old = KeRaiseIrqlToDpcLevel();
    uint64_t sent = arch_cpu()->counters.tlb_ipis;
    ke_tlb_flush(1, &range, 1);
    (void)atomic_add(&ipis_to_the_first, (uint32_t)(arch_cpu()->counters.tlb_ipis - sent));
    KeLowerIrql(old);
}

TEST(ke_tlb, who_shoots_while_an_interrupt_is_under_way_shares_it)
{
    struct ke_thread *shooters[TEST_MAX_THREADS];
    uint32_t count = ke.cpu_count <= TEST_MAX_THREADS ? ke.cpu_count : TEST_MAX_THREADS;
    if (count < 2)
        return; /* nobody to shoot */
    test_settle();
    deaf = ipis_to_the_first = 0;
    for (uint32_t i = 1; i < count; i++)
        shooters[i] = test_thread(run, shoot_at_the_first, NULL, 0, (uint64_t)1 << i);
    struct deafness deafness = { COUNTED(tlb_shoot_downs), count - 1 };
    struct ke_thread *target = test_thread(run, be_deaf, &deafness, 20, 1);
    for (uint32_t i = 1; i < count; i++)
        test_join(run, shooters[i]);
    test_join(run, target);
    EXPECT_EQ(ipis_to_the_first, 1);
}
