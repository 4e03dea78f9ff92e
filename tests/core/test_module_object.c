/*
 * Tests of core/module_object.h: which files are opened as modules, and what is said of those that
 * are not.
 */
#include "core/module_object.h"

#include <ftw.h>
#include <motet/error.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
        char *dir; /* where modules are */
} Fixture;

static char *
path_of(const Fixture *fixture, const char *name)
{
        return g_strdup_printf("%s/mod_%s.so", fixture->dir, name);
}

/* Installs the test module @from as @name: a new file that takes the place of the former. */
static void
install(const Fixture *fixture, const char *from, const char *name)
{
        g_autofree char *source =
                g_strdup_printf("%s/test_modules/mod_%s.so", g_getenv("MOTET_TEST_BUILD"), from);
        g_autofree char *path = path_of(fixture, name);
        g_autofree char *bytes = NULL;
        gsize n;

        g_assert_true(g_file_get_contents(source, &bytes, &n, NULL));
        g_assert_true(g_file_set_contents_full(path, bytes, (gssize)n,
                                               G_FILE_SET_CONTENTS_CONSISTENT, 0644, NULL));
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
        (void)data;
        fixture->dir = g_dir_make_tmp("motet-object-XXXXXX", NULL);
        install(fixture, "alpha", "alpha");
}

static int
remove_entry(const char *path, const struct stat *file, int type, struct FTW *place)
{
        (void)file, (void)type, (void)place;
        return remove(path);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
        (void)data;
        nftw(fixture->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        g_free(fixture->dir);
}

static void
assert_refused(const char *dir, const char *name, MotetError code, const char *part)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(ModuleObject) object = module_object_open(dir, name, &error);

        g_assert_null(object);
        g_assert_error(error, MOTET_ERROR, (int)code);
        if (!strstr(error->message, part))
                g_error("%s: \"%s\" is not in: %s", name, part, error->message);
}

/* R28: a name never leads out of the folder. */
static void
test_a_name_is_a_plain_word(Fixture *fixture, gconstpointer data)
{
        static const char *const names[] = {"", "../alpha", "Alpha", "al-pha", "al pha", NULL};

        (void)data;
        for (const char *const *name = names; *name; name++)
                assert_refused(fixture->dir, *name, MOTET_ERROR_MODULE,
                               "is no module name: lower-case letters, digits and underscores");
}

static void
test_what_is_missing_is_told(Fixture *fixture, gconstpointer data)
{
        g_autofree char *none = g_build_filename(fixture->dir, "none", NULL);
        g_autofree char *loop = path_of(fixture, "loop");

        (void)data;
        assert_refused(none, "alpha", MOTET_ERROR_MODULE, "cannot read the modules' folder");
        assert_refused(fixture->dir, "alhpa", MOTET_ERROR_MISSING, "did you mean \"alpha\"?");
        assert_refused(fixture->dir, "quite_another", MOTET_ERROR_MISSING,
                       "install it, or disable it");
        g_assert_cmpint(symlink(loop, loop), ==, 0);
        assert_refused(fixture->dir, "loop", MOTET_ERROR_MODULE,
                       "mod_loop.so\": Too many levels of symbolic links");
}

static void
test_a_file_is_named_as_its_module(Fixture *fixture, gconstpointer data)
{
        (void)data;
        install(fixture, "alpha", "beta");
        assert_refused(fixture->dir, "beta", MOTET_ERROR_MODULE,
                       "calls itself \"alpha\": its file must be named mod_alpha.so");
}

/* What else lies in the folder is no module. */
static void
test_names_are_those_of_modules(Fixture *fixture, gconstpointer data)
{
        static const char *const others[] = {"mod_README", "alpha.so", "mod_alpha.so.old", NULL};

        (void)data;
        for (const char *const *other = others; *other; other++) {
                g_autofree char *path = g_build_filename(fixture->dir, *other, NULL);
                g_assert_true(g_file_set_contents(path, "", -1, NULL));
        }
        g_auto(GStrv) names = module_object_names(fixture->dir);
        g_assert_true(g_strv_equal((const char *const *)names, MOTET_LIST("alpha")));
        g_auto(GStrv) none = module_object_names("/nonexistent");
        g_assert_cmpuint(g_strv_length(none), ==, 0);
}

static void
test_a_newer_file_is_opened_beside_the_older(Fixture *fixture, gconstpointer data)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(ModuleObject) former = module_object_open(fixture->dir, "alpha", &error);

        (void)data;
        g_assert_no_error(error);
        g_assert_false(module_object_has_changed(former));
        install(fixture, "alpha", "alpha");
        g_assert_true(module_object_has_changed(former));
        g_autoptr(ModuleObject) newer = module_object_reopen(former, &error);
        g_assert_no_error(error);
        g_assert_true(newer->handle != former->handle);
        g_assert_false(module_object_has_changed(newer));
        g_assert_cmpuint(module_object_mapped(newer), >=, 4096);
}

static void
test_what_is_gone_is_not_opened_again(Fixture *fixture, gconstpointer data)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(ModuleObject) former = module_object_open(fixture->dir, "alpha", NULL);
        g_autofree char *path = path_of(fixture, "alpha");

        (void)data;
        g_assert_cmpint(unlink(path), ==, 0);
        g_assert_true(module_object_has_changed(former));
        g_assert_null(module_object_reopen(former, &error));
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_MISSING);
}

/* The loader keeps what is open under a name; the number of names is bounded (NAMES_MAX). */
static void
test_older_code_in_use_is_bounded(Fixture *fixture, gconstpointer data)
{
        g_autoptr(GPtrArray) open =
                g_ptr_array_new_with_free_func((GDestroyNotify)module_object_close);
        g_autoptr(GError) error = NULL;
        ModuleObject *last = module_object_open(fixture->dir, "alpha", NULL);

        (void)data;
        while (last) {
                g_ptr_array_add(open, last);
                install(fixture, "alpha", "alpha");
                last = module_object_reopen(last, &error);
        }
        g_assert_cmpuint(open->len, ==, 64);
        g_assert_nonnull(strstr(error->message, "was replaced too often with older code still in "
                                                "use: restart the server"));
}

#define ADD(name, func) g_test_add("/module-object/" name, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("a-name-is-a-plain-word", test_a_name_is_a_plain_word);
        ADD("what-is-missing-is-told", test_what_is_missing_is_told);
        ADD("a-file-is-named-as-its-module", test_a_file_is_named_as_its_module);
        ADD("names-are-those-of-modules", test_names_are_those_of_modules);
        ADD("a-newer-file-is-opened-beside-the-older",
            test_a_newer_file_is_opened_beside_the_older);
        ADD("what-is-gone-is-not-opened-again", test_what_is_gone_is_not_opened_again);
        ADD("older-code-in-use-is-bounded", test_older_code_in_use_is_bounded);
        return g_test_run();
}
