/* SPDX-License-Identifier: BSD-2-Clause */
/* What is NT's on x64 only: CONTEXT, trap frames, the processor control region, unwind data. */
#ifndef NT_AMD64_H
#define NT_AMD64_H

#include <nt/except.h>
#include <nt/ke.h>
#include <nt/ntdef.h>

/* Source: Win32 "M128A structure (winnt.h)". */
typedef struct DECLSPEC_ALIGN(16) _M128A {
    ULONGLONG Low;
    LONGLONG High;
} M128A, *PM128A;
NT_ASSERT_SIZE(M128A, 16);

/* The FXSAVE image. Source: Intel SDM volume 1, section 10.5.1; winnt.h field names. */
typedef struct DECLSPEC_ALIGN(16) _XSAVE_FORMAT {
    USHORT ControlWord;
    USHORT StatusWord;
    UCHAR TagWord;
    UCHAR Reserved1;
    USHORT ErrorOpcode;
    ULONG ErrorOffset;
    USHORT ErrorSelector;
    USHORT Reserved2;
    ULONG DataOffset;
    USHORT DataSelector;
    USHORT Reserved3;
    ULONG MxCsr;
    ULONG MxCsr_Mask;
    M128A FloatRegisters[8];
    M128A XmmRegisters[16];
    UCHAR Reserved4[96];
} XSAVE_FORMAT, *PXSAVE_FORMAT, XMM_SAVE_AREA32, *PXMM_SAVE_AREA32;
NT_ASSERT_SIZE(XSAVE_FORMAT, 512);
NT_ASSERT_OFFSET(XSAVE_FORMAT, MxCsr, 24);
NT_ASSERT_OFFSET(XSAVE_FORMAT, FloatRegisters, 32);
NT_ASSERT_OFFSET(XSAVE_FORMAT, XmmRegisters, 160);
NT_ASSERT_OFFSET(XSAVE_FORMAT, Reserved4, 416);

/* Source: Intel SDM volume 1, section 13.4.2. */
typedef struct _XSAVE_AREA_HEADER {
    ULONG64 Mask;
    ULONG64 CompactionMask;
    ULONG64 Reserved2[6];
} XSAVE_AREA_HEADER, *PXSAVE_AREA_HEADER;
NT_ASSERT_SIZE(XSAVE_AREA_HEADER, 64);

#define CONTEXT_AMD64               0x00100000u
#define CONTEXT_CONTROL             (CONTEXT_AMD64 | 0x01u)
#define CONTEXT_INTEGER             (CONTEXT_AMD64 | 0x02u)
#define CONTEXT_SEGMENTS            (CONTEXT_AMD64 | 0x04u)
#define CONTEXT_FLOATING_POINT      (CONTEXT_AMD64 | 0x08u)
#define CONTEXT_DEBUG_REGISTERS     (CONTEXT_AMD64 | 0x10u)
#define CONTEXT_XSTATE              (CONTEXT_AMD64 | 0x40u)
#define CONTEXT_FULL                (CONTEXT_CONTROL | CONTEXT_INTEGER | CONTEXT_FLOATING_POINT)
#define CONTEXT_ALL                 (CONTEXT_FULL | CONTEXT_SEGMENTS | CONTEXT_DEBUG_REGISTERS)
#define CONTEXT_EXCEPTION_ACTIVE    0x08000000u
#define CONTEXT_SERVICE_ACTIVE      0x10000000u
#define CONTEXT_EXCEPTION_REQUEST   0x40000000u
#define CONTEXT_EXCEPTION_REPORTING 0x80000000u

