/*
 * Tests of iq: requests of the server, RFC 6120 sections 8.1.3 and 8.2.3.
 */
#include <string.h>

#include "core/iq.h"
#include "support/test_core.h"

#define ROMEO "romeo@example.org/orchard"

static MotetSession *
romeo(TestCore *core)
{
        return test_core_bind(core, "romeo", "orchard");
}

static MotetResult
deliver(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)self;
        return motet_deliver(ev->event.host, ev->to, ev->stanza) ? MOTET_HANDLED : MOTET_CONTINUE;
}

static const MotetHook deliver_hooks[] = {
        MOTET_ON_STANZA("message/full", deliver, 0),
        MOTET_ON_STANZA("iq/full", deliver, 0),
        {0},
};

static MotetResult
take(MotetModule *self, MotetStanzaEvent *ev)
{
        test_core_note(self, "%s", ev->event.name);
        return MOTET_HANDLED;
}

static void
note_reply(MotetModule *self, const MotetXml *reply, void *data)
{
        test_core_note(self, "%s:%s", (const char *)data,
                       reply ? motet_xml_attr(reply, "type") : "none");
}

static void
count_free(void *data)
{
        unsigned *n = data;

        ++*n;
}

static MotetXml *
ping(const char *to)
{
        MotetXml *iq = motet_iq_new("get", "example.org", to);

        motet_xml_add(iq, "ping", "urn:test:ping");
        return iq;
}

static char *
sent_id(MotetSession *session)
{
        g_autofree char *sent = test_session_take_sent(session);
        g_autoptr(MotetXml) xml = motet_xml_parse(sent, -1, MOTET_NS_CLIENT, NULL);

        g_assert_nonnull(xml);
        return g_strdup(motet_xml_attr(xml, "id"));
}

static void
answer_as(MotetSession *session, const char *type, const char *id, const char *to)
{
        g_autofree char *reply = g_strdup_printf("<iq type='%s' id='%s' to='%s'/>", type, id, to);

        test_session_receive(session, reply);
}

/* RFC 6120 8.2.3: matched by id and by who answers. */
static void
test_answer_of_a_client(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, deliver_hooks);
        MotetSession *session = romeo(core);
        MotetSession *forger = test_core_bind(core, "juliet", "balcony");
        g_autoptr(MotetXml) iq = ping(ROMEO);

        motet_iq_send(module, core->host, iq, 10 * G_TIME_SPAN_SECOND, note_reply, "a", NULL);
        g_autofree char *id = sent_id(session);
        g_assert_cmpuint(strlen(id), ==, 32);
        answer_as(forger, "result", id, "example.org");
        test_core_assert_log(core, "");
        answer_as(session, "result", id, "example.org");
        test_core_assert_log(core, "a:result");
        answer_as(session, "result", id, "example.org");

        test_core_assert_log(core, "");
        g_assert_cmpuint(iq_table_open(core->server.iqs), ==, 0);
}

static void
test_error_is_an_answer(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, deliver_hooks);
        MotetSession *session = romeo(core);
        g_autoptr(MotetXml) iq = ping(ROMEO);

        motet_iq_send(module, core->host, iq, 10 * G_TIME_SPAN_SECOND, note_reply, "a", NULL);
        g_autofree char *id = sent_id(session);
        answer_as(session, "error", id, "example.org");

        test_core_assert_log(core, "a:error");
}

/* A request in the name of the account: the client answers to nobody, or to its account. */
static void
test_answer_to_the_own_account(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, deliver_hooks);
        MotetSession *session = romeo(core);
        g_autoptr(MotetXml) iq = motet_iq_new("set", "romeo@example.org", ROMEO);
        motet_xml_add(iq, "push", "urn:test");

        motet_iq_send(module, core->host, iq, 10 * G_TIME_SPAN_SECOND, note_reply, "a", NULL);
        g_autofree char *id = sent_id(session);
        g_autofree char *reply = g_strdup_printf("<iq type='result' id='%s'/>", id);
        test_session_receive(session, reply);

        test_core_assert_log(core, "a:result");
}

static void
test_no_answer_in_time(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, deliver_hooks);
        MotetSession *session = romeo(core);
        g_autoptr(MotetXml) iq = ping(ROMEO);
        char *data = g_strdup("a");

        motet_iq_send(module, core->host, iq, 10 * G_TIME_SPAN_SECOND, note_reply, data, g_free);
        g_autofree char *id = sent_id(session);
        test_core_advance(core, 9999 * G_TIME_SPAN_MILLISECOND);
        test_core_assert_log(core, "");
        test_core_advance(core, 10 * G_TIME_SPAN_MILLISECOND);
        test_core_assert_log(core, "a:none");
        answer_as(session, "result", id, "example.org");

        test_core_assert_log(core, "");
}

