/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words that processors share are touched only through these wrappers: the compiler's atomics by
 * another name, so that exploration sees every access and a reader sees every ordering.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define atomic_load_relaxed(p)        __atomic_load_n((p), __ATOMIC_RELAXED)
#define atomic_load_acquire(p)        __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define atomic_store_relaxed(p, v)    __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define atomic_store_release(p, v)    __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define atomic_exchange(p, v)         __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)
#define atomic_exchange_acquire(p, v) __atomic_exchange_n((p), (v), __ATOMIC_ACQUIRE)
#define atomic_add(p, v)              __atomic_fetch_add((p), (v), __ATOMIC_SEQ_CST)
#define atomic_sub(p, v)              __atomic_fetch_sub((p), (v), __ATOMIC_SEQ_CST)
#define atomic_or(p, v)               __atomic_fetch_or((p), (v), __ATOMIC_SEQ_CST)
#define atomic_and(p, v)              __atomic_fetch_and((p), (v), __ATOMIC_SEQ_CST)
#define atomic_fence()                __atomic_thread_fence(__ATOMIC_SEQ_CST)

/* TRUE if *p held *expected and now holds desired; else *expected is what *p holds. */
#define atomic_cas(p, expected, desired)                                                           \
    __atomic_compare_exchange_n((p), (expected), (desired), false, __ATOMIC_SEQ_CST,               \
                                __ATOMIC_ACQUIRE)
