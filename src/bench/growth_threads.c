/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Growths with threads: waiters of one object, ready threads of one processor.
 *
 * 100,000 threads need 2.4 GB of stacks, so a thread of the waiting crowd queues up to 63 wait blocks to the object. The
 * threads that are measured queue one. What the object's list sees is n blocks.
 */
#include <nt/ke_object_ddi.h>
#include <nt/ke_thread_ddi.h>
#include <nt/ntstatus.h>

#include "bench/growth_impl.h"
#include "mm/mm.h"

#define PRIORITY_MEASURES KE_PRIORITY_REAL_TIME /* no boost, no decay */
#define PRIORITY_WAITS    (PRIORITY_MEASURES + 1)
#define PRIORITY_READY    (PRIORITY_MEASURES - 2)
#define BLOCKS                                                                                     \
    (MAXIMUM_WAIT_OBJECTS - 1) /* of a thread of the crowd; the last object sends it home */

/* --- Crowds: threads that are all there until they are sent home ------------------------------------------- */

struct crowd {
    struct ke_thread **threads;
    uint32_t count, capacity;
    KEVENT go_home;
    KEVENT event; /* synchronization: what waiters wait for */
};

static bool crowd_init(struct crowd *crowd, uint32_t capacity)
{
    crowd->threads = mm_pool_allocate(capacity * sizeof(struct ke_thread *), TAG_GROWTH);
    crowd->count = 0;
    crowd->capacity = capacity;
    KeInitializeEvent(&crowd->go_home, NotificationEvent, FALSE);
    KeInitializeEvent(&crowd->event, SynchronizationEvent, FALSE);
    return crowd->threads != NULL;
}

static struct ke_thread *crowd_add(struct crowd *crowd, PKSTART_ROUTINE start, uint8_t priority,
                                   void *argument)
{
    struct ke_thread_options options = { .name = "growth", .priority = priority, .affinity = 1 };
    struct ke_thread **thread = &crowd->threads[crowd->count];
    CHECK(crowd->count < crowd->capacity);
    if (!NT_SUCCESS(ke_thread_run(&options, start, argument, thread)))
        return NULL;
    crowd->count++;
    return *thread;
}

/* All end, and give their memory back before the next crowd comes. */
static void crowd_end(struct crowd *crowd)
{
    (void)KeSetEvent(&crowd->go_home, 0, FALSE); /* it was not set */
    for (uint32_t i = 0; i < crowd->count; i++)
        (void)ke_thread_join(crowd->threads[i]); /* its status says nothing */
    LARGE_INTEGER tick = { .QuadPart = -KE_TICK_100NS };
    while (atomic_load_acquire(&ke.dying) != 0)
        (void)KeDelayExecutionThread(KernelMode, FALSE, &tick); /* a success */
    mm_pool_free(crowd->threads, TAG_GROWTH);
}

static void wait_home(struct crowd *crowd)
{
    (void)KeWaitForSingleObject(&crowd->go_home, Executive, KernelMode, FALSE, NULL);
}

/* --- Waiters ---------------------------------------------------------------------------------------------- */

/* One thread, `blocks` waiters. */
struct ticket {
    struct crowd *crowd;
    uint32_t blocks;
};

static void wait_many(void *argument)
{
    const struct ticket *ticket = argument;
    struct crowd *crowd = ticket->crowd;
    KWAIT_BLOCK blocks[MAXIMUM_WAIT_OBJECTS];
    PVOID objects[MAXIMUM_WAIT_OBJECTS];
    uint32_t count = ticket->blocks;
    for (uint32_t i = 0; i < count; i++)
        objects[i] = &crowd->event;
    objects[count] = &crowd->go_home;
    (void)KeWaitForMultipleObjects(count + 1, objects, WaitAny, Executive, KernelMode, FALSE, NULL,
                                   blocks); /* it is sent home */
}

/* Waits once, until it gets the event or is alerted. */
static void wait_once(void *argument)
{
    struct crowd *crowd = argument;
    (void)KeWaitForSingleObject(&crowd->event, Executive, KernelMode, TRUE, NULL);
    wait_home(crowd);
}

/* Waits again and again, each time at the end of the queue. */
static void wait_again(void *argument)
{
    struct crowd *crowd = argument;
    while (KeReadStateEvent(&crowd->go_home) == 0)
        (void)KeWaitForSingleObject(&crowd->event, Executive, KernelMode, TRUE, NULL);
}

static bool add_waiters(struct crowd *crowd, uint32_t n)
{
    while (n > 0) {
        struct ticket ticket = { crowd, n < BLOCKS ? n : BLOCKS };
        if (crowd_add(crowd, wait_many, PRIORITY_WAITS, &ticket) == NULL)
            return false; /* else it waits already, and has read its ticket */
        n -= ticket.blocks;
    }
    return true;
}

static bool add_single(struct crowd *crowd, struct ke_thread **threads)
{
    for (uint32_t i = 0; i < GROWTH_ROUNDS; i++) {
        threads[i] = crowd_add(crowd, wait_once, PRIORITY_WAITS, crowd);
        if (threads[i] == NULL)
            return false;
    }
    return true;
}

