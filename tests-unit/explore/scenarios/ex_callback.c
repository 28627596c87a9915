/* SPDX-License-Identifier: BSD-2-Clause */
/* Callback objects: once a registration is gone its function does not run, and what it used may go. */
#include <nt/ex_ddi.h>

#include "ex/ex.h"
#include "scenario.h"

static PCALLBACK_OBJECT callback;
static PVOID registrations[2];
static uint32_t *contexts[2];
static uint32_t calls_of_second;

static void called(PVOID context, PVOID argument1, PVOID argument2)
{
    (void)argument1;
    (void)argument2;
    (void)atomic_add((uint32_t *)context, 1);
    if (context == contexts[1])
        (void)atomic_add(&calls_of_second, 1);
}

static void make_callback(void)
{
    NTSTATUS status = ex_callback_create(true, &callback);
    CHECK(NT_SUCCESS(status));
    for (unsigned i = 0; i < 2; i++) {
        contexts[i] = explore_new(sizeof(uint32_t), "context");
        registrations[i] = ExRegisterCallback(callback, called, contexts[i]);
    }
}

static void notify(unsigned index)
{
    (void)index;
    ExNotifyCallback(callback, NULL, NULL);
}

static void unregister_first(unsigned index)
{
    (void)index;
    ExUnregisterCallback(registrations[0]);
    explore_free(contexts[0]);
}

static void unregister_both(unsigned index)
{
    for (unsigned i = 0; i < 2; i++) {
        ExUnregisterCallback(registrations[i]);
        explore_free(contexts[i]);
    }
    (void)index;
}

static void second_is_called_by_each(void)
{
    explore_check(calls_of_second == 2);
}

SCENARIO(ex_callback_unregister_waits,
         .what = "a function is unregistered while two threads call it and the next one",
         .bound = 2, .model = EXPLORE_SC, .threads = { unregister_first, notify, notify },
         .set_up = make_callback, .check = second_is_called_by_each);

SCENARIO(ex_callback_unregister_both,
         .what = "two functions are unregistered, one after the other, while a thread calls them",
         .bound = 3, .model = EXPLORE_SC, .threads = { unregister_both, notify },
         .set_up = make_callback);

/* Two threads take away one registration each, while a third one walks along. */
static void unregister_own(unsigned index)
{
    ExUnregisterCallback(registrations[index]);
    explore_free(contexts[index]);
}

SCENARIO(ex_callback_unregister_by_two,
         .what = "two threads unregister one function each while a third one calls them",
         .bound = 2, .model = EXPLORE_SC, .threads = { unregister_own, unregister_own, notify },
         .set_up = make_callback);
