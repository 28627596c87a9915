/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connecting handlers to interrupt lines and taking them off again, while interrupts of the line come in anywhere.
 *
 * A line is masked unless an active object is connected to it. It goes to one processor, which all objects of the line
 * allow: the one that has the fewest lines when the first of them connects; later ones may move it. Everything happens
 * under the line's lock; the port's own lock comes behind it.
 */
#include <nt/list.h>
#include <nt/ntstatus.h>

#include "base/log.h"
#include "ke/ke_impl.h"

#define TAG_INTERRUPT 0x72746e49u /* "Intr" */

void ke_interrupt_init(void)
{
    for (uint32_t i = 0; i < KE_INTERRUPT_LINES; i++) {
        ke_lock_init(&ke.lines[i].lock, KE_LOCK_INTERRUPT);
        InitializeListHead(&ke.lines[i].interrupts);
    }
}

static uint32_t gsi_of(const struct ke_interrupt_line *line)
{
    return (uint32_t)(line - ke.lines);
}

/* --- Routing. The line's lock is held ---------------------------------------------------------------------- */

/* How many lines a processor has; other lines' locks are not held, so it is a hint. */
static uint32_t load_of(uint32_t cpu)
{
    uint32_t load = 0;
    for (uint32_t i = 0; i < KE_INTERRUPT_LINES; i++)
        load += atomic_load_relaxed(&ke.lines[i].routed) &&
                atomic_load_relaxed(&ke.lines[i].cpu) == cpu;
    return load;
}

static uint32_t least_loaded(KAFFINITY cpus)
{
    uint32_t best = (uint32_t)__builtin_ctzll(cpus);
    uint32_t best_load = load_of(best);
    for (KAFFINITY left = cpus & (cpus - 1); left != 0; left &= left - 1) {
        uint32_t cpu = (uint32_t)__builtin_ctzll(left);
        uint32_t load = load_of(cpu);
        if (load < best_load) {
            best = cpu;
            best_load = load;
        }
    }
    return best;
}

/* The processors that all objects of the line allow, `more` included. */
static KAFFINITY affinity_of(const struct ke_interrupt_line *line, KAFFINITY more)
{
    KAFFINITY cpus = more & atomic_load_acquire(&ke.active);
    for (LIST_ENTRY *link = line->interrupts.Flink; link != &line->interrupts; link = link->Flink)
        cpus &= CONTAINING_RECORD(link, KINTERRUPT, link)->affinity;
    return cpus;
}

static bool any_active(const struct ke_interrupt_line *line)
{
    for (LIST_ENTRY *link = line->interrupts.Flink; link != &line->interrupts; link = link->Flink) {
        const KINTERRUPT *interrupt = CONTAINING_RECORD(link, KINTERRUPT, link);
        if (interrupt->active && !interrupt->leaving)
            return true;
    }
    return false;
}

/* The level of a line that has none yet comes with a vector, masked. */
static NTSTATUS give_level(struct ke_interrupt_line *line)
{
    if (line->irql != 0)
        return STATUS_SUCCESS;
    return arch_interrupt_connect(gsi_of(line), ARCH_CPU_NONE, &line->irql);
}

void ke_interrupt_mask(struct ke_interrupt_line *line)
{
    NTSTATUS status = arch_interrupt_connect(gsi_of(line), ARCH_CPU_NONE, &line->irql);
    CHECK(NT_SUCCESS(status)); /* it has its vector */
    (void)status;
    atomic_store_relaxed(&line->routed, false);
}

/* Unmasked, to a processor that all allow; the one that it goes to already if possible. */
static NTSTATUS route(struct ke_interrupt_line *line)
{
    KAFFINITY cpus = affinity_of(line, ~(KAFFINITY)0);
    if (line->routed && (cpus >> line->cpu & 1))
        return STATUS_SUCCESS;
    uint32_t cpu = least_loaded(cpus);
    NTSTATUS status = arch_interrupt_connect(gsi_of(line), cpu, &line->irql);
    if (!NT_SUCCESS(status))
        return status;
    atomic_store_relaxed(&line->cpu, cpu);
    atomic_store_relaxed(&line->routed, true);
    line->unclaimed_in_row = 0;
    return STATUS_SUCCESS;
}

/* After an object has left or changed: nobody listens, so the line is masked; nobody is there, so its vector is free. */
static void settle(struct ke_interrupt_line *line)
{
    if (line->routed && !any_active(line))
        ke_interrupt_mask(line);
    if (IsListEmpty(&line->interrupts) && !line->level_kept) {
        arch_interrupt_disconnect(gsi_of(line));
        line->irql = 0;
    }
}

/* --- Connecting -------------------------------------------------------------------------------------------- */

static bool well_formed(const struct ke_interrupt_options *options)
{
    return options->gsi < KE_INTERRUPT_LINES && options->routine != NULL &&
           (options->mode == LevelSensitive || options->mode == Latched) &&
           options->synchronize_irql <= HIGH_LEVEL;
}

