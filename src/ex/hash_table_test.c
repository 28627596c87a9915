/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of hash_table.c: against an array, and how the buckets grow and shrink. */
#include <nt/ke_ddi.h>
#include <nt/rtl_ddi.h>

#include "base/check.h"
#include "base/selftest.h"
#include "mm/mm.h"
#include "rtl/memory.h"

#define ITEMS 400u

struct item {
    uint32_t seen;
    bool inside;
    RTL_DYNAMIC_HASH_TABLE_ENTRY entry;
};

static struct item items[ITEMS];
static RTL_DYNAMIC_HASH_TABLE *hash;

static ULONG_PTR signature_of(uint32_t index)
{
    return ((ULONG_PTR)index / 2 + 1) * 7; /* each twice */
}

static bool setup(struct selftest_run *run)
{
    memset(items, 0, sizeof(items));
    hash = NULL;
    return EXPECT(RtlCreateHashTable(&hash, 0, 0));
}

static void insert(uint32_t index)
{
    items[index].inside = true;
    (void)RtlInsertEntryHashTable(hash, &items[index].entry, signature_of(index), NULL); /* TRUE */
}

static void take_out(uint32_t index)
{
    items[index].inside = false;
    (void)RtlRemoveEntryHashTable(hash, &items[index].entry, NULL); /* TRUE */
}

static void teardown(void)
{
    for (uint32_t i = 0; i < ITEMS; i++) {
        if (items[i].inside)
            take_out(i);
    }
    RtlDeleteHashTable(hash);
}

static struct item *item_of(RTL_DYNAMIC_HASH_TABLE_ENTRY *entry)
{
    return entry != NULL ? CONTAINING_RECORD(entry, struct item, entry) : NULL;
}

/* All that are inside are found by their signature, and no other. */
static bool is_sound(void)
{
    uint32_t inside = 0;
    for (uint32_t i = 0; i < ITEMS; i += 2) {
        RTL_DYNAMIC_HASH_TABLE_CONTEXT context;
        struct item *found = item_of(RtlLookupEntryHashTable(hash, signature_of(i), &context));
        uint32_t wanted = items[i].inside + items[i + 1].inside, count = 0;
        for (; found != NULL; found = item_of(RtlGetNextEntryHashTable(hash, &context))) {
            if (!found->inside || found->entry.Signature != signature_of(i))
                return false;
            count++;
        }
        if (count != wanted)
            return false;
        inside += wanted;
    }
    return RtlTotalEntriesHashTable(hash) == inside;
}

TEST(ex_hash_table, a_new_table_is_empty)
{
    if (!setup(run))
        return;
    EXPECT_EQ(RtlTotalBucketsHashTable(hash), 128);
    EXPECT_EQ(RtlEmptyBucketsHashTable(hash), 128);
    EXPECT_EQ(RtlTotalEntriesHashTable(hash), 0);
    EXPECT(hash->Flags == RTL_HASH_ALLOCATED_HEADER);
    EXPECT(RtlLookupEntryHashTable(hash, 5, NULL) == NULL);
    teardown();
}

TEST(ex_hash_table, the_header_may_be_the_callers)
{
    RTL_DYNAMIC_HASH_TABLE own, *table = &own;
    EXPECT(RtlCreateHashTable(&table, 4, 0));
    EXPECT(table == &own && own.Flags == 0 && own.Shift == 4);
    RtlDeleteHashTable(table);
    EXPECT(own.Directory == NULL);
    EXPECT(!RtlCreateHashTable(&table, 64, 0));
    EXPECT(!RtlCreateHashTable(&table, 0, 1));
}

