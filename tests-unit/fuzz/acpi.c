/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Feeds rtl/acpi.c: the input is physical memory. Sums are put right on the way, at every place where one is looked for,
 * or hardly any input would get past them.
 */
#include <stdlib.h>
#include <string.h>

#include <nt/ntstatus.h>

#include "rtl/acpi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static uint8_t *memory;
static size_t memory_bytes;

static void fix_sum(size_t at, size_t bytes, size_t sum_at)
{
    uint8_t sum = 0;
    for (size_t i = 0; i < bytes; i++)
        sum = (uint8_t)(sum + memory[at + i]);
    memory[sum_at] = (uint8_t)(memory[sum_at] - sum);
}

static const void *map(uint64_t physical, size_t bytes)
{
    uint32_t length;
    if (physical > memory_bytes || bytes > memory_bytes - physical)
        return NULL;
    if (bytes >= 36) {
        memcpy(&length, memory + physical + 4, 4);
        if (length == bytes)
            fix_sum(physical, bytes, physical + 9);
    }
    return memory + physical;
}

static void read_tables(const struct rtl_acpi *acpi)
{
    static struct rtl_acpi_madt madt;
    struct rtl_acpi_fadt fadt;
    const void *table;
    size_t bytes;
    uint8_t a, b;
    if (NT_SUCCESS(rtl_acpi_find(acpi, "APIC", &table, &bytes)) &&
        NT_SUCCESS(rtl_acpi_read_madt(table, bytes, &madt)) &&
        (madt.cpu_count == 0 || madt.cpu_count > 64 || madt.ioapic_count > 8 ||
         madt.nmi_count > 16))
        abort();
    if (NT_SUCCESS(rtl_acpi_find(acpi, "FACP", &table, &bytes)))
        (void)rtl_acpi_read_fadt(table, bytes, &fadt); /* any contents will do */
    if (NT_SUCCESS(rtl_acpi_find(acpi, "DSDT", &table, &bytes)) &&
        NT_SUCCESS(rtl_acpi_find_s5(table, bytes, &a, &b)) && (a > 7 || b > 7))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct rtl_acpi acpi = { .map = map };
    if (bytes < 36)
        return 0;
    memory = malloc(bytes);
    memory_bytes = bytes;
    memcpy(memory, data, bytes);
    memcpy(memory, "RSD PTR ", 8);
    fix_sum(0, 20, 8);
    fix_sum(0, 36, 32);
    const void *found = rtl_acpi_search(memory, bytes);
    if (found != NULL && NT_SUCCESS(rtl_acpi_open(&acpi, memory, bytes)))
        read_tables(&acpi);
    free(memory);
    return 0;
}
