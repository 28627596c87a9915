/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting. Interrupts are off from the first look at an object to the switch, so no level is raised.
 *
 * A wait is decided by one word, thread->wait. The waiter sets it to PREPARING, then visits its objects one after the
 * other, each under that object's lock: an object that is signalled is taken on the spot, else a wait block is
 * queued to it. Meanwhile others may signal objects that were visited already. Whoever wants to end the wait, a
 * signaller or the waiter itself, must move the word to CLAIMED by compare-and-swap, and only who succeeds may
 * change the object's state on the waiter's behalf. So no signal is lost, and none is used twice.
 *
 *      NONE -> PREPARING -> BLOCKED -> CLAIMED -> NONE
 *                  \___________________/
 *
 * A claim of PREPARING needs nothing more: the waiter finds out before it blocks. A claim of BLOCKED must be followed
 * by ke_ready. The waiter is possibly still on its way out of its processor then; ke_ready and `on_cpu` see to that.
 *
 * At the end the waiter takes the lock of each object that it queued a block to, to unlink the block; that is also what
 * makes sure that the one who claimed the wait has left the object (object.c).
 */
#include <nt/ke_ddi.h>
#include <nt/ntstatus.h>

#include "ke/bugcheck.h"
#include "ke/ke_impl.h"

static uint64_t claim_word(NTSTATUS status)
{
    return (uint64_t)(uint32_t)status << 32 | KE_WAIT_CLAIMED;
}

/* True: the wait is ours to end, and *was_blocked says whether the thread must be made ready. */
static bool claim(struct ke_thread *thread, NTSTATUS status, bool *was_blocked)
{
    uint64_t state = atomic_load_acquire(&thread->wait);
    while (state == KE_WAIT_PREPARING || state == KE_WAIT_BLOCKED) {
        *was_blocked = state == KE_WAIT_BLOCKED;
        if (atomic_cas(&thread->wait, &state, claim_word(status)))
            return true;
    }
    return false;
}

static bool claim_own(struct ke_thread *self, NTSTATUS status)
{
    uint64_t state = KE_WAIT_PREPARING;
    return atomic_cas(&self->wait, &state, claim_word(status));
}

/* What a satisfied wait does to the object. */
static void consume(DISPATCHER_HEADER *header)
{
    switch (header->Type & ~KE_OBJECT_LOCK_BIT) {
    case KE_OBJECT_SYNCHRONIZATION_EVENT:
    case KE_OBJECT_SYNCHRONIZATION_TIMER:
        header->SignalState = 0;
        break;
    case KE_OBJECT_SEMAPHORE:
        header->SignalState--;
        break;
    default:
        break;
    }
}

void ke_object_satisfy_waiters(DISPATCHER_HEADER *header)
{
    CHECK(header->Lock & KE_OBJECT_LOCK_BIT);
    while (header->SignalState > 0 && !IsListEmpty(&header->WaitListHead)) {
        LIST_ENTRY *entry = RemoveHeadList(&header->WaitListHead);
        KWAIT_BLOCK *block = CONTAINING_RECORD(entry, KWAIT_BLOCK, WaitListEntry);
        struct ke_thread *thread = (struct ke_thread *)block->Thread;
        NTSTATUS status = block->SpareLong;
        bool was_blocked;
        block->BlockState = KE_BLOCK_TAKEN;
        if (!claim(thread, status, &was_blocked))
            continue; /* another object was faster */
        consume(header);
        if (was_blocked)
            ke_ready(thread);
    }
}

/* Take the object or queue the block. True: the wait is decided. */
static bool wait_on(struct ke_thread *self, KWAIT_BLOCK *block)
{
    DISPATCHER_HEADER *header = block->Object;
    bool decided = false;
    ke_object_lock(header);
    if (header->SignalState > 0) {
        if (claim_own(self, block->SpareLong))
            consume(header);
        decided = true;
    } else {
        block->BlockState = KE_BLOCK_QUEUED;
        InsertTailList(&header->WaitListHead, &block->WaitListEntry);
    }
    ke_object_unlock(header);
    return decided;
}

static void unlink_block(KWAIT_BLOCK *block)
{
    DISPATCHER_HEADER *header = block->Object;
    ke_object_lock(header);
    if (block->BlockState == KE_BLOCK_QUEUED)
        RemoveEntryList(&block->WaitListEntry);
    ke_object_unlock(header);
    block->BlockState = KE_BLOCK_IDLE;
}

static void block_init(KWAIT_BLOCK *block, struct ke_thread *self, void *object, NTSTATUS status)
{
    block->WaitType = WaitAny;
    block->BlockState = KE_BLOCK_IDLE;
    block->Thread = (KTHREAD *)self;
    block->Object = object;
    block->SpareLong = status;
}

