/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The search: which process goes next, and which one next time. The runs are the paths of a tree; `nodes` is the path of
 * the current run, each with the set of processes that are still to be tried there. order.c adds to these sets (dynamic
 * partial-order reduction, source sets: Abdulla et al., POPL 2014); without reduction they are full from the start.
 *
 * With a bound, a switch away from an actor that could go on counts as a preemption. Points added by the reduction are
 * then added at the begin of that actor's stretch as well (Coons et al., OOPSLA 2013), or the bound would lose some.
 *
 * Sleep sets are used only where there are no interrupts: with them, and store buffers, they lost outcomes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

#define SPINS_MAX 200 /* turns of actors that spin while nobody else can do anything */

struct node nodes[MAX_STEPS];
int step_count;
int over_step;

static int depth; /* nodes that are decided */
static int dirty; /* from here on their order is to be found out */
static int last;  /* the actor that ran last; flushes do not count */
static unsigned preemptions, spins, next_spinner;
static uint32_t sleeping;

struct replay_step {
    uint8_t process, choice;
};
static struct replay_step replay[MAX_STEPS];
static int replay_count;

static uint64_t random_state;
static uint32_t priorities[PROCESSES];
static uint32_t change_points[64];
static uint32_t average_steps;

static uint32_t bit(unsigned process)
{
    return 1u << process;
}

static uint32_t random_number(uint32_t below)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (uint32_t)((random_state * 0x2545f4914f6cdd1du >> 32) * below >> 32);
}

void search_begin(void)
{
    depth = 0;
    dirty = 0;
    replay_count = 0;
    average_steps = 50;
    random_state = options.seed * 0x9e3779b97f4a7c15u | 1;
}

/* PCT (Burckhardt et al., ASPLOS 2010): random priorities, lowered at a few random steps. */
static void draw_priorities(void)
{
    average_steps = (average_steps * 7 + (uint32_t)step_count) / 8 + 1;
    for (unsigned i = 0; i < PROCESSES; i++)
        priorities[i] = 1000 + random_number(1u << 20);
    for (unsigned i = 0; i < options.pct; i++)
        change_points[i] = random_number(average_steps * 2);
}

void search_run(void)
{
    if (options.pct != 0)
        draw_priorities();
    step_count = 0;
    over_step = MAX_STEPS;
    last = -1;
    preemptions = 0;
    spins = 0;
    next_spinner = 0;
    sleeping = 0;
    order_reset();
}

struct op search_next_op(unsigned process)
{
    const struct actor *actor = &world.actors[process % ACTORS];

    if (process < ACTORS)
        return actor->op;
    if (process < 2 * ACTORS)
        return (struct op){ .kind = OP_FLUSH,
                            .bytes = actor->buffer[0].bytes,
                            .writes = true,
                            .address = actor->buffer[0].address,
                            .pc = actor->buffer[0].pc };
    return (struct op){ .kind = OP_INTERRUPT,
                        .bytes = 2,
                        .writes = true,
                        .address = (uintptr_t)&actor->pending,
                        .target = (uint8_t)actor->index,
                        .level = (uint8_t)interrupt_level(actor) };
}

static uint32_t enabled_processes(void)
{
    uint32_t enabled = 0;

    for (unsigned a = 0; a < world.actor_count; a++) {
        const struct actor *actor = &world.actors[a];

        if (interrupt_enabled(actor))
            enabled |= bit(INTERRUPT(a));
        if (op_enabled(actor, false) && !(options.prompt && interrupt_enabled(actor)))
            enabled |= bit(a);
        if (actor->buffer_count != 0)
            enabled |= bit(FLUSH(a));
    }
    return enabled;
}

/* Nobody can go on: loops that count how often they spin must come to their end. */
static uint32_t release_spinner(void)
{
    for (unsigned i = 0; i < world.actor_count; i++) {
        unsigned a = (next_spinner + i) % world.actor_count;
        struct actor *actor = &world.actors[a];

        if (actor->op.kind != OP_PAUSE && !(actor->op.kind == OP_LOAD && actor->op.awaits))
            continue;
        if (spins++ == SPINS_MAX)
            return 0;
        actor->released = true;
        next_spinner = a + 1;
        return bit(a);
    }
    return 0;
}

/*
 * Can the code of the actor that ran last go on, now or once its own buffer is empty? Whether an interrupt is pending must
 * not count, or a request that could as well have come later would change what a switch costs.
 */
