/* SPDX-License-Identifier: BSD-2-Clause */
/* The free variant carries no checks: the expressions are compiled for their types only. */
#pragma once

#define VARIANT_NAME    "free"
#define VARIANT_CHECKED 0
#define VARIANT_KASAN   0

#define CHECK(x)        ((void)sizeof((x) ? 1 : 0))
