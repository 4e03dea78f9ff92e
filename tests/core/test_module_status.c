/*
 * Tests of core/module_status.c: what a module says of itself is told wherever operators look, and
 * no longer than it is true.
 */
#include <string.h>

#include "core/health.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/server_private.h"
#include "core/status.h"
#include "support/test_server.h"

static GString *lines;

static void
take_line(MotetLogLevel level, const char *source, const char *text, void *data)
{
        (void)data;
        if (strcmp(source, "delta") == 0 && strstr(text, "module delta"))
                g_string_append_printf(lines, "%s %s\n", log_level_name(level), text);
}

static TestServer *
start(void)
{
        g_autofree char *yaml =
                g_strdup_printf("modules_dir: %s/test_modules\nhosts: {example.org: }\n"
                                "modules:\n  delta:\n",
                                g_getenv("MOTET_TEST_BUILD"));
        TestServer *server = test_server_new_config(yaml);

        g_string_truncate(lines, 0);
        return server;
}

static MotetModule *
delta_of(TestServer *server)
{
        return test_server_module(server, "delta", NULL);
}

static char *
told_by(TestServer *server, const char *words)
{
        g_auto(GStrv) split = g_strsplit(words, " ", -1);
        char *output = NULL;

        test_server_run_command(server, (const char *const *)split, &output);
        return output;
}

static void
assert_told(TestServer *server, const char *words, const char *part)
{
        g_autofree char *output = told_by(server, words);

        if (!strstr(output, part))
                g_error("\"%s\" is not told by %s: %s", part, words, output);
}

static void
assert_not_told(TestServer *server, const char *words, const char *part)
{
        g_autofree char *output = told_by(server, words);

        if (strstr(output, part))
                g_error("\"%s\" is told by %s: %s", part, words, output);
}

static char *
json_of(TestServer *server)
{
        g_auto(Status) status = {0};

        status_init(&status, test_server_core(server));
        return status_json(&status);
}

static char *
health_of(TestServer *server)
{
        g_autoptr(GPtrArray) troubles = health_troubles(test_server_core(server));

        return health_line(troubles);
}

static void
append_metric(void *data, const char *line)
{
        if (g_str_has_prefix(line, "motet_module_status{"))
                g_string_append_printf(data, "%s\n", line);
}

static void
assert_metric(TestServer *server, unsigned value)
{
        g_autoptr(GString) told = g_string_new(NULL);
        g_autofree char *expected =
                g_strdup_printf("motet_module_status{module=\"delta\"} %u\n", value);

        metrics_print(test_server_core(server), append_metric, told);
        g_assert_cmpstr(told->str, ==, expected);
}

static void
test_at_first_it_is_ok(void)
{
        g_autoptr(TestServer) server = start();
        g_autofree char *health = health_of(server), *json = json_of(server);
        const char *text = "";

        g_assert_cmpint(motet_module_status(delta_of(server), &text), ==, MOTET_STATUS_OK);
        g_assert_null(text);
        g_assert_null(strstr(health, "delta"));
        g_assert_nonnull(strstr(json, "\"module_status\": []"));
        assert_metric(server, 0);
        assert_not_told(server, "module info delta", "says ");
}

/* Whoever looks at the server is told, and its health is another. */
static void
test_an_error_degrades_the_server(void)
{
        static const char line[] = "module delta on all hosts: error: no space left on /var";
        g_autoptr(TestServer) server = start();
        const char *text;

        motet_module_set_status(delta_of(server), MOTET_STATUS_ERROR, "no space left on %s",
                                "/var");

        g_autofree char *health = health_of(server), *json = json_of(server);
        g_assert_cmpint(motet_module_status(delta_of(server), &text), ==, MOTET_STATUS_ERROR);
        g_assert_cmpstr(text, ==, "no space left on /var");
        g_assert_true(g_str_has_prefix(health, "degraded: "));
        g_assert_nonnull(strstr(health, line));
        g_assert_nonnull(strstr(json, "\"healthy\": false, \"troubles\": [\"module delta on"));
        g_assert_nonnull(strstr(json, "\"module_status\": [{\"module\": \"delta\", \"host\": null, "
                                      "\"status\": \"error\", \"text\": \"no space left on /var\"}"
                                      "]"));
        assert_told(server, "module list", line);
        assert_told(server, "module info delta", "says           error: no space left on /var\n");
        assert_metric(server, 2);
        g_assert_cmpstr(lines->str, ==,
                        "error module delta on all hosts: error: no space left on /var\n");
}

