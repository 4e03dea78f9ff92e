/*
 * Tests of subscriptions: the state tables of RFC 6121 Appendix A row by row, and section 3.
 */

#include "support/test_im.h"

#define JULIET "juliet@example.org"
#define ROMEO "romeo@example.net"

static void
juliet_sends(MotetSession *juliet, const char *type)
{
        g_autofree char *stanza =
                g_strdup_printf("<presence to='" ROMEO "' type='%s' id='p'/>", type);

        test_session_receive(juliet, stanza);
}

static void
romeo_sends(TestServer *server, const char *type)
{
        g_autofree char *stanza = g_strdup_printf(
                "<presence from='" ROMEO "' to='" JULIET "' type='%s' id='p'/>", type);

        test_remote_receive(server, stanza);
}

/* The item as a client sees it. */
static char *
item_in(unsigned state)
{
        static const char *const subscriptions[] = {"none", "to", "from", "both"};

        return g_strdup_printf("<item jid='" ROMEO "' name='R' subscription='%s'%s%s/>",
                               subscriptions[state & MOTET_ROSTER_BOTH],
                               state & MOTET_ROSTER_PENDING_OUT ? " ask='subscribe'" : "",
                               state & MOTET_ROSTER_APPROVED ? " approved='true'" : "");
}

static void
assert_pushed_if(MotetSession *juliet, unsigned before, unsigned after)
{
        if ((before & ~MOTET_ROSTER_PENDING_IN) == (after & ~MOTET_ROSTER_PENDING_IN))
                return;

        g_autofree char *item = item_in(after);
        g_autofree char *push =
                g_strdup_printf("<iq type='set' id='*' to='%s'><query xmlns='" NS_ROSTER
                                "' ver='*'>%s</query></iq>",
                                juliet->full_jid, item);
        test_assert_sent(juliet, push);
}

typedef struct {
        const char *type;
        unsigned before;
        bool passes; /* routed, or delivered */
        unsigned after;
        bool approves; /* the item is pre-approved afterwards */
} Transition;

#define MUST true
#define MUST_NOT false

/* A.2, Tables 2 to 5 */
static const Transition outbound[] = {
        {"subscribe", NONE, MUST, NONE_OUT, false},
        {"subscribe", NONE_OUT, MUST, NONE_OUT, false},
        {"subscribe", NONE_IN, MUST, NONE_OUT_IN, false},
        {"subscribe", NONE_OUT_IN, MUST, NONE_OUT_IN, false},
        {"subscribe", TO, MUST, TO, false},
        {"subscribe", TO_IN, MUST, TO_IN, false},
        {"subscribe", FROM, MUST, FROM_OUT, false},
        {"subscribe", FROM_OUT, MUST, FROM_OUT, false},
        {"subscribe", BOTH, MUST, BOTH, false},
        {"unsubscribe", NONE, MUST, NONE, false},
        {"unsubscribe", NONE_OUT, MUST, NONE, false},
        {"unsubscribe", NONE_IN, MUST, NONE_IN, false},
        {"unsubscribe", NONE_OUT_IN, MUST, NONE_IN, false},
        {"unsubscribe", TO, MUST, NONE, false},
        {"unsubscribe", TO_IN, MUST, NONE_IN, false},
        {"unsubscribe", FROM, MUST, FROM, false},
        {"unsubscribe", FROM_OUT, MUST, FROM, false},
        {"unsubscribe", BOTH, MUST, FROM, false},
        {"subscribed", NONE, MUST_NOT, NONE, true},
        {"subscribed", NONE_OUT, MUST_NOT, NONE_OUT, true},
        {"subscribed", NONE_IN, MUST, FROM, false},
        {"subscribed", NONE_OUT_IN, MUST, FROM_OUT, false},
        {"subscribed", TO, MUST_NOT, TO, true},
        {"subscribed", TO_IN, MUST, BOTH, false},
        {"subscribed", FROM, MUST_NOT, FROM, false},
        {"subscribed", FROM_OUT, MUST_NOT, FROM_OUT, false},
        {"subscribed", BOTH, MUST_NOT, BOTH, false},
        {"unsubscribed", NONE, MUST_NOT, NONE, false},
        {"unsubscribed", NONE_OUT, MUST_NOT, NONE_OUT, false},
        {"unsubscribed", NONE_IN, MUST, NONE, false},
        {"unsubscribed", NONE_OUT_IN, MUST, NONE_OUT, false},
        {"unsubscribed", TO, MUST_NOT, TO, false},
        {"unsubscribed", TO_IN, MUST, TO, false},
        {"unsubscribed", FROM, MUST, NONE, false},
        {"unsubscribed", FROM_OUT, MUST, NONE_OUT, false},
        {"unsubscribed", BOTH, MUST, TO, false},
};

