/*
 * Tests of core/trace.h and the command that shows it.
 */
#include "core/trace.h"

#include <motet/error.h>
#include <motet/service-auth.h>
#include <string.h>

#include "support/test_answer.h"
#include "support/test_server.h"

typedef struct {
        TestServer *server;
        MotetSession *juliet, *romeo;
        TestAnswer answer;
} Fixture;

static void
run(Fixture *fixture, const char *words, TestAnswer *answer)
{
        g_auto(GStrv) split = g_strsplit(words, " ", -1);

        command_run(test_server_core(fixture->server), (const char *const *)split,
                    &test_answer_owner, answer);
}

static void
set_up(Fixture *fixture, gconstpointer words)
{
        fixture->server = test_server_new_config(
                "hosts:\n  example.org:\n  example.net:\n"
                "modules: {message: , presence: , roster: , storage_memory: , iq: , ping: , "
                "auth_internal: }\n");
        fixture->juliet = test_server_bind(fixture->server, "juliet@example.org/balcony");
        fixture->romeo = test_server_bind(fixture->server, "romeo@example.org/orchard");
        test_answer_init(&fixture->answer);
        if (words)
                run(fixture, words, &fixture->answer);
}

static void
tear_down(Fixture *fixture, gconstpointer words)
{
        (void)words;
        test_server_free(fixture->server);
        test_answer_clear(&fixture->answer);
}

static void
assert_told(const Fixture *fixture, const char *part)
{
        if (!strstr(fixture->answer.text->str, part))
                g_error("\"%s\" is not in: %s", part, fixture->answer.text->str);
}

static void
assert_not_told(const Fixture *fixture, const char *part)
{
        if (strstr(fixture->answer.text->str, part))
                g_error("\"%s\" is in: %s", part, fixture->answer.text->str);
}

static bool
is_off(const Fixture *fixture)
{
        return server_base(test_server_core(fixture->server))->trace == NULL;
}

static void
ping(MotetSession *session)
{
        test_session_receive(session, "<iq type='get' id='p1' to='example.org'>"
                                      "<ping xmlns='urn:xmpp:ping'/></iq>");
}

static void
test_a_stanza_is_followed(Fixture *fixture, gconstpointer data)
{
        (void)data;
        ping(fixture->juliet);

        assert_told(fixture, "watching juliet@example.org for 1m\n");
        assert_told(fixture, "00:00:00.000000 juliet@example.org/balcony in iq type=get id=p1 "
                             "{urn:xmpp:ping}ping ");
        assert_told(fixture, "juliet@example.org/balcony hook iq/host/urn:xmpp:ping:ping ping "
                             "handled ");
        assert_told(fixture, " µs\n");
        assert_told(fixture, "juliet@example.org/balcony out iq type=result id=p1 ");
        assert_told(fixture, " bytes\n");
}

/* R31: a change of the roster is answered when it is durable. */
static void
test_what_waits_is_told(Fixture *fixture, gconstpointer data)
{
        (void)data;
        test_session_receive(fixture->juliet,
                             "<iq type='set' id='r1'><query xmlns='jabber:iq:"
                             "roster'><item jid='nurse@example.org'/></query></iq>");
        test_server_settle(fixture->server);

        assert_told(fixture, "juliet@example.org/balcony hook iq/self/jabber:iq:roster:query "
                             "roster wait ");
        assert_told(fixture, "juliet@example.org/balcony out iq type=result id=r1 ");
}

/* From the moment on that the stream is the account's. */
static void
test_a_stream_is_followed_from_login_to_end(Fixture *fixture, gconstpointer data)
{
        (void)data;
        MotetSession *session = test_server_login(fixture->server, "juliet@example.org");
        assert_told(fixture, "juliet@example.org hook stream-features ");

        motet_session_close(session, MOTET_POLICY_VIOLATION, NULL);
        motet_session_close(fixture->juliet, MOTET_POLICY_VIOLATION, NULL);
        test_server_settle(fixture->server);
        assert_told(fixture, "juliet@example.org/balcony hook session-unbound presence ");
}

/* What happens to the account itself, without a stanza; not to those whose names are like its
 * own. */
