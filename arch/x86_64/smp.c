/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting the other processors, and stopping them for good.
 *
 * A start: the code of smp_start.S is copied to the low page with what the processor needs to get to x86_smp_arrive on its own
 * stack. From there a word, `stage`, moves from one hand to the other: the starter waits for ARRIVED, takes the low page
 * away, then says GO. Whoever is first decides a race at the time-out: a processor that comes later finds ABANDONED.
 * One start at a time: start_lock. Source: Intel SDM vol. 3, 9.4 (INIT-SIPI-SIPI), 10.8.5 (the way to IA-32e mode)
 *
 * A stop: an NMI, because a processor that spins with interrupts off must stop, too. It says so and halts in the handler,
 * its registers in the trap frame.
 */
#include "x86_64/smp.h"

#include <nt/ntstatus.h>

#include "base/atomic.h"
#include "base/log.h"
#include "x86_64/apic.h"
#include "x86_64/x86.h"

#define INIT_US         10000
#define STARTUP_US      200
#define ARRIVE_SECONDS  5
#define STOP_SECONDS    1
#define SKEW_US         10 /* larger differences of the counters are reported */
#define EFER_LME        0x100u
#define EFER_NXE        0x800u
#define LARGEST_APIC_ID 0xfe

enum stage { STARTING, ARRIVED, ABANDONED, GO };

struct parameters {
    uint64_t gdt[4];
    uint16_t gdt_limit;
    uint16_t gdt_base[2]; /* 32 bits, two bytes off */
    uint16_t pad;
    uint32_t offset32;
    uint32_t selector32;
    uint32_t offset64;
    uint32_t selector64;
    uint32_t cr3;
    uint32_t efer;
    uint64_t stack;
    uint64_t entry;
    uint64_t cpu;
};
_Static_assert(offsetof(struct parameters, gdt_limit) == X86_START_GDT_SIZE, "smp_start.S");
_Static_assert(offsetof(struct parameters, offset32) == X86_START_FAR32, "smp_start.S");
_Static_assert(offsetof(struct parameters, offset64) == X86_START_FAR64, "smp_start.S");
_Static_assert(offsetof(struct parameters, cr3) == X86_START_CR3, "smp_start.S");
_Static_assert(offsetof(struct parameters, efer) == X86_START_EFER, "smp_start.S");
_Static_assert(offsetof(struct parameters, stack) == X86_START_STACK, "smp_start.S");
_Static_assert(offsetof(struct parameters, entry) == X86_START_ENTRY, "smp_start.S");
_Static_assert(offsetof(struct parameters, cpu) == X86_START_CPU, "smp_start.S");
_Static_assert(sizeof(struct parameters) == X86_START_BYTES, "smp_start.S");

extern const char x86_start_code[], x86_start_code32[], x86_start_code64[];
extern const char x86_start_parameters[];
void x86_smp_arrive(struct x86_cpu *cpu);

static uint32_t start_lock;
static uint32_t stage;           /* [a] enum stage */
static uint64_t nmi_expected;    /* [a] bit n: processor n answers its next NMI and goes on */
static bool nmi_reported;        /* [a] a processor has taken an NMI to the kernel */
static uint64_t arrival_counter; /* [a] the new processor's counter; 0: not read yet */

/* --- The new processor ---------------------------------------------------------------------- */

static _Noreturn void halt(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}

/* Interrupts are off. The low page is gone when this goes on, so what the TLB has of it goes, too. */
_Noreturn void x86_smp_arrive(struct x86_cpu *cpu)
{
    x86_cpu_load(cpu);
    x86_apic_init_cpu();
    uint32_t expected = STARTING;
    if (!atomic_cas(&stage, &expected, ARRIVED))
        halt();
    atomic_store_release(&arrival_counter, arch_counter());
    while (atomic_load_acquire(&stage) != GO)
        arch_cpu_pause();
    x86_write_cr3(x86_read_cr3());
    init_start_cpu(cpu->ke);
}

/* --- The one that starts it ----------------------------------------------------------------- */

static uint32_t offset_of(const char *label)
{
    return (uint32_t)(label - x86_start_code);
}