static void
test_a_warning_is_told_of_a_healthy_server(void)
{
        g_autoptr(TestServer) server = start();
        g_autofree char *before = health_of(server);

        motet_module_set_status(delta_of(server), MOTET_STATUS_WARNING, "a key ends soon");

        g_autofree char *health = health_of(server), *json = json_of(server),
                        *manager = server_manager_text(test_server_core(server));
        g_assert_cmpstr(health, ==, before);
        g_assert_true(g_str_has_prefix(manager, health));
        g_assert_nonnull(strstr(manager, "; 1 warning of modules; 1 host, "));
        g_assert_nonnull(strstr(json, "\"status\": \"warning\", \"text\": \"a key ends soon\""));
        assert_told(server, "module list",
                    "\n  module delta on all hosts: warning: a key ends soon\n");
        assert_metric(server, 1);
        g_assert_cmpstr(lines->str, ==,
                        "warn module delta on all hosts: warning: a key ends "
                        "soon\n");
}

/* It may be said as often as it is true: the log has a line when it becomes another. */
static void
test_the_log_has_a_line_for_a_change(void)
{
        g_autoptr(TestServer) server = start();
        MotetModule *delta = delta_of(server);

        for (unsigned i = 0; i < 5; i++)
                motet_module_set_status(delta, MOTET_STATUS_ERROR, "%u requests failed", 7u);
        motet_module_set_status(delta, MOTET_STATUS_OK, NULL);
        motet_module_set_status(delta, MOTET_STATUS_OK, NULL);

        g_assert_cmpstr(lines->str, ==,
                        "error module delta on all hosts: error: 7 requests failed\n"
                        "info module delta on all hosts: ok\n");
}

static void
test_texts_are_escaped_and_bounded(void)
{
        g_autoptr(TestServer) server = start();
        g_autofree char *long_text = g_strnfill(10000, 'x');
        const char *text;

        motet_module_set_status(delta_of(server), MOTET_STATUS_WARNING, "a\nb\x1b[2J\xff");
        motet_module_status(delta_of(server), &text);
        g_assert_cmpstr(text, ==, "a\\x0ab\\x1b[2J\\xff");

        motet_module_set_status(delta_of(server), MOTET_STATUS_WARNING, "%s", long_text);
        motet_module_status(delta_of(server), &text);
        g_assert_cmpuint(strlen(text), <, MOTET_STATUS_MAX);
        g_assert_true(g_str_has_suffix(text, "xxx..."));
}

/* What older code said is not the newer one's to take back. */
static void
test_newer_code_begins_anew(void)
{
        g_autoptr(TestServer) server = start();

        motet_module_set_status(delta_of(server), MOTET_STATUS_ERROR, "broken");
        assert_told(server, "module reload delta", "~ delta");

        g_assert_cmpint(motet_module_status(delta_of(server), NULL), ==, MOTET_STATUS_OK);
        assert_not_told(server, "module list", "broken");
        assert_metric(server, 0);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        lines = g_string_new(NULL);
        log_set_func(take_line, NULL);
        g_test_add_func("/module_status/at-first-it-is-ok", test_at_first_it_is_ok);
        g_test_add_func("/module_status/an-error-degrades-the-server",
                        test_an_error_degrades_the_server);
        g_test_add_func("/module_status/a-warning-is-told-of-a-healthy-server",
                        test_a_warning_is_told_of_a_healthy_server);
        g_test_add_func("/module_status/the-log-has-a-line-for-a-change",
                        test_the_log_has_a_line_for_a_change);
        g_test_add_func("/module_status/texts-are-escaped-and-bounded",
                        test_texts_are_escaped_and_bounded);
        g_test_add_func("/module_status/newer-code-begins-anew", test_newer_code_begins_anew);
        int result = g_test_run();
        g_string_free(lines, TRUE);
        return result;
}
