/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel for one scenario: brought up by its own code on processor 0, the others started by it, threads created and
 * placed by it, all before the exploration begins. Where bodies begin is where every run begins.
 */
#include <stdio.h>

#include "port.h"
#include "scenario.h"
#include "ke/ke_impl.h"

/* Not seen by the explorer: no steps, no races. */
#define UNSEEN __attribute__((disable_sanitizer_instrumentation))

static const struct scenario *scenario;
static struct ke_thread *threads[SCENARIO_BODIES];
static bool returned[SCENARIO_BODIES];
static uint32_t left; /* bodies that have not returned; the last one ends the run */

struct ke_thread *scenario_thread(unsigned index)
{
    return threads[index];
}

void scenario_device_connect(unsigned processor, KIRQL irql, void (*handler)(void *argument),
                             void *argument)
{
    explore_interrupt_connect(processor, irql, handler, argument, true);
}

void scenario_device_raise(unsigned processor, KIRQL irql)
{
    explore_interrupt_raise(processor, irql);
}

/* The port's own and no step: all that it decides is when the interesting part is over. */
UNSEEN static void body_returned(unsigned index)
{
    returned[index] = true;
    if (--left == 0 && !scenario->settle && scenario->threads[0] != NULL)
        explore_over();
}

/* --- Processors -------------------------------------------------------------------------------------------------- */

static _Noreturn void run_actor(unsigned index)
{
    arch_interrupts_restore(true);
    explore_gate();
    if (index < SCENARIO_BODIES && scenario->actors[index] != NULL)
        scenario->actors[index](index);
    body_returned(index);
    explore_end();
}

_Noreturn void port_cpu_begin(void)
{
    ke_cpu_activate(arch_cpu());
    if (scenario->threads[0] == NULL)
        run_actor(explore_self());
    ke_idle_loop();
}

static void bring_up(void)
{
    struct arch_context *boot = &ke.boot_cpu.idle_thread.context;

    ke_reset();
    port_clock_reset();
    port_context_make_cpu(boot);
    (void)explore_actor_on(&boot->stack);
    explore_setup_as(0);
    port_cpu_connect(0);
    (void)explore_interrupts_disable();
    ke_init();
    port_memory_init();
    explore_run_quietly(0);
    explore_setup_as(0);
    NTSTATUS status = ke_start_processors(port_cpu_count);
    CHECK(NT_SUCCESS(status));
}

/* --- Threads ------------------------------------------------------------------------------------------------------ */

/* A thread that has nothing more to do waits for ever: ending it is a matter of its own. */
static void park(void)
{
    struct ke_thread *self = arch_thread();

    (void)arch_interrupts_disable();
    atomic_store_release(&self->state, KE_THREAD_WAITING);
    ke_block(self);
    explore_fail("a thread goes on after its end");
}

static void thread_main(void *argument)
{
    unsigned index = (unsigned)(uintptr_t)argument;

    explore_gate();
    scenario->threads[index](index);
    body_returned(index);
    park();
}

static void create_thread(unsigned index)
{
    static const char *const names[SCENARIO_BODIES] = { "thread 0", "thread 1", "thread 2",
                                                        "thread 3", "thread 4", "thread 5",
                                                        "thread 6", "thread 7" };
    struct ke_thread_options create = {
        .name = "scenario",
        .priority = scenario->priority[index],
        .affinity = scenario->pinned ? (uint64_t)1 << index % port_cpu_count : 0,
    };
    NTSTATUS status =
        ke_thread_create(&create, thread_main, (void *)(uintptr_t)index, &threads[index]);

    CHECK(NT_SUCCESS(status));
    threads[index]->context.stack.name = names[index];
}

/* As its first processor would: that one takes the thread if it is idle, or keeps it in its queue. */
static void place_thread(unsigned index)
{
    unsigned processor = index % port_cpu_count;

    explore_setup_as(processor);
    bool interrupts = explore_interrupts_disable();
    threads[index]->cpu = processor;
    ke_ready(threads[index], 0);
    if (interrupts)
        explore_interrupts_enable();
    explore_interrupt_raise(processor, DISPATCH_LEVEL);
    if (index < port_cpu_count)
        explore_run_quietly(processor);
    explore_setup_as(0);
}

/* Which threads are not at their end, and what they wait for. */
UNSEEN static const char *describe_stop(void)
{
    static char text[256];
    size_t used = 0;

    text[0] = 0;
    for (unsigned i = 0; i < SCENARIO_BODIES && threads[i] != NULL; i++) {
        const struct ke_thread *thread = threads[i];

        if (returned[i])
            continue;
        used +=
            (size_t)snprintf(text + used, sizeof(text) - used, "%sthread %u%s", used ? ", " : "", i,
                             thread->state == KE_THREAD_READY ? " is ready" : "");
        if (thread->wait_object != NULL && used < sizeof(text))
            used += (size_t)snprintf(text + used, sizeof(text) - used, " waits for $%#zx",
                                     (size_t)thread->wait_object);
        if (used >= sizeof(text))
            break;
    }
    return used != 0 ? text : NULL;
}

/* --- From the explorer ---------------------------------------------------------------------------------------------- */

static unsigned count_bodies(scenario_body *const *bodies)
{
    unsigned count = 0;

    while (count < SCENARIO_BODIES && bodies[count] != NULL)
        count++;
    return count;
}

void port_set_up(const struct explore_scenario *self)
{
    scenario = (const struct scenario *)self;
    unsigned thread_count = count_bodies(scenario->threads);
    left = thread_count != 0 ? thread_count : count_bodies(scenario->actors);
    port_cpu_count = scenario->processors != 0 ? scenario->processors : left;
    port_real_locks = scenario->real_locks;
    port_no_interrupts = scenario->no_interrupts;
    explore_describe_stop = describe_stop;
    bring_up();
    if (scenario->set_up != NULL)
        scenario->set_up();
    for (unsigned i = 0; i < thread_count; i++)
        create_thread(i);
    for (unsigned i = 0; i < thread_count; i++)
        place_thread(i);
    if (scenario->ticks != 0)
        (void)explore_actor(port_clock_actor, (void *)(uintptr_t)scenario->ticks);
}

void port_finish(const struct explore_scenario *self)
{
    (void)self;
    if (scenario->check != NULL)
        scenario->check();
}
