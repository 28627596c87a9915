/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting: the protocol. Interrupts are off from the first look at an object to the switch, so no level is raised.
 *
 * A wait is decided by one word, thread->wait. The waiter sets it to PREPARING, then visits its objects one after the
 * other, each under that object's lock: an object that is signalled is taken on the spot, else a wait block is
 * queued to it. Meanwhile others may signal objects that were visited already. Whoever wants to end the wait, a
 * signaller, an APC or the waiter itself, must move the word to CLAIMED by compare-and-swap, and only who succeeds may
 * change the object's state on the waiter's behalf. So no signal is lost, and none is used twice.
 *
 *      NONE -> PREPARING -> BLOCKED -> CLAIMED -> NONE
 *                  \___________________/
 *
 * A claim of PREPARING needs nothing more: the waiter finds out before it blocks. A claim of BLOCKED must be followed
 * by ke_ready. The waiter is possibly still on its way out of its processor then; ke_ready and `on_cpu` see to that.
 *
 * APCs: who queues one sets a pending flag, then tries to claim; the waiter sets PREPARING, then looks at the flag. Both
 * are sequentially consistent, so one of them sees the other.
 *
 * At the end the waiter unlinks what it queued, under the lock of each object. Where a signaller has taken the block
 * already, it waits until that one has left the object (object.c): its caller may free the object.
 */
#include <nt/ke_ddi.h>
#include <nt/ntstatus.h>

#include "ke/ke_impl.h"

static uint64_t claim_word(NTSTATUS status)
{
    return (uint64_t)(uint32_t)status << 32 | KE_WAIT_CLAIMED;
}

static bool is_open(uint64_t word)
{
    uint64_t state = word & KE_WAIT_STATE;
    return state == KE_WAIT_PREPARING || state == KE_WAIT_BLOCKED;
}

bool ke_wait_claim(struct ke_thread *thread, uint64_t needed_flags, NTSTATUS status,
                   bool *was_blocked)
{
    uint64_t word = atomic_load_acquire(&thread->wait);
    while (is_open(word) && (word & needed_flags) == needed_flags) {
        *was_blocked = (word & KE_WAIT_STATE) == KE_WAIT_BLOCKED;
        if (atomic_cas(&thread->wait, &word, claim_word(status)))
            return true;
    }
    return false;
}

bool ke_wait_claim_own(struct ke_thread *self, NTSTATUS status)
{
    uint64_t word = atomic_load_acquire(&self->wait);
    return (word & KE_WAIT_STATE) == KE_WAIT_PREPARING &&
           atomic_cas(&self->wait, &word, claim_word(status));
}

/* --- Objects, locked -------------------------------------------------------------------------------------- */

bool ke_wait_is_satisfied(const DISPATCHER_HEADER *header, const struct ke_thread *thread)
{
    switch (ke_object_type(header)) {
    case KE_OBJECT_MUTANT: {
        const KMUTANT *mutant = CONTAINING_RECORD(header, KMUTANT, Header);
        return header->SignalState > 0 || mutant->OwnerThread == (const KTHREAD *)thread;
    }
    case KE_OBJECT_QUEUE:
        return ke_queue_may_run(CONTAINING_RECORD(header, KQUEUE, Header));
    default:
        return header->SignalState > 0;
    }
}

NTSTATUS ke_wait_status(const DISPATCHER_HEADER *header, NTSTATUS status)
{
    if (ke_object_type(header) != KE_OBJECT_MUTANT)
        return status;
    const KMUTANT *mutant = CONTAINING_RECORD(header, KMUTANT, Header);
    if (header->SignalState == INT32_MIN)
        return STATUS_MUTANT_LIMIT_EXCEEDED;
    return mutant->Abandoned ? status + STATUS_ABANDONED_WAIT_0 : status;
}

void ke_wait_consume(DISPATCHER_HEADER *header, struct ke_thread *thread)
{
    switch (ke_object_type(header)) {
    case KE_OBJECT_SYNCHRONIZATION_EVENT:
    case KE_OBJECT_SYNCHRONIZATION_TIMER:
        ke_object_set_state(header, 0);
        break;
    case KE_OBJECT_SEMAPHORE:
        ke_object_set_state(header, header->SignalState - 1);
        break;
    case KE_OBJECT_MUTANT:
        ke_mutant_take(CONTAINING_RECORD(header, KMUTANT, Header), thread);
        break;
    case KE_OBJECT_QUEUE:
        ke_queue_take(CONTAINING_RECORD(header, KQUEUE, Header), thread);
        break;
    default:
        break;
    }
}

