/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of memory_ddi.c. */
#include "rtl/rtl_test.h"

TEST(rtl_memory_ddi, the_functions_do_what_the_macros_do)
{
    uint8_t bytes[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    (RtlCopyMemory)(bytes, bytes + 4, 2);
    EXPECT(memcmp(bytes, "\5\6\3\4\5\6\7\10", 8) == 0);
    (RtlMoveMemory)(bytes + 1, bytes, 4);
    EXPECT(memcmp(bytes, "\5\5\6\3\4\6\7\10", 8) == 0);
    (RtlFillMemory)(bytes, 2, 0xaa);
    EXPECT(memcmp(bytes, "\xaa\xaa\6\3\4\6\7\10", 8) == 0);
    (RtlZeroMemory)(bytes + 6, 2);
    EXPECT(memcmp(bytes, "\xaa\xaa\6\3\4\6\0\0", 8) == 0);
    RtlCopyMemoryNonTemporal(bytes + 6, bytes, 2);
    EXPECT(memcmp(bytes, "\xaa\xaa\6\3\4\6\xaa\xaa", 8) == 0);
}

TEST(rtl_memory_ddi, equal_bytes_are_counted_from_the_start)
{
    EXPECT_EQ(RtlCompareMemory("abcd", "abcd", 4), 4);
    EXPECT_EQ(RtlCompareMemory("abcd", "abxd", 4), 2);
    EXPECT_EQ(RtlCompareMemory("abcd", "xbcd", 4), 0);
    EXPECT_EQ(RtlCompareMemory("abcd", "abxd", 2), 2);
    EXPECT_EQ(RtlCompareMemory(NULL, NULL, 0), 0);
}

TEST(rtl_memory_ddi, a_pattern_is_counted_in_whole_ulongs)
{
    ULONG words[4] = { 7, 7, 7, 8 };
    EXPECT_EQ(RtlCompareMemoryUlong(words, 16, 7), 12);
    EXPECT_EQ(RtlCompareMemoryUlong(words, 11, 7), 8);
    EXPECT_EQ(RtlCompareMemoryUlong(words, 3, 7), 0);
    EXPECT_EQ(RtlCompareMemoryUlong(words, 16, 8), 0);
}

TEST(rtl_memory_ddi, zeros_are_zeros_to_the_last_byte)
{
    uint8_t bytes[5] = { 0 };
    EXPECT(RtlIsZeroMemory(bytes, 5));
    EXPECT(RtlIsZeroMemory(bytes, 0));
    bytes[4] = 1;
    EXPECT(!RtlIsZeroMemory(bytes, 5));
    EXPECT(RtlIsZeroMemory(bytes, 4));
    bytes[0] = 1;
    EXPECT(!RtlIsZeroMemory(bytes, 4));
}
