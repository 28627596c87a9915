/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ready queues: nobody idles while a thread that it may run waits elsewhere. Who spins here keeps its processor until the
 * others have run, so a thread that is left in its queue is a wait for ever.
 */
#include "ke/ke_impl.h"
#include "scenario.h"

static KSEMAPHORE semaphore;
static uint32_t done;

static void make_semaphore(void)
{
    KeInitializeSemaphore(&semaphore, 0, 4);
    done = 0;
}

static void spin_until(uint32_t count)
{
    while (atomic_load_acquire(&done) < count)
        explore_pause();
}

static void wait_one(unsigned index)
{
    (void)index;
    (void)KeWaitForSingleObject(&semaphore, Executive, KernelMode, FALSE, NULL);
    (void)atomic_add(&done, 1);
}

static void release_and_spin(unsigned index)
{
    (void)index;
    (void)KeReleaseSemaphore(&semaphore, 0, 1, FALSE);
    (void)KeReleaseSemaphore(&semaphore, 0, 1, FALSE);
    spin_until(2);
}

SCENARIO(
    ready_threads_are_stolen,
    .what = "one keeps its processor; what waits in its queue, or is woken there, runs elsewhere",
    .threads = { release_and_spin, wait_one, wait_one }, .processors = 2, .set_up = make_semaphore,
    .bound = 2, .budget = 10000);

/* The spinner wakes a thread that is possibly just leaving its processor; the third one is idle or about to be. */
static void release_one_and_spin(unsigned index)
{
    (void)index;
    (void)KeReleaseSemaphore(&semaphore, 0, 1, FALSE);
    spin_until(1);
}

SCENARIO(ready_wakes_an_idle_processor,
         .what = "a thread that has just blocked is woken while all processors but one go idle",
         .threads = { release_one_and_spin, wait_one }, .processors = 3, .set_up = make_semaphore,
         .bound = 2, .budget = 10000);

/* Woken at a higher priority on its old stack; who was preempted must go elsewhere. */
static void spin_for_one(unsigned index)
{
    (void)index;
    spin_until(1);
}

static void release_one(unsigned index)
{
    (void)index;
    (void)KeReleaseSemaphore(&semaphore, 0, 1, FALSE);
}

SCENARIO(
    ready_preempts_a_lower_priority,
    .what = "both processors spin for a thread of a higher priority that a DPC-like actor wakes",
    .threads = { wait_one, spin_for_one, release_one }, .processors = 2, .priority = { 12, 8, 8 },
    .set_up = make_semaphore, .bound = 2, .budget = 10000);

/* --- Yielding ---------------------------------------------------------------------------------------------------------- */

static void yield_until_done(unsigned index)
{
    (void)index;
    while (atomic_load_acquire(&done) < 1) {
        ke_thread_yield();
        explore_pause(); /* be fair to the other processor */
    }
}

static void finish(unsigned index)
{
    (void)index;
    (void)atomic_add(&done, 1);
}

SCENARIO(ready_yield_lets_others_run, .what = "two yield for the one that they wait for",
         .threads = { yield_until_done, yield_until_done, finish }, .processors = 2, .bound = 2,
         .budget = 10000);

/* --- Priority and affinity ------------------------------------------------------------------------------------------------ */

static void raise_and_release(unsigned index)
{
    (void)index;
    (void)KeSetPriorityThread((KTHREAD *)scenario_thread(0), 12);
    (void)KeReleaseSemaphore(&semaphore, 0, 1, FALSE);
    spin_until(1);
}

static void one_has_twelve(void)
{
    explore_check(scenario_thread(0)->priority == 12 && done == 1);
}

SCENARIO(
    ready_priority_against_wait,
    .what =
        "a thread's priority is raised while it goes to wait; both processors are kept by others",
    .threads = { wait_one, raise_and_release, spin_for_one }, .processors = 2,
    .set_up = make_semaphore, .check = one_has_twelve, .bound = 2, .budget = 10000);

/* All on one processor of two: the raised one is in its queue, and runs at once. */
static void raise_third(unsigned index)
{
    (void)index;
    (void)KeSetPriorityThread((KTHREAD *)scenario_thread(2), 12);
}

SCENARIO(
    ready_priority_of_a_queued_thread,
    .what = "one keeps processor 0 until the thread behind it has run, whose priority is raised",
    .threads = { spin_for_one, raise_third, finish }, .processors = 2, .pinned = true,
    .set_up = make_semaphore);

static void wait_and_be_there(unsigned index)
{
    (void)index;
    (void)KeWaitForSingleObject(&semaphore, Executive, KernelMode, FALSE, NULL);
    while (arch_cpu()->index != 1)
        explore_pause();
    (void)atomic_add(&done, 1);
}

static void move(unsigned index)
{
    (void)index;
    explore_check(ke_thread_set_affinity(scenario_thread(0), 2, NULL) == STATUS_SUCCESS);
}

static void it_is_there(void)
{
    explore_check(scenario_thread(0)->affinity == 2 && scenario_thread(0)->cpu == 1 && done == 1);
}

SCENARIO(
    ready_affinity_against_wait,
    .what = "a thread is kept to processor 1 while it waits, is woken, or runs: it comes there",
    .threads = { wait_and_be_there, move, release_one }, .processors = 2, .set_up = make_semaphore,
    .check = it_is_there, .bound = 2, .budget = 10000);

/* --- Suspending ------------------------------------------------------------------------------------------------------------ */

static void suspend_and_resume(unsigned index)
{
    (void)index;
    uint32_t before;
    explore_check(ke_thread_suspend(scenario_thread(0), &before) == STATUS_SUCCESS && before == 0);
    ke_thread_resume(scenario_thread(0), &before);
    explore_check(before == 1);
}

static void it_went_on(void)
{
    explore_check(done == 1 && KeReadStateSemaphore(&semaphore) == 0);
}

SCENARIO(ready_suspend_against_wait,
         .what = "a thread is suspended and resumed while it waits and is woken: it goes on",
         .threads = { wait_one, suspend_and_resume, release_one }, .processors = 2,
         .set_up = make_semaphore, .check = it_went_on, .bound = 2, .budget = 10000);
