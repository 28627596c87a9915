/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A failing run for people: one line a step, with processor, level, place in the source, operation and value. Steps are
 * recorded only while one schedule is run again. Places come from llvm-symbolizer (EXPLORE_SYMBOLIZER names it);
 * without one, from addresses relative to the program's start, which addr2line reads.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"

#ifndef EXPLORE_DEFAULT_SYMBOLIZER
#define EXPLORE_DEFAULT_SYMBOLIZER "llvm-symbolizer"
#endif
#define MAX_LINES  20000
#define TEXT_BYTES 96

struct line {
    int step; /* -1: a note */
    uint8_t process, kind, level, preempts, bytes;
    bool has_value;
    uint64_t value;
    uintptr_t pc, address;
    char text[TEXT_BYTES];
};

struct place {
    uintptr_t address;
    bool data;
    char name[TEXT_BYTES];
};

bool report_on;
static struct line lines[MAX_LINES];
static int line_count;
static struct place places[4096];
static int place_count;

extern const char __executable_start[] __attribute__((weak));

static const char *const kinds[] = {
    [OP_LOAD] = "load",     [OP_STORE] = "store", [OP_BUFFER] = "store (buffered)",
    [OP_RMW] = "rmw",       [OP_FENCE] = "fence", [OP_LOCK] = "lock",
    [OP_PAUSE] = "pause",   [OP_MASK] = "raise",  [OP_HALT] = "halt",
    [OP_RAISE] = "request", [OP_CALL] = "call",   [OP_RETURN] = "return",
    [OP_END] = "end",       [OP_FLUSH] = "flush", [OP_INTERRUPT] = "interrupt",
};

void report_begin(void)
{
    line_count = 0;
    place_count = 0;
}

bool explore_is_replay(void)
{
    return report_on;
}

void report_step(const struct node *node, value_t value, bool has_value)
{
    if (!report_on || line_count == MAX_LINES)
        return;
    lines[line_count++] = (struct line){
        .step = step_count - 1,
        .process = node->process,
        .kind = node->op.kind,
        .level = world.actors[node->process % ACTORS].level,
        .preempts = step_count > 1 && node->preemptions > nodes[step_count - 2].preemptions,
        .bytes = node->op.bytes,
        .has_value = has_value,
        .value = (uint64_t)value,
        .pc = node->op.pc,
        .address =
            node->op.kind == OP_INTERRUPT || node->op.kind == OP_RAISE ? 0 : node->op.address,
    };
}

void explore_note(const char *format, ...)
{
    va_list arguments;

    if (!report_on || world.phase < PHASE_START || line_count == MAX_LINES)
        return;
    lines[line_count] = (struct line){ .step = -1, .process = (uint8_t)explore_self() };
    va_start(arguments, format);
    (void)vsnprintf(lines[line_count++].text, TEXT_BYTES, format, arguments);
    va_end(arguments);
}

/* --- Names of places ----------------------------------------------------------------------------------------------------- */

static void want(uintptr_t address, bool data)
{
    for (int i = 0; i < place_count; i++)
        if (places[i].address == address && places[i].data == data)
            return;
    if (address == 0 || place_count == (int)(sizeof(places) / sizeof(places[0])))
        return;
    places[place_count++] = (struct place){ .address = address, .data = data };
    (void)snprintf(places[place_count - 1].name, TEXT_BYTES, "+%#zx",
                   (size_t)(address - (uintptr_t)__executable_start));
}

static const char *name_of(uintptr_t address, bool data)
{
    static char text[4][TEXT_BYTES];
    static int next;
    char *mine = text[next++ % 4];

    if (address == 0)
        return "";
    if (data && heap_describe(address, mine, TEXT_BYTES))
        return mine;
    for (unsigned i = 0; data && i < world.stack_count; i++) {
        const struct explore_stack *stack = world.stacks[i];

        if (address >= stack->low && address < stack->high) {
            (void)snprintf(mine, TEXT_BYTES, "%s-%zu", stack->name,
                           (size_t)(stack->high - address));
            return mine;
        }
    }
    for (int i = 0; i < place_count; i++)
        if (places[i].address == address && places[i].data == data)
            return places[i].name;
    return "?";
}

