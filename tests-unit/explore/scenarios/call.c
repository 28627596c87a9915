/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls on other processors, from several of them at once, alone and gathered, against shoot-downs. */
#include "scenario.h"

#include "ke/tlb.h"

static uint32_t runs[3], inside, together;

static void count_run(void *argument)
{
    UNREFERENCED_PARAMETER(argument);
    explore_check(arch_irql() >= DISPATCH_LEVEL);
    (void)atomic_add(&runs[arch_cpu()->index], 1); /* a call may come in between */
}

/* The argument lives until the call has returned, and not longer. */
static void count_in(void *argument)
{
    (void)atomic_add((uint32_t *)argument, 1);
}

static void call_twice(unsigned index)
{
    uint32_t *count = explore_new(sizeof(*count), "argument of a call");
    (void)index;
    ke_call_processors(UINT64_MAX, count_in, count);
    explore_check(atomic_load_acquire(count) == ke.cpu_count);
    explore_free(count);
    ke_call_processors(~(uint64_t)0 << 1, count_run, NULL);
}

static void two_called(void)
{
    explore_check(runs[0] == 0 && runs[1] == 2);
}

static void three_called(void)
{
    explore_check(runs[0] == 0 && runs[1] == 3 && runs[2] == 3);
}

SCENARIO(call_of_two_at_once, .what = "two processors call each other twice, and both calls return",
         .actors = { call_twice, call_twice }, .check = two_called, .model = EXPLORE_SC,
         .bound = 3);

SCENARIO(call_of_three_at_once, .what = "three processors call all twice, and all calls return",
         .actors = { call_twice, call_twice, call_twice }, .check = three_called,
         .model = EXPLORE_SC, .bound = 2);

/* --- Together ------------------------------------------------------------------------------------------------- */

/* All are in it at one time: nobody leaves before the last one has come. */
static ULONG_PTR meet(ULONG_PTR argument)
{
    explore_check(arch_irql() == IPI_LEVEL);
    uint32_t *arrived = (uint32_t *)argument;
    (void)atomic_add(arrived, 1);
    while (atomic_load_acquire(arrived) != ke.cpu_count)
        arch_cpu_pause();
    (void)atomic_add(&inside, 1);
    return arch_cpu()->index + 1;
}

static void call_together(unsigned index)
{
    uint32_t *arrived = explore_new(sizeof(*arrived), "argument of a generic call");
    explore_check(KeIpiGenericCall(meet, (ULONG_PTR)arrived) == index + 1);
    explore_free(arrived);
    (void)atomic_add(&together, 1);
}

static void call_and_call_together(unsigned index)
{
    ke_call_processors(UINT64_MAX, count_run, NULL);
    call_together(index);
}

static void shoot_without_interrupts(unsigned index)
{
    static const struct ke_tlb_range page = { 0x1000, 1 };
    (void)index;
    bool interrupts = arch_interrupts_disable();
    ke_tlb_flush(UINT64_MAX, &page, 1);
    arch_interrupts_restore(interrupts);
    ke_call_processors(UINT64_MAX, count_run, NULL);
}

static void all_met(void)
{
    explore_check(inside == together * ke.cpu_count && ke.calling_together == 0);
}

SCENARIO(call_generic_of_two_at_once, .what = "two generic calls at once both gather everybody",
         .actors = { call_and_call_together, call_and_call_together }, .check = all_met,
         .model = EXPLORE_SC, .bound = 2);

SCENARIO(call_generic_against_a_shoot_down,
         .what = "generic calls, and shoot-downs with interrupts off, of three processors end",
         .actors = { call_together, call_and_call_together, shoot_without_interrupts },
         .check = all_met, .model = EXPLORE_SC, .bound = 2);