/* A.3, Tables 6 to 9 */
static const Transition inbound[] = {
        {"subscribe", NONE, MUST, NONE_IN, false},
        {"subscribe", NONE_OUT, MUST, NONE_OUT_IN, false},
        {"subscribe", NONE_IN, MUST_NOT, NONE_IN, false},
        {"subscribe", NONE_OUT_IN, MUST_NOT, NONE_OUT_IN, false},
        {"subscribe", TO, MUST, TO_IN, false},
        {"subscribe", TO_IN, MUST_NOT, TO_IN, false},
        {"subscribe", FROM, MUST_NOT, FROM, false},
        {"subscribe", FROM_OUT, MUST_NOT, FROM_OUT, false},
        {"subscribe", BOTH, MUST_NOT, BOTH, false},
        {"unsubscribe", NONE, MUST_NOT, NONE, false},
        {"unsubscribe", NONE_OUT, MUST_NOT, NONE_OUT, false},
        {"unsubscribe", NONE_IN, MUST, NONE, false},
        {"unsubscribe", NONE_OUT_IN, MUST, NONE_OUT, false},
        {"unsubscribe", TO, MUST_NOT, TO, false},
        {"unsubscribe", TO_IN, MUST, TO, false},
        {"unsubscribe", FROM, MUST, NONE, false},
        {"unsubscribe", FROM_OUT, MUST, NONE_OUT, false},
        {"unsubscribe", BOTH, MUST, TO, false},
        {"subscribed", NONE, MUST_NOT, NONE, false},
        {"subscribed", NONE_OUT, MUST, TO, false},
        {"subscribed", NONE_IN, MUST_NOT, NONE_IN, false},
        {"subscribed", NONE_OUT_IN, MUST, TO_IN, false},
        {"subscribed", TO, MUST_NOT, TO, false},
        {"subscribed", TO_IN, MUST_NOT, TO_IN, false},
        {"subscribed", FROM, MUST_NOT, FROM, false},
        {"subscribed", FROM_OUT, MUST, BOTH, false},
        {"subscribed", BOTH, MUST_NOT, BOTH, false},
        {"unsubscribed", NONE, MUST_NOT, NONE, false},
        {"unsubscribed", NONE_OUT, MUST, NONE, false},
        {"unsubscribed", NONE_IN, MUST_NOT, NONE_IN, false},
        {"unsubscribed", NONE_OUT_IN, MUST, NONE_IN, false},
        {"unsubscribed", TO, MUST, NONE, false},
        {"unsubscribed", TO_IN, MUST, NONE_IN, false},
        {"unsubscribed", FROM, MUST_NOT, FROM, false},
        {"unsubscribed", FROM_OUT, MUST, FROM, false},
        {"unsubscribed", BOTH, MUST, FROM, false},
};

static void
test_outbound(const void *data)
{
        const Transition *row = data;
        g_autoptr(TestServer) server = test_im_new();
        test_remote_connect(server);
        MotetSession *juliet = test_im_bind_interested(server, JULIET "/balcony");
        test_im_come_to(server, juliet, ROMEO, row->before);
        unsigned before = row->before | MOTET_ROSTER_LISTED;
        unsigned after =
                row->after | MOTET_ROSTER_LISTED | (row->approves ? MOTET_ROSTER_APPROVED : 0);

        juliet_sends(juliet, row->type);

        g_autofree char *routed = g_strdup_printf(
                "<presence from='" JULIET "' to='" ROMEO "' type='%s' id='p'/>", row->type);
        if (row->passes)
                test_assert_remote(routed);
        test_assert_remote_nothing();
        assert_pushed_if(juliet, before, after);
        test_assert_sent_nothing(juliet);
        g_assert_cmphex(test_im_state(server, "juliet", ROMEO), ==, after);
}

