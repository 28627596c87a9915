/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of held.c: what is held here, and the order that is noted. Free builds note nothing. */
#include "ke/ke_impl.h"
#include "ke/ke_test.h"

TEST(ke_held, a_lock_is_held_by_the_processor_that_took_it)
{
    struct ke_lock lock = KE_LOCK_INIT(KE_LOCK_POOL);
    bool interrupts = ke_lock_acquire(&lock);
    uint32_t count = arch_cpu()->held_count;
    bool mine = ke_held_by_me(&lock);
    ke_lock_release(&lock, interrupts);
    EXPECT_EQ(count, VARIANT_CHECKED);
    EXPECT(mine);
    if (VARIANT_CHECKED)
        EXPECT(!ke_held_by_me(&lock));
}

static KSPIN_LOCK elsewhere;
static bool seen_elsewhere;

static void look(void *argument)
{
    (void)argument;
    seen_elsewhere = ke_held_by_me((const void *)&elsewhere);
}

TEST(ke_held, a_lock_is_not_held_by_another_processor)
{
    if (ke.cpu_count < 2 || !VARIANT_CHECKED)
        return; /* nothing to tell apart */
    seen_elsewhere = true;
    KeInitializeSpinLock(&elsewhere);
    KIRQL old = KeAcquireSpinLockRaiseToDpc(&elsewhere);
    uint32_t other = arch_cpu()->index == 0 ? 1 : 0;
    ke_call_processors((uint64_t)1 << other, look, NULL);
    bool here = ke_held_by_me((const void *)&elsewhere);
    KeReleaseSpinLock(&elsewhere, old);
    EXPECT(here);
    EXPECT(!seen_elsewhere);
}

TEST(ke_held, what_is_taken_under_a_lock_makes_an_edge)
{
    struct ke_lock outer = KE_LOCK_INIT(KE_LOCK_CALLBACK);
    struct ke_lock inner = KE_LOCK_INIT(KE_LOCK_CONSOLE);
    bool interrupts = ke_lock_acquire(&outer);
    ke_lock_acquire_nested(&inner);
    ke_lock_release_nested(&inner);
    ke_lock_release(&outer, interrupts);
    EXPECT_EQ(ke_held_edge_seen(KE_LOCK_CALLBACK, KE_LOCK_CONSOLE), VARIANT_CHECKED);
    EXPECT(!ke_held_edge_seen(KE_LOCK_CONSOLE, KE_LOCK_CALLBACK));
}

TEST(ke_held, every_lock_that_is_held_makes_an_edge)
{
    struct ke_lock first = KE_LOCK_INIT(KE_LOCK_LOOKASIDE);
    struct ke_lock second = KE_LOCK_INIT(KE_LOCK_POOL);
    struct ke_lock third = KE_LOCK_INIT(KE_LOCK_CONSOLE);
    bool interrupts = ke_lock_acquire(&first);
    ke_lock_acquire_nested(&second);
    ke_lock_acquire_nested(&third);
    ke_lock_release_nested(&first);
    ke_lock_release_nested(&third);
    ke_lock_release(&second, interrupts);
    EXPECT_EQ(ke_held_edge_seen(KE_LOCK_LOOKASIDE, KE_LOCK_CONSOLE), VARIANT_CHECKED);
    EXPECT_EQ(ke_held_edge_seen(KE_LOCK_POOL, KE_LOCK_CONSOLE), VARIANT_CHECKED);
}

TEST(ke_held, a_try_makes_no_edge_and_needs_no_rank)
{
    struct ke_lock high = KE_LOCK_INIT(KE_LOCK_PFN);
    struct ke_lock low = KE_LOCK_INIT(KE_LOCK_THREAD_LIST);
    bool interrupts = ke_lock_acquire(&high);
    bool got = ke_lock_try_nested(&low);
    if (got)
        ke_lock_release_nested(&low);
    ke_lock_release(&high, interrupts);
    EXPECT(got);
    EXPECT(!ke_held_edge_seen(KE_LOCK_PFN, KE_LOCK_THREAD_LIST));
}

TEST(ke_held, a_dispatcher_object_counts_as_a_lock)
{
    KEVENT event;
    struct ke_lock inner = KE_LOCK_INIT(KE_LOCK_CONSOLE);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    bool interrupts = arch_interrupts_disable();
    ke_object_lock(&event.Header);
    bool mine = ke_held_by_me(&event.Header);
    ke_lock_acquire_nested(&inner);
    ke_lock_release_nested(&inner);
    ke_object_unlock(&event.Header);
    uint32_t left = arch_cpu()->held_count;
    arch_interrupts_restore(interrupts);
    EXPECT(mine);
    EXPECT_EQ(left, 0);
    EXPECT_EQ(ke_held_edge_seen(KE_LOCK_DISPATCHER, KE_LOCK_CONSOLE), VARIANT_CHECKED);
}

TEST(ke_held, a_driver_s_lock_may_be_held_while_it_calls_us)
{
    KSPIN_LOCK lock;
    KEVENT event;
    KeInitializeSpinLock(&lock);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KIRQL old = KeAcquireSpinLockRaiseToDpc(&lock);
    (void)KeSetEvent(&event, 0, FALSE); /* it was not set */
    KeReleaseSpinLock(&lock, old);
    EXPECT_EQ(ke_held_edge_seen(KE_LOCK_SPIN, KE_LOCK_DISPATCHER), VARIANT_CHECKED);
    EXPECT(!ke_held_edge_seen(KE_LOCK_DISPATCHER, KE_LOCK_SPIN));
}

TEST_PLANTED(planted, lock_taken_against_the_rank_of_one_held_longer,
             "a lock that was only tried hides no rank below it: it stops a checked build")
{
    struct ke_lock high = KE_LOCK_INIT(KE_LOCK_PFN);
    struct ke_lock low = KE_LOCK_INIT(KE_LOCK_THREAD_LIST);
    struct ke_lock middle = KE_LOCK_INIT(KE_LOCK_DPC);
    bool interrupts = ke_lock_acquire(&high);
    bool got = ke_lock_try_nested(&low);
    ke_lock_acquire_nested(&middle);
    ke_lock_release_nested(&middle);
    if (got)
        ke_lock_release_nested(&low);
    ke_lock_release(&high, interrupts);
    EXPECT(VARIANT_CHECKED == 0);
}

TEST_PLANTED(planted, two_objects_locked_without_wait_all,
             "checked builds stop when lock ranks do not rise")
{
    KEVENT events[2];
    KeInitializeEvent(&events[0], NotificationEvent, FALSE);
    KeInitializeEvent(&events[1], NotificationEvent, FALSE);
    bool interrupts = arch_interrupts_disable();
    ke_object_lock(&events[0].Header);
    ke_object_lock(&events[1].Header);
    ke_object_unlock(&events[1].Header);
    ke_object_unlock(&events[0].Header);
    arch_interrupts_restore(interrupts);
    EXPECT(VARIANT_CHECKED == 0);
}
