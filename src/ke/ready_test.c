/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of ready.c and the idle loop: interrupts only where they must be, halts without ticks, fair shares, run time. */
#include <nt/ke_thread_ddi.h>

#include "ke/ke_impl.h"
#include "ke/ke_test.h"

static uint64_t last_processor(void)
{
    return (uint64_t)1 << (ke.cpu_count - 1);
}

/* The interrupts that this processor sends while `step` runs, at DISPATCH_LEVEL so that nothing comes in between. */
static uint64_t ipis_of(void (*step)(void *argument), void *argument)
{
    KIRQL old = KeRaiseIrqlToDpcLevel();
    uint64_t before = arch_cpu()->counters.ipis_sent;
    step(argument);
    uint64_t sent = arch_cpu()->counters.ipis_sent - before;
    KeLowerIrql(old);
    return sent;
}

static void set_event(void *event)
{
    (void)KeSetEvent(event, 0, FALSE); /* it was not set */
}

struct waiter {
    KEVENT event;
    uint32_t waits, woken; /* [a] */
};

static void wait_once(void *argument)
{
    struct waiter *waiter = argument;
    atomic_store_release(&waiter->waits, 1);
    (void)test_wait(&waiter->event);
    (void)atomic_add(&waiter->woken, 1);
}

/* A thread that waits, and stands in its wait. */
static struct ke_thread *waiting_thread(struct selftest_run *run, struct waiter *waiter,
                                        uint8_t priority, uint64_t affinity)
{
    *waiter = (struct waiter){ .waits = 0 };
    KeInitializeEvent(&waiter->event, SynchronizationEvent, FALSE);
    struct ke_thread *thread = test_thread(run, wait_once, waiter, priority, affinity);
    for (uint32_t i = 0; thread != NULL && i < TEST_HANG_MS; i++) {
        if (atomic_load_acquire(&thread->state) == KE_THREAD_WAITING)
            break;
        test_sleep(1);
    }
    return thread;
}

static bool becomes_idle(uint32_t cpu)
{
    for (uint32_t i = 0; i < TEST_HANG_MS && !(atomic_load_acquire(&ke.idle) >> cpu & 1); i++)
        test_sleep(1);
    return atomic_load_acquire(&ke.idle) >> cpu & 1;
}

static void wake_on_the_last(void *argument)
{
    struct selftest_run *run = argument;
    struct waiter waiter;
    struct ke_thread *thread = waiting_thread(run, &waiter, 0, last_processor());
    REQUIRE(thread != NULL);
    EXPECT(becomes_idle(ke.cpu_count - 1));
    EXPECT_EQ(ipis_of(set_event, &waiter.event), 1);
    test_join(run, thread);
    EXPECT_EQ(waiter.woken, 1);
}

TEST(ke_ready, waking_a_thread_of_an_idle_processor_is_one_interrupt)
{
    if (ke.cpu_count > 1)
        test_join(run, test_thread(run, wake_on_the_last, run, 0, 1));
}

static void wake_nobody_and_here(void *argument)
{
    struct selftest_run *run = argument;
    struct waiter waiter;
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    EXPECT_EQ(ipis_of(set_event, &event), 0);
    struct ke_thread *thread = waiting_thread(run, &waiter, 20, 1);
    REQUIRE(thread != NULL);
    EXPECT_EQ(ipis_of(set_event, &waiter.event), 0);
    test_join(run, thread);
}

TEST(ke_ready, waking_nobody_or_a_thread_of_this_processor_is_none)
{
    test_join(run, test_thread(run, wake_nobody_and_here, run, 0, 1));
}

static uint32_t spinning, stop; /* [a] */

static void spin(void *argument)
{
    (void)argument;
    (void)atomic_add(&spinning, 1);
    while (!atomic_load_acquire(&stop))
        arch_cpu_pause();
}

static void wake_behind_a_higher_one(void *argument)
{
    struct selftest_run *run = argument;
    struct waiter low, high;
    struct ke_thread *low_thread = waiting_thread(run, &low, 5, last_processor());
    struct ke_thread *high_thread = waiting_thread(run, &high, 20, last_processor());
    REQUIRE(low_thread != NULL && high_thread != NULL);
    struct ke_thread *busy = test_thread(run, spin, NULL, 15, last_processor());
    EXPECT(test_reaches(&spinning, 1));
    EXPECT_EQ(ipis_of(set_event, &low.event), 0);
    EXPECT_EQ(low.woken, 0);
    EXPECT_EQ(ipis_of(set_event, &high.event), 1);
    EXPECT(test_sleep_until(&high.woken, 1));
    EXPECT_EQ(low.woken, 0);
    atomic_store_release(&stop, 1);
    test_join(run, busy);
    test_join(run, low_thread);
    test_join(run, high_thread);
}

