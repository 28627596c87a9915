/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Import, delay import and bound import directories. The directories' sizes are not trusted to count descriptors: as
 * ".idata" says, an empty one ends them.
 */
#include "rtl/pe.h"

#include "rtl/memory.h"

/* RVA of entry `index` of a table; false: it lies outside the image. */
static bool element(const struct rtl_pe *pe, uint32_t table, uint32_t index, uint32_t bytes,
                    uint32_t *rva)
{
    uint64_t at = table + (uint64_t)index * bytes;
    if (at >= pe->image_bytes)
        return false;
    *rva = (uint32_t)at;
    return true;
}

MUST_CHECK NTSTATUS rtl_pe_import_module(const struct rtl_pe *pe, uint32_t index,
                                         struct rtl_pe_module *module)
{
    IMAGE_DATA_DIRECTORY directory;
    IMAGE_IMPORT_DESCRIPTOR descriptor;
    struct rtl_pe_text name;
    uint32_t rva;
    if (!rtl_pe_directory(pe, IMAGE_DIRECTORY_ENTRY_IMPORT, &directory))
        return STATUS_NO_MORE_ENTRIES;
    if (!element(pe, directory.VirtualAddress, index, sizeof(descriptor), &rva) ||
        !rtl_pe_read(pe, rva, &descriptor, sizeof(descriptor)))
        return STATUS_INVALID_IMAGE_FORMAT;
    if (descriptor.Name == 0 || descriptor.FirstThunk == 0)
        return STATUS_NO_MORE_ENTRIES;
    if (!rtl_pe_read_text(pe, descriptor.Name, &name))
        return STATUS_INVALID_IMAGE_FORMAT;
    *module = (struct rtl_pe_module){
        .name = name,
        .names_rva = descriptor.OriginalFirstThunk != 0 ? descriptor.OriginalFirstThunk
                                                        : descriptor.FirstThunk,
        .addresses_rva = descriptor.FirstThunk,
        .time_date_stamp = descriptor.TimeDateStamp,
        .bound = descriptor.TimeDateStamp != 0,
    };
    return STATUS_SUCCESS;
}

MUST_CHECK NTSTATUS rtl_pe_delay_module(const struct rtl_pe *pe, uint32_t index,
                                        struct rtl_pe_module *module)
{
    IMAGE_DATA_DIRECTORY directory;
    IMAGE_DELAYLOAD_DESCRIPTOR descriptor;
    struct rtl_pe_text name;
    uint32_t rva;
    if (!rtl_pe_directory(pe, IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT, &directory))
        return STATUS_NO_MORE_ENTRIES;
    if (!element(pe, directory.VirtualAddress, index, sizeof(descriptor), &rva) ||
        !rtl_pe_read(pe, rva, &descriptor, sizeof(descriptor)))
        return STATUS_INVALID_IMAGE_FORMAT;
    if (descriptor.DllNameRVA == 0)
        return STATUS_NO_MORE_ENTRIES;
    if (!rtl_pe_read_text(pe, descriptor.DllNameRVA, &name))
        return STATUS_INVALID_IMAGE_FORMAT;
    *module = (struct rtl_pe_module){
        .name = name,
        .names_rva = descriptor.ImportNameTableRVA,
        .addresses_rva = descriptor.ImportAddressTableRVA,
        .time_date_stamp = descriptor.TimeDateStamp,
        .bound = descriptor.TimeDateStamp != 0,
        .delayed = true,
    };
    return STATUS_SUCCESS;
}

