/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's log: one event a line, stable keys:  [   1.204 c0] io: driver_start name=null.sys status=0
 * Lines that a machine reads (`@…`, KTAP) go out by log_line. A line is written whole or not at all.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

enum log_level {
    LOG_FATAL = 0,
    LOG_ERROR = 3,
    LOG_WARNING = 4,
    LOG_INFO = 6,
    LOG_DEBUG = 7,
};

#define LOG_LINE_BYTES 512 /* longer lines are cut and end in "…" written as "..." */

/* What the log needs from above: where bytes go, and the stamp of a line. Registered at init. */
struct log_target {
    void (*write)(const char *text, size_t length); /* any IRQL; one whole line per call */
    uint64_t (*now_us)(void);                       /* microseconds since boot */
    uint32_t (*cpu)(void);
};

void log_set_target(const struct log_target *target);
void log_set_level(enum log_level level);

/* One event of `area`, dropped when `level` is above the chosen one. IRQL: any. */
void log_event(enum log_level level, const char *area, const char *format, ...);

/* One line as it stands, without stamp, always written. IRQL: any. */
void log_line(const char *format, ...);
