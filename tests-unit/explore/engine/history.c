/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linearizability: is there a sequential order that explains the results of operations that overlapped? Depth-first
 * over the operations that may come next (Wing and Gong, 1993): those that nothing that ended earlier precedes.
 */
#include <string.h>

#include "engine.h"

#define OPERATIONS   24
#define OBJECT_BYTES 256

struct record {
    struct explore_operation operation;
    unsigned actor;
    unsigned called, returned; /* times: the number of calls and returns before */
    uintptr_t pc;
};

static struct record records[OPERATIONS];
static unsigned count, now;

void history_reset(void)
{
    count = 0;
    now = 0;
}

/* Calls and returns are steps, so that who came first is varied, too. */
unsigned explore_call(unsigned kind, uint64_t argument)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);

    if (stepping()) {
        step((struct op){ .kind = OP_CALL, .bytes = 4, .address = (uintptr_t)&now, .pc = pc });
        report_step(search_node(), argument, true);
        search_done(false);
    }
    if (count == OPERATIONS)
        engine_stop("more than %d operations in one run", OPERATIONS);
    records[count] = (struct record){
        .operation = { .kind = kind, .argument = argument, .pending = true },
        .actor = world.current != NULL ? world.current->index : 0,
        .called = now++,
        .returned = UINT32_MAX,
        .pc = pc,
    };
    return count++;
}

void explore_return(unsigned operation, uint64_t result)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);

    if (stepping()) {
        step((struct op){ .kind = OP_RETURN, .bytes = 4, .address = (uintptr_t)&now, .pc = pc });
        report_step(search_node(), result, true);
        search_done(true);
    }
    records[operation].operation.result = result;
    records[operation].operation.pending = false;
    records[operation].returned = now++;
}

/* Nothing that is left ended before it began. */
static bool may_be_next(unsigned i, uint32_t done)
{
    for (unsigned j = 0; j < count; j++)
        if (!(done >> j & 1) && records[j].returned < records[i].called)
            return false;
    return true;
}

static bool all_returned_are_in(uint32_t done)
{
    for (unsigned i = 0; i < count; i++)
        if (!(done >> i & 1) && !records[i].operation.pending)
            return false;
    return true;
}

static bool explained(const struct explore_model_object *object, const uint8_t *state,
                      uint32_t done)
{
    uint8_t next[OBJECT_BYTES] __attribute__((aligned(16)));

    if (all_returned_are_in(done))
        return true; /* those that are pending may not have happened yet */
    for (unsigned i = 0; i < count; i++) {
        if ((done >> i & 1) || !may_be_next(i, done))
            continue;
        memcpy(next, state, object->bytes);
        if (object->apply(next, &records[i].operation) && explained(object, next, done | 1u << i))
            return true;
    }
    return false;
}

void explore_check_linearizable(const struct explore_model_object *object)
{
    uint8_t state[OBJECT_BYTES] __attribute__((aligned(16)));

    if (object->bytes > OBJECT_BYTES)
        engine_stop("the sequential object is larger than %d bytes", OBJECT_BYTES);
    object->begin(state);
    if (!explained(object, state, 0))
        explore_fail("no sequential order of the operations explains their results");
}
