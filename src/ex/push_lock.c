/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Push locks: shared or exclusive, one word. Taking and giving back a lock that nobody waits for is one
 * compare-and-swap.
 *
 * The word, in bits: EXCLUSIVE 0, WAITERS 1, QUEUE 2; above bit 4 stands the number of sharers, or, with WAITERS, the
 * address of the first waiter's block. Blocks lie on the waiters' stacks, linked oldest first. The first one carries
 * what has no more room in the word: the number of sharers and the end of the list.
 *
 * Invariant: while WAITERS is set, only who has set QUEUE changes the word, or reads and changes blocks. That is a spin
 * lock of a dozen instructions, held with interrupts off, so that no holder is preempted. A lock without waiters is
 * changed by anyone, by compare-and-swap: to enqueue the first waiter is such a change.
 *
 * Waking: who gives the lock back leaves it free and wakes the first waiter, which stays in the queue; it takes the lock
 * itself, unless another thread was faster (a lock that is handed over stands idle until the new owner runs, and all
 * others queue up behind that). A sharer that gets in this way takes the sharers right behind it along.
 *
 * Starvation: a waiter that has lost PATIENCE times gets the lock handed over, and until then nobody overtakes it. A
 * sharer does not pass a waiter while the lock is shared, so a stream of sharers does not keep out the exclusive one.
 * The first waiter is always the oldest.
 *
 * Ordering: every change of the word that takes the lock is an acquire, every one that frees it a release. A block is
 * owned by its waiter again only once the event is set, and setting the event is the waker's last touch.
 */
#include <nt/ex_ddi.h>

#include "ex/ex_impl.h"

#define FLAGS    ((EX_PUSH_LOCK)(EX_PUSH_LOCK_SHARER - 1))
#define PATIENCE 4

enum waiter_state { ASLEEP, WOKEN, GRANTED };

/* Legend: [i] immutable while queued, [q] the lock's QUEUE bit. */
struct DECLSPEC_ALIGN(16) waiter {
    struct waiter *next; /* [q] the next younger */
    struct waiter *last; /* [q] of the first waiter only: the youngest */
    struct waiter *wake; /* [q] the next of those whose events are to be set together */
    size_t sharers;      /* [q] of the first waiter only: who holds the lock shared */
    bool exclusive;      /* [i] */
    uint8_t losses;      /* [q] how often it was woken in vain */
    uint32_t state;      /* [q] enum waiter_state */
    KEVENT event;
};

static struct waiter *first_waiter(EX_PUSH_LOCK word)
{
    return (struct waiter *)(word & ~FLAGS);
}

/* --- The queue -------------------------------------------------------------------------------------------- */

/*
 * Interrupts off. True: QUEUE is set and *word is the word without it. False: nobody waits, *word is the word as it
 * is, not changed.
 */
static bool queue_lock(EX_PUSH_LOCK *lock, EX_PUSH_LOCK *word)
{
    for (;;) {
        *word = atomic_load_acquire(lock);
        if (!(*word & EX_PUSH_LOCK_WAITERS))
            return false;
        if (*word & EX_PUSH_LOCK_QUEUE)
            arch_cpu_pause();
        else if (atomic_cas(lock, word, *word | EX_PUSH_LOCK_QUEUE))
            return true;
    }
}

/* The lock is held exclusively or not, by `sharers`, and `first` is the queue that is left; QUEUE goes. */
static void queue_unlock(EX_PUSH_LOCK *lock, bool exclusive, size_t sharers, struct waiter *first)
{
    EX_PUSH_LOCK word = exclusive ? EX_PUSH_LOCK_EXCLUSIVE : 0;
    CHECK(!exclusive || sharers == 0);
    if (first != NULL) {
        first->sharers = sharers;
        word |= (uintptr_t)first | EX_PUSH_LOCK_WAITERS;
    } else {
        word += sharers * EX_PUSH_LOCK_SHARER;
    }
    atomic_store_release(lock, word);
}

static struct waiter *pop(struct waiter *first)
{
    struct waiter *second = first->next;
    if (second != NULL)
        second->last = first->last;
    return second;
}

/*
 * Take the sharers at the front off the queue, with the lock; *count is how many, *chain becomes the list of them.
 * Returns the queue that is left.
 */
static struct waiter *grant_sharers(struct waiter *first, size_t *count, struct waiter **chain)
{
    for (*count = 0; first != NULL && !first->exclusive; (*count)++) {
        first->state = GRANTED;
        *chain = first;
        chain = &first->wake;
        first = pop(first);
    }
    *chain = NULL;
    return first;
}

static void wake_chain(struct waiter *chain)
{
    while (chain != NULL) {
        struct waiter *next = chain->wake; /* the block is the waiter's once it is awake */
        (void)KeSetEvent(&chain->event, 0, FALSE);
        chain = next;
    }
}

/* --- Acquiring -------------------------------------------------------------------------------------------- */

