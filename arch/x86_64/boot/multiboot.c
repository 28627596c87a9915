/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads what the boot loader handed over and keeps a copy: afterwards none of the loader's memory
 * is needed but the modules. GRUB comes by multiboot2 (or 1), QEMU's -kernel by multiboot1.
 */
#include "x86_64/boot/multiboot.h"
#include "x86_64/x86.h"

#define KIB 1024

struct x86_multiboot x86_multiboot;

/* The loader's structures lie below 4 GiB, which the early page tables map. */
static const void *at(uint64_t physical)
{
    return (const void *)(X86_EARLY_DIRECT + (physical & UINT32_MAX));
}

static void add_range(uint64_t base, uint64_t bytes, enum arch_memory_kind kind)
{
    struct x86_multiboot *boot = &x86_multiboot;
    if (boot->raw_count < ARRAY_COUNT(boot->raw)) /* one too many is told by x86_memory_init */
        boot->raw[boot->raw_count] = (struct arch_memory_range){ base, bytes, kind };
    boot->raw_count++;
}

static void add_firmware_range(uint64_t base, uint64_t bytes, uint32_t type)
{
    enum arch_memory_kind kind = type == MULTIBOOT_MEMORY_FREE   ? ARCH_MEMORY_FREE
                                 : type == MULTIBOOT_MEMORY_ACPI ? ARCH_MEMORY_RECLAIMABLE
                                                                 : ARCH_MEMORY_RESERVED;
    add_range(base, bytes, kind);
}

static void add_old_memory(uint32_t lower_kib, uint32_t upper_kib)
{
    add_range(0, (uint64_t)lower_kib * KIB, ARCH_MEMORY_FREE);
    add_range(KIB * KIB, (uint64_t)upper_kib * KIB, ARCH_MEMORY_FREE);
}

static bool starts_with(const char *text, const char *start)
{
    while (*start != '\0' && *text == *start) {
        text++;
        start++;
    }
    return *start == '\0';
}

static const char *copy_command_line(const char *line)
{
    size_t n = 0;
    for (; line[n] != '\0'; n++) {
        if (n == sizeof(x86_multiboot.command_line) - 1)
            return "the command line is longer than 1023 bytes";
        x86_multiboot.command_line[n] = line[n];
    }
    x86_multiboot.command_line[n] = '\0';
    return NULL;
}

static void drop_first_word(char *line)
{
    char *rest = line;
    while (*rest != '\0' && *rest != ' ')
        rest++;
    while (*rest == ' ')
        rest++;
    do
        *line++ = *rest;
    while (*rest++ != '\0');
}

/*
 * GRUB joins its arguments by blanks, puts one with blanks in it in double quotes, and a backslash
 * before each of \ " ' (the exact inverse of that; a quote without a backslash can only be GRUB's
 * own).
 */
void x86_multiboot_unquote(char *line)
{
    char *to = line;
    for (const char *from = line; *from != '\0'; from++) {
        if (*from == '"')
            continue;
        if (*from == '\\' && from[1] != '\0')
            from++;
        *to++ = *from;
    }
    while (to > line && to[-1] == ' ')
        to--;
    *to = '\0';
}

static const char *read_line(const char *line, const char *loader, bool names_kernel)
{
    const char *refusal = copy_command_line(line);
    if (refusal != NULL)
        return refusal;
    if (starts_with(loader, "GRUB"))
        x86_multiboot_unquote(x86_multiboot.command_line);
    else if (names_kernel)
        drop_first_word(x86_multiboot.command_line);
    return NULL;
}

static void read_modules(const struct multiboot1_info *info)
{
    const struct multiboot1_module *module = at(info->modules);
    for (uint32_t i = 0; i < info->module_count; i++)
        add_range(module[i].start, module[i].end - (uint64_t)module[i].start, ARCH_MEMORY_BOOT);
}

