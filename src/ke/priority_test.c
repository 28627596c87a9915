/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of priority.c and of what ready.c and switch.c make of priorities: boosts, decay, relief, places. */
#include <nt/ke_object_ddi.h>
#include <nt/ke_thread_ddi.h>

#include "ke/ke_test.h"

static KEVENT event;
static uint32_t step, counts[4], seen_priority; /* [a] */

/* What to go back to: the priority itself may be boosted just now. */
static KPRIORITY own_base(void)
{
    return arch_thread()->base_priority;
}

TEST(ke_priority, can_be_set_and_read)
{
    KTHREAD *self = KeGetCurrentThread();
    KPRIORITY before = own_base();
    (void)KeSetPriorityThread(self, 17); /* real time: it does not decay meanwhile */
    EXPECT_EQ(KeQueryPriorityThread(self), 17);
    EXPECT_EQ(own_base(), 17);
    EXPECT_EQ(KeSetPriorityThread(self, before), 17);
    EXPECT_EQ(own_base(), before);
}

TEST(ke_priority, a_base_increment_stays_in_its_class)
{
    KTHREAD *self = KeGetCurrentThread();
    KPRIORITY before = own_base();
    (void)KeSetPriorityThread(self, KE_PRIORITY_NORMAL);
    EXPECT_EQ(KeSetBasePriorityThread(self, 2), 0);
    EXPECT_EQ(KeQueryPriorityThread(self), KE_PRIORITY_NORMAL + 2);
    EXPECT_EQ(KeSetBasePriorityThread(self, 100), 2);
    EXPECT_EQ(KeQueryPriorityThread(self), KE_PRIORITY_REAL_TIME - 1);
    (void)KeSetPriorityThread(self, 20);
    (void)KeSetBasePriorityThread(self, -100);
    EXPECT_EQ(KeQueryPriorityThread(self), KE_PRIORITY_REAL_TIME);
    (void)KeSetPriorityThread(self, before);
}

static void note_priority(void *argument)
{
    struct selftest_run *run = argument;
    step = 1;
    EXPECT_EQ(test_wait(&event), STATUS_SUCCESS);
    seen_priority = (uint32_t)KeQueryPriorityThread(KeGetCurrentThread());
    step = 2;
    uint64_t end = ke_tick_count() + TEST_HANG_MS;
    while (arch_thread()->priority > arch_thread()->base_priority && ke_tick_count() < end)
        arch_cpu_pause();
    step = 3;
}

static struct ke_thread *start_waiter(struct selftest_run *run, uint8_t priority)
{
    step = 0;
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    struct ke_thread *thread = test_thread(run, note_priority, run, priority, 1);
    EXPECT(test_sleep_until(&step, 1));
    test_sleep(2);
    return thread;
}

TEST(ke_priority, a_signal_boosts_and_the_boost_wears_off)
{
    struct ke_thread *thread = start_waiter(run, 8);
    (void)KeSetEvent(&event, 2, FALSE);
    EXPECT(test_sleep_until(&step, 3));
    EXPECT_EQ(seen_priority, 10);
    EXPECT_EQ(KeQueryPriorityThread((KTHREAD *)thread), 8);
    test_join(run, thread);
}

TEST(ke_priority, no_boost_reaches_real_time)
{
    struct ke_thread *thread = start_waiter(run, 14);
    (void)KeSetEvent(&event, 9, FALSE);
    EXPECT(test_sleep_until(&step, 3));
    EXPECT_EQ(seen_priority, KE_PRIORITY_REAL_TIME - 1);
    test_join(run, thread);
}

TEST(ke_priority, real_time_threads_are_not_boosted)
{
    struct ke_thread *thread = start_waiter(run, 18);
    (void)KeSetEvent(&event, 4, FALSE);
    EXPECT(test_sleep_until(&step, 3));
    EXPECT_EQ(seen_priority, 18);
    test_join(run, thread);
}

static void spin(void *argument)
{
    uintptr_t index = (uintptr_t)argument;
    while (atomic_load_acquire(&step) == 0)
        (void)atomic_add(&counts[index], 1);
}

static void clear_counts(void)
{
    step = 0;
    for (uint32_t i = 0; i < 4; i++)
        counts[i] = 0;
}

/* The tests' own thread must get its turn beside threads that spin. */
static KPRIORITY rise(void)
{
    KPRIORITY before = own_base();
    (void)KeSetPriorityThread(KeGetCurrentThread(), 20);
    return before;
}

