/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects as the rest of src/ sees them: types, references, names, handles. What drivers call is declared in
 * <nt/ob_ddi.h>; this adds what only we may call.
 *
 * An object is a body behind a header (struct ob_header, private). It lives while it has references; open handles are
 * references that are counted a second time, because a name lasts only as long as there are handles.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <nt/ob.h>

#include "base/check.h"
#include "ke/ke.h"
#include "ob/handle_table.h"

struct ob_directory;

#define OB_TAG_PATH 0x7050624fu /* "ObPp" */

/* --- Types ------------------------------------------------------------------------------------------------ */

/* What is known of a look-up where an object takes over the rest of the path. */
struct ob_parse {
    UNICODE_STRING
    remaining; /* what stands behind the object's own name; begins with a backslash or is empty */
    uint32_t attributes; /* OBJ_CASE_INSENSITIVE and so on */
    POBJECT_TYPE wanted; /* NULL: any */
    KPROCESSOR_MODE mode;
    ACCESS_MASK access;
    void *context; /* the caller's, for the type that it knows */
    UNICODE_STRING *
        substitute; /* STATUS_REPARSE: the whole path to go on with; its buffer is pool of OB_TAG_PATH */
};

/*
 * What the objects of a type have in common. All routines may be NULL. IRQL of all: PASSIVE_LEVEL, no lock held.
 */
struct ob_type_options {
    const WCHAR *name;
    GENERIC_MAPPING mapping;
    ACCESS_MASK valid_access; /* bits that a handle may have */
    bool paged;               /* bodies are in paged pool */
    /* A handle more, a handle less; `left` handles are there now, in all tables. */
    NTSTATUS (*open)(void *body, ACCESS_MASK access);
    void (*close)(void *body, ACCESS_MASK access, int64_t left);
    /* The last reference is gone; the memory goes right afterwards. */
    void (*remove)(void *body);
    /*
     * The path goes on behind this object. STATUS_SUCCESS: *out_object is what was meant, referenced; STATUS_REPARSE:
     * the look-up begins anew with parse->substitute.
     */
    NTSTATUS (*parse)(void *body, struct ob_parse *parse, void **out_object);
};

/* STATUS_INSUFFICIENT_RESOURCES, STATUS_OBJECT_NAME_COLLISION. Types are for ever. IRQL: PASSIVE_LEVEL */
MUST_CHECK NTSTATUS ob_type_create(const struct ob_type_options *options, POBJECT_TYPE *out_type);
/* Generic bits replaced by what they mean for the type. IRQL: any */
ACCESS_MASK ob_type_map_access(POBJECT_TYPE type, ACCESS_MASK access);

/* --- Objects ---------------------------------------------------------------------------------------------- */

/*
 * A body of `bytes`, zeroed, with one reference: the caller's. It has no name until ob_insert.
 * STATUS_INSUFFICIENT_RESOURCES.
 */
MUST_CHECK NTSTATUS ob_create(POBJECT_TYPE type, size_t bytes, void **out_body);
/*
 * Give a new object its name, or find the one that has it. `root`, `path`: as in ob_lookup; of `attributes`
 * OBJ_CASE_INSENSITIVE, OBJ_PERMANENT and OBJ_OPENIF count. *out_body is the caller's object (STATUS_SUCCESS), or with
 * OBJ_OPENIF the one that has the name already (STATUS_OBJECT_NAME_EXISTS); the caller's reference is one to that then.
 * In case of an error the caller keeps its object. STATUS_OBJECT_NAME_COLLISION, STATUS_OBJECT_PATH_NOT_FOUND,
 * STATUS_OBJECT_NAME_INVALID, STATUS_OBJECT_PATH_SYNTAX_BAD, STATUS_OBJECT_TYPE_MISMATCH.
 */
MUST_CHECK NTSTATUS ob_name(void *body, void *root, const UNICODE_STRING *path, uint32_t attributes,
                            void **out_body);
POBJECT_TYPE ob_type_of(const void *body);
void ob_reference(void *body); /* IRQL: any */
/* The last one deletes the object, at PASSIVE_LEVEL: above it a system thread does. IRQL: <= DISPATCH_LEVEL */
void ob_dereference(void *body);
/* Only if it is not being deleted already; for tables of objects that hold no reference. IRQL: any */
bool ob_reference_if_alive(void *body);

/* --- Names ------------------------------------------------------------------------------------------------ */

/*
 * Follow a path. `root`: the object that a path without leading backslash begins at, or NULL.
 * STATUS_OBJECT_NAME_INVALID, STATUS_OBJECT_PATH_SYNTAX_BAD, STATUS_OBJECT_PATH_NOT_FOUND,
 * STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_TYPE_MISMATCH.
 */
MUST_CHECK NTSTATUS ob_lookup(void *root, const UNICODE_STRING *path, struct ob_parse *parse,
                              void **out_body);
/* From now on the name lasts as long as there are handles; without any it goes at once. */
void ob_make_temporary(void *body);

/* --- Handles. IRQL: PASSIVE_LEVEL ------------------------------------------------------------------------- */

/*
 * A handle to the object, which the caller has a reference to and keeps; `flags`: OB_HANDLE_.
 * STATUS_ACCESS_DENIED: the type has no such access; what the type's routine says; STATUS_INSUFFICIENT_RESOURCES.
 */
MUST_CHECK NTSTATUS ob_open(struct ob_handle_table *table, void *body, ACCESS_MASK access,
                            uint32_t flags, HANDLE *out_handle);
/* The same for what a path leads to; as ob_lookup. */
MUST_CHECK NTSTATUS ob_open_by_name(struct ob_handle_table *table, void *root,
                                    const UNICODE_STRING *path, struct ob_parse *parse,
                                    uint32_t flags, HANDLE *out_handle);
/*
 * What the handle stands for, referenced, if it has all of `access` and is of the type (NULL: of any).
 * STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH, STATUS_ACCESS_DENIED. IRQL: <= APC_LEVEL
 */
MUST_CHECK NTSTATUS ob_reference_by_handle(struct ob_handle_table *table, HANDLE handle,
                                           POBJECT_TYPE type, ACCESS_MASK access, void **out_body);
/* STATUS_INVALID_HANDLE, STATUS_HANDLE_NOT_CLOSABLE. */
MUST_CHECK NTSTATUS ob_close(struct ob_handle_table *table, HANDLE handle, bool force);
/* Protected ones, too; nobody opens any more. */
void ob_close_all(struct ob_handle_table *table);

struct ob_duplicate {
    struct ob_handle_table *target; /* NULL: only what `options` say of the source */
    ACCESS_MASK access;
    uint32_t flags;   /* OB_HANDLE_ */
    uint32_t options; /* DUPLICATE_ */
};
MUST_CHECK NTSTATUS ob_duplicate(struct ob_handle_table *source, HANDLE handle,
                                 const struct ob_duplicate *how, HANDLE *out_handle);
/*
 * For a new process: `child`, which nobody else knows yet and is empty, gets the inheritable handles of `parent` under
 * the same numbers. An object whose type refuses is left out. STATUS_INSUFFICIENT_RESOURCES: it has what fitted.
 */
MUST_CHECK NTSTATUS ob_inherit(struct ob_handle_table *child, struct ob_handle_table *parent);

/* Needs the pool and the work queues. IRQL: PASSIVE_LEVEL */
MUST_CHECK NTSTATUS ob_init(void);
