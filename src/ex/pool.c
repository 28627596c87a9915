/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pool as drivers call it: types, flags and failures of the DDI put on top of mm's pool. All of it is resident and
 * none of it executable, whatever the type says: paged blocks differ in the levels at which they may be allocated and
 * freed. Quota is charged to processes; system threads have no limit.
 */
#include <nt/bugcodes.h>
#include <nt/ex_ddi.h>
#include <nt/ntstatus.h>

#include "ex/ex_impl.h"
#include "ke/bugcheck.h"
#include "mm/mm.h"

#define TAG_NONE        0x656e6f4eu /* "None" */
#define PROTECTED       0x80000000u /* PROTECTED_POOL of older drivers: not part of the tag */
#define CALLER_ZERO_TAG 0x9b        /* parameter 1 of BAD_POOL_CALLER */
#define REQUIRED_KNOWN                                                                             \
    (POOL_FLAG_USE_QUOTA | POOL_FLAG_UNINITIALIZED | POOL_FLAG_SESSION | POOL_FLAG_CACHE_ALIGNED | \
     POOL_FLAG_RAISE_ON_FAILURE | POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE |              \
     POOL_FLAG_PAGED)
#define KINDS    (POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED)
#define REQUIRED 0xffffffffull

static uint32_t flags_of_type(POOL_TYPE type)
{
    uint32_t flags = MM_POOL_UNINITIALIZED;
    if ((uint32_t)type & PagedPool)
        flags |= MM_POOL_PAGED;
    if ((uint32_t)type & NonPagedPoolCacheAligned)
        flags |= MM_POOL_CACHE_ALIGNED;
    return flags;
}

static PVOID allocate(SIZE_T bytes, ULONG tag, uint32_t flags, bool raise)
{
    if ((tag & ~PROTECTED) == 0)
        ke_bugcheck(BAD_POOL_CALLER, CALLER_ZERO_TAG,
                    (uintptr_t)(flags & MM_POOL_PAGED ? PagedPool : NonPagedPool), bytes,
                    (uintptr_t)__builtin_return_address(0));
    PVOID block = mm_pool_allocate_with(bytes, tag & ~PROTECTED, flags);
    if (block == NULL && raise)
        ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
    return block;
}

/*
 * A block, not zeroed, aligned to 16 bytes, from one page up to a page. A size of zero gives one of the least size.
 *
 * IRQL:    <= DISPATCH_LEVEL, paged types <= APC_LEVEL; else BAD_POOL_CALLER
 * Returns: NULL if there is no memory; raises STATUS_INSUFFICIENT_RESOURCES with POOL_RAISE_IF_ALLOCATION_FAILURE
 * Source:  WDK reference "ExAllocatePoolWithTag function (wdm.h)", "Bug Check 0xC2: BAD_POOL_CALLER"
 */
PVOID ExAllocatePoolWithTag(POOL_TYPE type, SIZE_T bytes, ULONG tag)
{
    return allocate(bytes, tag, flags_of_type(type),
                    (uint32_t)type & POOL_RAISE_IF_ALLOCATION_FAILURE);
}

/* The same for who has no tag. Source: WDK "ExAllocatePool function (wdm.h)" */
PVOID ExAllocatePool(POOL_TYPE type, SIZE_T bytes)
{
    return ExAllocatePoolWithTag(type, bytes, TAG_NONE);
}

/* The priority is a hint that this pool has no use for. Source: WDK "ExAllocatePoolWithTagPriority function (wdm.h)" */
PVOID ExAllocatePoolWithTagPriority(POOL_TYPE type, SIZE_T bytes, ULONG tag,
                                    EX_POOL_PRIORITY priority)
{
    UNREFERENCED_PARAMETER(priority);
    return ExAllocatePoolWithTag(type, bytes, tag);
}

/*
 * A block that is charged to the current process.
 *
 * IRQL:    as ExAllocatePoolWithTag
 * Returns: the block; NULL if there is none and POOL_QUOTA_FAIL_INSTEAD_OF_RAISE is in the type, else it raises
 * Source:  WDK reference "ExAllocatePoolWithQuotaTag function (wdm.h)"
 */
PVOID ExAllocatePoolWithQuotaTag(POOL_TYPE type, SIZE_T bytes, ULONG tag)
{
    return allocate(bytes, tag, flags_of_type(type),
                    !((uint32_t)type & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE));
}

