/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLB shoot-down: making processors forget translations.
 *
 * A request is a node for each target on the caller's stack, pushed to the target's list. Who finds the list empty
 * sends the interrupt; who does not knows that one is under way, so that processors that shoot at the same time share
 * it. The target takes the whole list at once, forgets the sum of it, single pages or everything, and only then answers
 * each request; the answer is its last touch of the node.
 *
 * Whoever waits for another processor with IPIs held back answers requests meanwhile (ke_tlb_serve): two that shoot
 * at each other with interrupts off both end, and so does one that shoots at a processor which waits in a generic call.
 * Between the push and its interrupt nothing may come in, or a processor that pushed behind it would wait for an
 * interrupt that is not sent.
 *
 * Processors that halt get the interrupt like all others: idle code runs on kernel addresses.
 */
#include "ke/tlb.h"

#include "ke/ke_impl.h"

struct ke_tlb_request {
    struct ke_tlb_request *next;
    const struct ke_tlb_range *ranges;
    uint32_t count;
    uint32_t *remaining; /* [a] */
};

static size_t pages_of(const struct ke_tlb_range *ranges, uint32_t count)
{
    size_t pages = 0;
    for (uint32_t i = 0; i < count && pages <= KE_TLB_ALL_PAGES; i++)
        pages += ranges[i].pages; /* one range may be everything: the sum of several might wrap */
    return pages;
}

static void flush_ranges(const struct ke_tlb_range *ranges, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        arch_tlb_flush(ranges[i].address, ranges[i].pages);
}

static void flush_everything(struct ke_cpu *cpu)
{
    cpu->counters.tlb_flushes_of_all++;
    arch_tlb_flush(0, SIZE_MAX);
}

static void flush_here(struct ke_cpu *cpu, const struct ke_tlb_range *ranges, uint32_t count)
{
    size_t pages = pages_of(ranges, count);
    if (pages > KE_TLB_ALL_PAGES) {
        flush_everything(cpu);
        return;
    }
    cpu->counters.tlb_pages += pages;
    flush_ranges(ranges, count);
}

void ke_tlb_serve(struct ke_cpu *cpu)
{
    CHECK(!arch_interrupts_enabled());
    if (atomic_load_relaxed(&cpu->tlb_requests) == NULL)
        return;
    struct ke_tlb_request *first = atomic_exchange(&cpu->tlb_requests, NULL);
    size_t pages = 0;
    for (struct ke_tlb_request *r = first; r != NULL && pages <= KE_TLB_ALL_PAGES; r = r->next)
        pages += pages_of(r->ranges, r->count);
    if (pages > KE_TLB_ALL_PAGES)
        flush_everything(cpu);
    else
        cpu->counters.tlb_pages += pages;
    for (struct ke_tlb_request *next, *r = first; r != NULL; r = next) {
        next = r->next;
        if (pages <= KE_TLB_ALL_PAGES)
            flush_ranges(r->ranges, r->count);
        (void)atomic_sub(r->remaining, 1); /* the node may be gone from here on */
    }
}

void ke_tlb_forget_all(void)
{
    bool interrupts = arch_interrupts_disable();
    flush_everything(arch_cpu());
    arch_interrupts_restore(interrupts);
}

static void push(struct ke_cpu *cpu, struct ke_tlb_request *request)
{
    struct ke_tlb_request *head = atomic_load_relaxed(&cpu->tlb_requests);
    do
        request->next = head;
    while (!atomic_cas(&cpu->tlb_requests, &head, request));
    if (head != NULL)
        return;
    arch_cpu()->counters.ipis_sent++;
    arch_cpu()->counters.tlb_ipis++;
    arch_ipi_send(cpu->index, ARCH_IPI_CALL);
}

void ke_tlb_pause(void)
{
    bool interrupts = arch_interrupts_disable();
    ke_tlb_serve(arch_cpu());
    arch_interrupts_restore(interrupts);
    arch_cpu_pause();
}

/* Interrupts off, so that all of it is one processor's. */
static void push_to_all(uint64_t others, struct ke_tlb_request *requests,
                        const struct ke_tlb_request *request)
{
    for (uint64_t left = others; left != 0; left &= left - 1) {
        uint32_t index = (uint32_t)__builtin_ctzll(left);
        requests[index] = *request;
        push(ke.cpu[index], &requests[index]);
    }
}

void ke_tlb_flush(uint64_t cpus, const struct ke_tlb_range *ranges, uint32_t count)
{
    struct ke_tlb_request requests[ARCH_MAX_CPUS];
    bool interrupts = arch_interrupts_disable();
    struct ke_cpu *self = arch_cpu();
    CHECK(self->held_count == 0);
    uint64_t here = (uint64_t)1 << self->index;
    uint64_t others = cpus & atomic_load_acquire(&ke.active) & ~here;
    uint32_t remaining = (uint32_t)__builtin_popcountll(others);
    push_to_all(others, requests, &(struct ke_tlb_request){ NULL, ranges, count, &remaining });
    self->counters.tlb_shoot_downs++;
    if (cpus & here)
        flush_here(self, ranges, count); /* while the others do the same */
    arch_interrupts_restore(interrupts);
    while (atomic_load_acquire(&remaining) != 0)
        ke_tlb_pause();
}
