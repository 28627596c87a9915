/* SPDX-License-Identifier: BSD-2-Clause */
/* The I/O manager's objects: IRPs, stack locations, device, driver and file objects. */
#ifndef NT_IO_H
#define NT_IO_H

#include <nt/ke.h>
#include <nt/mm.h>
#include <nt/ntdef.h>

typedef struct _DEVICE_OBJECT DEVICE_OBJECT, *PDEVICE_OBJECT;
typedef struct _DRIVER_OBJECT DRIVER_OBJECT, *PDRIVER_OBJECT;
typedef struct _FILE_OBJECT FILE_OBJECT, *PFILE_OBJECT;
typedef struct _IRP IRP, *PIRP;
typedef struct _IO_STACK_LOCATION IO_STACK_LOCATION, *PIO_STACK_LOCATION;
typedef struct _IO_WORKITEM *PIO_WORKITEM;
typedef struct _IO_TIMER *PIO_TIMER;
typedef struct _OBJECT_TYPE *POBJECT_TYPE;
typedef ULONG DEVICE_TYPE;

/* Values of an object's Type member. Source: WDK wdm.h IO_TYPE_XXX as debuggers print them. */
#define IO_TYPE_ADAPTER                 0x01
#define IO_TYPE_CONTROLLER              0x02
#define IO_TYPE_DEVICE                  0x03
#define IO_TYPE_DRIVER                  0x04
#define IO_TYPE_FILE                    0x05
#define IO_TYPE_IRP                     0x06
#define IO_TYPE_MASTER_ADAPTER          0x07
#define IO_TYPE_OPEN_PACKET             0x08
#define IO_TYPE_TIMER                   0x09
#define IO_TYPE_VPB                     0x0a
#define IO_TYPE_ERROR_LOG               0x0b
#define IO_TYPE_ERROR_MESSAGE           0x0c
#define IO_TYPE_DEVICE_OBJECT_EXTENSION 0x0d
#define IO_TYPE_CSQ_IRP_CONTEXT         0x01
#define IO_TYPE_CSQ                     0x02
#define IO_TYPE_CSQ_EX                  0x03

/* Source: WDK "IRP Major Function Codes", "IRP Minor Function Codes". */
#define IRP_MJ_CREATE                      0x00
#define IRP_MJ_CREATE_NAMED_PIPE           0x01
#define IRP_MJ_CLOSE                       0x02
#define IRP_MJ_READ                        0x03
#define IRP_MJ_WRITE                       0x04
#define IRP_MJ_QUERY_INFORMATION           0x05
#define IRP_MJ_SET_INFORMATION             0x06
#define IRP_MJ_QUERY_EA                    0x07
#define IRP_MJ_SET_EA                      0x08
#define IRP_MJ_FLUSH_BUFFERS               0x09
#define IRP_MJ_QUERY_VOLUME_INFORMATION    0x0a
#define IRP_MJ_SET_VOLUME_INFORMATION      0x0b
#define IRP_MJ_DIRECTORY_CONTROL           0x0c
#define IRP_MJ_FILE_SYSTEM_CONTROL         0x0d
#define IRP_MJ_DEVICE_CONTROL              0x0e
#define IRP_MJ_INTERNAL_DEVICE_CONTROL     0x0f
#define IRP_MJ_SCSI                        0x0f
#define IRP_MJ_SHUTDOWN                    0x10
#define IRP_MJ_LOCK_CONTROL                0x11
#define IRP_MJ_CLEANUP                     0x12
#define IRP_MJ_CREATE_MAILSLOT             0x13
#define IRP_MJ_QUERY_SECURITY              0x14
#define IRP_MJ_SET_SECURITY                0x15
#define IRP_MJ_POWER                       0x16
#define IRP_MJ_SYSTEM_CONTROL              0x17
#define IRP_MJ_DEVICE_CHANGE               0x18
#define IRP_MJ_QUERY_QUOTA                 0x19
#define IRP_MJ_SET_QUOTA                   0x1a
#define IRP_MJ_PNP                         0x1b
#define IRP_MJ_MAXIMUM_FUNCTION            0x1b

#define IRP_MN_NORMAL                      0x00
#define IRP_MN_DPC                         0x01
#define IRP_MN_MDL                         0x02
#define IRP_MN_COMPLETE                    0x04
#define IRP_MN_COMPRESSED                  0x08
#define IRP_MN_QUERY_DIRECTORY             0x01
#define IRP_MN_NOTIFY_CHANGE_DIRECTORY     0x02
#define IRP_MN_USER_FS_REQUEST             0x00
#define IRP_MN_MOUNT_VOLUME                0x01
#define IRP_MN_VERIFY_VOLUME               0x02
#define IRP_MN_LOAD_FILE_SYSTEM            0x03
#define IRP_MN_KERNEL_CALL                 0x04
#define IRP_MN_LOCK                        0x01
#define IRP_MN_UNLOCK_SINGLE               0x02
#define IRP_MN_UNLOCK_ALL                  0x03
#define IRP_MN_UNLOCK_ALL_BY_KEY           0x04
#define IRP_MN_START_DEVICE                0x00
#define IRP_MN_QUERY_REMOVE_DEVICE         0x01
#define IRP_MN_REMOVE_DEVICE               0x02
#define IRP_MN_CANCEL_REMOVE_DEVICE        0x03
#define IRP_MN_STOP_DEVICE                 0x04
#define IRP_MN_QUERY_STOP_DEVICE           0x05
#define IRP_MN_CANCEL_STOP_DEVICE          0x06
#define IRP_MN_QUERY_DEVICE_RELATIONS      0x07
#define IRP_MN_QUERY_INTERFACE             0x08
#define IRP_MN_QUERY_CAPABILITIES          0x09
#define IRP_MN_QUERY_RESOURCES             0x0a
#define IRP_MN_QUERY_RESOURCE_REQUIREMENTS 0x0b
#define IRP_MN_QUERY_DEVICE_TEXT           0x0c
#define IRP_MN_QUERY_ID                    0x13
#define IRP_MN_QUERY_PNP_DEVICE_STATE      0x14
#define IRP_MN_QUERY_BUS_INFORMATION       0x15
#define IRP_MN_DEVICE_USAGE_NOTIFICATION   0x16
#define IRP_MN_SURPRISE_REMOVAL            0x17
#define IRP_MN_WAIT_WAKE                   0x00
#define IRP_MN_POWER_SEQUENCE              0x01
#define IRP_MN_SET_POWER                   0x02
#define IRP_MN_QUERY_POWER                 0x03

