/*
 * elf_file: the names a shared object has and uses, and what it asks of the loader.
 *
 * Source: System V ABI, chapter 5; DT_GNU_HASH as in the GNU linker; elf(5)
 */
#include "core/elf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <motet/error.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/elf_image.h"
#include "core/elf_start.h"

#define FILE_MAX_BYTES ((off_t)1 << 30)
#define TYPE_OF(info) ((info)&0xf)
#define BINDING_OF(info) ((info) >> 4)
#define VISIBILITY_OF(other) ((other)&3)

static bool
fail_damaged(GError **error, const char *what)
{
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_MODULE,
                    "is damaged: %s is not in the file as it should be; build or install it again",
                    what);
        return false;
}

/* Of DT_GNU_HASH: names are sorted by bucket, and the last of a chain has its lowest bit set. */
static bool
count_by_gnu_hash(const ElfImage *image, ElfW(Addr) address, size_t *n_out)
{
        struct {
                uint32_t n_buckets, first, n_bloom, shift;
        } table;
        uint32_t last = 0, hash;
        size_t offset;

        if (!elf_image_place(image, address, sizeof table, &offset) ||
            !elf_image_read(image, offset, &table, sizeof table))
                return false;
        size_t buckets = offset + sizeof table + table.n_bloom * sizeof(ElfW(Addr));
        size_t chains = buckets + table.n_buckets * sizeof(uint32_t);
        for (size_t i = 0; i < table.n_buckets; i++) {
                uint32_t bucket;
                if (!elf_image_read(image, buckets + i * sizeof bucket, &bucket, sizeof bucket))
                        return false;
                last = MAX(last, bucket);
        }
        if (last < table.first) {
                *n_out = table.first;
                return true;
        }
        do {
                if (!elf_image_read(image, chains + (last - table.first) * sizeof hash, &hash,
                                    sizeof hash) ||
                    last == G_MAXUINT32)
                        return false;
                last++;
        } while (!(hash & 1));
        *n_out = last;
        return true;
}

static bool
count_symbols(const ElfImage *image, size_t *n_out)
{
        uint32_t counts[2]; /* of buckets and of symbols */
        ElfW(Xword) address;
        size_t offset;

        if (elf_image_value(image, DT_HASH, &address)) {
                if (!elf_image_place(image, address, sizeof counts, &offset) ||
                    !elf_image_read(image, offset, counts, sizeof counts))
                        return false;
                *n_out = counts[1];
                return true;
        }
        return elf_image_value(image, DT_GNU_HASH, &address) &&
               count_by_gnu_hash(image, address, n_out);
}

static bool
find_symbols(const ElfImage *image, ElfTable *out)
{
        ElfW(Xword) address;
        size_t n;

        if (!count_symbols(image, &n) || n > image->n / sizeof(ElfW(Sym)) ||
            !elf_image_value(image, DT_SYMTAB, &address) ||
            !elf_image_place(image, address, n * sizeof(ElfW(Sym)), &out->offset))
                return false;
        out->n = n * sizeof(ElfW(Sym));
        return true;
}

