# SPDX-License-Identifier: BSD-2-Clause
# The run-time library that drivers call: compiled for every port, like the rest of KERNEL_SOURCES.
KERNEL_SOURCES += \
  src/rtl/bitmap.c src/rtl/bitmap.h src/rtl/bitmap_runs.c src/rtl/bitmap_runs_test.c src/rtl/bitmap_test.c \
  src/rtl/avl_table.c src/rtl/avl_table_test.c src/rtl/tree.c src/rtl/tree.h src/rtl/tree_test.c src/rtl/tree_test.h \
  src/rtl/splay.c src/rtl/splay_test.c src/rtl/splay_table.c src/rtl/splay_table_test.c \
  src/rtl/printf.c src/rtl/printf_test.c
