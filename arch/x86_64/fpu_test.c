/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of fpu.c: each thread has registers of its own, and interrupts leave no trace in them. A pattern is an image as
 * XRSTOR and FXRSTOR read it, loaded and stored whole.
 */
#include "base/atomic.h"
#include "base/selftest.h"
#include "ke/ke.h"
#include "ke/ke_test.h"
#include "x86_64/testcode.h"
#include "x86_64/x86.h"

#include <nt/ke_thread_ddi.h>
#include <nt/ntstatus.h>

#define ALL_PARTS (XSTATE_MASK_LEGACY | XSTATE_MASK_AVX)
#define ROUNDS    40

struct image {
    XSAVE_FORMAT legacy;
    XSAVE_AREA_HEADER header;
    uint64_t avx[32];
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct image) == ARCH_FLOAT_BYTES, "");

/* The emulator lets XSAVE and XRSTOR through while CR0.TS is on, where a processor traps. */
static void touch(void)
{
    (void)x86_test_store_control();
}

static void load(const struct image *image)
{
    touch();
    if (x86_fpu_features != 0)
        x86_xrstor(image, x86_fpu_features);
    else
        x86_fxrstor(image);
}

static void store(struct image *image)
{
    *image = (struct image){ 0 };
    touch();
    if (x86_fpu_features != 0)
        x86_xsave(image, x86_fpu_features);
    else
        x86_fxsave(image);
}

static void fill(struct image *image, uint64_t seed)
{
    *image = (struct image){ .header.Mask = x86_fpu_features };
    for (size_t i = 0; i < 8; i++) {
        image->legacy.FloatRegisters[i].Low = x86_random(&seed) | (uint64_t)1 << 63;
        image->legacy.FloatRegisters[i].High = (LONGLONG)(x86_random(&seed) & 0x7fff);
    }
    for (size_t i = 0; i < 16; i++)
        image->legacy.XmmRegisters[i] = (M128A){ x86_random(&seed), (LONGLONG)x86_random(&seed) };
    for (size_t i = 0; i < ARRAY_COUNT(image->avx); i++)
        image->avx[i] = x86_random(&seed);
    image->legacy.TagWord = 0xff;
    image->legacy.ControlWord = (USHORT)(X86_FCW_DEFAULT | (x86_random(&seed) & 3) << 10);
    image->legacy.MxCsr = X86_MXCSR_DEFAULT | (uint32_t)(x86_random(&seed) & 3) << 13;
}

enum part { X87 = 1, XMM = 2, YMM = 4, CONTROL = 8 };

static bool same(const M128A *a, const M128A *b, uint64_t high_bits)
{
    return a->Low == b->Low && (((uint64_t)a->High ^ (uint64_t)b->High) & high_bits) == 0;
}

/* The parts in which they differ. */
static uint32_t differ(const struct image *a, const struct image *b)
{
    uint32_t parts = 0;
    for (size_t i = 0; i < 8; i++) {
        if (!same(&a->legacy.FloatRegisters[i], &b->legacy.FloatRegisters[i], 0xffff))
            parts |= X87;
    }
    for (size_t i = 0; i < 16; i++) {
        if (!same(&a->legacy.XmmRegisters[i], &b->legacy.XmmRegisters[i], UINT64_MAX))
            parts |= XMM;
    }
    for (size_t i = 0; i < ARRAY_COUNT(a->avx) && x86_fpu_features & XSTATE_MASK_AVX; i++) {
        if (a->avx[i] != b->avx[i])
            parts |= YMM;
    }
    if (a->legacy.MxCsr != b->legacy.MxCsr || a->legacy.ControlWord != b->legacy.ControlWord)
        parts |= CONTROL;
    return parts;
}

static bool has_state(void)
{
    bool interrupts = arch_interrupts_disable();
    bool on = x86_self()->fpu_on;
    bool task_switched = x86_read_cr0() & 8;
    arch_interrupts_restore(interrupts);
    return on && !task_switched;
}

