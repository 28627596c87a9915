/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of unwind.c: functions left at every instruction, made-up unwind data, real stacks, and
 * nonsense.
 */
#include "base/atomic.h"
#include "base/selftest.h"
#include "ke/ke.h"
#include "ke/ke_test.h"
#include "x86_64/testcode.h"
#include "x86_64/x86.h"

#include <nt/rtl_ddi.h>
#include <nt/unwind.h>

#define FRAMES 32

/* --- At every instruction --- */

#define STACK_WORDS 64
#define RETURN_AT   56 /* the word that holds the return address */
#define RETURN_TO   0xfeedu
#define CALLER_RBP  0xbu
#define CALLER_RSI  0x5u
#define CALLER_R12  0xcu
#define OVERWRITTEN 0xdeadu

/* The state in front of an instruction: how deep the stack is, which registers are on it only. */
struct point {
    uint8_t offset;
    uint8_t words; /* below the return address */
    bool rbp_saved, r12_saved;
    bool rbp_is_frame, rsi_saved, xmm6_saved;
};

struct stack {
    uint64_t words[STACK_WORDS] __attribute__((aligned(16)));
};

static void unwind_at(struct selftest_run *run, const char *function, const struct point *point,
                      struct stack *stack)
{
    uint64_t base = 0, establisher = 0;
    void *data = NULL;
    CONTEXT context = {
        .Rip = (uintptr_t)function + point->offset,
        .Rsp = (uintptr_t)&stack->words[RETURN_AT - point->words],
        .Rbp = point->rbp_saved ? OVERWRITTEN : CALLER_RBP,
        .Rsi = point->rsi_saved ? OVERWRITTEN : CALLER_RSI,
        .R12 = point->r12_saved ? OVERWRITTEN : CALLER_R12,
        .Xmm6 = { point->xmm6_saved ? OVERWRITTEN : 6, 7 },
    };
    if (point->rbp_is_frame)
        context.Rbp = (uintptr_t)&stack->words[RETURN_AT - 3];
    RUNTIME_FUNCTION *entry = RtlLookupFunctionEntry(context.Rip, &base, NULL);
    REQUIRE(entry != NULL);
    EXPECT_EQ(base + entry->BeginAddress, (uintptr_t)function);
    EXPECT(RtlVirtualUnwind(UNW_FLAG_NHANDLER, base, context.Rip, entry, &context, &data,
                            &establisher, NULL) == NULL);
    bool good = EXPECT_EQ(context.Rip, RETURN_TO);
    good &= EXPECT_EQ(context.Rsp, (uintptr_t)&stack->words[RETURN_AT + 1]);
    good &= EXPECT_EQ(context.Rbp, CALLER_RBP);
    good &= EXPECT_EQ(context.Rsi, CALLER_RSI);
    good &= EXPECT_EQ(context.R12, CALLER_R12);
    good &= EXPECT_EQ(context.Xmm6.Low, 6);
    if (!good)
        EXPECT_EQ(point->offset, UINT8_MAX); /* says at which instruction */
}

TEST_KERNEL(x86_unwind, undoes_prolog_body_and_epilog_at_every_instruction, "unwind data is x64's")
{
    static const struct point points[] = {
        { .offset = 0, .words = 0 },
        { .offset = 1, .words = 1, .rbp_saved = true },
        { .offset = 3, .words = 2, .rbp_saved = true, .r12_saved = true },
        { .offset = 7, .words = 6, .rbp_saved = true, .r12_saved = true },
        { .offset = 8, .words = 6, .rbp_saved = true, .r12_saved = true },
        { .offset = 12, .words = 2, .rbp_saved = true, .r12_saved = true },
        { .offset = 14, .words = 1, .rbp_saved = true },
        { .offset = 15, .words = 0 },
    };
    struct stack stack = { 0 };
    REQUIRE(x86_test_frame_end - x86_test_frame == 16);
    stack.words[RETURN_AT] = RETURN_TO;
    stack.words[RETURN_AT - 1] = CALLER_RBP;
    stack.words[RETURN_AT - 2] = CALLER_R12;
    for (size_t i = 0; i < ARRAY_COUNT(points); i++)
        unwind_at(run, x86_test_frame, &points[i], &stack);
}

