/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of pe.c, and the images that all tests of the parser are made on. */
#include "rtl/pe_test.h"

#include <nt/mm.h>

#include "rtl/memory.h"

uint8_t rtl_pe_test_file[PE_TEST_FILE_BYTES];
uint8_t rtl_pe_test_memory[PE_TEST_IMAGE_BYTES];

static const struct {
    const char *name;
    uint32_t rva, bytes, offset, stored, flags;
} sections[] = {
    { ".text", PE_TEST_TEXT, 0x180, 0x400, 0x200,
      IMAGE_SCN_CNT_CODE | IMAGE_SCN_MEM_READ | IMAGE_SCN_MEM_EXECUTE },
    { ".data", PE_TEST_DATA, 0x1800, 0x600, 0x200,
      IMAGE_SCN_CNT_INITIALIZED_DATA | IMAGE_SCN_MEM_READ | IMAGE_SCN_MEM_WRITE },
    { ".rdata", PE_TEST_RDATA, 0x800, 0x800, 0x800,
      IMAGE_SCN_CNT_INITIALIZED_DATA | IMAGE_SCN_MEM_READ },
    { ".reloc", PE_TEST_RELOC, 0x200, 0x1000, 0x200,
      IMAGE_SCN_CNT_INITIALIZED_DATA | IMAGE_SCN_MEM_READ | IMAGE_SCN_MEM_DISCARDABLE },
};

static uint32_t offset_of(uint32_t rva)
{
    for (size_t i = 0; i < ARRAY_COUNT(sections); i++) {
        if (rva >= sections[i].rva && rva - sections[i].rva < sections[i].stored)
            return sections[i].offset + rva - sections[i].rva;
    }
    return rva; /* the headers */
}

void rtl_pe_test_put(uint32_t rva, uint64_t value, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++)
        rtl_pe_test_file[offset_of(rva + i)] = (uint8_t)(value >> 8 * i);
}

void rtl_pe_test_put_text(uint32_t rva, const char *text)
{
    memcpy(rtl_pe_test_file + offset_of(rva), text, strlen(text) + 1);
}

void rtl_pe_test_directory(uint32_t index, uint32_t rva, uint32_t bytes)
{
    rtl_pe_test_put(PE_TEST_OPTIONAL_AT(DataDirectory) + 8 * index, rva, 4);
    rtl_pe_test_put(PE_TEST_OPTIONAL_AT(DataDirectory) + 8 * index + 4, bytes, 4);
}

uint64_t rtl_pe_test_value(const void *at, uint32_t bytes)
{
    uint64_t value = 0;
    memcpy(&value, at, bytes);
    return value;
}

void rtl_pe_test_begin(void)
{
    memset(rtl_pe_test_file, 0, sizeof(rtl_pe_test_file));
    rtl_pe_test_put(0, IMAGE_DOS_SIGNATURE, 2);
    rtl_pe_test_put(offsetof(IMAGE_DOS_HEADER, e_lfanew), PE_TEST_NT, 4);
    rtl_pe_test_put(PE_TEST_NT, IMAGE_NT_SIGNATURE, 4);
    rtl_pe_test_put(PE_TEST_FILE_AT(Machine), IMAGE_FILE_MACHINE_AMD64, 2);
    rtl_pe_test_put(PE_TEST_FILE_AT(NumberOfSections), ARRAY_COUNT(sections), 2);
    rtl_pe_test_put(PE_TEST_FILE_AT(SizeOfOptionalHeader), 240, 2);
    rtl_pe_test_put(PE_TEST_FILE_AT(Characteristics), IMAGE_FILE_EXECUTABLE_IMAGE, 2);
    rtl_pe_test_put(PE_TEST_OPTIONAL_AT(Magic), IMAGE_NT_OPTIONAL_HDR64_MAGIC, 2);
    rtl_pe_test_put(PE_TEST_OPTIONAL_AT(AddressOfEntryPoint), PE_TEST_TEXT, 4);
    rtl_pe_test_put(PE_TEST_OPTIONAL_AT(ImageBase), PE_TEST_BASE, 8);
    rtl_pe_test_put(PE_TEST_OPTIONAL_AT(SectionAlignment), 0x1000, 4);
    rtl_pe_test_put(PE_TEST_OPTIONAL_AT(FileAlignment), 0x200, 4);
    rtl_pe_test_put(PE_TEST_OPTIONAL_AT(SizeOfImage), PE_TEST_IMAGE_BYTES, 4);
    rtl_pe_test_put(PE_TEST_OPTIONAL_AT(SizeOfHeaders), 0x400, 4);
    rtl_pe_test_put(PE_TEST_OPTIONAL_AT(NumberOfRvaAndSizes), 16, 4);
    for (uint32_t i = 0; i < ARRAY_COUNT(sections); i++) {
        memcpy(rtl_pe_test_file + PE_TEST_SECTION_AT(i, Name), sections[i].name,
               strlen(sections[i].name));
        rtl_pe_test_put(PE_TEST_SECTION_AT(i, Misc), sections[i].bytes, 4);
        rtl_pe_test_put(PE_TEST_SECTION_AT(i, VirtualAddress), sections[i].rva, 4);
        rtl_pe_test_put(PE_TEST_SECTION_AT(i, SizeOfRawData), sections[i].stored, 4);
        rtl_pe_test_put(PE_TEST_SECTION_AT(i, PointerToRawData), sections[i].offset, 4);
        rtl_pe_test_put(PE_TEST_SECTION_AT(i, Characteristics), sections[i].flags, 4);
    }
}

