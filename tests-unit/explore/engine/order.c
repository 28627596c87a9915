/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must come before what, and what could as well have come the other way round.
 *
 * Two steps depend on each other if they touch the same memory and one of them changes it, or if one is an interrupt of
 * the other's actor. From that follows for each step which steps come before it in every equivalent run (`order`, a
 * vector clock). Where two dependent steps are not ordered by anything else, the other order is to be tried: at the
 * node of the first one, somebody must be tried whose steps lead to the second.
 *
 * Steps that can only come in one order are no race: a lock is not taken before it is free, and a wait for a change
 * does not end before the change.
 */
#include <string.h>

#include "engine.h"

struct order order_of[PROCESSES];
static int last_own[ACTORS];

/* The pauses of this run, and what each waited for a change of. */
struct paused {
    int step;
    unsigned count;
    struct op watched[MAX_WATCHES];
};
static struct paused pauses[MAX_STEPS];
static int pause_count;

void order_reset(void)
{
    memset(order_of, 0, sizeof(order_of));
    memset(last_own, -1, sizeof(last_own));
    pause_count = 0;
}

static bool overlap(const struct op *a, const struct op *b)
{
    return a->address < b->address + b->bytes && b->address < a->address + a->bytes;
}

static bool conflict(const struct op *a, const struct op *b)
{
    if (!overlap(a, b))
        return false;
    if (a->kind == OP_CALL || a->kind == OP_RETURN)
        return a->kind != b->kind;
    return a->writes || b->writes;
}

/* An actor's load and the flush of its own store commute: it sees that store either way. */
static bool own_buffer(unsigned a, const struct op *op_a, unsigned b, const struct op *op_b)
{
    return a != b && a % ACTORS == b % ACTORS &&
           ((op_a->kind == OP_LOAD && op_b->kind == OP_FLUSH) ||
            (op_a->kind == OP_FLUSH && op_b->kind == OP_LOAD));
}

/* --- Trying the other order --------------------------------------------------------------------------------------------- */

static bool before_all_others(const struct order *order, unsigned process, int index)
{
    unsigned later = 0;

    for (unsigned r = 0; r < PROCESSES; r++)
        later |= (unsigned)(order->at[r] > index + 1) & (unsigned)(r != process);
    return later == 0;
}

/*
 * With a bound, also where a switch costs less: where the stretch of the actor that ran at `index` began, and in it
 * where that actor could not go on by itself; and after it took a lock, for who will want that lock gives the processor
 * back for nothing.
 */
void order_try_before_stretch(int index, unsigned process)
{
    unsigned actor = nodes[index].process % ACTORS;
    unsigned other = process % ACTORS;
    uint32_t wanted = 1u << process | 1u << other | 1u << INTERRUPT(other);
    int first = index;

    if (options.bound < 0)
        return;
    for (int i = index; i >= 0; i--) {
        struct node *node = &nodes[i];
        bool flush = node->process / ACTORS == 1;

        if (!flush && node->process % ACTORS != actor)
            break;
        if (!flush)
            first = i;
        if (node->free)
            node->backtrack |= node->enabled;
        else if (i > 0 && nodes[i - 1].op.kind == OP_LOCK)
            node->backtrack |= node->enabled & wanted;
    }
    struct node *begin = &nodes[first];
    begin->backtrack |= begin->enabled & wanted ? begin->enabled & wanted : begin->enabled;
}

/* `process` does, after all of `order`, something that depends on step `index`. */
static void try_reverse(int index, unsigned process, const struct order *order)
{
    struct node *node = &nodes[index];
    uint32_t first = 0, seen = 0;

    if (options.plain || options.pct != 0 || index >= over_step)
        return;
    order_try_before_stretch(index, process);
    if ((node->enabled & ~node->backtrack) == 0)
        return;
    for (int k = index + 1; k < step_count; k++) {
        unsigned q = nodes[k].process;

        if (nodes[k].order.at[node->process] >= index + 1)
            continue;
        if (!(seen >> q & 1) && before_all_others(&nodes[k].order, q, index))
            first |= 1u << q;
        seen |= 1u << q;
    }
    if (!(seen >> process & 1) && before_all_others(order, process, index))
        first |= 1u << process;
    first &= node->enabled;
    if (first == 0)
        node->backtrack |= node->enabled;
    else if ((first & node->backtrack) == 0)
        node->backtrack |= first >> process & 1 ? 1u << process : first & -first;
}

