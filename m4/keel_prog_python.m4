dnl SPDX-License-Identifier: BSD-2-Clause
dnl Which Python is at least 3.11 and has pytest? The first python3 on the path often lacks it.

AC_DEFUN([KEEL_PROG_PYTHON],
[AC_ARG_VAR([PYTHON], [Python 3.11 or newer that has pytest])
AC_MSG_CHECKING([for a Python 3.11 or newer that has pytest])
keel_python=
for keel_word in ${PYTHON:-python3 /usr/bin/python3 python3.13 python3.12 python3.11}; do
  AS_IF([$keel_word -c 'import sys, pytest; sys.exit(sys.version_info < (3, 11))' >&AS_MESSAGE_LOG_FD 2>&1],
    [keel_python=$keel_word; break])
done
AC_MSG_RESULT([${keel_python:-no}])
AS_IF([test -n "$keel_python"],
  [PYTHON=$keel_python],
  [KEEL_MISSING([Python 3.11 or newer with pytest], [python3 python3-pytest])])])
