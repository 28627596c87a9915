/* SPDX-License-Identifier: BSD-2-Clause */
/* A planted finding for each handler of the runtime. Values come from volatile: the compiler cannot know. */
#include "base/check.h"
#include "base/selftest.h"

static volatile int32_t one = 1, zero = 0, forty = 40, big = INT32_MAX, small = INT32_MIN;
static volatile uintptr_t top = UINTPTR_MAX;
static uint64_t words[2];
static volatile int32_t sink;

/* A free build would do what the sanitizer forbids; it does nothing. */
#define IN_CHECKED_BUILDS(statement)                                                               \
    do {                                                                                           \
        if (VARIANT_CHECKED) {                                                                     \
            statement;                                                                             \
        }                                                                                          \
        EXPECT(VARIANT_CHECKED == 0);                                                              \
    } while (0)

TEST_PLANTED(planted, ubsan_add_overflow, "signed overflow stops a checked build")
{
    IN_CHECKED_BUILDS(sink = big + one);
}

TEST_PLANTED(planted, ubsan_sub_overflow, "signed underflow stops a checked build")
{
    IN_CHECKED_BUILDS(sink = small - one);
}

TEST_PLANTED(planted, ubsan_mul_overflow, "a product that does not fit stops a checked build")
{
    IN_CHECKED_BUILDS(sink = big * forty);
}

TEST_PLANTED(planted, ubsan_negate_overflow,
             "the negative of the least number stops a checked build")
{
    IN_CHECKED_BUILDS(sink = -small);
}

TEST_PLANTED(planted, ubsan_divrem_overflow, "a division by zero stops a checked build")
{
    IN_CHECKED_BUILDS(sink = one / zero);
}

TEST_PLANTED(planted, ubsan_shift_out_of_bounds,
             "a shift by more than the width stops a checked build")
{
    IN_CHECKED_BUILDS(sink = one << forty);
}

TEST_PLANTED(planted, ubsan_out_of_bounds, "an index beyond the array stops a checked build")
{
    static volatile uint8_t bytes[8];
    volatile int32_t index = 8 * one;
    IN_CHECKED_BUILDS(bytes[index] = 1);
}

TEST_PLANTED(planted, ubsan_type_mismatch_v1, "a misaligned word stops a checked build")
{
    uintptr_t address = (uintptr_t)words + (uintptr_t)one;
    IN_CHECKED_BUILDS(sink = *(int32_t *)address);
}

TEST_PLANTED(planted, ubsan_pointer_overflow, "a pointer that wraps around stops a checked build")
{
    volatile uint8_t *volatile at = (volatile uint8_t *)words;
    IN_CHECKED_BUILDS(at = at + (top - 1));
}

TEST_PLANTED(planted, ubsan_load_invalid_value, "a bool of value 40 stops a checked build")
{
    volatile uint8_t byte = (uint8_t)forty;
    IN_CHECKED_BUILDS(sink = *(volatile bool *)&byte);
}

TEST_PLANTED(planted, ubsan_builtin_unreachable,
             "an unreachable place that is reached stops a checked build")
{
    IN_CHECKED_BUILDS(if (one == 1) __builtin_unreachable());
}

__attribute__((nonnull, noinline)) static void take(const volatile void *something)
{
    sink = something != &words[0];
}

TEST_PLANTED(planted, ubsan_nonnull_arg, "null for what must not be null stops a checked build")
{
    const volatile void *volatile nothing = NULL;
    IN_CHECKED_BUILDS(take(nothing));
}

TEST_PLANTED(planted, ubsan_invalid_builtin, "a count of the zeros of 0 stops a checked build")
{
    IN_CHECKED_BUILDS(sink = __builtin_ctz((uint32_t)zero));
}

TEST_PLANTED(planted, ubsan_alignment_assumption,
             "an assumption of alignment that is wrong stops a checked build")
{
    uint8_t *volatile at = (uint8_t *)words + one;
    IN_CHECKED_BUILDS(at = __builtin_assume_aligned(at, 8));
}
