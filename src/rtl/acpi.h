/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACPI tables as bytes: finding, checking and reading them (ACPI 6.5, chapter 5). Pure code: the caller gives a
 * function that turns a physical address and length into memory, NULL where there is none. Tested and fuzzed on the host.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include <nt/ntdef.h>

struct rtl_acpi {
    const void *(*map)(uint64_t physical, size_t bytes); /* NULL: not readable */
    uint64_t rsdt;                                       /* physical address of the RSDT or XSDT */
    bool wide;                                           /* it is an XSDT */
};

/* A processor, an I/O APIC, an interrupt override, an NMI source of the MADT. */
struct rtl_acpi_madt {
    uint64_t local_apic; /* physical address */
    bool has_8259;
    struct {
        uint32_t apic_id;
        uint32_t acpi_uid;
    } cpu[64];
    size_t cpu_count; /* enabled ones; those past 64 are left out and counted in cpu_dropped */
    size_t cpu_dropped;
    struct {
        uint32_t id;
        uint64_t address;
        uint32_t gsi_base;
    } ioapic[8];
    size_t ioapic_count;
    struct {
        uint8_t irq;
        uint32_t gsi;
        bool active_low;
        bool level;
    } isa[16]; /* filled for all 16, identity by default */
    struct {
        uint32_t acpi_uid;
        bool all;
        uint8_t lint;
        bool active_low;
        bool level;
    } nmi[16];
    size_t nmi_count;
};

struct rtl_acpi_fadt {
    uint16_t sci_irq;
    uint32_t smi_command;
    uint8_t acpi_enable;
    uint32_t pm1a_event, pm1b_event; /* I/O ports, 0: none */
    uint32_t pm1a_control, pm1b_control;
    uint8_t pm1_event_bytes;
    uint32_t pm_timer; /* I/O port, 0: none */
    bool pm_timer_32_bits;
    bool has_reset;
    uint32_t reset_port; /* I/O space only */
    uint8_t reset_value;
    uint64_t dsdt;
    bool fixed_power_button; /* the power button is a fixed event */
};

/* Check an RSDP (signature, checksums, revision) at `rsdp` of at least `bytes`. */
MUST_CHECK NTSTATUS rtl_acpi_open(struct rtl_acpi *acpi, const void *rsdp, size_t bytes);
/* Search 16-byte steps of [start, start + bytes) for an RSDP; NULL: none. */
const void *rtl_acpi_search(const void *start, size_t bytes);
/* The table with this signature, checksum verified, its whole length mapped. STATUS_NOT_FOUND, STATUS_DATA_ERROR. */
MUST_CHECK NTSTATUS rtl_acpi_find(const struct rtl_acpi *acpi, const char signature[4],
                                  const void **table, size_t *bytes);
MUST_CHECK NTSTATUS rtl_acpi_read_madt(const void *table, size_t bytes, struct rtl_acpi_madt *madt);
MUST_CHECK NTSTATUS rtl_acpi_read_fadt(const void *table, size_t bytes, struct rtl_acpi_fadt *fadt);
/* The sleep type values of \_S5 from the DSDT's AML (the name object's package). STATUS_NOT_FOUND. */
MUST_CHECK NTSTATUS rtl_acpi_find_s5(const void *dsdt, size_t bytes, uint8_t *slp_typ_a,
                                     uint8_t *slp_typ_b);
