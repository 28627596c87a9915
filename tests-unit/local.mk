# SPDX-License-Identifier: BSD-2-Clause
# keel-unit: src/ on the host port, run as a POSIX process under ASan and UBSan.
check_PROGRAMS += keel-unit
keel_unit_SOURCES = $(KERNEL_SOURCES) $(HOST_SOURCES)
nodist_keel_unit_SOURCES = src/selftest_host.c
HOST_SANITIZE = -fsanitize=address,undefined -fno-sanitize=function -fno-sanitize-recover=undefined
keel_unit_CPPFLAGS = -I$(srcdir)/src/base/variant/$(KEEL_HOST_VARIANT) $(COMMON_CPPFLAGS) -I$(srcdir)/arch/host/include -D_GNU_SOURCE
# The PE target's layout rules: bit-fields, 16-bit wchar_t, anonymous members, 16-byte compare-and-swap.
keel_unit_CFLAGS = $(COMMON_CFLAGS) -mms-bitfields -fshort-wchar -fms-extensions -mcx16 \
  -Wno-microsoft-anon-tag -g -O1 -fno-omit-frame-pointer $(HOST_SANITIZE) $(HOST_POINTS_CFLAGS)
keel_unit_LDFLAGS = $(HOST_SANITIZE) -pthread

# The same tests with other numbers of processors, and in other interleavings.
HOST_SUITES = tests-unit/keel-unit-1.tap tests-unit/keel-unit-8.tap tests-unit/keel-unit-seeds.tap
SUITES += $(HOST_SUITES)
EXTRA_DIST += tests-unit/sweep

# The binary interface, and the test of the check itself.
EXTRA_DIST += tests-unit/abi/README.md tests-unit/abi/layout.tbl tests-unit/abi/layout-io.tbl tests-unit/abi/layout-rtl.tbl \
  tests-unit/abi/exceptions.tbl \
  tests-unit/abi/test_check_abi.py ci/check-abi
.PHONY: check-abi
check-abi:
	CC='$(CC)' $(PYTHON) $(srcdir)/ci/check-abi
	$(KEEL_PYTEST) $(srcdir)/tests-unit/abi

EXTRA_DIST += tests-unit/README.md tests-unit/mutants.tbl tests-unit/ci/README.md tests-unit/ci/conftest.py tests-unit/ci/image.py \
  tests-unit/ci/test_checks.py tests-unit/ci/test_coverage.py tests-unit/ci/test_image.py tests-unit/ci/test_lock_order.py tests-unit/ci/test_mutate.py \
  tests-unit/ci/test_selftest_list.py tests-unit/ci/test_suite.py tests-unit/ci/test_tables.py

# The kernel's half of ci/coverage; only that compiles it.
EXTRA_DIST += tests-unit/coverage/README.md tests-unit/coverage/dump.c

# Fuzzers: the parsers of src/rtl, unchanged, with libFuzzer and the host's sanitizers.
check_PROGRAMS += fuzz-acpi fuzz-format fuzz-memmap fuzz-numbers fuzz-options fuzz-pe fuzz-utf8
FUZZ_CFLAGS = $(COMMON_CFLAGS) -mms-bitfields -fshort-wchar -fms-extensions -mcx16 -Wno-microsoft-anon-tag \
  -g -O1 -fsanitize=fuzzer $(HOST_SANITIZE)
