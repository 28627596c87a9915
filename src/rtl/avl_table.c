/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Generic tables over balanced trees. An element is allocated by the table's owner: its RTL_BALANCED_LINKS, then a copy
 * of what was inserted; callers see the address of the copy. The table's BalancedRoot is the head of a tree.c tree.
 *
 * OrderedPointer and WhichOrderedElement remember the last element that was asked for by number (counted from 1; 0:
 * none), so that a loop over all numbers is linear; an insertion or a deletion forgets them. DeleteCount lets a
 * directory enumeration see that its restart key may be gone.
 *
 * IRQL of all: any, if table, elements and the owner's routines are resident, else <= APC_LEVEL. The caller holds the
 * table's lock; only lookups and enumerations without splaying may run side by side.
 */
#include <nt/ntstatus.h>
#include <nt/rtl_ddi.h>

#include "rtl/memory.h"
#include "rtl/tree.h"

static RTL_BALANCED_LINKS *head_of(RTL_AVL_TABLE *table)
{
    return &table->BalancedRoot;
}

static PVOID data_of(RTL_BALANCED_LINKS *node)
{
    return node != NULL ? node + 1 : NULL;
}

static int compare(const void *key, const RTL_BALANCED_LINKS *node, void *context)
{
    RTL_AVL_TABLE *table = context;
    switch (table->CompareRoutine(table, (PVOID)(uintptr_t)key, (PVOID)(uintptr_t)(node + 1))) {
    case GenericLessThan:
        return -1;
    case GenericGreaterThan:
        return 1;
    default:
        return 0;
    }
}

/*
 * An empty table. None of the routines is called by this.
 *
 * Source: WDK "RtlInitializeGenericTableAvl function (ntddk.h)"
 */
void RtlInitializeGenericTableAvl(RTL_AVL_TABLE *table, PRTL_AVL_COMPARE_ROUTINE compare_routine,
                                  PRTL_AVL_ALLOCATE_ROUTINE allocate, PRTL_AVL_FREE_ROUTINE free,
                                  PVOID context)
{
    *table = (RTL_AVL_TABLE){ .CompareRoutine = compare_routine,
                              .AllocateRoutine = allocate,
                              .FreeRoutine = free,
                              .TableContext = context };
    rtl_tree_init(head_of(table));
}

/* --- Lookup ----------------------------------------------------------------------------------------------- */

/*
 * Look for what compares equal to *data. *found and *node are what an insertion needs next: see
 * RtlInsertElementGenericTableFullAvl.
 *
 * Returns: the element, NULL if there is none
 * Source:  WDK "RtlLookupElementGenericTableFullAvl function (ntddk.h)"
 */
PVOID RtlLookupElementGenericTableFullAvl(RTL_AVL_TABLE *table, PVOID data, PVOID *node,
                                          TABLE_SEARCH_RESULT *found)
{
    RTL_BALANCED_LINKS *place;
    *found = rtl_tree_find(head_of(table), compare, data, table, &place);
    *node = place;
    return *found == TableFoundNode ? data_of(place) : NULL;
}

/* Returns: the element, or NULL. Source: WDK "RtlLookupElementGenericTableAvl function (ntddk.h)" */
PVOID RtlLookupElementGenericTableAvl(RTL_AVL_TABLE *table, PVOID data)
{
    PVOID node;
    TABLE_SEARCH_RESULT found;
    return RtlLookupElementGenericTableFullAvl(table, data, &node, &found);
}

/*
 * The first of the elements that compare equal to *data, where several may. An enumeration without splaying that goes
 * on from *restart_key gives the next element.
 *
 * Returns: the element, NULL if there is none
 * Source:  WDK "RtlLookupFirstMatchingElementGenericTableAvl function (ntddk.h)"
 */
PVOID RtlLookupFirstMatchingElementGenericTableAvl(RTL_AVL_TABLE *table, PVOID data,
                                                   PVOID *restart_key)
{
    RTL_BALANCED_LINKS *node = rtl_tree_first_from(head_of(table), compare, data, table);
    if (node == NULL || compare(data, node, table) != 0)
        node = NULL;
    *restart_key = node;
    return data_of(node);
}

/* --- Change ----------------------------------------------------------------------------------------------- */

static void forget_order(RTL_AVL_TABLE *table)
{
    table->OrderedPointer = NULL;
    table->WhichOrderedElement = 0;
}

