# SPDX-License-Identifier: BSD-2-Clause
# The package keelvm and the keel command: one that runs from the build folder, one to install.
KEELVM_FILES = \
  qmp/keelvm/__init__.py \
  qmp/keelvm/__main__.py \
  qmp/keelvm/bench.py \
  qmp/keelvm/cli.py \
  qmp/keelvm/crash.py \
  qmp/keelvm/debug.py \
  qmp/keelvm/errors.py \
  qmp/keelvm/events.py \
  qmp/keelvm/growth.py \
  qmp/keelvm/journal.py \
  qmp/keelvm/ktap.py \
  qmp/keelvm/machine.py \
  qmp/keelvm/options.py \
  qmp/keelvm/output.py \
  qmp/keelvm/pe.py \
  qmp/keelvm/process.py \
  qmp/keelvm/progress.py \
  qmp/keelvm/py.typed \
  qmp/keelvm/qmp.py \
  qmp/keelvm/report.py \
  qmp/keelvm/selftest.py \
  qmp/keelvm/selftests.py \
  qmp/keelvm/serial.py \
  qmp/keelvm/session.py \
  qmp/keelvm/settings.py \
  qmp/keelvm/stress.py \
  qmp/keelvm/symbols.py

keelvmdir = $(pkgdatadir)/keelvm
dist_keelvm_DATA = $(KEELVM_FILES)
noinst_SCRIPTS = keel
bin_SCRIPTS = qmp/installed/keel
EXTRA_DIST += qmp/README.md qmp/keel.in
CLEANFILES += keel qmp/installed/keel

# $(1): the package's folder, $(2): the images' folder, $(3): the source's folder or nothing.
keel_edit = python=`command -v $(PYTHON)` && $(SED) \
  -e "s|@PYTHON[@]|$$python|g" \
  -e 's|@KEELVM[@]|$(1)|g' \
  -e 's|@IMAGES[@]|$(2)|g' \
  -e 's|@SOURCE[@]|$(3)|g' \
  -e 's|@KEEL_VARIANT[@]|$(KEEL_VARIANT)|g' \
  -e 's|@QEMU[@]|$(QEMU)|g' \
  -e 's|@LLVM_SYMBOLIZER[@]|$(LLVM_SYMBOLIZER)|g' \
  -e 's|@GDB[@]|$(GDB)|g' \
  -e 's|@PACKAGE_VERSION[@]|$(PACKAGE_VERSION)|g' \
  $(srcdir)/qmp/keel.in >$@.tmp && chmod +x $@.tmp && mv $@.tmp $@

keel: qmp/keel.in Makefile
	$(AM_V_GEN)$(call keel_edit,$(abs_top_srcdir)/qmp,$(abs_top_builddir),$(abs_top_srcdir))

qmp/installed/keel: qmp/keel.in Makefile
	$(AM_V_GEN)$(MKDIR_P) qmp/installed && \
	  $(call keel_edit,$(pkgdatadir),$(pkglibdir),)

# The package's own tests. Nothing is written into the source tree.
KEEL_PYTEST = PYTHONDONTWRITEBYTECODE=1 KEEL_BUILD='$(abs_top_builddir)' \
  KEEL_VARIANT='$(KEEL_VARIANT)' KEEL_QEMU='$(QEMU)' KEEL_GDB='$(GDB)' \
  KEEL_LLVM_SYMBOLIZER='$(LLVM_SYMBOLIZER)' KEEL_GRUB_MKRESCUE='$(GRUB_MKRESCUE)' \
  KEEL_GRUB_PC_DIR='$(GRUB_PC_DIR)' $(PYTHON) -m pytest -p no:cacheprovider -q -rs

HARNESS_TESTS = \
  tests-unit/harness/README.md \
  tests-unit/harness/bootsector.py \
  tests-unit/harness/conftest.py \
  tests-unit/harness/test_bench.py \
  tests-unit/harness/test_debug.py \
  tests-unit/harness/test_events.py \
  tests-unit/harness/test_growth.py \
  tests-unit/harness/test_ktap.py \
  tests-unit/harness/test_machine.py \
  tests-unit/harness/test_options.py \
  tests-unit/harness/test_qmp.py \
  tests-unit/harness/test_run.py \
  tests-unit/harness/test_selftests.py \
  tests-unit/harness/test_serial.py \
  tests-unit/harness/test_stress.py \
  tests-unit/harness/test_symbols.py \
  tests-unit/harness/data/crashed.log \
  tests-unit/harness/data/failed.log \
  tests-unit/harness/data/glued.log \
  tests-unit/harness/data/good.log \
  tests-unit/harness/data/interleaved.log \
  tests-unit/harness/data/restarted.log \
  tests-unit/harness/data/truncated.log
EXTRA_DIST += $(HARNESS_TESTS)

.PHONY: check-harness
check-harness:
	$(KEEL_PYTEST) $(srcdir)/tests-unit/harness
