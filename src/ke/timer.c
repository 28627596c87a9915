/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timers: a hierarchical wheel per processor, 4 levels of 64 slots. A slot of level n is 64^n ticks wide; when the hand
 * enters a slot of a higher level its timers move down. Setting and cancelling cost the same for any number of timers.
 *
 * Lock order is timer object, then wheel. Expiry comes from the other side: it holds the wheel when it finds the timer.
 * It tries the object's lock and, if somebody has it, lets go of the wheel and looks again. A timer in the wheel cannot
 * vanish meanwhile, since cancelling it needs the wheel too.
 */
#include <nt/ke_object_ddi.h>

#include "ke/ke_impl.h"

#define SLOT_BITS 6
#define SLOT_MASK (KE_WHEEL_SLOTS - 1)
_Static_assert(KE_WHEEL_SLOTS == 1 << SLOT_BITS, "a slot is SLOT_BITS of the tick");

static uint64_t due_tick(const KTIMER *timer)
{
    return (timer->DueTime.QuadPart + KE_TICK_100NS - 1) / KE_TICK_100NS;
}

/* `earliest`: the next tick, or while the hand enters a slot this one. */
static void wheel_insert(struct ke_cpu *cpu, KTIMER *timer, uint64_t earliest)
{
    LOCK_HELD(&cpu->timer_lock);
    uint64_t due = due_tick(timer);
    if (due < earliest)
        due = earliest;
    uint64_t distance = due - cpu->wheel_tick;
    uint64_t horizon = (uint64_t)SLOT_MASK << (SLOT_BITS * (KE_WHEEL_LEVELS - 1));
    if (distance > horizon) { /* too far even for the last level: park there, look again then */
        distance = horizon;
        due = cpu->wheel_tick + horizon;
    }
    uint32_t level = 0;
    while (distance >> (SLOT_BITS * (level + 1)) != 0)
        level++;
    uint32_t slot = (uint32_t)(due >> (SLOT_BITS * level)) & SLOT_MASK;
    InsertTailList(&cpu->wheel[level][slot], &timer->TimerListEntry);
}

static void cascade(struct ke_cpu *cpu, uint32_t level, uint32_t slot)
{
    LIST_ENTRY moving;
    LIST_ENTRY *from = &cpu->wheel[level][slot];
    InitializeListHead(&moving);
    while (!IsListEmpty(from))
        InsertTailList(&moving, RemoveHeadList(from));
    while (!IsListEmpty(&moving)) {
        LIST_ENTRY *entry = RemoveHeadList(&moving);
        wheel_insert(cpu, CONTAINING_RECORD(entry, KTIMER, TimerListEntry), cpu->wheel_tick);
    }
}

/* One tick on: timers of the higher levels whose slot begins here come down, the highest first. */
static void advance(struct ke_cpu *cpu)
{
    uint64_t tick = ++cpu->wheel_tick;
    uint32_t level = 1;
    while (level < KE_WHEEL_LEVELS && (tick & (((uint64_t)1 << (SLOT_BITS * level)) - 1)) == 0)
        level++;
    for (uint32_t i = level - 1; i >= 1; i--)
        cascade(cpu, i, (uint32_t)(tick >> (SLOT_BITS * i)) & SLOT_MASK);
}

/* The first timer that is due, the hand moved as far as that needs; NULL: none. */
static KTIMER *first_due(struct ke_cpu *cpu, uint64_t now)
{
    LOCK_HELD(&cpu->timer_lock);
    for (;;) {
        LIST_ENTRY *slot = &cpu->wheel[0][cpu->wheel_tick & SLOT_MASK];
        if (!IsListEmpty(slot))
            return CONTAINING_RECORD(slot->Flink, KTIMER, TimerListEntry);
        if (cpu->timer_count == 0 || cpu->wheel_tick >= now)
            return NULL;
        advance(cpu);
    }
}

/* Locked. The flags are part of the word that others try to lock meanwhile, hence atomically. */
static bool is_inserted(const KTIMER *timer)
{
    return atomic_load_relaxed(&timer->Header.TimerMiscFlags) & KE_TIMER_INSERTED;
}

static void set_inserted(KTIMER *timer, bool inserted)
{
    UCHAR others = atomic_load_relaxed(&timer->Header.TimerMiscFlags) & (UCHAR)~KE_TIMER_INSERTED;
    UCHAR flags = inserted ? others | KE_TIMER_INSERTED : others;
    atomic_store_relaxed(&timer->Header.TimerMiscFlags, flags);
}

