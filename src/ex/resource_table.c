/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The owners of a resource. One stands in the resource itself: the exclusive owner, or a sharer. Other sharers stand in
 * the owner table, a hash table with linear probing inside OwnerTable: entry 0 says how many entries there are
 * (TableSize, a power of two, and entry 0 itself) and how many are in use (OwnerThread), so that finding one of
 * 100,000 owners looks at a few.
 *
 * Invariant: from the place where an owner's hash points up to its entry no entry is empty. To remove one, those behind
 * it move up if that keeps them reachable, so there are no tombstones and a table does not wear out.
 *
 * At most three quarters are in use, the places promised to sharers that wait included: the one who gives the resource
 * to them cannot fail. Tables double, and never shrink: a resource that was popular will be again.
 */
#include "ex/ex_impl.h"
#include "mm/mm.h"

#define TAG_TABLE 0x62745245u /* "ERtb" */
#define SIZE_MIN  8u

static uint32_t capacity_of(const OWNER_ENTRY *table)
{
    return table == NULL ? 0 : table->TableSize - 1;
}

static size_t used_in(const OWNER_ENTRY *table)
{
    return table == NULL ? 0 : table->OwnerThread;
}

/* Where the search for an owner begins: 1 to capacity. Multiplication spreads the aligned addresses of threads. */
static uint32_t home_of(const OWNER_ENTRY *table, ERESOURCE_THREAD owner)
{
    uint64_t spread = (uint64_t)owner * 0x9e3779b97f4a7c15u;
    return 1 + (uint32_t)(spread >> 32) % capacity_of(table);
}

static uint32_t after(const OWNER_ENTRY *table, uint32_t place)
{
    return place == capacity_of(table) ? 1 : place + 1;
}

/* The owner's place, or the empty one where it would go. The table is never full. */
static uint32_t place_of(const OWNER_ENTRY *table, ERESOURCE_THREAD owner, uint32_t *steps)
{
    uint32_t place = home_of(table, owner);
    *steps = 1;
    while (table[place].OwnerThread != 0 && table[place].OwnerThread != owner) {
        place = after(table, place);
        (*steps)++;
        CHECK(*steps <= capacity_of(table));
    }
    return place;
}

OWNER_ENTRY *ex_owner_find(ERESOURCE *resource, ERESOURCE_THREAD owner)
{
    uint32_t steps;
    if (resource->OwnerEntry.OwnerThread == owner)
        return &resource->OwnerEntry;
    if (resource->OwnerTable == NULL)
        return NULL;
    OWNER_ENTRY *entry = &resource->OwnerTable[place_of(resource->OwnerTable, owner, &steps)];
    return entry->OwnerThread != 0 ? entry : NULL;
}

uint32_t ex_owner_search_steps(const ERESOURCE *resource, ERESOURCE_THREAD owner)
{
    uint32_t steps = 0;
    if (resource->OwnerEntry.OwnerThread != owner && resource->OwnerTable != NULL)
        (void)place_of(resource->OwnerTable, owner, &steps);
    return steps;
}

bool ex_owner_has_room(const ERESOURCE *resource, bool for_waiter)
{
    size_t limit = (size_t)capacity_of(resource->OwnerTable) * 3 / 4;
    if (!for_waiter && resource->OwnerEntry.OwnerThread == 0)
        return true;
    return used_in(resource->OwnerTable) + resource->NumberOfSharedWaiters < limit;
}

static void table_insert(OWNER_ENTRY *table, ERESOURCE_THREAD owner, uint32_t count)
{
    uint32_t steps;
    uint32_t place = place_of(table, owner, &steps);
    CHECK(table[place].OwnerThread == 0);
    table[place].OwnerThread = owner;
    table[place].OwnerCount = count;
    table->OwnerThread++;
}

void ex_owner_insert(ERESOURCE *resource, ERESOURCE_THREAD owner, uint32_t count)
{
    CHECK(owner != 0);
    resource->ActiveEntries++;
    if (resource->OwnerEntry.OwnerThread != 0) {
        table_insert(resource->OwnerTable, owner, count);
        return;
    }
    resource->OwnerEntry.OwnerThread = owner;
    resource->OwnerEntry.OwnerCount = count;
}

/* Whether an entry that stands at `place` may move up to `hole`: its search still comes by there. */
static bool may_move(const OWNER_ENTRY *table, uint32_t place, uint32_t hole)
{
    uint32_t capacity = capacity_of(table);
    uint32_t home = home_of(table, table[place].OwnerThread);
    return (place + capacity - home) % capacity >= (place + capacity - hole) % capacity;
}

static void table_remove(OWNER_ENTRY *table, uint32_t hole)
{
    uint32_t place = after(table, hole);
    for (; table[place].OwnerThread != 0; place = after(table, place)) {
        if (may_move(table, place, hole)) {
            table[hole] = table[place];
            hole = place;
        }
    }
    table[hole] = (OWNER_ENTRY){ 0 };
    table->OwnerThread--;
}

void ex_owner_remove(ERESOURCE *resource, OWNER_ENTRY *entry)
{
    CHECK(resource->ActiveEntries > 0);
    resource->ActiveEntries--;
    if (entry == &resource->OwnerEntry)
        *entry = (OWNER_ENTRY){ 0 };
    else
        table_remove(resource->OwnerTable, (uint32_t)(entry - resource->OwnerTable));
}

/* --- Growing ---------------------------------------------------------------------------------------------- */

static OWNER_ENTRY *table_allocate(uint32_t size)
{
    OWNER_ENTRY *table = mm_pool_allocate((size_t)size * sizeof(*table), TAG_TABLE);
    if (table != NULL)
        table->TableSize = size;
    return table;
}

static void table_copy(OWNER_ENTRY *to, const OWNER_ENTRY *from)
{
    for (uint32_t i = 1; i <= capacity_of(from); i++) {
        if (from[i].OwnerThread != 0)
            table_insert(to, from[i].OwnerThread, from[i].OwnerCount);
    }
}

bool ex_owner_table_grow(ERESOURCE *resource)
{
    bool interrupts = ex_spin_acquire(&resource->SpinLock);
    uint32_t old_capacity = capacity_of(resource->OwnerTable);
    ex_spin_release(&resource->SpinLock, interrupts);
    OWNER_ENTRY *table = table_allocate(old_capacity != 0 ? (old_capacity + 1) * 2 : SIZE_MIN);
    if (table == NULL)
        return false;
    interrupts = ex_spin_acquire(&resource->SpinLock);
    OWNER_ENTRY *unused = table;
    if (capacity_of(resource->OwnerTable) == old_capacity) { /* else another thread was faster */
        table_copy(table, resource->OwnerTable);
        unused = resource->OwnerTable;
        resource->OwnerTable = table;
    }
    ex_spin_release(&resource->SpinLock, interrupts);
    if (unused != NULL)
        ex_owner_table_free(unused);
    return true;
}

void ex_owner_table_free(OWNER_ENTRY *table)
{
    mm_pool_free(table, TAG_TABLE);
}
