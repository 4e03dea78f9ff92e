/*
 * Tests of core/module_switch.h and "module enable", "module disable", "module info", "module
 * hooks": the drop-in and what runs change together or not at all.
 */
#include "core/module_switch.h"

#include <ftw.h>
#include <motet/error.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/command.h"
#include "core/log.h"
#include "support/test_server.h"
#include "support/tls_pair.h"

typedef struct {
        TlsFiles files;
        char *config_file;
        Server *server;
        GString *output;
        int code;
} Fixture;

static char *
path_of(const Fixture *fixture, const char *name)
{
        return g_build_filename(fixture->files.dir, "plugins.d", name, NULL);
}

static void
write_drop_in(const Fixture *fixture, const char *name, const char *text)
{
        g_autofree char *path = path_of(fixture, name);

        g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void
assert_drop_in(const Fixture *fixture, const char *name, const char *text)
{
        g_autofree char *path = path_of(fixture, name), *now = NULL;

        g_file_get_contents(path, &now, NULL, NULL);
        g_assert_cmpstr(now, ==, text);
}

static void
make_server(Fixture *fixture)
{
        const ServerParams params = {.config_file = fixture->config_file, .serve = true};
        g_autoptr(GError) error = NULL;
        ConfigFindings findings;

        config_findings_init(&findings);
        fixture->server = server_new(&params, &findings, &error);
        g_assert_no_error(error);
        g_assert_nonnull(fixture->server);
        config_findings_clear(&findings);
        g_assert_true(server_start(fixture->server, &error));
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
        static const char hosts[] =
                "  a.example: {certificate: a.example.crt, key: a.example.key}\n"
                "  b.example: {certificate: a.example.crt, key: a.example.key}\n";
        g_autofree char *modules =
                g_build_filename(g_getenv("MOTET_TEST_BUILD"), "test_modules", NULL);

        (void)data;
        tls_files_init(&fixture->files);
        tls_files_make(&fixture->files, "a.example");
        g_autofree char *folder = path_of(fixture, NULL);
        g_assert_cmpint(mkdir(folder, 0755), ==, 0);
        fixture->config_file = g_build_filename(fixture->files.dir, "motet.yaml", NULL);
        fixture->output = g_string_new(NULL);
        g_autofree char *text = g_strdup_printf("hosts:\n%slog: {level: error}\nmodules_dir: %s\n"
                                                "storage: {default: memory}\n"
                                                "modules: {delta: }\n"
                                                /* The next test is in the same process. */
                                                "confine: {refused: off}\n",
                                                hosts, modules);
        g_assert_true(g_file_set_contents(fixture->config_file, text, -1, NULL));
        write_drop_in(fixture, "alpha.yaml", "# greets\nenabled: true # here\n");
        make_server(fixture);
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
        g_autofree char *folder = path_of(fixture, NULL);
        g_autofree char *data_dir = g_build_filename(fixture->files.dir, "data", NULL);

        (void)data;
        server_free(fixture->server);
        nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        nftw(data_dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        unlink(fixture->config_file);
        g_string_free(fixture->output, TRUE);
        g_free(fixture->config_file);
        tls_files_clear(&fixture->files);
}

static void
take_line(void *data, const char *text)
{
        g_string_append_printf(((Fixture *)data)->output, "%s\n", text);
}

static void
take_end(void *data, int exit_code, const char *error_text)
{
        Fixture *fixture = data;

        if (error_text)
                take_line(fixture, error_text);
        fixture->code = exit_code;
}

static const CommandOwner command_owner = {.line = take_line, .ended = take_end};

static void
run(Fixture *fixture, const char *words)
{
        g_auto(GStrv) split = g_strsplit(words, " ", -1);

        g_string_truncate(fixture->output, 0);
        fixture->code = -1;
        command_run(fixture->server, (const char *const *)split, &command_owner, fixture);
}

static void
assert_run(Fixture *fixture, const char *words, int code, const char *part)
{
        run(fixture, words);
        if (!strstr(fixture->output->str, part))
                g_error("%s: \"%s\" is not in: %s", words, part, fixture->output->str);
        g_assert_cmpint(fixture->code, ==, code);
}

static bool
runs(const Fixture *fixture, const char *name, const char *host)
{
        return modules_find(server_modules(fixture->server), name,
                            host ? motet_host_find(server_base(fixture->server), host) : NULL);
}

static void
test_off_and_on(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_run(fixture, "module disable alpha", 0,
                   "- alpha on b.example\n- alpha on a.example\n");
        assert_drop_in(fixture, "alpha.yaml", "# greets\nenabled: false # here\n");
        g_assert_false(runs(fixture, "alpha", "a.example"));
        assert_run(fixture, "module disable alpha", 0, "alpha is disabled already");

        assert_run(fixture, "module enable alpha", 0,
                   "+ alpha on a.example\n+ alpha on b.example\n");
        assert_drop_in(fixture, "alpha.yaml", "# greets\nenabled: true # here\n");
        g_assert_true(runs(fixture, "alpha", "b.example"));
        assert_run(fixture, "module enable alpha", 0, "alpha is enabled already");
}

static void
test_one_host(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_run(fixture, "module disable alpha --host a.example", 0, "- alpha on a.example\n");
        assert_drop_in(fixture, "alpha.yaml",
                       "# greets\nenabled: true # here\nhosts: [b.example]\n");
        g_assert_true(runs(fixture, "alpha", "b.example"));
        assert_run(fixture, "module disable --host=a.example alpha", 0,
                   "alpha is disabled on a.example already");

        assert_run(fixture, "module disable alpha --host b.example", 0, "- alpha on b.example\n");
        assert_drop_in(fixture, "alpha.yaml",
                       "# greets\nenabled: false # here\nhosts: [b.example]\n");

        assert_run(fixture, "module enable alpha --host a.example", 0, "+ alpha on a.example\n");
        assert_drop_in(fixture, "alpha.yaml",
                       "# greets\nenabled: true # here\nhosts: [a.example]\n");
        g_assert_false(runs(fixture, "alpha", "b.example"));
}

static void
test_a_module_without_drop_in_gets_one(Fixture *fixture, gconstpointer data)
{
        struct stat file;
        g_autofree char *path = path_of(fixture, "beta.yaml");

        (void)data;
        assert_run(fixture, "module enable beta", 0, "+ beta on a.example\n");
        assert_drop_in(fixture, "beta.yaml", "enabled: true\n");
        g_assert_cmpint(stat(path, &file), ==, 0);
        g_assert_cmpuint(file.st_mode & 07777, ==, 0644);
}

static void
test_mode_owner_and_link_are_kept(Fixture *fixture, gconstpointer data)
{
        g_autofree char *path = path_of(fixture, "alpha.yaml");
        g_autofree char *real = path_of(fixture, "alpha.real");
        struct stat file;

        (void)data;
        g_assert_cmpint(rename(path, real), ==, 0);
        g_assert_cmpint(symlink("alpha.real", path), ==, 0);
        g_assert_cmpint(chmod(real, 0640), ==, 0);
        if (geteuid() == 0)
                g_assert_cmpint(chown(real, 0, 65534), ==, 0);

        assert_run(fixture, "module disable alpha", 0, "- alpha");

        g_assert_cmpint(lstat(path, &file), ==, 0);
        g_assert_true(S_ISLNK(file.st_mode));
        g_assert_cmpint(stat(path, &file), ==, 0);
        g_assert_cmpuint(file.st_mode & 07777, ==, 0640);
        if (geteuid() == 0)
                g_assert_cmpuint(file.st_gid, ==, 65534);
        assert_drop_in(fixture, "alpha.real", "# greets\nenabled: false # here\n");
}

static void
assert_nothing_else_there(const Fixture *fixture, unsigned n)
{
        g_autofree char *folder = path_of(fixture, NULL);
        g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);

        while (g_dir_read_name(dir))
                n--;
        g_assert_cmpuint(n, ==, 0);
}

static void
test_a_refused_change_is_put_back(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_run(fixture, "module enable zfails", 78, "not today");
        assert_drop_in(fixture, "zfails.yaml", NULL);
        g_assert_true(runs(fixture, "alpha", "a.example"));

        write_drop_in(fixture, "rival.yaml", "enabled: false # never with alpha");
        assert_run(fixture, "module enable rival", 78, "cannot run together with \"alpha\"");
        assert_drop_in(fixture, "rival.yaml", "enabled: false # never with alpha");

        write_drop_in(fixture, "beta.yaml", "enabled: true");
        assert_run(fixture, "reload", 0, "+ beta");
        assert_run(fixture, "module disable alpha --host a.example", 78,
                   "needs the module \"alpha\" on a.example");
        assert_drop_in(fixture, "alpha.yaml", "# greets\nenabled: true # here\n");
        assert_nothing_else_there(fixture, 3);
}

/* A drop-in that enables what cannot run is put back, and what ran goes on. */
static void
test_what_cannot_run_is_not_enabled(Fixture *fixture, gconstpointer data)
{
        static const char *const cases[][2] = {
                {"bad_abi", "was built for interface 2.0, this server has 1.0: build it again"},
                {"bad_minor", "needs interface 1.1, this server has 1.0: upgrade the server, or"},
                {"bad_symbol", "uses \"motet_session_wink\", which this server does not have: "},
                {"bad_function", "uses \"library_of_nobody_open\", which neither the server nor "},
                {"bad_library", "needs the library \"libabsent.so\", which cannot be opened"},
                {"bad_name", "calls itself \"other\": its file must be named mod_other.so"},
                {"bad_options", "10 is out of range, from 1 to 9; the module is wrong there, not"},
                {"bad_hooks", "is unusable: there is no event \"session-danced\""},
                {"librarian", "needs the service \"shelf:*\" on a.example, b.example, which no "},
                {"cycle_a", "needs the module \"cycle_b\" on a.example, b.example, which is not "},
                {"rival", "cannot run together with \"alpha\" on one host: disable one of them"},
                {"greeter2", "provides the service \"greeter\", and so does \"alpha\" on the"},
                {"bad_command", "has the command \"stop\", which the server has itself"},
                {"zfails", "module zfails on a.example: not today"},
        };

        (void)data;
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *words = g_strdup_printf("module enable %s", cases[i][0]);
                g_autofree char *file = g_strdup_printf("%s.yaml", cases[i][0]);
                assert_run(fixture, words, 78, cases[i][1]);
                assert_drop_in(fixture, file, NULL);
                assert_run(fixture, "module list", 0, "alpha");
        }
        g_assert_null(g_getenv("MOTET_TEST_RAN"));
}