static uint32_t lost, moved, preempted, stop; /* [a] */

/* --- Threads --- */

static void keep_by_yielding(void *argument)
{
    struct image mine, now;
    fill(&mine, (uintptr_t)argument + 1);
    for (int i = 0; i < ROUNDS; i++) {
        load(&mine);
        ke_thread_yield();
        store(&now);
        (void)atomic_or(&lost, differ(&mine, &now));
    }
}

/* Two on each processor. */
static void run_on_all(struct selftest_run *run, PKSTART_ROUTINE start)
{
    uint32_t count = 2 * ke.cpu_count;
    lost = moved = preempted = stop = 0;
    test_run_threads(run, count < TEST_MAX_THREADS ? count : TEST_MAX_THREADS, start);
}

TEST_KERNEL(x86_fpu, threads_keep_all_registers_when_they_yield, "the registers are x86's")
{
    run_on_all(run, keep_by_yielding);
    EXPECT_EQ(lost, 0);
}

static void keep_by_spinning(void *argument)
{
    struct image mine, now;
    struct ke_thread *self = arch_thread();
    fill(&mine, (uintptr_t)argument + 100);
    load(&mine);
    for (int i = 0; i < 3; i++) {
        uint64_t before = self->context_switches, end = ke_tick_count() + TEST_HANG_MS;
        while (*(volatile uint64_t *)&self->context_switches == before && ke_tick_count() < end)
            arch_cpu_pause();
        store(&now);
        (void)atomic_or(&lost, differ(&mine, &now));
        (void)atomic_add(&preempted, ke_tick_count() < end);
    }
    while (atomic_load_acquire(&preempted) < 3 * 2) /* so that the other one is preempted, too */
        ke_thread_yield();
}

TEST_KERNEL(x86_fpu, threads_keep_all_registers_when_their_quantum_ends, "the registers are x86's")
{
    struct ke_thread *threads[2];
    lost = preempted = 0;
    for (uintptr_t i = 0; i < 2; i++)
        threads[i] = test_thread(run, keep_by_spinning, (void *)i, 0, 1);
    for (size_t i = 0; i < 2; i++)
        test_join(run, threads[i]);
    EXPECT_EQ(lost, 0);
    EXPECT_EQ(preempted, 6);
}

static void keep_by_moving(void *argument)
{
    struct image mine, now;
    uint32_t cpu = KeGetCurrentProcessorNumberEx(NULL);
    fill(&mine, (uintptr_t)argument + 200);
    load(&mine);
    while (!atomic_load_acquire(&stop)) {
        test_sleep(1);
        store(&now);
        (void)atomic_or(&lost, differ(&mine, &now));
        uint32_t here = KeGetCurrentProcessorNumberEx(NULL);
        (void)atomic_add(&moved, here != cpu);
        cpu = here;
    }
}

/* More threads than processors, all asleep most of the time: some wake elsewhere. */
TEST_KERNEL(x86_fpu, threads_keep_all_registers_when_they_move, "the registers are x86's")
{
    struct ke_thread *threads[TEST_MAX_THREADS];
    lost = moved = stop = 0;
    for (uintptr_t i = 0; i < TEST_MAX_THREADS; i++)
        threads[i] = test_thread(run, keep_by_moving, (void *)i, 0, 0);
    bool enough = ke.cpu_count == 1 || test_sleep_until(&moved, 20);
    atomic_store_release(&stop, 1);
    for (size_t i = 0; i < TEST_MAX_THREADS; i++)
        test_join(run, threads[i]);
    EXPECT(enough);
    EXPECT_EQ(lost, 0);
}

