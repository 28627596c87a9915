/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of unicode_prefix.c. */
#include <nt/rtl_ddi.h>

#include "base/check.h"
#include "base/selftest.h"
#include "rtl/memory.h"

#define ENTRIES 64u

static UNICODE_PREFIX_TABLE prefixes;
static struct {
    WCHAR text[16];
    UNICODE_STRING string;
    UNICODE_PREFIX_TABLE_ENTRY entry;
} slots[ENTRIES];

static UNICODE_STRING string_of(const WCHAR *text)
{
    USHORT bytes = 0;
    while (text[bytes / sizeof(WCHAR)] != 0)
        bytes = (USHORT)(bytes + sizeof(WCHAR));
    return (UNICODE_STRING){ bytes, bytes, (WCHAR *)(uintptr_t)text };
}

static void setup(void)
{
    memset(&prefixes, 0x5a, sizeof(prefixes));
    RtlInitializeUnicodePrefix(&prefixes);
}

static BOOLEAN insert(uint32_t slot, const WCHAR *text)
{
    slots[slot].string = string_of(text);
    return RtlInsertUnicodePrefix(&prefixes, &slots[slot].string, &slots[slot].entry);
}

/* The number of the slot, ENTRIES for none. */
static uint32_t slot_of(const UNICODE_PREFIX_TABLE_ENTRY *entry)
{
    uint32_t slot = 0;
    while (slot < ENTRIES && &slots[slot].entry != entry)
        slot++;
    return slot;
}

static uint32_t find(const WCHAR *path, ULONG ignore_case_from)
{
    UNICODE_STRING name = string_of(path);
    return slot_of(RtlFindUnicodePrefix(&prefixes, &name, ignore_case_from));
}

TEST(rtl_unicode_prefix, the_longest_prefix_is_found)
{
    setup();
    EXPECT_EQ(find(u"\\a", 0), ENTRIES);
    EXPECT(insert(0, u"\\") && insert(1, u"\\dev") && insert(2, u"\\dev\\disk\\0"));
    EXPECT_EQ(find(u"\\dev\\disk\\0\\file", 0), 2);
    EXPECT_EQ(find(u"\\dev\\disk\\0", 0), 2);
    EXPECT_EQ(find(u"\\dev\\disk\\1", 0), 1);
    EXPECT_EQ(find(u"\\dev", 0), 1);
    EXPECT_EQ(find(u"\\", 0), 0);
    EXPECT_EQ(find(u"dev", 0), ENTRIES);
}

TEST(rtl_unicode_prefix, a_name_is_matched_whole)
{
    setup();
    EXPECT(insert(0, u"\\dev") && insert(1, u"rel"));
    EXPECT_EQ(find(u"\\device\\x", 0), ENTRIES);
    EXPECT_EQ(find(u"\\de", 0), ENTRIES);
    EXPECT_EQ(find(u"rel\\x", 0), 1);
    EXPECT_EQ(find(u"\\rel\\x", 0), ENTRIES);
}

TEST(rtl_unicode_prefix, case_counts_before_the_index)
{
    setup();
    EXPECT(insert(0, u"\\Dev\\Disk") && insert(1, u"\\dev\\disk"));
    EXPECT(!insert(2, u"\\dev\\disk"));
    EXPECT_EQ(find(u"\\dev\\disk\\x", 100), 1);
    EXPECT_EQ(find(u"\\Dev\\Disk\\x", 100), 0);
    EXPECT_EQ(find(u"\\DEV\\DISK\\x", 100), ENTRIES);
    EXPECT_EQ(find(u"\\dev\\DISK\\x", 5), 1);
    EXPECT_EQ(find(u"\\Dev\\DISK\\x", 5), 0);
    EXPECT(find(u"\\DEV\\DISK\\x", 0) < 2);
}

