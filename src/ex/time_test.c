/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of time.c. */
#include <nt/ex_ddi.h>

#include "ex/ex_impl.h"
#include "ke/ke_test.h"

TEST(ex_time, local_time_is_utc)
{
    LARGE_INTEGER system = { .QuadPart = 0x01d5f0000000000a }, local = { 0 }, back = { 0 };
    ExSystemTimeToLocalTime(&system, &local);
    EXPECT_EQ(local.QuadPart, system.QuadPart);
    ExLocalTimeToSystemTime(&local, &back);
    EXPECT_EQ(back.QuadPart, system.QuadPart);
}

TEST(ex_time, conversion_in_place_is_allowed)
{
    LARGE_INTEGER time = { .QuadPart = 77 };
    ExSystemTimeToLocalTime(&time, &time);
    ExLocalTimeToSystemTime(&time, &time);
    EXPECT_EQ(time.QuadPart, 77);
}

TEST(ex_time, the_clock_has_one_resolution)
{
    ULONG maximum = 0, minimum = 0, current = 0;
    ExQueryTimerResolution(&maximum, &minimum, &current);
    EXPECT_EQ(maximum, KE_TICK_100NS);
    EXPECT_EQ(minimum, KE_TICK_100NS);
    EXPECT_EQ(current, KE_TICK_100NS);
}

TEST(ex_time, asking_for_another_resolution_changes_nothing)
{
    ULONG maximum, minimum, current = 0;
    EXPECT_EQ(ExSetTimerResolution(5000, TRUE), KE_TICK_100NS);
    ExQueryTimerResolution(&maximum, &minimum, &current);
    EXPECT_EQ(current, KE_TICK_100NS);
    EXPECT_EQ(ExSetTimerResolution(0, FALSE), KE_TICK_100NS);
}
