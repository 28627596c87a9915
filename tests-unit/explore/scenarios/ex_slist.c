/* SPDX-License-Identifier: BSD-2-Clause */
/* Interlocked lists: whatever comes between, each operation is one step of a stack. */
#include <nt/ex_ddi.h>

#include "ex/ex.h"
#include "scenario.h"

#define ENTRIES 4

enum { PUSH, POP, FLUSH };

static SLIST_HEADER head;
static SLIST_ENTRY *entries[ENTRIES];

/* --- A stack, one operation after the other --------------------------------------------------------------------- */

struct stack {
    uint64_t depth;
    uint64_t entries[8];
};

static unsigned prefilled;

static void begin(void *state)
{
    struct stack *stack = state;

    *stack = (struct stack){ .depth = prefilled };
    for (unsigned i = 0; i < prefilled; i++)
        stack->entries[i] = (uintptr_t)entries[i];
}

static uint64_t top(const struct stack *stack)
{
    return stack->depth != 0 ? stack->entries[stack->depth - 1] : 0;
}

static bool apply(void *state, const struct explore_operation *operation)
{
    struct stack *stack = state;
    uint64_t result = top(stack);

    if (!operation->pending && operation->result != result)
        return false;
    if (operation->kind == PUSH)
        stack->entries[stack->depth++] = operation->argument;
    else if (operation->kind == FLUSH)
        stack->depth = 0;
    else if (stack->depth != 0)
        stack->depth--;
    return true;
}

static void it_is_a_stack(void)
{
    static const struct explore_model_object object = { sizeof(struct stack), begin, apply };

    explore_check_linearizable(&object);
    explore_check(head.Region == 0 || (head.Alignment & 0xffff) != 0);
    unsigned depth = 0;
    for (SLIST_ENTRY *entry = RtlFirstEntrySList(&head); entry != NULL && depth <= ENTRIES;
         entry = entry->Next)
        depth++;
    explore_check(depth == ExQueryDepthSList(&head));
}

/* --- Operations ---------------------------------------------------------------------------------------------------- */

static void push(SLIST_ENTRY *entry)
{
    unsigned call = explore_call(PUSH, (uintptr_t)entry);
    explore_return(call, (uintptr_t)ExpInterlockedPushEntrySList(&head, entry));
}

static SLIST_ENTRY *pop(void)
{
    unsigned call = explore_call(POP, 0);
    SLIST_ENTRY *entry = ExpInterlockedPopEntrySList(&head);
    explore_return(call, (uintptr_t)entry);
    return entry;
}

static void make_entries(void)
{
    for (unsigned i = 0; i < ENTRIES; i++)
        entries[i] = explore_new(sizeof(SLIST_ENTRY), "entry");
    InitializeSListHead(&head);
    prefilled = 0;
}

static void make_two(void)
{
    make_entries();
    for (unsigned i = 0; i < 2; i++)
        (void)ExpInterlockedPushEntrySList(&head, entries[i]);
    prefilled = 2;
}

static void push_one(unsigned index)
{
    push(entries[index]);
}

static void push_and_pop(unsigned index)
{
    push(entries[index]);
    (void)pop();
}

static void pop_two(unsigned index)
{
    (void)index;
    (void)pop();
    (void)pop();
}

/* Whoever has popped an entry owns it: it may write into it, and free it. */
static void pop_and_free(unsigned index)
{
    (void)index;
    SLIST_ENTRY *entry = pop();
    if (entry != NULL)
        explore_free(entry);
}

static void push_third(unsigned index)
{
    push(entries[2 + index]);
}

/* The head is again what it was, and what stands behind it is not. */
static void exchange(unsigned index)
{
    (void)index;
    SLIST_ENTRY *first = pop();
    SLIST_ENTRY *second = pop();
    push(entries[2]);
    if (first != NULL)
        push(first);
    if (second != NULL)
        second->Next = second; /* whoever finds it in the list never comes to its end */
}

static void flush(unsigned index)
{
    (void)index;
    unsigned call = explore_call(FLUSH, 0);
    SLIST_ENTRY *entry = ExpInterlockedFlushSList(&head);
    explore_return(call, (uintptr_t)entry);
    while (entry != NULL) {
        SLIST_ENTRY *next = entry->Next;
        explore_free(entry);
        entry = next;
    }
}

SCENARIO(ex_slist_push_and_pop, .what = "two processors push and pop", .set_up = make_entries,
         .actors = { push_and_pop, push_and_pop }, .check = it_is_a_stack, .bound = 4);

SCENARIO(ex_slist_push_against_pop, .what = "one processor pushes while another pops twice",
         .set_up = make_two, .actors = { push_third, pop_two }, .check = it_is_a_stack);

SCENARIO(ex_slist_three, .what = "two processors push and pop, a third one pops twice",
         .set_up = make_entries, .actors = { push_and_pop, push_and_pop, pop_two },
         .check = it_is_a_stack, .bound = 2);

SCENARIO(ex_slist_aba,
         .what = "one processor pops while another takes two and puts back the first one",
         .set_up = make_two, .actors = { pop_and_free, exchange }, .check = it_is_a_stack,
         .bound = 4);

SCENARIO(ex_slist_pops_free, .what = "three processors pop what there is, and free it at once",
         .set_up = make_two, .actors = { pop_and_free, pop_and_free, pop_and_free },
         .check = it_is_a_stack, .bound = 4);

SCENARIO(ex_slist_flush, .what = "one processor pops and frees while another takes and frees all",
         .set_up = make_two, .actors = { pop_and_free, flush }, .check = it_is_a_stack);

SCENARIO(ex_slist_push_flush, .what = "one processor takes all and frees it while two push",
         .set_up = make_entries, .actors = { flush, push_one, push_one }, .check = it_is_a_stack,
         .bound = 4);
