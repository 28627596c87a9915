/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of wait.c, event.c, semaphore.c, object.c: what is waited for, who wakes, what a time-out does. */
#include "ke/ke_test.h"

#include <nt/list.h>

TEST(ke_event, notification_event_stays_set)
{
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    EXPECT_EQ(test_poll(&event), STATUS_TIMEOUT);
    EXPECT_EQ(KeSetEvent(&event, 0, FALSE), 0);
    EXPECT_EQ(test_poll(&event), STATUS_SUCCESS);
    EXPECT_EQ(test_poll(&event), STATUS_SUCCESS);
    EXPECT_EQ(KeResetEvent(&event), 1);
    EXPECT_EQ(test_poll(&event), STATUS_TIMEOUT);
}

TEST(ke_event, synchronization_event_lets_one_wait_through)
{
    KEVENT event;
    KeInitializeEvent(&event, SynchronizationEvent, TRUE);
    EXPECT_EQ(KeReadStateEvent(&event), 1);
    EXPECT_EQ(test_poll(&event), STATUS_SUCCESS);
    EXPECT_EQ(test_poll(&event), STATUS_TIMEOUT);
}

TEST(ke_event, set_returns_the_state_before)
{
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    EXPECT_EQ(KeSetEvent(&event, 0, FALSE), 0);
    EXPECT_EQ(KeSetEvent(&event, 0, FALSE), 1);
    KeClearEvent(&event);
    EXPECT_EQ(KeReadStateEvent(&event), 0);
}

TEST(ke_event, has_the_layout_that_drivers_embed)
{
    KEVENT event;
    KeInitializeEvent(&event, SynchronizationEvent, TRUE);
    EXPECT_EQ(event.Header.Type, SynchronizationEvent);
    EXPECT_EQ(event.Header.Size, sizeof(KEVENT) / sizeof(LONG));
    EXPECT_EQ(event.Header.SignalState, 1);
    EXPECT(IsListEmpty(&event.Header.WaitListHead));
}

TEST(ke_wait, a_wait_times_out)
{
    KEVENT event;
    LARGE_INTEGER timeout = test_ms(4);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    ULONGLONG start = KeQueryInterruptTime();
    EXPECT_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &timeout),
              STATUS_TIMEOUT);
    EXPECT(KeQueryInterruptTime() - start >= 4 * 10000);
    EXPECT(IsListEmpty(&event.Header.WaitListHead));
}

TEST(ke_wait, a_time_out_leaves_no_timer_behind)
{
    KEVENT event;
    LARGE_INTEGER timeout = test_ms(60000);
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    EXPECT_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &timeout),
              STATUS_SUCCESS);
    EXPECT(!KeCancelTimer(&arch_thread()->timer));
}

TEST(ke_wait, a_wait_at_dispatch_level_may_only_look)
{
    KEVENT event;
    KeInitializeEvent(&event, SynchronizationEvent, TRUE);
    KIRQL old = KeRaiseIrqlToDpcLevel();
    NTSTATUS first = test_poll(&event);
    NTSTATUS second = test_poll(&event);
    KeLowerIrql(old);
    EXPECT_EQ(first, STATUS_SUCCESS);
    EXPECT_EQ(second, STATUS_TIMEOUT);
}

TEST_PLANTED(planted, waiting_at_dispatch_level,
             "bugcheck 0xA when a wait would block at DISPATCH_LEVEL")
{
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KIRQL old = KeRaiseIrqlToDpcLevel();
    (void)KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    KeLowerIrql(old);
    EXPECT(false);
}

/* --- Waking other threads --------------------------------------------------------------------------------- */

static KEVENT shared_event;
static KSEMAPHORE shared_semaphore;
static uint32_t waiting, woken; /* [a] */

static void event_waiter(void *argument)
{
    (void)argument;
    (void)atomic_add(&waiting, 1);
    if (test_wait(&shared_event) == STATUS_SUCCESS)
        (void)atomic_add(&woken, 1);
}

