/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of pe_directories.c. */
#include "rtl/pe_test.h"

#include "rtl/memory.h"

#define AT      PE_TEST_RDATA
#define OUTSIDE (PE_TEST_IMAGE_BYTES - 2)

static struct rtl_pe image;

/* A directory there, and the image opened. */
static NTSTATUS open_with(uint32_t index, uint32_t rva, uint32_t bytes)
{
    rtl_pe_test_directory(index, rva, bytes);
    return rtl_pe_test_open(&image, RTL_PE_FILE);
}

TEST(rtl_pe_directories, load_config_is_as_long_as_it_says)
{
    IMAGE_LOAD_CONFIG_DIRECTORY64 config;
    rtl_pe_test_begin();
    rtl_pe_test_put(AT, 96, 4);
    rtl_pe_test_put(AT + offsetof(IMAGE_LOAD_CONFIG_DIRECTORY64, SecurityCookie),
                    PE_TEST_BASE + 0x2008, 8);
    rtl_pe_test_put(AT + offsetof(IMAGE_LOAD_CONFIG_DIRECTORY64, GuardFlags), 0x500, 4);
    REQUIRE(NT_SUCCESS(open_with(IMAGE_DIRECTORY_ENTRY_LOAD_CONFIG, AT, 148)));
    EXPECT_EQ(rtl_pe_load_config(&image, &config), STATUS_SUCCESS);
    EXPECT(config.SecurityCookie == PE_TEST_BASE + 0x2008 && config.GuardFlags == 0);
    rtl_pe_test_put(AT, 0x400, 4); /* longer than what we know */
    EXPECT_EQ(rtl_pe_load_config(&image, &config), STATUS_SUCCESS);
    EXPECT(config.GuardFlags == 0x500 && config.Size == 0x400);
    REQUIRE(NT_SUCCESS(open_with(IMAGE_DIRECTORY_ENTRY_LOAD_CONFIG, OUTSIDE, 148)));
    EXPECT_EQ(rtl_pe_load_config(&image, &config), STATUS_INVALID_IMAGE_FORMAT);
    REQUIRE(
        NT_SUCCESS(open_with(IMAGE_DIRECTORY_ENTRY_LOAD_CONFIG, PE_TEST_IMAGE_BYTES - 16, 148)));
    image.optional.SizeOfImage = 0;
    image.image_bytes = PE_TEST_IMAGE_BYTES;
    EXPECT_EQ(rtl_pe_load_config(&image, &config), STATUS_SUCCESS); /* its size is 0 there */
    rtl_pe_test_put(PE_TEST_RELOC + 0x1fc, 0x100, 4);
    image.image_bytes = PE_TEST_RELOC + 0x200; /* cut short: the size can be read, the rest not */
    image.optional.DataDirectory[IMAGE_DIRECTORY_ENTRY_LOAD_CONFIG].VirtualAddress =
        PE_TEST_RELOC + 0x1fc;
    EXPECT_EQ(rtl_pe_load_config(&image, &config), STATUS_INVALID_IMAGE_FORMAT);
}

TEST(rtl_pe_directories, the_cookie_is_found_inside_or_not_at_all)
{
    uint32_t rva = 0, cookie = AT + offsetof(IMAGE_LOAD_CONFIG_DIRECTORY64, SecurityCookie);
    rtl_pe_test_begin();
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&image, RTL_PE_FILE)));
    EXPECT_EQ(rtl_pe_security_cookie(&image, &rva), STATUS_NOT_FOUND);
    rtl_pe_test_put(AT, 148, 4);
    REQUIRE(NT_SUCCESS(open_with(IMAGE_DIRECTORY_ENTRY_LOAD_CONFIG, AT, 148)));
    EXPECT_EQ(rtl_pe_security_cookie(&image, &rva), STATUS_NOT_FOUND);
    rtl_pe_test_put(cookie, PE_TEST_BASE + 0x2008, 8);
    EXPECT(rtl_pe_security_cookie(&image, &rva) == STATUS_SUCCESS && rva == 0x2008);
    rtl_pe_test_put(cookie, PE_TEST_BASE + PE_TEST_IMAGE_BYTES - 7, 8);
    EXPECT_EQ(rtl_pe_security_cookie(&image, &rva), STATUS_INVALID_IMAGE_FORMAT);
    rtl_pe_test_put(cookie, PE_TEST_BASE - 8, 8);
    EXPECT_EQ(rtl_pe_security_cookie(&image, &rva), STATUS_INVALID_IMAGE_FORMAT);
}

