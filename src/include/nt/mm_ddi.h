/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory manager's functions as drivers call them. Each that is exported is a row of
 * src/abi/exports.tbl. Source of all: the WDK reference page "<name> function" of wdm.h, ntddk.h or
 * ntifs.h unless a comment names another.
 */
#ifndef NT_MM_DDI_H
#define NT_MM_DDI_H

#include <nt/ke.h>
#include <nt/mm.h>

struct _FILE_OBJECT;
struct _SECTION_OBJECT_POINTERS;
struct _DRIVER_OBJECT;
struct _OBJECT_TYPE;

/* ---- Where addresses begin and end ---- */

extern NT_IMPORT PVOID MmHighestUserAddress;
extern NT_IMPORT PVOID MmSystemRangeStart;
extern NT_IMPORT ULONG64 MmUserProbeAddress;
extern NT_IMPORT struct _OBJECT_TYPE **MmSectionObjectType;

/* ---- MDLs. IRQL: <= DISPATCH_LEVEL, to lock pageable memory <= APC_LEVEL ---- */

/* Raises an exception if the buffer is not there, or does not allow the access. */
void MmProbeAndLockPages(MDL *mdl, KPROCESSOR_MODE mode, LOCK_OPERATION operation);
void MmProbeAndLockProcessPages(MDL *mdl, EPROCESS *process, KPROCESSOR_MODE mode,
                                LOCK_OPERATION operation);
void MmUnlockPages(MDL *mdl);
void MmBuildMdlForNonPagedPool(MDL *mdl);
PVOID MmMapLockedPages(MDL *mdl, KPROCESSOR_MODE mode);
PVOID MmMapLockedPagesSpecifyCache(MDL *mdl, KPROCESSOR_MODE mode, MEMORY_CACHING_TYPE type,
                                   PVOID address, ULONG bugcheck_on_failure, ULONG priority);
void MmUnmapLockedPages(PVOID address, MDL *mdl);
NTSTATUS MmProtectMdlSystemAddress(MDL *mdl, ULONG protection);
MDL *MmAllocatePagesForMdl(PHYSICAL_ADDRESS low, PHYSICAL_ADDRESS high, PHYSICAL_ADDRESS skip,
                           SIZE_T bytes);
MDL *MmAllocatePagesForMdlEx(PHYSICAL_ADDRESS low, PHYSICAL_ADDRESS high, PHYSICAL_ADDRESS skip,
                             SIZE_T bytes, MEMORY_CACHING_TYPE type, ULONG flags);
void MmFreePagesFromMdl(MDL *mdl);
SIZE_T MmSizeOfMdl(PVOID base, SIZE_T bytes);
NTSTATUS MmAdvanceMdl(MDL *mdl, ULONG bytes);
MDL *MmCreateMdl(MDL *mdl, PVOID base, SIZE_T bytes);

static inline void MmInitializeMdl(MDL *mdl, PVOID base, SIZE_T bytes)
{
    ULONG pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES(base, bytes);

    mdl->Next = NULL;
    mdl->Size = (CSHORT)(sizeof(MDL) + sizeof(PFN_NUMBER) * pages);
    mdl->MdlFlags = 0;
    mdl->StartVa = PAGE_ALIGN(base);
    mdl->ByteOffset = BYTE_OFFSET(base);
    mdl->ByteCount = (ULONG)bytes;
}

/* Returns a system address of the buffer, or NULL. `priority` is an MM_PAGE_PRIORITY with flags. */
static inline PVOID MmGetSystemAddressForMdlSafe(MDL *mdl, ULONG priority)
{
    if (mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL))
        return mdl->MappedSystemVa;
    return MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE, priority);
}

static inline void MmPrepareMdlForReuse(MDL *mdl)
{
    if (mdl->MdlFlags & MDL_PARTIAL_HAS_BEEN_MAPPED)
        MmUnmapLockedPages(mdl->MappedSystemVa, mdl);
}

/* ---- Device and contiguous memory ---- */

