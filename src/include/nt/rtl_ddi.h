/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The run-time library's functions as drivers call them. Each that is exported is a row of
 * src/abi/exports.tbl. Source of all: the WDK reference page "<name> function" of wdm.h, ntddk.h or
 * ntifs.h unless a comment names another.
 */
#ifndef NT_RTL_DDI_H
#define NT_RTL_DDI_H

#include <stdarg.h>

#include <nt/except.h>
#include <nt/pe.h>
#include <nt/rtl.h>
#include <nt/unwind.h>

/* ---- Memory. IRQL: any, if it is resident ---- */

/* Returns how many bytes are equal, counted from the start. */
SIZE_T RtlCompareMemory(const void *first, const void *second, SIZE_T bytes);
SIZE_T RtlCompareMemoryUlong(PVOID memory, SIZE_T bytes, ULONG pattern);
BOOLEAN RtlIsZeroMemory(PVOID memory, SIZE_T bytes);
void RtlCopyMemoryNonTemporal(PVOID target, const void *source, SIZE_T bytes);
/* Functions for who looks them up, macros for who compiles. */
void RtlCopyMemory(PVOID target, const void *source, SIZE_T bytes);
void RtlMoveMemory(PVOID target, const void *source, SIZE_T bytes);
void RtlFillMemory(PVOID target, SIZE_T bytes, UCHAR value);
void RtlZeroMemory(PVOID target, SIZE_T bytes);
#define RtlCopyMemory(target, source, bytes) __builtin_memcpy(target, source, bytes)
#define RtlMoveMemory(target, source, bytes) __builtin_memmove(target, source, bytes)
#define RtlFillMemory(target, bytes, value)  __builtin_memset(target, value, bytes)
#define RtlZeroMemory(target, bytes)         __builtin_memset(target, 0, bytes)
#define RtlEqualMemory(first, second, bytes) (__builtin_memcmp(first, second, bytes) == 0)

/* ---- Counted strings. IRQL: any if resident; PASSIVE_LEVEL where characters are converted ---- */

void RtlInitString(STRING *string, PCSZ source);
NTSTATUS RtlInitStringEx(STRING *string, PCSZ source);
void RtlInitAnsiString(ANSI_STRING *string, PCSZ source);
NTSTATUS RtlInitAnsiStringEx(ANSI_STRING *string, PCSZ source);
void RtlInitUTF8String(UTF8_STRING *string, PCSZ source);
NTSTATUS RtlInitUTF8StringEx(UTF8_STRING *string, PCSZ source);
void RtlInitUnicodeString(UNICODE_STRING *string, PCWSTR source);
NTSTATUS RtlInitUnicodeStringEx(UNICODE_STRING *string, PCWSTR source);
BOOLEAN RtlCreateUnicodeString(UNICODE_STRING *string, PCWSTR source);
NTSTATUS RtlDuplicateUnicodeString(ULONG flags, const UNICODE_STRING *source, UNICODE_STRING *copy);
void RtlFreeUnicodeString(UNICODE_STRING *string);
void RtlFreeAnsiString(ANSI_STRING *string);
void RtlFreeOemString(OEM_STRING *string);
void RtlFreeUTF8String(UTF8_STRING *string);
NTSTATUS RtlValidateUnicodeString(ULONG flags, const UNICODE_STRING *string);
void RtlCopyString(STRING *target, const STRING *source);
void RtlCopyUnicodeString(UNICODE_STRING *target, const UNICODE_STRING *source);
NTSTATUS RtlAppendStringToString(STRING *target, const STRING *source);
NTSTATUS RtlAppendUnicodeToString(UNICODE_STRING *target, PCWSTR source);
NTSTATUS RtlAppendUnicodeStringToString(UNICODE_STRING *target, const UNICODE_STRING *source);

LONG RtlCompareString(const STRING *first, const STRING *second, BOOLEAN ignore_case);
BOOLEAN RtlEqualString(const STRING *first, const STRING *second, BOOLEAN ignore_case);
LONG RtlCompareUnicodeString(const UNICODE_STRING *first, const UNICODE_STRING *second,
                             BOOLEAN ignore_case);
LONG RtlCompareUnicodeStrings(const WCHAR *first, SIZE_T first_chars, const WCHAR *second,
                              SIZE_T second_chars, BOOLEAN ignore_case);
