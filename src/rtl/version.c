/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which NT this is, and comparisons with it. A condition mask holds three bits for each kind of information, in the
 * order of the kinds' bits, and its highest bit once it holds anything.
 */
#include "rtl/version.h"

#include <nt/ntstatus.h>

#include "rtl/memory.h"
#include "rtl/text.h"

#define CONDITION_BITS 3
#define CONDITION_MASK 7u
#define MASK_IN_USE    0x8000000000000000ull
#define KNOWN_TYPES    0xffu
#define OS_VERSION     0xffff0000u /* of an NTDDI constant: major and minor */
#define PACK_VERSION   0x0000ff00u

/*
 * Fill in the version; the longer structure is known by its size.
 *
 * IRQL:    any (NT: PASSIVE_LEVEL)
 * Returns: STATUS_SUCCESS, as documented, whatever the size
 * Source:  WDK "RtlGetVersion function (wdm.h)"
 */
NTSTATUS RtlGetVersion(RTL_OSVERSIONINFOW *information)
{
    information->dwMajorVersion = RTL_VERSION_MAJOR;
    information->dwMinorVersion = RTL_VERSION_MINOR;
    information->dwBuildNumber = RTL_VERSION_BUILD;
    information->dwPlatformId = VER_PLATFORM_WIN32_NT;
    memset(information->szCSDVersion, 0, sizeof(information->szCSDVersion));
    if (information->dwOSVersionInfoSize == sizeof(RTL_OSVERSIONINFOEXW)) {
        RTL_OSVERSIONINFOEXW *extended = (RTL_OSVERSIONINFOEXW *)information;
        extended->wServicePackMajor = 0;
        extended->wServicePackMinor = 0;
        extended->wSuiteMask = VER_SUITE_SINGLEUSERTS;
        extended->wProductType = VER_NT_WORKSTATION;
        extended->wReserved = 0;
    }
    return STATUS_SUCCESS;
}

/*
 * Add the condition for one kind of information (of several the highest counts) to a mask.
 *
 * IRQL:    any
 * Source:  WDK "VerSetConditionMask function (ntddk.h)"
 */
ULONGLONG VerSetConditionMask(ULONGLONG mask, ULONG type, UCHAR condition)
{
    if ((type & KNOWN_TYPES) == 0)
        return mask;
    uint32_t place = CONDITION_BITS * (31u - (uint32_t)__builtin_clz(type & KNOWN_TYPES));
    mask &= ~((ULONGLONG)CONDITION_MASK << place);
    return mask | MASK_IN_USE | (ULONGLONG)(condition & CONDITION_MASK) << place;
}

static ULONG condition_of(ULONGLONG conditions, ULONG type)
{
    return (ULONG)(conditions >> (CONDITION_BITS * (uint32_t)__builtin_ctz(type))) & CONDITION_MASK;
}

static bool holds(ULONG condition, ULONG ours, ULONG wanted)
{
    switch (condition) {
    case VER_EQUAL:
        return ours == wanted;
    case VER_GREATER:
        return ours > wanted;
    case VER_GREATER_EQUAL:
        return ours >= wanted;
    case VER_LESS:
        return ours < wanted;
    default:
        return ours <= wanted; /* VER_LESS_EQUAL: the others were refused */
    }
}

/* Each kind that is asked for has a condition that means something for it. */
static bool conditions_are_valid(ULONG types, ULONGLONG conditions)
{
    for (ULONG type = 1; type <= VER_PRODUCT_TYPE; type <<= 1) {
        ULONG condition = condition_of(conditions, type);
        bool logical = condition == VER_AND || condition == VER_OR;
        if ((types & type) != 0 && (condition == 0 || logical != (type == VER_SUITENAME)))
            return false;
    }
    return true;
}

/* Suites are bits: all of them, or any. */
static bool suites_hold(ULONG condition, ULONG ours, ULONG wanted)
{
    return condition == VER_AND ? (ours & wanted) == wanted : (ours & wanted) != 0;
}

