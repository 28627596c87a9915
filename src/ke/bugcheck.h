/* SPDX-License-Identifier: BSD-2-Clause */
/* The documented stops. Always on, in every variant. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <nt/bugcodes.h>
#include <nt/ntdef.h>

struct arch_frame;

/*
 * Stop the machine: the other processors by NMI, then code, parameters, registers and back-traces on the serial
 * line, then status 3. A second bugcheck while one is reported ends the machine at once.
 *
 * IRQL: any
 */
_Noreturn void ke_bugcheck(ULONG code, uintptr_t p1, uintptr_t p2, uintptr_t p3, uintptr_t p4);
/* The same about a trap: registers and back-trace are those of `frame`. */
_Noreturn void ke_bugcheck_frame(struct arch_frame *frame, ULONG code,
                                 const uintptr_t parameters[4]);

/* Where a failed CHECK ends: KMODE_EXCEPTION_NOT_HANDLED with STATUS_ASSERTION_FAILURE. See check_set_stop. */
_Noreturn void ke_bugcheck_check(const char *expression, const char *file, uint32_t line);
