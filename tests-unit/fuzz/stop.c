/* SPDX-License-Identifier: BSD-2-Clause */
/* A CHECK that fails ends the fuzzer, which then keeps the input. */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

_Noreturn void check_failed(const char *expression, const char *file, uint32_t line)
{
    (void)fprintf(stderr, "%s:%u: %s\n", file, line, expression);
    abort();
}
