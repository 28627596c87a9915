/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of pe_resources.c: version 1 in two languages, and one by names. */
#include "rtl/pe_test.h"

#define AT        PE_TEST_RDATA
#define TYPE_NAME 0x200u
#define DIRECTORY 0x80000000u

static const uint16_t data_name[] = { 'D', 'A', 'T', 'A' };
static const uint16_t date_name[] = { 'D', 'A', 'T', 'E' };

static const struct rtl_pe_resource_key version = { .id = RTL_PE_RESOURCE_VERSION };
static const struct rtl_pe_resource_key one = { .id = 1 };
static const struct rtl_pe_resource_key nothing = { .id = 0x7777 };
static const struct rtl_pe_resource_key any = { .any = true };
static const struct rtl_pe_resource_key english = { .id = 0x409 };
static const struct rtl_pe_resource_key german = { .id = 0x407 };
static const struct rtl_pe_resource_key data = { .chars = data_name, .length = 4 };
static const struct rtl_pe_resource_key date = { .chars = date_name, .length = 4 };
static const struct rtl_pe_resource_key dat = { .chars = data_name, .length = 3 };

static void put_directory(uint32_t at, uint32_t named, uint32_t numbered)
{
    rtl_pe_test_put(AT + at + offsetof(IMAGE_RESOURCE_DIRECTORY, NumberOfNamedEntries), named, 2);
    rtl_pe_test_put(AT + at + offsetof(IMAGE_RESOURCE_DIRECTORY, NumberOfIdEntries), numbered, 2);
}

static void put_entry(uint32_t directory, uint32_t index, uint32_t name, uint32_t to)
{
    rtl_pe_test_put(AT + directory + 16 + 8 * index, name, 4);
    rtl_pe_test_put(AT + directory + 16 + 8 * index + 4, to, 4);
}

static void put_data(uint32_t at, uint32_t rva, uint32_t bytes)
{
    rtl_pe_test_put(AT + at, rva, 4);
    rtl_pe_test_put(AT + at + 4, bytes, 4);
    rtl_pe_test_put(AT + at + 8, 1252, 4);
}

static void make_resources(void)
{
    rtl_pe_test_begin();
    rtl_pe_test_directory(IMAGE_DIRECTORY_ENTRY_RESOURCE, AT, 0x400);
    put_directory(0, 1, 1);
    put_entry(0, 0, DIRECTORY | TYPE_NAME, DIRECTORY | 0xa0);
    put_entry(0, 1, RTL_PE_RESOURCE_VERSION, DIRECTORY | 0x40);
    put_directory(0x40, 0, 1);
    put_entry(0x40, 0, 1, DIRECTORY | 0x60);
    put_directory(0x60, 0, 2);
    put_entry(0x60, 0, 0x407, 0x180);
    put_entry(0x60, 1, 0x409, 0x190);
    put_directory(0xa0, 1, 0);
    put_entry(0xa0, 0, DIRECTORY | TYPE_NAME, DIRECTORY | 0xc0);
    put_directory(0xc0, 0, 1);
    put_entry(0xc0, 0, 0, 0x1a0);
    put_data(0x180, AT + 0x300, 8);
    put_data(0x190, AT + 0x310, 9);
    put_data(0x1a0, AT + 0x320, 10);
    rtl_pe_test_put(AT + TYPE_NAME, 4, 2);
    for (uint32_t i = 0; i < 4; i++)
        rtl_pe_test_put(AT + TYPE_NAME + 2 + 2 * i, data_name[i], 2);
}

static NTSTATUS find(struct rtl_pe_resource_key type, struct rtl_pe_resource_key name,
                     struct rtl_pe_resource_key language, struct rtl_pe_resource *found)
{
    struct rtl_pe pe;
    const struct rtl_pe_resource_key path[3] = { type, name, language };
    NTSTATUS status = rtl_pe_test_open(&pe, RTL_PE_FILE);
    return NT_SUCCESS(status) ? rtl_pe_find_resource(&pe, path, found) : status;
}

