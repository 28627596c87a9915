# SPDX-License-Identifier: BSD-2-Clause
KERNEL_SOURCES += \
  src/ob/directory.c src/ob/handle.c src/ob/handle_test.c src/ob/handle_table.c src/ob/handle_table.h src/ob/handle_table_test.c src/ob/name.c \
  src/ob/name_test.c src/ob/ob.h src/ob/ob_impl.h src/ob/ob_test.h src/ob/object.c src/ob/object_test.c \
  src/ob/path.c src/ob/symbolic_link.c
EXTRA_DIST += src/ob/README.md
NT_FILES += src/include/nt/ob.h