BOOLEAN RtlEqualUnicodeString(const UNICODE_STRING *first, const UNICODE_STRING *second,
                              BOOLEAN ignore_case);
BOOLEAN RtlPrefixString(const STRING *prefix, const STRING *string, BOOLEAN ignore_case);
BOOLEAN RtlPrefixUnicodeString(const UNICODE_STRING *prefix, const UNICODE_STRING *string,
                               BOOLEAN ignore_case);
BOOLEAN RtlSuffixUnicodeString(const UNICODE_STRING *suffix, const UNICODE_STRING *string,
                               BOOLEAN ignore_case);
NTSTATUS RtlHashUnicodeString(const UNICODE_STRING *string, BOOLEAN ignore_case, ULONG algorithm,
                              ULONG *hash);
WCHAR RtlUpcaseUnicodeChar(WCHAR character);
WCHAR RtlDowncaseUnicodeChar(WCHAR character);
CHAR RtlUpperChar(CHAR character);
void RtlUpperString(STRING *target, const STRING *source);
NTSTATUS RtlUpcaseUnicodeString(UNICODE_STRING *target, const UNICODE_STRING *source,
                                BOOLEAN allocate);
NTSTATUS RtlDowncaseUnicodeString(UNICODE_STRING *target, const UNICODE_STRING *source,
                                  BOOLEAN allocate);

#define HASH_STRING_ALGORITHM_DEFAULT                     0u
#define HASH_STRING_ALGORITHM_X65599                      1u
#define HASH_STRING_ALGORITHM_INVALID                     0xffffffffu
#define RTL_DUPLICATE_UNICODE_STRING_NULL_TERMINATE       1u
#define RTL_DUPLICATE_UNICODE_STRING_ALLOCATE_NULL_STRING 2u

/* ---- Conversions. IRQL: PASSIVE_LEVEL ---- */

NTSTATUS RtlAnsiStringToUnicodeString(UNICODE_STRING *target, const ANSI_STRING *source,
                                      BOOLEAN allocate);
NTSTATUS RtlUnicodeStringToAnsiString(ANSI_STRING *target, const UNICODE_STRING *source,
                                      BOOLEAN allocate);
NTSTATUS RtlOemStringToUnicodeString(UNICODE_STRING *target, const OEM_STRING *source,
                                     BOOLEAN allocate);
NTSTATUS RtlUnicodeStringToOemString(OEM_STRING *target, const UNICODE_STRING *source,
                                     BOOLEAN allocate);
NTSTATUS RtlUpcaseUnicodeStringToOemString(OEM_STRING *target, const UNICODE_STRING *source,
                                           BOOLEAN allocate);
NTSTATUS RtlUnicodeStringToCountedOemString(OEM_STRING *target, const UNICODE_STRING *source,
                                            BOOLEAN allocate);
NTSTATUS RtlUpcaseUnicodeStringToCountedOemString(OEM_STRING *target, const UNICODE_STRING *source,
                                                  BOOLEAN allocate);
NTSTATUS RtlUnicodeStringToUTF8String(UTF8_STRING *target, const UNICODE_STRING *source,
                                      BOOLEAN allocate);
NTSTATUS RtlUTF8StringToUnicodeString(UNICODE_STRING *target, const UTF8_STRING *source,
                                      BOOLEAN allocate);
ULONG RtlxAnsiStringToUnicodeSize(const ANSI_STRING *string);
ULONG RtlxUnicodeStringToAnsiSize(const UNICODE_STRING *string);
ULONG RtlxOemStringToUnicodeSize(const OEM_STRING *string);
ULONG RtlxUnicodeStringToOemSize(const UNICODE_STRING *string);
WCHAR RtlAnsiCharToUnicodeChar(UCHAR **source);
NTSTATUS RtlMultiByteToUnicodeN(WCHAR *target, ULONG target_bytes, ULONG *written,
                                const CHAR *source, ULONG source_bytes);
NTSTATUS RtlMultiByteToUnicodeSize(ULONG *bytes, const CHAR *source, ULONG source_bytes);
NTSTATUS RtlUnicodeToMultiByteN(CHAR *target, ULONG target_bytes, ULONG *written,
                                const WCHAR *source, ULONG source_bytes);
NTSTATUS RtlUnicodeToMultiByteSize(ULONG *bytes, const WCHAR *source, ULONG source_bytes);
NTSTATUS RtlUpcaseUnicodeToMultiByteN(CHAR *target, ULONG target_bytes, ULONG *written,
                                      const WCHAR *source, ULONG source_bytes);