static bool continues(void)
{
    return last >= 0 && op_enabled(&world.actors[last], true);
}

/* What the bound lets one choose from. */
static uint32_t within_bound(uint32_t enabled)
{
    if (options.bound >= 0 && preemptions >= (unsigned)options.bound && continues())
        return enabled & (bit((unsigned)last) | bit(INTERRUPT((unsigned)last)) | ALL_FLUSHES);
    return enabled;
}

static unsigned highest_priority(uint32_t allowed)
{
    unsigned best = (unsigned)__builtin_ctz(allowed);

    for (uint32_t left = allowed; left != 0; left &= left - 1) {
        unsigned process = (unsigned)__builtin_ctz(left);

        if (priorities[process] > priorities[best])
            best = process;
    }
    for (unsigned i = 0; i < options.pct; i++) {
        if (change_points[i] == (uint32_t)step_count) {
            priorities[best] = i;
            change_points[i] = UINT32_MAX;
            return highest_priority(allowed);
        }
    }
    return best;
}

static unsigned first_choice(uint32_t allowed)
{
    if (step_count < replay_count) {
        unsigned process = replay[step_count].process;

        if (!(allowed & bit(process)))
            explore_fail("the schedule does not fit: step %d of process %u is not possible",
                         step_count, process);
        return process;
    }
    if (options.pct != 0)
        return highest_priority(allowed);
    if (last >= 0 && (allowed & bit((unsigned)last)))
        return (unsigned)last;
    if (last >= 0 && op_enabled(&world.actors[last], true) &&
        (allowed & bit(FLUSH((unsigned)last))))
        return FLUSH((unsigned)last); /* it waits for its own buffer only */
    return (unsigned)__builtin_ctz(allowed);
}

/* A new node: false if all that could be tried here leads to what was seen elsewhere. */
static bool open_node(struct node *node, uint32_t enabled)
{
    uint32_t allowed = replay_count > 0 ? enabled : within_bound(enabled);
    uint32_t awake = allowed & ~sleeping;

    if (awake == 0)
        return false;
    *node = (struct node){ .process = (uint8_t)first_choice(awake),
                           .choices = 1,
                           .free = !continues(),
                           .possible = enabled,
                           .enabled = allowed,
                           .sleep = sleeping,
                           .preemptions = (uint16_t)preemptions };
    node->backtrack = options.plain && step_count < over_step ? awake : bit(node->process);
    if (step_count < replay_count)
        node->choice = replay[step_count].choice;
    depth = step_count + 1;
    if (dirty > step_count)
        dirty = step_count;
    return true;
}

/* A step of its actor, or what enables one, may come before an interrupt; order.c sees to the other way round. */
static void try_interrupts(struct node *node)
{
    unsigned actor = node->process % ACTORS;
    enum op_kind waiting = world.actors[actor].op.kind;

    if (options.plain || options.pct != 0 || step_count >= over_step)
        return;
    if (node->process >= 2 * ACTORS && (node->enabled & bit(actor))) {
        node->backtrack |= bit(actor);
    } else if (node->process >= 2 * ACTORS && waiting != OP_HALT && waiting != OP_END) {
        node->backtrack |= node->enabled;
    }
}

static bool sleep_sets(void)
{
    return !options.plain && options.bound < 0 && options.pct == 0 && !world.interrupts_used;
}

static void put_to_sleep(const struct node *node)
{
    uint32_t candidates = (node->sleep | node->done) & ~bit(node->process);

    sleeping = 0;
    if (!sleep_sets())
        return;
    for (; candidates != 0; candidates &= candidates - 1) {
        unsigned other = (unsigned)__builtin_ctz(candidates);

        if (order_independent(node->process, &node->op, other))
            sleeping |= bit(other);
    }
}

static void count_preemption(const struct node *node)
{
    int actor = node->process % ACTORS;

    if (node->process / ACTORS == 1)
        return;
    if (actor != last && continues())
        preemptions++;
    last = actor;
}

