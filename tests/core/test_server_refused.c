/*
 * Tests of core/server.h: a server, or a command in its place, that must not begin: what is said of
 * the user, the folder of data and the list of what is shipped.
 */
#include <ftw.h>
#include <motet/error.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/server.h"

typedef struct {
        char *dir, *config_file;
} Fixture;

static char *
path_of(const Fixture *fixture, const char *name)
{
        return g_build_filename(fixture->dir, name, NULL);
}

static void
configure(const Fixture *fixture, const char *lines)
{
        g_autofree char *text = g_strdup_printf("hosts: {a.example: }\nmodules_dir: %s/modules\n%s",
                                                fixture->dir, lines);

        g_assert_true(g_file_set_contents_full(fixture->config_file, text, -1,
                                               G_FILE_SET_CONTENTS_CONSISTENT, 0644, NULL));
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
        (void)data;
        fixture->dir = g_dir_make_tmp("motet-server-XXXXXX", NULL);
        fixture->config_file = path_of(fixture, "motet.yaml");
        g_autofree char *modules = path_of(fixture, "modules");
        g_assert_cmpint(mkdir(modules, 0755), ==, 0);
        g_assert_cmpint(chmod(fixture->dir, 0755), ==, 0);
        configure(fixture, "");
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
        g_free(fixture->config_file);
}

static void
assert_refused(const Fixture *fixture, ServerParams params, MotetError code, const char *part)
{
        g_autoptr(GError) error = NULL;
        ConfigFindings findings;

        params.config_file = fixture->config_file;
        config_findings_init(&findings);
        g_autoptr(Server) server = server_new(&params, &findings, &error);
        config_findings_clear(&findings);

        g_assert_null(server);
        g_assert_error(error, MOTET_ERROR, (int)code);
        if (!strstr(error->message, part))
                g_error("\"%s\" is not in: %s", part, error->message);
}

static bool
become_nobody(void)
{
        if (geteuid() != 0) {
                g_test_skip("only root becomes another user");
                return false;
        }
        g_assert_cmpint(seteuid(65534), ==, 0);
        return true;
}

/* R28: refuse to serve as root. */
static void
test_nobody_serves_as_root(Fixture *fixture, gconstpointer data)
{
        (void)data;
        if (geteuid() != 0) {
                g_test_skip("needs root");
                return;
        }
        assert_refused(fixture, (ServerParams){.serve = true, .become_user = true},
                       MOTET_ERROR_CONFIG, "will not serve as root: set \"user\" to an account");
        configure(fixture, "user: no-such-user\n");
        assert_refused(fixture, (ServerParams){.become_user = true}, MOTET_ERROR_CONFIG,
                       "no-such-user");
}

static void
test_a_folder_of_data_that_cannot_be_made(Fixture *fixture, gconstpointer data)
{
        (void)data;
        configure(fixture, "data_dir: motet.yaml/data\n");
        assert_refused(fixture, (ServerParams){0}, MOTET_ERROR_EXISTS, "cannot make the folder");

        configure(fixture, "data_dir: data\n");
        if (!become_nobody())
                return;
        assert_refused(fixture, (ServerParams){.become_user = true}, MOTET_ERROR_DENIED,
                       "data\": Permission denied");
        g_assert_cmpint(seteuid(0), ==, 0);
}

static void
test_a_folder_of_data_that_cannot_be_opened(Fixture *fixture, gconstpointer data)
{
        g_autofree char *folder = path_of(fixture, "data");

        (void)data;
        g_assert_cmpint(mkdir(folder, 0700), ==, 0);
        if (!become_nobody())
                return;
        assert_refused(fixture, (ServerParams){0}, MOTET_ERROR_DENIED, "cannot open \"");
        g_assert_cmpint(seteuid(0), ==, 0);
}

/* Safe mode cannot tell what is shipped without the list of it. */
static void
test_safe_mode_needs_the_list_of_what_is_shipped(Fixture *fixture, gconstpointer data)
{
        g_autofree char *list = path_of(fixture, "modules/shipped");
        g_autofree char *longer = g_strnfill(64 * 1024 + 1, ' ');

        (void)data;
        assert_refused(fixture, (ServerParams){.safe_mode = true}, MOTET_ERROR_CONFIG,
                       "safe mode needs the list of the modules that are shipped");
        g_assert_true(g_file_set_contents(list, longer, -1, NULL));
        assert_refused(fixture, (ServerParams){.safe_mode = true}, MOTET_ERROR_CONFIG,
                       "it is too long");
        g_assert_true(g_file_set_contents(list, longer, 64 * 1024, NULL));
        ConfigFindings findings;
        const ServerParams params = {.config_file = fixture->config_file, .safe_mode = true};
        config_findings_init(&findings);
        g_autoptr(Server) server = server_new(&params, &findings, NULL);
        config_findings_clear(&findings);
        g_assert_nonnull(server);
        g_assert_true(modules_are_safe(server_modules(server)));
}

#define ADD(name, func) g_test_add("/server/" name, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("nobody-serves-as-root", test_nobody_serves_as_root);
        ADD("a-folder-of-data-that-cannot-be-made", test_a_folder_of_data_that_cannot_be_made);
        ADD("a-folder-of-data-that-cannot-be-opened", test_a_folder_of_data_that_cannot_be_opened);
        ADD("safe-mode-needs-the-list-of-what-is-shipped",
            test_safe_mode_needs_the_list_of_what_is_shipped);
        return g_test_run();
}
