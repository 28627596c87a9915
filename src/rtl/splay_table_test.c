/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of splay_table.c: what drivers see of a table. */
#include <nt/rtl_ddi.h>

#include "base/check.h"
#include "base/selftest.h"
#include "rtl/memory.h"

#define SLOTS 64u

/* A driver's view of an element: what it is asked for, and where its data lies. */
struct slot {
    RTL_SPLAY_LINKS links;
    LIST_ENTRY order;
    uint64_t key;
};

static struct {
    struct slot slots[SLOTS];
    bool used[SLOTS];
    uint32_t in_use;
    ULONG asked_bytes;
    bool refuse;
    uint32_t comparisons;
} memory;
static RTL_GENERIC_TABLE splay;

static RTL_GENERIC_COMPARE_RESULTS compare(RTL_GENERIC_TABLE *table, PVOID first, PVOID second)
{
    (void)table; /* there is one */
    uint64_t a = *(uint64_t *)first, b = *(uint64_t *)second;
    memory.comparisons++;
    return a < b ? GenericLessThan : a > b ? GenericGreaterThan : GenericEqual;
}

static PVOID allocate(RTL_GENERIC_TABLE *table, ULONG bytes)
{
    (void)table; /* there is one */
    memory.asked_bytes = bytes;
    for (uint32_t i = 0; i < SLOTS && !memory.refuse; i++) {
        if (!memory.used[i]) {
            memory.used[i] = true;
            memory.in_use++;
            return &memory.slots[i];
        }
    }
    return NULL;
}

static void release(RTL_GENERIC_TABLE *table, PVOID slot)
{
    uint32_t i = (uint32_t)((struct slot *)slot - memory.slots);
    (void)table; /* there is one */
    memory.in_use -= memory.used[i];
    memory.used[i] = false;
}

static void setup(void)
{
    memset(&memory, 0, sizeof(memory));
    memset(&splay, 0x5a, sizeof(splay));
    RtlInitializeGenericTable(&splay, compare, allocate, release, NULL);
}

static uint64_t *add(uint64_t key)
{
    return RtlInsertElementGenericTable(&splay, &key, sizeof(key), NULL);
}

static uint64_t *lookup(uint64_t key)
{
    return RtlLookupElementGenericTable(&splay, &key);
}

static BOOLEAN delete_key(uint64_t key)
{
    return RtlDeleteElementGenericTable(&splay, &key);
}

TEST(rtl_splay_table, a_new_table_is_empty)
{
    setup();
    EXPECT(RtlIsGenericTableEmpty(&splay) && splay.TableRoot == NULL);
    EXPECT(IsListEmpty(&splay.InsertOrderList));
    EXPECT(lookup(1) == NULL && !delete_key(1));
    EXPECT(RtlEnumerateGenericTable(&splay, TRUE) == NULL);
    EXPECT(RtlEnumerateGenericTable(&splay, FALSE) == NULL);
    EXPECT(RtlGetElementGenericTable(&splay, 0) == NULL);
}

TEST(rtl_splay_table, an_element_is_a_copy_behind_its_links)
{
    uint64_t key = 5;
    BOOLEAN is_new = FALSE;
    setup();
    uint64_t *in = RtlInsertElementGenericTable(&splay, &key, sizeof(key), &is_new);
    EXPECT(is_new && in == &memory.slots[0].key && *in == 5);
    EXPECT_EQ(memory.asked_bytes, sizeof(RTL_SPLAY_LINKS) + sizeof(LIST_ENTRY) + sizeof(uint64_t));
    EXPECT(splay.TableRoot == &memory.slots[0].links);
    EXPECT(splay.InsertOrderList.Flink == &memory.slots[0].order);
    EXPECT(RtlInsertElementGenericTable(&splay, &key, sizeof(key), &is_new) == in && !is_new);
    EXPECT_EQ(RtlNumberGenericTableElements(&splay), 1);
}

TEST(rtl_splay_table, memory_that_is_refused_is_no_element)
{
    uint64_t key = 5;
    BOOLEAN is_new = TRUE;
    setup();
    memory.refuse = true;
    EXPECT(RtlInsertElementGenericTable(&splay, &key, sizeof(key), &is_new) == NULL && !is_new);
    memory.asked_bytes = 0;
    EXPECT(RtlInsertElementGenericTable(&splay, &key, 0xfffffff0, &is_new) == NULL);
    EXPECT(memory.asked_bytes == 0 && RtlIsGenericTableEmpty(&splay));
}

