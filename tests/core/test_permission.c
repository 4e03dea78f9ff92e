/*
 * Tests of permission: who has what by default, what operators change of it, and what is refused
 * and told.
 */
#include <motet/permission.h>
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
assert_refused(const char *modules_yaml, const char *reason)
{
        g_autofree char *yaml = config(modules_yaml);
        g_autofree char *refusal = test_server_refuse(yaml);

        if (!strstr(refusal, reason))
                g_error("\"%s\" is not in:\n%s", reason, refusal);
}

/* Asks as a client. */
static bool
may(TestServer *server, const char *user, const char *permission)
{
        g_autofree char *jid = g_strdup_printf("%s@example.org/r", user);
        g_autofree char *iq = g_strdup_printf("<iq type='get' id='1' to='example.org'>"
                                              "<q xmlns='urn:test:may' permission='%s'/></iq>",
                                              permission);
        MotetSession *session = test_server_bind(server, jid);

        test_session_receive(session, iq);
        g_autofree char *sent = test_session_take_sent(session);
        bool answer = strstr(sent, "type='result'") != NULL;
        g_assert_true(answer || strstr(sent, "<forbidden"));
        motet_session_destroy(session);
        test_server_settle(server);
        return answer;
}

/* "look create manage purge", "-" for what @user may not. */
static void
assert_may(TestServer *server, const char *user, const char *expected)
{
        static const char *const permissions[] = {"look", "create", "manage", "purge"};
        g_autoptr(GString) found = g_string_new(NULL);

        for (size_t i = 0; i < G_N_ELEMENTS(permissions); i++)
                g_string_append_printf(found, "%s%s", i > 0 ? " " : "",
                                       may(server, user, permissions[i]) ? permissions[i] : "-");
        g_assert_cmpstr(found->str, ==, expected);
}

#define BOTH "  authority:\n  permitted:\n"

/* Each role has what those before it have. */
static void
test_defaults(void)
{
        g_autoptr(TestServer) server = start(BOTH);

        assert_may(server, "restricted", "look - - -");
        assert_may(server, "romeo", "look create - -");
        assert_may(server, "admin", "look create manage -");
}

static void
test_operators_change_them(void)
{
        g_autoptr(TestServer) server =
                start(BOTH "    permissions: {look: nobody, create: admin, purge: restricted}\n");

        assert_may(server, "restricted", "- - - purge");
        assert_may(server, "romeo", "- - - purge");
        assert_may(server, "admin", "- create manage purge");
}

/* Nobody says who is what: nobody is trusted. */
static void
test_without_roles_all_are_restricted(void)
{
        g_autoptr(TestServer) server = start("  permitted:\n");

        assert_may(server, "admin", "look - - -");
}

static void
test_without_a_session_one_is_restricted(void)
{
        g_autoptr(TestServer) server = start(BOTH);
        MotetModule *module = test_server_module(server, "permitted", test_server_host(server));

        g_assert_true(motet_may(module, NULL, "look"));
        g_assert_false(motet_may(module, NULL, "create"));
        g_assert_false(motet_may(module, test_server_connect(server), "create"));
}

static void
ask_unknown(void)
{
        g_autoptr(TestServer) server = start(BOTH);

        motet_may(test_server_module(server, "permitted", test_server_host(server)), NULL, "lok");
}

/* A mistake of the module's code is found the first time. */
static void
test_an_undeclared_one_is_an_error(void)
{
        if (g_test_subprocess()) {
                ask_unknown();
                return;
        }
        g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
        g_test_trap_assert_failed();
        g_test_trap_assert_stderr("*module permitted has no permission lok*");
}

/* In force without a restart; what is refused leaves the former. */
static void
test_reload(void)
{
        g_autoptr(TestServer) server = start(BOTH);
        g_autofree char *changed = config(BOTH "    permissions: {create: admin}\n");
        g_autofree char *bad = config(BOTH "    permissions: {create: everybody}\n");
        g_autofree char *plan = NULL;

        g_assert_true(test_server_reload(server, changed, &plan));
        g_assert_nonnull(
                strstr(plan, "~ permitted on example.org: permissions.create member → admin"));
        assert_may(server, "romeo", "look - - -");
        g_assert_false(test_server_reload(server, bad, NULL));

        assert_may(server, "romeo", "look - - -");
        assert_may(server, "admin", "look create manage -");
}

