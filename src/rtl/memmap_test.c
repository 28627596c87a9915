/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of memmap.c: known tangles, and random ones against a page by page account. */
#include "rtl/memmap.h"

#include <nt/ntstatus.h>

#include "base/selftest.h"

#define PAGE   ((uint64_t)ARCH_PAGE_BYTES)
#define MOST   32
#define PAGES  64
#define ROUNDS 400

typedef struct arch_memory_range range;

static bool is_range(const range *r, uint64_t base, uint64_t bytes, enum arch_memory_kind kind)
{
    return r->base == base && r->bytes == bytes && r->kind == kind;
}

TEST(rtl_memmap, ranges_are_sorted)
{
    range in[] = { { 8 * PAGE, PAGE, ARCH_MEMORY_FREE }, { PAGE, PAGE, ARCH_MEMORY_RESERVED } };
    range out[MOST];
    size_t count;
    REQUIRE(NT_SUCCESS(rtl_memmap_normalise(in, 2, out, MOST, &count)));
    EXPECT_EQ(count, 2);
    EXPECT(is_range(&out[0], PAGE, PAGE, ARCH_MEMORY_RESERVED));
    EXPECT(is_range(&out[1], 8 * PAGE, PAGE, ARCH_MEMORY_FREE));
}

TEST(rtl_memmap, neighbours_of_one_kind_become_one)
{
    range in[] = { { 2 * PAGE, PAGE, ARCH_MEMORY_FREE }, { PAGE, PAGE, ARCH_MEMORY_FREE } };
    range out[MOST];
    size_t count;
    REQUIRE(NT_SUCCESS(rtl_memmap_normalise(in, 2, out, MOST, &count)));
    EXPECT_EQ(count, 1);
    EXPECT(is_range(&out[0], PAGE, 2 * PAGE, ARCH_MEMORY_FREE));
}

TEST(rtl_memmap, the_stricter_kind_wins_an_overlap)
{
    range in[] = { { 0, 10 * PAGE, ARCH_MEMORY_FREE },
                   { 4 * PAGE, 2 * PAGE, ARCH_MEMORY_RESERVED } };
    range out[MOST];
    size_t count;
    REQUIRE(NT_SUCCESS(rtl_memmap_normalise(in, 2, out, MOST, &count)));
    REQUIRE(count == 3);
    EXPECT(is_range(&out[0], 0, 4 * PAGE, ARCH_MEMORY_FREE));
    EXPECT(is_range(&out[1], 4 * PAGE, 2 * PAGE, ARCH_MEMORY_RESERVED));
    EXPECT(is_range(&out[2], 6 * PAGE, 4 * PAGE, ARCH_MEMORY_FREE));
}

TEST(rtl_memmap, a_page_that_is_partly_free_is_not_free)
{
    range in[] = { { 100, 2 * PAGE, ARCH_MEMORY_FREE }, { 5 * PAGE + 1, 1, ARCH_MEMORY_RESERVED } };
    range out[MOST];
    size_t count;
    REQUIRE(NT_SUCCESS(rtl_memmap_normalise(in, 2, out, MOST, &count)));
    REQUIRE(count == 2);
    EXPECT(is_range(&out[0], PAGE, PAGE, ARCH_MEMORY_FREE));
    EXPECT(is_range(&out[1], 5 * PAGE, PAGE, ARCH_MEMORY_RESERVED));
}

TEST(rtl_memmap, what_wraps_around_ends_where_addresses_end)
{
    uint64_t end = (uint64_t)1 << 52;
    range in[] = { { end - PAGE, UINT64_MAX, ARCH_MEMORY_FREE },
                   { UINT64_MAX, 2, ARCH_MEMORY_FREE } };
    range out[MOST];
    size_t count;
    REQUIRE(NT_SUCCESS(rtl_memmap_normalise(in, 2, out, MOST, &count)));
    EXPECT_EQ(count, 1);
    EXPECT(is_range(&out[0], end - PAGE, PAGE, ARCH_MEMORY_FREE));
}

