/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The C library's functions on terminated text, as rtl_NAME: the host has a C library of its own, whose wchar_t is not
 * NT's, and tests must see ours. crt.c gives the kernel's exports their names. Letters are those of ASCII, as in the C
 * locale. Pure code, at any IRQL if the memory is resident.
 */
#pragma once

#include <nt/crt_ddi.h>

void *rtl_memchr(const void *memory, int value, size_t bytes);
errno_t rtl_memcpy_s(void *target, size_t room, const void *source, size_t bytes);
errno_t rtl_memmove_s(void *target, size_t room, const void *source, size_t bytes);

size_t rtl_strnlen(const char *text, size_t most);
char *rtl_strchr(const char *text, int character);
char *rtl_strrchr(const char *text, int character);
char *rtl_strstr(const char *text, const char *part);
size_t rtl_strspn(const char *text, const char *set);
size_t rtl_strcspn(const char *text, const char *set);
char *rtl_strcpy(char *target, const char *source);
char *rtl_strncpy(char *target, const char *source, size_t count);
char *rtl_strcat(char *target, const char *source);
char *rtl_strncat(char *target, const char *source, size_t count);
int rtl_stricmp(const char *a, const char *b);
int rtl_strnicmp(const char *a, const char *b, size_t count);
char *rtl_strlwr(char *text);
char *rtl_strupr(char *text);
errno_t rtl_strcpy_s(char *target, size_t room, const char *source);
errno_t rtl_strcat_s(char *target, size_t room, const char *source);
errno_t rtl_strncpy_s(char *target, size_t room, const char *source, size_t count);
errno_t rtl_strncat_s(char *target, size_t room, const char *source, size_t count);
int rtl_atoi(const char *text);

size_t rtl_wcslen(const WCHAR *text);
size_t rtl_wcsnlen(const WCHAR *text, size_t most);
WCHAR *rtl_wcschr(const WCHAR *text, WCHAR character);
WCHAR *rtl_wcsrchr(const WCHAR *text, WCHAR character);
WCHAR *rtl_wcsstr(const WCHAR *text, const WCHAR *part);
size_t rtl_wcsspn(const WCHAR *text, const WCHAR *set);
size_t rtl_wcscspn(const WCHAR *text, const WCHAR *set);
WCHAR *rtl_wcscpy(WCHAR *target, const WCHAR *source);
WCHAR *rtl_wcsncpy(WCHAR *target, const WCHAR *source, size_t count);
WCHAR *rtl_wcscat(WCHAR *target, const WCHAR *source);
WCHAR *rtl_wcsncat(WCHAR *target, const WCHAR *source, size_t count);
int rtl_wcscmp(const WCHAR *a, const WCHAR *b);
int rtl_wcsncmp(const WCHAR *a, const WCHAR *b, size_t count);
int rtl_wcsicmp(const WCHAR *a, const WCHAR *b);
int rtl_wcsnicmp(const WCHAR *a, const WCHAR *b, size_t count);
WCHAR *rtl_wcslwr(WCHAR *text);
WCHAR *rtl_wcsupr(WCHAR *text);
errno_t rtl_wcscpy_s(WCHAR *target, size_t room, const WCHAR *source);
errno_t rtl_wcscat_s(WCHAR *target, size_t room, const WCHAR *source);
errno_t rtl_wcsncpy_s(WCHAR *target, size_t room, const WCHAR *source, size_t count);
errno_t rtl_wcsncat_s(WCHAR *target, size_t room, const WCHAR *source, size_t count);

int rtl_tolower(int character);
int rtl_toupper(int character);
/* Is a character, 0 to 255 or EOF, one of these? Everything beyond ASCII is none. */
int rtl_isdigit(int character);
int rtl_isxdigit(int character);
int rtl_islower(int character);
int rtl_isupper(int character);
int rtl_isalpha(int character);
int rtl_isalnum(int character);
int rtl_isspace(int character);
int rtl_isprint(int character);

void rtl_qsort(void *base, size_t count, size_t bytes, crt_compare *compare);
void *rtl_bsearch(const void *key, const void *base, size_t count, size_t bytes,
                  crt_compare *compare);
