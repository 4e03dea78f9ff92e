/*
 * Tests of core/module.h: what is refused before any code runs, the order of loading and stopping,
 * reloading, and that nothing of a stopped module is left.
 */
#include "core/module.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <motet/error.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/event.h"
#include "core/log.h"
#include "support/test_server.h"

/* What the modules logged, "<module> <text>", a line each. */
static GString *lines;

static void
take_line(MotetLogLevel level, const char *source, const char *text, void *data)
{
        (void)level;
        (void)data;
        if (strcmp(source, "server") != 0 && strcmp(source, "module") != 0)
                g_string_append_printf(lines, "%s %s\n", source, text);
}

static char *
take_lines(void)
{
        char *text = g_strdup(lines->str);

        g_string_truncate(lines, 0);
        return text;
}

static char *
folder(void)
{
        return g_build_filename(g_getenv("MOTET_TEST_BUILD"), "test_modules", NULL);
}

/* A configuration with the modules of this test's folder. */
static char *
config(const char *modules_yaml)
{
        g_autofree char *dir = folder();

        return g_strdup_printf(
                "modules_dir: %s\nhosts:\n  example.org:\n  example.net:\nmodules:\n%s", dir,
                modules_yaml);
}

static TestServer *
start(const char *modules_yaml)
{
        g_autofree char *yaml = config(modules_yaml);

        g_string_truncate(lines, 0);
        return test_server_new_config(yaml);
}

static bool
reload(TestServer *server, const char *modules_yaml, char **output_out)
{
        g_autofree char *yaml = config(modules_yaml);

        g_string_truncate(lines, 0);
        return test_server_reload(server, yaml, output_out);
}

static void
assert_refused(const char *modules_yaml, const char *reason)
{
        g_autofree char *yaml = config(modules_yaml);
        g_autofree char *refusal = test_server_refuse(yaml);

        if (!strstr(refusal, reason))
                g_error("\"%s\" is not in:\n%s", reason, refusal);
}

/* Whether the file of @name is mapped into this process. */
static bool
is_mapped(const char *name)
{
        g_autofree char *dir = folder();
        g_autofree char *path = g_strdup_printf("%s/mod_%s.so", dir, name);
        void *handle = dlopen(path, RTLD_NOW | RTLD_NOLOAD);

        if (handle)
                dlclose(handle);
        return handle != NULL;
}

/* Checks before any code runs */

static void
test_a_misspelt_module_is_named(void)
{
        assert_refused("  alhpa:\n", ":8:");
        assert_refused("  alhpa:\n", "did you mean \"alpha\"?");
}

static void
test_an_unknown_module_says_what_to_do(void)
{
        assert_refused("  quite_another_thing:\n", "does not exist; install it, or disable it");
}

static void
test_a_disabled_module_is_not_opened(void)
{
        TestServer *server =
                start("  bad_abi:\n    enabled: false\n  no_such:\n    enabled: false\n");

        g_assert_false(is_mapped("bad_abi"));
        test_server_free(server);
}

static void
test_another_abi_is_refused(void)
{
        assert_refused("  bad_abi:\n", "was built for interface 2.0, this server has 1.0");
}

static void
test_another_name_than_its_files_is_refused(void)
{
        assert_refused("  bad_name:\n", "calls itself \"other\"");
}

static void
test_a_file_that_is_no_module_is_refused(void)
{
        assert_refused("  no_symbol:\n", "does not export \"motet_module\"");
}

static void
test_an_unsound_option_table_is_refused(void)
{
        assert_refused("  bad_options:\n", "level");
}

static void
test_hooks_that_cannot_be_are_refused(void)
{
        assert_refused("  bad_hooks:\n", "session-danced");
        assert_refused("  bad_hooks:\n", "server-started");
}

static void
test_wrong_options_are_refused_with_their_place(void)
{
        assert_refused("  alpha:\n    options:\n      greting: hi\n", ":10:7");
        assert_refused("  alpha:\n    options:\n      level: 10\n", ":10:");
}