NTSTATUS RtlOemToUnicodeN(WCHAR *target, ULONG target_bytes, ULONG *written, const CHAR *source,
                          ULONG source_bytes);
NTSTATUS RtlUnicodeToOemN(CHAR *target, ULONG target_bytes, ULONG *written, const WCHAR *source,
                          ULONG source_bytes);
NTSTATUS RtlUpcaseUnicodeToOemN(CHAR *target, ULONG target_bytes, ULONG *written,
                                const WCHAR *source, ULONG source_bytes);
NTSTATUS RtlUTF8ToUnicodeN(WCHAR *target, ULONG target_bytes, ULONG *written, const CHAR *source,
                           ULONG source_bytes);
NTSTATUS RtlUnicodeToUTF8N(CHAR *target, ULONG target_bytes, ULONG *written, const WCHAR *source,
                           ULONG source_bytes);
NTSTATUS RtlCharToInteger(PCSZ string, ULONG base, ULONG *value);
NTSTATUS RtlUnicodeStringToInteger(const UNICODE_STRING *string, ULONG base, ULONG *value);
NTSTATUS RtlUnicodeStringToInt64(const UNICODE_STRING *string, ULONG base, LONG64 *value,
                                 PWSTR *end);
NTSTATUS RtlIntegerToChar(ULONG value, ULONG base, LONG length, PSZ string);
NTSTATUS RtlIntegerToUnicodeString(ULONG value, ULONG base, UNICODE_STRING *string);
NTSTATUS RtlInt64ToUnicodeString(ULONGLONG value, ULONG base, UNICODE_STRING *string);
NTSTATUS RtlGUIDFromString(const UNICODE_STRING *string, GUID *guid);
NTSTATUS RtlStringFromGUID(const GUID *guid, UNICODE_STRING *string);

/* ---- Bitmaps. IRQL: any, if resident; the caller holds the bitmap's lock ---- */

void RtlInitializeBitMap(RTL_BITMAP *bitmap, ULONG *buffer, ULONG bits);
void RtlClearAllBits(RTL_BITMAP *bitmap);
void RtlSetAllBits(RTL_BITMAP *bitmap);
void RtlClearBit(RTL_BITMAP *bitmap, ULONG bit);
void RtlSetBit(RTL_BITMAP *bitmap, ULONG bit);
BOOLEAN RtlTestBit(RTL_BITMAP *bitmap, ULONG bit);
void RtlClearBits(RTL_BITMAP *bitmap, ULONG start, ULONG count);
void RtlSetBits(RTL_BITMAP *bitmap, ULONG start, ULONG count);
BOOLEAN RtlAreBitsClear(RTL_BITMAP *bitmap, ULONG start, ULONG count);
BOOLEAN RtlAreBitsSet(RTL_BITMAP *bitmap, ULONG start, ULONG count);
ULONG RtlNumberOfClearBits(RTL_BITMAP *bitmap);
ULONG RtlNumberOfSetBits(RTL_BITMAP *bitmap);
ULONG RtlNumberOfClearBitsInRange(RTL_BITMAP *bitmap, ULONG start, ULONG count);
ULONG RtlNumberOfSetBitsInRange(RTL_BITMAP *bitmap, ULONG start, ULONG count);
ULONG RtlNumberOfSetBitsUlongPtr(ULONG_PTR value);
/* These return the index of the first bit, or 0xffffffff. */
ULONG RtlFindClearBits(RTL_BITMAP *bitmap, ULONG count, ULONG hint);
ULONG RtlFindSetBits(RTL_BITMAP *bitmap, ULONG count, ULONG hint);
ULONG RtlFindClearBitsAndSet(RTL_BITMAP *bitmap, ULONG count, ULONG hint);
ULONG RtlFindSetBitsAndClear(RTL_BITMAP *bitmap, ULONG count, ULONG hint);
/* These return the run's length, 0 if there is none. */
ULONG RtlFindClearRuns(RTL_BITMAP *bitmap, RTL_BITMAP_RUN *runs, ULONG count, BOOLEAN longest);
ULONG RtlFindFirstRunClear(RTL_BITMAP *bitmap, ULONG *start);
ULONG RtlFindLongestRunClear(RTL_BITMAP *bitmap, ULONG *start);
ULONG RtlFindNextForwardRunClear(RTL_BITMAP *bitmap, ULONG from, ULONG *start);
ULONG RtlFindLastBackwardRunClear(RTL_BITMAP *bitmap, ULONG from, ULONG *start);
/* -1 for zero. */
CCHAR RtlFindLeastSignificantBit(ULONGLONG value);
CCHAR RtlFindMostSignificantBit(ULONGLONG value);

