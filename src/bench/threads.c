/* SPDX-License-Identifier: BSD-2-Clause */
/* Benchmarks of what threads and interrupts do to each other. */
#include <nt/ke_object_ddi.h>
#include <nt/ke_thread_ddi.h>

#include "bench/bench_impl.h"

/* A round: this processor sends itself an interrupt that finds nothing to do, and returns from it. */
void bench_interrupt_to_self(struct bench *bench)
{
    uint32_t self = arch_cpu()->index;
    bench_start(bench);
    for (uint64_t i = 0; i < bench->rounds; i++)
        arch_ipi_send(self, ARCH_IPI_CALL);
    bench_stop(bench);
}

static ULONG_PTR give_back(ULONG_PTR argument)
{
    return argument;
}

/* A round: a function on all processors at one time. */
void bench_generic_call(struct bench *bench)
{
    bench_start(bench);
    for (uint64_t i = 0; i < bench->rounds; i++)
        (void)KeIpiGenericCall(give_back, 0); /* 0 */
    bench_stop(bench);
}

static void count_dpc(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    (*(uint64_t *)context)++;
}

/* A round: queue a DPC at PASSIVE_LEVEL; it has run when the call returns. */
void bench_dpc(struct bench *bench)
{
    KDPC dpc;
    uint64_t ran = 0;
    KeInitializeDpc(&dpc, count_dpc, &ran);
    bench_start(bench);
    for (uint64_t i = 0; i < bench->rounds; i++)
        (void)KeInsertQueueDpc(&dpc, NULL, NULL); /* counted */
    bench_stop(bench);
    CHECK(ran == bench->rounds);
}

/* A round: queue a threaded DPC at PASSIVE_LEVEL; its thread has run it when the call returns. */
void bench_dpc_threaded(struct bench *bench)
{
    KDPC dpc;
    uint64_t ran = 0;
    KeInitializeThreadedDpc(&dpc, count_dpc, &ran);
    bench_start(bench);
    for (uint64_t i = 0; i < bench->rounds; i++)
        (void)KeInsertQueueDpc(&dpc, NULL, NULL); /* counted */
    bench_stop(bench);
    CHECK(ran == bench->rounds);
}

struct apc_count {
    KAPC apc;
    uint64_t ran;
};

static void count_apc(KAPC *apc, PKNORMAL_ROUTINE *normal, PVOID *context, PVOID *argument1,
                      PVOID *argument2)
{
    UNREFERENCED_PARAMETER(normal);
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    ((struct apc_count *)apc)->ran++;
}

/* A round: a thread queues a special kernel APC to itself; it has run when the call returns. */
void bench_apc(struct bench *bench)
{
    struct apc_count count = { .ran = 0 };
    KeInitializeApc(&count.apc, (KTHREAD *)arch_thread(), OriginalApcEnvironment, count_apc, NULL,
                    NULL, KernelMode, NULL);
    bench_start(bench);
    for (uint64_t i = 0; i < bench->rounds; i++)
        (void)KeInsertQueueApc(&count.apc, NULL, NULL, 0); /* counted */
    bench_stop(bench);
    CHECK(count.ran == bench->rounds);
}

static void yield_until(void *argument)
{
    while (!atomic_load_acquire((bool *)argument))
        ke_thread_yield();
}

/* A round: one switch of two threads that yield to each other. */
void bench_thread_switch(struct bench *bench)
{
    bool stop = false;
    struct ke_thread *thread =
        bench_partner(bench, yield_until, &stop, BENCH_PRIORITY, arch_cpu()->index);
    ke_thread_yield();
    bench_start(bench);
    for (uint64_t i = 0; i < bench->rounds; i += 2)
        ke_thread_yield();
    bench_stop(bench);
    atomic_store_release(&stop, true);
    bench_join(thread);
}

/* A round: a yield with nobody to yield to. */
void bench_thread_yield_alone(struct bench *bench)
{
    bench_start(bench);
    for (uint64_t i = 0; i < bench->rounds; i++)
        ke_thread_yield();
    bench_stop(bench);
}

static void nothing(void *argument)
{
    UNREFERENCED_PARAMETER(argument);
}

/* A round: a thread from its creation until it has been waited for. */
void bench_thread_life(struct bench *bench)
{
    bench_start(bench);
    for (uint64_t i = 0; i < bench->rounds; i++)
        bench_join(bench_partner(bench, nothing, NULL, BENCH_PRIORITY, arch_cpu()->index));
    bench_stop(bench);
}
