/* SPDX-License-Identifier: BSD-2-Clause */
/* The page that the kernel shares, read-only, with every program: times, version, features. */
#ifndef NT_SHARED_DATA_H
#define NT_SHARED_DATA_H

#include <nt/ntdef.h>

#define KI_USER_SHARED_DATA     0xfffff78000000000ull
#define MM_SHARED_USER_DATA_VA  0x7ffe0000ull
#define PROCESSOR_FEATURE_MAX   64
#define MAXIMUM_XSTATE_FEATURES 64

/*
 * A 64-bit time that is read without a lock: the writer stores High2Time, LowPart, High1Time, the
 * reader reads High1Time, LowPart, High2Time and tries again if the high parts differ.
 * Source: WDK "KSYSTEM_TIME structure (ntddk.h)"
 */
typedef struct _KSYSTEM_TIME {
    ULONG LowPart;
    LONG High1Time;
    LONG High2Time;
} KSYSTEM_TIME, *PKSYSTEM_TIME;
NT_ASSERT_SIZE(KSYSTEM_TIME, 12);

typedef enum _NT_PRODUCT_TYPE {
    NtProductWinNt = 1,
    NtProductLanManNt,
    NtProductServer
} NT_PRODUCT_TYPE;

typedef enum _ALTERNATIVE_ARCHITECTURE_TYPE {
    StandardDesign,
    NEC98x86,
    EndAlternatives
} ALTERNATIVE_ARCHITECTURE_TYPE;

/* Source: Win32 "Working with XState Context", winnt.h XSTATE_CONFIGURATION. */
typedef struct _XSTATE_FEATURE {
    ULONG Offset;
    ULONG Size;
} XSTATE_FEATURE, *PXSTATE_FEATURE;
NT_ASSERT_SIZE(XSTATE_FEATURE, 8);

typedef struct _XSTATE_CONFIGURATION {
    ULONG64 EnabledFeatures;
    ULONG64 EnabledVolatileFeatures;
    ULONG Size;
    union {
        ULONG ControlFlags;
        struct {
            ULONG OptimizedSave : 1;
            ULONG CompactionEnabled : 1;
            ULONG ExtendedFeatureDisable : 1;
        };
    };
    XSTATE_FEATURE Features[MAXIMUM_XSTATE_FEATURES];
    ULONG64 EnabledSupervisorFeatures;
    ULONG64 AlignedFeatures;
    ULONG AllFeatureSize;
    ULONG AllFeatures[MAXIMUM_XSTATE_FEATURES];
    ULONG64 EnabledUserVisibleSupervisorFeatures;
    ULONG64 ExtendedFeatureDisableFeatures;
    ULONG AllNonLargeFeatureSize;
    ULONG Spare;
} XSTATE_CONFIGURATION, *PXSTATE_CONFIGURATION;
NT_ASSERT_SIZE(XSTATE_CONFIGURATION, 0x348);
NT_ASSERT_OFFSET(XSTATE_CONFIGURATION, Size, 16);
NT_ASSERT_OFFSET(XSTATE_CONFIGURATION, Features, 24);
NT_ASSERT_OFFSET(XSTATE_CONFIGURATION, EnabledSupervisorFeatures, 0x218);
NT_ASSERT_OFFSET(XSTATE_CONFIGURATION, AllFeatureSize, 0x228);

