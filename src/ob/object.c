/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Types and objects: creation, reference counts, the end.
 *
 * The last reference ends an object, whoever gives it back; its type's routine may wait, so above PASSIVE_LEVEL, or
 * with APCs off, the object goes to a list that a system thread works off. Nothing revives an object: who finds it in a
 * directory has a reference from there, and a table without references must use ob_reference_if_alive.
 */
#include <nt/ex_ddi.h>
#include <nt/ke_thread_ddi.h>
#include <nt/ntstatus.h>
#include <nt/rtl_ddi.h>

#include "mm/mm.h"
#include "ob/ob_impl.h"

struct ob_state ob;

static size_t name_bytes(const WCHAR *name)
{
    size_t chars = 0;
    while (name[chars] != 0)
        chars++;
    return chars * sizeof(WCHAR);
}

/* --- Creation ----------------------------------------------------------------------------------------------- */

static void begin(struct ob_header *header, POBJECT_TYPE type)
{
    header->references = 1;
    header->type = type;
    (void)atomic_add(&type->objects, 1);
}

MUST_CHECK NTSTATUS ob_create(POBJECT_TYPE type, size_t bytes, void **out_body)
{
    uint32_t kind = type->options.paged ? MM_POOL_PAGED : 0;
    struct ob_header *header = mm_pool_allocate_with(sizeof(*header) + bytes, OB_TAG_OBJECT, kind);
    if (header == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    begin(header, type);
    *out_body = ob_body_of(header);
    return STATUS_SUCCESS;
}

POBJECT_TYPE ob_type_of(const void *body)
{
    return ob_header_of(body)->type;
}

ACCESS_MASK ob_type_map_access(POBJECT_TYPE type, ACCESS_MASK access)
{
    RtlMapGenericMask(&access, &type->options.mapping);
    return access;
}

/* --- The end ------------------------------------------------------------------------------------------------ */

static void end(struct ob_header *header)
{
    POBJECT_TYPE type = header->type;
    CHECK(header->entry == NULL && atomic_load_relaxed(&header->handles) == 0);
    if (type->options.remove != NULL)
        type->options.remove(ob_body_of(header));
    (void)atomic_sub(&type->objects, 1);
    mm_pool_free(header, OB_TAG_OBJECT);
}

static void end_deferred(void *unused)
{
    UNREFERENCED_PARAMETER(unused);
    struct ob_header *header = atomic_exchange(&ob.deferred, NULL);
    while (header != NULL) {
        struct ob_header *next = header->next;
        end(header);
        header = next;
    }
}

/* Who finds the list empty queues the work; the worker takes everything at once. */
static void defer(struct ob_header *header)
{
    struct ob_header *first = atomic_load_relaxed(&ob.deferred);
    do
        header->next = first;
    while (!atomic_cas(&ob.deferred, &first, header));
    if (first == NULL)
        ExQueueWorkItem(&ob.deferred_work, DelayedWorkQueue);
}

void ob_reference_many(struct ob_header *header, int64_t count)
{
    int64_t before = atomic_add(&header->references, count);
    CHECK(before > 0);
}

void ob_dereference_many(struct ob_header *header, int64_t count)
{
    int64_t before = atomic_sub(&header->references, count);
    CHECK(before >= count);
    if (before != count)
        return;
    if (arch_irql() == PASSIVE_LEVEL && arch_interrupts_enabled() && !KeAreApcsDisabled())
        end(header);
    else
        defer(header);
}

void ob_reference(void *body)
{
    ob_reference_many(ob_header_of(body), 1);
}

void ob_dereference(void *body)
{
    ob_dereference_many(ob_header_of(body), 1);
}

bool ob_reference_if_alive(void *body)
{
    struct ob_header *header = ob_header_of(body);
    int64_t references = atomic_load_relaxed(&header->references);
    while (references > 0) {
        if (atomic_cas(&header->references, &references, references + 1))
            return true;
    }
    return false;
}

/* --- Types -------------------------------------------------------------------------------------------------- */

static NTSTATUS make_type(const struct ob_type_options *options, POBJECT_TYPE type_type,
                          POBJECT_TYPE *out_type)
{
    struct ob_header *header =
        mm_pool_allocate(sizeof(*header) + sizeof(struct _OBJECT_TYPE), OB_TAG_OBJECT);
    if (header == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    POBJECT_TYPE type = ob_body_of(header);
    type->options = *options;
    type->name.Buffer = (WCHAR *)(uintptr_t)options->name; /* a constant of its owner's */
    type->name.Length = (USHORT)name_bytes(options->name);
    type->name.MaximumLength = type->name.Length;
    begin(header, type_type != NULL ? type_type : type);
    *out_type = type;
    return STATUS_SUCCESS;
}

MUST_CHECK NTSTATUS ob_type_create(const struct ob_type_options *options, POBJECT_TYPE *out_type)
{
    POBJECT_TYPE type;
    NTSTATUS status = make_type(options, ob.type_type, &type);
    if (!NT_SUCCESS(status))
        return status;
    status = ob_directory_insert(ob.types, &type->name, true, ob_header_of(type), NULL);
    if (NT_SUCCESS(status))
        *out_type = type;
    ob_dereference(type); /* its name keeps it */
    return status;
}

static const struct ob_type_options type_options = {
    .name = u"Type",
    .mapping = { STANDARD_RIGHTS_READ, STANDARD_RIGHTS_WRITE, STANDARD_RIGHTS_EXECUTE,
                 STANDARD_RIGHTS_REQUIRED | 1 },
    .valid_access = STANDARD_RIGHTS_ALL | 1,
};

/* The first two types are there before there is a directory for their names. */
static NTSTATUS name_first_types(void)
{
    NTSTATUS status =
        ob_directory_insert(ob.types, &ob.type_type->name, true, ob_header_of(ob.type_type), NULL);
    if (!NT_SUCCESS(status))
        return status;
    return ob_directory_insert(ob.types, &ob.directory_type->name, true,
                               ob_header_of(ob.directory_type), NULL);
}

MUST_CHECK NTSTATUS ob_init(void)
{
    ke_lock_init(&ob.name_lock, KE_LOCK_OBJECT_NAME);
    ExInitializeWorkItem(&ob.deferred_work, end_deferred, NULL);
    NTSTATUS status = make_type(&type_options, NULL, &ob.type_type);
    if (NT_SUCCESS(status))
        status = make_type(&ob_directory_options, ob.type_type, &ob.directory_type);
    if (NT_SUCCESS(status))
        status = ob_name_init();
    if (NT_SUCCESS(status))
        status = name_first_types();
    return NT_SUCCESS(status) ? ob_link_init() : status;
}
