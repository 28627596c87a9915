/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What drivers know of a kernel debugger: that there is none. One that watches from outside the machine, like gdb at
 * QEMU's port, takes no part in NT's protocol and cannot be seen. A break is an exception that nobody handles.
 */
#include <nt/rtl_ddi.h>

#include "base/log.h"
#include "kd/print.h"

/* Source: wdm.h KD_DEBUGGER_ENABLED, KD_DEBUGGER_NOT_PRESENT */
BOOLEAN KdDebuggerEnabled = FALSE;
BOOLEAN KdDebuggerNotPresent = TRUE;

/*
 * Look again whether a debugger answers.
 *
 * IRQL:    any
 * Returns: TRUE: none does
 * Source:  WDK "KdRefreshDebuggerNotPresent function (wdm.h)"
 */
BOOLEAN KdRefreshDebuggerNotPresent(void)
{
    return KdDebuggerNotPresent;
}

/* Raise STATUS_BREAKPOINT here. IRQL: any. Source: WDK "DbgBreakPoint function (wdm.h)" */
void DbgBreakPoint(void)
{
    __builtin_debugtrap();
}

/* The same; `status` is where the first argument is. Source: WDK "DbgBreakPointWithStatus function (wdm.h)" */
void DbgBreakPointWithStatus(ULONG status)
{
    UNREFERENCED_PARAMETER(status);
    __builtin_debugtrap();
}

/*
 * An assertion of a driver failed: say it, and break. A debugger would be asked what to do; without one the exception
 * stops the machine.
 *
 * IRQL:    any
 * Source:  WDK "ASSERT macro (wdm.h)"
 */
void RtlAssert(PVOID condition, PVOID file, ULONG line, PSTR message)
{
    kd_print_flush();
    log_event(LOG_FATAL, "dbg", "assertion_failed file=%s line=%u condition=\"%s\" message=\"%s\"",
              (const char *)file, line, (const char *)condition, message != NULL ? message : "");
    DbgBreakPoint();
}
