/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel command line. One table says what there is; src/init/OPTIONS.md is its page. */
#include "rtl/options.h"

#include <nt/rtl.h>

#include "base/format.h"
#include "base/log.h"

enum option_kind { OPTION_FLAG, OPTION_NUMBER, OPTION_GLOBS };

struct option {
    const char *name;
    enum option_kind kind;
    bool (*set)(struct rtl_options *options, const char *value, size_t length, uint64_t number);
    uint64_t low, high; /* of a number */
};

/* `to` is all zeros. False: it does not fit with a zero behind it. */
static bool copy_text(char *to, size_t capacity, const char *value, size_t length)
{
    if (length >= capacity)
        return false;
    for (size_t i = 0; i < length; i++)
        to[i] = value[i];
    return true;
}

static bool set_selftest(struct rtl_options *options, const char *value, size_t length,
                         uint64_t number)
{
    (void)number; /* globs are text */
    options->selftest = true;
    return copy_text(options->selftest_globs, sizeof(options->selftest_globs), value, length);
}

static bool set_bench(struct rtl_options *options, const char *value, size_t length,
                      uint64_t number)
{
    (void)number; /* a glob is text */
    options->bench = true;
    return copy_text(options->bench_glob, sizeof(options->bench_glob), value, length);
}

static bool set_growth(struct rtl_options *options, const char *value, size_t length,
                       uint64_t number)
{
    (void)number; /* a glob is text */
    options->growth = true;
    return copy_text(options->growth_glob, sizeof(options->growth_glob), value, length);
}

static bool set_stress(struct rtl_options *options, const char *value, size_t length,
                       uint64_t number)
{
    (void)number; /* a glob is text */
    options->stress = true;
    return copy_text(options->stress_glob, sizeof(options->stress_glob), value, length);
}

static bool set_stress_seconds(struct rtl_options *options, const char *value, size_t length,
                               uint64_t number)
{
    (void)value; /* parsed */
    (void)length;
    options->stress_seconds = (uint32_t)number;
    return true;
}

static bool set_idle(struct rtl_options *options, const char *value, size_t length, uint64_t number)
{
    (void)value; /* a flag */
    (void)length;
    (void)number;
    options->idle = true;
    return true;
}

static bool set_nokaslr(struct rtl_options *options, const char *value, size_t length,
                        uint64_t number)
{
    (void)value; /* a flag */
    (void)length;
    (void)number;
    options->nokaslr = true;
    return true;
}

static bool set_seed(struct rtl_options *options, const char *value, size_t length, uint64_t number)
{
    (void)value; /* parsed */
    (void)length;
    options->seed_given = true;
    options->seed = number;
    return true;
}

static bool set_max_cpus(struct rtl_options *options, const char *value, size_t length,
                         uint64_t number)
{
    (void)value; /* parsed */
    (void)length;
    options->max_cpus = (uint32_t)number;
    return true;
}

static bool set_log_level(struct rtl_options *options, const char *value, size_t length,
                          uint64_t number)
{
    (void)value; /* parsed */
    (void)length;
    options->log_level = (uint32_t)number;
    return true;
}

static bool set_debug_mask(struct rtl_options *options, const char *value, size_t length,
                           uint64_t number)
{
    (void)value; /* parsed */
    (void)length;
    options->debug_mask = (uint32_t)number;
    return true;
}

static bool set_pool_fail(struct rtl_options *options, const char *value, size_t length,
                          uint64_t number)
{
    (void)value; /* parsed */
    (void)length;
    options->pool_fail = (uint32_t)number;
    return true;
}

static bool set_no_threaded_dpcs(struct rtl_options *options, const char *value, size_t length,
                                 uint64_t number)
{
    (void)value; /* a flag */
    (void)length;
    (void)number;
    options->no_threaded_dpcs = true;
    return true;
}

static bool set_pool_report(struct rtl_options *options, const char *value, size_t length,
                            uint64_t number)
{
    (void)value; /* a flag */
    (void)length;
    (void)number;
    options->pool_report = true;
    return true;
}

