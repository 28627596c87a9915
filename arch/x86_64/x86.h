/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Private to the x86_64 port: the per-processor block, vectors, registers, and what its files give
 * each other.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nt/amd64.h>

#include "arch.h"
#include "rtl/acpi.h"
#include "rtl/options.h"
#include "x86_64/instructions.h"
#include "x86_64/layout.h"

/* Vectors: the high four bits are the IRQL that CR8 compares with. */
#define X86_VECTOR_APC            0x1f
#define X86_VECTOR_DISPATCH       0x2f
#define X86_VECTOR_DEVICE_FIRST   0x30 /* levels 3 to 11 */
#define X86_VECTOR_DEVICE_LAST    0xbf
#define X86_VECTOR_CLOCK          0xd1
#define X86_VECTOR_IPI_RESCHEDULE 0xe0
#define X86_VECTOR_IPI_CALL       0xe1
#define X86_VECTOR_SPURIOUS       0xff

struct x86_tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7]; /* [n - 1] is IST n */
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t io_map;
} __attribute__((packed));
_Static_assert(sizeof(struct x86_tss) == 104, "Intel SDM vol. 3, 8.7: 64-bit TSS");

enum x86_ist { X86_IST_DOUBLE = 1, X86_IST_NMI, X86_IST_MCE, X86_IST_COUNT = X86_IST_MCE };

/*
 * What GS points at. The first page is NT's view (KPCR, public head of the KPRCB at 0x180); ours
 * follows, so that drivers that look at the documented fields find them and nothing else.
 */
struct x86_cpu {
    KPCR pcr;
    uint8_t pcr_rest[NT_KPCR_PRCB_OFFSET - sizeof(KPCR)];
    KPRCB prcb;
    uint8_t prcb_rest[0x1000 - NT_KPCR_PRCB_OFFSET - sizeof(KPRCB)];
    struct ke_cpu *ke; /* X86_PCR_KE_CPU */
    bool
        fpu_on; /* X86_PCR_FPU: the thread here has floating-point state, in the registers; CR0.TS is off */
    uint32_t index;
    uint32_t apic_id;
    uint32_t acpi_uid;
    KIRQL cr8;                /* what CR8 holds: written only when that changes */
    uint8_t software_pending; /* bits of the levels whose software interrupt was sent */
    bool stopped;             /* [atomic] answered the stop NMI */
    uint64_t cr8_writes;      /* by arch_irql_set, interrupts off */
    uint64_t last_tick;       /* the last millisecond of the counter that was delivered */
    const struct arch_frame *stop_frame; /* where the stop NMI found it */
    uint64_t gdt[X86_GDT_ENTRIES];
    struct x86_tss tss;
};

_Static_assert(offsetof(struct x86_cpu, ke) == X86_PCR_KE_CPU, "arch_port.h reads it");
_Static_assert(offsetof(struct x86_cpu, fpu_on) == X86_PCR_FPU, "entry.S reads it");
_Static_assert(offsetof(struct x86_cpu, prcb) == NT_KPCR_PRCB_OFFSET, "gs:[0x20] is the KPRCB");
_Static_assert(offsetof(struct x86_cpu, prcb.CurrentThread) == X86_PCR_CURRENT_THREAD,
               "gs:[0x188] is the thread");
_Static_assert(offsetof(KPCR, Irql) == X86_PCR_IRQL, "arch_port.h reads it");

extern struct x86_cpu *x86_cpus[ARCH_MAX_CPUS]; /* by index; set before the processor runs */
extern struct x86_cpu x86_boot_cpu;             /* processor 0 */
extern struct rtl_acpi x86_acpi;                /* [i] after boot */
extern struct rtl_acpi_madt x86_madt; /* [i] after boot; cpu[0] is the processor that booted */
extern struct rtl_acpi_fadt x86_fadt; /* [i] after boot */
extern struct arch_boot x86_boot;     /* what arch_boot() returns */
extern struct arch_counts x86_counts[ARCH_MAX_CPUS]; /* each by its own processor */
extern struct rtl_options x86_options;               /* the parsed command line */
extern bool x86_stop_requested;                      /* [atomic] NMIs mean: stop for good */

static inline struct x86_cpu *x86_self(void)
{
    struct x86_cpu *cpu;
    __asm__ volatile("movq %%gs:0x18, %0" : "=r"(cpu)); /* KPCR.Self */
    return cpu;
}

/* boot/relocate.c: what it left for the rest of boot. */
extern uint64_t x86_entry_counter; /* arch_counter at the first instructions, read by head.S */
extern uint64_t x86_boot_seed;    /* the number that `seed=` gives, or that gives this boot again */
extern uint64_t x86_boot_entropy; /* for those who randomise after it; 0: `nokaslr` */
/* One well-mixed number from `*state`, which moves on (splitmix64). */
uint64_t x86_random(uint64_t *state);

/*
 * boot/multiboot.c: the boot loader's information, either protocol, copied. Returns NULL, or why
 * the machine cannot be booted. `raw` gets the firmware's memory map and what stands in memory
 * already.
 */
struct x86_multiboot {
    char command_line[1024];
    uint8_t rsdp[64]; /* a copy, from a multiboot2 tag */
    size_t rsdp_bytes;
    struct arch_memory_range raw[256];
    size_t raw_count;
};
extern struct x86_multiboot x86_multiboot;
const char *x86_multiboot_read(uint32_t magic, uint64_t info);
/* GRUB's quoting of arguments undone in place. */
void x86_multiboot_unquote(char *line);

