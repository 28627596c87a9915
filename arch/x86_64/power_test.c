/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of power.c and of what was read from ACPI's tables, on a machine that has them. */
#include "ke/ke_test.h"
#include "x86_64/ioapic.h"
#include "x86_64/x86.h"

#define SCI_ENABLE   1u
#define POWER_BUTTON (1u << 8)

TEST_KERNEL(x86_power, the_machine_is_in_acpi_mode, "reads ACPI's registers and tables")
{
    REQUIRE(x86_fadt.pm1a_control != 0);
    EXPECT(x86_in16((uint16_t)x86_fadt.pm1a_control) & SCI_ENABLE);
}

TEST_KERNEL(x86_power, the_power_button_is_listened_to, "reads ACPI's registers and tables")
{
    uint16_t enable = (uint16_t)(x86_fadt.pm1a_event + x86_fadt.pm1_event_bytes / 2);
    REQUIRE(x86_fadt.fixed_power_button && x86_fadt.pm1a_event != 0);
    EXPECT_EQ(x86_in16(enable), POWER_BUTTON);
}

TEST_KERNEL(x86_power, the_sci_is_connected_and_level_triggered,
            "reads ACPI's registers and tables")
{
    REQUIRE(x86_fadt.sci_irq < ARRAY_COUNT(x86_madt.isa));
    uint32_t entry = x86_ioapic_entry(x86_ioapic_isa_gsi((uint8_t)x86_fadt.sci_irq));
    EXPECT_EQ(entry & (IOAPIC_MASKED | IOAPIC_LEVEL), IOAPIC_LEVEL);
    EXPECT(entry != IOAPIC_NO_ENTRY);
}

TEST_KERNEL(x86_power, soft_off_was_found, "reads ACPI's registers and tables")
{
    EXPECT(x86_power_can_power_off());
}

TEST_KERNEL(x86_acpi, the_madt_lists_the_processor_that_booted_first,
            "reads ACPI's registers and tables")
{
    EXPECT(x86_madt.cpu_count >= 1);
    EXPECT_EQ(x86_madt.cpu[0].apic_id, x86_boot_cpu.apic_id);
    for (size_t i = 0; i < x86_madt.cpu_count; i++) {
        for (size_t j = 0; j < i; j++)
            EXPECT(x86_madt.cpu[i].apic_id != x86_madt.cpu[j].apic_id);
    }
}

TEST_KERNEL(x86_acpi, tables_can_be_found_by_their_signature, "reads ACPI's registers and tables")
{
    const void *table = NULL;
    size_t bytes = 0;
    REQUIRE(NT_SUCCESS(rtl_acpi_find(&x86_acpi, "APIC", &table, &bytes)));
    EXPECT_EQ(__builtin_memcmp(table, "APIC", 4), 0);
    EXPECT(bytes > 44);
    EXPECT_EQ(rtl_acpi_find(&x86_acpi, "NONE", &table, &bytes), STATUS_NOT_FOUND);
}

TEST_KERNEL(x86_acpi, every_interrupt_line_of_isa_has_an_io_apic,
            "reads ACPI's registers and tables")
{
    REQUIRE(x86_madt.ioapic_count >= 1);
    for (uint8_t irq = 0; irq < ARRAY_COUNT(x86_madt.isa); irq++)
        EXPECT(x86_ioapic_entry(x86_ioapic_isa_gsi(irq)) != IOAPIC_NO_ENTRY);
}
