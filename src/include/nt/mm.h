/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory as drivers see it: page size, MDLs, protections, sections. */
#ifndef NT_MM_H
#define NT_MM_H

#include <nt/ke.h>
#include <nt/ntdef.h>

#define PAGE_SHIFT           12
#define PAGE_SIZE            0x1000

#define BYTE_OFFSET(address) ((ULONG)((ULONG_PTR)(address) & (PAGE_SIZE - 1)))
#define PAGE_ALIGN(address)  ((PVOID)((ULONG_PTR)(address) & ~(ULONG_PTR)(PAGE_SIZE - 1)))
#define ROUND_TO_PAGES(size) (((ULONG_PTR)(size) + PAGE_SIZE - 1) & ~(ULONG_PTR)(PAGE_SIZE - 1))
#define BYTES_TO_PAGES(size) (((size) >> PAGE_SHIFT) + (((size) & (PAGE_SIZE - 1)) != 0))
#define ADDRESS_AND_SIZE_TO_SPAN_PAGES(address, size)                                              \
    ((ULONG)((BYTE_OFFSET(address) + (SIZE_T)(size) + PAGE_SIZE - 1) >> PAGE_SHIFT))

typedef ULONG_PTR PFN_NUMBER, *PPFN_NUMBER;

/*
 * A memory descriptor list: a buffer and, behind this head, the numbers of its page frames.
 * Source: WDK "Using MDLs"; wdm.h MDL
 */
typedef struct DECLSPEC_ALIGN(8) _MDL {
    struct _MDL *Next;
    CSHORT Size;
    CSHORT MdlFlags;
    USHORT AllocationProcessorNumber;
    USHORT Reserved;
    EPROCESS *Process;
    PVOID MappedSystemVa;
    PVOID StartVa;
    ULONG ByteCount;
    ULONG ByteOffset;
} MDL, *PMDL, *PMDLX;
NT_ASSERT_SIZE(MDL, 48);
NT_ASSERT_OFFSET(MDL, Size, 8);
NT_ASSERT_OFFSET(MDL, MdlFlags, 10);
NT_ASSERT_OFFSET(MDL, Process, 16);
NT_ASSERT_OFFSET(MDL, MappedSystemVa, 24);
NT_ASSERT_OFFSET(MDL, StartVa, 32);
NT_ASSERT_OFFSET(MDL, ByteCount, 40);
NT_ASSERT_OFFSET(MDL, ByteOffset, 44);

#define MDL_MAPPED_TO_SYSTEM_VA     0x0001
#define MDL_PAGES_LOCKED            0x0002
#define MDL_SOURCE_IS_NONPAGED_POOL 0x0004
#define MDL_ALLOCATED_FIXED_SIZE    0x0008
#define MDL_PARTIAL                 0x0010
#define MDL_PARTIAL_HAS_BEEN_MAPPED 0x0020
#define MDL_IO_PAGE_READ            0x0040
#define MDL_WRITE_OPERATION         0x0080
#define MDL_LOCKED_PAGE_TABLES      0x0100
#define MDL_PARENT_MAPPED_SYSTEM_VA 0x0100
#define MDL_FREE_EXTRA_PTES         0x0200
#define MDL_DESCRIBES_AWE           0x0400
#define MDL_IO_SPACE                0x0800
#define MDL_NETWORK_HEADER          0x1000
#define MDL_MAPPING_CAN_FAIL        0x2000
#define MDL_PAGE_CONTENTS_INVARIANT 0x4000
#define MDL_ALLOCATED_MUST_SUCCEED  0x4000
#define MDL_INTERNAL                0x8000

#define MmGetMdlByteCount(mdl)      ((mdl)->ByteCount)
#define MmGetMdlByteOffset(mdl)     ((mdl)->ByteOffset)
#define MmGetMdlBaseVa(mdl)         ((mdl)->StartVa)
#define MmGetMdlPfnArray(mdl)       ((PFN_NUMBER *)((mdl) + 1))
#define MmGetMdlVirtualAddress(mdl) ((PVOID)((CHAR *)(mdl)->StartVa + (mdl)->ByteOffset))

/* Source: WDK "MM_PAGE_PRIORITY"; flags of "MmGetSystemAddressForMdlSafe". */
typedef enum _MM_PAGE_PRIORITY {
    LowPagePriority = 0,
    NormalPagePriority = 16,
    HighPagePriority = 32
} MM_PAGE_PRIORITY;
#define MdlMappingNoWrite   0x80000000u
#define MdlMappingNoExecute 0x40000000u

