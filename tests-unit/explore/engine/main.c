/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line: which scenarios, in which model, how far; and what is printed. A scenario that fails is looked for
 * once more with fewer and fewer preemptions, so that what is shown is as simple as it can be.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

#define DEFAULT_STEPS 4000
#define SHRINK_BUDGET 300000
#define PROGRAMS      1000 /* of the self-test, for each model */

extern const struct explore_scenario *const __start_explore_table[] __attribute__((weak));
extern const struct explore_scenario *const __stop_explore_table[] __attribute__((weak));

struct arguments {
    const char *glob;
    int model; /* -1: the scenario's */
    int bound; /* -1: the scenario's; -2: none */
    long long budget;
    double seconds;
    unsigned pct;
    uint64_t seed;
    const char *replay;
    bool list, self_test, json, plain, verbose, outcomes;
    uint64_t programs;
};

static const char *const models[] = { "tso", "sc", "c11" };

static void _Noreturn usage(void)
{
    (void)fprintf(
        stderr,
        "usage: explore [--list] [GLOB] [--model sc|tso|c11] [--bound N|none] [--budget N]\n"
        "               [--seconds N] [--pct N --seed S] [--replay LINE] [--plain] [--outcomes]\n"
        "               [--json]"
        "               [--self-test [--programs N]] [--verbose]\n");
    exit(2);
}

static int read_model(const char *text)
{
    for (int i = 0; i < 3; i++)
        if (strcmp(text, models[i]) == 0)
            return i;
    usage();
}

static uint64_t read_number(const char *text)
{
    char *end;
    unsigned long long number = strtoull(text, &end, 0);

    if (end == text || *end != '\0' || *text == '-')
        usage();
    return number;
}

static bool is_flag(struct arguments *arguments, const char *word)
{
    struct {
        const char *name;
        bool *flag;
    } flags[] = {
        { "--list", &arguments->list },       { "--self-test", &arguments->self_test },
        { "--json", &arguments->json },       { "--plain", &arguments->plain },
        { "--verbose", &arguments->verbose }, { "--outcomes", &arguments->outcomes },
    };

    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (strcmp(word, flags[i].name) != 0)
            continue;
        *flags[i].flag = true;
        return true;
    }
    return false;
}

static void read_option(struct arguments *arguments, const char *word, const char *value)
{
    if (value == NULL)
        usage();
    if (strcmp(word, "--model") == 0)
        arguments->model = read_model(value);
    else if (strcmp(word, "--bound") == 0)
        arguments->bound = strcmp(value, "none") == 0 ? -2 : (int)read_number(value);
    else if (strcmp(word, "--budget") == 0)
        arguments->budget = (long long)read_number(value);
    else if (strcmp(word, "--seconds") == 0)
        arguments->seconds = strtod(value, NULL);
    else if (strcmp(word, "--pct") == 0)
        arguments->pct = (unsigned)read_number(value);
    else if (strcmp(word, "--seed") == 0)
        arguments->seed = read_number(value);
    else if (strcmp(word, "--programs") == 0)
        arguments->programs = read_number(value);
    else if (strcmp(word, "--replay") == 0)
        arguments->replay = value;
    else
        usage();
}

static struct arguments read_arguments(int argc, char **argv)
{
    struct arguments arguments = {
        .glob = "*", .model = -1, .bound = -1, .budget = -1, .seed = 1, .programs = PROGRAMS
    };

    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) != 0)
            arguments.glob = argv[i];
        else if (!is_flag(&arguments, argv[i])) {
            read_option(&arguments, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
            i++;
        }
    }
    if (arguments.pct > 64)
        usage();
    return arguments;
}

static struct options options_for(const struct explore_scenario *scenario,
                                  const struct arguments *arguments)
{
    struct options chosen = {
        .model = scenario->model,
        .bound = scenario->bound != 0 ? (int)scenario->bound : -1,
        .budget = scenario->budget,
        .seconds = arguments->seconds,
        .prompt = scenario->prompt,
        .steps = scenario->steps != 0 ? scenario->steps : DEFAULT_STEPS,
        .pct = arguments->pct,
        .seed = arguments->seed,
        .plain = arguments->plain,
        .keep_going = arguments->outcomes,
    };

    if (arguments->model >= 0)
        chosen.model = (enum explore_model)arguments->model;
    if (arguments->bound != -1)
        chosen.bound = arguments->bound == -2 ? -1 : arguments->bound;
    if (arguments->budget >= 0)
        chosen.budget = (uint64_t)arguments->budget;
    if (chosen.pct != 0 && chosen.budget == 0)
        chosen.budget = 10000;
    return chosen;
}

/* --- What is printed -------------------------------------------------------------------------------------------------------- */

static void print_outcomes(void)
{
    for (unsigned i = 0; i < totals.outcome_count; i++)
        (void)printf("  outcome %#llx\n", (unsigned long long)outcomes[i]);
    if (totals.more_outcomes)
        (void)printf("  and more\n");
}

