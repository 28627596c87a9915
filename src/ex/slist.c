/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interlocked singly linked lists: stacks without a lock. The head has 16 bytes, depth and sequence in the low half, the
 * first entry's address in the high half, and changes only by a 16-byte compare-and-swap of the whole.
 *
 * The sequence counts every change, so a head that was changed and changed back is not taken for the one that was read
 * (it would have to come round 2^48 times between a load and the swap). The halves are loaded one after the other;
 * if they do not belong together the swap fails, for no two states of a head have the same low half.
 *
 * A pop reads the `Next` of an entry that another processor may take away at the same time, write into, and even unmap.
 * What it read is used only if the swap finds the head unchanged, that is, if the entry was still first and its `Next`
 * still that of the list. So the load is guarded: where the memory has gone the port gives it up, and the pop begins
 * again. An entry that cannot be read while it is still first is a driver's error: the plain load names it.
 */
#include <nt/ex_ddi.h>

#include "arch.h"
#include "base/atomic.h"
#include "base/check.h"
#include "mm/kasan.h"

KASAN_LEAVES_OUT

typedef unsigned __int128 whole_head;

#define DEPTH_MASK   0xffffu
#define SEQUENCE_ONE 0x10000u
#define ENTRY_ALIGN  16u

struct halves {
    uint64_t low, high;
};

static struct halves load(const SLIST_HEADER *head)
{
    struct halves halves;
    halves.low = atomic_load_acquire(&head->Alignment);
    halves.high = atomic_load_acquire(&head->Region);
    return halves;
}

static whole_head whole(struct halves halves)
{
    return (whole_head)halves.high << 64 | halves.low;
}

/* True: the head was `old` and is `new` now, with the next sequence. */
static bool change(SLIST_HEADER *head, struct halves old, uint16_t depth, SLIST_ENTRY *first)
{
    struct halves new = { ((old.low & ~(uint64_t)DEPTH_MASK) + SEQUENCE_ONE) | depth,
                          (uintptr_t)first };
    whole_head expected = whole(old);
    CHECK((uintptr_t)first % ENTRY_ALIGN == 0);
    return atomic_cas((whole_head *)head, &expected, whole(new));
}

/*
 * An empty list.
 *
 * IRQL:    any
 * Source:  WDK "ExInitializeSListHead function (wdm.h)", "InitializeSListHead macro (wdm.h)"
 */
void InitializeSListHead(SLIST_HEADER *head)
{
    head->Alignment = 0;
    head->Region = 0;
}

/*
 * The number of entries, true at some moment of the call; it counts modulo 65,536.
 *
 * IRQL:    any
 * Source:  WDK "ExQueryDepthSList function (wdm.h)"; test ex_slist.the_depth_counts_16_bits
 */
USHORT ExQueryDepthSList(SLIST_HEADER *head)
{
    return (USHORT)(atomic_load_relaxed(&head->Alignment) & DEPTH_MASK);
}

/*
 * The first entry, which stays in the list; only a caller who knows that nobody pops can use it.
 *
 * IRQL:    any
 * Source:  WDK "RtlFirstEntrySList function (wdm.h)"
 */
SLIST_ENTRY *RtlFirstEntrySList(const SLIST_HEADER *head)
{
    return (SLIST_ENTRY *)(uintptr_t)atomic_load_acquire(&head->Region);
}

/*
 * Put an entry in front.
 *
 * IRQL:    any             Locks: none; the lock that ExInterlockedPushEntrySList has as parameter is not used
 * Returns: the entry that was first, NULL if the list was empty
 * Source:  WDK "ExInterlockedPushEntrySList function (wdm.h)"; test ex_slist.nothing_is_lost_between_processors
 */
SLIST_ENTRY *ExpInterlockedPushEntrySList(SLIST_HEADER *head, SLIST_ENTRY *entry)
{
    struct halves old;
    do {
        old = load(head);
        atomic_store_relaxed(&entry->Next, (SLIST_ENTRY *)(uintptr_t)old.high);
    } while (!change(head, old, (uint16_t)(old.low + 1), entry));
    return (SLIST_ENTRY *)(uintptr_t)old.high;
}

/*
 * Take the first entry.
 *
 * IRQL:    any             Locks: none, as above
 * Returns: the entry, NULL if the list was empty
 * Source:  WDK "ExInterlockedPopEntrySList function (wdm.h)"
 */
SLIST_ENTRY *ExpInterlockedPopEntrySList(SLIST_HEADER *head)
{
    for (;;) {
        struct halves old = load(head);
        SLIST_ENTRY *entry = (SLIST_ENTRY *)(uintptr_t)old.high;
        if (entry == NULL)
            return NULL;
        uint64_t next;
        bool readable = arch_load_guarded(&entry->Next, &next);
        if (atomic_load_acquire(&head->Alignment) != old.low)
            continue; /* somebody took it meanwhile: `next` may be anything */
        if (!readable)
            next = (uintptr_t)atomic_load_relaxed(&entry->Next);
        if (change(head, old, (uint16_t)(old.low - 1), (SLIST_ENTRY *)(uintptr_t)next))
            return entry;
    }
}

/*
 * Take all entries.
 *
 * IRQL:    any
 * Returns: the first, from which `Next` leads to the others; NULL if the list was empty
 * Source:  WDK "ExInterlockedFlushSList function (wdm.h)"
 */
SLIST_ENTRY *ExpInterlockedFlushSList(SLIST_HEADER *head)
{
    struct halves old;
    do {
        old = load(head);
        if (old.high == 0)
            return NULL;
    } while (!change(head, old, 0, NULL));
    return (SLIST_ENTRY *)(uintptr_t)old.high;
}

KASAN_LEFT_OUT
