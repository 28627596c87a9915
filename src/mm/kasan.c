/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The run time of -fsanitize=kernel-address: each access of instrumented code asks here whether its bytes may be used.
 *
 * Shadow memory has a byte for 8 bytes. The compiler calls functions for everything, for the painting of stack frames,
 * too, so shadow needs no fixed place and no mapping of its own: that of all RAM and that of the image are two runs of
 * frames, and kernel stacks find theirs by the frame that is mapped. Code that runs before mm_kasan_init is let through,
 * so the boot needs no exception. Addresses without shadow (device registers) are let through as well.
 *
 * Pool blocks, free frames, variables on stacks and globals are painted; the stacks of the last allocations and frees are
 * kept in a table by address, so a report says who had the block.
 */
#include "mm/kasan.h"

#include "base/log.h"
#include "ke/bugcheck.h"
#include "ke/ke.h"
#include "mm/mm_impl.h"

KASAN_LEAVES_OUT

#define GRANULE      8u
#define RECORDS      2048u
#define STACK_FRAMES 6

uintptr_t __asan_shadow_memory_dynamic_address = 0;

struct record {
    uintptr_t block; /* [a] */
    size_t bytes;
    bool freed;
    uintptr_t allocated_by[STACK_FRAMES];
    uintptr_t freed_by[STACK_FRAMES];
};

/* Addresses that have shadow. What the boot says of them is copied: each access of all code asks. */
struct range {
    uintptr_t base;
    size_t bytes;
};

static struct {
    bool ready;                                        /* [a] */
    struct range ram_range, image_range, kernel_range; /* [i] */
    uint8_t *ram;                                      /* [i] of ram_range */
    uint8_t *image;                                    /* [i] */
    uint32_t *frames[MM_KVA_CHUNKS];                   /* [i] once there: frame of each page, + 1 */
    struct record *records;                            /* by hash of the address; the latest wins */
} kasan;

/* --- Shadow ----------------------------------------------------------------------------------------------- */

static uint8_t *shadow_of_kernel_space(uintptr_t offset)
{
    size_t page = offset >> ARCH_PAGE_SHIFT;
    size_t chunk = page / MM_KVA_CHUNK_PAGES;
    if (chunk >= MM_KVA_CHUNKS || kasan.frames[chunk] == NULL)
        return NULL;
    uint32_t frame = kasan.frames[chunk][page % MM_KVA_CHUNK_PAGES];
    if (frame == 0)
        return NULL;
    size_t at = ((size_t)(frame - 1) << ARCH_PAGE_SHIFT) + (offset & (ARCH_PAGE_BYTES - 1));
    return &kasan.ram[at / GRANULE];
}

/* Of the granule at `address`; what follows up to the end of the page follows there, too. NULL: it has none. */
static uint8_t *shadow_of(uintptr_t address)
{
    if (address - kasan.ram_range.base < kasan.ram_range.bytes)
        return &kasan.ram[(address - kasan.ram_range.base) / GRANULE];
    if (address - kasan.image_range.base < kasan.image_range.bytes)
        return &kasan.image[(address - kasan.image_range.base) / GRANULE];
    if (address - kasan.kernel_range.base < kasan.kernel_range.bytes)
        return shadow_of_kernel_space(address - kasan.kernel_range.base);
    return NULL;
}

/* Where the part of [at, end) that lies in one page ends. */
static uintptr_t part_end(uintptr_t at, uintptr_t end)
{
    uintptr_t page_end = (at | (ARCH_PAGE_BYTES - 1)) + 1;
    return end < page_end ? end : page_end;
}

void mm_kasan_paint(const void *address, size_t bytes, enum mm_kasan_byte byte)
{
    if (!kasan.ready)
        return;
    for (uintptr_t at = (uintptr_t)address, end = at + bytes; at < end;) {
        uintptr_t stop = part_end(at, end);
        volatile uint8_t *shadow = shadow_of(at); /* volatile: memset would ask here */
        for (; at < stop; at += GRANULE) {
            if (shadow != NULL)
                *shadow++ = (uint8_t)byte;
        }
    }
}

