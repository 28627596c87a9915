/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walking stacks by .pdata, as Microsoft's "x64 exception handling" lays down: what a function's
 * prolog did is undone, the last step first; inside an epilog what remains of it is carried out; a
 * machine frame ends the function that pushed it with the registers of the trap.
 *
 * Back-traces run when something is broken already, so every word that they read is first looked up
 * in the page tables, and the stack pointer may only move up, but for a machine frame, which names
 * another stack. An exception dispatcher must see what is there: RtlVirtualUnwind reads as it is
 * told.
 */
#include "base/atomic.h"
#include "base/format.h"
#include "x86_64/x86.h"

#include <nt/rtl_ddi.h>
#include <nt/unwind.h>

KASAN_LEAVES_OUT

#define MAX_CHAIN  32
#define RSP        4
#define RBP        5
#define LINE_BYTES 200

extern char __ImageBase[];
extern const char x86_context_resume[];

_Static_assert(offsetof(CONTEXT, Rax) == X86_CONTEXT_RAX, "context.S");
_Static_assert(offsetof(CONTEXT, Rip) == X86_CONTEXT_RIP, "context.S");

struct unwinder {
    CONTEXT *context;
    KNONVOLATILE_CONTEXT_POINTERS *pointers; /* NULL: nobody asks where registers were saved */
    uint64_t image_base;
    uint64_t frame;     /* what offsets of saved registers count from */
    bool guarded;       /* look before every read */
    bool failed;        /* a guarded read found nothing */
    bool machine_frame; /* the return address came from one */
};

/* --- Function tables --- */

static const RUNTIME_FUNCTION *function_table(size_t *out_count)
{
    ULONG bytes;
    const RUNTIME_FUNCTION *table =
        RtlImageDirectoryEntryToData(__ImageBase, TRUE, IMAGE_DIRECTORY_ENTRY_EXCEPTION, &bytes);
    *out_count = bytes / sizeof(*table);
    return table;
}

static bool in_image(uint64_t address)
{
    return address - (uintptr_t)__ImageBase < x86_boot.image_bytes;
}

RUNTIME_FUNCTION *RtlLookupFunctionEntry(ULONG64 control_pc, ULONG64 *image_base,
                                         UNWIND_HISTORY_TABLE *history)
{
    (void)history; /* a cache of the caller's, which one image does not need */
    if (!in_image(control_pc))
        return NULL;
    *image_base = (uintptr_t)__ImageBase;
    uint64_t rva = control_pc - (uintptr_t)__ImageBase;
    size_t low = 0, high;
    const RUNTIME_FUNCTION *table = function_table(&high);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rva < table[middle].BeginAddress)
            high = middle;
        else if (rva >= table[middle].EndAddress)
            low = middle + 1;
        else
            return (RUNTIME_FUNCTION *)&table[middle];
    }
    return NULL;
}

/* --- Registers and memory --- */

static uint64_t *register_of(CONTEXT *context, uint32_t number)
{
    return (uint64_t *)((char *)context + X86_CONTEXT_RAX) + (number & 15);
}

static uint64_t read_word(struct unwinder *u, uint64_t address)
{
    if (u->guarded && (address % 8 != 0 || !x86_mmu_readable(address, 8))) {
        u->failed = true;
        return 0;
    }
    return *(const uint64_t *)address;
}

static void load_register(struct unwinder *u, uint32_t number, uint64_t address)
{
    uint64_t value = read_word(u, address);
    if (u->failed)
        return;
    *register_of(u->context, number) = value;
    if (u->pointers != NULL)
        u->pointers->IntegerContext[number & 15] = (ULONG64 *)address;
}

static void load_xmm(struct unwinder *u, uint32_t number, uint64_t address)
{
    uint64_t low = read_word(u, address), high = read_word(u, address + 8);
    if (u->failed)
        return;
    M128A *xmm = (M128A *)((char *)u->context + offsetof(CONTEXT, Xmm0)) + (number & 15);
    *xmm = (M128A){ low, (LONGLONG)high };
    if (u->pointers != NULL)
        u->pointers->FloatingContext[number & 15] = (void *)address;
}

