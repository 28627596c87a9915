/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupt objects that come and go while interrupts of their line arrive. Who disconnects frees what the handler uses.
 */
#include "scenario.h"

#define LINE  3
#define LEVEL 5

struct device {
    uint32_t wants, called;
    uint32_t inside;
};

static struct device *devices[2];
static KINTERRUPT *connected[2];
static uint32_t raised;

static BOOLEAN serve(KINTERRUPT *interrupt, PVOID context)
{
    struct device *device = context;
    UNREFERENCED_PARAMETER(interrupt);
    explore_check(arch_irql() == LEVEL && device->inside++ == 0);
    device->called++;
    device->inside--;
    return TRUE;
}

static void connect_device(unsigned index)
{
    devices[index] = explore_new(sizeof(*devices[index]), "device");
    struct ke_interrupt_options options = { .gsi = LINE,
                                            .routine = serve,
                                            .context = devices[index],
                                            .mode = Latched,
                                            .shared = true,
                                            .affinity = ~(KAFFINITY)0 };
    NTSTATUS status = ke_interrupt_connect(&options, &connected[index]);
    CHECK(NT_SUCCESS(status));
}

static void connect_one(void)
{
    connect_device(0);
}

static void connect_two(void)
{
    connect_device(0);
    connect_device(1);
}

/* The line's interrupt, here: it may run on several processors when it has just been moved. */
static void interrupt(unsigned index)
{
    (void)index;
    KIRQL old = KfRaiseIrql(LEVEL);
    ke_interrupt_run(LINE);
    KeLowerIrql(old);
    (void)atomic_add(&raised, 1);
}

static void interrupt_twice(unsigned index)
{
    interrupt(index);
    interrupt(index);
}

static void disconnect(unsigned index)
{
    ke_interrupt_disconnect(connected[index]);
    explore_free(devices[index]);
}

static void disconnect_first(unsigned index)
{
    (void)index;
    disconnect(0);
}

static void disconnect_second(unsigned index)
{
    (void)index;
    disconnect(1);
}

static void line_is_empty(void)
{
    const struct ke_interrupt_line *line = &ke.lines[LINE];
    explore_check(IsListEmpty(&line->interrupts) && !line->routed && line->irql == 0);
}

SCENARIO(interrupt_is_over_when_it_is_disconnected,
         .what = "a handler goes while two processors take interrupts of its line",
         .actors = { disconnect_first, interrupt, interrupt }, .set_up = connect_one,
         .check = line_is_empty, .model = EXPLORE_SC, .bound = 2);

SCENARIO(interrupt_line_is_left_by_two,
         .what = "both handlers of a shared line go while interrupts of it arrive",
         .actors = { disconnect_first, disconnect_second, interrupt_twice }, .set_up = connect_two,
         .check = line_is_empty, .model = EXPLORE_SC, .bound = 2);

/* --- Others that hold the handler's lock ------------------------------------------------------------------------- */

static BOOLEAN touch(PVOID context)
{
    struct device *device = context;
    explore_check(arch_irql() == LEVEL && device->inside++ == 0);
    device->wants++;
    device->inside--;
    return TRUE;
}

static void synchronize(unsigned index)
{
    (void)index;
    explore_check(KeSynchronizeExecution(connected[0], touch, devices[0]));
    KIRQL old = KeAcquireInterruptSpinLock(connected[0]);
    (void)touch(devices[0]);
    KeReleaseInterruptSpinLock(connected[0], old);
}

/* Alone on its line it is asked once for each interrupt. */
static void all_were_served(void)
{
    explore_check(devices[0]->called == 3 && devices[0]->wants == 2);
    explore_check(ke.lines[LINE].unclaimed == 0);
}

SCENARIO(interrupt_is_synchronized,
         .what = "handlers on two processors and synchronized execution exclude each other",
         .actors = { synchronize, interrupt, interrupt_twice }, .set_up = connect_one,
         .check = all_were_served, .model = EXPLORE_SC, .bound = 2);
