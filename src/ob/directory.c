/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Directories: names and the objects that have them, hashed by the name in upper case, so that one table serves both
 * kinds of comparison. The table doubles when there are more names than buckets; a look-up shares the lock.
 *
 * A name holds a reference to its object and to its directory, so both outlive it. Which name an object has, if any,
 * is written under the directory's lock and ob.name_lock, so that either is enough to read it. A temporary object loses its name
 * with its last handle. Somebody may be opening the object just then: he has found it by name, and then counts a
 * handle. Each side announces first and looks afterwards, with a full fence between: who removes the name sets
 * OB_UNNAMED, then looks for handles; who opens counts the handle, then looks for OB_UNNAMED (handle.c). If both see
 * each other the name stays and the other looks it up again.
 */
#include <nt/ex_ddi.h>
#include <nt/ke_thread_ddi.h>
#include <nt/ntstatus.h>
#include <nt/rtl_ddi.h>

#include "mm/mm.h"
#include "ob/ob_impl.h"

#define TAG_ENTRY     0x6e44624fu /* "ObDn" */
#define TAG_BUCKETS   0x6244624fu /* "ObDb" */
#define FIRST_BUCKETS 16

static void lock(struct ob_directory *directory, bool exclusive)
{
    KeEnterCriticalRegion();
    if (exclusive)
        ex_push_lock_acquire_exclusive(&directory->lock);
    else
        ex_push_lock_acquire_shared(&directory->lock);
}

static void unlock(struct ob_directory *directory, bool exclusive)
{
    if (exclusive)
        ex_push_lock_release_exclusive(&directory->lock);
    else
        ex_push_lock_release_shared(&directory->lock);
    KeLeaveCriticalRegion();
}

/* FNV-1a over the characters in upper case (Fowler, Noll, Vo). */
static uint32_t hash_of(const UNICODE_STRING *name)
{
    uint32_t hash = 2166136261u;
    for (uint32_t i = 0; i < name->Length / sizeof(WCHAR); i++)
        hash = (hash ^ RtlUpcaseUnicodeChar(name->Buffer[i])) * 16777619u;
    return hash ^ hash >> 16;
}

/* --- Locked ------------------------------------------------------------------------------------------------- */

static struct ob_entry *find(const struct ob_directory *directory, const UNICODE_STRING *name,
                             uint32_t hash, bool ignore_case)
{
    struct ob_entry *entry = directory->buckets[hash & (directory->bucket_count - 1)];
    while (entry != NULL &&
           (entry->hash != hash || !RtlEqualUnicodeString(&entry->name, name, ignore_case)))
        entry = entry->next;
    return entry;
}

static void link(struct ob_entry **buckets, uint32_t bucket_count, struct ob_entry *entry)
{
    struct ob_entry **bucket = &buckets[entry->hash & (bucket_count - 1)];
    entry->next = *bucket;
    *bucket = entry;
}

/* As many buckets as names, about. Without memory it stays as it is, and gets slower. */
static void grow(struct ob_directory *directory)
{
    uint32_t bucket_count = directory->bucket_count * 2;
    struct ob_entry **buckets = mm_pool_allocate(bucket_count * sizeof(*buckets), TAG_BUCKETS);
    if (buckets == NULL)
        return;
    for (uint32_t i = 0; i < directory->bucket_count; i++) {
        struct ob_entry *next;
        for (struct ob_entry *entry = directory->buckets[i]; entry != NULL; entry = next) {
            next = entry->next;
            link(buckets, bucket_count, entry);
        }
    }
    mm_pool_free(directory->buckets, TAG_BUCKETS);
    directory->buckets = buckets;
    directory->bucket_count = bucket_count;
}

static void set_entry(struct ob_header *header, struct ob_entry *entry)
{
    bool interrupts = ke_lock_acquire(&ob.name_lock);
    header->entry = entry;
    ke_lock_release(&ob.name_lock, interrupts);
}

static void unlink(struct ob_directory *directory, struct ob_entry *entry)
{
    struct ob_entry **place = &directory->buckets[entry->hash & (directory->bucket_count - 1)];
    while (*place != entry)
        place = &(*place)->next;
    *place = entry->next;
    directory->count--;
    set_entry(entry->header, NULL);
}

/* --- Names come and go -------------------------------------------------------------------------------------- */

struct ob_header *ob_directory_find(struct ob_directory *directory, const UNICODE_STRING *name,
                                    bool ignore_case)
{
    uint32_t hash = hash_of(name);
    struct ob_header *header = NULL;
    lock(directory, false);
    struct ob_entry *entry = find(directory, name, hash, ignore_case);
    if (entry != NULL) {
        header = entry->header;
        ob_reference_many(header, 1);
    }
    unlock(directory, false);
    return header;
}

static struct ob_entry *make_entry(struct ob_directory *directory, const UNICODE_STRING *name,
                                   struct ob_header *header)
{
    struct ob_entry *entry = mm_pool_allocate(sizeof(*entry) + name->Length, TAG_ENTRY);
    if (entry == NULL)
        return NULL;
    entry->header = header;
    entry->directory = directory;
    entry->hash = hash_of(name);
    entry->name = (UNICODE_STRING){ name->Length, name->Length, (WCHAR *)(entry + 1) };
    __builtin_memcpy(entry->name.Buffer, name->Buffer, name->Length);
    return entry;
}