static void
test_inbound(const void *data)
{
        const Transition *row = data;
        g_autoptr(TestServer) server = test_im_new();
        test_remote_connect(server);
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        test_im_come_to(server, juliet, ROMEO, row->before);
        unsigned before = row->before | MOTET_ROSTER_LISTED;
        unsigned after = row->after | MOTET_ROSTER_LISTED;
        bool is_subscribe = strcmp(row->type, "subscribe") == 0;

        romeo_sends(server, row->type);

        g_autofree char *delivered =
                g_strdup_printf("<presence from='" ROMEO "' to='*' type='%s' id='p'/>", row->type);
        if (row->passes)
                test_assert_sent(juliet, delivered);
        assert_pushed_if(juliet, before, after);
        test_assert_sent_nothing(juliet);
        g_assert_cmphex(test_im_state(server, "juliet", ROMEO), ==, after);
        /* 3.1.3: who may see the user already is answered, with the presence that is to be seen. */
        if (is_subscribe && before & MOTET_ROSTER_FROM) {
                test_assert_remote("<presence from='" JULIET "' to='" ROMEO
                                   "' type='subscribed'/>");
                test_assert_remote("<presence from='" JULIET "/balcony' to='" ROMEO "'/>");
        }
        /* 3.3.3: who may not see the user any more is told last that there is nobody. */
        if (!is_subscribe && before & ~after & MOTET_ROSTER_FROM)
                test_assert_remote("<presence from='" JULIET "/balcony' to='" ROMEO
                                   "' type='unavailable'/>");
        test_assert_remote_nothing();
}

/* 3.1: both on one host, from the first request to the contact's presence, in order. */
static void
test_local_subscription(void)
{
        g_autoptr(TestServer) server = test_im_new();
        MotetSession *juliet = test_im_bind_available(server, "juliet@example.org/balcony");
        MotetSession *romeo = test_im_bind_available(server, "romeo@example.org/orchard");

        test_session_receive(romeo,
                             "<presence to='juliet@example.org/balcony' type='subscribe' id='p'/>");
        test_assert_sent(
                romeo,
                "<iq type='set' id='*' to='*'><query xmlns='" NS_ROSTER "' ver='*'><item "
                "jid='juliet@example.org' subscription='none' ask='subscribe'/></query></iq>");
        test_assert_sent_nothing(romeo);
        test_assert_sent(juliet,
                         "<presence from='romeo@example.org' to='*' type='subscribe' id='p'/>");
        test_assert_sent_nothing(juliet);

        test_session_receive(juliet, "<presence to='romeo@example.org' type='subscribed' id='q'/>");
        test_assert_sent(juliet,
                         "<iq type='set' id='*' to='*'><query xmlns='" NS_ROSTER "' ver='*'><item "
                         "jid='romeo@example.org' subscription='from'/></query></iq>");
        test_assert_sent_nothing(juliet);
        test_assert_sent(romeo,
                         "<presence from='juliet@example.org' to='*' type='subscribed' id='q'/>");
        test_assert_sent(romeo,
                         "<iq type='set' id='*' to='*'><query xmlns='" NS_ROSTER "' ver='*'><item "
                         "jid='juliet@example.org' subscription='to'/></query></iq>");
        test_assert_sent(romeo, "<presence from='juliet@example.org/balcony' to='*'/>");
        test_assert_sent_nothing(romeo);
}