static void keep_by_spinning_anywhere(void *argument)
{
    struct image mine, now;
    fill(&mine, (uintptr_t)argument + 300);
    load(&mine);
    uint32_t cpu = KeGetCurrentProcessorNumberEx(NULL);
    while (!atomic_load_acquire(&stop)) {
        store(&now);
        (void)atomic_or(&lost, differ(&mine, &now));
        uint32_t here = KeGetCurrentProcessorNumberEx(NULL);
        (void)atomic_add(&moved, here != cpu);
        cpu = here;
    }
}

#define HOPS 60

/* They never give a processor away by themselves: each move and each switch takes them out of the middle. */
TEST_KERNEL(x86_fpu, threads_keep_all_registers_when_they_are_moved_while_they_spin,
            "the registers are x86's")
{
    struct ke_thread *threads[TEST_MAX_THREADS];
    uint32_t count = 2 * ke.cpu_count < TEST_MAX_THREADS ? 2 * ke.cpu_count : TEST_MAX_THREADS;
    KPRIORITY before = KeSetPriorityThread(KeGetCurrentThread(), 17);
    lost = moved = stop = 0;
    for (uintptr_t i = 0; i < count; i++)
        threads[i] = test_thread(run, keep_by_spinning_anywhere, (void *)i, 0,
                                 (uint64_t)1 << (i % ke.cpu_count));
    for (uint32_t hop = 1; hop <= HOPS; hop++) {
        for (uint32_t i = 0; i < count; i++)
            EXPECT(NT_SUCCESS(ke_thread_set_affinity(
                threads[i], (uint64_t)1 << ((i * (1 + hop % 3) + hop) % ke.cpu_count), NULL)));
        test_sleep(1);
    }
    bool enough = ke.cpu_count == 1 || test_sleep_until(&moved, 20);
    atomic_store_release(&stop, 1);
    for (uint32_t i = 0; i < count; i++)
        test_join(run, threads[i]);
    (void)KeSetPriorityThread(KeGetCurrentThread(), before);
    EXPECT(enough);
    EXPECT_EQ(lost, 0);
}

/* --- Threads without state, and what interrupts do to them --- */

struct view {
    bool at_start, after_use, after_sleep, after_dpc, above_the_stack;
    struct image image;      /* what the first use found */
    uint32_t dpc_ran, woken; /* [a] */
    KEVENT event;
};

static void look(void *argument)
{
    struct view *view = argument;
    view->at_start = has_state();
    store(&view->image);
    view->after_use = has_state();
    test_sleep(2);
    view->after_sleep = has_state();
    view->above_the_stack = (uintptr_t)arch_thread()->context.fpu_area >= x86_self()->tss.rsp[0];
}

TEST_KERNEL(x86_fpu, a_thread_gets_the_initial_state_at_its_first_use, "the registers are x86's")
{
    static struct view view;
    struct image expected = { .legacy.ControlWord = X86_FCW_DEFAULT,
                              .legacy.MxCsr = X86_MXCSR_DEFAULT };
    struct image other;
    fill(&other, 7);
    load(&other); /* what it must not find */
    test_join(run, test_thread(run, look, &view, 0, 1));
    EXPECT(!view.at_start && view.after_use && view.after_sleep);
    EXPECT(view.above_the_stack);
    EXPECT_EQ(differ(&view.image, &expected), 0);
    EXPECT_EQ(view.image.legacy.TagWord, 0);
}

static void use_and_wake(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)argument1;
    (void)argument2;
    struct view *view = context;
    struct image mine;
    fill(&mine, 8);
    load(&mine);
    (void)KeSetEvent(&view->event, 0, FALSE); /* it was not set */
    (void)atomic_add(&view->dpc_ran, 1);
}

static void wait_and_use(void *argument)
{
    struct view *view = argument;
    struct image mine;
    (void)test_wait(&view->event);
    fill(&mine, 9);
    load(&mine);
    (void)atomic_add(&view->woken, 1);
}