void mm_kasan_open(const void *address, size_t bytes)
{
    if (!kasan.ready)
        return;
    mm_kasan_paint(address, bytes & ~(size_t)(GRANULE - 1), MM_KASAN_OPEN);
    uint8_t *last = bytes % GRANULE != 0 ? shadow_of((uintptr_t)address + bytes) : NULL;
    if (last != NULL)
        *last = (uint8_t)(bytes % GRANULE);
}

void mm_kasan_mapped(uintptr_t address, uint64_t pfn)
{
    size_t page = (address - arch_boot()->kernel_space) >> ARCH_PAGE_SHIFT;
    uint32_t *frames = kasan.frames[page / MM_KVA_CHUNK_PAGES];
    const size_t pages = MM_KVA_CHUNK_PAGES * sizeof(*frames) >> ARCH_PAGE_SHIFT;
    if (!kasan.ready)
        return;
    if (frames == NULL && pfn != ARCH_NO_PFN) {
        uint64_t run = mm_pfn_allocate_run(pages, UINT64_MAX, 1);
        if (run == ARCH_NO_PFN)
            return;
        frames = mm_pfn_to_virtual(run);
        __builtin_memset(frames, 0, pages << ARCH_PAGE_SHIFT);
        uint32_t *none = NULL;
        if (!atomic_cas(&kasan.frames[page / MM_KVA_CHUNK_PAGES], &none, frames)) {
            mm_pfn_free_run(run, pages);
            frames = none;
        }
    }
    if (frames != NULL)
        atomic_store_release(&frames[page % MM_KVA_CHUNK_PAGES],
                             pfn == ARCH_NO_PFN ? 0 : (uint32_t)(pfn - mm.frames.first_pfn) + 1);
}

/* --- Who had it ------------------------------------------------------------------------------------------- */

static struct record *record_of(uintptr_t block)
{
    return &kasan.records[(block >> 4) * 0x9e3779b97f4a7c15u >> 53 & (RECORDS - 1)];
}

static void take_stack(uintptr_t *stack)
{
    size_t count = arch_backtrace(NULL, NULL, stack, STACK_FRAMES);
    for (; count < STACK_FRAMES; count++)
        stack[count] = 0;
}

void mm_kasan_allocated(const void *block, size_t bytes)
{
    if (!kasan.ready)
        return;
    struct record *record = record_of((uintptr_t)block);
    record->block = (uintptr_t)block;
    record->bytes = bytes;
    record->freed = false;
    take_stack(record->allocated_by);
}

void mm_kasan_freed(const void *block)
{
    if (!kasan.ready)
        return;
    struct record *record = record_of((uintptr_t)block);
    if (record->block != (uintptr_t)block)
        return;
    record->freed = true;
    take_stack(record->freed_by);
}

static void print_stack(const char *what, const uintptr_t *stack)
{
    for (size_t i = 0; i < STACK_FRAMES && stack[i] != 0; i++)
        log_line("@kasan stack=%s frame=%u rva=0x%llx", what, (uint32_t)i,
                 (unsigned long long)(stack[i] - arch_boot()->image_base));
}

/* The block that the address lies in, or that it is next to. */
static void print_block(uintptr_t address)
{
    const struct record *nearest = NULL;
    for (uint32_t i = 0; i < RECORDS; i++) {
        const struct record *record = &kasan.records[i];
        if (record->block == 0 || address + 64 < record->block ||
            address >= record->block + record->bytes + 64)
            continue;
        if (nearest == NULL ||
            (address >= record->block && address < record->block + record->bytes))
            nearest = record;
    }
    if (nearest == NULL)
        return;
    log_line("@kasan block=0x%llx bytes=%llu freed=%u", (unsigned long long)nearest->block,
             (unsigned long long)nearest->bytes, nearest->freed);
    print_stack("allocated", nearest->allocated_by);
    if (nearest->freed)
        print_stack("freed", nearest->freed_by);
}

