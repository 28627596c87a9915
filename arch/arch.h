/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The contract between src/ and a port: all that src/ knows about the processor.
 *
 * Down: at most 40 arch_* functions, which a port implements (arch_port.h may give some of them inline).
 * Up: at most 8 functions of src/, which a port calls. A port may use base/, include/nt and the pure parsers of
 * rtl/ beside that, and nothing else of src/. ci/check-seam counts both sides.
 *
 * Processors are numbered from 0 (the one that boots). Addresses: physical ones are uint64_t, page frame numbers
 * (`_pfn`) are physical addresses / ARCH_PAGE_BYTES.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nt/ntdef.h>

#include "base/check.h"

#define ARCH_PAGE_SHIFT 12
#define ARCH_PAGE_BYTES ((size_t)1 << ARCH_PAGE_SHIFT)
#define ARCH_MAX_CPUS   64

struct ke_cpu;
struct ke_thread;
struct arch_frame;   /* the saved state of a trap, NT's KTRAP_FRAME where the port has one */
struct arch_context; /* what a thread that does not run keeps: arch_port.h defines it */

#include "arch_port.h" /* before the prototypes, so that what is inline there stays internal */

/* --- Boot ------------------------------------------------------------------------------------------------- */

enum arch_memory_kind {
    ARCH_MEMORY_FREE,        /* RAM that the allocator may use */
    ARCH_MEMORY_BOOT,        /* RAM that holds the image, modules, boot tables: in use */
    ARCH_MEMORY_RECLAIMABLE, /* ACPI tables: RAM, kept */
    ARCH_MEMORY_RESERVED,    /* not ours */
};

struct arch_memory_range {
    uint64_t base; /* bytes, physical */
    uint64_t bytes;
    enum arch_memory_kind kind;
};

/* What the port did on one processor since it runs; for measurements. */
struct arch_counts {
    uint64_t
        level_writes; /* of the processor's own level, which may cost much more than our copy of it */
    uint64_t space_loads;     /* of the register that holds the address space */
    uint64_t tlb_flushes;     /* instructions: one a page, or one for all */
    uint64_t self_interrupts; /* that it sent itself */
};

struct arch_boot {
    const char *command_line;
    const struct arch_memory_range *memory; /* sorted, without overlaps, page aligned inwards */
    size_t memory_count;
    uintptr_t image_base; /* of ntoskrnl.exe as it runs */
    size_t image_bytes;
    uintptr_t kernel_space; /* kernel address space that mm hands out: stacks, mappings */
    size_t kernel_space_bytes;
    uint64_t counter_hz; /* of arch_counter, calibrated */
    uint64_t
        entry_counter; /* arch_counter at the kernel's first instruction; 0 where the counter starts with the world */
    uint64_t seed; /* of this boot: what `seed=` says, else what the machine has of randomness */
    const struct arch_counts *counts; /* by processor; NULL: the port does not count */
    uint32_t cpu_count;               /* processors that can be started, this one included */
    const char *refusal; /* not NULL: the machine lacks something; say it and stop with status 3 */
};

/* What the machine handed over. Valid from init_start on. */
const struct arch_boot *arch_boot(void);

/* --- This processor --------------------------------------------------------------------------------------- */

struct ke_cpu *
arch_cpu(void); /* inline: this processor's Ke state; stable only while nothing can switch */
struct ke_thread *arch_thread(void); /* inline: the thread that runs here */

/* The boot processor gets its Ke state, and `thread`, with its context, for what it has been running all along. */
void arch_cpu_bind(struct ke_cpu *cpu, struct arch_context *running, struct ke_thread *thread);

/*
 * Start processor `index`; it appears in init_start_cpu(cpu) as the thread of `idle`, interrupts off.
 * Returns STATUS_SUCCESS once it runs, STATUS_IO_TIMEOUT if it does not answer, STATUS_NO_MEMORY.
 */
MUST_CHECK NTSTATUS arch_cpu_start(uint32_t index, struct ke_cpu *cpu, struct arch_context *idle);

