/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of rtc.c: formats, calendar, and the chip against the counter. */
#include "x86_64/rtc.h"

#include "ke/ke_test.h"
#include "x86_64/x86.h"

#define DAY_100NS    864000000000u
#define SECOND_100NS 10000000u

static uint64_t at(uint32_t year, uint32_t month, uint32_t day)
{
    return x86_rtc_to_100ns(&(struct x86_date){ .year = year, .month = month, .day = day });
}

TEST_KERNEL(x86_rtc, bcd_with_24_hours_is_understood, "arithmetic of this port")
{
    struct x86_rtc_registers raw = { 0x59, 0x48, 0x23, 0x31, 0x12, 0x99, X86_RTC_24_HOURS };
    struct x86_date d;
    REQUIRE(x86_rtc_decode(&raw, &d));
    EXPECT_EQ(d.year, 2099);
    EXPECT_EQ(d.month, 12);
    EXPECT_EQ(d.day, 31);
    EXPECT_EQ(d.hour, 23);
    EXPECT_EQ(d.minute, 48);
    EXPECT_EQ(d.second, 59);
}

TEST_KERNEL(x86_rtc, binary_is_understood, "arithmetic of this port")
{
    struct x86_rtc_registers raw = { 59, 48, 23, 31, 12, 26, X86_RTC_24_HOURS | X86_RTC_BINARY };
    struct x86_date d;
    REQUIRE(x86_rtc_decode(&raw, &d));
    EXPECT_EQ(d.year, 2026);
    EXPECT_EQ(d.hour, 23);
    EXPECT_EQ(d.second, 59);
}

static uint32_t hour(uint8_t raw_hour)
{
    struct x86_rtc_registers raw = { 0, 0, raw_hour, 1, 1, 0, 0 };
    struct x86_date d;
    return x86_rtc_decode(&raw, &d) ? d.hour : UINT32_MAX;
}

TEST_KERNEL(x86_rtc, twelve_begins_a_half_day, "arithmetic of this port")
{
    EXPECT_EQ(hour(0x12), 0);
    EXPECT_EQ(hour(0x01), 1);
    EXPECT_EQ(hour(0x11), 11);
    EXPECT_EQ(hour(0x12 | X86_RTC_PM), 12);
    EXPECT_EQ(hour(0x01 | X86_RTC_PM), 13);
    EXPECT_EQ(hour(0x11 | X86_RTC_PM), 23);
}

TEST_KERNEL(x86_rtc, what_is_no_date_is_refused, "arithmetic of this port")
{
    static const struct x86_rtc_registers bad[] = {
        { 0x60, 0, 0, 1, 1, 0, X86_RTC_24_HOURS },    { 0, 0x60, 0, 1, 1, 0, X86_RTC_24_HOURS },
        { 0, 0, 0x24, 1, 1, 0, X86_RTC_24_HOURS },    { 0, 0, 0, 0, 1, 0, X86_RTC_24_HOURS },
        { 0, 0, 0, 1, 0, 0, X86_RTC_24_HOURS },       { 0, 0, 0, 1, 0x13, 0, X86_RTC_24_HOURS },
        { 0, 0, 0, 0x29, 2, 1, X86_RTC_24_HOURS },    { 0, 0, 0, 0x31, 4, 0, X86_RTC_24_HOURS },
        { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
    };
    struct x86_date d;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
        EXPECT(!x86_rtc_decode(&bad[i], &d));
    EXPECT(x86_rtc_decode(&(struct x86_rtc_registers){ 0, 0, 0, 0x29, 2, 0x28, X86_RTC_24_HOURS },
                          &d));
}

TEST_KERNEL(x86_rtc, known_dates_have_their_known_numbers, "arithmetic of this port")
{
    EXPECT_EQ(at(1601, 1, 1), 0);
    EXPECT_EQ(at(1970, 1, 1), 116444736000000000u); /* [MS-DTYP] 2.3.3 against the Unix epoch */
    EXPECT_EQ(at(2000, 1, 1), 125911584000000000u);
    EXPECT_EQ(x86_rtc_to_100ns(&(struct x86_date){ 2038, 1, 19, 3, 14, 7 }),
              116444736000000000u + 2147483647u * (uint64_t)SECOND_100NS);
}

TEST_KERNEL(x86_rtc, every_fourth_year_is_a_leap_year_but_for_three_centuries_of_four,
            "arithmetic of this port")
{
    EXPECT_EQ(at(2024, 3, 1) - at(2024, 2, 28), 2 * DAY_100NS);
    EXPECT_EQ(at(2023, 3, 1) - at(2023, 2, 28), DAY_100NS);
    EXPECT_EQ(at(2000, 3, 1) - at(2000, 2, 28), 2 * DAY_100NS);
    EXPECT_EQ(at(2100, 3, 1) - at(2100, 2, 28), DAY_100NS);
    for (uint32_t year = 1601; year < 2400; year++) {
        bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        EXPECT_EQ(at(year + 1, 1, 1) - at(year, 1, 1), (leap ? 366 : 365) * DAY_100NS);
    }
}

TEST_KERNEL(x86_rtc, the_chip_goes_on_with_the_time, "reads the battery clock")
{
    uint64_t first = arch_wall_clock_100ns();
    uint64_t now = ke.boot_time_100ns + ke_tick_count() * KE_TICK_100NS;
    uint64_t second = arch_wall_clock_100ns();
    EXPECT(first >= at(2020, 1, 1) && second >= first);
    EXPECT(now + 2 * (uint64_t)SECOND_100NS > first); /* it counts whole seconds */
    EXPECT(second + 2 * (uint64_t)SECOND_100NS > now);
}
