/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of resource_table.c: owners are found in a few steps, however many there are. */
#include <nt/ex_ddi.h>
#include <nt/ntstatus.h>

#include "ex/ex_impl.h"
#include "ke/ke_test.h"
#include "mm/mm.h"

#define OWNERS 100000u

static ERESOURCE resource;

/* What looks like the addresses of objects with the marks of an owner pointer. */
static ERESOURCE_THREAD owner_number(uint32_t number)
{
    return (ERESOURCE_THREAD)(0x100000 + (uint64_t)number * 0x540) | 3;
}

static void add_owner(struct selftest_run *run, uint32_t number)
{
    if (EXPECT(ExAcquireResourceSharedLite(&resource, TRUE)))
        ExSetResourceOwnerPointer(&resource, (PVOID)owner_number(number));
}

static void expect_owned_by(struct selftest_run *run, uint32_t from, uint32_t to, bool owned)
{
    uint32_t wrong = 0;
    for (uint32_t i = from; i < to; i++)
        wrong += (ex_owner_find(&resource, owner_number(i)) != NULL) != owned;
    EXPECT_EQ(wrong, 0);
}

TEST(ex_resource_table, finds_one_of_many_owners_in_a_few_steps)
{
    uint64_t steps = 0;
    uint32_t longest = 0;
    EXPECT_EQ(ExInitializeResourceLite(&resource), STATUS_SUCCESS);
    for (uint32_t i = 0; i < OWNERS; i++)
        add_owner(run, i);
    EXPECT_EQ(resource.ActiveEntries, OWNERS);
    for (uint32_t i = 0; i < OWNERS; i++) {
        uint32_t here = ex_owner_search_steps(&resource, owner_number(i));
        steps += here;
        longest = here > longest ? here : longest;
    }
    EXPECT(steps <= 4 * (uint64_t)OWNERS);
    EXPECT(longest <= 200);
    expect_owned_by(run, 0, OWNERS, true);
    for (uint32_t i = 0; i < OWNERS; i++)
        ExReleaseResourceForThreadLite(&resource, owner_number(i));
    EXPECT_EQ(resource.ActiveEntries, 0);
    EXPECT_EQ(ExDeleteResourceLite(&resource), STATUS_SUCCESS);
}

TEST(ex_resource_table, keeps_the_others_when_one_leaves)
{
    enum { COUNT = 500 };
    static bool owned[COUNT];
    EXPECT_EQ(ExInitializeResourceLite(&resource), STATUS_SUCCESS);
    for (uint32_t i = 0; i < COUNT; i++)
        owned[i] = false;
    for (uint32_t i = 0; i < 6000; i++) {
        uint32_t n = (uint32_t)(selftest_random(run) % COUNT);
        if (owned[n])
            ExReleaseResourceForThreadLite(&resource, owner_number(n));
        else
            add_owner(run, n);
        owned[n] = !owned[n];
        if (i % 100 != 0)
            continue;
        for (uint32_t k = 0; k < COUNT; k++)
            expect_owned_by(run, k, k + 1, owned[k]);
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        if (owned[i])
            ExReleaseResourceForThreadLite(&resource, owner_number(i));
    }
    EXPECT_EQ(resource.ActiveEntries, 0);
    EXPECT_EQ(ExDeleteResourceLite(&resource), STATUS_SUCCESS);
}

TEST(ex_resource_table, one_owner_needs_no_memory)
{
    EXPECT_EQ(ExInitializeResourceLite(&resource), STATUS_SUCCESS);
    EXPECT(ExAcquireResourceSharedLite(&resource, TRUE));
    EXPECT(ExAcquireResourceSharedLite(&resource, TRUE));
    EXPECT(resource.OwnerTable == NULL);
    ExReleaseResourceLite(&resource);
    ExReleaseResourceLite(&resource);
    EXPECT(ExAcquireResourceExclusiveLite(&resource, TRUE));
    EXPECT(resource.OwnerTable == NULL);
    ExReleaseResourceLite(&resource);
    EXPECT_EQ(ExDeleteResourceLite(&resource), STATUS_SUCCESS);
}

TEST(ex_resource_table, same_owner_pointers_add_up)
{
    EXPECT_EQ(ExInitializeResourceLite(&resource), STATUS_SUCCESS);
    add_owner(run, 1);
    add_owner(run, 2);
    add_owner(run, 2);
    EXPECT_EQ(resource.ActiveEntries, 2);
    EXPECT_EQ(ex_owner_find(&resource, owner_number(2))->OwnerCount, 2);
    ExReleaseResourceForThreadLite(&resource, owner_number(2));
    ExReleaseResourceForThreadLite(&resource, owner_number(2));
    ExReleaseResourceForThreadLite(&resource, owner_number(1));
    EXPECT_EQ(resource.ActiveEntries, 0);
    EXPECT_EQ(ExDeleteResourceLite(&resource), STATUS_SUCCESS);
}

TEST(ex_resource_table, a_deleted_resource_gives_back_its_memory)
{
    test_settle();
    size_t bytes = mm_pool_bytes();
    EXPECT_EQ(ExInitializeResourceLite(&resource), STATUS_SUCCESS);
    for (uint32_t i = 0; i < 1000; i++)
        add_owner(run, i);
    EXPECT(mm_pool_bytes() > bytes);
    for (uint32_t i = 0; i < 1000; i++)
        ExReleaseResourceForThreadLite(&resource, owner_number(i));
    EXPECT_EQ(ExDeleteResourceLite(&resource), STATUS_SUCCESS);
    EXPECT_EQ(mm_pool_bytes(), bytes);
}