bool rtl_pe_test_map(void)
{
    struct rtl_pe pe;
    memset(rtl_pe_test_memory, 0, sizeof(rtl_pe_test_memory));
    if (!NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)))
        return false;
    for (uint32_t rva = 0; rva < pe.image_bytes; rva += 0x1000) {
        struct rtl_pe_page page;
        if (!rtl_pe_page(&pe, rva, &page) || page.file_offset > sizeof(rtl_pe_test_file) ||
            page.file_bytes > sizeof(rtl_pe_test_file) - page.file_offset)
            return false;
        memcpy(rtl_pe_test_memory + rva, rtl_pe_test_file + page.file_offset, page.file_bytes);
    }
    return true;
}

NTSTATUS rtl_pe_test_open(struct rtl_pe *pe, enum rtl_pe_layout layout)
{
    if (layout == RTL_PE_MAPPED && !rtl_pe_test_map())
        return STATUS_UNSUCCESSFUL;
    const uint8_t *bytes = layout == RTL_PE_MAPPED ? rtl_pe_test_memory : rtl_pe_test_file;
    size_t length = layout == RTL_PE_MAPPED ? sizeof(rtl_pe_test_memory) : sizeof(rtl_pe_test_file);
    return rtl_pe_open(pe, bytes, length, layout, IMAGE_FILE_MACHINE_AMD64, NULL);
}

bool rtl_pe_test_name_is(struct rtl_pe_text text, const char *wanted)
{
    return text.chars != NULL && rtl_pe_text_is(text, wanted);
}

/* --- Tests ----------------------------------------------------------------------------------------------------- */

TEST(rtl_pe, file_and_memory_read_the_same)
{
    struct rtl_pe file, memory;
    uint8_t a[16], b[16];
    rtl_pe_test_begin();
    for (uint32_t i = 0; i < 0x200; i++)
        rtl_pe_test_put(PE_TEST_DATA + i, i * 7 + 1, 1);
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&file, RTL_PE_FILE)));
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&memory, RTL_PE_MAPPED)));
    for (uint32_t rva = 0; rva <= PE_TEST_IMAGE_BYTES - sizeof(a); rva += 8) {
        REQUIRE(rtl_pe_read(&file, rva, a, sizeof(a)));
        REQUIRE(rtl_pe_read(&memory, rva, b, sizeof(b)));
        REQUIRE(memcmp(a, b, sizeof(a)) == 0);
    }
}

TEST(rtl_pe, a_read_crosses_sections)
{
    struct rtl_pe pe;
    uint64_t value;
    rtl_pe_test_begin();
    rtl_pe_test_put(PE_TEST_RDATA, 0x11223344, 4);
    rtl_pe_test_put(PE_TEST_DATA + 0x1fc, 0x55667788, 4);
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    EXPECT(rtl_pe_read(&pe, PE_TEST_RDATA - 4, &value, 8) && value == 0x1122334400000000);
    static uint8_t all[0x1e10]; /* the end of what is stored, the zeros, the next section */
    REQUIRE(rtl_pe_read(&pe, PE_TEST_DATA + 0x1f8, all, sizeof(all)));
    EXPECT_EQ(rtl_pe_test_value(all + 4, 8), 0x55667788);
    EXPECT_EQ(rtl_pe_test_value(all + 0x1e08, 4), 0x11223344);
    EXPECT(rtl_pe_read(&pe, PE_TEST_DATA + 0x1fc, &value, 8) && value == 0x55667788);
}

