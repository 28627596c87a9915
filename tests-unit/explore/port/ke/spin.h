/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's spin loops, or, where the scenario does not say `.real_locks`, one blocking step that has the same effect
 * on the word. The loops themselves are verified by the scenarios of locks.
 */
#pragma once

#define ke_spin_acquire     ke_spin_acquire_real
#define ke_spin_acquire_bit ke_spin_acquire_bit_real
#include "../../../../src/ke/spin.h"
#undef ke_spin_acquire
#undef ke_spin_acquire_bit

#include "explore.h"

extern bool port_real_locks;

static inline void ke_spin_acquire(KSPIN_LOCK *word)
{
    if (port_real_locks)
        ke_spin_acquire_real(word);
    else
        explore_lock(word, sizeof(*word), 1);
}

static inline void ke_spin_acquire_bit(volatile LONG *word, LONG bit)
{
    if (port_real_locks)
        ke_spin_acquire_bit_real(word, bit);
    else
        explore_lock(word, sizeof(*word), (uint64_t)(uint32_t)bit);
}
