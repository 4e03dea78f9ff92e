/*
 * Tests of the offline module with receivers that read slowly, go, or are not alone.
 */
#include <string.h>

#include "support/offline_kit.h"

#define QUEUE 16384
#define N_BIG 10

/* Ten messages of 3 000 bytes are kept, of which a send queue of 16 KiB holds a part. */
static TestServer *
start_with_much(void)
{
        TestServer *server = test_server_new_config(
                "limits: {user: {send_queue: 16 KiB}}\nmodules: {" OFFLINE_BASE ", offline: }");
        MotetSession *romeo = offline_bind_romeo(server);
        g_autofree char *body = offline_body(3000);

        for (int i = 0; i < N_BIG; i++) {
                g_autofree char *xml = g_strdup_printf(
                        "<message to='" JULIET "' type='chat' id='m%d'><body>%s</body></message>",
                        i, body);
                test_session_receive(romeo, xml);
                test_server_advance(server, G_TIME_SPAN_SECOND);
        }
        g_assert_cmpuint(offline_n_stored(server), ==, N_BIG);
        return server;
}

static MotetSession *
come_slowly(TestServer *server, const char *resource)
{
        g_autofree char *jid = g_strdup_printf(JULIET "/%s", resource);
        MotetSession *juliet = test_server_bind(server, jid);

        test_session_set_window(juliet, 0);
        test_session_receive(juliet, "<presence/>");
        return juliet;
}

/* Returns: (own) the ids of all messages in what was sent, in order: "m0 m1 " */
static char *
ids_sent(MotetSession *session)
{
        g_autofree char *sent = test_session_take_sent(session);
        g_autoptr(GRegex) regex = g_regex_new("<message[^>]* id='(\\w+)'", 0, 0, NULL);
        g_autoptr(GMatchInfo) match = NULL;
        GString *ids = g_string_new(NULL);

        for (g_regex_match(regex, sent, 0, &match); g_match_info_matches(match);
             g_match_info_next(match, NULL)) {
                g_autofree char *id = g_match_info_fetch(match, 1);
                g_string_append_printf(ids, "%s ", id);
        }
        return g_string_free(ids, FALSE);
}

static void
read_all(TestServer *server, MotetSession *session)
{
        test_session_set_window(session, SIZE_MAX);
        for (int i = 0; i < 20; i++)
                test_server_advance(server, G_TIME_SPAN_SECOND);
}

/* R15: more than the send queue holds does not end the stream. */
static void
test_slow_reader_gets_all(void)
{
        g_autoptr(TestServer) server = start_with_much();
        MotetSession *juliet = come_slowly(server, "balcony");

        test_server_advance(server, 10 * G_TIME_SPAN_SECOND);
        uint64_t n_left = offline_n_stored(server);
        g_assert_cmpuint(n_left, >, 0);
        g_assert_cmpuint(n_left, <, N_BIG);
        g_assert_cmpuint(motet_session_queued(juliet), <, QUEUE);
        read_all(server, juliet);

        g_autofree char *ids = ids_sent(juliet);
        g_assert_cmpstr(ids, ==, "m0 m1 m2 m3 m4 m5 m6 m7 m8 m9 ");
        g_assert_true(motet_session_is_connected(juliet));
        g_assert_cmpuint(offline_n_stored(server), ==, 0);
}

/* RFC 6120 10.1: what is said later comes later, and once it was all delivered directly. */
static void
test_new_messages_do_not_overtake(void)
{
        g_autoptr(TestServer) server = start_with_much();
        MotetSession *juliet = come_slowly(server, "balcony");
        MotetSession *other = test_server_bind(server, ROMEO "/mantua");

        test_session_receive(other, "<message to='" JULIET "' type='chat' id='bare'/>");
        test_session_receive(other, "<message to='" JULIET "/balcony' id='full'/>");
        test_session_receive(other, "<message to='" JULIET "/gone' type='chat' id='gone'/>");
        read_all(server, juliet);

        g_autofree char *ids = ids_sent(juliet);
        g_assert_cmpstr(ids, ==, "m0 m1 m2 m3 m4 m5 m6 m7 m8 m9 bare full gone ");
        test_session_receive(other, "<message to='" JULIET "' type='chat' id='n'/>");
        test_assert_sent(juliet, "<message from='*' to='*' type='chat' id='n'/>");
        test_assert_sent_nothing(other);
        g_assert_cmpuint(offline_n_stored(server), ==, 0);
}

/* Those who have nothing to catch up with get new messages at once, and each gets them once. */
static void
test_others_get_new_messages_at_once(void)
{
        g_autoptr(TestServer) server = start_with_much();
        MotetSession *juliet = come_slowly(server, "balcony");
        MotetSession *second = test_server_bind(server, JULIET "/chamber");
        MotetSession *other = test_server_bind(server, ROMEO "/mantua");
        test_session_receive(second, "<presence><priority>-1</priority></presence>");
        test_im_forget(second);

        test_session_receive(other, "<message to='" JULIET "/chamber' type='chat' id='full'/>");
        test_assert_sent(second, "<message from='*' to='*' type='chat' id='full'/>");
        read_all(server, juliet);

        g_autofree char *ids = ids_sent(juliet);
        g_assert_cmpstr(ids, ==, "m0 m1 m2 m3 m4 m5 m6 m7 m8 m9 ");
        test_assert_sent_nothing(second);
}