/* Give it to the thread of one block, which leaves the list. */
static void satisfy_one(DISPATCHER_HEADER *header, KWAIT_BLOCK *block, KPRIORITY increment)
{
    struct ke_thread *thread = (struct ke_thread *)block->Thread;
    NTSTATUS status = ke_wait_status(header, block->SpareLong);
    bool was_blocked;
    RemoveEntryList(&block->WaitListEntry);
    bool claimed = ke_wait_claim(thread, 0, status, &was_blocked);
    atomic_store_release(&block->BlockState, KE_BLOCK_TAKEN);
    if (!claimed)
        return; /* another object was faster */
    ke_wait_consume(header, thread);
    if (was_blocked)
        ke_ready(thread, increment);
}

void ke_object_satisfy_waiters(DISPATCHER_HEADER *header, KPRIORITY increment)
{
    CHECK(header->Lock & KE_OBJECT_LOCK_BIT);
    LIST_ENTRY *entry = header->WaitListHead.Flink;
    while (entry != &header->WaitListHead) {
        KWAIT_BLOCK *block = CONTAINING_RECORD(entry, KWAIT_BLOCK, WaitListEntry);
        if (!ke_wait_is_satisfied(header, (struct ke_thread *)block->Thread))
            break;
        entry = entry->Flink;
        if (block->WaitType == WaitAll)
            ke_wait_all_try(block, header, increment);
        else
            satisfy_one(header, block, increment);
    }
}

/* --- The waiter's side ------------------------------------------------------------------------------------ */

void ke_wait_block_init(KWAIT_BLOCK *block, struct ke_thread *self, void *object, NTSTATUS status)
{
    block->WaitType = WaitAny;
    block->BlockState = KE_BLOCK_IDLE;
    block->Thread = (KTHREAD *)self;
    block->Object = object;
    block->SpareLong = status;
}

uint64_t ke_wait_flags(const struct ke_thread *self, KPROCESSOR_MODE mode, BOOLEAN alertable)
{
    uint64_t flags = (alertable ? KE_WAIT_ALERTABLE : 0) | (mode == UserMode ? KE_WAIT_USER : 0);
    if (arch_irql() < APC_LEVEL && self->guarded_depth == 0) {
        flags |= KE_WAIT_SPECIAL;
        if (self->critical_depth == 0 && !self->apc_in_progress)
            flags |= KE_WAIT_NORMAL;
    }
    return flags;
}

/* Take the object or queue the block. True: the wait is decided. */
static bool wait_on(struct ke_thread *self, KWAIT_BLOCK *block)
{
    DISPATCHER_HEADER *header = block->Object;
    ke_object_lock(header);
    bool decided = ke_wait_is_satisfied(header, self);
    if (decided) {
        if (ke_wait_claim_own(self, ke_wait_status(header, block->SpareLong)))
            ke_wait_consume(header, self);
    } else {
        block->BlockState = KE_BLOCK_QUEUED;
        if (ke_object_type(header) == KE_OBJECT_QUEUE) /* who came last has the warmest caches */
            InsertHeadList(&header->WaitListHead, &block->WaitListEntry);
        else
            InsertTailList(&header->WaitListHead, &block->WaitListEntry);
    }
    ke_object_unlock(header);
    return decided;
}

static bool wait_on_any(struct ke_thread *self, struct ke_wait *wait)
{
    for (uint32_t i = 0; i < wait->count; i++) {
        if (wait_on(self, &wait->blocks[i]))
            return true;
        wait->queued++;
    }
    return false;
}

static bool wait_on_timer(struct ke_thread *self, const struct ke_wait *wait)
{
    DISPATCHER_HEADER *timer = &self->timer.Header;
    ke_object_lock(timer); /* nobody else waits for it: there is nothing to signal */
    (void)ke_timer_set_locked(&self->timer, wait->due_100ns, 0, NULL); /* never set between waits */
    ke_object_unlock(timer);
    ke_wait_block_init(&self->timer_block, self, timer, STATUS_TIMEOUT);
    return wait_on(self, &self->timer_block);
}

