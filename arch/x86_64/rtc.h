/* SPDX-License-Identifier: BSD-2-Clause */
/* Pure conversions of the battery clock, apart so that they can be tested with dates of our choice. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct x86_date {
    uint32_t year, month, day, hour, minute, second; /* month and day from 1 */
};

/* The registers as the chip has them, format included. */
struct x86_rtc_registers {
    uint8_t second, minute, hour, day, month, year;
    uint8_t status_b;
};

#define X86_RTC_24_HOURS 0x02
#define X86_RTC_BINARY   0x04
#define X86_RTC_PM       0x80 /* in the hour, with 12-hour format */

/* False: no such date, the clock was never set. */
bool x86_rtc_decode(const struct x86_rtc_registers *raw, struct x86_date *date);
/* 100 ns since 1601-01-01; `date` is valid and not before that. */
uint64_t x86_rtc_to_100ns(const struct x86_date *date);
