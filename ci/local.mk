# SPDX-License-Identifier: BSD-2-Clause
# The checks, the suites of `make check`, and the scripts that drive builds.
CI_FILES = ci/check-abi ci/check-all ci/check-dist ci/check-format ci/check-image ci/check-layers ci/check-lock-order ci/check-mutants ci/check-names ci/check-options \
  ci/check-seam ci/check-selftests ci/check-style ci/check-walks ci/coverage ci/list-selftests ci/mutate \
  ci/quickstart ci/run-checks ci/stress ci/suite ci/tap-pytest
CI_MODULES = ci/keelci/__init__.py ci/keelci/coverage.py ci/keelci/mutants.py ci/keelci/nm.py ci/keelci/pe.py ci/keelci/plants.py ci/keelci/skips.py ci/keelci/tests.py \
  ci/keelci/tree.py
EXTRA_DIST += $(CI_FILES) $(CI_MODULES) ci/README.md ci/allowed-skips ci/packages

# A suite is a .tap file: what to run, its budget and its limit (see ci/suite). Each test in it counts.
SUITES = ci/checks.tap tests-unit/keel-unit.tap tests-unit/ci.tap tests-unit/harness.tap \
  tests-unit/mutants.tap tests-integration/integration.tap
TESTS = $(SUITES)
# By this name: `make check TESTS=...` must not change what is distributed.
EXTRA_DIST += $(SUITES)
TEST_EXTENSIONS = .tap
TAP_LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
TAP_LOG_COMPILER = $(PYTHON) $(srcdir)/ci/suite
# Descriptor 9 is where a suite prints its totals for the person who watches.
AM_TESTS_FD_REDIRECT = 9>&2
AM_TESTS_ENVIRONMENT = \
  PYTHON='$(PYTHON)'; PYTHONDONTWRITEBYTECODE=1; CC='$(CC)'; LLVM_NM='$(LLVM_NM)'; LLVM_READOBJ='$(LLVM_READOBJ)'; \
  LLD_LINK='$(LLD_LINK)'; LLVM_COV='$(LLVM_COV)'; LLVM_PROFDATA='$(LLVM_PROFDATA)'; \
  CLANG_FORMAT='$(CLANG_FORMAT)'; KEEL_BUILD='$(abs_top_builddir)'; KEEL_VARIANT='$(KEEL_VARIANT)'; \
  KEEL_QEMU='$(QEMU)'; KEEL_GDB='$(GDB)'; KEEL_LLVM_SYMBOLIZER='$(LLVM_SYMBOLIZER)'; \
  KEEL_GRUB_MKRESCUE='$(GRUB_MKRESCUE)'; KEEL_GRUB_PC_DIR='$(GRUB_PC_DIR)'; \
  export PYTHON PYTHONDONTWRITEBYTECODE CC LLVM_NM LLVM_READOBJ LLD_LINK LLVM_COV LLVM_PROFDATA CLANG_FORMAT KEEL_BUILD KEEL_VARIANT KEEL_QEMU KEEL_GDB \
    KEEL_LLVM_SYMBOLIZER KEEL_GRUB_MKRESCUE KEEL_GRUB_PC_DIR;

# What the checks look at: the files that are distributed, the objects that the kernel is linked from.
check_DATA = ci/sources.list ci/objects.list
CLEANFILES += ci/sources.list ci/objects.list
ci/sources.list: Makefile
	$(AM_V_GEN)$(MKDIR_P) ci && printf '%s\n' $(DISTFILES) >$@
ci/objects.list: Makefile
	$(AM_V_GEN)$(MKDIR_P) ci && printf '%s\n' $(ntoskrnl_exe_OBJECTS) >$@

# How each side compiles and links, for ci/mutate: written without a shell, which would eat quotes.
check_DATA += ci/mutate.json
CLEANFILES += ci/mutate.json
json_quote = "$(subst ",\",$(subst \,\\,$(strip $(1))))"
ci/mutate.json: Makefile ci/sources.list
	$(file >$@,{"objcopy": $(call json_quote,$(LLVM_OBJCOPY)),)
	$(file >>$@,"host": {"compile": $(call json_quote,$(keel_unit_COMPILE)),)
	$(file >>$@,"assemble": $(call json_quote,$(CCAS) $(DEFS) $(keel_unit_CPPFLAGS) $(CCASFLAGS)),)
	$(file >>$@,"link": $(call json_quote,$(CC) $(keel_unit_LDFLAGS) $(LDFLAGS) -o @OUT@ @OBJECTS@),)
	$(file >>$@,"objects": $(call json_quote,$(keel_unit_OBJECTS))},)
	$(file >>$@,"kernel": {"compile": $(call json_quote,$(ntoskrnl_exe_COMPILE)),)
	$(file >>$@,"assemble": $(call json_quote,$(CCAS) $(DEFS) $(ntoskrnl_exe_CPPFLAGS) $(ntoskrnl_exe_CCASFLAGS)),)
	$(file >>$@,"link": $(call json_quote,$(NTOSKRNL_LINK) /out:@OUT@ /implib:@OUT@.lib @OBJECTS@),)
	$(file >>$@,"objects": $(call json_quote,$(ntoskrnl_exe_OBJECTS))}})
keel_unit_COMPILE = $(CC) $(DEFS) $(keel_unit_CPPFLAGS) $(CPPFLAGS) $(keel_unit_CFLAGS) $(CFLAGS)
ntoskrnl_exe_COMPILE = $(CC) $(DEFS) $(ntoskrnl_exe_CPPFLAGS) $(CPPFLAGS) $(ntoskrnl_exe_CFLAGS) $(CFLAGS)

# Which branches the self-tests take, on both sides together; what no test took is listed in coverage.list.
.PHONY: coverage
coverage: all keel-unit ci/mutate.json
	$(AM_TESTS_ENVIRONMENT) $(PYTHON) $(srcdir)/ci/coverage --srcdir $(srcdir) --uncovered coverage.list
CLEANFILES += coverage.list
