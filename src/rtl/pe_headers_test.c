/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of pe_headers.c: each break of the headers has its own name and status. */
#include "rtl/pe_test.h"

#include "rtl/memory.h"

static enum rtl_pe_refusal refusal_of(size_t length, NTSTATUS *status)
{
    struct rtl_pe pe;
    enum rtl_pe_refusal refusal;
    *status =
        rtl_pe_open(&pe, rtl_pe_test_file, length, RTL_PE_FILE, IMAGE_FILE_MACHINE_AMD64, &refusal);
    return refusal;
}

/* The image with one field changed. */
static enum rtl_pe_refusal refusal_with(uint32_t at, uint64_t value, uint32_t bytes)
{
    NTSTATUS status;
    rtl_pe_test_begin();
    rtl_pe_test_put(at, value, bytes);
    return refusal_of(PE_TEST_FILE_BYTES, &status);
}

TEST(rtl_pe_headers, a_good_image_is_opened_and_described)
{
    struct rtl_pe pe;
    enum rtl_pe_refusal refusal = RTL_PE_DOS;
    rtl_pe_test_begin();
    EXPECT_EQ(rtl_pe_open(&pe, rtl_pe_test_file, PE_TEST_FILE_BYTES, RTL_PE_FILE,
                          IMAGE_FILE_MACHINE_AMD64, &refusal),
              STATUS_SUCCESS);
    EXPECT(refusal == RTL_PE_NONE && pe.nt_at == PE_TEST_NT && !pe.flat);
    EXPECT(pe.optional.ImageBase == PE_TEST_BASE && pe.image_bytes == PE_TEST_IMAGE_BYTES);
    EXPECT_EQ(pe.file.NumberOfSections, 4);
}

TEST(rtl_pe_headers, other_kinds_of_files_are_told_apart)
{
    NTSTATUS status;
    rtl_pe_test_begin();
    EXPECT(refusal_of(1, &status) == RTL_PE_NOT_MZ && status == STATUS_INVALID_IMAGE_NOT_MZ);
    EXPECT(refusal_of(63, &status) == RTL_PE_DOS && status == STATUS_INVALID_IMAGE_PROTECT);
    rtl_pe_test_put(0, 0x7f, 1);
    EXPECT(refusal_of(PE_TEST_FILE_BYTES, &status) == RTL_PE_NOT_MZ);
    rtl_pe_test_begin();
    rtl_pe_test_put(offsetof(IMAGE_DOS_HEADER, e_lfanew), 0xfffffff0, 4);
    EXPECT(refusal_of(PE_TEST_FILE_BYTES, &status) == RTL_PE_DOS);
    rtl_pe_test_put(offsetof(IMAGE_DOS_HEADER, e_lfanew), PE_TEST_FILE_BYTES - 3, 4);
    EXPECT(refusal_of(PE_TEST_FILE_BYTES, &status) == RTL_PE_DOS);
    rtl_pe_test_put(offsetof(IMAGE_DOS_HEADER, e_lfarlc), 0x40, 2);
    EXPECT(refusal_of(PE_TEST_FILE_BYTES, &status) == RTL_PE_NO_SIGNATURE);
    EXPECT_EQ(status, STATUS_INVALID_IMAGE_FORMAT);
    rtl_pe_test_put(offsetof(IMAGE_DOS_HEADER, e_lfanew), 8, 4); /* within the DOS header */
    EXPECT(refusal_of(PE_TEST_FILE_BYTES, &status) == RTL_PE_DOS);
}

