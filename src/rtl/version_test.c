/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of version.c. */
#include "rtl/version.h"
#include "rtl/rtl_test.h"

TEST(rtl_version, the_version_is_10_0_19045)
{
    RTL_OSVERSIONINFOEXW information;
    memset(&information, 0xa5, sizeof(information));
    information.dwOSVersionInfoSize = sizeof(RTL_OSVERSIONINFOW);
    EXPECT_EQ(RtlGetVersion((RTL_OSVERSIONINFOW *)&information), STATUS_SUCCESS);
    EXPECT_EQ(information.dwMajorVersion, 10);
    EXPECT_EQ(information.dwMinorVersion, 0);
    EXPECT_EQ(information.dwBuildNumber, 19045);
    EXPECT_EQ(information.dwPlatformId, 2);
    EXPECT_EQ(information.szCSDVersion[0], 0);
    EXPECT_EQ(information.wServicePackMajor, 0xa5a5); /* not in the short structure */
}

TEST(rtl_version, the_longer_structure_has_more)
{
    RTL_OSVERSIONINFOEXW information;
    memset(&information, 0xa5, sizeof(information));
    information.dwOSVersionInfoSize = sizeof(information);
    EXPECT_EQ(RtlGetVersion((RTL_OSVERSIONINFOW *)&information), STATUS_SUCCESS);
    EXPECT_EQ(information.wServicePackMajor, 0);
    EXPECT_EQ(information.wServicePackMinor, 0);
    EXPECT_EQ(information.wSuiteMask, VER_SUITE_SINGLEUSERTS);
    EXPECT_EQ(information.wProductType, VER_NT_WORKSTATION);
}

TEST(rtl_version, parts_are_compared_from_the_major_one_down)
{
    static const struct {
        UCHAR condition;
        ULONG major, minor;
        USHORT pack;
        bool holds;
    } cases[] = {
        { VER_EQUAL, 10, 0, 0, true },          { VER_EQUAL, 10, 1, 0, false },
        { VER_GREATER_EQUAL, 6, 3, 1, true },   { VER_GREATER_EQUAL, 10, 0, 0, true },
        { VER_GREATER_EQUAL, 10, 0, 1, false }, { VER_GREATER_EQUAL, 11, 0, 0, false },
        { VER_GREATER, 6, 3, 1, true },         { VER_GREATER, 10, 0, 0, false },
        { VER_LESS, 10, 0, 0, false },          { VER_LESS, 10, 0, 1, true },
        { VER_LESS, 11, 0, 0, true },           { VER_LESS, 6, 9, 9, false },
        { VER_LESS_EQUAL, 10, 0, 0, true },     { VER_LESS_EQUAL, 9, 9, 9, false },
        { VER_LESS_EQUAL, 10, 1, 0, true },
    };
    ULONG types = VER_MAJORVERSION | VER_MINORVERSION | VER_SERVICEPACKMAJOR;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        RTL_OSVERSIONINFOEXW wanted = { .dwMajorVersion = cases[i].major,
                                        .dwMinorVersion = cases[i].minor,
                                        .wServicePackMajor = cases[i].pack };
        ULONGLONG mask = VerSetConditionMask(0, VER_MAJORVERSION, cases[i].condition);
        mask = VerSetConditionMask(mask, VER_MINORVERSION, cases[i].condition);
        mask = VerSetConditionMask(mask, VER_SERVICEPACKMAJOR, cases[i].condition);
        NTSTATUS status = RtlVerifyVersionInfo(&wanted, types, mask);
        EXPECT_EQ(status, cases[i].holds ? STATUS_SUCCESS : STATUS_REVISION_MISMATCH);
    }
}

