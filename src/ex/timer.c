/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The executive's timers: a kernel timer with a callback, allocated by us, to be waited on by its address.
 *
 * All of a timer's callbacks run as one DPC on the processor that allocated it, so they never overlap. Deletion is a second
 * DPC on the same processor: DPCs of one processor run in the order in which they were queued, so when it runs no callback
 * is running or queued, and since the timer was cancelled before, none will be. That spares all counting of callbacks.
 *
 * A timer that is deleted without being cancelled goes after its next callback; `armed` says whether there will be one. (A
 * timer that is set again while the DPC of its last expiry is still queued counts as not armed once that has run.)
 *
 * Lock order: the timer's own lock is held with interrupts off around calls of Ke that take a dispatcher object's lock.
 */
#include <nt/ex_ddi.h>
#include <nt/ntstatus.h>

#include "ex/ex_impl.h"
#include "mm/mm.h"

#define TAG_TIMER        0x6d547845u /* "ExTm" */
#define VALID_ATTRIBUTES (EX_TIMER_HIGH_RESOLUTION | EX_TIMER_NO_WAKE | EX_TIMER_NOTIFICATION)

enum life {
    LIVE,
    DYING, /* to be deleted after the next callback */
    DEAD,  /* cancelled, its deletion is queued */
};

/* Legend: [i] immutable, [l] lock, [d] written before `life` leaves LIVE. */
struct _EX_TIMER {
    KTIMER timer; /* first: the object is waited on by its address */
    KDPC expired;
    KDPC deletion;
    PEXT_CALLBACK callback; /* [i] NULL: it is only waited on */
    PVOID context;          /* [i] */
    KSPIN_LOCK lock;
    bool armed;                           /* [l] an expiry is to come */
    bool periodic;                        /* [l] */
    enum life life;                       /* [l] */
    PEXT_DELETE_CALLBACK delete_callback; /* [d] NULL: none */
    PVOID delete_context;                 /* [d] */
    KEVENT *gone;                         /* [d] for who waits for the deletion; NULL: nobody */
};
_Static_assert(__builtin_offsetof(struct _EX_TIMER, timer) == 0, "waited on by its address");

/* By the one who has made it DEAD. Returns whether an expiry was still to come. */
static bool begin_deletion(PEX_TIMER timer)
{
    bool was_set = KeCancelTimer(&timer->timer);
    (void)KeInsertQueueDpc(&timer->deletion, NULL, NULL); /* once only, so it is not queued */
    return was_set;
}

static void expired_deferred(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    PEX_TIMER timer = context;
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    bool interrupts = ex_spin_acquire(&timer->lock);
    bool dead = timer->life == DEAD;
    if (!timer->periodic)
        timer->armed = false;
    ex_spin_release(&timer->lock, interrupts);
    if (dead)
        return;
    if (timer->callback != NULL)
        timer->callback(timer, timer->context);
    interrupts = ex_spin_acquire(&timer->lock);
    bool last = timer->life == DYING;
    if (last)
        timer->life = DEAD;
    ex_spin_release(&timer->lock, interrupts);
    if (last)
        (void)begin_deletion(timer); /* a periodic one was still set */
}

static void deletion_deferred(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    PEX_TIMER timer = context;
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    PEXT_DELETE_CALLBACK callback = timer->delete_callback;
    PVOID callback_context = timer->delete_context;
    KEVENT *gone = timer->gone;
    mm_pool_free(timer, TAG_TIMER);
    if (callback != NULL)
        callback(callback_context);
    if (gone != NULL)
        (void)KeSetEvent(gone, 0, FALSE);
}

/* --- The DDI ---------------------------------------------------------------------------------------------- */

/*
 * A timer that is not set. EX_TIMER_NOTIFICATION: it stays signalled when it has expired, else it lets one wait through.
 * High resolution and no-wake timers are ordinary ones here: every tick is a millisecond, and nothing sleeps.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Returns: NULL: no memory, or unknown attributes
 * Source:  WDK reference "ExAllocateTimer function (wdm.h)"; tests ex_timer.*
 */