static void
test_an_unknown_permission_is_refused(void)
{
        assert_refused(BOTH "    permissions:\n      look: member\n      creat: admin\n",
                       ":11:7: error: unknown key");
        assert_refused(BOTH "    permissions: {creat: admin}\n", "did you mean \"create\"?");
        assert_refused("  authority:\n    permissions: {create: admin}\n",
                       "authority has no permissions");
        assert_refused(BOTH "    permissions: [create]\n", "expected a map of permissions");
        assert_refused(BOTH "    options: {create: admin}\n", "create");
}

static void
test_an_unknown_role_is_refused(void)
{
        assert_refused(BOTH "    permissions:\n      create: admn\n", ":10:15: error:");
        assert_refused(BOTH "    permissions: {create: admn}\n", "did you mean \"admin\"?");
        assert_refused(BOTH "    permissions: {create: [admin]}\n", "found a list");
}

static void
test_unsound_tables_are_refused(void)
{
        assert_refused("  bad_permissions:\n", "permission Create: the name is not in snake_case");
        assert_refused("  bad_permissions:\n", "permission create: the name is there twice");
        assert_refused("  bad_permissions:\n", "permission rule: the role is unknown");
        assert_refused("  bad_permissions:\n", "permission silent: the help is missing");
}

static void
assert_told(TestServer *server, const char *const *words, const char *text)
{
        g_autofree char *output = NULL;

        g_assert_cmpint(test_server_run_command(server, words, &output), ==, 0);
        if (!strstr(output, text))
                g_error("\"%s\" is not in:\n%s", text, output);
}

/* Operators find them wherever they find options. */
static void
test_they_are_told(void)
{
        g_autoptr(TestServer) server = start(BOTH "    permissions: {create: admin}\n");

        assert_told(server, MOTET_LIST("module", "info", "permitted"),
                    "  permissions.create: admin\n      # May make things.\n");
        assert_told(server, MOTET_LIST("config", "default", "permitted"),
                    "permissions:\n"
                    "  # May look at things. One of restricted, member, admin, nobody.\n"
                    "  look: restricted\n");
        assert_told(server, MOTET_LIST("config", "show", "permitted.permissions"),
                    "permitted.permissions.create");
        assert_told(server, MOTET_LIST("config", "show", "permitted.permissions.create"),
                    "motet.yaml:");
        assert_told(server, MOTET_LIST("config", "show", "permitted.permissions.look"), "default");
        assert_told(server, MOTET_LIST("config", "describe", "permitted.permissions.manage"),
                    "permitted.permissions.manage: May change things of others.\n"
                    "value     one of restricted, member, admin, nobody\n"
                    "default   admin\n");
        assert_told(server, MOTET_LIST("config", "describe", "permitted.permissions.manage"),
                    "permitted.yaml, below permissions\n");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/permission/defaults", test_defaults);
        g_test_add_func("/permission/operators-change-them", test_operators_change_them);
        g_test_add_func("/permission/without-roles-all-are-restricted",
                        test_without_roles_all_are_restricted);
        g_test_add_func("/permission/without-a-session-one-is-restricted",
                        test_without_a_session_one_is_restricted);
        g_test_add_func("/permission/an-undeclared-one-is-an-error",
                        test_an_undeclared_one_is_an_error);
        g_test_add_func("/permission/reload", test_reload);
        g_test_add_func("/permission/an-unknown-permission-is-refused",
                        test_an_unknown_permission_is_refused);
        g_test_add_func("/permission/an-unknown-role-is-refused", test_an_unknown_role_is_refused);
        g_test_add_func("/permission/unsound-tables-are-refused", test_unsound_tables_are_refused);
        g_test_add_func("/permission/they-are-told", test_they_are_told);
        return g_test_run();
}