static void
test_what_is_not_there_is_named(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_run(fixture, "module enable alhpa", 64, "did you mean \"alpha\"?");
        assert_run(fixture, "module enable alpha --host a.exampel", 64,
                   "did you mean \"a.example\"?");
        assert_run(fixture, "module enable quite_another_thing", 64, "module list --all");
        assert_run(fixture, "module enable alpha --hots a.example", 64, "did you mean \"--host\"?");
        assert_run(fixture, "module info alhpa", 64, "did you mean \"alpha\"?");
        assert_run(fixture, "module hooks alhpa", 64, "did you mean \"alpha\"?");
        assert_run(fixture, "module list --host a.exampel", 64, "did you mean \"a.example\"?");
        assert_run(fixture, "module disable", 64, "the argument module is missing");
}

static void
test_the_main_file_is_not_edited(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_run(fixture, "module disable delta", 78, "delta is configured in ");
        assert_run(fixture, "module disable delta", 78, "change it there");
        g_assert_true(runs(fixture, "delta", NULL));
}

static void
test_an_unusual_form_is_left_alone(Fixture *fixture, gconstpointer data)
{
        (void)data;
        write_drop_in(fixture, "beta.yaml", "{enabled: false, hosts: [a.example,\n b.example]}\n");
        assert_run(fixture, "module enable beta --host a.example", 78, "only you can change");
        assert_drop_in(fixture, "beta.yaml", "{enabled: false, hosts: [a.example,\n b.example]}\n");
}