void arch_cpu_pause(void); /* inline: hint inside a spin loop */
void arch_cpu_halt(
    void); /* interrupts are off: turn them on and sleep until one comes, as one step */

enum arch_ipi {
    ARCH_IPI_RESCHEDULE, /* look at your ready queue */
    ARCH_IPI_CALL,       /* look at your call requests */
};

void arch_ipi_send(uint32_t cpu_index, enum arch_ipi reason);

/* Stop every other processor for good, interrupts off or not (NMI). For a bugcheck. */
void arch_cpu_stop_others(void);
/* Where a processor was when it was stopped; NULL: it did not answer. */
const struct arch_frame *arch_cpu_stopped_frame(uint32_t cpu_index);

/* --- Interrupts and IRQL ---------------------------------------------------------------------------------- */

bool arch_interrupts_disable(void);              /* inline: returns whether they were on */
void arch_interrupts_restore(bool were_enabled); /* inline */
bool arch_interrupts_enabled(void);              /* inline */

KIRQL arch_irql(void); /* inline: this processor's level */
void arch_irql_set(
    KIRQL irql); /* raise or lower; a lower level lets pending software interrupts in */

/* Make an interrupt at `level` (APC_LEVEL or DISPATCH_LEVEL) pending on this processor. IRQL: any. */
void arch_software_interrupt(KIRQL level);

/*
 * Route the interrupt line `gsi` (ACPI's global system interrupt) to `cpu_index` and unmask it; ARCH_CPU_NONE: mask it.
 * *vector_irql is the level its handler runs at, the same until arch_interrupt_disconnect. STATUS_INVALID_PARAMETER: no
 * such line or processor. STATUS_INSUFFICIENT_RESOURCES: no vector left. STATUS_SHARING_VIOLATION: the port's own line.
 */
#define ARCH_CPU_NONE UINT32_MAX
MUST_CHECK NTSTATUS arch_interrupt_connect(uint32_t gsi, uint32_t cpu_index, KIRQL *vector_irql);
void arch_interrupt_disconnect(uint32_t gsi);

/* --- Threads ---------------------------------------------------------------------------------------------- */

/* Prepare a context that will enter ke_thread_begin(previous) on the stack that ends at `stack_top`. */
void arch_context_init(struct arch_context *context, struct ke_thread *thread, void *stack_top);

/*
 * Leave `from`, enter `to`; interrupts are off on both sides.
 * Returns, in the context that was entered, the thread that ran on this processor before.
 */
struct ke_thread *arch_context_switch(struct arch_context *from, struct arch_context *to);

/*
 * The floating-point and vector registers of the thread that runs: copied to `area` (ARCH_FLOAT_BYTES, aligned to 64),
 * and back, of which `mask` says the parts by the numbers of XSTATE_MASK_LEGACY and its like. IRQL: <= DISPATCH_LEVEL
 */
void arch_float_save(void *area);
void arch_float_restore(const void *area, uint64_t mask);

/* --- Time ------------------------------------------------------------------------------------------------- */

uint64_t arch_counter(void);            /* inline: counts at arch_boot()->counter_hz */
void arch_stall(uint32_t microseconds); /* spin; any IRQL */
uint64_t arch_wall_clock_100ns(void);   /* the battery clock, 100 ns since 1601-01-01 UTC */
void arch_clock_start(
    void);                  /* this processor gets trap_clock at every millisecond of the counter */
void arch_clock_stop(void); /* this processor needs no ticks; others go on */

/* --- Memory ----------------------------------------------------------------------------------------------- */

enum arch_protection {
    ARCH_READ = 0,
    ARCH_WRITE = 1,
    ARCH_EXECUTE = 2, /* never with ARCH_WRITE */
    ARCH_UNCACHED = 4,
};

/*
 * Map one page of kernel address space. Page-table pages come from mm_table_page.
 * STATUS_SUCCESS, STATUS_NO_MEMORY, STATUS_CONFLICTING_ADDRESSES (something is mapped there).
 */
