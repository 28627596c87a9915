/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where entry.S arrives: what kind of trap it is, at which level it is handled, when the local APIC
 * hears of it.
 *
 * Interrupts are off on entry and when x86_trap returns. A thread that is preempted inside a
 * software interrupt may come back on another processor: nothing here keeps the processor's block
 * across an upcall that can switch.
 */
#include "base/atomic.h"
#include "x86_64/ioapic.h"
#include "x86_64/x86.h"

#include <nt/irql.h>
#include <nt/ntstatus.h>

#define FLAGS_INTERRUPT    0x200u

#define TRAP_DEBUG         1
#define TRAP_NMI           2
#define TRAP_BREAKPOINT    3
#define TRAP_NO_FPU        7
#define TRAP_DOUBLE        8
#define TRAP_PAGE          14
#define TRAP_MACHINE_CHECK 18
#define TRAP_COUNT         32

#define PAGE_ERROR_WRITE   2u
#define PAGE_ERROR_EXECUTE 16u

_Static_assert(offsetof(KTRAP_FRAME, PreviousMode) == X86_FRAME_PREVIOUS_MODE, "entry.S");
_Static_assert(offsetof(KTRAP_FRAME, PreviousIrql) == X86_FRAME_PREVIOUS_IRQL, "entry.S");
_Static_assert(offsetof(KTRAP_FRAME, FaultIndicator) == X86_FRAME_FPU, "entry.S");
_Static_assert(offsetof(KTRAP_FRAME, MxCsr) == X86_FRAME_MXCSR, "entry.S");
_Static_assert(offsetof(KTRAP_FRAME, Rax) == X86_FRAME_RAX, "entry.S");
_Static_assert(offsetof(KTRAP_FRAME, Rcx) == X86_FRAME_RCX, "entry.S");
_Static_assert(offsetof(KTRAP_FRAME, Rdx) == X86_FRAME_RDX, "entry.S");
_Static_assert(offsetof(KTRAP_FRAME, R8) == X86_FRAME_R8, "entry.S");
_Static_assert(offsetof(KTRAP_FRAME, R9) == X86_FRAME_R9, "entry.S");
_Static_assert(offsetof(KTRAP_FRAME, R10) == X86_FRAME_R10, "entry.S");
_Static_assert(offsetof(KTRAP_FRAME, R11) == X86_FRAME_R11, "entry.S");
_Static_assert(offsetof(KTRAP_FRAME, GsBase) == X86_FRAME_GS_SWAPPED, "entry.S");
_Static_assert(offsetof(KTRAP_FRAME, Xmm0) == X86_FRAME_XMM0, "entry.S");
_Static_assert(offsetof(KTRAP_FRAME, Rbx) == X86_FRAME_RBX, "entry.S");
_Static_assert(offsetof(KTRAP_FRAME, Rdi) == X86_FRAME_RDI, "entry.S");
_Static_assert(offsetof(KTRAP_FRAME, Rsi) == X86_FRAME_RSI, "entry.S");
_Static_assert(offsetof(KTRAP_FRAME, Rbp) == X86_FRAME_RBP, "entry.S");
_Static_assert(offsetof(KTRAP_FRAME, ErrorCode) == X86_FRAME_ERROR, "entry.S");
_Static_assert(offsetof(KTRAP_FRAME, Rip) == X86_FRAME_RIP, "entry.S");
_Static_assert(offsetof(KTRAP_FRAME, SegCs) == X86_FRAME_CS, "entry.S");
_Static_assert(X86_PCR_LEVEL == X86_PCR_IRQL && X86_PCR_THREAD == X86_PCR_CURRENT_THREAD,
               "layout.h");
_Static_assert(offsetof(KPCR, TssBase) == X86_PCR_TSS, "entry.S");
_Static_assert(NT_KPCR_PRCB_OFFSET + offsetof(KPRCB, MxCsr) == X86_PCR_PRCB_MXCSR, "entry.S");
_Static_assert(offsetof(struct x86_tss, rsp) == X86_TSS_RSP0, "context.S");

void x86_trap(struct arch_frame *frame, uint32_t vector);

/* --- The IDT --- */

struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t ist;
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};
_Static_assert(sizeof(struct gate) == 16, "Intel SDM vol. 3, 6.14.1: 64-bit interrupt gate");

#define STUB_BYTES         16
#define INTERRUPT_GATE     0x8e
#define USER_MAY_INTERRUPT 0x60

extern const char x86_stubs[];

static struct gate idt[256] __attribute__((aligned(16)));