TEST(rtl_version, each_other_kind_has_its_own_condition)
{
    static const struct {
        ULONG type;
        UCHAR condition;
        ULONG value;
        bool holds;
    } cases[] = {
        { VER_BUILDNUMBER, VER_GREATER_EQUAL, 19041, true },
        { VER_BUILDNUMBER, VER_GREATER, 19045, false },
        { VER_BUILDNUMBER, VER_LESS, 22000, true },
        { VER_PLATFORMID, VER_EQUAL, 2, true },
        { VER_PLATFORMID, VER_EQUAL, 1, false },
        { VER_PRODUCT_TYPE, VER_EQUAL, VER_NT_WORKSTATION, true },
        { VER_PRODUCT_TYPE, VER_GREATER, VER_NT_WORKSTATION, false },
        { VER_SUITENAME, VER_AND, 0x100, true },
        { VER_SUITENAME, VER_AND, 0x102, false },
        { VER_SUITENAME, VER_OR, 0x102, true },
        { VER_SUITENAME, VER_OR, 0x2, false },
        { VER_SERVICEPACKMINOR, VER_LESS, 1, true },
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        RTL_OSVERSIONINFOEXW wanted = { .dwBuildNumber = cases[i].value,
                                        .dwPlatformId = cases[i].value,
                                        .wServicePackMinor = (USHORT)cases[i].value,
                                        .wSuiteMask = (USHORT)cases[i].value,
                                        .wProductType = (UCHAR)cases[i].value };
        ULONGLONG mask = VerSetConditionMask(0, cases[i].type, cases[i].condition);
        EXPECT_EQ(RtlVerifyVersionInfo(&wanted, cases[i].type, mask),
                  cases[i].holds ? STATUS_SUCCESS : STATUS_REVISION_MISMATCH);
    }
}

TEST(rtl_version, a_question_without_a_condition_is_refused)
{
    RTL_OSVERSIONINFOEXW wanted = { .dwMajorVersion = 10 };
    ULONGLONG mask = VerSetConditionMask(0, VER_MAJORVERSION, VER_EQUAL);
    EXPECT_EQ(RtlVerifyVersionInfo(&wanted, 0, mask), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(RtlVerifyVersionInfo(&wanted, VER_MINORVERSION, mask), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(RtlVerifyVersionInfo(&wanted, 0x101, mask), STATUS_INVALID_PARAMETER);
    mask = VerSetConditionMask(0, VER_MAJORVERSION, VER_AND);
    EXPECT_EQ(RtlVerifyVersionInfo(&wanted, VER_MAJORVERSION, mask), STATUS_INVALID_PARAMETER);
    mask = VerSetConditionMask(0, VER_SUITENAME, VER_EQUAL);
    EXPECT_EQ(RtlVerifyVersionInfo(&wanted, VER_SUITENAME, mask), STATUS_INVALID_PARAMETER);
}

TEST(rtl_version, a_condition_takes_the_place_of_an_earlier_one)
{
    ULONGLONG mask = VerSetConditionMask(0, VER_MAJORVERSION, VER_LESS_EQUAL);
    EXPECT_EQ(VerSetConditionMask(VerSetConditionMask(0, VER_MAJORVERSION, VER_GREATER),
                                  VER_MAJORVERSION, VER_LESS_EQUAL),
              mask);
    EXPECT_EQ(VerSetConditionMask(mask, 0, VER_EQUAL), mask);
    EXPECT(VerSetConditionMask(mask, VER_PRODUCT_TYPE, VER_EQUAL) != mask);
    EXPECT_EQ(VerSetConditionMask(mask, VER_BUILDNUMBER | VER_PLATFORMID, VER_EQUAL),
              VerSetConditionMask(mask, VER_PLATFORMID, VER_EQUAL));
}

TEST(rtl_version, older_ddis_are_available)
{
    EXPECT(RtlIsNtDdiVersionAvailable(0x05010000)); /* NTDDI_WINXP */
    EXPECT(RtlIsNtDdiVersionAvailable(0x06010000)); /* NTDDI_WIN7 */
    EXPECT(RtlIsNtDdiVersionAvailable(0x0a000000)); /* NTDDI_WIN10 */
    EXPECT(RtlIsNtDdiVersionAvailable(RTL_VERSION_NTDDI));
    EXPECT(!RtlIsNtDdiVersionAvailable(RTL_VERSION_NTDDI + 1));
    EXPECT(!RtlIsNtDdiVersionAvailable(0x0a010000));
}

TEST(rtl_version, service_packs_are_those_of_this_version)
{
    EXPECT(RtlIsServicePackVersionInstalled(0x0a000000));
    EXPECT(!RtlIsServicePackVersionInstalled(0x0a000100));
    EXPECT(!RtlIsServicePackVersionInstalled(0x06010100)); /* NTDDI_WIN7SP1: another version */
}
