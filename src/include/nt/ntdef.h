/* SPDX-License-Identifier: BSD-2-Clause */
/* Basic types, macros and the small structures that every other NT header builds on. */
#ifndef NT_NTDEF_H
#define NT_NTDEF_H

/*
 * NT on x64 is LLP64: LONG has 32 bits, pointers 64, WCHAR 16. The types below are spelled by
 * width: they mean the same on the PE target and on a 64-bit POSIX host (with -fshort-wchar).
 * Source: Windows data types, [MS-DTYP]; "x64 software conventions" for the calling convention.
 */
#include <stddef.h>
#include <stdint.h>

#define NT_ASSERT_SIZE(type, size)                                                                 \
    _Static_assert(sizeof(type) == (size), "sizeof(" #type ") is not NT's")
#define NT_ASSERT_OFFSET(type, field, offset)                                                      \
    _Static_assert(offsetof(type, field) == (offset), #type "." #field " is not at NT's offset")

/* x64 has one calling convention; the macros stay so that prototypes read as documented. */
#define NTAPI
#define FASTCALL
#define NTKERNELAPI
#define NTSYSAPI
#define NTHALAPI
#define FORCEINLINE           static inline __attribute__((always_inline))
#define DECLSPEC_ALIGN(bytes) __attribute__((aligned(bytes)))
#define DECLSPEC_NORETURN     _Noreturn
#define UNALIGNED

/* How a data export is declared: drivers compile with -DNT_IMPORT='__declspec(dllimport)'. */
#ifndef NT_IMPORT
#define NT_IMPORT
#endif

#define IN
#define OUT
#define OPTIONAL

#define VOID  void
#define CONST const
#ifndef TRUE
#define TRUE  1
#define FALSE 0
#endif

typedef char CHAR, CCHAR, *PCHAR, *PSZ, *PSTR;
typedef const char *PCSTR, *PCSZ;
typedef signed char SCHAR;
typedef unsigned char UCHAR, *PUCHAR, BOOLEAN, *PBOOLEAN, BYTE;
typedef int16_t SHORT, CSHORT, *PSHORT;
typedef uint16_t USHORT, *PUSHORT, WORD;
typedef int32_t LONG, *PLONG, INT, LONG32;
typedef uint32_t ULONG, *PULONG, UINT, ULONG32, DWORD, LOGICAL;
typedef int64_t LONGLONG, *PLONGLONG, LONG64, *PLONG64;
typedef uint64_t ULONGLONG, *PULONGLONG, ULONG64, *PULONG64, DWORD64;
typedef intptr_t LONG_PTR, *PLONG_PTR, INT_PTR, SSIZE_T;
typedef uintptr_t ULONG_PTR, *PULONG_PTR, UINT_PTR;
typedef size_t SIZE_T, *PSIZE_T;
typedef wchar_t WCHAR, *PWCHAR, *PWSTR, *PWCH;
typedef const wchar_t *PCWSTR, *PCWCH;
typedef void *PVOID, *HANDLE, **PHANDLE;

/* A status that nobody looks at is a warning; (void) and the reason silence it. */
#if defined(__clang__) && __clang_major__ >= 19
#define NT_MUST_CHECK __attribute__((warn_unused_result))
#else
#define NT_MUST_CHECK
#endif
typedef NT_MUST_CHECK int32_t NTSTATUS;
typedef int32_t *PNTSTATUS;

typedef UCHAR KIRQL, *PKIRQL;
typedef LONG KPRIORITY;
typedef ULONG_PTR KAFFINITY, *PKAFFINITY;
typedef ULONG_PTR KSPIN_LOCK, *PKSPIN_LOCK;
typedef CCHAR KPROCESSOR_MODE;
typedef ULONG ACCESS_MASK, *PACCESS_MASK;
typedef ULONG LCID;
typedef PVOID PSECURITY_DESCRIPTOR;
typedef PVOID PSID;
typedef ULONG SECURITY_INFORMATION, *PSECURITY_INFORMATION;
typedef LONGLONG USN;

NT_ASSERT_SIZE(WCHAR, 2);
NT_ASSERT_SIZE(LONG, 4);
NT_ASSERT_SIZE(ULONG, 4);
NT_ASSERT_SIZE(LONGLONG, 8);
NT_ASSERT_SIZE(PVOID, 8);
NT_ASSERT_SIZE(BOOLEAN, 1);

/* Source: WDK "Using NTSTATUS Values": bits 31..30 are the severity (0 and 1 are successes). */
#define NT_SUCCESS(status)     ((int32_t)(status) >= 0)
#define NT_INFORMATION(status) (((uint32_t)(status) >> 30) == 1)
#define NT_WARNING(status)     (((uint32_t)(status) >> 30) == 2)
#define NT_ERROR(status)       (((uint32_t)(status) >> 30) == 3)

#define CONTAINING_RECORD(address, type, field)                                                    \
    ((type *)((char *)(address) - offsetof(type, field)))
#define FIELD_OFFSET(type, field)         ((LONG)offsetof(type, field))
#define RTL_NUMBER_OF(array)              (sizeof(array) / sizeof((array)[0]))
#define ARGUMENT_PRESENT(argument)        ((argument) != NULL)
#define UNREFERENCED_PARAMETER(parameter) ((void)(parameter))
#define HandleToULong(handle)             ((ULONG)(ULONG_PTR)(handle))
#define ULongToHandle(number)             ((HANDLE)(ULONG_PTR)(ULONG)(number))
#define PtrToUlong(pointer)               ((ULONG)(ULONG_PTR)(pointer))

/* Source: "LARGE_INTEGER union (winnt.h)". */
typedef union _LARGE_INTEGER {
    struct {
        ULONG LowPart;
        LONG HighPart;
    };
    struct {
        ULONG LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;
NT_ASSERT_SIZE(LARGE_INTEGER, 8);
NT_ASSERT_OFFSET(LARGE_INTEGER, HighPart, 4);

/* Source: "ULARGE_INTEGER union (winnt.h)". */
typedef union _ULARGE_INTEGER {
    struct {
        ULONG LowPart;
        ULONG HighPart;
    };
    struct {
        ULONG LowPart;
        ULONG HighPart;
    } u;
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;
NT_ASSERT_SIZE(ULARGE_INTEGER, 8);

typedef LARGE_INTEGER PHYSICAL_ADDRESS, *PPHYSICAL_ADDRESS;

/* Source: "LUID structure (ntdef.h)". */
typedef struct _LUID {
    ULONG LowPart;
    LONG HighPart;
} LUID, *PLUID;
NT_ASSERT_SIZE(LUID, 8);

/* What generic rights mean for a type of object. Source: WDK "GENERIC_MAPPING structure (wdm.h)", "ACCESS_MASK". */
typedef struct _GENERIC_MAPPING {
    ACCESS_MASK GenericRead;
    ACCESS_MASK GenericWrite;
    ACCESS_MASK GenericExecute;
    ACCESS_MASK GenericAll;
} GENERIC_MAPPING, *PGENERIC_MAPPING;
NT_ASSERT_SIZE(GENERIC_MAPPING, 16);
NT_ASSERT_OFFSET(GENERIC_MAPPING, GenericAll, 12);

#define GENERIC_READ    0x80000000u
#define GENERIC_WRITE   0x40000000u
#define GENERIC_EXECUTE 0x20000000u
#define GENERIC_ALL     0x10000000u

/* Source: "GUID structure (guiddef.h)". */
typedef struct _GUID {
    ULONG Data1;
    USHORT Data2;
    USHORT Data3;
    UCHAR Data4[8];
} GUID, *LPGUID;
typedef const GUID *LPCGUID;
NT_ASSERT_SIZE(GUID, 16);
NT_ASSERT_OFFSET(GUID, Data4, 8);

/* Counted strings: lengths in bytes, no terminator promised. Source: "UNICODE_STRING (ntdef.h)". */
typedef struct _UNICODE_STRING {
    USHORT Length;
    USHORT MaximumLength;
    WCHAR *Buffer;
} UNICODE_STRING, *PUNICODE_STRING;
typedef const UNICODE_STRING *PCUNICODE_STRING;
NT_ASSERT_SIZE(UNICODE_STRING, 16);
NT_ASSERT_OFFSET(UNICODE_STRING, MaximumLength, 2);
NT_ASSERT_OFFSET(UNICODE_STRING, Buffer, 8);

/* Source: "STRING structure (ntdef.h)"; ANSI_, OEM_ and UTF8_STRING are the same structure. */
typedef struct _STRING {
    USHORT Length;
    USHORT MaximumLength;
    CHAR *Buffer;
} STRING, *PSTRING, ANSI_STRING, *PANSI_STRING, OEM_STRING, *POEM_STRING, UTF8_STRING,
    *PUTF8_STRING;
typedef const STRING *PCANSI_STRING, *PCOEM_STRING;
NT_ASSERT_SIZE(STRING, 16);
NT_ASSERT_OFFSET(STRING, Buffer, 8);

typedef struct _CSTRING {
    USHORT Length;
    USHORT MaximumLength;
    const char *Buffer;
} CSTRING, *PCSTRING;
NT_ASSERT_SIZE(CSTRING, 16);

#define RTL_CONSTANT_STRING(literal)                                                               \
    { sizeof(literal) - sizeof((literal)[0]), sizeof(literal), (void *)(literal) }
#define UNICODE_NULL ((WCHAR)0)

/* Source: "LIST_ENTRY structure (ntdef.h)", "SINGLE_LIST_ENTRY structure (ntdef.h)". */
typedef struct _LIST_ENTRY {
    struct _LIST_ENTRY *Flink;
    struct _LIST_ENTRY *Blink;
} LIST_ENTRY, *PLIST_ENTRY;
NT_ASSERT_SIZE(LIST_ENTRY, 16);
NT_ASSERT_OFFSET(LIST_ENTRY, Blink, 8);

typedef struct _SINGLE_LIST_ENTRY {
    struct _SINGLE_LIST_ENTRY *Next;
} SINGLE_LIST_ENTRY, *PSINGLE_LIST_ENTRY;
NT_ASSERT_SIZE(SINGLE_LIST_ENTRY, 8);

/*
 * Interlocked singly linked list: head and entries are 16-byte aligned, so that the head's low four
 * pointer bits are free and the whole head changes by one 16-byte compare-and-swap.
 * Source: WDK "SLIST_HEADER union", "Using Singly Linked Lists".
 */
typedef struct DECLSPEC_ALIGN(16) _SLIST_ENTRY {
    struct _SLIST_ENTRY *Next;
} SLIST_ENTRY, *PSLIST_ENTRY;
NT_ASSERT_SIZE(SLIST_ENTRY, 16);

typedef union DECLSPEC_ALIGN(16) _SLIST_HEADER {
    struct {
        ULONGLONG Alignment;
        ULONGLONG Region;
    };
    struct {
        ULONGLONG Depth : 16;
        ULONGLONG Sequence : 48;
        ULONGLONG Reserved : 4;
        ULONGLONG NextEntry : 60;
    } HeaderX64;
} SLIST_HEADER, *PSLIST_HEADER;
NT_ASSERT_SIZE(SLIST_HEADER, 16);
NT_ASSERT_OFFSET(SLIST_HEADER, Region, 8);
_Static_assert(_Alignof(SLIST_HEADER) == 16, "SLIST_HEADER is not 16-byte aligned");

/* Source: "OBJECT_ATTRIBUTES structure (ntdef.h)". */
typedef struct _OBJECT_ATTRIBUTES {
    ULONG Length;
    HANDLE RootDirectory;
    UNICODE_STRING *ObjectName;
    ULONG Attributes;
    PVOID SecurityDescriptor;
    PVOID SecurityQualityOfService;
} OBJECT_ATTRIBUTES, *POBJECT_ATTRIBUTES;
NT_ASSERT_SIZE(OBJECT_ATTRIBUTES, 48);
NT_ASSERT_OFFSET(OBJECT_ATTRIBUTES, RootDirectory, 8);
NT_ASSERT_OFFSET(OBJECT_ATTRIBUTES, ObjectName, 16);
NT_ASSERT_OFFSET(OBJECT_ATTRIBUTES, Attributes, 24);
NT_ASSERT_OFFSET(OBJECT_ATTRIBUTES, SecurityDescriptor, 32);
NT_ASSERT_OFFSET(OBJECT_ATTRIBUTES, SecurityQualityOfService, 40);

#define OBJ_INHERIT                       0x00000002u
#define OBJ_PERMANENT                     0x00000010u
#define OBJ_EXCLUSIVE                     0x00000020u
#define OBJ_CASE_INSENSITIVE              0x00000040u
#define OBJ_OPENIF                        0x00000080u
#define OBJ_OPENLINK                      0x00000100u
#define OBJ_KERNEL_HANDLE                 0x00000200u
#define OBJ_FORCE_ACCESS_CHECK            0x00000400u
#define OBJ_IGNORE_IMPERSONATED_DEVICEMAP 0x00000800u
#define OBJ_DONT_REPARSE                  0x00001000u
#define OBJ_VALID_ATTRIBUTES              0x00001ff2u

/* Source: "InitializeObjectAttributes macro (ntdef.h)". */
#define InitializeObjectAttributes(object, name, attributes, root, descriptor)                     \
    do {                                                                                           \
        (object)->Length = sizeof(OBJECT_ATTRIBUTES);                                              \
        (object)->RootDirectory = (root);                                                          \
        (object)->ObjectName = (name);                                                             \
        (object)->Attributes = (attributes);                                                       \
        (object)->SecurityDescriptor = (descriptor);                                               \
        (object)->SecurityQualityOfService = NULL;                                                 \
    } while (0)

/* Source: [MS-DTYP] and the NtOpenProcess page ("CLIENT_ID structure"). */
typedef struct _CLIENT_ID {
    HANDLE UniqueProcess;
    HANDLE UniqueThread;
} CLIENT_ID, *PCLIENT_ID;
NT_ASSERT_SIZE(CLIENT_ID, 16);
NT_ASSERT_OFFSET(CLIENT_ID, UniqueThread, 8);

/* Source: "GROUP_AFFINITY structure (miniport.h)", "PROCESSOR_NUMBER structure (ntdef.h)". */
typedef struct _GROUP_AFFINITY {
    KAFFINITY Mask;
    USHORT Group;
    USHORT Reserved[3];
} GROUP_AFFINITY, *PGROUP_AFFINITY;
NT_ASSERT_SIZE(GROUP_AFFINITY, 16);

typedef struct _PROCESSOR_NUMBER {
    USHORT Group;
    UCHAR Number;
    UCHAR Reserved;
} PROCESSOR_NUMBER, *PPROCESSOR_NUMBER;
NT_ASSERT_SIZE(PROCESSOR_NUMBER, 4);

typedef enum _EVENT_TYPE { NotificationEvent, SynchronizationEvent } EVENT_TYPE;
typedef enum _TIMER_TYPE { NotificationTimer, SynchronizationTimer } TIMER_TYPE;
typedef enum _WAIT_TYPE { WaitAll, WaitAny, WaitNotification, WaitDequeue, WaitDpc } WAIT_TYPE;

#endif
