/* SPDX-License-Identifier: BSD-2-Clause */
/* Waits for all of several objects: all or none are taken, in whatever order the objects are signalled. */
#include "scenario.h"

static KSEMAPHORE *first, *second;
static LARGE_INTEGER soon = { .QuadPart = -1 };
static uint32_t users;
static NTSTATUS result;

static void make_two(void)
{
    first = explore_new(sizeof(*first), "first semaphore");
    second = explore_new(sizeof(*second), "second semaphore");
    KeInitializeSemaphore(first, 0, 4);
    KeInitializeSemaphore(second, 0, 4);
    users = 2;
    result = STATUS_PENDING;
}

static NTSTATUS wait_for_all(KSEMAPHORE *one, KSEMAPHORE *other, LARGE_INTEGER *timeout)
{
    void *objects[] = { one, other };
    return KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, timeout,
                                    NULL);
}

static void leave(void)
{
    if (atomic_sub(&users, 1) != 1)
        return;
    explore_check(KeReadStateSemaphore(first) == 0 && KeReadStateSemaphore(second) == 0);
    explore_free(first);
    explore_free(second);
}

static void take_both(unsigned index)
{
    (void)index;
    explore_check(wait_for_all(first, second, NULL) == STATUS_SUCCESS);
    leave();
}

static void take_both_backwards(unsigned index)
{
    (void)index;
    explore_check(wait_for_all(second, first, NULL) == STATUS_SUCCESS);
    leave();
}

static void take_second(unsigned index)
{
    (void)index;
    explore_check(KeWaitForSingleObject(second, Executive, KernelMode, FALSE, NULL) ==
                  STATUS_SUCCESS);
    leave();
}

static void give_first(unsigned index)
{
    (void)index;
    (void)KeReleaseSemaphore(first, 0, 1, FALSE);
}

static void give_second(unsigned index)
{
    (void)index;
    (void)KeReleaseSemaphore(second, 0, 1, FALSE);
}

static void give_both_twice(unsigned index)
{
    (void)index;
    (void)KeReleaseSemaphore(first, 0, 1, FALSE);
    (void)KeReleaseSemaphore(second, 0, 2, FALSE);
    (void)KeReleaseSemaphore(first, 0, 1, FALSE);
}

static void give_second_twice(unsigned index)
{
    (void)index;
    (void)KeReleaseSemaphore(second, 0, 1, FALSE);
    (void)KeReleaseSemaphore(second, 0, 1, FALSE);
}

static void leave_alone(unsigned index)
{
    (void)index;
    explore_check(wait_for_all(first, second, NULL) == STATUS_SUCCESS);
    explore_free(first);
    explore_free(second);
}

SCENARIO(wait_all_takes_both,
         .what = "two objects are signalled by two threads: the wait ends and both may be freed",
         .threads = { leave_alone, give_first, give_second }, .processors = 2, .set_up = make_two,
         .bound = 2, .budget = 10000);

SCENARIO(wait_all_crosses_another,
         .what = "two wait for the same two objects in opposite order; one thread gives them twice",
         .threads = { take_both, take_both_backwards, give_both_twice }, .processors = 2,
         .set_up = make_two, .bound = 2, .budget = 10000);

SCENARIO(wait_all_beside_a_wait_for_one,
         .what = "one waits for both, another for the second only; nobody gets less than it wants",
         .threads = { take_both, give_first, take_second, give_second_twice }, .processors = 2,
         .set_up = make_two, .bound = 2, .budget = 10000);

static void take_both_until_late(unsigned index)
{
    (void)index;
    result = wait_for_all(first, second, &soon);
}

static void all_or_none(void)
{
    LONG left = result == STATUS_SUCCESS ? 0 : 1;
    explore_check(result == STATUS_SUCCESS || result == STATUS_TIMEOUT);
    explore_check(KeReadStateSemaphore(first) == left && KeReadStateSemaphore(second) == left);
    explore_outcome((uint64_t)left);
}

SCENARIO(wait_all_ends_by_signals_or_time,
         .what = "both are signalled while time runs out: both are taken or none is",
         .threads = { take_both_until_late, give_first, give_second }, .processors = 2,
         .set_up = make_two, .check = all_or_none, .ticks = 2, .bound = 2, .budget = 10000);
