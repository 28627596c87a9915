/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CHECK(x): our own invariants. A checked build stops on a breach, a free build carries nothing.
 * Never for what a program or a driver supplied: that is a status, or the bugcheck that NT documents.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "variant.h"

/* Where a breach goes: it is printed, then the stop is called; without one the processor traps. */
_Noreturn void check_failed(const char *expression, const char *file, uint32_t line);

/* What a breach does once it is printed: the kernel registers its bugcheck at init. Should not return. */
typedef void check_stop(const char *expression, const char *file, uint32_t line);
void check_set_stop(check_stop *stop);

#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MUST_CHECK     __attribute__((warn_unused_result))

/* Files that work on poisoned memory by their trade (headers of free blocks, stacks of others) begin with this. */
/* A pragma is one string, so the formatter must not cut it. */
/* clang-format off */
#define KASAN_LEAVES_OUT \
    _Pragma("clang attribute push(__attribute__((no_sanitize(\"kernel-address\"))), apply_to=function)")
/* clang-format on */
#define KASAN_LEFT_OUT _Pragma("clang attribute pop")
