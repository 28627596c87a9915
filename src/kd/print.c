/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drivers' debug output: log lines of the area `dbg`, whatever `loglevel` says, for the filter has decided already. A
 * call transmits at most 512 bytes. Pieces of lines belong to the thread that prints them, at DISPATCH_LEVEL and above to
 * processor and level.
 *
 * Callbacks run at DISPATCH_LEVEL or above, so that nothing preempts one that is being waited for; what a callback prints
 * is not given to callbacks. To unregister waits until the callback runs nowhere: each slot counts who looks at it.
 */
#include "kd/print.h"

#include <nt/ke_ddi.h>
#include <nt/ntstatus.h>
#include <nt/rtl_ddi.h>

#include "base/format.h"
#include "base/log.h"
#include "kd/lines.h"
#include "ke/ke.h"

#define MESSAGE_BYTES 512u
#define CALLBACKS     8u

/* --- Lines ------------------------------------------------------------------------------------------------ */

static void emit(const char *line, size_t length)
{
    log_event(LOG_FATAL, "dbg", "%.*s", (int)length, line);
}

static struct kd_lines lines = KD_LINES_INIT(emit);

/* No thread's address is so small. */
static uintptr_t owner_of_output(void)
{
    KIRQL irql = arch_irql();
    if (irql >= DISPATCH_LEVEL)
        return (uintptr_t)(arch_cpu()->index + 1) << 8 | irql;
    return (uintptr_t)arch_thread();
}

void kd_print_flush(void)
{
    kd_lines_flush(&lines);
}

/* --- Callbacks -------------------------------------------------------------------------------------------- */

struct callback {
    PDEBUG_PRINT_CALLBACK routine; /* [a] NULL: free */
    uint32_t busy;                 /* [a] processors that look at `routine` or run it */
};

static struct ke_lock callback_lock = KE_LOCK_INIT(KE_LOCK_DEBUG_PRINT); /* who registers */
static struct callback callbacks[CALLBACKS];
static uint32_t callback_count; /* [a] registered */
static uint32_t
    calling[ARCH_MAX_CPUS]; /* bit n: callbacks run here at level n; that processor's own */

static void call_callbacks(STRING *text, ULONG component, ULONG level)
{
    KIRQL old = arch_irql();
    if (atomic_load_acquire(&callback_count) == 0)
        return;
    if (old < DISPATCH_LEVEL)
        old = KfRaiseIrql(DISPATCH_LEVEL);
    uint32_t *here = &calling[arch_cpu()->index], bit = 1u << arch_irql();
    if ((*here & bit) == 0) {
        *here |= bit;
        for (uint32_t i = 0; i < CALLBACKS; i++) {
            (void)atomic_add(&callbacks[i].busy, 1);
            PDEBUG_PRINT_CALLBACK routine = atomic_load_acquire(&callbacks[i].routine);
            if (routine != NULL)
                routine(text, component, level);
            (void)atomic_sub(&callbacks[i].busy, 1);
        }
        *here &= ~bit;
    }
    if (old < DISPATCH_LEVEL)
        KeLowerIrql(old);
}

static struct callback *find_callback(PDEBUG_PRINT_CALLBACK routine)
{
    for (uint32_t i = 0; i < CALLBACKS; i++) {
        if (callbacks[i].routine == routine)
            return &callbacks[i];
    }
    return NULL;
}

