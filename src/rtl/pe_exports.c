/* SPDX-License-Identifier: BSD-2-Clause */
/* The export directory (".edata"): a name's ordinal indexes the addresses; an RVA inside the directory forwards. */
#include "rtl/pe.h"

#include "rtl/memory.h"

#define ORDINALS_MAX 0x10000u /* an ordinal has 16 bits */

MUST_CHECK NTSTATUS rtl_pe_exports_open(const struct rtl_pe *pe, struct rtl_pe_exports *exports)
{
    struct rtl_pe_exports opened = { .pe = pe };
    if (!rtl_pe_directory(pe, IMAGE_DIRECTORY_ENTRY_EXPORT, &opened.place))
        return STATUS_NOT_FOUND;
    if (!rtl_pe_read(pe, opened.place.VirtualAddress, &opened.directory, sizeof(opened.directory)))
        return STATUS_INVALID_IMAGE_FORMAT;
    if (opened.directory.NumberOfFunctions > ORDINALS_MAX ||
        opened.directory.NumberOfNames > ORDINALS_MAX)
        return STATUS_INVALID_IMAGE_FORMAT;
    *exports = opened;
    return STATUS_SUCCESS;
}

/* An element of a table; false where that would lie outside. */
static bool read_element(const struct rtl_pe *pe, uint32_t table, uint32_t index, void *to,
                         uint32_t bytes)
{
    uint64_t rva = table + (uint64_t)index * bytes;
    return rva <= UINT32_MAX && rtl_pe_read(pe, (uint32_t)rva, to, bytes);
}

/* The function at this index of the address table. */
static NTSTATUS describe(const struct rtl_pe_exports *exports, uint32_t index,
                         struct rtl_pe_text name, struct rtl_pe_export *found)
{
    struct rtl_pe_export export = { .name = name, .ordinal = exports->directory.Base + index };
    if (!read_element(exports->pe, exports->directory.AddressOfFunctions, index, &export.rva,
                      sizeof(export.rva)))
        return STATUS_INVALID_IMAGE_FORMAT;
    if (export.rva == 0)
        return STATUS_ORDINAL_NOT_FOUND;
    if (export.rva - exports->place.VirtualAddress < exports->place.Size) {
        if (!rtl_pe_read_text(exports->pe, export.rva, &export.forwarder))
            return STATUS_INVALID_IMAGE_FORMAT;
    } else if (export.rva >= exports->pe->image_bytes) {
        return STATUS_INVALID_IMAGE_FORMAT;
    }
    *found = export;
    return STATUS_SUCCESS;
}

MUST_CHECK NTSTATUS rtl_pe_export_by_ordinal(const struct rtl_pe_exports *exports, uint32_t ordinal,
                                             struct rtl_pe_export *found)
{
    uint32_t index = ordinal - exports->directory.Base;
    if (ordinal < exports->directory.Base || index >= exports->directory.NumberOfFunctions)
        return STATUS_ORDINAL_NOT_FOUND;
    return describe(exports, index, (struct rtl_pe_text){ NULL, 0 }, found);
}

MUST_CHECK NTSTATUS rtl_pe_export_name(const struct rtl_pe_exports *exports, uint32_t index,
                                       struct rtl_pe_export *found)
{
    uint32_t name_rva;
    uint16_t function;
    struct rtl_pe_text name;
    if (index >= exports->directory.NumberOfNames)
        return STATUS_NO_MORE_ENTRIES;
    if (!read_element(exports->pe, exports->directory.AddressOfNames, index, &name_rva,
                      sizeof(name_rva)) ||
        !read_element(exports->pe, exports->directory.AddressOfNameOrdinals, index, &function,
                      sizeof(function)) ||
        !rtl_pe_read_text(exports->pe, name_rva, &name) ||
        function >= exports->directory.NumberOfFunctions)
        return STATUS_INVALID_IMAGE_FORMAT;
    return describe(exports, function, name, found);
}

/* --- By name -------------------------------------------------------------------------------------------------- */

/* Like strcmp, against the name at this index; reads no more of it than it has to. False: it cannot be read. */
static bool compare(const struct rtl_pe_exports *exports, const char *wanted, uint32_t index,
                    int *order)
{
    uint32_t rva;
    if (!read_element(exports->pe, exports->directory.AddressOfNames, index, &rva, sizeof(rva)))
        return false;
    for (;; rva++, wanted++) {
        uint8_t c;
        if (!rtl_pe_read(exports->pe, rva, &c, 1))
            return false;
        *order = (uint8_t)*wanted - c;
        if (*order != 0 || c == 0)
            return true;
    }
}

static bool search_by_halves(const struct rtl_pe_exports *exports, const char *name,
                             uint32_t *index)
{
    uint32_t low = 0, high = exports->directory.NumberOfNames;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order;
        if (!compare(exports, name, middle, &order))
            return false;
        if (order == 0) {
            *index = middle;
            return true;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

static bool search_one_by_one(const struct rtl_pe_exports *exports, const char *name,
                              uint32_t *index)
{
    for (uint32_t i = 0; i < exports->directory.NumberOfNames; i++) {
        int order;
        if (compare(exports, name, i, &order) && order == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

/* Names must be sorted, and not all linkers' are: what is not found by halves is looked for in full. */
MUST_CHECK NTSTATUS rtl_pe_export_find(const struct rtl_pe_exports *exports, const char *name,
                                       struct rtl_pe_export *found)
{
    uint32_t index;
    if (!search_by_halves(exports, name, &index) && !search_one_by_one(exports, name, &index))
        return STATUS_ENTRYPOINT_NOT_FOUND;
    return rtl_pe_export_name(exports, index, found);
}