static void waiter_init(struct waiter *self, bool exclusive)
{
    *self = (struct waiter){ .exclusive = exclusive, .state = ASLEEP };
    KeInitializeEvent(&self->event, SynchronizationEvent, FALSE);
}

/* May a newcomer have the lock, given who holds it and who waits first? */
static bool may_pass(bool exclusive, EX_PUSH_LOCK word, const struct waiter *first)
{
    if (word & EX_PUSH_LOCK_EXCLUSIVE)
        return false;
    size_t sharers = first != NULL ? first->sharers : word / EX_PUSH_LOCK_SHARER;
    if (first != NULL)
        return sharers == 0 && first->losses < PATIENCE;
    return !exclusive || sharers == 0;
}

/* Nobody waits: take the lock or be the first to wait. False: the word has changed, look again. */
static bool enter_without_queue(EX_PUSH_LOCK *lock, EX_PUSH_LOCK word, struct waiter *self,
                                bool *taken)
{
    *taken = may_pass(self->exclusive, word, NULL);
    if (*taken)
        return atomic_cas(lock, &word,
                          self->exclusive ? EX_PUSH_LOCK_EXCLUSIVE : word + EX_PUSH_LOCK_SHARER);
    self->sharers = word / EX_PUSH_LOCK_SHARER;
    self->last = self;
    return atomic_cas(lock, &word,
                      (uintptr_t)self | EX_PUSH_LOCK_WAITERS | (word & EX_PUSH_LOCK_EXCLUSIVE));
}

static bool enter_with_queue(EX_PUSH_LOCK *lock, EX_PUSH_LOCK word, struct waiter *self)
{
    struct waiter *first = first_waiter(word);
    bool held = (word & EX_PUSH_LOCK_EXCLUSIVE) != 0;
    bool taken = may_pass(self->exclusive, word, first);
    if (!taken) {
        first->last->next = self;
        first->last = self;
    } else if (self->exclusive) {
        held = true;
    } else {
        first->sharers = 1;
    }
    queue_unlock(lock, held, first->sharers, first);
    return taken;
}

/* True: the lock is ours. False: the block is queued. */
static bool enter(EX_PUSH_LOCK *lock, struct waiter *self)
{
    bool taken, done;
    do {
        EX_PUSH_LOCK word;
        bool interrupts = arch_interrupts_disable();
        done = queue_lock(lock, &word);
        if (done)
            taken = enter_with_queue(lock, word, self);
        else
            done = enter_without_queue(lock, word, self, &taken);
        arch_interrupts_restore(interrupts);
    } while (!done);
    return taken;
}

/* The first waiter, woken, QUEUE set. True: the lock is ours; sharers that came along are in the chain at self->wake. */
static bool take_as_first(EX_PUSH_LOCK *lock, EX_PUSH_LOCK word, struct waiter *self)
{
    bool held = (word & EX_PUSH_LOCK_EXCLUSIVE) != 0;
    size_t sharers = self->sharers, more;
    CHECK(first_waiter(word) == self && self->state == WOKEN);
    if (held || (self->exclusive && sharers != 0)) {
        self->state = ASLEEP;
        if (self->losses < PATIENCE)
            self->losses++;
        queue_unlock(lock, held, sharers, self);
        return false;
    }
    struct waiter *rest = pop(self);
    self->wake = NULL;
    if (self->exclusive) {
        queue_unlock(lock, true, 0, rest);
    } else {
        rest = grant_sharers(rest, &more, &self->wake);
        queue_unlock(lock, false, sharers + 1 + more, rest);
    }
    return true;
}

/* Woken: true if the lock is ours now, granted or taken. */
static bool finish_wait(EX_PUSH_LOCK *lock, struct waiter *self)
{
    EX_PUSH_LOCK word;
    if (self->state == GRANTED)
        return true;
    bool interrupts = arch_interrupts_disable();
    bool queued = queue_lock(lock, &word);
    CHECK(queued); /* at least this thread waits */
    (void)queued;
    bool taken = take_as_first(lock, word, self);
    arch_interrupts_restore(interrupts);
    if (taken)
        wake_chain(self->wake);
    return taken;
}

static void wait_for(EX_PUSH_LOCK *lock, bool exclusive)
{
    struct waiter self;
    IRQL_MAX(APC_LEVEL);
    waiter_init(&self, exclusive);
    if (enter(lock, &self))
        return;
    do { /* no time-out, kernel mode, not alertable: always a success */
        (void)KeWaitForSingleObject(&self.event, WrPushLock, KernelMode, FALSE, NULL);
    } while (!finish_wait(lock, &self));
}

void ex_push_lock_wait_exclusive(EX_PUSH_LOCK *lock)
{
    wait_for(lock, true);
}

void ex_push_lock_wait_shared(EX_PUSH_LOCK *lock)
{
    wait_for(lock, false);
}

/* --- Releasing -------------------------------------------------------------------------------------------- */

