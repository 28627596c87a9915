/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must be found, and what must not be: small programs with one thing wrong, each beside a sound one. What is found
 * must come again when its schedule is run again, and with no more preemptions than it takes.
 */
#include <stdio.h>
#include <string.h>

#include "self.h"

#define LOAD(p, order)     __atomic_load_n((p), __ATOMIC_##order)
#define STORE(p, v, order) __atomic_store_n((p), (v), __ATOMIC_##order)

static uint32_t plain, flag, locks[2], counter;
static uint32_t *block;

struct detect {
    const char *name;
    void (*actors[3])(void *);
    void (*handler)(void *); /* pending at level 3 on actor 0 from the start */
    void (*finish)(const struct explore_scenario *self);
    const char *found;    /* how the failure begins; NULL: there is none */
    unsigned preemptions; /* that it takes */
};
#define ONLY_TSO 0x100u /* sequential consistency has no such failure */
#define NUMBER   0xffu

/* --- Data races ----------------------------------------------------------------------------------------------------------- */

static void write_plain(void *unused)
{
    (void)unused;
    plain++;
}

static void publish(void *unused)
{
    (void)unused;
    plain = 1;
    STORE(&flag, 1, RELEASE);
}

static void publish_relaxed(void *unused)
{
    (void)unused;
    plain = 1;
    STORE(&flag, 1, RELAXED);
}

static void consume(void *unused)
{
    (void)unused;
    while (LOAD(&flag, ACQUIRE) == 0)
        explore_pause();
    plain++;
}

static void write_raised(void *unused)
{
    unsigned old = explore_level();

    (void)unused;
    explore_level_set(3);
    plain++;
    explore_level_set(old);
}

static void write_disabled(void *unused)
{
    (void)unused;
    (void)explore_interrupts_disable();
    plain++;
    explore_interrupts_enable();
}

static void write_raised_too_little(void *unused)
{
    (void)unused;
    explore_level_set(2);
    plain++;
    explore_level_set(0);
}

/* --- Locks ---------------------------------------------------------------------------------------------------------------- */

static void take_both(unsigned first)
{
    explore_lock(&locks[first], sizeof(locks[0]), 1);
    explore_lock(&locks[!first], sizeof(locks[0]), 1);
    plain++;
    STORE(&locks[0], 0, RELEASE);
    STORE(&locks[1], 0, RELEASE);
}

static void take_ab(void *unused)
{
    (void)unused;
    take_both(0);
}

static void take_ba(void *unused)
{
    (void)unused;
    take_both(1);
}

static void handler_takes(void *unused)
{
    (void)unused;
    explore_lock(&locks[0], sizeof(locks[0]), 1);
    STORE(&locks[0], 0, RELEASE);
}

static void take_one(void *unused)
{
    (void)unused;
    explore_lock(&locks[0], sizeof(locks[0]), 1);
    (void)LOAD(&flag, RELAXED);
    STORE(&locks[0], 0, RELEASE);
}

static void take_one_raised(void *unused)
{
    explore_level_set(3);
    take_one(unused);
    explore_level_set(0);
}

/* --- Waiting -------------------------------------------------------------------------------------------------------------- */

static void await_flag(void *unused)
{
    (void)unused;
    while (LOAD(&flag, ACQUIRE) == 0)
        explore_pause();
}

static void await_by_loads(void *unused)
{
    (void)unused;
    while (LOAD(&flag, ACQUIRE) == 0)
        continue;
}

static void await_a_few_times(void *unused)
{
    (void)unused;
    for (unsigned i = 0; i < 20 && LOAD(&flag, ACQUIRE) == 0; i++)
        explore_pause();
}

static void set_flag(void *unused)
{
    (void)unused;
    STORE(&flag, 1, RELEASE);
}

static void set_if_unset(void *unused) /* a lost wake-up: the look and the halt are two steps */
{
    (void)unused;
    if (LOAD(&flag, ACQUIRE) == 0) {
        (void)explore_interrupts_disable();
        explore_halt();
    }
}

static void wake(void *unused)
{
    (void)unused;
    STORE(&flag, 1, RELEASE);
    explore_fence(); /* or the interrupt overtakes the store */
    explore_interrupt_raise(0, 3);
}

static void wake_without_fence(void *unused)
{
    (void)unused;
    STORE(&flag, 1, RELEASE);
    explore_interrupt_raise(0, 3);
}

static void halt_if_unset(void *unused)
{
    (void)unused;
    (void)explore_interrupts_disable();
    if (LOAD(&flag, ACQUIRE) == 0)
        explore_halt();
    else
        explore_interrupts_enable();
}

static void nothing(void *unused)
{
    (void)unused;
}

