/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of pe_relocate.c. */
#include "rtl/pe_test.h"

#include "rtl/memory.h"

#define DELTA    0x123456780000u
#define POINTER  0x140002010u
#define STRADDLE (PE_TEST_DATA - 3) /* three bytes in .text's page, five in .data's */

#define DIR64    (IMAGE_REL_BASED_DIR64 << 12)
#define HIGHLOW  (IMAGE_REL_BASED_HIGHLOW << 12)

static uint32_t end_of_blocks;

static void put_block(uint32_t page_rva, const uint16_t *entries, uint32_t count)
{
    uint32_t at = PE_TEST_RELOC + end_of_blocks, bytes = 8 + 2 * count;
    rtl_pe_test_put(at, page_rva, 4);
    rtl_pe_test_put(at + 4, bytes, 4);
    for (uint32_t i = 0; i < count; i++)
        rtl_pe_test_put(at + 8 + 2 * i, entries[i], 2);
    end_of_blocks += bytes;
    rtl_pe_test_directory(IMAGE_DIRECTORY_ENTRY_BASERELOC, PE_TEST_RELOC, end_of_blocks);
}

static void begin(void)
{
    rtl_pe_test_begin();
    end_of_blocks = 0;
}

/*
 * A pointer and half of one in .data, a word in .rdata, blocks not in order. .text gets all of its page from the file, so
 * that a pointer can straddle.
 */
static void make_relocations(void)
{
    static const uint16_t rdata[] = { HIGHLOW | 0x20, 0 };
    static const uint16_t data[] = { DIR64 | 0x10, DIR64 | 0x18, 0, 0 };
    static const uint16_t text[] = { DIR64 | 0xffd, 0 };
    begin();
    rtl_pe_test_put(PE_TEST_RDATA + 0x20, 0x40001234, 4);
    rtl_pe_test_put(PE_TEST_RDATA + 0x24, 0x5a5a5a5a, 4);
    rtl_pe_test_put(PE_TEST_DATA + 0x10, POINTER, 8);
    rtl_pe_test_put(PE_TEST_DATA + 0x18, POINTER + 8, 8);
    rtl_pe_test_put(PE_TEST_DATA, 0x0000000140, 5); /* the upper bytes of the one that straddles */
    put_block(PE_TEST_RDATA, rdata, 2);
    put_block(PE_TEST_DATA, data, 4);
    put_block(PE_TEST_TEXT, text, 2);
}

static uint64_t relocated(uint32_t rva, uint32_t bytes)
{
    return rtl_pe_test_value(rtl_pe_test_memory + rva, bytes);
}

TEST(rtl_pe_relocate, a_whole_image_is_moved)
{
    struct rtl_pe pe, after;
    make_relocations();
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_MAPPED)));
    uint64_t straddling = relocated(STRADDLE, 8);
    REQUIRE(NT_SUCCESS(rtl_pe_relocate(&pe, rtl_pe_test_memory, DELTA)));
    EXPECT_EQ(relocated(PE_TEST_DATA + 0x10, 8), POINTER + DELTA);
    EXPECT_EQ(relocated(PE_TEST_DATA + 0x18, 8), POINTER + 8 + DELTA);
    EXPECT_EQ(relocated(PE_TEST_RDATA + 0x20, 4), (uint32_t)(0x40001234 + DELTA));
    EXPECT_EQ(relocated(PE_TEST_RDATA + 0x24, 4), 0x5a5a5a5a);
    EXPECT_EQ(relocated(STRADDLE, 8), straddling + DELTA);
    REQUIRE(NT_SUCCESS(rtl_pe_open(&after, rtl_pe_test_memory, PE_TEST_IMAGE_BYTES, RTL_PE_MAPPED,
                                   IMAGE_FILE_MACHINE_AMD64, NULL)));
    EXPECT_EQ(after.optional.ImageBase, PE_TEST_BASE + DELTA);
}

TEST(rtl_pe_relocate, page_by_page_gives_the_same_in_any_order)
{
    static uint8_t whole[PE_TEST_IMAGE_BYTES];
    struct rtl_pe pe, file;
    make_relocations();
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_MAPPED)));
    REQUIRE(NT_SUCCESS(rtl_pe_relocate(&pe, rtl_pe_test_memory, DELTA)));
    memcpy(whole, rtl_pe_test_memory, sizeof(whole));
    REQUIRE(rtl_pe_test_map());
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&file, RTL_PE_FILE)));
    for (uint32_t rva = PE_TEST_IMAGE_BYTES; rva != 0;) {
        rva -= 0x1000;
        REQUIRE(NT_SUCCESS(rtl_pe_relocate_page(&file, rva, rtl_pe_test_memory + rva, DELTA)));
    }
    EXPECT(memcmp(whole + 0x1000, rtl_pe_test_memory + 0x1000, sizeof(whole) - 0x1000) == 0);
}

TEST(rtl_pe_relocate, a_pointer_that_straddles_carries_into_the_next_page)
{
    struct rtl_pe pe;
    static uint8_t page[0x1000];
    make_relocations();
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    memset(page, 0xee, sizeof(page));
    /* 0x0000000140000000 + 0xffffff: no carry; + 0x1ffffff: one from the lower page into the upper. */
    REQUIRE(NT_SUCCESS(rtl_pe_relocate_page(&pe, PE_TEST_DATA, page, 0x1ffffff)));
    EXPECT_EQ(rtl_pe_test_value(page, 5), 0x141);
    EXPECT_EQ(page[5], 0xee);
    REQUIRE(NT_SUCCESS(rtl_pe_relocate_page(&pe, PE_TEST_TEXT, page, 0x1ffffff)));
    EXPECT_EQ(rtl_pe_test_value(page + 0xffd, 3), 0xffffff);
    EXPECT_EQ(page[0xffc], 0xee);
}