/* Wait for the first of the prepared blocks; interrupts off. */
static NTSTATUS wait_any(struct ke_thread *self, KWAIT_BLOCK *blocks, uint32_t count)
{
    uint32_t queued = 0;
    bool decided = false;
    atomic_store_release(&self->wait, KE_WAIT_PREPARING);
    atomic_store_release(&self->wait_object, (const void *)blocks[0].Object);
    while (queued < count && !decided) {
        decided = wait_on(self, &blocks[queued]);
        if (!decided)
            queued++;
    }
    if (!decided) {
        uint64_t state = KE_WAIT_PREPARING;
        atomic_store_release(&self->state, KE_THREAD_WAITING);
        if (atomic_cas(&self->wait, &state, KE_WAIT_BLOCKED))
            ke_block(self);
        else
            atomic_store_release(&self->state, KE_THREAD_RUNNING);
    }
    for (uint32_t i = 0; i < queued; i++)
        unlink_block(&blocks[i]);
    uint64_t end = atomic_load_acquire(&self->wait);
    CHECK((end & UINT32_MAX) == KE_WAIT_CLAIMED);
    atomic_store_release(&self->wait_object, (const void *)NULL);
    atomic_store_release(&self->wait, KE_WAIT_NONE);
    return (NTSTATUS)(end >> 32);
}

/* A wait that must not block: one look. */
static NTSTATUS poll_object(DISPATCHER_HEADER *header)
{
    NTSTATUS status = STATUS_TIMEOUT;
    ke_object_lock(header);
    if (header->SignalState > 0) {
        consume(header);
        status = STATUS_SUCCESS;
    }
    ke_object_unlock(header);
    return status;
}

/* The last block stands for the time-out: the thread's own timer. */
static NTSTATUS wait_with_timer(struct ke_thread *self, uint32_t objects, LARGE_INTEGER due)
{
    DISPATCHER_HEADER *timer = &self->timer.Header;
    block_init(&self->wait_blocks[objects], self, timer, STATUS_TIMEOUT);
    ke_object_lock(timer);
    (void)ke_timer_set_locked(&self->timer, due, 0, NULL); /* it is never set between waits */
    ke_object_unlock(timer);
    NTSTATUS status = wait_any(self, self->wait_blocks, objects + 1);
    ke_object_lock(timer);
    (void)ke_timer_cancel_locked(&self->timer); /* either way it is not set now */
    ke_object_unlock(timer);
    return status;
}

/* Waiting is for threads: an idle thread, or code at DISPATCH_LEVEL, has nothing to be switched away from. */
static void check_may_block(const struct ke_thread *self, const void *object)
{
    if (arch_irql() >= DISPATCH_LEVEL || self->idle)
        ke_bugcheck(IRQL_NOT_LESS_OR_EQUAL, (uintptr_t)object, arch_irql(), 1,
                    (uintptr_t)__builtin_return_address(0));
}

NTSTATUS KeWaitForSingleObject(PVOID object, KWAIT_REASON reason, KPROCESSOR_MODE mode,
                               BOOLEAN alertable, LARGE_INTEGER *timeout)
{
    UNREFERENCED_PARAMETER(reason); /* these three matter to threads with a user mode */
    UNREFERENCED_PARAMETER(mode);
    UNREFERENCED_PARAMETER(alertable);
    struct ke_thread *self = arch_thread();
    bool poll = timeout != NULL && timeout->QuadPart == 0;
    if (!poll)
        check_may_block(self, object);
    bool interrupts = arch_interrupts_disable();
    NTSTATUS status;
    if (poll) {
        status = poll_object(object);
    } else {
        block_init(&self->wait_blocks[0], self, object, STATUS_SUCCESS);
        status = timeout != NULL ? wait_with_timer(self, 1, *timeout)
                                 : wait_any(self, self->wait_blocks, 1);
    }
    ke_preempt(interrupts);
    arch_interrupts_restore(interrupts);
    return status;
}

NTSTATUS KeDelayExecutionThread(KPROCESSOR_MODE mode, BOOLEAN alertable, LARGE_INTEGER *interval)
{
    UNREFERENCED_PARAMETER(mode);
    UNREFERENCED_PARAMETER(alertable);
    struct ke_thread *self = arch_thread();
    if (interval->QuadPart == 0) {
        ke_thread_yield();
        return STATUS_SUCCESS;
    }
    check_may_block(self, &self->timer);
    bool interrupts = arch_interrupts_disable();
    (void)wait_with_timer(self, 0,
                          *interval); /* the timer is all that is waited for: STATUS_TIMEOUT */
    ke_preempt(interrupts);
    arch_interrupts_restore(interrupts);
    return STATUS_SUCCESS;
}
