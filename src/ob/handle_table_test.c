/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of handle_table.c. */
#include "mm/mm.h"
#include "ob/ob_test.h"

static struct ob_handle_table table;

static HANDLE number(uintptr_t value)
{
    return (HANDLE)value;
}

static int64_t references_of(const struct ob_test_object *object)
{
    return atomic_load_relaxed(&ob_header_of(object)->references);
}

static HANDLE insert(struct selftest_run *run, struct ob_test_object *object, ACCESS_MASK access,
                     uint32_t flags)
{
    HANDLE handle = NULL;
    struct ob_handle_info info = { ob_header_of(object), access, flags };
    EXPECT_EQ(ob_handle_insert(&table, &info, &handle), STATUS_SUCCESS);
    return handle;
}

/* Looked up, and its reference given back at once: somebody else has one. */
static struct ob_handle_info look(struct selftest_run *run, HANDLE handle)
{
    struct ob_handle_info info = { 0 };
    if (EXPECT_EQ(ob_handle_lookup(&table, handle, &info), STATUS_SUCCESS))
        ob_dereference_many(info.header, 1);
    return info;
}

static NTSTATUS try_lookup(HANDLE handle)
{
    struct ob_handle_info info;
    NTSTATUS status = ob_handle_lookup(&table, handle, &info);
    if (NT_SUCCESS(status))
        ob_dereference_many(info.header, 1);
    return status;
}

static NTSTATUS close(HANDLE handle, bool force)
{
    struct ob_handle_info info;
    NTSTATUS status = ob_handle_remove(&table, handle, force, &info);
    if (NT_SUCCESS(status))
        ob_dereference_many(info.header, 1);
    return status;
}

TEST(ob_handle_table, a_handle_stands_for_object_and_access)
{
    ob_handle_table_init(&table);
    struct ob_test_object *object = ob_test_object(run, 7);
    REQUIRE(object != NULL);
    HANDLE handle = insert(run, object, 0x120003, OB_HANDLE_INHERIT);
    struct ob_handle_info info = look(run, handle);
    EXPECT(info.header == ob_header_of(object));
    EXPECT_EQ(info.access, 0x120003);
    EXPECT_EQ(info.flags, OB_HANDLE_INHERIT);
    EXPECT_EQ(ob_handle_count(&table), 1);
    EXPECT_EQ(close(handle, false), STATUS_SUCCESS);
    EXPECT_EQ(try_lookup(handle), STATUS_INVALID_HANDLE);
    EXPECT_EQ(close(handle, false), STATUS_INVALID_HANDLE);
    EXPECT_EQ(references_of(object), 1);
    ob_dereference(object);
    ob_handle_table_destroy(&table);
}

/* Source: WDK and Win32 pages on handles: the two low bits are the program's. */
TEST(ob_handle_table, handles_are_multiples_of_four_and_begin_at_four)
{
    ob_handle_table_init(&table);
    struct ob_test_object *object = ob_test_object(run, 1);
    REQUIRE(object != NULL);
    for (uintptr_t i = 1; i <= 600; i++)
        EXPECT(insert(run, object, 1, 0) == number(4 * i));
    EXPECT_EQ(try_lookup(number(403)), STATUS_SUCCESS);
    static const uintptr_t wrong[] = { 0,          3,           4 * 601,      4 * 100000,
                                       UINT32_MAX, UINTPTR_MAX, (uintptr_t)-4 };
    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++)
        EXPECT_EQ(try_lookup(number(wrong[i])), STATUS_INVALID_HANDLE);
    for (uintptr_t i = 1; i <= 600; i++)
        EXPECT_EQ(close(number(4 * i), false), STATUS_SUCCESS);
    EXPECT_EQ(references_of(object), 1);
    ob_dereference(object);
    ob_handle_table_destroy(&table);
}

