/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Splay links: trees without a balance, where each access rotates what it touched to the root, so that a run of n
 * accesses costs n log n. A root is its own parent. There is no head: whoever owns a tree keeps the root that a call
 * returned. Source: Sleator and Tarjan, "Self-adjusting binary search trees" (1985), the bottom-up form.
 *
 * IRQL of all: any, if resident. The caller holds the tree's lock.
 */
#include <stdbool.h>

#include <nt/rtl_ddi.h>

/* `node` takes the place that `old` has in its parent, or becomes the root. */
static void take_place(RTL_SPLAY_LINKS *old, RTL_SPLAY_LINKS *node)
{
    if (RtlIsRoot(old)) {
        node->Parent = node;
        return;
    }
    if (RtlIsLeftChild(old))
        old->Parent->LeftChild = node;
    else
        old->Parent->RightChild = node;
    node->Parent = old->Parent;
}

/* `node` becomes the parent of its parent. */
static void rotate_up(RTL_SPLAY_LINKS *node)
{
    RTL_SPLAY_LINKS *parent = node->Parent;
    bool left = RtlIsLeftChild(node);
    RTL_SPLAY_LINKS *inner = left ? node->RightChild : node->LeftChild;
    take_place(parent, node);
    if (left) {
        parent->LeftChild = inner;
        node->RightChild = parent;
    } else {
        parent->RightChild = inner;
        node->LeftChild = parent;
    }
    parent->Parent = node;
    if (inner != NULL)
        inner->Parent = parent;
}

/*
 * Make `links` the root of its tree, and halve the depth of what lay on the way.
 *
 * Returns: `links`
 * Source:  WDK "RtlSplay function (ntddk.h)"
 */
RTL_SPLAY_LINKS *RtlSplay(RTL_SPLAY_LINKS *links)
{
    while (!RtlIsRoot(links)) {
        RTL_SPLAY_LINKS *parent = links->Parent;
        if (!RtlIsRoot(parent))
            rotate_up(RtlIsLeftChild(links) == RtlIsLeftChild(parent) ? parent : links);
        rotate_up(links);
    }
    return links;
}

/* --- Neighbours ------------------------------------------------------------------------------------------- */

/* The first node of the right subtree, NULL if there is none. Source: WDK "RtlSubtreeSuccessor function (ntddk.h)" */
RTL_SPLAY_LINKS *RtlSubtreeSuccessor(RTL_SPLAY_LINKS *links)
{
    RTL_SPLAY_LINKS *node = links->RightChild;
    while (node != NULL && node->LeftChild != NULL)
        node = node->LeftChild;
    return node;
}

/* The last node of the left subtree, NULL if there is none. Source: WDK "RtlSubtreePredecessor function (ntddk.h)" */
RTL_SPLAY_LINKS *RtlSubtreePredecessor(RTL_SPLAY_LINKS *links)
{
    RTL_SPLAY_LINKS *node = links->LeftChild;
    while (node != NULL && node->RightChild != NULL)
        node = node->RightChild;
    return node;
}

/* The next node of the tree, NULL behind the last one. Source: WDK "RtlRealSuccessor function (ntddk.h)" */
RTL_SPLAY_LINKS *RtlRealSuccessor(RTL_SPLAY_LINKS *links)
{
    if (links->RightChild != NULL)
        return RtlSubtreeSuccessor(links);
    while (RtlIsRightChild(links))
        links = links->Parent;
    return RtlIsLeftChild(links) ? links->Parent : NULL;
}

/* The node before, NULL before the first one. Source: WDK "RtlRealPredecessor function (ntddk.h)" */
RTL_SPLAY_LINKS *RtlRealPredecessor(RTL_SPLAY_LINKS *links)
{
    if (links->LeftChild != NULL)
        return RtlSubtreePredecessor(links);
    while (RtlIsLeftChild(links))
        links = links->Parent;
    return RtlIsRightChild(links) ? links->Parent : NULL;
}

/* --- Deletion --------------------------------------------------------------------------------------------- */

/* Unlink a node that has at most one child. Returns: its parent; if it was the root, the new root, or NULL. */
static RTL_SPLAY_LINKS *unlink(RTL_SPLAY_LINKS *node)
{
    RTL_SPLAY_LINKS *child = node->LeftChild != NULL ? node->LeftChild : node->RightChild;
    RTL_SPLAY_LINKS *parent = RtlIsRoot(node) ? child : node->Parent;
    if (child != NULL)
        take_place(node, child);
    else if (RtlIsLeftChild(node))
        parent->LeftChild = NULL;
    else if (RtlIsRightChild(node))
        parent->RightChild = NULL;
    return parent;
}

/* `heir` has been unlinked from the left subtree; it takes the place and the children of `node`. */
static void inherit(RTL_SPLAY_LINKS *node, RTL_SPLAY_LINKS *heir)
{
    take_place(node, heir);
    heir->LeftChild = node->LeftChild;
    heir->RightChild = node->RightChild;
    if (heir->LeftChild != NULL)
        heir->LeftChild->Parent = heir;
    heir->RightChild->Parent = heir;
}

/* Unlink any node. Returns: a node from which the rest can be reached, the lowest one that lost something; or NULL */
static RTL_SPLAY_LINKS *unlink_any(RTL_SPLAY_LINKS *node)
{
    if (node->LeftChild == NULL || node->RightChild == NULL)
        return unlink(node);
    RTL_SPLAY_LINKS *heir = RtlSubtreePredecessor(node);
    RTL_SPLAY_LINKS *parent = unlink(heir);
    inherit(node, heir);
    return parent == node ? heir : parent;
}

/*
 * Unlink `links` from its tree and splay its parent.
 *
 * Returns: the root of what is left, NULL if that is nothing
 * Source:  WDK "RtlDelete function (ntddk.h)"
 */
RTL_SPLAY_LINKS *RtlDelete(RTL_SPLAY_LINKS *links)
{
    RTL_SPLAY_LINKS *rest = unlink_any(links);
    return rest != NULL ? RtlSplay(rest) : NULL;
}

/* Unlink `links` from the tree of *root without a rotation. Source: WDK "RtlDeleteNoSplay function (ntddk.h)" */
void RtlDeleteNoSplay(RTL_SPLAY_LINKS *links, RTL_SPLAY_LINKS **root)
{
    RTL_SPLAY_LINKS *rest = unlink_any(links);
    if (*root != links)
        return;
    while (rest != NULL && !RtlIsRoot(rest))
        rest = rest->Parent;
    *root = rest;
}
