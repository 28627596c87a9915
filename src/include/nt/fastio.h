/* SPDX-License-Identifier: BSD-2-Clause */
/* File information that drivers and services exchange, share modes, the fast I/O entry points. */
#ifndef NT_FASTIO_H
#define NT_FASTIO_H

#include <nt/ex.h>
#include <nt/io.h>

/* Source: WDK "FILE_BASIC_INFORMATION structure (wdm.h)" and the pages of the same pattern. */
typedef struct _FILE_BASIC_INFORMATION {
    LARGE_INTEGER CreationTime;
    LARGE_INTEGER LastAccessTime;
    LARGE_INTEGER LastWriteTime;
    LARGE_INTEGER ChangeTime;
    ULONG FileAttributes;
} FILE_BASIC_INFORMATION, *PFILE_BASIC_INFORMATION;
NT_ASSERT_SIZE(FILE_BASIC_INFORMATION, 40);
NT_ASSERT_OFFSET(FILE_BASIC_INFORMATION, FileAttributes, 32);

typedef struct _FILE_STANDARD_INFORMATION {
    LARGE_INTEGER AllocationSize;
    LARGE_INTEGER EndOfFile;
    ULONG NumberOfLinks;
    BOOLEAN DeletePending;
    BOOLEAN Directory;
} FILE_STANDARD_INFORMATION, *PFILE_STANDARD_INFORMATION;
NT_ASSERT_SIZE(FILE_STANDARD_INFORMATION, 24);
NT_ASSERT_OFFSET(FILE_STANDARD_INFORMATION, NumberOfLinks, 16);

typedef struct _FILE_NETWORK_OPEN_INFORMATION {
    LARGE_INTEGER CreationTime;
    LARGE_INTEGER LastAccessTime;
    LARGE_INTEGER LastWriteTime;
    LARGE_INTEGER ChangeTime;
    LARGE_INTEGER AllocationSize;
    LARGE_INTEGER EndOfFile;
    ULONG FileAttributes;
} FILE_NETWORK_OPEN_INFORMATION, *PFILE_NETWORK_OPEN_INFORMATION;
NT_ASSERT_SIZE(FILE_NETWORK_OPEN_INFORMATION, 56);

typedef struct _FILE_POSITION_INFORMATION {
    LARGE_INTEGER CurrentByteOffset;
} FILE_POSITION_INFORMATION, *PFILE_POSITION_INFORMATION;
NT_ASSERT_SIZE(FILE_POSITION_INFORMATION, 8);

/* Source: WDK "IoCheckShareAccess function (wdm.h)". */
typedef struct _SHARE_ACCESS {
    ULONG OpenCount;
    ULONG Readers;
    ULONG Writers;
    ULONG Deleters;
    ULONG SharedRead;
    ULONG SharedWrite;
    ULONG SharedDelete;
} SHARE_ACCESS, *PSHARE_ACCESS;
NT_ASSERT_SIZE(SHARE_ACCESS, 28);

/* Source: WDK "FAST_IO_DISPATCH structure (wdm.h)". */
typedef BOOLEAN FAST_IO_CHECK_IF_POSSIBLE(FILE_OBJECT *file, LARGE_INTEGER *offset, ULONG length,
                                          BOOLEAN wait, ULONG key, BOOLEAN read,
                                          IO_STATUS_BLOCK *status, DEVICE_OBJECT *device);
typedef FAST_IO_CHECK_IF_POSSIBLE *PFAST_IO_CHECK_IF_POSSIBLE;
typedef BOOLEAN FAST_IO_READ(FILE_OBJECT *file, LARGE_INTEGER *offset, ULONG length, BOOLEAN wait,
                             ULONG key, PVOID buffer, IO_STATUS_BLOCK *status,
                             DEVICE_OBJECT *device);
typedef FAST_IO_READ *PFAST_IO_READ;
typedef FAST_IO_READ FAST_IO_WRITE;
typedef FAST_IO_WRITE *PFAST_IO_WRITE;
typedef BOOLEAN FAST_IO_QUERY_BASIC_INFO(FILE_OBJECT *file, BOOLEAN wait,
                                         FILE_BASIC_INFORMATION *information,
                                         IO_STATUS_BLOCK *status, DEVICE_OBJECT *device);
typedef FAST_IO_QUERY_BASIC_INFO *PFAST_IO_QUERY_BASIC_INFO;
typedef BOOLEAN FAST_IO_QUERY_STANDARD_INFO(FILE_OBJECT *file, BOOLEAN wait,
                                            FILE_STANDARD_INFORMATION *information,
                                            IO_STATUS_BLOCK *status, DEVICE_OBJECT *device);
