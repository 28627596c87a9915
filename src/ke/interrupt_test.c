/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of interrupt.c and interrupt_connect.c. The line has no device: an interrupt is the call that the front door makes,
 * at the line's level, so that several processors can take interrupts of one line at once.
 */
#include "ke/interrupt.h"

#include <nt/ke_object_ddi.h>
#include <nt/ke_thread_ddi.h>

#include "ke/ke_test.h"

#define LINE   17 /* it and the next: no device has them in the machines that run these tests */
#define ROUNDS 200

/* A handler's device, and what the handler saw. */
struct device {
    uint32_t wants;  /* [a] interrupts that it still claims */
    uint32_t called; /* [a] */
    uint32_t order;  /* [a] of its last call among all */
    bool claims_all;
    KIRQL irql;
    bool lock_free;
    KSPIN_LOCK *lock; /* NULL: not looked at */
    bool gone;        /* [a] disconnected: no call may come */
    uint32_t late;    /* [a] calls that came nevertheless */
};

static uint32_t calls; /* [a] of all handlers */

static BOOLEAN handle(KINTERRUPT *interrupt, PVOID context)
{
    struct device *device = context;
    (void)interrupt;
    if (atomic_load_acquire(&device->gone))
        (void)atomic_add(&device->late, 1);
    device->irql = arch_irql();
    device->lock_free = device->lock != NULL && KeTestSpinLock(device->lock);
    (void)atomic_add(&device->called, 1);
    atomic_store_relaxed(&device->order, atomic_add(&calls, 1) + 1);
    uint32_t wants = atomic_load_acquire(&device->wants);
    while (wants != 0 && !atomic_cas(&device->wants, &wants, wants - 1)) {
    }
    return wants != 0 || device->claims_all;
}

static KIRQL level_of_line(void)
{
    KIRQL irql = 0;
    return NT_SUCCESS(ke_interrupt_level(LINE, &irql)) ? irql : 0;
}

static struct ke_interrupt_options options_for(struct device *device, KINTERRUPT_MODE mode)
{
    return (struct ke_interrupt_options){
        .gsi = LINE,
        .mode = mode,
        .shared = true,
        .affinity = ~(KAFFINITY)0,
        .routine = handle,
        .context = device,
    };
}

static KINTERRUPT *connect(struct selftest_run *run, const struct ke_interrupt_options *options)
{
    KINTERRUPT *interrupt = NULL;
    EXPECT_EQ(ke_interrupt_connect(options, &interrupt), STATUS_SUCCESS);
    return interrupt;
}

static KINTERRUPT *connect_device(struct selftest_run *run, struct device *device,
                                  KINTERRUPT_MODE mode)
{
    struct ke_interrupt_options options = options_for(device, mode);
    return connect(run, &options);
}

static void disconnect(KINTERRUPT *interrupt)
{
    if (interrupt != NULL)
        ke_interrupt_disconnect(interrupt);
}

static NTSTATUS try_connect(const struct ke_interrupt_options *options)
{
    KINTERRUPT *interrupt = NULL;
    NTSTATUS status = ke_interrupt_connect(options, &interrupt);
    disconnect(interrupt);
    return status;
}

static void interrupt_line(void)
{
    KIRQL old = KfRaiseIrql(level_of_line());
    ke_interrupt_run(LINE);
    KeLowerIrql(old);
}

/* --- Who is asked ------------------------------------------------------------------------------------------ */

TEST(ke_interrupt, a_handler_runs_at_its_level_under_its_lock)
{
    struct device device = { .wants = 1 };
    KSPIN_LOCK lock;
    KeInitializeSpinLock(&lock);
    device.lock = &lock;
    device.lock_free = true;
    struct ke_interrupt_options options = options_for(&device, LevelSensitive);
    options.lock = &lock;
    KINTERRUPT *interrupt = connect(run, &options);
    interrupt_line();
    disconnect(interrupt);
    EXPECT_EQ(device.called, 1);
    EXPECT_EQ(device.irql, level_of_line());
    EXPECT(!device.lock_free);
    EXPECT(KeTestSpinLock(&lock));
}

