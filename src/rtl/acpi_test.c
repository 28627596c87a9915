/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of acpi.c, on tables that are built here in a small physical memory of their own. */
#include "rtl/acpi.h"

#include <nt/ntstatus.h>

#include "base/selftest.h"

#define MEMORY_BYTES 4096
#define ROOT_AT      256
#define TABLE_AT     1024

static uint8_t memory[MEMORY_BYTES];

static const void *map(uint64_t physical, size_t bytes)
{
    return physical <= MEMORY_BYTES && bytes <= MEMORY_BYTES - physical ? memory + physical : NULL;
}

static void put(size_t at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        memory[at + i] = (uint8_t)(value >> 8 * i);
}

static void put_text(size_t at, const char *text)
{
    for (size_t i = 0; text[i] != 0; i++)
        memory[at + i] = (uint8_t)text[i];
}

static void fix_sum(size_t start, size_t bytes, size_t sum_at)
{
    uint8_t sum = 0;
    memory[sum_at] = 0;
    for (size_t i = 0; i < bytes; i++)
        sum = (uint8_t)(sum + memory[start + i]);
    memory[sum_at] = (uint8_t)-sum;
}

static void make_table(size_t at, const char *signature, uint32_t bytes)
{
    put_text(at, signature);
    put(at + 4, bytes, 4);
    fix_sum(at, bytes, at + 9);
}

static void clear(void)
{
    for (size_t i = 0; i < MEMORY_BYTES; i++)
        memory[i] = 0;
}

/* An RSDP at 0 that leads to a root of one entry, the table at TABLE_AT. */
static void make_root(bool wide)
{
    clear();
    put_text(0, "RSD PTR ");
    memory[15] = wide ? 2 : 0;
    put(16, ROOT_AT, 4);
    put(20, 36, 4);
    put(24, wide ? ROOT_AT : 0, 8);
    fix_sum(0, 20, 8);
    fix_sum(0, 36, 32);
    put(ROOT_AT + 36, TABLE_AT, wide ? 8 : 4);
    make_table(ROOT_AT, wide ? "XSDT" : "RSDT", wide ? 44 : 40);
}

static NTSTATUS find(const char *signature, size_t *bytes)
{
    struct rtl_acpi acpi = { .map = map };
    const void *table;
    NTSTATUS status = rtl_acpi_open(&acpi, memory, 36);
    if (!NT_SUCCESS(status))
        return status;
    status = rtl_acpi_find(&acpi, signature, &table, bytes);
    return NT_SUCCESS(status) && table != memory + TABLE_AT ? STATUS_UNSUCCESSFUL : status;
}

TEST(rtl_acpi, a_table_is_found_by_the_narrow_and_the_wide_root)
{
    size_t bytes = 0;
    for (int wide = 0; wide < 2; wide++) {
        make_root(wide);
        make_table(TABLE_AT, "TEST", 50);
        EXPECT_EQ(find("TEST", &bytes), STATUS_SUCCESS);
        EXPECT_EQ(bytes, 50);
        EXPECT_EQ(find("NONE", &bytes), STATUS_NOT_FOUND);
    }
}

TEST(rtl_acpi, a_wrong_sum_anywhere_is_refused)
{
    size_t bytes;
    make_root(true);
    make_table(TABLE_AT, "TEST", 50);
    memory[TABLE_AT + 49] ^= 1;
    EXPECT_EQ(find("TEST", &bytes), STATUS_DATA_ERROR);
    memory[TABLE_AT + 49] ^= 1;
    memory[ROOT_AT + 10] ^= 1;
    EXPECT_EQ(find("TEST", &bytes), STATUS_DATA_ERROR);
    memory[ROOT_AT + 10] ^= 1;
    memory[33] ^= 1; /* of the second sum only */
    EXPECT_EQ(find("TEST", &bytes), STATUS_DATA_ERROR);
    memory[33] ^= 1;
    memory[10] ^= 1;
    EXPECT_EQ(find("TEST", &bytes), STATUS_DATA_ERROR);
}

