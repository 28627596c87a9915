/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults: signals that the code of src/ raises become trap_fault, on the signal stack; those at
 * addresses that the kernel never has go to AddressSanitizer, which says more about them. A world
 * that does not go on gets an NMI, as the harness of the real machine would give it.
 */
#include <sanitizer/common_interface_defs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include <nt/ntstatus.h>

#include "base/log.h"
#include "host.h"

#define SIGNAL_STACK_BYTES ((size_t)256 << 10)
#define PUSHED_BYTES       128
#define NULL_BYTES         0x10000 /* below: a null pointer and its fields */

static const int caught[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
static struct sigaction before[ARRAY_COUNT(caught)]; /* what the sanitizers had installed */

static void read_registers(struct arch_frame *frame, const ucontext_t *context)
{
#if defined(__x86_64__)
    frame->pc = (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
    frame->frame_pointer = (uintptr_t)context->uc_mcontext.gregs[REG_RBP];
    frame->stack_pointer = (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
    frame->pc = context->uc_mcontext.pc;
    frame->frame_pointer = context->uc_mcontext.regs[29];
    frame->stack_pointer = context->uc_mcontext.sp;
#else
#error "arch/host knows the registers of x86-64 and AArch64 hosts only"
#endif
}

static bool is_write(const ucontext_t *context)
{
#if defined(__x86_64__)
    return context->uc_mcontext.gregs[REG_ERR] & 2;
#else
    (void)context;
    return false;
#endif
}

static bool is_ours(int signal, uintptr_t address)
{
    if (host_this == NULL)
        return false;
    if (signal == SIGILL || signal == SIGFPE || signal == SIGTRAP)
        return true;
    return address < NULL_BYTES || host_is_kernel_address(address);
}

static struct arch_fault describe(int signal, uintptr_t address, const ucontext_t *context)
{
    switch (signal) {
    case SIGILL:
        return (struct arch_fault){ .kind = ARCH_FAULT_EXCEPTION,
                                    .number = 6,
                                    .code = STATUS_ILLEGAL_INSTRUCTION };
    case SIGTRAP:
        return (struct arch_fault){ .kind = ARCH_FAULT_EXCEPTION,
                                    .number = 3,
                                    .code = STATUS_BREAKPOINT };
    case SIGFPE:
        return (struct arch_fault){ .kind = ARCH_FAULT_EXCEPTION,
                                    .code = STATUS_INTEGER_DIVIDE_BY_ZERO };
    default:
        return (struct arch_fault){ .kind = ARCH_FAULT_PAGE,
                                    .number = 14,
                                    .code = STATUS_ACCESS_VIOLATION,
                                    .address = address,
                                    .write = is_write(context) };
    }
}

/* Else a processor could not have pushed the fault's frame, and would have met the next fault. */
static bool has_stack(const struct arch_frame *frame)
{
    uintptr_t lowest = frame->stack_pointer - PUSHED_BYTES;

    return !host_is_kernel_address(lowest) || lowest - (uintptr_t)host.ram < host.ram_bytes ||
           arch_mmu_query(lowest, NULL, NULL);
}

static void give_back(int signal)
{
    for (size_t i = 0; i < ARRAY_COUNT(caught); i++)
        if (caught[i] == signal)
            (void)sigaction(signal, &before[i], NULL);
}

static void call_up(struct arch_frame *frame, struct arch_fault *fault)
{
    frame->irql = host_this->irql;
    frame->interrupts = host_this->interrupts;
    frame->cpu = host_this->index;
    frame->fault_address = fault->address;
    fault->pc = frame->pc;
    host_this->interrupts = false;
    if (host.fault_hook == NULL || !host.fault_hook(frame, fault))
        trap_fault(frame, fault);
    host_this->irql = frame->irql;
    host_this->interrupts = frame->interrupts;
}

static void on_signal(int signal, siginfo_t *info, void *context)
{
    struct arch_frame frame = { 0 };
    struct arch_fault fault;

    if (!is_ours(signal, (uintptr_t)info->si_addr)) {
        give_back(signal); /* the instruction runs again and meets the handler of before */
        return;
    }
    read_registers(&frame, context);
    fault = describe(signal, (uintptr_t)info->si_addr, context);
    if (fault.kind == ARCH_FAULT_PAGE && !has_stack(&frame)) {
        fault.kind = ARCH_FAULT_DOUBLE;
        fault.number = 8;
    }
    call_up(&frame, &fault);
}

void host_faults_catch(void)
{
    static uint8_t signal_stack[SIGNAL_STACK_BYTES];
    static bool done;
    const stack_t stack = { .ss_sp = signal_stack, .ss_size = sizeof(signal_stack) };
    struct sigaction action;

    if (done)
        return;
    done = true;
    memset(&action, 0, sizeof(action));
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    if (sigaltstack(&stack, NULL) != 0)
        abort();
    for (size_t i = 0; i < ARRAY_COUNT(caught); i++)
        if (sigaction(caught[i], &action, &before[i]) != 0)
            abort();
}

static void print_cpus(void)
{
    for (uint32_t i = 0; i < host.options.cpus; i++) {
        const struct host_cpu *cpu = &host.cpus[i];

        (void)fprintf(stderr,
                      "keel host: cpu=%u started=%d halted=%d irql=%u interrupts=%d clock=%d "
                      "pending: ipis=%#x lines=%#x software=%#x clock=%d\n",
                      i, cpu->started, cpu->halted, cpu->irql, cpu->interrupts, cpu->clock_on,
                      cpu->pending_ipis, cpu->pending_lines, cpu->pending_software,
                      cpu->pending_clock);
    }
}

void host_give_up(const char *reason)
{
    struct arch_frame frame = {
        .pc = (uintptr_t)__builtin_return_address(0),
        .frame_pointer = (uintptr_t)__builtin_frame_address(0),
    };
    struct arch_fault fault = { .kind = ARCH_FAULT_NMI, .number = 2 };
    static bool again;

    (void)fprintf(stderr, "keel host: %s (cpus=%u seed=%llu, %llu ms of its time)\n", reason,
                  host.options.cpus, (unsigned long long)host.options.seed,
                  (unsigned long long)(host.counter / HOST_TICK));
    print_cpus();
    if (host_this == NULL || again)
        abort();
    again = true;
    host.hang_limit = UINT64_MAX;
    call_up(&frame, &fault);
    abort();
}

void arch_frame_print(const struct arch_frame *frame)
{
    if (frame == NULL) {
        log_line("@register pc=0x%llx fp=0x%llx irql=%u",
                 (unsigned long long)(uintptr_t)__builtin_return_address(0),
                 (unsigned long long)(uintptr_t)__builtin_frame_address(0), arch_irql());
        return;
    }
    log_line("@register pc=0x%llx fp=0x%llx sp=0x%llx", (unsigned long long)frame->pc,
             (unsigned long long)frame->frame_pointer, (unsigned long long)frame->stack_pointer);
    log_line("@register irql=%u interrupts=%u cpu=%u fault=0x%llx", frame->irql, frame->interrupts,
             frame->cpu, (unsigned long long)frame->fault_address);
}

/* Follow the chain of frame pointers as long as it climbs within the stack. */
__attribute__((no_sanitize("address"))) static size_t walk(uintptr_t frame_pointer,
                                                           const struct arch_context *stack,
                                                           uintptr_t *addresses, size_t capacity)
{
    size_t count = 0;

    while (count < capacity && frame_pointer >= stack->stack_bottom &&
           frame_pointer <= stack->stack_top - 2 * sizeof(uintptr_t) &&
           frame_pointer % sizeof(uintptr_t) == 0) {
        const uintptr_t *links = (const uintptr_t *)frame_pointer;

        if (links[1] == 0)
            break;
        addresses[count++] = links[1];
        if (links[0] <= frame_pointer)
            break;
        frame_pointer = links[0];
    }
    return count;
}

size_t arch_backtrace(const struct arch_frame *frame, const struct arch_context *context,
                      uintptr_t *return_addresses, size_t capacity)
{
    if (context != NULL && context->state == HOST_CONTEXT_NEW)
        return 0;
    if (context != NULL)
        return walk((uintptr_t)context->jump[0], context, return_addresses, capacity);
    if (frame == NULL)
        return walk((uintptr_t)__builtin_frame_address(0), host_this->running, return_addresses,
                    capacity);
    if (capacity == 0)
        return 0;
    return_addresses[0] = frame->pc;
    return 1 + walk(frame->frame_pointer, host.cpus[frame->cpu].running, return_addresses + 1,
                    capacity - 1);
}
