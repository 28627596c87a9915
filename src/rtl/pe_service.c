/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Service numbers, read from the code of what ntdll.dll and win32u.dll export. Source of the instructions: the bytes of
 * such files, disassembled, and the AMD64 manual, volume 3, for their encodings. Three shapes are known: a plain syscall,
 * and those that look at SharedUserData (a byte that says "use the other way") before it, whatever follows then.
 */
#include "rtl/pe.h"

#include "rtl/memory.h"

static const uint8_t load_number[] = { 0x4c, 0x8b, 0xd1, 0xb8 }; /* mov r10, rcx; mov eax, imm32 */
static const uint8_t test_shared[] = { 0xf6, 0x04, 0x25 };       /* test byte [disp32], imm8 */
static const uint8_t enter[] = { 0x0f, 0x05, 0xc3 };             /* syscall; ret */

#define NUMBER_AT   sizeof(load_number)
#define AFTER_LOAD  (NUMBER_AT + 4)
#define TEST_BYTES  8
#define JNE_SHORT   0x75
#define JNE_BYTES   2
#define PLAIN_BYTES (AFTER_LOAD + sizeof(enter))
#define LONG_BYTES  (PLAIN_BYTES + TEST_BYTES + JNE_BYTES)

MUST_CHECK NTSTATUS rtl_pe_service_number(const struct rtl_pe *pe, uint32_t rva, uint32_t *number)
{
    uint8_t code[LONG_BYTES] = { 0 };
    if (!rtl_pe_read(pe, rva, code, PLAIN_BYTES) ||
        memcmp(code, load_number, sizeof(load_number)) != 0)
        return STATUS_NOT_FOUND;
    const uint8_t *next = code + AFTER_LOAD;
    if (memcmp(next, test_shared, sizeof(test_shared)) == 0) {
        if (!rtl_pe_read(pe, rva, code, LONG_BYTES) || next[TEST_BYTES] != JNE_SHORT)
            return STATUS_NOT_FOUND;
        next += TEST_BYTES + JNE_BYTES;
    }
    if (memcmp(next, enter, sizeof(enter)) != 0)
        return STATUS_NOT_FOUND;
    memcpy(number, code + NUMBER_AT, sizeof(*number));
    return STATUS_SUCCESS;
}
