/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of handle.c. */
#include "ob/ob_test.h"

static struct ob_handle_table table, other;
static int64_t left_seen;
static uint32_t opened, refused; /* `refused`: the next opening is */

static NTSTATUS note_open(void *body, ACCESS_MASK access)
{
    UNREFERENCED_PARAMETER(body);
    UNREFERENCED_PARAMETER(access);
    if (refused)
        return STATUS_SHARING_VIOLATION;
    opened++;
    return STATUS_SUCCESS;
}

static void note_close(void *body, ACCESS_MASK access, int64_t left)
{
    UNREFERENCED_PARAMETER(body);
    UNREFERENCED_PARAMETER(access);
    left_seen = left;
}

static POBJECT_TYPE noting_type(void)
{
    static POBJECT_TYPE type;
    static const struct ob_type_options options = {
        .name = u"SelfTestNoting",
        .mapping = { 1, 2, 4, 7 },
        .valid_access = STANDARD_RIGHTS_ALL | 7,
        .open = note_open,
        .close = note_close,
    };
    NTSTATUS status = type == NULL ? ob_type_create(&options, &type) : STATUS_SUCCESS;
    CHECK(NT_SUCCESS(status));
    return type;
}

static void begin(void)
{
    ob_handle_table_init(&table);
    ob_handle_table_init(&other);
    opened = refused = 0;
    left_seen = -1;
}

static void end(struct selftest_run *run)
{
    EXPECT_EQ(ob_handle_count(&table), 0);
    EXPECT_EQ(ob_handle_count(&other), 0);
    ob_handle_table_destroy(&table);
    ob_handle_table_destroy(&other);
}

static HANDLE open(struct selftest_run *run, void *body, ACCESS_MASK access)
{
    HANDLE handle = NULL;
    EXPECT_EQ(ob_open(&table, body, access, 0, &handle), STATUS_SUCCESS);
    return handle;
}

TEST(ob_handle, is_checked_for_type_and_access)
{
    begin();
    struct ob_test_object *object = ob_test_object(run, 1);
    void *body = NULL;
    HANDLE wrong;
    REQUIRE(object != NULL);
    HANDLE handle = open(run, object, GENERIC_READ | GENERIC_WRITE);
    EXPECT_EQ(ob_reference_by_handle(&table, handle, ob_test_type(), 3, &body), STATUS_SUCCESS);
    EXPECT(body == object);
    ob_dereference(body);
    EXPECT_EQ(ob_reference_by_handle(&table, handle, NULL, 4, &body), STATUS_ACCESS_DENIED);
    EXPECT_EQ(ob_reference_by_handle(&table, handle, ob.link_type, 0, &body),
              STATUS_OBJECT_TYPE_MISMATCH);
    EXPECT_EQ(ob_open(&table, object, 0x8000, 0, &wrong), STATUS_ACCESS_DENIED);
    EXPECT_EQ(ob_close(&table, handle, false), STATUS_SUCCESS);
    EXPECT_EQ(ob_reference_by_handle(&table, handle, NULL, 0, &body), STATUS_INVALID_HANDLE);
    handle = open(run, object, MAXIMUM_ALLOWED);
    EXPECT_EQ(ob_reference_by_handle(&table, handle, NULL, 7, &body), STATUS_SUCCESS);
    ob_dereference(body);
    EXPECT_EQ(ob_close(&table, handle, false), STATUS_SUCCESS);
    ob_dereference(object);
    end(run);
}

TEST(ob_handle, tells_the_type_of_each_opening_and_closing)
{
    begin();
    void *body;
    HANDLE handle;
    REQUIRE(NT_SUCCESS(ob_create(noting_type(), 16, &body)));
    HANDLE first = open(run, body, 1);
    HANDLE second = open(run, body, 1);
    EXPECT_EQ(opened, 2);
    EXPECT_EQ(atomic_load_relaxed(&noting_type()->handles), 2);
    refused = 1;
    EXPECT_EQ(ob_open(&table, body, 1, 0, &handle), STATUS_SHARING_VIOLATION);
    EXPECT_EQ(ob_close(&table, first, false), STATUS_SUCCESS);
    EXPECT_EQ(left_seen, 1);
    EXPECT_EQ(ob_close(&table, second, false), STATUS_SUCCESS);
    EXPECT_EQ(left_seen, 0);
    EXPECT_EQ(atomic_load_relaxed(&ob_header_of(body)->handles), 0);
    ob_dereference(body);
    end(run);
}