static void
test_changes_of_the_account_are_followed(Fixture *fixture, gconstpointer data)
{
        static const char *const others[] = {"juliex", "jul", "juliets", NULL};
        MotetServer *server = server_base(test_server_core(fixture->server));
        MotetHost *host = test_server_host(fixture->server);
        MotetHost *net = motet_host_find(server, "example.net");
        MotetModule *accounts = test_server_module(fixture->server, "auth_internal", host);

        (void)data;
        for (const char *const *other = others; *other; other++)
                motet_fire_account(accounts, host, MOTET_EVENT_USER_CREATED, *other);
        motet_fire_account(accounts, net, MOTET_EVENT_USER_CREATED, "juliet");
        assert_not_told(fixture, " hook ");
        motet_fire_account(accounts, host, MOTET_EVENT_USER_CREATED, "juliet");
        assert_told(fixture, " - hook user-created presence continue ");
}

static void
test_others_are_not_followed(Fixture *fixture, gconstpointer data)
{
        (void)data;
        ping(fixture->romeo);

        g_assert_cmpstr(fixture->answer.text->str, ==, "watching juliet@example.org for 1m\n");
}

/* What others send to the account is handled by modules as well. */
static void
test_what_others_send_is_followed(Fixture *fixture, gconstpointer data)
{
        (void)data;
        test_session_receive(fixture->romeo, "<message to='juliet@example.org/balcony' id='m1'>"
                                             "<body>wherefore</body></message>");

        assert_told(fixture, "romeo@example.org/orchard hook ");
        assert_told(fixture, "juliet@example.org/balcony out message id=m1 body ");
        assert_not_told(fixture, " in message");
}

static void
test_texts_are_never_shown(Fixture *fixture, gconstpointer data)
{
        (void)data;
        test_session_receive(fixture->juliet,
                             "<message to='romeo@example.org/orchard' id='m2' xml:lang='tlh'>"
                             "<body>s3cret</body><x xmlns='urn:x' token='t0ken'>s3cret</x>"
                             "</message>");

        assert_told(fixture, " in message id=m2 body {urn:x}x ");
        assert_not_told(fixture, "s3cret");
        assert_not_told(fixture, "t0ken");
        assert_not_told(fixture, "tlh");
}

/* A peer can neither forge a line nor steer a terminal, nor make a line long. */
static void
test_names_are_escaped_and_cut(Fixture *fixture, gconstpointer data)
{
        g_autofree char *id = g_strnfill(5000, 'i');
        g_autofree char *stanza = g_strdup_printf(
                "<message id='%s' type='a&#10;b' to='romeo@example.org/orchard'/>", id);

        (void)data;
        test_session_receive(fixture->juliet, stanza);

        assert_told(fixture, "iiii...");
        assert_not_told(fixture, "a\nb");
        g_autofree char *longer = g_strnfill(100, 'i');
        assert_not_told(fixture, longer);
}

static void
test_children_are_counted_beyond_eight(Fixture *fixture, gconstpointer data)
{
        (void)data;
        test_session_receive(fixture->juliet,
                             "<message id='8' to='romeo@example.org/orchard'><a/><b/><c/><d/><e/>"
                             "<f/><g/><h/></message>");
        assert_told(fixture, " f g h 89 bytes\n");
        assert_not_told(fixture, " more ");
        test_session_receive(fixture->juliet,
                             "<message id='9' to='romeo@example.org/orchard'><a/><b/><c/><d/><e/>"
                             "<f/><g/><h/><i/></message>");
        assert_told(fixture, " h and 1 more ");
}

static void
test_a_full_address_is_one_session(Fixture *fixture, gconstpointer data)
{
        MotetSession *chamber = test_server_bind(fixture->server, "juliet@example.org/chamber");

        (void)data;
        ping(chamber);
        assert_not_told(fixture, " in iq");
        ping(fixture->juliet);
        assert_told(fixture, "juliet@example.org/balcony in iq");
}

static void
test_it_ends_with_its_time(Fixture *fixture, gconstpointer data)
{
        (void)data;
        test_server_advance(fixture->server, 4 * G_TIME_SPAN_SECOND);
        g_assert_cmpint(fixture->answer.code, ==, -1);
        g_assert_false(is_off(fixture));
        test_server_advance(fixture->server, G_TIME_SPAN_SECOND);

        g_assert_cmpint(fixture->answer.code, ==, 0);
        g_assert_true(is_off(fixture));
        ping(fixture->juliet);
        assert_not_told(fixture, "ping");
}

static void
test_it_ends_when_nobody_reads(Fixture *fixture, gconstpointer data)
{
        (void)data;
        fixture->answer.unread = -1;
        ping(fixture->juliet);
        assert_not_told(fixture, "ping");
        test_server_advance(fixture->server, G_TIME_SPAN_SECOND);

        g_assert_cmpint(fixture->answer.code, ==, 0);
        g_assert_true(is_off(fixture));
}

