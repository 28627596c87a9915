/* SPDX-License-Identifier: BSD-2-Clause */
/* One-time initialisation: one succeeds, everybody sees what it made, and after a failure another one tries. */
#include <nt/rtl_ddi.h>

#include "scenario.h"

static RTL_RUN_ONCE once;
static uint32_t calls, successes, failures;
static uint64_t made; /* plain: whoever is told that it is done sees it */

static ULONG make_it(PRTL_RUN_ONCE self, PVOID parameter, PVOID *context)
{
    (void)self;
    if (++calls == 1 && parameter != NULL) /* only one at a time is here */
        return 0;
    made++;
    *context = &made;
    return 1;
}

static void execute(PVOID parameter)
{
    PVOID context = NULL;
    NTSTATUS status = RtlRunOnceExecuteOnce(&once, make_it, parameter, &context);
    if (NT_SUCCESS(status)) {
        explore_check(context == &made && made == 1);
        (void)atomic_add(&successes, 1);
    } else {
        (void)atomic_add(&failures, 1);
    }
}

static void execute_once(unsigned index)
{
    (void)index;
    execute(NULL);
}

static void execute_twice(unsigned index)
{
    (void)index;
    execute(NULL);
    execute(NULL);
}

static void execute_failing(unsigned index)
{
    (void)index;
    execute(&once);
}

static void one_has_made_it(void)
{
    explore_check(calls == 1 && failures == 0 && successes == 4);
}

static void the_first_has_failed(void)
{
    explore_check(calls == 2 && failures == 1 && successes == 2);
}

SCENARIO(ex_run_once_by_three, .what = "three threads, one of them twice, and one initialisation",
         .model = EXPLORE_SC, .threads = { execute_twice, execute_once, execute_once },
         .check = one_has_made_it, .bound = 2, .budget = 8000);

SCENARIO(ex_run_once_fails_once,
         .what = "the first initialisation fails: one of the two others does it",
         .model = EXPLORE_SC, .threads = { execute_failing, execute_failing, execute_failing },
         .check = the_first_has_failed, .bound = 2, .budget = 8000);

/* Asynchronous: all make one, the first to complete wins, and the losers' goes. */
static void parallel(unsigned index)
{
    (void)index;
    PVOID context = NULL;
    NTSTATUS status = RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_ASYNC, &context);
    if (status == STATUS_PENDING) {
        uint64_t *mine = explore_new(sizeof(*mine), "result");
        *mine = 7;
        status = RtlRunOnceComplete(&once, RTL_RUN_ONCE_ASYNC, mine);
        if (status == STATUS_SUCCESS)
            (void)atomic_add(&successes, 1);
        else
            explore_free(mine);
    }
    explore_check(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_CHECK_ONLY, &context) ==
                  STATUS_SUCCESS);
    explore_check(*(uint64_t *)context == 7);
}

static void one_has_won(void)
{
    explore_check(successes == 1);
}

SCENARIO(ex_run_once_in_parallel,
         .what = "three processors initialise at a time: one wins, all see its result",
         .actors = { parallel, parallel, parallel }, .check = one_has_won, .bound = 4);

SCENARIO(ex_run_once_in_parallel_2,
         .what = "two processors initialise at a time: one wins, both see its result",
         .actors = { parallel, parallel }, .check = one_has_won);
