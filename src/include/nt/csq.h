/* SPDX-License-Identifier: BSD-2-Clause */
/* Cancel-safe queues of IRPs, and remove locks. */
#ifndef NT_CSQ_H
#define NT_CSQ_H

#include <nt/io.h>

/* Source: WDK "Cancel-Safe IRP Queues", "IoCsqInitialize function (wdm.h)". */
struct _IO_CSQ;
typedef void IO_CSQ_INSERT_IRP(struct _IO_CSQ *queue, IRP *irp);
typedef IO_CSQ_INSERT_IRP *PIO_CSQ_INSERT_IRP;
typedef NTSTATUS IO_CSQ_INSERT_IRP_EX(struct _IO_CSQ *queue, IRP *irp, PVOID context);
typedef IO_CSQ_INSERT_IRP_EX *PIO_CSQ_INSERT_IRP_EX;
typedef void IO_CSQ_REMOVE_IRP(struct _IO_CSQ *queue, IRP *irp);
typedef IO_CSQ_REMOVE_IRP *PIO_CSQ_REMOVE_IRP;
typedef IRP *IO_CSQ_PEEK_NEXT_IRP(struct _IO_CSQ *queue, IRP *irp, PVOID context);
typedef IO_CSQ_PEEK_NEXT_IRP *PIO_CSQ_PEEK_NEXT_IRP;
typedef void IO_CSQ_ACQUIRE_LOCK(struct _IO_CSQ *queue, KIRQL *irql);
typedef IO_CSQ_ACQUIRE_LOCK *PIO_CSQ_ACQUIRE_LOCK;
typedef void IO_CSQ_RELEASE_LOCK(struct _IO_CSQ *queue, KIRQL irql);
typedef IO_CSQ_RELEASE_LOCK *PIO_CSQ_RELEASE_LOCK;
typedef void IO_CSQ_COMPLETE_CANCELED_IRP(struct _IO_CSQ *queue, IRP *irp);
typedef IO_CSQ_COMPLETE_CANCELED_IRP *PIO_CSQ_COMPLETE_CANCELED_IRP;

typedef struct _IO_CSQ {
    ULONG Type;
    PIO_CSQ_INSERT_IRP CsqInsertIrp;
    PIO_CSQ_REMOVE_IRP CsqRemoveIrp;
    PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp;
    PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock;
    PIO_CSQ_RELEASE_LOCK CsqReleaseLock;
    PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp;
    PVOID ReservePointer;
} IO_CSQ, *PIO_CSQ;
NT_ASSERT_SIZE(IO_CSQ, 64);
NT_ASSERT_OFFSET(IO_CSQ, CsqInsertIrp, 8);
NT_ASSERT_OFFSET(IO_CSQ, CsqCompleteCanceledIrp, 48);
NT_ASSERT_OFFSET(IO_CSQ, ReservePointer, 56);

typedef struct _IO_CSQ_IRP_CONTEXT {
    ULONG Type;
    IRP *Irp;
    IO_CSQ *Csq;
} IO_CSQ_IRP_CONTEXT, *PIO_CSQ_IRP_CONTEXT;
NT_ASSERT_SIZE(IO_CSQ_IRP_CONTEXT, 24);

/*
 * A remove lock; its size is passed to each function, for a checked driver's has a debugging part.
 * Source: WDK "Using Remove Locks"; wdm.h IO_REMOVE_LOCK
 */
typedef struct _IO_REMOVE_LOCK_COMMON_BLOCK {
    BOOLEAN Removed;
    BOOLEAN Reserved[3];
    volatile LONG IoCount;
    KEVENT RemoveEvent;
} IO_REMOVE_LOCK_COMMON_BLOCK;
NT_ASSERT_SIZE(IO_REMOVE_LOCK_COMMON_BLOCK, 32);
NT_ASSERT_OFFSET(IO_REMOVE_LOCK_COMMON_BLOCK, RemoveEvent, 8);

typedef struct _IO_REMOVE_LOCK {
    IO_REMOVE_LOCK_COMMON_BLOCK Common;
} IO_REMOVE_LOCK, *PIO_REMOVE_LOCK;
NT_ASSERT_SIZE(IO_REMOVE_LOCK, 32);

/* ---- Functions: rows of src/abi/exports.tbl. IRQL: <= DISPATCH_LEVEL ---- */

NTSTATUS IoCsqInitialize(IO_CSQ *queue, PIO_CSQ_INSERT_IRP insert, PIO_CSQ_REMOVE_IRP remove,
                         PIO_CSQ_PEEK_NEXT_IRP peek, PIO_CSQ_ACQUIRE_LOCK acquire,
                         PIO_CSQ_RELEASE_LOCK release, PIO_CSQ_COMPLETE_CANCELED_IRP complete);
NTSTATUS IoCsqInitializeEx(IO_CSQ *queue, PIO_CSQ_INSERT_IRP_EX insert, PIO_CSQ_REMOVE_IRP remove,
                           PIO_CSQ_PEEK_NEXT_IRP peek, PIO_CSQ_ACQUIRE_LOCK acquire,
                           PIO_CSQ_RELEASE_LOCK release, PIO_CSQ_COMPLETE_CANCELED_IRP complete);
void IoCsqInsertIrp(IO_CSQ *queue, IRP *irp, IO_CSQ_IRP_CONTEXT *context);
NTSTATUS IoCsqInsertIrpEx(IO_CSQ *queue, IRP *irp, IO_CSQ_IRP_CONTEXT *context, PVOID insert);
IRP *IoCsqRemoveNextIrp(IO_CSQ *queue, PVOID peek_context);
IRP *IoCsqRemoveIrp(IO_CSQ *queue, IO_CSQ_IRP_CONTEXT *context);

void IoInitializeRemoveLockEx(IO_REMOVE_LOCK *lock, ULONG tag, ULONG minutes, ULONG high_watermark,
                              ULONG bytes);
/* Returns STATUS_DELETE_PENDING once IoReleaseRemoveLockAndWaitEx was called. */
NTSTATUS IoAcquireRemoveLockEx(IO_REMOVE_LOCK *lock, PVOID tag, PCSTR file, ULONG line,
                               ULONG bytes);
void IoReleaseRemoveLockEx(IO_REMOVE_LOCK *lock, PVOID tag, ULONG bytes);
void IoReleaseRemoveLockAndWaitEx(IO_REMOVE_LOCK *lock, PVOID tag, ULONG bytes);

#define IoInitializeRemoveLock(lock, tag, minutes, high)                                           \
    IoInitializeRemoveLockEx(lock, tag, minutes, high, sizeof(IO_REMOVE_LOCK))
#define IoAcquireRemoveLock(lock, tag)                                                             \
    IoAcquireRemoveLockEx(lock, tag, __FILE__, __LINE__, sizeof(IO_REMOVE_LOCK))
#define IoReleaseRemoveLock(lock, tag) IoReleaseRemoveLockEx(lock, tag, sizeof(IO_REMOVE_LOCK))
#define IoReleaseRemoveLockAndWait(lock, tag)                                                      \
    IoReleaseRemoveLockAndWaitEx(lock, tag, sizeof(IO_REMOVE_LOCK))

#endif
