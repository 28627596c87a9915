dnl SPDX-License-Identifier: BSD-2-Clause
dnl Which clang, at least 16? Sets CC and keel_clang_major.

dnl _KEEL_CLANG_MAJOR(COMMAND): sets keel_clang_major, empty if COMMAND is no clang of 16 or newer.
AC_DEFUN([_KEEL_CLANG_MAJOR],
[keel_clang_major=`echo __clang_major__ | $1 -E -P -x c - 2>/dev/null | tr -d ' \n'`
AS_CASE([$keel_clang_major],
  [''|*[[!0-9]]*], [keel_clang_major=],
  [AS_IF([test "$keel_clang_major" -lt 16], [keel_clang_major=])])])

AC_DEFUN([KEEL_PROG_CLANG],
[AC_BEFORE([$0], [AC_PROG_CC])dnl
AC_ARG_VAR([CC], [clang, version 16 or newer])
AC_MSG_CHECKING([for clang 16 or newer])
AS_IF([test -n "$CC"],
  [_KEEL_CLANG_MAJOR([$CC])],
  [for keel_word in clang-19 clang-18 clang-17 clang-16 clang; do
     _KEEL_CLANG_MAJOR([$keel_word])
     AS_IF([test -n "$keel_clang_major"], [CC=$keel_word; break])
   done])
AS_IF([test -n "$keel_clang_major"],
  [AC_MSG_RESULT([$CC, version $keel_clang_major])],
  [AC_MSG_RESULT([no])
   AS_IF([test -n "$CC"],
     [KEEL_MISSING([clang 16 or newer: CC='$CC' is not one], [clang-19])],
     [KEEL_MISSING([clang 16 or newer], [clang-19])])])])
