/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The runner of the self-tests: chooses by globs, runs in the table's order, prints KTAP. What a
 * test reports may come from several processors at once: counts are atomic, and each line goes out
 * whole.
 */
#include "base/selftest_impl.h"

#include "base/atomic.h"
#include "base/format.h"
#include "base/log.h"

#define NAME_BYTES 160

bool selftest_glob_matches(const char *glob, const char *glob_end, const char *text)
{
    const char *star = NULL; /* behind the last `*`, and where the text stood then */
    const char *star_text = NULL;

    while (*text != '\0') {
        if (glob < glob_end && *glob == '*') {
            star = ++glob;
            star_text = text;
        } else if (glob < glob_end && (*glob == '?' || *glob == *text)) {
            glob++;
            text++;
        } else if (star != NULL) {
            glob = star;
            text = ++star_text;
        } else {
            return false;
        }
    }
    while (glob < glob_end && *glob == '*')
        glob++;
    return glob == glob_end;
}

static const char *glob_end(const char *glob)
{
    while (*glob != '\0' && *glob != ',')
        glob++;
    return glob;
}

/* "suite.…" with a suite that is spelled out: only such a glob selects defects that were planted. */
static bool names_suite(const char *glob, const char *end)
{
    for (; glob < end && *glob != '.'; glob++)
        if (*glob == '*' || *glob == '?')
            return false;
    return glob < end;
}

static bool glob_selects(const char *glob, const char *end, const struct selftest *test)
{
    char name[NAME_BYTES];

    if (test->planted && !names_suite(glob, end))
        return false;
    (void)format_text(name, sizeof(name), "%s.%s", test->suite, test->name);
    return selftest_glob_matches(glob, end, name);
}

static bool has_globs(const struct selftest_session *session)
{
    return session->globs != NULL && session->globs[0] != '\0';
}

static bool is_selected(const struct selftest_session *session, const struct selftest *test)
{
    if (!has_globs(session))
        return !test->planted;
    for (const char *glob = session->globs;; glob++) {
        const char *end = glob_end(glob);

        if (glob_selects(glob, end, test))
            return true;
        if (*end == '\0')
            return false;
        glob = end;
    }
}

static bool selects_nothing(const struct selftest_session *session, const char *glob)
{
    for (size_t i = 0; i < session->count; i++)
        if (glob_selects(glob, glob_end(glob), &session->tests[i]))
            return false;
    return true;
}

static void print(const struct selftest_session *session, const char *format, ...)
{
    char line[LOG_LINE_BYTES];
    va_list args;

    va_start(args, format);
    (void)format_va(line, sizeof(line), format, args);
    va_end(args);
    session->print(session->argument, line);
}

/* As the source tree names it, wherever the compiler stood. */
static const char *short_file(const char *file)
{
    while (file[0] == '.' && (file[1] == '/' || (file[1] == '.' && file[2] == '/')))
        file += file[1] == '/' ? 2 : 3;
    return file;
}

/* Counts a failure; false if the test has printed enough of them. */
static bool count_failure(struct selftest_run *run)
{
    return atomic_add(&run->failures, 1) < SELFTEST_FAILURES_SHOWN;
}

bool selftest_fail(struct selftest_run *run, const char *file, uint32_t line, const char *text)
{
    if (count_failure(run))
        print(run->session, "# %s:%u: %s", short_file(file), line, text);
    return false;
}

bool selftest_equal(struct selftest_run *run, const char *file, uint32_t line, const char *text,
                    uint64_t a, uint64_t b)
{
    if (a == b)
        return true;
    if (count_failure(run))
        print(run->session, "# %s:%u: %s: %lld (0x%llx) and %lld (0x%llx)", short_file(file), line,
              text, (long long)a, (unsigned long long)a, (long long)b, (unsigned long long)b);
    return false;
}

void selftest_skip(struct selftest_run *run, const char *reason)
{
    atomic_store_release(&run->skip_reason, reason);
}

/* Pseudo-random numbers: splitmix64 (Steele, Lea and Flood, OOPSLA 2014) */

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u; /* FNV-1a */
    return hash;
}

uint64_t selftest_random_state(uint64_t seed, const struct selftest *test)
{
    return hash_text(hash_text(seed ^ 0xcbf29ce484222325u, test->suite), test->name);
}

uint64_t selftest_random(struct selftest_run *run)
{
    uint64_t z = run->random += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

struct totals {
    size_t passed, failed, skipped;
};

static void print_result(const struct selftest_run *run, const struct selftest *test, size_t number,
                         struct totals *totals)
{
    const uint32_t failures = atomic_load_acquire(&run->failures);
    const char *reason = atomic_load_acquire(&run->skip_reason);

    if (failures > SELFTEST_FAILURES_SHOWN)
        print(run->session, "# %u more failures of this test", failures - SELFTEST_FAILURES_SHOWN);
    if (failures != 0) {
        totals->failed++;
        print(run->session, "not ok %zu %s.%s", number, test->suite, test->name);
    } else if (reason != NULL) {
        totals->skipped++;
        print(run->session, "ok %zu %s.%s # SKIP %s", number, test->suite, test->name, reason);
    } else {
        totals->passed++;
        print(run->session, "ok %zu %s.%s", number, test->suite, test->name);
    }
}

static void run_test(const struct selftest_session *session, const struct selftest *test,
                     size_t number, struct totals *totals)
{
    struct selftest_run run = {
        .session = session,
        .random = selftest_random_state(session->seed, test),
    };

    test->run(&run);
    print_result(&run, test, number, totals);
}

/* Says which globs select nothing, if `say`. Returns whether there are any. */
static bool report_dead_globs(const struct selftest_session *session, bool say)
{
    bool any = false;

    if (!has_globs(session))
        return false;
    for (const char *glob = session->globs;; glob++) {
        const char *end = glob_end(glob);

        if (selects_nothing(session, glob)) {
            any = true;
            if (say)
                print(session, "# no self-test matches '%.*s'", (int)(end - glob), glob);
        }
        if (*end == '\0')
            return any;
        glob = end;
    }
}

static size_t count_selected(const struct selftest_session *session)
{
    size_t selected = 0;

    for (size_t i = 0; i < session->count; i++)
        selected += is_selected(session, &session->tests[i]);
    return selected;
}

size_t selftest_session_run(const struct selftest_session *session)
{
    const bool dead_globs = report_dead_globs(session, false);
    struct totals totals = { 0, 0, 0 };
    size_t number = 0;

    print(session, "KTAP version 1");
    print(session, "1..%zu", count_selected(session) + dead_globs);
    print(session, "# seed=%llu", (unsigned long long)session->seed);
    for (size_t i = 0; i < session->count; i++)
        if (is_selected(session, &session->tests[i]))
            run_test(session, &session->tests[i], ++number, &totals);
    if (dead_globs) {
        (void)report_dead_globs(session, true);
        print(session, "not ok %zu selftest.every_glob_selects_a_test", ++number);
        totals.failed++;
    }
    print(session, "# passed=%zu failed=%zu skipped=%zu", totals.passed, totals.failed,
          totals.skipped);
    return totals.failed;
}

static void print_to_log(void *argument, const char *line)
{
    (void)argument;
    log_line("%s", line);
}

size_t selftest_run_all(const char *globs, uint64_t seed)
{
    const struct selftest_session session = {
        .tests = selftest_table,
        .count = selftest_table_count,
        .globs = globs,
        .seed = seed,
        .print = print_to_log,
    };

    return selftest_session_run(&session);
}