TEST(ke_priority, raising_a_ready_thread_makes_it_run)
{
    clear_counts();
    KPRIORITY before = rise();
    struct ke_thread *high = test_thread(run, spin, (void *)0, 10, 1);
    struct ke_thread *low = test_thread(run, spin, (void *)1, 6, 1);
    test_sleep(3);
    EXPECT(counts[0] > 0);
    EXPECT_EQ(counts[1], 0);
    (void)KeSetPriorityThread((KTHREAD *)low, 12);
    EXPECT(test_sleep_until(&counts[1], 1));
    step = 1;
    test_join(run, high);
    test_join(run, low);
    (void)KeSetPriorityThread(KeGetCurrentThread(), before);
}

TEST(ke_priority, lowering_the_running_thread_lets_others_run)
{
    clear_counts();
    KPRIORITY before = rise();
    struct ke_thread *high = test_thread(run, spin, (void *)0, 10, 1);
    struct ke_thread *low = test_thread(run, spin, (void *)1, 6, 1);
    test_sleep(3);
    EXPECT_EQ(counts[1], 0);
    (void)KeSetPriorityThread((KTHREAD *)high, 4);
    EXPECT(test_sleep_until(&counts[1], 1));
    step = 1;
    test_join(run, high);
    test_join(run, low);
    (void)KeSetPriorityThread(KeGetCurrentThread(), before);
}

TEST(ke_priority, a_starving_thread_is_relieved)
{
    clear_counts();
    KPRIORITY before = rise();
    uint64_t relieved = ke.cpu[0]->counters.threads_relieved;
    struct ke_thread *high = test_thread(run, spin, (void *)0, 10, 1);
    struct ke_thread *starving = test_thread(run, spin, (void *)1, 2, 1);
    test_sleep(60);
    EXPECT_EQ(counts[1], 0); /* not before its time */
    atomic_store_relaxed(&ke.relief_ticks, 40);
    EXPECT(test_sleep_until(&counts[1], 1));
    EXPECT(ke.cpu[0]->counters.threads_relieved > relieved);
    atomic_store_relaxed(&ke.relief_ticks, KE_RELIEF_TICKS);
    step = 1;
    test_join(run, high);
    test_join(run, starving);
    (void)KeSetPriorityThread(KeGetCurrentThread(), before);
}

/* --- Affinity --------------------------------------------------------------------------------------------- */

static void note_processor(void *argument)
{
    (void)argument;
    while (atomic_load_acquire(&step) == 0) {
        KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);
        uint32_t index = arch_cpu()->index;
        KeLowerIrql(old);
        (void)atomic_add(&counts[index], 1);
        if (counts[index] % 64 == 0)
            test_sleep(1);
    }
}

TEST(ke_affinity, a_running_thread_is_moved)
{
    uint64_t old;
    clear_counts();
    if (ke.cpu_count < 2) { /* there is nowhere else */
        EXPECT_EQ(ke_thread_set_affinity(arch_thread(), 2, &old), STATUS_INVALID_PARAMETER);
        return;
    }
    struct ke_thread *thread = test_thread(run, note_processor, NULL, 0, 1);
    EXPECT(test_sleep_until(&counts[0], 10));
    EXPECT_EQ(ke_thread_set_affinity(thread, 2, &old), STATUS_SUCCESS);
    EXPECT_EQ(old, 1);
    EXPECT(test_sleep_until(&counts[1], 10));
    uint32_t on_first = counts[0];
    test_sleep(5);
    EXPECT_EQ(counts[0], on_first);
    step = 1;
    test_join(run, thread);
}

