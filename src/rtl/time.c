/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Times, which count 100 ns from the first day of 1601, as dates of the Gregorian calendar and as seconds of other
 * epochs. 1601 begins a cycle of 400 years, so that days, leap days and weekdays all come from divisions. A negative
 * time, which NT does not name, falls before 1601 by the same rules; no time makes a division fail.
 */
#include "rtl/text.h"

#define PER_MILLISECOND 10000
#define PER_SECOND      (1000ll * PER_MILLISECOND)
#define PER_DAY         (86400ll * PER_SECOND)
#define SECONDS_TO_1970 11644473600ll
#define SECONDS_TO_1980 11960006400ll

#define DAYS_1          365
#define DAYS_4          (4 * DAYS_1 + 1)
#define DAYS_100        (25 * DAYS_4 - 1)
#define DAYS_400        (4 * DAYS_100 + 1)
#define WEEKDAY_OF_1601 1 /* a Monday */

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_in(int year, int month)
{
    static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    return days[month - 1] + (month == 2 && is_leap(year));
}

static int least(int64_t a, int64_t b)
{
    return (int)(a < b ? a : b);
}

/* The year of a day from 1601 on, and the day within it. The last year of 4 and of 400 is longer than the others. */
static int year_of(int64_t days, int *day_of_year)
{
    int64_t cycles = days / DAYS_400 - (days % DAYS_400 < 0);
    int rest = (int)(days - cycles * DAYS_400);
    int centuries = least(rest / DAYS_100, 3);
    rest -= centuries * DAYS_100;
    int fours = rest / DAYS_4;
    rest -= fours * DAYS_4;
    int years = least(rest / DAYS_1, 3);
    *day_of_year = rest - years * DAYS_1;
    return (int)(1601 + 400 * cycles + 100 * centuries + 4 * fours + years);
}

/*
 * IRQL:    any
 * Source:  WDK "RtlTimeToTimeFields function (wdm.h)", "TIME_FIELDS structure (wdm.h)"
 */
void RtlTimeToTimeFields(LARGE_INTEGER *time, TIME_FIELDS *fields)
{
    int64_t days = time->QuadPart / PER_DAY, of_day = time->QuadPart % PER_DAY;
    if (of_day < 0) {
        of_day += PER_DAY;
        days--;
    }
    int64_t weekday = (days + WEEKDAY_OF_1601) % 7;
    int milliseconds = (int)(of_day / PER_MILLISECOND);
    int day, month = 1, year = year_of(days, &day);
    for (; day >= days_in(year, month); month++)
        day -= days_in(year, month);
    fields->Year = (CSHORT)year;
    fields->Month = (CSHORT)month;
    fields->Day = (CSHORT)(day + 1);
    fields->Hour = (CSHORT)(milliseconds / 3600000);
    fields->Minute = (CSHORT)(milliseconds / 60000 % 60);
    fields->Second = (CSHORT)(milliseconds / 1000 % 60);
    fields->Milliseconds = (CSHORT)(milliseconds % 1000);
    fields->Weekday = (CSHORT)(weekday < 0 ? weekday + 7 : weekday);
}

static bool is_in(int value, int low, int high)
{
    return value >= low && value <= high;
}

static bool are_valid(const TIME_FIELDS *fields)
{
    return fields->Year >= 1601 && is_in(fields->Month, 1, 12) &&
           is_in(fields->Day, 1, days_in(fields->Year, fields->Month)) &&
           is_in(fields->Hour, 0, 23) && is_in(fields->Minute, 0, 59) &&
           is_in(fields->Second, 0, 59) && is_in(fields->Milliseconds, 0, 999);
}

/*
 * IRQL:    any
 * Returns: FALSE if the fields name no time, or one beyond 64 bits (14 September 30828); Weekday is ignored
 * Source:  WDK "RtlTimeFieldsToTime function (wdm.h)"
 */
BOOLEAN RtlTimeFieldsToTime(TIME_FIELDS *fields, LARGE_INTEGER *time)
{
    if (!are_valid(fields))
        return FALSE;
    int64_t years = fields->Year - 1601;
    int64_t days = years * DAYS_1 + years / 4 - years / 100 + years / 400 + fields->Day - 1;
    for (int month = 1; month < fields->Month; month++)
        days += days_in(fields->Year, month);
    int64_t seconds = fields->Hour * 3600 + fields->Minute * 60 + fields->Second;
    int64_t whole;
    if (__builtin_mul_overflow(days, PER_DAY, &whole) ||
        __builtin_add_overflow(
            whole, seconds * PER_SECOND + (int64_t)fields->Milliseconds * PER_MILLISECOND, &whole))
        return FALSE;
    time->QuadPart = whole;
    return TRUE;
}

/* --- Seconds of other epochs ------------------------------------------------------------------------------ */

static BOOLEAN to_seconds(const LARGE_INTEGER *time, int64_t epoch, ULONG *seconds)
{
    int64_t since = time->QuadPart / PER_SECOND - epoch;
    if (since < 0 || since > UINT32_MAX)
        return FALSE;
    *seconds = (ULONG)since;
    return TRUE;
}

/* IRQL: any. Source: WDK "RtlSecondsSince1970ToTime function (wdm.h)" */
void RtlSecondsSince1970ToTime(ULONG seconds, LARGE_INTEGER *time)
{
    time->QuadPart = (SECONDS_TO_1970 + seconds) * PER_SECOND;
}

/*
 * IRQL:    any
 * Returns: FALSE if the time lies before 1970 or beyond 32 bits of seconds, in 2106
 * Source:  WDK "RtlTimeToSecondsSince1970 function (wdm.h)"
 */
BOOLEAN RtlTimeToSecondsSince1970(LARGE_INTEGER *time, ULONG *seconds)
{
    return to_seconds(time, SECONDS_TO_1970, seconds);
}

/* IRQL: any. Source: WDK "RtlSecondsSince1980ToTime function (ntifs.h)" */
void RtlSecondsSince1980ToTime(ULONG seconds, LARGE_INTEGER *time)
{
    time->QuadPart = (SECONDS_TO_1980 + seconds) * PER_SECOND;
}

/* The same since 1980. Source: WDK "RtlTimeToSecondsSince1980 function (ntifs.h)" */
BOOLEAN RtlTimeToSecondsSince1980(LARGE_INTEGER *time, ULONG *seconds)
{
    return to_seconds(time, SECONDS_TO_1980, seconds);
}
