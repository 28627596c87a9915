/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of queue.c: order, the limit on threads that run, rundown. */
#include <nt/ke_object_ddi.h>

#include "ke/ke_test.h"

#include <nt/list.h>

#define ENTRIES 200

static KQUEUE queue;
static LIST_ENTRY entries[ENTRIES],
    stops[TEST_MAX_THREADS]; /* a stop ends the worker that gets it */
static KEVENT gate;
static uint32_t running, most, done, got, refused; /* [a] */

static uint32_t index_of(LIST_ENTRY *entry)
{
    return (uint32_t)(entry - entries);
}

static bool is_entry(LIST_ENTRY *entry)
{
    return entry >= entries && entry < entries + ENTRIES;
}

static LIST_ENTRY *remove_within(int64_t ms)
{
    LARGE_INTEGER timeout = test_ms(ms);
    return KeRemoveQueue(&queue, KernelMode, &timeout);
}

/* The thread of the tests has left the queue when the next test begins. */
static void end_queue(struct selftest_run *run)
{
    EXPECT(KeRundownQueue(&queue) == NULL);
    EXPECT(arch_thread()->queue == NULL);
}

TEST(ke_queue, gives_entries_in_their_order)
{
    KeInitializeQueue(&queue, 1);
    EXPECT_EQ(KeInsertQueue(&queue, &entries[0]), 0);
    EXPECT_EQ(KeInsertQueue(&queue, &entries[1]), 1);
    EXPECT_EQ(KeInsertHeadQueue(&queue, &entries[2]), 2);
    EXPECT_EQ(KeReadStateQueue(&queue), 3);
    EXPECT_EQ(index_of(remove_within(TEST_HANG_MS)), 2);
    EXPECT_EQ(index_of(remove_within(TEST_HANG_MS)), 0);
    EXPECT_EQ(index_of(remove_within(TEST_HANG_MS)), 1);
    EXPECT(entries[1].Flink == NULL);
    EXPECT_EQ(KeReadStateQueue(&queue), 0);
    end_queue(run);
}

TEST(ke_queue, an_empty_queue_times_out)
{
    KeInitializeQueue(&queue, 1);
    EXPECT_EQ((intptr_t)remove_within(0), STATUS_TIMEOUT);
    EXPECT_EQ((intptr_t)remove_within(2), STATUS_TIMEOUT);
    EXPECT_EQ(queue.CurrentCount, 1); /* the thread runs, as one of the queue's */
    end_queue(run);
}

TEST(ke_queue, several_entries_come_at_once)
{
    LIST_ENTRY *out[4];
    LARGE_INTEGER timeout = test_ms(TEST_HANG_MS);
    KeInitializeQueue(&queue, 1);
    for (uint32_t i = 0; i < 6; i++)
        (void)KeInsertQueue(&queue, &entries[i]);
    EXPECT_EQ(KeRemoveQueueEx(&queue, KernelMode, FALSE, &timeout, out, 4), 4);
    EXPECT_EQ(index_of(out[3]), 3);
    EXPECT_EQ(KeRemoveQueueEx(&queue, KernelMode, FALSE, &timeout, out, 4), 2);
    EXPECT_EQ(index_of(out[0]), 4);
    timeout = test_ms(1);
    EXPECT_EQ(KeRemoveQueueEx(&queue, KernelMode, FALSE, &timeout, out, 4), (ULONG)STATUS_TIMEOUT);
    end_queue(run);
}

TEST(ke_queue, zero_means_as_many_threads_as_processors)
{
    KeInitializeQueue(&queue, 0);
    EXPECT_EQ(queue.MaximumCount, ke.cpu_count);
}

static void work(void *argument)
{
    LIST_ENTRY *entry;
    (void)argument;
    while (is_entry(entry = KeRemoveQueue(&queue, KernelMode, NULL))) {
        uint32_t now = atomic_add(&running, 1) + 1;
        uint32_t before = atomic_load_relaxed(&most);
        while (now > before && !atomic_cas(&most, &before, now))
            continue;
        (void)atomic_add(&got, 1);
        if (index_of(entry) % 16 == 0)
            ke_thread_yield();
        (void)atomic_sub(&running, 1);
    }
    if ((intptr_t)entry == STATUS_ABANDONED)
        (void)atomic_add(&refused, 1);
    (void)atomic_add(&done, 1);
}

static void start_workers(struct selftest_run *run, struct ke_thread **threads, uint32_t count,
                          PKSTART_ROUTINE start)
{
    running = most = done = got = refused = 0;
    for (uint32_t i = 0; i < count; i++)
        threads[i] = test_thread(run, start, NULL, 0, 0);
}

