/*
 * elf_image: the bytes of a shared object as the dynamic loader takes them: segments, sections and
 * the dynamic table, read within bounds, whatever the file holds.
 *
 * Source: System V ABI, chapters 4 and 5 (gABI 4.1); elf(5)
 */
#pragma once

#include <link.h>
#include <motet/types.h>

typedef struct {
        const uint8_t *bytes; /* (borrowed) */
        size_t n;
        ElfW(Ehdr) header;
        ElfW(Phdr) dynamic; /* the segment of the dynamic table */
} ElfImage;

/** ElfTable: a table in the file; n 0: there is none. */
typedef struct {
        size_t offset, n; /* bytes */
} ElfTable;

/**
 * elf_image_init:
 * @bytes: (borrowed) as long as @image is used
 * @error: set to MOTET_ERROR_MODULE: what is wrong, as the end of a sentence that begins with the
 *   name of the file
 *
 * Takes a shared object for the kind of machine that this program was built for, and nothing else.
 */
bool elf_image_init(ElfImage *image, const uint8_t *bytes, size_t n, GError **error);
/** elf_image_read: copies @n bytes of the file; false when they are not all there */
bool elf_image_read(const ElfImage *image, size_t offset, void *out, size_t n);
/** elf_image_place: @offset_out: where in the file the @n bytes are that are at @address once it is
 * mapped; false when they are not from the file */
bool elf_image_place(const ElfImage *image, ElfW(Addr) address, size_t n, size_t *offset_out);
/** elf_image_string: Returns: (borrowed) a text of a table of strings; NULL when it does not end
 * inside */
const char *elf_image_string(const ElfImage *image, const ElfTable *strings, size_t index);
/** elf_image_segment: false behind the last, or when it is not in the file */
bool elf_image_segment(const ElfImage *image, unsigned index, ElfW(Phdr) * out);
/** elf_image_section: false behind the last, or when it is not in the file */
bool elf_image_section(const ElfImage *image, unsigned index, ElfW(Shdr) * out);
/** elf_image_entry: an entry of the dynamic table; false at its end */
bool elf_image_entry(const ElfImage *image, unsigned index, ElfW(Dyn) * out);
/** elf_image_value: what the dynamic table says of @tag; false when it says nothing */
bool elf_image_value(const ElfImage *image, ElfW(Sxword) tag, ElfW(Xword) * out);
/** elf_image_table: the table that @tag points at, of the bytes that @size_tag says; empty without
 * @tag. Returns: false when it is not in the file */
bool elf_image_table(const ElfImage *image, ElfW(Sxword) tag, ElfW(Sxword) size_tag, ElfTable *out);
