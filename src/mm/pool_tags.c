/* SPDX-License-Identifier: BSD-2-Clause */
/* What each pool tag uses, the report of it, what a run has leaked; and allocations that fail on purpose. */
#include "base/atomic.h"
#include "base/log.h"
#include "mm/mm_impl.h"

static struct mm_tag_use *tag_row(ULONG tag)
{
    uint32_t start = tag * 2654435761u >> 8;
    for (uint32_t i = 0; i < MM_POOL_TAGS; i++) {
        struct mm_tag_use *row = &mm.pool.tags[(start + i) % MM_POOL_TAGS];
        ULONG seen = atomic_load_acquire(&row->tag);
        if (seen == 0 && atomic_cas(&row->tag, &seen, tag))
            return row;
        if (seen == tag)
            return row;
    }
    return &mm.pool.other;
}

void mm_pool_account(ULONG tag, size_t bytes)
{
    struct mm_tag_use *row = tag_row(tag);
    (void)atomic_add(&row->blocks, 1);
    (void)atomic_add(&row->bytes, bytes);
}

void mm_pool_unaccount(ULONG tag, size_t bytes)
{
    struct mm_tag_use *row = tag_row(tag);
    (void)atomic_sub(&row->blocks, 1);
    (void)atomic_sub(&row->bytes, bytes);
}

size_t mm_pool_usage(struct mm_pool_tag_use *rows, size_t capacity)
{
    size_t count = 0;
    for (uint32_t i = 0; i < MM_POOL_TAGS; i++) {
        const struct mm_tag_use *row = &mm.pool.tags[i];
        if (atomic_load_acquire(&row->blocks) == 0)
            continue;
        if (count < capacity)
            rows[count] = (struct mm_pool_tag_use){ row->tag, row->blocks, row->bytes };
        count++;
    }
    return count;
}

size_t mm_pool_bytes(void)
{
    size_t bytes = atomic_load_relaxed(&mm.pool.other.bytes);
    for (uint32_t i = 0; i < MM_POOL_TAGS; i++)
        bytes += atomic_load_relaxed(&mm.pool.tags[i].bytes);
    return bytes;
}

/* --- The report, and leaks -------------------------------------------------------------------------------- */

struct tag_text {
    char text[5];
};

static struct tag_text text_of(ULONG tag)
{
    struct tag_text result = { { 0 } };
    for (uint32_t i = 0; i < 4; i++) {
        char c = (char)(tag >> 8 * i & 0x7f);
        result.text[i] = c > ' ' && c != 0x7f ? c : '.';
    }
    return result;
}

static void report_row(const char *event, const struct mm_tag_use *row, ULONG tag)
{
    log_event(LOG_INFO, "pool", "%s tag=%s blocks=%llu bytes=%llu", event, text_of(tag).text,
              (unsigned long long)atomic_load_relaxed(&row->blocks),
              (unsigned long long)atomic_load_relaxed(&row->bytes));
}

void mm_pool_report(void)
{
    for (uint32_t i = 0; i < MM_POOL_TAGS; i++) {
        const struct mm_tag_use *row = &mm.pool.tags[i];
        if (atomic_load_acquire(&row->blocks) != 0)
            report_row("use", row, row->tag);
    }
    if (atomic_load_acquire(&mm.pool.other.blocks) != 0)
        report_row("use", &mm.pool.other, 0);
}

size_t mm_pool_leaks(ULONG tag)
{
    const struct mm_tag_use *row = tag_row(tag);
    size_t blocks = atomic_load_acquire(&row->blocks);
    if (blocks != 0)
        log_event(LOG_ERROR, "pool", "leak tag=%s blocks=%llu bytes=%llu", text_of(tag).text,
                  (unsigned long long)blocks, (unsigned long long)atomic_load_relaxed(&row->bytes));
    return blocks;
}

/* --- Failures on purpose ---------------------------------------------------------------------------------- */

void mm_pool_fail_every(uint32_t n)
{
    atomic_store_relaxed(&mm.pool.allocations, 0);
    atomic_store_release(&mm.pool.fail_every, n);
}

bool mm_pool_fails_now(void)
{
    uint32_t n = atomic_load_relaxed(&mm.pool.fail_every);
    return n != 0 && (atomic_add(&mm.pool.allocations, 1) + 1) % n == 0;
}
