/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of apc.c: who is interrupted, when, in which order; alerts; regions. */
#include <nt/ke_object_ddi.h>
#include <nt/ke_thread_ddi.h>

#include "ke/ke_test.h"

#define APCS 16

static KAPC apcs[APCS];
static KEVENT event;
static uint32_t ran, step, kernel_irql, normal_irql, rundowns; /* [a] */
static uint32_t order[APCS];
static struct ke_thread *ran_in;

static void reset(void)
{
    ran = step = rundowns = 0;
    kernel_irql = normal_irql = 99;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
}

static void kernel_routine(KAPC *apc, PKNORMAL_ROUTINE *normal, PVOID *context, PVOID *argument1,
                           PVOID *argument2)
{
    (void)context;
    (void)argument1;
    (void)argument2;
    ran_in = arch_thread();
    kernel_irql = arch_irql();
    if (*normal == NULL)
        order[atomic_add(&ran, 1) % APCS] = (uint32_t)(apc - apcs);
}

static void normal_routine(PVOID context, PVOID argument1, PVOID argument2)
{
    (void)argument1;
    (void)argument2;
    normal_irql = arch_irql();
    order[atomic_add(&ran, 1) % APCS] = (uint32_t)(uintptr_t)context;
}

static void rundown_routine(KAPC *apc)
{
    (void)apc;
    (void)atomic_add(&rundowns, 1);
}

static bool queue(struct ke_thread *thread, uint32_t index, PKNORMAL_ROUTINE normal,
                  KPROCESSOR_MODE mode)
{
    KeInitializeApc(&apcs[index], (KTHREAD *)thread, OriginalApcEnvironment, kernel_routine,
                    rundown_routine, normal, mode, (PVOID)(uintptr_t)index);
    return KeInsertQueueApc(&apcs[index], NULL, NULL, 0);
}

TEST(ke_apc, a_special_one_runs_at_once_in_its_own_thread)
{
    reset();
    EXPECT(queue(arch_thread(), 3, NULL, KernelMode));
    EXPECT_EQ(ran, 1);
    EXPECT_EQ(order[0], 3);
    EXPECT_EQ(kernel_irql, APC_LEVEL);
    EXPECT(ran_in == arch_thread());
}

TEST(ke_apc, a_normal_one_runs_at_passive_level_after_its_kernel_routine)
{
    reset();
    EXPECT(queue(arch_thread(), 5, normal_routine, KernelMode));
    EXPECT_EQ(ran, 1);
    EXPECT_EQ(order[0], 5);
    EXPECT_EQ(kernel_irql, APC_LEVEL);
    EXPECT_EQ(normal_irql, PASSIVE_LEVEL);
}

TEST(ke_apc, is_queued_once)
{
    reset();
    KeEnterGuardedRegion();
    EXPECT(queue(arch_thread(), 0, NULL, KernelMode));
    EXPECT(!KeInsertQueueApc(&apcs[0], NULL, NULL, 0));
    KeLeaveGuardedRegion();
    EXPECT_EQ(ran, 1);
}

TEST(ke_apc, waits_while_the_level_is_raised)
{
    reset();
    KIRQL old = KfRaiseIrql(APC_LEVEL);
    EXPECT(queue(arch_thread(), 0, NULL, KernelMode));
    EXPECT_EQ(ran, 0);
    KeLowerIrql(old);
    EXPECT_EQ(ran, 1);
}

TEST(ke_apc, a_critical_region_keeps_normal_ones_away_but_not_special_ones)
{
    reset();
    KeEnterCriticalRegion();
    EXPECT(KeAreApcsDisabled());
    EXPECT(queue(arch_thread(), 1, normal_routine, KernelMode));
    EXPECT(queue(arch_thread(), 2, NULL, KernelMode));
    EXPECT_EQ(ran, 1);
    EXPECT_EQ(order[0], 2);
    KeEnterCriticalRegion();
    KeLeaveCriticalRegion();
    EXPECT_EQ(ran, 1);
    KeLeaveCriticalRegion();
    EXPECT_EQ(ran, 2);
    EXPECT_EQ(order[1], 1);
}

