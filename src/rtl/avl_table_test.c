/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of avl_table.c: what drivers see of a table, and what they may walk themselves. */
#include <nt/ntstatus.h>
#include <nt/rtl_ddi.h>

#include "base/check.h"
#include "base/selftest.h"
#include "rtl/memory.h"
#include "rtl/tree_test.h"

#define SLOTS 64u

struct element {
    uint32_t key;
    uint32_t value;
};

/* The memory of a table: slots of the size that elements have, and whether each is in use. */
struct store {
    struct {
        RTL_BALANCED_LINKS links;
        struct element element;
    } slots[SLOTS];
    bool used[SLOTS];
    uint32_t in_use;
    ULONG asked_bytes;
    bool refuse;
    uint32_t comparisons;
};

static RTL_GENERIC_COMPARE_RESULTS compare(RTL_AVL_TABLE *table, PVOID first, PVOID second)
{
    struct store *own = table->TableContext;
    uint32_t a = ((struct element *)first)->key, b = ((struct element *)second)->key;
    own->comparisons++;
    return a < b ? GenericLessThan : a > b ? GenericGreaterThan : GenericEqual;
}

/* Of a name of two parts only the first counts: many elements are equal to one key. */
static RTL_GENERIC_COMPARE_RESULTS compare_tens(RTL_AVL_TABLE *table, PVOID first, PVOID second)
{
    (void)table; /* nothing of it is used */
    uint32_t a = ((struct element *)first)->key, b = ((struct element *)second)->key / 10 * 10;
    return a < b ? GenericLessThan : a > b ? GenericGreaterThan : GenericEqual;
}

static PVOID allocate(RTL_AVL_TABLE *table, ULONG bytes)
{
    struct store *own = table->TableContext;
    own->asked_bytes = bytes;
    for (uint32_t i = 0; i < SLOTS && !own->refuse; i++) {
        if (!own->used[i]) {
            own->used[i] = true;
            own->in_use++;
            return &own->slots[i];
        }
    }
    return NULL;
}

static void release(RTL_AVL_TABLE *table, PVOID memory)
{
    struct store *own = table->TableContext;
    for (uint32_t i = 0; i < SLOTS; i++) {
        if (memory == &own->slots[i] && own->used[i]) {
            own->used[i] = false;
            own->in_use--;
        }
    }
}

static struct store store;
static RTL_AVL_TABLE avl;

static void setup(void)
{
    memset(&store, 0, sizeof(store));
    memset(&avl, 0x5a, sizeof(avl));
    RtlInitializeGenericTableAvl(&avl, compare, allocate, release, &store);
}

static struct element *add(uint32_t key)
{
    struct element element = { key, key + 1000 };
    return RtlInsertElementGenericTableAvl(&avl, &element, sizeof(element), NULL);
}

static void setup_tens(uint32_t count)
{
    setup();
    for (uint32_t i = 0; i < count; i++)
        (void)add(10 * i); /* there is room */
}

static struct element *lookup(uint32_t key)
{
    return RtlLookupElementGenericTableAvl(&avl, &(struct element){ key, 0 });
}

static BOOLEAN delete_key(uint32_t key)
{
    return RtlDeleteElementGenericTableAvl(&avl, &(struct element){ key, 0 });
}

TEST(rtl_avl_table, a_new_table_is_empty)
{
    setup();
    EXPECT(RtlIsGenericTableEmptyAvl(&avl));
    EXPECT_EQ(RtlNumberGenericTableElementsAvl(&avl), 0);
    EXPECT(avl.BalancedRoot.Parent == &avl.BalancedRoot);
    EXPECT(avl.BalancedRoot.RightChild == NULL && avl.DepthOfTree == 0);
    EXPECT(lookup(1) == NULL && !delete_key(1));
    EXPECT(RtlEnumerateGenericTableAvl(&avl, TRUE) == NULL);
    EXPECT(RtlGetElementGenericTableAvl(&avl, 0) == NULL);
    EXPECT_EQ(store.comparisons, 0);
}

TEST(rtl_avl_table, an_element_is_a_copy_behind_its_links)
{
    struct element element = { 5, 55 };
    BOOLEAN is_new = FALSE;
    setup();
    struct element *in = RtlInsertElementGenericTableAvl(&avl, &element, sizeof(element), &is_new);
    REQUIRE(in != NULL && is_new);
    EXPECT_EQ(store.asked_bytes, sizeof(RTL_BALANCED_LINKS) + sizeof(element));
    EXPECT(in == &store.slots[0].element && in != &element && in->value == 55);
    EXPECT(avl.BalancedRoot.RightChild == &store.slots[0].links);
    EXPECT(store.slots[0].links.Parent == &avl.BalancedRoot);
    EXPECT_EQ(avl.DepthOfTree, 1);
    EXPECT(lookup(5) == in && !RtlIsGenericTableEmptyAvl(&avl));
}

