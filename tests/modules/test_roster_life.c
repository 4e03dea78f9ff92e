/*
 * Tests of a roster's life: accounts that are not there, are deleted, storage that fails, modules
 * that stop and start.
 */
#include <motet/router.h>
#include <motet/service-store.h>
#include <motet/stanza.h>

#include "support/test_im.h"

#define JULIET "juliet@example.org"
#define ROMEO "romeo@example.net"
#define GET "<iq type='get' id='g'><query xmlns='" NS_ROSTER "'/></iq>"
#define WITH_ACCOUNTS "modules: {storage_memory: , auth_internal: , roster: , presence: }"
#define WITHOUT_ROSTER "modules: {storage_memory: }"
#define WITHOUT_PRESENCE "modules: {storage_memory: , roster: }"
#define ALL "modules: {storage_memory: , roster: , presence: }"

static void
command(TestServer *server, const char *const *words)
{
        g_autofree char *output = NULL;

        g_assert_cmpint(test_server_run_command(server, words, &output), ==, 0);
}

static void
add_juliet(TestServer *server)
{
        command(server, MOTET_LIST("user", "add", JULIET, "capulet"));
}

static void
add_contact(MotetSession *session, const char *contact)
{
        g_autofree char *iq = g_strdup_printf("<iq type='set' id='s'><query xmlns='" NS_ROSTER
                                              "'><item jid='%s'/></query></iq>",
                                              contact);

        test_session_receive(session, iq);
}

static void
assert_roster_at(MotetSession *session, const char *items, int line)
{
        g_autofree char *result =
                g_strdup_printf("<iq type='result' id='g' to='*'><query xmlns='" NS_ROSTER
                                "' ver='*'>%s</query></iq>",
                                items);

        test_session_receive(session, GET);
        test_assert_sent_at(session, result, __FILE__, line);
}
#define assert_roster(session, items) assert_roster_at(session, items, __LINE__)

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
n_stored(TestServer *server, const char *account)
{
        MotetStore *store =
                motet_store_open(test_server_owner(server), "roster", MOTET_STORE_MAP, NULL);
        size_t n = SIZE_MAX;

        motet_store_read_all(store, account, count_stored, &n);
        test_server_settle(server);
        return n;
}

/* RFC 6121 8.5.1: nothing is kept for an account that does not exist, and nobody learns that it
 * does not. */
static void
test_no_such_account(void)
{
        g_autoptr(TestServer) server = test_server_new_config(WITH_ACCOUNTS);
        test_remote_connect(server);
        add_juliet(server);

        test_remote_receive(server, "<presence from='" ROMEO
                                    "' to='nobody@example.org' type='subscribe'/>");
        test_remote_receive(server,
                            "<presence from='" ROMEO "' to='" JULIET "' type='subscribe'/>");

        test_assert_remote_nothing();
        g_assert_cmpuint(n_stored(server, "nobody"), ==, 0);
        g_assert_cmpuint(n_stored(server, "juliet"), ==, 1);
}

/* RFC 6121 4.3.2: as if the account were there and did not want to be seen. */
static void
test_probe_of_no_account(void)
{
        g_autoptr(TestServer) server = test_server_new_config(WITH_ACCOUNTS);
        test_remote_connect(server);
        add_juliet(server);

        test_remote_receive(server,
                            "<presence from='" ROMEO "/o' to='nobody@example.org' type='probe'/>");
        test_assert_remote("<presence from='nobody@example.org' to='" ROMEO
                           "' type='unsubscribed'/>");
        test_remote_receive(server, "<presence from='" ROMEO "/o' to='" JULIET "' type='probe'/>");
        test_assert_remote("<presence from='" JULIET "' to='" ROMEO "' type='unsubscribed'/>");
        test_assert_remote_nothing();
}