/* --- Looking for races ---------------------------------------------------------------------------------------------------- */

/* All earlier conflicting steps come before such a write; but not an actor's loads before its own flush. */
static bool covers(const struct op *outer, const struct op *inner)
{
    return outer->writes && outer->kind != OP_RETURN && outer->kind != OP_FLUSH &&
           outer->address <= inner->address &&
           outer->address + outer->bytes >= inner->address + inner->bytes;
}

/* Could `op` have been done before the step of `node`, as far as that step decides? */
static bool was_possible(const struct node *node, const struct op *op, unsigned enablers)
{
    if (node->op.address != op->address || enablers > 1)
        return true;
    if (op->kind == OP_LOCK)
        return (node->before & op->mask) == 0;
    if (op->kind == OP_PAUSE || op->awaits)
        return node->version != op->version;
    if (op->kind == OP_INTERRUPT)
        return node->possible >> INTERRUPT(op->target) & 1;
    return true;
}

/* From the last step in the block back to one that all earlier ones come before. */
static void look_at_block(unsigned process, const struct op *op, unsigned enablers,
                          struct order *order)
{
    struct order impossible = { { 0 } };

    for (int i = memory_block(op->address)->last; i >= 0; i = nodes[i].previous) {
        const struct node *node = &nodes[i];

        if (!conflict(&node->op, op) || own_buffer(node->process, &node->op, process, op))
            continue;
        if (node->process != process && order->at[node->process] < i + 1) {
            if (!was_possible(node, op, enablers)) {
                order_join(&impossible, &node->order);
                continue;
            }
            try_reverse(i, process, order);
            order_join(order, &node->order);
        }
        if (covers(&node->op, op))
            break;
    }
    order_join(order, &impossible);
}

/* A write would have ended an earlier pause as well, which then would not have needed the one that did. */
static void look_at_pauses(unsigned process, const struct op *op, struct order *order)
{
    for (int i = pause_count; i-- > 0;) {
        const struct paused *pause = &pauses[i];
        const struct node *node = &nodes[pause->step];
        bool watched = false;

        if (node->process == process || order->at[node->process] >= pause->step + 1)
            continue;
        for (unsigned w = 0; w < pause->count; w++)
            watched |= overlap(&pause->watched[w], op);
        if (!watched)
            continue;
        try_reverse(pause->step, process, order);
        order_join(order, &node->order);
    }
}

static void remember_pause(int index)
{
    const struct actor *actor = &world.actors[nodes[index].process];
    struct paused *pause = &pauses[pause_count++];

    pause->step = index;
    pause->count = actor->watch_count;
    for (unsigned i = 0; i < actor->watch_count; i++)
        pause->watched[i] = (struct op){ .bytes = actor->watches[i].location->bytes,
                                         .address = actor->watches[i].location->address };
}

static unsigned changed_watches(const struct actor *actor)
{
    unsigned changed = 0;

    for (unsigned i = 0; i < actor->watch_count; i++)
        changed += actor->watches[i].version != OWN_STORE &&
                   actor->watches[i].location->version != actor->watches[i].version;
    return changed;
}

static void look_at_watches(unsigned process, struct order *order)
{
    const struct actor *actor = &world.actors[process];
    unsigned enablers = changed_watches(actor);

    for (unsigned i = 0; i < actor->watch_count; i++) {
        struct op op = { .kind = OP_PAUSE,
                         .bytes = actor->watches[i].location->bytes,
                         .address = actor->watches[i].location->address,
                         .version = actor->watches[i].version };

        look_at_block(process, &op, enablers, order);
    }
}

static unsigned raisers(const struct op *op)
{
    unsigned count = 0;

    for (int i = memory_block(op->address)->last; i >= 0; i = nodes[i].previous) {
        if (nodes[i].op.address != op->address)
            continue;
        if (nodes[i].op.kind == OP_INTERRUPT)
            break;
        count++;
    }
    return count;
}

/* An interrupt could have come before each step of its actor that left it enabled. */
static void look_at_own_steps(unsigned process, const struct op *op, const struct order *order)
{
    unsigned actor = process % ACTORS;

    for (int i = last_own[actor]; i >= 0 && order->at[actor] < i + 1; i = nodes[i].previous_own)
        if (nodes[i].open_level < op->level)
            try_reverse(i, process, order);
}

