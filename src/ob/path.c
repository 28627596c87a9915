/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths: from a root, component by component through directories, until an object is reached that ends the path or
 * takes the rest of it over. A symbolic link, and an object that answers STATUS_REPARSE, put another path in the place
 * of what has been walked; that happens a bounded number of times, so a ring of links ends.
 *
 * Syntax: components between single backslashes; the whole path begins with one exactly if there is no root object.
 * "\\" alone is the root directory. "\\??" is the directory of DOS devices that the caller sees.
 */
#include <nt/ntstatus.h>
#include <nt/rtl_ddi.h>

#include "mm/mm.h"
#include "ob/ob_impl.h"

#define SUBSTITUTIONS_MAX 32 /* ours: deep enough for links to links, soon enough for rings */

/* Where a look-up stands: `at`, referenced, and what of the path is left. */
struct walk {
    struct ob_parse *parse;
    struct ob_header *at;
    UNICODE_STRING rest;
};

static void advance(UNICODE_STRING *string, uint32_t bytes)
{
    string->Buffer += bytes / sizeof(WCHAR);
    string->Length = (USHORT)(string->Length - bytes);
    string->MaximumLength = string->Length;
}

static bool begins_with_backslash(const UNICODE_STRING *path)
{
    return path->Length >= sizeof(WCHAR) && path->Buffer[0] == u'\\';
}

/* The first component of *rest, and what is left behind it. Only a path from a root object has no backslash before it. */
static NTSTATUS split(const UNICODE_STRING *rest, UNICODE_STRING *out_name,
                      UNICODE_STRING *out_rest)
{
    uint32_t bytes = 0;
    *out_rest = *rest;
    if (begins_with_backslash(rest))
        advance(out_rest, sizeof(WCHAR));
    *out_name = *out_rest;
    while (bytes < out_rest->Length && out_rest->Buffer[bytes / sizeof(WCHAR)] != u'\\')
        bytes += sizeof(WCHAR);
    advance(out_rest, bytes);
    out_name->Length = out_name->MaximumLength = (USHORT)bytes;
    return bytes != 0 ? STATUS_SUCCESS
                      : STATUS_OBJECT_NAME_INVALID; /* two backslashes, or one at the end */
}

static bool is_dos_devices(const struct walk *walk, const UNICODE_STRING *name)
{
    return ob_body_of(walk->at) == ob.root && name->Length == 2 * sizeof(WCHAR) &&
           name->Buffer[0] == u'?' && name->Buffer[1] == u'?';
}

static void move_to(struct walk *walk, struct ob_header *header, const UNICODE_STRING *rest)
{
    ob_dereference_many(walk->at, 1);
    walk->at = header;
    walk->rest = *rest;
}

/* One component further. */
static NTSTATUS step(struct walk *walk)
{
    UNICODE_STRING name, rest;
    NTSTATUS status = split(&walk->rest, &name, &rest);
    if (!NT_SUCCESS(status))
        return status;
    struct ob_header *next;
    if (is_dos_devices(walk, &name)) {
        next = ob_header_of(ob.dos_devices);
        ob_reference_many(next, 1);
    } else {
        next = ob_directory_find(ob_body_of(walk->at), &name,
                                 walk->parse->attributes & OBJ_CASE_INSENSITIVE);
    }
    if (next == NULL)
        return rest.Length == 0 ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_OBJECT_PATH_NOT_FOUND;
    move_to(walk, next, &rest);
    return STATUS_SUCCESS;
}

/* The object that was reached is none that a walk goes through: it ends the path, or takes over. */
static NTSTATUS arrive(struct walk *walk, UNICODE_STRING *substitute)
{
    struct ob_parse *parse = walk->parse;
    POBJECT_TYPE type = walk->at->type;
    bool wants_link = parse->wanted == ob.link_type || parse->attributes & OBJ_OPENLINK;
    if (type == ob.link_type && !(walk->rest.Length == 0 && wants_link)) {
        if (parse->attributes & OBJ_DONT_REPARSE)
            return STATUS_REPARSE_POINT_ENCOUNTERED;
        NTSTATUS status = ob_link_substitute(ob_body_of(walk->at), &walk->rest, substitute);
        return NT_SUCCESS(status) ? STATUS_REPARSE : status;
    }
    if (type->options.parse == NULL)
        return walk->rest.Length == 0 ? STATUS_SUCCESS : STATUS_OBJECT_TYPE_MISMATCH;
    void *body = NULL;
    parse->remaining = walk->rest;
    parse->substitute = substitute;
    NTSTATUS status = type->options.parse(ob_body_of(walk->at), parse, &body);
    if (status == STATUS_SUCCESS)
        move_to(walk, ob_header_of(body), &(UNICODE_STRING){ 0 });
    return status;
}

/* STATUS_REPARSE: *substitute is the path to begin with anew. */
static NTSTATUS walk_once(struct walk *walk, UNICODE_STRING *substitute)
{
    while (walk->at->type == ob.directory_type && walk->rest.Length != 0) {
        NTSTATUS status = step(walk);
        if (!NT_SUCCESS(status))
            return status;
    }
    return arrive(walk, substitute);
}

static NTSTATUS begin(struct walk *walk, void *root, const UNICODE_STRING *path,
                      struct ob_parse *parse)
{
    if (path->Length % sizeof(WCHAR) != 0)
        return STATUS_OBJECT_NAME_INVALID;
    if (root == NULL && !begins_with_backslash(path))
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    if (root != NULL && begins_with_backslash(path))
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    *walk = (struct walk){ parse, ob_header_of(root != NULL ? root : ob.root), *path };
    if (path->Length == sizeof(WCHAR) && root == NULL)
        advance(&walk->rest, sizeof(WCHAR));
    ob_reference_many(walk->at, 1);
    return STATUS_SUCCESS;
}

static NTSTATUS check_type(const struct walk *walk)
{
    POBJECT_TYPE wanted = walk->parse->wanted;
    return wanted == NULL || wanted == walk->at->type ? STATUS_SUCCESS
                                                      : STATUS_OBJECT_TYPE_MISMATCH;
}

MUST_CHECK NTSTATUS ob_lookup(void *root, const UNICODE_STRING *path, struct ob_parse *parse,
                              void **out_body)
{
    UNICODE_STRING current = *path;
    UNICODE_STRING owned = { 0 }; /* `current` stands in it after a substitution */
    NTSTATUS status = STATUS_REPARSE;
    for (uint32_t i = 0; status == STATUS_REPARSE; i++) {
        struct walk walk;
        UNICODE_STRING substitute = { 0 };
        status = begin(&walk, i == 0 ? root : NULL, &current, parse);
        if (!NT_SUCCESS(status))
            break;
        status = walk_once(&walk, &substitute);
        if (status == STATUS_SUCCESS)
            status = check_type(&walk);
        if (status == STATUS_SUCCESS)
            *out_body = ob_body_of(walk.at);
        else
            ob_dereference_many(walk.at, 1);
        if (owned.Buffer != NULL)
            mm_pool_free(owned.Buffer, OB_TAG_PATH);
        owned = current = substitute;
        if (status == STATUS_REPARSE && i == SUBSTITUTIONS_MAX)
            status = STATUS_OBJECT_NAME_INVALID;
    }
    if (owned.Buffer != NULL)
        mm_pool_free(owned.Buffer, OB_TAG_PATH);
    return status;
}
