/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scenarios of the kernel. One file of scenarios is a few functions and, for each scenario,
 *
 *     SCENARIO(event_wakes_its_waiter, .what = "a set event lets one waiter through",
 *              .processors = 2, .threads = { waiter, setter }, .set_up = make_event, .check = all_is_well);
 *
 * `.threads`: kernel threads on the kernel's own scheduler, thread i first on processor i % processors; what is more than
 * there are processors waits in the ready queues. Or `.actors`: one function for each processor, which runs there
 * with nothing but interrupts beside it: for locks, DPCs, lists. Either gets its index.
 *
 * Runs begin where the bodies begin: processors are up and idle threads halt. With threads a run is over when all
 * bodies have returned; what follows (idle loops) is run, but not in all orders, unless `.settle` is set.
 *
 * Objects that somebody may touch too late come from explore_new and are freed as soon as they may be.
 */
#pragma once

#include <nt/ke_ddi.h>
#include <nt/ke_object_ddi.h>
#include <nt/ke_thread_ddi.h>
#include <nt/ntstatus.h>

#include "explore.h"
#include "ke/ke.h"

#define SCENARIO_BODIES 8

typedef void scenario_body(unsigned index);

struct scenario {
    struct explore_scenario; /* .what .model .bound .budget .steps, as in explore.h */
    unsigned processors;     /* 0: as many as there are bodies */
    scenario_body *threads[SCENARIO_BODIES];
    scenario_body *actors[SCENARIO_BODIES];
    uint8_t priority[SCENARIO_BODIES]; /* of threads; 0: normal */
    bool pinned;                       /* threads stay on the processor they begin on */
    void (*set_up)(void);              /* as processor 0, at PASSIVE_LEVEL, before anything runs */
    void (*check)(void);               /* after each run */
    unsigned ticks;                    /* clock ticks that come at any time */
    bool real_locks;                   /* the kernel's spin loops instead of one step */
    bool no_interrupts; /* nothing can interrupt: for locks, with many fewer orders to try */
    bool settle;        /* with threads: explore what happens after the last body, too */
};

#define SCENARIO(scenario_name, ...)                                                               \
    static const struct scenario scenario_name##_scenario = {                                      \
        .name = #scenario_name, .setup = port_set_up, .finish = port_finish, __VA_ARGS__           \
    };                                                                                             \
    __attribute__((used, section("explore_table"))) static const struct explore_scenario           \
        *const scenario_name##_entry = (const struct explore_scenario *)&scenario_name##_scenario

/* The thread of `.threads[index]`, for APCs, priorities, suspending. */
struct ke_thread *scenario_thread(unsigned index);
/* A device interrupt on a processor, at that level (3..12), by whoever calls this; connected in set_up. */
void scenario_device_connect(unsigned processor, KIRQL irql, void (*handler)(void *argument),
                             void *argument);
void scenario_device_raise(unsigned processor, KIRQL irql);

/* What a processor does to forget translations; NULL: nothing. */
extern void (*scenario_tlb_flush)(uintptr_t address, size_t pages);

void port_set_up(const struct explore_scenario *self);
void port_finish(const struct explore_scenario *self);
