/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * COM1, a 16550: output polled, so that the last line before a crash is out; input by interrupt into a ring.
 *
 * The caller of arch_console_write serialises writers. The ring has one producer, the interrupt of one processor, and one
 * reader at a time. A machine without the chip loses all output, and nothing else.
 *
 * Source: National Semiconductor PC16550D datasheet, 8.0 "Registers"
 */
#include "x86_64/uart.h"

#include <nt/ntstatus.h>

#include "base/atomic.h"
#include "x86_64/ioapic.h"
#include "x86_64/x86.h"

#define COM1_IRQ   4
#define RING_BYTES 1024 /* a power of two */
#define FIFO_BYTES 16
#define POLLS                                                                                      \
    2000000u /* some seconds: a receiver that is slow is waited for, one that is gone is not */

#define LINE_8N1          0x03
#define LINE_DIVISOR      0x80 /* the first two registers are the divisor */
#define FIFO_ENABLE       0x07 /* and empty both; the receiver interrupts at every byte */
#define IDENTIFY_FIFO     0xc0
#define INTERRUPT_RECEIVE 0x01

static bool present;         /* [i] after x86_uart_init */
static uint32_t burst_bytes; /* [i] what an empty transmitter takes */
static char ring[RING_BYTES];
static uint32_t ring_head; /* [a] bytes put in, by the interrupt */
static uint32_t ring_tail; /* [a] bytes taken out */
static uint32_t ring_lost; /* [a] bytes that found the ring full */

/* The scratch register keeps what is written to it; an empty port reads as ones. */
static bool detect(void)
{
    x86_out8(UART_SCRATCH, 0x55);
    bool first = x86_in8(UART_SCRATCH) == 0x55;
    x86_out8(UART_SCRATCH, 0xaa);
    return first && x86_in8(UART_SCRATCH) == 0xaa;
}

void x86_uart_init(void)
{
    present = detect();
    if (!present)
        return;
    x86_out8(UART_INTERRUPT_ENABLE, 0);
    x86_out8(UART_LINE_CONTROL, LINE_DIVISOR);
    x86_out8(UART_DATA, 1); /* 115200 */
    x86_out8(UART_INTERRUPT_ENABLE, 0);
    x86_out8(UART_LINE_CONTROL, LINE_8N1);
    x86_out8(UART_FIFO_CONTROL, FIFO_ENABLE);
    x86_out8(UART_MODEM_CONTROL, UART_MODEM_NORMAL);
    bool fifo = (x86_in8(UART_IDENTIFY) & IDENTIFY_FIFO) == IDENTIFY_FIFO;
    burst_bytes = fifo ? FIFO_BYTES : 1;
}

bool x86_uart_present(void)
{
    return present;
}

/* --- Output --------------------------------------------------------------------------------------------- */

static void wait_status(uint8_t bit)
{
    for (uint32_t i = 0; i < POLLS && !(x86_in8(UART_LINE_STATUS) & bit); i++)
        arch_cpu_pause();
}

void arch_console_write(const char *text, size_t length)
{
    if (!present)
        return;
    for (size_t i = 0; i < length; i++) {
        if (i % burst_bytes == 0)
            wait_status(UART_STATUS_TAKES);
        x86_out8(UART_DATA, (uint8_t)text[i]);
    }
}

void x86_uart_drain(void)
{
    if (present)
        wait_status(UART_STATUS_SENT);
}

/* --- Input ---------------------------------------------------------------------------------------------- */

static void put(char byte)
{
    uint32_t head = ring_head;
    if (head - atomic_load_acquire(&ring_tail) == RING_BYTES) {
        ring_lost++;
        return;
    }
    ring[head % RING_BYTES] = byte;
    atomic_store_release(&ring_head, head + 1);
}

/* All that is there, so that the line, which is edge-triggered, falls. */
void x86_uart_interrupt(void)
{
    for (uint32_t i = 0; i < RING_BYTES && x86_in8(UART_LINE_STATUS) & UART_STATUS_RECEIVED; i++)
        put((char)x86_in8(UART_DATA));
}

bool arch_console_read(char *byte)
{
    uint32_t tail = ring_tail;
    if (atomic_load_acquire(&ring_head) == tail)
        return false;
    *byte = ring[tail % RING_BYTES];
    atomic_store_release(&ring_tail, tail + 1);
    return true;
}

uint32_t x86_uart_lost(void)
{
    return atomic_load_relaxed(&ring_lost);
}

MUST_CHECK NTSTATUS x86_uart_connect(void)
{
    if (!present)
        return STATUS_DEVICE_DOES_NOT_EXIST;
    struct x86_own_line line = { .handler = x86_uart_interrupt };
    line.gsi = x86_ioapic_isa_gsi(COM1_IRQ);
    x86_ioapic_line_mode(line.gsi, &line.level, &line.active_low);
    NTSTATUS status = x86_ioapic_connect_own(&line);
    if (NT_SUCCESS(status))
        x86_out8(UART_INTERRUPT_ENABLE, INTERRUPT_RECEIVE);
    return status;
}
