/* SPDX-License-Identifier: BSD-2-Clause */
/* Load configuration, thread-local storage, function table and debug directory. */
#include "rtl/pe.h"

#include "rtl/memory.h"

/* --- ".load config": its own Size says how much of it there is ------------------------------------------------- */

MUST_CHECK NTSTATUS rtl_pe_load_config(const struct rtl_pe *pe,
                                       IMAGE_LOAD_CONFIG_DIRECTORY64 *config)
{
    IMAGE_DATA_DIRECTORY directory;
    IMAGE_LOAD_CONFIG_DIRECTORY64 found = { 0 };
    uint32_t bytes;
    if (!rtl_pe_directory(pe, IMAGE_DIRECTORY_ENTRY_LOAD_CONFIG, &directory))
        return STATUS_NOT_FOUND;
    if (!rtl_pe_read(pe, directory.VirtualAddress, &bytes, sizeof(bytes)))
        return STATUS_INVALID_IMAGE_FORMAT;
    bytes = bytes < sizeof(found) ? bytes : (uint32_t)sizeof(found);
    if (!rtl_pe_read(pe, directory.VirtualAddress, &found, bytes))
        return STATUS_INVALID_IMAGE_FORMAT;
    *config = found;
    return STATUS_SUCCESS;
}

MUST_CHECK NTSTATUS rtl_pe_security_cookie(const struct rtl_pe *pe, uint32_t *rva)
{
    IMAGE_LOAD_CONFIG_DIRECTORY64 config;
    NTSTATUS status = rtl_pe_load_config(pe, &config);
    if (!NT_SUCCESS(status))
        return status;
    if (config.SecurityCookie == 0)
        return STATUS_NOT_FOUND;
    uint32_t found;
    if (!rtl_pe_rva_of(pe, config.SecurityCookie, &found) ||
        found > pe->image_bytes - sizeof(uint64_t))
        return STATUS_INVALID_IMAGE_FORMAT;
    *rva = found;
    return STATUS_SUCCESS;
}

/* --- ".tls" ---------------------------------------------------------------------------------------------------- */

MUST_CHECK NTSTATUS rtl_pe_tls(const struct rtl_pe *pe, struct rtl_pe_tls *tls)
{
    IMAGE_DATA_DIRECTORY directory;
    IMAGE_TLS_DIRECTORY64 raw;
    struct rtl_pe_tls found = { 0 };
    if (!rtl_pe_directory(pe, IMAGE_DIRECTORY_ENTRY_TLS, &directory))
        return STATUS_NOT_FOUND;
    if (!rtl_pe_read(pe, directory.VirtualAddress, &raw, sizeof(raw)))
        return STATUS_INVALID_IMAGE_FORMAT;
    uint64_t bytes = raw.EndAddressOfRawData - raw.StartAddressOfRawData;
    if (bytes != 0 && (!rtl_pe_rva_of(pe, raw.StartAddressOfRawData, &found.template_rva) ||
                       bytes > pe->image_bytes - found.template_rva))
        return STATUS_INVALID_IMAGE_FORMAT;
    if (!rtl_pe_rva_of(pe, raw.AddressOfIndex, &found.index_rva) ||
        found.index_rva > pe->image_bytes - sizeof(uint32_t))
        return STATUS_INVALID_IMAGE_FORMAT;
    if (raw.AddressOfCallBacks != 0 &&
        !rtl_pe_rva_of(pe, raw.AddressOfCallBacks, &found.callbacks_rva))
        return STATUS_INVALID_IMAGE_FORMAT;
    found.template_bytes = (uint32_t)bytes;
    found.zero_bytes = raw.SizeOfZeroFill;
    *tls = found;
    return STATUS_SUCCESS;
}

MUST_CHECK NTSTATUS rtl_pe_tls_callback(const struct rtl_pe *pe, const struct rtl_pe_tls *tls,
                                        uint32_t index, uint32_t *rva)
{
    uint64_t at = tls->callbacks_rva + (uint64_t)index * sizeof(uint64_t), callback;
    uint32_t found;
    if (tls->callbacks_rva == 0)
        return STATUS_NO_MORE_ENTRIES;
    if (at >= pe->image_bytes || !rtl_pe_read(pe, (uint32_t)at, &callback, sizeof(callback)))
        return STATUS_INVALID_IMAGE_FORMAT;
    if (callback == 0)
        return STATUS_NO_MORE_ENTRIES;
    if (!rtl_pe_rva_of(pe, callback, &found))
        return STATUS_INVALID_IMAGE_FORMAT;
    *rva = found;
    return STATUS_SUCCESS;
}

