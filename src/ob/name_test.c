/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of directory.c, name.c, path.c and symbolic_link.c: the name space. */
#include "mm/mm.h"
#include "ob/ob_test.h"

static NTSTATUS look_up(const UNICODE_STRING *path, uint32_t attributes, POBJECT_TYPE wanted,
                        void **out_body)
{
    struct ob_parse parse = { .attributes = attributes, .wanted = wanted };
    return ob_lookup(NULL, path, &parse, out_body);
}

/* An object of the tests' type under that name; the caller's reference is given back, the name keeps it. */
static struct ob_test_object *named(struct selftest_run *run, const UNICODE_STRING *path,
                                    uint32_t id)
{
    struct ob_test_object *object = ob_test_object(run, id);
    void *body;
    if (object == NULL)
        return NULL;
    EXPECT_EQ(ob_name(object, NULL, path, OBJ_PERMANENT | OBJ_CASE_INSENSITIVE, &body),
              STATUS_SUCCESS);
    ob_dereference(object);
    return object;
}

TEST(ob_name, is_found_with_or_without_regard_to_case)
{
    UNICODE_STRING path = OB_TEST_PATH(u"\\BaseNamedObjects\\One");
    UNICODE_STRING other = OB_TEST_PATH(u"\\basenamedobjects\\oNE");
    struct ob_test_object *object = named(run, &path, 1);
    REQUIRE(object != NULL);
    void *body = NULL;
    EXPECT_EQ(look_up(&path, 0, NULL, &body), STATUS_SUCCESS);
    EXPECT(body == object);
    ob_dereference(body);
    EXPECT_EQ(look_up(&other, 0, NULL, &body), STATUS_OBJECT_PATH_NOT_FOUND);
    EXPECT_EQ(look_up(&other, OBJ_CASE_INSENSITIVE, ob_test_type(), &body), STATUS_SUCCESS);
    ob_dereference(body);
    EXPECT_EQ(look_up(&path, 0, ob.directory_type, &body), STATUS_OBJECT_TYPE_MISMATCH);
    ob_make_temporary(object);
    EXPECT_EQ(look_up(&path, 0, NULL, &body), STATUS_OBJECT_NAME_NOT_FOUND);
}

TEST(ob_name, has_one_object)
{
    UNICODE_STRING path = OB_TEST_PATH(u"\\BaseNamedObjects\\Two");
    UNICODE_STRING other = OB_TEST_PATH(u"\\BaseNamedObjects\\TWO");
    struct ob_test_object *first = named(run, &path, 1);
    struct ob_test_object *second = ob_test_object(run, 2);
    struct ob_directory *directory;
    void *body = NULL;
    REQUIRE(first != NULL && second != NULL);
    EXPECT_EQ(ob_name(second, NULL, &path, 0, &body), STATUS_OBJECT_NAME_COLLISION);
    EXPECT_EQ(ob_name(second, NULL, &other, OBJ_CASE_INSENSITIVE, &body),
              STATUS_OBJECT_NAME_COLLISION);
    EXPECT_EQ(ob_name(second, NULL, &other, OBJ_CASE_INSENSITIVE | OBJ_OPENIF, &body),
              STATUS_OBJECT_NAME_EXISTS);
    EXPECT(body == first); /* the second one is gone */
    ob_dereference(body);
    REQUIRE(NT_SUCCESS(ob_directory_create(&directory)));
    EXPECT_EQ(ob_name(directory, NULL, &path, OBJ_OPENIF, &body), STATUS_OBJECT_TYPE_MISMATCH);
    ob_dereference(directory);
    ob_make_temporary(first);
}