TEST(rtl_unicode_prefix, entries_that_differ_in_case_leave_one_by_one)
{
    setup();
    EXPECT(insert(0, u"\\a") && insert(1, u"\\A") && insert(2, u"\\b") && insert(3, u"\\0"));
    RtlRemoveUnicodePrefix(&prefixes, &slots[0].entry); /* stands in the tree */
    EXPECT_EQ(find(u"\\a", 0), 1);
    EXPECT_EQ(find(u"\\a", 9), ENTRIES);
    EXPECT(find(u"\\b", 0) == 2 && find(u"\\0", 0) == 3);
    EXPECT(insert(0, u"\\a"));
    RtlRemoveUnicodePrefix(&prefixes, &slots[0].entry); /* stands in the ring */
    EXPECT_EQ(find(u"\\a", 0), 1);
    RtlRemoveUnicodePrefix(&prefixes, &slots[1].entry);
    RtlRemoveUnicodePrefix(&prefixes, &slots[2].entry);
    RtlRemoveUnicodePrefix(&prefixes, &slots[3].entry);
    EXPECT_EQ(find(u"\\a", 0), ENTRIES);
    EXPECT(RtlNextUnicodePrefix(&prefixes, TRUE) == NULL);
}

TEST(rtl_unicode_prefix, an_enumeration_visits_longer_ones_first)
{
    static const uint32_t wanted[] = { 3, 1, 4, 2, 0 };
    setup();
    EXPECT(insert(0, u"\\") && insert(1, u"\\b") && insert(2, u"\\c") && insert(3, u"\\c\\d") &&
           insert(4, u"\\B"));
    for (uint32_t i = 0; i < ARRAY_COUNT(wanted); i++)
        EXPECT_EQ(slot_of(RtlNextUnicodePrefix(&prefixes, i == 0)), wanted[i]);
    EXPECT(RtlNextUnicodePrefix(&prefixes, FALSE) == NULL);
    RtlRemoveUnicodePrefix(&prefixes, &slots[3].entry);
    EXPECT_EQ(slot_of(RtlNextUnicodePrefix(&prefixes, FALSE)), 1);
}

/* A path of 1 to 3 names of one letter, in either case: "\a\B". */
static void random_path(struct selftest_run *run, WCHAR *text)
{
    uint32_t names = 1 + (uint32_t)(selftest_random(run) % 3);
    for (uint32_t i = 0; i < names; i++) {
        *text++ = '\\';
        *text++ = (WCHAR)("abAB"[selftest_random(run) % 4]);
    }
    *text = 0;
}

/* What a look at every entry finds: how many names the longest prefix has, 0 for none. */
static uint32_t longest(const bool *inside, const UNICODE_STRING *path, bool ignore)
{
    uint32_t best = 0;
    for (uint32_t i = 0; i < ENTRIES; i++) {
        if (inside[i] && RtlPrefixUnicodeString(&slots[i].string, path, ignore) &&
            slots[i].string.Length / 4u > best)
            best = slots[i].string.Length / 4u;
    }
    return best;
}

TEST(rtl_unicode_prefix, agrees_with_a_look_at_every_entry)
{
    bool inside[ENTRIES] = { false };
    WCHAR path[16];
    setup();
    for (uint32_t round = 0; round < 2000; round++) {
        uint32_t slot = (uint32_t)(selftest_random(run) % ENTRIES);
        if (inside[slot]) {
            RtlRemoveUnicodePrefix(&prefixes, &slots[slot].entry);
            inside[slot] = false;
        } else {
            random_path(run, slots[slot].text);
            inside[slot] = insert(slot, slots[slot].text);
        }
        random_path(run, path);
        UNICODE_STRING name = string_of(path);
        bool ignore = round % 2 == 0;
        UNICODE_PREFIX_TABLE_ENTRY *found = RtlFindUnicodePrefix(&prefixes, &name, ignore ? 0 : 99);
        REQUIRE((found != NULL ? found->Prefix->Length / 4u : 0) == longest(inside, &name, ignore));
        uint32_t count = 0, all = 0;
        for (found = RtlNextUnicodePrefix(&prefixes, TRUE); found != NULL && count <= ENTRIES;
             found = RtlNextUnicodePrefix(&prefixes, FALSE))
            count++;
        for (uint32_t i = 0; i < ENTRIES; i++)
            all += inside[i];
        REQUIRE(count == all);
    }
}