TEST(rtl_pe_headers, sixteen_bit_and_os2_files_are_told_apart)
{
    NTSTATUS status;
    rtl_pe_test_begin();
    rtl_pe_test_put(PE_TEST_NT, 0x454e, 4);
    rtl_pe_test_put(PE_TEST_NT + 0x36, 2, 1);
    EXPECT(refusal_of(PE_TEST_FILE_BYTES, &status) == RTL_PE_WIN_16);
    EXPECT_EQ(status, STATUS_INVALID_IMAGE_WIN_16);
    rtl_pe_test_put(PE_TEST_NT + 0x36, 4, 1);
    EXPECT(refusal_of(PE_TEST_FILE_BYTES, &status) == RTL_PE_WIN_16);
    rtl_pe_test_put(PE_TEST_NT + 0x36, 1, 1);
    EXPECT(refusal_of(PE_TEST_FILE_BYTES, &status) == RTL_PE_NE);
    EXPECT_EQ(status, STATUS_INVALID_IMAGE_NE_FORMAT);
    EXPECT(refusal_of(PE_TEST_NT + 0x36, &status) == RTL_PE_NE);
    rtl_pe_test_put(PE_TEST_NT, 0x454c, 4);
    EXPECT(refusal_of(PE_TEST_FILE_BYTES, &status) == RTL_PE_LE);
    EXPECT_EQ(status, STATUS_INVALID_IMAGE_LE_FORMAT);
    rtl_pe_test_put(PE_TEST_NT, 0x584c, 4);
    EXPECT(refusal_of(PE_TEST_FILE_BYTES, &status) == RTL_PE_LE);
}

TEST(rtl_pe_headers, an_image_for_another_processor_is_named)
{
    struct rtl_pe pe;
    NTSTATUS status;
    enum rtl_pe_refusal refusal;
    EXPECT_EQ(refusal_with(PE_TEST_FILE_AT(Machine), IMAGE_FILE_MACHINE_ARM64, 2), RTL_PE_MACHINE);
    EXPECT_EQ(refusal_with(PE_TEST_OPTIONAL_AT(Magic), 0x107, 2), RTL_PE_MAGIC);
    rtl_pe_test_begin();
    rtl_pe_test_put(PE_TEST_OPTIONAL_AT(Magic), IMAGE_NT_OPTIONAL_HDR32_MAGIC, 2);
    EXPECT(refusal_of(PE_TEST_FILE_BYTES, &status) == RTL_PE_WIN_32);
    EXPECT_EQ(status, STATUS_INVALID_IMAGE_WIN_32);
    rtl_pe_test_begin();
    status = rtl_pe_open(&pe, rtl_pe_test_file, PE_TEST_FILE_BYTES, RTL_PE_FILE,
                         IMAGE_FILE_MACHINE_I386, &refusal);
    EXPECT(status == STATUS_INVALID_IMAGE_WIN_64 && refusal == RTL_PE_WIN_64);
    rtl_pe_test_put(PE_TEST_FILE_AT(Machine), IMAGE_FILE_MACHINE_ARM64, 2);
    status = rtl_pe_open(&pe, rtl_pe_test_file, PE_TEST_FILE_BYTES, RTL_PE_FILE,
                         IMAGE_FILE_MACHINE_ARM64, NULL);
    EXPECT_EQ(status, STATUS_SUCCESS);
}

TEST(rtl_pe_headers, a_file_that_ends_in_its_headers_is_truncated)
{
    NTSTATUS status;
    rtl_pe_test_begin();
    EXPECT_EQ(refusal_of(PE_TEST_OPTIONAL + 1, &status), RTL_PE_TRUNCATED);
    EXPECT_EQ(refusal_of(PE_TEST_OPTIONAL + 239, &status), RTL_PE_TRUNCATED);
    EXPECT_EQ(refusal_of(PE_TEST_SECTIONS + 159, &status), RTL_PE_TRUNCATED);
    EXPECT_EQ(refusal_of(PE_TEST_SECTIONS + 160, &status), RTL_PE_HEADER_SIZE);
    EXPECT_EQ(refusal_with(PE_TEST_FILE_AT(SizeOfOptionalHeader), 111, 2), RTL_PE_OPTIONAL_SIZE);
}

TEST(rtl_pe_headers, a_short_optional_header_has_fewer_directories)
{
    struct rtl_pe pe;
    IMAGE_DATA_DIRECTORY directory;
    rtl_pe_test_begin();
    rtl_pe_test_directory(0, 0x4000, 40);
    rtl_pe_test_directory(1, 0x4000, 40);
    rtl_pe_test_put(PE_TEST_FILE_AT(SizeOfOptionalHeader), 112 + 8, 2);
    rtl_pe_test_put(PE_TEST_FILE_AT(NumberOfSections), 0, 2);
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    EXPECT(rtl_pe_directory(&pe, 0, &directory));
    EXPECT(!rtl_pe_directory(&pe, 1, &directory));
}

