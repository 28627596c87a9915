# SPDX-License-Identifier: BSD-2-Clause
# keel-explore: scenarios of the kernel, each run in every interleaving. A new file of scenarios is a word in
# EXPLORE_SCENARIOS; a new file of src/ke or src/ex one in EXPLORE_KERNEL.
check_LIBRARIES += libexplore.a libexplore-port.a

# The engine: plain POSIX C that knows nothing of the kernel.
libexplore_a_SOURCES = \
  tests-unit/explore/engine/engine.h tests-unit/explore/engine/explore.h \
  tests-unit/explore/engine/explore_state.h tests-unit/explore/engine/heap.c \
  tests-unit/explore/engine/history.c tests-unit/explore/engine/hooks.c \
  tests-unit/explore/engine/main.c tests-unit/explore/engine/memory.c \
  tests-unit/explore/engine/order.c tests-unit/explore/engine/race.c \
  tests-unit/explore/engine/report.c tests-unit/explore/engine/run.c \
  tests-unit/explore/engine/search.c tests-unit/explore/engine/selftest.c \
  tests-unit/explore/engine/stack.c tests-unit/explore/engine/state.c \
  tests-unit/explore/engine/step.c
libexplore_a_CPPFLAGS = -D_GNU_SOURCE -DEXPLORE_DEFAULT_SYMBOLIZER='"$(LLVM_SYMBOLIZER)"'
libexplore_a_CFLAGS = $(COMMON_CFLAGS) -g -O2 -mcx16

# The port of the kernel to it, and the list of locks held, which watches and shares nothing: not instrumented, but put
# back between runs like the kernel.
libexplore_port_a_SOURCES = \
  tests-unit/explore/port/cpu.c tests-unit/explore/port/include/arch_port.h \
  tests-unit/explore/port/ke/spin.h tests-unit/explore/port/memory.c \
  tests-unit/explore/port/port.h tests-unit/explore/port/scenario.h \
  tests-unit/explore/port/stops.c src/ke/held.c
EXPLORE_CPPFLAGS = -I$(srcdir)/tests-unit/explore/engine -I$(srcdir)/tests-unit/explore/port \
  -I$(srcdir)/tests-unit/explore/port/include -I$(srcdir)/src/base/variant/checked $(COMMON_CPPFLAGS) -D_GNU_SOURCE
EXPLORE_CFLAGS = $(COMMON_CFLAGS) -mms-bitfields -fshort-wchar -fms-extensions -mcx16 \
  -Wno-microsoft-anon-tag -g -O2 -include explore_state.h
libexplore_port_a_CPPFLAGS = $(EXPLORE_CPPFLAGS)
libexplore_port_a_CFLAGS = $(EXPLORE_CFLAGS)

# What is explored, and what runs in it: every access is seen.
EXPLORE_KERNEL = \
  src/base/format.c src/ex/callback.c src/ex/fast_mutex.c src/ex/interlocked_list.c \
  src/ex/keyed_event.c src/ex/lookaside.c src/ex/pool.c src/ex/push_lock.c src/ex/resource.c \
  src/ex/resource_table.c src/ex/run_once.c src/ex/rundown.c src/ex/slist.c src/ex/spin_lock.c src/ex/time.c \
  src/ex/timer.c src/ex/work_queue.c src/ke/apc.c src/ke/call.c src/ke/clock.c src/ke/cpu.c \
  src/ke/dpc.c src/ke/dpc_thread.c src/ke/event.c src/ke/float.c src/ke/interrupt.c src/ke/interrupt_connect.c src/ke/irql.c src/ke/lock.c \
  src/ke/mutant.c src/ke/object.c src/ke/priority.c src/ke/processor.c src/ke/queue.c src/ke/ready.c \
  src/ke/semaphore.c src/ke/spin_lock.c src/ke/suspend.c src/ke/switch.c src/ke/thread.c src/ke/timer.c src/ke/tlb.c \
  src/ke/wait.c src/ke/wait_all.c src/ke/wait_call.c src/trap/interrupt.c
EXPLORE_SCENARIOS = \
  tests-unit/explore/scenarios/dpc.c tests-unit/explore/scenarios/event.c \
  tests-unit/explore/scenarios/lock.c
check_PROGRAMS += keel-explore
keel_explore_SOURCES = $(EXPLORE_KERNEL) $(EXPLORE_SCENARIOS) \
  tests-unit/explore/engine/self/litmus.c tests-unit/explore/engine/self/random.c \
  tests-unit/explore/engine/self/self.h tests-unit/explore/port/clock.c \
  tests-unit/explore/port/scenario.c
keel_explore_CPPFLAGS = $(EXPLORE_CPPFLAGS)
keel_explore_CFLAGS = $(EXPLORE_CFLAGS) -fsanitize=thread -mllvm -tsan-distinguish-volatile=1 \
  -mllvm -tsan-instrument-read-before-write=1
# Without -fsanitize=thread, which would link ThreadSanitizer's own library.
keel_explore_LINK = $(CC) $(LDFLAGS) -o $@
keel_explore_LDADD = libexplore-port.a libexplore.a

EXTRA_DIST += tests-unit/explore/README.md tests-unit/explore/engine/README.md \
  tests-unit/explore/engine/self/README.md tests-unit/explore/plants.tbl \
  tests-unit/explore/port/README.md tests-unit/explore/port/ke/README.md tests-unit/explore/run \
  tests-unit/explore/scenarios/README.md

# How each part is compiled and all is linked, for the planted bugs.
check_DATA += ci/explore.json
CLEANFILES += ci/explore.json
ci/explore.json: Makefile ci/sources.list
	$(file >$@,{"kernel": $(call json_quote,$(keel_explore_COMPILE)),)
	$(file >>$@,"engine": $(call json_quote,$(CC) $(DEFS) $(libexplore_a_CPPFLAGS) $(CPPFLAGS) $(libexplore_a_CFLAGS) $(CFLAGS)),)
	$(file >>$@,"port": $(call json_quote,$(CC) $(DEFS) $(EXPLORE_CPPFLAGS) $(CPPFLAGS) $(EXPLORE_CFLAGS) $(CFLAGS)),)
	$(file >>$@,"link": $(call json_quote,$(CC) $(LDFLAGS) -o @OUT@ @OBJECTS@),)
	$(file >>$@,"kernel_objects": $(call json_quote,$(keel_explore_OBJECTS)),)
	$(file >>$@,"engine_objects": $(call json_quote,$(libexplore_a_OBJECTS)),)
	$(file >>$@,"port_objects": $(call json_quote,$(libexplore_port_a_OBJECTS))})
keel_explore_COMPILE = $(CC) $(DEFS) $(keel_explore_CPPFLAGS) $(CPPFLAGS) $(keel_explore_CFLAGS) $(CFLAGS)

SUITES += tests-unit/explore.tap
.PHONY: explore
explore: keel-explore ci/explore.json
	srcdir='$(srcdir)' $(PYTHON) $(srcdir)/tests-unit/explore/run