TEST(ob_handle_table, what_was_closed_last_is_used_first)
{
    ob_handle_table_init(&table);
    struct ob_test_object *object = ob_test_object(run, 1);
    REQUIRE(object != NULL);
    for (uint32_t i = 0; i < 5; i++)
        (void)insert(run, object, 1, 0);
    EXPECT_EQ(close(number(8), false), STATUS_SUCCESS);
    EXPECT_EQ(close(number(16), false), STATUS_SUCCESS);
    EXPECT(insert(run, object, 1, 0) == number(16));
    EXPECT(insert(run, object, 1, 0) == number(8));
    EXPECT(insert(run, object, 1, 0) == number(24));
    for (uintptr_t i = 1; i <= 6; i++)
        EXPECT_EQ(close(number(4 * i), false), STATUS_SUCCESS);
    ob_dereference(object);
    ob_handle_table_destroy(&table);
}

TEST(ob_handle_table, a_protected_handle_is_closed_by_force_only)
{
    ob_handle_table_init(&table);
    struct ob_test_object *object = ob_test_object(run, 1);
    REQUIRE(object != NULL);
    HANDLE handle = insert(run, object, 1, 0);
    EXPECT_EQ(ob_handle_set_flags(&table, handle, OB_HANDLE_PROTECT), STATUS_SUCCESS);
    EXPECT_EQ(look(run, handle).flags, OB_HANDLE_PROTECT);
    EXPECT_EQ(close(handle, false), STATUS_HANDLE_NOT_CLOSABLE);
    EXPECT_EQ(ob_handle_set_flags(&table, handle, 0), STATUS_SUCCESS);
    EXPECT_EQ(close(handle, false), STATUS_SUCCESS);
    EXPECT_EQ(ob_handle_set_flags(&table, handle, 0), STATUS_INVALID_HANDLE);
    handle = insert(run, object, 1, OB_HANDLE_PROTECT);
    EXPECT_EQ(close(handle, true), STATUS_SUCCESS);
    ob_dereference(object);
    ob_handle_table_destroy(&table);
}

TEST(ob_handle_table, has_references_for_any_number_of_look_ups)
{
    ob_handle_table_init(&table);
    struct ob_test_object *object = ob_test_object(run, 1);
    struct ob_handle_info info;
    REQUIRE(object != NULL);
    HANDLE handle = insert(run, object, 1, 0);
    for (uint32_t i = 0; i < 5000; i++)
        REQUIRE(ob_handle_lookup(&table, handle, &info) == STATUS_SUCCESS);
    EXPECT_EQ(close(handle, false), STATUS_SUCCESS);
    EXPECT_EQ(references_of(object), 5001);
    ob_dereference_many(ob_header_of(object), 5001);
    ob_handle_table_destroy(&table);
}

TEST(ob_handle_table, keeps_to_its_quota_and_fails_without_memory)
{
    ob_handle_table_init(&table);
    struct ob_test_object *object = ob_test_object(run, 1);
    REQUIRE(object != NULL);
    struct ob_handle_info info = { ob_header_of(object), 1, 0 };
    HANDLE handle = NULL;
    table.limit = 1;
    HANDLE first = insert(run, object, 1, 0);
    EXPECT_EQ(ob_handle_insert(&table, &info, &handle), STATUS_INSUFFICIENT_RESOURCES);
    EXPECT_EQ(close(first, false), STATUS_SUCCESS);
    ob_handle_table_destroy(&table);
    mm_pool_fail_every(1);
    NTSTATUS status = ob_handle_insert(&table, &info, &handle);
    mm_pool_fail_every(0);
    EXPECT_EQ(status, STATUS_INSUFFICIENT_RESOURCES);
    EXPECT(handle == NULL);
    EXPECT_EQ(references_of(object), 1);
    ob_dereference(object);
    ob_handle_table_destroy(&table);
}

#define MODEL_HANDLES 700
#define MODEL_OBJECTS 8

/* What the table should hold: index into the objects + 1, 0: closed; access; flags. */
static struct model {
    uint32_t object;
    ACCESS_MASK access;
    uint32_t flags;
} model[MODEL_HANDLES + 1];

static bool agrees(struct selftest_run *run, uint32_t index, struct ob_test_object **objects)
{
    struct ob_handle_info info = { 0 };
    const struct model *expected = &model[index];
    NTSTATUS status = ob_handle_lookup(&table, number(4 * index), &info);
    if (expected->object == 0)
        return EXPECT_EQ(status, STATUS_INVALID_HANDLE);
    if (!EXPECT_EQ(status, STATUS_SUCCESS))
        return false;
    ob_dereference_many(info.header, 1);
    return EXPECT(info.header == ob_header_of(objects[expected->object - 1])) &&
           EXPECT_EQ(info.access, expected->access) && EXPECT_EQ(info.flags, expected->flags);
}