typedef enum _MM_SYSTEM_SIZE { MmSmallSystem, MmMediumSystem, MmLargeSystem } MM_SYSTEMSIZE;
typedef enum _MMFLUSH_TYPE { MmFlushForDelete, MmFlushForWrite } MMFLUSH_TYPE;
typedef enum _SECTION_INHERIT { ViewShare = 1, ViewUnmap = 2 } SECTION_INHERIT;

/* Source: WDK "MmGetPhysicalMemoryRanges function (ntddk.h)"; ends with a pair of zeros. */
typedef struct _PHYSICAL_MEMORY_RANGE {
    PHYSICAL_ADDRESS BaseAddress;
    LARGE_INTEGER NumberOfBytes;
} PHYSICAL_MEMORY_RANGE, *PPHYSICAL_MEMORY_RANGE;
NT_ASSERT_SIZE(PHYSICAL_MEMORY_RANGE, 16);

/* Source: WDK "MmCopyMemory function (ntddk.h)". */
typedef struct _MM_COPY_ADDRESS {
    union {
        PVOID VirtualAddress;
        PHYSICAL_ADDRESS PhysicalAddress;
    };
} MM_COPY_ADDRESS, *PMMCOPY_ADDRESS;
NT_ASSERT_SIZE(MM_COPY_ADDRESS, 8);
#define MM_COPY_MEMORY_PHYSICAL 0x1u
#define MM_COPY_MEMORY_VIRTUAL  0x2u

/* Flags of MmAllocatePagesForMdlEx. */
#define MM_DONT_ZERO_ALLOCATION               0x00000001u
#define MM_ALLOCATE_FROM_LOCAL_NODE_ONLY      0x00000002u
#define MM_ALLOCATE_FULLY_REQUIRED            0x00000004u
#define MM_ALLOCATE_NO_WAIT                   0x00000008u
#define MM_ALLOCATE_PREFER_CONTIGUOUS         0x00000010u
#define MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS 0x00000020u

/* Source: Win32 "Memory Protection Constants", "VirtualAlloc", "MEMORY_BASIC_INFORMATION". */
#define PAGE_NOACCESS          0x01u
#define PAGE_READONLY          0x02u
#define PAGE_READWRITE         0x04u
#define PAGE_WRITECOPY         0x08u
#define PAGE_EXECUTE           0x10u
#define PAGE_EXECUTE_READ      0x20u
#define PAGE_EXECUTE_READWRITE 0x40u
#define PAGE_EXECUTE_WRITECOPY 0x80u
#define PAGE_GUARD             0x100u
#define PAGE_NOCACHE           0x200u
#define PAGE_WRITECOMBINE      0x400u

#define MEM_COMMIT             0x00001000u
#define MEM_RESERVE            0x00002000u
#define MEM_DECOMMIT           0x00004000u
#define MEM_RELEASE            0x00008000u
#define MEM_FREE               0x00010000u
#define MEM_PRIVATE            0x00020000u
#define MEM_MAPPED             0x00040000u
#define MEM_RESET              0x00080000u
#define MEM_TOP_DOWN           0x00100000u
#define MEM_WRITE_WATCH        0x00200000u
#define MEM_PHYSICAL           0x00400000u
#define MEM_RESET_UNDO         0x01000000u
#define MEM_IMAGE              0x01000000u
#define MEM_LARGE_PAGES        0x20000000u

#define SEC_FILE               0x00800000u
#define SEC_IMAGE              0x01000000u
#define SEC_RESERVE            0x04000000u
#define SEC_COMMIT             0x08000000u
#define SEC_NOCACHE            0x10000000u
#define SEC_LARGE_PAGES        0x80000000u
#define SEC_IMAGE_NO_EXECUTE   0x11000000u

#define SECTION_QUERY          0x0001u
#define SECTION_MAP_WRITE      0x0002u
#define SECTION_MAP_READ       0x0004u
#define SECTION_MAP_EXECUTE    0x0008u
#define SECTION_EXTEND_SIZE    0x0010u
#define SECTION_ALL_ACCESS     0x000f001fu

typedef struct _MEMORY_BASIC_INFORMATION {
    PVOID BaseAddress;
    PVOID AllocationBase;
    ULONG AllocationProtect;
    USHORT PartitionId;
    SIZE_T RegionSize;
    ULONG State;
    ULONG Protect;
    ULONG Type;
} MEMORY_BASIC_INFORMATION, *PMEMORY_BASIC_INFORMATION;
NT_ASSERT_SIZE(MEMORY_BASIC_INFORMATION, 48);
NT_ASSERT_OFFSET(MEMORY_BASIC_INFORMATION, AllocationProtect, 16);
NT_ASSERT_OFFSET(MEMORY_BASIC_INFORMATION, RegionSize, 24);
NT_ASSERT_OFFSET(MEMORY_BASIC_INFORMATION, Type, 40);

#endif
