/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Images built by hand, for the tests of the PE parser. One image at a time; the tests run one at a time.
 *
 *      RVA      file     section
 *      0        0        headers
 *      0x1000   0x400    .text   one page, read and execute
 *      0x2000   0x600    .data   0x200 bytes of the file, two pages of memory, read and write
 *      0x4000   0x800    .rdata  one page, read
 *      0x5000   0x1000   .reloc  one page, read, discardable
 */
#pragma once

#include "base/selftest.h"
#include "rtl/pe.h"

#define PE_TEST_NT          0x80u
#define PE_TEST_OPTIONAL    (PE_TEST_NT + 24u)
#define PE_TEST_SECTIONS    (PE_TEST_OPTIONAL + 240u)
#define PE_TEST_TEXT        0x1000u
#define PE_TEST_DATA        0x2000u
#define PE_TEST_RDATA       0x4000u
#define PE_TEST_RELOC       0x5000u
#define PE_TEST_IMAGE_BYTES 0x6000u
#define PE_TEST_FILE_END    0x1200u /* of what sections hold; more follows */
#define PE_TEST_FILE_BYTES  0x2400u
#define PE_TEST_BASE        0x140000000u

/* Where a header field stands; for SECTION the index counts. */
#define PE_TEST_FILE_AT(field) (PE_TEST_NT + 4u + (uint32_t)offsetof(IMAGE_FILE_HEADER, field))
#define PE_TEST_OPTIONAL_AT(field)                                                                 \
    (PE_TEST_OPTIONAL + (uint32_t)offsetof(IMAGE_OPTIONAL_HEADER64, field))
#define PE_TEST_SECTION_AT(index, field)                                                           \
    (PE_TEST_SECTIONS + (index) * 40u + (uint32_t)offsetof(IMAGE_SECTION_HEADER, field))

extern uint8_t rtl_pe_test_file[PE_TEST_FILE_BYTES];
extern uint8_t rtl_pe_test_memory[PE_TEST_IMAGE_BYTES];

void rtl_pe_test_begin(void);
/* A little-endian value, and a text with its zero, at an RVA that the file holds. */
void rtl_pe_test_put(uint32_t rva, uint64_t value, uint32_t bytes);
void rtl_pe_test_put_text(uint32_t rva, const char *text);
void rtl_pe_test_directory(uint32_t index, uint32_t rva, uint32_t bytes);
uint64_t rtl_pe_test_value(const void *at, uint32_t bytes);
/* Map the file as it is now into rtl_pe_test_memory, by rtl_pe_page; false: a page is not to be had. */
bool rtl_pe_test_map(void);
/* Open the file, or what rtl_pe_test_map makes of it. */
NTSTATUS rtl_pe_test_open(struct rtl_pe *pe, enum rtl_pe_layout layout);
bool rtl_pe_test_name_is(struct rtl_pe_text text, const char *wanted);