TEST_KERNEL(x86_unwind, undoes_a_frame_pointer_at_every_instruction, "unwind data is x64's")
{
    static const struct point points[] = {
        { .offset = 0, .words = 0 },
        { .offset = 1, .words = 1, .rbp_saved = true },
        { .offset = 5, .words = 7, .rbp_saved = true },
        { .offset = 10, .words = 7, .rbp_is_frame = true },
        { .offset = 15, .words = 7, .rbp_is_frame = true, .rsi_saved = true },
        { .offset = 20, .words = 7, .rbp_is_frame = true, .rsi_saved = true, .xmm6_saved = true },
        { .offset = 27, .words = 39, .rbp_is_frame = true, .rsi_saved = true, .xmm6_saved = true },
        { .offset = 28, .words = 39, .rbp_is_frame = true, .rsi_saved = true, .xmm6_saved = true },
        { .offset = 32, .words = 39, .rbp_is_frame = true },
        { .offset = 36, .words = 1, .rbp_saved = true },
        { .offset = 37, .words = 0 },
    };
    struct stack stack = { 0 };
    REQUIRE(x86_test_frame_pointer_end - x86_test_frame_pointer == 38);
    stack.words[RETURN_AT] = RETURN_TO;
    stack.words[RETURN_AT - 1] = CALLER_RBP;
    stack.words[RETURN_AT - 2] = CALLER_RSI;
    stack.words[RETURN_AT - 5] = 6;
    stack.words[RETURN_AT - 4] = 7;
    for (size_t i = 0; i < ARRAY_COUNT(points); i++)
        unwind_at(run, x86_test_frame_pointer, &points[i], &stack);
}

/* --- Made-up unwind data --- */

/* An image of our own: NOPs, an unwind information at 0x40, one that it may chain to at 0x80. */
struct image {
    _Alignas(16) uint8_t code[0x40];
    uint8_t info[0x40];
    uint8_t parent[0x40];
};

static struct image new_image(void)
{
    struct image image = { 0 };
    for (size_t i = 0; i < sizeof(image.code); i++)
        image.code[i] = 0x90;
    return image;
}

static void set_info(uint8_t *to, uint8_t version_flags, const uint8_t *codes, uint8_t slots)
{
    to[0] = version_flags;
    to[1] = 4; /* prolog */
    to[2] = slots;
    to[3] = 0;
    for (size_t i = 0; i < 2u * slots; i++)
        to[4 + i] = codes[i];
}

static EXCEPTION_ROUTINE *unwind_image(struct image *image, ULONG type, CONTEXT *context,
                                       void **data, uint64_t *establisher)
{
    RUNTIME_FUNCTION function = { .BeginAddress = 0, .EndAddress = 0x40, .UnwindData = 0x40 };
    return RtlVirtualUnwind(type, (uintptr_t)image, (uintptr_t)image + 0x10, &function, context,
                            data, establisher, NULL);
}

TEST_KERNEL(x86_unwind, follows_chained_information, "unwind data is x64's")
{
    /* the part: rdi saved at 8; the whole: sub rsp, 0x20 after push rbx */
    static const uint8_t part[] = { 4, UWOP_SAVE_NONVOL | 7 << 4, 1, 0 };
    static const uint8_t whole[] = { 4, UWOP_ALLOC_SMALL | 3 << 4, 1, UWOP_PUSH_NONVOL | 3 << 4 };
    struct image image = new_image();
    set_info(image.info, 1 | UNW_FLAG_CHAININFO << 3, part, 2);
    set_info(image.parent, 1, whole, 2);
    RUNTIME_FUNCTION parent = { .BeginAddress = 0, .EndAddress = 0x40, .UnwindData = 0x80 };
    __builtin_memcpy(image.info + 8, &parent, sizeof(parent));

    uint64_t stack[8] = { [1] = 0xd1, [4] = 0xb8, [5] = RETURN_TO };
    CONTEXT context = { .Rsp = (uintptr_t)stack };
    void *data = NULL;
    uint64_t establisher = 0;
    EXPECT(unwind_image(&image, UNW_FLAG_EHANDLER, &context, &data, &establisher) == NULL);
    EXPECT_EQ(context.Rip, RETURN_TO);
    EXPECT_EQ(context.Rsp, (uintptr_t)&stack[6]);
    EXPECT_EQ(context.Rdi, 0xd1);
    EXPECT_EQ(context.Rbx, 0xb8);
    EXPECT_EQ(establisher, (uintptr_t)stack);
}

TEST_KERNEL(x86_unwind, gives_the_handler_only_to_who_asks_for_its_kind, "unwind data is x64's")
{
    static const uint8_t codes[] = { 4, UWOP_ALLOC_SMALL, 0, 0 };
    struct image image = new_image();
    set_info(image.info, 1 | UNW_FLAG_EHANDLER << 3, codes, 1);
    image.info[8] = 0x23; /* the handler's RVA; its data behind that */
    uint64_t stack[4] = { 0, RETURN_TO };
    CONTEXT context = { .Rsp = (uintptr_t)stack };
    void *data = NULL;
    uint64_t establisher = 0;
    EXPECT(unwind_image(&image, UNW_FLAG_UHANDLER, &context, &data, &establisher) == NULL);
    context = (CONTEXT){ .Rsp = (uintptr_t)stack };
    EXPECT_EQ((uintptr_t)unwind_image(&image, UNW_FLAG_EHANDLER, &context, &data, &establisher),
              (uintptr_t)&image + 0x23);
    EXPECT(data == image.info + 12);
    EXPECT_EQ(context.Rip, RETURN_TO);
}