static bool
is_shared(const ElfW(Sym) * symbol)
{
        unsigned visibility = VISIBILITY_OF(symbol->st_other);

        return BINDING_OF(symbol->st_info) != STB_LOCAL &&
               (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

static bool
read_symbols(ElfFile *file, const ElfImage *image, const ElfTable *symbols, const ElfTable *strings)
{
        ElfW(Sym) symbol;

        for (size_t at = 0; at < symbols->n; at += sizeof symbol) {
                if (!elf_image_read(image, symbols->offset + at, &symbol, sizeof symbol))
                        return false;
                if (!is_shared(&symbol))
                        continue;
                const ElfSymbol found = {
                        .name = elf_image_string(image, strings, symbol.st_name),
                        .value = symbol.st_value,
                        .size = symbol.st_size,
                        .is_weak = BINDING_OF(symbol.st_info) == STB_WEAK,
                };
                if (!found.name)
                        return false;
                /* An absolute one is the name of a version, not of anything. */
                if (symbol.st_shndx == SHN_UNDEF)
                        g_array_append_val(file->imports, found);
                else if (symbol.st_shndx != SHN_ABS)
                        g_array_append_val(file->exports, found);
        }
        return true;
}

/* What the dynamic table says in words. */
static bool
read_words(ElfFile *file, const ElfImage *image, const ElfTable *strings)
{
        ElfW(Dyn) entry;

        for (unsigned i = 0; elf_image_entry(image, i, &entry); i++) {
                bool is_library = entry.d_tag == DT_NEEDED;
                bool is_path = entry.d_tag == DT_RUNPATH || entry.d_tag == DT_RPATH;
                if (entry.d_tag == DT_TEXTREL ||
                    (entry.d_tag == DT_FLAGS && entry.d_un.d_val & DF_TEXTREL))
                        file->writes_text = true;
                if (!is_library && !is_path)
                        continue;
                const char *text = elf_image_string(image, strings, entry.d_un.d_val);
                if (!text)
                        return false;
                if (is_library)
                        g_ptr_array_add(file->needed, (gpointer)text);
                else
                        file->run_path = text;
        }
        return true;
}

/* A file that does not say so is taken to want it, as the loader does. */
static bool
runs_stack(const ElfImage *image)
{
        ElfW(Phdr) segment;

        for (unsigned i = 0; elf_image_segment(image, i, &segment); i++) {
                if (segment.p_type == PT_GNU_STACK)
                        return segment.p_flags & PF_X;
        }
        return true;
}

static bool
read_image(ElfFile *file, const ElfImage *image, GError **error)
{
        ElfTable strings, symbols;

        if (!elf_image_table(image, DT_STRTAB, DT_STRSZ, &strings))
                return fail_damaged(error, "its table of texts");
        if (!find_symbols(image, &symbols) || !read_symbols(file, image, &symbols, &strings))
                return fail_damaged(error, "its table of symbols");
        if (!read_words(file, image, &strings))
                return fail_damaged(error, "the name of a library");
        if (!elf_start_read(image, &symbols, file->code))
                return fail_damaged(error, "the list of what runs when it is opened");
        file->runs_stack = runs_stack(image);
        return true;
}

ElfFile *
elf_file_new(GBytes *bytes, GError **error)
{
        g_autoptr(ElfFile) file = g_new0(ElfFile, 1);
        ElfImage image;
        gsize n;

        file->bytes = g_bytes_ref(bytes);
        file->exports = g_array_new(FALSE, FALSE, sizeof(ElfSymbol));
        file->imports = g_array_new(FALSE, FALSE, sizeof(ElfSymbol));
        file->needed = g_ptr_array_new();
        file->code = g_array_new(FALSE, FALSE, sizeof(ElfCode));
        const uint8_t *start = g_bytes_get_data(bytes, &n);
        if (!elf_image_init(&image, start, n, error) || !read_image(file, &image, error))
                return NULL;
        return g_steal_pointer(&file);
}

/* The file is read, not mapped: one that is cut off while it is looked at would be a fault. */
static GBytes *
read_file(int fd, size_t n)
{
        g_autofree uint8_t *bytes = g_malloc(MAX(n, 1));
        size_t n_read = 0;

        while (n_read < n) {
                ssize_t got = pread(fd, bytes + n_read, n - n_read, (off_t)n_read);
                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0)
                        return NULL;
                if (got == 0)
                        break;
                n_read += (size_t)got;
        }
        return g_bytes_new_take(g_steal_pointer(&bytes), n_read);
}

/* Returns: (own) NULL with @error */
static GBytes *
read_regular(int fd, GError **error)
{
        struct stat status;

        if (fd >= 0 && fstat(fd, &status) == 0) {
                if (!S_ISREG(status.st_mode) || status.st_size > FILE_MAX_BYTES) {
                        g_set_error(error, MOTET_ERROR, MOTET_ERROR_MODULE,
                                    "cannot be read: it is no regular file of at most 1 GiB");
                        return NULL;
                }
                GBytes *bytes = read_file(fd, (size_t)status.st_size);
                if (bytes)
                        return bytes;
        }
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_MODULE, "cannot be read: %s",
                    g_strerror(errno));
        return NULL;
}

ElfFile *
elf_file_open(const char *path, GError **error)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        g_autoptr(GBytes) bytes = read_regular(fd, error);

        if (fd >= 0)
                close(fd);
        return bytes ? elf_file_new(bytes, error) : NULL;
}

void
elf_file_free(ElfFile *file)
{
        if (!file)
                return;
        g_array_unref(file->exports);
        g_array_unref(file->imports);
        g_array_unref(file->code);
        g_ptr_array_unref(file->needed);
        g_bytes_unref(file->bytes);
        g_free(file);
}

static const ElfSymbol *
find(const GArray *symbols, const char *name)
{
        for (guint i = 0; i < symbols->len; i++) {
                const ElfSymbol *symbol = &g_array_index(symbols, ElfSymbol, i);
                if (strcmp(symbol->name, name) == 0)
                        return symbol;
        }
        return NULL;
}

const ElfSymbol *
elf_file_export(const ElfFile *file, const char *name)
{
        return find(file->exports, name);
}

bool
elf_file_imports(const ElfFile *file, const char *name)
{
        return find(file->imports, name) != NULL;
}

bool
elf_file_read(const ElfFile *file, const ElfSymbol *symbol, void *out, size_t n)
{
        ElfImage image;
        size_t offset;
        gsize size;

        const uint8_t *start = g_bytes_get_data(file->bytes, &size);
        if (symbol->size < n || !elf_image_init(&image, start, size, NULL))
                return false;
        return elf_image_place(&image, symbol->value, n, &offset) &&
               elf_image_read(&image, offset, out, n);
}
