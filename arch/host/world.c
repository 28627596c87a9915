/* SPDX-License-Identifier: BSD-2-Clause */
/* A world: made from its options, booted, torn down. All of its state stands in `host`. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "host.h"
#include "rtl/options.h"

#define BOOT_STACK_BYTES ((size_t)256 << 10)

struct host_world host;

extern const char __executable_start[], _end[]; /* the linker's: where the program lies */

static void boot(void)
{
    init_start();
}

/* What `seed=` says, else the seed of the world, so that one number repeats a run. */
static uint64_t choose_seed(void)
{
    struct rtl_options options;
    char error[128];
    bool parsed = rtl_options_parse(host.options.command_line, &options, error, sizeof(error));

    return parsed && options.seed_given ? options.seed
                                        : host.options.seed; /* init says the error */
}

static void describe_boot(void)
{
    host.boot.command_line = host.options.command_line;
    host.boot.image_base = (uintptr_t)__executable_start;
    host.boot.image_bytes = (size_t)(_end - __executable_start);
    host.boot.seed = choose_seed();
    host.boot.counter_hz = HOST_COUNTER_HZ;
    host.boot.cpu_count = host.options.cpus;
}

static void create_boot_stack(void)
{
    void *bottom =
        mmap(NULL, BOOT_STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (bottom == MAP_FAILED)
        host_give_up("no memory for the boot stack");
    host.boot_stack = (struct arch_context){
        .entry = boot,
        .stack_bottom = (uintptr_t)bottom,
        .stack_top = (uintptr_t)bottom + BOOT_STACK_BYTES,
    };
}

static void create_cpus(void)
{
    for (uint32_t i = 0; i < host.options.cpus; i++)
        host.cpus[i].index = i;
    host.cpus[0].running = &host.boot_stack;
    host.cpus[0].started = true;
}

struct host_result host_world_run(const struct host_options *options)
{
    memset(&host, 0, sizeof(host));
    host.options = *options;
    host.random = options->seed * 2 + 1; /* never 0, where this generator stays */
    host.next_tick = UINT64_MAX;
    host_time_progress();
    host_faults_catch();
    host_memory_create();
    describe_boot();
    create_boot_stack();
    create_cpus();
    host_context_of_process(&host.process);
    host_this = &host.cpus[0];
    host_swap(&host.process, &host.boot_stack);
    (void)munmap((void *)host.boot_stack.stack_bottom, BOOT_STACK_BYTES);
    host_memory_destroy();
    return host.result;
}

const struct arch_boot *arch_boot(void)
{
    return &host.boot;
}

/* Returns false, and says why, if the variable is set to something else than such a number. */
static bool read_number(const char *variable, uint64_t low, uint64_t high, uint64_t *value)
{
    const char *text = getenv(variable);
    char *end;
    uint64_t number;

    if (text == NULL)
        return true;
    errno = 0;
    number = strtoull(text, &end, 0);
    if (errno != 0 || *text < '0' || *text > '9' || *end != '\0' || number < low || number > high) {
        (void)fprintf(stderr, "%s='%s': not a number from %llu to %llu\n", variable, text,
                      (unsigned long long)low, (unsigned long long)high);
        return false;
    }
    *value = number;
    return true;
}

bool host_options_from_environment(struct host_options *options)
{
    uint64_t cpus = 4, seed = 1, memory_mib = 64;

    if (!read_number("KEEL_HOST_CPUS", 1, HOST_MAX_CPUS, &cpus) ||
        !read_number("KEEL_HOST_SEED", 0, UINT64_MAX / 4, &seed) ||
        !read_number("KEEL_HOST_MEMORY", 4, 2048, &memory_mib))
        return false;
    options->cpus = (uint32_t)cpus;
    options->seed = seed;
    options->memory_mib = (uint32_t)memory_mib;
    return true;
}
