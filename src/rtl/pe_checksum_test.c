/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of pe_checksum.c. */
#include "rtl/pe_test.h"

#define FIELD PE_TEST_OPTIONAL_AT(CheckSum)

TEST(rtl_pe_checksum, words_are_added_with_their_carry_and_the_length)
{
    struct rtl_pe pe;
    rtl_pe_test_begin();
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    uint32_t before = rtl_pe_checksum(&pe);
    rtl_pe_test_put(PE_TEST_RDATA, 5, 2);
    EXPECT_EQ(rtl_pe_checksum(&pe), before + 5);
    rtl_pe_test_put(PE_TEST_RDATA, 0xffff, 2); /* adds nothing but its carry */
    EXPECT_EQ(rtl_pe_checksum(&pe), before);
    rtl_pe_test_put(PE_TEST_RDATA, 0x0100, 2);
    rtl_pe_test_put(PE_TEST_RDATA + 3, 1, 1);
    EXPECT_EQ(rtl_pe_checksum(&pe), before + 0x200);
    pe.length--; /* an odd length: the last byte was zero */
    EXPECT_EQ(rtl_pe_checksum(&pe), before + 0x200 - 1);
}

TEST(rtl_pe_checksum, the_sum_itself_does_not_count)
{
    struct rtl_pe pe;
    rtl_pe_test_begin();
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    EXPECT_EQ(rtl_pe_verify_checksum(&pe), STATUS_IMAGE_CHECKSUM_MISMATCH);
    uint32_t sum = rtl_pe_checksum(&pe);
    rtl_pe_test_put(FIELD, sum, 4);
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    EXPECT_EQ(rtl_pe_checksum(&pe), sum);
    EXPECT_EQ(rtl_pe_verify_checksum(&pe), STATUS_SUCCESS);
    rtl_pe_test_put(PE_TEST_DATA, 1, 1);
    EXPECT_EQ(rtl_pe_verify_checksum(&pe), STATUS_IMAGE_CHECKSUM_MISMATCH);
}
