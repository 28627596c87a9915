/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What multiboot loaders hand over. Source: Multiboot Specification 0.6.96 and Multiboot2
 * Specification 2.0.
 */
#pragma once

#include <stdint.h>

#define MULTIBOOT1_LOADER       0x2badb002
#define MULTIBOOT2_LOADER       0x36d76289

#define MULTIBOOT1_MEMORY       (1u << 0)
#define MULTIBOOT1_COMMAND_LINE (1u << 2)
#define MULTIBOOT1_MODULES      (1u << 3)
#define MULTIBOOT1_MAP          (1u << 6)
#define MULTIBOOT1_LOADER_NAME  (1u << 9)

struct multiboot1_info {
    uint32_t flags;
    uint32_t lower_kib;
    uint32_t upper_kib;
    uint32_t boot_device;
    uint32_t command_line;
    uint32_t module_count;
    uint32_t modules;
    uint32_t symbols[4];
    uint32_t map_bytes;
    uint32_t map;
    uint32_t drives_bytes;
    uint32_t drives;
    uint32_t config_table;
    uint32_t loader_name;
};

struct multiboot1_module {
    uint32_t start;
    uint32_t end;
    uint32_t command_line;
    uint32_t reserved;
};

struct multiboot1_range {
    uint32_t bytes; /* of what follows */
    uint64_t base;
    uint64_t length;
    uint32_t type;
} __attribute__((packed));

enum multiboot_memory {
    MULTIBOOT_MEMORY_FREE = 1,
    MULTIBOOT_MEMORY_ACPI = 3,
};

enum multiboot2_type {
    MULTIBOOT2_END,
    MULTIBOOT2_COMMAND_LINE,
    MULTIBOOT2_LOADER_NAME,
    MULTIBOOT2_MODULE,
    MULTIBOOT2_MEMORY,
    MULTIBOOT2_MAP = 6,
    MULTIBOOT2_RSDP_OLD = 14,
    MULTIBOOT2_RSDP_NEW = 15,
};

struct multiboot2_info {
    uint32_t total_bytes;
    uint32_t reserved;
};

/* Each is 8-byte aligned. */
struct multiboot2_tag {
    uint32_t type;
    uint32_t bytes;
};

struct multiboot2_module {
    struct multiboot2_tag tag;
    uint32_t start;
    uint32_t end;
};

struct multiboot2_memory {
    struct multiboot2_tag tag;
    uint32_t lower_kib;
    uint32_t upper_kib;
};

struct multiboot2_map {
    struct multiboot2_tag tag;
    uint32_t entry_bytes;
    uint32_t entry_version;
};

struct multiboot2_range {
    uint64_t base;
    uint64_t length;
    uint32_t type;
    uint32_t reserved;
};