static void put_tls(uint64_t start, uint64_t end, uint64_t index, uint64_t callbacks)
{
    rtl_pe_test_begin();
    rtl_pe_test_put(AT, start, 8);
    rtl_pe_test_put(AT + 8, end, 8);
    rtl_pe_test_put(AT + 16, index, 8);
    rtl_pe_test_put(AT + 24, callbacks, 8);
    rtl_pe_test_put(AT + 32, 0x30, 4);
}

TEST(rtl_pe_directories, tls_is_a_template_an_index_and_callbacks)
{
    struct rtl_pe_tls tls;
    uint32_t rva = 0;
    put_tls(PE_TEST_BASE + 0x2000, PE_TEST_BASE + 0x2010, PE_TEST_BASE + 0x2020,
            PE_TEST_BASE + AT + 0x100);
    rtl_pe_test_put(AT + 0x100, PE_TEST_BASE + 0x1000, 8);
    rtl_pe_test_put(AT + 0x108, PE_TEST_BASE - 1, 8);
    REQUIRE(NT_SUCCESS(open_with(IMAGE_DIRECTORY_ENTRY_TLS, AT, 40)));
    REQUIRE(NT_SUCCESS(rtl_pe_tls(&image, &tls)));
    EXPECT(tls.template_rva == 0x2000 && tls.template_bytes == 0x10 && tls.zero_bytes == 0x30);
    EXPECT(tls.index_rva == 0x2020 && tls.callbacks_rva == AT + 0x100);
    EXPECT(rtl_pe_tls_callback(&image, &tls, 0, &rva) == STATUS_SUCCESS && rva == 0x1000);
    EXPECT_EQ(rtl_pe_tls_callback(&image, &tls, 1, &rva), STATUS_INVALID_IMAGE_FORMAT);
    EXPECT_EQ(rtl_pe_tls_callback(&image, &tls, 2, &rva), STATUS_NO_MORE_ENTRIES);
    EXPECT_EQ(rtl_pe_tls_callback(&image, &tls, 0x10000, &rva), STATUS_INVALID_IMAGE_FORMAT);
    tls.callbacks_rva = OUTSIDE;
    EXPECT_EQ(rtl_pe_tls_callback(&image, &tls, 0, &rva), STATUS_INVALID_IMAGE_FORMAT);
    tls.callbacks_rva = 0;
    EXPECT_EQ(rtl_pe_tls_callback(&image, &tls, 0, &rva), STATUS_NO_MORE_ENTRIES);
}

TEST(rtl_pe_directories, tls_that_points_outside_is_refused)
{
    static const uint64_t rows[][4] = {
        { PE_TEST_BASE - 8, PE_TEST_BASE, PE_TEST_BASE, 0 },
        { PE_TEST_BASE + 0x2000, PE_TEST_BASE + 0x1000, PE_TEST_BASE, 0 },
        { PE_TEST_BASE + 0x2000, PE_TEST_BASE + PE_TEST_IMAGE_BYTES + 1, PE_TEST_BASE, 0 },
        { 0, 0, 0, 0 },
        { 0, 0, PE_TEST_BASE + PE_TEST_IMAGE_BYTES - 3, 0 },
        { 0, 0, PE_TEST_BASE, PE_TEST_BASE + PE_TEST_IMAGE_BYTES },
    };
    struct rtl_pe_tls tls;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        put_tls(rows[i][0], rows[i][1], rows[i][2], rows[i][3]);
        REQUIRE(NT_SUCCESS(open_with(IMAGE_DIRECTORY_ENTRY_TLS, AT, 40)));
        EXPECT_EQ(rtl_pe_tls(&image, &tls), STATUS_INVALID_IMAGE_FORMAT);
    }
    put_tls(0, 0, PE_TEST_BASE, 0);
    REQUIRE(NT_SUCCESS(open_with(IMAGE_DIRECTORY_ENTRY_TLS, AT, 40)));
    EXPECT(rtl_pe_tls(&image, &tls) == STATUS_SUCCESS && tls.template_bytes == 0);
    REQUIRE(NT_SUCCESS(open_with(IMAGE_DIRECTORY_ENTRY_TLS, OUTSIDE, 40)));
    EXPECT_EQ(rtl_pe_tls(&image, &tls), STATUS_INVALID_IMAGE_FORMAT);
    REQUIRE(NT_SUCCESS(open_with(IMAGE_DIRECTORY_ENTRY_TLS, 0, 0)));
    EXPECT_EQ(rtl_pe_tls(&image, &tls), STATUS_NOT_FOUND);
}

