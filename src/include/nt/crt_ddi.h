/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The C run-time functions on memory and text that the kernel exports, for drivers that are built without a C library's
 * headers. Source of all: Microsoft C runtime library reference, the page of the name. IRQL: any, if resident.
 */
#ifndef NT_CRT_DDI_H
#define NT_CRT_DDI_H

#include <nt/ntdef.h>

/* Results of the functions with _s. Source: "errno constants". */
typedef int errno_t;
#define CRT_EINVAL    22
#define CRT_ERANGE    34
#define CRT_STRUNCATE 80
/* The count of the n functions with _s that asks for as much as fits. */
#define CRT_TRUNCATE ((size_t)-1)

typedef int crt_compare(const void *a, const void *b);

void *memchr(const void *memory, int value, size_t bytes);
errno_t memcpy_s(void *target, size_t room, const void *source, size_t bytes);
errno_t memmove_s(void *target, size_t room, const void *source, size_t bytes);

size_t strnlen(const char *text, size_t most);
char *strchr(const char *text, int character);
char *strrchr(const char *text, int character);
char *strstr(const char *text, const char *part);
size_t strspn(const char *text, const char *set);
char *strcpy(char *target, const char *source);
char *strncpy(char *target, const char *source, size_t count);
char *strcat(char *target, const char *source);
char *strncat(char *target, const char *source, size_t count);
int _stricmp(const char *a, const char *b);
int _strnicmp(const char *a, const char *b, size_t count);
char *_strlwr(char *text);
char *_strupr(char *text);
errno_t strcpy_s(char *target, size_t room, const char *source);
errno_t strcat_s(char *target, size_t room, const char *source);
errno_t strncpy_s(char *target, size_t room, const char *source, size_t count);
errno_t strncat_s(char *target, size_t room, const char *source, size_t count);
int atoi(const char *text);
LONG atol(const char *text);

size_t wcslen(const WCHAR *text);
size_t wcsnlen(const WCHAR *text, size_t most);
WCHAR *wcschr(const WCHAR *text, WCHAR character);
WCHAR *wcsrchr(const WCHAR *text, WCHAR character);
WCHAR *wcsstr(const WCHAR *text, const WCHAR *part);
size_t wcsspn(const WCHAR *text, const WCHAR *set);
size_t wcscspn(const WCHAR *text, const WCHAR *set);
WCHAR *wcscpy(WCHAR *target, const WCHAR *source);
WCHAR *wcsncpy(WCHAR *target, const WCHAR *source, size_t count);
WCHAR *wcscat(WCHAR *target, const WCHAR *source);
WCHAR *wcsncat(WCHAR *target, const WCHAR *source, size_t count);
int wcscmp(const WCHAR *a, const WCHAR *b);
int wcsncmp(const WCHAR *a, const WCHAR *b, size_t count);
int _wcsicmp(const WCHAR *a, const WCHAR *b);
int _wcsnicmp(const WCHAR *a, const WCHAR *b, size_t count);
WCHAR *_wcslwr(WCHAR *text);
WCHAR *_wcsupr(WCHAR *text);
errno_t wcscpy_s(WCHAR *target, size_t room, const WCHAR *source);
errno_t wcscat_s(WCHAR *target, size_t room, const WCHAR *source);
errno_t wcsncpy_s(WCHAR *target, size_t room, const WCHAR *source, size_t count);
errno_t wcsncat_s(WCHAR *target, size_t room, const WCHAR *source, size_t count);

int tolower(int character);
int toupper(int character);
int isdigit(int character);
int isxdigit(int character);
int islower(int character);
int isupper(int character);
int isalpha(int character);
int isalnum(int character);
int isspace(int character);
int isprint(int character);

void qsort(void *base, size_t count, size_t bytes, crt_compare *compare);
void *bsearch(const void *key, const void *base, size_t count, size_t bytes, crt_compare *compare);

#endif
