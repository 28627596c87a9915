/* SPDX-License-Identifier: BSD-2-Clause */
/* Feeds rtl/options.c: every line is understood, or refused with words. */
#include <stdlib.h>
#include <string.h>

#include "rtl/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct rtl_options options;
    char error[100];
    char *line = malloc(bytes + 1); /* of its exact size, for the sanitizer */
    memcpy(line, data, bytes);
    line[bytes] = 0;
    memset(error, 'x', sizeof(error));
    bool understood = rtl_options_parse(line, &options, error, sizeof(error));
    if (!understood && (memchr(error, 0, sizeof(error)) == NULL || error[0] == 0))
        abort();
    if (understood &&
        (options.max_cpus > 64 || options.log_level > 7 || (options.selftest && options.idle) ||
         memchr(options.selftest_globs, 0, sizeof(options.selftest_globs)) == NULL))
        abort();
    free(line);
    return 0;
}
