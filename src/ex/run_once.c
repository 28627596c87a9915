/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One-time initialisation in one word. The two low bits say how far it is; above them stands the context once it is
 * done, or, while one thread initialises, the address of the first of those who wait for it, on their stacks.
 *
 *      NOBODY -> RUNNING -> DONE        the first to come initialises, the others wait for it
 *      NOBODY <- RUNNING                it failed: one of those who waited begins anew
 *      NOBODY -> PARALLEL -> DONE       asynchronous: all who come initialise, the first to complete wins
 *
 * Every step is one compare-and-swap or exchange, sequentially consistent: who sees DONE sees what was initialised. There
 * is no lock, and a waiter waits for one initialisation at a time; if that fails all waiters compete again.
 */
#include <nt/ntstatus.h>
#include <nt/rtl_ddi.h>

#include "ex/ex_impl.h"

enum progress { NOBODY, RUNNING, DONE, PARALLEL };

#define PROGRESS ((uintptr_t)3)

struct waiter {
    struct waiter *next;
    KEVENT event;
};

static enum progress progress_of(const void *word)
{
    return (enum progress)((uintptr_t)word & PROGRESS);
}

static void *rest_of(const void *word)
{
    return (void *)((uintptr_t)word & ~PROGRESS);
}

static PVOID word_of(const void *rest, enum progress progress)
{
    return (PVOID)((uintptr_t)rest | (uintptr_t)progress);
}

/* Another thread initialises: wait until it has ended. Returns at once if the word is not `word` any more. */
static void wait_for_end(RTL_RUN_ONCE *once, PVOID word)
{
    struct waiter self = { .next = rest_of(word) };
    KeInitializeEvent(&self.event, SynchronizationEvent, FALSE);
    if (atomic_cas(&once->Ptr, &word, word_of(&self, RUNNING)))
        (void)KeWaitForSingleObject(&self.event, Executive, KernelMode, FALSE,
                                    NULL); /* no time-out: always a success */
}

static void wake_all(struct waiter *waiter)
{
    while (waiter != NULL) {
        struct waiter *next = waiter->next; /* the block is the waiter's once it is awake */
        (void)KeSetEvent(&waiter->event, 0, FALSE);
        waiter = next;
    }
}

static NTSTATUS check_only(PVOID word, PVOID *context)
{
    if (progress_of(word) != DONE)
        return STATUS_UNSUCCESSFUL;
    if (context != NULL)
        *context = rest_of(word);
    return STATUS_SUCCESS;
}

/*
 * Nothing is begun.
 *
 * IRQL:    any
 * Source:  WDK reference "RtlRunOnceInitialize function (ntddk.h)"
 */
void RtlRunOnceInitialize(RTL_RUN_ONCE *once)
{
    atomic_store_release(&once->Ptr, NULL);
}

/*
 * Begin, or learn that it is done; without RTL_RUN_ONCE_ASYNC wait while another thread initialises.
 *
 * IRQL:    <= APC_LEVEL
 * Returns: STATUS_SUCCESS (done: *context), STATUS_PENDING (the caller initialises, then calls RtlRunOnceComplete),
 *          STATUS_UNSUCCESSFUL (RTL_RUN_ONCE_CHECK_ONLY, and it is not done), STATUS_INVALID_PARAMETER_2 (flags that
 *          are unknown, exclude each other, or do not fit to how it was begun)
 * Source:  WDK reference "RtlRunOnceBeginInitialize function (ntddk.h)"; tests ex_run_once.*
 */
NTSTATUS RtlRunOnceBeginInitialize(RTL_RUN_ONCE *once, ULONG flags, PVOID *context)
{
    if (flags != 0 && flags != RTL_RUN_ONCE_CHECK_ONLY && flags != RTL_RUN_ONCE_ASYNC)
        return STATUS_INVALID_PARAMETER_2;
    enum progress wanted = flags & RTL_RUN_ONCE_ASYNC ? PARALLEL : RUNNING;
    for (;;) {
        PVOID word = atomic_load_acquire(&once->Ptr);
        if (progress_of(word) == DONE || (flags & RTL_RUN_ONCE_CHECK_ONLY))
            return check_only(word, context);
        if (progress_of(word) == NOBODY) {
            if (atomic_cas(&once->Ptr, &word, word_of(NULL, wanted)))
                return STATUS_PENDING;
            continue;
        }
        if (progress_of(word) != wanted)
            return STATUS_INVALID_PARAMETER_2;
        if (wanted == PARALLEL)
            return STATUS_PENDING;
        IRQL_MAX(APC_LEVEL);
        wait_for_end(once, word);
    }
}

/* The next word if an initialisation that was begun as `begun` has ended. */
static NTSTATUS finish(RTL_RUN_ONCE *once, enum progress begun, PVOID next)
{
    PVOID word = atomic_load_acquire(&once->Ptr);
    do {
        if (progress_of(word) != begun)
            return STATUS_UNSUCCESSFUL;
    } while (!atomic_cas(&once->Ptr, &word, next));
    wake_all(rest_of(word)); /* nobody waits for parallel ones: nothing stands there */
    return STATUS_SUCCESS;
}

/*
 * The caller's initialisation has ended, with RTL_RUN_ONCE_INIT_FAILED in vain.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Returns: STATUS_SUCCESS, STATUS_UNSUCCESSFUL (it was not begun that way; asynchronous: another thread was faster),
 *          STATUS_INVALID_PARAMETER_2 (flags), STATUS_INVALID_PARAMETER_3 (a context with one of the low
 *          RTL_RUN_ONCE_CTX_RESERVED_BITS bits, or a context of a failure)
 * Source:  WDK reference "RtlRunOnceComplete function (ntddk.h)"; tests ex_run_once.*
 */
NTSTATUS RtlRunOnceComplete(RTL_RUN_ONCE *once, ULONG flags, PVOID context)
{
    bool failed = (flags & RTL_RUN_ONCE_INIT_FAILED) != 0;
    if (flags != 0 && flags != RTL_RUN_ONCE_ASYNC && flags != RTL_RUN_ONCE_INIT_FAILED)
        return STATUS_INVALID_PARAMETER_2;
    if (rest_of(context) != context || (failed && context != NULL))
        return STATUS_INVALID_PARAMETER_3;
    return finish(once, flags & RTL_RUN_ONCE_ASYNC ? PARALLEL : RUNNING,
                  word_of(context, failed ? NOBODY : DONE));
}

/*
 * Call `function` unless it was called with success before; meanwhile other callers wait.
 *
 * IRQL:    <= APC_LEVEL
 * Returns: STATUS_SUCCESS (*context), STATUS_UNSUCCESSFUL (the function returned 0), or as RtlRunOnceComplete
 * Source:  WDK reference "RtlRunOnceExecuteOnce function (ntddk.h)"; test ex_run_once.executes_once
 */
NTSTATUS RtlRunOnceExecuteOnce(RTL_RUN_ONCE *once, PRTL_RUN_ONCE_INIT_FN function, PVOID parameter,
                               PVOID *context)
{
    PVOID made = NULL;
    NTSTATUS status = RtlRunOnceBeginInitialize(once, 0, context);
    if (status != STATUS_PENDING)
        return status;
    if (function(once, parameter, &made) == 0) {
        (void)RtlRunOnceComplete(once, RTL_RUN_ONCE_INIT_FAILED, NULL); /* it is ours to complete */
        return STATUS_UNSUCCESSFUL;
    }
    status = RtlRunOnceComplete(once, 0, made);
    if (NT_SUCCESS(status) && context != NULL)
        *context = made;
    return status;
}