#define RtlCheckBit(bitmap, bit) (((bitmap)->Buffer[(bit) / 32] >> ((bit) % 32)) & 1u)

/* ---- Splay trees. The caller holds the tree's lock ---- */

RTL_SPLAY_LINKS *RtlSplay(RTL_SPLAY_LINKS *links);
RTL_SPLAY_LINKS *RtlDelete(RTL_SPLAY_LINKS *links);
void RtlDeleteNoSplay(RTL_SPLAY_LINKS *links, RTL_SPLAY_LINKS **root);
RTL_SPLAY_LINKS *RtlSubtreeSuccessor(RTL_SPLAY_LINKS *links);
RTL_SPLAY_LINKS *RtlSubtreePredecessor(RTL_SPLAY_LINKS *links);
RTL_SPLAY_LINKS *RtlRealSuccessor(RTL_SPLAY_LINKS *links);
RTL_SPLAY_LINKS *RtlRealPredecessor(RTL_SPLAY_LINKS *links);

/* ---- Generic tables. The caller holds the table's lock ---- */

void RtlInitializeGenericTable(RTL_GENERIC_TABLE *table, PRTL_GENERIC_COMPARE_ROUTINE compare,
                               PRTL_GENERIC_ALLOCATE_ROUTINE allocate,
                               PRTL_GENERIC_FREE_ROUTINE free, PVOID context);
PVOID RtlInsertElementGenericTable(RTL_GENERIC_TABLE *table, PVOID data, ULONG bytes,
                                   BOOLEAN *is_new);
PVOID RtlInsertElementGenericTableFull(RTL_GENERIC_TABLE *table, PVOID data, ULONG bytes,
                                       BOOLEAN *is_new, PVOID node, TABLE_SEARCH_RESULT found);
BOOLEAN RtlDeleteElementGenericTable(RTL_GENERIC_TABLE *table, PVOID data);
PVOID RtlLookupElementGenericTable(RTL_GENERIC_TABLE *table, PVOID data);
PVOID RtlLookupElementGenericTableFull(RTL_GENERIC_TABLE *table, PVOID data, PVOID *node,
                                       TABLE_SEARCH_RESULT *found);
PVOID RtlEnumerateGenericTable(RTL_GENERIC_TABLE *table, BOOLEAN restart);
PVOID RtlEnumerateGenericTableWithoutSplaying(RTL_GENERIC_TABLE *table, PVOID *restart_key);
PVOID RtlGetElementGenericTable(RTL_GENERIC_TABLE *table, ULONG index);
ULONG RtlNumberGenericTableElements(RTL_GENERIC_TABLE *table);
BOOLEAN RtlIsGenericTableEmpty(RTL_GENERIC_TABLE *table);

void RtlInitializeGenericTableAvl(RTL_AVL_TABLE *table, PRTL_AVL_COMPARE_ROUTINE compare,
                                  PRTL_AVL_ALLOCATE_ROUTINE allocate, PRTL_AVL_FREE_ROUTINE free,
                                  PVOID context);
PVOID RtlInsertElementGenericTableAvl(RTL_AVL_TABLE *table, PVOID data, ULONG bytes,
                                      BOOLEAN *is_new);
PVOID RtlInsertElementGenericTableFullAvl(RTL_AVL_TABLE *table, PVOID data, ULONG bytes,
                                          BOOLEAN *is_new, PVOID node, TABLE_SEARCH_RESULT found);
BOOLEAN RtlDeleteElementGenericTableAvl(RTL_AVL_TABLE *table, PVOID data);
void RtlDeleteElementGenericTableAvlEx(RTL_AVL_TABLE *table, PVOID node_or_parent);
PVOID RtlLookupElementGenericTableAvl(RTL_AVL_TABLE *table, PVOID data);
PVOID RtlLookupElementGenericTableFullAvl(RTL_AVL_TABLE *table, PVOID data, PVOID *node,
                                          TABLE_SEARCH_RESULT *found);
