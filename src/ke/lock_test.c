/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of lock.c: exclusion with real contention, interrupts, ownership. */
#include "ke/ke_test.h"

#define ROUNDS 500

static struct ke_lock leaf_lock;
static uint32_t total;      /* [leaf_lock] */
static uint32_t inside;     /* [a] */
static uint32_t collisions; /* [a] */

static void critical_section(void)
{
    if (atomic_add(&inside, 1) != 0)
        (void)atomic_add(&collisions, 1);
    uint32_t before = total;
    arch_cpu_pause();
    total = before + 1;
    (void)atomic_sub(&inside, 1);
}

static void leaf_worker(void *argument)
{
    (void)argument;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        bool interrupts = ke_lock_acquire(&leaf_lock);
        critical_section();
        ke_lock_release(&leaf_lock, interrupts);
    }
}

TEST(ke_lock, leaf_lock_excludes_other_processors)
{
    ke_lock_init(&leaf_lock, KE_LOCK_POOL);
    total = inside = collisions = 0;
    test_run_threads(run, 4, leaf_worker);
    EXPECT_EQ(total, 4 * ROUNDS);
    EXPECT_EQ(collisions, 0);
}

TEST(ke_lock, leaf_lock_turns_interrupts_off_and_back)
{
    struct ke_lock lock = KE_LOCK_INIT(KE_LOCK_POOL);
    bool interrupts = ke_lock_acquire(&lock);
    bool inside_enabled = arch_interrupts_enabled();
    bool held = ke_lock_is_held(&lock);
    ke_lock_release(&lock, interrupts);
    EXPECT(interrupts);
    EXPECT(!inside_enabled);
    EXPECT(held);
    EXPECT(arch_interrupts_enabled());
    EXPECT_EQ(lock.word, 0);
}

TEST_PLANTED(planted, lock_taken_against_its_rank,
             "checked builds stop when lock ranks do not rise")
{
    struct ke_lock outer = KE_LOCK_INIT(KE_LOCK_PFN);
    struct ke_lock inner = KE_LOCK_INIT(KE_LOCK_DPC);
    bool interrupts = ke_lock_acquire(&outer);
    ke_lock_acquire_nested(&inner);
    ke_lock_release_nested(&inner);
    ke_lock_release(&outer, interrupts);
    EXPECT(VARIANT_CHECKED == 0); /* not reached where ranks are checked */
}

TEST_PLANTED(planted, lock_released_by_another,
             "the release of a lock that this processor does not hold stops a checked build")
{
    struct ke_lock lock = KE_LOCK_INIT(KE_LOCK_PFN);
    if (VARIANT_CHECKED)
        ke_lock_release(&lock, true);
    EXPECT(VARIANT_CHECKED == 0);
}

TEST_PLANTED(planted, lock_taken_with_interrupts_on,
             "a lock taken with interrupts on stops a checked build")
{
    struct ke_lock lock = KE_LOCK_INIT(KE_LOCK_PFN);
    if (VARIANT_CHECKED)
        ke_lock_acquire_nested(&lock);
    EXPECT(VARIANT_CHECKED == 0);
}
