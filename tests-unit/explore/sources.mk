# SPDX-License-Identifier: BSD-2-Clause
# keel-explore: scenarios of the kernel, each run in every interleaving. A new file of scenarios is a word in
# EXPLORE_SCENARIOS.
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

# What is explored, and what runs in it: every access is seen. All of src/ke and src/ex is there, but for what stands
# here: reports and back-traces, and the list of locks held, which is part of the port.
EXPLORE_LEFT_OUT = src/ke/bugcheck.c src/ke/held.c
EXPLORE_KERNEL = $(filter-out %_test.c $(EXPLORE_LEFT_OUT),$(filter src/ke/%.c src/ex/%.c,$(KERNEL_SOURCES))) \
  src/base/format.c src/mm/tlb.c src/trap/interrupt.c
EXPLORE_KERNEL_OBJECTS = $(patsubst src/%.c,tests-unit/explore/kernel/%.o,$(EXPLORE_KERNEL))
tests-unit/explore/kernel/%.o: src/%.c
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(keel_explore_COMPILE) -MMD -MP -c -o $@ $<
-include $(EXPLORE_KERNEL_OBJECTS:.o=.d)
EXPLORE_SCENARIOS = \
  tests-unit/explore/scenarios/apc.c tests-unit/explore/scenarios/call.c \
  tests-unit/explore/scenarios/dpc.c tests-unit/explore/scenarios/event.c \
  tests-unit/explore/scenarios/ex_callback.c tests-unit/explore/scenarios/ex_fast_mutex.c \
  tests-unit/explore/scenarios/ex_interlocked_list.c tests-unit/explore/scenarios/ex_keyed_event.c \
  tests-unit/explore/scenarios/ex_lookaside.c tests-unit/explore/scenarios/ex_run_once.c \
  tests-unit/explore/scenarios/ex_rundown.c tests-unit/explore/scenarios/ex_slist.c \
  tests-unit/explore/scenarios/ex_spin_lock.c tests-unit/explore/scenarios/ex_work_queue.c \
  tests-unit/explore/scenarios/interrupt.c tests-unit/explore/scenarios/lock.c \
  tests-unit/explore/scenarios/mutant.c tests-unit/explore/scenarios/push_lock.c \
  tests-unit/explore/scenarios/queue.c tests-unit/explore/scenarios/ready.c \
  tests-unit/explore/scenarios/resource.c tests-unit/explore/scenarios/suspend.c \
  tests-unit/explore/scenarios/thread.c tests-unit/explore/scenarios/timeout.c \
  tests-unit/explore/scenarios/timer.c tests-unit/explore/scenarios/tlb.c \
  tests-unit/explore/scenarios/wait.c tests-unit/explore/scenarios/wait_all.c
check_PROGRAMS += keel-explore
keel_explore_SOURCES = $(EXPLORE_SCENARIOS) \
  tests-unit/explore/engine/self/detect.c tests-unit/explore/engine/self/litmus.c tests-unit/explore/engine/self/random.c \
  tests-unit/explore/engine/self/self.h tests-unit/explore/port/clock.c \
  tests-unit/explore/port/scenario.c
keel_explore_CPPFLAGS = $(EXPLORE_CPPFLAGS)
keel_explore_CFLAGS = $(EXPLORE_CFLAGS) -fsanitize=thread -mllvm -tsan-distinguish-volatile=1 \
  -mllvm -tsan-instrument-read-before-write=1
# Without -fsanitize=thread, which would link ThreadSanitizer's own library.
keel_explore_LINK = $(CC) $(LDFLAGS) -o $@
keel_explore_LDADD = $(EXPLORE_KERNEL_OBJECTS) libexplore-port.a libexplore.a

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
	$(file >>$@,"kernel_objects": $(call json_quote,$(keel_explore_OBJECTS) $(EXPLORE_KERNEL_OBJECTS)),)
	$(file >>$@,"engine_objects": $(call json_quote,$(libexplore_a_OBJECTS)),)
	$(file >>$@,"port_objects": $(call json_quote,$(libexplore_port_a_OBJECTS))})
keel_explore_COMPILE = $(CC) $(DEFS) $(keel_explore_CPPFLAGS) $(CPPFLAGS) $(keel_explore_CFLAGS) $(CFLAGS)

SUITES += tests-unit/explore.tap
.PHONY: explore
explore: keel-explore ci/explore.json
	srcdir='$(srcdir)' $(PYTHON) $(srcdir)/tests-unit/explore/run
