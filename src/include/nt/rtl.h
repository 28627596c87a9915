/* SPDX-License-Identifier: BSD-2-Clause */
/* The run-time library's structures: bitmaps, trees, times, versions, run-once, string prefixes. */
#ifndef NT_RTL_H
#define NT_RTL_H

#include <nt/list.h>
#include <nt/ntdef.h>

/* Source: WDK "RTL_BITMAP structure", "RtlFindClearRuns function (ntifs.h)". */
typedef struct _RTL_BITMAP {
    ULONG SizeOfBitMap;
    ULONG *Buffer;
} RTL_BITMAP, *PRTL_BITMAP;
NT_ASSERT_SIZE(RTL_BITMAP, 16);
NT_ASSERT_OFFSET(RTL_BITMAP, Buffer, 8);

typedef struct _RTL_BITMAP_RUN {
    ULONG StartingIndex;
    ULONG NumberOfBits;
} RTL_BITMAP_RUN, *PRTL_BITMAP_RUN;
NT_ASSERT_SIZE(RTL_BITMAP_RUN, 8);

/* Source: WDK "RTL_SPLAY_LINKS structure"; "RtlSplay function (ntddk.h)". A root is its parent. */
typedef struct _RTL_SPLAY_LINKS {
    struct _RTL_SPLAY_LINKS *Parent;
    struct _RTL_SPLAY_LINKS *LeftChild;
    struct _RTL_SPLAY_LINKS *RightChild;
} RTL_SPLAY_LINKS, *PRTL_SPLAY_LINKS;
NT_ASSERT_SIZE(RTL_SPLAY_LINKS, 24);
NT_ASSERT_OFFSET(RTL_SPLAY_LINKS, RightChild, 16);

#define RtlParent(links)       ((links)->Parent)
#define RtlLeftChild(links)    ((links)->LeftChild)
#define RtlRightChild(links)   ((links)->RightChild)
#define RtlIsRoot(links)       ((links)->Parent == (links))
#define RtlIsLeftChild(links)  ((links)->Parent->LeftChild == (links))
#define RtlIsRightChild(links) ((links)->Parent->RightChild == (links))

static inline void RtlInitializeSplayLinks(RTL_SPLAY_LINKS *links)
{
    links->Parent = links;
    links->LeftChild = NULL;
    links->RightChild = NULL;
}

static inline void RtlInsertAsLeftChild(RTL_SPLAY_LINKS *parent, RTL_SPLAY_LINKS *child)
{
    parent->LeftChild = child;
    child->Parent = parent;
}

static inline void RtlInsertAsRightChild(RTL_SPLAY_LINKS *parent, RTL_SPLAY_LINKS *child)
{
    parent->RightChild = child;
    child->Parent = parent;
}

/* Generic tables. Source: WDK "RtlInitializeGenericTable(Avl) function (ntddk.h)". */
typedef enum _TABLE_SEARCH_RESULT {
    TableEmptyTree,
    TableFoundNode,
    TableInsertAsLeft,
    TableInsertAsRight
} TABLE_SEARCH_RESULT;

typedef enum _RTL_GENERIC_COMPARE_RESULTS {
    GenericLessThan,
    GenericGreaterThan,
    GenericEqual
} RTL_GENERIC_COMPARE_RESULTS;

struct _RTL_AVL_TABLE;
typedef RTL_GENERIC_COMPARE_RESULTS RTL_AVL_COMPARE_ROUTINE(struct _RTL_AVL_TABLE *table,
                                                            PVOID first, PVOID second);
