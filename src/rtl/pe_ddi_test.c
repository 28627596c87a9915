/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of pe_ddi.c. */
#include "rtl/pe_test.h"

#include <nt/rtl_ddi.h>

#include "rtl/memory.h"

TEST(rtl_pe_ddi, the_headers_are_found)
{
    IMAGE_NT_HEADERS *headers = NULL;
    rtl_pe_test_begin();
    EXPECT(RtlImageNtHeader(rtl_pe_test_file) == (void *)(rtl_pe_test_file + PE_TEST_NT));
    EXPECT(RtlImageNtHeader(NULL) == NULL);
    EXPECT_EQ(RtlImageNtHeaderEx(0, rtl_pe_test_file, sizeof(rtl_pe_test_file), &headers),
              STATUS_SUCCESS);
    EXPECT(headers == (void *)(rtl_pe_test_file + PE_TEST_NT));
    EXPECT_EQ(RtlImageNtHeaderEx(0, rtl_pe_test_file, PE_TEST_NT + 24, &headers), STATUS_SUCCESS);
    EXPECT_EQ(RtlImageNtHeaderEx(0, rtl_pe_test_file, PE_TEST_NT + 23, &headers),
              STATUS_INVALID_IMAGE_FORMAT);
    EXPECT(headers == NULL);
    EXPECT_EQ(RtlImageNtHeaderEx(0, rtl_pe_test_file, 63, &headers), STATUS_INVALID_IMAGE_FORMAT);
    EXPECT_EQ(RtlImageNtHeaderEx(2, rtl_pe_test_file, 63, &headers), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(RtlImageNtHeaderEx(0, rtl_pe_test_file, 63, NULL), STATUS_INVALID_PARAMETER);
}

TEST(rtl_pe_ddi, what_is_no_image_has_no_headers)
{
    rtl_pe_test_begin();
    rtl_pe_test_put(offsetof(IMAGE_DOS_HEADER, e_lfanew), 0x10000000, 4);
    EXPECT(RtlImageNtHeader(rtl_pe_test_file) == NULL);
    rtl_pe_test_put(offsetof(IMAGE_DOS_HEADER, e_lfanew), PE_TEST_NT + 2, 4);
    EXPECT(RtlImageNtHeader(rtl_pe_test_file) == NULL);
    rtl_pe_test_begin();
    rtl_pe_test_put(PE_TEST_NT, 0, 1);
    EXPECT(RtlImageNtHeader(rtl_pe_test_file) == NULL);
    rtl_pe_test_begin();
    rtl_pe_test_put(0, 0, 1);
    EXPECT(RtlImageNtHeader(rtl_pe_test_file) == NULL);
}

TEST(rtl_pe_ddi, a_directory_is_found_in_memory_and_in_a_file)
{
    ULONG bytes = 0;
    rtl_pe_test_begin();
    rtl_pe_test_directory(3, PE_TEST_DATA + 0x10, 0x20);
    rtl_pe_test_directory(4, 0x200, 0x8);
    rtl_pe_test_directory(5, PE_TEST_DATA + 0x210, 0x8); /* where the file has nothing */
    REQUIRE(rtl_pe_test_map());
    EXPECT(RtlImageDirectoryEntryToData(rtl_pe_test_memory, TRUE, 3, &bytes) ==
           rtl_pe_test_memory + PE_TEST_DATA + 0x10);
    EXPECT_EQ(bytes, 0x20);
    EXPECT(RtlImageDirectoryEntryToData(rtl_pe_test_file, FALSE, 3, &bytes) ==
           rtl_pe_test_file + 0x610);
    EXPECT(RtlImageDirectoryEntryToData(rtl_pe_test_file, FALSE, 4, &bytes) ==
           rtl_pe_test_file + 0x200);
    EXPECT(RtlImageDirectoryEntryToData(rtl_pe_test_file, FALSE, 5, &bytes) == NULL && bytes == 0);
    EXPECT(RtlImageDirectoryEntryToData(rtl_pe_test_file, TRUE, 6, &bytes) == NULL);
    EXPECT(RtlImageDirectoryEntryToData(rtl_pe_test_file, TRUE, 16, &bytes) == NULL);
    EXPECT(RtlImageDirectoryEntryToData(rtl_pe_test_file + 4, TRUE, 3, &bytes) == NULL);
    rtl_pe_test_put(PE_TEST_FILE_AT(SizeOfOptionalHeader), 112 + 24, 2); /* three directories */
    EXPECT(RtlImageDirectoryEntryToData(rtl_pe_test_file, FALSE, 3, &bytes) == NULL);
    rtl_pe_test_put(PE_TEST_FILE_AT(SizeOfOptionalHeader), 111, 2);
    EXPECT(RtlImageDirectoryEntryToData(rtl_pe_test_file, FALSE, 0, &bytes) == NULL);
}

TEST(rtl_pe_ddi, directories_of_32_bit_images_are_found_as_well)
{
    ULONG bytes = 0;
    rtl_pe_test_begin();
    rtl_pe_test_put(PE_TEST_OPTIONAL_AT(Magic), IMAGE_NT_OPTIONAL_HDR32_MAGIC, 2);
    rtl_pe_test_put(PE_TEST_OPTIONAL + 92, 16, 4);
    rtl_pe_test_put(PE_TEST_OPTIONAL + 96 + 8, 0x240, 4);
    rtl_pe_test_put(PE_TEST_OPTIONAL + 96 + 12, 0x10, 4);
    EXPECT(RtlImageDirectoryEntryToData(rtl_pe_test_file, TRUE, 1, &bytes) ==
           rtl_pe_test_file + 0x240);
    EXPECT_EQ(bytes, 0x10);
    rtl_pe_test_put(PE_TEST_OPTIONAL_AT(Magic), 0x107, 2);
    EXPECT(RtlImageDirectoryEntryToData(rtl_pe_test_file, TRUE, 1, &bytes) == NULL);
}

TEST(rtl_pe_ddi, headers_may_stand_at_a_multiple_of_four)
{
    ULONG bytes = 0;
    rtl_pe_test_begin();
    rtl_pe_test_directory(3, PE_TEST_DATA, 0x20);
    memmove(rtl_pe_test_file + PE_TEST_NT + 4, rtl_pe_test_file + PE_TEST_NT, 0x200);
    rtl_pe_test_put(offsetof(IMAGE_DOS_HEADER, e_lfanew), PE_TEST_NT + 4, 4);
    EXPECT(RtlImageNtHeader(rtl_pe_test_file) == (void *)(rtl_pe_test_file + PE_TEST_NT + 4));
    EXPECT(RtlImageDirectoryEntryToData(rtl_pe_test_file, FALSE, 3, &bytes) ==
           rtl_pe_test_file + 0x600);
    REQUIRE(rtl_pe_test_map());
    EXPECT(RtlFindExportedRoutineByName(rtl_pe_test_memory, "Here") == NULL);
}

TEST(rtl_pe_ddi, routines_are_found_by_name)
{
    const uint32_t at = PE_TEST_RDATA;
    rtl_pe_test_begin();
    rtl_pe_test_directory(IMAGE_DIRECTORY_ENTRY_EXPORT, at, 0x80);
    rtl_pe_test_put(at + offsetof(IMAGE_EXPORT_DIRECTORY, NumberOfFunctions), 2, 4);
    rtl_pe_test_put(at + offsetof(IMAGE_EXPORT_DIRECTORY, NumberOfNames), 2, 4);
    rtl_pe_test_put(at + offsetof(IMAGE_EXPORT_DIRECTORY, AddressOfFunctions), at + 0x28, 4);
    rtl_pe_test_put(at + offsetof(IMAGE_EXPORT_DIRECTORY, AddressOfNames), at + 0x30, 4);
    rtl_pe_test_put(at + offsetof(IMAGE_EXPORT_DIRECTORY, AddressOfNameOrdinals), at + 0x38, 4);
    rtl_pe_test_put(at + 0x28, 0x1040, 4);
    rtl_pe_test_put(at + 0x2c, at + 0x50, 4); /* inside the directory: a forwarder */
    rtl_pe_test_put(at + 0x30, at + 0x40, 4);
    rtl_pe_test_put(at + 0x34, at + 0x48, 4);
    rtl_pe_test_put(at + 0x3a, 1, 2);
    rtl_pe_test_put_text(at + 0x40, "Here");
    rtl_pe_test_put_text(at + 0x48, "There");
    rtl_pe_test_put_text(at + 0x50, "HAL.There");
    REQUIRE(rtl_pe_test_map());
    EXPECT(RtlFindExportedRoutineByName(rtl_pe_test_memory, "Here") == rtl_pe_test_memory + 0x1040);
    EXPECT(RtlFindExportedRoutineByName(rtl_pe_test_memory, "There") == NULL);
    EXPECT(RtlFindExportedRoutineByName(rtl_pe_test_memory, "Nowhere") == NULL);
    EXPECT(RtlFindExportedRoutineByName(rtl_pe_test_memory + 4, "Here") == NULL);
    rtl_pe_test_directory(IMAGE_DIRECTORY_ENTRY_EXPORT, 0, 0);
    REQUIRE(rtl_pe_test_map());
    EXPECT(RtlFindExportedRoutineByName(rtl_pe_test_memory, "Here") == NULL);
    rtl_pe_test_memory[PE_TEST_FILE_AT(Characteristics)] = 0;
    EXPECT(RtlFindExportedRoutineByName(rtl_pe_test_memory, "Here") == NULL);
}