PEX_TIMER ExAllocateTimer(PEXT_CALLBACK callback, PVOID context, ULONG attributes)
{
    IRQL_MAX(DISPATCH_LEVEL);
    if (attributes & ~VALID_ATTRIBUTES)
        return NULL;
    PEX_TIMER timer = mm_pool_allocate(sizeof(*timer), TAG_TIMER);
    if (timer == NULL)
        return NULL;
    CCHAR processor = (CCHAR)KeGetCurrentProcessorNumberEx(NULL);
    KeInitializeTimerEx(&timer->timer, attributes & EX_TIMER_NOTIFICATION ? NotificationTimer
                                                                          : SynchronizationTimer);
    KeInitializeDpc(&timer->expired, expired_deferred, timer);
    KeInitializeDpc(&timer->deletion, deletion_deferred, timer);
    KeSetTargetProcessorDpc(&timer->expired, processor);
    KeSetTargetProcessorDpc(&timer->deletion, processor);
    timer->callback = callback;
    timer->context = context;
    return timer;
}

/*
 * Let it expire at `due` (100 ns, negative: from now on), and then every `period` (100 ns, rounded up to milliseconds;
 * 0: once). The callback runs at DISPATCH_LEVEL.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Returns: TRUE if it was set before; FALSE too if it is being deleted
 * Source:  WDK reference "ExSetTimer function (wdm.h)"; tests ex_timer.*
 */
BOOLEAN ExSetTimer(PEX_TIMER timer, LONGLONG due, LONGLONG period, EXT_SET_PARAMETERS *parameters)
{
    UNREFERENCED_PARAMETER(parameters); /* how late it may come to save power: never */
    IRQL_MAX(DISPATCH_LEVEL);
    LARGE_INTEGER time = { .QuadPart = due };
    LONGLONG period_ms = period / KE_TICK_100NS + (period % KE_TICK_100NS != 0);
    bool was_set = false;
    if (period_ms > INT32_MAX)
        period_ms = INT32_MAX;
    bool interrupts = ex_spin_acquire(&timer->lock);
    if (timer->life == LIVE) {
        timer->armed = true;
        timer->periodic = period_ms > 0;
        was_set = KeSetTimerEx(&timer->timer, time, (LONG)period_ms, &timer->expired);
    }
    ex_spin_release(&timer->lock, interrupts);
    return was_set;
}

/*
 * Not to expire, or not again. A callback that is due already still comes.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Returns: TRUE if it was set
 * Source:  WDK reference "ExCancelTimer function (wdm.h)"; test ex_timer.cancelled_does_not_expire
 */
BOOLEAN ExCancelTimer(PEX_TIMER timer, PVOID parameters)
{
    UNREFERENCED_PARAMETER(parameters); /* reserved */
    IRQL_MAX(DISPATCH_LEVEL);
    bool interrupts = ex_spin_acquire(&timer->lock);
    bool was_set = false;
    if (timer->life == LIVE) {
        was_set = KeCancelTimer(&timer->timer);
        timer->armed = timer->armed && !was_set;
    }
    ex_spin_release(&timer->lock, interrupts);
    return was_set;
}

/*
 * The timer's end: at once with `cancel` or if it is not set, else after its next callback. With `wait` this returns when
 * the timer is gone, and no callback runs. The timer must not be used any more.
 *
 * IRQL:    <= APC_LEVEL with `wait`, else <= DISPATCH_LEVEL; `wait` not from the timer's callback
 * Returns: TRUE if it was set and is cancelled
 * Source:  WDK reference "ExDeleteTimer function (wdm.h)"; tests ex_timer.*
 */
BOOLEAN ExDeleteTimer(PEX_TIMER timer, BOOLEAN cancel, BOOLEAN wait,
                      EXT_DELETE_PARAMETERS *parameters)
{
    KEVENT gone;
    IRQL_MAX(wait ? APC_LEVEL : DISPATCH_LEVEL);
    if (wait)
        KeInitializeEvent(&gone, SynchronizationEvent, FALSE);
    bool interrupts = ex_spin_acquire(&timer->lock);
    CHECK(timer->life == LIVE);
    timer->gone = wait ? &gone : NULL;
    timer->delete_callback = parameters != NULL ? parameters->DeleteCallback : NULL;
    timer->delete_context = parameters != NULL ? parameters->DeleteContext : NULL;
    bool now = cancel || !timer->armed;
    timer->life = now ? DEAD : DYING;
    ex_spin_release(&timer->lock, interrupts); /* DYING: it may be gone already */
    bool was_set = now && begin_deletion(timer);
    if (wait)
        (void)KeWaitForSingleObject(&gone, Executive, KernelMode, FALSE,
                                    NULL); /* no time-out: always a success */
    return was_set;
}
