/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processors' numbers, as drivers ask for them. There is one group and one node, and no processor comes later than
 * boot, so an index, a group-relative number and a bit of an affinity mask are the same number.
 */
#include <nt/ke_thread_ddi.h>
#include <nt/ntstatus.h>

#include "ke/ke_impl.h"

#define TAG_CHANGE        0x68436350u /* "PcCh" */
#define INVALID_INDEX     0xffffffffu
#define CACHE_LINE_BYTES  64
#define NO_SUCH_PROCESSOR (KAFFINITY)0

/* Written where ke.cpu_count is. Source: WDK "KeNumberProcessors" (wdm.h); drivers should call the functions. */
volatile CCHAR KeNumberProcessors;

/* ALL_PROCESSOR_GROUPS, or the only one that there is. */
static bool is_group(USHORT group)
{
    return group == 0 || group == ALL_PROCESSOR_GROUPS;
}

KAFFINITY KeQueryActiveProcessors(void)
{
    return atomic_load_acquire(&ke.active);
}

ULONG KeQueryActiveProcessorCount(KAFFINITY *active)
{
    if (active != NULL)
        *active = KeQueryActiveProcessors();
    return atomic_load_acquire(&ke.cpu_count);
}

ULONG KeQueryActiveProcessorCountEx(USHORT group)
{
    return is_group(group) ? KeQueryActiveProcessorCount(NULL) : 0;
}

/* What the machine has, started or not. */
ULONG KeQueryMaximumProcessorCount(void)
{
    uint32_t present = arch_boot()->cpu_count;
    return present < ARCH_MAX_CPUS ? present : ARCH_MAX_CPUS;
}

ULONG KeQueryMaximumProcessorCountEx(USHORT group)
{
    return is_group(group) ? KeQueryMaximumProcessorCount() : 0;
}

USHORT KeQueryActiveGroupCount(void)
{
    return 1;
}

USHORT KeQueryMaximumGroupCount(void)
{
    return 1;
}

KAFFINITY KeQueryGroupAffinity(USHORT group)
{
    return group == 0 ? KeQueryActiveProcessors() : NO_SUCH_PROCESSOR;
}

ULONG KeGetCurrentProcessorNumberEx(PROCESSOR_NUMBER *number)
{
    ULONG index = arch_cpu()->index;
    if (number != NULL)
        *number = (PROCESSOR_NUMBER){ .Group = 0, .Number = (UCHAR)index };
    return index;
}

/* STATUS_INVALID_PARAMETER: there is no such processor. */
NTSTATUS KeGetProcessorNumberFromIndex(ULONG index, PROCESSOR_NUMBER *number)
{
    if (index >= atomic_load_acquire(&ke.cpu_count))
        return STATUS_INVALID_PARAMETER;
    *number = (PROCESSOR_NUMBER){ .Group = 0, .Number = (UCHAR)index };
    return STATUS_SUCCESS;
}

/* INVALID_PROCESSOR_INDEX: there is no such processor. */
ULONG KeGetProcessorIndexFromNumber(PROCESSOR_NUMBER *number)
{
    bool there = number->Group == 0 && number->Reserved == 0 &&
                 number->Number < atomic_load_acquire(&ke.cpu_count);
    return there ? number->Number : INVALID_INDEX;
}

USHORT KeQueryHighestNodeNumber(void)
{
    return 0;
}

USHORT KeGetCurrentNodeNumber(void)
{
    return 0;
}

ULONG KeGetRecommendedSharedDataAlignment(void)
{
    return CACHE_LINE_BYTES;
}

/* --- Who wants to hear of new processors ------------------------------------------------------------------ */

/* What a registration is: none comes later, so there is nobody to call it again. */
struct ke_change_registration {
    PPROCESSOR_CALLBACK_FUNCTION callback;
    PVOID context;
};

static NTSTATUS notify(const struct ke_change_registration *to, uint32_t index,
                       KE_PROCESSOR_CHANGE_NOTIFY_STATE state, NTSTATUS reason)
{
    NTSTATUS status = STATUS_SUCCESS;
    KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT change = { .State = state,
                                                  .NtNumber = index,
                                                  .Status = reason,
                                                  .ProcNumber = { .Number = (UCHAR)index } };
    to->callback(to->context, &change, &status);
    return status;
}

/* As if the processors were added now: all begin, then all are complete; if one is refused, none is. */
static NTSTATUS notify_of_existing(const struct ke_change_registration *to)
{
    NTSTATUS status = STATUS_SUCCESS;
    uint32_t count = atomic_load_acquire(&ke.cpu_count), started = 0;
    while (started < count && NT_SUCCESS(status))
        status = notify(to, started++, KeProcessorAddStartNotify, STATUS_SUCCESS);
    bool complete = NT_SUCCESS(status);
    for (uint32_t i = 0; i < started; i++)
        (void)notify(to, i, complete ? KeProcessorAddCompleteNotify : KeProcessorAddFailureNotify,
                     status); /* only a start can be refused */
    return status;
}

/*
 * IRQL:    PASSIVE_LEVEL
 * Returns: the registration; NULL: no memory, or the callback refused a processor that exists
 * Source:  WDK "KeRegisterProcessorChangeCallback function (wdm.h)", "PROCESSOR_CALLBACK_FUNCTION callback function"
 */
PVOID KeRegisterProcessorChangeCallback(PPROCESSOR_CALLBACK_FUNCTION callback, PVOID context,
                                        ULONG flags)
{
    IRQL_IS(PASSIVE_LEVEL);
    struct ke_change_registration *registration =
        ke.memory->allocate(sizeof(*registration), TAG_CHANGE);
    if (registration == NULL)
        return NULL;
    *registration = (struct ke_change_registration){ callback, context };
    if (!(flags & KE_PROCESSOR_CHANGE_ADD_EXISTING) || NT_SUCCESS(notify_of_existing(registration)))
        return registration;
    ke.memory->free(registration, TAG_CHANGE);
    return NULL;
}

void KeDeregisterProcessorChangeCallback(PVOID registration)
{
    IRQL_IS(PASSIVE_LEVEL);
    ke.memory->free(registration, TAG_CHANGE);
}
