/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The port's way from the boot loader to init_start, one step after the other on the boot
 * processor, interrupts off. The first step that finds the machine unfit ends it with a reason;
 * init_start says that reason, on whatever page tables there are by then.
 */
#include "x86_64/x86.h"

#include <nt/ntstatus.h>

#define BIOS_AREA        0xe0000
#define BIOS_AREA_BYTES  0x20000
#define EBDA_POINTER     0x40e
#define EBDA_BYTES       1024
#define RSDP_BYTES       36
#define COUNTER_HZ_GUESS 1000000000 /* until calibrated: time stamps of a refusal need some rate */

struct arch_boot x86_boot;
struct arch_counts x86_counts[ARCH_MAX_CPUS];
struct rtl_options x86_options;
struct rtl_acpi x86_acpi;
struct rtl_acpi_madt x86_madt;
struct rtl_acpi_fadt x86_fadt;

extern char __ImageBase[];
static char option_error[160];

_Noreturn void x86_main(uint32_t magic, uint64_t info);

const struct arch_boot *arch_boot(void)
{
    return &x86_boot;
}

static const char *parse_options(void)
{
    if (rtl_options_parse(x86_boot.command_line, &x86_options, option_error, sizeof(option_error)))
        return NULL;
    return option_error;
}

/* ACPI 6.5, 5.2.5.1: in the first KiB of the EBDA, or in the BIOS's read-only memory. */
static const void *search_rsdp(void)
{
    const uint16_t *segment = x86_map_physical(EBDA_POINTER, sizeof(*segment));
    if (segment != NULL && *segment != 0) {
        const void *ebda = x86_map_physical((uint64_t)*segment << 4, EBDA_BYTES);
        const void *found = ebda == NULL ? NULL : rtl_acpi_search(ebda, EBDA_BYTES);
        if (found != NULL)
            return found;
    }
    const void *bios = x86_map_physical(BIOS_AREA, BIOS_AREA_BYTES);
    return bios == NULL ? NULL : rtl_acpi_search(bios, BIOS_AREA_BYTES);
}

static const char *read_madt(void)
{
    const void *table;
    size_t bytes;
    if (!NT_SUCCESS(rtl_acpi_find(&x86_acpi, "APIC", &table, &bytes)) ||
        !NT_SUCCESS(rtl_acpi_read_madt(table, bytes, &x86_madt)))
        return "no ACPI tables: no valid MADT";
    return NULL;
}

static const char *read_fadt(void)
{
    const void *table;
    size_t bytes;
    if (!NT_SUCCESS(rtl_acpi_find(&x86_acpi, "FACP", &table, &bytes)) ||
        !NT_SUCCESS(rtl_acpi_read_fadt(table, bytes, &x86_fadt)))
        return "no ACPI tables: no valid FADT";
    return NULL;
}

static const char *read_acpi(void)
{
    const void *rsdp = x86_multiboot.rsdp;
    size_t bytes = x86_multiboot.rsdp_bytes;
    if (bytes == 0) {
        rsdp = search_rsdp();
        bytes = RSDP_BYTES;
    }
    x86_acpi.map = x86_map_physical;
    if (rsdp == NULL || !NT_SUCCESS(rtl_acpi_open(&x86_acpi, rsdp, bytes)))
        return "no ACPI tables: no valid RSDP";
    const char *refusal = read_madt();
    return refusal != NULL ? refusal : read_fadt();
}

/* Processor 0 is the one that boots, wherever the MADT lists it. */
static void number_processors(void)
{
    uint32_t own = x86_apic_read_id();
    size_t at = 0;
    while (at < x86_madt.cpu_count && x86_madt.cpu[at].apic_id != own)
        at++;
    if (at == x86_madt.cpu_count) { /* a table that does not know it is no guide to the others */
        x86_madt.cpu_count = 1;
        x86_madt.cpu[0].apic_id = own;
        at = 0;
    }
    uint32_t uid = x86_madt.cpu[at].acpi_uid;
    x86_madt.cpu[at] = x86_madt.cpu[0];
    x86_madt.cpu[0].apic_id = own;
    x86_madt.cpu[0].acpi_uid = uid;
    x86_boot_cpu.apic_id = own;
    x86_boot_cpu.acpi_uid = uid;
    x86_boot.cpu_count = (uint32_t)x86_madt.cpu_count;
    if (x86_low_page() == 0) /* nowhere to start another one */
        x86_boot.cpu_count = 1;
}

static const char *start_interrupts(void)
{
    number_processors();
    x86_apic_init_cpu();
    x86_ioapic_init();
    return NULL;
}

static const char *finish(void)
{
    x86_power_init();
    (void)x86_uart_connect();   /* a machine without COM1 has no input */
    return x86_memory_finish(); /* the last: all before it may take frames */
}

static const char *bring_up(uint32_t magic, uint64_t info)
{
    static const char *(*const steps[])(void) = {
        parse_options, x86_memory_init,  x86_mmu_init,        read_acpi,
        x86_apic_init, start_interrupts, x86_clock_calibrate, finish,
    };
    const char *refusal = x86_multiboot_read(magic, info);
    for (size_t i = 0; i < ARRAY_COUNT(steps) && refusal == NULL; i++)
        refusal = steps[i]();
    return refusal;
}

_Noreturn void x86_main(uint32_t magic, uint64_t info)
{
    x86_boot.image_base = (uintptr_t)__ImageBase;
    x86_boot.image_bytes = x86_image_bytes();
    x86_boot.counter_hz = COUNTER_HZ_GUESS;
    x86_boot.counts = x86_counts;
    x86_boot.cpu_count = 1;
    x86_boot.entry_counter = x86_entry_counter;
    x86_boot.seed = x86_boot_seed;
    x86_cpu_init_boot();
    x86_cpu_load(&x86_boot_cpu);
    x86_uart_init();
    x86_boot.refusal = bring_up(magic, info);
    init_start();
}
