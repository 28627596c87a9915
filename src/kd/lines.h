/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole lines of text that comes in pieces from many places at once. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "ke/lock.h"

#define KD_LINE_BYTES     448 /* so that a log line has room for its stamp */
#define KD_LINES_UNENDED  16
#define KD_LINES_NO_OWNER ((uintptr_t)0)

struct kd_unended_line {
    uintptr_t owner; /* [p] KD_LINES_NO_OWNER: free */
    uint64_t begun;  /* [p] smaller: earlier */
    size_t length;   /* [p] */
    char text[KD_LINE_BYTES];
};

/* [p]: the lock below, [i]: immutable */
struct kd_lines {
    struct ke_lock lock;
    void (*emit)(const char *line, size_t length); /* [i] without the newline; the lock is held */
    uint64_t begun;                                /* [p] lines so far */
    struct kd_unended_line unended[KD_LINES_UNENDED];
};

#define KD_LINES_INIT(emit_line) { .lock = KE_LOCK_INIT(KE_LOCK_DEBUG_PRINT), .emit = (emit_line) }

/*
 * The next piece of what `owner` (not KD_LINES_NO_OWNER) prints. Each line that it ends is emitted; the rest waits. What is
 * longer than KD_LINE_BYTES is emitted as several lines. If more than KD_LINES_UNENDED owners have begun a line, the
 * oldest of these is emitted as it is.
 *
 * IRQL: any
 */
void kd_lines_add(struct kd_lines *lines, uintptr_t owner, const char *text, size_t length);

/* Emit all that waits, the oldest first. IRQL: any */
void kd_lines_flush(struct kd_lines *lines);
