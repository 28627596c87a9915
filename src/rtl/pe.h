/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PE images as bytes: checked, looked up, relocated, bound. Source of all: Microsoft "PE Format" (the PE/COFF
 * specification), unless a comment names another.
 *
 * Pure code: bytes in, answers out. The bytes stand as in the file, or as they are mapped; every read is checked
 * against their length, on every call anew, so that bytes that change meanwhile cost a wrong answer and never a fault.
 * Where the bytes are is for the caller: no lock, no allocation, any IRQL at which they can be touched.
 *
 * RVAs are what all functions talk in. "Found" functions return STATUS_NOT_FOUND where the image has no such thing, and
 * STATUS_INVALID_IMAGE_FORMAT where it has one that does not hold together. Out-pointers are written on success only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include <nt/ntdef.h>
#include <nt/ntstatus.h>
#include <nt/pe.h>
#include <nt/unwind.h>

/* --- Why an image is refused: name, status, words for who started it ------------------------------------------- */

#define RTL_PE_REFUSALS(X)                                                                         \
    X(NONE, STATUS_SUCCESS, "is an image")                                                         \
    X(NOT_MZ, STATUS_INVALID_IMAGE_NOT_MZ, "does not begin with MZ")                               \
    X(DOS, STATUS_INVALID_IMAGE_PROTECT, "is a DOS program")                                       \
    X(WIN_16, STATUS_INVALID_IMAGE_WIN_16, "is a 16-bit Windows program")                          \
    X(NE, STATUS_INVALID_IMAGE_NE_FORMAT, "is an NE image that is not for Windows")                \
    X(LE, STATUS_INVALID_IMAGE_LE_FORMAT, "is an LE or LX image")                                  \
    X(NO_SIGNATURE, STATUS_INVALID_IMAGE_FORMAT, "has no PE signature")                            \
    X(TRUNCATED, STATUS_INVALID_IMAGE_FORMAT, "ends within its headers")                           \
    X(WIN_32, STATUS_INVALID_IMAGE_WIN_32, "is a 32-bit image (PE32)")                             \
    X(WIN_64, STATUS_INVALID_IMAGE_WIN_64, "is a 64-bit image (PE32+)")                            \
    X(MAGIC, STATUS_INVALID_IMAGE_FORMAT, "has an optional header of no known kind")               \
    X(MACHINE, STATUS_INVALID_IMAGE_FORMAT, "is for another processor")                            \
    X(NOT_EXECUTABLE, STATUS_INVALID_IMAGE_FORMAT, "is not marked as linked without errors")       \
    X(OPTIONAL_SIZE, STATUS_INVALID_IMAGE_FORMAT, "has an optional header that is too small")      \
    X(ALIGNMENT, STATUS_INVALID_IMAGE_FORMAT,                                                      \
      "has alignments that are not powers of two or "                                              \
      "contradict each other")                                                                     \
    X(BASE, STATUS_INVALID_IMAGE_FORMAT, "has a base that is not a multiple of 64 KiB")            \
    X(IMAGE_SIZE, STATUS_INVALID_IMAGE_FORMAT, "has an impossible SizeOfImage")                    \
    X(HEADER_SIZE, STATUS_INVALID_IMAGE_FORMAT, "has a SizeOfHeaders that does not fit")           \
    X(SECTION_COUNT, STATUS_INVALID_IMAGE_FORMAT, "has more than 96 sections")                     \
    X(SECTION_ADDRESS, STATUS_INVALID_IMAGE_FORMAT,                                                \
      "has sections that overlap, leave gaps or are not in order")                                 \
    X(SECTION_SIZE, STATUS_INVALID_IMAGE_FORMAT, "has a section that ends beyond SizeOfImage")     \
    X(SECTION_FILE, STATUS_INVALID_IMAGE_FORMAT, "has a section that the file does not hold")      \
    X(SECTION_FLAT, STATUS_INVALID_IMAGE_FORMAT,                                                   \
      "is aligned below a page, and the file is not laid out as memory")                           \
    X(ENTRY, STATUS_INVALID_IMAGE_FORMAT, "has its entry point outside")