/* Of an IRP, of a stack location. Source: WDK "IRP structure (wdm.h)", IO_STACK_LOCATION. */
#define IRP_NOCACHE               0x00000001u
#define IRP_PAGING_IO             0x00000002u
#define IRP_MOUNT_COMPLETION      0x00000002u
#define IRP_SYNCHRONOUS_API       0x00000004u
#define IRP_ASSOCIATED_IRP        0x00000008u
#define IRP_BUFFERED_IO           0x00000010u
#define IRP_DEALLOCATE_BUFFER     0x00000020u
#define IRP_INPUT_OPERATION       0x00000040u
#define IRP_SYNCHRONOUS_PAGING_IO 0x00000040u
#define IRP_CREATE_OPERATION      0x00000080u
#define IRP_READ_OPERATION        0x00000100u
#define IRP_WRITE_OPERATION       0x00000200u
#define IRP_CLOSE_OPERATION       0x00000400u
#define IRP_DEFER_IO_COMPLETION   0x00000800u
#define IRP_OB_QUERY_NAME         0x00001000u
#define IRP_HOLD_DEVICE_QUEUE     0x00002000u

#define SL_PENDING_RETURNED       0x01
#define SL_ERROR_RETURNED         0x02
#define SL_INVOKE_ON_CANCEL       0x20
#define SL_INVOKE_ON_SUCCESS      0x40
#define SL_INVOKE_ON_ERROR        0x80
#define SL_FORCE_ACCESS_CHECK     0x01
#define SL_OPEN_PAGING_FILE       0x02
#define SL_OPEN_TARGET_DIRECTORY  0x04
#define SL_CASE_SENSITIVE         0x80
#define SL_KEY_SPECIFIED          0x01
#define SL_OVERRIDE_VERIFY_VOLUME 0x02
#define SL_WRITE_THROUGH          0x04
#define SL_FT_SEQUENTIAL_WRITE    0x08
#define SL_FAIL_IMMEDIATELY       0x01
#define SL_EXCLUSIVE_LOCK         0x02
#define SL_RESTART_SCAN           0x01
#define SL_RETURN_SINGLE_ENTRY    0x02
#define SL_INDEX_SPECIFIED        0x04
#define SL_WATCH_TREE             0x01

/* Source: WDK "DEVICE_OBJECT structure (wdm.h)", "Specifying Device Characteristics". */
#define DO_VERIFY_VOLUME                0x00000002u
#define DO_BUFFERED_IO                  0x00000004u
#define DO_EXCLUSIVE                    0x00000008u
#define DO_DIRECT_IO                    0x00000010u
#define DO_MAP_IO_BUFFER                0x00000020u
#define DO_DEVICE_HAS_NAME              0x00000040u
#define DO_DEVICE_INITIALIZING          0x00000080u
#define DO_SYSTEM_BOOT_PARTITION        0x00000100u
#define DO_LONG_TERM_REQUESTS           0x00000200u
#define DO_NEVER_LAST_DEVICE            0x00000400u
#define DO_SHUTDOWN_REGISTERED          0x00000800u
#define DO_BUS_ENUMERATED_DEVICE        0x00001000u
#define DO_POWER_PAGABLE                0x00002000u
#define DO_POWER_INRUSH                 0x00004000u
#define FILE_REMOVABLE_MEDIA            0x00000001u
#define FILE_READ_ONLY_DEVICE           0x00000002u
#define FILE_FLOPPY_DISKETTE            0x00000004u
#define FILE_WRITE_ONCE_MEDIA           0x00000008u
#define FILE_REMOTE_DEVICE              0x00000010u
#define FILE_DEVICE_IS_MOUNTED          0x00000020u
#define FILE_VIRTUAL_VOLUME             0x00000040u
#define FILE_AUTOGENERATED_DEVICE_NAME  0x00000080u
#define FILE_DEVICE_SECURE_OPEN         0x00000100u

#define FILE_DEVICE_BEEP                0x01u
#define FILE_DEVICE_CD_ROM              0x02u
#define FILE_DEVICE_CD_ROM_FILE_SYSTEM  0x03u
#define FILE_DEVICE_CONTROLLER          0x04u
#define FILE_DEVICE_DISK                0x07u
#define FILE_DEVICE_DISK_FILE_SYSTEM    0x08u
#define FILE_DEVICE_FILE_SYSTEM         0x09u
#define FILE_DEVICE_KEYBOARD            0x0bu
#define FILE_DEVICE_MAILSLOT            0x0cu
#define FILE_DEVICE_MOUSE               0x0fu
#define FILE_DEVICE_NAMED_PIPE          0x11u
#define FILE_DEVICE_NETWORK             0x12u
#define FILE_DEVICE_NETWORK_FILE_SYSTEM 0x14u
#define FILE_DEVICE_NULL                0x15u
#define FILE_DEVICE_SERIAL_PORT         0x1bu
#define FILE_DEVICE_STREAMS             0x1eu
#define FILE_DEVICE_UNKNOWN             0x22u
#define FILE_DEVICE_VIDEO               0x23u
#define FILE_DEVICE_VIRTUAL_DISK        0x24u
#define FILE_DEVICE_8042_PORT           0x27u
#define FILE_DEVICE_BUS_EXTENDER        0x2au
#define FILE_DEVICE_ACPI                0x32u
#define FILE_DEVICE_KS                  0x2fu
#define FILE_DEVICE_CONSOLE             0x50u