static void start_waiters(struct selftest_run *run, struct ke_thread **threads, uint32_t count,
                          EVENT_TYPE type)
{
    KeInitializeEvent(&shared_event, type, FALSE);
    waiting = woken = 0;
    for (uint32_t i = 0; i < count; i++)
        threads[i] = test_thread(run, event_waiter, NULL, 0, 0);
    EXPECT(test_sleep_until(&waiting, count));
    test_sleep(3);
    EXPECT_EQ(woken, 0);
}

TEST(ke_wait, notification_event_wakes_all)
{
    struct ke_thread *threads[4];
    start_waiters(run, threads, 4, NotificationEvent);
    (void)KeSetEvent(&shared_event, 0, FALSE);
    for (uint32_t i = 0; i < 4; i++)
        test_join(run, threads[i]);
    EXPECT_EQ(woken, 4);
}

TEST(ke_wait, synchronization_event_wakes_one_per_set)
{
    struct ke_thread *threads[3];
    start_waiters(run, threads, 3, SynchronizationEvent);
    for (uint32_t i = 1; i <= 3; i++) {
        (void)KeSetEvent(&shared_event, 0, FALSE);
        EXPECT(test_sleep_until(&woken, i));
        test_sleep(2);
        EXPECT_EQ(woken, i);
    }
    for (uint32_t i = 0; i < 3; i++)
        test_join(run, threads[i]);
    EXPECT_EQ(KeReadStateEvent(&shared_event), 0);
}

TEST(ke_semaphore, counts_down_and_up)
{
    KSEMAPHORE semaphore;
    KeInitializeSemaphore(&semaphore, 2, 3);
    EXPECT_EQ(test_poll(&semaphore), STATUS_SUCCESS);
    EXPECT_EQ(test_poll(&semaphore), STATUS_SUCCESS);
    EXPECT_EQ(test_poll(&semaphore), STATUS_TIMEOUT);
    EXPECT_EQ(KeReleaseSemaphore(&semaphore, 0, 3, FALSE), 0);
    EXPECT_EQ(KeReadStateSemaphore(&semaphore), 3);
}

TEST_PLANTED(planted, semaphore_over_its_limit,
             "STATUS_SEMAPHORE_LIMIT_EXCEEDED that nobody handles is bugcheck 0x1E")
{
    KSEMAPHORE semaphore;
    KeInitializeSemaphore(&semaphore, 1, 1);
    (void)KeReleaseSemaphore(&semaphore, 0, 1, FALSE);
    EXPECT(false);
}

static void semaphore_waiter(void *argument)
{
    (void)argument;
    (void)atomic_add(&waiting, 1);
    if (test_wait(&shared_semaphore) == STATUS_SUCCESS)
        (void)atomic_add(&woken, 1);
}

TEST(ke_semaphore, wakes_as_many_as_it_is_released_by)
{
    struct ke_thread *threads[4];
    KeInitializeSemaphore(&shared_semaphore, 0, 100);
    waiting = woken = 0;
    for (uint32_t i = 0; i < 4; i++)
        threads[i] = test_thread(run, semaphore_waiter, NULL, 0, 0);
    EXPECT(test_sleep_until(&waiting, 4));
    test_sleep(3);
    (void)KeReleaseSemaphore(&shared_semaphore, 0, 3, FALSE);
    EXPECT(test_sleep_until(&woken, 3));
    test_sleep(2);
    EXPECT_EQ(woken, 3);
    (void)KeReleaseSemaphore(&shared_semaphore, 0, 2, FALSE);
    for (uint32_t i = 0; i < 4; i++)
        test_join(run, threads[i]);
    EXPECT_EQ(KeReadStateSemaphore(&shared_semaphore), 1);
}

/* --- Contention ------------------------------------------------------------------------------------------- */

#define PING_ROUNDS 300
static KEVENT ping, pong;
static uint32_t rounds_done; /* [a] */

static void ponger(void *argument)
{
    (void)argument;
    for (uint32_t i = 0; i < PING_ROUNDS; i++) {
        if (test_wait(&ping) != STATUS_SUCCESS)
            return;
        (void)atomic_add(&rounds_done, 1);
        (void)KeSetEvent(&pong, 0, FALSE);
    }
}