TEST(rtl_pe_directories, a_function_is_found_by_any_of_its_addresses)
{
    RUNTIME_FUNCTION function = { .BeginAddress = 0 };
    rtl_pe_test_begin();
    for (uint32_t i = 0; i < 5; i++) {
        rtl_pe_test_put(AT + 12 * i, 0x1000 + 0x40 * i, 4);
        rtl_pe_test_put(AT + 12 * i + 4, 0x1030 + 0x40 * i, 4);
        rtl_pe_test_put(AT + 12 * i + 8, i, 4);
    }
    REQUIRE(NT_SUCCESS(open_with(IMAGE_DIRECTORY_ENTRY_EXCEPTION, AT, 60)));
    for (uint32_t i = 0; i < 5; i++) {
        EXPECT_EQ(rtl_pe_function(&image, 0x1000 + 0x40 * i, &function), STATUS_SUCCESS);
        EXPECT_EQ(function.UnwindData, i);
        EXPECT_EQ(rtl_pe_function(&image, 0x102f + 0x40 * i, &function), STATUS_SUCCESS);
        EXPECT_EQ(rtl_pe_function(&image, 0x1030 + 0x40 * i, &function), STATUS_NOT_FOUND);
    }
    EXPECT_EQ(rtl_pe_function(&image, 0xfff, &function), STATUS_NOT_FOUND);
    REQUIRE(NT_SUCCESS(open_with(IMAGE_DIRECTORY_ENTRY_EXCEPTION, PE_TEST_IMAGE_BYTES, 12)));
    EXPECT_EQ(rtl_pe_function(&image, 0x1000, &function), STATUS_INVALID_IMAGE_FORMAT);
    REQUIRE(NT_SUCCESS(open_with(IMAGE_DIRECTORY_ENTRY_EXCEPTION, AT, PE_TEST_IMAGE_BYTES)));
    EXPECT_EQ(rtl_pe_function(&image, 0x1000, &function), STATUS_INVALID_IMAGE_FORMAT);
    REQUIRE(NT_SUCCESS(open_with(IMAGE_DIRECTORY_ENTRY_EXCEPTION, 0, 0)));
    EXPECT_EQ(rtl_pe_function(&image, 0x1000, &function), STATUS_NOT_FOUND);
}

TEST(rtl_pe_directories, a_table_that_cannot_be_read_has_no_functions)
{
    RUNTIME_FUNCTION function;
    rtl_pe_test_begin();
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&image, RTL_PE_MAPPED)));
    image.optional.DataDirectory[IMAGE_DIRECTORY_ENTRY_EXCEPTION] =
        (IMAGE_DATA_DIRECTORY){ AT, 60 };
    image.length = AT; /* a mapping that is shorter than the headers say */
    EXPECT_EQ(rtl_pe_function(&image, 0x1000, &function), STATUS_INVALID_IMAGE_FORMAT);
}

static void put_debug(uint32_t index, uint32_t type, uint32_t rva)
{
    uint32_t at = AT + index * (uint32_t)sizeof(IMAGE_DEBUG_DIRECTORY);
    rtl_pe_test_put(at + offsetof(IMAGE_DEBUG_DIRECTORY, Type), type, 4);
    rtl_pe_test_put(at + offsetof(IMAGE_DEBUG_DIRECTORY, AddressOfRawData), rva, 4);
}

