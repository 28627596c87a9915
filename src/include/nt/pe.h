/* SPDX-License-Identifier: BSD-2-Clause */
/* The structures and constants of PE32+ images. */
#ifndef NT_PE_H
#define NT_PE_H

#include <nt/ntdef.h>

/*
 * Source of this file: Microsoft "PE Format" (the PE/COFF specification), section named at each
 * structure; field names are winnt.h's. Addresses are RVAs unless a comment says otherwise.
 */

/* "MS-DOS Stub (Image Only)": only e_magic and e_lfanew (file offset of the signature) matter. */
#define IMAGE_DOS_SIGNATURE 0x5a4d
#define IMAGE_NT_SIGNATURE  0x00004550u

typedef struct _IMAGE_DOS_HEADER {
    USHORT e_magic;
    USHORT e_cblp;
    USHORT e_cp;
    USHORT e_crlc;
    USHORT e_cparhdr;
    USHORT e_minalloc;
    USHORT e_maxalloc;
    USHORT e_ss;
    USHORT e_sp;
    USHORT e_csum;
    USHORT e_ip;
    USHORT e_cs;
    USHORT e_lfarlc;
    USHORT e_ovno;
    USHORT e_res[4];
    USHORT e_oemid;
    USHORT e_oeminfo;
    USHORT e_res2[10];
    LONG e_lfanew;
} IMAGE_DOS_HEADER, *PIMAGE_DOS_HEADER;
NT_ASSERT_SIZE(IMAGE_DOS_HEADER, 64);
NT_ASSERT_OFFSET(IMAGE_DOS_HEADER, e_lfanew, 60);

/* "COFF File Header (Object and Image)". */
typedef struct _IMAGE_FILE_HEADER {
    USHORT Machine;
    USHORT NumberOfSections;
    ULONG TimeDateStamp;
    ULONG PointerToSymbolTable;
    ULONG NumberOfSymbols;
    USHORT SizeOfOptionalHeader;
    USHORT Characteristics;
} IMAGE_FILE_HEADER, *PIMAGE_FILE_HEADER;
NT_ASSERT_SIZE(IMAGE_FILE_HEADER, 20);
NT_ASSERT_OFFSET(IMAGE_FILE_HEADER, NumberOfSections, 2);
NT_ASSERT_OFFSET(IMAGE_FILE_HEADER, SizeOfOptionalHeader, 16);
NT_ASSERT_OFFSET(IMAGE_FILE_HEADER, Characteristics, 18);

#define IMAGE_FILE_MACHINE_UNKNOWN         0x0000
#define IMAGE_FILE_MACHINE_I386            0x014c
#define IMAGE_FILE_MACHINE_ARMNT           0x01c4
#define IMAGE_FILE_MACHINE_AMD64           0x8664
#define IMAGE_FILE_MACHINE_ARM64           0xaa64

#define IMAGE_FILE_RELOCS_STRIPPED         0x0001
#define IMAGE_FILE_EXECUTABLE_IMAGE        0x0002
#define IMAGE_FILE_LINE_NUMS_STRIPPED      0x0004
#define IMAGE_FILE_LOCAL_SYMS_STRIPPED     0x0008
#define IMAGE_FILE_LARGE_ADDRESS_AWARE     0x0020
#define IMAGE_FILE_32BIT_MACHINE           0x0100
#define IMAGE_FILE_DEBUG_STRIPPED          0x0200
#define IMAGE_FILE_REMOVABLE_RUN_FROM_SWAP 0x0400
#define IMAGE_FILE_NET_RUN_FROM_SWAP       0x0800
#define IMAGE_FILE_SYSTEM                  0x1000
#define IMAGE_FILE_DLL                     0x2000
#define IMAGE_FILE_UP_SYSTEM_ONLY          0x4000

/* "Optional Header Data Directories (Image Only)"; the security entry has a file offset. */
typedef struct _IMAGE_DATA_DIRECTORY {
    ULONG VirtualAddress;
    ULONG Size;
} IMAGE_DATA_DIRECTORY, *PIMAGE_DATA_DIRECTORY;
NT_ASSERT_SIZE(IMAGE_DATA_DIRECTORY, 8);

