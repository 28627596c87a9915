/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Putting back what a run has changed: the globals of the code under test, which explore_state.h has put into two
 * sections, the used parts of the stacks, the heap and the actors. Twice kept: as the program begins, for the next
 * scenario, and after a setup, for the next run.
 */
#include <stdlib.h>
#include <string.h>

#include "engine.h"

#define STACK_SAVE_BYTES ((size_t)64 << 10) /* of all stacks together */

extern char __start_explore_bss[] __attribute__((weak)), __stop_explore_bss[] __attribute__((weak));
extern char __start_explore_data[] __attribute__((weak)),
    __stop_explore_data[] __attribute__((weak));

struct copy {
    char *from;
    size_t bytes;
    char *saved;
};

static struct copy pristine[2], kept[2];
static struct world kept_world;

struct stack_copy {
    uintptr_t sp;
    size_t bytes;
    size_t offset;
};
static char stack_bytes[STACK_SAVE_BYTES];
static struct stack_copy stack_copies[MAX_STACKS];

static void copy_begin(struct copy *copy, char *start, char *stop)
{
    if (copy->saved != NULL || start == stop)
        return;
    copy->from = start;
    copy->bytes = (size_t)(stop - start);
    copy->saved = malloc(copy->bytes);
    if (copy->saved == NULL)
        engine_stop("no memory to keep the state in");
}

static void keep(struct copy *copies)
{
    copy_begin(&copies[0], __start_explore_bss, __stop_explore_bss);
    copy_begin(&copies[1], __start_explore_data, __stop_explore_data);
    for (int i = 0; i < 2; i++)
        if (copies[i].bytes != 0)
            memcpy(copies[i].saved, copies[i].from, copies[i].bytes);
}

static void restore(const struct copy *copies)
{
    for (int i = 0; i < 2; i++)
        if (copies[i].bytes != 0)
            memcpy(copies[i].from, copies[i].saved, copies[i].bytes);
}

void state_keep_pristine(void)
{
    keep(pristine);
}

void state_restore_pristine(void)
{
    restore(pristine);
}

/* Where the stack is used from: by the actor that stands on it, or where it was left. */
static uintptr_t stack_pointer(const struct explore_stack *stack)
{
    for (unsigned i = 0; i < world.actor_count; i++)
        if (world.actors[i].stack == stack)
            return (uintptr_t)world.actors[i].sp;
    return (uintptr_t)stack->sp;
}

static void keep_stacks(void)
{
    size_t used = 0;

    for (unsigned i = 0; i < world.stack_count; i++) {
        struct stack_copy *copy = &stack_copies[i];

        copy->sp = stack_pointer(world.stacks[i]);
        copy->bytes = world.stacks[i]->high - copy->sp;
        copy->offset = used;
        used += copy->bytes;
        if (used > STACK_SAVE_BYTES)
            engine_stop("the setup leaves more than %zu bytes of stack", STACK_SAVE_BYTES);
        memcpy(&stack_bytes[copy->offset], (void *)copy->sp, copy->bytes);
    }
}

static void copy_world(struct world *to, const struct world *from)
{
    size_t unused = (ACTORS - from->actor_count) * sizeof(struct actor);

    memcpy(to, from, offsetof(struct world, stacks) - unused);
    memcpy(&to->stacks, &from->stacks, sizeof(*to) - offsetof(struct world, stacks));
}

void state_keep(void)
{
    keep(kept);
    keep_stacks();
    heap_keep();
    copy_world(&kept_world, &world);
}

void state_restore(void)
{
    restore(kept);
    copy_world(&world, &kept_world);
    for (unsigned i = 0; i < world.stack_count; i++)
        memcpy((void *)stack_copies[i].sp, &stack_bytes[stack_copies[i].offset],
               stack_copies[i].bytes);
    heap_restore();
    race_reset();
    memory_reset();
    history_reset();
}