static void
test_what_is_not_read_is_left_out(Fixture *fixture, gconstpointer data)
{
        (void)data;
        fixture->answer.unread = 1024 * 1024 + 1;
        ping(fixture->juliet);
        assert_not_told(fixture, "ping");
        fixture->answer.unread = 1024 * 1024;
        ping(fixture->juliet);

        assert_told(fixture, " lines left out: they were not read in time\n");
        assert_told(fixture, " in iq type=get id=p1");
}

static void
test_four_may_watch(Fixture *fixture, gconstpointer data)
{
        TestAnswer others[TRACE_WATCHES_MAX];

        (void)data;
        for (unsigned i = 1; i <= TRACE_WATCHES_MAX; i++) {
                TestAnswer *answer = &others[i - 1];
                test_answer_init(answer);
                run(fixture, "trace --jid romeo@example.org --for 2s", answer);
                g_assert_cmpint(answer->code, ==, i < TRACE_WATCHES_MAX ? -1 : 75);
        }
        ping(fixture->romeo);
        test_server_advance(fixture->server, 3 * G_TIME_SPAN_SECOND);

        for (unsigned i = 0; i < TRACE_WATCHES_MAX; i++) {
                bool has_run = i + 1 < TRACE_WATCHES_MAX;
                g_assert_cmpint(others[i].code, ==, has_run ? 0 : 75);
                g_assert_true(has_run == (strstr(others[i].text->str, " in iq ") != NULL));
                test_answer_clear(&others[i]);
        }
        g_assert_false(is_off(fixture));
}

static void
test_it_ends_with_the_server(Fixture *fixture, gconstpointer data)
{
        (void)data;
        test_server_free(g_steal_pointer(&fixture->server));

        g_assert_cmpint(fixture->answer.code, ==, 0);
}

static void
test_arguments_are_checked(Fixture *fixture, gconstpointer data)
{
        static const char *const wrong[] = {"trace",
                                            "trace --jid nobody",
                                            "trace --jid a@b --for",
                                            "trace --jid romeo@example.org --for 61m",
                                            "trace --jid romeo@example.org --for 999ms",
                                            NULL};

        (void)data;
        for (const char *const *words = wrong; *words; words++) {
                fixture->answer.code = -1;
                run(fixture, *words, &fixture->answer);
                g_assert_cmpint(fixture->answer.code, !=, 0);
                g_assert_cmpint(fixture->answer.code, !=, -1);
        }
        g_assert_true(is_off(fixture));
}

#define ADD(path, words, func) g_test_add(path, Fixture, words, set_up, func, tear_down)
#define JULIET "trace --jid juliet@example.org"

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("/trace/a-stanza-is-followed", JULIET, test_a_stanza_is_followed);
        ADD("/trace/what-waits-is-told", JULIET, test_what_waits_is_told);
        ADD("/trace/a-stream-is-followed-from-login-to-end", JULIET,
            test_a_stream_is_followed_from_login_to_end);
        ADD("/trace/changes-of-the-account-are-followed", JULIET,
            test_changes_of_the_account_are_followed);
        ADD("/trace/others-are-not-followed", JULIET, test_others_are_not_followed);
        ADD("/trace/what-others-send-is-followed", JULIET, test_what_others_send_is_followed);
        ADD("/trace/texts-are-never-shown", JULIET, test_texts_are_never_shown);
        ADD("/trace/names-are-escaped-and-cut", JULIET, test_names_are_escaped_and_cut);
        ADD("/trace/children-are-counted-beyond-eight", JULIET,
            test_children_are_counted_beyond_eight);
        ADD("/trace/a-full-address-is-one-session", JULIET "/balcony",
            test_a_full_address_is_one_session);
        ADD("/trace/it-ends-with-its-time", JULIET " --for 5s", test_it_ends_with_its_time);
        ADD("/trace/it-ends-when-nobody-reads", JULIET, test_it_ends_when_nobody_reads);
        ADD("/trace/what-is-not-read-is-left-out", JULIET, test_what_is_not_read_is_left_out);
        ADD("/trace/four-may-watch", JULIET, test_four_may_watch);
        ADD("/trace/it-ends-with-the-server", JULIET, test_it_ends_with_the_server);
        ADD("/trace/arguments-are-checked", NULL, test_arguments_are_checked);
        return g_test_run();
}
