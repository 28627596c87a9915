/* SPDX-License-Identifier: BSD-2-Clause */
/* What the checked variant adds: invariants, levels and lock ownership are verified as the code runs. */
#pragma once

#define VARIANT_NAME    "checked"
#define VARIANT_CHECKED 1
#define VARIANT_KASAN   0

#define CHECK(x)        ((x) ? (void)0 : check_failed(#x, __FILE__, __LINE__))
