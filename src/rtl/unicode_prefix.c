/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables of path prefixes: which of them is the longest that a path begins with, name by name? One tree of splay links
 * for each number of names, the trees in a list by falling number, so that the first hit is the longest. A tree is
 * sorted without regard to case; entries that differ in case only form a ring (CaseMatch), of which one stands in
 * the tree. The list's links lie in the trees' roots, so whoever moves a root moves them.
 *
 * `\` alone has no name, `\a` has one. A name ends where the next separator begins: `\a` is no prefix of `\ab`.
 *
 * IRQL of all: any, if table and strings are resident, else <= APC_LEVEL. The caller holds the table's lock, for
 * searches too: they rotate a tree.
 */
#include <stdbool.h>

#include <nt/rtl_ddi.h>

#include "base/check.h"

enum { NODE_TABLE = 1, NODE_IN_TREE, NODE_IN_RING }; /* ours: the field is opaque to drivers */

#define SEPARATOR ((WCHAR)'\\')

static UNICODE_PREFIX_TABLE_ENTRY *entry_of(RTL_SPLAY_LINKS *links)
{
    return CONTAINING_RECORD(links, UNICODE_PREFIX_TABLE_ENTRY, Links);
}

/* --- Names ------------------------------------------------------------------------------------------------ */

static ULONG chars_of(const UNICODE_STRING *path)
{
    return path->Length / sizeof(WCHAR);
}

static ULONG first_name(const UNICODE_STRING *path)
{
    return chars_of(path) > 0 && path->Buffer[0] == SEPARATOR ? 1 : 0;
}

static CSHORT names_of(const UNICODE_STRING *path)
{
    CSHORT names = 0;
    for (ULONG i = first_name(path); i < chars_of(path); i++)
        names = (CSHORT)(names + (names == 0 || path->Buffer[i] == SEPARATOR ? 1 : 0));
    return names;
}

/* The path's first `names` names, of which it has so many. */
static UNICODE_STRING beginning_of(const UNICODE_STRING *path, CSHORT names)
{
    ULONG at = first_name(path);
    for (; names > 0; names--) {
        at += at > first_name(path) ? 1 : 0; /* the separator before a later name */
        while (at < chars_of(path) && path->Buffer[at] != SEPARATOR)
            at++;
    }
    USHORT bytes = (USHORT)(at * sizeof(WCHAR));
    return (UNICODE_STRING){ .Length = bytes, .MaximumLength = bytes, .Buffer = path->Buffer };
}

/* Equal, the characters from `ignore_from` on without regard to case; they are equal without any regard to it. */
static bool matches(const UNICODE_STRING *prefix, const UNICODE_STRING *path, ULONG ignore_from)
{
    for (ULONG i = 0; i < chars_of(prefix) && i < ignore_from; i++) {
        if (prefix->Buffer[i] != path->Buffer[i])
            return false;
    }
    return true;
}

/* --- Trees ------------------------------------------------------------------------------------------------ */

/* Where the list says which tree has so many names; it says NULL or another tree if there is none. */
static UNICODE_PREFIX_TABLE_ENTRY **tree_of(UNICODE_PREFIX_TABLE *table, CSHORT names)
{
    UNICODE_PREFIX_TABLE_ENTRY **place = &table->NextPrefixTree;
    while (*place != NULL && (*place)->NameLength > names)
        place = &(*place)->NextPrefixTree;
    return place;
}

/* `links` is the root of the tree now; NULL: the tree is no more. `next` is the tree behind. */
static void set_root(UNICODE_PREFIX_TABLE_ENTRY **place, RTL_SPLAY_LINKS *links,
                     UNICODE_PREFIX_TABLE_ENTRY *next)
{
    if (links == NULL) {
        *place = next;
        return;
    }
    *place = entry_of(links);
    (*place)->NextPrefixTree = next;
}

/* *parent: the last entry that was compared. Returns: how `path` lies to it, 0 equal */
static LONG search(UNICODE_PREFIX_TABLE_ENTRY *root, const UNICODE_STRING *path,
                   UNICODE_PREFIX_TABLE_ENTRY **parent)
{
    RTL_SPLAY_LINKS *links = &root->Links;
    LONG order = 0;
    while (links != NULL) {
        *parent = entry_of(links);
        order = RtlCompareUnicodeString(path, (*parent)->Prefix, TRUE);
        if (order == 0)
            break;
        links = order < 0 ? links->LeftChild : links->RightChild;
    }
    return order;
}

/* An empty table. Source: WDK "RtlInitializeUnicodePrefix function (ntifs.h)" */
void RtlInitializeUnicodePrefix(UNICODE_PREFIX_TABLE *table)
{
    *table = (UNICODE_PREFIX_TABLE){ .NodeTypeCode = NODE_TABLE };
}

/* --- Change ----------------------------------------------------------------------------------------------- */

static bool insert_in_ring(UNICODE_PREFIX_TABLE_ENTRY *member, UNICODE_PREFIX_TABLE_ENTRY *entry)
{
    UNICODE_PREFIX_TABLE_ENTRY *other = member;
    do {
        if (RtlEqualUnicodeString(other->Prefix, entry->Prefix, FALSE))
            return false;
        other = other->CaseMatch;
    } while (other != member);
    entry->NodeTypeCode = NODE_IN_RING;
    entry->CaseMatch = member->CaseMatch;
    member->CaseMatch = entry;
    return true;
}

/*
 * Insert a prefix. Entry and string are the caller's and stay where they are until the entry is removed.
 *
 * Returns: FALSE if the same prefix, case included, is there
 * Source:  WDK "RtlInsertUnicodePrefix function (ntifs.h)"
 */
BOOLEAN RtlInsertUnicodePrefix(UNICODE_PREFIX_TABLE *table, UNICODE_STRING *prefix,
                               UNICODE_PREFIX_TABLE_ENTRY *entry)
{
    CSHORT names = names_of(prefix);
    UNICODE_PREFIX_TABLE_ENTRY **place = tree_of(table, names), *root = *place, *parent;
    *entry = (UNICODE_PREFIX_TABLE_ENTRY){
        .NodeTypeCode = NODE_IN_TREE, .NameLength = names, .CaseMatch = entry, .Prefix = prefix
    };
    RtlInitializeSplayLinks(&entry->Links);
    if (root == NULL || root->NameLength != names) {
        set_root(place, &entry->Links, root);
        return TRUE;
    }
    LONG order = search(root, prefix, &parent);
    if (order == 0)
        return insert_in_ring(parent, entry);
    UNICODE_PREFIX_TABLE_ENTRY *next = root->NextPrefixTree;
    if (order < 0)
        RtlInsertAsLeftChild(&parent->Links, &entry->Links);
    else
        RtlInsertAsRightChild(&parent->Links, &entry->Links);
    set_root(place, RtlSplay(&entry->Links), next);
    return TRUE;
}

static UNICODE_PREFIX_TABLE_ENTRY *before_in_ring(UNICODE_PREFIX_TABLE_ENTRY *entry)
{
    UNICODE_PREFIX_TABLE_ENTRY *before = entry;
    while (before->CaseMatch != entry)
        before = before->CaseMatch;
    return before;
}

/* `heir` stands in the tree where `entry` stood. Returns: the root */
static RTL_SPLAY_LINKS *replace(UNICODE_PREFIX_TABLE_ENTRY *entry, UNICODE_PREFIX_TABLE_ENTRY *heir)
{
    RTL_SPLAY_LINKS *links = RtlSplay(&entry->Links);
    heir->NodeTypeCode = NODE_IN_TREE;
    heir->Links = *links;
    heir->Links.Parent = &heir->Links;
    if (links->LeftChild != NULL)
        links->LeftChild->Parent = &heir->Links;
    if (links->RightChild != NULL)
        links->RightChild->Parent = &heir->Links;
    return &heir->Links;
}

/* An enumeration begins anew after this. Source: WDK "RtlRemoveUnicodePrefix function (ntifs.h)" */
void RtlRemoveUnicodePrefix(UNICODE_PREFIX_TABLE *table, UNICODE_PREFIX_TABLE_ENTRY *entry)
{
    UNICODE_PREFIX_TABLE_ENTRY **place = tree_of(table, entry->NameLength);
    UNICODE_PREFIX_TABLE_ENTRY *next = (*place)->NextPrefixTree, *mate = before_in_ring(entry);
    CHECK(entry->NodeTypeCode != NODE_TABLE);
    mate->CaseMatch = entry->CaseMatch;
    table->LastNextEntry = NULL;
    if (entry->NodeTypeCode == NODE_IN_RING)
        return;
    set_root(place, mate != entry ? replace(entry, mate) : RtlDelete(&entry->Links), next);
}

/* --- Looking ---------------------------------------------------------------------------------------------- */

/* The tree's entry that the path begins with. */
static UNICODE_PREFIX_TABLE_ENTRY *find_in(UNICODE_PREFIX_TABLE_ENTRY **place,
                                           const UNICODE_STRING *path, ULONG ignore_from)
{
    UNICODE_PREFIX_TABLE_ENTRY *next = (*place)->NextPrefixTree, *entry;
    UNICODE_STRING beginning = beginning_of(path, (*place)->NameLength);
    LONG order = search(*place, &beginning, &entry);
    set_root(place, RtlSplay(&entry->Links), next);
    if (order != 0)
        return NULL;
    UNICODE_PREFIX_TABLE_ENTRY *first = entry;
    do {
        if (matches(entry->Prefix, path, ignore_from))
            return entry;
        entry = entry->CaseMatch;
    } while (entry != first);
    return NULL;
}

/*
 * The longest prefix that the path begins with, name by name. The path's characters from `ignore_case_from` on are
 * compared without regard to case: 0 all of them, the path's length or more none.
 *
 * Returns: its entry, or NULL
 * Source:  WDK "RtlFindUnicodePrefix function (ntifs.h)"
 */
UNICODE_PREFIX_TABLE_ENTRY *RtlFindUnicodePrefix(UNICODE_PREFIX_TABLE *table, UNICODE_STRING *name,
                                                 ULONG ignore_case_from)
{
    UNICODE_PREFIX_TABLE_ENTRY **place = tree_of(table, names_of(name));
    while (*place != NULL) {
        UNICODE_PREFIX_TABLE_ENTRY *found = find_in(place, name, ignore_case_from);
        if (found != NULL)
            return found;
        place = &(*place)->NextPrefixTree;
    }
    return NULL;
}

static UNICODE_PREFIX_TABLE_ENTRY *first_of(UNICODE_PREFIX_TABLE_ENTRY *root)
{
    RTL_SPLAY_LINKS *links = &root->Links;
    while (links->LeftChild != NULL)
        links = links->LeftChild;
    return entry_of(links);
}

static UNICODE_PREFIX_TABLE_ENTRY *next_of(UNICODE_PREFIX_TABLE *table,
                                           UNICODE_PREFIX_TABLE_ENTRY *entry)
{
    if (entry->CaseMatch->NodeTypeCode == NODE_IN_RING)
        return entry->CaseMatch;
    RTL_SPLAY_LINKS *links = RtlRealSuccessor(&entry->CaseMatch->Links);
    if (links != NULL)
        return entry_of(links);
    UNICODE_PREFIX_TABLE_ENTRY *tree = (*tree_of(table, entry->NameLength))->NextPrefixTree;
    return tree != NULL ? first_of(tree) : NULL;
}

/*
 * The next entry, the first one if `restart` or if there was none or one was removed. Longer prefixes come before shorter
 * ones, those of one number of names by their names.
 *
 * Returns: NULL behind the last one
 * Source:  WDK "RtlNextUnicodePrefix function (ntifs.h)"
 */
UNICODE_PREFIX_TABLE_ENTRY *RtlNextUnicodePrefix(UNICODE_PREFIX_TABLE *table, BOOLEAN restart)
{
    UNICODE_PREFIX_TABLE_ENTRY *next = NULL;
    if (!restart && table->LastNextEntry != NULL)
        next = next_of(table, table->LastNextEntry);
    else if (table->NextPrefixTree != NULL)
        next = first_of(table->NextPrefixTree);
    if (next != NULL)
        table->LastNextEntry = next;
    return next;
}