MUST_CHECK NTSTATUS ob_directory_insert(struct ob_directory *directory, const UNICODE_STRING *name,
                                        bool ignore_case, struct ob_header *header,
                                        struct ob_header **out_existing)
{
    struct ob_entry *entry = make_entry(directory, name, header);
    if (entry == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    lock(directory, true);
    struct ob_entry *existing = find(directory, name, entry->hash, ignore_case);
    if (existing == NULL) {
        CHECK(header->entry == NULL);
        ob_reference_many(header, 1);
        ob_reference(directory);
        (void)atomic_and(&header->flags, ~OB_UNNAMED);
        set_entry(header, entry);
        if (++directory->count > directory->bucket_count)
            grow(directory);
        link(directory->buckets, directory->bucket_count, entry);
    } else if (out_existing != NULL) {
        *out_existing = existing->header;
        ob_reference_many(existing->header, 1);
    }
    unlock(directory, true);
    if (existing == NULL)
        return STATUS_SUCCESS;
    mm_pool_free(entry, TAG_ENTRY);
    return STATUS_OBJECT_NAME_COLLISION;
}

/* Locked. Whether the name goes; if so nobody can open the object by it from here on. */
static bool must_go(struct ob_header *header, bool only_without_handles)
{
    if (!only_without_handles)
        return true;
    if (atomic_load_relaxed(&header->flags) & OB_PERMANENT)
        return false;
    (void)atomic_or(&header->flags, OB_UNNAMED);
    if (atomic_load_acquire(&header->handles) == 0)
        return true;
    (void)atomic_and(&header->flags, ~OB_UNNAMED);
    return false;
}

/* The directory that the object stands in, referenced; NULL: it has no name. */
static struct ob_directory *directory_of(struct ob_header *header)
{
    struct ob_directory *directory = NULL;
    bool interrupts = ke_lock_acquire(&ob.name_lock);
    if (header->entry != NULL) {
        directory = header->entry->directory;
        ob_reference(directory);
    }
    ke_lock_release(&ob.name_lock, interrupts);
    return directory;
}

void ob_directory_remove(struct ob_header *header, bool only_without_handles)
{
    struct ob_directory *directory = directory_of(header);
    struct ob_entry *entry = NULL;
    if (directory == NULL)
        return;
    lock(directory, true);
    /* Meanwhile it may have lost its name; it cannot have got another one, only new objects do. */
    if (header->entry != NULL && must_go(header, only_without_handles)) {
        entry = header->entry;
        unlink(directory, entry);
    }
    unlock(directory, true);
    if (entry != NULL) {
        mm_pool_free(entry, TAG_ENTRY);
        ob_dereference_many(header, 1);
        ob_dereference(directory); /* the entry's */
    }
    ob_dereference(directory);
}

/* Where an enumeration stands: the bucket, and below these bits the place in its chain. */
#define PLACE_BITS 8

bool ob_directory_next(struct ob_directory *directory, uint32_t *place,
                       struct ob_header **out_header)
{
    struct ob_entry *entry = NULL;
    uint32_t bucket = *place >> PLACE_BITS;
    uint32_t skip = *place & ((1u << PLACE_BITS) - 1);
    lock(directory, false);
    for (; bucket < directory->bucket_count && entry == NULL; bucket++) {
        *place = (bucket << PLACE_BITS) + skip + 1;
        for (entry = directory->buckets[bucket]; entry != NULL && skip > 0; skip--)
            entry = entry->next;
        skip = 0;
    }
    if (entry != NULL) {
        *out_header = entry->header;
        ob_reference_many(entry->header, 1);
    }
    unlock(directory, false);
    return entry != NULL;
}

/* --- Directories -------------------------------------------------------------------------------------------- */

static void remove(void *body)
{
    struct ob_directory *directory = body;
    CHECK(directory->count == 0); /* each name has a reference to it */
    if (directory->buckets != NULL)
        mm_pool_free(directory->buckets, TAG_BUCKETS);
}

const struct ob_type_options ob_directory_options = {
    .name = u"Directory",
    .mapping = { STANDARD_RIGHTS_READ | DIRECTORY_QUERY | DIRECTORY_TRAVERSE,
                 STANDARD_RIGHTS_WRITE | DIRECTORY_CREATE_OBJECT | DIRECTORY_CREATE_SUBDIRECTORY,
                 STANDARD_RIGHTS_EXECUTE | DIRECTORY_QUERY | DIRECTORY_TRAVERSE,
                 DIRECTORY_ALL_ACCESS },
    .valid_access = DIRECTORY_ALL_ACCESS,
    .remove = remove,
};

MUST_CHECK NTSTATUS ob_directory_create(struct ob_directory **out_directory)
{
    void *body;
    NTSTATUS status = ob_create(ob.directory_type, sizeof(struct ob_directory), &body);
    if (!NT_SUCCESS(status))
        return status;
    struct ob_directory *directory = body;
    ExInitializePushLock(&directory->lock);
    directory->bucket_count = FIRST_BUCKETS;
    directory->buckets = mm_pool_allocate(FIRST_BUCKETS * sizeof(*directory->buckets), TAG_BUCKETS);
    if (directory->buckets == NULL) {
        ob_dereference(directory);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *out_directory = directory;
    return STATUS_SUCCESS;
}
