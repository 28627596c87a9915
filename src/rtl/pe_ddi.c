/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What drivers ask about images in memory. The callers vouch for them, as for any pointer: only the headers are looked
 * at, and both PE32 and PE32+ are answered for. Looking up exports goes through the parser proper.
 */
#include "rtl/pe.h"

#include <nt/rtl_ddi.h>

#define NT_HEADERS_MAX   0x10000000u /* an e_lfanew beyond this is not one */
#define HEADERS_FIXED    offsetof(IMAGE_NT_HEADERS, OptionalHeader)
#define DIRECTORIES_PE32 96u /* "Optional Header Data Directories": behind NumberOfRvaAndSizes */

/* Headers stand at a multiple of 4, not always of 8. */
typedef IMAGE_NT_HEADERS headers_at_4 __attribute__((aligned(4)));

static bool in_range(ULONG flags, ULONG64 at, ULONG64 bytes)
{
    if (flags & RTL_IMAGE_NT_HEADER_EX_FLAG_NO_RANGE_CHECK)
        return at < NT_HEADERS_MAX;
    return bytes >= HEADERS_FIXED && at <= bytes - HEADERS_FIXED;
}

NTSTATUS RtlImageNtHeaderEx(ULONG flags, PVOID image, ULONG64 bytes, IMAGE_NT_HEADERS **headers)
{
    const IMAGE_DOS_HEADER *dos = image;
    bool unchecked = flags & RTL_IMAGE_NT_HEADER_EX_FLAG_NO_RANGE_CHECK;
    if (image == NULL || headers == NULL || (flags & ~RTL_IMAGE_NT_HEADER_EX_FLAG_NO_RANGE_CHECK))
        return STATUS_INVALID_PARAMETER;
    *headers = NULL;
    if ((!unchecked && bytes < sizeof(*dos)) || dos->e_magic != IMAGE_DOS_SIGNATURE)
        return STATUS_INVALID_IMAGE_FORMAT;
    ULONG at = (ULONG)dos->e_lfanew;
    if (at % sizeof(ULONG) != 0 || !in_range(flags, at, bytes))
        return STATUS_INVALID_IMAGE_FORMAT;
    headers_at_4 *found = (headers_at_4 *)((UCHAR *)image + at);
    if (found->Signature != IMAGE_NT_SIGNATURE)
        return STATUS_INVALID_IMAGE_FORMAT;
    *headers = (IMAGE_NT_HEADERS *)found;
    return STATUS_SUCCESS;
}

IMAGE_NT_HEADERS *RtlImageNtHeader(PVOID image)
{
    IMAGE_NT_HEADERS *headers = NULL;
    NTSTATUS status =
        RtlImageNtHeaderEx(RTL_IMAGE_NT_HEADER_EX_FLAG_NO_RANGE_CHECK, image, 0, &headers);
    return NT_SUCCESS(status) ? headers : NULL;
}

/* The entry of a data directory, in PE32 and PE32+; NULL: there is none. */
static const IMAGE_DATA_DIRECTORY *directory_of(const headers_at_4 *headers, USHORT index)
{
    const UCHAR *optional = (const UCHAR *)&headers->OptionalHeader;
    size_t at = offsetof(IMAGE_OPTIONAL_HEADER64, DataDirectory);
    if (headers->OptionalHeader.Magic == IMAGE_NT_OPTIONAL_HDR32_MAGIC)
        at = DIRECTORIES_PE32;
    else if (headers->OptionalHeader.Magic != IMAGE_NT_OPTIONAL_HDR64_MAGIC)
        return NULL;
    if (headers->FileHeader.SizeOfOptionalHeader < at)
        return NULL;
    ULONG count = *(const ULONG *)(optional + at - sizeof(ULONG));
    size_t end = at + (index + (size_t)1) * sizeof(IMAGE_DATA_DIRECTORY);
    if (index >= count || headers->FileHeader.SizeOfOptionalHeader < end)
        return NULL;
    return (const IMAGE_DATA_DIRECTORY *)(optional + at) + index;
}

/* Where a file that lies in memory as it is has an RVA; NULL: nowhere. */
static UCHAR *in_file(UCHAR *image, headers_at_4 *headers, ULONG rva)
{
    const IMAGE_SECTION_HEADER *section = IMAGE_FIRST_SECTION(headers);
    if (rva < headers->OptionalHeader.SizeOfHeaders) /* at the same offset in PE32 */
        return image + rva;
    for (USHORT i = 0; i < headers->FileHeader.NumberOfSections; i++, section++) {
        ULONG skip = rva - section->VirtualAddress;
        if (rva >= section->VirtualAddress && skip < section->SizeOfRawData)
            return image + section->PointerToRawData + skip;
    }
    return NULL;
}

PVOID RtlImageDirectoryEntryToData(PVOID image, BOOLEAN mapped, USHORT directory, ULONG *bytes)
{
    headers_at_4 *headers = (headers_at_4 *)RtlImageNtHeader(image);
    *bytes = 0;
    if (headers == NULL)
        return NULL;
    const IMAGE_DATA_DIRECTORY *entry = directory_of(headers, directory);
    if (entry == NULL || entry->VirtualAddress == 0)
        return NULL;
    UCHAR *found = mapped ? (UCHAR *)image + entry->VirtualAddress
                          : in_file(image, headers, entry->VirtualAddress);
    if (found != NULL)
        *bytes = entry->Size;
    return found;
}

PVOID RtlFindExportedRoutineByName(PVOID image, PCSTR name)
{
    const headers_at_4 *headers = (const headers_at_4 *)RtlImageNtHeader(image);
    struct rtl_pe pe;
    struct rtl_pe_exports exports;
    struct rtl_pe_export found;
    if (headers == NULL)
        return NULL;
    NTSTATUS status = rtl_pe_open(&pe, image, headers->OptionalHeader.SizeOfImage, RTL_PE_MAPPED,
                                  headers->FileHeader.Machine, NULL);
    if (NT_SUCCESS(status))
        status = rtl_pe_exports_open(&pe, &exports);
    if (NT_SUCCESS(status))
        status = rtl_pe_export_find(&exports, name, &found);
    /* What another image has is for the loader to find. */
    return NT_SUCCESS(status) && found.forwarder.chars == NULL ? (UCHAR *)image + found.rva : NULL;
}
