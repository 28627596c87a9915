/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work items: functions that run later in a system thread, at PASSIVE_LEVEL. Three queues, whose threads differ in
 * priority; items of one queue begin in the order in which they were queued.
 *
 * Each queue has threads that are always there (WORKERS_MIN). A work item may wait, even for a work item that stands
 * behind it in the same queue, so a fixed number of threads could stop for good. Therefore a manager thread looks when
 * items are left that no idle thread will take: if none was taken for a while (STALL_MS), it starts another thread. Up to
 * WORKERS_LIMIT that goes fast, beyond it slowly (PATIENCE looks without progress): threads that are that many do not wait
 * because there is much to do, but for each other, and only memory limits them. A thread that has been idle for long ends,
 * down to the minimum.
 *
 * Invariant: an item that is queued is either covered by an idle thread (backlog <= idle) or the manager has been woken
 * since the number of idle threads became too small; every change that makes it too small wakes it. The semaphore
 * counts at least the items, so an idle thread never sleeps beside one; it may count more, then a thread wakes for nothing.
 *
 * The threads of a queue are the same for all who queue: that is the point, and the reason for not waiting in an item.
 */
#include <nt/ex_ddi.h>
#include <nt/list.h>
#include <nt/ntstatus.h>

#include "base/log.h"
#include "ex/ex_impl.h"
#include "ke/bugcheck.h"

#define WORKERS_MIN   2
#define WORKERS_LIMIT 16
#define STALL_MS      10
#define PATIENCE      10 /* looks without progress before one more thread than the limit */
#define IDLE_MS       10000

/* Parameter 1 of WORKER_INVALID. Source: "Bug Check 0xE4: WORKER_INVALID". */
#define WORKER_QUEUED_TWICE 1

enum { QUEUE_CRITICAL, QUEUE_DELAYED, QUEUE_HYPER_CRITICAL, QUEUES };

/* Legend: [i] immutable once started, [l] lock, [m] by the manager only. */
struct work_queue {
    struct ke_lock lock;
    LIST_ENTRY items;     /* [l] */
    uint32_t backlog;     /* [l] items on the list */
    uint32_t workers;     /* [l] threads */
    uint32_t idle;        /* [l] threads that wait for an item */
    uint64_t taken;       /* [l] items that were ever taken */
    KSEMAPHORE available; /* at least as many as there are items */
    const char *name;     /* [i] */
    uint8_t priority;     /* [i] */
    uint64_t seen_taken;  /* [m] `taken` at the last look */
    uint32_t stalled;     /* [m] looks without progress */
};

static struct work {
    struct work_queue queues[QUEUES];
    KEVENT manager_wanted;
} work;

/* --- Workers ---------------------------------------------------------------------------------------------- */

/* Lock held. Items are left that no idle thread will take. */
static bool is_short(const struct work_queue *queue)
{
    LOCK_HELD(&queue->lock);
    return queue->backlog > queue->idle;
}

static void want_manager(bool wanted)
{
    if (wanted)
        (void)KeSetEvent(&work.manager_wanted, 0, FALSE); /* set already: it looks at everything */
}

enum next { NEXT_ITEM, NEXT_WAIT, NEXT_END };

/* Awake: take an item, or see whether this thread is one too many. */
static enum next take_item(struct work_queue *queue, WORK_QUEUE_ITEM **item)
{
    enum next next = NEXT_WAIT;
    bool interrupts = ke_lock_acquire(&queue->lock);
    queue->idle--;
    if (queue->backlog > 0) {
        *item = CONTAINING_RECORD(RemoveHeadList(&queue->items), WORK_QUEUE_ITEM, List);
        (*item)->List.Flink = NULL; /* it may be queued again from now on */
        queue->backlog--;
        queue->taken++;
        next = NEXT_ITEM;
    } else if (queue->workers > WORKERS_MIN) {
        queue->workers--;
        next = NEXT_END;
    } else {
        queue->idle++;
    }
    bool wanted = is_short(queue);
    ke_lock_release(&queue->lock, interrupts);
    want_manager(wanted);
    return next;
}