static void
test_wrong_options_of_one_host_are_refused(void)
{
        assert_refused("  alpha:\n    host_options:\n      example.net:\n        level: 10\n",
                       ":11:");
}

static void
test_all_mistakes_are_found_at_once(void)
{
        g_autofree char *yaml = config("  alhpa:\n  bad_abi:\n  bad_hooks:\n  beta:\n");
        g_autofree char *refusal = test_server_refuse(yaml);

        g_assert_nonnull(strstr(refusal, "alhpa"));
        g_assert_nonnull(strstr(refusal, "interface"));
        g_assert_nonnull(strstr(refusal, "session-danced"));
        g_assert_nonnull(strstr(refusal, "needs the module \"alpha\" on example.org, example.net"));
}

static void
test_a_missing_dependency_is_named(void)
{
        assert_refused("  beta:\n",
                       "needs the module \"alpha\" on example.org, example.net, which is not "
                       "enabled");
}

static void
test_a_dependency_must_be_on_the_same_host(void)
{
        assert_refused("  alpha:\n    hosts: [example.org]\n  beta:\n",
                       "needs the module \"alpha\" on example.net");
}

static void
test_a_missing_service_is_named(void)
{
        assert_refused("  aardvark:\n", "needs the service \"greeter\"");
}

static void
test_a_module_of_the_server_is_content_with_one_host(void)
{
        assert_refused("  needy:\n", "needs the module \"alpha\"");

        g_autoptr(TestServer) server = start("  needy:\n  alpha:\n    hosts: [example.net]\n");
        g_assert_nonnull(test_server_module(server, "needy", NULL));
}

static void
test_a_module_of_the_server_has_no_hosts(void)
{
        assert_refused("  delta:\n    hosts: [example.org]\n", "runs once for all hosts");
}

/* Of a family of services one must be there, and all of them load first. */
static void
test_a_family_of_services_can_be_needed(void)
{
        assert_refused("  librarian:\n", "needs the service \"shelf:*\"");
        assert_refused("  librarian:\n  shelfish:\n", "needs the service \"shelf:*\"");

        g_autoptr(TestServer) server = start("  librarian:\n    hosts: [example.org]\n  oak:\n");
        g_autofree char *log = take_lines();
        g_assert_cmpstr(log, ==, "librarian load, the shelf is there\n");
        g_assert_nonnull(server);
}

static void
test_conflicts_are_refused_on_one_host_only(void)
{
        assert_refused("  alpha:\n  rival:\n", "cannot run together with \"alpha\"");

        TestServer *server =
                start("  alpha:\n    hosts: [example.org]\n  rival:\n    hosts: [example.net]\n");
        g_autofree char *log = take_lines();
        test_server_free(server);
        g_assert_nonnull(strstr(log, "rival load example.net"));
}

static void
test_a_service_is_provided_once_on_a_host(void)
{
        assert_refused("  alpha:\n  greeter2:\n",
                       "provides the service \"greeter\", and so does \"alpha\"");

        g_autoptr(TestServer) server = start(
                "  alpha:\n    hosts: [example.org]\n  greeter2:\n    hosts: [example.net]\n");
        MotetModule *provider = NULL;
        const char *api =
                motet_service(motet_host_find(server_base(test_server_core(server)), "example.net"),
                              "greeter", &provider);
        g_assert_cmpstr(api, ==, "greeter2");
        g_assert_cmpstr(provider->info->name, ==, "greeter2");
}

static void
test_a_command_is_had_once_on_a_host(void)
{
        assert_refused("  teller_one:\n  teller_two:\n",
                       "has the command \"tell\", and so does \"teller_one\" on the same host");

        g_autoptr(TestServer) server = start("  teller_one:\n    hosts: [example.org]\n"
                                             "  teller_two:\n    hosts: [example.net]\n");
        g_autofree char *output = NULL;
        int code = test_server_run_command(server, (const char *const[]){"tell", NULL}, &output);
        g_assert_cmpint(code, ==, 0);
        g_assert_cmpstr(output, ==, "teller_one\nteller_two\n");
}

