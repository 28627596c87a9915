/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of interrupt.c: the ways in which a driver asks for its interrupt. What interrupts do is tested in ke/. */
#include <nt/io_ddi.h>

#include "io/io.h"
#include "ke/ke_test.h"

#define LINE 18 /* no device has it in the machines that run these tests */

static DEVICE_OBJECT device;
static uint32_t called; /* [a] */
static PVOID seen_context;
static KINTERRUPT *seen_interrupt;

static BOOLEAN handle(KINTERRUPT *interrupt, PVOID context)
{
    seen_interrupt = interrupt;
    seen_context = context;
    (void)atomic_add(&called, 1);
    return TRUE;
}

static KIRQL level_of_line(void)
{
    KIRQL irql = 0;
    return NT_SUCCESS(ke_interrupt_level(LINE, &irql)) ? irql : 0;
}

static void interrupt_line(void)
{
    KIRQL old = KfRaiseIrql(level_of_line());
    ke_interrupt_run(LINE);
    KeLowerIrql(old);
}

/* The handler is called for an interrupt, with the object and the context, and with nothing afterwards. */
static void expect_connected(struct selftest_run *run, KINTERRUPT *interrupt)
{
    called = 0;
    seen_context = NULL;
    seen_interrupt = NULL;
    interrupt_line();
    EXPECT_EQ(called, 1);
    EXPECT(seen_interrupt == interrupt);
    EXPECT(seen_context == &device);
}

static void expect_disconnected(struct selftest_run *run)
{
    called = 0;
    interrupt_line();
    EXPECT_EQ(called, 0);
}

static NTSTATUS connect(KINTERRUPT **interrupt, KIRQL irql, KIRQL synchronize_irql)
{
    return IoConnectInterrupt(interrupt, handle, &device, NULL, LINE, irql, synchronize_irql,
                              LevelSensitive, TRUE, ~(KAFFINITY)0, FALSE);
}

TEST(io_interrupt, connects_by_vector_and_level)
{
    KINTERRUPT *interrupt = NULL;
    KIRQL level = level_of_line();
    REQUIRE(NT_SUCCESS(connect(&interrupt, level, level)));
    expect_connected(run, interrupt);
    IoDisconnectInterrupt(interrupt);
    expect_disconnected(run);
}