TEST(rtl_pe_headers, alignments_have_to_fit_each_other)
{
    const uint32_t section = PE_TEST_OPTIONAL_AT(SectionAlignment);
    const uint32_t file = PE_TEST_OPTIONAL_AT(FileAlignment);
    EXPECT_EQ(refusal_with(section, 0, 4), RTL_PE_ALIGNMENT);
    EXPECT_EQ(refusal_with(section, 0x1800, 4), RTL_PE_ALIGNMENT);
    EXPECT_EQ(refusal_with(file, 0x300, 4), RTL_PE_ALIGNMENT);
    EXPECT_EQ(refusal_with(file, 0x2000, 4), RTL_PE_ALIGNMENT); /* more than the section's */
    EXPECT_EQ(refusal_with(file, 0x100, 4), RTL_PE_ALIGNMENT);
    EXPECT_EQ(refusal_with(section, 0x800, 4), RTL_PE_ALIGNMENT); /* below a page, not the same */
    EXPECT_EQ(refusal_with(section, 0x200, 4), RTL_PE_SECTION_FLAT);
    EXPECT_EQ(refusal_with(section, 0x2000, 4), RTL_PE_SECTION_ADDRESS);
}

TEST(rtl_pe_headers, sizes_and_limits_are_held)
{
    EXPECT_EQ(refusal_with(PE_TEST_FILE_AT(Characteristics), 0, 2), RTL_PE_NOT_EXECUTABLE);
    EXPECT_EQ(refusal_with(PE_TEST_OPTIONAL_AT(ImageBase), 0x140001000, 8), RTL_PE_BASE);
    EXPECT_EQ(refusal_with(PE_TEST_OPTIONAL_AT(ImageBase), 0xffffffffffff0000, 8), RTL_PE_NONE);
    EXPECT_EQ(refusal_with(PE_TEST_OPTIONAL_AT(SizeOfImage), 0, 4), RTL_PE_IMAGE_SIZE);
    EXPECT_EQ(refusal_with(PE_TEST_OPTIONAL_AT(SizeOfImage), 0x80000000, 4), RTL_PE_IMAGE_SIZE);
    EXPECT_EQ(refusal_with(PE_TEST_OPTIONAL_AT(SizeOfImage), 0x5001, 4), RTL_PE_NONE);
    EXPECT_EQ(refusal_with(PE_TEST_OPTIONAL_AT(SizeOfImage), 0x5000, 4), RTL_PE_SECTION_SIZE);
    EXPECT_EQ(refusal_with(PE_TEST_OPTIONAL_AT(SizeOfHeaders), PE_TEST_SECTIONS + 159, 4),
              RTL_PE_HEADER_SIZE);
    EXPECT_EQ(refusal_with(PE_TEST_OPTIONAL_AT(SizeOfHeaders), 0x7000, 4), RTL_PE_HEADER_SIZE);
    EXPECT_EQ(refusal_with(PE_TEST_FILE_AT(NumberOfSections), 97, 2), RTL_PE_SECTION_COUNT);
    EXPECT_EQ(refusal_with(PE_TEST_OPTIONAL_AT(AddressOfEntryPoint), PE_TEST_IMAGE_BYTES, 4),
              RTL_PE_ENTRY);
    EXPECT_EQ(refusal_with(PE_TEST_OPTIONAL_AT(AddressOfEntryPoint), 0, 4), RTL_PE_NONE);
}

TEST(rtl_pe_headers, a_size_that_wraps_around_the_base_is_refused)
{
    NTSTATUS status;
    rtl_pe_test_begin();
    rtl_pe_test_put(PE_TEST_OPTIONAL_AT(ImageBase), 0xffffffffffff0000, 8);
    rtl_pe_test_put(PE_TEST_OPTIONAL_AT(SizeOfImage), 0x20000, 4);
    EXPECT_EQ(refusal_of(PE_TEST_FILE_BYTES, &status), RTL_PE_IMAGE_SIZE);
    rtl_pe_test_begin();
    rtl_pe_test_put(PE_TEST_OPTIONAL_AT(SizeOfImage), 0x200, 4);
    EXPECT_EQ(refusal_of(PE_TEST_FILE_BYTES, &status), RTL_PE_HEADER_SIZE);
}