TEST_KERNEL(x86_unwind, a_machine_frame_names_another_stack, "unwind data is x64's")
{
    static const uint8_t codes[] = { 0, UWOP_PUSH_MACHFRAME | 1 << 4 };
    struct image image = new_image();
    set_info(image.info, 1, codes, 1);
    uint64_t stack[6] = { 0xe, RETURN_TO, 0x10, 0x202, 0x7777, 0x18 };
    CONTEXT context = { .Rsp = (uintptr_t)stack };
    void *data = NULL;
    uint64_t establisher = 0;
    EXPECT(unwind_image(&image, UNW_FLAG_NHANDLER, &context, &data, &establisher) == NULL);
    EXPECT_EQ(context.Rip, RETURN_TO);
    EXPECT_EQ(context.Rsp, 0x7777);
}

TEST_KERNEL(x86_unwind, large_allocations_and_version_2_are_understood, "unwind data is x64's")
{
    /* the first two slots say where epilogs are: size 1, at the end, then padding */
    static const uint8_t codes[] = { 1, UWOP_EPILOG | 1 << 4, 0, UWOP_EPILOG,
                                     4, UWOP_ALLOC_LARGE,     3, 0 };
    static const uint8_t far[] = { 4, UWOP_ALLOC_LARGE | 1 << 4, 0x18, 0, 0, 0 };
    struct image image = new_image();
    uint64_t stack[5] = { [3] = RETURN_TO };
    void *data = NULL;
    uint64_t establisher = 0;
    set_info(image.info, 2, codes, 4);
    CONTEXT context = { .Rsp = (uintptr_t)stack };
    (void)unwind_image(&image, UNW_FLAG_NHANDLER, &context, &data, &establisher); /* no handler */
    EXPECT_EQ(context.Rip, RETURN_TO);
    set_info(image.info, 1, far, 3);
    context = (CONTEXT){ .Rsp = (uintptr_t)stack };
    (void)unwind_image(&image, UNW_FLAG_NHANDLER, &context, &data, &establisher); /* no handler */
    EXPECT_EQ(context.Rip, RETURN_TO);
    EXPECT_EQ(context.Rsp, (uintptr_t)&stack[4]);
}

/* --- Real stacks --- */

static uintptr_t function_of(uintptr_t address)
{
    uint64_t base = 0;
    RUNTIME_FUNCTION *entry = RtlLookupFunctionEntry(address, &base, NULL);
    return entry == NULL ? 0 : base + entry->BeginAddress;
}

/* The place of the function that begins at `function` in a back-trace, FRAMES: it is not there. */
static size_t find(const uintptr_t *frames, size_t count, const void *function)
{
    for (size_t i = 0; i < count; i++) {
        if (function_of(frames[i]) == (uintptr_t)function)
            return i;
    }
    return FRAMES;
}

struct trace {
    uintptr_t frames[FRAMES];
    size_t count;
    uint32_t done; /* [a] */
};

static void take(void *argument)
{
    struct trace *trace = argument;
    trace->count = arch_backtrace(NULL, NULL, trace->frames, FRAMES);
    (void)atomic_add(&trace->done, 1);
}

void x86_thread_entry(void);

TEST_KERNEL(x86_unwind, a_trace_leads_from_here_to_the_thread_s_first_function, "stacks are x64's")
{
    struct trace trace = { 0 };
    x86_test_call(take, &trace);
    REQUIRE(trace.count > 3 && trace.count < FRAMES);
    size_t caller = find(trace.frames, trace.count, (const void *)(uintptr_t)x86_test_call);
    EXPECT(caller == 1 || caller == 2); /* behind arch_backtrace and, if it is no tail call, take */
    EXPECT_EQ(function_of(trace.frames[trace.count - 1]), (uintptr_t)x86_thread_entry);
}

static void take_deferred(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)argument1;
    (void)argument2;
    take(context);
}

