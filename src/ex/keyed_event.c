/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keyed events: a meeting of two threads, one that waits for a key and one that releases it. Neither goes on without the
 * other, so no count and no state remains, and one event serves any number of keys.
 *
 * Whoever comes first queues a block, which lies on its stack, to the bucket of its key; whoever comes second takes the
 * block out, oldest first, and sets its event. A block is taken out under the bucket's lock, either by the partner or by
 * its own thread whose time has run out; a thread that finds itself taken has met its partner and waits for the event,
 * which is about to be set. That is all there is to races.
 *
 * Fairness: of those who wait for one key the oldest is met first. Setting the event is the partner's last touch.
 */
#include <nt/list.h>
#include <nt/ntstatus.h>

#include "ex/ex_impl.h"

/* Legend: [i] immutable while queued, [b] the bucket's lock. */
struct party {
    LIST_ENTRY link;   /* [b] */
    const void *space; /* [i] */
    uintptr_t key;     /* [i] */
    bool releases;     /* [i] */
    bool met;          /* [b] */
    KEVENT event;
};

void ex_keyed_event_init(struct ex_keyed_event *event)
{
    for (uint32_t i = 0; i < EX_KEYED_EVENT_BUCKETS; i++) {
        ke_lock_init(&event->buckets[i].lock, KE_LOCK_KEYED_EVENT);
        InitializeListHead(&event->buckets[i].parties);
    }
}

static struct ex_keyed_event_bucket *bucket_of(struct ex_keyed_event *event, const void *space,
                                               uintptr_t key)
{
    uint64_t spread = ((uint64_t)key + (uint64_t)(uintptr_t)space) * 0x9e3779b97f4a7c15u;
    return &event->buckets[(spread >> 32) % EX_KEYED_EVENT_BUCKETS];
}

/* Lock held. The oldest party of the other kind with this key, taken out; NULL: there is none. */
static struct party *meet(struct ex_keyed_event_bucket *bucket, const struct party *self)
{
    LOCK_HELD(&bucket->lock);
    for (LIST_ENTRY *e = bucket->parties.Flink; e != &bucket->parties; e = e->Flink) {
        struct party *party = CONTAINING_RECORD(e, struct party, link);
        if (party->key != self->key || party->space != self->space ||
            party->releases == self->releases)
            continue;
        (void)RemoveEntryList(&party->link);
        party->met = true;
        return party;
    }
    return NULL;
}

/* The time has run out. False: the partner has come in the last moment. */
static bool give_up(struct ex_keyed_event_bucket *bucket, struct party *self)
{
    bool interrupts = ke_lock_acquire(&bucket->lock);
    bool alone = !self->met;
    if (alone)
        (void)RemoveEntryList(&self->link);
    ke_lock_release(&bucket->lock, interrupts);
    return alone;
}

/* Queued: wait for the partner. */
static NTSTATUS await(struct ex_keyed_event_bucket *bucket, struct party *self,
                      const struct ex_keyed_event_wait *how)
{
    NTSTATUS status =
        KeWaitForSingleObject(&self->event, WrKeyedEvent, how->mode, how->alertable, how->timeout);
    if (status == STATUS_SUCCESS || give_up(bucket, self))
        return status;
    (void)KeWaitForSingleObject(&self->event, WrKeyedEvent, KernelMode, FALSE,
                                NULL); /* no time-out: a success, and soon */
    return STATUS_SUCCESS;
}

static NTSTATUS rendezvous(struct ex_keyed_event *event, const struct ex_keyed_event_wait *how,
                           bool releases)
{
    struct party self = { .space = how->space, .key = how->key, .releases = releases };
    struct ex_keyed_event_bucket *bucket = bucket_of(event, how->space, how->key);
    IRQL_MAX(APC_LEVEL);
    if (how->key & 1)
        return STATUS_INVALID_PARAMETER_1;
    KeInitializeEvent(&self.event, SynchronizationEvent, FALSE);
    bool interrupts = ke_lock_acquire(&bucket->lock);
    struct party *partner = meet(bucket, &self);
    if (partner == NULL)
        InsertTailList(&bucket->parties, &self.link);
    ke_lock_release(&bucket->lock, interrupts);
    if (partner == NULL)
        return await(bucket, &self, how);
    (void)KeSetEvent(&partner->event, 0, FALSE);
    return STATUS_SUCCESS;
}

MUST_CHECK NTSTATUS ex_keyed_event_wait(struct ex_keyed_event *event,
                                        const struct ex_keyed_event_wait *how)
{
    return rendezvous(event, how, false);
}

MUST_CHECK NTSTATUS ex_keyed_event_release(struct ex_keyed_event *event,
                                           const struct ex_keyed_event_wait *how)
{
    return rendezvous(event, how, true);
}
