/* SPDX-License-Identifier: BSD-2-Clause */
/* The documented bug-check codes, as constants and as a table for printing their names. */
#ifndef NT_BUGCODES_H
#define NT_BUGCODES_H

/*
 * X(name, code), in the order of the codes.
 * Source: WDK "Bug check code reference" (one page per code).
 */
#define NT_BUGCHECK_CODES(X)                                                                       \
    X(APC_INDEX_MISMATCH, 0x00000001)                                                              \
    X(DEVICE_QUEUE_NOT_BUSY, 0x00000002)                                                           \
    X(INVALID_AFFINITY_SET, 0x00000003)                                                            \
    X(INVALID_PROCESS_ATTACH_ATTEMPT, 0x00000005)                                                  \
    X(INVALID_PROCESS_DETACH_ATTEMPT, 0x00000006)                                                  \
    X(INVALID_SOFTWARE_INTERRUPT, 0x00000007)                                                      \
    X(IRQL_NOT_DISPATCH_LEVEL, 0x00000008)                                                         \
    X(IRQL_NOT_GREATER_OR_EQUAL, 0x00000009)                                                       \
    X(IRQL_NOT_LESS_OR_EQUAL, 0x0000000A)                                                          \
    X(MAXIMUM_WAIT_OBJECTS_EXCEEDED, 0x0000000C)                                                   \
    X(MUTEX_LEVEL_NUMBER_VIOLATION, 0x0000000D)                                                    \
    X(SPIN_LOCK_ALREADY_OWNED, 0x0000000F)                                                         \
    X(SPIN_LOCK_NOT_OWNED, 0x00000010)                                                             \
    X(THREAD_NOT_MUTEX_OWNER, 0x00000011)                                                          \
    X(TRAP_CAUSE_UNKNOWN, 0x00000012)                                                              \
    X(CREATE_DELETE_LOCK_NOT_LOCKED, 0x00000014)                                                   \
    X(LAST_CHANCE_CALLED_FROM_KMODE, 0x00000015)                                                   \
    X(REFERENCE_BY_POINTER, 0x00000018)                                                            \
    X(BAD_POOL_HEADER, 0x00000019)                                                                 \
    X(MEMORY_MANAGEMENT, 0x0000001A)                                                               \
    X(PFN_SHARE_COUNT, 0x0000001B)                                                                 \
    X(PFN_REFERENCE_COUNT, 0x0000001C)                                                             \
    X(NO_SPIN_LOCK_AVAILABLE, 0x0000001D)                                                          \
    X(KMODE_EXCEPTION_NOT_HANDLED, 0x0000001E)                                                     \
    X(KERNEL_APC_PENDING_DURING_EXIT, 0x00000020)                                                  \
    X(QUOTA_UNDERFLOW, 0x00000021)                                                                 \
    X(FILE_SYSTEM, 0x00000022)                                                                     \
    X(FAT_FILE_SYSTEM, 0x00000023)                                                                 \
    X(NTFS_FILE_SYSTEM, 0x00000024)                                                                \
    X(RDR_FILE_SYSTEM, 0x00000027)                                                                 \
    X(INCONSISTENT_IRP, 0x0000002A)                                                                \
    X(PANIC_STACK_SWITCH, 0x0000002B)                                                              \
    X(DATA_BUS_ERROR, 0x0000002E)                                                                  \
    X(INSTRUCTION_BUS_ERROR, 0x0000002F)                                                           \
    X(SET_OF_INVALID_CONTEXT, 0x00000030)                                                          \
    X(PHASE0_INITIALIZATION_FAILED, 0x00000031)                                                    \
    X(PHASE1_INITIALIZATION_FAILED, 0x00000032)                                                    \
    X(UNEXPECTED_INITIALIZATION_CALL, 0x00000033)                                                  \
    X(CACHE_MANAGER, 0x00000034)                                                                   \
    X(NO_MORE_IRP_STACK_LOCATIONS, 0x00000035)                                                     \
    X(DEVICE_REFERENCE_COUNT_NOT_ZERO, 0x00000036)                                                 \
    X(SYSTEM_EXIT_OWNED_MUTEX, 0x00000039)                                                         \
    X(SYSTEM_UNWIND_PREVIOUS_USER, 0x0000003A)                                                     \
    X(SYSTEM_SERVICE_EXCEPTION, 0x0000003B)                                                        \
    X(INTERRUPT_UNWIND_ATTEMPTED, 0x0000003C)                                                      \
    X(INTERRUPT_EXCEPTION_NOT_HANDLED, 0x0000003D)                                                 \
    X(NO_MORE_SYSTEM_PTES, 0x0000003F)                                                             \
    X(TARGET_MDL_TOO_SMALL, 0x00000040)                                                            \
    X(MUST_SUCCEED_POOL_EMPTY, 0x00000041)                                                         \
    X(MULTIPLE_IRP_COMPLETE_REQUESTS, 0x00000044)                                                  \
    X(CANCEL_STATE_IN_COMPLETED_IRP, 0x00000048)                                                   \
    X(PAGE_FAULT_WITH_INTERRUPTS_OFF, 0x00000049)                                                  \
    X(IRQL_GT_ZERO_AT_SYSTEM_SERVICE, 0x0000004A)                                                  \
    X(FATAL_UNHANDLED_HARD_ERROR, 0x0000004C)                                                      \
    X(NO_PAGES_AVAILABLE, 0x0000004D)                                                              \
    X(PFN_LIST_CORRUPT, 0x0000004E)                                                                \
    X(PAGE_FAULT_IN_NONPAGED_AREA, 0x00000050)                                                     \
    X(REGISTRY_ERROR, 0x00000051)                                                                  \
    X(CRITICAL_SERVICE_FAILED, 0x0000005A)                                                         \
    X(HAL_INITIALIZATION_FAILED, 0x0000005C)                                                       \
    X(UNSUPPORTED_PROCESSOR, 0x0000005D)                                                           \
    X(OBJECT_INITIALIZATION_FAILED, 0x0000005E)                                                    \
    X(SECURITY_INITIALIZATION_FAILED, 0x0000005F)                                                  \
    X(PROCESS_INITIALIZATION_FAILED, 0x00000060)                                                   \
    X(HAL1_INITIALIZATION_FAILED, 0x00000061)                                                      \
    X(MEMORY1_INITIALIZATION_FAILED, 0x00000065)                                                   \
    X(CONFIG_INITIALIZATION_FAILED, 0x00000067)                                                    \
    X(FILE_INITIALIZATION_FAILED, 0x00000068)                                                      \
    X(IO1_INITIALIZATION_FAILED, 0x00000069)                                                       \
    X(LPC_INITIALIZATION_FAILED, 0x0000006A)                                                       \
    X(PROCESS1_INITIALIZATION_FAILED, 0x0000006B)                                                  \
    X(SESSION1_INITIALIZATION_FAILED, 0x0000006D)                                                  \
    X(SESSION3_INITIALIZATION_FAILED, 0x0000006F)                                                  \
    X(CONFIG_LIST_FAILED, 0x00000073)                                                              \
    X(BAD_SYSTEM_CONFIG_INFO, 0x00000074)                                                          \
    X(CANNOT_WRITE_CONFIGURATION, 0x00000075)                                                      \
    X(PROCESS_HAS_LOCKED_PAGES, 0x00000076)                                                        \
    X(KERNEL_STACK_INPAGE_ERROR, 0x00000077)                                                       \
    X(MISMATCHED_HAL, 0x00000079)                                                                  \
    X(KERNEL_DATA_INPAGE_ERROR, 0x0000007A)                                                        \
    X(INACCESSIBLE_BOOT_DEVICE, 0x0000007B)                                                        \
    X(INSTALL_MORE_MEMORY, 0x0000007D)                                                             \
    X(SYSTEM_THREAD_EXCEPTION_NOT_HANDLED, 0x0000007E)                                             \
    X(UNEXPECTED_KERNEL_MODE_TRAP, 0x0000007F)                                                     \
    X(NMI_HARDWARE_FAILURE, 0x00000080)                                                            \
    X(SPIN_LOCK_INIT_FAILURE, 0x00000081)                                                          \
    X(KERNEL_MODE_EXCEPTION_NOT_HANDLED, 0x0000008E)                                               \
    X(INVALID_KERNEL_HANDLE, 0x00000093)                                                           \
    X(KERNEL_STACK_LOCKED_AT_EXIT, 0x00000094)                                                     \
    X(INVALID_WORK_QUEUE_ITEM, 0x00000096)                                                         \
    X(MACHINE_CHECK_EXCEPTION, 0x0000009C)                                                         \
    X(DRIVER_POWER_STATE_FAILURE, 0x0000009F)                                                      \
    X(INTERNAL_POWER_ERROR, 0x000000A0)                                                            \
    X(ACPI_BIOS_ERROR, 0x000000A5)                                                                 \
    X(SESSION_HAS_VALID_POOL_ON_EXIT, 0x000000AB)                                                  \
    X(ATTEMPTED_SWITCH_FROM_DPC, 0x000000B8)                                                       \
    X(ATTEMPTED_WRITE_TO_READONLY_MEMORY, 0x000000BE)                                              \
    X(SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION, 0x000000C1)                                         \
    X(BAD_POOL_CALLER, 0x000000C2)                                                                 \
    X(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x000000C4)                                              \
    X(DRIVER_CORRUPTED_EXPOOL, 0x000000C5)                                                         \
    X(TIMER_OR_DPC_INVALID, 0x000000C7)                                                            \
    X(IRQL_UNEXPECTED_VALUE, 0x000000C8)                                                           \
    X(DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x000000C9)                                             \
    X(DRIVER_LEFT_LOCKED_PAGES_IN_PROCESS, 0x000000CB)                                             \
    X(PAGE_FAULT_IN_FREED_SPECIAL_POOL, 0x000000CC)                                                \
    X(PAGE_FAULT_BEYOND_END_OF_ALLOCATION, 0x000000CD)                                             \
    X(DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS, 0x000000CE)                           \
    X(DRIVER_CORRUPTED_MMPOOL, 0x000000D0)                                                         \
    X(DRIVER_IRQL_NOT_LESS_OR_EQUAL, 0x000000D1)                                                   \
    X(DRIVER_PORTION_MUST_BE_NONPAGED, 0x000000D3)                                                 \
    X(DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL, 0x000000D5)                                         \
    X(DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION, 0x000000D6)                                      \
    X(DRIVER_USED_EXCESSIVE_PTES, 0x000000D8)                                                      \
    X(POOL_CORRUPTION_IN_FILE_AREA, 0x000000DE)                                                    \
    X(WORKER_THREAD_RETURNED_AT_BAD_IRQL, 0x000000E1)                                              \
    X(MANUALLY_INITIATED_CRASH, 0x000000E2)                                                        \
    X(RESOURCE_NOT_OWNED, 0x000000E3)                                                              \
    X(WORKER_INVALID, 0x000000E4)                                                                  \
    X(DRIVER_VERIFIER_DMA_VIOLATION, 0x000000E6)                                                   \
    X(INVALID_FLOATING_POINT_STATE, 0x000000E7)                                                    \
    X(INVALID_CANCEL_OF_FILE_OPEN, 0x000000E8)                                                     \
    X(ACTIVE_EX_WORKER_THREAD_TERMINATION, 0x000000E9)                                             \
    X(THREAD_STUCK_IN_DEVICE_DRIVER, 0x000000EA)                                                   \
    X(UNMOUNTABLE_BOOT_VOLUME, 0x000000ED)                                                         \
    X(CRITICAL_PROCESS_DIED, 0x000000EF)                                                           \
    X(SCSI_VERIFIER_DETECTED_VIOLATION, 0x000000F1)                                                \
    X(CRITICAL_OBJECT_TERMINATION, 0x000000F4)                                                     \
    X(DRIVER_OVERRAN_STACK_BUFFER, 0x000000F7)                                                     \
    X(ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY, 0x000000FC)                                           \
    X(CLOCK_WATCHDOG_TIMEOUT, 0x00000101)                                                          \
    X(CRITICAL_STRUCTURE_CORRUPTION, 0x00000109)                                                   \
    X(WDF_VIOLATION, 0x0000010D)                                                                   \
    X(RESOURCE_MANAGER_EXCEPTION_NOT_HANDLED, 0x0000010F)                                          \
    X(RECURSIVE_NMI, 0x00000111)                                                                   \
    X(VIDEO_SCHEDULER_INTERNAL_ERROR, 0x00000119)                                                  \
    X(DRIVER_VIOLATION, 0x00000121)                                                                \
    X(WHEA_UNCORRECTABLE_ERROR, 0x00000124)                                                        \
    X(PAGE_NOT_ZERO, 0x00000127)                                                                   \
    X(FAULTY_HARDWARE_CORRUPTED_PAGE, 0x0000012B)                                                  \
    X(DPC_WATCHDOG_VIOLATION, 0x00000133)                                                          \
    X(KERNEL_SECURITY_CHECK_FAILURE, 0x00000139)                                                   \
    X(INVALID_IO_BOOST_STATE, 0x0000013C)                                                          \
    X(UNEXPECTED_STORE_EXCEPTION, 0x00000154)                                                      \
    X(KERNEL_THREAD_PRIORITY_FLOOR_VIOLATION, 0x00000157)                                          \
    X(KERNEL_AUTO_BOOST_INVALID_LOCK_RELEASE, 0x00000162)                                          \
    X(WIN32K_CRITICAL_FAILURE, 0x00000164)                                                         \
    X(SECURE_KERNEL_ERROR, 0x0000018B)                                                             \
    X(MANUALLY_INITIATED_POWER_BUTTON_HOLD, 0x000001C8)                                            \
    X(SYNTHETIC_WATCHDOG_TIMEOUT, 0x000001CA)                                                      \
    X(KASAN_ILLEGAL_ACCESS, 0x000001F2)                                                            \
    X(THREAD_TERMINATE_HELD_MUTEX, 0x4000008A)

/* WINLOGON_FATAL_ERROR (0xC000021A) is an NTSTATUS, STATUS_SYSTEM_PROCESS_TERMINATED. */
enum nt_bugcheck_code {
#define NT_BUGCHECK_ENUMERATOR(name, code) name = (code),
    NT_BUGCHECK_CODES(NT_BUGCHECK_ENUMERATOR)
#undef NT_BUGCHECK_ENUMERATOR
};

#endif
