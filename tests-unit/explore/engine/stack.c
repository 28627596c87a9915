/* SPDX-License-Identifier: BSD-2-Clause */
/* Stacks: making one, changing from one to another, and those that move between actors. */
#include <string.h>
#include <sys/mman.h>

#include "engine.h"

#define ACTOR_STACK_BYTES ((size_t)128 << 10)
#define ARENA_BYTES       ((size_t)1 << 20)

static uint8_t *actor_stacks;
static uint8_t arena[ARENA_BYTES] __attribute__((aligned(4096)));
static size_t arena_used;

/* Save what a function must preserve and the stack pointer in *save; go on where `to` was saved. */
#if defined(__x86_64__)
#define SAVED_WORDS 6
__asm__(".text\n.globl stack_swap\n.type stack_swap, @function\nstack_swap:\n"
        "push %rbp\npush %rbx\npush %r12\npush %r13\npush %r14\npush %r15\n"
        "mov %rsp, (%rdi)\nmov %rsi, %rsp\n"
        "pop %r15\npop %r14\npop %r13\npop %r12\npop %rbx\npop %rbp\nret\n");

static void *first_frame(uintptr_t top, void (*entry)(void))
{
    uintptr_t *sp = (uintptr_t *)(top & ~(uintptr_t)15);

    *--sp = 0; /* where entry would return to; keeps the alignment of a call */
    *--sp = (uintptr_t)entry;
    for (int i = 0; i < SAVED_WORDS; i++)
        *--sp = 0;
    return sp;
}
#elif defined(__aarch64__)
#define FRAME_WORDS 20
__asm__(".text\n.globl stack_swap\n.type stack_swap, %function\nstack_swap:\n"
        "sub sp, sp, #160\n"
        "stp x19, x20, [sp]\nstp x21, x22, [sp, #16]\nstp x23, x24, [sp, #32]\n"
        "stp x25, x26, [sp, #48]\nstp x27, x28, [sp, #64]\nstp x29, x30, [sp, #80]\n"
        "stp d8, d9, [sp, #96]\nstp d10, d11, [sp, #112]\nstp d12, d13, [sp, #128]\n"
        "stp d14, d15, [sp, #144]\n"
        "mov x9, sp\nstr x9, [x0]\nmov sp, x1\n"
        "ldp x19, x20, [sp]\nldp x21, x22, [sp, #16]\nldp x23, x24, [sp, #32]\n"
        "ldp x25, x26, [sp, #48]\nldp x27, x28, [sp, #64]\nldp x29, x30, [sp, #80]\n"
        "ldp d8, d9, [sp, #96]\nldp d10, d11, [sp, #112]\nldp d12, d13, [sp, #128]\n"
        "ldp d14, d15, [sp, #144]\n"
        "add sp, sp, #160\nret\n");

static void *first_frame(uintptr_t top, void (*entry)(void))
{
    uintptr_t *sp = (uintptr_t *)(top & ~(uintptr_t)15) - FRAME_WORDS;

    memset(sp, 0, FRAME_WORDS * sizeof(*sp));
    sp[11] = (uintptr_t)entry;
    return sp;
}
#else
#error "a stack switch for this processor is missing"
#endif

void stack_prepare(struct explore_stack *stack, void (*entry)(void))
{
    stack->sp = first_frame(stack->high, entry);
    stack->depth = 0;
    stack->switches = 0;
}