static void be_interrupted(void *argument)
{
    struct view *view = argument;
    KDPC dpc;
    KeInitializeDpc(&dpc, use_and_wake, view);
    KeSetTargetProcessorDpc(&dpc, 0);
    view->at_start = has_state();
    (void)KeInsertQueueDpc(&dpc, NULL, NULL); /* a new DPC; the interrupt comes here */
    for (uint64_t end = ke_tick_count() + TEST_HANG_MS;
         atomic_load_acquire(&view->woken) == 0 && ke_tick_count() < end;)
        arch_cpu_pause();
    view->after_dpc = has_state();
    store(&view->image);
}

/* The DPC's end switches to the thread that it woke: the one that it interrupted goes away with state for a while. */
TEST_KERNEL(x86_fpu, what_an_interrupt_uses_of_a_thread_without_state_is_forgotten,
            "the registers are x86's")
{
    static struct view view;
    view = (struct view){ 0 };
    KeInitializeEvent(&view.event, SynchronizationEvent, FALSE);
    struct ke_thread *high = test_thread(run, wait_and_use, &view, 20, 1);
    test_sleep(2);
    struct ke_thread *low = test_thread(run, be_interrupted, &view, 0, 1);
    test_join(run, high);
    test_join(run, low);
    EXPECT_EQ(view.dpc_ran, 1);
    EXPECT(!view.at_start && !view.after_dpc);
    EXPECT_EQ(view.image.legacy.XmmRegisters[0].Low | view.image.legacy.XmmRegisters[9].Low, 0);
    EXPECT_EQ(view.image.legacy.ControlWord, X86_FCW_DEFAULT);
}

static void use_all_politely(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)argument1;
    (void)argument2;
    struct image mine;
    XSTATE_SAVE save;
    if (!NT_SUCCESS(KeSaveExtendedProcessorState(ALL_PARTS, &save)))
        return;
    fill(&mine, 10);
    load(&mine);
    KeRestoreExtendedProcessorState(&save);
    (void)atomic_add((uint32_t *)context, 1);
}

TEST_KERNEL(x86_fpu, a_dpc_that_saves_the_state_may_use_it_all, "the registers are x86's")
{
    struct image mine, now;
    uint32_t ran = 0;
    KDPC dpc;
    KeInitializeDpc(&dpc, use_all_politely, &ran);
    fill(&mine, 11);
    KIRQL old = KeRaiseIrqlToDpcLevel();
    (void)KeInsertQueueDpc(&dpc, NULL, NULL); /* a new DPC */
    load(&mine);
    KeLowerIrql(old);
    store(&now);
    REQUIRE(test_reaches(&ran, 1));
    EXPECT_EQ(differ(&mine, &now), 0);
}

TEST_KERNEL(x86_fpu, only_the_parts_that_were_asked_for_are_restored, "the registers are x86's")
{
    struct image first, second, now;
    XSTATE_SAVE save;
    fill(&first, 12);
    fill(&second, 13);
    load(&first);
    REQUIRE(NT_SUCCESS(KeSaveExtendedProcessorState(XSTATE_MASK_AVX, &save)));
    load(&second);
    KeRestoreExtendedProcessorState(&save);
    store(&now);
    EXPECT_EQ(differ(&now, &first) & (X87 | XMM | YMM), X87 | XMM);
    EXPECT_EQ(differ(&now, &second) & (X87 | XMM), 0);
}

TEST_KERNEL(x86_fpu, only_what_the_kernel_knows_is_enabled, "XCR0 is x86's")
{
    uint64_t cr4 = x86_read_cr4();
    EXPECT_EQ(cr4 >> 18 & 1, x86_fpu_features != 0);
    EXPECT_EQ(x86_cpuid(1, 0).c >> 26 & 1, x86_fpu_features != 0);
    if (x86_fpu_features == 0)
        return;
    EXPECT_EQ(x86_fpu_features, x86_cpuid(0xd, 0).a & ALL_PARTS);
    EXPECT(x86_cpuid(0xd, 0).b <= ARCH_FLOAT_BYTES); /* what XSAVE writes for what is enabled */
}
