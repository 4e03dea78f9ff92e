/*
 * blocking: XEP-0191: what becomes of stanzas from and to who is blocked.
 */
#include <motet/router.h>

#include "support/test_block.h"

#define JULIET "juliet@example.org"
#define ROMEO "romeo@example.net"
#define BLOCKED                                                                                    \
        "<error type='cancel'><not-acceptable xmlns='" NS_STANZAS "'/>"                            \
        "<blocked xmlns='urn:xmpp:blocking:errors'/></error>"
#define INVITE_FROM(from)                                                                          \
        "<x xmlns='http://jabber.org/protocol/muc#user'><invite from='" from "'/></x>"

/* Stanzas from who is blocked */

/* XEP-0191 3.3 */
static void
test_inbound_message(void)
{
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        test_block_one(juliet, "block", ROMEO);

        test_block_hear(server, "<message from='" ROMEO "/o' to='" JULIET "' id='1' type='chat'/>",
                        "<message from='" JULIET "' to='" ROMEO
                        "/o' id='1' type='error'>" BLOCK_UNAVAILABLE "</message>");
        test_block_hear(server, "<message from='" ROMEO "/o' to='" JULIET "/balcony' id='2'/>",
                        "<message from='" JULIET "/balcony' to='" ROMEO
                        "/o' id='2' type='error'>" BLOCK_UNAVAILABLE "</message>");
        test_block_hear(server,
                        "<message from='" ROMEO "' to='" JULIET "' id='3' type='headline'/>",
                        "<message from='" JULIET "' to='" ROMEO
                        "' id='3' type='error'>" BLOCK_UNAVAILABLE "</message>");
        test_block_hear(server,
                        "<message from='" ROMEO "/o' to='" JULIET
                        "/balcony' type='error'>" BLOCK_UNAVAILABLE "</message>",
                        NULL);
        test_assert_sent_nothing(juliet);
        test_block_hear(server, "<message from='nurse@example.net/o' to='" JULIET "' id='4'/>",
                        NULL);

        test_assert_sent(juliet, "<message from='nurse@example.net/o' to='" JULIET "' id='4'/>");
}

/* The same when both are here. */
static void
test_inbound_local(void)
{
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        MotetSession *iago = test_server_bind(server, "iago@example.org/x");
        test_block_one(juliet, "block", "iago@example.org");

        test_session_receive(iago, "<message to='" JULIET "' id='1'/>");
        test_assert_sent(iago, "<message type='error' from='" JULIET
                               "' to='*' id='1'>" BLOCK_UNAVAILABLE "</message>");
        test_session_receive(iago, "<presence to='" JULIET "'/>");
        test_session_receive(iago, "<presence to='" JULIET "' type='subscribe'/>");

        test_assert_sent_nothing(iago);
        test_assert_sent_nothing(juliet);
        g_assert_cmphex(test_im_state(server, "juliet", "iago@example.org"), ==, 0);
}

/* XEP-0191 3.3: requests are refused before anybody answers them, replies are dropped. */
static void
test_inbound_iq(void)
{
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        test_block_one(juliet, "block", ROMEO);

        test_block_hear(server,
                        "<iq type='get' id='1' from='" ROMEO "/o' to='" JULIET
                        "/balcony'><q xmlns='u'/></iq>",
                        "<iq type='error' id='1' from='" JULIET "/balcony' to='" ROMEO
                        "/o'>" BLOCK_UNAVAILABLE "</iq>");
        test_block_hear(server,
                        "<iq type='set' id='2' from='" ROMEO "/o' to='" JULIET
                        "'><q xmlns='u'/></iq>",
                        "<iq type='error' id='2' from='" JULIET "' to='" ROMEO
                        "/o'>" BLOCK_UNAVAILABLE "</iq>");
        test_block_hear(server,
                        "<iq type='get' id='3' from='" ROMEO "/o' to='" JULIET
                        "'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>",
                        "<iq type='error' id='3' from='" JULIET "' to='" ROMEO
                        "/o'>" BLOCK_UNAVAILABLE "</iq>");
        test_block_hear(server,
                        "<iq type='result' id='4' from='" ROMEO "/o' to='" JULIET "/balcony'/>",
                        NULL);
        test_block_hear(server,
                        "<iq type='error' id='5' from='" ROMEO "/o' to='" JULIET
                        "/balcony'>" BLOCK_UNAVAILABLE "</iq>",
                        NULL);

        test_assert_sent_nothing(juliet);
}