void x86_idt_build(void)
{
    for (size_t i = 0; i < ARRAY_COUNT(idt); i++) {
        uintptr_t handler = (uintptr_t)x86_stubs + i * STUB_BYTES;
        idt[i] = (struct gate){
            .offset_low = handler & 0xffff,
            .selector = X86_KERNEL_CS,
            .type = INTERRUPT_GATE,
            .offset_middle = handler >> 16 & 0xffff,
            .offset_high = (uint32_t)(handler >> 32),
        };
    }
    idt[TRAP_BREAKPOINT].type |= USER_MAY_INTERRUPT;
    idt[TRAP_NMI].ist = X86_IST_NMI;
    idt[TRAP_DOUBLE].ist = X86_IST_DOUBLE;
    idt[TRAP_MACHINE_CHECK].ist = X86_IST_MCE;
}

void x86_idt_load(void)
{
    struct x86_table_pointer pointer = { sizeof(idt) - 1, (uintptr_t)idt };
    x86_load_idt(&pointer);
}

void *x86_idt_base(void)
{
    return idt;
}

/* --- Exceptions --- */

/*
 * What NT raises for each. Source: Win32 "EXCEPTION_RECORD structure", ExceptionCode; Intel SDM
 * vol. 3, 6.15
 */
static NTSTATUS exception_code(uint32_t vector)
{
    static const NTSTATUS codes[TRAP_COUNT] = {
        [0] = STATUS_INTEGER_DIVIDE_BY_ZERO,        [TRAP_DEBUG] = STATUS_SINGLE_STEP,
        [TRAP_BREAKPOINT] = STATUS_BREAKPOINT,      [4] = STATUS_INTEGER_OVERFLOW,
        [5] = STATUS_ARRAY_BOUNDS_EXCEEDED,         [6] = STATUS_ILLEGAL_INSTRUCTION,
        [TRAP_NO_FPU] = STATUS_ILLEGAL_INSTRUCTION, [16] = STATUS_FLOAT_INVALID_OPERATION,
        [17] = STATUS_DATATYPE_MISALIGNMENT,        [19] = STATUS_FLOAT_MULTIPLE_TRAPS,
    };
    return codes[vector] != 0 ? codes[vector] : STATUS_ACCESS_VIOLATION;
}

static enum arch_fault_kind fault_kind(uint32_t vector)
{
    switch (vector) {
    case TRAP_PAGE:
        return ARCH_FAULT_PAGE;
    case TRAP_DOUBLE:
        return ARCH_FAULT_DOUBLE;
    case TRAP_MACHINE_CHECK:
        return ARCH_FAULT_MACHINE_CHECK;
    case TRAP_NMI:
        return ARCH_FAULT_NMI;
    default:
        return ARCH_FAULT_EXCEPTION;
    }
}

void x86_classify(const struct arch_frame *arch_frame, uint32_t vector, uintptr_t cr2,
                  struct arch_fault *fault)
{
    const KTRAP_FRAME *frame = (const KTRAP_FRAME *)arch_frame;
    bool page = vector == TRAP_PAGE;
    *fault = (struct arch_fault){
        .kind = fault_kind(vector),
        .number = vector,
        .code = exception_code(vector),
        /* of a double fault: most likely the stack's end */
        .address = page || vector == TRAP_DOUBLE ? cr2 : 0,
        /* INT3 traps behind itself */
        .pc = vector == TRAP_BREAKPOINT ? frame->Rip - 1 : frame->Rip,
        .user = frame->SegCs & 3,
        .write = page && frame->ErrorCode & PAGE_ERROR_WRITE,
        .execute = page && frame->ErrorCode & PAGE_ERROR_EXECUTE,
    };
}

static void print(const char *text)
{
    size_t length = 0;
    while (text[length] != '\0')
        length++;
    arch_console_write(text, length);
}

static void print_hex(const char *name, uint64_t value)
{
    char text[17];
    for (size_t i = 0; i < 16; i++)
        text[i] = "0123456789abcdef"[value >> (60 - 4 * i) & 15];
    text[16] = '\0';
    print(name);
    print(text);
}

/* Before Ke has this processor there is nobody to report to. */
static _Noreturn void early_fault(const struct arch_frame *frame, const struct arch_fault *fault)
{
    print("@error reason=\"exception before the kernel was up");
    print_hex(": vector 0x", fault->number);
    print_hex(", rva 0x", fault->pc - x86_boot.image_base);
    print_hex(", address 0x", fault->address);
    print("\"\n");
    arch_frame_print(frame);
    arch_machine_end(ARCH_END_EXIT, 3);
}

/* A load that says itself what to do when it faults: guarded.S. */
static bool guarded_load_failed(KTRAP_FRAME *frame, uint32_t vector)
{
    if (vector != TRAP_PAGE || frame->Rip != (uintptr_t)arch_load_guarded)
        return false;
    frame->Rip = (uintptr_t)x86_guarded_load_failed;
    return true;
}