TEST(ke_affinity, no_processor_is_refused)
{
    EXPECT_EQ(ke_thread_set_affinity(arch_thread(), 0, NULL), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(ke_thread_set_affinity(arch_thread(), (uint64_t)1 << 63, NULL),
              STATUS_INVALID_PARAMETER);
}

TEST(ke_affinity, the_system_affinity_holds_at_once_and_is_taken_back)
{
    uint64_t original = arch_thread()->affinity;
    for (uint32_t i = 0; i < ke.cpu_count; i++) {
        KAFFINITY before = KeSetSystemAffinityThreadEx((KAFFINITY)1 << i);
        EXPECT_EQ(KeGetCurrentProcessorNumberEx(NULL), i);
        EXPECT_EQ(before, i == 0 ? 0 : (KAFFINITY)1 << (i - 1));
    }
    KeRevertToUserAffinityThread();
    EXPECT_EQ(arch_thread()->affinity, original);
}

static struct ke_thread *moved[4];

static void move_about(void *argument)
{
    uint64_t seed = (uintptr_t)argument * 7 + 1;
    uint64_t all = atomic_load_acquire(&ke.active);
    for (uint32_t i = 0; i < 200; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        struct ke_thread *thread = moved[seed >> 33 & 3];
        uint64_t affinity = (seed >> 40 & all) != 0 ? seed >> 40 & all : all;
        if (seed >> 62 == 0)
            (void)KeSetPriorityThread((KTHREAD *)thread, 1 + (KPRIORITY)(seed >> 50 & 7));
        else if (!NT_SUCCESS(ke_thread_set_affinity(thread, affinity, NULL)))
            return;
    }
    (void)atomic_add(&step, 1);
}

static void sleep_and_count(void *argument)
{
    uintptr_t index = (uintptr_t)argument;
    do {
        (void)atomic_add(&counts[index], 1);
        if (counts[index] % 16 == 0)
            test_sleep(1);
        else
            ke_thread_yield();
    } while (atomic_load_acquire(&step) < 4);
}

TEST(ke_affinity, threads_survive_being_moved_from_all_processors)
{
    clear_counts();
    for (uintptr_t i = 0; i < 4; i++)
        moved[i] = test_thread(run, sleep_and_count, (void *)i, 4, 0);
    test_run_threads(run, 4, move_about);
    EXPECT_EQ(step, 4);
    for (uint32_t i = 0; i < 4; i++) {
        test_join(run, moved[i]);
        EXPECT(counts[i] > 0);
    }
}

#define HOLD_MS 5000      /* sooner or later a timer goes off there, too: every 10 s at least */
static uint32_t released; /* [a] */

static void hold_until_released(void *argument)
{
    struct selftest_run *run = argument;
    EXPECT_EQ(test_wait(&event), STATUS_SUCCESS);
    uint64_t end = ke_tick_count() + HOLD_MS;
    while (atomic_load_acquire(&released) == 0 && ke_tick_count() < end)
        arch_cpu_pause();
    EXPECT(atomic_load_acquire(&released) != 0);
}

/*
 * Only a thread that runs elsewhere can let the higher one go. The last processor has no timers, so its clock has stopped
 * by the time that it is needed, and it hears of nothing by itself.
 */
TEST(ke_switch, a_preempted_thread_moves_to_an_idle_processor)
{
    uint32_t relief = atomic_load_relaxed(&ke.relief_ticks);
    if (ke.cpu_count == 1)
        return;
    atomic_store_relaxed(&ke.relief_ticks, UINT32_MAX);
    for (uint32_t i = 0; i < 4; i++) {
        KeInitializeEvent(&event, SynchronizationEvent, FALSE);
        atomic_store_release(&released, 0);
        struct ke_thread *thread = test_thread(run, hold_until_released, run, 20, 1);
        KeSetSystemAffinityThread(1);
        test_sleep(20);
        KeSetSystemAffinityThread(1 | (KAFFINITY)1 << (ke.cpu_count - 1));
        (void)KeSetEvent(&event, 0, FALSE);
        atomic_store_release(&released, 1);
        KeRevertToUserAffinityThread();
        test_join(run, thread);
    }
    atomic_store_relaxed(&ke.relief_ticks, relief);
}

static void use_group_calls(void *argument)
{
    struct selftest_run *run = argument;
    uint64_t affinity = arch_thread()->affinity;
    for (uint32_t i = 0; i < ke.cpu_count; i++) {
        GROUP_AFFINITY first, second, here = { .Mask = (KAFFINITY)1 << i };
        GROUP_AFFINITY there = { .Mask = (KAFFINITY)1 << (ke.cpu_count - 1 - i) };
        KeSetSystemGroupAffinityThread(&here, &first);
        EXPECT_EQ(KeGetCurrentProcessorNumberEx(NULL), i);
        KeSetSystemGroupAffinityThread(&there, &second);
        EXPECT_EQ(KeGetCurrentProcessorNumberEx(NULL), ke.cpu_count - 1 - i);
        KeRevertToUserGroupAffinityThread(&second);
        EXPECT_EQ(KeGetCurrentProcessorNumberEx(NULL), i);
        KeRevertToUserGroupAffinityThread(&first);
        EXPECT_EQ(arch_thread()->affinity, affinity);
    }
    GROUP_AFFINITY nowhere = { .Mask = 1, .Group = 1 }, previous = { .Mask = 7 };
    KeSetSystemGroupAffinityThread(&nowhere, &previous);
    EXPECT_EQ(previous.Mask, 0);
    EXPECT_EQ(arch_thread()->affinity, affinity);
}

TEST(ke_affinity, group_calls_hold_at_once_and_are_taken_back)
{
    test_join(run, test_thread(run, use_group_calls, run, 0, 0));
}
