/*
 * Tests of what operators read about modules that cannot run: at the start, and when a server that
 * runs is told to run them. Such a server goes on with what ran before.
 */
#include "core/module.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "support/test_server.h"

/* What operators read: "MODULES" is the folder of the modules and "FILE" the configuration. */
typedef struct {
        const char *name;
        const char *modules; /* that are wanted, as in YAML */
        const char *refusal; /* every line of it */
} Case;

static const Case cases[] = {
        {"another-major-interface", "  bad_abi:\n",
         "FILE:7:3: error: \"MODULES/mod_bad_abi.so\" was built for interface 2.0, this server has "
         "1.0: build it again against this server's headers [config.unusable-module]\n"},
        {"a-later-minor-interface", "  bad_minor:\n",
         "FILE:7:3: error: \"MODULES/mod_bad_minor.so\" needs interface 1.1, this server has 1.0: "
         "upgrade the server, or build the module against this server's headers "
         "[config.unusable-module]\n"},
        {"no-interface", "  bad_no_abi:\n",
         "FILE:7:3: error: \"MODULES/mod_bad_no_abi.so\" does not say which interface it was built "
         "for: set .abi = MOTET_ABI in its descriptor [config.unusable-module]\n"},
        {"a-file-that-is-no-module", "  no_symbol:\n",
         "FILE:7:3: error: \"MODULES/mod_no_symbol.so\" is no module: it does not export "
         "\"motet_module\" [config.unusable-module]\n"},
        {"another-sanitizer", "  bad_sanitizer:\n",
         "FILE:7:3: error: \"MODULES/mod_bad_sanitizer.so\" was built with MemorySanitizer, this "
         "server was not: build it without [config.unusable-module]\n"},
        {"a-function-of-a-later-server", "  bad_symbol:\n",
         "FILE:7:3: error: \"MODULES/mod_bad_symbol.so\" uses \"motet_session_wink\", which this "
         "server does not have: upgrade the server, or build the module against this server's "
         "headers [config.unusable-module]\n"},
        {"a-function-of-nobody", "  bad_function:\n",
         "FILE:7:3: error: \"MODULES/mod_bad_function.so\" uses \"library_of_nobody_open\", which "
         "neither the server nor a library that it names has: link it with the library that has it "
         "[config.unusable-module]\n"},
        {"a-library-that-is-missing", "  bad_library:\n",
         "FILE:7:3: error: \"MODULES/mod_bad_library.so\" needs the library \"libabsent.so\", "
         "which cannot be opened (No such file or directory): install it "
         "[config.unusable-module]\n"},
        {"another-name-than-its-file", "  bad_name:\n",
         "FILE:7:3: error: \"MODULES/mod_bad_name.so\" calls itself \"other\": its file must be "
         "named mod_other.so [config.unusable-module]\n"},
        {"an-unsound-option-table", "  bad_options:\n",
         "module bad_options, default of level:1:1: error: 10 is out of range, from 1 to 9; the "
         "module is wrong there, not the configuration: get another version of it, or disable it "
         "[config.out-of-range]\n"},
        {"hooks-on-no-event", "  bad_hooks:\n",
         "FILE:7:3: error: module \"bad_hooks\" is unusable: event server-started carries the "
         "server, its handler takes a session [config.unusable-module]\n"
         "FILE:7:3: error: module \"bad_hooks\" is unusable: there is no event \"session-danced\" "
         "[config.unusable-module]\n"},
        {"a-missing-dependency", "  beta:\n",
         "FILE:7:3: error: module \"beta\" needs the module \"alpha\" on example.org, which is not "
         "enabled: enable it [config.missing-dependency]\n"},
        {"a-missing-service", "  aardvark:\n",
         "FILE:7:3: error: module \"aardvark\" needs the service \"greeter\" on example.org, which "
         "no enabled module provides: enable one that does [config.missing-dependency]\n"},
        {"a-cycle", "  cycle_a:\n  cycle_b:\n",
         "FILE:7:3: error: module \"cycle_a\" must load before itself: cycle_a needs cycle_b needs "
         "cycle_a; disable one of them [config.dependency-cycle]\n"},
        {"a-conflict", "  alpha:\n  rival:\n",
         "FILE:8:3: error: module \"rival\" cannot run together with \"alpha\" on one host: "
         "disable one of them [config.conflict]\n"},
        {"an-event-declared-otherwise", "  alpha:\n  bad_event:\n",
         "FILE:8:3: error: module \"bad_event\" is unusable: event greeted is declared already and "
         "carries an account, not a payload of its own [config.unusable-module]\n"},
        {"a-service-provided-twice", "  alpha:\n  greeter2:\n",
         "FILE:8:3: error: module \"greeter2\" provides the service \"greeter\", and so does "
         "\"alpha\" on the same host: disable one of them [config.duplicate-service]\n"},
        {"a-command-of-the-server", "  bad_command:\n",
         "FILE:7:3: error: module \"bad_command\" has the command \"stop\", which the server has "
         "itself: disable it [config.duplicate-command]\n"},
        {"a-command-had-twice", "  teller_one:\n  teller_two:\n",
         "FILE:8:3: error: module \"teller_two\" has the command \"tell\", and so does "
         "\"teller_one\" on the same host: disable one of them [config.duplicate-command]\n"},
        {"a-load-that-fails", "  zfails:\n", "module zfails on example.org: not today\n"},
        {"a-load-that-gives-no-reason", "  zfails:\n    options:\n      reason: false\n",
         "module zfails on example.org: it gave no reason\n"},
        {"several-at-once", "  bad_abi:\n  beta:\n  cycle_a:\n",
         "FILE:7:3: error: \"MODULES/mod_bad_abi.so\" was built for interface 2.0, this server has "
         "1.0: build it again against this server's headers [config.unusable-module]\n"
         "FILE:8:3: error: module \"beta\" needs the module \"alpha\" on example.org, which is not "
         "enabled: enable it [config.missing-dependency]\n"
         "FILE:9:3: error: module \"cycle_a\" needs the module \"cycle_b\" on example.org, which "
         "is not enabled: enable it [config.missing-dependency]\n"},
};

