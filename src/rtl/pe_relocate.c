/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Base relocations (".reloc"): blocks of 16-bit entries, type << 12 | offset from the block's address. Blocks may come in
 * any order, and several may be for one page.
 *
 * A page alone is relocated from the image as it was linked, not from the page: what a pointer holds is read there as a
 * whole, and the part of the sum that lies in the page is written. So both pages of a pointer that straddles them get
 * their half, whichever is brought in first.
 */
#include "rtl/pe.h"

#include "arch.h"
#include "rtl/memory.h"

#define TARGET_MAX 8u /* bytes that a relocation covers */

struct block {
    uint32_t page_rva; /* what offsets count from */
    uint32_t entries_rva;
    uint32_t count;
    uint32_t bytes; /* of the directory */
};

/* The block at this offset of the directory. STATUS_NO_MORE_ENTRIES: none is there. */
static NTSTATUS read_block(const struct rtl_pe *pe, uint32_t at, struct block *block)
{
    IMAGE_DATA_DIRECTORY directory;
    IMAGE_BASE_RELOCATION header;
    if (!rtl_pe_directory(pe, IMAGE_DIRECTORY_ENTRY_BASERELOC, &directory) ||
        at >= directory.Size || directory.Size - at < sizeof(header))
        return STATUS_NO_MORE_ENTRIES;
    if (directory.VirtualAddress > pe->image_bytes || at > pe->image_bytes ||
        !rtl_pe_read(pe, directory.VirtualAddress + at, &header, sizeof(header)))
        return STATUS_INVALID_IMAGE_FORMAT;
    uint32_t start = directory.VirtualAddress + at; /* both are below 2 GiB */
    if (header.SizeOfBlock < sizeof(header) || header.SizeOfBlock > directory.Size - at ||
        header.VirtualAddress >= pe->image_bytes)
        return STATUS_INVALID_IMAGE_FORMAT;
    *block = (struct block){
        .page_rva = header.VirtualAddress,
        .entries_rva = start + sizeof(header),
        .count = (header.SizeOfBlock - sizeof(header)) / sizeof(uint16_t),
        .bytes = header.SizeOfBlock,
    };
    return STATUS_SUCCESS;
}

static bool read_entry(const struct rtl_pe *pe, const struct block *block, uint32_t index,
                       struct rtl_pe_relocation *relocation)
{
    uint16_t entry;
    if (!rtl_pe_read(pe, block->entries_rva + index * sizeof(entry), &entry, sizeof(entry)))
        return false;
    *relocation = (struct rtl_pe_relocation){ block->page_rva + (entry & 0xfff), entry >> 12 };
    return true;
}

MUST_CHECK NTSTATUS rtl_pe_relocation(const struct rtl_pe *pe,
                                      struct rtl_pe_relocation_cursor *cursor,
                                      struct rtl_pe_relocation *relocation)
{
    for (;;) {
        struct block block;
        NTSTATUS status = read_block(pe, cursor->block, &block);
        if (!NT_SUCCESS(status))
            return status;
        if (cursor->entry < block.count) {
            if (!read_entry(pe, &block, cursor->entry, relocation))
                return STATUS_INVALID_IMAGE_FORMAT;
            cursor->entry++;
            return STATUS_SUCCESS;
        }
        cursor->block += block.bytes;
        cursor->entry = 0;
    }
}

/* --- What a relocation does ----------------------------------------------------------------------------------- */

/* Bytes that it changes; 0: none, it is padding. False: a type that x64 images have no use for, or one outside. */
static bool target_bytes(const struct rtl_pe *pe, const struct rtl_pe_relocation *relocation,
                         uint32_t *bytes)
{
    *bytes = 0;
    if (relocation->type == IMAGE_REL_BASED_ABSOLUTE)
        return true;
    if (relocation->type != IMAGE_REL_BASED_HIGHLOW && relocation->type != IMAGE_REL_BASED_DIR64)
        return false;
    *bytes = relocation->type == IMAGE_REL_BASED_DIR64 ? 8 : 4;
    return relocation->rva <= pe->image_bytes - *bytes; /* an image has a page at least */
}