typedef FAST_IO_QUERY_STANDARD_INFO *PFAST_IO_QUERY_STANDARD_INFO;
typedef BOOLEAN FAST_IO_LOCK(FILE_OBJECT *file, LARGE_INTEGER *offset, LARGE_INTEGER *length,
                             EPROCESS *process, ULONG key, BOOLEAN fail_immediately,
                             BOOLEAN exclusive, IO_STATUS_BLOCK *status, DEVICE_OBJECT *device);
typedef FAST_IO_LOCK *PFAST_IO_LOCK;
typedef BOOLEAN FAST_IO_UNLOCK_SINGLE(FILE_OBJECT *file, LARGE_INTEGER *offset,
                                      LARGE_INTEGER *length, EPROCESS *process, ULONG key,
                                      IO_STATUS_BLOCK *status, DEVICE_OBJECT *device);
typedef FAST_IO_UNLOCK_SINGLE *PFAST_IO_UNLOCK_SINGLE;
typedef BOOLEAN FAST_IO_UNLOCK_ALL(FILE_OBJECT *file, EPROCESS *process, IO_STATUS_BLOCK *status,
                                   DEVICE_OBJECT *device);
typedef FAST_IO_UNLOCK_ALL *PFAST_IO_UNLOCK_ALL;
typedef BOOLEAN FAST_IO_UNLOCK_ALL_BY_KEY(FILE_OBJECT *file, PVOID process, ULONG key,
                                          IO_STATUS_BLOCK *status, DEVICE_OBJECT *device);
typedef FAST_IO_UNLOCK_ALL_BY_KEY *PFAST_IO_UNLOCK_ALL_BY_KEY;
typedef BOOLEAN FAST_IO_DEVICE_CONTROL(FILE_OBJECT *file, BOOLEAN wait, PVOID input,
                                       ULONG input_bytes, PVOID output, ULONG output_bytes,
                                       ULONG code, IO_STATUS_BLOCK *status, DEVICE_OBJECT *device);
typedef FAST_IO_DEVICE_CONTROL *PFAST_IO_DEVICE_CONTROL;
typedef void FAST_IO_ACQUIRE_FILE(FILE_OBJECT *file);
typedef FAST_IO_ACQUIRE_FILE *PFAST_IO_ACQUIRE_FILE;
typedef void FAST_IO_RELEASE_FILE(FILE_OBJECT *file);
typedef FAST_IO_RELEASE_FILE *PFAST_IO_RELEASE_FILE;
typedef void FAST_IO_DETACH_DEVICE(DEVICE_OBJECT *source, DEVICE_OBJECT *target);
typedef FAST_IO_DETACH_DEVICE *PFAST_IO_DETACH_DEVICE;
typedef BOOLEAN FAST_IO_QUERY_NETWORK_OPEN_INFO(FILE_OBJECT *file, BOOLEAN wait,
                                                FILE_NETWORK_OPEN_INFORMATION *information,
                                                IO_STATUS_BLOCK *status, DEVICE_OBJECT *device);
typedef FAST_IO_QUERY_NETWORK_OPEN_INFO *PFAST_IO_QUERY_NETWORK_OPEN_INFO;
typedef NTSTATUS FAST_IO_ACQUIRE_FOR_MOD_WRITE(FILE_OBJECT *file, LARGE_INTEGER *end,
                                               struct _ERESOURCE **resource, DEVICE_OBJECT *device);
typedef FAST_IO_ACQUIRE_FOR_MOD_WRITE *PFAST_IO_ACQUIRE_FOR_MOD_WRITE;
typedef NTSTATUS FAST_IO_RELEASE_FOR_MOD_WRITE(FILE_OBJECT *file, struct _ERESOURCE *resource,
                                               DEVICE_OBJECT *device);
typedef FAST_IO_RELEASE_FOR_MOD_WRITE *PFAST_IO_RELEASE_FOR_MOD_WRITE;
typedef BOOLEAN FAST_IO_MDL_READ(FILE_OBJECT *file, LARGE_INTEGER *offset, ULONG length, ULONG key,
                                 MDL **chain, IO_STATUS_BLOCK *status, DEVICE_OBJECT *device);