TEST(rtl_pe_headers, sections_follow_each_other)
{
    const uint32_t text = PE_TEST_SECTION_AT(0, VirtualAddress);
    const uint32_t data = PE_TEST_SECTION_AT(1, VirtualAddress);
    EXPECT_EQ(refusal_with(text, 0, 4), RTL_PE_SECTION_ADDRESS);      /* over the headers */
    EXPECT_EQ(refusal_with(text, 0x1010, 4), RTL_PE_SECTION_ADDRESS); /* not aligned */
    EXPECT_EQ(refusal_with(data, 0x1000, 4), RTL_PE_SECTION_ADDRESS); /* overlaps */
    EXPECT_EQ(refusal_with(PE_TEST_SECTION_AT(3, Misc), 0x1001, 4), RTL_PE_SECTION_SIZE);
    EXPECT_EQ(refusal_with(PE_TEST_SECTION_AT(3, Misc), 0xffffffff, 4), RTL_PE_SECTION_SIZE);
    EXPECT_EQ(refusal_with(PE_TEST_SECTION_AT(3, Misc), 0, 4), RTL_PE_NONE); /* the raw size */
    NTSTATUS status;
    rtl_pe_test_begin();
    rtl_pe_test_put(PE_TEST_OPTIONAL_AT(SizeOfImage), 0x7000, 4);
    rtl_pe_test_put(PE_TEST_SECTION_AT(3, VirtualAddress), 0x6000, 4); /* leaves a gap */
    EXPECT_EQ(refusal_of(PE_TEST_FILE_BYTES, &status), RTL_PE_SECTION_ADDRESS);
}

TEST(rtl_pe_headers, the_file_holds_what_sections_want)
{
    const uint32_t offset = PE_TEST_SECTION_AT(1, PointerToRawData);
    const uint32_t bytes = PE_TEST_SECTION_AT(1, SizeOfRawData);
    NTSTATUS status;
    EXPECT_EQ(refusal_with(bytes, 0x10000, 4), RTL_PE_SECTION_FILE);
    EXPECT_EQ(refusal_with(bytes, 0xffffffff, 4), RTL_PE_SECTION_FILE);
    EXPECT_EQ(refusal_with(offset, PE_TEST_FILE_BYTES, 4), RTL_PE_SECTION_FILE);
    EXPECT_EQ(refusal_with(offset, 0x680, 4), RTL_PE_SECTION_FILE); /* not at a sector */
    EXPECT_EQ(refusal_with(offset, 0, 4), RTL_PE_NONE);
    EXPECT_EQ(refusal_with(bytes, 0, 4), RTL_PE_NONE);
    rtl_pe_test_begin();
    EXPECT_EQ(refusal_of(PE_TEST_FILE_END - 1, &status), RTL_PE_SECTION_FILE);
    EXPECT_EQ(refusal_of(PE_TEST_FILE_END, &status), RTL_PE_NONE);
}

TEST(rtl_pe_headers, a_mapped_image_may_stand_at_any_page_and_needs_no_raw_data)
{
    struct rtl_pe pe;
    rtl_pe_test_begin();
    REQUIRE(rtl_pe_test_map());
    uint64_t base = 0xfffff80012345000;
    memcpy(rtl_pe_test_memory + PE_TEST_OPTIONAL_AT(ImageBase), &base, sizeof(base));
    rtl_pe_test_memory[PE_TEST_SECTION_AT(1, PointerToRawData) + 3] = 0x10; /* far beyond */
    EXPECT_EQ(rtl_pe_open(&pe, rtl_pe_test_memory, PE_TEST_IMAGE_BYTES, RTL_PE_MAPPED,
                          IMAGE_FILE_MACHINE_AMD64, NULL),
              STATUS_SUCCESS);
}

TEST(rtl_pe_headers, every_refusal_has_words_and_a_failure)
{
    EXPECT(rtl_pe_refusal_text(RTL_PE_REFUSAL_COUNT)[0] != 0);
    for (int i = RTL_PE_NONE; i < RTL_PE_REFUSAL_COUNT; i++) {
        const char *text = rtl_pe_refusal_text((enum rtl_pe_refusal)i);
        REQUIRE(text != NULL);
        EXPECT(strlen(text) > 8);
    }
    EXPECT(strcmp(rtl_pe_refusal_text(RTL_PE_WIN_16), "is a 16-bit Windows program") == 0);
}
