/* SPDX-License-Identifier: BSD-2-Clause */
/* The invariants of a balanced tree, for the tests of those who use one. */
#pragma once

#include "rtl/tree.h"

/*
 * Walk the whole tree. Returns its depth, or -1 if a parent is not its children's parent, or a balance is not the
 * difference of depths or not in [-1, 1]. `count` becomes the number of nodes.
 */
static inline int tree_test_depth(const RTL_BALANCED_LINKS *parent, const RTL_BALANCED_LINKS *node,
                                  uint32_t *count)
{
    if (node == NULL)
        return 0;
    int left = tree_test_depth(node, node->LeftChild, count);
    int right = tree_test_depth(node, node->RightChild, count);
    ++*count;
    if (left < 0 || right < 0 || node->Parent != parent || node->Balance != right - left ||
        node->Balance < -1 || node->Balance > 1)
        return -1;
    return 1 + (left > right ? left : right);
}

/* The depth of the tree, -1 if it is none; *count as above. */
static inline int tree_test_check(const RTL_BALANCED_LINKS *head, uint32_t *count)
{
    *count = 0;
    if (head->Parent != head || head->LeftChild != NULL)
        return -1;
    return tree_test_depth(head, head->RightChild, count);
}

/* The greatest number of comparisons that a search may take: 1.45 * log2(n + 2), rounded down. */
static inline uint32_t tree_test_bound(uint32_t count)
{
    uint64_t x = (uint64_t)(count + 2) << 32, log2_64ths = 0;
    for (; x >= (uint64_t)2 << 32; x >>= 1) /* the integer part, then six bits behind the point */
        log2_64ths += 64;
    for (uint32_t bit = 32; bit > 0; bit /= 2) {
        x = (x >> 16) * (x >> 16);
        if (x >= (uint64_t)2 << 32) {
            log2_64ths += bit;
            x >>= 1;
        }
    }
    return (uint32_t)(log2_64ths * 145 / 6400);
}