TEST(rtl_pe, nothing_beyond_the_image_is_read)
{
    struct rtl_pe pe;
    uint8_t bytes[16] = { 0 };
    for (int layout = RTL_PE_FILE; layout <= RTL_PE_MAPPED; layout++) {
        rtl_pe_test_begin();
        REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, (enum rtl_pe_layout)layout)));
        EXPECT(rtl_pe_read(&pe, PE_TEST_IMAGE_BYTES - 1, bytes, 1));
        EXPECT(!rtl_pe_read(&pe, PE_TEST_IMAGE_BYTES - 1, bytes, 2));
        EXPECT(!rtl_pe_read(&pe, 0xfffffff8, bytes, 16));
        EXPECT(!rtl_pe_read(&pe, 0, bytes, (size_t)PE_TEST_IMAGE_BYTES + 1));
        EXPECT(rtl_pe_at(&pe, PE_TEST_IMAGE_BYTES, 1) == NULL);
    }
    pe.length = 0x1800; /* a mapping that is shorter than the headers say */
    EXPECT(rtl_pe_read(&pe, 0x17ff, bytes, 1));
    EXPECT(!rtl_pe_read(&pe, 0x17ff, bytes, 2));
    EXPECT(!rtl_pe_read(&pe, 0x1800, bytes, 1));
}

TEST(rtl_pe, texts_end_at_a_zero_or_in_the_zeros_behind_the_file)
{
    struct rtl_pe pe;
    struct rtl_pe_text text;
    rtl_pe_test_begin();
    rtl_pe_test_put_text(PE_TEST_RDATA, "abc");
    for (uint32_t i = 0; i < 0x20; i++)
        rtl_pe_test_put(PE_TEST_DATA + 0x1e0 + i, 'x', 1);
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    EXPECT(rtl_pe_read_text(&pe, PE_TEST_RDATA, &text) && rtl_pe_test_name_is(text, "abc"));
    EXPECT(!rtl_pe_text_is(text, "ab") && !rtl_pe_text_is(text, "abcd") &&
           !rtl_pe_text_is(text, "abx"));
    EXPECT(rtl_pe_read_text(&pe, PE_TEST_DATA + 0x1e0, &text) && text.length == 0x20);
    EXPECT(rtl_pe_read_text(&pe, PE_TEST_DATA + 0x900, &text) && text.length == 0);
    EXPECT(!rtl_pe_read_text(&pe, PE_TEST_IMAGE_BYTES, &text));
    rtl_pe_test_memory[0] = 0;
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_MAPPED)));
    rtl_pe_test_memory[PE_TEST_IMAGE_BYTES - 1] = 'x';
    EXPECT(!rtl_pe_read_text(&pe, PE_TEST_IMAGE_BYTES - 1, &text)); /* no end */
}

TEST(rtl_pe, bytes_that_the_file_holds_together_can_be_pointed_at)
{
    struct rtl_pe pe;
    rtl_pe_test_begin();
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    EXPECT(rtl_pe_at(&pe, PE_TEST_DATA + 0x10, 0x1f0) == rtl_pe_test_file + 0x610);
    EXPECT(rtl_pe_at(&pe, PE_TEST_DATA + 0x10, 0x1f1) == NULL);
}

TEST(rtl_pe, a_page_is_file_then_zeros)
{
    struct rtl_pe pe;
    struct rtl_pe_page page;
    rtl_pe_test_begin();
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    REQUIRE(rtl_pe_page(&pe, 0x123, &page)); /* headers */
    EXPECT(page.file_offset == 0 && page.file_bytes == 0x400 && page.protection == PAGE_READONLY);
    REQUIRE(rtl_pe_page(&pe, PE_TEST_DATA + 0xfff, &page));
    EXPECT(page.file_offset == 0x600 && page.file_bytes == 0x200);
    EXPECT(page.protection == PAGE_WRITECOPY && !page.shared && !page.discardable);
    REQUIRE(rtl_pe_page(&pe, PE_TEST_DATA + 0x1000, &page));
    EXPECT(page.file_bytes == 0 && page.protection == PAGE_WRITECOPY);
    REQUIRE(rtl_pe_page(&pe, PE_TEST_RELOC, &page));
    EXPECT(page.discardable);
    EXPECT(!rtl_pe_page(&pe, PE_TEST_IMAGE_BYTES, &page));
}