TEST(rtl_acpi, lengths_that_cannot_be_are_refused)
{
    size_t bytes;
    static const uint32_t bad[] = { 0, 35, MEMORY_BYTES, UINT32_MAX, 17u << 20 };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        make_root(false);
        put_text(TABLE_AT, "TEST");
        put(TABLE_AT + 4, bad[i], 4);
        EXPECT_EQ(find("TEST", &bytes), STATUS_DATA_ERROR);
    }
}

TEST(rtl_acpi, entries_that_lead_nowhere_are_passed_over)
{
    size_t bytes;
    make_root(false);
    put(ROOT_AT + 36, 0xfffffff0, 4);
    put(ROOT_AT + 40, TABLE_AT, 4);
    make_table(ROOT_AT, "RSDT", 44);
    make_table(TABLE_AT, "TEST", 36);
    EXPECT_EQ(find("TEST", &bytes), STATUS_SUCCESS);
}

TEST(rtl_acpi, a_root_of_another_name_or_nowhere_is_refused)
{
    size_t bytes;
    make_root(false);
    make_table(ROOT_AT, "XSDT", 40);
    EXPECT_EQ(find("TEST", &bytes), STATUS_DATA_ERROR);
    make_root(false);
    put(16, 0, 4);
    fix_sum(0, 20, 8);
    EXPECT_EQ(find("TEST", &bytes), STATUS_DATA_ERROR);
    struct rtl_acpi acpi = { .map = map };
    make_root(false);
    EXPECT_EQ(rtl_acpi_open(&acpi, memory, 19), STATUS_DATA_ERROR);
}

TEST(rtl_acpi, the_search_goes_by_16_bytes_and_believes_no_wrong_sum)
{
    make_root(false);
    for (size_t i = 0; i < 20; i++) {
        memory[2048 + i] = memory[2048 + 512 + i] = memory[2048 + 520 + 512 + i] = memory[i];
    }
    memory[2048 + 9] ^= 1;
    EXPECT(rtl_acpi_search(memory + 2048, 1024) == memory + 2048 + 512);
    EXPECT(rtl_acpi_search(memory + 2048, 512) == NULL);
    EXPECT(rtl_acpi_search(memory + 2048, 512 + 19) == NULL);
    EXPECT(rtl_acpi_search(memory + 2048, 512 + 20) == memory + 2048 + 512);
    EXPECT(rtl_acpi_search(memory + 2048 + 528, 520) == NULL); /* that one is not aligned */
}

/* --- MADT ------------------------------------------------------------------------------------------------- */

static size_t madt_bytes;

static void begin_madt(void)
{
    clear();
    put(36, 0xfee00000, 4);
    put(40, 1, 4);
    madt_bytes = 44;
}

static void add(const uint8_t *entry, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        memory[madt_bytes + i] = entry[i];
    madt_bytes += bytes;
}

#define ADD(...) add((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static NTSTATUS read_madt(struct rtl_acpi_madt *madt)
{
    put_text(0, "APIC");
    return rtl_acpi_read_madt(memory, madt_bytes, madt);
}

TEST(rtl_acpi, processors_that_are_enabled_are_counted)
{
    static struct rtl_acpi_madt madt;
    begin_madt();
    ADD(0, 8, 10, 0, 1, 0, 0, 0);
    ADD(0, 8, 11, 1, 2, 0, 0, 0); /* online capable only */
    ADD(0, 8, 12, 7, 3, 0, 0, 0);
    EXPECT_EQ(read_madt(&madt), STATUS_SUCCESS);
    EXPECT_EQ(madt.cpu_count, 2);
    EXPECT_EQ(madt.cpu[1].apic_id, 7);
    EXPECT_EQ(madt.cpu[1].acpi_uid, 12);
    EXPECT_EQ(madt.local_apic, 0xfee00000);
    EXPECT(madt.has_8259);
}

