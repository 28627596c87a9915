/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The x87, SSE and AVX registers, a thread's own.
 *
 * The kernel does not touch them; drivers and programs do. A thread has none of them until it first uses one: CR0.TS
 * is on, the use traps (#NM), and the thread gets the initial state. From then on it has state: saved when the thread
 * leaves the processor, loaded when it comes back, wherever that is. Nothing stays behind in a processor's registers,
 * so moving a thread needs no care, and a switch between two threads without state costs two tests.
 *
 * `fpu_on` of the processor says that the thread here has state, and is the copy of CR0.TS (the other way round). It is
 * set after TS is off and reset before TS is on, so that whoever sees it set, an NMI too, may touch the registers.
 *
 * Traps. Code that a trap runs may use what the calling convention calls volatile without asking. If the interrupted
 * thread has state, entry.S keeps XMM0 to XMM5 and MXCSR in the trap frame. If it has none, nothing is saved; when the
 * trap uses a register after all, it traps in turn, and what it got is forgotten at the end of the outer trap: an
 * interrupt does not make a thread pay for ever, and leaves none of its values behind. The thread may have been switched
 * away in between, which is nothing special: it has state for that long. Code at DISPATCH_LEVEL that needs the other
 * registers calls KeSaveExtendedProcessorState.
 *
 * XSAVE where the processor has it, with XCR0 = x87, SSE, AVX; features that nobody asked for stay off. Else FXSAVE.
 */
#include "x86_64/x86.h"

#define CR0_TS       (1u << 3)
#define FEATURES     7u /* x87, SSE, AVX */
#define LEGACY       3u
#define CPUID_XSTATE 0xd

/* XSAVE's standard form; FXSAVE writes the first part. Intel SDM vol. 1, 13.4 */
struct area {
    XSAVE_FORMAT legacy;
    XSAVE_AREA_HEADER header;
    uint8_t avx[256];
};
_Static_assert(sizeof(struct area) == ARCH_FLOAT_BYTES, "arch_port.h");
_Static_assert(ARCH_FLOAT_BYTES % X86_FPU_ALIGN == 0, "the stack below it is aligned");

uint8_t x86_fpu_boot_area[ARCH_FLOAT_BYTES] __attribute__((aligned(X86_FPU_ALIGN)));
uint64_t x86_fpu_features;

/* What a thread begins with: all zero but the control words. AVX is in its initial configuration. */
static const struct area initial __attribute__((aligned(X86_FPU_ALIGN))) = {
    .legacy = { .ControlWord = X86_FCW_DEFAULT, .MxCsr = X86_MXCSR_DEFAULT },
    .header = { .Mask = LEGACY },
};

void x86_fpu_detect(void)
{
    if (!x86_features.xsave)
        return;
    x86_fpu_features = x86_cpuid(CPUID_XSTATE, 0).a & FEATURES;
    CHECK((x86_fpu_features & LEGACY) == LEGACY);
}

void x86_fpu_init_cpu(void)
{
    if (x86_fpu_features != 0)
        x86_write_xcr0(x86_fpu_features);
}

void x86_fpu_area_init(void *area)
{
    ((struct area *)area)->header = (XSAVE_AREA_HEADER){ 0 }; /* XSAVE writes the mask only */
}

static void save(void *area)
{
    if (x86_fpu_features != 0)
        x86_xsave(area, x86_fpu_features);
    else
        x86_fxsave(area);
}

static void load(const void *area)
{
    if (x86_fpu_features != 0)
        x86_xrstor(area, x86_fpu_features);
    else
        x86_fxrstor(area);
}

static void turn_on(struct x86_cpu *self)
{
    if (self->fpu_on)
        return;
    x86_task_switched_clear();
    self->fpu_on = true;
}

static void turn_off(struct x86_cpu *self)
{
    if (!self->fpu_on)
        return;
    *(volatile bool *)&self->fpu_on = false;
    x86_write_cr0(x86_read_cr0() | CR0_TS);
}

static void switch_state(struct x86_cpu *self, struct arch_context *from, struct arch_context *to)
{
    if (self->fpu_on) {
        save(from->fpu_area);
        from->fpu_saved = true;
    }
    if (to->fpu_saved) {
        turn_on(self);
        load(to->fpu_area);
        to->fpu_saved = false;
    } else {
        turn_off(self);
    }
}

struct ke_thread *arch_context_switch(struct arch_context *from, struct arch_context *to)
{
    struct x86_cpu *self = x86_self();
    if (self->fpu_on || to->fpu_saved)
        switch_state(self, from, to);
    return x86_context_switch(from, to);
}

/* Interrupts are off. The frame has what entry.S will load, which saved nothing: the initial state. */
MUST_CHECK bool x86_fpu_first_use(struct arch_frame *arch_frame)
{
    KTRAP_FRAME *frame = (KTRAP_FRAME *)arch_frame;
    struct x86_cpu *self = x86_self();
    if (self->fpu_on || self->ke == NULL)
        return false;
    turn_on(self);
    load(&initial);
    frame->Xmm0 = frame->Xmm1 = frame->Xmm2 = (M128A){ 0 };
    frame->Xmm3 = frame->Xmm4 = frame->Xmm5 = (M128A){ 0 };
    frame->MxCsr = X86_MXCSR_DEFAULT;
    frame->FaultIndicator = true;
    return true;
}

void x86_fpu_leave(const struct arch_frame *frame)
{
    struct x86_cpu *self = x86_self();
    if (self->fpu_on && !((const KTRAP_FRAME *)frame)->FaultIndicator)
        turn_off(self);
}

/* --- For those who use more than the volatile registers ------------------------------------- */

void arch_float_save(void *area)
{
    bool interrupts = arch_interrupts_disable();
    struct area *to = area;
    *to = initial;
    if (x86_self()->fpu_on)
        save(area);
    arch_interrupts_restore(interrupts);
}

/* A thread that has had no state, and still has none, needs none. */
void arch_float_restore(const void *area, uint64_t mask)
{
    bool interrupts = arch_interrupts_disable();
    if (x86_self()->fpu_on && x86_fpu_features != 0)
        x86_xrstor(area, mask & x86_fpu_features);
    else if (x86_self()->fpu_on && mask & LEGACY)
        x86_fxrstor(area);
    arch_interrupts_restore(interrupts);
}
