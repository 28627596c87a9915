/* SPDX-License-Identifier: BSD-2-Clause */
/* Mutants: one owner at a time, who may take it again; what a thread leaves behind goes to the next with a word of it. */
#include <nt/ke_object_ddi.h>

#include "ke/ke_impl.h"
#include "scenario.h"

static KMUTANT *mutant;
static uint32_t users, guarded, abandoned;

static void make_mutant(void)
{
    mutant = explore_new(sizeof(*mutant), "mutant");
    ke_mutant_init(mutant, false, false);
}

static void make_for_2(void)
{
    make_mutant();
    users = 2;
}

static void make_for_3(void)
{
    make_mutant();
    users = 3;
}

static NTSTATUS take(void)
{
    return KeWaitForSingleObject(mutant, Executive, KernelMode, FALSE, NULL);
}

static void release(void)
{
    LONG old;
    explore_check(ke_mutant_release(mutant, &old) == STATUS_SUCCESS);
}

static void leave(void)
{
    if (atomic_sub(&users, 1) == 1)
        explore_free(mutant);
}

/* `guarded` is a plain word: two owners are a data race. */
static void own_once(unsigned index)
{
    (void)index;
    explore_check(take() == STATUS_SUCCESS);
    guarded++;
    release();
    leave();
}

static void own_twice(unsigned index)
{
    (void)index;
    explore_check(take() == STATUS_SUCCESS);
    explore_check(take() == STATUS_SUCCESS);
    guarded++;
    release();
    guarded++; /* still owned */
    release();
    leave();
}

static void four_increments(void)
{
    explore_check(guarded == 4);
}

SCENARIO(mutant_excludes, .what = "three threads on two processors own it, one of them twice over",
         .threads = { own_once, own_once, own_twice }, .processors = 2, .set_up = make_for_3,
         .check = four_increments, .bound = 2, .budget = 10000);

static void own_and_own_again(unsigned index)
{
    (void)index;
    for (unsigned i = 0; i < 2; i++) {
        explore_check(take() == STATUS_SUCCESS);
        guarded++;
        release();
    }
    leave();
}

SCENARIO(mutant_changes_hands, .what = "two threads own it twice each",
         .threads = { own_and_own_again, own_and_own_again }, .set_up = make_for_2,
         .check = four_increments, .bound = 2, .budget = 10000);

/* It ends as its owner. */
static void die_owning(unsigned index)
{
    (void)index;
    NTSTATUS status = take();
    explore_check(status == STATUS_SUCCESS || status == STATUS_ABANDONED_WAIT_0);
    guarded++;
    ke_mutant_abandon_all(arch_thread());
    leave();
}

static void hear_of_death(unsigned index)
{
    (void)index;
    NTSTATUS status = take();
    explore_check(status == STATUS_SUCCESS || status == STATUS_ABANDONED_WAIT_0);
    guarded += 2;
    explore_check(!mutant->Abandoned);
    abandoned += status == STATUS_ABANDONED_WAIT_0;
    explore_outcome((uint64_t)status);
    release();
    leave();
}

static void told_once_at_most(void)
{
    explore_check(guarded == 4 + 1 && abandoned <= 1);
}

SCENARIO(mutant_is_abandoned,
         .what = "an owner ends, two others wait: at most one is told, and all come to own it",
         .threads = { die_owning, hear_of_death, hear_of_death }, .processors = 2,
         .set_up = make_for_3, .check = told_once_at_most, .bound = 2, .budget = 10000);