/* Source: WDK "Defining I/O Control Codes". */
#define METHOD_BUFFERED   0
#define METHOD_IN_DIRECT  1
#define METHOD_OUT_DIRECT 2
#define METHOD_NEITHER    3
#define FILE_ANY_ACCESS   0
#define FILE_READ_ACCESS  1
#define FILE_WRITE_ACCESS 2
#define CTL_CODE(device, function, method, access)                                                 \
    (((device) << 16) | ((access) << 14) | ((function) << 2) | (method))
#define METHOD_FROM_CTL_CODE(code)      ((code) & 3u)
#define DEVICE_TYPE_FROM_CTL_CODE(code) (((code) & 0xffff0000u) >> 16)

/* Source: WDK "FILE_OBJECT structure (wdm.h)". */
#define FO_FILE_OPEN                 0x00000001u
#define FO_SYNCHRONOUS_IO            0x00000002u
#define FO_ALERTABLE_IO              0x00000004u
#define FO_NO_INTERMEDIATE_BUFFERING 0x00000008u
#define FO_WRITE_THROUGH             0x00000010u
#define FO_SEQUENTIAL_ONLY           0x00000020u
#define FO_CACHE_SUPPORTED           0x00000040u
#define FO_NAMED_PIPE                0x00000080u
#define FO_STREAM_FILE               0x00000100u
#define FO_MAILSLOT                  0x00000200u
#define FO_FILE_MODIFIED             0x00001000u
#define FO_FILE_SIZE_CHANGED         0x00002000u
#define FO_CLEANUP_COMPLETE          0x00004000u
#define FO_TEMPORARY_FILE            0x00008000u
#define FO_DELETE_ON_CLOSE           0x00010000u
#define FO_OPENED_CASE_SENSITIVE     0x00020000u
#define FO_HANDLE_CREATED            0x00040000u
#define FO_FILE_FAST_IO_READ         0x00080000u
#define FO_RANDOM_ACCESS             0x00100000u
#define FO_FILE_OPEN_CANCELLED       0x00200000u
#define FO_VOLUME_OPEN               0x00400000u

/* Increments of IoCompleteRequest. Source: WDK "Specifying Priority Boosts". */
#define IO_NO_INCREMENT         0
#define IO_CD_ROM_INCREMENT     1
#define IO_DISK_INCREMENT       1
#define IO_KEYBOARD_INCREMENT   6
#define IO_MAILSLOT_INCREMENT   2
#define IO_MOUSE_INCREMENT      6
#define IO_NAMED_PIPE_INCREMENT 2
#define IO_NETWORK_INCREMENT    2
#define IO_PARALLEL_INCREMENT   1
#define IO_SERIAL_INCREMENT     2
#define IO_SOUND_INCREMENT      8
#define IO_VIDEO_INCREMENT      1
#define EVENT_INCREMENT         1
#define SEMAPHORE_INCREMENT     1
#define LOCK_QUEUE_WAIT         1

typedef enum _IO_ALLOCATION_ACTION {
    KeepObject = 1,
    DeallocateObject,
    DeallocateObjectKeepRegisters
} IO_ALLOCATION_ACTION;

typedef NTSTATUS DRIVER_INITIALIZE(DRIVER_OBJECT *driver, UNICODE_STRING *registry_path);
typedef DRIVER_INITIALIZE *PDRIVER_INITIALIZE;
typedef NTSTATUS DRIVER_DISPATCH(DEVICE_OBJECT *device, IRP *irp);
typedef DRIVER_DISPATCH *PDRIVER_DISPATCH;
typedef NTSTATUS DRIVER_ADD_DEVICE(DRIVER_OBJECT *driver, DEVICE_OBJECT *physical_device);
typedef DRIVER_ADD_DEVICE *PDRIVER_ADD_DEVICE;
typedef void DRIVER_CANCEL(DEVICE_OBJECT *device, IRP *irp);
typedef DRIVER_CANCEL *PDRIVER_CANCEL;
typedef void DRIVER_STARTIO(DEVICE_OBJECT *device, IRP *irp);
typedef DRIVER_STARTIO *PDRIVER_STARTIO;
typedef void DRIVER_UNLOAD(DRIVER_OBJECT *driver);
typedef DRIVER_UNLOAD *PDRIVER_UNLOAD;
typedef IO_ALLOCATION_ACTION DRIVER_CONTROL(DEVICE_OBJECT *device, IRP *irp, PVOID map_registers,
                                            PVOID context);
typedef DRIVER_CONTROL *PDRIVER_CONTROL;
typedef NTSTATUS IO_COMPLETION_ROUTINE(DEVICE_OBJECT *device, IRP *irp, PVOID context);
typedef IO_COMPLETION_ROUTINE *PIO_COMPLETION_ROUTINE;
typedef void IO_DPC_ROUTINE(KDPC *dpc, DEVICE_OBJECT *device, IRP *irp, PVOID context);
typedef IO_DPC_ROUTINE *PIO_DPC_ROUTINE;
typedef void IO_TIMER_ROUTINE(DEVICE_OBJECT *device, PVOID context);
typedef IO_TIMER_ROUTINE *PIO_TIMER_ROUTINE;
typedef void IO_WORKITEM_ROUTINE(DEVICE_OBJECT *device, PVOID context);
typedef IO_WORKITEM_ROUTINE *PIO_WORKITEM_ROUTINE;
typedef void IO_WORKITEM_ROUTINE_EX(PVOID object, PVOID context, PIO_WORKITEM item);
typedef IO_WORKITEM_ROUTINE_EX *PIO_WORKITEM_ROUTINE_EX;
typedef void DRIVER_REINITIALIZE(DRIVER_OBJECT *driver, PVOID context, ULONG count);
typedef DRIVER_REINITIALIZE *PDRIVER_REINITIALIZE;

