/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of object.c: references, the end, access masks. */
#include <nt/ke_thread_ddi.h>

#include "ob/ob_test.h"

uint32_t ob_test_ended;
static uint32_t ended_too_high; /* [a] at a level at which the routine could not wait */

static void note_end(void *body)
{
    UNREFERENCED_PARAMETER(body);
    if (arch_irql() != PASSIVE_LEVEL || KeAreApcsDisabled())
        (void)atomic_add(&ended_too_high, 1);
    (void)atomic_add(&ob_test_ended, 1);
}

/* Types are for ever, so there is one for all tests, made when the first of them runs. */
POBJECT_TYPE ob_test_type(void)
{
    static POBJECT_TYPE type; /* one test runs at a time */
    static const struct ob_type_options options = {
        .name = u"SelfTest",
        .mapping = { 1, 2, 4, 7 },
        .valid_access = STANDARD_RIGHTS_ALL | 7,
        .remove = note_end,
    };
    NTSTATUS status = type == NULL ? ob_type_create(&options, &type) : STATUS_SUCCESS;
    CHECK(NT_SUCCESS(status));
    return type;
}

TEST(ob_object, the_last_reference_ends_it)
{
    uint32_t before = atomic_load_acquire(&ob_test_ended);
    uint32_t objects = atomic_load_relaxed(&ob_test_type()->objects);
    struct ob_test_object *object = ob_test_object(run, 1);
    REQUIRE(object != NULL);
    EXPECT(ob_type_of(object) == ob_test_type());
    EXPECT_EQ(atomic_load_relaxed(&ob_test_type()->objects), objects + 1);
    ob_reference(object);
    ob_dereference(object);
    EXPECT_EQ(atomic_load_acquire(&ob_test_ended), before);
    ob_dereference(object);
    EXPECT_EQ(atomic_load_acquire(&ob_test_ended), before + 1);
    EXPECT_EQ(atomic_load_relaxed(&ob_test_type()->objects), objects);
}

/* A type's routine may wait: it is never called where that is forbidden. */
TEST(ob_object, ends_at_passive_level_wherever_the_reference_is_given_back)
{
    uint32_t before = atomic_load_acquire(&ob_test_ended);
    ended_too_high = 0;
    for (uint32_t i = 0; i < 3; i++) {
        struct ob_test_object *object = ob_test_object(run, i);
        REQUIRE(object != NULL);
        KIRQL irql = KfRaiseIrql(i == 0 ? APC_LEVEL : DISPATCH_LEVEL);
        ob_dereference(object);
        KeLowerIrql(irql);
    }
    KeEnterGuardedRegion();
    struct ob_test_object *object = ob_test_object(run, 3);
    if (object != NULL)
        ob_dereference(object);
    KeLeaveGuardedRegion();
    EXPECT(test_sleep_until(&ob_test_ended, before + 4));
    EXPECT_EQ(ended_too_high, 0);
}

TEST(ob_object, cannot_be_revived)
{
    struct ob_test_object *object = ob_test_object(run, 1);
    REQUIRE(object != NULL);
    struct ob_header *header = ob_header_of(object);
    EXPECT(ob_reference_if_alive(object));
    EXPECT_EQ(atomic_load_relaxed(&header->references), 2);
    ob_dereference(object);
    atomic_store_relaxed(&header->references, 0); /* as if its end had begun */
    EXPECT(!ob_reference_if_alive(object));
    EXPECT_EQ(atomic_load_relaxed(&header->references), 0);
    atomic_store_relaxed(&header->references, 1);
    ob_dereference(object);
}

TEST(ob_object, generic_access_becomes_the_types_own)
{
    POBJECT_TYPE type = ob_test_type();
    EXPECT_EQ(ob_type_map_access(type, GENERIC_READ), 1);
    EXPECT_EQ(ob_type_map_access(type, GENERIC_WRITE | GENERIC_EXECUTE), 6);
    EXPECT_EQ(ob_type_map_access(type, GENERIC_ALL | SYNCHRONIZE), 7 | SYNCHRONIZE);
    EXPECT_EQ(ob_type_map_access(type, READ_CONTROL), READ_CONTROL);
}

static struct ob_test_object *shared;

static void reference_and_back(void *argument)
{
    UNREFERENCED_PARAMETER(argument);
    for (uint32_t i = 0; i < 500; i++) {
        ob_reference(shared);
        ob_dereference(shared);
    }
    ob_dereference(shared);
}

TEST(ob_object, ends_once_when_all_processors_let_go)
{
    uint32_t before = atomic_load_acquire(&ob_test_ended);
    shared = ob_test_object(run, 1);
    REQUIRE(shared != NULL);
    for (uint32_t i = 1; i < 8; i++)
        ob_reference(shared);
    test_run_threads(run, 8, reference_and_back);
    EXPECT(test_sleep_until(&ob_test_ended, before + 1));
    EXPECT_EQ(atomic_load_acquire(&ob_test_ended), before + 1);
}
