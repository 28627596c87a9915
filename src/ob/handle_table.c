/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handle tables, with look-up that takes no lock.
 *
 * The trouble with such a look-up is that the object may be closed and freed between the moment at which its address
 * is read and the moment at which a reference is taken. So the reference is taken in the entry, not in the object: an
 * open entry has a number of the object's references at hand, in the same word as the address, and a look-up takes one
 * of them by compare-and-swap. Who closes the handle takes the whole word, and gives back to the object what was
 * left. An entry that has none left gets another lot, under the table's lock: that is one look-up in so many.
 *
 *      object: | bits 47-4 of the header's address | references at hand (16) | flags (4) |      0: free
 *      access: | sequence (32) | granted access, or the next free index (32)             |
 *
 * Invariant: the object counts one reference for the entry, and those at hand; the reader's came from there.
 *
 * The compare-and-swap does not see that a handle was closed and opened anew for the same object with another access
 * in between. Therefore the access is read before and after it; each opening writes a new sequence number before it
 * publishes the object.
 *
 * Entries are in leaves of a page, found over two levels; leaves are published once and stay until the end of the
 * table, so a reader may hold on to them. Freed entries make a list, last in first out.
 */
#include "ob/handle_table.h"

#include <nt/ex_ddi.h>
#include <nt/ke_thread_ddi.h>
#include <nt/ntstatus.h>

#include "mm/mm.h"
#include "ob/ob_impl.h"

#define TAG_LEAF      0x6c48624fu /* "ObHl" */
#define TAG_MID       0x6d48624fu /* "ObHm" */

#define ADDRESS_SHIFT 20
#define ADDRESS_LOW   4 /* headers are aligned to 16 bytes */
#define AT_HAND_SHIFT 4
#define AT_HAND_ONE   ((uint64_t)1 << AT_HAND_SHIFT)
#define AT_HAND_MASK  ((uint64_t)0xffff << AT_HAND_SHIFT)
#define AT_HAND_LOT   1024
#define SEQUENCE_ONE  ((uint64_t)1 << 32)
#define FLAGS_MASK    ((uint64_t)OB_HANDLE_FLAGS)

static struct ob_header *header_of(uint64_t word)
{
    uint64_t address = word >> ADDRESS_SHIFT << ADDRESS_LOW;
    return (struct ob_header *)(uintptr_t)((int64_t)(address << 16) >>
                                           16); /* canonical: bit 47 goes on */
}

static uint64_t at_hand(uint64_t word)
{
    return (word & AT_HAND_MASK) >> AT_HAND_SHIFT;
}

static uint64_t word_of(struct ob_header *header, uint64_t references, uint32_t flags)
{
    uint64_t word = (uint64_t)(uintptr_t)header >> ADDRESS_LOW << ADDRESS_SHIFT;
    word |= references << AT_HAND_SHIFT | flags;
    CHECK(header_of(word) == header && word != 0);
    return word;
}

static struct ob_handle_info info_of(uint64_t word, uint64_t access)
{
    return (struct ob_handle_info){ header_of(word), (ACCESS_MASK)access,
                                    (uint32_t)(word & FLAGS_MASK) };
}

static void lock(struct ob_handle_table *table)
{
    KeEnterCriticalRegion();
    ex_push_lock_acquire_exclusive(&table->lock);
}

static void unlock(struct ob_handle_table *table)
{
    ex_push_lock_release_exclusive(&table->lock);
    KeLeaveCriticalRegion();
}

/* --- Entries ------------------------------------------------------------------------------------------------ */

static HANDLE handle_of(uint32_t index)
{
    return (HANDLE)((uintptr_t)index << OB_HANDLE_SHIFT);
}

/* NULL: no such entry. A handle's two low bits and, as programs sign-extend, nothing else are ignored. */
static struct ob_handle_entry *entry_at(struct ob_handle_table *table, uint64_t index)
{
    struct ob_handle_leaf *leaf = NULL;
    if (index == 0 || index >= OB_HANDLE_LIMIT)
        return NULL;
    if (index < OB_HANDLE_LEAF_ENTRIES) {
        leaf = atomic_load_acquire(&table->first);
    } else {
        uint64_t number = index / OB_HANDLE_LEAF_ENTRIES;
        struct ob_handle_mid *mid =
            atomic_load_acquire(&table->mids[number / OB_HANDLE_MID_ENTRIES]);
        if (mid != NULL)
            leaf = atomic_load_acquire(&mid->leaves[number % OB_HANDLE_MID_ENTRIES]);
    }
    return leaf == NULL ? NULL : &leaf->entries[index % OB_HANDLE_LEAF_ENTRIES];
}