#define IMAGE_NUMBEROF_DIRECTORY_ENTRIES     16
#define IMAGE_DIRECTORY_ENTRY_EXPORT         0
#define IMAGE_DIRECTORY_ENTRY_IMPORT         1
#define IMAGE_DIRECTORY_ENTRY_RESOURCE       2
#define IMAGE_DIRECTORY_ENTRY_EXCEPTION      3
#define IMAGE_DIRECTORY_ENTRY_SECURITY       4
#define IMAGE_DIRECTORY_ENTRY_BASERELOC      5
#define IMAGE_DIRECTORY_ENTRY_DEBUG          6
#define IMAGE_DIRECTORY_ENTRY_ARCHITECTURE   7
#define IMAGE_DIRECTORY_ENTRY_GLOBALPTR      8
#define IMAGE_DIRECTORY_ENTRY_TLS            9
#define IMAGE_DIRECTORY_ENTRY_LOAD_CONFIG    10
#define IMAGE_DIRECTORY_ENTRY_BOUND_IMPORT   11
#define IMAGE_DIRECTORY_ENTRY_IAT            12
#define IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT   13
#define IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR 14

/* "Optional Header (Image Only)", PE32+. */
#define IMAGE_NT_OPTIONAL_HDR32_MAGIC 0x10b
#define IMAGE_NT_OPTIONAL_HDR64_MAGIC 0x20b

typedef struct _IMAGE_OPTIONAL_HEADER64 {
    USHORT Magic;
    UCHAR MajorLinkerVersion;
    UCHAR MinorLinkerVersion;
    ULONG SizeOfCode;
    ULONG SizeOfInitializedData;
    ULONG SizeOfUninitializedData;
    ULONG AddressOfEntryPoint;
    ULONG BaseOfCode;
    ULONGLONG ImageBase;
    ULONG SectionAlignment;
    ULONG FileAlignment;
    USHORT MajorOperatingSystemVersion;
    USHORT MinorOperatingSystemVersion;
    USHORT MajorImageVersion;
    USHORT MinorImageVersion;
    USHORT MajorSubsystemVersion;
    USHORT MinorSubsystemVersion;
    ULONG Win32VersionValue;
    ULONG SizeOfImage;
    ULONG SizeOfHeaders;
    ULONG CheckSum;
    USHORT Subsystem;
    USHORT DllCharacteristics;
    ULONGLONG SizeOfStackReserve;
    ULONGLONG SizeOfStackCommit;
    ULONGLONG SizeOfHeapReserve;
    ULONGLONG SizeOfHeapCommit;
    ULONG LoaderFlags;
    ULONG NumberOfRvaAndSizes;
    IMAGE_DATA_DIRECTORY DataDirectory[IMAGE_NUMBEROF_DIRECTORY_ENTRIES];
} IMAGE_OPTIONAL_HEADER64, *PIMAGE_OPTIONAL_HEADER64;
NT_ASSERT_SIZE(IMAGE_OPTIONAL_HEADER64, 240);
NT_ASSERT_OFFSET(IMAGE_OPTIONAL_HEADER64, AddressOfEntryPoint, 16);
NT_ASSERT_OFFSET(IMAGE_OPTIONAL_HEADER64, ImageBase, 24);
NT_ASSERT_OFFSET(IMAGE_OPTIONAL_HEADER64, SectionAlignment, 32);
NT_ASSERT_OFFSET(IMAGE_OPTIONAL_HEADER64, SizeOfImage, 56);
NT_ASSERT_OFFSET(IMAGE_OPTIONAL_HEADER64, CheckSum, 64);
NT_ASSERT_OFFSET(IMAGE_OPTIONAL_HEADER64, SizeOfStackReserve, 72);
NT_ASSERT_OFFSET(IMAGE_OPTIONAL_HEADER64, NumberOfRvaAndSizes, 108);
NT_ASSERT_OFFSET(IMAGE_OPTIONAL_HEADER64, DataDirectory, 112);

