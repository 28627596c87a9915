/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changing stacks. A context is entered for the first time by ucontext, which can start code on
 * any stack; from then on by the compiler's longjmp, which needs no system call.
 * AddressSanitizer is told of each change, or it would take the other stack's addresses for
 * wild ones.
 */
#include <pthread.h>
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <string.h>
#include <ucontext.h>

#include "host.h"

#define UNCHECKED __attribute__((noinline, no_sanitize("address", "undefined")))

/* The address space of the process is made for ASan: without it these are not there. */
#if __has_feature(address_sanitizer)
static void tell_start(void **saved, const struct arch_context *to)
{
    __sanitizer_start_switch_fiber(saved, (const void *)to->stack_bottom,
                                   to->stack_top - to->stack_bottom);
}

static void tell_finish(void *saved)
{
    __sanitizer_finish_switch_fiber(saved, NULL, NULL);
}
#else
static void tell_start(void **saved, const struct arch_context *to)
{
    (void)saved;
    (void)to;
}

static void tell_finish(void *saved)
{
    (void)saved;
}
#endif

static void enter(void)
{
    tell_finish(NULL);
    (void)fesetenv(FE_DFL_ENV);
    host_this->running->entry();
    host_give_up("a context's first function returned");
}

UNCHECKED static _Noreturn void begin(const struct arch_context *to)
{
    static ucontext_t context; /* one thread: used up before the next one is begun */

    if (getcontext(&context) == 0) {
        context.uc_stack.ss_sp = (void *)to->stack_bottom;
        context.uc_stack.ss_size = to->stack_top - to->stack_bottom;
        context.uc_link = NULL;
        makecontext(&context, enter, 0);
        (void)setcontext(&context);
    }
    host_give_up("ucontext does not work");
}

UNCHECKED static _Noreturn void leave(struct arch_context *to, bool is_new)
{
    if (is_new)
        begin(to);
    __builtin_longjmp(to->jump, 1);
}

/* Go on in `to`; returns when somebody swaps to `from`. */
UNCHECKED void host_swap(struct arch_context *from, struct arch_context *to)
{
    void *volatile saved = NULL;
    bool is_new = to->entry != NULL && to->state == HOST_CONTEXT_NEW;

    if (to->stack_bottom == 0)
        to->stack_bottom = host_stack_bottom(to->stack_top);
    if (is_new && to->stack_top != 0)
        ASAN_UNPOISON_MEMORY_REGION((void *)to->stack_bottom, to->stack_top - to->stack_bottom);
    to->state = HOST_CONTEXT_RUNNING;
    tell_start((void **)&saved, to);
    (void)fegetenv(&from->float_control); /* these two cannot fail */
    if (__builtin_setjmp(from->jump) == 0)
        leave(to, is_new);
    (void)fesetenv(&from->float_control);
    tell_finish(saved);
}

void host_context_of_process(struct arch_context *context)
{
    pthread_attr_t attributes;
    void *bottom;
    size_t bytes;

    memset(context, 0, sizeof(*context));
    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        host_give_up("pthread_getattr_np does not work");
    if (pthread_attr_getstack(&attributes, &bottom, &bytes) != 0)
        host_give_up("pthread_attr_getstack does not work");
    pthread_attr_destroy(&attributes);
    context->stack_bottom = (uintptr_t)bottom;
    context->stack_top = (uintptr_t)bottom + bytes;
    context->state = HOST_CONTEXT_RUNNING;
}

static void begin_thread(void)
{
    ke_thread_begin(host_this->running->previous);
}

void arch_context_init(struct arch_context *context, struct ke_thread *thread, void *stack_top)
{
    memset(context, 0, sizeof(*context));
    context->entry = begin_thread;
    context->thread = thread;
    context->stack_top = (uintptr_t)stack_top;
    context->state = HOST_CONTEXT_NEW;
}

void arch_float_save(void *area)
{
    (void)fegetenv(area);
}

void arch_float_restore(const void *area, uint64_t mask)
{
    if (mask != 0) /* its parts are one here */
        (void)fesetenv(area);
}

struct ke_thread *arch_context_switch(struct arch_context *from, struct arch_context *to)
{
    CHECK(!host_this->interrupts);
    CHECK(host_this->running == from);
    CHECK(to->state != HOST_CONTEXT_RUNNING); /* still on a processor, its stack in use */
    to->previous = from->thread;
    from->state = HOST_CONTEXT_SAVED;
    host_this->running = to;
    host_swap(from, to);
    return from->previous;
}