static void pop(struct unwinder *u, uint32_t number)
{
    uint64_t from = u->context->Rsp;
    u->context->Rsp += 8;
    load_register(u, number, from);
}

static void pop_return(struct unwinder *u)
{
    u->context->Rip = read_word(u, u->context->Rsp);
    u->context->Rsp += 8;
}

/* --- Prologs undone --- */

/* Slots that a code takes, itself included; 0: not a code. */
static uint32_t slots_of(const UNWIND_CODE *code, uint32_t version)
{
    switch (code->UnwindOp) {
    case UWOP_PUSH_NONVOL:
    case UWOP_ALLOC_SMALL:
    case UWOP_SET_FPREG:
    case UWOP_PUSH_MACHFRAME:
        return 1;
    case UWOP_ALLOC_LARGE:
        return code->OpInfo == 0 ? 2 : 3;
    case UWOP_SAVE_NONVOL:
    case UWOP_SAVE_XMM128:
        return 2;
    case UWOP_SAVE_NONVOL_FAR:
    case UWOP_SAVE_XMM128_FAR:
        return 3;
    case UWOP_EPILOG:
        return version >= UNW_VERSION_2 ? 1 : 2;
    case UWOP_SPARE_CODE:
        return version >= UNW_VERSION_2 ? 2 : 3;
    default:
        return 0;
    }
}

static uint32_t operand(const UNWIND_CODE *code, uint32_t slots)
{
    return slots == 3 ? code[1].FrameOffset | (uint32_t)code[2].FrameOffset << 16
                      : code[1].FrameOffset;
}

static void pop_machine_frame(struct unwinder *u, bool error_code)
{
    uint64_t at = u->context->Rsp + (error_code ? 8 : 0);
    uint64_t rip = read_word(u, at), rsp = read_word(u, at + 24);
    if (u->failed)
        return;
    u->context->Rip = rip;
    u->context->Rsp = rsp;
    u->machine_frame = true;
}

static void undo(struct unwinder *u, const UNWIND_INFO *info, const UNWIND_CODE *code)
{
    CONTEXT *context = u->context;
    uint32_t slots = slots_of(code, info->Version);
    switch (code->UnwindOp) {
    case UWOP_PUSH_NONVOL:
        pop(u, code->OpInfo);
        break;
    case UWOP_ALLOC_LARGE:
        context->Rsp += slots == 2 ? operand(code, slots) * (uint64_t)8 : operand(code, slots);
        break;
    case UWOP_ALLOC_SMALL:
        context->Rsp += code->OpInfo * 8u + 8u;
        break;
    case UWOP_SET_FPREG:
        context->Rsp = *register_of(context, info->FrameRegister) - info->FrameOffset * 16u;
        break;
    case UWOP_SAVE_NONVOL:
        load_register(u, code->OpInfo, u->frame + operand(code, slots) * (uint64_t)8);
        break;
    case UWOP_SAVE_NONVOL_FAR:
        load_register(u, code->OpInfo, u->frame + operand(code, slots));
        break;
    case UWOP_SAVE_XMM128:
        load_xmm(u, code->OpInfo, u->frame + operand(code, slots) * (uint64_t)16);
        break;
    case UWOP_SAVE_XMM128_FAR:
        load_xmm(u, code->OpInfo, u->frame + operand(code, slots));
        break;
    case UWOP_PUSH_MACHFRAME:
        pop_machine_frame(u, code->OpInfo != 0);
        break;
    default: /* where epilogs are: epilog() reads instructions instead */
        break;
    }
}

/* Undo the codes of the steps that came before `offset` in the prolog. */
static void undo_all(struct unwinder *u, const UNWIND_INFO *info, uint64_t offset)
{
    for (uint32_t i = 0; i < info->CountOfCodes && !u->failed;) {
        const UNWIND_CODE *code = &info->UnwindCode[i];
        uint32_t slots = slots_of(code, info->Version);
        if (slots == 0 || i + slots > info->CountOfCodes) {
            u->failed = true;
            return;
        }
        if (code->CodeOffset <= offset)
            undo(u, info, code);
        i += slots;
    }
}

