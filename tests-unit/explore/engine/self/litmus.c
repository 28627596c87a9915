/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Litmus tests: programs of a few accesses whose possible results are known for each memory model, from the
 * literature (Owens, Sarkar and Sewell, "A better x86 memory model: x86-TSO"; Alglave, Maranget and Tautschnig, "Herding
 * cats") and, for C11, from the standard's rules. The set of results that the engine finds must be exactly that one.
 *
 * C11 here: loads never see stores that come later in the run, so load buffering stays impossible.
 */
#include <stdio.h>
#include <string.h>

#include "self.h"

#define LOAD(p, order)     __atomic_load_n((p), __ATOMIC_##order)
#define STORE(p, v, order) __atomic_store_n((p), (v), __ATOMIC_##order)
#define FENCE()            __atomic_thread_fence(__ATOMIC_SEQ_CST)

static unsigned x, y, r[4], turn, flags[2], inside;

struct litmus {
    const char *name;
    void (*actors[4])(void *);
    bool memory;             /* the result is what is left in x and y, not what was read */
    const char *expected[3]; /* by enum explore_model: tso, sc, c11 */
};

#define ACTOR(name)                                                                                \
    static void name(void *unused)                                                                 \
    {                                                                                              \
        (void)unused;
#define DONE }

ACTOR(sb0) STORE(&x, 1, RELEASE);
r[0] = LOAD(&y, ACQUIRE);
DONE ACTOR(sb1) STORE(&y, 1, RELEASE);
r[1] = LOAD(&x, ACQUIRE);
DONE ACTOR(sb_fence0) STORE(&x, 1, RELAXED);
FENCE();
r[0] = LOAD(&y, RELAXED);
DONE ACTOR(sb_fence1) STORE(&y, 1, RELAXED);
FENCE();
r[1] = LOAD(&x, RELAXED);
DONE ACTOR(sb_sc0) STORE(&x, 1, SEQ_CST);
r[0] = LOAD(&y, SEQ_CST);
DONE ACTOR(sb_sc1) STORE(&y, 1, SEQ_CST);
r[1] = LOAD(&x, SEQ_CST);
DONE ACTOR(sb_rmw0)(void) __atomic_exchange_n(&x, 1, __ATOMIC_SEQ_CST);
r[0] = LOAD(&y, RELAXED);
DONE ACTOR(sb_rmw1)(void) __atomic_exchange_n(&y, 1, __ATOMIC_SEQ_CST);
r[1] = LOAD(&x, RELAXED);
DONE ACTOR(mp0) STORE(&x, 1, RELAXED);
STORE(&y, 1, RELAXED);
DONE ACTOR(mp1) r[0] = LOAD(&y, RELAXED);
r[1] = LOAD(&x, RELAXED);
DONE ACTOR(mp_release0) STORE(&x, 1, RELAXED);
STORE(&y, 1, RELEASE);
DONE ACTOR(mp_acquire1) r[0] = LOAD(&y, ACQUIRE);
r[1] = LOAD(&x, RELAXED);
DONE ACTOR(mp_fence0) STORE(&x, 1, RELAXED);
__atomic_thread_fence(__ATOMIC_RELEASE);
STORE(&y, 1, RELAXED);
DONE ACTOR(mp_fence1) r[0] = LOAD(&y, RELAXED);
__atomic_thread_fence(__ATOMIC_ACQUIRE);
r[1] = LOAD(&x, RELAXED);
DONE ACTOR(lb0) r[0] = LOAD(&x, RELAXED);
STORE(&y, 1, RELAXED);
DONE ACTOR(lb1) r[1] = LOAD(&y, RELAXED);
STORE(&x, 1, RELAXED);
DONE ACTOR(write_x) STORE(&x, 1, RELEASE);
DONE ACTOR(write_y) STORE(&y, 1, RELEASE);
DONE ACTOR(iriw2) r[0] = LOAD(&x, ACQUIRE);
r[1] = LOAD(&y, ACQUIRE);
DONE ACTOR(iriw3) r[2] = LOAD(&y, ACQUIRE);
r[3] = LOAD(&x, ACQUIRE);
DONE ACTOR(corr1) r[0] = LOAD(&x, RELAXED);
r[1] = LOAD(&x, RELAXED);
DONE ACTOR(write_x_relaxed) STORE(&x, 1, RELAXED);
DONE ACTOR(two0) STORE(&x, 1, RELAXED);
STORE(&y, 2, RELAXED);
DONE ACTOR(two1) STORE(&y, 1, RELAXED);
STORE(&x, 2, RELAXED);
DONE ACTOR(wrc1) r[0] = LOAD(&x, ACQUIRE);
STORE(&y, r[0], RELEASE);
DONE ACTOR(wrc2) r[1] = LOAD(&y, ACQUIRE);
r[2] = LOAD(&x, RELAXED);
DONE ACTOR(forward0) STORE(&x, 1, RELAXED);
r[0] = LOAD(&x, RELAXED);
r[1] = LOAD(&y, RELAXED);
DONE ACTOR(forward1) STORE(&y, 1, RELAXED);
r[2] = LOAD(&y, RELAXED);
r[3] = LOAD(&x, RELAXED);
DONE ACTOR(add)(void) __atomic_fetch_add(&x, 1, __ATOMIC_RELAXED);
DONE ACTOR(split_add)
unsigned v = LOAD(&x, RELAXED);
STORE(&x, v + 1, RELAXED);
DONE ACTOR(r0) STORE(&x, 1, RELAXED);
STORE(&y, 1, RELAXED);
DONE ACTOR(r1) STORE(&y, 2, RELAXED);
r[0] = LOAD(&x, RELAXED);
r[1] = LOAD(&y, RELAXED);
DONE ACTOR(spin1) while (LOAD(&y, ACQUIRE) == 0) explore_pause();
r[0] = 1;
r[1] = LOAD(&x, RELAXED);
DONE ACTOR(spin_loads1) while (LOAD(&y, ACQUIRE) == 0) continue;
r[0] = 1;
r[1] = LOAD(&x, RELAXED);
DONE

    /* Peterson's lock; r[0] tells whether both were inside at the same time. */
    static void
    peterson(unsigned me, bool fence)
{
    STORE(&flags[me], 1, RELEASE);
    STORE(&turn, !me, RELEASE);
    if (fence)
        FENCE();
    while (LOAD(&flags[!me], ACQUIRE) && LOAD(&turn, ACQUIRE) == !me)
        explore_pause();
    if (__atomic_fetch_add(&inside, 1, __ATOMIC_RELAXED) != 0)
        STORE(&r[0], 1, RELAXED);
    (void)__atomic_fetch_sub(&inside, 1, __ATOMIC_RELAXED);
    STORE(&flags[me], 0, RELEASE);
}
ACTOR(peterson0) peterson(0, false);
DONE ACTOR(peterson1) peterson(1, false);
DONE ACTOR(peterson_fence0) peterson(0, true);
DONE ACTOR(peterson_fence1) peterson(1, true);
DONE

    /* Results as digits: r[0] r[1] r[2] r[3], without trailing ones that no actor writes; or x and y. */
    static const struct litmus tests[] = {
        { "store_buffering", { sb0, sb1 }, false, { "00 01 10 11", "01 10 11", "00 01 10 11" } },
        { "store_buffering_fences",
          { sb_fence0, sb_fence1 },
          false,
          { "01 10 11", "01 10 11", "01 10 11" } },
        { "store_buffering_one_fence",
          { sb_fence0, sb1 },
          false,
          { "00 01 10 11", "01 10 11", "00 01 10 11" } },
        { "store_buffering_seq_cst",
          { sb_sc0, sb_sc1 },
          false,
          { "01 10 11", "01 10 11", "01 10 11" } },
        { "store_buffering_exchange",
          { sb_rmw0, sb_rmw1 },
          false,
          { "01 10 11", "01 10 11", "00 01 10 11" } },
        { "message_passing", { mp0, mp1 }, false, { "00 01 11", "00 01 11", "00 01 10 11" } },
        { "message_passing_release",
          { mp_release0, mp_acquire1 },
          false,
          { "00 01 11", "00 01 11", "00 01 11" } },
        { "message_passing_no_acquire",
          { mp_release0, mp1 },
          false,
          { "00 01 11", "00 01 11", "00 01 10 11" } },
        { "message_passing_fences",
          { mp_fence0, mp_fence1 },
          false,
          { "00 01 11", "00 01 11", "00 01 11" } },
        { "message_passing_spin", { mp_release0, spin1 }, false, { "11", "11", "11" } },
        { "message_passing_spin_relaxed", { mp0, spin1 }, false, { "11", "11", "10 11" } },
        { "message_passing_spin_loads", { mp_release0, spin_loads1 }, false, { "11", "11", "11" } },
        { "load_buffering", { lb0, lb1 }, false, { "00 01 10", "00 01 10", "00 01 10" } },
        { "iriw",
          { write_x, write_y, iriw2, iriw3 },
          false,
          { "0000 0001 0010 0011 0100 0101 0110 0111 1000 1001 1011 1100 1101 1110 1111",
            "0000 0001 0010 0011 0100 0101 0110 0111 1000 1001 1011 1100 1101 1110 1111",
            "0000 0001 0010 0011 0100 0101 0110 0111 1000 1001 1010 1011 1100 1101 1110 1111" } },
        { "coherence_read_read",
          { write_x_relaxed, corr1 },
          false,
          { "00 01 11", "00 01 11", "00 01 11" } },
        { "two_plus_two_writes", { two0, two1 }, true, { "12 21 22", "12 21 22", "12 21 22" } },
        { "write_to_read_causality",
          { write_x, wrc1, wrc2 },
          false,
          { "000 001 100 101 111", "000 001 100 101 111", "000 001 100 101 111" } },
        { "store_forwarding",
          { forward0, forward1 },
          false,
          { "1010 1011 1110 1111", "1011 1110 1111", "1010 1011 1110 1111" } },
        { "atomic_increments", { add, add, add }, true, { "30", "30", "30" } },
        { "split_increments", { split_add, split_add }, true, { "10 20", "10 20", "10 20" } },
        { "read_after_write", { r0, r1 }, false, { "01 02 11 12", "01 02 11 12", "01 02 11 12" } },
        { "peterson", { peterson0, peterson1 }, false, { "0 1", "0", "0 1" } },
        { "peterson_fences", { peterson_fence0, peterson_fence1 }, false, { "0", "0", "0 1" } },
    };

static const struct litmus *current; /* set again in each set-up, as globals are put back */

static void set_up(const struct explore_scenario *self)
{
    current = self->argument;
    for (int i = 0; i < 4 && current->actors[i] != NULL; i++)
        (void)explore_actor(current->actors[i], NULL);
}

static unsigned digits(void)
{
    unsigned count = 1;

    for (const char *p = current->expected[EXPLORE_SC]; p[count] != ' ' && p[count] != '\0';)
        count++;
    return count;
}

static void finish(const struct explore_scenario *self)
{
    const unsigned values[] = { x, y };
    const unsigned *from = current->memory ? values : r;
    uint64_t outcome = 0;

    (void)self;
    for (unsigned i = 0; i < digits(); i++)
        outcome = outcome * 10 + from[i];
    explore_outcome(outcome);
}

static bool has_outcome(uint64_t value)
{
    for (unsigned i = 0; i < totals.outcome_count; i++)
        if (outcomes[i] == value)
            return true;
    return false;
}

static bool as_expected(const char *expected)
{
    unsigned count = 0;

    for (const char *p = expected; *p != '\0'; p += *p == ' ') {
        uint64_t value = 0;

        for (; *p >= '0' && *p <= '9'; p++)
            value = value * 10 + (uint64_t)(*p - '0');
        if (!has_outcome(value))
            return false;
        count++;
    }
    return count == totals.outcome_count && totals.failures == 0;
}

static bool one(const struct litmus *litmus, enum explore_model model, bool plain)
{
    static const char *const models[] = { "tso", "sc", "c11" };
    struct explore_scenario scenario = {
        .name = litmus->name, .setup = set_up, .finish = finish, .argument = litmus
    };
    bool good;

    options = (struct options){
        .model = model, .bound = -1, .keep_going = true, .steps = 500, .plain = plain
    };
    (void)run_scenario(&scenario, NULL);
    good = as_expected(litmus->expected[model]);
    if (!good) {
        (void)printf("litmus %s in %s%s: expected %s, found", litmus->name, models[model],
                     plain ? " (plain)" : "", litmus->expected[model]);
        for (unsigned i = 0; i < totals.outcome_count; i++)
            (void)printf(" %0*llu", (int)digits(), (unsigned long long)outcomes[i]);
        (void)printf("%s%s\n", totals.failures != 0 ? "; " : "",
                     totals.failures != 0 ? failure : "");
    }
    return good;
}

unsigned self_litmus(unsigned *count)
{
    unsigned bad = 0;

    *count = 0;
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        for (enum explore_model model = EXPLORE_TSO; model <= EXPLORE_C11; model++) {
            bad += !one(&tests[i], model, false);
            bad += !one(&tests[i], model, true);
            *count += 2;
        }
    }
    return bad;
}
