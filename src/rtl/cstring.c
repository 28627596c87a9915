/* SPDX-License-Identifier: BSD-2-Clause */
/* Terminated text of bytes: finding, comparing, copying, characters. Bytes are compared as unsigned ones. */
#include "rtl/cstring.h"

#include <stdbool.h>

#include "rtl/memory.h"

#define UNLIMITED ((size_t)-1)

/* --- Memory ----------------------------------------------------------------------------------------------- */

void *rtl_memchr(const void *memory, int value, size_t bytes)
{
    const unsigned char *p = memory;
    for (; bytes > 0; bytes--, p++) {
        if (*p == (unsigned char)value)
            return (void *)p;
    }
    return NULL;
}

/* What does not fit is not begun: the target becomes zeros, as documented. */
errno_t rtl_memcpy_s(void *target, size_t room, const void *source, size_t bytes)
{
    if (bytes == 0)
        return 0;
    if (target == NULL)
        return CRT_EINVAL;
    if (source == NULL || bytes > room) {
        memset(target, 0, room);
        return source == NULL ? CRT_EINVAL : CRT_ERANGE;
    }
    memcpy(target, source, bytes);
    return 0;
}

/* This one leaves the target alone. */
errno_t rtl_memmove_s(void *target, size_t room, const void *source, size_t bytes)
{
    if (bytes == 0)
        return 0;
    if (target == NULL || source == NULL)
        return CRT_EINVAL;
    if (bytes > room)
        return CRT_ERANGE;
    memmove(target, source, bytes);
    return 0;
}

/* --- Finding ---------------------------------------------------------------------------------------------- */

size_t rtl_strnlen(const char *text, size_t most)
{
    size_t length = 0;
    while (length < most && text[length] != 0)
        length++;
    return length;
}

char *rtl_strchr(const char *text, int character)
{
    for (; *text != (char)character; text++) {
        if (*text == 0)
            return NULL;
    }
    return (char *)text;
}

char *rtl_strrchr(const char *text, int character)
{
    for (size_t i = strlen(text) + 1; i-- > 0;) {
        if (text[i] == (char)character)
            return (char *)text + i;
    }
    return NULL;
}

char *rtl_strstr(const char *text, const char *part)
{
    size_t length = strlen(part);
    for (;; text++) {
        if (strncmp(text, part, length) == 0)
            return (char *)text;
        if (*text == 0)
            return NULL;
    }
}

/* How many characters from the start are in the set, or are not. */
static size_t span(const char *text, const char *set, bool in)
{
    size_t length = 0;
    while (text[length] != 0 && (rtl_strchr(set, text[length]) != NULL) == in)
        length++;
    return length;
}

size_t rtl_strspn(const char *text, const char *set)
{
    return span(text, set, true);
}

size_t rtl_strcspn(const char *text, const char *set)
{
    return span(text, set, false);
}

/* --- Comparing -------------------------------------------------------------------------------------------- */

int rtl_strnicmp(const char *a, const char *b, size_t count)
{
    for (; count > 0; count--, a++, b++) {
        int x = rtl_tolower((unsigned char)*a), y = rtl_tolower((unsigned char)*b);
        if (x != y || x == 0)
            return x - y;
    }
    return 0;
}

int rtl_stricmp(const char *a, const char *b)
{
    return rtl_strnicmp(a, b, UNLIMITED);
}

/* --- Copying ---------------------------------------------------------------------------------------------- */

char *rtl_strcpy(char *target, const char *source)
{
    memcpy(target, source, strlen(source) + 1);
    return target;
}

/* Not terminated if the source is as long; filled with zeros if it is shorter. */
char *rtl_strncpy(char *target, const char *source, size_t count)
{
    size_t length = rtl_strnlen(source, count);
    memcpy(target, source, length);
    memset(target + length, 0, count - length);
    return target;
}

char *rtl_strcat(char *target, const char *source)
{
    (void)rtl_strcpy(target + strlen(target), source); /* returns what it was given */
    return target;
}

