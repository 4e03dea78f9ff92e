/*
 * elf_file: what a shared object says of itself, read without opening it: opening one runs code of
 * it.
 */
#pragma once

#include <motet/types.h>

/** ElfSymbol: a name that is shared with other objects. */
typedef struct {
        const char *name; /* (borrowed) of the file */
        uint64_t value, size;
        bool is_weak; /* of one that is used: it need not be there */
} ElfSymbol;

/** ElfCode: code that runs when the object is opened or closed. */
typedef struct {
        const char *name; /* (borrowed) of the file; NULL: it does not tell */
        size_t n_source;  /* how much of it the source says: compilers add to it, behind a dot */
        uint64_t address;
        bool at_close;
} ElfCode;

typedef struct {
        GBytes *bytes;        /* (own) the file */
        GArray *exports;      /* (own) of ElfSymbol: what it has for others */
        GArray *imports;      /* (own) of ElfSymbol: what it uses of others */
        GPtrArray *needed;    /* (own) of char* (borrowed): the libraries it names */
        GArray *code;         /* (own) of ElfCode, but the compiler's own */
        const char *run_path; /* (borrowed) where it looks for libraries first; NULL: nowhere */
        bool writes_text;     /* its code is changed when it is loaded */
        bool runs_stack;      /* it wants to run code on the stack */
} ElfFile;

/**
 * elf_file_open:
 * @path: of a regular file of at most 1 GiB
 * @error: set to MOTET_ERROR_MODULE: the end of a sentence that begins with the name of the file
 *
 * Reads a shared object for this kind of machine. Runs nothing of it.
 */
ElfFile *elf_file_open(const char *path, GError **error);
/** elf_file_new: @bytes: (borrowed) referenced. As elf_file_open() */
ElfFile *elf_file_new(GBytes *bytes, GError **error);
/** elf_file_free: NULL is a no-op */
void elf_file_free(ElfFile *file);
/** elf_file_export: Returns: (borrowed) NULL when it does not export @name */
const ElfSymbol *elf_file_export(const ElfFile *file, const char *name);
/** elf_file_imports: whether it uses @name of others */
bool elf_file_imports(const ElfFile *file, const char *name);
/** elf_file_read: copies the first @n bytes of what @symbol, an exported one, stands for, as they
 * are in the file. False: it is shorter, or not in the file */
bool elf_file_read(const ElfFile *file, const ElfSymbol *symbol, void *out, size_t n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ElfFile, elf_file_free)
