/* SPDX-License-Identifier: BSD-2-Clause */
/* The runner of growths, and those without threads: timers, pool blocks, owners of a resource. */
#include <nt/ex_ddi.h>
#include <nt/ke_object_ddi.h>
#include <nt/ke_thread_ddi.h>
#include <nt/ntstatus.h>

#include "base/log.h"
#include "base/selftest_impl.h"
#include "bench/growth_impl.h"
#include "mm/mm.h"

uint64_t bench_growth_median(struct growth *growth)
{
    uint64_t *counts = growth->counts;
    CHECK(growth->rounds > 0);
    for (uint32_t i = 1; i < growth->rounds; i++) {
        for (uint32_t j = i; j > 0 && counts[j - 1] > counts[j]; j--) {
            uint64_t larger = counts[j - 1];
            counts[j - 1] = counts[j];
            counts[j] = larger;
        }
    }
    return counts[growth->rounds / 2];
}

void bench_growth_report(struct growth *growth, const char *name, uint32_t n)
{
    log_line("@growth name=%s n=%u ns=%llu", name, n,
             (unsigned long long)ke_counter_in(bench_growth_median(growth), KE_NANOSECONDS));
    growth->rounds = 0;
}

/* --- Timers ----------------------------------------------------------------------------------------------- */

static LARGE_INTEGER in_ms(uint64_t milliseconds)
{
    return (LARGE_INTEGER){ .QuadPart = -(int64_t)(milliseconds * KE_TICK_100NS) };
}

/* Far enough for all levels of the wheel, and so that none expires meanwhile. */
static uint64_t due_of(uint32_t i)
{
    return 60000 + (uint64_t)i * 7919 % 3600000;
}

/* One timer, set and cancelled while n others are set; and each of some that stand among them. */
static void set_and_cancel(KTIMER *timers, uint32_t n)
{
    struct growth set = { 0 }, cancel = { 0 };
    for (uint32_t i = 0; i < GROWTH_ROUNDS; i++) {
        KTIMER *timer = &timers[(uint64_t)i * n / GROWTH_ROUNDS];
        growth_start(&cancel);
        (void)KeCancelTimer(timer); /* it is set */
        growth_stop(&cancel);
        growth_start(&set);
        (void)KeSetTimer(timer, in_ms(due_of(i)), NULL); /* it is not */
        growth_stop(&set);
    }
    bench_growth_report(&set, "timer.set", n);
    bench_growth_report(&cancel, "timer.cancel", n);
}

/* All of them are due when the level is lowered: the cost of one of n. */
static void expire(KTIMER *timers, uint32_t n)
{
    struct growth expiry = { 0 };
    for (uint32_t round = 0; round < (n <= 1000 ? 5 : 1); round++) {
        KIRQL old = KeRaiseIrqlToDpcLevel();
        for (uint32_t i = 0; i < n; i++)
            (void)KeSetTimer(&timers[i], in_ms(1), NULL); /* whatever it was */
        arch_stall(2000);
        growth_start(&expiry);
        KeLowerIrql(old);
        growth_stop(&expiry);
        expiry.counts[expiry.rounds - 1] /= n;
    }
    bench_growth_report(&expiry, "timer.expire", n);
}

bool bench_growth_timers(uint32_t n)
{
    KTIMER *timers = mm_pool_allocate(n * sizeof(*timers), TAG_GROWTH);
    if (timers == NULL)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        KeInitializeTimer(&timers[i]);
        (void)KeSetTimer(&timers[i], in_ms(due_of(i)), NULL); /* it is new */
    }
    set_and_cancel(timers, n);
    for (uint32_t i = 0; i < n; i++)
        (void)KeCancelTimer(&timers[i]); /* it is set */
    expire(timers, n);
    for (uint32_t i = 0; i < n; i++)
        (void)KeCancelTimer(
            &timers[i]); /* a busy host's ticks come late, and with them what is due */
    mm_pool_free(timers, TAG_GROWTH);
    return true;
}

/* --- Pool ------------------------------------------------------------------------------------------------- */