static void
test_info_tells_options_and_places(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_run(fixture, "module info alpha", 0, "provides       greeter\n");
        assert_run(fixture, "module info alpha", 0,
                   "on             b.example\n  greeting: hello\n      # What to say.\n");
        assert_run(fixture, "module info rival", 0, "no host: it is not configured");
        run(fixture, "module info alpha --host a.example");
        g_assert_null(strstr(fixture->output->str, "on             b.example"));
}

/* Of one that does not run, what it would be set to, and why it does not run. */
static void
test_info_tells_of_what_does_not_run(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_run(fixture, "module info permitted", 0,
                   "no host: it is not configured\n  count: 5\n"
                   "      # How many.\n");
        assert_run(fixture, "module info permitted", 0,
                   "  permissions.purge: nobody\n      # May remove everything.\n");
        write_drop_in(fixture, "permitted.yaml", "enabled: false\n");
        assert_run(fixture, "reload", 0, "nothing to change");
        assert_run(fixture, "module info permitted", 0, "no host: it is disabled\n");
        write_drop_in(fixture, "permitted.yaml", "hosts: [b.example]\n");
        assert_run(fixture, "reload", 0, "+ permitted on b.example\n");
        assert_run(fixture, "module info permitted --host a.example", 0, "no host of these\n");
        assert_run(fixture, "module info permitted", 0,
                   "  permissions.look: restricted\n      # May look at things.\n");
}

