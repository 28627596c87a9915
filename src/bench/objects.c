/* SPDX-License-Identifier: BSD-2-Clause */
/* Benchmarks of the dispatcher's objects: signals, waits, timers. */
#include <nt/ke_object_ddi.h>

#include "bench/bench_impl.h"

static void wait_for(void *object)
{
    (void)KeWaitForSingleObject(object, Executive, KernelMode, FALSE,
                                NULL); /* no time-out: always a success */
}

/* A round: set a notification event that nobody waits for, and reset it. */
void bench_event_set_reset(struct bench *bench)
{
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    bench_start(bench);
    for (uint64_t i = 0; i < bench->rounds; i++) {
        (void)KeSetEvent(&event, 0, FALSE); /* it was not set */
        (void)KeResetEvent(&event);         /* it was set */
    }
    bench_stop(bench);
}

struct pair {
    KEVENT there, back;
    uint64_t rounds;
    bool answers;
};

static void partner(void *argument)
{
    struct pair *pair = argument;
    for (uint64_t i = 0; i < pair->rounds; i++) {
        wait_for(&pair->there);
        if (pair->answers)
            (void)KeSetEvent(&pair->back, 0, FALSE); /* it was not set */
    }
}

static void pair_init(struct pair *pair, const struct bench *bench, bool answers)
{
    pair->rounds = bench->rounds;
    pair->answers = answers;
    KeInitializeEvent(&pair->there, SynchronizationEvent, FALSE);
    KeInitializeEvent(&pair->back, SynchronizationEvent, FALSE);
}

/* A round: set the event that a thread of a higher priority waits for; it runs, and waits again. */
void bench_event_set_wakes(struct bench *bench)
{
    struct pair pair;
    pair_init(&pair, bench, false);
    struct ke_thread *thread =
        bench_partner(bench, partner, &pair, BENCH_PRIORITY + 1, arch_cpu()->index);
    bench_start(bench);
    for (uint64_t i = 0; i < bench->rounds; i++)
        (void)KeSetEvent(&pair.there, 0, FALSE); /* it was not set */
    bench_stop(bench);
    bench_join(thread);
}

static void ping_pong(struct bench *bench, uint32_t cpu)
{
    struct pair pair;
    pair_init(&pair, bench, true);
    struct ke_thread *thread = bench_partner(bench, partner, &pair, BENCH_PRIORITY, cpu);
    bench_start(bench);
    for (uint64_t i = 0; i < bench->rounds && thread != NULL; i++) {
        (void)KeSetEvent(&pair.there, 0, FALSE); /* it was not set */
        wait_for(&pair.back);
    }
    bench_stop(bench);
    bench_join(thread);
}

/* A round: there and back between two threads of one processor, by two events. */
void bench_event_ping_pong(struct bench *bench)
{
    ping_pong(bench, arch_cpu()->index);
}

/* The same between two processors. */
void bench_event_ping_pong_far(struct bench *bench)
{
    ping_pong(bench, (arch_cpu()->index + 1) % ke.cpu_count);
}

/* A round: release a semaphore by one, and take that by a wait. */
void bench_semaphore(struct bench *bench)
{
    KSEMAPHORE semaphore;
    KeInitializeSemaphore(&semaphore, 0, 1);
    bench_start(bench);
    for (uint64_t i = 0; i < bench->rounds; i++) {
        (void)KeReleaseSemaphore(&semaphore, 0, 1, FALSE); /* it was 0 */
        wait_for(&semaphore);
    }
    bench_stop(bench);
}

/* A round: own a free mutant, and give it back. */
void bench_mutant(struct bench *bench)
{
    KMUTANT mutant;
    KeInitializeMutex(&mutant, 0);
    bench_start(bench);
    for (uint64_t i = 0; i < bench->rounds; i++) {
        wait_for(&mutant);
        (void)KeReleaseMutex(&mutant, FALSE); /* it is ours */
    }
    bench_stop(bench);
}

/* A round: wait for any of 64 events, of which the last is set. */
void bench_wait_any_64(struct bench *bench)
{
    enum { COUNT = MAXIMUM_WAIT_OBJECTS };
    KEVENT events[COUNT];
    KWAIT_BLOCK blocks[COUNT];
    PVOID objects[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        KeInitializeEvent(&events[i], NotificationEvent, i == COUNT - 1);
        objects[i] = &events[i];
    }
    bench_start(bench);
    for (uint64_t i = 0; i < bench->rounds; i++)
        (void)KeWaitForMultipleObjects(COUNT, objects, WaitAny, Executive, KernelMode, FALSE, NULL,
                                       blocks); /* no time-out: the last one */
    bench_stop(bench);
}

/* A round: set a timer for a second from now, and cancel it. */
void bench_timer_set_cancel(struct bench *bench)
{
    KTIMER timer;
    LARGE_INTEGER second = { .QuadPart = -10000000 };
    KeInitializeTimer(&timer);
    bench_start(bench);
    for (uint64_t i = 0; i < bench->rounds; i++) {
        (void)KeSetTimer(&timer, second, NULL); /* it was not set */
        (void)KeCancelTimer(&timer);            /* it was set, or a second has passed */
    }
    bench_stop(bench);
}
