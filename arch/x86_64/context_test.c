/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of context.S and context.c: what belongs to a thread stays with it. */
#include "base/atomic.h"
#include "base/selftest.h"
#include "ke/ke.h"
#include "ke/ke_test.h"
#include "x86_64/testcode.h"
#include "x86_64/x86.h"

#include <nt/ntstatus.h>

#define ROUNDS  200
#define THREADS 3

static uint32_t lost_xmm, lost_control, turns; /* [a] */

static void set_values(struct x86_test_xmm *values, uint64_t number)
{
    for (size_t i = 0; i < 16; i++)
        values->xmm[i] = (M128A){ number << 32 | i, (LONGLONG) ~(number << 32 | i) };
}

/* XMM6 to XMM15 and the control words survive a call of anything; so they do when it switches. */
static void keep_registers(void *argument)
{
    uint64_t number = (uintptr_t)argument + 1;
    uint32_t mxcsr = 0x1f80 | (uint32_t)(number & 3) << 13;
    uint16_t x87 = (uint16_t)(0x27f | (number & 3) << 10);
    struct x86_test_xmm mine, now;
    set_values(&mine, number);
    uint64_t control = x86_test_store_control();
    for (int i = 0; i < ROUNDS; i++) {
        x86_test_load_xmm(&mine);
        x86_test_load_control(mxcsr, x87);
        (void)atomic_add(&turns, 1);
        ke_thread_yield();
        x86_test_store_xmm(&now);
        for (size_t k = 6; k < 16; k++) {
            if (now.xmm[k].Low != mine.xmm[k].Low || now.xmm[k].High != mine.xmm[k].High)
                (void)atomic_add(&lost_xmm, 1);
        }
        uint64_t got = x86_test_store_control();
        if ((uint32_t)got != mxcsr || (uint16_t)(got >> 32) != x87)
            (void)atomic_add(&lost_control, 1);
    }
    x86_test_load_control((uint32_t)control, (uint16_t)(control >> 32));
}

/* All on one processor, so that each yield gives it to another. */
TEST_KERNEL(x86_context, threads_keep_xmm_and_control_words, "the registers are x86's")
{
    struct ke_thread *threads[THREADS];
    lost_xmm = lost_control = turns = 0;
    for (uintptr_t i = 0; i < THREADS; i++)
        threads[i] = test_thread(run, keep_registers, (void *)i, 0, 1);
    for (size_t i = 0; i < THREADS; i++)
        test_join(run, threads[i]);
    EXPECT_EQ(turns, THREADS * ROUNDS);
    EXPECT_EQ(lost_xmm, 0);
    EXPECT_EQ(lost_control, 0);
}

struct view {
    struct ke_thread *by_gs;
    uint64_t rsp0;
    uintptr_t stack_top;
    uintptr_t local; /* address of a local */
    uint64_t control;
};

static void look(void *argument)
{
    struct view *view = argument;
    bool interrupts = arch_interrupts_disable();
    view->by_gs = (struct ke_thread *)x86_self()->prcb.CurrentThread;
    view->rsp0 = x86_self()->tss.rsp[0];
    arch_interrupts_restore(interrupts);
    view->stack_top = arch_thread()->context.stack_top;
    view->local = (uintptr_t)&interrupts;
    view->control = x86_test_store_control();
}

TEST_KERNEL(x86_context, a_switch_moves_nt_s_current_thread_and_the_trap_stack,
            "gs and TSS are x86's")
{
    struct view view = { 0 };
    struct ke_thread *thread = test_thread(run, look, &view, 0, 0);
    test_join(run, thread);
    EXPECT(view.by_gs == thread); /* the address only: it is gone */
    EXPECT_EQ(view.rsp0, view.stack_top);
    EXPECT(view.local < view.stack_top &&
           view.stack_top - view.local < KE_STACK_PAGES * ARCH_PAGE_BYTES);
}

TEST_KERNEL(x86_context, a_new_thread_begins_with_default_float_control, "the registers are x86's")
{
    struct view view = { 0 };
    uint64_t control = x86_test_store_control();
    x86_test_load_control(0x7f80, 0x67f); /* not what it must inherit */
    struct ke_thread *thread = test_thread(run, look, &view, 0, 0);
    test_join(run, thread);
    x86_test_load_control((uint32_t)control, (uint16_t)(control >> 32));
    EXPECT_EQ(view.control & UINT32_MAX, 0x1f80);
    EXPECT_EQ(view.control >> 32, 0x27f);
}
