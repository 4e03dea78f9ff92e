/*
 * Tests of core/elf_file.h, with the modules that the build made: what is told of one, and that a
 * damaged file is an error, whatever is damaged.
 */
#include "core/elf_file.h"

#include <link.h>
#include <motet/error.h>
#include <motet/types.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *
path_of(const char *module)
{
        g_autofree char *file = g_strdup_printf("mod_%s.so", module);

        return g_build_filename(g_getenv("MOTET_TEST_BUILD"), "test_modules", file, NULL);
}

static ElfFile *
read_module(const char *module)
{
        g_autofree char *path = path_of(module);
        g_autoptr(GError) error = NULL;
        ElfFile *file = elf_file_open(path, &error);

        g_assert_no_error(error);
        return file;
}

/* Its bytes, to be damaged. */
static char *
bytes_of(const char *module, gsize *n)
{
        g_autofree char *path = path_of(module);
        char *bytes;

        g_assert_true(g_file_get_contents(path, &bytes, n, NULL));
        return bytes;
}

static void
assert_refused(const void *bytes, size_t n, const char *text)
{
        g_autoptr(GBytes) whole = g_bytes_new(bytes, n);
        g_autoptr(GError) error = NULL;

        g_assert_null(elf_file_new(whole, &error));
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_MODULE);
        g_assert_cmpstr(error->message, ==, text);
}

static void
test_a_module_exports_its_descriptor(void)
{
        g_autoptr(ElfFile) file = read_module("alpha");
        const ElfSymbol *symbol = elf_file_export(file, "motet_module");
        uint32_t abi = 0;

        g_assert_nonnull(symbol);
        g_assert_true(elf_file_read(file, symbol, &abi, sizeof abi));
        g_assert_cmphex(abi, ==, MOTET_ABI);
        g_assert_null(elf_file_export(file, "motet_host_name"));
}

static void
test_no_more_than_a_symbol_is_read(void)
{
        g_autoptr(ElfFile) file = read_module("bad_exports");
        const ElfSymbol *symbol = elf_file_export(file, "bad_exports_count");
        int count = 0;
        int64_t more;

        g_assert_nonnull(symbol);
        g_assert_true(elf_file_read(file, symbol, &count, sizeof count));
        g_assert_cmpint(count, ==, 1);
        g_assert_false(elf_file_read(file, symbol, &more, sizeof more));
}

static void
test_what_is_used_of_others_is_told(void)
{
        g_autoptr(ElfFile) file = read_module("bad_symbol");

        g_assert_true(elf_file_imports(file, "motet_session_wink"));
        g_assert_false(elf_file_imports(file, "motet_module"));
}

static void
test_libraries_are_named(void)
{
        g_autoptr(ElfFile) file = read_module("bad_library");

        g_assert_true(
                g_ptr_array_find_with_equal_func(file->needed, "libabsent.so", g_str_equal, NULL));
        g_assert_null(file->run_path);
}

/* frame_dummy, and what sanitizers register themselves with, are in every module of a build. */
static void
test_the_compilers_own_code_is_not_told(void)
{
        g_autoptr(ElfFile) file = read_module("alpha");

        g_assert_cmpuint(file->code->len, ==, 0);
}

static void
assert_source_says(const ElfCode *code, const char *name)
{
        g_autofree char *said = g_strndup(code->name, code->n_source);

        g_assert_cmpstr(said, ==, name);
}

/* By the names in the source, without what compilers add when they split, copy or link files. */
static void
test_code_of_opening_and_closing_is_named(void)
{
        g_autoptr(ElfFile) file = read_module("bad_start");

        g_assert_cmpuint(file->code->len, ==, 2);
        const ElfCode *early = &g_array_index(file->code, ElfCode, 0);
        const ElfCode *late = &g_array_index(file->code, ElfCode, 1);
        assert_source_says(early, "run_early");
        g_assert_false(early->at_close);
        assert_source_says(late, "run_late");
        g_assert_nonnull(strchr(late->name, '.'));
        g_assert_true(late->at_close);
}

static void
test_what_is_asked_of_the_loader_is_told(void)
{
        g_autoptr(ElfFile) good = read_module("alpha"), bad = read_module("bad_link");

        g_assert_false(good->writes_text);
        g_assert_false(good->runs_stack);
        g_assert_null(good->run_path);
        g_assert_true(bad->writes_text);
        g_assert_true(bad->runs_stack);
        g_assert_cmpstr(bad->run_path, ==, "/opt/words/lib");
}

/* What is no shared object */

static void
test_other_files_are_refused(void)
{
        g_autoptr(GError) missing = NULL, folder = NULL;

        assert_refused("", 0, "is no shared object");
        assert_refused("#!/bin/sh\n", 10, "is no shared object");
        assert_refused(ELFMAG, SELFMAG, "is damaged: it ends in its header");
        g_assert_null(elf_file_open("/nonexistent/mod_x.so", &missing));
        g_assert_cmpstr(missing->message, ==, "cannot be read: No such file or directory");
        g_assert_null(elf_file_open("/dev/null", &folder));
        g_assert_cmpstr(folder->message, ==,
                        "cannot be read: it is no regular file of at most 1 GiB");
}