TEST(rtl_avl_table, an_equal_element_stays_the_old_one)
{
    struct element again = { 7, 1 };
    BOOLEAN is_new = TRUE;
    setup();
    struct element *in = add(7);
    EXPECT(RtlInsertElementGenericTableAvl(&avl, &again, sizeof(again), &is_new) == in);
    EXPECT(!is_new && in->value == 1007);
    EXPECT_EQ(RtlNumberGenericTableElementsAvl(&avl), 1);
}

TEST(rtl_avl_table, memory_that_is_refused_is_no_element)
{
    struct element element = { 1, 1 };
    BOOLEAN is_new = TRUE;
    setup();
    store.refuse = true;
    EXPECT(RtlInsertElementGenericTableAvl(&avl, &element, sizeof(element), &is_new) == NULL);
    EXPECT(!is_new && RtlIsGenericTableEmptyAvl(&avl));
    store.refuse = false;
    store.asked_bytes = 0;
    EXPECT(RtlInsertElementGenericTableAvl(&avl, &element, 0xfffffff0, &is_new) == NULL);
    EXPECT_EQ(store.asked_bytes, 0); /* the size with its links has no 32 bits */
}

TEST(rtl_avl_table, a_full_lookup_says_where_to_insert)
{
    struct element element = { 15, 0 };
    TABLE_SEARCH_RESULT found;
    BOOLEAN is_new;
    PVOID node;
    setup();
    EXPECT(RtlLookupElementGenericTableFullAvl(&avl, &element, &node, &found) == NULL);
    EXPECT_EQ(found, TableEmptyTree);
    (void)add(10); /* there is room */
    EXPECT(RtlLookupElementGenericTableFullAvl(&avl, &element, &node, &found) == NULL);
    EXPECT(found == TableInsertAsRight && node == &store.slots[0].links);
    store.comparisons = 0;
    struct element *in =
        RtlInsertElementGenericTableFullAvl(&avl, &element, sizeof(element), &is_new, node, found);
    EXPECT(is_new && in != NULL && store.comparisons == 0);
    EXPECT(RtlLookupElementGenericTableFullAvl(&avl, &element, &node, &found) == in);
    EXPECT_EQ(found, TableFoundNode);
    EXPECT(RtlInsertElementGenericTableFullAvl(&avl, &element, sizeof(element), &is_new, node,
                                               found) == in);
    EXPECT(!is_new);
    RtlDeleteElementGenericTableAvlEx(&avl, node);
    EXPECT(lookup(15) == NULL && lookup(10) != NULL && store.in_use == 1);
}

TEST(rtl_avl_table, depth_count_and_links_hold_after_each_operation)
{
    bool present[SLOTS] = { false };
    uint32_t expected = 0, count, deletions = 0;
    setup();
    for (uint32_t round = 0; round < 2000; round++) {
        uint32_t key = (uint32_t)(selftest_random(run) % SLOTS);
        if (present[key]) {
            EXPECT(delete_key(key));
            deletions++;
        } else {
            EXPECT(add(key) != NULL);
        }
        present[key] = !present[key];
        expected += present[key] ? 1 : -1u;
        REQUIRE(tree_test_check(&avl.BalancedRoot, &count) == (int)avl.DepthOfTree);
        REQUIRE(count == expected && store.in_use == expected);
        REQUIRE(RtlNumberGenericTableElementsAvl(&avl) == expected);
        REQUIRE(avl.DeleteCount == deletions);
        REQUIRE((lookup(key) != NULL) == present[key]);
    }
}

TEST(rtl_avl_table, an_enumeration_is_in_order_and_ends)
{
    PVOID key = NULL;
    setup();
    for (uint32_t i = 0; i < 20; i++)
        (void)add(i * 7 % 20); /* there is room */
    for (uint32_t i = 0; i < 20; i++) {
        struct element *element = RtlEnumerateGenericTableAvl(&avl, i == 0);
        struct element *same = RtlEnumerateGenericTableWithoutSplayingAvl(&avl, &key);
        REQUIRE(element != NULL && element == same);
        EXPECT_EQ(element->key, i);
    }
    EXPECT(RtlEnumerateGenericTableAvl(&avl, FALSE) == NULL);
    EXPECT(RtlEnumerateGenericTableAvl(&avl, FALSE) == NULL);
    EXPECT(RtlEnumerateGenericTableWithoutSplayingAvl(&avl, &key) == NULL);
}

TEST(rtl_avl_table, the_element_of_an_enumeration_may_be_deleted)
{
    setup_tens(10);
    uint32_t seen = 0;
    for (struct element *e = RtlEnumerateGenericTableAvl(&avl, TRUE); e != NULL;
         e = RtlEnumerateGenericTableAvl(&avl, FALSE)) {
        EXPECT_EQ(e->key, 10 * seen);
        seen++;
        EXPECT(delete_key(e->key));
    }
    EXPECT_EQ(seen, 10);
    EXPECT(RtlIsGenericTableEmptyAvl(&avl) && store.in_use == 0);
}

