/* SPDX-License-Identifier: BSD-2-Clause */
/* NT's doubly and singly linked lists as inline functions; the caller holds the list's lock. */
#ifndef NT_LIST_H
#define NT_LIST_H

#include <nt/ntdef.h>

/*
 * A doubly linked list is a ring through its head; an empty head points to itself.
 *
 * IRQL:   any, if head and entries are resident
 * Source: WDK "Singly and Doubly Linked Lists", wdm.h function pages of the same names
 */
static inline void InitializeListHead(LIST_ENTRY *head)
{
    head->Flink = head;
    head->Blink = head;
}

static inline BOOLEAN IsListEmpty(const LIST_ENTRY *head)
{
    return head->Flink == head;
}

/* A corrupted ring traps here instead of being written through; NT has bug check 0x139 for it. */
static inline void nt_list_check(const LIST_ENTRY *entry)
{
    if (entry->Flink->Blink != entry || entry->Blink->Flink != entry)
        __builtin_trap();
}

static inline void InsertHeadList(LIST_ENTRY *head, LIST_ENTRY *entry)
{
    LIST_ENTRY *next = head->Flink;

    nt_list_check(head);
    entry->Flink = next;
    entry->Blink = head;
    next->Blink = entry;
    head->Flink = entry;
}

static inline void InsertTailList(LIST_ENTRY *head, LIST_ENTRY *entry)
{
    LIST_ENTRY *previous = head->Blink;

    nt_list_check(head);
    entry->Flink = head;
    entry->Blink = previous;
    previous->Flink = entry;
    head->Blink = entry;
}

/* Returns: TRUE if the list is empty after the removal */
static inline BOOLEAN RemoveEntryList(LIST_ENTRY *entry)
{
    LIST_ENTRY *next = entry->Flink;
    LIST_ENTRY *previous = entry->Blink;

    nt_list_check(entry);
    previous->Flink = next;
    next->Blink = previous;
    return next == previous;
}

/* Returns: the first entry, or the head itself if the list was empty */
static inline LIST_ENTRY *RemoveHeadList(LIST_ENTRY *head)
{
    LIST_ENTRY *entry = head->Flink;

    (void)RemoveEntryList(entry);
    return entry;
}

/* Returns: the last entry, or the head itself if the list was empty */
static inline LIST_ENTRY *RemoveTailList(LIST_ENTRY *head)
{
    LIST_ENTRY *entry = head->Blink;

    (void)RemoveEntryList(entry);
    return entry;
}

/* Append a headless ring, of which `ring` is the first entry, to the list's end. */
static inline void AppendTailList(LIST_ENTRY *head, LIST_ENTRY *ring)
{
    LIST_ENTRY *end = head->Blink;

    nt_list_check(head);
    nt_list_check(ring);
    end->Flink = ring;
    head->Blink = ring->Blink;
    ring->Blink->Flink = head;
    ring->Blink = end;
}

/* Returns: the entry taken, NULL if there was none */
static inline SINGLE_LIST_ENTRY *PopEntryList(SINGLE_LIST_ENTRY *head)
{
    SINGLE_LIST_ENTRY *entry = head->Next;

    if (entry != NULL)
        head->Next = entry->Next;
    return entry;
}

static inline void PushEntryList(SINGLE_LIST_ENTRY *head, SINGLE_LIST_ENTRY *entry)
{
    entry->Next = head->Next;
    head->Next = entry;
}

#endif
