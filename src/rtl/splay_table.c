/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Generic tables over splay links. An element is allocated by the table's owner: splay links, a place in the list of
 * the order of insertion, then a copy of what was inserted; callers see the address of the copy. Numbers of elements
 * follow that list, enumerations the order of the keys.
 *
 * OrderedPointer is the element of number WhichOrderedElement (from 1; 0: none), where the next search by number
 * starts.
 *
 * IRQL of all: any, if table, elements and the owner's routines are resident, else <= APC_LEVEL. The caller holds the
 * table's lock, for lookups too: they rotate the tree.
 */
#include <stdbool.h>

#include <nt/rtl_ddi.h>

#include "rtl/memory.h"

struct element {
    RTL_SPLAY_LINKS links;
    LIST_ENTRY order;
    uint64_t data[];
};

/* Drivers' allocation routines are told so: "sizeof(RTL_SPLAY_LINKS) + sizeof(LIST_ENTRY)". */
NT_ASSERT_OFFSET(struct element, data, 40);

static PVOID data_of(RTL_SPLAY_LINKS *links)
{
    return links != NULL ? CONTAINING_RECORD(links, struct element, links)->data : NULL;
}

/*
 * An empty table. None of the routines is called by this.
 *
 * Source: WDK "RtlInitializeGenericTable function (ntddk.h)"
 */
void RtlInitializeGenericTable(RTL_GENERIC_TABLE *table, PRTL_GENERIC_COMPARE_ROUTINE compare,
                               PRTL_GENERIC_ALLOCATE_ROUTINE allocate,
                               PRTL_GENERIC_FREE_ROUTINE free, PVOID context)
{
    *table = (RTL_GENERIC_TABLE){ .CompareRoutine = compare,
                                  .AllocateRoutine = allocate,
                                  .FreeRoutine = free,
                                  .TableContext = context };
    InitializeListHead(&table->InsertOrderList);
    table->OrderedPointer = &table->InsertOrderList;
}

/* --- Lookup ----------------------------------------------------------------------------------------------- */

/* *place: what compares equal, or the parent of where it belongs, or NULL. */
static TABLE_SEARCH_RESULT find(RTL_GENERIC_TABLE *table, PVOID data, RTL_SPLAY_LINKS **place)
{
    TABLE_SEARCH_RESULT result = TableEmptyTree;
    RTL_SPLAY_LINKS *next = table->TableRoot;
    *place = NULL;
    while (next != NULL) {
        *place = next;
        switch (table->CompareRoutine(table, data, data_of(next))) {
        case GenericLessThan:
            result = TableInsertAsLeft;
            next = next->LeftChild;
            break;
        case GenericGreaterThan:
            result = TableInsertAsRight;
            next = next->RightChild;
            break;
        default:
            return TableFoundNode;
        }
    }
    return result;
}

/*
 * Look for what compares equal to *data, and make it the root. Without one the tree stays as it is, so that *node and
 * *found say where an insertion belongs.
 *
 * Returns: the element, NULL if there is none
 * Source:  WDK "RtlLookupElementGenericTableFull function (ntddk.h)"
 */
PVOID RtlLookupElementGenericTableFull(RTL_GENERIC_TABLE *table, PVOID data, PVOID *node,
                                       TABLE_SEARCH_RESULT *found)
{
    RTL_SPLAY_LINKS *place;
    *found = find(table, data, &place);
    *node = place;
    if (*found != TableFoundNode)
        return NULL;
    table->TableRoot = RtlSplay(place);
    return data_of(place);
}

/*
 * Look for what compares equal to *data. The last element that was compared becomes the root, found or not: searches
 * for what is not there would else be as slow as the tree is deep, each time.
 *
 * Returns: the element, NULL if there is none
 * Source:  WDK "RtlLookupElementGenericTable function (ntddk.h)"
 */
PVOID RtlLookupElementGenericTable(RTL_GENERIC_TABLE *table, PVOID data)
{
    RTL_SPLAY_LINKS *place;
    bool found = find(table, data, &place) == TableFoundNode;
    if (place != NULL)
        table->TableRoot = RtlSplay(place);
    return found ? data_of(place) : NULL;
}

/* --- Change ----------------------------------------------------------------------------------------------- */

static void link_in(RTL_GENERIC_TABLE *table, RTL_SPLAY_LINKS *parent, TABLE_SEARCH_RESULT found,
                    struct element *element)
{
    RtlInitializeSplayLinks(&element->links);
    if (found == TableInsertAsLeft)
        RtlInsertAsLeftChild(parent, &element->links);
    else if (found == TableInsertAsRight)
        RtlInsertAsRightChild(parent, &element->links);
    table->TableRoot = RtlSplay(&element->links);
    InsertTailList(&table->InsertOrderList, &element->order);
    table->NumberGenericTableElements++;
}

static struct element *allocate(RTL_GENERIC_TABLE *table, ULONG bytes)
{
    ULONG all;
    if (__builtin_add_overflow(bytes, (ULONG)offsetof(struct element, data), &all))
        return NULL;
    return table->AllocateRoutine(table, all);
}

/*
 * Insert a copy of the `bytes` bytes at `data` where RtlLookupElementGenericTableFull found that it belongs; the table
 * has not changed since. What was found then is returned as it is. What is returned is the root.
 *
 * Returns: the element, old or new (*is_new, which may be NULL); NULL if the owner's allocation fails
 * Source:  WDK "RtlInsertElementGenericTableFull function (ntddk.h)"
 */