TEST(ob_name, may_be_relative_to_a_directory)
{
    UNICODE_STRING where = OB_TEST_PATH(u"\\BaseNamedObjects\\Inner");
    UNICODE_STRING name = OB_TEST_PATH(u"Leaf");
    UNICODE_STRING whole = OB_TEST_PATH(u"\\BaseNamedObjects\\Inner\\Leaf");
    UNICODE_STRING below = OB_TEST_PATH(u"Inner\\Leaf");
    UNICODE_STRING base = OB_TEST_PATH(u"\\BaseNamedObjects");
    struct ob_directory *directory;
    struct ob_test_object *object = ob_test_object(run, 1);
    void *body, *root;
    REQUIRE(object != NULL);
    REQUIRE(NT_SUCCESS(ob_make_directory(where.Buffer, &directory)));
    EXPECT_EQ(ob_name(object, directory, &name, 0, &body), STATUS_SUCCESS);
    EXPECT_EQ(look_up(&whole, 0, NULL, &body), STATUS_SUCCESS);
    EXPECT(body == object);
    ob_dereference(body);
    EXPECT_EQ(look_up(&base, 0, NULL, &root), STATUS_SUCCESS);
    EXPECT_EQ(ob_lookup(root, &below, &(struct ob_parse){ 0 }, &body), STATUS_SUCCESS);
    ob_dereference(body);
    EXPECT_EQ(ob_lookup(root, &whole, &(struct ob_parse){ 0 }, &body),
              STATUS_OBJECT_PATH_SYNTAX_BAD);
    ob_dereference(root);
    EXPECT_EQ(ob_name(object, object, &name, 0, &body), STATUS_OBJECT_TYPE_MISMATCH);
    ob_make_temporary(object);
    ob_make_temporary(directory);
    ob_dereference(object);
}

TEST(ob_path, that_is_none_is_refused_by_name)
{
    static const struct {
        UNICODE_STRING path;
        NTSTATUS status;
    } cases[] = {
        { OB_TEST_PATH(u""), STATUS_OBJECT_PATH_SYNTAX_BAD },
        { OB_TEST_PATH(u"Device"), STATUS_OBJECT_PATH_SYNTAX_BAD },
        { OB_TEST_PATH(u"\\\\Device"), STATUS_OBJECT_NAME_INVALID },
        { OB_TEST_PATH(u"\\Device\\"), STATUS_OBJECT_NAME_INVALID },
        { OB_TEST_PATH(u"\\Device\\\\x"), STATUS_OBJECT_NAME_INVALID },
        { OB_TEST_PATH(u"\\NoSuch"), STATUS_OBJECT_NAME_NOT_FOUND },
        { OB_TEST_PATH(u"\\NoSuch\\x"), STATUS_OBJECT_PATH_NOT_FOUND },
        { OB_TEST_PATH(u"\\ObjectTypes\\Directory\\x"), STATUS_OBJECT_TYPE_MISMATCH },
        { OB_TEST_PATH(u"\\"), STATUS_SUCCESS },
        { OB_TEST_PATH(u"\\ObjectTypes\\Type"), STATUS_SUCCESS },
        { OB_TEST_PATH(u"\\??"), STATUS_SUCCESS },
        { { 3, 3, (WCHAR *)(uintptr_t)u"\\x" }, STATUS_OBJECT_NAME_INVALID },
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        void *body;
        NTSTATUS status = look_up(&cases[i].path, OBJ_CASE_INSENSITIVE, NULL, &body);
        EXPECT_EQ(status, cases[i].status);
        if (NT_SUCCESS(status))
            ob_dereference(body);
    }
}

/* --- Links --- */

static struct ob_link *link_to(struct selftest_run *run, const UNICODE_STRING *path,
                               const UNICODE_STRING *target)
{
    struct ob_link *link;
    void *body;
    if (!EXPECT(NT_SUCCESS(ob_link_create(target, &link))))
        return NULL;
    EXPECT_EQ(ob_name(link, NULL, path, OBJ_PERMANENT, &body), STATUS_SUCCESS);
    ob_dereference(link);
    return link;
}

TEST(ob_symbolic_link, leads_on_with_what_remains)
{
    UNICODE_STRING path = OB_TEST_PATH(u"\\BaseNamedObjects\\Three");
    UNICODE_STRING first = OB_TEST_PATH(u"\\??\\T:");
    UNICODE_STRING second = OB_TEST_PATH(u"\\BaseNamedObjects\\Again");
    UNICODE_STRING base = OB_TEST_PATH(u"\\BaseNamedObjects");
    UNICODE_STRING way = OB_TEST_PATH(u"\\GLOBAL??\\T:\\Three");
    struct ob_test_object *object = named(run, &path, 3);
    struct ob_link *link = link_to(run, &first, &second);
    struct ob_link *further = link_to(run, &second, &base);
    void *body = NULL;
    REQUIRE(object != NULL && link != NULL && further != NULL);
    EXPECT_EQ(look_up(&way, 0, NULL, &body), STATUS_SUCCESS);
    EXPECT(body == object);
    ob_dereference(body);
    EXPECT_EQ(look_up(&way, OBJ_DONT_REPARSE, NULL, &body), STATUS_REPARSE_POINT_ENCOUNTERED);
    EXPECT_EQ(look_up(&first, 0, ob.link_type, &body), STATUS_SUCCESS);
    EXPECT(body == link);
    ob_dereference(body);
    EXPECT_EQ(look_up(&first, 0, ob.directory_type, &body), STATUS_SUCCESS);
    ob_dereference(body);
    ob_make_temporary(link);
    ob_make_temporary(further);
    ob_make_temporary(object);
}

