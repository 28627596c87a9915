dnl SPDX-License-Identifier: BSD-2-Clause
dnl What configure misses: collected by every other macro, reported once.

dnl KEEL_MISSING(WHAT, DEBIAN-PACKAGE)
AC_DEFUN([KEEL_MISSING],
[keel_missing="${keel_missing}
    m4_normalize([$1]) (Debian package: m4_normalize([$2]))"
keel_packages="$keel_packages m4_normalize([$2])"])

dnl KEEL_REPORT_MISSING: ends configure if anything was missing, with all of it.
AC_DEFUN([KEEL_REPORT_MISSING],
[AS_IF([test -n "$keel_missing"],
  [keel_packages=`for keel_word in $keel_packages; do echo $keel_word; done | sort -u | tr '\n' ' '`
   AC_MSG_ERROR([these are missing:$keel_missing
  On Debian: apt-get install $keel_packages])])])