static void unlink_block(KWAIT_BLOCK *block)
{
    DISPATCHER_HEADER *header = block->Object;
    if (atomic_load_acquire(&block->BlockState) == KE_BLOCK_TAKEN) {
        while (atomic_load_acquire(&header->Lock) & KE_OBJECT_LOCK_BIT)
            arch_cpu_pause();
        return;
    }
    ke_object_lock(header);
    if (block->BlockState == KE_BLOCK_QUEUED)
        RemoveEntryList(&block->WaitListEntry);
    if ((header->Lock & KE_OBJECT_WAIT_ALL) && IsListEmpty(&header->WaitListHead))
        (void)atomic_and(&header->Lock, ~KE_OBJECT_WAIT_ALL);
    ke_object_unlock(header);
}

static void unlink_all(struct ke_thread *self, struct ke_wait *wait, bool timed)
{
    for (uint32_t i = 0; i < wait->queued; i++)
        unlink_block(&wait->blocks[i]);
    wait->queued = 0;
    if (!timed)
        return;
    if (self->timer_block.BlockState != KE_BLOCK_IDLE)
        unlink_block(&self->timer_block);
    ke_object_lock(&self->timer.Header);
    (void)ke_timer_cancel_locked(&self->timer); /* either way it is not set now */
    ke_object_unlock(&self->timer.Header);
}

/* Give the processor away, unless somebody has claimed the wait already. */
static void block_until_claimed(struct ke_thread *self, const struct ke_wait *wait)
{
    uint64_t word = KE_WAIT_PREPARING | wait->flags;
    bool counted = atomic_load_acquire(&self->queue) != NULL && !self->waits_for_queue;
    if (counted)
        ke_queue_thread_blocks(self);
    atomic_store_release(&self->state, KE_THREAD_WAITING);
    if (atomic_cas(&self->wait, &word, KE_WAIT_BLOCKED | wait->flags))
        ke_block(self);
    else
        atomic_store_release(&self->state, KE_THREAD_RUNNING);
    if (counted)
        ke_queue_thread_goes_on(self);
}

static NTSTATUS wait_once(struct ke_thread *self, struct ke_wait *wait)
{
    bool timed = false;
    self->wait_now = wait;
    (void)atomic_exchange(&self->wait,
                          KE_WAIT_PREPARING | wait->flags); /* before the look at APCs */
    bool decided = ke_apc_ends_wait(self, wait->flags);
    if (!decided)
        decided = wait->all ? ke_wait_all_queue(self, wait) : wait_on_any(self, wait);
    if (!decided && wait->has_due) {
        timed = true;
        decided = wait_on_timer(self, wait);
    }
    if (!decided)
        block_until_claimed(self, wait);
    unlink_all(self, wait, timed);
    uint64_t end = atomic_load_acquire(&self->wait);
    CHECK((end & KE_WAIT_STATE) == KE_WAIT_CLAIMED);
    atomic_store_release(&self->wait, KE_WAIT_NONE);
    return (NTSTATUS)(end >> 32);
}

/* The routines of APCs may wait as well, and use the thread's own blocks: what this wait has there is put back. */
static void deliver_apcs(struct ke_thread *self, const struct ke_wait *wait)
{
    KWAIT_BLOCK kept[THREAD_WAIT_OBJECTS];
    uint32_t own = wait->blocks == self->wait_blocks ? wait->count : 0;
    uint32_t reason = atomic_load_relaxed(&self->wait_reason);
    KIRQL irql = arch_irql();
    for (uint32_t i = 0; i < own; i++)
        kept[i] = self->wait_blocks[i];
    arch_irql_set(APC_LEVEL);
    arch_interrupts_restore(true);
    ke_apc_deliver();
    arch_irql_set(irql);
    (void)arch_interrupts_disable();
    for (uint32_t i = 0; i < own; i++)
        self->wait_blocks[i] = kept[i];
    atomic_store_relaxed(&self->wait_reason, reason);
}

static void tell_object(struct ke_thread *self, const struct ke_wait *wait)
{
    atomic_store_release(&self->wait_object,
                         wait->count > 0 ? (const void *)wait->blocks[0].Object : &self->timer);
}

NTSTATUS ke_wait_run(struct ke_thread *self, struct ke_wait *wait)
{
    CHECK(!arch_interrupts_enabled());
    tell_object(self, wait);
    NTSTATUS status;
    while ((status = wait_once(self, wait)) == STATUS_KERNEL_APC) {
        deliver_apcs(self, wait);
        tell_object(self, wait);
    }
    atomic_store_release(&self->wait_object, (const void *)NULL);
    return status;
}
