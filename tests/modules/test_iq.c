/*
 * iq: RFC 6121 section 8.5, for iq.
 */
#include <motet/router.h>

#include "support/test_server.h"

#define UNAVAILABLE                                                                                \
        "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"  \
        "</error>"

typedef struct {
        TestServer *server;
        MotetSession *romeo, *juliet;
} Two;

static Two
start(void)
{
        Two two = {.server = test_server_new((const char *const[]){"iq", NULL})};

        two.romeo = test_server_bind(two.server, "romeo@example.org/orchard");
        two.juliet = test_server_bind(two.server, "juliet@example.org/balcony");
        return two;
}

/* RFC 6121 8.5.3.1: to the resource whose address matches. */
static void
test_request_is_delivered(void)
{
        Two two = start();

        test_session_receive(two.romeo, "<iq type='get' id='1' to='juliet@example.org/balcony'>"
                                        "<q xmlns='urn:test'/></iq>");

        test_assert_sent(two.juliet, "<iq type='get' id='1' from='romeo@example.org/orchard' "
                                     "to='juliet@example.org/balcony'><q xmlns='urn:test'/></iq>");
        test_assert_sent_nothing(two.romeo);
        test_server_free(two.server);
}

static void
test_answers_are_delivered(void)
{
        Two two = start();

        test_session_receive(two.romeo,
                             "<iq type='result' id='1' to='juliet@example.org/balcony'/>");
        test_session_receive(two.romeo,
                             "<iq type='error' id='2' to='juliet@example.org/balcony'>" UNAVAILABLE
                             "</iq>");

        test_assert_sent(two.juliet, "<iq type='result' id='1' from='romeo@example.org/orchard' "
                                     "to='juliet@example.org/balcony'/>");
        test_assert_sent(two.juliet, "<iq type='error' id='2' from='romeo@example.org/orchard' "
                                     "to='juliet@example.org/balcony'>" UNAVAILABLE "</iq>");
        test_server_free(two.server);
}

/* RFC 6121 8.5.3.2.3 */
static void
test_no_such_resource(void)
{
        Two two = start();

        test_session_receive(two.romeo, "<iq type='set' id='1' to='juliet@example.org/chamber'>"
                                        "<q xmlns='urn:test'/></iq>");

        test_assert_sent(two.romeo, "<iq type='error' id='1' from='juliet@example.org/chamber' "
                                    "to='romeo@example.org/orchard'>" UNAVAILABLE "</iq>");
        test_assert_sent_nothing(two.juliet);
        test_server_free(two.server);
}

/* RFC 6121 8.5.1: who asks cannot tell whether there is such an account. */
static void
test_no_such_account(void)
{
        Two two = start();

        test_session_receive(two.romeo, "<iq type='get' id='1' to='nobody@example.org/chamber'>"
                                        "<q xmlns='urn:test'/></iq>");
        test_assert_sent(two.romeo, "<iq type='error' id='1' from='nobody@example.org/chamber' "
                                    "to='romeo@example.org/orchard'>" UNAVAILABLE "</iq>");

        test_session_receive(two.romeo, "<iq type='get' id='2' to='nobody@example.org'>"
                                        "<q xmlns='urn:test'/></iq>");
        test_assert_sent(two.romeo, "<iq type='error' id='2' from='nobody@example.org' "
                                    "to='romeo@example.org/orchard'>" UNAVAILABLE "</iq>");
        test_server_free(two.server);
}

/* RFC 6120 8.3.1: an answer is never answered. */
static void
test_stray_answers_are_dropped(void)
{
        Two two = start();

        test_session_receive(two.romeo,
                             "<iq type='result' id='1' to='juliet@example.org/chamber'/>");
        test_session_receive(two.romeo,
                             "<iq type='error' id='2' to='juliet@example.org/chamber'>" UNAVAILABLE
                             "</iq>");
        test_session_receive(two.romeo, "<iq type='result' id='3' to='juliet@example.org'/>");
        test_session_receive(
                two.romeo, "<iq type='error' id='4' to='juliet@example.org'>" UNAVAILABLE "</iq>");

        test_assert_sent_nothing(two.romeo);
        test_assert_sent_nothing(two.juliet);
        test_server_free(two.server);
}

