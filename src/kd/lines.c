/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drivers print lines in pieces, from threads, from DPCs and from interrupts that come in between. Each owner has its own
 * unended line, so that what comes out is whole. Lines are emitted under the lock: they come out in the order in which
 * they were ended. During a bugcheck the lock is not taken, for its holder may be stopped: the worst is a torn line.
 */
#include "kd/lines.h"

#include "ke/ke.h"

static void end_line(struct kd_lines *lines, struct kd_unended_line *line)
{
    size_t length = line->length;
    line->length = 0;
    line->owner = KD_LINES_NO_OWNER;
    lines->emit(line->text, length < KD_LINE_BYTES ? length : KD_LINE_BYTES);
}

static struct kd_unended_line *oldest(struct kd_lines *lines)
{
    struct kd_unended_line *found = NULL;
    for (uint32_t i = 0; i < KD_LINES_UNENDED; i++) {
        struct kd_unended_line *line = &lines->unended[i];
        if (line->owner != KD_LINES_NO_OWNER && (found == NULL || line->begun < found->begun))
            found = line;
    }
    return found;
}

static struct kd_unended_line *find(struct kd_lines *lines, uintptr_t owner)
{
    for (uint32_t i = 0; i < KD_LINES_UNENDED; i++) {
        if (lines->unended[i].owner == owner)
            return &lines->unended[i];
    }
    return NULL;
}

static struct kd_unended_line *line_of(struct kd_lines *lines, uintptr_t owner)
{
    struct kd_unended_line *line = find(lines, owner);
    if (line != NULL)
        return line;
    line = find(lines, KD_LINES_NO_OWNER);
    if (line == NULL) {
        line = oldest(lines);
        end_line(lines, line);
    }
    line->owner = owner;
    line->begun = lines->begun++;
    line->length = 0;
    return line;
}

static void add_character(struct kd_lines *lines, uintptr_t owner, char c)
{
    struct kd_unended_line *line = line_of(lines, owner);
    if (c == '\n') {
        end_line(lines, line);
        return;
    }
    if (line->length >= KD_LINE_BYTES) {
        end_line(lines, line);
        line = line_of(lines, owner);
    }
    line->text[line->length++] = c;
}

static bool acquire(struct kd_lines *lines, bool *interrupts)
{
    if (atomic_load_acquire(&ke.bugchecking) != 0)
        return false;
    *interrupts = ke_lock_acquire(&lines->lock);
    return true;
}

void kd_lines_add(struct kd_lines *lines, uintptr_t owner, const char *text, size_t length)
{
    bool interrupts;
    bool locked = acquire(lines, &interrupts);
    for (size_t i = 0; i < length; i++)
        add_character(lines, owner, text[i]);
    if (locked)
        ke_lock_release(&lines->lock, interrupts);
}

void kd_lines_flush(struct kd_lines *lines)
{
    bool interrupts;
    bool locked = acquire(lines, &interrupts);
    for (struct kd_unended_line *line = oldest(lines); line != NULL; line = oldest(lines))
        end_line(lines, line);
    if (locked)
        ke_lock_release(&lines->lock, interrupts);
}
