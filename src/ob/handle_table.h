/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handle tables: numbers that stand for references to objects. The table knows of an object only its header's address
 * and its reference count; who may hold which handle to what is handle.c's business.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <nt/ntdef.h>

#include "base/atomic.h"
#include "base/check.h"
#include "ex/ex.h"

struct ob_header;

#define OB_HANDLE_SHIFT        2 /* handles are multiples of four; programs use the two bits below */
#define OB_HANDLE_LEAF_ENTRIES 256
#define OB_HANDLE_MID_ENTRIES  512
#define OB_HANDLE_TOP_ENTRIES  128
#define OB_HANDLE_LIMIT        (OB_HANDLE_LEAF_ENTRIES * OB_HANDLE_MID_ENTRIES * OB_HANDLE_TOP_ENTRIES)

/* What a handle is besides its object and access. */
#define OB_HANDLE_INHERIT 1u
#define OB_HANDLE_PROTECT 2u /* from close */
#define OB_HANDLE_FLAGS   3u

/* One handle as handle_table.c explains; 16 bytes. */
struct ob_handle_entry {
    uint64_t object; /* [a] header, references at hand, flags; 0: free */
    uint64_t
        access; /* [a] sequence above bit 32; below: the granted access, or the next free index */
};

struct ob_handle_leaf {
    struct ob_handle_entry entries[OB_HANDLE_LEAF_ENTRIES];
};

struct ob_handle_mid {
    struct ob_handle_leaf *leaves[OB_HANDLE_MID_ENTRIES]; /* [a] set once */
};

/* Legend: [t] the table's lock, [a] atomic. */
struct ob_handle_table {
    EX_PUSH_LOCK lock;
    struct ob_handle_leaf *first; /* [a] the leaf that nearly every table gets along with */
    struct ob_handle_mid
        *mids[OB_HANDLE_TOP_ENTRIES]; /* [a] set once; the first leaf is in mids[0], too */
    uint32_t next_free;               /* [t] index of the last entry freed, 0: none */
    uint32_t next_unused;             /* [t] entries from here on have never been used */
    uint32_t limit;                   /* [t] quota: at most so many handles at once */
    uint32_t count;                   /* [t] read without the lock as a hint */
};

/* A handle as it was at one moment. */
struct ob_handle_info {
    struct ob_header *header;
    ACCESS_MASK access;
    uint32_t flags;
};

void ob_handle_table_init(struct ob_handle_table *table);
/* Gives back the table's memory; every handle has been closed. IRQL: <= APC_LEVEL */
void ob_handle_table_destroy(struct ob_handle_table *table);

/*
 * A new handle; the table takes a reference of its own. The smallest that was freed last comes first.
 * STATUS_INSUFFICIENT_RESOURCES: no memory, or the table is full.
 *
 * IRQL:    <= APC_LEVEL
 */
MUST_CHECK NTSTATUS ob_handle_insert(struct ob_handle_table *table,
                                     const struct ob_handle_info *info, HANDLE *out_handle);
/*
 * What the handle stands for, with a reference that is the caller's. Takes no lock, but where an entry has run out of
 * references at hand. STATUS_INVALID_HANDLE.
 *
 * IRQL:    <= APC_LEVEL
 */
MUST_CHECK NTSTATUS ob_handle_lookup(struct ob_handle_table *table, HANDLE handle,
                                     struct ob_handle_info *out_info);
/*
 * The handle is gone; the table's reference becomes the caller's. STATUS_INVALID_HANDLE; STATUS_HANDLE_NOT_CLOSABLE
 * if it is protected and `force` is false.
 *
 * IRQL:    <= APC_LEVEL
 */
MUST_CHECK NTSTATUS ob_handle_remove(struct ob_handle_table *table, HANDLE handle, bool force,
                                     struct ob_handle_info *out_info);
/* STATUS_INVALID_HANDLE. IRQL: <= APC_LEVEL */
MUST_CHECK NTSTATUS ob_handle_set_flags(struct ob_handle_table *table, HANDLE handle,
                                        uint32_t flags);

/*
 * The handles in use, in order: the first one from *handle on, with a reference that is the caller's; false: there are
 * no more. *handle is that one; add OB_HANDLE_STEP to go on. IRQL: <= APC_LEVEL
 */
#define OB_HANDLE_STEP ((uintptr_t)1 << OB_HANDLE_SHIFT)
bool ob_handle_next(struct ob_handle_table *table, HANDLE *handle, struct ob_handle_info *out_info);

/*
 * A new handle of that very number, which is higher than any that the table has had: for a process that inherits.
 * STATUS_INSUFFICIENT_RESOURCES.
 */
MUST_CHECK NTSTATUS ob_handle_insert_at(struct ob_handle_table *table, HANDLE handle,
                                        const struct ob_handle_info *info);

static inline uint32_t ob_handle_count(const struct ob_handle_table *table)
{
    return atomic_load_relaxed(&table->count);
}
