/* SPDX-License-Identifier: BSD-2-Clause */
/* The runner runs tables of its own here, their output in a buffer. */
#include "base/selftest_impl.h"

#include "base/check.h"

#define OUTPUT_BYTES 8192

static char output[OUTPUT_BYTES]; /* by one test at a time */
static size_t output_bytes;
static uint32_t calls;

static void capture(void *argument, const char *text)
{
    (void)argument;
    while (*text != '\0' && output_bytes < OUTPUT_BYTES - 2)
        output[output_bytes++] = *text++;
    output[output_bytes++] = '\n';
    output[output_bytes] = '\0';
}

static bool stands_at(size_t start, const char *text)
{
    size_t i = 0;

    while (text[i] != '\0' && output[start + i] == text[i])
        i++;
    return text[i] == '\0';
}

static bool contains(const char *text)
{
    for (size_t start = 0; start < output_bytes; start++) {
        if (stands_at(start, text))
            return true;
    }
    return false;
}

/* Whether `text` stands in the output, from the start of a line. */
static bool printed(const char *text)
{
    for (size_t start = 0; start < output_bytes; start++) {
        if ((start == 0 || output[start - 1] == '\n') && stands_at(start, text))
            return true;
    }
    return false;
}

static void passes(struct selftest_run *run)
{
    (void)run;
    calls++;
}

static void fails(struct selftest_run *run)
{
    EXPECT_EQ(calls, 4096);
    EXPECT(!"reached");
    calls++;
}

static void skips(struct selftest_run *run)
{
    SKIP("the machine has none");
    calls += 100;
}

static void gives_up(struct selftest_run *run)
{
    REQUIRE(calls == 4096);
    calls += 100;
}

static void fails_often(struct selftest_run *run)
{
    for (uint32_t i = 0; i < 3 * SELFTEST_FAILURES_SHOWN; i++)
        EXPECT(!"once more");
}

static void from_elsewhere(struct selftest_run *run)
{
    (void)selftest_fail(run, "../../keel/src/x.c", 7, "text");
    (void)selftest_fail(run, "./src/y.c", 8, "text");
}

static const struct selftest table[] = {
    { "a_suite", "passes", passes, false },
    { "a_suite", "fails", fails, false },
    { "b_suite", "skips", skips, false },
    { "b_suite", "gives_up", gives_up, false },
    { "planted", "bites", fails, true },
    { "c_suite", "fails_often", fails_often, false },
    { "c_suite", "elsewhere", from_elsewhere, false },
};

static size_t run_table(const char *globs)
{
    const struct selftest_session session = {
        .tests = table,
        .count = ARRAY_COUNT(table),
        .globs = globs,
        .seed = 1,
        .print = capture,
    };

    calls = 0;
    output_bytes = 0;
    return selftest_session_run(&session);
}

TEST(base_selftest, globs_match_as_they_should)
{
    static const struct {
        const char *glob, *text;
        bool matches;
    } cases[] = {
        { "", "", true },         { "", "a", false },         { "abc", "abc", true },
        { "abc", "ab", false },   { "ab", "abc", false },     { "*", "", true },
        { "*", "abc", true },     { "a*", "abc", true },      { "a*", "bc", false },
        { "*c", "abc", true },    { "*c", "abcd", false },    { "a*c", "ac", true },
        { "a*c", "abcbc", true }, { "a*b*c", "axbxc", true }, { "a*b*c", "axcxb", false },
        { "?", "", false },       { "?", "a", true },         { "a?c", "abc", true },
        { "a?c", "ac", false },   { "*?", "a", true },        { "*?", "", false },
        { "**a**", "bab", true }, { "*aab", "aaaab", true },  { "a.b", "axb", false },
    };

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        const char *end = cases[i].glob;

        while (*end != '\0')
            end++;
        if (selftest_glob_matches(cases[i].glob, end, cases[i].text) != cases[i].matches)
            (void)selftest_fail(run, __FILE__, __LINE__, cases[i].glob);
    }
}

TEST(base_selftest, runs_everything_that_is_not_planted)
{
    EXPECT_EQ(run_table(NULL), 4);
    EXPECT(printed("KTAP version 1\n1..6\n"));
    EXPECT(printed("ok 1 a_suite.passes\n"));
    EXPECT(printed("not ok 6 c_suite.elsewhere\n# passed=1 failed=4 skipped=1\n"));
    EXPECT_EQ(run_table(""), 4);
}

