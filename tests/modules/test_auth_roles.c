/*
 * Tests of auth_internal: roles of accounts and of sessions, and the changes that modules ask for.
 */
#include <motet/service-auth.h>
#include <motet/service-store.h>

#include "support/test_server.h"

#define MODULES "storage_memory:\nauth_internal:\n  options:\n    iterations: 4096\n"
#define ROMEO "romeo@example.org"

static int
user(TestServer *server, const char *what, const char *jid, const char *more, char **output_out)
{
        const char *const words[] = {"user", what, jid, more, NULL};

        return test_server_run_command(server, words, output_out);
}

static TestServer *
server_with_romeo(void)
{
        TestServer *server = test_server_new_yaml(MODULES);

        g_assert_cmpint(user(server, "add", ROMEO, "montague", NULL), ==, 0);
        return server;
}

static const MotetAuthService *
service(TestServer *server, MotetModule **provider_out)
{
        return motet_service(test_server_host(server), "auth", provider_out);
}

static MotetAuthRole
role_of(TestServer *server, const MotetSession *session)
{
        MotetModule *provider = NULL;
        const MotetAuthService *auth = service(server, &provider);

        return auth->role_of(provider, session);
}

static void
assert_listed(TestServer *server, const char *lines)
{
        g_autofree char *output = NULL;
        const char *const words[] = {"user", "list", "example.org", NULL};

        g_assert_cmpint(test_server_run_command(server, words, &output), ==, 0);
        g_assert_cmpstr(output, ==, lines);
}

/* Commands */

static void
test_a_new_account_is_a_member(void)
{
        g_autoptr(TestServer) server = server_with_romeo();
        g_autofree char *output = NULL;

        g_assert_cmpint(user(server, "role", ROMEO, NULL, &output), ==, 0);
        g_assert_cmpstr(output, ==, "member\n");
        g_assert_cmpint(role_of(server, test_server_bind(server, ROMEO "/orchard")), ==,
                        MOTET_ROLE_MEMBER);
}

static void
test_role_is_set_and_shown(void)
{
        static const char *const roles[] = {"admin", "restricted", "member"};
        g_autoptr(TestServer) server = server_with_romeo();

        for (size_t i = 0; i < G_N_ELEMENTS(roles); i++) {
                g_autofree char *shown = NULL;
                g_autofree char *line = g_strconcat(roles[i], "\n", NULL);
                g_assert_cmpint(user(server, "role", ROMEO, roles[i], NULL), ==, 0);
                g_assert_cmpint(user(server, "role", ROMEO, NULL, &shown), ==, 0);
                g_assert_cmpstr(shown, ==, line);
        }
}

static void
test_an_unknown_role_is_refused(void)
{
        g_autoptr(TestServer) server = server_with_romeo();
        g_autofree char *output = NULL;

        g_assert_cmpint(user(server, "role", ROMEO, "king", &output), ==, 64);
        g_assert_nonnull(strstr(output, "\"king\" is none of"));
        g_assert_cmpint(user(server, "role", "nobody@example.org", "admin", NULL), ==, 69);
        g_assert_cmpint(user(server, "role", "nobody@example.org", NULL, NULL), ==, 69);
}

/* What is not ordinary of an account is listed; scripts that want addresses get nothing else. */
static void
test_list_shows_role_and_state(void)
{
        g_autoptr(TestServer) server = server_with_romeo();
        user(server, "add", "juliet@example.org", "capulet", NULL);
        user(server, "add", "nurse@example.org", "angelica", NULL);

        assert_listed(server, "juliet@example.org\nnurse@example.org\n" ROMEO "\n");
        user(server, "role", "juliet@example.org", "admin", NULL);
        user(server, "role", "nurse@example.org", "restricted", NULL);
        user(server, "disable", "nurse@example.org", NULL, NULL);
        user(server, "disable", ROMEO, NULL, NULL);
        assert_listed(server,
                      "juliet@example.org admin\nnurse@example.org restricted disabled\n" ROMEO
                      " disabled\n");
}

static void
note_written(MotetModule *self, const GError *error, void *data)
{
        (void)self;
        g_assert_no_error(error);
        *(bool *)data = true;
}