/* Source: WDK "IO_STATUS_BLOCK structure (wdm.h)". */
typedef struct _IO_STATUS_BLOCK {
    union {
        NTSTATUS Status;
        PVOID Pointer;
    };
    ULONG_PTR Information;
} IO_STATUS_BLOCK, *PIO_STATUS_BLOCK;
NT_ASSERT_SIZE(IO_STATUS_BLOCK, 16);
NT_ASSERT_OFFSET(IO_STATUS_BLOCK, Information, 8);

typedef void IO_APC_ROUTINE(PVOID context, IO_STATUS_BLOCK *status, ULONG reserved);
typedef IO_APC_ROUTINE *PIO_APC_ROUTINE;

/* Source: WDK "VPB structure (wdm.h)". */
typedef struct _VPB {
    CSHORT Type;
    CSHORT Size;
    USHORT Flags;
    USHORT VolumeLabelLength;
    DEVICE_OBJECT *DeviceObject;
    DEVICE_OBJECT *RealDevice;
    ULONG SerialNumber;
    ULONG ReferenceCount;
    WCHAR VolumeLabel[32];
} VPB, *PVPB;
NT_ASSERT_SIZE(VPB, 96);
NT_ASSERT_OFFSET(VPB, DeviceObject, 8);
NT_ASSERT_OFFSET(VPB, SerialNumber, 24);
NT_ASSERT_OFFSET(VPB, VolumeLabel, 32);
#define VPB_MOUNTED               0x01
#define VPB_LOCKED                0x02
#define VPB_PERSISTENT            0x04
#define VPB_REMOVE_PENDING        0x08
#define VPB_RAW_MOUNT             0x10
#define VPB_DIRECT_WRITES_ALLOWED 0x20

/* What a device waits with for its adapter's channel; shares the place of the queue links. */
typedef struct _WAIT_CONTEXT_BLOCK {
    union {
        KDEVICE_QUEUE_ENTRY WaitQueueEntry;
        struct {
            LIST_ENTRY DmaWaitEntry;
            ULONG NumberOfChannels;
            ULONG SyncCallback : 1;
            ULONG DmaContext : 1;
            ULONG ZeroMapRegisters : 1;
            ULONG Reserved : 9;
            ULONG NumberOfRemapPages : 20;
        };
    };
    PDRIVER_CONTROL DeviceRoutine;
    PVOID DeviceContext;
    ULONG NumberOfMapRegisters;
    PVOID DeviceObject;
    PVOID CurrentIrp;
    KDPC *BufferChainingDpc;
} WAIT_CONTEXT_BLOCK, *PWAIT_CONTEXT_BLOCK;
NT_ASSERT_SIZE(WAIT_CONTEXT_BLOCK, 72);
NT_ASSERT_OFFSET(WAIT_CONTEXT_BLOCK, DeviceRoutine, 24);
NT_ASSERT_OFFSET(WAIT_CONTEXT_BLOCK, CurrentIrp, 56);

/* Source: WDK wdm.h DEVOBJ_EXTENSION, "opaque to drivers" beyond this head. */
typedef struct _DEVOBJ_EXTENSION {
    CSHORT Type;
    USHORT Size;
    DEVICE_OBJECT *DeviceObject;
} DEVOBJ_EXTENSION, *PDEVOBJ_EXTENSION;
NT_ASSERT_OFFSET(DEVOBJ_EXTENSION, DeviceObject, 8);

/* Source: WDK "DEVICE_OBJECT structure (wdm.h)"; 16-byte aligned, as x64 allocations are. */
struct DECLSPEC_ALIGN(16) _DEVICE_OBJECT {
    CSHORT Type;
    USHORT Size;
    LONG ReferenceCount;
    DRIVER_OBJECT *DriverObject;
    DEVICE_OBJECT *NextDevice;
    DEVICE_OBJECT *AttachedDevice;
    IRP *CurrentIrp;
    PIO_TIMER Timer;
    ULONG Flags;
    ULONG Characteristics;
    VPB *volatile Vpb;
    PVOID DeviceExtension;
    DEVICE_TYPE DeviceType;
    CCHAR StackSize;
    union {
        LIST_ENTRY ListEntry;
        WAIT_CONTEXT_BLOCK Wcb;
    } Queue;
    ULONG AlignmentRequirement;
    KDEVICE_QUEUE DeviceQueue;
    KDPC Dpc;
    ULONG ActiveThreadCount;
    PSECURITY_DESCRIPTOR SecurityDescriptor;
    KEVENT DeviceLock;
    USHORT SectorSize;
    USHORT Spare1;
    DEVOBJ_EXTENSION *DeviceObjectExtension;
    PVOID Reserved;
};
NT_ASSERT_SIZE(DEVICE_OBJECT, 336);
NT_ASSERT_OFFSET(DEVICE_OBJECT, ReferenceCount, 4);
NT_ASSERT_OFFSET(DEVICE_OBJECT, DriverObject, 8);
NT_ASSERT_OFFSET(DEVICE_OBJECT, NextDevice, 16);
NT_ASSERT_OFFSET(DEVICE_OBJECT, AttachedDevice, 24);
NT_ASSERT_OFFSET(DEVICE_OBJECT, CurrentIrp, 32);
NT_ASSERT_OFFSET(DEVICE_OBJECT, Timer, 40);
NT_ASSERT_OFFSET(DEVICE_OBJECT, Flags, 48);
NT_ASSERT_OFFSET(DEVICE_OBJECT, Characteristics, 52);
NT_ASSERT_OFFSET(DEVICE_OBJECT, Vpb, 56);
NT_ASSERT_OFFSET(DEVICE_OBJECT, DeviceExtension, 64);
NT_ASSERT_OFFSET(DEVICE_OBJECT, DeviceType, 72);
NT_ASSERT_OFFSET(DEVICE_OBJECT, StackSize, 76);
NT_ASSERT_OFFSET(DEVICE_OBJECT, Queue, 80);
NT_ASSERT_OFFSET(DEVICE_OBJECT, AlignmentRequirement, 152);
NT_ASSERT_OFFSET(DEVICE_OBJECT, DeviceQueue, 160);
NT_ASSERT_OFFSET(DEVICE_OBJECT, Dpc, 200);
NT_ASSERT_OFFSET(DEVICE_OBJECT, ActiveThreadCount, 264);
NT_ASSERT_OFFSET(DEVICE_OBJECT, SecurityDescriptor, 272);
NT_ASSERT_OFFSET(DEVICE_OBJECT, DeviceLock, 280);
NT_ASSERT_OFFSET(DEVICE_OBJECT, SectorSize, 304);
NT_ASSERT_OFFSET(DEVICE_OBJECT, DeviceObjectExtension, 312);