static bool set_lock_order(struct rtl_options *options, const char *value, size_t length,
                           uint64_t number)
{
    (void)value; /* a flag */
    (void)length;
    (void)number;
    options->lock_order = true;
    return true;
}

static const struct option table[] = {
    { "selftest", OPTION_GLOBS, set_selftest, 0, 0 },
    { "bench", OPTION_GLOBS, set_bench, 0, 0 },
    { "growth", OPTION_GLOBS, set_growth, 0, 0 },
    { "stress", OPTION_GLOBS, set_stress, 0, 0 },
    { "stress_seconds", OPTION_NUMBER, set_stress_seconds, 1, 86400 },
    { "idle", OPTION_FLAG, set_idle, 0, 0 },
    { "nokaslr", OPTION_FLAG, set_nokaslr, 0, 0 },
    { "seed", OPTION_NUMBER, set_seed, 0, UINT64_MAX },
    { "maxcpus", OPTION_NUMBER, set_max_cpus, 1, 64 },
    { "loglevel", OPTION_NUMBER, set_log_level, 0, 7 },
    { "dbgmask", OPTION_NUMBER, set_debug_mask, 0, UINT32_MAX },
    { "poolfail", OPTION_NUMBER, set_pool_fail, 1, 1000000 },
    { "nothreadeddpc", OPTION_FLAG, set_no_threaded_dpcs, 0, 0 },
    { "poolreport", OPTION_FLAG, set_pool_report, 0, 0 },
    { "lockorder", OPTION_FLAG, set_lock_order, 0, 0 },
};

/* A piece of the command line. */
struct word {
    const char *text;
    size_t length;
};