MUST_CHECK NTSTATUS rtl_pe_import(const struct rtl_pe *pe, const struct rtl_pe_module *module,
                                  uint32_t index, struct rtl_pe_import *import)
{
    struct rtl_pe_import found = { 0 };
    uint32_t rva;
    uint64_t thunk;
    if (!element(pe, module->names_rva, index, sizeof(thunk), &rva) ||
        !element(pe, module->addresses_rva, index, sizeof(thunk), &found.slot_rva) ||
        !rtl_pe_read(pe, rva, &thunk, sizeof(thunk)))
        return STATUS_INVALID_IMAGE_FORMAT;
    if (thunk == 0)
        return STATUS_NO_MORE_ENTRIES;
    if (IMAGE_SNAP_BY_ORDINAL64(thunk)) {
        found.ordinal = (uint16_t)IMAGE_ORDINAL64(thunk);
    } else {
        /* "Import Lookup Table": 31 bits; where there is none, a bound slot holds an address instead. */
        if (thunk > INT32_MAX ||
            !rtl_pe_read(pe, (uint32_t)thunk, &found.hint, sizeof(found.hint)) ||
            !rtl_pe_read_text(pe, (uint32_t)thunk + sizeof(found.hint), &found.name))
            return STATUS_INVALID_IMAGE_FORMAT;
    }
    *import = found;
    return STATUS_SUCCESS;
}

/* Source: Microsoft "PE Format" names the directory only; the structure's page is Win32 "ImageHlp structures". */
MUST_CHECK NTSTATUS rtl_pe_bound_import(const struct rtl_pe *pe, uint32_t index,
                                        struct rtl_pe_bound *bound)
{
    IMAGE_DATA_DIRECTORY directory;
    IMAGE_BOUND_IMPORT_DESCRIPTOR descriptor;
    struct rtl_pe_text name;
    uint32_t rva;
    if (!rtl_pe_directory(pe, IMAGE_DIRECTORY_ENTRY_BOUND_IMPORT, &directory))
        return STATUS_NO_MORE_ENTRIES;
    if (!element(pe, directory.VirtualAddress, index, sizeof(descriptor), &rva) ||
        !rtl_pe_read(pe, rva, &descriptor, sizeof(descriptor)))
        return STATUS_INVALID_IMAGE_FORMAT;
    if (descriptor.OffsetModuleName == 0)
        return STATUS_NO_MORE_ENTRIES;
    if (!element(pe, directory.VirtualAddress, descriptor.OffsetModuleName, 1, &rva) ||
        !rtl_pe_read_text(pe, rva, &name))
        return STATUS_INVALID_IMAGE_FORMAT;
    *bound = (struct rtl_pe_bound){ name, descriptor.TimeDateStamp,
                                    descriptor.NumberOfModuleForwarderRefs };
    return STATUS_SUCCESS;
}

/* --- Binding -------------------------------------------------------------------------------------------------- */

struct binding {
    const struct rtl_pe *pe;
    uint8_t *image;
    rtl_pe_resolve *resolve;
    void *context;
    NTSTATUS first_failure;
};

/* All slots of a DLL. What ends it early is an image that does not hold together. */
static NTSTATUS bind_module(struct binding *binding, const struct rtl_pe_module *module)
{
    for (uint32_t i = 0;; i++) {
        struct rtl_pe_import import;
        uint64_t address;
        NTSTATUS status = rtl_pe_import(binding->pe, module, i, &import);
        if (!NT_SUCCESS(status))
            return status;
        if (import.slot_rva > binding->pe->image_bytes - sizeof(address))
            return STATUS_INVALID_IMAGE_FORMAT;
        status = binding->resolve(binding->context, module, &import, &address);
        if (NT_SUCCESS(status))
            memcpy(binding->image + import.slot_rva, &address, sizeof(address));
        else if (NT_SUCCESS(binding->first_failure))
            binding->first_failure = status;
    }
}

MUST_CHECK NTSTATUS rtl_pe_bind(const struct rtl_pe *pe, void *image, rtl_pe_resolve *resolve,
                                void *context)
{
    struct binding binding = { pe, image, resolve, context, STATUS_SUCCESS };
    for (uint32_t i = 0;; i++) {
        struct rtl_pe_module module;
        NTSTATUS status = rtl_pe_import_module(pe, i, &module);
        if (status == STATUS_NO_MORE_ENTRIES)
            return binding.first_failure;
        if (NT_SUCCESS(status))
            status = bind_module(&binding, &module);
        if (status != STATUS_NO_MORE_ENTRIES)
            return status;
    }
}
