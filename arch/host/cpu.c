/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtual processors take turns. A turn ends at a point, sometimes, as the seed decides; at a
 * pause and a halt, always if another processor can run. A processor that halts can run again once
 * an interrupt that its level permits is pending; if none can run, time jumps to the next tick.
 */
#include <nt/ntstatus.h>

#include "host.h"

#define POINT_COUNTS 50   /* what a call of the seam takes */
#define PAUSE_COUNTS 1000 /* so that a lock that is never released shows soon */
#define TURN_ODDS    8    /* one point in so many ends the turn */
#define EDGES_MAX    600  /* between two points that no call of the seam makes */
#define START_COUNTS HOST_TICK

struct host_cpu *host_this;

/* xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators") */
uint64_t host_random(void)
{
    host.random ^= host.random >> 12;
    host.random ^= host.random << 25;
    host.random ^= host.random >> 27;
    return host.random * 0x2545f4914f6cdd1du >> 16;
}

bool host_cpu_wakes(const struct host_cpu *cpu)
{
    return host_pending_level(cpu) > cpu->irql;
}

static bool can_run(const struct host_cpu *cpu)
{
    return cpu->started && !cpu->stopped && (!cpu->halted || host_cpu_wakes(cpu));
}

/* Another processor that can run, NULL if there is none. */
static struct host_cpu *pick_other(void)
{
    struct host_cpu *found[HOST_MAX_CPUS];
    uint32_t count = 0;

    for (uint32_t i = 0; i < host.options.cpus; i++)
        if (&host.cpus[i] != host_this && can_run(&host.cpus[i]))
            found[count++] = &host.cpus[i];
    return count == 0 ? NULL : found[count == 1 ? 0 : host_random() % count];
}

static bool end_turn(void)
{
    struct host_cpu *self = host_this;
    struct host_cpu *next = host.frozen ? NULL : pick_other();

    if (next == NULL)
        return false;
    host_this = next;
    host_swap(self->running, next->running);
    return true;
}

static void point(uint64_t counts)
{
    if (host.frozen)
        return;
    host_time_advance(counts);
    if (host_random() % TURN_ODDS == 0)
        (void)end_turn();
    if (host_this->interrupts)
        (void)host_deliver();
}

void host_point(void)
{
    point(POINT_COUNTS);
}

void host_pause(void)
{
    if (host.frozen)
        return;
    host_time_advance(PAUSE_COUNTS);
    (void)end_turn();
    if (host_this->interrupts)
        (void)host_deliver();
}

/* Every edge of the control flow of src/ comes here: a point after a number that the seed gives. */
void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void)
{
    if (host_this == NULL || host.frozen || host.edges_left-- != 0)
        return;
    host.edges_left = (uint32_t)(host_random() % EDGES_MAX);
    point(host.edges_left);
}

struct ke_cpu *arch_cpu(void)
{
    return host_this->ke;
}

struct ke_thread *arch_thread(void)
{
    return host_this->running->thread;
}

void arch_cpu_pause(void)
{
    host_pause();
}

void host_cpu_wait(void)
{
    while (!host_cpu_wakes(host_this)) {
        if (!end_turn() && !host_time_jump())
            host_give_up("every processor halts, and no clock ticks");
    }
}

void arch_cpu_halt(void)
{
    CHECK(!host_this->interrupts);
    host_this->interrupts = true;
    while (!host_deliver()) {
        host_this->halted = true;
        host_cpu_wait();
        host_this->halted = false;
    }
}

void arch_cpu_bind(struct ke_cpu *cpu, struct arch_context *running, struct ke_thread *thread)
{
    struct host_cpu *self = host_this;

    CHECK(!self->interrupts);
    running->stack_bottom = self->running->stack_bottom;
    running->stack_top = self->running->stack_top;
    running->thread = thread;
    running->state = HOST_CONTEXT_RUNNING;
    self->ke = cpu;
    self->running = running;
}

static void begin_cpu(void)
{
    init_start_cpu(host_this->ke);
}

NTSTATUS arch_cpu_start(uint32_t index, struct ke_cpu *cpu, struct arch_context *idle)
{
    struct host_cpu *target = &host.cpus[index];

    if (index >= host.options.cpus)
        return STATUS_INVALID_PARAMETER;
    CHECK(!target->started);
    CHECK(idle->state == HOST_CONTEXT_NEW);
    idle->entry = begin_cpu;
    target->ke = cpu;
    target->running = idle;
    target->started = true;
    for (uint64_t end = host.counter + START_COUNTS; host.counter < end;) {
        if (idle->state != HOST_CONTEXT_NEW)
            return STATUS_SUCCESS;
        host_pause();
    }
    return STATUS_IO_TIMEOUT;
}

void arch_ipi_send(uint32_t cpu_index, enum arch_ipi reason)
{
    CHECK(cpu_index < host.options.cpus);
    CHECK(host.cpus[cpu_index].started);
    host.cpus[cpu_index].pending_ipis |= 1u << reason;
    host_point();
}

/* It stands in host_swap, in its turn's end: that is what its report says. */
static void stop(struct host_cpu *cpu)
{
    if (!cpu->started || cpu->running->state == HOST_CONTEXT_NEW)
        return;
    cpu->stopped = true;
    host.stopped_frames[cpu->index] = (struct arch_frame){
        .irql = cpu->irql,
        .interrupts = cpu->interrupts,
        .cpu = cpu->index,
        .frame_pointer = (uintptr_t)cpu->running->jump[0],
        .pc = (uintptr_t)cpu->running->jump[1],
        .stack_pointer = (uintptr_t)cpu->running->jump[2],
    };
}

void arch_cpu_stop_others(void)
{
    for (uint32_t i = 0; i < host.options.cpus; i++)
        if (&host.cpus[i] != host_this)
            stop(&host.cpus[i]);
    host.frozen = true;
}

const struct arch_frame *arch_cpu_stopped_frame(uint32_t cpu_index)
{
    CHECK(cpu_index < host.options.cpus);
    return host.cpus[cpu_index].stopped ? &host.stopped_frames[cpu_index] : NULL;
}