TEST(rtl_splay_table, a_full_lookup_says_where_to_insert)
{
    TABLE_SEARCH_RESULT found;
    BOOLEAN is_new;
    PVOID node;
    setup();
    for (uint64_t key = 10; key < 30; key += 2)
        EXPECT(add(key) != NULL);
    for (uint64_t key = 9; key < 30; key += 2) {
        EXPECT(RtlLookupElementGenericTableFull(&splay, &key, &node, &found) == NULL);
        memory.comparisons = 0;
        uint64_t *in =
            RtlInsertElementGenericTableFull(&splay, &key, sizeof(key), &is_new, node, found);
        EXPECT(is_new && in != NULL && memory.comparisons == 0);
        EXPECT(RtlLookupElementGenericTableFull(&splay, &key, &node, &found) == in);
        EXPECT(found == TableFoundNode && splay.TableRoot == node);
        EXPECT(RtlInsertElementGenericTableFull(&splay, &key, sizeof(key), &is_new, node, found) ==
               in);
    }
}

TEST(rtl_splay_table, equals_a_sorted_array_after_each_operation)
{
    bool present[SLOTS] = { false };
    uint32_t expected = 0;
    setup();
    for (uint32_t round = 0; round < 1500; round++) {
        uint64_t key = selftest_random(run) % SLOTS;
        EXPECT(present[key] ? delete_key(key) : add(key) != NULL);
        present[key] = !present[key];
        expected += present[key] ? 1 : -1u;
        REQUIRE(RtlNumberGenericTableElements(&splay) == expected && memory.in_use == expected);
        PVOID restart = NULL;
        for (uint64_t k = 0; k < SLOTS; k++) {
            if (!present[k])
                continue;
            uint64_t *element = RtlEnumerateGenericTableWithoutSplaying(&splay, &restart);
            REQUIRE(element != NULL && *element == k);
        }
        REQUIRE(RtlEnumerateGenericTableWithoutSplaying(&splay, &restart) == NULL);
        REQUIRE((lookup(key) != NULL) == present[key]);
    }
}

TEST(rtl_splay_table, an_enumeration_splays_its_way_through)
{
    setup();
    for (uint64_t i = 0; i < 20; i++)
        EXPECT(add(i * 7 % 20) != NULL);
    for (uint64_t i = 0; i < 20; i++) {
        uint64_t *element = RtlEnumerateGenericTable(&splay, i == 0);
        REQUIRE(element != NULL && *element == i);
        EXPECT(splay.TableRoot == &CONTAINING_RECORD(element, struct slot, key)->links);
    }
    EXPECT(RtlEnumerateGenericTable(&splay, FALSE) == NULL);
}

TEST(rtl_splay_table, numbers_follow_the_order_of_insertion)
{
    setup();
    for (uint64_t i = 0; i < 30; i++)
        EXPECT(add(i * 7 % 30) != NULL);
    for (uint32_t round = 0; round < 200; round++) {
        uint32_t i = (uint32_t)(selftest_random(run) % 30);
        uint64_t *element = RtlGetElementGenericTable(&splay, i);
        REQUIRE(element != NULL && *element == i * 7 % 30);
    }
    EXPECT(RtlGetElementGenericTable(&splay, 30) == NULL);
    EXPECT(RtlGetElementGenericTable(&splay, 20) != NULL);
    EXPECT(delete_key(7)); /* number 1 */
    for (uint32_t i = 19; i >= 1; i--)
        EXPECT_EQ(*(uint64_t *)RtlGetElementGenericTable(&splay, i), (i + 1) * 7 % 30);
    EXPECT(RtlGetElementGenericTable(&splay, 29) == NULL);
}

/* Each for itself would take 60 comparisons. */
TEST(rtl_splay_table, searches_for_what_is_not_there_are_not_slow_again_and_again)
{
    setup();
    for (uint64_t i = 0; i < 60; i++)
        EXPECT(add(i + 1) != NULL);
    memory.comparisons = 0;
    for (uint32_t round = 0; round < 20; round++)
        EXPECT(lookup(0) == NULL);
    EXPECT(memory.comparisons <= 60 + 19 * 8);
}
