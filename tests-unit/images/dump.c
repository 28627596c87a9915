/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What rtl/pe.c sees in files: pe-dump FILE... prints a line for each fact, for test_images.py to compare with what another
 * reader of PE files sees. Each file is looked at twice, as it lies and as it would be mapped, and both must say the
 * same; relocated as a whole and page by page, both must give the same.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rtl/pe.h"

#define PAGE  0x1000u
#define DELTA 0x7123450000u

static void print_name(FILE *out, struct rtl_pe_text text)
{
    (void)fwrite(text.chars, 1, text.length, out);
}

static void print_end(FILE *out, const char *what, NTSTATUS status)
{
    if (status != STATUS_NO_MORE_ENTRIES && status != STATUS_NOT_FOUND)
        (void)fprintf(out, "broken %s %08x\n", what, (unsigned)status);
}

static void print_exports(FILE *out, const struct rtl_pe *pe)
{
    struct rtl_pe_exports exports;
    struct rtl_pe_export found;
    NTSTATUS status = rtl_pe_exports_open(pe, &exports);
    if (!NT_SUCCESS(status)) {
        print_end(out, "exports", status);
        return;
    }
    for (uint32_t i = 0; i < exports.directory.NumberOfFunctions; i++) {
        uint32_t ordinal = exports.directory.Base + i;
        status = rtl_pe_export_by_ordinal(&exports, ordinal, &found);
        if (status == STATUS_ORDINAL_NOT_FOUND)
            continue;
        if (!NT_SUCCESS(status)) {
            print_end(out, "export", status);
            continue;
        }
        (void)fprintf(out, "export %u ", ordinal);
        if (found.forwarder.chars != NULL)
            print_name(out, found.forwarder);
        else
            (void)fprintf(out, "0x%x", found.rva);
        (void)fputc('\n', out);
    }
    for (uint32_t i = 0; NT_SUCCESS(status = rtl_pe_export_name(&exports, i, &found)); i++) {
        struct rtl_pe_export again;
        uint32_t number;
        char name[4096];
        (void)snprintf(name, sizeof(name), "%.*s", (int)found.name.length, found.name.chars);
        (void)fprintf(out, "name %u %s\n", found.ordinal, name);
        if (!NT_SUCCESS(rtl_pe_export_find(&exports, name, &again)) || again.rva != found.rva)
            (void)fprintf(out, "broken lookup of %s\n", name);
        if (found.forwarder.chars == NULL &&
            NT_SUCCESS(rtl_pe_service_number(pe, found.rva, &number)))
            (void)fprintf(out, "service %u %s\n", number, name);
    }
    print_end(out, "names", status);
}

static void print_imports(FILE *out, const struct rtl_pe *pe, const char *word,
                          NTSTATUS (*next)(const struct rtl_pe *, uint32_t, struct rtl_pe_module *))
{
    struct rtl_pe_module module;
    struct rtl_pe_import import;
    NTSTATUS status;
    for (uint32_t i = 0; NT_SUCCESS(status = next(pe, i, &module)); i++) {
        (void)fprintf(out, "%s ", word);
        print_name(out, module.name);
        (void)fputc('\n', out);
        for (uint32_t j = 0; NT_SUCCESS(status = rtl_pe_import(pe, &module, j, &import)); j++) {
            (void)fprintf(out, "symbol ");
            if (import.name.chars != NULL)
                print_name(out, import.name);
            (void)fprintf(out, " (%u)\n", import.name.chars != NULL ? import.hint : import.ordinal);
        }
        print_end(out, "import", status);
    }
    print_end(out, word, status);
}

static void print_relocations(FILE *out, const struct rtl_pe *pe)
{
    struct rtl_pe_relocation_cursor cursor = { 0, 0 };
    struct rtl_pe_relocation relocation;
    uint64_t sum[16] = { 0 };
    uint32_t count[16] = { 0 };
    NTSTATUS status;
    while (NT_SUCCESS(status = rtl_pe_relocation(pe, &cursor, &relocation))) {
        count[relocation.type & 15]++;
        sum[relocation.type & 15] += relocation.rva;
    }
    print_end(out, "relocations", status);
    for (uint32_t type = 1; type < 16; type++) {
        if (count[type] != 0)
            (void)fprintf(out, "relocations %u %u %llu\n", type, count[type],
                          (unsigned long long)sum[type]);
    }
}