static NTSTATUS register_callback(PDEBUG_PRINT_CALLBACK routine)
{
    bool interrupts = ke_lock_acquire(&callback_lock);
    struct callback *there = find_callback(routine), *free = find_callback(NULL);
    if (there == NULL && free != NULL) {
        atomic_store_release(&free->routine, routine);
        (void)atomic_add(&callback_count, 1);
    }
    ke_lock_release(&callback_lock, interrupts);
    return there != NULL || free != NULL ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

static NTSTATUS unregister_callback(PDEBUG_PRINT_CALLBACK routine)
{
    bool interrupts = ke_lock_acquire(&callback_lock);
    struct callback *slot = find_callback(routine);
    if (slot != NULL) {
        (void)atomic_exchange(&slot->routine, NULL);
        (void)atomic_sub(&callback_count, 1);
    }
    ke_lock_release(&callback_lock, interrupts);
    if (slot == NULL)
        return STATUS_INVALID_PARAMETER_1;
    while (atomic_add(&slot->busy, 0) != 0)
        arch_cpu_pause();
    return STATUS_SUCCESS;
}

/*
 * Have `routine` called with each piece of debug output that is shown, or no longer. Once this has returned for FALSE, it
 * is not called any more and runs nowhere. Registered twice is registered once.
 *
 * IRQL:    <= DISPATCH_LEVEL, not from a callback
 * Returns: STATUS_SUCCESS; STATUS_NO_MEMORY if there are eight; STATUS_INVALID_PARAMETER_1 if it is not registered
 * Source:  wdm.h DbgSetDebugPrintCallback; test kd_print.a_callback_sees_what_is_shown
 */
NTSTATUS DbgSetDebugPrintCallback(PDEBUG_PRINT_CALLBACK routine, BOOLEAN enable)
{
    IRQL_MAX(DISPATCH_LEVEL);
    if (routine == NULL)
        return STATUS_INVALID_PARAMETER_1;
    return enable ? register_callback(routine) : unregister_callback(routine);
}

/* --- Printing --------------------------------------------------------------------------------------------- */

/*
 * Print prefix and text, if component and level are shown. Of the text that a call makes the first 512 bytes come out.
 *
 * IRQL:    any
 * Returns: STATUS_SUCCESS, shown or not; STATUS_INVALID_PARAMETER_1 for a component that cannot be
 * Source:  WDK "vDbgPrintExWithPrefix function (wdm.h)"
 */
ULONG vDbgPrintExWithPrefix(PCSTR prefix, ULONG component, ULONG level, PCSTR format,
                            va_list arguments)
{
    NTSTATUS shown = DbgQueryDebugFilterState(component, level);
    char text[MESSAGE_BYTES + 1];
    if (shown == FALSE)
        return (ULONG)STATUS_SUCCESS;
    if (shown != TRUE)
        return (ULONG)shown;
    size_t used = format_text(text, sizeof(text), "%s", prefix);
    if (used > MESSAGE_BYTES)
        used = MESSAGE_BYTES;
    size_t length = used + format_va(text + used, sizeof(text) - used, format, arguments);
    if (length > MESSAGE_BYTES)
        length = MESSAGE_BYTES;
    STRING output = { .Length = (USHORT)length, .MaximumLength = sizeof(text), .Buffer = text };
    kd_lines_add(&lines, owner_of_output(), text, length);
    call_callbacks(&output, component, level);
    return (ULONG)STATUS_SUCCESS;
}

/* The same without a prefix. Source: WDK "vDbgPrintEx function (wdm.h)" */
ULONG vDbgPrintEx(ULONG component, ULONG level, PCSTR format, va_list arguments)
{
    return vDbgPrintExWithPrefix("", component, level, format, arguments);
}

/* The same. Source: WDK "DbgPrintEx function (wdm.h)" */
ULONG DbgPrintEx(ULONG component, ULONG level, PCSTR format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    ULONG status = vDbgPrintExWithPrefix("", component, level, format, arguments);
    va_end(arguments);
    return status;
}

/* DbgPrintEx for DPFLTR_DEFAULT_ID, DPFLTR_INFO_LEVEL: hidden, unless a mask says so. Source: WDK "DbgPrint function (wdm.h)" */
ULONG DbgPrint(PCSTR format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    ULONG status =
        vDbgPrintExWithPrefix("", DPFLTR_DEFAULT_ID, DPFLTR_INFO_LEVEL, format, arguments);
    va_end(arguments);
    return status;
}
