/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handles to objects: opened with an access that the type allows, checked when they are used, counted in the object,
 * closed and duplicated. Which table belongs to whom is Ps' business.
 *
 * A handle is counted before the table has it, and until the table has it no more; so an object whose count is zero has
 * no handle anywhere. Who opens by name looks for OB_UNNAMED after he has counted (directory.c says why).
 */
#include <nt/ntstatus.h>

#include "ob/ob_impl.h"

static void count_handle(struct ob_header *header)
{
    (void)atomic_add(&header->handles, 1);
    (void)atomic_add(&header->type->handles, 1);
}

/* A handle less; the object's last one takes its name along. The caller has a reference. */
static void uncount_handle(struct ob_header *header, ACCESS_MASK access, bool was_open)
{
    POBJECT_TYPE type = header->type;
    int64_t left = atomic_sub(&header->handles, 1) - 1;
    CHECK(left >= 0);
    (void)atomic_sub(&type->handles, 1);
    if (was_open && type->options.close != NULL)
        type->options.close(ob_body_of(header), access, left);
    if (left == 0)
        ob_directory_remove(header, true);
}

/* The access that a handle gets: generic bits are the type's own, and nothing that the type does not know. */
static NTSTATUS granted(POBJECT_TYPE type, ACCESS_MASK wanted, ACCESS_MASK *out_access)
{
    ACCESS_MASK access = ob_type_map_access(type, wanted);
    if (access & MAXIMUM_ALLOWED)
        access = (access & ~MAXIMUM_ALLOWED) | type->options.mapping.GenericAll;
    if (access & ~(type->options.valid_access | ACCESS_SYSTEM_SECURITY))
        return STATUS_ACCESS_DENIED;
    *out_access = access;
    return STATUS_SUCCESS;
}

/* Counted already. */
static NTSTATUS insert(struct ob_handle_table *table, struct ob_header *header, ACCESS_MASK access,
                       uint32_t flags, HANDLE *out_handle)
{
    POBJECT_TYPE type = header->type;
    struct ob_handle_info info = { header, access, flags };
    if (type->options.open != NULL) {
        NTSTATUS status = type->options.open(ob_body_of(header), access);
        if (!NT_SUCCESS(status)) {
            uncount_handle(header, access, false);
            return status;
        }
    }
    NTSTATUS status = ob_handle_insert(table, &info, out_handle);
    if (!NT_SUCCESS(status))
        uncount_handle(header, access, true);
    return status;
}

MUST_CHECK NTSTATUS ob_open(struct ob_handle_table *table, void *body, ACCESS_MASK access,
                            uint32_t flags, HANDLE *out_handle)
{
    IRQL_IS(PASSIVE_LEVEL);
    struct ob_header *header = ob_header_of(body);
    ACCESS_MASK mapped;
    NTSTATUS status = granted(header->type, access, &mapped);
    if (!NT_SUCCESS(status))
        return status;
    count_handle(header);
    return insert(table, header, mapped, flags, out_handle);
}

/* Looked up, referenced and counted. */
static NTSTATUS look_up_and_count(void *root, const UNICODE_STRING *path, struct ob_parse *parse,
                                  void **out_body)
{
    for (;;) {
        NTSTATUS status = ob_lookup(root, path, parse, out_body);
        if (!NT_SUCCESS(status))
            return status;
        struct ob_header *header = ob_header_of(*out_body);
        count_handle(header);
        if (!(atomic_load_acquire(&header->flags) & OB_UNNAMED))
            return STATUS_SUCCESS;
        uncount_handle(header, 0, false); /* it loses its name: is there another one? */
        ob_dereference(*out_body);
    }
}

MUST_CHECK NTSTATUS ob_open_by_name(struct ob_handle_table *table, void *root,
                                    const UNICODE_STRING *path, struct ob_parse *parse,
                                    uint32_t flags, HANDLE *out_handle)
{
    IRQL_IS(PASSIVE_LEVEL);
    void *body;
    ACCESS_MASK access;
    NTSTATUS status = look_up_and_count(root, path, parse, &body);
    if (!NT_SUCCESS(status))
        return status;
    status = granted(ob_type_of(body), parse->access, &access);
    if (NT_SUCCESS(status))
        status = insert(table, ob_header_of(body), access, flags, out_handle);
    else
        uncount_handle(ob_header_of(body), 0, false);
    ob_dereference(body);
    return status;
}

