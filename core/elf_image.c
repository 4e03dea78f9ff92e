/*
 * elf_image: bounds-checked reading of a shared object. Structures are copied out of the file: what
 * it says of places may be anything, also not aligned.
 */
#include "core/elf_image.h"

#include <string.h>

#include "core/module_refusal.h"

/* The header of this program itself, put there by the linker: the kind of machine it is for. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

static const struct {
        unsigned number;
        const char *name;
} machines[] = {
        {EM_386, "i386"},        {EM_X86_64, "x86-64"}, {EM_ARM, "ARM"},
        {EM_AARCH64, "AArch64"}, {EM_RISCV, "RISC-V"},  {EM_PPC64, "PowerPC 64"},
        {EM_S390, "IBM S/390"},  {EM_MIPS, "MIPS"},     {EM_SPARCV9, "SPARC 64"},
};

bool
elf_image_read(const ElfImage *image, size_t offset, void *out, size_t n)
{
        if (offset > image->n || n > image->n - offset)
                return false;
        memcpy(out, image->bytes + offset, n);
        return true;
}

/* The entry @index of a table of the header, whose entries have @entry bytes there and @n here. */
static bool
read_row(const ElfImage *image, ElfW(Off) table, size_t entry, size_t index, void *out, size_t n)
{
        size_t offset;

        if (entry < n || __builtin_mul_overflow(entry, index, &offset) ||
            __builtin_add_overflow(offset, table, &offset))
                return false;
        return elf_image_read(image, offset, out, n);
}

bool
elf_image_segment(const ElfImage *image, unsigned index, ElfW(Phdr) * out)
{
        const ElfW(Ehdr) *header = &image->header;

        return index < header->e_phnum &&
               read_row(image, header->e_phoff, header->e_phentsize, index, out, sizeof *out);
}

bool
elf_image_section(const ElfImage *image, unsigned index, ElfW(Shdr) * out)
{
        const ElfW(Ehdr) *header = &image->header;

        return index < header->e_shnum &&
               read_row(image, header->e_shoff, header->e_shentsize, index, out, sizeof *out);
}

bool
elf_image_place(const ElfImage *image, ElfW(Addr) address, size_t n, size_t *offset_out)
{
        ElfW(Phdr) segment;

        for (unsigned i = 0; elf_image_segment(image, i, &segment); i++) {
                size_t offset;
                if (segment.p_type != PT_LOAD || address < segment.p_vaddr)
                        continue;
                size_t into = address - segment.p_vaddr;
                if (into > segment.p_filesz || n > segment.p_filesz - into)
                        continue;
                if (__builtin_add_overflow(segment.p_offset, into, &offset) || offset > image->n ||
                    n > image->n - offset)
                        return false;
                *offset_out = offset;
                return true;
        }
        return false;
}

const char *
elf_image_string(const ElfImage *image, const ElfTable *strings, size_t index)
{
        if (index >= strings->n || strings->offset > image->n ||
            strings->n > image->n - strings->offset)
                return NULL;
        const char *text = (const char *)image->bytes + strings->offset + index;
        return memchr(text, '\0', strings->n - index) ? text : NULL;
}

bool
elf_image_entry(const ElfImage *image, unsigned index, ElfW(Dyn) * out)
{
        const ElfW(Phdr) *dynamic = &image->dynamic;

        return index < dynamic->p_filesz / sizeof *out &&
               read_row(image, dynamic->p_offset, sizeof *out, index, out, sizeof *out) &&
               out->d_tag != DT_NULL;
}

bool
elf_image_value(const ElfImage *image, ElfW(Sxword) tag, ElfW(Xword) * out)
{
        ElfW(Dyn) entry;

        for (unsigned i = 0; elf_image_entry(image, i, &entry); i++) {
                if (entry.d_tag != tag)
                        continue;
                *out = entry.d_un.d_val;
                return true;
        }
        return false;
}

bool
elf_image_table(const ElfImage *image, ElfW(Sxword) tag, ElfW(Sxword) size_tag, ElfTable *out)
{
        ElfW(Xword) address, size;

        *out = (ElfTable){0};
        if (!elf_image_value(image, tag, &address))
                return true;
        if (!elf_image_value(image, size_tag, &size) ||
            !elf_image_place(image, address, size, &out->offset))
                return false;
        out->n = size;
        return true;
}

static const char *
machine_name(unsigned number)
{
        for (size_t i = 0; i < G_N_ELEMENTS(machines); i++) {
                if (machines[i].number == number)
                        return machines[i].name;
        }
        return "unknown";
}

static bool
is_for_this_machine(const ElfW(Ehdr) * header, GError **error)
{
        static const int words[] = {EI_CLASS, EI_DATA};

        for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
                if (header->e_ident[words[i]] != __ehdr_start.e_ident[words[i]])
                        return module_refusal(
                                error,
                                "is for another kind of machine, of other words: build it for "
                                "%s",
                                machine_name(__ehdr_start.e_machine));
        }
        if (header->e_machine != __ehdr_start.e_machine)
                return module_refusal(error, "is for another kind of machine, %s: build it for %s",
                                      machine_name(header->e_machine),
                                      machine_name(__ehdr_start.e_machine));
        return true;
}

static bool
find_dynamic(ElfImage *image, GError **error)
{
        for (unsigned i = 0; i < image->header.e_phnum; i++) {
                if (!elf_image_segment(image, i, &image->dynamic))
                        return module_refusal(error,
                                              "is damaged: its segments are not in the file");
                if (image->dynamic.p_type == PT_DYNAMIC)
                        return true;
        }
        return module_refusal(error, "is no shared object: link it with -shared");
}

bool
elf_image_init(ElfImage *image, const uint8_t *bytes, size_t n, GError **error)
{
        *image = (ElfImage){.bytes = bytes, .n = n};
        if (n < SELFMAG || memcmp(bytes, ELFMAG, SELFMAG) != 0)
                return module_refusal(error, "is no shared object");
        if (!elf_image_read(image, 0, &image->header, sizeof image->header))
                return module_refusal(error, "is damaged: it ends in its header");
        if (!is_for_this_machine(&image->header, error))
                return false;
        if (image->header.e_type != ET_DYN)
                return module_refusal(error, "is no shared object: link it with -shared");
        return find_dynamic(image, error);
}