/*
 * The four parts of a version are compared as one number: the first that differs decides by its own condition. If none
 * differs, the last one's condition must hold for equals.
 */
static bool version_holds(const RTL_OSVERSIONINFOEXW *ours, const RTL_OSVERSIONINFOEXW *wanted,
                          ULONG types, ULONGLONG conditions)
{
    const struct {
        ULONG type, ours, wanted;
    } parts[] = {
        { VER_MAJORVERSION, ours->dwMajorVersion, wanted->dwMajorVersion },
        { VER_MINORVERSION, ours->dwMinorVersion, wanted->dwMinorVersion },
        { VER_SERVICEPACKMAJOR, ours->wServicePackMajor, wanted->wServicePackMajor },
        { VER_SERVICEPACKMINOR, ours->wServicePackMinor, wanted->wServicePackMinor },
    };
    bool result = true;
    for (size_t i = 0; i < RTL_NUMBER_OF(parts); i++) {
        if ((types & parts[i].type) == 0)
            continue;
        result = holds(condition_of(conditions, parts[i].type), parts[i].ours, parts[i].wanted);
        if (parts[i].ours != parts[i].wanted)
            break;
    }
    return result;
}

/*
 * Compare the version that is running with another one.
 *
 * IRQL:    any (NT: PASSIVE_LEVEL)
 * Returns: STATUS_REVISION_MISMATCH if a condition does not hold; STATUS_INVALID_PARAMETER if nothing is asked for, or
 *          without a condition that fits
 * Source:  WDK "RtlVerifyVersionInfo function (wdm.h)"; test rtl_version.parts_are_compared_from_the_major_one_down
 */
NTSTATUS RtlVerifyVersionInfo(RTL_OSVERSIONINFOEXW *information, ULONG types, ULONGLONG conditions)
{
    RTL_OSVERSIONINFOEXW ours = { .dwOSVersionInfoSize = sizeof(ours) };
    if ((types & KNOWN_TYPES) == 0 || (types & ~KNOWN_TYPES) != 0 ||
        !conditions_are_valid(types, conditions))
        return STATUS_INVALID_PARAMETER;
    (void)RtlGetVersion((RTL_OSVERSIONINFOW *)&ours); /* always succeeds */
    bool all = version_holds(&ours, information, types, conditions);
    if (types & VER_BUILDNUMBER)
        all &= holds(condition_of(conditions, VER_BUILDNUMBER), ours.dwBuildNumber,
                     information->dwBuildNumber);
    if (types & VER_PLATFORMID)
        all &= holds(condition_of(conditions, VER_PLATFORMID), ours.dwPlatformId,
                     information->dwPlatformId);
    if (types & VER_PRODUCT_TYPE)
        all &= holds(condition_of(conditions, VER_PRODUCT_TYPE), ours.wProductType,
                     information->wProductType);
    if (types & VER_SUITENAME)
        all &= suites_hold(condition_of(conditions, VER_SUITENAME), ours.wSuiteMask,
                           information->wSuiteMask);
    return all ? STATUS_SUCCESS : STATUS_REVISION_MISMATCH;
}

/*
 * IRQL:    any (NT: PASSIVE_LEVEL)
 * Returns: TRUE if this is the version that an NTDDI constant names, or a later one
 * Source:  WDK "RtlIsNtDdiVersionAvailable function (wdm.h)"
 */
BOOLEAN RtlIsNtDdiVersionAvailable(ULONG version)
{
    return version <= RTL_VERSION_NTDDI;
}

/*
 * IRQL:    any (NT: PASSIVE_LEVEL)
 * Returns: TRUE if this is the version that an NTDDI constant names and has its service pack or a later one
 * Source:  WDK "RtlIsServicePackVersionInstalled function (wdm.h)"
 */
BOOLEAN RtlIsServicePackVersionInstalled(ULONG version)
{
    return (version & OS_VERSION) == (RTL_VERSION_NTDDI & OS_VERSION) &&
           (version & PACK_VERSION) <= (RTL_VERSION_NTDDI & PACK_VERSION);
}