TEST(rtl_pe_resources, a_number_is_found_in_its_language)
{
    struct rtl_pe_resource found;
    make_resources();
    EXPECT(find(version, one, english, &found) == STATUS_SUCCESS && found.bytes == 9);
    EXPECT(found.rva == AT + 0x310 && found.code_page == 1252);
    EXPECT(find(version, one, german, &found) == STATUS_SUCCESS && found.bytes == 8);
    EXPECT(find(version, one, any, &found) == STATUS_SUCCESS && found.bytes == 8);
    EXPECT(find(version, any, english, &found) == STATUS_SUCCESS && found.bytes == 9);
    EXPECT_EQ(find(version, one, one, &found), STATUS_NOT_FOUND);
    EXPECT_EQ(find(version, english, any, &found), STATUS_NOT_FOUND);
    EXPECT_EQ(find(one, one, any, &found), STATUS_NOT_FOUND);
}

TEST(rtl_pe_resources, names_are_compared_in_full)
{
    struct rtl_pe_resource found;
    make_resources();
    EXPECT(find(data, data, any, &found) == STATUS_SUCCESS && found.bytes == 10);
    EXPECT_EQ(find(date, data, any, &found), STATUS_NOT_FOUND);
    EXPECT_EQ(find(dat, data, any, &found), STATUS_NOT_FOUND);
    EXPECT_EQ(find(data, one, any, &found), STATUS_NOT_FOUND);
    EXPECT_EQ(find(version, data, any, &found), STATUS_NOT_FOUND);
}

TEST(rtl_pe_resources, a_tree_that_is_none_is_refused)
{
    struct rtl_pe_resource found;
    rtl_pe_test_begin();
    EXPECT_EQ(find(version, one, any, &found), STATUS_NOT_FOUND);
    make_resources();
    put_entry(0, 1, RTL_PE_RESOURCE_VERSION, 0x180); /* data too early */
    EXPECT_EQ(find(version, one, any, &found), STATUS_INVALID_IMAGE_FORMAT);
    make_resources();
    put_entry(0x60, 0, 0x407, DIRECTORY | 0x40); /* a fourth level */
    EXPECT_EQ(find(version, one, any, &found), STATUS_INVALID_IMAGE_FORMAT);
    make_resources();
    put_entry(0, 1, RTL_PE_RESOURCE_VERSION, DIRECTORY | 0x7fffffff);
    EXPECT_EQ(find(version, one, any, &found), STATUS_INVALID_IMAGE_FORMAT);
    make_resources();
    put_data(0x180, PE_TEST_IMAGE_BYTES, 0);
    EXPECT_EQ(find(version, one, any, &found), STATUS_INVALID_IMAGE_FORMAT);
    put_data(0x180, AT, PE_TEST_IMAGE_BYTES);
    EXPECT_EQ(find(version, one, any, &found), STATUS_INVALID_IMAGE_FORMAT);
    put_entry(0x60, 0, 0x407, 0x7fffffff);
    EXPECT_EQ(find(version, one, any, &found), STATUS_INVALID_IMAGE_FORMAT);
}

TEST(rtl_pe_resources, names_and_entries_that_run_out_of_the_image_are_not_read)
{
    struct rtl_pe_resource found;
    make_resources();
    rtl_pe_test_directory(IMAGE_DIRECTORY_ENTRY_RESOURCE, PE_TEST_RELOC + 0xff0, 16);
    rtl_pe_test_put(PE_TEST_RELOC, 0, 4);
    EXPECT_EQ(find(version, one, any, &found), STATUS_NOT_FOUND); /* an empty directory of zeros */
    make_resources();
    put_directory(0, 1, 0xffff);
    EXPECT_EQ(find(nothing, one, any, &found), STATUS_INVALID_IMAGE_FORMAT);
    make_resources();
    put_entry(0, 0, DIRECTORY | 0x7ffffff0, DIRECTORY | 0xa0);
    EXPECT_EQ(find(data, data, any, &found), STATUS_NOT_FOUND);
    put_entry(0, 0, DIRECTORY | (PE_TEST_IMAGE_BYTES - AT - 4), DIRECTORY | 0xa0);
    EXPECT_EQ(find(data, data, any, &found), STATUS_NOT_FOUND);
}
