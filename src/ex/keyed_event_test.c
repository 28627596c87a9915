/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of keyed_event.c. */
#include <nt/ntstatus.h>

#include "ex/ex_impl.h"
#include "ke/ke_test.h"

#define ROUNDS 100

static struct ex_keyed_event event;
static uint32_t woken;  /* [a] */
static uint32_t errors; /* [a] */
static uint32_t order[TEST_MAX_THREADS];

static void reset(void)
{
    ex_keyed_event_init(&event);
    woken = errors = 0;
}

static NTSTATUS meet(uintptr_t key, bool releases, int64_t milliseconds)
{
    LARGE_INTEGER timeout = test_ms(milliseconds);
    struct ex_keyed_event_wait how = { .key = key, .mode = KernelMode, .timeout = &timeout };
    if (milliseconds == 0)
        timeout.QuadPart = 0;
    return releases ? ex_keyed_event_release(&event, &how) : ex_keyed_event_wait(&event, &how);
}

static void wait_for_key(void *argument)
{
    uintptr_t number = (uintptr_t)argument;
    if (meet((number & 0xff) * 2, false, TEST_HANG_MS) != STATUS_SUCCESS)
        (void)atomic_add(&errors, 1);
    order[atomic_add(&woken, 1)] = (uint32_t)(number >> 8);
}

TEST(ex_keyed_event, releases_the_thread_that_waits_for_the_key)
{
    reset();
    struct ke_thread *one = test_thread(run, wait_for_key, (void *)1, 0, 0);
    struct ke_thread *two = test_thread(run, wait_for_key, (void *)0x102, 0, 0);
    EXPECT_EQ(meet(4, true, TEST_HANG_MS), STATUS_SUCCESS);
    test_join(run, two);
    EXPECT_EQ(woken, 1);
    EXPECT_EQ(order[0], 1);
    EXPECT_EQ(meet(2, true, TEST_HANG_MS), STATUS_SUCCESS);
    test_join(run, one);
    EXPECT_EQ(errors, 0);
}

static void release_key(void *argument)
{
    if (meet((uintptr_t)argument, true, TEST_HANG_MS) != STATUS_SUCCESS)
        (void)atomic_add(&errors, 1);
}

TEST(ex_keyed_event, a_release_waits_for_the_waiter)
{
    reset();
    struct ke_thread *thread = test_thread(run, release_key, (void *)8, 0, 0);
    REQUIRE(thread != NULL);
    test_sleep(3);
    EXPECT_EQ(test_poll(&thread->header), STATUS_TIMEOUT);
    EXPECT_EQ(meet(8, false, TEST_HANG_MS), STATUS_SUCCESS);
    test_join(run, thread);
    EXPECT_EQ(errors, 0);
}

TEST(ex_keyed_event, nothing_remains_of_a_wait_that_timed_out)
{
    reset();
    EXPECT_EQ(meet(6, false, 0), STATUS_TIMEOUT);
    EXPECT_EQ(meet(6, false, 2), STATUS_TIMEOUT);
    EXPECT_EQ(meet(6, true, 2), STATUS_TIMEOUT);
    EXPECT_EQ(meet(6, false, 0), STATUS_TIMEOUT);
}

TEST(ex_keyed_event, an_odd_key_is_refused)
{
    reset();
    EXPECT_EQ(meet(7, false, 0), STATUS_INVALID_PARAMETER_1);
    EXPECT_EQ(meet(7, true, 0), STATUS_INVALID_PARAMETER_1);
}

TEST(ex_keyed_event, keys_of_another_space_are_others)
{
    LARGE_INTEGER now = { .QuadPart = 0 };
    struct ex_keyed_event_wait other = { .space = &event, .key = 2, .timeout = &now };
    reset();
    struct ke_thread *thread = test_thread(run, wait_for_key, (void *)1, 0, 0);
    test_sleep(3);
    EXPECT_EQ(ex_keyed_event_release(&event, &other), STATUS_TIMEOUT);
    EXPECT_EQ(meet(2, true, TEST_HANG_MS), STATUS_SUCCESS);
    test_join(run, thread);
}

TEST(ex_keyed_event, the_oldest_waiter_is_released_first)
{
    struct ke_thread *threads[4];
    reset();
    for (uintptr_t i = 0; i < 4; i++) {
        threads[i] = test_thread(run, wait_for_key, (void *)(i << 8 | 5), 0, 0);
        REQUIRE(threads[i] != NULL);
        while (atomic_load_acquire(&threads[i]->state) != KE_THREAD_WAITING)
            test_sleep(1);
    }
    for (uint32_t i = 0; i < 4; i++) {
        EXPECT_EQ(meet(10, true, TEST_HANG_MS), STATUS_SUCCESS);
        test_join(run, threads[i]);
        EXPECT_EQ(order[i], i);
    }
}

/* Half of the threads wait, half release, over few keys. Most only look: the partner may come while they give up. */
static void meet_often(void *argument)
{
    uintptr_t number = (uintptr_t)argument;
    uint32_t looks = 0;
    for (uint32_t i = 0; i < ROUNDS;) {
        NTSTATUS status = meet(2 * (number / 4), number % 2 == 0, looks++ % 4 == 0);
        if (status == STATUS_SUCCESS) {
            (void)atomic_add(&woken, number % 2 == 0 ? 1 : 0x10000);
            i++;
        } else if (status != STATUS_TIMEOUT) {
            (void)atomic_add(&errors, 1);
        }
    }
}

TEST(ex_keyed_event, waits_and_releases_come_in_pairs)
{
    reset();
    test_run_threads(run, 8, meet_often);
    EXPECT_EQ(errors, 0);
    EXPECT_EQ(woken & 0xffff, 4 * ROUNDS);
    EXPECT_EQ(woken >> 16, 4 * ROUNDS);
    for (uint32_t i = 0; i < EX_KEYED_EVENT_BUCKETS; i++)
        EXPECT(IsListEmpty(&event.buckets[i].parties));
}