/* 3.2: a cancelled subscription takes the presence with it. */
static void
test_local_cancellation(void)
{
        g_autoptr(TestServer) server = test_im_new();
        MotetSession *juliet = test_im_bind_available(server, "juliet@example.org/balcony");
        MotetSession *romeo = test_im_bind_available(server, "romeo@example.org/orchard");
        test_im_befriend(juliet, romeo);
        g_assert_cmphex(test_im_state(server, "juliet", "romeo@example.org"), ==,
                        MOTET_ROSTER_BOTH | MOTET_ROSTER_LISTED);
        g_assert_cmphex(test_im_state(server, "romeo", "juliet@example.org"), ==,
                        MOTET_ROSTER_BOTH | MOTET_ROSTER_LISTED);

        test_session_receive(romeo,
                             "<presence to='juliet@example.org' type='unsubscribed' id='p'/>");

        test_assert_sent(romeo,
                         "<iq type='set' id='*' to='*'><query xmlns='" NS_ROSTER "' ver='*'><item "
                         "jid='juliet@example.org' subscription='to'/></query></iq>");
        test_assert_sent_nothing(romeo);
        test_assert_sent(juliet,
                         "<presence from='romeo@example.org' to='*' type='unsubscribed' id='p'/>");
        test_assert_sent(juliet,
                         "<iq type='set' id='*' to='*'><query xmlns='" NS_ROSTER "' ver='*'><item "
                         "jid='romeo@example.org' subscription='from'/></query></iq>");
        test_assert_sent(juliet,
                         "<presence from='romeo@example.org/orchard' to='*' type='unavailable'/>");
        test_assert_sent_nothing(juliet);
}

/* 3.1.3: a request is not in the roster, and delivered at every login until it is answered. */
static void
test_request_kept(void)
{
        g_autoptr(TestServer) server = test_im_new();
        test_remote_connect(server);
        const char *request =
                "<presence from='" ROMEO "' to='*' type='subscribe' id='p'><status>Hello!</status>"
                "<nick xmlns='http://jabber.org/protocol/nick'>Romeo</nick></presence>";
        test_remote_receive(
                server, "<presence from='" ROMEO "/orchard' to='" JULIET
                        "' type='subscribe' id='p'><status>Hello!</status>"
                        "<nick xmlns='http://jabber.org/protocol/nick'>Romeo</nick></presence>");

        for (unsigned i = 0; i < 2; i++) {
                MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
                test_session_receive(juliet,
                                     "<iq type='get' id='g'><query xmlns='" NS_ROSTER "'/></iq>");
                test_assert_sent(juliet, "<iq type='result' id='g' to='*'><query xmlns='" NS_ROSTER
                                         "' ver='*'/></iq>");
                test_session_receive(juliet, "<presence/>");
                test_assert_sent(juliet, "<presence from='" JULIET "/balcony' to='*'/>");
                test_assert_sent(juliet, request);
                test_assert_sent_nothing(juliet);
                test_session_receive(juliet, "<presence><show>away</show></presence>");
                test_assert_sent(juliet, "<presence from='*' to='*'><show>away</show></presence>");
                test_assert_sent_nothing(juliet);
                test_im_lose(server, juliet);
        }

        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        juliet_sends(juliet, "unsubscribed");
        test_assert_remote("<presence from='" JULIET "' to='" ROMEO
                           "' type='unsubscribed' id='p'/>");
        test_assert_sent_nothing(juliet);
        g_assert_cmphex(test_im_state(server, "juliet", ROMEO), ==, 0);
        test_im_lose(server, juliet);

        juliet = test_server_bind(server, JULIET "/balcony");
        test_session_receive(juliet, "<presence/>");
        test_assert_sent(juliet, "<presence from='" JULIET "/balcony' to='*'/>");
        test_assert_sent_nothing(juliet);
}

/* 2.5 and 3.1.3: removing a contact does not answer its request. */
static void
test_request_survives_removal(void)
{
        g_autoptr(TestServer) server = test_im_new();
        test_remote_connect(server);
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        test_im_come_to(server, juliet, ROMEO, TO_IN);

        test_session_receive(juliet,
                             "<iq type='set' id='s'><query xmlns='" NS_ROSTER "'><item jid='" ROMEO
                             "' subscription='remove'/></query></iq>");

        test_assert_remote("<presence from='" JULIET "' to='" ROMEO "' type='unsubscribe'/>");
        test_assert_remote_nothing();
        g_assert_cmphex(test_im_state(server, "juliet", ROMEO), ==, MOTET_ROSTER_PENDING_IN);
}