static void
test_cycles_are_refused(void)
{
        assert_refused("  cycle_a:\n  cycle_b:\n", "cycle_a needs cycle_b needs cycle_a");
}

/* A folder of this test's own with a copy of mod_alpha.so. */
static char *
copy_alpha(void)
{
        g_autofree char *from = folder();
        g_autofree char *source = g_build_filename(from, "mod_alpha.so", NULL);
        char *dir = g_dir_make_tmp("motet-test-XXXXXX", NULL);
        g_autofree char *path = g_build_filename(dir, "mod_alpha.so", NULL);
        g_autofree char *bytes = NULL;
        gsize n;

        g_assert_true(g_file_get_contents(source, &bytes, &n, NULL));
        g_assert_true(g_file_set_contents(path, bytes, (gssize)n, NULL));
        g_assert_cmpint(chmod(path, 0755), ==, 0);
        return dir;
}

/* SECURITY-DEFAULTS R28: not writable by others, owned by root or by who runs the server. */
static void
test_what_others_may_write_is_not_opened(void)
{
        g_autofree char *dir = copy_alpha();
        g_autofree char *path = g_build_filename(dir, "mod_alpha.so", NULL);
        g_autofree char *yaml = g_strdup_printf("modules_dir: %s\nmodules:\n  alpha:\n", dir);

        g_assert_cmpint(chmod(path, 0775), ==, 0);
        g_autofree char *group = test_server_refuse(yaml);
        g_assert_cmpint(chmod(path, 0757), ==, 0);
        g_autofree char *others = test_server_refuse(yaml);
        g_assert_cmpint(chmod(path, 0755), ==, 0);
        g_assert_cmpint(chmod(dir, 0777), ==, 0);
        g_autofree char *writable_dir = test_server_refuse(yaml);
        g_assert_cmpint(chmod(dir, 0755), ==, 0);
        test_server_free(test_server_new_config(yaml));

        g_assert_nonnull(strstr(group, "chmod go-w"));
        g_assert_nonnull(strstr(others, "chmod go-w"));
        g_assert_nonnull(strstr(writable_dir, "chmod go-w"));
        if (geteuid() == 0) {
                g_assert_cmpint(chown(path, 65534, 65534), ==, 0);
                g_autofree char *stranger = test_server_refuse(yaml);
                g_assert_nonnull(strstr(stranger, "belongs to user 65534"));
        }
        unlink(path);
        rmdir(dir);
}

/* Loading and stopping */

static void
test_dependencies_load_first_and_stop_last(void)
{
        TestServer *server =
                start("  aardvark:\n    hosts: [example.org]\n  beta:\n    hosts: [example.org]\n"
                      "  alpha:\n    hosts: [example.org]\n");
        g_autofree char *loads = take_lines();
        test_server_free(server);
        g_autofree char *unloads = take_lines();

        g_assert_cmpstr(loads, ==,
                        "alpha load example.org\nbeta load example.org\naardvark load example.org\n"
                        "alpha started example.org\n");
        g_assert_cmpstr(
                unloads, ==,
                "aardvark unload example.org\nbeta unload example.org\nalpha unload example.org\n");
}

static void
test_each_host_has_its_instance_and_options(void)
{
        g_autoptr(TestServer) server =
                start("  alpha:\n    options:\n      level: 5\n    host_options:\n"
                      "      example.net:\n        greeting: hi\n");
        MotetServer *base = server_base(test_server_core(server));
        MotetModule *org =
                test_server_module(server, "alpha", motet_host_find(base, "example.org"));
        MotetModule *net =
                test_server_module(server, "alpha", motet_host_find(base, "example.net"));

        g_assert_true(org != net);
        g_assert_cmpuint(org->slot, !=, net->slot);
        g_assert_cmpstr(motet_option_string(org, "greeting"), ==, "hello");
        g_assert_cmpstr(motet_option_string(net, "greeting"), ==, "hi");
        g_assert_cmpint(motet_option_int(org, "level"), ==, 5);
        g_assert_cmpint(motet_option_int(net, "level"), ==, 5);
}