/* Source: WDK "Life Cycle of an Object": a temporary object's name goes with its last handle. */
TEST(ob_handle, the_last_one_takes_the_name_along)
{
    UNICODE_STRING path = OB_TEST_PATH(u"\\BaseNamedObjects\\Temporary");
    struct ob_parse parse = { .wanted = ob_test_type(), .access = 1 };
    HANDLE first, second;
    void *body;
    begin();
    struct ob_test_object *object = ob_test_object(run, 1);
    REQUIRE(object != NULL);
    first = open(run, object, 1);
    EXPECT_EQ(ob_name(object, NULL, &path, 0, &body), STATUS_SUCCESS);
    ob_dereference(object);
    EXPECT_EQ(ob_open_by_name(&table, NULL, &path, &parse, 0, &second), STATUS_SUCCESS);
    EXPECT_EQ(ob_close(&table, first, false), STATUS_SUCCESS);
    EXPECT_EQ(ob_lookup(NULL, &path, &parse, &body), STATUS_SUCCESS);
    ob_dereference(body);
    uint32_t before = atomic_load_acquire(&ob_test_ended);
    EXPECT_EQ(ob_close(&table, second, false), STATUS_SUCCESS);
    EXPECT_EQ(atomic_load_acquire(&ob_test_ended), before + 1);
    EXPECT_EQ(ob_open_by_name(&table, NULL, &path, &parse, 0, &second),
              STATUS_OBJECT_NAME_NOT_FOUND);
    end(run);
}

TEST(ob_handle, a_permanent_name_outlives_all_handles)
{
    UNICODE_STRING path = OB_TEST_PATH(u"\\BaseNamedObjects\\Permanent");
    struct ob_parse parse = { .access = 1 };
    HANDLE handle;
    void *body;
    begin();
    struct ob_test_object *object = ob_test_object(run, 1);
    REQUIRE(object != NULL);
    EXPECT_EQ(ob_name(object, NULL, &path, OBJ_PERMANENT, &body), STATUS_SUCCESS);
    ob_dereference(object);
    for (uint32_t i = 0; i < 2; i++) {
        EXPECT_EQ(ob_open_by_name(&table, NULL, &path, &parse, 0, &handle), STATUS_SUCCESS);
        EXPECT_EQ(ob_close(&table, handle, false), STATUS_SUCCESS);
    }
    parse.access = 0x8000;
    EXPECT_EQ(ob_open_by_name(&table, NULL, &path, &parse, 0, &handle), STATUS_ACCESS_DENIED);
    ob_make_temporary(object);
    parse.access = 1;
    EXPECT_EQ(ob_open_by_name(&table, NULL, &path, &parse, 0, &handle),
              STATUS_OBJECT_NAME_NOT_FOUND);
    end(run);
}

/* Source: WDK "ZwDuplicateObject function (ntifs.h)". */
TEST(ob_handle, is_duplicated_with_the_same_access_or_another)
{
    begin();
    struct ob_test_object *object = ob_test_object(run, 1);
    struct ob_duplicate how = { &other, 4, OB_HANDLE_INHERIT, 0 };
    struct ob_handle_info info;
    HANDLE copy;
    REQUIRE(object != NULL);
    HANDLE handle = open(run, object, 3);
    EXPECT_EQ(ob_duplicate(&table, handle, &how, &copy), STATUS_SUCCESS);
    EXPECT_EQ(ob_handle_lookup(&other, copy, &info), STATUS_SUCCESS);
    EXPECT_EQ(info.access, 4);
    EXPECT_EQ(info.flags, OB_HANDLE_INHERIT);
    ob_dereference(object);
    how.access = 0x8000;
    EXPECT_EQ(ob_duplicate(&table, handle, &how, &copy), STATUS_ACCESS_DENIED);
    how.options = DUPLICATE_SAME_ACCESS | DUPLICATE_SAME_ATTRIBUTES | DUPLICATE_CLOSE_SOURCE;
    EXPECT_EQ(ob_duplicate(&table, handle, &how, &copy), STATUS_SUCCESS);
    EXPECT_EQ(ob_handle_lookup(&other, copy, &info), STATUS_SUCCESS);
    EXPECT_EQ(info.access, 3);
    EXPECT_EQ(info.flags, 0);
    ob_dereference(object);
    EXPECT_EQ(ob_duplicate(&table, handle, &how, &copy), STATUS_INVALID_HANDLE);
    how.target = NULL;
    EXPECT_EQ(ob_duplicate(&other, copy, &how, NULL), STATUS_SUCCESS);
    EXPECT_EQ(ob_handle_count(&other), 1);
    ob_close_all(&other);
    ob_dereference(object);
    end(run);
}