static void set_is_new(BOOLEAN *is_new, BOOLEAN value)
{
    if (is_new != NULL)
        *is_new = value;
}

/*
 * Insert a copy of the `bytes` bytes at `data` where RtlLookupElementGenericTableFullAvl found that it belongs; the table
 * has not changed since. What was found then is returned as it is.
 *
 * Returns: the element, old or new (*is_new, which may be NULL); NULL if the owner's allocation fails
 * Source:  WDK "RtlInsertElementGenericTableFullAvl function (ntddk.h)"
 */
PVOID RtlInsertElementGenericTableFullAvl(RTL_AVL_TABLE *table, PVOID data, ULONG bytes,
                                          BOOLEAN *is_new, PVOID node, TABLE_SEARCH_RESULT found)
{
    RTL_BALANCED_LINKS *element;
    ULONG all;
    set_is_new(is_new, FALSE);
    if (found == TableFoundNode)
        return data_of(node);
    if (__builtin_add_overflow(bytes, (ULONG)sizeof(*element), &all))
        return NULL;
    element = table->AllocateRoutine(table, all);
    if (element == NULL)
        return NULL;
    RTL_BALANCED_LINKS *parent = found == TableEmptyTree ? head_of(table) : node;
    if (rtl_tree_insert(head_of(table), parent, found, element))
        table->DepthOfTree++;
    memcpy(data_of(element), data, bytes);
    table->NumberGenericTableElements++;
    forget_order(table);
    set_is_new(is_new, TRUE);
    return data_of(element);
}

/*
 * Insert a copy of the `bytes` bytes at `data`, unless something compares equal to it.
 *
 * Returns: the element, old or new (*is_new, which may be NULL); NULL if the owner's allocation fails
 * Source:  WDK "RtlInsertElementGenericTableAvl function (ntddk.h)"
 */
PVOID RtlInsertElementGenericTableAvl(RTL_AVL_TABLE *table, PVOID data, ULONG bytes,
                                      BOOLEAN *is_new)
{
    PVOID node;
    TABLE_SEARCH_RESULT found;
    (void)RtlLookupElementGenericTableFullAvl(table, data, &node, &found); /* `found` says it */
    return RtlInsertElementGenericTableFullAvl(table, data, bytes, is_new, node, found);
}

/*
 * Delete the element whose links a full lookup returned, and let the owner free it. An enumeration of the table that
 * stands there goes on behind it.
 *
 * Source: WDK "RtlDeleteElementGenericTableAvlEx function (ntddk.h)"
 */
void RtlDeleteElementGenericTableAvlEx(RTL_AVL_TABLE *table, PVOID node_or_parent)
{
    RTL_BALANCED_LINKS *node = node_or_parent;
    if (table->RestartKey == node)
        table->RestartKey = rtl_tree_previous(head_of(table), node);
    if (rtl_tree_remove(head_of(table), node))
        table->DepthOfTree--;
    table->NumberGenericTableElements--;
    table->DeleteCount++;
    forget_order(table);
    table->FreeRoutine(table, node);
}

/* Returns: FALSE if nothing compares equal. Source: WDK "RtlDeleteElementGenericTableAvl function (ntddk.h)" */
BOOLEAN RtlDeleteElementGenericTableAvl(RTL_AVL_TABLE *table, PVOID data)
{
    PVOID node;
    TABLE_SEARCH_RESULT found;
    if (RtlLookupElementGenericTableFullAvl(table, data, &node, &found) == NULL)
        return FALSE;
    RtlDeleteElementGenericTableAvlEx(table, node);
    return TRUE;
}

/* --- Enumeration ------------------------------------------------------------------------------------------ */

static RTL_BALANCED_LINKS *after(RTL_AVL_TABLE *table, RTL_BALANCED_LINKS *node)
{
    return node != NULL ? rtl_tree_next(head_of(table), node) : rtl_tree_first(head_of(table));
}

/*
 * The element behind the one of *restart_key, the first one for NULL. The table is not written.
 *
 * Returns: NULL behind the last one
 * Source:  WDK "RtlEnumerateGenericTableWithoutSplayingAvl function (ntddk.h)"
 */
PVOID RtlEnumerateGenericTableWithoutSplayingAvl(RTL_AVL_TABLE *table, PVOID *restart_key)
{
    RTL_BALANCED_LINKS *node = after(table, *restart_key);
    if (node != NULL)
        *restart_key = node;
    return data_of(node);
}

