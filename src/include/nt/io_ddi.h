/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The I/O manager's functions as drivers call them. Each that is exported is a row of
 * src/abi/exports.tbl. Source of all: the WDK reference page "<name> function" of wdm.h, ntddk.h or
 * ntifs.h unless a comment names another.
 */
#ifndef NT_IO_DDI_H
#define NT_IO_DDI_H

#include <nt/ex.h>
#include <nt/fastio.h>
#include <nt/io.h>

/* ---- The stack of an IRP. IRQL: any; the caller owns the IRP ---- */

static inline IO_STACK_LOCATION *IoGetCurrentIrpStackLocation(IRP *irp)
{
    return irp->Tail.Overlay.CurrentStackLocation;
}

static inline IO_STACK_LOCATION *IoGetNextIrpStackLocation(IRP *irp)
{
    return irp->Tail.Overlay.CurrentStackLocation - 1;
}

static inline void IoSetNextIrpStackLocation(IRP *irp)
{
    irp->CurrentLocation--;
    irp->Tail.Overlay.CurrentStackLocation--;
}

/* The next driver gets this driver's own location, its completion routine included. */
static inline void IoSkipCurrentIrpStackLocation(IRP *irp)
{
    irp->CurrentLocation++;
    irp->Tail.Overlay.CurrentStackLocation++;
}

/* The next driver gets a copy without the completion routine. */
static inline void IoCopyCurrentIrpStackLocationToNext(IRP *irp)
{
    IO_STACK_LOCATION *next = IoGetNextIrpStackLocation(irp);

    __builtin_memcpy(next, IoGetCurrentIrpStackLocation(irp),
                     offsetof(IO_STACK_LOCATION, CompletionRoutine));
    next->Control = 0;
}

static inline void IoMarkIrpPending(IRP *irp)
{
    IoGetCurrentIrpStackLocation(irp)->Control |= SL_PENDING_RETURNED;
}

static inline void IoSetCompletionRoutine(IRP *irp, PIO_COMPLETION_ROUTINE routine, PVOID context,
                                          BOOLEAN on_success, BOOLEAN on_error, BOOLEAN on_cancel)
{
    IO_STACK_LOCATION *next = IoGetNextIrpStackLocation(irp);

    next->CompletionRoutine = routine;
    next->Context = context;
    next->Control =
        (UCHAR)((on_success ? SL_INVOKE_ON_SUCCESS : 0) | (on_error ? SL_INVOKE_ON_ERROR : 0) |
                (on_cancel ? SL_INVOKE_ON_CANCEL : 0));
}

/* Returns the routine that was set before; one atomic exchange. */
static inline PDRIVER_CANCEL IoSetCancelRoutine(IRP *irp, PDRIVER_CANCEL routine)
{
    return __atomic_exchange_n(&irp->CancelRoutine, routine, __ATOMIC_SEQ_CST);
}

#define IoSizeOfIrp(locations)                                                                     \
    ((USHORT)(sizeof(IRP) + (SIZE_T)(locations) * sizeof(IO_STACK_LOCATION)))

/* ---- IRPs. IRQL: <= DISPATCH_LEVEL ---- */

IRP *IoAllocateIrp(CCHAR locations, BOOLEAN charge_quota);
void IoInitializeIrp(IRP *irp, USHORT bytes, CCHAR locations);
void IoReuseIrp(IRP *irp, NTSTATUS status);
void IoFreeIrp(IRP *irp);
IRP *IoMakeAssociatedIrp(IRP *irp, CCHAR locations);
NTSTATUS IofCallDriver(DEVICE_OBJECT *device, IRP *irp);
void IofCompleteRequest(IRP *irp, CCHAR boost);
BOOLEAN IoCancelIrp(IRP *irp);
void IoAcquireCancelSpinLock(KIRQL *irql);
void IoReleaseCancelSpinLock(KIRQL irql);
NTSTATUS IoSetCompletionRoutineEx(DEVICE_OBJECT *device, IRP *irp, PIO_COMPLETION_ROUTINE routine,
                                  PVOID context, BOOLEAN on_success, BOOLEAN on_error,
                                  BOOLEAN on_cancel);
BOOLEAN IoIsOperationSynchronous(IRP *irp);
EPROCESS *IoGetRequestorProcess(IRP *irp);
ULONG IoGetRequestorProcessId(IRP *irp);
BOOLEAN IoIs32bitProcess(IRP *irp);
IRP *IoGetTopLevelIrp(void);
void IoSetTopLevelIrp(IRP *irp);
#define IoCallDriver      IofCallDriver
#define IoCompleteRequest IofCompleteRequest

/* ---- Requests that a driver makes. IRQL: PASSIVE_LEVEL or <= APC_LEVEL, see each page ---- */

IRP *IoBuildDeviceIoControlRequest(ULONG code, DEVICE_OBJECT *device, PVOID input,
                                   ULONG input_bytes, PVOID output, ULONG output_bytes,
                                   BOOLEAN internal, KEVENT *event, IO_STATUS_BLOCK *status);
