/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of callback.c. */
#include <nt/ex_ddi.h>
#include <nt/ntstatus.h>

#include "ex/ex_impl.h"
#include "ke/ke_test.h"
#include "mm/mm.h"

static PCALLBACK_OBJECT object;
static uint32_t calls;  /* [a] */
static uint32_t errors; /* [a] */
static uint32_t phase;  /* [a] */
static uint32_t order[8];

static void note(PVOID context, PVOID argument1, PVOID argument2)
{
    uint32_t call = atomic_add(&calls, 1);
    if (call < ARRAY_COUNT(order))
        order[call] = (uint32_t)(uintptr_t)context;
    if (argument1 != &object || argument2 != &calls)
        (void)atomic_add(&errors, 1);
}

static void create(struct selftest_run *run, bool multiple)
{
    calls = errors = phase = 0;
    EXPECT_EQ(ex_callback_create(multiple, &object), STATUS_SUCCESS);
}

TEST(ex_callback, calls_in_order_of_registration)
{
    PVOID handles[3];
    create(run, true);
    for (uintptr_t i = 0; i < 3; i++)
        handles[i] = ExRegisterCallback(object, note, (PVOID)(i + 10));
    ExNotifyCallback(object, &object, &calls);
    EXPECT_EQ(calls, 3);
    ExUnregisterCallback(handles[1]);
    ExNotifyCallback(object, &object, &calls);
    static const uint32_t expected[] = { 10, 11, 12, 10, 12 };
    EXPECT_EQ(calls, 5);
    for (uint32_t i = 0; i < 5; i++)
        EXPECT_EQ(order[i], expected[i]);
    ExUnregisterCallback(handles[0]);
    ExUnregisterCallback(handles[2]);
    ExNotifyCallback(object, &object, &calls);
    EXPECT_EQ(calls, 5);
    EXPECT_EQ(errors, 0);
    ex_callback_release(object);
}

TEST(ex_callback, one_function_only_unless_more_are_allowed)
{
    create(run, false);
    PVOID first = ExRegisterCallback(object, note, NULL);
    EXPECT(first != NULL);
    EXPECT(ExRegisterCallback(object, note, NULL) == NULL);
    ExUnregisterCallback(first);
    first = ExRegisterCallback(object, note, NULL);
    EXPECT(first != NULL);
    ExUnregisterCallback(first);
    ex_callback_release(object);
}

TEST(ex_callback, objects_without_a_name_only)
{
    UNICODE_STRING name = { 0 };
    OBJECT_ATTRIBUTES attributes;
    PCALLBACK_OBJECT made = NULL;
    InitializeObjectAttributes(&attributes, NULL, 0, NULL, NULL);
    EXPECT_EQ(ExCreateCallback(&made, &attributes, FALSE, TRUE), STATUS_UNSUCCESSFUL);
    EXPECT_EQ(ExCreateCallback(&made, &attributes, TRUE, TRUE), STATUS_SUCCESS);
    ex_callback_release(made);
    made = NULL;
    attributes.ObjectName = &name;
    EXPECT_EQ(ExCreateCallback(&made, &attributes, TRUE, TRUE), STATUS_NOT_SUPPORTED);
    EXPECT(made == NULL);
}

static void linger(PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    atomic_store_release(&phase, 1);
    for (uint32_t i = 0; i < 5; i++)
        test_sleep(1);
    atomic_store_release(&phase, 2);
}

static void notify(void *argument)
{
    UNREFERENCED_PARAMETER(argument);
    ExNotifyCallback(object, NULL, NULL);
}

TEST(ex_callback, unregistering_waits_for_a_call)
{
    create(run, true);
    PVOID handle = ExRegisterCallback(object, linger, NULL);
    struct ke_thread *thread = test_thread(run, notify, NULL, 0, 0);
    EXPECT(test_sleep_until(&phase, 1));
    ExUnregisterCallback(handle);
    EXPECT_EQ(atomic_load_acquire(&phase), 2);
    test_join(run, thread);
    ex_callback_release(object);
}

static uint32_t registered[4]; /* [a] whether the function may be called */
static uint32_t heard[4];      /* [a] calls of that function */
static uint32_t gone;          /* [a] threads that register no more */

static void check_registered(PVOID context, PVOID argument1, PVOID argument2)
{
    uintptr_t number = (uintptr_t)context;
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    arch_cpu_pause();
    if (!atomic_load_acquire(&registered[number]))
        (void)atomic_add(&errors, 1);
    (void)atomic_add(&heard[number], 1);
}

/* The last stay is as long as it takes to be called once, however few processors really run at a time. */
static void come_and_go(uintptr_t number)
{
    for (uint32_t i = 0; i < 100; i++) {
        atomic_store_release(&registered[number], 1);
        PVOID handle = ExRegisterCallback(object, check_registered, (PVOID)number);
        ke_thread_yield();
        while (i == 99 && handle != NULL && atomic_load_acquire(&heard[number]) == 0)
            test_sleep(1);
        if (handle != NULL)
            ExUnregisterCallback(handle);
        else
            (void)atomic_add(&errors, 1);
        atomic_store_release(&registered[number], 0);
    }
    (void)atomic_add(&gone, 1);
}

static void come_go_and_notify(void *argument)
{
    uintptr_t number = (uintptr_t)argument;
    if (number < ARRAY_COUNT(registered))
        come_and_go(number);
    else
        while (atomic_load_acquire(&gone) < ARRAY_COUNT(registered)) {
            ExNotifyCallback(object, NULL, NULL);
            ke_thread_yield();
        }
}

TEST(ex_callback, no_call_comes_after_unregistering)
{
    test_settle();
    size_t bytes = mm_pool_bytes();
    create(run, true);
    gone = 0;
    for (uint32_t i = 0; i < ARRAY_COUNT(heard); i++)
        heard[i] = 0;
    test_run_threads(run, 8, come_go_and_notify);
    EXPECT_EQ(errors, 0);
    for (uint32_t i = 0; i < ARRAY_COUNT(heard); i++)
        EXPECT(heard[i] > 0);
    ex_callback_release(object);
    test_settle();
    EXPECT_EQ(mm_pool_bytes(), bytes);
}
