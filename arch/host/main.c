/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keel-unit: the arguments are the kernel's command line (none: all self-tests); exits 0 if the
 * kernel ended as it does when all is well. KEEL_HOST_CPUS, KEEL_HOST_SEED and KEEL_HOST_MEMORY
 * (MiB) choose the world.
 */
#include <stdio.h>
#include <string.h>

#include "host.h"

#define COMMAND_LINE_BYTES 4096
#define STATUS_PASSED      33 /* what the self-tests end the machine with when all have passed */

/* Leaks are the kernel's to find, and its threads' stacks are not the process's. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_stack_use_after_return=0:detect_leaks=0";
}

static bool join(char *line, int argc, char **argv)
{
    size_t used = 0;

    line[0] = '\0';
    for (int i = 1; i < argc; i++) {
        int added =
            snprintf(line + used, COMMAND_LINE_BYTES - used, "%s%s", i > 1 ? " " : "", argv[i]);

        if (added < 0 || (size_t)added >= COMMAND_LINE_BYTES - used)
            return false;
        used += (size_t)added;
    }
    if (argc == 1)
        (void)snprintf(line, COMMAND_LINE_BYTES, "selftest");
    return true;
}

int main(int argc, char **argv)
{
    static char command_line[COMMAND_LINE_BYTES];
    struct host_options options = { .command_line = command_line };
    struct host_result result;

    if (!join(command_line, argc, argv)) {
        (void)fprintf(stderr, "keel-unit: the arguments are too long\n");
        return 2;
    }
    if (!host_options_from_environment(&options))
        return 2;
    (void)fprintf(stderr, "# host: KEEL_HOST_CPUS=%u KEEL_HOST_SEED=%llu KEEL_HOST_MEMORY=%u\n",
                  options.cpus, (unsigned long long)options.seed, options.memory_mib);
    result = host_world_run(&options);
    return result.how == ARCH_END_EXIT && result.status != STATUS_PASSED;
}
