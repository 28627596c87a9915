/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernel address space for stacks and device registers: a bit per page, in chunks whose bitmap is made when the first
 * page of the chunk is needed. First fit from the lowest free page on: addresses stay close together, so that few page
 * tables are needed (those of the kernel are never freed).
 */
#include <nt/irql.h>

#include "ke/ke.h"
#include "mm/kasan.h"
#include "mm/mm_impl.h"
#include "mm/tlb.h"

#define TAG_BITMAP 0x4b426d4du /* "MmBK" */
#define MAX_RUN    1024

void mm_kva_init(void)
{
    ke_lock_init(&mm.kva.lock, KE_LOCK_KVA);
}

static uint32_t chunk_count(void)
{
    size_t chunks = arch_boot()->kernel_space_bytes >> ARCH_PAGE_SHIFT;
    chunks /= MM_KVA_CHUNK_PAGES;
    return chunks < MM_KVA_CHUNKS ? (uint32_t)chunks : MM_KVA_CHUNKS;
}

static uintptr_t address_of(uint32_t chunk, uint32_t page)
{
    return arch_boot()->kernel_space +
           (((uintptr_t)chunk * MM_KVA_CHUNK_PAGES + page) << ARCH_PAGE_SHIFT);
}

static bool is_reserved(const uint64_t *bitmap, uint32_t page)
{
    return bitmap[page / 64] >> page % 64 & 1;
}

static void mark(uint64_t *bitmap, uint32_t page, uint32_t pages, bool reserved)
{
    for (uint32_t i = page; i < page + pages; i++) {
        CHECK(is_reserved(bitmap, i) != reserved);
        bitmap[i / 64] ^= (uint64_t)1 << i % 64;
    }
}

/* First run of `pages` free pages in [from, end of the chunk); MM_KVA_CHUNK_PAGES: none. Full words are skipped. */
static uint32_t find_run(const uint64_t *bitmap, uint32_t from, uint32_t pages)
{
    uint32_t length = 0;
    for (uint32_t page = from; page < MM_KVA_CHUNK_PAGES;) {
        if (page % 64 == 0 && bitmap[page / 64] == UINT64_MAX) {
            length = 0;
            page += 64;
            continue;
        }
        length = is_reserved(bitmap, page) ? 0 : length + 1;
        page++;
        if (length == pages)
            return page - pages;
    }
    return MM_KVA_CHUNK_PAGES;
}

/* Lock held; the chunk's bitmap is there. 0: no such run. */
static uintptr_t reserve_in_chunk(uint32_t chunk, uint32_t pages)
{
    LOCK_HELD(&mm.kva.lock);
    struct mm_kva_chunk *c = &mm.kva.chunks[chunk];
    uint32_t page = find_run(c->bitmap, c->lowest_free, pages);
    if (page == MM_KVA_CHUNK_PAGES)
        return 0;
    mark(c->bitmap, page, pages, true);
    if (page == c->lowest_free)
        c->lowest_free += pages;
    return address_of(chunk, page);
}

static bool make_bitmap(struct mm_kva_chunk *chunk)
{
    if (chunk->bitmap == NULL)
        chunk->bitmap = mm_pool_allocate(MM_KVA_CHUNK_PAGES / 8, TAG_BITMAP);
    return chunk->bitmap != NULL;
}

/* 0: no address space, or no memory for a bitmap. */
static uintptr_t reserve(uint32_t pages)
{
    uintptr_t address = 0;
    uint32_t chunks = chunk_count();
    CHECK(pages <= MAX_RUN);
    bool interrupts = ke_lock_acquire(&mm.kva.lock);
    for (uint32_t chunk = 0; chunk < chunks && address == 0; chunk++) {
        if (!make_bitmap(&mm.kva.chunks[chunk]))
            break;
        address = reserve_in_chunk(chunk, pages);
    }
    ke_lock_release(&mm.kva.lock, interrupts);
    return address;
}