/* Of two who may get it both do, one of them behind what it did not get yet. */
static void
test_all_best_resources_get_it(void)
{
        g_autoptr(TestServer) server = start_with_much();
        MotetSession *first = come_slowly(server, "balcony");
        MotetSession *second = come_slowly(server, "chamber");
        MotetSession *other = test_server_bind(server, ROMEO "/mantua");
        g_assert_cmpuint(offline_n_stored(server), <, N_BIG);

        test_session_receive(other, "<message to='" JULIET "' type='chat' id='n'/>");
        read_all(server, first);
        read_all(server, second);

        g_autofree char *to_first = ids_sent(first);
        g_autofree char *to_second = ids_sent(second);
        g_assert_cmpstr(to_first, ==, "m0 m1 m2 n ");
        g_assert_cmpstr(to_second, ==, "m3 m4 m5 m6 m7 m8 m9 n ");
        g_assert_cmpuint(offline_n_stored(server), ==, 0);
        test_assert_sent_nothing(other);
}

/* Whoever comes meanwhile gets the rest: what the first did not get is not kept back for it. */
static void
test_rest_goes_to_the_next(void)
{
        g_autoptr(TestServer) server = start_with_much();
        MotetSession *first = come_slowly(server, "balcony");
        uint64_t n_left = offline_n_stored(server);
        test_im_lose(server, first);

        MotetSession *second = come_slowly(server, "chamber");
        read_all(server, second);

        g_autofree char *ids = ids_sent(second);
        g_auto(GStrv) words = g_strsplit(g_strchomp(ids), " ", -1);
        g_assert_cmpuint(g_strv_length(words), ==, n_left);
        g_assert_cmpstr(words[n_left - 1], ==, "m9");
        g_assert_cmpuint(offline_n_stored(server), ==, 0);
}

/* A resource that stops being available gets no more; the rest stays. */
static void
test_unavailable_while_reading(void)
{
        g_autoptr(TestServer) server = start_with_much();
        MotetSession *juliet = come_slowly(server, "balcony");
        uint64_t n_left = offline_n_stored(server);

        test_session_receive(juliet, "<presence type='unavailable'/>");
        read_all(server, juliet);
        g_assert_cmpuint(offline_n_stored(server), ==, n_left);
        test_im_forget(juliet);

        test_session_receive(juliet, "<presence/>");
        read_all(server, juliet);
        g_autofree char *ids = ids_sent(juliet);
        g_assert_true(g_str_has_suffix(ids, "m9 "));
        g_assert_cmpuint(offline_n_stored(server), ==, 0);
}

/* A full box does not keep messages from who is there. */
static void
test_full_while_reading(void)
{
        g_autoptr(TestServer) server = start_with_much();
        g_assert_true(test_server_reload(server,
                                         "limits: {user: {send_queue: 16 KiB}}\n"
                                         "modules: {" OFFLINE_BASE
                                         ", offline: {options: {max_messages: 1}}}",
                                         NULL));
        MotetSession *juliet = come_slowly(server, "balcony");
        MotetSession *other = test_server_bind(server, ROMEO "/mantua");

        test_session_receive(other, "<message to='" JULIET "' type='chat' id='n'/>");
        test_assert_sent_nothing(other);
        read_all(server, juliet);

        g_autofree char *ids = ids_sent(juliet);
        g_assert_nonnull(strstr(ids, " n "));
        g_assert_true(g_str_has_suffix(ids, "m9 "));
}

static void
say(MotetSession *from, const char *to, const char *id)
{
        g_autofree char *xml = g_strdup_printf("<message to='%s' type='chat' id='%s'/>", to, id);

        test_session_receive(from, xml);
}

/* RFC 6120 10.1: what is said to a resource follows what was put in for it, also when it became
 * unavailable meanwhile. */
static void
test_order_outlives_availability(void)
{
        g_autoptr(TestServer) server = start_with_much();
        MotetSession *juliet = come_slowly(server, "balcony");
        MotetSession *other = test_server_bind(server, ROMEO "/mantua");

        say(other, JULIET "/balcony", "a");
        test_session_receive(juliet, "<presence type='unavailable'/>");
        read_all(server, juliet);
        say(other, JULIET "/balcony", "b");
        test_session_receive(juliet, "<presence/>");
        read_all(server, juliet);
        say(other, JULIET "/balcony", "c");
        read_all(server, juliet);

        g_autofree char *ids = ids_sent(juliet);
        g_assert_true(g_str_has_suffix(ids, " m9 a b c "));
        g_assert_cmpuint(offline_n_stored(server), ==, 0);
        test_assert_sent_nothing(other);
}

/* RFC 6120 10.1: nor do they overtake when another resource is handed the rest, and each is
 * delivered once. */