TEST(ke_interrupt, a_level_is_claimed_by_the_first_whose_device_asserts_it)
{
    struct device devices[3] = { { .wants = 0 }, { .wants = 1 }, { .wants = 1 } };
    KINTERRUPT *interrupts[3];
    for (uint32_t i = 0; i < 3; i++)
        interrupts[i] = connect_device(run, &devices[i], LevelSensitive);
    interrupt_line();
    uint32_t third = devices[2].called;
    interrupt_line();
    for (uint32_t i = 0; i < 3; i++)
        disconnect(interrupts[i]);
    EXPECT_EQ(third, 0);
    EXPECT_EQ(devices[0].called, 2);
    EXPECT_EQ(devices[1].called, 2);
    EXPECT_EQ(devices[2].called, 1);
    EXPECT(devices[0].order < devices[1].order && devices[1].order < devices[2].order);
}

TEST(ke_interrupt, an_edge_is_offered_until_a_whole_round_claims_nothing)
{
    struct device devices[2] = { { .wants = 1 }, { .wants = 3 } };
    KINTERRUPT *first = connect_device(run, &devices[0], Latched);
    KINTERRUPT *second = connect_device(run, &devices[1], Latched);
    interrupt_line();
    disconnect(first);
    disconnect(second);
    EXPECT_EQ(devices[0].called, 4);
    EXPECT_EQ(devices[1].called, 4);
    EXPECT_EQ(devices[1].wants, 0);
}

TEST(ke_interrupt, a_handler_alone_on_a_latched_line_is_asked_once)
{
    struct device device = { .claims_all = true };
    KINTERRUPT *interrupt = connect_device(run, &device, Latched);
    interrupt_line();
    disconnect(interrupt);
    EXPECT_EQ(device.called, 1);
}

TEST(ke_interrupt, handlers_that_claim_for_ever_do_not_hang_the_machine)
{
    struct device devices[2] = { { .claims_all = true }, { .claims_all = true } };
    KINTERRUPT *first = connect_device(run, &devices[0], Latched);
    KINTERRUPT *second = connect_device(run, &devices[1], Latched);
    interrupt_line();
    disconnect(first);
    disconnect(second);
    EXPECT_EQ(devices[0].called, KE_INTERRUPT_ROUNDS_LIMIT);
    EXPECT_EQ(devices[1].called, KE_INTERRUPT_ROUNDS_LIMIT);
}

/* --- Nobody's interrupts ----------------------------------------------------------------------------------- */

TEST(ke_interrupt, what_nobody_claims_is_counted)
{
    struct device devices[2] = { { .wants = 0 }, { .wants = 0 } };
    KINTERRUPT *first = connect_device(run, &devices[0], LevelSensitive);
    KINTERRUPT *second = connect_device(run, &devices[1], LevelSensitive);
    uint64_t before = ke.lines[LINE].unclaimed;
    interrupt_line();
    interrupt_line();
    uint64_t after = ke.lines[LINE].unclaimed;
    bool routed = ke.lines[LINE].routed;
    disconnect(first);
    disconnect(second);
    EXPECT_EQ(after - before, 2);
    EXPECT(routed);
    EXPECT_EQ(devices[0].called, 2);
    EXPECT_EQ(devices[1].called, 2);
}

static void run_out(struct selftest_run *run, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        interrupt_line();
    EXPECT(ke.lines[LINE].routed);
}

TEST(ke_interrupt, a_line_that_nobody_claims_again_and_again_is_masked)
{
    struct device device = { .wants = 0 };
    KINTERRUPT *interrupt = connect_device(run, &device, LevelSensitive);
    run_out(run, KE_INTERRUPT_UNCLAIMED_LIMIT - 1);
    interrupt_line();
    bool routed = ke.lines[LINE].routed;
    struct device other = { .wants = 1 };
    KINTERRUPT *second = connect_device(run, &other, LevelSensitive);
    bool again = ke.lines[LINE].routed;
    disconnect(interrupt);
    disconnect(second);
    EXPECT(!routed);
    EXPECT(again); /* whoever connects gets his interrupts */
}

TEST(ke_interrupt, a_claim_in_between_keeps_the_line_open)
{
    struct device device = { .wants = 0 };
    KINTERRUPT *interrupt = connect_device(run, &device, LevelSensitive);
    run_out(run, KE_INTERRUPT_UNCLAIMED_LIMIT - 1);
    atomic_store_release(&device.wants, 1);
    run_out(run, KE_INTERRUPT_UNCLAIMED_LIMIT);
    disconnect(interrupt);
}

/* --- Who may connect --------------------------------------------------------------------------------------- */