TEST(ob_symbolic_link, a_ring_ends)
{
    UNICODE_STRING first = OB_TEST_PATH(u"\\BaseNamedObjects\\Ring");
    UNICODE_STRING second = OB_TEST_PATH(u"\\BaseNamedObjects\\Gnir");
    struct ob_link *link = link_to(run, &first, &second);
    struct ob_link *back = link_to(run, &second, &first);
    void *body;
    REQUIRE(link != NULL && back != NULL);
    EXPECT_EQ(look_up(&first, 0, ob_test_type(), &body), STATUS_OBJECT_NAME_INVALID);
    ob_make_temporary(link);
    ob_make_temporary(back);
}

TEST(ob_symbolic_link, a_path_that_grows_too_long_is_refused)
{
    static WCHAR text[0x4000];
    UNICODE_STRING path = OB_TEST_PATH(u"\\BaseNamedObjects\\Long");
    for (size_t i = 0; i < ARRAY_COUNT(text); i++)
        text[i] = u'x';
    text[0] = u'\\';
    UNICODE_STRING target = { sizeof(text) - 2, sizeof(text) - 2, text };
    struct ob_link *link = link_to(run, &path, &target);
    UNICODE_STRING rest = target, whole;
    REQUIRE(link != NULL);
    EXPECT_EQ(ob_link_substitute(link, &rest, &whole), STATUS_SUCCESS);
    EXPECT_EQ(whole.Length, 2 * target.Length);
    mm_pool_free(whole.Buffer, OB_TAG_PATH);
    rest.Length = 0xfffe;
    EXPECT_EQ(ob_link_substitute(link, &rest, &whole), STATUS_NAME_TOO_LONG);
    ob_make_temporary(link);
}

/* --- A type that takes paths over --- */

static UNICODE_STRING seen_rest;
static WCHAR seen_text[32];

static NTSTATUS take_over(void *body, struct ob_parse *parse, void **out_object)
{
    seen_rest = (UNICODE_STRING){ parse->remaining.Length, sizeof(seen_text), seen_text };
    __builtin_memcpy(seen_text, parse->remaining.Buffer, parse->remaining.Length);
    if (parse->remaining.Length == 2)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    ob_reference(body);
    *out_object = body;
    return STATUS_SUCCESS;
}