TEST(rtl_avl_table, elements_have_numbers_in_order)
{
    setup_tens(30);
    for (uint32_t i = 0; i < 30; i++)
        EXPECT_EQ(((struct element *)RtlGetElementGenericTableAvl(&avl, i))->key, 10 * i);
    EXPECT(RtlGetElementGenericTableAvl(&avl, 30) == NULL);
    for (uint32_t round = 0; round < 200; round++) {
        uint32_t i = (uint32_t)(selftest_random(run) % 30);
        REQUIRE(((struct element *)RtlGetElementGenericTableAvl(&avl, i))->key == 10 * i);
    }
    EXPECT(delete_key(0));
    EXPECT_EQ(((struct element *)RtlGetElementGenericTableAvl(&avl, 28))->key, 290);
    EXPECT(add(5) != NULL);
    EXPECT_EQ(((struct element *)RtlGetElementGenericTableAvl(&avl, 0))->key, 5);
}

TEST(rtl_avl_table, the_first_of_many_that_match_comes_first)
{
    PVOID key;
    setup();
    for (uint32_t i = 10; i < 50; i++)
        EXPECT(add(i) != NULL);
    avl.CompareRoutine = compare_tens;
    struct element *first =
        RtlLookupFirstMatchingElementGenericTableAvl(&avl, &(struct element){ 30, 0 }, &key);
    REQUIRE(first != NULL);
    EXPECT_EQ(first->key, 30);
    struct element *next = RtlEnumerateGenericTableWithoutSplayingAvl(&avl, &key);
    EXPECT(next != NULL && next->key == 31);
    EXPECT(RtlLookupFirstMatchingElementGenericTableAvl(&avl, &(struct element){ 25, 0 }, &key) ==
           NULL);
    EXPECT(RtlLookupFirstMatchingElementGenericTableAvl(&avl, &(struct element){ 60, 0 }, &key) ==
           NULL);
    EXPECT(key == NULL);
}

/* --- Like a directory ------------------------------------------------------------------------------------- */

/* Those that are no multiple of 20; 70 ends it. */
static NTSTATUS match(RTL_AVL_TABLE *unused, PVOID data, PVOID context)
{
    struct element *element = data;
    (void)unused; /* the element says it all */
    ++*(uint32_t *)context;
    if (element->key == 70)
        return STATUS_NO_MORE_MATCHES;
    return element->key % 20 != 0 ? STATUS_SUCCESS : STATUS_NO_MATCH;
}

TEST(rtl_avl_table, a_directory_shows_what_matches_until_the_end)
{
    struct element start = { 0, 0 }, *e;
    PVOID key = NULL;
    ULONG deletions = 0;
    uint32_t calls = 0, seen = 0;
    setup_tens(10);
    while ((e = RtlEnumerateGenericTableLikeADirectory(&avl, match, &calls, seen != 0, &key,
                                                       &deletions, &start)) != NULL) {
        EXPECT_EQ(e->key, 10 + 20 * seen);
        seen++;
    }
    EXPECT_EQ(seen, 3);
    EXPECT_EQ(calls, 8);
}

TEST(rtl_avl_table, a_directory_goes_on_behind_what_was_deleted)
{
    struct element name = { 0, 0 }, *e;
    PVOID key = NULL;
    ULONG deletions = 0;
    uint32_t seen = 0;
    setup_tens(10);
    while ((e = RtlEnumerateGenericTableLikeADirectory(&avl, NULL, NULL, TRUE, &key, &deletions,
                                                       &name)) != NULL) {
        name = *e;
        EXPECT_EQ(e->key, 10 + 10 * seen);
        seen++;
        if (seen % 2 == 0) /* the restart key is gone: the name is not */
            EXPECT(delete_key(name.key));
        else if (name.key == 50)
            EXPECT(delete_key(0)); /* the restart key is there, but cannot be trusted */
    }
    EXPECT_EQ(seen, 9);
}

TEST(rtl_avl_table, a_directory_without_next_starts_at_the_element_itself)
{
    struct element name = { 30, 0 }, *e;
    PVOID key = NULL;
    ULONG deletions = 0;
    setup_tens(10);
    e = RtlEnumerateGenericTableLikeADirectory(&avl, NULL, NULL, FALSE, &key, &deletions, &name);
    EXPECT(e != NULL && e->key == 30);
    e = RtlEnumerateGenericTableLikeADirectory(&avl, NULL, NULL, FALSE, &key, &deletions, &name);
    EXPECT(e != NULL && e->key == 30);
    key = NULL;
    name.key = 31; /* none is equal: the one behind it, whatever the flag says */
    e = RtlEnumerateGenericTableLikeADirectory(&avl, NULL, NULL, TRUE, &key, &deletions, &name);
    EXPECT(e != NULL && e->key == 40);
    key = NULL;
    name.key = 91;
    EXPECT(RtlEnumerateGenericTableLikeADirectory(&avl, NULL, NULL, TRUE, &key, &deletions,
                                                  &name) == NULL);
}
