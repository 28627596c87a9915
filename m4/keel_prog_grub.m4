dnl SPDX-License-Identifier: BSD-2-Clause
dnl What makes the ISO: grub-mkrescue, GRUB's modules for PC BIOS, xorriso.

AC_DEFUN([KEEL_PROG_GRUB],
[AC_ARG_VAR([GRUB_MKRESCUE], [grub-mkrescue])
AC_ARG_VAR([GRUB_PC_DIR], [folder of GRUB's modules for i386-pc])
AC_PATH_PROGS([GRUB_MKRESCUE], [grub-mkrescue grub2-mkrescue])
AS_IF([test -z "$GRUB_MKRESCUE"], [KEEL_MISSING([grub-mkrescue], [grub-common])])
AC_MSG_CHECKING([for GRUB's i386-pc modules])
AS_IF([test -z "$GRUB_PC_DIR"],
  [for keel_word in /usr/lib/grub/i386-pc /usr/lib/grub2/i386-pc /usr/share/grub2/i386-pc /usr/local/lib/grub/i386-pc; do
     AS_IF([test -f "$keel_word/multiboot2.mod"], [GRUB_PC_DIR=$keel_word; break])
   done])
AC_MSG_RESULT([${GRUB_PC_DIR:-no}])
AS_IF([test ! -f "$GRUB_PC_DIR/multiboot2.mod"],
  [KEEL_MISSING([GRUB's i386-pc modules], [grub-pc-bin])])
AC_PATH_PROG([XORRISO], [xorriso])
AS_IF([test -z "$XORRISO"], [KEEL_MISSING([xorriso], [xorriso])])])
