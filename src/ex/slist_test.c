/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of slist.c. */
#include <nt/ex_ddi.h>

#include "base/atomic.h"
#include "ke/ke_test.h"
#include "mm/mm.h"

#define ENTRIES 12
#define ROUNDS  400

struct item {
    SLIST_ENTRY entry;
    uint32_t owner; /* [a] 0: in the list */
};

static SLIST_HEADER list;
static struct item items[ENTRIES];
static uint32_t failures; /* [a] */

static void fill(void)
{
    failures = 0;
    InitializeSListHead(&list);
    for (uint32_t i = 0; i < ENTRIES; i++) {
        items[i].owner = 0;
        (void)ExpInterlockedPushEntrySList(&list, &items[i].entry);
    }
}

TEST(ex_slist, is_a_stack)
{
    InitializeSListHead(&list);
    EXPECT(ExInterlockedPopEntrySList(&list, NULL) == NULL);
    EXPECT(ExInterlockedPushEntrySList(&list, &items[0].entry, NULL) == NULL);
    EXPECT(ExInterlockedPushEntrySList(&list, &items[1].entry, NULL) == &items[0].entry);
    EXPECT_EQ(ExQueryDepthSList(&list), 2);
    EXPECT(RtlFirstEntrySList(&list) == &items[1].entry);
    EXPECT(ExInterlockedPopEntrySList(&list, NULL) == &items[1].entry);
    EXPECT(ExInterlockedPopEntrySList(&list, NULL) == &items[0].entry);
    EXPECT(ExInterlockedPopEntrySList(&list, NULL) == NULL);
    EXPECT_EQ(ExQueryDepthSList(&list), 0);
}

TEST(ex_slist, a_flush_takes_all_in_order)
{
    fill();
    SLIST_ENTRY *entry = ExInterlockedFlushSList(&list);
    for (uint32_t i = ENTRIES; i-- > 0; entry = entry->Next)
        REQUIRE(entry == &items[i].entry);
    EXPECT(entry == NULL);
    EXPECT_EQ(ExQueryDepthSList(&list), 0);
    EXPECT(ExInterlockedFlushSList(&list) == NULL);
}

TEST(ex_slist, every_change_has_its_sequence)
{
    InitializeSListHead(&list);
    (void)ExpInterlockedPushEntrySList(&list, &items[0].entry);
    uint64_t pushed = list.HeaderX64.Sequence;
    (void)ExpInterlockedPopEntrySList(&list);
    (void)ExpInterlockedPushEntrySList(&list, &items[0].entry);
    EXPECT_EQ(list.HeaderX64.Sequence, pushed + 2); /* the same entry, another head */
    EXPECT_EQ(list.HeaderX64.Depth, 1);
    EXPECT_EQ(list.HeaderX64.NextEntry << 4, (uintptr_t)&items[0].entry);
    (void)ExpInterlockedFlushSList(&list);
    EXPECT_EQ(list.HeaderX64.Sequence, pushed + 3);
}

TEST(ex_slist, the_depth_counts_16_bits)
{
    InitializeSListHead(&list);
    list.HeaderX64.Depth = 0xffff;
    list.HeaderX64.Sequence = 7;
    (void)ExpInterlockedPushEntrySList(&list, &items[0].entry);
    EXPECT_EQ(ExQueryDepthSList(&list), 0);
    EXPECT_EQ(list.HeaderX64.Sequence, 8); /* no carry into it but its own count */
    (void)ExpInterlockedPopEntrySList(&list);
    EXPECT_EQ(ExQueryDepthSList(&list), 0xffff);
    EXPECT_EQ(list.HeaderX64.Sequence, 9);
}

/* Who pops an entry owns it alone, until he pushes it. */
static void pop_and_push(void *argument)
{
    uint32_t self = 1 + (uint32_t)(uintptr_t)argument;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct item *first = (struct item *)ExpInterlockedPopEntrySList(&list);
        struct item *second = (struct item *)ExpInterlockedPopEntrySList(&list);
        for (uint32_t k = 0; k < 2; k++) {
            struct item *item = k == 0 ? first : second;
            if (item == NULL || atomic_exchange(&item->owner, self) != 0)
                (void)atomic_add(&failures, 1);
        }
        for (uint32_t k = 0; k < 2; k++) {
            struct item *item = k == 0 ? first : second;
            if (item == NULL)
                continue;
            if (atomic_exchange(&item->owner, 0) != self)
                (void)atomic_add(&failures, 1);
            (void)ExpInterlockedPushEntrySList(&list, &item->entry);
        }
    }
}

