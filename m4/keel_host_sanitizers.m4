dnl SPDX-License-Identifier: BSD-2-Clause
dnl Can CC build programs for this machine with ASan and UBSan, as the unit tests need?

AC_DEFUN([KEEL_HOST_SANITIZERS],
[AC_MSG_CHECKING([whether clang links programs with -fsanitize=address,undefined])
AS_IF([test -n "$keel_clang_major"],
  [echo '#include <stdio.h>
int main(void) { return puts("") < 0; }' > conftest.c
   AS_IF([$CC -fsanitize=address,undefined conftest.c -o conftest$EXEEXT >&AS_MESSAGE_LOG_FD 2>&1],
     [AC_MSG_RESULT([yes])],
     [AC_MSG_RESULT([no])
      KEEL_MISSING([clang's sanitizer runtimes or the C library's headers],
        [libclang-rt-$keel_clang_major-dev libc6-dev binutils libgcc-12-dev])])
   rm -f conftest.c conftest$EXEEXT],
  [AC_MSG_RESULT([no clang])
   KEEL_MISSING([clang's sanitizer runtimes], [libclang-rt-19-dev])])])