/* boot/memory.c: x86_boot.memory, and page frames before mm can give any. */
const char *x86_memory_init(void); /* NULL or the refusal */
uint64_t x86_frame_allocate(void); /* zeroed, by its number; ARCH_NO_PFN: none left */
const char *x86_memory_finish(
    void); /* what was taken is in use; from here mm_table_page gives. NULL or the refusal */
uint64_t x86_low_page(void); /* physical address of a page below 1 MiB for start code; 0: none */

/* cpu.c: processor set-up that every processor does. */
extern uint64_t x86_kernel_cr3; /* below 4 GiB */
void x86_cpu_init_boot(void);   /* the block of the boot processor; x86_cpu_load follows */
/* A block for another processor, IST stacks included, in x86_cpus. STATUS_NO_MEMORY. */
MUST_CHECK NTSTATUS x86_cpu_create(uint32_t index, struct x86_cpu **out_cpu);
void x86_cpu_load(
    struct x86_cpu *cpu); /* GDT, IDT, TSS, GS; CR0, CR4, EFER, PAT, STAR; needs paging */
struct x86_features {
    bool nx, smep, smap, umip, pge, pat, rdrand, xsave;
};
extern struct x86_features x86_features; /* [i] after x86_cpu_init_boot */

/* fpu.c */
#define X86_MXCSR_DEFAULT 0x1f80 /* all exceptions masked, round to nearest */
#define X86_FCW_DEFAULT   0x27f  /* Windows' x87 control word: 53 bits, all masked */
#define X86_FPU_ALIGN     64
extern uint8_t x86_fpu_boot_area[]; /* of the boot processor's idle thread */
extern uint64_t x86_fpu_features;   /* [i] XCR0; 0: FXSAVE and FXRSTOR only */
void x86_fpu_detect(void);          /* boot processor, once */
void x86_fpu_area_init(void *area); /* once, before it is anybody's fpu_area */
void x86_fpu_init_cpu(void);        /* this processor; CR4 is set, CR0.TS on */
/* #NM: the thread here has state from now on. False: it had it already, the fault is a real one. */
MUST_CHECK bool x86_fpu_first_use(struct arch_frame *frame);
/* Where a guarded load that faulted goes on (guarded.S). */
extern const uint8_t x86_guarded_load_failed[];
/* On the way out of a trap: what it used of a thread that had no state is forgotten. */
void x86_fpu_leave(const struct arch_frame *frame);

/* frame.c: the IDT, one for all processors */
void x86_idt_build(void);
void x86_idt_load(void);
void *x86_idt_base(void);

/* mmu.c */
size_t x86_image_bytes(void); /* as the image's header says */
const char *
x86_mmu_init(void); /* final page tables: image by section, direct map; NULL or the refusal */
/* Device registers, uncached, mapped for good. NULL: no memory. */
volatile void *x86_map_device(uint64_t physical, size_t bytes);
/* Firmware tables: any RAM or ROM address, read only. NULL: not mappable. */
const void *x86_map_physical(uint64_t physical, size_t bytes);
/* `pages` of zeroed memory, guard pages around them; never freed. NULL: no memory. */
void *x86_map_memory(size_t pages);
void x86_mmu_map_identity(
    void); /* the low page at its physical address, executable, for start code */
void x86_mmu_unmap_identity(void);
bool x86_mmu_readable(uintptr_t address, size_t bytes); /* a read there would find kernel memory */
uint64_t x86_mmu_entry(
    uintptr_t address); /* the leaf entry that maps it, 0: none; bit 7 tells a large page */

/* frame.c */
void x86_classify(const struct arch_frame *frame, uint32_t vector, uintptr_t cr2,
                  struct arch_fault *fault);

/* context.S */
struct ke_thread *x86_context_switch(struct arch_context *from, struct arch_context *to);
void x86_capture_context(CONTEXT *context); /* of the caller; integer and control registers */

/* unwind.c */
void x86_frame_context(const struct arch_frame *frame, CONTEXT *context);

/* apic.c */
/* Map the registers; boot processor, once; masks the 8259. NULL or the refusal. */
const char *x86_apic_init(void);
void x86_apic_init_cpu(void); /* this processor: spurious vector, LINT NMIs from the MADT, TPR */
void x86_apic_eoi(void);
void x86_apic_send(uint32_t apic_id,
                   uint32_t icr_low); /* waits for the delivery of the one before */
void x86_apic_send_self(uint8_t vector);
void x86_apic_send_others(uint32_t icr_low);
uint32_t x86_apic_read_id(void);

/* ioapic.c */
void x86_ioapic_init(void);
uint32_t x86_ioapic_isa_gsi(uint8_t irq);
bool x86_ioapic_vector_gsi(uint8_t vector,
                           uint32_t *gsi); /* which line a device vector belongs to */

/* clock.c */
/* counter_hz and the APIC timer's rate, by the ACPI PM timer or the PIT. NULL or the refusal. */
const char *x86_clock_calibrate(void);
uint64_t x86_clock_ticks_due(void); /* whole milliseconds since the last call on this processor */

/* uart.c: COM1 */
void x86_uart_init(void);        /* polled */
NTSTATUS x86_uart_connect(void); /* receive interrupt into a ring */
void x86_uart_interrupt(void);

/* power.c */
void x86_power_init(void);          /* enables ACPI mode, finds _S5 */
void x86_power_interrupt(void);     /* the SCI */
bool x86_power_can_power_off(void); /* the tables say how */

/* smp.c */
/* What an NMI was for: true, it was asked for and is answered; false, the kernel must hear of it. Stops here if told. */
bool x86_nmi_handled(const struct arch_frame *frame);
/* Send an NMI to a processor and wait for its answer; false: none in that time. Interrupts there may be off. */
MUST_CHECK bool x86_nmi_ping(uint32_t cpu_index, uint32_t microseconds);