/* RFC 6121 8.5.2.1.3: the server answers for the account, and hands the request to no resource. */
static void
test_server_answers_for_account(void)
{
        Two two = start();

        test_session_receive(two.romeo, "<iq type='get' id='1' to='juliet@example.org'>"
                                        "<q xmlns='urn:test'/></iq>");

        test_assert_sent(two.romeo, "<iq type='error' id='1' from='juliet@example.org' "
                                    "to='romeo@example.org/orchard'>" UNAVAILABLE "</iq>");
        test_assert_sent_nothing(two.juliet);
        test_server_free(two.server);
}

static MotetResult
answer(MotetModule *self, MotetStanzaEvent *ev)
{
        g_autoptr(MotetXml) result = motet_iq_result(ev->stanza);

        (void)self;
        return motet_reply(ev, result);
}

static void
test_module_answers_for_account(void)
{
        Two two = start();

        test_server_hook(two.server, &(MotetHook)MOTET_ON_STANZA("iq/bare/urn:test:q", answer,
                                                                 MOTET_PRIO_LATE));
        test_session_receive(two.romeo, "<iq type='get' id='1' to='juliet@example.org'>"
                                        "<q xmlns='urn:test'/></iq>");

        test_assert_sent(two.romeo, "<iq type='result' id='1' from='juliet@example.org' "
                                    "to='romeo@example.org/orchard'/>");
        test_server_free(two.server);
}

/* A resource of the own account is one as any other. */
static void
test_own_resource(void)
{
        Two two = start();
        MotetSession *garden = test_server_bind(two.server, "romeo@example.org/garden");

        test_session_receive(two.romeo, "<iq type='get' id='1' to='romeo@example.org/garden'>"
                                        "<q xmlns='urn:test'/></iq>");

        test_assert_sent(garden, "<iq type='get' id='1' from='romeo@example.org/orchard' "
                                 "to='romeo@example.org/garden'><q xmlns='urn:test'/></iq>");
        test_server_free(two.server);
}

/* Which of the account's sessions are there, and available or not. */
typedef enum { NOBODY_THERE, NO_RESOURCE, ONE_RESOURCE, ONE_UNAVAILABLE, TWO_RESOURCES } There;
/* What comes of it: DELIVERED to the balcony alone, an ERROR to the sender, or nothing anywhere. */
typedef enum { DELIVERED, ERROR, DROPPED } Outcome;

typedef struct {
        const char *name;
        There there;
        bool to_full;
        Outcome request, answer;
} Row;

/* RFC 6121 8.5, the column of iq; each row for get, set, result and error. */
static const Row rows[] = {
        {"no-account/bare", NOBODY_THERE, false, ERROR, DROPPED},
        {"no-account/full", NOBODY_THERE, true, ERROR, DROPPED},
        {"no-resource/bare", NO_RESOURCE, false, ERROR, DROPPED},
        {"no-resource/full", NO_RESOURCE, true, ERROR, DROPPED},
        {"one-resource/bare", ONE_RESOURCE, false, ERROR, DROPPED},
        {"one-resource/full-matches", ONE_RESOURCE, true, DELIVERED, DELIVERED},
        {"one-unavailable-resource/bare", ONE_UNAVAILABLE, false, ERROR, DROPPED},
        {"one-unavailable-resource/full-matches", ONE_UNAVAILABLE, true, DELIVERED, DELIVERED},
        {"two-resources/bare", TWO_RESOURCES, false, ERROR, DROPPED},
        {"two-resources/full-matches", TWO_RESOURCES, true, DELIVERED, DELIVERED},
};

