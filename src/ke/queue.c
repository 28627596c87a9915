/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queues: entries for threads to work on, with a limit on how many of them do so at one time.
 *
 * A thread belongs to the queue that it removed from last. CurrentCount counts those of them that run: one that comes
 * back for more, blocks on something else, or ends, is not counted; one that goes on after it blocked is, even beyond
 * the limit. An entry is handed out only while the count is below the limit. Threads are woken last in, first out: who
 * stopped last has the warmest caches. SignalState is the number of entries.
 *
 * Rundown takes the queue away from threads that are about anything. A thread reads its own `queue` freely to see that
 * there is none; to use the queue it holds its own queue_lock, then the queue's. Rundown comes from the other side:
 * it holds the queue and tries the thread's.
 */
#include <nt/ke_object_ddi.h>
#include <nt/ntstatus.h>

#include "ke/ke_impl.h"

void KeInitializeQueue(KQUEUE *queue, ULONG count)
{
    ke_object_init(&queue->Header, KE_OBJECT_QUEUE, sizeof(*queue), 0);
    InitializeListHead(&queue->EntryListHead);
    InitializeListHead(&queue->ThreadListHead);
    queue->CurrentCount = 0;
    queue->MaximumCount = count != 0 ? count : ke.cpu_count;
}

LONG KeReadStateQueue(KQUEUE *queue)
{
    return atomic_load_acquire(&queue->Header.SignalState);
}

bool ke_queue_may_run(const KQUEUE *queue)
{
    return queue->Header.SignalState > 0 && queue->CurrentCount < queue->MaximumCount;
}

static LIST_ENTRY *take_entry(KQUEUE *queue)
{
    LIST_ENTRY *entry = RemoveHeadList(&queue->EntryListHead);
    ke_object_set_state(&queue->Header, queue->Header.SignalState - 1);
    entry->Flink = NULL; /* in no queue: what NT's callers look at */
    return entry;
}

void ke_queue_take(KQUEUE *queue, struct ke_thread *thread)
{
    queue->CurrentCount++;
    thread->queue_entry = take_entry(queue);
}

static LONG insert(KQUEUE *queue, LIST_ENTRY *entry, bool at_head)
{
    IRQL_MAX(DISPATCH_LEVEL);
    bool interrupts = arch_interrupts_disable();
    ke_object_lock(&queue->Header);
    LONG old = queue->Header.SignalState;
    if (at_head)
        InsertHeadList(&queue->EntryListHead, entry);
    else
        InsertTailList(&queue->EntryListHead, entry);
    ke_object_set_state(&queue->Header, old + 1);
    ke_object_satisfy_waiters(&queue->Header, 0);
    ke_object_unlock(&queue->Header);
    ke_preempt(interrupts);
    arch_interrupts_restore(interrupts);
    return old;
}

LONG KeInsertQueue(KQUEUE *queue, LIST_ENTRY *entry)
{
    return insert(queue, entry, false);
}

LONG KeInsertHeadQueue(KQUEUE *queue, LIST_ENTRY *entry)
{
    return insert(queue, entry, true);
}

/* --- Threads of a queue. Interrupts off ------------------------------------------------------------------- */

/* The queue of this thread, locked, and the thread's hold on it; NULL: it has none, and nothing is locked. */
static KQUEUE *lock_own(struct ke_thread *self)
{
    if (atomic_load_acquire(&self->queue) == NULL)
        return NULL;
    ke_lock_acquire_nested(&self->queue_lock);
    KQUEUE *queue = self->queue;
    if (queue == NULL)
        ke_lock_release_nested(&self->queue_lock); /* run down just now */
    else
        ke_object_lock(&queue->Header);
    return queue;
}

static void unlock_own(struct ke_thread *self, KQUEUE *queue)
{
    ke_object_unlock(&queue->Header);
    ke_lock_release_nested(&self->queue_lock);
}

static void uncount(KQUEUE *queue)
{
    queue->CurrentCount--;
    ke_object_satisfy_waiters(&queue->Header, 0); /* another may go on in its place */
}

void ke_queue_thread_blocks(struct ke_thread *self)
{
    KQUEUE *queue = lock_own(self);
    if (queue == NULL)
        return;
    uncount(queue);
    unlock_own(self, queue);
}

void ke_queue_thread_goes_on(struct ke_thread *self)
{
    KQUEUE *queue = lock_own(self);
    if (queue == NULL)
        return;
    queue->CurrentCount++;
    unlock_own(self, queue);
}

void ke_queue_leave(struct ke_thread *self)
{
    KQUEUE *queue = lock_own(self);
    if (queue == NULL)
        return;
    RemoveEntryList(&self->queue_link);
    atomic_store_release(&self->queue, (KQUEUE *)NULL);
    uncount(queue);
    unlock_own(self, queue);
}

static void join(struct ke_thread *self, KQUEUE *queue)
{
    ke_queue_leave(self);
    ke_lock_acquire_nested(&self->queue_lock);
    ke_object_lock(&queue->Header);
    InsertTailList(&queue->ThreadListHead, &self->queue_link);
    queue->CurrentCount++; /* it runs; the wait takes that back */
    atomic_store_release(&self->queue, queue);
    unlock_own(self, queue);
}

