/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Feeds rtl/pe.c and what stands beside it: the input is a file. What opens is walked through to the end, in the file's
 * layout and in memory's; relocating page by page must give what relocating the whole gives. An input also opens
 * as a mapping by itself, with headers that say more than there is.
 */
#include <stdlib.h>
#include <string.h>

#include <nt/rtl_ddi.h>

#include "rtl/pe.h"

#define PAGE       0x1000u
#define MAPPED_MAX (16u * PAGE) /* larger ones are walked, not mapped */
#define DELTA      0x123456789abcu
#define STEPS_MAX  300u /* of a walk: an input can make them as long as the image */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* A text lies in the bytes, or is the empty one. */
static void check_text(const struct rtl_pe *pe, struct rtl_pe_text text)
{
    const uint8_t *chars = (const uint8_t *)text.chars;
    require(text.length == 0 || (chars >= pe->bytes && text.length <= pe->length &&
                                 (size_t)(chars - pe->bytes) <= pe->length - text.length));
    require(memchr(text.chars, 0, text.length) == NULL);
}

static void walk_exports(const struct rtl_pe *pe)
{
    struct rtl_pe_exports exports;
    struct rtl_pe_export found;
    uint32_t number;
    if (!NT_SUCCESS(rtl_pe_exports_open(pe, &exports)))
        return;
    for (uint32_t i = 0; i < exports.directory.NumberOfFunctions && i < STEPS_MAX; i++) {
        if (!NT_SUCCESS(rtl_pe_export_by_ordinal(&exports, exports.directory.Base + i, &found)))
            continue;
        require(found.forwarder.chars != NULL || found.rva < pe->image_bytes);
        if (found.forwarder.chars != NULL)
            check_text(pe, found.forwarder);
        (void)rtl_pe_service_number(pe, found.rva, &number); /* any answer will do */
    }
    for (uint32_t i = 0; i < STEPS_MAX; i++) {
        NTSTATUS status = rtl_pe_export_name(&exports, i, &found);
        if (status == STATUS_NO_MORE_ENTRIES)
            break;
        if (NT_SUCCESS(status))
            check_text(pe, found.name);
    }
    (void)rtl_pe_export_find(&exports, "b", &found); /* it may not have it */
}

static void walk_imports(const struct rtl_pe *pe,
                         NTSTATUS (*next)(const struct rtl_pe *, uint32_t, struct rtl_pe_module *))
{
    struct rtl_pe_module module;
    struct rtl_pe_import import;
    uint32_t steps = 0;
    for (uint32_t i = 0; steps++ < STEPS_MAX && NT_SUCCESS(next(pe, i, &module)); i++) {
        check_text(pe, module.name);
        for (uint32_t j = 0;
             steps++ < STEPS_MAX && NT_SUCCESS(rtl_pe_import(pe, &module, j, &import)); j++) {
            if (import.name.chars != NULL)
                check_text(pe, import.name);
            require(import.slot_rva < pe->image_bytes);
        }
    }
}

static void walk_others(const struct rtl_pe *pe)
{
    static const uint16_t name[] = { 'A', 'B' };
    const struct rtl_pe_resource_key paths[][3] = {
        { { .any = true }, { .any = true }, { .any = true } },
        { { .id = RTL_PE_RESOURCE_VERSION }, { .id = 1 }, { .any = true } },
        { { .chars = name, .length = 2 }, { .any = true }, { .id = 0x409 } },
    };
    struct rtl_pe_resource resource;
    struct rtl_pe_bound bound;
    struct rtl_pe_tls tls;
    struct rtl_pe_pdb pdb;
    IMAGE_LOAD_CONFIG_DIRECTORY64 config;
    RUNTIME_FUNCTION function;
    uint32_t rva;
    for (size_t i = 0; i < ARRAY_COUNT(paths); i++) {
        if (NT_SUCCESS(rtl_pe_find_resource(pe, paths[i], &resource)))
            require(resource.rva < pe->image_bytes &&
                    resource.bytes <= pe->image_bytes - resource.rva);
    }
    for (uint32_t i = 0; i < STEPS_MAX && NT_SUCCESS(rtl_pe_bound_import(pe, i, &bound)); i++)
        check_text(pe, bound.name);
    if (NT_SUCCESS(rtl_pe_tls(pe, &tls))) {
        require(tls.template_bytes <= pe->image_bytes && tls.index_rva < pe->image_bytes);
        for (uint32_t i = 0; i < STEPS_MAX && NT_SUCCESS(rtl_pe_tls_callback(pe, &tls, i, &rva));
             i++)
            require(rva < pe->image_bytes);
    }
    if (NT_SUCCESS(rtl_pe_pdb(pe, &pdb)))
        check_text(pe, pdb.name);
    if (NT_SUCCESS(rtl_pe_security_cookie(pe, &rva)))
        require(rva <= pe->image_bytes - 8);
    (void)rtl_pe_load_config(pe, &config); /* any contents will do */
    if (NT_SUCCESS(rtl_pe_function(pe, 0x1010, &function)))
        require(function.BeginAddress <= 0x1010 && 0x1010 < function.EndAddress);
}