TEST(base_selftest, the_plan_counts_what_the_globs_select)
{
    EXPECT_EQ(run_table("a_suite.passes,*.skips"), 0);
    EXPECT(printed("KTAP version 1\n1..2\n"));
    EXPECT(printed("ok 1 a_suite.passes\n"));
    EXPECT(printed("# passed=1 failed=0 skipped=1\n"));
    EXPECT_EQ(calls, 1);
}

TEST(base_selftest, a_test_that_two_globs_select_runs_once)
{
    EXPECT_EQ(run_table("a_suite.passes,a_suite.p*"), 0);
    EXPECT_EQ(calls, 1);
}

TEST(base_selftest, a_failed_expectation_shows_both_values_and_the_test_goes_on)
{
    EXPECT_EQ(run_table("a_suite.fails"), 1);
    EXPECT_EQ(calls, 1);
    EXPECT(printed("# src/base/selftest_test.c:"));
    EXPECT(printed("not ok 1 a_suite.fails\n"));
    EXPECT(!printed("ok 1"));
    EXPECT(contains(": calls == 4096: 0 (0x0) and 4096 (0x1000)\n"));
    EXPECT(contains(": !\"reached\"\n"));
}

TEST(base_selftest, a_skipped_test_gives_its_reason)
{
    EXPECT_EQ(run_table("b_suite.skips"), 0);
    EXPECT(printed("ok 1 b_suite.skips # SKIP the machine has none\n"));
    EXPECT_EQ(calls, 0);
}

TEST(base_selftest, require_ends_the_test)
{
    EXPECT_EQ(run_table("b_suite.gives_up"), 1);
    EXPECT_EQ(calls, 0);
}

TEST(base_selftest, planted_defects_run_only_when_their_suite_is_spelled_out)
{
    EXPECT_EQ(run_table("*"), 4);
    EXPECT(!printed("not ok 5 planted.bites\n"));
    EXPECT_EQ(run_table("planted.*"), 1);
    EXPECT(printed("not ok 1 planted.bites\n"));
    EXPECT_EQ(run_table("plante?.bites"), 1);
    EXPECT(printed("# no self-test matches 'plante?.bites'\n"));
}

TEST(base_selftest, globs_that_select_nothing_are_one_failure)
{
    EXPECT_EQ(run_table("a_suite.passes,nothing.*,neither"), 1);
    EXPECT(printed("KTAP version 1\n1..2\n"));
    EXPECT(printed("ok 1 a_suite.passes\n"));
    EXPECT(printed("# no self-test matches 'nothing.*'\n# no self-test matches 'neither'\n"));
    EXPECT(printed("not ok 2 selftest.every_glob_selects_a_test\n"));
}

TEST(base_selftest, many_failures_are_counted_and_not_all_shown)
{
    EXPECT_EQ(run_table("c_suite.fails_often"), 1);
    EXPECT(printed("# 40 more failures of this test\nnot ok 1 c_suite.fails_often\n"));
}

TEST(base_selftest, file_names_do_not_climb)
{
    EXPECT_EQ(run_table("c_suite.elsewhere"), 1);
    EXPECT(printed("# keel/src/x.c:7: text\n# src/y.c:8: text\n"));
}

TEST(base_selftest, the_same_seed_gives_the_same_numbers)
{
    struct selftest_run first = { .random = selftest_random_state(5, &table[0]) };
    struct selftest_run second = { .random = selftest_random_state(5, &table[0]) };

    for (uint32_t i = 0; i < 100; i++)
        EXPECT_EQ(selftest_random(&first), selftest_random(&second));
}

TEST(base_selftest, another_seed_or_test_gives_other_numbers)
{
    struct selftest_run numbers[] = {
        { .random = selftest_random_state(5, &table[0]) },
        { .random = selftest_random_state(6, &table[0]) },
        { .random = selftest_random_state(5, &table[1]) },
    };
    uint64_t first = selftest_random(&numbers[0]);

    EXPECT(selftest_random(&numbers[1]) != first);
    EXPECT(selftest_random(&numbers[2]) != first);
    EXPECT(selftest_random(&numbers[0]) != first);
}

TEST(base_selftest, every_bit_of_the_numbers_changes)
{
    uint64_t ones = 0, zeros = 0;

    for (uint32_t i = 0; i < 200; i++) {
        uint64_t number = selftest_random(run);

        ones |= number;
        zeros |= ~number;
    }
    EXPECT_EQ(ones, UINT64_MAX);
    EXPECT_EQ(zeros, UINT64_MAX);
}
