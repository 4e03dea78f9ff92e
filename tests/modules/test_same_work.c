/*
 * Tests that who asks for accounts that may not exist learns nothing by what the server does: as
 * much is read for one as for the other, and the answers are alike but for the name.
 */
#include <string.h>

#include "support/test_login.h"

#define MODULES                                                                                    \
        TEST_LOGIN_STORE "roster:\npresence:\nmessage:\niq:\nlast:\ndisco:\nvcard:\nprivate:\n"    \
                         "blocking:\noffline:\n"

typedef struct {
        const char *name, *xml; /* with %s, whom it is for */
} Request;

static const Request requests[] = {
        {"probe", "<presence type='probe' to='%s'/>"},
        {"last", "<iq type='get' id='q' to='%s'><query xmlns='jabber:iq:last'/></iq>"},
        {"info", "<iq type='get' id='q' to='%s'>"
                 "<query xmlns='http://jabber.org/protocol/disco#info'/></iq>"},
        {"items", "<iq type='get' id='q' to='%s'>"
                  "<query xmlns='http://jabber.org/protocol/disco#items'/></iq>"},
        {"vcard", "<iq type='get' id='q' to='%s'><vCard xmlns='vcard-temp'/></iq>"},
        {"roster", "<iq type='get' id='q' to='%s'><query xmlns='jabber:iq:roster'/></iq>"},
        {"private", "<iq type='get' id='q' to='%s'><query xmlns='jabber:iq:private'>"
                    "<a xmlns='urn:a'/></query></iq>"},
        {"unheard", "<iq type='get' id='q' to='%s'><query xmlns='urn:unheard'/></iq>"},
        {"headline", "<message type='headline' to='%s'><body>ay</body></message>"},
        {"groupchat", "<message type='groupchat' id='q' to='%s'><body>ay</body></message>"},
};

static uint64_t
n_reads(TestServer *server)
{
        return histogram_count(&server_base(test_server_core(server))->counters.store_reads);
}

/* Returns: (own) the answer, without the name; how often was read for it is in @n_out */
static char *
answer_for(const char *name, const Request *request, uint64_t *n_out)
{
        g_autoptr(TestServer) server = test_login_server(MODULES);
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");
        g_autofree char *to = g_strdup_printf("%s@example.org", name);
        g_auto(GStrv) around = g_strsplit(request->xml, "%s", 2);
        g_autofree char *xml = g_strconcat(around[0], to, around[1], NULL);
        test_session_receive(romeo, "<presence/>");
        g_free(test_session_take_sent(romeo));

        uint64_t before = n_reads(server);
        test_session_receive(romeo, xml);
        test_server_advance(server, G_TIME_SPAN_SECOND);

        *n_out = n_reads(server) - before;
        g_autofree char *sent = test_session_take_sent(romeo);
        g_auto(GStrv) parts = g_strsplit(sent, name, -1);
        return g_strjoinv("NAME", parts);
}

/* R7, R26: juliet is away; nobody has no account. */
static void
test_request(const void *data)
{
        const Request *request = data;
        uint64_t n_known, n_unknown;
        g_autofree char *known = answer_for("juliet", request, &n_known);
        g_autofree char *unknown = answer_for("nobody", request, &n_unknown);

        g_assert_cmpstr(known, ==, unknown);
        g_assert_cmpuint(n_known, ==, n_unknown);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
                g_autofree char *path = g_strdup_printf("/same-work/%s", requests[i].name);
                g_test_add_data_func(path, &requests[i], test_request);
        }
        return g_test_run();
}