TEST(rtl_acpi, processors_past_64_are_dropped_and_counted)
{
    static struct rtl_acpi_madt madt;
    begin_madt();
    for (uint8_t i = 0; i < 70; i++)
        ADD(0, 8, i, i, 1, 0, 0, 0);
    EXPECT_EQ(read_madt(&madt), STATUS_SUCCESS);
    EXPECT_EQ(madt.cpu_count, 64);
    EXPECT_EQ(madt.cpu_dropped, 6);
}

TEST(rtl_acpi, every_kind_of_madt_entry_is_read)
{
    static struct rtl_acpi_madt madt;
    begin_madt();
    ADD(0, 8, 0, 0, 1, 0, 0, 0);
    ADD(1, 12, 5, 0, 0, 0, 0xc0, 0xfe, 24, 0, 0, 0);
    ADD(2, 10, 0, 9, 20, 0, 0, 0, 0xf, 0);
    ADD(4, 6, 0xff, 5, 0, 1);
    ADD(5, 12, 0, 0, 0, 0, 0, 0xfd, 1, 0, 0, 0);
    ADD(99, 5, 1, 2, 3);
    EXPECT_EQ(read_madt(&madt), STATUS_SUCCESS);
    EXPECT_EQ(madt.ioapic_count, 1);
    EXPECT_EQ(madt.ioapic[0].address, 0xfec00000);
    EXPECT_EQ(madt.ioapic[0].gsi_base, 24);
    EXPECT_EQ(madt.isa[9].gsi, 20);
    EXPECT(madt.isa[9].level && madt.isa[9].active_low);
    EXPECT_EQ(madt.isa[8].gsi, 8);
    EXPECT(!madt.isa[8].level && !madt.isa[8].active_low);
    EXPECT_EQ(madt.nmi_count, 1);
    EXPECT(madt.nmi[0].all && !madt.nmi[0].active_low && !madt.nmi[0].level);
    EXPECT_EQ(madt.nmi[0].lint, 1);
    EXPECT_EQ(madt.local_apic, 0x1fd000000);
}

TEST(rtl_acpi, entries_of_impossible_lengths_end_the_reading)
{
    static struct rtl_acpi_madt madt;
    static const uint8_t bad[] = { 0, 1, 9 };
    for (size_t i = 0; i < sizeof(bad); i++) {
        begin_madt();
        ADD(0, 8, 0, 0, 1, 0, 0, 0);
        ADD(2, bad[i], 0, 9, 20, 0, 0, 0);
        EXPECT_EQ(read_madt(&madt), STATUS_DATA_ERROR);
    }
}

TEST(rtl_acpi, entries_that_are_too_short_for_their_kind_say_nothing)
{
    static struct rtl_acpi_madt madt;
    begin_madt();
    ADD(0, 8, 0, 0, 1, 0, 0, 0);
    ADD(2, 4, 0, 9);
    ADD(1, 2);
    EXPECT_EQ(read_madt(&madt), STATUS_SUCCESS);
    EXPECT_EQ(madt.isa[9].gsi, 9);
    EXPECT_EQ(madt.ioapic_count, 0);
}

TEST(rtl_acpi, a_madt_without_processors_is_refused)
{
    static struct rtl_acpi_madt madt;
    begin_madt();
    EXPECT_EQ(read_madt(&madt), STATUS_DATA_ERROR);
    madt_bytes = 43;
    EXPECT_EQ(read_madt(&madt), STATUS_DATA_ERROR);
}

/* --- FADT and _S5 ----------------------------------------------------------------------------------------- */

static void make_fadt(void)
{
    clear();
    put_text(0, "FACP");
    put(40, 0x1000, 4);
    put(46, 9, 2);
    put(48, 0xb2, 4);
    memory[52] = 0xf1;
    put(56, 0x600, 4);
    put(64, 0x604, 4);
    put(76, 0x608, 4);
    memory[88] = 4;
    put(112, 1u << 10 | 1u << 8, 4);
    memory[116] = 1;
    put(120, 0xcf9, 8);
    memory[128] = 6;
}

