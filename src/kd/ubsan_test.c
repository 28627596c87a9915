/* SPDX-License-Identifier: BSD-2-Clause */
/* A planted finding for each family that the runtime reports. Values come from volatile: the compiler cannot know. */
#include "base/check.h"
#include "base/selftest.h"

static volatile int32_t one = 1, big = INT32_MAX, forty = 40;

TEST_PLANTED(planted, ubsan_overflow, "signed overflow stops a checked build")
{
    int32_t sum = big + one;
    EXPECT(VARIANT_CHECKED == 0 && sum < 0);
}

TEST_PLANTED(planted, ubsan_shift, "a shift by more than the width stops a checked build")
{
    int32_t shifted = one << forty;
    EXPECT(VARIANT_CHECKED == 0 && shifted != 7);
}

TEST_PLANTED(planted, ubsan_bounds, "an index beyond the array stops a checked build")
{
    static volatile uint8_t bytes[8];
    volatile int32_t index = 8 * one;
    if (VARIANT_CHECKED)
        bytes[index] = 1;
    EXPECT(VARIANT_CHECKED == 0);
}
