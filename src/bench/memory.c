/* SPDX-License-Identifier: BSD-2-Clause */
/* Benchmarks of page frames, pool and translations: a round takes one and gives it back. */
#include "bench/bench_impl.h"
#include "ke/tlb.h"
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

static void flush(struct bench *bench, size_t pages, size_t at_once)
{
    struct ke_tlb_range range = { arch_boot()->kernel_space, at_once };
    bench_start(bench);
    for (uint64_t i = 0; i < bench->rounds; i++) {
        for (size_t done = 0; done < pages; done += at_once)
            ke_tlb_flush(UINT64_MAX, &range, 1);
    }
    bench_stop(bench);
}

/* A round: every processor forgets 16 pages, one shoot-down a page. */
void bench_tlb_page_by_page(struct bench *bench)
{
    flush(bench, 16, 1);
}

/* A round: every processor forgets 16 pages by one shoot-down. */
void bench_tlb_batch(struct bench *bench)
{
    flush(bench, 16, 16);
}

/* A round: 16 pages between guard pages, mapped, unmapped, forgotten everywhere, freed. */
void bench_stack(struct bench *bench)
{
    bench_start(bench);
    for (uint64_t i = 0; i < bench->rounds; i++) {
        void *stack = mm_stack_allocate(16);
        if (stack != NULL)
            mm_stack_free(stack, 16);
        bench->failed |= stack == NULL;
    }
    bench_stop(bench);
}
