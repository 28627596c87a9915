/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * APCs: each one that was accepted runs once, in its thread, or was removed or run down. Its kernel routine frees it.
 */
#include "ke/ke_impl.h"
#include "scenario.h"

static KEVENT event, done;
static uint32_t accepted, ran, removed, run_down, expected;
static bool region; /* the thread's own */

/* Of a thread that waits until all APCs have run, one that is lost is found as a wait for ever. */
static void has_run(void)
{
    if (++ran == expected)
        (void)KeSetEvent(&done, 0, FALSE);
}

static void free_apc(KAPC *apc, PKNORMAL_ROUTINE *normal, PVOID *context, PVOID *argument1,
                     PVOID *argument2)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    explore_check(arch_irql() == APC_LEVEL && arch_thread() == scenario_thread(0));
    if (*normal == NULL) {
        explore_check(!region);
        has_run();
    }
    explore_free(apc);
}

static void count_normal(PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    explore_check(arch_irql() == PASSIVE_LEVEL && !region);
    has_run();
}

static void run_down_apc(KAPC *apc)
{
    run_down++;
    explore_free(apc);
}

static KAPC *queue(PKNORMAL_ROUTINE normal, KPROCESSOR_MODE mode)
{
    KAPC *apc = explore_new(sizeof(*apc), "APC");
    KeInitializeApc(apc, (KTHREAD *)scenario_thread(0), OriginalApcEnvironment, free_apc,
                    run_down_apc, normal, mode, NULL);
    if (KeInsertQueueApc(apc, NULL, NULL, 0)) {
        (void)atomic_add(&accepted, 1);
        return apc;
    }
    explore_free(apc);
    return NULL;
}

static void make_event(void)
{
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    expected = 1;
}

static void make_event_for_two(void)
{
    make_event();
    expected = 2;
}

static void all_have_run(void)
{
    struct ke_thread *thread = scenario_thread(0);
    explore_check(ran + removed + run_down + thread->apc_count == accepted);
    explore_check(IsListEmpty(&thread->apcs[KernelMode]) == !thread->kernel_apc_pending);
}

/* --- Kernel APCs ---------------------------------------------------------------------------------------------- */

static void wait(unsigned index)
{
    (void)index;
    NTSTATUS status = KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    explore_check(status == STATUS_SUCCESS);
}

static void wait_for_all(unsigned index)
{
    wait(index);
    NTSTATUS status = KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    explore_check(status == STATUS_SUCCESS && ran == expected);
}

static void queue_special_and_set(unsigned index)
{
    (void)index;
    (void)queue(NULL, KernelMode);
    (void)KeSetEvent(&event, 0, FALSE);
}

static void queue_normal(unsigned index)
{
    (void)index;
    (void)queue(count_normal, KernelMode);
}

SCENARIO(apc_special_interrupts_a_wait,
         .what = "a thread in a wait runs a special APC, waits on, and gets the event",
         .threads = { wait_for_all, queue_special_and_set }, .set_up = make_event,
         .check = all_have_run, .model = EXPLORE_SC, .bound = 2);

SCENARIO(apc_of_two_kinds_interrupts_a_wait,
         .what = "special and normal APCs from two processors, and the event, against a wait",
         .threads = { wait_for_all, queue_special_and_set, queue_normal },
         .set_up = make_event_for_two, .check = all_have_run, .model = EXPLORE_SC, .bound = 1);

static void wait_in_critical_region(unsigned index)
{
    KeEnterCriticalRegion();
    region = true;
    wait(index);
    region = false;
    KeLeaveCriticalRegion();
    NTSTATUS status = KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    explore_check(status == STATUS_SUCCESS && ran == 1);
}

static void queue_normal_and_set(unsigned index)
{
    queue_normal(index);
    (void)KeSetEvent(&event, 0, FALSE);
}

SCENARIO(apc_normal_is_held_back_by_a_critical_region,
         .what = "a normal APC runs when the critical region is left, and no sooner",
         .threads = { wait_in_critical_region, queue_normal_and_set }, .set_up = make_event,
         .check = all_have_run, .model = EXPLORE_SC, .bound = 2);

static void wait_in_guarded_region(unsigned index)
{
    KeEnterGuardedRegion();
    region = true;
    wait(index);
    region = false;
    KeLeaveGuardedRegion();
    NTSTATUS status = KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    explore_check(status == STATUS_SUCCESS && ran == 1);
}