static void toggle_for_ever(void *unused)
{
    (void)unused;
    for (;;)
        (void)__atomic_fetch_xor(&counter, 1, __ATOMIC_RELAXED);
}

/* --- Memory ----------------------------------------------------------------------------------------------------------------- */

static void free_when_told(void *unused)
{
    (void)unused;
    while (LOAD(&flag, ACQUIRE) == 0)
        explore_pause();
    explore_free(block);
}

static void touch_then_tell(void *unused)
{
    (void)unused;
    STORE(block, 1, RELAXED);
    STORE(&flag, 1, RELEASE);
}

static void free_locked(void *unused)
{
    (void)unused;
    explore_lock(&locks[0], sizeof(locks[0]), 1);
    explore_free(block);
    STORE(&locks[0], 0, RELEASE);
}

static void touch_locked(void *unused)
{
    (void)unused;
    explore_lock(&locks[0], sizeof(locks[0]), 1);
    *block = 1;
    STORE(&locks[0], 0, RELEASE);
}

static void free_twice(void *unused)
{
    (void)unused;
    explore_free(block);
    explore_free(block);
}

static void touch_behind(void *unused)
{
    (void)unused;
    STORE(block + 2, 1, RELAXED);
}

/* --- Results ---------------------------------------------------------------------------------------------------------------- */

static void add(void *unused)
{
    (void)unused;
    (void)__atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED);
}

static void split_add(void *unused)
{
    (void)unused;
    STORE(&counter, LOAD(&counter, SEQ_CST) + 1, SEQ_CST);
}

static void counter_is_2(const struct explore_scenario *self)
{
    (void)self;
    explore_check(counter == 2);
}

static void recorded(uint32_t (*next)(void))
{
    unsigned operation = explore_call(0, 0);

    explore_return(operation, next());
}

static uint32_t next_atomic(void)
{
    return __atomic_fetch_add(&counter, 1, __ATOMIC_SEQ_CST);
}

static uint32_t next_split(void)
{
    uint32_t value = LOAD(&counter, SEQ_CST);

    STORE(&counter, value + 1, SEQ_CST);
    return value;
}

static void number_atomic(void *unused)
{
    (void)unused;
    recorded(next_atomic);
}

static void number_split(void *unused)
{
    (void)unused;
    recorded(next_split);
}

static uint32_t next_backwards(void)
{
    return 1 - __atomic_fetch_add(&counter, 1, __ATOMIC_SEQ_CST);
}

static void number_backwards(void *unused)
{
    (void)unused;
    recorded(next_backwards);
    recorded(next_backwards);
}

static void counter_begin(void *state)
{
    memset(state, 0, sizeof(uint32_t));
}

static bool counter_apply(void *state, const struct explore_operation *operation)
{
    uint32_t *value = state;

    return operation->pending || operation->result == (*value)++;
}

static void numbers_are_linearizable(const struct explore_scenario *self)
{
    static const struct explore_model_object object = { .bytes = sizeof(uint32_t),
                                                        .begin = counter_begin,
                                                        .apply = counter_apply };

    (void)self;
    explore_check_linearizable(&object);
}

#define WAIT "deadlock: "