static void exception(struct arch_frame *arch_frame, uint32_t vector)
{
    KTRAP_FRAME *frame = (KTRAP_FRAME *)arch_frame;
    struct arch_fault fault;
    if (vector == TRAP_NMI && x86_nmi_handled(arch_frame))
        return;
    if (vector == TRAP_NO_FPU && x86_fpu_first_use(arch_frame))
        return;
    if (guarded_load_failed(frame, vector))
        return;
    x86_classify(arch_frame, vector, x86_read_cr2(), &fault);
    frame->FaultAddress = fault.address;
    if (arch_cpu() == NULL)
        early_fault(arch_frame, &fault);
    bool own_stack = idt[vector].ist == 0;
    if (own_stack && frame->EFlags & FLAGS_INTERRUPT)
        x86_interrupts_on();
    trap_fault(arch_frame, &fault);
    x86_interrupts_off();
}

/* --- Interrupts --- */

/*
 * The level in our copy only: interrupts are off, so CR8 makes no difference, and a write of it is
 * dear. The way back is arch_irql_set, which writes CR8 if the handler has made it differ.
 */
static void raise_copy(KIRQL irql)
{
    x86_self()->pcr.Irql = irql;
}

/*
 * The level that was interrupted. An interrupt of a level that our copy holds back proves the copy
 * wrong: drivers may write CR8 themselves (the WDK has KeLowerIrql inline), and the local APIC goes
 * by CR8.
 */
static KIRQL previous_level(KTRAP_FRAME *frame, uint32_t vector)
{
    if (frame->PreviousIrql >= vector >> 4) {
        KIRQL level = (KIRQL)x86_read_cr8();
        x86_self()->cr8 = level;
        frame->PreviousIrql = level;
    }
    return frame->PreviousIrql;
}

/*
 * EOI comes first: what runs here can switch to another thread, and an interrupt that stays in
 * service would keep everything of its level and below from this processor until the preempted
 * thread runs again.
 */
static void software_interrupt(struct arch_frame *frame, enum arch_interrupt kind, KIRQL level,
                               KIRQL previous)
{
    x86_self()->software_pending &= (uint8_t)~(1u << level); /* who asks from here on sends again */
    x86_apic_eoi();
    arch_irql_set(level);
    x86_interrupts_on();
    trap_interrupt(frame, kind, 0);
    x86_interrupts_off();
    arch_irql_set(previous);
}

static void device_interrupt(struct arch_frame *frame, uint32_t vector, KIRQL previous)
{
    uint32_t gsi;
    if (!x86_ioapic_vector_gsi((uint8_t)vector, &gsi)) {
        x86_apic_eoi(); /* was on its way when its line was disconnected */
        return;
    }
    arch_irql_set((KIRQL)(vector >> 4));
    x86_interrupts_on();
    if (!x86_ioapic_run_own(gsi))
        trap_interrupt(frame, ARCH_INTERRUPT_DEVICE, gsi);
    x86_interrupts_off();
    x86_apic_eoi();
    arch_irql_set(previous);
}

static void clock_interrupt(struct arch_frame *frame, KIRQL previous)
{
    raise_copy(CLOCK_LEVEL);
    x86_apic_eoi();
    trap_clock(frame, x86_clock_ticks_due());
    arch_irql_set(previous);
}

static void ipi(struct arch_frame *frame, enum arch_ipi reason, KIRQL previous)
{
    raise_copy(IPI_LEVEL);
    x86_apic_eoi();
    trap_interrupt(frame, ARCH_INTERRUPT_IPI, 1u << reason);
    arch_irql_set(previous);
}

static void interrupt(struct arch_frame *frame, uint32_t vector)
{
    if (vector == X86_VECTOR_SPURIOUS)
        return; /* not in service: an EOI would end another one */
    KIRQL previous = previous_level((KTRAP_FRAME *)frame, vector);
    switch (vector) {
    case X86_VECTOR_APC:
        software_interrupt(frame, ARCH_INTERRUPT_APC, APC_LEVEL, previous);
        break;
    case X86_VECTOR_DISPATCH:
        software_interrupt(frame, ARCH_INTERRUPT_DISPATCH, DISPATCH_LEVEL, previous);
        break;
    case X86_VECTOR_CLOCK:
        clock_interrupt(frame, previous);
        break;
    case X86_VECTOR_IPI_RESCHEDULE:
        ipi(frame, ARCH_IPI_RESCHEDULE, previous);
        break;
    case X86_VECTOR_IPI_CALL:
        ipi(frame, ARCH_IPI_CALL, previous);
        break;
    default:
        device_interrupt(frame, vector, previous);
        break;
    }
}

void x86_trap(struct arch_frame *frame, uint32_t vector)
{
    if (vector < TRAP_COUNT && vector != X86_VECTOR_APC)
        exception(frame, vector);
    else
        interrupt(frame, vector);
    x86_fpu_leave(frame);
}
