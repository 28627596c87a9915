/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of run_once.c. */
#include <nt/ntstatus.h>
#include <nt/rtl_ddi.h>

#include "ex/ex_impl.h"
#include "ke/ke_test.h"

#define CONTEXT ((PVOID)(uintptr_t)0x1230)

static RTL_RUN_ONCE once;
static uint32_t calls;    /* [a] */
static uint32_t inside;   /* [a] */
static uint32_t failures; /* [a] */
static uint32_t winners;  /* [a] */
static uint32_t fail_first;

static void reset(void)
{
    RtlRunOnceInitialize(&once);
    calls = inside = failures = winners = fail_first = 0;
}

static ULONG initialise(RTL_RUN_ONCE *which, PVOID parameter, PVOID *context)
{
    UNREFERENCED_PARAMETER(which);
    if (atomic_add(&inside, 1) != 0)
        (void)atomic_add(&failures, 1);
    for (uint32_t i = 0; i < 5; i++)
        ke_thread_yield();
    uint32_t call = atomic_add(&calls, 1);
    (void)atomic_sub(&inside, 1);
    *context = parameter;
    return call >= fail_first;
}

static void execute(void *argument)
{
    PVOID context = NULL;
    UNREFERENCED_PARAMETER(argument);
    NTSTATUS status = RtlRunOnceExecuteOnce(&once, initialise, CONTEXT, &context);
    if (NT_SUCCESS(status))
        (void)atomic_add(&winners, 1);
    if (NT_SUCCESS(status) && context != CONTEXT)
        (void)atomic_add(&failures, 1);
}

TEST(ex_run_once, executes_once)
{
    for (uint32_t round = 0; round < 10; round++) {
        reset();
        test_run_threads(run, 8, execute);
        EXPECT_EQ(calls, 1);
        EXPECT_EQ(winners, 8);
        EXPECT_EQ(failures, 0);
    }
}

TEST(ex_run_once, after_a_failure_another_thread_tries)
{
    reset();
    fail_first = 3;
    test_run_threads(run, 8, execute);
    EXPECT_EQ(calls, 4);
    EXPECT_EQ(winners, 5);
    EXPECT_EQ(failures, 0);
}

TEST(ex_run_once, check_only_begins_nothing)
{
    PVOID context = NULL;
    reset();
    EXPECT_EQ(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_CHECK_ONLY, &context),
              STATUS_UNSUCCESSFUL);
    EXPECT_EQ(RtlRunOnceBeginInitialize(&once, 0, &context), STATUS_PENDING);
    EXPECT_EQ(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_CHECK_ONLY, &context),
              STATUS_UNSUCCESSFUL);
    EXPECT_EQ(RtlRunOnceComplete(&once, 0, CONTEXT), STATUS_SUCCESS);
    EXPECT_EQ(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_CHECK_ONLY, &context), STATUS_SUCCESS);
    EXPECT(context == CONTEXT);
}

static void begin_parallel(void *argument)
{
    PVOID mine = (PVOID)(((uintptr_t)argument + 1) * 16), context = NULL;
    NTSTATUS status = RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_ASYNC, &context);
    (void)atomic_add(&inside, 1);
    if (status == STATUS_PENDING && test_reaches(&inside, 8) &&
        NT_SUCCESS(RtlRunOnceComplete(&once, RTL_RUN_ONCE_ASYNC, mine))) {
        (void)atomic_add(&winners, 1);
        (void)atomic_add(&calls, (uint32_t)(uintptr_t)mine);
    }
    status = RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_ASYNC, &context);
    if (!NT_SUCCESS(status) || (uint32_t)(uintptr_t)context != atomic_load_acquire(&calls))
        (void)atomic_add(&failures, 1);
}

TEST(ex_run_once, of_parallel_initialisations_one_wins)
{
    PVOID context = NULL;
    reset();
    test_run_threads(run, 8, begin_parallel);
    EXPECT_EQ(winners, 1);
    EXPECT_EQ(RtlRunOnceBeginInitialize(&once, 0, &context), STATUS_SUCCESS);
    EXPECT_EQ((uintptr_t)context, calls);
}

TEST(ex_run_once, refuses_what_does_not_fit)
{
    PVOID context = NULL;
    reset();
    EXPECT_EQ(RtlRunOnceBeginInitialize(&once, 0x80, &context), STATUS_INVALID_PARAMETER_2);
    EXPECT_EQ(RtlRunOnceComplete(&once, 0, CONTEXT), STATUS_UNSUCCESSFUL);
    EXPECT_EQ(RtlRunOnceBeginInitialize(&once, 0, &context), STATUS_PENDING);
    EXPECT_EQ(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_ASYNC, &context),
              STATUS_INVALID_PARAMETER_2);
    EXPECT_EQ(RtlRunOnceComplete(&once, 0, (PVOID)(uintptr_t)0x1231), STATUS_INVALID_PARAMETER_3);
    EXPECT_EQ(RtlRunOnceComplete(&once, RTL_RUN_ONCE_INIT_FAILED, CONTEXT),
              STATUS_INVALID_PARAMETER_3);
    EXPECT_EQ(RtlRunOnceComplete(&once, RTL_RUN_ONCE_INIT_FAILED | RTL_RUN_ONCE_ASYNC, NULL),
              STATUS_INVALID_PARAMETER_2);
    EXPECT_EQ(RtlRunOnceComplete(&once, 0, NULL), STATUS_SUCCESS);
    EXPECT_EQ(RtlRunOnceComplete(&once, RTL_RUN_ONCE_ASYNC, NULL), STATUS_UNSUCCESSFUL);
}
