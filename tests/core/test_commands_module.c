/*
 * Tests of core/commands_module.c and commands_module_info.c: what is said of modules, for all
 * hosts and for one.
 */
#include <string.h>

#include "core/command.h"
#include "support/test_server.h"

/* alpha and carol are on one host only, beta is off, delta and speaker are on all; others are
 * installed. */
static TestServer *
start(void)
{
        g_autofree char *yaml =
                g_strdup_printf("modules_dir: %s/test_modules\nhosts: {a.example: , b.example: }\n"
                                "modules: {alpha: {hosts: [a.example]}, carol: {hosts: "
                                "[a.example]}, beta: {enabled: false}, delta: , "
                                "speaker: , permitted: }\n",
                                g_getenv("MOTET_TEST_BUILD"));

        return test_server_new_config(yaml);
}

/* Returns: (own) what @words print */
static char *
run(TestServer *server, const char *words, int code)
{
        g_auto(GStrv) split = g_strsplit(words, " ", -1);
        char *text = NULL;

        int got = test_server_run_command(server, (const char *const *)split, &text);
        if (got != code)
                g_error("\"%s\" ended with %d, not %d: %s", words, got, code, text);
        return text;
}

/* Returns: (own) the line of @text that begins with @name; NULL: none does */
static char *
line_of(const char *text, const char *name)
{
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        g_autofree char *start = g_strconcat(name, " ", NULL);

        for (char **line = lines; *line; line++) {
                if (g_str_has_prefix(*line, start))
                        return g_strdup(*line);
        }
        return NULL;
}

static void
assert_line(const char *text, const char *name, const char *part)
{
        g_autofree char *line = line_of(text, name);

        if (part ? !line || !strstr(line, part) : line != NULL)
                g_error("\"%s\" of %s is not in: %s", part ? part : "nothing", name, text);
}

static void
test_a_list_says_where_modules_run(void)
{
        g_autoptr(TestServer) server = start();
        g_autofree char *text = run(server, "module list", 0);

        assert_line(text, "alpha", " a.example: ");
        assert_line(text, "speaker", " a.example, b.example: ");
        assert_line(text, "delta", " all hosts: ");
        assert_line(text, "beta", NULL);
}

/* Those of the server as a whole run for each host. */
static void
test_a_list_of_a_host_has_what_runs_there(void)
{
        g_autoptr(TestServer) server = start();
        g_autofree char *text = run(server, "module list --host b.example", 0);

        assert_line(text, "alpha", NULL);
        assert_line(text, "speaker", " b.example: ");
        assert_line(text, "delta", " all hosts: ");
        g_free(run(server, "module list --host c.example", 64));
}

static void
test_a_list_of_all_says_why_others_do_not_run(void)
{
        g_autoptr(TestServer) server = start();
        g_autofree char *all = run(server, "module list --all", 0);
        g_autofree char *of_b = run(server, "module list --all --host b.example", 0);

        assert_line(all, "alpha", " a.example: ");
        assert_line(all, "beta", " disabled");
        assert_line(all, "eve", " not configured");
        assert_line(of_b, "alpha", " not on this host");
}

static void
test_specifications_are_those_of_the_host(void)
{
        g_autoptr(TestServer) server = test_server_new_yaml(
                "ping: {hosts: [example.org]}\niq: \ndisco: {hosts: [example.org]}\n");
        g_autofree char *all = run(server, "module list --specs", 0);
        g_autofree char *here = run(server, "module list --specs --host example.org", 0);

        g_assert_nonnull(strstr(all, "XEP-0199@"));
        g_assert_cmpstr(all, ==, here);
        g_autofree char *hooks = run(server, "module hooks ping --host example.org", 0);
        g_assert_nonnull(strstr(hooks, "example.org:\n  iq/host/urn:xmpp:ping:ping "));
        g_assert_null(strstr(hooks, "server:\n"));
}

static void
test_hooks_may_be_of_one_host(void)
{
        g_autoptr(TestServer) server = start();
        g_autofree char *of_a = run(server, "module hooks --host a.example", 0);
        g_autofree char *of_b = run(server, "module hooks carol --host b.example", 0);

        g_assert_nonnull(strstr(of_a, " carol\n"));
        g_assert_null(strstr(of_a, "b.example:\n"));
        g_assert_cmpstr(of_b, ==, "");
        g_free(run(server, "module hooks --host c.example", 64));
}

static void
assert_info(TestServer *server, const char *words, const char *part)
{
        g_autofree char *text = run(server, words, 0);

        if (!strstr(text, part))
                g_error("%s: \"%s\" is not in: %s", words, part, text);
}

/* What a developer sees of a descriptor; what it leaves out has a meaning. */
static void
test_info_tells_of_the_descriptor(void)
{
        g_autoptr(TestServer) server = start();

        assert_info(server, "module info alpha", "runs           once for each host\n");
        assert_info(server, "module info delta", "runs           once for the server\n");
        assert_info(server, "module info alpha", "license        MIT\n");
        assert_info(server, "module info alpha", "is replaced    it begins anew\n");
        assert_info(server, "module info keeper", "is replaced    with its state\n");
        assert_info(server, "module info speaker", "command        greet wait");
        g_free(run(server, "module info alpha --host c.example", 64));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/commands-module/a-list-says-where-modules-run",
                        test_a_list_says_where_modules_run);
        g_test_add_func("/commands-module/a-list-of-a-host-has-what-runs-there",
                        test_a_list_of_a_host_has_what_runs_there);
        g_test_add_func("/commands-module/a-list-of-all-says-why-others-do-not-run",
                        test_a_list_of_all_says_why_others_do_not_run);
        g_test_add_func("/commands-module/specifications-are-those-of-the-host",
                        test_specifications_are_those_of_the_host);
        g_test_add_func("/commands-module/hooks-may-be-of-one-host", test_hooks_may_be_of_one_host);
        g_test_add_func("/commands-module/info-tells-of-the-descriptor",
                        test_info_tells_of_the_descriptor);
        return g_test_run();
}
