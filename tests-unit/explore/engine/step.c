/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Steps: an actor announces what it will do, the search chooses, whoever was chosen goes on. And interrupts, which come
 * in between: a handler runs on the stack of the code that it interrupts, and may leave that stack for another one.
 */
#include "engine.h"

static unsigned lane_index(void)
{
    unsigned depth = world.current->stack->depth;

    return depth < LANES ? depth : LANES - 1;
}

struct lane *lane_now(void)
{
    return &world.current->lanes[lane_index()];
}

unsigned lane_component(void)
{
    return world.current->index * LANES + lane_index();
}

void lane_tick(void)
{
    lane_now()->now.at[lane_component()]++;
}

/* --- What can be done ------------------------------------------------------------------------------------------------- */

static bool seen_change(const struct actor *actor)
{
    for (unsigned i = 0; i < actor->watch_count; i++)
        if (actor->watches[i].version != OWN_STORE &&
            actor->watches[i].location->version != actor->watches[i].version)
            return true;
    return false;
}

bool op_enabled(const struct actor *actor, bool once_drained)
{
    const struct op *op = &actor->op;
    bool drained = actor->buffer_count == 0 || once_drained;

    switch (op->kind) {
    case OP_NONE:
    case OP_END:
    case OP_HALT:
        return false;
    case OP_LOAD:
        return !op->awaits || actor->released ||
               (op->version != OWN_STORE && op->location->version != op->version);
    case OP_PAUSE:
        return actor->released || seen_change(actor);
    case OP_LOCK:
        return drained && ((uint64_t)memory_read(op->address, op->bytes) & op->mask) == 0;
    case OP_STORE:
    case OP_RMW:
    case OP_FENCE:
        return drained;
    default:
        return true;
    }
}

static unsigned open_pending(const struct actor *actor)
{
    return actor->interrupts ? actor->pending & ~0u << (actor->level + 1) : 0;
}

bool interrupt_enabled(const struct actor *actor)
{
    return actor->pending != 0 && open_pending(actor) != 0;
}

/* --- Interrupts --------------------------------------------------------------------------------------------------------- */

/* Levels that code and handlers of this actor can tell apart. */
static void mask_acquire(unsigned from, unsigned to)
{
    struct actor *self = world.current;

    for (unsigned lines = self->lines & (~0u << (from + 1)); lines != 0; lines &= lines - 1) {
        unsigned level = (unsigned)__builtin_ctz(lines);

        if (level > to)
            return;
        clock_join(&lane_now()->now, &self->masked[level]);
    }
}

static void mask_release(unsigned from, unsigned to)
{
    struct actor *self = world.current;
    bool any = false;

    for (unsigned lines = self->lines & (~0u << (to + 1)); lines != 0; lines &= lines - 1) {
        unsigned level = (unsigned)__builtin_ctz(lines);

        if (level > from)
            break;
        clock_join(&self->masked[level], &lane_now()->now);
        any = true;
    }
    if (any)
        lane_tick();
}

static unsigned effective(const struct actor *actor)
{
    return actor->interrupts ? actor->level : LEVELS - 1;
}

/* The level rises before a step, so that one that is pending may come first. */
static void change(unsigned level, bool interrupts, uintptr_t pc)
{
    unsigned before = effective(world.current);
    unsigned after = interrupts ? level : LEVELS - 1;

    if (stepping() && world.current->lines != 0) {
        if (after > before) {
            step((struct op){ .kind = OP_MASK, .pc = pc, .level = (uint8_t)after });
            report_step(search_node(), after, true);
            search_done(false);
            mask_acquire(before, after);
        } else if (after < before) {
            mask_release(before, after);
        }
    }
    world.current->level = (uint8_t)level;
    world.current->interrupts = interrupts;
}

unsigned explore_level(void)
{
    return world.current->level;
}

void explore_level_set(unsigned level)
{
    change(level, world.current->interrupts, (uintptr_t)__builtin_return_address(0));
}

bool explore_interrupts_enabled(void)
{
    return world.current->interrupts;
}

bool explore_interrupts_disable(void)
{
    bool were_on = world.current->interrupts;

    if (were_on)
        change(world.current->level, false, (uintptr_t)__builtin_return_address(0));
    return were_on;
}

void explore_interrupts_enable(void)
{
    if (!world.current->interrupts)
        change(world.current->level, true, (uintptr_t)__builtin_return_address(0));
}

static void enter_handler(unsigned old_level, unsigned level)
{
    struct actor *self = world.current;

    self->stack->depth++;
    clock_join(&lane_now()->now, &self->raised);
    self->level = (uint8_t)level;
    self->interrupts = self->handler_interrupts[level];
    mask_acquire(old_level, effective(self));
}

