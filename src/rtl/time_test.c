/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of time.c, of single days and of a walk through two cycles of the calendar. */
#include "rtl/rtl_test.h"

#define DAY    864000000000ll
#define SECOND 10000000ll

static bool same(const TIME_FIELDS *a, const TIME_FIELDS *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

TEST(rtl_time, times_and_their_fields)
{
    static const struct {
        LONGLONG time;
        TIME_FIELDS fields;
    } cases[] = {
        { 0, { 1601, 1, 1, 0, 0, 0, 0, 1 } },
        { 9999, { 1601, 1, 1, 0, 0, 0, 0, 1 } },
        { 10000, { 1601, 1, 1, 0, 0, 0, 1, 1 } },
        { 116444736000000000, { 1970, 1, 1, 0, 0, 0, 0, 4 } },
        { 119600064000000000, { 1980, 1, 1, 0, 0, 0, 0, 2 } },
        { 125911584000000000, { 2000, 1, 1, 0, 0, 0, 0, 6 } },
        { 125962560000000000 - 10000, { 2000, 2, 28, 23, 59, 59, 999, 1 } },
        { 125962560000000000, { 2000, 2, 29, 0, 0, 0, 0, 2 } },
        { 125962560000000000 + DAY, { 2000, 3, 1, 0, 0, 0, 0, 3 } },
        { 126227807990000000, { 2000, 12, 31, 23, 59, 59, 0, 0 } },
        { 94354848000000000 - DAY, { 1899, 12, 31, 0, 0, 0, 0, 0 } },
        { INT64_MAX, { 30828, 9, 14, 2, 48, 5, 477, 4 } },
        { -1, { 1600, 12, 31, 23, 59, 59, 999, 0 } },
        { -366 * DAY, { 1600, 1, 1, 0, 0, 0, 0, 6 } },
        { INT64_MIN, { -27627, 4, 19, 21, 11, 54, 522, 4 } },
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        TIME_FIELDS fields;
        LARGE_INTEGER time = { .QuadPart = cases[i].time };
        RtlTimeToTimeFields(&time, &fields);
        if (!EXPECT(same(&fields, &cases[i].fields)))
            EXPECT_EQ(i, ARRAY_COUNT(cases)); /* says which */
    }
}

static bool leap(int year)
{
    return year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
}

TEST(rtl_time, every_day_of_two_cycles_goes_round)
{
    static const CSHORT days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    TIME_FIELDS expected = { 1601, 1, 1, 0, 0, 0, 0, 1 };
    for (LARGE_INTEGER time = { .QuadPart = 0 }, back; expected.Year < 2402; time.QuadPart += DAY) {
        TIME_FIELDS fields;
        RtlTimeToTimeFields(&time, &fields);
        REQUIRE(same(&fields, &expected));
        REQUIRE(RtlTimeFieldsToTime(&fields, &back));
        REQUIRE(back.QuadPart == time.QuadPart);
        expected.Weekday = (CSHORT)((expected.Weekday + 1) % 7);
        int length = days[expected.Month - 1] + (expected.Month == 2 && leap(expected.Year));
        if (++expected.Day > length) {
            expected.Day = 1;
            if (++expected.Month > 12) {
                expected.Month = 1;
                expected.Year++;
            }
        }
    }
}

TEST(rtl_time, random_times_go_round_to_the_millisecond)
{
    for (int i = 0; i < 1000; i++) {
        TIME_FIELDS fields;
        LARGE_INTEGER back, time = { .QuadPart = (LONGLONG)(selftest_random(run) >> 1) };
        RtlTimeToTimeFields(&time, &fields);
        fields.Weekday = 99; /* ignored */
        REQUIRE(RtlTimeFieldsToTime(&fields, &back));
        REQUIRE(back.QuadPart == time.QuadPart - time.QuadPart % 10000);
    }
}

TEST(rtl_time, fields_that_name_no_time_are_refused)
{
    static const TIME_FIELDS cases[] = {
        { 1600, 12, 31, 23, 59, 59, 999, 0 },  { 2023, 0, 1, 0, 0, 0, 0, 0 },
        { 2023, 13, 1, 0, 0, 0, 0, 0 },        { 2023, 1, 0, 0, 0, 0, 0, 0 },
        { 2023, 1, 32, 0, 0, 0, 0, 0 },        { 2023, 2, 29, 0, 0, 0, 0, 0 },
        { 1900, 2, 29, 0, 0, 0, 0, 0 },        { 2024, 2, 30, 0, 0, 0, 0, 0 },
        { 2023, 4, 31, 0, 0, 0, 0, 0 },        { 2023, 1, 1, 24, 0, 0, 0, 0 },
        { 2023, 1, 1, -1, 0, 0, 0, 0 },        { 2023, 1, 1, 0, 60, 0, 0, 0 },
        { 2023, 1, 1, 0, -1, 0, 0, 0 },        { 2023, 1, 1, 0, 0, 60, 0, 0 },
        { 2023, 1, 1, 0, 0, -1, 0, 0 },        { 2023, 1, 1, 0, 0, 0, 1000, 0 },
        { 2023, 1, 1, 0, 0, 0, -1, 0 },        { -1, 1, 1, 0, 0, 0, 0, 0 },
        { 32767, 12, 31, 23, 59, 59, 999, 0 }, /* a date, but beyond 64 bits */
        { 30828, 9, 14, 2, 48, 5, 478, 0 },    /* the first one that is */
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        TIME_FIELDS fields = cases[i];
        LARGE_INTEGER time = { .QuadPart = 7 };
        if (!EXPECT(!RtlTimeFieldsToTime(&fields, &time)))
            EXPECT_EQ(i, ARRAY_COUNT(cases)); /* says which */
        EXPECT_EQ(time.QuadPart, 7);
    }
}

TEST(rtl_time, leap_days_are_times)
{
    static const CSHORT years[] = { 1604, 2000, 2024, 2400, 30824 };
    for (size_t i = 0; i < ARRAY_COUNT(years); i++) {
        LARGE_INTEGER time;
        TIME_FIELDS fields = { years[i], 2, 29, 0, 0, 0, 0, 0 };
        EXPECT(RtlTimeFieldsToTime(&fields, &time));
    }
    LARGE_INTEGER last;
    TIME_FIELDS fields = { 30827, 12, 31, 23, 59, 59, 999, 0 };
    EXPECT(RtlTimeFieldsToTime(&fields, &last));
    EXPECT_EQ(last.QuadPart, 9223149887999990000);
}

TEST(rtl_time, seconds_of_other_epochs_have_32_bits)
{
    LARGE_INTEGER time;
    ULONG seconds;
    RtlSecondsSince1970ToTime(0, &time);
    EXPECT_EQ(time.QuadPart, 116444736000000000);
    EXPECT(RtlTimeToSecondsSince1970(&time, &seconds));
    EXPECT_EQ(seconds, 0);
    time.QuadPart--;
    EXPECT(!RtlTimeToSecondsSince1970(&time, &seconds));
    RtlSecondsSince1970ToTime(0xffffffff, &time);
    time.QuadPart += SECOND - 1; /* part of a second does not count */
    EXPECT(RtlTimeToSecondsSince1970(&time, &seconds));
    EXPECT_EQ(seconds, 0xffffffff);
    time.QuadPart++;
    seconds = 7;
    EXPECT(!RtlTimeToSecondsSince1970(&time, &seconds));
    EXPECT_EQ(seconds, 7);
}

TEST(rtl_time, the_epoch_of_1980_is_ten_years_later)
{
    LARGE_INTEGER time;
    ULONG seconds;
    RtlSecondsSince1980ToTime(1, &time);
    EXPECT_EQ(time.QuadPart, 119600064000000000 + SECOND);
    EXPECT(RtlTimeToSecondsSince1980(&time, &seconds));
    EXPECT_EQ(seconds, 1);
    EXPECT(RtlTimeToSecondsSince1970(&time, &seconds));
    EXPECT_EQ(seconds, 315532801);
    time.QuadPart = -1;
    EXPECT(!RtlTimeToSecondsSince1980(&time, &seconds));
    time.QuadPart = INT64_MIN;
    EXPECT(!RtlTimeToSecondsSince1980(&time, &seconds));
    time.QuadPart = INT64_MAX;
    EXPECT(!RtlTimeToSecondsSince1980(&time, &seconds));
}