MUST_CHECK NTSTATUS rtl_pe_check_relocations(const struct rtl_pe *pe)
{
    struct rtl_pe_relocation_cursor cursor = { 0, 0 };
    struct rtl_pe_relocation relocation;
    NTSTATUS status;
    if (pe->file.Characteristics & IMAGE_FILE_RELOCS_STRIPPED)
        return STATUS_CONFLICTING_ADDRESSES;
    while (NT_SUCCESS(status = rtl_pe_relocation(pe, &cursor, &relocation))) {
        uint32_t bytes;
        if (!target_bytes(pe, &relocation, &bytes))
            return STATUS_INVALID_IMAGE_FORMAT;
    }
    return status == STATUS_NO_MORE_ENTRIES ? STATUS_SUCCESS : status;
}

/* The part of a relocated value that lies in the page. */
static void store_part(uint64_t value, uint32_t rva, uint32_t bytes, uint32_t page_rva,
                       uint8_t *page)
{
    for (uint32_t i = 0; i < bytes; i++) {
        uint32_t offset = rva + i - page_rva; /* huge where it lies before the page */
        if (offset < ARCH_PAGE_BYTES)
            page[offset] = (uint8_t)(value >> 8 * i);
    }
}

static NTSTATUS relocate_by_block(const struct rtl_pe *pe, const struct block *block,
                                  uint32_t page_rva, uint8_t *page, uint64_t delta)
{
    for (uint32_t i = 0; i < block->count; i++) {
        struct rtl_pe_relocation relocation;
        uint64_t value = 0;
        uint32_t bytes;
        if (!read_entry(pe, block, i, &relocation) || !target_bytes(pe, &relocation, &bytes))
            return STATUS_INVALID_IMAGE_FORMAT;
        if (bytes == 0 || relocation.rva + bytes <= page_rva ||
            relocation.rva >= page_rva + ARCH_PAGE_BYTES)
            continue;
        if (!rtl_pe_read(pe, relocation.rva, &value, bytes))
            return STATUS_INVALID_IMAGE_FORMAT;
        store_part(value + delta, relocation.rva, bytes, page_rva, page);
    }
    return STATUS_SUCCESS;
}

MUST_CHECK NTSTATUS rtl_pe_relocate_page(const struct rtl_pe *pe, uint32_t page_rva, void *page,
                                         uint64_t delta)
{
    struct block block;
    NTSTATUS status;
    if (pe->file.Characteristics & IMAGE_FILE_RELOCS_STRIPPED)
        return STATUS_CONFLICTING_ADDRESSES;
    for (uint32_t at = 0; NT_SUCCESS(status = read_block(pe, at, &block)); at += block.bytes) {
        if (block.page_rva >= page_rva + ARCH_PAGE_BYTES ||
            block.page_rva + ARCH_PAGE_BYTES + TARGET_MAX <= page_rva)
            continue;
        status = relocate_by_block(pe, &block, page_rva, page, delta);
        if (!NT_SUCCESS(status))
            return status;
    }
    return status == STATUS_NO_MORE_ENTRIES ? STATUS_SUCCESS : status;
}

MUST_CHECK NTSTATUS rtl_pe_relocate(const struct rtl_pe *pe, void *image, uint64_t delta)
{
    struct rtl_pe_relocation_cursor cursor = { 0, 0 };
    struct rtl_pe_relocation relocation;
    uint8_t *bytes = image;
    NTSTATUS status = rtl_pe_check_relocations(pe);
    if (!NT_SUCCESS(status))
        return status;
    while (NT_SUCCESS(rtl_pe_relocation(pe, &cursor, &relocation))) {
        uint64_t value = 0;
        uint32_t count;
        if (!target_bytes(pe, &relocation, &count))
            return STATUS_INVALID_IMAGE_FORMAT; /* it changed since it was checked */
        memcpy(&value, bytes + relocation.rva, count);
        value += delta;
        memcpy(bytes + relocation.rva, &value, count);
    }
    uint64_t base = pe->optional.ImageBase + delta;
    memcpy(bytes + pe->nt_at + offsetof(IMAGE_NT_HEADERS64, OptionalHeader.ImageBase), &base,
           sizeof(base));
    return STATUS_SUCCESS;
}