FUZZ_LINK = -fsanitize=fuzzer $(HOST_SANITIZE)
fuzz_acpi_SOURCES = tests-unit/fuzz/acpi.c tests-unit/fuzz/stop.c src/rtl/acpi.c
fuzz_acpi_CPPFLAGS = $(keel_unit_CPPFLAGS)
fuzz_acpi_CFLAGS = $(FUZZ_CFLAGS)
fuzz_acpi_LDFLAGS = $(FUZZ_LINK)
fuzz_format_SOURCES = tests-unit/fuzz/format.c tests-unit/fuzz/stop.c src/base/format.c
fuzz_format_CPPFLAGS = $(keel_unit_CPPFLAGS)
fuzz_format_CFLAGS = $(FUZZ_CFLAGS)
fuzz_format_LDFLAGS = $(FUZZ_LINK)
fuzz_memmap_SOURCES = tests-unit/fuzz/memmap.c tests-unit/fuzz/stop.c src/rtl/memmap.c
fuzz_memmap_CPPFLAGS = $(keel_unit_CPPFLAGS)
fuzz_memmap_CFLAGS = $(FUZZ_CFLAGS)
fuzz_memmap_LDFLAGS = $(FUZZ_LINK)
fuzz_numbers_SOURCES = tests-unit/fuzz/numbers.c tests-unit/fuzz/stop.c src/rtl/guid.c src/rtl/heap.c src/rtl/integer.c
fuzz_numbers_CPPFLAGS = $(keel_unit_CPPFLAGS)
fuzz_numbers_CFLAGS = $(FUZZ_CFLAGS)
fuzz_numbers_LDFLAGS = $(FUZZ_LINK)
fuzz_options_SOURCES = tests-unit/fuzz/options.c tests-unit/fuzz/stop.c src/rtl/options.c src/base/format.c
fuzz_options_CPPFLAGS = $(keel_unit_CPPFLAGS)
fuzz_options_CFLAGS = $(FUZZ_CFLAGS)
fuzz_options_LDFLAGS = $(FUZZ_LINK)
RTL_PE_SOURCES = src/rtl/pe.c src/rtl/pe_checksum.c src/rtl/pe_ddi.c src/rtl/pe_directories.c src/rtl/pe_exports.c \
  src/rtl/pe_headers.c src/rtl/pe_imports.c src/rtl/pe_relocate.c src/rtl/pe_resources.c src/rtl/pe_service.c
fuzz_pe_SOURCES = tests-unit/fuzz/pe.c tests-unit/fuzz/stop.c $(RTL_PE_SOURCES)
fuzz_pe_CPPFLAGS = $(keel_unit_CPPFLAGS)
fuzz_pe_CFLAGS = $(FUZZ_CFLAGS)
fuzz_pe_LDFLAGS = $(FUZZ_LINK)
fuzz_utf8_SOURCES = tests-unit/fuzz/utf8.c tests-unit/fuzz/stop.c src/rtl/utf8.c
fuzz_utf8_CPPFLAGS = $(keel_unit_CPPFLAGS)
fuzz_utf8_CFLAGS = $(FUZZ_CFLAGS)
fuzz_utf8_LDFLAGS = $(FUZZ_LINK)
SUITES += tests-unit/fuzz.tap
EXTRA_DIST += tests-unit/fuzz/README.md tests-unit/fuzz/run tests-unit/fuzz/seeds.py
FUZZ_SECONDS = 120
.PHONY: fuzz
fuzz: fuzz-acpi fuzz-format fuzz-memmap fuzz-numbers fuzz-options fuzz-pe fuzz-utf8
	srcdir='$(srcdir)' PYTHON='$(PYTHON)' sh $(srcdir)/tests-unit/fuzz/run $(FUZZ_SECONDS)

# The PE parser on other people's images: needs the network once, so it is no part of make check.
EXTRA_PROGRAMS = pe-dump
pe_dump_SOURCES = tests-unit/images/dump.c tests-unit/fuzz/stop.c $(RTL_PE_SOURCES)
pe_dump_CPPFLAGS = $(keel_unit_CPPFLAGS)
pe_dump_CFLAGS = $(COMMON_CFLAGS) -mms-bitfields -fshort-wchar -fms-extensions -mcx16 -Wno-microsoft-anon-tag \
  -g -O1 $(HOST_SANITIZE)
pe_dump_LDFLAGS = $(HOST_SANITIZE)
EXTRA_DIST += tests-unit/images.tap tests-unit/images/README.md tests-unit/images/fetch tests-unit/images/packages.tbl \
  tests-unit/images/test_images.py
CLEANFILES += pe-dump
.PHONY: check-images
check-images: all pe-dump
	$(PYTHON) $(srcdir)/tests-unit/images/fetch tests-unit/images
	$(MAKE) $(AM_MAKEFLAGS) check TESTS=tests-unit/images.tap
