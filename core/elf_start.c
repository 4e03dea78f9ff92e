/*
 * elf_start: the lists of what the dynamic loader calls, and whose the entries are.
 *
 * Source: System V ABI, chapter 5, "Initialization and Termination Functions"
 */
#include "core/elf_start.h"

#include <string.h>

enum { ENTRIES_MAX = 4096 };

#if __ELF_NATIVE_CLASS == 64
#define SYMBOL_OF(info) ELF64_R_SYM(info)
#else
#define SYMBOL_OF(info) ELF32_R_SYM(info)
#endif
#define TYPE_OF(info) ((info)&0xf)

typedef struct {
        const ElfImage *image;
        ElfTable symbols;        /* of the dynamic table */
        ElfTable moved;          /* of ElfW(Rela) */
        ElfTable names, strings; /* all names, of those who debug; empty: stripped */
        bool skips_first; /* of each list: stripped, but of a compiler that puts one into both */
        GArray *code;
} Reader;

static bool
is_compilers(const char *name)
{
        static const char *const whole[] = {"frame_dummy", "__do_global_dtors_aux",
                                            "__llvm_gcov_init", NULL};
        /* Constructors of gcc's sanitizers (priority 99) and coverage (100). */
        static const char *const starts[] = {"_sub_I_00099_", "_sub_D_00099_", "_sub_I_00100_",
                                             "_sub_D_00100_", NULL};

        if (g_strv_contains(whole, name))
                return true;
        for (const char *const *start = starts; *start; start++) {
                if (g_str_has_prefix(name, *start))
                        return true;
        }
        /* clang's: asan.module_ctor, sancov.module_ctor_8bit_counters */
        return strstr(name, ".module_ctor") || strstr(name, ".module_dtor");
}

/* The name of the function at @address, a compiler's if it has one. Returns: (borrowed) or NULL */
static const char *
name_of(const Reader *reader, ElfW(Addr) address)
{
        const char *found = NULL;
        ElfW(Sym) symbol;

        for (size_t at = 0; at + sizeof symbol <= reader->names.n; at += sizeof symbol) {
                if (!elf_image_read(reader->image, reader->names.offset + at, &symbol,
                                    sizeof symbol))
                        return found;
                if (symbol.st_value != address || TYPE_OF(symbol.st_info) != STT_FUNC)
                        continue;
                const char *name =
                        elf_image_string(reader->image, &reader->strings, symbol.st_name);
                if (name && is_compilers(name))
                        return name;
                if (!found)
                        found = name;
        }
        return found;
}

/* What the loader finds in the word at @slot: in the file, or put there by a relocation. */
static bool
read_slot(const Reader *reader, ElfW(Addr) slot, ElfW(Addr) * out)
{
        ElfW(Rela) move;
        ElfW(Sym) symbol;
        size_t offset;

        for (size_t at = 0; at + sizeof move <= reader->moved.n; at += sizeof move) {
                if (!elf_image_read(reader->image, reader->moved.offset + at, &move, sizeof move))
                        return false;
                if (move.r_offset != slot)
                        continue;
                *out = (ElfW(Addr))move.r_addend;
                size_t index = SYMBOL_OF(move.r_info);
                if (index == 0)
                        return true;
                if (index >= reader->symbols.n / sizeof symbol ||
                    !elf_image_read(reader->image, reader->symbols.offset + index * sizeof symbol,
                                    &symbol, sizeof symbol))
                        return false;
                *out += symbol.st_value;
                return true;
        }
        return elf_image_place(reader->image, slot, sizeof *out, &offset) &&
               elf_image_read(reader->image, offset, out, sizeof *out);
}

static void
add(const Reader *reader, ElfW(Addr) address, bool at_close)
{
        const char *name = name_of(reader, address);
        const ElfCode code = {name, name ? strcspn(name, ".") : 0, address, at_close};

        if (!code.name || !is_compilers(code.name))
                g_array_append_val(reader->code, code);
}

static bool
read_list(const Reader *reader, ElfW(Sxword) tag, ElfW(Sxword) size_tag, bool at_close)
{
        ElfW(Xword) list, size;

        if (!elf_image_value(reader->image, tag, &list))
                return true;
        if (!elf_image_value(reader->image, size_tag, &size) ||
            size / sizeof(ElfW(Addr)) > ENTRIES_MAX)
                return false;
        for (size_t i = 0; i < size / sizeof(ElfW(Addr)); i++) {
                ElfW(Addr) address;
                if (!read_slot(reader, list + i * sizeof address, &address))
                        return false;
                if (i > 0 || !reader->skips_first)
                        add(reader, address, at_close);
        }
        return true;
}

static bool
find_section(const ElfImage *image, const char *name, ElfW(Shdr) * out)
{
        ElfW(Shdr) names;

        if (!elf_image_section(image, image->header.e_shstrndx, &names))
                return false;
        const ElfTable strings = {names.sh_offset, names.sh_size};
        for (unsigned i = 0; elf_image_section(image, i, out); i++) {
                const char *found = elf_image_string(image, &strings, out->sh_name);
                if (found && strcmp(found, name) == 0)
                        return true;
        }
        return false;
}

/* The start files of every compiler make one function of section .init, and one of .fini. */
static void
read_function(const Reader *reader, ElfW(Sxword) tag, const char *section_name, bool at_close)
{
        ElfW(Xword) address;
        ElfW(Shdr) section;

        if (!elf_image_value(reader->image, tag, &address))
                return;
        if (find_section(reader->image, section_name, &section) && section.sh_addr == address)
                return;
        add(reader, address, at_close);
}

static void
find_names(Reader *reader)
{
        ElfW(Shdr) section, strings;

        for (unsigned i = 0; elf_image_section(reader->image, i, &section); i++) {
                if (section.sh_type != SHT_SYMTAB ||
                    !elf_image_section(reader->image, section.sh_link, &strings))
                        continue;
                reader->names = (ElfTable){section.sh_offset, section.sh_size};
                reader->strings = (ElfTable){strings.sh_offset, strings.sh_size};
                return;
        }
}

bool
elf_start_read(const ElfImage *image, const ElfTable *symbols, GArray *code)
{
        Reader reader = {.image = image, .symbols = *symbols, .code = code};
        ElfW(Xword) list;

        if (!elf_image_table(image, DT_RELA, DT_RELASZ, &reader.moved))
                return false;
        find_names(&reader);
        reader.skips_first = reader.names.n == 0 && elf_image_value(image, DT_INIT_ARRAY, &list) &&
                             elf_image_value(image, DT_FINI_ARRAY, &list);
        read_function(&reader, DT_INIT, ".init", false);
        read_function(&reader, DT_FINI, ".fini", true);
        return read_list(&reader, DT_INIT_ARRAY, DT_INIT_ARRAYSZ, false) &&
               read_list(&reader, DT_FINI_ARRAY, DT_FINI_ARRAYSZ, true);
}
