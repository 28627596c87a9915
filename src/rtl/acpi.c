/* SPDX-License-Identifier: BSD-2-Clause */
/* ACPI tables as bytes (ACPI 6.5). Everything read lies within a length that was checked before. */
#include "rtl/acpi.h"

#include <nt/ntstatus.h>

#define HEADER_BYTES    36 /* 5.2.6 System Description Table Header */
#define RSDP_V1_BYTES   20 /* 5.2.5.3 */
#define RSDP_V2_BYTES   36
#define TABLE_MAX_BYTES (16u << 20)

static uint16_t read16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t read32(const uint8_t *p)
{
    return read16(p) | (uint32_t)read16(p + 2) << 16;
}

static uint64_t read64(const uint8_t *p)
{
    return read32(p) | (uint64_t)read32(p + 4) << 32;
}

static bool sums_to_zero(const uint8_t *bytes, size_t count)
{
    uint8_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum = (uint8_t)(sum + bytes[i]);
    return sum == 0;
}

static bool starts_with(const uint8_t *bytes, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != (uint8_t)text[i])
            return false;
    }
    return true;
}

/* --- Root ------------------------------------------------------------------------------------------------- */

MUST_CHECK NTSTATUS rtl_acpi_open(struct rtl_acpi *acpi, const void *rsdp, size_t bytes)
{
    const uint8_t *p = rsdp;
    if (bytes < RSDP_V1_BYTES || !starts_with(p, "RSD PTR ", 8) || !sums_to_zero(p, RSDP_V1_BYTES))
        return STATUS_DATA_ERROR;
    acpi->wide = false;
    acpi->rsdt = read32(p + 16);
    if (p[15] >= 2 && bytes >= RSDP_V2_BYTES && read64(p + 24) != 0) {
        if (!sums_to_zero(p, RSDP_V2_BYTES))
            return STATUS_DATA_ERROR;
        acpi->wide = true;
        acpi->rsdt = read64(p + 24);
    }
    return acpi->rsdt != 0 ? STATUS_SUCCESS : STATUS_DATA_ERROR;
}

const void *rtl_acpi_search(const void *start, size_t bytes)
{
    const uint8_t *p = start;
    for (; bytes >= RSDP_V1_BYTES; p += 16, bytes = bytes >= 16 ? bytes - 16 : 0) {
        if (starts_with(p, "RSD PTR ", 8) && sums_to_zero(p, RSDP_V1_BYTES))
            return p;
    }
    return NULL;
}

/* The whole table at `physical`, if it is one and its checksum is right. */
static const uint8_t *map_table(const struct rtl_acpi *acpi, uint64_t physical, size_t *bytes)
{
    const uint8_t *header = acpi->map(physical, HEADER_BYTES);
    if (header == NULL)
        return NULL;
    uint32_t length = read32(header + 4);
    if (length < HEADER_BYTES || length > TABLE_MAX_BYTES)
        return NULL;
    const uint8_t *table = acpi->map(physical, length);
    if (table == NULL || read32(table + 4) != length || !sums_to_zero(table, length))
        return NULL;
    *bytes = length;
    return table;
}

MUST_CHECK NTSTATUS rtl_acpi_find(const struct rtl_acpi *acpi, const char signature[4],
                                  const void **table, size_t *bytes)
{
    size_t root_bytes;
    const uint8_t *root = map_table(acpi, acpi->rsdt, &root_bytes);
    if (root == NULL || !starts_with(root, acpi->wide ? "XSDT" : "RSDT", 4))
        return STATUS_DATA_ERROR;
    size_t entry_bytes = acpi->wide ? 8 : 4;
    for (size_t at = HEADER_BYTES; at + entry_bytes <= root_bytes; at += entry_bytes) {
        uint64_t physical = acpi->wide ? read64(root + at) : read32(root + at);
        const uint8_t *header = acpi->map(physical, HEADER_BYTES);
        if (header == NULL || !starts_with(header, signature, 4))
            continue;
        *table = map_table(acpi, physical, bytes);
        return *table != NULL ? STATUS_SUCCESS : STATUS_DATA_ERROR;
    }
    return STATUS_NOT_FOUND;
}

/* --- MADT: 5.2.12 ----------------------------------------------------------------------------------------- */

#define MADT_FIXED_BYTES 44