PVOID RtlLookupFirstMatchingElementGenericTableAvl(RTL_AVL_TABLE *table, PVOID data,
                                                   PVOID *restart_key);
PVOID RtlEnumerateGenericTableAvl(RTL_AVL_TABLE *table, BOOLEAN restart);
PVOID RtlEnumerateGenericTableWithoutSplayingAvl(RTL_AVL_TABLE *table, PVOID *restart_key);
PVOID RtlEnumerateGenericTableLikeADirectory(RTL_AVL_TABLE *table, PRTL_AVL_MATCH_FUNCTION match,
                                             PVOID match_data, ULONG next_flag, PVOID *restart_key,
                                             ULONG *delete_count, PVOID buffer);
PVOID RtlGetElementGenericTableAvl(RTL_AVL_TABLE *table, ULONG index);
ULONG RtlNumberGenericTableElementsAvl(RTL_AVL_TABLE *table);
BOOLEAN RtlIsGenericTableEmptyAvl(RTL_AVL_TABLE *table);

/* ---- Dynamic hash tables. IRQL: <= DISPATCH_LEVEL; the caller holds the table's lock ---- */

/* *table NULL: it is allocated, else it is the caller's. Shift: how many low bits of a signature say nothing. */
BOOLEAN RtlCreateHashTable(RTL_DYNAMIC_HASH_TABLE **table, ULONG shift, ULONG flags);
void RtlDeleteHashTable(RTL_DYNAMIC_HASH_TABLE *table);
BOOLEAN RtlInsertEntryHashTable(RTL_DYNAMIC_HASH_TABLE *table, RTL_DYNAMIC_HASH_TABLE_ENTRY *entry,
                                ULONG_PTR signature, RTL_DYNAMIC_HASH_TABLE_CONTEXT *context);
BOOLEAN RtlRemoveEntryHashTable(RTL_DYNAMIC_HASH_TABLE *table, RTL_DYNAMIC_HASH_TABLE_ENTRY *entry,
                                RTL_DYNAMIC_HASH_TABLE_CONTEXT *context);
RTL_DYNAMIC_HASH_TABLE_ENTRY *RtlLookupEntryHashTable(RTL_DYNAMIC_HASH_TABLE *table,
                                                      ULONG_PTR signature,
                                                      RTL_DYNAMIC_HASH_TABLE_CONTEXT *context);
RTL_DYNAMIC_HASH_TABLE_ENTRY *RtlGetNextEntryHashTable(RTL_DYNAMIC_HASH_TABLE *table,
                                                       RTL_DYNAMIC_HASH_TABLE_CONTEXT *context);
BOOLEAN RtlInitEnumerationHashTable(RTL_DYNAMIC_HASH_TABLE *table,
                                    RTL_DYNAMIC_HASH_TABLE_ENUMERATOR *enumerator);
RTL_DYNAMIC_HASH_TABLE_ENTRY *
RtlEnumerateEntryHashTable(RTL_DYNAMIC_HASH_TABLE *table,
                           RTL_DYNAMIC_HASH_TABLE_ENUMERATOR *enumerator);
void RtlEndEnumerationHashTable(RTL_DYNAMIC_HASH_TABLE *table,
                                RTL_DYNAMIC_HASH_TABLE_ENUMERATOR *enumerator);
BOOLEAN RtlInitWeakEnumerationHashTable(RTL_DYNAMIC_HASH_TABLE *table,
                                        RTL_DYNAMIC_HASH_TABLE_ENUMERATOR *enumerator);
RTL_DYNAMIC_HASH_TABLE_ENTRY *
RtlWeaklyEnumerateEntryHashTable(RTL_DYNAMIC_HASH_TABLE *table,
                                 RTL_DYNAMIC_HASH_TABLE_ENUMERATOR *enumerator);
void RtlEndWeakEnumerationHashTable(RTL_DYNAMIC_HASH_TABLE *table,
                                    RTL_DYNAMIC_HASH_TABLE_ENUMERATOR *enumerator);
BOOLEAN RtlExpandHashTable(RTL_DYNAMIC_HASH_TABLE *table);
BOOLEAN RtlContractHashTable(RTL_DYNAMIC_HASH_TABLE *table);

static inline void RtlInitHashTableContext(RTL_DYNAMIC_HASH_TABLE_CONTEXT *context)
{
    context->ChainHead = NULL;
    context->PrevLinkage = NULL;
}

