/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of the runner: what it must see; and a short round of all cases, wherever the self-tests run. */
#include "base/selftest.h"
#include "ke/ke_test.h"
#include "mm/mm.h"
#include "stress/stress_impl.h"

static const struct stress_options few = { NULL, 7, 1, 200, 12 };

static void nothing(struct stress_load *load)
{
    (void)load;
}

static void count_steps(struct stress_load *load, struct stress_worker *worker)
{
    while (stress_step(worker))
        (void)atomic_add((uint32_t *)load->state, 1);
}

static void expect_steps(struct stress_load *load)
{
    STRESS_EQUAL(load, *(uint32_t *)load->state, 3 * few.max_steps);
}

TEST(stress, each_thread_does_its_steps)
{
    const struct stress_case one = { "test", 4,     3,       3,           0,
                                     false,  false, nothing, count_steps, expect_steps };
    const struct stress_case *const cases[] = { &one };
    const struct stress_options unhurried = { NULL, 7, 1, TEST_HANG_MS, few.max_steps };
    uint64_t steps;
    EXPECT_EQ(stress_round_run(cases, 1, true, &unhurried, &steps), 0);
    EXPECT_EQ(steps, 3 * few.max_steps);
}

static void step_until_the_end(struct stress_load *load, struct stress_worker *worker)
{
    (void)load;
    while (stress_step(worker))
        worker->steps = 0;
}

TEST(stress, a_round_is_over_in_its_time)
{
    const struct stress_case one = { "test", 4, 1, 1, 0, false, false, nothing, step_until_the_end,
                                     nothing };
    const struct stress_case *const cases[] = { &one };
    const struct stress_options quick = { NULL, 7, 1, 3, 12 };
    uint64_t steps, begun = ke_tick_count();
    EXPECT_EQ(stress_round_run(cases, 1, true, &quick, &steps), 0);
    EXPECT(ke_tick_count() - begun >= quick.round_ms);
}

static void fail_once(struct stress_load *load, struct stress_worker *worker)
{
    if (worker->index == 1)
        STRESS_EXPECT(load, worker->index == 0);
}

static void fail_at_the_end(struct stress_load *load)
{
    STRESS_EQUAL(load, 1 + 1, 3);
}

TEST(stress, each_expectation_that_fails_counts)
{
    const struct stress_case one = { "test", 4,     2,       2,         0,
                                     false,  false, nothing, fail_once, fail_at_the_end };
    const struct stress_case *const cases[] = { &one };
    uint64_t steps;
    EXPECT_EQ(stress_round_run(cases, 1, true, &few, &steps), 2);
}

static void *leaked;

static void leak(struct stress_load *load)
{
    (void)load;
    leaked = mm_pool_allocate(32, STRESS_TAG);
}

TEST(stress, a_block_that_is_left_behind_fails_the_round)
{
    const struct stress_case one = { "test", 4, 1, 1, 0, false, false, leak, count_steps, nothing };
    const struct stress_case *const cases[] = { &one };
    uint64_t steps;
    leaked = NULL;
    EXPECT_EQ(stress_round_run(cases, 1, true, &few, &steps), 1);
    REQUIRE(leaked != NULL);
    mm_pool_free(leaked, STRESS_TAG);
}

static KEVENT may_end;
static struct ke_thread *left;

static void wait_to_end(void *argument)
{
    (void)argument;
    (void)test_wait(&may_end);
}

static void leave_a_thread(struct stress_load *load)
{
    (void)load;
    (void)ke_thread_run(&(struct ke_thread_options){ .name = "left" }, wait_to_end, NULL, &left);
}

TEST(stress, a_thread_that_is_left_behind_fails_the_round)
{
    const struct stress_case one = { "test",         4,           1,      1, 0, false, false,
                                     leave_a_thread, count_steps, nothing };
    const struct stress_case *const cases[] = { &one };
    uint64_t steps;
    KeInitializeEvent(&may_end, NotificationEvent, FALSE);
    left = NULL;
    EXPECT_EQ(stress_round_run(cases, 1, true, &few, &steps), 1);
    (void)KeSetEvent(&may_end, 0, FALSE);
    test_join(run, left);
}

TEST(stress, a_glob_that_matches_nothing_is_a_failure)
{
    const struct stress_options none = { "no.such*", 1, 1, 1, 1 };
    EXPECT_EQ(stress_run(&none), 1);
}

TEST(stress, all_cases_keep_their_invariants)
{
    struct stress_options options = few;
    for (uint32_t i = 0; i < 2; i++) {
        uint64_t steps;
        options.seed = selftest_random(run);
        EXPECT_EQ(stress_round_run(stress_cases, stress_case_count, true, &options, &steps), 0);
        EXPECT(steps > 0);
    }
}
