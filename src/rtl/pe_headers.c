/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The headers of an image, checked before anything is mapped. What "PE Format" calls a must is one here where memory
 * depends on it; the rest (versions, sizes of code and data, time stamps) is nobody's business. Two musts are not held to
 * the letter: SizeOfImage is rounded up to whole pages, and raw data need only begin at a sector of the file.
 */
#include "rtl/pe.h"

#include "arch.h"
#include "rtl/memory.h"

#define PAGE_MASK     (ARCH_PAGE_BYTES - 1)
#define SECTOR_BYTES  512
#define BASE_MULTIPLE 0x10000 /* "Optional Header Windows-Specific Fields", ImageBase */
#define IMAGE_MAX     0x7fff0000u
#define HEADERS_FIXED offsetof(IMAGE_NT_HEADERS64, OptionalHeader)
#define OPTIONAL_MIN  offsetof(IMAGE_OPTIONAL_HEADER64, DataDirectory)

static const struct {
    NTSTATUS status;
    const char *text;
} refusals[] = {
#define REFUSAL_ROW(name, status, text) { status, text },
    RTL_PE_REFUSALS(REFUSAL_ROW)
#undef REFUSAL_ROW
};

const char *rtl_pe_refusal_text(enum rtl_pe_refusal refusal)
{
    return refusal < RTL_PE_REFUSAL_COUNT ? refusals[refusal].text : "cannot be read";
}

static uint16_t read16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

/* --- Which kind of file --------------------------------------------------------------------------------------- */

#define NE_SIGNATURE 0x454e /* "NE" */
#define LE_SIGNATURE 0x454c
#define LX_SIGNATURE 0x584c
#define NE_TARGET                                                                                  \
    0x36 /* "Executable-File Header Format", Microsoft KB 65260: the operating system */
#define NE_TARGET_WIN       2
#define NE_TARGET_WIN386    4
#define DOS_RELOCATIONS_NEW 0x40 /* e_lfarlc of a file that goes on beyond the DOS header */

static enum rtl_pe_refusal kind_of_ne(const uint8_t *header, size_t bytes)
{
    uint8_t target = bytes > NE_TARGET ? header[NE_TARGET] : 0;
    return target == NE_TARGET_WIN || target == NE_TARGET_WIN386 ? RTL_PE_WIN_16 : RTL_PE_NE;
}

/* What begins with MZ and has no PE signature. */
static enum rtl_pe_refusal kind_of_other(const struct rtl_pe *pe, const IMAGE_DOS_HEADER *dos)
{
    size_t at = (uint32_t)dos->e_lfanew;
    bool inside = at >= sizeof(*dos) && at < pe->length && pe->length - at >= 2;
    uint16_t signature = inside ? read16(pe->bytes + at) : 0;
    if (signature == NE_SIGNATURE)
        return kind_of_ne(pe->bytes + at, pe->length - at);
    if (signature == LE_SIGNATURE || signature == LX_SIGNATURE)
        return RTL_PE_LE;
    return inside && dos->e_lfarlc >= DOS_RELOCATIONS_NEW ? RTL_PE_NO_SIGNATURE : RTL_PE_DOS;
}

/* Signature and file header, which PE32 and PE32+ have in common. */
static enum rtl_pe_refusal read_file_header(struct rtl_pe *pe)
{
    IMAGE_DOS_HEADER dos;
    uint32_t signature;
    if (pe->length < 2 || read16(pe->bytes) != IMAGE_DOS_SIGNATURE)
        return RTL_PE_NOT_MZ;
    if (pe->length < sizeof(dos))
        return RTL_PE_DOS;
    memcpy(&dos, pe->bytes, sizeof(dos));
    size_t at = (uint32_t)dos.e_lfanew; /* may lie within the DOS header */
    if (at >= pe->length || pe->length - at < sizeof(signature))
        return kind_of_other(pe, &dos);
    memcpy(&signature, pe->bytes + at, sizeof(signature));
    if (signature != IMAGE_NT_SIGNATURE)
        return kind_of_other(pe, &dos);
    if (pe->length - at < HEADERS_FIXED + sizeof(uint16_t))
        return RTL_PE_TRUNCATED;
    pe->nt_at = (uint32_t)at;
    memcpy(&pe->file, pe->bytes + at + sizeof(signature), sizeof(pe->file));
    return RTL_PE_NONE;
}

static bool is_64_bit(uint16_t machine)
{
    return machine == IMAGE_FILE_MACHINE_AMD64 || machine == IMAGE_FILE_MACHINE_ARM64;
}

static enum rtl_pe_refusal read_optional_header(struct rtl_pe *pe, uint16_t machine)
{
    size_t at = pe->nt_at + HEADERS_FIXED;
    uint16_t magic = read16(pe->bytes + at);
    if (magic == IMAGE_NT_OPTIONAL_HDR32_MAGIC)
        return RTL_PE_WIN_32;
    if (magic != IMAGE_NT_OPTIONAL_HDR64_MAGIC)
        return RTL_PE_MAGIC;
    if (!is_64_bit(machine))
        return RTL_PE_WIN_64;
    if (pe->file.Machine != machine)
        return RTL_PE_MACHINE;
    size_t bytes = pe->file.SizeOfOptionalHeader;
    if (bytes < OPTIONAL_MIN)
        return RTL_PE_OPTIONAL_SIZE;
    if (pe->length - at < bytes)
        return RTL_PE_TRUNCATED;
    bytes = bytes < sizeof(pe->optional) ? bytes : sizeof(pe->optional);
    memset(&pe->optional, 0, sizeof(pe->optional));
    memcpy(&pe->optional, pe->bytes + at, bytes);
    for (size_t i = pe->optional.NumberOfRvaAndSizes; i < IMAGE_NUMBEROF_DIRECTORY_ENTRIES; i++)
        pe->optional.DataDirectory[i] = (IMAGE_DATA_DIRECTORY){ 0, 0 };
    pe->sections_at = (uint32_t)(at + pe->file.SizeOfOptionalHeader);
    return RTL_PE_NONE;
}