TEST(io_interrupt, a_level_that_is_not_the_vector_s_is_refused)
{
    KINTERRUPT *interrupt = NULL;
    KIRQL level = level_of_line();
    EXPECT_EQ(connect(&interrupt, level + 1, level + 1), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(connect(&interrupt, DISPATCH_LEVEL, level), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(connect(&interrupt, PASSIVE_LEVEL, level), STATUS_INVALID_PARAMETER);
    EXPECT(interrupt == NULL);
}

static IO_CONNECT_INTERRUPT_PARAMETERS fully_specified(KINTERRUPT **interrupt)
{
    return (IO_CONNECT_INTERRUPT_PARAMETERS){
        .Version = CONNECT_FULLY_SPECIFIED,
        .FullySpecified = {
            .PhysicalDeviceObject = &device,
            .InterruptObject = interrupt,
            .ServiceRoutine = handle,
            .ServiceContext = &device,
            .SynchronizeIrql = level_of_line(),
            .ShareVector = TRUE,
            .Vector = LINE,
            .Irql = level_of_line(),
            .InterruptMode = LevelSensitive,
            .ProcessorEnableMask = ~(KAFFINITY)0,
        },
    };
}

static void disconnect(ULONG version, KINTERRUPT *interrupt)
{
    IO_DISCONNECT_INTERRUPT_PARAMETERS parameters = {
        .Version = version,
        .ConnectionContext.InterruptObject = interrupt,
    };
    IoDisconnectInterruptEx(&parameters);
}

TEST(io_interrupt, connects_when_fully_specified)
{
    KINTERRUPT *interrupt = NULL;
    IO_CONNECT_INTERRUPT_PARAMETERS parameters = fully_specified(&interrupt);
    REQUIRE(NT_SUCCESS(IoConnectInterruptEx(&parameters)));
    expect_connected(run, interrupt);
    disconnect(CONNECT_FULLY_SPECIFIED, interrupt);
    expect_disconnected(run);
}

TEST(io_interrupt, knows_one_group_and_no_passive_handlers)
{
    KINTERRUPT *interrupt = NULL;
    IO_CONNECT_INTERRUPT_PARAMETERS parameters = fully_specified(&interrupt);
    parameters.Version = CONNECT_FULLY_SPECIFIED_GROUP;
    parameters.FullySpecified.Group = 1;
    EXPECT_EQ(IoConnectInterruptEx(&parameters), STATUS_INVALID_PARAMETER);
    parameters.FullySpecified.Group = 0;
    EXPECT_EQ(IoConnectInterruptEx(&parameters), STATUS_SUCCESS);
    disconnect(CONNECT_FULLY_SPECIFIED_GROUP, interrupt);
    parameters = fully_specified(&interrupt);
    parameters.FullySpecified.Irql = PASSIVE_LEVEL;
    EXPECT_EQ(IoConnectInterruptEx(&parameters), STATUS_NOT_SUPPORTED);
}

static struct io_interrupt_line line_of_device(void)
{
    return (struct io_interrupt_line){
        .device = &device,
        .gsi = LINE,
        .mode = LevelSensitive,
        .shared = true,
        .affinity = ~(KAFFINITY)0,
    };
}

TEST(io_interrupt, connects_to_the_line_that_the_device_was_given)
{
    KINTERRUPT *interrupt = NULL;
    struct io_interrupt_line line = line_of_device();
    IO_CONNECT_INTERRUPT_PARAMETERS parameters = {
        .Version = CONNECT_LINE_BASED,
        .LineBased = {
            .PhysicalDeviceObject = &device,
            .InterruptObject = &interrupt,
            .ServiceRoutine = handle,
            .ServiceContext = &device,
        },
    };
    EXPECT_EQ(IoConnectInterruptEx(&parameters), STATUS_NOT_FOUND);
    io_interrupt_assign(&line);
    NTSTATUS status = IoConnectInterruptEx(&parameters);
    io_interrupt_revoke(&line);
    REQUIRE(NT_SUCCESS(status));
    expect_connected(run, interrupt);
    disconnect(CONNECT_LINE_BASED, interrupt);
    EXPECT_EQ(IoConnectInterruptEx(&parameters), STATUS_NOT_FOUND);
}

TEST(io_interrupt, falls_back_to_the_line_where_there_are_no_messages)
{
    KINTERRUPT *interrupt = NULL;
    struct io_interrupt_line line = line_of_device();
    IO_CONNECT_INTERRUPT_PARAMETERS parameters = {
        .Version = CONNECT_MESSAGE_BASED,
        .MessageBased = {
            .PhysicalDeviceObject = &device,
            .ConnectionContext.InterruptObject = &interrupt,
            .ServiceContext = &device,
        },
    };
    io_interrupt_assign(&line);
    EXPECT_EQ(IoConnectInterruptEx(&parameters), STATUS_NOT_FOUND);
    EXPECT_EQ(parameters.Version, CONNECT_MESSAGE_BASED);
    parameters.MessageBased.FallBackServiceRoutine = handle;
    NTSTATUS status = IoConnectInterruptEx(&parameters);
    io_interrupt_revoke(&line);
    REQUIRE(NT_SUCCESS(status));
    EXPECT_EQ(parameters.Version, CONNECT_LINE_BASED);
    expect_connected(run, interrupt);
    disconnect(parameters.Version, interrupt);
    expect_disconnected(run);
}

TEST(io_interrupt, a_version_that_nobody_knows_is_refused)
{
    KINTERRUPT *interrupt = NULL;
    IO_CONNECT_INTERRUPT_PARAMETERS parameters = fully_specified(&interrupt);
    parameters.Version = CONNECT_MESSAGE_BASED_PASSIVE;
    EXPECT_EQ(IoConnectInterruptEx(&parameters), STATUS_NOT_SUPPORTED);
    parameters.Version = 77;
    EXPECT_EQ(IoConnectInterruptEx(&parameters), STATUS_NOT_SUPPORTED);
    disconnect(CONNECT_MESSAGE_BASED, (KINTERRUPT *)&device); /* nothing of the kind: left alone */
    EXPECT(interrupt == NULL);
}

TEST(io_interrupt, an_inactive_device_is_not_asked_until_it_is_active)
{
    KINTERRUPT *interrupt = NULL;
    IO_CONNECT_INTERRUPT_PARAMETERS parameters = fully_specified(&interrupt);
    REQUIRE(NT_SUCCESS(IoConnectInterruptEx(&parameters)));
    IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS state = {
        .Version = CONNECT_FULLY_SPECIFIED,
        .ConnectionContext.InterruptObject = interrupt,
    };
    IoReportInterruptInactive(&state);
    expect_disconnected(run);
    IoReportInterruptActive(&state);
    expect_connected(run, interrupt);
    IoDisconnectInterrupt(interrupt);
}