typedef RTL_AVL_COMPARE_ROUTINE *PRTL_AVL_COMPARE_ROUTINE;
typedef PVOID RTL_AVL_ALLOCATE_ROUTINE(struct _RTL_AVL_TABLE *table, ULONG bytes);
typedef RTL_AVL_ALLOCATE_ROUTINE *PRTL_AVL_ALLOCATE_ROUTINE;
typedef void RTL_AVL_FREE_ROUTINE(struct _RTL_AVL_TABLE *table, PVOID element);
typedef RTL_AVL_FREE_ROUTINE *PRTL_AVL_FREE_ROUTINE;
typedef NTSTATUS RTL_AVL_MATCH_FUNCTION(struct _RTL_AVL_TABLE *table, PVOID element, PVOID data);
typedef RTL_AVL_MATCH_FUNCTION *PRTL_AVL_MATCH_FUNCTION;

typedef struct _RTL_BALANCED_LINKS {
    struct _RTL_BALANCED_LINKS *Parent;
    struct _RTL_BALANCED_LINKS *LeftChild;
    struct _RTL_BALANCED_LINKS *RightChild;
    CHAR Balance;
    UCHAR Reserved[3];
} RTL_BALANCED_LINKS, *PRTL_BALANCED_LINKS;
NT_ASSERT_SIZE(RTL_BALANCED_LINKS, 32);
NT_ASSERT_OFFSET(RTL_BALANCED_LINKS, Balance, 24);

typedef struct _RTL_AVL_TABLE {
    RTL_BALANCED_LINKS BalancedRoot;
    PVOID OrderedPointer;
    ULONG WhichOrderedElement;
    ULONG NumberGenericTableElements;
    ULONG DepthOfTree;
    RTL_BALANCED_LINKS *RestartKey;
    ULONG DeleteCount;
    PRTL_AVL_COMPARE_ROUTINE CompareRoutine;
    PRTL_AVL_ALLOCATE_ROUTINE AllocateRoutine;
    PRTL_AVL_FREE_ROUTINE FreeRoutine;
    PVOID TableContext;
} RTL_AVL_TABLE, *PRTL_AVL_TABLE;
NT_ASSERT_SIZE(RTL_AVL_TABLE, 104);
NT_ASSERT_OFFSET(RTL_AVL_TABLE, OrderedPointer, 32);
NT_ASSERT_OFFSET(RTL_AVL_TABLE, NumberGenericTableElements, 44);
NT_ASSERT_OFFSET(RTL_AVL_TABLE, RestartKey, 56);
NT_ASSERT_OFFSET(RTL_AVL_TABLE, CompareRoutine, 72);
NT_ASSERT_OFFSET(RTL_AVL_TABLE, TableContext, 96);

struct _RTL_GENERIC_TABLE;
typedef RTL_GENERIC_COMPARE_RESULTS RTL_GENERIC_COMPARE_ROUTINE(struct _RTL_GENERIC_TABLE *table,
                                                                PVOID first, PVOID second);
typedef RTL_GENERIC_COMPARE_ROUTINE *PRTL_GENERIC_COMPARE_ROUTINE;
typedef PVOID RTL_GENERIC_ALLOCATE_ROUTINE(struct _RTL_GENERIC_TABLE *table, ULONG bytes);
typedef RTL_GENERIC_ALLOCATE_ROUTINE *PRTL_GENERIC_ALLOCATE_ROUTINE;
typedef void RTL_GENERIC_FREE_ROUTINE(struct _RTL_GENERIC_TABLE *table, PVOID element);
typedef RTL_GENERIC_FREE_ROUTINE *PRTL_GENERIC_FREE_ROUTINE;

typedef struct _RTL_GENERIC_TABLE {
    RTL_SPLAY_LINKS *TableRoot;
    LIST_ENTRY InsertOrderList;
    LIST_ENTRY *OrderedPointer;
    ULONG WhichOrderedElement;
    ULONG NumberGenericTableElements;
    PRTL_GENERIC_COMPARE_ROUTINE CompareRoutine;
    PRTL_GENERIC_ALLOCATE_ROUTINE AllocateRoutine;
    PRTL_GENERIC_FREE_ROUTINE FreeRoutine;
    PVOID TableContext;
} RTL_GENERIC_TABLE, *PRTL_GENERIC_TABLE;
NT_ASSERT_SIZE(RTL_GENERIC_TABLE, 72);
NT_ASSERT_OFFSET(RTL_GENERIC_TABLE, InsertOrderList, 8);
NT_ASSERT_OFFSET(RTL_GENERIC_TABLE, NumberGenericTableElements, 36);
NT_ASSERT_OFFSET(RTL_GENERIC_TABLE, CompareRoutine, 40);
NT_ASSERT_OFFSET(RTL_GENERIC_TABLE, TableContext, 64);

