/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of pe_imports.c: a.dll by name and by ordinal, b.dll bound, c.dll delayed. */
#include "rtl/pe_test.h"

#include "rtl/memory.h"

#define DIRECTORY PE_TEST_RDATA
#define NAMES_A   (PE_TEST_RDATA + 0x100)
#define NAMES_B   (PE_TEST_RDATA + 0x140)
#define NAMES_C   (PE_TEST_RDATA + 0x160)
#define TEXTS     (PE_TEST_RDATA + 0x200)
#define DELAYED   (PE_TEST_RDATA + 0x300)
#define BOUND     (PE_TEST_RDATA + 0x400)
#define SLOTS_A   PE_TEST_DATA
#define SLOTS_B   (PE_TEST_DATA + 0x40)
#define SLOTS_C   (PE_TEST_DATA + 0x60)

static void put_descriptor(uint32_t index, uint32_t names, uint32_t name, uint32_t slots)
{
    uint32_t at = DIRECTORY + index * (uint32_t)sizeof(IMAGE_IMPORT_DESCRIPTOR);
    rtl_pe_test_put(at, names, 4);
    rtl_pe_test_put(at + offsetof(IMAGE_IMPORT_DESCRIPTOR, Name), name, 4);
    rtl_pe_test_put(at + offsetof(IMAGE_IMPORT_DESCRIPTOR, FirstThunk), slots, 4);
}

static void put_hint_name(uint32_t at, uint16_t hint, const char *name)
{
    rtl_pe_test_put(at, hint, 2);
    rtl_pe_test_put_text(at + 2, name);
}

static void make_imports(void)
{
    rtl_pe_test_begin();
    rtl_pe_test_directory(IMAGE_DIRECTORY_ENTRY_IMPORT, DIRECTORY, 60);
    rtl_pe_test_put_text(TEXTS, "a.dll");
    rtl_pe_test_put_text(TEXTS + 0x10, "b.dll");
    rtl_pe_test_put_text(TEXTS + 0x20, "c.dll");
    put_hint_name(TEXTS + 0x40, 7, "First");
    put_hint_name(TEXTS + 0x60, 8, "Second");
    put_descriptor(0, NAMES_A, TEXTS, SLOTS_A);
    rtl_pe_test_put(NAMES_A, TEXTS + 0x40, 8);
    rtl_pe_test_put(NAMES_A + 8, IMAGE_ORDINAL_FLAG64 | 0x1234, 8);
    put_descriptor(1, 0, TEXTS + 0x10, SLOTS_B); /* names only in the slots themselves */
    rtl_pe_test_put(SLOTS_B, TEXTS + 0x60, 8);
    rtl_pe_test_directory(IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT, DELAYED, 64);
    rtl_pe_test_put(DELAYED + offsetof(IMAGE_DELAYLOAD_DESCRIPTOR, DllNameRVA), TEXTS + 0x20, 4);
    rtl_pe_test_put(DELAYED + offsetof(IMAGE_DELAYLOAD_DESCRIPTOR, ImportNameTableRVA), NAMES_C, 4);
    rtl_pe_test_put(DELAYED + offsetof(IMAGE_DELAYLOAD_DESCRIPTOR, ImportAddressTableRVA), SLOTS_C,
                    4);
    rtl_pe_test_put(NAMES_C, TEXTS + 0x60, 8);
}

TEST(rtl_pe_imports, modules_and_their_imports_are_walked)
{
    struct rtl_pe pe;
    struct rtl_pe_module module;
    struct rtl_pe_import import;
    make_imports();
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    REQUIRE(NT_SUCCESS(rtl_pe_import_module(&pe, 0, &module)));
    EXPECT(rtl_pe_test_name_is(module.name, "a.dll") && !module.bound && !module.delayed);
    REQUIRE(NT_SUCCESS(rtl_pe_import(&pe, &module, 0, &import)));
    EXPECT(rtl_pe_test_name_is(import.name, "First") && import.hint == 7 &&
           import.slot_rva == SLOTS_A);
    REQUIRE(NT_SUCCESS(rtl_pe_import(&pe, &module, 1, &import)));
    EXPECT(import.name.chars == NULL && import.ordinal == 0x1234);
    EXPECT_EQ(import.slot_rva, SLOTS_A + 8);
    EXPECT_EQ(rtl_pe_import(&pe, &module, 2, &import), STATUS_NO_MORE_ENTRIES);
    EXPECT_EQ(rtl_pe_import_module(&pe, 2, &module), STATUS_NO_MORE_ENTRIES);
}

TEST(rtl_pe_imports, without_a_lookup_table_the_slots_name_what_they_want)
{
    struct rtl_pe pe;
    struct rtl_pe_module module;
    struct rtl_pe_import import;
    make_imports();
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_MAPPED)));
    REQUIRE(NT_SUCCESS(rtl_pe_import_module(&pe, 1, &module)));
    REQUIRE(NT_SUCCESS(rtl_pe_import(&pe, &module, 0, &import)));
    EXPECT(rtl_pe_test_name_is(import.name, "Second") && import.slot_rva == SLOTS_B);
}