#define RtlTotalBucketsHashTable(table)      ((table)->TableSize)
#define RtlNonEmptyBucketsHashTable(table)   ((table)->NonEmptyBuckets)
#define RtlEmptyBucketsHashTable(table)      ((table)->TableSize - (table)->NonEmptyBuckets)
#define RtlTotalEntriesHashTable(table)      ((table)->NumEntries)
#define RtlActiveEnumeratorsHashTable(table) ((table)->NumEnumerators)

/* ---- Prefix tables of paths ---- */

void RtlInitializeUnicodePrefix(UNICODE_PREFIX_TABLE *table);
BOOLEAN RtlInsertUnicodePrefix(UNICODE_PREFIX_TABLE *table, UNICODE_STRING *prefix,
                               UNICODE_PREFIX_TABLE_ENTRY *entry);
void RtlRemoveUnicodePrefix(UNICODE_PREFIX_TABLE *table, UNICODE_PREFIX_TABLE_ENTRY *entry);
UNICODE_PREFIX_TABLE_ENTRY *RtlFindUnicodePrefix(UNICODE_PREFIX_TABLE *table, UNICODE_STRING *name,
                                                 ULONG ignore_case_from);
UNICODE_PREFIX_TABLE_ENTRY *RtlNextUnicodePrefix(UNICODE_PREFIX_TABLE *table, BOOLEAN restart);

/* ---- Run-once. IRQL: <= APC_LEVEL ---- */

void RtlRunOnceInitialize(RTL_RUN_ONCE *once);
NTSTATUS RtlRunOnceExecuteOnce(RTL_RUN_ONCE *once, PRTL_RUN_ONCE_INIT_FN function, PVOID parameter,
                               PVOID *context);
NTSTATUS RtlRunOnceBeginInitialize(RTL_RUN_ONCE *once, ULONG flags, PVOID *context);
NTSTATUS RtlRunOnceComplete(RTL_RUN_ONCE *once, ULONG flags, PVOID context);

/* ---- Times: 100 ns since 1601-01-01, UTC unless said otherwise. IRQL: any ---- */

void RtlTimeToTimeFields(LARGE_INTEGER *time, TIME_FIELDS *fields);
/* Returns FALSE if the fields name no time. Weekday is ignored. */
BOOLEAN RtlTimeFieldsToTime(TIME_FIELDS *fields, LARGE_INTEGER *time);
void RtlSecondsSince1970ToTime(ULONG seconds, LARGE_INTEGER *time);
BOOLEAN RtlTimeToSecondsSince1970(LARGE_INTEGER *time, ULONG *seconds);
void RtlSecondsSince1980ToTime(ULONG seconds, LARGE_INTEGER *time);
BOOLEAN RtlTimeToSecondsSince1980(LARGE_INTEGER *time, ULONG *seconds);

/* ---- Numbers. IRQL: any ---- */

ULONG RtlRandom(ULONG *seed);
ULONG RtlRandomEx(ULONG *seed);
USHORT RtlUshortByteSwap(USHORT value);
ULONG RtlUlongByteSwap(ULONG value);
ULONGLONG RtlUlonglongByteSwap(ULONGLONG value);
void RtlMapGenericMask(ACCESS_MASK *mask, const GENERIC_MAPPING *mapping);
LARGE_INTEGER RtlExtendedMagicDivide(LARGE_INTEGER dividend, LARGE_INTEGER magic, CCHAR shift);

/* ---- Versions. IRQL: PASSIVE_LEVEL ---- */

NTSTATUS RtlGetVersion(RTL_OSVERSIONINFOW *information);
NTSTATUS RtlVerifyVersionInfo(RTL_OSVERSIONINFOEXW *information, ULONG types, ULONGLONG conditions);
ULONGLONG VerSetConditionMask(ULONGLONG mask, ULONG type, UCHAR condition);
BOOLEAN RtlIsNtDdiVersionAvailable(ULONG version);
BOOLEAN RtlIsServicePackVersionInstalled(ULONG version);

/* ---- The registry. IRQL: PASSIVE_LEVEL ---- */

NTSTATUS RtlQueryRegistryValues(ULONG relative_to, PCWSTR path, RTL_QUERY_REGISTRY_TABLE *table,
                                PVOID context, PVOID environment);
NTSTATUS RtlWriteRegistryValue(ULONG relative_to, PCWSTR path, PCWSTR name, ULONG type, PVOID data,
                               ULONG bytes);
