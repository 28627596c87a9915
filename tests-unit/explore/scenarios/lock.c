/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's spin locks by themselves, with their real loops: what the other scenarios take for verified. */
#include "ke/ke_impl.h"
#include "scenario.h"

#define ROUNDS 2

static struct ke_lock lock;
static uint32_t guarded;

static void make_lock(void)
{
    ke_lock_init(&lock, KE_LOCK_POOL);
}

static void increment(unsigned index)
{
    (void)index;
    for (unsigned i = 0; i < ROUNDS; i++) {
        bool interrupts = ke_lock_acquire(&lock);
        guarded++;
        ke_lock_release(&lock, interrupts);
    }
}

static void increments_are_not_lost(void)
{
    explore_check(guarded % ROUNDS == 0 && guarded >= 2 * ROUNDS);
    explore_check(lock.word == 0 && lock.owner == 0);
}

SCENARIO(lock_excludes_2, .what = "two processors take a spin lock twice each",
         .actors = { increment, increment }, .set_up = make_lock, .check = increments_are_not_lost,
         .real_locks = true, .no_interrupts = true);

SCENARIO(lock_excludes_3, .what = "three processors take a spin lock twice each",
         .actors = { increment, increment, increment }, .set_up = make_lock,
         .check = increments_are_not_lost, .real_locks = true, .no_interrupts = true);

/* --- Drivers' spin locks -------------------------------------------------------------------------------------- */

static KSPIN_LOCK spin;

static void plain(unsigned index)
{
    (void)index;
    for (unsigned i = 0; i < ROUNDS; i++) {
        KIRQL old = KeAcquireSpinLockRaiseToDpc(&spin);
        explore_check(old == PASSIVE_LEVEL && arch_irql() == DISPATCH_LEVEL);
        guarded++;
        KeReleaseSpinLock(&spin, old);
        explore_check(arch_irql() == PASSIVE_LEVEL);
    }
}

static void try_plain(unsigned index)
{
    (void)index;
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (KeTryToAcquireSpinLockAtDpcLevel(&spin)) {
            guarded += ROUNDS;
            KeReleaseSpinLockFromDpcLevel(&spin);
        }
    }
    KeLowerIrql(old);
}

/* The handle is the caller's again, and gone, as soon as the release has returned. */
static void queued(unsigned index)
{
    (void)index;
    for (unsigned i = 0; i < ROUNDS; i++) {
        KLOCK_QUEUE_HANDLE *handle = explore_new(sizeof(*handle), "handle");
        KeAcquireInStackQueuedSpinLock(&spin, handle);
        explore_check(handle->OldIrql == PASSIVE_LEVEL && arch_irql() == DISPATCH_LEVEL);
        guarded++;
        KeReleaseInStackQueuedSpinLock(handle);
        explore_free(handle);
    }
}

static void spin_is_free(void)
{
    explore_check(guarded % ROUNDS == 0 && guarded >= 2 * ROUNDS && KeTestSpinLock(&spin));
}

SCENARIO(lock_ddi_excludes_3, .what = "three processors take a KSPIN_LOCK twice each",
         .actors = { plain, plain, plain }, .check = spin_is_free, .real_locks = true, .bound = 2);

SCENARIO(lock_ddi_excludes_2, .what = "two processors take a KSPIN_LOCK twice each",
         .actors = { plain, plain }, .check = spin_is_free, .real_locks = true);

SCENARIO(lock_ddi_try_does_not_wait,
         .what = "two processors take a KSPIN_LOCK twice each, a third one tries to",
         .actors = { plain, plain, try_plain }, .check = spin_is_free, .real_locks = true,
         .bound = 2);

SCENARIO(lock_queued_excludes_3,
         .what = "three processors take a queued spin lock twice each, and free their handles",
         .actors = { queued, queued, queued }, .check = spin_is_free, .real_locks = true,
         .bound = 2);

SCENARIO(lock_queued_excludes_2,
         .what = "two processors take a queued spin lock twice each, and free their handles",
         .actors = { queued, queued }, .check = spin_is_free, .real_locks = true);

/* --- Dispatcher objects' ------------------------------------------------------------------------------------------ */

static KEVENT header_event;

static void make_header(void)
{
    KeInitializeEvent(&header_event, SynchronizationEvent, FALSE);
}

static void lock_object(unsigned index)
{
    (void)index;
    for (unsigned i = 0; i < ROUNDS; i++) {
        bool interrupts = arch_interrupts_disable();
        ke_object_lock(&header_event.Header);
        guarded++;
        ke_object_unlock(&header_event.Header);
        arch_interrupts_restore(interrupts);
    }
}

static void try_object(unsigned index)
{
    (void)index;
    for (unsigned i = 0; i < ROUNDS; i++) {
        bool interrupts = arch_interrupts_disable();
        if (ke_object_try_lock(&header_event.Header)) {
            guarded += ROUNDS;
            ke_object_unlock(&header_event.Header);
        }
        arch_interrupts_restore(interrupts);
    }
}

static void object_is_free(void)
{
    explore_check(guarded % ROUNDS == 0 && guarded >= 2 * ROUNDS);
    explore_check(header_event.Header.Type == SynchronizationEvent);
}

SCENARIO(lock_object_excludes_3,
         .what = "two processors lock a dispatcher object twice each, a third one tries to",
         .actors = { lock_object, lock_object, try_object }, .set_up = make_header,
         .check = object_is_free, .real_locks = true, .bound = 3);

/*
 * The mark of a wait for all: a waiter of two events, and whoever sets them while the mark comes and goes. Each event
 * dies as soon as the wait has returned.
 */
static KEVENT *both[2];

static void make_both(void)
{
    for (unsigned i = 0; i < 2; i++) {
        both[i] = explore_new(sizeof(*both[i]), "event");
        KeInitializeEvent(both[i], SynchronizationEvent, FALSE);
    }
}

static void wait_for_both(unsigned index)
{
    (void)index;
    PVOID objects[2] = { both[0], both[1] };
    explore_check(KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, NULL,
                                           NULL) == STATUS_SUCCESS);
    explore_check(both[0]->Header.SignalState == 0 && both[1]->Header.SignalState == 0);
    explore_free(both[0]);
    explore_free(both[1]);
}

static void set_one(unsigned index)
{
    (void)KeSetEvent(both[index - 1], 0, FALSE);
}

SCENARIO(lock_object_wait_all_mark,
         .what = "a wait for two events ends once both are set, and nobody touches them after that",
         .model = EXPLORE_SC, .bound = 2, .threads = { wait_for_both, set_one, set_one },
         .set_up = make_both);
