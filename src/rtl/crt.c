/* SPDX-License-Identifier: BSD-2-Clause */
/* The C functions that drivers bind to, by their names: each is the function beside it. The host has its C library's. */
#include "rtl/cstring.h"

void *memchr(const void *memory, int value, size_t bytes)
{
    return rtl_memchr(memory, value, bytes);
}

errno_t memcpy_s(void *target, size_t room, const void *source, size_t bytes)
{
    return rtl_memcpy_s(target, room, source, bytes);
}

errno_t memmove_s(void *target, size_t room, const void *source, size_t bytes)
{
    return rtl_memmove_s(target, room, source, bytes);
}

size_t strnlen(const char *text, size_t most)
{
    return rtl_strnlen(text, most);
}

char *strchr(const char *text, int character)
{
    return rtl_strchr(text, character);
}

char *strrchr(const char *text, int character)
{
    return rtl_strrchr(text, character);
}

char *strstr(const char *text, const char *part)
{
    return rtl_strstr(text, part);
}

size_t strspn(const char *text, const char *set)
{
    return rtl_strspn(text, set);
}

char *strcpy(char *target, const char *source)
{
    return rtl_strcpy(target, source);
}

char *strncpy(char *target, const char *source, size_t count)
{
    return rtl_strncpy(target, source, count);
}

char *strcat(char *target, const char *source)
{
    return rtl_strcat(target, source);
}

char *strncat(char *target, const char *source, size_t count)
{
    return rtl_strncat(target, source, count);
}

int _stricmp(const char *a, const char *b)
{
    return rtl_stricmp(a, b);
}

int _strnicmp(const char *a, const char *b, size_t count)
{
    return rtl_strnicmp(a, b, count);
}

char *_strlwr(char *text)
{
    return rtl_strlwr(text);
}

char *_strupr(char *text)
{
    return rtl_strupr(text);
}

errno_t strcpy_s(char *target, size_t room, const char *source)
{
    return rtl_strcpy_s(target, room, source);
}

errno_t strcat_s(char *target, size_t room, const char *source)
{
    return rtl_strcat_s(target, room, source);
}

errno_t strncpy_s(char *target, size_t room, const char *source, size_t count)
{
    return rtl_strncpy_s(target, room, source, count);
}

errno_t strncat_s(char *target, size_t room, const char *source, size_t count)
{
    return rtl_strncat_s(target, room, source, count);
}

int atoi(const char *text)
{
    return rtl_atoi(text);
}

LONG atol(const char *text)
{
    return rtl_atoi(text);
}

size_t wcslen(const WCHAR *text)
{
    return rtl_wcslen(text);
}

size_t wcsnlen(const WCHAR *text, size_t most)
{
    return rtl_wcsnlen(text, most);
}

WCHAR *wcschr(const WCHAR *text, WCHAR character)
{
    return rtl_wcschr(text, character);
}

WCHAR *wcsrchr(const WCHAR *text, WCHAR character)
{
    return rtl_wcsrchr(text, character);
}

WCHAR *wcsstr(const WCHAR *text, const WCHAR *part)
{
    return rtl_wcsstr(text, part);
}

size_t wcsspn(const WCHAR *text, const WCHAR *set)
{
    return rtl_wcsspn(text, set);
}

size_t wcscspn(const WCHAR *text, const WCHAR *set)
{
    return rtl_wcscspn(text, set);
}

WCHAR *wcscpy(WCHAR *target, const WCHAR *source)
{
    return rtl_wcscpy(target, source);
}

WCHAR *wcsncpy(WCHAR *target, const WCHAR *source, size_t count)
{
    return rtl_wcsncpy(target, source, count);
}

WCHAR *wcscat(WCHAR *target, const WCHAR *source)
{
    return rtl_wcscat(target, source);
}

WCHAR *wcsncat(WCHAR *target, const WCHAR *source, size_t count)
{
    return rtl_wcsncat(target, source, count);
}

int wcscmp(const WCHAR *a, const WCHAR *b)
{
    return rtl_wcscmp(a, b);
}

int wcsncmp(const WCHAR *a, const WCHAR *b, size_t count)
{
    return rtl_wcsncmp(a, b, count);
}

int _wcsicmp(const WCHAR *a, const WCHAR *b)
{
    return rtl_wcsicmp(a, b);
}

int _wcsnicmp(const WCHAR *a, const WCHAR *b, size_t count)
{
    return rtl_wcsnicmp(a, b, count);
}

WCHAR *_wcslwr(WCHAR *text)
{
    return rtl_wcslwr(text);
}

WCHAR *_wcsupr(WCHAR *text)
{
    return rtl_wcsupr(text);
}

errno_t wcscpy_s(WCHAR *target, size_t room, const WCHAR *source)
{
    return rtl_wcscpy_s(target, room, source);
}

errno_t wcscat_s(WCHAR *target, size_t room, const WCHAR *source)
{
    return rtl_wcscat_s(target, room, source);
}

errno_t wcsncpy_s(WCHAR *target, size_t room, const WCHAR *source, size_t count)
{
    return rtl_wcsncpy_s(target, room, source, count);
}

errno_t wcsncat_s(WCHAR *target, size_t room, const WCHAR *source, size_t count)
{
    return rtl_wcsncat_s(target, room, source, count);
}

int tolower(int character)
{
    return rtl_tolower(character);
}

int toupper(int character)
{
    return rtl_toupper(character);
}

int isdigit(int character)
{
    return rtl_isdigit(character);
}

int isxdigit(int character)
{
    return rtl_isxdigit(character);
}

int islower(int character)
{
    return rtl_islower(character);
}

int isupper(int character)
{
    return rtl_isupper(character);
}

int isalpha(int character)
{
    return rtl_isalpha(character);
}

int isalnum(int character)
{
    return rtl_isalnum(character);
}

int isspace(int character)
{
    return rtl_isspace(character);
}

int isprint(int character)
{
    return rtl_isprint(character);
}

void qsort(void *base, size_t count, size_t bytes, crt_compare *compare)
{
    rtl_qsort(base, count, bytes, compare);
}

void *bsearch(const void *key, const void *base, size_t count, size_t bytes, crt_compare *compare)
{
    return rtl_bsearch(key, base, count, bytes, compare);
}