static struct ob_handle_entry *entry_of(struct ob_handle_table *table, HANDLE handle)
{
    return entry_at(table, (uint64_t)(uintptr_t)handle >> OB_HANDLE_SHIFT);
}

/* Locked. The leaf that `index` belongs to, made if there is none; NULL: no memory. */
static struct ob_handle_leaf *make_leaf(struct ob_handle_table *table, uint32_t index)
{
    uint32_t number = index / OB_HANDLE_LEAF_ENTRIES;
    struct ob_handle_leaf **place = &table->first;
    if (number > 0) {
        struct ob_handle_mid *mid = table->mids[number / OB_HANDLE_MID_ENTRIES];
        if (mid == NULL) {
            mid = mm_pool_allocate(sizeof(*mid), TAG_MID);
            if (mid == NULL)
                return NULL;
            atomic_store_release(&table->mids[number / OB_HANDLE_MID_ENTRIES], mid);
        }
        place = &mid->leaves[number % OB_HANDLE_MID_ENTRIES];
    }
    if (*place == NULL)
        atomic_store_release(place, (struct ob_handle_leaf *)mm_pool_allocate(
                                        sizeof(struct ob_handle_leaf), TAG_LEAF));
    return *place;
}

/* Locked. The index of a free entry, 0: none. It stays free until take_entry. */
static uint32_t find_free(struct ob_handle_table *table)
{
    if (table->count >= table->limit)
        return 0;
    if (table->next_free != 0)
        return table->next_free;
    if (table->next_unused >= OB_HANDLE_LIMIT || make_leaf(table, table->next_unused) == NULL)
        return 0;
    return table->next_unused;
}

/* Locked. The entry begins to stand for the object, whose references the caller has seen to. */
static void take_entry(struct ob_handle_table *table, uint32_t index,
                       const struct ob_handle_info *info)
{
    struct ob_handle_entry *entry = entry_at(table, index);
    uint64_t old = atomic_load_relaxed(&entry->access);
    CHECK(atomic_load_relaxed(&entry->object) == 0);
    if (index == table->next_free)
        table->next_free = (uint32_t)old;
    else
        atomic_store_release(&table->next_unused, index + 1);
    uint64_t sequence = (old & ~(SEQUENCE_ONE - 1)) + SEQUENCE_ONE;
    atomic_store_release(&entry->access, sequence | info->access);
    atomic_store_release(&entry->object, word_of(info->header, AT_HAND_LOT, info->flags));
    atomic_store_relaxed(&table->count, table->count + 1);
}