void mm_kasan_tell(const void *block)
{
    if (kasan.ready)
        print_block((uintptr_t)block);
}

static const char *kind_of(uint8_t shadow)
{
    switch (shadow) {
    case MM_KASAN_POOL_RED:
        return "beside a pool block";
    case MM_KASAN_POOL_FREE:
        return "in a freed pool block";
    case MM_KASAN_FRAME_FREE:
        return "in a free page";
    case MM_KASAN_GLOBAL_RED:
        return "beside a global";
    case 0xf1:
    case 0xf2:
    case 0xf3:
        return "beside a variable of the stack";
    case 0xf8:
        return "in a variable that has left its scope";
    default:
        return "beyond the end";
    }
}

enum { BUGCHECK_WRITE = 0x100 };

/* Source: "Bug Check 0x1F2: KASAN_ILLEGAL_ACCESS" */
static _Noreturn void report(uintptr_t address, size_t bytes, bool write, uint8_t shadow)
{
    kasan.ready = false;
    /* Only some bytes of the granule may be used: what lies behind them stands in the next one. */
    const uint8_t *next = shadow < GRANULE ? shadow_of(address + GRANULE) : NULL;
    if (next != NULL && *next != MM_KASAN_OPEN)
        shadow = *next;
    log_event(LOG_FATAL, "kasan", "bad_access address=%p bytes=%llu write=%u kind=\"%s\"",
              (void *)address, (unsigned long long)bytes, write, kind_of(shadow));
    print_block(address);
    ke_bugcheck(KASAN_ILLEGAL_ACCESS, address, bytes, (uintptr_t)__builtin_return_address(0),
                shadow | (write ? BUGCHECK_WRITE : 0));
}

/* Whether the bytes from `at` on, up to `end` or the end of the granule, may be used. */
static bool granule_allows(uintptr_t at, uintptr_t end, uint8_t shadow)
{
    uintptr_t next = (at & ~(uintptr_t)(GRANULE - 1)) + GRANULE;
    uint32_t last = (uint32_t)((end < next ? end : next) - 1) % GRANULE;
    return shadow < GRANULE && last < shadow;
}

static void check(uintptr_t address, size_t bytes, bool write)
{
    if (!kasan.ready)
        return;
    for (uintptr_t at = address, end = address + bytes; at < end;) {
        uintptr_t stop = part_end(at, end);
        const uint8_t *shadow = shadow_of(at);
        if (shadow == NULL)
            return;
        for (; at < stop; at = (at & ~(uintptr_t)(GRANULE - 1)) + GRANULE, shadow++) {
            if (*shadow != 0 && !granule_allows(at, end, *shadow))
                report(at, bytes, write, *shadow);
        }
    }
}

/* --- What the compiler calls ------------------------------------------------------------------------------ */

#define ACCESS(bytes)                                                                              \
    void __asan_load##bytes(uintptr_t address);                                                    \
    void __asan_load##bytes(uintptr_t address)                                                     \
    {                                                                                              \
        check(address, bytes, false);                                                              \
    }                                                                                              \
    void __asan_store##bytes(uintptr_t address);                                                   \
    void __asan_store##bytes(uintptr_t address)                                                    \
    {                                                                                              \
        check(address, bytes, true);                                                               \
    }
ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)

void __asan_loadN(uintptr_t address, size_t bytes);
void __asan_loadN(uintptr_t address, size_t bytes)
{
    check(address, bytes, false);
}

void __asan_storeN(uintptr_t address, size_t bytes);
void __asan_storeN(uintptr_t address, size_t bytes)
{
    check(address, bytes, true);
}

void *__asan_memcpy(void *to, const void *from, size_t bytes);
void *__asan_memcpy(void *to, const void *from, size_t bytes)
{
    check((uintptr_t)from, bytes, false);
    check((uintptr_t)to, bytes, true);
    return __builtin_memcpy(to, from, bytes);
}

void *__asan_memmove(void *to, const void *from, size_t bytes);
void *__asan_memmove(void *to, const void *from, size_t bytes)
{
    check((uintptr_t)from, bytes, false);
    check((uintptr_t)to, bytes, true);
    return __builtin_memmove(to, from, bytes);
}

