/* SPDX-License-Identifier: BSD-2-Clause */
/* Reader-writer spin locks, with their real loops: one who writes is alone, those who read are together. */
#include <nt/ex_ddi.h>

#include "scenario.h"

#define ROUNDS 2

static EX_SPIN_LOCK lock;
static uint32_t guarded, expected;

static void read_it(unsigned index)
{
    (void)index;
    for (unsigned i = 0; i < ROUNDS; i++) {
        KIRQL old = ExAcquireSpinLockShared(&lock);
        explore_check(guarded % 2 == 0 && arch_irql() == DISPATCH_LEVEL);
        ExReleaseSpinLockShared(&lock, old);
    }
}

static void write_it(unsigned index)
{
    (void)index;
    for (unsigned i = 0; i < ROUNDS; i++) {
        KIRQL old = ExAcquireSpinLockExclusive(&lock);
        guarded += 2;
        ExReleaseSpinLockExclusive(&lock, old);
        (void)atomic_add(&expected, 2);
    }
}

static void try_both(unsigned index)
{
    (void)index;
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);
    if (ExTryAcquireSpinLockSharedAtDpcLevel(&lock)) {
        explore_check(guarded % 2 == 0);
        ExReleaseSpinLockSharedFromDpcLevel(&lock);
    }
    if (ExTryAcquireSpinLockExclusiveAtDpcLevel(&lock)) {
        guarded += 2;
        ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
        (void)atomic_add(&expected, 2);
    }
    KeLowerIrql(old);
}

/* Read, and write if no other one reads: what was read is true still. */
static void convert(unsigned index)
{
    (void)index;
    KIRQL old = ExAcquireSpinLockShared(&lock);
    uint32_t seen = guarded;
    if (ExTryConvertSharedSpinLockExclusive(&lock)) {
        explore_check(guarded == seen);
        guarded += 2;
        (void)atomic_add(&expected, 2);
        ExReleaseSpinLockExclusive(&lock, old);
    } else {
        explore_check(guarded == seen);
        ExReleaseSpinLockShared(&lock, old);
    }
}

/* The bit of those who wait stays behind if they had to set it twice; it is the next holder's, who takes it away. */
static void nothing_is_held(void)
{
    explore_check(guarded == expected && ((uint32_t)lock & 0xbfffffffu) == 0);
}

static void nobody_waits(void)
{
    nothing_is_held();
    explore_check(lock == 0);
}

SCENARIO(ex_spin_lock_reader_and_writer, .what = "one processor reads twice, one writes twice",
         .bound = 4, .actors = { read_it, write_it }, .check = nobody_waits);

SCENARIO(ex_spin_lock_writers, .what = "two processors write twice each", .bound = 4,
         .actors = { write_it, write_it }, .check = nobody_waits);

SCENARIO(ex_spin_lock_reader_reader_writer,
         .what = "two processors read twice each, one writes twice", .bound = 2,
         .actors = { read_it, read_it, write_it }, .check = nobody_waits);

SCENARIO(ex_spin_lock_tries, .what = "one processor reads, one writes twice, one tries to do both",
         .bound = 2, .actors = { read_it, write_it, try_both }, .check = nobody_waits);

SCENARIO(ex_spin_lock_converts,
         .what = "two processors read and may turn to writing, a third one writes", .bound = 2,
         .actors = { convert, convert, write_it }, .check = nobody_waits);