static void
test_order_outlives_a_successor(void)
{
        g_autoptr(TestServer) server = start_with_much();
        MotetSession *first = come_slowly(server, "balcony");
        MotetSession *other = test_server_bind(server, ROMEO "/mantua");
        say(other, JULIET "/balcony", "a");

        MotetSession *second = come_slowly(server, "chamber");
        say(other, JULIET "/balcony", "b");
        read_all(server, second);
        read_all(server, first);
        say(other, JULIET "/balcony", "c");
        read_all(server, first);

        g_autofree char *to_first = ids_sent(first);
        g_autofree char *to_second = ids_sent(second);
        g_assert_cmpstr(to_first, ==, "m0 m1 m2 c ");
        g_assert_cmpstr(to_second, ==, "m3 m4 m5 m6 m7 m8 m9 a b ");
        g_assert_cmpuint(offline_n_stored(server), ==, 0);
}

/* Who got a message at once does not get it again from the box, when it comes to be handed what is
 * in it. */
static void
test_delivered_once(void)
{
        g_autoptr(TestServer) server = start_with_much();
        MotetSession *first = come_slowly(server, "balcony");
        MotetSession *second = come_slowly(server, "chamber");
        MotetSession *other = test_server_bind(server, ROMEO "/mantua");

        say(other, JULIET, "n");
        test_session_receive(second, "<presence type='unavailable'/>");
        read_all(server, second);
        read_all(server, first);

        g_autofree char *to_first = ids_sent(first);
        g_autofree char *to_second = ids_sent(second);
        g_assert_cmpstr(to_first, ==, "m0 m1 m2 n m6 m7 m8 m9 ");
        g_assert_cmpstr(to_second, ==, "m3 m4 m5 ");
        g_assert_cmpuint(offline_n_stored(server), ==, 0);
}

/* It goes on as soon as it was read, not after a while. */
static void
test_goes_on_at_once(void)
{
        g_autoptr(TestServer) server = start_with_much();
        MotetSession *juliet = come_slowly(server, "balcony");

        test_session_set_window(juliet, SIZE_MAX);
        test_server_settle(server);

        g_autofree char *ids = ids_sent(juliet);
        g_assert_cmpstr(ids, ==, "m0 m1 m2 m3 m4 m5 m6 m7 m8 m9 ");
}

static void
lose(TestServer *server, MotetSession *session)
{
        test_im_lose(server, session);
}

static void
become_unavailable(TestServer *server, MotetSession *session)
{
        (void)server;
        test_session_receive(session, "<presence type='unavailable'/>");
}

static void
become_negative(TestServer *server, MotetSession *session)
{
        (void)server;
        test_session_receive(session, "<presence><priority>-1</priority></presence>");
}

static const struct {
        const char *path;
        void (*go)(TestServer *server, MotetSession *session);
} ways_to_go[] = {
        {"/offline_handout/who-is-lost-is-not-waited-for", lose},
        {"/offline_handout/who-is-unavailable-is-not-waited-for", become_unavailable},
        {"/offline_handout/who-is-negative-is-not-waited-for", become_negative},
};

/* XEP-0160 2, R15: who reads nothing and does not want messages any more keeps the rest from
 * nobody. */
static void
test_who_goes_is_not_waited_for(const void *data)
{
        void (*const *go)(TestServer * server, MotetSession * session) = data;
        g_autoptr(TestServer) server = start_with_much();
        MotetSession *second = come_slowly(server, "chamber");
        MotetSession *first = come_slowly(server, "balcony");
        test_session_set_window(second, SIZE_MAX);
        test_server_settle(server);

        (*go)(server, first);
        test_server_settle(server);

        g_autofree char *ids = ids_sent(second);
        g_assert_cmpstr(ids, ==, "m0 m1 m2 m6 m7 m8 m9 ");
        g_assert_cmpuint(offline_n_stored(server), ==, 0);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/offline_handout/slow-reader-gets-all", test_slow_reader_gets_all);
        g_test_add_func("/offline_handout/new-messages-do-not-overtake",
                        test_new_messages_do_not_overtake);
        g_test_add_func("/offline_handout/others-get-new-messages-at-once",
                        test_others_get_new_messages_at_once);
        g_test_add_func("/offline_handout/all-best-resources-get-it",
                        test_all_best_resources_get_it);
        g_test_add_func("/offline_handout/rest-goes-to-the-next", test_rest_goes_to_the_next);
        g_test_add_func("/offline_handout/unavailable-while-reading",
                        test_unavailable_while_reading);
        g_test_add_func("/offline_handout/full-while-reading", test_full_while_reading);
        g_test_add_func("/offline_handout/order-outlives-availability",
                        test_order_outlives_availability);
        g_test_add_func("/offline_handout/order-outlives-a-successor",
                        test_order_outlives_a_successor);
        g_test_add_func("/offline_handout/delivered-once", test_delivered_once);
        g_test_add_func("/offline_handout/goes-on-at-once", test_goes_on_at_once);
        for (size_t i = 0; i < G_N_ELEMENTS(ways_to_go); i++)
                g_test_add_data_func(ways_to_go[i].path, &ways_to_go[i].go,
                                     test_who_goes_is_not_waited_for);
        return g_test_run();
}