IRP *IoBuildSynchronousFsdRequest(ULONG major, DEVICE_OBJECT *device, PVOID buffer, ULONG bytes,
                                  LARGE_INTEGER *offset, KEVENT *event, IO_STATUS_BLOCK *status);
IRP *IoBuildAsynchronousFsdRequest(ULONG major, DEVICE_OBJECT *device, PVOID buffer, ULONG bytes,
                                   LARGE_INTEGER *offset, IO_STATUS_BLOCK *status);

/* ---- MDLs. IRQL: <= DISPATCH_LEVEL ---- */

MDL *IoAllocateMdl(PVOID address, ULONG bytes, BOOLEAN secondary, BOOLEAN charge_quota, IRP *irp);
void IoBuildPartialMdl(MDL *source, MDL *target, PVOID address, ULONG bytes);
void IoFreeMdl(MDL *mdl);

/* ---- Devices. IRQL: PASSIVE_LEVEL or <= APC_LEVEL ---- */

NTSTATUS IoCreateDevice(DRIVER_OBJECT *driver, ULONG extension_bytes, UNICODE_STRING *name,
                        DEVICE_TYPE type, ULONG characteristics, BOOLEAN exclusive,
                        DEVICE_OBJECT **device);
void IoDeleteDevice(DEVICE_OBJECT *device);
NTSTATUS IoCreateSymbolicLink(UNICODE_STRING *link, UNICODE_STRING *target);
NTSTATUS IoCreateUnprotectedSymbolicLink(UNICODE_STRING *link, UNICODE_STRING *target);
NTSTATUS IoDeleteSymbolicLink(UNICODE_STRING *link);
NTSTATUS IoAttachDevice(DEVICE_OBJECT *source, UNICODE_STRING *target, DEVICE_OBJECT **attached);
DEVICE_OBJECT *IoAttachDeviceToDeviceStack(DEVICE_OBJECT *source, DEVICE_OBJECT *target);
NTSTATUS IoAttachDeviceToDeviceStackSafe(DEVICE_OBJECT *source, DEVICE_OBJECT *target,
                                         DEVICE_OBJECT **attached);
void IoDetachDevice(DEVICE_OBJECT *target);
NTSTATUS IoGetDeviceObjectPointer(UNICODE_STRING *name, ACCESS_MASK access, FILE_OBJECT **file,
                                  DEVICE_OBJECT **device);
DEVICE_OBJECT *IoGetAttachedDevice(DEVICE_OBJECT *device);
DEVICE_OBJECT *IoGetAttachedDeviceReference(DEVICE_OBJECT *device);
DEVICE_OBJECT *IoGetDeviceAttachmentBaseRef(DEVICE_OBJECT *device);
DEVICE_OBJECT *IoGetLowerDeviceObject(DEVICE_OBJECT *device);
DEVICE_OBJECT *IoGetRelatedDeviceObject(FILE_OBJECT *file);
DEVICE_OBJECT *IoGetBaseFileSystemDeviceObject(FILE_OBJECT *file);
NTSTATUS IoEnumerateDeviceObjectList(DRIVER_OBJECT *driver, DEVICE_OBJECT **list, ULONG bytes,
                                     ULONG *count);
NTSTATUS IoAllocateDriverObjectExtension(DRIVER_OBJECT *driver, PVOID identification, ULONG bytes,
                                         PVOID *extension);
PVOID IoGetDriverObjectExtension(DRIVER_OBJECT *driver, PVOID identification);
void IoRegisterDriverReinitialization(DRIVER_OBJECT *driver, PDRIVER_REINITIALIZE routine,
                                      PVOID context);
void IoRegisterBootDriverReinitialization(DRIVER_OBJECT *driver, PDRIVER_REINITIALIZE routine,
                                          PVOID context);
NTSTATUS IoRegisterShutdownNotification(DEVICE_OBJECT *device);
NTSTATUS IoRegisterLastChanceShutdownNotification(DEVICE_OBJECT *device);
void IoUnregisterShutdownNotification(DEVICE_OBJECT *device);
void IoRegisterFileSystem(DEVICE_OBJECT *device);
void IoUnregisterFileSystem(DEVICE_OBJECT *device);
NTSTATUS IoQueryFullDriverPath(DRIVER_OBJECT *driver, UNICODE_STRING *path);

extern NT_IMPORT POBJECT_TYPE *IoFileObjectType;
extern NT_IMPORT POBJECT_TYPE *IoDeviceObjectType;
extern NT_IMPORT POBJECT_TYPE *IoDriverObjectType;

/* ---- The device's own IRP queue and DPC. IRQL: <= DISPATCH_LEVEL ---- */

void IoStartPacket(DEVICE_OBJECT *device, IRP *irp, ULONG *key, PDRIVER_CANCEL cancel);
void IoStartNextPacket(DEVICE_OBJECT *device, BOOLEAN cancelable);
void IoStartNextPacketByKey(DEVICE_OBJECT *device, BOOLEAN cancelable, ULONG key);