static char *
folder(void)
{
        return g_build_filename(g_getenv("MOTET_TEST_BUILD"), "test_modules", NULL);
}

static char *
config(const char *modules)
{
        g_autofree char *dir = folder();

        return g_strdup_printf("modules_dir: %s\nhosts:\n  example.org:\nmodules:\n%s", dir,
                               modules);
}

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

/* @text, with names that are the same wherever the tests run. */
static char *
neutral(const char *text)
{
        g_autofree char *dir = folder();
        g_autoptr(GString) shown = g_string_new(text);
        g_autoptr(GRegex) file = g_regex_new("^\\S*/motet.yaml:", G_REGEX_MULTILINE, 0, NULL);

        g_string_replace(shown, dir, "MODULES", 0);
        return g_regex_replace(file, shown->str, -1, 0, "FILE:", 0, NULL);
}

static void
assert_refusal(const Case *c, const char *refusal)
{
        g_autofree char *text = neutral(refusal);

        g_assert_cmpstr(text, ==, c->refusal);
        g_assert_null(g_getenv("MOTET_TEST_RAN"));
}

static void
test_at_the_start(const void *data)
{
        const Case *c = data;
        g_autofree char *yaml = config(c->modules);

        g_autofree char *refusal = test_server_refuse(yaml);

        assert_refusal(c, refusal);
}

static void
test_in_a_server_that_runs(const void *data)
{
        const Case *c = data;
        g_autofree char *before = config("  alpha:\n"), *yaml = config(c->modules);
        g_autoptr(TestServer) server = test_server_new_config(before);
        MotetModule *alpha = test_server_module(server, "alpha", test_server_host(server));
        g_autofree char *refusal = NULL, *plan = NULL;

        bool is_done = test_server_reload(server, yaml, &refusal);

        g_assert_false(is_done);
        assert_refusal(c, refusal);
        g_assert_true(test_server_module(server, "alpha", test_server_host(server)) == alpha);
        g_assert_false(is_mapped("bad_abi"));
        g_assert_false(is_mapped("zfails"));
        g_assert_true(test_server_reload(server, before, &plan));
        g_assert_cmpstr(plan, ==, "");
        g_assert_nonnull(test_server_bind(server, "juliet@example.org/balcony"));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *start =
                        g_strdup_printf("/module-refused/%s/at-the-start", cases[i].name);
                g_autofree char *reload =
                        g_strdup_printf("/module-refused/%s/in-a-server-that-runs", cases[i].name);
                g_test_add_data_func(start, &cases[i], test_at_the_start);
                g_test_add_data_func(reload, &cases[i], test_in_a_server_that_runs);
        }
        return g_test_run();
}