static const char *const types[] = {"get", "set", "result", "error"};

typedef struct {
        const Row *row;
        const char *type;
} RowCase;

static MotetSession *
connect_available(TestServer *server, const char *jid)
{
        g_autoptr(MotetXml) presence = motet_xml_new("presence", MOTET_NS_CLIENT);
        MotetSession *session = test_server_bind(server, jid);

        motet_session_set_presence(session, presence);
        return session;
}

static void
test_row(gconstpointer data)
{
        const RowCase *one = data;
        const Row *row = one->row;
        bool is_request = one->type == types[0] || one->type == types[1];
        Outcome outcome = is_request ? row->request : row->answer;
        const char *to =
                row->there == NOBODY_THERE
                        ? (row->to_full ? "nobody@example.org/balcony" : "nobody@example.org")
                        : (row->to_full ? "juliet@example.org/balcony" : "juliet@example.org");
        TestServer *server = test_server_new((const char *const[]){"iq", NULL});
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");
        MotetSession *balcony = NULL, *chamber = NULL;
        if (row->there == ONE_UNAVAILABLE)
                balcony = test_server_bind(server, "juliet@example.org/balcony");
        if (row->there == ONE_RESOURCE || row->there == TWO_RESOURCES)
                balcony = connect_available(server, "juliet@example.org/balcony");
        if (row->there == TWO_RESOURCES)
                chamber = connect_available(server, "juliet@example.org/chamber");
        const char *payload =
                g_str_equal(one->type, "error") ? UNAVAILABLE : "<q xmlns='urn:test'/>";
        g_autofree char *sent =
                g_strdup_printf("<iq type='%s' id='1' to='%s'>%s</iq>", one->type, to, payload);
        g_autofree char *delivered =
                g_strdup_printf("<iq type='%s' id='1' from='romeo@example.org/orchard' "
                                "to='%s'>%s</iq>",
                                one->type, to, payload);
        g_autofree char *refused =
                g_strdup_printf("<iq type='error' id='1' from='%s' "
                                "to='romeo@example.org/orchard'>" UNAVAILABLE "</iq>",
                                to);

        test_session_receive(romeo, sent);

        if (outcome == DELIVERED)
                test_assert_sent(balcony, delivered);
        if (outcome == ERROR)
                test_assert_sent(romeo, refused);
        test_assert_sent_nothing(romeo);
        if (balcony)
                test_assert_sent_nothing(balcony);
        if (chamber)
                test_assert_sent_nothing(chamber);
        test_server_free(server);
}

static void
add_rows(void)
{
        static RowCase cases[G_N_ELEMENTS(rows) * G_N_ELEMENTS(types)];
        unsigned n = 0;

        for (unsigned r = 0; r < G_N_ELEMENTS(rows); r++) {
                for (unsigned t = 0; t < G_N_ELEMENTS(types); t++, n++) {
                        g_autofree char *path =
                                g_strdup_printf("/iq/8.5/%s/%s", rows[r].name, types[t]);
                        cases[n] = (RowCase){&rows[r], types[t]};
                        g_test_add_data_func(path, &cases[n], test_row);
                }
        }
        g_test_message("%u rows of section 8.5, iq", n);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/iq/a-request-is-delivered", test_request_is_delivered);
        g_test_add_func("/iq/answers-are-delivered", test_answers_are_delivered);
        g_test_add_func("/iq/no-such-resource-is-told", test_no_such_resource);
        g_test_add_func("/iq/no-such-account-looks-the-same", test_no_such_account);
        g_test_add_func("/iq/stray-answers-are-dropped", test_stray_answers_are_dropped);
        g_test_add_func("/iq/the-server-answers-for-an-account", test_server_answers_for_account);
        g_test_add_func("/iq/a-module-answers-for-an-account", test_module_answers_for_account);
        g_test_add_func("/iq/an-own-resource-is-reached", test_own_resource);
        add_rows();
        return g_test_run();
}