MUST_CHECK NTSTATUS arch_mmu_map(uintptr_t address, uint64_t pfn, uint32_t protection);
/* Returns the frame that was mapped there, or ARCH_NO_PFN. The translation may live on until arch_tlb_flush. */
uint64_t arch_mmu_unmap(uintptr_t address);
/* What is mapped at `address`: false if nothing. Either out-pointer may be NULL. */
bool arch_mmu_query(uintptr_t address, uint64_t *pfn, uint32_t *protection);
void arch_tlb_flush(uintptr_t address, size_t pages); /* on this processor */
void *
arch_physical_to_virtual(uint64_t physical); /* RAM only, writable unless it is the image's text */

/* Load 8 bytes of kernel memory that may be unmapped meanwhile; false: it is not mapped. IRQL: any. */
bool arch_load_guarded(const void *address, uint64_t *out_value);

#define ARCH_NO_PFN UINT64_MAX

/* --- The machine ------------------------------------------------------------------------------------------ */

void arch_console_write(const char *text,
                        size_t length); /* polled; any IRQL; the caller serialises */
bool arch_console_read(char *byte);     /* from the receive buffer that the interrupt fills */

enum arch_end {
    ARCH_END_EXIT,      /* end the emulator with `status`; without one, halt for good */
    ARCH_END_POWER_OFF, /* soft off (ACPI S5) */
    ARCH_END_RESET,
};
_Noreturn void arch_machine_end(enum arch_end how, uint32_t status);

/* Call `pressed` at device level when the power button is pressed. STATUS_NOT_SUPPORTED: the machine has none. */
MUST_CHECK NTSTATUS arch_power_button_connect(void (*pressed)(void));

/* --- Looking at stacks ------------------------------------------------------------------------------------ */

/* Fill `return_addresses` from a trap frame, from a thread that does not run, or (both NULL) from here. */
size_t arch_backtrace(const struct arch_frame *frame, const struct arch_context *context,
                      uintptr_t *return_addresses, size_t capacity);
/* Print registers as `@register` lines: those of a trap frame, or (NULL) the present ones. */
void arch_frame_print(const struct arch_frame *frame);

/* --- Up: what a port calls -------------------------------------------------------------------------------- */

/* The boot processor, on its first stack, interrupts off, arch_boot() valid. */
_Noreturn void init_start(void);
/* Another processor: on its idle thread's stack, interrupts off. */
_Noreturn void init_start_cpu(struct ke_cpu *cpu);
/* The first code of a thread: `previous` is the one that ran here before. Interrupts off. */
_Noreturn void ke_thread_begin(struct ke_thread *previous);

enum arch_interrupt {
    ARCH_INTERRUPT_DEVICE, /* detail: the gsi; the port has raised to its level and sends EOI afterwards */
    ARCH_INTERRUPT_IPI,      /* detail: enum arch_ipi bits that were raised; after EOI */
    ARCH_INTERRUPT_APC,      /* at APC_LEVEL, interrupts on, after EOI: may switch */
    ARCH_INTERRUPT_DISPATCH, /* at DISPATCH_LEVEL, interrupts on, after EOI: may switch */
};
void trap_interrupt(struct arch_frame *frame, enum arch_interrupt kind, uint32_t detail);
/* One call for each tick, at CLOCK_LEVEL, after EOI; `ticks` milliseconds have passed since the last one. */
void trap_clock(struct arch_frame *frame, uint64_t ticks);

enum arch_fault_kind {
    ARCH_FAULT_PAGE,
    ARCH_FAULT_EXCEPTION, /* number: the processor's; code: the NTSTATUS that NT gives it */
    ARCH_FAULT_DOUBLE,
    ARCH_FAULT_MACHINE_CHECK,
    ARCH_FAULT_NMI,
};
struct arch_fault {
    enum arch_fault_kind kind;
    uint32_t number;
    NTSTATUS code;
    uintptr_t address; /* of the access, for a page fault */
    uintptr_t pc;
    bool user;
    bool write;
    bool execute;
};
/* Returns if the trapped code may go on. */
void trap_fault(struct arch_frame *frame, const struct arch_fault *fault);

/* A zeroed page for a page table: its frame number, or ARCH_NO_PFN. */
uint64_t mm_table_page(void);
