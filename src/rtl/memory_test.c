/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of memory.c at every small length and alignment, against loops of bytes. */
#include "rtl/memory.h"

#include <stdbool.h>

#include "base/selftest.h"

#define BYTES 160
#define MOST  80

static uint8_t memory[BYTES], expected[BYTES];

static void fill(void)
{
    for (size_t i = 0; i < BYTES; i++)
        memory[i] = expected[i] = (uint8_t)(i * 7 + 1);
}

static bool as_expected(void)
{
    for (size_t i = 0; i < BYTES; i++) {
        if (memory[i] != expected[i])
            return false;
    }
    return true;
}

TEST_KERNEL(rtl_memory, memset_writes_all_bytes_and_no_others, "the host uses its C library's")
{
    for (size_t at = 0; at < 9; at++) {
        for (size_t bytes = 0; bytes <= MOST; bytes++) {
            fill();
            for (size_t i = 0; i < bytes; i++)
                expected[at + i] = 0xa5;
            EXPECT(memset(memory + at, 0x1a5, bytes) == memory + at);
            REQUIRE(as_expected());
        }
    }
}

TEST_KERNEL(rtl_memory, memcpy_copies_all_bytes_and_no_others, "the host uses its C library's")
{
    static uint8_t source[BYTES];
    for (size_t i = 0; i < BYTES; i++)
        source[i] = (uint8_t)(200 - i);
    for (size_t at = 0; at < 9; at++) {
        for (size_t bytes = 0; bytes <= MOST; bytes++) {
            fill();
            for (size_t i = 0; i < bytes; i++)
                expected[at + i] = source[3 + i];
            EXPECT(memcpy(memory + at, source + 3, bytes) == memory + at);
            REQUIRE(as_expected());
        }
    }
}

TEST_KERNEL(rtl_memory, memmove_minds_overlaps_in_both_directions, "the host uses its C library's")
{
    for (size_t to = 0; to < 40; to += 3) {
        for (size_t bytes = 0; bytes <= MOST; bytes += 5) {
            uint8_t copy[MOST];
            fill();
            for (size_t i = 0; i < bytes; i++)
                copy[i] = memory[20 + i];
            for (size_t i = 0; i < bytes; i++)
                expected[to + i] = copy[i];
            EXPECT(memmove(memory + to, memory + 20, bytes) == memory + to);
            REQUIRE(as_expected());
        }
    }
}

TEST_KERNEL(rtl_memory, memcmp_goes_by_the_first_difference_of_unsigned_bytes,
            "the host uses its C library's")
{
    static const uint8_t a[] = { 1, 2, 3, 200 }, b[] = { 1, 2, 4, 100 }, c[] = { 1, 2, 3, 100 };
    EXPECT(memcmp(a, b, 4) < 0);
    EXPECT(memcmp(b, a, 4) > 0);
    EXPECT(memcmp(a, c, 4) > 0);
    EXPECT_EQ(memcmp(a, b, 2), 0);
    EXPECT_EQ(memcmp(a, b, 0), 0);
}

TEST_KERNEL(rtl_memory, strings_are_measured_and_compared, "the host uses its C library's")
{
    EXPECT_EQ(strlen(""), 0);
    EXPECT_EQ(strlen("four"), 4);
    EXPECT_EQ(strcmp("same", "same"), 0);
    EXPECT(strcmp("same", "samf") < 0);
    EXPECT(strcmp("same", "sam") > 0);
    EXPECT(strcmp("\xff", "a") > 0);
    EXPECT_EQ(strncmp("same", "samf", 3), 0);
    EXPECT(strncmp("same", "samf", 4) < 0);
}