/* Source: Win32 "CONTEXT structure (winnt.h), x64". */
typedef struct DECLSPEC_ALIGN(16) _CONTEXT {
    ULONG64 P1Home;
    ULONG64 P2Home;
    ULONG64 P3Home;
    ULONG64 P4Home;
    ULONG64 P5Home;
    ULONG64 P6Home;
    ULONG ContextFlags;
    ULONG MxCsr;
    USHORT SegCs;
    USHORT SegDs;
    USHORT SegEs;
    USHORT SegFs;
    USHORT SegGs;
    USHORT SegSs;
    ULONG EFlags;
    ULONG64 Dr0;
    ULONG64 Dr1;
    ULONG64 Dr2;
    ULONG64 Dr3;
    ULONG64 Dr6;
    ULONG64 Dr7;
    ULONG64 Rax;
    ULONG64 Rcx;
    ULONG64 Rdx;
    ULONG64 Rbx;
    ULONG64 Rsp;
    ULONG64 Rbp;
    ULONG64 Rsi;
    ULONG64 Rdi;
    ULONG64 R8;
    ULONG64 R9;
    ULONG64 R10;
    ULONG64 R11;
    ULONG64 R12;
    ULONG64 R13;
    ULONG64 R14;
    ULONG64 R15;
    ULONG64 Rip;
    union {
        XSAVE_FORMAT FltSave;
        struct {
            M128A Header[2];
            M128A Legacy[8];
            M128A Xmm0;
            M128A Xmm1;
            M128A Xmm2;
            M128A Xmm3;
            M128A Xmm4;
            M128A Xmm5;
            M128A Xmm6;
            M128A Xmm7;
            M128A Xmm8;
            M128A Xmm9;
            M128A Xmm10;
            M128A Xmm11;
            M128A Xmm12;
            M128A Xmm13;
            M128A Xmm14;
            M128A Xmm15;
        };
    };
    M128A VectorRegister[26];
    ULONG64 VectorControl;
    ULONG64 DebugControl;
    ULONG64 LastBranchToRip;
    ULONG64 LastBranchFromRip;
    ULONG64 LastExceptionToRip;
    ULONG64 LastExceptionFromRip;
} CONTEXT, *PCONTEXT;
NT_ASSERT_SIZE(CONTEXT, 0x4d0);
_Static_assert(_Alignof(CONTEXT) == 16, "CONTEXT is not 16-byte aligned");
NT_ASSERT_OFFSET(CONTEXT, ContextFlags, 0x30);
NT_ASSERT_OFFSET(CONTEXT, MxCsr, 0x34);
NT_ASSERT_OFFSET(CONTEXT, SegCs, 0x38);
NT_ASSERT_OFFSET(CONTEXT, EFlags, 0x44);
NT_ASSERT_OFFSET(CONTEXT, Dr0, 0x48);
NT_ASSERT_OFFSET(CONTEXT, Rax, 0x78);
NT_ASSERT_OFFSET(CONTEXT, Rsp, 0x98);
NT_ASSERT_OFFSET(CONTEXT, R8, 0xb8);
NT_ASSERT_OFFSET(CONTEXT, Rip, 0xf8);
NT_ASSERT_OFFSET(CONTEXT, FltSave, 0x100);
NT_ASSERT_OFFSET(CONTEXT, Xmm0, 0x1a0);
NT_ASSERT_OFFSET(CONTEXT, VectorRegister, 0x300);
NT_ASSERT_OFFSET(CONTEXT, VectorControl, 0x4a0);
NT_ASSERT_OFFSET(CONTEXT, LastExceptionFromRip, 0x4c8);

/*
 * The trap frame: what entry saves of every trap, the hardware's part last. Debuggers find it by
 * the unwind data; drivers and user mode never see it.
 * Source: public symbols of ntoskrnl (type _KTRAP_FRAME) as WinDbg's `.trap` and `dt` print them;
 * the machine frame's order: Intel SDM volume 3, section 6.14.2
 */