/* One that nobody writes to would be waited for forever. */
static void
test_a_pipe_is_not_waited_for(void)
{
        g_autofree char *dir = g_dir_make_tmp("motet-test-XXXXXX", NULL);
        g_autofree char *path = g_build_filename(dir, "mod_pipe.so", NULL);
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(mkfifo(path, 0600), ==, 0);
        g_assert_null(elf_file_open(path, &error));
        g_assert_cmpstr(error->message, ==,
                        "cannot be read: it is no regular file of at most 1 GiB");
        unlink(path);
        rmdir(dir);
}

static void
test_another_machine_is_named(void)
{
        gsize n;
        g_autofree char *bytes = bytes_of("alpha", &n);
        ElfW(Ehdr) *header = (ElfW(Ehdr) *)bytes;
        bool is_arm = header->e_machine == EM_AARCH64;
        const char *here = is_arm ? "AArch64" : header->e_machine == EM_X86_64 ? "x86-64" : "";
        g_autofree char *text =
                g_strdup_printf("is for another kind of machine, %s: build it for %s",
                                is_arm ? "x86-64" : "AArch64", here);
        g_autofree char *words = g_strdup_printf(
                "is for another kind of machine, of other words: build it for %s", here);

        header->e_machine = is_arm ? EM_X86_64 : EM_AARCH64;
        assert_refused(bytes, n, text);
        header->e_ident[EI_CLASS] ^= ELFCLASS32 ^ ELFCLASS64;
        assert_refused(bytes, n, words);
}

static void
test_what_is_not_linked_yet_is_refused(void)
{
        gsize n;
        g_autofree char *bytes = bytes_of("alpha", &n);

        ((ElfW(Ehdr) *)bytes)->e_type = ET_REL;
        assert_refused(bytes, n, "is no shared object: link it with -shared");
}

/* Damage */

/* Nothing is read outside of the bytes (AddressSanitizer sees it), and there is an error or not. */
static void
try(const char *bytes, size_t n)
{
        g_autofree char *exact = g_memdup2(bytes, n);
        g_autoptr(GBytes) whole = g_bytes_new_static(exact, n);
        g_autoptr(GError) error = NULL;
        g_autoptr(ElfFile) file = elf_file_new(whole, &error);

        g_assert_true((file != NULL) == (error == NULL));
}

static void
test_a_file_that_was_cut_off_is_an_error(void)
{
        gsize n;
        g_autofree char *bytes = bytes_of("alpha", &n);

        for (size_t i = 0; i < n; i += i < 8192 ? 7 : 509)
                try(bytes, i);
        g_autoptr(GBytes) half = g_bytes_new(bytes, 4096);
        g_autoptr(GError) error = NULL;
        g_assert_null(elf_file_new(half, &error));
        g_assert_true(g_str_has_prefix(error->message, "is damaged: "));
}

/* Every word of the header, of the segments and of the dynamic table, one after the other, says
 * something else. */
static void
test_wrong_words_are_no_crash(void)
{
        static const uint64_t words[] = {0, 1, 0x7fffffff, G_MAXUINT64, G_MAXUINT64 - 7, 1 << 20};
        gsize n;
        g_autofree char *bytes = bytes_of("alpha", &n);
        const ElfW(Ehdr) *header = (const ElfW(Ehdr) *)bytes;
        size_t end = header->e_phoff + header->e_phnum * sizeof(ElfW(Phdr));
        size_t dynamic = 0;

        for (unsigned i = 0; i < header->e_phnum; i++) {
                const ElfW(Phdr) *segment = (const ElfW(Phdr) *)(bytes + header->e_phoff) + i;
                if (segment->p_type == PT_DYNAMIC)
                        dynamic = segment->p_offset;
        }
        for (size_t at = SELFMAG; at < dynamic + 64 * sizeof(ElfW(Dyn)); at += 4) {
                if (at == end / 4 * 4)
                        at = dynamic;
                for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
                        char former[8];
                        memcpy(former, bytes + at, 8);
                        memcpy(bytes + at, &words[i], i % 2 ? 4 : 8);
                        try(bytes, n);
                        memcpy(bytes + at, former, 8);
                }
        }
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/elf-file/a-module-exports-its-descriptor",
                        test_a_module_exports_its_descriptor);
        g_test_add_func("/elf-file/no-more-than-a-symbol-is-read",
                        test_no_more_than_a_symbol_is_read);
        g_test_add_func("/elf-file/what-is-used-of-others-is-told",
                        test_what_is_used_of_others_is_told);
        g_test_add_func("/elf-file/libraries-are-named", test_libraries_are_named);
        g_test_add_func("/elf-file/the-compilers-own-code-is-not-told",
                        test_the_compilers_own_code_is_not_told);
        g_test_add_func("/elf-file/code-of-opening-and-closing-is-named",
                        test_code_of_opening_and_closing_is_named);
        g_test_add_func("/elf-file/what-is-asked-of-the-loader-is-told",
                        test_what_is_asked_of_the_loader_is_told);
        g_test_add_func("/elf-file/other-files-are-refused", test_other_files_are_refused);
        g_test_add_func("/elf-file/a-pipe-is-not-waited-for", test_a_pipe_is_not_waited_for);
        g_test_add_func("/elf-file/another-machine-is-named", test_another_machine_is_named);
        g_test_add_func("/elf-file/what-is-not-linked-yet-is-refused",
                        test_what_is_not_linked_yet_is_refused);
        g_test_add_func("/elf-file/a-file-that-was-cut-off-is-an-error",
                        test_a_file_that_was_cut_off_is_an_error);
        g_test_add_func("/elf-file/wrong-words-are-no-crash", test_wrong_words_are_no_crash);
        return g_test_run();
}