static void write_low_page(struct x86_cpu *cpu, const struct arch_context *idle)
{
    uint32_t page = (uint32_t)x86_low_page();
    char *to = arch_physical_to_virtual(page);
    struct parameters *p = (void *)(to + offset_of(x86_start_parameters));
    for (uint32_t i = 0; i < offset_of(x86_start_parameters); i++)
        to[i] = x86_start_code[i];
    uint32_t gdt = page + offset_of(x86_start_parameters);
    *p = (struct parameters){
        .gdt = { 0, 0x00cf9b000000ffff, 0x00af9b000000ffff, 0x00cf93000000ffff },
        .gdt_limit = sizeof(p->gdt) - 1,
        .gdt_base = { (uint16_t)gdt, (uint16_t)(gdt >> 16) },
        .offset32 = page + offset_of(x86_start_code32),
        .selector32 = X86_START_CODE32,
        .offset64 = page + offset_of(x86_start_code64),
        .selector64 = X86_START_CODE64,
        .cr3 = (uint32_t)x86_kernel_cr3,
        .efer = EFER_LME | (x86_features.nx ? EFER_NXE : 0),
        .stack = idle->stack_top,
        .entry = (uintptr_t)x86_smp_arrive,
        .cpu = (uintptr_t)cpu,
    };
}

/* Until it has arrived, at most that many microseconds. */
static bool wait_arrived(uint32_t microseconds)
{
    uint64_t limit = x86_boot.counter_hz / 1000000 * microseconds;
    uint64_t start = arch_counter();
    while (atomic_load_acquire(&stage) != ARRIVED) {
        if (arch_counter() - start > limit)
            return false;
        arch_cpu_pause();
    }
    return true;
}

/* All processors that will be started are put into wait-for-SIPI at once, so that the long wait is one. */
static void send_init(void)
{
    static bool sent; /* start_lock */
    if (sent)
        return;
    sent = true;
    for (uint32_t i = 1; i < x86_boot.cpu_count; i++) {
        if (x86_madt.cpu[i].apic_id <= LARGEST_APIC_ID)
            x86_apic_send(x86_madt.cpu[i].apic_id,
                          APIC_ICR_INIT | APIC_ICR_ASSERT | APIC_ICR_LEVEL);
    }
    arch_stall(INIT_US);
}

/* Compared with the starter's counter before and after the arrival. */
static void report_skew(const struct x86_cpu *cpu, uint64_t before)
{
    uint64_t theirs;
    while ((theirs = atomic_load_acquire(&arrival_counter)) == 0)
        arch_cpu_pause();
    uint64_t after = arch_counter();
    uint64_t limit = x86_boot.counter_hz / 1000000 * SKEW_US;
    if (theirs + limit < before || theirs > after + limit)
        log_event(LOG_WARNING, "x86", "counter_skew cpu=%u before=%llu theirs=%llu after=%llu",
                  cpu->index, (unsigned long long)before, (unsigned long long)theirs,
                  (unsigned long long)after);
}

/* True: it runs, and waits for GO. */
static bool wake(const struct x86_cpu *cpu)
{
    uint32_t startup = APIC_ICR_STARTUP | APIC_ICR_ASSERT | (uint32_t)(x86_low_page() >> 12);
    send_init();
    x86_apic_send(cpu->apic_id, startup);
    if (wait_arrived(STARTUP_US))
        return true;
    x86_apic_send(cpu->apic_id, startup);
    if (wait_arrived(ARRIVE_SECONDS * 1000000))
        return true;
    uint32_t expected = STARTING;
    if (!atomic_cas(&stage, &expected, ABANDONED))
        return true; /* it came in the last moment */
    x86_apic_send(cpu->apic_id, APIC_ICR_INIT | APIC_ICR_ASSERT | APIC_ICR_LEVEL);
    return false;
}

static NTSTATUS start(struct x86_cpu *cpu, const struct arch_context *idle)
{
    atomic_store_release(&stage, STARTING);
    atomic_store_release(&arrival_counter, 0);
    write_low_page(cpu, idle);
    x86_mmu_map_identity();
    uint64_t before = arch_counter();
    bool runs = wake(cpu);
    if (runs)
        report_skew(cpu, before);
    x86_mmu_unmap_identity();
    if (runs)
        atomic_store_release(&stage, GO);
    return runs ? STATUS_SUCCESS : STATUS_IO_TIMEOUT;
}