static void print_others(FILE *out, const struct rtl_pe *pe)
{
    const struct rtl_pe_resource_key version[3] = { { .id = RTL_PE_RESOURCE_VERSION },
                                                    { .any = true },
                                                    { .any = true } };
    struct rtl_pe_resource resource;
    struct rtl_pe_tls tls;
    struct rtl_pe_pdb pdb;
    IMAGE_LOAD_CONFIG_DIRECTORY64 config;
    RUNTIME_FUNCTION function;
    uint32_t mark = 0, rva, callbacks = 0;
    if (NT_SUCCESS(rtl_pe_find_resource(pe, version, &resource)) &&
        rtl_pe_read(pe, resource.rva + 40, &mark, sizeof(mark)))
        (void)fprintf(out, "version %u 0x%x\n", resource.bytes, mark);
    if (NT_SUCCESS(rtl_pe_tls(pe, &tls))) {
        while (NT_SUCCESS(rtl_pe_tls_callback(pe, &tls, callbacks, &rva)))
            callbacks++;
        (void)fprintf(out, "tls %u %u %u\n", tls.template_bytes, tls.zero_bytes, callbacks);
    }
    if (NT_SUCCESS(rtl_pe_pdb(pe, &pdb))) {
        (void)fprintf(out, "pdb %u ", pdb.age);
        print_name(out, pdb.name);
        (void)fputc('\n', out);
    }
    if (NT_SUCCESS(rtl_pe_load_config(pe, &config)))
        (void)fprintf(out, "cookie 0x%llx\n", (unsigned long long)config.SecurityCookie);
    if (NT_SUCCESS(rtl_pe_function(pe, pe->optional.AddressOfEntryPoint, &function)))
        (void)fprintf(out, "entry 0x%x 0x%x\n", function.BeginAddress, function.EndAddress);
}

static char *describe(const struct rtl_pe *pe)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    if (out == NULL)
        exit(2);
    print_exports(out, pe);
    print_imports(out, pe, "import", rtl_pe_import_module);
    print_imports(out, pe, "delay", rtl_pe_delay_module);
    print_relocations(out, pe);
    print_others(out, pe);
    (void)fclose(out);
    return text;
}

/* --- The same, mapped ------------------------------------------------------------------------------------------- */

static uint8_t *map_pages(const struct rtl_pe *pe)
{
    uint8_t *memory = calloc(1, pe->image_bytes);
    for (uint32_t rva = 0; memory != NULL && rva < pe->image_bytes; rva += PAGE) {
        struct rtl_pe_page page;
        if (!rtl_pe_page(pe, rva, &page))
            abort();
        memcpy(memory + rva, pe->bytes + page.file_offset, page.file_bytes);
    }
    return memory;
}

static void check_relocation(const struct rtl_pe *pe, const struct rtl_pe *mapped, uint8_t *memory)
{
    uint8_t *pages = map_pages(pe);
    NTSTATUS status = rtl_pe_check_relocations(pe);
    if (status == STATUS_CONFLICTING_ADDRESSES)
        printf("stripped\n");
    else if (!NT_SUCCESS(status))
        printf("broken relocations %08x\n", (unsigned)status);
    else if (!NT_SUCCESS(rtl_pe_relocate(mapped, memory, DELTA)))
        printf("broken relocation\n");
    for (uint32_t rva = PAGE; NT_SUCCESS(status) && rva < pe->image_bytes; rva += PAGE) {
        status = rtl_pe_relocate_page(pe, rva, pages + rva, DELTA);
        if (!NT_SUCCESS(status) || memcmp(pages + rva, memory + rva, PAGE) != 0) {
            printf("broken page 0x%x\n", rva);
            break;
        }
    }
    free(pages);
}

static void dump(const uint8_t *bytes, size_t length)
{
    struct rtl_pe pe, mapped;
    enum rtl_pe_refusal refusal;
    NTSTATUS status =
        rtl_pe_open(&pe, bytes, length, RTL_PE_FILE, IMAGE_FILE_MACHINE_AMD64, &refusal);
    printf("status %08x %s\n", (unsigned)status, rtl_pe_refusal_text(refusal));
    if (!NT_SUCCESS(status))
        return;
    char *text = describe(&pe);
    (void)fputs(text, stdout);
    if (pe.optional.CheckSum != 0)
        printf("checksum %s\n", NT_SUCCESS(rtl_pe_verify_checksum(&pe)) ? "good" : "bad");
    uint8_t *memory = map_pages(&pe);
    status = rtl_pe_open(&mapped, memory, pe.image_bytes, RTL_PE_MAPPED, IMAGE_FILE_MACHINE_AMD64,
                         &refusal);
    if (!NT_SUCCESS(status)) {
        printf("broken mapping: %s\n", rtl_pe_refusal_text(refusal));
    } else {
        char *mapped_text = describe(&mapped);
        printf("%s\n", strcmp(text, mapped_text) == 0 ? "same" : "broken: mapped it is another");
        free(mapped_text);
        check_relocation(&pe, &mapped, memory);
    }
    free(memory);
    free(text);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        struct stat facts;
        int file = open(argv[i], O_RDONLY);
        if (file < 0 || fstat(file, &facts) != 0) {
            perror(argv[i]);
            return 1;
        }
        size_t length = (size_t)facts.st_size;
        void *bytes = mmap(NULL, length, PROT_READ, MAP_PRIVATE, file, 0);
        if (bytes == MAP_FAILED) {
            perror(argv[i]);
            return 1;
        }
        printf("file %s\n", argv[i]);
        dump(bytes, length);
        (void)munmap(bytes, length);
        (void)close(file);
    }
    return 0;
}