/* A role that is not known may mean less than any that is: the account is not usable. */
static void
test_a_damaged_role_is_no_role(void)
{
        g_autoptr(TestServer) server = server_with_romeo();
        MotetStore *accounts =
                motet_store_open(test_server_owner(server), "accounts", MOTET_STORE_KEYVAL, NULL);
        const char *text = "<account xmlns='urn:motet:account:1' role='king'/>";
        g_autoptr(GBytes) document = g_bytes_new_static(text, strlen(text));
        bool is_written = false;
        motet_store_set(accounts, "romeo", "", document, note_written, &is_written);
        test_server_settle(server);
        g_assert_true(is_written);

        g_assert_cmpint(user(server, "role", ROMEO, NULL, NULL), ==, 74);
        assert_listed(server, ROMEO " damaged\n");
}

/* A role is the account's, whatever becomes of its password. */
static void
test_role_outlives_a_new_password_and_disabling(void)
{
        g_autoptr(TestServer) server = server_with_romeo();
        user(server, "role", ROMEO, "admin", NULL);

        user(server, "password", ROMEO, "benvolio", NULL);
        user(server, "disable", ROMEO, NULL, NULL);
        user(server, "enable", ROMEO, NULL, NULL);

        assert_listed(server, ROMEO " admin\n");
}

/* ... and goes with it. */
static void
test_role_is_gone_with_the_account(void)
{
        g_autoptr(TestServer) server = server_with_romeo();
        user(server, "role", ROMEO, "admin", NULL);

        user(server, "delete", ROMEO, NULL, NULL);
        user(server, "add", ROMEO, "again", NULL);

        assert_listed(server, ROMEO "\n");
}

/* Sessions */

static void
test_role_of_a_session(void)
{
        g_autoptr(TestServer) server = server_with_romeo();
        user(server, "role", ROMEO, "admin", NULL);

        g_assert_cmpint(role_of(server, test_server_bind(server, ROMEO "/orchard")), ==,
                        MOTET_ROLE_ADMIN);
        g_assert_cmpint(role_of(server, test_server_open(server, "example.org")), ==,
                        MOTET_ROLE_RESTRICTED);
        g_assert_cmpint(role_of(server, test_server_bind(server, "nobody@example.org/x")), ==,
                        MOTET_ROLE_RESTRICTED);
}

/* It is at hand when a resource is bound, whoever asks and however early. */
static MotetAuthRole role_at_bound;

static MotetResult
note_role(MotetModule *self, MotetSessionEvent *ev)
{
        MotetModule *provider = NULL;
        const MotetAuthService *auth = motet_service(motet_module_host(self), "auth", &provider);

        role_at_bound = auth->role_of(provider, ev->session);
        return MOTET_CONTINUE;
}

static void
test_role_is_known_when_bound(void)
{
        g_autoptr(TestServer) server = server_with_romeo();
        user(server, "role", ROMEO, "admin", NULL);
        role_at_bound = MOTET_ROLE_RESTRICTED;
        test_server_hook(server, &(MotetHook)MOTET_ON_SESSION("session-bound", note_role, 1000));

        test_server_bind(server, ROMEO "/orchard");

        g_assert_cmpint(role_at_bound, ==, MOTET_ROLE_ADMIN);
}

/* At once, for bound sessions and for those that only logged in; nobody is cut off. */
static void
test_sessions_follow_a_changed_role(void)
{
        g_autoptr(TestServer) server = server_with_romeo();
        MotetSession *bound = test_server_bind(server, ROMEO "/orchard");
        MotetSession *unbound = test_server_login(server, ROMEO);

        user(server, "role", ROMEO, "restricted", NULL);

        g_assert_cmpint(role_of(server, bound), ==, MOTET_ROLE_RESTRICTED);
        g_assert_cmpint(role_of(server, unbound), ==, MOTET_ROLE_RESTRICTED);
        user(server, "role", ROMEO, "admin", NULL);
        g_assert_cmpint(role_of(server, bound), ==, MOTET_ROLE_ADMIN);
        g_assert_cmpint(role_of(server, unbound), ==, MOTET_ROLE_ADMIN);
        g_assert_true(motet_session_is_connected(bound) && motet_session_is_connected(unbound));
}