static void prepare(struct x86_cpu *cpu, struct ke_cpu *ke, const struct arch_context *idle)
{
    cpu->apic_id = x86_madt.cpu[cpu->index].apic_id;
    cpu->acpi_uid = x86_madt.cpu[cpu->index].acpi_uid;
    cpu->prcb.CurrentThread = (KTHREAD *)idle->thread;
    cpu->prcb.IdleThread = (KTHREAD *)idle->thread;
    cpu->tss.rsp[0] = idle->stack_top;
    cpu->ke = ke;
}

MUST_CHECK NTSTATUS arch_cpu_start(uint32_t index, struct ke_cpu *ke, struct arch_context *idle)
{
    struct x86_cpu *cpu = x86_cpus[index];
    CHECK(index != 0 && index < x86_boot.cpu_count && x86_low_page() != 0);
    if (x86_madt.cpu[index].apic_id > LARGEST_APIC_ID)
        return STATUS_NOT_SUPPORTED;
    while (atomic_exchange_acquire(&start_lock, 1) != 0)
        arch_cpu_pause();
    NTSTATUS status = cpu == NULL ? x86_cpu_create(index, &cpu) : STATUS_SUCCESS;
    if (NT_SUCCESS(status)) {
        prepare(cpu, ke, idle);
        status = start(cpu, idle);
    }
    atomic_store_release(&start_lock, 0);
    return status;
}

/* --- Stopping ------------------------------------------------------------------------------- */

static _Noreturn void stop_here(const struct arch_frame *frame)
{
    struct x86_cpu *self = x86_self();
    self->stop_frame = frame;
    atomic_store_release(&self->stopped, true);
    halt();
}

/*
 * A machine's NMI reaches all processors at once, and none of them can be stopped by another NMI before it returns from
 * this one: the first to come reports, the others wait here for its stop.
 */
bool x86_nmi_handled(const struct arch_frame *frame)
{
    uint64_t own = (uint64_t)1 << x86_self()->index;
    if (atomic_and(&nmi_expected, ~own) & own)
        return true;
    bool stop = atomic_load_acquire(&x86_stop_requested);
    if (!stop && !atomic_exchange(&nmi_reported, true))
        return false;
    while (!atomic_load_acquire(&x86_stop_requested))
        arch_cpu_pause();
    stop_here(frame);
}

bool x86_nmi_ping(uint32_t cpu_index, uint32_t microseconds)
{
    uint64_t bit = (uint64_t)1 << cpu_index;
    uint64_t limit = x86_boot.counter_hz / 1000000 * microseconds;
    uint64_t start_counter = arch_counter();
    (void)atomic_or(&nmi_expected, bit);
    x86_apic_send(x86_cpus[cpu_index]->apic_id, APIC_ICR_NMI | APIC_ICR_ASSERT);
    while (atomic_load_acquire(&nmi_expected) & bit) {
        if (arch_counter() - start_counter > limit)
            return false;
        arch_cpu_pause();
    }
    return true;
}

/* A processor counts from the moment that it has its Ke state; one that was never started does not answer. */
static bool all_stopped(const struct x86_cpu *self)
{
    for (uint32_t i = 0; i < ARCH_MAX_CPUS; i++) {
        const struct x86_cpu *cpu = x86_cpus[i];
        if (cpu != NULL && cpu != self && cpu->ke != NULL && !atomic_load_acquire(&cpu->stopped))
            return false;
    }
    return true;
}

void arch_cpu_stop_others(void)
{
    const struct x86_cpu *self = x86_self();
    atomic_store_release(&x86_stop_requested, true);
    if (all_stopped(self))
        return;
    x86_apic_send_others(APIC_ICR_NMI);
    uint64_t start_counter = arch_counter();
    while (!all_stopped(self) &&
           arch_counter() - start_counter < x86_boot.counter_hz * STOP_SECONDS)
        arch_cpu_pause();
}

const struct arch_frame *arch_cpu_stopped_frame(uint32_t cpu_index)
{
    const struct x86_cpu *cpu = cpu_index < ARCH_MAX_CPUS ? x86_cpus[cpu_index] : NULL;
    return cpu != NULL && atomic_load_acquire(&cpu->stopped) ? cpu->stop_frame : NULL;
}