/*
 * The lock has just become free, QUEUE is set: wake the first waiter, or hand it the lock if it has waited too long.
 * Returns the chain of those to wake.
 */
static struct waiter *pass_on(EX_PUSH_LOCK *lock, struct waiter *first)
{
    struct waiter *chain = first, *rest = first;
    size_t sharers = 0;
    bool exclusive = false;
    if (first->state == WOKEN) { /* on its way already */
        chain = NULL;
    } else if (first->losses < PATIENCE) {
        first->state = WOKEN;
        first->wake = NULL;
    } else if (first->exclusive) {
        first->state = GRANTED;
        first->wake = NULL;
        exclusive = true;
        rest = pop(first);
    } else {
        rest = grant_sharers(first, &sharers, &chain);
    }
    queue_unlock(lock, exclusive, sharers, rest);
    return chain;
}

void ex_push_lock_wake_exclusive(EX_PUSH_LOCK *lock)
{
    EX_PUSH_LOCK word;
    bool interrupts = arch_interrupts_disable();
    bool queued = queue_lock(lock, &word);
    CHECK(queued && (word & EX_PUSH_LOCK_EXCLUSIVE)); /* else it is not held */
    struct waiter *chain = queued ? pass_on(lock, first_waiter(word)) : NULL;
    arch_interrupts_restore(interrupts);
    wake_chain(chain);
}

/* Nobody waits: one compare-and-swap, like the inline path. */
static bool leave_without_queue(EX_PUSH_LOCK *lock, EX_PUSH_LOCK word)
{
    CHECK(word >= EX_PUSH_LOCK_SHARER && (word & FLAGS) == 0);
    return atomic_cas(lock, &word, word - EX_PUSH_LOCK_SHARER);
}

static struct waiter *leave_with_queue(EX_PUSH_LOCK *lock, struct waiter *first)
{
    CHECK(first->sharers > 0);
    if (--first->sharers == 0)
        return pass_on(lock, first);
    queue_unlock(lock, false, first->sharers, first);
    return NULL;
}

void ex_push_lock_wake_shared(EX_PUSH_LOCK *lock)
{
    struct waiter *chain = NULL;
    bool done;
    do {
        EX_PUSH_LOCK word;
        bool interrupts = arch_interrupts_disable();
        done = queue_lock(lock, &word);
        if (done)
            chain = leave_with_queue(lock, first_waiter(word));
        else
            done = leave_without_queue(lock, word);
        arch_interrupts_restore(interrupts);
    } while (!done);
    wake_chain(chain);
}

/* --- The DDI ---------------------------------------------------------------------------------------------- */

/*
 * A free lock. There is nothing to undo when it is no longer used.
 *
 * IRQL:    any
 * Source:  WDK reference "ExInitializePushLock function (ntifs.h)"
 */
void ExInitializePushLock(EX_PUSH_LOCK *lock)
{
    atomic_store_release(lock, 0);
}

/*
 * Wait for the lock, alone. Not recursive: a thread that holds the lock waits for itself.
 *
 * IRQL:    <= APC_LEVEL, normal kernel APCs off
 * Source:  WDK reference "ExAcquirePushLockExclusive macro (ntifs.h)"; test ex_push_lock.excludes_other_processors
 */
void ExAcquirePushLockExclusiveEx(EX_PUSH_LOCK *lock, ULONG flags)
{
    IRQL_MAX(APC_LEVEL);
    UNREFERENCED_PARAMETER(flags); /* they switch on the verifier's statistics only */
    ex_push_lock_acquire_exclusive(lock);
}

/*
 * Wait for the lock together with other sharers. Not recursive: an exclusive waiter may stand between.
 *
 * IRQL:    <= APC_LEVEL, normal kernel APCs off
 * Source:  WDK reference "ExAcquirePushLockShared macro (ntifs.h)"; test ex_push_lock.sharers_are_in_together
 */
void ExAcquirePushLockSharedEx(EX_PUSH_LOCK *lock, ULONG flags)
{
    IRQL_MAX(APC_LEVEL);
    UNREFERENCED_PARAMETER(flags);
    ex_push_lock_acquire_shared(lock);
}

/* IRQL: <= APC_LEVEL. Source: WDK reference "ExReleasePushLockExclusive macro (ntifs.h)" */
void ExReleasePushLockExclusiveEx(EX_PUSH_LOCK *lock, ULONG flags)
{
    IRQL_MAX(APC_LEVEL);
    UNREFERENCED_PARAMETER(flags);
    ex_push_lock_release_exclusive(lock);
}

/* IRQL: <= APC_LEVEL. Source: WDK reference "ExReleasePushLockShared macro (ntifs.h)" */
void ExReleasePushLockSharedEx(EX_PUSH_LOCK *lock, ULONG flags)
{
    IRQL_MAX(APC_LEVEL);
    UNREFERENCED_PARAMETER(flags);
    ex_push_lock_release_shared(lock);
}
