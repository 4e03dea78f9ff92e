/*
 * Tests of core/module_new.h: a whole module from templates, or nothing.
 */
#include "core/module_new.h"

#include <ftw.h>
#include <motet/error.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const files[] = {
        "hello.c",
        "hello.yaml",
        "hello.md",
        "hello.scn",
        "test_hello.c",
        "README.md",
        "CMakeLists.txt",
        "LICENSE",
        ".gitignore",
        ".clang-format",
        ".github/workflows/test.yml",
};

typedef struct {
        char *dir; /* of the module; not there at first */
        char *templates;
        char *parent;
        GString *output;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
        (void)data;
        fixture->parent = g_dir_make_tmp("motet-new-XXXXXX", NULL);
        fixture->dir = g_build_filename(fixture->parent, "hello", NULL);
        fixture->templates = g_build_filename(g_getenv("MOTET_TEST_SOURCE"), "etc", "module", NULL);
        fixture->output = g_string_new(NULL);
}

static int
remove_entry(const char *path, const struct stat *file, int type, struct FTW *place)
{
        (void)file;
        (void)type;
        (void)place;
        return remove(path);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
        (void)data;
        nftw(fixture->parent, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        g_string_free(fixture->output, TRUE);
        g_free(fixture->templates);
        g_free(fixture->dir);
        g_free(fixture->parent);
}

static void
take_line(void *data, const char *line)
{
        g_string_append_printf(data, "%s\n", line);
}

static bool
write_module(Fixture *fixture, const char *name, GError **error)
{
        const ModuleNew what = {.name = name,
                                .dir = fixture->dir,
                                .templates = fixture->templates,
                                .taken =
                                        (const char *const[]){"ping", "roster", "my_roster", NULL}};

        return module_new_write(&what, take_line, fixture->output, error);
}

static char *
read_file(const Fixture *fixture, const char *name)
{
        g_autofree char *path = g_build_filename(fixture->dir, name, NULL);
        char *text = NULL;

        g_file_get_contents(path, &text, NULL, NULL);
        return text;
}

static void
assert_refused(Fixture *fixture, const char *name, int code, const char *part)
{
        g_autoptr(GError) error = NULL;

        g_assert_false(write_module(fixture, name, &error));
        g_assert_error(error, MOTET_ERROR, code);
        if (!strstr(error->message, part))
                g_error("\"%s\" is not in: %s", part, error->message);
        g_assert_cmpstr(fixture->output->str, ==, "");
}

static void
test_all_files_are_written(Fixture *fixture, gconstpointer data)
{
        g_autoptr(GError) error = NULL;

        (void)data;
        g_assert_true(write_module(fixture, "hello", &error));
        g_assert_no_error(error);

        for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
                g_autofree char *text = read_file(fixture, files[i]);
                g_assert_nonnull(text);
                g_assert_null(strstr(text, "@NAME@"));
                g_assert_null(strstr(text, "@YEAR@"));
        }
        g_autofree char *code = read_file(fixture, "hello.c");
        g_assert_true(g_str_has_prefix(code, "/*\n * hello: "));
        g_autofree char *build = read_file(fixture, "CMakeLists.txt");
        g_assert_nonnull(strstr(build, "motet_add_module(hello hello.c)"));
        g_assert_nonnull(strstr(fixture->output->str, "ctest --test-dir build"));
        g_assert_nonnull(strstr(fixture->output->str, "motetctl module enable hello\n"));
}

static void
test_every_template_is_used(Fixture *fixture, gconstpointer data)
{
        g_autoptr(GDir) dir = g_dir_open(fixture->templates, 0, NULL);
        unsigned n = 0;

        (void)data;
        while (g_dir_read_name(dir))
                n++;

        g_assert_cmpuint(n, ==, G_N_ELEMENTS(files));
}

/* Modules are formatted as the tree is, so that one can move into it. */
static void
test_the_format_is_that_of_the_tree(Fixture *fixture, gconstpointer data)
{
        g_autofree char *path =
                g_build_filename(g_getenv("MOTET_TEST_SOURCE"), ".clang-format", NULL);
        g_autofree char *format = NULL;
        g_autoptr(GError) error = NULL;

        (void)data;
        g_assert_true(g_file_get_contents(path, &format, NULL, NULL));
        g_assert_true(write_module(fixture, "hello", &error));

        g_autofree char *written = read_file(fixture, ".clang-format");
        g_assert_cmpstr(written, ==, format);
}

