/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loops in which a processor waits for a lock, alone in a file so that exploration can put a lock that was
 * verified already in their place.
 */
#pragma once

#include <nt/ke.h>

#include "arch.h"
#include "base/atomic.h"

/*
 * Until the word is worth another try. Spin on loads; a pause only now and then: on the reference machine it leaves
 * the processor's translated code, and costs more than the critical sections that are waited for.
 */
#define KE_SPIN_LOADS_PER_PAUSE 16

static inline void ke_spin_wait(KSPIN_LOCK *word)
{
    for (uint32_t loads = 1; atomic_load_relaxed(word) != 0; loads++) {
        if (loads % KE_SPIN_LOADS_PER_PAUSE == 0)
            arch_cpu_pause();
    }
}

static inline void ke_spin_acquire(KSPIN_LOCK *word)
{
    while (atomic_exchange_acquire(word, 1) != 0)
        ke_spin_wait(word);
}

/* The same with one bit of a word. */
static inline void ke_spin_acquire_bit(volatile LONG *word, LONG bit)
{
    while (atomic_or(word, bit) & bit) {
        while (atomic_load_relaxed(word) & bit)
            arch_cpu_pause();
    }
}
