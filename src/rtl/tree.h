/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Balanced trees whose links lie in what they order. The links are NT's RTL_BALANCED_LINKS, so the generic tables that
 * drivers see are this tree too. A tree is its head: the head's right child is the root, the root's parent is the
 * head, and the head's parent is the head itself. IRQL of all: any, if resident; the caller holds the tree's lock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nt/rtl.h>

/* How `key` lies to the node: negative before it, positive behind it, 0 it is the node's. */
typedef int rtl_tree_compare(const void *key, const RTL_BALANCED_LINKS *node, void *context);

void rtl_tree_init(RTL_BALANCED_LINKS *head);

/*
 * Look for `key`. *node is the node that has it (TableFoundNode), or where a new one belongs: the parent
 * (TableInsertAsLeft, TableInsertAsRight) or the head (TableEmptyTree).
 * Costs at most 1.45 * log2(n + 2) comparisons.
 */
TABLE_SEARCH_RESULT rtl_tree_find(RTL_BALANCED_LINKS *head, rtl_tree_compare *compare,
                                  const void *key, void *context, RTL_BALANCED_LINKS **node);

/*
 * Link `node` where rtl_tree_find said; nothing was inserted or removed in between.
 * Returns: true if the tree has become one level deeper
 */
bool rtl_tree_insert(RTL_BALANCED_LINKS *head, RTL_BALANCED_LINKS *parent,
                     TABLE_SEARCH_RESULT place, RTL_BALANCED_LINKS *node);

/* Unlink `node`; all others stay where they are in memory. Returns: true if the tree has lost a level */
bool rtl_tree_remove(RTL_BALANCED_LINKS *head, RTL_BALANCED_LINKS *node);

/* In order; NULL: there is none. */
RTL_BALANCED_LINKS *rtl_tree_first(const RTL_BALANCED_LINKS *head);
RTL_BALANCED_LINKS *rtl_tree_last(const RTL_BALANCED_LINKS *head);
RTL_BALANCED_LINKS *rtl_tree_next(const RTL_BALANCED_LINKS *head, const RTL_BALANCED_LINKS *node);
RTL_BALANCED_LINKS *rtl_tree_previous(const RTL_BALANCED_LINKS *head,
                                      const RTL_BALANCED_LINKS *node);

/*
 * The first node whose key is not before `key`, NULL if all are before it. Where several nodes have the key, it is
 * the first of them.
 */
RTL_BALANCED_LINKS *rtl_tree_first_from(const RTL_BALANCED_LINKS *head, rtl_tree_compare *compare,
                                        const void *key, void *context);
