/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The runtime of -fsanitize=undefined: each finding is printed with its place in the source, then the machine stops as
 * for a failed CHECK. The compiler passes a structure that begins with the location; what follows differs by kind and
 * is not needed to find the bug. What C does not have (a missing return) or we do not use (arrays of variable length) has
 * no handler; the link would fail. Source: clang's "UndefinedBehaviorSanitizer" page for what each kind means.
 */
#include "base/check.h"
#include "base/log.h"

struct location {
    const char *file;
    uint32_t line;
    uint32_t column;
};

static _Noreturn void report(const char *kind, const struct location *where)
{
    log_event(LOG_FATAL, "kd", "undefined_behaviour kind=\"%s\" file=%s line=%u column=%u", kind,
              where->file, where->line, where->column);
    check_failed(kind, where->file, where->line);
}

/* The arguments behind the location (values, pointers) are in registers that a handler need not declare. */
#define HANDLER(name, text)                                                                        \
    _Noreturn void __ubsan_handle_##name(const struct location *where);                            \
    _Noreturn void __ubsan_handle_##name(const struct location *where)                             \
    {                                                                                              \
        report(text, where);                                                                       \
    }

HANDLER(add_overflow, "signed addition overflows")
HANDLER(sub_overflow, "signed subtraction overflows")
HANDLER(mul_overflow, "signed multiplication overflows")
HANDLER(negate_overflow, "negation overflows")
HANDLER(divrem_overflow, "division by zero, or overflow")
HANDLER(shift_out_of_bounds, "shift by too much, or of a negative value")
HANDLER(out_of_bounds, "index beyond the array")
HANDLER(type_mismatch_v1, "null, misaligned or too small object")
HANDLER(pointer_overflow, "pointer arithmetic wraps")
HANDLER(load_invalid_value, "a bool or enum holds no value of its type")
HANDLER(builtin_unreachable, "an unreachable place is reached")
HANDLER(nonnull_arg, "null passed where it must not be")
HANDLER(invalid_builtin, "zero passed to a count of zeros")
HANDLER(alignment_assumption, "an assumed alignment is wrong")