/* --- Sizes and alignments ------------------------------------------------------------------------------------- */

static bool is_power_of_two(uint32_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

/* "FileAlignment": if SectionAlignment is less than a page, they must be the same. */
static bool alignments_fit(const struct rtl_pe *pe)
{
    uint32_t section = pe->optional.SectionAlignment, file = pe->optional.FileAlignment;
    if (!is_power_of_two(section) || !is_power_of_two(file) || file > section)
        return false;
    return section >= ARCH_PAGE_BYTES ? file >= SECTOR_BYTES : file == section;
}

static enum rtl_pe_refusal check_sizes(struct rtl_pe *pe)
{
    const IMAGE_OPTIONAL_HEADER64 *optional = &pe->optional;
    if (!(pe->file.Characteristics & IMAGE_FILE_EXECUTABLE_IMAGE))
        return RTL_PE_NOT_EXECUTABLE;
    if (!alignments_fit(pe))
        return RTL_PE_ALIGNMENT;
    if (optional->ImageBase % BASE_MULTIPLE != 0 && pe->layout == RTL_PE_FILE)
        return RTL_PE_BASE;
    if (optional->SizeOfImage == 0 || optional->SizeOfImage > IMAGE_MAX ||
        optional->ImageBase + optional->SizeOfImage < optional->ImageBase)
        return RTL_PE_IMAGE_SIZE;
    pe->image_bytes = (optional->SizeOfImage + PAGE_MASK) & ~(uint32_t)PAGE_MASK;
    pe->flat = optional->SectionAlignment < ARCH_PAGE_BYTES;
    if (pe->file.NumberOfSections > RTL_PE_SECTIONS_MAX)
        return RTL_PE_SECTION_COUNT;
    uint64_t end =
        pe->sections_at + (uint64_t)pe->file.NumberOfSections * sizeof(IMAGE_SECTION_HEADER);
    if (end > pe->length)
        return RTL_PE_TRUNCATED;
    if (optional->SizeOfHeaders < end || optional->SizeOfHeaders > pe->length ||
        optional->SizeOfHeaders > optional->SizeOfImage)
        return RTL_PE_HEADER_SIZE;
    return optional->AddressOfEntryPoint < pe->image_bytes ? RTL_PE_NONE : RTL_PE_ENTRY;
}

/* --- Sections ------------------------------------------------------------------------------------------------- */

/* "Section Table": raw data in the file; a flat image has it where memory has it. */
static enum rtl_pe_refusal check_section_file(const struct rtl_pe *pe,
                                              const IMAGE_SECTION_HEADER *section)
{
    uint64_t offset = section->PointerToRawData, bytes = section->SizeOfRawData;
    if (offset == 0 || bytes == 0)
        return RTL_PE_NONE;
    if (pe->flat)
        return offset == section->VirtualAddress ? RTL_PE_NONE : RTL_PE_SECTION_FLAT;
    if (offset % SECTOR_BYTES != 0)
        return RTL_PE_SECTION_FILE;
    bool held = pe->layout == RTL_PE_MAPPED || offset + bytes <= pe->length;
    return held ? RTL_PE_NONE : RTL_PE_SECTION_FILE;
}

/* "Section Table": ascending and adjacent; only behind the headers there may be room. */
static enum rtl_pe_refusal check_sections(const struct rtl_pe *pe)
{
    uint64_t mask = pe->optional.SectionAlignment - 1;
    uint64_t next = pe->optional.SizeOfHeaders;
    IMAGE_SECTION_HEADER section;
    for (uint32_t i = 0; rtl_pe_section(pe, i, &section); i++) {
        uint64_t start = section.VirtualAddress;
        bool follows = i == 0 ? start >= next : start == ((next + mask) & ~mask);
        if (!follows || (start & mask) != 0)
            return RTL_PE_SECTION_ADDRESS;
        next = start +
               (section.Misc.VirtualSize != 0 ? section.Misc.VirtualSize : section.SizeOfRawData);
        if (next > pe->image_bytes)
            return RTL_PE_SECTION_SIZE;
        enum rtl_pe_refusal refusal = check_section_file(pe, &section);
        if (refusal != RTL_PE_NONE)
            return refusal;
    }
    return RTL_PE_NONE;
}

MUST_CHECK NTSTATUS rtl_pe_open(struct rtl_pe *pe, const void *bytes, size_t length,
                                enum rtl_pe_layout layout, uint16_t machine,
                                enum rtl_pe_refusal *refusal)
{
    struct rtl_pe opened = { .bytes = bytes, .length = length, .layout = layout };
    enum rtl_pe_refusal found = read_file_header(&opened);
    if (found == RTL_PE_NONE)
        found = read_optional_header(&opened, machine);
    if (found == RTL_PE_NONE)
        found = check_sizes(&opened);
    if (found == RTL_PE_NONE)
        found = check_sections(&opened);
    if (found == RTL_PE_NONE)
        *pe = opened;
    if (refusal != NULL)
        *refusal = found;
    return refusals[found].status;
}