/* Source: WDK "DRIVER_EXTENSION structure (wdm.h)", "DRIVER_OBJECT structure (wdm.h)". */
typedef struct _DRIVER_EXTENSION {
    DRIVER_OBJECT *DriverObject;
    PDRIVER_ADD_DEVICE AddDevice;
    ULONG Count;
    UNICODE_STRING ServiceKeyName;
} DRIVER_EXTENSION, *PDRIVER_EXTENSION;
NT_ASSERT_SIZE(DRIVER_EXTENSION, 40);
NT_ASSERT_OFFSET(DRIVER_EXTENSION, AddDevice, 8);
NT_ASSERT_OFFSET(DRIVER_EXTENSION, ServiceKeyName, 24);

struct _FAST_IO_DISPATCH;

struct _DRIVER_OBJECT {
    CSHORT Type;
    CSHORT Size;
    DEVICE_OBJECT *DeviceObject;
    ULONG Flags;
    PVOID DriverStart;
    ULONG DriverSize;
    PVOID DriverSection;
    DRIVER_EXTENSION *DriverExtension;
    UNICODE_STRING DriverName;
    UNICODE_STRING *HardwareDatabase;
    struct _FAST_IO_DISPATCH *FastIoDispatch;
    PDRIVER_INITIALIZE DriverInit;
    PDRIVER_STARTIO DriverStartIo;
    PDRIVER_UNLOAD DriverUnload;
    PDRIVER_DISPATCH MajorFunction[IRP_MJ_MAXIMUM_FUNCTION + 1];
};
NT_ASSERT_SIZE(DRIVER_OBJECT, 336);
NT_ASSERT_OFFSET(DRIVER_OBJECT, DeviceObject, 8);
NT_ASSERT_OFFSET(DRIVER_OBJECT, Flags, 16);
NT_ASSERT_OFFSET(DRIVER_OBJECT, DriverStart, 24);
NT_ASSERT_OFFSET(DRIVER_OBJECT, DriverSize, 32);
NT_ASSERT_OFFSET(DRIVER_OBJECT, DriverSection, 40);
NT_ASSERT_OFFSET(DRIVER_OBJECT, DriverExtension, 48);
NT_ASSERT_OFFSET(DRIVER_OBJECT, DriverName, 56);
NT_ASSERT_OFFSET(DRIVER_OBJECT, FastIoDispatch, 80);
NT_ASSERT_OFFSET(DRIVER_OBJECT, DriverInit, 88);
NT_ASSERT_OFFSET(DRIVER_OBJECT, DriverUnload, 104);
NT_ASSERT_OFFSET(DRIVER_OBJECT, MajorFunction, 112);

/* Source: WDK "SECTION_OBJECT_POINTERS structure (wdm.h)". */
typedef struct _SECTION_OBJECT_POINTERS {
    PVOID DataSectionObject;
    PVOID SharedCacheMap;
    PVOID ImageSectionObject;
} SECTION_OBJECT_POINTERS, *PSECTION_OBJECT_POINTERS;
NT_ASSERT_SIZE(SECTION_OBJECT_POINTERS, 24);

typedef struct _IO_COMPLETION_CONTEXT {
    PVOID Port;
    PVOID Key;
} IO_COMPLETION_CONTEXT, *PIO_COMPLETION_CONTEXT;
NT_ASSERT_SIZE(IO_COMPLETION_CONTEXT, 16);

