/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls that wait. An object that is signalled already is taken in one look, under its lock only: no block is
 * queued and no other processor can know of the wait. wait.c has the protocol for all else.
 */
#include <nt/ke_object_ddi.h>
#include <nt/ntstatus.h>

#include "ke/bugcheck.h"
#include "ke/ke_impl.h"

/* One look. The hint is right if this thread knows of the signal, or owns the mutant, by itself. */
static bool take_now(struct ke_thread *self, DISPATCHER_HEADER *header, NTSTATUS *status)
{
    if (atomic_load_acquire(&header->SignalState) <= 0 &&
        ke_object_type(header) != KE_OBJECT_MUTANT)
        return false;
    ke_object_lock(header);
    bool taken = ke_wait_is_satisfied(header, self);
    if (taken) {
        *status = ke_wait_status(header, *status);
        ke_wait_consume(header, self);
    }
    ke_object_unlock(header);
    return taken;
}

/* Waiting is for threads: an idle thread, or code at DISPATCH_LEVEL, has nothing to be switched away from. */
static void check_may_block(const struct ke_thread *self, const void *object)
{
    if (arch_irql() >= DISPATCH_LEVEL || self->idle)
        ke_bugcheck(IRQL_NOT_LESS_OR_EQUAL, (uintptr_t)object, arch_irql(), 1,
                    (uintptr_t)__builtin_return_address(0));
}

static bool is_poll(const LARGE_INTEGER *timeout)
{
    return timeout != NULL && timeout->QuadPart == 0;
}

static void set_due(struct ke_wait *wait, const LARGE_INTEGER *timeout)
{
    wait->has_due = timeout != NULL;
    if (timeout != NULL)
        wait->due_100ns = ke_timer_due(*timeout);
}

/* Both calls end here; a mutant that was taken too often tells so now that no lock is held. */
static NTSTATUS leave(bool interrupts, NTSTATUS status)
{
    ke_preempt(interrupts);
    arch_interrupts_restore(interrupts);
    if (status == STATUS_MUTANT_LIMIT_EXCEEDED)
        ExRaiseStatus(status);
    return status;
}

NTSTATUS KeWaitForSingleObject(PVOID object, KWAIT_REASON reason, KPROCESSOR_MODE mode,
                               BOOLEAN alertable, LARGE_INTEGER *timeout)
{
    struct ke_thread *self = arch_thread();
    bool poll = is_poll(timeout);
    if (!poll)
        check_may_block(self, object);
    bool interrupts = arch_interrupts_disable();
    NTSTATUS status = STATUS_SUCCESS;
    if (take_now(self, object, &status))
        return leave(interrupts, status);
    if (poll)
        return leave(interrupts, STATUS_TIMEOUT);
    struct ke_wait wait = { .blocks = self->wait_blocks,
                            .count = 1,
                            .flags = ke_wait_flags(self, mode, alertable) };
    set_due(&wait, timeout);
    ke_wait_block_init(&self->wait_blocks[0], self, object, STATUS_SUCCESS);
    atomic_store_relaxed(&self->wait_reason, (uint32_t)reason);
    return leave(interrupts, ke_wait_run(self, &wait));
}

static bool take_any_now(struct ke_thread *self, ULONG count, PVOID objects[], NTSTATUS *status)
{
    for (ULONG i = 0; i < count; i++) {
        *status = STATUS_WAIT_0 + (NTSTATUS)i;
        if (take_now(self, objects[i], status))
            return true;
    }
    return false;
}

NTSTATUS KeWaitForMultipleObjects(ULONG count, PVOID objects[], WAIT_TYPE type, KWAIT_REASON reason,
                                  KPROCESSOR_MODE mode, BOOLEAN alertable, LARGE_INTEGER *timeout,
                                  KWAIT_BLOCK *blocks)
{
    struct ke_thread *self = arch_thread();
    if (count == 0 || count > (blocks != NULL ? MAXIMUM_WAIT_OBJECTS : THREAD_WAIT_OBJECTS))
        ke_bugcheck(MAXIMUM_WAIT_OBJECTS_EXCEEDED, count, (uintptr_t)blocks, 0, 0);
    bool poll = is_poll(timeout);
    if (!poll)
        check_may_block(self, objects[0]);
    bool interrupts = arch_interrupts_disable();
    NTSTATUS status;
    if (type == WaitAny && take_any_now(self, count, objects, &status))
        return leave(interrupts, status);
    if (type == WaitAny && poll)
        return leave(interrupts, STATUS_TIMEOUT);
    struct ke_wait wait = { .blocks = blocks != NULL ? blocks : self->wait_blocks,
                            .count = count,
                            .all = type == WaitAll,
                            .flags = ke_wait_flags(self, mode, alertable) };
    set_due(&wait, timeout);
    for (ULONG i = 0; i < count; i++)
        ke_wait_block_init(&wait.blocks[i], self, objects[i],
                           type == WaitAny ? STATUS_WAIT_0 + (NTSTATUS)i : STATUS_WAIT_0);
    if (poll)
        return leave(interrupts, ke_wait_all_poll(self, &wait));
    atomic_store_relaxed(&self->wait_reason, (uint32_t)reason);
    return leave(interrupts, ke_wait_run(self, &wait));
}

NTSTATUS KeDelayExecutionThread(KPROCESSOR_MODE mode, BOOLEAN alertable, LARGE_INTEGER *interval)
{
    struct ke_thread *self = arch_thread();
    if (interval->QuadPart == 0 && !alertable) {
        ke_thread_yield();
        return STATUS_SUCCESS;
    }
    check_may_block(self, &self->timer);
    bool interrupts = arch_interrupts_disable();
    struct ke_wait wait = { .flags = ke_wait_flags(self, mode, alertable) };
    set_due(&wait, interval);
    atomic_store_relaxed(&self->wait_reason, DelayExecution);
    NTSTATUS status = ke_wait_run(self, &wait);
    return leave(interrupts, status == STATUS_TIMEOUT ? STATUS_SUCCESS : status);
}
