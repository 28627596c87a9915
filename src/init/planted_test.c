/* SPDX-License-Identifier: BSD-2-Clause */
/* Defects on purpose, for those who test that defects are seen. None runs unless it is asked for by name. */
#include "base/selftest.h"
#include "ke/bugcheck.h"
#include "ke/ke.h"
#include "ke/ke_test.h"

TEST_PLANTED(planted, check_fails, "a failed expectation makes the run red and the status 3")
{
    EXPECT_EQ(1 + 1, 3);
    EXPECT(false);
}

TEST_PLANTED(planted, bugcheck, "the report names the function that stopped the machine")
{
    (void)run;
    KeBugCheckEx(MANUALLY_INITIATED_CRASH, 1, 2, 3, 4);
}

TEST_PLANTED(planted, broken_invariant, "a CHECK that fails stops a checked build")
{
    CHECK(run == NULL);
    EXPECT(VARIANT_CHECKED == 0);
}

TEST_PLANTED(planted, hang, "a wait for ever is reported with its thread at the time-out")
{
    KEVENT never;
    KeInitializeEvent(&never, NotificationEvent, FALSE);
    (void)KeWaitForSingleObject(&never, Executive, KernelMode, FALSE, NULL);
    EXPECT(false);
}

TEST_PLANTED(planted, spin, "a processor that spins with interrupts off is reported with its stack")
{
    (void)run;
    (void)arch_interrupts_disable();
    for (;;)
        arch_cpu_pause();
}

TEST_PLANTED(planted, null_dereference,
             "a read of address 0 is bugcheck 0x50 with address and access")
{
    volatile uint32_t *volatile nothing = NULL;
    EXPECT_EQ(*nothing, 0);
}

TEST_PLANTED(planted, fault_at_dispatch_level, "a page fault at a raised level is bugcheck 0xA")
{
    volatile uint32_t *volatile nothing = (volatile uint32_t *)0x1000;
    KIRQL old = KeRaiseIrqlToDpcLevel();
    *nothing = 1;
    KeLowerIrql(old);
    EXPECT(false);
}

static volatile uint32_t bottom = UINT32_MAX; /* never reached; the compiler does not know */

/* Not a tail call: each level needs its frame. */
__attribute__((noinline)) static uint32_t descend(uint32_t depth)
{
    volatile uint32_t frame[64];
    frame[depth % 64] = depth;
    if (depth == bottom)
        return 0;
    uint32_t below = descend(depth + 1);
    return below + frame[depth % 64];
}

TEST_PLANTED(planted, stack_overflow,
             "an overflow hits the guard page: bugcheck 0x7F, on a stack of its own")
{
    EXPECT_EQ(descend(0), 0);
}

static volatile size_t behind = 32; /* the array; the compiler does not know */

__attribute__((noinline)) static uint8_t smash(void)
{
    volatile uint8_t array[32];
    volatile uint8_t *at = array;
    for (size_t i = 0; i < 8; i++)
        at[behind + i] = 0x5a;
    return array[3];
}

TEST_PLANTED(planted, stack_cookie,
             "a write over the stack cookie stops a checked build when the function returns")
{
    EXPECT_EQ(VARIANT_CHECKED ? smash() : 0, 0); /* without cookies it would hit what it must not */
    EXPECT(VARIANT_CHECKED == 0);
}