#define IMAGE_SUBSYSTEM_NATIVE                         1
#define IMAGE_SUBSYSTEM_WINDOWS_GUI                    2
#define IMAGE_SUBSYSTEM_WINDOWS_CUI                    3
#define IMAGE_SUBSYSTEM_EFI_APPLICATION                10

#define IMAGE_DLLCHARACTERISTICS_HIGH_ENTROPY_VA       0x0020
#define IMAGE_DLLCHARACTERISTICS_DYNAMIC_BASE          0x0040
#define IMAGE_DLLCHARACTERISTICS_FORCE_INTEGRITY       0x0080
#define IMAGE_DLLCHARACTERISTICS_NX_COMPAT             0x0100
#define IMAGE_DLLCHARACTERISTICS_NO_ISOLATION          0x0200
#define IMAGE_DLLCHARACTERISTICS_NO_SEH                0x0400
#define IMAGE_DLLCHARACTERISTICS_NO_BIND               0x0800
#define IMAGE_DLLCHARACTERISTICS_WDM_DRIVER            0x2000
#define IMAGE_DLLCHARACTERISTICS_GUARD_CF              0x4000
#define IMAGE_DLLCHARACTERISTICS_TERMINAL_SERVER_AWARE 0x8000

typedef struct _IMAGE_NT_HEADERS64 {
    ULONG Signature;
    IMAGE_FILE_HEADER FileHeader;
    IMAGE_OPTIONAL_HEADER64 OptionalHeader;
} IMAGE_NT_HEADERS64, *PIMAGE_NT_HEADERS64, IMAGE_NT_HEADERS, *PIMAGE_NT_HEADERS;
NT_ASSERT_SIZE(IMAGE_NT_HEADERS64, 264);
NT_ASSERT_OFFSET(IMAGE_NT_HEADERS64, OptionalHeader, 24);

/* "Section Table (Section Headers)". */
#define IMAGE_SIZEOF_SHORT_NAME 8

typedef struct _IMAGE_SECTION_HEADER {
    UCHAR Name[IMAGE_SIZEOF_SHORT_NAME];
    union {
        ULONG PhysicalAddress;
        ULONG VirtualSize;
    } Misc;
    ULONG VirtualAddress;
    ULONG SizeOfRawData;
    ULONG PointerToRawData;
    ULONG PointerToRelocations;
    ULONG PointerToLinenumbers;
    USHORT NumberOfRelocations;
    USHORT NumberOfLinenumbers;
    ULONG Characteristics;
} IMAGE_SECTION_HEADER, *PIMAGE_SECTION_HEADER;
NT_ASSERT_SIZE(IMAGE_SECTION_HEADER, 40);
NT_ASSERT_OFFSET(IMAGE_SECTION_HEADER, VirtualAddress, 12);
NT_ASSERT_OFFSET(IMAGE_SECTION_HEADER, PointerToRawData, 20);
NT_ASSERT_OFFSET(IMAGE_SECTION_HEADER, Characteristics, 36);

#define IMAGE_FIRST_SECTION(headers)                                                               \
    ((IMAGE_SECTION_HEADER *)((char *)(headers) + offsetof(IMAGE_NT_HEADERS64, OptionalHeader) +   \
                              (headers)->FileHeader.SizeOfOptionalHeader))

#define IMAGE_SCN_CNT_CODE               0x00000020u
#define IMAGE_SCN_CNT_INITIALIZED_DATA   0x00000040u
#define IMAGE_SCN_CNT_UNINITIALIZED_DATA 0x00000080u
#define IMAGE_SCN_LNK_NRELOC_OVFL        0x01000000u
#define IMAGE_SCN_MEM_DISCARDABLE        0x02000000u
#define IMAGE_SCN_MEM_NOT_CACHED         0x04000000u
#define IMAGE_SCN_MEM_NOT_PAGED          0x08000000u
#define IMAGE_SCN_MEM_SHARED             0x10000000u
#define IMAGE_SCN_MEM_EXECUTE            0x20000000u
#define IMAGE_SCN_MEM_READ               0x40000000u
#define IMAGE_SCN_MEM_WRITE              0x80000000u

