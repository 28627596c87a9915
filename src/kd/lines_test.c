/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of lines.c, on lines of their own. */
#include "kd/lines.h"

#include "base/selftest.h"
#include "ke/ke_test.h"
#include "rtl/memory.h"

#define EMITTED 1024u

static char emitted[EMITTED]; /* lines, each with its newline */
static size_t emitted_bytes;

static void capture(const char *line, size_t length)
{
    if (emitted_bytes + length + 1 > EMITTED)
        return;
    memcpy(emitted + emitted_bytes, line, length);
    emitted_bytes += length;
    emitted[emitted_bytes++] = '\n';
}

static struct kd_lines lines;

static void setup(void)
{
    lines = (struct kd_lines)KD_LINES_INIT(capture);
    emitted_bytes = 0;
}

static void add(uintptr_t owner, const char *text)
{
    kd_lines_add(&lines, owner, text, strlen(text));
}

static bool has_emitted(const char *expected)
{
    bool same = strlen(expected) == emitted_bytes && memcmp(emitted, expected, emitted_bytes) == 0;
    emitted_bytes = 0;
    return same;
}

TEST(kd_lines, a_line_waits_for_its_end)
{
    setup();
    add(1, "one ");
    add(1, "two");
    EXPECT(has_emitted(""));
    add(1, "\n");
    EXPECT(has_emitted("one two\n"));
}

TEST(kd_lines, one_piece_may_end_several_lines)
{
    setup();
    add(1, "a\nb\n\nc");
    EXPECT(has_emitted("a\nb\n\n"));
    add(1, "d\n");
    EXPECT(has_emitted("cd\n"));
}

TEST(kd_lines, owners_do_not_mix)
{
    setup();
    add(1, "thread ");
    add(2, "interrupt ");
    add(1, "says\n");
    add(2, "too\n");
    EXPECT(has_emitted("thread says\ninterrupt too\n"));
}

TEST(kd_lines, a_long_line_comes_as_several)
{
    static char text[KD_LINE_BYTES + 3];
    setup();
    memset(text, 'x', KD_LINE_BYTES);
    memcpy(text + KD_LINE_BYTES, "y\n", 3);
    kd_lines_add(&lines, 1, text, KD_LINE_BYTES);
    EXPECT_EQ(emitted_bytes, 0);
    kd_lines_add(&lines, 1, text + KD_LINE_BYTES, 2);
    EXPECT_EQ(emitted_bytes, KD_LINE_BYTES + 1 + 2);
    EXPECT(emitted[KD_LINE_BYTES] == '\n' && emitted[KD_LINE_BYTES + 1] == 'y');
}

TEST(kd_lines, the_oldest_gives_way_to_one_too_many)
{
    setup();
    for (uintptr_t owner = 1; owner <= KD_LINES_UNENDED; owner++)
        add(owner, owner == 1 ? "first" : owner == 2 ? "second" : "x");
    add(1, " of all");
    EXPECT(has_emitted(""));
    add(KD_LINES_UNENDED + 1, "more");
    EXPECT(has_emitted("first of all\n"));
    add(KD_LINES_UNENDED + 2, "more\n");
    EXPECT(has_emitted("second\nmore\n"));
}

TEST(kd_lines, a_flush_emits_what_was_begun_in_order)
{
    setup();
    add(7, "b");
    add(9, "\n");
    add(3, "a");
    EXPECT(has_emitted("\n"));
    kd_lines_flush(&lines);
    EXPECT(has_emitted("b\na\n"));
    kd_lines_flush(&lines);
    EXPECT(has_emitted(""));
}

/* --- Several processors ----------------------------------------------------------------------------------- */

#define PRINTERS 4u
#define ROUNDS   100u

static uint32_t whole; /* under the lines' lock */

static void count_whole(const char *line, size_t length)
{
    if (length == 11 && memcmp(line, "from ", 5) == 0 && memcmp(line + 6, " to ", 4) == 0 &&
        line[5] == line[10])
        whole++;
}

static void print_pieces(PVOID argument)
{
    char name = (char)('A' + (uintptr_t)argument);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        kd_lines_add(&lines, (uintptr_t)arch_thread(), "from ", 5);
        kd_lines_add(&lines, (uintptr_t)arch_thread(), &name, 1);
        if (round % 16 == 0)
            ke_thread_yield();
        kd_lines_add(&lines, (uintptr_t)arch_thread(), " to ", 4);
        kd_lines_add(&lines, (uintptr_t)arch_thread(), &name, 1);
        kd_lines_add(&lines, (uintptr_t)arch_thread(), "\n", 1);
    }
}

TEST(kd_lines, threads_on_all_processors_print_whole_lines)
{
    struct ke_thread *threads[PRINTERS];
    setup();
    lines.emit = count_whole;
    whole = 0;
    for (uintptr_t i = 0; i < PRINTERS; i++)
        threads[i] = test_thread(run, print_pieces, (PVOID)i, 8, 0);
    for (uint32_t i = 0; i < PRINTERS; i++)
        test_join(run, threads[i]);
    EXPECT_EQ(whole, PRINTERS * ROUNDS);
}
