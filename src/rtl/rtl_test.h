/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers of the tests on strings: literals as counted strings, comparisons, a pool that has nothing. */
#pragma once

#include <nt/ntstatus.h>

#include "base/check.h"
#include "base/selftest.h"
#include "rtl/cstring.h"
#include "rtl/heap.h"
#include "rtl/memory.h"
#include "rtl/text.h"

static inline UNICODE_STRING wide(PCWSTR text)
{
    UNICODE_STRING string;
    RtlInitUnicodeString(&string, text);
    return string;
}

static inline STRING narrow(PCSZ text)
{
    STRING string;
    RtlInitString(&string, text);
    return string;
}

static inline bool is_wide(const UNICODE_STRING *string, PCWSTR text)
{
    size_t count = rtl_wcslen(text);
    return string->Length == count * sizeof(WCHAR) &&
           (count == 0 || memcmp(string->Buffer, text, count * sizeof(WCHAR)) == 0);
}

static inline bool is_narrow(const STRING *string, PCSZ text)
{
    size_t count = strlen(text);
    return string->Length == count && (count == 0 || memcmp(string->Buffer, text, count) == 0);
}

static inline void *rtl_test_nothing(size_t bytes)
{
    (void)bytes; /* so much or less */
    return NULL;
}

/* From here to the end nothing can be allocated. */
static inline const struct rtl_heap *rtl_test_memory_ends(void)
{
    static const struct rtl_heap empty = { .allocate = rtl_test_nothing };
    const struct rtl_heap *heap = rtl_heap_registered();
    rtl_heap_register(&empty);
    return heap;
}

static inline ULONG below(struct selftest_run *run, ULONG limit)
{
    return (ULONG)(selftest_random(run) % limit);
}
