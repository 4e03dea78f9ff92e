/*
 * Tests of the roster module's pushes: what clients answer, and what becomes of those that do not.
 */
#include "core/log.h"
#include "support/test_im.h"

#define JULIET "juliet@example.org"
#define SECOND G_TIME_SPAN_SECOND

/* What the roster module logged for operators, a line each. */
static GString *lines;

static void
take_line(MotetLogLevel level, const char *source, const char *text, void *data)
{
        (void)data;
        if (strcmp(source, "roster") == 0 && level <= MOTET_LOG_INFO)
                g_string_append_printf(lines, "%s\n", text);
}

static TestServer *
start(void)
{
        g_string_truncate(lines, 0);
        return test_im_new();
}

static void
add_contact(MotetSession *session, unsigned i)
{
        g_autofree char *iq = g_strdup_printf("<iq type='set' id='s'><query xmlns='" NS_ROSTER
                                              "'><item jid='c%u@example.net'/></query></iq>",
                                              i);

        test_session_receive(session, iq);
}

/* Returns: (own) the id of the push that @session was sent just now */
static char *
pushed_id(MotetSession *session)
{
        g_autofree char *sent = test_session_take_sent(session);
        g_autoptr(GRegex) regex = g_regex_new("type='set' id='([0-9a-f]+)'", 0, 0, NULL);
        g_autoptr(GMatchInfo) match = NULL;

        if (!g_regex_match(regex, sent, 0, &match))
                g_error("no push: %s", sent);
        return g_match_info_fetch(match, 1);
}

static void
answer(MotetSession *session, const char *format, const char *id)
{
        g_autofree char *iq = g_strdup_printf(strcmp(format, "result") == 0
                                                      ? "<iq type='result' id='%s'/>"
                                                      : "<iq type='error' id='%s'><error "
                                                        "type='cancel'><service-unavailable "
                                                        "xmlns='" NS_STANZAS "'/></error></iq>",
                                              id);

        test_session_receive(session, iq);
}

/* RFC 6121 2.1.6: each interested resource answers for itself. */
static void
test_answers_are_taken(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *balcony = test_im_bind_interested(server, JULIET "/balcony");
        MotetSession *chamber = test_im_bind_interested(server, JULIET "/chamber");

        add_contact(balcony, 1);
        g_autofree char *first = pushed_id(balcony);
        g_autofree char *second = pushed_id(chamber);
        answer(balcony, "result", first);
        answer(chamber, "result", second);
        test_server_advance(server, 3600 * SECOND);

        test_assert_sent_nothing(balcony);
        test_assert_sent_nothing(chamber);
        g_assert_cmpstr(lines->str, ==, "");
}

/* An error is the client's loss: it is told to operators, once, and nothing else happens. */
static void
test_an_error_is_noted(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *juliet = test_im_bind_interested(server, JULIET "/balcony");

        for (unsigned i = 0; i < 2; i++) {
                add_contact(juliet, i);
                g_autofree char *id = pushed_id(juliet);
                answer(juliet, "error", id);
        }

        test_assert_sent_nothing(juliet);
        g_assert_true(motet_session_is_connected(juliet));
        g_assert_cmpstr(lines->str, ==,
                        JULIET
                        "/balcony refuses a roster push: what it shows may be out of date\n");
}

/* Limit: 60 seconds */
static void
test_silence_is_noted(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *balcony = test_im_bind_interested(server, JULIET "/balcony");
        MotetSession *chamber = test_im_bind_interested(server, JULIET "/chamber");
        add_contact(balcony, 1);
        g_autofree char *id = pushed_id(balcony);
        answer(balcony, "result", id);

        test_server_advance(server, 59 * SECOND);
        g_assert_cmpstr(lines->str, ==, "");
        add_contact(balcony, 2);
        test_server_advance(server, 2 * SECOND);

        const char *blame =
                JULIET "/chamber does not answer a roster push: what it shows may be out "
                       "of date\n";
        g_assert_cmpstr(lines->str, ==, blame);
        g_assert_true(motet_session_is_connected(chamber));
        test_server_advance(server, 59 * SECOND);
        g_assert_nonnull(strstr(lines->str, JULIET "/balcony does not answer"));
        add_contact(balcony, 3);
        test_server_advance(server, 3600 * SECOND);
        g_auto(GStrv) told = g_strsplit(lines->str, "\n", -1);
        g_assert_cmpuint(g_strv_length(told), ==, 3);
}

/* Limit: what is remembered of one session, 16 pushes; one more makes the oldest count as
 * silence. */
static void
test_open_pushes_are_bounded(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *juliet = test_im_bind_interested(server, JULIET "/balcony");

        for (unsigned i = 0; i < 16; i++)
                add_contact(juliet, i);
        g_assert_cmpstr(lines->str, ==, "");
        add_contact(juliet, 16);

        g_assert_nonnull(strstr(lines->str, "does not answer"));
        g_assert_true(motet_session_is_connected(juliet));
}

/* An answer to nothing is dropped, as RFC 6120 8.2.3 has it. */
static void
test_answers_to_nothing_are_dropped(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *juliet = test_im_bind_interested(server, JULIET "/balcony");
        MotetSession *romeo = test_im_bind_interested(server, "romeo@example.org/orchard");
        add_contact(juliet, 1);
        g_autofree char *id = pushed_id(juliet);

        answer(romeo, "error", id);
        answer(juliet, "error", "unknown");

        test_assert_sent_nothing(romeo);
        test_assert_sent_nothing(juliet);
        g_assert_cmpstr(lines->str, ==, "");
}

/* What is open goes with its session, and with the module. */
static void
test_open_pushes_go(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *balcony = test_im_bind_interested(server, JULIET "/balcony");
        MotetSession *chamber = test_im_bind_interested(server, JULIET "/chamber");
        add_contact(balcony, 1);

        test_im_lose(server, chamber);
        test_server_advance(server, 30 * SECOND);
        g_assert_true(test_server_reload(server, "modules: {storage_memory: }", NULL));
        test_server_advance(server, 60 * SECOND);

        g_assert_cmpstr(lines->str, ==, "");
        g_assert_true(motet_session_is_connected(balcony));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        lines = g_string_new(NULL);
        log_set_func(take_line, NULL);
        log_set_rate(0);
#define ADD(path, func) g_test_add_func("/roster/push/" path, func)
        ADD("answers-are-taken", test_answers_are_taken);
        ADD("an-error-is-noted", test_an_error_is_noted);
        ADD("silence-is-noted", test_silence_is_noted);
        ADD("open-ones-are-bounded", test_open_pushes_are_bounded);
        ADD("answers-to-nothing-are-dropped", test_answers_to_nothing_are_dropped);
        ADD("open-ones-go", test_open_pushes_go);
        int result = g_test_run();
        g_string_free(lines, TRUE);
        return result;
}