enum madt_entry {
    MADT_LOCAL_APIC = 0,
    MADT_IOAPIC = 1,
    MADT_OVERRIDE = 2,
    MADT_LOCAL_APIC_NMI = 4,
    MADT_LOCAL_APIC_ADDRESS = 5,
};

/* 5.2.12.5, flags of interrupt sources: 3 means active low, or level; 0 is what the bus does. */
static bool is_active_low(uint16_t flags)
{
    return (flags & 3) == 3;
}

static bool is_level(uint16_t flags)
{
    return (flags >> 2 & 3) == 3;
}

static void add_processor(struct rtl_acpi_madt *madt, const uint8_t *entry)
{
    if ((read32(entry + 4) & 1) == 0) /* not enabled; online-capable ones are hot plug's */
        return;
    if (madt->cpu_count == sizeof(madt->cpu) / sizeof(madt->cpu[0])) {
        madt->cpu_dropped++;
        return;
    }
    madt->cpu[madt->cpu_count].acpi_uid = entry[2];
    madt->cpu[madt->cpu_count].apic_id = entry[3];
    madt->cpu_count++;
}

static void add_ioapic(struct rtl_acpi_madt *madt, const uint8_t *entry)
{
    if (madt->ioapic_count == sizeof(madt->ioapic) / sizeof(madt->ioapic[0]))
        return;
    madt->ioapic[madt->ioapic_count].id = entry[2];
    madt->ioapic[madt->ioapic_count].address = read32(entry + 4);
    madt->ioapic[madt->ioapic_count].gsi_base = read32(entry + 8);
    madt->ioapic_count++;
}

static void add_override(struct rtl_acpi_madt *madt, const uint8_t *entry)
{
    uint8_t irq = entry[3];
    if (irq >= sizeof(madt->isa) / sizeof(madt->isa[0]))
        return;
    madt->isa[irq].gsi = read32(entry + 4);
    madt->isa[irq].active_low = is_active_low(read16(entry + 8));
    madt->isa[irq].level = is_level(read16(entry + 8));
}

static void add_nmi(struct rtl_acpi_madt *madt, const uint8_t *entry)
{
    if (madt->nmi_count == sizeof(madt->nmi) / sizeof(madt->nmi[0]))
        return;
    madt->nmi[madt->nmi_count].acpi_uid = entry[2];
    madt->nmi[madt->nmi_count].all = entry[2] == 0xff;
    madt->nmi[madt->nmi_count].active_low = is_active_low(read16(entry + 3));
    madt->nmi[madt->nmi_count].level = is_level(read16(entry + 3));
    madt->nmi[madt->nmi_count].lint = entry[5];
    madt->nmi_count++;
}

static void add_entry(struct rtl_acpi_madt *madt, const uint8_t *entry, uint8_t length)
{
    if (entry[0] == MADT_LOCAL_APIC && length >= 8)
        add_processor(madt, entry);
    else if (entry[0] == MADT_IOAPIC && length >= 12)
        add_ioapic(madt, entry);
    else if (entry[0] == MADT_OVERRIDE && length >= 10)
        add_override(madt, entry);
    else if (entry[0] == MADT_LOCAL_APIC_NMI && length >= 6)
        add_nmi(madt, entry);
    else if (entry[0] == MADT_LOCAL_APIC_ADDRESS && length >= 12)
        madt->local_apic = read64(entry + 4);
}

MUST_CHECK NTSTATUS rtl_acpi_read_madt(const void *table, size_t bytes, struct rtl_acpi_madt *madt)
{
    const uint8_t *p = table;
    if (bytes < MADT_FIXED_BYTES || !starts_with(p, "APIC", 4))
        return STATUS_DATA_ERROR;
    *madt = (struct rtl_acpi_madt){ .local_apic = read32(p + 36), .has_8259 = p[40] & 1 };
    for (uint8_t irq = 0; irq < 16; irq++)
        madt->isa[irq].gsi = irq;
    for (size_t at = MADT_FIXED_BYTES; at + 2 <= bytes;) {
        uint8_t length = p[at + 1];
        if (length < 2 || length > bytes - at)
            return STATUS_DATA_ERROR;
        add_entry(madt, p + at, length);
        at += length;
    }
    return madt->cpu_count > 0 ? STATUS_SUCCESS : STATUS_DATA_ERROR;
}

