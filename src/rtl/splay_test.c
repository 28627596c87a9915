/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of splay.c: order and links against a sorted array, and what splaying is for. */
#include <nt/rtl_ddi.h>

#include "base/check.h"
#include "base/selftest.h"
#include "rtl/memory.h"

#define KEYS 64u

static RTL_SPLAY_LINKS nodes[KEYS]; /* a node's key is its index */
static bool present[KEYS];

static uint32_t key_of(const RTL_SPLAY_LINKS *node)
{
    return (uint32_t)(node - nodes);
}

/* The number of nodes below and with `node`, KEYS + 1 if a link or the order is wrong. */
static uint32_t count(const RTL_SPLAY_LINKS *node, uint32_t low, uint32_t high)
{
    if (node == NULL)
        return 0;
    uint32_t key = key_of(node);
    if (key < low || key >= high || (node->LeftChild != NULL && node->LeftChild->Parent != node) ||
        (node->RightChild != NULL && node->RightChild->Parent != node))
        return KEYS + 1;
    uint32_t all = 1 + count(node->LeftChild, low, key) + count(node->RightChild, key + 1, high);
    return all <= KEYS ? all : KEYS + 1;
}

/* The tree of `root` has exactly the nodes that `present` marks. */
static bool is_sound(const RTL_SPLAY_LINKS *root)
{
    uint32_t wanted = 0;
    for (uint32_t i = 0; i < KEYS; i++)
        wanted += present[i];
    return (root == NULL || root->Parent == root) && count(root, 0, KEYS) == wanted;
}

static RTL_SPLAY_LINKS *insert(RTL_SPLAY_LINKS *root, uint32_t key)
{
    RTL_SPLAY_LINKS *node = root;
    present[key] = true;
    RtlInitializeSplayLinks(&nodes[key]);
    if (root == NULL)
        return &nodes[key];
    for (;;) {
        RTL_SPLAY_LINKS *next = key < key_of(node) ? node->LeftChild : node->RightChild;
        if (next == NULL)
            break;
        node = next;
    }
    if (key < key_of(node))
        RtlInsertAsLeftChild(node, &nodes[key]);
    else
        RtlInsertAsRightChild(node, &nodes[key]);
    return root;
}

static uint32_t depth_of(const RTL_SPLAY_LINKS *node)
{
    if (node == NULL)
        return 0;
    uint32_t left = depth_of(node->LeftChild), right = depth_of(node->RightChild);
    return 1 + (left > right ? left : right);
}

/* A list: each node the left child of the next one. */
static RTL_SPLAY_LINKS *insert_falling(uint32_t keys)
{
    RTL_SPLAY_LINKS *root = NULL;
    memset(present, 0, sizeof(present));
    for (uint32_t key = keys; key-- > 0;)
        root = insert(root, key);
    return root;
}

TEST(rtl_splay, any_operations_leave_a_sorted_tree)
{
    RTL_SPLAY_LINKS *root = NULL;
    memset(present, 0, sizeof(present));
    for (uint32_t round = 0; round < 3000; round++) {
        uint32_t key = (uint32_t)(selftest_random(run) % KEYS);
        if (!present[key]) {
            root = insert(root, key);
        } else if (selftest_random(run) % 3 == 0) {
            root = RtlSplay(&nodes[key]);
            EXPECT(root == &nodes[key]);
        } else {
            present[key] = false;
            if (round % 2 == 0)
                root = RtlDelete(&nodes[key]);
            else
                RtlDeleteNoSplay(&nodes[key], &root);
        }
        REQUIRE(is_sound(root));
    }
}

TEST(rtl_splay, splaying_the_deepest_node_halves_the_depth)
{
    RTL_SPLAY_LINKS *root = insert_falling(KEYS);
    EXPECT_EQ(depth_of(root), KEYS);
    root = RtlSplay(&nodes[0]);
    EXPECT(depth_of(root) <= KEYS / 2 + 2);
    EXPECT(is_sound(root));
}

TEST(rtl_splay, a_deletion_without_splaying_leaves_the_others_where_they_are)
{
    RTL_SPLAY_LINKS *root = insert_falling(8);
    present[3] = false;
    RtlDeleteNoSplay(&nodes[3], &root);
    EXPECT(root == &nodes[7] && nodes[4].LeftChild == &nodes[2] && is_sound(root));
    EXPECT_EQ(depth_of(root), 7);
    present[7] = false;
    RtlDeleteNoSplay(&nodes[7], &root);
    EXPECT(root == &nodes[6] && is_sound(root));
}

TEST(rtl_splay, a_deletion_splays_the_parent)
{
    (void)insert_falling(8); /* node 7 */
    present[3] = false;
    RTL_SPLAY_LINKS *root = RtlDelete(&nodes[3]);
    EXPECT(root == &nodes[4] && is_sound(root));
}

TEST(rtl_splay, the_last_node_leaves_no_root)
{
    RTL_SPLAY_LINKS *root = insert_falling(1);
    EXPECT(RtlDelete(root) == NULL);
    root = insert_falling(1);
    RtlDeleteNoSplay(&nodes[0], &root);
    EXPECT(root == NULL);
}

TEST(rtl_splay, neighbours_are_found_in_tree_and_subtree)
{
    (void)insert_falling(KEYS); /* every node is a left child */
    (void)RtlSplay(&nodes[20]); /* the root is known */
    (void)RtlSplay(&nodes[40]); /* the root is known */
    for (uint32_t key = 0; key < KEYS; key++) {
        EXPECT(RtlRealSuccessor(&nodes[key]) == (key + 1 < KEYS ? &nodes[key + 1] : NULL));
        EXPECT(RtlRealPredecessor(&nodes[key]) == (key > 0 ? &nodes[key - 1] : NULL));
        EXPECT(RtlSubtreeSuccessor(&nodes[key]) ==
               (nodes[key].RightChild != NULL ? &nodes[key + 1] : NULL));
        EXPECT(RtlSubtreePredecessor(&nodes[key]) ==
               (nodes[key].LeftChild != NULL ? &nodes[key - 1] : NULL));
    }
}