MUST_CHECK NTSTATUS ob_handle_insert(struct ob_handle_table *table,
                                     const struct ob_handle_info *info, HANDLE *out_handle)
{
    IRQL_MAX(APC_LEVEL);
    lock(table);
    uint32_t index = find_free(table);
    if (index != 0) {
        ob_reference_many(info->header, AT_HAND_LOT + 1);
        take_entry(table, index, info);
        *out_handle = handle_of(index);
    }
    unlock(table);
    return index != 0 ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

/* Another lot of references for an entry that has none. Only here, and with the same lock, does their number grow. */
static void replenish(struct ob_handle_table *table, struct ob_handle_entry *entry)
{
    lock(table);
    uint64_t word = atomic_load_acquire(&entry->object);
    if (word != 0 && at_hand(word) == 0) {
        ob_reference_many(header_of(word), AT_HAND_LOT);
        atomic_store_release(&entry->object, word | (uint64_t)AT_HAND_LOT << AT_HAND_SHIFT);
    }
    unlock(table);
}

MUST_CHECK NTSTATUS ob_handle_lookup(struct ob_handle_table *table, HANDLE handle,
                                     struct ob_handle_info *out_info)
{
    struct ob_handle_entry *entry = entry_of(table, handle);
    while (entry != NULL) {
        uint64_t access = atomic_load_acquire(&entry->access);
        uint64_t word = atomic_load_acquire(&entry->object);
        if (word == 0)
            break;
        if (at_hand(word) == 0) {
            replenish(table, entry);
            continue;
        }
        if (!atomic_cas(&entry->object, &word, word - AT_HAND_ONE))
            continue;
        if (atomic_load_acquire(&entry->access) == access) {
            *out_info = info_of(word, access);
            return STATUS_SUCCESS;
        }
        ob_dereference_many(header_of(word), 1); /* it was opened anew meanwhile */
    }
    return STATUS_INVALID_HANDLE;
}

/* Locked; *word is what the entry holds. It is free afterwards, what was at hand the object's again. */
static void free_entry(struct ob_handle_table *table, struct ob_handle_entry *entry, uint32_t index)
{
    uint64_t word = atomic_exchange(&entry->object, 0);
    uint64_t access = atomic_load_relaxed(&entry->access);
    atomic_store_release(&entry->access, (access & ~(SEQUENCE_ONE - 1)) | table->next_free);
    table->next_free = index;
    atomic_store_relaxed(&table->count, table->count - 1);
    if (at_hand(word) != 0)
        ob_dereference_many(header_of(word),
                            (int64_t)at_hand(word)); /* the entry's own is still there */
}

MUST_CHECK NTSTATUS ob_handle_remove(struct ob_handle_table *table, HANDLE handle, bool force,
                                     struct ob_handle_info *out_info)
{
    IRQL_MAX(APC_LEVEL);
    NTSTATUS status = STATUS_SUCCESS;
    struct ob_handle_entry *entry = entry_of(table, handle);
    if (entry == NULL)
        return STATUS_INVALID_HANDLE;
    lock(table);
    uint64_t word = atomic_load_acquire(&entry->object);
    if (word == 0) {
        status = STATUS_INVALID_HANDLE;
    } else if ((word & OB_HANDLE_PROTECT) && !force) {
        status = STATUS_HANDLE_NOT_CLOSABLE;
    } else {
        *out_info = info_of(word, atomic_load_relaxed(&entry->access));
        free_entry(table, entry, (uint32_t)((uintptr_t)handle >> OB_HANDLE_SHIFT));
    }
    unlock(table);
    return status;
}

MUST_CHECK NTSTATUS ob_handle_set_flags(struct ob_handle_table *table, HANDLE handle,
                                        uint32_t flags)
{
    IRQL_MAX(APC_LEVEL);
    CHECK((flags & ~OB_HANDLE_FLAGS) == 0);
    struct ob_handle_entry *entry = entry_of(table, handle);
    if (entry == NULL)
        return STATUS_INVALID_HANDLE;
    lock(table);
    uint64_t word = atomic_load_acquire(&entry->object);
    while (word != 0 && !atomic_cas(&entry->object, &word, (word & ~FLAGS_MASK) | flags))
        continue; /* a reader took a reference */
    unlock(table);
    return word != 0 ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
}

/* --- Whole tables ------------------------------------------------------------------------------------------- */

bool ob_handle_next(struct ob_handle_table *table, HANDLE *handle, struct ob_handle_info *out_info)
{
    uint64_t index = (uint64_t)(uintptr_t)*handle >> OB_HANDLE_SHIFT;
    for (; index < atomic_load_acquire(&table->next_unused); index++) {
        if (index == 0 ||
            !NT_SUCCESS(ob_handle_lookup(table, handle_of((uint32_t)index), out_info)))
            continue;
        *handle = handle_of((uint32_t)index);
        return true;
    }
    return false;
}

/* Locked. The entry at `index` is the next one to be used; those before it that never were are free now. */
static bool use_up_to(struct ob_handle_table *table, uint32_t index)
{
    CHECK(index >= table->next_unused && index < OB_HANDLE_LIMIT);
    while (make_leaf(table, table->next_unused) != NULL) {
        uint32_t unused = table->next_unused;
        if (unused == index)
            return true;
        atomic_store_relaxed(&entry_at(table, unused)->access, table->next_free);
        table->next_free = unused;
        atomic_store_release(&table->next_unused, unused + 1);
    }
    return false;
}

MUST_CHECK NTSTATUS ob_handle_insert_at(struct ob_handle_table *table, HANDLE handle,
                                        const struct ob_handle_info *info)
{
    IRQL_MAX(APC_LEVEL);
    uint32_t index = (uint32_t)((uintptr_t)handle >> OB_HANDLE_SHIFT);
    lock(table);
    bool fits = use_up_to(table, index);
    if (fits) {
        ob_reference_many(info->header, AT_HAND_LOT + 1);
        take_entry(table, index, info);
    }
    unlock(table);
    return fits ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

void ob_handle_table_init(struct ob_handle_table *table)
{
    *table = (struct ob_handle_table){ .next_unused = 1, .limit = OB_HANDLE_LIMIT };
    ExInitializePushLock(&table->lock);
}

void ob_handle_table_destroy(struct ob_handle_table *table)
{
    CHECK(table->count == 0);
    if (table->first != NULL)
        mm_pool_free(table->first, TAG_LEAF);
    for (uint32_t i = 0; i < OB_HANDLE_TOP_ENTRIES; i++) {
        struct ob_handle_mid *mid = table->mids[i];
        for (uint32_t j = 0; mid != NULL && j < OB_HANDLE_MID_ENTRIES; j++) {
            if (mid->leaves[j] != NULL)
                mm_pool_free(mid->leaves[j], TAG_LEAF);
        }
        if (mid != NULL)
            mm_pool_free(mid, TAG_MID);
    }
    ob_handle_table_init(table);
}
