dnl SPDX-License-Identifier: BSD-2-Clause
dnl Which QEMU runs the kernel?

AC_DEFUN([KEEL_PROG_QEMU],
[AC_ARG_VAR([QEMU], [qemu-system-x86_64])
AC_PATH_PROG([QEMU], [qemu-system-x86_64])
AS_IF([test -z "$QEMU"], [KEEL_MISSING([qemu-system-x86_64], [qemu-system-x86])])])
