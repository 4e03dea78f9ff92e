/*
 * Tests of core/module_switch.h: what happens to the drop-in itself, with nothing behind it that
 * applies it.
 */
#include <errno.h>
#include <ftw.h>
#include <motet/error.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/module_switch.h"

#define HOSTS_ONE "hosts: {a.example: }\n"
#define HOSTS_TWO "hosts: {a.example: , b.example: }\n"

typedef struct {
        char *dir, *config_file, *drop_in; /* drop_in: of the module alpha */
        GString *told;
        bool (*apply)(void *data, GError **error);
        GError *error;
} Fixture;

static void
put(const char *path, const char *text, gssize n)
{
        g_assert_true(g_file_set_contents(path, text, n, NULL));
}

static void
put_config(const Fixture *fixture, const char *hosts)
{
        g_autofree char *text = g_strdup_printf("%smodules_dir: %s/test_modules\n", hosts,
                                                g_getenv("MOTET_TEST_BUILD"));

        put(fixture->config_file, text, -1);
}

static bool
take_it(void *data, GError **error)
{
        (void)data, (void)error;
        return true;
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
        (void)data;
        fixture->dir = g_dir_make_tmp("motet-test-XXXXXX", NULL);
        fixture->config_file = g_build_filename(fixture->dir, "motet.yaml", NULL);
        fixture->drop_in = g_build_filename(fixture->dir, "plugins.d", "alpha.yaml", NULL);
        fixture->told = g_string_new(NULL);
        fixture->apply = take_it;
        g_autofree char *folder = g_path_get_dirname(fixture->drop_in);
        g_assert_cmpint(chmod(fixture->dir, 0755), ==, 0);
        g_assert_cmpint(mkdir(folder, 0755), ==, 0);
        put_config(fixture, HOSTS_TWO);
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
        g_string_free(fixture->told, TRUE);
        g_clear_error(&fixture->error);
        g_free(fixture->dir);
        g_free(fixture->config_file);
        g_free(fixture->drop_in);
}

static bool
apply(void *data, GError **error)
{
        return ((Fixture *)data)->apply(data, error);
}

static void
take_line(void *data, const char *line)
{
        g_string_append_printf(((Fixture *)data)->told, "%s\n", line);
}

/* Runs what @words say, "module enable alpha". Returns: whether it was done */
static bool
run(Fixture *fixture, const char *words)
{
        const ModuleSwitchOwner owner = {apply, take_line, fixture};
        g_auto(GStrv) split = g_strsplit(words, " ", -1);
        ModuleSwitch what = {.config_file = fixture->config_file};

        g_clear_error(&fixture->error);
        g_string_truncate(fixture->told, 0);
        return module_switch_read((const char *const *)split, &what, &fixture->error) &&
               module_switch_run(&what, &owner, &fixture->error);
}

static void
assert_refused(Fixture *fixture, const char *words, MotetError code, const char *part)
{
        bool is_done = run(fixture, words);

        g_assert_false(is_done);
        g_assert_error(fixture->error, MOTET_ERROR, (int)code);
        if (!strstr(fixture->error->message, part))
                g_error("%s: \"%s\" is not in: %s", words, part, fixture->error->message);
}

static void
assert_drop_in(const Fixture *fixture, const char *text)
{
        g_autofree char *now = NULL;

        g_file_get_contents(fixture->drop_in, &now, NULL, NULL);
        g_assert_cmpstr(now, ==, text);
}

static void
test_words_that_are_not_understood(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_refused(fixture, "module enable", MOTET_ERROR_USAGE,
                       "the argument module is missing; usage: module enable MODULE");
        assert_refused(fixture, "module disable alpha beta", MOTET_ERROR_USAGE,
                       "\"beta\" is not understood; usage: module disable MODULE");
        assert_refused(fixture, "module enable alpha --host", MOTET_ERROR_USAGE,
                       "\"--host\" is not understood");
        assert_refused(fixture, "module enable --hots=a.example alpha", MOTET_ERROR_USAGE,
                       "\"--hots=a.example\" is not understood");
        assert_drop_in(fixture, NULL);
}

static void
test_the_host_stands_anywhere(Fixture *fixture, gconstpointer data)
{
        (void)data;
        g_assert_true(run(fixture, "module enable --host a.example alpha"));
        assert_drop_in(fixture, "enabled: true\nhosts: [a.example]\n");
        g_assert_true(run(fixture, "module enable alpha --host=b.example"));
        assert_drop_in(fixture, "enabled: true\nhosts: [a.example, b.example]\n");
}

/* Where there is one host only, it need not be named in the file. */
static void
test_the_only_host_is_every_host(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put_config(fixture, HOSTS_ONE);
        g_assert_true(run(fixture, "module enable alpha --host a.example"));
        assert_drop_in(fixture, "enabled: true\n");
        g_assert_true(run(fixture, "module disable alpha --host a.example"));
        assert_drop_in(fixture, "enabled: false\n");
}

static bool
refuse(void *data, GError **error)
{
        (void)data;
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG, "not now");
        return false;
}

static bool
change_and_refuse(void *data, GError **error)
{
        put(((Fixture *)data)->drop_in, "enabled: true # by hand\n", -1);
        return refuse(data, error);
}

static bool
remove_and_refuse(void *data, GError **error)
{
        unlink(((Fixture *)data)->drop_in);
        return refuse(data, error);
}

