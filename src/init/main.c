/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the port's hand-over to the first thread. Phase 0 runs on the boot processor alone, on what becomes its idle
 * thread, with interrupts off: processor state, log, memory. Phase 1 is a thread: the other processors, the interrupts
 * of the machine, then whatever the command line asks for.
 */
#include <nt/ke_ddi.h>
#include <nt/ntstatus.h>

#include "base/log.h"
#include "base/selftest.h"
#include "bench/bench.h"
#include "bench/growth.h"
#include "ex/ex.h"
#include "ke/bugcheck.h"
#include "ke/ke.h"
#include "kd/console.h"
#include "kd/filter.h"
#include "kd/print.h"
#include "keel_version.h"
#include "mm/mm.h"
#include "ob/ob.h"
#include "rtl/options.h"
#include "stress/stress.h"

enum { STATUS_PASSED = 33, STATUS_FAILED = 3 };

#define TAG_OF_TESTS 0x74736554u /* "Test" */

static struct rtl_options options; /* [i] after phase 0 */

static _Noreturn void finish(uint32_t status)
{
    kd_print_flush();
    log_line("@exit status=%u", status);
    arch_machine_end(ARCH_END_EXIT, status);
}

static _Noreturn void refuse(const char *reason)
{
    log_line("@error reason=\"%s\"", reason);
    finish(STATUS_FAILED);
}

static void require(NTSTATUS status, uintptr_t step)
{
    if (!NT_SUCCESS(status))
        ke_bugcheck(PHASE1_INITIALIZATION_FAILED, (uintptr_t)(intptr_t)status, step, 0, 0);
}

/* --- The power button ------------------------------------------------------------------------------------- */

static KEVENT power_button;
static KDPC power_button_dpc;

static void power_button_deferred(KDPC *dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    (void)KeSetEvent(&power_button, 0, FALSE); /* one press or several */
}

static void power_button_pressed(void)
{
    (void)KeInsertQueueDpc(&power_button_dpc, NULL, NULL); /* one press or several */
}

static void power_thread(void *argument)
{
    UNREFERENCED_PARAMETER(argument);
    (void)KeWaitForSingleObject(&power_button, Executive, KernelMode, FALSE, NULL); /* for ever */
    kd_print_flush();
    log_event(LOG_INFO, "init", "power_button");
    arch_machine_end(ARCH_END_POWER_OFF, 0);
}

static void watch_power_button(void)
{
    struct ke_thread *thread;
    KeInitializeEvent(&power_button, SynchronizationEvent, FALSE);
    KeInitializeDpc(&power_button_dpc, power_button_deferred, NULL);
    require(ke_thread_run(&(struct ke_thread_options){ .name = "power", .priority = 16 },
                          power_thread, NULL, &thread),
            3);
    ke_thread_release(thread);
    NTSTATUS status = arch_power_button_connect(power_button_pressed);
    if (!NT_SUCCESS(status))
        log_event(LOG_WARNING, "init", "no_power_button status=%x", status);
}

/* --- Phases ----------------------------------------------------------------------------------------------- */

static _Noreturn void run_selftests(void)
{
    const char *globs = options.selftest_globs[0] != 0 ? options.selftest_globs : NULL;
    size_t failed = selftest_run_all(globs, arch_boot()->seed);
    mm_pool_fail_every(0);
    if (options.pool_report)
        mm_pool_report();
    if (options.lock_order)
        ke_held_report_edges();
    failed += mm_pool_leaks(TAG_OF_TESTS); /* each gives back what it took */
    finish(failed == 0 ? STATUS_PASSED : STATUS_FAILED);
}

static _Noreturn void run_stress(void)
{
    size_t failed = stress_run(&(struct stress_options){
        .glob = options.stress_glob,
        .seed = arch_boot()->seed,
        .seconds = options.stress_seconds != 0 ? options.stress_seconds : STRESS_SECONDS,
        .round_ms = STRESS_ROUND_MS,
        .max_steps = STRESS_MAX_STEPS,
    });
    finish(failed == 0 ? STATUS_PASSED : STATUS_FAILED);
}

static void say_ready(void)
{
    uint64_t boot_ns = ke_counter_in(arch_counter() - arch_boot()->entry_counter, KE_NANOSECONDS);
    if (options.pool_report)
        mm_pool_report();
    log_line("@ready boot_ns=%llu free_pages=%llu pool_bytes=%llu", (unsigned long long)boot_ns,
             (unsigned long long)mm_pfn_free_count(), (unsigned long long)mm_pool_bytes());
}

static void phase1(void *argument)
{
    UNREFERENCED_PARAMETER(argument);
    require(ke_reaper_start(), 1);
    require(ke_start_processors(options.max_cpus != 0 ? options.max_cpus : ARCH_MAX_CPUS), 2);
    require(ke_dpc_threads_start(!options.no_threaded_dpcs), 5);
    require(ex_work_start(), 4);
    require(ob_init(), 5);
    watch_power_button();
    say_ready();
    mm_pool_fail_every(options.pool_fail);
    if (options.selftest)
        run_selftests();
    if (options.growth)
        finish(bench_growth_run(options.growth_glob, GROWTH_MOST) == 0 ? STATUS_PASSED
                                                                       : STATUS_FAILED);
    if (options.stress)
        run_stress();
    if (options.bench)
        finish(bench_run(options.bench_glob) == 0 ? STATUS_PASSED : STATUS_FAILED);
}

static void phase0(void)
{
    const struct arch_boot *boot = arch_boot();
    char error[160];
    ke_init();
    check_set_stop(ke_bugcheck_check);
    kd_console_init();
    if (!rtl_options_parse(boot->command_line, &options, error, sizeof(error)))
        refuse(error);
    if (boot->refusal != NULL)
        refuse(boot->refusal);
    log_set_level(options.log_level);
    kd_filter_set_mask(options.debug_mask);
    log_line("@boot version=%s variant=%s base=%#llx size=%#llx cpus=%u seed=%llu", KEEL_VERSION,
             VARIANT_NAME, (unsigned long long)boot->image_base,
             (unsigned long long)boot->image_bytes, boot->cpu_count,
             (unsigned long long)boot->seed);
    require(mm_pfn_init(boot->memory, boot->memory_count), 10);
    ex_lookaside_init();
    ke.boot_time_100ns = arch_wall_clock_100ns();
    ke_cpu_activate(&ke.boot_cpu);
}

_Noreturn void init_start(void)
{
    struct ke_thread *thread;
    phase0();
    NTSTATUS status =
        ke_thread_run(&(struct ke_thread_options){ .name = "init" }, phase1, NULL, &thread);
    require(status, 11);
    ke_thread_release(thread);
    ke_idle_loop();
}

_Noreturn void init_start_cpu(struct ke_cpu *cpu)
{
    ke_cpu_activate(cpu);
    ke_idle_loop();
}
