/* SPDX-License-Identifier: BSD-2-Clause */
/* The registers of COM1, and what uart.c offers beyond x86.h. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define UART_BASE             0x3f8
#define UART_DATA             (UART_BASE + 0)
#define UART_INTERRUPT_ENABLE (UART_BASE + 1)
#define UART_IDENTIFY         (UART_BASE + 2) /* reads */
#define UART_FIFO_CONTROL     (UART_BASE + 2) /* writes */
#define UART_LINE_CONTROL     (UART_BASE + 3)
#define UART_MODEM_CONTROL    (UART_BASE + 4)
#define UART_LINE_STATUS      (UART_BASE + 5)
#define UART_SCRATCH          (UART_BASE + 7)

#define UART_MODEM_NORMAL     0x0b /* DTR, RTS, OUT2, which lets the interrupt through on a PC */
#define UART_MODEM_LOOPBACK   0x10

#define UART_STATUS_RECEIVED  0x01
#define UART_STATUS_TAKES     0x20 /* the transmit FIFO is empty */
#define UART_STATUS_SENT      0x40 /* the shift register, too */

bool x86_uart_present(void);
void x86_uart_drain(void);    /* until the last byte is on the line */
uint32_t x86_uart_lost(void); /* received bytes that found the ring full */
