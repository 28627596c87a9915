/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AVL trees. The two subtrees of a node differ by at most one level; `Balance` says by how much the right one is
 * deeper. A change of depth climbs from the place of the change until a node swallows it. Left and right are one code
 * with a sign: -1 is left, 1 is right.
 *
 * A node with two children is not unlinked by moving another's contents, for its owner holds pointers to it: the
 * next node in order is linked into its place.
 */
#include "rtl/tree.h"

#include "base/check.h"

static RTL_BALANCED_LINKS **child_of(RTL_BALANCED_LINKS *node, int side)
{
    return side > 0 ? &node->RightChild : &node->LeftChild;
}

/* The root is its head's right child, and the head has no left one. */
static int side_of(const RTL_BALANCED_LINKS *node)
{
    return node->Parent->LeftChild == node ? -1 : 1;
}

static void set_child(RTL_BALANCED_LINKS *parent, int side, RTL_BALANCED_LINKS *child)
{
    *child_of(parent, side) = child;
    if (child != NULL)
        child->Parent = parent;
}

static RTL_BALANCED_LINKS *end_of(RTL_BALANCED_LINKS *node, int side)
{
    for (RTL_BALANCED_LINKS *next = node; next != NULL; next = *child_of(next, side))
        node = next;
    return node;
}

void rtl_tree_init(RTL_BALANCED_LINKS *head)
{
    *head = (RTL_BALANCED_LINKS){ .Parent = head };
}

/* --- Balance ---------------------------------------------------------------------------------------------- */

/* The child on `side` takes the place of `top`, which becomes its child. */
static RTL_BALANCED_LINKS *rotate(RTL_BALANCED_LINKS *top, int side)
{
    RTL_BALANCED_LINKS *up = *child_of(top, side);
    set_child(top->Parent, side_of(top), up);
    set_child(top, side, *child_of(up, -side));
    set_child(up, -side, top);
    return up;
}

/*
 * `top` is two levels deeper on `side`. Returns what stands in its place; its balance is 0 if and only if the subtree
 * has become one level less deep by this.
 */
static RTL_BALANCED_LINKS *rebalance(RTL_BALANCED_LINKS *top, int side)
{
    RTL_BALANCED_LINKS *child = *child_of(top, side);
    if (child->Balance != -side) {
        RTL_BALANCED_LINKS *up = rotate(top, side);
        top->Balance = (CHAR)(side - up->Balance);
        up->Balance = (CHAR)-top->Balance;
        return up;
    }
    RTL_BALANCED_LINKS *inner = *child_of(child, -side);
    (void)rotate(child, -side); /* `inner` */
    (void)rotate(top, side);    /* `inner` again */
    top->Balance = (CHAR)(inner->Balance == side ? -side : 0);
    child->Balance = (CHAR)(inner->Balance == -side ? side : 0);
    inner->Balance = 0;
    return inner;
}

/* --- Change ----------------------------------------------------------------------------------------------- */

bool rtl_tree_insert(RTL_BALANCED_LINKS *head, RTL_BALANCED_LINKS *parent,
                     TABLE_SEARCH_RESULT place, RTL_BALANCED_LINKS *node)
{
    int side = place == TableInsertAsLeft ? -1 : 1;
    CHECK(*child_of(parent, side) == NULL);
    *node = (RTL_BALANCED_LINKS){ .Parent = parent };
    *child_of(parent, side) = node;
    while (parent != head) {
        parent->Balance = (CHAR)(parent->Balance + side);
        if (parent->Balance == 0)
            return false;
        if (parent->Balance == 2 * side) {
            (void)rebalance(parent, side); /* an insertion always ends here */
            return false;
        }
        side = side_of(parent);
        parent = parent->Parent;
    }
    return true;
}

/* The subtree on `side` of `parent` has lost a level. Returns: true if the whole tree has */
static bool shrink(const RTL_BALANCED_LINKS *head, RTL_BALANCED_LINKS *parent, int side)
{
    while (parent != head) {
        RTL_BALANCED_LINKS *top = parent;
        top->Balance = (CHAR)(top->Balance - side);
        if (top->Balance == -2 * side)
            top = rebalance(top, -side);
        if (top->Balance != 0)
            return false;
        side = side_of(top);
        parent = top->Parent;
    }
    return true;
}

bool rtl_tree_remove(RTL_BALANCED_LINKS *head, RTL_BALANCED_LINKS *node)
{
    RTL_BALANCED_LINKS *parent = node->Parent;
    int side = side_of(node);
    if (node->LeftChild == NULL || node->RightChild == NULL) {
        set_child(parent, side, node->LeftChild != NULL ? node->LeftChild : node->RightChild);
        return shrink(head, parent, side);
    }
    RTL_BALANCED_LINKS *heir = end_of(node->RightChild, -1);
    RTL_BALANCED_LINKS *from = heir->Parent == node ? heir : heir->Parent;
    int from_side = side_of(heir);
    set_child(heir->Parent, from_side, heir->RightChild);
    set_child(heir, -1, node->LeftChild);
    set_child(heir, 1, node->RightChild);
    heir->Balance = node->Balance;
    set_child(parent, side, heir);
    return shrink(head, from, from_side);
}

/* --- Looking ---------------------------------------------------------------------------------------------- */

TABLE_SEARCH_RESULT rtl_tree_find(RTL_BALANCED_LINKS *head, rtl_tree_compare *compare,
                                  const void *key, void *context, RTL_BALANCED_LINKS **node)
{
    TABLE_SEARCH_RESULT result = TableEmptyTree;
    RTL_BALANCED_LINKS *next = head->RightChild;
    *node = head;
    while (next != NULL) {
        int order = compare(key, next, context);
        *node = next;
        if (order == 0)
            return TableFoundNode;
        result = order < 0 ? TableInsertAsLeft : TableInsertAsRight;
        next = *child_of(next, order);
    }
    return result;
}

RTL_BALANCED_LINKS *rtl_tree_first_from(const RTL_BALANCED_LINKS *head, rtl_tree_compare *compare,
                                        const void *key, void *context)
{
    RTL_BALANCED_LINKS *best = NULL;
    RTL_BALANCED_LINKS *next = head->RightChild;
    while (next != NULL) {
        int order = compare(key, next, context);
        if (order <= 0)
            best = next;
        next = order <= 0 ? next->LeftChild : next->RightChild;
    }
    return best;
}

RTL_BALANCED_LINKS *rtl_tree_first(const RTL_BALANCED_LINKS *head)
{
    return end_of(head->RightChild, -1);
}

RTL_BALANCED_LINKS *rtl_tree_last(const RTL_BALANCED_LINKS *head)
{
    return end_of(head->RightChild, 1);
}

/* The neighbour on `side`: the near end of the subtree there, or the first ancestor that lies on that side. */
static RTL_BALANCED_LINKS *neighbour(const RTL_BALANCED_LINKS *head, const RTL_BALANCED_LINKS *node,
                                     int side)
{
    RTL_BALANCED_LINKS *below = side > 0 ? node->RightChild : node->LeftChild;
    if (below != NULL)
        return end_of(below, -side);
    while (node->Parent != head && side_of(node) == side)
        node = node->Parent;
    return node->Parent != head ? node->Parent : NULL;
}

RTL_BALANCED_LINKS *rtl_tree_next(const RTL_BALANCED_LINKS *head, const RTL_BALANCED_LINKS *node)
{
    return neighbour(head, node, 1);
}

RTL_BALANCED_LINKS *rtl_tree_previous(const RTL_BALANCED_LINKS *head,
                                      const RTL_BALANCED_LINKS *node)
{
    return neighbour(head, node, -1);
}
