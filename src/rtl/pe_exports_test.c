/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of pe_exports.c: five functions from ordinal 10 on, one of them a gap, one forwarded, three with names. */
#include "rtl/pe_test.h"

#define DIRECTORY PE_TEST_RDATA
#define FUNCTIONS (DIRECTORY + 0x40)
#define NAMES     (DIRECTORY + 0x60)
#define ORDINALS  (DIRECTORY + 0x80)
#define TEXTS     (DIRECTORY + 0x100)
#define BYTES     0x180u

static void put_name(uint32_t index, const char *text, uint16_t function)
{
    rtl_pe_test_put_text(TEXTS + 16 * index, text);
    rtl_pe_test_put(NAMES + 4 * index, TEXTS + 16 * index, 4);
    rtl_pe_test_put(ORDINALS + 2 * index, function, 2);
}

static void make_exports(void)
{
    rtl_pe_test_begin();
    rtl_pe_test_directory(IMAGE_DIRECTORY_ENTRY_EXPORT, DIRECTORY, BYTES);
    rtl_pe_test_put(DIRECTORY + offsetof(IMAGE_EXPORT_DIRECTORY, Base), 10, 4);
    rtl_pe_test_put(DIRECTORY + offsetof(IMAGE_EXPORT_DIRECTORY, NumberOfFunctions), 5, 4);
    rtl_pe_test_put(DIRECTORY + offsetof(IMAGE_EXPORT_DIRECTORY, NumberOfNames), 3, 4);
    rtl_pe_test_put(DIRECTORY + offsetof(IMAGE_EXPORT_DIRECTORY, AddressOfFunctions), FUNCTIONS, 4);
    rtl_pe_test_put(DIRECTORY + offsetof(IMAGE_EXPORT_DIRECTORY, AddressOfNames), NAMES, 4);
    rtl_pe_test_put(DIRECTORY + offsetof(IMAGE_EXPORT_DIRECTORY, AddressOfNameOrdinals), ORDINALS,
                    4);
    rtl_pe_test_put(FUNCTIONS, 0x1010, 4);
    rtl_pe_test_put(FUNCTIONS + 4, 0x1020, 4);
    rtl_pe_test_put(FUNCTIONS + 8, 0, 4);
    rtl_pe_test_put(FUNCTIONS + 12, DIRECTORY + 0x170, 4);
    rtl_pe_test_put(FUNCTIONS + 16, 0x2000, 4);
    rtl_pe_test_put_text(DIRECTORY + 0x170, "HAL.Halt");
    put_name(0, "Alpha", 1);
    put_name(1, "Beta", 0);
    put_name(2, "Gone", 3);
}

static NTSTATUS find(const char *name, struct rtl_pe_export *found)
{
    static struct rtl_pe pe;
    static struct rtl_pe_exports exports;
    NTSTATUS status = rtl_pe_test_open(&pe, RTL_PE_FILE);
    if (NT_SUCCESS(status))
        status = rtl_pe_exports_open(&pe, &exports);
    return NT_SUCCESS(status) ? rtl_pe_export_find(&exports, name, found) : status;
}

TEST(rtl_pe_exports, names_are_found)
{
    struct rtl_pe_export found;
    make_exports();
    EXPECT(find("Alpha", &found) == STATUS_SUCCESS && found.rva == 0x1020 && found.ordinal == 11);
    EXPECT(rtl_pe_test_name_is(found.name, "Alpha") && found.forwarder.chars == NULL);
    EXPECT(find("Beta", &found) == STATUS_SUCCESS && found.rva == 0x1010 && found.ordinal == 10);
    EXPECT_EQ(find("Alph", &found), STATUS_ENTRYPOINT_NOT_FOUND);
    EXPECT_EQ(find("Alpha1", &found), STATUS_ENTRYPOINT_NOT_FOUND);
    EXPECT_EQ(find("", &found), STATUS_ENTRYPOINT_NOT_FOUND);
}

TEST(rtl_pe_exports, unsorted_names_are_found_as_well)
{
    struct rtl_pe_export found;
    make_exports();
    put_name(0, "Zeta", 1);
    put_name(2, "Aleph", 4);
    EXPECT(find("Zeta", &found) == STATUS_SUCCESS && found.rva == 0x1020);
    EXPECT(find("Aleph", &found) == STATUS_SUCCESS && found.rva == 0x2000);
    EXPECT(find("Beta", &found) == STATUS_SUCCESS && found.rva == 0x1010);
}

TEST(rtl_pe_exports, a_forwarder_is_reported_as_such)
{
    struct rtl_pe_export found;
    make_exports();
    EXPECT(find("Gone", &found) == STATUS_SUCCESS &&
           rtl_pe_test_name_is(found.forwarder, "HAL.Halt"));
    rtl_pe_test_put(FUNCTIONS + 12, DIRECTORY + BYTES, 4); /* behind the directory: code */
    EXPECT(find("Gone", &found) == STATUS_SUCCESS && found.forwarder.chars == NULL);
}