static void leave_handler(unsigned old_level, unsigned switches)
{
    struct actor *self = world.current;
    struct lane *inner = lane_now();

    if (self->buffer_count != 0) { /* the return from an interrupt waits for the buffer */
        step((struct op){ .kind = OP_FENCE });
        report_step(search_node(), 0, false);
        search_done(false);
    }
    self = world.current;
    inner = lane_now();
    mask_release(effective(self), old_level);
    self->stack->depth--;
    if (self->stack->switches != switches) /* what was interrupted went on after somebody else */
        clock_join(&lane_now()->now, &inner->now);
    self->level = (uint8_t)old_level;
    self->interrupts = true;
}

static void take(struct actor *self, unsigned level)
{
    unsigned old_level = self->level;
    unsigned switches = self->stack->switches;

    self->pending &= (uint16_t)~(1u << level);
    enter_handler(old_level, level);
    self->handler[level](self->handler_argument[level]);
    leave_handler(old_level, switches);
}

/* A chosen interrupt; what the code waits for is as before when it is over, on whatever processor that is. */
static void take_chosen(void)
{
    struct actor *self = world.current;
    unsigned count = self->watch_count;
    struct watch watches[MAX_WATCHES];

    for (unsigned i = 0; i < count; i++)
        watches[i] = self->watches[i];
    unsigned level = interrupt_level(self);

    self->take_interrupt = false;
    report_step(search_node(), level, true);
    search_done(true);
    take(self, level);
    self = world.current;
    for (unsigned i = 0; i < count; i++) {
        self->watches[i] = watches[i];
        if (watches[i].version == OWN_STORE) /* it has left the buffer: look again */
            self->watches[i].version = watches[i].location->version - 1;
    }
    self->watch_count = count;
    self->last_load = NULL;
}

/* In setup, on an actor's stack: at once. */
static bool take_quietly(void)
{
    bool any = false;
    unsigned open;

    while (world.phase == PHASE_QUIET && (open = open_pending(world.current)) != 0) {
        take(world.current, 31 - (unsigned)__builtin_clz(open));
        any = true;
    }
    return any;
}

void explore_interrupt_connect(unsigned actor, unsigned level, void (*handler)(void *argument),
                               void *argument, bool interrupts_on)
{
    struct actor *target = &world.actors[actor];

    if (level == 0 || level >= LEVELS)
        engine_stop("interrupt levels are 1 to %d", LEVELS - 1);
    target->lines |= (uint16_t)(1u << level);
    target->handler[level] = handler;
    target->handler_argument[level] = argument;
    target->handler_interrupts[level] = interrupts_on;
    world.interrupts_used = true;
}

void explore_interrupt_raise(unsigned actor, unsigned level)
{
    struct actor *target = &world.actors[actor];
    struct op op = { .kind = OP_RAISE,
                     .bytes = 2,
                     .address = (uintptr_t)&target->pending,
                     .pc = (uintptr_t)__builtin_return_address(0),
                     .target = (uint8_t)actor,
                     .level = (uint8_t)level };

    if (!(target->lines >> level & 1))
        explore_fail("no handler for level %u on processor %u", level, actor);
    if (stepping()) {
        step(op);
        clock_join(&target->raised, &lane_now()->now);
        lane_tick();
    }
    target->pending |= (uint16_t)(1u << level);
    if (stepping()) {
        report_step(search_node(), level, true);
        search_done(false);
    }
    (void)take_quietly();
}

unsigned interrupt_level(const struct actor *actor)
{
    return 31 - (unsigned)__builtin_clz(open_pending(actor));
}

void explore_halt(void)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);

    change(world.current->level, true, pc);
    bool ended = false; /* by a handler, which may come back after the runs have begun */
    while (!ended && !stepping()) {
        ended = take_quietly();
        if (!ended)
            explore_gate(); /* the setup goes on, and raises something, or the runs begin */
    }
    if (ended)
        return;
    step((struct op){ .kind = OP_HALT, .pc = pc });
}

unsigned explore_self(void)
{
    return world.current->index;
}

/* --- Steps ---------------------------------------------------------------------------------------------------------- */

/* Until it is the turn of the code on this stack. */
static void choose_next(void)
{
    for (;;) {
        int process = search_choose();
        struct actor *self = world.current;
        struct actor *next;

        if (process < 0)
            run_end();
        next = &world.actors[process % ACTORS];
        if (process / ACTORS == 1) {
            memory_flush(next);
            continue;
        }
        next->released = false;
        next->take_interrupt = process / ACTORS == 2;
        if (next == self)
            return;
        world.current = next;
        stack_swap(&self->sp, next->sp);
        return;
    }
}

void step(struct op op)
{
    if (op.kind != OP_LOAD)
        world.current->last_load = NULL;
    world.current->op = op;
    if (world.phase == PHASE_START)
        stack_swap(&world.current->sp, world.main_sp);
    else
        choose_next();
    while (world.current->take_interrupt) {
        take_chosen();
        if (op.kind == OP_HALT)
            return;
        if (op.awaits)
            op.awaits = false; /* it may have been long */
        world.current->op = op;
        choose_next();
    }
}

void explore_end(void)
{
    for (;;)
        step((struct op){ .kind = OP_END });
}
