/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The battery clock: an MC146818 behind an index port. Read once at boot, so its registers need no lock.
 *
 * The chip counts years by two digits; the kernel is younger than 2000, so they mean 2000 to 2099. It is taken to run in
 * UTC, as QEMU's does.
 *
 * Source: Motorola MC146818A datasheet, "Address map" and "Update cycle"
 */
#include "x86_64/rtc.h"

#include "base/log.h"
#include "x86_64/x86.h"

#define RTC_INDEX    0x70 /* bit 7 would mask NMIs */
#define RTC_DATA     0x71

#define REG_SECOND   0x00
#define REG_MINUTE   0x02
#define REG_HOUR     0x04
#define REG_DAY      0x07
#define REG_MONTH    0x08
#define REG_YEAR     0x09
#define REG_STATUS_A 0x0a
#define REG_STATUS_B 0x0b

#define A_UPDATING   0x80
#define CENTURY      2000
#define FIRST_YEAR   1601
#define UPDATE_TRIES 400 /* of 10 us: an update takes 2.2 ms at most */
#define READ_TRIES   4

/* --- Pure ----------------------------------------------------------------------------------- */

static bool is_leap(uint32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static uint32_t days_of_month(uint32_t year, uint32_t month)
{
    static const uint8_t days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    return days[month - 1] + (month == 2 && is_leap(year) ? 1u : 0u);
}

static uint32_t number(uint8_t value, uint8_t status_b)
{
    return status_b & X86_RTC_BINARY ? value : (value >> 4) * 10u + (value & 15);
}

/* 12 is the first hour of a half day. */
static uint32_t hour_of(uint8_t value, uint8_t status_b)
{
    if (status_b & X86_RTC_24_HOURS)
        return number(value, status_b);
    bool afternoon = value & X86_RTC_PM;
    uint32_t hour = number(value & (uint8_t)~X86_RTC_PM, status_b);
    return hour % 12 + (afternoon ? 12 : 0);
}

bool x86_rtc_decode(const struct x86_rtc_registers *raw, struct x86_date *date)
{
    uint8_t format = raw->status_b;
    struct x86_date d = {
        .year = CENTURY + number(raw->year, format),
        .month = number(raw->month, format),
        .day = number(raw->day, format),
        .hour = hour_of(raw->hour, format),
        .minute = number(raw->minute, format),
        .second = number(raw->second, format),
    };
    if (d.year > CENTURY + 99 || d.month < 1 || d.month > 12 || d.day < 1 ||
        d.day > days_of_month(d.year, d.month) || d.hour > 23 || d.minute > 59 || d.second > 59)
        return false;
    *date = d;
    return true;
}

uint64_t x86_rtc_to_100ns(const struct x86_date *date)
{
    uint32_t years = date->year - FIRST_YEAR;
    uint64_t days = (uint64_t)years * 365 + years / 4 - years / 100 + years / 400;
    for (uint32_t month = 1; month < date->month; month++)
        days += days_of_month(date->year, month);
    days += date->day - 1;
    uint64_t seconds = ((days * 24 + date->hour) * 60 + date->minute) * 60 + date->second;
    return seconds * 10000000;
}

/* --- The chip ------------------------------------------------------------------------------- */

static uint8_t read(uint8_t index)
{
    x86_out8(RTC_INDEX, index);
    return x86_in8(RTC_DATA);
}

static struct x86_rtc_registers read_all(void)
{
    for (int i = 0; i < UPDATE_TRIES && read(REG_STATUS_A) & A_UPDATING; i++)
        arch_stall(10);
    return (struct x86_rtc_registers){
        .second = read(REG_SECOND),
        .minute = read(REG_MINUTE),
        .hour = read(REG_HOUR),
        .day = read(REG_DAY),
        .month = read(REG_MONTH),
        .year = read(REG_YEAR),
        .status_b = read(REG_STATUS_B),
    };
}

static bool same(const struct x86_rtc_registers *a, const struct x86_rtc_registers *b)
{
    return a->second == b->second && a->minute == b->minute && a->hour == b->hour &&
           a->day == b->day && a->month == b->month && a->year == b->year;
}

/* An update can begin between two registers: what was read twice alike was whole. */
uint64_t arch_wall_clock_100ns(void)
{
    struct x86_date date = { .year = CENTURY, .month = 1, .day = 1 };
    struct x86_rtc_registers first = read_all(), second = read_all();
    for (int i = 0; i < READ_TRIES && !same(&first, &second); i++) {
        first = second;
        second = read_all();
    }
    if (!x86_rtc_decode(&second, &date))
        log_event(LOG_WARNING, "x86", "wall_clock_not_set assumed=2000-01-01");
    return x86_rtc_to_100ns(&date);
}