static void start_locked(KTIMER *timer)
{
    struct ke_cpu *cpu = arch_cpu();
    ke_lock_acquire_nested(&cpu->timer_lock);
    if (cpu->timer_count == 0)
        cpu->wheel_tick = ke_tick_count(); /* nothing can have been missed */
    wheel_insert(cpu, timer, cpu->wheel_tick + 1);
    atomic_store_relaxed(&cpu->timer_count, cpu->timer_count + 1);
    ke_lock_release_nested(&cpu->timer_lock);
    timer->Processor = cpu->index;
    set_inserted(timer, true);
    if (cpu->clock_stopped) {
        cpu->clock_stopped = false;
        arch_clock_start();
    }
}

/* Object lock and wheel lock held. */
static void remove_from_wheel(struct ke_cpu *cpu, KTIMER *timer)
{
    LOCK_HELD(&cpu->timer_lock);
    RemoveEntryList(&timer->TimerListEntry);
    atomic_store_relaxed(&cpu->timer_count, cpu->timer_count - 1);
    set_inserted(timer, false);
}

/* Locked as a signaller, not in a wheel: the time has come. */
static void fire(KTIMER *timer)
{
    ke_object_set_state(&timer->Header, 1);
    if (timer->Period != 0) {
        uint64_t period_100ns = (uint64_t)timer->Period * KE_TICK_100NS;
        uint64_t now_100ns = ke_tick_count() * KE_TICK_100NS;
        timer->DueTime.QuadPart += period_100ns;
        if (timer->DueTime.QuadPart < now_100ns) /* periods that were missed are missed */
            timer->DueTime.QuadPart +=
                (now_100ns - timer->DueTime.QuadPart) / period_100ns * period_100ns;
        start_locked(timer);
    }
    if (timer->Dpc != NULL)
        (void)KeInsertQueueDpc(timer->Dpc, NULL,
                               NULL); /* still queued from last time: that one does */
    ke_object_satisfy_waiters(&timer->Header, 0);
}

bool ke_timer_is_due(struct ke_cpu *cpu)
{
    if (atomic_load_relaxed(&cpu->timer_count) == 0)
        return false;
    bool interrupts = ke_lock_acquire(&cpu->timer_lock);
    bool due = first_due(cpu, ke_tick_count()) != NULL;
    ke_lock_release(&cpu->timer_lock, interrupts);
    return due;
}

enum expiry { EXPIRY_NONE, EXPIRY_DONE, EXPIRY_BUSY, EXPIRY_NEEDS_WAIT_ALL };

static enum expiry expire_locked(struct ke_cpu *cpu, KTIMER *timer, bool wait_all)
{
    if (!ke_object_try_lock(&timer->Header))
        return EXPIRY_BUSY;
    if ((timer->Header.Lock & KE_OBJECT_WAIT_ALL) && !wait_all) {
        ke_object_unlock(&timer->Header);
        return EXPIRY_NEEDS_WAIT_ALL;
    }
    remove_from_wheel(cpu, timer);
    return EXPIRY_DONE;
}

static enum expiry expire_one(struct ke_cpu *cpu, uint64_t now, bool wait_all)
{
    ke_lock_acquire_nested(&cpu->timer_lock);
    KTIMER *timer = first_due(cpu, now);
    enum expiry expiry = timer == NULL ? EXPIRY_NONE : expire_locked(cpu, timer, wait_all);
    ke_lock_release_nested(&cpu->timer_lock);
    if (expiry == EXPIRY_DONE) {
        fire(timer);
        cpu->counters.timers_expired++;
        ke_object_unlock(&timer->Header);
    } else if (expiry == EXPIRY_BUSY) {
        arch_cpu_pause();
    }
    return expiry;
}

/* The timer that is waited for together with others may be another one, or gone, when it is looked at again. */
static enum expiry expire_with_wait_all(struct ke_cpu *cpu, uint64_t now)
{
    ke_lock_acquire_nested(&ke.wait_all_lock);
    enum expiry expiry = expire_one(cpu, now, true);
    ke_lock_release_nested(&ke.wait_all_lock);
    return expiry;
}

/*
 * Up to the tick at which it begins: if expiring takes longer than a tick, DPCs and threads must come in between, or
 * timers with short periods would keep the processor for ever.
 */
void ke_timer_expire(struct ke_cpu *cpu)
{
    uint64_t now = ke_tick_count();
    bool more = atomic_load_relaxed(&cpu->timer_count) != 0;
    while (more) {
        bool interrupts = arch_interrupts_disable();
        enum expiry expiry = expire_one(cpu, now, false);
        if (expiry == EXPIRY_NEEDS_WAIT_ALL)
            expiry = expire_with_wait_all(cpu, now);
        more = expiry != EXPIRY_NONE;
        arch_interrupts_restore(interrupts);
    }
}