TEST(rtl_pe, raw_data_fills_the_last_page_but_no_page_more)
{
    struct rtl_pe pe;
    struct rtl_pe_page page;
    uint8_t byte = 0;
    rtl_pe_test_begin();
    rtl_pe_test_put(PE_TEST_RDATA + 0x7ff, 0xaa, 1);
    rtl_pe_test_put(PE_TEST_SECTION_AT(2, Misc), 0x10,
                    4); /* the rest of the page comes from the file */
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    REQUIRE(rtl_pe_page(&pe, PE_TEST_RDATA, &page));
    EXPECT_EQ(page.file_bytes, 0x800);
    EXPECT(rtl_pe_read(&pe, PE_TEST_RDATA + 0x7ff, &byte, 1) && byte == 0xaa);
    rtl_pe_test_put(PE_TEST_SECTION_AT(0, SizeOfRawData), 0x2000, 4); /* two pages, one is wanted */
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    EXPECT(rtl_pe_at(&pe, PE_TEST_TEXT, 0x1000) == rtl_pe_test_file + 0x400);
    EXPECT(rtl_pe_at(&pe, PE_TEST_TEXT, 0x1001) == NULL);
    rtl_pe_test_put(PE_TEST_SECTION_AT(2, PointerToRawData), 0, 4); /* no raw data at all */
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    REQUIRE(rtl_pe_page(&pe, PE_TEST_RDATA, &page));
    EXPECT_EQ(page.file_bytes, 0);
}

TEST(rtl_pe, flags_become_protection)
{
    static const struct {
        uint32_t flags, protection;
    } rows[] = {
        { 0, PAGE_NOACCESS },
        { IMAGE_SCN_MEM_READ, PAGE_READONLY },
        { IMAGE_SCN_MEM_EXECUTE, PAGE_EXECUTE },
        { IMAGE_SCN_MEM_EXECUTE | IMAGE_SCN_MEM_READ, PAGE_EXECUTE_READ },
        { IMAGE_SCN_MEM_WRITE, PAGE_WRITECOPY },
        { IMAGE_SCN_MEM_WRITE | IMAGE_SCN_MEM_SHARED, PAGE_READWRITE },
        { IMAGE_SCN_MEM_EXECUTE | IMAGE_SCN_MEM_WRITE, PAGE_EXECUTE_WRITECOPY },
        { IMAGE_SCN_MEM_EXECUTE | IMAGE_SCN_MEM_WRITE | IMAGE_SCN_MEM_SHARED,
          PAGE_EXECUTE_READWRITE },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct rtl_pe pe;
        struct rtl_pe_page page;
        rtl_pe_test_begin();
        rtl_pe_test_put(PE_TEST_SECTION_AT(1, Characteristics), rows[i].flags, 4);
        REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
        REQUIRE(rtl_pe_page(&pe, PE_TEST_DATA, &page));
        EXPECT_EQ(page.protection, rows[i].protection);
        EXPECT_EQ(page.shared, (rows[i].flags & IMAGE_SCN_MEM_SHARED) != 0);
    }
}

/* Aligned to 0x20: file offset and RVA are the same, one section of 0x800 at 0x400. */
static void make_flat(void)
{
    rtl_pe_test_begin();
    rtl_pe_test_put(PE_TEST_OPTIONAL_AT(SectionAlignment), 0x20, 4);
    rtl_pe_test_put(PE_TEST_OPTIONAL_AT(FileAlignment), 0x20, 4);
    rtl_pe_test_put(PE_TEST_OPTIONAL_AT(SizeOfImage), 0x1200, 4);
    rtl_pe_test_put(PE_TEST_FILE_AT(NumberOfSections), 1, 2);
    rtl_pe_test_put(PE_TEST_OPTIONAL_AT(AddressOfEntryPoint), 0x400, 4);
    rtl_pe_test_put(PE_TEST_SECTION_AT(0, VirtualAddress), 0x400, 4);
    rtl_pe_test_put(PE_TEST_SECTION_AT(0, Misc), 0x800, 4);
    rtl_pe_test_put(PE_TEST_SECTION_AT(0, SizeOfRawData), 0x800, 4);
}