static const char *read_version1(const struct multiboot1_info *info)
{
    if (info->flags & MULTIBOOT1_MAP) {
        for (uint32_t offset = 0; offset + sizeof(struct multiboot1_range) <= info->map_bytes;) {
            const struct multiboot1_range *range = at(info->map + offset);
            add_firmware_range(range->base, range->length, range->type);
            offset += range->bytes + sizeof(range->bytes);
        }
    } else if (info->flags & MULTIBOOT1_MEMORY) {
        add_old_memory(info->lower_kib, info->upper_kib);
    }
    if (info->flags & MULTIBOOT1_MODULES)
        read_modules(info);
    if (!(info->flags & MULTIBOOT1_COMMAND_LINE))
        return NULL;
    const char *loader = info->flags & MULTIBOOT1_LOADER_NAME ? at(info->loader_name) : "";
    return read_line(at(info->command_line), loader, true);
}

static void read_map(const struct multiboot2_map *map)
{
    if (map->entry_bytes < sizeof(struct multiboot2_range))
        return;
    const char *entry = (const char *)(map + 1);
    const char *end = (const char *)map + map->tag.bytes;
    for (; entry + map->entry_bytes <= end; entry += map->entry_bytes) {
        const struct multiboot2_range *range = (const void *)entry;
        add_firmware_range(range->base, range->length, range->type);
    }
}

/*
 * The new table comes with a length and 64-bit addresses; it wins whatever the order of the tags.
 */
static void read_rsdp(const struct multiboot2_tag *tag)
{
    struct x86_multiboot *boot = &x86_multiboot;
    size_t bytes = tag->bytes - sizeof(*tag);
    if (tag->type == MULTIBOOT2_RSDP_OLD && boot->rsdp_bytes != 0)
        return;
    if (bytes > sizeof(boot->rsdp))
        bytes = sizeof(boot->rsdp);
    const uint8_t *from = (const uint8_t *)(tag + 1);
    for (size_t i = 0; i < bytes; i++)
        boot->rsdp[i] = from[i];
    boot->rsdp_bytes = bytes;
}

struct tags {
    const char *line;
    const char *loader;
    const struct multiboot2_memory *memory;
    bool map;
};

static void read_tag(const struct multiboot2_tag *tag, struct tags *tags)
{
    const struct multiboot2_module *module = (const void *)tag;
    switch (tag->type) {
    case MULTIBOOT2_COMMAND_LINE:
        tags->line = (const char *)(tag + 1);
        break;
    case MULTIBOOT2_LOADER_NAME:
        tags->loader = (const char *)(tag + 1);
        break;
    case MULTIBOOT2_MODULE:
        add_range(module->start, module->end - (uint64_t)module->start, ARCH_MEMORY_BOOT);
        break;
    case MULTIBOOT2_MEMORY:
        tags->memory = (const void *)tag;
        break;
    case MULTIBOOT2_MAP:
        read_map((const void *)tag);
        tags->map = true;
        break;
    case MULTIBOOT2_RSDP_OLD:
    case MULTIBOOT2_RSDP_NEW:
        read_rsdp(tag);
        break;
    default:
        break;
    }
}

static const char *read_version2(const struct multiboot2_info *info)
{
    struct tags tags = { .loader = "" };
    const char *position = (const char *)(info + 1);
    const char *end = (const char *)info + info->total_bytes;
    while (position + sizeof(struct multiboot2_tag) <= end) {
        const struct multiboot2_tag *tag = (const void *)position;
        if (tag->type == MULTIBOOT2_END || tag->bytes < sizeof(*tag))
            break;
        read_tag(tag, &tags);
        position += (tag->bytes + 7) & ~7u;
    }
    if (!tags.map && tags.memory != NULL)
        add_old_memory(tags.memory->lower_kib, tags.memory->upper_kib);
    return tags.line == NULL ? NULL : read_line(tags.line, tags.loader, false);
}

const char *x86_multiboot_read(uint32_t magic, uint64_t info)
{
    x86_boot.command_line = x86_multiboot.command_line;
    if (magic == MULTIBOOT1_LOADER)
        return read_version1(at(info));
    if (magic == MULTIBOOT2_LOADER)
        return read_version2(at(info));
    return "not started by a multiboot loader";
}
