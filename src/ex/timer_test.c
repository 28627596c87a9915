/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of timer.c. */
#include <nt/ex_ddi.h>
#include <nt/ntstatus.h>

#include "ex/ex_impl.h"
#include "ke/ke_test.h"
#include "mm/mm.h"

#define MS(n) ((LONGLONG)(n) * 10000)

static uint32_t expiries; /* [a] */
static uint32_t gone;     /* [a] */
static uint32_t errors;   /* [a] */
static uint32_t running;  /* [a] */

static void reset(void)
{
    expiries = gone = errors = running = 0;
}

static void expired(PEX_TIMER timer, PVOID context)
{
    UNREFERENCED_PARAMETER(timer);
    if (context != &expiries || KeGetCurrentIrql() != DISPATCH_LEVEL ||
        atomic_add(&running, 1) != 0)
        (void)atomic_add(&errors, 1);
    (void)atomic_add(&expiries, 1);
    (void)atomic_sub(&running, 1);
}

static void deleted(PVOID context)
{
    (void)atomic_add((uint32_t *)context, 1);
}

static EXT_DELETE_PARAMETERS delete_parameters = { .DeleteCallback = deleted,
                                                   .DeleteContext = &gone };

TEST(ex_timer, calls_back_once)
{
    reset();
    PEX_TIMER timer = ExAllocateTimer(expired, &expiries, 0);
    REQUIRE(timer != NULL);
    EXPECT(!ExSetTimer(timer, -MS(2), 0, NULL));
    EXPECT(test_sleep_until(&expiries, 1));
    EXPECT(!ExCancelTimer(timer, NULL));
    test_sleep(4);
    EXPECT_EQ(expiries, 1);
    EXPECT(!ExDeleteTimer(timer, TRUE, TRUE, NULL));
    EXPECT_EQ(errors, 0);
}

TEST(ex_timer, comes_again_with_a_period)
{
    reset();
    PEX_TIMER timer = ExAllocateTimer(expired, &expiries, EX_TIMER_HIGH_RESOLUTION);
    REQUIRE(timer != NULL);
    EXPECT(!ExSetTimer(timer, -MS(1), MS(2) - 1, NULL)); /* rounded up to milliseconds */
    EXPECT(test_sleep_until(&expiries, 5));
    EXPECT(ExDeleteTimer(timer, TRUE, TRUE, &delete_parameters));
    uint32_t at_the_end = atomic_load_acquire(&expiries);
    EXPECT_EQ(gone, 1);
    test_sleep(6);
    EXPECT_EQ(expiries, at_the_end);
    EXPECT_EQ(errors, 0);
}

TEST(ex_timer, cancelled_does_not_expire)
{
    reset();
    PEX_TIMER timer = ExAllocateTimer(expired, &expiries, 0);
    REQUIRE(timer != NULL);
    EXPECT(!ExSetTimer(timer, -MS(1000000), 0, NULL));
    EXPECT(ExSetTimer(timer, -MS(1000000), 0, NULL)); /* it was set */
    EXPECT(ExCancelTimer(timer, NULL));
    EXPECT(!ExCancelTimer(timer, NULL));
    EXPECT(!ExDeleteTimer(timer, FALSE, TRUE, &delete_parameters)); /* not set: at once */
    EXPECT_EQ(gone, 1);
    EXPECT_EQ(expiries, 0);
}

TEST(ex_timer, deleted_without_cancelling_still_calls_back)
{
    reset();
    PEX_TIMER timer = ExAllocateTimer(expired, &expiries, 0);
    REQUIRE(timer != NULL);
    EXPECT(!ExSetTimer(timer, -MS(3), 0, NULL));
    EXPECT(!ExDeleteTimer(timer, FALSE, FALSE, &delete_parameters));
    EXPECT(test_sleep_until(&gone, 1));
    EXPECT_EQ(expiries, 1);
    EXPECT_EQ(errors, 0);
}

TEST(ex_timer, can_be_waited_on)
{
    reset();
    PEX_TIMER stays = ExAllocateTimer(NULL, NULL, EX_TIMER_NOTIFICATION);
    PEX_TIMER passes = ExAllocateTimer(NULL, NULL, 0);
    REQUIRE(stays != NULL && passes != NULL);
    EXPECT(!ExSetTimer(stays, -MS(2), 0, NULL));
    EXPECT(!ExSetTimer(passes, -MS(2), 0, NULL));
    EXPECT_EQ(test_wait(stays), STATUS_SUCCESS);
    EXPECT_EQ(test_poll(stays), STATUS_SUCCESS);
    EXPECT_EQ(test_wait(passes), STATUS_SUCCESS);
    EXPECT_EQ(test_poll(passes), STATUS_TIMEOUT);
    EXPECT(!ExDeleteTimer(stays, TRUE, TRUE, NULL));
    EXPECT(!ExDeleteTimer(passes, TRUE, TRUE, NULL));
    EXPECT(ExAllocateTimer(NULL, NULL, 1) == NULL);
}

static void make_and_delete(void *argument)
{
    uint32_t number = (uint32_t)(uintptr_t)argument;
    for (uint32_t i = 0; i < 20; i++) {
        PEX_TIMER timer = ExAllocateTimer(NULL, NULL, 0);
        if (timer == NULL) {
            (void)atomic_add(&errors, 1);
            continue;
        }
        (void)ExSetTimer(timer, -MS(i % 3), (number + i) % 2 * MS(1), NULL);
        if (i % 4 == 0)
            test_sleep(i % 3);
        (void)ExDeleteTimer(timer, i % 2 == 0, i % 3 == 0, &delete_parameters);
    }
}

TEST(ex_timer, deletion_races_with_expiry)
{
    test_settle();
    size_t bytes = mm_pool_bytes();
    reset();
    test_run_threads(run, 8, make_and_delete);
    EXPECT(test_sleep_until(&gone, 8 * 20));
    test_settle();
    EXPECT_EQ(errors, 0);
    EXPECT_EQ(gone, 8 * 20);
    EXPECT_EQ(mm_pool_bytes(), bytes);
}