/* XEP-0191 3.3: no answer, no error; nothing is remembered either. */
static void
test_inbound_presence(void)
{
        static const char *const types[] = {"",
                                            "type='unavailable'",
                                            "type='subscribe'",
                                            "type='subscribed'",
                                            "type='unsubscribe'",
                                            "type='unsubscribed'",
                                            "type='probe'",
                                            "type='error'",
                                            "type='nonsense'"};
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        test_im_come_to(server, juliet, ROMEO, BOTH);
        test_block_one(juliet, "block", ROMEO);
        test_remote_forget();

        for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
                g_autofree char *stanza = g_strdup_printf(
                        "<presence from='" ROMEO "' to='" JULIET "' %s/>", types[i]);
                test_block_hear(server, stanza, NULL);
        }

        test_assert_sent_nothing(juliet);
        g_assert_cmphex(test_im_state(server, "juliet", ROMEO), ==, BOTH | MOTET_ROSTER_LISTED);
}

/* Nobody is told by its absence whether a resource is there. */
static void
test_inbound_to_offline(void)
{
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        test_block_one(juliet, "block", ROMEO);
        test_im_lose(server, juliet);

        test_block_hear(server, "<message from='" ROMEO "/o' to='" JULIET "' id='1'/>",
                        "<message from='" JULIET "' to='" ROMEO
                        "/o' id='1' type='error'>" BLOCK_UNAVAILABLE "</message>");
        test_block_hear(server, "<presence from='" ROMEO "' to='" JULIET "' type='subscribe'/>",
                        NULL);
        test_block_hear(server, "<presence from='" ROMEO "/o' to='" JULIET "' type='probe'/>",
                        NULL);
        test_block_hear(server, "<presence from='" ROMEO "/o' to='" JULIET "'/>", NULL);
        MotetSession *again = test_im_bind_interested(server, JULIET "/balcony");

        g_assert_cmphex(test_im_state(server, "juliet", ROMEO), ==, 0);
        test_assert_sent_nothing(again);
}

/* Also when the list has to be read first, and others have been remembered since. */
static void
test_cache(void)
{
        static const char *const caches[] = {"cache: 0", "cache: 1", "cache: 2"};

        for (size_t i = 0; i < G_N_ELEMENTS(caches); i++) {
                g_autoptr(TestServer) server = test_block_new_with(caches[i]);
                static const char *const users[] = {"juliet", "nurse", "paris"};
                for (size_t j = 0; j < G_N_ELEMENTS(users); j++) {
                        g_autofree char *jid = g_strdup_printf("%s@example.org/x", users[j]);
                        MotetSession *user = test_server_bind(server, jid);
                        test_block_one(user, "block", ROMEO);
                        test_im_lose(server, user);
                }

                for (size_t j = 0; j < 2 * G_N_ELEMENTS(users); j++) {
                        const char *user = users[j % G_N_ELEMENTS(users)];
                        g_autofree char *stanza = g_strdup_printf(
                                "<message from='" ROMEO "' to='%s@example.org' id='1'/>", user);
                        g_autofree char *reply = g_strdup_printf(
                                "<message from='%s@example.org' to='" ROMEO
                                "' id='1' type='error'>" BLOCK_UNAVAILABLE "</message>",
                                user);
                        test_block_hear(server, stanza, reply);
                }
        }
}