/* Always terminated. */
char *rtl_strncat(char *target, const char *source, size_t count)
{
    size_t length = rtl_strnlen(source, count);
    char *end = target + strlen(target);
    memcpy(end, source, length);
    end[length] = 0;
    return target;
}

/*
 * Put at most `count` characters behind the first `at` of a target; what does not fit makes the target empty, or is cut
 * if the count is CRT_TRUNCATE.
 */
static errno_t put(char *target, size_t at, size_t room, const char *source, size_t count)
{
    if (source == NULL && count != 0) {
        target[0] = 0;
        return CRT_EINVAL;
    }
    size_t length = count != 0 ? rtl_strnlen(source, count < room - at ? count : room - at) : 0;
    errno_t result = 0;
    if (length == room - at) {
        if (count != CRT_TRUNCATE) {
            target[0] = 0;
            return CRT_ERANGE;
        }
        length--;
        result = CRT_STRUNCATE;
    }
    if (length > 0)
        memcpy(target + at, source, length);
    target[at + length] = 0;
    return result;
}

/* The same behind the text in a target, which must end within its room. */
static errno_t put_behind(char *target, size_t room, const char *source, size_t count)
{
    if (target == NULL || room == 0)
        return CRT_EINVAL;
    size_t at = rtl_strnlen(target, room);
    if (at == room) {
        target[0] = 0;
        return CRT_EINVAL;
    }
    return put(target, at, room, source, count);
}

errno_t rtl_strncpy_s(char *target, size_t room, const char *source, size_t count)
{
    return target == NULL || room == 0 ? CRT_EINVAL : put(target, 0, room, source, count);
}

errno_t rtl_strcpy_s(char *target, size_t room, const char *source)
{
    return rtl_strncpy_s(target, room, source, CRT_TRUNCATE - 1);
}

errno_t rtl_strncat_s(char *target, size_t room, const char *source, size_t count)
{
    return put_behind(target, room, source, count);
}

errno_t rtl_strcat_s(char *target, size_t room, const char *source)
{
    return put_behind(target, room, source, CRT_TRUNCATE - 1);
}

/* --- Characters ------------------------------------------------------------------------------------------- */

static int between(int character, int low, int high)
{
    return character >= low && character <= high;
}

int rtl_islower(int character)
{
    return between(character, 'a', 'z');
}

int rtl_isupper(int character)
{
    return between(character, 'A', 'Z');
}

int rtl_isdigit(int character)
{
    return between(character, '0', '9');
}

int rtl_isxdigit(int character)
{
    return rtl_isdigit(character) || between(rtl_tolower(character), 'a', 'f');
}

int rtl_isalpha(int character)
{
    return rtl_islower(character) || rtl_isupper(character);
}

int rtl_isalnum(int character)
{
    return rtl_isalpha(character) || rtl_isdigit(character);
}

int rtl_isspace(int character)
{
    return character == ' ' || between(character, '\t', '\r');
}

int rtl_isprint(int character)
{
    return between(character, ' ', '~');
}

int rtl_tolower(int character)
{
    return rtl_isupper(character) ? character + ('a' - 'A') : character;
}

int rtl_toupper(int character)
{
    return rtl_islower(character) ? character - ('a' - 'A') : character;
}

char *rtl_strlwr(char *text)
{
    for (char *p = text; *p != 0; p++)
        *p = (char)rtl_tolower(*p);
    return text;
}

char *rtl_strupr(char *text)
{
    for (char *p = text; *p != 0; p++)
        *p = (char)rtl_toupper(*p);
    return text;
}

/* Decimal, with blanks and one sign before it; beyond 32 bits the number that comes nearest. */
int rtl_atoi(const char *text)
{
    int64_t value = 0;
    while (rtl_isspace(*text))
        text++;
    bool negative = *text == '-';
    if (negative || *text == '+')
        text++;
    for (; rtl_isdigit(*text) && value <= INT32_MAX; text++)
        value = value * 10 + (*text - '0');
    if (value > (int64_t)INT32_MAX + negative)
        value = (int64_t)INT32_MAX + negative;
    return (int)(negative ? -value : value);
}
