dnl SPDX-License-Identifier: BSD-2-Clause
dnl Is there a gdb for keel debug? Optional: that command says when it misses it.

AC_DEFUN([KEEL_PROG_GDB],
[AC_ARG_VAR([GDB], [gdb, for keel debug])
AC_PATH_PROG([GDB], [gdb])])