/* 2.5.2: both ways, and the presence goes, too. */
static void
test_removal_cancels(void)
{
        g_autoptr(TestServer) server = test_im_new();
        test_remote_connect(server);
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        test_im_come_to(server, juliet, ROMEO, BOTH);

        test_session_receive(juliet,
                             "<iq type='set' id='s'><query xmlns='" NS_ROSTER "'><item jid='" ROMEO
                             "' subscription='remove'/></query></iq>");

        test_assert_remote("<presence from='" JULIET "' to='" ROMEO "' type='unsubscribe'/>");
        test_assert_remote("<presence from='" JULIET "' to='" ROMEO "' type='unsubscribed'/>");
        test_assert_remote("<presence from='" JULIET "/balcony' to='" ROMEO
                           "' type='unavailable'/>");
        test_assert_remote_nothing();
        test_assert_sent(juliet,
                         "<iq type='set' id='*' to='*'><query xmlns='" NS_ROSTER
                         "' ver='*'><item jid='" ROMEO "' subscription='remove'/></query></iq>");
        test_assert_sent(juliet, "<iq type='result' id='s' to='*'/>");
        g_assert_cmphex(test_im_state(server, "juliet", ROMEO), ==, 0);
}

/* 3.4: approved in advance, the request is answered by the server and never shown. */
static void
test_preapproved(void)
{
        g_autoptr(TestServer) server = test_im_new();
        test_remote_connect(server);
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");

        juliet_sends(juliet, "subscribed");
        test_assert_sent(juliet, "<iq type='set' id='*' to='*'><query xmlns='" NS_ROSTER
                                 "' ver='*'><item jid='" ROMEO
                                 "' subscription='none' approved='true'/></query></iq>");
        test_assert_remote_nothing();
        romeo_sends(server, "subscribe");

        test_assert_sent(juliet, "<iq type='set' id='*' to='*'><query xmlns='" NS_ROSTER
                                 "' ver='*'><item jid='" ROMEO
                                 "' subscription='from' approved='true'/></query></iq>");
        test_assert_sent_nothing(juliet);
        test_assert_remote("<presence from='" JULIET "' to='" ROMEO "' type='subscribed'/>");
        test_assert_remote("<presence from='" JULIET "/balcony' to='" ROMEO "'/>");
        test_assert_remote_nothing();
}

/* 3.4.3: taken back, the next request is shown again. */
static void
test_preapproval_cancelled(void)
{
        g_autoptr(TestServer) server = test_im_new();
        test_remote_connect(server);
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        juliet_sends(juliet, "subscribed");
        test_im_forget(juliet);

        juliet_sends(juliet, "unsubscribed");
        test_assert_sent(juliet,
                         "<iq type='set' id='*' to='*'><query xmlns='" NS_ROSTER
                         "' ver='*'><item jid='" ROMEO "' subscription='none'/></query></iq>");
        test_assert_remote_nothing();
        romeo_sends(server, "subscribe");

        test_assert_sent(juliet, "<presence from='" ROMEO "' to='*' type='subscribe' id='p'/>");
        test_assert_remote_nothing();
}

/* 3.4.1 and 2.6.1 */
static void
test_features(void)
{
        g_autoptr(TestServer) server = test_im_new();
        MotetSession *juliet = test_server_login(server, JULIET);
        g_free(test_session_take_sent(juliet));

        motet_session_restart(juliet);
        g_autofree char *header = test_session_header("example.org");
        test_session_receive(juliet, header);

        g_autofree char *features = test_session_take_sent(juliet);
        g_assert_nonnull(strstr(features, "urn:xmpp:features:pre-approval"));
}

/*
 * Whatever users say in whatever order, both sides agree once it is settled: one sees the other
 * exactly when the other is seen, and one waits exactly when the other is asked. All is on one
 * host, so nothing gets lost between the two rosters.
 */