/* ".edata": a name ordinal indexes AddressOfFunctions; an RVA inside the directory forwards. */
typedef struct _IMAGE_EXPORT_DIRECTORY {
    ULONG Characteristics;
    ULONG TimeDateStamp;
    USHORT MajorVersion;
    USHORT MinorVersion;
    ULONG Name;
    ULONG Base;
    ULONG NumberOfFunctions;
    ULONG NumberOfNames;
    ULONG AddressOfFunctions;
    ULONG AddressOfNames;
    ULONG AddressOfNameOrdinals;
} IMAGE_EXPORT_DIRECTORY, *PIMAGE_EXPORT_DIRECTORY;
NT_ASSERT_SIZE(IMAGE_EXPORT_DIRECTORY, 40);
NT_ASSERT_OFFSET(IMAGE_EXPORT_DIRECTORY, Name, 12);
NT_ASSERT_OFFSET(IMAGE_EXPORT_DIRECTORY, Base, 16);
NT_ASSERT_OFFSET(IMAGE_EXPORT_DIRECTORY, NumberOfNames, 24);
NT_ASSERT_OFFSET(IMAGE_EXPORT_DIRECTORY, AddressOfFunctions, 28);
NT_ASSERT_OFFSET(IMAGE_EXPORT_DIRECTORY, AddressOfNameOrdinals, 36);

/* ".idata": the directory ends with an entry of zeros, each thunk array with a zero. */
typedef struct _IMAGE_IMPORT_DESCRIPTOR {
    union {
        ULONG Characteristics;
        ULONG OriginalFirstThunk;
    };
    ULONG TimeDateStamp;
    ULONG ForwarderChain;
    ULONG Name;
    ULONG FirstThunk;
} IMAGE_IMPORT_DESCRIPTOR, *PIMAGE_IMPORT_DESCRIPTOR;
NT_ASSERT_SIZE(IMAGE_IMPORT_DESCRIPTOR, 20);
NT_ASSERT_OFFSET(IMAGE_IMPORT_DESCRIPTOR, Name, 12);
NT_ASSERT_OFFSET(IMAGE_IMPORT_DESCRIPTOR, FirstThunk, 16);

typedef struct _IMAGE_IMPORT_BY_NAME {
    USHORT Hint;
    CHAR Name[1];
} IMAGE_IMPORT_BY_NAME, *PIMAGE_IMPORT_BY_NAME;
NT_ASSERT_OFFSET(IMAGE_IMPORT_BY_NAME, Name, 2);

typedef struct _IMAGE_THUNK_DATA64 {
    union {
        ULONGLONG ForwarderString;
        ULONGLONG Function;
        ULONGLONG Ordinal;
        ULONGLONG AddressOfData;
    } u1;
} IMAGE_THUNK_DATA64, *PIMAGE_THUNK_DATA64;
NT_ASSERT_SIZE(IMAGE_THUNK_DATA64, 8);

#define IMAGE_ORDINAL_FLAG64           0x8000000000000000ull
#define IMAGE_ORDINAL64(thunk)         ((thunk) & 0xffffull)
#define IMAGE_SNAP_BY_ORDINAL64(thunk) (((thunk) & IMAGE_ORDINAL_FLAG64) != 0)

typedef struct _IMAGE_BOUND_IMPORT_DESCRIPTOR {
    ULONG TimeDateStamp;
    USHORT OffsetModuleName;
    USHORT NumberOfModuleForwarderRefs;
} IMAGE_BOUND_IMPORT_DESCRIPTOR, *PIMAGE_BOUND_IMPORT_DESCRIPTOR;
NT_ASSERT_SIZE(IMAGE_BOUND_IMPORT_DESCRIPTOR, 8);