/* A room takes an error for the end of a visit: one for one occupant would end the user's. */
static void
test_rooms(void)
{
        static const char *const message = "<message from='room@chat.example/iago' to='" JULIET
                                           "/balcony' type='groupchat' id='1'/>";
        static const char *const private =
                "<message from='room@chat.example/iago' to='" JULIET
                "/balcony' type='chat' id='1'><x xmlns='http://jabber.org/protocol/muc#user'/>"
                "</message>";
        static const char *const refusal =
                "<message from='" JULIET "/balcony' to='room@chat.example/iago' type='error' "
                "id='1'>" BLOCK_UNAVAILABLE "</message>";
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");

        test_block_one(juliet, "block", "room@chat.example/iago");
        test_block_hear(server, message, NULL);
        test_block_hear(server, private, NULL);
        test_assert_sent_nothing(juliet);
        test_block_hear(server,
                        "<message from='room@chat.example/nurse' to='" JULIET
                        "/balcony' type='groupchat'/>",
                        NULL);
        test_assert_sent(juliet, "<message from='room@chat.example/nurse' to='*' "
                                 "type='groupchat'/>");
        test_block_one(juliet, "block", "room@chat.example");
        test_block_hear(server, message, refusal);
        test_block_hear(server, private, refusal);
        test_block_one(juliet, "block", "chat.example");
        test_block_one(juliet, "unblock", "room@chat.example");
        test_block_hear(server, message, refusal);

        test_assert_sent_nothing(juliet);
}

/* A room passes an invitation on in its own name. */
static void
test_invitations(void)
{
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        test_block_one(juliet, "block", ROMEO);

        test_block_hear(server,
                        "<message from='room@chat.example' to='" JULIET
                        "'>" INVITE_FROM(ROMEO "/o") "</message>",
                        NULL);
        test_assert_sent_nothing(juliet);
        test_block_hear(server,
                        "<message from='room@chat.example' to='" JULIET
                        "'>" INVITE_FROM("nurse@example.net") "</message>",
                        NULL);

        test_assert_sent(juliet, "<message from='room@chat.example' to='" JULIET
                                 "'>" INVITE_FROM("nurse@example.net") "</message>");
}

/* XEP-0191 section 5 */
static void
test_matching(void)
{
        static const struct {
                const char *blocked, *from;
                bool matches;
        } cases[] = {
                {"user@dom.example/res", "user@dom.example/res", true},
                {"user@dom.example/res", "user@dom.example/other", false},
                {"user@dom.example/res", "user@dom.example", false},
                {"user@dom.example", "user@dom.example/res", true},
                {"user@dom.example", "user@dom.example", true},
                {"user@dom.example", "other@dom.example", false},
                {"user@dom.example", "dom.example", false},
                {"dom.example/res", "dom.example/res", true},
                {"dom.example/res", "dom.example/other", false},
                {"dom.example/res", "dom.example", false},
                {"dom.example/res", "user@dom.example/res", false},
                {"dom.example", "dom.example", true},
                {"dom.example", "user@dom.example", true},
                {"dom.example", "user@dom.example/res", true},
                {"dom.example", "dom.example/res", true},
                {"dom.example", "sub.dom.example", false},
                {"dom.example", "user@sub.dom.example", false},
                {"USER@DOM.example", "user@dom.example/res", true},
        };
        unsigned n = 0;

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++, n++) {
                g_autoptr(TestServer) server = test_block_new();
                MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
                g_autofree char *in = g_strdup_printf("<message from='%s' to='" JULIET "' id='1'/>",
                                                      cases[i].from);
                g_autofree char *out = g_strdup_printf("<message to='%s' id='1'/>", cases[i].from);

                test_block_one(juliet, "block", cases[i].blocked);
                test_remote_receive(server, in);
                if (cases[i].matches) {
                        test_assert_remote("<message from='" JULIET
                                           "' to='*' type='error' id='1'>" BLOCK_UNAVAILABLE
                                           "</message>");
                        test_assert_sent_nothing(juliet);
                } else {
                        test_assert_sent(juliet, "<message from='*' to='" JULIET "' id='1'/>");
                }
                test_session_receive(juliet, out);
                if (cases[i].matches)
                        test_assert_sent(juliet,
                                         "<message from='*' to='*' type='error' id='1'>" BLOCKED
                                         "</message>");
                else
                        test_assert_remote("<message from='*' to='*' id='1'/>");
                test_assert_remote_nothing();
                test_assert_sent_nothing(juliet);
        }
        g_test_message("%u rows", n);
}

