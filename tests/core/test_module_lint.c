/*
 * Tests of core/module_lint.h: what is found in which file, and that nothing of a file runs that
 * would run by itself. All modules of this tree are clean.
 */
#include "core/module_lint.h"

#include <motet/error.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/module_object.h"

static void
take_line(void *data, const char *line)
{
        g_string_append_printf(data, "%s\n", line);
}

/* What is printed of @path, with "FILE" in its place; its exit code in @code_out. */
static char *
lint(const char *path, bool json, bool strict, int *code_out)
{
        const ModuleLintParams params = {(const char *const[]){path, NULL}, json, strict};
        g_autoptr(GString) output = g_string_new(NULL);

        *code_out = module_lint_run(&params, take_line, output);
        g_string_replace(output, path, "FILE", 0);
        return g_string_free(g_steal_pointer(&output), FALSE);
}

static char *
path_of(const char *module)
{
        g_autofree char *file = g_strdup_printf("mod_%s.so", module);

        return g_build_filename(g_getenv("MOTET_TEST_BUILD"), "test_modules", file, NULL);
}

static void
assert_output(const char *module, int code, const char *text)
{
        g_autofree char *path = path_of(module);
        int found;
        g_autofree char *output = lint(path, false, false, &found);

        g_assert_cmpstr(output, ==, text);
        g_assert_cmpint(found, ==, code);
}

static void
assert_found(const char *module, const char *line)
{
        g_autofree char *path = path_of(module);
        int code;
        g_autofree char *output = lint(path, false, false, &code);

        if (!strstr(output, line))
                g_error("\"%s\" is not in:\n%s", line, output);
}

#define UNVERSIONED                                                                                \
        "FILE: note: has no .license, so MIT is shown [module.unversioned]\n"                      \
        "FILE: note: has no .version, so that of the server is shown [module.unversioned]\n"
#define NOT_OPENED                                                                                 \
        "FILE: note: was not opened: its descriptor is looked at once the above is right "         \
        "[module.not-opened]\n"

/* The file */

static void
test_a_sound_module_is_clean(void)
{
        assert_output("alpha", CHECK_CLEAN, UNVERSIONED "no errors\n");
}

static void
test_what_is_no_module_is_told(void)
{
        assert_output("no_symbol", CHECK_ERRORS,
                      "FILE: error: is no module: it does not export \"motet_module\" "
                      "[module.file]\n1 error\n");
}

static void
test_the_interface_is_checked(void)
{
        assert_output(
                "bad_minor", CHECK_ERRORS,
                "FILE: error: needs interface 1.1, this server has 1.0: upgrade the server, "
                "or build the module against this server's headers [module.interface]\n" NOT_OPENED
                "1 error\n");
        assert_output("bad_no_abi", CHECK_ERRORS,
                      "FILE: error: does not say which interface it was built for: set .abi = "
                      "MOTET_ABI in its descriptor [module.interface]\n" NOT_OPENED "1 error\n");
        assert_found("bad_abi", "FILE: error: was built for interface 2.0, this server has 1.0: "
                                "build it again against this server's headers");
}

static void
test_one_symbol_is_exported(void)
{
        assert_output("bad_exports", CHECK_ERRORS,
                      "FILE: error: exports \"bad_exports_count\" beside motet_module: make it "
                      "static, or build with -fvisibility=hidden [module.exports]\n" UNVERSIONED
                      "1 error\n");
}

static void
test_nothing_runs_by_opening(void)
{
        g_unsetenv("MOTET_TEST_RAN");
        assert_output("bad_start", CHECK_ERRORS,
                      "FILE: error: runs run_early when it is opened: do that in load, which is "
                      "called for each instance [module.runs-at-open]\n"
                      "FILE: error: runs run_late when it is closed: do that in unload, which is "
                      "called for each instance [module.runs-at-open]\n" NOT_OPENED "2 errors\n");
        g_assert_null(g_getenv("MOTET_TEST_RAN"));
}

static void
test_what_is_asked_of_the_loader_is_told(void)
{
        assert_output(
                "bad_link", CHECK_ERRORS,
                "FILE: error: changes its own code when it is loaded: build all of it with -fPIC "
                "[module.text-relocations]\n"
                "FILE: error: makes the stack of the whole server executable: link it with "
                "-Wl,-z,noexecstack, and mark assembler sources with .note.GNU-stack "
                "[module.executable-stack]\n"
                "FILE: warning: looks for libraries in \"/opt/words/lib\" before where the system "
                "has them: link it without -rpath [module.run-path]\n" NOT_OPENED
                "2 errors, 1 warning\n");
}