NTSTATUS RtlDeleteRegistryValue(ULONG relative_to, PCWSTR path, PCWSTR name);
NTSTATUS RtlCreateRegistryKey(ULONG relative_to, PWSTR path);
NTSTATUS RtlCheckRegistryKey(ULONG relative_to, PWSTR path);

/*
 * ---- Images in memory. IRQL: any, if they are resident. Source: the pages of the dbghelp functions of the same names
 * without Rtl, which say what is returned; prototypes as in phnt's ntrtl.h and ntldr.h ----
 */

#define RTL_IMAGE_NT_HEADER_EX_FLAG_NO_RANGE_CHECK 0x00000001

IMAGE_NT_HEADERS *RtlImageNtHeader(PVOID image);
NTSTATUS RtlImageNtHeaderEx(ULONG flags, PVOID image, ULONG64 bytes, IMAGE_NT_HEADERS **headers);
PVOID RtlImageDirectoryEntryToData(PVOID image, BOOLEAN mapped, USHORT directory, ULONG *bytes);
PVOID RtlFindExportedRoutineByName(PVOID image, PCSTR name);

/* ---- Exceptions and unwinding. Source: Microsoft "x64 exception handling", winnt.h pages ---- */

void RtlCaptureContext(struct _CONTEXT *context);
void RtlRaiseException(EXCEPTION_RECORD *record);
RUNTIME_FUNCTION *RtlLookupFunctionEntry(ULONG64 pc, ULONG64 *image_base,
                                         UNWIND_HISTORY_TABLE *history);
PEXCEPTION_ROUTINE RtlVirtualUnwind(ULONG type, ULONG64 image_base, ULONG64 pc,
                                    RUNTIME_FUNCTION *function, struct _CONTEXT *context,
                                    PVOID *handler_data, ULONG64 *establisher_frame,
                                    KNONVOLATILE_CONTEXT_POINTERS *pointers);
void RtlUnwind(PVOID target_frame, PVOID target_ip, EXCEPTION_RECORD *record, PVOID result);
void RtlUnwindEx(PVOID target_frame, PVOID target_ip, EXCEPTION_RECORD *record, PVOID result,
                 struct _CONTEXT *context, UNWIND_HISTORY_TABLE *history);
PVOID RtlPcToFileHeader(PVOID pc, PVOID *image_base);
ULONG RtlWalkFrameChain(PVOID *callers, ULONG count, ULONG flags);
USHORT RtlCaptureStackBackTrace(ULONG skip, ULONG count, PVOID *callers, ULONG *hash);
EXCEPTION_DISPOSITION __C_specific_handler(EXCEPTION_RECORD *record, PVOID establisher_frame,
                                           struct _CONTEXT *context,
                                           DISPATCHER_CONTEXT *dispatcher);
void _local_unwind(PVOID target_frame, PVOID target_ip);

/* ---- Debug output. IRQL: <= DIRQL; portable drivers print wide characters at PASSIVE_LEVEL only ---- */

ULONG DbgPrint(PCSTR format, ...);
ULONG DbgPrintEx(ULONG component, ULONG level, PCSTR format, ...);
ULONG vDbgPrintEx(ULONG component, ULONG level, PCSTR format, va_list arguments);
ULONG vDbgPrintExWithPrefix(PCSTR prefix, ULONG component, ULONG level, PCSTR format,
                            va_list arguments);
NTSTATUS DbgQueryDebugFilterState(ULONG component, ULONG level);
NTSTATUS DbgSetDebugFilterState(ULONG component, ULONG level, BOOLEAN state);
/* Told of each piece of output that is shown, at DISPATCH_LEVEL or above. */
typedef void DEBUG_PRINT_CALLBACK(STRING *output, ULONG component, ULONG level);
typedef DEBUG_PRINT_CALLBACK *PDEBUG_PRINT_CALLBACK;
NTSTATUS DbgSetDebugPrintCallback(PDEBUG_PRINT_CALLBACK routine, BOOLEAN enable);
void DbgBreakPoint(void);
void DbgBreakPointWithStatus(ULONG status);
void RtlAssert(PVOID condition, PVOID file, ULONG line, PSTR message);
BOOLEAN KdRefreshDebuggerNotPresent(void);
extern BOOLEAN KdDebuggerEnabled; /* drivers import its address */
extern BOOLEAN KdDebuggerNotPresent;

#endif
