/* SPDX-License-Identifier: BSD-2-Clause */
/* DPC queues: each insertion that was accepted is one call of the routine, on the processor that was chosen. */
#include "scenario.h"

static KDPC dpc;
static uint32_t accepted, calls;

static void count_call(KDPC *self, PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(self);
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    explore_check(arch_cpu()->index == 0 && arch_irql() == DISPATCH_LEVEL);
    calls++;
}

static void make_dpc(void)
{
    KeInitializeDpc(&dpc, count_call, NULL);
    KeSetTargetProcessorDpc(&dpc, 0);
}

static void insert(unsigned index)
{
    (void)index;
    if (KeInsertQueueDpc(&dpc, NULL, NULL))
        (void)atomic_add(&accepted, 1);
}

static void each_is_called_once(void)
{
    explore_check(calls == accepted && calls >= 1);
    explore_check(dpc.DpcData == NULL);
}

SCENARIO(dpc_is_called_for_each_insertion,
         .what = "two processors queue one DPC to the first of them", .actors = { insert, insert },
         .set_up = make_dpc, .check = each_is_called_once);
