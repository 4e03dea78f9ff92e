/*
 * Tests of the presence module's memory of those who are away: RFC 6121 4.3.2.
 */
#include <motet/service-presence.h>

#include "support/test_im.h"

#define JULIET "juliet@example.org"
#define ROMEO "romeo@example.org"
#define REMOTE "mercutio@example.net"
#define GONE "<presence type='unavailable'><status>Good night</status></presence>"

/* A server where juliet's presence may be seen by the remote contact */
static TestServer *
start(const char *options, MotetSession **juliet_out)
{
        g_autofree char *yaml =
                g_strdup_printf("modules: {storage_memory: , roster: , presence: %s}", options);
        TestServer *server = test_server_new_config(yaml);

        test_remote_connect(server);
        *juliet_out = test_im_bind_interested(server, JULIET "/balcony");
        test_im_come_to(server, *juliet_out, REMOTE, FROM);
        test_session_receive(*juliet_out, "<presence/>");
        test_im_forget(*juliet_out);
        test_remote_forget();
        return server;
}

static void
probe(TestServer *server)
{
        test_remote_forget();
        test_remote_receive(server, "<presence from='" REMOTE "/x' to='" JULIET "' type='probe'/>");
}

static void
test_last_words_are_told(void)
{
        MotetSession *juliet = NULL;
        g_autoptr(TestServer) server = start("", &juliet);

        test_session_receive(juliet, "<presence type='unavailable' id='n1'><status>Good "
                                     "night</status></presence>");
        test_server_advance(server, 60 * G_TIME_SPAN_SECOND);
        probe(server);

        test_assert_remote("<presence from='" JULIET "' to='" REMOTE "/x' type='unavailable' "
                           "id='n1'><status>Good night</status><delay xmlns='urn:xmpp:delay' "
                           "from='example.org' stamp='*'/></presence>");
        test_assert_remote_nothing();
}

/* Only when: without a word, or with a lost connection */
static void
test_time_of_leaving_is_told(void)
{
        MotetSession *juliet = NULL;
        g_autoptr(TestServer) server = start("", &juliet);
        const char *expected = "<presence from='" JULIET "' to='" REMOTE
                               "/x' type='unavailable'><delay xmlns='urn:xmpp:delay' "
                               "from='example.org' stamp='*'/></presence>";

        test_session_receive(juliet, "<presence type='unavailable'/>");
        probe(server);
        test_assert_remote(expected);
        test_session_receive(juliet, "<presence/>");
        test_im_lose(server, juliet);
        probe(server);
        test_assert_remote(expected);
}

/* XEP-0203, XEP-0082: the time is that of leaving, in UTC. */
static void
test_stamp(void)
{
        MotetSession *juliet = NULL;
        g_autoptr(TestServer) server = start("", &juliet);
        MotetModule *provider = NULL;
        const MotetPresenceService *service =
                motet_service(test_server_host(server), "presence", &provider);
        int64_t when = 0;
        test_session_receive(juliet, GONE);
        g_assert_nonnull(service->last(provider, "juliet", &when));
        g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(when / G_TIME_SPAN_SECOND);
        g_autofree char *stamp = g_date_time_format(time, "%FT%TZ");
        g_autofree char *expected =
                g_strdup_printf("<presence from='" JULIET "' to='" REMOTE
                                "/x' type='unavailable'><status>Good night</status><delay "
                                "xmlns='urn:xmpp:delay' from='example.org' stamp='%s'/></presence>",
                                stamp);

        test_server_advance(server, 3600 * G_TIME_SPAN_SECOND);
        probe(server);

        test_assert_remote(expected);
}

static void
test_not_while_a_resource_is_available(void)
{
        MotetSession *juliet = NULL;
        g_autoptr(TestServer) server = start("", &juliet);
        MotetSession *chamber = test_im_bind_available(server, JULIET "/chamber");

        test_session_receive(juliet, GONE);
        probe(server);
        test_assert_remote("<presence from='" JULIET "/chamber' to='" REMOTE "/x'/>");
        test_assert_remote_nothing();

        test_session_receive(chamber, "<presence type='unavailable'/>");
        probe(server);
        test_assert_remote("<presence from='" JULIET "' to='" REMOTE
                           "/x' type='unavailable'><delay xmlns='urn:xmpp:delay' "
                           "from='example.org' stamp='*'/></presence>");
}

/* Nobody who may not see the presence learns it. */
static void
test_strangers_learn_nothing(void)
{
        MotetSession *juliet = NULL;
        g_autoptr(TestServer) server = start("", &juliet);
        test_session_receive(juliet, GONE);
        test_remote_forget();

        test_remote_receive(server,
                            "<presence from='tybalt@example.net/x' to='" JULIET "' type='probe'/>");

        test_assert_remote("<presence from='" JULIET
                           "' to='tybalt@example.net' type='unsubscribed'/>");
        test_assert_remote_nothing();
}

