dnl SPDX-License-Identifier: BSD-2-Clause
dnl Which variant of the kernel does this build folder hold?
dnl A new variant is a row here and a folder src/base/variant/NAME.

AC_DEFUN([KEEL_ENABLE_VARIANT],
[KEEL_VARIANTS="checked free kasan"
AC_ARG_ENABLE([variant],
  [AS_HELP_STRING([--enable-variant=checked|free|kasan],
    [checked: CHECKs, UBSan, stack cookies; free: none of them; kasan: checked, and every access to memory @<:@checked@:>@])],
  [], [enable_variant=checked])
AS_CASE([$enable_variant],
  [checked], [KEEL_VARIANT_CFLAGS="-fsanitize=undefined -fno-sanitize=function -fstack-protector-strong"],
  [free], [KEEL_VARIANT_CFLAGS="-fno-stack-protector"],
  dnl Outline: all is a call, so that shadow memory needs no fixed place. The driver refuses the sanitizer for this target.
  [kasan], [KEEL_VARIANT_CFLAGS="-fsanitize=undefined -fno-sanitize=function -fstack-protector-strong \
-Xclang -fsanitize=kernel-address -Xclang -fsanitize-address-use-after-scope -mllvm -asan-instrumentation-with-call-threshold=0 \
-mllvm -asan-max-inline-poisoning-size=0 -mllvm -asan-kernel-mem-intrinsic-prefix=1 \
-mllvm -asan-stack=1 -mllvm -asan-globals=1"],
  [AC_MSG_ERROR([unknown variant '$enable_variant'; the variants are: $KEEL_VARIANTS])])
KEEL_VARIANT=$enable_variant
AM_CONDITIONAL([KEEL_KASAN], [test "x$KEEL_VARIANT" = xkasan])
dnl The unit tests have a sanitizer of their own.
AS_CASE([$KEEL_VARIANT], [kasan], [KEEL_HOST_VARIANT=checked], [KEEL_HOST_VARIANT=$KEEL_VARIANT])
AC_SUBST([KEEL_HOST_VARIANT])
keel_others=
for keel_word in $KEEL_VARIANTS; do
  AS_IF([test "x$keel_word" != "x$KEEL_VARIANT"], [keel_others="$keel_others $keel_word"])
done
KEEL_OTHER_VARIANTS=$keel_others
AC_SUBST([KEEL_VARIANT])
AC_SUBST([KEEL_OTHER_VARIANTS])
AC_SUBST([KEEL_VARIANT_CFLAGS])])