struct DECLSPEC_ALIGN(16) _KTRAP_FRAME {
    ULONG64 P1Home;
    ULONG64 P2Home;
    ULONG64 P3Home;
    ULONG64 P4Home;
    ULONG64 P5;
    KPROCESSOR_MODE PreviousMode;
    KIRQL PreviousIrql;
    UCHAR FaultIndicator;
    UCHAR ExceptionActive;
    ULONG MxCsr;
    ULONG64 Rax;
    ULONG64 Rcx;
    ULONG64 Rdx;
    ULONG64 R8;
    ULONG64 R9;
    ULONG64 R10;
    ULONG64 R11;
    ULONG64 GsBase;
    M128A Xmm0;
    M128A Xmm1;
    M128A Xmm2;
    M128A Xmm3;
    M128A Xmm4;
    M128A Xmm5;
    union {
        ULONG64 FaultAddress;
        ULONG64 ContextRecord;
    };
    ULONG64 Dr0;
    ULONG64 Dr1;
    ULONG64 Dr2;
    ULONG64 Dr3;
    ULONG64 Dr6;
    ULONG64 Dr7;
    ULONG64 DebugControl;
    ULONG64 LastBranchToRip;
    ULONG64 LastBranchFromRip;
    ULONG64 LastExceptionToRip;
    ULONG64 LastExceptionFromRip;
    USHORT SegDs;
    USHORT SegEs;
    USHORT SegFs;
    USHORT SegGs;
    ULONG64 TrapFrame;
    ULONG64 Rbx;
    ULONG64 Rdi;
    ULONG64 Rsi;
    ULONG64 Rbp;
    union {
        ULONG64 ErrorCode;
        ULONG64 ExceptionFrame;
    };
    ULONG64 Rip;
    USHORT SegCs;
    UCHAR Fill0;
    UCHAR Logging;
    USHORT Fill1[2];
    ULONG EFlags;
    ULONG Fill2;
    ULONG64 Rsp;
    USHORT SegSs;
    USHORT Fill3;
    ULONG Fill4;
};
NT_ASSERT_SIZE(KTRAP_FRAME, 0x190);
NT_ASSERT_OFFSET(KTRAP_FRAME, PreviousMode, 0x28);
NT_ASSERT_OFFSET(KTRAP_FRAME, PreviousIrql, 0x29);
NT_ASSERT_OFFSET(KTRAP_FRAME, ExceptionActive, 0x2b);
NT_ASSERT_OFFSET(KTRAP_FRAME, MxCsr, 0x2c);
NT_ASSERT_OFFSET(KTRAP_FRAME, Rax, 0x30);
NT_ASSERT_OFFSET(KTRAP_FRAME, R11, 0x60);
NT_ASSERT_OFFSET(KTRAP_FRAME, GsBase, 0x68);
NT_ASSERT_OFFSET(KTRAP_FRAME, Xmm0, 0x70);
NT_ASSERT_OFFSET(KTRAP_FRAME, FaultAddress, 0xd0);
NT_ASSERT_OFFSET(KTRAP_FRAME, Dr0, 0xd8);
NT_ASSERT_OFFSET(KTRAP_FRAME, Dr7, 0x100);
NT_ASSERT_OFFSET(KTRAP_FRAME, SegDs, 0x130);
NT_ASSERT_OFFSET(KTRAP_FRAME, TrapFrame, 0x138);
NT_ASSERT_OFFSET(KTRAP_FRAME, Rbx, 0x140);
NT_ASSERT_OFFSET(KTRAP_FRAME, Rbp, 0x158);
NT_ASSERT_OFFSET(KTRAP_FRAME, ErrorCode, 0x160);
NT_ASSERT_OFFSET(KTRAP_FRAME, Rip, 0x168);
NT_ASSERT_OFFSET(KTRAP_FRAME, SegCs, 0x170);
NT_ASSERT_OFFSET(KTRAP_FRAME, EFlags, 0x178);
NT_ASSERT_OFFSET(KTRAP_FRAME, Rsp, 0x180);
NT_ASSERT_OFFSET(KTRAP_FRAME, SegSs, 0x188);

/*
 * The non-volatile registers, saved below the trap frame or by a switch of threads.
 * Source: public symbols of ntoskrnl (type _KEXCEPTION_FRAME)
 */
struct DECLSPEC_ALIGN(16) _KEXCEPTION_FRAME {
    ULONG64 P1Home;
    ULONG64 P2Home;
    ULONG64 P3Home;
    ULONG64 P4Home;
    ULONG64 P5;
    ULONG64 Spare1;
    M128A Xmm6;
    M128A Xmm7;
    M128A Xmm8;
    M128A Xmm9;
    M128A Xmm10;
    M128A Xmm11;
    M128A Xmm12;
    M128A Xmm13;
    M128A Xmm14;
    M128A Xmm15;
    ULONG64 TrapFrame;
    ULONG64 OutputBuffer;
    ULONG64 OutputLength;
    ULONG64 Spare2;
    ULONG64 MxCsr;
    ULONG64 Rbp;
    ULONG64 Rbx;
    ULONG64 Rdi;
    ULONG64 Rsi;
    ULONG64 R12;
    ULONG64 R13;
    ULONG64 R14;
    ULONG64 R15;
    ULONG64 Return;
};
NT_ASSERT_SIZE(KEXCEPTION_FRAME, 0x140);
NT_ASSERT_OFFSET(KEXCEPTION_FRAME, Xmm6, 0x30);
NT_ASSERT_OFFSET(KEXCEPTION_FRAME, Xmm15, 0xc0);
NT_ASSERT_OFFSET(KEXCEPTION_FRAME, TrapFrame, 0xd0);
NT_ASSERT_OFFSET(KEXCEPTION_FRAME, MxCsr, 0xf0);
NT_ASSERT_OFFSET(KEXCEPTION_FRAME, Rbp, 0xf8);
NT_ASSERT_OFFSET(KEXCEPTION_FRAME, R15, 0x130);
NT_ASSERT_OFFSET(KEXCEPTION_FRAME, Return, 0x138);

