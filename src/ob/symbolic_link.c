/* SPDX-License-Identifier: BSD-2-Clause */
/* Symbolic links of the name space: a path that takes the place of what led to the link. */
#include <nt/ke_ddi.h>
#include <nt/ntstatus.h>

#include "mm/mm.h"
#include "ob/ob_impl.h"

#define PATH_LIMIT_BYTES 0xfffe /* of a UNICODE_STRING, in whole characters */

static const struct ob_type_options options = {
    .name = u"SymbolicLink",
    .mapping = { STANDARD_RIGHTS_READ | SYMBOLIC_LINK_QUERY, STANDARD_RIGHTS_WRITE,
                 STANDARD_RIGHTS_EXECUTE | SYMBOLIC_LINK_QUERY, SYMBOLIC_LINK_ALL_ACCESS },
    .valid_access = SYMBOLIC_LINK_ALL_ACCESS,
};

MUST_CHECK NTSTATUS ob_link_create(const UNICODE_STRING *target, struct ob_link **out_link)
{
    void *body;
    NTSTATUS status = ob_create(ob.link_type, sizeof(struct ob_link) + target->Length, &body);
    if (!NT_SUCCESS(status))
        return status;
    struct ob_link *link = body;
    link->target = (UNICODE_STRING){ target->Length, target->Length, (WCHAR *)(link + 1) };
    __builtin_memcpy(link->target.Buffer, target->Buffer, target->Length);
    link->creation_time.QuadPart = (int64_t)(ke.boot_time_100ns + KeQueryInterruptTime());
    *out_link = link;
    return STATUS_SUCCESS;
}

MUST_CHECK NTSTATUS ob_link_substitute(const struct ob_link *link, const UNICODE_STRING *remaining,
                                       UNICODE_STRING *out_path)
{
    uint32_t bytes = (uint32_t)link->target.Length + remaining->Length;
    if (bytes > PATH_LIMIT_BYTES)
        return STATUS_NAME_TOO_LONG;
    WCHAR *buffer = mm_pool_allocate(bytes + sizeof(WCHAR), OB_TAG_PATH);
    if (buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    __builtin_memcpy(buffer, link->target.Buffer, link->target.Length);
    __builtin_memcpy((char *)buffer + link->target.Length, remaining->Buffer, remaining->Length);
    *out_path = (UNICODE_STRING){ (USHORT)bytes, (USHORT)bytes, buffer };
    return STATUS_SUCCESS;
}

MUST_CHECK NTSTATUS ob_link_init(void)
{
    return ob_type_create(&options, &ob.link_type);
}
