/*
 * Tests of core's own commands on a server made from a file, with its clock, certificate and
 * control socket.
 */
#include "core/commands.h"

#include <motet/error.h>
#include <string.h>
#include <unistd.h>

#include "core/command.h"
#include "core/log.h"
#include "support/test_server.h"
#include "support/tls_pair.h"

static const char good[] =
        "hosts:\n  a.example:\n    certificate: a.example.crt\n    key: a.example.key\n"
        "log:\n  level: error\n";

typedef struct {
        TlsFiles files;
        char *config_file;
        Server *server;
        GString *output;
        int code;
} Fixture;

static void
write_config(Fixture *fixture, const char *more)
{
        g_autofree char *modules =
                g_build_filename(g_getenv("MOTET_TEST_BUILD"), "test_modules", NULL);
        g_autofree char *text = g_strdup_printf("%sconfine: {refused: off}\nmodules_dir: %s\n%s",
                                                good, modules, more);

        g_assert_true(g_file_set_contents(fixture->config_file, text, -1, NULL));
}

static Server *
make_server(const char *config_file, GError **error)
{
        const ServerParams params = {.config_file = config_file, .serve = true};
        ConfigFindings findings;

        config_findings_init(&findings);
        Server *server = server_new(&params, &findings, error);
        g_assert_cmpuint(findings.n_errors, ==, 0);
        config_findings_clear(&findings);
        return server;
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
        g_autoptr(GError) error = NULL;

        (void)data;
        tls_files_init(&fixture->files);
        tls_files_make(&fixture->files, "a.example");
        fixture->config_file = g_build_filename(fixture->files.dir, "motet.yaml", NULL);
        fixture->output = g_string_new(NULL);
        write_config(fixture, "");
        fixture->server = make_server(fixture->config_file, &error);
        g_assert_no_error(error);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
        g_autofree char *data_dir = g_build_filename(fixture->files.dir, "data", NULL);

        (void)data;
        server_free(fixture->server);
        unlink(fixture->config_file);
        rmdir(data_dir);
        g_string_free(fixture->output, TRUE);
        g_free(fixture->config_file);
        tls_files_clear(&fixture->files);
}

static void
start(Fixture *fixture)
{
        g_autoptr(GError) error = NULL;

        server_start(fixture->server, &error);
        g_assert_no_error(error);
}

