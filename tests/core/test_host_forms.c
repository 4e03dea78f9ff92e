/*
 * Tests of host_forms: what the forms of a host's modules hold, and which are refused.
 */
#include <motet/host.h>
#include <string.h>

#include "support/test_server.h"

static char *
config(const char *modules_yaml)
{
        return g_strdup_printf("modules_dir: %s/test_modules\nhosts:\n  example.org:\nmodules:\n%s",
                               g_getenv("MOTET_TEST_BUILD"), modules_yaml);
}

static TestServer *
start(const char *modules_yaml)
{
        g_autofree char *yaml = config(modules_yaml);

        return test_server_new_config(yaml);
}

static void
append_field(const char *form_type, const char *var, MotetFieldType type, const char *const *values,
             void *data)
{
        g_autofree char *joined = g_strjoinv(",", (char **)values);

        g_string_append_printf(data, "%s %s %d %s\n", form_type, var, (int)type, joined);
}

static void
assert_forms(TestServer *server, bool account, const char *expected)
{
        g_autoptr(GString) told = g_string_new(NULL);

        motet_host_forms(test_server_host(server), account, append_field, told);
        g_assert_cmpstr(told->str, ==, expected);
}

/* What is unset is left out, and a form without anything as well. */
static void
test_values(void)
{
        g_autoptr(TestServer) server = start("  former:\n");

        assert_forms(server, false,
                     "urn:test:one own 1 a<b,c\n"
                     "urn:test:one flag 3 true\n"
                     "urn:test:one count 0 -5\n"
                     "urn:test:one size 0 1048576\n"
                     "urn:test:one word 4 one\n"
                     "urn:test:one numbers 5 1,2\n");
        assert_forms(server, true, "urn:test:account kind 0 account\n");
}

/* As they are set at that moment. */
static void
test_values_of_options(void)
{
        g_autoptr(TestServer) server = start("  former:\n");
        g_autofree char *yaml = config(
                "  former:\n    options: {flag: false, count: 7, size: 2, text: t, word: two, "
                "words: [x, y], numbers: [], jid: A@example.org, jids: [b@example.org]}\n");

        g_assert_true(test_server_reload(server, yaml, NULL));

        assert_forms(server, false,
                     "urn:test:unset words 5 x,y\n"
                     "urn:test:one own 1 a<b,c\n"
                     "urn:test:one flag 3 false\n"
                     "urn:test:one count 0 7\n"
                     "urn:test:one size 0 2\n"
                     "urn:test:one text 0 t\n"
                     "urn:test:one word 4 two\n"
                     "urn:test:one words 5 x,y\n"
                     "urn:test:one jid 6 a@example.org\n"
                     "urn:test:one jids 7 b@example.org\n");
}

/* XEP-0115 5.4: a form type is there once. The first module's field goes before. */
static void
test_forms_of_one_type_are_one(void)
{
        g_autoptr(TestServer) server =
                start("  former:\n    options: {numbers: []}\n  former_two:\n");

        assert_forms(server, false,
                     "urn:test:one own 1 a<b,c\n"
                     "urn:test:one flag 3 true\n"
                     "urn:test:one count 0 -5\n"
                     "urn:test:one size 0 1048576\n"
                     "urn:test:one word 4 one\n"
                     "urn:test:one more 0 yes\n"
                     "urn:test:two alone 0 here\n");
}

static void
test_unsound_tables_are_refused(void)
{
        static const char *const problems[] = {
                "form \"urn:test:bad\", field \"\": the name is empty",
                "field \"FORM_TYPE\": the name is empty or that of the form's type",
                "field \"twice\": the name is there twice",
                "field \"odd\": the type is unknown",
                "field \"nothing\": it needs values or an option, and not both",
                "field \"both\": it needs values or an option, and not both",
                "field \"misspelt\": there is no such option",
                "field \"secret\": an option of this type is not told",
                "field \"time\": an option of this type is not told",
                "form \"\": the type is empty",
                "form \"urn:test:none\": there are no fields",
        };
        g_autofree char *yaml = config("  bad_forms:\n");
        g_autofree char *refusal = test_server_refuse(yaml);

        for (size_t i = 0; i < G_N_ELEMENTS(problems); i++)
                if (!strstr(refusal, problems[i]))
                        g_error("\"%s\" is not in:\n%s", problems[i], refusal);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/host-forms/values", test_values);
        g_test_add_func("/host-forms/values-of-options", test_values_of_options);
        g_test_add_func("/host-forms/forms-of-one-type-are-one", test_forms_of_one_type_are_one);
        g_test_add_func("/host-forms/unsound-tables-are-refused", test_unsound_tables_are_refused);
        return g_test_run();
}