static void run_item(WORK_QUEUE_ITEM *item)
{
    PWORKER_THREAD_ROUTINE routine = item->WorkerRoutine;
    PVOID parameter = item->Parameter;
    routine(parameter); /* which may free the item */
    if (arch_irql() != PASSIVE_LEVEL)
        ke_bugcheck(WORKER_THREAD_RETURNED_AT_BAD_IRQL, (uintptr_t)routine, arch_irql(),
                    (uintptr_t)parameter, (uintptr_t)item);
}

static void become_idle(struct work_queue *queue)
{
    bool interrupts = ke_lock_acquire(&queue->lock);
    queue->idle++;
    ke_lock_release(&queue->lock, interrupts);
}

/* It counts as idle from its creation on. */
static void worker(void *argument)
{
    struct work_queue *queue = argument;
    enum next next;
    do {
        WORK_QUEUE_ITEM *item;
        LARGE_INTEGER long_idle = { .QuadPart = -(int64_t)IDLE_MS * KE_TICK_100NS };
        (void)KeWaitForSingleObject(&queue->available, Executive, KernelMode, FALSE,
                                    &long_idle); /* timed out: it looks as well */
        next = take_item(queue, &item);
        if (next == NEXT_ITEM) {
            run_item(item);
            become_idle(queue);
        }
    } while (next != NEXT_END);
}

static NTSTATUS start_worker(struct work_queue *queue)
{
    struct ke_thread *thread;
    struct ke_thread_options options = { .name = queue->name, .priority = queue->priority };
    bool interrupts = ke_lock_acquire(&queue->lock);
    queue->workers++;
    queue->idle++;
    ke_lock_release(&queue->lock, interrupts);
    NTSTATUS status = ke_thread_run(&options, worker, queue, &thread);
    if (NT_SUCCESS(status)) {
        ke_thread_release(thread); /* nobody waits for it */
        return status;
    }
    interrupts = ke_lock_acquire(&queue->lock);
    queue->workers--;
    queue->idle--;
    ke_lock_release(&queue->lock, interrupts);
    return status;
}

/* --- The manager ------------------------------------------------------------------------------------------ */

/* One look. True: the queue is short of threads, look again. *start: it gets another one. */
static bool look(struct work_queue *queue, bool *start)
{
    bool interrupts = ke_lock_acquire(&queue->lock);
    bool is_too_short = is_short(queue);
    bool progress = queue->taken != queue->seen_taken;
    bool many = queue->workers >= WORKERS_LIMIT;
    queue->seen_taken = queue->taken;
    ke_lock_release(&queue->lock, interrupts);
    queue->stalled = is_too_short && !progress ? queue->stalled + 1 : 0;
    *start = queue->stalled >= (many ? PATIENCE : 1);
    if (*start)
        queue->stalled = 0;
    return is_too_short;
}

static bool manage_queues(void)
{
    bool again = false;
    for (uint32_t i = 0; i < QUEUES; i++) {
        struct work_queue *queue = &work.queues[i];
        bool start;
        again |= look(queue, &start);
        NTSTATUS status = start ? start_worker(queue) : STATUS_SUCCESS;
        if (!NT_SUCCESS(status)) /* the next look tries again */
            log_event(LOG_WARNING, "ex", "no_worker queue=\"%s\" status=%x", queue->name, status);
    }
    return again;
}

static void manager(void *argument)
{
    LARGE_INTEGER interval = { .QuadPart = -(int64_t)STALL_MS * KE_TICK_100NS };
    UNREFERENCED_PARAMETER(argument);
    for (;;) {
        (void)KeWaitForSingleObject(&work.manager_wanted, Executive, KernelMode, FALSE,
                                    NULL); /* no time-out: always a success */
        do {
            (void)KeDelayExecutionThread(KernelMode, FALSE, &interval); /* not alertable */
        } while (manage_queues());
    }
}