/* How it is replaced, and which commands it has. */
static void
test_info_tells_what_a_module_can_do(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_run(fixture, "module info keeper", 0, "is replaced    with its state\n");
        assert_run(fixture, "module info rival", 0, "is replaced    it begins anew\n");
        assert_run(fixture, "module info speaker", 0, "command        greet break [HOST]\n");
        assert_run(fixture, "module info delta", 0, "runs           once for the server\n");
        assert_run(fixture, "module info no_symbol", 78, "no_symbol");
}

static void
test_list_tells_what_does_not_run(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_run(fixture, "module list --all", 0, "rival            -        not configured\n");
        write_drop_in(fixture, "rival.yaml", "enabled: false\n");
        assert_run(fixture, "reload", 0, "nothing to change");
        assert_run(fixture, "module list --all", 0, "rival            -        disabled\n");
        run(fixture, "module list");
        g_assert_null(strstr(fixture->output->str, "rival"));
}

static void
test_hooks_come_in_running_order(Fixture *fixture, gconstpointer data)
{
        (void)data;
        write_drop_in(fixture, "carol.yaml", "hosts: [a.example]\n");
        assert_run(fixture, "reload", 0, "+ carol");
        run(fixture, "module hooks --host a.example");
        const char *carol = strstr(fixture->output->str, " carol\n");
        const char *delta = strstr(fixture->output->str, " delta\n");

        g_assert_true(g_str_has_prefix(fixture->output->str, "a.example:\n  stream-opened "));
        g_assert_true(carol && delta && carol < delta);
        run(fixture, "module hooks delta");
        g_assert_null(strstr(fixture->output->str, "carol"));
        g_assert_nonnull(strstr(fixture->output->str, "server:\n  session-created "));
}

static void
test_a_dry_run_changes_nothing(Fixture *fixture, gconstpointer data)
{
        (void)data;
        write_drop_in(fixture, "alpha.yaml", "options: {level: 5}\n");
        assert_run(fixture, "reload --dry-run", 0, "~ alpha on a.example: level 3 → 5\n");
        assert_run(fixture, "reload --dry-run --json", 0,
                   "{\"refused\": false, \"applied\": false, \"changes\": [{\"change\": \"~\"");
        write_drop_in(fixture, "alpha.yaml", "options: {level: 50}\n");
        assert_run(fixture, "reload --dry-run", 78, "a reload would be refused: 1 errors");
        assert_run(fixture, "reload --json", 78, "{\"refused\": true, \"applied\": false");
        MotetModule *alpha =
                modules_find(server_modules(fixture->server), "alpha",
                             motet_host_find(server_base(fixture->server), "a.example"));
        g_assert_cmpint(motet_option_int(alpha, "level"), ==, 3);
}

#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("/module-switch/off-and-on", test_off_and_on);
        ADD("/module-switch/one-host", test_one_host);
        ADD("/module-switch/a-module-without-drop-in-gets-one",
            test_a_module_without_drop_in_gets_one);
        ADD("/module-switch/mode-owner-and-link-are-kept", test_mode_owner_and_link_are_kept);
        ADD("/module-switch/a-refused-change-is-put-back", test_a_refused_change_is_put_back);
        ADD("/module-switch/what-cannot-run-is-not-enabled", test_what_cannot_run_is_not_enabled);
        ADD("/module-switch/what-is-not-there-is-named", test_what_is_not_there_is_named);
        ADD("/module-switch/the-main-file-is-not-edited", test_the_main_file_is_not_edited);
        ADD("/module-switch/an-unusual-form-is-left-alone", test_an_unusual_form_is_left_alone);
        ADD("/module-switch/info-tells-options-and-places", test_info_tells_options_and_places);
        ADD("/module-switch/info-tells-of-what-does-not-run", test_info_tells_of_what_does_not_run);
        ADD("/module-switch/info-tells-what-a-module-can-do", test_info_tells_what_a_module_can_do);
        ADD("/module-switch/list-tells-what-does-not-run", test_list_tells_what_does_not_run);
        ADD("/module-switch/hooks-come-in-running-order", test_hooks_come_in_running_order);
        ADD("/module-switch/a-dry-run-changes-nothing", test_a_dry_run_changes_nothing);
        return g_test_run();
}