/* Prompt interrupts: the step of an open actor before the request would have had to wait for the interrupt. */
static void look_at_kept(unsigned process, const struct op *op, struct order *order)
{
    unsigned actor = op->target;

    for (int i = last_own[actor]; i >= 0; i = nodes[i].previous_own) {
        if (nodes[i].open_level >= op->level)
            continue;
        if (process == actor || order->at[actor] >= i + 1)
            return;
        try_reverse(i, process, order);
        order_join(order, &nodes[i].order);
    }
}

/* Prompt interrupts: a request also keeps its actor from the step that it would have done next. */
static void look_at_requests(unsigned actor, const struct op *op)
{
    enum op_kind kind = world.actors[actor].op.kind;

    if (kind == OP_HALT || kind == OP_END)
        return;
    for (int i = memory_block(op->address)->last; i >= 0; i = nodes[i].previous) {
        if (nodes[i].op.address != op->address)
            continue;
        if (nodes[i].op.kind == OP_INTERRUPT)
            return;
        if (order_of[actor].at[nodes[i].process] < i + 1)
            try_reverse(i, actor, &order_of[actor]);
    }
}

static bool needs_empty_buffer(const struct op *op)
{
    return op->kind == OP_RMW || op->kind == OP_LOCK || op->kind == OP_FENCE ||
           op->kind == OP_STORE;
}

static void look(unsigned process, const struct op *op, struct order *order)
{
    unsigned actor = process % ACTORS;

    *order = order_of[process];
    if (process < ACTORS) {
        order_join(order, &order_of[INTERRUPT(actor)]);
        if (needs_empty_buffer(op))
            order_join(order, &order_of[FLUSH(actor)]);
    }
    if (process / ACTORS == 1)
        order_join(order, &world.actors[actor].flushing);
    if (op->kind == OP_PAUSE)
        look_at_watches(process, order);
    else if (op->address != 0)
        look_at_block(process, op, op->kind == OP_INTERRUPT ? raisers(op) : 1, order);
    if (op->writes && pause_count > 0)
        look_at_pauses(process, op, order);
    if (options.prompt && op->kind == OP_RAISE)
        look_at_kept(process, op, order);
    if (op->kind == OP_INTERRUPT) {
        look_at_own_steps(process, op, order);
        if (options.prompt)
            look_at_requests(actor, op);
        order_join(order, &order_of[actor]);
    }
}

void order_step(int index, bool known)
{
    struct node *node = &nodes[index];
    unsigned process = node->process;

    if (!known) {
        look(process, &node->op, &node->order);
        if (node->released) /* it went on because nothing else could */
            for (unsigned i = 0; i < PROCESSES; i++)
                order_join(&node->order, &order_of[i]);
        node->order.at[process] = (uint16_t)(index + 1);
    }
    order_of[process] = node->order;
    node->previous = -1;
    if (node->op.address != 0) {
        struct block *block = memory_block(node->op.address);

        node->previous = block->last;
        block->last = index;
    }
    if (process < ACTORS) {
        node->previous_own = last_own[process];
        last_own[process] = index;
    }
    if (node->op.kind == OP_PAUSE)
        remember_pause(index);
}

void order_blocked(unsigned process, const struct op *op)
{
    struct op wanted = *op;
    struct order order;

    wanted.writes = op->kind != OP_LOAD && op->kind != OP_PAUSE;
    look(process, &wanted, &order);
}

/* --- Independence of what has not been done yet: whatever it may turn out to be --------------------------------------------- */

static bool may_write(const struct op *op)
{
    return op->kind != OP_LOAD && op->kind != OP_RAISE && op->kind != OP_CALL;
}

static bool pause_depends(unsigned process, const struct op *write)
{
    const struct actor *actor = &world.actors[process];

    for (unsigned i = 0; i < actor->watch_count; i++) {
        struct op watched = { .bytes = actor->watches[i].location->bytes,
                              .address = actor->watches[i].location->address };

        if (overlap(&watched, write))
            return true;
    }
    return false;
}

bool order_independent(unsigned process, const struct op *op, unsigned other)
{
    struct op next = search_next_op(other);

    if (op->kind == OP_PAUSE)
        return next.address == 0 || !pause_depends(process, &next);
    if (next.kind == OP_PAUSE)
        return op->address == 0 || !pause_depends(other, op);
    if (op->address == 0 || next.address == 0 || !overlap(op, &next))
        return true;
    if (own_buffer(process, op, other, &next))
        return true;
    return !may_write(op) && !may_write(&next);
}