typedef FAST_IO_MDL_READ *PFAST_IO_MDL_READ;
typedef FAST_IO_MDL_READ FAST_IO_PREPARE_MDL_WRITE;
typedef FAST_IO_PREPARE_MDL_WRITE *PFAST_IO_PREPARE_MDL_WRITE;
typedef BOOLEAN FAST_IO_MDL_READ_COMPLETE(FILE_OBJECT *file, MDL *chain, DEVICE_OBJECT *device);
typedef FAST_IO_MDL_READ_COMPLETE *PFAST_IO_MDL_READ_COMPLETE;
typedef BOOLEAN FAST_IO_MDL_WRITE_COMPLETE(FILE_OBJECT *file, LARGE_INTEGER *offset, MDL *chain,
                                           DEVICE_OBJECT *device);
typedef FAST_IO_MDL_WRITE_COMPLETE *PFAST_IO_MDL_WRITE_COMPLETE;
typedef BOOLEAN FAST_IO_QUERY_OPEN(IRP *irp, FILE_NETWORK_OPEN_INFORMATION *information,
                                   DEVICE_OBJECT *device);
typedef FAST_IO_QUERY_OPEN *PFAST_IO_QUERY_OPEN;
typedef NTSTATUS FAST_IO_ACQUIRE_FOR_CCFLUSH(FILE_OBJECT *file, DEVICE_OBJECT *device);
typedef FAST_IO_ACQUIRE_FOR_CCFLUSH *PFAST_IO_ACQUIRE_FOR_CCFLUSH;
typedef NTSTATUS FAST_IO_RELEASE_FOR_CCFLUSH(FILE_OBJECT *file, DEVICE_OBJECT *device);
typedef FAST_IO_RELEASE_FOR_CCFLUSH *PFAST_IO_RELEASE_FOR_CCFLUSH;

/* An entry beyond SizeOfFastIoDispatch is not there. */
typedef struct _FAST_IO_DISPATCH {
    ULONG SizeOfFastIoDispatch;
    PFAST_IO_CHECK_IF_POSSIBLE FastIoCheckIfPossible;
    PFAST_IO_READ FastIoRead;
    PFAST_IO_WRITE FastIoWrite;
    PFAST_IO_QUERY_BASIC_INFO FastIoQueryBasicInfo;
    PFAST_IO_QUERY_STANDARD_INFO FastIoQueryStandardInfo;
    PFAST_IO_LOCK FastIoLock;
    PFAST_IO_UNLOCK_SINGLE FastIoUnlockSingle;
    PFAST_IO_UNLOCK_ALL FastIoUnlockAll;
    PFAST_IO_UNLOCK_ALL_BY_KEY FastIoUnlockAllByKey;
    PFAST_IO_DEVICE_CONTROL FastIoDeviceControl;
    PFAST_IO_ACQUIRE_FILE AcquireFileForNtCreateSection;
    PFAST_IO_RELEASE_FILE ReleaseFileForNtCreateSection;
    PFAST_IO_DETACH_DEVICE FastIoDetachDevice;
    PFAST_IO_QUERY_NETWORK_OPEN_INFO FastIoQueryNetworkOpenInfo;
    PFAST_IO_ACQUIRE_FOR_MOD_WRITE AcquireForModWrite;
    PFAST_IO_MDL_READ MdlRead;
    PFAST_IO_MDL_READ_COMPLETE MdlReadComplete;
    PFAST_IO_PREPARE_MDL_WRITE PrepareMdlWrite;
    PFAST_IO_MDL_WRITE_COMPLETE MdlWriteComplete;
    PVOID FastIoReadCompressed;
    PVOID FastIoWriteCompressed;
    PVOID MdlReadCompleteCompressed;
    PVOID MdlWriteCompleteCompressed;
    PFAST_IO_QUERY_OPEN FastIoQueryOpen;
    PFAST_IO_RELEASE_FOR_MOD_WRITE ReleaseForModWrite;
    PFAST_IO_ACQUIRE_FOR_CCFLUSH AcquireForCcFlush;
    PFAST_IO_RELEASE_FOR_CCFLUSH ReleaseForCcFlush;
} FAST_IO_DISPATCH, *PFAST_IO_DISPATCH;
NT_ASSERT_SIZE(FAST_IO_DISPATCH, 224);
NT_ASSERT_OFFSET(FAST_IO_DISPATCH, FastIoCheckIfPossible, 8);
NT_ASSERT_OFFSET(FAST_IO_DISPATCH, FastIoDeviceControl, 80);
NT_ASSERT_OFFSET(FAST_IO_DISPATCH, AcquireForModWrite, 120);
NT_ASSERT_OFFSET(FAST_IO_DISPATCH, FastIoQueryOpen, 192);
NT_ASSERT_OFFSET(FAST_IO_DISPATCH, ReleaseForCcFlush, 216);

#endif
