/* SPDX-License-Identifier: BSD-2-Clause */
/* For the tests of ob/: a type of their own, and paths from literals. */
#pragma once

#include <nt/ntstatus.h>

#include "ke/ke_test.h"
#include "ob/ob_impl.h"

#define OB_TEST_PATH(text)                                                                         \
    { sizeof(text) - sizeof(WCHAR), sizeof(text), (WCHAR *)(uintptr_t)(text) }

struct ob_test_object {
    uint32_t number;
};

/* Bodies of a type that counts how many of its objects have ended. */
POBJECT_TYPE ob_test_type(void);
extern uint32_t ob_test_ended; /* [a] */

static inline struct ob_test_object *ob_test_object(struct selftest_run *run, uint32_t number)
{
    void *body = NULL;
    if (!EXPECT(NT_SUCCESS(ob_create(ob_test_type(), sizeof(struct ob_test_object), &body))))
        return NULL;
    ((struct ob_test_object *)body)->number = number;
    return body;
}
