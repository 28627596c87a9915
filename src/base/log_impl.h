/* SPDX-License-Identifier: BSD-2-Clause */
/* The log's inside, for its own tests: lines to a given target, and the level. */
#pragma once

#include <stdbool.h>

#include "base/log.h"

void log_event_to(const struct log_target *to, const char *area, const char *format, va_list args);
void log_line_to(const struct log_target *to, const char *format, va_list args);

enum log_level log_level(void);
bool log_wants(enum log_level level); /* whether such an event comes out */