static void model_insert(struct selftest_run *run, struct ob_test_object **objects)
{
    uint32_t object = (uint32_t)(selftest_random(run) % MODEL_OBJECTS);
    struct model entry = { object + 1, (ACCESS_MASK)selftest_random(run),
                           (uint32_t)(selftest_random(run) % 4) };
    struct ob_handle_info info = { ob_header_of(objects[object]), entry.access, entry.flags };
    HANDLE handle;
    if (!EXPECT_EQ(ob_handle_insert(&table, &info, &handle), STATUS_SUCCESS))
        return;
    uintptr_t index = (uintptr_t)handle / 4;
    if (EXPECT(index > 0 && index <= MODEL_HANDLES) && EXPECT_EQ(model[index].object, 0))
        model[index] = entry;
}

static void model_close(struct selftest_run *run, uint32_t index)
{
    NTSTATUS expected = STATUS_SUCCESS;
    bool force = selftest_random(run) % 2;
    if (model[index].object == 0)
        expected = STATUS_INVALID_HANDLE;
    else if ((model[index].flags & OB_HANDLE_PROTECT) && !force)
        expected = STATUS_HANDLE_NOT_CLOSABLE;
    EXPECT_EQ(close(number(4 * index), force), expected);
    if (expected == STATUS_SUCCESS)
        model[index] = (struct model){ 0 };
}

static void model_step(struct selftest_run *run, struct ob_test_object **objects)
{
    uint32_t index = 1 + (uint32_t)(selftest_random(run) % MODEL_HANDLES);
    switch (selftest_random(run) % 4) {
    case 0:
        if (ob_handle_count(&table) < MODEL_HANDLES)
            model_insert(run, objects);
        break;
    case 1:
        model_close(run, index);
        break;
    case 2:
        model[index].flags = model[index].object != 0 ? OB_HANDLE_INHERIT : 0;
        EXPECT_EQ(ob_handle_set_flags(&table, number(4 * index), OB_HANDLE_INHERIT),
                  model[index].object != 0 ? STATUS_SUCCESS : STATUS_INVALID_HANDLE);
        break;
    default:
        (void)agrees(run, index, objects);
    }
}

TEST(ob_handle_table, does_as_the_model_does)
{
    struct ob_test_object *objects[MODEL_OBJECTS];
    ob_handle_table_init(&table);
    for (uint32_t i = 0; i < MODEL_OBJECTS; i++) {
        objects[i] = ob_test_object(run, i);
        REQUIRE(objects[i] != NULL);
    }
    for (uint32_t i = 0; i <= MODEL_HANDLES; i++)
        model[i] = (struct model){ 0 };
    for (uint32_t i = 0; i < 4000; i++)
        model_step(run, objects);
    for (uint32_t i = 1; i <= MODEL_HANDLES; i++) {
        (void)agrees(run, i, objects);
        if (model[i].object != 0)
            EXPECT_EQ(close(number(4 * i), true), STATUS_SUCCESS);
    }
    EXPECT_EQ(ob_handle_count(&table), 0);
    for (uint32_t i = 0; i < MODEL_OBJECTS; i++) {
        EXPECT_EQ(references_of(objects[i]), 1);
        ob_dereference(objects[i]);
    }
    ob_handle_table_destroy(&table);
}

TEST(ob_handle_table, a_number_may_be_chosen_above_all_others)
{
    ob_handle_table_init(&table);
    struct ob_test_object *object = ob_test_object(run, 1);
    REQUIRE(object != NULL);
    struct ob_handle_info info = { ob_header_of(object), 5, 0 };
    EXPECT_EQ(ob_handle_insert_at(&table, number(4 * 300), &info), STATUS_SUCCESS);
    EXPECT_EQ(look(run, number(4 * 300)).access, 5);
    EXPECT_EQ(ob_handle_count(&table), 1);
    for (uint32_t i = 1; i < 300; i++)
        EXPECT_EQ(try_lookup(number(4 * i)), STATUS_INVALID_HANDLE);
    for (uint32_t i = 1; i < 300; i++)
        EXPECT((uintptr_t)insert(run, object, 1, 0) < (uintptr_t)4 * 300);
    EXPECT(insert(run, object, 1, 0) == number(4 * 301));
    for (uint32_t i = 1; i <= 301; i++)
        EXPECT_EQ(close(number(4 * i), false), STATUS_SUCCESS);
    EXPECT_EQ(references_of(object), 1);
    ob_dereference(object);
    ob_handle_table_destroy(&table);
}

