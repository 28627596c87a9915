/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory for Ke and Ex: from the explorer's heap, so that a use after the free is seen. */
#include "ke/ke.h"
#include "mm/mm.h"
#include "port.h"
#include "scenario.h"

#define TAGS 32

/* A block is called by its tag in reports. */
static const char *name_of_tag(ULONG tag)
{
    static struct {
        ULONG tag;
        char text[sizeof(tag) + 1];
    } names[TAGS];

    for (unsigned i = 0; i < TAGS; i++) {
        if (names[i].tag != 0 && names[i].tag != tag)
            continue;
        names[i].tag = tag;
        __builtin_memcpy(names[i].text, &tag, sizeof(tag));
        return names[i].text;
    }
    return "pool block";
}

static void *allocate(size_t bytes, ULONG tag)
{
    return explore_new(bytes, name_of_tag(tag));
}

static void release(void *block, ULONG tag)
{
    (void)tag;
    explore_free(block);
}

static void *stack_allocate(size_t pages)
{
    CHECK(pages * ARCH_PAGE_BYTES == PORT_STACK_BYTES);
    return explore_stack_memory(PORT_STACK_BYTES);
}

static void stack_free(void *stack, size_t pages)
{
    (void)stack; /* runs end soon enough */
    (void)pages;
}

static void trim(void)
{
}

void port_memory_init(void)
{
    static const struct ke_memory memory = { .allocate = allocate,
                                             .free = release,
                                             .stack_allocate = stack_allocate,
                                             .stack_free = stack_free,
                                             .trim = trim };

    ke_set_memory(&memory);
}

void *mm_pool_allocate(size_t bytes, ULONG tag)
{
    return allocate(bytes, tag);
}

void *mm_pool_allocate_with(size_t bytes, ULONG tag, uint32_t flags)
{
    (void)flags;
    return allocate(bytes, tag);
}

void mm_pool_free(void *block, ULONG tag)
{
    release(block, tag);
}

bool arch_load_guarded(const void *address, uint64_t *out_value)
{
    *out_value = explore_load_stale(address);
    return true; /* nothing is ever unmapped */
}

void (*scenario_tlb_flush)(uintptr_t address, size_t pages);

void arch_tlb_flush(uintptr_t address, size_t pages)
{
    if (scenario_tlb_flush != NULL)
        scenario_tlb_flush(address, pages);
}