static const void *behind_codes(const UNWIND_INFO *info)
{
    return &info->UnwindCode[(info->CountOfCodes + 1) & ~1];
}

static const UNWIND_INFO *info_of(uint64_t image_base, const RUNTIME_FUNCTION *function)
{
    if (function->UnwindData & RUNTIME_FUNCTION_INDIRECT)
        function = (const void *)(image_base + (function->UnwindData & ~1u));
    return (const void *)(image_base + function->UnwindData);
}

/*
 * The value of Rsp after the fixed part of the frame was allocated, where saved registers are
 * found.
 */
static uint64_t frame_of(struct unwinder *u, const UNWIND_INFO *info, uint64_t offset)
{
    uint64_t by_register =
        *register_of(u->context, info->FrameRegister) - info->FrameOffset * (uint64_t)16;
    if (info->FrameRegister == 0)
        return u->context->Rsp;
    if (offset >= info->SizeOfProlog || info->Flags & UNW_FLAG_CHAININFO)
        return by_register;
    for (uint32_t i = 0, slots = 1; i < info->CountOfCodes && slots != 0; i += slots) {
        const UNWIND_CODE *code = &info->UnwindCode[i];
        slots = slots_of(code, info->Version);
        if (code->UnwindOp == UWOP_SET_FPREG && code->CodeOffset <= offset)
            return by_register;
    }
    return u->context->Rsp;
}

/* --- Epilogs carried out --- */

#define REX_W  0x48
#define REX_B  0x41
#define REX_WB 0x49

static uint64_t displacement(const uint8_t *pc)
{
    int32_t value;
    __builtin_memcpy(&value, pc, sizeof(value));
    return (uint64_t)(int64_t)value;
}

/* The instruction that takes the frame away; returns its length, 0: it is none. */
static uint32_t epilog_release(struct unwinder *u, const UNWIND_INFO *info, const uint8_t *pc,
                               uint64_t *rsp)
{
    *rsp = u->context->Rsp;
    if (pc[0] == REX_W && pc[1] == 0x83 && pc[2] == 0xc4) { /* add rsp, imm8 */
        *rsp += (uint64_t)(int8_t)pc[3];
        return 4;
    }
    if (pc[0] == REX_W && pc[1] == 0x81 && pc[2] == 0xc4) { /* add rsp, imm32 */
        *rsp += displacement(pc + 3);
        return 7;
    }
    bool lea = (pc[0] & 0xfe) == REX_W && pc[1] == 0x8d && (pc[2] >> 3 & 7) == RSP;
    uint32_t base = (pc[2] & 7u) | (pc[0] & 1u) << 3;
    if (!lea || info->FrameRegister == 0 || base != info->FrameRegister || (base & 7) == RSP)
        return 0;
    *rsp = *register_of(u->context, base);
    if (pc[2] >> 6 == 1) { /* lea rsp, [frame register + disp8] */
        *rsp += (uint64_t)(int8_t)pc[3];
        return 4;
    }
    *rsp += displacement(pc + 3);
    return pc[2] >> 6 == 2 ? 7 : 0;
}

/* pop of a register; returns its length, 0: it is none. */
static uint32_t epilog_pop(const uint8_t *pc, uint32_t *number)
{
    if ((pc[0] & 0xf8) == 0x58) {
        *number = pc[0] & 7;
        return 1;
    }
    if (pc[0] == REX_B && (pc[1] & 0xf8) == 0x58) {
        *number = (pc[1] & 7) | 8;
        return 2;
    }
    return 0;
}

/* A return, or a jump out of the function (a tail call). */
static bool epilog_ends(const uint8_t *pc, uint64_t begin, uint64_t end)
{
    if (pc[0] == 0xc3 || pc[0] == 0xc2 || (pc[0] == 0xf3 && pc[1] == 0xc3))
        return true;
    uint64_t target = 0;
    if (pc[0] == 0xeb)
        target = (uintptr_t)pc + 2 + (uint64_t)(int8_t)pc[1];
    else if (pc[0] == 0xe9)
        target = (uintptr_t)pc + 5 + displacement(pc + 1);
    else
        return (pc[0] == 0xff && pc[1] == 0x25) ||
               (pc[0] == REX_W && pc[1] == 0xff && pc[2] >> 3 == 4);
    return target <= begin || target >= end;
}