/* --- Several processors --- */

#define RACE_HANDLES 3
#define RACE_OBJECTS 4
#define RACE_ROUNDS  400

static struct ob_test_object *race_objects[RACE_OBJECTS];
static uint32_t race_wrong, race_found, race_closers; /* [a] */

/* A handle's access says which object it is for. */
static void race_open_and_close(void *argument)
{
    uint32_t object = (uint32_t)(uintptr_t)argument % RACE_OBJECTS;
    for (uint32_t i = 0; i < RACE_ROUNDS; i++) {
        struct ob_handle_info info = { ob_header_of(race_objects[object]), object, 0 };
        HANDLE handle;
        if (!NT_SUCCESS(ob_handle_insert(&table, &info, &handle)))
            continue;
        if (i % 4 == 0)
            ke_thread_yield();
        if (close(handle, false) != STATUS_SUCCESS)
            (void)atomic_add(&race_wrong, 1);
        object = (object + 1) % RACE_OBJECTS;
    }
    (void)atomic_sub(&race_closers, 1);
}

static void race_look_up(void)
{
    for (uint32_t i = 0; atomic_load_acquire(&race_closers) != 0; i++) {
        struct ob_handle_info info;
        if (i % 32 == 0)
            ke_thread_yield(); /* they may be on the same processor */
        if (!NT_SUCCESS(ob_handle_lookup(&table, number(4 * (1 + i % RACE_HANDLES)), &info)))
            continue;
        (void)atomic_add(&race_found, 1);
        struct ob_test_object *object = ob_body_of(info.header);
        if (object->number != info.access)
            (void)atomic_add(&race_wrong, 1);
        ob_dereference_many(info.header, 1);
    }
}

static void race(void *argument)
{
    if ((uintptr_t)argument < RACE_HANDLES)
        race_open_and_close(argument);
    else
        race_look_up();
}

TEST(ob_handle_table, a_look_up_never_mixes_two_openings)
{
    ob_handle_table_init(&table);
    race_wrong = race_found = 0;
    race_closers = RACE_HANDLES;
    for (uint32_t i = 0; i < RACE_OBJECTS; i++) {
        race_objects[i] = ob_test_object(run, i);
        REQUIRE(race_objects[i] != NULL);
    }
    test_run_threads(run, RACE_HANDLES + 3, race);
    EXPECT_EQ(race_wrong, 0);
    EXPECT_EQ(ob_handle_count(&table), 0);
    for (uint32_t i = 0; i < RACE_OBJECTS; i++) {
        EXPECT_EQ(references_of(race_objects[i]), 1);
        ob_dereference(race_objects[i]);
    }
    ob_handle_table_destroy(&table);
}

static void drain_lots(void *argument)
{
    struct ob_handle_info info;
    UNREFERENCED_PARAMETER(argument);
    for (uint32_t i = 0; i < 3000; i++) {
        if (NT_SUCCESS(ob_handle_lookup(&table, number(4), &info)))
            (void)atomic_add(&race_found, 1);
    }
}

TEST(ob_handle_table, all_processors_may_use_up_its_references_at_once)
{
    ob_handle_table_init(&table);
    race_found = 0;
    struct ob_test_object *object = ob_test_object(run, 1);
    REQUIRE(object != NULL);
    HANDLE handle = insert(run, object, 1, 0);
    test_run_threads(run, 4, drain_lots);
    EXPECT_EQ(race_found, 12000);
    EXPECT_EQ(close(handle, false), STATUS_SUCCESS);
    EXPECT_EQ(references_of(object), 12001);
    ob_dereference_many(ob_header_of(object), 12001);
    ob_handle_table_destroy(&table);
}