TEST(rtl_acpi, a_fadt_names_ports_and_interrupt)
{
    struct rtl_acpi_fadt fadt;
    make_fadt();
    EXPECT_EQ(rtl_acpi_read_fadt(memory, 129, &fadt), STATUS_SUCCESS);
    EXPECT_EQ(fadt.sci_irq, 9);
    EXPECT_EQ(fadt.smi_command, 0xb2);
    EXPECT_EQ(fadt.acpi_enable, 0xf1);
    EXPECT_EQ(fadt.pm1a_event, 0x600);
    EXPECT_EQ(fadt.pm1a_control, 0x604);
    EXPECT_EQ(fadt.pm_timer, 0x608);
    EXPECT(fadt.pm_timer_32_bits && fadt.fixed_power_button && fadt.has_reset);
    EXPECT_EQ(fadt.reset_port, 0xcf9);
    EXPECT_EQ(fadt.reset_value, 6);
    EXPECT_EQ(fadt.dsdt, 0x1000);
}

TEST(rtl_acpi, what_a_short_fadt_does_not_have_is_not_read)
{
    struct rtl_acpi_fadt fadt;
    make_fadt();
    put(140, 0x123456789, 8);
    EXPECT_EQ(rtl_acpi_read_fadt(memory, 148, &fadt), STATUS_SUCCESS);
    EXPECT_EQ(fadt.dsdt, 0x123456789);
    EXPECT_EQ(rtl_acpi_read_fadt(memory, 128, &fadt), STATUS_SUCCESS);
    EXPECT(!fadt.has_reset);
    EXPECT_EQ(fadt.dsdt, 0x1000);
    EXPECT_EQ(rtl_acpi_read_fadt(memory, 115, &fadt), STATUS_DATA_ERROR);
    memory[116] = 0; /* the register is in memory */
    EXPECT_EQ(rtl_acpi_read_fadt(memory, 148, &fadt), STATUS_SUCCESS);
    EXPECT(!fadt.has_reset);
}

static NTSTATUS find_s5(const uint8_t *aml, size_t bytes, uint8_t *a, uint8_t *b)
{
    clear();
    for (size_t i = 0; i < bytes; i++)
        memory[36 + i] = aml[i];
    return rtl_acpi_find_s5(memory, 36 + bytes, a, b);
}

#define AML(...) (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })

TEST(rtl_acpi, the_sleep_type_is_read_from_the_package)
{
    uint8_t a = 9, b = 9;
    EXPECT_EQ(find_s5(AML(8, '_', 'S', '5', '_', 0x12, 6, 4, 0x0a, 5, 0x0a, 7, 0, 0), &a, &b),
              STATUS_SUCCESS);
    EXPECT_EQ(a, 5);
    EXPECT_EQ(b, 7);
    EXPECT_EQ(find_s5(AML(8, '\\', '_', 'S', '5', '_', 0x12, 4, 1, 1), &a, &b), STATUS_SUCCESS);
    EXPECT_EQ(a, 1);
    EXPECT_EQ(b, 1);
}

TEST(rtl_acpi, what_is_no_package_of_small_numbers_is_not_believed)
{
    uint8_t a = 9, b = 9;
    EXPECT_EQ(find_s5(AML(8, '_', 'S', '5', '_', 0x11, 6, 4, 0, 0), &a, &b), STATUS_NOT_FOUND);
    EXPECT_EQ(find_s5(AML(8, '_', 'S', '5', '_', 0x12, 6, 4, 0x0a, 8, 0, 0), &a, &b),
              STATUS_NOT_FOUND);
    EXPECT_EQ(find_s5(AML(8, '_', 'S', '5', '_', 0x12, 0xc0), &a, &b), STATUS_NOT_FOUND);
    EXPECT_EQ(find_s5(AML(7, '_', 'S', '5', '_', 0x12, 4, 1, 1), &a, &b), STATUS_NOT_FOUND);
    EXPECT_EQ(find_s5(AML(8, '_', 'S', '5', '_'), &a, &b), STATUS_NOT_FOUND);
    EXPECT_EQ(a, 9);
    EXPECT_EQ(b, 9);
}