TEST(rtl_pe, an_image_aligned_below_a_page_lies_as_the_file_does)
{
    struct rtl_pe pe;
    struct rtl_pe_page page;
    uint32_t value;
    make_flat();
    memcpy(rtl_pe_test_file + 0x500, "flat", 4);
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    EXPECT(pe.flat && pe.image_bytes == 0x2000);
    EXPECT(rtl_pe_read(&pe, 0x500, &value, 4) && memcmp(&value, "flat", 4) == 0);
    EXPECT(rtl_pe_read(&pe, 0x1ffc, &value, 4) && value == 0);
    REQUIRE(rtl_pe_page(&pe, 0, &page));
    EXPECT(page.file_bytes == 0x1000 && page.protection == PAGE_EXECUTE_READ);
    REQUIRE(rtl_pe_page(&pe, 0x1000, &page));
    EXPECT(page.file_offset == 0x1000 && page.file_bytes == 0x1000);
    pe.length = 0x1200;
    REQUIRE(rtl_pe_page(&pe, 0x1000, &page));
    EXPECT_EQ(page.file_bytes, 0x200);
    pe.length = 0x1000;
    REQUIRE(rtl_pe_page(&pe, 0x1000, &page));
    EXPECT_EQ(page.file_bytes, 0);
}

TEST(rtl_pe, room_behind_the_headers_cannot_be_touched)
{
    struct rtl_pe pe;
    struct rtl_pe_page page;
    uint8_t byte;
    rtl_pe_test_begin();
    for (uint32_t i = 0; i < 3; i++) /* the first section goes, the others stay where they are */
        memcpy(rtl_pe_test_file + PE_TEST_SECTIONS + 40 * i,
               rtl_pe_test_file + PE_TEST_SECTIONS + 40 * (i + 1), 40);
    rtl_pe_test_put(PE_TEST_FILE_AT(NumberOfSections), 3, 2);
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    REQUIRE(rtl_pe_page(&pe, PE_TEST_TEXT, &page));
    EXPECT(page.protection == PAGE_NOACCESS && page.file_bytes == 0);
    EXPECT(!rtl_pe_read(&pe, PE_TEST_TEXT, &byte, 1));
    EXPECT(rtl_pe_read(&pe, PE_TEST_TEXT - 1, &byte, 1));
}

TEST(rtl_pe, headers_that_change_after_the_check_only_cost_the_answer)
{
    struct rtl_pe pe;
    IMAGE_SECTION_HEADER section;
    uint64_t value;
    rtl_pe_test_begin();
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    rtl_pe_test_put(PE_TEST_SECTION_AT(1, PointerToRawData), 0xfffffe00, 4);
    rtl_pe_test_put(PE_TEST_SECTION_AT(1, SizeOfRawData), 0xffffffff, 4);
    EXPECT(rtl_pe_read(&pe, PE_TEST_DATA, &value, 8) && value == 0);
    pe.length = PE_TEST_SECTIONS + 50;
    EXPECT(rtl_pe_section(&pe, 0, &section));
    EXPECT(!rtl_pe_section(&pe, 1, &section));
    EXPECT(!rtl_pe_section_of(&pe, PE_TEST_DATA, &section));
    pe.length = 8;
    EXPECT(!rtl_pe_section(&pe, 0, &section));
}

TEST(rtl_pe, addresses_count_from_the_base)
{
    struct rtl_pe pe;
    uint32_t rva = 0;
    rtl_pe_test_begin();
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    EXPECT(rtl_pe_rva_of(&pe, PE_TEST_BASE + 0x1234, &rva) && rva == 0x1234);
    EXPECT(!rtl_pe_rva_of(&pe, PE_TEST_BASE - 1, &rva));
    EXPECT(!rtl_pe_rva_of(&pe, PE_TEST_BASE + PE_TEST_IMAGE_BYTES, &rva));
}

TEST(rtl_pe, a_directory_is_there_or_not)
{
    struct rtl_pe pe;
    IMAGE_DATA_DIRECTORY directory;
    rtl_pe_test_begin();
    rtl_pe_test_directory(3, 0x4000, 12);
    rtl_pe_test_directory(4, 0x4000, 0);
    rtl_pe_test_directory(5, 0, 12);
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    EXPECT(rtl_pe_directory(&pe, 3, &directory) && directory.VirtualAddress == 0x4000);
    EXPECT(!rtl_pe_directory(&pe, 4, &directory));
    EXPECT(!rtl_pe_directory(&pe, 5, &directory));
    EXPECT(!rtl_pe_directory(&pe, 16, &directory));
    rtl_pe_test_put(PE_TEST_OPTIONAL_AT(NumberOfRvaAndSizes), 3, 4);
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    EXPECT(!rtl_pe_directory(&pe, 3, &directory));
}