TEST(ke_interrupt, a_line_is_shared_only_if_both_agree)
{
    struct device device = { .wants = 0 };
    struct ke_interrupt_options shared = options_for(&device, LevelSensitive);
    struct ke_interrupt_options alone = shared;
    alone.shared = false;
    KINTERRUPT *interrupt = connect(run, &shared);
    EXPECT_EQ(try_connect(&alone), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(try_connect(&shared), STATUS_SUCCESS);
    disconnect(interrupt);
    interrupt = connect(run, &alone);
    EXPECT_EQ(try_connect(&shared), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(try_connect(&alone), STATUS_INVALID_PARAMETER);
    disconnect(interrupt);
    EXPECT_EQ(try_connect(&alone), STATUS_SUCCESS);
}

TEST(ke_interrupt, a_line_has_one_mode)
{
    struct device device = { .wants = 0 };
    struct ke_interrupt_options latched = options_for(&device, Latched);
    KINTERRUPT *interrupt = connect_device(run, &device, LevelSensitive);
    EXPECT_EQ(try_connect(&latched), STATUS_INVALID_PARAMETER);
    disconnect(interrupt);
    EXPECT_EQ(try_connect(&latched), STATUS_SUCCESS);
}

TEST(ke_interrupt, levels_that_are_not_the_line_s_are_refused)
{
    struct device device = { .wants = 0 };
    struct ke_interrupt_options options = options_for(&device, LevelSensitive);
    KIRQL level = level_of_line();
    REQUIRE(level > DISPATCH_LEVEL && level < CLOCK_LEVEL);
    options.irql = level + 1;
    EXPECT_EQ(try_connect(&options), STATUS_INVALID_PARAMETER);
    options.irql = level;
    options.synchronize_irql = level - 1;
    EXPECT_EQ(try_connect(&options), STATUS_INVALID_PARAMETER);
    options.synchronize_irql = level + 1;
    EXPECT_EQ(try_connect(&options), STATUS_SUCCESS);
}

TEST(ke_interrupt, what_is_no_line_no_handler_or_no_mode_is_refused)
{
    struct device device = { .wants = 0 };
    struct ke_interrupt_options options = options_for(&device, LevelSensitive);
    KIRQL irql = 77;
    options.gsi = KE_INTERRUPT_LINES;
    EXPECT_EQ(try_connect(&options), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(ke_interrupt_level(KE_INTERRUPT_LINES, &irql), STATUS_INVALID_PARAMETER);
    options.gsi = KE_INTERRUPT_LINES - 1; /* Ke would have it, the machine does not */
    EXPECT_EQ(try_connect(&options), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(ke_interrupt_level(KE_INTERRUPT_LINES - 1, &irql), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(irql, 77);
    options = options_for(&device, LevelSensitive);
    options.routine = NULL;
    EXPECT_EQ(try_connect(&options), STATUS_INVALID_PARAMETER);
    options = options_for(&device, (KINTERRUPT_MODE)2);
    EXPECT_EQ(try_connect(&options), STATUS_INVALID_PARAMETER);
}

TEST(ke_interrupt, goes_to_a_processor_that_all_handlers_allow)
{
    struct device device = { .wants = 0 };
    struct ke_interrupt_options options = options_for(&device, LevelSensitive);
    uint32_t last = ke.cpu_count - 1;
    options.affinity = ~atomic_load_acquire(&ke.active);
    EXPECT_EQ(try_connect(&options), STATUS_INVALID_PARAMETER);
    options.affinity = 1 | (KAFFINITY)1 << last;
    KINTERRUPT *first = connect(run, &options);
    options.affinity = (KAFFINITY)1 << last;
    KINTERRUPT *second = connect(run, &options);
    EXPECT_EQ(ke.lines[LINE].cpu, last);
    options.affinity = 1;
    EXPECT_EQ(try_connect(&options), last == 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER);
    disconnect(second);
    disconnect(first);
}

TEST(ke_interrupt, lines_are_spread_over_the_processors)
{
    struct device device = { .wants = 0 };
    struct ke_interrupt_options options = options_for(&device, LevelSensitive);
    KINTERRUPT *first = connect(run, &options);
    uint32_t cpu = ke.lines[LINE].cpu;
    options.gsi = LINE + 1;
    KINTERRUPT *second = connect(run, &options);
    if (ke.cpu_count > 1)
        EXPECT(ke.lines[LINE + 1].cpu != cpu);
    disconnect(second);
    disconnect(first);
}

/* --- Synchronisation --------------------------------------------------------------------------------------- */

struct levels {
    KINTERRUPT *interrupt;
    KIRQL irql;
    BOOLEAN result;
};

static BOOLEAN note_level(PVOID context)
{
    struct levels *levels = context;
    levels->irql = arch_irql();
    return levels->result;
}

TEST(ke_interrupt, synchronized_execution_returns_what_the_routine_does)
{
    struct device device = { .wants = 0 };
    struct ke_interrupt_options options = options_for(&device, LevelSensitive);
    options.synchronize_irql = level_of_line() + 1;
    struct levels levels = { .interrupt = connect(run, &options), .result = TRUE };
    EXPECT_EQ(KeSynchronizeExecution(levels.interrupt, note_level, &levels), TRUE);
    levels.result = FALSE;
    EXPECT_EQ(KeSynchronizeExecution(levels.interrupt, note_level, &levels), FALSE);
    KIRQL old = KeAcquireInterruptSpinLock(levels.interrupt);
    KIRQL level = KeGetCurrentIrql();
    KeReleaseInterruptSpinLock(levels.interrupt, old);
    interrupt_line();
    disconnect(levels.interrupt);
    EXPECT_EQ(levels.irql, options.synchronize_irql);
    EXPECT_EQ(level, options.synchronize_irql);
    EXPECT_EQ(device.irql, options.synchronize_irql);
    EXPECT_EQ(old, PASSIVE_LEVEL);
    EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static KINTERRUPT *contended[2];
static uint32_t total;              /* the interrupt's spin lock */
static uint32_t inside, collisions; /* [a] */

static void touch(void)
{
    if (atomic_add(&inside, 1) != 0)
        (void)atomic_add(&collisions, 1);
    uint32_t before = total;
    arch_cpu_pause();
    total = before + 1;
    (void)atomic_sub(&inside, 1);
}

static BOOLEAN touch_in_handler(KINTERRUPT *interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    touch();
    return TRUE;
}

static BOOLEAN touch_synchronized(PVOID context)
{
    (void)context;
    touch();
    return TRUE;
}

static void contend(void *argument)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uintptr_t way = ((uintptr_t)argument + i) % 3;
        if (way == 0) {
            interrupt_line();
        } else if (way == 1) {
            (void)KeSynchronizeExecution(contended[i % 2], touch_synchronized, NULL); /* TRUE */
        } else {
            KIRQL old = KeAcquireInterruptSpinLock(contended[i % 2]);
            touch();
            KeReleaseInterruptSpinLock(contended[i % 2], old);
        }
    }
}

TEST(ke_interrupt, a_lock_of_two_interrupts_excludes_handlers_and_others)
{
    KSPIN_LOCK lock;
    KeInitializeSpinLock(&lock);
    struct ke_interrupt_options options = options_for(NULL, LevelSensitive);
    options.routine = touch_in_handler;
    options.lock = &lock;
    total = inside = collisions = 0;
    contended[0] = connect(run, &options);
    contended[1] = connect(run, &options);
    REQUIRE(contended[0] != NULL && contended[1] != NULL);
    test_run_threads(run, 4, contend);
    disconnect(contended[0]);
    disconnect(contended[1]);
    EXPECT_EQ(total, 4 * ROUNDS);
    EXPECT_EQ(collisions, 0);
}

/* --- Disconnecting ------------------------------------------------------------------------------------------ */

static uint32_t entered, let_out; /* [a] */

static BOOLEAN handle_until_let_out(KINTERRUPT *interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    atomic_store_release(&entered, 1);
    while (atomic_load_acquire(&let_out) == 0)
        arch_cpu_pause();
    atomic_store_release(&entered, 2);
    return TRUE;
}

static void one_interrupt(void *argument)
{
    (void)argument;
    interrupt_line();
}

static uint32_t disconnected; /* [a] */

static void disconnect_slowly(void *argument)
{
    disconnect(argument);
    atomic_store_release(&disconnected, 1);
}

TEST(ke_interrupt, disconnecting_waits_for_the_handler_to_return)
{
    if (ke.cpu_count < 3)
        return; /* one for the handler, one to disconnect, one to look */
    entered = let_out = disconnected = 0;
    KAFFINITY old =
        KeSetSystemAffinityThreadEx(1); /* the handler keeps its processor from all else */
    struct ke_interrupt_options options = options_for(NULL, LevelSensitive);
    options.routine = handle_until_let_out;
    KINTERRUPT *interrupt = connect(run, &options);
    struct ke_thread *handler = test_thread(run, one_interrupt, NULL, 0, 2);
    bool runs = test_sleep_until(&entered, 1);
    struct ke_thread *other = test_thread(run, disconnect_slowly, interrupt, 0, 4);
    test_sleep(5);
    uint32_t early = atomic_load_acquire(&disconnected);
    atomic_store_release(&let_out, 1);
    KeRevertToUserAffinityThreadEx(old);
    test_join(run, handler);
    test_join(run, other);
    EXPECT(runs);
    EXPECT_EQ(early, 0);
    EXPECT_EQ(disconnected, 1);
    EXPECT_EQ(entered, 2);
}

static uint32_t stop; /* [a] */

static void interrupt_until_stopped(void *argument)
{
    (void)argument;
    while (atomic_load_acquire(&stop) == 0)
        interrupt_line();
}

/* The handler's device lives on this stack: a call that comes after the disconnection finds it marked. */
static void come_and_go(void *argument)
{
    uint32_t *late = argument;
    for (uint32_t i = 0; i < ROUNDS / 4; i++) {
        struct device device = { .claims_all = true };
        struct ke_interrupt_options options = options_for(&device, LevelSensitive);
        KINTERRUPT *interrupt = NULL;
        if (!NT_SUCCESS(ke_interrupt_connect(&options, &interrupt)))
            (void)atomic_add(late, 1);
        disconnect(interrupt);
        atomic_store_release(&device.gone, true);
        arch_cpu_pause();
        (void)atomic_add(late, atomic_load_acquire(&device.late));
        atomic_store_release(&device.gone, false);
    }
}

TEST(ke_interrupt, handlers_come_and_go_while_interrupts_arrive)
{
    uint32_t late = 0;
    struct ke_thread *threads[4];
    stop = 0;
    for (uint32_t i = 0; i < 2; i++)
        threads[i] = test_thread(run, interrupt_until_stopped, NULL, 0, 0);
    for (uint32_t i = 2; i < 4; i++)
        threads[i] = test_thread(run, come_and_go, &late, 0, 0);
    test_join(run, threads[2]);
    test_join(run, threads[3]);
    atomic_store_release(&stop, 1);
    test_join(run, threads[0]);
    test_join(run, threads[1]);
    EXPECT_EQ(late, 0);
    EXPECT(IsListEmpty(&ke.lines[LINE].interrupts));
    EXPECT(!ke.lines[LINE].routed);
}

TEST(ke_interrupt, an_inactive_device_is_not_asked)
{
    struct device devices[2] = { { .wants = 9 }, { .wants = 9 } };
    KINTERRUPT *first = connect_device(run, &devices[0], LevelSensitive);
    KINTERRUPT *second = connect_device(run, &devices[1], LevelSensitive);
    REQUIRE(first != NULL && second != NULL);
    ke_interrupt_set_active(first, false);
    interrupt_line();
    bool one = ke.lines[LINE].routed;
    ke_interrupt_set_active(second, false);
    bool none = ke.lines[LINE].routed;
    ke_interrupt_set_active(first, true);
    interrupt_line();
    bool again = ke.lines[LINE].routed;
    disconnect(first);
    disconnect(second);
    EXPECT_EQ(devices[0].called, 1);
    EXPECT_EQ(devices[1].called, 1);
    EXPECT(one);
    EXPECT(!none);
    EXPECT(again);
}

/* --- Mistakes ------------------------------------------------------------------------------------------------ */

static BOOLEAN handle_and_stay_high(KINTERRUPT *interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    (void)KfRaiseIrql(HIGH_LEVEL); /* on purpose, for good */
    return TRUE;
}

TEST_PLANTED(planted, handler_returns_at_another_level,
             "a handler that changes the level is IRQL_UNEXPECTED_VALUE with its address")
{
    struct ke_interrupt_options options = options_for(NULL, LevelSensitive);
    options.routine = handle_and_stay_high;
    KINTERRUPT *interrupt = connect(run, &options);
    interrupt_line();
    disconnect(interrupt);
    EXPECT(false);
}
