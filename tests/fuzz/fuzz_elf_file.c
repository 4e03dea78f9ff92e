/*
 * fuzz_elf_file: any bytes as a shared object: what is said of it lies in it.
 */
#include "core/elf_file.h"

#include <motet/module.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void
assert_inside(GBytes *bytes, const char *text)
{
        gsize n;
        const char *start = g_bytes_get_data(bytes, &n);

        g_assert_true(text >= start && text < start + n);
        g_assert_nonnull(memchr(text, '\0', (size_t)(start + n - text)));
}

static void
use(const ElfFile *file)
{
        const ElfSymbol *symbol = elf_file_export(file, "motet_module");
        uint32_t abi;

        for (guint i = 0; i < file->exports->len; i++)
                assert_inside(file->bytes, g_array_index(file->exports, ElfSymbol, i).name);
        for (guint i = 0; i < file->imports->len; i++)
                assert_inside(file->bytes, g_array_index(file->imports, ElfSymbol, i).name);
        for (guint i = 0; i < file->needed->len; i++)
                assert_inside(file->bytes, g_ptr_array_index(file->needed, i));
        for (guint i = 0; i < file->code->len; i++) {
                const ElfCode *code = &g_array_index(file->code, ElfCode, i);
                if (code->name)
                        assert_inside(file->bytes, code->name);
        }
        if (file->run_path)
                assert_inside(file->bytes, file->run_path);
        if (symbol && elf_file_read(file, symbol, &abi, sizeof abi))
                g_assert_cmpuint(symbol->size, >=, sizeof abi);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
        g_autoptr(GBytes) whole = g_bytes_new_static(bytes, n);
        g_autoptr(GError) error = NULL;
        g_autoptr(ElfFile) file = elf_file_new(whole, &error);

        g_assert_true(file ? error == NULL : error != NULL);
        if (file)
                use(file);
        return 0;
}