/* A module that is switched on learns of the sessions that are there. */
static void
test_sessions_from_before_have_a_role(void)
{
        g_autoptr(TestServer) server = server_with_romeo();
        user(server, "role", ROMEO, "admin", NULL);
        MotetSession *romeo = test_server_bind(server, ROMEO "/orchard");

        g_assert_true(test_server_reload(
                server, "modules: {storage_memory: , auth_internal: {enabled: false}}", NULL));
        g_assert_true(
                test_server_reload(server, "modules: {storage_memory: , auth_internal: }", NULL));

        g_assert_cmpint(role_of(server, romeo), ==, MOTET_ROLE_ADMIN);
}

/* Who cannot be known is not let in: the bind is refused, for the moment. */
static void
test_bind_waits_for_the_role(void)
{
        g_autoptr(TestServer) server = test_server_new_yaml(MODULES "bind:\n");
        g_assert_cmpint(user(server, "add", ROMEO, "montague", NULL), ==, 0);
        MotetStore *accounts =
                motet_store_open(test_server_owner(server), "accounts", MOTET_STORE_KEYVAL, NULL);
        g_autoptr(GBytes) damage = g_bytes_new_static("<account", 8);
        bool is_written = false;
        motet_store_set(accounts, "romeo", "", damage, note_written, &is_written);
        test_server_settle(server);
        g_assert_true(is_written);

        MotetSession *romeo = test_server_login(server, ROMEO);
        test_session_receive(
                romeo,
                "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");

        g_autofree char *sent = test_session_take_sent(romeo);
        g_assert_nonnull(strstr(sent, "<internal-server-error"));
        g_assert_null(romeo->full_jid);
}

/* Changes */

typedef struct {
        unsigned n;
        MotetAuthStatus status;
        MotetAuthRole role;
        bool disabled;
        MotetSession *session; /* connected when it was told? */
        bool was_connected;
} Answer;

static void
note_status(MotetModule *caller, MotetAuthStatus status, void *data)
{
        Answer *answer = data;

        g_assert_nonnull(caller);
        answer->n++;
        answer->status = status;
        answer->was_connected = answer->session && motet_session_is_connected(answer->session);
}

static void
note_account(MotetModule *caller, MotetAuthStatus status, MotetAuthRole role, bool disabled,
             void *data)
{
        Answer *answer = data;

        note_status(caller, status, data);
        answer->role = role;
        answer->disabled = disabled;
}

static MotetAuthStatus
settle(TestServer *server, Answer *answer)
{
        g_assert_cmpuint(answer->n, ==, 0);
        test_server_settle(server);
        g_assert_cmpuint(answer->n, ==, 1);
        return answer->status;
}

static MotetAuthStatus
check(TestServer *server, const char *username, const char *password)
{
        MotetModule *provider = NULL;
        const MotetAuthService *auth = service(server, &provider);
        Answer answer = {0};

        auth->check(provider, test_server_owner(server), username, password, note_status, &answer);
        return settle(server, &answer);
}

static MotetAuthStatus
create(TestServer *server, const char *username, const char *password, MotetAuthRole role)
{
        MotetModule *provider = NULL;
        const MotetAuthService *auth = service(server, &provider);
        Answer answer = {0};

        auth->create(provider, test_server_owner(server), username, password, role, note_status,
                     &answer);
        return settle(server, &answer);
}

static void
test_create(void)
{
        g_autoptr(TestServer) server = server_with_romeo();

        g_assert_cmpint(create(server, "juliet", "capulet", MOTET_ROLE_RESTRICTED), ==,
                        MOTET_AUTH_OK);
        g_assert_cmpint(create(server, "juliet", "again", MOTET_ROLE_MEMBER), ==,
                        MOTET_AUTH_EXISTS);

        g_assert_cmpint(check(server, "juliet", "capulet"), ==, MOTET_AUTH_OK);
        assert_listed(server, "juliet@example.org restricted\n" ROMEO "\n");
}