/* The same for who has no tag. Source: WDK "ExAllocatePoolWithQuota function (wdm.h)" */
PVOID ExAllocatePoolWithQuota(POOL_TYPE type, SIZE_T bytes)
{
    return ExAllocatePoolWithQuotaTag(type, bytes, TAG_NONE);
}

/*
 * A block, zeroed unless the flags say POOL_FLAG_UNINITIALIZED. Flags of the required half must be known, and name one
 * kind of memory; what is unknown in the optional half is ignored.
 *
 * IRQL:    <= DISPATCH_LEVEL, POOL_FLAG_PAGED <= APC_LEVEL; else BAD_POOL_CALLER
 * Returns: NULL if there is no memory or the flags are wrong; with POOL_FLAG_RAISE_ON_FAILURE it raises
 *          STATUS_INSUFFICIENT_RESOURCES or STATUS_INVALID_PARAMETER
 * Source:  WDK reference "ExAllocatePool2 function (wdm.h)", "POOL_FLAGS"; tests ex_pool.*
 */
PVOID ExAllocatePool2(POOL_FLAGS flags, SIZE_T bytes, ULONG tag)
{
    bool raise = flags & POOL_FLAG_RAISE_ON_FAILURE;
    POOL_FLAGS kind = flags & KINDS;
    uint32_t chosen = 0;
    if (flags & REQUIRED & ~(POOL_FLAGS)REQUIRED_KNOWN || kind == 0 || (kind & (kind - 1)) != 0) {
        if (raise)
            ExRaiseStatus(STATUS_INVALID_PARAMETER);
        return NULL;
    }
    if (flags & POOL_FLAG_UNINITIALIZED)
        chosen |= MM_POOL_UNINITIALIZED;
    if (flags & POOL_FLAG_CACHE_ALIGNED)
        chosen |= MM_POOL_CACHE_ALIGNED;
    if (kind == POOL_FLAG_PAGED)
        chosen |= MM_POOL_PAGED;
    return allocate(bytes, tag, chosen, raise);
}

/* A parameter that this kernel honours, or that its caller can do without. */
static bool is_acceptable(const POOL_EXTENDED_PARAMETER *parameter)
{
    return parameter->Optional || parameter->Type == PoolExtendedParameterPriority ||
           parameter->Type == PoolExtendedParameterNumaNode;
}

/*
 * The same with parameters: priority and node are hints; a secure pool is not there, so who requires it gets none.
 *
 * IRQL:    as ExAllocatePool2
 * Source:  WDK reference "ExAllocatePool3 function (wdm.h)", "POOL_EXTENDED_PARAMETER structure (wdm.h)"
 */
PVOID ExAllocatePool3(POOL_FLAGS flags, SIZE_T bytes, ULONG tag,
                      const POOL_EXTENDED_PARAMETER *parameters, ULONG count)
{
    for (ULONG i = 0; i < count; i++) {
        if (is_acceptable(&parameters[i]))
            continue;
        if (flags & POOL_FLAG_RAISE_ON_FAILURE)
            ExRaiseStatus(STATUS_NOT_SUPPORTED);
        return NULL;
    }
    return ExAllocatePool2(flags, bytes, tag);
}

/*
 * Give a block back. Another tag than its own, a block that is free already or never was one, damage around it: the
 * bugchecks BAD_POOL_CALLER and BAD_POOL_HEADER. Tag 0 matches all.
 *
 * IRQL:    <= DISPATCH_LEVEL, paged blocks <= APC_LEVEL
 * Source:  WDK reference "ExFreePoolWithTag function (wdm.h)"; tests planted.pool_*
 */
void ExFreePoolWithTag(PVOID block, ULONG tag)
{
    mm_pool_free(block, tag & ~PROTECTED);
}

/* The same of any tag. Source: WDK "ExFreePool function (wdm.h)" */
void ExFreePool(PVOID block)
{
    mm_pool_free(block, 0);
}

/* The same of a block of ExAllocatePool3. Source: WDK "ExFreePool2 function (wdm.h)" */
void ExFreePool2(PVOID block, ULONG tag, const POOL_EXTENDED_PARAMETER *parameters, ULONG count)
{
    UNREFERENCED_PARAMETER(parameters);
    UNREFERENCED_PARAMETER(count);
    ExFreePoolWithTag(block, tag);
}