/* The DPC comes as an interrupt into a function that spins; the trace goes on in that function. */
TEST_KERNEL(x86_unwind, a_trace_walks_through_a_trap_into_what_it_interrupted, "stacks are x64's")
{
    struct trace trace = { 0 };
    KDPC dpc;
    KeInitializeDpc(&dpc, take_deferred, &trace);
    KIRQL old = KeRaiseIrqlToDpcLevel();
    (void)KeInsertQueueDpc(&dpc, NULL, NULL); /* a new DPC */
    bool interrupts = arch_interrupts_disable();
    arch_irql_set(old);
    arch_interrupts_restore(interrupts); /* now, or in x86_test_spin at the latest */
    x86_test_spin(&trace.done);
    REQUIRE(trace.count > 4 && trace.count < FRAMES);
    extern const char x86_entry_saved[];
    size_t trap = find(trace.frames, trace.count, x86_entry_saved);
    REQUIRE(trap < FRAMES);
    EXPECT(trap + 1 < trace.count);
    EXPECT_EQ(function_of(trace.frames[trace.count - 1]), (uintptr_t)x86_thread_entry);
}

static void wait_for(void *event)
{
    (void)KeWaitForSingleObject(event, Executive, KernelMode, FALSE, NULL); /* without a time-out */
}

static void wait_inside(void *event)
{
    x86_test_call(wait_for, event);
}

TEST_KERNEL(x86_unwind, a_waiting_thread_s_stack_can_be_read, "stacks are x64's")
{
    uintptr_t frames[FRAMES];
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    struct ke_thread *thread = test_thread(run, wait_inside, &event, 0, 0);
    REQUIRE(thread != NULL);
    while (atomic_load_acquire(&thread->state) != KE_THREAD_WAITING ||
           atomic_load_acquire(&thread->on_cpu))
        ke_thread_yield();
    size_t count = arch_backtrace(NULL, &thread->context, frames, FRAMES);
    (void)KeSetEvent(&event, 0, FALSE); /* it was not signalled */
    test_join(run, thread);
    REQUIRE(count > 3 && count < FRAMES);
    EXPECT_EQ(function_of(frames[0]), (uintptr_t)x86_context_switch);
    EXPECT(find(frames, count, (const void *)(uintptr_t)x86_test_call) < FRAMES);
    EXPECT_EQ(function_of(frames[count - 1]), (uintptr_t)x86_thread_entry);
}

/* --- Nonsense --- */

TEST_KERNEL(x86_unwind, nonsense_ends_a_trace_and_nothing_else, "stacks are x64's")
{
    uintptr_t frames[FRAMES];
    uintptr_t places[] = { (uintptr_t)frames,
                           arch_boot()->image_base,
                           0,
                           UINTPTR_MAX - 64,
                           (uintptr_t)arch_physical_to_virtual(0x1000),
                           0x123456789 };
    for (int i = 0; i < 2000; i++) {
        uintptr_t stack = places[selftest_random(run) % ARRAY_COUNT(places)];
        struct arch_context context = { .stack_pointer = stack + selftest_random(run) % 4096 };
        KTRAP_FRAME frame = {
            .Rip = arch_boot()->image_base + selftest_random(run) % arch_boot()->image_bytes,
            .Rsp = context.stack_pointer,
            .Rbp = selftest_random(run),
        };
        size_t count = arch_backtrace(NULL, &context, frames, FRAMES);
        EXPECT(count >= 1 && count <= FRAMES);
        count = arch_backtrace((struct arch_frame *)&frame, NULL, frames, FRAMES);
        EXPECT(count >= 1 && count <= FRAMES);
        EXPECT_EQ(frames[0], frame.Rip);
    }
}

TEST_KERNEL(x86_unwind, a_call_of_nothing_shows_who_called, "stacks are x64's")
{
    uintptr_t frames[FRAMES];
    uint64_t stack[4] = { (uintptr_t)x86_test_call + 13, 0, 0, 0 };
    KTRAP_FRAME frame = { .Rip = 0, .Rsp = (uintptr_t)stack };
    size_t count = arch_backtrace((struct arch_frame *)&frame, NULL, frames, FRAMES);
    REQUIRE(count >= 2);
    EXPECT_EQ(frames[0], 0);
    EXPECT_EQ(frames[1], (uintptr_t)x86_test_call + 13);
}

TEST_KERNEL(x86_unwind, addresses_outside_the_image_have_no_entry, "stacks are x64's")
{
    uint64_t base = 1;
    uintptr_t image = arch_boot()->image_base;
    EXPECT(RtlLookupFunctionEntry(image - 1, &base, NULL) == NULL);
    EXPECT(RtlLookupFunctionEntry(image, &base, NULL) == NULL); /* the headers */
    EXPECT(RtlLookupFunctionEntry(image + arch_boot()->image_bytes, &base, NULL) == NULL);
    EXPECT(RtlLookupFunctionEntry(0, &base, NULL) == NULL);
}