/* R6, but for the session in which the user changed it */
static void
test_set_password(void)
{
        g_autoptr(TestServer) server = server_with_romeo();
        MotetModule *provider = NULL;
        const MotetAuthService *auth = service(server, &provider);
        MotetSession *own = test_server_bind(server, ROMEO "/orchard");
        MotetSession *other = test_server_bind(server, ROMEO "/mantua");
        MotetSession *unbound = test_server_login(server, ROMEO);
        Answer answer = {0};

        auth->set_password(provider, test_server_owner(server), "romeo", "benvolio", own,
                           note_status, &answer);

        g_assert_cmpint(settle(server, &answer), ==, MOTET_AUTH_OK);
        g_assert_cmpint(check(server, "romeo", "benvolio"), ==, MOTET_AUTH_OK);
        g_assert_true(motet_session_is_connected(own));
        test_assert_stream_error(other, "reset");
        test_assert_stream_error(unbound, "reset");
}

static void
test_changes_of_accounts_that_are_not_there(void)
{
        g_autoptr(TestServer) server = server_with_romeo();
        MotetModule *provider = NULL;
        const MotetAuthService *auth = service(server, &provider);
        Answer password = {0}, removal = {0}, account = {0};

        auth->set_password(provider, test_server_owner(server), "nobody", "x", NULL, note_status,
                           &password);
        auth->remove(provider, test_server_owner(server), "nobody", NULL, note_status, &removal);
        auth->account(provider, test_server_owner(server), "nobody", note_account, &account);
        test_server_settle(server);

        g_assert_cmpint(password.status, ==, MOTET_AUTH_FAILED);
        g_assert_cmpint(removal.status, ==, MOTET_AUTH_FAILED);
        g_assert_cmpint(account.status, ==, MOTET_AUTH_FAILED);
        g_assert_cmpuint(password.n + removal.n + account.n, ==, 3);
}

/* XEP-0077 3.2: the one who asked is told before the stream ends. */
static void
test_remove(void)
{
        g_autoptr(TestServer) server = server_with_romeo();
        MotetModule *provider = NULL;
        const MotetAuthService *auth = service(server, &provider);
        MotetSession *own = test_server_bind(server, ROMEO "/orchard");
        MotetSession *other = test_server_bind(server, ROMEO "/mantua");
        Answer answer = {.session = own};

        auth->remove(provider, test_server_owner(server), "romeo", own, note_status, &answer);

        g_assert_cmpint(settle(server, &answer), ==, MOTET_AUTH_OK);
        g_assert_true(answer.was_connected);
        test_assert_stream_error(own, "not-authorized");
        test_assert_stream_error(other, "not-authorized");
        g_assert_cmpint(check(server, "romeo", "montague"), ==, MOTET_AUTH_FAILED);
}

static void
test_account(void)
{
        g_autoptr(TestServer) server = server_with_romeo();
        MotetModule *provider = NULL;
        const MotetAuthService *auth = service(server, &provider);
        user(server, "role", ROMEO, "admin", NULL);
        user(server, "disable", ROMEO, NULL, NULL);
        Answer answer = {0};

        auth->account(provider, test_server_owner(server), "romeo", note_account, &answer);

        g_assert_cmpint(settle(server, &answer), ==, MOTET_AUTH_OK);
        g_assert_cmpint(answer.role, ==, MOTET_ROLE_ADMIN);
        g_assert_true(answer.disabled);
}

/* In the order they were asked for, whoever asks */
static void
test_changes_are_in_order(void)
{
        g_autoptr(TestServer) server = server_with_romeo();
        MotetModule *provider = NULL;
        const MotetAuthService *auth = service(server, &provider);
        MotetModule *owner = test_server_owner(server);
        Answer removal = {0}, creation = {0}, change = {0};

        auth->remove(provider, owner, "romeo", NULL, note_status, &removal);
        auth->create(provider, owner, "romeo", "anew", MOTET_ROLE_MEMBER, note_status, &creation);
        auth->set_password(provider, owner, "romeo", "newer", NULL, note_status, &change);
        test_server_settle(server);

        g_assert_cmpint(removal.status, ==, MOTET_AUTH_OK);
        g_assert_cmpint(creation.status, ==, MOTET_AUTH_OK);
        g_assert_cmpint(change.status, ==, MOTET_AUTH_OK);
        g_assert_cmpint(check(server, "romeo", "newer"), ==, MOTET_AUTH_OK);
}