static void
test_what_is_there_is_left_alone(Fixture *fixture, gconstpointer data)
{
        g_autofree char *path = g_build_filename(fixture->dir, "LICENSE", NULL);

        (void)data;
        g_assert_cmpint(mkdir(fixture->dir, 0755), ==, 0);
        g_assert_true(g_file_set_contents(path, "mine", -1, NULL));
        assert_refused(fixture, "hello", MOTET_ERROR_EXISTS, "LICENSE\" is there already");
        g_assert_cmpint(unlink(path), ==, 0);
        g_assert_cmpint(symlink("/nowhere", path), ==, 0);
        assert_refused(fixture, "hello", MOTET_ERROR_EXISTS, "LICENSE\" is there already");

        g_assert_cmpint(unlink(path), ==, 0);
        g_assert_cmpint(rmdir(fixture->dir), ==, 0);
}

static void
test_what_cannot_be_written_whole_is_taken_back(Fixture *fixture, gconstpointer data)
{
        g_autofree char *path = g_build_filename(fixture->dir, ".github", NULL);

        (void)data;
        g_assert_cmpint(mkdir(fixture->dir, 0755), ==, 0);
        g_assert_true(g_file_set_contents(path, "no folder", -1, NULL));
        assert_refused(fixture, "hello", MOTET_ERROR_IO, ".github");

        g_assert_cmpint(unlink(path), ==, 0);
        g_assert_cmpint(rmdir(fixture->dir), ==, 0);
}

static void
test_names_are_checked(Fixture *fixture, gconstpointer data)
{
        g_autofree char *longest = g_strnfill(64, 'n'), *longer = g_strnfill(65, 'n');
        g_autoptr(GError) error = NULL;

        (void)data;
        assert_refused(fixture, "Hello-World", MOTET_ERROR_USAGE, "such as \"hello_world\"");
        assert_refused(fixture, "3hello", MOTET_ERROR_USAGE, "such as \"hello\"");
        assert_refused(fixture, "Ping", MOTET_ERROR_USAGE, "_, 64 at most");
        assert_refused(fixture, "", MOTET_ERROR_USAGE, "is no name for a module");
        assert_refused(fixture, "../x", MOTET_ERROR_USAGE, "such as \"x\"");
        assert_refused(fixture, "_", MOTET_ERROR_USAGE, "is no name for a module");
        assert_refused(fixture, longer, MOTET_ERROR_USAGE, "64 at most");
        assert_refused(fixture, "ping", MOTET_ERROR_USAGE, "another name, such as \"my_ping\"");
        assert_refused(fixture, "roster", MOTET_ERROR_USAGE, "already: choose another name");
        g_assert_true(write_module(fixture, longest, &error));
}

static void
test_missing_templates_are_told(Fixture *fixture, gconstpointer data)
{
        (void)data;
        g_free(fixture->templates);
        fixture->templates = g_strdup(fixture->parent);

        assert_refused(fixture, "hello", MOTET_ERROR_MISSING, "install the package motet-dev");
}

static void
assert_words(const char *text, bool is_good, const char *dir, const char *templates)
{
        g_auto(GStrv) words = g_strsplit(text, " ", -1);
        g_autoptr(GError) error = NULL;
        ModuleNew what;

        bool is_read = module_new_read((const char *const *)words, &what, &error);

        g_assert_true(is_read == is_good);
        if (!is_good) {
                g_assert_error(error, MOTET_ERROR, MOTET_ERROR_USAGE);
                g_assert_nonnull(strstr(error->message, "usage: module new NAME"));
                return;
        }
        g_assert_cmpstr(what.name, ==, "hello");
        g_assert_cmpstr(what.dir, ==, dir);
        g_assert_cmpstr(what.templates, ==, templates);
}

static void
test_words_are_read(Fixture *fixture, gconstpointer data)
{
        (void)fixture;
        (void)data;
        assert_words("module new hello", true, NULL, NULL);
        assert_words("module new --dir /x hello", true, "/x", NULL);
        assert_words("module new hello --dir=/x --templates /t", true, "/x", "/t");
        assert_words("module new", false, NULL, NULL);
        assert_words("module new hello twice", false, NULL, NULL);
        assert_words("module new hello --dir", false, NULL, NULL);
        assert_words("module new hello --dir=", false, NULL, NULL);
        assert_words("module new hello --directory /x", false, NULL, NULL);
        assert_words("module new --help", false, NULL, NULL);
}

#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("/module-new/all-files-are-written", test_all_files_are_written);
        ADD("/module-new/every-template-is-used", test_every_template_is_used);
        ADD("/module-new/the-format-is-that-of-the-tree", test_the_format_is_that_of_the_tree);
        ADD("/module-new/what-is-there-is-left-alone", test_what_is_there_is_left_alone);
        ADD("/module-new/what-cannot-be-written-whole-is-taken-back",
            test_what_cannot_be_written_whole_is_taken_back);
        ADD("/module-new/names-are-checked", test_names_are_checked);
        ADD("/module-new/missing-templates-are-told", test_missing_templates_are_told);
        ADD("/module-new/words-are-read", test_words_are_read);
        return g_test_run();
}
