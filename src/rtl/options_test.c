/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of options.c: what is understood, and by which words all else is refused. */
#include "rtl/options.h"

#include "base/log.h"
#include "base/selftest.h"

static char error[160];

static bool parse(const char *line, struct rtl_options *options)
{
    error[0] = 0;
    return rtl_options_parse(line, options, error, sizeof(error));
}

static bool contains(const char *text, const char *part)
{
    for (; *text != 0; text++) {
        size_t n = 0;
        while (part[n] != 0 && text[n] == part[n])
            n++;
        if (part[n] == 0)
            return true;
    }
    return false;
}

static bool same(const char *a, const char *b)
{
    while (*a != 0 && *a == *b)
        a++, b++;
    return *a == *b;
}

/* Refused, and the line names `part`. */
static bool refused(const char *line, const char *part)
{
    struct rtl_options options;
    return !parse(line, &options) && contains(error, part);
}

TEST(rtl_options, an_empty_line_means_the_defaults)
{
    struct rtl_options o;
    EXPECT(parse("", &o));
    EXPECT(!o.selftest && !o.idle && !o.nokaslr && !o.seed_given);
    EXPECT_EQ(o.max_cpus, 0);
    EXPECT_EQ(o.log_level, LOG_INFO);
    EXPECT_EQ(o.debug_mask, 1);
    EXPECT(parse(" \t\r\n ", &o));
}

TEST(rtl_options, one_job_at_a_time)
{
    struct rtl_options o;
    EXPECT(parse("bench=ke_*", &o));
    EXPECT(o.bench && same(o.bench_glob, "ke_*"));
    EXPECT(parse("bench", &o));
    EXPECT(o.bench && same(o.bench_glob, ""));
    EXPECT(refused("selftest idle", "'selftest' and 'idle'"));
    EXPECT(refused("bench selftest", "'selftest' and 'bench'"));
    EXPECT(refused("idle bench", "'bench' and 'idle'"));
    EXPECT(refused("bench=0123456789012345678901234567890123456789012345678901234567890123",
                   "'bench' is too long"));
}

TEST(rtl_options, all_of_them_in_any_order)
{
    struct rtl_options o;
    EXPECT(parse("loglevel=7 maxcpus=4  seed=0x1F nokaslr\tselftest=ke_*,mm_*", &o));
    EXPECT(o.selftest && o.nokaslr && o.seed_given);
    EXPECT_EQ(o.seed, 31);
    EXPECT_EQ(o.max_cpus, 4);
    EXPECT_EQ(o.log_level, 7);
    EXPECT(same(o.selftest_globs, "ke_*,mm_*"));
    EXPECT(parse("dbgmask=0xffffffff", &o) && o.debug_mask == 0xffffffff);
    EXPECT(refused("dbgmask=0x100000000", "0 to 4294967295"));
}

TEST(rtl_options, selftest_without_globs_is_all)
{
    struct rtl_options o;
    EXPECT(parse("selftest", &o));
    EXPECT(o.selftest);
    EXPECT(same(o.selftest_globs, ""));
}

TEST(rtl_options, a_value_may_stand_in_quotes)
{
    struct rtl_options o;
    EXPECT(parse("selftest=\"a b\" idle=", &o) == false);
    EXPECT(parse("selftest=\"a b\" nokaslr", &o));
    EXPECT(same(o.selftest_globs, "a b"));
    EXPECT(o.nokaslr);
    EXPECT(refused("seed=\"5", "seed"));
    EXPECT(refused("seed=\"5\"x", "seed"));
}

TEST(rtl_options, numbers_are_decimal_or_hexadecimal_and_fit_64_bits)
{
    struct rtl_options o;
    EXPECT(parse("seed=18446744073709551615", &o));
    EXPECT_EQ(o.seed, UINT64_MAX);
    EXPECT(parse("seed=0xffffFFFFffffFFFF", &o));
    EXPECT_EQ(o.seed, UINT64_MAX);
    EXPECT(refused("seed=18446744073709551616", "number"));
    EXPECT(refused("seed=0x10000000000000000", "number"));
    EXPECT(refused("seed=0x", "number"));
    EXPECT(refused("seed=12a", "number"));
    EXPECT(refused("seed=-1", "number"));
}

TEST(rtl_options, a_number_out_of_its_range_is_refused_with_the_range)
{
    struct rtl_options o;
    EXPECT(parse("maxcpus=64", &o));
    EXPECT(refused("maxcpus=65", "1 to 64"));
    EXPECT(refused("maxcpus=0", "1 to 64"));
    EXPECT(refused("loglevel=8", "0 to 7"));
    EXPECT(refused("stress_seconds=0", "1 to 86400"));
}

TEST(rtl_options, what_is_unknown_is_named)
{
    EXPECT(refused("idle frobnicate", "'frobnicate'"));
    EXPECT(refused("Idle", "'Idle'"));
    EXPECT(refused("idl", "'idl'"));
    EXPECT(refused("=5", "''"));
}

TEST(rtl_options, what_is_malformed_is_named)
{
    EXPECT(refused("idle=1", "takes no value"));
    EXPECT(refused("maxcpus", "wants a value"));
    EXPECT(refused("maxcpus=", "empty value"));
    EXPECT(refused("maxcpus=2 maxcpus=2", "given twice"));
    EXPECT(refused("idle selftest", "'selftest' and 'idle' exclude each other"));
    EXPECT(refused("bench stress", "'bench' and 'stress' exclude each other"));
}

TEST(rtl_options, globs_that_do_not_fit_are_refused)
{
    static char line[400] = "selftest=";
    struct rtl_options o;
    size_t fits = sizeof(o.selftest_globs) - 1;
    for (size_t i = 0; i < fits; i++)
        line[9 + i] = 'x';
    EXPECT(parse(line, &o));
    line[9 + fits] = 'x';
    EXPECT(refused(line, "too long"));
}

TEST(rtl_options, a_long_complaint_is_cut_and_terminated)
{
    struct rtl_options o;
    char small[12] = "***********";
    EXPECT(!rtl_options_parse("averyveryverylongname", &o, small, sizeof(small)));
    EXPECT_EQ(small[sizeof(small) - 1], 0);
    EXPECT(contains(small, "unknown"));
}

TEST(rtl_options, threaded_dpcs_can_be_turned_off)
{
    struct rtl_options options;
    EXPECT(parse("", &options));
    EXPECT(!options.no_threaded_dpcs);
    EXPECT(parse("nothreadeddpc", &options));
    EXPECT(options.no_threaded_dpcs);
}

TEST(rtl_options, the_pool_may_fail_and_report)
{
    struct rtl_options options;
    EXPECT(parse("selftest lockorder", &options));
    EXPECT(options.lock_order && !options.pool_report);
    EXPECT(parse("poolfail=7 poolreport", &options));
    EXPECT(!options.lock_order);
    EXPECT_EQ(options.pool_fail, 7);
    EXPECT(options.pool_report);
    EXPECT(parse("", &options));
    EXPECT_EQ(options.pool_fail, 0);
    EXPECT(refused("poolfail=0", "poolfail"));
}
