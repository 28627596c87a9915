/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of debugger.c: what breaks is planted, for it ends the machine. */
#include <nt/rtl_ddi.h>

#include "base/selftest.h"

TEST(kd_debugger, there_is_none)
{
    EXPECT(!KdDebuggerEnabled);
    EXPECT(KdDebuggerNotPresent);
    EXPECT(KdRefreshDebuggerNotPresent());
}

TEST_PLANTED(planted, debug_break, "a break without a debugger stops the machine")
{
    (void)DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "an unended line"); /* shown */
    DbgBreakPoint();
    EXPECT(false);
}

TEST_PLANTED(planted, driver_assertion, "a driver's assertion says what failed, and breaks")
{
    RtlAssert((PVOID)(uintptr_t)"count > 0", (PVOID)(uintptr_t)"driver.c", 17,
              (PSTR)(uintptr_t)"no device");
    EXPECT(false);
}