/* XEP-0191 section 4, note: whatever the list says. */
static void
test_own_resources(void)
{
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *balcony = test_im_bind_available(server, JULIET "/balcony");
        MotetSession *chamber = test_im_bind_available(server, JULIET "/chamber");
        test_im_forget(balcony);
        test_block_set(balcony, "block",
                       "<item jid='" JULIET "'/><item jid='" JULIET
                       "/chamber'/><item jid='example.org'/>");
        test_assert_sent(balcony, "<iq type='result' id='c' to='*'/>");

        test_session_receive(balcony, "<message to='" JULIET "/chamber' id='1'/>");
        test_assert_sent(chamber, "<message from='*' to='*' id='1'/>");
        test_session_receive(chamber, "<presence/>");
        test_assert_sent(balcony, "<presence from='" JULIET "/chamber' to='*'/>");
        test_session_receive(chamber, "<message to='" JULIET "' id='2'/>");

        test_assert_sent(balcony, "<message from='*' to='*' id='2'/>");
        test_block_set(balcony, "unblock", "");
        test_assert_sent(balcony, "<iq type='result' id='c' to='*'/>");
}

/* Stanzas to who is blocked */

/* XEP-0191 3.3, example 9 */
static void
test_outbound(void)
{
        static const char *const addressees[] = {
                ROMEO,        ROMEO "/o", "far.example", "iago@example.org", "iago@example.org/x",
                "example.org"};
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        MotetSession *iago = test_im_bind_available(server, "iago@example.org/x");
        test_block_set(juliet, "block",
                       "<item jid='" ROMEO "'/><item jid='far.example'/>"
                       "<item jid='iago@example.org'/><item jid='example.org'/>");
        test_im_forget(juliet);

        for (size_t i = 0; i < G_N_ELEMENTS(addressees); i++) {
                static const struct {
                        const char *name, *rest;
                } stanzas[] = {
                        {"message", "type='chat'/>"},
                        {"presence", "/>"},
                        {"presence", "type='subscribe'/>"},
                        {"presence", "type='unavailable'/>"},
                        {"iq", "type='get'><q xmlns='u'/></iq>"},
                        {"iq", "type='set'><q xmlns='u'/></iq>"},
                };
                for (size_t j = 0; j < G_N_ELEMENTS(stanzas); j++) {
                        char *stanza = g_strdup_printf("<%s to='%s' id='1' %s", stanzas[j].name,
                                                       addressees[i], stanzas[j].rest);
                        g_autofree char *reply =
                                g_strdup_printf("<%s type='error' id='1' from='%s' to='" JULIET
                                                "/balcony'>" BLOCKED "</%s>",
                                                stanzas[j].name, addressees[i], stanzas[j].name);
                        test_session_receive(juliet, stanza);
                        test_assert_sent(juliet, reply);
                        g_free(stanza);
                }
        }
        test_assert_sent_nothing(juliet);
        test_assert_sent_nothing(iago);
        test_assert_remote_nothing();
        g_assert_cmphex(test_im_state(server, "juliet", ROMEO), ==, 0);
}

/* Replies are not replied to: they do not arrive. */
static void
test_outbound_replies(void)
{
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        test_block_one(juliet, "block", ROMEO);

        test_session_receive(juliet, "<iq type='result' id='1' to='" ROMEO "/o'/>");
        test_session_receive(juliet,
                             "<iq type='error' id='1' to='" ROMEO "/o'>" BLOCK_UNAVAILABLE "</iq>");
        test_session_receive(juliet, "<message type='error' to='" ROMEO "/o'>" BLOCK_UNAVAILABLE
                                     "</message>");
        test_session_receive(juliet, "<presence type='error' to='" ROMEO "/o'>" BLOCK_UNAVAILABLE
                                     "</presence>");

        test_assert_sent_nothing(juliet);
        test_assert_remote_nothing();
}

static MotetResult
count(MotetModule *self, MotetStanzaEvent *ev)
{
        unsigned *n = motet_module_data(self);

        (void)ev;
        (*n)++;
        return MOTET_HANDLED;
}