static void print_result(const struct explore_scenario *scenario, const struct totals *result,
                         bool good, bool json)
{
    const char *extent = options.pct != 0 ? "random" : result->complete ? "all" : "part";

    if (json) {
        (void)printf("{\"scenario\": \"%s\", \"passed\": %s, \"model\": \"%s\", \"bound\": %d, "
                     "\"executions\": %llu, \"steps\": %llu, \"complete\": %s, \"outcomes\": %u, "
                     "\"preemptions\": %u, \"seconds\": %.3f}\n",
                     scenario->name, good ? "true" : "false", models[options.model], options.bound,
                     (unsigned long long)result->runs, (unsigned long long)result->steps,
                     result->complete ? "true" : "false", result->outcome_count,
                     good ? 0 : failure_preemptions, result->seconds);
        return;
    }
    (void)printf("%-6s %-44s %s bound=%d executions=%llu (%s) steps=%llu deepest=%u %.2f s\n",
                 good ? "ok" : "FAILED", scenario->name, models[options.model], options.bound,
                 (unsigned long long)result->runs, extent, (unsigned long long)result->steps,
                 result->deepest, result->seconds);
}

static void show(const struct explore_scenario *scenario, const char *schedule)
{
    report_on = true;
    report_begin();
    (void)run_scenario(scenario, schedule);
    if (totals.failures != 0)
        report_print();
    else
        (void)printf("  the schedule does not fail\n");
    report_on = false;
}

/* The same with the fewest preemptions that the budget finds. */
static void shrink(const struct explore_scenario *scenario, char *schedule, size_t bytes)
{
    struct options before = options;
    char kept[sizeof(failure)];
    unsigned fewest = failure_preemptions;

    memcpy(kept, failure, sizeof(kept));
    options.pct = 0;
    options.plain = false;
    options.budget = SHRINK_BUDGET;
    options.keep_going = false;
    for (unsigned bound = 0; bound < fewest; bound++) {
        options.bound = (int)bound;
        if (run_scenario(scenario, NULL))
            continue;
        search_schedule(schedule, bytes);
        fewest = bound;
        memcpy(kept, failure, sizeof(kept));
    }
    options = before;
    failure_preemptions = fewest;
    memcpy(failure, kept, sizeof(failure));
}

static void explain(const struct explore_scenario *scenario, bool json)
{
    char schedule[8192];

    search_schedule(schedule, sizeof(schedule));
    shrink(scenario, schedule, sizeof(schedule));
    if (json)
        return;
    show(scenario, schedule);
    (void)printf("  again: --replay '%s/%s/%s'\n", scenario->name, models[options.model], schedule);
}

static bool explore_one(const struct explore_scenario *scenario, const struct arguments *arguments)
{
    struct totals result;
    bool good;

    options = options_for(scenario, arguments);
    good = run_scenario(scenario, NULL);
    result = totals;
    if (arguments->outcomes)
        print_outcomes();
    if (!good && result.steps != 0 && !options.keep_going)
        explain(scenario, arguments->json);
    else if (!good)
        (void)printf("  %s\n", failure);
    print_result(scenario, &result, good, arguments->json);
    return good;
}

/* LINE is scenario/model/schedule. */
static int replay(const char *line, const struct arguments *arguments)
{
    char name[128];
    const char *model = strchr(line, '/');
    const char *schedule = model != NULL ? strchr(model + 1, '/') : NULL;
    char model_name[8] = "";

    if (schedule == NULL || (size_t)(model - line) >= sizeof(name) ||
        (size_t)(schedule - model) > sizeof(model_name))
        usage();
    (void)snprintf(name, sizeof(name), "%.*s", (int)(model - line), line);
    (void)snprintf(model_name, sizeof(model_name), "%.*s", (int)(schedule - model - 1), model + 1);
    for (const struct explore_scenario *const *s = __start_explore_table; s < __stop_explore_table;
         s++) {
        if (strcmp((*s)->name, name) != 0)
            continue;
        options = options_for(*s, arguments);
        options.model = (enum explore_model)read_model(model_name);
        show(*s, schedule + 1);
        return totals.failures != 0;
    }
    (void)fprintf(stderr, "explore: no scenario '%s'\n", name);
    return 2;
}

static int all(const struct arguments *arguments)
{
    unsigned count = 0, failures = 0;
    uint64_t executions = 0;

    for (const struct explore_scenario *const *s = __start_explore_table; s < __stop_explore_table;
         s++) {
        if (fnmatch(arguments->glob, (*s)->name, 0) != 0)
            continue;
        count++;
        if (arguments->list) {
            (void)printf("%-44s %s bound=%u  %s\n", (*s)->name, models[(*s)->model], (*s)->bound,
                         (*s)->what != NULL ? (*s)->what : "");
            continue;
        }
        failures += !explore_one(*s, arguments);
        executions += totals.runs;
        (void)fflush(stdout);
    }
    if (count == 0) {
        (void)fprintf(stderr, "explore: no scenario matches '%s'\n", arguments->glob);
        return 2;
    }
    if (!arguments->list && !arguments->json)
        (void)printf("%u scenarios, %llu executions, %u failed\n", count,
                     (unsigned long long)executions, failures);
    return failures != 0;
}

int main(int argc, char **argv)
{
    struct arguments arguments = read_arguments(argc, argv);

    state_keep_pristine();
    if (arguments.self_test)
        return self_test(arguments.programs, arguments.verbose) ? 0 : 1;
    if (arguments.replay != NULL)
        return replay(arguments.replay, &arguments);
    return all(&arguments);
}