static void
test_a_module_of_the_server_hooks_every_host(void)
{
        g_autoptr(TestServer) server = start("  delta:\n");

        test_server_open(server, "example.net");
        test_server_open(server, "example.org");

        g_autofree char *log = take_lines();
        g_assert_cmpstr(log, ==,
                        "delta created\ndelta opened example.net\ndelta created\ndelta opened "
                        "example.org\n");
}

static void
test_a_failing_load_undoes_those_before(void)
{
        g_autofree char *yaml = config("  alpha:\n  zfails:\n    hosts: [example.net]\n");

        g_string_truncate(lines, 0);
        g_autofree char *refusal = test_server_refuse(yaml);
        g_autofree char *log = take_lines();

        g_assert_cmpstr(refusal, ==, "module zfails on example.net: not today\n");
        g_assert_cmpstr(log, ==,
                        "alpha load example.org\nalpha load example.net\nalpha unload example.net\n"
                        "alpha unload example.org\n");
        g_assert_false(is_mapped("zfails"));
        g_assert_false(is_mapped("alpha"));
}

static void
test_a_load_that_gives_no_reason_is_reported(void)
{
        assert_refused("  zfails:\n    options:\n      reason: false\n",
                       "module zfails on example.org: it gave");
}

static void
test_what_a_stopped_module_registered_is_gone(void)
{
        g_autoptr(TestServer) server = start("  zfails:\n    options:\n      fail: false\n");

        g_assert_true(reload(server, "  zfails:\n    enabled: false\n", NULL));
        test_server_advance(server, 2 * G_TIME_SPAN_SECOND);

        g_autofree char *log = take_lines();
        g_assert_cmpstr(log, ==, "zfails unload\nzfails unload\n");
        g_assert_false(is_mapped("zfails"));
}

static void
test_code_stays_mapped_while_it_runs(void)
{
        int ends[2];
        g_assert_cmpint(pipe(ends), ==, 0);
        g_autofree char *yaml = g_strdup_printf("  worker:\n    options:\n      fd: %d\n", ends[0]);
        g_autofree char *whole = config(yaml);
        g_autofree char *without = config("  worker:\n    enabled: false\n");

        /* Not by test_server_new(): that would wait for the job. */
        ConfigFindings findings;
        config_findings_init(&findings);
        const ServerParams params = {.config = config_parse(whole, -1, "/", &findings),
                                     .driven = true};
        Server *server = server_new(&params, &findings, NULL);
        g_assert_nonnull(server);
        g_autoptr(ReloadPlan) plan = plan_new();
        g_assert_true(server_reload_to(server, config_parse(without, -1, "/", &findings), plan,
                                       &findings, NULL));
        g_assert_true(is_mapped("worker"));

        g_assert_cmpint(write(ends[1], "x", 1), ==, 1);
        loop_settle(server_base(server)->loop);
        g_assert_true(server_reload_to(server, config_parse(without, -1, "/", &findings), plan,
                                       &findings, NULL));
        g_assert_false(is_mapped("worker"));

        server_free(server);
        config_findings_clear(&findings);
        close(ends[0]);
        close(ends[1]);
}

/* Reloading */

static void
test_reload_starts_and_stops(void)
{
        g_autoptr(TestServer) server = start("  alpha:\n    hosts: [example.org]\n");
        g_autofree char *plan = NULL;

        bool is_done = reload(server, "  rival:\n    hosts: [example.org]\n", &plan);

        g_autofree char *log = take_lines();
        g_assert_true(is_done);
        g_assert_cmpstr(plan, ==, "+ rival on example.org\n- alpha on example.org\n");
        g_assert_cmpstr(log, ==, "rival load example.org\nalpha unload example.org\n");
        g_assert_null(test_server_module(server, "alpha", test_server_host(server)));
        g_assert_nonnull(test_server_module(server, "rival", test_server_host(server)));
        g_assert_false(is_mapped("alpha"));
}