TEST(ob_path, an_object_may_take_the_rest_over)
{
    static POBJECT_TYPE type;
    static const struct ob_type_options options = { .name = u"SelfTestDevice", .parse = take_over };
    UNICODE_STRING device = OB_TEST_PATH(u"\\Device\\SelfTest");
    UNICODE_STRING file = OB_TEST_PATH(u"\\Device\\SelfTest\\a\\b");
    UNICODE_STRING root = OB_TEST_PATH(u"\\Device\\SelfTest\\");
    UNICODE_STRING rest = OB_TEST_PATH(u"\\a\\b");
    void *body, *found;
    if (type == NULL)
        REQUIRE(NT_SUCCESS(ob_type_create(&options, &type)));
    REQUIRE(NT_SUCCESS(ob_create(type, 16, &body)));
    EXPECT_EQ(ob_name(body, NULL, &device, OBJ_PERMANENT, &found), STATUS_SUCCESS);
    EXPECT_EQ(look_up(&file, 0, NULL, &found), STATUS_SUCCESS);
    EXPECT(found == body);
    EXPECT_EQ(seen_rest.Length, rest.Length);
    EXPECT(__builtin_memcmp(seen_text, rest.Buffer, rest.Length) == 0);
    ob_dereference(found);
    EXPECT_EQ(look_up(&root, 0, NULL, &found), STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_EQ(seen_rest.Length, 2);
    ob_make_temporary(body);
    ob_dereference(body);
}

/* --- Many names --- */

#define MANY 2000

static UNICODE_STRING name_of(uint32_t i, WCHAR *text)
{
    for (uint32_t digit = 0; digit < 6; digit++, i /= 10)
        text[5 - digit] = (WCHAR)(u'0' + i % 10);
    return (UNICODE_STRING){ 12, 12, text };
}

TEST(ob_directory, finds_each_of_many_names_and_lists_each_once)
{
    static uint8_t seen[MANY];
    struct ob_directory *directory;
    struct ob_header *header;
    uint32_t place = 0, listed = 0, before = atomic_load_acquire(&ob_test_ended);
    WCHAR text[6];
    void *body;
    REQUIRE(NT_SUCCESS(ob_directory_create(&directory)));
    for (uint32_t i = 0; i < MANY; i++) {
        struct ob_test_object *object = ob_test_object(run, i);
        UNICODE_STRING name = name_of(i, text);
        REQUIRE(object != NULL);
        seen[i] = 0;
        EXPECT_EQ(ob_name(object, directory, &name, 0, &body), STATUS_SUCCESS);
        ob_dereference(object);
    }
    for (; ob_directory_next(directory, &place, &header); listed++) {
        struct ob_test_object *object = ob_body_of(header);
        seen[object->number]++;
        ob_dereference_many(header, 1);
    }
    EXPECT_EQ(listed, MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        UNICODE_STRING name = name_of(i, text);
        header = ob_directory_find(directory, &name, i % 2);
        REQUIRE(header != NULL);
        EXPECT_EQ(((struct ob_test_object *)ob_body_of(header))->number, i);
        EXPECT_EQ(seen[i], 1);
        ob_make_temporary(ob_body_of(header));
        ob_dereference_many(header, 1);
    }
    EXPECT_EQ(directory->count, 0);
    EXPECT_EQ(atomic_load_acquire(&ob_test_ended), before + MANY);
    ob_dereference(directory);
}

/* --- Several processors: all want the same few names --- */

#define RACE_NAMES  4
#define RACE_ROUNDS 200
static struct ob_directory *race_directory;
static uint32_t race_made, race_found, race_wrong; /* [a] */

static void race_one(struct ob_test_object *object, const UNICODE_STRING *name, uint32_t number)
{
    void *body;
    NTSTATUS status = ob_name(object, race_directory, name, OBJ_OPENIF, &body);
    (void)atomic_add(status == STATUS_SUCCESS ? &race_made : &race_found, 1);
    object = body;
    if (!NT_SUCCESS(status) || object->number != number)
        (void)atomic_add(&race_wrong, 1);
    if (status == STATUS_SUCCESS)
        ob_make_temporary(object);
    ob_dereference(object);
}

static void race(void *argument)
{
    for (uint32_t i = 0; i < RACE_ROUNDS; i++) {
        uint32_t number = (i + (uint32_t)(uintptr_t)argument) % RACE_NAMES;
        WCHAR text[6];
        UNICODE_STRING name = name_of(number, text);
        void *body;
        if (!NT_SUCCESS(ob_create(ob_test_type(), sizeof(struct ob_test_object), &body)))
            continue;
        ((struct ob_test_object *)body)->number = number;
        race_one(body, &name, number);
    }
}

TEST(ob_directory, of_all_who_make_a_name_one_wins)
{
    uint32_t before = atomic_load_acquire(&ob_test_ended);
    race_made = race_found = race_wrong = 0;
    REQUIRE(NT_SUCCESS(ob_directory_create(&race_directory)));
    test_run_threads(run, 4, race);
    EXPECT_EQ(race_wrong, 0);
    EXPECT_EQ(race_made + race_found, 4 * RACE_ROUNDS);
    EXPECT_EQ(race_directory->count, 0);
    EXPECT(test_sleep_until(&ob_test_ended, before + 4 * RACE_ROUNDS));
    EXPECT_EQ(atomic_load_relaxed(&ob_header_of(race_directory)->references), 1);
    ob_dereference(race_directory);
}
