/*
 * Tests of core/module_built.h: which file a build has made, and when the next one is there.
 */
#include "core/module_built.h"

#include <fcntl.h>
#include <ftw.h>
#include <motet/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
        char *build, *file; /* a folder, and mod_hello.so in it */
        GString *told;
        ModuleBuilt *built;
        time_t n_builds; /* each is newer than the one before, however coarse a file's time is */
} Fixture;

static void
tell(void *data, const char *text)
{
        Fixture *fixture = data;

        g_string_append_printf(fixture->told, "%s\n", text);
}

/* As a linker does: into the file that is there. */
static void
write_file(Fixture *fixture, const char *path, const char *text)
{
        const struct timespec times[2] = {{.tv_sec = ++fixture->n_builds},
                                          {.tv_sec = fixture->n_builds}};
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

        g_assert_cmpint(write(fd, text, strlen(text)), ==, (ssize_t)strlen(text));
        g_assert_cmpint(futimens(fd, times), ==, 0);
        close(fd);
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
        g_autofree char *made = g_dir_make_tmp("motet-built-XXXXXX", NULL);
        char *path = realpath(made, NULL);

        (void)data;
        fixture->build = g_strdup(path);
        free(path);
        fixture->file = g_build_filename(fixture->build, "mod_hello.so", NULL);
        fixture->told = g_string_new(NULL);
        write_file(fixture, fixture->file, "one");
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
        module_built_free(fixture->built);
        nftw(fixture->build, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        g_string_free(fixture->told, TRUE);
        g_free(fixture->build);
        g_free(fixture->file);
}

static void
begin(Fixture *fixture, const char *path)
{
        g_autoptr(GError) error = NULL;

        fixture->built = module_built_new(path, tell, fixture, &error);
        g_assert_no_error(error);
}

static void
assert_refused(Fixture *fixture, const char *path, MotetError code, const char *part)
{
        g_autoptr(GError) error = NULL;

        g_assert_null(module_built_new(path, tell, fixture, &error));
        g_assert_error(error, MOTET_ERROR, (int)code);
        if (!strstr(error->message, part))
                g_error("\"%s\" is not in: %s", part, error->message);
}

/* @text NULL: there is no build now */
static void
assert_next(Fixture *fixture, const char *text)
{
        char bytes[16] = "";
        int fd = module_built_next(fixture->built);

        if (!text) {
                g_assert_cmpint(fd, ==, -1);
                return;
        }
        g_assert_cmpint(read(fd, bytes, sizeof bytes - 1), ==, (ssize_t)strlen(text));
        g_assert_cmpstr(bytes, ==, text);
        close(fd);
}

static void
test_each_build_is_taken_once(Fixture *fixture, gconstpointer data)
{
        (void)data;
        begin(fixture, fixture->file);
        assert_next(fixture, "one");
        assert_next(fixture, NULL);

        write_file(fixture, fixture->file, "two");
        assert_next(fixture, NULL);
        assert_next(fixture, "two");
        assert_next(fixture, NULL);
        g_assert_cmpstr(fixture->told->str, ==, "");
}

/* What a linker has written half is no build. */
static void
test_a_file_that_is_written_is_left_alone(Fixture *fixture, gconstpointer data)
{
        (void)data;
        begin(fixture, fixture->file);
        assert_next(fixture, "one");
        for (unsigned i = 0; i < 4; i++) {
                write_file(fixture, fixture->file, "tw");
                assert_next(fixture, NULL);
        }
        write_file(fixture, fixture->file, "two");
        assert_next(fixture, NULL);
        assert_next(fixture, "two");
}

static void
test_a_file_that_is_gone_is_waited_for(Fixture *fixture, gconstpointer data)
{
        (void)data;
        begin(fixture, fixture->file);
        assert_next(fixture, "one");
        g_assert_cmpint(unlink(fixture->file), ==, 0);
        assert_next(fixture, NULL);
        assert_next(fixture, NULL);
        g_autofree char *text =
                g_strdup_printf("\"%s\" is not there: the code goes on that was\n", fixture->file);
        g_assert_cmpstr(fixture->told->str, ==, text);

        write_file(fixture, fixture->file, "two");
        assert_next(fixture, NULL);
        assert_next(fixture, "two");
}

static void
test_a_folder_with_one_module_will_do(Fixture *fixture, gconstpointer data)
{
        (void)data;
        begin(fixture, fixture->build);

        g_assert_cmpstr(module_built_path(fixture->built), ==, fixture->file);
        assert_next(fixture, "one");
}

/* CMake's functions build into a folder of the build folder. */
static void
test_a_build_folder_has_a_folder_of_modules(Fixture *fixture, gconstpointer data)
{
        g_autofree char *inner = g_build_filename(fixture->build, "modules", NULL);
        g_autofree char *file = g_build_filename(inner, "mod_hello.so", NULL);

        (void)data;
        g_assert_cmpint(mkdir(inner, 0755), ==, 0);
        g_assert_cmpint(rename(fixture->file, file), ==, 0);
        begin(fixture, fixture->build);

        g_assert_cmpstr(module_built_path(fixture->built), ==, file);
}

static void
test_what_cannot_be_found_is_told(Fixture *fixture, gconstpointer data)
{
        g_autofree char *missing = g_build_filename(fixture->build, "mod_none.so", NULL);
        g_autofree char *odd = g_build_filename(fixture->build, "hello.so", NULL);
        g_autofree char *other = g_build_filename(fixture->build, "mod_other.so", NULL);
        g_autofree char *empty = g_build_filename(fixture->build, "empty", NULL);

        (void)data;
        write_file(fixture, odd, "");
        g_assert_cmpint(mkdir(empty, 0755), ==, 0);
        assert_refused(fixture, missing, MOTET_ERROR_MISSING, "does not exist: build the module");
        assert_refused(fixture, odd, MOTET_ERROR_USAGE, "is called mod_*.so");
        assert_refused(fixture, empty, MOTET_ERROR_USAGE, "there is no mod_*.so in");
        write_file(fixture, other, "");
        assert_refused(fixture, fixture->build, MOTET_ERROR_USAGE, "there are several modules in");
}

/* SECURITY-DEFAULTS R28: whoever may write the folder may put another file in its place. */
static void
test_a_folder_that_others_may_write_is_refused(Fixture *fixture, gconstpointer data)
{
        (void)data;
        g_assert_cmpint(chmod(fixture->build, 0757), ==, 0);
        assert_refused(fixture, fixture->file, MOTET_ERROR_MODULE, "chmod go-w it");
        g_assert_cmpint(chmod(fixture->build, 0755), ==, 0);
        begin(fixture, fixture->file);
        assert_next(fixture, "one");

        g_assert_cmpint(chmod(fixture->build, 0757), ==, 0);
        write_file(fixture, fixture->file, "two");
        for (unsigned i = 0; i < 3; i++)
                assert_next(fixture, NULL);
        g_assert_nonnull(strstr(fixture->told->str, "chmod go-w it\n"));
        g_assert_cmpstr(strchr(fixture->told->str, '\n'), ==, "\n");
}

/* What belongs to the server's user may be in a folder of that user, also when root hands it over;
 * of others it may not. */
static void
test_the_folder_is_of_who_owns_the_file(Fixture *fixture, gconstpointer data)
{
        (void)data;
        if (geteuid() != 0) {
                g_test_skip("only root gives files away");
                return;
        }
        g_assert_cmpint(chown(fixture->build, 65534, 65534), ==, 0);
        assert_refused(fixture, fixture->file, MOTET_ERROR_MODULE, "belongs to user 65534");
        g_assert_cmpint(chown(fixture->file, 65534, 65534), ==, 0);
        begin(fixture, fixture->file);
        assert_next(fixture, "one");
}

#define ADD(name, func) g_test_add("/module-built/" name, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("each-build-is-taken-once", test_each_build_is_taken_once);
        ADD("a-file-that-is-written-is-left-alone", test_a_file_that_is_written_is_left_alone);
        ADD("a-file-that-is-gone-is-waited-for", test_a_file_that_is_gone_is_waited_for);
        ADD("a-folder-with-one-module-will-do", test_a_folder_with_one_module_will_do);
        ADD("a-build-folder-has-a-folder-of-modules", test_a_build_folder_has_a_folder_of_modules);
        ADD("what-cannot-be-found-is-told", test_what_cannot_be_found_is_told);
        ADD("a-folder-that-others-may-write-is-refused",
            test_a_folder_that_others_may_write_is_refused);
        ADD("the-folder-is-of-who-owns-the-file", test_the_folder_is_of_who_owns_the_file);
        return g_test_run();
}
