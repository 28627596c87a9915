/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists and sums under a caller's spin lock, in one call. The lock is held with interrupts off, so these work at any
 * level; a lock that is used by them must not be taken by KeAcquireSpinLock as well, for that one lets interrupts in.
 *
 * Source of all: the WDK reference page "<name> function (wdm.h)".
 */
#include <nt/ex_ddi.h>
#include <nt/list.h>

#include "ex/ex_impl.h"

/* IRQL: any. Returns: the entry that was first, NULL if the list was empty. */
LIST_ENTRY *ExInterlockedInsertHeadList(LIST_ENTRY *head, LIST_ENTRY *entry, KSPIN_LOCK *lock)
{
    bool interrupts = ex_spin_acquire(lock);
    LIST_ENTRY *before = head->Flink;
    InsertHeadList(head, entry);
    ex_spin_release(lock, interrupts);
    return before != head ? before : NULL;
}

/* IRQL: any. Returns: the entry that was last, NULL if the list was empty. */
LIST_ENTRY *ExInterlockedInsertTailList(LIST_ENTRY *head, LIST_ENTRY *entry, KSPIN_LOCK *lock)
{
    bool interrupts = ex_spin_acquire(lock);
    LIST_ENTRY *before = head->Blink;
    InsertTailList(head, entry);
    ex_spin_release(lock, interrupts);
    return before != head ? before : NULL;
}

/* IRQL: any. Returns: the entry that was taken off, NULL if the list was empty. */
LIST_ENTRY *ExInterlockedRemoveHeadList(LIST_ENTRY *head, KSPIN_LOCK *lock)
{
    bool interrupts = ex_spin_acquire(lock);
    LIST_ENTRY *entry = IsListEmpty(head) ? NULL : RemoveHeadList(head);
    ex_spin_release(lock, interrupts);
    return entry;
}

/* IRQL: any. Returns: the entry that was first, NULL if the list was empty. */
SINGLE_LIST_ENTRY *ExInterlockedPushEntryList(SINGLE_LIST_ENTRY *head, SINGLE_LIST_ENTRY *entry,
                                              KSPIN_LOCK *lock)
{
    bool interrupts = ex_spin_acquire(lock);
    SINGLE_LIST_ENTRY *before = head->Next;
    PushEntryList(head, entry);
    ex_spin_release(lock, interrupts);
    return before;
}

/* IRQL: any. Returns: the entry that was taken off, NULL if the list was empty. */
SINGLE_LIST_ENTRY *ExInterlockedPopEntryList(SINGLE_LIST_ENTRY *head, KSPIN_LOCK *lock)
{
    bool interrupts = ex_spin_acquire(lock);
    SINGLE_LIST_ENTRY *entry = PopEntryList(head);
    ex_spin_release(lock, interrupts);
    return entry;
}

/* IRQL: any. Returns: the value before. */
ULONG ExInterlockedAddUlong(ULONG *addend, ULONG increment, KSPIN_LOCK *lock)
{
    bool interrupts = ex_spin_acquire(lock);
    ULONG before = *addend;
    *addend = before + increment;
    ex_spin_release(lock, interrupts);
    return before;
}

/* IRQL: any. Returns: the value before. */
LARGE_INTEGER ExInterlockedAddLargeInteger(LARGE_INTEGER *addend, LARGE_INTEGER increment,
                                           KSPIN_LOCK *lock)
{
    bool interrupts = ex_spin_acquire(lock);
    LARGE_INTEGER before = *addend;
    addend->QuadPart = (int64_t)((uint64_t)before.QuadPart + (uint64_t)increment.QuadPart);
    ex_spin_release(lock, interrupts);
    return before;
}