/* ---- Work items and the device's one-second timer. IRQL: <= DISPATCH_LEVEL ---- */

PIO_WORKITEM IoAllocateWorkItem(DEVICE_OBJECT *device);
void IoFreeWorkItem(PIO_WORKITEM item);
void IoQueueWorkItem(PIO_WORKITEM item, PIO_WORKITEM_ROUTINE routine, WORK_QUEUE_TYPE queue,
                     PVOID context);
void IoQueueWorkItemEx(PIO_WORKITEM item, PIO_WORKITEM_ROUTINE_EX routine, WORK_QUEUE_TYPE queue,
                       PVOID context);
ULONG IoSizeofWorkItem(void);
void IoInitializeWorkItem(PVOID object, PIO_WORKITEM item);
void IoUninitializeWorkItem(PIO_WORKITEM item);
NTSTATUS IoInitializeTimer(DEVICE_OBJECT *device, PIO_TIMER_ROUTINE routine, PVOID context);
void IoStartTimer(DEVICE_OBJECT *device);
void IoStopTimer(DEVICE_OBJECT *device);

/* ---- Interrupts. IRQL: PASSIVE_LEVEL ---- */

NTSTATUS IoConnectInterrupt(KINTERRUPT **interrupt, PKSERVICE_ROUTINE routine, PVOID context,
                            KSPIN_LOCK *lock, ULONG vector, KIRQL irql, KIRQL synchronize_irql,
                            KINTERRUPT_MODE mode, BOOLEAN shared, KAFFINITY affinity,
                            BOOLEAN save_floating_point);
void IoDisconnectInterrupt(KINTERRUPT *interrupt);
/* STATUS_NOT_FOUND: the device has no interrupt of that kind. STATUS_NOT_SUPPORTED: unknown Version. */
NTSTATUS IoConnectInterruptEx(IO_CONNECT_INTERRUPT_PARAMETERS *parameters);
void IoDisconnectInterruptEx(IO_DISCONNECT_INTERRUPT_PARAMETERS *parameters);
/* IRQL: <= DISPATCH_LEVEL */
void IoReportInterruptActive(IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS *parameters);
void IoReportInterruptInactive(IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS *parameters);

/* ---- Files ---- */

NTSTATUS IoCheckShareAccess(ACCESS_MASK access, ULONG share, FILE_OBJECT *file,
                            SHARE_ACCESS *sharing, BOOLEAN update);
void IoSetShareAccess(ACCESS_MASK access, ULONG share, FILE_OBJECT *file, SHARE_ACCESS *sharing);
void IoUpdateShareAccess(FILE_OBJECT *file, SHARE_ACCESS *sharing);
void IoRemoveShareAccess(FILE_OBJECT *file, SHARE_ACCESS *sharing);
FILE_OBJECT *IoCreateStreamFileObject(FILE_OBJECT *file, DEVICE_OBJECT *device);
NTSTATUS IoCreateFile(HANDLE *handle, ACCESS_MASK access, OBJECT_ATTRIBUTES *attributes,
                      IO_STATUS_BLOCK *status, LARGE_INTEGER *allocation, ULONG file_attributes,
                      ULONG share, ULONG disposition, ULONG options, PVOID ea, ULONG ea_bytes,
                      ULONG type, PVOID parameters, ULONG flags);
BOOLEAN IoIsFileOriginRemote(FILE_OBJECT *file);
NTSTATUS IoVerifyVolume(DEVICE_OBJECT *device, BOOLEAN allow_raw);
void IoAcquireVpbSpinLock(KIRQL *irql);
void IoReleaseVpbSpinLock(KIRQL irql);
DEVICE_OBJECT *IoGetDeviceToVerify(ETHREAD *thread);
void IoSetDeviceToVerify(ETHREAD *thread, DEVICE_OBJECT *device);
void IoSetHardErrorOrVerifyDevice(IRP *irp, DEVICE_OBJECT *device);

/* ---- Processes, stacks, versions ---- */

EPROCESS *IoGetCurrentProcess(void);
EPROCESS *IoThreadToProcess(ETHREAD *thread);
BOOLEAN IoIsSystemThread(ETHREAD *thread);
PVOID IoGetInitialStack(void);
void IoGetStackLimits(ULONG_PTR *low, ULONG_PTR *high);
SIZE_T IoGetRemainingStackSize(void);
BOOLEAN IoIsWdmVersionAvailable(UCHAR major, UCHAR minor);
KEVENT *IoCreateNotificationEvent(UNICODE_STRING *name, HANDLE *handle);
KEVENT *IoCreateSynchronizationEvent(UNICODE_STRING *name, HANDLE *handle);
PVOID IoAllocateErrorLogEntry(PVOID object, UCHAR bytes);
void IoWriteErrorLogEntry(PVOID entry);
void IoFreeErrorLogEntry(PVOID entry);
BOOLEAN IoRaiseInformationalHardError(NTSTATUS status, UNICODE_STRING *text, KTHREAD *thread);
void IoRaiseHardError(IRP *irp, VPB *vpb, DEVICE_OBJECT *device);

#endif