PVOID RtlInsertElementGenericTableFull(RTL_GENERIC_TABLE *table, PVOID data, ULONG bytes,
                                       BOOLEAN *is_new, PVOID node, TABLE_SEARCH_RESULT found)
{
    BOOLEAN created = FALSE;
    PVOID result = NULL;
    if (found == TableFoundNode) {
        table->TableRoot = RtlSplay(node);
        result = data_of(node);
    } else {
        struct element *element = allocate(table, bytes);
        if (element != NULL) {
            link_in(table, node, found, element);
            memcpy(element->data, data, bytes);
            created = TRUE;
            result = element->data;
        }
    }
    if (is_new != NULL)
        *is_new = created;
    return result;
}

/*
 * Insert a copy of the `bytes` bytes at `data`, unless something compares equal to it.
 *
 * Returns: the element, old or new (*is_new, which may be NULL); NULL if the owner's allocation fails
 * Source:  WDK "RtlInsertElementGenericTable function (ntddk.h)"
 */
PVOID RtlInsertElementGenericTable(RTL_GENERIC_TABLE *table, PVOID data, ULONG bytes,
                                   BOOLEAN *is_new)
{
    RTL_SPLAY_LINKS *place;
    TABLE_SEARCH_RESULT found = find(table, data, &place);
    return RtlInsertElementGenericTableFull(table, data, bytes, is_new, place, found);
}

/* Returns: FALSE if nothing compares equal. Source: WDK "RtlDeleteElementGenericTable function (ntddk.h)" */
BOOLEAN RtlDeleteElementGenericTable(RTL_GENERIC_TABLE *table, PVOID data)
{
    RTL_SPLAY_LINKS *place;
    if (find(table, data, &place) != TableFoundNode)
        return FALSE;
    struct element *element = CONTAINING_RECORD(place, struct element, links);
    table->TableRoot = RtlDelete(place);
    (void)RemoveEntryList(&element->order); /* empty or not */
    table->NumberGenericTableElements--;
    table->OrderedPointer = &table->InsertOrderList;
    table->WhichOrderedElement = 0;
    table->FreeRoutine(table, element);
    return TRUE;
}

/* --- Enumeration ------------------------------------------------------------------------------------------ */

static RTL_SPLAY_LINKS *first_of(RTL_GENERIC_TABLE *table)
{
    RTL_SPLAY_LINKS *node = table->TableRoot;
    while (node != NULL && node->LeftChild != NULL)
        node = node->LeftChild;
    return node;
}

/*
 * The first element, or the one behind the root; it becomes the root, which is how the enumeration remembers where it
 * stands. Any other call on the table in between moves it.
 *
 * Returns: NULL behind the last one
 * Source:  WDK "RtlEnumerateGenericTable function (ntddk.h)"
 */
PVOID RtlEnumerateGenericTable(RTL_GENERIC_TABLE *table, BOOLEAN restart)
{
    RTL_SPLAY_LINKS *node = table->TableRoot;
    if (node != NULL)
        node = restart ? first_of(table) : RtlRealSuccessor(node);
    if (node != NULL)
        table->TableRoot = RtlSplay(node);
    return data_of(node);
}

/*
 * The element behind the one of *restart_key, the first one for NULL. The table is not written.
 *
 * Returns: NULL behind the last one
 * Source:  WDK "RtlEnumerateGenericTableWithoutSplaying function (ntddk.h)"
 */
PVOID RtlEnumerateGenericTableWithoutSplaying(RTL_GENERIC_TABLE *table, PVOID *restart_key)
{
    RTL_SPLAY_LINKS *node = *restart_key != NULL ? RtlRealSuccessor(*restart_key) : first_of(table);
    if (node != NULL)
        *restart_key = node;
    return data_of(node);
}

/*
 * Element `index` in the order of insertion, counted from 0. Costs the distance from the first, the last, or the one asked
 * for before, whichever is nearest.
 *
 * Returns: NULL if there are not so many
 * Source:  WDK "RtlGetElementGenericTable function (ntddk.h)"
 */
PVOID RtlGetElementGenericTable(RTL_GENERIC_TABLE *table, ULONG index)
{
    ULONG count = table->NumberGenericTableElements, at = table->WhichOrderedElement;
    LIST_ENTRY *entry = table->OrderedPointer;
    if (index >= count)
        return NULL;
    ULONG wanted = index + 1;
    ULONG distance = at < wanted ? wanted - at : at - wanted;
    if (wanted < distance) {
        entry = &table->InsertOrderList;
        at = 0;
        distance = wanted;
    }
    if (count - index < distance) {
        entry = &table->InsertOrderList;
        at = count + 1;
    }
    for (; at < wanted; at++)
        entry = entry->Flink;
    for (; at > wanted; at--)
        entry = entry->Blink;
    table->OrderedPointer = entry;
    table->WhichOrderedElement = wanted;
    return CONTAINING_RECORD(entry, struct element, order)->data;
}

/* Source: WDK "RtlNumberGenericTableElements function (ntddk.h)" */
ULONG RtlNumberGenericTableElements(RTL_GENERIC_TABLE *table)
{
    return table->NumberGenericTableElements;
}

/* Source: WDK "RtlIsGenericTableEmpty function (ntddk.h)" */
BOOLEAN RtlIsGenericTableEmpty(RTL_GENERIC_TABLE *table)
{
    return table->TableRoot == NULL;
}