static void
test_what_is_missing_is_named(void)
{
        assert_output("bad_symbol", CHECK_ERRORS,
                      "FILE: error: uses \"motet_session_wink\", which this server does not have: "
                      "upgrade the server, or build the module against this server's headers "
                      "[module.missing-symbol]\n" NOT_OPENED "1 error\n");
        assert_output("bad_function", CHECK_ERRORS,
                      "FILE: error: uses \"library_of_nobody_open\", which neither the server nor "
                      "a library that it names has: link it with the library that has it "
                      "[module.missing-symbol]\n1 error\n");
        assert_output("bad_library", CHECK_ERRORS,
                      "FILE: error: needs the library \"libabsent.so\", which cannot be opened "
                      "(No such file or directory): install it [module.missing-symbol]\n"
                      "1 error\n");
}

/* The descriptor */

static void
test_the_name_is_that_of_the_file(void)
{
        assert_found("bad_name", "FILE: error: calls itself \"other\": its file must be named "
                                 "mod_other.so [module.name]\n");
}

static void
test_what_is_not_explained_is_told(void)
{
        assert_found("bad_words", "FILE: warning: has no .summary");
        assert_found("bad_words", "FILE: warning: the command \"Say it\" has no .help");
        assert_found("bad_words", "FILE: warning: the event \"word-said\" has no .moment");
}

static void
test_options_are_checked(void)
{
        assert_found("bad_words", "FILE: error: option Loud: the key is not in snake_case "
                                  "[module.option]\n");
        assert_found("bad_words", "FILE: error: default of level: 10 is out of range, from 1 to 9 "
                                  "[module.option]\n");
        assert_found("bad_words",
                     "FILE: error: option quiet: the help is missing [module.option]\n");
        assert_found("bad_words", "FILE: error: .restart_options names \"levle\", which is no "
                                  "option of it [module.option]\n");
}

static void
test_events_are_checked(void)
{
        assert_found("bad_words", "FILE: error: event server-started carries the server, its "
                                  "handler takes a session [module.event]\n");
        assert_found("bad_words", "FILE: error: event session-bound is declared already and "
                                  "carries a session, not an account [module.event]\n");
        assert_found("bad_words", "FILE: warning: hooks \"session-danced\", which neither the "
                                  "server nor a module in ");
        assert_found("bad_words", "FILE: error: the hook on \"session-bound\" has no handler");
}

/* alpha, which lies beside it, declares what eve hooks. */
static void
test_events_of_modules_beside_it_are_known(void)
{
        g_autofree char *path = path_of("eve");
        int code;
        g_autofree char *output = lint(path, false, true, &code);

        g_assert_cmpstr(output, ==, UNVERSIONED "no errors\n");
        g_assert_cmpint(code, ==, CHECK_CLEAN);
}

static void
test_rows_are_checked(void)
{
        assert_found("bad_words", ".depends has \"Alpha\", which is neither the name of a module");
        assert_found("bad_words", ".depends has \"service:*\", which is neither");
        assert_found("bad_words", ".depends names the module itself [module.table]\n");
        assert_found("bad_words", ".wants has \"beta\" twice [module.table]\n");
        assert_found("bad_words", ".features has \"urn:words\" twice [module.table]\n");
        assert_found("bad_words", "\"Singing\" is no name for a service [module.table]\n");
        assert_found("bad_words", "the service \"words\" has no .api");
        assert_found("bad_words", "provides \"words\" twice [module.table]\n");
        assert_found("bad_words", "\"Say it\" is no name for a command");
        assert_found("bad_words", "the command \"Say it\" has no .run [module.table]\n");
        assert_found("bad_words", "the argument how of \"Say it\" has no .words [module.table]\n");
        assert_found("bad_words", "the argument how of \"Say it\" must be given, behind one");
        assert_found("bad_words", "the command \"status\" is one of the server itself");
        assert_found("bad_words", "has .save without .restore [module.table]\n");
        assert_found("bad_words", ".state_oldest is later than .state_version");
}

/* Severity, form, words */

static void
test_warnings_count_when_strict(void)
{
        g_autofree char *sound = path_of("alpha"), *path = path_of("bad_name");
        g_autofree char *dir = g_dir_make_tmp("motet-test-XXXXXX", NULL);
        g_autofree char *renamed = g_build_filename(dir, "mod_other.so", NULL);
        g_autofree char *bytes = NULL, *loose = NULL, *strict = NULL, *notes = NULL;
        int loose_code, strict_code, notes_code;
        gsize n;

        g_assert_true(g_file_get_contents(path, &bytes, &n, NULL));
        g_assert_true(g_file_set_contents(renamed, bytes, (gssize)n, NULL));
        loose = lint(renamed, false, false, &loose_code);
        strict = lint(renamed, false, true, &strict_code);
        notes = lint(sound, false, true, &notes_code);

        g_assert_nonnull(strstr(loose, "no errors, 1 warning\n"));
        g_assert_cmpint(loose_code, ==, CHECK_CLEAN);
        g_assert_cmpint(strict_code, ==, CHECK_WARNINGS);
        g_assert_cmpint(notes_code, ==, CHECK_CLEAN);
        unlink(renamed);
        rmdir(dir);
}