static void
test_reload_without_a_change_touches_nothing(void)
{
        g_autoptr(TestServer) server = start("  alpha:\n");
        MotetModule *before = test_server_module(server, "alpha", test_server_host(server));
        g_autofree char *plan = NULL;

        g_assert_true(reload(server, "  alpha:\n", &plan));

        g_autofree char *log = take_lines();
        g_assert_cmpstr(plan, ==, "");
        g_assert_cmpstr(log, ==, "");
        g_assert_true(test_server_module(server, "alpha", test_server_host(server)) == before);
}

static void
test_reload_reconfigures_where_options_changed(void)
{
        g_autoptr(TestServer) server = start("  alpha:\n");
        g_autofree char *plan = NULL;

        g_assert_true(reload(
                server, "  alpha:\n    host_options:\n      example.net:\n        greeting: hi\n",
                &plan));

        g_autofree char *log = take_lines();
        g_assert_cmpstr(plan, ==, "~ alpha on example.net: greeting hello → hi\n");
        g_assert_cmpstr(log, ==, "alpha reconfigure example.net hi\n");
}

static void
test_a_refused_reload_changes_nothing(void)
{
        g_autoptr(TestServer) server = start("  alpha:\n");
        MotetModule *before = test_server_module(server, "alpha", test_server_host(server));
        g_autofree char *refusal = NULL;

        g_assert_false(reload(server,
                              "  alpha:\n    options:\n      greeting: hi\n  beta:\n  bad_abi:\n",
                              &refusal));

        g_autofree char *log = take_lines();
        g_assert_nonnull(strstr(refusal, "interface"));
        g_assert_cmpstr(log, ==, "");
        g_assert_cmpstr(motet_option_string(before, "greeting"), ==, "hello");
        g_assert_null(test_server_module(server, "beta", test_server_host(server)));
        g_assert_false(is_mapped("beta"));
        g_assert_false(is_mapped("bad_abi"));
}

static void
test_a_reload_whose_load_fails_is_undone(void)
{
        g_autoptr(TestServer) server = start("  alpha:\n");
        MotetModule *before = test_server_module(server, "alpha", test_server_host(server));
        g_autofree char *refusal = NULL;

        g_assert_false(
                reload(server,
                       "  alpha:\n    options:\n      greeting: hi\n  beta:\n  zfails:\n    hosts: "
                       "[example.net]\n",
                       &refusal));

        g_autofree char *log = take_lines();
        g_assert_cmpstr(refusal, ==, "module zfails on example.net: not today\n");
        g_assert_cmpstr(log, ==,
                        "beta load example.org\nbeta load example.net\nbeta unload example.net\n"
                        "beta unload example.org\n");
        g_assert_true(test_server_module(server, "alpha", test_server_host(server)) == before);
        g_assert_cmpstr(motet_option_string(before, "greeting"), ==, "hello");
}

static void
note_hook(const char *event, int priority, const MotetModule *owner, void *data)
{
        (void)priority;
        if (strcmp(event, "stream-opened") == 0)
                g_string_append_printf(data, "%s ", owner->info->name);
}

static void
test_a_host_added_by_reload_gets_the_servers_modules(void)
{
        g_autoptr(TestServer) server = start("  delta:\n  alpha:\n");
        g_autofree char *dir = folder();
        g_autofree char *yaml =
                g_strdup_printf("modules_dir: %s\nhosts:\n  example.org:\n  example.com:\n  "
                                "example.net:\nmodules:\n  delta:\n  alpha:\n",
                                dir);
        g_autoptr(GString) hooks = g_string_new(NULL);
        g_autofree char *plan = NULL;

        g_assert_true(test_server_reload(server, yaml, &plan));

        MotetHost *added = motet_host_find(server_base(test_server_core(server)), "example.com");
        g_assert_nonnull(added);
        event_table_list(added->events, note_hook, hooks);
        g_assert_cmpstr(hooks->str, ==, "delta ");
        g_assert_nonnull(test_server_module(server, "alpha", added));
        g_assert_nonnull(strstr(plan, "+ host example.com\n+ alpha on example.com\n"));
        g_assert_true(g_ptr_array_index(server_base(test_server_core(server))->hosts, 1) == added);
}

