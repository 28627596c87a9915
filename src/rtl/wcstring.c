/* SPDX-License-Identifier: BSD-2-Clause */
/* Terminated text of 16-bit characters: what cstring.c has for bytes. Case is that of ASCII's letters, as there. */
#include <stdbool.h>

#include "rtl/cstring.h"
#include "rtl/memory.h"

#define UNLIMITED ((size_t)-1)

/* --- Finding ---------------------------------------------------------------------------------------------- */

size_t rtl_wcslen(const WCHAR *text)
{
    return rtl_wcsnlen(text, UNLIMITED);
}

size_t rtl_wcsnlen(const WCHAR *text, size_t most)
{
    size_t length = 0;
    while (length < most && text[length] != 0)
        length++;
    return length;
}

WCHAR *rtl_wcschr(const WCHAR *text, WCHAR character)
{
    for (; *text != character; text++) {
        if (*text == 0)
            return NULL;
    }
    return (WCHAR *)text;
}

WCHAR *rtl_wcsrchr(const WCHAR *text, WCHAR character)
{
    for (size_t i = rtl_wcslen(text) + 1; i-- > 0;) {
        if (text[i] == character)
            return (WCHAR *)text + i;
    }
    return NULL;
}

WCHAR *rtl_wcsstr(const WCHAR *text, const WCHAR *part)
{
    size_t length = rtl_wcslen(part);
    for (;; text++) {
        if (rtl_wcsncmp(text, part, length) == 0)
            return (WCHAR *)text;
        if (*text == 0)
            return NULL;
    }
}

/* How many characters from the start are in the set, or are not. */
static size_t span(const WCHAR *text, const WCHAR *set, bool in)
{
    size_t length = 0;
    while (text[length] != 0 && (rtl_wcschr(set, text[length]) != NULL) == in)
        length++;
    return length;
}

size_t rtl_wcsspn(const WCHAR *text, const WCHAR *set)
{
    return span(text, set, true);
}

size_t rtl_wcscspn(const WCHAR *text, const WCHAR *set)
{
    return span(text, set, false);
}

/* --- Comparing -------------------------------------------------------------------------------------------- */

static int compare(const WCHAR *a, const WCHAR *b, size_t count, int (*fold)(int))
{
    for (; count > 0; count--, a++, b++) {
        int x = fold != NULL ? fold(*a) : *a, y = fold != NULL ? fold(*b) : *b;
        if (x != y)
            return x < y ? -1 : 1;
        if (x == 0)
            return 0;
    }
    return 0;
}

int rtl_wcscmp(const WCHAR *a, const WCHAR *b)
{
    return compare(a, b, UNLIMITED, NULL);
}

int rtl_wcsncmp(const WCHAR *a, const WCHAR *b, size_t count)
{
    return compare(a, b, count, NULL);
}

int rtl_wcsicmp(const WCHAR *a, const WCHAR *b)
{
    return compare(a, b, UNLIMITED, rtl_tolower);
}

int rtl_wcsnicmp(const WCHAR *a, const WCHAR *b, size_t count)
{
    return compare(a, b, count, rtl_tolower);
}

WCHAR *rtl_wcslwr(WCHAR *text)
{
    for (WCHAR *p = text; *p != 0; p++)
        *p = (WCHAR)rtl_tolower(*p);
    return text;
}

WCHAR *rtl_wcsupr(WCHAR *text)
{
    for (WCHAR *p = text; *p != 0; p++)
        *p = (WCHAR)rtl_toupper(*p);
    return text;
}

/* --- Copying ---------------------------------------------------------------------------------------------- */

static void copy(WCHAR *target, const WCHAR *source, size_t characters)
{
    if (characters > 0)
        memcpy(target, source, characters * sizeof(WCHAR));
}

WCHAR *rtl_wcscpy(WCHAR *target, const WCHAR *source)
{
    copy(target, source, rtl_wcslen(source) + 1);
    return target;
}

/* Not terminated if the source is as long; filled with zeros if it is shorter. */
WCHAR *rtl_wcsncpy(WCHAR *target, const WCHAR *source, size_t count)
{
    size_t length = rtl_wcsnlen(source, count);
    copy(target, source, length);
    memset(target + length, 0, (count - length) * sizeof(WCHAR));
    return target;
}

WCHAR *rtl_wcscat(WCHAR *target, const WCHAR *source)
{
    (void)rtl_wcscpy(target + rtl_wcslen(target), source); /* returns what it was given */
    return target;
}

/* Always terminated. */
WCHAR *rtl_wcsncat(WCHAR *target, const WCHAR *source, size_t count)
{
    size_t length = rtl_wcsnlen(source, count);
    WCHAR *end = target + rtl_wcslen(target);
    copy(end, source, length);
    end[length] = 0;
    return target;
}

/*
 * Put at most `count` characters behind the first `at` of a target; what does not fit makes the target empty, or is cut
 * if the count is CRT_TRUNCATE.
 */
static errno_t put(WCHAR *target, size_t at, size_t room, const WCHAR *source, size_t count)
{
    if (source == NULL && count != 0) {
        target[0] = 0;
        return CRT_EINVAL;
    }
    size_t length = count != 0 ? rtl_wcsnlen(source, count < room - at ? count : room - at) : 0;
    errno_t result = 0;
    if (length == room - at) {
        if (count != CRT_TRUNCATE) {
            target[0] = 0;
            return CRT_ERANGE;
        }
        length--;
        result = CRT_STRUNCATE;
    }
    copy(target + at, source, length);
    target[at + length] = 0;
    return result;
}

/* The same behind the text in a target, which must end within its room. */
static errno_t put_behind(WCHAR *target, size_t room, const WCHAR *source, size_t count)
{
    if (target == NULL || room == 0)
        return CRT_EINVAL;
    size_t at = rtl_wcsnlen(target, room);
    if (at == room) {
        target[0] = 0;
        return CRT_EINVAL;
    }
    return put(target, at, room, source, count);
}

errno_t rtl_wcsncpy_s(WCHAR *target, size_t room, const WCHAR *source, size_t count)
{
    return target == NULL || room == 0 ? CRT_EINVAL : put(target, 0, room, source, count);
}

errno_t rtl_wcscpy_s(WCHAR *target, size_t room, const WCHAR *source)
{
    return rtl_wcsncpy_s(target, room, source, CRT_TRUNCATE - 1);
}

errno_t rtl_wcsncat_s(WCHAR *target, size_t room, const WCHAR *source, size_t count)
{
    return put_behind(target, room, source, count);
}

errno_t rtl_wcscat_s(WCHAR *target, size_t room, const WCHAR *source)
{
    return put_behind(target, room, source, CRT_TRUNCATE - 1);
}
