/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to ob/: headers, types, directories, and the state of them all. */
#pragma once

#include <nt/ex.h>

#include "base/atomic.h"
#include "ex/ex.h"
#include "ob/ob.h"

#define OB_TAG_OBJECT 0x6a624f4bu /* "KObj" */

/* ob_header.flags */
#define OB_PERMANENT 1u /* the name stays when the last handle is closed */
#define OB_UNNAMED   2u /* who found it by name has come too late, or is about to */
#define OB_EXCLUSIVE 4u /* one handle at most, but for those that are inherited or duplicated */

/* Legend: [i] immutable, [a] atomic, [n] the lock of the directory that it names, [l] the list of the deferred. */
struct DECLSPEC_ALIGN(16) ob_header {
    int64_t references;        /* [a] handle tables keep some at hand */
    int64_t handles;           /* [a] in all tables */
    struct _OBJECT_TYPE *type; /* [i] */
    uint32_t flags;            /* [a] */
    struct ob_entry *entry;    /* [n] its place in a directory; NULL: it has no name */
    struct ob_header *next;    /* [l] */
};

/* The opaque OBJECT_TYPE of the DDI, itself an object. */
struct _OBJECT_TYPE {
    struct ob_type_options options; /* [i] */
    UNICODE_STRING name;            /* [i] */
    uint32_t objects;               /* [a] */
    uint32_t handles;               /* [a] */
};

/* A name in a directory. */
struct ob_entry {
    struct ob_entry *next;          /* [n] in its bucket */
    struct ob_header *header;       /* [i] one reference */
    struct ob_directory *directory; /* [i] one reference */
    uint32_t hash;                  /* [i] of the name in upper case */
    UNICODE_STRING name;            /* [i] the characters stand behind the structure */
};

struct ob_directory {
    EX_PUSH_LOCK lock;
    struct ob_entry **buckets; /* [n] */
    uint32_t bucket_count;     /* [n] a power of two */
    uint32_t count;            /* [n] */
};

struct ob_state {
    struct ke_lock name_lock;
    POBJECT_TYPE type_type;           /* [i] */
    POBJECT_TYPE directory_type;      /* [i] */
    POBJECT_TYPE link_type;           /* [i] */
    struct ob_directory *root;        /* [i] */
    struct ob_directory *types;       /* [i] \ObjectTypes */
    struct ob_directory *dos_devices; /* [i] what \?? means; sessions get their own later */
    struct ob_header *deferred;       /* [a] to be deleted by a system thread */
    WORK_QUEUE_ITEM deferred_work;
};
extern struct ob_state ob;

static inline struct ob_header *ob_header_of(const void *body)
{
    return (struct ob_header *)(uintptr_t)body - 1;
}

static inline void *ob_body_of(struct ob_header *header)
{
    return header + 1;
}

void ob_reference_many(struct ob_header *header, int64_t count);
void ob_dereference_many(struct ob_header *header, int64_t count);

/* --- directory.c ------------------------------------------------------------------------------------------ */

extern const struct ob_type_options ob_directory_options;
MUST_CHECK NTSTATUS ob_directory_create(struct ob_directory **out_directory);
/* The object of that name, referenced; NULL: there is none. */
struct ob_header *ob_directory_find(struct ob_directory *directory, const UNICODE_STRING *name,
                                    bool ignore_case);
/*
 * STATUS_INSUFFICIENT_RESOURCES; STATUS_OBJECT_NAME_COLLISION: *out_existing (may be NULL) is the one that has the name,
 * referenced.
 */
MUST_CHECK NTSTATUS ob_directory_insert(struct ob_directory *directory, const UNICODE_STRING *name,
                                        bool ignore_case, struct ob_header *header,
                                        struct ob_header **out_existing);
/* Out of its directory, unless `only_without_handles` and there are some, or it is permanent. */
void ob_directory_remove(struct ob_header *header, bool only_without_handles);
/*
 * The objects in a directory, one after the other, referenced: *place begins as 0. The order lasts while no name comes
 * or goes. False: there are no more.
 */
bool ob_directory_next(struct ob_directory *directory, uint32_t *place,
                       struct ob_header **out_header);

/* --- symbolic_link.c, name.c ------------------------------------------------------------------------------ */

struct ob_link {
    UNICODE_STRING target;       /* [i] the characters stand behind the structure */
    LARGE_INTEGER creation_time; /* [i] 100 ns since 1601 */
};
/* The whole path to go on with: the link's target, then what remained. STATUS_NAME_TOO_LONG, STATUS_NO_MEMORY. */
MUST_CHECK NTSTATUS ob_link_substitute(const struct ob_link *link, const UNICODE_STRING *remaining,
                                       UNICODE_STRING *out_path);
MUST_CHECK NTSTATUS ob_link_create(const UNICODE_STRING *target, struct ob_link **out_link);
MUST_CHECK NTSTATUS ob_link_init(void);
MUST_CHECK NTSTATUS ob_name_init(void); /* the root, and the directories that every system has */
/* A permanent directory; *out_directory (may be NULL) lives as long as its name. */
MUST_CHECK NTSTATUS ob_make_directory(const WCHAR *path, struct ob_directory **out_directory);