TEST(rtl_pe_directories, the_pdb_is_named)
{
    struct rtl_pe_pdb pdb;
    rtl_pe_test_begin();
    put_debug(0, 13, AT + 0x100);
    put_debug(1, IMAGE_DEBUG_TYPE_CODEVIEW, 0); /* in the file only */
    put_debug(2, IMAGE_DEBUG_TYPE_CODEVIEW, AT + 0x100);
    rtl_pe_test_put_text(AT + 0x100, "RSDS0123456789abcdef");
    rtl_pe_test_put(AT + 0x114, 3, 4);
    rtl_pe_test_put_text(AT + 0x118, "keel.pdb");
    REQUIRE(NT_SUCCESS(open_with(IMAGE_DIRECTORY_ENTRY_DEBUG, AT, 84)));
    EXPECT_EQ(rtl_pe_pdb(&image, &pdb), STATUS_SUCCESS);
    EXPECT(rtl_pe_test_name_is(pdb.name, "keel.pdb") && pdb.age == 3);
    EXPECT(memcmp(pdb.guid, "0123456789abcdef", 16) == 0);
    rtl_pe_test_put(AT + 0x100, 'N', 1); /* an older kind */
    EXPECT_EQ(rtl_pe_pdb(&image, &pdb), STATUS_NOT_FOUND);
    REQUIRE(NT_SUCCESS(open_with(IMAGE_DIRECTORY_ENTRY_DEBUG, AT, 56)));
    EXPECT_EQ(rtl_pe_pdb(&image, &pdb), STATUS_NOT_FOUND);
}

TEST(rtl_pe_directories, debug_data_outside_is_refused)
{
    struct rtl_pe_pdb pdb;
    IMAGE_DEBUG_DIRECTORY entry;
    rtl_pe_test_begin();
    put_debug(0, IMAGE_DEBUG_TYPE_CODEVIEW, PE_TEST_IMAGE_BYTES - 4);
    REQUIRE(NT_SUCCESS(open_with(IMAGE_DIRECTORY_ENTRY_DEBUG, AT, 28)));
    EXPECT_EQ(rtl_pe_pdb(&image, &pdb), STATUS_INVALID_IMAGE_FORMAT);
    put_debug(0, IMAGE_DEBUG_TYPE_CODEVIEW, PE_TEST_IMAGE_BYTES);
    EXPECT_EQ(rtl_pe_pdb(&image, &pdb), STATUS_INVALID_IMAGE_FORMAT);
    REQUIRE(rtl_pe_test_map());
    put_debug(0, IMAGE_DEBUG_TYPE_CODEVIEW, PE_TEST_IMAGE_BYTES - 24);
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&image, RTL_PE_MAPPED)));
    memcpy(rtl_pe_test_memory + PE_TEST_IMAGE_BYTES - 24, "RSDS", 4); /* and no name behind it */
    EXPECT_EQ(rtl_pe_pdb(&image, &pdb), STATUS_INVALID_IMAGE_FORMAT);
    REQUIRE(NT_SUCCESS(open_with(IMAGE_DIRECTORY_ENTRY_DEBUG, OUTSIDE, 28)));
    EXPECT_EQ(rtl_pe_debug(&image, 0, &entry), STATUS_INVALID_IMAGE_FORMAT);
    EXPECT_EQ(rtl_pe_pdb(&image, &pdb), STATUS_INVALID_IMAGE_FORMAT);
    REQUIRE(NT_SUCCESS(open_with(IMAGE_DIRECTORY_ENTRY_DEBUG, PE_TEST_IMAGE_BYTES, 28)));
    EXPECT_EQ(rtl_pe_debug(&image, 0, &entry), STATUS_INVALID_IMAGE_FORMAT);
    REQUIRE(NT_SUCCESS(open_with(IMAGE_DIRECTORY_ENTRY_DEBUG, 0, 0)));
    EXPECT_EQ(rtl_pe_debug(&image, 0, &entry), STATUS_NO_MORE_ENTRIES);
}