static void ping_pong(struct selftest_run *run, uint64_t affinity)
{
    KeInitializeEvent(&ping, SynchronizationEvent, FALSE);
    KeInitializeEvent(&pong, SynchronizationEvent, FALSE);
    rounds_done = 0;
    struct ke_thread *thread = test_thread(run, ponger, NULL, 0, affinity);
    for (uint32_t i = 0; i < PING_ROUNDS; i++) {
        (void)KeSetEvent(&ping, 0, FALSE);
        REQUIRE(EXPECT_EQ(test_wait(&pong), STATUS_SUCCESS));
    }
    test_join(run, thread);
    EXPECT_EQ(rounds_done, PING_ROUNDS);
}

TEST(ke_wait, ping_pong_loses_no_wake_up)
{
    ping_pong(run, 0);
}

TEST(ke_wait, ping_pong_between_two_processors_loses_no_wake_up)
{
    ping_pong(run, (uint64_t)1 << (ke.cpu_count - 1));
}

#define TOKENS       3
#define TOKEN_ROUNDS 200
static uint32_t in_section, too_many; /* [a] */

static void token_worker(void *argument)
{
    (void)argument;
    for (uint32_t i = 0; i < TOKEN_ROUNDS; i++) {
        if (test_wait(&shared_semaphore) != STATUS_SUCCESS) {
            (void)atomic_add(&too_many, 1000);
            return;
        }
        if (atomic_add(&in_section, 1) >= TOKENS)
            (void)atomic_add(&too_many, 1);
        if (i % 16 == 0)
            ke_thread_yield();
        (void)atomic_sub(&in_section, 1);
        (void)KeReleaseSemaphore(&shared_semaphore, 0, 1, FALSE);
    }
}

TEST(ke_semaphore, never_lets_more_in_than_it_counts)
{
    KeInitializeSemaphore(&shared_semaphore, TOKENS, TOKENS);
    in_section = too_many = 0;
    test_run_threads(run, 8, token_worker);
    EXPECT_EQ(too_many, 0);
    EXPECT_EQ(KeReadStateSemaphore(&shared_semaphore), TOKENS);
}

/*
 * The event lives on the waiter's stack, which is filled with something else as soon as the wait returns: a setter that
 * touches it after its unlock is seen.
 */
static KEVENT *volatile handed_over; /* [a] */
static uint32_t handed, stop_setter; /* [a] */

static void stack_event_setter(void *argument)
{
    (void)argument;
    while (!atomic_load_acquire(&stop_setter)) {
        KEVENT *event = atomic_exchange(&handed_over, NULL);
        if (event != NULL)
            (void)KeSetEvent(event, 0, FALSE);
        else
            ke_thread_yield();
    }
}

__attribute__((noinline)) static bool wait_on_own_stack(uint64_t *overwritten)
{
    union {
        KEVENT event;
        volatile uint64_t words[sizeof(KEVENT) / 8];
    } frame;
    KeInitializeEvent(&frame.event, SynchronizationEvent, FALSE);
    atomic_store_release(&handed_over, &frame.event);
    bool ok = test_wait(&frame.event) == STATUS_SUCCESS;
    for (uint32_t i = 0; i < ARRAY_COUNT(frame.words); i++)
        frame.words[i] = 0xfeedfacecafebeefu;
    for (uint32_t i = 0; i < 40; i++)
        arch_cpu_pause();
    for (uint32_t i = 0; i < ARRAY_COUNT(frame.words); i++)
        *overwritten += frame.words[i] != 0xfeedfacecafebeefu;
    return ok;
}

TEST(ke_wait, an_event_may_die_as_soon_as_the_wait_returns)
{
    uint64_t overwritten = 0;
    handed = stop_setter = 0;
    struct ke_thread *setter =
        test_thread(run, stack_event_setter, NULL, 0, (uint64_t)1 << (ke.cpu_count - 1));
    for (uint32_t i = 0; i < 300; i++)
        REQUIRE(wait_on_own_stack(&overwritten));
    atomic_store_release(&stop_setter, 1);
    test_join(run, setter);
    EXPECT_EQ(overwritten, 0);
}
