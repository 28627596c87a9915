/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of print.c, whose text they see through a callback. */
#include <nt/ntstatus.h>
#include <nt/rtl_ddi.h>

#include "base/selftest.h"
#include "ke/ke_test.h"
#include "rtl/memory.h"

#define TEST_ID     201u /* of no component that prints */
#define SHOWN_LEVEL 9u
#define OTHER_LEVEL 10u

static char heard[600];
static size_t heard_bytes;
static uint32_t heard_calls;
static ULONG heard_component, heard_level;
static KIRQL heard_irql;

static void listen(STRING *output, ULONG component, ULONG level)
{
    if (component != TEST_ID) /* other processors may print */
        return;
    heard_calls++;
    heard_component = component;
    heard_level = level;
    heard_irql = arch_irql();
    heard_bytes = output->Length;
    memcpy(heard, output->Buffer, output->Length);
}

static void setup(struct selftest_run *run)
{
    heard_calls = 0;
    heard_bytes = 0;
    EXPECT_EQ(DbgSetDebugFilterState(TEST_ID, SHOWN_LEVEL, TRUE), STATUS_SUCCESS);
    EXPECT_EQ(DbgSetDebugPrintCallback(listen, TRUE), STATUS_SUCCESS);
}

static void teardown(struct selftest_run *run)
{
    EXPECT_EQ(DbgSetDebugPrintCallback(listen, FALSE), STATUS_SUCCESS);
    EXPECT_EQ(DbgSetDebugFilterState(TEST_ID, SHOWN_LEVEL, FALSE), STATUS_SUCCESS);
}

static bool was_heard(const char *expected)
{
    return heard_bytes == strlen(expected) && memcmp(heard, expected, heard_bytes) == 0;
}

TEST(kd_print, a_callback_sees_what_is_shown)
{
    setup(run);
    EXPECT_EQ(DbgPrintEx(TEST_ID, SHOWN_LEVEL, "shown %d\n", 5), STATUS_SUCCESS);
    EXPECT(was_heard("shown 5\n") && heard_calls == 1);
    EXPECT(heard_component == TEST_ID && heard_level == SHOWN_LEVEL);
    EXPECT_EQ(heard_irql, DISPATCH_LEVEL);
    EXPECT_EQ(arch_irql(), PASSIVE_LEVEL);
    EXPECT_EQ(DbgPrintEx(TEST_ID, OTHER_LEVEL, "hidden\n"), STATUS_SUCCESS);
    EXPECT_EQ(heard_calls, 1);
    teardown(run);
    EXPECT_EQ(DbgPrintEx(TEST_ID, SHOWN_LEVEL, "hidden\n"), STATUS_SUCCESS);
    EXPECT_EQ(heard_calls, 1);
}

TEST(kd_print, a_component_that_cannot_be_is_refused)
{
    EXPECT_EQ(DbgPrintEx(0xffffffff, 0, "hidden\n"), (ULONG)STATUS_INVALID_PARAMETER_1);
}

TEST(kd_print, a_call_transmits_512_bytes)
{
    setup(run);
    EXPECT_EQ(DbgPrintEx(TEST_ID, SHOWN_LEVEL, "%600d\n", 1), STATUS_SUCCESS);
    EXPECT_EQ(heard_bytes, 512);
    EXPECT_EQ(DbgPrintEx(TEST_ID, SHOWN_LEVEL, "%511d\n", 1), STATUS_SUCCESS);
    EXPECT(heard_bytes == 512 && heard[510] == '1' && heard[511] == '\n');
    teardown(run);
}

static ULONG print_with(PCSTR prefix, PCSTR format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    ULONG status = prefix != NULL
                       ? vDbgPrintExWithPrefix(prefix, TEST_ID, SHOWN_LEVEL, format, arguments)
                       : vDbgPrintEx(TEST_ID, SHOWN_LEVEL, format, arguments);
    va_end(arguments);
    return status;
}

TEST(kd_print, a_prefix_comes_first_and_counts)
{
    static char long_prefix[600];
    setup(run);
    EXPECT_EQ(print_with("drv: ", "%d\n", 7), STATUS_SUCCESS);
    EXPECT(was_heard("drv: 7\n"));
    EXPECT_EQ(print_with(NULL, "%d\n", 8), STATUS_SUCCESS);
    EXPECT(was_heard("8\n"));
    memset(long_prefix, 'p', sizeof(long_prefix) - 1);
    EXPECT_EQ(print_with(long_prefix, "%d\n", 7), STATUS_SUCCESS);
    EXPECT(heard_bytes == 512 && heard[511] == 'p');
    EXPECT_EQ(print_with("", "\n"), STATUS_SUCCESS); /* that line ends */
    teardown(run);
}

TEST(kd_print, may_be_called_at_any_level)
{
    setup(run);
    KIRQL old = KfRaiseIrql(12);
    EXPECT_EQ(DbgPrintEx(TEST_ID, SHOWN_LEVEL, "%wZ at %d\n",
                         &(UNICODE_STRING){ 4, 4, (WCHAR *)(uintptr_t)u"up" }, 12),
              STATUS_SUCCESS);
    EXPECT_EQ(heard_irql, 12);
    KeLowerIrql(old);
    EXPECT(was_heard("up at 12\n"));
    teardown(run);
}

static uint32_t nested_calls;

static void print_again(STRING *output, ULONG component, ULONG level)
{
    if (component != TEST_ID) /* other processors may print */
        return;
    nested_calls++;
    (void)DbgPrintEx(component, level, "again: %Z", output); /* shown; not heard */
}

