/* SPDX-License-Identifier: BSD-2-Clause */
/* Spin locks: our own with classes and ranks, and the KSPIN_LOCK functions of the DDI. */
#include "ke/lock.h"

#include <nt/ke_ddi.h>

#include "base/log.h"
#include "ke/ke.h"

struct lock_class {
    const char *name;
    uint8_t rank;
};

static const struct lock_class classes[KE_LOCK_CLASS_COUNT] = {
#define LOCK_CLASS(name, rank, protects) { #name, rank },
#include "ke/lock_classes.tbl"
#undef LOCK_CLASS
};

/*
 * Spin on loads; a pause only now and then: on the reference machine it leaves the processor's translated code, and
 * costs more than the critical sections that are waited for.
 */
#define LOADS_PER_PAUSE 16

static void spin_acquire(KSPIN_LOCK *word)
{
    while (atomic_exchange_acquire(word, 1) != 0) {
        for (uint32_t loads = 1; atomic_load_relaxed(word) != 0; loads++) {
            if (loads % LOADS_PER_PAUSE == 0)
                arch_cpu_pause();
        }
    }
}

static void check_rank(const struct ke_cpu *cpu, enum ke_lock_class class)
{
    if (cpu->held_count == 0)
        return;
    const struct lock_class *last = &classes[cpu->held[cpu->held_count - 1]->class];
    const struct lock_class *wanted = &classes[class];
    if (last->rank >= wanted->rank) {
        log_event(LOG_FATAL, "ke", "lock_order held=%s wanted=%s", last->name, wanted->name);
        check_failed("lock ranks rise", __FILE__, __LINE__);
    }
}

void ke_lock_check_rank(enum ke_lock_class class)
{
    if (VARIANT_CHECKED)
        check_rank(arch_cpu(), class);
}

static void order_acquire(struct ke_lock *lock)
{
    struct ke_cpu *cpu = arch_cpu();
    CHECK(cpu->held_count < KE_LOCKS_HELD);
    cpu->held[cpu->held_count++] = lock;
    lock->owner = cpu->index + 1;
}

/* Locks are released in any order. */
static void order_release(const struct ke_lock *lock)
{
    struct ke_cpu *cpu = arch_cpu();
    uint32_t i = cpu->held_count;
    while (i > 0 && cpu->held[i - 1] != lock)
        i--;
    CHECK(i > 0);
    for (; i < cpu->held_count; i++)
        cpu->held[i - 1] = cpu->held[i];
    cpu->held_count--;
}

void ke_lock_init(struct ke_lock *lock, enum ke_lock_class class)
{
    *lock = (struct ke_lock)KE_LOCK_INIT(class);
}

void ke_lock_acquire_nested(struct ke_lock *lock)
{
    CHECK(!arch_interrupts_enabled());
    ke_lock_check_rank(lock->class);
    spin_acquire(&lock->word);
    if (VARIANT_CHECKED)
        order_acquire(lock);
}

bool ke_lock_try_nested(struct ke_lock *lock)
{
    CHECK(!arch_interrupts_enabled());
    if (atomic_load_relaxed(&lock->word) != 0 || atomic_exchange_acquire(&lock->word, 1) != 0)
        return false;
    if (VARIANT_CHECKED)
        order_acquire(lock);
    return true;
}

void ke_lock_release_nested(struct ke_lock *lock)
{
    LOCK_HELD(lock);
    if (VARIANT_CHECKED) {
        lock->owner = 0;
        order_release(lock);
    }
    atomic_store_release(&lock->word, 0);
}

bool ke_lock_acquire(struct ke_lock *lock)
{
    bool interrupts = arch_interrupts_disable();
    ke_lock_acquire_nested(lock);
    return interrupts;
}

void ke_lock_release(struct ke_lock *lock, bool interrupts)
{
    ke_lock_release_nested(lock);
    arch_interrupts_restore(interrupts);
}

bool ke_lock_is_held(const struct ke_lock *lock)
{
    return !VARIANT_CHECKED || (lock->word != 0 && lock->owner == arch_cpu()->index + 1);
}

/* --- The DDI's spin locks --------------------------------------------------------------------------------- */

void KeInitializeSpinLock(KSPIN_LOCK *lock)
{
    atomic_store_relaxed(lock, 0);
}

KIRQL KeAcquireSpinLockRaiseToDpc(KSPIN_LOCK *lock)
{
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);
    spin_acquire(lock);
    return old;
}

void KeReleaseSpinLock(KSPIN_LOCK *lock, KIRQL old_irql)
{
    IRQL_IS(DISPATCH_LEVEL);
    CHECK(*lock != 0);
    atomic_store_release(lock, 0);
    KeLowerIrql(old_irql);
}

void KeAcquireSpinLockAtDpcLevel(KSPIN_LOCK *lock)
{
    CHECK(arch_irql() >= DISPATCH_LEVEL);
    spin_acquire(lock);
}

void KeReleaseSpinLockFromDpcLevel(KSPIN_LOCK *lock)
{
    CHECK(arch_irql() >= DISPATCH_LEVEL);
    CHECK(*lock != 0);
    atomic_store_release(lock, 0);
}

BOOLEAN KeTryToAcquireSpinLockAtDpcLevel(KSPIN_LOCK *lock)
{
    CHECK(arch_irql() >= DISPATCH_LEVEL);
    return atomic_load_relaxed(lock) == 0 && atomic_exchange_acquire(lock, 1) == 0;
}