/* Source: WDK "FILE_OBJECT structure (wdm.h)". */
struct _FILE_OBJECT {
    CSHORT Type;
    CSHORT Size;
    DEVICE_OBJECT *DeviceObject;
    VPB *Vpb;
    PVOID FsContext;
    PVOID FsContext2;
    SECTION_OBJECT_POINTERS *SectionObjectPointer;
    PVOID PrivateCacheMap;
    NTSTATUS FinalStatus;
    FILE_OBJECT *RelatedFileObject;
    BOOLEAN LockOperation;
    BOOLEAN DeletePending;
    BOOLEAN ReadAccess;
    BOOLEAN WriteAccess;
    BOOLEAN DeleteAccess;
    BOOLEAN SharedRead;
    BOOLEAN SharedWrite;
    BOOLEAN SharedDelete;
    ULONG Flags;
    UNICODE_STRING FileName;
    LARGE_INTEGER CurrentByteOffset;
    volatile ULONG Waiters;
    volatile ULONG Busy;
    PVOID LastLock;
    KEVENT Lock;
    KEVENT Event;
    IO_COMPLETION_CONTEXT *volatile CompletionContext;
    KSPIN_LOCK IrpListLock;
    LIST_ENTRY IrpList;
    PVOID volatile FileObjectExtension;
};
NT_ASSERT_SIZE(FILE_OBJECT, 216);
NT_ASSERT_OFFSET(FILE_OBJECT, DeviceObject, 8);
NT_ASSERT_OFFSET(FILE_OBJECT, Vpb, 16);
NT_ASSERT_OFFSET(FILE_OBJECT, FsContext, 24);
NT_ASSERT_OFFSET(FILE_OBJECT, FsContext2, 32);
NT_ASSERT_OFFSET(FILE_OBJECT, SectionObjectPointer, 40);
NT_ASSERT_OFFSET(FILE_OBJECT, FinalStatus, 56);
NT_ASSERT_OFFSET(FILE_OBJECT, RelatedFileObject, 64);
NT_ASSERT_OFFSET(FILE_OBJECT, LockOperation, 72);
NT_ASSERT_OFFSET(FILE_OBJECT, Flags, 80);
NT_ASSERT_OFFSET(FILE_OBJECT, FileName, 88);
NT_ASSERT_OFFSET(FILE_OBJECT, CurrentByteOffset, 104);
NT_ASSERT_OFFSET(FILE_OBJECT, Waiters, 112);
NT_ASSERT_OFFSET(FILE_OBJECT, Lock, 128);
NT_ASSERT_OFFSET(FILE_OBJECT, Event, 152);
NT_ASSERT_OFFSET(FILE_OBJECT, CompletionContext, 176);
NT_ASSERT_OFFSET(FILE_OBJECT, IrpListLock, 184);
NT_ASSERT_OFFSET(FILE_OBJECT, FileObjectExtension, 208);

/* Source: WDK "IRP structure (wdm.h)"; 16-byte aligned. */
struct DECLSPEC_ALIGN(16) _IRP {
    CSHORT Type;
    USHORT Size;
    USHORT AllocationProcessorNumber;
    USHORT Reserved;
    MDL *MdlAddress;
    ULONG Flags;
    union {
        IRP *MasterIrp;
        volatile LONG IrpCount;
        PVOID SystemBuffer;
    } AssociatedIrp;
    LIST_ENTRY ThreadListEntry;
    IO_STATUS_BLOCK IoStatus;
    KPROCESSOR_MODE RequestorMode;
    BOOLEAN PendingReturned;
    CHAR StackCount;
    CHAR CurrentLocation;
    BOOLEAN Cancel;
    KIRQL CancelIrql;
    CCHAR ApcEnvironment;
    UCHAR AllocationFlags;
    IO_STATUS_BLOCK *UserIosb;
    KEVENT *UserEvent;
    union {
        struct {
            union {
                PIO_APC_ROUTINE UserApcRoutine;
                PVOID IssuingProcess;
            };
            PVOID UserApcContext;
        } AsynchronousParameters;
        LARGE_INTEGER AllocationSize;
    } Overlay;
    PDRIVER_CANCEL volatile CancelRoutine;
    PVOID UserBuffer;
    union {
        struct {
            union {
                KDEVICE_QUEUE_ENTRY DeviceQueueEntry;
                PVOID DriverContext[4];
            };
            ETHREAD *Thread;
            CHAR *AuxiliaryBuffer;
            LIST_ENTRY ListEntry;
            union {
                IO_STACK_LOCATION *CurrentStackLocation;
                ULONG PacketType;
            };
            FILE_OBJECT *OriginalFileObject;
            PVOID IrpExtension;
        } Overlay;
        KAPC Apc;
        PVOID CompletionKey;
    } Tail;
};
NT_ASSERT_SIZE(IRP, 208);
NT_ASSERT_OFFSET(IRP, MdlAddress, 8);
NT_ASSERT_OFFSET(IRP, Flags, 16);
NT_ASSERT_OFFSET(IRP, AssociatedIrp, 24);
NT_ASSERT_OFFSET(IRP, ThreadListEntry, 32);
NT_ASSERT_OFFSET(IRP, IoStatus, 48);
NT_ASSERT_OFFSET(IRP, RequestorMode, 64);
NT_ASSERT_OFFSET(IRP, PendingReturned, 65);
NT_ASSERT_OFFSET(IRP, StackCount, 66);
NT_ASSERT_OFFSET(IRP, CurrentLocation, 67);
NT_ASSERT_OFFSET(IRP, Cancel, 68);
NT_ASSERT_OFFSET(IRP, CancelIrql, 69);
NT_ASSERT_OFFSET(IRP, UserIosb, 72);
NT_ASSERT_OFFSET(IRP, UserEvent, 80);
NT_ASSERT_OFFSET(IRP, Overlay, 88);
NT_ASSERT_OFFSET(IRP, CancelRoutine, 104);
NT_ASSERT_OFFSET(IRP, UserBuffer, 112);
NT_ASSERT_OFFSET(IRP, Tail, 120);
NT_ASSERT_OFFSET(IRP, Tail.Overlay.Thread, 152);
NT_ASSERT_OFFSET(IRP, Tail.Overlay.ListEntry, 168);
NT_ASSERT_OFFSET(IRP, Tail.Overlay.CurrentStackLocation, 184);
NT_ASSERT_OFFSET(IRP, Tail.Overlay.OriginalFileObject, 192);

/* Source: WDK "IO_SECURITY_CONTEXT structure (wdm.h)". */
typedef struct _IO_SECURITY_CONTEXT {
    struct _SECURITY_QUALITY_OF_SERVICE *SecurityQos;
    struct _ACCESS_STATE *AccessState;
    ACCESS_MASK DesiredAccess;
    ULONG FullCreateOptions;
} IO_SECURITY_CONTEXT, *PIO_SECURITY_CONTEXT;
NT_ASSERT_SIZE(IO_SECURITY_CONTEXT, 24);

/* A member that stands in the parameters as if it were a pointer wide. */
#define POINTER_ALIGNMENT DECLSPEC_ALIGN(8)

