/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of tree.c: against a sorted array, with all invariants looked at after each step. */
#include "rtl/tree_test.h"

#include "base/check.h"
#include "base/selftest.h"
#include "rtl/heap.h"

#define KEYS 48u
#define MANY 100000u

struct number {
    uint32_t key;
    RTL_BALANCED_LINKS link;
};

static uint32_t comparisons;

static uint32_t key_of(const RTL_BALANCED_LINKS *node)
{
    return CONTAINING_RECORD(node, struct number, link)->key;
}

static int compare(const void *key, const RTL_BALANCED_LINKS *node, void *context)
{
    (void)context; /* keys need none */
    uint32_t a = *(const uint32_t *)key, b = key_of(node);
    comparisons++;
    return a < b ? -1 : a > b;
}

static bool insert(RTL_BALANCED_LINKS *head, struct number *number, bool *deeper)
{
    RTL_BALANCED_LINKS *place;
    TABLE_SEARCH_RESULT result = rtl_tree_find(head, compare, &number->key, NULL, &place);
    if (result == TableFoundNode)
        return false;
    *deeper = rtl_tree_insert(head, place, result, &number->link);
    return true;
}

/* Forwards and backwards, the tree has exactly the keys that `present` marks. */
static bool same(const RTL_BALANCED_LINKS *head, const bool *present)
{
    const RTL_BALANCED_LINKS *node = rtl_tree_first(head);
    for (uint32_t key = 0; key < KEYS; key++) {
        if (!present[key])
            continue;
        if (node == NULL || key_of(node) != key)
            return false;
        node = rtl_tree_next(head, node);
    }
    if (node != NULL)
        return false;
    node = rtl_tree_last(head);
    for (uint32_t key = KEYS; key-- > 0;) {
        if (!present[key])
            continue;
        if (node == NULL || key_of(node) != key)
            return false;
        node = rtl_tree_previous(head, node);
    }
    return node == NULL;
}

TEST(rtl_tree, an_empty_tree_has_no_nodes)
{
    RTL_BALANCED_LINKS head, *place;
    uint32_t key = 5, count;
    rtl_tree_init(&head);
    EXPECT_EQ(tree_test_check(&head, &count), 0);
    EXPECT(rtl_tree_first(&head) == NULL && rtl_tree_last(&head) == NULL);
    EXPECT(rtl_tree_first_from(&head, compare, &key, NULL) == NULL);
    EXPECT_EQ(rtl_tree_find(&head, compare, &key, NULL, &place), TableEmptyTree);
    EXPECT(place == &head);
}

TEST(rtl_tree, equals_a_sorted_array_after_each_operation)
{
    static struct number numbers[KEYS];
    bool present[KEYS] = { false };
    RTL_BALANCED_LINKS head;
    int depth = 0;
    uint32_t count, expected = 0;
    rtl_tree_init(&head);
    for (uint32_t round = 0; round < 3000; round++) {
        uint32_t key = (uint32_t)(selftest_random(run) % KEYS);
        int change = 0;
        if (present[key]) {
            change = -(int)rtl_tree_remove(&head, &numbers[key].link);
        } else {
            bool deeper = false;
            numbers[key].key = key;
            EXPECT(insert(&head, &numbers[key], &deeper));
            change = deeper;
        }
        expected += present[key] ? -1u : 1u;
        present[key] = !present[key];
        depth += change;
        REQUIRE(tree_test_check(&head, &count) == depth && count == expected);
        REQUIRE(same(&head, present));
    }
}

TEST(rtl_tree, every_small_tree_loses_any_node_and_stays_balanced)
{
    for (uint32_t size = 1; size <= 16; size++) {
        for (uint32_t victim = 0; victim < size; victim++) {
            struct number numbers[16];
            RTL_BALANCED_LINKS head;
            uint32_t count;
            bool deeper;
            rtl_tree_init(&head);
            for (uint32_t i = 0; i < size; i++) {
                numbers[i].key = (i * 7 + victim) % 17; /* distinct, in many orders */
                REQUIRE(insert(&head, &numbers[i], &deeper));
            }
            (void)rtl_tree_remove(&head, &numbers[victim].link); /* the depth is looked at */
            REQUIRE(tree_test_check(&head, &count) >= 0 && count == size - 1);
        }
    }
}

TEST(rtl_tree, a_key_that_is_there_is_found_and_not_inserted_again)
{
    struct number one = { .key = 7 }, two = { .key = 7 };
    RTL_BALANCED_LINKS head, *place;
    bool deeper = false;
    rtl_tree_init(&head);
    EXPECT(insert(&head, &one, &deeper) && deeper);
    EXPECT(!insert(&head, &two, &deeper));
    EXPECT_EQ(rtl_tree_find(&head, compare, &two.key, NULL, &place), TableFoundNode);
    EXPECT(place == &one.link);
}

TEST(rtl_tree, the_first_from_a_key_is_the_next_one_there_is)
{
    static struct number numbers[20];
    RTL_BALANCED_LINKS head;
    bool deeper;
    rtl_tree_init(&head);
    for (uint32_t i = 0; i < 20; i++) {
        numbers[i].key = 3 * i;
        EXPECT(insert(&head, &numbers[i], &deeper));
    }
    for (uint32_t key = 0; key <= 57; key++) {
        RTL_BALANCED_LINKS *node = rtl_tree_first_from(&head, compare, &key, NULL);
        REQUIRE(node != NULL);
        EXPECT_EQ(key_of(node), (key + 2) / 3 * 3);
    }
    EXPECT(rtl_tree_first_from(&head, compare, &(uint32_t){ 58 }, NULL) == NULL);
}

/* In order: the worst for a tree. Searched for are the keys that are there, and those between them. */
static void search_all(struct selftest_run *run, struct number *numbers, uint32_t size)
{
    RTL_BALANCED_LINKS head, *place;
    uint32_t worst = 0, count;
    bool deeper;
    rtl_tree_init(&head);
    for (uint32_t i = 0; i < size; i++) {
        numbers[i].key = 2 * i;
        REQUIRE(insert(&head, &numbers[i], &deeper));
    }
    for (uint32_t key = 0; key < 2 * size; key++) {
        comparisons = 0;
        (void)rtl_tree_find(&head, compare, &key, NULL, &place);
        worst = comparisons > worst ? comparisons : worst;
    }
    EXPECT(tree_test_check(&head, &count) >= 0 && count == size);
    EXPECT(worst <= tree_test_bound(size));
}

TEST(rtl_tree, a_search_takes_no_more_comparisons_than_the_bound)
{
    static const uint32_t sizes[] = { 10, 1000, MANY };
    struct number *numbers =
        rtl_heap_allocate(MANY * sizeof(*numbers)); /* too many for the image */
    REQUIRE(numbers != NULL);
    for (uint32_t i = 0; i < ARRAY_COUNT(sizes); i++)
        search_all(run, numbers, sizes[i]);
    rtl_heap_free(numbers);
}

TEST(rtl_tree, the_bound_is_what_the_formula_says)
{
    EXPECT_EQ(tree_test_bound(10), 5);      /* 5.198 */
    EXPECT_EQ(tree_test_bound(1000), 14);   /* 14.454 */
    EXPECT_EQ(tree_test_bound(100000), 24); /* 24.084 */
}