/* Whoever edits the file at that moment does not lose what was written. */
static void
test_what_somebody_else_wrote_meanwhile_stays(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put(fixture->drop_in, "enabled: false\n", -1);
        fixture->apply = change_and_refuse;
        assert_refused(fixture, "module enable alpha", MOTET_ERROR_CONFIG, "not now");
        g_assert_nonnull(strstr(fixture->told->str, "changed by somebody else meanwhile"));
        assert_drop_in(fixture, "enabled: true # by hand\n");
}

static void
test_what_was_removed_meanwhile_stays_away(Fixture *fixture, gconstpointer data)
{
        (void)data;
        fixture->apply = remove_and_refuse;
        assert_refused(fixture, "module enable alpha", MOTET_ERROR_CONFIG, "not now");
        g_assert_nonnull(strstr(fixture->told->str, "alpha.yaml"));
        assert_drop_in(fixture, NULL);
}

static void
test_a_refused_one_is_put_back(Fixture *fixture, gconstpointer data)
{
        (void)data;
        fixture->apply = refuse;
        assert_refused(fixture, "module enable alpha", MOTET_ERROR_CONFIG, "not now");
        assert_drop_in(fixture, NULL);
        put(fixture->drop_in, "enabled: true\n# mine\n", -1);
        assert_refused(fixture, "module disable alpha", MOTET_ERROR_CONFIG, "not now");
        assert_drop_in(fixture, "enabled: true\n# mine\n");
        g_assert_cmpstr(fixture->told->str, ==, "");
}

/* FILE_MAX_BYTES of module_switch.c: at it and one past it. */
static void
test_the_length_of_a_drop_in_is_limited(Fixture *fixture, gconstpointer data)
{
        static const char head[] = "enabled: false\n#";
        g_autofree char *filling = g_strnfill(1024 * 1024 - strlen(head), 'x');
        g_autofree char *longest = g_strconcat(head, filling, NULL);
        g_autofree char *longer = g_strconcat(longest, "\n", NULL);

        (void)data;
        put(fixture->drop_in, longer, -1);
        assert_refused(fixture, "module enable alpha", MOTET_ERROR_CONFIG, "alpha.yaml");
        put(fixture->drop_in, longest, -1);
        g_assert_true(run(fixture, "module enable alpha"));
}

static void
test_a_drop_in_that_is_no_text_is_not_touched(Fixture *fixture, gconstpointer data)
{
        static const char text[] = "enabled: false\n\0\n";

        (void)data;
        put(fixture->drop_in, text, sizeof text - 1);
        assert_refused(fixture, "module enable alpha", MOTET_ERROR_CONFIG, "alpha.yaml");
}

/* What it switches on is not known. */
static void
test_a_drop_in_that_cannot_be_read_is_not_replaced(Fixture *fixture, gconstpointer data)
{
        (void)data;
        g_assert_cmpint(mkdir(fixture->drop_in, 0755), ==, 0);
        assert_refused(fixture, "module enable alpha", MOTET_ERROR_CONFIG, "alpha.yaml");
        g_assert_cmpint(rmdir(fixture->drop_in), ==, 0);
}

/* As somebody who may read the folder alone. */
static void
test_a_folder_that_may_not_be_written_is_told(Fixture *fixture, gconstpointer data)
{
        g_autofree char *folder = g_path_get_dirname(fixture->drop_in);
        bool is_root = geteuid() == 0;

        (void)data;
        g_assert_cmpint(chmod(fixture->config_file, 0644), ==, 0);
        g_assert_cmpint(chmod(folder, 0555), ==, 0);
        if (is_root)
                g_assert_cmpint(seteuid(65534), ==, 0);
        bool is_done = run(fixture, "module enable alpha");
        if (is_root)
                g_assert_cmpint(seteuid(0), ==, 0);
        g_assert_cmpint(chmod(folder, 0755), ==, 0);

        g_assert_false(is_done);
        g_assert_error(fixture->error, MOTET_ERROR, MOTET_ERROR_IO);
        g_assert_nonnull(strstr(fixture->error->message,
                                "alpha.yaml\" cannot be changed: Permission denied"));
        assert_drop_in(fixture, NULL);
}

#define ADD(name, func) g_test_add("/module-switch/" name, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("words-that-are-not-understood", test_words_that_are_not_understood);
        ADD("the-host-stands-anywhere", test_the_host_stands_anywhere);
        ADD("the-only-host-is-every-host", test_the_only_host_is_every_host);
        ADD("what-somebody-else-wrote-meanwhile-stays",
            test_what_somebody_else_wrote_meanwhile_stays);
        ADD("what-was-removed-meanwhile-stays-away", test_what_was_removed_meanwhile_stays_away);
        ADD("a-refused-one-is-put-back", test_a_refused_one_is_put_back);
        ADD("the-length-of-a-drop-in-is-limited", test_the_length_of_a_drop_in_is_limited);
        ADD("a-drop-in-that-is-no-text-is-not-touched",
            test_a_drop_in_that_is_no_text_is_not_touched);
        ADD("a-drop-in-that-cannot-be-read-is-not-replaced",
            test_a_drop_in_that_cannot_be_read_is_not_replaced);
        ADD("a-folder-that-may-not-be-written-is-told",
            test_a_folder_that_may_not_be_written_is_told);
        return g_test_run();
}