TEST(ke_apc, a_guarded_region_keeps_all_of_them_away)
{
    reset();
    KeEnterGuardedRegion();
    EXPECT(KeAreAllApcsDisabled());
    EXPECT(queue(arch_thread(), 1, normal_routine, KernelMode));
    EXPECT(queue(arch_thread(), 2, NULL, KernelMode));
    EXPECT_EQ(ran, 0);
    KeLeaveGuardedRegion();
    EXPECT_EQ(ran, 2);
    EXPECT_EQ(order[0], 2); /* special ones first */
    EXPECT_EQ(order[1], 1);
}

TEST(ke_apc, run_in_the_order_in_which_they_were_queued)
{
    reset();
    KeEnterGuardedRegion();
    for (uint32_t i = 0; i < 4; i++)
        EXPECT(queue(arch_thread(), i, NULL, KernelMode));
    KeLeaveGuardedRegion();
    EXPECT_EQ(ran, 4);
    for (uint32_t i = 0; i < 4; i++)
        EXPECT_EQ(order[i], i);
}

TEST(ke_apc, removed_does_not_run)
{
    reset();
    KeEnterGuardedRegion();
    EXPECT(queue(arch_thread(), 0, NULL, KernelMode));
    EXPECT(KeRemoveQueueApc(&apcs[0]));
    EXPECT(!KeRemoveQueueApc(&apcs[0]));
    KeLeaveGuardedRegion();
    EXPECT_EQ(ran, 0);
    EXPECT(!arch_thread()->kernel_apc_pending);
}

static void queue_second(PVOID context, PVOID argument1, PVOID argument2)
{
    (void)queue(arch_thread(), 2, normal_routine, KernelMode);
    (void)queue(arch_thread(), 3, NULL, KernelMode);
    step = ran; /* the special one has run within this one, the normal one has not */
    normal_routine(context, argument1, argument2);
}

TEST(ke_apc, one_normal_routine_at_a_time)
{
    reset();
    EXPECT(queue(arch_thread(), 1, queue_second, KernelMode));
    EXPECT_EQ(step, 1);
    EXPECT_EQ(ran, 3);
    EXPECT_EQ(order[0], 3);
    EXPECT_EQ(order[1], 1);
    EXPECT_EQ(order[2], 2);
}

static void wait_for_event(void *argument)
{
    struct selftest_run *run = argument;
    atomic_store_release(&step, 1);
    EXPECT_EQ(test_wait(&event), STATUS_SUCCESS);
    atomic_store_release(&step, 2);
}

TEST(ke_apc, interrupts_a_wait_which_then_goes_on)
{
    reset();
    struct ke_thread *thread = test_thread(run, wait_for_event, run, 0, 0);
    EXPECT(test_sleep_until(&step, 1));
    test_sleep(2);
    EXPECT(queue(thread, 0, NULL, KernelMode));
    EXPECT(test_sleep_until(&ran, 1));
    EXPECT(queue(thread, 1, normal_routine, KernelMode));
    EXPECT(test_sleep_until(&ran, 2));
    EXPECT(ran_in == thread);
    EXPECT_EQ(step, 1);
    (void)KeSetEvent(&event, 0, FALSE);
    test_join(run, thread);
    EXPECT_EQ(step, 2);
}

static void spin_for_step(void *argument)
{
    (void)argument;
    atomic_store_release(&step, 1);
    while (atomic_load_acquire(&step) != 2)
        arch_cpu_pause();
}

/* On another processor if there is one, else ready behind this one. */
TEST(ke_apc, reaches_a_thread_that_never_waits)
{
    reset();
    struct ke_thread *thread = test_thread(run, spin_for_step, NULL, 0, ke.cpu_count > 1 ? 2 : 1);
    EXPECT(test_sleep_until(&step, 1));
    EXPECT(queue(thread, 0, NULL, KernelMode));
    EXPECT(test_sleep_until(&ran, 1));
    EXPECT(ran_in == thread);
    atomic_store_release(&step, 2);
    test_join(run, thread);
}

