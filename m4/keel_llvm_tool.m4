dnl SPDX-License-Identifier: BSD-2-Clause
dnl Which tool of the same LLVM release as CC? Looked for as TOOL-NN, beside clang itself, then as plain TOOL.

dnl _KEEL_LLVM_TOOL(VARIABLE, TOOL): leaves VARIABLE empty if there is none.
AC_DEFUN([_KEEL_LLVM_TOOL],
[AC_ARG_VAR([$1], [$2 of the same release as clang])
AC_MSG_CHECKING([for $2])
AS_IF([test -z "$$1" && test -n "$keel_clang_major"],
  [keel_beside=`$CC -print-prog-name=$2 2>/dev/null`
   for keel_word in $2-$keel_clang_major "$keel_beside" $2; do
     AS_IF([AS_ECHO(["`$keel_word --version 2>&1`"]) | grep "[[ :]]$keel_clang_major\." >/dev/null],
       [$1=$keel_word; break])
   done])
AC_MSG_RESULT([${$1:-no}])])

dnl KEEL_LLVM_TOOL(VARIABLE, TOOL, PACKAGE-WITHOUT-VERSION)
AC_DEFUN([KEEL_LLVM_TOOL],
[_KEEL_LLVM_TOOL([$1], [$2])
AS_IF([test -z "$$1"], [KEEL_MISSING([$2], [$3-${keel_clang_major:-19}])])])

dnl KEEL_LLVM_TOOL_OPTIONAL(VARIABLE, TOOL): what needs it says so by itself.
AC_DEFUN([KEEL_LLVM_TOOL_OPTIONAL],
[_KEEL_LLVM_TOOL([$1], [$2])])
