/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of pe_service.c: the thunks of the DLLs that are known, and what only looks like one. */
#include "rtl/pe_test.h"

#include "rtl/memory.h"

/* As in Windows 10: test byte [0x7ffe0308], 1; jne; syscall; ret; int 0x2e; ret. */
static const uint8_t thunk_10[] = { 0x4c, 0x8b, 0xd1, 0xb8, 0x55, 0x01, 0x00, 0x00,
                                    0xf6, 0x04, 0x25, 0x08, 0x03, 0xfe, 0x7f, 0x01,
                                    0x75, 0x03, 0x0f, 0x05, 0xc3, 0xcd, 0x2e, 0xc3 };
/* As in Debian's libwine 8.0: another way out behind the jump. */
static const uint8_t thunk_wine[] = { 0x4c, 0x8b, 0xd1, 0xb8, 0x13, 0x10, 0x00, 0x00,
                                      0xf6, 0x04, 0x25, 0x08, 0x03, 0xfe, 0x7f, 0x01,
                                      0x75, 0x03, 0x0f, 0x05, 0xc3, 0xeb, 0x01, 0xc3,
                                      0xff, 0x14, 0x25, 0x00, 0x10, 0xfe, 0x7f, 0xc3 };
/* As in Windows 7 and 8. */
static const uint8_t thunk_7[] = {
    0x4c, 0x8b, 0xd1, 0xb8, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05, 0xc3
};

static NTSTATUS number_of(const uint8_t *code, size_t bytes, uint32_t rva, uint32_t *number)
{
    struct rtl_pe pe;
    rtl_pe_test_begin();
    for (uint32_t i = 0; i < bytes; i++)
        rtl_pe_test_put(rva + i, code[i], 1);
    NTSTATUS status = rtl_pe_test_open(&pe, RTL_PE_FILE);
    return NT_SUCCESS(status) ? rtl_pe_service_number(&pe, rva, number) : status;
}

TEST(rtl_pe_service, the_known_thunks_are_read)
{
    uint32_t number;
    EXPECT_EQ(number_of(thunk_10, sizeof(thunk_10), PE_TEST_TEXT, &number), STATUS_SUCCESS);
    EXPECT_EQ(number, 0x155);
    EXPECT_EQ(number_of(thunk_wine, sizeof(thunk_wine), PE_TEST_TEXT, &number), STATUS_SUCCESS);
    EXPECT_EQ(number, 0x1013);
    EXPECT_EQ(number_of(thunk_7, sizeof(thunk_7), PE_TEST_TEXT, &number), STATUS_SUCCESS);
    EXPECT_EQ(number, 15);
}

TEST(rtl_pe_service, other_code_has_no_number)
{
    static const uint8_t at[] = { 0, 1, 2, 3, 9, 10, 16, 18, 19, 20 };
    uint32_t number = 77;
    for (size_t i = 0; i < sizeof(at); i++) {
        uint8_t code[sizeof(thunk_10)];
        memcpy(code, thunk_10, sizeof(code));
        code[at[i]] ^= 0x40;
        EXPECT_EQ(number_of(code, sizeof(code), PE_TEST_TEXT, &number), STATUS_NOT_FOUND);
    }
    EXPECT_EQ(number, 77);
}

TEST(rtl_pe_service, a_thunk_does_not_go_on_beyond_the_image)
{
    uint32_t number;
    struct rtl_pe pe;
    rtl_pe_test_begin();
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_MAPPED)));
    memcpy(rtl_pe_test_memory + PE_TEST_IMAGE_BYTES - 20, thunk_10, 20);
    EXPECT_EQ(rtl_pe_service_number(&pe, PE_TEST_IMAGE_BYTES - 20, &number), STATUS_NOT_FOUND);
    EXPECT_EQ(rtl_pe_service_number(&pe, PE_TEST_IMAGE_BYTES - 8, &number), STATUS_NOT_FOUND);
    memcpy(rtl_pe_test_memory + PE_TEST_IMAGE_BYTES - 11, thunk_7, 11);
    EXPECT_EQ(rtl_pe_service_number(&pe, PE_TEST_IMAGE_BYTES - 11, &number), STATUS_SUCCESS);
}
