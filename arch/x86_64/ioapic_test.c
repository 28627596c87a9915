/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of ioapic.c: redirection entries, vectors, and the interrupt of a real device, the battery clock's. */
#include "x86_64/ioapic.h"

#include <nt/irql.h>

#include "ke/ke_test.h"
#include "x86_64/x86.h"

#define PCI_LINE   20 /* free in every machine that runs these tests: checked before use */
#define RTC_IRQ    8
#define RTC_INDEX  0x70
#define RTC_DATA   0x71
#define RTC_A      0x0a
#define RTC_B      0x0b
#define RTC_C      0x0c
#define A_1024_HZ  0x26
#define B_PERIODIC 0x40

static bool is_masked(uint32_t gsi)
{
    return x86_ioapic_entry(gsi) & IOAPIC_MASKED;
}

static bool has_vector(uint32_t wanted)
{
    for (uint32_t vector = X86_VECTOR_DEVICE_FIRST; vector <= X86_VECTOR_DEVICE_LAST; vector++) {
        uint32_t gsi;
        if (x86_ioapic_vector_gsi((uint8_t)vector, &gsi) && gsi == wanted)
            return true;
    }
    return false;
}

TEST_KERNEL(x86_ioapic, only_connected_lines_are_unmasked, "looks at the registers of the I/O APIC")
{
    EXPECT(x86_ioapic_line_count() >= 24);
    for (uint32_t gsi = 0; gsi < x86_ioapic_line_count(); gsi++)
        EXPECT(is_masked(gsi) || has_vector(gsi));
    EXPECT(!is_masked(x86_ioapic_isa_gsi(4))); /* the serial line's */
}

