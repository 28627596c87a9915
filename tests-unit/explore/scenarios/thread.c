/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a thread: who waits for it goes on, and its memory is freed once, after the last that uses it. */
#include <nt/ntstatus.h>

#include "ke/ke_impl.h"
#include "scenario.h"

static uint32_t ran;

static void make_reaper(void)
{
    bool interrupts = arch_interrupts_disable(); /* it begins with the scenario */
    NTSTATUS status = ke_reaper_start();
    CHECK(NT_SUCCESS(status));
    arch_interrupts_restore(interrupts);
}

static void child(void *argument)
{
    (void)argument;
    (void)atomic_add(&ran, 1);
    ke_thread_exit(STATUS_WAIT_1);
}

static struct ke_thread *shared;

static void make_shared(void)
{
    make_reaper();
    NTSTATUS status =
        ke_thread_create(&(struct ke_thread_options){ .name = "child" }, child, NULL, &shared);
    CHECK(NT_SUCCESS(status));
    ke_thread_reference(shared);
}

static void start_and_join(unsigned index)
{
    (void)index;
    ke_thread_start(shared);
    explore_check(ke_thread_join(shared) == STATUS_WAIT_1);
}

static void join(unsigned index)
{
    (void)index;
    explore_check(ke_thread_join(shared) == STATUS_WAIT_1);
}

static void all_is_freed(void)
{
    explore_check(ran == 1 && ke.dying == 0 && IsListEmpty(&ke.reaper_list));
}

SCENARIO(thread_is_joined_by_two,
         .what = "two wait for the end of one thread; when all is still, its memory is free",
         .threads = { start_and_join, join }, .set_up = make_shared, .check = all_is_freed,
         .bound = 2, .budget = 10000);
