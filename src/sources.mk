# SPDX-License-Identifier: BSD-2-Clause
# The files of src/. Headers are listed beside their .c files, so that they are distributed.

# Compiled for every port, the host included: pure C that knows the processor by arch.h only.
KERNEL_SOURCES = \
  src/base/atomic.h src/base/check.c src/base/check.h src/base/format.c src/base/format.h \
  src/base/format_test.c src/base/log.c src/base/log.h \
  src/base/log_impl.h src/base/log_test.c src/base/selftest.c src/base/selftest.h \
  src/base/selftest_impl.h src/base/selftest_test.c \
  src/base/variant/checked/variant.h src/base/variant/free/variant.h src/base/variant/kasan/variant.h \
  src/ke/apc.c src/ke/bugcheck.c src/ke/bugcheck.h src/ke/call.c src/ke/clock.c src/ke/cpu.c src/ke/dpc.c \
  src/ke/event.c src/ke/float.c src/ke/float_test.c src/ke/held.c src/ke/held.h src/ke/held_test.c src/ke/interrupt.c src/ke/interrupt.h src/ke/interrupt_connect.c src/ke/interrupt_test.c src/ke/irql.c src/ke/ke.h src/ke/ke_impl.h src/ke/lock.c \
  src/ke/lock.h src/ke/lock_classes.h src/ke/lock_classes.tbl src/ke/object.c src/ke/ready.c \
  src/ke/call_test.c src/ke/clock_test.c src/ke/dpc_test.c src/ke/irql_test.c src/ke/ke_test.h \
  src/ke/apc_test.c src/ke/lock_test.c src/ke/mutant_test.c src/ke/priority_test.c src/ke/queue_test.c \
  src/ke/suspend_test.c src/ke/thread_test.c src/ke/timer_test.c src/ke/wait_all_test.c src/ke/wait_test.c \
  src/ke/mutant.c src/ke/spin.h src/ke/spin_lock.c src/ke/spin_lock_test.c src/ke/priority.c src/ke/queue.c src/ke/semaphore.c src/ke/suspend.c src/ke/switch.c \
  src/ke/thread.c src/ke/thread.h src/ke/timer.c src/ke/wait.c src/ke/wait_all.c src/ke/wait_call.c \
  src/ke/tlb.c src/ke/tlb.h src/ke/tlb_test.c src/ke/dpc_thread.c src/ke/dpc_thread_test.c src/ke/processor.c src/ke/processor_test.c src/ke/ready_test.c \
  src/ex/callback.c src/ex/callback_test.c src/ex/ex.h src/ex/ex_impl.h src/ex/fast_mutex.c \
  src/ex/fast_mutex_test.c src/ex/hash_table.c src/ex/hash_table_test.c src/ex/interlocked_list.c src/ex/interlocked_list_test.c \
  src/ex/keyed_event.c src/ex/keyed_event_test.c src/ex/lookaside.c src/ex/lookaside_test.c \
  src/ex/pool.c src/ex/pool_test.c src/ex/slist.c src/ex/slist_test.c src/ex/push_lock.c src/ex/push_lock_test.c \
  src/ex/resource.c src/ex/resource_table.c src/ex/resource_table_test.c src/ex/resource_test.c \
  src/ex/spin_lock.c src/ex/spin_lock_test.c src/ex/run_once.c src/ex/run_once_test.c src/ex/rundown.c src/ex/rundown_test.c src/ex/time.c \
  src/ex/time_test.c src/ex/timer.c src/ex/timer_test.c src/ex/work_queue.c src/ex/work_queue_test.c \
  src/mm/heap.c src/mm/kasan.h src/mm/kva.c src/mm/kva_test.c src/mm/mm.h src/mm/mm_impl.h src/mm/pfn.c src/mm/pfn_test.c \
  src/mm/pool.c src/mm/pool_tags.c src/mm/pool_test.c src/mm/tlb.c src/mm/tlb.h src/mm/tlb_test.c src/rtl/acpi.c src/rtl/acpi.h src/rtl/acpi_test.c \
  src/rtl/memmap.c src/rtl/memmap.h src/rtl/memmap_test.c src/rtl/memory.h \
  src/rtl/options.c src/rtl/options.h src/rtl/options_test.c \
  src/bench/bench.c src/bench/bench.h src/bench/bench_impl.h src/bench/bench_test.c src/bench/benches.tbl \
  src/bench/growth.c src/bench/growth.h src/bench/growth_impl.h src/bench/growth_test.c src/bench/growth_threads.c \
  src/bench/growths.tbl src/bench/locks.c src/bench/memory.c src/bench/objects.c src/bench/threads.c \
  src/stress/apcs.c src/stress/cases.tbl src/stress/deferred.c src/stress/memory.c src/stress/owners.c \
  src/stress/queues.c src/stress/signals.c src/stress/stress.c src/stress/stress.h src/stress/stress_impl.h \
  src/stress/stress_test.c src/stress/threads.c \
  src/kd/console.c src/kd/console.h src/kd/debugger.c src/kd/debugger_test.c src/kd/filter.c src/kd/filter.h \
  src/kd/filter_test.c src/kd/lines.c src/kd/lines.h src/kd/lines_test.c src/kd/print.c src/kd/print.h src/kd/print_test.c \
  src/init/main.c src/init/planted_test.c src/trap/fault.c src/trap/interrupt.c

KERNEL_SOURCES += src/io/interrupt.c src/io/interrupt_test.c src/io/io.h

# Compiled for the ports that boot, not for the host.
KERNEL_ONLY_SOURCES = src/rtl/memory.c src/rtl/memory_test.c src/kd/ubsan.c src/kd/ubsan_test.c src/mm/kasan_test.c
if KEEL_KASAN
KERNEL_ONLY_SOURCES += src/mm/kasan.c
endif

EXTRA_DIST += src/README.md src/LAYERS src/WALKS src/abi/README.md src/abi/exports.tbl src/abi/generate.py \
  src/init/OPTIONS.md src/init/README.md src/kd/README.md src/ke/README.md src/mm/README.md src/rtl/README.md src/trap/README.md

# The public ABI headers; installed, for drivers are built against them.
NT_FILES = \
  src/include/nt/amd64.h src/include/nt/bugcodes.h src/include/nt/crt_ddi.h src/include/nt/csq.h src/include/nt/ex.h \
  src/include/nt/ex_ddi.h src/include/nt/except.h src/include/nt/fastio.h src/include/nt/io.h \
  src/include/nt/io_ddi.h src/include/nt/irql.h src/include/nt/ke.h src/include/nt/ke_ddi.h \
  src/include/nt/ke_object_ddi.h src/include/nt/ke_thread_ddi.h src/include/nt/list.h \
  src/include/nt/mm.h src/include/nt/mm_ddi.h src/include/nt/ntdef.h src/include/nt/ntstatus.h \
  src/include/nt/pe.h src/include/nt/rtl.h src/include/nt/rtl_ddi.h src/include/nt/shared_data.h \
  src/include/nt/stdio_ddi.h \
  src/include/nt/unwind.h
ntincludedir = $(pkgincludedir)/nt
ntinclude_HEADERS = $(NT_FILES)
EXTRA_DIST += src/include/nt/README.md
EXTRA_DIST += src/base/README.md src/bench/README.md src/stress/README.md src/ex/README.md
EXTRA_DIST += src/ke/LOCK-ORDER.md
EXTRA_DIST += src/io/README.md
