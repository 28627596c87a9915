dnl SPDX-License-Identifier: BSD-2-Clause
dnl Which variant of the kernel does this build folder hold?
dnl A new variant is a row here and a folder src/base/variant/NAME.

AC_DEFUN([KEEL_ENABLE_VARIANT],
[KEEL_VARIANTS="checked free"
AC_ARG_ENABLE([variant],
  [AS_HELP_STRING([--enable-variant=checked|free],
    [checked: CHECKs, UBSan, stack cookies; free: none of them @<:@checked@:>@])],
  [], [enable_variant=checked])
AS_CASE([$enable_variant],
  [checked], [KEEL_VARIANT_CFLAGS="-fsanitize=undefined -fno-sanitize=function -fstack-protector-strong"],
  [free], [KEEL_VARIANT_CFLAGS="-fno-stack-protector"],
  [AC_MSG_ERROR([unknown variant '$enable_variant'; the variants are: $KEEL_VARIANTS])])
KEEL_VARIANT=$enable_variant
keel_others=
for keel_word in $KEEL_VARIANTS; do
  AS_IF([test "x$keel_word" != "x$KEEL_VARIANT"], [keel_others="$keel_others $keel_word"])
done
KEEL_OTHER_VARIANTS=$keel_others
AC_SUBST([KEEL_VARIANT])
AC_SUBST([KEEL_OTHER_VARIANTS])
AC_SUBST([KEEL_VARIANT_CFLAGS])])