void *__asan_memset(void *to, int value, size_t bytes);
void *__asan_memset(void *to, int value, size_t bytes)
{
    check((uintptr_t)to, bytes, true);
    return __builtin_memset(to, value, bytes);
}

/* The address of shadow bytes, as if shadow began at 0: address / 8, so nothing is lost but what a granule hides. */
#define PAINT(hex)                                                                                 \
    void __asan_set_shadow_##hex(uintptr_t shadow, size_t bytes);                                  \
    void __asan_set_shadow_##hex(uintptr_t shadow, size_t bytes)                                   \
    {                                                                                              \
        mm_kasan_paint((const void *)(shadow * GRANULE), bytes *GRANULE, 0x##hex);                 \
    }
PAINT(00)
PAINT(01)
PAINT(02)
PAINT(03)
PAINT(04)
PAINT(05)
PAINT(06)
PAINT(07)
PAINT(f1)
PAINT(f2)
PAINT(f3)
PAINT(f5)
PAINT(f8)

/* A frame that is never returned to: its thread ends, or the machine. Stacks are opened when they are made. */
void __asan_handle_no_return(void);
void __asan_handle_no_return(void)
{
}

/* As the compiler lays it out. */
struct global {
    uintptr_t address;
    size_t bytes;
    size_t bytes_with_red_zone;
    const char *name;
    const char *module;
    uintptr_t unused[3];
};

void __asan_register_globals(const struct global *globals, size_t count);
void __asan_register_globals(const struct global *globals, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct global *global = &globals[i];
        mm_kasan_paint((const void *)global->address, global->bytes_with_red_zone,
                       MM_KASAN_GLOBAL_RED);
        mm_kasan_open((const void *)global->address, global->bytes);
    }
}

/* The image is never unloaded. */
void __asan_unregister_globals(const struct global *globals, size_t count);
void __asan_unregister_globals(const struct global *globals, size_t count)
{
    (void)globals;
    (void)count;
}

/* --- Beginning -------------------------------------------------------------------------------------------- */

/* The linker sorts sections of one name by what follows the dollar sign: the constructors stand between these. */
typedef void (*constructor)(void);
__attribute__((section(".CRT$XCA"), used)) static const constructor constructors = NULL;
__attribute__((section(".CRT$XCZ"), used)) static const constructor constructors_end = NULL;

static void *shadow_allocate(size_t bytes)
{
    size_t pages = (bytes + ARCH_PAGE_BYTES - 1) >> ARCH_PAGE_SHIFT;
    uint64_t pfn = mm_pfn_allocate_run(pages, UINT64_MAX, 1);
    if (pfn == ARCH_NO_PFN)
        ke_bugcheck(PHASE0_INITIALIZATION_FAILED, bytes, 0, 0, 0);
    return __builtin_memset(mm_pfn_to_virtual(pfn), 0, pages << ARCH_PAGE_SHIFT);
}

void mm_kasan_init(void)
{
    const struct arch_boot *boot = arch_boot();
    uintptr_t first = mm.frames.direct_map + (uintptr_t)(mm.frames.first_pfn << ARCH_PAGE_SHIFT);
    kasan.ram_range = (struct range){ first, (size_t)mm.frames.count << ARCH_PAGE_SHIFT };
    kasan.image_range = (struct range){ boot->image_base, boot->image_bytes };
    kasan.kernel_range = (struct range){ boot->kernel_space, boot->kernel_space_bytes };
    kasan.ram = shadow_allocate(kasan.ram_range.bytes / GRANULE);
    kasan.image = shadow_allocate(kasan.image_range.bytes / GRANULE);
    kasan.records = shadow_allocate(RECORDS * sizeof(struct record));
    kasan.ready = true;
    const constructor *volatile at = &constructors;
    for (; at < &constructors_end; at++) {
        if (*at != NULL)
            (*at)();
    }
}

KASAN_LEFT_OUT
