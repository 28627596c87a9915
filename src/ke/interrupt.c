/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An interrupt comes in: the handlers of its line are asked, each under its own spin lock at its own level.
 *
 * A level-triggered line is shared by asking one handler after the other until one claims the interrupt. If a second
 * device asserts the line as well, it interrupts again as soon as the first one's interrupt has ended. A latched line
 * tells of a change only, and a second device's is lost while the first one's lasts: so all handlers are asked, and again
 * until a whole round claims nothing. (WDK "Introduction to Interrupt Service Routines", "KINTERRUPT_MODE".)
 *
 * The line's lock protects the list and is not held while a handler runs. A handler that runs counts as `busy`: its object
 * stays where it is in the list until it returns, and disconnecting waits for that.
 *
 * A level-triggered interrupt that nobody claims comes back for ever. It is counted, and after
 * KE_INTERRUPT_UNCLAIMED_LIMIT of them in a row the line is masked, and the log says so.
 */
#include "ke/interrupt.h"

#include <nt/ke_ddi.h>
#include <nt/ke_object_ddi.h>

#include "base/log.h"
#include "ke/bugcheck.h"
#include "ke/ke_impl.h"

/* --- The lock of an interrupt object ---------------------------------------------------------------------- */

/*
 * To the level at which its handler runs, and with the lock that its handler holds.
 *
 * IRQL:    <= the level of synchronisation
 * Returns: the level before
 * Source:  WDK "KeAcquireInterruptSpinLock function (wdm.h)"
 */
KIRQL KeAcquireInterruptSpinLock(KINTERRUPT *interrupt)
{
    KIRQL old = KfRaiseIrql(interrupt->synchronize_irql);
    KeAcquireSpinLockAtDpcLevel(interrupt->lock);
    return old;
}

void KeReleaseInterruptSpinLock(KINTERRUPT *interrupt, KIRQL old_irql)
{
    KeReleaseSpinLockFromDpcLevel(interrupt->lock);
    KeLowerIrql(old_irql);
}

BOOLEAN KeSynchronizeExecution(KINTERRUPT *interrupt, PKSYNCHRONIZE_ROUTINE routine, PVOID context)
{
    KIRQL old = KeAcquireInterruptSpinLock(interrupt);
    BOOLEAN result = routine(context);
    KeReleaseInterruptSpinLock(interrupt, old);
    return result;
}

/* --- Asking the handlers ---------------------------------------------------------------------------------- */

static bool ask(KINTERRUPT *interrupt)
{
    KIRQL old = KeAcquireInterruptSpinLock(interrupt);
    bool claimed = interrupt->routine(interrupt, interrupt->context);
    if (arch_irql() != interrupt->synchronize_irql)
        ke_bugcheck(IRQL_UNEXPECTED_VALUE,
                    (uintptr_t)arch_irql() << 16 | (uintptr_t)interrupt->synchronize_irql << 8,
                    (uintptr_t)interrupt->routine, 0, 0);
    KeReleaseInterruptSpinLock(interrupt, old);
    return claimed;
}

/* The one behind `last` (NULL: the first) that is to be asked, made busy; `last` is let go of. NULL: there is none. */
static KINTERRUPT *next(struct ke_interrupt_line *line, KINTERRUPT *last)
{
    KINTERRUPT *found = NULL;
    bool interrupts = ke_lock_acquire(&line->lock);
    LIST_ENTRY *link = last != NULL ? last->link.Flink : line->interrupts.Flink;
    if (last != NULL)
        last->busy--;
    for (; found == NULL && link != &line->interrupts; link = link->Flink) {
        KINTERRUPT *interrupt = CONTAINING_RECORD(link, KINTERRUPT, link);
        if (interrupt->active && !interrupt->leaving)
            found = interrupt;
    }
    if (found != NULL)
        found->busy++;
    ke_lock_release(&line->lock, interrupts);
    return found;
}

static void let_go(struct ke_interrupt_line *line, KINTERRUPT *interrupt)
{
    bool interrupts = ke_lock_acquire(&line->lock);
    interrupt->busy--;
    ke_lock_release(&line->lock, interrupts);
}

/* One round; with `first_only` it ends when one claims the interrupt. *asked: how many were. Returns whether one did. */
static bool round_of(struct ke_interrupt_line *line, bool first_only, uint32_t *asked)
{
    bool claimed = false;
    *asked = 0;
    for (KINTERRUPT *one = next(line, NULL); one != NULL; one = next(line, one)) {
        ++*asked;
        if (!ask(one))
            continue;
        claimed = true;
        if (first_only) {
            let_go(line, one);
            break;
        }
    }
    return claimed;
}

/* A handler that is alone is asked once: an edge that comes meanwhile is pending in the interrupt controller. */
static bool run_latched(struct ke_interrupt_line *line, uint32_t *asked)
{
    uint32_t rounds = 0;
    bool any = false, claimed;
    do {
        claimed = round_of(line, false, asked);
        any |= claimed;
    } while (claimed && *asked > 1 && ++rounds < KE_INTERRUPT_ROUNDS_LIMIT);
    return any;
}

static bool is_latched(struct ke_interrupt_line *line)
{
    bool interrupts = ke_lock_acquire(&line->lock);
    bool latched = !IsListEmpty(&line->interrupts) &&
                   CONTAINING_RECORD(line->interrupts.Flink, KINTERRUPT, link)->mode == Latched;
    ke_lock_release(&line->lock, interrupts);
    return latched;
}

/* --- Nobody's interrupts ---------------------------------------------------------------------------------- */

static void note_claimed(struct ke_interrupt_line *line)
{
    if (atomic_load_relaxed(&line->unclaimed_in_row) == 0)
        return;
    bool interrupts = ke_lock_acquire(&line->lock);
    atomic_store_relaxed(&line->unclaimed_in_row, 0);
    ke_lock_release(&line->lock, interrupts);
}

/* Without anybody asked it was on its way when the last handler left. */
static void note_unclaimed(struct ke_interrupt_line *line, uint32_t gsi, uint32_t asked)
{
    bool interrupts = ke_lock_acquire(&line->lock);
    uint32_t in_row = line->unclaimed_in_row + 1;
    line->unclaimed++;
    atomic_store_relaxed(&line->unclaimed_in_row, in_row);
    bool storm = in_row >= KE_INTERRUPT_UNCLAIMED_LIMIT && line->routed;
    if (storm)
        ke_interrupt_mask(line);
    ke_lock_release(&line->lock, interrupts);
    if (storm)
        log_event(LOG_ERROR, "ke", "interrupt_masked gsi=%u unclaimed=%u", gsi, in_row);
    else if (in_row == 1 && asked != 0)
        log_event(LOG_WARNING, "ke", "interrupt_unclaimed gsi=%u", gsi);
}

void ke_interrupt_run(uint32_t gsi)
{
    CHECK(gsi < KE_INTERRUPT_LINES);
    struct ke_interrupt_line *line = &ke.lines[gsi];
    uint32_t asked;
    arch_cpu()->counters.device_interrupts++;
    bool claimed = is_latched(line) ? run_latched(line, &asked) : round_of(line, true, &asked);
    if (claimed)
        note_claimed(line);
    else
        note_unclaimed(line, gsi, asked);
}