/* Dynamic hash tables. Source: WDK "RTL_DYNAMIC_HASH_TABLE structure (ntddk.h)", "RtlCreateHashTable function (ntddk.h)". */
typedef struct _RTL_DYNAMIC_HASH_TABLE_ENTRY {
    LIST_ENTRY Linkage;
    ULONG_PTR Signature;
} RTL_DYNAMIC_HASH_TABLE_ENTRY, *PRTL_DYNAMIC_HASH_TABLE_ENTRY;
NT_ASSERT_SIZE(RTL_DYNAMIC_HASH_TABLE_ENTRY, 24);

typedef struct _RTL_DYNAMIC_HASH_TABLE_CONTEXT {
    LIST_ENTRY *ChainHead;
    LIST_ENTRY *PrevLinkage;
    ULONG_PTR Signature;
} RTL_DYNAMIC_HASH_TABLE_CONTEXT, *PRTL_DYNAMIC_HASH_TABLE_CONTEXT;
NT_ASSERT_SIZE(RTL_DYNAMIC_HASH_TABLE_CONTEXT, 24);

typedef struct _RTL_DYNAMIC_HASH_TABLE_ENUMERATOR {
    RTL_DYNAMIC_HASH_TABLE_ENTRY HashEntry;
    LIST_ENTRY *ChainHead;
    ULONG BucketIndex;
} RTL_DYNAMIC_HASH_TABLE_ENUMERATOR, *PRTL_DYNAMIC_HASH_TABLE_ENUMERATOR;
NT_ASSERT_SIZE(RTL_DYNAMIC_HASH_TABLE_ENUMERATOR, 40);
NT_ASSERT_OFFSET(RTL_DYNAMIC_HASH_TABLE_ENUMERATOR, ChainHead, 24);

typedef struct _RTL_DYNAMIC_HASH_TABLE {
    ULONG Flags;
    ULONG Shift;
    ULONG TableSize;
    ULONG Pivot;
    ULONG DivisorMask;
    ULONG NumEntries;
    ULONG NonEmptyBuckets;
    ULONG NumEnumerators;
    PVOID Directory;
} RTL_DYNAMIC_HASH_TABLE, *PRTL_DYNAMIC_HASH_TABLE;
NT_ASSERT_SIZE(RTL_DYNAMIC_HASH_TABLE, 40);
NT_ASSERT_OFFSET(RTL_DYNAMIC_HASH_TABLE, NumEntries, 20);
NT_ASSERT_OFFSET(RTL_DYNAMIC_HASH_TABLE, Directory, 32);

#define RTL_HASH_ALLOCATED_HEADER   0x1u
#define RTL_HASH_RESERVED_SIGNATURE 0

/* Source: WDK "RtlRunOnceInitialize function (ntddk.h)"; the two low bits of a context are ours. */
typedef union _RTL_RUN_ONCE {
    PVOID Ptr;
} RTL_RUN_ONCE, *PRTL_RUN_ONCE;
NT_ASSERT_SIZE(RTL_RUN_ONCE, 8);
#define RTL_RUN_ONCE_CHECK_ONLY        0x1u
#define RTL_RUN_ONCE_ASYNC             0x2u
#define RTL_RUN_ONCE_INIT_FAILED       0x4u
#define RTL_RUN_ONCE_CTX_RESERVED_BITS 2
typedef ULONG RTL_RUN_ONCE_INIT_FN(RTL_RUN_ONCE *once, PVOID parameter, PVOID *context);
typedef RTL_RUN_ONCE_INIT_FN *PRTL_RUN_ONCE_INIT_FN;

