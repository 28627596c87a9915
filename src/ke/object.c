/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The dispatcher header: one lock per object, which is bit 7 of the header's first word, as NT has had it since
 * Windows 7. There is no global dispatcher lock.
 *
 * The holder's unlock is its last touch of the object: an event may live on the stack of the thread that waits for
 * it, and that stack frame dies as soon as the wait returns. So whoever wakes a thread readies it before the unlock,
 * and the end of every wait takes the lock of each object once more.
 */
#include <nt/ke_ddi.h>

#include "ke/held.h"
#include "ke/ke_impl.h"

void ke_object_init(DISPATCHER_HEADER *header, enum ke_object_type type, size_t bytes, LONG state)
{
    header->Lock = 0;
    header->Type = (UCHAR)type;
    header->Size = (UCHAR)(bytes / sizeof(LONG));
    header->SignalState = state;
    InitializeListHead(&header->WaitListHead);
}

bool ke_object_try_lock(DISPATCHER_HEADER *header)
{
    CHECK(!arch_interrupts_enabled());
    if (atomic_or(&header->Lock, KE_OBJECT_LOCK_BIT) & KE_OBJECT_LOCK_BIT)
        return false;
    ke_held_add(header, KE_LOCK_DISPATCHER, KE_HELD_OWN);
    return true;
}

void ke_object_lock(DISPATCHER_HEADER *header)
{
    CHECK(!arch_interrupts_enabled());
    ke_held_check_wanted(KE_LOCK_DISPATCHER);
    ke_spin_acquire_bit(&header->Lock, KE_OBJECT_LOCK_BIT);
    ke_held_add(header, KE_LOCK_DISPATCHER, KE_HELD_OWN);
}

void ke_object_unlock(DISPATCHER_HEADER *header)
{
    CHECK(header->Lock & KE_OBJECT_LOCK_BIT);
    ke_held_remove(header);
    atomic_and(&header->Lock, ~KE_OBJECT_LOCK_BIT);
}

/*
 * WAIT_ALL comes before object locks, and whether it is needed stands in the object. So the object is let go of in
 * between; that is safe, because it is not signalled yet: who waits for it keeps it alive.
 */
bool ke_object_lock_signaller(DISPATCHER_HEADER *header)
{
    ke_object_lock(header);
    if (!(header->Lock & KE_OBJECT_WAIT_ALL))
        return false;
    ke_object_unlock(header);
    ke_lock_acquire_nested(&ke.wait_all_lock);
    ke_object_lock(header);
    return true;
}

void ke_object_unlock_signaller(DISPATCHER_HEADER *header, bool wait_all)
{
    ke_object_unlock(header);
    if (wait_all)
        ke_lock_release_nested(&ke.wait_all_lock);
}