static void
take_line(void *data, const char *text)
{
        Fixture *fixture = data;

        g_string_append_printf(fixture->output, "%s\n", text);
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
assert_output(const Fixture *fixture, int code, const char *part)
{
        if (!strstr(fixture->output->str, part))
                g_error("\"%s\" is not in: %s", part, fixture->output->str);
        g_assert_cmpint(fixture->code, ==, code);
}

static void
test_what_needs_a_running_server_says_so(Fixture *fixture, gconstpointer data)
{
        static const char *const commands[] = {"status", "stop", "reload", NULL};

        (void)data;
        for (const char *const *command = commands; *command; command++) {
                run(fixture, *command);
                assert_output(fixture, 69, "no server is running with /");
        }
}

static void
test_status_tells_the_certificates_end(Fixture *fixture, gconstpointer data)
{
        (void)data;
        start(fixture);
        run(fixture, "status");

        assert_output(fixture, 0, "motetd " MOTET_VERSION);
        assert_output(fixture, 0, "host a.example: 0 sessions, certificate valid until 20");
        assert_output(fixture, 0, " days left\n");
}

static void
test_reload_reads_the_file_again(Fixture *fixture, gconstpointer data)
{
        (void)data;
        start(fixture);
        write_config(fixture, "limits:\n  close_timeout: 9s\nmodules:\n  rival:\n");
        run(fixture, "reload");

        g_assert_cmpstr(fixture->output->str, ==,
                        "~ limits.close_timeout: 5s → 9s\n+ rival on a.example\n");
        g_assert_cmpint(fixture->code, ==, 0);
        g_assert_cmpint(server_base(fixture->server)->limits.close_timeout, ==,
                        9 * G_TIME_SPAN_SECOND);
}

static void
test_reload_refuses_a_wrong_file(Fixture *fixture, gconstpointer data)
{
        (void)data;
        start(fixture);
        write_config(fixture, "limits:\n  close_timeout: 9s\nmodules:\n  rivel:\nnonsense: 1\n");
        run(fixture, "reload");

        assert_output(fixture, 78, "did you mean \"rival\"?");
        assert_output(fixture, 78, "nonsense");
        assert_output(fixture, 78, "nothing was changed: 2 errors");
        g_assert_cmpint(server_base(fixture->server)->limits.close_timeout, ==,
                        5 * G_TIME_SPAN_SECOND);
}

static void
test_reload_refuses_a_bad_certificate(Fixture *fixture, gconstpointer data)
{
        g_autofree char *path = tls_files_path(&fixture->files, "a.example", ".crt");

        (void)data;
        start(fixture);
        g_assert_true(g_file_set_contents(path, "no certificate", -1, NULL));
        run(fixture, "reload");

        assert_output(fixture, 78, path);
        g_assert_true(tls_server_has_certificate(server_base(fixture->server)->tls, "a.example"));
}

static void
test_reload_without_its_file_changes_nothing(Fixture *fixture, gconstpointer data)
{
        (void)data;
        start(fixture);
        g_assert_cmpint(unlink(fixture->config_file), ==, 0);
        run(fixture, "reload");

        assert_output(fixture, 78, fixture->config_file);
        g_assert_true(server_base(fixture->server)->serving);
}

static void
test_reload_while_stopping_is_refused(Fixture *fixture, gconstpointer data)
{
        (void)data;
        start(fixture);
        server_stop(fixture->server);
        run(fixture, "reload");

        assert_output(fixture, 75, "the server is stopping");
}

static void
test_check_config_changes_nothing(Fixture *fixture, gconstpointer data)
{
        (void)data;
        start(fixture);
        write_config(fixture, "modules:\n  rival:\n");
        run(fixture, "check config");
        assert_output(fixture, 0, "no errors (1 module on 1 host)");
        g_assert_null(modules_info(server_modules(fixture->server), "rival"));

        write_config(fixture, "modules:\n  rivel:\n");
        run(fixture, "check config");
        assert_output(fixture, 78, "did you mean \"rival\"?");
        assert_output(fixture, 78, "\n1 error\n");
}

/* Two servers, or a server and a command, would not see what the other one holds in memory. */
static void
test_the_data_belong_to_one_program_at_a_time(Fixture *fixture, gconstpointer data)
{
        g_autoptr(GError) error = NULL;

        (void)data;
        Server *second = make_server(fixture->config_file, &error);

        g_assert_null(second);
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_IO);
        g_assert_nonnull(strstr(error->message, "another server or motetctl uses it"));
}

#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("/commands/what-needs-a-running-server-says-so",
            test_what_needs_a_running_server_says_so);
        ADD("/commands/status-tells-the-certificates-end", test_status_tells_the_certificates_end);
        ADD("/commands/reload-reads-the-file-again", test_reload_reads_the_file_again);
        ADD("/commands/reload-refuses-a-wrong-file", test_reload_refuses_a_wrong_file);
        ADD("/commands/reload-refuses-a-bad-certificate", test_reload_refuses_a_bad_certificate);
        ADD("/commands/reload-without-its-file-changes-nothing",
            test_reload_without_its_file_changes_nothing);
        ADD("/commands/reload-while-stopping-is-refused", test_reload_while_stopping_is_refused);
        ADD("/commands/check-config-changes-nothing", test_check_config_changes_nothing);
        ADD("/commands/the-data-belong-to-one-program-at-a-time",
            test_the_data_belong_to_one_program_at_a_time);
        return g_test_run();
}