TEST(ex_slist, nothing_is_lost_between_processors)
{
    fill();
    test_run_threads(run, 4, pop_and_push);
    EXPECT_EQ(failures, 0);
    EXPECT_EQ(ExQueryDepthSList(&list), ENTRIES);
    uint32_t left = 0;
    while (ExpInterlockedPopEntrySList(&list) != NULL)
        left++;
    EXPECT_EQ(left, ENTRIES);
}

/* Some push their own entries, one takes whatever is there at once. */
static void push_or_flush(void *argument)
{
    uintptr_t self = (uintptr_t)argument;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        if (self == 0) {
            for (SLIST_ENTRY *entry = ExpInterlockedFlushSList(&list), *next; entry != NULL;
                 entry = next) {
                next = entry->Next;
                atomic_store_release(&((struct item *)entry)->owner, 0);
            }
        } else if (atomic_load_acquire(&items[self].owner) == 0) {
            atomic_store_release(&items[self].owner, 1);
            (void)ExpInterlockedPushEntrySList(&list, &items[self].entry);
        }
    }
}

TEST(ex_slist, flushed_entries_come_back_once)
{
    for (uint32_t i = 0; i < ENTRIES; i++)
        items[i].owner = 0;
    InitializeSListHead(&list);
    test_run_threads(run, 4, push_or_flush);
    push_or_flush(NULL);
    for (uint32_t i = 0; i < 4; i++)
        EXPECT_EQ(items[i].owner, 0);
    EXPECT_EQ(ExQueryDepthSList(&list), 0);
}

TEST(ex_slist, memory_that_is_not_mapped_cannot_be_loaded)
{
    uint64_t *page = mm_stack_allocate(1);
    uint64_t value = 1;
    REQUIRE(page != NULL);
    *page = 0x1122334455667788;
    EXPECT(arch_load_guarded(page, &value));
    EXPECT_EQ(value, 0x1122334455667788);
    EXPECT(!arch_load_guarded((char *)page + ARCH_PAGE_BYTES, &value));
    mm_stack_free(page, 1);
    EXPECT(!arch_load_guarded(page, &value));
    EXPECT_EQ(value, 0x1122334455667788); /* written only where it was read */
}

#define VANISHING_ROUNDS 60

static uint32_t vanishing_rounds; /* [a] */

/* Thread 0 lists an entry whose memory it unmaps once it has it back; the others take what they can and put it back. */
static void list_and_unmap(void *argument)
{
    if ((uintptr_t)argument != 0) {
        while (atomic_load_acquire(&vanishing_rounds) < VANISHING_ROUNDS) {
            SLIST_ENTRY *entry = ExpInterlockedPopEntrySList(&list);
            if (entry != NULL)
                (void)ExpInterlockedPushEntrySList(&list, entry);
            ke_thread_yield();
        }
        return;
    }
    for (; vanishing_rounds < VANISHING_ROUNDS; (void)atomic_add(&vanishing_rounds, 1)) {
        SLIST_ENTRY *entry = mm_stack_allocate(1), *back = NULL;
        if (entry == NULL)
            continue;
        (void)ExpInterlockedPushEntrySList(&list, entry);
        while ((back = ExpInterlockedPopEntrySList(&list)) == NULL)
            ke_thread_yield();
        if (back != entry)
            (void)atomic_add(&failures, 1);
        mm_stack_free(back, 1);
    }
}

TEST(ex_slist, a_pop_survives_that_an_entry_is_unmapped)
{
    failures = vanishing_rounds = 0;
    InitializeSListHead(&list);
    test_run_threads(run, 4, list_and_unmap);
    EXPECT_EQ(failures, 0);
    EXPECT_EQ(ExQueryDepthSList(&list), 0);
}
