/* SPDX-License-Identifier: BSD-2-Clause */
/* ".rsrc": three levels of directories, type, name and language; offsets count from the directory's beginning. */
#include "rtl/pe.h"

#include "rtl/memory.h"

struct tree {
    const struct rtl_pe *pe;
    IMAGE_DATA_DIRECTORY place;
};

static bool read_at(const struct tree *tree, uint64_t offset, void *to, size_t bytes)
{
    uint64_t rva = tree->place.VirtualAddress + offset;
    return rva < tree->pe->image_bytes && rtl_pe_read(tree->pe, (uint32_t)rva, to, bytes);
}

/* Is the counted string at this offset the key's? */
static bool name_is(const struct tree *tree, uint32_t offset, const struct rtl_pe_resource_key *key)
{
    uint16_t length;
    if (!read_at(tree, offset, &length, sizeof(length)) || length != key->length)
        return false;
    for (uint32_t i = 0; i < length; i++) {
        uint16_t c;
        if (!read_at(tree, offset + sizeof(length) + (uint64_t)i * sizeof(c), &c, sizeof(c)) ||
            c != key->chars[i])
            return false;
    }
    return true;
}

static bool matches(const struct tree *tree, const IMAGE_RESOURCE_DIRECTORY_ENTRY *entry,
                    const struct rtl_pe_resource_key *key)
{
    if (key->any)
        return true;
    if (key->chars != NULL)
        return entry->NameIsString && name_is(tree, entry->NameOffset, key);
    return !entry->NameIsString && entry->Id == key->id;
}

static NTSTATUS find(const struct tree *tree, uint32_t directory_at,
                     const struct rtl_pe_resource_key *key, IMAGE_RESOURCE_DIRECTORY_ENTRY *found)
{
    IMAGE_RESOURCE_DIRECTORY directory;
    if (!read_at(tree, directory_at, &directory, sizeof(directory)))
        return STATUS_INVALID_IMAGE_FORMAT;
    uint32_t count = (uint32_t)directory.NumberOfNamedEntries + directory.NumberOfIdEntries;
    for (uint32_t i = 0; i < count; i++) {
        IMAGE_RESOURCE_DIRECTORY_ENTRY entry;
        uint64_t at = directory_at + sizeof(directory) + (uint64_t)i * sizeof(entry);
        if (!read_at(tree, at, &entry, sizeof(entry)))
            return STATUS_INVALID_IMAGE_FORMAT;
        if (matches(tree, &entry, key)) {
            *found = entry;
            return STATUS_SUCCESS;
        }
    }
    return STATUS_NOT_FOUND;
}

MUST_CHECK NTSTATUS rtl_pe_find_resource(const struct rtl_pe *pe,
                                         const struct rtl_pe_resource_key path[3],
                                         struct rtl_pe_resource *resource)
{
    struct tree tree = { .pe = pe };
    IMAGE_RESOURCE_DIRECTORY_ENTRY entry = { .OffsetToData = 0 };
    IMAGE_RESOURCE_DATA_ENTRY data;
    if (!rtl_pe_directory(pe, IMAGE_DIRECTORY_ENTRY_RESOURCE, &tree.place))
        return STATUS_NOT_FOUND;
    for (uint32_t level = 0; level < 3; level++) {
        NTSTATUS status = find(&tree, entry.OffsetToDirectory, &path[level], &entry);
        if (!NT_SUCCESS(status))
            return status;
        if (entry.DataIsDirectory != (level < 2))
            return STATUS_INVALID_IMAGE_FORMAT;
    }
    if (!read_at(&tree, entry.OffsetToData, &data, sizeof(data)) ||
        data.OffsetToData >= pe->image_bytes || data.Size > pe->image_bytes - data.OffsetToData)
        return STATUS_INVALID_IMAGE_FORMAT;
    *resource = (struct rtl_pe_resource){ data.OffsetToData, data.Size, data.CodePage };
    return STATUS_SUCCESS;
}
