/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of uart.c with the chip's loop-back: what is sent comes back as received, nothing goes out. A line that another
 * processor logs in that time would be lost, so the loops are short.
 */
#include "x86_64/uart.h"

#include "ke/ke_test.h"
#include "x86_64/x86.h"

#define RING 1024

static void loop_on(void)
{
    char byte;
    x86_uart_drain();
    while (arch_console_read(&byte)) /* what somebody typed */
        ;
    x86_out8(UART_MODEM_CONTROL, UART_MODEM_NORMAL | UART_MODEM_LOOPBACK);
}

static void loop_off(void)
{
    x86_uart_drain();
    x86_out8(UART_MODEM_CONTROL, UART_MODEM_NORMAL);
}

/* Send one byte and wait until the interrupt has taken it from the chip. */
static bool send(uint8_t byte)
{
    uint64_t end = ke_tick_count() + TEST_HANG_MS;
    x86_out8(UART_DATA, byte);
    while (!(x86_in8(UART_LINE_STATUS) & UART_STATUS_SENT) && ke_tick_count() < end)
        arch_cpu_pause();
    while (x86_in8(UART_LINE_STATUS) & UART_STATUS_RECEIVED && ke_tick_count() < end)
        arch_cpu_pause();
    return ke_tick_count() < end;
}

static bool receive(char *byte)
{
    uint64_t end = ke_tick_count() + TEST_HANG_MS;
    while (!arch_console_read(byte)) {
        if (ke_tick_count() >= end)
            return false;
        arch_cpu_pause();
    }
    return true;
}

TEST_KERNEL(x86_uart, every_value_of_a_byte_comes_in_by_interrupt, "needs the 16550")
{
    uint32_t wrong = 0;
    REQUIRE(x86_uart_present());
    loop_on();
    for (uint32_t i = 0; i < 256; i++) {
        char byte = 0;
        wrong += send((uint8_t)i) && receive(&byte) && (uint8_t)byte == i ? 0 : 1;
    }
    loop_off();
    EXPECT_EQ(wrong, 0);
}

TEST_KERNEL(x86_uart, a_burst_comes_in_whole_and_in_order, "needs the 16550")
{
    const char text[] = "0123456789abcdef";
    char got[sizeof(text)] = { 0 };
    bool all = true;
    loop_on();
    arch_console_write(text, sizeof(text) - 1);
    for (size_t i = 0; i < sizeof(text) - 1 && all; i++)
        all = receive(&got[i]);
    loop_off();
    EXPECT(all);
    EXPECT_EQ(__builtin_memcmp(got, text, sizeof(text)), 0);
}

TEST_KERNEL(x86_uart, a_full_ring_keeps_the_first_and_counts_the_rest, "needs the 16550")
{
    char byte = 0;
    uint32_t kept = 0, lost = x86_uart_lost();
    loop_on();
    for (uint32_t i = 0; i < RING + 10; i++)
        (void)send((uint8_t)(i % 251)); /* what hangs is seen by the numbers */
    loop_off();
    while (kept < RING && receive(&byte) && (uint8_t)byte == kept % 251)
        kept++;
    EXPECT_EQ(kept, RING);
    EXPECT(!arch_console_read(&byte));
    EXPECT_EQ(x86_uart_lost() - lost, 10);
}

TEST_KERNEL(x86_uart, nothing_comes_in_by_itself, "needs the 16550")
{
    char byte = 'x';
    loop_on();
    loop_off();
    EXPECT(!arch_console_read(&byte));
    EXPECT_EQ(byte, 'x');
}

TEST_KERNEL(x86_uart, the_line_has_8_bits_and_a_fifo, "needs the 16550")
{
    EXPECT_EQ(x86_in8(UART_LINE_CONTROL), 3);
    EXPECT_EQ(x86_in8(UART_IDENTIFY) & 0xc0, 0xc0);
    EXPECT_EQ(x86_in8(UART_INTERRUPT_ENABLE), 1);
}