/* If the function is leaving at Rip, do what is left. False, and nothing changed: it is not. */
static bool epilog(struct unwinder *u, const UNWIND_INFO *info, uint64_t begin, uint64_t end)
{
    const uint8_t *pc = (const uint8_t *)u->context->Rip;
    uint64_t rsp;
    uint32_t number;
    pc += epilog_release(u, info, pc, &rsp);
    const uint8_t *pops = pc;
    for (uint32_t length; (length = epilog_pop(pc, &number)) != 0;)
        pc += length;
    if ((uintptr_t)pc >= end || !epilog_ends(pc, begin, end))
        return false;
    u->context->Rsp = rsp;
    for (pc = pops;;) {
        uint32_t length = epilog_pop(pc, &number);
        if (length == 0)
            break;
        pop(u, number);
        pc += length;
    }
    pop_return(u);
    return true;
}

/* --- One frame --- */

/*
 * Undo one function. Returns its innermost unwind information if it had finished its prolog, else
 * NULL.
 */
static const UNWIND_INFO *unwind(struct unwinder *u, const RUNTIME_FUNCTION *function,
                                 uint64_t control_pc)
{
    const UNWIND_INFO *first = info_of(u->image_base, function), *info = first;
    uint64_t begin = u->image_base + function->BeginAddress;
    uint64_t offset = control_pc - begin;
    bool in_body = offset >= info->SizeOfProlog;
    u->frame = frame_of(u, info, offset);
    if (in_body && epilog(u, info, begin, u->image_base + function->EndAddress))
        return NULL;
    undo_all(u, info, offset);
    for (int depth = 0; info->Flags & UNW_FLAG_CHAININFO && !u->failed; depth++) {
        if (depth == MAX_CHAIN) {
            u->failed = true;
            return NULL;
        }
        info = info_of(u->image_base, behind_codes(info));
        undo_all(u, info, UINT64_MAX);
    }
    if (!u->machine_frame)
        pop_return(u);
    return in_body ? first : NULL;
}

EXCEPTION_ROUTINE *RtlVirtualUnwind(ULONG handler_type, ULONG64 image_base, ULONG64 control_pc,
                                    RUNTIME_FUNCTION *function, CONTEXT *context,
                                    PVOID *handler_data, ULONG64 *establisher_frame,
                                    KNONVOLATILE_CONTEXT_POINTERS *pointers)
{
    struct unwinder u = { .context = context, .pointers = pointers, .image_base = image_base };
    context->Rip = control_pc;
    const UNWIND_INFO *info = unwind(&u, function, control_pc);
    *establisher_frame = u.frame;
    if (info == NULL || info->Flags & UNW_FLAG_CHAININFO || !(info->Flags & handler_type))
        return NULL;
    const ULONG *handler = behind_codes(info);
    *handler_data = (PVOID)(handler + 1);
    return (EXCEPTION_ROUTINE *)(image_base + *handler);
}

/* --- Back-traces --- */

void x86_frame_context(const struct arch_frame *arch_frame, CONTEXT *context)
{
    const KTRAP_FRAME *frame = (const KTRAP_FRAME *)arch_frame;
    *context = (CONTEXT){
        .Rax = frame->Rax,
        .Rcx = frame->Rcx,
        .Rdx = frame->Rdx,
        .Rbx = frame->Rbx,
        .Rsp = frame->Rsp,
        .Rbp = frame->Rbp,
        .Rsi = frame->Rsi,
        .Rdi = frame->Rdi,
        .R8 = frame->R8,
        .R9 = frame->R9,
        .R10 = frame->R10,
        .R11 = frame->R11,
        .Rip = frame->Rip,
    };
}

