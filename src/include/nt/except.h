/* SPDX-License-Identifier: BSD-2-Clause */
/* Exception records, dispositions and flags, the same on every processor. */
#ifndef NT_EXCEPT_H
#define NT_EXCEPT_H

#include <nt/ntdef.h>

struct _CONTEXT;

#define EXCEPTION_MAXIMUM_PARAMETERS 15

/* Source: Win32 "EXCEPTION_RECORD structure (winnt.h)". */
typedef struct _EXCEPTION_RECORD {
    int32_t ExceptionCode;
    ULONG ExceptionFlags;
    struct _EXCEPTION_RECORD *ExceptionRecord;
    PVOID ExceptionAddress;
    ULONG NumberParameters;
    ULONG_PTR ExceptionInformation[EXCEPTION_MAXIMUM_PARAMETERS];
} EXCEPTION_RECORD, *PEXCEPTION_RECORD;
NT_ASSERT_SIZE(EXCEPTION_RECORD, 152);
NT_ASSERT_OFFSET(EXCEPTION_RECORD, ExceptionFlags, 4);
NT_ASSERT_OFFSET(EXCEPTION_RECORD, ExceptionRecord, 8);
NT_ASSERT_OFFSET(EXCEPTION_RECORD, ExceptionAddress, 16);
NT_ASSERT_OFFSET(EXCEPTION_RECORD, NumberParameters, 24);
NT_ASSERT_OFFSET(EXCEPTION_RECORD, ExceptionInformation, 32);

typedef struct _EXCEPTION_POINTERS {
    EXCEPTION_RECORD *ExceptionRecord;
    struct _CONTEXT *ContextRecord;
} EXCEPTION_POINTERS, *PEXCEPTION_POINTERS;
NT_ASSERT_SIZE(EXCEPTION_POINTERS, 16);

/* Source: "x64 exception handling", language-specific handler. */
typedef enum _EXCEPTION_DISPOSITION {
    ExceptionContinueExecution,
    ExceptionContinueSearch,
    ExceptionNestedException,
    ExceptionCollidedUnwind
} EXCEPTION_DISPOSITION;

#define EXCEPTION_NONCONTINUABLE     0x01u
#define EXCEPTION_UNWINDING          0x02u
#define EXCEPTION_EXIT_UNWIND        0x04u
#define EXCEPTION_STACK_INVALID      0x08u
#define EXCEPTION_NESTED_CALL        0x10u
#define EXCEPTION_TARGET_UNWIND      0x20u
#define EXCEPTION_COLLIDED_UNWIND    0x40u
#define EXCEPTION_UNWIND             0x66u

#define EXCEPTION_EXECUTE_HANDLER    1
#define EXCEPTION_CONTINUE_SEARCH    0
#define EXCEPTION_CONTINUE_EXECUTION (-1)

/* First word of ExceptionInformation of an access violation. Source: EXCEPTION_RECORD's page. */
#define EXCEPTION_READ_FAULT    0
#define EXCEPTION_WRITE_FAULT   1
#define EXCEPTION_EXECUTE_FAULT 8

#endif
