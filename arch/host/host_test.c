/* SPDX-License-Identifier: BSD-2-Clause */
/* The port itself: time, interrupts, processors, stacks. They run beside a kernel that is alive. */
#include <nt/irql.h>
#include <nt/ntstatus.h>
#include <nt/rtl_ddi.h>
#include <stdlib.h>

#include "base/atomic.h"
#include "base/selftest.h"
#include "host.h"
#include "ke/ke_test.h"

#define LOW_LINE  3      /* level 6 */
#define HIGH_LINE 7      /* level 10 */
#define SPINS     100000 /* of another processor's time: a tick and more */

static uint32_t seen; /* by the hook */
static uint32_t seen_details[4];
static KIRQL seen_irql;
static bool seen_interrupts;
static uint32_t seen_cpu;

static bool note(struct arch_frame *frame, enum arch_interrupt kind, uint32_t detail)
{
    if (kind != ARCH_INTERRUPT_DEVICE)
        return false;
    seen_irql = arch_irql();
    seen_interrupts = arch_interrupts_enabled();
    seen_cpu = frame->cpu;
    if (seen < ARRAY_COUNT(seen_details))
        seen_details[seen] = detail;
    seen++;
    return true;
}

/* Raises to DISPATCH_LEVEL, so that the test stays on its processor, whose lines these are. */
static KIRQL connect_lines(struct selftest_run *run)
{
    KIRQL old = arch_irql(), irql;

    arch_irql_set(DISPATCH_LEVEL);
    seen = 0;
    host.interrupt_hook = note;
    EXPECT_EQ(arch_interrupt_connect(LOW_LINE, host_this->index, &irql), STATUS_SUCCESS);
    EXPECT_EQ(irql, 6);
    EXPECT_EQ(arch_interrupt_connect(HIGH_LINE, host_this->index, &irql), STATUS_SUCCESS);
    EXPECT_EQ(irql, 10);
    return old;
}

static void disconnect_lines(KIRQL old)
{
    arch_interrupt_disconnect(LOW_LINE);
    arch_interrupt_disconnect(HIGH_LINE);
    host.interrupt_hook = NULL;
    arch_irql_set(old);
}

TEST_HOST(host_time, passes_as_the_seam_is_called, "the port's virtual time")
{
    uint64_t before = arch_counter();
    uint64_t wall = arch_wall_clock_100ns();

    EXPECT(arch_counter() > before);
    arch_stall(1000);
    EXPECT(arch_counter() >= before + 1000000);
    EXPECT(arch_wall_clock_100ns() >= wall + 10000);
    EXPECT(arch_wall_clock_100ns() < wall + 20000);
}

TEST_HOST(host_interrupt, comes_in_at_its_level_with_interrupts_on, "the port's own lines")
{
    KIRQL old = connect_lines(run);

    host_line_raise(LOW_LINE);
    EXPECT_EQ(seen, 1);
    EXPECT_EQ(seen_irql, 6);
    EXPECT(seen_interrupts);
    EXPECT_EQ(seen_cpu, host_this->index);
    EXPECT_EQ(arch_irql(), DISPATCH_LEVEL);
    disconnect_lines(old);
}

TEST_HOST(host_interrupt, masked_by_the_level_comes_in_when_it_is_lowered, "the port's own lines")
{
    KIRQL old = connect_lines(run);

    arch_irql_set(6);
    host_line_raise(LOW_LINE);
    EXPECT_EQ(seen, 0);
    host_line_raise(HIGH_LINE);
    EXPECT_EQ(seen, 1);
    arch_irql_set(5);
    EXPECT_EQ(seen, 2);
    EXPECT_EQ(seen_details[0], HIGH_LINE);
    EXPECT_EQ(seen_details[1], LOW_LINE);
    disconnect_lines(old);
}

TEST_HOST(host_interrupt, waits_while_interrupts_are_off, "the port's own lines")
{
    KIRQL old = connect_lines(run);
    bool were_enabled = arch_interrupts_disable();

    host_line_raise(LOW_LINE);
    host_line_raise(HIGH_LINE);
    arch_irql_set(DISPATCH_LEVEL);
    EXPECT_EQ(seen, 0);
    arch_interrupts_restore(were_enabled);
    EXPECT_EQ(seen, 2);
    EXPECT_EQ(seen_details[0], HIGH_LINE);
    disconnect_lines(old);
}

TEST_HOST(host_interrupt, of_a_line_that_is_not_connected_is_lost, "the port's own lines")
{
    KIRQL old = connect_lines(run), irql;

    arch_interrupt_disconnect(LOW_LINE);
    host_line_raise(LOW_LINE);
    EXPECT_EQ(arch_interrupt_connect(LOW_LINE, host_this->index, &irql), STATUS_SUCCESS);
    EXPECT_EQ(seen, 0);
    disconnect_lines(old);
}

static uint32_t rounds_left; /* until the device lets go of its line */