static void
route(TestServer *server, const char *to)
{
        g_autoptr(MotetXml) message = motet_xml_new("message", MOTET_NS_CLIENT);

        motet_xml_set_attr(message, "from", JULIET "/balcony");
        motet_xml_set_attr(message, "to", to);
        motet_route(test_server_host(server), message);
        test_server_settle(server);
}

/* What a module routes in the user's name, wherever to. */
static void
test_routed(void)
{
        static const char *const addressees[] = {ROMEO, "example.org", "iago@example.org",
                                                 "iago@example.org/x"};
        static const MotetHook hook = MOTET_ON_STANZA("message/host", count, 0);
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        MotetSession *iago = test_im_bind_available(server, "iago@example.org/x");
        unsigned n_to_host = 0;
        motet_module_set_data(test_server_owner(server), &n_to_host, NULL);
        test_server_hook(server, &hook);

        for (size_t i = 0; i < G_N_ELEMENTS(addressees); i++)
                route(server, addressees[i]);
        test_assert_remote("<message from='*' to='" ROMEO "'/>");
        test_assert_sent(iago, "<message from='*' to='iago@example.org'/>");
        test_assert_sent(iago, "<message from='*' to='iago@example.org/x'/>");
        g_assert_cmpuint(n_to_host, ==, 1);
        test_block_set(juliet, "block", "<item jid='" ROMEO "'/><item jid='example.org'/>");
        test_im_forget(juliet);
        for (size_t i = 0; i < G_N_ELEMENTS(addressees); i++)
                route(server, addressees[i]);

        test_assert_remote_nothing();
        test_assert_sent_nothing(juliet);
        test_assert_sent_nothing(iago);
        g_assert_cmpuint(n_to_host, ==, 1);
}

static void
note_reply(MotetModule *self, const MotetXml *reply, void *data)
{
        (void)self;
        g_assert_nonnull(reply);
        g_assert_nonnull(motet_xml_child(motet_xml_child(reply, "error", NULL), "blocked",
                                         "urn:xmpp:blocking:errors"));
        *(bool *)data = true;
}

/* A module that asks in the user's name learns why it gets no answer. */
static void
test_routed_request(void)
{
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        bool answered = false;
        test_block_one(juliet, "block", ROMEO);
        g_autoptr(MotetXml) iq = motet_iq_new("get", JULIET, ROMEO);
        motet_xml_add(iq, "q", "u");

        motet_iq_send(test_server_owner(server), test_server_host(server), iq, G_TIME_SPAN_SECOND,
                      note_reply, &answered, NULL);
        test_server_settle(server);

        g_assert_true(answered);
        test_assert_remote_nothing();
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        g_test_add_func("/blocked_stanzas/messages-are-refused", test_inbound_message);
        g_test_add_func("/blocked_stanzas/stanzas-of-local-users-are-stopped", test_inbound_local);
        g_test_add_func("/blocked_stanzas/requests-are-refused-and-replies-dropped",
                        test_inbound_iq);
        g_test_add_func("/blocked_stanzas/presence-is-dropped", test_inbound_presence);
        g_test_add_func("/blocked_stanzas/offline-users-are-protected", test_inbound_to_offline);
        g_test_add_func("/blocked_stanzas/lists-are-read-when-needed", test_cache);
        g_test_add_func("/blocked_stanzas/rooms-get-no-error-for-an-occupant", test_rooms);
        g_test_add_func("/blocked_stanzas/invitations-of-who-is-blocked", test_invitations);
        g_test_add_func("/blocked_stanzas/matching", test_matching);
        g_test_add_func("/blocked_stanzas/own-resources-are-never-blocked", test_own_resources);
        g_test_add_func("/blocked_stanzas/nothing-is-sent-to-who-is-blocked", test_outbound);
        g_test_add_func("/blocked_stanzas/replies-to-who-is-blocked-are-dropped",
                        test_outbound_replies);
        g_test_add_func("/blocked_stanzas/nothing-is-routed-to-who-is-blocked", test_routed);
        g_test_add_func("/blocked_stanzas/requests-in-the-user-s-name-are-refused",
                        test_routed_request);
        return g_test_run();
}