static void release(uintptr_t address, uint32_t pages)
{
    uint64_t index = (address - arch_boot()->kernel_space) >> ARCH_PAGE_SHIFT;
    struct mm_kva_chunk *chunk = &mm.kva.chunks[index / MM_KVA_CHUNK_PAGES];
    uint32_t page = (uint32_t)(index % MM_KVA_CHUNK_PAGES);
    bool interrupts = ke_lock_acquire(&mm.kva.lock);
    mark(chunk->bitmap, page, pages, false);
    if (page < chunk->lowest_free)
        chunk->lowest_free = page;
    ke_lock_release(&mm.kva.lock, interrupts);
}

/* --- Stacks ----------------------------------------------------------------------------------------------- */

/* Frames and addresses may be used again only when no processor remembers the translation. */
static void unmap_and_free(uintptr_t base, size_t pages)
{
    struct mm_tlb tlb;
    mm_tlb_begin(&tlb, NULL);
    for (size_t i = 0; i < pages; i++)
        mm_tlb_free_frame(&tlb, mm_tlb_unmap(&tlb, base + (i << ARCH_PAGE_SHIFT)));
    mm_tlb_finish(&tlb);
}

static bool map_new_page(uintptr_t address)
{
    uint64_t pfn = mm_pfn_allocate();
    if (pfn == ARCH_NO_PFN)
        return false;
    kasan_mapped(address, pfn);
    if (NT_SUCCESS(arch_mmu_map(address, pfn, ARCH_WRITE)))
        return true;
    kasan_mapped(address, ARCH_NO_PFN);
    mm_pfn_free(pfn);
    return false;
}

void *mm_stack_allocate(size_t pages)
{
    uintptr_t guard = reserve((uint32_t)pages + 2);
    if (guard == 0)
        return NULL;
    uintptr_t base = guard + ARCH_PAGE_BYTES;
    for (size_t i = 0; i < pages; i++) {
        if (!map_new_page(base + (i << ARCH_PAGE_SHIFT))) {
            unmap_and_free(base, i);
            release(guard, (uint32_t)pages + 2);
            return NULL;
        }
    }
    return (void *)base;
}

void mm_stack_free(void *stack, size_t pages)
{
    uintptr_t base = (uintptr_t)stack;
    unmap_and_free(base, pages);
    release(base - ARCH_PAGE_BYTES, (uint32_t)pages + 2);
}

bool mm_is_stack_guard(uintptr_t address)
{
    uintptr_t space = arch_boot()->kernel_space;
    uint64_t page = (address - space) >> ARCH_PAGE_SHIFT;
    if (address < space || page / MM_KVA_CHUNK_PAGES >= chunk_count())
        return false;
    const uint64_t *bitmap = mm.kva.chunks[page / MM_KVA_CHUNK_PAGES].bitmap;
    return bitmap != NULL && is_reserved(bitmap, page % MM_KVA_CHUNK_PAGES) &&
           !arch_mmu_query(address & ~(ARCH_PAGE_BYTES - 1), NULL, NULL);
}

/* --- Device registers ------------------------------------------------------------------------------------- */

static void unmap_device(uintptr_t base, uint32_t pages)
{
    struct mm_tlb tlb;
    mm_tlb_begin(&tlb, NULL);
    for (uint32_t i = 0; i < pages; i++) /* the frames belong to nobody */
        (void)mm_tlb_unmap(&tlb, base + ((uintptr_t)i << ARCH_PAGE_SHIFT));
    mm_tlb_finish(&tlb);
}

void *mm_map_device(uint64_t physical, size_t bytes)
{
    uint64_t first = physical >> ARCH_PAGE_SHIFT;
    uint32_t pages = (uint32_t)(((physical + bytes - 1) >> ARCH_PAGE_SHIFT) - first + 1);
    uintptr_t base = reserve(pages);
    if (base == 0)
        return NULL;
    for (uint32_t i = 0; i < pages; i++) {
        NTSTATUS status = arch_mmu_map(base + ((uintptr_t)i << ARCH_PAGE_SHIFT), first + i,
                                       ARCH_WRITE | ARCH_UNCACHED);
        if (NT_SUCCESS(status))
            continue;
        unmap_device(base, i);
        release(base, pages);
        return NULL;
    }
    return (char *)base + (physical & (ARCH_PAGE_BYTES - 1));
}