/* Source: winnt.h NT_TIB; the thread information block's head. */
typedef struct _NT_TIB {
    PVOID ExceptionList;
    PVOID StackBase;
    PVOID StackLimit;
    PVOID SubSystemTib;
    union {
        PVOID FiberData;
        ULONG Version;
    };
    PVOID ArbitraryUserPointer;
    struct _NT_TIB *Self;
} NT_TIB, *PNT_TIB;
NT_ASSERT_SIZE(NT_TIB, 56);
NT_ASSERT_OFFSET(NT_TIB, StackBase, 8);
NT_ASSERT_OFFSET(NT_TIB, StackLimit, 16);
NT_ASSERT_OFFSET(NT_TIB, Self, 48);

/*
 * The head of the processor control block that compiled drivers read through gs: CurrentThread is
 * gs:[0x188], the processor's number gs:[0x184] and gs:[0x1a4]. What follows it is ours.
 * Source: the instructions that wdm.h's inline functions (KeGetCurrentThread,
 * KeGetCurrentProcessorNumber) compile to in drivers for x64
 */
typedef struct DECLSPEC_ALIGN(16) _KPRCB {
    ULONG MxCsr;
    UCHAR LegacyNumber;
    UCHAR ReservedMustBeZero;
    BOOLEAN InterruptRequest;
    BOOLEAN IdleHalt;
    KTHREAD *CurrentThread;
    KTHREAD *NextThread;
    KTHREAD *IdleThread;
    UCHAR NestingLevel;
    UCHAR ClockOwner;
    UCHAR PendingTickFlags;
    UCHAR IdleState;
    ULONG Number;
    ULONG64 RspBase;
} KPRCB, *PKPRCB;
NT_ASSERT_SIZE(KPRCB, 0x30);
NT_ASSERT_OFFSET(KPRCB, LegacyNumber, 0x04);
NT_ASSERT_OFFSET(KPRCB, CurrentThread, 0x08);
NT_ASSERT_OFFSET(KPRCB, NextThread, 0x10);
NT_ASSERT_OFFSET(KPRCB, IdleThread, 0x18);
NT_ASSERT_OFFSET(KPRCB, NestingLevel, 0x20);
NT_ASSERT_OFFSET(KPRCB, Number, 0x24);
NT_ASSERT_OFFSET(KPRCB, RspBase, 0x28);

/*
 * The processor control region's public part, what gs points to in the kernel; the KPRCB begins at
 * NT_KPCR_PRCB_OFFSET.
 * Source: WDK ntddk.h, structure KPCR for x64
 */
#define NT_KPCR_PRCB_OFFSET 0x180

typedef struct _KPCR {
    union {
        NT_TIB NtTib;
        struct {
            PVOID GdtBase;
            PVOID TssBase;
            ULONG64 UserRsp;
            struct _KPCR *Self;
            KPRCB *CurrentPrcb;
            KSPIN_LOCK_QUEUE *LockArray;
            PVOID Used_Self;
        };
    };
    PVOID IdtBase;
    ULONG64 Unused[2];
    KIRQL Irql;
    UCHAR SecondLevelCacheAssociativity;
    UCHAR ObsoleteNumber;
    UCHAR Fill0;
    ULONG Unused0[3];
    USHORT MajorVersion;
    USHORT MinorVersion;
    ULONG StallScaleFactor;
    PVOID Unused1[3];
    ULONG KernelReserved[15];
    ULONG SecondLevelCacheSize;
    ULONG HalReserved[16];
    ULONG Unused2;
    PVOID KdVersionBlock;
    PVOID Unused3;
    ULONG PcrAlign1[24];
} KPCR, *PKPCR;
NT_ASSERT_SIZE(KPCR, 0x178);
NT_ASSERT_OFFSET(KPCR, GdtBase, 0x00);
NT_ASSERT_OFFSET(KPCR, TssBase, 0x08);
NT_ASSERT_OFFSET(KPCR, UserRsp, 0x10);
NT_ASSERT_OFFSET(KPCR, Self, 0x18);
NT_ASSERT_OFFSET(KPCR, CurrentPrcb, 0x20);
NT_ASSERT_OFFSET(KPCR, LockArray, 0x28);
NT_ASSERT_OFFSET(KPCR, Used_Self, 0x30);
NT_ASSERT_OFFSET(KPCR, IdtBase, 0x38);
NT_ASSERT_OFFSET(KPCR, Irql, 0x50);
NT_ASSERT_OFFSET(KPCR, MajorVersion, 0x60);
NT_ASSERT_OFFSET(KPCR, StallScaleFactor, 0x64);
NT_ASSERT_OFFSET(KPCR, KernelReserved, 0x80);
NT_ASSERT_OFFSET(KPCR, HalReserved, 0xc0);
NT_ASSERT_OFFSET(KPCR, KdVersionBlock, 0x108);

#endif
