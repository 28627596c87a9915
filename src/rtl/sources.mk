# SPDX-License-Identifier: BSD-2-Clause
# The run-time library that drivers call: compiled for every port, like the rest of KERNEL_SOURCES.
KERNEL_SOURCES += \
  src/rtl/bitmap.c src/rtl/bitmap.h src/rtl/bitmap_runs.c src/rtl/bitmap_runs_test.c src/rtl/bitmap_test.c \
  src/rtl/avl_table.c src/rtl/avl_table_test.c src/rtl/tree.c src/rtl/tree.h src/rtl/tree_test.c src/rtl/tree_test.h \
  src/rtl/splay.c src/rtl/splay_test.c src/rtl/splay_table.c src/rtl/splay_table_test.c \
  src/rtl/printf.c src/rtl/printf_test.c \
  src/rtl/unicode_prefix.c src/rtl/unicode_prefix_test.c

# Strings, characters, conversions, numbers, times, versions; the C functions by names of our own.
KERNEL_SOURCES += \
  src/rtl/byte_string.c src/rtl/byte_string_test.c src/rtl/casing.c src/rtl/casing_table.h \
  src/rtl/casing_test.c src/rtl/codepage.c src/rtl/codepage_table.h src/rtl/codepage_test.c \
  src/rtl/convert.c src/rtl/convert.h src/rtl/convert_test.c src/rtl/cstring.c src/rtl/cstring.h \
  src/rtl/cstring_test.c src/rtl/guid.c src/rtl/guid_test.c src/rtl/heap.c src/rtl/heap.h \
  src/rtl/heap_test.c src/rtl/integer.c src/rtl/integer_test.c src/rtl/memory_ddi.c \
  src/rtl/memory_ddi_test.c src/rtl/number.c src/rtl/number_test.c src/rtl/rtl_test.h src/rtl/sort.c \
  src/rtl/sort_test.c src/rtl/text.h src/rtl/time.c src/rtl/time_test.c src/rtl/unicode_compare.c \
  src/rtl/unicode_compare_test.c src/rtl/unicode_string.c src/rtl/unicode_string_test.c src/rtl/utf8.c \
  src/rtl/utf8_string.c src/rtl/utf8_string_test.c src/rtl/utf8_test.c src/rtl/version.c src/rtl/version.h \
  src/rtl/version_test.c src/rtl/wcstring.c src/rtl/wcstring_test.c
KERNEL_ONLY_SOURCES += src/rtl/crt.c src/rtl/crt_test.c
EXTRA_DIST += src/rtl/make-tables

# PE images.
KERNEL_SOURCES += \
  src/rtl/pe.c src/rtl/pe.h src/rtl/pe_test.c src/rtl/pe_test.h src/rtl/pe_checksum.c src/rtl/pe_checksum_test.c \
  src/rtl/pe_ddi.c src/rtl/pe_ddi_test.c src/rtl/pe_directories.c src/rtl/pe_directories_test.c \
  src/rtl/pe_exports.c src/rtl/pe_exports_test.c src/rtl/pe_headers.c src/rtl/pe_headers_test.c \
  src/rtl/pe_imports.c src/rtl/pe_imports_test.c src/rtl/pe_relocate.c src/rtl/pe_relocate_test.c \
  src/rtl/pe_resources.c src/rtl/pe_resources_test.c src/rtl/pe_service.c src/rtl/pe_service_test.c