static const struct detect tests[] = {
    { "plain_writes_race", { write_plain, write_plain }, NULL, NULL, "data race", 0 },
    { "release_and_acquire_order", { publish, consume }, NULL, NULL, NULL, 0 },
    { "relaxed_orders_nothing", { publish_relaxed, consume }, NULL, NULL, "data race", 0 },
    { "a_handler_races_with_its_processor", { write_plain }, write_plain, NULL, "data race", 0 },
    { "a_level_keeps_a_handler_out", { write_raised }, write_plain, NULL, NULL, 0 },
    { "interrupts_off_keep_it_out", { write_disabled }, write_plain, NULL, NULL, 0 },
    { "a_lower_level_does_not", { write_raised_too_little }, write_plain, NULL, "data race", 0 },
    { "locks_in_two_orders_deadlock", { take_ab, take_ba }, NULL, NULL, WAIT, 1 },
    { "locks_in_one_order_do_not", { take_ab, take_ab }, NULL, NULL, NULL, 0 },
    { "a_handler_wants_the_lock_of_its_processor", { take_one }, handler_takes, NULL, WAIT, 0 },
    { "a_handler_that_is_kept_out_gets_it", { take_one_raised }, handler_takes, NULL, NULL, 0 },
    { "a_flag_that_nobody_sets_is_waited_for", { await_flag }, NULL, NULL, WAIT, 0 },
    { "by_loads_alone_too", { await_by_loads }, NULL, NULL, WAIT, 0 },
    { "a_flag_that_is_set_is_seen", { await_flag, await_by_loads, set_flag }, NULL, NULL, NULL, 0 },
    { "who_counts_its_turns_gives_up", { await_a_few_times }, NULL, NULL, NULL, 0 },
    { "a_wake_up_is_lost", { set_if_unset, wake }, nothing, NULL, WAIT, 1 },
    { "no_wake_up_is_lost", { halt_if_unset, wake }, nothing, NULL, NULL, 0 },
    { "an_interrupt_overtakes_a_store",
      { halt_if_unset, wake_without_fence },
      nothing,
      NULL,
      WAIT,
      ONLY_TSO },
    { "a_loop_without_end_is_a_livelock", { toggle_for_ever }, NULL, NULL, "more than", 0 },
    { "a_use_after_the_free", { touch_locked, free_locked }, NULL, NULL, "use after free", 0 },
    { "a_use_before_it", { free_when_told, touch_then_tell }, NULL, NULL, NULL, 0 },
    { "a_block_is_freed_twice", { free_twice }, NULL, NULL, "'block' is freed twice", 0 },
    { "a_touch_behind_the_end", { touch_behind }, NULL, NULL, "access behind the end", 0 },
    { "an_increment_is_lost", { split_add, split_add }, NULL, counter_is_2, "check failed", 1 },
    { "no_increment_is_lost", { add, add }, NULL, counter_is_2, NULL, 0 },
    { "results_that_no_order_explains",
      { number_split, number_split, number_split },
      NULL,
      numbers_are_linearizable,
      "no sequential order",
      1 },
    { "an_order_that_was_seen_must_be_kept",
      { number_backwards },
      NULL,
      numbers_are_linearizable,
      "no sequential order",
      0 },
    { "results_that_one_explains",
      { number_atomic, number_atomic, number_atomic },
      NULL,
      numbers_are_linearizable,
      NULL,
      0 },
};

static void set_up(const struct explore_scenario *self)
{
    const struct detect *detect = self->argument;

    block = explore_new(8, "block");
    for (int i = 0; i < 3 && detect->actors[i] != NULL; i++)
        (void)explore_actor(detect->actors[i], NULL);
    if (detect->handler != NULL)
        explore_interrupt_connect(0, 3, detect->handler, NULL, true);
    if (detect->handler != NULL && detect->handler != nothing)
        explore_interrupt_raise(0, 3);
}

static bool is_sound(const struct detect *detect)
{
    return detect->found == NULL ||
           ((detect->preemptions & ONLY_TSO) && options.model == EXPLORE_SC);
}

static bool same_as_expected(const struct detect *detect, bool good)
{
    if (is_sound(detect))
        return good && totals.complete;
    return !good && strncmp(failure, detect->found, strlen(detect->found)) == 0;
}

/* Fewer preemptions find nothing, this many do, and the schedule does it again. */
static bool fewest(const struct detect *detect, const struct explore_scenario *scenario)
{
    char schedule[4096], first[sizeof(failure)];
    unsigned number = detect->preemptions & NUMBER;

    for (unsigned bound = 0; bound <= number; bound++) {
        options.bound = (int)bound;
        if (run_scenario(scenario, NULL) != (bound < number))
            return false;
    }
    memcpy(first, failure, sizeof(first));
    search_schedule(schedule, sizeof(schedule));
    return !run_scenario(scenario, schedule) && strcmp(failure, first) == 0;
}

static bool one(const struct detect *detect, enum explore_model model)
{
    struct explore_scenario scenario = {
        .name = detect->name, .setup = set_up, .finish = detect->finish, .argument = detect
    };
    bool good;

    options = (struct options){ .model = model, .bound = -1, .steps = 1000 };
    good = run_scenario(&scenario, NULL);
    if (!same_as_expected(detect, good)) {
        (void)printf("# %s: %s\n", detect->name, good ? "nothing is found" : failure);
        return false;
    }
    if (!is_sound(detect) && !fewest(detect, &scenario)) {
        (void)printf("# %s: not at %u preemptions, or not again\n", detect->name,
                     detect->preemptions & NUMBER);
        return false;
    }
    return true;
}

unsigned self_detect(unsigned first)
{
    unsigned bad = 0, count = sizeof(tests) / sizeof(tests[0]);

    for (unsigned i = 0; i < count; i++) {
        bool good = one(&tests[i], EXPLORE_TSO) && one(&tests[i], EXPLORE_SC);

        bad += !good;
        (void)printf("%s %u explore_detect.%s\n", good ? "ok" : "not ok", first + i, tests[i].name);
    }
    return bad;
}

unsigned self_detect_count(void)
{
    return sizeof(tests) / sizeof(tests[0]);
}