/* Source: WDK "KUSER_SHARED_DATA structure (ntddk.h)". */
typedef struct _KUSER_SHARED_DATA {
    ULONG TickCountLowDeprecated;
    ULONG TickCountMultiplier;
    volatile KSYSTEM_TIME InterruptTime;
    volatile KSYSTEM_TIME SystemTime;
    volatile KSYSTEM_TIME TimeZoneBias;
    USHORT ImageNumberLow;
    USHORT ImageNumberHigh;
    WCHAR NtSystemRoot[260];
    ULONG MaxStackTraceDepth;
    ULONG CryptoExponent;
    ULONG TimeZoneId;
    ULONG LargePageMinimum;
    ULONG AitSamplingValue;
    ULONG AppCompatFlag;
    ULONGLONG RNGSeedVersion;
    ULONG GlobalValidationRunlevel;
    volatile LONG TimeZoneBiasStamp;
    ULONG NtBuildNumber;
    NT_PRODUCT_TYPE NtProductType;
    BOOLEAN ProductTypeIsValid;
    BOOLEAN Reserved0[1];
    USHORT NativeProcessorArchitecture;
    ULONG NtMajorVersion;
    ULONG NtMinorVersion;
    BOOLEAN ProcessorFeatures[PROCESSOR_FEATURE_MAX];
    ULONG Reserved1;
    ULONG Reserved3;
    volatile ULONG TimeSlip;
    ALTERNATIVE_ARCHITECTURE_TYPE AlternativeArchitecture;
    ULONG BootId;
    LARGE_INTEGER SystemExpirationDate;
    ULONG SuiteMask;
    BOOLEAN KdDebuggerEnabled;
    UCHAR MitigationPolicies;
    USHORT CyclesPerYield;
    volatile ULONG ActiveConsoleId;
    volatile ULONG DismountCount;
    ULONG ComPlusPackage;
    ULONG LastSystemRITEventTickCount;
    ULONG NumberOfPhysicalPages;
    BOOLEAN SafeBootMode;
    UCHAR VirtualizationFlags;
    UCHAR Reserved12[2];
    ULONG SharedDataFlags;
    ULONG DataFlagsPad[1];
    ULONGLONG TestRetInstruction;
    LONGLONG QpcFrequency;
    ULONG SystemCall;
    ULONG Reserved2;
    ULONGLONG SystemCallPad[2];
    union {
        volatile KSYSTEM_TIME TickCount;
        volatile ULONG64 TickCountQuad;
        struct {
            ULONG ReservedTickCountOverlay[3];
            ULONG TickCountPad[1];
        };
    };
    ULONG Cookie;
    ULONG CookiePad[1];
    LONGLONG ConsoleSessionForegroundProcessId;
    ULONGLONG TimeUpdateLock;
    ULONGLONG BaselineSystemTimeQpc;
    ULONGLONG BaselineInterruptTimeQpc;
    ULONGLONG QpcSystemTimeIncrement;
    ULONGLONG QpcInterruptTimeIncrement;
    UCHAR QpcSystemTimeIncrementShift;
    UCHAR QpcInterruptTimeIncrementShift;
    USHORT UnparkedProcessorCount;
    ULONG EnclaveFeatureMask[4];
    ULONG TelemetryCoverageRound;
    USHORT UserModeGlobalLogger[16];
    ULONG ImageFileExecutionOptions;
    ULONG LangGenerationCount;
    ULONGLONG Reserved4;
    volatile ULONGLONG InterruptTimeBias;
    volatile ULONGLONG QpcBias;
    ULONG ActiveProcessorCount;
    volatile UCHAR ActiveGroupCount;
    UCHAR Reserved9;
    union {
        USHORT QpcData;
        struct {
            volatile UCHAR QpcBypassEnabled;
            UCHAR QpcShift;
        };
    };
    LARGE_INTEGER TimeZoneBiasEffectiveStart;
    LARGE_INTEGER TimeZoneBiasEffectiveEnd;
    XSTATE_CONFIGURATION XState;
    KSYSTEM_TIME FeatureConfigurationChangeStamp;
    ULONG Spare;
    ULONG64 UserPointerAuthMask;
} KUSER_SHARED_DATA, *PKUSER_SHARED_DATA;
NT_ASSERT_SIZE(KUSER_SHARED_DATA, 0x738);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, TickCountMultiplier, 0x004);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, InterruptTime, 0x008);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, SystemTime, 0x014);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, TimeZoneBias, 0x020);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, ImageNumberLow, 0x02c);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, NtSystemRoot, 0x030);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, MaxStackTraceDepth, 0x238);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, LargePageMinimum, 0x244);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, RNGSeedVersion, 0x250);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, NtBuildNumber, 0x260);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, NtProductType, 0x264);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, NativeProcessorArchitecture, 0x26a);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, NtMajorVersion, 0x26c);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, NtMinorVersion, 0x270);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, ProcessorFeatures, 0x274);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, TimeSlip, 0x2bc);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, SystemExpirationDate, 0x2c8);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, SuiteMask, 0x2d0);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, KdDebuggerEnabled, 0x2d4);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, ActiveConsoleId, 0x2d8);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, NumberOfPhysicalPages, 0x2e8);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, SafeBootMode, 0x2ec);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, SharedDataFlags, 0x2f0);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, QpcFrequency, 0x300);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, SystemCall, 0x308);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, TickCount, 0x320);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, Cookie, 0x330);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, ConsoleSessionForegroundProcessId, 0x338);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, TimeUpdateLock, 0x340);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, QpcSystemTimeIncrement, 0x358);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, UserModeGlobalLogger, 0x380);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, ImageFileExecutionOptions, 0x3a0);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, InterruptTimeBias, 0x3b0);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, QpcBias, 0x3b8);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, ActiveProcessorCount, 0x3c0);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, ActiveGroupCount, 0x3c4);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, QpcData, 0x3c6);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, TimeZoneBiasEffectiveStart, 0x3c8);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, XState, 0x3d8);
NT_ASSERT_OFFSET(KUSER_SHARED_DATA, FeatureConfigurationChangeStamp, 0x720);

/* Indices of ProcessorFeatures. Source: Win32 "IsProcessorFeaturePresent function". */
#define PF_COMPARE_EXCHANGE_DOUBLE          2
#define PF_MMX_INSTRUCTIONS_AVAILABLE       3
#define PF_XMMI_INSTRUCTIONS_AVAILABLE      6
#define PF_RDTSC_INSTRUCTION_AVAILABLE      8
#define PF_PAE_ENABLED                      9
#define PF_XMMI64_INSTRUCTIONS_AVAILABLE    10
#define PF_NX_ENABLED                       12
#define PF_SSE3_INSTRUCTIONS_AVAILABLE      13
#define PF_COMPARE_EXCHANGE128              14
#define PF_COMPARE64_EXCHANGE128            15
#define PF_CHANNELS_ENABLED                 16
#define PF_XSAVE_ENABLED                    17
#define PF_SECOND_LEVEL_ADDRESS_TRANSLATION 20
#define PF_VIRT_FIRMWARE_ENABLED            21
#define PF_RDWRFSGSBASE_AVAILABLE           22
#define PF_FASTFAIL_AVAILABLE               23
#define PF_RDRAND_INSTRUCTION_AVAILABLE     28
#define PF_RDTSCP_INSTRUCTION_AVAILABLE     32
#define PF_RDPID_INSTRUCTION_AVAILABLE      33
#define PF_SSSE3_INSTRUCTIONS_AVAILABLE     36
#define PF_SSE4_1_INSTRUCTIONS_AVAILABLE    37
#define PF_SSE4_2_INSTRUCTIONS_AVAILABLE    38
#define PF_AVX_INSTRUCTIONS_AVAILABLE       39
#define PF_AVX2_INSTRUCTIONS_AVAILABLE      40
#define PF_AVX512F_INSTRUCTIONS_AVAILABLE   41

#endif
