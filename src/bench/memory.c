/* SPDX-License-Identifier: BSD-2-Clause */
/* Benchmarks of page frames and pool: a round takes one and gives it back. */
#include "bench/bench_impl.h"
#include "mm/mm.h"

#define TAG_BENCH 0x636e6542u /* "Benc" */

static void pool(struct bench *bench, size_t bytes)
{
    bench_start(bench);
    for (uint64_t i = 0; i < bench->rounds; i++) {
        void *block = mm_pool_allocate_with(bytes, TAG_BENCH, MM_POOL_UNINITIALIZED);
        if (block != NULL)
            mm_pool_free(block, TAG_BENCH);
        bench->failed |= block == NULL;
    }
    bench_stop(bench);
}

void bench_pool_64(struct bench *bench)
{
    pool(bench, 64);
}

void bench_pool_1000(struct bench *bench)
{
    pool(bench, 1000);
}

void bench_pool_page(struct bench *bench)
{
    pool(bench, 4096);
}

void bench_frame(struct bench *bench)
{
    bench_start(bench);
    for (uint64_t i = 0; i < bench->rounds; i++) {
        uint64_t pfn = mm_pfn_allocate();
        if (pfn != ARCH_NO_PFN)
            mm_pfn_free(pfn);
        bench->failed |= pfn == ARCH_NO_PFN;
    }
    bench_stop(bench);
}
