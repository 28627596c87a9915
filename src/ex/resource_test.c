/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of resource.c: who gets in, recursion, owners, with real contention. */
#include <nt/ex_ddi.h>
#include <nt/ntstatus.h>

#include "ex/ex_impl.h"
#include "ke/ke_test.h"

#define ROUNDS 200
#define WRITER 0x10000u

static ERESOURCE resource;
static uint32_t total;      /* [resource] */
static uint32_t inside;     /* [a] */
static uint32_t collisions; /* [a] */
static uint32_t entered;    /* [a] */
static uint32_t order[TEST_MAX_THREADS];

static void reset(struct selftest_run *run)
{
    EXPECT_EQ(ExInitializeResourceLite(&resource), STATUS_SUCCESS);
    total = inside = collisions = entered = 0;
}

static void finish(struct selftest_run *run)
{
    EXPECT_EQ(resource.ActiveEntries, 0);
    EXPECT_EQ(resource.ActiveCount, 0);
    EXPECT_EQ(ExGetExclusiveWaiterCount(&resource), 0);
    EXPECT_EQ(ExGetSharedWaiterCount(&resource), 0);
    EXPECT_EQ(ExDeleteResourceLite(&resource), STATUS_SUCCESS);
}

static void exclusive_once(uint32_t i)
{
    bool taken = ExAcquireResourceExclusiveLite(&resource, TRUE);
    if (!taken || atomic_add(&inside, WRITER) != 0)
        (void)atomic_add(&collisions, 1);
    if (i % 7 == 0)
        ke_thread_yield();
    total++;
    (void)atomic_sub(&inside, WRITER);
    if (i % 5 == 0) {
        ExConvertExclusiveToSharedLite(&resource);
        if (atomic_add(&inside, 1) >= WRITER)
            (void)atomic_add(&collisions, 1);
        (void)atomic_sub(&inside, 1);
    }
    ExReleaseResourceLite(&resource);
}

static void shared_once(uint32_t i)
{
    bool taken = i % 4 == 0 ? ExAcquireSharedStarveExclusive(&resource, TRUE)
                            : ExAcquireResourceSharedLite(&resource, TRUE);
    if (!taken || atomic_add(&inside, 1) >= WRITER)
        (void)atomic_add(&collisions, 1);
    if (i % 6 == 0) { /* once more, behind whoever waits now */
        ke_thread_yield();
        (void)ExAcquireResourceSharedLite(&resource, TRUE); /* it is an owner: at once */
        ExReleaseResourceLite(&resource);
    }
    (void)atomic_sub(&inside, 1);
    ExReleaseResourceLite(&resource);
}

static void mixed_worker(void *argument)
{
    uint32_t number = (uint32_t)(uintptr_t)argument;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        if ((i + number) % 4 == 0)
            exclusive_once(i);
        else
            shared_once(i);
    }
}

TEST(ex_resource, sharers_and_exclusive_owners_never_meet)
{
    reset(run);
    test_run_threads(run, 16, mixed_worker);
    EXPECT_EQ(total, 16 * ROUNDS / 4);
    EXPECT_EQ(collisions, 0);
    finish(run);
}

TEST(ex_resource, is_recursive)
{
    reset(run);
    EXPECT(ExAcquireResourceExclusiveLite(&resource, FALSE));
    EXPECT(ExAcquireResourceExclusiveLite(&resource, TRUE));
    EXPECT(ExAcquireResourceSharedLite(&resource, TRUE));
    EXPECT_EQ(ExIsResourceAcquiredSharedLite(&resource), 3);
    ExReleaseResourceLite(&resource);
    ExReleaseResourceLite(&resource);
    EXPECT(ExIsResourceAcquiredExclusiveLite(&resource));
    ExReleaseResourceLite(&resource);
    EXPECT(!ExIsResourceAcquiredExclusiveLite(&resource));
    EXPECT_EQ(ExIsResourceAcquiredSharedLite(&resource), 0);
    finish(run);
}

struct attempt {
    bool exclusive, shared, starve, yield;
    ULONG held;
};

static void attempt_all(void *argument)
{
    struct attempt *attempt = argument;
    attempt->exclusive = ExAcquireResourceExclusiveLite(&resource, FALSE);
    if (attempt->exclusive)
        ExReleaseResourceLite(&resource);
    attempt->shared = ExAcquireResourceSharedLite(&resource, FALSE);
    if (attempt->shared)
        ExReleaseResourceLite(&resource);
    attempt->starve = ExAcquireSharedStarveExclusive(&resource, FALSE);
    if (attempt->starve)
        ExReleaseResourceLite(&resource);
    attempt->yield = ExAcquireSharedWaitForExclusive(&resource, FALSE);
    if (attempt->yield)
        ExReleaseResourceLite(&resource);
    attempt->held = ExIsResourceAcquiredSharedLite(&resource);
}

static struct attempt attempts_of_another(struct selftest_run *run)
{
    struct attempt attempt = { 0 };
    test_join(run, test_thread(run, attempt_all, &attempt, 0, 0));
    EXPECT_EQ(attempt.held, 0);
    return attempt;
}

TEST(ex_resource, an_exclusive_owner_keeps_all_others_out)
{
    reset(run);
    EXPECT(ExAcquireResourceExclusiveLite(&resource, TRUE));
    struct attempt attempt = attempts_of_another(run);
    EXPECT(!attempt.exclusive && !attempt.shared && !attempt.starve && !attempt.yield);
    ExReleaseResourceLite(&resource);
    attempt = attempts_of_another(run);
    EXPECT(attempt.exclusive && attempt.shared && attempt.starve && attempt.yield);
    finish(run);
}