/* Source: WDK "TIME_FIELDS structure", "RtlTimeToTimeFields function (wdm.h)". */
typedef struct _TIME_FIELDS {
    CSHORT Year;
    CSHORT Month;
    CSHORT Day;
    CSHORT Hour;
    CSHORT Minute;
    CSHORT Second;
    CSHORT Milliseconds;
    CSHORT Weekday;
} TIME_FIELDS, *PTIME_FIELDS;
NT_ASSERT_SIZE(TIME_FIELDS, 16);
NT_ASSERT_OFFSET(TIME_FIELDS, Weekday, 14);

/* Source: WDK "RTL_OSVERSIONINFOW structure (wdm.h)", "RTL_OSVERSIONINFOEXW structure (wdm.h)". */
typedef struct _OSVERSIONINFOW {
    ULONG dwOSVersionInfoSize;
    ULONG dwMajorVersion;
    ULONG dwMinorVersion;
    ULONG dwBuildNumber;
    ULONG dwPlatformId;
    WCHAR szCSDVersion[128];
} RTL_OSVERSIONINFOW, *PRTL_OSVERSIONINFOW;
NT_ASSERT_SIZE(RTL_OSVERSIONINFOW, 276);
NT_ASSERT_OFFSET(RTL_OSVERSIONINFOW, szCSDVersion, 20);

typedef struct _OSVERSIONINFOEXW {
    ULONG dwOSVersionInfoSize;
    ULONG dwMajorVersion;
    ULONG dwMinorVersion;
    ULONG dwBuildNumber;
    ULONG dwPlatformId;
    WCHAR szCSDVersion[128];
    USHORT wServicePackMajor;
    USHORT wServicePackMinor;
    USHORT wSuiteMask;
    UCHAR wProductType;
    UCHAR wReserved;
} RTL_OSVERSIONINFOEXW, *PRTL_OSVERSIONINFOEXW;
NT_ASSERT_SIZE(RTL_OSVERSIONINFOEXW, 284);
NT_ASSERT_OFFSET(RTL_OSVERSIONINFOEXW, wProductType, 282);

/* Types of conditions and comparisons. Source: WDK "RtlVerifyVersionInfo function (wdm.h)". */
#define VER_EQUAL            1
#define VER_GREATER          2
#define VER_GREATER_EQUAL    3
#define VER_LESS             4
#define VER_LESS_EQUAL       5
#define VER_AND              6
#define VER_OR               7
#define VER_MINORVERSION     0x01u
#define VER_MAJORVERSION     0x02u
#define VER_BUILDNUMBER      0x04u
#define VER_PLATFORMID       0x08u
#define VER_SERVICEPACKMINOR 0x10u
#define VER_SERVICEPACKMAJOR 0x20u
#define VER_SUITENAME        0x40u
#define VER_PRODUCT_TYPE     0x80u

/* Source: "OSVERSIONINFOEXW structure (winnt.h)". */
#define VER_PLATFORM_WIN32_NT  2
#define VER_NT_WORKSTATION     1
#define VER_SUITE_SINGLEUSERTS 0x0100

/* Source: WDK "RtlInitializeUnicodePrefix function (ntifs.h)". */
typedef struct _UNICODE_PREFIX_TABLE_ENTRY {
    CSHORT NodeTypeCode;
    CSHORT NameLength;
    struct _UNICODE_PREFIX_TABLE_ENTRY *NextPrefixTree;
    struct _UNICODE_PREFIX_TABLE_ENTRY *CaseMatch;
    RTL_SPLAY_LINKS Links;
    UNICODE_STRING *Prefix;
} UNICODE_PREFIX_TABLE_ENTRY, *PUNICODE_PREFIX_TABLE_ENTRY;
NT_ASSERT_SIZE(UNICODE_PREFIX_TABLE_ENTRY, 56);
NT_ASSERT_OFFSET(UNICODE_PREFIX_TABLE_ENTRY, Links, 24);
NT_ASSERT_OFFSET(UNICODE_PREFIX_TABLE_ENTRY, Prefix, 48);