int search_choose(void)
{
    struct node *node = &nodes[step_count];
    const struct actor *actor;
    uint32_t enabled = enabled_processes();
    bool released = false;

    if (enabled == 0) {
        enabled = release_spinner();
        released = true;
    }
    if (enabled == 0)
        return -1;
    if ((unsigned)step_count >= options.steps)
        explore_fail("more than %u steps: a livelock?", options.steps);
    if (step_count >= depth && !open_node(node, enabled)) {
        totals.blocked++;
        run_end();
    }
    actor = &world.actors[node->process % ACTORS];
    node->op = search_next_op(node->process);
    node->released = released;
    node->open_level = actor->interrupts ? actor->level : LEVELS;
    try_interrupts(node);
    put_to_sleep(node);
    count_preemption(node);
    if (node->op.address != 0) {
        node->before = (uint64_t)memory_read(node->op.address, node->op.bytes);
        if (node->op.kind <= OP_LOCK || node->op.kind == OP_FLUSH)
            node->version = memory_location(node->op.address, node->op.bytes)->version;
    }
    step_count++;
    totals.steps++;
    return node->process;
}

struct node *search_node(void)
{
    return &nodes[step_count - 1];
}

unsigned search_choice(unsigned choices)
{
    struct node *node = search_node();

    node->choices = (uint8_t)choices;
    if (options.pct != 0 && replay_count == 0)
        node->choice = (uint8_t)random_number(choices);
    if (node->choice >= choices)
        explore_fail("the schedule does not fit: choice %u of %u", node->choice, choices);
    return node->choice;
}

void search_done(bool writes)
{
    search_node()->op.writes = writes;
    order_step(step_count - 1, step_count - 1 < dirty);
}

void search_end(void)
{
    if (options.plain || options.pct != 0)
        return;
    for (unsigned a = 0; a < world.actor_count; a++) {
        enum op_kind kind = world.actors[a].op.kind;

        if (kind != OP_END && kind != OP_HALT && kind != OP_NONE)
            order_blocked(a, &world.actors[a].op);
    }
}

bool search_advance(void)
{
    if (options.pct != 0) {
        depth = 0;
        dirty = 0;
        return true;
    }
    if (depth > step_count)
        depth = step_count;
    while (depth > 0) {
        struct node *node = &nodes[depth - 1];
        uint32_t left;

        if (node->choice + 1 < node->choices) {
            node->choice++;
            dirty = depth - 1;
            return true;
        }
        node->done |= bit(node->process);
        left = node->backtrack & ~node->done & ~node->sleep & node->enabled;
        if (left != 0) {
            node->process = (uint8_t)__builtin_ctz(left);
            node->choice = 0;
            node->choices = 1;
            dirty = depth - 1;
            return true;
        }
        depth--;
    }
    return false;
}

/* --- Schedules as text: 0*12,f1,i0,2*3,1.2 is 12 steps of actor 0, a flush, an interrupt, 3 steps, a choice ----------- */

bool search_replay(const char *text)
{
    replay_count = 0;
    while (*text != '\0') {
        unsigned kind = *text == 'f' ? 1 : *text == 'i' ? 2 : 0;
        char *end;
        unsigned long actor, times = 1, choice = 0;

        text += kind != 0;
        actor = strtoul(text, &end, 10);
        if (end == text || actor >= ACTORS)
            return false;
        if (*end == '.')
            choice = strtoul(end + 1, &end, 10);
        if (*end == '*')
            times = strtoul(end + 1, &end, 10);
        if (*end == ',')
            end++;
        else if (*end != '\0')
            return false;
        text = end;
        while (times-- > 0 && replay_count < MAX_STEPS)
            replay[replay_count++] =
                (struct replay_step){ (uint8_t)(kind * ACTORS + actor), (uint8_t)choice };
    }
    return true;
}

void search_schedule(char *text, size_t bytes)
{
    size_t used = 0;

    text[0] = '\0';
    for (int i = 0; i < step_count && used < bytes;) {
        const struct node *node = &nodes[i];
        int times = 1;
        char choice[8] = "";

        while (i + times < step_count && nodes[i + times].process == node->process &&
               nodes[i + times].choice == node->choice)
            times++;
        if (node->choice != 0)
            (void)snprintf(choice, sizeof(choice), ".%u", node->choice);
        used += (size_t)snprintf(text + used, bytes - used, "%s%s%u%s", i > 0 ? "," : "",
                                 node->process >= 2 * ACTORS ? "i"
                                 : node->process >= ACTORS   ? "f"
                                                             : "",
                                 node->process % ACTORS, choice);
        if (times > 1 && used < bytes)
            used += (size_t)snprintf(text + used, bytes - used, "*%d", times);
        i += times;
    }
}