TEST(ke_apc, reaches_a_thread_that_has_not_begun)
{
    struct ke_thread *thread;
    struct ke_thread_options options = { .name = "late" };
    reset();
    REQUIRE(NT_SUCCESS(ke_thread_create(&options, wait_for_event, run, &thread)));
    EXPECT(queue(thread, 0, NULL, KernelMode));
    EXPECT_EQ(ran, 0);
    (void)KeSetEvent(&event, 0, FALSE);
    ke_thread_start(thread);
    EXPECT(test_sleep_until(&ran, 1));
    test_join(run, thread);
    EXPECT(ran_in == thread);
}

TEST(ke_apc, ones_that_are_left_at_the_end_are_run_down)
{
    struct ke_thread *thread;
    struct ke_thread_options options = { .name = "late" };
    reset();
    REQUIRE(NT_SUCCESS(ke_thread_create(&options, wait_for_event, run, &thread)));
    EXPECT(queue(thread, 0, normal_routine, UserMode));
    (void)KeSetEvent(&event, 0, FALSE);
    ke_thread_start(thread);
    EXPECT_EQ(test_wait(&thread->header), STATUS_SUCCESS);
    EXPECT_EQ(rundowns, 1);
    EXPECT_EQ(ran, 0);
    EXPECT(!queue(thread, 1, NULL, KernelMode)); /* it takes no more */
    (void)ke_thread_join(thread);
}

static NTSTATUS wait_alertably(KPROCESSOR_MODE mode, BOOLEAN alertable, int64_t ms)
{
    LARGE_INTEGER timeout = test_ms(ms);
    return KeWaitForSingleObject(&event, Executive, mode, alertable, &timeout);
}

TEST(ke_apc, a_user_one_ends_only_alertable_waits_of_user_mode)
{
    struct ke_user_apc apc;
    reset();
    EXPECT(queue(arch_thread(), 4, normal_routine, UserMode));
    EXPECT_EQ(wait_alertably(KernelMode, TRUE, 1), STATUS_TIMEOUT);
    EXPECT_EQ(wait_alertably(UserMode, FALSE, 1), STATUS_TIMEOUT);
    EXPECT_EQ(wait_alertably(UserMode, TRUE, TEST_HANG_MS), STATUS_USER_APC);
    EXPECT_EQ(wait_alertably(UserMode, FALSE, TEST_HANG_MS), STATUS_USER_APC); /* pending now */
    KIRQL old = KfRaiseIrql(APC_LEVEL);
    REQUIRE(ke_apc_next_user(&apc));
    EXPECT(apc.routine == normal_routine);
    EXPECT_EQ((uintptr_t)apc.context, 4);
    EXPECT_EQ(kernel_irql, APC_LEVEL);
    EXPECT(!ke_apc_next_user(&apc));
    KeLowerIrql(old);
    EXPECT_EQ(wait_alertably(UserMode, TRUE, 1), STATUS_TIMEOUT);
}

static void wait_as_user(void *argument)
{
    struct selftest_run *run = argument;
    struct ke_user_apc apc;
    atomic_store_release(&step, 1);
    EXPECT_EQ(wait_alertably(UserMode, TRUE, TEST_HANG_MS), STATUS_USER_APC);
    KIRQL old = KfRaiseIrql(APC_LEVEL);
    EXPECT(ke_apc_next_user(&apc));
    KeLowerIrql(old);
}

TEST(ke_apc, a_user_one_wakes_a_thread_that_waits_alertably)
{
    reset();
    struct ke_thread *thread = test_thread(run, wait_as_user, run, 0, 0);
    EXPECT(test_sleep_until(&step, 1));
    test_sleep(2);
    EXPECT(queue(thread, 0, normal_routine, UserMode));
    test_join(run, thread);
    EXPECT_EQ(rundowns, 0);
}

