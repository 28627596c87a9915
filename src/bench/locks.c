/* SPDX-License-Identifier: BSD-2-Clause */
/* Benchmarks of the level and of locks that nobody else wants. */
#include <nt/ex_ddi.h>
#include <nt/ke_object_ddi.h>
#include <nt/ke_thread_ddi.h>

#include "bench/bench_impl.h"
#include "ex/ex.h"

/* A round: to DISPATCH_LEVEL and back. */
void bench_irql_raise_lower(struct bench *bench)
{
    bench_start(bench);
    for (uint64_t i = 0; i < bench->rounds; i++)
        KeLowerIrql(KfRaiseIrql(DISPATCH_LEVEL));
    bench_stop(bench);
}

/* In each of the following a round takes the lock and gives it back. */

void bench_spin_lock(struct bench *bench)
{
    KSPIN_LOCK lock;
    KeInitializeSpinLock(&lock);
    bench_start(bench);
    for (uint64_t i = 0; i < bench->rounds; i++)
        KeReleaseSpinLock(&lock, KeAcquireSpinLockRaiseToDpc(&lock));
    bench_stop(bench);
}

void bench_queued_spin_lock(struct bench *bench)
{
    KSPIN_LOCK lock;
    KLOCK_QUEUE_HANDLE handle;
    KeInitializeSpinLock(&lock);
    bench_start(bench);
    for (uint64_t i = 0; i < bench->rounds; i++) {
        KeAcquireInStackQueuedSpinLock(&lock, &handle);
        KeReleaseInStackQueuedSpinLock(&handle);
    }
    bench_stop(bench);
}

void bench_reader_writer_shared(struct bench *bench)
{
    EX_SPIN_LOCK lock = 0;
    bench_start(bench);
    for (uint64_t i = 0; i < bench->rounds; i++)
        ExReleaseSpinLockShared(&lock, ExAcquireSpinLockShared(&lock));
    bench_stop(bench);
}

void bench_reader_writer_exclusive(struct bench *bench)
{
    EX_SPIN_LOCK lock = 0;
    bench_start(bench);
    for (uint64_t i = 0; i < bench->rounds; i++)
        ExReleaseSpinLockExclusive(&lock, ExAcquireSpinLockExclusive(&lock));
    bench_stop(bench);
}

void bench_fast_mutex(struct bench *bench)
{
    FAST_MUTEX mutex;
    ExInitializeFastMutex(&mutex);
    bench_start(bench);
    for (uint64_t i = 0; i < bench->rounds; i++) {
        ExAcquireFastMutex(&mutex);
        ExReleaseFastMutex(&mutex);
    }
    bench_stop(bench);
}

void bench_push_lock(struct bench *bench)
{
    EX_PUSH_LOCK lock = 0;
    bench_start(bench);
    for (uint64_t i = 0; i < bench->rounds; i++) {
        ex_push_lock_acquire_exclusive(&lock);
        ex_push_lock_release_exclusive(&lock);
    }
    bench_stop(bench);
}

static void resource(struct bench *bench, BOOLEAN (*acquire)(ERESOURCE *resource, BOOLEAN wait))
{
    ERESOURCE lock;
    bench->failed |= !NT_SUCCESS(ExInitializeResourceLite(&lock));
    if (bench->failed)
        return;
    KeEnterCriticalRegion();
    bench_start(bench);
    for (uint64_t i = 0; i < bench->rounds; i++) {
        (void)acquire(&lock, TRUE); /* it waits: TRUE */
        ExReleaseResourceLite(&lock);
    }
    bench_stop(bench);
    KeLeaveCriticalRegion();
    (void)ExDeleteResourceLite(&lock); /* nobody owns it */
}

void bench_resource_exclusive(struct bench *bench)
{
    resource(bench, ExAcquireResourceExclusiveLite);
}

void bench_resource_shared(struct bench *bench)
{
    resource(bench, ExAcquireResourceSharedLite);
}