/* Each worker takes one stop; a worker that came back after a rundown would wait for ever. */
static void stop_workers(struct selftest_run *run, struct ke_thread **threads, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        (void)KeInsertQueue(&queue, &stops[i]);
    for (uint32_t i = 0; i < count; i++)
        test_join(run, threads[i]);
    EXPECT(IsListEmpty(&queue.ThreadListHead));
    EXPECT_EQ(queue.CurrentCount, 0);
}

TEST(ke_queue, lets_no_more_threads_run_than_its_limit)
{
    struct ke_thread *threads[6];
    KeInitializeQueue(&queue, 2);
    start_workers(run, threads, 6, work);
    for (uint32_t i = 0; i < ENTRIES; i++) {
        (void)KeInsertQueue(&queue, &entries[i]);
        if (i % 20 == 0)
            test_sleep(1);
    }
    EXPECT(test_sleep_until(&got, ENTRIES));
    EXPECT(most <= 2);
    stop_workers(run, threads, 6);
}

static bool waits_for_queue(const struct ke_thread *thread)
{
    return atomic_load_acquire(&thread->state) == KE_THREAD_WAITING &&
           atomic_load_acquire(&thread->wait_object) == (const void *)&queue;
}

TEST(ke_queue, rundown_sends_those_away_who_wait)
{
    struct ke_thread *threads[4];
    KeInitializeQueue(&queue, 2);
    start_workers(run, threads, 4, work);
    for (uint32_t i = 0; i < 4; i++) {
        for (uint32_t ms = 0; ms < TEST_HANG_MS && !waits_for_queue(threads[i]); ms++)
            test_sleep(1);
    }
    EXPECT(KeRundownQueue(&queue) == NULL);
    for (uint32_t i = 0; i < 4; i++)
        test_join(run, threads[i]);
    EXPECT_EQ(refused, 4);
    EXPECT(IsListEmpty(&queue.ThreadListHead));
}

static void work_and_block(void *argument)
{
    LIST_ENTRY *entry;
    (void)argument;
    while (is_entry(entry = KeRemoveQueue(&queue, KernelMode, NULL))) {
        (void)atomic_add(&got, 1);
        (void)test_wait(&gate);
    }
}

TEST(ke_queue, a_thread_that_blocks_lets_another_go_on)
{
    struct ke_thread *threads[3];
    KeInitializeQueue(&queue, 1);
    KeInitializeEvent(&gate, NotificationEvent, FALSE);
    start_workers(run, threads, 3, work_and_block);
    for (uint32_t i = 0; i < 3; i++)
        (void)KeInsertQueue(&queue, &entries[i]);
    EXPECT(test_sleep_until(&got, 3)); /* the limit is 1, but who blocks does not count */
    (void)KeSetEvent(&gate, 0, FALSE);
    stop_workers(run, threads, 3);
}

static void remove_once(void *argument)
{
    (void)argument;
    (void)remove_within(TEST_HANG_MS);
    (void)atomic_add(&got, 1);
}

TEST(ke_queue, a_thread_that_ends_does_not_count)
{
    KeInitializeQueue(&queue, 1);
    got = 0;
    (void)KeInsertQueue(&queue, &entries[0]);
    test_join(run, test_thread(run, remove_once, NULL, 0, 0));
    EXPECT_EQ(got, 1);
    EXPECT_EQ(queue.CurrentCount, 0);
    EXPECT(IsListEmpty(&queue.ThreadListHead));
}

TEST(ke_queue, rundown_returns_what_is_left_as_a_ring)
{
    KeInitializeQueue(&queue, 1);
    for (uint32_t i = 0; i < 3; i++)
        (void)KeInsertQueue(&queue, &entries[i]);
    LIST_ENTRY *first = KeRundownQueue(&queue);
    REQUIRE(first != NULL);
    EXPECT_EQ(index_of(first), 0);
    EXPECT_EQ(index_of(first->Flink), 1);
    EXPECT_EQ(index_of(first->Flink->Flink), 2);
    EXPECT(first->Flink->Flink->Flink == first);
    EXPECT(first->Blink == first->Flink->Flink);
    EXPECT_EQ(KeReadStateQueue(&queue), 0);
}

static void produce(void *argument)
{
    for (uint32_t i = (uint32_t)(uintptr_t)argument; i < ENTRIES; i += 4)
        (void)KeInsertQueue(&queue, &entries[i]);
}

TEST(ke_queue, no_entry_is_lost_or_given_twice)
{
    struct ke_thread *threads[4];
    KeInitializeQueue(&queue, 0);
    start_workers(run, threads, 4, work);
    test_run_threads(run, 4, produce);
    EXPECT(test_sleep_until(&got, ENTRIES));
    stop_workers(run, threads, 4);
    EXPECT_EQ(got, ENTRIES);
}