TEST(ke_apc, a_signalled_object_comes_before_an_apc)
{
    struct ke_user_apc apc;
    reset();
    (void)KeSetEvent(&event, 0, FALSE);
    EXPECT(queue(arch_thread(), 0, normal_routine, UserMode));
    EXPECT_EQ(wait_alertably(UserMode, TRUE, TEST_HANG_MS), STATUS_SUCCESS);
    EXPECT(!KeTestAlertThread(UserMode)); /* but it makes the APC pending */
    KIRQL old = KfRaiseIrql(APC_LEVEL);
    EXPECT(ke_apc_next_user(&apc));
    KeLowerIrql(old);
}

TEST(ke_alert, ends_one_alertable_wait)
{
    KTHREAD *self = KeGetCurrentThread();
    reset();
    EXPECT(!KeAlertThread(self, KernelMode));
    EXPECT(KeAlertThread(self, KernelMode));
    EXPECT_EQ(wait_alertably(KernelMode, FALSE, 1), STATUS_TIMEOUT);
    EXPECT_EQ(wait_alertably(KernelMode, TRUE, TEST_HANG_MS), STATUS_ALERTED);
    EXPECT_EQ(wait_alertably(KernelMode, TRUE, 1), STATUS_TIMEOUT);
}

TEST(ke_alert, for_user_mode_leaves_kernel_waits_alone)
{
    KTHREAD *self = KeGetCurrentThread();
    reset();
    EXPECT(!KeAlertThread(self, UserMode));
    EXPECT_EQ(wait_alertably(KernelMode, TRUE, 1), STATUS_TIMEOUT);
    EXPECT(KeTestAlertThread(UserMode));
    EXPECT(!KeTestAlertThread(UserMode));
    EXPECT(!KeAlertThread(self, KernelMode));
    EXPECT_EQ(wait_alertably(UserMode, TRUE, TEST_HANG_MS), STATUS_ALERTED);
}

static void sleep_alertably(void *argument)
{
    struct selftest_run *run = argument;
    LARGE_INTEGER interval = test_ms(TEST_HANG_MS);
    atomic_store_release(&step, 1);
    EXPECT_EQ(KeDelayExecutionThread(KernelMode, TRUE, &interval), STATUS_ALERTED);
}

TEST(ke_alert, wakes_a_sleeper)
{
    reset();
    struct ke_thread *thread = test_thread(run, sleep_alertably, run, 0, 0);
    EXPECT(test_sleep_until(&step, 1));
    test_sleep(2);
    EXPECT(!KeAlertThread((KTHREAD *)thread, KernelMode));
    test_join(run, thread);
}

/* A thread that does nothing but wait with short time-outs is showered with APCs from all processors. */
#define SHOWER 100
static struct ke_thread *target;

static void shower(void *argument)
{
    KAPC *apc = &apcs[(uintptr_t)argument];
    for (uint32_t i = 0; i < SHOWER; i++) {
        KeInitializeApc(apc, (KTHREAD *)target, OriginalApcEnvironment, kernel_routine, NULL,
                        i % 2 ? normal_routine : NULL, KernelMode, NULL);
        while (!KeInsertQueueApc(apc, NULL, NULL, 1))
            ke_thread_yield();
        while (*(volatile BOOLEAN *)&apc->Inserted)
            ke_thread_yield();
    }
}

static void wait_again_and_again(void *argument)
{
    (void)argument;
    while (atomic_load_acquire(&step) == 0)
        (void)wait_alertably(KernelMode, FALSE, 1);
}

TEST(ke_apc, none_is_lost_in_a_shower)
{
    reset();
    target = test_thread(run, wait_again_and_again, NULL, 0, 0);
    REQUIRE(target != NULL);
    test_run_threads(run, 4, shower);
    EXPECT(test_sleep_until(&ran, 4 * SHOWER));
    atomic_store_release(&step, 1);
    test_join(run, target);
    EXPECT_EQ(ran, 4 * SHOWER);
}