/* --- ".pdata": sorted by address ------------------------------------------------------------------------------- */

MUST_CHECK NTSTATUS rtl_pe_function(const struct rtl_pe *pe, uint32_t rva,
                                    RUNTIME_FUNCTION *function)
{
    IMAGE_DATA_DIRECTORY directory;
    if (!rtl_pe_directory(pe, IMAGE_DIRECTORY_ENTRY_EXCEPTION, &directory))
        return STATUS_NOT_FOUND;
    if (directory.VirtualAddress >= pe->image_bytes ||
        directory.Size > pe->image_bytes - directory.VirtualAddress)
        return STATUS_INVALID_IMAGE_FORMAT;
    uint32_t low = 0, high = directory.Size / sizeof(*function);
    while (low < high) {
        RUNTIME_FUNCTION entry;
        uint32_t middle = low + (high - low) / 2;
        if (!rtl_pe_read(pe, directory.VirtualAddress + middle * (uint32_t)sizeof(entry), &entry,
                         sizeof(entry)))
            return STATUS_INVALID_IMAGE_FORMAT;
        if (rva < entry.BeginAddress) {
            high = middle;
        } else if (rva >= entry.EndAddress) {
            low = middle + 1;
        } else {
            *function = entry;
            return STATUS_SUCCESS;
        }
    }
    return STATUS_NOT_FOUND;
}

/* --- Debug directory -------------------------------------------------------------------------------------------- */

MUST_CHECK NTSTATUS rtl_pe_debug(const struct rtl_pe *pe, uint32_t index,
                                 IMAGE_DEBUG_DIRECTORY *entry)
{
    IMAGE_DATA_DIRECTORY directory;
    if (!rtl_pe_directory(pe, IMAGE_DIRECTORY_ENTRY_DEBUG, &directory) ||
        index >= directory.Size / sizeof(*entry))
        return STATUS_NO_MORE_ENTRIES;
    uint64_t at = directory.VirtualAddress + (uint64_t)index * sizeof(*entry);
    if (at >= pe->image_bytes || !rtl_pe_read(pe, (uint32_t)at, entry, sizeof(*entry)))
        return STATUS_INVALID_IMAGE_FORMAT;
    return STATUS_SUCCESS;
}

/* What a linker writes for IMAGE_DEBUG_TYPE_CODEVIEW, as found in the files of llvm's and Microsoft's. */
#define RSDS_SIGNATURE 0x53445352u /* "RSDS" */
#define RSDS_NAME_AT   24u

static NTSTATUS read_pdb(const struct rtl_pe *pe, uint32_t rva, struct rtl_pe_pdb *pdb)
{
    uint8_t header[RSDS_NAME_AT];
    struct rtl_pe_pdb found;
    uint32_t signature;
    if (rva >= pe->image_bytes || !rtl_pe_read(pe, rva, header, sizeof(header)))
        return STATUS_INVALID_IMAGE_FORMAT;
    memcpy(&signature, header, sizeof(signature));
    if (signature != RSDS_SIGNATURE)
        return STATUS_NOT_FOUND;
    memcpy(found.guid, header + 4, sizeof(found.guid));
    memcpy(&found.age, header + 20, sizeof(found.age));
    if (!rtl_pe_read_text(pe, rva + RSDS_NAME_AT, &found.name))
        return STATUS_INVALID_IMAGE_FORMAT;
    *pdb = found;
    return STATUS_SUCCESS;
}

MUST_CHECK NTSTATUS rtl_pe_pdb(const struct rtl_pe *pe, struct rtl_pe_pdb *pdb)
{
    IMAGE_DEBUG_DIRECTORY entry;
    NTSTATUS status;
    for (uint32_t i = 0; NT_SUCCESS(status = rtl_pe_debug(pe, i, &entry)); i++) {
        /* Not mapped: at 0. Debuggers look for that in the file, the kernel has no use for it. */
        if (entry.Type == IMAGE_DEBUG_TYPE_CODEVIEW && entry.AddressOfRawData != 0)
            return read_pdb(pe, entry.AddressOfRawData, pdb);
    }
    return status == STATUS_NO_MORE_ENTRIES ? STATUS_NOT_FOUND : status;
}