TEST(ke_ready, a_processor_with_something_better_to_do_is_not_interrupted)
{
    spinning = stop = 0;
    if (ke.cpu_count > 1)
        test_join(run, test_thread(run, wake_behind_a_higher_one, run, 21, 1));
}

/* --- Halts --- */

struct rest {
    bool idle, has_timers;
    uint64_t ticks, ipis, switches;
};

static struct rest look_at(const struct ke_cpu *cpu)
{
    const struct ke_counters *counters = &cpu->counters;
    return (struct rest){
        .idle = atomic_load_acquire(&ke.idle) >> cpu->index & 1,
        .has_timers = atomic_load_relaxed(&cpu->timer_count) != 0,
        .ticks = atomic_load_relaxed(&counters->ticks),
        .ipis = atomic_load_relaxed(&counters->ipis_received),
        .switches = atomic_load_relaxed(&counters->context_switches),
    };
}

struct sleepers {
    struct ke_thread *threads[64];
    uint32_t count;
};

/* Threads that wait with a time-out, whose timers keep the clocks of other processors going. */
static bool find_sleeper(struct ke_thread *thread, void *argument)
{
    struct sleepers *sleepers = argument;
    bool elsewhere = thread->timer.Header.TimerMiscFlags & KE_TIMER_INSERTED &&
                     thread->timer.Processor != 0 && thread->affinity == UINT64_MAX;
    if (elsewhere) {
        ke_thread_reference(thread);
        sleepers->threads[sleepers->count++] = thread;
    }
    return sleepers->count < ARRAY_COUNT(sleepers->threads);
}

/* A wait that a suspension interrupts begins again, with a timer of the processor where the thread is then. */
static void gather_timers(void)
{
    static struct sleepers sleepers;
    sleepers.count = 0;
    ke_thread_visit(find_sleeper, &sleepers);
    for (uint32_t i = 0; i < sleepers.count; i++) {
        struct ke_thread *thread = sleepers.threads[i];
        (void)ke_thread_set_affinity(thread, 1, NULL); /* the first processor is there */
        if (NT_SUCCESS(ke_thread_suspend(thread, NULL))) {
            test_sleep(1);
            ke_thread_resume(thread, NULL);
            test_sleep(1);
        }
        (void)ke_thread_set_affinity(thread, UINT64_MAX, NULL); /* as before */
        ke_thread_release(thread);
    }
}

static uint32_t rested; /* [a] */

static void let_others_rest(void *argument)
{
    struct selftest_run *run = argument;
    struct rest before[ARCH_MAX_CPUS];
    test_settle();
    gather_timers();
    test_sleep(5);
    for (uint32_t i = 1; i < ke.cpu_count; i++)
        before[i] = look_at(ke.cpu[i]);
    test_sleep(50);
    for (uint32_t i = 1; i < ke.cpu_count; i++) {
        struct rest after = look_at(ke.cpu[i]);
        if (!before[i].idle || before[i].has_timers || after.ipis != before[i].ipis)
            continue; /* it is needed */
        EXPECT_EQ(after.ticks, before[i].ticks);
        EXPECT_EQ(after.switches, before[i].switches);
        (void)atomic_add(&rested, 1);
    }
}

TEST(ke_ready, a_processor_without_work_halts_without_ticks)
{
    rested = 0;
    KeSetSystemAffinityThread(1); /* the timer of its wait keeps no other clock going */
    test_join(run, test_thread(run, let_others_rest, run, 0, 1));
    KeRevertToUserAffinityThread();
    EXPECT(rested > 0 || ke.cpu_count == 1);
}

/* --- Shares --- */

TEST(ke_ready, a_thread_alone_on_its_processor_keeps_it_past_its_quantum)
{
    spinning = stop = 0;
    test_settle();
    KPRIORITY before = KeSetPriorityThread(KeGetCurrentThread(), 17);
    KeSetSystemAffinityThread(1);
    struct ke_thread *thread = test_thread(run, spin, NULL, 16, last_processor());
    EXPECT(test_sleep_until(&spinning, 1));
    test_sleep(2);
    uint64_t switches = *(volatile uint64_t *)&thread->context_switches;
    test_sleep(3 * KE_QUANTUM_TICKS);
    switches = *(volatile uint64_t *)&thread->context_switches - switches;
    atomic_store_release(&stop, 1);
    test_join(run, thread);
    (void)KeSetPriorityThread(KeGetCurrentThread(), before);
    KeRevertToUserAffinityThread();
    if (ke.cpu_count > 1)
        EXPECT_EQ(switches, 0);
}

#define CROWD 6

static uint64_t stolen(void)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < ke.cpu_count; i++)
        sum += atomic_load_relaxed(&ke.cpu[i]->counters.threads_stolen);
    return sum;
}