/* "Delay-Load Import Tables (Image Only)". */
typedef struct _IMAGE_DELAYLOAD_DESCRIPTOR {
    union {
        ULONG AllAttributes;
        struct {
            ULONG RvaBased : 1;
            ULONG ReservedAttributes : 31;
        };
    } Attributes;
    ULONG DllNameRVA;
    ULONG ModuleHandleRVA;
    ULONG ImportAddressTableRVA;
    ULONG ImportNameTableRVA;
    ULONG BoundImportAddressTableRVA;
    ULONG UnloadInformationTableRVA;
    ULONG TimeDateStamp;
} IMAGE_DELAYLOAD_DESCRIPTOR, *PIMAGE_DELAYLOAD_DESCRIPTOR;
NT_ASSERT_SIZE(IMAGE_DELAYLOAD_DESCRIPTOR, 32);

/* "The .reloc Section": blocks, each padded to 4 bytes, of 16-bit entries type << 12 | offset. */
typedef struct _IMAGE_BASE_RELOCATION {
    ULONG VirtualAddress;
    ULONG SizeOfBlock;
} IMAGE_BASE_RELOCATION, *PIMAGE_BASE_RELOCATION;
NT_ASSERT_SIZE(IMAGE_BASE_RELOCATION, 8);

#define IMAGE_REL_BASED_ABSOLUTE 0
#define IMAGE_REL_BASED_HIGH     1
#define IMAGE_REL_BASED_LOW      2
#define IMAGE_REL_BASED_HIGHLOW  3
#define IMAGE_REL_BASED_HIGHADJ  4
#define IMAGE_REL_BASED_DIR64    10

/* "The .tls Section": virtual addresses, not RVAs. */
typedef struct _IMAGE_TLS_DIRECTORY64 {
    ULONGLONG StartAddressOfRawData;
    ULONGLONG EndAddressOfRawData;
    ULONGLONG AddressOfIndex;
    ULONGLONG AddressOfCallBacks;
    ULONG SizeOfZeroFill;
    ULONG Characteristics;
} IMAGE_TLS_DIRECTORY64, *PIMAGE_TLS_DIRECTORY64;
NT_ASSERT_SIZE(IMAGE_TLS_DIRECTORY64, 40);
NT_ASSERT_OFFSET(IMAGE_TLS_DIRECTORY64, AddressOfCallBacks, 24);
NT_ASSERT_OFFSET(IMAGE_TLS_DIRECTORY64, SizeOfZeroFill, 32);

/* "Load Configuration Layout": virtual addresses; Size says how much of it an image has. */
typedef struct _IMAGE_LOAD_CONFIG_CODE_INTEGRITY {
    USHORT Flags;
    USHORT Catalog;
    ULONG CatalogOffset;
    ULONG Reserved;
} IMAGE_LOAD_CONFIG_CODE_INTEGRITY, *PIMAGE_LOAD_CONFIG_CODE_INTEGRITY;
NT_ASSERT_SIZE(IMAGE_LOAD_CONFIG_CODE_INTEGRITY, 12);