enum rtl_pe_refusal {
#define RTL_PE_REFUSAL_NAME(name, status, text) RTL_PE_##name,
    RTL_PE_REFUSALS(RTL_PE_REFUSAL_NAME)
#undef RTL_PE_REFUSAL_NAME
        RTL_PE_REFUSAL_COUNT
};

/* Words that go on behind the file's name: "x.exe is a 16-bit Windows program". */
const char *rtl_pe_refusal_text(enum rtl_pe_refusal refusal);

/* --- The image ---------------------------------------------------------------------------------------------- */

#define RTL_PE_SECTIONS_MAX 96 /* "COFF File Header", NumberOfSections */

enum rtl_pe_layout { RTL_PE_FILE, RTL_PE_MAPPED };

struct rtl_pe {
    const uint8_t *bytes;
    size_t length;
    enum rtl_pe_layout layout;
    uint32_t nt_at, sections_at; /* where the headers begin, file and mapped alike */
    uint32_t image_bytes;        /* SizeOfImage in whole pages */
    bool flat;                   /* aligned below a page: the file lies in memory as it is */
    IMAGE_FILE_HEADER file;
    IMAGE_OPTIONAL_HEADER64 optional; /* directories that it does not have are zero */
};

/* Characters that stand in the image: not terminated, `length` of them. */
struct rtl_pe_text {
    const char *chars;
    size_t length;
};

/*
 * Check the headers as NtCreateSection(SEC_IMAGE) does before anything is mapped, for a processor of `machine`.
 * `refusal` (may be NULL) is written always; the status is its row's.
 */
MUST_CHECK NTSTATUS rtl_pe_open(struct rtl_pe *pe, const void *bytes, size_t length,
                                enum rtl_pe_layout layout, uint16_t machine,
                                enum rtl_pe_refusal *refusal);

/* Copy `count` bytes from `rva`, zero-filled tails included. False: not all of it lies in the image. */
MUST_CHECK bool rtl_pe_read(const struct rtl_pe *pe, uint32_t rva, void *to, size_t count);
/* A terminated string that lies in one section. */
MUST_CHECK bool rtl_pe_read_text(const struct rtl_pe *pe, uint32_t rva, struct rtl_pe_text *text);
/* The bytes themselves, where `count` of them lie together; NULL: they do not. */
const void *rtl_pe_at(const struct rtl_pe *pe, uint32_t rva, size_t count);
bool rtl_pe_text_is(struct rtl_pe_text text, const char *wanted);

/* A pointer's RVA; what an image points at itself counts from OptionalHeader.ImageBase. */
MUST_CHECK bool rtl_pe_rva_of(const struct rtl_pe *pe, uint64_t address, uint32_t *rva);

MUST_CHECK bool rtl_pe_section(const struct rtl_pe *pe, uint32_t index,
                               IMAGE_SECTION_HEADER *section);
/* Bytes that a section takes in memory, in whole pages unless the image is flat. */
uint32_t rtl_pe_section_extent(const struct rtl_pe *pe, const IMAGE_SECTION_HEADER *section);
/* The section that holds `rva`. */
MUST_CHECK bool rtl_pe_section_of(const struct rtl_pe *pe, uint32_t rva,
                                  IMAGE_SECTION_HEADER *section);

/* What a page of the mapped image is made of. */
struct rtl_pe_page {
    uint32_t file_offset; /* of its first byte; 0: none comes from the file */
    uint32_t file_bytes;  /* so many come from the file, the rest is zero */
    uint32_t protection;  /* PAGE_...: copy-on-write where it is writable and not shared */
    bool shared;          /* all processes write the same page */
    bool discardable;
};

/* The page that holds `rva`. Layout: file. False: beyond the image. A hole behind the headers has PAGE_NOACCESS. */
MUST_CHECK bool rtl_pe_page(const struct rtl_pe *pe, uint32_t rva, struct rtl_pe_page *page);

/* A data directory that is there: not at 0, not empty. */
MUST_CHECK bool rtl_pe_directory(const struct rtl_pe *pe, uint32_t index,
                                 IMAGE_DATA_DIRECTORY *directory);

/* --- Exports ------------------------------------------------------------------------------------------------ */

struct rtl_pe_exports {
    const struct rtl_pe *pe;
    IMAGE_DATA_DIRECTORY place;
    IMAGE_EXPORT_DIRECTORY directory;
};

