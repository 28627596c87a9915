/* SPDX-License-Identifier: BSD-2-Clause */
/* Processors as Ke sees them: their state, and bringing them up. */
#include <nt/ke_thread_ddi.h>
#include <nt/ntstatus.h>

#include "base/format.h"
#include "base/log.h"
#include "ke/ke_impl.h"
#include "ke/tlb.h"

#define TAG_CPU 0x75706345u /* "Ecpu" */

struct ke_state ke;

void ke_reset(void)
{
    __builtin_memset(&ke, 0, sizeof(ke));
}

void ke_cpu_init(struct ke_cpu *cpu, uint32_t index)
{
    cpu->index = index;
    ke_lock_init(&cpu->ready_lock, KE_LOCK_READY);
    ke_lock_init(&cpu->dpc_lock, KE_LOCK_DPC);
    ke_lock_init(&cpu->timer_lock, KE_LOCK_TIMER);
    KeInitializeEvent(&cpu->dpc_thread_work, SynchronizationEvent, FALSE);
    for (uint32_t i = 0; i < KE_PRIORITIES; i++)
        InitializeListHead(&cpu->ready[i]);
    for (uint32_t level = 0; level < KE_WHEEL_LEVELS; level++) {
        for (uint32_t slot = 0; slot < KE_WHEEL_SLOTS; slot++)
            InitializeListHead(&cpu->wheel[level][slot]);
    }
}

/* The thread that a processor runs when there is nothing else; it is never in a queue. */
static void idle_thread_init(struct ke_cpu *cpu)
{
    struct ke_thread *idle = &cpu->idle_thread;
    char name[KE_THREAD_NAME_BYTES];
    (void)format_text(name, sizeof(name), "idle %u", cpu->index); /* it fits */
    ke_thread_init(
        idle, &(struct ke_thread_options){ .name = name, .affinity = (uint64_t)1 << cpu->index });
    idle->idle = true;
    idle->priority = 0;
    idle->base_priority = 0;
    idle->state = KE_THREAD_RUNNING;
    idle->on_cpu = true;
    idle->cpu = cpu->index;
    cpu->idle = idle;
    cpu->current = idle;
}

void ke_set_memory(const struct ke_memory *memory)
{
    ke.memory = memory;
}

void ke_cpu_activate(struct ke_cpu *cpu)
{
    (void)atomic_or(&ke.active, (uint64_t)1 << cpu->index);
    ke_tlb_forget_all(); /* what was shot down before it was asked, too */
    if (cpu->index == 0)
        ke_clock_begin();
    arch_clock_start();
}

void ke_init(void)
{
    struct ke_cpu *cpu = &ke.boot_cpu;
    ke.relief_ticks = KE_RELIEF_TICKS;
    ke.dpc_depth_maximum = KE_DPC_DEPTH_MAXIMUM;
    ke.dpc_rate_minimum = KE_DPC_RATE_MINIMUM;
    ke_lock_init(&ke.wait_all_lock, KE_LOCK_WAIT_ALL);
    ke_lock_init(&ke.thread_list_lock, KE_LOCK_THREAD_LIST);
    ke_lock_init(&ke.reaper_lock, KE_LOCK_REAPER);
    ke_interrupt_init();
    InitializeListHead(&ke.threads);
    InitializeListHead(&ke.reaper_list);
    KeInitializeEvent(&ke.reaper_work, SynchronizationEvent, FALSE);
    ke_cpu_init(cpu, 0);
    ke.cpu[0] = cpu;
    ke.cpu_count = 1;
    KeNumberProcessors = 1;
    arch_cpu_bind(cpu, &cpu->idle_thread.context, &cpu->idle_thread);
    idle_thread_init(cpu);
}

static NTSTATUS start_processor(uint32_t index)
{
    struct ke_cpu *cpu = ke.memory->allocate(sizeof(*cpu), TAG_CPU);
    if (cpu == NULL)
        return STATUS_NO_MEMORY;
    void *stack = ke.memory->stack_allocate(KE_STACK_PAGES);
    if (stack == NULL) {
        ke.memory->free(cpu, TAG_CPU);
        return STATUS_NO_MEMORY;
    }
    ke_cpu_init(cpu, index);
    idle_thread_init(cpu);
    cpu->idle->stack = stack;
    cpu->idle->stack_pages = KE_STACK_PAGES;
    arch_context_init(&cpu->idle->context, cpu->idle,
                      (char *)stack + KE_STACK_PAGES * ARCH_PAGE_BYTES);
    ke.cpu[index] = cpu;
    NTSTATUS status = arch_cpu_start(index, cpu, &cpu->idle->context);
    if (NT_SUCCESS(status)) {
        while (!(atomic_load_acquire(&ke.active) >> index & 1))
            arch_cpu_pause(); /* it runs: it will say so */
        atomic_store_release(&ke.cpu_count, index + 1);
        KeNumberProcessors = (CCHAR)(index + 1);
    }
    return status;
}

MUST_CHECK NTSTATUS ke_start_processors(uint32_t limit)
{
    uint32_t present = arch_boot()->cpu_count;
    for (uint32_t index = 1; index < present && index < limit; index++) {
        NTSTATUS status = start_processor(index);
        if (!NT_SUCCESS(status)) {
            log_event(LOG_ERROR, "ke", "processor_failed cpu=%u status=%x", index, status);
            return status;
        }
    }
    log_event(LOG_INFO, "ke", "processors count=%u present=%u", ke.cpu_count, present);
    return STATUS_SUCCESS;
}