void stacks_reset(void)
{
    world.stack_count = 0;
    arena_used = 0;
    if (actor_stacks == NULL) {
        actor_stacks = mmap(NULL, ACTORS * ACTOR_STACK_BYTES, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (actor_stacks == MAP_FAILED)
            engine_stop("no memory for stacks");
    }
}

void *explore_stack_memory(size_t bytes)
{
    void *memory = &arena[arena_used];

    bytes = (bytes + 4095) & ~(size_t)4095;
    if (bytes > ARENA_BYTES - arena_used)
        engine_stop("no memory left for stacks");
    arena_used += bytes;
    return memory;
}

void explore_stack_init(struct explore_stack *stack, void *low, void *high, void (*entry)(void),
                        const char *name)
{
    *stack = (struct explore_stack){ .low = (uintptr_t)low, .high = (uintptr_t)high, .name = name };
    stack_prepare(stack, entry);
    if (world.phase == PHASE_SETUP || world.phase == PHASE_QUIET) {
        if (world.stack_count == MAX_STACKS)
            engine_stop("more than %d stacks", MAX_STACKS);
        world.stacks[world.stack_count++] = stack;
    }
}

/*
 * Who is left has saved its context here, and only here: that it is seen by who enters it is for the code under test to
 * see to, so both are accesses that may race.
 */
void explore_stack_switch(struct explore_stack *from, struct explore_stack *to)
{
    struct actor *self = world.current;
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    void *sp;

    memory_plain((uintptr_t)&from->sp, sizeof(from->sp), true, pc);
    memory_plain((uintptr_t)&to->sp, sizeof(to->sp), true, pc);
    if (self->stack != from)
        explore_fail("a stack is left that does not run here");
    if (to->sp == NULL)
        explore_fail("stack '%s' is entered while another processor is on it", to->name);
    if (from->depth > 0) {
        /* What the handler interrupted is over, as far as this processor is concerned. */
        unsigned lane = from->depth < LANES ? from->depth : LANES - 1;
        for (unsigned i = 0; i < lane; i++)
            clock_join(&self->lanes[lane].now, &self->lanes[i].now);
    }
    unsigned to_lane = to->depth < LANES ? to->depth : LANES - 1;
    clock_join(&self->lanes[to_lane].now, &lane_now()->now);
    lane_tick();
    from->switches++;
    self->stack = to;
    self->watch_count = 0;
    self->last_load = NULL;
    sp = to->sp;
    to->sp = NULL;
    stack_swap(&from->sp, sp);
}

static void actor_begin(void)
{
    world.current->body(world.current->argument);
    explore_end();
}

static struct actor *new_actor(struct explore_stack *stack)
{
    struct actor *actor = &world.actors[world.actor_count];

    if (world.phase != PHASE_SETUP)
        engine_stop("actors are made in setup");
    if (world.actor_count == ACTORS)
        engine_stop("more than %d actors", ACTORS);
    memset(actor, 0, sizeof(*actor));
    actor->index = world.actor_count++;
    actor->stack = stack != NULL ? stack : &actor->first_stack;
    actor->interrupts = true;
    for (unsigned lane = 0; lane < LANES; lane++)
        actor->lanes[lane].now.at[actor->index * LANES + lane] = 1;
    return actor;
}

unsigned explore_actor(void (*body)(void *argument), void *argument)
{
    struct actor *actor = new_actor(NULL);
    struct explore_stack *stack = &actor->first_stack;

    actor->body = body;
    actor->argument = argument;
    *stack = (struct explore_stack){ .name = "processor's own stack" };
    stack->low = (uintptr_t)&actor_stacks[actor->index * ACTOR_STACK_BYTES];
    stack->high = stack->low + ACTOR_STACK_BYTES;
    stack_prepare(stack, actor_begin);
    world.stacks[world.stack_count++] = stack;
    actor->sp = stack->sp;
    stack->sp = NULL;
    return actor->index;
}

unsigned explore_actor_on(struct explore_stack *stack)
{
    struct actor *actor = new_actor(stack);

    actor->sp = stack->sp;
    stack->sp = NULL;
    return actor->index;
}

void explore_setup_as(unsigned actor)
{
    world.current = &world.actors[actor];
}

void explore_run_quietly(unsigned actor)
{
    world.phase = PHASE_QUIET;
    world.current = &world.actors[actor];
    run_enter(world.current->sp);
    world.phase = PHASE_SETUP;
}

void explore_gate(void)
{
    if (world.phase == PHASE_QUIET)
        stack_swap(&world.current->sp, world.main_sp);
}