/* A block is freed in the middle of n, and another one allocated. */
static void free_and_allocate(void **blocks, uint32_t n)
{
    struct growth allocate = { 0 }, release = { 0 };
    for (uint32_t i = 0; i < GROWTH_ROUNDS; i++) {
        void **block = &blocks[(uint64_t)i * n / GROWTH_ROUNDS];
        growth_start(&release);
        mm_pool_free(*block, TAG_GROWTH);
        growth_stop(&release);
        growth_start(&allocate);
        *block = mm_pool_allocate_with(64, TAG_GROWTH, MM_POOL_UNINITIALIZED);
        growth_stop(&allocate);
    }
    bench_growth_report(&allocate, "pool.allocate", n);
    bench_growth_report(&release, "pool.free", n);
}

/* All of n are freed in an order that has nothing to do with where they lie: what one of them costs. */
static void free_all(void **blocks, uint32_t n)
{
    struct growth growth = { 0 };
    const uint32_t stride = 7919; /* a prime that divides no n */
    growth_start(&growth);
    for (uint32_t i = 0, at = 0; i < n; i++, at = (at + stride) % n) {
        if (blocks[at] != NULL)
            mm_pool_free(blocks[at], TAG_GROWTH);
    }
    growth_stop(&growth);
    growth.counts[0] /= n;
    bench_growth_report(&growth, "pool.free_all", n);
}

bool bench_growth_pool(uint32_t n)
{
    void **blocks = mm_pool_allocate(n * sizeof(*blocks), TAG_GROWTH);
    bool ready = blocks != NULL;
    if (!ready)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        blocks[i] = mm_pool_allocate_with(64, TAG_GROWTH, MM_POOL_UNINITIALIZED);
        ready &= blocks[i] != NULL;
    }
    if (ready)
        free_and_allocate(blocks, n);
    free_all(blocks, n);
    mm_pool_free(blocks, TAG_GROWTH);
    return ready;
}

/* --- Owners of a resource --------------------------------------------------------------------------------- */

/* An owner that is no thread: an address with the two bits that say so. */
static void *owner(uint32_t i)
{
    return (void *)((uintptr_t)&owner + (uintptr_t)(i + 1) * 64 | 3);
}

bool bench_growth_owners(uint32_t n)
{
    ERESOURCE resource;
    struct growth shared = { 0 };
    if (!NT_SUCCESS(ExInitializeResourceLite(&resource)))
        return false;
    KeEnterCriticalRegion();
    for (uint32_t i = 0; i < n; i++) {
        (void)ExAcquireResourceSharedLite(&resource, TRUE); /* it waits: TRUE */
        ExSetResourceOwnerPointer(&resource, owner(i));
    }
    for (uint32_t i = 0; i < GROWTH_ROUNDS; i++) {
        growth_start(&shared);
        (void)ExAcquireResourceSharedLite(&resource, TRUE); /* it waits: TRUE */
        ExReleaseResourceLite(&resource);
        growth_stop(&shared);
    }
    for (uint32_t i = 0; i < n; i++)
        ExReleaseResourceForThreadLite(&resource, (ERESOURCE_THREAD)owner(i));
    KeLeaveCriticalRegion();
    bench_growth_report(&shared, "owner.acquire_release", n);
    return NT_SUCCESS(ExDeleteResourceLite(&resource));
}

/* --- The runner ------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    uint32_t most;
    bool (*run)(uint32_t n);
} table[] = {
#define GROWTH(function, name, most) { name, most, function },
#include "bench/growths.tbl"
#undef GROWTH
};

static bool matches(const char *glob, const char *name)
{
    const char *end = glob;
    while (glob != NULL && *end != 0)
        end++;
    return glob == end || selftest_glob_matches(glob, end, name);
}

size_t bench_growth_run(const char *glob, uint32_t most)
{
    size_t failed = 0, matched = 0;
    for (uint32_t i = 0; i < ARRAY_COUNT(table); i++) {
        uint32_t limit = table[i].most < most ? table[i].most : most;
        if (!matches(glob, table[i].name))
            continue;
        matched++;
        for (uint32_t n = 10; n <= limit; n = n * 100 <= limit || n == limit ? n * 100 : limit) {
            if (!table[i].run(n)) {
                log_line("# %s: no memory for %u", table[i].name, n);
                failed++;
            }
        }
    }
    if (matched == 0)
        log_line("# no growth matches '%s'", glob);
    return matched == 0 ? 1 : failed;
}