TEST(ex_hash_table, equal_signatures_come_in_the_order_of_insertion)
{
    RTL_DYNAMIC_HASH_TABLE_CONTEXT context;
    if (!setup(run))
        return;
    insert(2);
    insert(3);
    insert(258); /* in the same bucket */
    EXPECT(item_of(RtlLookupEntryHashTable(hash, signature_of(2), &context)) == &items[2]);
    EXPECT(item_of(RtlGetNextEntryHashTable(hash, &context)) == &items[3]);
    EXPECT(RtlGetNextEntryHashTable(hash, &context) == NULL);
    EXPECT(RtlLookupEntryHashTable(hash, signature_of(4), &context) == NULL);
    EXPECT(RtlGetNextEntryHashTable(hash, &context) == NULL);
    EXPECT(is_sound());
    teardown();
}

TEST(ex_hash_table, a_context_saves_the_search)
{
    RTL_DYNAMIC_HASH_TABLE_CONTEXT context;
    if (!setup(run))
        return;
    EXPECT(RtlLookupEntryHashTable(hash, signature_of(10), &context) == NULL);
    items[10].inside = items[11].inside = true;
    EXPECT(RtlInsertEntryHashTable(hash, &items[10].entry, signature_of(10), &context));
    RtlInitHashTableContext(&context);
    EXPECT(RtlInsertEntryHashTable(hash, &items[11].entry, signature_of(11), &context));
    EXPECT(context.ChainHead != NULL && is_sound());
    EXPECT(RtlRemoveEntryHashTable(hash, &items[10].entry, &context));
    items[10].inside = false;
    EXPECT(context.PrevLinkage->Flink == &items[11].entry.Linkage && is_sound());
    teardown();
}

TEST(ex_hash_table, the_reserved_signature_is_taken_for_its_neighbour)
{
    if (!setup(run))
        return;
    items[0].inside = true;
    EXPECT(RtlInsertEntryHashTable(hash, &items[0].entry, RTL_HASH_RESERVED_SIGNATURE, NULL));
    EXPECT_EQ(items[0].entry.Signature, 1);
    EXPECT(RtlLookupEntryHashTable(hash, RTL_HASH_RESERVED_SIGNATURE, NULL) == &items[0].entry);
    teardown();
}

static bool contract_if_possible(void)
{
    bool possible = RtlTotalBucketsHashTable(hash) > 128;
    return RtlContractHashTable(hash) == possible;
}

TEST(ex_hash_table, any_operations_leave_what_they_should)
{
    if (!setup(run))
        return;
    for (uint32_t round = 0; round < 2000; round++) {
        uint32_t index = (uint32_t)(selftest_random(run) % ITEMS);
        uint32_t what = (uint32_t)(selftest_random(run) % 8);
        if (what == 0)
            EXPECT(contract_if_possible());
        else if (what <= 2)
            EXPECT(RtlExpandHashTable(hash));
        else if (items[index].inside)
            take_out(index);
        else
            insert(index);
        if (round % 8 == 0)
            REQUIRE(is_sound());
    }
    EXPECT(is_sound());
    teardown();
}

TEST(ex_hash_table, buckets_come_and_go_one_by_one)
{
    if (!setup(run))
        return;
    for (uint32_t i = 0; i < ITEMS; i++)
        insert(i);
    uint32_t few = RtlNonEmptyBucketsHashTable(hash);
    for (ULONG size = 129; size <= 700; size++) {
        EXPECT(RtlExpandHashTable(hash));
        REQUIRE(RtlTotalBucketsHashTable(hash) == size && is_sound());
    }
    EXPECT(RtlNonEmptyBucketsHashTable(hash) > few);
    for (ULONG size = 699; size >= 128; size--) {
        EXPECT(RtlContractHashTable(hash));
        REQUIRE(RtlTotalBucketsHashTable(hash) == size && is_sound());
    }
    EXPECT(!RtlContractHashTable(hash));
    EXPECT_EQ(RtlNonEmptyBucketsHashTable(hash), few);
    teardown();
}