/* Whether it may join those that are connected. */
static bool fits(const struct ke_interrupt_line *line, const struct ke_interrupt_options *options)
{
    if (affinity_of(line, options->affinity) == 0)
        return false;
    if (IsListEmpty(&line->interrupts))
        return true;
    const KINTERRUPT *other = CONTAINING_RECORD(line->interrupts.Flink, KINTERRUPT, link);
    return other->shared && options->shared && other->mode == options->mode;
}

static bool level_is_right(const struct ke_interrupt_line *line,
                           const struct ke_interrupt_options *options)
{
    return (options->irql == 0 || options->irql == line->irql) &&
           (options->synchronize_irql == 0 || options->synchronize_irql >= line->irql);
}

static void fill(KINTERRUPT *interrupt, struct ke_interrupt_line *line,
                 const struct ke_interrupt_options *options)
{
    *interrupt = (KINTERRUPT){
        .line = line,
        .routine = options->routine,
        .context = options->context,
        .lock = options->lock != NULL ? options->lock : &interrupt->own_lock,
        .mode = options->mode,
        .shared = options->shared,
        .affinity = options->affinity,
        .active = true,
    };
}

/* The line's lock is held. */
static NTSTATUS join(struct ke_interrupt_line *line, KINTERRUPT *interrupt,
                     const struct ke_interrupt_options *options)
{
    NTSTATUS status = give_level(line);
    if (!NT_SUCCESS(status))
        return status;
    if (!fits(line, options) || !level_is_right(line, options))
        return STATUS_INVALID_PARAMETER;
    interrupt->synchronize_irql =
        options->synchronize_irql != 0 ? options->synchronize_irql : line->irql;
    InsertTailList(&line->interrupts, &interrupt->link);
    status = route(line);
    if (!NT_SUCCESS(status))
        RemoveEntryList(
            &interrupt->link); /* interrupts are off, and it was masked: nobody has seen it */
    return status;
}

MUST_CHECK NTSTATUS ke_interrupt_connect(const struct ke_interrupt_options *options,
                                         KINTERRUPT **out)
{
    IRQL_IS(PASSIVE_LEVEL);
    if (!well_formed(options))
        return STATUS_INVALID_PARAMETER;
    KINTERRUPT *interrupt = ke.memory->allocate(sizeof(*interrupt), TAG_INTERRUPT);
    if (interrupt == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct ke_interrupt_line *line = &ke.lines[options->gsi];
    fill(interrupt, line, options);
    *out = interrupt;
    bool interrupts = ke_lock_acquire(&line->lock);
    NTSTATUS status = join(line, interrupt, options);
    if (!NT_SUCCESS(status) && line->irql != 0)
        settle(line);
    KIRQL irql = line->irql;
    ke_lock_release(&line->lock, interrupts);
    if (!NT_SUCCESS(status)) {
        *out = NULL;
        ke.memory->free(interrupt, TAG_INTERRUPT);
        return status;
    }
    log_event(LOG_DEBUG, "ke", "interrupt_connected gsi=%u irql=%u cpu=%u", options->gsi, irql,
              atomic_load_relaxed(&line->cpu));
    return STATUS_SUCCESS;
}

/* --- Taking it off ------------------------------------------------------------------------------------------ */

/* The handler may run on other processors: it is not asked again, and what runs is waited for. */
static bool lock_idle(struct ke_interrupt_line *line, KINTERRUPT *interrupt)
{
    bool interrupts = ke_lock_acquire(&line->lock);
    interrupt->leaving = true;
    while (interrupt->busy != 0) {
        ke_lock_release(&line->lock, interrupts);
        arch_cpu_pause();
        interrupts = ke_lock_acquire(&line->lock);
    }
    return interrupts;
}

void ke_interrupt_disconnect(KINTERRUPT *interrupt)
{
    IRQL_IS(PASSIVE_LEVEL);
    struct ke_interrupt_line *line = interrupt->line;
    bool interrupts = lock_idle(line, interrupt);
    RemoveEntryList(&interrupt->link);
    settle(line);
    ke_lock_release(&line->lock, interrupts);
    ke.memory->free(interrupt, TAG_INTERRUPT);
}

void ke_interrupt_set_active(KINTERRUPT *interrupt, bool active)
{
    IRQL_MAX(DISPATCH_LEVEL);
    struct ke_interrupt_line *line = interrupt->line;
    NTSTATUS status = STATUS_SUCCESS;
    bool interrupts = ke_lock_acquire(&line->lock);
    interrupt->active = active;
    if (active)
        status = route(line);
    else
        settle(line);
    ke_lock_release(&line->lock, interrupts);
    CHECK(NT_SUCCESS(status)); /* the line has its vector, and its processor was there before */
    (void)status;
}

MUST_CHECK NTSTATUS ke_interrupt_level(uint32_t gsi, KIRQL *irql)
{
    if (gsi >= KE_INTERRUPT_LINES)
        return STATUS_INVALID_PARAMETER;
    struct ke_interrupt_line *line = &ke.lines[gsi];
    bool interrupts = ke_lock_acquire(&line->lock);
    NTSTATUS status = give_level(line);
    if (NT_SUCCESS(status)) {
        line->level_kept = true;
        *irql = line->irql;
    }
    ke_lock_release(&line->lock, interrupts);
    return status;
}