/* An account made anew under the name of a deleted one knows nothing of its contacts. */
static void
test_deleted(void)
{
        g_autoptr(TestServer) server = test_server_new_config(WITH_ACCOUNTS);
        test_remote_connect(server);
        add_juliet(server);
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        test_im_come_to(server, juliet, ROMEO, FROM);

        command(server, MOTET_LIST("user", "delete", JULIET));
        test_server_settle(server);

        test_assert_remote("<presence from='" JULIET "' to='" ROMEO "' type='unsubscribed'/>");
        test_assert_remote("<presence from='" JULIET "/balcony' to='" ROMEO
                           "' type='unavailable'/>");
        test_assert_remote_nothing();
        g_assert_cmpuint(n_stored(server, "juliet"), ==, 0);
        test_remote_receive(server,
                            "<presence from='" ROMEO "' to='" JULIET "' type='subscribe'/>");
        g_assert_cmpuint(n_stored(server, "juliet"), ==, 0);
        add_juliet(server);
        MotetSession *again = test_server_bind(server, JULIET "/chamber");
        assert_roster(again, "");
}

/* RFC 6121 2.3.3: what could not be stored did not happen, and the session lives on. */
static void
test_store_fails(void)
{
        g_autoptr(TestServer) server = test_server_new_config(
                "modules: {storage_memory: {options: {max_bytes: 64 KiB}}, roster: , presence: }");
        test_remote_connect(server);
        MotetSession *juliet = test_im_bind_interested(server, JULIET "/balcony");
        MotetStore *store =
                motet_store_open(test_server_owner(server), "other", MOTET_STORE_KEYVAL, NULL);
        g_autofree char *filling = g_malloc0(65000);
        g_autoptr(GBytes) value = g_bytes_new(filling, 65000);
        motet_store_set(store, "somebody", "", value, NULL, NULL);
        test_server_settle(server);
        g_autofree char *name = g_strnfill(1000, 'n');
        g_autofree char *iq = g_strdup_printf("<iq type='set' id='s'><query xmlns='" NS_ROSTER
                                              "'><item jid='" ROMEO "' name='%s'/></query></iq>",
                                              name);
        g_autofree char *request =
                g_strdup_printf("<presence from='" ROMEO "' to='" JULIET
                                "' type='subscribe' id='p'><status>%s</status></presence>",
                                name);

        test_session_receive(juliet, iq);
        test_assert_sent(juliet, "<iq type='error' id='s' to='*'><error "
                                 "type='wait'><internal-server-error xmlns='" NS_STANZAS
                                 "'/></error></iq>");
        test_remote_receive(server, request);
        test_assert_remote("<presence from='" JULIET "' to='" ROMEO
                           "' type='error' id='p'><error type='wait'>"
                           "<internal-server-error xmlns='" NS_STANZAS "'/></error></presence>");

        test_assert_sent_nothing(juliet);
        test_assert_remote_nothing();
        assert_roster(juliet, "");
        g_assert_cmphex(test_im_state(server, "juliet", ROMEO), ==, 0);
}

/* What one peer can make wait is bounded: beyond, it is told so at once. */
static void
test_queue_is_bounded(void)
{
        g_autoptr(TestServer) server = test_im_new();
        test_remote_connect(server);
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");

        for (unsigned i = 0; i < 1001; i++) {
                g_autoptr(MotetXml) request = motet_xml_new("presence", MOTET_NS_CLIENT);
                motet_xml_set_attrf(request, "from", "%u@example.net", i);
                motet_xml_set_attr(request, "to", JULIET);
                motet_xml_set_attr(request, "type", "subscribe");
                motet_route(test_server_host(server), request);
                if (i == 999)
                        test_assert_remote_nothing();
        }

        test_assert_remote("<presence from='" JULIET
                           "' to='1000@example.net' type='error'><error type='wait'>"
                           "<resource-constraint xmlns='" NS_STANZAS "'/></error></presence>");
        test_server_settle(server);
        g_assert_cmphex(test_im_state(server, "juliet", "99@example.net"), ==,
                        MOTET_ROSTER_PENDING_IN);
        g_assert_cmphex(test_im_state(server, "juliet", "100@example.net"), ==, 0);
        test_assert_sent_nothing(juliet);
}

/* A roster module that starts finds sessions bound already. */
static void
test_started_later(void)
{
        g_autoptr(TestServer) server = test_server_new_config(WITHOUT_ROSTER);
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        g_assert_null(juliet->roster);

        g_assert_true(test_server_reload(server, ALL, NULL));
        test_server_settle(server);

        g_assert_nonnull(juliet->roster);
        add_contact(juliet, ROMEO);
        test_assert_sent(juliet, "<iq type='result' id='s' to='*'/>");
        assert_roster(juliet, "<item jid='" ROMEO "' subscription='none'/>");
        test_session_receive(juliet, "<presence/>");
        test_assert_sent(juliet, "<presence from='*' to='*'/>");
}

