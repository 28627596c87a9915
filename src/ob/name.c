/* SPDX-License-Identifier: BSD-2-Clause */
/* Giving objects their names: the directory that a path leads to, and the name in it. */
#include <nt/ntstatus.h>

#include "ob/ob_impl.h"

/* The path up to its last backslash, and what stands behind that. A path without one is all name. */
static void split(const UNICODE_STRING *path, UNICODE_STRING *out_parent, UNICODE_STRING *out_name)
{
    uint32_t chars = path->Length / sizeof(WCHAR);
    uint32_t begin = chars;
    while (begin > 0 && path->Buffer[begin - 1] != u'\\')
        begin--;
    uint32_t parent_chars = begin > 1 ? begin - 1 : begin; /* the root keeps its backslash */
    *out_parent = (UNICODE_STRING){ (USHORT)(parent_chars * sizeof(WCHAR)), 0, path->Buffer };
    *out_name =
        (UNICODE_STRING){ (USHORT)((chars - begin) * sizeof(WCHAR)), 0, path->Buffer + begin };
    out_parent->MaximumLength = out_parent->Length;
    out_name->MaximumLength = out_name->Length;
}

static NTSTATUS find_parent(void *root, const UNICODE_STRING *parent, uint32_t attributes,
                            struct ob_directory **out_directory)
{
    struct ob_parse parse = { .attributes = attributes, .wanted = ob.directory_type };
    void *body;
    if (root != NULL && parent->Length == 0) {
        if (ob_type_of(root) != ob.directory_type)
            return STATUS_OBJECT_TYPE_MISMATCH;
        ob_reference(root);
        *out_directory = root;
        return STATUS_SUCCESS;
    }
    NTSTATUS status = ob_lookup(root, parent, &parse, &body);
    if (status == STATUS_OBJECT_NAME_NOT_FOUND)
        return STATUS_OBJECT_PATH_NOT_FOUND;
    if (NT_SUCCESS(status))
        *out_directory = body;
    return status;
}

/* Somebody has the name: the caller wants that one, or none. */
static NTSTATUS settle(struct ob_header *existing, struct ob_header *header, uint32_t attributes,
                       void **out_body)
{
    NTSTATUS status = STATUS_OBJECT_NAME_COLLISION;
    if (attributes & OBJ_OPENIF)
        status = existing->type == header->type ? STATUS_OBJECT_NAME_EXISTS
                                                : STATUS_OBJECT_TYPE_MISMATCH;
    if (!NT_SUCCESS(status)) {
        ob_dereference_many(existing, 1);
        return status;
    }
    *out_body = ob_body_of(existing);
    ob_dereference_many(header, 1);
    return status;
}

MUST_CHECK NTSTATUS ob_name(void *body, void *root, const UNICODE_STRING *path, uint32_t attributes,
                            void **out_body)
{
    struct ob_header *header = ob_header_of(body);
    struct ob_header *existing;
    struct ob_directory *directory;
    UNICODE_STRING parent, name;
    split(path, &parent, &name);
    if (name.Length == 0)
        return path->Length == 0 ? STATUS_OBJECT_PATH_SYNTAX_BAD : STATUS_OBJECT_NAME_INVALID;
    if (path->Length % sizeof(WCHAR) != 0)
        return STATUS_OBJECT_NAME_INVALID;
    NTSTATUS status = find_parent(root, &parent, attributes, &directory);
    if (!NT_SUCCESS(status))
        return status;
    if (attributes & OBJ_PERMANENT)
        (void)atomic_or(&header->flags, OB_PERMANENT);
    status =
        ob_directory_insert(directory, &name, attributes & OBJ_CASE_INSENSITIVE, header, &existing);
    ob_dereference(directory);
    if (status == STATUS_OBJECT_NAME_COLLISION)
        return settle(existing, header, attributes, out_body);
    if (NT_SUCCESS(status))
        *out_body = body;
    return status;
}

void ob_make_temporary(void *body)
{
    struct ob_header *header = ob_header_of(body);
    (void)atomic_and(&header->flags, ~OB_PERMANENT);
    ob_directory_remove(header, true);
}

/* --- What every system has ---------------------------------------------------------------------------------- */

static const WCHAR *const standard[] = {
    u"\\GLOBAL??",   u"\\ObjectTypes",      u"\\Device",        u"\\Driver",
    u"\\FileSystem", u"\\BaseNamedObjects", u"\\KernelObjects", u"\\Callback",
    u"\\Security",   u"\\Sessions",         u"\\RPC Control",   u"\\KnownDlls",
};

MUST_CHECK NTSTATUS ob_make_directory(const WCHAR *path, struct ob_directory **out_directory)
{
    struct ob_directory *directory;
    void *body;
    UNICODE_STRING string = { .Buffer = (WCHAR *)(uintptr_t)path };
    while (path[string.Length / sizeof(WCHAR)] != 0)
        string.Length += sizeof(WCHAR);
    string.MaximumLength = string.Length;
    NTSTATUS status = ob_directory_create(&directory);
    if (!NT_SUCCESS(status))
        return status;
    status = ob_name(directory, NULL, &string, OBJ_PERMANENT | OBJ_CASE_INSENSITIVE, &body);
    if (NT_SUCCESS(status) && out_directory != NULL)
        *out_directory = directory; /* its name keeps it */
    ob_dereference(directory);
    return status;
}

MUST_CHECK NTSTATUS ob_name_init(void)
{
    NTSTATUS status = ob_directory_create(&ob.root);
    for (size_t i = 0; NT_SUCCESS(status) && i < ARRAY_COUNT(standard); i++) {
        struct ob_directory *directory;
        status = ob_make_directory(standard[i], &directory);
        if (NT_SUCCESS(status) && i < 2)
            *(i == 0 ? &ob.dos_devices : &ob.types) = directory;
    }
    return status;
}