/* One line a query is enough: function and file:line, or symbol and offset. */
static void ask(int from, int to, const char *tool)
{
    char request[] = "/tmp/explore-places-XXXXXX";
    char command[512], line[512], function[TEXT_BYTES] = "";
    int file = mkstemp(request), i = from, row = 0;
    FILE *stream = file >= 0 ? fdopen(file, "w") : NULL;

    if (stream == NULL)
        return;
    for (i = from; i < to; i++)
        (void)fprintf(
            stream, "%s%#zx\n", places[i].data ? "DATA " : "CODE ",
            (size_t)(places[i].address - (places[i].data ? 0 : 1) - (uintptr_t)__executable_start));
    (void)fclose(stream);
    (void)snprintf(command, sizeof(command), "%s --no-inlines --obj=/proc/%d/exe <%s 2>/dev/null",
                   tool, (int)getpid(), request);
    stream = popen(command, "r");
    for (i = from; stream != NULL && i < to && fgets(line, sizeof(line), stream) != NULL;) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '\0') {
            i++;
            row = 0;
            continue;
        }
        if (row++ == 0) {
            (void)snprintf(function, sizeof(function), "%.60s", line);
            if (places[i].data && line[0] != '?')
                (void)snprintf(places[i].name, TEXT_BYTES, "%.60s", line);
        } else if (!places[i].data && row == 2 && line[0] != '?') {
            const char *slash = strrchr(line, '/');
            char *column = strrchr(line, ':');

            if (column != NULL)
                *column = '\0';
            (void)snprintf(places[i].name, TEXT_BYTES, "%.44s %.48s", function,
                           slash != NULL ? slash + 1 : line);
        } else if (places[i].data && row == 2) {
            uintptr_t start = strtoul(line, NULL, 0) + (uintptr_t)__executable_start;

            if (places[i].address != start && function[0] != '?')
                (void)snprintf(places[i].name, TEXT_BYTES, "%.60s+%zu", function,
                               (size_t)(places[i].address - start));
        }
    }
    if (stream != NULL)
        (void)pclose(stream);
    (void)unlink(request);
}

static void want_in_text(const char *text)
{
    for (const char *p = text; (p = strpbrk(p, "@$")) != NULL; p++)
        if (p[1] == '0')
            want(strtoul(p + 1, NULL, 0), *p == '$');
}

/* Print the text with its @address and $address in words. */
static void print_text(const char *text)
{
    while (*text != '\0') {
        char *end;
        uintptr_t address;

        if ((*text != '@' && *text != '$') || text[1] != '0') {
            (void)putchar(*text++);
            continue;
        }
        address = strtoul(text + 1, &end, 0);
        (void)printf("%s%s%s", *text == '@' ? "at " : "", name_of(address, *text == '$'), "");
        text = end;
    }
}

static void find_names(void)
{
    const char *tool = getenv("EXPLORE_SYMBOLIZER");

    for (int i = 0; i < line_count; i++) {
        want(lines[i].pc, false);
        want(lines[i].address, true);
    }
    for (unsigned a = 0; a < world.actor_count; a++) {
        want(world.actors[a].op.pc, false);
        want(world.actors[a].op.address, true);
    }
    want_in_text(failure);
    ask(0, place_count, tool != NULL && *tool != '\0' ? tool : EXPLORE_DEFAULT_SYMBOLIZER);
}

static void print_line(const struct line *line)
{
    unsigned actor = line->process % ACTORS;
    char column[64];

    if (line->step < 0) {
        (void)printf("       P%u              | %s\n", actor, line->text);
        return;
    }
    (void)snprintf(column, sizeof(column), "%s%s", line->preempts ? "*" : " ",
                   line->process >= 2 * ACTORS ? "interrupt"
                   : line->process >= ACTORS   ? "buffer"
                                               : "");
    (void)printf("%5d  P%u %-10s L%-2u | %-9s %-28s", line->step, actor, column, line->level,
                 kinds[line->kind], name_of(line->address, true));
    if (line->has_value)
        (void)printf(" = %#-8llx", (unsigned long long)line->value);
    else
        (void)printf("            ");
    (void)printf(" %s\n", name_of(line->pc, false));
}

void report_print(void)
{
    char schedule[8192];

    find_names();
    (void)printf("  step  processor level | operation (* = a preemption)\n");
    for (int i = 0; i < line_count; i++)
        print_line(&lines[i]);
    for (unsigned a = 0; a < world.actor_count; a++) {
        const struct actor *actor = &world.actors[a];

        if (actor->op.kind == OP_END || actor->op.kind == OP_NONE)
            continue;
        (void)printf("   end  P%u stands on '%s' before: %s %s %s\n", a, actor->stack->name,
                     kinds[actor->op.kind], name_of(actor->op.address, true),
                     name_of(actor->op.pc, false));
    }
    (void)printf("  ");
    print_text(failure);
    search_schedule(schedule, sizeof(schedule));
    (void)printf("\n  schedule: %s\n", schedule);
}