TEST_KERNEL(x86_ioapic, a_line_or_processor_that_does_not_exist_is_refused,
            "looks at the registers of the I/O APIC")
{
    KIRQL irql = HIGH_LEVEL;
    EXPECT_EQ(arch_interrupt_connect(100000, 0, &irql), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(arch_interrupt_connect(PCI_LINE, ke.cpu_count, &irql), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(arch_interrupt_connect(PCI_LINE, ARCH_MAX_CPUS, &irql), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(irql, HIGH_LEVEL);
    EXPECT_EQ(x86_ioapic_entry(100000), IOAPIC_NO_ENTRY);
}

TEST_KERNEL(x86_ioapic, a_connected_line_has_a_vector_of_its_level,
            "looks at the registers of the I/O APIC")
{
    KIRQL irql = 0;
    uint32_t gsi = 0;
    REQUIRE(!has_vector(PCI_LINE) && is_masked(PCI_LINE));
    REQUIRE(NT_SUCCESS(arch_interrupt_connect(PCI_LINE, 0, &irql)));
    uint32_t entry = x86_ioapic_entry(PCI_LINE);
    bool found = x86_ioapic_vector_gsi((uint8_t)entry, &gsi);
    arch_interrupt_disconnect(PCI_LINE);
    EXPECT_EQ(irql, (entry & 0xff) >> 4);
    EXPECT(irql > DISPATCH_LEVEL && irql < CLOCK_LEVEL);
    EXPECT(found);
    EXPECT_EQ(gsi, PCI_LINE);
    EXPECT_EQ(entry & (IOAPIC_MASKED | IOAPIC_LEVEL | IOAPIC_ACTIVE_LOW),
              IOAPIC_LEVEL | IOAPIC_ACTIVE_LOW);
}

TEST_KERNEL(x86_ioapic, a_disconnected_line_is_masked_and_has_no_vector,
            "looks at the registers of the I/O APIC")
{
    KIRQL irql;
    uint32_t gsi;
    REQUIRE(!has_vector(PCI_LINE));
    REQUIRE(NT_SUCCESS(arch_interrupt_connect(PCI_LINE, 0, &irql)));
    uint8_t vector = (uint8_t)x86_ioapic_entry(PCI_LINE);
    arch_interrupt_disconnect(PCI_LINE);
    EXPECT(is_masked(PCI_LINE));
    EXPECT(!x86_ioapic_vector_gsi(vector, &gsi));
}

TEST_KERNEL(x86_ioapic, lines_connected_one_after_the_other_have_different_levels,
            "looks at the registers of the I/O APIC")
{
    KIRQL levels[3] = { 0 };
    for (uint32_t i = 0; i < 3; i++)
        EXPECT(NT_SUCCESS(arch_interrupt_connect(PCI_LINE + i, 0, &levels[i])));
    for (uint32_t i = 0; i < 3; i++)
        arch_interrupt_disconnect(PCI_LINE + i);
    EXPECT(levels[0] != levels[1] && levels[1] != levels[2] && levels[0] != levels[2]);
}

TEST_KERNEL(x86_ioapic, a_masked_line_keeps_its_vector, "looks at the registers of the I/O APIC")
{
    KIRQL first, masked, again;
    uint32_t gsi;
    REQUIRE(!has_vector(PCI_LINE));
    REQUIRE(NT_SUCCESS(arch_interrupt_connect(PCI_LINE, 0, &first)));
    EXPECT(NT_SUCCESS(arch_interrupt_connect(PCI_LINE, ARCH_CPU_NONE, &masked)));
    uint32_t entry = x86_ioapic_entry(PCI_LINE);
    bool found = x86_ioapic_vector_gsi((uint8_t)entry, &gsi);
    EXPECT(NT_SUCCESS(arch_interrupt_connect(PCI_LINE, 0, &again)));
    bool unmasked = !is_masked(PCI_LINE);
    arch_interrupt_disconnect(PCI_LINE);
    EXPECT(entry & IOAPIC_MASKED);
    EXPECT(found);
    EXPECT_EQ(masked, first);
    EXPECT_EQ(again, first);
    EXPECT(unmasked);
}

TEST_KERNEL(x86_ioapic, a_line_of_the_port_s_own_is_not_given_away,
            "the port has lines of its own here")
{
    KIRQL irql = HIGH_LEVEL;
    uint32_t uart = x86_ioapic_isa_gsi(4);
    uint32_t before = x86_ioapic_entry(uart);
    EXPECT_EQ(arch_interrupt_connect(uart, 0, &irql), STATUS_SHARING_VIOLATION);
    EXPECT_EQ(x86_ioapic_entry(uart), before);
    EXPECT_EQ(irql, HIGH_LEVEL);
}

TEST_KERNEL(x86_ioapic, connecting_a_thousand_times_runs_out_of_nothing,
            "looks at the registers of the I/O APIC")
{
    KIRQL irql;
    uint32_t connected = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        if (NT_SUCCESS(arch_interrupt_connect(PCI_LINE, 0, &irql)))
            connected++;
        arch_interrupt_disconnect(PCI_LINE);
    }
    EXPECT_EQ(connected, 1000);
}

TEST_KERNEL(x86_ioapic, only_device_vectors_have_lines, "looks at the registers of the I/O APIC")
{
    uint32_t gsi;
    EXPECT(!x86_ioapic_vector_gsi(X86_VECTOR_DEVICE_FIRST - 1, &gsi));
    EXPECT(!x86_ioapic_vector_gsi(X86_VECTOR_DEVICE_LAST + 1, &gsi));
    EXPECT(!x86_ioapic_vector_gsi(X86_VECTOR_CLOCK, &gsi));
}

/* --- The battery clock's periodic interrupt -------------------------------------------------- */

static uint8_t rtc_read(uint8_t index)
{
    x86_out8(RTC_INDEX, index);
    return x86_in8(RTC_DATA);
}

static void rtc_write(uint8_t index, uint8_t value)
{
    x86_out8(RTC_INDEX, index);
    x86_out8(RTC_DATA, value);
}

struct rtc_test {
    uint32_t count; /* [a] */
    uint32_t cpu;   /* [a] */
    uint32_t irql;  /* [a] */
};

/* Reading register C is what ends the interrupt. */
static BOOLEAN rtc_handler(KINTERRUPT *interrupt, PVOID context)
{
    struct rtc_test *test = context;
    (void)interrupt;
    bool ours = rtc_read(RTC_C) & B_PERIODIC;
    atomic_store_release(&test->cpu, arch_cpu()->index);
    atomic_store_release(&test->irql, arch_irql());
    (void)atomic_add(&test->count, ours ? 1 : 0);
    return ours;
}

static KINTERRUPT *rtc_connect(struct selftest_run *run, struct rtc_test *test)
{
    KINTERRUPT *interrupt = NULL;
    struct ke_interrupt_options options = {
        .gsi = x86_ioapic_isa_gsi(RTC_IRQ),
        .mode = Latched,
        .affinity = 1,
        .routine = rtc_handler,
        .context = test,
    };
    EXPECT(NT_SUCCESS(ke_interrupt_connect(&options, &interrupt)));
    return interrupt;
}

static void rtc_start(void)
{
    rtc_write(RTC_A, A_1024_HZ);
    rtc_write(RTC_B, rtc_read(RTC_B) | B_PERIODIC);
    (void)rtc_read(RTC_C); /* an edge needs the line to be low first */
}

static void rtc_stop(void)
{
    rtc_write(RTC_B, rtc_read(RTC_B) & (uint8_t)~B_PERIODIC);
    (void)rtc_read(RTC_C);
}

TEST_KERNEL(x86_ioapic, a_device_s_interrupts_reach_its_handler_at_its_level, "needs a device")
{
    struct rtc_test test = { 0 };
    uint32_t gsi = x86_ioapic_isa_gsi(RTC_IRQ);
    KINTERRUPT *interrupt = rtc_connect(run, &test);
    REQUIRE(interrupt != NULL);
    uint32_t level = (x86_ioapic_entry(gsi) & 0xff) >> 4;
    rtc_start();
    bool came = test_reaches(&test.count, 5);
    rtc_stop();
    ke_interrupt_disconnect(interrupt);
    EXPECT(came);
    EXPECT_EQ(test.irql, level);
    EXPECT_EQ(test.cpu, 0);
}

TEST_KERNEL(x86_ioapic, a_line_can_be_routed_to_any_processor, "needs a device")
{
    struct rtc_test test = { 0 };
    uint32_t gsi = x86_ioapic_isa_gsi(RTC_IRQ);
    KIRQL irql;
    KINTERRUPT *interrupt = rtc_connect(run, &test);
    REQUIRE(interrupt != NULL);
    rtc_start();
    for (uint32_t cpu = ke.cpu_count; cpu-- != 0;) {
        EXPECT(NT_SUCCESS(arch_interrupt_connect(gsi, cpu, &irql)));
        uint32_t before = atomic_load_acquire(&test.count);
        EXPECT(test_reaches(&test.count, before + 3)); /* one may have been on its way */
        EXPECT_EQ(atomic_load_acquire(&test.cpu), cpu);
    }
    rtc_stop();
    ke_interrupt_disconnect(interrupt);
}
