/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Puts the image where it will run: chooses the base, applies the relocations, maps it there.
 *
 * Runs at the image's physical address before anything is relocated, so all here is relative to the
 * instruction pointer: no pointer in data, no table of a switch, no sanitizer, no stack protector.
 *
 * The base is X86_IMAGE_SPACE + slot * 2 MiB + X86_IMAGE_PHYSICAL with 2^17 slots: 17 bits of
 * entropy, from RDRAND mixed with the time-stamp counter, or from the counter alone on a processor
 * without RDRAND. `seed=` on the command line fixes it, `nokaslr` takes slot 0.
 */
#include "x86_64/boot/multiboot.h"
#include "x86_64/x86.h"

#define EARLY                                                                                      \
    __attribute__((no_stack_protector,                                                             \
                   no_sanitize("undefined", "kernel-address", "thread", "coverage")))

#define SLOT_BITS           17
#define LARGE_PAGE          0x200000u
#define PRESENT_RW          3u
#define LARGE               0x80u
#define NO_EXECUTE          ((uint64_t)1 << 63)

#define RELOCATION_ABSOLUTE 0
#define RELOCATION_DIR64    10

extern char __ImageBase[];
extern uint64_t x86_early_pml4[512];
extern uint64_t x86_early_low_pdpt[512];
extern uintptr_t __security_cookie;
void x86_early_fault(void);
uint64_t x86_relocate(uint32_t magic, uint32_t info);

uint64_t x86_boot_seed;
uint64_t x86_boot_entropy;

static uint64_t high_pdpt[512] __attribute__((aligned(4096)));
static uint64_t high_pd[2][512] __attribute__((aligned(4096)));
static uint64_t early_idt[32][2];