/* Nothing points into a module that has stopped; what it stored is there when it starts again. */
static void
test_stopped(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        add_contact(juliet, ROMEO);
        test_im_forget(juliet);

        g_assert_true(test_server_reload(server, WITHOUT_ROSTER, NULL));
        g_assert_null(juliet->roster);
        test_session_receive(juliet, GET);
        test_assert_sent(juliet,
                         "<iq type='error' id='g' to='*'><error type='cancel'><service-unavailable "
                         "xmlns='" NS_STANZAS "'/></error></iq>");

        g_assert_true(test_server_reload(server, ALL, NULL));
        test_server_settle(server);
        assert_roster(juliet, "<item jid='" ROMEO "' subscription='none'/>");
}

/* A module that stops is called no more for what it asked for; what is being written is written. */
static void
test_caller_stops(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        test_remote_connect(server);
        MotetSession *juliet = test_im_bind_interested(server, JULIET "/balcony");
        for (unsigned i = 0; i < 3; i++) {
                g_autoptr(MotetXml) request = motet_xml_new("presence", MOTET_NS_CLIENT);
                motet_xml_set_attrf(request, "from", "%u@example.net", i);
                motet_xml_set_attr(request, "to", JULIET);
                motet_xml_set_attr(request, "type", "subscribe");
                motet_route(test_server_host(server), request);
        }

        g_assert_true(test_server_reload(server, WITHOUT_PRESENCE, NULL));
        test_server_settle(server);

        g_assert_cmphex(test_im_state(server, "juliet", "0@example.net"), ==,
                        MOTET_ROSTER_PENDING_IN);
        g_assert_cmphex(test_im_state(server, "juliet", "1@example.net"), ==, 0);
        add_contact(juliet, ROMEO);
        test_assert_sent(juliet,
                         "<iq type='set' id='*' to='*'><query xmlns='" NS_ROSTER
                         "' ver='*'><item jid='" ROMEO "' subscription='none'/></query></iq>");
        test_assert_sent(juliet, "<iq type='result' id='s' to='*'/>");
}

/* Contacts on another host of the same server, which has rosters of its own. */
static void
test_two_hosts(void)
{
        g_autoptr(TestServer) server =
                test_server_new_config("hosts: {example.org: , example.com: }\n" ALL);
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        MotetSession *romeo = test_im_bind_available(server, "juliet@example.com/orchard");

        test_im_befriend(juliet, romeo);
        test_session_receive(romeo, "<presence><show>away</show></presence>");
        test_im_forget(romeo);
        test_assert_sent(
                juliet,
                "<presence from='juliet@example.com/orchard' to='*'><show>away</show></presence>");
        test_session_receive(
                juliet, "<iq type='set' id='s'><query xmlns='" NS_ROSTER
                        "'><item jid='juliet@example.com' subscription='remove'/></query></iq>");

        test_assert_sent(
                juliet,
                "<iq type='set' id='*' to='*'><query xmlns='" NS_ROSTER
                "' ver='*'><item jid='juliet@example.com' subscription='remove'/></query></iq>");
        test_assert_sent(romeo, "<presence from='" JULIET "' to='*' type='unsubscribe'/>");
        test_assert_sent(romeo,
                         "<iq type='set' id='*' to='*'><query xmlns='" NS_ROSTER
                         "' ver='*'><item jid='" JULIET "' subscription='to'/></query></iq>");
        test_assert_sent(romeo, "<presence from='" JULIET "' to='*' type='unsubscribed'/>");
        test_assert_sent(romeo,
                         "<iq type='set' id='*' to='*'><query xmlns='" NS_ROSTER
                         "' ver='*'><item jid='" JULIET "' subscription='none'/></query></iq>");
        test_assert_sent(romeo, "<presence from='" JULIET "/balcony' to='*' type='unavailable'/>");
        test_assert_sent_nothing(romeo);
}

