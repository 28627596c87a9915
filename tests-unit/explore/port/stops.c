/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the kernel stops, and what it logs: a bugcheck or a broken CHECK fails the run. */
#include <stdarg.h>
#include <stdio.h>

#include <nt/ke_ddi.h>

#include "base/log.h"
#include "ke/bugcheck.h"
#include "port.h"

void check_failed(const char *expression, const char *file, uint32_t line)
{
    const char *name = __builtin_strrchr(file, '/');

    explore_fail("CHECK failed: %s (%s:%u)", expression, name != NULL ? name + 1 : file, line);
}

_Noreturn void ke_bugcheck(ULONG code, uintptr_t p1, uintptr_t p2, uintptr_t p3, uintptr_t p4)
{
    explore_fail("bugcheck 0x%x (%#zx, %#zx, %#zx, %#zx) @%#zx", code, (size_t)p1, (size_t)p2,
                 (size_t)p3, (size_t)p4, (size_t)__builtin_return_address(0));
}

_Noreturn void ke_bugcheck_frame(struct arch_frame *frame, ULONG code, const uintptr_t p[4])
{
    (void)frame;
    ke_bugcheck(code, p[0], p[1], p[2], p[3]);
}

_Noreturn void KeBugCheckEx(ULONG code, ULONG_PTR p1, ULONG_PTR p2, ULONG_PTR p3, ULONG_PTR p4)
{
    ke_bugcheck(code, p1, p2, p3, p4);
}

_Noreturn void KeBugCheck(ULONG code)
{
    ke_bugcheck(code, 0, 0, 0, 0);
}

_Noreturn void ExRaiseStatus(NTSTATUS status)
{
    explore_fail("status %#x is raised @%#zx", (unsigned)status,
                 (size_t)__builtin_return_address(0));
}

/* A schedule that is shown has the kernel's log lines in it. */
static void note(const char *area, const char *format, va_list arguments)
{
    char text[80];

    if (!explore_is_replay())
        return;
    (void)vsnprintf(text, sizeof(text), format, arguments);
    explore_note("%s: %s", area, text);
}

void log_event(enum log_level level, const char *area, const char *format, ...)
{
    va_list arguments;

    (void)level;
    va_start(arguments, format);
    note(area, format, arguments);
    va_end(arguments);
}

void log_line(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    note("log", format, arguments);
    va_end(arguments);
}
