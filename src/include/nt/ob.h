/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects as drivers and programs see them: types, access rights, what can be asked of a handle. */
#ifndef NT_OB_H
#define NT_OB_H

#include <nt/ntdef.h>

typedef struct _OBJECT_TYPE *POBJECT_TYPE;

/* Source: WDK "ACCESS_MASK", wdm.h. */
#define DELETE                   0x00010000u
#define READ_CONTROL             0x00020000u
#define WRITE_DAC                0x00040000u
#define WRITE_OWNER              0x00080000u
#define SYNCHRONIZE              0x00100000u
#define STANDARD_RIGHTS_REQUIRED 0x000f0000u
#define STANDARD_RIGHTS_READ     READ_CONTROL
#define STANDARD_RIGHTS_WRITE    READ_CONTROL
#define STANDARD_RIGHTS_EXECUTE  READ_CONTROL
#define STANDARD_RIGHTS_ALL      0x001f0000u
#define SPECIFIC_RIGHTS_ALL      0x0000ffffu
#define ACCESS_SYSTEM_SECURITY   0x01000000u
#define MAXIMUM_ALLOWED          0x02000000u

/* Source: WDK "ObReferenceObjectByHandle function (wdm.h)", OBJECT_HANDLE_INFORMATION. */
typedef struct _OBJECT_HANDLE_INFORMATION {
    ULONG HandleAttributes;
    ACCESS_MASK GrantedAccess;
} OBJECT_HANDLE_INFORMATION, *POBJECT_HANDLE_INFORMATION;
NT_ASSERT_SIZE(OBJECT_HANDLE_INFORMATION, 8);

/* Source: WDK "ZwDuplicateObject function (ntifs.h)", Win32 "DuplicateHandle function". */
#define DUPLICATE_CLOSE_SOURCE    0x00000001u
#define DUPLICATE_SAME_ACCESS     0x00000002u
#define DUPLICATE_SAME_ATTRIBUTES 0x00000004u

/* Source: Win32 and WDK "Object Directory Access Rights", "ZwCreateDirectoryObject function (wdm.h)". */
#define DIRECTORY_QUERY               0x0001u
#define DIRECTORY_TRAVERSE            0x0002u
#define DIRECTORY_CREATE_OBJECT       0x0004u
#define DIRECTORY_CREATE_SUBDIRECTORY 0x0008u
#define DIRECTORY_ALL_ACCESS          (STANDARD_RIGHTS_REQUIRED | 0x000fu)

/* Source: WDK "ZwOpenSymbolicLinkObject function (wdm.h)". */
#define SYMBOLIC_LINK_QUERY      0x0001u
#define SYMBOLIC_LINK_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | 0x0001u)

#endif