/* Source: WDK "IO_STACK_LOCATION structure (wdm.h)" and the page of each IRP_MJ_ code. */
struct _IO_STACK_LOCATION {
    UCHAR MajorFunction;
    UCHAR MinorFunction;
    UCHAR Flags;
    UCHAR Control;
    union {
        struct {
            IO_SECURITY_CONTEXT *SecurityContext;
            ULONG Options;
            USHORT POINTER_ALIGNMENT FileAttributes;
            USHORT ShareAccess;
            ULONG POINTER_ALIGNMENT EaLength;
        } Create;
        struct {
            ULONG Length;
            ULONG POINTER_ALIGNMENT Key;
            ULONG Flags;
            LARGE_INTEGER ByteOffset;
        } Read;
        struct {
            ULONG Length;
            ULONG POINTER_ALIGNMENT Key;
            ULONG Flags;
            LARGE_INTEGER ByteOffset;
        } Write;
        struct {
            ULONG Length;
            UNICODE_STRING *FileName;
            ULONG FileInformationClass;
            ULONG POINTER_ALIGNMENT FileIndex;
        } QueryDirectory;
        struct {
            ULONG Length;
            ULONG POINTER_ALIGNMENT CompletionFilter;
        } NotifyDirectory;
        struct {
            ULONG Length;
            ULONG POINTER_ALIGNMENT FileInformationClass;
        } QueryFile;
        struct {
            ULONG Length;
            ULONG POINTER_ALIGNMENT FileInformationClass;
            FILE_OBJECT *FileObject;
            union {
                struct {
                    BOOLEAN ReplaceIfExists;
                    BOOLEAN AdvanceOnly;
                };
                ULONG ClusterCount;
                HANDLE DeleteHandle;
            };
        } SetFile;
        struct {
            ULONG Length;
            PVOID EaList;
            ULONG EaListLength;
            ULONG POINTER_ALIGNMENT EaIndex;
        } QueryEa;
        struct {
            ULONG Length;
        } SetEa;
        struct {
            ULONG Length;
            ULONG POINTER_ALIGNMENT FsInformationClass;
        } QueryVolume;
        struct {
            ULONG Length;
            ULONG POINTER_ALIGNMENT FsInformationClass;
        } SetVolume;
        struct {
            ULONG OutputBufferLength;
            ULONG POINTER_ALIGNMENT InputBufferLength;
            ULONG POINTER_ALIGNMENT FsControlCode;
            PVOID Type3InputBuffer;
        } FileSystemControl;
        struct {
            LARGE_INTEGER *Length;
            ULONG POINTER_ALIGNMENT Key;
            LARGE_INTEGER ByteOffset;
        } LockControl;
        struct {
            ULONG OutputBufferLength;
            ULONG POINTER_ALIGNMENT InputBufferLength;
            ULONG POINTER_ALIGNMENT IoControlCode;
            PVOID Type3InputBuffer;
        } DeviceIoControl;
        struct {
            SECURITY_INFORMATION SecurityInformation;
            ULONG POINTER_ALIGNMENT Length;
        } QuerySecurity;
        struct {
            SECURITY_INFORMATION SecurityInformation;
            PSECURITY_DESCRIPTOR SecurityDescriptor;
        } SetSecurity;
        struct {
            VPB *Vpb;
            DEVICE_OBJECT *DeviceObject;
        } MountVolume;
        struct {
            VPB *Vpb;
            DEVICE_OBJECT *DeviceObject;
        } VerifyVolume;
        struct {
            struct _SCSI_REQUEST_BLOCK *Srb;
        } Scsi;
        struct {
            ULONG Type;
        } QueryDeviceRelations;
        struct {
            const GUID *InterfaceType;
            USHORT Size;
            USHORT Version;
            struct _INTERFACE *Interface;
            PVOID InterfaceSpecificData;
        } QueryInterface;
        struct {
            struct _DEVICE_CAPABILITIES *Capabilities;
        } DeviceCapabilities;
        struct {
            ULONG IdType;
        } QueryId;
        struct {
            ULONG DeviceTextType;
            LCID POINTER_ALIGNMENT LocaleId;
        } QueryDeviceText;
        struct {
            BOOLEAN InPath;
            BOOLEAN Reserved[3];
            ULONG POINTER_ALIGNMENT Type;
        } UsageNotification;
        struct {
            ULONG PowerState;
        } WaitWake;
        struct {
            ULONG SystemContext;
            ULONG POINTER_ALIGNMENT Type;
            ULONG POINTER_ALIGNMENT State;
            ULONG POINTER_ALIGNMENT ShutdownType;
        } Power;
        struct {
            struct _CM_RESOURCE_LIST *AllocatedResources;
            struct _CM_RESOURCE_LIST *AllocatedResourcesTranslated;
        } StartDevice;
        struct {
            ULONG_PTR ProviderId;
            PVOID DataPath;
            ULONG BufferSize;
            PVOID Buffer;
        } WMI;
        struct {
            PVOID Argument1;
            PVOID Argument2;
            PVOID Argument3;
            PVOID Argument4;
        } Others;
    } Parameters;
    DEVICE_OBJECT *DeviceObject;
    FILE_OBJECT *FileObject;
    PIO_COMPLETION_ROUTINE CompletionRoutine;
    PVOID Context;
};
NT_ASSERT_SIZE(IO_STACK_LOCATION, 72);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Control, 3);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters, 8);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.Create.Options, 16);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.Create.FileAttributes, 24);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.Create.ShareAccess, 26);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.Create.EaLength, 32);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.Read.Key, 16);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.Read.ByteOffset, 24);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.Write.ByteOffset, 24);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.QueryDirectory.FileName, 16);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.QueryDirectory.FileInformationClass, 24);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.QueryDirectory.FileIndex, 32);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.QueryFile.FileInformationClass, 16);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.SetFile.FileObject, 24);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.SetFile.DeleteHandle, 32);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.QueryVolume.FsInformationClass, 16);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.FileSystemControl.FsControlCode, 24);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.LockControl.ByteOffset, 24);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.DeviceIoControl.InputBufferLength, 16);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.DeviceIoControl.IoControlCode, 24);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.DeviceIoControl.Type3InputBuffer, 32);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.QueryInterface.Version, 18);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.UsageNotification.Type, 16);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.Power.State, 24);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.Power.ShutdownType, 32);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.WMI.Buffer, 32);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, DeviceObject, 40);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, FileObject, 48);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, CompletionRoutine, 56);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Context, 64);

