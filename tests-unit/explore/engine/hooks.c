/* SPDX-License-Identifier: BSD-2-Clause */
/* What compilers call under -fsanitize=thread, by the names of ThreadSanitizer's run-time library. */
#include <string.h>

#include "engine.h"

#define PC ((uintptr_t)__builtin_return_address(0))

/* A function that is entered or left is no spin loop any more. */
static void forget_load(void)
{
    if (world.current != NULL)
        world.current->last_load = NULL;
}

void __tsan_init(void);
void __tsan_init(void)
{
}

void __tsan_func_entry(void *caller);
void __tsan_func_entry(void *caller)
{
    (void)caller;
    forget_load();
}

void __tsan_func_exit(void);
void __tsan_func_exit(void)
{
    forget_load();
}

#define HOOK(name, ...)                                                                            \
    void name(__VA_ARGS__);                                                                        \
    void name(__VA_ARGS__)

/* Volatile accesses are what drivers share words by: they count as relaxed atomic ones. */
#define PLAIN(n)                                                                                   \
    HOOK(__tsan_read##n, void *a)                                                                  \
    {                                                                                              \
        memory_plain((uintptr_t)a, n, false, PC);                                                  \
    }                                                                                              \
    HOOK(__tsan_write##n, void *a)                                                                 \
    {                                                                                              \
        memory_plain((uintptr_t)a, n, true, PC);                                                   \
    }                                                                                              \
    HOOK(__tsan_read_write##n, void *a)                                                            \
    {                                                                                              \
        memory_plain((uintptr_t)a, n, true, PC);                                                   \
    }                                                                                              \
    HOOK(__tsan_unaligned_read##n, void *a)                                                        \
    {                                                                                              \
        memory_plain((uintptr_t)a, n, false, PC);                                                  \
    }                                                                                              \
    HOOK(__tsan_unaligned_write##n, void *a)                                                       \
    {                                                                                              \
        memory_plain((uintptr_t)a, n, true, PC);                                                   \
    }                                                                                              \
    HOOK(__tsan_unaligned_read_write##n, void *a)                                                  \
    {                                                                                              \
        memory_plain((uintptr_t)a, n, true, PC);                                                   \
    }                                                                                              \
    HOOK(__tsan_volatile_read##n, void *a)                                                         \
    {                                                                                              \
        memory_volatile((uintptr_t)a, n, false, PC);                                               \
    }                                                                                              \
    HOOK(__tsan_volatile_write##n, void *a)                                                        \
    {                                                                                              \
        memory_volatile((uintptr_t)a, n, true, PC);                                                \
    }                                                                                              \
    HOOK(__tsan_unaligned_volatile_read##n, void *a)                                               \
    {                                                                                              \
        memory_volatile((uintptr_t)a, n, false, PC);                                               \
    }                                                                                              \
    HOOK(__tsan_unaligned_volatile_write##n, void *a)                                              \
    {                                                                                              \
        memory_volatile((uintptr_t)a, n, true, PC);                                                \
    }

PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

HOOK(__tsan_read_range, void *a, size_t bytes)
{
    memory_plain((uintptr_t)a, bytes, false, PC);
}

HOOK(__tsan_write_range, void *a, size_t bytes)
{
    memory_plain((uintptr_t)a, bytes, true, PC);
}

void *__tsan_memcpy(void *to, const void *from, size_t bytes);
void *__tsan_memcpy(void *to, const void *from, size_t bytes)
{
    memory_plain((uintptr_t)from, bytes, false, PC);
    memory_plain((uintptr_t)to, bytes, true, PC);
    return memcpy(to, from, bytes);
}

void *__tsan_memmove(void *to, const void *from, size_t bytes);
void *__tsan_memmove(void *to, const void *from, size_t bytes)
{
    memory_plain((uintptr_t)from, bytes, false, PC);
    memory_plain((uintptr_t)to, bytes, true, PC);
    return memmove(to, from, bytes);
}

void *__tsan_memset(void *to, int value, size_t bytes);
void *__tsan_memset(void *to, int value, size_t bytes)
{
    memory_plain((uintptr_t)to, bytes, true, PC);
    return memset(to, value, bytes);
}

static value_t combine_add(value_t old, value_t operand)
{
    return old + operand;
}

static value_t combine_sub(value_t old, value_t operand)
{
    return old - operand;
}

static value_t combine_and(value_t old, value_t operand)
{
    return old & operand;
}

static value_t combine_or(value_t old, value_t operand)
{
    return old | operand;
}

static value_t combine_xor(value_t old, value_t operand)
{
    return old ^ operand;
}

static value_t combine_nand(value_t old, value_t operand)
{
    return ~(old & operand);
}

typedef uint8_t word8;
typedef uint16_t word16;
typedef uint32_t word32;
typedef uint64_t word64;
typedef value_t word128;

#define UPDATE(bits, name, combine)                                                                \
    word##bits __tsan_atomic##bits##_##name(volatile word##bits *a, word##bits v, int order);      \
    word##bits __tsan_atomic##bits##_##name(volatile word##bits *a, word##bits v, int order)       \
    {                                                                                              \
        return (word##bits)memory_update((uintptr_t)a, bits / 8, combine, v, order, PC);           \
    }

#define COMPARE(bits, strength)                                                                    \
    int __tsan_atomic##bits##_compare_exchange_##strength(                                         \
        volatile word##bits *a, word##bits *expected, word##bits v, int order, int failed_order);  \
    int __tsan_atomic##bits##_compare_exchange_##strength(                                         \
        volatile word##bits *a, word##bits *expected, word##bits v, int order, int failed_order)   \
    {                                                                                              \
        value_t old = *expected;                                                                   \
        bool equal =                                                                               \
            memory_compare_swap((uintptr_t)a, bits / 8, &old, v, order, failed_order, PC);         \
        *expected = (word##bits)old;                                                               \
        return equal;                                                                              \
    }

#define ATOMIC(bits)                                                                               \
    word##bits __tsan_atomic##bits##_load(const volatile word##bits *a, int order);                \
    word##bits __tsan_atomic##bits##_load(const volatile word##bits *a, int order)                 \
    {                                                                                              \
        return (word##bits)memory_load((uintptr_t)a, bits / 8, order, PC);                         \
    }                                                                                              \
    HOOK(__tsan_atomic##bits##_store, volatile word##bits *a, word##bits v, int order)             \
    {                                                                                              \
        memory_store((uintptr_t)a, bits / 8, v, order, PC);                                        \
    }                                                                                              \
    UPDATE(bits, exchange, NULL)                                                                   \
    UPDATE(bits, fetch_add, combine_add)                                                           \
    UPDATE(bits, fetch_sub, combine_sub)                                                           \
    UPDATE(bits, fetch_and, combine_and)                                                           \
    UPDATE(bits, fetch_or, combine_or)                                                             \
    UPDATE(bits, fetch_xor, combine_xor)                                                           \
    UPDATE(bits, fetch_nand, combine_nand)                                                         \
    COMPARE(bits, strong)                                                                          \
    COMPARE(bits, weak)                                                                            \
    word##bits __tsan_atomic##bits##_compare_exchange_val(                                         \
        volatile word##bits *a, word##bits expected, word##bits v, int order, int failed_order);   \
    word##bits __tsan_atomic##bits##_compare_exchange_val(                                         \
        volatile word##bits *a, word##bits expected, word##bits v, int order, int failed_order)    \
    {                                                                                              \
        value_t old = expected;                                                                    \
        (void)memory_compare_swap((uintptr_t)a, bits / 8, &old, v, order, failed_order, PC);       \
        return (word##bits)old;                                                                    \
    }

ATOMIC(8)
ATOMIC(16)
ATOMIC(32)
ATOMIC(64)
ATOMIC(128)

HOOK(__tsan_atomic_thread_fence, int order)
{
    memory_fence(order, PC);
}

HOOK(__tsan_atomic_signal_fence, int order)
{
    (void)order; /* for the compiler only */
}
