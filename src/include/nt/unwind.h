/* SPDX-License-Identifier: BSD-2-Clause */
/* x64's function table entries, unwind codes and what a language handler is given. */
#ifndef NT_UNWIND_H
#define NT_UNWIND_H

#include <nt/except.h>
#include <nt/ntdef.h>

/* Source of this file: Microsoft "x64 exception handling". */
typedef struct _IMAGE_RUNTIME_FUNCTION_ENTRY {
    ULONG BeginAddress;
    ULONG EndAddress;
    union {
        ULONG UnwindInfoAddress;
        ULONG UnwindData;
    };
} IMAGE_RUNTIME_FUNCTION_ENTRY, RUNTIME_FUNCTION, *PRUNTIME_FUNCTION;
NT_ASSERT_SIZE(RUNTIME_FUNCTION, 12);
NT_ASSERT_OFFSET(RUNTIME_FUNCTION, UnwindData, 8);

#define UNW_VERSION_1      1
#define UNW_VERSION_2      2
#define UNW_FLAG_NHANDLER  0x0
#define UNW_FLAG_EHANDLER  0x1
#define UNW_FLAG_UHANDLER  0x2
#define UNW_FLAG_CHAININFO 0x4

/* An entry of the function table whose UnwindData has this bit set points to another entry. */
#define RUNTIME_FUNCTION_INDIRECT 0x1

typedef enum _UNWIND_OP_CODES {
    UWOP_PUSH_NONVOL = 0,
    UWOP_ALLOC_LARGE = 1,
    UWOP_ALLOC_SMALL = 2,
    UWOP_SET_FPREG = 3,
    UWOP_SAVE_NONVOL = 4,
    UWOP_SAVE_NONVOL_FAR = 5,
    UWOP_EPILOG = 6,
    UWOP_SPARE_CODE = 7,
    UWOP_SAVE_XMM128 = 8,
    UWOP_SAVE_XMM128_FAR = 9,
    UWOP_PUSH_MACHFRAME = 10
} UNWIND_OP_CODES;

typedef union _UNWIND_CODE {
    struct {
        UCHAR CodeOffset;
        UCHAR UnwindOp : 4;
        UCHAR OpInfo : 4;
    };
    USHORT FrameOffset;
} UNWIND_CODE, *PUNWIND_CODE;
NT_ASSERT_SIZE(UNWIND_CODE, 2);

/* Behind the codes (an even number of slots): a chained RUNTIME_FUNCTION, or the handler's RVA. */
typedef struct _UNWIND_INFO {
    UCHAR Version : 3;
    UCHAR Flags : 5;
    UCHAR SizeOfProlog;
    UCHAR CountOfCodes;
    UCHAR FrameRegister : 4;
    UCHAR FrameOffset : 4;
    UNWIND_CODE UnwindCode[];
} UNWIND_INFO, *PUNWIND_INFO;
NT_ASSERT_SIZE(UNWIND_INFO, 4);
NT_ASSERT_OFFSET(UNWIND_INFO, CountOfCodes, 2);
NT_ASSERT_OFFSET(UNWIND_INFO, UnwindCode, 4);

#define UNWIND_HISTORY_TABLE_SIZE 12

typedef struct _UNWIND_HISTORY_TABLE_ENTRY {
    ULONG_PTR ImageBase;
    RUNTIME_FUNCTION *FunctionEntry;
} UNWIND_HISTORY_TABLE_ENTRY, *PUNWIND_HISTORY_TABLE_ENTRY;
NT_ASSERT_SIZE(UNWIND_HISTORY_TABLE_ENTRY, 16);

typedef struct _UNWIND_HISTORY_TABLE {
    ULONG Count;
    UCHAR LocalHint;
    UCHAR GlobalHint;
    UCHAR Search;
    UCHAR Once;
    ULONG_PTR LowAddress;
    ULONG_PTR HighAddress;
    UNWIND_HISTORY_TABLE_ENTRY Entry[UNWIND_HISTORY_TABLE_SIZE];
} UNWIND_HISTORY_TABLE, *PUNWIND_HISTORY_TABLE;
NT_ASSERT_SIZE(UNWIND_HISTORY_TABLE, 216);
NT_ASSERT_OFFSET(UNWIND_HISTORY_TABLE, LowAddress, 8);
NT_ASSERT_OFFSET(UNWIND_HISTORY_TABLE, Entry, 24);

typedef struct _KNONVOLATILE_CONTEXT_POINTERS {
    struct _M128A *FloatingContext[16];
    ULONG64 *IntegerContext[16];
} KNONVOLATILE_CONTEXT_POINTERS, *PKNONVOLATILE_CONTEXT_POINTERS;
NT_ASSERT_SIZE(KNONVOLATILE_CONTEXT_POINTERS, 256);

struct _DISPATCHER_CONTEXT;
typedef EXCEPTION_DISPOSITION EXCEPTION_ROUTINE(EXCEPTION_RECORD *record, PVOID establisher_frame,
                                                struct _CONTEXT *context,
                                                struct _DISPATCHER_CONTEXT *dispatcher);
typedef EXCEPTION_ROUTINE *PEXCEPTION_ROUTINE;

typedef struct _DISPATCHER_CONTEXT {
    ULONG64 ControlPc;
    ULONG64 ImageBase;
    RUNTIME_FUNCTION *FunctionEntry;
    ULONG64 EstablisherFrame;
    ULONG64 TargetIp;
    struct _CONTEXT *ContextRecord;
    EXCEPTION_ROUTINE *LanguageHandler;
    PVOID HandlerData;
    UNWIND_HISTORY_TABLE *HistoryTable;
    ULONG ScopeIndex;
    ULONG Fill0;
} DISPATCHER_CONTEXT, *PDISPATCHER_CONTEXT;
NT_ASSERT_SIZE(DISPATCHER_CONTEXT, 80);
NT_ASSERT_OFFSET(DISPATCHER_CONTEXT, FunctionEntry, 16);
NT_ASSERT_OFFSET(DISPATCHER_CONTEXT, EstablisherFrame, 24);
NT_ASSERT_OFFSET(DISPATCHER_CONTEXT, TargetIp, 32);
NT_ASSERT_OFFSET(DISPATCHER_CONTEXT, ContextRecord, 40);
NT_ASSERT_OFFSET(DISPATCHER_CONTEXT, LanguageHandler, 48);
NT_ASSERT_OFFSET(DISPATCHER_CONTEXT, HandlerData, 56);
NT_ASSERT_OFFSET(DISPATCHER_CONTEXT, ScopeIndex, 72);

/* The handler data of __C_specific_handler. Source: "Language-specific handler", scope tables. */
typedef struct _SCOPE_TABLE_AMD64 {
    ULONG Count;
    struct {
        ULONG BeginAddress;
        ULONG EndAddress;
        ULONG HandlerAddress;
        ULONG JumpTarget;
    } ScopeRecord[1];
} SCOPE_TABLE_AMD64, *PSCOPE_TABLE_AMD64, SCOPE_TABLE;
NT_ASSERT_SIZE(SCOPE_TABLE_AMD64, 20);

#endif
