# SPDX-License-Identifier: BSD-2-Clause
# The integration suite: the built kernel in QEMU. KEEL_PYTEST stands in qmp/local.mk.
EXTRA_DIST += \
  tests-integration/README.md \
  tests-integration/conftest.py \
  tests-integration/pytest.ini \
  tests-integration/support.py \
  tests-integration/test_bench.py \
  tests-integration/test_command_line.py \
  tests-integration/test_debug_print.py \
  tests-integration/test_debugger.py \
  tests-integration/test_failures_are_seen.py \
  tests-integration/test_growth.py \
  tests-integration/test_lock_order.py \
  tests-integration/test_poor_machines.py \
  tests-integration/test_power.py \
  tests-integration/test_selftests_in_kernel.py \
  tests-integration/test_stress.py
CLEANFILES += tests-integration/logs/*/*

.PHONY: check-integration
check-integration: all
	$(KEEL_PYTEST) $(srcdir)/tests-integration
