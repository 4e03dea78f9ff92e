/*
 * welcome: a greeting for new accounts.
 */
#include <motet/service-presence.h>
#include <motet/service-store.h>

#include "support/test_im.h"

#include <string.h>

#define JULIET "juliet@example.org"
#define BASE "storage_memory: , auth_internal: , roster: , presence: , message: "
#define WITH(text) "modules: {" BASE ", welcome: {options: {text: '" text "'}}}"
#define WITHOUT "modules: {" BASE ", welcome: }"

static void
user(TestServer *server, const char *verb, const char *password)
{
        g_assert_cmpint(
                test_server_run_command(server, MOTET_LIST("user", verb, JULIET, password), NULL),
                ==, 0);
        test_server_settle(server);
}

static MotetSession *
come_online(TestServer *server, const char *jid)
{
        MotetSession *session = test_server_bind(server, jid);

        test_session_receive(session, "<presence/>");
        test_assert_sent(session, "<presence from='*' to='*'/>");
        return session;
}

static void
assert_greeted(MotetSession *session, const char *text)
{
        g_autofree char *message =
                g_strdup_printf("<message from='example.org' to='%s'><body>%s</body></message>",
                                session->full_jid, text);

        test_assert_sent(session, message);
        test_assert_sent_nothing(session);
}

static void
count_stored(MotetModule *self, const GError *error, const MotetStoreItem *items, size_t n,
             void *data)
{
        (void)self;
        (void)items;
        g_assert_no_error(error);
        *(size_t *)data = n;
}

static size_t
n_stored(TestServer *server)
{
        MotetStore *store =
                motet_store_open(test_server_owner(server), "welcome", MOTET_STORE_KEYVAL, NULL);
        size_t n = SIZE_MAX;

        motet_store_read_all(store, NULL, count_stored, &n);
        test_server_settle(server);
        return n;
}

static void
test_once(void)
{
        g_autoptr(TestServer) server = test_server_new_config(WITH("Hello $username of $host!"));
        user(server, "add", "capulet");
        g_assert_cmpuint(n_stored(server), ==, 1);

        MotetSession *juliet = come_online(server, JULIET "/balcony");
        assert_greeted(juliet, "Hello juliet of example.org!");
        g_assert_cmpuint(n_stored(server), ==, 0);
        test_im_lose(server, juliet);
        MotetSession *again = come_online(server, JULIET "/balcony");

        test_assert_sent_nothing(again);
}

/* A name is not a place for another name. */
static void
test_odd_name(void)
{
        g_autoptr(TestServer) server =
                test_server_new_config(WITH("$username, $usernames $ho$hosts"));
        g_assert_cmpint(
                test_server_run_command(
                        server, MOTET_LIST("user", "add", "$host@example.org", "capulet"), NULL),
                ==, 0);
        test_server_settle(server);

        MotetSession *odd = come_online(server, "$host@example.org/x");

        assert_greeted(odd, "$host, $hosts $hoexample.orgs");
}

/* Accounts from before, and from a time without text. */
static void
test_old_accounts(void)
{
        g_autoptr(TestServer) server = test_server_new_config(WITHOUT);
        user(server, "add", "capulet");

        g_assert_true(test_server_reload(server, WITH("Hello"), NULL));
        MotetSession *juliet = come_online(server, JULIET "/balcony");

        test_assert_sent_nothing(juliet);
        g_assert_cmpuint(n_stored(server), ==, 0);
}

/* Greeted with what is to be said then. */
static void
test_text_changes(void)
{
        g_autoptr(TestServer) server = test_server_new_config(WITH("One"));
        user(server, "add", "capulet");

        g_assert_true(test_server_reload(server, WITHOUT, NULL));
        MotetSession *juliet = come_online(server, JULIET "/balcony");
        test_assert_sent_nothing(juliet);
        test_im_lose(server, juliet);
        g_assert_true(test_server_reload(server, WITH("Two"), NULL));
        MotetSession *again = come_online(server, JULIET "/balcony");

        assert_greeted(again, "Two");
}

/* The account is greeted, not each of its clients. */
static void
test_two_clients(void)
{
        g_autoptr(TestServer) server = test_server_new_config(WITH("Hello"));
        user(server, "add", "capulet");

        MotetSession *balcony = come_online(server, JULIET "/balcony");
        assert_greeted(balcony, "Hello");
        MotetSession *chamber = come_online(server, JULIET "/chamber");
        test_assert_sent(chamber, "<presence from='" JULIET "/balcony' to='*'/>");

        test_assert_sent_nothing(chamber);
}

/* Also when they come in the same moment. */
static void
test_same_moment(void)
{
        g_autoptr(TestServer) server = test_server_new_config(WITH("Hello"));
        user(server, "add", "capulet");
        MotetSession *balcony = test_server_bind(server, JULIET "/balcony");
        MotetSession *chamber = test_server_bind(server, JULIET "/chamber");
        MotetPresenceChange first = {.session = balcony}, second = {.session = chamber};

        motet_fire_custom(test_server_owner(server), test_server_host(server),
                          MOTET_EVENT_PRESENCE_INITIAL, &first);
        motet_fire_custom(test_server_owner(server), test_server_host(server),
                          MOTET_EVENT_PRESENCE_INITIAL, &second);
        test_server_settle(server);

        assert_greeted(balcony, "Hello");
        test_assert_sent_nothing(chamber);
}

/* An account made anew is a new one; one that was never used leaves nothing. */
static void
test_deleted(void)
{
        g_autoptr(TestServer) server = test_server_new_config(WITH("Hello"));
        user(server, "add", "capulet");

        user(server, "delete", NULL);
        g_assert_cmpuint(n_stored(server), ==, 0);
        user(server, "add", "capulet");
        MotetSession *juliet = come_online(server, JULIET "/balcony");

        assert_greeted(juliet, "Hello");
}

/* XML cannot carry them. */
static void
test_bad_text(void)
{
        g_autofree char *refusal =
                test_server_refuse("modules: {" BASE ", welcome: {options: {text: \"a\\x01b\"}}}");

        g_assert_nonnull(strstr(refusal, "text"));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/welcome/new-users-are-greeted-once", test_once);
        g_test_add_func("/welcome/names-are-filled-in", test_odd_name);
        g_test_add_func("/welcome/old-accounts-are-not-greeted", test_old_accounts);
        g_test_add_func("/welcome/the-text-in-force-is-told", test_text_changes);
        g_test_add_func("/welcome/two-clients-are-one-user", test_two_clients);
        g_test_add_func("/welcome/two-clients-in-the-same-moment", test_same_moment);
        g_test_add_func("/welcome/deleted-accounts-leave-nothing", test_deleted);
        g_test_add_func("/welcome/control-characters-are-refused", test_bad_text);
        return g_test_run();
}