/* The addressee goes: there is nothing to wait for. */
static void
test_addressee_goes(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, deliver_hooks);
        MotetSession *session = romeo(core);
        g_autoptr(MotetXml) one = ping(ROMEO);
        g_autoptr(MotetXml) two = ping(ROMEO);

        motet_iq_send(module, core->host, one, 10 * G_TIME_SPAN_SECOND, note_reply, "a", NULL);
        motet_iq_send(module, core->host, two, 10 * G_TIME_SPAN_SECOND, note_reply, "b", NULL);
        motet_session_destroy(session);
        test_core_settle(core);

        test_core_assert_log(core, "a:none b:none");
}

/* Nobody there: the fallback's error is the answer; never before motet_iq_send() returns. */
static void
test_addressee_is_not_there(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, deliver_hooks);
        g_autoptr(MotetXml) local = ping(ROMEO);
        g_autoptr(MotetXml) remote = ping("a@far.example");

        motet_iq_send(module, core->host, local, 10 * G_TIME_SPAN_SECOND, note_reply, "a", NULL);
        motet_iq_send(module, core->host, remote, 10 * G_TIME_SPAN_SECOND, note_reply, "b", NULL);
        test_core_assert_log(core, "");
        test_core_settle(core);

        test_core_assert_log(core, "a:error b:error");
}

static void
test_request_goes_with_its_module(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *other = test_core_module(core, core->host, deliver_hooks);
        MotetModule *module = test_core_module(core, core->host, NULL);
        MotetSession *session = romeo(core);
        g_autoptr(MotetXml) iq = ping(ROMEO);
        unsigned n_freed = 0;

        (void)other;
        motet_iq_send(module, core->host, iq, 10 * G_TIME_SPAN_SECOND, note_reply, &n_freed,
                      count_free);
        g_autofree char *id = sent_id(session);
        test_core_stop(core, module);
        g_assert_cmpuint(n_freed, ==, 1);
        answer_as(session, "result", id, "example.org");

        test_core_assert_log(core, "");
        g_assert_cmpuint(iq_table_open(core->server.iqs), ==, 0);
}

static void
count_reply(MotetModule *self, const MotetXml *reply, void *data)
{
        unsigned *n = data;

        (void)self;
        g_assert_null(reply);
        ++*n;
}

/* At most IQ_MAX_OPEN: one more is answered at once, with nothing, from the loop. */
static void
test_open_requests_are_bounded(void)
{
        static const MotetHook hooks[] = {MOTET_ON_STANZA("iq/full", take, 0), {0}};
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, hooks);
        unsigned n_told = 0;

        for (unsigned i = 0; i < IQ_MAX_OPEN; i++) {
                g_autoptr(MotetXml) iq = ping(ROMEO);
                motet_iq_send(module, core->host, iq, 10 * G_TIME_SPAN_SECOND, count_reply, &n_told,
                              NULL);
        }
        g_assert_cmpuint(iq_table_open(core->server.iqs), ==, IQ_MAX_OPEN);
        test_core_settle(core);
        g_assert_cmpuint(n_told, ==, 0);
        g_autoptr(MotetXml) iq = ping(ROMEO);
        motet_iq_send(module, core->host, iq, 10 * G_TIME_SPAN_SECOND, count_reply, &n_told, NULL);
        g_assert_cmpuint(n_told, ==, 0);
        test_core_settle(core);
        g_assert_cmpuint(n_told, ==, 1);
        test_core_advance(core, 11 * G_TIME_SPAN_SECOND);

        g_assert_cmpuint(n_told, ==, IQ_MAX_OPEN + 1);
        g_assert_cmpuint(iq_table_open(core->server.iqs), ==, 0);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/iq/answer-of-a-client", test_answer_of_a_client);
        g_test_add_func("/iq/error-is-an-answer", test_error_is_an_answer);
        g_test_add_func("/iq/answer-to-the-own-account", test_answer_to_the_own_account);
        g_test_add_func("/iq/no-answer-in-time", test_no_answer_in_time);
        g_test_add_func("/iq/addressee-goes", test_addressee_goes);
        g_test_add_func("/iq/addressee-is-not-there", test_addressee_is_not_there);
        g_test_add_func("/iq/request-goes-with-its-module", test_request_goes_with_its_module);
        g_test_add_func("/iq/open-requests-are-bounded", test_open_requests_are_bounded);
        return g_test_run();
}
