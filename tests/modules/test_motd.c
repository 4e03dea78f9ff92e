/*
 * motd: the message of the day, once.
 */
#include <motet/service-presence.h>
#include <motet/service-store.h>

#include "support/test_im.h"

#include <string.h>

#define JULIET "juliet@example.org"
#define BASE "storage_memory: , roster: , presence: , message: "
#define WITH(text) "modules: {" BASE ", motd: {options: {text: \"" text "\"}}}"

static void
come_online(MotetSession *session)
{
        test_session_receive(session, "<presence/>");
        test_assert_sent(session, "<presence from='*' to='*'/>");
}

static void
assert_told(MotetSession *session, const char *text)
{
        g_autofree char *message =
                g_strdup_printf("<message from='example.org' to='%s'><body>%s</body></message>",
                                session->full_jid, text);

        test_assert_sent(session, message);
        test_assert_sent_nothing(session);
}

static void
test_once(void)
{
        g_autoptr(TestServer) server = test_server_new_config(WITH("Hear, hear!\\n<Bye> & so"));
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        test_assert_sent_nothing(juliet);

        come_online(juliet);
        assert_told(juliet, "Hear, hear!\n&lt;Bye&gt; &amp; so");
        test_session_receive(juliet, "<presence><show>away</show></presence>");
        test_im_forget(juliet);
        test_session_receive(juliet, "<presence type='unavailable'/>");
        test_im_forget(juliet);
        come_online(juliet);
        test_assert_sent_nothing(juliet);
        test_im_lose(server, juliet);
        MotetSession *again = test_server_bind(server, JULIET "/chamber");
        come_online(again);

        test_assert_sent_nothing(again);
}

/* Everybody has seen their own. */
static void
test_each(void)
{
        g_autoptr(TestServer) server = test_server_new_config(WITH("Hear!"));
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        MotetSession *nurse = test_server_bind(server, "nurse@example.org/x");

        come_online(juliet);
        assert_told(juliet, "Hear!");
        come_online(nurse);

        assert_told(nurse, "Hear!");
}

/* The account is told, not each of its clients. */
static void
test_two_at_once(void)
{
        g_autoptr(TestServer) server = test_server_new_config(WITH("Hear!"));
        MotetSession *balcony = test_server_bind(server, JULIET "/balcony");
        MotetSession *chamber = test_server_bind(server, JULIET "/chamber");

        come_online(balcony);
        assert_told(balcony, "Hear!");
        test_session_receive(chamber, "<presence/>");
        test_assert_sent(chamber, "<presence from='" JULIET "/chamber' to='*'/>");
        test_assert_sent(chamber, "<presence from='" JULIET "/balcony' to='*'/>");

        test_assert_sent_nothing(chamber);
}

/* Also when they come in the same moment. */
static void
test_same_moment(void)
{
        g_autoptr(TestServer) server = test_server_new_config(WITH("Hear!"));
        MotetSession *balcony = test_server_bind(server, JULIET "/balcony");
        MotetSession *chamber = test_server_bind(server, JULIET "/chamber");
        MotetPresenceChange first = {.session = balcony}, second = {.session = chamber};

        motet_fire_custom(test_server_owner(server), test_server_host(server),
                          MOTET_EVENT_PRESENCE_INITIAL, &first);
        motet_fire_custom(test_server_owner(server), test_server_host(server),
                          MOTET_EVENT_PRESENCE_INITIAL, &second);
        test_server_settle(server);

        assert_told(balcony, "Hear!");
        test_assert_sent_nothing(chamber);
}