MUST_CHECK NTSTATUS ob_reference_by_handle(struct ob_handle_table *table, HANDLE handle,
                                           POBJECT_TYPE type, ACCESS_MASK access, void **out_body)
{
    struct ob_handle_info info;
    NTSTATUS status = ob_handle_lookup(table, handle, &info);
    if (!NT_SUCCESS(status))
        return status;
    if (type != NULL && info.header->type != type)
        status = STATUS_OBJECT_TYPE_MISMATCH;
    else if (access & ~info.access)
        status = STATUS_ACCESS_DENIED;
    if (NT_SUCCESS(status))
        *out_body = ob_body_of(info.header);
    else
        ob_dereference_many(info.header, 1);
    return status;
}

MUST_CHECK NTSTATUS ob_close(struct ob_handle_table *table, HANDLE handle, bool force)
{
    IRQL_IS(PASSIVE_LEVEL);
    struct ob_handle_info info;
    NTSTATUS status = ob_handle_remove(table, handle, force, &info);
    if (!NT_SUCCESS(status))
        return status;
    uncount_handle(info.header, info.access, true);
    ob_dereference_many(info.header, 1);
    return STATUS_SUCCESS;
}

void ob_close_all(struct ob_handle_table *table)
{
    struct ob_handle_info info;
    for (HANDLE handle = NULL; ob_handle_next(table, &handle, &info);
         handle = (HANDLE)((uintptr_t)handle + OB_HANDLE_STEP)) {
        (void)ob_close(table, handle, true); /* closed by somebody else just now: well */
        ob_dereference_many(info.header, 1);
    }
}

static NTSTATUS duplicate(const struct ob_handle_info *source, const struct ob_duplicate *how,
                          HANDLE *out_handle)
{
    struct ob_header *header = source->header;
    ACCESS_MASK access = source->access;
    uint32_t flags = how->options & DUPLICATE_SAME_ATTRIBUTES ? source->flags : how->flags;
    if (!(how->options & DUPLICATE_SAME_ACCESS)) {
        NTSTATUS status = granted(header->type, how->access, &access);
        if (!NT_SUCCESS(status))
            return status;
    }
    count_handle(header);
    return insert(how->target, header, access, flags, out_handle);
}

/*
 * With DUPLICATE_CLOSE_SOURCE the source is closed whatever else happens, as the page says. A target of NULL: nothing
 * but that.
 */
MUST_CHECK NTSTATUS ob_duplicate(struct ob_handle_table *source, HANDLE handle,
                                 const struct ob_duplicate *how, HANDLE *out_handle)
{
    IRQL_IS(PASSIVE_LEVEL);
    struct ob_handle_info info;
    NTSTATUS status = ob_handle_lookup(source, handle, &info);
    if (!NT_SUCCESS(status))
        return status;
    if (how->target != NULL)
        status = duplicate(&info, how, out_handle);
    ob_dereference_many(info.header, 1);
    if (how->options & DUPLICATE_CLOSE_SOURCE) {
        NTSTATUS closed = ob_close(source, handle, false);
        if (NT_SUCCESS(status) && how->target == NULL)
            status = closed;
    }
    return status;
}

/* Whether the handle is still open for that object: then the handle that was counted for the child came in time. */
static bool is_still_open(struct ob_handle_table *table, HANDLE handle,
                          const struct ob_header *header)
{
    struct ob_handle_info info;
    if (!NT_SUCCESS(ob_handle_lookup(table, handle, &info)))
        return false;
    ob_dereference_many(info.header, 1);
    return info.header == header;
}

static NTSTATUS inherit_one(struct ob_handle_table *child, struct ob_handle_table *parent,
                            HANDLE handle, const struct ob_handle_info *info)
{
    POBJECT_TYPE type = info->header->type;
    NTSTATUS status = STATUS_SUCCESS;
    bool is_open = false;
    count_handle(info->header);
    if (is_still_open(parent, handle, info->header)) {
        is_open = type->options.open == NULL ||
                  NT_SUCCESS(type->options.open(ob_body_of(info->header), info->access));
        if (is_open)
            status = ob_handle_insert_at(child, handle, info);
        if (is_open && NT_SUCCESS(status))
            return status;
    }
    uncount_handle(info->header, info->access, is_open);
    return status;
}

MUST_CHECK NTSTATUS ob_inherit(struct ob_handle_table *child, struct ob_handle_table *parent)
{
    struct ob_handle_info info;
    NTSTATUS status = STATUS_SUCCESS;
    for (HANDLE handle = NULL; NT_SUCCESS(status) && ob_handle_next(parent, &handle, &info);
         handle = (HANDLE)((uintptr_t)handle + OB_HANDLE_STEP)) {
        if (info.flags & OB_HANDLE_INHERIT)
            status = inherit_one(child, parent, handle, &info);
        ob_dereference_many(info.header, 1);
    }
    return status;
}