static void
check_agreement(TestServer *server, const char *const *users, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                for (size_t k = 0; k < n; k++) {
                        if (i == k)
                                continue;
                        g_autofree char *jid_i = g_strconcat(users[i], "@example.org", NULL);
                        g_autofree char *jid_k = g_strconcat(users[k], "@example.org", NULL);
                        unsigned mine = test_im_state(server, users[i], jid_k);
                        unsigned theirs = test_im_state(server, users[k], jid_i);

                        g_assert_cmpint((mine & TO) != 0, ==, (theirs & FROM) != 0);
                        g_assert_cmpint((mine & NONE_OUT) != 0, ==, (theirs & NONE_IN) != 0);
                        g_assert_false((mine & TO) && (mine & NONE_OUT));
                        g_assert_false((mine & FROM) && (mine & NONE_IN));
                }
        }
}

static void
test_agreement(void)
{
        static const char *const users[] = {"juliet", "nurse", "romeo"};
        static const char *const types[] = {"subscribe", "subscribed", "unsubscribe",
                                            "unsubscribed"};
        g_autoptr(TestServer) server = test_im_new();
        MotetSession *sessions[G_N_ELEMENTS(users)];
        for (size_t i = 0; i < G_N_ELEMENTS(users); i++) {
                g_autofree char *jid = g_strconcat(users[i], "@example.org/x", NULL);
                sessions[i] = test_im_bind_available(server, jid);
        }

        for (unsigned step = 0; step < 2000; step++) {
                int32_t from = g_test_rand_int_range(0, G_N_ELEMENTS(users));
                int32_t to = (from + g_test_rand_int_range(1, G_N_ELEMENTS(users))) %
                             (int32_t)G_N_ELEMENTS(users);
                int32_t what = g_test_rand_int_range(0, G_N_ELEMENTS(types) + 1);
                g_autofree char *stanza =
                        what < (int32_t)G_N_ELEMENTS(types)
                                ? g_strdup_printf("<presence to='%s@example.org' type='%s'/>",
                                                  users[to], types[what])
                                : g_strdup_printf("<iq type='set' id='s'><query xmlns='" NS_ROSTER
                                                  "'><item jid='%s@example.org' "
                                                  "subscription='remove'/></query></iq>",
                                                  users[to]);
                test_server_advance(server, G_TIME_SPAN_SECOND);
                test_session_receive(sessions[from], stanza);
                g_assert_true(motet_session_is_connected(sessions[from]));
                for (size_t i = 0; i < G_N_ELEMENTS(users); i++)
                        test_im_forget(sessions[i]);
                check_agreement(server, users, G_N_ELEMENTS(users));
        }
}

/* Limits of what peers make us keep. A stranger is not told, since who has no account is not either
 * (8.5.1). */

static void
test_most_requests(void)
{
        g_autoptr(TestServer) server = test_server_new_yaml(
                "storage_memory: {}\nroster:\n  options:\n    max_requests: 2\npresence: {}\n");
        test_remote_connect(server);
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");

        test_remote_receive(server,
                            "<presence from='a@example.net' to='" JULIET "' type='subscribe'/>");
        test_remote_receive(server,
                            "<presence from='b@example.net' to='" JULIET "' type='subscribe'/>");
        test_assert_sent(juliet, "<presence from='a@example.net' to='*' type='subscribe'/>");
        test_assert_sent(juliet, "<presence from='b@example.net' to='*' type='subscribe'/>");
        test_assert_remote_nothing();
        test_remote_receive(server, "<presence from='c@example.net' to='" JULIET
                                    "' type='subscribe' id='p'/>");

        test_assert_sent_nothing(juliet);
        test_assert_remote_nothing();
}

static void
send_request(TestServer *server, size_t status_bytes)
{
        g_autofree char *status = g_strnfill(status_bytes, 's');
        g_autofree char *stanza =
                g_strdup_printf("<presence from='" ROMEO "' to='" JULIET
                                "' type='subscribe'><status>%s</status></presence>",
                                status);

        test_remote_receive(server, stanza);
}

