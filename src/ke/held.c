/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list of what each processor holds, and the order in which classes were seen to be taken.
 *
 * The list belongs to the processor, and interrupts are off while it changes; what an interrupt adds it takes off
 * again before it returns. Who only tries never waits, so a try makes no edge and may break ranks, but what is taken
 * after it may not: a rank is compared with those of all that is held.
 *
 * Drivers' spin locks have no storage for an owner and no class of their own. They share SPIN, the lowest rank, among
 * themselves in any order: a driver may hold them while it calls us, and we hold nothing while we call a driver.
 */
#include "ke/held.h"

#include "base/log.h"
#include "ke/bugcheck.h"
#include "ke/ke.h"

struct lock_class {
    const char *name;
    uint8_t rank;
};

static const struct lock_class classes[KE_LOCK_CLASS_COUNT] = {
#define LOCK_CLASS(name, rank, protects) { #name, rank },
#include "ke/lock_classes.tbl"
#undef LOCK_CLASS
};

static uint64_t
    edges[KE_LOCK_CLASS_COUNT]; /* [a] bit w of edges[h]: w was wanted while h was held */
_Static_assert(KE_LOCK_CLASS_COUNT <= 64, "a bit for each class");

/* --- Order ------------------------------------------------------------------------------------------------ */

static bool holds_class(const struct ke_cpu *cpu, enum ke_lock_class class)
{
    for (uint32_t i = 0; i < cpu->held_count; i++) {
        if (cpu->held[i].class == class)
            return true;
    }
    return false;
}

/* Two of one class: spin locks of drivers; objects, by who holds WAIT_ALL. */
static bool may_follow(const struct ke_cpu *cpu, enum ke_lock_class held, enum ke_lock_class wanted)
{
    if (classes[held].rank != classes[wanted].rank)
        return classes[held].rank < classes[wanted].rank;
    if (wanted == KE_LOCK_DISPATCHER)
        return holds_class(cpu, KE_LOCK_WAIT_ALL);
    return wanted == KE_LOCK_SPIN;
}

static void note_edge(enum ke_lock_class held, enum ke_lock_class wanted)
{
    uint64_t bit = (uint64_t)1 << wanted;
    if (!(atomic_load_relaxed(&edges[held]) & bit))
        (void)atomic_or(&edges[held], bit);
}

void ke_held_check_wanted(enum ke_lock_class class)
{
    if (!VARIANT_CHECKED)
        return;
    const struct ke_cpu *cpu = arch_cpu();
    for (uint32_t i = 0; i < cpu->held_count; i++) {
        enum ke_lock_class held = cpu->held[i].class;
        if (!may_follow(cpu, held, class)) {
            log_event(LOG_FATAL, "ke", "lock_order held=%s wanted=%s", classes[held].name,
                      classes[class].name);
            check_failed("lock ranks rise", __FILE__, __LINE__);
        }
        note_edge(held, class);
    }
}

bool ke_held_edge_seen(enum ke_lock_class held, enum ke_lock_class wanted)
{
    return atomic_load_relaxed(&edges[held]) >> wanted & 1;
}

void ke_held_report_edges(void)
{
    uint32_t count = 0;
    for (uint32_t held = 0; held < KE_LOCK_CLASS_COUNT; held++) {
        for (uint32_t wanted = 0; wanted < KE_LOCK_CLASS_COUNT; wanted++) {
            if (!ke_held_edge_seen(held, wanted))
                continue;
            log_line("@lock_edge held=%s wanted=%s", classes[held].name, classes[wanted].name);
            count++;
        }
    }
    log_line("@lock_edges count=%u", count);
}

/* --- The list --------------------------------------------------------------------------------------------- */

void ke_held_add(const void *lock, enum ke_lock_class class, enum ke_held_kind kind)
{
    if (!VARIANT_CHECKED)
        return;
    struct ke_cpu *cpu = arch_cpu();
    CHECK(cpu->held_count < KE_LOCKS_HELD);
    cpu->held[cpu->held_count++] = (struct ke_held_lock){ lock, (uint8_t)class, (uint8_t)kind };
}