/* One step outwards; false: the end, or nothing that makes sense. */
static bool step(CONTEXT *context, bool innermost)
{
    struct unwinder u = { .context = context, .guarded = true };
    uint64_t before = context->Rsp;
    RUNTIME_FUNCTION *function = RtlLookupFunctionEntry(context->Rip, &u.image_base, NULL);
    if (function != NULL)
        unwind(&u, function, context->Rip);
    else if (innermost) /* a leaf, or a call of what is no code: the return address is on top */
        pop_return(&u);
    else
        return false;
    return !u.failed && context->Rip != 0 && (u.machine_frame || context->Rsp > before);
}

static size_t walk(CONTEXT *context, uintptr_t *return_addresses, size_t capacity)
{
    size_t count = 0;
    do {
        if (count == capacity)
            break;
        return_addresses[count++] = context->Rip;
    } while (step(context, count == 1));
    return count;
}

size_t arch_backtrace(const struct arch_frame *frame, const struct arch_context *thread,
                      uintptr_t *return_addresses, size_t capacity)
{
    CONTEXT context = { 0 };
    if (frame != NULL) {
        x86_frame_context(frame, &context);
    } else if (thread != NULL) {
        context.Rip = (uintptr_t)x86_context_resume;
        context.Rsp = thread->stack_pointer;
    } else {
        x86_capture_context(&context);
    }
    return walk(&context, return_addresses, capacity);
}

static void print_registers(const char *format, const uint64_t values[4])
{
    char line[LINE_BYTES];
    size_t length =
        format_text(line, sizeof(line), format, values[0], values[1], values[2], values[3]);
    arch_console_write(line, length < sizeof(line) ? length : sizeof(line) - 1);
}

#define FOUR(a, b, c, d)                                                                           \
    "@register " a "=0x%016llx " b "=0x%016llx " c "=0x%016llx " d "=0x%016llx\n"

/* No trap, so no frame: where this function was called, and the registers that calls keep. */
static void print_here(void)
{
    uint64_t r[8];
    __asm__ volatile(
        "movq %%rbx, 0(%0); movq %%rbp, 8(%0); movq %%rsi, 16(%0); movq %%rdi, 24(%0);"
        "movq %%r12, 32(%0); movq %%r13, 40(%0); movq %%r14, 48(%0); movq %%r15, 56(%0)"
        :
        : "a"(r)
        : "memory");
    print_registers(FOUR("rip", "rsp", "rbp", "cr3"),
                    (uint64_t[4]){ (uintptr_t)__builtin_return_address(0),
                                   (uintptr_t)__builtin_frame_address(0), r[1], x86_read_cr3() });
    print_registers(FOUR("rbx", "rsi", "rdi", "irql"),
                    (uint64_t[4]){ r[0], r[2], r[3], arch_irql() });
    print_registers(FOUR("r12", "r13", "r14", "r15"), (uint64_t[4]){ r[4], r[5], r[6], r[7] });
}

void arch_frame_print(const struct arch_frame *arch_frame)
{
    const KTRAP_FRAME *f = (const KTRAP_FRAME *)arch_frame;
    if (f == NULL) {
        print_here();
        return;
    }
    print_registers(FOUR("rip", "rsp", "rbp", "rflags"),
                    (uint64_t[4]){ f->Rip, f->Rsp, f->Rbp, f->EFlags });
    print_registers(FOUR("rax", "rbx", "rcx", "rdx"),
                    (uint64_t[4]){ f->Rax, f->Rbx, f->Rcx, f->Rdx });
    print_registers(FOUR("rsi", "rdi", "r8", "r9"), (uint64_t[4]){ f->Rsi, f->Rdi, f->R8, f->R9 });
    print_registers(FOUR("r10", "r11", "cs", "ss"),
                    (uint64_t[4]){ f->R10, f->R11, f->SegCs, f->SegSs });
    print_registers(
        FOUR("error", "address", "cr3", "irql"),
        (uint64_t[4]){ f->ErrorCode, f->FaultAddress, x86_read_cr3(), f->PreviousIrql });
}

KASAN_LEFT_OUT
