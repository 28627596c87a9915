/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes of an image by RVA, in either layout. All reads of the parser come through here: locate() says which bytes
 * stand at an RVA and how many, never more than there are.
 */
#include "rtl/pe.h"

#include <nt/mm.h>

#include "arch.h"
#include "rtl/memory.h"

#define PAGE_MASK (ARCH_PAGE_BYTES - 1)

/* What stands at an RVA: `stored` bytes from `at` on, then `zeros` that nobody stored. */
struct piece {
    size_t at;
    uint32_t stored;
    uint32_t zeros;
};

static uint32_t smaller(uint64_t a, uint64_t b)
{
    return (uint32_t)(a < b ? a : b);
}

/* --- Sections ------------------------------------------------------------------------------------------------- */

bool rtl_pe_section(const struct rtl_pe *pe, uint32_t index, IMAGE_SECTION_HEADER *section)
{
    size_t at = pe->sections_at + (size_t)index * sizeof(*section);
    if (index >= pe->file.NumberOfSections || at > pe->length || pe->length - at < sizeof(*section))
        return false;
    memcpy(section, pe->bytes + at, sizeof(*section));
    return true;
}

/* A linker that leaves VirtualSize at 0 means SizeOfRawData. */
static uint64_t virtual_bytes(const IMAGE_SECTION_HEADER *section)
{
    return section->Misc.VirtualSize != 0 ? section->Misc.VirtualSize : section->SizeOfRawData;
}

uint32_t rtl_pe_section_extent(const struct rtl_pe *pe, const IMAGE_SECTION_HEADER *section)
{
    uint64_t bytes = virtual_bytes(section);
    if (!pe->flat)
        bytes = (bytes + PAGE_MASK) & ~(uint64_t)PAGE_MASK;
    return smaller(bytes, pe->image_bytes);
}

bool rtl_pe_section_of(const struct rtl_pe *pe, uint32_t rva, IMAGE_SECTION_HEADER *section)
{
    for (uint32_t i = 0; i < pe->file.NumberOfSections; i++) {
        IMAGE_SECTION_HEADER candidate;
        if (!rtl_pe_section(pe, i, &candidate))
            return false;
        if (rva - candidate.VirtualAddress < rtl_pe_section_extent(pe, &candidate) &&
            rva >= candidate.VirtualAddress) {
            *section = candidate;
            return true;
        }
    }
    return false;
}

/* --- Reading -------------------------------------------------------------------------------------------------- */

/* `bytes` of the file from `offset` on make up `extent` bytes of memory: what is left of them behind `skip`. */
static void cut(const struct rtl_pe *pe, uint64_t offset, uint64_t bytes, uint32_t extent,
                uint32_t skip, struct piece *piece)
{
    uint64_t have = offset < pe->length ? smaller(bytes, pe->length - offset) : 0;
    have = smaller(have, extent);
    piece->at = (size_t)(offset + skip);
    piece->stored = skip < have ? (uint32_t)have - skip : 0;
    piece->zeros = extent - skip - piece->stored;
}

static bool locate(const struct rtl_pe *pe, uint32_t rva, struct piece *piece)
{
    IMAGE_SECTION_HEADER section;
    if (rva >= pe->image_bytes)
        return false;
    if (pe->layout == RTL_PE_MAPPED) {
        cut(pe, 0, pe->length, pe->image_bytes, rva, piece);
        piece->zeros = 0;
        return piece->stored != 0;
    }
    if (pe->flat) {
        cut(pe, 0, pe->length, pe->image_bytes, rva, piece);
        return true;
    }
    if (rtl_pe_section_of(pe, rva, &section)) {
        uint64_t stored = section.PointerToRawData != 0 ? section.SizeOfRawData : 0;
        cut(pe, section.PointerToRawData, stored, rtl_pe_section_extent(pe, &section),
            rva - section.VirtualAddress, piece);
        return true;
    }
    uint32_t header_pages = (pe->optional.SizeOfHeaders + PAGE_MASK) & ~(uint32_t)PAGE_MASK;
    if (rva >= header_pages)
        return false;
    cut(pe, 0, pe->optional.SizeOfHeaders, header_pages, rva, piece);
    return true;
}

bool rtl_pe_read(const struct rtl_pe *pe, uint32_t rva, void *to, size_t count)
{
    uint8_t *out = to;
    if (count > pe->image_bytes || rva > pe->image_bytes - count)
        return false;
    while (count > 0) {
        struct piece piece;
        if (!locate(pe, rva, &piece))
            return false;
        uint32_t stored = smaller(piece.stored, count);
        uint32_t zeros = smaller(piece.zeros, count - stored);
        memcpy(out, pe->bytes + piece.at, stored);
        memset(out + stored, 0, zeros);
        out += stored + zeros;
        rva += stored + zeros;
        count -= stored + zeros;
    }
    return true;
}