static NTSTATUS start_manager(void)
{
    struct ke_thread *thread;
    struct ke_thread_options options = { .name = "work manager", .priority = 16 };
    KeInitializeEvent(&work.manager_wanted, SynchronizationEvent, FALSE);
    NTSTATUS status = ke_thread_run(&options, manager, NULL, &thread);
    if (NT_SUCCESS(status))
        ke_thread_release(thread); /* it never ends */
    return status;
}

MUST_CHECK NTSTATUS ex_work_start(void)
{
    static const struct {
        const char *name;
        uint8_t priority; /* Source: WDK "System Worker Threads" */
    } kinds[QUEUES] = {
        [QUEUE_CRITICAL] = { "work critical", 13 },
        [QUEUE_DELAYED] = { "work delayed", 12 },
        [QUEUE_HYPER_CRITICAL] = { "work hypercritical", 15 },
    };
    IRQL_IS(PASSIVE_LEVEL);
    for (uint32_t i = 0; i < QUEUES; i++) {
        struct work_queue *queue = &work.queues[i];
        *queue = (struct work_queue){ .name = kinds[i].name, .priority = kinds[i].priority };
        ke_lock_init(&queue->lock, KE_LOCK_WORK_QUEUE);
        InitializeListHead(&queue->items);
        KeInitializeSemaphore(&queue->available, 0, INT32_MAX);
    }
    NTSTATUS status = start_manager();
    for (uint32_t i = 0; i < QUEUES * WORKERS_MIN && NT_SUCCESS(status); i++)
        status = start_worker(&work.queues[i % QUEUES]);
    return status;
}

/* --- What others call ------------------------------------------------------------------------------------- */

/* The types that are reserved go where their names would. */
static struct work_queue *queue_of(WORK_QUEUE_TYPE type)
{
    switch ((uint32_t)type) {
    case CriticalWorkQueue:
    case RealTimeWorkQueue:
        return &work.queues[QUEUE_CRITICAL];
    case HyperCriticalWorkQueue:
    case SuperCriticalWorkQueue:
        return &work.queues[QUEUE_HYPER_CRITICAL];
    default:
        return &work.queues[QUEUE_DELAYED];
    }
}

/*
 * Have the item's routine called by a system thread, once. When it is called the item is the caller's again: it may queue
 * it once more, or free it. Queued while it is queued: bugcheck WORKER_INVALID.
 *
 * IRQL:    <= DISPATCH_LEVEL     Locks: takes the queue's lock
 * Source:  WDK reference "ExQueueWorkItem function (wdm.h)"; tests ex_work_queue.*
 */
void ExQueueWorkItem(WORK_QUEUE_ITEM *item, WORK_QUEUE_TYPE type)
{
    struct work_queue *queue = queue_of(type);
    IRQL_MAX(DISPATCH_LEVEL);
    if (item->List.Flink != NULL)
        ke_bugcheck(WORKER_INVALID, WORKER_QUEUED_TWICE, (uintptr_t)item, (uintptr_t)queue, 0);
    bool interrupts = ke_lock_acquire(&queue->lock);
    InsertTailList(&queue->items, &item->List);
    queue->backlog++;
    bool wanted = is_short(queue);
    ke_lock_release(&queue->lock, interrupts);
    (void)KeReleaseSemaphore(&queue->available, 0, 1, FALSE);
    want_manager(wanted);
}

uint32_t ex_work_thread_count(WORK_QUEUE_TYPE type)
{
    struct work_queue *queue = queue_of(type);
    bool interrupts = ke_lock_acquire(&queue->lock);
    uint32_t count = queue->workers;
    ke_lock_release(&queue->lock, interrupts);
    return count;
}

void ex_work_trim(void)
{
    for (uint32_t i = 0; i < QUEUES; i++) {
        struct work_queue *queue = &work.queues[i];
        bool interrupts = ke_lock_acquire(&queue->lock);
        uint32_t idle = queue->idle;
        ke_lock_release(&queue->lock, interrupts);
        if (idle > 0) /* each wakes once, and finds that it is too many, or goes on waiting */
            (void)KeReleaseSemaphore(&queue->available, 0, (LONG)idle, FALSE);
    }
}
