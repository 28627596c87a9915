/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupt lines, and the objects that connect handlers to them: KINTERRUPT, of which drivers have the address only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <nt/ke.h>

#include "base/check.h"
#include "ke/lock.h"

#define KE_INTERRUPT_LINES 64

/* A line that nobody claimed so often, one time after the other, is masked until somebody connects to it again. */
#define KE_INTERRUPT_UNCLAIMED_LIMIT 1000
/* On a shared latched line all handlers are called at most so often for one interrupt. */
#define KE_INTERRUPT_ROUNDS_LIMIT 64

/* Legend: [i] immutable once connected, [l] the line's lock. */
struct _KINTERRUPT {
    LIST_ENTRY link; /* [l] in the order of connecting */
    struct ke_interrupt_line *line;
    PKSERVICE_ROUTINE routine;
    PVOID context;
    KSPIN_LOCK *lock;    /* [i] the driver's, or own_lock */
    KSPIN_LOCK own_lock; /* by KeAcquireSpinLockAtDpcLevel */
    KIRQL synchronize_irql;
    KINTERRUPT_MODE mode;
    bool shared;
    KAFFINITY affinity;
    bool active;   /* [l] its device may interrupt: the handler is asked */
    bool leaving;  /* [l] is being disconnected: is not asked any more */
    uint32_t busy; /* [l] calls of the handler that are under way */
};

struct ke_interrupt_line {
    struct ke_lock lock;
    LIST_ENTRY interrupts;     /* [l] */
    KIRQL irql;                /* [l] 0: the port has given it no level */
    bool level_kept;           /* [l] its level was told to somebody: it stays */
    bool routed;               /* [l] unmasked, to `cpu` */
    uint32_t cpu;              /* [l] read without the lock as a hint */
    uint32_t unclaimed_in_row; /* [l] */
    uint64_t unclaimed;        /* [l] interrupts that nobody claimed, ever */
};

struct ke_interrupt_options {
    uint32_t gsi;
    KIRQL irql;             /* 0: whatever level the line has */
    KIRQL synchronize_irql; /* 0: the line's level */
    KINTERRUPT_MODE mode;
    bool shared;
    KAFFINITY affinity; /* processors that may be interrupted */
    PKSERVICE_ROUTINE routine;
    PVOID context;
    KSPIN_LOCK *lock; /* NULL: one of its own */
};

/*
 * The handler may be called before this returns; *out is set before that.
 *
 * IRQL:    PASSIVE_LEVEL      Locks: the line's
 * Returns: STATUS_INVALID_PARAMETER: no such line; not the line's level; no processor of the affinity is there; the line
 *          is connected and is not shared by both, or in another mode, or with no processor in common.
 *          STATUS_INSUFFICIENT_RESOURCES. What arch_interrupt_connect returns.
 */
MUST_CHECK NTSTATUS ke_interrupt_connect(const struct ke_interrupt_options *options,
                                         KINTERRUPT **out);
/* When it returns no handler runs or will run, and the object is gone. IRQL: PASSIVE_LEVEL */
void ke_interrupt_disconnect(KINTERRUPT *interrupt);
/* An inactive one's handler is not asked; a line with inactive ones only is masked. IRQL: <= DISPATCH_LEVEL */
void ke_interrupt_set_active(KINTERRUPT *interrupt, bool active);
/* The level that handlers of the line run at, now and later: what a driver is told before it connects. */
MUST_CHECK NTSTATUS ke_interrupt_level(uint32_t gsi, KIRQL *irql);

void ke_interrupt_init(void);
/* From the front door, at the line's level. */
void ke_interrupt_run(uint32_t gsi);
