/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The check sum of a file: its 16-bit words, that of the check sum itself left out, added with the carry put back in,
 * and the file's length added to that. Source: "PE Format", CheckSum, names who needs it; the sum itself was established
 * from what GNU ld writes: it holds for the libraries of mingw-w64 in tests-unit/images. Those of libwine carry none that fits.
 */
#include "rtl/pe.h"

uint32_t rtl_pe_checksum(const struct rtl_pe *pe)
{
    size_t own = pe->nt_at + offsetof(IMAGE_NT_HEADERS64, OptionalHeader.CheckSum);
    uint32_t sum = 0;
    for (size_t at = 0; at < pe->length; at++) {
        if (at - own < sizeof(uint32_t))
            continue;
        sum += (uint32_t)pe->bytes[at] << (at % 2 != 0 ? 8 : 0);
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum + (uint32_t)pe->length;
}

MUST_CHECK NTSTATUS rtl_pe_verify_checksum(const struct rtl_pe *pe)
{
    return pe->optional.CheckSum == rtl_pe_checksum(pe) ? STATUS_SUCCESS
                                                        : STATUS_IMAGE_CHECKSUM_MISMATCH;
}