EARLY uint64_t x86_random(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    uint64_t x = *state;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* All exceptions end in one line on COM1 and status 3. */
EARLY static void catch_exceptions(void)
{
    uint64_t handler = (uintptr_t)x86_early_fault;
    uint64_t selector = 0x10; /* 64-bit code in head.S */
    for (size_t i = 0; i < 32; i++) {
        early_idt[i][0] = (handler & 0xffff) | selector << 16 | (uint64_t)0x8e00 << 32 |
                          (handler >> 16 & 0xffff) << 48;
        early_idt[i][1] = handler >> 32;
    }
    struct x86_table_pointer pointer = { sizeof(early_idt) - 1, (uintptr_t)early_idt };
    x86_load_idt(&pointer);
}

EARLY static const char *command_line(uint32_t magic, uint32_t info)
{
    if (magic == MULTIBOOT1_LOADER) {
        const struct multiboot1_info *mbi = (const void *)(uintptr_t)info;
        bool given = mbi->flags & MULTIBOOT1_COMMAND_LINE;
        return given ? (const char *)(uintptr_t)mbi->command_line : NULL;
    }
    if (magic != MULTIBOOT2_LOADER)
        return NULL;
    const struct multiboot2_info *mbi = (const void *)(uintptr_t)info;
    for (uint32_t at = sizeof(*mbi); at + sizeof(struct multiboot2_tag) <= mbi->total_bytes;) {
        const struct multiboot2_tag *tag = (const void *)(uintptr_t)(info + at);
        if (tag->type == MULTIBOOT2_COMMAND_LINE && tag->bytes > sizeof(*tag))
            return (const char *)(tag + 1);
        if (tag->type == MULTIBOOT2_END || tag->bytes < sizeof(*tag))
            break;
        at += (tag->bytes + 7) & ~7u;
    }
    return NULL;
}

EARLY static bool ends_word(char c)
{
    return c == '\0' || c == ' ' || c == '\t' || c == '"' || c == '\'' || c == '\\';
}

/* Where the word starts that begins with `name`, behind the name; NULL: nowhere. */
EARLY static const char *find_word(const char *line, const char *name)
{
    bool at_start = true;
    for (; line != NULL && *line != '\0'; line++) {
        size_t n = 0;
        while (at_start && name[n] != '\0' && line[n] == name[n])
            n++;
        if (at_start && name[n] == '\0')
            return line + n;
        at_start = ends_word(*line);
    }
    return NULL;
}

/* A decimal or 0x number; what else is wrong with it rtl_options_parse says later. */
EARLY static uint64_t number(const char *text)
{
    uint64_t base = 10, value = 0;
    while (*text == '"' || *text == '\\')
        text++;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    for (; !ends_word(*text); text++) {
        char c = *text | 0x20;
        uint64_t digit = c >= 'a' ? (uint64_t)(c - 'a') + 10 : (uint64_t)(*text - '0');
        if (digit >= base)
            break;
        value = value * base + digit;
    }
    return value;
}

EARLY static uint64_t entropy(void)
{
    uint64_t state = arch_counter(), random = 0;
    if (x86_cpuid(1, 0).c & 1u << 30) {
        for (int tries = 0; tries < 10 && !x86_rdrand(&random); tries++)
            arch_cpu_pause();
    }
    state ^= random;
    return x86_random(&state);
}

/* The image's headers, read as the PE/COFF specification lays them out (PE32+). */
EARLY static void relocate_image(char *image, uint64_t base)
{
    char *pe = image + *(uint32_t *)(image + 0x3c);
    uint64_t *preferred = (uint64_t *)(pe + 24 + 24);
    uint32_t rva = *(uint32_t *)(pe + 24 + 112 + 5 * 8);
    uint32_t bytes = *(uint32_t *)(pe + 24 + 112 + 5 * 8 + 4);
    uint64_t delta = base - *preferred;
    *preferred = base;
    for (uint32_t at = 0; at + 8 <= bytes;) {
        const uint32_t *block = (const uint32_t *)(image + rva + at);
        const uint16_t *entries = (const uint16_t *)(block + 2);
        if (block[1] < 8)
            __builtin_trap();
        for (uint32_t i = 0; i < (block[1] - 8) / 2; i++) {
            uint64_t *target = (uint64_t *)(image + block[0] + (entries[i] & 0xfff));
            if (entries[i] >> 12 == RELOCATION_DIR64)
                *target += delta;
            else if (entries[i] >> 12 != RELOCATION_ABSOLUTE)
                __builtin_trap();
        }
        at += block[1];
    }
}

/* The image by large pages at its base, and all of the first 4 GiB at X86_EARLY_DIRECT. */
EARLY static void map_image(char *image, uint64_t slot)
{
    uint64_t image_bytes = *(uint32_t *)(image + *(uint32_t *)(image + 0x3c) + 24 + 56);
    uint64_t pages = (X86_IMAGE_PHYSICAL + image_bytes + LARGE_PAGE - 1) / LARGE_PAGE;
    uint64_t first_pd = slot / 512;
    for (uint64_t i = 0; i < pages && slot % 512 + i < 1024; i++)
        (&high_pd[0][0])[slot % 512 + i] = i * LARGE_PAGE | LARGE | PRESENT_RW;
    high_pdpt[first_pd] = (uintptr_t)high_pd[0] | PRESENT_RW;
    high_pdpt[first_pd + 1] = (uintptr_t)high_pd[1] | PRESENT_RW;
    bool nx = x86_read_msr(X86_MSR_EFER) & 1u << 11;
    x86_early_pml4[X86_IMAGE_SPACE >> 39 & 511] = (uintptr_t)high_pdpt | PRESENT_RW;
    x86_early_pml4[X86_EARLY_DIRECT >> 39 & 511] =
        (uintptr_t)x86_early_low_pdpt | PRESENT_RW | (nx ? NO_EXECUTE : 0);
}

/* Called by head.S. Returns what to add to an address to get to where the image runs. */
EARLY uint64_t x86_relocate(uint32_t magic, uint32_t info)
{
    catch_exceptions();
    const char *line = command_line(magic, info);
    const char *seed = find_word(line, "seed=");
    const char *fixed = find_word(line, "nokaslr");
    uint64_t state = seed != NULL ? number(seed) : entropy();
    x86_boot_seed = state;
    uint64_t slot = x86_random(&state) & ((1u << SLOT_BITS) - 1);
    if (fixed != NULL && ends_word(*fixed))
        slot = 0;
    x86_boot_entropy = fixed != NULL ? 0 : x86_random(&state);
    __security_cookie = x86_random(&state) >> 16; /* its upper bytes are zero on Windows, too */

    uint64_t base = X86_IMAGE_SPACE + slot * LARGE_PAGE + X86_IMAGE_PHYSICAL;
    relocate_image(__ImageBase, base);
    map_image(__ImageBase, slot);
    return base - (uintptr_t)__ImageBase;
}