static void
test_a_host_added_by_a_reload_that_fails_is_gone(void)
{
        g_autoptr(TestServer) server = start("  delta:\n");
        g_autofree char *dir = folder();
        g_autofree char *yaml =
                g_strdup_printf("modules_dir: %s\nhosts:\n  example.org:\n  example.com:\n  "
                                "example.net:\nmodules:\n  delta:\n  zfails:\n",
                                dir);

        g_assert_false(test_server_reload(server, yaml, NULL));

        g_assert_null(motet_host_find(server_base(test_server_core(server)), "example.com"));
        test_server_open(server, "example.org");
}

/* STYLE 7: within one event and priority hooks run in load order, whenever their modules were
 * started. */
static void
test_hooks_keep_load_order_across_a_reload(void)
{
        g_autoptr(TestServer) server = start("  delta:\n");

        g_assert_true(reload(server, "  carol:\n  delta:\n", NULL));
        test_server_open(server, "example.org");

        g_autofree char *log = take_lines();
        g_assert_cmpstr(log, ==, "delta created\ncarol opened first\ndelta opened example.org\n");
}

/* An upgraded package: the code in memory goes on, and the operator is told. */
static void
test_a_new_file_of_a_running_module_is_told(void)
{
        g_autofree char *dir = copy_alpha();
        g_autofree char *path = g_build_filename(dir, "mod_alpha.so", NULL);
        g_autofree char *yaml = g_strdup_printf("modules_dir: %s\nmodules:\n  alpha:\n", dir);
        g_autoptr(TestServer) server = test_server_new_config(yaml);
        const struct timespec times[] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
        g_autofree char *plan = NULL;

        g_assert_cmpint(utimensat(AT_FDCWD, path, times, 0), ==, 0);
        g_assert_true(test_server_reload(server, yaml, &plan));

        g_assert_cmpstr(plan, ==,
                        "! alpha: its file is a new one: \"motetctl module reload "
                        "alpha\" puts it in force\n");
        unlink(path);
        rmdir(dir);
}