/* The place of `lock` + 1; 0: not held here. */
static uint32_t find(const struct ke_cpu *cpu, const void *lock)
{
    uint32_t i = cpu->held_count;
    while (i > 0 && cpu->held[i - 1].lock != lock)
        i--;
    return i;
}

static void remove_at(struct ke_cpu *cpu, uint32_t place)
{
    for (uint32_t i = place; i < cpu->held_count; i++)
        cpu->held[i - 1] = cpu->held[i];
    cpu->held_count--;
}

void ke_held_remove(const void *lock)
{
    if (!VARIANT_CHECKED)
        return;
    uint32_t place = find(arch_cpu(), lock);
    CHECK(place > 0);
    remove_at(arch_cpu(), place);
}

bool ke_held_by_me(const void *lock)
{
    if (!VARIANT_CHECKED)
        return true;
    bool interrupts = arch_interrupts_disable();
    bool found = find(arch_cpu(), lock) > 0;
    arch_interrupts_restore(interrupts);
    return found;
}

/* --- Drivers' spin locks ---------------------------------------------------------------------------------- */

/* Nothing can switch here: neither a level above APC_LEVEL lets it, nor interrupts that are off. */
static void require_level(const void *lock, bool interrupts)
{
    if (interrupts && arch_irql() < DISPATCH_LEVEL)
        ke_bugcheck(IRQL_NOT_DISPATCH_LEVEL, (uintptr_t)lock, arch_irql(), 0, 0);
}

void ke_held_check_spin(const void *lock, enum ke_held_kind kind)
{
    if (!VARIANT_CHECKED)
        return;
    bool interrupts = arch_interrupts_disable();
    const struct ke_cpu *cpu = arch_cpu();
    require_level(lock, interrupts);
    uint32_t place = find(cpu, lock);
    if (place > 0)
        ke_bugcheck(SPIN_LOCK_ALREADY_OWNED, (uintptr_t)lock, kind, cpu->held[place - 1].kind, 0);
    ke_held_check_wanted(KE_LOCK_SPIN);
    arch_interrupts_restore(interrupts);
}

void ke_held_add_spin(const void *lock, enum ke_held_kind kind)
{
    if (!VARIANT_CHECKED)
        return;
    bool interrupts = arch_interrupts_disable();
    require_level(lock, interrupts);
    ke_held_add(lock, KE_LOCK_SPIN, kind);
    arch_interrupts_restore(interrupts);
}

void ke_held_remove_spin(const void *lock, enum ke_held_kind kind)
{
    if (!VARIANT_CHECKED)
        return;
    bool interrupts = arch_interrupts_disable();
    struct ke_cpu *cpu = arch_cpu();
    require_level(lock, interrupts);
    uint32_t place = find(cpu, lock);
    enum ke_held_kind held = place > 0 ? cpu->held[place - 1].kind : KE_HELD_OWN;
    if (held != kind)
        ke_bugcheck(SPIN_LOCK_NOT_OWNED, (uintptr_t)lock, kind, held, 0);
    remove_at(cpu, place);
    arch_interrupts_restore(interrupts);
}

_Noreturn void ke_held_mixed(const void *lock, enum ke_held_kind wanted, enum ke_held_kind held)
{
    ke_bugcheck(SPIN_LOCK_ALREADY_OWNED, (uintptr_t)lock, wanted, held, 0);
}

void ke_held_check_level(KIRQL new_irql)
{
    if (!VARIANT_CHECKED || new_irql >= DISPATCH_LEVEL || arch_irql() < DISPATCH_LEVEL)
        return;
    bool interrupts = arch_interrupts_disable();
    const struct ke_cpu *cpu = arch_cpu();
    for (uint32_t i = 0; interrupts && i < cpu->held_count; i++) {
        if (cpu->held[i].class == KE_LOCK_SPIN)
            ke_bugcheck(IRQL_NOT_DISPATCH_LEVEL, (uintptr_t)cpu->held[i].lock, new_irql, 0, 0);
    }
    arch_interrupts_restore(interrupts);
}
