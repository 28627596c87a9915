/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memcpy & co. for the kernel image. By 8-byte moves and not by string instructions: on the reference machine `rep`
 * costs an instruction per element, ten times as much as the loop. The compiler must not see memcpy in them and call it.
 */
#include "rtl/memory.h"

#include <stdbool.h>
#include <stdint.h>

#define NO_BUILTIN __attribute__((no_builtin("memcpy", "memmove", "memset", "memcmp", "strlen")))

/* A word at any address: the processor does not mind, the compiler is told. */
typedef uint64_t __attribute__((aligned(1), may_alias)) word;

static inline void copy_up(char *to, const char *from, size_t bytes)
{
    for (; bytes >= 32; bytes -= 32, to += 32, from += 32) {
        uint64_t a = ((const word *)from)[0], b = ((const word *)from)[1];
        uint64_t c = ((const word *)from)[2], d = ((const word *)from)[3];
        ((word *)to)[0] = a;
        ((word *)to)[1] = b;
        ((word *)to)[2] = c;
        ((word *)to)[3] = d;
    }
    for (; bytes >= 8; bytes -= 8, to += 8, from += 8)
        *(word *)to = *(const word *)from;
    for (; bytes > 0; bytes--)
        *to++ = *from++;
}

static inline void copy_down(char *to, const char *from, size_t bytes)
{
    for (; bytes >= 8; bytes -= 8)
        *(word *)(to + bytes - 8) = *(const word *)(from + bytes - 8);
    for (; bytes > 0; bytes--)
        to[bytes - 1] = from[bytes - 1];
}

NO_BUILTIN void *memcpy(void *to, const void *from, size_t bytes)
{
    copy_up(to, from, bytes);
    return to;
}

NO_BUILTIN void *memmove(void *to, const void *from, size_t bytes)
{
    if ((uintptr_t)to - (uintptr_t)from < bytes)
        copy_down(to, from, bytes);
    else
        copy_up(to, from, bytes);
    return to;
}

NO_BUILTIN void *memset(void *to, int value, size_t bytes)
{
    uint64_t pattern = (uint8_t)value * 0x0101010101010101u;
    char *p = to;
    for (; bytes >= 32; bytes -= 32, p += 32) {
        ((word *)p)[0] = pattern;
        ((word *)p)[1] = pattern;
        ((word *)p)[2] = pattern;
        ((word *)p)[3] = pattern;
    }
    for (; bytes >= 8; bytes -= 8, p += 8)
        *(word *)p = pattern;
    for (; bytes > 0; bytes--)
        *p++ = (char)value;
    return to;
}

NO_BUILTIN int memcmp(const void *a, const void *b, size_t bytes)
{
    const uint8_t *x = a, *y = b;
    for (; bytes > 0; bytes--, x++, y++) {
        if (*x != *y)
            return *x < *y ? -1 : 1;
    }
    return 0;
}

NO_BUILTIN size_t strlen(const char *text)
{
    size_t length = 0;
    while (text[length] != 0)
        length++;
    return length;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t count)
{
    for (; count > 0; count--, a++, b++) {
        if (*a != *b)
            return (uint8_t)*a < (uint8_t)*b ? -1 : 1;
        if (*a == 0)
            return 0;
    }
    return 0;
}