/* Who lost interest is not called; what was asked for is done. */
static void
test_a_cancelled_change_is_made(void)
{
        g_autoptr(TestServer) server = server_with_romeo();
        MotetModule *provider = NULL;
        const MotetAuthService *auth = service(server, &provider);
        Answer answer = {0};

        auth->cancel(provider, auth->set_password(provider, test_server_owner(server), "romeo",
                                                  "benvolio", NULL, note_status, &answer));
        test_server_settle(server);

        g_assert_cmpuint(answer.n, ==, 0);
        g_assert_cmpint(check(server, "romeo", "benvolio"), ==, MOTET_AUTH_OK);
}

/* Limit: one change runs and a thousand wait; one more fails for the moment, and is told later. */
static void
test_changes_of_modules_are_bounded(void)
{
        g_autoptr(TestServer) server = server_with_romeo();
        MotetModule *provider = NULL;
        const MotetAuthService *auth = service(server, &provider);
        Answer answers[1002] = {0};

        for (size_t i = 0; i < G_N_ELEMENTS(answers); i++)
                auth->set_password(provider, test_server_owner(server), "nobody", "x", NULL,
                                   note_status, &answers[i]);
        g_assert_cmpuint(answers[1001].n, ==, 0);
        test_server_settle(server);

        g_assert_cmpint(answers[1000].status, ==, MOTET_AUTH_FAILED);
        g_assert_cmpint(answers[1001].status, ==, MOTET_AUTH_ERROR);
        g_assert_cmpuint(answers[1001].n, ==, 1);
}

static void
test_switched_off_with_open_changes(void)
{
        g_autoptr(TestServer) server = server_with_romeo();
        MotetModule *provider = NULL;
        const MotetAuthService *auth = service(server, &provider);
        MotetSession *own = test_server_bind(server, ROMEO "/orchard");
        Answer first = {0}, second = {0};
        auth->remove(provider, test_server_owner(server), "romeo", own, note_status, &first);
        auth->set_password(provider, test_server_owner(server), "romeo", "x", own, note_status,
                           &second);

        g_assert_true(test_server_reload(
                server, "modules: {storage_memory: , auth_internal: {enabled: false}}", NULL));

        g_assert_cmpint(first.status, ==, MOTET_AUTH_ERROR);
        g_assert_cmpint(second.status, ==, MOTET_AUTH_ERROR);
        g_assert_cmpuint(first.n + second.n, ==, 2);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add_func("/auth_internal/" path, func)
        ADD("role/a-new-account-is-a-member", test_a_new_account_is_a_member);
        ADD("role/is-set-and-shown", test_role_is_set_and_shown);
        ADD("role/an-unknown-one-is-refused", test_an_unknown_role_is_refused);
        ADD("role/list-shows-role-and-state", test_list_shows_role_and_state);
        ADD("role/a-damaged-one-is-none", test_a_damaged_role_is_no_role);
        ADD("role/outlives-a-new-password-and-disabling",
            test_role_outlives_a_new_password_and_disabling);
        ADD("role/is-gone-with-the-account", test_role_is_gone_with_the_account);
        ADD("role/of-a-session", test_role_of_a_session);
        ADD("role/is-known-when-bound", test_role_is_known_when_bound);
        ADD("role/sessions-follow-a-changed-one", test_sessions_follow_a_changed_role);
        ADD("role/sessions-from-before-have-one", test_sessions_from_before_have_a_role);
        ADD("role/bind-waits-for-it", test_bind_waits_for_the_role);
        ADD("change/create", test_create);
        ADD("change/set-password", test_set_password);
        ADD("change/of-accounts-that-are-not-there", test_changes_of_accounts_that_are_not_there);
        ADD("change/remove", test_remove);
        ADD("change/account", test_account);
        ADD("change/in-order", test_changes_are_in_order);
        ADD("change/a-cancelled-one-is-made", test_a_cancelled_change_is_made);
        ADD("change/bounded", test_changes_of_modules_are_bounded);
        ADD("change/switched-off-with-open-ones", test_switched_off_with_open_changes);
        return g_test_run();
}