/* Also the old one again, after another. */
static void
test_new_text(void)
{
        g_autoptr(TestServer) server = test_server_new_config(WITH("One"));
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        static const struct {
                const char *config, *text;
        } days[] = {{WITH("Two"), "Two"},
                    {WITH("Two"), NULL},
                    {WITH("One"), "One"},
                    {"modules: {" BASE ", motd: }", NULL},
                    {WITH("One"), NULL}};
        come_online(juliet);
        assert_told(juliet, "One");

        for (size_t i = 0; i < G_N_ELEMENTS(days); i++) {
                test_session_receive(juliet, "<presence type='unavailable'/>");
                test_im_forget(juliet);
                g_assert_true(test_server_reload(server, days[i].config, NULL));
                come_online(juliet);
                if (days[i].text)
                        assert_told(juliet, days[i].text);
                else
                        test_assert_sent_nothing(juliet);
        }
}

static void
test_no_text(void)
{
        g_autoptr(TestServer) server = test_server_new_config("modules: {" BASE ", motd: }");
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");

        come_online(juliet);

        test_assert_sent_nothing(juliet);
}

/* XML cannot carry them. */
static void
test_bad_text(void)
{
        g_autofree char *refusal = test_server_refuse(WITH("a\\x01b"));

        g_assert_nonnull(strstr(refusal, "text"));

        g_autoptr(TestServer) server = test_server_new_config(WITH("One"));
        g_assert_true(test_server_reload(server, WITH("a\\x01b"), NULL));
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        come_online(juliet);
        test_assert_sent_nothing(juliet);
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
                motet_store_open(test_server_owner(server), "motd", MOTET_STORE_KEYVAL, NULL);
        size_t n = SIZE_MAX;

        motet_store_read_all(store, NULL, count_stored, &n);
        test_server_settle(server);
        return n;
}

/* What cannot be remembered is told nevertheless, and once more. */
static void
test_store_fails(void)
{
        g_autoptr(TestServer) server = test_server_new_config(
                "modules: {storage_memory: {options: {max_bytes: 64 KiB}}, roster: , presence: , "
                "message: , motd: {options: {text: Hear}}}");
        MotetStore *store =
                motet_store_open(test_server_owner(server), "other", MOTET_STORE_KEYVAL, NULL);
        g_autofree char *filling = g_malloc0(65400);
        g_autoptr(GBytes) value = g_bytes_new(filling, 65400);
        motet_store_set(store, "somebody", "", value, NULL, NULL);
        test_server_settle(server);
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");

        come_online(juliet);
        assert_told(juliet, "Hear");
        g_assert_cmpuint(n_stored(server), ==, 0);
        test_session_receive(juliet, "<presence type='unavailable'/>");
        test_im_forget(juliet);
        motet_store_set(store, "somebody", "", NULL, NULL, NULL);
        test_server_settle(server);
        come_online(juliet);

        assert_told(juliet, "Hear");
        g_assert_cmpuint(n_stored(server), ==, 1);
}

static void
test_deleted(void)
{
        g_autoptr(TestServer) server = test_server_new_config(
                "modules: {" BASE ", auth_internal: , motd: {options: {text: Hear}}}");
        g_assert_cmpint(
                test_server_run_command(server, MOTET_LIST("user", "add", JULIET, "capulet"), NULL),
                ==, 0);
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        come_online(juliet);
        g_assert_cmpuint(n_stored(server), ==, 1);

        g_assert_cmpint(test_server_run_command(server, MOTET_LIST("user", "delete", JULIET), NULL),
                        ==, 0);

        g_assert_cmpuint(n_stored(server), ==, 0);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/motd/is-told-once", test_once);
        g_test_add_func("/motd/is-told-to-each", test_each);
        g_test_add_func("/motd/two-clients-are-one-user", test_two_at_once);
        g_test_add_func("/motd/two-clients-in-the-same-moment", test_same_moment);
        g_test_add_func("/motd/a-new-text-is-told", test_new_text);
        g_test_add_func("/motd/without-text-nothing-is-told", test_no_text);
        g_test_add_func("/motd/control-characters-are-refused", test_bad_text);
        g_test_add_func("/motd/store-fails", test_store_fails);
        g_test_add_func("/motd/deleted-accounts-leave-nothing", test_deleted);
        return g_test_run();
}
