/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log's way out: one line at a time, under the last lock in the order, so that lines of different processors do
 * not mix. During a bugcheck the lock is not taken: its holder may be the code that failed.
 */
#include "kd/console.h"

#include "base/log.h"
#include "kd/print.h"
#include "ke/ke.h"

static struct ke_lock console_lock = KE_LOCK_INIT(KE_LOCK_CONSOLE);
static uint64_t start; /* [i] arch_counter when the console came up */

static void console_write(const char *text, size_t length)
{
    static bool printed; /* by the one processor that reports */
    if (atomic_load_acquire(&ke.bugchecking) != 0) {
        if (!printed) {
            printed = true;
            kd_print_flush(); /* it comes back here; what drivers said last matters */
        }
        arch_console_write(text, length);
        return;
    }
    bool interrupts = ke_lock_acquire(&console_lock);
    arch_console_write(text, length);
    ke_lock_release(&console_lock, interrupts);
}

static uint64_t console_now_us(void)
{
    uint64_t hz = arch_boot()->counter_hz;
    uint64_t count = arch_counter() - start;
    return count / hz * 1000000 + count % hz * 1000000 / hz;
}

static uint32_t console_cpu(void)
{
    return arch_cpu()->index;
}

void kd_console_init(void)
{
    static const struct log_target target = {
        .write = console_write,
        .now_us = console_now_us,
        .cpu = console_cpu,
    };
    start = arch_counter();
    log_set_target(&target);
}
