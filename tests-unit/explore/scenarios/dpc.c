/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DPC queues: each insertion that was accepted is one call of the routine, on the processor that was chosen, or one
 * removal; and who waits for DPCs may free them and what they use.
 */
#include "scenario.h"

static KDPC dpc;
static uint32_t accepted, removed, calls, again;

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

/* --- Removing ---------------------------------------------------------------------------------------------- */

static void insert_and_remove(unsigned index)
{
    insert(index);
    if (KeRemoveQueueDpc(&dpc))
        (void)atomic_add(&removed, 1);
}

static void each_is_called_or_removed(void)
{
    const struct ke_dpc_queue *queue = &ke.cpu[0]->dpcs[KE_DPC_ORDINARY];
    explore_check(accepted >= 1 && calls + removed == accepted);
    explore_check(dpc.DpcData == NULL && queue->first == NULL && queue->depth == 0);
}

SCENARIO(
    dpc_is_called_or_removed,
    .what =
        "three processors queue and remove one DPC of the first; without a bound it is millions",
    .actors = { insert_and_remove, insert_and_remove, insert_and_remove }, .set_up = make_dpc,
    .check = each_is_called_or_removed, .model = EXPLORE_SC, .bound = 2);

/* The routine queues its own DPC again, once. */
static void call_again(KDPC *self, PVOID context, PVOID argument1, PVOID argument2)
{
    count_call(self, context, argument1, argument2);
    if (again++ == 0)
        insert(0);
}

static void make_again(void)
{
    KeInitializeDpc(&dpc, call_again, NULL);
    KeSetTargetProcessorDpc(&dpc, 0);
}

SCENARIO(dpc_queues_itself_again,
         .what = "a DPC that queues itself is queued and removed by two processors, too",
         .actors = { insert_and_remove, insert_and_remove, insert }, .set_up = make_again,
         .check = each_is_called_or_removed, .model = EXPLORE_SC, .bound = 2);

/* --- Importance --------------------------------------------------------------------------------------------- */

static KDPC lazy[3];
static KEVENT lazy_event[3];

static void set_event(KDPC *self, PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(self);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    (void)KeSetEvent(context, 0, FALSE);
}

/* Nothing asks for an interrupt but a queue that is deep: a processor that idles must find them by itself. */
static void make_lazy(void)
{
    ke.dpc_rate_minimum = 0;
    for (uintptr_t i = 0; i < 3; i++) {
        KeInitializeEvent(&lazy_event[i], NotificationEvent, FALSE);
        KeInitializeDpc(&lazy[i], set_event, &lazy_event[i]);
        KeSetImportanceDpc(&lazy[i], LowImportance);
        KeSetTargetProcessorDpc(&lazy[i], 0);
    }
}

static void rest(unsigned index)
{
    (void)index;
}

static void insert_lazy_and_wait(unsigned index)
{
    explore_check(KeInsertQueueDpc(&lazy[index], NULL, NULL));
    NTSTATUS status = KeWaitForSingleObject(&lazy_event[index], Executive, KernelMode, FALSE, NULL);
    explore_check(status == STATUS_SUCCESS && lazy[index].DpcData == NULL);
}

SCENARIO(dpc_of_low_importance_is_not_left_behind,
         .what = "a processor that goes to sleep runs DPCs that were queued without an interrupt",
         .threads = { rest, insert_lazy_and_wait }, .set_up = make_lazy, .pinned = true,
         .model = EXPLORE_TSO, .bound = 2);

SCENARIO(dpcs_of_low_importance_of_two_processors,
         .what = "the same of two that queue, in sequential consistency",
         .threads = { rest, insert_lazy_and_wait, insert_lazy_and_wait }, .set_up = make_lazy,
         .pinned = true, .model = EXPLORE_SC, .bound = 1);

/* --- Waiting for one ----------------------------------------------------------------------------------------- */

struct owned {
    KDPC dpc;
    uint32_t calls;
};

static void touch_context(KDPC *self, PVOID context, PVOID argument1, PVOID argument2)
{
    struct owned *owned = context;
    UNREFERENCED_PARAMETER(self);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    (void)atomic_add(&owned->calls, 1);
}

static struct owned *make_owned(unsigned target, bool threaded)
{
    struct owned *owned = explore_new(sizeof(*owned), "DPC with its context");
    if (threaded)
        KeInitializeThreadedDpc(&owned->dpc, touch_context, owned);
    else
        KeInitializeDpc(&owned->dpc, touch_context, owned);
    KeSetTargetProcessorDpc(&owned->dpc, (CCHAR)target);
    return owned;
}

static void remove_and_free(unsigned index)
{
    struct owned *owned = make_owned(!index, false);
    explore_check(KeInsertQueueDpc(&owned->dpc, NULL, NULL));
    bool was_queued = KeRemoveQueueDpcEx(&owned->dpc, TRUE);
    explore_check(atomic_load_acquire(&owned->calls) == !was_queued);
    explore_free(owned);
}

SCENARIO(dpc_is_over_when_its_removal_returns,
         .what = "two threads queue DPCs to each other's processor, remove them, wait, free them",
         .threads = { remove_and_free, remove_and_free }, .model = EXPLORE_SC, .bound = 2);

static void flush_and_free(unsigned index)
{
    struct owned *owned = make_owned(!index, false);
    explore_check(KeInsertQueueDpc(&owned->dpc, NULL, NULL));
    KeFlushQueuedDpcs();
    explore_check(atomic_load_acquire(&owned->calls) == 1);
    explore_free(owned);
}

SCENARIO(dpc_has_run_when_the_flush_returns,
         .what = "two threads queue DPCs to each other's processor, flush, free them",
         .threads = { flush_and_free, flush_and_free }, .model = EXPLORE_SC, .bound = 1);

static void start_dpc_threads(void)
{
    NTSTATUS status = ke_dpc_threads_start(true);
    CHECK(NT_SUCCESS(status));
}

static void remove_threaded_and_free(unsigned index)
{
    struct owned *owned = make_owned(!index, true);
    explore_check(KeInsertQueueDpc(&owned->dpc, NULL, NULL));
    bool was_queued = KeRemoveQueueDpcEx(&owned->dpc, TRUE);
    explore_check(atomic_load_acquire(&owned->calls) == !was_queued);
    explore_free(owned);
}

SCENARIO(dpc_that_is_threaded_is_over_when_its_removal_returns,
         .what = "two threads queue threaded DPCs to each other's processor, remove them, wait",
         .threads = { remove_threaded_and_free, remove_threaded_and_free },
         .set_up = start_dpc_threads, .model = EXPLORE_SC, .bound = 1);
