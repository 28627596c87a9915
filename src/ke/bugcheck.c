/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last report. It runs on whatever is left of the machine: no lock, no allocation, no wait; every structure that it
 * prints is one that may be half changed. The other processors are stopped first, wherever they are.
 */
#include "ke/bugcheck.h"

#include <nt/ke_ddi.h>
#include <nt/ntstatus.h>

#include "base/log.h"
#include "ke/ke_impl.h"

#define MAX_FRAMES  32
#define MAX_THREADS 256 /* of the list; a list that is damaged must not loop */

static const struct {
    ULONG code;
    const char *name;
} names[] = {
#define ROW(name, value) { name, #name },
    NT_BUGCHECK_CODES(ROW)
#undef ROW
};

static const char *code_name(ULONG code)
{
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        if (names[i].code == code)
            return names[i].name;
    }
    return "UNKNOWN";
}

static void print_frames(const char *key, uint32_t number, const uintptr_t *frames, size_t count)
{
    const struct arch_boot *boot = arch_boot();
    for (size_t n = 0; n < count; n++) {
        uintptr_t rva = frames[n] - boot->image_base;
        if (rva < boot->image_bytes)
            log_line("@frame %s=%u n=%u module=ntoskrnl.exe rva=%#llx", key, number, (uint32_t)n,
                     (unsigned long long)rva);
        else
            log_line("@frame %s=%u n=%u address=%p", key, number, (uint32_t)n, (void *)frames[n]);
    }
}

static void report_processors(const struct arch_frame *frame)
{
    uintptr_t frames[MAX_FRAMES];
    uint32_t self = arch_cpu()->index;
    arch_frame_print(frame);
    print_frames("cpu", self, frames, arch_backtrace(frame, NULL, frames, MAX_FRAMES));
    for (uint32_t i = 0; i < ke.cpu_count; i++) {
        const struct arch_frame *stopped = i != self ? arch_cpu_stopped_frame(i) : NULL;
        if (stopped != NULL)
            print_frames("cpu", i, frames, arch_backtrace(stopped, NULL, frames, MAX_FRAMES));
    }
}

static const char *state_name(uint32_t state)
{
    static const char *const states[] = { "initialized", "ready",  "running",
                                          "waiting",     "moving", "terminated" };
    return state < ARRAY_COUNT(states) ? states[state] : "?";
}

static void report_thread(const struct ke_thread *thread)
{
    uintptr_t frames[MAX_FRAMES];
    log_line("@thread id=%u name=\"%s\" state=%s wait=\"%p\" cpu=%u priority=%u", thread->id,
             thread->name, state_name(thread->state), thread->wait_object, thread->cpu,
             thread->priority);
    if (!thread->on_cpu) /* a running one is in the report of its processor */
        print_frames("thread", thread->id, frames,
                     arch_backtrace(NULL, &thread->context, frames, MAX_FRAMES));
}

static void report_threads(void)
{
    uint32_t count = 0;
    LIST_ENTRY *e = ke.threads.Flink;
    for (; e != NULL && e != &ke.threads && count < MAX_THREADS; e = e->Flink, count++)
        report_thread(CONTAINING_RECORD(e, struct ke_thread, list_link));
}

_Noreturn void ke_bugcheck_frame(struct arch_frame *frame, ULONG code, const uintptr_t p[4])
{
    (void)arch_interrupts_disable();
    uint32_t none = 0;
    uint32_t self = arch_cpu() != NULL ? arch_cpu()->index + 1 : 1;
    if (!atomic_cas(&ke.bugchecking, &none, self)) {
        if (none == self) /* the report itself failed: what is out is out */
            arch_machine_end(ARCH_END_EXIT, 3);
        for (;;) /* another processor reports: its NMI will come */
            arch_cpu_pause();
    }
    arch_cpu_stop_others();
    log_line("@bugcheck code=0x%08x p1=%#llx p2=%#llx p3=%#llx p4=%#llx cpu=%u name=%s", code,
             (unsigned long long)p[0], (unsigned long long)p[1], (unsigned long long)p[2],
             (unsigned long long)p[3], self - 1, code_name(code));
    if (arch_cpu() != NULL) {
        report_processors(frame);
        report_threads();
    }
    log_line("@end");
    log_line("@exit status=3");
    arch_machine_end(ARCH_END_EXIT, 3);
}

_Noreturn void ke_bugcheck(ULONG code, uintptr_t p1, uintptr_t p2, uintptr_t p3, uintptr_t p4)
{
    ke_bugcheck_frame(NULL, code, (uintptr_t[4]){ p1, p2, p3, p4 });
}

_Noreturn void KeBugCheckEx(ULONG code, ULONG_PTR p1, ULONG_PTR p2, ULONG_PTR p3, ULONG_PTR p4)
{
    ke_bugcheck(code, p1, p2, p3, p4);
}

_Noreturn void KeBugCheck(ULONG code)
{
    ke_bugcheck(code, 0, 0, 0, 0);
}

_Noreturn void ExRaiseStatus(NTSTATUS status)
{
    ke_bugcheck(KMODE_EXCEPTION_NOT_HANDLED, (uintptr_t)(intptr_t)status,
                (uintptr_t)__builtin_return_address(0), 0, 0);
}

/* A broken invariant of ours is what NT_ASSERT is in a driver: an exception that nobody handles. */
_Noreturn void ke_bugcheck_check(const char *expression, const char *file, uint32_t line)
{
    (void)file; /* it stands in the log already */
    ke_bugcheck(KMODE_EXCEPTION_NOT_HANDLED, (uintptr_t)(intptr_t)STATUS_ASSERTION_FAILURE,
                (uintptr_t)__builtin_return_address(0), (uintptr_t)expression, line);
}