/* Returns: (own) the last word of juliet that is @bytes long as the server has it */
static char *
last_word_of(size_t bytes)
{
        g_autoptr(MotetXml) frame = motet_xml_new("presence", MOTET_NS_CLIENT);
        motet_xml_set_attr(frame, "type", "unavailable");
        motet_xml_set_attr(frame, "from", JULIET "/balcony");
        motet_xml_add_with_text(frame, "status", NULL, "x");
        g_autofree char *text = motet_xml_string(frame, MOTET_NS_CLIENT);

        return g_strnfill(bytes - strlen(text) + 1, 'x');
}

/* Limit: a presence of 4096 bytes, and one more */
static void
test_long_words_are_not_kept(void)
{
        MotetSession *juliet = NULL;
        g_autoptr(TestServer) server = start("", &juliet);

        for (size_t bytes = 4096; bytes <= 4097; bytes++) {
                g_autofree char *text = last_word_of(bytes);
                g_autofree char *status = g_strdup_printf("<status>%s</status>", text);
                g_autofree char *said =
                        g_strdup_printf("<presence type='unavailable'>%s</presence>", status);
                g_autofree char *expected =
                        g_strdup_printf("<presence from='" JULIET "' to='" REMOTE
                                        "/x' type='unavailable'>%s<delay xmlns='urn:xmpp:delay' "
                                        "from='example.org' stamp='*'/></presence>",
                                        bytes == 4096 ? status : "");
                test_session_receive(juliet, "<presence/>");
                test_session_receive(juliet, said);
                probe(server);
                test_assert_remote(expected);
        }
}

/* Limit: max_last accounts, and one more makes the one that is away for longest go. */
static void
test_accounts_are_bounded(void)
{
        MotetSession *juliet = NULL;
        g_autoptr(TestServer) server = start("{options: {max_last: 2}}", &juliet);
        MotetModule *provider = NULL;
        const MotetPresenceService *service =
                motet_service(test_server_host(server), "presence", &provider);
        static const char *const names[] = {"a", "b"};
        int64_t when = 0;
        test_session_receive(juliet, GONE);
        g_assert_nonnull(service->last(provider, "juliet", &when));

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_assert_nonnull(service->last(provider, "juliet", &when));
                g_autofree char *jid = g_strdup_printf("%s@example.org/x", names[i]);
                test_session_receive(test_im_bind_available(server, jid), GONE);
        }

        g_assert_null(service->last(provider, "juliet", &when));
        g_assert_cmpint(when, ==, 0);
        g_assert_nonnull(service->last(provider, "a", &when));
        g_assert_nonnull(service->last(provider, "b", &when));
}

static void
test_can_be_off(void)
{
        MotetSession *juliet = NULL;
        g_autoptr(TestServer) server = start("{options: {max_last: 0}}", &juliet);

        test_session_receive(juliet, GONE);
        probe(server);

        test_assert_remote("<presence from='" JULIET "' to='" REMOTE "/x' type='unavailable'/>");
}

/* RFC 6121 4.3.1: a contact that logs in is told of those that left a word; of others there is
 * nothing to tell. */
static void
test_told_at_login(void)
{
        MotetSession *juliet = NULL;
        g_autoptr(TestServer) server = start("", &juliet);
        MotetSession *romeo = test_im_bind_available(server, ROMEO "/orchard");
        test_im_befriend(juliet, romeo);
        test_im_lose(server, romeo);
        test_session_receive(juliet, GONE);

        romeo = test_im_bind_interested(server, ROMEO "/mantua");
        test_session_receive(romeo, "<presence/>");

        test_assert_sent(romeo, "<presence from='" ROMEO "/mantua' to='" ROMEO "/mantua'/>");
        test_assert_sent(romeo, "<presence from='" JULIET "' to='" ROMEO "/mantua' "
                                "type='unavailable'><status>Good night</status><delay "
                                "xmlns='urn:xmpp:delay' from='example.org' stamp='*'/></presence>");
        test_assert_sent_nothing(romeo);

        test_session_receive(juliet, "<presence/>");
        test_session_receive(juliet, "<presence type='unavailable'/>");
        romeo = test_im_bind_interested(server, ROMEO "/verona");
        test_session_receive(romeo, "<presence/>");
        g_autofree char *sent = test_session_take_sent(romeo);
        g_assert_null(strstr(sent, JULIET));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add_func("/presence/last/" path, func)
        ADD("words-are-told", test_last_words_are_told);
        ADD("time-of-leaving-is-told", test_time_of_leaving_is_told);
        ADD("stamp", test_stamp);
        ADD("not-while-a-resource-is-available", test_not_while_a_resource_is_available);
        ADD("strangers-learn-nothing", test_strangers_learn_nothing);
        ADD("long-words-are-not-kept", test_long_words_are_not_kept);
        ADD("accounts-are-bounded", test_accounts_are_bounded);
        ADD("can-be-off", test_can_be_off);
        ADD("told-at-login", test_told_at_login);
        return g_test_run();
}