static void alert(struct growth *growth, struct ke_thread *thread)
{
    growth_start(growth);
    (void)KeAlertThread((KTHREAD *)thread, KernelMode); /* it runs at once, and waits again */
    growth_stop(growth);
}

/*
 * The queue: waiters that the event wakes, half of the crowd, waiters that are alerted, the other half, one that is
 * alerted again and again. waiter.set wakes the first; .unlink_middle and .wait_and_unlink take one out by an alert.
 */
static bool measure_waiters(struct crowd *crowd, uint32_t n)
{
    struct ke_thread *first[GROWTH_ROUNDS], *middle[GROWTH_ROUNDS], *last;
    struct growth growth = { 0 };
    if (!add_single(crowd, first) || !add_waiters(crowd, n / 2) || !add_single(crowd, middle) ||
        !add_waiters(crowd, n - n / 2))
        return false;
    last = crowd_add(crowd, wait_again, PRIORITY_WAITS, crowd);
    if (last == NULL)
        return false;
    for (uint32_t i = 0; i < GROWTH_ROUNDS; i++)
        alert(&growth, middle[i]);
    bench_growth_report(&growth, "waiter.unlink_middle", n);
    for (uint32_t i = 0; i < GROWTH_ROUNDS; i++)
        alert(&growth, last);
    bench_growth_report(&growth, "waiter.wait_and_unlink", n);
    for (uint32_t i = 0; i < GROWTH_ROUNDS; i++) {
        growth_start(&growth);
        (void)KeSetEvent(&crowd->event, 0, FALSE); /* the first one takes it, and runs at once */
        growth_stop(&growth);
    }
    bench_growth_report(&growth, "waiter.set", n);
    return true;
}

static bool as_measurer(bool (*measure)(struct crowd *crowd, uint32_t n), uint32_t n,
                        uint32_t threads)
{
    struct crowd crowd;
    KTHREAD *self = KeGetCurrentThread();
    KAFFINITY old_affinity = KeSetSystemAffinityThreadEx(1);
    KPRIORITY old = KeSetPriorityThread(self, PRIORITY_MEASURES);
    bool done = crowd_init(&crowd, threads);
    if (done) {
        done = measure(&crowd, n);
        (void)KeSetEvent(&crowd.go_home, 0, FALSE); /* it was not set */
        for (uint32_t i = 0; i < crowd.count; i++)
            (void)KeAlertThread((KTHREAD *)crowd.threads[i], KernelMode); /* who still waits */
        crowd_end(&crowd);
    }
    (void)KeSetPriorityThread(self, old); /* what it was */
    KeRevertToUserAffinityThreadEx(old_affinity);
    return done;
}

bool bench_growth_waiters(uint32_t n)
{
    return as_measurer(measure_waiters, n, n / BLOCKS + 2 * GROWTH_ROUNDS + 4);
}

/* --- Ready threads ---------------------------------------------------------------------------------------- */

static void run_home(void *argument)
{
    wait_home(argument);
}

static void yield_home(void *argument)
{
    struct crowd *crowd = argument;
    while (KeReadStateEvent(&crowd->go_home) == 0)
        ke_thread_yield();
}

/*
 * n threads are ready behind this one. ready.create makes one more; ready.move takes one out of their middle, and puts it
 * back, by its priority; ready.switch switches to a thread of the own priority.
 */
static bool measure_ready(struct crowd *crowd, uint32_t n)
{
    struct growth growth = { 0 };
    for (uint32_t i = 0; i < n; i++) {
        if (crowd_add(crowd, run_home, PRIORITY_READY, crowd) == NULL)
            return false;
    }
    for (uint32_t i = 0; i < GROWTH_ROUNDS; i++) {
        growth_start(&growth);
        if (crowd_add(crowd, run_home, PRIORITY_READY, crowd) == NULL)
            return false;
        growth_stop(&growth);
    }
    bench_growth_report(&growth, "ready.create", n);
    for (uint32_t i = 0; i < GROWTH_ROUNDS; i++) {
        KTHREAD *thread = (KTHREAD *)crowd->threads[(uint64_t)i * n / GROWTH_ROUNDS];
        growth_start(&growth);
        (void)KeSetPriorityThread(thread, PRIORITY_READY - 1); /* it was PRIORITY_READY */
        (void)KeSetPriorityThread(thread, PRIORITY_READY);
        growth_stop(&growth);
    }
    bench_growth_report(&growth, "ready.move", n);
    if (crowd_add(crowd, yield_home, PRIORITY_MEASURES, crowd) == NULL)
        return false;
    for (uint32_t i = 0; i < GROWTH_ROUNDS; i++) {
        growth_start(&growth);
        ke_thread_yield(); /* there and back: two switches */
        growth_stop(&growth);
    }
    bench_growth_report(&growth, "ready.switch", n);
    return true;
}

bool bench_growth_ready(uint32_t n)
{
    return as_measurer(measure_ready, n, n + GROWTH_ROUNDS + 1);
}