typedef struct _UNICODE_PREFIX_TABLE {
    CSHORT NodeTypeCode;
    CSHORT NameLength;
    UNICODE_PREFIX_TABLE_ENTRY *NextPrefixTree;
    UNICODE_PREFIX_TABLE_ENTRY *LastNextEntry;
} UNICODE_PREFIX_TABLE, *PUNICODE_PREFIX_TABLE;
NT_ASSERT_SIZE(UNICODE_PREFIX_TABLE, 24);

/* Source: WDK "RtlQueryRegistryValues function (wdm.h)". */
typedef NTSTATUS RTL_QUERY_REGISTRY_ROUTINE(PWSTR name, ULONG type, PVOID data, ULONG length,
                                            PVOID context, PVOID entry_context);
typedef RTL_QUERY_REGISTRY_ROUTINE *PRTL_QUERY_REGISTRY_ROUTINE;

typedef struct _RTL_QUERY_REGISTRY_TABLE {
    PRTL_QUERY_REGISTRY_ROUTINE QueryRoutine;
    ULONG Flags;
    PWSTR Name;
    PVOID EntryContext;
    ULONG DefaultType;
    PVOID DefaultData;
    ULONG DefaultLength;
} RTL_QUERY_REGISTRY_TABLE, *PRTL_QUERY_REGISTRY_TABLE;
NT_ASSERT_SIZE(RTL_QUERY_REGISTRY_TABLE, 56);
NT_ASSERT_OFFSET(RTL_QUERY_REGISTRY_TABLE, Name, 16);
NT_ASSERT_OFFSET(RTL_QUERY_REGISTRY_TABLE, DefaultData, 40);

#define RTL_QUERY_REGISTRY_SUBKEY          0x00000001u
#define RTL_QUERY_REGISTRY_TOPKEY          0x00000002u
#define RTL_QUERY_REGISTRY_REQUIRED        0x00000004u
#define RTL_QUERY_REGISTRY_NOVALUE         0x00000008u
#define RTL_QUERY_REGISTRY_NOEXPAND        0x00000010u
#define RTL_QUERY_REGISTRY_DIRECT          0x00000020u
#define RTL_QUERY_REGISTRY_DELETE          0x00000040u
#define RTL_QUERY_REGISTRY_NOSTRING        0x00000080u
#define RTL_QUERY_REGISTRY_TYPECHECK       0x00000100u
#define RTL_QUERY_REGISTRY_TYPECHECK_SHIFT 24
#define RTL_REGISTRY_ABSOLUTE              0
#define RTL_REGISTRY_SERVICES              1
#define RTL_REGISTRY_CONTROL               2
#define RTL_REGISTRY_WINDOWS_NT            3
#define RTL_REGISTRY_DEVICEMAP             4
#define RTL_REGISTRY_USER                  5
#define RTL_REGISTRY_HANDLE                0x40000000u
#define RTL_REGISTRY_OPTIONAL              0x80000000u

/* Levels of DbgPrintEx. Source: WDK "DbgPrintEx function (wdm.h)", "Reading and Filtering". */
#define DPFLTR_ERROR_LEVEL   0
#define DPFLTR_WARNING_LEVEL 1
#define DPFLTR_TRACE_LEVEL   2
#define DPFLTR_INFO_LEVEL    3
#define DPFLTR_MASK          0x80000000u
#define DPFLTR_SYSTEM_ID     0
#define DPFLTR_IHVDRIVER_ID  77
#define DPFLTR_DEFAULT_ID    101

#endif
