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
  tests-integration/test_detectors.py \
  tests-integration/test_failures_are_seen.py \
  tests-integration/test_growth.py \
  tests-integration/test_lock_order.py \
  tests-integration/test_poor_machines.py \
  tests-integration/test_power.py \
  tests-integration/test_selftests_in_kernel.py \
  tests-integration/test_stress.py \
  tests-integration/variant.tap
CLEANFILES += tests-integration/logs/*/*

# For the build folder of another variant; prints TAP.
.PHONY: check-variant
check-variant: all
	@$(AM_TESTS_ENVIRONMENT) srcdir='$(srcdir)'; export srcdir; \
	  $(PYTHON) $(srcdir)/ci/suite $(srcdir)/tests-integration/variant.tap 9>&2

.PHONY: check-integration
check-integration: all
	$(KEEL_PYTEST) $(srcdir)/tests-integration