const void *rtl_pe_at(const struct rtl_pe *pe, uint32_t rva, size_t count)
{
    struct piece piece;
    return locate(pe, rva, &piece) && piece.stored >= count ? pe->bytes + piece.at : NULL;
}

bool rtl_pe_read_text(const struct rtl_pe *pe, uint32_t rva, struct rtl_pe_text *text)
{
    struct piece piece;
    if (!locate(pe, rva, &piece))
        return false;
    const char *chars = piece.stored != 0 ? (const char *)pe->bytes + piece.at : "";
    uint32_t length = 0;
    while (length < piece.stored && chars[length] != 0)
        length++;
    if (length == piece.stored && piece.zeros == 0)
        return false;
    *text = (struct rtl_pe_text){ chars, length };
    return true;
}

bool rtl_pe_text_is(struct rtl_pe_text text, const char *wanted)
{
    size_t i = 0;
    while (i < text.length && wanted[i] != 0 && text.chars[i] == wanted[i])
        i++;
    return i == text.length && wanted[i] == 0;
}

bool rtl_pe_rva_of(const struct rtl_pe *pe, uint64_t address, uint32_t *rva)
{
    uint64_t offset = address - pe->optional.ImageBase;
    if (offset >= pe->image_bytes)
        return false;
    *rva = (uint32_t)offset;
    return true;
}

bool rtl_pe_directory(const struct rtl_pe *pe, uint32_t index, IMAGE_DATA_DIRECTORY *directory)
{
    if (index >= IMAGE_NUMBEROF_DIRECTORY_ENTRIES ||
        pe->optional.DataDirectory[index].VirtualAddress == 0 ||
        pe->optional.DataDirectory[index].Size == 0)
        return false;
    *directory = pe->optional.DataDirectory[index];
    return true;
}

/* --- Pages ---------------------------------------------------------------------------------------------------- */

/* Section flags as a page's protection. Source: WDK "Memory Protection Constants". */
static uint32_t protection_of(uint32_t flags)
{
    bool write = flags & IMAGE_SCN_MEM_WRITE, shared = flags & IMAGE_SCN_MEM_SHARED;
    if (flags & IMAGE_SCN_MEM_EXECUTE) {
        if (write)
            return shared ? PAGE_EXECUTE_READWRITE : PAGE_EXECUTE_WRITECOPY;
        return flags & IMAGE_SCN_MEM_READ ? PAGE_EXECUTE_READ : PAGE_EXECUTE;
    }
    if (write)
        return shared ? PAGE_READWRITE : PAGE_WRITECOPY;
    return flags & IMAGE_SCN_MEM_READ ? PAGE_READONLY : PAGE_NOACCESS;
}

/* A page of a flat image may hold several sections: it allows what any section of the image wants. */
static uint32_t flags_of_all(const struct rtl_pe *pe)
{
    uint32_t flags = IMAGE_SCN_MEM_READ;
    IMAGE_SECTION_HEADER section;
    for (uint32_t i = 0; rtl_pe_section(pe, i, &section); i++)
        flags |= section.Characteristics;
    return flags & (IMAGE_SCN_MEM_READ | IMAGE_SCN_MEM_WRITE | IMAGE_SCN_MEM_EXECUTE);
}

static void describe(struct rtl_pe_page *page, uint32_t offset, uint64_t stored, uint32_t flags)
{
    *page = (struct rtl_pe_page){
        .file_offset = stored != 0 ? offset : 0,
        .file_bytes = smaller(stored, ARCH_PAGE_BYTES),
        .protection = protection_of(flags),
        .shared = flags & IMAGE_SCN_MEM_SHARED,
        .discardable = flags & IMAGE_SCN_MEM_DISCARDABLE,
    };
}

bool rtl_pe_page(const struct rtl_pe *pe, uint32_t rva, struct rtl_pe_page *page)
{
    IMAGE_SECTION_HEADER section;
    rva &= ~(uint32_t)PAGE_MASK;
    if (rva >= pe->image_bytes)
        return false;
    if (pe->flat) {
        uint64_t stored = rva < pe->length ? pe->length - rva : 0;
        describe(page, rva, smaller(stored, pe->image_bytes - rva), flags_of_all(pe));
    } else if (rtl_pe_section_of(pe, rva, &section)) {
        uint32_t skip = rva - section.VirtualAddress;
        uint32_t stored = section.PointerToRawData != 0 ? section.SizeOfRawData : 0;
        describe(page, section.PointerToRawData + skip, skip < stored ? stored - skip : 0,
                 section.Characteristics);
    } else if (rva < pe->optional.SizeOfHeaders) {
        describe(page, rva, pe->optional.SizeOfHeaders - rva, IMAGE_SCN_MEM_READ);
    } else {
        describe(page, 0, 0, 0);
    }
    return true;
}