TEST(rtl_pe_imports, a_module_without_slots_or_name_ends_the_walk)
{
    struct rtl_pe pe;
    struct rtl_pe_module module;
    make_imports();
    put_descriptor(1, NAMES_B, TEXTS, 0);
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    EXPECT_EQ(rtl_pe_import_module(&pe, 1, &module), STATUS_NO_MORE_ENTRIES);
    rtl_pe_test_begin();
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    EXPECT_EQ(rtl_pe_import_module(&pe, 0, &module), STATUS_NO_MORE_ENTRIES);
    EXPECT_EQ(rtl_pe_delay_module(&pe, 0, &module), STATUS_NO_MORE_ENTRIES);
}

TEST(rtl_pe_imports, delay_imports_are_marked)
{
    struct rtl_pe pe;
    struct rtl_pe_module module;
    struct rtl_pe_import import;
    make_imports();
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    REQUIRE(NT_SUCCESS(rtl_pe_delay_module(&pe, 0, &module)));
    EXPECT(module.delayed && rtl_pe_test_name_is(module.name, "c.dll"));
    REQUIRE(NT_SUCCESS(rtl_pe_import(&pe, &module, 0, &import)));
    EXPECT(rtl_pe_test_name_is(import.name, "Second") && import.slot_rva == SLOTS_C);
    EXPECT_EQ(rtl_pe_delay_module(&pe, 1, &module), STATUS_NO_MORE_ENTRIES);
}

TEST(rtl_pe_imports, bound_imports_say_to_what_they_were_bound)
{
    struct rtl_pe pe;
    struct rtl_pe_module module;
    struct rtl_pe_bound bound;
    make_imports();
    rtl_pe_test_directory(IMAGE_DIRECTORY_ENTRY_BOUND_IMPORT, BOUND, 0x40);
    rtl_pe_test_put(BOUND, 0x5eed5eed, 4);
    rtl_pe_test_put(BOUND + 4, 0x20, 2);
    rtl_pe_test_put(BOUND + 6, 1, 2);
    rtl_pe_test_put_text(BOUND + 0x20, "b.dll");
    rtl_pe_test_put(DIRECTORY + 20 + offsetof(IMAGE_IMPORT_DESCRIPTOR, TimeDateStamp), 0xffffffff,
                    4);
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    REQUIRE(NT_SUCCESS(rtl_pe_import_module(&pe, 1, &module)));
    EXPECT(module.bound && module.time_date_stamp == 0xffffffff);
    REQUIRE(NT_SUCCESS(rtl_pe_bound_import(&pe, 0, &bound)));
    EXPECT(rtl_pe_test_name_is(bound.name, "b.dll") && bound.time_date_stamp == 0x5eed5eed);
    EXPECT_EQ(bound.forwarders, 1);
    EXPECT_EQ(rtl_pe_bound_import(&pe, 1, &bound), STATUS_NO_MORE_ENTRIES);
    rtl_pe_test_put(BOUND + 4, 0xffff, 2); /* the name lies outside */
    EXPECT_EQ(rtl_pe_bound_import(&pe, 0, &bound), STATUS_INVALID_IMAGE_FORMAT);
    EXPECT_EQ(rtl_pe_bound_import(&pe, 0x10000, &bound), STATUS_INVALID_IMAGE_FORMAT);
    rtl_pe_test_directory(IMAGE_DIRECTORY_ENTRY_BOUND_IMPORT, 0, 0);
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    EXPECT_EQ(rtl_pe_bound_import(&pe, 0, &bound), STATUS_NO_MORE_ENTRIES);
}