/* --- FADT: 5.2.9 ------------------------------------------------------------------------------------------ */

#define FADT_V1_BYTES          116
#define FADT_RESET_BYTES       129
#define FADT_FLAG_POWER_BUTTON (1u << 4) /* set: a control method device, not a fixed event */
#define FADT_FLAG_TIMER_32     (1u << 8)
#define FADT_FLAG_RESET        (1u << 10)
#define ADDRESS_SPACE_IO       1

MUST_CHECK NTSTATUS rtl_acpi_read_fadt(const void *table, size_t bytes, struct rtl_acpi_fadt *fadt)
{
    const uint8_t *p = table;
    if (bytes < FADT_V1_BYTES || !starts_with(p, "FACP", 4))
        return STATUS_DATA_ERROR;
    uint32_t flags = read32(p + 112);
    *fadt = (struct rtl_acpi_fadt){
        .dsdt = read32(p + 40),
        .sci_irq = read16(p + 46),
        .smi_command = read32(p + 48),
        .acpi_enable = p[52],
        .pm1a_event = read32(p + 56),
        .pm1b_event = read32(p + 60),
        .pm1a_control = read32(p + 64),
        .pm1b_control = read32(p + 68),
        .pm_timer = read32(p + 76),
        .pm1_event_bytes = p[88],
        .pm_timer_32_bits = flags & FADT_FLAG_TIMER_32,
        .fixed_power_button = !(flags & FADT_FLAG_POWER_BUTTON),
    };
    if (bytes >= FADT_RESET_BYTES && (flags & FADT_FLAG_RESET) && p[116] == ADDRESS_SPACE_IO) {
        fadt->has_reset = true;
        fadt->reset_port = (uint32_t)read64(p + 120);
        fadt->reset_value = p[128];
    }
    if (bytes >= 148 && read64(p + 140) != 0)
        fadt->dsdt = read64(p + 140);
    return STATUS_SUCCESS;
}

/* --- \_S5: 7.4.2, in AML (20.2) --------------------------------------------------------------------------- */

enum aml {
    AML_ZERO = 0x00,
    AML_ONE = 0x01,
    AML_BYTE = 0x0a,
    AML_WORD = 0x0b,
    AML_NAME = 0x08,
    AML_PACKAGE = 0x12
};

/* An integer of a package; only values that fit a sleep type are accepted. */
static bool read_small(const uint8_t **p, const uint8_t *end, uint8_t *value)
{
    if (*p == end)
        return false;
    uint8_t op = *(*p)++;
    if (op == AML_ZERO || op == AML_ONE) {
        *value = op;
        return true;
    }
    size_t bytes = op == AML_BYTE ? 1 : op == AML_WORD ? 2 : 0;
    if (bytes == 0 || (size_t)(end - *p) < bytes)
        return false;
    *value = (*p)[0];
    *p += bytes;
    return *value <= 7;
}

/* What follows the name: PackageOp PkgLength NumElements, then the elements. */
static bool read_package(const uint8_t *p, const uint8_t *end, uint8_t *a, uint8_t *b)
{
    if (end - p < 3 || *p++ != AML_PACKAGE)
        return false;
    size_t length_bytes = (size_t)(*p >> 6) + 1;
    if ((size_t)(end - p) < length_bytes + 1)
        return false;
    p += length_bytes;
    uint8_t elements = *p++;
    if (elements < 1 || !read_small(&p, end, a))
        return false;
    *b = *a;
    return elements < 2 || read_small(&p, end, b);
}

MUST_CHECK NTSTATUS rtl_acpi_find_s5(const void *dsdt, size_t bytes, uint8_t *slp_typ_a,
                                     uint8_t *slp_typ_b)
{
    const uint8_t *p = dsdt, *end = p + bytes;
    for (size_t at = HEADER_BYTES; at + 5 <= bytes; at++) {
        bool named = p[at - 1] == AML_NAME || (p[at - 1] == '\\' && p[at - 2] == AML_NAME);
        if (!named || !starts_with(p + at, "_S5_", 4))
            continue;
        uint8_t a, b;
        if (read_package(p + at + 4, end, &a, &b)) {
            *slp_typ_a = a;
            *slp_typ_b = b;
            return STATUS_SUCCESS;
        }
    }
    return STATUS_NOT_FOUND;
}