TEST(rtl_pe_relocate, entries_are_walked_with_their_padding)
{
    struct rtl_pe pe;
    struct rtl_pe_relocation_cursor cursor = { 0, 0 };
    struct rtl_pe_relocation relocation;
    uint32_t counts[16] = { 0 };
    make_relocations();
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    while (NT_SUCCESS(rtl_pe_relocation(&pe, &cursor, &relocation)))
        counts[relocation.type & 15]++;
    EXPECT_EQ(counts[IMAGE_REL_BASED_DIR64], 3);
    EXPECT_EQ(counts[IMAGE_REL_BASED_HIGHLOW], 1);
    EXPECT_EQ(counts[IMAGE_REL_BASED_ABSOLUTE], 4);
    EXPECT_EQ(rtl_pe_relocation(&pe, &cursor, &relocation), STATUS_NO_MORE_ENTRIES);
}

TEST(rtl_pe_relocate, an_image_whose_relocations_were_stripped_stays)
{
    static uint8_t page[0x1000];
    struct rtl_pe pe;
    begin();
    rtl_pe_test_put(PE_TEST_FILE_AT(Characteristics),
                    IMAGE_FILE_EXECUTABLE_IMAGE | IMAGE_FILE_RELOCS_STRIPPED, 2);
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_MAPPED)));
    EXPECT_EQ(rtl_pe_relocate(&pe, rtl_pe_test_memory, DELTA), STATUS_CONFLICTING_ADDRESSES);
    EXPECT_EQ(rtl_pe_relocate_page(&pe, PE_TEST_DATA, page, DELTA), STATUS_CONFLICTING_ADDRESSES);
}

TEST(rtl_pe_relocate, an_image_without_addresses_needs_no_relocations)
{
    struct rtl_pe pe;
    begin();
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_MAPPED)));
    EXPECT_EQ(rtl_pe_relocate(&pe, rtl_pe_test_memory, DELTA), STATUS_SUCCESS);
    EXPECT_EQ(rtl_pe_relocate_page(&pe, 0x1000, rtl_pe_test_memory + 0x1000, DELTA),
              STATUS_SUCCESS);
}

/* Relocations that are no good change nothing, whole or by page. */
static bool is_refused(void)
{
    static uint8_t before[PE_TEST_IMAGE_BYTES];
    struct rtl_pe pe;
    if (!NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_MAPPED)))
        return false;
    memcpy(before, rtl_pe_test_memory, sizeof(before));
    return rtl_pe_relocate(&pe, rtl_pe_test_memory, DELTA) == STATUS_INVALID_IMAGE_FORMAT &&
           memcmp(before, rtl_pe_test_memory, sizeof(before)) == 0;
}

TEST(rtl_pe_relocate, bad_blocks_and_entries_change_nothing)
{
    static const uint16_t strange[] = { DIR64 | 0x10, IMAGE_REL_BASED_HIGHADJ << 12 };
    static const uint16_t outside[] = { DIR64 | 0x10, DIR64 | 0xff9 };
    make_relocations();
    put_block(PE_TEST_RDATA, strange, 2);
    EXPECT(is_refused());
    make_relocations();
    put_block(PE_TEST_RELOC, outside, 2);
    EXPECT(is_refused());
    make_relocations();
    put_block(PE_TEST_IMAGE_BYTES, outside, 2);
    EXPECT(is_refused());
    make_relocations();
    rtl_pe_test_put(PE_TEST_RELOC + 4, 7, 4); /* less than a header */
    EXPECT(is_refused());
    make_relocations();
    rtl_pe_test_directory(IMAGE_DIRECTORY_ENTRY_BASERELOC, PE_TEST_RELOC, end_of_blocks - 2);
    EXPECT(is_refused());
    make_relocations();
    rtl_pe_test_directory(IMAGE_DIRECTORY_ENTRY_BASERELOC, 0xfffff000, end_of_blocks);
    EXPECT(is_refused());
    make_relocations();
    rtl_pe_test_directory(IMAGE_DIRECTORY_ENTRY_BASERELOC, PE_TEST_RELOC, 0xffffffff);
    rtl_pe_test_put(PE_TEST_RELOC + 4, 0x1004, 4); /* goes on beyond the image */
    EXPECT(is_refused());
    make_relocations();
    rtl_pe_test_directory(IMAGE_DIRECTORY_ENTRY_BASERELOC, PE_TEST_IMAGE_BYTES - 4, 16);
    EXPECT(is_refused());
}

TEST(rtl_pe_relocate, a_page_sees_the_bad_entries_of_its_own_blocks)
{
    static const uint16_t strange[] = { IMAGE_REL_BASED_HIGHADJ << 12, 0 };
    static uint8_t page[0x1000];
    struct rtl_pe pe;
    make_relocations();
    put_block(PE_TEST_DATA, strange, 2);
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    EXPECT_EQ(rtl_pe_relocate_page(&pe, PE_TEST_DATA, page, DELTA), STATUS_INVALID_IMAGE_FORMAT);
    EXPECT_EQ(rtl_pe_relocate_page(&pe, PE_TEST_RELOC, page, DELTA), STATUS_SUCCESS);
    rtl_pe_test_put(PE_TEST_RELOC + 4, 7, 4);
    EXPECT_EQ(rtl_pe_relocate_page(&pe, PE_TEST_RELOC, page, DELTA), STATUS_INVALID_IMAGE_FORMAT);
}