/* One spins on each processor, so that none idles; all others begin on the first, and may leave it. */
TEST(ke_ready, busy_processors_take_threads_from_one_that_has_more)
{
    struct ke_thread *bound[TEST_MAX_THREADS], *crowd[CROWD];
    uint32_t count = ke.cpu_count < TEST_MAX_THREADS ? ke.cpu_count : TEST_MAX_THREADS;
    if (count == 1)
        return; /* nobody to share with */
    spinning = stop = 0;
    KPRIORITY before = KeSetPriorityThread(KeGetCurrentThread(), 17);
    for (uint32_t i = 0; i < count; i++)
        bound[i] = test_thread(run, spin, NULL, 0, (uint64_t)1 << i);
    EXPECT(test_sleep_until(&spinning, count));
    for (uint32_t i = 0; i < CROWD; i++)
        crowd[i] = test_thread(run, spin, NULL, 0, 1);
    uint64_t was = stolen();
    for (uint32_t i = 0; i < CROWD; i++)
        EXPECT(NT_SUCCESS(ke_thread_set_affinity(crowd[i], UINT64_MAX, NULL)));
    for (uint32_t i = 0; i < TEST_HANG_MS && stolen() == was; i++)
        test_sleep(1);
    EXPECT(stolen() > was);
    EXPECT(test_sleep_until(&spinning, count + CROWD));
    atomic_store_release(&stop, 1);
    for (uint32_t i = 0; i < CROWD; i++)
        test_join(run, crowd[i]);
    for (uint32_t i = 0; i < count; i++)
        test_join(run, bound[i]);
    (void)KeSetPriorityThread(KeGetCurrentThread(), before);
}

TEST(ke_ready, run_time_counts_ticks_of_who_runs)
{
    struct waiter waiter;
    ULONG user = 1;
    spinning = stop = 0;
    struct ke_thread *sleeper = waiting_thread(run, &waiter, 0, 0);
    struct ke_thread *spinner = test_thread(run, spin, NULL, 0, 0);
    REQUIRE(sleeper != NULL && spinner != NULL);
    ULONG slept = KeQueryRuntimeThread((KTHREAD *)sleeper, &user);
    ULONG spun = 0;
    for (uint32_t i = 0; i < TEST_HANG_MS && spun < 5; i++) {
        test_sleep(1);
        spun = KeQueryRuntimeThread((KTHREAD *)spinner, &user);
    }
    EXPECT(spun >= 5);
    EXPECT_EQ(user, 0);
    EXPECT_EQ(KeQueryRuntimeThread((KTHREAD *)sleeper, &user), slept);
    atomic_store_release(&stop, 1);
    set_event(&waiter.event);
    test_join(run, spinner);
    test_join(run, sleeper);
}

/* --- Frozen while it is moved --- */

static uint32_t steps[ARCH_MAX_CPUS]; /* [a] by the processor that they were made on */

static void step_on_and_on(void *argument)
{
    (void)argument;
    while (!atomic_load_acquire(&stop)) {
        (void)atomic_add(&steps[KeGetCurrentProcessorNumberEx(NULL)], 1);
        arch_cpu_pause();
    }
}

static uint64_t all_steps(void)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < ke.cpu_count; i++)
        sum += atomic_load_acquire(&steps[i]);
    return sum;
}

static bool stands_still(struct ke_thread *thread)
{
    for (uint32_t i = 0; i < TEST_HANG_MS; i++) {
        if (atomic_load_acquire(&thread->state) == KE_THREAD_WAITING)
            return true;
        test_sleep(1);
    }
    return false;
}

TEST(ke_ready, a_frozen_thread_runs_nowhere_and_goes_on_where_it_was_moved)
{
    stop = 0;
    for (uint32_t i = 0; i < ke.cpu_count; i++)
        steps[i] = 0;
    KPRIORITY before = KeSetPriorityThread(KeGetCurrentThread(), 17);
    struct ke_thread *thread = test_thread(run, step_on_and_on, NULL, 0, 1);
    EXPECT(test_sleep_until(&steps[0], 1));
    for (uint32_t i = 0; i < ke.cpu_count; i++) {
        ke_thread_freeze(thread);
        EXPECT(stands_still(thread));
        EXPECT(NT_SUCCESS(ke_thread_set_affinity(thread, (uint64_t)1 << i, NULL)));
        uint64_t frozen = all_steps();
        uint32_t there = atomic_load_acquire(&steps[i]);
        test_sleep(3);
        EXPECT_EQ(all_steps(), frozen);
        ke_thread_thaw(thread);
        EXPECT(test_sleep_until(&steps[i], there + 1));
    }
    atomic_store_release(&stop, 1);
    test_join(run, thread);
    (void)KeSetPriorityThread(KeGetCurrentThread(), before);
}