static BOOLEAN handle_level(KINTERRUPT *interrupt, PVOID context)
{
    (void)interrupt;
    seen++;
    if (rounds_left != 0 && --rounds_left == 0)
        host_line_assert(LOW_LINE, false);
    return context != NULL;
}

static KINTERRUPT *connect_level(struct selftest_run *run, PVOID claims)
{
    struct ke_interrupt_options options = {
        .gsi = LOW_LINE,
        .mode = LevelSensitive,
        .affinity = 1,
        .routine = handle_level,
        .context = claims,
    };
    KINTERRUPT *interrupt = NULL;

    seen = 0;
    EXPECT_EQ(ke_interrupt_connect(&options, &interrupt), STATUS_SUCCESS);
    return interrupt;
}

TEST_HOST(host_interrupt, a_level_comes_in_until_it_is_not_asserted_any_more,
          "the port's own lines")
{
    KINTERRUPT *interrupt = connect_level(run, &rounds_left);

    REQUIRE(interrupt != NULL);
    rounds_left = 5;
    host_line_assert(LOW_LINE, true);
    EXPECT(test_reaches(&seen, 5));
    arch_stall(100);
    ke_interrupt_disconnect(interrupt);
    EXPECT_EQ(seen, 5);
}

TEST_HOST(host_interrupt, a_level_that_nobody_claims_is_masked_and_the_machine_goes_on,
          "the port's own lines")
{
    KINTERRUPT *interrupt = connect_level(run, NULL);

    REQUIRE(interrupt != NULL);
    rounds_left = 0;
    host_line_assert(LOW_LINE, true);
    EXPECT(test_reaches(&seen, KE_INTERRUPT_UNCLAIMED_LIMIT));
    arch_stall(100);
    EXPECT(!ke.lines[LOW_LINE].routed);
    ke_interrupt_disconnect(interrupt);
    host_line_assert(LOW_LINE, false);
    EXPECT_EQ(seen, KE_INTERRUPT_UNCLAIMED_LIMIT);
}

TEST_HOST(host_interrupt, a_level_asserted_before_anybody_listens_comes_in_then,
          "the port's own lines")
{
    rounds_left = 1;
    host_line_assert(LOW_LINE, true);
    KINTERRUPT *interrupt = connect_level(run, &rounds_left);

    REQUIRE(interrupt != NULL);
    EXPECT(test_reaches(&seen, 1));
    ke_interrupt_disconnect(interrupt);
}