/*
 * How IoConnectInterruptEx is told what to connect, and its relatives what was connected.
 * Source: WDK "IO_CONNECT_INTERRUPT_PARAMETERS structure (wdm.h)", "IoReportInterruptActive function (wdm.h)"
 */
#define CONNECT_FULLY_SPECIFIED       0x1
#define CONNECT_LINE_BASED            0x2
#define CONNECT_MESSAGE_BASED         0x3
#define CONNECT_FULLY_SPECIFIED_GROUP 0x4
#define CONNECT_MESSAGE_BASED_PASSIVE 0x5
#define CONNECT_CURRENT_VERSION       0x5

typedef struct _IO_INTERRUPT_MESSAGE_INFO IO_INTERRUPT_MESSAGE_INFO, *PIO_INTERRUPT_MESSAGE_INFO;

typedef struct _IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS {
    DEVICE_OBJECT *PhysicalDeviceObject;
    KINTERRUPT **InterruptObject;
    PKSERVICE_ROUTINE ServiceRoutine;
    PVOID ServiceContext;
    KSPIN_LOCK *SpinLock;
    KIRQL SynchronizeIrql;
    BOOLEAN FloatingSave;
    BOOLEAN ShareVector;
    ULONG Vector;
    KIRQL Irql;
    KINTERRUPT_MODE InterruptMode;
    KAFFINITY ProcessorEnableMask;
    USHORT Group;
} IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS,
    *PIO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS;
NT_ASSERT_SIZE(IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS, 72);
NT_ASSERT_OFFSET(IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS, SynchronizeIrql, 40);
NT_ASSERT_OFFSET(IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS, Vector, 44);
NT_ASSERT_OFFSET(IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS, Irql, 48);
NT_ASSERT_OFFSET(IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS, InterruptMode, 52);
NT_ASSERT_OFFSET(IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS, ProcessorEnableMask, 56);
NT_ASSERT_OFFSET(IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS, Group, 64);

typedef struct _IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS {
    DEVICE_OBJECT *PhysicalDeviceObject;
    KINTERRUPT **InterruptObject;
    PKSERVICE_ROUTINE ServiceRoutine;
    PVOID ServiceContext;
    KSPIN_LOCK *SpinLock;
    KIRQL SynchronizeIrql;
    BOOLEAN FloatingSave;
} IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS, *PIO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS;
NT_ASSERT_SIZE(IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS, 48);
NT_ASSERT_OFFSET(IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS, SynchronizeIrql, 40);

typedef struct _IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS {
    DEVICE_OBJECT *PhysicalDeviceObject;
    union {
        PVOID *Generic;
        IO_INTERRUPT_MESSAGE_INFO **InterruptMessageTable;
        KINTERRUPT **InterruptObject;
    } ConnectionContext;
    PKMESSAGE_SERVICE_ROUTINE MessageServiceRoutine;
    PVOID ServiceContext;
    KSPIN_LOCK *SpinLock;
    KIRQL SynchronizeIrql;
    BOOLEAN FloatingSave;
    PKSERVICE_ROUTINE FallBackServiceRoutine;
} IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS, *PIO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS;
NT_ASSERT_SIZE(IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS, 56);
NT_ASSERT_OFFSET(IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS, ConnectionContext, 8);
NT_ASSERT_OFFSET(IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS, SynchronizeIrql, 40);
NT_ASSERT_OFFSET(IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS, FallBackServiceRoutine, 48);

typedef struct _IO_CONNECT_INTERRUPT_PARAMETERS {
    ULONG Version;
    union {
        IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS FullySpecified;
        IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS LineBased;
        IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS MessageBased;
    };
} IO_CONNECT_INTERRUPT_PARAMETERS, *PIO_CONNECT_INTERRUPT_PARAMETERS;
NT_ASSERT_SIZE(IO_CONNECT_INTERRUPT_PARAMETERS, 80);
NT_ASSERT_OFFSET(IO_CONNECT_INTERRUPT_PARAMETERS, FullySpecified, 8);

typedef struct _IO_DISCONNECT_INTERRUPT_PARAMETERS {
    ULONG Version;
    union {
        PVOID Generic;
        KINTERRUPT *InterruptObject;
        IO_INTERRUPT_MESSAGE_INFO *InterruptMessageTable;
    } ConnectionContext;
} IO_DISCONNECT_INTERRUPT_PARAMETERS, *PIO_DISCONNECT_INTERRUPT_PARAMETERS;
NT_ASSERT_SIZE(IO_DISCONNECT_INTERRUPT_PARAMETERS, 16);
NT_ASSERT_OFFSET(IO_DISCONNECT_INTERRUPT_PARAMETERS, ConnectionContext, 8);

typedef struct _IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS {
    ULONG Version;
    union {
        PVOID Generic;
        KINTERRUPT *InterruptObject;
        IO_INTERRUPT_MESSAGE_INFO *InterruptMessageTable;
    } ConnectionContext;
} IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS, *PIO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS;
NT_ASSERT_SIZE(IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS, 16);
NT_ASSERT_OFFSET(IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS, ConnectionContext, 8);

#endif