static void
test_json_is_one_array(void)
{
        g_autofree char *path = path_of("no_symbol");
        int code;
        g_autofree char *output = lint(path, true, false, &code);

        g_assert_cmpint(code, ==, CHECK_ERRORS);
        g_assert_cmpstr(output, ==,
                        "[\n  {\"id\": \"module.file\", \"severity\": \"error\", \"file\": "
                        "\"FILE\", \"line\": 0, \"column\": 0, \"message\": \"is no module: it "
                        "does not export \\\"motet_module\\\"\", \"hint\": null}\n]\n");
}

static void
test_words_are_read(void)
{
        static const char *const good[] = {"--strict", "a.so", "--json", "b.so", NULL};
        g_autoptr(GPtrArray) files = g_ptr_array_new(), none = g_ptr_array_new();
        g_autoptr(GError) missing = NULL, unknown = NULL;
        ModuleLintParams params = {0};

        g_assert_true(module_lint_words(good, &params, files, NULL));
        g_assert_true(params.strict && params.json);
        g_assert_cmpuint(g_strv_length((char **)params.files), ==, 2);
        g_assert_cmpstr(params.files[1], ==, "b.so");
        g_assert_false(module_lint_words((const char *const[]){NULL}, &params, none, &missing));
        g_assert_error(missing, MOTET_ERROR, MOTET_ERROR_USAGE);
        g_assert_false(
                module_lint_words((const char *const[]){"--jsno", NULL}, &params, none, &unknown));
        g_assert_cmpstr(unknown->message, ==,
                        "module lint has the options --json and --strict, not \"--jsno\"");
}

static void
test_modules_of_this_tree_are_clean(void)
{
        const char *folder = g_getenv("MOTET_TEST_MODULES");
        g_auto(GStrv) names = module_object_names(folder);
        unsigned n = 0;

        for (char **name = names; *name; name++, n++) {
                g_autofree char *file = g_strdup_printf("mod_%s.so", *name);
                g_autofree char *path = g_build_filename(folder, file, NULL);
                int code;
                g_autofree char *output = lint(path, false, true, &code);
                if (code != CHECK_CLEAN)
                        g_error("%s:\n%s", path, output);
        }
        g_assert_cmpuint(n, >, 20);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/module-lint/a-sound-module-is-clean", test_a_sound_module_is_clean);
        g_test_add_func("/module-lint/what-is-no-module-is-told", test_what_is_no_module_is_told);
        g_test_add_func("/module-lint/the-interface-is-checked", test_the_interface_is_checked);
        g_test_add_func("/module-lint/one-symbol-is-exported", test_one_symbol_is_exported);
        g_test_add_func("/module-lint/nothing-runs-by-opening", test_nothing_runs_by_opening);
        g_test_add_func("/module-lint/what-is-asked-of-the-loader-is-told",
                        test_what_is_asked_of_the_loader_is_told);
        g_test_add_func("/module-lint/what-is-missing-is-named", test_what_is_missing_is_named);
        g_test_add_func("/module-lint/the-name-is-that-of-the-file",
                        test_the_name_is_that_of_the_file);
        g_test_add_func("/module-lint/what-is-not-explained-is-told",
                        test_what_is_not_explained_is_told);
        g_test_add_func("/module-lint/options-are-checked", test_options_are_checked);
        g_test_add_func("/module-lint/events-are-checked", test_events_are_checked);
        g_test_add_func("/module-lint/events-of-modules-beside-it-are-known",
                        test_events_of_modules_beside_it_are_known);
        g_test_add_func("/module-lint/rows-are-checked", test_rows_are_checked);
        g_test_add_func("/module-lint/warnings-count-when-strict", test_warnings_count_when_strict);
        g_test_add_func("/module-lint/json-is-one-array", test_json_is_one_array);
        g_test_add_func("/module-lint/words-are-read", test_words_are_read);
        g_test_add_func("/module-lint/modules-of-this-tree-are-clean",
                        test_modules_of_this_tree_are_clean);
        return g_test_run();
}