TEST(ex_hash_table, an_enumeration_survives_what_comes_and_goes)
{
    RTL_DYNAMIC_HASH_TABLE_ENUMERATOR enumerator, other;
    struct item *item;
    if (!setup(run))
        return;
    for (uint32_t i = 0; i < ITEMS; i++)
        insert(i);
    EXPECT(RtlInitEnumerationHashTable(hash, &other)); /* stands where the first one will pass */
    for (uint32_t i = 0; i < ITEMS / 2; i++)
        EXPECT(RtlEnumerateEntryHashTable(hash, &other) != NULL);
    EXPECT(RtlInitEnumerationHashTable(hash, &enumerator));
    EXPECT_EQ(RtlActiveEnumeratorsHashTable(hash), 2);
    EXPECT(!RtlExpandHashTable(hash) && !RtlContractHashTable(hash));
    while ((item = item_of(RtlEnumerateEntryHashTable(hash, &enumerator))) != NULL) {
        REQUIRE(item >= items && item < items + ITEMS);
        item->seen++;
        if (item->entry.Signature % 3 == 0) {
            take_out((uint32_t)(item - items));
            REQUIRE(is_sound()); /* searches do not see the enumerator */
        }
    }
    EXPECT(RtlEnumerateEntryHashTable(hash, &enumerator) == NULL);
    RtlEndEnumerationHashTable(hash, &enumerator);
    RtlEndEnumerationHashTable(hash, &other);
    EXPECT_EQ(RtlActiveEnumeratorsHashTable(hash), 0);
    for (uint32_t i = 0; i < ITEMS; i++)
        REQUIRE(items[i].seen == 1);
    EXPECT(RtlTotalEntriesHashTable(hash) < ITEMS);
    teardown();
}

TEST(ex_hash_table, weak_enumerations_run_side_by_side)
{
    RTL_DYNAMIC_HASH_TABLE_ENUMERATOR first, second;
    struct item *item;
    if (!setup(run))
        return;
    EXPECT(RtlInitWeakEnumerationHashTable(hash, &first));
    EXPECT(RtlWeaklyEnumerateEntryHashTable(hash, &first) == NULL);
    RtlEndWeakEnumerationHashTable(hash, &first);
    for (uint32_t i = 0; i < ITEMS; i++)
        insert(i);
    EXPECT(RtlInitWeakEnumerationHashTable(hash, &first));
    EXPECT(RtlInitWeakEnumerationHashTable(hash, &second));
    while ((item = item_of(RtlWeaklyEnumerateEntryHashTable(hash, &first))) != NULL) {
        item->seen++;
        EXPECT(item_of(RtlWeaklyEnumerateEntryHashTable(hash, &second)) == item);
    }
    EXPECT(RtlWeaklyEnumerateEntryHashTable(hash, &first) == NULL);
    RtlEndWeakEnumerationHashTable(hash, &first);
    RtlEndWeakEnumerationHashTable(hash, &second);
    for (uint32_t i = 0; i < ITEMS; i++)
        REQUIRE(items[i].seen == 1);
    teardown();
}

TEST(ex_hash_table, without_memory_there_is_no_table_and_no_new_block)
{
    ULONG made = 0;
    KIRQL old = KeRaiseIrqlToDpcLevel(); /* on one processor nobody else gets between */
    for (uint32_t n = 1; n <= 3; n++) {  /* the header, the directory, the first block */
        hash = NULL;
        mm_pool_fail_every(n);
        made += RtlCreateHashTable(&hash, 0, 0);
        mm_pool_fail_every(0);
        EXPECT(hash == NULL);
    }
    EXPECT_EQ(made, 0);
    EXPECT(setup(run));
    mm_pool_fail_every(1);
    EXPECT(!RtlExpandHashTable(hash));
    mm_pool_fail_every(0);
    KeLowerIrql(old);
    EXPECT_EQ(RtlTotalBucketsHashTable(hash), 128);
    EXPECT(RtlExpandHashTable(hash));
    teardown();
}