static void walk(const struct rtl_pe *pe)
{
    walk_exports(pe);
    walk_imports(pe, rtl_pe_import_module);
    walk_imports(pe, rtl_pe_delay_module);
    walk_others(pe);
}

static NTSTATUS resolve(void *context, const struct rtl_pe_module *module,
                        const struct rtl_pe_import *import, uint64_t *address)
{
    uint32_t *asked = context;
    (void)module;
    if (import->hint % 2 != 0)
        return STATUS_ENTRYPOINT_NOT_FOUND;
    *address = ++*asked;
    return STATUS_SUCCESS;
}

static uint8_t *map_pages(const struct rtl_pe *pe)
{
    uint8_t *memory = calloc(1, pe->image_bytes);
    for (uint32_t rva = 0; rva < pe->image_bytes; rva += PAGE) {
        struct rtl_pe_page page;
        require(rtl_pe_page(pe, rva, &page));
        require(page.file_offset <= pe->length && page.file_bytes <= PAGE &&
                page.file_bytes <= pe->length - page.file_offset);
        memcpy(memory + rva, pe->bytes + page.file_offset, page.file_bytes);
    }
    return memory;
}

/* Two pointers that overlap add up in one place and not page by page, where each starts from what was linked. */
static bool overlap(const struct rtl_pe *pe, uint8_t *taken)
{
    struct rtl_pe_relocation_cursor cursor = { 0, 0 };
    struct rtl_pe_relocation relocation;
    while (NT_SUCCESS(rtl_pe_relocation(pe, &cursor, &relocation))) {
        uint32_t bytes = relocation.type == IMAGE_REL_BASED_DIR64     ? 8
                         : relocation.type == IMAGE_REL_BASED_HIGHLOW ? 4
                                                                      : 0;
        for (uint32_t i = 0; i < bytes; i++) {
            if (taken[relocation.rva + i]++ != 0)
                return true;
        }
    }
    return false;
}

/* Relocations that relocate the headers, or themselves, change what is being read. */
static bool moves_itself(const struct rtl_pe *pe, const uint8_t *taken)
{
    IMAGE_DATA_DIRECTORY directory;
    if (!rtl_pe_directory(pe, IMAGE_DIRECTORY_ENTRY_BASERELOC, &directory))
        return false;
    for (uint32_t i = 0; i < pe->image_bytes; i++) {
        bool table = i - directory.VirtualAddress < directory.Size;
        if (taken[i] != 0 && (table || i < PAGE))
            return true;
    }
    return false;
}

static void relocate_both_ways(const struct rtl_pe *pe, struct rtl_pe *mapped, uint8_t *memory)
{
    uint8_t *taken = calloc(1, pe->image_bytes), *pages = map_pages(pe);
    NTSTATUS status = rtl_pe_check_relocations(pe);
    bool same = NT_SUCCESS(status) && !overlap(pe, taken) && !moves_itself(pe, taken);
    if (NT_SUCCESS(rtl_pe_relocate(mapped, memory, DELTA)))
        require(NT_SUCCESS(status) || pe->layout == RTL_PE_FILE);
    for (uint32_t rva = 0; rva < pe->image_bytes; rva += PAGE) {
        NTSTATUS page_status = rtl_pe_relocate_page(pe, rva, pages + rva, DELTA);
        require(!same || NT_SUCCESS(page_status));
        require(!same || rva == 0 || memcmp(pages + rva, memory + rva, PAGE) == 0);
    }
    free(pages);
    free(taken);
}

static void walk_mapped(const struct rtl_pe *pe)
{
    struct rtl_pe mapped;
    uint32_t asked = 0;
    uint8_t *memory = map_pages(pe);
    if (NT_SUCCESS(rtl_pe_open(&mapped, memory, pe->image_bytes, RTL_PE_MAPPED,
                               IMAGE_FILE_MACHINE_AMD64, NULL))) {
        walk(&mapped);
        relocate_both_ways(pe, &mapped, memory);
        (void)rtl_pe_bind(&mapped, memory, resolve, &asked); /* half of them are missing */
    }
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct rtl_pe pe;
    enum rtl_pe_refusal refusal;
    uint8_t *copy = malloc(bytes); /* of its exact size, for the sanitizer */
    memcpy(copy, data, bytes);
    for (int layout = RTL_PE_FILE; layout <= RTL_PE_MAPPED; layout++) {
        NTSTATUS status = rtl_pe_open(&pe, copy, bytes, (enum rtl_pe_layout)layout,
                                      IMAGE_FILE_MACHINE_AMD64, &refusal);
        require(NT_SUCCESS(status) == (refusal == RTL_PE_NONE));
        require(rtl_pe_refusal_text(refusal)[0] != 0);
        if (!NT_SUCCESS(status))
            continue;
        walk(&pe);
        (void)rtl_pe_verify_checksum(&pe);
        if (layout == RTL_PE_FILE && pe.image_bytes <= MAPPED_MAX)
            walk_mapped(&pe);
    }
    IMAGE_NT_HEADERS *headers;
    (void)RtlImageNtHeaderEx(0, copy, bytes, &headers);
    free(copy);
    return 0;
}