PVOID MmMapIoSpace(PHYSICAL_ADDRESS address, SIZE_T bytes, MEMORY_CACHING_TYPE type);
PVOID MmMapIoSpaceEx(PHYSICAL_ADDRESS address, SIZE_T bytes, ULONG protection);
void MmUnmapIoSpace(PVOID address, SIZE_T bytes);
PVOID MmAllocateContiguousMemory(SIZE_T bytes, PHYSICAL_ADDRESS highest);
PVOID MmAllocateContiguousMemorySpecifyCache(SIZE_T bytes, PHYSICAL_ADDRESS lowest,
                                             PHYSICAL_ADDRESS highest, PHYSICAL_ADDRESS boundary,
                                             MEMORY_CACHING_TYPE type);
void MmFreeContiguousMemory(PVOID address);
void MmFreeContiguousMemorySpecifyCache(PVOID address, SIZE_T bytes, MEMORY_CACHING_TYPE type);
PVOID MmAllocateNonCachedMemory(SIZE_T bytes);
void MmFreeNonCachedMemory(PVOID address, SIZE_T bytes);
PVOID MmAllocateMappingAddress(SIZE_T bytes, ULONG tag);
void MmFreeMappingAddress(PVOID address, ULONG tag);
PHYSICAL_ADDRESS MmGetPhysicalAddress(PVOID address);
PVOID MmGetVirtualForPhysical(PHYSICAL_ADDRESS address);
PHYSICAL_MEMORY_RANGE *MmGetPhysicalMemoryRanges(void);

/* ---- Questions. IRQL: <= DISPATCH_LEVEL ---- */

BOOLEAN MmIsAddressValid(PVOID address);
BOOLEAN MmIsThisAnNtAsSystem(void);
MM_SYSTEMSIZE MmQuerySystemSize(void);
LOGICAL MmIsDriverVerifying(struct _DRIVER_OBJECT *driver);
NTSTATUS MmIsVerifierEnabled(ULONG *flags);
/* Looks a name up in the exports of the kernel and of the HAL; NULL if there is no such name. */
PVOID MmGetSystemRoutineAddress(UNICODE_STRING *name);
NTSTATUS MmCopyMemory(PVOID target, MM_COPY_ADDRESS source, SIZE_T bytes, ULONG flags,
                      SIZE_T *copied);

/* ---- Pageable code and data of drivers ---- */

PVOID MmLockPagableDataSection(PVOID address);
void MmLockPagableSectionByHandle(PVOID section);
void MmUnlockPagableImageSection(PVOID section);
PVOID MmPageEntireDriver(PVOID address);
void MmResetDriverPaging(PVOID address);

/* ---- Sections and views ---- */

BOOLEAN MmFlushImageSection(struct _SECTION_OBJECT_POINTERS *pointers, MMFLUSH_TYPE type);
BOOLEAN MmForceSectionClosed(struct _SECTION_OBJECT_POINTERS *pointers, BOOLEAN delay);
BOOLEAN MmCanFileBeTruncated(struct _SECTION_OBJECT_POINTERS *pointers, LARGE_INTEGER *size);
ULONG MmDoesFileHaveUserWritableReferences(struct _SECTION_OBJECT_POINTERS *pointers);
NTSTATUS MmCreateSection(PVOID *section, ACCESS_MASK access, OBJECT_ATTRIBUTES *attributes,
                         LARGE_INTEGER *size, ULONG protection, ULONG kind, HANDLE file,
                         struct _FILE_OBJECT *file_object);
NTSTATUS MmMapViewInSystemSpace(PVOID section, PVOID *base, SIZE_T *bytes);
NTSTATUS MmUnmapViewInSystemSpace(PVOID base);
NTSTATUS MmMapViewInSessionSpace(PVOID section, PVOID *base, SIZE_T *bytes);
NTSTATUS MmUnmapViewInSessionSpace(PVOID base);
PVOID MmSecureVirtualMemory(PVOID address, SIZE_T bytes, ULONG mode);
void MmUnsecureVirtualMemory(HANDLE secure);

/* ---- User addresses. These raise STATUS_ACCESS_VIOLATION or STATUS_DATATYPE_MISALIGNMENT ---- */

void ProbeForRead(const volatile void *address, SIZE_T bytes, ULONG alignment);
void ProbeForWrite(volatile void *address, SIZE_T bytes, ULONG alignment);

#endif