struct parser {
    const char *at;
    char *error;
    size_t error_bytes;
    uint32_t seen; /* bit n: table[n] was given */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool fail(struct parser *parser, const char *format, struct word name, const char *extra,
                 struct word value)
{
    (void)format_text(parser->error, parser->error_bytes, format, (int)name.length, name.text,
                      extra, (int)value.length, value.text); /* a long one is cut */
    return false;
}

static bool equal(struct word word, const char *text)
{
    size_t i = 0;
    while (i < word.length && text[i] != 0 && word.text[i] == text[i])
        i++;
    return i == word.length && text[i] == 0;
}

static bool digit_of(char c, uint32_t base, uint32_t *digit)
{
    char lower = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
    if (c >= '0' && c <= '9')
        *digit = (uint32_t)(c - '0');
    else if (lower >= 'a' && lower <= 'f')
        *digit = (uint32_t)(lower - 'a' + 10);
    else
        return false;
    return *digit < base;
}

/* Decimal, or hexadecimal after 0x; false: not a number, or not in 64 bits. */
static bool parse_number(struct word value, uint64_t *number)
{
    uint32_t base = 10;
    size_t i = 0;
    if (value.length > 2 && value.text[0] == '0' &&
        (value.text[1] == 'x' || value.text[1] == 'X')) {
        base = 16;
        i = 2;
    }
    *number = 0;
    if (i == value.length)
        return false;
    for (; i < value.length; i++) {
        uint32_t digit;
        uint64_t next;
        if (!digit_of(value.text[i], base, &digit) ||
            __builtin_mul_overflow(*number, base, &next) ||
            __builtin_add_overflow(next, digit, number))
            return false;
    }
    return true;
}

/* Blanks end a word, unless they stand in double quotes; the quotes are not part of a value. */
static bool next_option(struct parser *parser, struct word *name, struct word *value,
                        bool *has_value)
{
    const char *p = parser->at;
    while (is_blank(*p))
        p++;
    if (*p == 0)
        return false;
    name->text = p;
    while (*p != 0 && *p != '=' && !is_blank(*p))
        p++;
    name->length = (size_t)(p - name->text);
    *has_value = *p == '=';
    *value = (struct word){ p, 0 };
    if (*has_value) {
        bool quoted = *++p == '"';
        value->text = quoted ? ++p : p;
        while (*p != 0 && (quoted ? *p != '"' : !is_blank(*p)))
            p++;
        value->length = (size_t)(p - value->text);
        if (quoted && (*p != '"' || (p[1] != 0 && !is_blank(p[1]))))
            value->text = NULL; /* the closing quote is missing, or something follows it */
        else if (quoted)
            p++;
    }
    parser->at = p;
    return true;
}

static bool apply(struct parser *parser, const struct option *option, struct rtl_options *options,
                  struct word name, struct word value)
{
    uint64_t number = 0;
    struct word none = { "", 0 };
    if (option->kind == OPTION_NUMBER) {
        if (!parse_number(value, &number))
            return fail(parser, "option '%.*s' wants a number, not%s '%.*s'", name, "", value);
        if (number < option->low || number > option->high) {
            char range[48];
            (void)format_text(range, sizeof(range), "%llu to %llu", (unsigned long long)option->low,
                              (unsigned long long)option->high); /* it fits */
            return fail(parser, "option '%.*s' wants %s, not '%.*s'", name, range, value);
        }
    }
    if (!option->set(options, value.text, value.length, number))
        return fail(parser, "the value of option '%.*s' is too long%s%.*s", name, "", none);
    return true;
}

static bool one_option(struct parser *parser, struct rtl_options *options, struct word name,
                       struct word value, bool has_value)
{
    struct word none = { "", 0 };
    for (uint32_t i = 0; i < ARRAY_COUNT(table); i++) {
        if (!equal(name, table[i].name))
            continue;
        if (parser->seen >> i & 1)
            return fail(parser, "option '%.*s' is given twice%s%.*s", name, "", none);
        parser->seen |= (uint32_t)1 << i;
        if (value.text == NULL)
            return fail(parser, "option '%.*s' has no closing quote where it should be%s%.*s", name,
                        "", none);
        if (has_value && table[i].kind == OPTION_FLAG)
            return fail(parser, "option '%.*s' takes no value%s%.*s", name, "", none);
        if (has_value && value.length == 0)
            return fail(parser, "option '%.*s' has an empty value%s%.*s", name, "", none);
        if (!has_value && table[i].kind == OPTION_NUMBER)
            return fail(parser, "option '%.*s' wants a value%s%.*s", name, "", none);
        return apply(parser, &table[i], options, name, value);
    }
    return fail(parser, "unknown option '%.*s'%s%.*s", name, "", none);
}

/* What the kernel is to do once it is up is one thing, or nothing. */
static bool one_task_only(const struct rtl_options *options, char *error, size_t error_bytes)
{
    const struct {
        bool given;
        const char *name;
    } tasks[] = { { options->selftest, "selftest" },
                  { options->bench, "bench" },
                  { options->growth, "growth" },
                  { options->stress, "stress" },
                  { options->idle, "idle" } };
    const char *first = NULL;
    for (uint32_t i = 0; i < ARRAY_COUNT(tasks); i++) {
        if (tasks[i].given && first != NULL) {
            (void)format_text(error, error_bytes, "options '%s' and '%s' exclude each other", first,
                              tasks[i].name); /* it fits */
            return false;
        }
        if (tasks[i].given)
            first = tasks[i].name;
    }
    return true;
}

MUST_CHECK bool rtl_options_parse(const char *line, struct rtl_options *options, char *error,
                                  size_t error_bytes)
{
    struct parser parser = { line, error, error_bytes, 0 };
    struct word name, value;
    bool has_value;
    *options =
        (struct rtl_options){ .log_level = LOG_INFO, .debug_mask = 1u << DPFLTR_ERROR_LEVEL };
    while (next_option(&parser, &name, &value, &has_value)) {
        if (!one_option(&parser, options, name, value, has_value))
            return false;
    }
    return one_task_only(options, error, error_bytes);
}