TEST(kd_print, what_a_callback_prints_is_not_given_to_callbacks)
{
    setup(run);
    nested_calls = 0;
    EXPECT_EQ(DbgSetDebugPrintCallback(print_again, TRUE), STATUS_SUCCESS);
    EXPECT_EQ(DbgPrintEx(TEST_ID, SHOWN_LEVEL, "once\n"), STATUS_SUCCESS);
    EXPECT(nested_calls == 1 && heard_calls == 1);
    EXPECT_EQ(DbgSetDebugPrintCallback(print_again, FALSE), STATUS_SUCCESS);
    teardown(run);
}

/* Functions that differ, so that the linker does not make one of them. */
#define NOTHING(n)                                                                                 \
    static void nothing_##n(STRING *output, ULONG component, ULONG level)                          \
    {                                                                                              \
        heard_level = (ULONG)(output->Length + component + level + (n));                           \
    }                                                                                              \
    _Static_assert((n) < 9, "eight and one too many")
NOTHING(0);
NOTHING(1);
NOTHING(2);
NOTHING(3);
NOTHING(4);
NOTHING(5);
NOTHING(6);
NOTHING(7);
NOTHING(8);

TEST(kd_print, eight_callbacks_and_no_more)
{
    static const PDEBUG_PRINT_CALLBACK all[] = { nothing_0, nothing_1, nothing_2,
                                                 nothing_3, nothing_4, nothing_5,
                                                 nothing_6, nothing_7, nothing_8 };
    for (uint32_t i = 0; i < 8; i++) {
        EXPECT_EQ(DbgSetDebugPrintCallback(all[i], TRUE), STATUS_SUCCESS);
        EXPECT_EQ(DbgSetDebugPrintCallback(all[i], TRUE), STATUS_SUCCESS); /* it is there */
    }
    EXPECT_EQ(DbgSetDebugPrintCallback(all[8], TRUE), STATUS_NO_MEMORY);
    for (uint32_t i = 0; i < 8; i++)
        EXPECT_EQ(DbgSetDebugPrintCallback(all[i], FALSE), STATUS_SUCCESS);
    EXPECT_EQ(DbgSetDebugPrintCallback(all[3], FALSE), STATUS_INVALID_PARAMETER_1);
    EXPECT_EQ(DbgSetDebugPrintCallback(NULL, TRUE), STATUS_INVALID_PARAMETER_1);
}

/* --- Unregistering against a call on another processor ----------------------------------------------------- */

static uint32_t inside, may_leave, left;

static void stay(STRING *output, ULONG component, ULONG level)
{
    (void)output; /* it is only a call */
    if (component != TEST_ID || level != SHOWN_LEVEL)
        return;
    atomic_store_release(&inside, 1);
    uint64_t end = ke_tick_count() + TEST_HANG_MS;
    while (atomic_load_acquire(&may_leave) == 0 && ke_tick_count() < end)
        arch_cpu_pause();
    atomic_store_release(&left, 1);
}

static void print_one(PVOID argument)
{
    (void)argument;                                  /* none */
    (void)DbgPrintEx(TEST_ID, SHOWN_LEVEL, "one\n"); /* shown */
}

static void let_go(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc; /* a DPC's arguments: none is needed */
    (void)context;
    (void)argument1;
    (void)argument2;
    atomic_store_release(&may_leave, 1);
}

static uint32_t left_before_unregistered;

/* On processor 0, whose timer lets the callback go. */
static void unregister_meanwhile(PVOID argument)
{
    KTIMER timer;
    KDPC dpc;
    (void)argument; /* none */
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, let_go, NULL);
    if (!test_reaches(&inside, 1))
        return;
    (void)KeSetTimer(&timer, test_ms(5), &dpc);  /* it was not set */
    (void)DbgSetDebugPrintCallback(stay, FALSE); /* it was registered */
    left_before_unregistered = atomic_load_acquire(&left);
    (void)KeCancelTimer(&timer); /* it may have expired */
}

TEST(kd_print, unregistering_waits_for_a_call_that_runs)
{
    if (ke.cpu_count < 2)
        return; /* a call cannot run while this does */
    EXPECT_EQ(DbgSetDebugFilterState(TEST_ID, SHOWN_LEVEL, TRUE), STATUS_SUCCESS);
    EXPECT_EQ(DbgSetDebugPrintCallback(stay, TRUE), STATUS_SUCCESS);
    inside = may_leave = left = left_before_unregistered = 0;
    struct ke_thread *remover = test_thread(run, unregister_meanwhile, NULL, 8, 1);
    struct ke_thread *printer = test_thread(run, print_one, NULL, 8, 2);
    test_join(run, remover);
    test_join(run, printer);
    EXPECT_EQ(left_before_unregistered, 1);
    EXPECT_EQ(DbgSetDebugFilterState(TEST_ID, SHOWN_LEVEL, FALSE), STATUS_SUCCESS);
}

/* --- What stands on the serial line: tests-integration looks at it ---------------------------------------- */

static void print_in_pieces(PVOID argument)
{
    for (uint32_t round = 0; round < 20; round++) {
        (void)DbgPrint("piece %u", (uint32_t)(uintptr_t)argument); /* hidden or not */
        (void)DbgPrint(" and %u", round);
        KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);
        (void)DbgPrint("whole at level %u\n", arch_irql());
        KeLowerIrql(old);
        (void)DbgPrint(" end\n");
    }
}

TEST(kd_print, pieces_from_all_processors_come_out_whole)
{
    struct ke_thread *threads[4];
    for (uintptr_t i = 0; i < 4; i++)
        threads[i] = test_thread(run, print_in_pieces, (PVOID)i, 8, 0);
    for (uint32_t i = 0; i < 4; i++)
        test_join(run, threads[i]);
}
