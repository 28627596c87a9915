/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of boot/multiboot.c and boot/relocate.c. */
#include "base/selftest.h"
#include "x86_64/x86.h"

static bool unquotes(const char *from, const char *to)
{
    char line[64];
    size_t n = 0;
    do
        line[n] = from[n];
    while (from[n++] != '\0');
    x86_multiboot_unquote(line);
    for (n = 0; line[n] == to[n]; n++) {
        if (to[n] == '\0')
            return true;
    }
    return false;
}

TEST_KERNEL(x86_boot, quoting_of_grub_is_undone, "the loader is x86's")
{
    EXPECT(unquotes("", ""));
    EXPECT(unquotes("selftest ", "selftest"));
    EXPECT(unquotes("\"selftest seed=1\" ", "selftest seed=1"));
    EXPECT(unquotes("a\\\"b\\\\c\\'d", "a\"b\\c'd"));
    EXPECT(unquotes("\"run=\\\"C:\\\\a b\\\"\" x", "run=\"C:\\a b\" x"));
}

TEST_KERNEL(x86_boot, a_seed_gives_the_same_numbers_again, "entropy is the port's")
{
    uint64_t a = 5, b = 5, c = 6;
    uint64_t first = x86_random(&a);
    EXPECT_EQ(first, x86_random(&b));
    EXPECT(first != x86_random(&c));
    EXPECT(first != x86_random(&a));
}

TEST_KERNEL(x86_boot, the_image_runs_where_its_header_says, "the image is PE")
{
    extern char __ImageBase[];
    const char *pe = __ImageBase + *(const uint32_t *)(__ImageBase + 0x3c);
    EXPECT_EQ(*(const uint64_t *)(pe + 24 + 24), (uintptr_t)__ImageBase);
    EXPECT_EQ(arch_boot()->image_base, (uintptr_t)__ImageBase);
    EXPECT_EQ((uintptr_t)__ImageBase % 0x200000, X86_IMAGE_PHYSICAL);
    uint64_t pfn = 0;
    REQUIRE(arch_mmu_query((uintptr_t)__ImageBase, &pfn, NULL));
    EXPECT_EQ(pfn << ARCH_PAGE_SHIFT, X86_IMAGE_PHYSICAL);
}

TEST_KERNEL(x86_boot, frames_taken_at_boot_are_not_free, "the memory map is the port's")
{
    const struct arch_boot *boot = arch_boot();
    bool tables_used = false, image_used = false;
    for (size_t i = 0; i < boot->memory_count; i++) {
        const struct arch_memory_range *range = &boot->memory[i];
        EXPECT(i == 0 || range->base >= range[-1].base + range[-1].bytes);
        bool used = range->kind == ARCH_MEMORY_BOOT;
        tables_used |= used && x86_kernel_cr3 - range->base < range->bytes;
        image_used |= used && X86_IMAGE_PHYSICAL - range->base < range->bytes;
    }
    EXPECT(tables_used);
    EXPECT(image_used);
}
