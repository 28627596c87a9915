/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of filter.c. They leave the masks as they found them. */
#include "kd/filter.h"

#include <nt/ntstatus.h>
#include <nt/rtl_ddi.h>

#include "base/selftest.h"

#define UNUSED_ID 200u /* of no component that prints */

TEST(kd_filter, errors_are_shown_unless_the_command_line_says_otherwise)
{
    if (DbgQueryDebugFilterState(UNUSED_ID, 5) != FALSE)
        SKIP("the command line has a mask");
    EXPECT_EQ(DbgQueryDebugFilterState(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL), TRUE);
    EXPECT_EQ(DbgQueryDebugFilterState(DPFLTR_IHVDRIVER_ID, DPFLTR_WARNING_LEVEL), FALSE);
    EXPECT_EQ(DbgQueryDebugFilterState(DPFLTR_DEFAULT_ID, DPFLTR_INFO_LEVEL), FALSE);
}

TEST(kd_filter, a_component_shows_what_is_set_for_it)
{
    EXPECT_EQ(DbgSetDebugFilterState(UNUSED_ID, 9, TRUE), STATUS_SUCCESS);
    EXPECT_EQ(DbgQueryDebugFilterState(UNUSED_ID, 9), TRUE);
    EXPECT_EQ(DbgQueryDebugFilterState(UNUSED_ID, 8), FALSE);
    EXPECT_EQ(DbgQueryDebugFilterState(UNUSED_ID + 1, 9), FALSE);
    EXPECT_EQ(DbgSetDebugFilterState(UNUSED_ID, 9, FALSE), STATUS_SUCCESS);
    EXPECT_EQ(DbgQueryDebugFilterState(UNUSED_ID, 9), FALSE);
}

TEST(kd_filter, a_great_level_is_a_mask)
{
    EXPECT_EQ(DbgSetDebugFilterState(UNUSED_ID, DPFLTR_MASK | 0x300, TRUE), STATUS_SUCCESS);
    EXPECT_EQ(DbgQueryDebugFilterState(UNUSED_ID, 8), TRUE);
    EXPECT_EQ(DbgQueryDebugFilterState(UNUSED_ID, 9), TRUE);
    EXPECT_EQ(DbgQueryDebugFilterState(UNUSED_ID, 31), TRUE);
    EXPECT_EQ(DbgQueryDebugFilterState(UNUSED_ID, 0x400), FALSE);
    EXPECT_EQ(DbgQueryDebugFilterState(UNUSED_ID, 0x600), TRUE);
    EXPECT_EQ(DbgSetDebugFilterState(UNUSED_ID, 0xffffffff, FALSE), STATUS_SUCCESS);
    EXPECT_EQ(DbgQueryDebugFilterState(UNUSED_ID, 8), FALSE);
}

TEST(kd_filter, a_component_that_cannot_be_is_refused)
{
    EXPECT_EQ(DbgQueryDebugFilterState(0xffffffff, 0), STATUS_INVALID_PARAMETER_1);
    EXPECT_EQ(DbgSetDebugFilterState(256, 0, TRUE), STATUS_INVALID_PARAMETER_1);
}