struct rtl_pe_export {
    struct rtl_pe_text name; /* empty when it was looked up by ordinal */
    struct rtl_pe_text
        forwarder; /* "DLL.Name" or "DLL.#number"; chars is NULL when it is no forwarder */
    uint32_t rva;
    uint32_t ordinal; /* biased: as importers say it */
};

MUST_CHECK NTSTATUS rtl_pe_exports_open(const struct rtl_pe *pe, struct rtl_pe_exports *exports);
/* STATUS_ENTRYPOINT_NOT_FOUND: no such name. Sorted names are searched by halves, unsorted ones one by one. */
MUST_CHECK NTSTATUS rtl_pe_export_find(const struct rtl_pe_exports *exports, const char *name,
                                       struct rtl_pe_export *found);
/* STATUS_ORDINAL_NOT_FOUND: no such ordinal, or a gap. */
MUST_CHECK NTSTATUS rtl_pe_export_by_ordinal(const struct rtl_pe_exports *exports, uint32_t ordinal,
                                             struct rtl_pe_export *found);
/* The names from 0 on, in the image's order. STATUS_NO_MORE_ENTRIES. */
MUST_CHECK NTSTATUS rtl_pe_export_name(const struct rtl_pe_exports *exports, uint32_t index,
                                       struct rtl_pe_export *found);

/*
 * The number of the system service that an exported thunk calls: mov r10, rcx; mov eax, number; syscall; ret, with or
 * without a test of SharedUserData before the syscall. STATUS_NOT_FOUND: the code does something else.
 */
MUST_CHECK NTSTATUS rtl_pe_service_number(const struct rtl_pe *pe, uint32_t rva, uint32_t *number);

/* --- Imports -------------------------------------------------------------------------------------------------- */

/* A DLL that the image imports from. */
struct rtl_pe_module {
    struct rtl_pe_text name;
    uint32_t
        names_rva; /* the lookup table: names and ordinals; the address table where there is none */
    uint32_t addresses_rva;
    uint32_t
        time_date_stamp; /* of the DLL that it is bound to; 0xffffffff: see the bound imports */
    bool bound;
    bool delayed;
};

struct rtl_pe_import {
    struct rtl_pe_text name; /* chars is NULL: by ordinal */
    uint16_t hint;
    uint16_t ordinal;
    uint32_t slot_rva; /* where its address goes */
};

/* A DLL that the addresses were bound to, and how many it forwards to; they follow it. */
struct rtl_pe_bound {
    struct rtl_pe_text name;
    uint32_t time_date_stamp;
    uint32_t forwarders;
};

/* From 0 on; STATUS_NO_MORE_ENTRIES, also when the image imports nothing. */
MUST_CHECK NTSTATUS rtl_pe_import_module(const struct rtl_pe *pe, uint32_t index,
                                         struct rtl_pe_module *module);
MUST_CHECK NTSTATUS rtl_pe_delay_module(const struct rtl_pe *pe, uint32_t index,
                                        struct rtl_pe_module *module);
MUST_CHECK NTSTATUS rtl_pe_import(const struct rtl_pe *pe, const struct rtl_pe_module *module,
                                  uint32_t index, struct rtl_pe_import *import);
MUST_CHECK NTSTATUS rtl_pe_bound_import(const struct rtl_pe *pe, uint32_t index,
                                        struct rtl_pe_bound *bound);

/* The address of what is imported; a failure is remembered by who gave the function, and names every missing one. */
typedef NTSTATUS rtl_pe_resolve(void *context, const struct rtl_pe_module *module,
                                const struct rtl_pe_import *import, uint64_t *address);

/*
 * Write the address of every import into its slot in `image`, the image_bytes of the writable mapping. All imports are
 * asked for even if one fails; the slots of those are left alone. Delay imports are the image's own business.
 *
 * Returns: the first failure of `resolve`, or STATUS_INVALID_IMAGE_FORMAT
 */
MUST_CHECK NTSTATUS rtl_pe_bind(const struct rtl_pe *pe, void *image, rtl_pe_resolve *resolve,
                                void *context);

/* --- Relocations ---------------------------------------------------------------------------------------------- */

struct rtl_pe_relocation {
    uint32_t rva;
    uint32_t type; /* IMAGE_REL_BASED_... */
};