TEST(ob_handle, is_inherited_under_the_same_number_if_so_marked)
{
    begin();
    struct ob_test_object *object = ob_test_object(run, 1);
    HANDLE handle;
    REQUIRE(object != NULL);
    for (uint32_t i = 1; i <= 300; i++)
        EXPECT_EQ(ob_open(&table, object, i % 8, i % 3 == 0 ? OB_HANDLE_INHERIT : 0, &handle),
                  STATUS_SUCCESS);
    EXPECT_EQ(ob_inherit(&other, &table), STATUS_SUCCESS);
    EXPECT_EQ(ob_handle_count(&other), 100);
    for (uintptr_t i = 1; i <= 300; i++) {
        void *body;
        NTSTATUS status = ob_reference_by_handle(&other, (HANDLE)(4 * i), NULL, i % 8, &body);
        EXPECT_EQ(status, i % 3 == 0 ? STATUS_SUCCESS : STATUS_INVALID_HANDLE);
        if (NT_SUCCESS(status))
            ob_dereference(body);
    }
    ob_close_all(&other);
    ob_close_all(&table);
    ob_dereference(object);
    end(run);
}

TEST(ob_handle, all_are_closed_when_a_table_ends)
{
    begin();
    struct ob_test_object *object = ob_test_object(run, 1);
    HANDLE handle;
    REQUIRE(object != NULL);
    for (uint32_t i = 0; i < 300; i++)
        EXPECT_EQ(ob_open(&table, object, 1, i % 4, &handle), STATUS_SUCCESS);
    EXPECT_EQ(ob_inherit(&other, &table), STATUS_SUCCESS);
    EXPECT_EQ(atomic_load_relaxed(&ob_header_of(object)->handles), 450);
    ob_close_all(&table);
    EXPECT_EQ(atomic_load_relaxed(&ob_header_of(object)->handles), 150);
    ob_close_all(&other);
    EXPECT_EQ(atomic_load_relaxed(&ob_header_of(object)->handles), 0);
    EXPECT_EQ(atomic_load_relaxed(&ob_header_of(object)->references), 1);
    ob_dereference(object);
    end(run);
}

/* --- Several processors: the last close against opening by name --- */

#define RACE_ROUNDS 300

static UNICODE_STRING race_path = OB_TEST_PATH(u"\\BaseNamedObjects\\Race");
static struct ob_handle_table race_table;
static uint32_t race_wrong; /* [a] */

/* Open what has the name, or make it; an object that one has a handle to keeps its name. */
static void race(void *argument)
{
    UNREFERENCED_PARAMETER(argument);
    for (uint32_t i = 0; i < RACE_ROUNDS; i++) {
        struct ob_parse parse = { .wanted = ob_test_type(), .access = 1 };
        HANDLE handle;
        void *body, *found;
        NTSTATUS status = ob_open_by_name(&race_table, NULL, &race_path, &parse, 0, &handle);
        if (status == STATUS_OBJECT_NAME_NOT_FOUND) {
            if (!NT_SUCCESS(ob_create(ob_test_type(), sizeof(struct ob_test_object), &body)))
                continue;
            status = ob_open(&race_table, body, 1, 0,
                             &handle); /* so it has one before it has its name */
            if (NT_SUCCESS(status) && !NT_SUCCESS(ob_name(body, NULL, &race_path, 0, &found)))
                status = ob_close(&race_table, handle, false) == STATUS_SUCCESS
                             ? STATUS_OBJECT_NAME_COLLISION
                             : STATUS_INVALID_HANDLE;
            ob_dereference(body);
        }
        if (status == STATUS_OBJECT_NAME_COLLISION)
            continue; /* another one made it at the same time */
        if (!NT_SUCCESS(status)) {
            (void)atomic_add(&race_wrong, 1);
            continue;
        }
        if (!NT_SUCCESS(ob_lookup(NULL, &race_path, &parse, &found)))
            (void)atomic_add(&race_wrong, 1);
        else
            ob_dereference(found);
        if (ob_close(&race_table, handle, false) != STATUS_SUCCESS)
            (void)atomic_add(&race_wrong, 1);
    }
}

TEST(ob_handle, an_object_keeps_its_name_as_long_as_anybody_has_it_open)
{
    void *found;
    struct ob_parse parse = { 0 };
    race_wrong = 0;
    ob_handle_table_init(&race_table);
    test_run_threads(run, 4, race);
    EXPECT_EQ(race_wrong, 0);
    EXPECT_EQ(ob_handle_count(&race_table), 0);
    EXPECT_EQ(ob_lookup(NULL, &race_path, &parse, &found), STATUS_OBJECT_NAME_NOT_FOUND);
    ob_handle_table_destroy(&race_table);
}