SCENARIO(apc_special_is_held_back_by_a_guarded_region,
         .what = "a special APC runs when the guarded region is left, and no sooner",
         .threads = { wait_in_guarded_region, queue_special_and_set }, .set_up = make_event,
         .check = all_have_run, .model = EXPLORE_SC, .bound = 2);

/* --- Removing and running down ----------------------------------------------------------------------------------- */

static KAPC kept;

static void count_kept(KAPC *apc, PKNORMAL_ROUTINE *normal, PVOID *context, PVOID *argument1,
                       PVOID *argument2)
{
    UNREFERENCED_PARAMETER(apc);
    UNREFERENCED_PARAMETER(normal);
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    ran++;
}

static void insert_and_remove_kept(unsigned index)
{
    (void)index;
    if (KeInsertQueueApc(&kept, NULL, NULL, 0))
        (void)atomic_add(&accepted, 1);
    if (KeRemoveQueueApc(&kept))
        (void)atomic_add(&removed, 1);
}

static void insert_remove_and_set(unsigned index)
{
    if (index == 1)
        KeInitializeApc(&kept, (KTHREAD *)scenario_thread(0), OriginalApcEnvironment, count_kept,
                        NULL, NULL, KernelMode, NULL);
    insert_and_remove_kept(index);
    insert_and_remove_kept(index);
    (void)KeSetEvent(&event, 0, FALSE);
}

SCENARIO(apc_is_run_or_removed, .what = "a special APC that is queued and removed under a wait",
         .threads = { wait, insert_remove_and_set }, .set_up = make_event, .check = all_have_run,
         .model = EXPLORE_SC, .bound = 2);

static void run_down_own(unsigned index)
{
    (void)index;
    ke_apc_rundown(arch_thread());
}

static void queue_two(unsigned index)
{
    (void)index;
    (void)queue(NULL, KernelMode);
    (void)queue(count_normal, UserMode);
}

SCENARIO(apc_is_run_down_or_refused,
         .what = "what is queued to a thread that ends is refused, or has run, or is run down",
         .threads = { run_down_own, queue_two }, .set_up = make_event, .check = all_have_run,
         .model = EXPLORE_SC, .bound = 2);

/* --- User APCs and alerts ------------------------------------------------------------------------------------------ */

static void deliver_user(void)
{
    struct ke_user_apc apc;
    KIRQL old = KfRaiseIrql(APC_LEVEL);
    while (ke_apc_next_user(&apc))
        ran++;
    KeLowerIrql(old);
}

static void wait_alertably(unsigned index)
{
    NTSTATUS status;
    (void)index;
    do {
        status = KeWaitForSingleObject(&event, UserRequest, UserMode, TRUE, NULL);
        explore_check(status == STATUS_SUCCESS || status == STATUS_USER_APC);
        deliver_user();
    } while (status != STATUS_SUCCESS);
    (void)KeTestAlertThread(UserMode);
    deliver_user();
}

static void queue_user_and_set(unsigned index)
{
    (void)index;
    (void)queue(count_normal, UserMode);
    (void)KeSetEvent(&event, 0, FALSE);
}

SCENARIO(apc_for_user_mode_ends_an_alertable_wait,
         .what = "a user APC ends an alertable wait, and the event is not lost by that",
         .threads = { wait_alertably, queue_user_and_set }, .set_up = make_event,
         .check = all_have_run, .model = EXPLORE_SC, .bound = 2);

static uint32_t alerts, alerts_seen;

static void wait_for_alerts(unsigned index)
{
    NTSTATUS status;
    (void)index;
    while ((status = KeWaitForSingleObject(&event, Executive, KernelMode, TRUE, NULL)) ==
           STATUS_ALERTED)
        alerts_seen++;
    explore_check(status == STATUS_SUCCESS);
    alerts_seen += KeTestAlertThread(KernelMode);
}

static void alert(unsigned index)
{
    (void)index;
    if (!KeAlertThread((KTHREAD *)scenario_thread(0), KernelMode))
        (void)atomic_add(&alerts, 1);
}

static void alert_and_set(unsigned index)
{
    alert(index);
    (void)KeSetEvent(&event, 0, FALSE);
}

static void each_alert_was_seen(void)
{
    struct ke_thread *thread = scenario_thread(0);
    explore_check(alerts_seen + thread->alerted[KernelMode] == alerts && alerts >= 1);
}

SCENARIO(apc_alert_is_seen_once, .what = "each alert ends one wait or is found afterwards",
         .threads = { wait_for_alerts, alert_and_set, alert }, .set_up = make_event,
         .check = each_alert_was_seen, .model = EXPLORE_SC, .bound = 1);
