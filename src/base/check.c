/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a broken CHECK goes. The kernel registers its bugcheck; before that, and where nothing was
 * registered, the breach is printed and the processor traps.
 */
#include "base/check.h"

#include "base/atomic.h"
#include "base/log.h"

static check_stop *stop; /* [a] */

void check_set_stop(check_stop *new_stop)
{
    atomic_store_release(&stop, new_stop);
}

void check_failed(const char *expression, const char *file, uint32_t line)
{
    check_stop *registered = atomic_load_acquire(&stop);

    log_event(LOG_FATAL, "base", "check_failed file=%s line=%u expression=\"%s\"", file, line,
              expression);
    if (registered != NULL)
        registered(expression, file, line);
    __builtin_trap();
}
