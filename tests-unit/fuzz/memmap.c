/* SPDX-License-Identifier: BSD-2-Clause */
/* Feeds rtl/memmap.c: any bytes are ranges; what comes out is sorted, disjoint, page aligned and not freer than it was. */
#include <stdlib.h>
#include <string.h>

#include <nt/ntstatus.h>

#include "rtl/memmap.h"

#define RANGES 24

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void require(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct arch_memory_range in[RANGES], out[2 * RANGES + 1];
    size_t count = 0, used;
    for (; count < RANGES && bytes >= 17; count++, data += 17, bytes -= 17) {
        memcpy(&in[count].base, data, 8);
        memcpy(&in[count].bytes, data + 8, 8);
        in[count].kind = (enum arch_memory_kind)(data[16] & 3);
    }
    require(NT_SUCCESS(rtl_memmap_normalise(in, count, out, 2 * count + 1, &used)));
    for (size_t i = 0; i < used; i++) {
        require(out[i].bytes != 0 && (out[i].base | out[i].bytes) % ARCH_PAGE_BYTES == 0);
        require(out[i].base + out[i].bytes > out[i].base);
        require(i == 0 || out[i - 1].base + out[i - 1].bytes <= out[i].base);
        for (size_t j = 0; j < count && out[i].kind == ARCH_MEMORY_FREE; j++) {
            uint64_t end =
                in[j].base + in[j].bytes < in[j].base ? UINT64_MAX : in[j].base + in[j].bytes;
            require(in[j].kind == ARCH_MEMORY_FREE || in[j].bytes == 0 || end <= out[i].base ||
                    in[j].base >= out[i].base + out[i].bytes);
        }
    }
    return 0;
}