TEST(rtl_pe_imports, what_leads_outside_is_refused)
{
    struct rtl_pe pe;
    struct rtl_pe_module module;
    struct rtl_pe_import import;
    make_imports();
    rtl_pe_test_put(NAMES_A, 0x80000000, 8); /* more than 31 bits */
    rtl_pe_test_put(NAMES_A + 8, PE_TEST_IMAGE_BYTES, 8);
    rtl_pe_test_put(NAMES_A + 16, PE_TEST_IMAGE_BYTES - 2, 8); /* a hint and no name */
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    REQUIRE(NT_SUCCESS(rtl_pe_import_module(&pe, 0, &module)));
    for (uint32_t i = 0; i < 3; i++)
        EXPECT_EQ(rtl_pe_import(&pe, &module, i, &import), STATUS_INVALID_IMAGE_FORMAT);
    EXPECT_EQ(rtl_pe_import(&pe, &module, 0x100000, &import), STATUS_INVALID_IMAGE_FORMAT);
    EXPECT_EQ(rtl_pe_import_module(&pe, 0x10000, &module), STATUS_INVALID_IMAGE_FORMAT);
    EXPECT_EQ(rtl_pe_delay_module(&pe, 0x10000, &module), STATUS_INVALID_IMAGE_FORMAT);
    module.names_rva = PE_TEST_IMAGE_BYTES - 4; /* half of an entry */
    EXPECT_EQ(rtl_pe_import(&pe, &module, 0, &import), STATUS_INVALID_IMAGE_FORMAT);
    module.names_rva = SLOTS_B;
    EXPECT_EQ(rtl_pe_import(&pe, &module, 0, &import), STATUS_SUCCESS);
    module.addresses_rva = PE_TEST_IMAGE_BYTES;
    EXPECT_EQ(rtl_pe_import(&pe, &module, 0, &import), STATUS_INVALID_IMAGE_FORMAT);
    make_imports();
    put_descriptor(0, NAMES_A, PE_TEST_IMAGE_BYTES, SLOTS_A);
    rtl_pe_test_put(DELAYED + offsetof(IMAGE_DELAYLOAD_DESCRIPTOR, DllNameRVA), PE_TEST_IMAGE_BYTES,
                    4);
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    EXPECT_EQ(rtl_pe_import_module(&pe, 0, &module), STATUS_INVALID_IMAGE_FORMAT);
    EXPECT_EQ(rtl_pe_delay_module(&pe, 0, &module), STATUS_INVALID_IMAGE_FORMAT);
    rtl_pe_test_directory(IMAGE_DIRECTORY_ENTRY_IMPORT, PE_TEST_IMAGE_BYTES - 4, 60);
    rtl_pe_test_directory(IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT, PE_TEST_IMAGE_BYTES - 4, 60);
    rtl_pe_test_directory(IMAGE_DIRECTORY_ENTRY_BOUND_IMPORT, PE_TEST_IMAGE_BYTES - 4, 60);
    struct rtl_pe_bound bound;
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_FILE)));
    EXPECT_EQ(rtl_pe_import_module(&pe, 0, &module), STATUS_INVALID_IMAGE_FORMAT);
    EXPECT_EQ(rtl_pe_delay_module(&pe, 0, &module), STATUS_INVALID_IMAGE_FORMAT);
    EXPECT_EQ(rtl_pe_bound_import(&pe, 0, &bound), STATUS_INVALID_IMAGE_FORMAT);
}

/* --- Binding: what is not First or an ordinal is missing -------------------------------------------------------- */

static NTSTATUS resolve(void *context, const struct rtl_pe_module *module,
                        const struct rtl_pe_import *import, uint64_t *address)
{
    uint32_t *asked = context;
    ++*asked;
    if (!rtl_pe_test_name_is(module->name, "a.dll"))
        return STATUS_ENTRYPOINT_NOT_FOUND;
    *address = import->name.chars == NULL ? import->ordinal : 0xfffff80000001000;
    return STATUS_SUCCESS;
}

TEST(rtl_pe_imports, binding_fills_the_slots_and_asks_for_all_of_them)
{
    struct rtl_pe pe;
    uint32_t asked = 0;
    make_imports();
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_MAPPED)));
    EXPECT_EQ(rtl_pe_bind(&pe, rtl_pe_test_memory, resolve, &asked), STATUS_ENTRYPOINT_NOT_FOUND);
    EXPECT_EQ(asked, 3);
    EXPECT_EQ(rtl_pe_test_value(rtl_pe_test_memory + SLOTS_A, 8), 0xfffff80000001000);
    EXPECT_EQ(rtl_pe_test_value(rtl_pe_test_memory + SLOTS_A + 8, 8), 0x1234);
    EXPECT_EQ(rtl_pe_test_value(rtl_pe_test_memory + SLOTS_B, 8), TEXTS + 0x60); /* left alone */
    put_descriptor(1, 0, 0, 0);
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_MAPPED)));
    EXPECT_EQ(rtl_pe_bind(&pe, rtl_pe_test_memory, resolve, &asked), STATUS_SUCCESS);
}

TEST(rtl_pe_imports, the_first_failure_is_the_one_returned)
{
    struct rtl_pe pe;
    uint32_t asked = 0;
    make_imports();
    rtl_pe_test_put(SLOTS_B + 8, TEXTS + 0x40, 8);
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_MAPPED)));
    EXPECT_EQ(rtl_pe_bind(&pe, rtl_pe_test_memory, resolve, &asked), STATUS_ENTRYPOINT_NOT_FOUND);
    EXPECT_EQ(asked, 4);
}

TEST(rtl_pe_imports, binding_writes_nothing_outside)
{
    struct rtl_pe pe;
    uint32_t asked = 0;
    make_imports();
    put_descriptor(0, NAMES_A, TEXTS, PE_TEST_IMAGE_BYTES - 4);
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_MAPPED)));
    EXPECT_EQ(rtl_pe_bind(&pe, rtl_pe_test_memory, resolve, &asked), STATUS_INVALID_IMAGE_FORMAT);
    EXPECT_EQ(asked, 0);
    put_descriptor(0, NAMES_A, PE_TEST_IMAGE_BYTES, SLOTS_A);
    REQUIRE(NT_SUCCESS(rtl_pe_test_open(&pe, RTL_PE_MAPPED)));
    EXPECT_EQ(rtl_pe_bind(&pe, rtl_pe_test_memory, resolve, &asked), STATUS_INVALID_IMAGE_FORMAT);
}
