/* SPDX-License-Identifier: BSD-2-Clause */
/* The kasan variant: checked, and every access to memory is looked up in shadow memory (mm/kasan.c). */
#pragma once

#define VARIANT_NAME    "kasan"
#define VARIANT_CHECKED 1
#define VARIANT_KASAN   1

#define CHECK(x)        ((x) ? (void)0 : check_failed(#x, __FILE__, __LINE__))
