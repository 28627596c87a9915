/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Feeds rtl/utf8.c, the input once as UTF-8 and once as UTF-16. What comes out is well formed and comes back; it has the
 * length that was measured; and a buffer that is too small holds the beginning of what a large one would.
 */
#include <stdlib.h>
#include <string.h>

#include <nt/ntstatus.h>

#include "rtl/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* Of its exact size, for the sanitizer. */
static void *copy_of(const void *data, size_t bytes)
{
    void *copy = malloc(bytes != 0 ? bytes : 1);
    if (bytes != 0)
        memcpy(copy, data, bytes);
    return copy;
}

/* The UTF-8 that a conversion made gives the same UTF-16 again, without a complaint. */
static void check_utf8(const CHAR *utf8, ULONG bytes, const WCHAR *text, ULONG text_bytes)
{
    WCHAR *back = copy_of(text, text_bytes);
    ULONG written;
    require(RtlUTF8ToUnicodeN(back, text_bytes, &written, utf8, bytes) == STATUS_SUCCESS);
    require(written == text_bytes && memcmp(back, text, written) == 0);
    free(back);
}

static void from_utf8(const CHAR *source, ULONG bytes, ULONG room)
{
    ULONG measured, written, some;
    NTSTATUS status = RtlUTF8ToUnicodeN(NULL, 0, &measured, source, bytes);
    require(status == STATUS_SUCCESS || status == STATUS_SOME_NOT_MAPPED);
    require(measured <= bytes * sizeof(WCHAR));
    WCHAR *text = malloc(measured + 1);
    require(RtlUTF8ToUnicodeN(text, measured, &written, source, bytes) == status);
    require(written == measured);
    CHAR *back = malloc((size_t)measured * 3 + 1);
    require(RtlUnicodeToUTF8N(back, measured * 3, &written, text, measured) == STATUS_SUCCESS);
    require(status != STATUS_SUCCESS || (written == bytes && memcmp(back, source, bytes) == 0));
    check_utf8(back, written, text, measured);
    room = room < measured ? room : measured;
    WCHAR *part = malloc(room + 1);
    status = RtlUTF8ToUnicodeN(part, room, &some, source, bytes);
    require(room == measured || status == STATUS_BUFFER_TOO_SMALL);
    require(some <= room && room - some < 4 && memcmp(part, text, some) == 0);
    free(part);
    free(back);
    free(text);
}

static void from_utf16(const WCHAR *source, ULONG bytes, ULONG room)
{
    ULONG measured, written, some;
    NTSTATUS status = RtlUnicodeToUTF8N(NULL, 0, &measured, source, bytes);
    require(status == STATUS_SUCCESS || status == STATUS_SOME_NOT_MAPPED);
    CHAR *utf8 = malloc(measured + 1);
    require(RtlUnicodeToUTF8N(utf8, measured, &written, source, bytes) == status);
    require(written == measured);
    if (status == STATUS_SUCCESS)
        check_utf8(utf8, measured, source, bytes);
    room = room < measured ? room : measured;
    CHAR *part = malloc(room + 1);
    status = RtlUnicodeToUTF8N(part, room, &some, source, bytes);
    require(room == measured || status == STATUS_BUFFER_TOO_SMALL);
    require(some <= room && room - some < 4 && memcmp(part, utf8, some) == 0);
    free(part);
    free(utf8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    if (bytes == 0)
        return 0;
    ULONG room = data[0], rest = (ULONG)bytes - 1;
    void *source = copy_of(data + 1, rest);
    from_utf8(source, rest, room);
    from_utf16(source, rest & ~1u, room);
    free(source);
    return 0;
}
