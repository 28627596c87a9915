/* SPDX-License-Identifier: BSD-2-Clause */
/* For the tests of ke/: times, and threads that run one after the other or side by side. */
#pragma once

#include <nt/ke_ddi.h>
#include <nt/ntstatus.h>

#include "base/selftest.h"
#include "ke/ke.h"

#define TEST_HANG_MS 30000 /* a wait that lasts longer has gone wrong */

static inline LARGE_INTEGER test_ms(int64_t milliseconds)
{
    return (LARGE_INTEGER){ .QuadPart = -milliseconds * 10000 };
}

static inline NTSTATUS test_wait(void *object)
{
    LARGE_INTEGER timeout = test_ms(TEST_HANG_MS);
    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, &timeout);
}

/* One look, without waiting. */
static inline NTSTATUS test_poll(void *object)
{
    LARGE_INTEGER now = { .QuadPart = 0 };
    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, &now);
}

static inline void test_sleep(int64_t milliseconds)
{
    LARGE_INTEGER interval = test_ms(milliseconds);
    (void)KeDelayExecutionThread(KernelMode, FALSE,
                                 &interval); /* not alertable: always a success */
}

/* Threads that ended in an earlier test have given back their stacks, and no processor hoards: what follows counts pages. */
static inline void test_settle(void)
{
    for (uint32_t i = 0; i < TEST_HANG_MS && atomic_load_acquire(&ke.dying) != 0; i++)
        test_sleep(1);
    ke.memory->trim();
}

/* Spin, at most until the hang limit, while `word` is below `value`. */
static inline bool test_reaches(uint32_t *word, uint32_t value)
{
    uint64_t end = ke_tick_count() + TEST_HANG_MS;
    while (atomic_load_acquire(word) < value && ke_tick_count() < end)
        ke_thread_yield();
    return atomic_load_acquire(word) >= value;
}

/* The same by sleeping, so that threads of any priority get their turn. */
static inline bool test_sleep_until(uint32_t *word, uint32_t value)
{
    for (uint32_t i = 0; i < TEST_HANG_MS && atomic_load_acquire(word) < value; i++)
        test_sleep(1);
    return atomic_load_acquire(word) >= value;
}

static inline struct ke_thread *test_thread(struct selftest_run *run, PKSTART_ROUTINE start,
                                            void *argument, uint8_t priority, uint64_t affinity)
{
    struct ke_thread *thread = NULL;
    struct ke_thread_options options = { .name = "test",
                                         .priority = priority,
                                         .affinity = affinity };
    EXPECT(NT_SUCCESS(ke_thread_run(&options, start, argument, &thread)));
    return thread;
}

static inline void test_join(struct selftest_run *run, struct ke_thread *thread)
{
    if (thread == NULL || !EXPECT_EQ(test_wait(&thread->header), STATUS_SUCCESS))
        return;
    (void)ke_thread_join(thread); /* it has ended: its status is STATUS_SUCCESS */
}

#define TEST_MAX_THREADS 16

/* Run `count` threads with arguments 0, 1, …, spread over all processors, and wait until all have ended. */
static inline void test_run_threads(struct selftest_run *run, uint32_t count, PKSTART_ROUTINE start)
{
    struct ke_thread *threads[TEST_MAX_THREADS];
    REQUIRE(count <= TEST_MAX_THREADS);
    for (uintptr_t i = 0; i < count; i++)
        threads[i] = test_thread(run, start, (void *)i, 0, (uint64_t)1 << (i % ke.cpu_count));
    for (uint32_t i = 0; i < count; i++)
        test_join(run, threads[i]);
}
