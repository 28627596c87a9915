/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting for several objects at once. All are taken in one step or none is: the objects must be looked at, and taken,
 * under all of their locks together.
 *
 * Locking several objects would deadlock against others who do the same in another order, so whoever does it holds the
 * WAIT_ALL lock, the one lock of the dispatcher that is not an object's. Only those pay who have to do with such waits:
 * the waiter marks each of its objects, and a signaller that finds the mark takes WAIT_ALL first (it takes the
 * object's lock again, after it; nothing has been signalled yet, so the object cannot be gone). Everybody else holds
 * one object's lock at a time and waits for no other meanwhile, so holders of WAIT_ALL get what they wait for.
 *
 * The mark stays until the list of waiters is empty.
 */
#include <nt/ntstatus.h>

#include "ke/ke_impl.h"

/* An object may stand in the array more than once; it counts once. */
static bool stands_before(const struct ke_wait *wait, uint32_t index)
{
    for (uint32_t i = 0; i < index; i++) {
        if (wait->blocks[i].Object == wait->blocks[index].Object)
            return true;
    }
    return false;
}

/* All but `locked`, which is locked already; NULL: none is. */
static void lock_objects(const struct ke_wait *wait, const DISPATCHER_HEADER *locked)
{
    for (uint32_t i = 0; i < wait->count; i++) {
        if (wait->blocks[i].Object != locked && !stands_before(wait, i))
            ke_object_lock(wait->blocks[i].Object);
    }
}

static void unlock_objects(const struct ke_wait *wait, const DISPATCHER_HEADER *locked)
{
    for (uint32_t i = 0; i < wait->count; i++) {
        if (wait->blocks[i].Object != locked && !stands_before(wait, i))
            ke_object_unlock(wait->blocks[i].Object);
    }
}

static bool all_satisfied(const struct ke_wait *wait, const struct ke_thread *thread)
{
    for (uint32_t i = 0; i < wait->count; i++) {
        if (!ke_wait_is_satisfied(wait->blocks[i].Object, thread))
            return false;
    }
    return true;
}

static NTSTATUS status_of_all(const struct ke_wait *wait)
{
    for (uint32_t i = 0; i < wait->count; i++) {
        NTSTATUS status = ke_wait_status(wait->blocks[i].Object, STATUS_SUCCESS);
        if (status != STATUS_SUCCESS)
            return status;
    }
    return STATUS_SUCCESS;
}

static void consume_all(const struct ke_wait *wait, struct ke_thread *thread)
{
    for (uint32_t i = 0; i < wait->count; i++) {
        if (!stands_before(wait, i))
            ke_wait_consume(wait->blocks[i].Object, thread);
    }
}

static void queue_all(struct ke_wait *wait)
{
    for (uint32_t i = 0; i < wait->count; i++) {
        KWAIT_BLOCK *block = &wait->blocks[i];
        DISPATCHER_HEADER *header = block->Object;
        block->WaitType = WaitAll;
        block->BlockState = KE_BLOCK_QUEUED;
        (void)atomic_or(&header->Lock, KE_OBJECT_WAIT_ALL);
        InsertTailList(&header->WaitListHead, &block->WaitListEntry);
    }
    wait->queued = wait->count;
}

bool ke_wait_all_queue(struct ke_thread *self, struct ke_wait *wait)
{
    ke_lock_acquire_nested(&ke.wait_all_lock);
    lock_objects(wait, NULL);
    bool decided = all_satisfied(wait, self);
    if (!decided)
        queue_all(wait);
    else if (ke_wait_claim_own(self, status_of_all(wait)))
        consume_all(wait, self);
    unlock_objects(wait, NULL);
    ke_lock_release_nested(&ke.wait_all_lock);
    return decided;
}

NTSTATUS ke_wait_all_poll(struct ke_thread *self, const struct ke_wait *wait)
{
    NTSTATUS status = STATUS_TIMEOUT;
    ke_lock_acquire_nested(&ke.wait_all_lock);
    lock_objects(wait, NULL);
    if (all_satisfied(wait, self)) {
        status = status_of_all(wait);
        consume_all(wait, self);
    }
    unlock_objects(wait, NULL);
    ke_lock_release_nested(&ke.wait_all_lock);
    return status;
}

void ke_wait_all_try(KWAIT_BLOCK *block, DISPATCHER_HEADER *locked, KPRIORITY increment)
{
    LOCK_HELD(&ke.wait_all_lock);
    struct ke_thread *thread = (struct ke_thread *)block->Thread;
    struct ke_wait *wait = thread->wait_now; /* it cannot end while its block is in the list */
    bool was_blocked = false;
    lock_objects(wait, locked);
    if (all_satisfied(wait, thread) &&
        ke_wait_claim(thread, 0, status_of_all(wait), &was_blocked)) {
        consume_all(wait, thread);
        if (was_blocked)
            ke_ready(thread, increment);
    }
    unlock_objects(wait, locked);
}