static void
test_session_data_goes_with_its_module(void)
{
        g_autoptr(TestServer) server = start("  alpha:\n");
        MotetModule *alpha = test_server_module(server, "alpha", test_server_host(server));
        MotetSession *session = test_server_open(server, "example.org");
        motet_session_set_data(session, alpha, g_strdup("of alpha"), g_free);

        /* The next module may get the same slot, and must find it empty. */
        g_assert_true(reload(server, "  rival:\n", NULL));

        MotetModule *rival = test_server_module(server, "rival", test_server_host(server));
        g_assert_null(motet_session_data(session, rival));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        lines = g_string_new(NULL);
        log_set_func(take_line, NULL);
        log_set_rate(0);

        g_test_add_func("/module/a-misspelt-module-is-named", test_a_misspelt_module_is_named);
        g_test_add_func("/module/an-unknown-module-says-what-to-do",
                        test_an_unknown_module_says_what_to_do);
        g_test_add_func("/module/a-disabled-module-is-not-opened",
                        test_a_disabled_module_is_not_opened);
        g_test_add_func("/module/another-abi-is-refused", test_another_abi_is_refused);
        g_test_add_func("/module/another-name-than-its-files-is-refused",
                        test_another_name_than_its_files_is_refused);
        g_test_add_func("/module/a-file-that-is-no-module-is-refused",
                        test_a_file_that_is_no_module_is_refused);
        g_test_add_func("/module/an-unsound-option-table-is-refused",
                        test_an_unsound_option_table_is_refused);
        g_test_add_func("/module/hooks-that-cannot-be-are-refused",
                        test_hooks_that_cannot_be_are_refused);
        g_test_add_func("/module/wrong-options-are-refused-with-their-place",
                        test_wrong_options_are_refused_with_their_place);
        g_test_add_func("/module/wrong-options-of-one-host-are-refused",
                        test_wrong_options_of_one_host_are_refused);
        g_test_add_func("/module/all-mistakes-are-found-at-once",
                        test_all_mistakes_are_found_at_once);
        g_test_add_func("/module/a-missing-dependency-is-named",
                        test_a_missing_dependency_is_named);
        g_test_add_func("/module/a-dependency-must-be-on-the-same-host",
                        test_a_dependency_must_be_on_the_same_host);
        g_test_add_func("/module/a-missing-service-is-named", test_a_missing_service_is_named);
        g_test_add_func("/module/a-module-of-the-server-is-content-with-one-host",
                        test_a_module_of_the_server_is_content_with_one_host);
        g_test_add_func("/module/a-module-of-the-server-has-no-hosts",
                        test_a_module_of_the_server_has_no_hosts);
        g_test_add_func("/module/a-family-of-services-can-be-needed",
                        test_a_family_of_services_can_be_needed);
        g_test_add_func("/module/conflicts-are-refused-on-one-host-only",
                        test_conflicts_are_refused_on_one_host_only);
        g_test_add_func("/module/a-service-is-provided-once-on-a-host",
                        test_a_service_is_provided_once_on_a_host);
        g_test_add_func("/module/a-command-is-had-once-on-a-host",
                        test_a_command_is_had_once_on_a_host);
        g_test_add_func("/module/cycles-are-refused", test_cycles_are_refused);
        g_test_add_func("/module/what-others-may-write-is-not-opened",
                        test_what_others_may_write_is_not_opened);
        g_test_add_func("/module/dependencies-load-first-and-stop-last",
                        test_dependencies_load_first_and_stop_last);
        g_test_add_func("/module/each-host-has-its-instance-and-options",
                        test_each_host_has_its_instance_and_options);
        g_test_add_func("/module/a-module-of-the-server-hooks-every-host",
                        test_a_module_of_the_server_hooks_every_host);
        g_test_add_func("/module/a-failing-load-undoes-those-before",
                        test_a_failing_load_undoes_those_before);
        g_test_add_func("/module/a-load-that-gives-no-reason-is-reported",
                        test_a_load_that_gives_no_reason_is_reported);
        g_test_add_func("/module/what-a-stopped-module-registered-is-gone",
                        test_what_a_stopped_module_registered_is_gone);
        g_test_add_func("/module/code-stays-mapped-while-it-runs",
                        test_code_stays_mapped_while_it_runs);
        g_test_add_func("/module/reload-starts-and-stops", test_reload_starts_and_stops);
        g_test_add_func("/module/reload-without-a-change-touches-nothing",
                        test_reload_without_a_change_touches_nothing);
        g_test_add_func("/module/reload-reconfigures-where-options-changed",
                        test_reload_reconfigures_where_options_changed);
        g_test_add_func("/module/a-refused-reload-changes-nothing",
                        test_a_refused_reload_changes_nothing);
        g_test_add_func("/module/a-reload-whose-load-fails-is-undone",
                        test_a_reload_whose_load_fails_is_undone);
        g_test_add_func("/module/a-host-added-by-reload-gets-the-servers-modules",
                        test_a_host_added_by_reload_gets_the_servers_modules);
        g_test_add_func("/module/a-host-added-by-a-reload-that-fails-is-gone",
                        test_a_host_added_by_a_reload_that_fails_is_gone);
        g_test_add_func("/module/hooks-keep-load-order-across-a-reload",
                        test_hooks_keep_load_order_across_a_reload);
        g_test_add_func("/module/a-new-file-of-a-running-module-is-told",
                        test_a_new_file_of_a_running_module_is_told);
        g_test_add_func("/module/session-data-goes-with-its-module",
                        test_session_data_goes_with_its_module);
        return g_test_run();
}