static NTSTATUS wait_for_entry(struct ke_thread *self, KQUEUE *queue, KPROCESSOR_MODE mode,
                               BOOLEAN alertable, const LARGE_INTEGER *timeout)
{
    struct ke_wait wait = { .blocks = self->wait_blocks,
                            .count = 1,
                            .flags = ke_wait_flags(self, mode, alertable) };
    wait.has_due = timeout != NULL;
    if (timeout != NULL)
        wait.due_100ns = ke_timer_due(*timeout);
    ke_wait_block_init(&self->wait_blocks[0], self, queue, STATUS_SUCCESS);
    atomic_store_relaxed(&self->wait_reason, WrQueue);
    ke_queue_thread_blocks(self);
    self->waits_for_queue = true; /* out of the count already, by its own hand */
    NTSTATUS status = ke_wait_run(self, &wait);
    self->waits_for_queue = false;
    if (status != STATUS_SUCCESS)
        ke_queue_thread_goes_on(self); /* without an entry, but it runs */
    return status;
}

static ULONG take_more(KQUEUE *queue, LIST_ENTRY **entries, ULONG taken, ULONG count)
{
    ke_object_lock(&queue->Header);
    while (taken < count && queue->Header.SignalState > 0)
        entries[taken++] = take_entry(queue);
    ke_object_unlock(&queue->Header);
    return taken;
}

static NTSTATUS remove_entries(KQUEUE *queue, const LARGE_INTEGER *timeout, KPROCESSOR_MODE mode,
                               BOOLEAN alertable, LIST_ENTRY **entries, ULONG *count)
{
    IRQL_MAX(APC_LEVEL);
    struct ke_thread *self = arch_thread();
    bool interrupts = arch_interrupts_disable();
    if (self->queue != queue)
        join(self, queue);
    NTSTATUS status = wait_for_entry(self, queue, mode, alertable, timeout);
    if (status == STATUS_SUCCESS) {
        entries[0] = self->queue_entry;
        *count = take_more(queue, entries, 1, *count);
    }
    ke_preempt(interrupts);
    arch_interrupts_restore(interrupts);
    return status;
}

LIST_ENTRY *KeRemoveQueue(KQUEUE *queue, KPROCESSOR_MODE mode, LARGE_INTEGER *timeout)
{
    LIST_ENTRY *entry;
    ULONG count = 1;
    NTSTATUS status = remove_entries(queue, timeout, mode, FALSE, &entry, &count);
    return status == STATUS_SUCCESS ? entry : (LIST_ENTRY *)(intptr_t)status;
}

ULONG KeRemoveQueueEx(KQUEUE *queue, KPROCESSOR_MODE mode, BOOLEAN alertable,
                      LARGE_INTEGER *timeout, LIST_ENTRY **entries, ULONG count)
{
    NTSTATUS status = remove_entries(queue, timeout, mode, alertable, entries, &count);
    return status == STATUS_SUCCESS ? count : (ULONG)status;
}

/* --- Rundown ---------------------------------------------------------------------------------------------- */

static void abandon_waiters(KQUEUE *queue)
{
    while (!IsListEmpty(&queue->Header.WaitListHead)) {
        LIST_ENTRY *link = RemoveHeadList(&queue->Header.WaitListHead);
        KWAIT_BLOCK *block = CONTAINING_RECORD(link, KWAIT_BLOCK, WaitListEntry);
        struct ke_thread *thread = (struct ke_thread *)block->Thread;
        bool was_blocked;
        bool claimed = ke_wait_claim(thread, 0, STATUS_ABANDONED, &was_blocked);
        atomic_store_release(&block->BlockState, KE_BLOCK_TAKEN);
        if (claimed && was_blocked)
            ke_ready(thread, 0);
    }
}

/* False: a thread is just about to use the queue. */
static bool release_threads(KQUEUE *queue)
{
    while (!IsListEmpty(&queue->ThreadListHead)) {
        LIST_ENTRY *link = queue->ThreadListHead.Flink;
        struct ke_thread *thread = CONTAINING_RECORD(link, struct ke_thread, queue_link);
        if (!ke_lock_try_nested(&thread->queue_lock))
            return false;
        RemoveEntryList(link);
        atomic_store_release(&thread->queue, (KQUEUE *)NULL);
        ke_lock_release_nested(&thread->queue_lock);
    }
    return true;
}

static LIST_ENTRY *take_all(KQUEUE *queue)
{
    if (IsListEmpty(&queue->EntryListHead))
        return NULL;
    LIST_ENTRY *first = queue->EntryListHead.Flink;
    RemoveEntryList(&queue->EntryListHead); /* the ring closes without the head */
    InitializeListHead(&queue->EntryListHead);
    return first;
}

LIST_ENTRY *KeRundownQueue(KQUEUE *queue)
{
    IRQL_MAX(DISPATCH_LEVEL);
    bool interrupts = arch_interrupts_disable();
    ke_object_lock(&queue->Header);
    LIST_ENTRY *entries = take_all(queue);
    ke_object_set_state(&queue->Header, 0);
    abandon_waiters(queue);
    while (!release_threads(queue)) {
        ke_object_unlock(&queue->Header);
        arch_cpu_pause();
        ke_object_lock(&queue->Header);
        abandon_waiters(queue);
    }
    queue->CurrentCount = 0;
    ke_object_unlock(&queue->Header);
    ke_preempt(interrupts);
    arch_interrupts_restore(interrupts);
    return entries;
}