TEST_HOST(host_interrupt, bad_lines_and_processors_are_refused, "the port's own lines")
{
    KIRQL irql = HIGH_LEVEL;

    EXPECT_EQ(arch_interrupt_connect(HOST_LINES, 0, &irql), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(arch_interrupt_connect(LOW_LINE, HOST_MAX_CPUS, &irql), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(irql, HIGH_LEVEL);
}

static uint32_t ipis_seen; /* [a] bit n: on processor n */

static bool note_ipi(struct arch_frame *frame, enum arch_interrupt kind, uint32_t detail)
{
    if (kind == ARCH_INTERRUPT_IPI && (detail & 1u << ARCH_IPI_CALL))
        (void)atomic_or(&ipis_seen, 1u << frame->cpu);
    return false; /* Ke finds no calls, and that is all right */
}

TEST_HOST(host_interrupt, an_ipi_reaches_every_processor, "the port's virtual processors")
{
    uint32_t all = (1u << host.options.cpus) - 1;

    ipis_seen = 0;
    host.interrupt_hook = note_ipi;
    for (uint32_t i = 0; i < host.options.cpus; i++)
        arch_ipi_send(i, ARCH_IPI_CALL);
    for (uint32_t i = 0; i < SPINS && atomic_load_acquire(&ipis_seen) != all; i++)
        arch_cpu_pause();
    host.interrupt_hook = NULL;
    EXPECT_EQ(ipis_seen, all);
}

static struct arch_context side, *side_home;
static _Alignas(16) uint8_t side_stack[64 << 10];
static uint32_t side_steps;

/* Comes and goes; what it keeps on its stack must be there each time. */
static void side_main(void)
{
    volatile uint32_t kept[64];

    for (uint32_t step = 0;; step++) {
        for (uint32_t i = 0; i < ARRAY_COUNT(kept); i++) {
            if (step != 0 && kept[i] != step - 1 + i)
                side_steps = UINT32_MAX / 2;
            kept[i] = step + i;
        }
        side_steps++;
        (void)arch_context_switch(&side, side_home);
    }
}

TEST_HOST(host_context, a_switch_keeps_both_stacks, "enters code that is no thread")
{
    volatile uint32_t kept = 0x600d;
    bool were_enabled = arch_interrupts_disable();

    side_home = host_this->running;
    side_steps = 0;
    arch_context_init(&side, arch_thread(), side_stack + sizeof(side_stack));
    side.entry = side_main;
    for (uint32_t i = 0; i < 10; i++)
        EXPECT(arch_context_switch(side_home, &side) == side.thread);
    arch_interrupts_restore(were_enabled);
    EXPECT_EQ(side_steps, 10);
    EXPECT_EQ(kept, 0x600d);
}

static uint32_t wrong_rounding;

static void keep_rounding(void *argument)
{
    static const int modes[] = { FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO };
    int mine = modes[(uintptr_t)argument % ARRAY_COUNT(modes)];

    if (fegetround() != FE_TONEAREST) /* inherited */
        (void)atomic_add(&wrong_rounding, 1);
    (void)fesetround(mine);
    for (int i = 0; i < 50; i++) {
        ke_thread_yield();
        if (fegetround() != mine)
            (void)atomic_add(&wrong_rounding, 1);
    }
}

TEST_HOST(host_context, threads_keep_their_rounding, "its floating-point control is the host's")
{
    int before = fegetround();

    wrong_rounding = 0;
    (void)fesetround(FE_UPWARD); /* what they must not inherit */
    test_run_threads(run, 8, keep_rounding);
    EXPECT_EQ(fegetround(), FE_UPWARD);
    (void)fesetround(before);
    EXPECT_EQ(wrong_rounding, 0);
}

__attribute__((noinline)) static size_t walk_from_here(uintptr_t *addresses, size_t capacity)
{
    size_t count = arch_backtrace(NULL, NULL, addresses, capacity);

    return count + (addresses[0] == 0); /* no tail call */
}

TEST_HOST(host_context, a_back_trace_lies_within_the_image, "walks frame pointers")
{
    uintptr_t addresses[16] = { 0 };
    size_t count = walk_from_here(addresses, ARRAY_COUNT(addresses));

    REQUIRE(count >= 3);
    for (size_t i = 0; i < 3; i++)
        EXPECT(addresses[i] - arch_boot()->image_base < arch_boot()->image_bytes);
    EXPECT_EQ(walk_from_here(addresses, 2), 2);
}

TEST_HOST(host_machine, typed_bytes_are_read_in_their_order, "types on the port's console")
{
    char byte = 0;

    host_console_type("ab");
    EXPECT(arch_console_read(&byte) && byte == 'a');
    EXPECT(arch_console_read(&byte) && byte == 'b');
    EXPECT(!arch_console_read(&byte));
}

static uint32_t presses; /* [a] */
static KIRQL press_irql;

static void pressed(void)
{
    press_irql = arch_irql();
    (void)atomic_add(&presses, 1);
}

TEST_HOST(host_machine, the_power_button_interrupts_at_device_level, "presses the port's button")
{
    void (*before)(void) = host.power_button_pressed;

    presses = 0;
    EXPECT_EQ(arch_power_button_connect(pressed), STATUS_SUCCESS);
    host_power_button_press();
    for (uint32_t i = 0; i < SPINS && atomic_load_acquire(&presses) == 0; i++)
        arch_cpu_pause();
    EXPECT_EQ(presses, 1);
    EXPECT(press_irql > DISPATCH_LEVEL && press_irql < CLOCK_LEVEL);
    host.power_button_pressed = before;
}

static struct arch_fault break_fault;

static bool note_break(struct arch_frame *frame, const struct arch_fault *fault)
{
    (void)frame; /* the code goes on behind the instruction */
    break_fault = *fault;
    return true;
}

TEST_HOST(host_machine, a_breakpoint_is_an_exception, "answers its own faults")
{
    host.fault_hook = note_break;
    DbgBreakPoint();
    EXPECT(break_fault.kind == ARCH_FAULT_EXCEPTION && break_fault.code == STATUS_BREAKPOINT);
    break_fault.code = 0;
    DbgBreakPointWithStatus(7);
    EXPECT_EQ(break_fault.code, STATUS_BREAKPOINT);
    break_fault.code = 0;
    RtlAssert((PVOID)(uintptr_t)"x > 0", (PVOID)(uintptr_t)"driver.c", 17, NULL);
    EXPECT_EQ(break_fault.code, STATUS_BREAKPOINT);
    host.fault_hook = NULL;
}

TEST_HOST(host_machine, a_bad_environment_is_refused, "reads the process's environment")
{
    struct host_options options = { .cpus = 99 };
    const char *cpus = getenv("KEEL_HOST_CPUS");
    char saved[16] = "";

    for (size_t i = 0; cpus != NULL && cpus[i] != '\0' && i < sizeof(saved) - 1; i++)
        saved[i] = cpus[i];
    EXPECT_EQ(setenv("KEEL_HOST_CPUS", "9", 1), 0);
    EXPECT(!host_options_from_environment(&options));
    EXPECT_EQ(setenv("KEEL_HOST_CPUS", "2x", 1), 0);
    EXPECT(!host_options_from_environment(&options));
    EXPECT_EQ(options.cpus, 99);
    EXPECT_EQ(setenv("KEEL_HOST_CPUS", "3", 1), 0);
    EXPECT(host_options_from_environment(&options));
    EXPECT_EQ(options.cpus, 3);
    EXPECT_EQ(saved[0] != '\0' ? setenv("KEEL_HOST_CPUS", saved, 1) : unsetenv("KEEL_HOST_CPUS"),
              0);
}