TEST(rtl_memmap, nothing_gives_nothing)
{
    range in[] = { { 3 * PAGE, 0, ARCH_MEMORY_FREE } };
    range out[1];
    size_t count = 7;
    EXPECT_EQ(rtl_memmap_normalise(in, 0, out, 1, &count), STATUS_SUCCESS);
    EXPECT_EQ(count, 0);
    EXPECT_EQ(rtl_memmap_normalise(in, 1, out, 1, &count), STATUS_SUCCESS);
    EXPECT_EQ(count, 0);
}

TEST(rtl_memmap, too_little_room_is_said_and_the_count_left_alone)
{
    range in[] = { { 0, PAGE, ARCH_MEMORY_FREE }, { 2 * PAGE, PAGE, ARCH_MEMORY_FREE } };
    range out[1];
    size_t count = 7;
    EXPECT_EQ(rtl_memmap_normalise(in, 2, out, 1, &count), STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(count, 7);
}

TEST(rtl_memmap, bytes_are_counted_by_kind)
{
    range map[] = { { 0, PAGE, ARCH_MEMORY_FREE },
                    { PAGE, 2 * PAGE, ARCH_MEMORY_BOOT },
                    { 3 * PAGE, 4 * PAGE, ARCH_MEMORY_FREE } };
    EXPECT_EQ(rtl_memmap_bytes(map, 3, ARCH_MEMORY_FREE), 5 * PAGE);
    EXPECT_EQ(rtl_memmap_bytes(map, 3, ARCH_MEMORY_BOOT), 2 * PAGE);
    EXPECT_EQ(rtl_memmap_bytes(map, 3, ARCH_MEMORY_RESERVED), 0);
}

/* --- Against a page by page account ----------------------------------------------------------------------- */

static uint32_t next(uint64_t *state, uint32_t below)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33) % below;
}

static int kind_of_page(const range *in, size_t count, uint64_t page)
{
    int kind = -1;
    for (size_t i = 0; i < count; i++) {
        uint64_t start = in[i].base, end = in[i].base + in[i].bytes;
        bool covers = in[i].kind == ARCH_MEMORY_FREE
                          ? start <= page * PAGE && end >= (page + 1) * PAGE
                          : in[i].bytes > 0 && start < (page + 1) * PAGE && end > page * PAGE;
        if (covers && (int)in[i].kind > kind)
            kind = (int)in[i].kind;
    }
    return kind;
}

static int kind_in_map(const range *map, size_t count, uint64_t page)
{
    for (size_t i = 0; i < count; i++) {
        if (page * PAGE >= map[i].base && page * PAGE < map[i].base + map[i].bytes)
            return (int)map[i].kind;
    }
    return -1;
}

TEST(rtl_memmap, random_tangles_come_out_as_a_page_by_page_account_says)
{
    uint64_t state = 12345;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        range in[8], out[2 * 8 + 1];
        size_t used = next(&state, 9), count;
        for (size_t i = 0; i < used; i++) {
            in[i].base = next(&state, (uint32_t)(PAGES * PAGE));
            if (next(&state, 2))
                in[i].base &= ~(PAGE - 1);
            in[i].bytes = next(&state, (uint32_t)((PAGES - in[i].base / PAGE) * PAGE));
            if (in[i].base + in[i].bytes > PAGES * PAGE)
                in[i].bytes = PAGES * PAGE - in[i].base;
            in[i].kind = (enum arch_memory_kind)next(&state, 4);
        }
        REQUIRE(NT_SUCCESS(rtl_memmap_normalise(in, used, out, 2 * used + 1, &count)));
        for (uint64_t page = 0; page < PAGES; page++)
            REQUIRE(kind_of_page(in, used, page) == kind_in_map(out, count, page));
        for (size_t i = 0; i + 1 < count; i++)
            REQUIRE(
                out[i].base + out[i].bytes < out[i + 1].base ||
                (out[i].base + out[i].bytes == out[i + 1].base && out[i].kind != out[i + 1].kind));
    }
}