/* A place in the directory; all zero is its beginning. */
struct rtl_pe_relocation_cursor {
    uint32_t block, entry;
};

/* STATUS_NO_MORE_ENTRIES. Padding (ABSOLUTE) is passed on, too. */
MUST_CHECK NTSTATUS rtl_pe_relocation(const struct rtl_pe *pe,
                                      struct rtl_pe_relocation_cursor *cursor,
                                      struct rtl_pe_relocation *relocation);
/* Can the image be loaded anywhere? Every relocation is of a known type and lies inside, or why not. */
MUST_CHECK NTSTATUS rtl_pe_check_relocations(const struct rtl_pe *pe);
/*
 * Add `delta` to what of the page at `page_rva` holds addresses. `pe` shows the image as it was linked; `page` is a copy
 * of that page. A pointer that straddles two pages is relocated half by half, whichever page comes first.
 */
MUST_CHECK NTSTATUS rtl_pe_relocate_page(const struct rtl_pe *pe, uint32_t page_rva, void *page,
                                         uint64_t delta);
/*
 * The same for all of the writable mapping `image` at once, and put the new base into its header. Nothing is changed
 * unless all can be. STATUS_CONFLICTING_ADDRESSES: the linker stripped the relocations.
 */
MUST_CHECK NTSTATUS rtl_pe_relocate(const struct rtl_pe *pe, void *image, uint64_t delta);

/* --- Other directories ---------------------------------------------------------------------------------------- */

/* As much as the image has of it, zeros behind that. */
MUST_CHECK NTSTATUS rtl_pe_load_config(const struct rtl_pe *pe,
                                       IMAGE_LOAD_CONFIG_DIRECTORY64 *config);
/* Where the security cookie stands. */
MUST_CHECK NTSTATUS rtl_pe_security_cookie(const struct rtl_pe *pe, uint32_t *rva);

struct rtl_pe_tls {
    uint32_t template_rva, template_bytes, zero_bytes;
    uint32_t index_rva;
    uint32_t callbacks_rva; /* 0: none */
};

MUST_CHECK NTSTATUS rtl_pe_tls(const struct rtl_pe *pe, struct rtl_pe_tls *tls);
MUST_CHECK NTSTATUS rtl_pe_tls_callback(const struct rtl_pe *pe, const struct rtl_pe_tls *tls,
                                        uint32_t index, uint32_t *rva);

/* The entry of .pdata that covers `rva`. STATUS_NOT_FOUND: a leaf function, or no code. */
MUST_CHECK NTSTATUS rtl_pe_function(const struct rtl_pe *pe, uint32_t rva,
                                    RUNTIME_FUNCTION *function);

struct rtl_pe_pdb {
    uint8_t guid[16];
    uint32_t age;
    struct rtl_pe_text name;
};

MUST_CHECK NTSTATUS rtl_pe_debug(const struct rtl_pe *pe, uint32_t index,
                                 IMAGE_DEBUG_DIRECTORY *entry);
MUST_CHECK NTSTATUS rtl_pe_pdb(const struct rtl_pe *pe, struct rtl_pe_pdb *pdb);

/* A resource's type, name or language. Source: Win32 "Resource Types". */
enum rtl_pe_resource_type { RTL_PE_RESOURCE_VERSION = 16, RTL_PE_RESOURCE_MANIFEST = 24 };

struct rtl_pe_resource_key {
    const uint16_t
        *chars;      /* NULL: a number; else exactly as it stands there, which is in capitals */
    uint16_t length; /* characters */
    uint16_t id;
    bool any; /* the first one will do */
};

struct rtl_pe_resource {
    uint32_t rva, bytes, code_page;
};

MUST_CHECK NTSTATUS rtl_pe_find_resource(const struct rtl_pe *pe,
                                         const struct rtl_pe_resource_key path[3],
                                         struct rtl_pe_resource *resource);

/* --- Check sum of a file -------------------------------------------------------------------------------------- */

/* What OptionalHeader.CheckSum has to be. Layout: file. */
uint32_t rtl_pe_checksum(const struct rtl_pe *pe);
/* As NT asks of drivers and of what is loaded at boot: STATUS_IMAGE_CHECKSUM_MISMATCH. */
MUST_CHECK NTSTATUS rtl_pe_verify_checksum(const struct rtl_pe *pe);