/*
 * The same with the restart key in the table: one enumeration at a time. The element that it stands at may be deleted.
 *
 * Returns: NULL behind the last one
 * Source:  WDK "RtlEnumerateGenericTableAvl function (ntddk.h)"
 */
PVOID RtlEnumerateGenericTableAvl(RTL_AVL_TABLE *table, BOOLEAN restart)
{
    PVOID key = restart ? NULL : table->RestartKey;
    PVOID data = RtlEnumerateGenericTableWithoutSplayingAvl(table, &key);
    table->RestartKey = key;
    return data;
}

/* Where a directory enumeration goes on: at the element itself, or behind it. */
static RTL_BALANCED_LINKS *resume(RTL_AVL_TABLE *table, RTL_BALANCED_LINKS *key, bool next,
                                  PVOID buffer)
{
    if (key == NULL) {
        key = rtl_tree_first_from(head_of(table), compare, buffer, table);
        next = next && key != NULL && compare(buffer, key, table) == 0;
    }
    return next ? after(table, key) : key;
}

/*
 * The next element that `match` likes (NULL: any), where elements may be deleted between two calls. The enumeration goes on
 * at *restart_key if nothing was deleted since *delete_count was written, else at the element that compares equal to
 * *buffer, or else at the first one behind that. `next_flag`: go on behind the element where the enumeration stands.
 * `match` returns STATUS_SUCCESS, STATUS_NO_MATCH, or STATUS_NO_MORE_MATCHES to end.
 *
 * Returns: the element, NULL if there is no more
 * Source:  WDK "RtlEnumerateGenericTableLikeADirectory function (ntddk.h)"
 */
PVOID RtlEnumerateGenericTableLikeADirectory(RTL_AVL_TABLE *table, PRTL_AVL_MATCH_FUNCTION match,
                                             PVOID match_data, ULONG next_flag, PVOID *restart_key,
                                             ULONG *delete_count, PVOID buffer)
{
    RTL_BALANCED_LINKS *key = *delete_count == table->DeleteCount ? *restart_key : NULL;
    RTL_BALANCED_LINKS *node = resume(table, key, next_flag != 0, buffer);
    for (; node != NULL; node = after(table, node)) {
        NTSTATUS status = match == NULL ? STATUS_SUCCESS : match(table, data_of(node), match_data);
        if (status == STATUS_NO_MORE_MATCHES)
            return NULL;
        if (status == STATUS_SUCCESS)
            break;
    }
    if (node == NULL)
        return NULL;
    *restart_key = node;
    *delete_count = table->DeleteCount;
    return data_of(node);
}

/* --- By number -------------------------------------------------------------------------------------------- */

/*
 * Element `index` of the order, counted from 0. Costs the distance from the first, the last, or the one asked for
 * before, whichever is nearest.
 *
 * Returns: NULL if there are not so many
 * Source:  WDK "RtlGetElementGenericTableAvl function (ntddk.h)"
 */
PVOID RtlGetElementGenericTableAvl(RTL_AVL_TABLE *table, ULONG index)
{
    RTL_BALANCED_LINKS *node = table->OrderedPointer;
    ULONG count = table->NumberGenericTableElements, at = table->WhichOrderedElement;
    if (index >= count)
        return NULL;
    ULONG wanted = index + 1;
    ULONG distance = at == 0 ? count : at < wanted ? wanted - at : at - wanted;
    if (wanted <= distance) {
        node = rtl_tree_first(head_of(table));
        at = 1;
        distance = index;
    }
    if (count - wanted < distance) {
        node = rtl_tree_last(head_of(table));
        at = count;
    }
    for (; at < wanted; at++)
        node = rtl_tree_next(head_of(table), node);
    for (; at > wanted; at--)
        node = rtl_tree_previous(head_of(table), node);
    table->OrderedPointer = node;
    table->WhichOrderedElement = wanted;
    return data_of(node);
}

/* Source: WDK "RtlNumberGenericTableElementsAvl function (ntddk.h)" */
ULONG RtlNumberGenericTableElementsAvl(RTL_AVL_TABLE *table)
{
    return table->NumberGenericTableElements;
}

/* Source: WDK "RtlIsGenericTableEmptyAvl function (ntddk.h)" */
BOOLEAN RtlIsGenericTableEmptyAvl(RTL_AVL_TABLE *table)
{
    return table->NumberGenericTableElements == 0;
}