TEST(ex_resource, conversion_lets_sharers_in)
{
    reset(run);
    EXPECT(ExAcquireResourceExclusiveLite(&resource, TRUE));
    ExConvertExclusiveToSharedLite(&resource);
    EXPECT(!ExIsResourceAcquiredExclusiveLite(&resource));
    EXPECT_EQ(ExIsResourceAcquiredSharedLite(&resource), 1);
    struct attempt attempt = attempts_of_another(run);
    EXPECT(!attempt.exclusive && attempt.shared && attempt.starve && attempt.yield);
    ExReleaseResourceLite(&resource);
    finish(run);
}

static void enter_and_note(void *argument)
{
    uintptr_t number = (uintptr_t)argument;
    bool taken = number >= 100 ? ExAcquireResourceSharedLite(&resource, TRUE)
                               : ExAcquireResourceExclusiveLite(&resource, TRUE);
    if (!taken)
        (void)atomic_add(&collisions, 1);
    order[atomic_add(&entered, 1)] = (uint32_t)number;
    ExReleaseResourceLite(&resource);
}

static struct ke_thread *start_waiter(struct selftest_run *run, uintptr_t number)
{
    ULONG before = ExGetExclusiveWaiterCount(&resource) + ExGetSharedWaiterCount(&resource);
    struct ke_thread *thread = test_thread(run, enter_and_note, (void *)number, 0, 0);
    for (uint32_t i = 0; i < TEST_HANG_MS; i++) {
        if (ExGetExclusiveWaiterCount(&resource) + ExGetSharedWaiterCount(&resource) > before)
            break;
        test_sleep(1);
    }
    return thread;
}

TEST(ex_resource, a_waiting_exclusive_thread_holds_up_later_sharers)
{
    reset(run);
    EXPECT(ExAcquireResourceSharedLite(&resource, TRUE));
    struct ke_thread *exclusive = start_waiter(run, 1);
    struct ke_thread *shared = start_waiter(run, 100);
    EXPECT_EQ(ExGetExclusiveWaiterCount(&resource), 1);
    EXPECT_EQ(ExGetSharedWaiterCount(&resource), 1);
    struct attempt attempt = attempts_of_another(run);
    EXPECT(!attempt.shared && attempt.starve && !attempt.yield);
    EXPECT(ExAcquireResourceSharedLite(&resource, FALSE)); /* an owner passes */
    EXPECT(!ExAcquireSharedWaitForExclusive(&resource, FALSE));
    ExReleaseResourceLite(&resource);
    ExReleaseResourceLite(&resource);
    test_join(run, exclusive);
    test_join(run, shared);
    EXPECT_EQ(order[0], 1);
    EXPECT_EQ(order[1], 100);
    EXPECT_EQ(resource.ContentionCount, 2);
    finish(run);
}

TEST(ex_resource, sharers_and_exclusive_threads_take_turns)
{
    static const uintptr_t numbers[] = { 1, 2, 100, 101, 3 };
    static const uint32_t expected[] = { 1, 2, 3 };
    struct ke_thread *threads[5];
    reset(run);
    EXPECT(ExAcquireResourceExclusiveLite(&resource, TRUE));
    for (uint32_t i = 0; i < 5; i++)
        threads[i] = start_waiter(run, numbers[i]);
    ExReleaseResourceLite(&resource);
    for (uint32_t i = 0; i < 5; i++)
        test_join(run, threads[i]);
    EXPECT(order[0] >= 100 && order[1] >= 100); /* together, after the exclusive owner */
    for (uint32_t i = 0; i < 3; i++)
        EXPECT_EQ(order[2 + i], expected[i]);
    finish(run);
}

static void release_for(void *argument)
{
    ExReleaseResourceForThreadLite(&resource, (ERESOURCE_THREAD)argument);
}

TEST(ex_resource, an_owner_pointer_owns_it)
{
    PVOID owner = (PVOID)((uintptr_t)&resource | 3);
    reset(run);
    EXPECT(ExAcquireResourceExclusiveLite(&resource, TRUE));
    EXPECT(ExAcquireResourceExclusiveLite(&resource, TRUE));
    ExSetResourceOwnerPointer(&resource, owner);
    EXPECT(!ExIsResourceAcquiredExclusiveLite(&resource));
    EXPECT(!ExAcquireResourceSharedLite(&resource, FALSE));
    test_join(run, test_thread(run, release_for, owner, 0, 0));
    EXPECT_EQ(resource.ActiveEntries, 1); /* it was held twice */
    test_join(run, test_thread(run, release_for, owner, 0, 0));
    finish(run);
}

TEST(ex_resource, another_thread_may_release_it)
{
    reset(run);
    EXPECT(ExAcquireResourceSharedLite(&resource, TRUE));
    test_join(run, test_thread(run, release_for, arch_thread(), 0, 0));
    EXPECT_EQ(ExReinitializeResourceLite(&resource), STATUS_SUCCESS);
    EXPECT(ExAcquireResourceExclusiveLite(&resource, FALSE));
    ExReleaseResourceLite(&resource);
    finish(run);
}

TEST_PLANTED(planted, resource_released_by_no_owner,
             "a release by a thread that does not own the resource is bugcheck 0xE3")
{
    EXPECT_EQ(ExInitializeResourceLite(&resource), STATUS_SUCCESS);
    ExReleaseResourceLite(&resource);
    EXPECT(false);
}