typedef struct _IMAGE_LOAD_CONFIG_DIRECTORY64 {
    ULONG Size;
    ULONG TimeDateStamp;
    USHORT MajorVersion;
    USHORT MinorVersion;
    ULONG GlobalFlagsClear;
    ULONG GlobalFlagsSet;
    ULONG CriticalSectionDefaultTimeout;
    ULONGLONG DeCommitFreeBlockThreshold;
    ULONGLONG DeCommitTotalFreeThreshold;
    ULONGLONG LockPrefixTable;
    ULONGLONG MaximumAllocationSize;
    ULONGLONG VirtualMemoryThreshold;
    ULONGLONG ProcessAffinityMask;
    ULONG ProcessHeapFlags;
    USHORT CSDVersion;
    USHORT DependentLoadFlags;
    ULONGLONG EditList;
    ULONGLONG SecurityCookie;
    ULONGLONG SEHandlerTable;
    ULONGLONG SEHandlerCount;
    ULONGLONG GuardCFCheckFunctionPointer;
    ULONGLONG GuardCFDispatchFunctionPointer;
    ULONGLONG GuardCFFunctionTable;
    ULONGLONG GuardCFFunctionCount;
    ULONG GuardFlags;
    IMAGE_LOAD_CONFIG_CODE_INTEGRITY CodeIntegrity;
    ULONGLONG GuardAddressTakenIatEntryTable;
    ULONGLONG GuardAddressTakenIatEntryCount;
    ULONGLONG GuardLongJumpTargetTable;
    ULONGLONG GuardLongJumpTargetCount;
} IMAGE_LOAD_CONFIG_DIRECTORY64, *PIMAGE_LOAD_CONFIG_DIRECTORY64;
NT_ASSERT_SIZE(IMAGE_LOAD_CONFIG_DIRECTORY64, 192);
NT_ASSERT_OFFSET(IMAGE_LOAD_CONFIG_DIRECTORY64, DeCommitFreeBlockThreshold, 24);
NT_ASSERT_OFFSET(IMAGE_LOAD_CONFIG_DIRECTORY64, ProcessHeapFlags, 72);
NT_ASSERT_OFFSET(IMAGE_LOAD_CONFIG_DIRECTORY64, SecurityCookie, 88);
NT_ASSERT_OFFSET(IMAGE_LOAD_CONFIG_DIRECTORY64, GuardCFCheckFunctionPointer, 112);
NT_ASSERT_OFFSET(IMAGE_LOAD_CONFIG_DIRECTORY64, GuardFlags, 144);
NT_ASSERT_OFFSET(IMAGE_LOAD_CONFIG_DIRECTORY64, GuardAddressTakenIatEntryTable, 160);

/* "Debug Directory (Image Only)". */
typedef struct _IMAGE_DEBUG_DIRECTORY {
    ULONG Characteristics;
    ULONG TimeDateStamp;
    USHORT MajorVersion;
    USHORT MinorVersion;
    ULONG Type;
    ULONG SizeOfData;
    ULONG AddressOfRawData;
    ULONG PointerToRawData;
} IMAGE_DEBUG_DIRECTORY, *PIMAGE_DEBUG_DIRECTORY;
NT_ASSERT_SIZE(IMAGE_DEBUG_DIRECTORY, 28);
NT_ASSERT_OFFSET(IMAGE_DEBUG_DIRECTORY, PointerToRawData, 24);

#define IMAGE_DEBUG_TYPE_CODEVIEW 2

/* ".rsrc": a tree; the high bit of a name or an offset says string, or sub-directory. */
typedef struct _IMAGE_RESOURCE_DIRECTORY {
    ULONG Characteristics;
    ULONG TimeDateStamp;
    USHORT MajorVersion;
    USHORT MinorVersion;
    USHORT NumberOfNamedEntries;
    USHORT NumberOfIdEntries;
} IMAGE_RESOURCE_DIRECTORY, *PIMAGE_RESOURCE_DIRECTORY;
NT_ASSERT_SIZE(IMAGE_RESOURCE_DIRECTORY, 16);

typedef struct _IMAGE_RESOURCE_DIRECTORY_ENTRY {
    union {
        struct {
            ULONG NameOffset : 31;
            ULONG NameIsString : 1;
        };
        ULONG Name;
        USHORT Id;
    };
    union {
        ULONG OffsetToData;
        struct {
            ULONG OffsetToDirectory : 31;
            ULONG DataIsDirectory : 1;
        };
    };
} IMAGE_RESOURCE_DIRECTORY_ENTRY, *PIMAGE_RESOURCE_DIRECTORY_ENTRY;
NT_ASSERT_SIZE(IMAGE_RESOURCE_DIRECTORY_ENTRY, 8);

typedef struct _IMAGE_RESOURCE_DATA_ENTRY {
    ULONG OffsetToData;
    ULONG Size;
    ULONG CodePage;
    ULONG Reserved;
} IMAGE_RESOURCE_DATA_ENTRY, *PIMAGE_RESOURCE_DATA_ENTRY;
NT_ASSERT_SIZE(IMAGE_RESOURCE_DATA_ENTRY, 16);

#endif