/* One damaged document costs one contact, not the login. */
static void
test_damaged(void)
{
        static const char *const documents[] = {
                "",
                "no XML",
                "<item",
                "<other subscription='both' listed='1'/>",
                "<item subscription='none' in='1'/>",
                "<item subscription='none' listed='1'><presence xmlns='jabber:client'/></item>",
        };
        g_autoptr(TestServer) server = test_im_new();
        MotetStore *store =
                motet_store_open(test_server_owner(server), "roster", MOTET_STORE_MAP, NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(documents); i++) {
                g_autofree char *contact = g_strdup_printf("%zu@example.net", i);
                g_autoptr(GBytes) value = g_bytes_new_static(documents[i], strlen(documents[i]));
                motet_store_set(store, "juliet", contact, value, NULL, NULL);
        }
        const char *sound = "<item subscription='to' listed='1' name='R'><group>G</group></item>";
        g_autoptr(GBytes) value = g_bytes_new_static(sound, strlen(sound));
        motet_store_set(store, "juliet", ROMEO, value, NULL, NULL);
        test_server_settle(server);

        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");

        assert_roster(juliet,
                      "<item jid='" ROMEO "' subscription='to' name='R'><group>G</group></item>");
        g_assert_cmpuint(juliet->roster->n_items, ==, 1);
}

/* What no server of ours wrote is no version: it does not come to a client, which is told the whole
 * roster. */
static void
test_damaged_version(void)
{
        static const char *const documents[] = {"", "a\x01b", "\xff", "a b", "<", NULL};
        static const char get[] =
                "<iq type='get' id='1'><query xmlns='" NS_ROSTER "' ver='a'/></iq>";

        for (const char *const *document = documents; *document; document++) {
                g_autoptr(TestServer) server = test_im_new();
                MotetStore *store = motet_store_open(test_server_owner(server), "roster",
                                                     MOTET_STORE_MAP, NULL);
                g_autoptr(GBytes) value = g_bytes_new(*document, strlen(*document));
                motet_store_set(store, "juliet", "@", value, NULL, NULL);
                test_server_settle(server);
                MotetSession *juliet = test_server_bind(server, JULIET "/balcony");

                test_session_receive(juliet, get);

                g_autofree char *sent = test_session_take_sent(juliet);
                g_autoptr(MotetXml) iq = motet_xml_parse(sent, -1, MOTET_NS_CLIENT, NULL);
                const char *version =
                        motet_xml_attr(motet_xml_child(iq, "query", NS_ROSTER), "ver");
                g_assert_nonnull(version);
                g_assert_cmpstr(version, !=, *document);
                g_assert_cmpstr(version, !=, "");
        }
}

/* The same on the disk. */
static void
test_on_disk(void)
{
        g_autoptr(TestServer) server = test_server_new_config(
                "storage: {default: sqlite}\nmodules: {storage_sqlite: , roster: , presence: }");
        test_remote_connect(server);
        MotetSession *juliet = test_im_bind_interested(server, JULIET "/balcony");
        test_im_come_to(server, juliet, ROMEO, TO_IN);
        test_im_lose(server, juliet);

        MotetSession *again = test_im_bind_interested(server, JULIET "/balcony");

        g_assert_cmphex(test_im_state(server, "juliet", ROMEO), ==, TO_IN | MOTET_ROSTER_LISTED);
        test_session_receive(again, "<presence/>");
        test_assert_sent(again, "<presence from='*' to='*'/>");
        test_assert_sent(again, "<presence from='" ROMEO "' to='" JULIET "' type='subscribe'/>");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        g_test_add_func("/roster_life/no-such-account", test_no_such_account);
        g_test_add_func("/roster_life/probe-of-no-account", test_probe_of_no_account);
        g_test_add_func("/roster_life/account-deleted", test_deleted);
        g_test_add_func("/roster_life/store-fails", test_store_fails);
        g_test_add_func("/roster_life/queue-is-bounded", test_queue_is_bounded);
        g_test_add_func("/roster_life/started-later", test_started_later);
        g_test_add_func("/roster_life/stopped", test_stopped);
        g_test_add_func("/roster_life/caller-stops", test_caller_stops);
        g_test_add_func("/roster_life/two-hosts", test_two_hosts);
        g_test_add_func("/roster_life/damaged", test_damaged);
        g_test_add_func("/roster_life/damaged-version", test_damaged_version);
        g_test_add_func("/roster_life/on-disk", test_on_disk);
        return g_test_run();
}
