/* SPDX-License-Identifier: BSD-2-Clause */
/* Time as drivers convert it: local time, which is UTC here (no time zone is set), and the clock's resolution. */
#include <nt/ex_ddi.h>

#include "ex/ex_impl.h"

/* 100 ns that UTC is ahead of local time. A kernel without a time zone runs on UTC. */
#define TIME_ZONE_BIAS 0

/* IRQL: any. Source: WDK reference "ExSystemTimeToLocalTime function (wdm.h)" */
void ExSystemTimeToLocalTime(LARGE_INTEGER *system, LARGE_INTEGER *local)
{
    local->QuadPart = system->QuadPart - TIME_ZONE_BIAS;
}

/* IRQL: any. Source: WDK reference "ExLocalTimeToSystemTime function (wdm.h)" */
void ExLocalTimeToSystemTime(LARGE_INTEGER *local, LARGE_INTEGER *system)
{
    system->QuadPart = local->QuadPart + TIME_ZONE_BIAS;
}

/*
 * Ask for another interval of the clock. It has one only.
 *
 * IRQL:    <= APC_LEVEL
 * Returns: the interval that it has, in 100 ns
 * Source:  WDK reference "ExSetTimerResolution function (wdm.h)"; test ex_time.the_clock_has_one_resolution
 */
ULONG ExSetTimerResolution(ULONG desired_100ns, BOOLEAN set)
{
    UNREFERENCED_PARAMETER(desired_100ns);
    UNREFERENCED_PARAMETER(set);
    return KeQueryTimeIncrement();
}

/* IRQL: any. Source: WDK reference "ExQueryTimerResolution function (wdm.h)" */
void ExQueryTimerResolution(ULONG *maximum, ULONG *minimum, ULONG *current)
{
    *maximum = *minimum = *current = KeQueryTimeIncrement();
}