bool ke_timer_cancel_locked(KTIMER *timer)
{
    if (!is_inserted(timer))
        return false;
    struct ke_cpu *cpu = ke_cpu_by_index(timer->Processor);
    ke_lock_acquire_nested(&cpu->timer_lock);
    remove_from_wheel(cpu, timer);
    ke_lock_release_nested(&cpu->timer_lock);
    return true;
}

uint64_t ke_timer_due(LARGE_INTEGER due)
{
    if (due.QuadPart < 0)
        return ke_tick_count() * KE_TICK_100NS + (uint64_t)-due.QuadPart;
    uint64_t since_1601 = (uint64_t)due.QuadPart;
    return since_1601 > ke.boot_time_100ns ? since_1601 - ke.boot_time_100ns : 0;
}

bool ke_timer_set_locked(KTIMER *timer, uint64_t due_100ns, ULONG period, KDPC *dpc)
{
    bool was_set = ke_timer_cancel_locked(timer);
    uint64_t now_100ns = ke_tick_count() * KE_TICK_100NS;
    ke_object_set_state(&timer->Header, 0);
    timer->Dpc = dpc;
    timer->Period = period;
    timer->DueTime.QuadPart = due_100ns;
    if (due_100ns > now_100ns) {
        start_locked(timer);
    } else {
        timer->DueTime.QuadPart = now_100ns;
        fire(timer);
    }
    return was_set;
}

/* --- The DDI ---------------------------------------------------------------------------------------------- */

void KeInitializeTimerEx(KTIMER *timer, TIMER_TYPE type)
{
    *timer = (KTIMER){ 0 };
    ke_object_init(&timer->Header,
                   type == NotificationTimer ? KE_OBJECT_NOTIFICATION_TIMER
                                             : KE_OBJECT_SYNCHRONIZATION_TIMER,
                   0, 0); /* Header.Size is part of the timer's flags */
}

void KeInitializeTimer(KTIMER *timer)
{
    KeInitializeTimerEx(timer, NotificationTimer);
}

static BOOLEAN set_timer(KTIMER *timer, uint64_t due_100ns, ULONG period_ms, KDPC *dpc)
{
    IRQL_MAX(DISPATCH_LEVEL);
    bool interrupts = arch_interrupts_disable();
    bool wait_all = ke_object_lock_signaller(&timer->Header);
    bool was_set = ke_timer_set_locked(timer, due_100ns, period_ms, dpc);
    ke_object_unlock_signaller(&timer->Header, wait_all);
    ke_preempt(interrupts);
    arch_interrupts_restore(interrupts);
    return was_set;
}

BOOLEAN KeSetTimerEx(KTIMER *timer, LARGE_INTEGER due, LONG period_ms, KDPC *dpc)
{
    return set_timer(timer, ke_timer_due(due), (ULONG)period_ms, dpc);
}

/*
 * Timers that tolerate a delay meet on common ticks: the last tick of the allowed time that is a multiple of the
 * greatest power of two that has one there.
 */
static uint64_t coalesced_due(uint64_t due_100ns, ULONG tolerable_delay_ms)
{
    uint64_t first = (due_100ns + KE_TICK_100NS - 1) / KE_TICK_100NS;
    uint64_t last = first + tolerable_delay_ms;
    uint64_t tick = last;
    while ((tick & (tick - 1)) >= first && tick != 0)
        tick &= tick - 1;
    return tick * KE_TICK_100NS;
}

/* Source: WDK "KeSetCoalescableTimer function (wdm.h)": the timer may expire up to that much late. */
BOOLEAN KeSetCoalescableTimer(KTIMER *timer, LARGE_INTEGER due, ULONG period_ms,
                              ULONG tolerable_delay_ms, KDPC *dpc)
{
    return set_timer(timer, coalesced_due(ke_timer_due(due), tolerable_delay_ms), period_ms, dpc);
}

BOOLEAN KeSetTimer(KTIMER *timer, LARGE_INTEGER due, KDPC *dpc)
{
    return KeSetTimerEx(timer, due, 0, dpc);
}

BOOLEAN KeCancelTimer(KTIMER *timer)
{
    IRQL_MAX(DISPATCH_LEVEL);
    bool interrupts = arch_interrupts_disable();
    ke_object_lock(&timer->Header);
    bool was_set = ke_timer_cancel_locked(timer);
    ke_object_unlock(&timer->Header);
    arch_interrupts_restore(interrupts);
    return was_set;
}

BOOLEAN KeReadStateTimer(KTIMER *timer)
{
    return atomic_load_acquire(&timer->Header.SignalState) != 0;
}