/* max_request_bytes: as it is stored, with its namespace */
static void
test_longest_request(void)
{
        g_autoptr(TestServer) server = test_im_new();
        test_remote_connect(server);
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        const char *frame = "<presence xmlns='jabber:client' from='" ROMEO "' to='" JULIET
                            "' type='subscribe'><status></status></presence>";

        send_request(server, 4096 - strlen(frame) + 1);
        test_assert_remote_nothing();
        test_assert_sent_nothing(juliet);
        send_request(server, 4096 - strlen(frame));
        test_assert_remote_nothing();
        g_assert_cmphex(test_im_state(server, "juliet", ROMEO), ==, MOTET_ROSTER_PENDING_IN);
}

/* Whom the user has as a contact is told that it did not arrive. */
static void
test_contact_is_told_of_limit(void)
{
        g_autoptr(TestServer) server = test_im_new();
        test_remote_connect(server);
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        test_session_receive(juliet, "<iq type='set' id='r'><query xmlns='" NS_ROSTER
                                     "'><item jid='" ROMEO "'/></query></iq>");

        send_request(server, 4096);

        test_assert_remote("<presence from='" JULIET "' to='" ROMEO
                           "' type='error'><error type='wait'>"
                           "<resource-constraint xmlns='" NS_STANZAS "'/></error></presence>");
        g_assert_cmphex(test_im_state(server, "juliet", ROMEO), ==, MOTET_ROSTER_LISTED);
}

static void
test_most_pending(void)
{
        g_autoptr(TestServer) server = test_server_new_yaml(
                "storage_memory: {}\nroster:\n  options:\n    max_pending: 1\npresence: {}\n");
        test_remote_connect(server);
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");

        test_session_receive(juliet, "<presence to='a@example.net' type='subscribe'/>");
        test_assert_remote("<presence from='" JULIET "' to='a@example.net' type='subscribe'/>");
        test_session_receive(juliet, "<presence to='b@example.net' type='subscribe' id='p'/>");

        test_assert_remote_nothing();
        test_assert_sent(
                juliet,
                "<presence type='error' id='p' to='*' from='b@example.net'><error type='wait'>"
                "<resource-constraint xmlns='" NS_STANZAS "'/></error></presence>");
}

/* The RFC has one table for each direction and type. */
static void
add_transitions(const char *direction, const Transition *rows, size_t n, void (*test)(const void *))
{
        size_t n_of_table = 0;

        for (size_t i = 0; i < n; i++) {
                g_autofree char *path =
                        g_strdup_printf("/subscription/%s/%s/%s", direction, rows[i].type,
                                        test_im_state_name(rows[i].before));
                g_test_add_data_func(path, &rows[i], test);
                n_of_table++;
                if (i + 1 == n || strcmp(rows[i].type, rows[i + 1].type) != 0) {
                        g_test_message("%zu rows of Appendix A, %s %s", n_of_table, direction,
                                       rows[i].type);
                        n_of_table = 0;
                }
        }
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        add_transitions("outbound", outbound, G_N_ELEMENTS(outbound), test_outbound);
        add_transitions("inbound", inbound, G_N_ELEMENTS(inbound), test_inbound);
        g_test_add_func("/subscription/local-in-order", test_local_subscription);
        g_test_add_func("/subscription/local-cancelled", test_local_cancellation);
        g_test_add_func("/subscription/request-kept-until-answered", test_request_kept);
        g_test_add_func("/subscription/request-survives-removal", test_request_survives_removal);
        g_test_add_func("/subscription/removal-cancels", test_removal_cancels);
        g_test_add_func("/subscription/pre-approved", test_preapproved);
        g_test_add_func("/subscription/pre-approval-cancelled", test_preapproval_cancelled);
        g_test_add_func("/subscription/pre-approval-announced", test_features);
        g_test_add_func("/subscription/both-sides-agree", test_agreement);
        g_test_add_func("/subscription/limit/requests", test_most_requests);
        g_test_add_func("/subscription/limit/request", test_longest_request);
        g_test_add_func("/subscription/limit/told-to-a-contact", test_contact_is_told_of_limit);
        g_test_add_func("/subscription/limit/pending", test_most_pending);
        return g_test_run();
}