TEST(rtl_pe_exports, ordinals_have_a_base_and_gaps)
{
    struct rtl_pe pe;
    struct rtl_pe_exports exports;
    struct rtl_pe_export found;
    make_exports();
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_MAPPED)));
    REQUIRE(NT_SUCCESS(rtl_pe_exports_open(&pe, &exports)));
    EXPECT_EQ(rtl_pe_export_by_ordinal(&exports, 14, &found), STATUS_SUCCESS);
    EXPECT(found.rva == 0x2000 && found.name.length == 0 && found.ordinal == 14);
    EXPECT_EQ(rtl_pe_export_by_ordinal(&exports, 12, &found), STATUS_ORDINAL_NOT_FOUND);
    EXPECT_EQ(rtl_pe_export_by_ordinal(&exports, 9, &found), STATUS_ORDINAL_NOT_FOUND);
    EXPECT_EQ(rtl_pe_export_by_ordinal(&exports, 15, &found), STATUS_ORDINAL_NOT_FOUND);
}

TEST(rtl_pe_exports, names_are_walked_in_order)
{
    struct rtl_pe pe;
    struct rtl_pe_exports exports;
    struct rtl_pe_export found;
    make_exports();
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    REQUIRE(NT_SUCCESS(rtl_pe_exports_open(&pe, &exports)));
    EXPECT(rtl_pe_export_name(&exports, 0, &found) == STATUS_SUCCESS &&
           rtl_pe_test_name_is(found.name, "Alpha"));
    EXPECT(rtl_pe_export_name(&exports, 2, &found) == STATUS_SUCCESS &&
           rtl_pe_test_name_is(found.name, "Gone"));
    EXPECT_EQ(rtl_pe_export_name(&exports, 3, &found), STATUS_NO_MORE_ENTRIES);
}

TEST(rtl_pe_exports, an_image_without_exports_is_no_error)
{
    struct rtl_pe_export found;
    rtl_pe_test_begin();
    EXPECT_EQ(find("Alpha", &found), STATUS_NOT_FOUND);
}

TEST(rtl_pe_exports, tables_that_lead_outside_are_refused)
{
    struct rtl_pe_export found;
    make_exports();
    rtl_pe_test_put(ORDINALS, 5, 2); /* no such function */
    EXPECT_EQ(find("Alpha", &found), STATUS_INVALID_IMAGE_FORMAT);
    make_exports();
    rtl_pe_test_put(FUNCTIONS + 4, PE_TEST_IMAGE_BYTES, 4);
    EXPECT_EQ(find("Alpha", &found), STATUS_INVALID_IMAGE_FORMAT);
    make_exports();
    rtl_pe_test_put(DIRECTORY + offsetof(IMAGE_EXPORT_DIRECTORY, AddressOfFunctions), 0xfffffffc,
                    4);
    EXPECT_EQ(find("Alpha", &found), STATUS_INVALID_IMAGE_FORMAT);
    make_exports();
    rtl_pe_test_put(DIRECTORY + offsetof(IMAGE_EXPORT_DIRECTORY, AddressOfNames), 0xfffffffc, 4);
    EXPECT_EQ(find("Alpha", &found), STATUS_ENTRYPOINT_NOT_FOUND);
    make_exports();
    rtl_pe_test_put(NAMES + 4, 0x00ffffff, 4); /* the middle one: the search goes on without it */
    EXPECT_EQ(find("Alpha", &found), STATUS_SUCCESS);
    make_exports();
    rtl_pe_test_put(DIRECTORY + offsetof(IMAGE_EXPORT_DIRECTORY, NumberOfNames), 0x10001, 4);
    EXPECT_EQ(find("Alpha", &found), STATUS_INVALID_IMAGE_FORMAT);
    make_exports();
    rtl_pe_test_put(DIRECTORY + offsetof(IMAGE_EXPORT_DIRECTORY, NumberOfFunctions), 0x10001, 4);
    EXPECT_EQ(find("Alpha", &found), STATUS_INVALID_IMAGE_FORMAT);
    make_exports();
    rtl_pe_test_directory(IMAGE_DIRECTORY_ENTRY_EXPORT, PE_TEST_IMAGE_BYTES - 8, 40);
    EXPECT_EQ(find("Alpha", &found), STATUS_INVALID_IMAGE_FORMAT);
}

TEST(rtl_pe_exports, broken_names_and_forwarders_are_refused_on_the_walk)
{
    struct rtl_pe pe;
    struct rtl_pe_exports exports;
    struct rtl_pe_export found;
    make_exports();
    rtl_pe_test_put(NAMES, 0x00ffffff, 4);
    rtl_pe_test_directory(IMAGE_DIRECTORY_ENTRY_EXPORT, DIRECTORY, 0x10000);
    rtl_pe_test_put(FUNCTIONS + 16, PE_TEST_IMAGE_BYTES + 8,
                    4); /* in the directory, not in the image */
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    REQUIRE(NT_SUCCESS(rtl_pe_exports_open(&pe, &exports)));
    EXPECT_EQ(rtl_pe_export_name(&exports, 0, &found), STATUS_INVALID_IMAGE_FORMAT);
    EXPECT_EQ(rtl_pe_export_by_ordinal(&exports, 14, &found), STATUS_INVALID_IMAGE_FORMAT);
    exports.directory.AddressOfNameOrdinals = 0xffffffff;
    EXPECT_EQ(rtl_pe_export_name(&exports, 1, &found), STATUS_INVALID_IMAGE_FORMAT);
    exports.directory.AddressOfNames = 0xffffffff;
    EXPECT_EQ(rtl_pe_export_name(&exports, 1, &found), STATUS_INVALID_IMAGE_FORMAT);
}
