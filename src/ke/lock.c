/* SPDX-License-Identifier: BSD-2-Clause */
/* Our own spin locks, with classes and ranks. Drivers' are in spin_lock.c. */
#include "ke/lock.h"

#include "ke/held.h"
#include "ke/ke.h"

void ke_lock_init(struct ke_lock *lock, enum ke_lock_class class)
{
    *lock = (struct ke_lock)KE_LOCK_INIT(class);
}

static void note_owner(struct ke_lock *lock)
{
    if (VARIANT_CHECKED)
        lock->owner = arch_cpu()->index + 1;
    ke_held_add(lock, lock->class, KE_HELD_OWN);
}

void ke_lock_acquire_nested(struct ke_lock *lock)
{
    CHECK(!arch_interrupts_enabled());
    ke_held_check_wanted(lock->class);
    ke_spin_acquire(&lock->word);
    note_owner(lock);
}

bool ke_lock_try_nested(struct ke_lock *lock)
{
    CHECK(!arch_interrupts_enabled());
    if (atomic_load_relaxed(&lock->word) != 0 || atomic_exchange_acquire(&lock->word, 1) != 0)
        return false;
    note_owner(lock);
    return true;
}

void ke_lock_release_nested(struct ke_lock *lock)
{
    LOCK_HELD(lock);
    if (VARIANT_CHECKED)
        lock->owner = 0;
    ke_held_remove(lock);
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
    return !VARIANT_CHECKED || lock->owner == arch_cpu()->index + 1;
}
